/* See LICENSE for copyright and licence details.
 *
 * A trial, -t: the guest is shown for some seconds, then the host again, and
 * what was seen on both ways is told. What the monitor shows at first is the
 * host, whatever its row says: the user reads this program's text there. */
#ifndef TRIAL_H
#define TRIAL_H

#include "core/task.h"

enum { TrialTime = 10, TrialMost = 600 }; /* s */

enum trialstate {
	TrialReads, /* what is shown, and QEMU's answer, are waited for */
	TrialHost,  /* the host is shown, until it was read what comes */
	TrialGuest, /* the guest is to be shown, and then for a while */
	TrialBack   /* the host is, until it has lasted, or can't be */
};

struct trial {
	struct means *means;  /* NULL: this is no trial */
	Monitor *rows;        /* in memory that the guard has, too */
	Monitor *row;         /* of these the one whose inputs are tried */
	const Step *tohost;   /* of config.h */
	const Step *resort;   /* those, and a Ddc row behind them */
	msec wait;            /* the guest is shown for so long */
	struct source timer;  /* of the state, but of TrialReads, and of
	                       * TrialGuest when it is shown */
	enum trialstate state;
	unsigned input[InputMax + 1]; /* that may be the guest's; the row's
	                       * is the one that is tried */
	size_t n, at;         /* how many will be tried, how many were begun */
	enum evidence seen;   /* of the last one */
	int shown, signo;     /* one was; what ended it */
	int failed, panic;    /* of TrialBack: the last try, and how it was */
};

/* Begins it; rows, tohost, resort and wait are set, and n, 0: all. */
void trial_open(struct trial *, struct means *, msec now);
/* The inputs were read. -1: there is nothing to try, and the loop ends. */
int trial_read(struct trial *);
/* Shows the host at once, and ends. */
void trial_stop(struct trial *, int signo, msec now);

#endif
