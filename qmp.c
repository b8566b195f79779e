/* See LICENSE for copyright and licence details.
 *
 * The two sockets of a virtual machine: QEMU's monitor (QMP), which tells of
 * the VM's life and takes the keys and the pointer, and the guest agent's
 * (QGA), which runs commands in the guest.
 *
 * Both are a struct peer: a connection that is made again when it is lost,
 * with a buffer for each direction and one step function, a switch on the
 * message and the state. A state names what it accepts; what else comes is
 * ignored. Nothing here blocks. The JSON part at the end of this comment's
 * reach works on whole messages in place: a struct framer finds where one
 * ends, json_check looks at all of it once, then members are taken by name.
 *
 * QEMU reads its monitor one byte per wake-up, so bytes are what a command
 * costs: no blanks, no id where the order of replies tells, and only two
 * reports in flight. What comes meanwhile waits in a queue, in which motion
 * is merged and keys never are.
 *
 * Start reading at qmpstep, agentstep and peerready. */
#include <sys/inotify.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <ctype.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "screenstub.h"

enum {
	DepthMax = 64,
	QmpMax = 1 << 20,   /* longest message; the longest seen is 207 kB */
	AgentMax = 32 << 20, /* QEMU's limits let 22 MB of output through */
	InFlight = 2,       /* reports sent and not answered */
	KeyReserve = 256,   /* room in the queue that only releases may use */
	AbsMax = 0x7fff
};

/* Time limits in ms. */
enum {
	ConnectLimit = 2000,
	GreetLimit = 2000,
	ReplyLimit = 5000,
	PauseMin = 250, PauseMax = 5000,
	PollMin = 20, PollMax = 250
};

enum { Down, Connecting, Greeting, Negotiating, Asking, Syncing, Up };
enum { Connected, Message, Timeout, Closed };

/* Flight: what a command without answer was; also its id, if it has one. */
enum { InputCmd, CapsCmd, StatusCmd };

enum { JobReady, JobPoll, JobAsked };

enum { NoGreeting = -1, WrongGreeting = -2 }; /* peer.said beside errno */

static const char *const statename[] = {
	[Down] = "down", [Connecting] = "connecting",
	[Greeting] = "greeting", [Negotiating] = "negotiating",
	[Asking] = "asking", [Syncing] = "syncing", [Up] = "up",
};

/* QEMU's name (QKeyCode, qapi/ui.json of 7.2) of each key that has one. */
static const char *const qcode[KEY_CNT] = {
	[KEY_ESC] = "esc", [KEY_1] = "1", [KEY_2] = "2", [KEY_3] = "3",
	[KEY_4] = "4", [KEY_5] = "5", [KEY_6] = "6", [KEY_7] = "7",
	[KEY_8] = "8", [KEY_9] = "9", [KEY_0] = "0", [KEY_MINUS] = "minus",
	[KEY_EQUAL] = "equal", [KEY_BACKSPACE] = "backspace",
	[KEY_TAB] = "tab", [KEY_Q] = "q", [KEY_W] = "w", [KEY_E] = "e",
	[KEY_R] = "r", [KEY_T] = "t", [KEY_Y] = "y", [KEY_U] = "u",
	[KEY_I] = "i", [KEY_O] = "o", [KEY_P] = "p",
	[KEY_LEFTBRACE] = "bracket_left", [KEY_RIGHTBRACE] = "bracket_right",
	[KEY_ENTER] = "ret", [KEY_LEFTCTRL] = "ctrl", [KEY_A] = "a",
	[KEY_S] = "s", [KEY_D] = "d", [KEY_F] = "f", [KEY_G] = "g",
	[KEY_H] = "h", [KEY_J] = "j", [KEY_K] = "k", [KEY_L] = "l",
	[KEY_SEMICOLON] = "semicolon", [KEY_APOSTROPHE] = "apostrophe",
	[KEY_GRAVE] = "grave_accent", [KEY_LEFTSHIFT] = "shift",
	[KEY_BACKSLASH] = "backslash", [KEY_Z] = "z", [KEY_X] = "x",
	[KEY_C] = "c", [KEY_V] = "v", [KEY_B] = "b", [KEY_N] = "n",
	[KEY_M] = "m", [KEY_COMMA] = "comma", [KEY_DOT] = "dot",
	[KEY_SLASH] = "slash", [KEY_RIGHTSHIFT] = "shift_r",
	[KEY_KPASTERISK] = "kp_multiply",
	[KEY_LEFTALT] = "alt", [KEY_SPACE] = "spc",
	[KEY_CAPSLOCK] = "caps_lock", [KEY_F1] = "f1", [KEY_F2] = "f2",
	[KEY_F3] = "f3", [KEY_F4] = "f4", [KEY_F5] = "f5", [KEY_F6] = "f6",
	[KEY_F7] = "f7", [KEY_F8] = "f8", [KEY_F9] = "f9", [KEY_F10] = "f10",
	[KEY_NUMLOCK] = "num_lock", [KEY_SCROLLLOCK] = "scroll_lock",
	[KEY_KP7] = "kp_7", [KEY_KP8] = "kp_8", [KEY_KP9] = "kp_9",
	[KEY_KPMINUS] = "kp_subtract", [KEY_KP4] = "kp_4", [KEY_KP5] = "kp_5",
	[KEY_KP6] = "kp_6", [KEY_KPPLUS] = "kp_add", [KEY_KP1] = "kp_1",
	[KEY_KP2] = "kp_2", [KEY_KP3] = "kp_3", [KEY_KP0] = "kp_0",
	[KEY_KPDOT] = "kp_decimal", [KEY_102ND] = "less", [KEY_F11] = "f11",
	[KEY_F12] = "f12", [KEY_RO] = "ro", [KEY_HIRAGANA] = "hiragana",
	[KEY_HENKAN] = "henkan", [KEY_KATAKANAHIRAGANA] = "katakanahiragana",
	[KEY_MUHENKAN] = "muhenkan", [KEY_KPENTER] = "kp_enter",
	[KEY_RIGHTCTRL] = "ctrl_r", [KEY_KPSLASH] = "kp_divide",
	[KEY_SYSRQ] = "print", [KEY_RIGHTALT] = "alt_r",
	[KEY_LINEFEED] = "lf", [KEY_HOME] = "home", [KEY_UP] = "up",
	[KEY_PAGEUP] = "pgup", [KEY_LEFT] = "left", [KEY_RIGHT] = "right",
	[KEY_END] = "end", [KEY_DOWN] = "down", [KEY_PAGEDOWN] = "pgdn",
	[KEY_INSERT] = "insert", [KEY_DELETE] = "delete",
	[KEY_MUTE] = "audiomute", [KEY_VOLUMEDOWN] = "volumedown",
	[KEY_VOLUMEUP] = "volumeup", [KEY_POWER] = "power",
	[KEY_KPEQUAL] = "kp_equals", [KEY_PAUSE] = "pause",
	[KEY_KPCOMMA] = "kp_comma", [KEY_HANGEUL] = "lang1",
	[KEY_HANJA] = "lang2", [KEY_YEN] = "yen", [KEY_LEFTMETA] = "meta_l",
	[KEY_RIGHTMETA] = "meta_r", [KEY_COMPOSE] = "compose",
	[KEY_STOP] = "stop", [KEY_AGAIN] = "again", [KEY_PROPS] = "props",
	[KEY_UNDO] = "undo", [KEY_FRONT] = "front", [KEY_COPY] = "copy",
	[KEY_OPEN] = "open", [KEY_PASTE] = "paste", [KEY_FIND] = "find",
	[KEY_CUT] = "cut", [KEY_HELP] = "help", [KEY_MENU] = "menu",
	[KEY_CALC] = "calculator", [KEY_SLEEP] = "sleep",
	[KEY_WAKEUP] = "wake", [KEY_MAIL] = "mail",
	[KEY_BOOKMARKS] = "ac_bookmarks", [KEY_COMPUTER] = "computer",
	[KEY_BACK] = "ac_back", [KEY_FORWARD] = "ac_forward",
	[KEY_NEXTSONG] = "audionext", [KEY_PLAYPAUSE] = "audioplay",
	[KEY_PREVIOUSSONG] = "audioprev", [KEY_STOPCD] = "audiostop",
	[KEY_HOMEPAGE] = "ac_home", [KEY_REFRESH] = "ac_refresh",
	[KEY_MEDIA] = "mediaselect",
};

static void agentanswer(struct agent *, int ok, struct json, msec now);
static void agentend(struct agent *, struct agentjob *, int ok, msec now);
static void agentpump(struct agent *, msec now);
static void agentstep(struct peer *, int msg, struct json, msec now);
static size_t axis(char *, size_t, const struct input_event *);
static size_t button(char *, size_t, const struct input_event *);
static void drop(struct peer *, int why, msec now);
static int framebyte(struct framer *, char);
static void framereset(struct framer *);
static int hascode(struct qmp *, const struct input_event *);
static size_t key(char *, size_t, const struct input_event *);
static void lost(struct qmp *, const struct report *);
static int merge(struct report *, const struct input_event *, size_t);
static int motion(const struct input_event *, size_t);
static int numeric(const char *addr, struct sockaddr_storage *, socklen_t *);
static void peerclose(struct peer *);
static void peerconnect(struct peer *, msec now);
static void peerinit(struct peer *, const char *name, const char *addr,
                     size_t limit, void (*step)(struct peer *, int,
                     struct json, msec));
static void peerready(struct source *, unsigned got, msec now);
static int peersend(struct peer *, const char *, size_t);
static void qmpanswer(struct qmp *, int id, int ok, struct json, msec now);
static void qmpcommand(struct qmp *, int id, const char *, msec now);
static void qmpevent(struct qmp *, struct json msg, msec now);
static void qmppump(struct qmp *, msec now);
static void qmpstep(struct peer *, int msg, struct json, msec now);
static size_t reportjson(char *, size_t, const struct report *);
static void say(struct peer *, int why);
static const char *skip(const char *, const char *end, int depth);
static const char *skipstring(const char *, const char *end);
static void sockclose(struct peer *);
static void to(struct peer *, int state, msec due);
static void vmstate(struct qmp *, enum vmstate, int known, msec now);
static void watch(struct peer *);
static void watchready(struct source *, unsigned got, msec now);
static const char *white(const char *, const char *end);

void
agent_cancel(struct agent *a, struct agentjob *j, msec now)
{
	struct agentjob **p;

	for (p = &a->jobs; *p && *p != j; p = &(*p)->next)
		;
	if (!*p)
		return;
	*p = j->next;
	if (a->asked != j) {
		agentpump(a, now);
		return;
	}
	/* its answer may still come, and would be taken for another's */
	a->asked = NULL;
	drop(&a->peer, 0, now);
}

void
agent_close(struct agent *a)
{
	peerclose(&a->peer);
}

void
agent_open(struct agent *a, const char *addr)
{
	peerinit(&a->peer, "qga", addr, AgentMax, agentstep);
}

void
agent_start(struct agent *a, struct agentjob *j, msec now)
{
	struct agentjob **p;

	j->next = NULL;
	j->state = JobReady;
	j->due = 0;
	j->pid = -1;
	for (p = &a->jobs; *p; p = &(*p)->next)
		;
	*p = j;
	if (a->peer.state == Down)
		peerconnect(&a->peer, now);
	else
		agentpump(a, now);
}

/* The reply to what the asked job sent. */
void
agentanswer(struct agent *a, int ok, struct json val, msec now)
{
	struct agentjob *j = a->asked;
	struct json v;
	char desc[200] = "";
	int64_t n;
	int exited = 0;

	a->asked = NULL;
	if (!j)
		return;
	if (!ok) {
		if (!json_member(val, "desc", &v))
			json_text(v, desc, sizeof(desc));
		warn("qga: %s: %s", j->argv ? j->argv[0] : "guest-ping", desc);
		agentend(a, j, 0, now);
		return;
	}
	if (!j->argv) {
		agentend(a, j, 1, now);
		return;
	}
	if (j->pid < 0) {
		if (json_member(val, "pid", &v) || json_int(v, &j->pid)) {
			warn("qga: %s: reply without a pid", j->argv[0]);
			agentend(a, j, 0, now);
			return;
		}
		j->pause = PollMin;
	} else if (!json_member(val, "exited", &v) && !json_bool(v, &exited) &&
	    exited) {
		if (!json_member(val, "exitcode", &v) && !json_int(v, &n)) {
			if (n)
				warn("qga: %s: exit code %lld", j->argv[0],
				     (long long)n);
		} else {
			warn("qga: %s: ended by a signal", j->argv[0]);
			n = 1;
		}
		agentend(a, j, n == 0, now);
		return;
	}
	j->state = JobPoll;
	j->due = now + j->pause;
	j->pause = j->pause * 2 > PollMax ? PollMax : j->pause * 2;
	agentpump(a, now);
}

void
agentend(struct agent *a, struct agentjob *j, int ok, msec now)
{
	struct agentjob **p;

	for (p = &a->jobs; *p && *p != j; p = &(*p)->next)
		;
	if (*p)
		*p = j->next;
	j->done(j, ok, now);
	agentpump(a, now);
}

/* The agent takes one command after the other: sends the next job's that has
 * something to ask, or sets the time at which one will. */
void
agentpump(struct agent *a, msec now)
{
	static const char *const ping = "{\"execute\":\"guest-ping\"}\n";
	struct agentjob *j, *next = NULL;
	char cmd[OutMax / 2], *p;
	const char *const *arg;
	size_t n;

	if (a->peer.state != Up || a->asked)
		return;
	for (j = a->jobs; j; j = j->next)
		if (!next || j->due < next->due)
			next = j;
	a->peer.sock.due = next ? next->due : 0;
	if (!next || next->due > now)
		return;
	n = snprintf(cmd, sizeof(cmd), "%s", ping);
	if (next->argv && next->state == JobPoll) {
		n = snprintf(cmd, sizeof(cmd), "{\"execute\":\"guest-exec-"
		    "status\",\"arguments\":{\"pid\":%lld}}\n",
		    (long long)next->pid);
	} else if (next->argv) {
		p = cmd + snprintf(cmd, sizeof(cmd), "{\"execute\":"
		    "\"guest-exec\",\"arguments\":{\"path\":");
		p += json_quote(p, cmd + sizeof(cmd) - p, next->argv[0]);
		n = sizeof(",\"arg\":[]}}\n");
		for (arg = next->argv + 1; p < cmd + sizeof(cmd) - n - 1 &&
		    *arg; arg++) {
			p += sprintf(p, arg == next->argv + 1 ?
			    ",\"arg\":[" : ",");
			p += json_quote(p, cmd + sizeof(cmd) - p, *arg);
		}
		if (p >= cmd + sizeof(cmd) - n - 1) {
			warn("qga: %s: arguments too long", next->argv[0]);
			agentend(a, next, 0, now);
			return;
		}
		p += sprintf(p, next->argv[1] ? "]}}\n" : "}}\n");
		n = p - cmd;
	}
	next->state = JobAsked;
	a->asked = next;
	a->peer.sock.due = now + ReplyLimit;
	if (peersend(&a->peer, cmd, n) < 0)
		drop(&a->peer, 0, now);
}

void
agentstep(struct peer *p, int msg, struct json m, msec now)
{
	struct agent *a = (struct agent *)p;
	struct agentjob *j;
	struct json v;
	char cmd[100];
	int64_t id;
	int n;

	switch (msg) {
	case Connected:
		/* 0xff clears what another client left in the agent's parser;
		 * replies to others are thrown away up to the one with our
		 * id, that the agent marks with 0xff too */
		getrandom(&a->sync, sizeof(a->sync), GRND_NONBLOCK);
		a->sync &= 0x7fffffff;
		n = snprintf(cmd, sizeof(cmd), "\xff{\"execute\":\"guest-sync-"
		    "delimited\",\"arguments\":{\"id\":%lld}}\n",
		    (long long)a->sync);
		p->sentinel = 1;
		to(p, Syncing, now + ReplyLimit);
		if (peersend(p, cmd, n) < 0)
			drop(p, 0, now);
		break;
	case Message:
		if (p->state == Syncing) {
			if (json_member(m, "return", &v) || json_int(v, &id) ||
			    id != a->sync) {
				p->sentinel = 1;
				return;
			}
			to(p, Up, 0);
			agentpump(a, now);
		} else if (!json_member(m, "return", &v)) {
			agentanswer(a, 1, v, now);
		} else if (!json_member(m, "error", &v)) {
			agentanswer(a, 0, v, now);
		}
		break;
	case Timeout:
		if (p->state == Up && !a->asked) {
			agentpump(a, now);
			return;
		}
		if (p->state == Syncing)
			note(1, "qga: no agent answers in the guest");
		else
			warn("qga: the guest's agent does not answer");
		drop(p, 0, now);
		break;
	case Closed:
		j = a->asked;
		a->asked = NULL;
		/* whether a lost guest-exec ran can't be known */
		if (j && j->argv && j->pid < 0)
			agentend(a, j, 0, now);
		else if (j)
			j->state = j->argv ? JobPoll : JobReady;
		if (!a->jobs)
			peerclose(p);
		break;
	}
}

size_t
axis(char *out, size_t size, const struct input_event *e)
{
	int v = e->value;

	if (e->type == EV_ABS)
		v = v < 0 ? 0 : v > AbsMax ? AbsMax : v;
	return snprintf(out, size, "{\"type\":\"%s\",\"data\":{\"axis\":"
	    "\"%c\",\"value\":%d}}", e->type == EV_ABS ? "abs" : "rel",
	    e->code == ABS_X ? 'x' : 'y', v);
}

/* A wheel's notch is a button that goes down and up. */
size_t
button(char *out, size_t size, const struct input_event *e)
{
	static const char *const name[] = {
		"left", "right", "middle", "side", "extra"
	};
	static const char notch[] = "{\"type\":\"btn\",\"data\":{\"down\":"
	    "%s,\"button\":\"%s\"}}";
	const char *wheel;
	int i, times = abs(e->value);
	size_t n = 0;

	if (e->type == EV_KEY)
		return snprintf(out, size, notch, e->value ? "true" : "false",
		    name[e->code - BTN_LEFT]);
	wheel = e->value > 0 ? "wheel-up" : "wheel-down";
	for (i = 0; i < times && i < 8; i++) {
		if (i)
			out[n++] = ',';
		n += snprintf(out + n, size - n, notch, "true", wheel);
		out[n++] = ',';
		n += snprintf(out + n, size - n, notch, "false", wheel);
	}
	return n;
}

/* There is no connection, or none any more (why 0): makes another attempt,
 * later and later. A unix socket that is not there is waited for by inotify
 * alone. */
void
drop(struct peer *p, int why, msec now)
{
	struct json none = { NULL, NULL };
	struct stat st;

	say(p, why);
	p->why = why;
	sockclose(p);
	/* a link that leads nowhere is there, so inotify would not tell */
	if (why != ENOENT || p->watch.fd < 0 || !lstat(p->addr, &st)) {
		p->sock.due = now + p->pause;
		p->pause = p->pause * 2 > PauseMax ? PauseMax : p->pause * 2;
		source_add(&p->sock);
	}
	p->step(p, Closed, none, now);
}

/* 1: a message is complete in buf; -1: this can't become one. */
int
framebyte(struct framer *f, char c)
{
	size_t size;
	char *buf;

	if (!f->depth && !f->len &&
	    (c == ' ' || c == '\t' || c == '\r' || c == '\n'))
		return 0;
	if (f->len == f->size) {
		if (f->size >= f->limit)
			return -1;
		size = f->size ? f->size * 2 : 4096;
		if (!(buf = realloc(f->buf, size)))
			return -1;
		f->buf = buf;
		f->size = size;
	}
	f->buf[f->len++] = c;
	if (f->escape) {
		f->escape = 0;
	} else if (f->string) {
		f->escape = c == '\\';
		f->string = c != '"';
	} else if (c == '"') {
		f->string = 1;
	} else if (c == '{' || c == '[') {
		if (++f->depth > DepthMax)
			return -1;
	} else if (c == '}' || c == ']') {
		if (!--f->depth)
			return 1;
	}
	return f->depth > 0 ? 0 : -1;
}

void
framereset(struct framer *f)
{
	if (f->size > 1 << 16) {
		free(f->buf);
		f->buf = NULL;
		f->size = 0;
	}
	f->len = 0;
	f->depth = f->string = f->escape = 0;
}

/* 0: a key that QEMU has no name for; said once for each. */
int
hascode(struct qmp *q, const struct input_event *e)
{
	unsigned char *byte = &q->nocode[e->code / 8 % sizeof(q->nocode)];

	if (e->type != EV_KEY || e->code >= BTN_MISC || qcode[e->code])
		return 1;
	if (!(*byte >> e->code % 8 & 1))
		warn("qmp: key %d: QEMU has no code for it: it is not sent",
		     e->code);
	*byte |= 1 << e->code % 8;
	return 0;
}

int
json_bool(struct json v, int *out)
{
	*out = v.end - v.s == 4 && !memcmp(v.s, "true", 4);
	return *out || (v.end - v.s == 5 && !memcmp(v.s, "false", 5)) ? 0 : -1;
}

int
json_check(const char *s, size_t n)
{
	const char *end = s + n, *p = skip(s, end, 0);

	return p && white(p, end) == end ? 0 : -1;
}

/* -1: not an integer, or out of range. */
int
json_int(struct json v, int64_t *out)
{
	const char *p = v.s;
	int64_t n = 0;
	int neg = p < v.end && *p == '-', d;

	for (p += neg; p < v.end && *p >= '0' && *p <= '9'; p++) {
		d = *p - '0';
		if (n < (INT64_MIN + d) / 10)
			return -1;
		n = n * 10 - d;
	}
	if (p != v.end || p == v.s + neg || (!neg && n == INT64_MIN))
		return -1;
	*out = neg ? n : -n;
	return 0;
}

/* The first member of that name; -1: there is none, or obj is no object. */
int
json_member(struct json obj, const char *name, struct json *val)
{
	const char *p = obj.s, *key;
	char text[64];
	struct json k;

	if (p == obj.end || *p != '{')
		return -1;
	for (p = white(p + 1, obj.end); *p == '"';
	    p = white(p + 1, obj.end)) {
		key = p;
		p = skipstring(p, obj.end);
		k.s = key;
		k.end = p;
		p = white(white(p, obj.end) + 1, obj.end);
		val->s = p;
		val->end = p = skip(p, obj.end, 0);
		if (!json_text(k, text, sizeof(text)) && !strcmp(text, name))
			return 0;
		p = white(p, obj.end);
		if (*p != ',')
			break;
	}
	return -1;
}

size_t
json_quote(char *out, size_t size, const char *s)
{
	char c[7];
	size_t n = 0, len;

#define PUT(str, l) do { \
	if (n < size) \
		memcpy(out + n, str, size - n < (l) ? size - n : (l)); \
	n += (l); \
} while (0)
	PUT("\"", 1);
	for (; *s; s++) {
		c[0] = *s;
		len = 1;
		if (*s == '"' || *s == '\\') {
			c[0] = '\\';
			c[1] = *s;
			len = 2;
		} else if ((unsigned char)*s < ' ') {
			len = snprintf(c, sizeof(c), "\\u%04x", *s);
		}
		PUT(c, len);
	}
	PUT("\"", 1);
#undef PUT
	return n;
}

int
json_text(struct json v, char *out, size_t size)
{
	static const char from[] = "\"\\/bfnrt", into[] = "\"\\/\b\f\n\r\t";
	const char *p;
	char hex[5] = "";
	unsigned long u, low;
	size_t n = 0;

	if (v.end - v.s < 2 || *v.s != '"')
		return -1;
	for (p = v.s + 1; p < v.end - 1; p++) {
		if (n + 5 > size)
			return -1;
		if (*p != '\\') {
			out[n++] = *p;
			continue;
		}
		if (*++p != 'u') {
			out[n++] = into[strchr(from, *p) - from];
			continue;
		}
		memcpy(hex, p + 1, 4);
		u = strtoul(hex, NULL, 16);
		p += 4;
		if (u >= 0xd800 && u < 0xdc00 && v.end - p > 7 &&
		    p[1] == '\\' && p[2] == 'u') {
			memcpy(hex, p + 3, 4);
			low = strtoul(hex, NULL, 16);
			if (low >= 0xdc00 && low < 0xe000) {
				u = 0x10000 + ((u - 0xd800) << 10) +
				    (low - 0xdc00);
				p += 6;
			}
		}
		if (!u || (u >= 0xd800 && u < 0xe000))
			u = 0xfffd; /* no character of a C string */
		if (u < 0x80) {
			out[n++] = u;
		} else if (u < 0x800) {
			out[n++] = 0xc0 | u >> 6;
			out[n++] = 0x80 | (u & 0x3f);
		} else if (u < 0x10000) {
			out[n++] = 0xe0 | u >> 12;
			out[n++] = 0x80 | (u >> 6 & 0x3f);
			out[n++] = 0x80 | (u & 0x3f);
		} else {
			out[n++] = 0xf0 | u >> 18;
			out[n++] = 0x80 | (u >> 12 & 0x3f);
			out[n++] = 0x80 | (u >> 6 & 0x3f);
			out[n++] = 0x80 | (u & 0x3f);
		}
	}
	if (n >= size)
		return -1;
	out[n] = '\0';
	return 0;
}

size_t
key(char *out, size_t size, const struct input_event *e)
{
	return snprintf(out, size, "{\"type\":\"key\",\"data\":{\"down\":%s,"
	    "\"key\":{\"type\":\"qcode\",\"data\":\"%s\"}}}",
	    e->value ? "true" : "false", qcode[e->code]);
}

/* Tells of the releases of a report that did not get to the guest. */
void
lost(struct qmp *q, const struct report *r)
{
	size_t i;

	for (i = 0; i < r->n; i++)
		if (r->ev[i].type == EV_KEY && !r->ev[i].value)
			q->lost(q, r->ev[i].code);
}

/* Adds motion to a report that waits; 0: it can't be. */
int
merge(struct report *r, const struct input_event *ev, size_t n)
{
	size_t i, k;

	if (!motion(ev, n) || !motion(r->ev, r->n) ||
	    r->ev[0].type != ev[0].type)
		return 0;
	for (i = 0; i < n; i++) {
		for (k = 0; k < r->n && r->ev[k].code != ev[i].code; k++)
			;
		if (k == r->n)
			r->ev[r->n++] = ev[i];
		else if (ev[i].type == EV_ABS)
			r->ev[k].value = ev[i].value;
		else
			r->ev[k].value += ev[i].value;
	}
	return 1;
}

/* x and y of one kind and nothing else. */
int
motion(const struct input_event *ev, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if ((ev[i].type != EV_REL && ev[i].type != EV_ABS) ||
		    ev[i].type != ev[0].type || ev[i].code > REL_Y)
			return 0;
	return n > 0;
}

/* host:port, where host is an address or localhost: nothing is looked up, for
 * that could block. */
int
numeric(const char *addr, struct sockaddr_storage *sa, socklen_t *len)
{
	struct addrinfo hints = { 0 }, *ai;
	char host[64];
	const char *colon = strrchr(addr, ':');
	size_t n = colon ? (size_t)(colon - addr) : 0;

	if (!n || n >= sizeof(host))
		return -1;
	memcpy(host, addr, n);
	host[n] = '\0';
	if (host[0] == '[' && host[n - 1] == ']') {
		host[n - 1] = '\0';
		memmove(host, host + 1, n - 1);
	}
	hints.ai_socktype = SOCK_STREAM;
	hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV;
	if (getaddrinfo(strcmp(host, "localhost") ? host : "127.0.0.1",
	    colon + 1, &hints, &ai))
		return -1;
	memcpy(sa, ai->ai_addr, ai->ai_addrlen);
	*len = ai->ai_addrlen;
	freeaddrinfo(ai);
	return 0;
}

void
peerclose(struct peer *p)
{
	source_del(&p->watch);
	if (p->watch.fd >= 0)
		close(p->watch.fd);
	p->watch.fd = -1;
	sockclose(p);
}

/* Makes an attempt. The folder is watched before, so that a socket that
 * appears meanwhile is not missed. */
void
peerconnect(struct peer *p, msec now)
{
	struct sockaddr_storage sa = { 0 };
	struct sockaddr_un *un = (struct sockaddr_un *)&sa;
	socklen_t len = sizeof(*un);
	int one = 1;

	peerclose(p);
	if (*p->addr == '/') {
		un->sun_family = AF_UNIX;
		if (strlen(p->addr) >= sizeof(un->sun_path)) {
			drop(p, ENAMETOOLONG, now);
			return;
		}
		strcpy(un->sun_path, p->addr);
		watch(p);
	} else if (numeric(p->addr, &sa, &len) < 0) {
		drop(p, EADDRNOTAVAIL, now);
		return;
	}
	p->sock.fd = socket(sa.ss_family, SOCK_STREAM | SOCK_NONBLOCK |
	                    SOCK_CLOEXEC, 0);
	if (p->sock.fd < 0) {
		drop(p, errno, now);
		return;
	}
	if (sa.ss_family != AF_UNIX)
		setsockopt(p->sock.fd, IPPROTO_TCP, TCP_NODELAY, &one,
		           sizeof(one));
	if (connect(p->sock.fd, (struct sockaddr *)&sa, len) < 0 &&
	    errno != EINPROGRESS) {
		/* EAGAIN: so many wait already that none is served */
		drop(p, errno == EAGAIN ? NoGreeting : errno, now);
		return;
	}
	p->sock.events = Writable;
	if (source_add(&p->sock) < 0) {
		drop(p, EMFILE, now);
		return;
	}
	to(p, Connecting, now + ConnectLimit);
}

void
peerinit(struct peer *p, const char *name, const char *addr, size_t limit,
         void (*step)(struct peer *, int, struct json, msec))
{
	p->sock.fd = p->watch.fd = -1;
	p->sock.ready = peerready;
	p->watch.ready = watchready;
	p->name = name;
	p->addr = addr;
	p->in.limit = limit;
	p->step = step;
	p->pause = PauseMin;
}

void
peerready(struct source *s, unsigned got, msec now)
{
	struct peer *p = (struct peer *)s;
	struct json m = { NULL, NULL };
	char buf[16384];
	socklen_t len = sizeof(int);
	ssize_t n, i;
	int error = 0, r, fd = s->fd;

	if (p->state == Down) {
		peerconnect(p, now);
		return;
	}
	if (!got) {
		if (p->state == Connecting)
			drop(p, ETIMEDOUT, now);
		else
			p->step(p, Timeout, m, now);
		return;
	}
	if (p->state == Connecting) {
		getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len);
		if (error) {
			drop(p, error, now);
			return;
		}
		source_del(&p->watch);
		close(p->watch.fd);
		p->watch.fd = -1;
		p->sock.events = Readable;
		p->step(p, Connected, m, now);
		return;
	}
	if ((got & Writable) && peersend(p, NULL, 0) < 0) {
		drop(p, 0, now);
		return;
	}
	if (!(got & Readable))
		return;
	n = read(fd, buf, sizeof(buf));
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		drop(p, 0, now);
		return;
	}
	note(2, "%s: read %.*s", p->name, (int)n, buf);
	/* a message may end this connection, and even begin another */
	for (i = 0; i < n && p->state > Connecting; i++) {
		if (p->sentinel && (unsigned char)buf[i] == 0xff) {
			framereset(&p->in);
			p->sentinel = 2;
			continue;
		}
		if (p->sentinel == 1)
			continue;
		r = framebyte(&p->in, buf[i]);
		if (!r)
			continue;
		m.s = p->in.buf;
		m.end = m.s + p->in.len;
		if (r < 0 || json_check(m.s, p->in.len) < 0) {
			if (p->state == Greeting) {
				drop(p, WrongGreeting, now);
				return;
			}
			warn("%s: %s: not JSON, or too much of it; "
			     "connecting again", p->name, p->addr);
			drop(p, 0, now);
			return;
		}
		p->step(p, Message, m, now);
		framereset(&p->in);
	}
}

/* Sends what fits, keeps the rest; with n 0 only what was kept. -1: the
 * connection is of no use any more. */
int
peersend(struct peer *p, const char *s, size_t n)
{
	ssize_t w;

	if (n > sizeof(p->out) - p->outlen)
		return -1;
	if (n) {
		note(2, "%s: send %.*s", p->name, (int)n, s);
		memcpy(p->out + p->outlen, s, n);
		p->outlen += n;
	}
	w = send(p->sock.fd, p->out, p->outlen, MSG_NOSIGNAL);
	if (w < 0 && errno != EAGAIN && errno != EINTR)
		return -1;
	if (w > 0) {
		p->outlen -= w;
		memmove(p->out, p->out + w, p->outlen);
	}
	p->sock.events = Readable | (p->outlen ? Writable : 0);
	return 0;
}

void
qmp_close(struct qmp *q)
{
	peerclose(&q->peer);
}

int
qmp_idle(const struct qmp *q)
{
	return q->peer.state != Up || (!q->nqueue && !q->nflight);
}

int
qmp_input(struct qmp *q, const struct input_event *ev, size_t n, msec now)
{
	struct report *last, new = { .n = 0 };
	size_t i;
	int up = 0, down = 0;

	if (q->peer.state != Up || q->vm < VmSuspended || n > ReportMax)
		return -1;
	for (i = 0; i < n; i++) {
		if (!hascode(q, &ev[i]))
			continue;
		up |= ev[i].type == EV_KEY && !ev[i].value;
		down |= ev[i].type == EV_KEY && ev[i].value;
		new.ev[new.n++] = ev[i];
	}
	if (!new.n)
		return -1;
	last = &q->queue[(q->head + q->nqueue - 1) % QueueMax];
	if (q->nqueue && merge(last, new.ev, new.n))
		return 0;
	if (q->nqueue >= QueueMax - (up && !down ? 0 : KeyReserve))
		return -1;
	q->queue[(q->head + q->nqueue++) % QueueMax] = new;
	qmppump(q, now);
	return 0;
}

void
qmp_open(struct qmp *q, const char *addr, msec now)
{
	peerinit(&q->peer, "qmp", addr, QmpMax, qmpstep);
	peerconnect(&q->peer, now);
}

void
qmpanswer(struct qmp *q, int id, int ok, struct json val, msec now)
{
	struct json v;
	char text[200] = "";

	if (!ok && !json_member(val, "desc", &v))
		json_text(v, text, sizeof(text));
	switch (id) {
	case InputCmd:
		if (ok || q->refused || q->vm < VmSuspended)
			break;
		q->refused = 1;
		warn("qmp: input was refused: %s%s", text,
		     strstr(text, "handler not found") ? " (give the VM a "
		     "-device usb-tablet or virtio-tablet-pci)" : "");
		break;
	case CapsCmd:
		if (ok && q->peer.state == Negotiating) {
			to(&q->peer, Asking, now + ReplyLimit);
			qmpcommand(q, StatusCmd, "query-status", now);
		}
		break;
	case StatusCmd:
		if (!ok || json_member(val, "status", &v) ||
		    json_text(v, text, sizeof(text)))
			break;
		if (q->peer.state == Asking) {
			to(&q->peer, Up, 0);
			q->refused = 0;
		}
		vmstate(q, !strcmp(text, "running") ? VmRunning :
		        !strcmp(text, "suspended") ? VmSuspended : VmStopped,
		        1, now);
		break;
	}
}

void
qmpcommand(struct qmp *q, int id, const char *name, msec now)
{
	char cmd[100];
	int n = snprintf(cmd, sizeof(cmd), "{\"execute\":\"%s\",\"id\":%d}",
	                 name, id);

	if (q->nflight == FlightMax || peersend(&q->peer, cmd, n) < 0)
		return; /* the time limit of this state ends it */
	q->flight[q->nflight++].id = id;
	if (!q->peer.sock.due)
		q->peer.sock.due = now + ReplyLimit;
}

void
qmpevent(struct qmp *q, struct json msg, msec now)
{
	static const struct {
		const char *name;
		enum vmstate vm;
	} event[] = {
		{ "STOP", VmStopped }, { "SHUTDOWN", VmStopped },
		{ "GUEST_PANICKED", VmStopped }, { "SUSPEND", VmSuspended },
		{ "RESUME", VmRunning }, { "WAKEUP", VmRunning },
	};
	struct json v;
	char name[64];
	size_t i;

	if (q->peer.state != Up || json_member(msg, "event", &v) ||
	    json_text(v, name, sizeof(name)))
		return;
	note(1, "qmp: event %s", name);
	for (i = 0; i < LENGTH(event); i++)
		if (!strcmp(name, event[i].name))
			vmstate(q, event[i].vm, 1, now);
	/* of a guest that panicked and then came up again nothing else tells
	 * that it runs */
	if (!strcmp(name, "RESET"))
		qmpcommand(q, StatusCmd, "query-status", now);
}

/* Sends what may be sent now. */
void
qmppump(struct qmp *q, msec now)
{
	char cmd[OutMax / 4];
	const struct report *r;
	size_t n;

	while (q->peer.state == Up && q->nqueue && q->nflight < InFlight) {
		r = &q->queue[q->head];
		n = reportjson(cmd, sizeof(cmd), r);
		q->head = (q->head + 1) % QueueMax;
		q->nqueue--;
		if (!n)
			continue;
		q->flight[q->nflight].id = InputCmd;
		q->flight[q->nflight++].report = *r;
		if (peersend(&q->peer, cmd, n) < 0) {
			drop(&q->peer, 0, now);
			return;
		}
		if (!q->peer.sock.due)
			q->peer.sock.due = now + ReplyLimit;
	}
}

/* The greeting, capabilities negotiation, the state of the VM; then replies
 * and events. QEMU answers in order; a parse error has no id, so a reply
 * without one is that to the oldest command. */
void
qmpstep(struct peer *p, int msg, struct json m, msec now)
{
	struct qmp *q = (struct qmp *)p;
	struct json v, idval;
	int64_t id;
	size_t i = 0;
	int ok;

	switch (msg) {
	case Connected:
		to(p, Greeting, now + GreetLimit);
		break;
	case Message:
		if (p->state == Greeting) {
			if (!json_member(m, "event", &v))
				break;
			if (json_member(m, "QMP", &v)) {
				drop(p, WrongGreeting, now);
				break;
			}
			to(p, Negotiating, now + ReplyLimit);
			qmpcommand(q, CapsCmd, "qmp_capabilities", now);
			break;
		}
		if (!json_member(m, "event", &v)) {
			qmpevent(q, m, now);
			break;
		}
		ok = !json_member(m, "return", &v);
		if ((!ok && json_member(m, "error", &v)) || !q->nflight)
			break;
		if (!json_member(m, "id", &idval)) {
			if (json_int(idval, &id))
				break;
			while (i < q->nflight && q->flight[i].id != id)
				i++;
			if (i == q->nflight)
				break;
		}
		id = q->flight[i].id;
		if (!ok)
			lost(q, &q->flight[i].report);
		q->nflight--;
		memmove(q->flight + i, q->flight + i + 1,
		        (q->nflight - i) * sizeof(*q->flight));
		if (p->state == Up)
			p->sock.due = q->nflight ? now + ReplyLimit : 0;
		qmpanswer(q, id, ok, v, now);
		qmppump(q, now);
		break;
	case Timeout:
		if (p->state == Greeting) {
			drop(p, NoGreeting, now);
			break;
		}
		warn("qmp: %s: a command was not answered in %d s: QEMU "
		     "hangs", p->addr, ReplyLimit / 1000);
		drop(p, 0, now);
		break;
	case Closed:
		for (i = 0; i < q->nflight; i++)
			lost(q, &q->flight[i].report);
		q->nflight = 0;
		vmstate(q, VmOff, p->why == ENOENT || p->why == ECONNREFUSED,
		        now);
		break;
	}
}

/* 0: there is nothing in it that QEMU could take. */
size_t
reportjson(char *out, size_t size, const struct report *r)
{
	const struct input_event *e;
	size_t n, len, start;
	char *p;

	start = n = snprintf(out, size, "{\"execute\":\"input-send-event\","
	    "\"arguments\":{\"events\":[");
	for (e = r->ev; e < r->ev + r->n && size - n > 2048; e++) {
		p = out + n + (n > start); /* behind a comma */
		len = 0;
		if (e->type == EV_KEY && e->code < BTN_MISC)
			len = key(p, size - n - 1, e);
		else if ((e->type == EV_KEY && e->code >= BTN_LEFT &&
		    e->code <= BTN_EXTRA) ||
		    (e->type == EV_REL && e->code == REL_WHEEL))
			len = button(p, size - n - 1, e);
		else if (e->code <= REL_Y &&
		    (e->type == EV_REL || e->type == EV_ABS))
			len = axis(p, size - n - 1, e);
		if (len && n > start)
			out[n++] = ',';
		n += len;
	}
	if (n == start)
		return 0;
	return n + snprintf(out + n, size - n, "]}}");
}

/* Says why there is no connection, once for each reason. */
void
say(struct peer *p, int why)
{
	const char *hint = "";

	if (!why || p->said == why)
		return;
	p->said = why;
	switch (why) {
	case NoGreeting:
		warn("%s: %s: no greeting: another client holds this monitor, "
		     "or QEMU hangs: give the VM a second -qmp", p->name,
		     p->addr);
		return;
	case WrongGreeting:
		warn("%s: %s: this is no QMP monitor: are the QMP and the "
		     "agent's socket swapped?", p->name, p->addr);
		return;
	case ENOENT:
		note(1, "%s: %s: waiting for it to appear", p->name, p->addr);
		return;
	case EACCES:
		hint = " (let your user connect: the group and setgid bit of "
		       "its folder, or an ACL)";
		break;
	case ECONNREFUSED:
		hint = " (no VM listens there)";
		break;
	case EADDRNOTAVAIL:
		hint = " (want /path, or address:port; no names but "
		       "localhost)";
		break;
	}
	warn("%s: %s: %s%s", p->name, p->addr, strerror(why), hint);
}

/* The end of the value that begins at s, or NULL where it is none. */
const char *
skip(const char *s, const char *end, int depth)
{
	static const char *const word[] = { "true", "false", "null", NULL };
	const char *const *w;
	const char *p = white(s, end), *digit;
	int object;

	if (p == end || depth > DepthMax)
		return NULL;
	for (w = word; *w; w++)
		if ((size_t)(end - p) >= strlen(*w) &&
		    !memcmp(p, *w, strlen(*w)))
			return p + strlen(*w);
	if (*p == '"')
		return skipstring(p, end);
	if (*p == '{' || *p == '[') {
		object = *p == '{';
		p = white(p + 1, end);
		if (p < end && *p == (object ? '}' : ']'))
			return p + 1;
		for (;; p++) {
			if (object) {
				p = white(p, end);
				if (p == end || *p != '"' ||
				    !(p = skipstring(p, end)))
					return NULL;
				p = white(p, end);
				if (p == end || *p++ != ':')
					return NULL;
			}
			if (!(p = skip(p, end, depth + 1)))
				return NULL;
			p = white(p, end);
			if (p == end || (*p != ',' &&
			    *p != (object ? '}' : ']')))
				return NULL;
			if (*p != ',')
				return p + 1;
		}
	}
	if (*p == '-')
		p++;
	for (digit = p; p < end && *p >= '0' && *p <= '9'; p++)
		;
	if (p == digit || (*digit == '0' && p > digit + 1))
		return NULL;
	if (p < end && *p == '.') {
		for (digit = ++p; p < end && *p >= '0' && *p <= '9'; p++)
			;
		if (p == digit)
			return NULL;
	}
	if (p < end && (*p == 'e' || *p == 'E')) {
		p++;
		if (p < end && (*p == '+' || *p == '-'))
			p++;
		for (digit = p; p < end && *p >= '0' && *p <= '9'; p++)
			;
		if (p == digit)
			return NULL;
	}
	return p;
}

const char *
skipstring(const char *p, const char *end)
{
	int i;

	for (p++; p < end && *p != '"'; p++) {
		if ((unsigned char)*p < ' ')
			return NULL;
		if (*p != '\\')
			continue;
		if (++p == end || !*p || !strchr("\"\\/bfnrtu", *p))
			return NULL;
		for (i = 0; *p == 'u' && i < 4; i++)
			if (end - p <= i + 1 || !isxdigit((unsigned char)
			    p[i + 1]))
				return NULL;
	}
	return p < end ? p + 1 : NULL;
}

void
sockclose(struct peer *p)
{
	source_del(&p->sock);
	if (p->sock.fd >= 0)
		close(p->sock.fd);
	p->sock.fd = -1;
	p->sock.events = p->outlen = 0;
	p->sock.due = 0;
	framereset(&p->in);
	if (p->state != Down)
		to(p, Down, 0);
}

void
to(struct peer *p, int state, msec due)
{
	note(1, "%s: %s -> %s", p->name, statename[p->state],
	     statename[state]);
	p->state = state;
	p->sock.due = due;
	if (state != Up)
		return;
	p->pause = PauseMin;
	p->said = 0;
}

void
vmstate(struct qmp *q, enum vmstate vm, int known, msec now)
{
	static const char *const name[] = {
		[VmOff] = "off", [VmStopped] = "stopped",
		[VmSuspended] = "suspended", [VmRunning] = "running",
	};

	enum vmstate before = q->vm;

	if (vm != before)
		note(1, "qmp: VM: %s -> %s", name[before], name[vm]);
	for (; vm < VmSuspended && q->nqueue; q->nqueue--) {
		lost(q, &q->queue[q->head]);
		q->head = (q->head + 1) % QueueMax;
	}
	q->vm = vm;
	q->seen |= vm != VmOff;
	q->known = known;
	q->tried = 1;
	q->changed(q, before, now);
}

/* Watches the folder that the socket will appear in, or the nearest that is
 * there; looks again afterwards, for folders may have been made meanwhile. */
void
watch(struct peer *p)
{
	char dir[sizeof(((struct sockaddr_un *)0)->sun_path)], *slash;
	const char *before = NULL;
	int wd = -1;

	p->waits = NULL;
	p->watch.fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	while (p->watch.fd >= 0 && (!p->waits || p->waits != before)) {
		before = p->waits;
		strcpy(dir, p->addr);
		do {
			slash = strrchr(dir, '/');
			*slash = '\0';
			p->waits = p->addr + (slash - dir) + 1;
			wd = inotify_add_watch(p->watch.fd, *dir ? dir : "/",
			    IN_CREATE | IN_MOVED_TO | IN_DELETE_SELF |
			    IN_MOVE_SELF | IN_ONLYDIR);
		} while (wd < 0 && *dir);
	}
	p->watch.events = Readable;
	if (wd >= 0 && source_add(&p->watch) == 0)
		return;
	if (p->watch.fd >= 0)
		close(p->watch.fd);
	p->watch.fd = -1;
}

void
watchready(struct source *s, unsigned got, msec now)
{
	struct peer *p = (struct peer *)((char *)s -
	    offsetof(struct peer, watch));
	union {
		struct inotify_event e;
		char buf[4096];
	} u;
	const struct inotify_event *e;
	size_t len = strcspn(p->waits, "/");
	ssize_t n, i;
	int hit = 0;

	(void)got;
	n = read(s->fd, u.buf, sizeof(u.buf));
	for (i = 0; i + (ssize_t)sizeof(*e) <= n; i += sizeof(*e) + e->len) {
		e = (const struct inotify_event *)(u.buf + i);
		if (!e->len || (strlen(e->name) == len &&
		    !memcmp(e->name, p->waits, len)))
			hit = 1;
	}
	if (!hit || p->state != Down)
		return;
	p->pause = PauseMin;
	peerconnect(p, now);
}

const char *
white(const char *p, const char *end)
{
	while (p < end && (*p == ' ' || *p == '\t' || *p == '\r' ||
	    *p == '\n'))
		p++;
	return p;
}
