/* The user of a Wayland session, and the other windows in it: does what lines
 * on standard input say, and prints what it sees, a line each.
 *
 *	key CODE 0|1          of a keyboard of its own, by evdev's codes
 *	keyboard 0|1          that is unplugged, or plugged in
 *	move X Y W H          a pointer of its own goes to a point of W x H
 *	rel DX DY             or by that much
 *	button CODE 0|1
 *	wheel AXIS NOTCHES    0: down, 1: right; a part of a notch is told as a
 *	                      touchpad tells it
 *	window NAME full|W H [RRGGBB [OUTPUT]]
 *	layer NAME full|W H [RRGGBB [keys]]
 *	                      in front of all, as a panel; it wants the keyboard
 *	close NAME            either
 *	lock [RRGGBB]         all outputs, until unlock
 *	unlock
 *	power OUTPUT on|off
 *	idle MSEC             tells from now on when nobody does anything
 *	sync
 *
 * Each line is answered by "done", when the compositor has had it, or by
 * "missing INTERFACE" and "done". Besides it prints:
 *
 *	output NAME, lost NAME
 *	window NAME W H       it is painted, by that size
 *	closed NAME           its user wants that; it stays
 *	focus NAME, blur NAME, typed NAME CODE 0|1
 *	locked, finished      the lock holds; was refused, or is taken away
 *	power OUTPUT on|off|failed
 *	idled, resumed
 *	gone                  the compositor; then it ends with 1
 */
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include <linux/input-event-codes.h>
#include <wayland-client.h>

#include "wluser-protocol.h"

enum {
	Compositor, Shm, WmBase, Seat, Layers, Keyboards, Pointers, Locks,
	Powers, Idles, Fakes, Globals
};

enum { Most = 8, Args = 8 }; /* outputs, windows; words of a line */

/* What the compositor offers. */
struct global {
	const struct wl_interface *interface;
	uint32_t version; /* at most */
	void *bound;
};

/* Of one colour. */
struct pane {
	struct wl_surface *surface;
	uint32_t color;
	int width, height; /* 0: as big as the compositor says */
};

struct output {
	struct wl_output *output; /* NULL: none */
	uint32_t id;
	char name[32];
	struct zwlr_output_power_v1 *power;
	struct pane lock;
	struct ext_session_lock_surface_v1 *locksurface;
};

struct window {
	char name[32]; /* empty: none */
	struct pane pane;
	struct xdg_surface *surface;
	struct xdg_toplevel *toplevel; /* NULL: it is a layer */
	struct zwlr_layer_surface_v1 *layer;
	int width, height; /* as was configured */
};

/* What the compositor tells of one of our objects, or of its own. */
struct event {
	void *data, *proxy;
	union wl_argument *arg;
};

static struct global global[Globals] = {
	[Compositor] = { &wl_compositor_interface, 4, NULL },
	[Shm] = { &wl_shm_interface, 1, NULL },
	[WmBase] = { &xdg_wm_base_interface, 2, NULL },
	[Seat] = { &wl_seat_interface, 5, NULL },
	[Layers] = { &zwlr_layer_shell_v1_interface, 1, NULL },
	[Keyboards] = { &zwp_virtual_keyboard_manager_v1_interface, 1, NULL },
	[Pointers] = { &zwlr_virtual_pointer_manager_v1_interface, 1, NULL },
	[Locks] = { &ext_session_lock_manager_v1_interface, 1, NULL },
	[Powers] = { &zwlr_output_power_manager_v1_interface, 1, NULL },
	[Idles] = { &ext_idle_notifier_v1_interface, 1, NULL },
	[Fakes] = { &org_kde_kwin_fake_input_interface, 4, NULL },
};
static struct wl_display *display;
static struct output outputs[Most];
static struct window windows[Most];
static struct ext_session_lock_v1 *lock;
static uint32_t lockcolor;
static struct wl_keyboard *seatkeys;
static struct zwp_virtual_keyboard_v1 *keyboard;
static struct zwlr_virtual_pointer_v1 *pointer;
static struct org_kde_kwin_fake_input *fake; /* KWin's way for both */
static uint32_t modifiers;

static int event(const void *, void *, uint32_t, const struct wl_message *,
                 union wl_argument *);

/* ---- what serves all of it ---- */

/* Its events come with that data. */
static void
listen(void *proxy, void *data)
{
	wl_proxy_add_dispatcher(proxy, event, NULL, data);
}

/* NULL: the compositor has no such thing. */
static void *
want(int which)
{
	if (!global[which].bound)
		printf("missing %s\n", global[which].interface->name);
	return global[which].bound;
}

static uint32_t
stamp(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static int
file(const void *data, size_t size)
{
	int fd = memfd_create("wluser", MFD_CLOEXEC);

	if (fd < 0 || ftruncate(fd, size) ||
	    (data && write(fd, data, size) != (ssize_t)size)) {
		perror("wluser: memfd");
		exit(2);
	}
	return fd;
}

static uint32_t
color(const char *s, uint32_t otherwise)
{
	return 0xff000000 | (s ? strtoul(s, NULL, 16) : otherwise);
}

static void
buffer_release(struct event *e)
{
	wl_buffer_destroy(e->proxy);
}

static void
pane_paint(struct pane *p, int width, int height)
{
	size_t size = (size_t)width * height * 4, i;
	int fd = file(NULL, size);
	uint32_t *pixel = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED,
	    fd, 0);
	struct wl_shm_pool *pool;
	struct wl_buffer *b;

	if (pixel == MAP_FAILED)
		exit(2);
	for (i = 0; i < size / 4; i++)
		pixel[i] = p->color;
	munmap(pixel, size);
	pool = wl_shm_create_pool(global[Shm].bound, fd, size);
	b = wl_shm_pool_create_buffer(pool, 0, width, height, width * 4,
	    WL_SHM_FORMAT_XRGB8888);
	listen(b, NULL);
	wl_shm_pool_destroy(pool);
	close(fd);
	wl_surface_attach(p->surface, b, 0, 0);
	wl_surface_damage(p->surface, 0, 0, width, height);
	wl_surface_commit(p->surface);
}

/* ---- outputs ---- */

static void
output_name(struct event *e)
{
	struct output *o = e->data;

	snprintf(o->name, sizeof(o->name), "%s", e->arg[0].s);
	printf("output %s\n", o->name);
}

static void
output_add(struct wl_registry *r, uint32_t id, uint32_t version)
{
	struct output *o = outputs;

	while (o < outputs + Most && o->output)
		o++;
	if (o == outputs + Most)
		return;
	memset(o, 0, sizeof(*o));
	o->id = id;
	o->output = wl_registry_bind(r, id, &wl_output_interface,
	    version < 4 ? version : 4);
	listen(o->output, o);
}

static void
output_remove(struct output *o)
{
	printf("lost %s\n", o->name);
	if (o->power)
		zwlr_output_power_v1_destroy(o->power);
	wl_output_destroy(o->output);
	o->output = NULL;
}

static void
power_mode(struct event *e)
{
	struct output *o = e->data;

	printf("power %s %s\n", o->name, e->arg[0].u ? "on" : "off");
}

static void
power_failed(struct event *e)
{
	struct output *o = e->data;

	printf("power %s failed\n", o->name);
	zwlr_output_power_v1_destroy(e->proxy);
	o->power = NULL;
}

static void
power(char **arg)
{
	struct zwlr_output_power_manager_v1 *manager = want(Powers);
	struct output *o;

	for (o = outputs; manager && o < outputs + Most; o++) {
		if (!o->output || strcmp(o->name, arg[1]))
			continue;
		if (!o->power) {
			o->power = zwlr_output_power_manager_v1_get_output_power(
			    manager, o->output);
			listen(o->power, o);
		}
		zwlr_output_power_v1_set_mode(o->power, !strcmp(arg[2], "on"));
	}
}

static struct wl_output *
output_named(const char *name)
{
	struct output *o = outputs;

	while (o < outputs + Most && (!o->output || strcmp(o->name, name)))
		o++;
	return o < outputs + Most ? o->output : NULL;
}

/* ---- windows ---- */

static void
window_paint(struct window *w)
{
	int width = w->pane.width ? w->pane.width : w->width;
	int height = w->pane.height ? w->pane.height : w->height;

	if (!width || !height) { /* it is up to us */
		width = 640;
		height = 480;
	}
	pane_paint(&w->pane, width, height);
	printf("window %s %d %d\n", w->name, width, height);
}

static void
surface_configure(struct event *e)
{
	xdg_surface_ack_configure(e->proxy, e->arg[0].u);
	window_paint(e->data);
}

static void
layer_configure(struct event *e)
{
	struct window *w = e->data;

	w->width = e->arg[1].u;
	w->height = e->arg[2].u;
	zwlr_layer_surface_v1_ack_configure(e->proxy, e->arg[0].u);
	window_paint(w);
}

static void
toplevel_configure(struct event *e)
{
	struct window *w = e->data;

	w->width = e->arg[0].i;
	w->height = e->arg[1].i;
}

static void
toplevel_close(struct event *e)
{
	struct window *w = e->data;

	printf("closed %s\n", w->name);
}

static void
window_ping(struct event *e)
{
	xdg_wm_base_pong(e->proxy, e->arg[0].u);
}

static struct window *
window_named(const char *name)
{
	struct window *w = windows;

	while (w < windows + Most && strcmp(w->name, name))
		w++;
	return w < windows + Most ? w : NULL;
}

static struct window *
window_of(const struct wl_surface *surface)
{
	struct window *w = windows;

	while (w < windows + Most && (!*w->name || w->pane.surface != surface))
		w++;
	return w < windows + Most ? w : NULL;
}

/* NAME full|W H [RRGGBB]; returns the word behind it. NULL: there is no room
 * for more. */
static struct window *
window_new(char **arg, char ***rest)
{
	struct window *w = window_named("");
	int full = !strcmp(arg[2], "full");

	if (!w)
		return NULL;
	memset(w, 0, sizeof(*w));
	snprintf(w->name, sizeof(w->name), "%s", arg[1]);
	if (!full && arg[3]) {
		w->pane.width = atoi(arg[2]);
		w->pane.height = atoi(arg[3]);
	}
	*rest = arg + (full ? 3 : 4);
	w->pane.color = color(**rest, 0xffffff);
	w->pane.surface = wl_compositor_create_surface(
	    global[Compositor].bound);
	return w;
}

static void
window(char **arg)
{
	struct window *w = want(WmBase) ? window_new(arg, &arg) : NULL;

	if (!w)
		return;
	w->surface = xdg_wm_base_get_xdg_surface(global[WmBase].bound,
	    w->pane.surface);
	listen(w->surface, w);
	w->toplevel = xdg_surface_get_toplevel(w->surface);
	listen(w->toplevel, w);
	xdg_toplevel_set_app_id(w->toplevel, w->name);
	xdg_toplevel_set_title(w->toplevel, w->name);
	/* what has but one size floats */
	xdg_toplevel_set_min_size(w->toplevel, w->pane.width, w->pane.height);
	xdg_toplevel_set_max_size(w->toplevel, w->pane.width, w->pane.height);
	if (!w->pane.width)
		xdg_toplevel_set_fullscreen(w->toplevel,
		    *arg && arg[1] ? output_named(arg[1]) : NULL);
	wl_surface_commit(w->pane.surface);
}

static void
layer(char **arg)
{
	struct window *w = want(Layers) ? window_new(arg, &arg) : NULL;

	if (!w)
		return;
	w->layer = zwlr_layer_shell_v1_get_layer_surface(global[Layers].bound,
	    w->pane.surface, NULL, 3, w->name);
	listen(w->layer, w);
	zwlr_layer_surface_v1_set_size(w->layer, w->pane.width,
	    w->pane.height);
	if (!w->pane.width) { /* to all edges */
		zwlr_layer_surface_v1_set_anchor(w->layer, 15);
		zwlr_layer_surface_v1_set_exclusive_zone(w->layer, -1);
	}
	zwlr_layer_surface_v1_set_keyboard_interactivity(w->layer,
	    *arg && arg[1]);
	wl_surface_commit(w->pane.surface);
}

static void
window_close(char **arg)
{
	struct window *w = window_named(arg[1]);

	if (!w)
		return;
	if (w->layer) {
		zwlr_layer_surface_v1_destroy(w->layer);
	} else {
		xdg_toplevel_destroy(w->toplevel);
		xdg_surface_destroy(w->surface);
	}
	wl_surface_destroy(w->pane.surface);
	w->name[0] = '\0';
}

/* ---- the lock ---- */

static void
locksurface_configure(struct event *e)
{
	struct output *o = e->data;

	ext_session_lock_surface_v1_ack_configure(e->proxy, e->arg[0].u);
	pane_paint(&o->lock, e->arg[1].u, e->arg[2].u);
}

static void
lock_locked(struct event *e)
{
	(void)e;
	printf("locked\n");
}

static void
lock_finished(struct event *e)
{
	(void)e;
	printf("finished\n");
}

static void
session_lock(char **arg)
{
	struct output *o;

	if (lock || !want(Locks))
		return;
	lockcolor = color(arg[1], 0x00ff00);
	lock = ext_session_lock_manager_v1_lock(global[Locks].bound);
	listen(lock, NULL);
	for (o = outputs; o < outputs + Most; o++) {
		if (!o->output)
			continue;
		o->lock.color = lockcolor;
		o->lock.surface = wl_compositor_create_surface(
		    global[Compositor].bound);
		o->locksurface = ext_session_lock_v1_get_lock_surface(lock,
		    o->lock.surface, o->output);
		listen(o->locksurface, o);
	}
}

static void
session_unlock(char **arg)
{
	struct output *o;

	(void)arg;
	if (!lock)
		return;
	ext_session_lock_v1_unlock_and_destroy(lock);
	lock = NULL;
	for (o = outputs; o < outputs + Most; o++) {
		if (!o->locksurface)
			continue;
		ext_session_lock_surface_v1_destroy(o->locksurface);
		wl_surface_destroy(o->lock.surface);
		o->locksurface = NULL;
	}
}

/* ---- who is idle ---- */

static void
idle_idled(struct event *e)
{
	(void)e;
	printf("idled\n");
}

static void
idle_resumed(struct event *e)
{
	(void)e;
	printf("resumed\n");
}

static void
idle(char **arg)
{
	static struct ext_idle_notification_v1 *notification;

	if (!want(Idles))
		return;
	if (notification)
		ext_idle_notification_v1_destroy(notification);
	notification = ext_idle_notifier_v1_get_idle_notification(
	    global[Idles].bound, atoi(arg[1]), global[Seat].bound);
	listen(notification, NULL);
}

/* ---- the keyboard and the pointer that are played ---- */

/* What a compositor's own keys are likely to be; all others are but codes. */
static const struct {
	int code;
	const char *symbol;
	uint32_t modifier;
} known[] = {
	{ KEY_LEFTSHIFT, "Shift_L", 1 << 0 }, { KEY_LEFTCTRL, "Control_L", 1 << 2 },
	{ KEY_LEFTALT, "Alt_L", 1 << 3 }, { KEY_LEFTMETA, "Super_L", 1 << 6 },
	{ KEY_ESC, "Escape", 0 }, { KEY_TAB, "Tab", 0 },
	{ KEY_ENTER, "Return", 0 }, { KEY_1, "1", 0 }, { KEY_2, "2", 0 },
	{ KEY_3, "3", 0 }, { KEY_F, "f", 0 }, { KEY_X, "x", 0 },
	{ KEY_F1, "F1", 0 }, { KEY_F4, "F4", 0 }, { KEY_F9, "F9", 0 },
	{ KEY_F10, "F10", 0 }, { KEY_BACKSPACE, "BackSpace", 0 },
};

/* xkb's keycodes are evdev's and 8. */
static void
keymap(void)
{
	static char map[32768];
	size_t n = 0, i;
	int fd;

#define ADD(...) n += snprintf(map + n, sizeof(map) - n, __VA_ARGS__)
	ADD("xkb_keymap {\nxkb_keycodes { minimum = 8; maximum = %d;\n",
	    KEY_MAX + 8);
	for (i = 1; i <= KEY_MAX; i++)
		ADD("<K%zu> = %zu;\n", i, i + 8);
	ADD("};\nxkb_types { type \"ONE_LEVEL\" { modifiers = none; }; };\n"
	    "xkb_compatibility { };\nxkb_symbols {\n");
	for (i = 0; i < sizeof(known) / sizeof(*known); i++)
		ADD("key <K%d> { [ %s ] };\n", known[i].code, known[i].symbol);
	ADD("};\n};\n");
#undef ADD
	fd = file(map, n + 1);
	zwp_virtual_keyboard_v1_keymap(keyboard, WL_KEYBOARD_KEYMAP_FORMAT_XKB_V1,
	    fd, n + 1);
	close(fd);
}

static void
plug(char **arg)
{
	if (keyboard) {
		if (*arg[1] == '1')
			return;
		zwp_virtual_keyboard_v1_destroy(keyboard);
		keyboard = NULL;
	} else if (*arg[1] == '1' && want(Keyboards)) {
		keyboard = zwp_virtual_keyboard_manager_v1_create_virtual_keyboard(
		    global[Keyboards].bound, global[Seat].bound);
		modifiers = 0;
		keymap();
	}
}

static void
key(char **arg)
{
	int code = atoi(arg[1]), down = atoi(arg[2]);
	size_t i;

	if (fake) {
		org_kde_kwin_fake_input_keyboard_key(fake, code, down);
		return;
	}
	if (!want(Keyboards) || !keyboard)
		return;
	zwp_virtual_keyboard_v1_key(keyboard, stamp(), code, down);
	for (i = 0; i < sizeof(known) / sizeof(*known); i++) {
		if (known[i].code != code || !known[i].modifier)
			continue;
		modifiers &= ~known[i].modifier;
		modifiers |= down ? known[i].modifier : 0;
		zwp_virtual_keyboard_v1_modifiers(keyboard, modifiers, 0, 0, 0);
	}
}

static void
move(char **arg)
{
	if (fake) { /* as wide as that is all of it */
		org_kde_kwin_fake_input_pointer_motion_absolute(fake,
		    wl_fixed_from_int(atoi(arg[1])),
		    wl_fixed_from_int(atoi(arg[2])));
		return;
	}
	if (!want(Pointers))
		return;
	zwlr_virtual_pointer_v1_motion_absolute(pointer, stamp(), atoi(arg[1]),
	    atoi(arg[2]), atoi(arg[3]), atoi(arg[4]));
	zwlr_virtual_pointer_v1_frame(pointer);
}

static void
rel(char **arg)
{
	if (fake) {
		org_kde_kwin_fake_input_pointer_motion(fake,
		    wl_fixed_from_int(atoi(arg[1])),
		    wl_fixed_from_int(atoi(arg[2])));
		return;
	}
	if (!want(Pointers))
		return;
	zwlr_virtual_pointer_v1_motion(pointer, stamp(),
	    wl_fixed_from_int(atoi(arg[1])), wl_fixed_from_int(atoi(arg[2])));
	zwlr_virtual_pointer_v1_frame(pointer);
}

static void
button(char **arg)
{
	if (fake) {
		org_kde_kwin_fake_input_button(fake, atoi(arg[1]),
		    atoi(arg[2]));
		return;
	}
	if (!want(Pointers))
		return;
	zwlr_virtual_pointer_v1_button(pointer, stamp(), atoi(arg[1]),
	    atoi(arg[2]));
	zwlr_virtual_pointer_v1_frame(pointer);
}

/* 15 a notch, as libinput has it. */
static void
wheel(char **arg)
{
	int axis = atoi(arg[1]), notches = atoi(arg[2]);
	double part = strtod(arg[2], NULL);
	wl_fixed_t value = part * 15 * 256;

	if (fake) {
		org_kde_kwin_fake_input_axis(fake, axis, value);
		return;
	}
	if (!want(Pointers))
		return;
	if (part == notches) {
		zwlr_virtual_pointer_v1_axis_source(pointer,
		    WL_POINTER_AXIS_SOURCE_WHEEL);
		zwlr_virtual_pointer_v1_axis_discrete(pointer, stamp(), axis,
		    value, notches);
	} else {
		zwlr_virtual_pointer_v1_axis_source(pointer,
		    WL_POINTER_AXIS_SOURCE_FINGER);
		zwlr_virtual_pointer_v1_axis(pointer, stamp(), axis, value);
	}
	zwlr_virtual_pointer_v1_frame(pointer);
}

/* ---- the keyboard as our windows have it ---- */

static void
keys_keymap(struct event *e)
{
	close(e->arg[1].h);
}

static void
keys_enter(struct event *e)
{
	struct window *w = window_of((void *)e->arg[1].o);

	if (w)
		printf("focus %s\n", w->name);
	wl_keyboard_set_user_data(e->proxy, w);
}

static void
keys_leave(struct event *e)
{
	struct window *w = e->data;

	if (w && *w->name)
		printf("blur %s\n", w->name);
	wl_keyboard_set_user_data(e->proxy, NULL);
}

static void
keys_key(struct event *e)
{
	struct window *w = e->data;

	if (w && *w->name)
		printf("typed %s %u %u\n", w->name, e->arg[2].u, e->arg[3].u);
}

static void
seat_capabilities(struct event *e)
{
	int has = !!(e->arg[0].u & WL_SEAT_CAPABILITY_KEYBOARD);

	if (has && !seatkeys) {
		seatkeys = wl_seat_get_keyboard(e->proxy);
		listen(seatkeys, NULL);
	} else if (!has && seatkeys) {
		wl_keyboard_release(seatkeys);
		seatkeys = NULL;
	}
}

/* ---- what there is ---- */

static void
registry_global(struct event *e)
{
	struct global *g;

	if (!strcmp(e->arg[1].s, "wl_output"))
		output_add(e->proxy, e->arg[0].u, e->arg[2].u);
	for (g = global; g < global + Globals; g++)
		if (!g->bound && !strcmp(e->arg[1].s, g->interface->name))
			g->bound = wl_registry_bind(e->proxy, e->arg[0].u,
			    g->interface, e->arg[2].u < g->version ?
			    e->arg[2].u : g->version);
}

static void
registry_remove(struct event *e)
{
	struct output *o;

	for (o = outputs; o < outputs + Most; o++)
		if (o->output && o->id == e->arg[0].u)
			output_remove(o);
}

/* What is not here is of no interest. */
static const struct {
	const char *interface, *event;
	void (*told)(struct event *);
} events[] = {
	{ "wl_registry", "global", registry_global },
	{ "wl_registry", "global_remove", registry_remove },
	{ "wl_buffer", "release", buffer_release },
	{ "wl_output", "name", output_name },
	{ "wl_seat", "capabilities", seat_capabilities },
	{ "wl_keyboard", "keymap", keys_keymap },
	{ "wl_keyboard", "enter", keys_enter },
	{ "wl_keyboard", "leave", keys_leave },
	{ "wl_keyboard", "key", keys_key },
	{ "xdg_wm_base", "ping", window_ping },
	{ "xdg_surface", "configure", surface_configure },
	{ "zwlr_layer_surface_v1", "configure", layer_configure },
	{ "xdg_toplevel", "configure", toplevel_configure },
	{ "xdg_toplevel", "close", toplevel_close },
	{ "zwlr_output_power_v1", "mode", power_mode },
	{ "zwlr_output_power_v1", "failed", power_failed },
	{ "ext_session_lock_v1", "locked", lock_locked },
	{ "ext_session_lock_v1", "finished", lock_finished },
	{ "ext_session_lock_surface_v1", "configure", locksurface_configure },
	{ "ext_idle_notification_v1", "idled", idle_idled },
	{ "ext_idle_notification_v1", "resumed", idle_resumed },
};

static int
event(const void *unused, void *proxy, uint32_t opcode,
      const struct wl_message *message, union wl_argument *arg)
{
	struct event e = { wl_proxy_get_user_data(proxy), proxy, arg };
	size_t i;

	(void)unused;
	(void)opcode;
	for (i = 0; i < sizeof(events) / sizeof(*events); i++)
		if (!strcmp(events[i].event, message->name) &&
		    !strcmp(events[i].interface, wl_proxy_get_class(proxy)))
			events[i].told(&e);
	return 0;
}

static void
start(void)
{
	char *one[] = { "keyboard", "1" };

	display = wl_display_connect(NULL);
	if (!display) {
		fprintf(stderr, "wluser: there is no compositor\n");
		exit(2);
	}
	listen(wl_display_get_registry(display), NULL);
	wl_display_roundtrip(display);
	if (global[WmBase].bound)
		listen(global[WmBase].bound, NULL);
	if (global[Seat].bound)
		listen(global[Seat].bound, NULL);
	fake = global[Fakes].bound;
	if (fake)
		org_kde_kwin_fake_input_authenticate(fake, "wluser", "test");
	if (global[Keyboards].bound)
		plug(one);
	if (global[Pointers].bound)
		pointer = zwlr_virtual_pointer_manager_v1_create_virtual_pointer(
		    global[Pointers].bound, global[Seat].bound);
	wl_display_roundtrip(display);
}

/* ---- lines ---- */

static void
nothing(char **arg)
{
	(void)arg;
}

static const struct {
	const char *name;
	int args; /* at least */
	void (*does)(char **arg);
} commands[] = {
	{ "key", 2, key }, { "keyboard", 1, plug }, { "move", 4, move },
	{ "rel", 2, rel }, { "button", 2, button }, { "wheel", 2, wheel },
	{ "window", 2, window }, { "layer", 2, layer }, { "close", 1, window_close },
	{ "lock", 0, session_lock }, { "unlock", 0, session_unlock },
	{ "power", 2, power }, { "idle", 1, idle }, { "sync", 0, nothing },
};

static void
command(char *line)
{
	char *arg[Args + 1] = { 0 };
	int n = 0;
	size_t i;

	for (arg[0] = strtok(line, " "); arg[n] && n < Args - 1;)
		arg[++n] = strtok(NULL, " ");
	for (i = 0; n && i < sizeof(commands) / sizeof(*commands); i++) {
		if (strcmp(arg[0], commands[i].name) || n <= commands[i].args)
			continue;
		commands[i].does(arg);
		wl_display_roundtrip(display);
		printf("done\n");
		return;
	}
	fprintf(stderr, "wluser: %s: what is that?\n", line);
	exit(2);
}

/* 0: there are no more. */
static int
lines(void)
{
	static char buf[4096];
	static size_t len;
	ssize_t r = read(0, buf + len, sizeof(buf) - len);
	char *end;

	if (r <= 0)
		return 0;
	len += r;
	while ((end = memchr(buf, '\n', len))) {
		*end++ = '\0';
		command(buf);
		len -= end - buf;
		memmove(buf, end, len);
	}
	return 1;
}

int
main(void)
{
	struct pollfd fd[2] = { { 0, POLLIN, 0 }, { -1, POLLIN, 0 } };

	setvbuf(stdout, NULL, _IOLBF, 0);
	start();
	printf("done\n");
	fd[1].fd = wl_display_get_fd(display);
	while (wl_display_dispatch_pending(display) >= 0 &&
	    wl_display_flush(display) >= 0 && poll(fd, 2, -1) > 0) {
		/* first, for a line reads what is there, and this would wait */
		if (fd[1].revents && wl_display_dispatch(display) < 0)
			break;
		if (fd[0].revents && !lines())
			return 0;
	}
	printf("gone\n");
	return 1;
}
