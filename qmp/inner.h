/* See LICENSE for copyright and licence details.
 *
 * What the rooms of this wing have for each other, from below: JSON, the
 * connection, QEMU's monitor, input as it takes it, its devices. */
#ifndef QMP_INNER_H
#define QMP_INNER_H

#include <linux/input.h>

#include "../core/loop.h"

/* ---- json ---- */

/* JSON in place: where a message ends in a stream, and its members by name. It
 * looks at structure, and never beyond the end; whether words and numbers are
 * right is for those who ask for one. */

/* A value inside a message. */
struct json {
	const char *s, *end;
};
int json_true(struct json);
int json_int(struct json, int64_t *);  /* -1: it is none, or out of range */
/* The next item of an array, or name or value of an object; it->s NULL: the
 * first. -1: there is none. */
int json_item(struct json, struct json *it);
/* The first member of that name; empty: there is none, or obj is no object. */
struct json json_member(struct json obj, const char *name);
/* Decodes a string to UTF-8 with NUL; -1: no string, and out is empty, or too
 * long, and out is its beginning. size is above 0. */
int json_text(struct json, char *out, size_t size);
/* Both at once. */
int json_string(struct json obj, const char *name, char *out, size_t size);
/* Writes s as a JSON string; its length without NUL, size: it is too long. */
size_t json_quote(char *out, size_t size, const char *s);

/* It holds one object and no more, and nothing that QEMU's lexer does not take,
 * which may answer that twice or swallow what follows. What else may be wrong
 * QEMU says. */
int json_whole(const char *);

/* Finds the ends of messages in a stream that comes in any pieces; 0xff, which
 * is in no text, ends what came before. */
struct framer {
	char *buf; /* of limit bytes, of which only those that come are used */
	size_t len, limit;
	struct scan {
		size_t depth;       /* of brackets */
		int string, escape; /* within one, behind its backslash */
	} scan;
};
/* 1: a message is complete in buf; -1: this can't become one. */
int framer_byte(struct framer *, char);
void framer_reset(struct framer *);

/* ---- peer ---- */

/* A connection to a socket of the VM's that is made again when it is lost, and
 * brings JSON messages. */

/* Each nearer to use than the one before. */
enum peerstate {
	PeerDown,       /* the next attempt comes, or none is wanted */
	PeerConnecting, /* until the kernel says whether it is taken */
	PeerGreeting,   /* connected: what comes is for whoever makes it up */
	PeerUp          /* in use */
};

/* Beside errno: why there is no connection. */
enum { NoGreeting = -1, WrongGreeting = -2, Nonsense = -3, Stranger = -4 };

struct peer;
struct peerops {
	const char *name;  /* in messages */
	size_t limit;      /* of one message */
	int shared;        /* until it is up, what comes may be for others */
	msec greets;       /* ms in which that is up, or late is told */
	void (*connected)(struct peer *, msec now); /* or NULL */
	void (*message)(struct peer *, struct json, msec now);
	void (*late)(struct peer *, msec now); /* sock.due is past */
	void (*closed)(struct peer *, msec now);
};

struct peer {
	struct source sock;
	const struct peerops *ops;
	const char *addr;
	enum peerstate state;
	pid_t pid;           /* who listens there; 0: not known */
	int why, said;       /* of the last failure; the last one reported */
	struct framer in;
};
/* What is wrong with an address, "" being none; NULL: nothing. */
const char *peer_wrong(const char *addr);
void peer_init(struct peer *, const struct peerops *, const char *addr);
/* Makes an attempt, and one a second until it is up. */
void peer_connect(struct peer *, msec now);
/* The connection is of no use, why 0: it is lost; the next one is made. */
void peer_drop(struct peer *, int why, msec now);
void peer_close(struct peer *); /* closed is not called */
/* Says why there is no connection, if it is another reason than before. */
void peer_say(struct peer *, int why);
/* A command, for which the socket must have room. */
void peer_send(struct peer *, const char *);
void peer_state(struct peer *, enum peerstate, msec due);

/* What came of a command. */
struct answer {
	int ok;
	struct json value; /* of "return", or of "error" */
	char text[200];    /* of an error, or "" */
};
/* 0: the message is none. */
int answer_read(struct answer *, struct json message);

/* ---- session ---- */

/* QEMU's monitor: the greeting, then one command at a time and its reply, and
 * events. */

typedef void Replied(void *who, const struct answer *, msec now);

struct session;
struct sessionops {
	void (*up)(struct session *, msec now); /* commands are taken */
	/* there is no connection, or nobody who greets; what was under way
	 * was not answered */
	void (*down)(struct session *, msec now);
	void (*event)(struct session *, const char *name, struct json data,
	              msec now);
	void (*next)(struct session *, msec now); /* something came */
};
struct session {
	struct peer peer;
	const struct sessionops *ops;
	msec hung;        /* limit of a reply */
	Replied *replied; /* of the command under way; NULL: there is none */
	void *who;
	int whole; /* that is from outside, and json_whole */
};
void session_open(struct session *, const struct sessionops *,
                  const char *addr, msec hung, msec now);
int session_idle(const struct session *); /* a command may be sent now */
/* It counts as sent even if the connection is broken: then it fails with it.
 * args: a JSON object, or ""; of a command that is whole name is "". */
void session_command(struct session *, const char *name, const char *args,
                     Replied *replied, void *who, msec now);

/* ---- keys, report ---- */

/* Input as QEMU takes it, and the queue in which it waits, with the commands
 * that go behind it. */

/* QEMU's name of a KEY_* (QKeyCode), or NULL. */
const char *qmp_keyname(unsigned code);
unsigned qmp_keycode(const char *name); /* or 0 */
/* The version that brought it; NULL: all have it, or none. */
const char *qmp_keysince(unsigned code);

enum { ReportMax = 8, QueueMax = 512, ArgsMax = 1200 };
/* Of a place; of motion, for Windows' vioinput cuts off what is more. */
enum { AbsMax = 0x7fff, RelMax = 127 };

/* A key, a button or a wheel; motion, whose x and y go together; or a command
 * of somebody's. */
struct report {
	int type, code;     /* as evdev has them; 0: a command, or nothing */
	int value[2];       /* of motion x and y; of a place -1: not told */
	struct qmpjob *job; /* the command */
};
struct report report_of(const struct input_event *);
int report_moves(const struct report *); /* it is motion */
/* Its arguments; the command. */
const char *report_json(char *args, size_t, const struct report *);

struct queue {
	struct report report[QueueMax]; /* in the order in which they go */
	size_t n;
};
/* Motion is merged with motion; releases always have room. 0: it is full. */
int queue_put(struct queue *, struct report);
/* As much of the first as a device takes at once. */
struct report queue_next(const struct queue *);
void queue_took(struct queue *, const struct report *);
void queue_del(struct queue *, size_t i);

/* ---- device ---- */

/* The VM's input devices: those that it lacks are added, and those that read
 * the nodes of a route; at the end they are removed. */

/* Behind the first three those that read a node. */
enum { VmKeyboard, VmMouse, VmTablet, VmNodes, VmDevices = 2 * VmNodes };

/* From DevThere on the VM has it, from DevOurs on it is ours. */
enum devstate {
	DevMissing, /* it is added, if it is wanted */
	DevRefused, /* QEMU would not; until it is looked for anew */
	DevThere,   /* the VM has one of its own */
	DevOurs,    /* it has the one of our id; which reads the node, if any */
	DevStale,   /* that one reads a node of an earlier run: is removed */
	DevGoing    /* the guest was asked to let it go: until it has */
};
struct vmdevice {
	int driver;         /* the one to add if there is none */
	const char *bus;    /* NULL: QEMU's choice; on PCI a port */
	const char *node;   /* the evdev node to be read */
	enum devstate state;
	int usb;            /* behind a slow queue */
	msec due;           /* when it is tried again; 0: at once */
	msec until;         /* node may still become readable */
	pid_t given;        /* the QEMU that was given node; 0: none */
};

struct devices {
	struct session *session;
	struct vmdevice device[VmDevices];
	int manage;  /* add devices that are missing */
	int look;    /* -c: only tell which there are, until 0 again */
	int early;   /* but not yet: the VM may be about to be restored */
	size_t list; /* the next one to be read */
	int at;      /* whom the command under way concerns */
	int leaving; /* what was added is to be removed */
	int told;    /* what it means that one was added */
	msec limit;  /* for that, until all are; or 0 */
};
void devices_begin(struct devices *, msec now); /* nothing is known */
void devices_deleted(struct devices *, struct json data); /* an event */
/* The next command that is to be sent; 0: none is. */
int devices_next(struct devices *, msec now);
msec devices_due(struct devices *, msec now); /* when there may be one, or 0 */
void devices_node(struct devices *, int device, int route, const char *path,
                  msec now);

#endif
