/* See LICENSE for copyright and licence details.
 *
 * The wish, what the monitor is to show, and the switch, the way there. */
#ifndef SHOW_H
#define SHOW_H

#include "core/job.h"
#include "window/front.h"

extern const char *const sidename[]; /* by enum side */

/* What the wish is made of. */
enum fact {
	FactVisible = FrontVisible,
	FactFocus = FrontFocused, /* 1, if that does not count now */
	FactBlanked = FrontBlanked,
	FactElsewhere = FrontElsewhere,
	FactVm,        /* enum vmstate; without a QMP socket it runs */
	FactPausing,   /* a task wants the host, to stop the VM then */
	FactLeaving,   /* by show_leave */
	FactAsked,     /* enum side, or Panic: by show_want, show_panic,
	                * AutoReturn and the watchdog; for the end of it see
	                * show_set */
	FactLast
};
/* Of FactVm and FactVisible, at first; of FactAsked: the host, and QEMU and the
 * guest are not asked unless it fails without them. */
enum { NotKnown = -1, Panic = Guest + 1 };

enum showstate {
	ShowRests,    /* nothing is due: until a wish, a poke or a panic */
	ShowSettles,  /* a switch is to begin: the wish must last until then,
	               * and the switch before be over for a while */
	ShowRuns,     /* a row, until its end; a wish that is another cancels
	               * it, but for Exec, which ends by itself */
	ShowRetries,  /* one to the host has failed: until it is tried again,
	               * for the same reasons earlier */
	ShowWatches   /* a Ddc row has switched: until that is checked */
};

/* What of keys and pointer is for the guest: it gets none while it is not what
 * the user sees, who may type a password. */
enum showinput {
	InputNone,
	InputWakes, /* keys, for it sleeps, and would be shown */
	InputAll
};

struct show;
struct showops {
	void (*wished)(msec now); /* wanted is another */
	void (*shown)(msec now);  /* a side is, that was not */
	void (*leaving)(msec now); /* keys up, rows of Leave */
	int (*idle)(void); /* asked while leaving: is all of that done? */
};

/* Who begins a switch: a wish that has lasted (see wish_update), a poke, the
 * end of a pause after a failure, the check of the one before.
 * Who ends it: its last row; one that failed without an alternative; a wish
 * that is another by then; a panic (see way_end).
 * Who makes shown a side: way_end alone, when all rows of the way ended well.
 * Who makes it Unknown: way_end else; a panic, as the user can't see it; a
 * sleep of the machine; a check that finds the other input (way_verified). */
struct show {
	struct means *means;
	const struct showops *ops;
	enum side shown, wanted; /* to be read by all */
	enum evidence evidence;  /* of shown; DdcSilent: and nothing is known */
	msec pause;              /* before the host is tried again, or 0 */

	int fact[FactLast];
	const struct reason *reason; /* of wanted */
	msec since;              /* wanted is */
	msec turmoil;            /* until then window managers change */
	struct {
		struct source timer; /* of the state */
		enum showstate state;
		enum side target;
		const Step *step;    /* that runs */
		struct job job;      /* of the row or of the check */
		enum side sent;      /* shown, or all monitors have acknowledged
		                      * it, and none was read to show another */
		enum evidence evidence; /* of the rows that ended well, the
		                      * worst; DdcLast: of none */
		int silent;          /* one had no answer, and nobody did it in
		                      * its place */
		int again;           /* something happened while it ran */
		int ran;             /* a row has ended well */
		int lost;            /* one failed, and what is in its place */
		int left;            /* rows that ask the guest are left out */
		int asks;            /* without them it failed: they run */
		msec watch;          /* when it is to be checked, or 0 */
		int bounced;         /* it did not last, and was done again */
		msec notbefore;      /* the next one */
	} way;
	struct {
		struct source timer;
		struct job job;
	} dog;
	struct {
		struct source timer; /* ExitLimit */
		int status;
	} leave;
};

void show_open(struct show *, struct means *, const struct showops *);
/* A fact is another: for the others those above FactLeaving. */
void show_set(struct show *, enum fact, int value, msec now);
/* Window managers are restarted or replaced until then: all windows are hidden
 * and shown, which is not meant. */
void show_turmoil(struct show *, msec until, msec now);
void show_poke(struct show *, msec now);    /* tries at once what had failed */
void show_resumed(struct show *, msec now); /* the machine slept */
void show_sent(struct show *); /* all monitors have taken what a row sets */

/* For actions that wait for a side: Done, Failed, or Pending. */
int show_reached(const struct show *, enum side);
int show_wait(struct show *, enum side, msec now); /* and sees to it */
int show_want(struct show *, enum side, msec now); /* as asked for */
const char *show_failed(const struct show *, enum side); /* why */
void show_panic(struct show *, msec now); /* to be followed by show_wait */

/* Shows the host, and ends the loop within ExitLimit. A status, 0 or 1, of 1
 * counts; it is 1, too, if the host is not shown. */
void show_leave(struct show *, int status, msec now);
/* Of a limit what is left then, if so many rows are to share it; at least 1. */
msec show_share(const struct show *, msec limit, size_t rows, msec now);

enum showinput show_input(const struct show *);
/* Why the guest is not shown; NULL: it is. */
const char *show_why(const struct show *);

#endif
