/* See LICENSE for copyright and licence details.
 *
 * Fuzz targets for all that ddc.c takes from a monitor. The variable FUZZ
 * names the one to run:
 *
 *   edid     an EDID, and the row of config.h that is made of it
 *   caps     a capabilities string
 *   reply    a reply to Get
 *   session  whole runs of wire_run, with a bus that obeys the input
 *
 * It is meant for libFuzzer; fuzzmain.c has what it calls, and what is in its
 * place where it is missing. With SEEDS=FOLDER the target's first inputs are
 * written there, and that is all.
 *
 * ddc.c is included, for its parsers are static, and so that its system calls
 * are those of this file: they keep a clock of their own, nothing waits. So is
 * the log, which is read here. */
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <linux/i2c-dev.h>
#include <linux/i2c.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <libudev.h>

static int fakegettime(clockid_t, struct timespec *);
static int fakeioctl(int, unsigned long, ...);
static int fakecard(int, int, off_t);
static int fakelock(int, int);
static ssize_t fakeread(int, void *, size_t);
static int fakesleep(clockid_t, int, const struct timespec *,
                     struct timespec *);
static ssize_t fakewrite(int, const void *, size_t);

#define clock_gettime fakegettime
#define clock_nanosleep fakesleep
#define flock(fd, op) fakelock(fd, op)
#define ioctl fakeioctl
#define lockf fakecard
#define read fakeread
#define write fakewrite
#include "../../core/loop.c"
#include "../../ddc/ident.c"
#include "../../ddc.c"
#include "../../ddc/bus.c"
#include "../lib/fuzz.h"
#undef clock_gettime
#undef clock_nanosleep
#undef flock
#undef ioctl
#undef lockf
#undef read
#undef write

enum {
	FakeFd = 100, CardFd = 99, Fakes = 3,
	XferMax = 20000, /* of a run; more: it does not end */
	TailMax = 2500,  /* ms: what is begun may be ended after the limit */
	SleepMax = 4000, /* ms: no single wait is longer */
	Ms = 1000000     /* ns */
};

/* The waits of the standard, and of LockMax; those of ddc.c may be wrong. */
enum { BeforeRead = 40, BeforeNext = 50, AfterSave = 200, ForLock = 1000 };

/* What was asked last on a bus, and is to be read now. */
enum asked { Nothing, AskedEdid, AskedGet, AskedCaps };

/* A monitor, as far as it has to be known to see whether ddc.c is right. */
struct fake {
	struct bus was, *b;
	unsigned learned[Guest + 1], before[Guest + 1];
	int chosen, lockmode, locktries;
	int held, locktried; /* since the last unlock */
	int64_t blocked;     /* first refusal of the lock */
	unsigned addr;       /* of I2C_SLAVE_FORCE */
	int64_t due;         /* nothing may be sent before */
	enum asked asked;
	unsigned code;       /* of the last Get */
	int again;           /* what was read is none, and may be again */
	unsigned set;        /* what was set last */
	int value;           /* last valid reply since */
	int maybe;           /* it may not count */
	unsigned char seen[0x10000]; /* how often it was replied */
	size_t ncaps;        /* of the text it was given */
	int sets, records;
};

static struct {
	const unsigned char *in;
	size_t n, at, script; /* script: where it begins */
	int cycle;            /* begins again at its end */
	int64_t now, begin, excess;
	msec late;
	int eintr, interrupted;
	unsigned xfers;
	int card;             /* is locked */
	struct fake fake[Fakes];
	struct buses buses;
	struct order order;
} w;

static void checkblind(const struct fake *, unsigned op);
static void checkhost(const struct fake *, const struct bus *);
static void checkident(const struct ident *);
static void checklog(const char *, size_t);
static void checkmessage(struct fake *, const struct i2c_msg *);
static void checkrecord(struct fake *, const struct bus *);
static void checkrequest(struct fake *, const unsigned char *, size_t);
static void checkresult(const struct fake *, const struct bus *);
static void checkrow(const char *);
static void checkrowof(const struct ident *, unsigned ctl, unsigned other);
static void checkset(struct fake *, const unsigned char *);
static void checktext(const char *, size_t size);
static void checktime(const struct fake *);
static size_t column(char *line, int, char **);
static struct fake *fakeof(int fd);
static void fill(struct fake *, unsigned how, unsigned char *, size_t);
static void fillcaps(struct fake *, int kind, unsigned char *, size_t);
static void filledid(int kind, unsigned char *, size_t);
static void fillget(struct fake *, int kind, unsigned char *, size_t);
static void finishframe(int kind, unsigned char *, size_t, size_t len);
static void fuzzcaps(const unsigned char *, size_t);
static void fuzzedid(const unsigned char *, size_t);
static void fuzzreply(const unsigned char *, size_t);
static void fuzzsession(const unsigned char *, size_t);
static const char *literal(const char *, char *out, size_t);
static void oddedid(unsigned char *);
static void parserow(const char *, Monitor *, char text[5][64]);
static void received(struct fake *, const unsigned char *);
static const unsigned char *refident(const unsigned char *, size_t);
static size_t refpayload(const unsigned char *, size_t,
                         const unsigned char **);
static void reftext(const unsigned char *, unsigned tag, char out[14]);
static enum reply refvcp(const unsigned char *, size_t, unsigned, int *);
static int replied(struct fake *, const unsigned char *, size_t);
static void setbus(size_t);
static unsigned take(void);
static int transferred(struct fake *, const struct i2c_msg *);
static const Input *wanted(const struct fake *);

static const struct fuzztarget target[] = {
	{ "edid", fuzzedid }, { "caps", fuzzcaps }, { "reply", fuzzreply },
	{ "session", fuzzsession },
};

static const Input extras[] = {
	{ .code = 0xe2, .value = 1 }, { .code = 0xe3, .value = 0xabcd }, { 0 }
};

#define ANY .manufacturer = "*"
static const Monitor rows[] = {
	{ ANY },
	{ ANY, .host = { .value = DP1 } },
	{ ANY, .guest = { .value = HDMI1 } },
	{ ANY, .host = { .value = DP1 }, .guest = { .value = HDMI1 } },
	{ ANY, .host = { .value = DP1 }, .guest = { .value = HDMI1 },
	  .flags = Blind },
	{ ANY, .guest = { .value = HDMI1 }, .flags = Blind | Wake },
	{ ANY, .host = { .value = DP1 }, .flags = Wake | Save, .repeat = 2 },
	{ ANY, .host = { .value = DP1, .extra = extras },
	  .guest = { .value = HDMI1, .extra = extras }, .repeat = 3,
	  .flags = Save },
	{ ANY, .host = { .value = DP1 }, .guest = { .value = HDMI1 },
	  .flags = Blind | Wake | Save, .repeat = 2 },
	{ ANY, .host = { .code = 0xf4, .source = 0x50, .value = 0xd0 },
	  .guest = { .code = 0xf4, .source = 0x50, .value = 0x90 } },
	{ ANY, .host = { .code = 0xf4, .value = 0xd0 },
	  .guest = { .code = 0xf4, .value = 0x90 } },
	{ ANY, .host = { .value = 6, .readback = 0x0f },
	  .guest = { .value = 5, .readback = 0x11 } },
	{ ANY, .host = { .value = 0x0109 }, .guest = { .value = 0x0209 } },
	{ ANY, .guest = { .value = 6, .readback = 0x11 } },
	{ ANY, .guest = { .code = 0xf4, .value = 0x90, .readback = 0x90 } },
	{ ANY, .guest = { .code = 0xf4, .source = 0x50, .value = 0x90,
	  .extra = extras } },
};

/* What a monitor may show, or an input may be; 0 is also: not known. */
static const unsigned value[] = {
	0, 0x0f, 0x11, 0x12, 0x060f, 0x0109, 0x0209, 0xff
};

static const unsigned char header[] = {
	0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0
};

/* A monitor that was asked for nothing is not read, and a blind one not at
 * all. */
void
checkblind(const struct fake *f, unsigned op)
{
	const Monitor *m = f->b->row;
	const Input *in = wanted(f);

	if (op != OpGet && op != OpCaps)
		return;
	must(w.order.op != DdcSwitch || !in->source || in->extra ||
	    in->source == SourceHost, "reads on a source that never answers");
	must(w.order.op != DdcSwitch || !(m->flags & Blind) || !in->value,
	    "a blind row is read");
}

/* The host's input is learned only where it may be, from two equal replies, when
 * it is listed and not the guest's. */
void
checkhost(const struct fake *f, const struct bus *r)
{
	const Input *guest = &f->b->row->guest;
	unsigned v;
	int seen;

	if (r->learned[Host] == f->was.learned[Host] ||
	    r->learned[Host] == f->b->row->host.value)
		return;
	for (v = seen = 0; v <= 0xffff; v++) /* with any high byte */
		if ((v & 0xff) == r->learned[Host])
			seen += f->seen[v];
	must(seen > 1, "host 0x%x is learned, but was read %d times",
	    r->learned[Host], seen);
	must(w.order.learn && memchr(r->input, r->learned[Host], r->ninput),
	    "learns, and must not");
	v = guest->readback ? guest->readback : guest->value;
	must((v & 0xff) != r->learned[Host],
	    "host 0x%x is learned, and is the guest's", r->learned[Host]);
}

void
checkident(const struct ident *id)
{
	size_t i;

	checktext(id->manufacturer, sizeof(id->manufacturer));
	checktext(id->model, sizeof(id->model));
	checktext(id->serial, sizeof(id->serial));
	must(strlen(id->manufacturer) == 3, "manufacturer of %zu bytes",
	    strlen(id->manufacturer));
	for (i = 0; i < 3; i++)
		must(id->manufacturer[i] >= '@' && id->manufacturer[i] <= '_',
		    "manufacturer \"%s\"", id->manufacturer);
}

/* The right address, and nothing is read that was not asked for. */
void
checkmessage(struct fake *f, const struct i2c_msg *m)
{
	must(m->addr == (w.order.op == DdcIdentify ? AddrEdid : AddrDdc),
	    "address 0x%02x", m->addr);
	if (m->flags == I2C_M_RD)
		must(m->len == (f->asked == AskedCaps ? FrameMax : f->asked ==
		    AskedGet ? ReplySize : f->asked == AskedEdid ? EdidSize :
		    0),
		    "reads %d bytes", m->len);
	else if (m->addr == AddrDdc)
		checkrequest(f, m->buf, m->len);
	else
		must(m->len == 1 && !m->buf[0], "writes to an EEPROM");
	if (m->addr == AddrEdid)
		f->asked = AskedEdid;
}

/* A line, whole, and without what would move the cursor. */
void
checklog(const char *s, size_t n)
{
	size_t i;

	must(n && n < LineMax - ErrnoMax && s[n - 1] == '\n', "a long line");
	for (i = 0; i + 1 < n; i++)
		must(s[i] >= ' ' && s[i] != 0x7f, "control in the log");
}

void
checkrecord(struct fake *f, const struct bus *r)
{
	size_t i;

	must(!f->records++, "a second record");
	must(w.order.op == DdcIdentify || r->result == DdcFailed ||
	    r->result == DdcSent || r->result == DdcConfirmed ||
	    (r->result == DdcBounced && w.order.op == DdcVerify) ||
	    ((r->result == DdcUnknown || r->result == DdcSilent ||
	    r->result == DdcQuiet) && w.order.op == DdcSwitch), "result %d",
	    r->result);
	must(r->value == -1 || r->value == f->value || f->maybe,
	    "value %d, but the last reply said %d", r->value, f->value);
	must(r->learned[Guest] <= 0xffff && r->learned[Host] <= 0xffff,
	    "a value too high");
	must(r->ninput <= InputMax, "%zu inputs", r->ninput);
	for (i = 1; i < r->ninput; i++)
		must(!memchr(r->input, r->input[i], i), "an input twice");
	must(r->forced == !!r->forced && r->doubt == !!r->doubt, "a truth value is none");
	must(r->notbefore * Ms >= f->due, "notbefore is %lld us too early",
	    (long long)(f->due - r->notbefore * Ms) / 1000);
	must(r->notbefore * Ms <= w.now + (int64_t)SleepMax * Ms,
	    "notbefore is too late");
	checkresult(f, r);
}

/* Source, length, checksum, and that it is allowed in this run. */
void
checkrequest(struct fake *f, const unsigned char *b, size_t n)
{
	unsigned op = n > 2 ? b[2] : 0, sum = WriteSeed;
	const Input *in = wanted(f);
	size_t i;

	must(n >= 4 && b[1] == (0x80 | (n - 3)), "length of a request");
	for (i = 0; i < n; i++)
		sum ^= b[i];
	must(!sum, "checksum of a request");
	must(b[0] == SourceHost || (op == OpSet && b[0] == in->source),
	    "source 0x%02x", b[0]);
	checkblind(f, op);
	f->asked = Nothing;
	if (op == OpGet) {
		f->code = b[3];
		must(n == 5 && (b[3] == (in->code ? in->code : VcpInput) ||
		    (in->extra && (b[3] == 0xe2 || b[3] == 0xe3))),
		    "Get of 0x%02x", b[3]);
		f->asked = AskedGet;
	} else if (op == OpCaps) {
		must(n == 6 && (size_t)(b[3] << 8 | b[4]) == f->ncaps,
		    "capabilities from %d", b[3] << 8 | b[4]);
		f->asked = AskedCaps;
	} else if (op == OpSave) {
		must(n == 4 && w.order.op == DdcSwitch && f->sets &&
		    (f->b->row->flags & Save), "Save");
	} else {
		must(op == OpSet && n == 7 && w.order.op == DdcSwitch,
		    "request 0x%02x", op);
		checkset(f, b);
	}
}

/* Does what was answered bear the result out? */
void
checkresult(const struct fake *f, const struct bus *r)
{
	const Input *in = wanted(f);
	unsigned want = in->readback ? in->readback : in->value ? in->value :
	    w.order.side == Host ? r->learned[Host] : r->learned[Guest];

	if (w.order.op == DdcIdentify) {
		must(r->result == f->was.result, "the result of the order "
		    "before is %d", r->result);
		if (r->identified)
			checkident(&r->id);
		return;
	}
	must(r->identified, "was not asked, and is not known");
	if (w.order.op == DdcList)
		return;
	if (w.order.op == DdcSwitch)
		checkhost(f, r);
	must(r->result == DdcConfirmed ? !r->doubt : !f->sets ||
	    r->doubt, "doubt is %d", r->doubt);
	if (w.order.op == DdcSwitch)
		must(r->result != DdcConfirmed || f->sets || !f->was.doubt,
		    "believed in doubt");
	if (r->result == DdcConfirmed)
		must(r->value >= 0 && (r->value & 0xff) == (int)(want & 0xff),
		    "0x%x is confirmed by 0x%x", want, (unsigned)r->value);
	if (r->result == DdcSent && w.order.op == DdcSwitch)
		must(f->sets, "sent, but nothing was set");
	if (r->result == DdcSilent || r->result == DdcQuiet)
		must(f->sets && r->value < 0, "silent, but %s", f->sets ?
		    "it was read" : "nothing was set");
	must(!f->sets || f->set == in->value || !in->value || in->extra,
	    "0x%x was set", f->set);
}

/* A row must be C: strings with all that is special escaped, and what -std=
 * c11 takes for a trigraph is special. */
void
checkrow(const char *s)
{
	int string = 0;
	const char *p;

	for (p = s; *p; p++) {
		must(isprint((unsigned char)*p) || (!string && (*p == '\n' ||
		    *p == '\t')), "byte 0x%02x in a row", *p & 0xff);
		must(strncmp(p, "?" "?", 2) || !p[2] ||
		    !strchr("=/'()!<>-", p[2]), "a trigraph: %s", s);
		if (string && *p == '\\')
			must(*++p && strchr("\\\"?", *p), "escape: %s", s);
		else if (*p == '"')
			string = !string;
	}
	must(!string && *s == '{' && p - s > 3 && !strcmp(p - 3, " },"),
	    "not ended: %s", s);
}

/* The row of this monitor, beside one that differs in what other says, fits it
 * alone. */
void
checkrowof(const struct ident *id, unsigned ctl, unsigned other)
{
	static struct learned learned[1];
	static struct buses d;
	struct ident *o = &d.bus[1].id;
	char *row = malloc(RowText), text[5][64];
	Monitor rule[2];

	memset(&d, 0, sizeof(d));
	d.learned = learned;
	for (d.n = 0; d.n < (ctl & 2 ? 2 : 1); d.n++) {
		sprintf(d.bus[d.n].name, "i2c-%zu", 3 + d.n);
		d.bus[d.n].fd = FakeFd;
		d.bus[d.n].identified = 1;
		d.bus[d.n].id = *id;
		if (ctl & 4)
			sprintf(d.bus[d.n].connector, "card1-DP-%zu",
			    d.n);
		else if (ctl & 8)
			sprintf(d.bus[d.n].connector, "card%zu-HDMI-A-1",
			    d.n);
	}
	o->manufacturer[0] ^= other & 1;
	o->model[0] ^= *id->model ? other >> 1 & 1 : 0;
	o->serial[0] = other & 4 ? '\0' : o->serial[0];
	o->serialno ^= other >> 3 & 1;
	o->product ^= other >> 4 & 1;
	d.bus[0].value = -1;
	bus_row(row, &d, &d.bus[0]);
	checkrow(row);
	parserow(row, &rule[0], text);
	memset(&rule[1], 0, sizeof(rule[1]));
	must(buses_match(&d, rule, -1, 1) == 0 && d.bus[0].row == rule &&
	    !d.bus[1].row, "a row that does not fit: %s", row);
	d.bus[0].value = 0xffff;
	learned[0].input[Guest] = ctl & 16 ? 0x11 : 0;
	bus_row(row, &d, &d.bus[0]);
	checkrow(row);
	free(row);
}

/* Nothing is ever set that does not stand in the row, or was learned. */
void
checkset(struct fake *f, const unsigned char *b)
{
	const Monitor *m = f->b->row;
	const Input *in = wanted(f), *x;
	unsigned v = b[4] << 8 | b[5];
	unsigned code = in->code ? in->code : VcpInput;

	if (b[3] == VcpPower && v == PowerOn && (m->flags & Wake))
		return;
	for (x = in->extra; x && x->value; x++)
		if (b[3] == x->code && v == x->value)
			return;
	must(b[3] == code && v && (!in->value || v == in->value),
	    "Set of 0x%02x to 0x%x", b[3], v);
	f->set = v;
}

void
checktext(const char *s, size_t size)
{
	size_t i;

	must(!!memchr(s, '\0', size), "a text without end");
	for (i = 0; s[i]; i++)
		must(s[i] >= ' ' && s[i] <= '~', "byte 0x%02x in a text",
		    s[i] & 0xff);
	must(!i || s[i - 1] != ' ', "a blank at the end of a text");
}

/* Nothing too early, and not without having asked for the lock. */
void
checktime(const struct fake *f)
{
	must(f->chosen, "a bus that was not chosen");
	must(!f->records, "a transfer after the record");
	must(w.now >= f->due, "%lld us too early",
	    (long long)(f->due - w.now) / 1000);
	must(f->locktried, "did not try to lock");
	must(w.card, "did not lock the card");
	must(f->held || f->lockmode == 3 ||
	    w.now - f->blocked >= (ForLock - 2LL) * Ms ||
	    w.now - w.begin >= (w.order.limit - 2LL) * Ms, "disturbs who "
	    "has the lock");
}

/* The fields of a line of tests/ddc up to the one wanted; its length. */
size_t
column(char *line, int i, char **field)
{
	line[strcspn(line, "\n")] = '\0';
	for (; i && line; i--)
		if ((line = strchr(line, '\t')))
			line++;
	*field = line;
	return line ? strcspn(line, "\t") : 0;
}

int
fakecard(int fd, int op, off_t len)
{
	must(fd == CardFd && !len && op == (w.card ? F_ULOCK : F_LOCK),
	    "lockf %d", op);
	w.card = !w.card;
	return 0;
}

int
fakegettime(clockid_t id, struct timespec *t)
{
	must(id == CLOCK_MONOTONIC, "clock %d", (int)id);
	w.now += 700; /* it goes on while we are running */
	t->tv_sec = w.now / 1000 / Ms;
	t->tv_nsec = w.now % (1000LL * Ms);
	return 0;
}

int
fakeioctl(int fd, unsigned long what, ...)
{
	struct fake *f = fakeof(fd);
	struct i2c_rdwr_ioctl_data *data;
	va_list ap;
	int how;

	va_start(ap, what);
	if (what == I2C_RDWR) {
		data = va_arg(ap, struct i2c_rdwr_ioctl_data *);
		va_end(ap);
		must(data->nmsgs == 1U + (data->msgs->addr == AddrEdid),
		    "%u messages in one transfer", data->nmsgs);
		if (data->nmsgs == 2)
			checkmessage(f, data->msgs);
		return transferred(f, data->msgs + data->nmsgs - 1) < 0 ? -1 :
		    (int)data->nmsgs;
	}
	f->addr = va_arg(ap, unsigned long);
	va_end(ap);
	must(what == I2C_SLAVE_FORCE, "ioctl 0x%lx", what);
	must(f->addr == AddrDdc || f->addr == AddrEdid, "slave 0x%02x",
	    f->addr);
	how = take() & 15;
	errno = EINVAL;
	return how < 15 ? 0 : -1;
}

int
fakelock(int fd, int op)
{
	struct fake *f = fakeof(fd);

	must(op == LOCK_UN || op == (LOCK_EX | LOCK_NB), "flock %d", op);
	f->held = op != LOCK_UN && (!f->lockmode || (f->lockmode == 2 &&
	    !f->locktries));
	f->locktried = op != LOCK_UN;
	if (f->held || op == LOCK_UN)
		return 0;
	if (f->locktries)
		f->locktries--;
	if (!f->blocked)
		f->blocked = w.now;
	errno = f->lockmode == 3 ? ENOLCK : EWOULDBLOCK;
	w.excess += f->lockmode == 3 ? 0 : (LockPoll + 1) * Ms;
	return -1;
}

struct fake *
fakeof(int fd)
{
	must(fd >= FakeFd && fd < FakeFd + (int)w.buses.n, "file %d", fd);
	must(++w.xfers < XferMax, "no end of transfers");
	return &w.fake[fd - FakeFd];
}

ssize_t
fakeread(int fd, void *p, size_t n)
{
	struct fake *f = fakeof(fd);
	struct i2c_msg m = { f->addr, I2C_M_RD, n, p };

	return transferred(f, &m) < 0 ? -1 : (ssize_t)n;
}

/* Wakes up late, and not always for that. */
int
fakesleep(clockid_t id, int flags, const struct timespec *t,
          struct timespec *rest)
{
	int64_t until = t->tv_sec * 1000LL * Ms + t->tv_nsec;

	must(id == CLOCK_MONOTONIC && flags == TIMER_ABSTIME && !rest &&
	    t->tv_nsec >= 0 && t->tv_nsec < 1000L * Ms, "clock_nanosleep");
	must(until <= w.now + (int64_t)SleepMax * Ms, "sleeps for %lld ms",
	    (long long)(until - w.now) / Ms);
	if (until <= w.now)
		return 0;
	if (w.eintr && !w.interrupted++) {
		w.now += (until - w.now) / 2;
		return EINTR;
	}
	w.interrupted = 0;
	w.now = until + w.late * Ms;
	w.excess += w.late * Ms;
	return 0;
}

ssize_t
fakewrite(int fd, const void *p, size_t n)
{
	struct fake *f;
	struct i2c_msg m = { 0, 0, n, (unsigned char *)p };

	if (fd == STDERR_FILENO) {
		checklog(p, n);
		return n;
	}
	f = fakeof(fd);
	m.addr = f->addr;
	return transferred(f, &m) < 0 ? -1 : (ssize_t)n;
}

/* What is read now. */
void
fill(struct fake *f, unsigned how, unsigned char *b, size_t n)
{
	memset(b, how & 0x40 ? 0xff : 0, n);
	if (f->asked == AskedEdid)
		filledid(how & 7, b, n);
	else if (f->asked == AskedGet)
		fillget(f, how & 7, b, n);
	else
		fillcaps(f, how & 7, b, n);
	f->again = !replied(f, b, n);
	if (!f->again)
		f->asked = Nothing;
}

/* A fragment of a text, or of whatever the input says. Kind 4: of another
 * place than was asked for. */
void
fillcaps(struct fake *f, int kind, unsigned char *b, size_t n)
{
	static const char text[] = "(prot(monitor)type(lcd)cmds(01 02 03 F3)"
	    "vcp(02 04 10 12 14(05 08)60(0F 11 12 00 FF)D6(01 04))mswhql(1))";
	size_t i, len = kind == 6 ? take() % 36 : 1 + take() % 32;

	b[2] = OpCapsReply;
	b[3] = f->ncaps >> 8;
	b[4] = (f->ncaps & 0xff) ^ (kind == 4);
	for (i = 0; i < len; i++) {
		if (kind != 6 && f->ncaps + i >= sizeof(text) - 1)
			break;
		b[5 + i] = kind == 6 ? take() :
		    (unsigned char)text[f->ncaps + i];
	}
	finishframe(kind, b, n, kind == 2 ? 0 : i + 3);
}

/* The EDID of a Dell with two bytes changed; kinds to 4: its sum is right. */
void
filledid(int kind, unsigned char *b, size_t n)
{
	unsigned char sum = 0;
	size_t i;

	if (kind == 5 || kind == 6)
		for (i = 0; i < n; i++)
			b[i] = take();
	oddedid(b);
	b[take() % EdidSize] = take();
	b[take() % EdidSize] = take();
	for (i = 0; i < EdidSize - 1; i++)
		sum -= b[i];
	if (kind < 5)
		b[EdidSize - 1] = sum;
}

void
fillget(struct fake *f, int kind, unsigned char *b, size_t n)
{
	const Input *in = wanted(f);
	unsigned v = take(), k = v % (LENGTH(value) + 1);
	size_t i, len = 8;

	v = k < LENGTH(value) ? value[k] : f->set;
	b[2] = OpGetReply;
	b[3] = kind == 3;
	b[4] = in->code ? in->code : VcpInput;
	b[7] = kind == 4 ? 0 : 0x12;
	b[8] = kind == 4 ? 0 : v >> 8;
	b[9] = kind == 4 ? 0 : v & 0xff;
	if (kind == 6)
		for (i = 0, len = take() % 10; i < len; i++)
			b[2 + i] = take();
	finishframe(kind, b, n, kind == 2 ? 0 : len);
}

/* Puts its beginning and its end to the data of a reply. Kind 1: its first
 * byte twice; 5: only what the input says; 7: one byte is wrong. */
void
finishframe(int kind, unsigned char *b, size_t n, size_t len)
{
	size_t i, k = kind == 5 ? take() % (n + 1) : 0;
	unsigned sum = ReplySeed;

	b[0] = WriteSeed;
	b[1] = 0x80 | len;
	for (i = 0; i < len + 2 && i < n; i++)
		sum ^= b[i];
	if (len + 2 < n)
		b[len + 2] = sum;
	if (kind == 1)
		memmove(b + 1, b, n - 1);
	for (i = 0; i < k; i++)
		b[i] = take();
	if (kind == 7) {
		i = take() % n;
		b[i] ^= take();
	}
}

/* At most InputMax, none twice, and what a part of the text says stays. */
void
fuzzcaps(const unsigned char *p, size_t n)
{
	unsigned char *s = copied(p, n), out[InputMax], part[InputMax];
	int closed = 0;
	size_t i, got = caps_inputs((char *)s, n, out, &closed), before = 0;
	size_t now;
	size_t by = 1 + n / 32; /* from another place with each text */

	must(got <= InputMax, "%zu inputs", got);
	for (i = 1; i < got; i++)
		must(!memchr(out, out[i], i), "input 0x%02x twice", out[i]);
	for (i = n ? s[n - 1] % by : 0; i <= n; i += by) {
		now = caps_inputs((char *)s, i, part, &closed);
		must(now >= before && now <= got && !memcmp(part, out, now),
		    "the first %zu bytes say something else", i);
		before = now;
	}
	free(s);
}

/* Two bytes, then an EDID. First byte, bit 0: its checksum is put right; 1:
 * there is a second monitor, which differs in what the second byte says; 2
 * and 3: there are connectors. */
void
fuzzedid(const unsigned char *p, size_t n)
{
	unsigned char *e;
	const unsigned char *ref;
	char model[14], serial[14];
	unsigned ctl, other, sum = 0;
	struct ident id;
	struct bus b = { .fd = -1 };
	size_t i;

	if (n < 2)
		return;
	ctl = *p++;
	other = *p++;
	e = copied(p, n -= 2);
	for (i = 0; n >= EdidSize && i < EdidSize - 1; i++)
		sum += e[i];
	if (n >= EdidSize && (ctl & 1))
		e[EdidSize - 1] = -sum;
	memset(&b.id, 'x', sizeof(b.id));
	ref = refident(e, n);
	must((bus_identify(&b, e, n) == 0) == !!ref, ref ? "refused" : "taken");
	id = b.id;
	if (!ref)
		goto out;
	checkident(&id);
	reftext(ref, 0xfc, model);
	reftext(ref, 0xff, serial);
	must(!strcmp(id.model, model) && !strcmp(id.serial, serial),
	    "\"%s\", \"%s\" is read as \"%s\", \"%s\"", model, serial,
	    id.model, id.serial);
	checkrowof(&id, ctl, other);
out:
	free(e);
}

/* Two bytes, then a reply. The first is the code asked for; the second, bit
 * 0: the checksum is put right. */
void
fuzzreply(const unsigned char *p, size_t n)
{
	unsigned char *r, *data = NULL, sum = ReplySeed;
	const unsigned char *ref = NULL;
	size_t len = 0, reflen, i, from, end;
	int v = -7, refv = -7, fix;
	enum reply got, want;
	unsigned code;

	if (n < 2)
		return;
	code = *p++;
	fix = *p++ & 1;
	r = copied(p, n -= 2);
	from = n > 2 && r[0] == WriteSeed && r[1] == WriteSeed;
	end = n > from + 2 ? from + 2 + (r[from + 1] & 0x7f) : 0;
	for (i = from; i < end && i < n; i++)
		sum ^= r[i];
	if (fix && end && end < n)
		r[end] = sum;
	reflen = refpayload(r, n, &ref);
	got = frame_data(r, n, &data, &len);
	must(got == (!ref ? ReplyBad : reflen ? ReplyOk : ReplyNull),
	    "a payload is %d", got);
	must(!ref || (data == ref && len == reflen), "another payload");
	want = refvcp(r, n, code, &refv);
	if (got == ReplyOk)
		got = frame_value(data, len, code, &v);
	must(got == want && v == refv, "a reply is %d, 0x%x, not %d, 0x%x",
	    got, (unsigned)v, want, (unsigned)refv);
	free(r);
}

/* Two bytes of order, four for each bus, then one or more for each transfer:
 * see take, setbus and transferred. */
void
fuzzsession(const unsigned char *p, size_t n)
{
	static const msec gap[] = { 0, 1, 50, 200 }, late[] = { 0, 1, 3, 30 };
	static const msec limit[] = {
		1, 300, 700, 1200, 2000, 4700, 8000, 19700
	};
	unsigned a, b;
	struct fake *f;
	size_t i;

	memset(&w, 0, sizeof(w));
	verbose = 2; /* so that a sanitizer sees what -VV would read */
	w.in = p;
	w.n = n;
	w.begin = w.now = 1234567890123456;
	a = take();
	b = take();
	w.order.op = a & 3;
	if (w.order.op >= DdcSwitch)
		w.order.side = a & 4 ? Guest : Host;
	w.order.learn = a >> 3 & 1;
	w.order.take = b >> 4 & 1;
	w.order.brief = a >> 4 & 1;
	w.buses.n = 1 + (a >> 6) % Fakes;
	w.order.gap = gap[b & 3];
	w.order.limit = limit[b >> 2 & 7];
	w.late = late[b >> 5 & 3];
	w.eintr = b >> 7;
	for (i = 0; i < w.buses.n; i++)
		setbus(i);
	w.script = w.at;
	w.cycle = a >> 5 & 1;
	for (i = 0; i < w.buses.n; i++) {
		f = &w.fake[i];
		if (!f->chosen)
			continue;
		w.begin = w.now;
		w.excess = f->due > w.now ? f->due - w.now : 0;
		wire_run(f->b, &w.order, CardFd);
		checkrecord(f, f->b);
		must(w.now - w.begin <= w.excess + (w.order.limit + TailMax) *
		    Ms, "took %lld ms, limit %lld, excess %lld", (long long)
		    (w.now - w.begin) / Ms, (long long)w.order.limit,
		    (long long)w.excess / Ms);
		must(!w.card, "a card is kept");
	}
}

/* Reads a string of C. */
const char *
literal(const char *s, char *out, size_t size)
{
	size_t n = 0;

	must(*s++ == '"', "a row without a string");
	while (*s && *s != '"') {
		s += *s == '\\';
		must(n + 1 < size, "too long a string in a row");
		out[n++] = *s++;
	}
	must(*s++ == '"' && n, "an empty string in a row");
	out[n] = '\0';
	return s;
}

/* A header, a manufacturer, and a name with all that is special in C. */
void
oddedid(unsigned char *e)
{
	static const unsigned char name[] = "\0\0\0\xfc\0DELL ?" "?/\"\\\n";

	memcpy(e, header, sizeof(header));
	e[8] = 0x10;
	e[9] = 0xac;
	memcpy(e + 54, name, sizeof(name));
}

/* What a row of config.h says. */
void
parserow(const char *s, Monitor *m, char text[5][64])
{
	const struct {
		const char *name, **text;
	} member[] = {
		{ "manufacturer", &m->manufacturer }, { "model", &m->model },
		{ "serial", &m->serial }, { "connector", &m->connector },
		{ "bus", &m->bus },
	};
	char name[20], *end;
	unsigned long v;
	size_t i;

	memset(m, 0, sizeof(*m));
	must(*s++ == '{', "a row");
	do {
		must(sscanf(s, " .%19[a-z] = ", name) == 1, "a row: %s", s);
		s = strchr(s, '=') + 2;
		for (i = 0; i < LENGTH(member); i++)
			if (!strcmp(member[i].name, name))
				break;
		if (i < LENGTH(member)) {
			s = literal(s, text[i], sizeof(text[i]));
			*member[i].text = text[i];
			continue;
		}
		v = strtoul(s, &end, 0);
		must(end != s && v, "a number in a row: %s", s);
		s = end;
		if (!strcmp(name, "product"))
			m->product = v;
		else
			m->serialno = v;
	} while (*s++ == ',');
	must(!strcmp(s - 1, " },"), "the end of a row: %s", s);
}

/* When the next may follow upon a message that got there. */
void
received(struct fake *f, const unsigned char *b)
{
	f->due = w.now;
	if (f->asked == AskedGet || f->asked == AskedCaps)
		f->due += BeforeRead * Ms;
	else if (f->asked == Nothing)
		f->due += (b[2] == OpSave ? AfterSave : BeforeNext) * Ms;
	if (f->asked == Nothing && b[2] == OpSet && b[3] != VcpPower) {
		f->sets++;
		f->value = -1;
	}
}

/* What bus_identify is to take. */
const unsigned char *
refident(const unsigned char *e, size_t n)
{
	unsigned sum = 0;
	size_t i;

	if (n < 128 || memcmp(e, header, 8))
		return NULL;
	for (i = 0; i < 128; i++)
		sum += e[i];
	return sum % 256 ? NULL : e;
}

/* The data of a reply; NULL: it is none. */
size_t
refpayload(const unsigned char *r, size_t n, const unsigned char **data)
{
	const unsigned char *end = r + n;
	unsigned sum = ReplySeed, len;

	*data = NULL;
	if (n > 2 && r[0] == 0x6e && r[1] == 0x6e)
		r++;
	if (end - r < 3 || r[0] != 0x6e)
		return 0;
	len = r[1] % 128;
	if (end - r < (ptrdiff_t)len + 3)
		return 0;
	*data = r + 2;
	for (end = *data + len; r <= end; r++)
		sum ^= *r;
	if (sum) /* of all, the checksum too */
		*data = NULL;
	return *data ? len : 0;
}

/* The first text with this tag that says something. */
void
reftext(const unsigned char *e, unsigned tag, char out[14])
{
	const unsigned char *p = e + 54;
	size_t i, n, used;

	*out = '\0';
	for (i = 0; i < 4 && !*out; i++, p += 18) {
		if (p[0] || p[1] || p[3] != tag)
			continue;
		for (n = used = 0; n < 13 && isascii(p[5 + n]) &&
		    isprint(p[5 + n]); n++)
			if (p[5 + n] != ' ')
				used = n + 1;
		memcpy(out, p + 5, used);
		out[used] = '\0';
	}
}

enum reply
refvcp(const unsigned char *r, size_t n, unsigned code, int *v)
{
	const unsigned char *d;
	size_t len = refpayload(r, n, &d);

	if (d && !len)
		return ReplyNull;
	if (!d || len != 8 || d[0] != 2 || d[1] > 1 || d[2] != code)
		return ReplyBad;
	if (d[1] || !(d[4] | d[5] | d[6] | d[7]))
		return ReplyUnsupported;
	*v = d[6] * 256 + d[7];
	return ReplyOk;
}

/* Remembers what the monitor has said. It is followed by the gap of the
 * order. 0: it is not said yet. */
int
replied(struct fake *f, const unsigned char *b, size_t n)
{
	const Input *in = wanted(f);
	unsigned code = in->code ? in->code : VcpInput;
	const unsigned char *d;
	size_t len = refpayload(b, n, &d);
	int v = -1;

	/* no protocol, but a memory */
	f->due = w.now + (f->asked == AskedEdid ? 0 : w.order.gap * Ms);
	if (f->asked == AskedEdid || !d || !len)
		return f->asked == AskedEdid;
	if (f->asked == AskedGet && (f->code != code ||
	    refvcp(b, n, code, &v) != ReplyOk))
		return 1;
	if (f->asked == AskedGet) {
		/* 0 is none, but perhaps what config.h says */
		f->maybe = code == VcpInput && !(v & 0xff);
		if (f->maybe && !v)
			return 1;
		f->value = v;
		f->seen[v] += code == VcpInput && f->seen[v] < 255;
	} else if (len > 3 && d[0] == OpCapsReply &&
	    (size_t)(d[1] << 8 | d[2]) == f->ncaps)
		f->ncaps += len - 3;
	return 1;
}

void
setbus(size_t i)
{
	static const msec after[] = { -100, 30, 300, 3000 };
	struct fake *f = &w.fake[i];
	struct bus *b = f->b = &w.buses.bus[i];
	unsigned row = take(), lock = take(), known = take(), kind = take();
	msec now = w.begin / Ms;

	f->chosen = !(row & 0x80);
	f->lockmode = lock & 3;
	f->locktries = lock >> 2 & 31;
	f->value = -1;
	sprintf(b->name, "i2c-%zu", i);
	b->fd = FakeFd + i;
	b->identified = w.order.op != DdcIdentify;
	b->value = -1;
	b->row = &rows[row % LENGTH(rows)];
	b->notbefore = now + after[row >> 4 & 3];
	b->cable = (unsigned[]){ VGA1, DVI1, DP1, HDMI1 }[kind % 4];
	b->learned = f->learned;
	b->learned[Host] = value[known & 7];
	b->learned[Guest] = value[known >> 3 & 7];
	b->doubt = known >> 6 & 1;
	b->forced = (kind & 3) > 1;
	b->mst = kind >> 2 & 1;
	strcpy(b->card, "/sys/card");
	strcpy(b->id.manufacturer, kind & 0x20 ? "GSM" : "[\\]");
	strcpy(b->id.model, kind & 0x40 ? "" : "\"?\\\"?\\\"?\\\"?\\");
	strcpy(b->id.serial, kind & 0x80 ? "" : "\"\"\"\"\"\"\"\"\"\"\"\"\"");
	f->was = *b;
	memcpy(f->before, f->learned, sizeof(f->before));
	f->was.learned = f->before;
	f->due = b->notbefore * Ms;
}

/* The next byte of the input; at its end nobody answers any more, or all
 * begins again. */
unsigned
take(void)
{
	if (w.at == w.n && w.cycle)
		w.at = w.script;
	return w.at < w.n ? w.in[w.at++] : 8;
}

/* A byte of the input says what comes of a transfer: bits 0 to 3 the error or
 * the kind of reply, 4 and 5 how long it takes, 6 what is behind a reply. */
int
transferred(struct fake *f, const struct i2c_msg *m)
{
	static const int error[] = {
		ENXIO, EIO, EREMOTEIO, EINVAL, EOPNOTSUPP, ETIMEDOUT, ENODEV,
		EAGAIN
	};
	static const int64_t lasts[] = {
		300000, 1100000, 30 * Ms, 1200LL * Ms
	};
	unsigned how = take(), kind = how & 15;

	f->again &= m->flags == I2C_M_RD;
	if (f->again)
		f->due = w.now;
	checktime(f);
	checkmessage(f, m);
	/* refused by the driver: nothing was sent, and it is tried again */
	errno = kind < 8 ? 0 : error[kind - 8];
	if (!f->addr && (errno == EINVAL || errno == EOPNOTSUPP))
		return -1;
	w.now += lasts[how >> 4 & 3];
	w.excess += lasts[how >> 4 & 3];
	f->due = w.now + BeforeNext * Ms;
	f->again = errno && m->flags & I2C_M_RD;
	if (errno && !f->again)
		f->asked = Nothing;
	else if (errno)
		;
	else if (m->flags & I2C_M_RD)
		fill(f, how, m->buf, m->len);
	else
		received(f, m->buf);
	return errno ? -1 : 0;
}

/* The input this run is about. */
const Input *
wanted(const struct fake *f)
{
	static const Input none;
	const Monitor *m = f->b->row;

	if (w.order.op != DdcSwitch && w.order.op != DdcVerify)
		return &none;
	return w.order.side == Host ? &m->host : &m->guest;
}

/* Of the EDIDs and texts in tests/ddc, and of what is known to be odd. */
void
writeseeds(const char *dir)
{
	static const struct {
		size_t n;
		const char *s;
	} reply[] = {
		{ 13, "\x60\0\x6e\x88\2\0\x60\0\0\x12\0\x0f\xc9" },
		{ 13, "\x60\0\x6e\x88\2\1\x60\0\0\0\0\0\xd5" },
		{ 13, "\x60\1\x6e\x88\2\0\x60\0\0\0\0\0\xd4" },
		{ 14, "\x60\1\x6e\x6e\x88\2\0\x60\0\3\x12\3\x0f\xc9" },
		{ 11, "\x60\0\x6e\x80\xbe\x6e\x80\xbe\x6e\x80\xbe" },
		{ 7, "\x60\0\x6e\x83\xe3\0\x40" },
		{ 14, "\xf4\1\x6e\x08\2\0\xf4\0\0\x12\0\x0f\xc9\0" },
	}, session[] = {
		/* to the host, and it is; and it was */
		{ 14, "\x02\x1a\x01\0\0\0" "\0\0\2" "\0" "\0\0\x08\0" },
		{ 14, "\x02\x1a\x06\0\0\0" "\0\0\2" "\0\0\0\0\0\x08" },
		{ 9, "\x02\x1a\x01\0\0\0" "\0\0\1" },
		/* to the guest: learned, and from the text; by a list */
		{ 31, "\x0e\x1e\0\0\0\0" "\0\0\1" "\0\0\1" "\0\0\x1f" "\0\0\x1f"
		    "\0\0\x1f" "\0\0\x1f" "\0\0\x1f" "\0" "\0\0\x08" },
		{ 24, "\x01\x1e\0\0\0\0" "\0\0\1" "\0\0\x1f" "\0\0\x1f"
		    "\0\0\x1f" "\0\0\x1f" "\0\0\x1f" },
		/* a text that never ends */
		{ 52, "\x21\x1c\0\0\0\0" "\0\6\x08\2\0\x60\0\0\x12\0\x0f"
		    "\0\6\x44" "vcp(60(01 02 03 04 05 06 07 08 09" },
		/* two EDIDs, one of them behind another block */
		{ 24, "\0\x1e\0\0\0\0" "\0\x05\xff" "\0\x05\xff" "\0\x01\x09"
		    "\x09\x70\x71" "\0\x0a\x08\0\0\x80" },
		/* verify; blind; LG; extra; all buses; no I2C_RDWR */
		{ 9, "\x03\x1a\x01\0\0\0" "\0\0\2" },
		{ 10, "\x02\x1a\x08\0\0\0" "\0\0\0\0" },
		{ 7, "\x06\x1a\x09\0\0\0" "\0" },
		{ 18, "\x22\x1a\x07\0\0\0" "\0\0\2" "\0\0\0\0" "\0\0\0\0\0" },
		{ 20, "\xa2\x7a\x01\x81\0\0\x0b\2\0\0\x0c\x03\0\0" "\0\0\2"
		    "\0\0\x08" },
		{ 18, "\x22\x1a\x01\0\0\0" "\x0b\0\0"
		    "\0\x0b\0\0\x02\0\x0e\0\0" },
	};
	static char line[1 << 16];
	static unsigned char b[1 << 15];
	const char *name = target[chosentarget].name;
	FILE *f;
	char *s;
	size_t i, n;
	int num = 0, edid = *name == 'e';

	for (i = 0; *name == 'r' && i < LENGTH(reply); i++)
		writeseed(dir, &num, reply[i].s, reply[i].n);
	for (i = 0; *name == 's' && i < LENGTH(session); i++)
		writeseed(dir, &num, session[i].s, session[i].n);
	if (*name == 'r' || *name == 's')
		return;
	b[0] = 1;
	oddedid(b + 2);
	if (edid)
		writeseed(dir, &num, b, 2 + EdidSize);
	/* more inputs than there is room for */
	for (s = line, i = 0; !edid && i < InputMax + 9; i++)
		s += sprintf(s, i ? " %02zx" : "vcp(60(%02zx", i);
	if (!edid)
		writeseed(dir, &num, line, s - line);
	if (!(f = fopen(edid ? "tests/ddc/edid.tsv" :
	    "tests/ddc/caps.tsv", "r"))) {
		perror("tests/ddc");
		exit(2);
	}
	while (fgets(line, sizeof(line), f)) {
		n = column(line, edid ? 7 : 3, &s);
		if (!edid && n)
			writeseed(dir, &num, s, n);
		for (i = 0; edid && i < n / 2; i++)
			sscanf(s + 2 * i, "%2hhx", &b[2 + i]);
		b[0] = num % 8 < 2 ? 0 : 2 | num * 4;
		b[1] = num / 2;
		if (edid && n)
			writeseed(dir, &num, b, 2 + n / 2);
	}
	fclose(f);
}

#include "../lib/fuzzmain.c"
