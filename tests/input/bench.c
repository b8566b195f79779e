/* See LICENSE for copyright and licence details.
 *
 * For bench.sh: what the program costs between an X event and QEMU's monitor,
 * beside a bare loop, and what it leaves behind when events come faster than
 * they are taken. DIR is for files, PROGRAM ours; DISPLAY are two X servers
 * that are alike, the first for ours, the second for the bare loop, so that
 * neither sees the other's events and both are there at any time.
 *
 *   bench-input pace DIR PROGRAM DISPLAY DISPLAY    us of an event
 *   bench-input cpu DIR PROGRAM DISPLAY DISPLAY     us of the processor
 *   bench-input burst DIR PROGRAM DISPLAY DISPLAY   8,000 events a second
 *
 * Files that it makes in DIR, a line for each round: pace: KIND.ours and
 * KIND.bare, the p50; cpu: KIND.cpu.ours and KIND.cpu.bare; burst: KIND.lag
 * and KIND.two; and tables for people: pace, cpu, burst. KIND is key, abs or
 * rel, the last with a grab.
 *
 * This process is the human, by XTEST, and also the monitor of both. It
 * answers at once; in a burst after the time that QEMU takes for a command,
 * of which it reads a byte in each turn of its loop. Time runs from before the
 * request to the X server to after the read() of a command's last byte; that
 * of a command from there to its reply. */
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <linux/input-event-codes.h>
#include <xcb/xcb.h>
#include <xcb/xinput.h>
#include <xcb/xtest.h>

#define LENGTH(x) (sizeof(x) / sizeof((x)[0]))

enum { Ours, Bare, Sides };
enum { Key, Abs, Rel, Kinds };

enum {
	Rounds = 5,
	Each = 600,           /* events of a side in a round of pace */
	Pause = 500,          /* us between them, in turns */
	CpuRate = 1000, CpuTime = 2, /* Hz, s of a round; a mouse */
	Slices = 10,          /* of a round, in turns */
	BurstRate = 8000, BurstTime = 2,
	Command = 660,        /* us that QEMU takes for motion: bench-qmp */
	Dx = 3, Dy = -2, There = 100, /* so many steps there, then back */
	Quiet = 200,          /* ms in which what is left comes */
	Start = 20, Wait = 5, Limit = 300, /* s */
	CommandMax = 512,
	Second = 1000000000
};

struct side {
	const char *name, *display;
	char path[108];
	xcb_connection_t *x;  /* of the human */
	xcb_window_t root;
	int width, height;
	pid_t pid;
	int listener, fd;     /* the monitor's */
	char buf[4096];       /* a command that is not whole */
	size_t len;
	int depth, quoted;    /* of it */
	char last[CommandMax]; /* input */
	size_t n;             /* how many of input came */
	int64_t at;           /* when the last one did */
	int px, py;           /* where the pointer was moved */
	int64_t dx, dy;       /* what the mouse was moved by */
	int64_t due;          /* of the reply, or 0 */
	int64_t busy;         /* with commands, in all: replies may be late */
};

static void accepted(struct side *);
static void barekill(void);
static void bareloop(int raw);
static void barestart(int raw);
static void burst(void);
static int64_t clockns(void);
static void command(struct side *);
static void cpu(void);
static double cputime(struct side *);
static void die(const char *, ...);
static void event(struct side *, int kind, size_t i);
static void finish(void);
static void grab(void);
static FILE *into(const char *, const char *);
static void listenat(struct side *);
static int64_t mouse(struct side *, int kind, int rate, size_t n);
static int order(const void *, const void *);
static void pace(void);
static int place(size_t i, int turn, int size);
static pid_t program(const char *display, const char *const *argv);
static double rank(int64_t *, size_t, double);
static void ready(struct side *, int kind);
static void reply(struct side *, const char *);
static void serve(int64_t until, struct side *, size_t n);
static int stepx(size_t i);
static int stepy(size_t i);
static void xopen(struct side *);

static const char *const kindname[] = { "key", "abs", "rel" };
static const char *const kindtext[] = {
	"a key", "absolute motion", "relative motion, grabbed"
};

static struct side side[Sides] = {
	{ .name = "ours", .listener = -1, .fd = -1 },
	{ .name = "bare", .listener = -1, .fd = -1 },
};
static const char *dir, *ours;
static const char done[] = "{\"return\": {}}\r\n"; /* of input */
static char bytes[Kinds][CommandMax]; /* what ours wrote; so does bare */
static int64_t delay;                 /* ns before a reply */

void
accepted(struct side *s)
{
	static const char hello[] = "{\"QMP\": {\"version\": {\"qemu\": "
	    "{\"micro\": 22, \"minor\": 2, \"major\": 7}, \"package\": "
	    "\"\"}, \"capabilities\": [\"oob\"]}}\r\n";

	s->fd = accept(s->listener, NULL, NULL);
	if (s->fd < 0)
		die("accept: %s", strerror(errno));
	s->len = s->depth = s->quoted = 0;
	reply(s, hello);
}

void
barekill(void)
{
	struct side *s = &side[Bare];

	if (!s->pid)
		return;
	kill(s->pid, SIGKILL);
	waitpid(s->pid, NULL, 0);
	close(s->fd);
	s->fd = -1;
	s->pid = 0;
}

/* All that it takes. The pointer is hidden, as by ours, for Xvfb takes its time
 * to draw it. */
void
bareloop(int raw)
{
	static const char caps[] = "{\"execute\":\"qmp_capabilities\"}";
	static const char *const name[] = {
		"_NET_WM_STATE", "_NET_WM_STATE_FULLSCREEN"
	};
	struct {
		xcb_input_event_mask_t head;
		uint32_t mask;
	} mask = { { XCB_INPUT_DEVICE_ALL_MASTER, 1 },
		XCB_INPUT_XI_EVENT_MASK_RAW_MOTION };
	uint32_t value[2] = { XCB_EVENT_MASK_KEY_PRESS |
	    XCB_EVENT_MASK_KEY_RELEASE | XCB_EVENT_MASK_POINTER_MOTION };
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	struct side *s = &side[Bare];
	xcb_connection_t *c = xcb_connect(s->display, NULL);
	xcb_window_t w = xcb_generate_id(c);
	xcb_pixmap_t nothing = xcb_generate_id(c);
	xcb_cursor_t cursor = xcb_generate_id(c);
	xcb_gcontext_t gc = xcb_generate_id(c);
	xcb_intern_atom_reply_t *r;
	xcb_atom_t atom[2];
	xcb_generic_event_t *ev;
	struct pollfd p = { .events = POLLIN };
	char buf[4096];
	size_t len[Kinds];
	int fd, i, kind;

	strcpy(a.sun_path, s->path);
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	if (fd < 0 || connect(fd, (struct sockaddr *)&a, sizeof(a)) ||
	    read(fd, buf, sizeof(buf)) <= 0 ||
	    write(fd, caps, sizeof(caps) - 1) < 0 ||
	    read(fd, buf, sizeof(buf)) <= 0)
		die("bare: %s", strerror(errno));
	for (i = 0; i < Kinds; i++)
		len[i] = strlen(bytes[i]);
	for (i = 0; i < 2; i++) {
		r = xcb_intern_atom_reply(c, xcb_intern_atom(c, 0,
		    strlen(name[i]), name[i]), NULL);
		if (!r)
			die("bare: no X");
		atom[i] = r->atom;
		free(r);
	}
	xcb_create_pixmap(c, 1, nothing, s->root, 1, 1);
	xcb_create_gc(c, gc, nothing, 0, NULL);
	xcb_poly_fill_rectangle(c, nothing, gc, 1,
	    &(xcb_rectangle_t){ 0, 0, 1, 1 });
	xcb_create_cursor(c, cursor, nothing, nothing, 0, 0, 0, 0, 0, 0, 0, 0);
	if (raw) {
		xcb_discard_reply(c,
		    xcb_input_xi_query_version(c, 2, 2).sequence);
		xcb_input_xi_select_events(c, s->root, 1, &mask.head);
		value[0] = 0;
	}
	value[1] = cursor;
	xcb_create_window(c, XCB_COPY_FROM_PARENT, w, s->root, 0, 0, s->width,
	    s->height, 0, XCB_WINDOW_CLASS_INPUT_OUTPUT, XCB_COPY_FROM_PARENT,
	    XCB_CW_EVENT_MASK | XCB_CW_CURSOR, value);
	xcb_change_property(c, XCB_PROP_MODE_REPLACE, w, atom[0],
	    XCB_ATOM_ATOM, 32, 1, &atom[1]);
	xcb_map_window(c, w);
	xcb_flush(c);
	p.fd = xcb_get_file_descriptor(c);
	while (!xcb_connection_has_error(c)) {
		while ((ev = xcb_poll_for_event(c))) {
			switch (ev->response_type & 0x7f) {
			case XCB_KEY_PRESS:
			case XCB_KEY_RELEASE:
				kind = Key;
				break;
			case XCB_MOTION_NOTIFY:
				kind = Abs;
				break;
			case XCB_GE_GENERIC:
				kind = Rel;
				break;
			default:
				kind = -1;
			}
			if (kind >= 0 && (write(fd, bytes[kind], len[kind])
			    < 0 || read(fd, buf, sizeof(buf)) <= 0))
				_exit(1);
			free(ev);
		}
		poll(&p, 1, -1);
	}
	_exit(1);
}

void
barestart(int raw)
{
	struct side *s = &side[Bare];

	barekill();
	if ((s->pid = fork()) < 0)
		die("fork: %s", strerror(errno));
	if (s->pid)
		return;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	bareloop(raw);
}

/* Motion that waits is merged: when the hand rests one command is on its way,
 * and one more has all the rest. */
void
burst(void)
{
	struct side *s = &side[Ours];
	FILE *out = into("burst", "w"), *lag, *two;
	char name[64];
	int64_t end, one;
	size_t n;
	int kind, round;

	fprintf(out, "#\n# %-37s %8s %8s %8s %8s\n", "2 s of 8,000 Hz",
	    "events", "commands", "ms each", "lag ms");
	for (kind = Abs; kind <= Rel; kind++) {
		snprintf(name, sizeof(name), "%s.lag", kindname[kind]);
		lag = into(name, "w");
		snprintf(name, sizeof(name), "%s.two", kindname[kind]);
		two = into(name, "w");
		if (kind == Rel)
			grab();
		for (round = 0; round < Rounds; round++) {
			n = s->n;
			s->busy = 0;
			delay = Command * 1000;
			end = mouse(s, kind, BurstRate,
			    BurstRate * BurstTime);
			delay = 0;
			n = s->n - n;
			one = s->busy / n;
			fprintf(out, "# %-37s %8d %8zu %8.2f %8.2f\n",
			    kindtext[kind], BurstRate * BurstTime, n,
			    one / 1e6, (s->at - end) / 1e6);
			fprintf(lag, "%.1f\n", s->at < end ? 0 :
			    (s->at - end) / 1e3);
			fprintf(two, "%.1f\n", one * 2 / 1e3);
		}
		fclose(lag);
		fclose(two);
	}
	fclose(out);
}

int64_t
clockns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * Second + t.tv_nsec;
}

/* A whole one is in the buffer: QEMU's answer, of a VM that runs and has all
 * devices. */
void
command(struct side *s)
{
	static const char *const answer[][2] = {
		{ "\"query-status\"", "{\"status\": \"running\", "
		    "\"singlestep\": false, \"running\": true}" },
		{ "/machine/peripheral-anon\"", "["
		    "{\"name\": \"device[0]\", "
		    "\"type\": \"child<virtio-keyboard-pci>\"}, "
		    "{\"name\": \"device[1]\", "
		    "\"type\": \"child<virtio-mouse-pci>\"}, "
		    "{\"name\": \"device[2]\", "
		    "\"type\": \"child<virtio-tablet-pci>\"}]" },
		{ "\"qom-list\"", "[]" }, { "\"query-chardev\"", "[]" },
		{ "\"query-mice\"", "["
		    "{\"index\": 4, \"name\": \"QEMU Virtio Tablet\", "
		    "\"current\": true, \"absolute\": true}, "
		    "{\"index\": 3, \"name\": \"QEMU Virtio Mouse\", "
		    "\"current\": false, \"absolute\": false}]" },
		{ "\"human-monitor-command\"", "\"\"" }, { "", "{}" },
	};
	static const char move[] = "\"mouse_move ";
	char out[1024], id[32] = "", *p;
	size_t i = 0;
	int x, y, hmp;

	s->buf[s->len] = '\0';
	hmp = (p = strstr(s->buf, move)) && sscanf(p + sizeof(move) - 1,
	    "%d %d", &x, &y) == 2;
	if (!hmp && !strstr(s->buf, "\"input-send-event\"")) {
		while (!strstr(s->buf, answer[i][0]))
			i++;
		if ((p = strstr(s->buf, "\"id\":")))
			snprintf(id, sizeof(id), ", \"id\": %d", atoi(p + 5));
		snprintf(out, sizeof(out), "{\"return\": %s%s}\r\n",
		    answer[i][1], id);
		reply(s, out);
		return;
	}
	s->at = clockns();
	s->n++;
	if (delay)
		s->due = s->at + delay;
	else
		reply(s, done);
	snprintf(s->last, sizeof(s->last), "%s", s->buf);
	for (p = s->buf; (p = strstr(p, "\"axis\":\"")); p++) {
		x = atoi(strstr(p, "\"value\":") + 8);
		*(p[8] == 'x' ? &s->px : &s->py) = x;
	}
	if (hmp) {
		s->dx += x;
		s->dy += y;
	}
}

void
cpu(void)
{
	FILE *out = into("cpu", "w"), *f[Sides];
	struct side *s;
	char name[64];
	double t[Sides];
	size_t n[Sides];
	int kind, round, turn, who;

	fprintf(out, "#\n# %-37s %8s %8s %8s\n", "us of the processor, 2 s of "
	    "1,000 Hz", "events", "commands", "us each");
	for (kind = Abs; kind <= Rel; kind++) {
		for (turn = 0; turn < Sides; turn++) {
			snprintf(name, sizeof(name), "%s.cpu.%s",
			    kindname[kind], side[turn].name);
			f[turn] = into(name, "w");
		}
		if (kind == Rel) {
			grab();
			barestart(1);
			ready(&side[Bare], Rel);
		}
		for (round = 0; round < Rounds; round++) {
			for (turn = 0; turn < Sides; turn++)
				t[turn] = n[turn] = 0;
			for (turn = 0; turn < Slices * Sides; turn++) {
				who = (turn + round) % Sides;
				s = &side[who];
				n[who] -= s->n;
				t[who] -= cputime(s);
				mouse(s, kind, CpuRate, CpuRate * CpuTime /
				    Slices);
				t[who] += cputime(s);
				n[who] += s->n;
			}
			for (turn = 0; turn < Sides; turn++) {
				t[turn] /= CpuRate * CpuTime;
				fprintf(f[turn], "%.3f\n", t[turn]);
				snprintf(name, sizeof(name), "%s, %s",
				    kindtext[kind], side[turn].name);
				fprintf(out, "# %-37s %8d %8zu %8.1f\n", name,
				    CpuRate * CpuTime, n[turn], t[turn]);
			}
		}
		for (turn = 0; turn < Sides; turn++)
			fclose(f[turn]);
	}
	fclose(out);
}

/* In us, user and system. */
double
cputime(struct side *s)
{
	struct timespec t;
	clockid_t clock;

	if (clock_getcpuclockid(s->pid, &clock) || clock_gettime(clock, &t))
		die("%s: no time of it", s->name);
	return t.tv_sec * 1e6 + t.tv_nsec / 1e3;
}

void
die(const char *fmt, ...)
{
	va_list ap;

	fputs("bench-input: ", stdout);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
	exit(1);
}

/* The i-th. Motion is never to where the pointer is, and not always back. */
void
event(struct side *s, int kind, size_t i)
{
	switch (kind) {
	case Key:
		xcb_test_fake_input(s->x, i % 2 ? XCB_KEY_RELEASE :
		    XCB_KEY_PRESS, KEY_A + 8, 0, s->root, 0, 0, 0);
		break;
	case Abs:
		xcb_test_fake_input(s->x, XCB_MOTION_NOTIFY, 0, 0, s->root,
		    i % 997, i % 499, 0);
		break;
	case Rel:
		xcb_test_fake_input(s->x, XCB_MOTION_NOTIFY, 1, 0, XCB_NONE,
		    stepx(i), stepy(i), 0);
		break;
	}
	xcb_flush(s->x);
}

/* What is left comes. */
void
finish(void)
{
	int64_t end;

	do {
		end = clockns() + Quiet * 1000000;
		serve(end, NULL, 0);
	} while (side[Ours].at > end - Quiet * 1000000 ||
	    side[Bare].at > end - Quiet * 1000000 ||
	    side[Ours].due || side[Bare].due);
}

/* By the program's own request. It is served meanwhile. */
void
grab(void)
{
	const char *const argv[] = { ours, "-e", "grab", "x", NULL };
	pid_t pid = program(side[Ours].display, argv);
	int64_t end = clockns() + (int64_t)Wait * Second;
	int status;

	while (!waitpid(pid, &status, WNOHANG)) {
		if (clockns() > end)
			die("-e grab x: no answer");
		serve(clockns() + 10000000, NULL, 0);
	}
	if (status)
		die("-e grab x: failed");
	ready(&side[Ours], Rel);
}

FILE *
into(const char *name, const char *mode)
{
	char path[4096];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	if (!(f = fopen(path, mode)))
		die("%s: %s", path, strerror(errno));
	return f;
}

void
listenat(struct side *s)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };

	snprintf(s->path, sizeof(s->path), "%s/%s.qmp", dir, s->name);
	unlink(s->path);
	strcpy(a.sun_path, s->path);
	s->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (s->listener < 0 || bind(s->listener, (struct sockaddr *)&a,
	    sizeof(a)) || listen(s->listener, 1))
		die("%s: %s", s->path, strerror(errno));
}

/* At a steady rate; who comes late catches up. Until all has come, which dies
 * if it does not. The time when the X server had the last event, for on a busy
 * machine it may be far behind. */
int64_t
mouse(struct side *s, int kind, int rate, size_t n)
{
	int64_t t = clockns(), dx = s->dx, dy = s->dy;
	size_t i, was = s->n;

	s->px = s->py = -1;
	for (i = 0; i < n; i++) {
		t += Second / rate;
		serve(t, NULL, 0);
		event(s, kind, i);
		dx += stepx(i);
		dy += stepy(i);
	}
	free(xcb_get_input_focus_reply(s->x, xcb_get_input_focus(s->x), NULL));
	t = clockns();
	while (s == &side[Bare] ? s->n != was + n : kind == Rel ?
	    s->dx != dx || s->dy != dy :
	    s->px != place(n - 1, 997, s->width) ||
	    s->py != place(n - 1, 499, s->height)) {
		if (clockns() > t + (int64_t)Wait * Second)
			die("%s, %s: not all of the way: %d %d, %lld %lld",
			    kindtext[kind], s->name, s->px, s->py,
			    (long long)(s->dx - dx), (long long)(s->dy - dy));
		serve(clockns() + 1000000, NULL, 0);
	}
	while (s->due)
		serve(s->due, NULL, 0);
	return t;
}

int
order(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

void
pace(void)
{
	static int64_t t[Sides][Rounds][Each];
	FILE *out = into("pace", "w"), *f;
	struct side *s;
	char name[64];
	int64_t next, start;
	size_t i, n;
	int kind, round, who;

	fprintf(out, "#\n# %-37s %8s %8s %8s %8s\n", "us from XTEST to the "
	    "last byte", "bytes", "p50", "p99", "max");
	for (kind = 0; kind < Kinds; kind++) {
		if (kind == Rel) {
			grab();
			barestart(1);
			ready(&side[Bare], Rel);
		}
		next = clockns();
		for (round = 0; round < Rounds; round++) {
			for (i = 0; i < Each * Sides; i++) {
				s = &side[(i + round) % Sides];
				serve(next += Pause * 1000, NULL, 0);
				n = s->n;
				start = clockns();
				event(s, kind, i / Sides);
				serve(start + (int64_t)Wait * Second, s,
				    n + 1);
				if (s->n != n + 1)
					die("%s, %s: %zu commands",
					    kindtext[kind], s->name, s->n - n);
				t[s - side][round][i / Sides] = s->at - start;
				if (next < s->at) /* nobody catches up */
					next = s->at;
			}
		}
		for (who = Sides; who--;) {
			snprintf(name, sizeof(name), "%s.%s", kindname[kind],
			    side[who].name);
			f = into(name, "w");
			for (round = 0; round < Rounds; round++)
				fprintf(f, "%.3f\n", rank(t[who][round], Each,
				    .5) / 1e3);
			fclose(f);
			snprintf(name, sizeof(name), "%s, %s", kindtext[kind],
			    side[who].name);
			fprintf(out, "# %-37s %8zu", name,
			    strlen(side[who].last));
			fprintf(out, " %8.0f %8.0f %8.0f\n",
			    rank(t[who][0], Rounds * Each, .5) / 1e3,
			    rank(t[who][0], Rounds * Each, .99) / 1e3,
			    rank(t[who][0], Rounds * Each, 1) / 1e3);
		}
	}
	fclose(out);
}

/* Of the i-th absolute motion, as QEMU counts. */
int
place(size_t i, int turn, int size)
{
	return (double)(i % turn) / (size - 1) * 0x7fff + .5;
}

pid_t
program(const char *display, const char *const *argv)
{
	char path[4096];
	pid_t pid = fork();
	int fd;

	if (pid < 0)
		die("fork: %s", strerror(errno));
	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	snprintf(path, sizeof(path), "%s/log", dir);
	fd = open(path, O_WRONLY | O_CREAT | O_APPEND, 0600);
	dup2(fd, 2);
	setenv("DISPLAY", display, 1);
	setenv("XDG_RUNTIME_DIR", dir, 1);
	execv(argv[0], (char *const *)argv);
	_exit(127);
}

/* Sorts them. The one that all but this share are not above. */
double
rank(int64_t *t, size_t n, double share)
{
	size_t i = share * n;

	qsort(t, n, sizeof(*t), order);
	return t[i < n ? i : n - 1];
}

/* Until it gets what it is to be measured with: it is there, has the focus,
 * and holds a grab. */
void
ready(struct side *s, int kind)
{
	int64_t end = clockns() + (int64_t)Start * Second;
	size_t n = s->n, i;

	for (i = 0; s->n == n; i++) {
		if (clockns() > end)
			die("%s: %s: nothing comes", s->name, kindtext[kind]);
		event(s, kind, i);
		serve(clockns() + 20000000, s, n + 1);
	}
	if (i % 2)
		event(s, kind, i);
	finish();
	if (s == &side[Ours])
		strcpy(bytes[kind], s->last);
}

void
reply(struct side *s, const char *text)
{
	ssize_t n = strlen(text);

	if (send(s->fd, text, n, MSG_NOSIGNAL) != n)
		die("%s: it has closed", s->name);
}

/* Until then, or until the n-th command of input has come. */
void
serve(int64_t until, struct side *want, size_t n)
{
	struct pollfd p[Sides];
	struct timespec t;
	struct side *s;
	char buf[4096];
	int64_t now, end;
	ssize_t r, i;

	while (!want || want->n < n) {
		now = clockns();
		end = until;
		for (s = side; s < side + Sides; s++) {
			if (s->due && s->due <= now) {
				s->due = 0;
				s->busy += now - s->at;
				reply(s, done);
			}
			if (s->due && s->due < end)
				end = s->due;
			p[s - side].fd = s->fd < 0 ? s->listener : s->fd;
			p[s - side].events = POLLIN;
		}
		if (now >= until)
			return;
		t.tv_sec = (end - now) / Second;
		t.tv_nsec = (end - now) % Second;
		if (ppoll(p, Sides, &t, NULL) < 0)
			die("ppoll: %s", strerror(errno));
		for (s = side; s < side + Sides; s++) {
			if (!p[s - side].revents)
				continue;
			if (s->fd < 0) {
				accepted(s);
				continue;
			}
			if ((r = read(s->fd, buf, sizeof(buf))) <= 0)
				die("%s: it has closed", s->name);
			for (i = 0; i < r; i++) {
				if (s->len == sizeof(s->buf) - 1)
					die("%s: a long command", s->name);
				s->buf[s->len++] = buf[i];
				s->quoted ^= buf[i] == '"';
				if (!s->quoted)
					s->depth += (buf[i] == '{') -
					    (buf[i] == '}');
				if (s->depth || s->quoted || buf[i] != '}')
					continue;
				command(s);
				s->len = 0;
			}
		}
	}
}

/* Of the i-th relative motion: there and back, and a little further. */
int
stepx(size_t i)
{
	return (i / There % 2 ? -Dx : Dx) + (i % 8 == 0);
}

int
stepy(size_t i)
{
	return i / There % 2 ? -Dy : Dy;
}

void
xopen(struct side *s)
{
	static const uint32_t off = XCB_AUTO_REPEAT_MODE_OFF;
	xcb_test_get_version_reply_t *r;
	xcb_screen_t *screen;

	s->x = xcb_connect(s->display, NULL);
	if (xcb_connection_has_error(s->x))
		die("%s: no X server", s->display);
	screen = xcb_setup_roots_iterator(xcb_get_setup(s->x)).data;
	s->root = screen->root;
	s->width = screen->width_in_pixels;
	s->height = screen->height_in_pixels;
	r = xcb_test_get_version_reply(s->x, xcb_test_get_version(s->x, 2, 2),
	    NULL);
	if (!r)
		die("%s: no XTEST", s->display);
	free(r);
	xcb_change_keyboard_control(s->x, XCB_KB_AUTO_REPEAT_MODE, &off);
	xcb_flush(s->x);
}

int
main(int argc, char **argv)
{
	const char *op = argc == 6 ? argv[1] : "";
	const char *run[] = { NULL, "-q", NULL, "-a", "", NULL };
	int i;

	dir = argv[2];
	ours = argv[3];
	alarm(Limit);
	prctl(PR_SET_TIMERSLACK, 1);
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (argc != 6)
		die("usage: see the head of tests/input/bench.c");
	for (i = 0; i < Sides; i++) {
		side[i].display = argv[4 + i];
		xopen(&side[i]);
		listenat(&side[i]);
	}
	run[0] = ours;
	run[2] = side[Ours].path;
	side[Ours].pid = program(side[Ours].display, run);
	ready(&side[Ours], Key);
	ready(&side[Ours], Abs);
	barestart(0);
	ready(&side[Bare], Key);
	ready(&side[Bare], Abs);
	if (!strcmp(op, "pace"))
		pace();
	else if (!strcmp(op, "cpu"))
		cpu();
	else if (!strcmp(op, "burst"))
		burst();
	else
		die("usage: see the head of tests/input/bench.c");
	barekill();
	kill(side[Ours].pid, SIGTERM);
	waitpid(side[Ours].pid, NULL, 0);
	return 0;
}
