/* See LICENSE for copyright and licence details.
 *
 * How all stands, in words: for -e status, for the window, and for what rows
 * run. */
#ifndef STATUS_H
#define STATUS_H

#include "core/job.h"

/* Lines "key value"; its length is below size. */
void status_lines(const struct means *, char *out, size_t size);
/* Why the guest is not shown, and the rest, in TextMax bytes; "": it is. */
void status_window(const struct means *, char *out);
/* SCREENSTUB_EVENT and so on: in the child of a command. */
void status_environment(const struct means *, enum event);

#endif
