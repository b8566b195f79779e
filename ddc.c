/* See LICENSE for copyright and licence details.
 *
 * The wire: DDC/CI and EDID, as they go over an i2c bus.
 *
 * All transfers are made by wire_run, in a child process that ddc/card forks
 * for each graphics card, since an i2c ioctl can block for seconds: buses of
 * one card are driven by one process, for some cards lock up when two of them
 * are used at once, but their waits overlap. Each bus is a struct drive, whose
 * step makes one transfer and says how long to wait before the next. What came
 * out travels back as the whole struct bus.
 *
 * Start reading at wire_run. */
#include <sys/file.h>
#include <sys/ioctl.h>

#include <ctype.h>
#include <errno.h>
#include <linux/i2c-dev.h>
#include <linux/i2c.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "ddc.h"

/* VESA DDC/CI 1.1 and E-DDC; 7-bit addresses as the kernel takes them. */
enum {
	AddrEdid = 0x50, AddrDdc = 0x37,
	WriteSeed = 0x6e, /* 8-bit address, first in a request's checksum */
	ReplySeed = 0x50, /* virtual host address, the same of a reply */
	SourceHost = 0x51,
	OpGet = 0x01, OpGetReply = 0x02, OpSet = 0x03, OpSave = 0x0c,
	OpCaps = 0xf3, OpCapsReply = 0xe3,
	VcpInput = 0x60, VcpPower = 0xd6, PowerOn = 1
};

/* Waits in ms: before a reply can be read, after a Set, and after an error;
 * never less than the standard's, for monitors lose what comes earlier. The one
 * after a reply is a setting. */
enum { ReplyWait = 40, SetWait = 50, NextWait = 50 };

enum {
	FrameMax = 40,   /* source, length, 35 bytes of data, checksum */
	ReplySize = 12,  /* of Get, with a byte for a doubled 6e */
	CapsMax = 4096,  /* longest seen: 1335 */
	EdidTries = 4, GetTries = 3, LearnTries = 6, SetTries = 3,
	CheckTries = 5, QuickTries = 3, QuickChecks = 2,
	WriteTime = 500, /* of a Set, with what belongs to it */
	LockPoll = 50, LockMax = 1000
};

/* Other: not the input that was set. From there on it may be another one the
 * next time. */
enum reply {
	ReplyOk, ReplyUnsupported, ReplyOther, ReplyBad, ReplyNull, ReplyNone
};

/* What is sent, or, once it was sent, what reply is expected. */
enum state {
	Edid,  /* the EDID; then it is over */
	First, /* Get, before anything else */
	Caps,  /* the capabilities, fragment by fragment */
	Power, /* Set of the power, which nobody answers */
	Write, /* Set of the input, then of what else is to be written */
	Store, /* Save */
	Check, /* Get: was it done? */
	Finished
};

struct drive {
	struct bus *b;      /* the child's own, which gets what comes out */
	const struct order *order;
	enum state state;
	int sent;           /* the request was; its reply is next */
	unsigned char buf[2 * EdidSize], *data; /* of the reply, */
	size_t len;                             /* so much */
	int locked, error;  /* error: errno of the last transfer */
	msec now, due, deadline, lockdue;
	int tries, sets, reads;
	Input want;         /* resolved: no member is 0, if it is known */
	const Input *extra; /* next of the further writes */
	unsigned rounds, other; /* other: read while the other input is shown */
	int before, seen;   /* value read first, or -1; the one before that,
	                     * while learning */
	int mute, acked;    /* the feature can't be read; something was set */
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
	static const char header[8] = "\0\xff\xff\xff\xff\xff\xff";
	const unsigned char *p;
	unsigned sum = 0, odd = 0;
	size_t i;

	/* where the EEPROM's pointer was not set the second block is first */
	if (n >= 2 * EdidSize && memcmp(e, header, sizeof(header)))
		e += EdidSize;
	if (n < EdidSize || memcmp(e, header, sizeof(header)))
		return -1;
	memset(id, 0, sizeof(*id));
	for (i = 0; i < 3; i++) {
		n = ((e[8] << 8 | e[9]) >> (10 - 5 * i)) & 0x1f;
		id->manufacturer[i] = '@' + n;
		odd |= n < 1 || n > 26;
	}
	for (i = 0; i < EdidSize; i++)
		sum += e[i];
	if ((sum & 0xff) && odd)
		return -1; /* if all else is right it is worth the try */
	id->product = e[10] | e[11] << 8;
	id->serialno = e[12] | e[13] << 8 | e[14] << 16 |
	               (uint32_t)e[15] << 24;
	for (p = e + 54; p < e + 126; p += 18)
		if (!p[0] && !p[1] && (p[3] == 0xfc || p[3] == 0xff))
			edid_text(p + 5, p[3] == 0xfc ? id->model : id->serial);
	return 0;
}

int
bus_identify(struct bus *b, const unsigned char *edid, size_t n)
{
	struct ident id;

	if (edid_ident(edid, n, &id) < 0)
		return -1;
	if (memcmp(&b->id, &id, sizeof(id)))
		memset(b->learned, 0, sizeof(b->learned));
	b->id = id;
	b->known = Identified;
	return 0;
}

const char *
ddc_inputname(unsigned value)
{
	static const char *const name[] = {
		NULL, "Analog-1", "Analog-2", "DVI-1", "DVI-2", "Composite-1",
		"Composite-2", "S-video-1", "S-video-2", "Tuner-1", "Tuner-2",
		"Tuner-3", "Component-1", "Component-2", "Component-3",
		"DisplayPort-1", "DisplayPort-2", "HDMI-1", "HDMI-2", "HDMI-3",
		[USBC1] = "USB-C-1",
	};

	return value < LENGTH(name) && name[value] ? name[value] : "Unknown";
}

/* Finds "vcp(" as a word, in it code 60 at depth 1, and takes the pairs of
 * hex digits of its list. Strings out in the world lack brackets, blanks and
 * sense; whatever comes, this ends and at worst finds nothing. */
size_t
caps_inputs(const char *s, size_t len, unsigned char out[InputMax])
{
	char text[CapsMax + 1] = "", pair[3] = "", *p = text, *q;
	size_t i, n = 0;
	int depth = 0, code = -1, v;

	for (i = 0; i < len && i < CapsMax; i++)
		text[i] = s[i] ? s[i] : ' ';
	for (; !depth && (p = strcasestr(p, "vcp")); p = q) {
		q = p + 3 + strspn(p + 3, " ");
		depth = *q == '(' && (p == text || (p[-1] != '_' &&
		    !isalnum((unsigned char)p[-1])));
	}
	for (; depth && *++p; ) {
		if (*p == '(')
			depth++;
		else if (*p == ')' && --depth == 1)
			code = -1;
		if (!isxdigit((unsigned char)*p) || !p[1])
			continue;
		pair[0] = *p;
		pair[1] = isxdigit((unsigned char)p[1]) ? *++p : '\0';
		v = strtoul(pair, NULL, 16);
		if (depth == 1 && pair[1])
			code = v;
		if (depth == 2 && code == VcpInput && n < InputMax &&
		    !memchr(out, v, n))
			out[n++] = v;
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
	return memchr(list, host & 0xff, n) ? host & 0xff : host;
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

/* ddcutil and KDE lock the file while they use a bus. Who keeps it locked is
 * waited for once, then disturbed. */
static int
drive_lock(struct drive *d)
{
	int busy = !d->locked && flock(d->b->fd, LOCK_EX | LOCK_NB) < 0 &&
	    errno == EWOULDBLOCK;

	if (!busy && !d->locked)
		d->lockdue = 0;
	else if (busy && !d->lockdue)
		d->lockdue = d->now + LockMax;
	if (d->now < d->lockdue)
		return 0;
	if (busy)
		note(1, "ddc: %s: another program keeps it locked: used all "
		     "the same", d->b->name);
	return d->locked = 1;
}

/* One i2c message as a transaction of its own: the reply must be fetched by a
 * later one. I2C_RDWR needs no slave address set on the fd, and no driver that
 * holds 0x37 can refuse it; but some builds of nvidia's driver do. It returns
 * how many messages there were, evdi's 0 when there was none. */
static int
drive_transfer(struct drive *d, int reading)
{
	struct i2c_msg m = {
		d->state == Edid ? AddrEdid : AddrDdc, reading ? I2C_M_RD : 0,
		d->len, d->buf
	};
	struct i2c_rdwr_ioctl_data data = { &m, 1 };
	char text[3 * 128 + 1] = "";
	ssize_t ret = -1, all = 1;
	size_t i;

	if (reading)
		memset(d->buf, 0, d->len);
	if (!d->b->forced) {
		ret = ioctl(d->b->fd, I2C_RDWR, &data);
		d->b->forced = ret < 0 &&
		    (errno == EINVAL || errno == EOPNOTSUPP);
	}
	if (d->b->forced) {
		all = d->len;
		ret = ioctl(d->b->fd, I2C_SLAVE_FORCE, (unsigned long)m.addr);
		if (ret >= 0)
			ret = reading ? read(d->b->fd, d->buf, d->len) :
			    write(d->b->fd, d->buf, d->len);
	}
	d->error = ret == all ? 0 : ret < 0 ? errno : EIO;
	for (i = 0; verbose > 1 && i < d->len && i < 128; i++)
		snprintf(text + 3 * i, 4, " %02x", d->buf[i]);
	note(2, "ddc: %s: 0x%02x %s%s%s%s", d->b->name, m.addr,
	     reading ? "read" : "wrote", text, d->error ? ": " : "",
	     d->error ? strerror(d->error) : "");
	return d->error;
}

/* ---- the end, and how often all is tried ---- */

static enum state
drive_finish(struct drive *d, enum evidence result)
{
	struct bus *b = d->b;

	b->result = result;
	if (d->order->op >= DdcSwitch) {
		b->verify = !d->mute && !(b->row->flags & Blind) &&
		    (result == DdcConfirmed || (result == DdcSent &&
		    b->value < 0));
		b->doubt &= result != DdcConfirmed;
	}
	return Finished;
}

/* Tries the same again, later and later. -1: that was the last time. A monitor
 * that says that it is busy will know later, and the last Set may still take
 * effect. */
static msec
drive_again(struct drive *d, enum reply r)
{
	msec pause = NextWait << (d->tries < 5 ? d->tries : 5);
	int quick = d->order->quick, most = 1; /* 0: until the deadline */

	if (d->state == Edid) /* else nobody is there */
		most = !d->error || d->error == EIO ? EdidTries : 1;
	else if (d->state == First || d->state == Caps)
		most = quick && r == ReplyNone ? 1 : GetTries;
	else if (d->state == Write)
		most = quick || d->acked ? QuickTries : 0;
	else if (d->state == Check)
		most = quick ? QuickChecks : r == ReplyNull ||
		    (d->sets == SetTries && r == ReplyOther &&
		    d->b->value == d->before) ? 0 : CheckTries;
	if (pause > d->deadline - d->now)
		pause = d->deadline - d->now; /* one last time */
	d->tries++;
	return (most && d->tries >= most) || pause < NextWait ||
	    d->error == ENODEV ? -1 : pause;
}

/* Says why there was no answer, and what can be done about it. */
static void
drive_complain(const struct drive *d, enum reply r, const char *what,
               unsigned value)
{
	const char *why = r == ReplyNone ? strerror(d->error) :
	    r == ReplyBad ? "no valid reply" : r == ReplyUnsupported ?
	    "the monitor does not support it" :
	    "the monitor is busy, or does not know it";
	const struct {
		int fits;
		const char *text;
	} advice[] = {
		{ d->error == ENODEV, "the bus is gone: is the monitor "
		    "unplugged?" },
		{ r == ReplyUnsupported, "its values may do all the same: "
		    "give both, with .flags = Blind; many of LG's want "
		    ".code = 0xf4, .source = 0x50: see README.md" },
		{ d->b->mst || d->b->dock, "there is perhaps no DDC/CI behind "
		    "this dock or hub: connect the monitor directly" },
		{ !strcmp(d->b->driver, "nvidia"), "is DDC/CI on in the "
		    "monitor's menu? This driver may want "
		    "NVreg_RegistryDwords=\"RMUseSwI2c=0x01;RMI2cSpeed=100\"" },
		{ 1, "is DDC/CI on in the monitor's menu? Some obey only the "
		    "machine they show: see GuestExec in config.h" },
	}, *a = advice;

	while (!a->fits)
		a++;
	warn("ddc: %s: %s 0x%02x: %s (%s)", d->b->name, what, value, why,
	     a->text);
}

/* ---- which input ---- */

/* By config.h, and by what was learned until now. */
static Input
drive_input(const struct drive *d, enum side side)
{
	Input in = side == Host ? d->b->row->host : d->b->row->guest;

	if (!in.code)
		in.code = VcpInput;
	if (!in.source)
		in.source = SourceHost;
	if (!in.value)
		in.value = d->b->learned[side];
	if (!in.readback)
		in.readback = in.value;
	return in;
}

/* Is it known what is to be written? */
static int
drive_resolve(struct drive *d)
{
	enum side side = d->order->side;

	d->want = drive_input(d, side);
	d->other = drive_input(d, side == Host ? Guest : Host).readback;
	return d->want.value != 0;
}

/* Is that what is read while the wanted input is shown? A few monitors tell
 * their inputs apart by the high byte. */
static int
drive_shows(const struct drive *d, unsigned v)
{
	return v == d->want.readback || (input_same(v, d->want.readback) &&
	    !input_same(d->other, d->want.readback));
}

/* The value to write is known: goes on to write it, unless it is shown. What
 * is read is not believed while a Set from before may still take effect. */
static enum state
drive_chosen(struct drive *d)
{
	if (d->before < 0 || !drive_shows(d, d->before) || d->b->doubt)
		return d->b->row->flags & Wake ? Power : Write;
	note(1, "ddc: %s: input 0x%02x is shown already", d->b->name,
	     d->want.value);
	return drive_finish(d, DdcConfirmed);
}

/* The first read is over. Learns which input is the host's, but only when it
 * was read twice, for some monitors answer nonsense at times, and when it can
 * be no other's: the guest's is known and not shown, or there was no VM yet
 * that it could be. Then finds out what is to be written. */
static enum state
drive_decide(struct drive *d)
{
	Input host = drive_input(d, Host), guest = drive_input(d, Guest);
	enum learn learn = d->order->learn;
	int shown = d->want.code == VcpInput ? d->before : -1;

	if (!host.value && shown > 0 && learn != LearnNothing &&
	    (guest.value && guest.code == VcpInput ?
	    !input_same(shown, guest.readback) : learn == LearnShown)) {
		if (shown != d->seen && ++d->reads < LearnTries) {
			d->seen = shown;
			return First;
		}
		if (shown == d->seen) {
			d->b->learned[Host] = shown;
			note(1, "ddc: %s: input 0x%02x is the host's",
			     d->b->name, shown);
			if (shown > 0xff || !drive_resolve(d))
				return Caps; /* as it is listed; the guest's */
		}
	}
	if (drive_resolve(d))
		return drive_chosen(d);
	if (host.value || (shown > 0 && learn == LearnNothing))
		return Caps; /* for the guest's, or a row */
	return drive_finish(d, DdcFailed);
}

/* ---- what came of it; the next state ---- */

static enum state
drive_gotfirst(struct drive *d, enum reply r)
{
	if (d->state == Edid) {
		if (r != ReplyOk)
			d->b->known = Silent;
		return drive_finish(d, r == ReplyOk ? DdcConfirmed : DdcFailed);
	}
	d->before = r == ReplyOk ? d->b->value : -1;
	d->mute = r == ReplyUnsupported;
	if (d->order->op == DdcVerify) {
		if (r != ReplyOk || drive_shows(d, d->before))
			return drive_finish(d, r == ReplyOk ? DdcConfirmed :
			    DdcSent);
		warn("ddc: %s: shows input 0x%02x again: input 0x%02x has no "
		     "signal, or automatic input selection is on in the "
		     "monitor's menu", d->b->name, d->before, d->want.value);
		return drive_finish(d, DdcBounced);
	}
	if (d->order->op == DdcList) {
		if (r != ReplyOk)
			drive_complain(d, r, "can't read feature",
			    d->want.code);
		return r == ReplyNone || r == ReplyBad ?
		    drive_finish(d, DdcFailed) : Caps;
	}
	return drive_decide(d);
}

/* The capabilities come in fragments that repeat the offset asked for; one
 * without text is the last. */
static enum state
drive_gotcaps(struct drive *d, enum reply r)
{
	struct bus *b = d->b;
	size_t n = d->len - 3;

	if (r == ReplyOk && n && d->ncaps + n <= sizeof(d->caps) &&
	    d->now < d->deadline) {
		memcpy(d->caps + d->ncaps, d->data + 3, n);
		d->ncaps += n;
		return Caps;
	}
	b->ninput = caps_inputs(d->caps, d->ncaps, b->input);
	if (d->order->op == DdcList)
		return drive_finish(d, d->before >= 0 || d->mute ||
		    b->ninput ? DdcConfirmed : DdcFailed);
	if (!drive_input(d, Host).value)
		return drive_finish(d, DdcFailed);
	b->learned[Host] = input_host(b->input, b->ninput, b->learned[Host]);
	if (!drive_input(d, Guest).value &&
	    (b->learned[Guest] = input_guest(b->input, b->ninput,
	    drive_input(d, Host).value)))
		note(1, "ddc: %s: input 0x%02x must be the guest's", b->name,
		     b->learned[Guest]);
	if (drive_resolve(d))
		return drive_chosen(d);
	warn("ddc: %s: the monitor does not list its inputs: add .guest = "
	     "{ .value = ... } to its row of monitors[] in config.h", b->name);
	return drive_finish(d, DdcFailed);
}

/* Something was written, or was not acknowledged: asleep a monitor may not
 * even do that for Power. */
static enum state
drive_gotwrite(struct drive *d, enum reply r)
{
	const Monitor *m = d->b->row;
	const Input *next = d->extra ? d->extra + 1 : d->want.extra;

	if (d->state == Power)
		return Write;
	if (d->state == Write) {
		d->b->doubt = 1;
		d->b->value = -1;
		if (r != ReplyOk && d->acked) /* by now it is deaf to us */
			return drive_finish(d, DdcSent);
		if (r != ReplyOk) {
			drive_complain(d, r, "can't set", d->want.value);
			return drive_finish(d, DdcFailed);
		}
		d->acked = 1;
		d->extra = next && next->value ? next : NULL;
		if (d->extra || ++d->rounds < m->repeat)
			return Write;
		d->rounds = 0;
		d->sets++;
		if (m->flags & Save)
			return Store;
	}
	if (!d->mute && !(m->flags & Blind))
		return Check;
	note(1, "ddc: %s: input 0x%02x was set, and is not read back",
	     d->b->name, d->want.value);
	return drive_finish(d, DdcSent);
}

/* Reads back what was set. A monitor that is changing its input is silent for
 * a while, and one that obeys only the machine it shows stays so: silence
 * after a Set that was acknowledged counts as done. But one that still shows
 * the old value may have lost the Set: some lose half of what they get. */
static enum state
drive_gotcheck(struct drive *d, enum reply r)
{
	int v = d->b->value;

	if (r == ReplyOk)
		return drive_finish(d, DdcConfirmed);
	if (r == ReplyOther && v == d->before) {
		if (d->sets < SetTries && d->now + WriteTime < d->deadline)
			return Write;
		warn("ddc: %s: still shows input 0x%02x after %d tries to set "
		     "0x%02x: has that input a signal?", d->b->name, v,
		     d->sets, d->want.value);
		return drive_finish(d, DdcFailed);
	}
	if (r == ReplyOther)
		warn("ddc: %s: reads 0x%02x after 0x%02x was set; if that is "
		     "the right input, add .readback = 0x%02x to it in "
		     "config.h", d->b->name, v, d->want.value, v);
	else
		note(1, "ddc: %s: input 0x%02x was set, but not confirmed",
		     d->b->name, d->want.value);
	d->b->value = r == ReplyOther ? v : -1;
	return drive_finish(d, DdcSent);
}

/* ---- from state to state ---- */

/* How a state goes on the wire: bytes of the request, what is read, if
 * anything, how long after the request, and who looks at what came. */
static const struct {
	size_t ask, size;
	msec wait;
	enum state (*got)(struct drive *, enum reply);
} states[] = {
	[Edid] = { 1, EdidSize, 0, drive_gotfirst },
	[First] = { 2, ReplySize, ReplyWait, drive_gotfirst },
	[Caps] = { 3, FrameMax, ReplyWait, drive_gotcaps },
	[Power] = { 4, 0, SetWait, drive_gotwrite },
	[Write] = { 4, 0, SetWait, drive_gotwrite },
	[Store] = { 1, 0, SaveWait, drive_gotwrite },
	[Check] = { 2, ReplySize, ReplyWait, drive_gotcheck },
};

static size_t
drive_request(struct drive *d)
{
	static const Input power = { .code = VcpPower, .value = PowerOn };
	const Input *in = d->state == Power ? &power : d->extra ? d->extra :
	    &d->want;
	unsigned char data[][4] = {
		[First] = { OpGet, d->want.code },
		[Caps] = { OpCaps, d->ncaps >> 8, d->ncaps & 0xff },
		[Write] = { OpSet, in->code ? in->code : VcpInput,
		    in->value >> 8, in->value & 0xff },
		[Store] = { OpSave }, [Check] = { OpGet, d->want.code },
	};
	int set = d->state == Power || d->state == Write;

	if (d->state == Edid) { /* the pointer of the EEPROM to its start */
		d->buf[0] = 0;
		return 1;
	}
	return frame_make(d->buf, set && in->source ? in->source : SourceHost,
	    data[set ? Write : d->state], states[d->state].ask);
}

static enum reply
drive_reply(struct drive *d)
{
	enum reply r;

	d->data = d->buf;
	if (d->state == Edid)
		return bus_identify(d->b, d->buf, d->len) ? ReplyBad : ReplyOk;
	if (d->state == Caps) {
		r = frame_data(d->buf, d->len, &d->data, &d->len);
		return r == ReplyOk && (d->len < 3 || d->data[0] !=
		    OpCapsReply || (size_t)(d->data[1] << 8 | d->data[2]) !=
		    d->ncaps) ? ReplyBad : r;
	}
	r = frame_value(d->buf, d->len, d->want.code, &d->b->value);
	if (d->state == First || r != ReplyOk || drive_shows(d, d->b->value))
		return r;
	if (d->before < 0)
		d->before = d->b->value; /* not read before: the old one */
	return ReplyOther;
}

/* One transfer, and how long to wait at least before the next. */
static msec
drive_step(struct drive *d)
{
	size_t size = states[d->state].size;
	int reading = d->sent;
	enum reply r = ReplyNone;
	msec wait, gap = NextWait;

	d->len = !reading ? drive_request(d) : d->state == Edid &&
	    d->tries >= EdidTries / 2 ? 2 * EdidSize : size;
	d->sent = 0;
	if (drive_transfer(d, reading) == 0) {
		d->sent = !reading && size;
		gap = reading ? d->order->gap : states[d->state].wait;
		if (d->sent)
			return gap;
		r = reading ? drive_reply(d) : ReplyOk;
	}
	if (r >= ReplyOther && (wait = drive_again(d, r)) >= 0)
		return wait > gap ? wait : gap;
	d->state = states[d->state].got(d, r);
	d->tries = 0;
	return gap;
}

/* ---- all buses of a card ---- */

/* Chooses what is sent first. */
static void
drive_begin(struct drive *d, struct bus *b, const struct order *order, msec now)
{
	*d = (struct drive){
		.b = b, .order = order, .before = -1, .seen = -1,
		.deadline = now + order->limit, .due = b->notbefore,
		.want.code = VcpInput,
		.state = order->op == DdcIdentify ? Edid : First,
	};
	b->known = Unasked; /* it says only what it learns */
	b->value = -1;
	b->ninput = 0;
	if (order->op < DdcSwitch)
		return;
	drive_resolve(d);
	/* on another source address nothing is ever answered */
	d->mute = d->want.source != SourceHost;
	if (order->op == DdcSwitch &&
	    (d->mute || ((b->row->flags & Blind) && d->want.value)))
		d->state = b->row->flags & Wake ? Power : Write;
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
		drive_begin(&drive[i], bus[i], order, loop_clock());
	for (;;) {
		/* the one whose next transfer is due first */
		for (d = NULL, i = 0; i < n; i++)
			if (drive[i].state != Finished &&
			    (!d || drive[i].due < d->due))
				d = &drive[i];
		if (!d)
			return;
		t.tv_sec = d->due / 1000;
		t.tv_nsec = d->due % 1000 * 1000000;
		while ((d->now = loop_clock()) < d->due)
			clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t,
			    NULL);
		wait = drive_lock(d) ? drive_step(d) : LockPoll;
		/* the clock is rounded down, and no wait may be shorter */
		d->due = loop_clock() + wait + 1;
		if (d->locked && (d->state == Finished || wait > NextWait)) {
			flock(d->b->fd, LOCK_UN);
			d->locked = 0;
		}
		if (d->state != Finished)
			continue;
		d->b->notbefore = d->due;
		if (write(fd, d->b, sizeof(*d->b)) < 0)
			return;
	}
}
