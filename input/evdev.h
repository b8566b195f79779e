/* See LICENSE for copyright and licence details.
 *
 * evdev: devices of the host that are taken past the X server, for rows of
 * grabs[]. What they send goes to the guest, by packets that are told upwards,
 * or straight to a clone: a new device of the host. */
#ifndef EVDEV_H
#define EVDEV_H

#include "uinput.h"

enum { DeviceMax = 16 };

struct evdev;

/* What is told of device[i]. Either may end the row that has it. */
struct evdevops {
	/* a packet for the guest, without its SYN_REPORT */
	void (*packet)(struct evdev *, size_t i, const struct input_event *,
	               size_t, msec now);
	/* a key has gone down or up that goes to a clone */
	void (*key)(struct evdev *, size_t i, unsigned key, int value,
	            msec now);
	/* it begins anew, or is gone: what it held goes up, and the keys that
	 * are down are not ours */
	void (*reset)(struct evdev *, size_t i,
	              const unsigned char down[KEY_CNT / 8], msec now);
	/* these are down in X, which will not see them go up */
	void (*unstick)(struct evdev *,
	                const unsigned char down[KEY_CNT / 8], msec now);
};

enum taking {
	Waiting, /* for all keys to be up, which ends it, or time does */
	Busy,    /* another program has it: tried again, for a time */
	Refused, /* that was said, and no other row wants it: until a uevent */
	Taken    /* it is grabbed, or read along */
};

struct device {
	struct source source; /* fd -1: the slot is free */
	struct evdev *evdev;
	char path[256];
	uint64_t dev, ino;    /* which node it is */
	unsigned rows;        /* that want it: a bit for each */
	enum taking taking;
	int fresh;            /* it was opened in this scan */
	int exclusive;        /* wanted */
	int refused;          /* as that: rows without are served */
	int clone;            /* row to whose clone all goes; -1: the guest */
	unsigned ignore;      /* classes it does not send */
	msec until;           /* not waited for longer */
	unsigned since;       /* of the last look at what is down */
	/* what it can send */
	unsigned char bits[EV_CNT][KEY_CNT / 8];
	uint32_t props;       /* a bit for each INPUT_PROP_* */
	struct input_absinfo abs[ABS_CNT];
	/* of what it has sent */
	unsigned char down[KEY_CNT / 8];
	int dropped;          /* events were lost, up to the next SYN_REPORT */
	struct input_event *ev; /* a packet that is not whole */
	size_t n, size;
};

struct evdev {
	const struct evdevops *ops;
	const Grab *grabs;
	unsigned held;        /* rows: a bit for each */
	struct device device[DeviceMax];
	struct node clone[GrabMax];
	unsigned looks;       /* how often one was asked what is down */
	msec heard;           /* when one has last sent something */
	unsigned said[GrabMax]; /* that one could not be opened: a bit each */
};

void evdev_open(struct evdev *, const struct evdevops *, const Grab *);
void evdev_close(struct evdev *, msec now);
/* Takes the devices of a row as they come, or lets them go. */
void evdev_hold(struct evdev *, size_t row, int wanted, msec now);
void evdev_uevent(struct evdev *, msec now); /* there may be new ones */
int evdev_moves(const struct evdev *); /* one moves the guest's pointer */
/* Classes of motion that come from a device and by X as well. Keys do too, but
 * count once. */
unsigned evdev_along(const struct evdev *);
unsigned evdev_class(const struct input_event *); /* 0: sent to nobody */
unsigned key_modifier(unsigned key); /* bits of Hotkey.mods, or 0 */
int evdev_rowempty(const Device *);

#endif
