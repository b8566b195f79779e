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
	char path[sizeof(((struct sockaddr_un *)0)->sun_path)]; /* to be
	                                 * unlinked, or "" */
	struct client client[ClientMax];
	struct tasks *tasks;
};

/* The path for -s N, N -1: without; "": XDG_RUNTIME_DIR is no use. */
void control_path(char *path, size_t size, int n);

/* The instance. Dies if there is one already. */
void control_open(struct control *, const char *path, struct tasks *);
void control_ended(struct task *);    /* tells who asked how it went */

/* Who asks: hands words over, and prints what the instance has to say. 0: it
 * was done; 1: it failed; -1: there is none, or it did not answer in time, or
 * has no time, as was said. */
int control_request(const char *path, int argc, char *const argv[]);
/* 1: an instance is there and answers soon. */
int control_answers(const char *path);

#endif
