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
#include <sys/ioctl.h>

#include <errno.h>
#include <fcntl.h>
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
	OpGet = 0x01, OpGetReply = 0x02, OpSet = 0x03,
	OpCaps = 0xf3, OpCapsReply = 0xe3,
	VcpInput = 0x60
};

/* Waits in ms: before a reply can be read, after a reply or an error, after
 * Set. The standard's 40, 50 and 50; never less, for monitors lose what comes
 * earlier. */
enum { ReplyWait = 40, NextWait = 50, SetWait = 50 };

enum {
	EdidSize = 128,
	FrameMax = 40,   /* source, length, 35 bytes of data, checksum */
	CapsMax = 4096,  /* longest seen: 1335 */
	GetTries = 3, SetTries = 3, CheckTries = 5, SilentTries = 5,
	LongPause = 1600
};

enum reply { ReplyOk, ReplyBad, ReplyNull, ReplyUnsupported };

enum state {
	EdidSeek, EdidRead, GetAsk, GetReply, CapsAsk, CapsReply, SetSend,
	CheckAsk, CheckReply
};

struct drive {
	struct bus *b;
	const struct ddcorder *order;
	struct ddcrecord rec;
	enum state state;
	msec due, deadline, pause;
	int tries, sets;
	int finished;
	Input want;         /* resolved: no member is 0 */
	const Input *extra; /* next of the further writes */
	int before;         /* value read first, or -1 */
	char caps[CapsMax];
	size_t ncaps;
};

static msec again(struct drive *, enum state, int most, msec now);
static msec ask(struct drive *, unsigned code, enum state next);
static int begin(struct drive *, msec now);
static msec chosen(struct drive *);
static unsigned char checksum(unsigned char seed, const unsigned char *,
                              size_t);
static msec clockceil(void);
static msec decide(struct drive *);
static msec finish(struct drive *, enum ddcresult);
static void forget(struct bus *);
static void identtext(const unsigned char *, char out[14]);
static size_t frame(unsigned char *, unsigned source, const unsigned char *,
                    size_t);
static int isdisplay(struct udev_device *, const char *name);
static int lowsame(unsigned, unsigned);
static int matches(const Monitor *, const struct bus *);
static enum reply payload(unsigned char *, size_t, unsigned char **, size_t *);
static void place(struct udev *, struct udev_device *, struct bus *);
static void scanbus(struct ddc *, struct udev *, struct udev_device *);
static msec stepcaps(struct drive *, msec now);
static msec stepcheck(struct drive *, msec now);
static msec stepget(struct drive *, msec now);
static msec stepset(struct drive *, msec now);
static msec step(struct drive *, msec now);
static int sysfsident(const char *syspath, struct ident *);
static int transfer(struct drive *, unsigned addr, unsigned flags,
                    unsigned char *, size_t);
static enum reply vcpreply(unsigned char *, size_t, unsigned code,
                           unsigned *value);

/* Tries a state again, later and later. Gives up, with -1, after most tries,
 * or at the deadline. */
msec
again(struct drive *d, enum state state, int most, msec now)
{
	msec pause = d->pause;

	if ((most && ++d->tries >= most) || now + pause >= d->deadline)
		return -1;
	d->pause = pause * 2 > LongPause ? LongPause : pause * 2;
	d->state = state;
	return pause;
}

msec
ask(struct drive *d, unsigned code, enum state next)
{
	unsigned char data[] = { OpGet, (unsigned char)code }, msg[FrameMax];
	size_t n = frame(msg, SourceHost, data, sizeof(data));

	if (transfer(d, AddrDdc, 0, msg, n) < 0)
		return -1;
	d->state = next;
	return ReplyWait;
}

/* Chooses the first state; 0: there is nothing to do on this bus. */
int
begin(struct drive *d, msec now)
{
	const Monitor *m = d->b->row;

	d->rec.value = d->before = -1;
	d->rec.known = d->b->known > 0 ? 0 : -1;
	d->rec.host = d->b->host;
	d->rec.guest = d->b->guest;
	d->deadline = now + d->order->limit;
	d->pause = NextWait;
	d->due = d->b->notbefore;
	d->want.code = VcpInput;
	if (d->b->known <= 0) {
		d->state = EdidSeek;
		return d->order->op != DdcSwitch;
	}
	d->state = GetAsk;
	if (d->order->op == DdcIdentify)
		return 0;
	if (d->order->op == DdcSwitch) {
		d->want = d->order->side == Host ? m->host : m->guest;
		if (!d->want.code)
			d->want.code = VcpInput;
		if (!d->want.source)
			d->want.source = SourceHost;
		/* on another source address nothing is ever answered */
		if (!d->want.readback)
			d->want.readback = d->want.value;
		if (d->want.value && ((m->flags & Blind) ||
		    d->want.source != SourceHost))
			d->state = SetSend;
	}
	return 1;
}

unsigned char
checksum(unsigned char seed, const unsigned char *p, size_t n)
{
	while (n--)
		seed ^= *p++;
	return seed;
}

/* The value to write is known: goes on to write it, unless it is shown. */
msec
chosen(struct drive *d)
{
	if (!d->want.readback)
		d->want.readback = d->want.value;
	if (d->before >= 0 && lowsame(d->before, d->want.readback)) {
		note(1, "ddc: i2c-%d: input 0x%02x is shown already",
		     d->b->num, d->want.value);
		return finish(d, DdcConfirmed);
	}
	d->state = SetSend;
	d->tries = 0;
	d->pause = NextWait;
	return 0;
}

/* Rounded up, so that a wait is never shorter than it says. */
msec
clockceil(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (msec)t.tv_sec * 1000 + (t.tv_nsec + 999999) / 1000000;
}

/* The first read is over. Learns which input is the host's, but only when it
 * can be no other's: the guest's is known and not shown, or there was no VM
 * yet that it could be. Then finds out what is to be written. */
msec
decide(struct drive *d)
{
	const Monitor *m = d->b->row;
	int shown = d->want.code == VcpInput ? d->before : -1;
	unsigned guest;

	if (m->host.value && (!m->host.code || m->host.code == VcpInput))
		d->rec.host = m->host.value;
	if (m->guest.value && (!m->guest.code || m->guest.code == VcpInput))
		d->rec.guest = m->guest.value;
	guest = m->guest.readback ? m->guest.readback : d->rec.guest;
	if (!d->rec.host && shown > 0 && (guest ? !lowsame(shown, guest) :
	    d->order->learn)) {
		d->rec.host = shown;
		note(1, "ddc: i2c-%d: input 0x%02x is the host's", d->b->num,
		     shown);
	}
	if (!d->want.value)
		d->want.value = d->order->side == Host ? d->rec.host :
		                d->rec.guest;
	if (d->want.value)
		return chosen(d);
	if (!d->rec.host && shown > 0) {
		warn("ddc: i2c-%d: which input is the host's is not known, "
		     "for the VM may be shown: if it is the host that is "
		     "shown now, add .host = { .value = 0x%02x } to its row "
		     "of monitors[] in config.h", d->b->num, shown);
		return finish(d, DdcFailed);
	}
	if (!d->rec.host) {
		warn("ddc: i2c-%d: which input is the host's can't be read: "
		     "add .host = { .value = ... } to its row of monitors[] "
		     "in config.h", d->b->num);
		return finish(d, DdcFailed);
	}
	d->state = CapsAsk;
	d->tries = 0;
	d->pause = NextWait;
	return NextWait;
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
ddc_match(struct ddc *d, const Monitor *rows, int only)
{
	const Monitor *m;
	struct bus *b, *first;
	int ret = 0;

	for (b = d->bus; b < d->bus + d->nbus; b++)
		b->row = NULL;
	for (m = rows; !ddc_rowempty(m); m++) {
		if (only >= 0 && m - rows != only)
			continue;
		first = NULL;
		for (b = d->bus; b < d->bus + d->nbus; b++) {
			if (!matches(m, b))
				continue;
			if (first) {
				warn("ddc: monitors[%d]: both i2c-%d (%s %s) "
				     "and i2c-%d (%s %s) fit: give .serial, "
				     ".connector or .bus in config.h",
				     (int)(m - rows), first->num,
				     first->id.manufacturer, first->id.model,
				     b->num, b->id.manufacturer, b->id.model);
				first->row = NULL;
				ret = -1;
				break;
			}
			first = b;
			b->row = m;
		}
		if (!first) {
			for (b = d->bus; b < d->bus + d->nbus; b++)
				if (b->known < 0)
					b->known = 0; /* ask again */
			warn("ddc: monitors[%d]: not found: screenstub -d "
			     "lists the monitors that answer",
			     (int)(m - rows));
			ret = -1;
		}
	}
	return ret;
}

int
ddc_rowempty(const Monitor *m)
{
	return !m->manufacturer && !m->model && !m->serial && !m->connector &&
	       !m->bus && !m->serialno && !m->product;
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
		b->notbefore = now + SetWait;
		snprintf(path, sizeof(path), "/dev/i2c-%d", b->num);
		if ((fd = open(path, O_RDWR | O_CLOEXEC)) < 0)
			continue; /* better the old one than none */
		close(b->fd);
		b->fd = fd;
	}
}

void
ddc_run(struct ddc *ddc, const int *chosenbus, const struct ddcorder *order,
        int fd)
{
	static struct drive drive[BusMax];
	struct drive *d, *next;
	struct timespec t;
	msec wait;
	size_t i;

	for (i = 0; i < ddc->nbus; i++) {
		d = &drive[i];
		d->b = &ddc->bus[i];
		d->order = order;
		d->rec.bus = i;
		d->finished = !chosenbus[i] || !begin(d, clockceil());
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
		while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t,
		    NULL) == EINTR)
			;
		wait = step(next, clockceil());
		next->due = clockceil() + (wait < 0 ? NextWait : wait);
		if (wait >= 0)
			continue;
		next->finished = 1;
		next->rec.notbefore = next->due;
		if (write(fd, &next->rec, sizeof(next->rec)) < 0)
			return;
	}
}

int
ddc_scan(struct ddc *d)
{
	struct udev *udev = udev_new();
	struct udev_enumerate *e;
	struct udev_list_entry *l;
	struct udev_device *dev;

	d->stale = 0;
	if (!udev || !(e = udev_enumerate_new(udev))) {
		warn("ddc: udev: no memory");
		udev_unref(udev);
		return -1;
	}
	udev_enumerate_add_match_subsystem(e, "i2c-dev");
	udev_enumerate_scan_devices(e);
	udev_list_entry_foreach(l, udev_enumerate_get_list_entry(e)) {
		dev = udev_device_new_from_syspath(udev,
		    udev_list_entry_get_name(l));
		if (dev)
			scanbus(d, udev, dev);
		udev_device_unref(dev);
	}
	udev_enumerate_unref(e);
	udev_unref(udev);
	if (!d->nbus)
		warn("ddc: no i2c bus of a graphics card: is the kernel "
		     "module loaded? (modprobe i2c-dev; samples/i2c.conf "
		     "loads it at boot)");
	return d->nbus ? 0 : -1;
}

void
ddc_take(struct ddc *d, const struct ddcrecord *r)
{
	struct bus *b;

	if (r->bus >= d->nbus)
		return;
	b = &d->bus[r->bus];
	b->notbefore = r->notbefore;
	b->host = r->host;
	b->guest = r->guest;
	if (!r->known || b->known > 0)
		return;
	b->known = r->known;
	if (r->known < 0)
		return;
	if (memcmp(&b->id, &r->id, sizeof(b->id)))
		b->host = b->guest = 0; /* another monitor */
	b->id = r->id;
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

msec
finish(struct drive *d, enum ddcresult result)
{
	d->rec.result = result;
	return -1;
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

/* Buses that must not be touched, by name, for some hang the machine when
 * they are; then all that is not below a graphics card or a dock. */
int
isdisplay(struct udev_device *dev, const char *name)
{
	static const char *const never[] = {
		"SMBus", "Synopsys DesignWare", "soc:i2cdsi", "smu", "mac-io",
		"u4", "AMDGPU SMU", "AMDGPU DM i2c OEM bus", NULL
	};
	const char *const *n, *class, *driver;
	struct udev_device *pci;
	unsigned long c;

	for (n = never; *n; n++)
		if (!strncmp(name, *n, strlen(*n)))
			return 0;
	pci = udev_device_get_parent_with_subsystem_devtype(dev, "pci", NULL);
	driver = pci ? udev_device_get_driver(pci) : NULL;
	if (driver && !strcmp(driver, "nouveau") &&
	    strncmp(name, "nvkm-", 5))
		return 0;
	if (!strcmp(name, "DPMST"))
		return 1;
	class = pci ? udev_device_get_sysattr_value(pci, "class") : NULL;
	if (!class)
		return 0;
	c = strtoul(class, NULL, 16) >> 16;
	return c == 0x03 || c == 0x0a;
}

/* Some monitors use the high byte for something else. */
int
lowsame(unsigned a, unsigned b)
{
	return (a & 0xff) == (b & 0xff);
}

int
matches(const Monitor *m, const struct bus *b)
{
	char bus[16];
	const char *dash = strchr(b->connector, '-');

	snprintf(bus, sizeof(bus), "i2c-%d", b->num);
	if (b->known <= 0 || b->fd < 0)
		return 0;
	return (!m->manufacturer || !strcmp(m->manufacturer, "*") ||
	        !strcmp(m->manufacturer, b->id.manufacturer)) &&
	       (!m->model || !strcmp(m->model, b->id.model)) &&
	       (!m->serial || !strcmp(m->serial, b->id.serial)) &&
	       (!m->serialno || m->serialno == b->id.serialno) &&
	       (!m->product || m->product == b->id.product) &&
	       (!m->bus || !strcmp(m->bus, bus)) &&
	       (!m->connector || !strcmp(m->connector, b->connector) ||
	        (dash && !strcmp(m->connector, dash + 1)));
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

/* Finds the DRM connector of a bus, which is its parent (DisplayPort's AUX)
 * or points to it by a link "ddc", and the card both are on. */
void
place(struct udev *udev, struct udev_device *dev, struct bus *b)
{
	struct udev_device *con, *pci;
	struct udev_enumerate *e;
	struct udev_list_entry *l;
	char link[PATH_MAX], target[PATH_MAX], *base, want[16];
	ssize_t n;

	pci = udev_device_get_parent_with_subsystem_devtype(dev, "pci", NULL);
	snprintf(b->card, sizeof(b->card), "%s", pci ?
	    udev_device_get_syspath(pci) : udev_device_get_syspath(dev));
	b->connector[0] = '\0';
	con = udev_device_get_parent_with_subsystem_devtype(dev, "drm", NULL);
	if (con && strchr(udev_device_get_sysname(con), '-')) {
		snprintf(b->connector, sizeof(b->connector), "%s",
		    udev_device_get_sysname(con));
		b->known = !sysfsident(udev_device_get_syspath(con), &b->id);
		return;
	}
	snprintf(want, sizeof(want), "i2c-%d", b->num);
	if (!(e = udev_enumerate_new(udev)))
		return;
	udev_enumerate_add_match_subsystem(e, "drm");
	udev_enumerate_scan_devices(e);
	udev_list_entry_foreach(l, udev_enumerate_get_list_entry(e)) {
		snprintf(link, sizeof(link), "%s/ddc",
		    udev_list_entry_get_name(l));
		n = readlink(link, target, sizeof(target) - 1);
		if (n < 0)
			continue;
		target[n] = '\0';
		base = strrchr(target, '/');
		if (strcmp(base ? base + 1 : target, want))
			continue;
		*strrchr(link, '/') = '\0';
		snprintf(b->connector, sizeof(b->connector), "%.39s",
		    strrchr(link, '/') + 1);
		b->known = !sysfsident(link, &b->id);
		break;
	}
	udev_enumerate_unref(e);
}

void
scanbus(struct ddc *d, struct udev *udev, struct udev_device *dev)
{
	const char *name = udev_device_get_sysattr_value(dev, "name");
	struct bus *b, old;
	char path[32];
	int num;

	if (!name || !isdisplay(dev, name) ||
	    sscanf(udev_device_get_sysname(dev), "i2c-%d", &num) != 1)
		return;
	for (b = d->bus; b < d->bus + d->nbus && b->num != num; b++)
		;
	if (b == d->bus + BusMax) {
		warn("ddc: i2c-%d: more than %d buses", num, BusMax);
		return;
	}
	if (b == d->bus + d->nbus) {
		memset(b, 0, sizeof(*b));
		b->num = num;
		b->fd = -1;
	}
	old = *b;
	if (b->known <= 0)
		place(udev, dev, b);
	if (strstr(b->connector, "-eDP-") || strstr(b->connector, "-LVDS-"))
		return; /* a laptop's panel: traffic can spoil the picture */
	if (b == d->bus + d->nbus)
		d->nbus++;
	else if (b->known > 0 && memcmp(&old.id, &b->id, sizeof(old.id)))
		b->host = b->guest = 0; /* another monitor */
	if (b->fd >= 0)
		return;
	snprintf(path, sizeof(path), "/dev/i2c-%d", num);
	if ((b->fd = open(path, O_RDWR | O_CLOEXEC)) < 0) {
		b->error = errno;
		warn("ddc: %s: %s%s", path, strerror(errno), errno == EACCES ?
		     " (add yourself to group i2c, or install "
		     "samples/60-screenstub.rules)" : "");
	}
}

/* One transfer, and how long to wait before the next; -1: all done. */
msec
step(struct drive *d, msec now)
{
	unsigned char edid[EdidSize] = { 0 };
	msec wait;

	switch (d->state) {
	case EdidSeek: /* the pointer of the EEPROM to its start */
		if (transfer(d, AddrEdid, 0, edid, 1) < 0)
			return finish(d, DdcFailed);
		d->state = EdidRead;
		return 0;
	case EdidRead:
		if (transfer(d, AddrEdid, I2C_M_RD, edid, sizeof(edid)) < 0 ||
		    ddc_ident(edid, sizeof(edid), &d->rec.id) < 0)
			return finish(d, DdcFailed);
		d->rec.known = 1;
		if (d->order->op == DdcIdentify)
			return finish(d, DdcConfirmed);
		d->state = GetAsk;
		return 0;
	case GetAsk:
		if ((wait = ask(d, d->want.code, GetReply)) >= 0)
			return wait;
		if ((wait = again(d, GetAsk, GetTries, now)) >= 0)
			return wait;
		return stepget(d, now);
	case GetReply:
		return stepget(d, now);
	case CapsAsk:
	case CapsReply:
		return stepcaps(d, now);
	case SetSend:
		return stepset(d, now);
	case CheckAsk:
		if ((wait = ask(d, d->want.code, CheckReply)) >= 0)
			return wait;
		/* FALLTHROUGH */
	case CheckReply:
		return stepcheck(d, now);
	}
	return finish(d, DdcFailed); /* for the compiler: all are above */
}

/* The capabilities come in fragments that repeat the offset asked for; one
 * without text is the last. */
msec
stepcaps(struct drive *d, msec now)
{
	unsigned char data[] = { OpCaps, d->ncaps >> 8, d->ncaps & 0xff };
	unsigned char buf[FrameMax], *p = NULL;
	size_t n = 0, i;
	msec wait;

	if (d->state == CapsAsk) {
		if (now >= d->deadline)
			goto all;
		n = frame(buf, SourceHost, data, sizeof(data));
		if (transfer(d, AddrDdc, 0, buf, n) < 0)
			goto retry;
		d->state = CapsReply;
		return ReplyWait;
	}
	if (transfer(d, AddrDdc, I2C_M_RD, buf, sizeof(buf)) < 0 ||
	    payload(buf, sizeof(buf), &p, &n) != ReplyOk || n < 3 ||
	    p[0] != OpCapsReply || p[1] != data[1] || p[2] != data[2])
		goto retry;
	if (n > 3 && d->ncaps + n - 3 <= sizeof(d->caps)) {
		memcpy(d->caps + d->ncaps, p + 3, n - 3);
		d->ncaps += n - 3;
		d->state = CapsAsk;
		d->tries = 0;
		d->pause = NextWait;
		return NextWait;
	}
	goto all;
retry:
	if ((wait = again(d, CapsAsk, GetTries, now)) >= 0)
		return wait;
all:
	d->rec.ninput = ddc_inputs(d->caps, d->ncaps, d->rec.input);
	if (d->order->op == DdcList)
		return finish(d, DdcConfirmed);
	for (i = 0; i < d->rec.ninput; i++) {
		/* 00 and ff are listed by some, but are no inputs */
		if (lowsame(d->rec.input[i], d->rec.host) ||
		    !d->rec.input[i] || d->rec.input[i] == 0xff)
			continue;
		d->want.value = d->rec.guest = d->rec.input[i];
		note(1, "ddc: i2c-%d: input 0x%02x must be the guest's",
		     d->b->num, d->want.value);
		wait = chosen(d);
		return wait < 0 ? wait : NextWait;
	}
	warn("ddc: i2c-%d: the monitor does not list its inputs: add .guest = "
	     "{ .value = ... } to its row of monitors[] in config.h",
	     d->b->num);
	return finish(d, DdcFailed);
}

/* Reads back what was set. A monitor that is changing its input is silent for
 * a while, and one that obeys only the machine it shows stays so: silence
 * after a Set that was acknowledged counts as done. */
msec
stepcheck(struct drive *d, msec now)
{
	unsigned char buf[FrameMax];
	unsigned v = 0;
	msec wait;
	int heard, old;

	heard = d->state == CheckReply &&
	    transfer(d, AddrDdc, I2C_M_RD, buf, 12) == 0 &&
	    vcpreply(buf, 12, d->want.code, &v) == ReplyOk;
	if (heard)
		d->rec.value = v;
	if (heard && lowsame(v, d->want.readback))
		return finish(d, DdcConfirmed);
	if (heard && d->before < 0)
		d->before = v; /* not read before: still the old one */
	old = heard && (int)v == d->before;
	wait = again(d, CheckAsk, old ? CheckTries : SilentTries, now);
	if (wait >= 0)
		return wait;
	if (old && d->sets < SetTries && now < d->deadline) {
		d->state = SetSend; /* some lose half of what they get */
		return NextWait;
	}
	if (old) {
		warn("ddc: i2c-%d: still shows input 0x%02x after %d tries "
		     "to set 0x%02x: has that input a signal?", d->b->num, v,
		     d->sets, d->want.value);
		return finish(d, DdcFailed);
	}
	note(1, "ddc: i2c-%d: input 0x%02x was set, but not confirmed",
	     d->b->num, d->want.value);
	return finish(d, DdcSent);
}

msec
stepget(struct drive *d, msec now)
{
	unsigned char buf[FrameMax];
	enum reply r = ReplyBad;
	unsigned v = 0;
	msec wait;

	if (d->state == GetReply) {
		if (transfer(d, AddrDdc, I2C_M_RD, buf, 12) == 0)
			r = vcpreply(buf, 12, d->want.code, &v);
		if (r == ReplyOk)
			d->rec.value = d->before = v;
		else if (r != ReplyUnsupported &&
		    (wait = again(d, GetAsk, GetTries, now)) >= 0)
			return wait;
	}
	if (d->before < 0)
		warn("ddc: i2c-%d: feature 0x%02x can't be read: %s",
		     d->b->num, d->want.code,
		     r == ReplyUnsupported ? "not supported" :
		     d->rec.error ? strerror(d->rec.error) :
		     "no valid reply (is DDC/CI on in the monitor's menu?)");
	d->tries = 0;
	d->pause = NextWait;
	if (d->order->op == DdcSwitch) {
		wait = decide(d);
		return wait < 0 ? wait : NextWait;
	}
	if (d->before < 0)
		return finish(d, DdcFailed);
	d->state = CapsAsk;
	return NextWait;
}

msec
stepset(struct drive *d, msec now)
{
	const Input *in = d->extra ? d->extra : &d->want;
	unsigned char data[] = {
		OpSet, in->code ? in->code : VcpInput, in->value >> 8,
		in->value & 0xff
	};
	unsigned char msg[FrameMax];
	size_t n = frame(msg, in->source ? in->source : SourceHost, data,
	                 sizeof(data));
	msec wait;

	if (transfer(d, AddrDdc, 0, msg, n) < 0) {
		if ((wait = again(d, SetSend, 0, now)) >= 0)
			return wait;
		warn("ddc: i2c-%d: input 0x%02x could not be set: %s (is "
		     "DDC/CI on in the monitor's menu? Some obey only the "
		     "machine they show: see guestexec in config.h)",
		     d->b->num, d->want.value, strerror(d->rec.error));
		return finish(d, DdcFailed);
	}
	note(1, "ddc: i2c-%d: feature 0x%02x set to 0x%02x", d->b->num,
	     data[1], in->value);
	d->pause = NextWait;
	d->extra = d->extra ? d->extra + 1 : d->want.extra;
	if (d->extra && d->extra->value)
		return SetWait;
	d->extra = NULL;
	d->sets++;
	d->tries = 0;
	if (d->want.source != SourceHost)
		return finish(d, DdcSent);
	d->state = CheckAsk;
	return SetWait;
}

/* -1: the connector has no EDID of a monitor. */
int
sysfsident(const char *syspath, struct ident *id)
{
	unsigned char edid[EdidSize];
	char path[PATH_MAX];
	FILE *f;
	size_t n;

	snprintf(path, sizeof(path), "%s/edid", syspath);
	if (!(f = fopen(path, "re")))
		return -1;
	n = fread(edid, 1, sizeof(edid), f);
	fclose(f);
	return ddc_ident(edid, n, id);
}

/* One i2c message as a transaction of its own: I2C_RDWR needs no slave
 * address set on the fd, and no driver that holds 0x37 can refuse it. */
int
transfer(struct drive *d, unsigned addr, unsigned flags, unsigned char *buf,
         size_t n)
{
	struct i2c_msg m = { addr, flags, n, buf };
	struct i2c_rdwr_ioctl_data data = { &m, 1 };
	char text[3 * 128 + 1];
	size_t i;
	int ret;

	if ((flags & I2C_M_RD))
		memset(buf, 0, n);
	ret = ioctl(d->b->fd, I2C_RDWR, &data) < 0 ? -1 : 0;
	d->rec.error = ret < 0 ? errno : 0;
	if (verbose < 2)
		return ret;
	for (i = 0; i < n && i < 128; i++)
		snprintf(text + 3 * i, 4, " %02x", buf[i]);
	note(2, "ddc: i2c-%d: 0x%02x %s%s%s%s", d->b->num, addr,
	     flags & I2C_M_RD ? "read" : "wrote", text, ret < 0 ? ": " : "",
	     ret < 0 ? strerror(d->rec.error) : "");
	return ret;
}

/* Get VCP Feature reply, DDC/CI 1.1, 4.3: opcode, result, code, type, maximum
 * and present value. */
enum reply
vcpreply(unsigned char *r, size_t n, unsigned code, unsigned *value)
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
