/* See LICENSE for copyright and licence details.
 *
 * A device is opened when a row that is held names it and it is there, taken
 * when no key is down on it, and let go with its last row. Several rows may
 * have one: it is exclusive if one of them says so, and goes to the clone of
 * the first that has one.
 *
 * A packet is all up to SYN_REPORT. The guest's is told upwards. A clone's is
 * written as it is and as a whole, however long, so that two devices of a row
 * are never mixed: there are no chords and no remaps in it, and no LEDs, sounds
 * or ignored classes. After SYN_DROPPED the device is asked for all that it
 * keeps: keys, switches, axes and fingers.
 *
 * Start reading at device_event. */
#include <sys/ioctl.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <libudev.h>

#include "inner.h"

enum {
	ReadMax = 64,     /* events: the kernel's own buffer is not smaller */
	SlotMax = 64,     /* fingers */
	GrabWait = 10000, /* ms; a key that is down longer is not waited for */
	BusyLimit = 2000, /* ms for another program to let go */
	TakeEvery = 50
};

static const unsigned char nothing[KEY_CNT / 8];

const unsigned modifier[Modifiers] = {
	KEY_LEFTCTRL, KEY_LEFTSHIFT, KEY_LEFTALT, KEY_LEFTMETA,
	KEY_RIGHTCTRL, KEY_RIGHTSHIFT, KEY_RIGHTALT, KEY_RIGHTMETA
};

unsigned
key_modifier(unsigned key)
{
	size_t i = 0;

	while (i < Modifiers && modifier[i] != key)
		i++;
	return i < Modifiers ? Ctrl << i % 4 | LeftCtrl << i : 0;
}

/* Classes are in the order of evdev's types, from Relative on. */
unsigned
event_class(unsigned type, unsigned code)
{
	if (type == EV_KEY)
		return key_isbutton(code) ? Buttons : Keys;
	return type >= EV_REL && type <= EV_SW ? 1u << type : 0;
}

/* ---- a packet ---- */

/* Adds an event to the packet. */
static void
device_put(struct device *d, unsigned type, unsigned code, int value)
{
	if (d->n == PacketMax)
		return; /* more than the kernel has room for */
	d->ev[d->n++] = event_of(type, code, value);
	if (type == EV_KEY)
		bit_put(d->down, code, value);
}

static void
device_send(struct device *d, msec now)
{
	struct evdev *e = d->evdev;
	size_t n = d->n;

	d->n = 0;
	if (!n)
		return;
	d->ev[n] = (struct input_event){ .type = EV_SYN };
	if (d->clone >= 0 && node_write(&e->clone[d->clone], d->ev, n + 1) < 0)
		note(1, "input: %s: a packet was lost", d->path);
	e->ops->packet(d, d->ev, n, now);
}

/* What a clone would keep: keys and fingers go up. */
static void
device_lift(struct device *d, msec now)
{
	unsigned k;

	d->n = 0;
	for (k = 0; k < KEY_CNT && d->clone >= 0; k++)
		if (bit_has(d->down, k))
			device_put(d, EV_KEY, k, 0);
	for (k = 0; k < d->slots && d->clone >= 0; k++) {
		device_put(d, EV_ABS, ABS_MT_SLOT, k);
		device_put(d, EV_ABS, ABS_MT_TRACKING_ID, -1);
	}
	device_send(d, now);
}

/* Switches, and where fingers and axes are, for a clone that has missed it; the
 * present finger last. */
static void
device_state(struct device *d, msec now)
{
	struct {
		uint32_t code;
		int32_t at[SlotMax];
	} finger;
	unsigned char on[SW_CNT / 8 + 1] = { 0 };
	struct input_absinfo a;
	unsigned k, slot;

	ioctl(d->source.fd, EVIOCGSW(sizeof(on)), on);
	for (k = 0; k < SW_CNT; k++)
		if (bit_has(d->can.bits[EV_SW], k))
			device_put(d, EV_SW, k, bit_has(on, k));
	for (k = ABS_CNT; k--;) {
		if (!bit_has(d->can.bits[EV_ABS], k))
			continue;
		finger.code = k;
		if (k <= ABS_MT_SLOT) {
			if (ioctl(d->source.fd, EVIOCGABS(k), &a) >= 0)
				device_put(d, EV_ABS, k, a.value);
		} else if (ioctl(d->source.fd, EVIOCGMTSLOTS(sizeof(finger)),
		    &finger) >= 0) {
			for (slot = 0; slot < d->slots; slot++) {
				device_put(d, EV_ABS, ABS_MT_SLOT, slot);
				device_put(d, EV_ABS, k, finger.at[slot]);
			}
		}
	}
	device_send(d, now);
}

/* ---- a clone ---- */

/* The device that stands for all of a row, made when the first of them is
 * taken, and anew when one comes that can do more. It has the ids of the first,
 * and outlives them all, so that whoever reads it sees no unplugging. -1: it
 * said why it could not be made, and is as before. */
static int
clone_make(struct evdev *e, size_t row)
{
	struct node *n = &e->clone[row], old = *n, new = { .can = n->can };
	unsigned i, type, k;
	struct device *d;

	for (d = e->device + DeviceMax; d-- > e->device;) {
		if (!(d->rows >> row & 1))
			continue;
		new.can.id = d->can.id;
		for (i = 0; i < (EV_SW + 1) * KEY_CNT; i++) {
			type = i / KEY_CNT;
			k = i % KEY_CNT;
			if (!bit_has(d->can.bits[type], k) || (type &&
			    !(event_class(type, k) & ~e->grabs[row].ignore)))
				continue;
			bit_put(new.can.bits[type], k, 1);
			if (type == EV_ABS)
				new.can.abs[k] = d->can.abs[k];
		}
	}
	if (n->name && !memcmp(&new.can.bits, &n->can.bits,
	    sizeof(n->can.bits)))
		return 0;
	source_del(&n->source);
	*n = new;
	if (node_create(n, e->grabs[row].newname) == 0) {
		if (old.name)
			close(old.source.fd);
		return 0;
	}
	*n = old;
	if (old.name)
		source_add(&n->source);
	return -1;
}

/* ---- a device ---- */

/* Gone, or not wanted any more: what is down on it goes up. */
static void
device_close(struct device *d, msec now)
{
	device_lift(d, now);
	source_del(&d->source);
	close(d->source.fd); /* which ends the grab */
	d->rows = 0;
	d->taken = 0;
	d->anew = 1;
	d->evdev->ops->reset(d, nothing, 0, now);
}

/* What is down on it is known to whoever saw it go down, who must see it go up:
 * no device is taken while a key is. One that never goes up is not waited for
 * longer than GrabWait, and X is told. While another program has the device,
 * which then sends to nobody else, it is tried again for a time; then that is
 * said, once, and it is tried when something comes. */
static void
device_take(struct device *d, msec now)
{
	struct evdev *e = d->evdev;
	unsigned char down[KEY_CNT / 8] = { 0 };
	int held;

	ioctl(d->source.fd, EVIOCGKEY(sizeof(down)), down);
	held = memcmp(down, nothing, sizeof(down)) != 0;
	d->anew = 1;
	d->dropped = d->n = 0;
	memcpy(d->down, d->clone < 0 ? down : nothing, sizeof(d->down));
	e->ops->reset(d, down, 0, now);
	if (!d->taken) {
		d->source.due = now + TakeEvery;
		if (held && now - d->began < GrabWait)
			return;
		if (ioctl(d->source.fd, EVIOCGRAB, d->exclusive) < 0 &&
		    d->exclusive) {
			if (now - d->began < BusyLimit)
				return;
			d->source.due = 0;
			if (!(e->said & d->rows))
				warn("input: %s: another program has it "
				     "grabbed", d->path);
			e->said |= d->rows;
			if (!d->along)
				return;
			d->busy = 1;
		}
		d->source.due = 0;
		d->taken = 1;
		note(1, "input: %s: %s", d->path, d->exclusive && !d->busy ?
		     "grabbed" : "read along");
		if (held && d->exclusive)
			e->ops->reset(d, down, 1, now);
	}
	if (d->clone >= 0 && clone_make(e, d->clone) < 0)
		device_close(d, now); /* or it would be dead */
	else if (d->clone >= 0)
		device_state(d, now);
}

/* What the rows that want it make of a device; no row: it is let go. */
static void
device_use(struct device *d, msec now)
{
	int exclusive = 0, clone = -1;
	const Grab *g;
	size_t row;

	if (!d->rows) {
		device_close(d, now);
		return;
	}
	d->ignore = d->along = 0;
	for (row = 0; row < GrabMax; row++) {
		g = &d->evdev->grabs[row];
		if (!(d->rows >> row & 1))
			continue;
		exclusive |= (g->flags & Exclusive) != 0;
		d->along |= !(g->flags & Exclusive);
		d->ignore |= g->ignore;
		if (g->newname && clone < 0)
			clone = row;
	}
	if (d->taken && d->clone == clone && d->exclusive == exclusive &&
	    d->along >= d->busy) {
		if (d->busy && ioctl(d->source.fd, EVIOCGRAB, 1) >= 0)
			d->busy = 0;
		return;
	}
	device_lift(d, now);
	d->clone = clone;
	if (d->exclusive != exclusive || d->busy) {
		d->exclusive = exclusive;
		d->taken = d->busy = 0;
		d->began = now;
	}
	d->source.due = 0;
	device_take(d, now);
}

/* ---- what it sends ---- */

/* Is it for somebody? To a clone a release of what is down there always
 * goes. */
static int
device_passes(const struct device *d, unsigned type, unsigned code, int value)
{
	unsigned class = event_class(type, code);

	if (d->clone < 0)
		return class != 0;
	if (type == EV_KEY && value != 1)
		return bit_has(d->down, code);
	return (class & ~d->ignore) != 0;
}

/* What changed while events were lost: releases first, then modifiers, so that
 * no chord comes of it that nobody pressed, and none is missed. The kernel then
 * forgets the keys that were not read yet (evdev.c, EVIOCGKEY), and what was
 * read before is worth nothing either. */
static void
device_sync(struct device *d, msec now)
{
	unsigned char keys[KEY_CNT / 8] = { 0 };
	unsigned i, k;
	int down;

	d->anew = 1;
	d->dropped = d->n = 0;
	ioctl(d->source.fd, EVIOCGKEY(sizeof(keys)), keys);
	for (i = 0; i < 3 * KEY_CNT; i++) {
		k = i % KEY_CNT;
		down = bit_has(keys, k);
		if (bit_has(d->down, k) != down && i / KEY_CNT ==
		    (!down ? 0 : key_modifier(k) ? 1 : 2) &&
		    device_passes(d, EV_KEY, k, down))
			device_put(d, EV_KEY, k, down);
	}
	(d->clone < 0 ? device_send : device_state)(d, now);
}

/* For the guest a place on a tablet is one on ours. */
static void
device_event(struct device *d, const struct input_event *e, msec now)
{
	const struct input_absinfo *a =
	    &d->can.abs[e->type == EV_ABS ? e->code % ABS_CNT : 0];
	int64_t value = e->value, range = (int64_t)a->maximum - a->minimum;
	int syn = e->type == EV_SYN && e->code == SYN_REPORT;

	if (d->clone < 0 && e->type == EV_REL) /* no mouse does more */
		value = value > AbsMax ? AbsMax : value < -AbsMax ? -AbsMax :
		    value;
	if (e->type == EV_SYN && e->code == SYN_DROPPED)
		d->dropped = 1;
	if (!d->taken) {
		if (syn)
			device_use(d, now); /* perhaps the last key went up */
	} else if (syn) {
		(d->dropped ? device_sync : device_send)(d, now);
	} else if (!d->dropped && device_passes(d, e->type, e->code,
	    e->value)) {
		if (d->clone < 0 && e->type == EV_ABS && range > 0)
			value = (value - a->minimum) * AbsMax / range;
		device_put(d, e->type, e->code, value);
	}
}

static void
device_ready(struct source *s, msec now)
{
	struct device *d = OWNER(s, struct device, source);
	struct input_event ev[ReadMax];
	ssize_t n, i;

	if (!s->got) {
		device_use(d, now);
		return;
	}
	n = read(s->fd, ev, sizeof(ev));
	if (!n || (n < 0 && errno != EAGAIN && errno != EINTR)) {
		note(1, "input: %s: gone", d->path);
		device_close(d, now);
		return;
	}
	d->evdev->heard = now;
	d->anew = 0;
	for (i = 0; i < n / (ssize_t)sizeof(*ev) && !d->anew; i++)
		device_event(d, &ev[i], now);
}

/* ---- which there are ---- */

/* What an ioctl does not know stays 0. */
static int
device_open(struct device *d, const char *path, struct evdev *e)
{
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	struct can *c = &d->can;
	unsigned i;

	if (fd < 0)
		return -1;
	memset(d, 0, sizeof(*d));
	d->evdev = e;
	d->anew = 1;
	d->source = (struct source){ .fd = fd, .events = Readable,
	    .ready = device_ready };
	d->clone = d->exclusive = -1;
	snprintf(d->path, sizeof(d->path), "%s", path);
	if (ioctl(fd, EVIOCGID, &c->id) < 0 || source_add(&d->source) < 0) {
		close(fd);
		return -1;
	}
	ioctl(fd, EVIOCGPROP(sizeof(c->bits[0])), c->bits[0]);
	for (i = 1; i < EV_CNT; i++)
		ioctl(fd, EVIOCGBIT(i, sizeof(c->bits[i])), c->bits[i]);
	for (i = 0; i < ABS_CNT; i++)
		ioctl(fd, EVIOCGABS(i), &c->abs[i]);
	i = c->abs[ABS_MT_SLOT].maximum;
	if (bit_has(c->bits[EV_ABS], ABS_MT_SLOT))
		d->slots = i < SlotMax ? i + 1 : SlotMax;
	return 0;
}

/* Opens a node for a row, or adds the row to one that is open; what comes of
 * that is for later. */
static void
evdev_add(struct evdev *e, size_t row, const char *path)
{
	struct device *d, *slot = NULL;
	unsigned bit = 1u << row;
	struct stat st;

	if (stat(path, &st) < 0)
		return; /* a uevent will tell */
	for (d = e->device; d < e->device + DeviceMax; d++) {
		if (!d->rows) {
			slot = slot ? slot : d;
		} else if (d->ino == st.st_ino) {
			d->rows |= bit;
			return;
		}
	}
	errno = EMFILE;
	if (slot && device_open(slot, path, e) == 0) {
		slot->ino = st.st_ino;
		slot->rows = bit;
	} else if (errno != ENODEV && errno != ENOENT && !(e->said & bit)) {
		e->said |= bit;
		warn("input: %s: can't open the device:", path);
	}
}

/* All nodes of that name, but ours. */
static void
evdev_find(struct evdev *e, size_t row, const char *name)
{
	struct udev *udev = udev_new();
	struct udev_enumerate *list = udev_enumerate_new(udev);
	struct udev_list_entry *at;
	struct udev_device *dev;
	const char *has, *phys;

	udev_enumerate_add_match_sysname(list, "event*");
	udev_enumerate_scan_devices(list);
	udev_list_entry_foreach(at, udev_enumerate_get_list_entry(list)) {
		dev = udev_device_new_from_syspath(udev,
		    udev_list_entry_get_name(at));
		has = udev_device_get_sysattr_value(dev, "device/name");
		phys = udev_device_get_sysattr_value(dev, "device/phys");
		if (has && !strcmp(has, name) && (!phys ||
		    strcmp(phys, "screenstub")) && udev_device_get_devnode(dev))
			evdev_add(e, row, udev_device_get_devnode(dev));
		udev_device_unref(dev);
	}
	udev_enumerate_unref(list);
	udev_unref(udev);
}

/* Opens what the rows that are held name and is there, and lets go what is no
 * row's; all is opened first, so that a clone is made but once, and closed
 * before it goes. A link to a node may have any name, so all that are missing
 * are tried. */
void
evdev_scan(struct evdev *e, msec now)
{
	const char *const *which;
	struct device *d;
	size_t row;

	for (row = 0; e->grabs[row].name; row++) {
		which = e->grabs[row].devices;
		for (; e->held >> row & 1 && *which; which++)
			(**which == '/' ? evdev_add : evdev_find)(e, row,
			    *which);
	}
	for (d = e->device; d < e->device + DeviceMax; d++) {
		if (!d->rows)
			continue;
		d->rows &= e->held;
		device_use(d, now);
	}
	for (row = 0; row < GrabMax; row++)
		if (!(e->held >> row & 1))
			node_destroy(&e->clone[row]);
	e->said &= e->held;
}

unsigned
evdev_moves(const struct evdev *e)
{
	const struct device *d;
	unsigned classes = 0;

	for (d = e->device; d < e->device + DeviceMax; d++) {
		if (!d->taken || d->clone >= 0 || d->exclusive)
			continue;
		if (bit_has(d->can.bits[EV_REL], REL_X) &&
		    !(d->ignore & Relative))
			classes |= Relative | Absolute;
		if (bit_has(d->can.bits[EV_REL], REL_WHEEL))
			classes |= Relative & ~d->ignore;
		if (bit_has(d->can.bits[EV_ABS], ABS_X))
			classes |= Absolute & ~d->ignore;
	}
	return classes;
}
