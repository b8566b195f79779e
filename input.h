/* See LICENSE for copyright and licence details.
 *
 * Input: which key goes where, and none is ever stuck. Keys and motion come
 * from the window and from devices of the host, and go to the guest. */
#ifndef INPUT_H
#define INPUT_H

#include "qmp.h"
#include "screenstub.h"

/* Bits in arrays, as evdev's ioctls have them. */
static inline int
bit_has(const unsigned char *bits, unsigned k)
{
	return bits[k / 8] >> k % 8 & 1;
}

static inline void
bit_put(unsigned char *bits, unsigned k, int on)
{
	bits[k / 8] = (bits[k / 8] & ~(1 << k % 8)) | (on != 0) << k % 8;
}

enum { KeymapMax = 248 }; /* evdev's codes that X has */

/* What rows of grabs[] want of the window, to be added up: keys, those of the
 * window manager too; the pointer, which moves as the mouse does, and with it
 * perhaps that it stays in the window. It comes to nobody else meanwhile. */
enum { GrabKeyboard = 1, GrabPointer = 2, GrabConfine = 4 };

struct input;

/* What goes upwards. */
struct inputops {
	void (*fire)(const Hotkey *, msec now); /* all rows of this chord */
	/* all that is to be the window's from now on; input_grabbed answers */
	void (*grab)(unsigned wanted, msec now);
	void (*grabbed)(const Grab *, int held, msec now); /* any */
	/* the window system will not see these go up, which are down there */
	void (*unstick)(const unsigned char down[KEY_CNT / 8]);
};

struct inputconf {
	const Hotkey *hotkeys;
	const Hotkey *emergency; /* one row, before all others; or NULL */
	const Remap *remaps;
	const Grab *grabs;
	Rect guestrect;          /* what of the guest's desktop is in the
	                          * window */
	int route;               /* Qmp, InputLinux, VirtioHost */
	unsigned neutral;        /* key that has no effect; 0: none */
	int relative;            /* the pointer, also without a grab */
	int hires;               /* wheels in 120th of a notch too */
};

/* Makes the nodes of the route, or ends the process: it said why it could not.
 * All that is handed in stays the caller's. */
struct input *input_open(const struct inputconf *, const struct inputops *,
                         struct qmp *, msec now);
/* To be called when QEMU was told, and before the process ends. */
void input_close(struct input *);

/* One packet of the window, without its SYN_REPORT. */
void input_feed(struct input *, const struct input_event *, size_t, msec now);
/* The window's pointer: where it is, 0 is the left or upper edge, 1 the other;
 * or by how much it has moved. That is added up until it is flushed, as it is
 * before what is fed. */
void input_place(struct input *, double x, double y);
void input_move(struct input *, double x, double y);
void input_flush(struct input *, msec now);
/* By parts of a notch, too; up and right are positive. */
void input_wheel(struct input *, int horizontal, double notches, msec now);
/* The keys that are down, buttons aside: releases what the window holds and is
 * no longer. Others that are down are ignored until their release, but, without
 * a new focus, what a grab of somebody's replays at once. For input_global
 * these are down, too. */
void input_keymap(struct input *, const unsigned char down[KEY_CNT / 8],
                  int focus, msec now);
/* The window's keys go elsewhere from now on: what it holds goes up, or all but
 * the modifiers. */
void input_leave(struct input *, int keepmods, msec now);
/* Is a chord under way? Then, and while keys go elsewhere, input_global is to be
 * told: somebody may have grabbed the next key. */
int input_chording(const struct input *);
/* An evdev key anywhere in X, value 0 or 1, for chords that are Global, and the
 * emergency's. fire 0: it comes to the window too. */
void input_global(struct input *, unsigned key, int value, int fire, msec now);

/* Releases in the guest all that it holds; a key that can't be released now is
 * at the next call or event. */
void input_release(struct input *, msec now);
/* The same, and what it may hold that nobody knows of. */
void input_unstick(struct input *, msec now);
/* The guest holds nothing any more, for it was reset. */
void input_forget(struct input *, msec now);
/* A release that was sent did not reach the guest: it is still to be sent. */
void input_lost(struct input *, unsigned key);

/* Grabs: takes a row; -1: it said why not now. By Evdev each device is grabbed
 * as soon as no key is down on it, and one that is missing, or goes away, when
 * it comes (back). */
int input_grab(struct input *, const Grab *, msec now);
void input_ungrab(struct input *, const Grab *, msec now);
int input_holds(const struct input *, const Grab *);
/* May grabs be held? Those that are wanted are then taken again. Presses and
 * motion of the classes that are blocked go nowhere, but into chords and
 * clones. */
void input_allow(struct input *, int allowed, unsigned blocked, msec now);
void input_focus(struct input *, int focused, msec now);
/* It is decided what the ops' grab asked for: this is what the window has. What
 * is missing was refused, as was said, or taken away, and its rows are not
 * wanted any more. */
void input_grabbed(struct input *, unsigned held, msec now);
void input_uevent(struct input *, const char *node, msec now);

/* Does the window's pointer move as the mouse does, or is it placed? */
int input_relative(const struct input *);
msec input_heard(const struct input *); /* when a device has last sent */

#endif
