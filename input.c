/* See LICENSE for copyright and licence details.
 *
 * Input: which key goes where, and none is ever stuck.
 *
 * The core has no clock and no file descriptor: packets come in with the time,
 * go out by the route that was handed in, and chords by fire. For each
 * key four bits are kept: down on the keyboard, down in the guest, foreign
 * (pressed before we had the focus, so the guest knows nothing of it) and
 * eaten (it was a hotkey). What was sent down is the only thing that is ever
 * sent up, once.
 *
 * Packets come from the window, or from grabbed evdev nodes, whose functions
 * begin with device.
 *
 * Start reading at input_feed. */
#include <sys/ioctl.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "screenstub.h"

enum { ReadMax = 64 }; /* events: the kernel's own buffer is not smaller */

/* What of a report is to be sent. */
struct packet {
	struct input_event ev[ReportMax];
	size_t n;
};

static void clear(unsigned char *, unsigned);
static const Hotkey *chord(const struct input *, unsigned key,
                           unsigned flags);
static void deviceclose(struct device *, msec now);
static void deviceevent(struct device *, const struct input_event *, msec now);
static void devicegrab(struct device *);
static void deviceopen(struct device *);
static void deviceready(struct source *, unsigned got, msec now);
static void devicesync(struct device *, const unsigned char *, msec now);
static void flush(struct input *, struct packet *, msec now);
static int has(const unsigned char *, unsigned);
static int hotkey(struct input *, unsigned key, int value, msec now);
static unsigned modifier(unsigned key);
static int passes(struct input *, const struct input_event *, msec now);
static void release(struct input *, unsigned key, msec now);
static void set(unsigned char *, unsigned);
static int splits(const struct input *, const struct packet *,
                  const struct input_event *);

/* The row of that key and those flags whose modifiers are all held; the one
 * with the most of them, if there are several. */
const Hotkey *
chord(const struct input *in, unsigned key, unsigned flags)
{
	const Hotkey *h, *best = NULL;
	unsigned k, held = 0;

	for (k = 0; k < BTN_MISC; k++)
		if (has(in->phys, k))
			held |= modifier(k);
	for (h = in->hotkeys; h->key; h++)
		if (h->key == key && h->flags == flags &&
		    (h->mods & ~held) == 0 && (!best ||
		    (best->mods & ~h->mods) == 0))
			best = best && best->mods == h->mods ? best : h;
	return best;
}

void
clear(unsigned char *bits, unsigned k)
{
	bits[k / 8] &= ~(1 << k % 8);
}

/* Gone, or not wanted any more: what is down on it goes up. */
void
deviceclose(struct device *d, msec now)
{
	static const unsigned char none[KEY_CNT / 8];

	if (d->source.fd < 0)
		return;
	source_del(&d->source);
	close(d->source.fd); /* which ends the grab */
	d->source.fd = -1;
	d->grabbed = d->dropped = 0;
	d->n = 0;
	devicesync(d, none, now);
}

/* Up to SYN_REPORT events are one packet. After SYN_DROPPED some were lost up
 * to the next SYN_REPORT, so then the kernel is asked what is down
 * (Documentation/input/event-codes.rst). */
void
deviceevent(struct device *d, const struct input_event *e, msec now)
{
	unsigned char down[KEY_CNT / 8] = { 0 };

	if (e->type == EV_SYN && e->code == SYN_DROPPED)
		d->dropped = 1;
	if (!d->grabbed) {
		if (e->type == EV_SYN)
			devicegrab(d); /* perhaps the last key went up */
		return;
	}
	if (e->type == EV_KEY && e->code < KEY_CNT && e->value < 2)
		(e->value ? set : clear)(d->down, e->code);
	if (e->type == EV_KEY || e->type == EV_REL)
		d->ev[d->n++] = *e;
	if ((e->type != EV_SYN || e->code != SYN_REPORT) && d->n < ReportMax)
		return;
	if (!d->dropped)
		input_feed(d->in, d->ev, d->n, now);
	else if (e->type == EV_SYN && ioctl(d->source.fd,
	    EVIOCGKEY(sizeof(down)), down) >= 0)
		devicesync(d, down, now);
	d->dropped = d->dropped && e->type != EV_SYN;
	d->n = 0;
}

/* Not while a key is down: whoever saw it go down must see it go up. */
void
devicegrab(struct device *d)
{
	unsigned char down[KEY_CNT / 8] = { 0 };
	unsigned k;

	if (ioctl(d->source.fd, EVIOCGKEY(sizeof(down)), down) < 0)
		return;
	for (k = 0; k < KEY_CNT; k++)
		if (has(down, k))
			return;
	d->grabbed = ioctl(d->source.fd, EVIOCGRAB, 1) == 0;
	d->dropped = 0;
	if (d->grabbed)
		note(1, "input: %s: grabbed", d->path);
	else
		warn("input: %s: another program has it grabbed", d->path);
}

void
deviceopen(struct device *d)
{
	d->source.fd = open(d->path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (d->source.fd < 0) {
		if (d->said != errno && errno != ENOENT)
			warn("input: %s: %s%s", d->path, strerror(errno),
			     errno == EACCES ? " (add yourself to group input)"
			     : "");
		d->said = errno;
		return;
	}
	d->said = 0;
	d->source.events = Readable;
	d->source.ready = deviceready;
	if (source_add(&d->source) < 0) {
		close(d->source.fd);
		d->source.fd = -1;
		return;
	}
	devicegrab(d);
}

void
deviceready(struct source *s, unsigned got, msec now)
{
	struct device *d = (struct device *)s;
	struct input_event ev[ReadMax];
	ssize_t n = read(s->fd, ev, sizeof(ev)), i;

	(void)got;
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		note(1, "input: %s: gone", d->path);
		deviceclose(d, now);
		return;
	}
	/* a hotkey may end the grab */
	for (i = 0; i < n / (ssize_t)sizeof(*ev) && s->fd >= 0; i++)
		deviceevent(d, &ev[i], now);
}

/* What it pressed and is not down goes up. */
void
devicesync(struct device *d, const unsigned char *down, msec now)
{
	struct input_event e = { .type = EV_KEY };
	unsigned k;

	for (k = 0; k < KEY_CNT; k++) {
		if (!has(d->down, k) || has(down, k))
			continue;
		clear(d->down, k);
		e.code = k;
		input_feed(d->in, &e, 1, now);
	}
}

/* Sends the packet so far, and remembers what went down and up. */
void
flush(struct input *in, struct packet *p, msec now)
{
	size_t i, n = p->n;

	p->n = 0;
	if (!n || in->route.send(in->route.to, p->ev, n, now) < 0)
		return;
	for (i = 0; i < n; i++)
		if (p->ev[i].type == EV_KEY)
			(p->ev[i].value ? set : clear)(in->sent,
			    p->ev[i].code);
}

int
has(const unsigned char *bits, unsigned k)
{
	return bits[k / 8] >> k % 8 & 1;
}

/* 1: the key is a hotkey, or was when it went down, so it is not sent. The
 * modifiers that the guest saw go down are released there. */
int
hotkey(struct input *in, unsigned key, int value, msec now)
{
	const Hotkey *press = chord(in, key, 0);
	const Hotkey *later = chord(in, key, OnRelease);

	if (!value) {
		if (!has(in->eaten, key))
			return 0;
		clear(in->eaten, key);
		if (later)
			in->fire(later, now);
		return 1;
	}
	if (!press && !later)
		return 0;
	set(in->eaten, key);
	for (key = 0; key < BTN_MISC; key++)
		if (modifier(key))
			release(in, key, now);
	if (press)
		in->fire(press, now);
	return 1;
}

void
input_feed(struct input *in, const struct input_event *ev, size_t n, msec now)
{
	struct packet p = { .n = 0 };
	size_t i;
	unsigned k;

	/* what is up and could not be released before */
	for (k = 0; k < KEY_CNT; k++)
		if ((in->sent[k / 8] & ~in->phys[k / 8]) >> k % 8 & 1)
			release(in, k, now);
	for (i = 0; i < n; i++) {
		if (p.n == ReportMax || splits(in, &p, &ev[i]))
			flush(in, &p, now);
		if (passes(in, &ev[i], now))
			p.ev[p.n++] = ev[i];
	}
	flush(in, &p, now);
}

void
input_forget(struct input *in)
{
	memset(in->sent, 0, sizeof(in->sent));
}

void
input_grab(struct input *in, const char *const *paths, msec now)
{
	struct device *d;

	(void)now;
	if (input_grabs(in, paths))
		return;
	for (; *paths; paths++) {
		for (d = in->device; d < in->device + DeviceMax && d->path;
		    d++)
			;
		if (d == in->device + DeviceMax) {
			warn("input: %s: more than %d devices", *paths,
			     DeviceMax);
			return;
		}
		d->path = *paths;
		d->in = in;
		d->said = 0;
		deviceopen(d);
	}
}

int
input_grabs(const struct input *in, const char *const *paths)
{
	size_t i;

	for (i = 0; i < DeviceMax; i++)
		if (in->device[i].path == *paths)
			return 1;
	return 0;
}

void
input_keymap(struct input *in, const unsigned char down[KEY_CNT / 8],
             int focus, msec now)
{
	unsigned k;

	for (k = 0; k < BTN_MISC; k++) {
		if (!has(down, k)) {
			clear(in->foreign, k);
			clear(in->phys, k);
			clear(in->eaten, k);
			release(in, k, now);
		} else if (focus && !has(in->phys, k)) {
			set(has(in->sent, k) ? in->phys : in->foreign, k);
		}
	}
}

void
input_lost(struct input *in, unsigned key)
{
	set(in->sent, key);
}

/* What is down on the keyboard stays so: its going up, or a keymap, will
 * tell. */
void
input_release(struct input *in, int keepmods, msec now)
{
	unsigned k;

	for (k = 0; k < KEY_CNT; k++)
		if (!keepmods || !modifier(k))
			release(in, k, now);
}

void
input_uevent(struct input *in, const char *action, const char *node, msec now)
{
	struct device *d;

	(void)now;
	/* a link to it may have any name, so all that are missing are tried */
	if (!node || !strcmp(action, "remove"))
		return;
	for (d = in->device; d < in->device + DeviceMax; d++)
		if (d->path && d->source.fd < 0)
			deviceopen(d);
}

void
input_ungrab(struct input *in, const char *const *paths, msec now)
{
	struct device *d;

	for (; *paths; paths++) {
		for (d = in->device; d < in->device + DeviceMax; d++) {
			if (d->path != *paths)
				continue;
			deviceclose(d, now);
			d->path = NULL;
		}
	}
}

unsigned
modifier(unsigned key)
{
	switch (key) {
	case KEY_LEFTCTRL:
	case KEY_RIGHTCTRL:
		return Ctrl;
	case KEY_LEFTSHIFT:
	case KEY_RIGHTSHIFT:
		return Shift;
	case KEY_LEFTALT:
	case KEY_RIGHTALT:
		return Alt;
	case KEY_LEFTMETA:
	case KEY_RIGHTMETA:
		return Meta;
	}
	return 0;
}

/* 1: the event goes to the guest. */
int
passes(struct input *in, const struct input_event *e, msec now)
{
	int again;

	if (e->type != EV_KEY)
		return 1;
	if (e->code >= KEY_CNT || e->value > 1)
		return 0;
	if (has(in->foreign, e->code)) {
		if (!e->value)
			clear(in->foreign, e->code);
		return 0;
	}
	/* a button does not repeat; its release may have gone elsewhere */
	again = e->value && has(in->phys, e->code) && e->code < BTN_MISC;
	(e->value ? set : clear)(in->phys, e->code);
	if (again || hotkey(in, e->code, e->value, now))
		return 0;
	return has(in->sent, e->code) != e->value;
}

/* Keeps the mark when it can't be sent now, so that it is sent later. */
void
release(struct input *in, unsigned key, msec now)
{
	struct input_event up = { .type = EV_KEY, .code = key };

	if (has(in->sent, key) &&
	    in->route.send(in->route.to, &up, 1, now) == 0)
		clear(in->sent, key);
}

void
set(unsigned char *bits, unsigned k)
{
	bits[k / 8] |= 1 << k % 8;
}

/* 1: what came before in this packet has to be sent first: the down of a key
 * that goes up (QEMU would see neither), or modifiers of a chord. */
int
splits(const struct input *in, const struct packet *p,
       const struct input_event *e)
{
	size_t i;

	if (e->type != EV_KEY || e->code >= KEY_CNT)
		return 0;
	for (i = 0; i < p->n; i++)
		if (p->ev[i].type == EV_KEY && p->ev[i].code == e->code)
			return 1;
	return e->value && (chord(in, e->code, 0) ||
	       chord(in, e->code, OnRelease));
}
