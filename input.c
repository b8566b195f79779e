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
 * alone is ever sent up, once.
 *
 * A modifier goes out at once. When it turns out to be a chord's, it goes up in
 * the guest, and down again with the next key.
 *
 * Routes are how the guest is reached: by QMP, or by nodes (input/uinput.c)
 * that QEMU reads.
 *
 * Grabs are rows that are wanted, and held while the guest is shown. Those by X
 * are asked for upwards.
 *
 * Start reading at origin_feed. */
#include <stdlib.h>
#include <string.h>

#include "input.h"
#include "input/bits.h"
#include "input/evdev.h"
#include "input/uinput.h"

enum {
	FiredMax = 4, /* chords of one packet */
	Origins = 1 + DeviceMax
};

enum keystate {
	Up,
	NotOurs, /* down since before it came to us, up to its release */
	Eaten,   /* it was a chord's, up to its release, which may be another */
	Idle,    /* down, but not in the guest: ignored, or released for some
	          * reason; if it is a modifier, up to the next key's press */
	Sent     /* it holds its key in the guest, up to its release */
};

/* Where keys come from. */
struct origin {
	unsigned char key[KEY_CNT]; /* enum keystate */
};

struct guest {
	unsigned char holds[KEY_CNT]; /* how many keys hold it */
	unsigned char down[KEY_CNT / 8]; /* there */
	int late;                   /* a release could not be sent */
	struct input_event ev[ReportMax]; /* the next report */
	size_t n;
};

struct input {
	const struct inputconf *conf;
	const struct inputops *ops;
	struct qmp *qmp;
	struct uinput uinput;
	struct evdev evdev;
	struct guest guest;
	struct origin origin[Origins]; /* the window, then the devices */
	struct origin raw;            /* all of X; feeds nobody */
	int again;                    /* a modifier may be Idle */
	msec replayed;                /* when a grab of somebody's ended */
	unsigned wanted, asked, held; /* grabs: a bit for each row */
	int allowed;                  /* they may be held now */
};

/* ---- routes ---- */

static int
nodes_open(struct input *in, msec now)
{
	const struct inputconf *c = in->conf;

	return uinput_open(&in->uinput, in->qmp, c->route, c->relative,
	    c->hires, now);
}

static unsigned
nodes_send(struct input *in, const struct input_event *ev, size_t n, msec now)
{
	return uinput_send(&in->uinput, ev, n, now);
}

static unsigned
qmp_send(struct input *in, const struct input_event *ev, size_t n, msec now)
{
	return qmp_input(in->qmp, ev, n, now) < 0 ? ~0u : 0;
}

/* How the guest is reached, by the value of Route. */
static const struct {
	int (*open)(struct input *, msec now); /* NULL: nothing to be made */
	/* a bit for each key that is not sent */
	unsigned (*send)(struct input *, const struct input_event *, size_t,
	                 msec now);
} route[RouteLast] = {
	[Qmp] = { NULL, qmp_send },
	[InputLinux] = { nodes_open, nodes_send },
	[VirtioHost] = { nodes_open, nodes_send },
};

/* ---- the guest ---- */

/* Sends the report so far, and remembers what went down and up. */
static void
guest_flush(struct input *in, msec now)
{
	struct guest *g = &in->guest;
	unsigned bad;
	size_t n = g->n, i;

	g->n = 0;
	if (!n)
		return;
	bad = route[in->conf->route].send(in, g->ev, n, now);
	for (i = 0; i < n; i++) {
		if (g->ev[i].type != EV_KEY)
			continue;
		if (!(bad >> i & 1))
			bit_put(g->down, g->ev[i].code, g->ev[i].value);
		else
			g->late |= !g->ev[i].value;
	}
}

static void
guest_put(struct input *in, const struct input_event *e, msec now)
{
	if (in->guest.n == ReportMax)
		guest_flush(in, now);
	in->guest.ev[in->guest.n++] = *e;
}

/* A key twice in one report would be lost (QEMU looks at its state). */
static void
guest_key(struct input *in, unsigned key, int value, msec now)
{
	struct input_event e = { .type = EV_KEY, .code = key };
	struct guest *g = &in->guest;
	size_t i;

	for (i = 0; i < g->n; i++)
		if (g->ev[i].type == EV_KEY && g->ev[i].code == key)
			guest_flush(in, now);
	e.value = value;
	if (bit_has(g->down, key) != value)
		guest_put(in, &e, now);
}

/* Sends what nobody holds any more and could not be released before. */
static void
guest_settle(struct input *in, msec now)
{
	struct guest *g = &in->guest;
	unsigned k;

	if (!g->late)
		return;
	g->late = 0;
	for (k = 0; k < KEY_CNT; k++)
		if (bit_has(g->down, k) && !g->holds[k])
			guest_key(in, k, 0, now);
	guest_flush(in, now);
}

/* ---- what is down ---- */

/* For the emergency, whoever a key was meant for. */
static int
key_anywhere(const struct input *in, unsigned key)
{
	size_t i;

	for (i = 0; i < Origins; i++)
		if (in->origin[i].key[key] != Up)
			return 1;
	return in->raw.key[key] != Up;
}

/* On the keyboard of this origin: raw is by itself, all others belong
 * together. */
static int
key_held(const struct input *in, const struct origin *o, unsigned key)
{
	size_t i;

	if (o == &in->raw)
		return o->key[key] > NotOurs;
	for (i = 0; i < Origins; i++)
		if (in->origin[i].key[key] > NotOurs)
			return 1;
	return 0;
}

/* The same press, reported by another origin too, was a hotkey already: a
 * device that is read along is seen by X as well. */
static int
key_eaten(const struct input *in, const struct origin *self, unsigned key)
{
	const struct origin *o;

	if (self != &in->raw && in->raw.key[key] == Eaten)
		return 1;
	for (o = in->origin; o < in->origin + Origins; o++)
		if (o != self && o->key[key] == Eaten)
			return 1;
	return 0;
}

/* May this key, held, be part of a chord? Of the emergency's it does not
 * matter, for that releases all. */
static int
key_begins(const struct input *in, unsigned key)
{
	const Hotkey *h;

	if (key_modifier(key))
		return 1;
	for (h = in->conf->hotkeys; h->key; h++)
		if (h->mods >> 16 == key)
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

/* All modifiers of the row are held, of those that are given by bits. */
static int
chord_held(const struct input *in, const struct origin *o, const Hotkey *h,
           unsigned held)
{
	return !(h->mods & 0xffff & ~held) && (!(h->mods >> 16) ||
	    (h == in->conf->emergency ? key_anywhere(in, h->mods >> 16) :
	    key_held(in, o, h->mods >> 16)));
}

/* The row of that key, for its press or its release (later), of whose
 * modifiers all are held; the one with the most of them, if there are several.
 * A modifier is none of its own. */
static const Hotkey *
chord_find(const struct input *in, const struct origin *o, unsigned key,
           unsigned later)
{
	static const unsigned modkey[] = {
		KEY_LEFTCTRL, KEY_RIGHTCTRL, KEY_LEFTSHIFT, KEY_RIGHTSHIFT,
		KEY_LEFTALT, KEY_RIGHTALT, KEY_LEFTMETA, KEY_RIGHTMETA,
	};
	const Hotkey *h, *best = NULL;
	unsigned held = 0, any = 0, most = 0, n, m;
	size_t i;

	for (i = 0; i < LENGTH(modkey); i++) {
		if (modkey[i] == key)
			continue;
		if (key_held(in, o, modkey[i]))
			held |= key_modifier(modkey[i]);
		if (key_anywhere(in, modkey[i]))
			any |= key_modifier(modkey[i]);
	}
	h = in->conf->emergency;
	if (h && h->key == key && !later && chord_held(in, o, h, any))
		return h;
	for (h = in->conf->hotkeys; h->key; h++) {
		if (h->key != key || (h->flags & OnRelease) != later ||
		    (o == &in->raw && !(h->flags & Global)) ||
		    !chord_held(in, o, h, held))
			continue;
		for (n = 1, m = h->mods & 0xffff; m; m &= m - 1)
			n++;
		n += h->mods >> 16 != 0;
		if (n <= most)
			continue;
		most = n;
		best = h;
	}
	return best;
}

/* ---- a key ---- */

/* Classes that an origin does not send now. */
static unsigned
origin_ignores(const struct input *in, const struct origin *o)
{
	unsigned classes;
	size_t row;

	if (o != in->origin)
		return in->evdev.device[o - in->origin - 1].ignore;
	classes = evdev_along(&in->evdev);
	for (row = 0; in->conf->grabs[row].name; row++)
		if (in->held >> row & 1)
			classes |= in->conf->grabs[row].xignore;
	return classes;
}

static void
key_send(struct input *in, struct origin *o, unsigned key, msec now)
{
	unsigned k = key_remap(in, key);

	o->key[key] = Idle;
	if (!k || origin_ignores(in, o) & (key_isbutton(key) ? Buttons : Keys))
		return;
	o->key[key] = Sent;
	if (!in->guest.holds[k]++)
		guest_key(in, k, 1, now);
}

/* From whatever it was; what it holds is let go. */
static void
key_become(struct input *in, struct origin *o, unsigned key, enum keystate to,
           msec now)
{
	unsigned k = key_remap(in, key);
	enum keystate was = o->key[key];

	o->key[key] = to;
	if (was == Sent && !--in->guest.holds[k])
		guest_key(in, k, 0, now);
}

/* Modifiers that the guest has not, though they are held, go down there, each
 * in its own report. Of a button the release may have gone elsewhere. */
static void
key_again(struct input *in, msec now)
{
	struct origin *o;
	unsigned k;

	if (!in->again)
		return;
	in->again = 0;
	guest_flush(in, now);
	for (o = in->origin; o < in->origin + Origins; o++) {
		for (k = 0; k < KEY_CNT; k++) {
			if (o->key[k] != Idle || key_isbutton(k) ||
			    !key_begins(in, k))
				continue;
			key_send(in, o, k, now);
			guest_flush(in, now);
		}
	}
}

/* A chord: the guest is to know nothing of its modifiers. They go up there,
 * behind a key that means nothing, for Alt or Meta alone opens menus. */
static void
chord_swallow(struct input *in, msec now)
{
	unsigned k, neutral = in->conf->neutral;
	struct origin *o;
	int tapped = 0;

	in->again = 1;
	guest_flush(in, now);
	for (o = in->origin; o < in->origin + Origins; o++) {
		for (k = 0; k < KEY_CNT; k++) {
			if (o->key[k] != Sent || !key_begins(in, k))
				continue;
			if (!tapped++ && neutral &&
			    !bit_has(in->guest.down, neutral)) {
				guest_key(in, neutral, 1, now);
				guest_key(in, neutral, 0, now);
				guest_flush(in, now);
			}
			key_become(in, o, k, Idle, now);
		}
	}
	guest_flush(in, now);
}

/* A key has gone down, or repeats; the answer is the chord that is fired. */
static const Hotkey *
key_press(struct input *in, struct origin *o, unsigned key, msec now)
{
	const Hotkey *h;

	if (o->key[key] == NotOurs && o == in->origin && in->replayed == now)
		o->key[key] = Up;
	/* a button does not repeat: it went up unseen */
	if (o->key[key] == NotOurs || o->key[key] == Sent ||
	    (o->key[key] != Up && !key_isbutton(key)))
		return NULL;
	o->key[key] = Up;
	h = chord_find(in, o, key, 0);
	if (h || chord_find(in, o, key, OnRelease)) {
		chord_swallow(in, now);
		o->key[key] = Eaten;
		return key_eaten(in, o, key) ? NULL : h;
	}
	key_again(in, now);
	key_send(in, o, key, now);
	return NULL;
}

static const Hotkey *
key_release(struct input *in, struct origin *o, unsigned key, msec now)
{
	enum keystate was = o->key[key];

	key_become(in, o, key, Up, now);
	return was == Eaten && !key_eaten(in, o, key) ?
	    chord_find(in, o, key, OnRelease) : NULL;
}

/* ---- an origin ---- */

static void
origin_feed(struct input *in, struct origin *o, const struct input_event *ev,
            size_t n, msec now)
{
	const Hotkey *fired[FiredMax], *h;
	const struct input_event *e;
	size_t nfired = 0, i;

	guest_settle(in, now);
	for (e = ev; e < ev + n; e++) {
		if (e->type != EV_KEY) {
			if (origin_ignores(in, o) & evdev_class(e))
				continue;
			if (e->type == EV_REL && e->code > REL_Y)
				key_again(in, now); /* Ctrl and a wheel */
			guest_put(in, e, now);
			continue;
		}
		if (e->code >= KEY_CNT || e->value > 1 || e->value < 0)
			continue;
		h = (e->value ? key_press : key_release)(in, o, e->code, now);
		if (h && nfired < FiredMax)
			fired[nfired++] = h;
	}
	guest_flush(in, now);
	for (i = 0; i < nfired; i++) /* which may end the grab */
		in->ops->fire(fired[i], now);
}

/* Its keys go elsewhere from now on. They are no part of a chord any more; a
 * button's next press is one, whatever becomes of its release. */
static void
origin_leave(struct input *in, struct origin *o, int keepmods, msec now)
{
	unsigned k;

	guest_settle(in, now);
	for (k = 0; k < KEY_CNT; k++) {
		if (o->key[k] <= NotOurs || (keepmods && key_modifier(k) &&
		    o->key[k] == Sent))
			continue;
		key_become(in, o, k, keepmods || key_isbutton(k) ? Idle :
		    NotOurs, now);
	}
	guest_flush(in, now);
}

void
input_feed(struct input *in, const struct input_event *ev, size_t n, msec now)
{
	origin_feed(in, in->origin, ev, n, now);
}

void
input_foreign(struct input *in, unsigned key)
{
	if (key < KEY_CNT && in->origin->key[key] == Up)
		in->origin->key[key] = NotOurs;
}

int
input_modified(const struct input *in)
{
	unsigned k;

	for (k = 0; k < BTN_MISC; k++)
		if (in->origin->key[k] != Up && key_modifier(k))
			return 1;
	return 0;
}

void
input_keymap(struct input *in, const unsigned char down[KEY_CNT / 8],
             int focus, msec now)
{
	struct origin *o = in->origin;
	unsigned k;

	guest_settle(in, now);
	for (k = 0; k < BTN_MISC; k++)
		if (!bit_has(down, k))
			key_become(in, o, k, Up, now);
		else if (o->key[k] == Up)
			o->key[k] = NotOurs;
	in->replayed = focus ? 0 : now;
	guest_flush(in, now);
}

void
input_leave(struct input *in, int keepmods, msec now)
{
	origin_leave(in, in->origin, keepmods, now);
}

/* ---- all of X ---- */

void
input_global(struct input *in, unsigned key, int value, int fire, msec now)
{
	struct origin *o = &in->raw;
	enum keystate was;
	const Hotkey *h;

	if (key >= KEY_CNT || (o->key[key] != Up) == value)
		return;
	was = o->key[key];
	h = chord_find(in, o, key, value ? 0 : OnRelease);
	fire |= h && h == in->conf->emergency;
	o->key[key] = !value ? Up : fire && (h || chord_find(in, o, key,
	    OnRelease)) ? Eaten : Idle;
	if (h && fire && (value || was == Eaten) && !key_eaten(in, o, key))
		in->ops->fire(h, now);
}

void
input_raw(struct input *in, const unsigned char down[KEY_CNT / 8])
{
	unsigned k;

	for (k = 0; k < KEY_CNT; k++)
		if (!bit_has(down, k))
			in->raw.key[k] = Up;
		else if (in->raw.key[k] == Up)
			in->raw.key[k] = Idle;
}

/* ---- devices ---- */

static void
device_packet(struct evdev *e, size_t i, const struct input_event *ev,
              size_t n, msec now)
{
	struct input *in = OWNER(e, struct input, evdev);

	origin_feed(in, &in->origin[1 + i], ev, n, now);
}

/* Of a key that goes to a clone only the emergency is known. */
static void
device_key(struct evdev *e, size_t i, unsigned key, int value, msec now)
{
	struct input *in = OWNER(e, struct input, evdev);
	struct origin *o = &in->origin[1 + i];
	const Hotkey *h = value ? chord_find(in, o, key, 0) : NULL;

	o->key[key] = value ? NotOurs : Up;
	if (h && h == in->conf->emergency)
		in->ops->fire(h, now);
}

static void
device_reset(struct evdev *e, size_t i, const unsigned char down[KEY_CNT / 8],
             msec now)
{
	struct input *in = OWNER(e, struct input, evdev);
	unsigned k;

	guest_settle(in, now);
	for (k = 0; k < KEY_CNT; k++)
		key_become(in, &in->origin[1 + i], k, bit_has(down, k) ?
		    NotOurs : Up, now);
	guest_flush(in, now);
}

static void
device_unstick(struct evdev *e, const unsigned char down[KEY_CNT / 8],
               msec now)
{
	OWNER(e, struct input, evdev)->ops->unstick(down, now);
}

static const struct evdevops evdevops = {
	device_packet, device_key, device_reset, device_unstick
};

/* ---- the VM ---- */

void
input_release(struct input *in, msec now)
{
	struct origin *o;
	unsigned k;

	for (o = in->origin; o < in->origin + Origins; o++)
		for (k = 0; k < KEY_CNT; k++)
			if (o->key[k] == Sent)
				key_become(in, o, k, Idle, now);
	in->again = 1;
	guest_flush(in, now);
	in->guest.late = 1; /* and what nobody holds */
	guest_settle(in, now);
}

void
input_forget(struct input *in, msec now)
{
	struct origin *o;
	unsigned k;

	if (route[in->conf->route].open) { /* the nodes do not forget */
		input_release(in, now);
		return;
	}
	memset(&in->guest, 0, sizeof(in->guest));
	for (o = in->origin; o < in->origin + Origins; o++)
		for (k = 0; k < KEY_CNT; k++)
			if (o->key[k] == Sent)
				o->key[k] = Idle;
	in->again = 1;
}

void
input_lost(struct input *in, unsigned key)
{
	if (key >= KEY_CNT)
		return;
	bit_put(in->guest.down, key, 1);
	in->guest.late = 1;
}

/* ---- grabs ---- */

static size_t
grab_row(const struct input *in, const Grab *g)
{
	return g - in->conf->grabs;
}

/* Takes a grab, or gives it up. */
static void
grab_hold(struct input *in, size_t row, int wanted, msec now)
{
	const Grab *g = &in->conf->grabs[row];
	unsigned bit = 1u << row;

	if (!(in->asked & bit) == !wanted)
		return;
	in->asked ^= bit;
	if (g->by == X) {
		in->ops->grab(g, wanted, now);
		if (wanted || !(in->held & bit))
			return; /* input_grabbed tells */
	}
	in->held ^= bit;
	if (g->by == Evdev)
		evdev_hold(&in->evdev, row, wanted, now);
	in->ops->grabbed(g, wanted, now);
}

int
input_grab(struct input *in, const Grab *g, msec now)
{
	if (!in->allowed) {
		warn("grab: %s: not now: only while the window is visible and "
		     "the guest is to be shown", g->name);
		return -1;
	}
	in->wanted |= 1u << grab_row(in, g);
	grab_hold(in, grab_row(in, g), 1, now);
	return 0;
}

void
input_ungrab(struct input *in, const Grab *g, msec now)
{
	in->wanted &= ~(1u << grab_row(in, g));
	grab_hold(in, grab_row(in, g), 0, now);
}

int
input_grabs(const struct input *in, const Grab *g)
{
	return in->wanted >> grab_row(in, g) & 1;
}

int
input_holds(const struct input *in, const Grab *g)
{
	return in->held >> grab_row(in, g) & 1;
}

void
input_allow(struct input *in, int allowed, msec now)
{
	size_t row;

	in->allowed = allowed;
	for (row = 0; in->conf->grabs[row].name; row++)
		grab_hold(in, row, allowed && in->wanted >> row & 1, now);
}

void
input_focus(struct input *in, int focused, msec now)
{
	const Grab *g;
	unsigned bit;

	for (g = in->conf->grabs; g->name; g++) {
		bit = 1u << grab_row(in, g);
		if (g->flags & OnFocus)
			in->wanted = focused ? in->wanted | bit :
			    in->wanted & ~bit;
	}
	input_allow(in, in->allowed, now);
}

void
input_grabbed(struct input *in, const Grab *g, int ok, msec now)
{
	unsigned bit = 1u << grab_row(in, g);
	unsigned before = in->held & bit;

	if (!ok) {
		in->asked &= ~bit;
		in->wanted &= ~bit;
	}
	in->held = ok ? in->held | bit : in->held & ~bit;
	if (before != (in->held & bit))
		in->ops->grabbed(g, ok, now);
}

int
input_rowempty(const Device *m)
{
	return evdev_rowempty(m);
}

void
input_uevent(struct input *in, const char *action, const char *node, msec now)
{
	if (!node || !strcmp(action, "remove"))
		return;
	uinput_uevent(&in->uinput, node, now);
	evdev_uevent(&in->evdev, now);
}

enum pointing
input_pointer(const struct input *in)
{
	const Grab *g;

	for (g = in->conf->grabs; g->name; g++)
		if (in->held >> grab_row(in, g) & 1 && g->by == X &&
		    g->flags & Mouse)
			return Moved;
	return in->conf->relative ? Moved : evdev_moves(&in->evdev) ? Still :
	    Placed;
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
	int k;

	if (!in) {
		warn("input:");
		return NULL;
	}
	in->conf = conf;
	in->ops = ops;
	in->qmp = qmp;
	evdev_open(&in->evdev, &evdevops, conf->grabs);
	for (k = 0; k < VmNodes; k++)
		in->uinput.node[k].source.fd = -1;
	if (!route[conf->route].open || route[conf->route].open(in, now) == 0)
		return in;
	input_close(in, now);
	return NULL;
}

void
input_close(struct input *in, msec now)
{
	evdev_close(&in->evdev, now);
	uinput_close(&in->uinput);
	free(in);
}
