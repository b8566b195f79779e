/* See LICENSE for copyright and licence details. */
#include <libudev.h>

#include "core/uevent.h"

static void
uevent_ready(struct source *s, unsigned got, msec now)
{
	struct uevents *u = OWNER(s, struct uevents, source);
	struct udev_device *dev = udev_monitor_receive_device(u->monitor);
	const char *subsystem, *action, *node;

	(void)got;
	if (!dev)
		return;
	subsystem = udev_device_get_subsystem(dev);
	action = udev_device_get_action(dev);
	node = udev_device_get_devnode(dev);
	note(1, "udev: %s %s %s", subsystem ? subsystem : "?",
	     action ? action : "?", node ? node : "");
	if (subsystem && action)
		u->tell(subsystem, action, node, now);
	udev_device_unref(dev);
}

void
uevent_open(struct uevents *u)
{
	static const char *const subsystem[] = { "i2c-dev", "drm", "input" };
	struct udev *udev = udev_new(); /* the monitor may point to it */
	struct udev_monitor *m = udev ? udev_monitor_new_from_netlink(udev,
	    "udev") : NULL;
	size_t i;

	for (i = 0; m && i < LENGTH(subsystem); i++)
		udev_monitor_filter_add_match_subsystem_devtype(m,
		    subsystem[i], NULL);
	if (!m || udev_monitor_enable_receiving(m) < 0) {
		warn("udev: no events: monitors that are plugged in later "
		     "are not found");
		return;
	}
	u->monitor = m;
	u->source.fd = udev_monitor_get_fd(m);
	u->source.events = Readable;
	u->source.ready = uevent_ready;
	source_add(&u->source);
}
