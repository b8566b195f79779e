/* See LICENSE for copyright and licence details.
 *
 * First the instance's side: a socket, and a few clients, each of which says
 * one thing. Then that of who asks, which waits, and has no loop. */
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/control.h"

enum {
	ProbeLimit = 2000,   /* ms, for an instance to be one */
	RequestLimit = 60000 /* for what it was asked to do */
};

void
control_path(char *path, size_t size, int n)
{
	const char *dir = getenv("XDG_RUNTIME_DIR");
	size_t len = snprintf(path, size, n < 0 ? "%s/screenstub-all.sock" :
	    "%s/screenstub-%d.sock", dir ? dir : "", n);

	if (!dir || *dir != '/' || len >= size)
		*path = '\0';
}

/* ---- clients ---- */

/* The whole answer is shorter than any socket's buffer. */
static void
client_answer(struct client *c, const char *text)
{
	source_del(&c->source);
	send(c->source.fd, text, strlen(text), MSG_NOSIGNAL);
	shutdown(c->source.fd, SHUT_RDWR); /* a child may have a copy */
	close(c->source.fd);
	c->busy = 0;
}

void
control_ended(struct task *t)
{
	if (t->client)
		client_answer(t->client, t->failed ? "failed\n" : "done\n");
}

static void
client_act(struct client *c, int words, msec now)
{
	char text[RequestMax];
	struct task *t;
	Action *action;
	Arg arg;

	if (words == 1 && !strcmp(c->argv[0], "status")) {
		status_lines(c->of->tasks->means, text, sizeof(text) -
		    sizeof("done\n"));
		client_answer(c, strcat(text, "done\n"));
	} else if (!(action = action_parse(words, c->argv, &arg)))
		client_answer(c, "failed: no such action, or wrong "
		    "arguments\n");
	else if (!(t = task_new(c->of->tasks)))
		client_answer(c, "failed: busy\n");
	else {
		t->client = c;
		task_add(t, action, arg);
		task_run(t, now);
	}
}

static void
client_read(struct source *s, unsigned got, msec now)
{
	struct client *c = OWNER(s, struct client, source);
	size_t i, words = 0;
	ssize_t n;

	n = read(s->fd, c->buf + c->len, sizeof(c->buf) - c->len);
	if (n > 0)
		c->len += n;
	if (got && (n < 0 ? errno == EAGAIN : n && c->len < sizeof(c->buf)))
		return;
	if (!got || n != 0 || !c->len || c->buf[c->len - 1]) {
		client_answer(c, "failed: bad request\n");
		return;
	}
	source_del(s);
	for (i = 0; i < c->len; i += strlen(c->buf + i) + 1)
		c->argv[words++] = c->buf + i;
	c->argv[words] = NULL;
	client_act(c, words, now);
}

/* ---- the instance's socket ---- */

static void
control_ready(struct source *s, unsigned got, msec now)
{
	struct control *k = OWNER(s, struct control, source);
	struct client *c;
	int fd;

	(void)got;
	fd = accept4(s->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	for (c = k->client; c < k->client + ClientMax && c->busy; c++)
		;
	if (fd < 0 || c == k->client + ClientMax) {
		close(fd);
		return;
	}
	c->of = k;
	c->busy = 1;
	c->len = 0;
	c->source = (struct source){ fd, Readable, now +
	    k->tasks->means->limit, client_read, NULL };
	if (source_add(&c->source) < 0)
		client_answer(c, "failed: busy\n");
}

/* One instance for each path: the lock tells, which no child has, for a socket
 * stays behind when its owner is killed. */
void
control_open(struct control *k, const char *path, struct tasks *tasks)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	struct flock lock = { .l_type = F_WRLCK };
	char name[sizeof(un.sun_path) + 8];
	mode_t mask;
	int fd, r;

	if (!*path) {
		warn("control: XDG_RUNTIME_DIR is not set or too long: no "
		     "socket for -e");
		return;
	}
	snprintf(name, sizeof(name), "%s.lock", path);
	fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		die("control: %s:", name);
	if (fcntl(fd, F_SETLK, &lock) < 0)
		die("control: %s: already running", path);
	unlink(path); /* of one that was killed */
	strcpy(un.sun_path, path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	mask = umask(0177);
	r = bind(fd, (struct sockaddr *)&un, sizeof(un));
	umask(mask);
	if (r < 0 || listen(fd, ClientMax) < 0)
		die("control: %s:", path);
	strcpy(k->path, path);
	k->tasks = tasks;
	k->source = (struct source){ fd, Readable, 0, control_ready, NULL };
	source_add(&k->source);
}

/* ---- who asks ---- */

/* How long the answer is; 0: there is none; -1: there is no instance, errno
 * says why. */
static ssize_t
control_ask(const char *path, msec limit, int argc, char *const argv[],
            char text[RequestMax])
{
	struct timeval t = { limit / 1000, limit % 1000 * 1000 };
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), i;
	ssize_t n = 0, len = 0;

	snprintf(un.sun_path, sizeof(un.sun_path), "%s", *path ? path : "/");
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &t, sizeof(t));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &t, sizeof(t));
	if (connect(fd, (struct sockaddr *)&un, sizeof(un)) < 0)
		return -1;
	for (i = 0; i < argc; i++)
		if (send(fd, argv[i], strlen(argv[i]) + 1, MSG_NOSIGNAL) < 0)
			break; /* what it says now tells why */
	shutdown(fd, SHUT_WR);
	while (len < RequestMax - 1 &&
	    (n = read(fd, text + len, RequestMax - 1 - len)) > 0)
		len += n;
	close(fd);
	text[len] = '\0';
	return n < 0 || !len || text[len - 1] != '\n' ? 0 : len;
}

int
control_request(const char *path, int argc, char *const argv[])
{
	char text[RequestMax], *last;
	ssize_t len = control_ask(path, RequestLimit, argc, argv, text);

	if (len < 0)
		warn("control: is screenstub running, with the same -s and "
		     "XDG_RUNTIME_DIR?:");
	else if (!len)
		warn("control: %s: no answer", argv[0]);
	if (len <= 0)
		return -1;
	text[len - 1] = '\0';
	last = strrchr(text, '\n'); /* the line that tells how it went */
	last = last ? last + 1 : text;
	printf("%.*s", (int)(last - text), text);
	if (!strcmp(last, "done"))
		return 0;
	warn("control: %s: %s", argv[0], last);
	return strcmp(last, "failed: busy") ? 1 : -1;
}

int
control_answers(const char *path)
{
	char text[RequestMax], word[] = "status", *argv[] = { word };
	ssize_t len = control_ask(path, ProbeLimit, 1, argv, text);

	if (!len)
		warn("control: the running instance does not answer: without "
		     "it");
	return len > 0;
}
