/* See LICENSE for copyright and licence details.
 *
 * The input wing: the cases of tests/input/events, then that no key is ever
 * stuck, whatever comes.
 *
 * A file has settings and cases. A line "case NAME" begins one; "given" and
 * "expected" lines are its steps and what they do, settings before "given" are
 * its own, those before the first case are the file's:
 *
 *	neutral KEY, remap KEY KEY (0: nothing), relative
 *	rect LEFT TOP RIGHT BOTTOM
 *	hotkey CHORD ROW [release] [global]: ctrl+g, with:caps+g, lctrl+rctrl; a
 *	    name of a side is LeftCtrl, or the key if it is last
 *	emergency CHORD
 *	route qmp|input-linux|virtio-host, hires
 *	origin NAME [clone]: a device that is grabbed already, for the guest or
 *	    for a clone that is named 2
 *	node NAME keys,buttons,relative,absolute,leds,wheel: a device of the
 *	    host
 *	row NAME x|evdev [mouse] [confine] [exclusive] [onfocus]
 *	    [xignore=CLASSES] [ignore=CLASSES] [newname=NAME] [NODE ...]
 *
 * Steps: "+a", "-a", "=a" a key goes down, up, repeats; "x:5" "y:" "wheel:"
 * "hwheel:" "hires:" "ax:" "ay:" "msc:" other events; "(+a x:5)" is one
 * packet; "NAME:+a" one of another origin or node; "raw:+a" a key anywhere in
 * X, "seen:+a" one that the window gets too. "@150" time passes. The others in
 * steps[] below.
 *
 * Expected: reports in the same form, "2:+a" and "NAME:+a" those that a clone
 * or a uinput node got; "!1" the row that fired; "ask:" all that is to be the
 * window's: k, p, c or none; "held:", "free:" ROW, what became of a grab;
 * "grab:", "along:", "closed:" NODE; "new:", "gone:" a uinput node; "lacks:" a
 * key for which the route has no code, "all" qmp_unstick. A press of what is
 * down there, a release of what is up, and a value 2 for the guest are followed
 * by "BAD". "|" is copied.
 *
 * The guest is qmp_input below, or, as /dev/uinput and evdev nodes are, a
 * socket that open() below gives. The loop is the real one. */
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <signal.h>
#include <stdarg.h>
#include <unistd.h>

#include <linux/uinput.h>

#include "../../input.h"
#include "../lib/said.h"
#include "../lib/tap.h"

enum {
	Steps = 1000000, Era = 2000, /* of the property test */
	LongEvents = 10000000, /* and so many keys and motions at the least */
	TextMax = 8192, RowMax = 24, NodeMax = 6, UinputMax = 16,
	PacketMax = 24
};

/* Something with keys: the guest, a uinput node. */
struct seat {
	unsigned char held[KEY_CNT];
	int repeats; /* a value 2 is no fault */
};

/* A node that was opened, or may be. */
struct node1 {
	char name[UINPUT_MAX_NAME_SIZE];
	char path[96];
	int ours, theirs; /* sockets; -1: closed */
	struct seat seat;
	/* an evdev node's */
	unsigned char down[KEY_CNT / 8];
	unsigned can; /* classes */
	int refuse, exclusive;
};

static const struct {
	const char *name;
	unsigned code;
} keys[] = {
	{ "a", KEY_A }, { "b", KEY_B }, { "c", KEY_C }, { "g", KEY_G },
	{ "h", KEY_H }, { "k", KEY_K }, { "r", KEY_R }, { "x", KEY_X },
	{ "y", KEY_Y }, { "z", KEY_Z },
	{ "ctrl", KEY_LEFTCTRL }, { "rctrl", KEY_RIGHTCTRL },
	{ "shift", KEY_LEFTSHIFT }, { "rshift", KEY_RIGHTSHIFT },
	{ "alt", KEY_LEFTALT }, { "ralt", KEY_RIGHTALT },
	{ "meta", KEY_LEFTMETA }, { "rmeta", KEY_RIGHTMETA },
	{ "left", BTN_LEFT }, { "right", BTN_RIGHT }, { "side", BTN_SIDE },
	/* up to here the property test's */
	{ "caps", KEY_CAPSLOCK }, { "pause", KEY_PAUSE }, { "end", KEY_END },
	{ "tab", KEY_TAB }, { "f13", KEY_F13 }, { "f24", KEY_F24 },
	{ "1", KEY_1 }, { "2", KEY_2 }, { "3", KEY_3 }, { "4", KEY_4 },
	{ "5", KEY_5 }, { "6", KEY_6 }, { "7", KEY_7 }, { "8", KEY_8 },
	{ "9", KEY_9 }, { "tr20", BTN_TRIGGER_HAPPY20 }, { "south", BTN_SOUTH },
	{ "micmute", KEY_MICMUTE }, { "fn", KEY_FN }, { "macro", KEY_MACRO1 },
	{ "0", 0 },
};
enum { Played = 21, AllRead = (1 << VmNodes) - 1 };

static const struct {
	const char *name;
	unsigned type, code;
} axes[] = {
	{ "x", EV_REL, REL_X }, { "y", EV_REL, REL_Y },
	{ "wheel", EV_REL, REL_WHEEL }, { "hwheel", EV_REL, REL_HWHEEL },
	{ "hires", EV_REL, REL_WHEEL_HI_RES },
	{ "ax", EV_ABS, ABS_X }, { "ay", EV_ABS, ABS_Y },
	{ "slot", EV_ABS, ABS_MT_SLOT }, { "mtx", EV_ABS, ABS_MT_POSITION_X },
	{ "id", EV_ABS, ABS_MT_TRACKING_ID },
	{ "msc", EV_MSC, MSC_SCAN }, { "sw", EV_SW, SW_LID },
	{ "tabletmode", EV_SW, SW_TABLET_MODE }, { "bell", EV_SND, SND_BELL },
	{ "led", EV_LED, LED_CAPSL }, { "syn", EV_SYN, SYN_DROPPED },
};

enum { Leds = 64, Wheel = 128 }; /* a node may have some */
static const char *const classname[] = {
	"keys", "buttons", "relative", "absolute", "misc", "switches", "leds",
	"wheel", NULL
};

static const struct {
	const char *name;
	unsigned bits;
} mods[] = {
	{ "ctrl", Ctrl }, { "shift", Shift }, { "alt", Alt }, { "meta", Meta },
	{ "lctrl", LeftCtrl }, { "lshift", LeftShift }, { "lalt", LeftAlt },
	{ "lmeta", LeftMeta }, { "rctrl", RightCtrl },
	{ "rshift", RightShift }, { "ralt", RightAlt }, { "rmeta", RightMeta },
};

/* What settings make; all that a case may change is in here. */
struct setup {
	struct inputconf conf;
	Remap remaps[RowMax];
	Hotkey hotkeys[RowMax], emergency;
	Grab grabs[GrabMax];
	const char *devices[GrabMax][NodeMax + 1];
	size_t nremaps, nhotkeys, ngrabs, nnodes;
	int held[GrabMax]; /* from the beginning */
	struct {
		char name[32];
		unsigned can;
	} node[NodeMax];
};
static struct setup file, now1;

static struct {
	char name[200], given[TextMax], expected[TextMax];
	int begun;
	char text[1 << 14]; /* of the strings in tables */
	size_t ntext;
} this;

static struct input *in;
static struct qmp vm;
static struct node1 nodes[NodeMax], uinputs[UinputMax];
static struct seat guest;
static msec clock1;
static char trace[TextMax], dir[64];
static int routebad, reads, pending, quiet, steady, nouinput;
static unsigned norelease, nopress, novalue, sends;
static unsigned asks; /* what is to be the window's: GrabKeyboard and so on */
static unsigned unasked; /* rows that were held without it */
static uint32_t chance; /* not 0: the property test's */
static int allowed;         /* what input_allow was told last */
static unsigned blocked;
static int restored;        /* what is down in the guest nobody knows */

/* ---- words ---- */

static int
act(struct task *t, msec now)
{
	(void)t;
	(void)now;
	return Done;
}

static int
has(const unsigned char *bits, unsigned k)
{
	return bits[k / 8] >> k % 8 & 1;
}

static unsigned
keycode(const char *name)
{
	size_t i;

	for (i = 0; i < LENGTH(keys); i++)
		if (!strcmp(name, keys[i].name))
			return keys[i].code;
	printf("Bail out! %s: no key %s\n", this.name, name);
	exit(2);
}

static const char *
keytext(unsigned code)
{
	size_t i;

	for (i = 0; i < LENGTH(keys); i++)
		if (code == keys[i].code)
			return keys[i].name;
	return "?";
}

static int
eventof(const char *tok, struct input_event *e)
{
	size_t i, n;

	memset(e, 0, sizeof(*e));
	if (strchr("+-=", *tok)) {
		e->type = EV_KEY;
		e->code = keycode(tok + 1);
		e->value = *tok == '+' ? 1 : *tok == '=' ? 2 : 0;
		return 0;
	}
	for (i = 0; i < LENGTH(axes); i++) {
		n = strlen(axes[i].name);
		if (strncmp(tok, axes[i].name, n) || tok[n] != ':')
			continue;
		e->type = axes[i].type;
		e->code = axes[i].code;
		e->value = atoi(tok + n + 1);
		return 0;
	}
	return -1;
}

static unsigned
classes(char *list)
{
	unsigned bits = 0, i;
	char *p, *save;

	for (p = strtok_r(list, ",", &save); p; p = strtok_r(NULL, ",", &save))
		for (i = 0; classname[i]; i++)
			if (!strcmp(p, classname[i]))
				bits |= 1u << i;
	return bits;
}

static const Grab *
rowof(const char *name)
{
	size_t i;

	for (i = 0; i < now1.ngrabs; i++)
		if (!strcmp(now1.grabs[i].name, name))
			return &now1.grabs[i];
	printf("Bail out! %s: no row %s\n", this.name, name);
	exit(2);
}

static char *
keep(const char *s)
{
	char *p = this.text + this.ntext;

	this.ntext += strlen(s) + 1;
	if (this.ntext > sizeof(this.text)) {
		printf("Bail out! too much text\n");
		exit(2);
	}
	return strcpy(p, s);
}

static struct node1 *
nodeof(const char *name)
{
	size_t i;

	for (i = 0; i < now1.nnodes; i++)
		if (!strcmp(nodes[i].name, name))
			return &nodes[i];
	return NULL;
}

static void
add(const char *fmt, ...)
{
	size_t n = strlen(trace);
	va_list ap;

	if (chance)
		return;
	va_start(ap, fmt);
	if (n < sizeof(trace) - 1)
		trace[n++] = ' ';
	vsnprintf(trace + n, sizeof(trace) - n, fmt, ap);
	va_end(ap);
}

/* ---- the system ---- */

static void
report(struct seat *s, const char *who, const struct input_event *ev,
       size_t n)
{
	char text[512] = "";
	size_t len = 0, i, k;
	int bad = 0;

	for (i = 0; i < n; i++) {
		if (ev[i].type == EV_KEY) {
			sends++;
			norelease += ev[i].value == 1 && s->held[ev[i].code];
			nopress += ev[i].value != 1 && !s->held[ev[i].code];
			novalue += ev[i].value < 0 || ev[i].value >
			    1 + s->repeats;
			bad |= (s->held[ev[i].code] == ev[i].value &&
			    (ev[i].value || !restored)) ||
			    ev[i].value > 1 + s->repeats;
			s->held[ev[i].code] = ev[i].value != 0;
		}
		if (chance)
			continue;
		if (ev[i].type == EV_KEY) {
			len += snprintf(text + len, sizeof(text) - len,
			    "%s%c%s", i ? " " : "", "-+="[ev[i].value & 3],
			    keytext(ev[i].code));
			continue;
		}
		for (k = 0; k < LENGTH(axes) && (axes[k].type != ev[i].type ||
		    axes[k].code != ev[i].code); k++)
			;
		len += snprintf(text + len, sizeof(text) - len, "%s%s:%d",
		    i ? " " : "", k < LENGTH(axes) ? axes[k].name : "?",
		    (int)ev[i].value);
	}
	if (!strncmp(who, "screenstub-", 11))
		who += 11;
	add(n == 1 ? "%s%s%s%s" : "%s%s(%s)%s", who, *who ? ":" : "", text,
	    bad ? " BAD" : "");
}

/* The kernel drops the release of a button that is up; what is left of n. */
static size_t
filter(const struct seat *s, struct input_event *ev, size_t n)
{
	size_t i, left = 0;

	for (i = 0; i < n; i++)
		if (s->repeats || ev[i].type != EV_KEY || ev[i].value ||
		    ev[i].code < BTN_MISC || s->held[ev[i].code])
			ev[left++] = ev[i];
	return left;
}

/* What input.c wrote to its nodes, or that it closed them. */
static void
drain(void)
{
	struct input_event ev[64];
	struct node1 *n;
	ssize_t len;
	size_t k;

	for (n = uinputs; n < uinputs + UinputMax; n++) {
		while (n->ours >= 0 && (len = recv(n->ours, ev, sizeof(ev),
		    MSG_DONTWAIT)) >= 0) {
			if (!len) {
				add("gone:%s", n->name);
				close(n->ours);
				n->ours = -1;
				break;
			}
			k = len / sizeof(*ev);
			if (!k || ev[k - 1].type != EV_SYN ||
			    ev[k - 1].code != SYN_REPORT)
				add("UNFINISHED");
			if ((k = filter(&n->seat, ev, k - 1)))
				report(&n->seat, n->name, ev, k);
		}
	}
	for (n = nodes; n < nodes + NodeMax; n++) {
		while (n->ours >= 0 && n->theirs >= 0 && (len = recv(n->ours,
		    ev, sizeof(ev), MSG_DONTWAIT)) >= 0) {
			if (!len) {
				add("closed:%s", n->name);
				close(n->ours);
				n->ours = n->theirs = -1;
				break;
			}
		}
	}
}

/* What is told by EVIOCGKEY is not to be read any more: __evdev_flush_queue in
 * the kernel's evdev.c. */
static void
forgetkeys(struct node1 *n)
{
	struct input_event ev[256];
	ssize_t len = recv(n->theirs, ev, sizeof(ev), MSG_DONTWAIT), i;

	for (i = 0; i < len / (ssize_t)sizeof(*ev); i++)
		if (ev[i].type != EV_KEY &&
		    send(n->ours, &ev[i], sizeof(*ev), 0) < 0)
			perror("node");
}

/* EVIOC* of an evdev node (linux/input.h), UI_* of a uinput one. */
int
ioctl(int fd, unsigned long request, ...)
{
	struct input_absinfo *abs;
	unsigned char *bits;
	struct node1 *n;
	va_list ap;
	size_t size = _IOC_SIZE(request);
	unsigned type = _IOC_NR(request) - 0x20, k;
	void *p;

	va_start(ap, request);
	p = va_arg(ap, void *);
	va_end(ap);
	for (n = uinputs; n < uinputs + UinputMax; n++) {
		if (n->theirs != fd)
			continue;
		if (request == UI_DEV_SETUP) {
			snprintf(n->name, sizeof(n->name), "%s",
			    ((struct uinput_setup *)p)->name);
			n->seat.repeats = strncmp(n->name, "screenstub",
			    10) != 0;
		}
		if (request == UI_DEV_CREATE)
			add("new:%s", n->name);
		errno = ENOTTY;
		return _IOC_TYPE(request) != UINPUT_IOCTL_BASE ||
		    _IOC_NR(request) == _IOC_NR(UI_GET_SYSNAME(0)) ? -1 : 0;
	}
	for (n = nodes; n < nodes + NodeMax && n->theirs != fd; n++)
		;
	errno = ENOTTY;
	if (n == nodes + NodeMax || _IOC_TYPE(request) != 'E')
		return -1;
	if (request == EVIOCGID)
		return 0;
	if (request == EVIOCGRAB) {
		errno = EBUSY;
		if (n->refuse && p)
			return -1;
		n->exclusive = p != NULL;
		add("%s:%s", p ? "grab" : "along", n->name);
		return 0;
	}
	if (request == EVIOCGKEY(sizeof(n->down))) {
		memcpy(p, n->down, sizeof(n->down));
		forgetkeys(n);
		return 0;
	}
	if (_IOC_NR(request) >= 0x40 && _IOC_NR(request) < 0x80) {
		abs = p;
		memset(abs, 0, sizeof(*abs));
		abs->maximum = _IOC_NR(request) == 0x40 + ABS_MT_SLOT ? 1 :
		    1023;
		return 0;
	}
	if (_IOC_NR(request) == _IOC_NR(EVIOCGSW(0)) && n->can & Switches) {
		*(unsigned char *)p = 1 << SW_TABLET_MODE;
		return 0;
	}
	if (_IOC_NR(request) == _IOC_NR(EVIOCGMTSLOTS(0))) {
		for (k = 1; k <= 2; k++) /* one finger is on it */
			((int *)p)[k] = ((unsigned *)p)[0] !=
			    ABS_MT_TRACKING_ID ? 100 * (int)k : k == 1 ? 21 :
			    -1;
		return 0;
	}
	if (_IOC_NR(request) < 0x20 || type >= EV_CNT)
		return -1;
	bits = p;
	memset(bits, 0, size);
	for (k = 1; k < size * 8; k++)
		if ((type == EV_KEY && k < BTN_MISC && n->can & Keys) ||
		    (type == EV_KEY && k >= BTN_LEFT && k <= BTN_TASK &&
		    n->can & Buttons) ||
		    (type == EV_LED && k <= LED_SCROLLL && n->can & Leds) ||
		    (type == EV_SW && k <= SW_TABLET_MODE &&
		    n->can & Switches) ||
		    (type == EV_REL && k < REL_CNT && n->can & Relative) ||
		    (type == EV_REL && k == REL_WHEEL && n->can & Wheel) ||
		    (type == EV_MSC && k == MSC_SCAN && n->can & Misc) ||
		    (type == EV_ABS && n->can & Absolute &&
		    (k == ABS_Y || k == ABS_MT_SLOT ||
		    k == ABS_MT_POSITION_X || k == ABS_MT_TRACKING_ID)))
			bits[k / 8] |= 1 << k % 8;
	if ((type == EV_REL && n->can & Relative) ||
	    (type == EV_ABS && n->can & Absolute) ||
	    (type == EV_LED && n->can & Leds))
		bits[0] |= 1;
	return 0;
}

/* As libc's, but for /dev/uinput and the nodes. */
int
open(const char *path, int flags, ...)
{
	struct node1 *n = NULL;
	int fd[2], uinput = !strcmp(path, "/dev/uinput");
	size_t i;
	va_list ap;
	mode_t mode;

	va_start(ap, flags);
	mode = flags & O_CREAT ? va_arg(ap, mode_t) : 0;
	va_end(ap);
	for (i = 0; i < NodeMax; i++)
		if (*dir && !strcmp(path, nodes[i].path))
			n = &nodes[i];
	for (i = 0; i < UinputMax && uinput && !n; i++)
		if (uinputs[i].ours < 0)
			n = &uinputs[i];
	errno = EACCES;
	if (uinput && nouinput)
		return -1;
	if (!n)
		return syscall(SYS_openat, AT_FDCWD, path, flags, mode);
	if (socketpair(AF_UNIX, (uinput ? SOCK_SEQPACKET : SOCK_STREAM) |
	    SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fd) < 0)
		return -1;
	for (i = 0; i < UinputMax; i++) /* the number of one that was closed */
		if (uinputs[i].theirs == fd[0] || uinputs[i].theirs == fd[1])
			uinputs[i].theirs = -1;
	if (uinput)
		memset(n, 0, sizeof(*n));
	n->ours = fd[0];
	n->theirs = fd[1];
	return fd[1];
}

/* ---- what is above and below ---- */

static void
fire(const Hotkey *h, msec now)
{
	size_t i;

	if (!chance) {
		drain(); /* what was sent before */
		add("!%s", h->arg.grab ? h->arg.grab : "E");
		/* the emergency, and rows of that name, end all grabs; one of
		 * two rows gives way to the other */
		if (h->arg.grab && !strcmp(h->arg.grab, "swap")) {
			input_ungrab(in, &now1.grabs[0], now);
			input_grab(in, &now1.grabs[1], now);
		} else if (!h->arg.grab) {
			for (i = 0; i < now1.ngrabs; i++)
				if (*now1.grabs[i].name != '_')
					input_ungrab(in, &now1.grabs[i], now);
			input_release(in, now);
		}
		return;
	}
	/* what actions do */
	switch (taprandom(&chance) % 8) {
	case 0:
		input_release(in, now);
		break;
	case 1:
		input_leave(in, taprandom(&chance) % 2, now);
		break;
	case 2:
		allowed = taprandom(&chance) % 2;
		input_allow(in, allowed, blocked, now);
		break;
	}
}

static void
grabbed(const Grab *g, int held, msec now)
{
	(void)now;
	if (*g->name != '_')
		add("%s:%s", held ? "held" : "free", g->name);
}

/* Some of it, by chance. */
static unsigned
someof(unsigned wanted)
{
	return taprandom(&chance) % 4 ? wanted : wanted & taprandom(&chance);
}

static void
grabwindow(unsigned wanted, msec now)
{
	add("ask:%s%s%s", wanted & GrabKeyboard ? "k" : wanted ? "" : "none",
	    wanted & GrabPointer ? "p" : "", wanted & GrabConfine ? "c" : "");
	asks = wanted;
	if (chance && taprandom(&chance) % 2)
		input_grabbed(in, someof(wanted), now);
}

static void
unstick(const unsigned char *down)
{
	unsigned k;

	for (k = 0; k < KEY_CNT; k++)
		if (has(down, k))
			add("unstick:%s", keytext(k));
}

static const struct inputops ops = {
	fire, grabwindow, grabbed, unstick
};

/* qmp.c's, as far as input asks */
pid_t
qmp_holds(const struct qmp *q)
{
	(void)q;
	return 0;
}

unsigned
qmp_input(struct qmp *q, const struct input_event *ev, size_t n, msec now)
{
	(void)q;
	(void)now;
	if (routebad || (chance && !steady && !(taprandom(&chance) % 8)))
		return ~0u;
	report(&guest, "", ev, n);
	return 0;
}

int
qmp_knows(unsigned code)
{
	return code < BTN_MISC || (code >= BTN_LEFT && code <= BTN_EXTRA);
}

void
qmp_meets(struct qmp *q, unsigned code, int has)
{
	(void)q;
	if (!has && !chance)
		add("lacks:%s", keytext(code));
}

void
qmp_unstick(struct qmp *q)
{
	(void)q;
	add("all");
	memset(guest.held, 0, sizeof(guest.held));
}

void
qmp_node(struct qmp *q, int device, int route, const char *path, msec now)
{
	(void)q;
	(void)device;
	(void)route;
	(void)path;
	(void)now;
}

int
qmp_reads(struct qmp *q, int device, msec now)
{
	(void)q;
	(void)now;
	return reads >> device & 1;
}

/* ---- steps ---- */

static void
turn(void)
{
	loop_turn(clock1);
	drain();
}

/* Time passes, and whose time it is comes in its turn. */
static void
advance(msec by)
{
	msec to = clock1 + by, due;

	while ((due = loop_due()) && due <= to) {
		if (due > clock1)
			clock1 = due;
		turn();
	}
	clock1 = to;
}

/* A packet of an origin, or of a node. */
static void
feed(const char *who, const struct input_event *ev, size_t n)
{
	struct input_event out[PacketMax + 1];
	struct node1 *node;
	size_t i;
	unsigned k;

	if (!*who) {
		input_feed(in, ev, n, clock1);
		drain(); /* a socket holds no more than some hundred */
		return;
	}
	if (!strcmp(who, "raw") || !strcmp(who, "seen")) {
		for (i = 0; i < n; i++)
			input_global(in, ev[i].code, ev[i].value, *who == 'r',
			    clock1);
		return;
	}
	if (!(node = nodeof(who))) {
		printf("Bail out! no origin %s\n", who);
		exit(2);
	}
	for (i = 0; i < n; i++) {
		k = ev[i].code;
		if (ev[i].type == EV_KEY && ev[i].value)
			node->down[k / 8] |= 1 << k % 8;
		else if (ev[i].type == EV_KEY)
			node->down[k / 8] &= ~(1 << k % 8);
	}
	if (node->ours < 0 || quiet)
		return;
	memcpy(out, ev, n * sizeof(*ev));
	memset(&out[n], 0, sizeof(*out));
	if (send(node->ours, out, (n + 1) * sizeof(*out), 0) < 0)
		perror("node");
	if (!pending)
		turn();
}

static void
plug(struct node1 *n)
{
	int fd = syscall(SYS_openat, AT_FDCWD, n->path, O_CREAT | O_WRONLY,
	    0600);

	if (fd >= 0)
		close(fd);
	input_uevent(in, "/dev/input/event7", clock1);
}

static void
unplug(struct node1 *n)
{
	unlink(n->path);
	memset(n->down, 0, sizeof(n->down));
	if (n->ours < 0)
		return;
	close(n->ours);
	n->ours = n->theirs = -1;
	turn();
}

static void
stepallow(char *arg)
{
	allowed = *arg == 'y';
	input_allow(in, allowed, blocked, clock1);
}

static void
stepblock(char *arg)
{
	blocked = *arg == 'a' ? ~0u : classes(arg);
	input_allow(in, allowed, blocked, clock1);
}

static void
stepbad(char *arg)
{
	(void)arg;
	routebad = 1;
}

/* A keymap after somebody's grab. */
static void
keymap(char *arg, int focus)
{
	unsigned char down[KEY_CNT / 8] = { 0 };
	char *p, *save;
	unsigned k;

	for (p = strtok_r(arg, ",", &save); p;
	    p = strtok_r(NULL, ",", &save)) {
		k = keycode(p);
		down[k / 8] |= 1 << k % 8;
	}
	input_keymap(in, down, focus, clock1);
}

static void
stepbak(char *arg)
{
	keymap(arg, 0);
}

static void
stepfocus(char *arg)
{
	(void)arg;
	input_leave(in, 1, clock1);
}

static void
stepgo(char *arg)
{
	(void)arg;
	pending = 0;
	turn();
}

/* "ignore:keys,buttons" of the window, "ignore:NAME=keys" of an origin, by a
 * row of its own that is taken anew. */
static void
stepignore(char *arg)
{
	char *p = strchr(arg, '='), row[40], was[sizeof(trace)];
	Grab *g;

	snprintf(was, sizeof(was), "%s", trace);
	snprintf(row, sizeof(row), "_%.*s", p ? (int)(p - arg) : 0, arg);
	g = &now1.grabs[rowof(row) - now1.grabs];
	input_ungrab(in, g, clock1);
	g->ignore = p ? classes(p + 1) : 0;
	g->xignore = p ? 0 : classes(arg);
	input_grab(in, g, clock1);
	if (!p)
		input_grabbed(in, asks, clock1);
	drain();
	memcpy(trace, was, sizeof(was));
}

static void
stepout(char *arg)
{
	(void)arg;
	input_leave(in, 0, clock1);
}

static void
stepforget(char *arg)
{
	(void)arg;
	memset(&guest, 0, sizeof(guest)); /* the VM's */
	input_forget(in, clock1);
}

static void
stepgood(char *arg)
{
	(void)arg;
	routebad = 0;
}

static void
stepgrab(char *arg)
{
	unsigned before = nsaid();

	if (input_grab(in, rowof(arg), clock1) < 0)
		add("refused%s", nsaid() > before ? "" : "-silently");
}

static void
steplost(char *arg)
{
	guest.held[keycode(arg)] = 1; /* it was not released there */
	input_lost(in, keycode(arg));
}

static void
stepmap(char *arg)
{
	keymap(arg, 1);
}

static void
stepnouinput(char *arg)
{
	(void)arg;
	nouinput = 1;
}

static void
steppend(char *arg)
{
	(void)arg;
	pending = 1;
}

static void
stepplaced(char *arg)
{
	double x, y;

	if (sscanf(arg, "%lf,%lf", &x, &y) == 2)
		input_place(in, x, y);
}

static void
stepplace(char *arg)
{
	stepplaced(arg);
	input_flush(in, clock1);
}

static void
stepmoved(char *arg)
{
	double x, y;

	if (sscanf(arg, "%lf,%lf", &x, &y) == 2)
		input_move(in, x, y);
}

static void
stepflush(char *arg)
{
	(void)arg;
	input_flush(in, clock1);
}

static void
stepturned(char *arg)
{
	int horizontal;
	double notches;

	if (sscanf(arg, "%d,%lf", &horizontal, &notches) == 2)
		input_wheel(in, horizontal, notches, clock1);
}

static void
stepplug(char *arg)
{
	plug(nodeof(arg));
}

static void
steppointer(char *arg)
{
	(void)arg;
	add("pointer=%d", input_relative(in));
}

/* "quiet:d1=+a": a change that is not reported, for it was dropped. */
static void
stepquiet(char *arg)
{
	char *p = strchr(arg, '=');
	struct input_event e;

	*p = '\0';
	quiet = 1;
	if (eventof(p + 1, &e) == 0)
		feed(arg, &e, 1);
	quiet = 0;
}

static void
stepreads(char *arg)
{
	reads = *arg == 'y' ? AllRead : *arg == 'k' ? 1 << VmKeyboard : 0;
}

static void
steprefuse(char *arg)
{
	nodeof(arg)->refuse = 1;
}

static void
steprelease(char *arg)
{
	(void)arg;
	input_release(in, clock1);
}

static void
steptake(char *arg)
{
	nodeof(arg)->refuse = 0;
}

static void
stepungrab(char *arg)
{
	input_ungrab(in, rowof(arg), clock1);
}

static void
stepunplug(char *arg)
{
	unplug(nodeof(arg));
}

static void
stepunstick(char *arg)
{
	(void)arg;
	restored = 1;
	input_unstick(in, clock1);
	restored = 0;
}

static void
stepvm(char *arg)
{
	vm.vm = *arg == 's' ? VmStopped : *arg == 'z' ? VmSuspended :
	    VmRunning;
}

static void
stepholds(char *arg)
{
	add("%s=%d", arg, input_holds(in, rowof(arg)));
}

static void
stepwarned(char *arg)
{
	(void)arg;
	add("warned=%u", nsaid());
}

static void
stepwindow(char *arg)
{
	input_focus(in, *arg == 'y', clock1);
}

static void
stephas(char *arg)
{
	input_grabbed(in, (strchr(arg, 'k') ? GrabKeyboard : 0) |
	    (strchr(arg, 'p') ? GrabPointer : 0) |
	    (strchr(arg, 'c') ? GrabConfine : 0), clock1);
}

static void
stepok(char *arg)
{
	(void)arg;
	input_grabbed(in, asks, clock1);
}

static const struct {
	const char *name;
	void (*run)(char *);
} steps[] = {
	{ "allow", stepallow },     /* :y, :n may grabs be held? */
	{ "bad", stepbad },         /* the route fails */
	{ "block", stepblock },     /* :all, :CLASSES, : go nowhere */
	{ "bak", stepbak },         /* :KEYS keymap when a grab has ended */
	{ "die", stepunplug },      /* :ORIGIN is no more */
	{ "flush", stepflush },     /* sends what is placed and moved */
	{ "focus", stepfocus },     /* somebody grabs: all but the modifiers */
	{ "forget", stepforget },   /* the VM was reset */
	{ "go", stepgo },           /* ends pend */
	{ "good", stepgood },       /* ends bad */
	{ "grab", stepgrab },       /* :ROW */
	{ "ignore", stepignore },   /* :CLASSES or :ORIGIN=CLASSES */
	{ "lost", steplost },       /* :KEY its release did not get there */
	{ "map", stepmap },         /* :KEYS keymap with the focus */
	{ "moved", stepmoved },     /* :X,Y of the pointer */
	{ "nouinput", stepnouinput }, /* no new device can be made */
	{ "out", stepout },         /* leave */
	{ "pend", steppend },       /* nodes are written to and not read */
	{ "place", stepplace },     /* placed, and flush */
	{ "placed", stepplaced },   /* :X,Y where the pointer is */
	{ "plug", stepplug },       /* :NODE */
	{ "pointer", steppointer }, /* tells how it moves */
	{ "quiet", stepquiet },     /* :NODE=+KEY without an event */
	{ "reads", stepreads },     /* :y, :n, :k QEMU reads all, none, a keyboard */
	{ "refuse", steprefuse },   /* :NODE is another program's */
	{ "release", steprelease }, /* input_release */
	{ "take", steptake },       /* :NODE ends refuse */
	{ "turned", stepturned },   /* :HORIZONTAL,NOTCHES of a wheel */
	{ "ungrab", stepungrab },   /* :ROW */
	{ "unplug", stepunplug },   /* :NODE */
	{ "unstick", stepunstick }, /* input_unstick, after a snapshot was loaded */
	{ "vm", stepvm },           /* :stopped, :running, :z it sleeps */
	{ "holds", stepholds },     /* :ROW tells whether it is held */
	{ "warned", stepwarned },   /* tells how often */
	{ "window", stepwindow },   /* :y, :n has the focus */
	{ "has", stephas },         /* :k, p, c: the window has that of it */
	{ "ok", stepok },           /* it has all that was asked for */
};

static void
step(char *tok)
{
	struct input_event ev[PacketMax];
	char *p, *save, *who = "";
	size_t i, n;

	if (*tok == '|') {
		add("|");
		return;
	}
	if (*tok == '@') {
		advance(atoi(tok + 1));
		return;
	}
	n = strcspn(tok, ":");
	for (i = 0; i < LENGTH(steps); i++) {
		if (strlen(steps[i].name) != n ||
		    strncmp(tok, steps[i].name, n))
			continue;
		steps[i].run(tok[n] ? tok + n + 1 : tok + n);
		drain();
		return;
	}
	if (*tok != '(' && eventof(tok, &ev[0]) < 0) {
		who = tok;
		if (!(tok = strchr(tok, ':'))) {
			printf("Bail out! %s: no step %s\n", this.name, who);
			exit(2);
		}
		*tok++ = '\0';
	}
	for (n = 0, p = strtok_r(tok, "() ", &save);
	    p && n < LENGTH(ev); p = strtok_r(NULL, "() ", &save)) {
		if (eventof(p, &ev[n++]) < 0) {
			printf("Bail out! %s: no event %s\n", this.name, p);
			exit(2);
		}
	}
	feed(who, ev, n);
	drain();
}

/* ---- settings and cases ---- */

static void
chordof(char *text, Hotkey *h)
{
	char *p, *next, *save;
	size_t i;

	for (p = strtok_r(text, "+", &save); p; p = next) {
		next = strtok_r(NULL, "+", &save);
		if (!next) {
			h->key = keycode(p);
		} else if (!strncmp(p, "with:", 5)) {
			h->mods |= With(keycode(p + 5));
		} else {
			for (i = 0; strcmp(mods[i].name, p); i++)
				if (i + 1 == LENGTH(mods))
					keycode(p);
			h->mods |= mods[i].bits;
		}
	}
	h->action = act;
}

static void
setting(char *text)
{
	struct setup *s = &now1;
	char *word[16], *p, *save, text1[128];
	size_t n = 0, i, k;
	Hotkey *h;
	Grab *g;

	for (p = strtok_r(text, " \t", &save); p && n < LENGTH(word) - 1;
	    p = strtok_r(NULL, " \t", &save))
		word[n++] = p;
	for (i = n; i < LENGTH(word); i++)
		word[i] = "";
	if (!strcmp(word[0], "neutral")) {
		s->conf.neutral = keycode(word[1]);
	} else if (!strcmp(word[0], "hires")) {
		s->conf.hires = 1;
	} else if (!strcmp(word[0], "relative")) {
		s->conf.relative = 1;
	} else if (!strcmp(word[0], "rect")) {
		s->conf.guestrect = (Rect){ atof(word[1]), atof(word[2]),
			atof(word[3]), atof(word[4]) };
	} else if (!strcmp(word[0], "remap")) {
		s->remaps[s->nremaps].key = keycode(word[1]);
		s->remaps[s->nremaps++].guest = keycode(word[2]);
	} else if (!strcmp(word[0], "emergency")) {
		chordof(word[1], &s->emergency);
	} else if (!strcmp(word[0], "hotkey")) {
		h = &s->hotkeys[s->nhotkeys++];
		chordof(word[1], h);
		h->arg.grab = keep(word[2]);
		for (i = 3; i < n; i++)
			h->flags |= *word[i] == 'r' ? OnRelease : Global;
	} else if (!strcmp(word[0], "route")) {
		s->conf.route = *word[1] == 'q' ? Qmp : *word[1] == 'i' ?
		    InputLinux : VirtioHost;
	} else if (!strcmp(word[0], "origin")) {
		snprintf(text1, sizeof(text1), "node %s keys,buttons,relative,"
		    "misc", word[1]);
		setting(text1);
		s->held[s->ngrabs] = 1;
		snprintf(text1, sizeof(text1), "row _%s evdev exclusive %s %s",
		    word[1], word[1], *word[2] ? "newname=2" : "");
		setting(text1);
	} else if (!strcmp(word[0], "node")) {
		snprintf(s->node[s->nnodes].name, sizeof(s->node[0].name),
		    "%s", word[1]);
		s->node[s->nnodes++].can = classes(word[2]);
	} else if (!strcmp(word[0], "row")) {
		g = &s->grabs[s->ngrabs];
		g->name = keep(word[1]);
		g->by = *word[2] == 'x' ? X : Evdev;
		/* file and now1 are copied: a case's devices are its own */
		g->devices = now1.devices[s->ngrabs];
		for (i = 3, k = 0; i < n; i++) {
			if (!strcmp(word[i], "mouse"))
				g->flags |= Mouse;
			else if (!strcmp(word[i], "confine"))
				g->flags |= Confine;
			else if (!strcmp(word[i], "exclusive"))
				g->flags |= Exclusive;
			else if (!strcmp(word[i], "onfocus"))
				g->flags |= OnFocus;
			else if (!strncmp(word[i], "xignore=", 8))
				g->xignore = classes(word[i] + 8);
			else if (!strncmp(word[i], "ignore=", 7))
				g->ignore = classes(word[i] + 7);
			else if (!strncmp(word[i], "newname=", 8))
				g->newname = keep(word[i] + 8);
			else {
				snprintf(text1, sizeof(text1), "%s/%s", dir,
				    word[i]);
				s->devices[s->ngrabs][k++] = keep(text1);
			}
		}
		s->ngrabs++;
	} else {
		printf("Bail out! %s: no setting %s\n", this.name, word[0]);
		exit(2);
	}
}

static void
casebegin(void)
{
	struct setup *s = &now1;
	size_t i;

	memset(&vm, 0, sizeof(vm));
	memset(&guest, 0, sizeof(guest));
	memset(nodes, 0, sizeof(nodes));
	norelease = nopress = novalue = sends = asks = unasked = 0;
	unsay();
	routebad = pending = nouinput = 0;
	clock1 = 1000;
	reads = AllRead;
	vm.vm = VmRunning;
	s->conf.remaps = s->remaps;
	s->conf.hotkeys = s->hotkeys;
	s->conf.emergency = s->emergency.key ? &s->emergency : NULL;
	s->conf.grabs = s->grabs;
	if (!s->conf.guestrect.right)
		s->conf.guestrect = (Rect){ 0, 0, 1, 1 };
	s->grabs[s->ngrabs++] = (Grab){ .name = "_", .by = X };
	for (i = 0; i < NodeMax; i++) {
		nodes[i].ours = nodes[i].theirs = -1;
		nodes[i].can = s->node[i].can;
		snprintf(nodes[i].name, sizeof(nodes[i].name), "%s",
		    s->node[i].name);
		snprintf(nodes[i].path, sizeof(nodes[i].path), "%s/%s", dir,
		    s->node[i].name);
	}
	in = input_open(&s->conf, &ops, &vm, clock1);
	if (!in) {
		printf("Bail out! no input\n");
		exit(2);
	}
	allowed = 1;
	blocked = 0;
	input_allow(in, allowed, blocked, clock1);
	for (i = 0; i < s->ngrabs; i++) {
		if (!s->held[i])
			continue;
		input_grab(in, &s->grabs[i], clock1);
		if (s->grabs[i].by == Evdev)
			plug(nodeof(s->grabs[i].name + 1));
	}
	drain();
	*trace = '\0';
}

static void
caseover(void)
{
	size_t i;

	for (i = 0; i < NodeMax; i++)
		if (nodes[i].ours >= 0)
			unplug(&nodes[i]);
	for (i = 0; i < now1.nnodes; i++)
		unlink(nodes[i].path);
	input_allow(in, 0, 0, clock1); /* lets its devices go */
	input_close(in);
	drain();
	now1.ngrabs--;
}

static void
caseend(void)
{
	char *p, *next, given[TextMax];

	if (!this.begun)
		return;
	casebegin();
	snprintf(given, sizeof(given), "%s", this.given);
	for (p = given; *p; p = next) {
		p += strspn(p, " \t");
		next = p + strcspn(p, " \t");
		if (memchr(p, '(', next - p) && !memchr(p, ')', next - p))
			next = p + strcspn(p, ")") + 1;
		if (*next)
			*next++ = '\0';
		if (*p)
			step(p);
	}
	okstr(*trace ? trace + 1 : trace, this.expected, this.name,
	    this.given);
	caseover();
	this.begun = 0;
}

static void
line(char *p)
{
	char *word = p, *to = NULL;

	p += strcspn(p, " \t");
	if (*p)
		*p++ = '\0';
	p += strspn(p, " \t");
	if (!strcmp(word, "case")) {
		caseend();
		if (!*this.name)
			file = now1;
		now1 = file;
		snprintf(this.name, sizeof(this.name), "%s", p);
		*this.given = *this.expected = '\0';
		this.begun = 1;
		return;
	}
	if (!strcmp(word, "given"))
		to = this.given;
	if (!strcmp(word, "expected"))
		to = this.expected;
	if (!to) {
		if (*p)
			p[-1] = ' ';
		else
			*p = '\0';
		word[strlen(word)] = *p ? ' ' : '\0';
		setting(word);
		return;
	}
	if (*to && *p)
		strcat(to, " ");
	strcat(to, p);
}

static void
casefile(const char *path)
{
	char buf[TextMax], *p;
	FILE *f = fopen(path, "r");
	unsigned before = tapn;

	if (!f) {
		printf("Bail out! %s\n", path);
		exit(2);
	}
	memset(&file, 0, sizeof(file));
	memset(&now1, 0, sizeof(now1));
	this.ntext = 0;
	*this.name = '\0';
	while (fgets(buf, sizeof(buf), f)) {
		p = buf + strspn(buf, " \t");
		p[strcspn(p, "\n")] = '\0';
		if (*p && *p != '#')
			line(p);
	}
	caseend();
	fclose(f);
	printf("# %s: %u cases\n", path, tapn - before);
}

/* ---- random steps ---- */

/* Who plays, by the name that feed knows. */
static struct player {
	const char *name;
	unsigned char *down;
} players[3];
static unsigned fed; /* what they did */

/* A random key of an origin goes down or up, perhaps with others, or repeats;
 * now and then with motion. The window's buttons may go up unseen. */
static void
play(struct player *p)
{
	struct input_event ev[4];
	unsigned first = taprandom(&chance) % Played, n, i, k;
	int same;

	n = taprandom(&chance) % 8 ? 1 : 1 + taprandom(&chance) % 3;
	memset(ev, 0, sizeof(ev));
	for (i = 0; i < n; i++) {
		k = keys[(first + i) % Played].code;
		same = !(taprandom(&chance) % 16);
		ev[i].type = EV_KEY;
		ev[i].code = k;
		ev[i].value = has(p->down, k) ? same ? 2 : 0 : !same;
		if (same && ev[i].value && p == players)
			ev[i].value = 1 + taprandom(&chance) % 2;
		if (!same)
			p->down[k / 8] ^= 1 << k % 8;
	}
	if (!(taprandom(&chance) % 4)) { /* which chooses mouse or tablet */
		k = taprandom(&chance) % (LENGTH(axes) - 2);
		ev[n].type = axes[k].type;
		ev[n].code = axes[k].code;
		ev[n++].value = 1;
	}
	feed(p->name, ev, n);
	fed += n;
}

/* Something else happens than keys and time. */
static void
happen(struct player *p)
{
	unsigned k = keys[taprandom(&chance) % Played].code, i;
	const Grab *g = &now1.grabs[taprandom(&chance) % now1.ngrabs];
	struct node1 *node = *p->name ? nodeof(p->name) : NULL;
	struct input_event e = { .type = EV_SYN, .code = SYN_DROPPED };

	switch (taprandom(&chance) % 18) {
	case 0: /* the focus goes and comes, with what is down by then */
	case 1:
		if (node)
			return;
		input_leave(in, taprandom(&chance) % 2, clock1);
		for (i = 0; i < taprandom(&chance) % 4; i++) {
			k = keys[taprandom(&chance) % Played].code;
			p->down[k / 8] ^= 1 << k % 8;
		}
		input_keymap(in, p->down, taprandom(&chance) % 2, clock1);
		return;
	case 2:
	case 3:
		input_leave(in, taprandom(&chance) % 2, clock1);
		return;
	case 4:
		input_release(in, clock1);
		return;
	case 5:
		if (now1.conf.route == Qmp)
			memset(&guest, 0, sizeof(guest));
		input_forget(in, clock1);
		return;
	case 6: /* of what was sent up last, say */
		if (now1.conf.route != Qmp)
			return;
		guest.held[k] = 1;
		input_lost(in, k);
		return;
	case 7: /* unplugged */
		if (node)
			unplug(node);
		return;
	case 8:
		if (node)
			plug(node);
		return;
	case 9: /* events are lost */
	case 10:
		if (!node)
			return;
		p->down[k / 8] ^= 1 << k % 8;
		feed(p->name, &e, 1);
		return;
	case 11:
	case 12:
		input_grab(in, g, clock1);
		return;
	case 13:
		input_ungrab(in, g, clock1);
		return;
	case 14:
		blocked = taprandom(&chance) % 2 ? 0 : taprandom(&chance) % 64;
		allowed = taprandom(&chance) % 4 > 0;
		input_allow(in, allowed, blocked, clock1);
		input_focus(in, taprandom(&chance) % 2, clock1);
		return;
	case 15:
		input_grabbed(in, someof(asks), clock1);
		return;
	case 16:
		reads = taprandom(&chance) % 4 ? AllRead :
		    taprandom(&chance) & AllRead;
		vm.vm = taprandom(&chance) % 4 ? VmRunning : VmStopped;
		return;
	case 17:
		input_global(in, k, taprandom(&chance) % 2,
		    taprandom(&chance) % 2, clock1);
		return;
	}
}

/* Is no row held that the window was not asked for? */
static void
rows(void)
{
	const Grab *g;
	unsigned wants;

	for (g = now1.grabs; g->name; g++) {
		wants = GrabKeyboard | (g->flags & Mouse ? GrabPointer : 0) |
		    (g->flags & Confine ? GrabConfine : 0);
		unasked += g->by == X && input_holds(in, g) && wants & ~asks;
	}
}

/* What is down in the guest, in a clone or in a node. */
static unsigned
stuck(int tell)
{
	unsigned k, n = 0, before;
	size_t i;

	for (k = 0; k < KEY_CNT; k++) {
		before = n;
		n += guest.held[k];
		for (i = 0; i < UinputMax; i++)
			n += uinputs[i].ours >= 0 && uinputs[i].seat.held[k];
		if (n > before && tell)
			printf("# stuck: %s\n", keytext(k));
	}
	return n;
}

/* The end of an era: all works again, and each key that is down goes up; or
 * all is released. */
static unsigned
settled(int all)
{
	struct input_event e = { .type = EV_KEY };
	struct player *p;
	size_t i;

	steady = 1;
	reads = AllRead;
	vm.vm = VmRunning;
	for (i = 0; i < now1.ngrabs && all; i++)
		input_ungrab(in, &now1.grabs[i], clock1);
	if (all) {
		input_leave(in, 0, clock1);
		input_release(in, clock1);
		drain();
		return stuck(0);
	}
	for (p = players; p < players + LENGTH(players); p++) {
		for (e.code = 0; e.code < KEY_CNT; e.code++) {
			if (!has(p->down, e.code))
				continue;
			p->down[e.code / 8] &= ~(1 << e.code % 8);
			feed(p->name, &e, 1);
		}
	}
	input_keymap(in, players->down, 1, clock1);
	advance(1000);
	input_feed(in, &e, 0, clock1);
	drain();
	return stuck(0);
}

/* Random steps, in eras with settings of their own. */
static void
property(uint32_t seed, unsigned least)
{
	static const char *const setup[] = {
		"hotkey ctrl+g 1", "hotkey ctrl+shift+g 2",
		"hotkey lctrl+rctrl 3", "hotkey with:side+a 4",
		"hotkey with:z+left 5 release", "hotkey alt+k 6",
		"hotkey alt+k 7 release", "hotkey y 8",
		"hotkey meta+h 9 global", "emergency ctrl+alt+x", "remap a b",
		"remap c 0", "remap left right", "remap shift ctrl",
		"neutral f24", "hotkey right 10",
	};
	static const char *const list[] = {
		"origin k1", "origin k2 clone", "row r1 x mouse xignore=keys",
		"row r2 x xignore=keys,buttons", "row r7 x mouse confine",
		"row r3 evdev newname=c k1",
		"row r4 x onfocus xignore=buttons", "row r5 evdev k1",
		"row r6 evdev ignore=keys k1 k2",
	};
	static unsigned char window[KEY_CNT / 8];
	unsigned left = 0, era, i, bad = 0, total = 0, up = 0, down = 0;
	unsigned other = 0, loose = 0, n;
	char text[80];

	chance = seed;
	for (era = 0; era < Steps / Era || fed < least; era++) {
		memset(&now1, 0, sizeof(now1));
		this.ntext = 0;
		for (i = 0; i < LENGTH(setup); i++) {
			snprintf(text, sizeof(text), "%s", setup[i]);
			if (taprandom(&chance) % 2)
				setting(text);
		}
		for (i = 0; i < LENGTH(list); i++) {
			snprintf(text, sizeof(text), "%s", list[i]);
			setting(text);
		}
		now1.conf.route = taprandom(&chance) % 8 ? Qmp :
		    taprandom(&chance) % 2 ? InputLinux : VirtioHost;
		steady = 0;
		memset(window, 0, sizeof(window));
		casebegin();
		players[0] = (struct player){ "", window };
		players[1] = (struct player){ "k1", nodes[0].down };
		players[2] = (struct player){ "k2", nodes[1].down };
		for (i = 0; i < Era; i++) {
			n = taprandom(&chance) % 32;
			if (n < 3)
				happen(&players[taprandom(&chance) % 3]);
			else if (n < 12)
				advance(taprandom(&chance) % 100);
			else
				play(&players[taprandom(&chance) % 3]);
			rows();
		}
		n = settled(era % 2);
		if ((n || nopress || norelease || novalue) && !bad++) {
			printf("# era %u: route %d\n", era, now1.conf.route);
			stuck(1);
		}
		left += n;
		up += nopress;
		down += norelease;
		total += sends;
		other += novalue;
		loose += unasked;
		caseover();
	}
	chance = 0;
	printf("# seed %u, %u steps, %u keys and motions, %u keys sent\n",
	    (unsigned)seed, era * Era, fed, total);
	okint(up, 0, "random: no release of a key that is up");
	okint(down, 0, "random: no press of a key that is down");
	okint(other, 0, "random: no other value");
	okint(loose, 0, "random: no row is held that was not asked for");
	okint(left, 0, "random: nothing is held at the end of an era");
	ok(total > Steps / 8, "random: much was sent");
}

int
main(int argc, char **argv)
{
	struct input_event many[12] = { 0 };
	unsigned stuck = 0;
	int islong;
	glob_t g;
	size_t i;

	tapbegin(900);
	signal(SIGPIPE, SIG_IGN); /* a socket's; a node has none */
	saidbegin();
	snprintf(dir, sizeof(dir), "/tmp/test-input.%d", (int)getpid());
	mkdir(dir, 0700);
	for (i = 0; i < UinputMax; i++)
		uinputs[i].ours = uinputs[i].theirs = -1;
	for (i = 0; i < NodeMax; i++)
		nodes[i].ours = nodes[i].theirs = -1;
	if (argc > 2) {
		casefile(argv[2]);
		rmdir(dir);
		return tapend();
	}
	if (glob("tests/input/events/*.t", 0, NULL, &g) == 0)
		for (i = 0; i < g.gl_pathc; i++)
			casefile(g.gl_pathv[i]);
	ok(tapn >= 60, "%u cases were found", tapn);
	globfree(&g);
	memset(&now1, 0, sizeof(now1));
	casebegin();
	for (i = 0; i < LENGTH(many); i++) {
		many[i].type = EV_KEY;
		many[i].code = KEY_1 + i;
		many[i].value = 1;
		input_feed(in, &many[i], 1, 0);
		many[i].value = 0;
	}
	input_feed(in, many, LENGTH(many), 0);
	for (i = 0; i < KEY_CNT; i++)
		stuck += guest.held[i];
	okint(stuck, 0, "twelve releases in one packet: all of them sent");
	many[0].code = KEY_MAX;
	many[0].value = 1;
	input_feed(in, many, 1, 0);
	okint(guest.held[KEY_MAX], 1, "the highest key code");
	many[0].code = KEY_CNT;
	input_feed(in, many, 1, 0);
	okint(sends, 2 * LENGTH(many) + 1, "and none above it");
	caseover();
	islong = argc > 1 && !strcmp(argv[1], "long");
	property(argc > 1 && !islong ? strtoul(argv[1], NULL, 10) : 20260101,
	    islong ? LongEvents : 0);
	rmdir(dir);
	return tapend();
}
