/* See LICENSE for copyright and licence details.
 *
 * input.c: the cases of tests/input/events, then that no key is ever stuck, whatever
 * comes.
 *
 * A file has settings and cases. A line "case NAME" begins one; "given" and
 * "expected" lines are its steps and what they do, settings before "given" are
 * its own, those before the first case are the file's:
 *
 *	withhold MS, neutral KEY, remap KEY KEY (0: nothing), relative, leds
 *	hotkey CHORD ROW [release] [global] [exclusive]: ctrl+g, with:caps+g,
 *	    lctrl+rctrl; a name of a side is LeftCtrl, or the key if it is last
 *	emergency CHORD
 *	route qmp|input-linux|virtio-host, hires
 *	origin NAME [clone]: one more, to the guest or to a clone
 *	node NAME keys,buttons,relative,absolute,leds: a device of the host
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
 * or a uinput node got; "!1" the row that fired; and "take:", "give:", "held:",
 * "free:" ROW, what became of a grab; "grab:", "along:", "closed:" NODE;
 * "new:", "gone:" a uinput node. A press of what is down there, a release of
 * what is up, and a value 2 are followed by "BAD". "|" is copied.
 *
 * The guest is the sink's send, or, as /dev/uinput and evdev nodes are, a
 * socket that open() below gives. */
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

#include "../../screenstub.h"
#include "../lib/tap.h"

enum {
	Steps = 1000000, Era = 2000, /* of the property test */
	TextMax = 8192, RowMax = 24, NodeMax = 4, UinputMax = 16, OriginMax = 4,
	Spare = GrabMax - 1 /* a clone that no row has */
};

/* Something with keys: the guest, a clone, a uinput node. */
struct seat {
	unsigned char held[KEY_CNT];
};

/* A node that input.c has opened, or may. */
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

static int act(struct task *, const Arg *, msec);
static void add(const char *fmt, ...)
	__attribute__((format(printf, 1, 2)));
static void advance(msec by);
static void casebegin(void);
static void caseend(void);
static void casefile(const char *path);
static unsigned classes(char *list);
static void drain(void);
static int eventof(const char *tok, struct input_event *);
static void feed(const char *who, const struct input_event *, size_t);
static void fire(const Hotkey *, msec);
static void grabbed(const Grab *, int, msec);
static void grabx(const Grab *, int, msec);
static unsigned keycode(const char *);
static const char *keytext(unsigned);
static void line(char *);
static struct node1 *nodeof(const char *name);
static void plug(struct node1 *);
static void property(uint32_t seed);
static void report(struct seat *, const char *who, const struct input_event *,
                   size_t);
static int record(struct sink *, const struct input_event *, size_t, msec);
static int has(const unsigned char *, unsigned);
static const Grab *rowof(const char *name);
static void setting(char *);
static void step(char *);
static void unplug(struct node1 *);
static void unstick(const unsigned char *, msec);

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
	{ "msc", EV_MSC, MSC_SCAN }, { "sw", EV_SW, SW_LID },
	{ "tabletmode", EV_SW, SW_TABLET_MODE }, { "bell", EV_SND, SND_BELL },
	{ "led", EV_LED, LED_CAPSL }, { "syn", EV_SYN, SYN_DROPPED },
};

static const char *const classname[] = {
	"keys", "buttons", "relative", "absolute", "misc", "switches", "leds",
	"sounds", NULL
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
	msec withhold;
	unsigned neutral;
	int route, hires, relative, leds;
	Remap remaps[RowMax];
	Hotkey hotkeys[RowMax], emergency;
	Grab grabs[GrabMax];
	Device devices[GrabMax][NodeMax + 1];
	size_t nremaps, nhotkeys, ngrabs, norigins, nnodes;
	char origin[OriginMax][32];
	int toclone[OriginMax];
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

static struct input in;
static struct qmp vm;
static struct origin origins[OriginMax];
static struct node1 nodes[NodeMax], uinputs[UinputMax];
static struct seat guest, clones[GrabMax];
static msec clock1;
static char trace[TextMax], dir[64];
static int routebad, reads, pending, quiet, steady;
static unsigned norelease, nopress, novalue, sends;
static int (*routesend)(struct sink *, const struct input_event *, size_t,
                        msec);
static uint32_t chance; /* not 0: the property test's */

int
act(struct task *t, const Arg *a, msec now)
{
	(void)t;
	(void)a;
	(void)now;
	return Done;
}

void
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

/* Time passes, and whose time it is comes in its turn. */
void
advance(msec by)
{
	msec to = clock1 + by;
	struct source *first;
	size_t i;

	for (;;) {
		for (first = NULL, i = 0; i < SourceMax; i++)
			if (sources[i] && sources[i]->due &&
			    sources[i]->due <= to &&
			    (!first || sources[i]->due < first->due))
				first = sources[i];
		if (!first)
			break;
		if (first->due > clock1)
			clock1 = first->due;
		first->due = 0;
		first->ready(first, 0, clock1);
		drain();
	}
	clock1 = to;
}

void
casebegin(void)
{
	const struct setup *s = &now1;
	size_t i;

	memset(&in, 0, sizeof(in));
	memset(&vm, 0, sizeof(vm));
	memset(&guest, 0, sizeof(guest));
	memset(clones, 0, sizeof(clones));
	memset(origins, 0, sizeof(origins));
	memset(nodes, 0, sizeof(nodes));
	norelease = nopress = novalue = sends = nsaid = 0;
	*trace = *said = '\0';
	routebad = pending = 0;
	clock1 = 1000;
	reads = AllRead;
	vm.vm = VmRunning;
	in.withhold = s->withhold;
	in.neutral = s->neutral;
	in.route = s->route;
	in.hires = s->hires;
	in.relative = s->relative;
	in.leds = s->leds;
	in.remaps = s->remaps;
	in.hotkeys = s->hotkeys;
	in.emergency = s->emergency.key ? &s->emergency : NULL;
	in.grabs = s->grabs;
	in.qmp = &vm;
	in.fire = fire;
	in.grabx = grabx;
	in.grabbed = grabbed;
	in.unstick = unstick;
	for (i = 0; i < NodeMax; i++) {
		nodes[i].ours = nodes[i].theirs = -1;
		nodes[i].can = s->node[i].can;
		snprintf(nodes[i].name, sizeof(nodes[i].name), "%s",
		    s->node[i].name);
		snprintf(nodes[i].path, sizeof(nodes[i].path), "%s/%s", dir,
		    s->node[i].name);
	}
	if (input_open(&in, clock1) < 0)
		add("closed");
	in.allowed = 1;
	routesend = in.sink.send;
	in.sink.send = record;
	for (i = 0; i < s->norigins; i++) {
		origins[i].sink = s->toclone[i] ? &in.clone[Spare].sink : NULL;
		if (s->toclone[i])
			in.clone[Spare].sink.send = record;
		input_origin(&in, &origins[i]);
	}
	drain();
	*trace = '\0';
}

void
caseend(void)
{
	char *p, *next, given[TextMax];
	size_t i;

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
	for (i = 0; i < NodeMax; i++)
		if (nodes[i].ours >= 0)
			unplug(&nodes[i]);
	vm.pid = 0;
	input_close(&in);
	drain();
	for (i = 0; i < SourceMax; i++)
		sources[i] = NULL;
	this.begun = 0;
}

void
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

unsigned
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

/* What input.c wrote to its nodes, or that it closed them. */
void
drain(void)
{
	struct input_event ev[64];
	struct node1 *n;
	ssize_t len;
	size_t i, k;

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
			report(&n->seat, n->name, ev, k - 1);
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
			for (i = 0; i < len / sizeof(*ev); i++)
				if (ev[i].type == EV_LED)
					add("%s:led%u=%d", n->name, ev[i].code,
					    (int)ev[i].value);
		}
	}
}

int
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

/* A packet of an origin, or of a node. */
void
feed(const char *who, const struct input_event *ev, size_t n)
{
	struct input_event out[ReportMax * 2 + 1];
	struct source *s;
	struct node1 *node;
	size_t i, k;

	if (!*who) {
		input_feed(&in, &in.x, ev, n, clock1);
		return;
	}
	for (i = 0; i < now1.norigins; i++) {
		if (strcmp(who, now1.origin[i]))
			continue;
		input_feed(&in, &origins[i], ev, n, clock1);
		return;
	}
	if (!strcmp(who, "raw") || !strcmp(who, "seen")) {
		for (i = 0; i < n; i++)
			input_global(&in, ev[i].code, ev[i].value,
			    *who == 'r', clock1);
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
	for (i = 0; i < DeviceMax && !pending; i++) {
		s = &in.device[i].source;
		if (s->fd >= 0 && s->fd == node->theirs)
			s->ready(s, Readable, clock1);
	}
}

void
fire(const Hotkey *h, msec now)
{
	size_t i;

	if (!chance) {
		drain(); /* what was sent before */
		add("!%s", h->arg.grab ? h->arg.grab : "E");
		/* the emergency, and rows of that name, end all grabs; one of
		 * two rows gives way to the other */
		if (h->arg.grab && !strcmp(h->arg.grab, "swap")) {
			input_ungrab(&in, &now1.grabs[0], now);
			input_grab(&in, &now1.grabs[1], now);
		} else if (!h->arg.grab) {
			for (i = 0; i < now1.ngrabs; i++)
				input_ungrab(&in, &now1.grabs[i], now);
			input_release(&in, now);
		}
		return;
	}
	/* what actions do */
	switch (taprandom(&chance) % 8) {
	case 0:
		input_release(&in, now);
		break;
	case 1:
		input_leave(&in, &in.x, taprandom(&chance) % 2, now);
		break;
	case 2:
		input_allow(&in, !in.allowed, now);
		break;
	}
}

void
grabbed(const Grab *g, int held, msec now)
{
	(void)now;
	add("%s:%s", held ? "held" : "free", g->name);
}

void
grabx(const Grab *g, int wanted, msec now)
{
	if (chance && taprandom(&chance) % 2)
		input_grabbed(&in, g, wanted && taprandom(&chance) % 4, now);
	add("%s:%s", wanted ? "take" : "give", g->name);
}

int
has(const unsigned char *bits, unsigned k)
{
	return bits[k / 8] >> k % 8 & 1;
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
		if (request == UI_DEV_SETUP)
			snprintf(n->name, sizeof(n->name), "%s",
			    ((struct uinput_setup *)p)->name);
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
		abs->maximum = 1023;
		return 0;
	}
	if (_IOC_NR(request) == _IOC_NR(EVIOCGSW(0)) && n->can & Switches) {
		*(unsigned char *)p = 1 << SW_TABLET_MODE;
		return 0;
	}
	if (_IOC_NR(request) == _IOC_NR(EVIOCGLED(0))) {
		*(unsigned char *)p = 0;
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
		    (type == EV_MSC && k == MSC_SCAN && n->can & Misc) ||
		    (type == EV_ABS && n->can & Absolute &&
		    (k == ABS_Y || k == ABS_MT_SLOT ||
		    k == ABS_MT_POSITION_X)))
			bits[k / 8] |= 1 << k % 8;
	if ((type == EV_REL && n->can & Relative) ||
	    (type == EV_ABS && n->can & Absolute) ||
	    (type == EV_LED && n->can & Leds))
		bits[0] |= 1;
	return 0;
}

unsigned
keycode(const char *name)
{
	size_t i;

	for (i = 0; i < LENGTH(keys); i++)
		if (!strcmp(name, keys[i].name))
			return keys[i].code;
	printf("Bail out! %s: no key %s\n", this.name, name);
	exit(2);
}

const char *
keytext(unsigned code)
{
	size_t i;

	for (i = 0; i < LENGTH(keys); i++)
		if (code == keys[i].code)
			return keys[i].name;
	return "?";
}

void
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

struct node1 *
nodeof(const char *name)
{
	size_t i;

	for (i = 0; i < now1.nnodes; i++)
		if (!strcmp(nodes[i].name, name))
			return &nodes[i];
	return NULL;
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

void
plug(struct node1 *n)
{
	int fd = syscall(SYS_openat, AT_FDCWD, n->path, O_CREAT | O_WRONLY,
	    0600);

	if (fd >= 0)
		close(fd);
	input_uevent(&in, "add", "/dev/input/event7", clock1);
}

/* The route: what it takes is told, or goes to the nodes. */
int
record(struct sink *s, const struct input_event *ev, size_t n, msec now)
{
	size_t i;
	int r;

	if (routebad || (chance && !steady && !(taprandom(&chance) % 8)))
		return -1;
	if (s == &in.sink && in.route != Qmp) {
		r = routesend(s, ev, n, now);
		drain();
		return r;
	}
	if (s == &in.sink) {
		report(&guest, "", ev, n);
		return 0;
	}
	for (i = 0; i < GrabMax; i++)
		if (s == &in.clone[i].sink)
			report(&clones[i], "2", ev, n);
	return 0;
}

void
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
			nopress += !ev[i].value && !s->held[ev[i].code];
			novalue += ev[i].value < 0 || ev[i].value > 1;
			bad |= s->held[ev[i].code] == ev[i].value ||
			    ev[i].value > 1;
			s->held[ev[i].code] = ev[i].value;
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

const Grab *
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

void
setting(char *text)
{
	struct setup *s = &now1;
	char *word[16], *p, *save;
	size_t n = 0, i, k;
	Hotkey *h;
	Grab *g;

	for (p = strtok_r(text, " \t", &save); p && n < LENGTH(word) - 1;
	    p = strtok_r(NULL, " \t", &save))
		word[n++] = p;
	for (i = n; i < LENGTH(word); i++)
		word[i] = "";
	if (!strcmp(word[0], "withhold")) {
		s->withhold = atoi(word[1]);
	} else if (!strcmp(word[0], "neutral")) {
		s->neutral = keycode(word[1]);
	} else if (!strcmp(word[0], "hires")) {
		s->hires = 1;
	} else if (!strcmp(word[0], "relative")) {
		s->relative = 1;
	} else if (!strcmp(word[0], "leds")) {
		s->leds = 1;
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
			h->flags |= *word[i] == 'r' ? OnRelease :
			    *word[i] == 'g' ? Global : Exclusive;
	} else if (!strcmp(word[0], "route")) {
		s->route = *word[1] == 'q' ? Qmp : *word[1] == 'i' ?
		    InputLinux : VirtioHost;
	} else if (!strcmp(word[0], "origin")) {
		snprintf(s->origin[s->norigins], sizeof(s->origin[0]), "%s",
		    word[1]);
		s->toclone[s->norigins++] = *word[2] != '\0';
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
				snprintf(said, sizeof(said), "%s/%s", dir,
				    word[i]);
				s->devices[s->ngrabs][k++].path = keep(said);
			}
		}
		s->ngrabs++;
	} else {
		printf("Bail out! %s: no setting %s\n", this.name, word[0]);
		exit(2);
	}
}

static void
stepallow(char *arg)
{
	input_allow(&in, *arg == 'y', clock1);
}

static void
stepbad(char *arg)
{
	(void)arg;
	routebad = 1;
}

/* A keymap after somebody's grab. */
/* focus -1: it is told of all of X */
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
	if (focus < 0)
		input_raw(&in, down);
	else
		input_keymap(&in, down, focus, clock1);
}

static void
stepbak(char *arg)
{
	keymap(arg, 0);
}

static void
stepdie(char *arg)
{
	size_t i;

	for (i = 0; i < now1.norigins; i++)
		if (!strcmp(now1.origin[i], arg))
			input_unorigin(&in, &origins[i], clock1);
}

static void
stepfocus(char *arg)
{
	(void)arg;
	input_leave(&in, &in.x, 1, clock1);
}

static void
stepforget(char *arg)
{
	(void)arg;
	memset(&guest, 0, sizeof(guest)); /* the VM's */
	input_forget(&in, clock1);
}

static void
stepgo(char *arg)
{
	size_t i;

	(void)arg;
	pending = 0;
	for (i = 0; i < DeviceMax; i++)
		if (in.device[i].source.fd >= 0)
			in.device[i].source.ready(&in.device[i].source,
			    Readable, clock1);
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
	unsigned before = nsaid;

	if (input_grab(&in, rowof(arg), clock1) < 0)
		add("refused%s", nsaid > before ? "" : "-silently");
}

/* "ignore:keys,buttons" of the window, "ignore:NAME=keys" of an origin. */
static void
stepignore(char *arg)
{
	char *p = strchr(arg, '=');
	struct origin *o = &in.x;
	size_t i;

	for (i = 0; p && i < now1.norigins; i++)
		if (!strncmp(now1.origin[i], arg, p - arg))
			o = &origins[i];
	o->ignore = classes(p ? p + 1 : arg);
}

static void
stepleds(char *arg)
{
	struct input_event ev[2] = { { .type = EV_LED, .code = LED_CAPSL } };
	char *code = strchr(arg, '=');
	struct node1 *n;
	size_t i;

	ev[0].value = arg[strlen(arg) - 1] == '+';
	arg[strlen(arg) - 1] = '\0';
	if (code) {
		ev[0].code = strtoul(code + 1, NULL, 10);
		*code = '\0';
	}
	for (n = uinputs; n < uinputs + UinputMax; n++)
		if (n->ours >= 0 && !strcmp(n->name, arg) &&
		    send(n->ours, ev, sizeof(ev), 0) > 0) {
			if (in.node[0].source.fd == n->theirs)
				in.node[0].source.ready(&in.node[0].source,
				    Readable, clock1);
			for (i = 0; i < GrabMax; i++)
				if (in.clone[i].source.fd == n->theirs)
					in.clone[i].source.ready(
					    &in.clone[i].source, Readable,
					    clock1);
		}
}

static void
steplost(char *arg)
{
	guest.held[keycode(arg)] = 1; /* it was not released there */
	input_lost(&in, keycode(arg));
}

static void
stepmap(char *arg)
{
	keymap(arg, 1);
}

static void
steprawmap(char *arg)
{
	keymap(arg, -1);
}

static void
stepout(char *arg)
{
	size_t i;

	for (i = 0; *arg && i < now1.norigins; i++)
		if (!strcmp(now1.origin[i], arg))
			input_leave(&in, &origins[i], 0, clock1);
	if (!*arg)
		input_leave(&in, &in.x, 0, clock1);
}

static void
steppend(char *arg)
{
	(void)arg;
	pending = 1;
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
	add("pointer=%d", input_pointer(&in));
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
	input_release(&in, clock1);
}

static void
steptake(char *arg)
{
	nodeof(arg)->refuse = 0;
}

static void
stepungrab(char *arg)
{
	input_ungrab(&in, rowof(arg), clock1);
}

static void
stepunplug(char *arg)
{
	unplug(nodeof(arg));
}

static void
stepvm(char *arg)
{
	vm.vm = *arg == 's' ? VmStopped : VmRunning;
}

static void
stepwants(char *arg)
{
	add("%s=%d", arg, input_grabs(&in, rowof(arg)));
}

static void
stepwarned(char *arg)
{
	(void)arg;
	add("warned=%u", nsaid);
}

static void
stepwindow(char *arg)
{
	input_focus(&in, *arg == 'y', clock1);
}

static void
stepxno(char *arg)
{
	input_grabbed(&in, rowof(arg), 0, clock1);
}

static void
stepxok(char *arg)
{
	input_grabbed(&in, rowof(arg), 1, clock1);
}

static const struct {
	const char *name;
	void (*run)(char *);
} steps[] = {
	{ "allow", stepallow },     /* :y, :n may grabs be held? */
	{ "bad", stepbad },         /* the route fails */
	{ "bak", stepbak },         /* :KEYS keymap when a grab has ended */
	{ "die", stepdie },         /* :ORIGIN is no more */
	{ "focus", stepfocus },     /* somebody grabs: all but the modifiers */
	{ "forget", stepforget },   /* the VM was reset */
	{ "go", stepgo },           /* ends pend */
	{ "good", stepgood },       /* ends bad */
	{ "grab", stepgrab },       /* :ROW */
	{ "ignore", stepignore },   /* :CLASSES or :ORIGIN=CLASSES */
	{ "leds", stepleds },       /* :NAME[=NUMBER]+ of a uinput node */
	{ "lost", steplost },       /* :KEY its release did not get there */
	{ "map", stepmap },         /* :KEYS keymap with the focus */
	{ "rawmap", steprawmap },   /* :KEYS raw events begin, or end */
	{ "out", stepout },         /* [:ORIGIN] leave */
	{ "pend", steppend },       /* nodes are written to and not read */
	{ "plug", stepplug },       /* :NODE */
	{ "pointer", steppointer }, /* tells how it moves */
	{ "quiet", stepquiet },     /* :NODE=+KEY without an event */
	{ "reads", stepreads },     /* :y, :n, :k QEMU reads the nodes, none, the keyboard */
	{ "refuse", steprefuse },   /* :NODE is another program's */
	{ "release", steprelease }, /* input_release */
	{ "take", steptake },       /* :NODE ends refuse */
	{ "ungrab", stepungrab },   /* :ROW */
	{ "unplug", stepunplug },   /* :NODE */
	{ "vm", stepvm },           /* :stopped, :running */
	{ "wants", stepwants },     /* :ROW tells whether it is wanted */
	{ "warned", stepwarned },   /* tells how often */
	{ "window", stepwindow },   /* :y, :n has the focus */
	{ "xno", stepxno },         /* :ROW X's answer */
	{ "xok", stepxok },
};

void
step(char *tok)
{
	struct input_event ev[ReportMax * 2];
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

void
unplug(struct node1 *n)
{
	size_t i;
	int fd = n->theirs;

	unlink(n->path);
	memset(n->down, 0, sizeof(n->down));
	if (n->ours < 0)
		return;
	close(n->ours);
	n->ours = n->theirs = -1;
	for (i = 0; i < DeviceMax; i++)
		if (in.device[i].source.fd == fd)
			in.device[i].source.ready(&in.device[i].source,
			    Readable, clock1);
}

void
unstick(const unsigned char *down, msec now)
{
	unsigned k;

	(void)now;
	for (k = 0; k < KEY_CNT; k++)
		if (down[k / 8] >> k % 8 & 1)
			add("unstick:%s", keytext(k));
}

/* qmp.c's, as far as input.c asks */
pid_t
qmp_holds(const struct qmp *q)
{
	return q->pid;
}

int
qmp_input(struct qmp *q, const struct input_event *ev, size_t n, msec now)
{
	(void)q;
	(void)ev;
	(void)now;
	return -(int)n; /* record is in its place */
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

/* A random key of an origin goes down or up, perhaps with others, or repeats;
 * now and then with motion. */
static void
play(struct origin *o, unsigned char *physical)
{
	struct input_event ev[4];
	unsigned first = taprandom(&chance) % Played, n, i, k;

	n = taprandom(&chance) % 8 ? 1 : 1 + taprandom(&chance) % 3;
	memset(ev, 0, sizeof(ev));
	for (i = 0; i < n; i++) {
		k = keys[(first + i) % Played].code;
		ev[i].type = EV_KEY;
		ev[i].code = k;
		ev[i].value = !has(physical, k);
		if (!(taprandom(&chance) % 16)) /* repeats */
			ev[i].value = ev[i].value ? 0 : 1 +
			    taprandom(&chance) % 2;
		else
			physical[k / 8] ^= 1 << k % 8;
	}
	if (!(taprandom(&chance) % 4)) { /* which chooses mouse or tablet */
		k = taprandom(&chance) % LENGTH(axes);
		ev[n].type = axes[k].type;
		ev[n].code = axes[k].code;
		ev[n++].value = 1;
	}
	input_feed(&in, o, ev, n, clock1);
}

/* Something else happens than keys and time. */
static void
happen(struct origin *o, size_t which, unsigned char *physical)
{
	unsigned k = keys[taprandom(&chance) % Played].code, i;
	const Grab *g = &in.grabs[taprandom(&chance) % now1.ngrabs];

	switch (taprandom(&chance) % 20) {
	case 0: /* the focus goes and comes, with what is down by then */
	case 1:
		if (which)
			return;
		input_leave(&in, o, taprandom(&chance) % 2, clock1);
		for (i = 0; i < taprandom(&chance) % 4; i++) {
			k = keys[taprandom(&chance) % Played].code;
			physical[k / 8] ^= 1 << k % 8;
		}
		input_keymap(&in, physical, taprandom(&chance) % 2, clock1);
		return;
	case 2:
	case 3:
		input_leave(&in, o, which ? 0 : taprandom(&chance) % 2,
		    clock1);
		return;
	case 4:
		input_release(&in, clock1);
		return;
	case 5:
		if (in.route == Qmp)
			memset(&guest, 0, sizeof(guest));
		input_forget(&in, clock1);
		return;
	case 6: /* of what was sent up last, say */
		if (in.route != Qmp)
			return;
		guest.held[k] = 1;
		input_lost(&in, k);
		return;
	case 7:
	case 8:
		o->ignore = taprandom(&chance) % 4;
		return;
	case 9:
		if (which == 0)
			return;
		input_unorigin(&in, o, clock1); /* unplugged */
		memset(physical, 0, KEY_CNT / 8);
		o->sink = taprandom(&chance) % 2 ? &in.sink :
		    &in.clone[Spare].sink;
		input_origin(&in, o);
		return;
	case 10: /* to a clone, or away from it, as deviceuse does */
		if (which == 0)
			return;
		input_leave(&in, o, 0, clock1);
		o->sink = o->sink == &in.sink ? &in.clone[Spare].sink : &in.sink;
		return;
	case 11: /* taken anew, as devicegrab does */
		if (which == 0)
			return;
		input_leave(&in, o, 0, clock1);
		memset(o->down, 0, sizeof(o->down));
		memcpy(o->foreign, physical, sizeof(o->foreign));
		return;
	case 12:
		input_grab(&in, g, clock1);
		return;
	case 13:
		input_ungrab(&in, g, clock1);
		return;
	case 14:
		input_allow(&in, taprandom(&chance) % 4 > 0, clock1);
		return;
	case 15:
		input_focus(&in, taprandom(&chance) % 2, clock1);
		return;
	case 16:
		if (g->by == X && in.asked >> (g - in.grabs) & 1)
			input_grabbed(&in, g, taprandom(&chance) % 2, clock1);
		return;
	case 17:
		reads = taprandom(&chance) % 4 ? AllRead :
		    taprandom(&chance) & AllRead;
		return;
	case 18:
		vm.vm = taprandom(&chance) % 4 ? VmRunning : VmStopped;
		return;
	case 19:
		input_global(&in, k, taprandom(&chance) % 2,
		    taprandom(&chance) % 2, clock1);
		return;
	}
}

/* What is down in the guest, in a clone or in a node. */
static unsigned
stuck(int tell)
{
	unsigned k, n = 0;
	size_t i;

	for (k = 0; k < KEY_CNT; k++) {
		unsigned before = n;

		n += guest.held[k];
		for (i = 0; i < GrabMax; i++)
			n += clones[i].held[k];
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
settled(unsigned char physical[][KEY_CNT / 8], struct origin **o, size_t n,
        int all)
{
	struct input_event e = { .type = EV_KEY };
	size_t i;

	steady = 1;
	reads = AllRead;
	vm.vm = VmRunning;
	if (all) {
		for (i = 0; i < n; i++)
			input_leave(&in, o[i], 0, clock1);
		input_release(&in, clock1);
		return stuck(0);
	}
	for (i = 0; i < n; i++) {
		for (e.code = 0; e.code < KEY_CNT; e.code++) {
			if (!has(physical[i], e.code))
				continue;
			physical[i][e.code / 8] &= ~(1 << e.code % 8);
			input_feed(&in, o[i], &e, 1, clock1);
		}
		if (i == 0)
			input_keymap(&in, physical[0], 1, clock1);
	}
	advance(1000);
	input_feed(&in, o[0], &e, 0, clock1);
	return stuck(0);
}

/* Random steps, in eras with settings of their own. */
void
property(uint32_t seed)
{
	static const char *const setup[] = {
		"hotkey ctrl+g 1", "hotkey ctrl+shift+g 2", "hotkey lctrl+rctrl 3",
		"hotkey with:side+a 4", "hotkey with:z+left 5 release",
		"hotkey alt+k 6", "hotkey alt+k 7 release", "hotkey y 8",
		"hotkey meta+h 9 global", "emergency ctrl+alt+x",
		"remap a b", "remap c 0", "remap left right", "remap shift ctrl",
		"neutral f24", "hotkey right 10",
	};
	static const char *const rows[] = {
		"row r1 x mouse xignore=keys", "row r2 x xignore=keys,buttons",
		"row r3 evdev newname=clone", "row r4 x onfocus xignore=buttons",
	};
	static unsigned char physical[3][KEY_CNT / 8];
	struct origin *o[3] = { &in.x, &origins[0], &origins[1] };
	unsigned left = 0, era, i, bad = 0, total = 0, up = 0, down = 0;
	unsigned other = 0;
	char text[80];
	int n, which;

	chance = seed;
	for (era = 0; era < Steps / Era; era++) {
		memset(&now1, 0, sizeof(now1));
		this.ntext = 0;
		for (i = 0; i < LENGTH(setup); i++) {
			snprintf(text, sizeof(text), "%s", setup[i]);
			if (taprandom(&chance) % 2)
				setting(text);
		}
		for (i = 0; i < LENGTH(rows); i++) {
			snprintf(text, sizeof(text), "%s", rows[i]);
			setting(text);
		}
		now1.withhold = taprandom(&chance) % 3 * 75;
		now1.route = taprandom(&chance) % 8 ? Qmp :
		    taprandom(&chance) % 2 ? InputLinux : VirtioHost;
		now1.norigins = 2;
		now1.toclone[1] = 1;
		steady = 0;
		memset(physical, 0, sizeof(physical));
		casebegin();
		in.clone[Spare].sink.send = record;
		for (i = 0; i < Era; i++) {
			which = taprandom(&chance) % 3;
			n = taprandom(&chance) % 32;
			if (n < 3)
				happen(o[which], which, physical[which]);
			else if (n < 12)
				advance(taprandom(&chance) % 100);
			else
				play(o[which], physical[which]);
		}
		n = settled(physical, o, 3, era % 2);
		if ((n || nopress || norelease || novalue) && !bad++) {
			printf("# era %u: withhold %d, route %d\n", era,
			    (int)now1.withhold, now1.route);
			stuck(1);
		}
		left += n;
		up += nopress;
		down += norelease;
		total += sends;
		other += novalue;
		input_close(&in);
		drain();
		memset(sources, 0, sizeof(sources));
	}
	chance = 0;
	printf("# seed %u, %d steps, %u keys sent\n", (unsigned)seed, Steps,
	    total);
	okint(up, 0, "random: no release of a key that is up");
	okint(down, 0, "random: no press of a key that is down");
	okint(other, 0, "random: no other value");
	okint(left, 0, "random: nothing is held at the end of an era");
	ok(total > Steps / 4, "random: much was sent");
}

int
main(int argc, char **argv)
{
	struct input_event many[ReportMax + 4] = { 0 };
	unsigned stuck = 0;
	glob_t g;
	size_t i;

	tapbegin(300);
	signal(SIGPIPE, SIG_IGN); /* a socket's; a node has none */
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
		input_feed(&in, &in.x, &many[i], 1, 0);
		many[i].value = 0;
	}
	input_feed(&in, &in.x, many, LENGTH(many), 0);
	for (i = 0; i < KEY_CNT; i++)
		stuck += guest.held[i];
	okint(stuck, 0, "twelve releases in one packet: all of them sent");
	many[0].code = KEY_MAX;
	many[0].value = 1;
	input_feed(&in, &in.x, many, 1, 0);
	okint(guest.held[KEY_MAX], 1, "the highest key code");
	many[0].code = KEY_CNT;
	input_feed(&in, &in.x, many, 1, 0);
	okint(sends, 2 * LENGTH(many) + 1, "and none above it");
	property(argc > 1 ? strtoul(argv[1], NULL, 10) : 20260101);
	rmdir(dir);
	return tapend();
}
