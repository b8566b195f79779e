/* See LICENSE for copyright and licence details.
 *
 * What the files of the wing tell each other; included by ddc.h. The wire
 * (ddc.c) knows single buses, ddc/bus all that there are, ddc/card the
 * children that drive them. */
#ifndef DDC_INNER_H
#define DDC_INNER_H

enum { BusMax = 32, InputMax = 64, RowText = 512, EdidSize = 128,
       VcpInput = 0x60 };

/* Waits in ms after a Set, and after a Save; never less than the standard's,
 * for monitors lose what comes earlier. */
enum { SetWait = 50, SaveWait = 200 };

/* What an EDID says of a monitor (VESA E-EDID 1.4, 3.4 and 3.10.3). */
struct ident {
	char manufacturer[4], model[14], serial[14];
	unsigned product;
	uint32_t serialno;
};

/* Who is on a bus? */
enum known {
	Unasked,   /* it is to be asked, by its EDID */
	Absent,    /* nobody, says sysfs */
	Silent,    /* nobody has answered */
	Identified /* ident is valid; else it is the last one, or sysfs's */
};

/* What is remembered of a bus from one order to the next. */
struct memory {
	unsigned host, guest; /* values of 0x60 learned, 0: not known */
	int forced;           /* by I2C_SLAVE_FORCE, for I2C_RDWR fails */
	int locked;           /* its lock is never given back to us */
	int verify;           /* what was done can be checked later */
	int doubt;            /* something was ordered since it was confirmed */
	msec notbefore;       /* earliest next transfer */
	msec switched;        /* last Set that was acknowledged; 0: none */
};

/* What is asked of the child that drives a card's buses. */
enum ddcop { DdcIdentify, DdcList, DdcSwitch, DdcVerify };
struct order {
	enum ddcop op;
	enum side side;
	enum learn learn;
	int quick;
	int hush;
	msec gap;  /* after a reply */
	msec limit;
};

/* What the child answers for each bus; fixed size, below PIPE_BUF. */
struct record {
	int num; /* of the bus */
	enum evidence result;
	int value; /* of 0x60 as last read, or -1 */
	int unset; /* failed, for which input is the host's is not known */
	enum known known; /* Unasked: that was not the order */
	struct ident id;
	unsigned char input[InputMax]; /* of the capabilities string */
	size_t ninput;
	struct memory mem;
};

/* An i2c bus with, perhaps, a display behind it. */
struct bus {
	int num;             /* of /dev/i2c-N */
	int fd;              /* -1: could not be opened */
	int error;           /* errno of that open; ENODEV: it is gone */
	int said;            /* that this was not permitted */
	char card[128];      /* sysfs path of the graphics card */
	char driver[16];     /* of that */
	char connector[40];  /* DRM connector "card1-DP-1", or "" */
	int connected;       /* something is plugged in, says the driver */
	int mst, dock;       /* behind a DisplayPort hub; in a dock */
	int fresh;           /* the driver tells when another is plugged in */
	enum known known;
	struct ident id;
	const Monitor *row;  /* config row that it was found for */
	struct memory mem;
	int awaited;         /* a child is to answer for it */
	int heard;           /* its answer to the last order came: */
	struct record last;
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
	char path[128];
	int dead; /* its child hangs, and is not waited for */
};

/* ---- ddc.c: the wire ---- */

/* Finds an EDID at byte 0 or 128; -1: there is none. */
int edid_ident(const unsigned char *, size_t, struct ident *);
/* Fills out[] with the inputs that a capabilities string lists; a hint only:
 * monitors list what they have not, and have what they do not list. */
size_t caps_inputs(const char *, size_t, unsigned char out[InputMax]);
/* The host's as it is listed; which one of the list is the guest's, 0: none. */
unsigned input_host(const unsigned char *list, size_t, unsigned host);
unsigned input_guest(const unsigned char *list, size_t, unsigned host);
/* In a child: carries out the order on buses of one card, writes a record for
 * each to fd. Sleeps. */
void wire_run(struct bus *const *, size_t, const struct order *, int fd);

/* ---- ddc/bus.c: which there are ---- */

/* Looks for them by udev and sysfs; sends nothing. -1: none; 1: one could not
 * be opened, for lack of permission. */
int buses_scan(struct buses *, int quiet);
/* Gives each bus its row; -1: a row has none, or several. */
enum match {
	MatchSure, /* only buses that are identified, without a word */
	MatchHush, /* one that can't be read now is still where it was */
	MatchLoud  /* the same, and it is said what is missing */
};
int buses_match(struct buses *, const Monitor *, int only, enum match);
/* Warns of what looks like a monitor but has no bus. */
void buses_hint(const struct buses *);
/* After the child that drove a card was killed in the middle of something. */
void buses_unlock(struct buses *, const char *card, msec now);
int bus_usable(const struct buses *, const struct bus *); /* open, identified */
void bus_take(struct bus *, const struct record *);
/* Writes a row of monitors[] that fits this bus alone, in C; inputs that are 0
 * are left out. */
void bus_row(char *out, size_t, const struct buses *, const struct bus *,
             unsigned host, unsigned guest);
void bus_print(const struct buses *, const struct bus *); /* for -d */
void bus_unset(const struct buses *, const struct bus *); /* warns of that */

#endif
