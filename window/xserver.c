/* See LICENSE for copyright and licence details.
 *
 * The connection to the X server. Nobody waits for it: a request that has a
 * reply is asked in one pass and answered in another, in the order of the wire,
 * also among events. Only before the loop replies may be waited for. */
#include <string.h>

#include <xcb/dpms.h>
#include <xcb/randr.h>
#include <xcb/screensaver.h>
#include <xcb/xinput.h>
#include <xcb/xkb.h>
#include <xcb/xtest.h>

#include "x.h"

enum { AskAgain = 1000 }; /* ms */

/* Each may be missing, which costs what it is for, and a message. */
static xcb_extension_t *const extension[] = {
	[ExtDpms] = &xcb_dpms_id, [ExtInput] = &xcb_input_id,
	[ExtRandr] = &xcb_randr_id, [ExtSaver] = &xcb_screensaver_id,
	[ExtTest] = &xcb_test_id, [ExtXkb] = &xcb_xkb_id,
};

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
		[NetCurrent] = "_NET_CURRENT_DESKTOP",
		[NetDesktop] = "_NET_WM_DESKTOP",
		[NetCheck] = "_NET_SUPPORTING_WM_CHECK",
		[RandrEmulation] = "RANDR Emulation",
		[WmProtocols] = "WM_PROTOCOLS", [WmDelete] = "WM_DELETE_WINDOW",
		[WmChange] = "WM_CHANGE_STATE", [XfreeVt] = "XFree86_VT",
		[XkbRules] = "_XKB_RULES_NAMES",
	};
	xcb_screen_iterator_t it;
	int screen, i;

	x->conn = xcb_connect(NULL, &screen);
	if (xcb_connection_has_error(x->conn))
		return -1;
	it = xcb_setup_roots_iterator(xcb_get_setup(x->conn));
	for (; screen > 0 && it.rem > 1; screen--)
		xcb_screen_next(&it);
	x->root = it.data->root;
	x->width = x->all.width = it.data->width_in_pixels;
	x->height = x->all.height = it.data->height_in_pixels;
	ok("x: %.*s %u, %ux%u", xcb_setup_vendor_length(xcb_get_setup(x->conn)),
	    xcb_setup_vendor(xcb_get_setup(x->conn)),
	    xcb_get_setup(x->conn)->release_number, x->width, x->height);
	for (i = 0; i < ExtLast; i++) {
		x->ext[i] = xcb_get_extension_data(x->conn, extension[i]);
		if (x->ext[i] && x->ext[i]->present)
			continue;
		x->ext[i] = NULL;
		note(0, "x: no %s: what needs it is left out",
		    extension[i]->name);
	}
	for (i = 0; i < AtomLast; i++)
		x->atom[i] = xserver_atom(x, name[i]);
	return 0;
}

/* ---- replies ---- */

void
xserver_ask(struct x *x, unsigned sequence, xanswer *answer)
{
	if (x->asked - x->answered == AskMax) { /* the X server hangs */
		xcb_discard_reply(x->conn, sequence);
		x->source.due = x->now + AskAgain; /* this means nothing */
		answer(x, NULL);
		return;
	}
	x->ask[x->asked % AskMax].sequence = sequence;
	x->ask[x->asked++ % AskMax].answer = answer;
}

unsigned
xserver_answer(struct x *x, const xcb_generic_event_t *before, int wait)
{
	unsigned n, sequence;

	for (n = 0; x->asked != x->answered; n++) {
		sequence = x->ask[x->answered % AskMax].sequence;
		if (before && (int)(before->full_sequence - sequence) < 0)
			break;
		if (wait)
			x->reply = xcb_wait_for_reply(x->conn, sequence, NULL);
		else if (!x->replied && !xcb_poll_for_reply(x->conn, sequence,
		    &x->reply, NULL))
			break;
		if (!x->replied && !before && !wait) {
			x->replied = 1;
			return n + 1;
		}
		x->replied = 0;
		x->ask[x->answered++ % AskMax].answer(x, x->reply);
		free(x->reply);
	}
	return n;
}
