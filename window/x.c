/* See LICENSE for copyright and licence details.
 *
 * The window of X: a black one that fills its output. Is it visible? No event
 * tells that under all window managers and compositors, but the server's hit
 * test does: would a click at points all over the window get there? It is asked
 * whenever something has happened to any window (see look_dirty). Beside it:
 * where the output is, whether the screen is blanked or another virtual
 * terminal is shown, and the text.
 *
 * Start reading at x_drain. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <xcb/dpms.h>
#include <xcb/randr.h>
#include <xcb/screensaver.h>

#include "x.h"

enum { Grid = 5, RectMax = 1024 };

/* Times in ms. */
enum {
	VisibleEvery = 30,  /* at the most, the window is looked at */
	TurmoilLast = 1000, /* after a sign of window managers that change */
	TurmoilGone = 5000, /* until another one has come */
	BlankEvery = 3000,  /* DPMS is asked, while only the saver is on */
	AwakeEvery = 40000  /* X is told of input that passes it */
};

/* What still comes is not read. */
static void
x_deaf(struct x *x)
{
	x->gone = 1;
	source_del(&x->source);
	source_del(&x->look.timer);
	source_del(&x->blank.timer);
	source_del(&x->vt.source);
	source_del(&x->grab.timer);
}

static void
x_gone(struct x *x, const char *why)
{
	warn("x: %s", why);
	x_deaf(x);
	x->window.ops->gone(x->now);
}

/* ---- the screen is blanked ---- */

/* Has the host's screen gone dark? X tells of each change of the saver, which
 * comes with each of DPMS, but not when the saver was on before. */
static void
got_power(struct x *x, void *reply)
{
	xcb_dpms_info_reply_t *r = reply;
	struct xblank *b = &x->blank;
	int blank = r && r->power_level != XCB_DPMS_DPMS_MODE_ON;

	b->timer.due = (b->saving && !blank) || (blank && !b->event) ?
	    x->now + BlankEvery : 0;
	if (blank == b->blank)
		return;
	b->blank = blank;
	note(1, "x: the screen is %s", blank ? "blanked" : "on");
	x->window.ops->blanked(blank, x->now);
}

static void
blank_ask(struct x *x)
{
	if (x->blank.dpms)
		xserver_ask(x, xcb_dpms_info(x->conn).sequence, got_power);
}

static void
blank_timer(struct source *s, unsigned got, msec now)
{
	struct x *x = OWNER(s, struct x, blank.timer);

	(void)got;
	x->now = now;
	blank_ask(x);
}

/* Sent also for what we force, which changes nothing. */
static void
saver_notify(struct x *x, xcb_generic_event_t *ev)
{
	xcb_screensaver_notify_event_t *e =
	    (xcb_screensaver_notify_event_t *)ev;

	x->blank.saving = e->state == XCB_SCREENSAVER_STATE_ON;
	note(2, "x: the saver is %s", x->blank.saving ? "on" : "off");
	blank_ask(x);
}

static void
blank_open(struct x *x)
{
	const xcb_query_extension_reply_t *saver = xserver_extension(x,
	    &xcb_screensaver_id);

	x->blank.timer.fd = -1;
	x->blank.timer.ready = blank_timer;
	source_add(&x->blank.timer);
	x->blank.dpms = xserver_extension(x, &xcb_dpms_id) != NULL;
	if (!x->blank.dpms)
		warn("x: no DPMS: the guest is shown also when the host's "
		     "screen is to be dark");
	if (!saver) {
		warn("x: no MIT-SCREEN-SAVER: the host's screen may go dark "
		     "while the guest is shown");
		return;
	}
	x->blank.event = saver->first_event;
	xcb_screensaver_select_input(x->conn, x->root,
	    XCB_SCREENSAVER_EVENT_NOTIFY_MASK);
}

/* Who works in the guest must not have the host go dark: a device that is
 * grabbed past X leaves X idle. The server ends this when we end. What looks at
 * how long X was idle, as many lockers do, is reset by what such a device
 * sends. */
static void
x_awake(struct window *w, int awake, msec heard, msec now)
{
	struct x *x = (struct x *)w;
	struct xblank *b = &x->blank;

	if (b->event && awake != b->awake)
		xcb_screensaver_suspend(x->conn, awake);
	b->awake = awake;
	if (!awake || heard < b->told + AwakeEvery)
		return;
	xcb_force_screen_saver(x->conn, XCB_SCREEN_SAVER_RESET);
	b->told = now;
}

/* ---- another virtual terminal ---- */

/* Who is there wants to see it. */
static void
vt_ready(struct source *s, unsigned got, msec now)
{
	struct x *x = OWNER(s, struct x, vt.source);
	char name[32] = "";
	int vt = 0, elsewhere;

	(void)got;
	x->now = now;
	if (pread(s->fd, name, sizeof(name) - 1, 0) < 0)
		note(1, "x: /sys/class/tty/tty0/active:");
	elsewhere = sscanf(name, "tty%d", &vt) == 1 && vt != x->vt.own;
	if (elsewhere == x->vt.elsewhere)
		return;
	x->vt.elsewhere = elsewhere;
	note(1, "x: virtual terminal %d is shown", vt);
	x->window.ops->elsewhere(elsewhere, x->now);
}

/* Which virtual terminal X has; without one nobody can leave it. */
static void
got_vt(struct x *x, void *reply)
{
	xcb_get_property_reply_t *r = reply;
	struct source *s = &x->vt.source;

	if (r && r->format == 32 && r->value_len)
		x->vt.own = *(int32_t *)xcb_get_property_value(r);
	if (x->vt.own <= 0)
		return;
	s->fd = open("/sys/class/tty/tty0/active", O_RDONLY | O_CLOEXEC);
	s->events = Urgent;
	s->ready = vt_ready;
	if (s->fd < 0 || source_add(s) < 0)
		warn("x: /sys/class/tty/tty0/active: the guest stays on the "
		     "screen when another virtual terminal is shown:");
	else
		vt_ready(s, 0, x->now);
}

/* ---- the text ---- */

struct pen {
	struct x *x;
	xcb_rectangle_t rect[RectMax];
	size_t n;
	int faint;
};

static void
pen_flush(struct pen *p)
{
	const struct frontconf *conf = p->x->window.conf;
	uint32_t colour = p->faint ? text_faint(conf->foreground) :
	    conf->foreground;

	if (!p->n)
		return;
	xcb_change_gc(p->x->conn, p->x->draw.gc, XCB_GC_FOREGROUND, &colour);
	xcb_poly_fill_rectangle(p->x->conn, p->x->win, p->x->draw.gc, p->n,
	    p->rect);
	p->n = 0;
}

static void
pen_run(void *arg, const struct textrun *r)
{
	struct pen *p = arg;

	if (p->n == RectMax || r->faint != p->faint)
		pen_flush(p);
	p->faint = r->faint;
	p->rect[p->n++] = (xcb_rectangle_t){ r->x, r->y, r->w, r->h };
}

static void
got_drawn(struct x *x, void *reply)
{
	(void)reply;
	x->draw.busy = 0;
}

/* A line for each pass, after X has drawn the one before: one that hangs would
 * block us when its socket is full. */
static void
draw_line(struct x *x)
{
	struct xdraw *d = &x->draw;
	struct pen pen;

	if (!x->look.visible || d->busy)
		return;
	if (d->stale) {
		d->stale = 0;
		d->next = d->text;
		d->place = text_place(d->text, x->width, x->height);
		xcb_clear_area(x->conn, 0, x->win, 0, 0, 0, 0);
	}
	if (!d->next || !*d->next)
		return;
	pen.x = x;
	pen.n = 0;
	pen.faint = 0;
	d->next = text_line(d->next, &d->place, pen_run, &pen);
	pen_flush(&pen);
	d->place.top += TextHigh * d->place.factor;
	d->busy = 1;
	xserver_ask(x, xcb_get_input_focus(x->conn).sequence, got_drawn);
}

static void
x_text(struct window *w, const char *text)
{
	struct x *x = (struct x *)w;

	if (!strcmp(text, x->draw.text))
		return;
	snprintf(x->draw.text, sizeof(x->draw.text), "%s", text);
	x->draw.stale = 1;
}

static void
x_expose(struct x *x, xcb_generic_event_t *ev)
{
	(void)ev;
	x->draw.stale = 1;
}

/* ---- window managers ---- */

/* Those that are restarted or replaced hide and show all windows, which is not
 * meant. */
static void
turmoil_tell(struct x *x, msec until)
{
	x->turmoil = until;
	x->window.ops->turmoil(until, x->now);
}

/* The window that a window manager has as long as it runs (EWMH). */
static void
got_wm(struct x *x, void *reply)
{
	xcb_get_property_reply_t *r = reply;
	xcb_window_t check = XCB_NONE;

	if (r && r->format == 32 && r->value_len)
		check = *(xcb_window_t *)xcb_get_property_value(r);
	if (check == x->check)
		return;
	x->check = check;
	note(1, "x: window manager: %s", check ? "there" : "gone");
	turmoil_tell(x, x->now + (check ? TurmoilLast : TurmoilGone));
}

static void
wm_ask(struct x *x)
{
	xserver_ask(x, xcb_get_property(x->conn, 0, x->root,
	    x->atom[NetCheck], XCB_ATOM_WINDOW, 0, 1).sequence, got_wm);
}

/* Something that only a window manager can do. */
static void
wm_send(struct x *x, xcb_window_t win, enum xatom type, uint32_t d0,
        uint32_t d1)
{
	xcb_client_message_event_t e = {
		.response_type = XCB_CLIENT_MESSAGE, .format = 32,
		.window = win, .type = x->atom[type],
		.data.data32 = { d0, d1, 0, 1 }, /* 1: by a program */
	};

	xcb_send_event(x->conn, 0, x->root, XCB_EVENT_MASK_SUBSTRUCTURE_NOTIFY |
	    XCB_EVENT_MASK_SUBSTRUCTURE_REDIRECT, (char *)&e);
}

/* i3, for one, takes fullscreen away for another window, and does not give it
 * back. It is asked for when the window is shown again, for who takes it away
 * from a window that is shown may want it so. */
static void
got_state(struct x *x, void *reply)
{
	xcb_get_property_reply_t *r = reply;
	const xcb_atom_t *state;
	int i;

	if (!r || !x->check)
		return;
	state = xcb_get_property_value(r);
	for (i = 0; r->format == 32 && i < (int)r->value_len; i++)
		if (state[i] == x->atom[NetFullscreen])
			return;
	note(1, "x: fullscreen is asked for again");
	wm_send(x, x->win, NetState, 1, x->atom[NetFullscreen]);
}

static void
fullscreen_ask(struct x *x)
{
	xserver_ask(x, xcb_get_property(x->conn, 0, x->win,
	    x->atom[NetState], XCB_ATOM_ATOM, 0, 32).sequence, got_state);
}

/* Not all of them follow a window to its workspace. */
static void
got_desktop(struct x *x, void *reply)
{
	xcb_get_property_reply_t *r = reply;

	if (r && r->format == 32 && r->value_len)
		wm_send(x, x->root, NetDesktop,
		    *(uint32_t *)xcb_get_property_value(r), XCB_CURRENT_TIME);
	wm_send(x, x->win, NetActive, 2, XCB_CURRENT_TIME); /* 2: its user */
}

static void
x_present(struct window *w)
{
	struct x *x = (struct x *)w;

	xcb_map_window(x->conn, x->win);
	if (x->check) {
		fullscreen_ask(x);
		xserver_ask(x, xcb_get_property(x->conn, 0, x->win,
		    x->atom[NetOwnDesktop], XCB_ATOM_CARDINAL, 0, 1).sequence,
		    got_desktop);
		return;
	}
	xcb_configure_window(x->conn, x->win, XCB_CONFIG_WINDOW_STACK_MODE,
	    (uint32_t[]){ XCB_STACK_MODE_ABOVE });
	xcb_set_input_focus(x->conn, XCB_INPUT_FOCUS_POINTER_ROOT, x->win,
	    XCB_CURRENT_TIME);
}

/* ---- visible or hidden ---- */

/* Asked at most every VisibleEvery, for a window that is dragged makes hundreds
 * of events. */
static void
look_dirty(struct x *x)
{
	struct xlook *l = &x->look;

	if (l->busy) {
		l->again = 1;
		return;
	}
	l->again = 0;
	if (!l->timer.due)
		l->timer.due = l->last + VisibleEvery > x->now ?
		    l->last + VisibleEvery : x->now;
}

static int
look_onroot(const struct x *x, int px, int py)
{
	return px >= 0 && py >= 0 && px < x->rootw && py < x->rooth;
}

static void
look_tell(struct x *x, int visible)
{
	if (x->look.known && x->look.visible == visible)
		return;
	note(1, "x: window: %s", visible ? "visible" : "hidden");
	x->look.known = 1;
	x->look.visible = visible;
	if (visible)
		fullscreen_ask(x);
	x->window.ops->visible(visible, x->now);
}

/* Is it where it belongs? While its output is off that can't be told: a monitor
 * may take its signal away when it shows the guest. Then only another output
 * that is on is a wrong one. */
static enum xplace
look_place(const struct x *x, int px, int py)
{
	const struct xoutput *o = &x->output;
	const xcb_rectangle_t *a = &o->area;

	if (!x->window.conf->output || !o->event)
		return PlaceRight;
	if (!a->width && x->look.visible && !look_onroot(x, px, py))
		return PlaceUnsure;
	if (!a->width)
		return !x->look.visible || o->others ? PlaceWrong : PlaceRight;
	return px < a->x || py < a->y || px >= a->x + a->width ||
	    py >= a->y + a->height ? PlaceWrong : PlaceRight;
}

/* Said once, when it can be seen there. */
static void
look_astray(struct x *x)
{
	const struct frontconf *conf = x->window.conf;
	int off = x->look.place == PlaceWrong && x->output.area.width;

	if (off && !x->output.off && x->look.hits)
		warn("x: the window is not on output %s, and counts as hidden:"
		     " a rule of the window manager for WM_CLASS %s can put "
		     "it there", conf->output, conf->instance);
	x->output.off = off && (x->output.off || x->look.hits);
}

/* Half covered decides nothing. */
static void
look_decide(struct x *x)
{
	struct xlook *l = &x->look;

	note(2, "x: %u of %d points hit", l->hits, Grid * Grid);
	look_astray(x);
	if (l->place == PlaceWrong)
		l->hits = 0;
	if (l->hits > (x->window.conf->partly ? 0 : Grid * Grid / 2))
		look_tell(x, 1);
	else if (l->place != PlaceUnsure && (!l->hits || !l->known))
		look_tell(x, 0);
	l->busy = 0;
	if (l->again)
		look_dirty(x);
}

/* One point of the grid: is our top-level what a click there would hit? A
 * workspace that is hidden is off the root. The one in the middle says where
 * the window is. */
static void
got_hit(struct x *x, void *reply)
{
	xcb_translate_coordinates_reply_t *r = reply;
	struct xlook *l = &x->look;

	if (l->points-- == Grid * Grid / 2 + 1)
		l->place = r ? look_place(x, r->dst_x, r->dst_y) : PlaceWrong;
	if (r && r->child && r->child == l->top &&
	    look_onroot(x, r->dst_x, r->dst_y))
		l->hits++;
	if (!l->points)
		look_decide(x);
}

/* Climbs from our window to the one below the root. */
static void
got_tree(struct x *x, void *reply)
{
	xcb_query_tree_reply_t *r = reply;
	struct xlook *l = &x->look;
	int i;

	if (r && r->parent && r->parent != x->root) {
		l->top = r->parent;
		xserver_ask(x, xcb_query_tree(x->conn, l->top).sequence,
	    got_tree);
		return;
	}
	if (!r)
		l->top = 0; /* it vanished meanwhile */
	l->hits = 0;
	l->points = Grid * Grid;
	for (i = 0; i < Grid * Grid; i++)
		xserver_ask(x, xcb_translate_coordinates(x->conn, x->win,
		    x->root, (2 * (i % Grid) + 1) * x->width / (2 * Grid),
		    (2 * (i / Grid) + 1) * x->height / (2 * Grid)).sequence,
		    got_hit);
}

static void
look_timer(struct source *s, unsigned got, msec now)
{
	struct x *x = OWNER(s, struct x, look.timer);

	(void)got;
	x->now = now;
	blank_ask(x);
	x->look.busy = 1;
	x->look.last = now;
	x->look.top = x->win;
	xserver_ask(x, xcb_query_tree(x->conn, x->win).sequence, got_tree);
}

/* ---- the output ---- */

static void
output_moved(struct x *x, xcb_rectangle_t area)
{
	xcb_rectangle_t *a = &x->output.area;
	const char *name = x->window.conf->output;

	if (name && !area.width && (a->width || !x->win))
		warn("x: output %s is not there, or is off (xrandr tells the "
		     "names)", name);
	if (!memcmp(a, &area, sizeof(area)))
		return;
	*a = area;
	note(1, "x: output: %dx%d+%d+%d", a->width, a->height, a->x, a->y);
	if (!x->win)
		return;
	if (!x->check && a->width) /* nobody else does it */
		xcb_configure_window(x->conn, x->win, XCB_CONFIG_WINDOW_X |
		    XCB_CONFIG_WINDOW_Y | XCB_CONFIG_WINDOW_WIDTH |
		    XCB_CONFIG_WINDOW_HEIGHT, (uint32_t[]){ a->x, a->y,
		    a->width, a->height });
	look_dirty(x);
}

/* Those that are on. Without a name the primary one is ours, or the first. */
static void
got_monitors(struct x *x, void *reply)
{
	xcb_randr_get_monitors_reply_t *r = reply;
	xcb_randr_monitor_info_iterator_t it;
	xcb_rectangle_t area = { 0 };
	int n = 0;

	if (!r)
		return;
	it = xcb_randr_get_monitors_monitors_iterator(r);
	for (; it.rem; xcb_randr_monitor_info_next(&it), n++)
		if (x->window.conf->output ? it.data->name == x->output.name :
		    !n || it.data->primary)
			area = (xcb_rectangle_t){ it.data->x, it.data->y,
				it.data->width, it.data->height };
	x->output.others = n - (area.width > 0);
	output_moved(x, area);
}

static void
output_ask(struct x *x)
{
	xserver_ask(x, xcb_randr_get_monitors(x->conn, x->root, 1).sequence,
	    got_monitors);
}

/* Monitors, which have the names of their outputs: since 1.5. */
static void
output_open(struct x *x)
{
	const xcb_query_extension_reply_t *randr = xserver_extension(x,
	    &xcb_randr_id);

	if (!randr) {
		warn("x: no RandR 1.5: the window is as large as the screen, "
		     "on any output");
		return;
	}
	xcb_discard_reply(x->conn, xcb_randr_query_version(x->conn, 1,
	    5).sequence);
	x->output.event = randr->first_event;
	if (x->window.conf->output)
		x->output.name = xserver_atom(x, x->window.conf->output);
	xcb_randr_select_input(x->conn, x->root,
	    XCB_RANDR_NOTIFY_MASK_SCREEN_CHANGE |
	    XCB_RANDR_NOTIFY_MASK_CRTC_CHANGE |
	    XCB_RANDR_NOTIFY_MASK_OUTPUT_CHANGE);
	output_ask(x);
}

/* ---- events of windows ---- */

static void
x_dirty(struct x *x, xcb_generic_event_t *ev)
{
	(void)ev;
	look_dirty(x);
}

static void
x_clientmessage(struct x *x, xcb_generic_event_t *ev)
{
	xcb_client_message_event_t *e = (xcb_client_message_event_t *)ev;

	/* everybody's messages to the root come here too */
	if (e->window != x->win || e->type != x->atom[WmProtocols])
		return;
	if (e->data.data32[0] == x->atom[WmDelete]) {
		note(1, "x: the window was closed");
		x->window.ops->closed(x->now);
	} else if (e->data.data32[0] == x->atom[NetPing]) {
		e->window = x->root;
		xcb_send_event(x->conn, 0, x->root,
		    XCB_EVENT_MASK_SUBSTRUCTURE_NOTIFY |
		    XCB_EVENT_MASK_SUBSTRUCTURE_REDIRECT, (char *)e);
	}
}

static void
x_configurenotify(struct x *x, xcb_generic_event_t *ev)
{
	xcb_configure_notify_event_t *e = (xcb_configure_notify_event_t *)ev;

	if (e->window == x->root) {
		x->rootw = e->width;
		x->rooth = e->height;
	}
	if (e->window == x->win) {
		x->draw.stale |= x->width != e->width || x->height != e->height;
		x->width = e->width;
		x->height = e->height;
	}
	look_dirty(x);
}

static void
x_destroynotify(struct x *x, xcb_generic_event_t *ev)
{
	xcb_window_t win = ((xcb_destroy_notify_event_t *)ev)->window;

	if (win == x->win) {
		x_gone(x, "the window was destroyed");
		return;
	}
	if (win == x->check) { /* the window manager ends */
		x->check = XCB_NONE;
		turmoil_tell(x, x->now + TurmoilGone);
	}
	look_dirty(x);
}

static void
x_mapnotify(struct x *x, xcb_generic_event_t *ev)
{
	if (((xcb_map_notify_event_t *)ev)->window == x->win)
		xinput_mapped(x, 1);
	look_dirty(x);
}

static void
x_propertynotify(struct x *x, xcb_generic_event_t *ev)
{
	xcb_property_notify_event_t *e = (xcb_property_notify_event_t *)ev;

	if (e->window == x->root && e->atom == x->atom[NetCheck])
		wm_ask(x);
}

static void
x_reparentnotify(struct x *x, xcb_generic_event_t *ev)
{
	xcb_reparent_notify_event_t *e = (xcb_reparent_notify_event_t *)ev;

	if (e->window == x->win && x->look.known)
		turmoil_tell(x, x->turmoil > x->now + TurmoilLast ? x->turmoil :
		    x->now + TurmoilLast);
	look_dirty(x);
}

static void
x_unmapnotify(struct x *x, xcb_generic_event_t *ev)
{
	if (((xcb_unmap_notify_event_t *)ev)->window == x->win)
		xinput_mapped(x, 0);
	look_dirty(x);
}

/* What another client made up counts only where that is meant. */
static void
x_event(struct x *x, xcb_generic_event_t *ev)
{
	static void (*const handler[])(struct x *, xcb_generic_event_t *) = {
		[XCB_CIRCULATE_NOTIFY] = x_dirty,
		[XCB_CLIENT_MESSAGE] = x_clientmessage,
		[XCB_CONFIGURE_NOTIFY] = x_configurenotify,
		[XCB_CREATE_NOTIFY] = x_dirty,
		[XCB_DESTROY_NOTIFY] = x_destroynotify,
		[XCB_EXPOSE] = x_expose,
		[XCB_MAP_NOTIFY] = x_mapnotify,
		[XCB_PROPERTY_NOTIFY] = x_propertynotify,
		[XCB_REPARENT_NOTIFY] = x_reparentnotify,
		[XCB_UNMAP_NOTIFY] = x_unmapnotify,
		[XCB_VISIBILITY_NOTIFY] = x_dirty,
	};
	xcb_generic_error_t *err = (xcb_generic_error_t *)ev;
	unsigned type = ev->response_type & 0x7f;

	if (type != ev->response_type && type != XCB_CLIENT_MESSAGE &&
	    type != XCB_CONFIGURE_NOTIFY)
		return;
	if (!type) /* others' windows vanish at any time */
		note(1, "x: error %d of request %d", err->error_code,
		     err->major_code);
	else if (type < LENGTH(handler) && handler[type])
		handler[type](x, ev);
	else if (x->output.event && type - x->output.event < 2)
		output_ask(x);
	else if (x->blank.event && type == x->blank.event)
		saver_notify(x, ev);
	else
		xinput_event(x, ev);
}

/* Takes all that came from the X server, then sends what is to go there: what
 * is sent may bring events along, unseen by select. */
static void
x_drain(struct x *x, xcb_generic_event_t *(*poll)(xcb_connection_t *),
        msec now)
{
	xcb_generic_event_t *ev;
	unsigned n;

	x->now = now;
	do {
		for (n = 0; !x->gone && (ev = poll(x->conn)); n++) {
			xserver_answer(x, ev);
			x_event(x, ev);
			free(ev);
		}
		if (x->gone)
			return;
		n += xserver_answer(x, NULL);
		xinput_flush(x);
		draw_line(x);
		xcb_flush(x->conn);
		poll = xcb_poll_for_queued_event;
	} while (n);
	if (xcb_connection_has_error(x->conn))
		x_gone(x, "the connection to the X server is lost");
}

static void
x_ready(struct source *s, unsigned got, msec now)
{
	(void)got;
	x_drain(OWNER(s, struct x, source), xcb_poll_for_event, now);
}

static void
x_before(struct source *s, msec now)
{
	x_drain(OWNER(s, struct x, source), xcb_poll_for_queued_event, now);
}

/* ---- the window ---- */

/* For window managers. */
static void
window_describe(struct x *x)
{
	/* WM_HINTS (ICCCM 4.1.2.4): input is wanted, initial state normal */
	static const uint32_t hints[9] = { 1 | 2, 1, 1 };
	/* WM_NORMAL_HINTS (ICCCM 4.1.2.3): USPosition, USSize, PPosition and
	 * PSize, all of which are said by the geometry itself */
	static const uint32_t normal[18] = { 1 | 2 | 4 | 8 };
	uint32_t pid = getpid(), one = 1;
	char class[256], machine[256];
	size_t n;

	/* instance and class, each with its NUL */
	n = snprintf(class, sizeof(class) / 2, "%s",
	    x->window.conf->instance) + 1;
	n += snprintf(class + n, sizeof(class) - n, "screenstub") + 1;
#define PROP(atom, type, bits, n, data) xcb_change_property(x->conn, \
	XCB_PROP_MODE_REPLACE, x->win, atom, type, bits, n, data)
	PROP(XCB_ATOM_WM_CLASS, XCB_ATOM_STRING, 8, n, class);
	PROP(XCB_ATOM_WM_NAME, XCB_ATOM_STRING, 8, 10, "screenstub");
	PROP(XCB_ATOM_WM_HINTS, XCB_ATOM_WM_HINTS, 32, 9, hints);
	PROP(XCB_ATOM_WM_NORMAL_HINTS, XCB_ATOM_WM_SIZE_HINTS, 32, 18, normal);
	PROP(x->atom[NetName], x->atom[Utf8String], 8, 10, "screenstub");
	PROP(x->atom[NetPid], XCB_ATOM_CARDINAL, 32, 1, &pid);
	PROP(x->atom[NetState], XCB_ATOM_ATOM, 32, 1, &x->atom[NetFullscreen]);
	PROP(x->atom[NetType], XCB_ATOM_ATOM, 32, 1, &x->atom[NetTypeNormal]);
	PROP(x->atom[NetBypass], XCB_ATOM_CARDINAL, 32, 1, &one);
	PROP(x->atom[WmProtocols], XCB_ATOM_ATOM, 32, 2, ((xcb_atom_t[]){
	     x->atom[WmDelete], x->atom[NetPing] }));
	if (gethostname(machine, sizeof(machine)) == 0) /* NET_WM_PID's */
		PROP(x->atom[WmMachine], XCB_ATOM_STRING, 8,
		     strnlen(machine, sizeof(machine)), machine);
#undef PROP
}

/* One that shows nothing. */
static xcb_cursor_t
window_cursor(struct x *x)
{
	xcb_pixmap_t nothing = xcb_generate_id(x->conn);
	xcb_cursor_t cursor = xcb_generate_id(x->conn);
	xcb_gcontext_t gc = xcb_generate_id(x->conn);

	xcb_create_pixmap(x->conn, 1, nothing, x->root, 1, 1);
	xcb_create_gc(x->conn, gc, nothing, 0, NULL);
	xcb_poly_fill_rectangle(x->conn, nothing, gc, 1,
	    &(xcb_rectangle_t){ 0, 0, 1, 1 }); /* by 0: nothing is drawn */
	xcb_create_cursor(x->conn, cursor, nothing, nothing, 0, 0, 0, 0, 0, 0,
	    0, 0);
	return cursor;
}

static void
window_open(struct x *x)
{
	const xcb_rectangle_t *area = &x->output.area;
	uint32_t value[] = {
		x->window.conf->background,
		XCB_EVENT_MASK_BUTTON_PRESS | XCB_EVENT_MASK_BUTTON_RELEASE |
		XCB_EVENT_MASK_ENTER_WINDOW | XCB_EVENT_MASK_EXPOSURE |
		XCB_EVENT_MASK_FOCUS_CHANGE | XCB_EVENT_MASK_KEYMAP_STATE |
		XCB_EVENT_MASK_LEAVE_WINDOW | XCB_EVENT_MASK_KEY_PRESS |
		XCB_EVENT_MASK_KEY_RELEASE | XCB_EVENT_MASK_POINTER_MOTION |
		XCB_EVENT_MASK_STRUCTURE_NOTIFY |
		XCB_EVENT_MASK_VISIBILITY_CHANGE,
		window_cursor(x)
	};

	if (area->width) {
		x->width = area->width;
		x->height = area->height;
	}
	x->win = xcb_generate_id(x->conn);
	xcb_create_window(x->conn, XCB_COPY_FROM_PARENT, x->win, x->root,
	    area->x, area->y, x->width, x->height, 0,
	    XCB_WINDOW_CLASS_INPUT_OUTPUT, x->screen->root_visual,
	    XCB_CW_BACK_PIXEL | XCB_CW_EVENT_MASK | XCB_CW_CURSOR, value);
	x->draw.gc = xcb_generate_id(x->conn);
	xcb_create_gc(x->conn, x->draw.gc, x->win, 0, NULL);
	window_describe(x);
	xcb_map_window(x->conn, x->win);
}

/* Each extension may be missing, which costs what it is for, and a message. */
static struct window *
x_open(const struct frontconf *conf, const struct frontops *ops,
       struct input *input, msec now)
{
	struct x *x = calloc(1, sizeof(*x));

	if (!x)
		die("calloc:");
	x->window = (struct window){ &front_x, conf, ops, input };
	x->now = now;
	x->vt.source.fd = -1;
	if (xserver_open(x) < 0) {
		free(x);
		return NULL;
	}
	x->source.events = Readable;
	x->source.ready = x_ready;
	x->source.before = x_before;
	x->look.timer.fd = -1;
	x->look.timer.ready = look_timer;
	if (source_add(&x->source) < 0 || source_add(&x->look.timer) < 0)
		die("too many open files were inherited");
	xinput_open(x);
	output_open(x);
	blank_open(x);
	xcb_change_window_attributes(x->conn, x->root, XCB_CW_EVENT_MASK,
	    (uint32_t[]){ XCB_EVENT_MASK_SUBSTRUCTURE_NOTIFY |
	    XCB_EVENT_MASK_STRUCTURE_NOTIFY |
	    XCB_EVENT_MASK_PROPERTY_CHANGE });
	wm_ask(x);
	xserver_ask(x, xcb_get_property(x->conn, 0, x->root,
	    x->atom[XfreeVt], XCB_ATOM_INTEGER, 0, 1).sequence, got_vt);
	xserver_wait(x);
	window_open(x);
	look_dirty(x);
	return &x->window;
}

static void
x_close(struct window *w)
{
	struct x *x = (struct x *)w;

	x_deaf(x);
	if (x->vt.source.fd >= 0)
		close(x->vt.source.fd);
	xcb_disconnect(x->conn);
	free(x);
}

static void
x_grab(struct window *w, unsigned wanted, msec now)
{
	struct x *x = (struct x *)w;

	x->now = now;
	xinput_grab(x, wanted);
}

static int
x_unstick(struct window *w, const unsigned char keys[KEY_CNT / 8])
{
	return xinput_unstick((struct x *)w, keys);
}

const struct front front_x = {
	.name = "x", .open = x_open, .present = x_present, .grab = x_grab,
	.awake = x_awake, .unstick = x_unstick, .text = x_text,
	.close = x_close,
};
