/* See LICENSE for copyright and licence details.
 *
 * First the instance's side. Then that of who asks, which waits, and has no
 * loop. */
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/control.h"

enum {
	AskLook = 2,      /* s, between two looks whether it is still there */
	RequestLimit = 60 /* s, for what it was asked to do */
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

/* One that is hung may be there, too. */
int
control_there(const char *path)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0), there;

	strcpy(un.sun_path, path);
	there = *path && connect(fd, (struct sockaddr *)&un, sizeof(un)) == 0;
	close(fd);
	return there;
}

int
control_wrong(const char *path)
{
	if (!*path)
		warn("control: no socket for -e: XDG_RUNTIME_DIR is not set, "
		    "or too long");
	return !*path;
}

/* ---- the instance ---- */

/* Nobody waits for a client that does not listen. -1: it is not told. */
static int
client_send(struct control *k, const struct client *c, const char *s, size_t n)
{
	return n < ReplyMax && sendto(k->source.fd, s, n, 0,
	    (const struct sockaddr *)&c->from, c->fromlen) >= 0 ? 0 : -1;
}

static void
client_tell(struct control *k, const struct client *c, const char *text)
{
	client_send(k, c, text, strlen(text) + 1);
}

void
control_ended(struct control *k, struct task *t)
{
	struct json said = t->job.qmp.value;
	char text[LineMax + 16] = "done";

	if (!t->client)
		return;
	if (t->failed)
		sprintf(text, *t->job.why ? "failed: %s" : "failed",
		    t->job.why);
	else if (t->row->action == qmp && client_send(k, t->client, said.s,
	    said.end - said.s) < 0)
		strcpy(text, "failed: the reply is too long");
	client_tell(k, t->client, text);
	t->client->busy = 0;
}

static void
client_act(struct control *k, struct client *c, int words, msec now)
{
	char text[RequestMax] = "failed: ";
	struct task *t;
	Action *action;
	Arg arg;

	if (words == 1 && !strcmp(c->argv[0], "status")) {
		status_lines(k->tasks->means, text, sizeof(text));
		client_tell(k, c, text);
		client_tell(k, c, "done");
		return;
	}
	action = action_parse(k->tasks->means, words, c->argv, &arg,
	    c->keys, text + strlen(text));
	if (action && k->tasks->means->once) { /* -t: its end is the host */
		action = action == quit || action == showhost ||
		    action == emergency ? quit : NULL;
		strcpy(text, "failed: a trial is under way");
	}
	t = action ? task_new(k->tasks) : NULL;
	client_tell(k, c, !action ? text : t ? "" : "busy");
	if (!t)
		return;
	c->busy = 1;
	t->client = c;
	task_add(t, action, arg);
	task_run(t, now);
}

static void
control_ready(struct source *s, msec now)
{
	struct control *k = OWNER(s, struct control, source);
	struct client *c = k->client;
	int words = 0;
	ssize_t n, i;

	while (c->busy)
		c++;
	c->fromlen = sizeof(c->from);
	n = recvfrom(s->fd, c->buf, sizeof(c->buf), MSG_TRUNC,
	    (struct sockaddr *)&c->from, &c->fromlen);
	if (n <= 0)
		return;
	if (n > (ssize_t)sizeof(c->buf) || c->buf[n - 1]) {
		client_tell(k, c, "failed: bad request");
		return;
	}
	for (i = 0; i < n; i += strlen(c->buf + i) + 1)
		c->argv[words++] = c->buf + i;
	c->argv[words] = NULL;
	client_act(k, c, words, now);
}

void
control_open(struct control *k, const char *path, struct tasks *tasks)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	int fd, room = ReplyMax;

	if (control_wrong(path))
		return;
	strcpy(un.sun_path, path);
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &room, sizeof(room));
	fchmod(fd, 0600); /* on Linux that is what the name gets */
	if (bind(fd, (struct sockaddr *)&un, sizeof(un)) < 0) {
		if (control_there(path))
			die("control: %s: already running", path);
		k->killed = unlink(path) == 0;
		if (bind(fd, (struct sockaddr *)&un, sizeof(un)) < 0) {
			warn("control: %s: no socket for -e:", path);
			close(fd);
			return;
		}
	}
	strcpy(k->path, path);
	k->tasks = tasks;
	k->source = (struct source){ .fd = fd,
	    .events = Readable, .ready = control_ready };
	source_add(&k->source);
}

/* ---- who asks: ends soon, so nothing is closed ---- */

int
control_request(const char *path, int argc, char *const argv[], int limit)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	struct timeval look = { .tv_sec = AskLook };
	const char *why = "no answer; it may still be done";
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0), i, taken = 0;
	char text[ReplyMax], *line;
	size_t len = 0;
	ssize_t n;

	if (!*path)
		return -1;
	for (i = 0; i < argc && len < RequestMax; i++)
		len += snprintf(text + len, RequestMax - len, "%s",
		    argv[i]) + 1;
	if (i < argc || len > RequestMax) {
		warn("control: %s: too many words", argv[0]);
		return 1;
	}
	strcpy(un.sun_path, path);
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &look, sizeof(look));
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &look, sizeof(look));
	if (connect(fd, (struct sockaddr *)&un, sizeof(un)) < 0)
		return -1;
	/* a name of the kernel's, where only the instance can send answers */
	bind(fd, (struct sockaddr *)&un, sizeof(un.sun_family));
	send(fd, text, len, MSG_NOSIGNAL);
	for (i = 0; i < limit; i += AskLook) {
		n = recv(fd, text, sizeof(text) - 1, 0);
		if (n < 0) { /* it may have been killed: then this fails */
			if (!taken || send(fd, "", 0, MSG_NOSIGNAL) >= 0)
				continue;
			why = "the instance has ended";
			break;
		}
		text[n] = '\0';
		if (!strcmp(text, "done"))
			return 0;
		if (!strncmp(text, "failed", 6)) {
			warn("control: %s: %s", argv[0], text);
			return 1;
		}
		if (!strcmp(text, "busy")) {
			why = "too much is under way";
			break;
		}
		taken = 1;
		limit = RequestLimit;
		if (!log_failed)
			printf(n && text[n - 1] ? "%s\n" : "%s", text);
		for (line = strtok(text, "\n"); log_failed && line;
		    line = strtok(NULL, "\n"))
			if (!strcmp(line, "vm off"))
				warn("status: vm off");
			else
				note(0, "status: %s", line);
	}
	warn("control: %s: %s", argv[0], why);
	return -2;
}
