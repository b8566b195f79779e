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

enum { AskMax = 128, KeycodeMax = 256, KeycodeFirst = 8, SlaveMax = 256 };

enum xatom {
	NetState, NetFullscreen, NetActive, NetDesktop, NetOwnDesktop, NetName,
	NetPid, NetPing, NetType, NetTypeNormal, NetBypass, NetCheck,
	WmProtocols, WmDelete, Utf8String, WmMachine, XfreeVt, AtomLast
};

struct x;
/* reply is NULL when the request failed. */
typedef void xanswer(struct x *, void *reply);

/* Where the window is: where it belongs, elsewhere, or nobody can tell. */
enum xplace { PlaceRight, PlaceWrong, PlaceUnsure };

/* Is it what a click would hit? */
struct xlook {
	struct source timer;
	int visible, known; /* known: visible is not just the initial value */
	int busy, again;    /* a look is under way; another has to follow */
	msec last;
	xcb_window_t top;   /* ours below root, or 0 */
	unsigned hits, points;
	enum xplace place;
};

/* The output where it belongs. */
struct xoutput {
	unsigned event;       /* first one of RandR, or 0 */
	xcb_atom_t name;      /* NONE: any */
	xcb_rectangle_t area; /* in root; width 0: it is off */
	int others;           /* that are on */
	int off;              /* the window is not on it, which was said */
};

struct xblank {
	struct source timer;
	unsigned event; /* first one of MIT-SCREEN-SAVER, or 0 */
	int dpms;       /* there is DPMS */
	int saving;     /* the screen saver is on */
	int blank;      /* DPMS has put the screen to sleep */
	int awake;      /* that and the saver are suspended */
	msec told;      /* when X was last told of input */
};

struct xvt {
	struct source source; /* sysfs tells of each change */
	int own;              /* X's, or 0 */
	int elsewhere;
};

struct xdraw {
	xcb_gcontext_t gc;
	char text[TextMax];
	const char *next;       /* line to be drawn */
	struct textplace place; /* of that */
	int busy, stale;        /* X is at it; it has to be drawn anew */
};

/* What is to come after a KeymapNotify. */
enum xentry {
	EntryNone,  /* nothing has changed */
	EntryBack,  /* a grab of ours has begun or ended */
	EntryFresh  /* the focus or the pointer has come from elsewhere */
};

struct xfocus {
	int focused;
	int away;   /* another program has the keyboard */
	int inside; /* the pointer is */
	enum xentry entry;
};

struct xkeys {
	unsigned char down[KeycodeMax / 8]; /* at the window, by evdev code */
	unsigned char mute[KeycodeMax / 8]; /* pressed while it was hidden */
	unsigned char stuck[KeycodeMax / 8]; /* to be released in X */
	int test; /* there is XTEST */
};

struct xpointer {
	int16_t x, y;         /* in the window */
	int moved;            /* not yet told */
	double motion[2];     /* the same, relative, with fractions */
	int absolute;         /* so is the device that has moved last */
	unsigned char relatives[SlaveMax / 8]; /* devices of X, by id */
	unsigned char absolutes[SlaveMax / 8];
};

struct xgrab {
	struct source timer;
	unsigned wanted, held; /* FrontKeyboard and so on */
	unsigned asked;        /* to which there is no reply yet */
	int trying;            /* up to the last reply */
	unsigned refused;      /* status of one of them, or 0 */
	msec patient, busy;    /* limits of waiting for keys, for others */
};

struct x {
	struct window window;
	struct source source;
	msec now; /* of what is going on */
	int gone;
	xcb_connection_t *conn;
	xcb_window_t root, win;
	const xcb_screen_t *screen;
	xcb_atom_t atom[AtomLast];
	unsigned width, height;
	int rootw, rooth;
	xcb_window_t check; /* _NET_SUPPORTING_WM_CHECK, or 0 */
	msec turmoil;
	unsigned xi;        /* major opcode of XInput, or 0 */
	uint32_t raw;       /* what of it is selected */
	struct {
		struct {
			unsigned sequence;
			xanswer *answer;
		} ring[AskMax];
		size_t head, n;
	} ask;
	struct xlook look;
	struct xoutput output;
	struct xblank blank;
	struct xvt vt;
	struct xdraw draw;
	struct xfocus focus;
	struct xkeys keys;
	struct xpointer pointer;
	struct xgrab grab;
};

/* xserver.c */
int xserver_open(struct x *); /* -1: there is none */
xcb_atom_t xserver_atom(struct x *, const char *);
/* NULL: X has it not. */
const xcb_query_extension_reply_t *xserver_extension(struct x *,
                                                     xcb_extension_t *);
/* The reply to this request is answered in this pass or a later one. */
void xserver_ask(struct x *, unsigned sequence, xanswer *);
/* Answers what came before event, or, NULL, all that has come; returns how many
 * that were. */
unsigned xserver_answer(struct x *, const xcb_generic_event_t *);
/* Before the loop: waits until all is answered. */
void xserver_wait(struct x *);

/* xinput.c */
void xinput_open(struct x *);
int xinput_event(struct x *, xcb_generic_event_t *); /* 0: not its */
/* All events of this pass have come. */
void xinput_flush(struct x *);
void xinput_grab(struct x *, unsigned wanted);
/* The window was unmapped, which ends grabs without a word; or mapped. */
void xinput_mapped(struct x *, int mapped);
int xinput_unstick(struct x *, const unsigned char keys[KEY_CNT / 8]);

#endif
