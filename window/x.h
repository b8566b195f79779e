/* See LICENSE for copyright and licence details.
 *
 * Inside the X front: xserver.c has the connection, xinput.c keys, pointer and
 * grabs, x.c the window and the rest; who stands first here calls nobody who
 * stands behind. */
#ifndef X_H
#define X_H

#include <xcb/xcb.h>
#include <xcb/xcbext.h>

#include "front.h"
#include "text.h"

enum { AskMax = 128, KeycodeFirst = 8, SlaveMax = 256 };

enum xatom {
	NetState, NetFullscreen, NetActive, NetCurrent, NetDesktop, NetCheck,
	RandrEmulation, WmProtocols, WmDelete, WmChange, XfreeVt, XkbRules,
	AtomLast
};

enum xext { ExtDpms, ExtInput, ExtRandr, ExtSaver, ExtTest, ExtXkb, ExtLast };

/* What is to come after a KeymapNotify. */
enum xentry {
	EntryNone,  /* nothing has changed */
	EntryBack,  /* a grab of ours has begun or ended */
	EntryFresh  /* the focus or the pointer has come from elsewhere */
};

/* A device of X: not known yet, moves by its motion, or to a place. */
enum xslave { SlaveUnknown, SlaveMoves, SlavePlaces };

struct x;
/* Of a reply, NULL when the request failed; or of an event. */
typedef void xanswer(struct x *, void *);

struct x {
	struct window window;
	struct source source; /* due: the next look, or try of a grab */
	msec now;             /* of what is going on */
	int gone;
	int xwayland;         /* as its outputs say */
	int readable;         /* not yet read */
	xcb_connection_t *conn;
	const xcb_query_extension_reply_t *ext[ExtLast]; /* NULL: missing */
	xcb_atom_t atom[AtomLast];
	/* check: _NET_SUPPORTING_WM_CHECK, or 0; all: the root's area */
	xcb_window_t root, win, check;
	xcb_rectangle_t all;
	unsigned width, height;
	struct {
		unsigned sequence;
		xanswer *answer;
	} ask[AskMax];
	unsigned asked, answered; /* so many */
	void *reply;  /* of the next that is answered, if replied: it was read */
	int replied;  /* together with events, which may have come before */
	struct { /* is it what a click would hit? */
		int visible, known; /* known: visible is not just initial */
		msec last;
		xcb_window_t top;      /* ours below root */
		unsigned hits, points; /* points: yet to be answered */
		int viewable;
		/* the middle, in root; was: when last seen to be visible */
		int x, wasx, y, wasy;
	} look;
	struct { /* where the window belongs */
		xcb_atom_t name;      /* NONE: any */
		xcb_rectangle_t area; /* in root; width 0: it is off */
		int astray; /* the window is, as was said */
		msec changed;
	} output;
	struct {
		/* DPMS has put the screen to sleep; it is kept from that */
		int blank, awake;
		msec told; /* when X was last told of input */
	} blank;
	struct {
		struct source source; /* sysfs tells of each change */
		int own;              /* X's, or 0 */
	} vt;
	struct {
		xcb_gcontext_t gc;
		char text[TextMax];
		int busy, stale; /* X is at it; it has to be drawn anew */
	} draw;
	struct {
		/* Another program has the keyboard; the pointer is inside. */
		int focused, away, inside;
		enum xentry entry;
	} focus;
	unsigned char stuck[KeymapMax / 8]; /* keys to be released in X */
	uint32_t raw;                        /* what of XInput is selected */
	struct {
		unsigned char slave[SlaveMax]; /* enum xslave, by id */
		enum xslave kind; /* of what has moved last */
	} pointer;
	struct {
		unsigned wanted, held; /* GrabKeyboard and so on */
		unsigned asked;        /* to which there is no reply yet */
		int again;             /* what is missing is to be asked for */
		msec busy;             /* others have let go until then */
	} grab;
};

/* xserver.c */
int xserver_open(struct x *); /* -1: there is none */
xcb_atom_t xserver_atom(struct x *, const char *);
/* The reply to this request is answered in this pass or a later one. */
void xserver_ask(struct x *, unsigned sequence, xanswer *);
/* Answers what came before event, or, NULL, all that has come: again until that
 * was 0, and events that were read along first; or, before the loop, waits for
 * all. Returns how many that were. */
unsigned xserver_answer(struct x *, const xcb_generic_event_t *, int wait);

/* xinput.c */
void xinput_open(struct x *);
void xinput_event(struct x *, xcb_generic_event_t *);
/* All events of this pass have come. */
void xinput_flush(struct x *);
void xinput_grab(struct window *, unsigned wanted, msec now);
void xinput_regrab(struct x *); /* when source is due */
/* The window was unmapped, which ends grabs without a word; or mapped. */
void xinput_mapped(struct x *, int mapped);
/* Asks which keys are down, for input_keymap: what went down while the window
 * was hidden is not ours. */
void xinput_keymap(struct x *);
int xinput_unstick(struct window *, const unsigned char keys[KEY_CNT / 8]);

#endif
