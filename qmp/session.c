/* See LICENSE for copyright and licence details.
 *
 * A connection to QEMU's monitor. QEMU reads it one byte per wake-up, so bytes
 * are what a command costs: no blanks and no id, for there is never more than
 * one command under way, and its reply is the next return or error. The
 * exception is what QEMU could not parse: it may answer that twice, so the
 * connection is made anew.
 *
 * A connection is taken by the kernel long before QEMU looks at it: it greets
 * when it has started, which takes some time with much memory, or when the
 * client before has left. So it is waited for, and said once.
 *
 * Start reading at session_message. */
#include <stdio.h>
#include <string.h>

#include "inner.h"

enum {
	QmpMax = 1 << 20,  /* longest message; the longest seen is 207 kB */
	GreetLimit = 2000  /* ms, until it is said that nobody does */
};

/* ---- commands ---- */

int
session_free(const struct session *s)
{
	return s->peer.state == PeerUp && !s->replied;
}

void
session_command(struct session *s, const char *name, const char *args,
                Replied *replied, void *who, msec now)
{
	char cmd[ArgsMax + 100];
	int n = snprintf(cmd, sizeof(cmd), "{\"execute\":\"%s\"%s%s}", name,
	    args ? ",\"arguments\":" : "", args ? args : "");

	s->replied = replied;
	s->who = who;
	s->peer.sock.due = now + s->hung;
	peer_send(&s->peer, cmd, n);
}

/* ---- the greeting ---- */

static void
session_agreed(void *who, const struct answer *r, msec now)
{
	struct session *s = who;

	if (!r->ok) {
		peer_drop(&s->peer, WrongGreeting, now);
		return;
	}
	peer_state(&s->peer, PeerUp, 0);
	s->ops->up(s, now);
}

static void
session_connected(struct peer *p, msec now)
{
	struct session *s = OWNER(p, struct session, peer);

	s->greeted = 0;
	/* at once: an agent would not greet, but refuses this */
	session_command(s, "qmp_capabilities", NULL, session_agreed, s, now);
	p->sock.due = now + GreetLimit;
}

/* ---- messages ---- */

static void
session_message(struct peer *p, struct json m, msec now)
{
	struct session *s = OWNER(p, struct session, peer);
	char text[200];
	struct answer r = { 0, json_member(m, "return"), text };
	struct json qmp = json_member(m, "QMP");
	Replied *replied = s->replied;

	if (!json_string(m, "event", text, sizeof(text))) {
		if (p->state != PeerUp)
			return;
		s->ops->event(s, text, json_member(m, "data"), now);
		s->ops->next(s, now);
		return;
	}
	if (!s->greeted) {
		s->greeted = qmp.s < qmp.end;
		if (s->greeted)
			p->sock.due = now + s->hung;
		else
			peer_drop(p, WrongGreeting, now);
		return;
	}
	r.ok = r.value.s < r.value.end;
	if (!r.ok)
		r.value = json_member(m, "error");
	if (!replied || r.value.s == r.value.end)
		return;
	json_string(r.value, "desc", text, sizeof(text));
	if (!r.ok && !strncmp(text, "JSON parse error", 16)) {
		warn("qmp: %s: connecting again", text);
		peer_drop(p, 0, now);
		return;
	}
	s->replied = NULL;
	p->sock.due = 0;
	replied(s->who, &r, now);
	if (p->state == PeerUp)
		s->ops->next(s, now);
}

static void
session_late(struct peer *p, msec now)
{
	struct session *s = OWNER(p, struct session, peer);

	if (!s->greeted) {
		peer_say(p, NoGreeting);
		s->ops->down(s, now);
		return;
	}
	warn("qmp: %s: a command was not answered in %d ms: QEMU hangs",
	     p->addr, (int)s->hung);
	peer_drop(p, 0, now);
}

static void
session_closed(struct peer *p, msec now)
{
	struct session *s = OWNER(p, struct session, peer);

	s->replied = NULL;
	s->ops->down(s, now);
}

void
session_open(struct session *s, const struct sessionops *ops,
             const char *addr, msec hung, msec now)
{
	static const struct peerops peerops = {
		.name = "qmp", .limit = QmpMax,
		.held = "no greeting: QEMU is still starting, or hangs, or "
		        "another client holds this monitor: add a -qmp",
		.wrong = "this is no QMP monitor: are the sockets swapped?",
		.connected = session_connected, .message = session_message,
		.late = session_late, .closed = session_closed,
	};

	s->ops = ops;
	s->hung = hung;
	peer_init(&s->peer, &peerops, addr);
	peer_connect(&s->peer, now);
}
