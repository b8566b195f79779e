/* See LICENSE for copyright and licence details.
 *
 * Input: which key goes where, and none is ever stuck.
 *
 * The core has no clock and no file descriptor: packets come in with the time,
 * from an origin (the window, or one device), and go out to a sink (the guest,
 * or a new device of the host). On its way a key meets, in this order, the
 * chords of hotkeys[], the classes that a grab ignores, remaps[], and the
 * other keys that are the same for the sink. Each origin keeps what is down
 * there and what of that it holds in its sink, each sink how many hold a key
 * and what was sent down: that alone is ever sent up, once.
 *
 * A modifier that may begin a chord is kept back until that is decided (see
 * pressed, withheld).
 *
 * Routes are how the guest is reached: a table of operations. Those with
 * uinput nodes write there; QEMU is told by qmp.c to read them.
 *
 * Grabs are rows that are wanted, and held while the guest is shown. Those by
 * X are asked for by grabx; functions that begin with device take evdev nodes,
 * and a clone is the uinput node that a row with newname sends to.
 *
 * Start reading at input_feed. */
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <libudev.h>
#include <linux/uinput.h>

#include "screenstub.h"

enum {
	ReadMax = 64,     /* events: the kernel's own buffer is not smaller */
	FiredMax = 4,     /* chords of one packet */
	AbsMax = 0x7fff,
	AllLeds = 7,      /* NUML, CAPSL, SCROLLL */
	RelMax = 127,     /* Windows' vioinput cuts off what is more */
	NotchMax = 1200,  /* of a wheel, in what REL_WHEEL_HI_RES counts */
	SlotMax = 64,     /* fingers */
	SplitMax = 64,    /* reports for one: a virtio queue has that many */
	GrabWait = 10000, /* ms; a key that is down longer is not waited for */
	BusyLimit = 2000, /* ms for another program to let go */
	BusyEvery = 50
};

/* What of a report is to be sent. */
struct packet {
	struct sink *sink;
	struct input_event ev[ReportMax];
	size_t n;
};

static int anywhere(const struct input *, unsigned key);
static void backflush(struct input *, msec now);
static void backpress(struct input *, size_t i, msec now);
static int backfind(const struct input *, const struct origin *, unsigned key);
static void backdrop(struct input *, size_t i);
static int begins(const struct input *, unsigned key);
static int button(unsigned key);
static const Hotkey *chord(const struct input *, const struct origin *,
                           unsigned key, unsigned later);
static unsigned class(const struct input_event *);
static void clear(unsigned char *, unsigned);
static int clonemake(struct input *, size_t row, msec now);
static int clonesend(struct sink *, const struct input_event *, size_t,
                     msec now);
static void deviceadd(struct input *, size_t row, size_t entry,
                      const char *path, msec now);
static void deviceaxes(struct device *, msec now);
static void deviceclose(struct device *, msec now);
static void deviceevent(struct device *, const struct input_event *, int last,
                        msec now);
static void devicefeed(struct device *, unsigned type, unsigned code,
                       int value, msec now);
static void devicefind(struct input *, size_t row, size_t entry, msec now);
static void devicegrab(struct device *, msec now);
static void deviceready(struct source *, unsigned got, msec now);
static void devicescan(struct input *, msec now);
static void deviceswitches(struct device *, msec now);
static void devicesync(struct device *, msec now);
static void deviceuse(struct device *, msec now);
static int eaten(const struct input *, const struct origin *, unsigned key);
static int down(const struct input *, const struct origin *, unsigned key);
static void flush(struct packet *, msec now);
static int has(const unsigned char *, unsigned);
static void hold(struct input *, size_t row, int wanted, msec now);
static void ignores(struct input *);
static void ledswrite(struct device *, unsigned which, unsigned leds);
static int merges(const struct input_event *);
static unsigned modifier(unsigned key);
static int nodecreate(struct node *, const char *name, const struct input_id *,
                      const struct input_absinfo *);
static void nodedestroy(struct node *);
static void nodepath(struct node *);
static void nodeready(struct source *, unsigned got, msec now);
static int nodewrite(struct node *, const struct input_event *, size_t);
static void press(struct input *, struct origin *, struct packet *,
                  unsigned key, msec now);
static int pressed(struct input *, struct origin *, struct packet *,
                   unsigned key, const Hotkey **, msec now);
static void put(struct packet *, const struct input_event *, msec now);
static void putkey(struct packet *, unsigned key, int value, msec now);
static int qmpsend(struct sink *, const struct input_event *, size_t, msec);
static void release(struct input *, struct origin *, struct packet *,
                    unsigned key, msec now);
static unsigned remap(const struct input *, unsigned key);
static void retry(struct sink *, msec now);
static void settle(struct input *, msec now);
static void set(unsigned char *, unsigned);
static void swallow(struct input *, msec now);
static void tick(struct source *, unsigned got, msec now);
static void timer(struct input *);
static int uinputopen(struct input *, msec now);
static int uinputsend(struct sink *, const struct input_event *, size_t, msec);
static int uinputwhere(struct input *, const struct input_event *);
static int uinputwrite(struct input *, int node, struct input_event *,
                       const int *to, size_t);

/* How the guest is reached, by the value of Route. */
static const struct {
	int (*open)(struct input *, msec now); /* NULL: nothing to be made */
	int (*send)(struct sink *, const struct input_event *, size_t, msec);
} route[RouteLast] = {
	[Qmp] = { NULL, qmpsend },
	[InputLinux] = { uinputopen, uinputsend },
	[VirtioHost] = { uinputopen, uinputsend },
};

static const char *const nodename[VmNodes] = {
	[VmKeyboard] = "screenstub-kbd", [VmMouse] = "screenstub-mouse",
	[VmTablet] = "screenstub-tablet",
};

/* For the emergency, whoever a key was meant for. */
int
anywhere(const struct input *in, unsigned key)
{
	const struct origin *o;

	for (o = in->origins; o; o = o->next)
		if (has(o->down, key) || has(o->foreign, key))
			return 1;
	return has(in->raw.down, key);
}

void
backdrop(struct input *in, size_t i)
{
	in->nback--;
	memmove(in->back + i, in->back + i + 1,
	        (in->nback - i) * sizeof(*in->back));
	timer(in);
}

/* Its place among those that are withheld, or -1. */
int
backfind(const struct input *in, const struct origin *o, unsigned key)
{
	size_t i;

	for (i = 0; i < in->nback; i++)
		if (in->back[i].key == key && in->back[i].origin == o)
			return i;
	return -1;
}

/* It was no chord: all that is withheld is pressed, each in its own report. */
void
backflush(struct input *in, msec now)
{
	while (in->nback)
		backpress(in, 0, now);
}

void
backpress(struct input *in, size_t i, msec now)
{
	struct origin *o = in->back[i].origin;
	struct packet p = { .sink = o->sink };
	unsigned key = in->back[i].key;

	backdrop(in, i);
	press(in, o, &p, key, now);
	flush(&p, now);
}

/* May this key, held, be part of a chord? Of the emergency's it does not
 * matter, for that releases all. */
int
begins(const struct input *in, unsigned key)
{
	unsigned bits = modifier(key);
	const Hotkey *h;

	for (h = in->hotkeys; h->key; h++)
		if (h->mods & bits || h->mods >> 16 == key)
			return 1;
	return 0;
}

int
button(unsigned key)
{
	return (key >= BTN_MISC && key < KEY_OK) ||
	    (key >= BTN_DPAD_UP && key <= BTN_DPAD_RIGHT) ||
	    key >= BTN_TRIGGER_HAPPY;
}

/* The row of that key, for its press or its release (later), of whose
 * modifiers all are held; the one with the most of them, if there are several.
 * A modifier is none of its own. */
const Hotkey *
chord(const struct input *in, const struct origin *o, unsigned key,
      unsigned later)
{
	static const unsigned modkey[] = {
		KEY_LEFTCTRL, KEY_RIGHTCTRL, KEY_LEFTSHIFT, KEY_RIGHTSHIFT,
		KEY_LEFTALT, KEY_RIGHTALT, KEY_LEFTMETA, KEY_RIGHTMETA,
	};
	const Hotkey *h, *best = NULL;
	unsigned held = 0, any = 0, most = 0, n, m;
	size_t i;

	for (i = 0; i < LENGTH(modkey); i++) {
		if (modkey[i] == key)
			continue;
		if (down(in, o, modkey[i]))
			held |= modifier(modkey[i]);
		if (anywhere(in, modkey[i]))
			any |= modifier(modkey[i]);
	}
	h = in->emergency;
	if (h && h->key == key && !later && !(h->mods & 0xffff & ~any) &&
	    (!(h->mods >> 16) || anywhere(in, h->mods >> 16)))
		return h;
	for (h = in->hotkeys; h->key; h++) {
		if (h->key != key || (h->flags & OnRelease) != later ||
		    h->mods & 0xffff & ~held || (h->mods >> 16 &&
		    !down(in, o, h->mods >> 16)))
			continue;
		if (o == &in->raw && (h->flags & (Global | Exclusive)) !=
		    Global)
			continue;
		for (n = 1, m = h->mods & 0xffff; m; m &= m - 1)
			n++;
		n += h->mods >> 16 != 0;
		if (n <= most)
			continue;
		most = n;
		best = h;
	}
	return best;
}

unsigned
class(const struct input_event *e)
{
	static const unsigned bit[EV_CNT] = {
		[EV_REL] = Relative, [EV_ABS] = Absolute, [EV_MSC] = Misc,
		[EV_SW] = Switches, [EV_LED] = Leds, [EV_SND] = Sounds,
	};

	if (e->type == EV_KEY)
		return button(e->code) ? Buttons : Keys;
	return e->type < EV_CNT ? bit[e->type] : 0;
}

void
clear(unsigned char *bits, unsigned k)
{
	bits[k / 8] &= ~(1 << k % 8);
}

/* The device that stands for all of a row, made when the first of them is
 * taken, and anew when one comes that can do more. It has the ids of the first,
 * and outlives them all, so that whoever reads it sees no unplugging. */
int
clonemake(struct input *in, size_t row, msec now)
{
	const Grab *g = &in->grabs[row];
	struct node *n = &in->clone[row];
	struct input_absinfo abs[ABS_CNT] = { { 0 } };
	struct device *d, *first = NULL;
	struct input_id id = { 0 };
	int more = n->source.fd < 0, force = 0;
	size_t i, k;

	for (d = in->device; d < in->device + DeviceMax; d++) {
		if (d->source.fd < 0 || !(d->grabs >> row & 1))
			continue;
		if (!first)
			first = d;
		force |= has(d->bits[0], EV_FF);
		for (i = 1; i < EV_FF; i++)
			for (k = 0; k < KEY_CNT / 8; k++)
				more |= d->bits[i][k] & ~n->bits[i][k];
	}
	if (!more || !first)
		return 0;
	for (d = in->device; d < in->device + DeviceMax; d++)
		if (d->source.fd >= 0 && d->origin.sink == &n->sink)
			input_leave(in, &d->origin, 0, now);
	nodedestroy(n);
	for (d = in->device; d < in->device + DeviceMax; d++) {
		if (d->source.fd < 0 || !(d->grabs >> row & 1))
			continue;
		for (i = 0; i < ABS_CNT; i++)
			if (has(d->bits[EV_ABS], i) && !has(n->bits[EV_ABS], i))
				abs[i] = d->abs[i];
		for (i = 1; i < EV_FF; i++)
			for (k = 0; k < KEY_CNT / 8; k++)
				n->bits[i][k] |= d->bits[i][k];
		for (k = 0; k < KEY_CNT; k++) {
			if (!has(d->bits[EV_KEY], k))
				continue;
			set(n->bits[EV_KEY], remap(in, k));
			if (modifier(k))
				set(n->bits[EV_KEY], in->neutral);
		}
		n->props |= d->props;
	}
	clear(n->bits[EV_KEY], 0);
	if (force)
		warn("input: %s: force feedback is not passed on: give the "
		     "guest the device itself for that", g->newname);
	if (ioctl(first->source.fd, EVIOCGID, &id) < 0)
		id.bustype = BUS_VIRTUAL;
	if (nodecreate(n, g->newname, &id, abs) < 0)
		return -1;
	for (d = in->device; d < in->device + DeviceMax; d++)
		if (d->source.fd >= 0 && d->origin.sink == &n->sink)
			deviceswitches(d, now);
	return 0;
}

int
clonesend(struct sink *s, const struct input_event *ev, size_t n, msec now)
{
	(void)now;
	return nodewrite(OWNER(s, struct node, sink), ev, n);
}

/* Opens a node for an entry of a row, or adds the row to one that is open. */
void
deviceadd(struct input *in, size_t row, size_t entry, const char *path,
          msec now)
{
	struct device *d, *slot = NULL;
	unsigned bit = 1u << entry % 32;
	struct stat st;
	size_t i;
	int fd;

	if (stat(path, &st) < 0)
		return; /* a uevent will tell */
	for (d = in->device; d < in->device + DeviceMax; d++) {
		if (d->source.fd < 0) {
			slot = slot ? slot : d;
		} else if (d->dev == st.st_dev && d->ino == st.st_ino) {
			if (d->grabs >> row & 1)
				return;
			d->grabs |= 1u << row;
			deviceuse(d, now);
			return;
		}
	}
	if (!(d = slot)) {
		if (!(in->said[row] & bit))
			warn("input: %s: more than %d devices", path,
			     DeviceMax);
		in->said[row] |= bit;
		return;
	}
	fd = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC); /* LEDs */
	if (fd < 0 && errno == EACCES)
		fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0) {
		if (!(in->said[row] & bit) && errno != ENODEV &&
		    errno != ENOENT)
			warn("input: %s: %s%s", path, strerror(errno),
			     errno == EACCES ? " (be in group input, or let "
			     "the udev rules in samples/ give you a right to "
			     "it)" : "");
		in->said[row] |= bit;
		return;
	}
	in->said[row] &= ~bit;
	memset(d, 0, sizeof(*d));
	d->in = in;
	d->since = ++in->looks;
	d->source.fd = fd;
	d->source.events = Readable;
	d->source.ready = deviceready;
	d->dev = st.st_dev;
	d->ino = st.st_ino;
	d->grabs = 1u << row;
	d->until = now + GrabWait;
	snprintf(d->path, sizeof(d->path), "%s", path);
	if (source_add(&d->source) < 0) {
		close(fd);
		d->source.fd = -1;
		return;
	}
	for (i = 0; i < EV_CNT; i++)
		if (ioctl(fd, EVIOCGBIT(i, sizeof(d->bits[i])), d->bits[i]) <
		    0)
			memset(d->bits[i], 0, sizeof(d->bits[i]));
	if (ioctl(fd, EVIOCGLED(1), &d->hostleds) < 0)
		d->hostleds = 0;
	if (ioctl(fd, EVIOCGPROP(sizeof(d->props)), &d->props) < 0)
		d->props = 0;
	if (has(d->bits[0], EV_REP))
		set(d->bits[EV_REP], REP_DELAY);
	for (i = 0; i < ABS_CNT; i++)
		if (has(d->bits[EV_ABS], i) &&
		    ioctl(fd, EVIOCGABS(i), &d->abs[i]) < 0)
			clear(d->bits[EV_ABS], i);
	d->origin.sink = &in->sink;
	input_origin(in, &d->origin);
	deviceuse(d, now);
}

/* Where switches, axes and fingers are, for a clone that has missed it. */
void
deviceaxes(struct device *d, msec now)
{
	struct { uint32_t code; int32_t id[SlotMax]; } finger = {
		.code = ABS_MT_TRACKING_ID
	};
	struct input_absinfo a;
	int k;

	deviceswitches(d, now);
	for (k = 0; k < ABS_MT_SLOT; k++)
		if (has(d->bits[EV_ABS], k) &&
		    ioctl(d->source.fd, EVIOCGABS(k), &a) >= 0)
			devicefeed(d, EV_ABS, k, a.value, now);
	if (!has(d->bits[EV_ABS], ABS_MT_SLOT) ||
	    ioctl(d->source.fd, EVIOCGMTSLOTS(sizeof(finger)), &finger) < 0 ||
	    ioctl(d->source.fd, EVIOCGABS(ABS_MT_SLOT), &a) < 0)
		return;
	for (k = 0; k <= a.maximum && k < SlotMax; k++) {
		devicefeed(d, EV_ABS, ABS_MT_SLOT, k, now);
		devicefeed(d, EV_ABS, ABS_MT_TRACKING_ID, finger.id[k], now);
	}
	devicefeed(d, EV_ABS, ABS_MT_SLOT, a.value, now);
}

/* Gone, or not wanted any more: what is down on it goes up. */
void
deviceclose(struct device *d, msec now)
{
	if (d->source.fd < 0)
		return;
	if (d->taken && d->in->leds)
		ledswrite(d, AllLeds, d->hostleds);
	source_del(&d->source);
	close(d->source.fd); /* which ends the grab */
	d->source.fd = -1;
	d->source.due = 0;
	d->since = ++d->in->looks;
	input_unorigin(d->in, &d->origin, now);
}

/* Up to SYN_REPORT events are one packet; motion that is followed by more in
 * what was read is added to that. After SYN_DROPPED some were lost up to the
 * next SYN_REPORT, so then the kernel is asked what is down
 * (Documentation/input/event-codes.rst). */
void
deviceevent(struct device *d, const struct input_event *e, int last, msec now)
{
	const struct input_absinfo *a;
	size_t i;
	int moves = 1;

	if (e->type == EV_SYN && e->code == SYN_DROPPED)
		d->dropped = 1;
	if (!d->taken) {
		if (e->type == EV_SYN)
			devicegrab(d, now); /* perhaps the last key went up */
		return;
	}
	if (e->type == EV_SYN && e->code != SYN_REPORT)
		return;
	if (d->dropped) {
		if (e->type != EV_SYN)
			return;
		d->dropped = 0;
		d->n = 0;
		devicesync(d, now);
		return;
	}
	for (i = 0; i < d->n; i++)
		moves &= merges(&d->ev[i]);
	if (e->type == EV_SYN && moves && !last)
		return;
	for (i = 0; i < d->n && (!merges(e) || d->ev[i].type != e->type ||
	    d->ev[i].code != e->code); i++)
		;
	if (i < d->n && e->type == EV_REL) {
		d->ev[i].value += e->value;
	} else if (e->type != EV_SYN) {
		if (i == d->n || e->type != EV_ABS)
			i = d->n++;
		d->ev[i] = *e;
		a = &d->abs[e->type == EV_ABS && e->code < ABS_CNT ? e->code :
		    0];
		if (e->type == EV_ABS && d->origin.sink == &d->in->sink &&
		    a->maximum > a->minimum) /* a tablet's, for ours */
			d->ev[i].value = ((int64_t)e->value - a->minimum) *
			    AbsMax / ((int64_t)a->maximum - a->minimum);
	}
	if (e->type != EV_SYN && d->n < ReportMax)
		return;
	i = d->n;
	d->n = 0;
	input_feed(d->in, &d->origin, d->ev, i, now);
}

void
devicefeed(struct device *d, unsigned type, unsigned code, int value, msec now)
{
	struct input_event e = { .type = type, .code = code, .value = value };

	input_feed(d->in, &d->origin, &e, 1, now);
}

/* All nodes that fit an entry without a path. Those of ours are none. */
void
devicefind(struct input *in, size_t row, size_t entry, msec now)
{
	struct udev *udev = udev_new();
	struct udev_enumerate *list = udev ? udev_enumerate_new(udev) : NULL;
	struct udev_list_entry *at;
	struct udev_device *dev, *parent;
	const char *name, *vendor, *product, *phys;

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
		name = parent ? udev_device_get_sysattr_value(parent, "name") :
		    NULL;
		if (name && udev_device_get_devnode(dev)) {
			vendor = udev_device_get_sysattr_value(parent,
			    "id/vendor");
			product = udev_device_get_sysattr_value(parent,
			    "id/product");
			phys = udev_device_get_sysattr_value(parent, "phys");
			if ((!phys || strcmp(phys, "screenstub")) &&
			    input_matches(&in->grabs[row].devices[entry], name,
			    vendor ? strtoul(vendor, NULL, 16) : 0,
			    product ? strtoul(product, NULL, 16) : 0, 0))
				deviceadd(in, row, entry,
				    udev_device_get_devnode(dev), now);
		}
		udev_device_unref(dev);
	}
	udev_enumerate_unref(list);
	udev_unref(udev);
}

/* Not while a key is down: whoever saw it go down must see it go up. One that
 * never does is not waited for longer than GrabWait, and X is told. */
void
devicegrab(struct device *d, msec now)
{
	unsigned char down[KEY_CNT / 8] = { 0 };
	unsigned k;
	int held = 0;

	d->source.due = d->until;
	if (ioctl(d->source.fd, EVIOCGKEY(sizeof(down)), down) < 0) {
		warn("input: %s: this is no evdev node:", d->path);
		deviceclose(d, now);
		return;
	}
	for (k = 0; k < KEY_CNT / 8; k++)
		held |= down[k];
	if (held && now < d->until && !d->busy)
		return;
	if (ioctl(d->source.fd, EVIOCGRAB, d->exclusive) < 0 && d->exclusive) {
		if (!d->busy)
			d->until = now + BusyLimit;
		d->busy = 1;
		d->source.due = now + BusyEvery;
		if (now < d->until)
			return;
		warn("input: %s: another program has it grabbed", d->path);
		deviceclose(d, now);
		return;
	}
	d->source.due = d->busy = d->dropped = 0;
	d->n = 0;
	d->taken = 1;
	d->since = ++d->in->looks;
	memset(d->origin.down, 0, sizeof(down));
	memcpy(d->origin.foreign, down, sizeof(down));
	note(1, "input: %s: %s", d->path, d->exclusive ? "grabbed" :
	     "read along");
	if (held && d->exclusive && d->in->unstick)
		d->in->unstick(down, now);
	if (d->in->leds && d->origin.sink == &d->in->sink)
		ledswrite(d, d->in->ledsknown, d->in->guestleds);
	for (k = 0; k < GrabMax; k++)
		if (d->source.fd >= 0 && d->grabs >> k & 1 &&
		    d->in->grabs[k].newname && clonemake(d->in, k, now) < 0)
			deviceclose(d, now); /* or it would be dead */
}

void
deviceready(struct source *s, unsigned got, msec now)
{
	struct device *d = (struct device *)s;
	struct input_event ev[ReadMax];
	ssize_t n, i;
	unsigned since;

	if (!got) {
		devicegrab(d, now);
		return;
	}
	n = read(s->fd, ev, sizeof(ev));
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		note(1, "input: %s: gone", d->path);
		deviceclose(d, now);
		return;
	}
	n /= sizeof(*ev);
	d->in->heard = now;
	since = d->since;
	for (i = 0; i < n && d->since == since; i++)
		deviceevent(d, &ev[i], i == n - 1, now);
}

/* Opens what the grabs that are held name and is there. */
void
devicescan(struct input *in, msec now)
{
	const Device *m;
	size_t row;

	for (row = 0; in->grabs[row].name; row++) {
		if (in->grabs[row].by != Evdev || !(in->held >> row & 1))
			continue;
		for (m = in->grabs[row].devices; !input_rowempty(m); m++) {
			if (m->path)
				deviceadd(in, row, m - in->grabs[row].devices,
				    m->path, now);
			else
				devicefind(in, row,
				    m - in->grabs[row].devices, now);
		}
	}
}

void
deviceswitches(struct device *d, msec now)
{
	unsigned char on[KEY_CNT / 8] = { 0 };
	int k;

	if (ioctl(d->source.fd, EVIOCGSW(sizeof(on)), on) < 0)
		return;
	for (k = 0; k < SW_CNT; k++)
		if (has(d->bits[EV_SW], k))
			devicefeed(d, EV_SW, k, has(on, k), now);
}

/* What changed while events were lost: releases first, then modifiers, so that
 * no chord comes of it that nobody pressed, and none is missed. The kernel then
 * forgets the keys that were not read yet (evdev.c, EVIOCGKEY), and what was
 * read before is worth nothing either. A key may end the grab. */
void
devicesync(struct device *d, msec now)
{
	unsigned char keys[KEY_CNT / 8] = { 0 };
	unsigned since = d->since = ++d->in->looks;
	unsigned k, down, pass;

	if (ioctl(d->source.fd, EVIOCGKEY(sizeof(keys)), keys) < 0)
		return;
	for (pass = 0; pass < 3; pass++) {
		for (k = 0; k < KEY_CNT && d->since == since; k++) {
			down = has(keys, k);
			if (pass != (!down ? 0 : modifier(k) ? 1 : 2))
				continue;
			if (!down)
				clear(d->origin.foreign, k);
			if (has(d->origin.down, k) != (int)down &&
			    !has(d->origin.foreign, k))
				devicefeed(d, EV_KEY, k, down, now);
		}
	}
	if (d->since == since && d->origin.sink != &d->in->sink)
		deviceaxes(d, now);
}

/* What the rows that want it make of a device; no row: it is let go. */
void
deviceuse(struct device *d, msec now)
{
	struct input *in = d->in;
	struct sink *sink = &in->sink;
	int exclusive = 0;
	size_t row;

	if (!d->grabs) {
		deviceclose(d, now);
		return;
	}
	d->origin.ignore = 0;
	for (row = 0; row < GrabMax; row++) {
		if (!(d->grabs >> row & 1))
			continue;
		exclusive |= (in->grabs[row].flags & Exclusive) != 0;
		d->origin.ignore |= in->grabs[row].ignore;
		if (in->grabs[row].newname && sink == &in->sink)
			sink = &in->clone[row].sink;
	}
	if (d->origin.sink != sink || d->exclusive != exclusive)
		input_leave(in, &d->origin, 0, now);
	d->origin.sink = sink;
	if (d->taken && d->exclusive != exclusive)
		d->until = now + GrabWait;
	if (!d->taken || d->exclusive != exclusive) {
		d->taken = 0;
		d->exclusive = exclusive;
		devicegrab(d, now);
		return;
	}
	for (row = 0; row < GrabMax; row++)
		if (d->grabs >> row & 1 && in->grabs[row].newname)
			clonemake(in, row, now);
}

/* On the keyboard of this origin: raw is by itself, all others belong
 * together. */
int
down(const struct input *in, const struct origin *o, unsigned key)
{
	if (o == &in->raw)
		return has(o->down, key);
	for (o = in->origins; o; o = o->next)
		if (has(o->down, key))
			return 1;
	return 0;
}

/* The same press, reported by another origin too, was a hotkey already: a
 * device that is read along is seen by X as well. */
int
eaten(const struct input *in, const struct origin *self, unsigned key)
{
	const struct origin *o;

	if (self != &in->raw && has(in->raw.eaten, key))
		return 1;
	for (o = in->origins; o; o = o->next)
		if (o != self && has(o->eaten, key))
			return 1;
	return 0;
}

/* Sends the packet so far, and remembers what went down and up. */
void
flush(struct packet *p, msec now)
{
	struct sink *s = p->sink;
	const struct input_event *e;
	size_t n = p->n;
	int r;

	p->n = 0;
	if (!n)
		return;
	r = s->send(s, p->ev, n, now);
	for (e = p->ev; e < p->ev + n; e++) {
		if (e->type != EV_KEY)
			continue;
		if (r == 0)
			(e->value ? set : clear)(s->sent, e->code);
		else
			s->late |= !e->value;
	}
}

int
has(const unsigned char *bits, unsigned k)
{
	return bits[k / 8] >> k % 8 & 1;
}

/* Takes a grab, or gives it up. */
void
hold(struct input *in, size_t row, int wanted, msec now)
{
	const Grab *g = &in->grabs[row];
	unsigned bit = 1u << row;
	struct device *d;

	if (!(in->asked & bit) == !wanted)
		return;
	in->asked ^= bit;
	if (g->by == X) {
		in->grabx(g, wanted, now);
		if (wanted || !(in->held & bit))
			return; /* input_grabbed tells */
	}
	in->held ^= bit;
	ignores(in);
	in->said[row] = 0;
	if (g->by == Evdev && wanted)
		devicescan(in, now);
	for (d = in->device; d < in->device + DeviceMax && !wanted; d++) {
		if (d->source.fd < 0 || !(d->grabs & bit))
			continue;
		d->grabs &= ~bit;
		deviceuse(d, now);
	}
	if (!wanted)
		nodedestroy(&in->clone[row]);
	in->grabbed(g, wanted, now);
}

/* What the window does not send: a class that several grabs ignore is so as
 * long as one of them is held. */
void
ignores(struct input *in)
{
	size_t row;

	in->x.ignore = 0;
	for (row = 0; in->grabs[row].name; row++)
		if (in->held >> row & 1)
			in->x.ignore |= in->grabs[row].xignore;
}

void
input_allow(struct input *in, int allowed, msec now)
{
	size_t row;

	in->allowed = allowed;
	for (row = 0; in->grabs[row].name; row++)
		hold(in, row, allowed && in->wanted >> row & 1, now);
}

void
input_close(struct input *in)
{
	pid_t pid = qmp_holds(in->qmp);
	struct pollfd p = { .events = POLLIN };
	int fd, k;

	for (k = 0; k < DeviceMax; k++)
		deviceclose(&in->device[k], 0);
	for (k = 0; k < GrabMax; k++)
		nodedestroy(&in->clone[k]);
	if (in->node[0].source.fd >= 0 && pid > 0 && fork() == 0) {
		p.fd = syscall(SYS_pidfd_open, pid, 0);
		for (fd = 0; fd < 1024; fd++) {
			for (k = 0; k < VmNodes && fd != p.fd &&
			    fd != in->node[k].source.fd; k++)
				;
			if (k == VmNodes)
				close(fd);
		}
		if (p.fd >= 0)
			poll(&p, 1, -1);
		_exit(0);
	}
	for (k = 0; k < VmNodes; k++)
		nodedestroy(&in->node[k]);
}

void
input_feed(struct input *in, struct origin *o, const struct input_event *ev,
           size_t n, msec now)
{
	struct packet p = { .sink = o->sink };
	const Hotkey *fired[FiredMax];
	const struct input_event *e;
	size_t nfired = 0, i;
	int at;

	settle(in, now);
	for (e = ev; e < ev + n; e++) {
		if (e->type != EV_KEY) {
			if (o->ignore & class(e))
				continue;
			if (e->type == EV_REL && e->code > REL_Y && in->nback) {
				flush(&p, now);
				backflush(in, now); /* Ctrl and a wheel */
			}
			put(&p, e, now);
			continue;
		}
		if (e->code >= KEY_CNT || e->value > 1 || e->value < 0)
			continue;
		if (has(o->foreign, e->code)) {
			if (!e->value)
				clear(o->foreign, e->code);
			continue;
		}
		if (e->value) {
			/* a button does not repeat: it went up unseen */
			if (has(o->down, e->code) && (!button(e->code) ||
			    has(o->on, e->code)))
				continue;
			set(o->down, e->code);
			nfired += pressed(in, o, &p, e->code, nfired < FiredMax
			    ? &fired[nfired] : NULL, now);
			continue;
		}
		clear(o->down, e->code);
		if (has(o->eaten, e->code)) {
			clear(o->eaten, e->code);
			if (nfired < FiredMax && !eaten(in, o, e->code) &&
			    (fired[nfired] = chord(in, o, e->code, OnRelease)))
				nfired++;
			continue;
		}
		if ((at = backfind(in, o, e->code)) >= 0) {
			if (!in->back[at].due) {
				backdrop(in, at); /* the chord's */
				continue;
			}
			flush(&p, now);
			backflush(in, now);
		}
		release(in, o, &p, e->code, now);
	}
	flush(&p, now);
	for (i = 0; i < nfired; i++) /* which may end the grab */
		in->fire(fired[i], now);
}

void
input_focus(struct input *in, int focused, msec now)
{
	size_t row;

	for (row = 0; in->grabs[row].name; row++) {
		if (!(in->grabs[row].flags & OnFocus))
			continue;
		in->wanted &= ~(1u << row);
		in->wanted |= (unsigned)focused << row;
	}
	input_allow(in, in->allowed, now);
}

void
input_forget(struct input *in, msec now)
{
	struct origin *o;

	if (route[in->route].open) { /* the nodes do not forget */
		input_release(in, now);
		return;
	}
	memset(in->sink.sent, 0, sizeof(in->sink.sent));
	memset(in->sink.count, 0, sizeof(in->sink.count));
	for (o = in->origins; o; o = o->next)
		if (o->sink == &in->sink)
			memset(o->on, 0, sizeof(o->on));
}

void
input_global(struct input *in, unsigned key, int value, int fire, msec now)
{
	struct origin *o = &in->raw;
	const Hotkey *h;

	if (key >= KEY_CNT || has(o->down, key) == value)
		return;
	(value ? set : clear)(o->down, key);
	h = chord(in, o, key, value ? 0 : OnRelease);
	fire |= h && h == in->emergency;
	if (value) {
		if (!fire || (!h && !chord(in, o, key, OnRelease)))
			return;
		if (h && !eaten(in, o, key)) {
			set(o->eaten, key);
			in->fire(h, now);
		}
		set(o->eaten, key);
	} else if (has(o->eaten, key)) {
		clear(o->eaten, key);
		if (h && fire && !eaten(in, o, key))
			in->fire(h, now);
	}
}

int
input_grab(struct input *in, const Grab *g, msec now)
{
	if (!in->allowed) {
		warn("grab: %s: not now: only while the window is visible and "
		     "the guest is to be shown", g->name);
		return -1;
	}
	in->wanted |= 1u << (g - in->grabs);
	hold(in, g - in->grabs, 1, now);
	return 0;
}

void
input_grabbed(struct input *in, const Grab *g, int ok, msec now)
{
	unsigned bit = 1u << (g - in->grabs);
	unsigned before = in->held & bit;

	if (!ok) {
		in->asked &= ~bit;
		in->wanted &= ~bit;
	}
	in->held = ok ? in->held | bit : in->held & ~bit;
	ignores(in);
	if (before != (in->held & bit))
		in->grabbed(g, ok, now);
}

int
input_grabs(const struct input *in, const Grab *g)
{
	return in->wanted >> (g - in->grabs) & 1;
}

void
input_keymap(struct input *in, const unsigned char keys[KEY_CNT / 8],
             int focus, msec now)
{
	struct packet p = { .sink = in->x.sink };
	struct origin *o = &in->x;
	unsigned k;
	int at;

	settle(in, now);
	for (k = 0; k < BTN_MISC; k++) {
		if (has(keys, k)) {
			if (focus && !has(o->down, k))
				set(o->foreign, k);
			continue;
		}
		clear(o->foreign, k);
		clear(o->down, k);
		clear(o->eaten, k);
		if ((at = backfind(in, o, k)) >= 0)
			backdrop(in, at);
		release(in, o, &p, k, now);
	}
	flush(&p, now);
}

void
input_leave(struct input *in, struct origin *o, int keepmods, msec now)
{
	struct packet p = { .sink = o->sink };
	unsigned k;
	size_t i;

	settle(in, now);
	memset(o->eaten, 0, sizeof(o->eaten));
	for (i = in->nback; i--;) {
		if (in->back[i].origin != o)
			continue;
		in->back[i].due = 0; /* it was for somebody else */
		if (!keepmods || !modifier(in->back[i].key))
			backdrop(in, i);
	}
	timer(in);
	for (k = 0; k < KEY_CNT; k++) {
		if (has(o->on, k) && !(keepmods && modifier(k)))
			release(in, o, &p, k, now);
		if (keepmods || !has(o->down, k) || button(k))
			continue;
		clear(o->down, k); /* no part of a chord any more */
		set(o->foreign, k);
	}
	flush(&p, now);
}

void
input_lost(struct input *in, unsigned key)
{
	set(in->sink.sent, key);
	in->sink.late = 1;
}

int
input_matches(const Device *m, const char *name, unsigned vendor,
              unsigned product, unsigned id)
{
	return (!m->name || !strcmp(m->name, name)) &&
	    (!m->vendor || m->vendor == vendor) &&
	    (!m->product || m->product == product) &&
	    (!m->id || m->id == id);
}

int
input_open(struct input *in, msec now)
{
	int k;

	in->sink.send = route[in->route].send;
	input_origin(in, &in->x);
	in->timer.fd = -1;
	in->timer.ready = tick;
	source_add(&in->timer);
	in->pointer = in->relative ? VmMouse : VmTablet;
	for (k = 0; k < DeviceMax; k++)
		in->device[k].source.fd = -1;
	for (k = 0; k < GrabMax; k++) {
		in->clone[k].source.fd = -1;
		in->clone[k].in = in;
		in->clone[k].sink.send = clonesend;
	}
	for (k = 0; k < VmNodes; k++) {
		in->node[k].source.fd = -1;
		in->node[k].in = in;
	}
	return route[in->route].open ? route[in->route].open(in, now) : 0;
}

void
input_origin(struct input *in, struct origin *o)
{
	if (!o->sink)
		o->sink = &in->sink;
	o->next = in->origins;
	in->origins = o;
}

int
input_pointer(const struct input *in)
{
	const struct device *d;
	size_t row;
	int mode = in->relative;

	for (row = 0; in->grabs[row].name; row++)
		if (in->held >> row & 1 && in->grabs[row].by == X &&
		    in->grabs[row].flags & Mouse)
			mode = 1;
	for (d = in->device; d < in->device + DeviceMax && !mode; d++)
		if (d->source.fd >= 0 && d->taken &&
		    d->origin.sink == &in->sink &&
		    !(d->origin.ignore & Relative) &&
		    has(d->bits[EV_REL], REL_X))
			mode = 2;
	return mode;
}

void
input_raw(struct input *in, const unsigned char keys[KEY_CNT / 8])
{
	size_t i;

	memcpy(in->raw.down, keys, sizeof(in->raw.down));
	for (i = 0; i < sizeof(in->raw.down); i++)
		in->raw.eaten[i] &= keys[i];
}

void
input_release(struct input *in, msec now)
{
	struct packet p = { .sink = &in->sink };
	struct origin *o;
	unsigned k;
	size_t i;

	for (i = 0; i < in->nback; i++) /* not to be sent by time alone */
		in->back[i].due = 0;
	timer(in);
	for (o = in->origins; o; o = o->next) {
		if (o->sink != &in->sink)
			continue;
		for (k = 0; k < KEY_CNT; k++)
			if (has(o->on, k))
				release(in, o, &p, k, now);
	}
	flush(&p, now);
	in->sink.late = 1; /* and what nobody holds */
	settle(in, now);
}

int
input_rowempty(const Device *m)
{
	return !m->path && !m->name && !m->vendor && !m->product && !m->id;
}

void
input_uevent(struct input *in, const char *action, const char *node, msec now)
{
	int k;

	if (!node || !strcmp(action, "remove"))
		return;
	for (k = 0; k < VmNodes; k++)
		if (in->node[k].source.fd >= 0 &&
		    !strcmp(in->node[k].path, node))
			qmp_node(in->qmp, k, in->route, in->node[k].path,
			         now);
	/* a link to it may have any name, so all that are missing are tried */
	devicescan(in, now);
}

void
input_ungrab(struct input *in, const Grab *g, msec now)
{
	in->wanted &= ~(1u << (g - in->grabs));
	hold(in, g - in->grabs, 0, now);
}

void
input_unorigin(struct input *in, struct origin *o, msec now)
{
	struct origin **p;

	input_leave(in, o, 0, now);
	for (p = &in->origins; *p && *p != o; p = &(*p)->next)
		;
	if (*p)
		*p = o->next;
	memset(o, 0, sizeof(*o));
}

/* Those of which there is a bit in which. A device without LEDs, or one that
 * may not be written, has none to light. */
void
ledswrite(struct device *d, unsigned which, unsigned leds)
{
	struct input_event ev[4] = { { .type = EV_LED } };
	size_t n = 0;
	unsigned k;

	for (k = LED_NUML; k <= LED_SCROLLL; k++) {
		if (!(which >> k & 1) || !has(d->bits[EV_LED], k))
			continue;
		ev[n].type = EV_LED;
		ev[n].code = k;
		ev[n++].value = leds >> k & 1;
	}
	if (!n)
		return;
	ev[n].type = EV_SYN;
	ev[n++].code = SYN_REPORT;
	if (write(d->source.fd, ev, n * sizeof(*ev)) < 0)
		note(1, "input: %s: LEDs: %s", d->path, strerror(errno));
}

/* Motion; but the order of fingers matters. */
int
merges(const struct input_event *e)
{
	return e->type == EV_REL || (e->type == EV_ABS &&
	    e->code < ABS_MT_SLOT);
}

unsigned
modifier(unsigned key)
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

/* A uinput device with the bits of the node (linux/uinput.h, version 5). */
int
nodecreate(struct node *n, const char *name, const struct input_id *id,
           const struct input_absinfo *abs)
{
	static const unsigned long setbit[EV_CNT] = {
		[EV_KEY] = UI_SET_KEYBIT, [EV_REL] = UI_SET_RELBIT,
		[EV_ABS] = UI_SET_ABSBIT, [EV_MSC] = UI_SET_MSCBIT,
		[EV_SW] = UI_SET_SWBIT, [EV_LED] = UI_SET_LEDBIT,
	};
	struct uinput_abs_setup a = { 0 };
	struct uinput_setup setup = { .id = *id };
	unsigned type, k;
	int fd, bad = 0, any;

	snprintf(setup.name, sizeof(setup.name), "%s", name);
	fd = open("/dev/uinput", O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0) {
		warn("input: %s: /dev/uinput: %s%s", name, strerror(errno),
		     errno == EACCES ? " (let the udev rules in samples/ give "
		     "you a right to it)" : errno == ENOENT || errno == ENODEV ?
		     " (modprobe uinput; samples/ does it at boot)" : "");
		return -1;
	}
	for (type = 1; type < EV_CNT; type++) {
		for (k = any = 0; k < KEY_CNT; k++) {
			if (!has(n->bits[type], k))
				continue;
			if (!any++)
				bad |= ioctl(fd, UI_SET_EVBIT, type);
			if (setbit[type])
				bad |= ioctl(fd, setbit[type], k);
			a.code = k;
			if (type != EV_ABS)
				continue;
			a.absinfo = abs[k];
			bad |= ioctl(fd, UI_ABS_SETUP, &a);
		}
	}
	for (k = 0; k < 32; k++)
		if (n->props >> k & 1)
			bad |= ioctl(fd, UI_SET_PROPBIT, k);
	bad |= ioctl(fd, UI_SET_PHYS, "screenstub");
	n->source.fd = fd;
	n->source.events = Readable;
	n->source.ready = nodeready;
	if (bad < 0 || ioctl(fd, UI_DEV_SETUP, &setup) < 0 ||
	    ioctl(fd, UI_DEV_CREATE) < 0 || source_add(&n->source) < 0) {
		warn("input: %s: /dev/uinput:", name);
		close(fd);
		n->source.fd = -1;
		return -1;
	}
	nodepath(n);
	note(1, "input: %s is %s", name, *n->path ? n->path : "there");
	return 0;
}

void
nodedestroy(struct node *n)
{
	source_del(&n->source);
	if (n->source.fd >= 0)
		close(n->source.fd); /* which removes the device */
	n->source.fd = -1;
	n->props = 0;
	memset(n->bits, 0, sizeof(n->bits));
	memset(n->down, 0, sizeof(n->down));
	memset(n->sink.sent, 0, sizeof(n->sink.sent));
	n->sink.late = 0;
	*n->path = '\0';
}

/* Asks sysfs for the evdev node of a uinput device. */
void
nodepath(struct node *n)
{
	char dir[128] = "/sys/devices/virtual/input/";
	size_t len = strlen(dir);
	struct dirent *e;
	DIR *d;

	*n->path = '\0';
	if (ioctl(n->source.fd, UI_GET_SYSNAME(sizeof(dir) - len), dir + len) <
	    0 || !(d = opendir(dir)))
		return;
	while ((e = readdir(d)))
		if (!strncmp(e->d_name, "event", 5))
			snprintf(n->path, sizeof(n->path), "/dev/input/%.16s",
			         e->d_name);
	closedir(d);
}

/* LEDs: the guest's of the route, or those of who reads a clone. */
void
nodeready(struct source *s, unsigned got, msec now)
{
	struct node *n = (struct node *)s;
	struct input *in = n->in;
	struct input_event ev[ReadMax];
	unsigned which = 0, leds = 0, row = n - in->clone;
	struct device *d;
	ssize_t len, i;
	int clone = n >= in->clone && n < in->clone + GrabMax;

	(void)got;
	(void)now;
	len = read(s->fd, ev, sizeof(ev));
	if (len < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (len <= 0) {
		source_del(s);
		return;
	}
	for (i = 0; i < len / (ssize_t)sizeof(*ev); i++) {
		if (ev[i].type != EV_LED || ev[i].code > LED_SCROLLL)
			continue;
		which |= 1u << ev[i].code;
		leds &= ~(1u << ev[i].code);
		leds |= (unsigned)(ev[i].value != 0) << ev[i].code;
	}
	if (!clone) {
		in->guestleds = (in->guestleds & ~which) | leds;
		in->ledsknown |= which;
	}
	for (d = in->device; d < in->device + DeviceMax; d++)
		if (d->source.fd >= 0 && d->taken && (clone ?
		    d->grabs >> row & 1 :
		    in->leds && d->origin.sink == &in->sink))
			ledswrite(d, which, leds);
}

int
nodewrite(struct node *n, const struct input_event *ev, size_t len)
{
	struct input_event out[ReportMax + 1] = { { .type = EV_SYN } };
	size_t i, k = 0;

	for (i = 0; i < len; i++)
		if (ev[i].type < EV_CNT && has(n->bits[ev[i].type], ev[i].code))
			out[k++] = ev[i];
	if (n->source.fd < 0)
		return -1;
	if (!k)
		return 0; /* it never will be */
	k++; /* SYN_REPORT */
	return write(n->source.fd, out, k * sizeof(*out)) ==
	    (ssize_t)(k * sizeof(*out)) ? 0 : -1;
}

/* The key holds its key in the sink from now on. */
void
press(struct input *in, struct origin *o, struct packet *p, unsigned key,
      msec now)
{
	unsigned k = remap(in, key);

	if (!k || has(o->on, key) ||
	    o->ignore & (button(key) ? Buttons : Keys))
		return;
	set(o->on, key);
	if (!o->sink->count[k]++)
		putkey(p, k, 1, now);
}

/* A key has gone down. 1: *fired is a chord. A modifier waits: what it is to be
 * is decided by the chord, by another key, by a wheel, by its release, or by
 * time. */
int
pressed(struct input *in, struct origin *o, struct packet *p, unsigned key,
        const Hotkey **fired, msec now)
{
	const Hotkey *h = chord(in, o, key, 0);
	int at = backfind(in, o, key);

	if (at >= 0) /* its release went elsewhere */
		backdrop(in, at);
	if (h || chord(in, o, key, OnRelease)) {
		flush(p, now);
		swallow(in, now);
		if (h && fired && !eaten(in, o, key))
			*fired = h;
		else
			h = NULL;
		set(o->eaten, key);
		return h != NULL;
	}
	if (in->withhold && in->nback < BackMax && begins(in, key) &&
	    remap(in, key) && !(o->ignore & Keys)) {
		in->back[in->nback].key = key;
		in->back[in->nback].origin = o;
		in->back[in->nback++].due = now + in->withhold;
		timer(in);
		return 0;
	}
	if (in->nback) {
		flush(p, now);
		backflush(in, now);
	}
	press(in, o, p, key, now);
	return 0;
}

void
put(struct packet *p, const struct input_event *e, msec now)
{
	if (p->n == ReportMax)
		flush(p, now);
	p->ev[p->n++] = *e;
}

/* A key twice in one report would be lost (QEMU looks at its state). */
void
putkey(struct packet *p, unsigned key, int value, msec now)
{
	struct input_event e = { .type = EV_KEY, .code = key };
	size_t i;

	for (i = 0; i < p->n; i++)
		if (p->ev[i].type == EV_KEY && p->ev[i].code == key)
			flush(p, now);
	e.value = value;
	if (has(p->sink->sent, key) != value)
		put(p, &e, now);
}

int
qmpsend(struct sink *s, const struct input_event *ev, size_t n, msec now)
{
	return qmp_input(OWNER(s, struct input, sink)->qmp, ev, n, now);
}

void
release(struct input *in, struct origin *o, struct packet *p, unsigned key,
        msec now)
{
	unsigned k = remap(in, key);

	if (!has(o->on, key))
		return;
	clear(o->on, key);
	if (!--o->sink->count[k])
		putkey(p, k, 0, now);
}

unsigned
remap(const struct input *in, unsigned key)
{
	const Remap *r;

	for (r = in->remaps; r->key; r++)
		if (r->key == key)
			return r->guest;
	return key;
}

/* Sends what nobody holds any more and could not be released before. */
void
retry(struct sink *s, msec now)
{
	struct packet p = { .sink = s };
	unsigned k;

	s->late = 0;
	for (k = 0; k < KEY_CNT; k++)
		if (has(s->sent, k) && !s->count[k])
			putkey(&p, k, 0, now);
	flush(&p, now);
}

void
set(unsigned char *bits, unsigned k)
{
	bits[k / 8] |= 1 << k % 8;
}

void
settle(struct input *in, msec now)
{
	size_t i;

	if (in->sink.late)
		retry(&in->sink, now);
	for (i = 0; i < GrabMax; i++)
		if (in->clone[i].sink.late)
			retry(&in->clone[i].sink, now);
}

/* A chord: the guest is to know nothing of its modifiers. Those that it saw go
 * up, behind a key that means nothing, for Alt or Meta alone opens menus. They
 * are withheld again, in case that they are held for another key. */
void
swallow(struct input *in, msec now)
{
	struct packet p;
	struct origin *o;
	unsigned k;
	size_t i;
	int tapped;

	for (i = 0; i < in->nback; i++)
		in->back[i].due = 0;
	timer(in);
	for (o = in->origins; o; o = o->next) {
		p.sink = o->sink;
		p.n = 0;
		for (k = tapped = 0; k < KEY_CNT; k++) {
			if (!has(o->on, k) || !(modifier(k) || begins(in, k)))
				continue;
			if (!tapped++ && in->neutral &&
			    !has(o->sink->sent, in->neutral)) {
				putkey(&p, in->neutral, 1, now);
				putkey(&p, in->neutral, 0, now);
				flush(&p, now);
			}
			release(in, o, &p, k, now);
			if (in->nback == BackMax)
				continue;
			in->back[in->nback].key = k;
			in->back[in->nback].origin = o;
			in->back[in->nback++].due = 0;
		}
		flush(&p, now);
	}
}

/* A modifier was held for so long that it is meant for the guest. */
void
tick(struct source *s, unsigned got, msec now)
{
	struct input *in = OWNER(s, struct input, timer);
	size_t i = 0;

	(void)got;
	settle(in, now);
	while (i < in->nback) {
		if (in->back[i].due && in->back[i].due <= now)
			backpress(in, i, now);
		else
			i++;
	}
	timer(in);
}

void
timer(struct input *in)
{
	size_t i;

	in->timer.due = 0;
	for (i = 0; i < in->nback; i++)
		if (in->back[i].due && (!in->timer.due ||
		    in->back[i].due < in->timer.due))
			in->timer.due = in->back[i].due;
}

/* Keys, buttons and wheels of a mouse, and of a tablet, are three devices: a
 * node with keys and buttons would send each button as a key too, and Windows
 * takes one with both kinds of motion for a mouse. */
int
uinputopen(struct input *in, msec now)
{
	static const struct input_id id = {
		.bustype = BUS_VIRTUAL, .vendor = 0x16c0, .product = 0x05df,
		.version = 1
	};
	struct input_absinfo abs[ABS_CNT] = { { 0 } };
	struct node *n = in->node;
	unsigned k;

	for (k = 1; k < KEY_CNT; k++)
		if (!button(k))
			set(n[VmKeyboard].bits[EV_KEY], k);
	for (k = LED_NUML; k <= LED_SCROLLL; k++)
		set(n[VmKeyboard].bits[EV_LED], k);
	/* virtio-input-host has no autorepeat of its own: the kernel's */
	set(n[VmKeyboard].bits[EV_REP], REP_DELAY);
	for (k = BTN_LEFT; k <= BTN_TASK; k++) {
		set(n[VmMouse].bits[EV_KEY], k);
		set(n[VmTablet].bits[EV_KEY], k);
	}
	for (k = REL_X; k <= REL_Y; k++)
		set(n[VmMouse].bits[EV_REL], k);
	for (k = VmMouse; k <= VmTablet; k++) {
		set(n[k].bits[EV_REL], REL_WHEEL);
		set(n[k].bits[EV_REL], REL_HWHEEL);
		if (!in->hires || in->route != VirtioHost)
			continue;
		set(n[k].bits[EV_REL], REL_WHEEL_HI_RES);
		set(n[k].bits[EV_REL], REL_HWHEEL_HI_RES);
	}
	for (k = ABS_X; k <= ABS_Y; k++) {
		set(n[VmTablet].bits[EV_ABS], k);
		abs[k].maximum = AbsMax;
		abs[k].resolution = 1;
	}
	for (k = 0; k < VmNodes; k++) {
		if (nodecreate(&n[k], nodename[k], &id, abs) < 0)
			return -1;
		qmp_node(in->qmp, k, in->route, n[k].path, now);
	}
	return 0;
}

/* A report to the nodes it concerns. Buttons and wheels go to the one of the
 * last motion, a button's release to where it was pressed. Where nobody reads,
 * only releases are written, for a node with a key down would not be taken; a
 * press there takes the others of its report along, for the caller knows of the
 * whole only. QEMU's input-linux drops what comes while the VM is stopped, so
 * then releases wait. */
int
uinputsend(struct sink *s, const struct input_event *ev, size_t n, msec now)
{
	struct input *in = OWNER(s, struct input, sink);
	struct input_event rest[ReportMax];
	int k, refused = 0, to[ReportMax], reads[VmNodes];
	size_t i;

	if (in->route == InputLinux && in->qmp->vm == VmStopped)
		return -1;
	for (k = 0; k < VmNodes; k++)
		reads[k] = qmp_reads(in->qmp, k, now);
	for (i = 0; i < n; i++) {
		rest[i] = ev[i];
		if (ev[i].type == EV_ABS)
			in->pointer = VmTablet;
		else if (ev[i].type == EV_REL && ev[i].code <= REL_Y)
			in->pointer = VmMouse;
	}
	for (i = 0; i < n; i++) {
		to[i] = uinputwhere(in, &ev[i]);
		refused |= ev[i].type == EV_KEY && ev[i].value &&
		    !reads[to[i]];
	}
	for (i = 0; i < n; i++)
		if (ev[i].type != EV_KEY ? !reads[to[i]] : ev[i].value ?
		    refused : !has(in->node[to[i]].down, ev[i].code))
			to[i] = VmNodes;
	for (k = 0; k < VmNodes; k++) {
		if (uinputwrite(in, k, rest, to, n) < 0) {
			refused = 1;
			continue;
		}
		for (i = 0; i < n; i++)
			if (to[i] == k && ev[i].type == EV_KEY)
				(ev[i].value ? set : clear)(in->node[k].down,
				    ev[i].code);
	}
	return refused ? -1 : 0;
}

/* The node for an event. */
int
uinputwhere(struct input *in, const struct input_event *e)
{
	if (e->type == EV_REL && e->code <= REL_Y)
		return VmMouse;
	if (e->type != EV_KEY)
		return in->pointer;
	if (!has(in->node[VmKeyboard].bits[EV_KEY], e->code) &&
	    !has(in->node[VmMouse].bits[EV_KEY], e->code) &&
	    !has(in->unmet, e->code)) {
		set(in->unmet, e->code);
		warn("input: button %u is none of a mouse: a grab with "
		     ".newname passes it on", e->code);
	}
	if (!button(e->code))
		return VmKeyboard;
	if (e->value)
		return in->pointer;
	return has(in->node[VmMouse].down, e->code) ? VmMouse : VmTablet;
}

/* What of a report is for one node, in as many reports as it takes: Windows'
 * driver takes no more than RelMax at once, and QEMU's input-linux makes one
 * notch of an event of a wheel, whatever its value. */
int
uinputwrite(struct input *in, int node, struct input_event *rest,
            const int *to, size_t n)
{
	struct input_event out[ReportMax];
	size_t i, len;
	int parts, more, max, v, failed = 0;

	for (parts = more = 0; parts < SplitMax && (!parts || more); parts++) {
		for (more = 0, len = i = 0; i < n; i++) {
			if (to[i] != node || (parts && !(rest[i].type ==
			    EV_REL && rest[i].value)))
				continue;
			out[len] = rest[i];
			max = rest[i].code <= REL_Y ? RelMax :
			    in->route == InputLinux ? 1 : NotchMax;
			v = rest[i].value;
			if (rest[i].type == EV_REL) {
				v = v > max ? max : v < -max ? -max : v;
				rest[i].value -= v;
				more |= rest[i].value != 0;
			}
			out[len++].value = v;
		}
		failed |= len && nodewrite(&in->node[node], out, len) < 0;
	}
	return failed ? -1 : 0;
}
