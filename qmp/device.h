/* See LICENSE for copyright and licence details.
 *
 * The VM's input devices: those that it lacks are added, and those that read
 * the nodes of a route; at the end they are removed. */
#ifndef QMP_DEVICE_H
#define QMP_DEVICE_H

#include "session.h"

/* Behind the first three those that read a node. */
enum { VmKeyboard, VmMouse, VmTablet, VmNodes, VmDevices = 2 * VmNodes };

enum devstate {
	DevMissing, /* it is added, if it is wanted */
	DevRefused, /* QEMU would not; until it is looked for anew */
	DevThere,   /* the VM has one of its own */
	DevOurs,    /* it has the one of our id; which reads the node, if any */
	DevStale,   /* that one reads a node of an earlier run: is removed */
	DevGoing    /* the guest was asked to let it go: until it has */
};
/* What the lists of this round have shown. */
enum devfound { FoundNone, FoundOther, FoundOurs };

struct vmdevice {
	int driver;         /* the one to add if there is none */
	const char *bus;    /* NULL: QEMU's choice */
	const char *node;   /* the evdev node to be read */
	enum devstate state;
	enum devfound found;
	int usb;            /* behind a slow queue */
	int port;           /* bus is a port, with one place */
	msec due;           /* when it is tried again; 0: at once */
	msec until;         /* node may still become readable */
	pid_t given;        /* the QEMU that was given node; 0: none */
};

struct devices {
	struct session *session;
	struct vmdevice device[VmDevices];
	int manage;  /* add devices that are missing */
	int list;    /* the next one to be read */
	int at;      /* whom the command under way concerns */
	int leaving; /* what was added is to be removed */
	msec limit;  /* for that, or 0 */
};
void devices_up(struct devices *, msec now);
void devices_down(struct devices *);
void devices_deleted(struct devices *, struct json data); /* an event */
/* The next command that is to be sent; 0: none is. */
int devices_next(struct devices *, msec now);
msec devices_due(const struct devices *); /* when there may be one, or 0 */
void devices_timer(struct devices *, msec now);
void devices_node(struct devices *, int device, int route, const char *path,
                  msec now);
int devices_there(const struct devices *, int device);
int devices_left(const struct devices *); /* some are still to be removed */

#endif
