/* See LICENSE for copyright and licence details.
 *
 * Keys, pointer and grabs of X. Keycodes are evdev's plus 8 with every server
 * of today. Relative motion is that of XInput 2's raw events, before
 * acceleration, which come whatever has the focus; so do raw keys, for chords
 * that the window would not see. Both are asked for only while they are wanted,
 * since the server takes its time for them.
 *
 * Start reading at xinput_event. */
#include <string.h>

#include <xcb/xinput.h>
#include <xcb/xkb.h>
#include <xcb/xtest.h>

#include "x.h"

/* Times in ms. */
enum {
	GrabEvery = 30, /* X is asked again for a grab */
	GrabBusy = 2000 /* for another program to let go */
};

/* ---- motion ---- */

/* What each device is. */
static void
got_slaves(struct x *x, void *reply)
{
	xcb_input_xi_device_info_iterator_t it;
	xcb_input_device_class_iterator_t c;
	const xcb_input_valuator_class_t *v;
	unsigned char *kind;

	if (!reply)
		return;
	it = xcb_input_xi_query_device_infos_iterator(reply);
	for (; it.rem; xcb_input_xi_device_info_next(&it)) {
		if (it.data->deviceid >= SlaveMax)
			continue;
		kind = &x->pointer.slave[it.data->deviceid];
		*kind = SlaveMoves;
		c = xcb_input_xi_device_info_classes_iterator(it.data);
		for (; c.rem; xcb_input_device_class_next(&c)) {
			v = (void *)c.data;
			if (v->type == XCB_INPUT_DEVICE_CLASS_TYPE_VALUATOR &&
			    v->number < 2 && v->mode)
				*kind = SlavePlaces;
		}
	}
}

static void
slaves_ask(struct x *x)
{
	xserver_ask(x, xcb_input_xi_query_device(x->conn,
	    XCB_INPUT_DEVICE_ALL).sequence, got_slaves);
}

/* Motion as the device reports it (XI2proto.txt, RawEvent). One with absolute
 * valuators moves as it would without a grab; but Xwayland has one beside the
 * one that moves, for the same mouse. */
static void
motion_raw(struct x *x, const xcb_input_raw_motion_event_t *e)
{
	const uint32_t *mask = xcb_input_raw_button_press_valuator_mask(e);
	const xcb_input_fp3232_t *v =
	    xcb_input_raw_button_press_axisvalues_raw(e);
	double by[2] = { 0 };
	int axis;

	if (e->sourceid >= SlaveMax || !e->valuators_len ||
	    (x->xwayland && x->pointer.slave[e->sourceid] != SlaveMoves))
		return;
	x->pointer.kind = x->pointer.slave[e->sourceid];
	if (x->pointer.kind != SlaveMoves ||
	    !input_relative(x->window.input) ||
	    !(x->grab.held & GrabPointer || x->focus.inside))
		return;
	for (axis = 0; axis < 2; axis++) {
		if (!(mask[0] >> axis & 1))
			continue;
		/* no mouse does more */
		if (v->integral > -0x10000 && v->integral < 0x10000)
			by[axis] = v->integral + v->frac / 4294967296.;
		v++;
	}
	input_move(x->window.input, by[0], by[1]);
}

/* Events of buttons and keys are laid out alike. */
static void
motion_place(struct x *x, void *ev)
{
	xcb_motion_notify_event_t *e = ev;

	if (!x->look.visible || (input_relative(x->window.input) &&
	    x->pointer.kind != SlavePlaces))
		return;
	input_place(x->window.input,
	    e->event_x / (double)(x->width > 1 ? x->width - 1 : 1),
	    e->event_y / (double)(x->height > 1 ? x->height - 1 : 1));
}

/* ---- keys and buttons ---- */

static void
key_tell(struct x *x, unsigned code, int value)
{
	struct input_event e = { .type = EV_KEY, .code = code, .value = value };

	input_feed(x->window.input, &e, 1, x->now);
}

/* Who types into a window that is hidden does not mean the guest; see
 * xinput_keymap. */
static void
key_event(struct x *x, void *ev)
{
	xcb_key_press_event_t *e = ev;
	int value = e->response_type == XCB_KEY_PRESS;

	if (e->detail >= KeycodeFirst && (!value || x->look.visible))
		key_tell(x, e->detail - KeycodeFirst, value);
}

/* Core X buttons: 4 to 7 are the notches of two wheels; the further ones go by
 * the kernel's numbers. */
static void
button_event(struct x *x, void *ev)
{
	static const uint16_t code[] = { 0, BTN_LEFT, BTN_MIDDLE, BTN_RIGHT };
	xcb_button_press_event_t *e = ev;
	unsigned b = e->detail;
	int value = e->response_type == XCB_BUTTON_PRESS;

	motion_place(x, ev);
	if (!b || (value && !x->look.visible))
		return;
	if (b > 7)
		key_tell(x, BTN_SIDE + b - 8, value);
	else if (b < LENGTH(code))
		key_tell(x, code[b], value);
	else if (value)
		input_wheel(x->window.input, b > 5, b == 4 || b == 7 ? 1 : -1,
		    x->now);
}

/* ---- the focus ---- */

/* Comes after FocusIn and EnterNotify: which keys are down. */
static void
keymap_notify(struct x *x, void *ev)
{
	xcb_keymap_notify_event_t *e = ev; /* from keycode 8 on */
	unsigned char down[KEY_CNT / 8] = "";

	if (x->focus.entry == EntryNone)
		return; /* after EnterNotify, with the focus */
	memcpy(down, e->keys, sizeof(e->keys));
	input_keymap(x->window.input, down, x->focus.entry == EntryFresh,
	    x->now);
	x->focus.entry = EntryNone;
}

/* The pointer has come in, or left. When a grab of it ends elsewhere, buttons
 * go up there; and keys, where the focus follows it without a word. Then those
 * are not ours, either, that KeymapNotify, the next event, tells of. */
static void
crossing(struct x *x, void *ev)
{
	xcb_leave_notify_event_t *e = ev;
	int follows = !x->focus.focused && !(x->grab.held & GrabKeyboard);
	unsigned k;

	x->focus.inside = e->response_type == XCB_ENTER_NOTIFY;
	if (follows && x->focus.inside)
		x->focus.entry = EntryFresh;
	else if (follows)
		input_leave(x->window.input, 0, x->now);
	if (x->focus.inside || e->mode != XCB_NOTIFY_MODE_UNGRAB)
		return;
	for (k = BTN_LEFT; k <= BTN_TASK; k++)
		key_tell(x, k, 0);
}

/* The server has ended all grabs. It was told to, or the window is inside of
 * one that is hidden: then that it is will be told as well. */
static void
got_attributes(struct x *x, void *reply)
{
	xcb_get_window_attributes_reply_t *r = reply;

	if (!r || r->map_state != XCB_MAP_STATE_VIEWABLE)
		return;
	x->grab.wanted = 0;
	input_grabbed(x->window.input, 0, x->now);
}

/* What was pressed while another program had the keyboard is not ours, and from
 * when the focus is lost releases happen elsewhere. If a window manager took a
 * key by a grab, modifiers stay: their going up and down would open menus. */
static void
focus_event(struct x *x, void *ev)
{
	xcb_focus_in_event_t *e = ev;
	int in = e->response_type == XCB_FOCUS_IN;
	int grab = e->mode == XCB_NOTIFY_MODE_GRAB;
	int ungrab = e->mode == XCB_NOTIFY_MODE_UNGRAB;
	int normal = e->mode == XCB_NOTIFY_MODE_NORMAL;

	if (in) {
		x->focus.entry = (grab || ungrab) && !x->focus.away ?
		    EntryBack : EntryFresh;
		x->focus.away &= !ungrab;
	} else if (grab && !x->grab.asked && !(x->grab.held & GrabKeyboard)) {
		x->focus.away = 1;
		input_leave(x->window.input, 1, x->now);
	} else if (ungrab && !x->focus.focused) {
		input_leave(x->window.input, 0, x->now);
	}
	/* the keyboard is not grabbed any more when the focus moves like that */
	if (x->grab.held & GrabKeyboard && !x->grab.asked && (ungrab ||
	    normal)) {
		x->grab.held = 0;
		xserver_ask(x, xcb_get_window_attributes(x->conn,
		    x->win).sequence, got_attributes);
	}
	/* Grabs do not move the focus, nor what follows the pointer. */
	if (grab || ungrab || e->detail >= XCB_NOTIFY_DETAIL_POINTER ||
	    e->detail == XCB_NOTIFY_DETAIL_INFERIOR)
		return;
	if (in)
		x->focus.away = !normal && !(x->grab.held & GrabKeyboard);
	else
		input_leave(x->window.input, 0, x->now);
	x->focus.focused = in;
	x->window.ops->changed(FrontFocused, in, x->now);
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

/* Another program has what is typed, or nobody means the guest by it. */
static int
raw_elsewhere(const struct x *x)
{
	return !(x->grab.held & GrabKeyboard) &&
	    (!x->focus.focused || x->focus.away || !x->look.visible);
}

void
xinput_flush(struct x *x)
{
	uint32_t mask = 0;

	input_flush(x->window.input, x->now);
	if (raw_elsewhere(x) || input_chording(x->window.input))
		mask |= XCB_INPUT_XI_EVENT_MASK_RAW_KEY_PRESS |
		    XCB_INPUT_XI_EVENT_MASK_RAW_KEY_RELEASE;
	if (x->look.visible && input_relative(x->window.input))
		mask |= XCB_INPUT_XI_EVENT_MASK_RAW_MOTION;
	if (mask != x->raw && x->ext[ExtInput])
		raw_select(x, XCB_INPUT_DEVICE_ALL_MASTER, mask);
	/* of what went down since the focus was lost nobody told us */
	if (raw_elsewhere(x) &&
	    mask & ~x->raw & XCB_INPUT_XI_EVENT_MASK_RAW_KEY_PRESS)
		xinput_keymap(x);
	x->raw = mask;
}

/* An event of XInput 2: no others of this kind are asked for. */
static void
raw_event(struct x *x, void *ev)
{
	const xcb_input_raw_key_press_event_t *e = ev;

	if (e->event_type == XCB_INPUT_HIERARCHY)
		slaves_ask(x);
	else if (e->event_type == XCB_INPUT_RAW_MOTION)
		motion_raw(x, ev);
	else if (e->detail - KeycodeFirst < KeymapMax)
		input_global(x->window.input, e->detail - KeycodeFirst,
		    e->event_type == XCB_INPUT_RAW_KEY_PRESS,
		    raw_elsewhere(x), x->now);
}

/* ---- grabs ---- */

/* Gives up what is not wanted any more. A pointer that is confined, or is to
 * be, is asked for anew. */
static void
grab_end(struct x *x)
{
	unsigned extra = x->grab.held & ~x->grab.wanted;

	if (extra & GrabKeyboard)
		xcb_ungrab_keyboard(x->conn, XCB_CURRENT_TIME);
	if (extra & GrabPointer)
		xcb_ungrab_pointer(x->conn, XCB_CURRENT_TIME);
	if ((x->grab.held ^ x->grab.wanted) & GrabConfine)
		extra |= GrabPointer | GrabConfine;
	x->grab.held &= ~extra;
}

/* Both replies are laid out alike. */
static void
got_grab(struct x *x, void *reply)
{
	xcb_grab_keyboard_reply_t *r = reply;

	x->grab.again = 1;
	x->source.due = x->now;
	if (r && r->status == XCB_GRAB_STATUS_SUCCESS) {
		x->grab.held |= x->grab.asked;
	} else if (x->now < x->grab.busy) {
		x->source.due += GrabEvery;
	} else {
		warn("x: grab: another program holds it, or the window is "
		     "hidden");
		x->grab.wanted &= x->grab.held;
	}
	x->grab.asked = 0;
	grab_end(x);
}

/* Asks for one that is wanted and that we have not. */
void
xinput_regrab(struct x *x)
{
	unsigned missing = x->grab.wanted & ~x->grab.held;

	if (x->grab.asked || !x->grab.again)
		return;
	x->grab.again = 0;
	x->grab.asked = missing & GrabKeyboard ? GrabKeyboard : missing;
	if (!missing)
		input_grabbed(x->window.input, x->grab.held, x->now);
	else if (missing & GrabKeyboard)
		xserver_ask(x, xcb_grab_keyboard(x->conn, 0, x->win,
		    XCB_CURRENT_TIME, XCB_GRAB_MODE_ASYNC,
		    XCB_GRAB_MODE_ASYNC).sequence, got_grab);
	else
		xserver_ask(x, xcb_grab_pointer(x->conn, 0, x->win,
		    XCB_EVENT_MASK_BUTTON_PRESS |
		    XCB_EVENT_MASK_BUTTON_RELEASE |
		    XCB_EVENT_MASK_POINTER_MOTION, XCB_GRAB_MODE_ASYNC,
		    XCB_GRAB_MODE_ASYNC, missing & GrabConfine ? x->win :
		    XCB_NONE, XCB_NONE, XCB_CURRENT_TIME).sequence, got_grab);
}

void
xinput_grab(struct window *w, unsigned wanted, msec now)
{
	struct x *x = (struct x *)w;

	x->now = now;
	x->source.due = now;
	x->grab.again = 1;
	x->grab.wanted = wanted;
	x->grab.busy = now + GrabBusy;
	grab_end(x);
}

void
xinput_mapped(struct x *x, int mapped)
{
	x->grab.held = 0;
	xinput_grab(&x->window, x->grab.wanted, x->now);
	x->grab.again = mapped;
}

/* ---- from outside ---- */

/* Which keys are down, but for those that are stuck, which X is to release. */
static void
got_keymap(struct x *x, void *reply)
{
	xcb_query_keymap_reply_t *r = reply;
	unsigned char down[KEY_CNT / 8] = "";
	unsigned k;

	if (!r)
		return;
	memcpy(down, r->keys + KeycodeFirst / 8, KeymapMax / 8);
	for (k = 0; k < KeymapMax; k++) {
		if (!bit_has(down, k) || !bit_has(x->stuck, k))
			continue;
		xcb_test_fake_input(x->conn, XCB_KEY_RELEASE, k + KeycodeFirst,
		    0, x->root, 0, 0, 0);
		bit_put(down, k, 0);
	}
	memset(x->stuck, 0, sizeof(x->stuck));
	input_keymap(x->window.input, down, 1, x->now);
}

void
xinput_keymap(struct x *x)
{
	xserver_ask(x, xcb_query_keymap(x->conn).sequence, got_keymap);
}

int
xinput_unstick(struct window *w, const unsigned char keys[KEY_CNT / 8])
{
	struct x *x = (struct x *)w;
	size_t i;

	if (!x->ext[ExtTest])
		return -1;
	for (i = 0; i < sizeof(x->stuck); i++)
		x->stuck[i] |= keys ? keys[i] : 0xff;
	xinput_keymap(x);
	return 0;
}

/* A key that is held shall repeat as presses, without releases. Who says XInput
 * 2.2 gets raw events in spite of grabs. */
void
xinput_open(struct x *x)
{
	if (x->ext[ExtXkb]) {
		xcb_discard_reply(x->conn, xcb_xkb_use_extension(x->conn, 1,
		    0).sequence);
		xcb_discard_reply(x->conn, xcb_xkb_per_client_flags(x->conn,
		    XCB_XKB_ID_USE_CORE_KBD,
		    XCB_XKB_PER_CLIENT_FLAG_DETECTABLE_AUTO_REPEAT,
		    XCB_XKB_PER_CLIENT_FLAG_DETECTABLE_AUTO_REPEAT, 0, 0,
		    0).sequence);
	}
	if (!x->ext[ExtInput])
		return;
	xcb_discard_reply(x->conn, xcb_input_xi_query_version(x->conn, 2,
	    2).sequence);
	raw_select(x, XCB_INPUT_DEVICE_ALL, XCB_INPUT_XI_EVENT_MASK_HIERARCHY);
	slaves_ask(x);
}

void
xinput_event(struct x *x, xcb_generic_event_t *ev)
{
	static xanswer *const handler[] = {
		[XCB_KEY_PRESS] = key_event, [XCB_KEY_RELEASE] = key_event,
		[XCB_BUTTON_PRESS] = button_event,
		[XCB_BUTTON_RELEASE] = button_event,
		[XCB_MOTION_NOTIFY] = motion_place,
		[XCB_ENTER_NOTIFY] = crossing, [XCB_LEAVE_NOTIFY] = crossing,
		[XCB_FOCUS_IN] = focus_event, [XCB_FOCUS_OUT] = focus_event,
		[XCB_KEYMAP_NOTIFY] = keymap_notify,
		[XCB_GE_GENERIC] = raw_event,
	};

	if (ev->response_type < LENGTH(handler) && handler[ev->response_type])
		handler[ev->response_type](x, ev);
}
