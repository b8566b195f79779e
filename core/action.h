/* See LICENSE for copyright and licence details.
 *
 * What each action of config.h does; their functions are in screenstub.h. */
#ifndef ACTION_H
#define ACTION_H

#include "input.h"
#include "window/front.h"
#include "core/show.h"
#include "core/task.h"

/* What they act on. */
struct actors {
	struct show *show;
	struct input *input;
	struct qmp *qmp;
	struct window *window; /* NULL: there is none */
	const Grab *grabs;
	msec limit; /* for each command */
};

/* Words of -e, the action's name first; NULL: there is no such action, or its
 * arguments are wrong. The argument points to them. */
Action *action_parse(int words, const char *const *word, Arg *);
/* As it stands in a row: "grab x". */
void action_text(char *out, size_t size, Action *, const Arg *);
/* What is wrong with the argument of a row; NULL: nothing. */
const char *action_wrong(const struct actors *, Action *, const Arg *);
/* For -k. */
Action action_vmruns;

#endif
