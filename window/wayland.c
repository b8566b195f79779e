/* See LICENSE for copyright and licence details.
 *
 * The window of Wayland: a black one that fills its output. Is it seen? No
 * compositor tells that, and none tells nothing: it draws frames of what is
 * seen alone, says on which outputs the window is, which is no proof, or that
 * it is suspended, seconds late. So it is asked: a commit that changes one
 * pixel and wants to know of the frame. Only an answer in time counts, and not
 * if the frame was then thrown away. See look_shown.
 *
 * KWin goes on drawing what another fullscreen window covers: there, with one
 * output, the focus tells more.
 *
 * Start reading at wayland_before. */
#include <sys/mman.h>

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "wayland.h"

/* Times in ms. */
enum {
	OpenLimit = 5000,   /* for answers, before the window is there */
	AskEvery = 600,     /* while it is shown */
	AskSoon = 50,       /* the least between two */
	AskLate = 200,      /* an answer is; the slowest took 180 */
	MapLast = 1000,     /* until a window that is made anew is there */
	AskLost = 1000,     /* there will be none, so it is asked anew */
	HideAfter = 150,    /* longer than GNOME's overview takes to show it */
	ShowAfter = 50,
	TurmoilLast = 2000  /* after a change of outputs windows are moved */
};
/* XDG_TOPLEVEL_STATE_SUSPENDED is of version 6 */
enum { DiscardMax = 3, SizeMax = 16384, Suspended = 9 };
#define OPAQUE 0xff000000 /* some look at that of XRGB, too */

/* The next thing to be done is not later than that; 0: than never. */
static void
due_put(struct wayland *w, msec due)
{
	if (due && (!w->source.due || due < w->source.due))
		w->source.due = due;
}

/* What still comes is not read. */
static void
wayland_gone(struct wayland *w)
{
	errno = wl_display_get_error(w->display);
	warn("wayland: the connection to the compositor is lost:");
	source_del(&w->source);
	w->window.ops->gone(1, w->now);
}

static void
wayland_log(const char *format, va_list ap)
{
	char line[512];

	vsnprintf(line, sizeof(line), format, ap);
	warn("wayland: %s", line);
}

/* ---- what the window shows ---- */

static void
pixels_draw(const struct wayland *w, uint32_t *pixel, int width, int height)
{
	static struct textrun run[TextRuns];
	size_t n = *w->text ? text_runs(w->text, width, height, run) : 0, i;
	int x, y;

	for (i = 0; i < (size_t)width * height; i++)
		pixel[i] = OPAQUE | w->window.conf->background;
	for (i = 0; i < n; i++)
		for (y = run[i].y; y < run[i].y + run[i].h; y++)
			for (x = run[i].x; x < run[i].x + run[i].w; x++)
				pixel[(size_t)y * width + x] =
				    OPAQUE | w->window.conf->foreground;
}

/* Without memory it stays as it is. */
static void
buffer_create(struct wayland *w, int width, int height)
{
	size_t size = (size_t)width * height * 4;
	struct wl_shm_pool *pool;
	uint32_t *pixel;
	int fd = memfd_create("screenstub", MFD_CLOEXEC);

	if (ftruncate(fd, size) < 0 || (pixel = mmap(NULL, size, PROT_READ |
	    PROT_WRITE, MAP_SHARED, fd, 0)) == MAP_FAILED) {
		warn("wayland: no memory for the window's picture:");
	} else {
		pixels_draw(w, pixel, width, height);
		munmap(pixel, size);
		pool = wl_shm_create_pool(w->p.shm, fd, size);
		PROXY_END(w->p.buffer, wl_buffer_destroy);
		w->p.buffer = wl_shm_pool_create_buffer(pool, 0, width, height,
		    width * 4, WL_SHM_FORMAT_XRGB8888);
		wl_shm_pool_destroy(pool);
	}
	close(fd);
}

/* Letters have as many pixels as the output, so that they are sharp. A viewport
 * is there only for that: some draw what it shows with dim edges, or not. */
static void
window_draw(struct wayland *w)
{
	struct proxies *p = &w->p;
	int width = w->width, height = w->height;
	int longer = width > height ? width : height;
	const struct output *o;

	w->stale = 0;
	PROXY_END(p->viewport, wp_viewport_destroy);
	for (o = w->output; *w->text && o < w->output + OutputMax; o++)
		if (o->entered && o->longer > longer && p->viewporter) {
			width = w->width * o->longer / longer;
			height = w->height * o->longer / longer;
		}
	if (width > w->width) {
		p->viewport = wp_viewporter_get_viewport(p->viewporter,
		    p->surface);
		wp_viewport_set_destination(p->viewport, w->width, w->height);
	}
	buffer_create(w, width, height);
	wl_surface_attach(p->surface, p->buffer, 0, 0);
	wl_surface_damage_buffer(p->surface, 0, 0, width, height);
	wl_surface_commit(p->surface);
}

static void
wayland_text(struct window *window, const char *text)
{
	struct wayland *w = (struct wayland *)window;

	w->stale |= strcmp(text, w->text) != 0;
	snprintf(w->text, sizeof(w->text), "%s", text);
}

/* ---- outputs ---- */

/* Where the window belongs, if that is said, and it is there. */
static struct output *
output_ours(struct wayland *w)
{
	const char *name = w->window.conf->output;
	struct output *o = w->output;

	while (o < w->output + OutputMax && !(name && !strcmp(o->name, name)))
		o++;
	return o;
}

/* How many the window is on. */
static int
outputs_entered(const struct wayland *w)
{
	size_t i;
	int n = 0;

	for (i = 0; i < OutputMax; i++)
		n += w->output[i].entered;
	return n;
}

static void
outputs_changed(struct wayland *w, int more)
{
	w->outputs += more;
	w->look.outputs = w->now;
	if (w->look.visible >= 0)
		w->window.ops->turmoil(w->now + TurmoilLast, w->now);
	w->look.again = 1;
}

static struct output *
output_of(struct wayland *w, const void *proxy)
{
	struct output *o = w->output;

	while (o < w->output + OutputMax && o->output != proxy)
		o++;
	return o;
}

static void
on_wl_output_mode(struct wayland *w)
{
	int longer = w->arg[w->arg[1].i > w->arg[2].i ? 1 : 2].i;

	if (w->arg[0].u & WL_OUTPUT_MODE_CURRENT && longer < SizeMax)
		output_of(w, w->from)->longer = longer;
	w->stale = 1;
}

static void
on_wl_output_name(struct wayland *w)
{
	struct output *o = output_of(w, w->from);

	snprintf(o->name, sizeof(o->name), "%s", w->arg[0].s);
	if (o == output_ours(w) && w->p.top) /* it has come back */
		xdg_toplevel_set_fullscreen(w->p.top, o->output);
}

static void
on_wl_surface_enter(struct wayland *w)
{
	if (w->arg[0].o) /* else it has just gone */
		output_of(w, w->arg[0].o)->entered = w->look.entered = 1;
	w->stale = 1; /* it may have more pixels */
	w->look.again = 1;
}

static void
on_wl_surface_leave(struct wayland *w)
{
	output_of(w, w->arg[0].o)->entered = 0;
	w->look.again = 1;
}

/* ---- is it seen? ---- */

/* A late answer is no proof: some tell once a second, or when the window is put
 * away. */
static void
on_wl_callback_done(struct wayland *w)
{
	PROXY_END(w->p.frame, wl_callback_destroy);
	w->look.late = w->now > w->look.asked + AskLate;
	w->look.again |= w->look.late;
	w->look.frozen &= w->look.late || !outputs_entered(w) ||
	    w->look.asked <= w->look.outputs;
}

static void
on_wp_presentation_feedback_presented(struct wayland *w)
{
	PROXY_END(w->p.feedback, wp_presentation_feedback_destroy);
	w->look.discarded = 0;
}

static void
on_wp_presentation_feedback_discarded(struct wayland *w)
{
	PROXY_END(w->p.feedback, wp_presentation_feedback_destroy);
	if (w->look.discarded >= 0 && ++w->look.discarded <= DiscardMax)
		w->look.again = 1;
}

static void
look_ask(struct wayland *w)
{
	w->look.again = 0;
	w->look.asked = w->now;
	w->p.frame = proxy_listen(w, wl_surface_frame(w->p.surface));
	PROXY_END(w->p.feedback, wp_presentation_feedback_destroy);
	if (w->p.presentation)
		w->p.feedback = proxy_listen(w, wp_presentation_feedback(
		    w->p.presentation, w->p.surface));
	/* without a change of what is shown GNOME throws the frame away */
	wl_surface_attach(w->p.surface, w->p.buffer, 0, 0);
	wl_surface_damage_buffer(w->p.surface, 0, 0, 1, 1);
	wl_surface_commit(w->p.surface);
}

/* Are frames drawn, as far as is known? */
static int
look_drawn(const struct wayland *w)
{
	return !w->look.suspended && !w->look.late &&
	    (w->p.buffer || w->now < w->look.outputs + OpenLimit) &&
	    (outputs_entered(w) || !w->look.entered) &&
	    !(w->p.frame && w->now > w->look.asked + AskLate);
}

/* Is it on the output where it belongs? Where that has gone it stays as it is,
 * and shortly after it has come back windows may not be there yet. */
static int
look_placed(struct wayland *w)
{
	const struct output *ours = output_ours(w);
	int here = !w->window.conf->output || (ours->output && (ours->entered ||
	    !outputs_entered(w)));

	w->look.astray &= !here;
	if (here || (w->look.visible == 1 && (!ours->output ||
	    w->now < w->look.outputs + TurmoilLast)))
		return 1;
	if (ours->output && !w->look.astray++)
		warn("wayland: window %s is not on output %s, and counts as "
		    "hidden", w->window.conf->instance, ours->name);
	return 0;
}

/* With several outputs wlroots throws all frames away, and a compositor without
 * a display any. */
static int
look_shown(struct wayland *w)
{
	if (w->look.frozen)
		return 1;
	if (!look_drawn(w))
		return 0;
	if (w->look.discarded >= DiscardMax && outputs_entered(w) == 1)
		return 0;
	return look_placed(w);
}

/* Tells what has lasted. The limit for it that the wish has counts, too. With
 * the last but one of KWin's outputs the window is not to be hidden either. */
static void
look_update(struct wayland *w)
{
	int shown = look_shown(w);
	msec limit = (shown ? ShowAfter : HideAfter) - w->window.conf->settle;
	int sees = !w->kde || w->outputs > 1 || (w->look.sees && !w->focused &&
	    w->look.visible == 1);

	if (sees != w->look.sees) {
		w->look.sees = sees;
		w->window.ops->changed(FrontSees, sees, w->now);
	}
	if (w->look.visible < 0 && shown && !w->p.buffer)
		due_put(w, w->look.outputs + OpenLimit);
	if (shown == w->look.visible || (w->look.visible < 0 && shown &&
	    (w->p.frame || !w->look.asked))) {
		w->look.since = 0;
		return;
	}
	if (!w->look.since)
		w->look.since = w->now;
	if (limit > 0 && w->now < w->look.since + limit) {
		due_put(w, w->look.since + limit);
		return;
	}
	note(1, "wayland: window: %s", shown ? "visible" : "hidden");
	w->look.visible = shown;
	w->look.since = 0;
	if (shown) /* another window may have taken it */
		xdg_toplevel_set_fullscreen(w->p.top, output_ours(w)->output);
	w->window.ops->changed(FrontVisible, shown, w->now);
}

/* Asks, and says when to look again. When something has happened, an ask that
 * is under way is waited for, if it is not lost. */
static void
look_go(struct wayland *w)
{
	msec due = 0;

	if (w->look.again && w->p.frame &&
	    w->now >= w->look.asked + AskLost) {
		PROXY_END(w->p.frame, wl_callback_destroy);
		w->look.late = 1;
	}
	if (w->p.buffer && !w->p.frame && (w->look.again || look_drawn(w))) {
		due = w->look.asked + (w->look.again ? AskSoon : AskEvery);
		if (w->now >= due)
			look_ask(w);
	}
	if (w->p.frame)
		due = !w->look.late && look_drawn(w) ? w->look.asked + AskLate +
		    1 : w->look.again ? w->look.asked + AskLost : 0;
	due_put(w, due);
}

/* ---- the window ---- */

static void
on_xdg_wm_base_ping(struct wayland *w)
{
	xdg_wm_base_pong(w->p.base, w->arg[0].u);
}

static void
on_xdg_toplevel_configure(struct wayland *w)
{
	const uint32_t *state;

	if (w->arg[0].i > 0 && w->arg[0].i < SizeMax && w->arg[1].i > 0 &&
	    w->arg[1].i < SizeMax) { /* else it is ours to choose */
		w->width = w->arg[0].i;
		w->height = w->arg[1].i;
	}
	w->look.suspended = 0;
	wl_array_for_each(state, w->arg[2].a)
		w->look.suspended |= *state == Suspended;
}

static void
on_xdg_toplevel_close(struct wayland *w)
{
	w->window.ops->gone(0, w->now);
}

static void
on_xdg_surface_configure(struct wayland *w)
{
	xdg_surface_ack_configure(w->p.xdg, w->arg[0].u);
	window_draw(w);
	w->look.again = 1;
}

/* The first buffer has to wait for what the compositor says. */
static void
window_map(struct wayland *w)
{
	struct proxies *p = &w->p;

	p->surface = proxy_listen(w,
	    wl_compositor_create_surface(p->compositor));
	p->xdg = proxy_listen(w, xdg_wm_base_get_xdg_surface(p->base,
	    p->surface));
	p->top = proxy_listen(w, xdg_surface_get_toplevel(p->xdg));
	xdg_toplevel_set_title(p->top, "screenstub");
	xdg_toplevel_set_app_id(p->top, w->window.conf->instance);
	xdg_toplevel_set_fullscreen(p->top, output_ours(w)->output);
	wl_surface_commit(p->surface);
}

/* A window cannot take the focus, but one that is new is given it. All of it is
 * made anew: mutter shows no frames of a surface that was mapped before. */
static void
wayland_present(struct window *window)
{
	struct wayland *w = (struct wayland *)window;
	unsigned wanted = w->grab.wanted;
	struct proxies *p = &w->p;
	struct output *o;

	if (w->look.visible == 1 && w->focused)
		return;
	on_wl_keyboard_leave(w); /* not every compositor tells that */
	wlinput_grab(window, 0, w->now);
	PROXY_END(p->awake, zwp_idle_inhibitor_v1_destroy);
	PROXY_END(p->frame, wl_callback_destroy);
	xdg_toplevel_destroy(p->top);
	xdg_surface_destroy(p->xdg);
	wl_surface_destroy(p->surface);
	PROXY_END(p->buffer, wl_buffer_destroy);
	for (o = w->output; o < w->output + OutputMax; o++)
		o->entered = 0;
	w->look.late = 1; /* until it is seen again */
	w->look.asked = w->look.suspended = w->look.entered = 0;
	w->look.since = w->now + MapLast;
	window_map(w);
	wlinput_grab(window, wanted, w->now);
}

static void
wayland_away(struct window *window)
{
	xdg_toplevel_set_minimized(((struct wayland *)window)->p.top);
}

/* Only as long as it is wanted: some are kept awake by a window that is hidden,
 * too. */
static void
wayland_awake(struct window *window, int awake, msec heard, msec now)
{
	struct wayland *w = (struct wayland *)window;

	(void)heard;
	(void)now;
	if (!awake)
		PROXY_END(w->p.awake, zwp_idle_inhibitor_v1_destroy);
	else if (w->p.idle && !w->p.awake)
		w->p.awake = zwp_idle_inhibit_manager_v1_create_inhibitor(
		    w->p.idle, w->p.surface);
}

/* ---- the connection ---- */

/* Dispatches what is left over, draws, asks, and sends. Between two calls the
 * connection is ready to be read. */
static void
wayland_before(struct source *s, msec now)
{
	struct wayland *w = OWNER(s, struct wayland, source);

	w->now = now;
	while (!w->reading && wl_display_dispatch_pending(w->display) >= 0)
		w->reading = wl_display_prepare_read(w->display) == 0;
	s->due = 0;
	look_update(w);
	if (w->grab.due)
		wlinput_decide(w);
	due_put(w, w->grab.due);
	/* one that hangs would not take it */
	if (w->stale && w->p.buffer && !w->p.frame)
		window_draw(w);
	look_go(w);
	/* some are ours alone: nothing comes that would wake it */
	if (wl_display_get_error(w->display))
		s->due = now;
	s->events = wl_display_flush(w->display) < 0 && errno == EAGAIN ?
	    Readable | Writable : Readable;
}

static void
wayland_ready(struct source *s, msec now)
{
	struct wayland *w = OWNER(s, struct wayland, source);

	w->now = now;
	if (!(s->got & Readable) && !wl_display_get_error(w->display))
		return;
	if (!w->reading || wl_display_read_events(w->display) < 0 ||
	    wl_display_dispatch_pending(w->display) < 0)
		wayland_gone(w);
	w->reading = 0;
	input_flush(w->window.input, now);
}

static const struct {
	const struct wl_interface *interface;
	uint32_t version; /* the newest that is understood */
	size_t at;
	const char *without;
} globals[] = {
#define GLOBAL(interface, version, member, without) { &interface##_interface, \
	version, offsetof(struct proxies, member), without }
	GLOBAL(wl_compositor, 4, compositor, NULL),
	GLOBAL(wl_shm, 1, shm, NULL), GLOBAL(xdg_wm_base, 6, base, NULL),
	GLOBAL(wl_seat, 8, seat, NULL),
	GLOBAL(wp_viewporter, 1, viewporter, NULL),
	GLOBAL(wp_presentation, 1, presentation, NULL),
	GLOBAL(zwp_idle_inhibit_manager_v1, 1, idle,
	    "the screen may go dark while the guest is shown"),
	GLOBAL(zwp_keyboard_shortcuts_inhibit_manager_v1, 1, inhibit,
	    "it keeps its own keys, whatever is grabbed"),
	GLOBAL(zwp_pointer_constraints_v1, 1, constraints,
	    "the pointer can leave the window, whatever is grabbed"),
	GLOBAL(zwp_relative_pointer_manager_v1, 1, relatives,
	    "the mouse can't be grabbed"),
};

static struct wl_proxy **
global_at(struct wayland *w, size_t i)
{
	return (struct wl_proxy **)((char *)&w->p + globals[i].at);
}

/* Some of ours may be newer than the library's. */
static void
on_wl_registry_global(struct wayland *w)
{
	uint32_t version = w->arg[2].u;
	struct output *o = output_of(w, NULL);
	size_t i;

	if (!strcmp(w->arg[1].s, wl_output_interface.name) &&
	    o < w->output + OutputMax) {
		o->global = w->arg[0].u;
		o->output = proxy_listen(w, wl_registry_bind(w->from, o->global,
		    &wl_output_interface, version < 4 ? version : 4));
		outputs_changed(w, 1);
	}
	w->kde |= !strncmp(w->arg[1].s, "org_kde_plasma_", 15);
	for (i = 0; i < LENGTH(globals); i++) {
		if (strcmp(w->arg[1].s, globals[i].interface->name) ||
		    *global_at(w, i))
			continue;
		if (version > globals[i].version)
			version = globals[i].version;
		if ((int)version > globals[i].interface->version)
			version = globals[i].interface->version;
		*global_at(w, i) = proxy_listen(w, wl_registry_bind(w->from,
		    w->arg[0].u, globals[i].interface, version));
	}
}

/* A monitor may take its signal away from the input that it does not show, and
 * its output then goes, by which the guest must not. So what was visible stays
 * so, until the window is on an output again, and is seen there, as an ask from
 * now on tells. */
static void
on_wl_registry_global_remove(struct wayland *w)
{
	struct output *o = w->output;

	while (o < w->output + OutputMax && (!o->output ||
	    o->global != w->arg[0].u))
		o++;
	if (!o->output)
		return; /* it was something else */
	if (o == output_ours(w))
		warn("wayland: output %s is gone, or off", o->name);
	wl_output_destroy(o->output);
	*o = (struct output){ 0 };
	w->look.frozen = w->look.visible == 1;
	outputs_changed(w, -1);
}

/* What is of interest, by its place in the listener of a protocol's header. */
static const struct {
	const struct wl_interface *interface;
	uint32_t opcode;
	wlevent *event;
} events[] = {
#define ON(i, name) { &i##_interface, offsetof(struct i##_listener, name) / \
	sizeof(void (*)(void)), on_##i##_##name }
	ON(wl_registry, global), ON(wl_registry, global_remove),
	ON(wl_callback, done), ON(wl_output, mode), ON(wl_output, name),
	ON(wl_surface, enter), ON(wl_surface, leave),
	ON(xdg_wm_base, ping), ON(xdg_surface, configure),
	ON(xdg_toplevel, configure), ON(xdg_toplevel, close),
	ON(wp_presentation_feedback, presented),
	ON(wp_presentation_feedback, discarded),
	ON(wl_seat, capabilities), ON(wl_keyboard, keymap),
	ON(wl_keyboard, enter), ON(wl_keyboard, leave), ON(wl_keyboard, key),
	ON(wl_pointer, enter), ON(wl_pointer, leave), ON(wl_pointer, motion),
	ON(wl_pointer, button), ON(wl_pointer, axis), ON(wl_pointer, frame),
	ON(wl_pointer, axis_discrete), ON(wl_pointer, axis_value120),
	ON(zwp_relative_pointer_v1, relative_motion),
	ON(zwp_locked_pointer_v1, locked),
	ON(zwp_confined_pointer_v1, confined),
	ON(zwp_keyboard_shortcuts_inhibitor_v1, active),
	ON(zwp_keyboard_shortcuts_inhibitor_v1, inactive),
};

/* Called by libwayland for each event of each proxy. */
static int
wayland_dispatch(const void *wayland, void *proxy, uint32_t opcode,
                 const struct wl_message *message, union wl_argument *arg)
{
	struct wayland *w = (struct wayland *)wayland;
	size_t i;

	w->from = proxy;
	w->arg = arg;
	for (i = 0; i < LENGTH(events); i++)
		if (events[i].opcode == opcode &&
		    events[i].interface->events + opcode == message)
			events[i].event(w);
	return 0;
}

/* Until the compositor has answered all; before the loop. */
static void
wayland_wait(struct wayland *w)
{
	struct pollfd fd = { w->source.fd, POLLIN, 0 };

	w->p.frame = proxy_listen(w, wl_display_sync(w->display));
	while (w->p.frame) {
		if (wl_display_prepare_read(w->display) == 0) {
			wl_display_flush(w->display);
			if (poll(&fd, 1, OpenLimit) != 1)
				die("wayland: the compositor does not answer");
			wl_display_read_events(w->display);
		}
		if (wl_display_dispatch_pending(w->display) < 0)
			die("wayland: the compositor is gone:");
	}
}

static struct window *
wayland_open(const struct frontconf *conf, const struct frontops *ops,
             struct input *input, msec now)
{
	static struct wayland only, *w = &only;
	struct wl_display *d;
	size_t i;

	wl_log_set_handler_client(wayland_log);
	if (!getenv("WAYLAND_DISPLAY") || !(d = wl_display_connect(NULL)))
		return NULL;
	*w = (struct wayland){
		.window = { &front_wayland, conf, ops, input },
		.source = { .fd = wl_display_get_fd(d), .events = Readable,
			.before = wayland_before, .ready = wayland_ready },
		.now = now, .display = d, .dispatch = wayland_dispatch,
		.width = 640, .height = 640, /* until it is said what */
		.look = { .visible = -1, .sees = 1, .discarded = -1 },
	};
	w->p.registry = proxy_listen(w, wl_display_get_registry(d));
	wayland_wait(w);
	wayland_wait(w); /* for the names of outputs */
	w->look.late = 0;
	for (i = 0; i < LENGTH(globals); i++)
		if (!*global_at(w, i) && globals[i].without)
			note(0, "wayland: the compositor has no %s: %s",
			    globals[i].interface->name, globals[i].without);
	if (!w->p.compositor || !w->p.shm || !w->p.base)
		die("wayland: the compositor shows no windows");
	if (conf->output && !output_ours(w)->output)
		warn("wayland: output %s is not there, or is off",
		    conf->output);
	ok("wayland: %d outputs%s", w->outputs, w->kde ? ", of KWin" : "");
	if (!conf->look)
		window_map(w);
	source_add(&w->source);
	return &w->window;
}

const struct front front_wayland = {
	.name = "wayland", .open = wayland_open, .grab = wlinput_grab,
	.awake = wayland_awake, .present = wayland_present,
	.away = wayland_away, .text = wayland_text,
};
