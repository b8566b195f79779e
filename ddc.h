/* See LICENSE for copyright and licence details.
 *
 * Monitors: switching their input by DDC/CI, over the i2c buses of the
 * graphics cards. One order at a time, each with a limit. */
#ifndef DDC_H
#define DDC_H

#include "core/loop.h"
#include "screenstub.h"

/* What is known at the end of an order, of all monitors the worst. */
enum evidence {
	DdcBounced,  /* verify: one shows the other input again */
	DdcFailed,
	DdcFutile,   /* one is missing, and a uevent will tell when it comes */
	DdcSent,     /* acknowledged, not read back; verify: not heard */
	DdcConfirmed /* read back */
};

/* Which input may be taken for the host's, where config.h says nothing. */
enum learn {
	LearnNothing, /* none */
	LearnOther,   /* one that is shown while the guest's is another */
	LearnShown    /* any that is shown, for there was no VM yet */
};

#include "ddc/inner.h"

struct ddcops {
	void (*switched)(enum evidence, msec now);
	void (*verified)(enum evidence, msec now);
	void (*listed)(int usable, msec now); /* monitors, by the list */
};

enum phase {
	Idle,        /* no order */
	Waiting,     /* for children of the one before to be reaped, or for
	              * files to become ours; then buses are looked for */
	Identifying, /* children read EDIDs; then rows are given out */
	Acting       /* children do what was ordered; then it is over */
};

struct ddc {
	const struct ddcops *ops;
	const Monitor *rows;
	int only;            /* one of rows, or -1 */
	struct buses buses;
	struct card card[BusMax];
	size_t ncard;
	struct order order;
	enum phase phase;
	struct source timer; /* the limit of the phase */
	msec due;            /* that of the order */
	msec patient;        /* until then files may still become ours */
	int denied;          /* one could not be opened; -1: there is none */
	int asked;           /* buses where there should be nobody, too */
	int unsure;          /* what is missing may be there all the same */
	enum evidence result;
};

/* Dies of a mistake in config.h; how many rows there are. */
int ddc_check(const Monitor *rows);
/* replygap: ms after a reply. */
void ddc_open(struct ddc *, const Monitor *rows, int only, msec replygap,
              const struct ddcops *);
/* Begin an order, in place of the one before; see ddcops for the end. quick:
 * there is an alternative, so it gives up soon, without a word; hush: what is
 * wrong was said before. */
void ddc_switch(struct ddc *, enum side, enum learn, int quick, int hush,
                msec limit, msec now);
void ddc_verify(struct ddc *, enum side, msec limit, msec now);
void ddc_list(struct ddc *, msec limit, msec now); /* on stdout */
void ddc_cancel(struct ddc *);
void ddc_uevent(struct ddc *, const char *subsystem, const char *action,
                const char *node);
/* Perhaps after a resume: until then files may still become ours. */
void ddc_patient(struct ddc *, msec until);
void ddc_close(struct ddc *);

int ddc_rowempty(const Monitor *);
const char *ddc_inputname(unsigned value); /* "Unknown" if it has none */
unsigned ddc_input(const struct ddc *, const Monitor *, enum side);
	/* 0: not known */
/* The model of the monitor that a row was given to; NULL: to none. */
const char *ddc_model(const struct ddc *, const Monitor *);

#endif
