/* X requests that the tests need, by name; see usage. Ends with 0 when what
 * was asked was seen. */
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <xcb/xcb.h>
#include <xcb/xfixes.h>

static xcb_connection_t *c;
static xcb_screen_t *screen;

static xcb_atom_t
atom(const char *name)
{
	xcb_intern_atom_reply_t *r = xcb_intern_atom_reply(c,
	    xcb_intern_atom(c, 0, strlen(name), name), NULL);
	xcb_atom_t a = r ? r->atom : 0;

	free(r);
	return a;
}

/* A window, override-redirect as screen lockers and popups have one, or for the
 * window manager; prints its id, and stays until this program is killed. */
static int
cover(int width, int height, int left, int top, int managed)
{
	xcb_window_t w = xcb_generate_id(c);
	uint32_t value[] = { screen->white_pixel, !managed,
		XCB_EVENT_MASK_EXPOSURE };
	/* USPosition, of WM_SIZE_HINTS */
	uint32_t hints[18] = { 1, left, top }, full = 0;
	xcb_generic_event_t *e;

	if (!width) {
		full = atom("_NET_WM_STATE_FULLSCREEN");
		width = height = 100;
	}
	xcb_create_window(c, XCB_COPY_FROM_PARENT, w, screen->root, left, top,
	    width, height, 0, XCB_WINDOW_CLASS_INPUT_OUTPUT,
	    screen->root_visual, XCB_CW_BACK_PIXEL |
	    XCB_CW_OVERRIDE_REDIRECT | XCB_CW_EVENT_MASK, value);
	xcb_change_property(c, XCB_PROP_MODE_REPLACE, w,
	    XCB_ATOM_WM_NORMAL_HINTS, XCB_ATOM_WM_SIZE_HINTS, 32, 18, hints);
	if (full)
		xcb_change_property(c, XCB_PROP_MODE_REPLACE, w,
		    atom("_NET_WM_STATE"), XCB_ATOM_ATOM, 32, 1, &full);
	xcb_map_window(c, w);
	xcb_flush(c);
	printf("%u\n", w);
	fflush(stdout);
	while ((e = xcb_wait_for_event(c))) {
		/* a compositor may show nothing of what is never painted */
		xcb_clear_area(c, 0, w, 0, 0, 0, 0);
		xcb_flush(c);
		free(e);
	}
	return 0;
}

/* At how many of 25 points of the window, wherever it lies, the screen has that
 * colour. */
static int
grid(xcb_window_t w, const char *colour)
{
	xcb_get_geometry_reply_t *g = xcb_get_geometry_reply(c,
	    xcb_get_geometry(c, w), NULL);
	xcb_translate_coordinates_reply_t *o =
	    xcb_translate_coordinates_reply(c,
	    xcb_translate_coordinates(c, w, screen->root, 0, 0), NULL);
	xcb_get_image_cookie_t cookie[25];
	xcb_get_image_reply_t *r;
	uint32_t pixel = strtoul(colour, NULL, 16);
	int i, n = 0;

	if (!g || !o)
		return 1;
	for (i = 0; i < 25; i++)
		cookie[i] = xcb_get_image(c, XCB_IMAGE_FORMAT_Z_PIXMAP,
		    screen->root,
		    o->dst_x + (2 * (i % 5) + 1) * g->width / 10,
		    o->dst_y + (2 * (i / 5) + 1) * g->height / 10,
		    1, 1, ~0u);
	for (i = 0; i < 25; i++) {
		/* an error when the point is not on the screen */
		r = xcb_get_image_reply(c, cookie[i], NULL);
		if (r)
			n += (*(uint32_t *)xcb_get_image_data(r) & 0xffffff) ==
			    pixel;
		free(r);
	}
	printf("%d\n", n);
	return 0;
}

/* Grabs the keyboard, as a menu does, until this program is killed. */
static int
hold(void)
{
	xcb_grab_keyboard_reply_t *r = xcb_grab_keyboard_reply(c,
	    xcb_grab_keyboard(c, 0, screen->root, XCB_CURRENT_TIME,
	    XCB_GRAB_MODE_ASYNC, XCB_GRAB_MODE_ASYNC), NULL);
	xcb_generic_event_t *e;

	if (!r || r->status != XCB_GRAB_STATUS_SUCCESS)
		return 1;
	puts("held");
	fflush(stdout);
	while ((e = xcb_wait_for_event(c)))
		free(e);
	return 0;
}

/* 0: every point of the pointer's image is transparent. */
static int
hidden(void)
{
	xcb_xfixes_get_cursor_image_reply_t *r;
	uint32_t *p;
	int i;

	free(xcb_xfixes_query_version_reply(c,
	    xcb_xfixes_query_version(c, 4, 0), NULL));
	r = xcb_xfixes_get_cursor_image_reply(c,
	    xcb_xfixes_get_cursor_image(c), NULL);
	if (!r)
		return 2;
	p = xcb_xfixes_get_cursor_image_cursor_image(r);
	for (i = 0; i < r->width * r->height; i++)
		if (p[i] >> 24)
			return 1;
	return 0;
}

static void
protocol(xcb_window_t w, const char *name)
{
	xcb_client_message_event_t e = {
		.response_type = XCB_CLIENT_MESSAGE, .format = 32,
		.window = w, .type = atom("WM_PROTOCOLS"),
	};

	e.data.data32[0] = atom(name);
	e.data.data32[2] = w;
	xcb_send_event(c, 0, w, 0, (char *)&e);
	xcb_flush(c);
}

static int
pixel(int x, int y)
{
	xcb_get_image_reply_t *r = xcb_get_image_reply(c, xcb_get_image(c,
	    XCB_IMAGE_FORMAT_Z_PIXMAP, screen->root, x, y, 1, 1, ~0u), NULL);
	uint8_t *p;

	if (!r)
		return 1;
	p = xcb_get_image_data(r);
	printf("%02x%02x%02x\n", p[2], p[1], p[0]);
	return 0;
}

/* A property's bytes in hex. */
static int
property(xcb_window_t w, const char *name)
{
	xcb_get_property_reply_t *r = xcb_get_property_reply(c,
	    xcb_get_property(c, 0, w ? w : screen->root, atom(name), 0, 0,
	    1024), NULL);
	uint8_t *p;
	int i;

	if (!r || !r->type)
		return 1;
	p = xcb_get_property_value(r);
	for (i = 0; i < xcb_get_property_value_length(r); i++)
		printf("%02x", p[i]);
	putchar('\n');
	return 0;
}

/* 0: a click on the middle of the window would go to it, or to its frame. */
static int
covered(xcb_window_t w)
{
	xcb_get_geometry_reply_t *g = xcb_get_geometry_reply(c,
	    xcb_get_geometry(c, w), NULL);
	xcb_translate_coordinates_reply_t *o =
	    xcb_translate_coordinates_reply(c,
	    xcb_translate_coordinates(c, w, screen->root, g ? g->width / 2 : 0,
	    g ? g->height / 2 : 0), NULL);
	xcb_query_tree_reply_t *t;

	if (!g || !o)
		return 1;
	o = xcb_translate_coordinates_reply(c, xcb_translate_coordinates(c,
	    screen->root, screen->root, o->dst_x, o->dst_y), NULL);
	while ((t = xcb_query_tree_reply(c, xcb_query_tree(c, w), NULL)) &&
	    t->parent != screen->root)
		w = t->parent;
	return !t || !o || o->child != w;
}

static void
observe(xcb_window_t w, uint32_t mask)
{
	uint32_t own = XCB_EVENT_MASK_STRUCTURE_NOTIFY;

	mask |= XCB_EVENT_MASK_SUBSTRUCTURE_NOTIFY;
	xcb_change_window_attributes(c, screen->root, XCB_CW_EVENT_MASK,
	    &mask);
	xcb_change_window_attributes(c, w, XCB_CW_EVENT_MASK, &own);
}

static pid_t stopped;

static void
goon(int sig)
{
	(void)sig;
	kill(stopped, SIGCONT);
}

/* The window of the window manager's _NET_SUPPORTING_WM_CHECK; 0: there is
 * none. */
static xcb_window_t
manager(void)
{
	xcb_get_property_reply_t *r = xcb_get_property_reply(c,
	    xcb_get_property(c, 0, screen->root,
	    atom("_NET_SUPPORTING_WM_CHECK"), XCB_ATOM_WINDOW, 0, 1), NULL);
	xcb_window_t w;

	if (!r || xcb_get_property_value_length(r) != sizeof w)
		return 0;
	memcpy(&w, xcb_get_property_value(r), sizeof w);
	return xcb_get_geometry_reply(c, xcb_get_geometry(c, w), NULL) ? w : 0;
}

static xcb_window_t
parent(xcb_window_t w)
{
	xcb_query_tree_reply_t *t = xcb_query_tree_reply(c,
	    xcb_query_tree(c, w), NULL);

	return t ? t->parent : 0;
}

/* Stops a process for a while when it has covered the window, having given a
 * sign that it is a window manager that is restarted; before the sign nothing
 * tells that from another workspace.  First of all it is stopped at every step that
 * it makes, or it would be further by the time of the answer.  There is none
 * while it has a grab of the server, so then it goes on. */
static int
stall(xcb_window_t w, pid_t pid, int ms)
{
	struct itimerval soon = { .it_value.tv_usec = 20000 }, never = { 0 };
	xcb_window_t check = manager(), frame = parent(w);
	xcb_generic_event_t *e;
	int is, sign = 0;

	stopped = pid;
	signal(SIGALRM, goon);
	observe(w, XCB_EVENT_MASK_PROPERTY_CHANGE);
	xcb_flush(c);
	while ((e = xcb_wait_for_event(c))) {
		kill(pid, SIGSTOP);
		setitimer(ITIMER_REAL, &soon, NULL);
		sign |= parent(w) != frame || manager() != check;
		is = sign && covered(w);
		setitimer(ITIMER_REAL, &never, NULL);
		if (is) {
			kill(pid, SIGSTOP);
			puts("stalled");
			fflush(stdout);
			poll(NULL, 0, ms);
			kill(pid, SIGCONT);
			return 0;
		}
		kill(pid, SIGCONT);
		free(e);
	}
	return 1;
}

/* The moments when the middle of the window is covered and uncovered, and when
 * a window manager has begun, by CLOCK_MONOTONIC, until this program is
 * killed. */
static int
watch(xcb_window_t w)
{
	xcb_atom_t check = atom("_NET_SUPPORTING_WM_CHECK");
	xcb_property_notify_event_t *p;
	xcb_generic_event_t *e;
	struct timespec t;
	int was = -1, is, began = 0;

	observe(w, XCB_EVENT_MASK_PROPERTY_CHANGE);
	do {
		clock_gettime(CLOCK_MONOTONIC, &t);
		is = covered(w);
		if (was != is)
			printf("%lld.%06ld %s\n", (long long)t.tv_sec,
			    t.tv_nsec / 1000, is ? "covered" : "uncovered");
		if (began)
			printf("%lld.%06ld wm\n", (long long)t.tv_sec,
			    t.tv_nsec / 1000);
		fflush(stdout);
		was = is;
		began = 0;
		if (!(e = xcb_wait_for_event(c)))
			break;
		p = (xcb_property_notify_event_t *)e;
		began = (e->response_type & 0x7f) == XCB_PROPERTY_NOTIFY &&
		    p->window == screen->root && p->atom == check &&
		    p->state == XCB_PROPERTY_NEW_VALUE;
		free(e);
	} while (1);
	return 0;
}

/* 0: that selection, such as a compositor's, is some program's. */
static int
owner(const char *name)
{
	xcb_get_selection_owner_reply_t *r = xcb_get_selection_owner_reply(c,
	    xcb_get_selection_owner(c, atom(name)), NULL);

	return !r || !r->owner;
}

/* A file's bytes to a unix socket, as a packet, up to its answer. */
static int
words(const char *path, const char *file)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	char buf[8192];
	ssize_t n;
	FILE *f = fopen(file, "r");
	int fd = socket(AF_UNIX, SOCK_DGRAM, 0);

	bind(fd, (struct sockaddr *)&un, sizeof(un.sun_family));
	strncpy(un.sun_path, path, sizeof(un.sun_path) - 1);
	if (!f || connect(fd, (struct sockaddr *)&un, sizeof(un)) < 0)
		return 1;
	n = fread(buf, 1, sizeof(buf), f);
	if (write(fd, buf, n) != n)
		return 1;
	return read(fd, buf, sizeof(buf)) > 0 ? 0 : 1;
}

/* A hostile client, for so many seconds: events that it made up, properties of
 * others, windows that come and go, and the window in one of its own; but no
 * destroying. */
static int
storm(xcb_window_t w, unsigned seed, int seconds)
{
	static const char *const name[] = { "_NET_SUPPORTING_WM_CHECK",
		"_NET_WM_STATE", "_NET_WM_DESKTOP", "WM_STATE", "WM_HINTS",
		"_NET_CURRENT_DESKTOP" };
	xcb_window_t own = xcb_generate_id(c), to;
	unsigned char ev[32];
	uint32_t value[5];
	time_t end = time(NULL) + seconds;
	unsigned n = 0, i;

	srand(seed);
	xcb_create_window(c, XCB_COPY_FROM_PARENT, own, screen->root, 0, 0,
	    400, 400, 0, XCB_WINDOW_CLASS_INPUT_OUTPUT, screen->root_visual,
	    XCB_CW_OVERRIDE_REDIRECT, (uint32_t[]){ 1 });
	for (; time(NULL) < end; n++) {
		for (i = 0; i < sizeof(ev); i++)
			ev[i] = rand() % 3 ? rand() : 0;
		for (i = 0; i < 5; i++)
			value[i] = rand() % 2 ? rand() : rand() % 3000;
		ev[0] = 2 + rand() % 33;
		ev[1] = rand() % 2 ? rand() % 9 : ev[1];
		to = rand() % 4 ? w : screen->root;
		for (i = 4; i <= 12; i += 4) /* where windows are */
			if (rand() % 2)
				memcpy(ev + i, &to, sizeof(to));
		switch (rand() % 16) {
		case 0:
			xcb_change_property(c, rand() % 3, to,
			    atom(name[rand() % 6]), 1 + rand() % 68, 32,
			    rand() % 6, value);
			break;
		case 1:
			xcb_delete_property(c, to, atom(name[rand() % 6]));
			break;
		case 2:
			(rand() % 2 ? xcb_map_window : xcb_unmap_window)(c,
			    rand() % 4 ? own : w);
			break;
		case 3:
			xcb_configure_window(c, rand() % 2 ? own : w,
			    rand() % 16 | XCB_CONFIG_WINDOW_STACK_MODE,
			    (uint32_t[]){ value[0] % 2000, value[1] % 2000,
			    1 + value[2] % 2000, 1 + value[3] % 2000, 0 });
			break;
		case 4:
			xcb_reparent_window(c, w, rand() % 2 ? own :
			    screen->root, rand() % 99, rand() % 99);
			break;
		case 5:
			xcb_set_input_focus(c, rand() % 3, rand() % 2 ? w :
			    rand() % 2u, XCB_CURRENT_TIME);
			break;
		default:
			xcb_send_event(c, rand() % 2, to, rand() % 2 ? 0 :
			    1u << rand() % 25, (char *)ev);
		}
		if (n % 64 == 0)
			free(xcb_get_input_focus_reply(c,
			    xcb_get_input_focus(c), NULL));
	}
	xcb_reparent_window(c, w, screen->root, 0, 0);
	xcb_map_window(c, w);
	printf("%u requests\n", n);
	return 0;
}

static int
usage(void)
{
	fputs("usage: xwin cover W H [X Y] | window W H [X Y] | pixel X Y |\n"
	      "            delete WIN | destroy WIN | kill WIN |\n"
	      "            property WIN NAME | atom NAME | hold | hidden |\n"
	      "            words SOCKET FILE | grid WIN COLOUR | watch WIN |\n"
	      "            stall WIN PID MS | owner SELECTION |\n"
	      "            storm WIN SEED SECONDS\n"
	      "a window of W 0 is a fullscreen one, WIN 0 is the root\n", stderr);
	return 2;
}

int
main(int argc, char *argv[])
{
	const char *what = argc > 1 ? argv[1] : "";
	xcb_window_t w = argc > 2 ? strtoul(argv[2], NULL, 0) : 0;
	int ret = 0;

	c = xcb_connect(NULL, NULL);
	if (xcb_connection_has_error(c))
		return 1;
	screen = xcb_setup_roots_iterator(xcb_get_setup(c)).data;
	if ((!strcmp(what, "cover") || !strcmp(what, "window")) &&
	    (argc == 4 || argc == 6))
		ret = cover(atoi(argv[2]), atoi(argv[3]),
		    argc > 4 ? atoi(argv[4]) : 0, argc > 4 ? atoi(argv[5]) : 0,
		    *what == 'w');
	else if (!strcmp(what, "grid") && argc == 4)
		ret = grid(w, argv[3]);
	else if (!strcmp(what, "watch") && argc == 3)
		ret = watch(w);
	else if (!strcmp(what, "stall") && argc == 5)
		ret = stall(w, atoi(argv[3]), atoi(argv[4]));
	else if (!strcmp(what, "storm") && argc == 5)
		ret = storm(w, atoi(argv[3]), atoi(argv[4]));
	else if (!strcmp(what, "owner") && argc == 3)
		ret = owner(argv[2]);
	else if (!strcmp(what, "pixel") && argc == 4)
		ret = pixel(atoi(argv[2]), atoi(argv[3]));
	else if (!strcmp(what, "delete") && argc == 3)
		protocol(w, "WM_DELETE_WINDOW");
	else if (!strcmp(what, "destroy") && argc == 3)
		xcb_destroy_window(c, w);
	else if (!strcmp(what, "kill") && argc == 3)
		xcb_kill_client(c, w);
	else if (!strcmp(what, "property") && argc == 4)
		ret = property(w, argv[3]);
	else if (!strcmp(what, "atom") && argc == 3)
		printf("%u\n", atom(argv[2]));
	else if (!strcmp(what, "words") && argc == 4)
		ret = words(argv[2], argv[3]);
	else if (!strcmp(what, "hold"))
		ret = hold();
	else if (!strcmp(what, "hidden"))
		ret = hidden();
	else
		ret = usage();
	/* by now all requests have been carried out */
	free(xcb_get_input_focus_reply(c, xcb_get_input_focus(c), NULL));
	xcb_disconnect(c);
	return ret;
}
