/* See LICENSE for copyright and licence details.
 *
 * A device is opened when a row that is held names it and it is there, taken
 * when no key is down on it, and let go with its last row. Several rows may
 * have one: it is exclusive if one of them says so, and goes to the clone of
 * the first that has one.
 *
 * A packet is all up to SYN_REPORT. The guest's is told upwards; motion that is
 * followed by more in what was read is added to that. A clone's is written as
 * it is and as a whole, however long, so that two devices of a row are never
 * mixed: there are no chords and no remaps in it, and no LEDs, sounds or
 * ignored classes. After SYN_DROPPED the device is asked for its state.
 *
 * Start reading at device_event. */
#include <sys/ioctl.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <libudev.h>

#include "bits.h"
#include "evdev.h"

enum {
	ReadMax = 64,     /* events: the kernel's own buffer is not smaller */
	AbsMax = 0x7fff,
	SlotMax = 64,     /* fingers */
	GrabWait = 10000, /* ms; a key that is down longer is not waited for */
	BusyLimit = 2000, /* ms for another program to let go */
	BusyEvery = 50
};

static const unsigned char nothing[KEY_CNT / 8];

unsigned
evdev_class(const struct input_event *e)
{
	switch (e->type) {
	case EV_KEY:
		return e->code >= KEY_CNT ? 0 : key_isbutton(e->code) ?
		    Buttons : Keys;
	case EV_REL:
		return Relative;
	case EV_ABS:
		return e->code >= ABS_CNT ? 0 : Absolute;
	case EV_MSC:
		return Misc;
	case EV_SW:
		return Switches;
	}
	return 0;
}

unsigned
key_modifier(unsigned key)
{
	switch (key) {
	case KEY_LEFTCTRL:
		return Ctrl | LeftCtrl;
	case KEY_RIGHTCTRL:
		return Ctrl | RightCtrl;
	case KEY_LEFTSHIFT:
		return Shift | LeftShift;
	case KEY_RIGHTSHIFT:
		return Shift | RightShift;
	case KEY_LEFTALT:
		return Alt | LeftAlt;
	case KEY_RIGHTALT:
		return Alt | RightAlt;
	case KEY_LEFTMETA:
		return Meta | LeftMeta;
	case KEY_RIGHTMETA:
		return Meta | RightMeta;
	}
	return 0;
}

/* ---- a packet ---- */

static size_t
device_index(const struct device *d)
{
	return d - d->evdev->device;
}

/* Adds an event to the packet. */
static void
device_put(struct device *d, unsigned type, unsigned code, int value)
{
	struct input_event e = { .type = type, .code = code }, *ev;

	if (d->n == d->size) {
		ev = realloc(d->ev, (d->size * 2 + ReadMax) * sizeof(*ev));
		if (!ev) {
			d->dropped = 1;
			return;
		}
		d->ev = ev;
		d->size = d->size * 2 + ReadMax;
	}
	e.value = value;
	d->ev[d->n++] = e;
	if (type == EV_KEY)
		bit_put(d->down, code, value);
}

static void
device_send(struct device *d, msec now)
{
	struct evdev *e = d->evdev;
	unsigned since = d->since;
	size_t n = d->n, i;

	d->n = 0;
	if (!n)
		return;
	if (d->clone < 0) {
		e->ops->packet(e, device_index(d), d->ev, n, now);
		return;
	}
	d->n = n;
	device_put(d, EV_SYN, SYN_REPORT, 0);
	if (node_write(&e->clone[d->clone], d->ev, d->n) < 0)
		note(1, "input: %s: a packet was lost", d->path);
	d->n = 0;
	for (i = 0; i < n && d->since == since; i++)
		if (d->ev[i].type == EV_KEY && d->ev[i].value < 2)
			e->ops->key(e, device_index(d), d->ev[i].code,
			    d->ev[i].value, now);
}

static size_t
device_slots(const struct device *d)
{
	int max = d->abs[ABS_MT_SLOT].maximum;

	return !bit_has(d->bits[EV_ABS], ABS_MT_SLOT) ? 0 :
	    max < SlotMax ? max + 1 : SlotMax;
}

/* All that goes to a clone, and that it would keep: keys and contacts up. */
static void
device_lift(struct device *d, msec now)
{
	size_t k;

	d->n = 0;
	if (d->evdev->clone[d->clone].source.fd < 0)
		return;
	for (k = 0; k < KEY_CNT; k++)
		if (bit_has(d->down, k))
			device_put(d, EV_KEY, k, 0);
	for (k = 0; k < device_slots(d); k++) {
		device_put(d, EV_ABS, ABS_MT_SLOT, k);
		device_put(d, EV_ABS, ABS_MT_TRACKING_ID, -1);
	}
	device_send(d, now);
}

/* Where switches, axes and fingers are, for a clone that has missed it. */
static void
device_state(struct device *d)
{
	struct { uint32_t code; int32_t value[SlotMax]; } finger;
	unsigned char on[KEY_CNT / 8] = { 0 };
	struct input_absinfo a;
	size_t k, slot;

	if (ioctl(d->source.fd, EVIOCGSW(sizeof(on)), on) >= 0)
		for (k = 0; k < SW_CNT; k++)
			if (bit_has(d->bits[EV_SW], k))
				device_put(d, EV_SW, k, bit_has(on, k));
	for (k = 0; k < ABS_MT_SLOT; k++)
		if (bit_has(d->bits[EV_ABS], k) &&
		    ioctl(d->source.fd, EVIOCGABS(k), &a) >= 0)
			device_put(d, EV_ABS, k, a.value);
	for (k = ABS_MT_SLOT + 1; device_slots(d) && k < ABS_CNT; k++) {
		finger.code = k;
		if (!bit_has(d->bits[EV_ABS], k) || ioctl(d->source.fd,
		    EVIOCGMTSLOTS(sizeof(finger)), &finger) < 0)
			continue;
		for (slot = 0; slot < device_slots(d); slot++) {
			device_put(d, EV_ABS, ABS_MT_SLOT, slot);
			device_put(d, EV_ABS, k, finger.value[slot]);
		}
	}
	if (device_slots(d) &&
	    ioctl(d->source.fd, EVIOCGABS(ABS_MT_SLOT), &a) >= 0)
		device_put(d, EV_ABS, ABS_MT_SLOT, a.value);
}

/* ---- a clone ---- */

/* What all devices of a row can send. */
static struct device *
clone_bits(struct evdev *e, size_t row, struct node *n,
           struct input_absinfo abs[ABS_CNT])
{
	struct device *d, *first = NULL;
	struct input_event ev = { 0 };
	unsigned k;

	for (d = e->device; d < e->device + DeviceMax; d++) {
		if (d->source.fd < 0 || !(d->rows >> row & 1))
			continue;
		first = first ? first : d;
		n->props |= d->props;
		if (bit_has(d->bits[0], EV_FF))
			bit_put(n->bits[0], EV_FF, 1);
		for (k = EV_KEY * KEY_CNT; k < (EV_SW + 1) * KEY_CNT; k++) {
			ev.type = k / KEY_CNT;
			ev.code = k % KEY_CNT;
			if (!bit_has(d->bits[ev.type], ev.code) ||
			    bit_has(n->bits[ev.type], ev.code) ||
			    !(evdev_class(&ev) & ~e->grabs[row].ignore))
				continue;
			bit_put(n->bits[ev.type], ev.code, 1);
			if (ev.type == EV_ABS)
				abs[ev.code] = d->abs[ev.code];
		}
	}
	return first;
}

/* The device that stands for all of a row, made when the first of them is
 * taken, and anew when one comes that can do more. It has the ids of the first,
 * and outlives them all, so that whoever reads it sees no unplugging. 1: it was
 * made, and has the state of all that are taken. */
static int
clone_make(struct evdev *e, size_t row, msec now)
{
	struct node *n = &e->clone[row], new = { .source.fd = -1 };
	struct input_absinfo abs[ABS_CNT] = { { 0 } };
	struct device *d, *first = clone_bits(e, row, &new, abs);
	const unsigned char *want = *new.bits, *has = *n->bits;
	struct input_id id = { 0 };
	int more = n->source.fd < 0;
	size_t i;

	for (i = 0; i < sizeof(new.bits); i++)
		more |= want[i] & ~has[i];
	if (!more)
		return 0;
	if (bit_has(*new.bits, EV_FF))
		warn("input: %s: force feedback is not passed on: give the "
		     "guest the device itself for that", e->grabs[row].newname);
	if (ioctl(first->source.fd, EVIOCGID, &id) < 0)
		id.bustype = BUS_VIRTUAL;
	node_destroy(n);
	*n = new;
	if (node_create(n, e->grabs[row].newname, &id, abs) < 0)
		return -1;
	for (d = e->device; d < e->device + DeviceMax; d++) {
		if (d->source.fd < 0 || d->clone != (int)row ||
		    d->taking != Taken)
			continue;
		memset(d->down, 0, sizeof(d->down));
		device_state(d);
		device_send(d, now);
	}
	return 1;
}

/* ---- a device ---- */

/* Gone, or not wanted any more: what is down on it goes up. */
static void
device_close(struct device *d, msec now)
{
	if (d->source.fd < 0)
		return;
	if (d->clone >= 0)
		device_lift(d, now);
	source_del(&d->source);
	close(d->source.fd); /* which ends the grab */
	d->source.fd = -1;
	d->source.due = 0;
	d->since = ++d->evdev->looks;
	free(d->ev);
	d->ev = NULL;
	d->n = d->size = 0;
	d->evdev->ops->reset(d->evdev, device_index(d), nothing, now);
}

/* It is taken, and goes to a clone. */
static void
device_join(struct device *d, msec now)
{
	int made = clone_make(d->evdev, d->clone, now);

	if (made < 0) {
		device_close(d, now); /* or it would be dead */
	} else if (!made) {
		device_state(d);
		device_send(d, now);
	}
}

/* Asks what is down on it: that is known to whoever saw it go down. */
static int
device_reset(struct device *d, unsigned char down[KEY_CNT / 8], msec now)
{
	struct evdev *e = d->evdev;

	if (ioctl(d->source.fd, EVIOCGKEY(KEY_CNT / 8), down) < 0) {
		warn("input: %s: this is no evdev node:", d->path);
		device_close(d, now);
		return -1;
	}
	d->since = ++e->looks;
	d->dropped = 0;
	d->n = 0;
	memcpy(d->down, d->clone < 0 ? down : nothing, sizeof(d->down));
	e->ops->reset(e, device_index(d), down, now);
	return 0;
}

static int
device_refuses(const struct device *d, size_t row)
{
	return d->refused && d->evdev->grabs[row].flags & Exclusive;
}

static void device_take(struct device *, msec now); /* and back, when busy */

/* What the rows that want it make of a device; no row: it is let go. */
static void
device_use(struct device *d, msec now)
{
	struct evdev *e = d->evdev;
	unsigned char down[KEY_CNT / 8] = { 0 };
	int exclusive = 0, clone = -1, served = 0, moved;
	size_t row;

	d->ignore = 0;
	for (row = 0; row < GrabMax; row++) {
		if (!(d->rows >> row & 1) || device_refuses(d, row))
			continue;
		served = 1;
		exclusive |= (e->grabs[row].flags & Exclusive) != 0;
		d->ignore |= e->grabs[row].ignore;
		if (e->grabs[row].newname && clone < 0)
			clone = row;
	}
	if (!d->rows) {
		device_close(d, now);
		return;
	}
	if (d->clone >= 0 && (d->clone != clone || d->exclusive != exclusive))
		device_lift(d, now);
	moved = d->clone != clone;
	d->clone = clone;
	if (!served) {
		d->taking = Refused;
	} else if (d->taking != Taken || d->exclusive != exclusive) {
		d->taking = Waiting;
		d->exclusive = exclusive;
		d->until = now + GrabWait;
		device_take(d, now);
	} else if (moved && device_reset(d, down, now) == 0 && clone >= 0) {
		device_join(d, now);
	}
}

/* Another program has it: tried again for a time, then said, and left to the
 * rows that read it along. */
static void
device_busy(struct device *d, msec now)
{
	if (d->taking != Busy)
		d->until = now + BusyLimit;
	d->taking = Busy;
	d->source.due = now + BusyEvery;
	if (now < d->until)
		return;
	warn("input: %s: another program has it grabbed", d->path);
	d->source.due = 0;
	d->refused = 1;
	device_use(d, now);
}

/* Not while a key is down: whoever saw it go down must see it go up. One that
 * never does is not waited for longer than GrabWait, and X is told. */
static void
device_take(struct device *d, msec now)
{
	unsigned char down[KEY_CNT / 8] = { 0 };
	int held;

	if (device_reset(d, down, now) < 0)
		return;
	d->source.due = d->until;
	held = memcmp(down, nothing, sizeof(down)) != 0;
	if (held && now < d->until && d->taking == Waiting)
		return;
	if (ioctl(d->source.fd, EVIOCGRAB, d->exclusive) < 0 && d->exclusive) {
		device_busy(d, now);
		return;
	}
	d->source.due = 0;
	d->taking = Taken;
	note(1, "input: %s: %s", d->path, d->exclusive ? "grabbed" :
	     "read along");
	if (held && d->exclusive)
		d->evdev->ops->unstick(d->evdev, down, now);
	if (d->source.fd >= 0 && d->clone >= 0)
		device_join(d, now);
}

/* ---- what it sends ---- */

/* Is it for somebody? To a clone a release of what is down there always goes,
 * and what separates the fingers of old devices. */
static int
device_passes(const struct device *d, const struct input_event *e)
{
	unsigned class = evdev_class(e);

	if (d->clone < 0 || e->type == EV_SYN)
		return d->clone < 0 ? class != 0 : e->code == SYN_MT_REPORT;
	if (e->type == EV_KEY && e->value != 1)
		return class && bit_has(d->down, e->code);
	return (class & ~d->ignore) != 0;
}

static void
device_add(struct device *d, const struct input_event *e)
{
	device_put(d, e->type, e->code, e->value);
}

/* What changed while events were lost: releases first, then modifiers, so that
 * no chord comes of it that nobody pressed, and none is missed. The kernel then
 * forgets the keys that were not read yet (evdev.c, EVIOCGKEY), and what was
 * read before is worth nothing either. A key may end the grab. */
static void
device_sync(struct device *d, msec now)
{
	unsigned char keys[KEY_CNT / 8] = { 0 };
	unsigned since = d->since = ++d->evdev->looks;
	struct input_event e = { .type = EV_KEY };
	unsigned k, down, pass;

	d->dropped = 0;
	d->n = 0;
	if (ioctl(d->source.fd, EVIOCGKEY(sizeof(keys)), keys) < 0)
		return;
	for (pass = 0; pass < 3; pass++) {
		for (k = 0; k < KEY_CNT && d->since == since; k++) {
			down = bit_has(keys, k);
			if (bit_has(d->down, k) == (int)down ||
			    pass != (!down ? 0 : key_modifier(k) ? 1 : 2))
				continue;
			e.code = k;
			e.value = down;
			if (device_passes(d, &e))
				device_add(d, &e);
			if (d->clone < 0)
				device_send(d, now);
		}
	}
	if (d->since != since || d->clone < 0)
		return;
	device_state(d);
	device_send(d, now);
}

/* Motion, but the order of fingers matters. */
static int
event_merges(const struct input_event *e)
{
	return e->type == EV_REL || (e->type == EV_ABS &&
	    e->code < ABS_MT_SLOT);
}

/* For the guest: what moves further on the same axis is one event, and a place
 * on a tablet is one on ours. */
static void
device_merge(struct device *d, const struct input_event *e)
{
	const struct input_absinfo *a = &d->abs[e->type == EV_ABS ? e->code :
	    0];
	int value = e->value;
	size_t i;

	if (e->type == EV_ABS && a->maximum > a->minimum)
		value = ((int64_t)value - a->minimum) * AbsMax /
		    ((int64_t)a->maximum - a->minimum);
	for (i = 0; event_merges(e) && i < d->n; i++) {
		if (d->ev[i].type != e->type || d->ev[i].code != e->code)
			continue;
		d->ev[i].value = value + (e->type == EV_REL ?
		    d->ev[i].value : 0);
		return;
	}
	device_put(d, e->type, e->code, value);
}

/* The end of a packet; of motion alone only if no more was read. */
static void
device_report(struct device *d, int last, msec now)
{
	size_t i;
	int moves = d->clone < 0 && !last;

	for (i = 0; i < d->n && moves; i++)
		moves = event_merges(&d->ev[i]);
	if (!moves)
		device_send(d, now);
}

static void
device_event(struct device *d, const struct input_event *e, int last, msec now)
{
	int syn = e->type == EV_SYN && e->code == SYN_REPORT;

	if (e->type == EV_SYN && e->code == SYN_DROPPED)
		d->dropped = 1;
	if (d->taking != Taken) {
		if (syn && d->taking == Waiting)
			device_take(d, now); /* perhaps the last key went up */
	} else if (d->dropped) {
		if (syn)
			device_sync(d, now);
	} else if (syn) {
		device_report(d, last, now);
	} else if (device_passes(d, e)) {
		(d->clone < 0 ? device_merge : device_add)(d, e);
	}
}

static void
device_ready(struct source *s, unsigned got, msec now)
{
	struct device *d = OWNER(s, struct device, source);
	struct input_event ev[ReadMax];
	ssize_t n, i;
	unsigned since;

	if (!got) {
		device_take(d, now);
		return;
	}
	n = read(s->fd, ev, sizeof(ev));
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		note(1, "input: %s: gone", d->path);
		device_close(d, now);
		return;
	}
	n /= sizeof(*ev);
	d->evdev->heard = now;
	since = d->since;
	for (i = 0; i < n && d->since == since; i++)
		device_event(d, &ev[i], i == n - 1, now);
}

/* ---- which there are ---- */

static void
device_describe(struct device *d)
{
	size_t i;
	int fd = d->source.fd;

	for (i = 0; i < EV_CNT; i++)
		if (ioctl(fd, EVIOCGBIT(i, sizeof(d->bits[i])), d->bits[i]) < 0)
			memset(d->bits[i], 0, sizeof(d->bits[i]));
	if (ioctl(fd, EVIOCGPROP(sizeof(d->props)), &d->props) < 0)
		d->props = 0;
	for (i = 0; i < ABS_CNT; i++)
		if (bit_has(d->bits[EV_ABS], i) &&
		    ioctl(fd, EVIOCGABS(i), &d->abs[i]) < 0)
			bit_put(d->bits[EV_ABS], i, 0);
}

static int
device_open(struct device *d, const char *path, const struct stat *st)
{
	struct evdev *e = d->evdev;
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0)
		return -1;
	memset(d, 0, sizeof(*d));
	d->evdev = e;
	d->since = ++e->looks;
	d->source.fd = fd;
	d->source.events = Readable;
	d->source.ready = device_ready;
	d->dev = st->st_dev;
	d->ino = st->st_ino;
	d->clone = -1;
	snprintf(d->path, sizeof(d->path), "%s", path);
	if (source_add(&d->source) < 0) {
		close(fd);
		d->source.fd = -1;
		errno = EMFILE;
		return -1;
	}
	device_describe(d);
	return 0;
}

/* Opens a node for an entry of a row, or adds the row to one that is open; what
 * comes of that is for later. */
static void
evdev_add(struct evdev *e, size_t row, size_t entry, const char *path)
{
	struct device *d, *slot = NULL;
	unsigned bit = 1u << entry % 32;
	struct stat st;

	if (stat(path, &st) < 0)
		return; /* a uevent will tell */
	for (d = e->device; d < e->device + DeviceMax; d++) {
		if (d->source.fd < 0) {
			slot = slot ? slot : d;
		} else if (d->dev == st.st_dev && d->ino == st.st_ino) {
			if (d->rows >> row & 1)
				return;
			d->rows |= 1u << row;
			d->refused = 0;
			d->fresh = 1;
			return;
		}
	}
	errno = 0;
	if (slot && device_open(slot, path, &st) == 0) {
		e->said[row] &= ~bit;
		slot->fresh = 1;
		slot->rows = 1u << row;
		return;
	}
	if (errno == ENODEV || errno == ENOENT || e->said[row] & bit)
		return;
	e->said[row] |= bit;
	if (!slot)
		warn("input: %s: more than %d devices", path, DeviceMax);
	else
		warn("input: %s: %s%s", path, strerror(errno),
		     errno == EACCES ? " (be in group input, or let the udev "
		     "rules in samples/ give you a right to it)" : "");
}

static unsigned
sysfs_number(struct udev_device *dev, const char *name)
{
	const char *s = udev_device_get_sysattr_value(dev, name);

	return s ? strtoul(s, NULL, 16) : 0;
}

/* By its parent, which the node's name and ids are of. Those of ours fit
 * none. */
static int
evdev_matches(const Device *m, struct udev_device *dev)
{
	const char *name = udev_device_get_sysattr_value(dev, "name");
	const char *phys = udev_device_get_sysattr_value(dev, "phys");

	return name && (!phys || strcmp(phys, "screenstub")) &&
	    (!m->name || !strcmp(m->name, name)) &&
	    (!m->vendor || m->vendor == sysfs_number(dev, "id/vendor")) &&
	    (!m->product || m->product == sysfs_number(dev, "id/product"));
}

/* All nodes that fit an entry without a path. */
static void
evdev_find(struct evdev *e, size_t row, size_t entry)
{
	struct udev *udev = udev_new();
	struct udev_enumerate *list = udev ? udev_enumerate_new(udev) : NULL;
	struct udev_list_entry *at;
	struct udev_device *dev, *parent;

	if (list) {
		udev_enumerate_add_match_subsystem(list, "input");
		udev_enumerate_add_match_sysname(list, "event*");
		udev_enumerate_scan_devices(list);
	}
	for (at = list ? udev_enumerate_get_list_entry(list) : NULL; at;
	    at = udev_list_entry_get_next(at)) {
		dev = udev_device_new_from_syspath(udev,
		    udev_list_entry_get_name(at));
		parent = dev ? udev_device_get_parent_with_subsystem_devtype(
		    dev, "input", NULL) : NULL;
		if (parent && udev_device_get_devnode(dev) &&
		    evdev_matches(&e->grabs[row].devices[entry], parent))
			evdev_add(e, row, entry, udev_device_get_devnode(dev));
		udev_device_unref(dev);
	}
	udev_enumerate_unref(list);
	udev_unref(udev);
}

/* Opens what the rows that are held name and is there; all of it first, so that
 * a clone is made but once. */
static void
evdev_scan(struct evdev *e, msec now)
{
	const Device *m;
	struct device *d;
	size_t row, i;

	for (row = 0; e->grabs[row].name; row++) {
		m = e->grabs[row].devices;
		for (i = 0; e->held >> row & 1 && !evdev_rowempty(&m[i]); i++)
			if (m[i].path)
				evdev_add(e, row, i, m[i].path);
			else
				evdev_find(e, row, i);
	}
	for (d = e->device; d < e->device + DeviceMax; d++) {
		if (d->source.fd < 0 || !d->fresh)
			continue;
		d->fresh = 0;
		device_use(d, now);
	}
}

/* ---- for the rows ---- */

int
evdev_rowempty(const Device *m)
{
	return !m->path && !m->name && !m->vendor && !m->product;
}

void
evdev_open(struct evdev *e, const struct evdevops *ops, const Grab *grabs)
{
	size_t i;

	e->ops = ops;
	e->grabs = grabs;
	for (i = 0; i < DeviceMax; i++) {
		e->device[i].evdev = e;
		e->device[i].source.fd = -1;
	}
	for (i = 0; i < GrabMax; i++)
		e->clone[i].source.fd = -1;
}

void
evdev_close(struct evdev *e, msec now)
{
	size_t i;

	for (i = 0; i < DeviceMax; i++)
		device_close(&e->device[i], now);
	for (i = 0; i < GrabMax; i++)
		node_destroy(&e->clone[i]);
}

void
evdev_hold(struct evdev *e, size_t row, int wanted, msec now)
{
	unsigned bit = 1u << row;
	struct device *d;

	e->held = wanted ? e->held | bit : e->held & ~bit;
	e->said[row] = 0;
	if (wanted) {
		evdev_scan(e, now);
		return;
	}
	for (d = e->device; d < e->device + DeviceMax; d++) {
		if (d->source.fd < 0 || !(d->rows & bit))
			continue;
		d->rows &= ~bit;
		device_use(d, now);
	}
	node_destroy(&e->clone[row]);
}

void
evdev_uevent(struct evdev *e, msec now)
{
	struct device *d;

	for (d = e->device; d < e->device + DeviceMax; d++) {
		if (d->source.fd < 0 || !d->refused ||
		    ioctl(d->source.fd, EVIOCGRAB, 1) < 0)
			continue;
		ioctl(d->source.fd, EVIOCGRAB, 0);
		d->refused = 0;
		d->fresh = 1;
	}
	/* a link to it may have any name, so all that are missing are tried */
	evdev_scan(e, now);
}

/* ---- what is asked ---- */

static int
device_feeds(const struct device *d)
{
	return d->source.fd >= 0 && d->taking == Taken && d->clone < 0;
}

int
evdev_moves(const struct evdev *e)
{
	const struct device *d;

	for (d = e->device; d < e->device + DeviceMax; d++)
		if (device_feeds(d) && !(d->ignore & Relative) &&
		    bit_has(d->bits[EV_REL], REL_X))
			return 1;
	return 0;
}

unsigned
evdev_along(const struct evdev *e)
{
	const struct device *d;
	unsigned classes = 0;

	for (d = e->device; d < e->device + DeviceMax; d++) {
		if (!device_feeds(d) || d->exclusive)
			continue;
		if (bit_has(d->bits[0], EV_REL))
			classes |= Relative & ~d->ignore;
		if (bit_has(d->bits[EV_ABS], ABS_X))
			classes |= Absolute & ~d->ignore;
	}
	return classes;
}
