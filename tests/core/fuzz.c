/* See LICENSE for copyright and licence details.
 *
 * A fuzz target for the control socket: the variable FUZZ is "control". An
 * input is datagrams, each behind two bytes of its length; in between those who
 * asked are answered. It is meant for libFuzzer; fuzzmain.c has what it calls.
 *
 * core/control.c is included, so that its socket is this file; core/task is
 * replaced by a few lines, so that no action is carried out. All else is the
 * program's own. */
#include <sys/socket.h>
#include <sys/stat.h>

#include <dirent.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static ssize_t fakerecv(int, void *, size_t, int, struct sockaddr *,
                        socklen_t *);
static ssize_t fakesend(int, const void *, size_t, int,
                        const struct sockaddr *, socklen_t);

#define recvfrom fakerecv
#define sendto fakesend
#include "../../core/control.c"
#undef recvfrom
#undef sendto

#include "input.h"
#include "../lib/fuzz.h"

static void fuzzcontrol(const unsigned char *, size_t);

static const struct fuzztarget target[] = {
	{ "control", fuzzcontrol },
};

static struct {
	const unsigned char *in; /* the datagram */
	size_t n;
	unsigned answers, busy;
	char last[RequestMax + 1];
} w;

static struct control control;
static struct tasks tasks;

static ssize_t
fakerecv(int fd, void *buf, size_t size, int flags, struct sockaddr *from,
         socklen_t *len)
{
	must(fd == 7 && flags == MSG_TRUNC, "recvfrom");
	must(*len >= sizeof(sa_family_t), "no room for who asks");
	memset(from, 0, *len);
	*len = sizeof(sa_family_t);
	memcpy(buf, w.in, w.n < size ? w.n : size);
	return w.n;
}

static ssize_t
fakesend(int fd, const void *buf, size_t n, int flags,
         const struct sockaddr *to, socklen_t len)
{
	must(fd == 7 && !flags && to && len, "sendto");
	must(n && n <= RequestMax, "%zu bytes of an answer", n);
	must(strlen(buf) == n - 1, "an answer that is not one text");
	memcpy(w.last, buf, n);
	w.answers++;
	return n;
}

/* ---- in place of core/task ---- */

struct task *
task_new(struct tasks *ts)
{
	static char why[LineMax];
	size_t i;

	for (i = 0; i < TaskMax; i++) {
		if (ts->task[i].state != TaskFree)
			continue;
		memset(&ts->task[i], 0, sizeof(ts->task[i]));
		ts->task[i].state = TaskRuns;
		ts->task[i].of = ts;
		ts->task[i].job.means = ts->means;
		ts->task[i].job.why = why;
		return &ts->task[i];
	}
	return NULL;
}

/* Whatever follows the action's name are words of the datagram, to the last. */
void
task_add(struct task *t, Action *action, Arg arg)
{
	const struct client *c = t->client;
	const char *const *word = c->argv;
	const char *end = c->buf + w.n;
	char text[JobText];

	must(c->busy && c < control.client + TaskMax + 1, "whose is it?");
	for (; *word; word++) {
		must(word < c->argv + RequestMax, "too many words");
		must(*word >= c->buf && *word < end &&
		    memchr(*word, 0, end - *word), "a word without an end");
	}
	must(!action_wrong(t->job.means, action, &arg), "an argument");
	action_text(text, sizeof(text), action, &arg);
	must(!strncmp(text, *c->argv, strlen(*c->argv)),
	    "%s was asked for", *c->argv);
}

void
task_run(struct task *t, msec now)
{
	(void)now;
	t->state = TaskWaits;
}

void
task_event(struct tasks *ts, enum event e, msec now)
{
	(void)ts;
	(void)e;
	(void)now;
}

/* Its reason may be whatever a log's line may be. */
static void
taskends(struct task *t, unsigned chance)
{
	size_t n = chance * 37 % LineMax;

	t->failed = chance & 1;
	memset(t->job.why, 'w', n);
	t->job.why[n] = '\0';
	w.answers = 0;
	control_ended(&control, t);
	must(w.answers == 1, "%u answers at the end", w.answers);
	must(!strncmp(w.last, t->failed ? "failed" : "done", 4), "%s", w.last);
	must(!t->client->busy, "it still waits");
	t->state = TaskFree;
	w.busy--;
}

/* ---- the target ---- */

static void
begin(void)
{
	static const Grab grabs[] = {
		{ "x", X, Mouse | Confine, 0, 0, NULL, NULL },
		{ "other", X, 0, 0, 0, NULL, NULL },
		{ 0 }
	};
	static const Hotkey none[] = { { 0 } };
	static const Remap remaps[] = { { 0 } };
	static const Monitor monitors[] = { { 0 } };
	static const struct inputconf conf = {
		.hotkeys = none, .emergency = none, .remaps = remaps,
		.grabs = grabs
	};
	static const struct inputops ops;
	static struct qmp qmp = { .addr = "" };
	static struct agent agent;
	static struct ddc ddc = { .rows = monitors, .only = -1 };
	static const struct showops showops;
	static struct show show;
	static struct means means = {
		.qmp = &qmp, .agent = &agent, .ddc = &ddc, .show = &show,
		.grabs = grabs, .hotkeys = none, .emergency = none,
	};

	if (means.input)
		return;
	agent.peer.addr = "";
	means.input = input_open(&conf, &ops, &qmp, 0);
	show_open(&show, &means, &showops);
	tasks.means = &means;
	control.tasks = &tasks;
	control.source.fd = 7;
}

void
fuzzcontrol(const unsigned char *p, size_t n)
{
	unsigned char *whole;
	unsigned chance;
	size_t len, i;

	begin();
	while (n >= 2) {
		len = p[0] | p[1] << 8;
		chance = p[1] >> 5;
		p += 2;
		n -= 2;
		len %= 2 * RequestMax;
		len = len < n ? len : n;
		w.in = whole = copied(p, len);
		w.n = len;
		w.answers = 0;
		*w.last = '\0';
		control_ready(&control.source, 0);
		must(!len == !w.answers, "%u answers", w.answers);
		w.busy += w.answers && !*w.last;
		free(whole);
		p += len;
		n -= len;
		for (i = 0; i < TaskMax; i++)
			if (tasks.task[i].state != TaskFree && chance &&
			    (i + chance) % 4 == 0)
				taskends(&tasks.task[i], chance + i + len);
	}
	for (i = 0; i < TaskMax; i++)
		if (tasks.task[i].state != TaskFree)
			taskends(&tasks.task[i], i);
	must(!w.busy, "%u still wait", w.busy);
}

void
writeseeds(const char *dir)
{
#define WORDS(text) { text, sizeof(text) }
	static const struct {
		const char *text;
		size_t n;
	} list[] = {
		WORDS("status"), WORDS("grab\0x"), WORDS("togglegrab\0other"),
		WORDS("exec\0true\0-a"), WORDS("guestexec\0/bin/sh\0-c\0"),
		WORDS("showguest"), WORDS("showhost\0now"), WORDS("emergency"),
		WORDS("guestkeys\0ctrl+alt+delete"),
		WORDS("qmp\0{\"execute\":\"query-status\"}"),
		WORDS("vmpause\0"), WORDS("nonsense"), WORDS("exec"),
		WORDS("grab\0\0"), WORDS(""), { "no end", 6 },
	};
	static unsigned char out[40 * 40];
	size_t i, n = 0;
	int num = 0;

	for (i = 0; i < LENGTH(list); i++) {
		out[n] = list[i].n;
		memcpy(out + n + 2, list[i].text, list[i].n);
		writeseed(dir, &num, out + n, list[i].n + 2);
		n += list[i].n + 2;
	}
	writeseed(dir, &num, out, n);
	memset(out, 0, sizeof(out));
	out[1] = 5; /* 1280 empty words */
	memcpy(out + 2, "exec", 4);
	writeseed(dir, &num, out, 1282);
	for (i = 0; i < 20; i++) /* more than there is room for */
		memcpy(out + 12 * i, "\012\0showguest", 12);
	writeseed(dir, &num, out, 12 * i);
}

#include "../lib/fuzzmain.c"
