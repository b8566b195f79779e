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

enum { BusMax = 32, InputMax = 64, RowText = 512, EdidSize = 128 };
enum { SaveWait = 200 }; /* ms, after a Save */

/* What an EDID says of a monitor (VESA E-EDID 1.4, 3.4 and 3.10.3). */
struct ident {
	char manufacturer[4], model[14], serial[14];
	unsigned product;
	uint32_t serialno;
};

/* Who is on a bus? */
enum known {
	Unasked,   /* it is to be asked, by its EDID */
	Silent,    /* nobody, says sysfs, or has answered */
	Identified /* ident is valid; else it is the last one, or sysfs's */
};

/* What is to be done, by the child that drives a card's buses. */
enum ddcop { DdcIdentify, DdcList, DdcSwitch, DdcVerify };
struct order {
	enum ddcop op; /* DdcList: on stdout */
	enum side side;
	enum learn learn;
	int quick, hush; /* there is an alternative: gives up soon, without a
	                  * word; what is wrong was said before */
	msec limit, gap; /* gap: after a reply; of ddc_open */
};

/* An i2c bus with, perhaps, a display behind it. A child works on its own, and
 * sends that to the parent; it is below PIPE_BUF. */
struct bus {
	char name[16];       /* i2c-N */
	int fd;              /* -1: could not be opened */
	int error;           /* errno of that open, said; ENODEV: it is gone */
	char card[128];      /* sysfs path of the graphics card */
	char driver[16], connector[40]; /* of that; "card1-DP-1" or "" */
	int connected, fresh; /* something is plugged in, says the driver; it
	                      * tells when another is */
	int mst, dock;       /* behind a DisplayPort hub; in a dock */
	enum known known;
	struct ident id;
	const Monitor *row;  /* config row that it was found for */

	/* remembered from one order to the next */
	unsigned learned[Guest + 1]; /* values of 0x60, 0: not known */
	int forced;          /* by I2C_SLAVE_FORCE, for I2C_RDWR fails */
	int verify;          /* what was done can be checked later */
	int doubt;           /* something was ordered since it was confirmed */
	msec notbefore;      /* earliest next transfer */

	/* of the last order */
	int awaited;         /* a child is to answer for it, or did not */
	enum evidence result;
	int value;           /* of 0x60 as last read, or -1 */
	unsigned char input[InputMax]; /* of the capabilities string */
	size_t ninput;
};

struct buses {
	struct bus bus[BusMax];
	size_t n;
	int stale; /* to be looked for again */
};

/* A graphics card, and the child that drives its buses. */
struct card {
	struct source pipe;
	struct child child;
	struct ddc *ddc;
	enum { CardFree, CardBusy, CardDead } state; /* dead: its child hangs, and
	                                              * is not waited for */
};

struct ddcops {
	void (*done)(enum evidence, msec now); /* switched, verified */
	void (*listed)(int usable, msec now); /* monitors, by the list */
};

enum phase {
	DdcIdle,        /* no order */
	DdcWaiting,     /* for children of the one before to be reaped, or for
	                 * files to become ours; then buses are looked for */
	DdcIdentifying, /* children read EDIDs */
	DdcAsking,      /* the same where there should be nobody, for one is
	                 * missing; then rows are given out */
	DdcActing       /* children do what was ordered; then it is over */
};

struct ddc {
	const struct ddcops *ops;
	const Monitor *rows;
	int only;               /* one of rows, or -1 */
	struct buses buses;
	struct card card[BusMax];
	struct order order;
	enum phase phase;
	struct source timer;    /* the limit of the phase */
	msec due;               /* that of the order */
	msec patient;           /* set after a resume, perhaps: until then files
	                         * may still become ours */
	enum evidence result;
};

/* Dies of a mistake in config.h; how many rows there are. */
int ddc_check(const Monitor *rows);
/* replygap: ms after a reply. */
void ddc_open(struct ddc *, const Monitor *rows, int only, msec replygap,
              const struct ddcops *);
/* Begin it in place of the one before; see ddcops for the end. */
void ddc_order(struct ddc *, struct order, msec now);
void ddc_cancel(struct ddc *);
void ddc_uevent(struct ddc *, const char *subsystem, const char *action,
                const char *node);
int ddc_rowempty(const Monitor *);
const char *ddc_inputname(unsigned value); /* "Unknown" if it has none */
unsigned ddc_input(const struct ddc *, const Monitor *, enum side);
	/* 0: not known */
/* The bus that a row was given to; NULL: none. */
const struct bus *ddc_bus(const struct ddc *, const Monitor *);

/* ---- inside the wing ------------------------------------------------- */

/* ---- ddc.c: the wire ---- */

/* Finds an EDID at byte 0 or 128; -1: there is none. */
int edid_ident(const unsigned char *, size_t, struct ident *);
/* Its monitor is on the bus; what was learned of another is forgotten. */
int bus_identify(struct bus *, const unsigned char *edid, size_t);
/* Fills out[] with the inputs that a capabilities string lists; a hint only:
 * monitors list what they have not, and have what they do not list. */
size_t caps_inputs(const char *, size_t, unsigned char out[InputMax]);
/* The host's as it is listed; which one of the list is the guest's, 0: none. */
unsigned input_host(const unsigned char *list, size_t, unsigned host);
unsigned input_guest(const unsigned char *list, size_t, unsigned host);
/* In a child: carries out the order on buses of one card, writes each to fd
 * when it is done. Sleeps. */
void wire_run(struct bus *const *, size_t, const struct order *, int fd);

/* ---- ddc/bus.c: which there are ---- */

/* Looks for them by udev and sysfs; sends nothing. Stale: one could not be
 * opened, for lack of permission. hint: says what looks like a monitor but has
 * no bus. */
void buses_scan(struct buses *, int quiet, int hint);
/* Gives each bus its row; -1: a row has none, or several. */
enum match {
	MatchSure, /* only buses that are identified, without a word */
	MatchHush, /* one that can't be read now is still where it was */
	MatchLoud  /* the same, and it is said what is missing */
};
int buses_match(struct buses *, const Monitor *, int only, enum match);
int bus_usable(const struct buses *, const struct bus *); /* open, identified */
/* Writes a row of monitors[] that fits this bus alone, in C, with the inputs
 * that its last answer suggests. */
void bus_row(char out[RowText], const struct buses *, const struct bus *);
void bus_print(const struct buses *, const struct bus *); /* for -d */

#endif
