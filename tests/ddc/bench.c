/* See LICENSE for copyright and licence details.
 *
 * For bench.sh: what a switch costs beyond its messages and waits, a stopwatch
 * for commands, and medians.
 *
 *   bench wire DIR            times of switches, in files of DIR
 *   bench time FILE CMD...    runs it; its time is added to FILE
 *   bench stat TEXT FILE      a line for the table
 *   bench atmost N A B        prints A / B, the median of all rounds, and fails
 *   bench atleast N A B       if it is more, or less, than N
 *
 * Files have a time a line, in us. The monitor is the ioctl() of this file,
 * at the end of a wire of 100 kHz. A bare client sends it what wire_run sends,
 * with the same waits and nothing else. Both are children of their own, as in
 * the program, for the ioctl of a real bus can block; the time is that from
 * before the fork to the last byte on the wire. Neither waits after that: who
 * comes next has to. */
#include <sys/mman.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <linux/i2c-dev.h>
#include <linux/i2c.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "../../ddc.h"

enum {
	ByteTime = 90000, EdgeTime = 20000, /* ns; edges: start and stop */
	XferMax = 16, XferBytes = 16,
	BlindRounds = 1000, ReadRounds = 25,
	Second = 1000000000
};

/* One i2c message, and the ms to wait at least before the next. */
struct message {
	int read;
	size_t n;
	unsigned char b[XferBytes];
	msec wait;
};

struct xfer {
	int64_t begin, end;
	int read;
	size_t n;
	unsigned char b[XferBytes];
};

/* Shared with the children. */
struct wire {
	unsigned value; /* of 0x60 */
	struct xfer x[XferMax];
	size_t n;
};

struct test {
	const char *name;
	unsigned flags;
	enum evidence result;
	int rounds;
	size_t n;
	struct message m[5];
};

/* Who sends, and in which process. */
enum who { Bare, Ours, Inline, WhoLast };

static int ask(int least, const char *, const char *, const char *);
static void bare(const struct test *, int fd);
static int64_t clockns(void);
static int64_t done(const struct test *, enum who);
static double median(double *, size_t);
static double *numbers(const char *, size_t *);
static int order(const void *, const void *);
static void record(const char *dir, const struct test *, enum who,
                   const char *what, int64_t ns);
static void round1(const char *dir, const struct test *, enum who, int bus);
static void sleepms(msec);
static int stat1(const char *, const char *);
static int time1(const char *, char **);
static int wire1(const char *);

#define GET { 0, 5, { 0x51, 0x82, 0x01, 0x60, 0xdc }, 40 }
#define REPLY { 1, 12, { 0 }, 50 }
#define SET { 0, 7, { 0x51, 0x84, 0x03, 0x60, 0x00, 0x0f, 0xd7 }, 50 }

static const struct test tests[] = {
	{ "blind", Blind, DdcSent, BlindRounds, 1, { SET } },
	{ "read", 0, DdcConfirmed, ReadRounds, 5,
	  { GET, REPLY, SET, GET, REPLY } },
};
static const char *const whoname[] = { "bare", "ours", "inline" };

static struct wire *wire;

/* Prints the median of the ratios, round by round: where the machine is busy
 * the ratio of two medians is anything. Says whether it is not as wanted. */
int
ask(int least, const char *limit, const char *a, const char *b)
{
	size_t n, m, i;
	double *v = numbers(a, &n), *w = numbers(b, &m), ratio;

	if (n != m)
		die("%s has %zu rounds, %s %zu", a, n, b, m);
	for (i = 0; i < n; i++)
		v[i] /= w[i];
	ratio = median(v, n);
	printf("%.2f", ratio);
	free(v);
	free(w);
	return least ? ratio < atof(limit) : ratio > atof(limit);
}

void
bare(const struct test *t, int fd)
{
	unsigned char buf[XferBytes];
	struct i2c_msg m = { .addr = 0x37, .buf = buf };
	struct i2c_rdwr_ioctl_data data = { &m, 1 };
	size_t i;

	for (i = 0; i < t->n; i++) {
		memcpy(buf, t->m[i].b, sizeof(buf));
		m.flags = t->m[i].read ? I2C_M_RD : 0;
		m.len = t->m[i].n;
		if (ioctl(fd, I2C_RDWR, &data) < 0)
			_exit(1);
		if (i + 1 < t->n)
			sleepms(t->m[i].wait);
	}
}

int64_t
clockns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * Second + t.tv_nsec;
}

/* When the last byte was out. Dies if other messages were sent than by the
 * bare client, or one before its time. */
int64_t
done(const struct test *t, enum who who)
{
	const struct message *m;
	const struct xfer *x;
	size_t i;

	if (wire->n != t->n || wire->value != 0x0f)
		die("%s, %s: %zu messages, input 0x%02x", t->name,
		    whoname[who], wire->n, wire->value);
	for (i = 0; i < t->n; i++) {
		m = &t->m[i];
		x = &wire->x[i];
		if (x->read != m->read || x->n != m->n ||
		    (!m->read && memcmp(x->b, m->b, m->n)))
			die("%s, %s: message %zu differs", t->name,
			    whoname[who], i);
		if (i && x->begin < x[-1].end + m[-1].wait * 1000000)
			die("%s, %s: message %zu is early", t->name,
			    whoname[who], i);
	}
	return wire->x[t->n - 1].end;
}

/* The monitor, and the wire. */
int
ioctl(int fd, unsigned long request, ...)
{
	static const unsigned char reply[] = {
		0x6e, 0x88, 0x02, 0x00, 0x60, 0x00, 0x00, 0x12, 0x00
	};
	struct i2c_rdwr_ioctl_data *d;
	struct i2c_msg *m;
	struct xfer *x = &wire->x[wire->n];
	va_list ap;
	size_t i;

	(void)fd;
	va_start(ap, request);
	d = va_arg(ap, struct i2c_rdwr_ioctl_data *);
	va_end(ap);
	m = d->msgs;
	if (request != I2C_RDWR || d->nmsgs != 1 || m->addr != 0x37 ||
	    m->len > XferBytes || wire->n++ == XferMax) {
		errno = EINVAL;
		return -1;
	}
	x->begin = clockns();
	x->read = m->flags & I2C_M_RD;
	x->n = m->len;
	if (x->read) {
		memset(m->buf, 0, m->len);
		memcpy(m->buf, reply, sizeof(reply));
		m->buf[9] = wire->value;
		for (m->buf[10] = 0x50, i = 0; i < 10; i++)
			m->buf[10] ^= m->buf[i];
	} else {
		memcpy(x->b, m->buf, m->len);
		if (m->buf[2] == 0x03)
			wire->value = m->buf[5];
	}
	while (clockns() < x->begin + (m->len + 1) * ByteTime + EdgeTime)
		;
	x->end = clockns();
	return 1;
}

/* Sorts them. */
double
median(double *v, size_t n)
{
	qsort(v, n, sizeof(*v), order);
	return (v[(n - 1) / 2] + v[n / 2]) / 2;
}

double *
numbers(const char *name, size_t *n)
{
	FILE *f = fopen(name, "r");
	double *v = NULL, x;

	if (!f)
		die("%s: %s", name, strerror(errno));
	for (*n = 0; fscanf(f, "%lf", &x) == 1; v[(*n)++] = x)
		if (!(v = realloc(v, (*n + 1) * sizeof(*v))))
			die("no memory");
	fclose(f);
	if (!*n)
		die("%s: no times", name);
	return v;
}

int
order(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

void
record(const char *dir, const struct test *t, enum who who, const char *what,
       int64_t ns)
{
	char name[4096];
	FILE *f;

	snprintf(name, sizeof(name), "%s/%s.%s%s", dir, t->name, whoname[who],
	         what);
	if (!(f = fopen(name, "a")) ||
	    fprintf(f, "%lld\n", (long long)ns / 1000) < 0 || fclose(f))
		die("%s: %s", name, strerror(errno));
}

/* One switch, from what the monitor shows at first. As in the program the bus
 * is open, and its monitor known. */
void
round1(const char *dir, const struct test *t, enum who who, int bus)
{
	struct bus b = { .fd = bus, .identified = 1 };
	struct order o = {
		.op = DdcSwitch, .side = Host, .gap = 50, .limit = 4000
	};
	Monitor row = {
		.manufacturer = "*", .host = { .value = DP1 },
		.guest = { .value = HDMI1 }, .flags = t->flags
	};
	int status = 0;
	int64_t start;
	pid_t pid = 1;

	b.row = &row;
	memset(wire, 0, sizeof(*wire));
	wire->value = 0x11;
	start = clockns();
	if (who == Inline) {
		bare(t, bus);
	} else {
		if ((pid = fork()) < 0)
			die("fork: %s", strerror(errno));
		if (!pid) {
			if (who == Ours)
				wire_run(&b, &o, -1);
			else
				bare(t, bus);
			_exit(who == Ours && b.result != t->result);
		}
		waitpid(pid, &status, 0);
		record(dir, t, who, ".reaped", clockns() - start);
	}
	if (status)
		die("%s, %s: failed", t->name, whoname[who]);
	record(dir, t, who, "", done(t, who) - start);
}

void
sleepms(msec ms)
{
	struct timespec t = { ms / 1000, ms % 1000 * 1000000 };

	while (clock_nanosleep(CLOCK_MONOTONIC, 0, &t, &t) == EINTR)
		;
}

/* Of n numbers p99 is the one that at most 1 % of them are above. */
int
stat1(const char *text, const char *name)
{
	size_t n;
	double *v = numbers(name, &n), middle = median(v, n);

	printf("# %-37s %4zu %8.2f %8.2f %8.2f %8.2f\n", text, n, v[0] / 1e3,
	    middle / 1e3, v[(99 * n + 99) / 100 - 1] / 1e3, v[n - 1] / 1e3);
	free(v);
	return 0;
}

int
time1(const char *name, char **argv)
{
	int64_t start = clockns();
	int status = 0;
	pid_t pid = fork();
	FILE *f;

	if (!pid) {
		execvp(*argv, argv);
		_exit(127);
	}
	if (pid < 0 || waitpid(pid, &status, 0) < 0)
		die("%s: %s", *argv, strerror(errno));
	start = clockns() - start;
	if (!(f = fopen(name, "a")) ||
	    fprintf(f, "%lld\n", (long long)start / 1000) < 0 || fclose(f))
		die("%s: %s", name, strerror(errno));
	return WIFEXITED(status) ? WEXITSTATUS(status) : 126;
}

/* In rounds, so that what else the machine does meets all of them, and in each
 * order, for the first may be at a loss. */
int
wire1(const char *dir)
{
	const struct test *t;
	int bus = open("/dev/null", O_RDWR), i, k;

	wire = mmap(NULL, sizeof(*wire), PROT_READ | PROT_WRITE,
	            MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (bus < 0 || wire == MAP_FAILED)
		die("wire: %s", strerror(errno));
	for (t = tests; t < tests + LENGTH(tests); t++)
		for (i = 0; i < t->rounds; i++)
			for (k = 0; k < WhoLast; k++)
				round1(dir, t, (i + (i % 2 ? WhoLast - k : k))
				       % WhoLast, bus);
	return 0;
}

int
main(int argc, char **argv)
{
	const char *op = argc > 2 ? argv[1] : "";

	if (!strcmp(op, "wire"))
		return wire1(argv[2]);
	if (!strcmp(op, "time") && argc > 3)
		return time1(argv[2], argv + 3);
	if (!strcmp(op, "stat") && argc == 4)
		return stat1(argv[2], argv[3]);
	if (argc == 5 && (!strcmp(op, "atmost") || !strcmp(op, "atleast")))
		return ask(op[2] == 'l', argv[2], argv[3], argv[4]);
	die("usage: see the head of tests/ddc/bench.c");
	return 2;
}
