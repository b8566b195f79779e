/* See LICENSE for copyright and licence details.
 *
 * DDC/CI: switching the input of monitors over their i2c bus.
 *
 * ddc_scan finds the buses that a display may be on by udev and sysfs and
 * sends nothing. All transfers are made by ddc_run, in a child process that
 * screenstub.c forks for each graphics card, since an i2c ioctl can block for
 * seconds: buses of one card are driven by one process, for some cards lock
 * up when two of them are used at once, but their waits overlap. Each bus is
 * a struct drive, whose step makes one transfer and says how long to wait
 * before the next. What came out travels back as one struct ddcrecord.
 *
 * Start reading at ddc_run. */
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <linux/i2c-dev.h>
#include <linux/i2c.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <libudev.h>

#include "screenstub.h"

/* VESA DDC/CI 1.1 and E-DDC; 7-bit addresses as the kernel takes them. */
enum {
	AddrEdid = 0x50,
	AddrDdc = 0x37,
	WriteSeed = 0x6e, /* 8-bit address, first in a request's checksum */
	ReplySeed = 0x50, /* virtual host address, the same of a reply */
	SourceHost = 0x51,
	OpGet = 0x01, OpGetReply = 0x02, OpSet = 0x03, OpSave = 0x0c,
	OpCaps = 0xf3, OpCapsReply = 0xe3,
	VcpInput = 0x60, VcpPower = 0xd6, PowerOn = 1
};

/* Waits in ms: before a reply can be read, after an error, after Set, after
 * Save; never less than the standard's, for monitors lose what comes earlier.
 * The one after a reply is a setting. */
enum { ReplyWait = 40, NextWait = 50, SetWait = 50, SaveWait = 200 };

enum {
	EdidSize = 128,
	FrameMax = 40,   /* source, length, 35 bytes of data, checksum */
	ReplySize = 12,  /* of Get, with a byte for a doubled 6e */
	CapsMax = 4096,  /* longest seen: 1335 */
	EdidTries = 4, GetTries = 3, LearnTries = 6, SetTries = 3,
	CheckTries = 5, QuickTries = 3, QuickChecks = 2,
	LongPause = 1600,
	WriteTime = 500, /* of a Set, with what belongs to it */
	MemberText = 96, /* .connector = "...", of 39 bytes */
	ClassDisplay = 0x03, ClassDock = 0x0a, /* PCI base classes */
	LockPoll = 50, LockMax = 1000,
	BusyTime = 10000 /* for which a switch may keep a monitor busy */
};

enum reply { ReplyOk, ReplyBad, ReplyNull, ReplyUnsupported, ReplyNone };

/* What is sent, or, once it was sent, what reply is expected. */
enum state { Edid, First, Caps, Power, Write, Store, Check };

struct drive {
	struct ddc *ddc;
	struct bus *b;
	const struct ddcorder *order;
	struct ddcrecord rec;
	enum state state;
	int sent;           /* the request was; its reply is next */
	int locked, error;  /* error: errno of the last transfer */
	msec due, deadline, pause, lockdue;
	int tries, sets, reads, finished;
	Input want;         /* resolved: no member is 0 */
	const Input *extra; /* next of the further writes */
	unsigned rounds;
	unsigned other;     /* what is read while the other input is shown */
	int before;         /* value read first, or -1 */
	int seen;           /* the one before that, while learning */
	int mute;           /* the feature can't be read */
	int silent;         /* no value came the last time */
	char caps[CapsMax];
	size_t ncaps;
};

/* Members of a Monitor in the order in which a row of -d gets them, and in
 * which they are looked at for what tells twins apart. */
enum member {
	Manufacturer, Model, Serial, Product, SerialNo, Connector, BusName,
	MemberLast
};

static msec again(struct drive *, int most, msec now);
static void ambiguous(int row, struct bus *const *, size_t);
static void begin(struct drive *, msec now);
static int busy(const struct drive *, msec now);
static msec chosen(struct drive *);
static unsigned char checksum(unsigned char seed, const unsigned char *,
                              size_t);
static msec clockceil(void);
static void complain(const struct drive *, enum reply, const char *,
                     unsigned value, msec now);
static msec decide(struct drive *);
static int edidof(const char *dir, struct ident *);
static msec enter(struct drive *, enum state);
static msec finish(struct drive *, enum ddcresult);
static int fits(const Monitor *, const struct bus *);
static void forget(struct bus *);
static size_t frame(unsigned char *, unsigned source, const unsigned char *,
                    size_t);
static msec gotcaps(struct drive *, enum reply, const unsigned char *, size_t,
                    msec now);
static msec gotcheck(struct drive *, enum reply, msec now);
static msec gotedid(struct drive *, enum reply, const unsigned char *, size_t);
static msec gotfirst(struct drive *, enum reply, msec now);
static msec gotwrite(struct drive *, enum reply, msec now);
static void identify(struct bus *, const struct ident *);
static void identtext(const unsigned char *, char out[14]);
static void inherit(struct ddc *, struct bus *);
static int isdisplay(const char *name, const char *driver, unsigned class);
static int isnamed(const char *connector, const char *name);
static int ispanel(const char *connector);
static struct udev_enumerate *list(struct udev *, const char *subsystem);
static int lock(struct drive *, msec now);
static int lowsame(unsigned, unsigned);
static int member(char out[MemberText], const struct bus *, enum member,
                  Monitor *);
static int openbus(struct bus *, int quiet);
static enum reply payload(unsigned char *, size_t, unsigned char **, size_t *);
static void place(struct udev_enumerate *drm, struct bus *);
static size_t readfile(const char *dir, const char *name, void *, size_t);
static size_t request(struct drive *, unsigned char *);
static int scanbus(struct ddc *, struct udev_enumerate *drm,
                   struct udev_device *, int quiet);
static int shows(const struct drive *, unsigned value);
static msec step(struct drive *, msec now);
static int transfer(struct drive *, unsigned addr, unsigned flags,
                    unsigned char *, size_t);
static int transferslave(int fd, unsigned long *way, const struct i2c_msg *);
static void unlock(struct drive *);
static enum reply vcpreply(unsigned char *, size_t, unsigned code, int *value);
static msec written(struct drive *);

/* Tries the same again, later and later; most: so often in all, 0: until the
 * deadline. -1: that was the last. */
msec
again(struct drive *d, int most, msec now)
{
	msec pause = d->pause;

	if (pause > d->deadline - now)
		pause = d->deadline - now; /* one last time */
	if ((most && ++d->tries >= most) || pause < NextWait ||
	    d->error == ENODEV)
		return -1;
	d->pause = pause * 2 > LongPause ? LongPause : pause * 2;
	return pause;
}

/* Names the candidates, and the first member in which all of them differ. */
void
ambiguous(int row, struct bus *const *bus, size_t n)
{
	char text[BusMax][MemberText], all[768] = "";
	Monitor unused;
	enum member m;
	size_t i, k, len = 0;
	int tells = 0;

	for (m = Model; m < MemberLast && !tells; m++) {
		tells = 1;
		for (i = 0; i < n; i++) {
			tells &= member(text[i], bus[i], m, &unused);
			for (k = 0; k < i; k++)
				tells &= !!strcmp(text[i], text[k]);
		}
	}
	for (i = 0; i < n && len < sizeof(all); i++)
		len += snprintf(all + len, sizeof(all) - len,
		    "%s i2c-%d (%s)", i ? "," : "", bus[i]->num, text[i]);
	warn("ddc: monitors[%d]: several monitors fit:%s: add one of these to "
	     "its row in config.h", row, all);
}

/* Chooses what is sent first. */
void
begin(struct drive *d, msec now)
{
	const Monitor *m = d->b->row;
	const Input *other;

	d->rec.value = d->before = d->seen = -1;
	d->rec.mem = d->b->mem;
	d->deadline = now + d->order->limit;
	d->due = d->b->mem.notbefore;
	d->want.code = VcpInput;
	enter(d, d->order->op == DdcIdentify ? Edid : First);
	if (d->order->op != DdcSwitch && d->order->op != DdcVerify)
		return;
	d->want = d->order->side == Host ? m->host : m->guest;
	other = d->order->side == Host ? &m->guest : &m->host;
	if (!d->want.code)
		d->want.code = VcpInput;
	if (!d->want.source)
		d->want.source = SourceHost;
	if (!d->want.value)
		d->want.value = d->order->side == Host ? d->b->mem.host :
		    d->b->mem.guest;
	if (!d->want.readback)
		d->want.readback = d->want.value;
	d->other = other->readback ? other->readback : other->value;
	if (!d->other)
		d->other = d->order->side == Host ? d->b->mem.guest :
		    d->b->mem.host;
	/* on another source address nothing is ever answered */
	d->mute = d->want.source != SourceHost;
	if (d->order->op == DdcSwitch &&
	    (d->mute || ((m->flags & Blind) && d->want.value)))
		enter(d, m->flags & Wake ? Power : Write);
}

/* After a switch a monitor may be deaf for seconds; else nobody is there. */
int
busy(const struct drive *d, msec now)
{
	return d->rec.mem.switched && now - d->rec.mem.switched < BusyTime;
}

unsigned char
checksum(unsigned char seed, const unsigned char *p, size_t n)
{
	while (n--)
		seed ^= *p++;
	return seed;
}

/* The value to write is known: goes on to write it, unless it is shown. What
 * is read is not believed while a Set from before may still take effect. */
msec
chosen(struct drive *d)
{
	if (!d->want.readback)
		d->want.readback = d->want.value;
	if (!d->other)
		d->other = d->order->side == Host ? d->rec.mem.guest :
		           d->rec.mem.host;
	if (d->before >= 0 && shows(d, d->before) && !d->b->mem.doubt) {
		note(1, "ddc: i2c-%d: input 0x%02x is shown already",
		     d->b->num, d->want.value);
		return finish(d, DdcConfirmed);
	}
	return enter(d, d->b->row->flags & Wake ? Power : Write);
}

/* Rounded up, so that a wait is never shorter than it says. */
msec
clockceil(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (msec)t.tv_sec * 1000 + (t.tv_nsec + 999999) / 1000000;
}

/* Says why there was no answer, and what can be done about it. */
void
complain(const struct drive *d, enum reply r, const char *what,
         unsigned value, msec now)
{
	static const char *const reason[] = {
		[ReplyOk] = "", [ReplyBad] = "no valid reply",
		[ReplyNull] = "the monitor is busy, or does not know it",
		[ReplyUnsupported] = "the monitor does not support it",
	};
	const char *why = r == ReplyNone ? strerror(d->error) : reason[r];
	const char *advice = "is DDC/CI on in the monitor's menu? Some obey "
	    "only the machine they show: see GuestExec in config.h";

	if (d->error == ENODEV)
		advice = "the bus is gone: is the monitor unplugged?";
	else if (busy(d, now))
		advice = "it is still busy with the switch before";
	else if (r == ReplyUnsupported &&
	    !strcmp(d->b->id.manufacturer, "GSM"))
		advice = "many of LG's take { .code = 0xf4, .source = 0x50, "
		    ".value = 0xd0 } for DisplayPort 1, 0xd1 for USB-C or "
		    "DisplayPort 2, 0x90 and 0x91 for HDMI";
	else if (r == ReplyUnsupported)
		advice = "its values may do all the same: give both, with "
		    ".flags = Blind";
	else if (d->b->mst || d->b->dock)
		advice = "there is perhaps no DDC/CI behind this dock or hub: "
		    "connect the monitor directly";
	else if (!strcmp(d->b->driver, "nvidia"))
		advice = "is DDC/CI on in the monitor's menu? This driver may "
		    "want NVreg_RegistryDwords=\"RMUseSwI2c=0x01;RMI2cSpeed="
		    "100\"";
	warn("ddc: i2c-%d: %s 0x%02x: %s (%s)", d->b->num, what, value, why,
	     advice);
}

void
ddc_close(struct ddc *d)
{
	size_t i;

	for (i = 0; i < d->nbus; i++)
		if (d->bus[i].fd >= 0)
			close(d->bus[i].fd);
	d->nbus = 0;
}

void
ddc_hint(const struct ddc *d)
{
	struct udev *udev = udev_new();
	struct udev_enumerate *e = list(udev, "drm");
	struct udev_list_entry *l;
	const struct bus *b;
	const char *dir, *name;
	char status[16];

	for (b = d->bus; b < d->bus + d->nbus; b++)
		if (b->connected && b->fd >= 0 && b->known < 0 &&
		    !*b->id.manufacturer)
			warn("ddc: i2c-%d: something is connected to %s, but "
			     "there is no EDID on its bus: does an adapter or "
			     "a dock withhold it?", b->num, b->connector);
	udev_list_entry_foreach(l, udev_enumerate_get_list_entry(e)) {
		dir = udev_list_entry_get_name(l);
		name = strrchr(dir, '/') + 1;
		for (b = d->bus; b < d->bus + d->nbus; b++)
			if (!strncmp(dir, b->card, strlen(b->card)))
				break;
		if (b < d->bus + d->nbus || ispanel(name) ||
		    !readfile(dir, "status", status, sizeof(status)) ||
		    strcmp(status, "connected\n"))
			continue;
		warn("ddc: %s: something is connected, but there is no i2c "
		     "bus: DisplayLink and some docks have none", name);
	}
	udev_enumerate_unref(e);
	udev_unref(udev);
}

int
ddc_ident(const unsigned char *e, size_t n, struct ident *id)
{
	static const unsigned char header[] = {
		0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0
	};
	const unsigned char *p;
	unsigned sum = 0;
	size_t i;
	char c;
	int odd = 0;

	/* where the EEPROM's pointer was not set the second block is first */
	if (n >= 2 * EdidSize && memcmp(e, header, sizeof(header)))
		e += EdidSize;
	if (n < EdidSize || memcmp(e, header, sizeof(header)))
		return -1;
	memset(id, 0, sizeof(*id));
	for (i = 0; i < 3; i++) {
		c = '@' + (((e[8] << 8 | e[9]) >> (10 - 5 * i)) & 0x1f);
		id->manufacturer[i] = c;
		odd |= c < 'A' || c > 'Z';
	}
	for (i = 0; i < EdidSize; i++)
		sum += e[i];
	if ((sum & 0xff) && odd)
		return -1;
	id->product = e[10] | e[11] << 8;
	id->serialno = e[12] | e[13] << 8 | e[14] << 16 |
	               (uint32_t)e[15] << 24;
	for (p = e + 54; p < e + 126; p += 18) {
		if (p[0] || p[1] || (p[3] != 0xfc && p[3] != 0xff))
			continue;
		identtext(p + 5, p[3] == 0xfc ? id->model : id->serial);
	}
	if (sum & 0xff) /* all else is right, so it is worth the try */
		note(1, "ddc: EDID of %s %s: wrong checksum", id->manufacturer,
		     id->model);
	return 0;
}

const char *
ddc_inputname(unsigned value)
{
	static const char *const name[] = {
		[0x01] = "Analog-1", [0x02] = "Analog-2", [0x03] = "DVI-1",
		[0x04] = "DVI-2", [0x05] = "Composite-1",
		[0x06] = "Composite-2", [0x07] = "S-video-1",
		[0x08] = "S-video-2", [0x09] = "Tuner-1", [0x0a] = "Tuner-2",
		[0x0b] = "Tuner-3", [0x0c] = "Component-1",
		[0x0d] = "Component-2", [0x0e] = "Component-3",
		[0x0f] = "DisplayPort-1", [0x10] = "DisplayPort-2",
		[0x11] = "HDMI-1", [0x12] = "HDMI-2",
	};

	if (value >= LENGTH(name) || !name[value])
		return "Unknown";
	return name[value];
}

/* Finds "vcp(" as a word, in it code 60 at depth 1, and takes the pairs of
 * hex digits of its list. Strings out in the world lack brackets, blanks and
 * sense; whatever comes, this ends and at worst finds nothing. */
size_t
ddc_inputs(const char *s, size_t len, unsigned char out[InputMax])
{
	static const char hex[] = "0123456789abcdef";
	size_t i, k, n = 0;
	int depth = 0, high = -1, code = -1;
	unsigned char v;
	const char *h;
	char c, prev = ' ';

	for (i = 0; i < len; i++) {
		c = s[i] >= 'A' && s[i] <= 'Z' ? s[i] + 32 : s[i];
		if (!depth) {
			for (k = i + 3; k < len && s[k] == ' '; k++)
				;
			if (c == 'v' && k < len && s[k] == '(' &&
			    (s[i + 1] | 32) == 'c' && (s[i + 2] | 32) == 'p' &&
			    (prev < '0' || prev > '9') && prev != '_' &&
			    (prev < 'a' || prev > 'z')) {
				depth = 1;
				i = k;
			}
			prev = c;
			continue;
		}
		h = c ? strchr(hex, c) : NULL;
		v = high < 0 ? 0 : h ? high << 4 | (h - hex) : high;
		if (h && high < 0) {
			high = h - hex;
			continue;
		}
		if (high >= 0 && depth == 1 && h)
			code = v;
		if (high >= 0 && depth == 2 && code == VcpInput &&
		    n < InputMax && !memchr(out, v, n))
			out[n++] = v;
		high = -1;
		if (c == '(')
			depth++;
		else if (c == ')' && !--depth)
			break;
		else if (c == ')' && depth == 1)
			code = -1;
	}
	return n;
}

int
ddc_match(struct ddc *d, const Monitor *rows, int only, int quiet)
{
	const Monitor *m;
	struct bus *b, *found[BusMax];
	size_t n;
	int ret = 0;

	for (b = d->bus; b < d->bus + d->nbus; b++)
		b->row = NULL;
	for (m = rows; !ddc_rowempty(m); m++) {
		if (only >= 0 && m - rows != only)
			continue;
		for (n = 0, b = d->bus; b < d->bus + d->nbus; b++)
			if (b->known > 0 && ddc_usable(d, b) && fits(m, b))
				found[n++] = b;
		/* one that can't be read now is still where it was */
		for (b = d->bus; !n && b < d->bus + d->nbus; b++)
			if (quiet <= 0 && ddc_usable(d, b) && fits(m, b)) {
				found[n++] = b;
				break;
			}
		if (n == 1 && !found[0]->row) {
			found[0]->row = m;
			inherit(d, found[0]);
			continue;
		}
		ret = -1;
		if (quiet)
			continue; /* -1: for it was said before */
		if (n > 1)
			ambiguous(m - rows, found, n);
		else if (n)
			warn("ddc: monitors[%d] and [%d] are both i2c-%d",
			     (int)(found[0]->row - rows), (int)(m - rows),
			     found[0]->num);
		else
			warn("ddc: monitors[%d]: not found: screenstub -d "
			     "lists the monitors that answer",
			     (int)(m - rows));
	}
	return ret;
}

void
ddc_reopen(struct ddc *d, const char *card, msec now)
{
	struct bus *b;
	char path[32];
	int fd;

	for (b = d->bus; b < d->bus + d->nbus; b++) {
		if (b->fd < 0 || strcmp(b->card, card))
			continue;
		b->mem.notbefore = now +
		    (b->row && (b->row->flags & Save) ? SaveWait : SetWait);
		flock(b->fd, LOCK_UN); /* the file and its lock are shared */
		snprintf(path, sizeof(path), "/dev/i2c-%d", b->num);
		if ((fd = open(path, O_RDWR | O_CLOEXEC)) < 0)
			continue; /* better the old one than none */
		close(b->fd);
		b->fd = fd;
	}
}

void
ddc_row(char *out, size_t size, const struct ddc *d, const struct bus *b,
        unsigned host, unsigned guest)
{
	Monitor m = { 0 }, unused;
	const struct bus *o;
	char text[MemberText], others[MemberText];
	enum member i;
	size_t n;
	int wanted;

	n = snprintf(out, size, "{");
	for (i = Manufacturer; i < MemberLast; i++) {
		member(text, b, i, &unused);
		wanted = i <= Serial ||
		    (i == Product && !*b->id.model && !*b->id.serial);
		/* another one fits as well, but not with this */
		for (o = d->bus; o < d->bus + d->nbus; o++)
			wanted |= ddc_usable(d, o) && fits(&m, o) &&
			    (member(others, o, i, &unused),
			    strcmp(others, text));
		if (wanted && member(text, b, i, &m))
			n += snprintf(out + n, size - n, "%s %s",
			    n > 1 ? "," : "", text);
	}
	if (host)
		n += snprintf(out + n, size - n,
		    ",\n\t  .host = { .value = 0x%02x }", host);
	if (guest)
		n += snprintf(out + n, size - n,
		    "%s.guest = { .value = 0x%02x }",
		    host ? ", " : ",\n\t  ", guest);
	snprintf(out + n, size - n, " },");
}

int
ddc_rowempty(const Monitor *m)
{
	return !m->manufacturer && !m->model && !m->serial && !m->connector &&
	       !m->bus && !m->serialno && !m->product;
}

void
ddc_run(struct ddc *ddc, const int *chosenbus, const struct ddcorder *order,
        int fd)
{
	static struct drive drive[BusMax];
	struct drive *d, *next;
	struct timespec t;
	msec now, wait;
	size_t i;

	for (i = 0; i < ddc->nbus; i++) {
		d = &drive[i];
		d->ddc = ddc;
		d->b = &ddc->bus[i];
		d->order = order;
		d->rec.bus = i;
		d->finished = !chosenbus[i];
		if (!d->finished)
			begin(d, clockceil());
	}
	for (;;) {
		next = NULL;
		for (d = drive; d < drive + ddc->nbus; d++)
			if (!d->finished && (!next || d->due < next->due))
				next = d;
		if (!next)
			return;
		t.tv_sec = next->due / 1000;
		t.tv_nsec = next->due % 1000 * 1000000;
		while (next->due >= clockceil() &&
		    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t,
		    NULL) == EINTR)
			;
		now = clockceil();
		wait = lock(next, now) ? step(next, now) : LockPoll;
		next->due = clockceil() + wait;
		if (next->finished || wait > NextWait)
			unlock(next);
		if (!next->finished)
			continue;
		next->rec.mem.notbefore = next->due;
		if (write(fd, &next->rec, sizeof(next->rec)) < 0)
			return;
	}
}

int
ddc_scan(struct ddc *d, int quiet)
{
	struct udev *udev = udev_new();
	struct udev_enumerate *e = list(udev, "i2c-dev");
	struct udev_enumerate *drm = list(udev, "drm");
	struct udev_list_entry *l;
	struct udev_device *dev;
	int denied = 0, any = 0;

	udev_list_entry_foreach(l, udev_enumerate_get_list_entry(e)) {
		any = 1;
		dev = udev_device_new_from_syspath(udev,
		    udev_list_entry_get_name(l));
		if (dev)
			denied |= scanbus(d, drm, dev, quiet);
		udev_device_unref(dev);
	}
	udev_enumerate_unref(drm);
	udev_enumerate_unref(e);
	udev_unref(udev);
	d->stale = denied;
	if (d->nbus)
		return denied;
	if (any)
		warn("ddc: there are i2c buses, but none of a graphics card");
	else
		warn("ddc: there is no i2c bus: load the kernel module "
		     "(modprobe i2c-dev; samples/i2c.conf does it at boot)");
	return -1;
}

void
ddc_take(struct ddc *d, const struct ddcrecord *r)
{
	struct bus *b;

	if (r->bus >= d->nbus)
		return;
	b = &d->bus[r->bus];
	b->mem = r->mem;
	if (r->known)
		b->known = r->known;
	if (r->known > 0)
		identify(b, &r->id);
}

void
ddc_uevent(struct ddc *d, const char *subsystem, const char *action,
           const char *node)
{
	struct bus *b;
	int num;

	d->stale = 1;
	if (!strcmp(subsystem, "drm"))
		/* perhaps another monitor, so sysfs is asked again */
		for (b = d->bus; b < d->bus + d->nbus; b++)
			b->known = 0;
	if (strcmp(subsystem, "i2c-dev") || strcmp(action, "remove") ||
	    !node || sscanf(node, "/dev/i2c-%d", &num) != 1)
		return;
	for (b = d->bus; b < d->bus + d->nbus; b++)
		if (b->num == num)
			forget(b);
}

/* A DisplayPort hub shows a monitor twice, on the connector's own bus too. Of
 * two with one EDID that counts which is connected, else the hub's. */
int
ddc_usable(const struct ddc *d, const struct bus *b)
{
	const struct bus *o;

	if (b->fd < 0 || !*b->id.manufacturer)
		return 0;
	for (o = d->bus; o < d->bus + d->nbus; o++)
		if (o != b && o->fd >= 0 && !strcmp(o->card, b->card) &&
		    !memcmp(&o->id, &b->id, sizeof(o->id)) &&
		    o->mst != b->mst && (o->connected != b->connected ?
		    o->connected : !o->connected && o->mst))
			return 0;
	return 1;
}

/* The first read is over. Learns which input is the host's, but only when it
 * can be no other's: the guest's is known and not shown, or there was no VM
 * yet that it could be; and only when it was read twice, for some monitors
 * answer nonsense at times. Then finds out what is to be written. */
msec
decide(struct drive *d)
{
	const Monitor *m = d->b->row;
	int shown = d->want.code == VcpInput ? d->before : -1;
	unsigned guest = d->rec.mem.guest;
	char row[RowText];

	if (m->host.value && (!m->host.code || m->host.code == VcpInput))
		d->rec.mem.host = m->host.value;
	if (m->guest.value && (!m->guest.code || m->guest.code == VcpInput)) {
		d->rec.mem.guest = m->guest.value;
		guest = m->guest.readback ? m->guest.readback :
		        m->guest.value;
	}
	if (!d->rec.mem.host && shown > 0 && (guest ? !lowsame(shown, guest) :
	    d->order->learn)) {
		if (shown != d->seen && ++d->reads < LearnTries) {
			d->seen = shown;
			return enter(d, First);
		}
		if (shown == d->seen) {
			d->rec.mem.host = shown;
			note(1, "ddc: i2c-%d: input 0x%02x is the host's",
			     d->b->num, shown);
		}
	}
	if (!d->want.value)
		d->want.value = d->order->side == Host ? d->rec.mem.host :
		                d->rec.mem.guest;
	if (d->want.value)
		return chosen(d);
	if (d->rec.mem.host)
		return enter(d, Caps);
	ddc_row(row, sizeof(row), d->ddc, d->b, shown > 0 ? shown : 0,
	    d->rec.mem.guest);
	if (shown > 0)
		warn("ddc: i2c-%d: which input is the host's is not known, "
		     "for the VM may be shown; if it is the host that is "
		     "shown now, this is its row for config.h: %s",
		     d->b->num, row);
	else
		warn("ddc: i2c-%d: which input is the host's can't be read: "
		     "add .host = { .value = ... } to its row in config.h: "
		     "%s", d->b->num, row);
	return finish(d, DdcFailed);
}

/* The EDID that sysfs has of a connector; -1: none. */
int
edidof(const char *dir, struct ident *id)
{
	unsigned char edid[EdidSize];

	return ddc_ident(edid, readfile(dir, "edid", edid, sizeof(edid)), id);
}

/* On to another state, with new patience. */
msec
enter(struct drive *d, enum state state)
{
	d->state = state;
	d->tries = 0;
	d->pause = NextWait;
	return 0;
}

msec
finish(struct drive *d, enum ddcresult result)
{
	d->rec.result = result;
	if (d->order->op == DdcSwitch)
		d->rec.mem.verify = !d->mute &&
		    !(d->b->row->flags & Blind) && (result == DdcConfirmed ||
		    (result == DdcSent && d->rec.value < 0));
	if (result == DdcConfirmed && d->order->op != DdcIdentify &&
	    d->order->op != DdcList)
		d->rec.mem.doubt = 0;
	d->finished = 1;
	return 0;
}

int
fits(const Monitor *m, const struct bus *b)
{
	char bus[16];

	snprintf(bus, sizeof(bus), "i2c-%d", b->num);
	return (!m->manufacturer || !strcmp(m->manufacturer, "*") ||
	        !strcmp(m->manufacturer, b->id.manufacturer)) &&
	       (!m->model || !strcmp(m->model, b->id.model)) &&
	       (!m->serial || !strcmp(m->serial, b->id.serial)) &&
	       (!m->serialno || m->serialno == b->id.serialno) &&
	       (!m->product || m->product == b->id.product) &&
	       (!m->bus || !strcmp(m->bus, bus)) &&
	       (!m->connector || isnamed(b->connector, m->connector));
}

/* The bus is gone; what was learned of its monitor stays. */
void
forget(struct bus *b)
{
	if (b->fd >= 0)
		close(b->fd);
	b->fd = -1;
	b->error = ENODEV;
}

/* DDC/CI 1.1, 1.4: source, length with bit 7 set, data, checksum. */
size_t
frame(unsigned char *msg, unsigned source, const unsigned char *data, size_t n)
{
	msg[0] = source;
	msg[1] = 0x80 | n;
	memcpy(msg + 2, data, n);
	msg[n + 2] = checksum(WriteSeed, msg, n + 2);
	return n + 3;
}

/* The capabilities come in fragments that repeat the offset asked for; one
 * without text is the last. */
msec
gotcaps(struct drive *d, enum reply r, const unsigned char *p, size_t n,
        msec now)
{
	unsigned value = 0;
	msec wait;
	size_t i;

	if (r != ReplyOk || n < 3 || p[0] != OpCapsReply ||
	    (size_t)(p[1] << 8 | p[2]) != d->ncaps) {
		if ((wait = again(d, GetTries, now)) >= 0)
			return wait;
	} else if (n > 3 && d->ncaps + n - 3 <= sizeof(d->caps) &&
	    now < d->deadline) {
		memcpy(d->caps + d->ncaps, p + 3, n - 3);
		d->ncaps += n - 3;
		return enter(d, Caps);
	}
	d->rec.ninput = ddc_inputs(d->caps, d->ncaps, d->rec.input);
	if (d->order->op == DdcList)
		return finish(d, d->before >= 0 || d->mute || d->rec.ninput ?
		    DdcConfirmed : DdcFailed);
	for (i = 0; i < d->rec.ninput && !value; i++)
		/* 00 and ff are listed by some, but are no inputs */
		if (d->rec.input[i] && d->rec.input[i] != 0xff &&
		    !lowsame(d->rec.input[i], d->rec.mem.host))
			value = d->rec.input[i];
	if (value) {
		d->want.value = d->rec.mem.guest = value;
		note(1, "ddc: i2c-%d: input 0x%02x must be the guest's",
		     d->b->num, value);
		return chosen(d);
	}
	warn("ddc: i2c-%d: the monitor does not list its inputs: add .guest = "
	     "{ .value = ... } to its row of monitors[] in config.h",
	     d->b->num);
	return finish(d, DdcFailed);
}

/* Reads back what was set. A monitor that is changing its input is silent for
 * a while, and one that obeys only the machine it shows stays so: silence
 * after a Set that was acknowledged counts as done. But one that says that it
 * is busy will know later, and the old value may still change, or the Set was
 * lost: some lose half of what they get. */
msec
gotcheck(struct drive *d, enum reply r, msec now)
{
	int v = d->rec.value, quick = d->order->quick, most = CheckTries, old;
	msec wait;

	if (r == ReplyOk && shows(d, v))
		return finish(d, DdcConfirmed);
	if (r == ReplyOk && d->before < 0)
		d->before = v; /* not read before: still the old one */
	old = r == ReplyOk && v == d->before;
	if (r == ReplyOk && d->silent)
		d->pause = NextWait; /* it is back: no time to lose */
	d->silent = r != ReplyOk;
	if (quick)
		most = QuickChecks;
	else if (r == ReplyNull || (old && d->sets == SetTries))
		most = 0;
	if ((wait = again(d, most, now)) >= 0)
		return wait;
	if (old && d->sets < SetTries && now + WriteTime < d->deadline)
		return enter(d, Write);
	if (old) {
		warn("ddc: i2c-%d: still shows input 0x%02x after %d tries to "
		     "set 0x%02x: has that input a signal?", d->b->num, v,
		     d->sets, d->want.value);
		return finish(d, DdcFailed);
	}
	if (r == ReplyOk)
		warn("ddc: i2c-%d: reads 0x%02x after 0x%02x was set; if that "
		     "is the right input, add .readback = 0x%02x to it in "
		     "config.h", d->b->num, v, d->want.value, v);
	else
		note(1, "ddc: i2c-%d: input 0x%02x was set, but not confirmed",
		     d->b->num, d->want.value);
	if (r != ReplyOk)
		d->rec.value = -1;
	return finish(d, DdcSent);
}

msec
gotedid(struct drive *d, enum reply r, const unsigned char *e, size_t n)
{
	if (r == ReplyOk && ddc_ident(e, n, &d->rec.id) == 0) {
		d->rec.known = 1;
		return finish(d, DdcConfirmed);
	}
	if (d->error != ENXIO && d->error != EOPNOTSUPP && d->error != EBUSY &&
	    d->error != ETIMEDOUT && d->error != ENODEV &&
	    ++d->tries < EdidTries)
		return 0;
	d->rec.known = -2;
	return finish(d, DdcFailed);
}

msec
gotfirst(struct drive *d, enum reply r, msec now)
{
	int most = d->order->quick && r == ReplyNone ? 1 : GetTries;
	msec wait;

	if (r != ReplyOk && r != ReplyUnsupported &&
	    (wait = again(d, most, now)) >= 0)
		return wait;
	d->before = r == ReplyOk ? d->rec.value : -1;
	d->mute = r == ReplyUnsupported;
	if (d->order->op == DdcVerify && r != ReplyOk)
		return finish(d, DdcSent);
	if (d->order->op == DdcVerify && shows(d, d->before))
		return finish(d, DdcConfirmed);
	if (d->order->op == DdcVerify) {
		warn("ddc: i2c-%d: shows input 0x%02x again: input 0x%02x has "
		     "no signal, or automatic input selection is on in the "
		     "monitor's menu", d->b->num, d->before, d->want.value);
		return finish(d, DdcFailed);
	}
	if (r != ReplyOk && d->order->op == DdcList)
		complain(d, r, "can't read feature", d->want.code, now);
	if (d->order->op == DdcList)
		return r == ReplyNone || r == ReplyBad ?
		    finish(d, DdcFailed) : enter(d, Caps);
	if (r != ReplyOk)
		note(1, "ddc: i2c-%d: feature 0x%02x can't be read", d->b->num,
		     d->want.code);
	return decide(d);
}

/* One of the writes is over, or was not acknowledged. */
msec
gotwrite(struct drive *d, enum reply r, msec now)
{
	const Monitor *m = d->b->row;
	const Input *next = d->extra ? d->extra + 1 : d->want.extra;
	int acked = d->sets || d->rounds || d->extra;
	msec wait;

	d->rec.mem.doubt = 1;
	d->rec.value = -1;
	if (r != ReplyOk) {
		if ((wait = again(d, d->order->quick || acked ? QuickTries : 0,
		    now)) >= 0)
			return wait;
		if (acked) /* the first was: by now it is deaf to us */
			return finish(d, DdcSent);
		complain(d, r, "can't set", d->extra ? d->extra->value :
		    d->want.value, now);
		return finish(d, DdcFailed);
	}
	d->rec.mem.switched = now;
	d->extra = next && next->value ? next : NULL;
	if (d->extra || ++d->rounds < m->repeat)
		return enter(d, Write);
	d->rounds = 0;
	d->sets++;
	return m->flags & Save ? enter(d, Store) : written(d);
}

/* This monitor is on the bus; what was learned of another is forgotten. */
void
identify(struct bus *b, const struct ident *id)
{
	if (memcmp(&b->id, id, sizeof(b->id)))
		b->mem.host = b->mem.guest = 0;
	b->id = *id;
}

/* Up to the first byte that is no text; the first name that is not empty
 * counts. Blanks behind are padding. */
void
identtext(const unsigned char *p, char out[14])
{
	size_t n;

	if (out[0])
		return;
	for (n = 0; n < 13 && p[n] >= ' ' && p[n] < 0x7f; n++)
		out[n] = p[n];
	while (n && out[n - 1] == ' ')
		n--;
	out[n] = '\0';
}

/* Docks come back with other bus numbers; their monitors are the same. */
void
inherit(struct ddc *d, struct bus *b)
{
	const struct bus *o;

	for (o = d->bus; o < d->bus + d->nbus; o++)
		if (o->fd < 0 && !memcmp(&o->id, &b->id, sizeof(o->id))) {
			if (!b->mem.host)
				b->mem.host = o->mem.host;
			if (!b->mem.guest)
				b->mem.guest = o->mem.guest;
		}
}

/* Buses that must not be touched, by name, for some hang the machine when
 * they are; then all that is not below a graphics card or a dock. */
int
isdisplay(const char *name, const char *driver, unsigned class)
{
	static const char *const never[] = {
		"SMBus", "Synopsys DesignWare", "soc:i2cdsi", "smu", "mac-io",
		"u4", "AMDGPU SMU", "AMDGPU DM i2c OEM bus", NULL
	};
	const char *const *n;

	for (n = never; *n; n++)
		if (!strncmp(name, *n, strlen(*n)))
			return 0;
	if (!strcmp(name, "DPMST"))
		return 1;
	if (!strcmp(driver, "nouveau") && strncmp(name, "nvkm-", 5))
		return 0;
	return class == ClassDisplay || class == ClassDock;
}

/* By the connector's whole name, or without the card, or as xrandr has it:
 * HDMI-1 for HDMI-A-1. */
int
isnamed(const char *connector, const char *name)
{
	const char *p = strchr(connector, '-');

	return !strcmp(name, connector) || (p && (!strcmp(name, ++p) ||
	    (!strncmp(p, "HDMI-A-", 7) && !strncmp(name, "HDMI-", 5) &&
	    !strcmp(name + 5, p + 7))));
}

/* A laptop's own; DDC/CI traffic can spoil its picture. */
int
ispanel(const char *connector)
{
	return strstr(connector, "-eDP-") || strstr(connector, "-LVDS-");
}

/* What the kernel has of a subsystem; empty if there is no memory. */
struct udev_enumerate *
list(struct udev *udev, const char *subsystem)
{
	struct udev_enumerate *e = udev ? udev_enumerate_new(udev) : NULL;

	if (e) {
		udev_enumerate_add_match_subsystem(e, subsystem);
		udev_enumerate_scan_devices(e);
	}
	return e;
}

/* ddcutil and KDE lock the file while they use a bus. Who keeps it locked is
 * waited for once, then disturbed. */
int
lock(struct drive *d, msec now)
{
	if (d->locked)
		return 1;
	d->locked = 1;
	if (flock(d->b->fd, LOCK_EX | LOCK_NB) == 0) {
		d->rec.mem.locked = 0;
		return 1;
	}
	if (errno != EWOULDBLOCK || d->rec.mem.locked)
		return 1;
	if (!d->lockdue)
		d->lockdue = now + LockMax;
	if (now < d->lockdue) {
		d->locked = 0;
		return 0;
	}
	d->rec.mem.locked = 1;
	note(1, "ddc: i2c-%d: another program keeps it locked: used all the "
	     "same", d->b->num);
	return 1;
}

/* Some monitors use the high byte for something else. */
int
lowsame(unsigned a, unsigned b)
{
	return (a & 0xff) == (b & 0xff);
}

/* Writes one member of a row as in config.h, and sets it in the row. 0: the
 * monitor has none. */
int
member(char out[MemberText], const struct bus *b, enum member i, Monitor *m)
{
	static const char *const name[] = {
		[Manufacturer] = "manufacturer", [Model] = "model",
		[Serial] = "serial", [Connector] = "connector",
	};
	const char *const text[] = {
		[Manufacturer] = b->id.manufacturer, [Model] = b->id.model,
		[Serial] = b->id.serial, [Connector] = b->connector,
	};
	const char **const to[] = {
		[Manufacturer] = &m->manufacturer, [Model] = &m->model,
		[Serial] = &m->serial, [Connector] = &m->connector,
	};
	const char *s;
	char *p = out;

	if (i == Product) {
		m->product = b->id.product;
		sprintf(out, ".product = 0x%04x", m->product);
		return m->product != 0;
	}
	if (i == SerialNo) {
		m->serialno = b->id.serialno;
		sprintf(out, ".serialno = %lu", (unsigned long)m->serialno);
		return m->serialno != 0;
	}
	if (i == BusName) {
		sprintf(out, ".bus = \"i2c-%d\"", b->num);
		return 1;
	}
	*to[i] = *text[i] ? text[i] : NULL;
	p += sprintf(p, ".%s = \"", name[i]);
	for (s = text[i]; *s; *p++ = *s++)
		if (strchr("\"\\?", *s)) /* ??/ would be a trigraph */
			*p++ = '\\';
	strcpy(p, "\"");
	return *text[i] != '\0';
}

/* 1: it is not permitted. */
int
openbus(struct bus *b, int quiet)
{
	char path[32];
	struct group *g = NULL;
	struct stat st;

	snprintf(path, sizeof(path), "/dev/i2c-%d", b->num);
	b->mem.way = 0;
	if ((b->fd = open(path, O_RDWR | O_CLOEXEC)) >= 0) {
		b->said = 0;
		return 0;
	}
	b->error = errno;
	if (b->error != EACCES) {
		warn("ddc: %s: %s", path, strerror(b->error));
	} else if (!quiet && !b->said) {
		b->said = 1;
		if (stat(path, &st) == 0 && st.st_gid && (st.st_mode & 060))
			g = getgrgid(st.st_gid);
		warn("ddc: %s: no permission: install samples/60-screenstub."
		     "rules in /etc/udev/rules.d%s%s%s", path,
		     g ? ", or add yourself to group " : "",
		     g ? g->gr_name : "", g ? " and log in again" : "");
	}
	return b->error == EACCES;
}

/* Finds the data of a reply: 6e (twice, from some), length, data, checksum;
 * whatever follows is left over from reading too far. */
enum reply
payload(unsigned char *r, size_t n, unsigned char **data, size_t *len)
{
	if (n > 2 && r[0] == WriteSeed && r[1] == WriteSeed) {
		r++;
		n--;
	}
	if (n < 3 || r[0] != WriteSeed)
		return ReplyBad;
	*len = r[1] & 0x7f;
	if (*len + 3 > n || checksum(ReplySeed, r, *len + 2) != r[*len + 2])
		return ReplyBad;
	*data = r + 2;
	return *len ? ReplyOk : ReplyNull;
}

/* Finds the DRM connector of a bus, which has it as a child (DisplayPort's
 * AUX) or as a link "ddc", and what sysfs knows of the monitor there. */
void
place(struct udev_enumerate *drm, struct bus *b)
{
	static const char *const fresh[] = { "amdgpu", "i915", "xe" };
	struct udev_list_entry *l;
	struct ident id;
	const char *dir, *name;
	char path[PATH_MAX], target[PATH_MAX], want[16], status[16];
	ssize_t n;
	size_t i;

	snprintf(want, sizeof(want), "/i2c-%d", b->num);
	b->known = b->connected = 0;
	*b->connector = '\0';
	udev_list_entry_foreach(l, udev_enumerate_get_list_entry(drm)) {
		dir = udev_list_entry_get_name(l);
		name = strrchr(dir, '/') + 1;
		snprintf(path, sizeof(path), "%s%s", dir, want);
		if (access(path, F_OK) < 0) {
			snprintf(path, sizeof(path), "%s/ddc", dir);
			n = readlink(path, target, sizeof(target) - 1);
			target[n < 0 ? 0 : n] = '\0';
			if (n < 0 || !strrchr(target, '/') ||
			    strcmp(strrchr(target, '/'), want))
				continue;
		}
		readfile(dir, "status", status, sizeof(status));
		if (*b->connector && strcmp(status, "connected\n"))
			continue; /* two share it: DP and HDMI of one socket */
		snprintf(b->connector, sizeof(b->connector), "%.39s", name);
		b->connected = !strcmp(status, "connected\n");
		b->known = -!b->connected;
		if (edidof(dir, &id) == 0) {
			identify(b, &id);
			b->known = 1;
		}
	}
	for (b->fresh = i = 0; i < LENGTH(fresh); i++)
		b->fresh |= !strcmp(b->driver, fresh[i]);
	if (!b->fresh)
		b->known = 0; /* sysfs may tell of the monitor before */
}

/* Reads a file of sysfs; what comes is ended by NUL if there is room. */
size_t
readfile(const char *dir, const char *name, void *buf, size_t size)
{
	char path[PATH_MAX];
	FILE *f;
	size_t n;

	memset(buf, 0, size);
	snprintf(path, sizeof(path), "%s/%s", dir, name);
	if (!(f = fopen(path, "re")))
		return 0;
	n = fread(buf, 1, size, f);
	fclose(f);
	return n;
}

/* What is sent in this state. */
size_t
request(struct drive *d, unsigned char *msg)
{
	const Input *in = d->extra ? d->extra : &d->want;
	unsigned char get[] = { OpGet, d->want.code };
	unsigned char caps[] = { OpCaps, d->ncaps >> 8, d->ncaps & 0xff };
	unsigned char power[] = { OpSet, VcpPower, 0, PowerOn };
	unsigned char set[] = {
		OpSet, in->code ? in->code : VcpInput, in->value >> 8,
		in->value & 0xff
	};
	unsigned char save[] = { OpSave };

	switch (d->state) {
	case Edid: /* the pointer of the EEPROM to its start */
		msg[0] = 0;
		return 1;
	case Caps:
		return frame(msg, SourceHost, caps, sizeof(caps));
	case Power:
		return frame(msg, SourceHost, power, sizeof(power));
	case Write:
		note(1, "ddc: i2c-%d: feature 0x%02x is set to 0x%02x",
		     d->b->num, set[1], in->value);
		return frame(msg, in->source ? in->source : SourceHost, set,
		             sizeof(set));
	case Store:
		return frame(msg, SourceHost, save, sizeof(save));
	default:
		return frame(msg, SourceHost, get, sizeof(get));
	}
}

int
scanbus(struct ddc *d, struct udev_enumerate *drm, struct udev_device *dev,
        int quiet)
{
	const char *name = udev_device_get_sysattr_value(dev, "name");
	const char *driver, *class;
	struct udev_device *pci;
	struct bus *b;
	unsigned c;
	int num;

	pci = udev_device_get_parent_with_subsystem_devtype(dev, "pci", NULL);
	driver = pci ? udev_device_get_driver(pci) : NULL;
	class = pci ? udev_device_get_sysattr_value(pci, "class") : NULL;
	c = class ? strtoul(class, NULL, 16) >> 16 : 0;
	if (!name || !isdisplay(name, driver ? driver : "", c) ||
	    sscanf(udev_device_get_sysname(dev), "i2c-%d", &num) != 1)
		return 0;
	for (b = d->bus; b < d->bus + d->nbus && b->num != num; b++)
		;
	/* many docks later: the place of one that is gone */
	if (b == d->bus + BusMax)
		for (b = d->bus; b < d->bus + BusMax && b->error != ENODEV; b++)
			;
	if (b == d->bus + BusMax) {
		warn("ddc: i2c-%d: more than %d buses", num, BusMax);
		return 0;
	}
	if (b == d->bus + d->nbus || b->num != num) {
		memset(b, 0, sizeof(*b));
		b->num = num;
		b->fd = -1;
	}
	if (b->fd < 0) {
		b->mst = !strcmp(name, "DPMST");
		b->dock = c == ClassDock;
		snprintf(b->card, sizeof(b->card), "%s",
		    udev_device_get_syspath(pci ? pci : dev));
		snprintf(b->driver, sizeof(b->driver), "%s",
		    driver ? driver : "");
	}
	if (b->fd < 0 || b->known <= 0)
		place(drm, b);
	if (ispanel(b->connector))
		return 0;
	if (b == d->bus + d->nbus)
		d->nbus++;
	return b->fd < 0 && openbus(b, quiet);
}

/* Is that what is read while the wanted input is shown? Some monitors use the
 * high byte for something else, a few tell their inputs apart by it. */
int
shows(const struct drive *d, unsigned v)
{
	return v == d->want.readback || (lowsame(v, d->want.readback) &&
	    !lowsame(d->other, d->want.readback));
}

/* One transfer, and how long to wait at least before the next. */
msec
step(struct drive *d, msec now)
{
	unsigned char buf[2 * EdidSize], *p = buf;
	unsigned addr = d->state == Edid ? AddrEdid : AddrDdc;
	enum reply r = ReplyNone;
	msec wait = 0, gap = NextWait;
	size_t n;

	if (!d->sent) {
		n = request(d, buf);
		if (transfer(d, addr, 0, buf, n) == 0) {
			r = ReplyOk;
			gap = d->state == Store ? SaveWait : SetWait;
			d->sent = d->state != Power && d->state != Write &&
			    d->state != Store;
		}
		if (d->sent)
			return d->state == Edid ? 0 : ReplyWait;
	} else {
		d->sent = 0;
		n = d->state == Caps ? FrameMax : d->state != Edid ? ReplySize
		    : d->tries < EdidTries / 2 ? EdidSize : 2 * EdidSize;
		if (transfer(d, addr, I2C_M_RD, buf, n) == 0) {
			r = d->state == Edid ? ReplyOk : d->state == Caps ?
			    payload(buf, n, &p, &n) :
			    vcpreply(buf, n, d->want.code, &d->rec.value);
			gap = d->state == Edid ? 0 : d->order->gap;
		}
	}
	switch (d->state) {
	case Edid:
		wait = gotedid(d, r, buf, n);
		break;
	case First:
		wait = gotfirst(d, r, now);
		break;
	case Caps:
		wait = gotcaps(d, r, p, n, now);
		break;
	case Power: /* asleep it may not even acknowledge */
		wait = enter(d, Write);
		break;
	case Write:
		wait = gotwrite(d, r, now);
		break;
	case Store:
		wait = written(d);
		break;
	case Check:
		wait = gotcheck(d, r, now);
	}
	return wait > gap ? wait : gap;
}

/* One i2c message as a transaction of its own: the reply must be fetched by a
 * later one. I2C_RDWR needs no slave address set on the fd, and no driver that
 * holds 0x37 can refuse it; but some builds of nvidia's driver do. */
int
transfer(struct drive *d, unsigned addr, unsigned flags, unsigned char *buf,
         size_t n)
{
	struct i2c_msg m = { addr, flags, n, buf };
	struct i2c_rdwr_ioctl_data data = { &m, 1 };
	unsigned long *way = &d->rec.mem.way;
	char text[3 * 128 + 1];
	size_t i;
	int ret = -1;

	if (flags & I2C_M_RD)
		memset(buf, 0, n);
	if (!*way) {
		ret = ioctl(d->b->fd, I2C_RDWR, &data) < 0 ? -1 : 0;
		if (ret < 0 && (errno == EINVAL || errno == EOPNOTSUPP))
			*way = I2C_SLAVE;
	}
	if (*way)
		ret = transferslave(d->b->fd, way, &m);
	d->error = ret < 0 ? errno : 0;
	if (verbose < 2)
		return ret;
	for (i = 0; i < n && i < 128; i++)
		snprintf(text + 3 * i, 4, " %02x", buf[i]);
	note(2, "ddc: i2c-%d: 0x%02x %s%s%s%s", d->b->num, addr,
	     flags & I2C_M_RD ? "read" : "wrote", text, ret < 0 ? ": " : "",
	     ret < 0 ? strerror(d->error) : "");
	return ret;
}

/* By write or read, where I2C_RDWR is not possible; forced, where another
 * driver holds the address. */
int
transferslave(int fd, unsigned long *way, const struct i2c_msg *m)
{
	ssize_t n;

	if (ioctl(fd, *way, (unsigned long)m->addr) < 0) {
		if (errno != EBUSY || *way == I2C_SLAVE_FORCE)
			return -1;
		*way = I2C_SLAVE_FORCE;
		if (ioctl(fd, *way, (unsigned long)m->addr) < 0)
			return -1;
	}
	n = m->flags & I2C_M_RD ? read(fd, m->buf, m->len) :
	    write(fd, m->buf, m->len);
	if (n >= 0 && n != m->len)
		errno = EIO;
	return n == m->len ? 0 : -1;
}

void
unlock(struct drive *d)
{
	if (d->locked)
		flock(d->b->fd, LOCK_UN);
	d->locked = 0;
	d->lockdue = 0;
}

/* Get VCP Feature reply, DDC/CI 1.1, 4.3: opcode, result, code, type, maximum
 * and present value. */
enum reply
vcpreply(unsigned char *r, size_t n, unsigned code, int *value)
{
	unsigned char *p;
	size_t len;
	enum reply what = payload(r, n, &p, &len);

	if (what != ReplyOk)
		return what;
	if (len != 8 || p[0] != OpGetReply || p[2] != code || p[1] > 1)
		return ReplyBad;
	if (p[1] == 1 || (!p[4] && !p[5] && !p[6] && !p[7]))
		return ReplyUnsupported;
	*value = p[6] << 8 | p[7];
	return ReplyOk;
}

/* All was written: is it read back? */
msec
written(struct drive *d)
{
	if (!d->mute && !(d->b->row->flags & Blind))
		return enter(d, Check);
	note(1, "ddc: i2c-%d: input 0x%02x was set, and is not read back",
	     d->b->num, d->want.value);
	return finish(d, DdcSent);
}
