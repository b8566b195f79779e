/* See LICENSE for copyright and licence details.
 *
 * The one monitor for all rooms: uevents, after udev's rules have run. */
#ifndef UEVENT_H
#define UEVENT_H

#include "core/loop.h"

struct udev_monitor;

struct uevents {
	struct source source;
	struct udev_monitor *monitor;
	/* node may be NULL, the others not */
	void (*tell)(const char *subsystem, const char *action,
	             const char *node, msec now);
};
void uevent_open(struct uevents *);

#endif
