/* See LICENSE for copyright and licence details.
 *
 * The control socket, $XDG_RUNTIME_DIR/screenstub-N.sock: an instance takes
 * actions there, -e and -w hand them over. Words end in NUL, the request at the
 * end of file; the answer's last line is "done", "failed" or "failed: why". */
#ifndef CONTROL_H
#define CONTROL_H

#include <sys/un.h>

#include "core/task.h"

enum { RequestMax = 4096, ClientMax = 8 };

struct client {
	struct source source;
	struct control *of;
	int busy;
	char buf[RequestMax];
	size_t len;
	const char *argv[RequestMax + 1];
};

struct control {
	struct source source;
	char path[sizeof(((struct sockaddr_un *)0)->sun_path)]; /* or "" */
	struct client client[ClientMax];
	struct tasks *tasks;
	msec limit; /* for a client to say all that it wants */
	/* What -e status prints; its length is below size. */
	void (*status)(char *out, size_t size);
};

/* The path for -s N, N -1: without; "": XDG_RUNTIME_DIR is no use. */
void control_path(char *path, size_t size, int n);

/* The instance. Dies if there is one already. */
void control_open(struct control *, const char *path);
void control_close(struct control *); /* also before _exit */
void control_ended(struct task *);    /* tells who asked how it went */

/* Who asks. A connection on which each wait is no longer than limit; -1: there
 * is no instance, errno says why. */
int control_call(const char *path, msec limit);
/* Hands words over, prints what it has to say, and closes the connection. 0: it
 * was done; 1: it failed; -1: it did not answer, or has no time. */
int control_request(int fd, int argc, char *const argv[]);
/* 1: an instance is there and answers in time. */
int control_answers(const char *path);

#endif
