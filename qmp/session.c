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
#include <sys/socket.h>

#include <stdio.h>
#include <string.h>

#include "session.h"

enum {
	QmpMax = 1 << 20,  /* longest message; the longest seen is 207 kB */
	CommandMax = 600,
	GreetLimit = 2000  /* ms, until it is said that nobody does */
};

/* ---- commands ---- */

int
session_free(const struct session *s)
{
	return s->peer.state == PeerUp && !s->replied;
}

void
session_send(struct session *s, const char *cmd, size_t n, Replied *replied,
             void *who, msec now)
{
	s->replied = replied;
	s->who = who;
	s->peer.sock.due = now + s->hung;
	/* who sends may be in the middle of something: what follows from a
	 * loss is left to the next read, which is told of it */
	if (peer_send(&s->peer, cmd, n) < 0)
		shutdown(s->peer.sock.fd, SHUT_RDWR);
}

void
session_command(struct session *s, const char *name, const char *args,
                Replied *replied, void *who, msec now)
{
	char cmd[CommandMax];
	int n = snprintf(cmd, sizeof(cmd), "{\"execute\":\"%s\"%s%s}", name,
	    args ? ",\"arguments\":" : "", args ? args : "");

	session_send(s, cmd, n, replied, who, now);
}

/* ---- the greeting ---- */

static int
session_number(struct json version, const char *name)
{
	struct json v;
	int64_t n;

	return json_member(version, name, &v) || json_int(v, &n) ? 0 : n & 0xff;
}

static void
session_greeted(struct session *s, struct json greeting, msec now)
{
	struct json v, qemu;

	if (!json_member(greeting, "version", &v) &&
	    !json_member(v, "qemu", &qemu))
		s->version = 100 * session_number(qemu, "major") +
		    session_number(qemu, "minor");
	s->version += !s->version; /* some */
	s->peer.sock.due = now + s->hung;
}

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

	s->version = 0;
	/* at once: an agent would not greet, but refuses this */
	session_command(s, "qmp_capabilities", NULL, session_agreed, s, now);
	p->sock.due = now + GreetLimit;
}

/* ---- messages ---- */

static void
session_reply(struct session *s, const struct answer *r, msec now)
{
	Replied *replied = s->replied;

	if (!r->ok && !strncmp(r->text, "JSON parse error", 16)) {
		warn("qmp: %s: connecting again", r->text);
		peer_drop(&s->peer, 0, now);
		return;
	}
	s->replied = NULL;
	s->peer.sock.due = 0;
	replied(s->who, r, now);
	if (s->peer.state == PeerUp)
		s->ops->next(s, now);
}

static void
session_message(struct peer *p, struct json m, msec now)
{
	struct session *s = OWNER(p, struct session, peer);
	struct answer r = { .text = "" };
	struct json v;
	char text[200] = "";

	if (!json_string(m, "event", text, sizeof(text))) {
		if (json_member(m, "data", &v))
			v.s = v.end = "";
		if (p->state == PeerUp)
			s->ops->event(s, text, v, now);
		return;
	}
	if (!s->version) {
		if (json_member(m, "QMP", &v))
			peer_drop(p, WrongGreeting, now);
		else
			session_greeted(s, v, now);
		return;
	}
	r.ok = !json_member(m, "return", &r.value);
	if (!s->replied || (!r.ok && json_member(m, "error", &r.value)))
		return;
	if (!r.ok && !json_string(r.value, "desc", text, sizeof(text)))
		r.text = text;
	session_reply(s, &r, now);
}

static void
session_late(struct peer *p, msec now)
{
	struct session *s = OWNER(p, struct session, peer);

	if (!s->version) {
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
		.name = "qmp",
		.limit = QmpMax,
		.held = "QEMU is still starting, or hangs, or another client "
		        "holds this monitor: then give the VM a second -qmp",
		.wrong = "no QMP monitor",
		.connected = session_connected,
		.message = session_message,
		.late = session_late,
		.closed = session_closed,
	};

	s->ops = ops;
	s->hung = hung;
	peer_init(&s->peer, &peerops, addr);
	peer_connect(&s->peer, now);
}
