/* See LICENSE for copyright and licence details.
 *
 * input.c: chords, foreign keys, releases; then that no key is ever stuck,
 * whatever comes.
 *
 * A case is a line of steps. "+a" and "-a" press and release, "=a" repeats
 * with value 2, "(+a -b)" is one packet, "map:a,b" a keymap with these keys
 * down when the focus came, "bak:a,b" when somebody's grab ended, "out" and
 * "focus" are input_release without and with keepmods, "bad" and "good" make
 * the route fail and work. Expected is what the guest got and which row
 * fired: "+a", "-a", "!1".
 *
 * An evdev node is a FIFO, its ioctls are the function below. */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <unistd.h>

#include "../screenstub.h"
#include "tap.h"

enum { Steps = 100000 };

static int act(struct task *, const Arg *, msec);
static void apply(char *step);
static void devices(void);
static void event(unsigned type, unsigned code, int value);
static void fire(const Hotkey *, msec);
static unsigned keycode(const char *);
static const char *keytext(unsigned);
static void plug(void);
static void press(unsigned code, int value);
static void property(uint32_t seed);
static void reset(void);
static int send(void *, const struct input_event *, size_t, msec);

static const struct {
	const char *name;
	unsigned code;
} keys[] = {
	{ "a", KEY_A }, { "b", KEY_B }, { "c", KEY_C }, { "g", KEY_G },
	{ "h", KEY_H }, { "k", KEY_K }, { "r", KEY_R }, { "pause", KEY_PAUSE },
	{ "x", KEY_X }, { "y", KEY_Y },
	{ "ctrl", KEY_LEFTCTRL }, { "rctrl", KEY_RIGHTCTRL },
	{ "shift", KEY_LEFTSHIFT }, { "rshift", KEY_RIGHTSHIFT },
	{ "alt", KEY_LEFTALT }, { "ralt", KEY_RIGHTALT },
	{ "meta", KEY_LEFTMETA }, { "rmeta", KEY_RIGHTMETA },
	{ "left", BTN_LEFT }, { "right", BTN_RIGHT },
};

static const Hotkey hotkeys[] = {
	{ KEY_G, Ctrl, 0, act, { .grab = "1" } },
	{ KEY_H, Ctrl | Shift, 0, act, { .grab = "2" } },
	{ KEY_R, Ctrl, OnRelease, act, { .grab = "3" } },
	{ KEY_PAUSE, 0, 0, act, { .grab = "4" } },
	{ KEY_K, Alt | Meta, 0, act, { .grab = "5" } },
	{ KEY_K, Alt | Meta, 0, act, { .grab = "6" } },
	{ KEY_C, Ctrl, 0, act, { .grab = "7" } },
	{ KEY_C, Ctrl | Shift, 0, act, { .grab = "8" } },
	{ KEY_X, Ctrl | Shift, 0, act, { .grab = "9" } },
	{ KEY_X, Ctrl, 0, act, { .grab = "10" } },
	{ KEY_Y, Ctrl, 0, act, { .grab = "11" } },
	{ KEY_Y, Ctrl, OnRelease, act, { .grab = "12" } },
	{ 0 }
};

static const struct {
	const char *name, *given, *expected;
} cases[] = {
	{ "a key goes through", "+a -a", "+a -a" },
	{ "two keys, overlapping", "+a +b -a -b", "+a +b -a -b" },
	{ "buttons too", "+left -left", "+left -left" },
	{ "a modifier alone", "+ctrl -ctrl", "+ctrl -ctrl" },
	{ "value 2 is not sent", "+a =a =a -a", "+a -a" },
	{ "value 1 again is not sent", "+a +a +a -a", "+a -a" },
	{ "a repeat of what is not down", "=a -a", "" },
	{ "a release of what is not down", "-a", "" },
	{ "a release twice", "+a -a -a", "+a -a" },
	{ "two keys in one packet", "(+a +b) (-a -b)", "+a +b -a -b" },
	{ "up and down in one packet", "+a (-a +a) -a", "+a -a +a -a" },
	{ "down and up in one packet", "(+a -a)", "+a -a" },

	{ "hotkey with the left modifier", "+ctrl +g -g -ctrl",
	  "+ctrl -ctrl !1" },
	{ "hotkey with the right modifier", "+rctrl +g -g -rctrl",
	  "+rctrl -rctrl !1" },
	{ "hotkey with both", "+ctrl +rctrl +g -g -ctrl -rctrl",
	  "+ctrl +rctrl -ctrl -rctrl !1" },
	{ "two modifiers", "+ctrl +shift +h -h -shift -ctrl",
	  "+ctrl +shift -ctrl -shift !2" },
	{ "two modifiers, right, other order",
	  "+rshift +rctrl +h -h -rctrl -rshift",
	  "+rshift +rctrl -rshift -rctrl !2" },
	{ "one modifier of two is no chord", "+ctrl +h -h -ctrl",
	  "+ctrl +h -h -ctrl" },
	{ "another modifier is no chord", "+alt +g -g -alt",
	  "+alt +g -g -alt" },
	{ "hotkey without modifiers", "+pause -pause", "!4" },
	{ "no modifier any more", "+ctrl -ctrl +g -g", "+ctrl -ctrl +g -g" },
	{ "modifier after the key is no chord", "+g +ctrl -ctrl -g",
	  "+g +ctrl -ctrl -g" },
	{ "several rows of a chord: fired once",
	  "+alt +meta +k -k -meta -alt", "+alt +meta -alt -meta !5" },
	{ "several rows, right modifiers",
	  "+ralt +rmeta +k -k -rmeta -ralt", "+ralt +rmeta -ralt -rmeta !5" },
	{ "the chord of most modifiers wins, first row",
	  "+ctrl +shift +x -x -shift -ctrl", "+ctrl +shift -ctrl -shift !9" },
	{ "the chord of most modifiers wins, later row",
	  "+ctrl +shift +c -c -shift -ctrl", "+ctrl +shift -ctrl -shift !8" },
	{ "the chord of fewer modifiers", "+ctrl +x -x +c -c -ctrl",
	  "+ctrl -ctrl !10 !7" },
	{ "another modifier held too", "+ctrl +alt +x -x -alt -ctrl",
	  "+ctrl +alt -ctrl -alt !10" },
	{ "a row for the press, one for the release",
	  "+ctrl +y =y | -y -ctrl", "+ctrl -ctrl !11 | !12" },
	{ "modifier and key in one packet", "(+ctrl +g) (-g -ctrl)",
	  "+ctrl -ctrl !1" },
	{ "on release: fires when released", "+ctrl +r | -r -ctrl",
	  "+ctrl -ctrl | !3" },
	{ "on release: not with value 2", "+ctrl +r =r =r | -r -ctrl",
	  "+ctrl -ctrl | !3" },
	{ "value 2 does not fire again", "+ctrl +g =g =g -g -ctrl",
	  "+ctrl -ctrl !1" },
	{ "value 1 again does not fire again", "+ctrl +g +g +g -g -ctrl",
	  "+ctrl -ctrl !1" },
	{ "a second press does", "+ctrl +g -g +g -g -ctrl",
	  "+ctrl -ctrl !1 !1" },
	{ "modifier released before the key", "+ctrl +g -ctrl -g",
	  "+ctrl -ctrl !1" },
	{ "other keys that are held stay", "+a +ctrl +g -g -ctrl -a",
	  "+a +ctrl -ctrl !1 -a" },
	{ "two chords while the modifier is held",
	  "+ctrl +shift +g -g +h -h -shift -ctrl",
	  "+ctrl +shift -ctrl -shift !1 !2" },
	{ "release-all while a hotkey is held: its repeat does not fire",
	  "+ctrl +g out +g =g -g -ctrl", "+ctrl -ctrl !1" },
	{ "release-all with keepmods: the repeat does not fire",
	  "+ctrl +g focus +g =g -g -ctrl", "+ctrl -ctrl !1" },

	{ "foreign key: neither pressed nor released", "map:a +a -a", "" },
	{ "foreign key: then as any other", "map:a -a +a -a", "+a -a" },
	{ "foreign key: gone in the next map", "map:a map: +a -a", "+a -a" },
	{ "foreign modifier makes no chord", "map:ctrl +g -g -ctrl",
	  "+g -g" },
	{ "keymap releases what is up", "+a +b map:b -b", "+a +b -a -b" },
	{ "keymap keeps what is down", "+a map:a -a", "+a -a" },
	{ "a key replayed by somebody's grab is none of theirs",
	  "+b -b bak:a +a -a", "+b -b +a -a" },
	{ "but what went up meanwhile is released", "+a +b bak:b -b",
	  "+a +b -a -b" },
	{ "a button whose release went elsewhere clicks again",
	  "+left out map: +left -left", "+left -left +left -left" },
	{ "keymap leaves buttons alone", "+left map: -left", "+left -left" },
	{ "keymap of an eaten key: the next press is whole",
	  "+ctrl +g map: +g -g", "+ctrl -ctrl !1 +g -g" },

	{ "release-all", "+a +ctrl +left out -a -ctrl -left",
	  "+a +ctrl +left -ctrl -a -left" },
	{ "release-all with keepmods", "+a +shift +left focus | -shift",
	  "+a +shift +left -a -left | -shift" },
	{ "release-all, nothing held", "out focus", "" },
	{ "release-all twice", "+a out out", "+a -a" },
	{ "press again after release-all", "+a out -a +a -a",
	  "+a -a +a -a" },

	{ "press that failed: no release", "bad +a good -a", "" },
	{ "release that failed is sent by release-all",
	  "+a bad -a good out", "+a -a" },
	{ "release that failed is sent by keymap",
	  "+a bad -a good map:", "+a -a" },
	{ "release-all that failed is sent by the next",
	  "+a +b bad out good out", "+a +b -a -b" },
	{ "release-all that failed is sent by keymap",
	  "+a bad out good map:", "+a -a" },
	{ "release-all that failed, key held: sent when it goes up",
	  "+a bad out good map:a -a", "+a -a" },
	{ "release that failed: sent before what comes next",
	  "+a bad -a good +b", "+a -a +b" },
	{ "release that failed, pressed again: each has one",
	  "+a bad -a good +a -a", "+a -a +a -a" },
	{ "modifier's release at a chord failed: sent when it goes up",
	  "+ctrl bad +g good -g -ctrl", "+ctrl !1 -ctrl" },
};

static struct input in;
static char trace[4096];
static int routebad;
static uint32_t routeseed; /* not 0: fails at random */
static unsigned held[KEY_CNT], norelease, nopress, sends;

static int
act(struct task *t, const Arg *a, msec now)
{
	(void)t;
	(void)a;
	(void)now;
	return Done;
}

static void
apply(char *step)
{
	/* static, for a packet is put together by several calls */
	static struct input_event ev[16];
	static size_t n;
	static int packet;
	unsigned char down[KEY_CNT / 8] = { 0 };
	char *p, *save;
	unsigned k;

	if (!strcmp(step, "|")) {
		strcat(trace, " |");
		return;
	}
	if (!strcmp(step, "out") || !strcmp(step, "focus")) {
		input_release(&in, *step == 'f', 0);
		return;
	}
	if (!strcmp(step, "bad") || !strcmp(step, "good")) {
		routebad = *step == 'b';
		return;
	}
	if (!strncmp(step, "map:", 4) || !strncmp(step, "bak:", 4)) {
		for (p = strtok_r(step + 4, ",", &save); p;
		    p = strtok_r(NULL, ",", &save)) {
			k = keycode(p);
			down[k / 8] |= 1 << k % 8;
		}
		input_keymap(&in, down, *step == 'm', 0);
		return;
	}
	if (*step == '(') {
		packet = 1;
		n = 0;
		step++;
	}
	if (!packet)
		n = 0;
	if (step[strlen(step) - 1] == ')') {
		packet = 0;
		step[strlen(step) - 1] = '\0';
	}
	memset(&ev[n], 0, sizeof(ev[n]));
	ev[n].type = EV_KEY;
	ev[n].code = keycode(step + 1);
	ev[n++].value = *step == '+' ? 1 : *step == '=' ? 2 : 0;
	if (!packet)
		input_feed(&in, ev, n, 0);
}

static void
fire(const Hotkey *h, msec now)
{
	char text[20];

	(void)now;
	if (routeseed)
		return;
	snprintf(text, sizeof(text), " !%s", h->arg.grab);
	strcat(trace, text);
}

static unsigned
keycode(const char *name)
{
	size_t i;

	for (i = 0; i < LENGTH(keys); i++)
		if (!strcmp(name, keys[i].name))
			return keys[i].code;
	printf("Bail out! no key %s\n", name);
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

/* Random steps; the guest's side is held[]. Keys of one packet differ. At the
 * end the route works and all is released. */
static struct {
	char path[64];
	int fd;                          /* the writer's end */
	int grabs, refuse;
	unsigned char down[KEY_CNT / 8]; /* what the kernel says is down */
} node;

/* EVIOCGRAB and EVIOCGKEY of an evdev node (linux/input.h). */
int
ioctl(int fd, unsigned long request, ...)
{
	va_list ap;
	void *p;

	(void)fd;
	va_start(ap, request);
	p = va_arg(ap, void *);
	va_end(ap);
	if (request == EVIOCGRAB) {
		errno = EBUSY;
		node.grabs += !node.refuse;
		return node.refuse ? -1 : 0;
	}
	if (request != EVIOCGKEY(sizeof(node.down))) {
		errno = ENOTTY;
		return -1;
	}
	memcpy(p, node.down, sizeof(node.down));
	return 0;
}

static void
event(unsigned type, unsigned code, int value)
{
	struct input_event e = { .type = type, .code = code };

	e.value = value;
	if (type == EV_KEY && value)
		node.down[code / 8] |= 1 << code % 8;
	else if (type == EV_KEY)
		node.down[code / 8] &= ~(1 << code % 8);
	if (node.fd >= 0 && write(node.fd, &e, sizeof(e)) < 0)
		perror("fifo");
	if (type == EV_SYN && code == SYN_REPORT && in.device[0].source.fd >= 0)
		in.device[0].source.ready(&in.device[0].source, Readable, 0);
}

static void
plug(void)
{
	node.fd = open(node.path, O_RDWR);
	input_uevent(&in, "add", "/dev/input/event7", 0);
}

static void
press(unsigned code, int value)
{
	event(EV_KEY, code, value);
	event(EV_SYN, SYN_REPORT, 0);
}

static void
devices(void)
{
	const char *const paths[] = { node.path, NULL };
	struct device *d = &in.device[0];

	snprintf(node.path, sizeof(node.path), "/tmp/test-input.%d",
	    (int)getpid());
	reset();
	input_grab(&in, paths, 0);
	ok(d->source.fd < 0 && input_grabs(&in, paths),
	    "device: a missing one is waited for");
	okint(nsaid, 0, "device: without a word");
	mkfifo(node.path, 0600);
	press(KEY_B, 1); /* held when it is plugged in */
	plug();
	ok(d->source.fd >= 0 && !node.grabs,
	    "device: opened, not grabbed while a key is down");
	press(KEY_B, 0);
	okint(node.grabs, 1, "device: grabbed when it is up");
	okstr(trace, "", "device: that key was the host's", NULL);
	press(KEY_A, 1);
	press(KEY_A, 2);
	press(KEY_A, 0);
	okstr(trace, " +a -a", "device: a key", NULL);
	*trace = '\0';
	event(EV_MSC, MSC_SCAN, 30);
	event(EV_REL, REL_X, 5);
	event(EV_REL, REL_Y, -5);
	press(BTN_LEFT, 1);
	okstr(trace, " motion motion +left", "device: a packet is one report",
	    NULL);
	*trace = '\0';
	press(KEY_A, 1);
	event(EV_SYN, SYN_DROPPED, 0);
	event(EV_KEY, KEY_C, 1); /* of the packet that is not whole */
	node.down[KEY_A / 8] &= ~(1 << KEY_A % 8);
	event(EV_SYN, SYN_REPORT, 0);
	okstr(trace, " +a -a", "device: after SYN_DROPPED what is up goes up",
	    NULL);
	press(KEY_C, 0);
	*trace = '\0';
	close(node.fd);
	node.fd = -1;
	memset(node.down, 0, sizeof(node.down));
	d->source.ready(&d->source, Readable, 0);
	okstr(trace, " -left", "device: unplugged: what it held goes up",
	    NULL);
	okint(d->source.fd, -1, "device: and it is closed");
	plug();
	okint(node.grabs, 2, "device: plugged in again: grabbed");
	*trace = '\0';
	press(KEY_A, 1);
	input_ungrab(&in, paths, 0);
	okstr(trace, " +a -a", "device: ungrab: what it held goes up", NULL);
	ok(!input_grabs(&in, paths), "device: it is not grabbed any more");
	node.refuse = 1;
	memset(node.down, 0, sizeof(node.down));
	input_grab(&in, paths, 0);
	okint(nsaid, 1, "device: grabbed by another: said");
	press(KEY_A, 1);
	okstr(trace, " +a -a", "device: and nothing of it is sent", NULL);
	input_ungrab(&in, paths, 0);
	close(node.fd);
	unlink(node.path);
}

static void
property(uint32_t seed)
{
	static unsigned char physical[KEY_CNT / 8];
	struct input_event ev[3];
	unsigned first, i, k, n, stuck = 0, step;
	uint32_t s = seed;

	reset();
	memset(physical, 0, sizeof(physical));
	routeseed = seed ^ 0x5555;
	for (step = 0; step < Steps; step++) {
		switch (taprandom(&s) % 64) {
		case 0:
			input_keymap(&in, physical, 1, step);
			continue;
		case 1: /* keys that changed while we had no focus */
			for (i = 0; i < 3; i++) {
				k = keys[taprandom(&s) % 18].code;
				physical[k / 8] ^= 1 << k % 8;
			}
			input_keymap(&in, physical, 1, step);
			continue;
		case 2:
			input_release(&in, 0, step);
			continue;
		case 3:
			input_release(&in, 1, step);
			continue;
		}
		n = taprandom(&s) % 8 ? 1 : 1 + taprandom(&s) % 3;
		first = taprandom(&s) % LENGTH(keys);
		memset(ev, 0, sizeof(ev));
		for (i = 0; i < n; i++) {
			k = keys[(first + i) % LENGTH(keys)].code;
			ev[i].type = EV_KEY;
			ev[i].code = k;
			ev[i].value = !(physical[k / 8] >> k % 8 & 1);
			if (!(taprandom(&s) % 16)) /* repeats */
				ev[i].value = ev[i].value ? 0 : 1 +
				    taprandom(&s) % 2;
			else
				physical[k / 8] ^= 1 << k % 8;
		}
		input_feed(&in, ev, n, step);
	}
	routeseed = 0;
	routebad = 0;
	trace[0] = '\0';
	input_release(&in, 0, Steps);
	for (k = 0; k < KEY_CNT; k++)
		stuck += held[k];
	printf("# seed %u, %d steps, %u events sent\n", (unsigned)seed, Steps,
	    sends);
	okint(nopress, 0, "random: no release of a key that is up");
	okint(norelease, 0, "random: no press of a key that is down");
	okint(stuck, 0, "random: nothing is held at the end");
	ok(sends > Steps / 4, "random: much was sent");
}

static void
reset(void)
{
	memset(&in, 0, sizeof(in));
	in.hotkeys = hotkeys;
	in.route.send = send;
	in.route.to = held;
	in.fire = fire;
	memset(held, 0, sizeof(held));
	norelease = nopress = sends = 0;
	trace[0] = '\0';
	routebad = 0;
}

static int
send(void *to, const struct input_event *ev, size_t n, msec now)
{
	unsigned *h = to;
	char text[20];
	size_t i;

	(void)now;
	if (routebad || (routeseed && !(taprandom(&routeseed) % 8)))
		return -1;
	for (i = 0; i < n; i++) {
		if (ev[i].type != EV_KEY) {
			strcat(trace, " motion");
			continue;
		}
		sends++;
		norelease += h[ev[i].code] && ev[i].value;
		nopress += !h[ev[i].code] && !ev[i].value;
		h[ev[i].code] = ev[i].value;
		if (routeseed)
			continue;
		snprintf(text, sizeof(text), " %c%s",
		    ev[i].value ? '+' : '-', keytext(ev[i].code));
		strcat(trace, text);
	}
	return 0;
}

int
main(int argc, char **argv)
{
	struct input_event move[] = {
		{ .type = EV_REL, .code = REL_X, .value = 3 },
		{ .type = EV_KEY, .code = KEY_A, .value = 1 },
		{ .type = EV_KEY, .code = KEY_MAX, .value = 1 },
	};
	struct input_event many[ReportMax + 4] = { 0 };
	char given[200], *step, *save;
	size_t i;
	unsigned stuck = 0;

	tapbegin(60);
	for (i = 0; i < LENGTH(cases); i++) {
		reset();
		snprintf(given, sizeof(given), "%s", cases[i].given);
		for (step = strtok_r(given, " ", &save); step;
		    step = strtok_r(NULL, " ", &save))
			apply(step);
		okstr(*trace ? trace + 1 : trace, cases[i].expected,
		    cases[i].name, cases[i].given);
	}
	reset();
	input_feed(&in, move, 2, 0);
	okstr(trace, " motion +a", "motion and a key in one packet", NULL);
	reset();
	input_feed(&in, move + 2, 1, 0);
	okint(held[KEY_MAX], 1, "the highest key code");
	reset();
	for (i = 0; i < LENGTH(many); i++) {
		many[i].type = EV_KEY;
		many[i].code = KEY_1 + i;
		many[i].value = 1;
		input_feed(&in, &many[i], 1, 0);
		many[i].value = 0;
	}
	input_feed(&in, many, LENGTH(many), 0);
	for (i = 0; i < KEY_CNT; i++)
		stuck += held[i];
	okint(stuck, 0, "twelve releases in one packet: all of them sent");
	devices();
	property(argc > 1 ? strtoul(argv[1], NULL, 10) : 20260101);
	return tapend();
}
