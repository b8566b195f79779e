/* See LICENSE for copyright and licence details.
 *
 * Keys, pointer and grabs of X. Keycodes are evdev's plus 8 with every server
 * of today. Relative motion is that of XInput 2's raw events, before
 * acceleration, which come whatever has the focus; so do raw keys, for chords
 * that the window would not see. Both are asked for only while they are wanted,
 * since the server takes its time for them.
 *
 * Start reading at xinput_event. */
#include <stdlib.h>
#include <string.h>

#include <xcb/xinput.h>
#include <xcb/xkb.h>
#include <xcb/xtest.h>

#include "x.h"

/* Times in ms. */
enum {
	GrabEvery = 30,   /* X is asked again for a grab */
	GrabBusy = 2000,  /* for another program to let go */
	GrabWait = 10000  /* for all keys to be up */
};

static const uint32_t rawkeys = XCB_INPUT_XI_EVENT_MASK_RAW_KEY_PRESS |
                                XCB_INPUT_XI_EVENT_MASK_RAW_KEY_RELEASE;

static int
has(const unsigned char *bits, unsigned i)
{
	return bits[i / 8] >> i % 8 & 1;
}

static void
put(unsigned char *bits, unsigned i, int value)
{
	bits[i / 8] &= ~(1 << i % 8);
	bits[i / 8] |= value << i % 8;
}

/* X's 32 bytes begin at keycode 0, so that from 8 on they are those of evdev
 * codes. */
static void
keymap_copy(unsigned char down[KEY_CNT / 8], const uint8_t *from8)
{
	memset(down, 0, KEY_CNT / 8);
	memcpy(down, from8, KeycodeMax / 8 - 1);
}

/* ---- motion ---- */

/* Tells what has gathered in this pass. Both corners of the guest's desktop, or
 * of what of it is in the window, can be reached at any size. */
static void
motion_flush(struct x *x)
{
	struct xpointer *p = &x->pointer;
	const Rect *rect = &x->window.conf->guestrect;
	struct input_event e[2] = { 0 };
	double w = x->width > 1 ? x->width - 1 : 1;
	double h = x->height > 1 ? x->height - 1 : 1;
	double px = p->x < 0 ? 0 : p->x > w ? w : p->x; /* a drag goes on */
	double py = p->y < 0 ? 0 : p->y > h ? h : p->y;
	size_t axis, n = 0;

	for (axis = 0; axis < 2; axis++) {
		if (!(int)p->motion[axis])
			continue;
		e[n++] = (struct input_event){ .type = EV_REL,
			.code = axis ? REL_Y : REL_X,
			.value = (int)p->motion[axis] };
		p->motion[axis] -= (int)p->motion[axis];
	}
	if (n)
		input_feed(x->window.input, e, n, x->now);
	if (!p->moved)
		return;
	p->moved = 0;
	e[0] = (struct input_event){ .type = EV_ABS, .code = ABS_X,
		.value = (rect->left + (rect->right - rect->left) * px / w) *
		    0x7fff + .5 };
	e[1] = (struct input_event){ .type = EV_ABS, .code = ABS_Y,
		.value = (rect->top + (rect->bottom - rect->top) * py / h) *
		    0x7fff + .5 };
	input_feed(x->window.input, e, 2, x->now);
}

/* Motion as the device reports it (XI2proto.txt, RawEvent). One with absolute
 * valuators moves as it would without a grab. */
static void
motion_raw(struct x *x, const xcb_input_raw_motion_event_t *e)
{
	const uint32_t *mask = xcb_input_raw_button_press_valuator_mask(e);
	const xcb_input_fp3232_t *v =
	    xcb_input_raw_button_press_axisvalues_raw(e);
	struct xpointer *p = &x->pointer;
	double d;
	int axis;

	if (e->sourceid >= SlaveMax || !e->valuators_len)
		return;
	if (has(p->absolutes, e->sourceid))
		p->absolute = 1;
	if (!has(p->relatives, e->sourceid))
		return;
	p->absolute = 0;
	if (input_pointer(x->window.input) != Moved ||
	    !(x->grab.held & FrontMouse || x->focus.inside))
		return;
	for (axis = 0; axis < 2; axis++) {
		if (!(mask[0] >> axis & 1))
			continue;
		d = p->motion[axis] + v->integral + v->frac / 4294967296.;
		if (d > -0x10000 && d < 0x10000) /* no mouse does more */
			p->motion[axis] = d;
		v++;
	}
}

/* Where the pointer is is sent once for all that came in this pass. */
static void
motion_place(struct x *x, int16_t left, int16_t top)
{
	if (input_pointer(x->window.input) != Placed && !x->pointer.absolute)
		return;
	x->pointer.x = left;
	x->pointer.y = top;
	x->pointer.moved = 1;
}

static void
motion_notify(struct x *x, xcb_generic_event_t *ev)
{
	xcb_motion_notify_event_t *e = (xcb_motion_notify_event_t *)ev;

	motion_place(x, e->event_x, e->event_y);
}

/* ---- devices of X, for what they are ---- */

static void
slave_fill(struct xpointer *p, const xcb_input_xi_device_info_t *info)
{
	xcb_input_device_class_iterator_t it =
	    xcb_input_xi_device_info_classes_iterator(info);
	static const char ours[] = "screenstub-"; /* the route's own */
	int absolute = 0;

	if (info->type < XCB_INPUT_DEVICE_TYPE_SLAVE_POINTER ||
	    info->deviceid >= SlaveMax || (info->name_len >= strlen(ours) &&
	    !memcmp(xcb_input_xi_device_info_name(info), ours, strlen(ours))))
		return;
	for (; it.rem; xcb_input_device_class_next(&it)) {
		const xcb_input_valuator_class_t *v = (void *)it.data;

		if (it.data->type == XCB_INPUT_DEVICE_CLASS_TYPE_VALUATOR &&
		    v->number < 2)
			absolute |= v->mode;
	}
	put(absolute ? p->absolutes : p->relatives, info->deviceid, 1);
}

static void
got_slaves(struct x *x, void *reply)
{
	xcb_input_xi_query_device_reply_t *r = reply;
	xcb_input_xi_device_info_iterator_t it;

	if (!r)
		return;
	memset(x->pointer.absolutes, 0, sizeof(x->pointer.absolutes));
	memset(x->pointer.relatives, 0, sizeof(x->pointer.relatives));
	it = xcb_input_xi_query_device_infos_iterator(r);
	for (; it.rem; xcb_input_xi_device_info_next(&it))
		slave_fill(&x->pointer, it.data);
}

static void
slaves_ask(struct x *x)
{
	xserver_ask(x, xcb_input_xi_query_device(x->conn,
	    XCB_INPUT_DEVICE_ALL).sequence, got_slaves);
}

/* ---- keys and buttons ---- */

static void
key_tell(struct x *x, unsigned code, int value)
{
	struct input_event e = { .type = EV_KEY };

	e.code = code;
	e.value = value;
	motion_flush(x);
	input_feed(x->window.input, &e, 1, x->now);
}

/* Who types into a window that is hidden does not mean the guest. */
static void
key_event(struct x *x, xcb_generic_event_t *ev)
{
	xcb_key_press_event_t *e = (xcb_key_press_event_t *)ev;
	unsigned code = e->detail - KeycodeFirst;
	int value = ev->response_type == XCB_KEY_PRESS;

	if (e->detail < KeycodeFirst)
		return;
	if (value && !x->look.visible && !has(x->keys.down, code))
		put(x->keys.mute, code, 1);
	put(x->keys.down, code, value);
	if (!value)
		put(x->keys.mute, code, 0);
	if (!has(x->keys.mute, code))
		key_tell(x, code, value);
}

/* Core X buttons: 4 to 7 are the notches of two wheels. */
static void
button_event(struct x *x, xcb_generic_event_t *ev)
{
	static const uint16_t code[] = {
		[1] = BTN_LEFT, [2] = BTN_MIDDLE, [3] = BTN_RIGHT,
		[8] = BTN_SIDE, [9] = BTN_EXTRA, [10] = BTN_FORWARD,
		[11] = BTN_BACK, [12] = BTN_TASK,
	};
	xcb_button_press_event_t *e = (xcb_button_press_event_t *)ev;
	struct input_event wheel = { .type = EV_REL };
	unsigned b = e->detail;
	int value = ev->response_type == XCB_BUTTON_PRESS;

	motion_place(x, e->event_x, e->event_y);
	if (b >= 4 && b <= 7) {
		wheel.code = b < 6 ? REL_WHEEL : REL_HWHEEL;
		wheel.value = b == 4 || b == 7 ? 1 : -1;
		motion_flush(x);
		if (value)
			input_feed(x->window.input, &wheel, 1, x->now);
	} else if (b < LENGTH(code) && code[b]) {
		key_tell(x, code[b], value);
	}
}

/* ---- the focus ---- */

/* Comes after FocusIn and EnterNotify: which keys are down. */
static void
keymap_notify(struct x *x, xcb_generic_event_t *ev)
{
	xcb_keymap_notify_event_t *e = (xcb_keymap_notify_event_t *)ev;
	unsigned char down[KEY_CNT / 8];
	enum xentry entry = x->focus.entry;
	size_t i;

	if (entry == EntryNone)
		return; /* after EnterNotify, with the focus */
	x->focus.entry = EntryNone;
	keymap_copy(down, e->keys);
	memcpy(x->keys.down, down, sizeof(x->keys.down));
	for (i = 0; i < sizeof(x->keys.mute); i++)
		x->keys.mute[i] &= down[i];
	input_keymap(x->window.input, down, entry == EntryFresh, x->now);
}

/* The pointer has come in, or left. When a grab of it ends elsewhere, buttons
 * go up there; and keys, where the focus follows it without a word. Then those
 * are not ours, either, that KeymapNotify, the next event, tells of. */
static void
crossing(struct x *x, xcb_generic_event_t *ev)
{
	xcb_leave_notify_event_t *e = (xcb_leave_notify_event_t *)ev;
	int follows = !x->focus.focused && !(x->grab.held & FrontKeyboard);
	unsigned k;

	x->focus.inside = ev->response_type == XCB_ENTER_NOTIFY;
	if (follows && x->focus.inside)
		x->focus.entry = EntryFresh;
	if (x->focus.inside)
		return;
	if (follows)
		input_leave(x->window.input, 0, x->now);
	if (e->mode != XCB_NOTIFY_MODE_UNGRAB)
		return;
	for (k = BTN_LEFT; k <= BTN_TASK; k++)
		key_tell(x, k, 0);
}

/* The keyboard is not grabbed when the focus moves like that: the server may
 * have been told to break all grabs. */
static void
focus_ungrabbed(struct x *x, unsigned mode)
{
	if (!x->grab.trying && (mode == XCB_NOTIFY_MODE_UNGRAB ||
	    mode == XCB_NOTIFY_MODE_NORMAL))
		x->grab.held &= ~FrontKeyboard;
}

/* Does it move the focus? Grabs do not, nor what follows the pointer. */
static int
focus_moves(const xcb_focus_in_event_t *e)
{
	return e->mode != XCB_NOTIFY_MODE_GRAB &&
	    e->mode != XCB_NOTIFY_MODE_UNGRAB &&
	    e->detail < XCB_NOTIFY_DETAIL_POINTER &&
	    e->detail != XCB_NOTIFY_DETAIL_INFERIOR;
}

/* What was pressed while another program had the keyboard is not ours. */
static void
focus_in(struct x *x, xcb_generic_event_t *ev)
{
	xcb_focus_in_event_t *e = (xcb_focus_in_event_t *)ev;

	x->focus.entry = e->mode == XCB_NOTIFY_MODE_NORMAL ||
	    e->mode == XCB_NOTIFY_MODE_WHILE_GRABBED || x->focus.away ?
	    EntryFresh : EntryBack;
	focus_ungrabbed(x, e->mode);
	if (e->mode == XCB_NOTIFY_MODE_UNGRAB)
		x->focus.away = 0;
	if (!focus_moves(e))
		return;
	x->focus.away = e->mode == XCB_NOTIFY_MODE_WHILE_GRABBED &&
	    !(x->grab.held & FrontKeyboard);
	x->focus.focused = 1;
	x->window.ops->focused(1, x->now);
}

/* Releases happen elsewhere from now on. If a window manager took a key by a
 * grab, modifiers stay: their going up and down would open menus. */
static void
focus_out(struct x *x, xcb_generic_event_t *ev)
{
	xcb_focus_out_event_t *e = (xcb_focus_out_event_t *)ev;

	if (e->mode == XCB_NOTIFY_MODE_GRAB && !x->grab.trying &&
	    !(x->grab.held & FrontKeyboard)) {
		x->focus.away = 1;
		input_leave(x->window.input, 1, x->now);
	}
	focus_ungrabbed(x, e->mode);
	if (e->mode == XCB_NOTIFY_MODE_UNGRAB && !x->focus.focused)
		input_leave(x->window.input, 0, x->now);
	if (!focus_moves(e))
		return;
	x->focus.focused = 0;
	input_leave(x->window.input, 0, x->now);
	x->window.ops->focused(0, x->now);
}

/* ---- raw events ---- */

static void
raw_select(struct x *x, unsigned device, uint32_t mask)
{
	struct {
		xcb_input_event_mask_t head;
		uint32_t mask;
	} m = { { device, 1 }, mask };

	xcb_input_xi_select_events(x->conn, x->root, 1, &m.head);
}

/* With the focus, raw keys are wanted only while a modifier is down: somebody
 * may have grabbed what comes next. */
static int
raw_wanted(const struct x *x)
{
	static const uint16_t modifier[] = {
		KEY_LEFTCTRL, KEY_RIGHTCTRL, KEY_LEFTSHIFT, KEY_RIGHTSHIFT,
		KEY_LEFTALT, KEY_RIGHTALT, KEY_LEFTMETA, KEY_RIGHTMETA,
	};
	size_t i;

	if (!x->focus.focused || x->focus.away || !x->look.visible ||
	    x->window.conf->rawalways)
		return 1;
	for (i = 0; i < LENGTH(modifier); i++)
		if (has(x->keys.down, modifier[i]))
			return 1;
	return 0;
}

/* Which keys were down when raw events of them began. */
static void
got_raw(struct x *x, void *reply)
{
	xcb_query_keymap_reply_t *r = reply;
	unsigned char down[KEY_CNT / 8];

	if (!r)
		return;
	keymap_copy(down, r->keys + 1);
	input_raw(x->window.input, down);
}

static void
raw_update(struct x *x)
{
	static const unsigned char none[KEY_CNT / 8];
	uint32_t mask = raw_wanted(x) ? rawkeys : 0, changed;

	if (!x->xi)
		return;
	if (x->look.visible && input_pointer(x->window.input) == Moved)
		mask |= XCB_INPUT_XI_EVENT_MASK_RAW_MOTION;
	changed = mask ^ x->raw;
	if (!changed)
		return;
	x->raw = mask;
	raw_select(x, XCB_INPUT_DEVICE_ALL_MASTER, mask);
	if (changed & XCB_INPUT_XI_EVENT_MASK_RAW_MOTION)
		x->pointer.absolute = 0;
	if (changed & mask & rawkeys)
		xserver_ask(x, xcb_query_keymap(x->conn).sequence, got_raw);
	else if (changed & rawkeys)
		input_raw(x->window.input, none);
}

static void
raw_key(struct x *x, const xcb_input_raw_key_press_event_t *e, int value)
{
	if (e->detail < KeycodeFirst || e->detail >= KeycodeMax)
		return;
	input_global(x->window.input, e->detail - KeycodeFirst, value,
	    !(x->grab.held & FrontKeyboard) && (!x->focus.focused ||
	    x->focus.away || !x->look.visible), x->now);
}

/* An event of XInput 2. */
static void
raw_event(struct x *x, xcb_generic_event_t *ev)
{
	const xcb_input_raw_motion_event_t *e = (void *)ev;

	if (!x->xi || e->extension != x->xi)
		return;
	switch (e->event_type) {
	case XCB_INPUT_HIERARCHY:
		slaves_ask(x);
		break;
	case XCB_INPUT_RAW_KEY_PRESS:
	case XCB_INPUT_RAW_KEY_RELEASE:
		raw_key(x, (void *)ev, e->event_type ==
		    XCB_INPUT_RAW_KEY_PRESS);
		break;
	case XCB_INPUT_RAW_MOTION:
		motion_raw(x, e);
		break;
	}
}

/* ---- grabs ---- */

/* Gives up what is not wanted any more. A pointer that is confined, or is to
 * be, is asked for anew. */
static void
grab_end(struct x *x)
{
	struct xgrab *g = &x->grab;
	unsigned extra = g->held & ~g->wanted;

	if (extra & FrontKeyboard)
		xcb_ungrab_keyboard(x->conn, XCB_CURRENT_TIME);
	if (extra & FrontMouse)
		xcb_ungrab_pointer(x->conn, XCB_CURRENT_TIME);
	if ((g->held ^ g->wanted) & FrontConfine)
		extra |= FrontMouse | FrontConfine;
	g->held &= ~extra;
}

static void grab_try(struct x *);

/* All replies are there. */
static void
grab_decide(struct x *x)
{
	struct xgrab *g = &x->grab;

	g->trying = 0;
	if (g->refused && !g->busy)
		g->busy = x->now + GrabBusy;
	if (g->refused && x->now < g->busy) {
		g->timer.due = g->wanted ? x->now + GrabEvery : 0;
		return;
	}
	if (g->refused) {
		warn("x: grab: %s", g->refused ==
		    XCB_GRAB_STATUS_ALREADY_GRABBED ? "another program holds it"
		    : "refused: the window must be visible");
		g->wanted &= g->held;
	}
	grab_end(x);
	if (g->wanted & ~g->held)
		grab_try(x); /* more was wanted meanwhile */
	else
		x->window.ops->grabbed(g->held, x->now);
}

/* That for the keyboard comes first; both are laid out alike. */
static void
got_grab(struct x *x, void *reply)
{
	xcb_grab_keyboard_reply_t *r = reply;
	struct xgrab *g = &x->grab;
	unsigned what = g->asked & FrontKeyboard ? FrontKeyboard : g->asked;

	g->asked &= ~what;
	if (r && r->status == XCB_GRAB_STATUS_SUCCESS)
		g->held |= what;
	else
		g->refused = r ? r->status : ~0u;
	if (!g->asked)
		grab_decide(x);
}

/* Asks for all that is wanted and that we have not. */
static void
grab_ask(struct x *x)
{
	struct xgrab *g = &x->grab;

	g->refused = 0;
	g->asked = g->wanted & ~g->held;
	if (!g->asked)
		grab_decide(x);
	if (g->asked & FrontKeyboard)
		xserver_ask(x, xcb_grab_keyboard(x->conn, 0, x->win,
		    XCB_CURRENT_TIME, XCB_GRAB_MODE_ASYNC,
		    XCB_GRAB_MODE_ASYNC).sequence, got_grab);
	if (g->asked & FrontMouse)
		xserver_ask(x, xcb_grab_pointer(x->conn, 0, x->win,
		    XCB_EVENT_MASK_BUTTON_PRESS |
		    XCB_EVENT_MASK_BUTTON_RELEASE |
		    XCB_EVENT_MASK_POINTER_MOTION, XCB_GRAB_MODE_ASYNC,
		    XCB_GRAB_MODE_ASYNC, g->asked & FrontConfine ? x->win :
		    XCB_NONE, XCB_NONE, XCB_CURRENT_TIME).sequence, got_grab);
}

/* Before a grab: are all keys up? Who saw one go down must see it go up. */
static void
got_keys(struct x *x, void *reply)
{
	xcb_query_keymap_reply_t *r = reply;
	int down = 0;
	size_t i;

	for (i = KeycodeFirst / 8; r && i < sizeof(r->keys); i++)
		down |= r->keys[i];
	if (!down || x->now >= x->grab.patient) {
		grab_ask(x);
		return;
	}
	x->grab.trying = 0;
	x->grab.timer.due = x->now + GrabEvery;
}

static void
grab_try(struct x *x)
{
	x->grab.timer.due = 0;
	if (x->grab.trying || !x->grab.wanted)
		return;
	x->grab.trying = 1;
	xserver_ask(x, xcb_query_keymap(x->conn).sequence, got_keys);
}

static void
grab_timer(struct source *s, unsigned got, msec now)
{
	struct x *x = OWNER(s, struct x, grab.timer);

	(void)got;
	x->now = now;
	grab_try(x);
}

static void
grab_begin(struct x *x)
{
	x->grab.patient = x->now + GrabWait;
	x->grab.busy = 0;
	grab_try(x);
}

void
xinput_grab(struct x *x, unsigned wanted)
{
	if (!(wanted & FrontMouse))
		wanted &= ~FrontConfine;
	x->grab.wanted = wanted;
	grab_end(x);
	grab_begin(x);
}

void
xinput_mapped(struct x *x, int mapped)
{
	if (mapped) {
		grab_begin(x);
		return;
	}
	x->grab.held = 0;
	x->grab.timer.due = 0;
}

/* ---- keys that are stuck ---- */

/* What X holds no longer goes up in the guest. */
static void
got_unstuck(struct x *x, void *reply)
{
	xcb_query_keymap_reply_t *r = reply;
	unsigned char down[KEY_CNT / 8];

	if (!r)
		return;
	keymap_copy(down, r->keys + 1);
	input_keymap(x->window.input, down, 0, x->now);
}

static void
got_stuck(struct x *x, void *reply)
{
	xcb_query_keymap_reply_t *r = reply;
	unsigned k;

	for (k = KeycodeFirst; r && k < KeycodeMax; k++)
		if (has(r->keys, k) && has(x->keys.stuck, k - KeycodeFirst))
			xcb_test_fake_input(x->conn, XCB_KEY_RELEASE, k, 0,
			    x->root, 0, 0, 0);
	memset(x->keys.stuck, 0, sizeof(x->keys.stuck));
	xserver_ask(x, xcb_query_keymap(x->conn).sequence, got_unstuck);
}

int
xinput_unstick(struct x *x, const unsigned char keys[KEY_CNT / 8])
{
	size_t i;

	if (!x->keys.test) {
		warn("x: no XTEST: keys can't be released");
		return -1;
	}
	for (i = 0; i < sizeof(x->keys.stuck); i++)
		x->keys.stuck[i] |= keys ? keys[i] : 0xff;
	xserver_ask(x, xcb_query_keymap(x->conn).sequence, got_stuck);
	return 0;
}

/* ---- from outside ---- */

/* So that a key that is held repeats as presses, without releases. */
static void
xkb_open(struct x *x)
{
	if (!xserver_extension(x, &xcb_xkb_id)) {
		warn("x: no XKEYBOARD: keys that repeat go up and down");
		return;
	}
	free(xcb_xkb_use_extension_reply(x->conn,
	    xcb_xkb_use_extension(x->conn, 1, 0), NULL));
	xcb_discard_reply(x->conn, xcb_xkb_per_client_flags(x->conn,
	    XCB_XKB_ID_USE_CORE_KBD,
	    XCB_XKB_PER_CLIENT_FLAG_DETECTABLE_AUTO_REPEAT,
	    XCB_XKB_PER_CLIENT_FLAG_DETECTABLE_AUTO_REPEAT, 0, 0, 0).sequence);
}

/* Who says 2.2 gets raw events in spite of grabs. */
static void
xi_open(struct x *x)
{
	const xcb_query_extension_reply_t *xi = xserver_extension(x,
	    &xcb_input_id);

	if (!xi) {
		warn("x: no XInput 2.2: no relative motion, no hotkeys that "
		     "are Global");
		return;
	}
	xcb_discard_reply(x->conn, xcb_input_xi_query_version(x->conn, 2,
	    2).sequence);
	x->xi = xi->major_opcode;
	raw_select(x, XCB_INPUT_DEVICE_ALL, XCB_INPUT_XI_EVENT_MASK_HIERARCHY);
	slaves_ask(x);
}

void
xinput_open(struct x *x)
{
	x->keys.test = xserver_extension(x, &xcb_test_id) != NULL;
	x->grab.timer.fd = -1;
	x->grab.timer.ready = grab_timer;
	source_add(&x->grab.timer);
	xkb_open(x);
	xi_open(x);
}

int
xinput_event(struct x *x, xcb_generic_event_t *ev)
{
	static void (*const handler[])(struct x *, xcb_generic_event_t *) = {
		[XCB_BUTTON_PRESS] = button_event,
		[XCB_BUTTON_RELEASE] = button_event,
		[XCB_ENTER_NOTIFY] = crossing,
		[XCB_FOCUS_IN] = focus_in,
		[XCB_FOCUS_OUT] = focus_out,
		[XCB_GE_GENERIC] = raw_event,
		[XCB_KEYMAP_NOTIFY] = keymap_notify,
		[XCB_KEY_PRESS] = key_event,
		[XCB_KEY_RELEASE] = key_event,
		[XCB_LEAVE_NOTIFY] = crossing,
		[XCB_MOTION_NOTIFY] = motion_notify,
	};

	if (ev->response_type >= LENGTH(handler) || !handler[ev->response_type])
		return 0;
	handler[ev->response_type](x, ev);
	return 1;
}

void
xinput_flush(struct x *x)
{
	motion_flush(x);
	raw_update(x);
}
