/* See LICENSE for copyright and licence details.
 *
 * For bench.sh: what keys and motion cost with qmp.c beyond what QEMU takes
 * for the same bytes, whether fewer bytes would do, and motion that comes
 * faster than QEMU takes it. DIR is that of a guest that runs (guest.sh).
 *
 *   bench-qmp pace DIR    times of commands: qmp.c, and a bare client
 *   bench-qmp small DIR   shorter commands, and what the guest gets of them
 *   bench-qmp burst DIR   motion at the rate of fast mice
 *
 * Files that they make in DIR: KIND.ours and KIND.bare, us of a command in
 * each round; burst.lag, burst.two; and tables for people: pace, small, burst.
 *
 * Ours is qmp.c with core/loop, without X: qmp_input, and
 * it is served until it is idle. The bare client writes the bytes that ours
 * has written, waits by select too, for one descriptor and without a limit,
 * and looks only at how a line of the reply begins. Both keep a monitor of
 * their own, for QEMU serves one client on each and a new connection is not
 * what is measured; at half time they change places. */
#include <sys/inotify.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <sys/un.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "../../qmp.h"

enum {
	Rounds = 240, Each = 10, /* commands of a client in a round */
	Some = 200,              /* commands for a median */
	BurstRounds = 5, BurstTime = 2, /* s */
	Far = 1000,              /* a motion that qmp.c never sends at once */
	CommandMax = 512, Again = 1000, Hung = 5000, Limit = 60,
	Second = 1000000000
};

/* What is sent in turns, so that nothing adds up. */
struct what {
	const char *name, *text;
	struct input_event ev[2][2];
	size_t n;
	const char *device;   /* the guest's name of it */
	/* what shows in the guest that all before was seen: %d is in turns
	 * one of the numbers, and ends as that line */
	const char *mark[2];
	int number[2];
	const char *until;
	const char *other[12]; /* commands for ev[0] that may do; ' for " */
	char cmd[2][CommandMax];
	size_t len[2];
};

struct burst {
	int rate, dx, dy;
	int commands, left;     /* all; begun when the last report came */
	size_t fed, total, most; /* reports; most that waited */
	int64_t lag;
	double share, seen;     /* of the way in x, sent and in the guest */
	int whole;              /* all of the way was sent */
};

static int bare(const char *, size_t);
static void bareopen(const char *path);
static void bareturn(struct what *, int64_t *, size_t);
static void burst1(struct burst *, int rate, int dx, int dy);
static void bursts(void);
static int64_t clockns(void);
static void capture(struct what *);
static void feed(struct source *, msec);
static void guestline(char *);
static void guestmark(const struct what *, int which);
static void guestopen(void);
static int guestuntil(const char *device, const char *line, int limit);
static FILE *into(const char *name, const char *mode);
static int order(const void *, const void *);
static void ours(struct what *, int64_t *, size_t);
static void oursclose(void);
static void oursopen(const char *path);
static void pace(void);
static double rank(int64_t *, size_t, double);
static void small(struct what *, FILE *, FILE *);
static void smalls(void);
static void turn(void);
static int64_t way(char axis);

static void changed(enum vmstate, msec);
static void event(int, msec);
static void lost(unsigned);
static void port(int, msec);
static void reset(msec);

#define SEND(e) "{'execute':'input-send-event','arguments':{'events':[" e "]}}"
#define KEY(d, k) "{'type':'key','data':{'down':" d ",'key':" k "}}"
#define QCODE "{'type':'qcode','data':'a'}"
#define NUMBER(n) "{'type':'number','data':" n "}"
#define AXIS(t, a, v) "{'type':'" t "','data':{'axis':" a ",'value':" v "}}"
#define HMP(c) "{'execute':'human-monitor-command','arguments':" \
	"{'command-line':'" c "'}}"

static struct what kinds[] = {
	{ "key", "a key", { { { .type = EV_KEY, .code = KEY_A, .value = 1 } },
	  { { .type = EV_KEY, .code = KEY_A } } }, 1, "Keyboard",
	  { SEND(KEY("true", NUMBER("%d"))), SEND(KEY("false", NUMBER("%d"))) },
	  { KEY_B, KEY_C }, "EV_KEY %d 0",
	  { SEND(KEY("true", NUMBER("30"))),
	    "{'arguments':{'events':[" KEY("true", QCODE) "]},'execute':"
	    "'input-send-event'}",
	    "{execute:'input-send-event','arguments':{'events':["
	    KEY("true", QCODE) "]}}",
	    "{'execute':'input-send-event','events':[" KEY("true", QCODE)
	    "]}",
	    "{'execute':'input-send-event','arguments':{'events':"
	    KEY("true", QCODE) "}}",
	    SEND(KEY("1", QCODE)),
	    SEND(KEY("true", "{'data':'a'}")),
	    SEND(KEY("true", "'a'")),
	    "{'execute':'send-key','arguments':{'keys':[" QCODE "]}}",
	    HMP("sendkey a") }, { "", "" }, { 0, 0 } },
	{ "rel", "relative motion",
	  { { { .type = EV_REL, .code = REL_X, .value = 3 },
	      { .type = EV_REL, .code = REL_Y, .value = -2 } },
	    { { .type = EV_REL, .code = REL_X, .value = -3 },
	      { .type = EV_REL, .code = REL_Y, .value = 2 } } }, 2, "Mouse",
	  { SEND(AXIS("rel", "'x'", "%d")), NULL }, { Far, Far + 1 },
	  "EV_REL 0 %d",
	  { SEND("{'data':{'axis':'x','value':3},'type':'rel'},"
	    "{'data':{'axis':'y','value':-2},'type':'rel'}"),
	    SEND(AXIS("rel", "0", "3") "," AXIS("rel", "1", "-2")),
	    SEND("{'type':'rel','data':{'x':3,'y':-2}}"),
	    HMP("mouse_move 3 -2"), HMP("mouse_m 3 -2") },
	  { "", "" }, { 0, 0 } },
	{ "abs", "absolute motion",
	  { { { .type = EV_ABS, .code = ABS_X, .value = 12345 },
	      { .type = EV_ABS, .code = ABS_Y, .value = 23456 } },
	    { { .type = EV_ABS, .code = ABS_X, .value = 23456 },
	      { .type = EV_ABS, .code = ABS_Y, .value = 12345 } } }, 2,
	  "Tablet", { SEND(AXIS("abs", "'x'", "%d")), NULL },
	  { 5, 6 }, "EV_ABS 0 %d",
	  { SEND("{'data':{'axis':'x','value':12345},'type':'abs'},"
	    "{'data':{'axis':'y','value':23456},'type':'abs'}"),
	    SEND(AXIS("abs", "0", "12345") "," AXIS("abs", "1", "23456")),
	    SEND("{'type':'abs','data':{'x':12345,'y':23456}}"),
	    HMP("mouse_move 12345 23456") },
	  { "", "" }, { 0, 0 } },
};

static const char *const whoname[] = { "ours", "bare" };

static const char *dir;
static struct qmp q;
static msec now;
static int barefd = -1;

/* What went to either monitor, and in how many writes. */
static struct {
	char *buf;
	size_t len, size, writes;
} sent;

/* The log of the guest, from where it was read to. */
static struct {
	int fd, watch;
	char buf[8192], text[8192];
	size_t len;
	int64_t x;     /* sum of the mouse's motion, but Far and more */
	const char *device, *line;
	int found;     /* 1: the line; 2: its report is complete */
} guest;

static struct {
	struct source source;
	struct burst *b;
} feeder;

/* Writes a command and reads up to its reply; -1: it is an error. */
int
bare(const char *s, size_t n)
{
	static char buf[1 << 16];
	static size_t len;
	char *end;
	fd_set set;
	ssize_t r;
	int answer = 0;

	if (!s) { /* another connection */
		len = 0;
		return 0;
	}
	if (n && send(barefd, s, n, MSG_NOSIGNAL) != (ssize_t)n)
		die("bare: send:");
	for (;;) {
		while ((end = memchr(buf, '\n', len))) {
			if (!strncmp(buf, "{\"return\"", 9) ||
			    !strncmp(buf, "{\"QMP\"", 6))
				answer = 1;
			else if (strncmp(buf, "{\"timestamp\"", 12))
				answer = -1;
			end++;
			len -= end - buf;
			memmove(buf, end, len);
			if (answer)
				return answer;
		}
		FD_ZERO(&set);
		FD_SET(barefd, &set);
		if (select(barefd + 1, &set, NULL, NULL, NULL) < 0)
			die("bare: select:");
		r = read(barefd, buf + len, sizeof(buf) - len);
		if (r <= 0)
			die("bare: QEMU has closed");
		len += r;
	}
}

void
bareopen(const char *path)
{
	static const char caps[] = "{\"execute\":\"qmp_capabilities\"}";
	struct sockaddr_un a = { .sun_family = AF_UNIX };

	if (barefd >= 0)
		close(barefd);
	bare(NULL, 0);
	snprintf(a.sun_path, sizeof(a.sun_path), "%s", path);
	barefd = socket(AF_UNIX, SOCK_STREAM, 0);
	if (barefd < 0 || connect(barefd, (struct sockaddr *)&a, sizeof(a)))
		die("%s:", path);
	if (bare("", 0) < 0 || bare(caps, sizeof(caps) - 1) < 0)
		die("%s: no QMP", path);
}

void
bareturn(struct what *k, int64_t *t, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		t[i] = clockns();
		if (bare(k->cmd[i % 2], k->len[i % 2]) < 0)
			die("%s: QEMU refuses it", k->name);
		t[i] = clockns() - t[i];
	}
}

/* Reports come as from a device: the loop is woken for each, or finds some
 * more when it is late. */
void
burst1(struct burst *b, int rate, int dx, int dy)
{
	struct itimerspec t = { { 0, Second / rate }, { 0, Second / rate } };
	const struct what *k = &kinds[1];
	int64_t end, x;
	size_t i;

	memset(b, 0, sizeof(*b));
	b->rate = rate;
	b->dx = dx;
	b->dy = dy;
	b->total = (size_t)rate * BurstTime;
	guestmark(k, 0);
	x = guest.x;
	sent.len = sent.writes = 0;
	feeder.b = b;
	feeder.source.ready = feed;
	feeder.source.events = Readable;
	feeder.source.fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
	if (feeder.source.fd < 0 || source_add(&feeder.source) < 0 ||
	    timerfd_settime(feeder.source.fd, 0, &t, NULL) < 0)
		die("timerfd:");
	while (b->fed < b->total)
		turn();
	end = clockns();
	source_del(&feeder.source);
	close(feeder.source.fd);
	feeder.source.fd = -1;
	b->left = !session_idle(&q.session);
	i = sent.writes;
	while (!qmp_idle(&q))
		turn();
	b->lag = clockns() - end;
	b->commands = sent.writes;
	b->left += sent.writes - i;
	b->share = (double)way('x') / ((double)b->total * dx);
	b->whole = way('x') == (int64_t)b->total * dx &&
	    way('y') == (int64_t)b->total * dy;
	guestmark(k, 1);
	b->seen = (double)(guest.x - x) / ((double)b->total * dx);
}

/* A report that waits is merged with the next: when the hand rests, one is on
 * its way and one waits, in most rounds at least, for QEMU may have been
 * stopped just then, by others that want the processor. A hand that is so fast
 * that one command can't take what has come meanwhile (127, see qmp.c) leaves
 * more behind, which is told and not judged. */
void
bursts(void)
{
	static const struct { int rate, dx, dy; } told[] = {
		{ 1000, 3, -2 }, { 8000, 40, -20 }
	};
	static int64_t t[Some];
	FILE *out = into("burst", "w"), *lag = into("burst.lag", "w"),
	     *two = into("burst.two", "w");
	struct burst b;
	double p50;
	size_t i, more = 0;
	char path[108];

	snprintf(path, sizeof(path), "%s/qmp2", dir);
	bareopen(path);
	snprintf(path, sizeof(path), "%s/qmp", dir);
	oursopen(path);
	guestopen();
	fprintf(out, "#\n# %-29s %8s %5s %5s %7s %7s %6s %6s\n",
	    "2 s of relative motion", "commands", "most", "left",
	    "lag ms", "2 p50", "% sent", "% seen");
	for (i = 0; i < BurstRounds + LENGTH(told); i++) {
		ours(&kinds[1], t, LENGTH(t));
		p50 = rank(t, LENGTH(t), .5);
		if (i < BurstRounds)
			burst1(&b, 8000, 3, -2);
		else
			burst1(&b, told[i - BurstRounds].rate,
			    told[i - BurstRounds].dx,
			    told[i - BurstRounds].dy);
		fprintf(out, "# %4d Hz, by %2d and %3d %13d %5zu %5d "
		    "%7.2f %7.2f %6.1f %6.1f\n", b.rate, b.dx, b.dy,
		    b.commands, b.most, b.left, b.lag / 1e6, p50 * 2 / 1e6,
		    b.share * 100, b.seen * 100);
		if (i >= BurstRounds)
			continue;
		fprintf(lag, "%.2f\n", b.lag / 1e3);
		fprintf(two, "%.2f\n", p50 * 2 / 1e3);
		more += b.left > 2;
		if (b.most > 1)
			die("%zu reports waited", b.most);
		if (!b.whole)
			die("not all of the way was sent");
	}
	if (more > BurstRounds / 2)
		die("more than 2 commands were left %zu times", more);
	fprintf(out, "# (most: reports that waited; left: commands without a "
	    "reply when\n# the last report came; seen: by the guest, whose "
	    "device keeps 64 events)\n");
	fclose(out);
	fclose(lag);
	fclose(two);
}

/* What qmp.c writes for each of the two. */
void
capture(struct what *k)
{
	int i;

	for (i = 0; i < 2; i++) {
		sent.len = sent.writes = 0;
		if (qmp_input(&q, k->ev[i], k->n, now))
			die("%s: it was not taken", k->name);
		while (!qmp_idle(&q))
			turn();
		if (!sent.len || sent.len > sizeof(k->cmd[i]) ||
		    sent.writes != 1)
			die("%s: %zu bytes in %zu writes", k->name, sent.len,
			    sent.writes);
		memcpy(k->cmd[i], sent.buf, sent.len);
		k->len[i] = sent.len;
	}
}

void
changed(enum vmstate before, msec t)
{
	(void)before;
	(void)t;
}

int64_t
clockns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * Second + t.tv_nsec;
}

void
event(int e, msec t)
{
	(void)t;
	die("event %d", e);
}

void
feed(struct source *s, msec t)
{
	struct burst *b = feeder.b;
	struct input_event ev[2] = {
		{ .type = EV_REL, .code = REL_X, .value = b->dx },
		{ .type = EV_REL, .code = REL_Y, .value = b->dy }
	};
	uint64_t n;

	if (read(s->fd, &n, sizeof(n)) != sizeof(n))
		return;
	for (; n && b->fed < b->total; n--, b->fed++) {
		if (qmp_input(&q, ev, 2, t))
			die("motion was dropped");
		if (q.queue.n > b->most)
			b->most = q.queue.n;
	}
}

/* A line of the log, and what is looked for in it. */
void
guestline(char *s)
{
	char *text = strchr(s, ' '), *name = strstr(s, " QEMU Virtio ");
	size_t n = strlen(guest.text);
	int x;

	if (!text++ || !name || strcmp(name + 13, guest.device))
		return;
	*name = '\0';
	if (sscanf(text, "EV_REL 0 %d", &x) == 1 && x < Far)
		guest.x += x;
	if (n + strlen(text) + 2 < sizeof(guest.text))
		sprintf(guest.text + n, "%s\n", text);
	if (!strcmp(text, guest.line))
		guest.found = 1;
	else if (guest.found && !strncmp(text, "EV_SYN", 6))
		guest.found = 2;
}

/* Waits until the guest has seen what was sent. It drops what comes while its
 * queue is full, and that may be the mark. */
void
guestmark(const struct what *k, int which)
{
	char cmd[CommandMax], line[64];
	size_t n, i;
	char *p;

	snprintf(line, sizeof(line), k->until, k->number[which]);
	guest.text[0] = '\0';
	do {
		for (i = 0; i < 2 && k->mark[i]; i++) {
			n = snprintf(cmd, sizeof(cmd), k->mark[i],
			    k->number[which]);
			for (p = cmd; (p = strchr(p, '\''));)
				*p = '"';
			if (bare(cmd, n) < 0)
				die("%s: no mark", k->name);
		}
	} while (!guestuntil(k->device, line, Again));
}

void
guestopen(void)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s/guest.log", dir);
	guest.fd = open(path, O_RDONLY);
	guest.watch = inotify_init1(IN_NONBLOCK);
	if (guest.fd < 0 || guest.watch < 0 || lseek(guest.fd, 0, SEEK_END) < 0
	    || inotify_add_watch(guest.watch, path, IN_MODIFY) < 0)
		die("%s:", path);
}

/* 0: it did not come in limit ms. */
int
guestuntil(const char *device, const char *line, int limit)
{
	struct timeval t = { limit / 1000, limit % 1000 * 1000 };
	char buf[4096], *end;
	fd_set set;
	ssize_t n;

	guest.device = device;
	guest.line = line;
	guest.found = 0;
	for (;;) {
		/* first the events, so that what comes now makes one more */
		while (read(guest.watch, buf, sizeof(buf)) > 0)
			;
		while ((n = read(guest.fd, guest.buf + guest.len,
		    sizeof(guest.buf) - 1 - guest.len)) > 0) {
			guest.len += n;
			guest.buf[guest.len] = '\0';
			while ((end = strchr(guest.buf, '\n'))) {
				*end++ = '\0';
				guestline(guest.buf);
				guest.len -= end - guest.buf;
				memmove(guest.buf, end, guest.len + 1);
			}
		}
		if (guest.found == 2)
			return 1;
		FD_ZERO(&set);
		FD_SET(guest.watch, &set);
		if (select(guest.watch + 1, &set, NULL, NULL, &t) <= 0)
			return 0;
	}
}

FILE *
into(const char *name, const char *mode)
{
	char path[4096];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	if (!(f = fopen(path, mode)))
		die("%s:", path);
	return f;
}

void
lost(unsigned code)
{
	die("key %u was lost", code);
}

int
order(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

void
ours(struct what *k, int64_t *t, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		t[i] = clockns();
		if (qmp_input(&q, k->ev[i % 2], k->n, now))
			die("%s: it was not taken", k->name);
		while (!qmp_idle(&q))
			turn();
		t[i] = clockns() - t[i];
	}
}

void
oursclose(void)
{
	source_del(&q.timer);
	peer_close(&q.session.peer);
	memset(&q, 0, sizeof(q));
}

/* As in screenstub.c, with devices that are there. */
void
oursopen(const char *path)
{
	static const struct qmpops ops = {
		.changed = changed,
		.lost = lost,
		.reset = reset,
		.event = event,
		.port = port,
	};
	size_t i;

	q.addr = path;
	q.agent = "";
	q.devices.manage = 1;
	now = loop_clock();
	qmp_open(&q, &ops, Hung, now);
	while (q.vm != VmRunning || !qmp_idle(&q))
		turn();
	for (i = 0; i < VmNodes; i++)
		if (q.devices.device[i].state != DevThere ||
		    q.devices.device[VmKeyboard].usb)
			die("want a guest with three virtio devices");
}

/* The rounds are short, so that what stops one client for some ms now and then
 * on a machine that is busy is in few of them, and not in the median. */
void
pace(void)
{
	static int64_t t[LENGTH(kinds)][2][Rounds * Each];
	FILE *out = into("pace", "w"), *f;
	struct what *k;
	char path[2][108], name[64], *first = NULL;
	size_t i, len = 0;
	double sum;
	int round, who, turns, at;

	snprintf(path[0], sizeof(path[0]), "%s/qmp", dir);
	snprintf(path[1], sizeof(path[1]), "%s/qmp2", dir);
	for (round = 0; round < Rounds; round++) {
		at = round >= Rounds / 2;
		if (round % (Rounds / 2) == 0) {
			if (at)
				oursclose();
			if (at)
				close(barefd);
			barefd = -1;
			oursopen(path[at]);
			bareopen(path[!at]);
		}
		for (k = kinds; k < kinds + LENGTH(kinds); k++) {
			if (round % (Rounds / 2) == 0)
				capture(k);
			for (turns = 0; turns < 2; turns++) {
				who = (turns + round) % 2;
				sent.len = sent.writes = 0;
				(who ? bareturn : ours)(k, t[k - kinds][who] +
				    round * Each, Each);
				if (sent.writes != Each)
					die("%s: %zu writes", k->name,
					    sent.writes);
				if (turns && (sent.len != len ||
				    memcmp(sent.buf, first, len)))
					die("%s: other bytes", k->name);
				if (turns)
					continue;
				len = sent.len;
				if (!(first = realloc(first, len)))
					die("no memory");
				memcpy(first, sent.buf, len);
			}
		}
	}
	fprintf(out, "#\n# %-29s %8s %8s %8s %8s %8s\n",
	    "us from write to reply", "bytes", "p50", "p99", "max", "per s");
	for (k = kinds; k < kinds + LENGTH(kinds); k++)
		for (who = 1; who >= 0; who--) {
			snprintf(name, sizeof(name), "%s.%s", k->name,
			    whoname[who]);
			f = into(name, "w");
			for (round = 0; round < Rounds; round++) {
				for (sum = i = 0; i < Each; i++)
					sum += t[k - kinds][who][round *
					    Each + i];
				fprintf(f, "%.3f\n", sum / Each / 1e3);
			}
			fclose(f);
			for (sum = i = 0; i < Rounds * Each; i++)
				sum += t[k - kinds][who][i];
			snprintf(name, sizeof(name), "%s, %s", k->text, who ?
			    "bare" : "qmp.c");
			fprintf(out, "# %-29s %8.1f", name,
			    (k->len[0] + k->len[1]) / 2.);
			fprintf(out, " %8.0f %8.0f %8.0f %8.0f\n",
			    rank(t[k - kinds][who], Rounds * Each, .5) / 1e3,
			    rank(t[k - kinds][who], Rounds * Each, .99) / 1e3,
			    rank(t[k - kinds][who], Rounds * Each, 1) / 1e3,
			    Rounds * Each / sum * Second);
		}
	fclose(out);
}

void
port(int open, msec t)
{
	(void)open;
	(void)t;
}

/* Sorts them. The one that all but this share are not above. */
double
rank(int64_t *t, size_t n, double share)
{
	size_t i = share * n;

	qsort(t, n, sizeof(*t), order);
	return t[i < n ? i : n - 1];
}

void
reset(msec t)
{
	(void)t;
	die("the guest was reset");
}

/* What qmp.c and the bare client write with. */
ssize_t
send(int fd, const void *s, size_t n, int flags)
{
	ssize_t w = sendto(fd, s, n, flags, NULL, 0);

	if (w <= 0)
		return w;
	if (sent.len + w >= sent.size) {
		sent.size = (sent.len + w + 1) * 2;
		if (!(sent.buf = realloc(sent.buf, sent.size)))
			die("no memory");
	}
	memcpy(sent.buf + sent.len, s, w);
	sent.len += w;
	sent.buf[sent.len] = '\0';
	sent.writes++;
	return w;
}

/* Other commands for the first of a kind: what QEMU says, and whether the
 * guest gets the same, report by report. Left out: what lacks a brace, for
 * QEMU waits for it; blanks, there are none; 'a' for "a", as long. */
void
small(struct what *k, FILE *out, FILE *times)
{
	static int64_t t[2][Some];
	char path[108], want[sizeof(guest.text)], cmd[CommandMax], *p;
	char best[CommandMax];
	size_t n, i, least = 0;
	const char *verdict;
	int taken, good, who;

	snprintf(path, sizeof(path), "%s/qmp2", dir);
	guestmark(k, 1);
	for (i = 0; i == 0 || (i < LENGTH(k->other) && k->other[i - 1]); i++) {
		if (!i)
			snprintf(cmd, sizeof(cmd), "%.*s", (int)k->len[0],
			    k->cmd[0]);
		else
			snprintf(cmd, sizeof(cmd), "%s", k->other[i - 1]);
		for (p = cmd; (p = strchr(p, '\''));)
			*p = '"';
		n = strlen(cmd);
		taken = bare(cmd, n) > 0;
		if (!taken) /* there may be one more reply */
			bareopen(path);
		guestmark(k, 0);
		if (!i) {
			strcpy(want, guest.text);
			strcpy(best, cmd);
			least = n;
		}
		good = taken && !strcmp(want, guest.text);
		verdict = !i ? "qmp.c" : good ? "same" : taken ? "differs" :
		    "refused";
		if (good && n < least) {
			strcpy(best, cmd);
			least = n;
		}
		fprintf(out, "# %3zu %-8s %s\n", n, verdict, cmd);
		bare(k->cmd[1], k->len[1]);
		guestmark(k, 1);
	}
	for (i = 0; i < Some; i++)
		for (who = 0; who < 2; who++) {
			t[who][i] = clockns();
			bare(who ? best : k->cmd[0], who ? least : k->len[0]);
			t[who][i] = clockns() - t[who][i];
			bare(k->cmd[1], k->len[1]);
		}
	fprintf(times, "# %-29s %8zu %8zu %11.0f %8.0f\n", k->text, k->len[0],
	    least, rank(t[0], LENGTH(t[0]), .5) / 1e3,
	    rank(t[1], LENGTH(t[1]), .5) / 1e3);
}

void
smalls(void)
{
	FILE *out = into("small", "w"), *times = into("smallest", "w");
	char path[108];
	size_t i;

	snprintf(path, sizeof(path), "%s/qmp2", dir);
	bareopen(path);
	snprintf(path, sizeof(path), "%s/qmp", dir);
	oursopen(path);
	guestopen();
	fprintf(times, "#\n# %-29s %17s %20s\n# %-29s %8s %8s %11s %8s\n",
	    "bytes, and us as the bare", "bytes", "p50", "client sends them",
	    "qmp.c", "least", "qmp.c", "least");
	for (i = 0; i < LENGTH(kinds); i++) {
		fprintf(out, "#\n# %s, bytes and what the guest gets\n",
		    kinds[i].text);
		capture(&kinds[i]);
		small(&kinds[i], out, times);
	}
	fclose(out);
	fclose(times);
}

/* One pass of the loop, which waits before as loop_run does. */
void
turn(void)
{
	const struct source *list[] = {
		&q.session.peer.sock, feeder.source.ready ? &feeder.source :
		    NULL,
	}, *s;
	fd_set set[2];
	struct timeval t;
	msec due = loop_due(), wait = due > now ? due - now : 0;
	size_t i, k;
	int max = -1;

	for (k = 0; k < LENGTH(set); k++)
		FD_ZERO(&set[k]);
	for (i = 0; i < LENGTH(list); i++) {
		if (!(s = list[i]) || s->fd < 0)
			continue;
		for (k = 0; k < LENGTH(set); k++)
			if (s->events & 1u << k)
				FD_SET(s->fd, &set[k]);
		if (s->fd > max)
			max = s->fd;
	}
	t.tv_sec = wait / 1000;
	t.tv_usec = wait % 1000 * 1000;
	if (select(max + 1, &set[0], &set[1], NULL, due ? &t : NULL) < 0)
		die("select:");
	now = loop_clock();
	loop_turn(now);
	if (*log_error)
		exit(1);
}

/* What all commands that were sent moved by, in either of QEMU's words. */
int64_t
way(char axis)
{
	static const char value[] = ",\"value\":", move[] = "\"mouse_move ";
	int64_t sum = 0;
	char *p = sent.buf, *end = p + sent.len;
	int x, y;

	for (; (p = memmem(p, end - p, value, sizeof(value) - 1)); p++)
		if (p[-2] == axis)
			sum += atoi(p + sizeof(value) - 1);
	p = sent.buf;
	for (; (p = memmem(p, end - p, move, sizeof(move) - 1)); p++)
		if (sscanf(p + sizeof(move) - 1, "%d %d", &x, &y) == 2)
			sum += axis == 'x' ? x : y;
	return sum;
}

int
main(int argc, char **argv)
{
	const char *op = argc == 3 ? argv[1] : "";

	dir = argv[2];
	alarm(Limit);
	if (!strcmp(op, "pace"))
		pace();
	else if (!strcmp(op, "small"))
		smalls();
	else if (!strcmp(op, "burst"))
		bursts();
	else
		die("usage: see the head of tests/qmp/bench.c");
	return 0;
}
