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
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "inner.h"

enum {
	QmpMax = 1 << 20,  /* longest message; the longest seen is 207 kB */
	GreetLimit = 2000  /* ms, until it is said that nobody does */
};

/* ---- commands ---- */

int
session_idle(const struct session *s)
{
	return s->peer.state == PeerUp && !s->replied;
}

void
session_command(struct session *s, const char *name, const char *args,
                Replied *replied, void *who, msec now)
{
	char cmd[ArgsMax + 100];

	snprintf(cmd, sizeof(cmd), "{\"execute\":\"%s\"%s%s}", name,
	    *args ? ",\"arguments\":" : "", args);
	s->whole = !*name;
	s->replied = replied;
	s->who = who;
	s->peer.sock.due = now + s->hung;
	peer_send(&s->peer, *name ? cmd : args);
}

/* ---- the greeting ---- */

static void
session_agreed(void *who, const struct answer *r, msec now)
{
	struct session *s = who;

	(void)r;
	peer_state(&s->peer, PeerUp, 0);
	s->ops->up(s, now);
}

static void
session_version(const struct session *s, struct json version)
{
	int64_t major = 0, minor = 0, micro = 0;

	json_int(json_member(version, "major"), &major);
	json_int(json_member(version, "minor"), &minor);
	json_int(json_member(version, "micro"), &micro);
	ok("qmp: %s: QEMU %d.%d.%d", s->peer.addr, (int)major, (int)minor,
	    (int)micro);
}

/* ---- messages ---- */

static void
session_message(struct peer *p, struct json m, msec now)
{
	struct session *s = OWNER(p, struct session, peer);
	struct json qmp = json_member(m, "QMP");
	Replied *replied = s->replied;
	struct answer r;
	char event[40];

	if (!json_string(m, "event", event, sizeof(event))) {
		if (p->state == PeerUp)
			s->ops->event(s, event, json_member(m, "data"), now);
	} else if (p->state == PeerGreeting && !replied) {
		if (qmp.s < qmp.end) {
			session_version(s, json_member(json_member(qmp,
			    "version"), "qemu"));
			session_command(s, "qmp_capabilities", "",
			                session_agreed, s, now);
		} else {
			peer_drop(p, WrongGreeting, now);
		}
	} else if (replied && answer_read(&r, m)) {
		s->replied = NULL;
		p->sock.due = 0;
		if (s->whole || strncmp(r.text, "JSON parse error", 16))
			replied(s->who, &r, now);
		else
			peer_drop(p, Nonsense, now);
	}
	s->ops->next(s, now);
}

static void
session_late(struct peer *p, msec now)
{
	struct session *s = OWNER(p, struct session, peer);

	if (!s->replied) {
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
		.greets = GreetLimit, .message = session_message,
		.late = session_late, .closed = session_closed,
	};

	s->ops = ops;
	s->hung = hung;
	peer_init(&s->peer, &peerops, addr);
	peer_connect(&s->peer, now);
}
