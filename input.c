/* See LICENSE for copyright and licence details.
 *
 * Input: which key goes where, and none is ever stuck.
 *
 * There is no clock and no file descriptor here: packets come in with the
 * time, go out by the route that was handed in, and chords by fire. For each
 * key four bits are kept: down on the keyboard, down in the guest, foreign
 * (pressed before we had the focus, so the guest knows nothing of it) and
 * eaten (it was a hotkey). What was sent down is the only thing that is ever
 * sent up, once.
 *
 * Start reading at input_feed. */
#include <string.h>

#include "screenstub.h"

/* What of a report is to be sent. */
struct packet {
	struct input_event ev[ReportMax];
	size_t n;
};

static void clear(unsigned char *, unsigned);
static const Hotkey *chord(const struct input *, unsigned key,
                           unsigned flags);
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

	for (i = 0; i < n; i++) {
		if (p.n == ReportMax || splits(in, &p, &ev[i]))
			flush(in, &p, now);
		if (passes(in, &ev[i], now))
			p.ev[p.n++] = ev[i];
	}
	flush(in, &p, now);
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
	/* a release that could not be sent leaves a key down there */
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
