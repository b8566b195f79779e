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
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <xcb/dpms.h>
#include <xcb/randr.h>
#include <xcb/screensaver.h>

#include "x.h"

enum { Grid = 5, Points = Grid * Grid };

/* Times in ms. */
enum {
	VisibleEvery = 30,  /* at the most, the window is looked at */
	TurmoilLast = 2000, /* after a sign of window managers that change, or
	                     * outputs, by which they move windows */
	AwakeEvery = 40000  /* X is told of input that passes it */
};

/* What still comes is not read. */
static void
x_gone(struct x *x, const char *why)
{
	warn("x: %s", why);
	x->gone = 1;
	source_del(&x->source);
	source_del(&x->vt.source);
	x->window.ops->gone(1, x->now);
}

static void
property_ask(struct x *x, xcb_window_t win, enum xatom name, xanswer *answer)
{
	xserver_ask(x, xcb_get_property(x->conn, 0, win, x->atom[name],
	    XCB_GET_PROPERTY_TYPE_ANY, 0, 8).sequence, answer);
}

/* Its first number; NULL: there is none. */
static const uint32_t *
property_value(const xcb_get_property_reply_t *r)
{
	return r && r->format == 32 && r->value_len ?
	    xcb_get_property_value(r) : NULL;
}

/* ---- the screen is blanked ---- */

/* Has the host's screen gone dark? X tells of each change of the saver, which
 * comes with each of DPMS, but not when the saver was on before, as it is never
 * while the guest is shown. */
static void
got_power(struct x *x, void *reply)
{
	xcb_dpms_info_reply_t *r = reply;
	int blank = r && r->power_level != XCB_DPMS_DPMS_MODE_ON;

	if (blank == x->blank.blank)
		return;
	x->blank.blank = blank;
	note(1, "x: the screen is %s", blank ? "blanked" : "on");
	x->window.ops->changed(FrontBlanked, blank, x->now);
}

static void
blank_ask(struct x *x)
{
	if (x->ext[ExtDpms])
		xserver_ask(x, xcb_dpms_info(x->conn).sequence, got_power);
}

/* Who works in the guest must not have the host go dark: a device that is
 * grabbed past X leaves X idle. The server ends this when we end. What looks at
 * how long X was idle, as many lockers do, is reset by what such a device
 * sends. */
static void
x_awake(struct window *w, int awake, msec heard, msec now)
{
	struct x *x = (struct x *)w;

	if (x->ext[ExtSaver] && awake != x->blank.awake)
		xcb_screensaver_suspend(x->conn, awake);
	x->blank.awake = awake;
	if (!awake || heard < x->blank.told + AwakeEvery)
		return;
	xcb_force_screen_saver(x->conn, XCB_SCREEN_SAVER_RESET);
	x->blank.told = now;
}

/* ---- another virtual terminal ---- */

/* Who is there wants to see it. */
static void
vt_ready(struct source *s, msec now)
{
	struct x *x = OWNER(s, struct x, vt.source);
	char name[32] = "";
	int vt;

	if (pread(s->fd, name, sizeof(name) - 1, 0) < 0 ||
	    sscanf(name, "tty%d", &vt) != 1)
		vt = x->vt.own;
	note(1, "x: virtual terminal %d is shown", vt);
	x->window.ops->changed(FrontElsewhere, vt != x->vt.own, now);
}

/* Which virtual terminal X has; without one nobody can leave it. */
static void
got_vt(struct x *x, void *reply)
{
	const uint32_t *own = property_value(reply);
	struct source *s = &x->vt.source;

	if (!own || !*own)
		return;
	x->vt.own = *own;
	*s = (struct source){ .events = Urgent, .ready = vt_ready,
	    .fd = open("/sys/class/tty/tty0/active", O_RDONLY | O_CLOEXEC) };
	if (s->fd < 0 || source_add(s) < 0)
		warn("x: /sys/class/tty/tty0/active: the guest stays on the "
		     "screen when another virtual terminal is shown:");
	else
		vt_ready(s, x->now);
}

/* ---- the text ---- */

static void
got_drawn(struct x *x, void *reply)
{
	(void)reply;
	x->draw.busy = 0;
}

/* Not before X has drawn the one before: one that hangs would block us when its
 * socket is full. */
static void
draw_text(struct x *x)
{
	struct textrun run[TextRuns];

	if (!x->look.visible || x->draw.busy || !x->draw.stale)
		return;
	x->draw.stale = 0;
	xcb_clear_area(x->conn, 0, x->win, 0, 0, 0, 0);
	xcb_poly_fill_rectangle(x->conn, x->win, x->draw.gc,
	    text_runs(x->draw.text, x->width, x->height, run),
	    (xcb_rectangle_t *)run);
	x->draw.busy = 1;
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
	blank_ask(x); /* a VM may be back while the screen sleeps */
}

/* ---- window managers ---- */

static void
wm_ask(struct x *x, xcb_window_t win, enum xatom what, uint32_t how,
       xcb_atom_t state)
{
	xcb_client_message_event_t e = {
		.response_type = XCB_CLIENT_MESSAGE, .format = 32,
		.window = win, .type = x->atom[what],
		.data.data32 = { how, state, 0, state != XCB_NONE },
	};

	xcb_send_event(x->conn, 0, x->root, XCB_EVENT_MASK_SUBSTRUCTURE_NOTIFY |
	    XCB_EVENT_MASK_SUBSTRUCTURE_REDIRECT, (char *)&e);
}

/* Those that are restarted or replaced hide and show all windows, which is not
 * meant. Each has a window as long as it runs. The property of the root stays
 * behind a manager that was killed: it counts if the window that it names has
 * it, too (EWMH 1.5, _NET_SUPPORTING_WM_CHECK). */
static void
got_wm(struct x *x, void *reply)
{
	const uint32_t *value = property_value(reply);
	xcb_window_t check = value ? *value : XCB_NONE;

	if (check == x->check)
		return;
	x->check = check;
	note(1, "x: window manager: %s", check ? "there" : "gone");
	if (check && x->look.visible) /* it may not have been asked */
		wm_ask(x, x->win, NetState, 1, x->atom[NetFullscreen]);
	x->window.ops->turmoil(x->now + TurmoilLast, x->now);
}

static void
got_check(struct x *x, void *reply)
{
	const uint32_t *value = property_value(reply);

	if (value)
		property_ask(x, *value, NetCheck, got_wm);
	else
		got_wm(x, NULL);
}

/* Some switch the workspace for no window by themselves. 2: as a pager asks,
 * since the user has: else it might only be marked as urgent. */
static void
got_desktop(struct x *x, void *reply)
{
	const uint32_t *at = property_value(reply);

	if (at && *at != UINT32_MAX) /* which is all of them */
		wm_ask(x, x->root, NetCurrent, *at, XCB_NONE);
	wm_ask(x, x->win, NetActive, 2, XCB_NONE);
}

/* Without a window manager who tells of itself we do it. */
static void
x_present(struct window *w)
{
	struct x *x = (struct x *)w;

	xcb_map_window(x->conn, x->win);
	property_ask(x, x->win, NetDesktop, got_desktop);
	if (x->check)
		return;
	xcb_configure_window(x->conn, x->win, XCB_CONFIG_WINDOW_STACK_MODE,
	    (uint32_t[]){ XCB_STACK_MODE_ABOVE });
	xcb_set_input_focus(x->conn, XCB_INPUT_FOCUS_POINTER_ROOT, x->win,
	    XCB_CURRENT_TIME);
}

static void
x_away(struct window *w)
{
	struct x *x = (struct x *)w;

	wm_ask(x, x->win, WmChange, 3 /* IconicState */, XCB_NONE);
}

/* ---- visible or hidden ---- */

/* Asked at most every VisibleEvery, for a window that is dragged makes hundreds
 * of events. */
static void
look_dirty(struct x *x)
{
	x->source.due = x->look.last + VisibleEvery;
}

static int
rect_has(const xcb_rectangle_t *r, int x, int y)
{
	return x >= r->x && y >= r->y && x < r->x + r->width &&
	    y < r->y + r->height;
}

/* Half covered decides nothing. i3, for one, takes fullscreen away for another
 * window, and does not give it back. It is asked for when the window is shown
 * again, for who takes it away from a window that is shown may want it so.
 *
 * A monitor may take its signal away from the input that it does not show, and
 * its output then goes, by which the guest must not. So what was visible stays
 * so where it is, also if that is not on the screen any more, or is another
 * output's by now; and where a window manager moves it then. Moved later it is
 * on a wrong one. */
static void
look_decide(struct x *x)
{
	const struct frontconf *conf = x->window.conf;
	const xcb_rectangle_t *area = &x->output.area;
	int on = area->width, wrong = 0, visible;
	int moved = x->look.x != x->look.wasx || x->look.y != x->look.wasy;
	msec settled = x->output.changed + TurmoilLast;

	note(2, "x: %u of %d points hit", x->look.hits, Points);
	if (x->look.visible && x->look.viewable && !moved &&
	    !rect_has(&x->all, x->look.x, x->look.y))
		return;
	if (x->look.visible && x->check && x->now < settled) {
		if (!x->source.due) /* then it is where it stays */
			x->source.due = settled;
	} else if (conf->output && x->ext[ExtRandr]) {
		wrong = on ? !rect_has(area, x->look.x, x->look.y) :
		    moved || !x->look.visible;
	}
	if (!wrong || !on) {
		x->output.astray = 0;
	} else if (x->look.hits && !x->output.astray) {
		x->output.astray = 1;
		warn("x: window %s is not on output %s, and counts as hidden",
		     conf->instance, conf->output);
	}
	visible = !wrong && (x->look.visible ? x->look.hits > 0 :
	    x->look.hits > (conf->partly ? 0 : Points / 2));
	if (visible) {
		x->look.wasx = x->look.x;
		x->look.wasy = x->look.y;
	}
	if (x->look.known && x->look.visible == visible)
		return;
	note(1, "x: window: %s", visible ? "visible" : "hidden");
	x->look.known = 1;
	x->look.visible = visible;
	if (visible) {
		xinput_keymap(x);
		wm_ask(x, x->win, NetState, 1 /* add */,
		    x->atom[NetFullscreen]);
	}
	x->window.ops->changed(FrontVisible, visible, x->now);
}

/* One point of the grid: is our top-level what a click there would hit? A
 * workspace that is hidden is off the root. The one in the middle says where
 * the window is. */
static void
got_hit(struct x *x, void *reply)
{
	xcb_translate_coordinates_reply_t *r = reply;

	if (r && x->look.points == Points / 2 + 1) {
		x->look.x = r->dst_x;
		x->look.y = r->dst_y;
	}
	if (r && r->child == x->look.top &&
	    rect_has(&x->all, r->dst_x, r->dst_y))
		x->look.hits++;
	if (!--x->look.points)
		look_decide(x);
}

static void
got_mapped(struct x *x, void *reply)
{
	xcb_get_window_attributes_reply_t *r = reply;

	x->look.viewable = r && r->map_state == XCB_MAP_STATE_VIEWABLE;
}

/* Climbs from our window to the one below the root. If that vanishes meanwhile
 * it is not hit. */
static void
got_tree(struct x *x, void *reply)
{
	xcb_query_tree_reply_t *r = reply;
	unsigned i;

	if (r && r->parent && r->parent != x->root) {
		x->look.top = r->parent;
		xserver_ask(x, xcb_query_tree(x->conn, r->parent).sequence,
		    got_tree);
		return;
	}
	for (i = 0; i < Points; i++)
		xserver_ask(x, xcb_translate_coordinates(x->conn, x->win,
		    x->root, (2 * (i % Grid) + 1) * x->width / (2 * Grid),
		    (2 * (i / Grid) + 1) * x->height / (2 * Grid)).sequence,
		    got_hit);
}

/* One at a time; another has to follow if something happened meanwhile. */
static void
look_begin(struct x *x)
{
	x->look.last = x->now;
	if (x->look.points) {
		look_dirty(x);
		return;
	}
	x->look.points = Points;
	x->look.hits = x->look.x = x->look.y = 0;
	x->look.top = x->win;
	xserver_ask(x, xcb_get_window_attributes(x->conn, x->win).sequence,
	    got_mapped);
	xserver_ask(x, xcb_query_tree(x->conn, x->win).sequence, got_tree);
	blank_ask(x);
}

/* ---- the output ---- */

/* Only the focus tells there what other windows, workspaces and most lockers
 * do to ours; and screens that go dark are not X's. */
static void
got_emulation(struct x *x, void *reply)
{
	xcb_randr_get_output_property_reply_t *r = reply;

	if (!r || !r->num_items || x->xwayland)
		return;
	x->xwayland = 1;
	warn("x: this is Xwayland, where only the focus tells whether the "
	     "window is seen (ShowOn = Auto is Focused) and grabs may not hold"
	     );
	x->window.ops->changed(FrontSees, 0, x->now);
}

/* Monitors, which have the names of their outputs: those that are on. Without a
 * name the primary one is ours, or the first. */
static void
got_monitors(struct x *x, void *reply)
{
	const char *name = x->window.conf->output;
	xcb_rectangle_t area = { 0 }, *a = &x->output.area;
	xcb_randr_monitor_info_iterator_t it;
	int n = 0;

	if (!reply)
		return;
	it = xcb_randr_get_monitors_monitors_iterator(reply);
	if (it.rem && it.data->nOutput)
		xserver_ask(x, xcb_randr_get_output_property(x->conn,
		    *xcb_randr_monitor_info_outputs(it.data),
		    x->atom[RandrEmulation], XCB_ATOM_ANY, 0, 1, 0,
		    0).sequence, got_emulation);
	for (; it.rem; xcb_randr_monitor_info_next(&it), n++)
		if (name ? it.data->name == x->output.name :
		    !n || it.data->primary)
			area = (xcb_rectangle_t){ it.data->x, it.data->y,
				it.data->width, it.data->height };
	if (name && !area.width && (a->width || !x->win))
		warn("x: output %s is not there, or is off", name);
	if (!memcmp(a, &area, sizeof(area)))
		return;
	*a = area;
	note(1, "x: output: %dx%d+%d+%d", a->width, a->height, a->x, a->y);
	x->output.changed = x->now;
	if (x->look.known)
		x->window.ops->turmoil(x->now + TurmoilLast, x->now);
	if (x->win && a->width) /* not every window manager does it */
		xcb_configure_window(x->conn, x->win, XCB_CONFIG_WINDOW_X |
		    XCB_CONFIG_WINDOW_Y | XCB_CONFIG_WINDOW_WIDTH |
		    XCB_CONFIG_WINDOW_HEIGHT, (uint32_t[]){ a->x, a->y,
		    a->width, a->height });
	look_dirty(x);
}

static void
output_ask(struct x *x)
{
	xserver_ask(x, xcb_randr_get_monitors(x->conn, x->root, 1).sequence,
	    got_monitors);
}

/* Of others than evdev's the keycodes are not the kernel's. */
static void
got_rules(struct x *x, void *reply)
{
	const char *rules = reply ? xcb_get_property_value(reply) : "";
	int n = reply ? xcb_get_property_value_length(reply) : 0;

	(void)x;
	log_line(n > 5 && !memcmp(rules, "evdev", 6) ? LogOk : LogNote,
	    "x: keymap rules: %.*s", n, rules);
}

/* ---- events ---- */

/* What another client made up counts only where that is meant. Those that tell
 * of windows are laid out alike. Errors are ignored: others' windows vanish at
 * any time. */
static void
x_event(struct x *x, xcb_generic_event_t *ev)
{
	unsigned type = ev->response_type & 0x7f;
	xcb_client_message_event_t *message = (void *)ev;
	xcb_configure_notify_event_t *configure = (void *)ev;
	xcb_window_t win = ((xcb_map_notify_event_t *)ev)->window;

	if (type != ev->response_type && type != XCB_CLIENT_MESSAGE &&
	    type != XCB_CONFIGURE_NOTIFY)
		return;
	if (type >= XCB_VISIBILITY_NOTIFY && type <= XCB_CIRCULATE_NOTIFY)
		look_dirty(x);
	switch (type) {
	case XCB_EXPOSE:
		x->draw.stale = 1;
		break;
	case XCB_DESTROY_NOTIFY:
		if (win == x->win)
			x_gone(x, "the window was destroyed");
		else if (win == x->check)
			got_wm(x, NULL);
		break;
	case XCB_MAP_NOTIFY:
	case XCB_UNMAP_NOTIFY:
		if (win == x->win)
			xinput_mapped(x, type == XCB_MAP_NOTIFY);
		break;
	case XCB_REPARENT_NOTIFY:
		if (win == x->win && x->look.known)
			x->window.ops->turmoil(x->now + TurmoilLast, x->now);
		break;
	case XCB_CONFIGURE_NOTIFY:
		if (win == x->root) {
			x->all.width = configure->width;
			x->all.height = configure->height;
		} else if (win == x->win) {
			x->width = configure->width;
			x->height = configure->height;
		}
		break;
	case XCB_PROPERTY_NOTIFY:
		if (((xcb_property_notify_event_t *)ev)->atom ==
		    x->atom[NetCheck])
			property_ask(x, x->root, NetCheck, got_check);
		break;
	case XCB_CLIENT_MESSAGE: /* everybody's to the root come, too */
		if (message->window == x->win &&
		    message->type == x->atom[WmProtocols] &&
		    message->data.data32[0] == x->atom[WmDelete])
			x->window.ops->gone(0, x->now);
		break;
	default:
		if (x->ext[ExtRandr] &&
		    type - x->ext[ExtRandr]->first_event < 2)
			output_ask(x);
		else if (x->ext[ExtSaver] &&
		    type == x->ext[ExtSaver]->first_event)
			blank_ask(x);
		else
			xinput_event(x, ev);
	}
}

/* The socket is read once for all that has come. */
static xcb_generic_event_t *
x_next(struct x *x)
{
	int readable = x->readable;

	x->readable = 0;
	return readable ? xcb_poll_for_event(x->conn) :
	    xcb_poll_for_queued_event(x->conn);
}

/* Takes all that came from the X server, then sends what is to go there: what
 * is sent may bring events along, unseen by select. */
static void
x_drain(struct source *s, msec now)
{
	struct x *x = OWNER(s, struct x, source);
	xcb_generic_event_t *ev;
	unsigned n;

	x->now = now;
	do {
		for (n = 0; !x->gone && (ev = x_next(x)); n++) {
			xserver_answer(x, ev, 0);
			x_event(x, ev);
			free(ev);
		}
		if (x->gone)
			return;
		n += xserver_answer(x, NULL, 0);
		xinput_flush(x);
		draw_text(x);
		xcb_flush(x->conn);
	} while (n);
	if (xcb_connection_has_error(x->conn))
		x_gone(x, "the connection to the X server is lost");
}

/* What has come is for x_drain, before the next wait. */
static void
x_ready(struct source *s, msec now)
{
	struct x *x = OWNER(s, struct x, source);

	x->readable |= s->got != 0;
	if (s->got)
		return;
	x->now = now;
	look_begin(x);
	xinput_regrab(x);
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
	uint32_t pid = getpid();
	char class[256];
	/* instance and class, each with its NUL */
	int n = snprintf(class, sizeof(class), "%.127s%cscreenstub",
	    x->window.conf->instance, 0) + 1;
	const struct {
		const char *name, *type;
		int bits, n;
		const void *data;
	} prop[] = {
		{ "WM_CLASS", "STRING", 8, n, class },
		{ "WM_NAME", "STRING", 8, 10, "screenstub" },
		{ "WM_HINTS", "WM_HINTS", 32, 9, hints },
		{ "WM_NORMAL_HINTS", "WM_SIZE_HINTS", 32, 18, normal },
		{ "WM_PROTOCOLS", "ATOM", 32, 1, &x->atom[WmDelete] },
		{ "_NET_WM_NAME", "UTF8_STRING", 8, 10, "screenstub" },
		{ "_NET_WM_PID", "CARDINAL", 32, 1, &pid },
		{ "_NET_WM_STATE", "ATOM", 32, 1, &x->atom[NetFullscreen] },
	};
	size_t i;

	for (i = 0; i < LENGTH(prop); i++)
		xcb_change_property(x->conn, XCB_PROP_MODE_REPLACE, x->win,
		    xserver_atom(x, prop[i].name), xserver_atom(x,
		    prop[i].type), prop[i].bits, prop[i].n, prop[i].data);
}

static void
window_open(struct x *x)
{
	const xcb_rectangle_t *area = &x->output.area;
	xcb_pixmap_t nothing = xcb_generate_id(x->conn);
	uint32_t value[] = {
		x->window.conf->background,
		XCB_EVENT_MASK_BUTTON_PRESS | XCB_EVENT_MASK_BUTTON_RELEASE |
		XCB_EVENT_MASK_ENTER_WINDOW | XCB_EVENT_MASK_EXPOSURE |
		XCB_EVENT_MASK_FOCUS_CHANGE | XCB_EVENT_MASK_KEYMAP_STATE |
		XCB_EVENT_MASK_LEAVE_WINDOW | XCB_EVENT_MASK_KEY_PRESS |
		XCB_EVENT_MASK_KEY_RELEASE | XCB_EVENT_MASK_POINTER_MOTION |
		XCB_EVENT_MASK_STRUCTURE_NOTIFY |
		XCB_EVENT_MASK_VISIBILITY_CHANGE,
		xcb_generate_id(x->conn)
	};

	if (area->width) {
		x->width = area->width;
		x->height = area->height;
	}
	/* a pointer that shows nothing: what a GC draws first is 0 */
	xcb_create_pixmap(x->conn, 1, nothing, x->root, 1, 1);
	x->draw.gc = xcb_generate_id(x->conn);
	xcb_create_gc(x->conn, x->draw.gc, nothing, 0, NULL);
	xcb_poly_fill_rectangle(x->conn, nothing, x->draw.gc, 1,
	    &(xcb_rectangle_t){ 0, 0, 1, 1 });
	xcb_create_cursor(x->conn, value[2], nothing, nothing, 0, 0, 0, 0, 0,
	    0, 0, 0);
	x->win = xcb_generate_id(x->conn);
	xcb_create_window(x->conn, XCB_COPY_FROM_PARENT, x->win, x->root,
	    area->x, area->y, x->width, x->height, 0,
	    XCB_WINDOW_CLASS_INPUT_OUTPUT, XCB_COPY_FROM_PARENT,
	    XCB_CW_BACK_PIXEL | XCB_CW_EVENT_MASK | XCB_CW_CURSOR, value);
	x->draw.gc = xcb_generate_id(x->conn);
	xcb_create_gc(x->conn, x->draw.gc, x->win, XCB_GC_FOREGROUND,
	    &x->window.conf->foreground);
	window_describe(x);
	xcb_map_window(x->conn, x->win);
}

static struct window *
x_open(const struct frontconf *conf, const struct frontops *ops,
       struct input *input, msec now)
{
	static struct x only, *x = &only;

	x->window = (struct window){ &front_x, conf, ops, input };
	x->now = now;
	if (xserver_open(x) < 0)
		return NULL;
	x->source = (struct source){ .events = Readable, .ready = x_ready,
	    .before = x_drain, .fd = xcb_get_file_descriptor(x->conn) };
	source_add(&x->source);
	xinput_open(x);
	if (x->ext[ExtSaver])
		xcb_screensaver_select_input(x->conn, x->root,
		    XCB_SCREENSAVER_EVENT_NOTIFY_MASK);
	if (x->ext[ExtRandr]) { /* monitors have names since 1.5 */
		xcb_discard_reply(x->conn, xcb_randr_query_version(x->conn, 1,
		    5).sequence);
		if (conf->output)
			x->output.name = xserver_atom(x, conf->output);
		xcb_randr_select_input(x->conn, x->root,
		    XCB_RANDR_NOTIFY_MASK_SCREEN_CHANGE |
		    XCB_RANDR_NOTIFY_MASK_CRTC_CHANGE |
		    XCB_RANDR_NOTIFY_MASK_OUTPUT_CHANGE);
		output_ask(x);
	}
	xcb_change_window_attributes(x->conn, x->root, XCB_CW_EVENT_MASK,
	    (uint32_t[]){ XCB_EVENT_MASK_SUBSTRUCTURE_NOTIFY |
	    XCB_EVENT_MASK_STRUCTURE_NOTIFY |
	    XCB_EVENT_MASK_PROPERTY_CHANGE });
	property_ask(x, x->root, NetCheck, got_check);
	property_ask(x, x->root, XfreeVt, got_vt);
	if (conf->look)
		property_ask(x, x->root, XkbRules, got_rules);
	xserver_answer(x, NULL, 1);
	if (conf->look)
		return &x->window;
	window_open(x);
	look_dirty(x);
	return &x->window;
}

const struct front front_x = {
	.name = "x11", .global = 1,
	.open = x_open, .grab = xinput_grab, .awake = x_awake,
	.present = x_present, .away = x_away, .unstick = xinput_unstick,
	.text = x_text,
};
