/* See LICENSE for copyright and licence details.
 *
 * What was seen and what to do: the one place for the log, the window, -c, and
 * the manual's troubleshooting, which has the same rows. */
#ifndef ADVICE_H
#define ADVICE_H

#include "core/loop.h"

extern const struct advice advice[];

#endif
