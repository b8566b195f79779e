/* See LICENSE for copyright and licence details.
 *
 * Input: which key goes where, and none is ever stuck.
 *
 * The key machine has no clock and no file descriptor: packets come in with the
 * time, from an origin (the window, or a device that input/evdev.c reads), and
 * go out by the route to the guest. On its way a key meets, in this order, the
 * chords of hotkeys[], the classes that a grab ignores, remaps[], and the other
 * keys that are the same for the guest. Each key of each origin is in one of
 * the states below. The guest knows how many hold a key and what is down: that
 * alone is ever sent up, once. Classes that are blocked, as all are while the
 * user does not see the guest, end before it: what went down then is not sent
 * later either, and what the guest holds goes up as ever.
 *
 * A modifier goes out at once. When it turns out to be a chord's, it goes up in
 * the guest, and down again with the next key.
 *
 * Routes are how the guest is reached: by QMP, or by nodes (input/uinput.c)
 * that QEMU reads.
 *
 * Grabs are rows that are wanted, and held while the guest is shown. What those
 * by the window want adds up, and is asked for upwards.
 *
 * Start reading at origin_feed. */
#include <string.h>

#include "input.h"
#include "input/inner.h"

enum {
	/* where keys come from: 0 is the window, then the devices */
	Raw = 1 + DeviceMax, /* all of X; feeds nobody */
	Origins
};

/* In this order: more than Up is down, more than NotOurs is ours. */
enum keystate {
	Up,
	NotOurs, /* down since before it came to us, or where it feeds nobody,
	          * up to its release */
	Idle,    /* down, but not in the guest: ignored, or released for some
	          * reason; if it is a modifier, up to the next key's press */
	Sent,    /* it holds its key in the guest, up to its release */
	Eaten    /* it was a chord's, up to its release, which may be another */
};

struct input {
	const struct inputconf *conf;
	const struct inputops *ops;
	struct uinput uinput;
	struct evdev evdev;
	struct {
		unsigned char holds[KEY_CNT]; /* how many keys hold it */
		unsigned char down[KEY_CNT / 8]; /* there */
		unsigned last; /* key that went down there */
		struct input_event ev[ReportMax]; /* the next report */
		size_t n;
	} guest;
	struct {
		double place[2], by[2], turned[2];
		int placed, notch[2]; /* 120ths of one */
	} motion; /* of the window's pointer, not yet sent */
	unsigned char key[Origins][KEY_CNT]; /* enum keystate */
	msec replayed;                /* when a grab of somebody's ended */
	unsigned wanted, asked, held; /* grabs: a bit for each row */
	int allowed;                  /* they may be held now */
	unsigned blocked;             /* classes that go nowhere now */
};

/* ---- the guest ---- */

/* Sends the report so far, and remembers what went down and up. */
static void
guest_flush(struct input *in, msec now)
{
	const struct input_event *ev = in->guest.ev;
	unsigned bad; /* a bit for each key that is not sent */
	size_t n = in->guest.n, i;

	in->guest.n = 0;
	if (!n)
		return;
	bad = in->conf->route != Qmp ? uinput_send(&in->uinput, ev, n, now) :
	    qmp_input(in->uinput.qmp, ev, n, now);
	for (i = 0; i < n; i++)
		if (ev[i].type == EV_KEY && !(bad >> i & 1)) {
			bit_put(in->guest.down, ev[i].code, ev[i].value);
			if (ev[i].value)
				in->guest.last = ev[i].code;
		}
}

/* A key twice in one report would be lost (QEMU looks at its state). */
static void
guest_put(struct input *in, unsigned type, unsigned code, int value, msec now)
{
	const struct input_event *ev = in->guest.ev;
	size_t i;

	for (i = 0; i < in->guest.n && type == EV_KEY; i++)
		if (ev[i].type == EV_KEY && ev[i].code == code)
			guest_flush(in, now);
	if (type == EV_KEY && bit_has(in->guest.down, code) == value)
		return;
	if (in->guest.n == ReportMax)
		guest_flush(in, now);
	in->guest.ev[in->guest.n++] = event_of(type, code, value);
}

/* A modifier, or this further key, that went down last was not meant for the
 * guest: it is to go up behind a key that means nothing, for Alt or Meta alone
 * opens menus. */
static void
guest_cover(struct input *in, unsigned further, msec now)
{
	unsigned neutral = in->conf->neutral, last = in->guest.last;

	if (!neutral || bit_has(in->guest.down, neutral) ||
	    !bit_has(in->guest.down, last) ||
	    (!key_modifier(last) && last != further))
		return;
	guest_put(in, EV_KEY, neutral, 1, now);
	guest_put(in, EV_KEY, neutral, 0, now);
	guest_flush(in, now);
}

/* Sends all, and what nobody holds any more and could not be released yet. */
static void
guest_settle(struct input *in, msec now)
{
	unsigned k;

	guest_flush(in, now);
	for (k = 0; k < KEY_CNT; k++)
		if (!in->guest.down[k / 8])
			k |= 7; /* to the next byte */
		else if (bit_has(in->guest.down, k) && !in->guest.holds[k])
			guest_put(in, EV_KEY, k, 0, now);
	guest_flush(in, now);
}

/* ---- what is down ---- */

/* Beyond that state at one of these origins? */
static int
key_beyond(const struct input *in, unsigned key, enum keystate state, size_t o,
           size_t end)
{
	for (; o < end; o++)
		if (in->key[o][key] > state)
			return 1;
	return 0;
}

static unsigned
key_remap(const struct input *in, unsigned key)
{
	const Remap *r;

	for (r = in->conf->remaps; r->key; r++)
		if (r->key == key)
			return r->guest;
	return key;
}

/* ---- chords ---- */

/* Are all modifiers of the row held? On the keyboard of this origin: Raw is by
 * itself, all others belong together; for the emergency anywhere, whoever they
 * were meant for. A modifier is none of its own. */
static int
chord_held(const struct input *in, size_t o, const Hotkey *h)
{
	int any = h == in->conf->emergency;
	size_t from = o == Raw && !any ? Raw : 0;
	size_t end = o == Raw || any ? Origins : Raw;
	enum keystate state = o == Raw || any ? Up : NotOurs;
	unsigned held = 0, k;

	for (k = 1; k < KEY_CNT; k++)
		if (k != h->key && key_beyond(in, k, state, from, end))
			held |= key_modifier(k) |
			    (k == h->mods >> 16 ? With(k) : 0);
	return !(h->mods & ~held);
}

static int
chord_mods(const Hotkey *h)
{
	return __builtin_popcount(h->mods & 0xffff) + (h->mods > 0xffff);
}

/* The row of that key, for its press or its release (later), of whose
 * modifiers all are held; the one with the most of them, if there are
 * several. Without fire only the emergency's. */
static const Hotkey *
chord_find(const struct input *in, size_t o, unsigned key, unsigned later,
           int fire)
{
	const Hotkey *h = in->conf->emergency, *best = NULL;

	if (h && h->key == key && !later && chord_held(in, o, h))
		return h;
	for (h = in->conf->hotkeys; fire && h->key; h++)
		if (h->key == key && (h->flags & OnRelease) == later &&
		    (o != Raw || h->flags & Global) &&
		    chord_held(in, o, h) &&
		    (!best || chord_mods(h) > chord_mods(best)))
			best = h;
	return best;
}

/* ---- a key ---- */

static unsigned
grab_bit(const struct input *in, const Grab *g)
{
	return 1u << (g - in->conf->grabs);
}

/* Classes that an origin does not send now. */
static unsigned
origin_ignores(const struct input *in, size_t o)
{
	const Grab *g = in->conf->grabs;
	unsigned classes = in->blocked;

	if (o)
		return classes | in->evdev.device[o - 1].ignore;
	classes |= evdev_moves(&in->evdev);
	for (; g->name; g++)
		if (in->held & grab_bit(in, g))
			classes |= g->xignore;
	return classes;
}

/* From whatever it was: it lets go what it held, or takes hold, if it may. */
static void
key_become(struct input *in, size_t o, unsigned key, enum keystate to, msec now)
{
	unsigned k = key_remap(in, key);
	int held = in->key[o][key] == Sent;

	if (to == Sent && (!k || origin_ignores(in, o) &
	    event_class(EV_KEY, key)))
		to = Idle;
	in->key[o][key] = to;
	in->guest.holds[k] += (to == Sent) - held;
	if (held || to == Sent)
		guest_put(in, EV_KEY, k, in->guest.holds[k] != 0, now);
}

/* Modifiers that are held go down in the guest. Or up, for a chord, of which
 * the guest is to know nothing, and so does its further key. */
static void
key_modifiers(struct input *in, int down, unsigned further, msec now)
{
	unsigned i, o, k;

	if (!down)
		guest_cover(in, key_remap(in, further), now);
	for (i = 0; i < Raw * (Modifiers + 1); i++) {
		o = i / (Modifiers + 1);
		k = i % (Modifiers + 1);
		k = k < Modifiers ? modifier[k] : further;
		if (in->key[o][k] != Sent && !(down && in->key[o][k] == Idle))
			continue;
		key_become(in, o, k, down ? Sent : Idle, now);
	}
}

/* A key has gone down, repeats, or has gone up; the answer is the chord that is
 * fired. What is read of all X, or goes to a clone, feeds nobody; without fire
 * it is no chord but the emergency's. */
static const Hotkey *
key_event(struct input *in, size_t o, unsigned key, int value, int fire,
          msec now)
{
	unsigned char *state = &in->key[o][key];
	int feeds = fire && o != Raw, was = *state, eaten;
	const Hotkey *h, *later;

	if (was == NotOurs && !o && in->replayed == now)
		was = Up;
	/* a button does not repeat: it went up unseen */
	if (value && (value > 1 || was == NotOurs || was == Sent ||
	    (was != Up && !key_isbutton(key)))) {
		/* the guest may have been reset since, or not been there */
		if (was == Sent && !key_isbutton(key) &&
		    !(origin_ignores(in, o) & event_class(EV_KEY, key)))
			guest_put(in, EV_KEY, key_remap(in, key), 1, now);
		return NULL;
	}
	key_become(in, o, key, Up, now);
	/* a device that is read along is seen by X as well */
	eaten = key_beyond(in, key, Sent, 0, Origins);
	later = chord_find(in, o, key, OnRelease, fire);
	if (!value)
		return was == Eaten && !eaten ? later : NULL;
	h = chord_find(in, o, key, 0, fire);
	if (!h && !later) {
		if (feeds)
			key_modifiers(in, 1, 0, now);
		key_become(in, o, key, feeds ? Sent : NotOurs, now);
		return NULL;
	}
	if (feeds) {
		guest_flush(in, now);
		key_modifiers(in, 0, (h ? h : later)->mods >> 16, now);
		guest_flush(in, now);
	}
	*state = Eaten;
	return eaten ? NULL : h;
}

/* ---- an origin ---- */

static void
origin_feed(struct input *in, size_t o, const struct input_event *e, size_t n,
            msec now)
{
	int clone = o && in->evdev.device[o - 1].clone >= 0;
	const Hotkey *fired = NULL, *h;

	guest_settle(in, now);
	for (; n--; e++) {
		if (e->type != EV_KEY) {
			if (clone || origin_ignores(in, o) &
			    event_class(e->type, e->code))
				continue;
			/* Ctrl and a wheel */
			if (e->type == EV_REL && e->code > REL_Y)
				key_modifiers(in, 1, 0, now);
			guest_put(in, e->type, e->code, e->value, now);
			continue;
		}
		if (e->code >= KEY_CNT || e->value > 2 || e->value < 0)
			continue;
		if (!o && (!e->value || in->key[Raw][e->code] == Up))
			in->key[Raw][e->code] = e->value ? NotOurs : Up;
		h = key_event(in, o, e->code, e->value, !clone, now);
		if (h && (!fired || h == in->conf->emergency))
			fired = h;
	}
	guest_flush(in, now);
	if (fired)
		in->ops->fire(fired, now); /* which may end the grab */
}

/* Keys that are not down are up; others that were up till now are not ours. */
static void
origin_keymap(struct input *in, size_t o, const unsigned char *down, msec now)
{
	unsigned k;

	for (k = 0; k < KEY_CNT; k++) {
		if (key_isbutton(k))
			continue;
		if (!bit_has(down, k))
			key_become(in, o, k, Up, now);
		else if (in->key[o][k] == Up)
			in->key[o][k] = NotOurs;
	}
	guest_settle(in, now);
}

/* ---- the window ---- */

void
input_place(struct input *in, double x, double y)
{
	in->motion.place[0] = x < 0 ? 0 : x > 1 ? 1 : x; /* a drag goes on */
	in->motion.place[1] = y < 0 ? 0 : y > 1 ? 1 : y;
	in->motion.placed = 1;
}

void
input_move(struct input *in, double x, double y)
{
	in->motion.by[0] += x;
	in->motion.by[1] += y;
}

/* A place is from 0 to AbsMax: both corners of the guest's desktop, or of what
 * of it is in the window, can be reached at any size. */
void
input_flush(struct input *in, msec now)
{
	const Rect *r = &in->conf->guestrect;
	const double from[] = { r->left, r->top }, to[] = { r->right,
		r->bottom };
	struct input_event rel[2], abs[2];
	int axis;
	size_t n = 0;

	for (axis = 0; axis < 2; axis++) {
		abs[axis] = event_of(EV_ABS, axis, (from[axis] + (to[axis] -
		    from[axis]) * in->motion.place[axis]) * AbsMax + .5);
		rel[n] = event_of(EV_REL, axis, in->motion.by[axis]);
		in->motion.by[axis] -= rel[n].value;
		n += rel[n].value != 0;
	}
	if (n)
		origin_feed(in, 0, rel, n, now);
	if (in->motion.placed)
		origin_feed(in, 0, abs, 2, now);
	in->motion.placed = 0;
}

void
input_feed(struct input *in, const struct input_event *ev, size_t n, msec now)
{
	input_flush(in, now);
	origin_feed(in, 0, ev, n, now);
}

void
input_keymap(struct input *in, const unsigned char down[KEY_CNT / 8],
             int focus, msec now)
{
	const Hotkey *h = in->conf->emergency;
	int known = !h || key_beyond(in, h->key, Up, 0, Origins);

	origin_keymap(in, 0, down, now);
	origin_keymap(in, Raw, down, now);
	in->replayed = focus ? 0 : now;
	/* it went down where nobody told us */
	if (!known && bit_has(down, h->key) && chord_held(in, Raw, h))
		in->ops->fire(h, now);
}

/* They are no part of a chord any more; a button's next press is one, whatever
 * becomes of its release. */
void
input_leave(struct input *in, int keepmods, msec now)
{
	unsigned k;

	guest_cover(in, 0, now);
	for (k = 0; k < KEY_CNT; k++)
		if (in->key[0][k] > NotOurs && !(keepmods && key_modifier(k) &&
		    in->key[0][k] == Sent))
			key_become(in, 0, k, keepmods || key_isbutton(k) ?
			    Idle : NotOurs, now);
	guest_settle(in, now);
}

/* As the kernel tells it: 120ths, and notches that are whole. What is less is
 * added up. */
void
input_wheel(struct input *in, int horizontal, double notches, msec now)
{
	struct input_event e[2] = { { .type = EV_REL }, { .type = EV_REL } };
	double *turned = &in->motion.turned[horizontal];
	int *notch = &in->motion.notch[horizontal];

	e[0].code = horizontal ? REL_HWHEEL_HI_RES : REL_WHEEL_HI_RES;
	e[1].code = horizontal ? REL_HWHEEL : REL_WHEEL;
	*turned += notches * 120;
	e[0].value = *turned + (*turned < 0 ? -.5 : .5);
	*turned -= e[0].value;
	*notch += e[0].value;
	e[1].value = *notch / 120;
	*notch %= 120;
	if (e[0].value)
		input_feed(in, e, e[1].value ? 2 : 1, now);
}

/* ---- all of X ---- */

int
input_chording(const struct input *in)
{
	unsigned i, held = 0;

	for (i = 0; i < Modifiers; i++)
		held |= in->key[Raw][modifier[i]];
	return held != 0;
}

void
input_global(struct input *in, unsigned key, int value, int fire, msec now)
{
	const Hotkey *h = key_event(in, Raw, key, value, fire, now);

	if (h)
		in->ops->fire(h, now);
}

/* ---- devices ---- */

static void
device_packet(struct device *d, const struct input_event *ev, size_t n,
              msec now)
{
	origin_feed(OWNER(d->evdev, struct input, evdev),
	    1 + (d - d->evdev->device), ev, n, now);
}

static void
device_reset(struct device *d, const unsigned char down[KEY_CNT / 8],
             int taken, msec now)
{
	struct input *in = OWNER(d->evdev, struct input, evdev);
	size_t o = 1 + (d - d->evdev->device);
	unsigned k;

	guest_cover(in, 0, now);
	for (k = 0; k < KEY_CNT; k++)
		key_become(in, o, k, bit_has(down, k) ? NotOurs : Up, now);
	guest_settle(in, now);
	if (taken)
		in->ops->unstick(down);
}

static const struct evdevops evdevops = { device_packet, device_reset };

/* ---- the VM ---- */

void
input_release(struct input *in, msec now)
{
	unsigned i;

	guest_cover(in, 0, now);
	for (i = 0; i < Raw * KEY_CNT; i++)
		if (in->key[i / KEY_CNT][i % KEY_CNT] == Sent)
			key_become(in, i / KEY_CNT, i % KEY_CNT, Idle, now);
	guest_settle(in, now);
}

/* What is held and modifiers at once, then all. A node has nothing down that we
 * do not know of, but QEMU's keyboard behind InputLinux may. One that sleeps
 * would be woken. */
void
input_unstick(struct input *in, msec now)
{
	struct input_event e = { .type = EV_KEY };
	struct qmp *q = in->uinput.qmp;
	unsigned i;

	input_release(in, now);
	if (in->conf->route == VirtioHost || q->vm == VmSuspended)
		return;
	for (i = 0; i < Modifiers; i++) {
		e.code = modifier[i];
		qmp_input(q, &e, 1, now);
	}
	qmp_unstick(q);
}

/* What is still held here, and repeats, goes down anew, modifiers with the next
 * key; nodes do not forget. */
void
input_forget(struct input *in, msec now)
{
	unsigned k;

	if (in->conf->route == Qmp)
		memset(in->guest.down, 0, sizeof(in->guest.down));
	for (k = 0; k < KEY_CNT; k++)
		guest_put(in, EV_KEY, k, 0, now);
	guest_settle(in, now);
}

void
input_lost(struct input *in, unsigned key)
{
	bit_put(in->guest.down, key, 1);
}

/* ---- grabs ---- */

static void
grab_held(struct input *in, const Grab *g, int held, msec now)
{
	unsigned bit = grab_bit(in, g);

	if (!(in->held & bit) == !held)
		return;
	in->held ^= bit;
	in->ops->grabbed(g, held, now);
}

/* What a row wants of the window. */
static unsigned
grab_wants(const Grab *g)
{
	return g->by == Evdev ? 0 : GrabKeyboard |
	    (g->flags & Mouse ? GrabPointer : 0) |
	    (g->flags & Confine ? GrabConfine : 0);
}

/* What all rows do. */
static void
grab_window(struct input *in, msec now)
{
	unsigned sum = 0;
	const Grab *g;

	for (g = in->conf->grabs; g->name; g++)
		if (in->asked & grab_bit(in, g))
			sum |= grab_wants(g);
	in->ops->grab(sum, now);
}

/* Takes those that are wanted, or gives them up. Of one by the window
 * input_grabbed tells that it is held. */
static void
grab_follow(struct input *in, msec now)
{
	const Grab *g;
	unsigned bit;
	int on, window = 0;

	for (g = in->conf->grabs; g->name; g++) {
		bit = grab_bit(in, g);
		on = in->allowed && in->wanted & bit;
		if (!(in->asked & bit) == !on)
			continue;
		in->asked ^= bit;
		window |= g->by == Window;
		if (g->by == Evdev) {
			in->evdev.held ^= bit;
			evdev_scan(&in->evdev, now);
		}
		if (g->by == Evdev || !on)
			grab_held(in, g, (in->asked & bit) != 0, now);
	}
	if (window)
		grab_window(in, now);
}

int
input_grab(struct input *in, const Grab *g, msec now)
{
	if (!in->allowed) {
		warn("grab: %s: not now: only while the window is visible and "
		     "the guest is shown", g->name);
		return -1;
	}
	in->wanted |= grab_bit(in, g);
	grab_follow(in, now);
	return 0;
}

void
input_ungrab(struct input *in, const Grab *g, msec now)
{
	in->wanted &= ~grab_bit(in, g);
	grab_follow(in, now);
}

int
input_holds(const struct input *in, const Grab *g)
{
	return (in->held & grab_bit(in, g)) != 0;
}

void
input_allow(struct input *in, int allowed, unsigned blocked, msec now)
{
	in->allowed = allowed;
	in->blocked = blocked;
	grab_follow(in, now);
}

void
input_focus(struct input *in, int focused, msec now)
{
	const Grab *g;

	for (g = in->conf->grabs; g->name; g++)
		if (g->flags & OnFocus)
			in->wanted = (in->wanted & ~grab_bit(in, g)) |
			    (focused ? grab_bit(in, g) : 0);
	grab_follow(in, now);
}

/* What was had for a row that lacks the rest is given up. */
void
input_grabbed(struct input *in, unsigned held, msec now)
{
	unsigned asked = in->asked, bit;
	const Grab *g;
	int ok;

	for (g = in->conf->grabs; g->name; g++) {
		bit = grab_bit(in, g);
		if (!(in->asked & bit))
			continue;
		ok = !(grab_wants(g) & ~held);
		if (!ok) {
			in->asked &= ~bit;
			in->wanted &= ~bit;
		}
		grab_held(in, g, ok, now);
	}
	if (in->asked != asked)
		grab_window(in, now);
}

void
input_uevent(struct input *in, const char *node, msec now)
{
	if (node)
		uinput_uevent(&in->uinput, node, now);
	evdev_scan(&in->evdev, now);
}

int
input_relative(const struct input *in)
{
	const Grab *g;

	for (g = in->conf->grabs; g->name; g++)
		if (g->flags & Mouse && in->held & grab_bit(in, g))
			return 1;
	return in->conf->relative;
}

msec
input_heard(const struct input *in)
{
	return in->evdev.heard;
}

/* ---- begin and end ---- */

struct input *
input_open(const struct inputconf *conf, const struct inputops *ops,
           struct qmp *qmp, msec now)
{
	struct input *in = calloc(1, sizeof(*in));

	if (!in)
		die("input:");
	in->conf = conf;
	in->ops = ops;
	in->uinput.qmp = qmp;
	in->uinput.route = conf->route;
	in->evdev.ops = &evdevops;
	in->evdev.grabs = conf->grabs;
	if (conf->route != Qmp)
		uinput_open(&in->uinput, conf->relative, conf->hires, now);
	return in;
}

void
input_close(struct input *in)
{
	uinput_close(&in->uinput);
	free(in);
}
