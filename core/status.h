/* See LICENSE for copyright and licence details.
 *
 * How all stands, in words: for -e status, for the window, and for what rows
 * run. */
#ifndef STATUS_H
#define STATUS_H

#include "core/action.h"

/* What is told of. */
struct status {
	const struct show *show;
	const struct input *input;
	const struct qmp *qmp;
	const struct agent *agent;
	const struct ddc *ddc;
	const Monitor *monitors;
	int only; /* the row of monitors[], or -1: all */
	const Grab *grabs;
	const Hotkey *hotkeys, *emergency;
	int route;
};

/* Lines "key value"; its length is below size. */
void status_lines(const struct status *, char *out, size_t size);
/* Why the guest is not shown, and the rest, in TextMax bytes; "": it is. */
void status_window(const struct status *, char *out);
/* SCREENSTUB_EVENT and so on: in the child of a command. */
void status_environment(const struct status *, enum event);

#endif
