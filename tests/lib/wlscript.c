/* A compositor that has no screen, and does what lines on standard input say,
 * also what none should:
 *
 *	output NAME W H | unplug NAME     they come and go
 *	enter NAME | leave NAME           the window is on it
 *	frames 0|1      whether asks for frames are answered as they come
 *	answer          those that are not answered yet
 *	lose            they never will be
 *	configure W H [STATE...]          numbers
 *	seat N          what it has: 1 pointer, 2 keyboard
 *	focus [CODE...] | blur | key CODE 0|1
 *	ping            whether the client still answers
 *	kde             it looks like KWin
 *
 * What comes in one line, separated by ;, is sent at once, and then it prints
 * "done". Requests are printed, too, by their names. */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <wayland-server.h>

#include "wlscript-protocol.h"

enum { Max = 16 };

static struct wl_display *display;
static struct wl_resource *surface, *xdg, *top, *base, *seat, *keyboard;
static struct wl_resource *frame[Max];
static struct {
	char name[32];
	int width, height, entered;
	struct wl_global *global;
	struct wl_resource *resource;
} output[Max];
static int frames = 1, capabilities = 2;
static unsigned serial;

/* ---- what a client does ---- */

static int request(const void *, void *, uint32_t, const struct wl_message *,
                   union wl_argument *);

static void
forgotten(struct wl_resource *r)
{
	struct wl_resource **p[] = { &surface, &xdg, &top, &seat, &keyboard };
	size_t i;

	for (i = 0; i < sizeof(p) / sizeof(*p); i++)
		if (*p[i] == r)
			*p[i] = NULL;
	for (i = 0; i < Max; i++) {
		if (frame[i] == r)
			frame[i] = NULL;
		if (output[i].resource == r)
			output[i].resource = NULL;
	}
}

static struct wl_resource *
create(struct wl_client *c, const struct wl_interface *i, int version, int id)
{
	struct wl_resource *r = wl_resource_create(c, i, version, id);

	wl_resource_set_dispatcher(r, request, NULL, (void *)i, forgotten);
	return r;
}

static void
answer(void)
{
	int i;

	for (i = 0; i < Max; i++)
		if (frame[i]) {
			wl_callback_send_done(frame[i], 0);
			wl_resource_destroy(frame[i]);
		}
}

static void
configure(int width, int height, char *states)
{
	struct wl_array a;
	char *s;

	wl_array_init(&a);
	for (s = strtok(states, " "); s; s = strtok(NULL, " "))
		*(uint32_t *)wl_array_add(&a, 4) = atoi(s);
	xdg_toplevel_send_configure(top, width, height, &a);
	xdg_surface_send_configure(xdg, ++serial);
	wl_array_release(&a);
}

/* Objects are made as the protocol says, whatever they are. */
static int
request(const void *data, void *resource, uint32_t opcode,
        const struct wl_message *m, union wl_argument *arg)
{
	const struct wl_interface *i = wl_resource_get_user_data(resource);
	struct wl_resource *r = NULL;
	const char *s = m->signature, *is;
	int n;

	(void)data;
	(void)opcode;
	for (n = 0; *s; s++) {
		if (!strchr("iufsonah", *s))
			continue;
		if (*s == 'h')
			close(arg[n].h);
		if (*s == 'n')
			r = create(wl_resource_get_client(resource),
			    m->types[n], wl_resource_get_version(resource),
			    arg[n].n);
		n++;
	}
	if (strcmp(m->name, "damage_buffer") && strcmp(i->name, "wl_shm"))
		printf("%s.%s\n", i->name, m->name);
	is = r ? wl_resource_get_class(r) : "";
	if (!strcmp(is, "wl_surface"))
		surface = r;
	else if (!strcmp(is, "xdg_surface"))
		xdg = r;
	else if (!strcmp(is, "xdg_toplevel"))
		top = r;
	else if (!strcmp(is, "wl_keyboard"))
		keyboard = r;
	for (n = 0; !strcmp(is, "wl_callback") && n < Max; n++)
		if (!frame[n]) {
			frame[n] = r;
			break;
		}
	if (!strcmp(m->name, "commit") && frames)
		answer();
	if (!strcmp(m->name, "destroy") || !strcmp(m->name, "release"))
		wl_resource_destroy(resource);
	return 0;
}

static void
bound(struct wl_client *c, void *data, uint32_t version, uint32_t id)
{
	const struct wl_interface *i = data;
	struct wl_resource *r = create(c, i, version, id);

	if (i == &wl_seat_interface)
		wl_seat_send_capabilities(seat = r, capabilities);
	else if (i == &xdg_wm_base_interface)
		base = r;
}

static void
output_bound(struct wl_client *c, void *data, uint32_t version, uint32_t id)
{
	int n = ((char *)data - (char *)output) / sizeof(*output);
	struct wl_resource *r = create(c, &wl_output_interface, version, id);

	output[n].resource = r;
	wl_output_send_mode(r, WL_OUTPUT_MODE_CURRENT, output[n].width,
	    output[n].height, 60000);
	wl_output_send_name(r, output[n].name);
	wl_output_send_done(r);
	if (output[n].entered)
		wl_surface_send_enter(surface, r);
}

/* ---- what it is told ---- */

static int
output_find(const char *name)
{
	int n = 0;

	while (n < Max - 1 && strcmp(output[n].name, name))
		n++;
	return n;
}

static void
command(char *line)
{
	static const struct wl_interface kde = {
		"org_kde_plasma_window_management", 1, 0, NULL, 0, NULL
	};
	char name[32] = "", *more;
	int a = 0, b = 0, n, at = 0;
	struct wl_array keys;

	line += strspn(line, " ");
	if (sscanf(line, "output %31s %d %d", name, &a, &b) == 3) {
		n = output_find("");
		strcpy(output[n].name, name);
		output[n].width = a;
		output[n].height = b;
		output[n].global = wl_global_create(display,
		    &wl_output_interface, 4, &output[n], output_bound);
	} else if (sscanf(line, "unplug %31s", name) == 1) {
		n = output_find(name);
		wl_global_remove(output[n].global); /* as they do */
		memset(&output[n], 0, sizeof(*output));
	} else if (sscanf(line, "enter %31s", name) == 1) {
		n = output_find(name);
		output[n].entered = 1; /* as soon as it can be told */
		if (output[n].resource)
			wl_surface_send_enter(surface, output[n].resource);
	} else if (sscanf(line, "leave %31s", name) == 1) {
		n = output_find(name);
		output[n].entered = 0;
		if (output[n].resource)
			wl_surface_send_leave(surface, output[n].resource);
	} else if (sscanf(line, "frames %d", &frames) == 1) {
		if (frames)
			answer();
	} else if (!strcmp(line, "answer")) {
		answer();
	} else if (!strcmp(line, "lose")) {
		memset(frame, 0, sizeof(frame));
	} else if (sscanf(line, "configure %d %d%n", &a, &b, &at) == 2) {
		configure(a, b, line + at);
	} else if (sscanf(line, "seat %d", &capabilities) == 1) {
		if (seat)
			wl_seat_send_capabilities(seat, capabilities);
	} else if (!strncmp(line, "focus", 5)) {
		wl_array_init(&keys);
		strtok(line, " ");
		while ((more = strtok(NULL, " ")))
			*(uint32_t *)wl_array_add(&keys, 4) = atoi(more);
		wl_keyboard_send_enter(keyboard, ++serial, surface, &keys);
		wl_array_release(&keys);
	} else if (!strcmp(line, "blur")) {
		wl_keyboard_send_leave(keyboard, ++serial, surface);
	} else if (sscanf(line, "key %d %d", &a, &b) == 2) {
		wl_keyboard_send_key(keyboard, ++serial, 0, a, b);
	} else if (!strcmp(line, "ping")) {
		xdg_wm_base_send_ping(base, ++serial);
	} else if (!strcmp(line, "kde")) {
		wl_global_create(display, &kde, 1, (void *)&kde, bound);
	} else {
		fprintf(stderr, "%s: what is that?\n", line);
		exit(1);
	}
}

static int
commands(int fd, uint32_t mask, void *data)
{
	static char buf[4096];
	static size_t len;
	ssize_t r = read(fd, buf + len, sizeof(buf) - len);
	char *end, *part, *next;

	(void)mask;
	(void)data;
	if (r <= 0)
		exit(0);
	len += r;
	while ((end = memchr(buf, '\n', len))) {
		*end = '\0';
		for (part = buf; part; part = next) {
			if ((next = strchr(part, ';')))
				*next++ = '\0';
			command(part);
		}
		wl_display_flush_clients(display);
		printf("done\n");
		len -= end + 1 - buf;
		memmove(buf, end + 1, len);
	}
	return 0;
}

int
main(int argc, char *argv[])
{
	static const struct { const struct wl_interface *i; int version; } g[] = {
		{ &wl_compositor_interface, 4 }, { &wl_seat_interface, 8 },
		{ &xdg_wm_base_interface, 6 },
	};
	size_t n;

	setvbuf(stdout, NULL, _IOLBF, 0);
	display = wl_display_create();
	if (argc < 2 || wl_display_add_socket(display, argv[1]) < 0)
		return 1;
	wl_display_init_shm(display);
	for (n = 0; n < sizeof(g) / sizeof(*g); n++)
		wl_global_create(display, g[n].i, g[n].i->version < g[n].version
		    ? g[n].i->version : g[n].version, (void *)g[n].i, bound);
	wl_event_loop_add_fd(wl_display_get_event_loop(display), 0,
	    WL_EVENT_READABLE, commands, NULL);
	wl_display_run(display);
	return 0;
}
