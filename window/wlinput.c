/* See LICENSE for copyright and licence details.
 *
 * Keys, pointer and grabs of Wayland. Keys are evdev's codes. A compositor
 * tells nothing of keys that go up after the focus has gone, and lists those
 * that are down when it comes, some of them stale: they are not ours. What
 * modifiers are down it tells, too, but not to whom they belong, so that is not
 * listened to; nor is how keys repeat, for the guest does that by itself.
 *
 * A grab is what the compositor lets us have: its own keys by a shortcuts
 * inhibitor, the pointer by a constraint. Both are made anew whenever the guest
 * is shown, since grabs end with that; what there is no protocol for goes
 * without.
 *
 * Start reading at on_wl_seat_capabilities. */
#include <unistd.h>

#include "wayland.h"

enum {
	GrabWait = 1000,   /* ms, until what is asked for should be there */
	TouchpadNotch = 10 /* as long as one of a wheel, about */
};

/* ---- motion ---- */

static void
motion_place(struct wayland *w, wl_fixed_t x, wl_fixed_t y)
{
	if (w->look.visible == 1 && !input_relative(w->window.input))
		input_place(w->window.input, wl_fixed_to_double(x) /
		    (w->width > 1 ? w->width - 1 : 1), wl_fixed_to_double(y) /
		    (w->height > 1 ? w->height - 1 : 1));
}

/* The last two: as the device reports it, before acceleration. */
void
on_zwp_relative_pointer_v1_relative_motion(struct wayland *w)
{
	if (w->look.visible == 1 && input_relative(w->window.input))
		input_move(w->window.input, wl_fixed_to_double(w->arg[4].f),
		    wl_fixed_to_double(w->arg[5].f));
}

/* ---- keys ---- */

/* Who types into a window that is hidden does not mean the guest. */
static void
key_tell(struct wayland *w, unsigned code, int down)
{
	struct input_event e = { .type = EV_KEY, .code = code, .value = down };

	if (code < KEY_CNT && (!down || w->look.visible == 1))
		input_feed(w->window.input, &e, 1, w->now);
}

void
on_wl_keyboard_key(struct wayland *w)
{
	key_tell(w, w->arg[2].u, w->arg[3].u != 0);
}

void
on_wl_keyboard_keymap(struct wayland *w)
{
	close(w->arg[1].h);
}

static void
keyboard_focus(struct wayland *w, int focused)
{
	w->focused = focused;
	w->window.ops->changed(FrontFocused, focused, w->now);
	w->look.again = 1;
}

void
on_wl_keyboard_enter(struct wayland *w)
{
	unsigned char down[KEY_CNT / 8] = "";
	const uint32_t *key;

	wl_array_for_each(key, w->arg[2].a)
		if (*key < KEY_CNT)
			bit_put(down, *key, 1);
	input_keymap(w->window.input, down, 1, w->now);
	keyboard_focus(w, 1);
}

void
on_wl_keyboard_leave(struct wayland *w)
{
	if (!w->focused)
		return;
	input_leave(w->window.input, 0, w->now);
	keyboard_focus(w, 0);
}

/* ---- the pointer ---- */

/* The guest draws it. */
void
on_wl_pointer_enter(struct wayland *w)
{
	wl_pointer_set_cursor(w->p.pointer, w->arg[0].u, NULL, 0, 0);
	motion_place(w, w->arg[2].f, w->arg[3].f);
}

/* Buttons go up elsewhere, whatever they are. */
void
on_wl_pointer_leave(struct wayland *w)
{
	unsigned k;

	for (k = BTN_MISC; k < KEY_OK; k++)
		key_tell(w, k, 0);
}

void
on_wl_pointer_motion(struct wayland *w)
{
	motion_place(w, w->arg[1].f, w->arg[2].f);
}

/* A wheel tells its notches beside a length; touchpads have a length alone.
 * Down is positive, and so is right. */
void
on_wl_pointer_frame(struct wayland *w)
{
	double turned;
	int axis;

	for (axis = 0; axis < 2; axis++) {
		turned = w->notches[axis] ? w->notches[axis] :
		    w->length[axis] / TouchpadNotch;
		w->notches[axis] = w->length[axis] = 0;
		if (turned && w->look.visible == 1)
			input_wheel(w->window.input, axis, axis ? turned :
			    -turned, w->now);
	}
}

void
on_wl_pointer_axis(struct wayland *w)
{
	w->length[w->arg[1].u & 1] += wl_fixed_to_double(w->arg[2].f);
}

void
on_wl_pointer_axis_value120(struct wayland *w)
{
	w->notches[w->arg[0].u & 1] += w->arg[1].i / 120.;
}

/* Before version 8, which has the finer one in its place. */
void
on_wl_pointer_axis_discrete(struct wayland *w)
{
	w->arg[1].i *= 120;
	on_wl_pointer_axis_value120(w);
}

/* ---- grabs ---- */

void
on_zwp_locked_pointer_v1_locked(struct wayland *w)
{
	w->grab.active |= GrabPointer;
}

void
on_zwp_keyboard_shortcuts_inhibitor_v1_active(struct wayland *w)
{
	w->grab.active |= GrabKeyboard;
}

/* The user takes it back, by a key of the compositor. */
void
on_zwp_keyboard_shortcuts_inhibitor_v1_inactive(struct wayland *w)
{
	w->grab.active &= ~GrabKeyboard;
	if (!w->focused || w->grab.due)
		return;
	warn("wayland: grab: the compositor has taken back its own keys, which "
	    "ends it");
	input_grabbed(w->window.input, 0, w->now);
}

/* It is locked where it is, or confined to the window, as often as it is there
 * and the compositor lets it. */
static void
grab_pointer(struct wayland *w)
{
	enum { Lifetime = ZWP_POINTER_CONSTRAINTS_V1_LIFETIME_PERSISTENT };
	struct proxies *p = &w->p;
	int can = p->constraints && p->pointer;
	int confine = can && w->grab.wanted & GrabConfine;
	int lock = can && !confine && w->grab.wanted & GrabPointer;

	if (!lock)
		PROXY_END(p->locked, zwp_locked_pointer_v1_destroy);
	if (!confine)
		PROXY_END(p->confined, zwp_confined_pointer_v1_destroy);
	if (lock && !p->locked)
		p->locked = proxy_listen(w,
		    zwp_pointer_constraints_v1_lock_pointer(p->constraints,
		    p->surface, p->pointer, NULL, Lifetime));
	if (confine && !p->confined)
		p->confined = proxy_listen(w,
		    zwp_pointer_constraints_v1_confine_pointer(p->constraints,
		    p->surface, p->pointer, NULL, Lifetime));
}

/* Keys come by the focus in any case, so a grab is good without those of the
 * compositor, and so is motion of a pointer that is free. */
void
wlinput_decide(struct wayland *w)
{
	unsigned asked = (w->p.inhibitor ? GrabKeyboard : 0) |
	    (w->p.locked || w->p.confined ? GrabPointer : 0);
	unsigned lacks = asked & ~w->grab.active;

	if (lacks && w->now < w->grab.due)
		return;
	if (lacks & GrabKeyboard)
		warn("wayland: grab: the compositor keeps its own keys");
	if (lacks & GrabPointer)
		warn("wayland: grab: the compositor does not hold the pointer");
	w->grab.due = 0;
	input_grabbed(w->window.input, w->p.relatives ? w->grab.wanted :
	    w->grab.wanted & GrabKeyboard, w->now);
}

void
wlinput_grab(struct window *window, unsigned wanted, msec now)
{
	struct wayland *w = (struct wayland *)window;
	struct proxies *p = &w->p;

	w->grab.wanted = wanted;
	w->grab.active &= wanted;
	w->grab.due = now + GrabWait;
	if (!(wanted & GrabKeyboard))
		PROXY_END(p->inhibitor,
		    zwp_keyboard_shortcuts_inhibitor_v1_destroy);
	else if (!p->inhibitor && p->inhibit && p->seat)
		p->inhibitor = proxy_listen(w,
		    zwp_keyboard_shortcuts_inhibit_manager_v1_inhibit_shortcuts(
		    p->inhibit, p->surface, p->seat));
	grab_pointer(w);
}

/* ---- the seat ---- */

/* Keyboards and mice come and go. */
void
on_wl_seat_capabilities(struct wayland *w)
{
	int keyboard = (w->arg[0].u & WL_SEAT_CAPABILITY_KEYBOARD) != 0;
	int pointer = (w->arg[0].u & WL_SEAT_CAPABILITY_POINTER) != 0;
	struct proxies *p = &w->p;

	if (keyboard && !p->keyboard) {
		p->keyboard = proxy_listen(w, wl_seat_get_keyboard(p->seat));
	} else if (!keyboard) {
		on_wl_keyboard_leave(w);
		PROXY_END(p->keyboard, wl_keyboard_release);
	}
	if (pointer && !p->pointer) {
		p->pointer = proxy_listen(w, wl_seat_get_pointer(p->seat));
		if (p->relatives)
			p->relative = proxy_listen(w,
			    zwp_relative_pointer_manager_v1_get_relative_pointer(
			    p->relatives, p->pointer));
	} else if (!pointer && p->pointer) {
		on_wl_pointer_leave(w);
		PROXY_END(p->relative, zwp_relative_pointer_v1_destroy);
		PROXY_END(p->pointer, wl_pointer_release);
	}
	grab_pointer(w);
}
