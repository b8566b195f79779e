/* See LICENSE for copyright and licence details.
 *
 * The connection to the X server. Nobody waits for it: a request that has a
 * reply is asked in one pass and answered in another, in the order of the wire,
 * also among events. Only before the loop replies may be waited for. */
#include <stdlib.h>
#include <string.h>

#include <xcb/dpms.h>
#include <xcb/randr.h>
#include <xcb/screensaver.h>
#include <xcb/xinput.h>
#include <xcb/xkb.h>
#include <xcb/xtest.h>

#include "x.h"

xcb_atom_t
xserver_atom(struct x *x, const char *name)
{
	xcb_intern_atom_reply_t *r = xcb_intern_atom_reply(x->conn,
	    xcb_intern_atom(x->conn, 0, strlen(name), name), NULL);
	xcb_atom_t atom = r ? r->atom : XCB_NONE;

	free(r);
	return atom;
}

int
xserver_open(struct x *x)
{
	static const char *const name[] = {
		[NetState] = "_NET_WM_STATE",
		[NetFullscreen] = "_NET_WM_STATE_FULLSCREEN",
		[NetActive] = "_NET_ACTIVE_WINDOW",
		[NetDesktop] = "_NET_CURRENT_DESKTOP",
		[NetOwnDesktop] = "_NET_WM_DESKTOP",
		[NetName] = "_NET_WM_NAME", [NetPid] = "_NET_WM_PID",
		[NetPing] = "_NET_WM_PING", [NetType] = "_NET_WM_WINDOW_TYPE",
		[NetTypeNormal] = "_NET_WM_WINDOW_TYPE_NORMAL",
		[NetBypass] = "_NET_WM_BYPASS_COMPOSITOR",
		[NetCheck] = "_NET_SUPPORTING_WM_CHECK",
		[WmProtocols] = "WM_PROTOCOLS", [WmDelete] = "WM_DELETE_WINDOW",
		[Utf8String] = "UTF8_STRING",
		[WmMachine] = "WM_CLIENT_MACHINE",
		[XfreeVt] = "XFree86_VT",
	};
	xcb_extension_t *const used[] = {
		&xcb_test_id, &xcb_xkb_id, &xcb_input_id, &xcb_randr_id,
		&xcb_dpms_id, &xcb_screensaver_id,
	};
	xcb_screen_iterator_t it;
	int screen;
	size_t i;

	x->conn = xcb_connect(NULL, &screen);
	if (xcb_connection_has_error(x->conn)) {
		xcb_disconnect(x->conn);
		return -1;
	}
	it = xcb_setup_roots_iterator(xcb_get_setup(x->conn));
	for (; screen > 0 && it.rem > 1; screen--)
		xcb_screen_next(&it);
	x->screen = it.data;
	x->root = it.data->root;
	x->width = x->rootw = it.data->width_in_pixels;
	x->height = x->rooth = it.data->height_in_pixels;
	for (i = 0; i < LENGTH(used); i++)
		xcb_prefetch_extension_data(x->conn, used[i]);
	for (i = 0; i < AtomLast; i++)
		x->atom[i] = xserver_atom(x, name[i]);
	x->source.fd = xcb_get_file_descriptor(x->conn);
	return 0;
}

const xcb_query_extension_reply_t *
xserver_extension(struct x *x, xcb_extension_t *id)
{
	const xcb_query_extension_reply_t *r = xcb_get_extension_data(x->conn,
	    id);

	return r && r->present ? r : NULL;
}

/* ---- replies ---- */

void
xserver_ask(struct x *x, unsigned sequence, xanswer *answer)
{
	size_t i = (x->ask.head + x->ask.n) % AskMax;

	if (x->ask.n == AskMax) { /* the X server hangs */
		xcb_discard_reply(x->conn, sequence);
		x->look.again = 1; /* what it finds out now means nothing */
		answer(x, NULL);
		return;
	}
	x->ask.ring[i].sequence = sequence;
	x->ask.ring[i].answer = answer;
	x->ask.n++;
}

/* That to the oldest request. */
static void
reply_take(struct x *x, void *reply, xcb_generic_error_t *err)
{
	xanswer *answer = x->ask.ring[x->ask.head].answer;

	x->ask.head = (x->ask.head + 1) % AskMax;
	x->ask.n--;
	answer(x, reply);
	free(reply);
	free(err);
}

unsigned
xserver_answer(struct x *x, const xcb_generic_event_t *before)
{
	xcb_generic_error_t *err;
	unsigned n, sequence;
	void *reply;

	for (n = 0; x->ask.n; n++) {
		sequence = x->ask.ring[x->ask.head].sequence;
		if (before && (int)(before->full_sequence - sequence) < 0)
			break;
		err = NULL;
		if (!xcb_poll_for_reply(x->conn, sequence, &reply, &err))
			break;
		reply_take(x, reply, err);
	}
	return n;
}

void
xserver_wait(struct x *x)
{
	xcb_generic_error_t *err;
	void *reply;

	while (x->ask.n) {
		err = NULL;
		reply = xcb_wait_for_reply(x->conn,
		    x->ask.ring[x->ask.head].sequence, &err);
		reply_take(x, reply, err);
	}
}
