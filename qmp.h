/* See LICENSE for copyright and licence details.
 *
 * The virtual machine, by QEMU's monitor (QMP): whether it runs, what happens
 * to it, commands, and the way of keys, pointer and nodes into it. */
#ifndef QMP_H
#define QMP_H

#include "qmp/inner.h"

/* In this order. Suspended takes input, and wakes by it. */
enum vmstate { VmOff, VmStopped, VmSuspended, VmRunning };
extern const char *const vmname[];

struct qmp;
struct qmpops {
	/* vm was told, perhaps anew */
	void (*changed)(enum vmstate before, msec now);
	/* a release that was taken did not get there, or a press that may
	 * have */
	void (*lost)(unsigned key);
	/* the guest was reset: it holds nothing any more */
	void (*reset)(msec now);
	/* of an event of QEMU's: an enum event */
	void (*event)(int event, msec now);
	/* the agent in the guest has opened its port (1), or closed it (0), or
	 * it is not known (-1); perhaps anew */
	void (*port)(int open, msec now);
};

/* One command, and whom its reply is told. */
struct qmpjob {
	const char *command; /* without arguments, */
	const char *json;    /* or all of one that is json_whole; or NULL */
	struct json value;   /* of "return", until done has returned */
	char *why; /* its log_why */
	void (*done)(struct qmpjob *, int ok, msec now);
};

struct qmp {
	/* set before qmp_open: */
	const char *addr;       /* or "" */
	const char *agent;      /* address whose chardev is reported, or "" */
	struct devices devices; /* manage; driver and bus of each */

	/* to be read: */
	enum vmstate vm;
	int known;              /* told by the VM or by its absence */
	int seen;               /* there was a VM */

	const struct qmpops *ops;
	struct session session;
	struct source timer;
	pid_t pid;              /* peer.pid of the last VM */
	struct queue queue;
	struct report sent;     /* under way; type 0 and no job: nothing is */
	unsigned todo;          /* a bit for each query that is to be made */
	msec paced;             /* when the guest's queue is empty again */
	msec quiet;             /* no event for another RESET before */
	msec alive;             /* when QEMU was asked for a sign of life */
	unsigned refused;       /* said that input was: a bit for each kind */
	unsigned char unmet[KEY_CNT / 8]; /* said that the route lacks a key */
	unsigned char stuck[KEY_CNT / 8]; /* releases that are to come, */
	msec again;             /* not before */
	int stuckmouse;         /* those of buttons for the other pointer too */
	struct {
		unsigned down;  /* a bit for code % 32 */
		int relative;   /* kind of the last motion that was sent */
		int pointer;    /* kind that has them; -1: not known */
		int mice[2];    /* index of the first of each kind, or -1 */
		int side;       /* side buttons: only the mouse has them */
		msec checked;   /* when pointer was read; 0: it is unsure */
	} buttons;
};
/* With no address the VM is off, as is told. */
void qmp_open(struct qmp *, const struct qmpops *, msec hung, msec now);
/* Sends one, behind the input that waits; -1: there is no VM to take it. */
int qmp_command(struct qmp *, struct qmpjob *, msec now);
void qmp_forget(struct qmp *, struct qmpjob *); /* done is not called */
int qmp_idle(const struct qmp *); /* nothing left to send or to wait for */
/* Whether the agent's port is open is asked anew. */
void qmp_port(struct qmp *, msec now);
/* Removes the devices that were added, when the queue is empty; waits for the
 * guest up to limit. */
void qmp_leave(struct qmp *, msec limit, msec now);

/* What came at one moment; a bit for each of it that is not sent. */
unsigned qmp_input(struct qmp *, const struct input_event *, size_t, msec now);
/* A snapshot that was loaded holds what was down when it was made: as time
 * allows each key and button goes up that is not met before. */
void qmp_unstick(struct qmp *);
int qmp_knows(unsigned code); /* QEMU has a name for the key or button */
/* One goes to the guest, by whatever route; has 0: that has no code for it, as
 * is said once for each. */
void qmp_meets(struct qmp *, unsigned code, int has);
/* The evdev node for VmKeyboard, VmMouse or VmTablet is there, or may have
 * become readable: QEMU is told to read it, route is InputLinux or
 * VirtioHost. The path has to stay. */
void qmp_node(struct qmp *, int device, int route, const char *path, msec now);
/* QEMU reads the node of VmKeyboard, VmMouse or VmTablet, and the VM takes
 * input. 0: what is written there now may go to others. Asks QEMU for a sign of
 * life at times. */
int qmp_reads(struct qmp *, int device, msec now);
/* A process that still has such a node open, though it was to be removed; 0:
 * there is none. */
pid_t qmp_holds(const struct qmp *);

#endif
