/* See LICENSE for copyright and licence details.
 *
 * uinput: devices of ours that the host has; one by itself, as a clone is, and
 * the three by which a route reaches the guest. */
#ifndef UINPUT_H
#define UINPUT_H

#include <linux/input.h>

#include "../qmp.h"
#include "../screenstub.h"

/* A device. */
struct node {
	struct source source; /* fd -1: there is none; never read */
	char path[32];        /* of its evdev node, or "" */
	unsigned char bits[EV_CNT][KEY_CNT / 8]; /* what it can send */
	uint32_t props;       /* a bit for each INPUT_PROP_* */
};
/* Makes one with the bits of the node; -1: it said why it could not. */
int node_create(struct node *, const char *name, const struct input_id *,
                const struct input_absinfo abs[ABS_CNT]);
void node_destroy(struct node *);
/* A packet, whose last event is SYN_REPORT, as a whole; -1: not written. */
int node_write(const struct node *, const struct input_event *, size_t);

/* Keyboard, mouse and tablet, which QEMU is told to read. */
struct uinput {
	struct qmp *qmp;
	int route;   /* InputLinux or VirtioHost */
	int pointer; /* VmMouse or VmTablet: of the last motion */
	struct node node[VmNodes];
	unsigned char down[VmNodes][KEY_CNT / 8]; /* on each */
	unsigned char unmet[KEY_CNT / 8]; /* said that it has no way */
};
/* relative: buttons before any motion are the mouse's. hires: wheels in 120th
 * of a notch too. -1: it said why it could not. */
int uinput_open(struct uinput *, struct qmp *, int route, int relative,
                int hires, msec now);
/* A child keeps nodes that QEMU would not let go until QEMU ends: it would spin
 * without. */
void uinput_close(struct uinput *);
/* A report, each event to its node. The answer has a bit for each press that
 * was not written, and for each release that is still to be. */
unsigned uinput_send(struct uinput *, const struct input_event *, size_t,
                     msec now);
/* An evdev node is there, or its rights have changed. */
void uinput_uevent(struct uinput *, const char *node, msec now);

#endif
