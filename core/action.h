/* See LICENSE for copyright and licence details.
 *
 * What each action of config.h does; their functions are in screenstub.h. */
#ifndef ACTION_H
#define ACTION_H

#include "core/task.h"

/* Words of -e, the action's name first; NULL: there is no such action, or its
 * arguments are wrong. The argument points to them. */
Action *action_parse(int words, const char *const *word, Arg *);
/* As it stands in a row: "grab x". */
void action_text(char *out, size_t size, Action *, const Arg *);
/* What is wrong with the argument of a row; NULL: nothing. */
const char *action_wrong(const struct means *, Action *, const Arg *);
/* For -k. */
Action action_vmruns;

#endif
