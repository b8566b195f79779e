/* See LICENSE for copyright and licence details.
 *
 * The guest's agent (QGA), connected to when somebody first wants something of
 * it, and then kept until it is lost: each connection begins anew. It has one
 * client at a time, so no other can use this socket.
 *
 * Its socket is QEMU's, and takes bytes whether somebody reads them in the
 * guest or not; what others asked may be answered to us. So each connection
 * begins with a number of ours, which comes back; all before that is not for
 * us. Then one command after the other is sent, and its reply is the next.
 *
 * Whether an agent has opened the port QEMU knows, but does not always tell: so
 * whoever starts a job asks it, and what it said before refuses none.
 *
 * Start reading at agent_pump and agent_message. */
#include <stdio.h>
#include <string.h>

#include "agent.h"

enum {
	AgentMax = 32 << 20, /* QEMU's limits let 22 MB of output through */
	CommandMax = 16384,  /* bytes, with its arguments */
	PrintMax = 1024,     /* bytes of a command's output to the log */
	LineMost = 8         /* lines of it */
};

/* Times in ms. */
enum {
	ReplyLimit = 5000,
	RefuseLimit = 2000, /* to refuse a shutdown */
	PollEvery = 50
};

/* ---- jobs ---- */

static const char *
job_name(const struct agentjob *j)
{
	if (j->op == AgentExec)
		return j->argv[0];
	return j->op == AgentPing ? "guest-ping" : j->op == AgentLook ?
	    "guest-exec" : "guest-shutdown";
}

/* 0: it is not there. */
static int
job_unlink(struct agent *a, struct agentjob *j)
{
	struct agentjob **p;

	for (p = &a->jobs; *p && *p != j; p = &(*p)->next)
		;
	if (!*p)
		return 0;
	*p = j->next;
	return 1;
}

/* What a job is to ask now; 0: it is too long. */
static int
job_request(const struct agentjob *j, char *cmd, size_t size)
{
	const char *const *arg = j->argv;
	size_t most = size - 64, n;

	if (j->op == AgentPing)
		return sprintf(cmd, "{\"execute\":\"guest-ping\"}\n");
	if (j->op == AgentLook) /* nothing is there */
		return sprintf(cmd, "{\"execute\":\"guest-exec\","
		    "\"arguments\":{\"path\":\"/nonexistent/screenstub\"}}\n");
	if (j->op != AgentExec)
		return sprintf(cmd, "{\"execute\":\"guest-shutdown\","
		    "\"arguments\":{\"mode\":\"%s\"}}\n", j->op ==
		    AgentReboot ? "reboot" : "powerdown");
	if (j->pid >= 0)
		return sprintf(cmd, "{\"execute\":\"guest-exec-status\","
		    "\"arguments\":{\"pid\":%lld}}\n", (long long)j->pid);
	n = sprintf(cmd, "{\"execute\":\"guest-exec\",\"arguments\":{"
	    "\"path\":");
	n += json_quote(cmd + n, size - n, *arg);
	while (n < most && *++arg) {
		n += sprintf(cmd + n, arg == j->argv + 1 ? ",\"arg\":[" :
		    ",");
		n += json_quote(cmd + n, size - n, *arg);
	}
	if (n >= most) {
		warn_for(j->why, "qga: %s: arguments too long", j->argv[0]);
		return 0;
	}
	return n + sprintf(cmd + n, "%s,\"capture-output\":true}}\n",
	    j->argv[1] ? "]" : "");
}

/* ---- what came of a command ---- */

/* Bytes of the character of UTF-8 that begins at s; 0: none does. */
static size_t
text_whole(const char *s)
{
	unsigned char c = *s;
	size_t n = c < 0x80 ? 1 : c < 0xc2 ? 0 : c < 0xe0 ? 2 : c < 0xf0 ? 3 :
	    c < 0xf5 ? 4 : 0, i;

	for (i = 1; i < n; i++)
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	return n;
}

/* What a command in the guest wrote, base64 (RFC 4648) in JSON, goes to the
 * log line by line: its beginning. Windows may write UTF-16 or some code page:
 * NULs are left out, and what is no UTF-8 is escaped. */
static void
output_log(const char *name, struct json v)
{
	static const char digit[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmno"
	    "pqrstuvwxyz0123456789+/";
	char text[PrintMax + 1], out[4 * PrintMax + 1], *line;
	const char *p, *d;
	size_t n = 0, at = 0, k;
	unsigned bits = 0, have = 0, lines = 0;

	if (v.s == v.end || *v.s != '"')
		return;
	for (p = v.s + 1; n < PrintMax && *p && (d = strchr(digit, *p)); p++) {
		bits = bits << 6 | (d - digit);
		have += 6;
		if (have < 8)
			continue;
		have -= 8;
		text[n] = bits >> have;
		n += text[n] != '\0';
	}
	text[n] = '\0';
	for (n = 0; text[n]; n += k + !k)
		if ((k = text_whole(text + n)))
			at += sprintf(out + at, "%.*s", (int)k, text + n);
		else
			at += sprintf(out + at, "\\x%02x", text[n] & 0xff);
	out[at] = '\0';
	for (line = strtok(out, "\n"); line; line = strtok(NULL, "\n"))
		if (lines++ < LineMost)
			note(LogQuote, "qga: %s: %s", name, line);
	if (lines > LineMost)
		note(0, "qga: %s: and more", name);
}

/* It has ended. 1: it did well. */
static int
output_status(const struct agentjob *j, struct json val)
{
	const char *name = job_name(j);
	int64_t n = 0;
	int exited = !json_int(json_member(val, "exitcode"), &n);

	output_log(name, json_member(val, "out-data"));
	output_log(name, json_member(val, "err-data"));
	if (!exited)
		json_int(json_member(val, "signal"), &n);
	if (n || !exited)
		warn_for(j->why, "qga: %s: %s %lld", name, exited ?
		         "exit code" : "ended by signal", (long long)n);
	return exited && !n;
}

/* ---- one job after the other ---- */

static void agent_pump(struct agent *, msec now);

static void
agent_end(struct agent *a, struct agentjob *j, int ok, msec now)
{
	job_unlink(a, j);
	j->done(j, ok, now);
	agent_pump(a, now);
}

/* The agent takes one command after the other: sends the next job's that has
 * something to ask, the oldest of them, or sets the time at which one will. */
static void
agent_pump(struct agent *a, msec now)
{
	struct agentjob *j, *next = NULL;
	char cmd[CommandMax];

	if (a->peer.state != PeerUp || a->asked)
		return;
	for (j = a->jobs; j; j = j->next)
		if (!next || j->due <= next->due)
			next = j;
	a->peer.sock.due = next ? next->due : 0;
	if (!next || next->due > now)
		return;
	if (!job_request(next, cmd, sizeof(cmd))) {
		agent_end(a, next, 0, now);
		return;
	}
	a->asked = next;
	a->peer.sock.due = now + (next->op >= AgentShutdown ? RefuseLimit :
	    ReplyLimit);
	peer_send(&a->peer, cmd);
}

/* The reply to what the asked job sent. */
static void
agent_reply(struct agent *a, const struct answer *r, msec now)
{
	struct agentjob *j = a->asked;
	int looks = j->op == AgentLook && !strstr(r->text, "disabled");
	int ok = r->ok || looks, over = !ok || j->op != AgentExec;

	a->asked = NULL;
	if (!ok)
		warn_for(j->why, "qga: %s: %s", job_name(j), r->text);
	if (!over && j->pid >= 0) {
		over = json_true(json_member(r->value, "exited"));
		ok = over && output_status(j, r->value);
	} else if (!over && (json_int(json_member(r->value, "pid"), &j->pid) ||
	    j->pid < 0)) {
		warn_for(j->why, "qga: %s: reply without a pid", job_name(j));
		over = 1;
		ok = 0;
	}
	if (over) {
		agent_end(a, j, ok, now);
		return;
	}
	j->due = now + PollEvery;
	agent_pump(a, now);
}

/* ---- the connection ---- */

static void
agent_connected(struct peer *p, msec now)
{
	struct agent *a = OWNER(p, struct agent, peer);
	char cmd[100];

	/* 0xff clears what another client left in the agent's parser, and what
	 * comes before it in ours */
	a->sync = (a->sync + now) & 0x7fffffff;
	snprintf(cmd, sizeof(cmd), "\xff{\"execute\":\"guest-sync-"
	    "delimited\",\"arguments\":{\"id\":%lld}}\n", (long long)a->sync);
	peer_send(p, cmd);
}

static void
agent_message(struct peer *p, struct json m, msec now)
{
	struct agent *a = OWNER(p, struct agent, peer);
	struct json qmp = json_member(m, "QMP");
	struct answer r;
	int64_t id;

	if (qmp.s < qmp.end) {
		peer_drop(p, WrongGreeting, now);
	} else if (!answer_read(&r, m)) {
		return;
	} else if (p->state == PeerUp && a->asked) {
		agent_reply(a, &r, now);
	} else if (!json_int(r.value, &id) && id == a->sync) {
		peer_state(p, PeerUp, 0);
		agent_pump(a, now);
	}
}

static void
agent_late(struct peer *p, msec now)
{
	struct agent *a = OWNER(p, struct agent, peer);

	if (p->state == PeerUp && !a->asked)
		agent_pump(a, now);
	else
		peer_drop(p, p->state == PeerGreeting && a->open == PortOpen ?
		    NoGreeting : 0, now);
}

/* Whether a lost guest-exec ran can't be known; a shutdown is answered only if
 * it is refused; what else was asked is asked again. */
static void
agent_closed(struct peer *p, msec now)
{
	struct agent *a = OWNER(p, struct agent, peer);
	struct agentjob *j = a->asked;

	a->asked = NULL;
	if (j && j->op != AgentPing && j->op < AgentShutdown && j->pid < 0)
		warn_for(j->why, "qga: %s: the agent did not answer",
		         job_name(j));
	if (j && j->op != AgentPing && j->pid < 0)
		agent_end(a, j, j->op >= AgentShutdown, now);
	if (!a->jobs)
		peer_close(p);
}

/* ---- for others ---- */

void
agent_start(struct agent *a, struct agentjob *j, msec now)
{
	j->next = a->jobs;
	j->due = 0;
	j->pid = -1;
	a->jobs = j;
	if (a->peer.state == PeerDown)
		peer_connect(&a->peer, now);
	agent_pump(a, now);
}

void
agent_cancel(struct agent *a, struct agentjob *j, msec now)
{
	if (!job_unlink(a, j))
		return;
	if (a->asked != j) {
		agent_pump(a, now);
		return;
	}
	/* its answer may still come, and would be taken for another's */
	a->asked = NULL;
	peer_drop(&a->peer, 0, now);
}

/* A port that is closed has nobody behind it, and what was asked there is
 * lost: all fail but those that wait for an agent. */
void
agent_port(struct agent *a, enum agentport open, msec now)
{
	struct agentjob *j, *next;

	if (a->open != open)
		note(1, "qga: the agent's port is %s", open == PortOpen ?
		     "open" : open ? "not known" : "closed");
	a->open = open;
	if (open == PortClosed && a->peer.state == PeerUp)
		peer_drop(&a->peer, 0, now);
	for (j = a->jobs; open == PortClosed && j; j = next) {
		next = j->next;
		if (j->op == AgentPing)
			continue;
		if (j->op == AgentExec)
			warn_for(j->why, "qga: %s: no agent runs in the guest",
			         job_name(j));
		agent_end(a, j, 0, now);
		next = a->jobs; /* who was told may have begun others */
	}
	if (a->jobs && a->peer.state == PeerDown)
		peer_connect(&a->peer, now);
}

void
agent_open(struct agent *a, const char *addr)
{
	static const struct peerops peerops = {
		.name = "qga", .limit = AgentMax, .shared = 1,
		.greets = ReplyLimit, .connected = agent_connected,
		.message = agent_message,
		.late = agent_late, .closed = agent_closed,
	};

	a->open = PortUnknown;
	peer_init(&a->peer, &peerops, addr);
}
