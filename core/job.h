/* See LICENSE for copyright and licence details.
 *
 * What takes time and has a limit: rows of toguest[] and tohost[], the check
 * of a switch, the guest's agent. */
#ifndef JOB_H
#define JOB_H

#include "core/loop.h"
#include "screenstub.h"

/* how a job ended */
enum jobend {
	JobFailed,
	JobFutile, /* nobody to try it on: a uevent will tell */
	JobDone
};
struct job {
	struct source timer;
	int kind;
	void (*done)(struct job *, enum jobend, msec now);
};
/* Starts a row of toguest[] or tohost[] for that side: Pending, Done or Failed.
 * quick: an alternative follows. */
int job_row(struct job *, const Step *, enum side target, int quick,
            msec limit, msec now);
/* Did the switch last? JobFailed: it did not; else it has, or nobody can
 * tell. */
int job_verify(struct job *, enum side, msec limit, msec now);
/* The guest's agent, for the watchdog. */
int job_ping(struct job *, msec limit, msec now);
void job_limit(struct job *, msec due);  /* brings its limit forward */
void job_cancel(struct job *, msec now); /* done is not called */
int job_running(const struct job *);

#endif
