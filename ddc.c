/* See LICENSE for copyright and licence details.
 *
 * The wire: DDC/CI and EDID, as they go over an i2c bus.
 *
 * All transfers are made by wire_run, in a child process that ddc/card forks
 * for each graphics card, since an i2c ioctl can block for seconds: buses of
 * one card are driven by one process, for some cards lock up when two of them
 * are used at once, but their waits overlap. Each bus is a struct drive, whose
 * step makes one transfer and says how long to wait before the next. What came
 * out travels back as one struct record.
 *
 * Start reading at wire_run. */
#include <sys/file.h>
#include <sys/ioctl.h>

#include <errno.h>
#include <linux/i2c-dev.h>
#include <linux/i2c.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "ddc.h"

/* VESA DDC/CI 1.1 and E-DDC; 7-bit addresses as the kernel takes them. */
enum {
	AddrEdid = 0x50,
	AddrDdc = 0x37,
	WriteSeed = 0x6e, /* 8-bit address, first in a request's checksum */
	ReplySeed = 0x50, /* virtual host address, the same of a reply */
	SourceHost = 0x51,
	OpGet = 0x01, OpGetReply = 0x02, OpSet = 0x03, OpSave = 0x0c,
	OpCaps = 0xf3, OpCapsReply = 0xe3,
	VcpPower = 0xd6, PowerOn = 1
};

/* Waits in ms: before a reply can be read, and after an error. The one after a
 * reply is a setting. */
enum { ReplyWait = 40, NextWait = 50 };

enum {
	FrameMax = 40,   /* source, length, 35 bytes of data, checksum */
	ReplySize = 12,  /* of Get, with a byte for a doubled 6e */
	CapsMax = 4096,  /* longest seen: 1335 */
	EdidTries = 4, GetTries = 3, LearnTries = 6, SetTries = 3,
	CheckTries = 5, QuickTries = 3, QuickChecks = 2,
	LongPause = 1600,
	WriteTime = 500, /* of a Set, with what belongs to it */
	LockPoll = 50, LockMax = 1000,
	BusyTime = 10000 /* for which a switch may keep a monitor busy */
};

enum reply { ReplyOk, ReplyBad, ReplyNull, ReplyUnsupported, ReplyNone };

/* What is sent, or, once it was sent, what reply is expected. */
enum state {
	Edid,  /* the EDID; then it is over */
	First, /* Get, before anything else */
	Caps,  /* the capabilities, fragment by fragment */
	Power, /* Set of the power, which nobody answers */
	Write, /* Set of the input, then of what else is to be written */
	Store, /* Save */
	Check  /* Get: was it done? */
};

struct drive {
	struct bus *b;
	const struct order *order;
	struct record rec;
	enum state state;
	int sent;           /* the request was; its reply is next */
	unsigned char buf[2 * EdidSize], *data; /* of the reply, */
	size_t len;                             /* so much */
	int locked, error;  /* error: errno of the last transfer */
	msec now, due, deadline, pause, lockdue;
	int tries, sets, reads, finished;
	Input want;         /* resolved: no member is 0, if it is known */
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

/* ---- frames ---- */

static unsigned char
frame_sum(unsigned char seed, const unsigned char *p, size_t n)
{
	while (n--)
		seed ^= *p++;
	return seed;
}

/* DDC/CI 1.1, 1.4: source, length with bit 7 set, data, checksum. */
static size_t
frame_make(unsigned char *msg, unsigned source, const unsigned char *data,
           size_t n)
{
	msg[0] = source;
	msg[1] = 0x80 | n;
	memcpy(msg + 2, data, n);
	msg[n + 2] = frame_sum(WriteSeed, msg, n + 2);
	return n + 3;
}

/* Finds the data of a reply: 6e (twice, from some), length, data, checksum;
 * whatever follows is left over from reading too far. */
static enum reply
frame_data(unsigned char *r, size_t n, unsigned char **data, size_t *len)
{
	if (n > 2 && r[0] == WriteSeed && r[1] == WriteSeed) {
		r++;
		n--;
	}
	if (n < 3 || r[0] != WriteSeed)
		return ReplyBad;
	*len = r[1] & 0x7f;
	if (*len + 3 > n || frame_sum(ReplySeed, r, *len + 2) != r[*len + 2])
		return ReplyBad;
	*data = r + 2;
	return *len ? ReplyOk : ReplyNull;
}

/* Get VCP Feature reply, DDC/CI 1.1, 4.3: opcode, result, code, type, maximum
 * and present value. */
static enum reply
frame_value(unsigned char *r, size_t n, unsigned code, int *value)
{
	unsigned char *p;
	size_t len;
	enum reply what = frame_data(r, n, &p, &len);

	if (what != ReplyOk)
		return what;
	if (len != 8 || p[0] != OpGetReply || p[2] != code || p[1] > 1)
		return ReplyBad;
	if (p[1] == 1 || (!p[4] && !p[5] && !p[6] && !p[7]))
		return ReplyUnsupported;
	*value = p[6] << 8 | p[7];
	return ReplyOk;
}

/* ---- what monitors say of themselves ---- */

/* Up to the first byte that is no text; the first name that is not empty
 * counts. Blanks behind are padding. */
static void
edid_text(const unsigned char *p, char out[14])
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

int
edid_ident(const unsigned char *e, size_t n, struct ident *id)
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
		edid_text(p + 5, p[3] == 0xfc ? id->model : id->serial);
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
		[VGA1] = "Analog-1", [VGA2] = "Analog-2",
		[DVI1] = "DVI-1", [DVI2] = "DVI-2",
		[Composite1] = "Composite-1", [Composite2] = "Composite-2",
		[SVideo1] = "S-video-1", [SVideo2] = "S-video-2",
		[Tuner1] = "Tuner-1", [Tuner2] = "Tuner-2",
		[Tuner3] = "Tuner-3", [Component1] = "Component-1",
		[Component2] = "Component-2", [Component3] = "Component-3",
		[DP1] = "DisplayPort-1", [DP2] = "DisplayPort-2",
		[HDMI1] = "HDMI-1", [HDMI2] = "HDMI-2", [HDMI3] = "HDMI-3",
		[USBC1] = "USB-C-1",
	};

	if (value >= LENGTH(name) || !name[value])
		return "Unknown";
	return name[value];
}

/* Finds "vcp(" as a word, in it code 60 at depth 1, and takes the pairs of
 * hex digits of its list. Strings out in the world lack brackets, blanks and
 * sense; whatever comes, this ends and at worst finds nothing. */
size_t
caps_inputs(const char *s, size_t len, unsigned char out[InputMax])
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

/* Some monitors use the high byte for something else. */
static int
input_same(unsigned a, unsigned b)
{
	return (a & 0xff) == (b & 0xff);
}

unsigned
input_host(const unsigned char *list, size_t n, unsigned host)
{
	return n && memchr(list, host & 0xff, n) ? host & 0xff : host;
}

/* 00 and ff are listed by some, but are no inputs. */
unsigned
input_guest(const unsigned char *list, size_t n, unsigned host)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (list[i] && list[i] != 0xff && !input_same(list[i], host))
			return list[i];
	return 0;
}

/* ---- transfers ---- */

/* Rounded up, so that a wait is never shorter than it says. */
static msec
clock_ceil(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (msec)t.tv_sec * 1000 + (t.tv_nsec + 999999) / 1000000;
}

/* ddcutil and KDE lock the file while they use a bus. Who keeps it locked is
 * waited for once, then disturbed. */
static int
drive_lock(struct drive *d)
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
		d->lockdue = d->now + LockMax;
	if (d->now < d->lockdue) {
		d->locked = 0;
		return 0;
	}
	d->rec.mem.locked = 1;
	note(1, "ddc: i2c-%d: another program keeps it locked: used all the "
	     "same", d->b->num);
	return 1;
}

static void
drive_unlock(struct drive *d)
{
	if (d->locked)
		flock(d->b->fd, LOCK_UN);
	d->locked = 0;
	d->lockdue = 0;
}

/* By write or read, where I2C_RDWR is not possible. */
static int
drive_force(struct drive *d, const struct i2c_msg *m)
{
	ssize_t n;

	if (ioctl(d->b->fd, I2C_SLAVE_FORCE, (unsigned long)m->addr) < 0)
		return -1;
	n = m->flags & I2C_M_RD ? read(d->b->fd, m->buf, m->len) :
	    write(d->b->fd, m->buf, m->len);
	if (n >= 0 && n != m->len)
		errno = EIO;
	return n == m->len ? 0 : -1;
}

/* One i2c message as a transaction of its own: the reply must be fetched by a
 * later one. I2C_RDWR needs no slave address set on the fd, and no driver that
 * holds 0x37 can refuse it; but some builds of nvidia's driver do. It returns
 * how many messages there were, evdi's 0 when there was none. */
static int
drive_transfer(struct drive *d, unsigned addr, unsigned flags,
               unsigned char *buf, size_t n)
{
	struct i2c_msg m = { addr, flags, n, buf };
	struct i2c_rdwr_ioctl_data data = { &m, 1 };
	char text[3 * 128 + 1];
	size_t i;
	int ret = -1;

	if (flags & I2C_M_RD)
		memset(buf, 0, n);
	if (!d->rec.mem.forced) {
		ret = ioctl(d->b->fd, I2C_RDWR, &data);
		if (ret >= 0 && ret != 1)
			errno = EIO;
		ret = ret == 1 ? 0 : -1;
		d->rec.mem.forced = ret < 0 &&
		    (errno == EINVAL || errno == EOPNOTSUPP);
	}
	if (d->rec.mem.forced)
		ret = drive_force(d, &m);
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

/* ---- from state to state ---- */

/* On to another state, with new patience. */
static msec
drive_enter(struct drive *d, enum state state)
{
	d->state = state;
	d->tries = 0;
	d->pause = NextWait;
	return 0;
}

/* Tries the same again, later and later; most: so often in all, 0: until the
 * deadline. -1: that was the last. */
static msec
drive_again(struct drive *d, int most)
{
	msec pause = d->pause;

	if (pause > d->deadline - d->now)
		pause = d->deadline - d->now; /* one last time */
	if ((most && ++d->tries >= most) || pause < NextWait ||
	    d->error == ENODEV)
		return -1;
	d->pause = pause * 2 > LongPause ? LongPause : pause * 2;
	return pause;
}

static msec
drive_finish(struct drive *d, enum evidence result)
{
	enum ddcop op = d->order->op;

	d->rec.result = result;
	if (op == DdcSwitch)
		d->rec.mem.verify = !d->mute &&
		    !(d->b->row->flags & Blind) && (result == DdcConfirmed ||
		    (result == DdcSent && d->rec.value < 0));
	if (result == DdcConfirmed && (op == DdcSwitch || op == DdcVerify))
		d->rec.mem.doubt = 0;
	d->finished = 1;
	return 0;
}

/* Says why there was no answer, and what can be done about it. */
static void
drive_complain(const struct drive *d, enum reply r, const char *what,
               unsigned value)
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
	/* after a switch it may be deaf for seconds; else nobody is there */
	else if (d->rec.mem.switched &&
	    d->now - d->rec.mem.switched < BusyTime)
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

/* ---- which input ---- */

static Input
drive_input(const struct drive *d, enum side side)
{
	Input in = side == Host ? d->b->row->host : d->b->row->guest;

	if (!in.code)
		in.code = VcpInput;
	if (!in.source)
		in.source = SourceHost;
	if (!in.value)
		in.value = side == Host ? d->rec.mem.host : d->rec.mem.guest;
	if (!in.readback)
		in.readback = in.value;
	return in;
}

/* By config.h, and by what was learned until now. */
static void
drive_resolve(struct drive *d)
{
	enum side side = d->order->side;

	d->want = drive_input(d, side);
	d->other = drive_input(d, side == Host ? Guest : Host).readback;
}

/* Is that what is read while the wanted input is shown? A few monitors tell
 * their inputs apart by the high byte. */
static int
drive_shows(const struct drive *d, unsigned v)
{
	return v == d->want.readback || (input_same(v, d->want.readback) &&
	    !input_same(d->other, d->want.readback));
}

/* What was read first, if that is an input. */
static int
drive_shown(const struct drive *d)
{
	return d->want.code == VcpInput ? d->before : -1;
}

/* The value to write is known: goes on to write it, unless it is shown. What
 * is read is not believed while a Set from before may still take effect. */
static msec
drive_chosen(struct drive *d)
{
	drive_resolve(d);
	if (d->before >= 0 && drive_shows(d, d->before) && !d->b->mem.doubt) {
		note(1, "ddc: i2c-%d: input 0x%02x is shown already",
		     d->b->num, d->want.value);
		return drive_finish(d, DdcConfirmed);
	}
	return drive_enter(d, d->b->row->flags & Wake ? Power : Write);
}

/* The parent has the words for it, and all buses for a row. */
static msec
drive_unset(struct drive *d)
{
	d->rec.unset = 1;
	d->rec.value = drive_shown(d);
	return drive_finish(d, DdcFailed);
}

/* May what is shown be learned as the host's input? Only when it can be no
 * other's: the guest's is known and not shown, or there was no VM yet that it
 * could be. */
static int
drive_maylearn(const struct drive *d, int shown, unsigned guest)
{
	if (d->rec.mem.host || shown <= 0 || d->order->learn == LearnNothing)
		return 0;
	return guest ? !input_same(shown, guest) :
	    d->order->learn == LearnShown;
}

/* The first read is over. Learns which input is the host's, but only when it
 * was read twice, for some monitors answer nonsense at times. Then finds out
 * what is to be written. */
static msec
drive_decide(struct drive *d)
{
	const Monitor *m = d->b->row;
	struct memory *mem = &d->rec.mem;
	int shown = drive_shown(d), learned = 0;
	unsigned guest = mem->guest;

	if (m->host.value && (!m->host.code || m->host.code == VcpInput))
		mem->host = m->host.value;
	if (m->guest.value && (!m->guest.code || m->guest.code == VcpInput)) {
		mem->guest = m->guest.value;
		guest = m->guest.readback ? m->guest.readback :
		        m->guest.value;
	}
	if (drive_maylearn(d, shown, guest)) {
		if (shown != d->seen && ++d->reads < LearnTries) {
			d->seen = shown;
			return drive_enter(d, First);
		}
		learned = shown == d->seen;
		if (learned) {
			mem->host = shown;
			note(1, "ddc: i2c-%d: input 0x%02x is the host's",
			     d->b->num, shown);
		}
	}
	drive_resolve(d);
	if (learned && mem->host > 0xff) /* which part of it is it? */
		return drive_enter(d, Caps);
	if (d->want.value)
		return drive_chosen(d);
	if (mem->host || (shown > 0 && d->order->learn == LearnNothing))
		return drive_enter(d, Caps); /* for the guest's, or a row */
	return drive_unset(d);
}

/* The capabilities are read, or can't be. */
static msec
drive_listed(struct drive *d)
{
	struct memory *mem = &d->rec.mem;
	struct record *r = &d->rec;

	r->ninput = caps_inputs(d->caps, d->ncaps, r->input);
	if (d->order->op == DdcList)
		return drive_finish(d, d->before >= 0 || d->mute ||
		    r->ninput ? DdcConfirmed : DdcFailed);
	if (!mem->host)
		return drive_unset(d);
	if (!d->b->row->host.value)
		mem->host = input_host(r->input, r->ninput, mem->host);
	if (!mem->guest &&
	    (mem->guest = input_guest(r->input, r->ninput, mem->host)))
		note(1, "ddc: i2c-%d: input 0x%02x must be the guest's",
		     d->b->num, mem->guest);
	drive_resolve(d);
	if (d->want.value)
		return drive_chosen(d);
	warn("ddc: i2c-%d: the monitor does not list its inputs: add .guest = "
	     "{ .value = ... } to its row of monitors[] in config.h",
	     d->b->num);
	return drive_finish(d, DdcFailed);
}

/* ---- replies ---- */

static msec
drive_gotedid(struct drive *d, enum reply r)
{
	if (r == ReplyOk && edid_ident(d->data, d->len, &d->rec.id) == 0) {
		d->rec.known = Identified;
		return drive_finish(d, DdcConfirmed);
	}
	if (d->error != ENXIO && d->error != EOPNOTSUPP && d->error != EBUSY &&
	    d->error != ETIMEDOUT && d->error != ENODEV &&
	    ++d->tries < EdidTries)
		return 0;
	d->rec.known = Silent;
	return drive_finish(d, DdcFailed);
}

/* A look some time after the switch. */
static msec
drive_verified(struct drive *d, enum reply r)
{
	if (r != ReplyOk)
		return drive_finish(d, DdcSent);
	if (drive_shows(d, d->before))
		return drive_finish(d, DdcConfirmed);
	warn("ddc: i2c-%d: shows input 0x%02x again: input 0x%02x has no "
	     "signal, or automatic input selection is on in the monitor's "
	     "menu", d->b->num, d->before, d->want.value);
	return drive_finish(d, DdcBounced);
}

static msec
drive_gotfirst(struct drive *d, enum reply r)
{
	int most = d->order->quick && r == ReplyNone ? 1 : GetTries;
	msec wait;

	if (r != ReplyOk && r != ReplyUnsupported &&
	    (wait = drive_again(d, most)) >= 0)
		return wait;
	d->before = r == ReplyOk ? d->rec.value : -1;
	d->mute = r == ReplyUnsupported;
	if (d->order->op == DdcVerify)
		return drive_verified(d, r);
	if (d->order->op == DdcList) {
		if (r != ReplyOk)
			drive_complain(d, r, "can't read feature",
			    d->want.code);
		return r == ReplyNone || r == ReplyBad ?
		    drive_finish(d, DdcFailed) : drive_enter(d, Caps);
	}
	if (r != ReplyOk)
		note(1, "ddc: i2c-%d: feature 0x%02x can't be read", d->b->num,
		     d->want.code);
	return drive_decide(d);
}

/* The capabilities come in fragments that repeat the offset asked for; one
 * without text is the last. */
static msec
drive_gotcaps(struct drive *d, enum reply r)
{
	const unsigned char *p = d->data;
	size_t n = d->len;
	msec wait;

	if (r != ReplyOk || n < 3 || p[0] != OpCapsReply ||
	    (size_t)(p[1] << 8 | p[2]) != d->ncaps) {
		if ((wait = drive_again(d, GetTries)) >= 0)
			return wait;
	} else if (n > 3 && d->ncaps + n - 3 <= sizeof(d->caps) &&
	    d->now < d->deadline) {
		memcpy(d->caps + d->ncaps, p + 3, n - 3);
		d->ncaps += n - 3;
		return drive_enter(d, Caps);
	}
	return drive_listed(d);
}

/* Reads back what was set. A monitor that is changing its input is silent for
 * a while, and one that obeys only the machine it shows stays so: silence
 * after a Set that was acknowledged counts as done. But one that says that it
 * is busy will know later, and the old value may still change, or the Set was
 * lost: some lose half of what they get. */
static msec
drive_gotcheck(struct drive *d, enum reply r)
{
	int v = d->rec.value, quick = d->order->quick, most = CheckTries, old;
	msec wait;

	if (r == ReplyOk && drive_shows(d, v))
		return drive_finish(d, DdcConfirmed);
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
	if ((wait = drive_again(d, most)) >= 0)
		return wait;
	if (old && d->sets < SetTries && d->now + WriteTime < d->deadline)
		return drive_enter(d, Write);
	if (old) {
		warn("ddc: i2c-%d: still shows input 0x%02x after %d tries to "
		     "set 0x%02x: has that input a signal?", d->b->num, v,
		     d->sets, d->want.value);
		return drive_finish(d, DdcFailed);
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
	return drive_finish(d, DdcSent);
}

/* Asleep it may not even acknowledge. */
static msec
drive_gotpower(struct drive *d, enum reply r)
{
	(void)r;
	return drive_enter(d, Write);
}

/* All was written: is it read back? */
static msec
drive_gotstore(struct drive *d, enum reply r)
{
	(void)r;
	if (!d->mute && !(d->b->row->flags & Blind))
		return drive_enter(d, Check);
	note(1, "ddc: i2c-%d: input 0x%02x was set, and is not read back",
	     d->b->num, d->want.value);
	return drive_finish(d, DdcSent);
}

/* One of the writes is over, or was not acknowledged. */
static msec
drive_gotwrite(struct drive *d, enum reply r)
{
	const Monitor *m = d->b->row;
	const Input *next = d->extra ? d->extra + 1 : d->want.extra;
	int acked = d->sets || d->rounds || d->extra;
	msec wait;

	d->rec.mem.doubt = 1;
	d->rec.value = -1;
	if (r != ReplyOk) {
		wait = drive_again(d, d->order->quick || acked ? QuickTries :
		    0);
		if (wait >= 0)
			return wait;
		if (acked) /* the first was: by now it is deaf to us */
			return drive_finish(d, DdcSent);
		drive_complain(d, r, "can't set", d->extra ? d->extra->value :
		    d->want.value);
		return drive_finish(d, DdcFailed);
	}
	d->rec.mem.switched = d->now;
	d->extra = next && next->value ? next : NULL;
	if (d->extra || ++d->rounds < m->repeat)
		return drive_enter(d, Write);
	d->rounds = 0;
	d->sets++;
	return m->flags & Save ? drive_enter(d, Store) :
	    drive_gotstore(d, r);
}

/* What is sent in this state. */
static size_t
drive_request(struct drive *d, unsigned char *msg)
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
		return frame_make(msg, SourceHost, caps, sizeof(caps));
	case Power:
		return frame_make(msg, SourceHost, power, sizeof(power));
	case Write:
		note(1, "ddc: i2c-%d: feature 0x%02x is set to 0x%02x",
		     d->b->num, set[1], in->value);
		return frame_make(msg, in->source ? in->source : SourceHost,
		    set, sizeof(set));
	case Store:
		return frame_make(msg, SourceHost, save, sizeof(save));
	default:
		return frame_make(msg, SourceHost, get, sizeof(get));
	}
}

/* How a state goes on the wire: what is read, if anything, how long after the
 * request, and who looks at what came. */
static const struct {
	size_t size;
	msec wait;
	msec (*got)(struct drive *, enum reply);
} states[] = {
	[Edid] = { EdidSize, 0, drive_gotedid },
	[First] = { ReplySize, ReplyWait, drive_gotfirst },
	[Caps] = { FrameMax, ReplyWait, drive_gotcaps },
	[Power] = { 0, SetWait, drive_gotpower },
	[Write] = { 0, SetWait, drive_gotwrite },
	[Store] = { 0, SaveWait, drive_gotstore },
	[Check] = { ReplySize, ReplyWait, drive_gotcheck },
};

static enum reply
drive_reply(struct drive *d)
{
	d->data = d->buf;
	if (d->state == Edid)
		return ReplyOk;
	if (d->state == Caps)
		return frame_data(d->buf, d->len, &d->data, &d->len);
	return frame_value(d->buf, d->len, d->want.code, &d->rec.value);
}

/* One transfer, and how long to wait at least before the next. */
static msec
drive_step(struct drive *d)
{
	int addr = d->state == Edid ? AddrEdid : AddrDdc, reading = d->sent;
	size_t size = states[d->state].size;
	enum reply r = ReplyNone;
	msec wait, gap = NextWait;

	d->len = !reading ? drive_request(d, d->buf) : d->state == Edid &&
	    d->tries >= EdidTries / 2 ? 2 * EdidSize : size;
	d->sent = 0;
	if (drive_transfer(d, addr, reading ? I2C_M_RD : 0, d->buf,
	    d->len) == 0) {
		d->sent = !reading && size;
		if (d->sent)
			return states[d->state].wait;
		gap = !reading ? states[d->state].wait : d->state == Edid ? 0 :
		    d->order->gap;
		r = reading ? drive_reply(d) : ReplyOk;
	}
	wait = states[d->state].got(d, r);
	return wait > gap ? wait : gap;
}

/* ---- all buses of a card ---- */

/* Chooses what is sent first. */
static void
drive_begin(struct drive *d, struct bus *b, const struct order *order, msec now)
{
	const Monitor *m = b->row;

	d->b = b;
	d->order = order;
	d->rec.num = b->num;
	d->rec.value = d->before = d->seen = -1;
	d->rec.mem = b->mem;
	d->deadline = now + order->limit;
	d->due = b->mem.notbefore;
	d->want.code = VcpInput;
	drive_enter(d, order->op == DdcIdentify ? Edid : First);
	if (order->op != DdcSwitch && order->op != DdcVerify)
		return;
	drive_resolve(d);
	/* on another source address nothing is ever answered */
	d->mute = d->want.source != SourceHost;
	if (order->op == DdcSwitch &&
	    (d->mute || ((m->flags & Blind) && d->want.value)))
		drive_enter(d, m->flags & Wake ? Power : Write);
}

/* The one whose next transfer is due first; NULL: all are finished. */
static struct drive *
drive_next(struct drive *drives, size_t n)
{
	struct drive *d, *next = NULL;

	for (d = drives; d < drives + n; d++)
		if (!d->finished && (!next || d->due < next->due))
			next = d;
	return next;
}

void
wire_run(struct bus *const *bus, size_t n, const struct order *order, int fd)
{
	static struct drive drive[BusMax];
	struct drive *d;
	struct timespec t;
	msec wait;
	size_t i;

	for (i = 0; i < n; i++)
		drive_begin(&drive[i], bus[i], order, clock_ceil());
	while ((d = drive_next(drive, n))) {
		t.tv_sec = d->due / 1000;
		t.tv_nsec = d->due % 1000 * 1000000;
		while (d->due >= clock_ceil() &&
		    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t,
		    NULL) == EINTR)
			;
		d->now = clock_ceil();
		wait = drive_lock(d) ? drive_step(d) : LockPoll;
		d->due = clock_ceil() + wait;
		if (d->finished || wait > NextWait)
			drive_unlock(d);
		if (!d->finished)
			continue;
		d->rec.mem.notbefore = d->due;
		if (write(fd, &d->rec, sizeof(d->rec)) < 0)
			return;
	}
}
