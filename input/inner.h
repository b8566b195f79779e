/* See LICENSE for copyright and licence details.
 *
 * What the files of the wing tell each other: devices of ours that the host has
 * (uinput), and devices of the host that are taken past the X server, for rows
 * of grabs[] (evdev). What those send goes to the guest, by packets that are
 * told upwards, or straight to a clone: a new device of the host. */
#ifndef INPUT_INNER_H
#define INPUT_INNER_H

#include "../input.h"

/* Of a packet, in events: the kernel's own buffer is not larger. */
enum { DeviceMax = 16, PacketMax = 4096 };

int key_isbutton(unsigned key);
enum { Modifiers = 8 };
extern const unsigned modifier[Modifiers]; /* keys, in the order of the bits */
unsigned key_modifier(unsigned key); /* bits of Hotkey.mods, or 0 */
unsigned event_class(unsigned type, unsigned code); /* 0: sent to nobody */

static inline struct input_event
event_of(unsigned type, unsigned code, int value)
{
	return (struct input_event){
		.type = type, .code = code, .value = value
	};
}

/* What a device can send. */
struct can {
	unsigned char bits[EV_CNT][KEY_CNT / 8]; /* [0]: INPUT_PROP_* */
	struct input_absinfo abs[ABS_CNT];
	struct input_id id;
};

/* A uinput device: a clone, or one of a route. */
struct node {
	const char *name;     /* NULL: there is none */
	struct source source; /* never read */
	char path[32];        /* of its evdev node, or "" */
	struct can can;
	int gone;             /* it could not be written, which was said */
};
/* Makes one that can what the node says; -1: it said why it could not. */
int node_create(struct node *, const char *name);
void node_destroy(struct node *);
/* A packet, whose last event is SYN_REPORT, as a whole; -1: not written. */
int node_write(const struct node *, const struct input_event *, size_t);

/* Keyboard, mouse and tablet, which QEMU is told to read. */
struct uinput {
	struct qmp *qmp; /* this and route are set before use */
	int route;
	int pointer; /* VmMouse or VmTablet: of the last motion */
	struct node node[VmNodes];
};
/* relative: buttons before any motion are the mouse's. hires: wheels in 120th
 * of a notch too. Ends the process if it can't, as was said. */
void uinput_open(struct uinput *, int relative, int hires, msec now);
/* A child keeps nodes that QEMU would not let go until QEMU ends: it would spin
 * without. */
void uinput_close(struct uinput *);
/* A report, each event to its node. The answer has a bit for each press that
 * was not written, and for each release that is still to be; of what is no key
 * it means nothing. */
unsigned uinput_send(struct uinput *, const struct input_event *, size_t,
                     msec now);
/* An evdev node is there, or its rights have changed. */
void uinput_uevent(struct uinput *, const char *node, msec now);

struct device;
struct evdevops {
	/* a packet, without its SYN_REPORT, for the guest, or what a clone got;
	 * it may end the row that has the device */
	void (*packet)(struct device *, const struct input_event *, size_t,
	               msec now);
	/* it begins anew, or is gone: what it held goes up, and the keys that
	 * are down are not ours; X will not see them go up, if it is taken */
	void (*reset)(struct device *, const unsigned char down[KEY_CNT / 8],
	              int taken, msec now);
};

struct device {
	struct source source;
	struct evdev *evdev;
	char path[256];
	uint64_t ino;         /* which node it is: all are in /dev */
	unsigned rows;        /* that want it: a bit for each; 0: free slot */
	int taken;            /* it is grabbed, or read along */
	int exclusive;        /* wanted; -1: nothing was yet */
	int along, busy;      /* a row reads it along, which it does though
	                       * another program has it and so none grabs it */
	int clone;            /* row to whose clone all goes; -1: the guest */
	unsigned ignore;      /* classes it does not send */
	msec began;           /* to be wanted so */
	int anew;             /* it was asked what is down: what was read
	                       * before is worth nothing */
	struct can can;
	unsigned slots;       /* fingers that it can tell apart */
	/* of what it has sent */
	unsigned char down[KEY_CNT / 8];
	int dropped;          /* events were lost, up to the next SYN_REPORT */
	struct input_event ev[PacketMax + 1]; /* a packet that is not whole */
	size_t n;
};

struct evdev {
	const struct evdevops *ops; /* this and grabs are set before use */
	const Grab *grabs;
	unsigned held;        /* rows: a bit for each; to be set by others */
	unsigned said;        /* and where one could not be had, as was said */
	struct device device[DeviceMax];
	struct node clone[GrabMax];
	msec heard;           /* when one has last sent something */
};
/* There may be new ones, or held is another: takes the devices of its rows, and
 * lets the others go. */
void evdev_scan(struct evdev *, msec now);
/* Classes of motion that come from devices to the guest, and by X as well. Keys
 * do too, but count once. */
unsigned evdev_moves(const struct evdev *);

#endif
