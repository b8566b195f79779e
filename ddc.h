/* See LICENSE for copyright and licence details.
 *
 * Monitors: switching their input by DDC/CI, over the i2c buses of the
 * graphics cards. One order at a time, each with a limit. */
#ifndef DDC_H
#define DDC_H

#include "screenstub.h"

/* What is known at the end of an order, of all monitors the worst, which is
 * the first of these. */
enum evidence {
	DdcBounced,  /* verify: one shows the other input again */
	DdcUnknown,  /* which input is the host's is not known */
	DdcFailed,
	DdcSilent,   /* acknowledged, but no answer before it nor after; or, from
	              * one that showed the host already, after */
	DdcFutile,   /* one is missing, and a uevent will tell when it comes */
	DdcLeft,     /* to the host: another row's guest is shown, and stays */
	DdcSent,     /* acknowledged, can't be read; verify: not heard */
	DdcQuiet,    /* acknowledged and silent since, as most are that show
	              * another machine; before that it could be read */
	DdcConfirmed, /* read back */
	DdcLast
};

enum { BusMax = 32, ForeignMax = 8, InputMax = 64 };
enum { RowText = 512, EdidSize = 128 };
enum { CapsMax = 4096 }; /* the longest string seen: 1335 */
enum { SaveWait = 200 }; /* ms, after a Save */
enum { VcpInput = 0x60, SourceHost = 0x51 };

/* What an EDID says of a monitor (VESA E-EDID 1.4, 3.4 and 3.10.3). */
struct ident {
	char manufacturer[4], model[14], serial[14];
	unsigned product;
	uint32_t serialno;
};

/* What is to be done, by the child that drives a bus; those from DdcSwitch on
 * to a row's. */
enum ddcop { DdcIdentify, DdcList, DdcSwitch, DdcVerify, DdcRead };
struct order {
	enum ddcop op; /* DdcList: on stdout */
	enum side side;
	int learn;       /* which input is the host's: there was no VM yet */
	int take;        /* also from another row's guest, and if there is no
	                  * known way back */
	int brief;       /* gives up soon: there is an alternative */
	int hush;        /* without a word: it was said before, or brief */
	msec limit, gap; /* gap: after a reply; of ddc_open */
	char *why;       /* its log_why */
	/* of ddc/order: so many monitors have not taken a switch yet; the last
	 * one that does writes there */
	_Atomic int *unsent;
	int tell;
};

/* What was learned of a row's monitor, whatever bus it is on: in memory that is
 * shared with all children, so that it is known even if we are killed. */
struct learned {
	struct ident id;
	unsigned input[Guest + 1]; /* values of 0x60, 0: not known */
};

/* An i2c bus with, perhaps, a display behind it. */
struct bus {
	char name[16], node[24]; /* i2c-N, /dev/i2c-N */
	int fd;              /* -1: could not be opened */
	int error;           /* errno of that open, said; ENODEV: it is gone */
	char card[128];      /* sysfs path of the graphics card */
	char connector[40];  /* "card1-DP-1" or "" */
	int fresh;           /* the driver tells when another monitor comes */
	int mst;             /* behind a DisplayPort hub */
	int rival;           /* the connector has another bus, too */
	int heard;           /* and of the two DDC/CI is answered here */
	int identified;      /* id is valid; else the last one, or sysfs's */
	struct ident id;
	unsigned cable;      /* that the EDID came through, as it says: the
	                      * first of its inputs; 0: not known */
	const Monitor *row;  /* config row that it was found for */
	unsigned foreign[ForeignMax + 1]; /* what 0x60 reads while the guest of
	                      * another row for it is shown; up to 0 */

	/* remembered from one order to the next */
	unsigned *learned;   /* the row's, or NULL */
	int follows;         /* what is read has followed a Set once */
	int own;             /* what was read when the guest was switched to;
	                      * or -1 */
	int forced;          /* by I2C_SLAVE_FORCE, for I2C_RDWR fails */
	int doubt;           /* something was ordered since it was confirmed */
	msec notbefore;      /* earliest next transfer */
	msec replywait;      /* ms that the last reply needed, 0: none yet */

	/* of the last order */
	enum evidence result;
	int value;           /* of 0x60 as last read, or -1 */
	unsigned char input[InputMax]; /* of the capabilities string */
	size_t ninput;
};

struct buses {
	struct learned *learned; /* of each row */
	struct bus bus[BusMax];
	size_t n;
	int stale; /* to be looked for again */
	enum evidence result; /* of the last order */
	_Atomic int unsent;
};

enum phase {
	DdcIdle,    /* no order */
	DdcWaiting, /* for the child of the one before to be reaped */
	DdcActing   /* the child does what was ordered; then it is over */
};

struct ddc {
	void (*done)(enum evidence, msec now);
	void (*sent)(msec now);
	const Monitor *rows;
	int only;           /* one of rows, or -1 */
	struct buses buses;
	struct buses *said; /* by the child; shared with it, and its own */
	struct child child; /* pid 0: there is none */
	struct source told; /* a pipe, of which the children have the end: */
	int tell;
	struct order order;
	enum phase phase;
	msec due;           /* the limit of the order */
};

/* Dies of a mistake in config.h; how many rows there are. */
int ddc_check(const Monitor *rows);
/* Makes what is learned known to children from now on; once, before ddc_open,
 * which keeps what was learned. */
void ddc_share(struct ddc *);
/* replygap: ms after a reply. done: an order is; of DdcList, DdcConfirmed:
 * there is a monitor. sent: before that, all monitors of a switch have
 * acknowledged the input, or show it already. */
void ddc_open(struct ddc *, const Monitor *rows, int only, msec replygap,
              void (*done)(enum evidence, msec now), void (*sent)(msec now));
/* What a process knew that was killed, whose memory we share: all is in doubt,
 * and to be opened anew. After ddc_open. */
void ddc_inherit(struct ddc *, msec now);
/* Begin it in place of the one before; done tells the end. */
void ddc_order(struct ddc *, struct order, msec now);
void ddc_cancel(struct ddc *);
void ddc_uevent(struct ddc *, const char *subsystem, const char *action,
                const char *node);
int ddc_rowempty(const Monitor *);
/* The one that counts where one does: only, or the first that names a monitor,
 * or the first. */
int ddc_row(const Monitor *rows, int only);
/* A row that names no monitor is used where none does, or it is only. */
int ddc_rowused(const Monitor *rows, int only, int row);
const char *ddc_inputname(unsigned value); /* "Unknown" if it has none */
unsigned ddc_input(const struct ddc *, const Monitor *, enum side);
	/* 0: not known */
/* The bus that a row was given to; NULL: none. */
const struct bus *ddc_bus(const struct ddc *, const Monitor *);

/* ---- inside the wing ------------------------------------------------- */

/* ---- ddc/ident.c: what monitors say of themselves ---- */

/* By its EDID; -1: that is none. */
int bus_identify(struct bus *, const unsigned char *edid, size_t);
/* Does an extension (CTA-861), of EdidSize, have HDMI's vendor block? */
int edid_hdmi(const unsigned char *);
/* Fills out[] with the inputs that a capabilities string lists; a hint only:
 * monitors list what they have not, and have what they do not list. Closed: the
 * list is whole. */
size_t caps_inputs(const char *, size_t, unsigned char out[InputMax],
                   int *closed);
/* But for the high byte, which some monitors use for something else. */
int input_same(unsigned, unsigned);
/* Which one of the list is at the end of a cable, or the guest's; 0: none. */
unsigned input_cabled(const unsigned char *list, size_t, unsigned cable);
unsigned input_guest(const unsigned char *list, size_t, unsigned host);
/* Members that are 0 stand for these; the value for what was learned. */
Input input_full(Input, unsigned learned);

/* ---- ddc.c: the wire ---- */

/* In a child: carries out the order on a bus, and sleeps. card: a file, the
 * same for all buses of the card, which is locked for each transfer. */
void wire_run(struct bus *, const struct order *, int card);

/* ---- ddc/bus.c: which there are ---- */

/* Looks for them by udev and sysfs; sends nothing. Stale: one could not be
 * opened, for lack of permission. */
void buses_scan(struct buses *, const Monitor *rows);
/* Gives each bus its row; -1: a row has none, or several. sure: only buses that
 * are identified, without a word; else one that can't be read now is still
 * where it was, and what is missing is said. */
int buses_match(struct buses *, const Monitor *, int only, int sure);
int bus_usable(const struct buses *, const struct bus *); /* open, identified */
/* Writes a row of monitors[] that fits this bus alone, in C, with the inputs
 * that its last answer suggests. */
void bus_row(char out[RowText], const struct buses *, const struct bus *);
void bus_print(const struct buses *, const struct bus *); /* for -d */

#endif
