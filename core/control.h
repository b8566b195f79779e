/* See LICENSE for copyright and licence details.
 *
 * The control socket, $XDG_RUNTIME_DIR/screenstub-N.sock: an instance takes
 * actions there, -e and -w hand them over. A request is a packet of words, each
 * with its NUL; answers are packets of text: at once "busy" or what is to be
 * printed, or "", if it was taken, then "done", "failed" or "failed: why". */
#ifndef CONTROL_H
#define CONTROL_H

#include <sys/un.h>

#include "core/task.h"

enum { RequestMax = 4096, ReplyMax = 1 << 18 };

struct client {
	int busy;
	struct sockaddr_un from;
	socklen_t fromlen;
	char buf[RequestMax];
	const char *argv[RequestMax + 1];
	unsigned keys[RequestMax];
};

struct control {
	struct source source;
	char path[sizeof(((struct sockaddr_un *)0)->sun_path)]; /* to be
	                                 * unlinked, or "" */
	int killed;                     /* the instance before was */
	struct client client[TaskMax + 1]; /* each has a task, but for one */
	struct tasks *tasks;
};

/* The path for -s N, N -1: without; "": XDG_RUNTIME_DIR is no use. */
void control_path(char *path, size_t size, int n);

int control_there(const char *path); /* is there an instance? */
int control_wrong(const char *path); /* is it no use, as is said? */

/* The instance. Dies if there is one already; without a place for the socket
 * there is none, as is said. */
void control_open(struct control *, const char *path, struct tasks *);
/* Tells who asked. */
void control_ended(struct control *, struct task *);

/* For an instance to take what it is asked for, in s. It may be busy, also in
 * the kernel: some devices are not gone in a moment. Who can do without it
 * waits for less. */
enum { TakeSoon = 2, TakeLimit = 10 };

/* Who asks: hands words over, and prints what the instance has to say. 0: it
 * was done; 1: it failed, as was said; -1: there is none; -2: it does not
 * answer, or take it, as was said. */
int control_request(const char *path, int argc, char *const argv[], int limit);

#endif
