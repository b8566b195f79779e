/* See LICENSE for copyright and licence details.
 *
 * A connection to a socket of the VM's that is made again when it is lost, and
 * brings JSON messages. */
#ifndef QMP_PEER_H
#define QMP_PEER_H

#include "../core/loop.h"
#include "json.h"

enum { OutMax = 64 * 1024 };

enum peerstate {
	PeerDown,       /* the next attempt comes, or none is wanted */
	PeerConnecting, /* until the kernel says whether it is taken */
	PeerGreeting,   /* connected: what comes is for whoever makes it up */
	PeerUp          /* in use */
};

/* Beside errno: why there is no connection. */
enum { NoGreeting = -1, WrongGreeting = -2 };

/* An agent's socket may hold what was meant for others. */
enum peermark {
	MarkNone,   /* all that comes is ours */
	MarkWanted, /* what comes before 0xff is not */
	MarkSeen    /* it came */
};

struct peer;
struct peerops {
	const char *name;  /* in messages */
	size_t limit;      /* of one message */
	const char *held;  /* what it means that nobody greets */
	const char *wrong; /* what it is when something else does */
	void (*connected)(struct peer *, msec now);
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
	msec eager;          /* until then it is tried often */
	int why;             /* of the last failure */
	unsigned char said[32]; /* a bit for each that was reported */
	struct framer in;
	enum peermark mark;
	char out[OutMax];
	size_t outlen;
};
void peer_init(struct peer *, const struct peerops *, const char *addr);
/* Makes an attempt, and one a second for the next minute. */
void peer_connect(struct peer *, msec now);
/* The connection is of no use, why 0: it is lost; the next one is made. */
void peer_drop(struct peer *, int why, msec now);
void peer_close(struct peer *); /* closed is not called */
void peer_free(struct peer *);
/* Says why there is no connection, once for each reason until one is up. */
void peer_say(struct peer *, int why);
/* What fits is sent, the rest kept; -1: it is of no use any more. */
int peer_send(struct peer *, const char *, size_t);
void peer_state(struct peer *, enum peerstate, msec due);

#endif
