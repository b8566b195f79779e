/* See LICENSE for copyright and licence details.
 *
 * The two sockets of a virtual machine: QEMU's monitor (QMP), which tells of
 * the VM's life and takes the keys and the pointer, and the guest agent's
 * (QGA), which runs commands in the guest.
 *
 * Both are a struct peer: a connection that is made again when it is lost,
 * with a buffer for each direction and one step function, a switch on the
 * message and the state. A state names what it accepts; what else comes is
 * ignored. Nothing here blocks. JSON is worked on in place, by whole messages:
 * a struct framer finds where one ends, json_check looks at all of it once,
 * then members are taken by name.
 *
 * QEMU reads its monitor one byte per wake-up, so bytes are what a command
 * costs: no blanks, no id where the order of replies tells. Only one report
 * is in flight: what comes meanwhile waits in a queue, in which motion is
 * merged and keys never are, and one that is refused is sent again in pieces
 * before anything that came later.
 *
 * What else is to be known of the VM (its devices, which of them gets the
 * buttons, whether its agent runs) is a bit of todo for each query. An event
 * sets bits, qmpask makes one query after the other.
 *
 * Start reading at qmpstep, qmppump, agentstep and peerready. */
#include <sys/inotify.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <ctype.h>
#include <errno.h>
#include <limits.h>
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
	KeyReserve = 256,   /* room in the queue that only releases may use */
	AbsMax = 0x7fff,
	RelMax = 127,       /* Windows' vioinput cuts off what is more */
	MotionMax = 64 * RelMax, /* merged, for a VM that is behind */
	NotchMax = 8,       /* of a wheel in one command */
	BurstMax = 14,      /* scancodes; a usb-kbd keeps 16, and drops more */
	PrintMax = 4096     /* bytes of a guest command's output to the log */
};

/* Time limits in ms. */
enum {
	ConnectLimit = 2000,
	GreetLimit = 2000,
	ReplyLimit = 5000,  /* of the agent */
	RefuseLimit = 2000, /* for the agent to refuse a shutdown */
	PauseMin = 250, PauseMax = 5000,
	PollMin = 20, PollMax = 250,
	MiceEvery = 5000,   /* at most, it is asked who has the buttons */
	QuietTime = 1000,   /* after the last RESET of a reboot */
	NodeLimit = 2000,   /* for udev to let QEMU read a node */
	NodeEvery = 100,
	StaleEvery = 10000, /* for the guest to let go of a device */
	AliveEvery = 1000,  /* while other routes carry the input */
	UsbTime = 10,       /* in which the guest takes one scancode */
	Ps2Time = 1
};

enum {
	Down, Connecting, Greeting, Negotiating, Asking, Syncing, Informing, Up
};
enum { Connected, Message, Timeout, Closed };

/* Flight: what a command without answer was; also its id, if it has one. From
 * StatusCmd to MiceCmd they are queries: bits of todo, made in this order. */
enum {
	InputCmd, CapsCmd, StatusCmd, PeripheralCmd, AnonCmd, AddCmd,
	ChardevCmd, PortCmd, MiceCmd, BusCmd, SetCmd, DelCmd, JobCmd,
	StaleCmd
};

enum { NoGreeting = -1, WrongGreeting = -2 }; /* peer.said beside errno */

const char *const vmname[] = {
	[VmOff] = "off", [VmStopped] = "stopped",
	[VmSuspended] = "suspended", [VmRunning] = "running",
};

static const char *const statename[] = {
	[Down] = "down", [Connecting] = "connecting",
	[Greeting] = "greeting", [Negotiating] = "negotiating",
	[Asking] = "asking", [Syncing] = "syncing",
	[Informing] = "informing", [Up] = "up",
};

static const char *const agentname[] = {
	[AgentPing] = "guest-ping", [AgentExec] = "guest-exec",
	[AgentShutdown] = "guest-shutdown", [AgentReboot] = "guest-shutdown",
};

/* In the order of enum: how QEMU names them. Those that read a node have
 * drivers by Route. */
static const struct {
	const char *id, *driver[3];
	const char *type[2]; /* parts of the name that all of the kind have */
} vmdevice[VmDevices] = {
	[VmKeyboard] = { "screenstub-dev-kbd", { [Usb] = "usb-kbd",
	    [Virtio] = "virtio-keyboard-pci" }, { "-kbd", "-keyboard" } },
	[VmMouse] = { "screenstub-dev-mouse", { [Usb] = "usb-mouse",
	    [Virtio] = "virtio-mouse-pci" }, { "-mouse", "-mouse" } },
	[VmTablet] = { "screenstub-dev-tablet", { [Usb] = "usb-tablet",
	    [Virtio] = "virtio-tablet-pci" }, { "-tablet", "-tablet" } },
#define NODE(id) { id, { [InputLinux] = "input-linux", \
	[VirtioHost] = "virtio-input-host-pci" }, { NULL, NULL } }
	[VmNodes + VmKeyboard] = NODE("screenstub-route-kbd"),
	[VmNodes + VmMouse] = NODE("screenstub-route-mouse"),
	[VmNodes + VmTablet] = NODE("screenstub-route-tablet"),
#undef NODE
};

/* QEMU's name (QKeyCode, qapi/ui.json of 10.0) of each key that has one; those
 * of F13 to F24 are there since 8.0. */
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
	[KEY_MEDIA] = "mediaselect", [KEY_F13] = "f13", [KEY_F14] = "f14",
	[KEY_F15] = "f15", [KEY_F16] = "f16", [KEY_F17] = "f17",
	[KEY_F18] = "f18", [KEY_F19] = "f19", [KEY_F20] = "f20",
	[KEY_F21] = "f21", [KEY_F22] = "f22", [KEY_F23] = "f23",
	[KEY_F24] = "f24",
};

static void add(struct report *, const struct input_event *);
static void agentanswer(struct agent *, int ok, struct json, msec now);
static void agentend(struct agent *, struct agentjob *, int ok, msec now);
static int agentexit(const char *name, struct json);
static void agentinfo(struct agent *, struct json);
static void agentpump(struct agent *, msec now);
static size_t agentrequest(const struct agentjob *, char *, size_t);
static void agentstep(struct peer *, int msg, struct json, msec now);
static int agentunlink(struct agent *, struct agentjob *);
static size_t axis(char *, size_t, const struct input_event *);
static size_t button(char *, size_t, const struct input_event *);
static void chardev(struct qmp *, struct json list, msec now);
static void denied(const struct qmp *, const char *text);
static void devices(struct qmp *, struct json list);
static void drop(struct peer *, int why, msec now);
static int dropmotion(struct qmp *);
static int framebyte(struct framer *, char);
static void framereset(struct framer *);
static int going(const struct qmp *);
static void hangup(struct qmp *);
static int hascode(struct qmp *, unsigned code);
static size_t key(char *, size_t, const struct input_event *);
static int lacks(const struct qmp *, int k);
static void lost(struct qmp *, const struct report *);
static int merge(struct report *, const struct input_event *, size_t);
static void mice(struct qmp *, struct json list, msec now);
static int motion(const struct input_event *, size_t);
static int numeric(const char *addr, struct sockaddr_storage *, socklen_t *);
static int occupied(struct json member);
static int oneport(const struct qmp *);
static void output(const char *name, struct json base64);
static int part(struct qmp *, struct report *, int take);
static void peerclose(struct peer *);
static void peerconnect(struct peer *, msec now);
static void peerinit(struct peer *, const char *name, const char *addr,
                     size_t limit, void (*step)(struct peer *, int,
                     struct json, msec));
static void peerready(struct source *, unsigned got, msec now);
static int peersend(struct peer *, const char *, size_t);
static int pointed(struct qmp *, const struct report *, msec now);
static void qmpadd(struct qmp *, int looked, msec now);
static void qmpanswer(struct qmp *, int id, int ok, struct json,
                      const char *text, msec now);
static void qmpask(struct qmp *, msec now);
static void qmpcommand(struct qmp *, int id, const char *name,
                       const char *args, msec now);
static void qmpdelete(struct qmp *, msec now);
static void qmpdeleted(struct qmp *, struct json msg);
static void qmpevent(struct qmp *, struct json msg, msec now);
static void qmplost(struct qmp *, msec now);
static void qmpport(struct qmp *, struct json msg, msec now);
static void qmppump(struct qmp *, msec now);
static void qmprefused(struct qmp *, const struct report *, const char *text);
static void qmpreply(struct qmp *, struct json msg, msec now);
static void qmpreset(struct qmp *, msec now);
static void qmpsend(struct qmp *, int id, const char *cmd, size_t n,
                    msec now);
static void qmpstale(struct qmp *, msec now);
static void qmpstatus(struct qmp *, int ok, struct json, msec now);
static void qmpstep(struct peer *, int msg, struct json, msec now);
static void qmptimer(struct source *, unsigned got, msec now);
static int qmpversion(struct json greeting);
static size_t reportjson(char *, size_t, const struct report *);
static void retry(struct qmp *, msec due);
static void say(struct peer *, int why);
static void shorter(struct qmp *, size_t i);
static const char *skip(const char *, const char *end, int depth);
static const char *skipstring(const char *, const char *end);
static msec slots(const struct qmp *, const struct report *, msec *burst);
static void sockclose(struct peer *);
static int takes(struct qmp *, const struct input_event *);
static void to(struct peer *, int state, msec due);
static void vmstate(struct qmp *, enum vmstate, int known, msec now);
static void watch(struct peer *);
static void watchready(struct source *, unsigned got, msec now);
static const char *white(const char *, const char *end);

/* Relative motion is added up, of a place the last one counts. */
void
add(struct report *r, const struct input_event *e)
{
	size_t k;
	int64_t v = e->value;

	for (k = 0; k < r->n && (e->type == EV_KEY ||
	    r->ev[k].type != e->type || r->ev[k].code != e->code); k++)
		;
	if (k == r->n) {
		r->ev[r->n++] = *e;
		return;
	}
	if (e->type == EV_REL) {
		v += r->ev[k].value;
		v = v > MotionMax ? MotionMax : v < -MotionMax ? -MotionMax :
		    v;
	}
	r->ev[k].value = v;
}

void
agent_cancel(struct agent *a, struct agentjob *j, msec now)
{
	if (!agentunlink(a, j))
		return;
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
	a->peer.limit = ReplyLimit;
	a->open = -1;
}

/* A port that is closed has nobody behind it, and what was asked there is
 * lost; QEMU would take our bytes and keep them for the next one. */
void
agent_port(struct agent *a, int open, msec now)
{
	if (a->open == open)
		return;
	note(1, "qga: the agent's port is %s", open > 0 ? "open" : open ?
	     "not known" : "closed");
	a->open = open;
	if (!open)
		drop(&a->peer, 0, now);
	else if (a->jobs && a->peer.state == Down)
		peerconnect(&a->peer, now);
}

void
agent_reset(struct agent *a, msec now)
{
	if (a->peer.state > Connecting)
		drop(&a->peer, 0, now);
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
	if (a->peer.state != Down)
		agentpump(a, now);
	else if (a->open)
		peerconnect(&a->peer, now);
}

/* The reply to what the asked job sent. */
void
agentanswer(struct agent *a, int ok, struct json val, msec now)
{
	struct agentjob *j = a->asked;
	const char *name;
	struct json v;
	char desc[200] = "";
	int exited = 0;

	a->asked = NULL;
	if (!j)
		return;
	name = j->argv ? j->argv[0] : agentname[j->op];
	if (!ok) {
		if (!json_member(val, "desc", &v))
			json_text(v, desc, sizeof(desc));
		warn("qga: %s: %s", name, desc);
	}
	if (!ok || j->op != AgentExec) {
		agentend(a, j, ok, now);
		return;
	}
	if (j->pid < 0) {
		if (json_member(val, "pid", &v) || json_int(v, &j->pid)) {
			warn("qga: %s: reply without a pid", name);
			agentend(a, j, 0, now);
			return;
		}
		j->pause = PollMin;
	} else if (!json_member(val, "exited", &v) && !json_bool(v, &exited) &&
	    exited) {
		agentend(a, j, agentexit(name, val), now);
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
	agentunlink(a, j);
	j->done(j, ok, now);
	agentpump(a, now);
}

/* A command has ended: what it wrote goes to the log. 1: it did well. */
int
agentexit(const char *name, struct json val)
{
	struct json v;
	int64_t n;

	if (!json_member(val, "out-data", &v))
		output(name, v);
	if (!json_member(val, "err-data", &v))
		output(name, v);
	if (!json_member(val, "exitcode", &v) && !json_int(v, &n)) {
		if (n)
			warn("qga: %s: exit code %lld", name, (long long)n);
		return n == 0;
	}
	if (json_member(val, "signal", &v) || json_int(v, &n))
		n = 0;
	warn("qga: %s: ended by signal %lld", name, (long long)n);
	return 0;
}

/* What guest-info says is disabled: distributions do that. */
void
agentinfo(struct agent *a, struct json val)
{
	struct json list, it = { NULL, NULL }, v;
	char name[64];
	int enabled;
	size_t i;

	a->blocked = 0;
	if (json_member(val, "supported_commands", &list))
		return;
	while (!json_item(list, &it)) {
		if (json_member(it, "name", &v) ||
		    json_text(v, name, sizeof(name)) ||
		    json_member(it, "enabled", &v) ||
		    json_bool(v, &enabled) || enabled)
			continue;
		note(1, "qga: %s is disabled in the guest", name);
		if (!strcmp(name, "guest-exec-status"))
			a->blocked |= 1u << AgentExec;
		for (i = 0; i < LENGTH(agentname); i++)
			if (!strcmp(name, agentname[i]))
				a->blocked |= 1u << i;
	}
}

/* The agent takes one command after the other: sends the next job's that has
 * something to ask, or sets the time at which one will. */
void
agentpump(struct agent *a, msec now)
{
	struct agentjob *j, *next = NULL;
	char cmd[OutMax / 2];
	size_t n;

	if (a->peer.state != Up || a->asked)
		return;
	for (j = a->jobs; j; j = j->next)
		if (!next || j->due < next->due)
			next = j;
	a->peer.sock.due = next ? next->due : 0;
	if (!next || next->due > now)
		return;
	if (a->blocked >> next->op & 1)
		warn("qga: %s is disabled in the guest: allow it in the "
		     "configuration of qemu-ga (block-rpcs, allow-rpcs)",
		     agentname[next->op]);
	n = a->blocked >> next->op & 1 ? 0 : agentrequest(next, cmd,
	    sizeof(cmd));
	if (!n) {
		agentend(a, next, 0, now);
		return;
	}
	next->state = JobAsked;
	a->asked = next;
	a->peer.sock.due = now + (next->op >= AgentShutdown ? RefuseLimit :
	    ReplyLimit);
	if (peersend(&a->peer, cmd, n) < 0)
		drop(&a->peer, 0, now);
}

/* What a job is to ask now; 0: it is too long. */
size_t
agentrequest(const struct agentjob *j, char *cmd, size_t size)
{
	static const char end[] = ",\"capture-output\":true}}\n";
	const char *const *arg;
	char *p;

	if (j->op == AgentPing)
		return snprintf(cmd, size, "{\"execute\":\"guest-ping\"}\n");
	if (j->op != AgentExec)
		return snprintf(cmd, size, "{\"execute\":\"guest-shutdown\","
		    "\"arguments\":{\"mode\":\"%s\"}}\n", j->op ==
		    AgentReboot ? "reboot" : "powerdown");
	if (j->state == JobPoll)
		return snprintf(cmd, size, "{\"execute\":\"guest-exec-"
		    "status\",\"arguments\":{\"pid\":%lld}}\n",
		    (long long)j->pid);
	p = cmd + snprintf(cmd, size, "{\"execute\":\"guest-exec\","
	    "\"arguments\":{\"path\":");
	p += json_quote(p, cmd + size - p, j->argv[0]);
	for (arg = j->argv + 1; p < cmd + size - sizeof(end) - 16 && *arg;
	    arg++) {
		p += sprintf(p, arg == j->argv + 1 ? ",\"arg\":[" : ",");
		p += json_quote(p, cmd + size - p, *arg);
	}
	if (p >= cmd + size - sizeof(end) - 16) {
		warn("qga: %s: arguments too long", j->argv[0]);
		return 0;
	}
	p += sprintf(p, "%s%s", j->argv[1] ? "]" : "", end);
	return p - cmd;
}

void
agentstep(struct peer *p, int msg, struct json m, msec now)
{
	static const char info[] = "{\"execute\":\"guest-info\"}\n";
	struct agent *a = (struct agent *)p;
	struct agentjob *j, *next;
	struct json v;
	char cmd[100];
	int64_t id;
	int n, ok;

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
		if (p->state == Syncing && !json_member(m, "QMP", &v)) {
			drop(p, WrongGreeting, now);
			break;
		}
		if (p->state == Syncing) {
			if (p->sentinel != 2 || json_member(m, "return", &v) ||
			    json_int(v, &id) || id != a->sync) {
				p->sentinel = 1;
				return;
			}
			to(p, Informing, now + ReplyLimit);
			if (peersend(p, info, sizeof(info) - 1) < 0)
				drop(p, 0, now);
			break;
		}
		ok = !json_member(m, "return", &v);
		if (!ok && json_member(m, "error", &v))
			break;
		if (p->state == Up) {
			agentanswer(a, ok, v, now);
			break;
		}
		if (ok)
			agentinfo(a, v);
		to(p, Up, 0);
		p->up = now;
		agentpump(a, now);
		break;
	case Timeout:
		j = a->asked;
		if (p->state == Up && !j) {
			agentpump(a, now);
			return;
		}
		if (p->state == Syncing)
			note(1, "qga: no agent answers in the guest");
		else if (!j || j->op == AgentPing || j->pid >= 0)
			warn("qga: %s: the guest's agent does not answer",
			     p->addr);
		drop(p, 0, now);
		break;
	case Closed:
		j = a->asked;
		a->asked = NULL;
		if (j)
			j->state = j->op == AgentExec && j->pid >= 0 ?
			    JobPoll : JobReady;
		/* whether a lost guest-exec ran can't be known; a shutdown is
		 * answered only if it is refused */
		if (j && j->state == JobReady && j->op != AgentPing) {
			if (j->op == AgentExec)
				warn("qga: %s: the agent did not answer",
				     j->argv[0]);
			agentend(a, j, j->op != AgentExec, now);
		}
		/* the next agent does not know the commands of this one */
		for (j = a->jobs; j && !a->open; j = next) {
			next = j->next;
			if (j->op == AgentPing)
				continue;
			warn("qga: %s: the agent has ended", j->argv ?
			     j->argv[0] : agentname[j->op]);
			agentend(a, j, 0, now);
			next = a->jobs;
		}
		if (!a->jobs || !a->open)
			peerclose(p);
		break;
	}
}

/* 0: it is not there. */
int
agentunlink(struct agent *a, struct agentjob *j)
{
	struct agentjob **p;

	for (p = &a->jobs; *p && *p != j; p = &(*p)->next)
		;
	if (!*p)
		return 0;
	*p = j->next;
	return 1;
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
	wheel = e->code == REL_HWHEEL ? e->value > 0 ? "wheel-right" :
	    "wheel-left" : e->value > 0 ? "wheel-up" : "wheel-down";
	for (i = 0; i < times; i++) {
		if (i)
			out[n++] = ',';
		n += snprintf(out + n, size - n, notch, "true", wheel);
		out[n++] = ',';
		n += snprintf(out + n, size - n, notch, "false", wheel);
	}
	return n;
}

/* Which of the agent's chardevs is ours is known by its address. */
void
chardev(struct qmp *q, struct json list, msec now)
{
	struct json it = { NULL, NULL }, v;
	size_t n = strlen(q->agent);
	char name[300], *at;
	int open = -1, is;

	while (!json_item(list, &it)) {
		if (json_member(it, "filename", &v) ||
		    json_text(v, name, sizeof(name)) ||
		    !(at = strstr(name, q->agent)) || at == name ||
		    at[-1] != ':' || (at[n] && !strchr(", ", at[n])) ||
		    json_member(it, "frontend-open", &v) ||
		    json_bool(v, &is))
			continue;
		open = is;
		if (json_member(it, "label", &v) ||
		    json_text(v, q->label, sizeof(q->label)))
			*q->label = '\0';
		break;
	}
	q->port(q, open, now);
}

/* Why a device could not be added, and what the VM lacks. */
void
denied(const struct qmp *q, const char *text)
{
	const struct vmdevice *d = &q->device[q->adding];
	const char *name = vmdevice[q->adding].driver[d->driver];

	if (d->node && strstr(text, "Permission denied"))
		warn("qmp: %s: %s: let QEMU's user read it by the udev rules "
		     "in samples/; under libvirt see samples/libvirt.xml",
		     name, text);
	else if (strstr(text, "hotplug") && !d->bus)
		warn("qmp: %s: %s: give the VM -device pcie-root-port,id="
		     "screenstub%d,chassis=%d and name its id as the bus in "
		     "config.h", name, text, q->adding + 1, q->adding + 101);
	else if (strstr(text, "usb-bus"))
		warn("qmp: %s: %s: give the VM -device qemu-xhci", name, text);
	else
		warn("qmp: %s: %s%s%s", name, text, d->bus ? ": is it its bus "
		     "in config.h? " : "", d->bus ? d->bus : "");
}

/* What -device and device_add made, with an id or without one. */
void
devices(struct qmp *q, struct json list)
{
	struct json it = { NULL, NULL }, v;
	char name[80], type[80];
	struct vmdevice *d;
	int k;

	while (!json_item(list, &it)) {
		if (json_member(it, "name", &v) ||
		    json_text(v, name, sizeof(name)) ||
		    json_member(it, "type", &v) ||
		    json_text(v, type, sizeof(type)))
			continue;
		for (k = 0; k < VmDevices; k++) {
			d = &q->device[k];
			if (d->bus && !strcmp(name, d->bus))
				d->port = strstr(type, "root-port") ||
				    strstr(type, "downstream");
			if (d->node ? strcmp(name, vmdevice[k].id) != 0 :
			    k >= VmNodes || (!strstr(type,
			    vmdevice[k].type[0]) && !strstr(type,
			    vmdevice[k].type[1])))
				continue;
			d->there = 1;
			d->usb |= strstr(type, "usb-") != NULL;
			if (!d->ours && !strcmp(name, vmdevice[k].id))
				d->ours = 1;
		}
	}
}

/* There is no connection, or none any more (why 0): makes another attempt,
 * later and later. A unix socket that is not there is waited for by inotify
 * alone. */
void
drop(struct peer *p, int why, msec now)
{
	char path[sizeof(((struct sockaddr_un *)0)->sun_path)];
	struct json none = { NULL, NULL };
	struct stat st;

	say(p, why);
	p->why = why;
	if (p->state == Up && now - p->up >= PauseMax)
		p->pause = PauseMin; /* it does not come and go */
	sockclose(p);
	if (p->watch.fd < 0)
		watch(p); /* the next VM is not to wait for our pause */
	if (p->watch.fd >= 0)
		snprintf(path, sizeof(path), "%.*s", (int)(p->waits - p->addr +
		    strcspn(p->waits, "/")), p->addr);
	/* a link that leads nowhere is there, so inotify would not tell */
	if (why != ENOENT || p->watch.fd < 0 || !lstat(path, &st)) {
		p->sock.due = now + p->pause;
		p->pause = p->pause * 2 > PauseMax ? PauseMax : p->pause * 2;
		source_add(&p->sock);
	}
	p->step(p, Closed, none, now);
}

/* Makes room: the oldest motion goes first; 0: there is none. */
int
dropmotion(struct qmp *q)
{
	struct report *r;
	size_t i;

	for (i = 0; i < q->nqueue; i++) {
		r = &q->queue[(q->head + i) % QueueMax];
		if (motion(r->ev, r->n))
			break;
	}
	if (i == q->nqueue)
		return 0;
	for (shorter(q, i); i < q->nqueue; i++)
		q->queue[(q->head + i) % QueueMax] =
		    q->queue[(q->head + i + 1) % QueueMax];
	return 1;
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

/* The guest has been asked to let go of a device. It is told of all that are
 * on their way out each time, and ejects what is in their slots by then: the
 * next one has to wait (QEMU, hw/acpi/pcihp.c). */
int
going(const struct qmp *q)
{
	int k;

	for (k = 0; k < VmDevices && !q->device[k].gone; k++)
		;
	return k < VmDevices;
}

/* It could not be sent. Who sends is in the middle of a packet: what follows
 * from the loss is left to the next read, which is told of it. */
void
hangup(struct qmp *q)
{
	shutdown(q->peer.sock.fd, SHUT_RDWR);
}

/* 0: a key that this QEMU has no name for; said once for each. */
int
hascode(struct qmp *q, unsigned code)
{
	unsigned char *byte = &q->nocode[code / 8];

	if (qcode[code] && (q->major >= 8 || code < KEY_F13 ||
	    code > KEY_F24))
		return 1;
	if (!(*byte >> code % 8 & 1))
		warn("qmp: key %u: QEMU has no code for it: it is not sent",
		     code);
	*byte |= 1 << code % 8;
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

int
json_item(struct json array, struct json *it)
{
	const char *p = it->s ? white(it->end, array.end) : array.s;

	if (p == array.end || (*p != ',' && *p != '['))
		return -1;
	p = white(p + 1, array.end);
	it->s = p;
	it->end = p = skip(p, array.end, 0); /* NULL: it is empty */
	return p ? 0 : -1;
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

/* Is a device to be added, or a stale one removed? As function 0 is when the
 * guest looks for the others, it is the last to be added, and has to go when
 * one of them is missing. */
int
lacks(const struct qmp *q, int k)
{
	const struct vmdevice *d = &q->device[k], *zero;
	int others;

	if (k < VmNodes)
		return !d->there && d->driver != Ps2;
	if (!d->node || !oneport(q))
		return d->node && !d->reads;
	zero = &q->device[VmDevices - 1];
	others = zero[-1].reads && zero[-2].reads;
	if (d != zero)
		return !d->reads && (d->there || !zero->there);
	return d->there ? !d->reads || !others : others;
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
	size_t i;

	if (!motion(ev, n) || !motion(r->ev, r->n) ||
	    r->ev[0].type != ev[0].type)
		return 0;
	for (i = 0; i < n; i++)
		add(r, &ev[i]);
	return 1;
}

/* Who gets what: QEMU lists its handlers, and which one has the buttons. */
void
mice(struct qmp *q, struct json list, msec now)
{
	struct json it = { NULL, NULL }, v;
	int64_t index;
	int absolute, current, ps2, was = q->pointer;
	char name[80];

	q->mice[0] = q->mice[1] = q->pointer = -1;
	q->sidemouse = q->hwheel = 0;
	while (!json_item(list, &it)) {
		if (json_member(it, "name", &v) ||
		    json_text(v, name, sizeof(name)) ||
		    json_member(it, "index", &v) || json_int(v, &index) ||
		    index < 0 || index > 9999 ||
		    json_member(it, "absolute", &v) ||
		    json_bool(v, &absolute) ||
		    json_member(it, "current", &v) || json_bool(v, &current))
			continue;
		ps2 = strstr(name, "PS/2") != NULL;
		if (q->mice[!absolute] < 0 || !ps2)
			q->mice[!absolute] = index;
		q->sidemouse |= absolute && strstr(name, "HID");
		if (current)
			q->pointer = !absolute;
		if (current)
			q->hwheel = ps2;
	}
	q->checked = now;
	if (q->mouseset && q->pointer == was && was >= 0) {
		if (!q->unmoved++)
			warn("qmp: mouse_set %d did nothing: buttons may go "
			     "to the wrong device", q->mice[!was]);
		q->mice[!was] = -1; /* not tried again before the next look */
	}
	q->mouseset = 0;
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

/* A member of a bus: a slot with something in it. */
int
occupied(struct json member)
{
	struct json v;
	char name[64];

	return !json_member(member, "name", &v) &&
	    !json_text(v, name, sizeof(name)) && !strncmp(name, "child[", 6);
}

/* 1: the nodes are to be functions of one device, for they have one port. */
int
oneport(const struct qmp *q)
{
	const struct vmdevice *d = q->device + VmNodes;

	return d[0].port && d[1].bus && d[2].bus &&
	    !strcmp(d[0].bus, d[1].bus) && !strcmp(d[0].bus, d[2].bus);
}

/* What a command in the guest wrote, base64 (RFC 4648) in JSON, goes to the
 * log line by line. */
void
output(const char *name, struct json v)
{
	static const char digit[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmno"
	    "pqrstuvwxyz0123456789+/";
	const char *p = v.s + 1, *d;
	char line[200];
	size_t n = 0, total = 0;
	unsigned bits = 0, have = 0;

	if (*v.s != '"')
		return;
	for (; p < v.end && total < PrintMax && *p &&
	    (d = strchr(digit, *p)); p++) {
		bits = bits << 6 | (d - digit);
		have += 6;
		if (have < 8)
			continue;
		have -= 8;
		line[n++] = bits >> have;
		total++;
		if (line[n - 1] == '\n' || n == sizeof(line)) {
			warn("qga: %s: %.*s", name, (int)(line[n - 1] == '\n' ?
			     n - 1 : n), line);
			n = 0;
		}
	}
	if (n)
		warn("qga: %s: %.*s", name, (int)n, line);
	if (total == PrintMax && v.end - p > 4)
		warn("qga: %s: it wrote more, which is left out", name);
}

/* What of the queue goes into the next command, and, if it is taken, leaves the
 * queue: an event of a report that was refused, key-ups first, or the oldest
 * report, of long motions and fast wheels only as much as a device can take at
 * once. 0: nothing. */
int
part(struct qmp *q, struct report *r, int take)
{
	struct report *from = q->again.n ? &q->again : &q->queue[q->head];
	struct report rest = { .n = 0 };
	struct input_event *e;
	size_t i, one = 0;
	int max;

	if (!q->again.n && !q->nqueue)
		return 0;
	*r = *from;
	for (i = r->n; q->again.n && i--;)
		if (r->ev[i].type == EV_KEY && !r->ev[i].value)
			one = i;
	for (r->n = i = 0; i < from->n; i++) {
		if (q->again.n && i != one) {
			rest.ev[rest.n++] = from->ev[i];
			continue;
		}
		if (from->ev[i].type == EV_REL && !from->ev[i].value)
			continue; /* what was added up may be nothing */
		e = &r->ev[r->n++];
		*e = from->ev[i];
		max = e->type != EV_REL ? INT_MAX : e->code <= REL_Y ? RelMax :
		    NotchMax;
		if (e->value > max || e->value < -max) {
			e->value = e->value > 0 ? max : -max;
			rest.ev[rest.n] = from->ev[i];
			rest.ev[rest.n++].value -= e->value;
		}
	}
	if (!take)
		return 1;
	*from = rest;
	if (!rest.n && from != &q->again) {
		q->head = (q->head + 1) % QueueMax;
		shorter(q, 0);
	}
	return 1;
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
	watch(p);
	if (*p->addr == '/') {
		un->sun_family = AF_UNIX;
		if (strlen(p->addr) >= sizeof(un->sun_path)) {
			drop(p, ENAMETOOLONG, now);
			return;
		}
		strcpy(un->sun_path, p->addr);
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
	struct ucred cred;
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
		len = sizeof(cred);
		p->pid = getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred,
		    &len) < 0 ? 0 : cred.pid; /* 0 with TCP, too */
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
		r = framebyte(&p->in, buf[i]);
		if (!r)
			continue;
		m.s = p->in.buf;
		m.end = m.s + p->in.len;
		if (r < 0 || json_check(m.s, p->in.len) < 0) {
			if (p->sentinel == 1) { /* the end of another's */
				framereset(&p->in);
				continue;
			}
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

/* Do the buttons in it go to the device that gets the motion? Absolute motion
 * goes to a tablet and relative to a mouse whatever we do, buttons and wheels
 * to the one that mouse_set chose, or whose driver was loaded last; and a
 * tablet's buttons take its old position along. 0: it is being found out. A
 * button that is down holds its device. */
int
pointed(struct qmp *q, const struct report *r, msec now)
{
	const struct input_event *e;
	int relative = q->relative, press = 0;
	char args[60];

	for (e = r->ev; e < r->ev + r->n; e++) {
		if (e->code <= REL_Y && e->type != EV_KEY)
			relative = e->type == EV_REL;
		press |= e->type == EV_REL && e->code > REL_Y;
		press |= e->type == EV_KEY && e->code >= BTN_MISC && e->value;
	}
	for (e = r->ev; e < r->ev + r->n; e++)
		relative |= q->sidemouse && e->type == EV_KEY &&
		    (e->code == BTN_SIDE || e->code == BTN_EXTRA);
	if (!press || q->buttons)
		return 1;
	if (q->asking == MiceCmd || q->asking == SetCmd)
		return 0;
	if (!q->checked || now - q->checked >= MiceEvery) {
		q->todo |= 1u << MiceCmd;
		return 0;
	}
	if (q->todo >> MiceCmd & 1)
		return 0;
	if (q->pointer < 0 || q->pointer == relative || q->mice[relative] < 0)
		return 1;
	if (q->asking)
		return 0;
	snprintf(args, sizeof(args), "{\"command-line\":\"mouse_set %d\"}",
	    q->mice[relative]);
	qmpcommand(q, SetCmd, "human-monitor-command", args, now);
	return 0;
}

void
qmp_close(struct qmp *q)
{
	source_del(&q->timer);
	peerclose(&q->peer);
}

int
qmp_command(struct qmp *q, struct qmpjob *j, msec now)
{
	struct qmpjob **p;

	if (q->peer.state != Up)
		return -1;
	for (p = &q->jobs; *p; p = &(*p)->next)
		;
	*p = j;
	j->next = NULL;
	j->behind = q->nqueue;
	qmppump(q, now);
	return 0;
}

void
qmp_forget(struct qmp *q, struct qmpjob *j)
{
	struct qmpjob **p;
	size_t i;

	for (p = &q->jobs; *p && *p != j; p = &(*p)->next)
		;
	if (*p)
		*p = j->next;
	for (i = 0; i < q->nflight; i++)
		if (q->flight[i].job == j)
			q->flight[i].job = NULL;
}

pid_t
qmp_holds(const struct qmp *q)
{
	int k;

	for (k = VmNodes; k < VmDevices; k++)
		if (q->device[k].reads > 0 && q->device[k].driver == VirtioHost)
			return q->device[k].reads;
	return 0;
}

int
qmp_idle(const struct qmp *q)
{
	size_t i;

	if (q->peer.state != Up)
		return 1;
	for (i = 0; i < VmDevices; i++)
		if (q->removed && q->device[i].ours)
			return 0;
	return !q->nqueue && !q->again.n && !q->nflight && !q->jobs;
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
		if (!takes(q, &ev[i]) || (q->leaving && ev[i].type == EV_KEY &&
		    ev[i].value)) /* nobody would release it */
			continue;
		up |= ev[i].type == EV_KEY && !ev[i].value;
		down |= ev[i].type == EV_KEY && ev[i].value;
		add(&new, &ev[i]);
	}
	if (!new.n)
		return -1;
	last = &q->queue[(q->head + q->nqueue - 1) % QueueMax];
	if (q->nqueue && merge(last, new.ev, new.n))
		return 0;
	if (q->nqueue >= QueueMax - (up && !down ? 0 : KeyReserve) &&
	    (motion(new.ev, new.n) || !dropmotion(q)))
		return -1;
	q->queue[(q->head + q->nqueue++) % QueueMax] = new;
	qmppump(q, now);
	return q->peer.state == Up ? 0 : -1; /* it may have been lost by that */
}

const char *
qmp_keyname(unsigned code)
{
	return code < KEY_CNT ? qcode[code] : NULL;
}

void
qmp_leave(struct qmp *q, msec limit, msec now)
{
	q->leaving = 1;
	if (q->peer.state != Up)
		return;
	q->todo = q->retry = 0;
	q->removed = now + limit;
	source_add(&q->timer);
	qmppump(q, now);
}

void
qmp_node(struct qmp *q, int device, int route, const char *path, msec now)
{
	struct vmdevice *d = &q->device[VmNodes + device];

	if (!d->node) {
		d->until = now + NodeLimit;
		d->bus = route == VirtioHost ? q->device[device].bus : NULL;
	}
	d->node = path;
	d->driver = route;
	if (q->peer.state != Up || q->leaving)
		return;
	q->todo |= 1u << AddCmd;
	qmppump(q, now);
}

void
qmp_open(struct qmp *q, const char *addr, msec hung, msec now)
{
	peerinit(&q->peer, "qmp", addr, QmpMax, qmpstep);
	q->peer.limit = hung;
	q->timer.fd = -1;
	q->timer.ready = qmptimer;
	peerconnect(&q->peer, now);
}

int
qmp_reads(struct qmp *q, int device, msec now)
{
	const struct vmdevice *d = &q->device[VmNodes + device];

	if (!q->peer.addr || !*q->peer.addr)
		return 1;
	if (q->peer.state != Up || q->vm < VmSuspended || q->leaving)
		return 0;
	if (!d->reads || d->gone)
		return 0;
	if (now - q->alive >= AliveEvery && !q->nflight) {
		q->alive = now;
		q->todo |= 1u << StatusCmd;
		qmppump(q, now);
	}
	return 1;
}

/* Asks for the next device that the VM lacks. A port has one place; QEMU would
 * give another, which the guest would never see, unless they are functions of
 * one device. */
void
qmpadd(struct qmp *q, int looked, msec now)
{
	char args[300], more[80] = "";
	struct vmdevice *d = &q->device[q->adding];
	const char *id;
	int one;

	if (q->leaving)
		q->adding = VmDevices;
	for (; q->adding < VmDevices; d++, q->adding++) {
		if (!lacks(q, q->adding))
			continue;
		if (d->gone && now >= d->until) {
			warn("qmp: %s: the guest keeps a device that is gone: "
			     "asking it again", vmdevice[q->adding].id);
			d->gone = 0;
		}
		if (d->gone)
			retry(q, d->until);
		else if (!d->node || !d->there || !going(q))
			break;
	}
	if (q->adding == VmDevices) {
		q->adding = 0;
		return;
	}
	id = vmdevice[q->adding].id;
	one = oneport(q);
	if (d->node && d->there) {
		qmpstale(q, now);
		return;
	}
	if (d->port && !looked && !(one && (q->device[VmNodes].reads ||
	    q->device[VmNodes + 1].reads))) {
		snprintf(args, sizeof(args), "{\"path\":\"/machine/peripheral"
		    "/%s/%s\"}", d->bus, d->bus);
		qmpcommand(q, BusCmd, "qom-list", args, now);
		return;
	}
	if (d->node && d->driver == InputLinux) {
		snprintf(args, sizeof(args), "{\"qom-type\":\"input-linux\","
		    "\"id\":\"%s\",\"evdev\":\"%s\",\"grab-toggle\":"
		    "\"ctrl-scrolllock\"}", id, d->node);
		qmpcommand(q, AddCmd, "object-add", args, now);
		return;
	}
	if (d->node)
		snprintf(more, sizeof(more), ",\"evdev\":\"%s\"", d->node);
	if (d->node && one)
		snprintf(more + strlen(more), sizeof(more) - strlen(more),
		    ",\"multifunction\":true,\"addr\":\"0.%d\"",
		    VmDevices - 1 - q->adding);
	snprintf(args, sizeof(args),
	    "{\"driver\":\"%s\",\"id\":\"%s\"%s%s%s%s}",
	    vmdevice[q->adding].driver[d->driver], id,
	    d->bus ? ",\"bus\":\"" : "", d->bus ? d->bus : "",
	    d->bus ? "\"" : "", more);
	qmpcommand(q, AddCmd, "device_add", args, now);
}

/* The reply to a command that was no input; text is QEMU's, of an error. */
void
qmpanswer(struct qmp *q, int id, int ok, struct json val, const char *text,
          msec now)
{
	struct vmdevice *d = &q->device[q->adding % VmDevices];
	struct json v;
	char name[64];
	size_t i;
	int taken = 0;

	if (id == q->asking)
		q->asking = 0;
	switch (id) {
	case CapsCmd:
		if (ok && q->peer.state == Negotiating) {
			to(&q->peer, Asking, now + q->peer.limit);
			qmpcommand(q, StatusCmd, "query-status", NULL, now);
		}
		break;
	case StatusCmd:
		qmpstatus(q, ok, val, now);
		break;
	case PeripheralCmd:
		for (i = 0; i < VmDevices; i++)
			q->device[i].there = q->device[i].usb =
			    q->device[i].port = 0;
		/* FALLTHROUGH */
	case AnonCmd:
		if (ok)
			devices(q, val);
		break;
	case BusCmd:
		for (v.s = NULL; ok && !taken && !json_item(val, &v);)
			taken = occupied(v);
		if (taken) {
			warn("qmp: %s: there is a device on port %s already, "
			     "so the guest would not see this one: name a "
			     "free port in config.h",
			     vmdevice[q->adding].driver[d->driver], d->bus);
			q->adding++;
		}
		qmpadd(q, !taken, now);
		break;
	case AddCmd:
		if (!ok && d->node && strstr(text, "uplicate")) {
			qmpstale(q, now);
			break;
		}
		d->there = ok;
		d->ours = ok ? 2 : 0;
		d->usb |= ok && !d->node && d->driver == Usb;
		if (ok && d->node)
			d->reads = q->peer.pid ? q->peer.pid : -1;
		if (ok)
			note(1, "qmp: %s was added%s%s",
			     vmdevice[q->adding].driver[d->driver],
			     d->node ? " for " : "", d->node ? d->node : "");
		else if (d->node && now < d->until)
			retry(q, now + NodeEvery);
		else
			denied(q, text);
		q->adding++;
		qmpadd(q, 0, now);
		break;
	case StaleCmd: /* a device's end is told by an event */
		if (ok ? d->driver == InputLinux :
		    strstr(text, "not found") != NULL) {
			d->there = d->gone = 0;
		} else {
			if (!ok)
				denied(q, text);
			q->adding++;
		}
		qmpadd(q, 0, now);
		break;
	case ChardevCmd:
		chardev(q, ok ? val : (struct json){ "", "" }, now);
		break;
	case PortCmd:
		if (!ok || json_text(val, name, sizeof(name)) ||
		    strcmp(name, q->label))
			break;
		strcpy(q->portid, q->portasked);
		q->port(q, q->portopen, now);
		break;
	case SetCmd:
		q->todo |= 1u << MiceCmd;
		q->mouseset = 1;
		break;
	case MiceCmd:
		mice(q, ok ? val : (struct json){ "", "" }, now);
		break;
	case DelCmd: /* the functions of one device go together */
		if ((ok && d->node && d->driver == InputLinux) ||
		    (!ok && !strstr(text, "unplug")))
			d->ours = d->there = d->reads = d->gone = 0;
		break;
	}
}

/* Makes the next query, if none is under way. */
void
qmpask(struct qmp *q, msec now)
{
	static const struct {
		const char *command, *args;
	} query[] = {
		[StatusCmd] = { "query-status", NULL },
		[PeripheralCmd] = { "qom-list",
		    "{\"path\":\"/machine/peripheral\"}" },
		[AnonCmd] = { "qom-list",
		    "{\"path\":\"/machine/peripheral-anon\"}" },
		[ChardevCmd] = { "query-chardev", NULL },
		[PortCmd] = { "qom-get", NULL },
		[MiceCmd] = { "query-mice", NULL },
	};
	char args[200];
	int id = StatusCmd;

	if (q->peer.state != Up || q->asking || !q->todo ||
	    q->nflight == FlightMax)
		return;
	while (!(q->todo >> id & 1))
		id++;
	q->todo &= ~(1u << id);
	if (id == AddCmd) {
		qmpadd(q, 0, now);
		if (!q->asking)
			qmpask(q, now);
		return;
	}
	snprintf(args, sizeof(args), "{\"path\":\"/machine/peripheral/%s\","
	    "\"property\":\"chardev\"}", q->portasked);
	qmpcommand(q, id, query[id].command, id == PortCmd ? args :
	    query[id].args, now);
}

void
qmpcommand(struct qmp *q, int id, const char *name, const char *args, msec now)
{
	char cmd[600];
	int n = snprintf(cmd, sizeof(cmd), "{\"execute\":\"%s\",\"id\":%d%s%s}",
	                 name, id, args ? ",\"arguments\":" : "", args ? args :
	                 "");

	if (q->nflight == FlightMax)
		return;
	if (id >= StatusCmd && id != JobCmd)
		q->asking = id;
	qmpsend(q, id, cmd, n, now);
}

/* Removes the next device that was added, the last one first, when the one
 * before is gone. */
void
qmpdelete(struct qmp *q, msec now)
{
	char args[80];
	int k = VmDevices;

	if (q->peer.state != Up || q->asking || q->nflight == FlightMax ||
	    going(q))
		return;
	while (k-- && !q->device[k].ours)
		;
	if (k < 0)
		return;
	q->adding = k;
	q->device[k].gone = 1;
	snprintf(args, sizeof(args), "{\"id\":\"%s\"}", vmdevice[k].id);
	qmpcommand(q, DelCmd, q->device[k].node && q->device[k].driver ==
	    InputLinux ? "object-del" : "device_del", args, now);
}

/* DEVICE_DELETED: of a virtio device there are two, one of them without a
 * name. It may be a stale one, have been on its way out when we came, or been
 * ejected by the guest, also in place of the one that had its slot before: it
 * is missing now. */
void
qmpdeleted(struct qmp *q, struct json msg)
{
	struct json data, v;
	char name[64];
	int k;

	if (json_member(msg, "data", &data) ||
	    json_member(data, "device", &v) ||
	    json_text(v, name, sizeof(name)))
		return;
	for (k = 0; k < VmDevices; k++) {
		if (strcmp(name, vmdevice[k].id))
			continue;
		if (q->device[k].ours && q->manage && !q->leaving)
			q->todo |= 1u << PeripheralCmd | 1u << AnonCmd |
			    1u << AddCmd;
		q->device[k].ours = q->device[k].there = q->device[k].gone = 0;
		q->device[k].reads = 0;
	}
}

void
qmpevent(struct qmp *q, struct json msg, msec now)
{
	static const struct {
		const char *name;
		enum event event;
		int vm; /* -1: the same */
	} list[] = {
		{ "STOP", Stop, VmStopped },
		{ "SHUTDOWN", Shutdown, VmStopped },
		{ "GUEST_PANICKED", GuestPanicked, VmStopped },
		{ "SUSPEND", Suspend, VmSuspended },
		{ "SUSPEND_DISK", SuspendDisk, VmStopped },
		{ "RESUME", Resume, VmRunning },
		{ "WAKEUP", Wakeup, VmRunning },
		{ "POWERDOWN", Powerdown, -1 },
		{ "RESET", Reset, -1 },
	};
	struct json v;
	char name[64];
	size_t i;

	if (q->peer.state != Up || json_member(msg, "event", &v) ||
	    json_text(v, name, sizeof(name)))
		return;
	note(1, "qmp: event %s", name);
	if (!strcmp(name, "DEVICE_DELETED"))
		qmpdeleted(q, msg);
	if (!strcmp(name, "VSERPORT_CHANGE") && *q->label)
		qmpport(q, msg, now);
	for (i = 0; i < LENGTH(list) && strcmp(name, list[i].name); i++)
		;
	if (i < LENGTH(list)) {
		if (list[i].event == Reset)
			qmpreset(q, now);
		if (list[i].vm >= 0)
			vmstate(q, list[i].vm, 1, now);
		/* a reboot makes several */
		if (list[i].event != Reset || now >= q->quiet)
			q->event(q, list[i].event, now);
		if (list[i].event == Reset)
			q->quiet = now + QuietTime;
	}
	qmppump(q, now);
}

/* The connection is lost; who waited is told. */
void
qmplost(struct qmp *q, msec now)
{
	struct qmpjob *j;
	size_t i;

	for (i = 0; i < VmDevices; i++)
		q->device[i].ours = q->device[i].gone = q->device[i].there = 0;
	q->retry = 0;
	q->sending = q->asking = q->todo = q->adding = q->mouseset = 0;
	q->checked = q->quiet = q->paced = 0;
	*q->label = *q->portid = '\0';
	while (q->nflight) {
		lost(q, &q->flight[0].report);
		j = q->flight[0].job;
		q->nflight--;
		memmove(q->flight, q->flight + 1, q->nflight *
		        sizeof(*q->flight));
		if (j)
			j->done(j, 0, now);
	}
	while ((j = q->jobs)) {
		q->jobs = j->next;
		j->done(j, 0, now);
	}
	if (*q->agent)
		q->port(q, -1, now);
	vmstate(q, VmOff, q->peer.why == ENOENT || q->peer.why == ECONNREFUSED,
	        now);
}

/* A port of the guest's was opened or closed: the agent's, if its chardev is.
 * Looking at the chardev is not enough, for an agent may be back already. */
void
qmpport(struct qmp *q, struct json msg, msec now)
{
	struct json data, v;
	char id[64];
	int open;

	if (json_member(msg, "data", &data) || json_member(data, "id", &v) ||
	    json_text(v, id, sizeof(id)) || json_quote(NULL, 0, id) !=
	    strlen(id) + 2 || strchr(id, '/') || /* then it is no path */
	    json_member(data, "open", &v) || json_bool(v, &open))
		return;
	if (!strcmp(id, q->portid)) {
		q->port(q, open, now);
		return;
	}
	if (q->asking == PortCmd || q->todo >> PortCmd & 1)
		q->todo |= 1u << ChardevCmd; /* two at once: one is missed */
	if (q->asking == PortCmd) /* or its reply would be taken for this */
		return;
	strcpy(q->portasked, id);
	q->portopen = open;
	q->todo |= 1u << PortCmd;
}

/* Sends what may be sent now: the queue, and what is to be asked or removed. A
 * device of the guest loses what comes too fast (hw/input/hid.c). */
void
qmppump(struct qmp *q, msec now)
{
	const struct input_event *e;
	char cmd[OutMax / 4];
	struct report r;
	size_t n, i;
	msec time, due;
	unsigned bit;

	q->timer.due = q->retry && (!q->removed || q->retry < q->removed) ?
	    q->retry : q->removed;
	if (q->timer.due)
		source_add(&q->timer);
	while (q->peer.state == Up && !q->sending && q->nflight < FlightMax) {
		if (q->jobs && !q->jobs->behind && !q->again.n) {
			qmpcommand(q, JobCmd, q->jobs->command, NULL, now);
			q->flight[q->nflight - 1].job = q->jobs;
			q->jobs = q->jobs->next;
			continue;
		}
		if (!part(q, &r, 0))
			break;
		if (!r.n) {
			part(q, &r, 1);
			continue;
		}
		time = slots(q, &r, &due);
		if (time && q->paced > now && q->paced + time > now + due) {
			due = q->paced + time - due;
			q->timer.due = due < q->paced ? due : q->paced;
			source_add(&q->timer);
			break;
		}
		if (!pointed(q, &r, now))
			break;
		part(q, &r, 1);
		n = reportjson(cmd, sizeof(cmd), &r);
		q->paced = (q->paced > now ? q->paced : now) + time;
		for (i = 0; i < r.n; i++) {
			e = &r.ev[i];
			bit = 1u << e->code % 32;
			if (e->type != EV_KEY && e->code <= REL_Y)
				q->relative = e->type == EV_REL;
			else if (e->type == EV_KEY && e->code >= BTN_LEFT)
				q->buttons = e->value ? q->buttons | bit :
				    q->buttons & ~bit;
		}
		qmpsend(q, InputCmd, cmd, n, now);
		q->flight[q->nflight - 1].report = r;
		q->sending = 1;
	}
	qmpask(q, now);
	if (q->leaving && !q->nqueue && !q->again.n && !q->sending)
		qmpdelete(q, now);
}

/* A report that is refused as a whole is sent again in pieces, for one wrong
 * event takes the others with it. */
void
qmprefused(struct qmp *q, const struct report *r, const char *text)
{
	if (q->vm >= VmSuspended && r->n > 1) {
		q->again = *r;
		return;
	}
	lost(q, r);
	if (q->vm < VmSuspended || q->refused++)
		return;
	warn("qmp: input was refused: %s%s", text,
	     strstr(text, "handler not found") ? " (give the VM a -device "
	     "usb-tablet or virtio-tablet-pci)" : "");
}

void
qmpreply(struct qmp *q, struct json m, msec now)
{
	struct json v, idval;
	struct report r;
	struct qmpjob *j;
	char text[200] = "";
	int64_t id;
	size_t i = 0;
	int ok = !json_member(m, "return", &v);

	if ((!ok && json_member(m, "error", &v)) || !q->nflight)
		return;
	if (!json_member(m, "id", &idval)) {
		if (json_int(idval, &id))
			return;
		while (i < q->nflight && q->flight[i].id != id)
			i++;
		if (i == q->nflight)
			return;
	}
	id = q->flight[i].id;
	r = q->flight[i].report;
	j = q->flight[i].job;
	q->nflight--;
	memmove(q->flight + i, q->flight + i + 1,
	        (q->nflight - i) * sizeof(*q->flight));
	if (q->peer.state == Up)
		q->peer.sock.due = q->nflight ? now + q->peer.limit : 0;
	if (!ok && !json_member(v, "desc", &idval))
		json_text(idval, text, sizeof(text));
	if (id == InputCmd) {
		q->sending = 0;
		if (!ok)
			qmprefused(q, &r, text);
	} else {
		qmpanswer(q, id, ok, v, text, now);
	}
	if (j && !ok)
		warn("qmp: %s: %s", j->command, text);
	if (j) {
		q->todo |= 1u << StatusCmd; /* not all make an event */
		j->done(j, ok, now);
	}
	qmppump(q, now);
}

/* The guest begins anew: it holds nothing, and a press that waits is not for
 * it. One that is under way may reach it before or after. */
void
qmpreset(struct qmp *q, msec now)
{
	size_t i, k;

	while (q->nqueue)
		shorter(q, q->nqueue - 1);
	q->again.n = q->buttons = 0;
	q->checked = q->paced = 0;
	q->todo |= 1u << StatusCmd;
	if (*q->agent)
		q->todo |= 1u << ChardevCmd;
	q->reset(q, now);
	for (i = 0; i < q->nflight; i++)
		for (k = 0; k < q->flight[i].report.n; k++)
			if (q->flight[i].report.ev[k].type == EV_KEY &&
			    q->flight[i].report.ev[k].value)
				q->lost(q, q->flight[i].report.ev[k].code);
}

/* There has to be room in flight[]. It counts as sent even if the connection is
 * broken or the peer does not read, for then what is in flight fails when the
 * end of it comes. */
void
qmpsend(struct qmp *q, int id, const char *cmd, size_t n, msec now)
{
	memset(&q->flight[q->nflight], 0, sizeof(q->flight[0]));
	q->flight[q->nflight++].id = id;
	if (!q->peer.sock.due)
		q->peer.sock.due = now + q->peer.limit;
	if (peersend(&q->peer, cmd, n) < 0)
		hangup(q);
}

/* Removes a device that reads a node that is gone: QEMU spins on it. */
void
qmpstale(struct qmp *q, msec now)
{
	struct vmdevice *d = &q->device[q->adding];
	char args[80];

	if (d->driver != InputLinux) {
		d->gone = 1;
		d->until = now + StaleEvery;
		retry(q, d->until);
	}
	snprintf(args, sizeof(args), "{\"id\":\"%s\"}",
	    vmdevice[q->adding].id);
	qmpcommand(q, StaleCmd, d->driver == InputLinux ? "object-del" :
	    "device_del", args, now);
}

void
qmpstatus(struct qmp *q, int ok, struct json val, msec now)
{
	struct json v;
	char text[64];
	int k;

	if (!ok || json_member(val, "status", &v) ||
	    json_text(v, text, sizeof(text)))
		return;
	if (q->peer.state == Asking) {
		to(&q->peer, Up, 0);
		q->peer.up = now;
		q->refused = q->unmoved = 0;
		for (k = 0; k < VmDevices; k++) {
			q->device[k].until = now + NodeLimit;
			if (q->device[k].reads != q->peer.pid)
				q->device[k].reads = 0;
			q->device[k].ours = q->device[k].reads ? 2 : 0;
		}
		if (*q->agent)
			q->todo |= 1u << ChardevCmd;
		if (q->manage)
			q->todo |= 1u << PeripheralCmd | 1u << AnonCmd |
			    1u << AddCmd;
		/* another VM knows nothing of what the last one was told */
		if (q->pid != q->peer.pid && q->seen)
			qmpreset(q, now);
		q->pid = q->peer.pid;
	}
	vmstate(q, !strcmp(text, "running") ? VmRunning :
	        !strcmp(text, "suspended") ? VmSuspended : VmStopped, 1, now);
}

/* The greeting, capabilities negotiation, the state of the VM; then replies
 * and events. QEMU answers in order; a parse error has no id, so a reply
 * without one is that to the oldest command. */
void
qmpstep(struct peer *p, int msg, struct json m, msec now)
{
	struct qmp *q = (struct qmp *)p;
	struct json v;

	switch (msg) {
	case Connected:
		to(p, Greeting, now + GreetLimit);
		/* at once: an agent would not greet, but refuses this */
		qmpcommand(q, CapsCmd, "qmp_capabilities", NULL, now);
		break;
	case Message:
		if (!json_member(m, "event", &v)) {
			qmpevent(q, m, now);
		} else if (p->state != Greeting) {
			qmpreply(q, m, now);
		} else if (json_member(m, "QMP", &v)) {
			drop(p, WrongGreeting, now);
		} else {
			q->major = qmpversion(v);
			to(p, Negotiating, now + p->limit);
		}
		break;
	case Timeout:
		if (p->state == Greeting) {
			drop(p, NoGreeting, now);
			break;
		}
		warn("qmp: %s: a command was not answered in %d ms: QEMU "
		     "hangs", p->addr, (int)p->limit);
		drop(p, 0, now);
		break;
	case Closed:
		qmplost(q, now);
		break;
	}
}

void
qmptimer(struct source *s, unsigned got, msec now)
{
	struct qmp *q = OWNER(s, struct qmp, timer);
	int k;

	(void)got;
	for (k = 0; q->removed && now >= q->removed && k < VmDevices; k++) {
		if (q->device[k].ours)
			warn("qmp: %s: the guest did not let it go: it stays "
			     "until the VM is reset", vmdevice[k].id);
		q->device[k].ours = 0;
	}
	if (now >= q->removed)
		q->removed = 0;
	if (q->retry && now >= q->retry) {
		q->retry = 0;
		q->todo |= 1u << AddCmd;
	}
	qmppump(q, now);
}

int
qmpversion(struct json greeting)
{
	struct json v;
	int64_t n;

	if (json_member(greeting, "version", &v) ||
	    json_member(v, "qemu", &v) || json_member(v, "major", &v) ||
	    json_int(v, &n) || n < 0 || n > 9999)
		return 0;
	return n;
}

size_t
reportjson(char *out, size_t size, const struct report *r)
{
	const struct input_event *e;
	size_t n, start;
	int d[2] = { 0, 0 };

	for (e = r->ev; e < r->ev + r->n && e->type == EV_REL &&
	    e->code <= REL_Y; e++)
		d[e->code] = e->value;
	if (e == r->ev + r->n) /* the same in half as many bytes */
		return snprintf(out, size, "{\"execute\":\"human-monitor-"
		    "command\",\"arguments\":{\"command-line\":\"mouse_move "
		    "%d %d\"}}", d[0], d[1]);
	start = n = snprintf(out, size, "{\"execute\":\"input-send-event\","
	    "\"arguments\":{\"events\":[");
	for (e = r->ev; e < r->ev + r->n; e++) {
		if (n > start)
			out[n++] = ',';
		if (e->type == EV_KEY && e->code < BTN_MISC)
			n += key(out + n, size - n, e);
		else if (e->type == EV_KEY || e->code > REL_Y)
			n += button(out + n, size - n, e);
		else
			n += axis(out + n, size - n, e);
	}
	return n + snprintf(out + n, size - n, "]}}");
}

/* Looks again for what is to be added, by then. */
void
retry(struct qmp *q, msec due)
{
	if (!q->retry || q->retry > due)
		q->retry = due;
}

/* Says why there is no connection, once for each reason. */
void
say(struct peer *p, int why)
{
	unsigned bit = (unsigned)(why - WrongGreeting) % (8 * sizeof(p->said));
	const char *hint = "";
	struct stat st;

	if (!why || p->said[bit / 8] >> bit % 8 & 1)
		return;
	p->said[bit / 8] |= 1 << bit % 8;
	switch (why) {
	case NoGreeting:
		warn("%s: %s: no greeting: another client holds this monitor, "
		     "or QEMU hangs: give the VM a second -qmp", p->name,
		     p->addr);
		return;
	case WrongGreeting:
		warn("%s: %s: this is %s: are the QMP and the agent's socket "
		     "swapped?", p->name, p->addr, p->state == Syncing ?
		     "QEMU's monitor, not the agent" : "no QMP monitor");
		return;
	case ENOENT:
		hint = ": waiting for a VM that makes it";
		break;
	case EACCES:
		hint = " (let your user connect: the group and setgid bit of "
		       "its folder, or an ACL)";
		break;
	case ECONNREFUSED:
		hint = !stat(p->addr, &st) && !S_ISSOCK(st.st_mode) ?
		       " (this is no socket)" : " (no VM listens there)";
		break;
	case ENAMETOOLONG:
		hint = " (a socket's path has at most 107 bytes: give QEMU "
		       "a shorter one)";
		break;
	case EADDRNOTAVAIL:
		hint = " (want /path, or address:port; no names but "
		       "localhost)";
		break;
	}
	warn("%s: %s: %s%s", p->name, p->addr, strerror(why), hint);
}

/* Report i has left the queue. */
void
shorter(struct qmp *q, size_t i)
{
	struct qmpjob *j;

	q->nqueue--;
	for (j = q->jobs; j; j = j->next)
		j->behind -= i < j->behind;
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

/* How long the guest takes for what it is sent, in ms, and how much of that may
 * wait in its device; 0: it is faster than we are. Keys behind 0xe0 count
 * twice. */
msec
slots(const struct qmp *q, const struct report *r, msec *burst)
{
	const struct vmdevice *kbd = &q->device[VmKeyboard];
	int usb = q->device[VmMouse].usb | q->device[VmTablet].usb;
	msec each, total = 0;
	size_t i;

	*burst = BurstMax * Ps2Time;
	for (i = 0; i < r->n; i++) {
		if (r->ev[i].type != EV_KEY)
			continue;
		if (r->ev[i].code >= BTN_MISC)
			each = usb ? UsbTime : 0;
		else
			each = (kbd->usb ? UsbTime : kbd->there ? 0 : Ps2Time)
			    << (r->ev[i].code > KEY_F12);
		total += each;
		if (each >= UsbTime)
			*burst = BurstMax * UsbTime;
	}
	return total;
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

/* What QEMU can take, and what has the buttons. */
int
takes(struct qmp *q, const struct input_event *e)
{
	switch (e->type) {
	case EV_KEY:
		return e->code < BTN_MISC ? hascode(q, e->code) :
		    e->code >= BTN_LEFT && e->code <= BTN_EXTRA;
	case EV_REL:
		return e->value && (e->code <= REL_Y ||
		    e->code == REL_WHEEL ||
		    (e->code == REL_HWHEEL && (q->hwheel || !q->checked)));
	case EV_ABS:
		return e->code <= ABS_Y;
	}
	return 0;
}

void
to(struct peer *p, int state, msec due)
{
	note(1, "%s: %s -> %s", p->name, statename[p->state],
	     statename[state]);
	p->state = state;
	p->sock.due = due;
	if (state == Up)
		memset(p->said, 0, sizeof(p->said));
}

void
vmstate(struct qmp *q, enum vmstate vm, int known, msec now)
{
	enum vmstate before = q->vm;

	if (vm != before)
		note(1, "qmp: VM: %s -> %s", vmname[before], vmname[vm]);
	if (vm < VmSuspended) {
		lost(q, &q->again);
		q->again.n = 0;
	}
	while (vm < VmSuspended && q->nqueue) {
		lost(q, &q->queue[q->head]);
		q->head = (q->head + 1) % QueueMax;
		shorter(q, 0);
	}
	q->vm = vm;
	q->seen |= vm != VmOff;
	q->known = known;
	q->tried = 1;
	q->changed(q, before, now);
}

/* Watches the folder that the socket will appear in, or the nearest that is
 * there; looks again afterwards, for folders may have been made meanwhile. One
 * that may not be read can't be watched. */
void
watch(struct peer *p)
{
	char dir[sizeof(((struct sockaddr_un *)0)->sun_path)], *slash;
	const char *before = NULL;
	int wd = -1;

	if (*p->addr != '/' || strlen(p->addr) >= sizeof(dir))
		return;
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
		} while (wd < 0 && errno == ENOENT && *dir);
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
	struct peer *p = OWNER(s, struct peer, watch);
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
