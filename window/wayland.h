/* See LICENSE for copyright and licence details.
 *
 * Inside the Wayland front: wlinput.c has keys, pointer and grabs, wayland.c
 * the connection, the window and the rest. */
#ifndef WAYLAND_H
#define WAYLAND_H

#include <wayland-client.h>

#include "front.h"
#include "protocol.h"
#include "text.h"

enum { OutputMax = 16 };

struct output {
	struct wl_output *output; /* NULL: free slot */
	uint32_t global;
	char name[64];
	int entered, longer; /* the window is; of its sides, in pixels */
};

/* What we have of the compositor; NULL: there is none. */
struct proxies {
	struct wl_registry *registry;
	struct wl_compositor *compositor;
	struct wl_shm *shm;
	struct wl_seat *seat;
	struct xdg_wm_base *base;
	struct wp_viewporter *viewporter;
	struct wp_presentation *presentation;
	struct zwp_idle_inhibit_manager_v1 *idle;
	struct zwp_keyboard_shortcuts_inhibit_manager_v1 *inhibit;
	struct zwp_pointer_constraints_v1 *constraints;
	struct zwp_relative_pointer_manager_v1 *relatives;

	struct wl_surface *surface;
	struct xdg_surface *xdg;
	struct xdg_toplevel *top;
	struct wp_viewport *viewport;
	struct wl_buffer *buffer;
	struct wl_callback *frame; /* of an ask */
	struct wp_presentation_feedback *feedback;
	struct zwp_idle_inhibitor_v1 *awake;

	struct wl_keyboard *keyboard;
	struct wl_pointer *pointer;
	struct zwp_relative_pointer_v1 *relative;
	struct zwp_locked_pointer_v1 *locked;
	struct zwp_confined_pointer_v1 *confined;
	struct zwp_keyboard_shortcuts_inhibitor_v1 *inhibitor;
};

struct wayland {
	struct window window;
	struct source source; /* due: whatever is the next of below */
	msec now;             /* of what is going on, */
	void *from;           /* and whose event it is, */
	union wl_argument *arg; /* with its arguments */
	int reading;          /* wl_display_prepare_read was called */
	struct wl_display *display;
	wl_dispatcher_func_t dispatch;
	struct proxies p;
	struct output output[OutputMax + 1]; /* the last one is none */
	int outputs;
	int kde;              /* it is KWin */
	int width, height;    /* of the window; not always in pixels */
	char text[TextMax];
	int stale;            /* it has to be drawn */
	struct {              /* is it seen? see look_shown */
		int visible;  /* as was told; -1: nothing yet */
		int sees;     /* as was told */
		msec since;   /* it seems otherwise, or will be believed to;
		               * 0: it does not */
		msec asked;
		int again;    /* to be asked soon: it may have changed */
		int late;     /* the last answer was, or there was none */
		int entered;  /* ever */
		int discarded; /* so many in a row; -1: none was shown yet */
		int suspended;
		int frozen;   /* its output has gone */
		int astray;   /* on a wrong output, as was said */
		msec outputs; /* when they have changed */
	} look;
	int focused;
	double notches[2], length[2]; /* of wheels, in this frame */
	struct {
		unsigned wanted; /* GrabKeyboard and so on */
		unsigned active; /* of these */
		msec due;        /* to be decided; 0: it is */
	} grab;
};

#define PROXY_END(p, destroy) ((p) ? destroy(p) : (void)0, (p) = NULL)

/* Whose events are handled from now on: it is returned. */
static inline void *
proxy_listen(struct wayland *w, void *proxy)
{
	wl_proxy_add_dispatcher(proxy, w->dispatch, w, w);
	return proxy;
}

/* An event; see wayland_dispatch. */
typedef void wlevent(struct wayland *);

/* wlinput.c */
void wlinput_grab(struct window *, unsigned wanted, msec now);
void wlinput_decide(struct wayland *); /* whenever grab.due is set */
#define on_wl_pointer_button on_wl_keyboard_key /* they are laid out alike */
#define on_zwp_confined_pointer_v1_confined on_zwp_locked_pointer_v1_locked
wlevent on_wl_seat_capabilities, on_wl_keyboard_keymap, on_wl_keyboard_enter,
    on_wl_keyboard_leave, on_wl_keyboard_key, on_wl_pointer_enter,
    on_wl_pointer_leave, on_wl_pointer_motion, on_wl_pointer_frame,
    on_wl_pointer_axis, on_wl_pointer_axis_discrete,
    on_wl_pointer_axis_value120, on_zwp_locked_pointer_v1_locked,
    on_zwp_relative_pointer_v1_relative_motion,
    on_zwp_keyboard_shortcuts_inhibitor_v1_active,
    on_zwp_keyboard_shortcuts_inhibitor_v1_inactive;

#endif
