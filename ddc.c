/* See LICENSE for copyright and licence details.
 *
 * The wire: DDC/CI and EDID, as they go over an i2c bus. What an EDID or a list
 * of inputs says is for ddc/ident.
 *
 * All transfers are made by wire_run, in a child process that ddc/order forks
 * for each bus, since an i2c ioctl can block for seconds; so it may sleep, and
 * does one thing after the other. Some cards lock up when two of their buses
 * are used at once: a lock lets one transfer of a card be made at a time, while
 * the waits between them overlap. What came out is written to the struct bus.
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
	AddrEdid = 0x50, AddrDdc = 0x37,
	WriteSeed = 0x6e, /* 8-bit address, first in a request's checksum */
	ReplySeed = 0x50, /* virtual host address, the same of a reply */
	OpGet = 0x01, OpGetReply = 0x02, OpSet = 0x03, OpSave = 0x0c,
	OpCaps = 0xf3, OpCapsReply = 0xe3,
	VcpPower = 0xd6, PowerOn = 1
};

/* Waits in ms: before a reply can be read, before it is read again, at the
 * most, after a Set, and after an error; never less than the standard's, for
 * monitors lose what comes earlier. The one after a reply is a setting. */
enum { ReplyWait = 40, ReplyMost = 100, SetWait = 50, NextWait = 50 };

enum {
	FrameMax = 40,   /* source, length, 35 bytes of data, checksum */
	ReplySize = 12,  /* of Get, with a byte for a doubled 6e */
	EdidTries = 4, GetTries = 3, SetTries = 3,
	CheckTries = 5, DeafTries = 3, AllTries = 1000,
	SilentMost = 2,  /* requests; then they come slower, */
	AskMost = 10,    /* and so many without an answer are all */
	WriteTime = 500, /* of a Set, with what belongs to it */
	LockPoll = 50, LockTries = 20
};

/* Other: not the input that was set. From there on it may be another one the
 * next time. */
enum reply {
	ReplyOk, ReplyUnsupported, ReplyOther, ReplyBad, ReplyNull, ReplyNone
};

struct drive {
	struct bus *b;       /* the child's own, which gets what comes out */
	const struct order *order;
	int card;            /* the file that is locked for a transfer */
	unsigned char buf[EdidSize], *data; /* of the reply, */
	size_t len;                         /* so much */
	int error;           /* errno of the last transfer */
	unsigned char start; /* of what is read of an EDID */
	msec deadline;
	int patience;        /* so often a lock of others is waited for */
	Input in[Guest + 1]; /* resolved: no member is 0, if it is known */
	Input *want, *other; /* of these */
	int before;          /* value read first, or -1 */
	int mute, acked;     /* the feature can't be read; something was set */
	int stirred;         /* since then it was silent for a while */
	int unanswered;      /* requests */
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
frame_value(const unsigned char *p, size_t len, unsigned code, int *value)
{
	if (len != 8 || p[0] != OpGetReply || p[2] != code || p[1] > 1)
		return ReplyBad;
	if (p[1] == 1 || (!p[4] && !p[5] && !p[6] && !p[7]))
		return ReplyUnsupported;
	*value = p[6] << 8 | p[7];
	return ReplyOk;
}

/* ---- transfers ---- */

static void
wire_sleep(msec until)
{
	struct timespec t = { until / 1000, until % 1000 * 1000000 };

	while (loop_clock() < until)
		clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL);
}

/* ddcutil and KDE lock the file while they use a bus. Who keeps it locked is
 * waited for, then disturbed. */
static void
drive_lock(struct drive *d)
{
	while (flock(d->b->fd, LOCK_EX | LOCK_NB) < 0 &&
	    errno == EWOULDBLOCK && d->patience-- > 0 &&
	    loop_clock() < d->deadline)
		wire_sleep(loop_clock() + LockPoll + 1);
}

/* I2c messages as one transaction. I2C_RDWR needs no slave address set on the
 * fd, and no driver that holds 0x37 can refuse it; but some builds of nvidia's
 * driver do. It returns how many messages there were, evdi's 0 when there was
 * none. */
static int
bus_transfer(struct bus *b, struct i2c_msg *m, int n)
{
	struct i2c_rdwr_ioctl_data data = { m, n };
	ssize_t ret = -1, all = n;

	if (!b->forced) {
		ret = ioctl(b->fd, I2C_RDWR, &data);
		b->forced = ret < 0 &&
		    (errno == EINVAL || errno == EOPNOTSUPP);
	}
	for (; b->forced && n--; m++) {
		all = m->len;
		ret = ioctl(b->fd, I2C_SLAVE_FORCE, (unsigned long)m->addr);
		if (ret >= 0)
			ret = m->flags ? read(b->fd, m->buf, m->len) :
			    write(b->fd, m->buf, m->len);
		if (ret != all)
			break;
	}
	if (ret == all)
		return 0;
	return ret < 0 ? errno : EIO;
}

/* Sends or reads so much when it is due; wait: before the next. Where an EDID
 * is read from is set by the same transaction, or others (the kernel, a hub)
 * might move it in between; a reply must be fetched by a later one. */
static int
drive_transfer(struct drive *d, unsigned addr, unsigned flags, size_t n,
               msec wait)
{
	struct i2c_msg m[] = {
		{ addr, 0, 1, &d->start }, { addr, flags, n, d->buf }
	};
	int edid = addr == AddrEdid;
	char text[3 * EdidSize + 1] = "";
	size_t i;

	wire_sleep(d->b->notbefore);
	if (flags)
		memset(d->buf, 0, n);
	if (!flags || edid)
		drive_lock(d);
	lockf(d->card, F_LOCK, 0);
	d->error = bus_transfer(d->b, m + !edid, 1 + edid);
	lockf(d->card, F_ULOCK, 0);
	/* the clock is rounded down, and no wait may be shorter */
	d->b->notbefore = loop_clock() + (d->error ? NextWait : wait) + 1;
	for (i = 0; verbose > 1 && i < n; i++)
		snprintf(text + 3 * i, 4, " %02x", d->buf[i]);
	note(2, "ddc: %s: 0x%02x %s%s%s%s", d->b->name, addr,
	     flags ? "read" : "wrote", text, d->error ? ": " : "",
	     d->error ? strerror(d->error) : "");
	return d->error;
}

static int
drive_edid(struct drive *d, unsigned char start)
{
	d->start = start;
	return drive_transfer(d, AddrEdid, I2C_M_RD, EdidSize, 0);
}

/* Is the same to be tried again? Later and later, until the deadline. A monitor
 * that says that it is busy will know later, and the last Set may still take
 * effect. The buttons of some lock up under traffic. In a pause that is longer
 * others may use the bus. */
static int
drive_again(struct drive *d, int *tries, int most)
{
	int shift = *tries + (d->unanswered >= SilentMost);
	msec now = loop_clock(), pause = NextWait << (shift < 6 ? shift : 6);

	if (pause > d->deadline - now)
		pause = d->deadline - now; /* one last time */
	if (++*tries >= most || pause < NextWait || d->error == ENODEV ||
	    d->unanswered >= AskMost)
		return 0;
	if (d->b->notbefore < now + pause)
		d->b->notbefore = now + pause;
	if (pause > NextWait)
		flock(d->b->fd, LOCK_UN);
	return 1;
}

/* ---- requests ---- */

/* One that is answered, by size bytes at the most. Some monitors take longer
 * than they may: they are asked once, and read again, which is no message; what
 * a bus needed is remembered, but not of one that changes its input. Who was
 * silent is read late, and once. */
static enum reply
drive_ask(struct drive *d, const unsigned char *data, size_t n, size_t size)
{
	int silent = d->unanswered++ >= SilentMost;
	msec wait = d->b->replywait ? d->b->replywait :
	    silent ? ReplyMost : ReplyWait, asked, next = 0;
	enum reply r;

	n = frame_make(d->buf, SourceHost, data, n);
	if (drive_transfer(d, AddrDdc, 0, n, wait))
		return ReplyNone;
	asked = loop_clock();
	for (;; wait = 2 * wait - ReplyWait / 2) { /* 40, 60, 100 */
		d->b->notbefore = asked + wait + 1;
		r = drive_transfer(d, AddrDdc, I2C_M_RD, size, d->order->gap) ?
		    ReplyNone : frame_data(d->buf, size, &d->data, &d->len);
		if (next < d->b->notbefore)
			next = d->b->notbefore;
		if (r == ReplyOk || wait >= ReplyMost || silent ||
		    d->error == ENODEV)
			break;
	}
	d->b->notbefore = next; /* the read before may want a longer wait */
	if (r == ReplyOk) {
		if (!silent && !d->acked)
			d->b->replywait = wait;
		d->unanswered--;
	}
	return r;
}

static enum reply
drive_get(struct drive *d, unsigned code, int *value)
{
	const unsigned char data[] = { OpGet, code };
	enum reply r = drive_ask(d, data, sizeof(data), ReplySize);
	int v;

	if (r == ReplyOk)
		r = frame_value(d->data, d->len, code, &v);
	if (r != ReplyOk)
		return r;
	/* no input is 0; that is what some say who can't tell */
	if (code == VcpInput && !(v & 0xff) && (!v ||
	    (v != (int)d->want->readback && v != (int)d->other->readback)))
		return ReplyUnsupported;
	*value = v;
	return ReplyOk;
}

/* The capabilities come in fragments that repeat the offset asked for; one
 * without text is the last. Nothing behind the list of inputs is wanted. */
static void
drive_caps(struct drive *d)
{
	char text[CapsMax];
	size_t n = 0, more;
	int tries = 0, closed = 0;

	while (!closed && loop_clock() < d->deadline) {
		const unsigned char data[] = { OpCaps, n >> 8, n & 0xff };

		if (drive_ask(d, data, sizeof(data), FrameMax) != ReplyOk ||
		    d->len < 3 || d->data[0] != OpCapsReply ||
		    (size_t)(d->data[1] << 8 | d->data[2]) != n) {
			if (!drive_again(d, &tries, GetTries))
				break;
			continue;
		}
		more = d->len - 3;
		if (!more || n + more > sizeof(text))
			break;
		memcpy(text + n, d->data + 3, more);
		n += more;
		tries = 0;
		d->b->ninput = caps_inputs(text, n, d->b->input, &closed);
	}
}

/* Set, which nobody answers. 0: it was not acknowledged. */
static int
drive_set(struct drive *d, const Input *in, int most)
{
	const unsigned char data[] = {
		OpSet, in->code, in->value >> 8, in->value & 0xff
	};
	int tries = 0;
	size_t n;

	do {
		n = frame_make(d->buf, in->source, data, sizeof(data));
		if (!drive_transfer(d, AddrDdc, 0, n, SetWait))
			return 1;
	} while (drive_again(d, &tries, most));
	return 0;
}

/* Says why there was no answer. */
static void
drive_complain(const struct drive *d, enum reply r, const char *what,
               unsigned value)
{
	warn("ddc: %s: %s 0x%02x: %s%s", d->b->name, what, value,
	     r == ReplyUnsupported ? "the monitor does not support it" :
	     r == ReplyNone ? "nobody answers: " : "no valid reply",
	     r == ReplyNone ? strerror(d->error) : "");
}

/* ---- which input ---- */

static void
drive_resolve(struct drive *d)
{
	const struct bus *b = d->b;

	d->in[Host] = input_full(b->row->host, b->learned[Host]);
	d->in[Guest] = input_full(b->row->guest, b->learned[Guest]);
}

/* A few monitors tell their inputs apart by the high byte, in which others have
 * anything. */
static int
drive_same(const struct drive *d, unsigned v, unsigned w)
{
	return v == w || (input_same(v, w) &&
	    !input_same(d->other->readback, d->want->readback));
}

/* Is that what is read while the wanted input is shown? */
static int
drive_shows(const struct drive *d, unsigned v)
{
	return drive_same(d, v, d->want->readback);
}

/* May other instances have switched it, whose guests are left alone? */
static int
drive_shared(const struct drive *d)
{
	return *d->b->foreign && d->want == &d->in[Host] &&
	    d->want->code == VcpInput && !d->order->take;
}

/* Is that another row's guest, and not what is read for ours? */
static int
drive_foreign(const struct drive *d, int v)
{
	unsigned guest = d->in[Guest].readback;
	const unsigned *r = d->b->foreign;

	if (v <= 0 || !drive_shared(d) || v == d->b->own || v == (int)guest ||
	    drive_shows(d, v))
		return 0;
	while (*r && v != (int)*r && (!input_same(v, *r) ||
	    input_same(v, guest)))
		r++;
	return *r != 0;
}

/* Get, before anything else; with more patience where another may just have
 * switched. */
static enum reply
drive_look(struct drive *d)
{
	int tries = 0, most = drive_shared(d) ? CheckTries : GetTries;
	enum reply r;

	do
		r = drive_get(d, d->want->code, &d->b->value);
	while (r > ReplyUnsupported && drive_again(d, &tries, most));
	d->before = r == ReplyOk ? d->b->value : -1;
	d->mute = r == ReplyUnsupported;
	return r;
}

/* Which input is the host's: the one that is shown, if there was no VM yet that
 * it could be, and if the cable through which the EDID came fits no other input
 * of the list. It is read twice, for some answer nonsense at times. */
static void
drive_learn(struct drive *d)
{
	struct bus *b = d->b;
	unsigned host;

	/* else by the block with the vendors' */
	if (!b->cable && !drive_edid(d, EdidSize) && edid_hdmi(d->buf))
		b->cable = HDMI1;
	host = input_cabled(b->input, b->ninput, b->cable);
	if (!host || !input_same(host, d->before) ||
	    input_same(host, d->in[Guest].readback) ||
	    drive_look(d) != ReplyOk || !input_same(host, d->before))
		return;
	b->learned[Host] = host;
	drive_resolve(d);
	note(1, "ddc: %s: input 0x%02x is the host's", b->name, host);
}

/* Is all known that has to be? The guest is not shown where the way back is
 * not. */
static int
drive_knows(const struct drive *d)
{
	return d->want->value && (d->in[Host].value || d->order->take);
}

/* Finds out what is to be written, with the help of the list of inputs, if
 * config.h does not say it. */
static enum evidence
drive_detect(struct drive *d)
{
	struct bus *b = d->b;
	int learns = d->order->learn && d->want->code == VcpInput &&
	    d->before > 0;

	if (drive_knows(d))
		return DdcConfirmed;
	if (d->in[Host].value || learns ||
	    (d->before > 0 && !d->order->brief))
		drive_caps(d); /* perhaps only for a row */
	if (!d->in[Host].value && learns)
		drive_learn(d);
	if (!d->in[Host].value)
		return DdcUnknown;
	if (!d->in[Guest].value && (b->learned[Guest] =
	    input_guest(b->input, b->ninput, d->in[Host].value)))
		note(1, "ddc: %s: input 0x%02x must be the guest's", b->name,
		     b->learned[Guest]);
	drive_resolve(d);
	if (d->want->value)
		return DdcConfirmed;
	warn("ddc: %s: the monitor does not list its inputs", b->name);
	return DdcFailed;
}

/* ---- a switch ---- */

/* The last monitor of an order that takes it tells the first parent. */
static void
drive_sent(struct drive *d)
{
	const struct order *o = d->order;

	if (o->unsent && --*o->unsent == 0 && write(o->tell, "", 1) < 0)
		warn("ddc: can't tell that it was sent:");
}

/* Further writes, before the input, after which many are deaf for seconds. What
 * can be read back is, at first; it is written again if it was lost, and told
 * if it stays so. */
static void
drive_extra(struct drive *d, int check)
{
	const Input *extra;
	Input in;
	int tries, set, v;

	for (extra = d->want->extra; extra && extra->value; extra++) {
		in = input_full(*extra, 0);
		tries = 0;
		do {
			v = -1;
			set = drive_set(d, &in, DeafTries);
		} while (set && check && !(d->b->row->flags & Blind) &&
		    in.source == SourceHost &&
		    drive_get(d, in.code, &v) == ReplyOk &&
		    v != (int)in.readback && ++tries < SetTries &&
		    loop_clock() < d->deadline);
		if (!set)
			warn("ddc: %s: .extra 0x%02x = 0x%02x was not taken: "
			     "%s", d->b->name, in.code, in.value,
			     strerror(d->error));
		else if (v >= 0 && v != (int)in.readback)
			warn("ddc: %s: .extra 0x%02x was set to 0x%02x, but "
			     "reads 0x%02x", d->b->name, in.code, in.value, v);
	}
}

/* All that is to be written. Where nothing was acknowledged yet it is tried to
 * the deadline; after that a monitor may be deaf to us. */
static int
drive_write(struct drive *d)
{
	static const unsigned char save = OpSave;
	const Monitor *m = d->b->row;
	unsigned n = 0;

	d->b->doubt = 1;
	d->b->value = -1;
	do {
		drive_extra(d, !n);
		if (!drive_set(d, d->want, d->acked || d->order->brief ?
		    DeafTries : AllTries))
			return 0;
		d->acked = 1;
	} while (++n < m->repeat);
	if (m->flags & Save)
		drive_transfer(d, AddrDdc, 0,
		    frame_make(d->buf, SourceHost, &save, 1), SaveWait);
	return 1;
}

/* Reads back what was set. A monitor that is busy will know later, and one that
 * shows the old value after the last Set may still obey. */
static enum reply
drive_check(struct drive *d, int last)
{
	const int *v = &d->b->value;
	int tries = 0, most;
	enum reply r;

	do {
		r = drive_get(d, d->want->code, &d->b->value);
		if (r == ReplyOk && !drive_shows(d, *v)) {
			r = ReplyOther;
			if (d->before < 0)
				d->before = *v; /* not read before: the old */
		}
		d->stirred |= r > ReplyOther && d->before >= 0;
		most = r == ReplyNull || (last && r == ReplyOther &&
		    drive_same(d, *v, d->before)) ? AllTries : CheckTries;
	} while (r >= (d->before < 0 ? ReplyOther : ReplyUnsupported) &&
	    drive_again(d, &tries, most));
	return r;
}

/* What silence after a Set says. Who answers only the machine that is shown, and
 * did, shows another one by now: not the host, if it was that; a Set for the
 * guest was still on its way. */
static enum evidence
drive_silent(const struct drive *d)
{
	int heard = d->before >= 0, left = heard && d->want == &d->in[Host] &&
	    drive_shows(d, d->before);

	if (heard && !left)
		return DdcQuiet;
	warn("ddc: %s: input 0x%02x was sent, but the monitor did not answer "
	     "%safter: what it shows is not known",
	     d->b->name, d->want->value, left ? "" : "before that, nor ");
	return DdcSilent;
}

/* Three causes, by what was seen since the Set: a monitor that was silent for a
 * while tried it; what always says the same, but not the host's input, or has
 * followed before, says what is shown. */
static void
drive_refused(const struct drive *d, int sets)
{
	const char *why = d->stirred ? "it went back" :
	    d->want == &d->in[Host] || d->b->follows ?
	    "it hears that, and does not obey" : "that never changes";

	warn("ddc: %s: still reads 0x%02x after %d tries to set 0x%02x: %s",
	     d->b->name, d->b->value, sets, d->want->value, why);
}

/* Writes until it is read back. A monitor that is changing its input is silent
 * for a while, and one that answers only the machine it shows stays so. But one
 * that still shows the old value may have lost the Set: some lose half of what
 * they get. */
static enum evidence
drive_obey(struct drive *d)
{
	unsigned want = d->want->value;
	struct bus *b = d->b;
	int sets = 0, deaf, same;
	enum reply r;

	do {
		deaf = !drive_write(d);
		if (!d->acked) {
			drive_complain(d, ReplyNone, "can't set", want);
			return DdcFailed;
		}
		if (!sets)
			drive_sent(d);
		if (d->mute && d->want->source == SourceHost)
			note(0, "ddc: %s: input 0x%02x was sent; the monitor "
			     "can't say whether it is shown", b->name, want);
		if (d->mute || (b->row->flags & Blind))
			return DdcSent;
		r = deaf ? ReplyNone : drive_check(d, ++sets == SetTries);
		if (drive_foreign(d, b->value))
			return DdcLeft;
		same = drive_same(d, b->value, d->before);
	} while (r == ReplyOther && same && sets < SetTries &&
	    loop_clock() + WriteTime < d->deadline);
	if (r == ReplyOther && same) {
		drive_refused(d, sets);
		return DdcFailed;
	}
	if (r != ReplyOk && r != ReplyOther) {
		b->value = -1;
		return r == ReplyUnsupported ? DdcSent : drive_silent(d);
	}
	if (d->want == &d->in[Guest])
		b->own = b->value;
	b->follows |= r == ReplyOk && !same && d->before >= 0;
	if (r == ReplyOk)
		return DdcConfirmed;
	warn("ddc: %s: input 0x%02x was set, but another one is read: 0x%02x",
	     b->name, want, b->value);
	return DdcSent;
}

/* ---- orders, for one bus ---- */

/* What came of the order before still counts. */
static enum evidence
drive_identify(struct drive *d)
{
	struct bus *b = d->b;
	int tries = 0;

	while ((drive_edid(d, 0) || bus_identify(b, d->buf, EdidSize) < 0) &&
	    (!d->error || d->error == EIO) && /* else nobody is there */
	    drive_again(d, &tries, EdidTries))
		;
	if (b->rival) {
		d->buf[0] = 0; /* what is no message asks who is there */
		b->heard = !drive_transfer(d, AddrDdc, 0, 1, NextWait);
		b->identified |= b->heard;
	}
	return b->result;
}

static enum evidence
drive_list(struct drive *d)
{
	enum reply r = drive_look(d);

	if (r != ReplyOk)
		drive_complain(d, r, "can't read feature", d->want->code);
	if (r == ReplyNone || r == ReplyBad)
		return DdcFailed;
	drive_caps(d);
	return r <= ReplyUnsupported || d->b->ninput ? DdcConfirmed : DdcFailed;
}

/* As that, of a row's monitor, if it may be read. */
static enum evidence
drive_read(struct drive *d)
{
	int blind = (d->b->row->flags & Blind) && d->want->value;

	return blind || d->mute || d->want->code != VcpInput ? DdcConfirmed :
	    drive_list(d);
}

/* An input that is shown is left alone, unless a Set from before may still take
 * effect. Who may not be read is not read to find out, either. */
static enum evidence
drive_switch(struct drive *d)
{
	static const Input power = {
		.code = VcpPower, .source = SourceHost, .value = PowerOn
	};
	unsigned flags = d->b->row->flags;
	int blind = d->mute || ((flags & Blind) && d->want->value);
	enum evidence e;

	if (blind && !drive_knows(d))
		return DdcUnknown;
	if (!blind) {
		drive_look(d);
		if (drive_foreign(d, d->before))
			return DdcLeft;
		if ((e = drive_detect(d)) != DdcConfirmed)
			return e;
		if (d->before >= 0 && drive_shows(d, d->before) &&
		    !d->b->doubt) {
			note(1, "ddc: %s: input 0x%02x is shown already",
			     d->b->name, d->want->value);
			drive_sent(d);
			return DdcConfirmed;
		}
	}
	if (flags & Wake) /* asleep it may not even acknowledge that */
		drive_set(d, &power, 1);
	return drive_obey(d);
}

static enum evidence
drive_verify(struct drive *d)
{
	if (d->mute || (d->b->row->flags & Blind) || !d->want->value ||
	    drive_look(d) != ReplyOk)
		return DdcSent;
	if (drive_shows(d, d->before))
		return DdcConfirmed;
	if (drive_foreign(d, d->before))
		return DdcLeft;
	warn("ddc: %s: input 0x%02x was set, but it went back to 0x%02x",
	     d->b->name, d->want->value, d->before);
	return DdcBounced;
}

void
wire_run(struct bus *b, const struct order *order, int card)
{
	static enum evidence (*const run[])(struct drive *) = {
		[DdcIdentify] = drive_identify, [DdcList] = drive_list,
		[DdcSwitch] = drive_switch, [DdcVerify] = drive_verify,
		[DdcRead] = drive_read,
	};
	struct drive d = {
		.b = b, .order = order, .card = card, .before = -1,
		.deadline = loop_clock() + order->limit,
		.patience = LockTries,
		.in[Unknown].code = VcpInput,
		.want = &d.in[order->side],
		.other = &d.in[order->side == Host ? Guest : Host],
	};

	if (order->op >= DdcSwitch) {
		drive_resolve(&d);
		/* on another source address nothing is ever answered */
		d.mute = d.want->source != SourceHost;
	}
	b->result = run[order->op](&d);
	if (b->result == DdcLeft)
		note(1, "ddc: %s: input 0x%02x, another row's guest, stays",
		     b->name, b->value);
	if (b->result == DdcSent || b->result == DdcQuiet)
		note(1, "ddc: %s: input 0x%02x was set, but not confirmed",
		     b->name, d.want->value);
	if (order->op >= DdcSwitch)
		b->doubt &= b->result != DdcConfirmed;
}
