/* See LICENSE for copyright and licence details.
 *
 * What a window system offers, and what it tells: a front is the one place that
 * knows it. What it can't do it leaves undone, and says so once.
 *
 * Input it hands straight to input.h: input_feed gets keys and buttons, which
 * may repeat as presses; input_wheel wheels; input_move the pointer, or
 * input_place, by input_relative, and input_flush follows when all is told that
 * has come. A press while the window is hidden is left out, not its release.
 * input_keymap: the focus has come back, or a grab has ended, or the window is
 * visible again. input_leave: the focus goes, or keeps the modifiers if but for
 * a moment, for those that go up and down would open menus. input_grabbed
 * answers grab. */
#ifndef FRONT_H
#define FRONT_H

#include "input.h"

struct frontconf {
	const char *instance; /* WM_CLASS instance, or application id */
	const char *output;   /* where the window belongs, as the window system
	                       * names it; NULL: anywhere */
	uint32_t background, foreground; /* as 0xRRGGBB */
	int partly;           /* visible with some of it, else with most */
	msec settle;          /* what is told must last for so long anyway */
	int look;             /* -c: no window is made, and the loop has ended;
	                       * what there is is told */
};

/* What holds, or no longer. */
enum frontfact {
	FrontVisible,  /* the window can be seen, on its output; the first time
	                * that it can't is told, too. An output that goes does
	                * not hide it, nor does where it is put thereby, even
	                * if that is no output at all: its monitor may take the
	                * signal away while it shows the guest. What hides it
	                * at other times does, until the output is back and
	                * the window was looked at. */
	FrontFocused,  /* it has the focus */
	FrontBlanked,  /* the host's screen is dark */
	FrontElsewhere, /* who looks: another virtual terminal is shown */
	FrontSees      /* FrontVisible is what the user sees, as it is if this
	                * is not told; else the focus tells more */
};

/* What it tells upwards, some of it before open returns; none of these may
 * close it. Keys and buttons are KEY_* and BTN_*. */
struct frontops {
	void (*changed)(enum frontfact, int holds, msec now);
	/* Until then windows come and go without meaning it: managers of
	 * windows change, or outputs. */
	void (*turmoil)(msec until, msec now);
	/* The user wants to close it, which is not done; or the window or the
	 * connection is lost, as was said: nothing comes any more, and what is
	 * called later does nothing. */
	void (*gone)(int lost, msec now);
};

/* Each front has more behind it. */
struct window {
	const struct front *front;
	const struct frontconf *conf; /* both stay as they are */
	const struct frontops *ops;
	struct input *input;
};

struct front {
	const char *name;
	int global; /* chords that are Global, and the emergency's, are heard
	             * without the focus, too */
	/* Shows the window, until the process ends; NULL: there is no such
	 * window system, as was not said. What is wrong with it later ends in
	 * die. */
	struct window *(*open)(const struct frontconf *,
	                       const struct frontops *, struct input *,
	                       msec now);
	/* All that is to be ours from now on; what the window lost by being
	 * hidden is asked for again when it is back. */
	void (*grab)(struct window *, unsigned wanted, msec now);
	/* The host's screen is not to go dark by itself. heard: when a device
	 * that is grabbed past the window system has sent something, which is
	 * to count as the user's. May be told as often as one likes. */
	void (*awake)(struct window *, int awake, msec heard, msec now);
	/* Brings the window to where it is seen, and the focus to it, whatever
	 * workspace it takes. If that is refused, changed tells nothing. */
	void (*present)(struct window *);
	/* Takes it away, from before the desktop, until it is presented or the
	 * user has it back: where there is such a thing, else it stays. */
	void (*away)(struct window *);
	/* Releases those that the window system thinks are down, NULL: all;
	 * then keymap is told. -1: it can't; NULL: never. */
	int (*unstick)(struct window *, const unsigned char keys[KEY_CNT / 8]);
	/* Says that in the window, as window/text.h makes it. May be told as
	 * often as one likes, but, as all of these, not in the before of a
	 * source that was added after open. */
	void (*text)(struct window *, const char *);
};

extern const struct front front_x, front_wayland;

#endif
