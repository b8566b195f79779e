/* See LICENSE for copyright and licence details.
 *
 * QEMU's monitor: the greeting, then one command at a time and its reply, and
 * events. */
#ifndef QMP_SESSION_H
#define QMP_SESSION_H

#include "peer.h"

/* What came of a command. */
struct answer {
	int ok;
	struct json value; /* of "return", or of "error" */
	const char *text;  /* QEMU's, of an error, or "" */
};
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
	int version;      /* of QEMU: 702 is 7.2; 0: it has not greeted */
	Replied *replied; /* of the command under way; NULL: there is none */
	void *who;
};
void session_open(struct session *, const struct sessionops *,
                  const char *addr, msec hung, msec now);
int session_free(const struct session *); /* a command may be sent now */
/* It counts as sent even if the connection is broken: then it fails with it. */
void session_send(struct session *, const char *cmd, size_t n, Replied *,
                  void *who, msec now);
/* args: a JSON object, or NULL. */
void session_command(struct session *, const char *name, const char *args,
                     Replied *, void *who, msec now);

#endif
