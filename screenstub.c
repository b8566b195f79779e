/* See LICENSE for copyright and licence details.
 *
 * screenstub: a software KVM switch for virtual machines with a graphics card
 * of their own, and one monitor with two cables.
 *
 * This file is the entrance: options, config.h and its checks, and who tells
 * whom. The rooms, from the ground up; what stands lower knows nothing of what
 * stands higher, and tells it what happens through a const table of functions
 * that it was given:
 *
 *	core/loop      what is waited for, the clock, signals, children, the log
 *	ddc.c          the wire to a monitor, and the steps on one bus
 *	  ddc/ident    what monitors say of themselves, and of their inputs
 *	  ddc/bus      which buses and monitors there are
 *	  ddc/order    an order, begun here: a child for each bus
 *	qmp/json       JSON in place         qmp/keys    QEMU's names of keys
 *	  qmp/peer     a connection that is made again
 *	  qmp/session  QEMU's monitor: one command at a time
 *	  qmp/report   the queue of what was typed and moved
 *	  qmp/device   the VM's input devices
 *	  qmp/agent    the guest agent
 *	qmp.c          the VM: its life, and input with its pace
 *	input/uinput   devices of ours in the host
 *	  input/evdev  devices of the host that are grabbed
 *	input.c        the key machine: what is held, and where it goes
 *	window/front.h what a window system offers, and what it tells
 *	  window/text  what the window says, in letters
 *	  window/xserver  X: the connection; xinput: keys, grabs; x: the window
 *	core/job       what takes time and has a limit
 *	core/show      the wish, what the monitor is to show, and the switch
 *	core/task      lists of actions      core/action what each does
 *	core/status    how all stands, in words
 *	core/control   the socket for -e and -w
 *
 * Three ways through the house:
 *
 * A key press. X sends KeyPress to the window; window/xinput makes it a packet
 * in evdev's codes and hands it to input_feed. The key machine asks whether it
 * ends a chord of hotkeys[] (then the guest is to see nothing of it, and
 * core/task runs the rows), whether a grab ignores it, what remaps[] makes of
 * it, and whether another key holds the same one down; then the route sends it:
 * by qmp.c, where it waits in a queue until QEMU has answered the report before
 * and the guest's keyboard has room, or by a node of input/uinput that QEMU
 * reads.
 *
 * A workspace that is left. The window manager unmaps or moves windows;
 * window/x asks X what a click on 25 points of ours would hit, and tells
 * frontops.changed. That is a fact for core/show, whose wish is now the host's:
 * show_wished below ends grabs and releases keys. When the wish has lasted, the
 * rows of tohost[] run, each a job: a Ddc row is an order to ddc/order, whose
 * children look which input is shown, write the other and read it back. Their
 * records say what is known; the job ends, core/show claims the host, and rows
 * of HostShown run as a task.
 *
 * A VM that dies. Its socket closes, or a command is not answered in time:
 * qmp/peer drops the connection and tries again later, qmp/session tells that
 * what was under way was not answered, and qmp.c that the VM is off. That too
 * is a fact for core/show (vm_changed below): the wish is the host's at once,
 * without the wait, for a VM that is gone does not flap. A switch to the guest
 * that is under way is cancelled, the keys that it held go up on the nodes or
 * are owed to it until another VM is there, and the switch to the host begins;
 * one that fails is tried again and again.
 *
 * All ends of an instance whose loop runs, but a second signal, go through
 * show_leave. For those of which it can't know there is the guard, a child that
 * is told by the end of a pipe, and goes through the same main.
 *
 * Start reading at main. */
#include <sys/prctl.h>

#include <fcntl.h>
#include <libudev.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/control.h"
#include "input.h"
#include "window/front.h"
#include "window/text.h"

enum {
	DetectLimit = 20000, /* ms for -d */
	GuardLook = 50       /* ms between two looks for a new instance */
};

struct options {
	enum { Run, Detect, Request, Switch, Guard } mode;
	enum side side;
	int confirm;
	int only; /* row of monitors[], or -1 */
	int host, guest; /* of -i, or 0 */
	const char *qmp, *agent;
};

static struct ddc ddc;
static struct qmp vm;
static struct agent agent;
static struct input *input;
static struct show show;
static struct tasks tasks;
static struct control control;
static struct udev_monitor *monitor;
static char path[sizeof(control.path)]; /* of an instance's socket, or "" */

static unsigned wantedrows;  /* of grabs[], by the window */
static struct task *waiting; /* of -w, until the VM's state is known */

/* What the guard is to do when we are gone; memory that it shares. */
static enum { GuardNothing, GuardKeys, GuardAll } *guarded;
static msec guarding; /* until then QEMU is waited for; 0: this is no guard */

#include <config.h>

static Monitor rows[LENGTH(monitors)]; /* with -i */

_Static_assert(ActionLimit > 0 && ExitLimit > 0 && Hung > 0, "config.h: "
               "ActionLimit, ExitLimit and Hung must be above 0");
_Static_assert(Settle >= 0 && Throttle >= 0 && ReplyGap >= 0 && Watchdog >= 0,
               "config.h: Settle, Throttle, ReplyGap and Watchdog can't be "
               "below 0");
#define IS_SWITCH(x) ((int)(x) == 0 || (int)(x) == 1)
_Static_assert(IS_SWITCH(AutoReturn) && IS_SWITCH(StartRelative) &&
               IS_SWITCH(HiRes), "config.h: AutoReturn, StartRelative and "
               "HiRes: want 0 or 1");
_Static_assert(NeutralKey >= 0 && NeutralKey < KEY_CNT, "config.h: NeutralKey: "
               "want a KEY_*, or 0");
_Static_assert((int)ShowOn >= Auto && (int)ShowOn <= (Visible | Focused),
               "config.h: ShowOn: want Auto, Visible, Focused or Visible | "
               "Focused");
_Static_assert((int)Close >= Quit && (int)Close <= Ignore, "config.h: Close: "
               "want Quit, ShowHost or Ignore");
_Static_assert(EmergencyKey > 0 && (int)EmergencyKey < KeymapMax, "config.h: "
               "EmergencyKey: want a KEY_*: there must be one");
_Static_assert((EmergencyMods & 0xfff) && !(EmergencyMods & 0xf000) &&
               EmergencyMods >> 16 < KEY_CNT, "config.h: EmergencyMods: want "
               "Ctrl and so on: a key alone is typed");
_Static_assert((int)Route >= Qmp && (int)Route < RouteLast, "config.h: Route: "
               "want Qmp, InputLinux or VirtioHost");
#define IS_DRIVER(x) ((int)(x) >= Ps2 && (int)(x) <= Virtio)
_Static_assert(IS_DRIVER(KeyboardDriver) && IS_DRIVER(MouseDriver), "config.h: "
               "KeyboardDriver, MouseDriver: want Ps2, Usb or Virtio");
_Static_assert(IS_DRIVER(TabletDriver) && (int)TabletDriver != Ps2, "config.h: "
               "TabletDriver: there is no Ps2 tablet: want Usb or Virtio");

static const Hotkey chordofemergency[] = {
	{ EmergencyKey, EmergencyMods, Global, emergency, { 0 } },
	{ 0 }
};

static struct means means = {
	.qmp = &vm, .agent = &agent, .ddc = &ddc, .show = &show,
	.grabs = grabs, .hotkeys = hotkeys, .emergency = chordofemergency,
	.onevent = onevent, .toguest = toguest, .tohost = tohost,
	.route = Route, .autoreturn = AutoReturn,
	.limit = ActionLimit, .settle = Settle, .throttle = Throttle,
	.exitlimit = ExitLimit,
	.environment = status_environment,
};

/* ---- what the compiler can't check, before anything is touched ---- */

static const char *
step_wrong(const void *row, size_t i)
{
	const Step *s = row;

	return s->kind > GuestWait ? "there is no such kind" :
	    s->limit < (s->kind != Exec) ? "limit must be above 0" :
	    s->orelse && !i ? "orelse wants a row before it" :
	    s->kind != Exec && s->kind != GuestExec ? NULL :
	    action_wrong(&means, exec, &s->arg);
}

static const char *
remap_wrong(const void *row, size_t i)
{
	const Remap *r = row;

	while (i-- && remaps[i].key != r->key)
		;
	return i + 1 ? "another row has that key" :
	    r->key >= KEY_CNT || r->guest >= KEY_CNT ? "want KEY_* or BTN_*" :
	    r->key == r->guest ? "that is the same key" : NULL;
}

/* Left and right ones are modifiers, too. */
static unsigned
mods_held(unsigned mods)
{
	return mods | ((mods >> 4 | mods >> 8) & (Ctrl | Shift | Alt | Meta));
}

/* X takes the chord, to change the virtual terminal. */
static int
mods_terminal(unsigned key, unsigned mods)
{
	return (mods_held(mods) & (Ctrl | Alt | Shift)) == (Ctrl | Alt) &&
	    ((key >= KEY_F1 && key <= KEY_F10) || key == KEY_F11 ||
	    key == KEY_F12);
}

static const char *
hotkey_wrong(const void *row, size_t i)
{
	const Hotkey *h = row;

	(void)i;
	return h->key >= KEY_CNT || h->mods >> 16 >= KEY_CNT ?
	    "want KEY_* or BTN_*" :
	    h->mods & 0xf000 ? "modifiers are Ctrl and so on, and With()" :
	    h->flags & ~(OnRelease | Global) ?
	    "flags are OnRelease and Global" :
	    h->flags & Global && h->key >= KeymapMax ?
	    "Global is for keys up to 247: X knows no others" :
	    h->key == EmergencyKey && !(EmergencyMods & ~mods_held(h->mods)) ?
	    "this is the emergency's chord" :
	    mods_terminal(h->key, h->mods) ?
	    "X takes this, to change the virtual terminal" :
	    action_wrong(&means, h->action, &h->arg);
}

static const char *
grab_wrong(const void *row, size_t i)
{
	const Grab *g = row;
	unsigned flags = OnFocus | (g->by == Evdev ? Exclusive :
	    g->flags & Mouse ? Mouse | Confine : 0);
	int full = i >= GrabMax;

	while (i-- && strcmp(grabs[i].name, g->name))
		;
	return full ? "there is no room for more" :
	    i + 1 ? "another row has that name" :
	    (g->by == Evdev) != (g->devices && *g->devices) ?
	    "by Evdev it wants .devices, by X none" :
	    g->flags & ~flags ? "flags are OnFocus, by Evdev Exclusive, by X "
	    "Mouse and with that Confine" : NULL;
}

static const char *
event_wrong(const void *row, size_t i)
{
	const Event *e = row;

	(void)i;
	return e->event >= EventLast ? "there is no such event" :
	    action_wrong(&means, e->action, &e->arg);
}

/* Each row; and the first column, but of the last row, is not empty. */
static void
check_rows(const void *table, size_t size, size_t rows, size_t first,
           const char *list, const char *(*wrong)(const void *row, size_t i))
{
	static const char empty[sizeof(Monitor)];
	const char *row = table, *why;
	size_t i;

	for (i = 0; i < rows; i++, row += size) {
		if (!memcmp(row, empty, first) != (i + 1 == rows))
			why = i + 1 == rows ? "behind it { 0 } is missing" :
			    "its first column is 0, which ends the list";
		else
			why = i + 1 < rows && wrong ? wrong(row, i) : NULL;
		if (why)
			die("config.h: %s[%zu]: %s", list, i, why);
	}
}
#define CHECK(t, first, wrong) check_rows(t, sizeof(*(t)), LENGTH(t), \
	sizeof(first), #t, wrong)

/* How many rows monitors[] has. */
static int
check_config(void)
{
	const Rect *r = &guestrect;

	CHECK(monitors, *monitors, NULL);
	CHECK(toguest, toguest->kind, step_wrong);
	CHECK(tohost, tohost->kind, step_wrong);
	CHECK(remaps, remaps->key, remap_wrong);
	CHECK(grabs, grabs->name, grab_wrong);
	CHECK(hotkeys, hotkeys->key, hotkey_wrong);
	CHECK(onevent, onevent->event, event_wrong);
	if (mods_terminal(EmergencyKey, EmergencyMods))
		die("config.h: EmergencyKey: X takes this chord, to change the "
		    "virtual terminal");
	if (!instance || !*instance)
		die("config.h: instance: a name is missing");
	if (qmpsocket && peer_wrong(qmpsocket))
		die("config.h: qmpsocket: %s", peer_wrong(qmpsocket));
	if (agentsocket && peer_wrong(agentsocket))
		die("config.h: agentsocket: %s", peer_wrong(agentsocket));
	if (!(r->left >= 0 && r->left < r->right && r->right <= 1 &&
	    r->top >= 0 && r->top < r->bottom && r->bottom <= 1))
		die("config.h: guestrect: want 0 <= left < right <= 1, and so "
		    "for top and bottom");
	return ddc_check(monitors);
}

/* ---- who tells whom: the window ---- */

/* What is typed is the guest's, and a grab is held, while the guest is what the
 * user sees, and no event longer: this is called as soon as that may have
 * changed, and before each wait. */
static void
input_follow(msec now)
{
	enum showinput to = show_input(&show);

	input_allow(input, show.fact[FactVisible] == 1 && to == InputAll,
	    to == InputAll ? 0 : to == InputWakes ? ~(unsigned)Keys : ~0u, now);
}

static void
front_changed(enum frontfact fact, int holds, msec now)
{
	if (fact == FrontFocused) {
		means.focused = holds;
		input_focus(input, holds, now);
	}
	show_set(&show, (enum fact)fact, holds, now);
	input_follow(now);
}

static void
front_turmoil(msec until, msec now)
{
	show_turmoil(&show, until, now);
}

/* The key for it may have been meant for a window of the guest's. */
static void
front_gone(int lost, msec now)
{
	if (!lost && ((int)Close == Ignore || ((int)Close == ShowHost &&
	    show.wanted == Guest && show_want(&show, Host, now) != Failed)))
		return;
	show_leave(&show, lost, now);
}

/* What a row of grabs[] wants of the window. */
static unsigned
row_wants(const Grab *g)
{
	return FrontKeyboard | (g->flags & Mouse ? FrontMouse : 0) |
	    (g->flags & Confine ? FrontConfine : 0);
}

/* Rows by the window add up. */
static void
window_grab(msec now)
{
	unsigned sum = 0;
	size_t row;

	for (row = 0; grabs[row].name; row++)
		if (wantedrows >> row & 1)
			sum |= row_wants(&grabs[row]);
	means.window->front->grab(means.window, sum, now);
}

/* What was had for a row that lacks the rest is given up. */
static void
front_grabbed(unsigned held, msec now)
{
	unsigned before = wantedrows;
	size_t row;
	int ok;

	for (row = 0; grabs[row].name; row++) {
		if (!(wantedrows >> row & 1))
			continue;
		ok = !(row_wants(&grabs[row]) & ~held);
		if (!ok)
			wantedrows &= ~(1u << row);
		input_grabbed(input, &grabs[row], ok, now);
	}
	if (wantedrows != before)
		window_grab(now);
}

static const struct frontops frontops = {
	.changed = front_changed, .turmoil = front_turmoil, .gone = front_gone,
	.grabbed = front_grabbed,
};

/* What the window says and whether the host's screen may go dark follow from
 * all the rest, so both are told before each wait. */
static void
pass_before(struct source *s, unsigned got, msec now)
{
	int guest = show.shown == Guest && show.wanted == Guest;
	char text[TextMax];

	(void)s;
	(void)got;
	input_follow(now);
	*guarded = show.way.state != ShowRuns && (show.shown == Host ||
	    show.evidence == DdcLeft) ? GuardKeys : GuardAll;
	*text = '\0';
	if (!guest && show.fact[FactVisible] == 1)
		status_window(&means, text);
	means.window->front->text(means.window, text);
	means.window->front->awake(means.window, guest, input_heard(input),
	    now);
}

static struct source pass = { .fd = -1, .before = pass_before };

/* ---- the VM ---- */

static void
vm_changed(struct qmp *q, enum vmstate before, msec now)
{
	struct task *t = waiting;

	/* held since it stopped; or the nodes hold it for the next VM */
	if ((q->vm == VmRunning || q->vm == VmOff) && before != q->vm)
		input_release(input, now);
	/* of -w nobody watches it */
	show_set(&show, FactVm, *q->addr && !means.once ? q->vm : VmRunning,
	    now);
	/* -w: whether it runs is known, or that nobody tells */
	waiting = NULL;
	if (t)
		task_run(t, now);
	if ((q->vm == VmRunning) != (before == VmRunning))
		task_event(&tasks, q->vm == VmRunning ? VmStart : VmStop, now);
}

static void
vm_lost(struct qmp *q, unsigned key)
{
	(void)q;
	input_lost(input, key);
}

static void
vm_reset(struct qmp *q, msec now)
{
	(void)q;
	input_forget(input, now);
}

static void
vm_event(struct qmp *q, int event, msec now)
{
	(void)q;
	task_event(&tasks, event, now);
}

static void
vm_port(struct qmp *q, int open, msec now)
{
	int before = agent.open;

	(void)q;
	agent_port(&agent, open, now);
	if ((open == 1) != (before == 1))
		task_event(&tasks, open == 1 ? AgentUp : AgentDown, now);
}

static const struct qmpops qmpops = {
	.changed = vm_changed, .lost = vm_lost, .reset = vm_reset,
	.event = vm_event, .port = vm_port,
};

/* ---- keys and grabs ---- */

static void
hotkey_fire(const Hotkey *h, msec now)
{
	task_hotkey(&tasks, h, now);
}

static void
grab_wanted(const Grab *g, int wanted, msec now)
{
	unsigned bit = 1u << (g - grabs);

	wantedrows = wanted ? wantedrows | bit : wantedrows & ~bit;
	window_grab(now);
}

static void
grab_changed(const Grab *g, int held, msec now)
{
	note(1, "grab: %s: %s", g->name, held ? "held" : "ended");
	task_event(&tasks, held ? Grabbed : Ungrabbed, now);
}

static void
host_unstick(const unsigned char down[KEY_CNT / 8], msec now)
{
	(void)now;
	means.window->front->unstick(means.window, down);
}

static const struct inputops inputops = {
	.fire = hotkey_fire, .grab = grab_wanted, .grabbed = grab_changed,
	.unstick = host_unstick,
};

/* ---- the wish and the switch ---- */

/* Nobody who looks at the host holds keys in the guest; one that sleeps would
 * be woken by a key that goes up. */
static void
show_wished(msec now)
{
	input_follow(now);
	if (show.wanted == Host && vm.vm != VmSuspended)
		input_release(input, now);
}

static void
show_shown(msec now)
{
	if (show.shown == Guest)
		*log_error = '\0'; /* it explains nothing now */
	input_follow(now);
	task_event(&tasks, show.shown == Guest ? GuestShown : HostShown, now);
}

static void
show_leaving(msec now)
{
	input_release(input, now);
	qmp_leave(&vm, show_share(&show, ExitLimit, 1, now), now);
	task_event(&tasks, Leave, now);
	task_leave(&tasks, now);
}

static int
show_idle(void)
{
	return task_idle(&tasks) && qmp_idle(&vm);
}

static const struct showops showops = {
	.wished = show_wished, .shown = show_shown, .leaving = show_leaving,
	.idle = show_idle,
};

static void
task_ended(struct task *t, msec now)
{
	(void)now;
	control_ended(&control, t);
	if (means.once && !guarding)
		loop_end(t->failed);
}

/* ---- monitors, udev, signals ---- */

static void
ddc_done(enum evidence e, msec now)
{
	if (ddc.order.op == DdcList)
		loop_end(e != DdcConfirmed);
	else
		job_ordered(&means, e, now);
}

static void
ddc_sent(msec now)
{
	(void)now;
	show_sent(&show);
}

static void
uevent_ready(struct source *s, unsigned got, msec now)
{
	struct udev_device *dev = udev_monitor_receive_device(monitor);
	const char *subsystem, *action, *node;

	(void)s;
	(void)got;
	if (!dev)
		return;
	subsystem = udev_device_get_subsystem(dev);
	action = udev_device_get_action(dev);
	node = udev_device_get_devnode(dev);
	note(1, "udev: %s %s %s", subsystem, action, node ? node : "");
	if (!strcmp(subsystem, "input"))
		input_uevent(input, node, now);
	else {
		ddc_uevent(&ddc, subsystem, action, node);
		means.hush = 0; /* it may fail for another reason */
		show_poke(&show, now);
	}
	udev_device_unref(dev);
}

static struct source uevents = { .events = Readable, .ready = uevent_ready };

/* After udev's rules have run. */
static void
uevent_open(void)
{
	static const char *const subsystem[] = { "i2c-dev", "drm", "input" };
	struct udev *udev = udev_new(); /* the monitor may point to it */
	size_t i;

	monitor = udev_monitor_new_from_netlink(udev, "udev");
	for (i = 0; i < LENGTH(subsystem); i++)
		udev_monitor_filter_add_match_subsystem_devtype(monitor,
		    subsystem[i], NULL);
	if (!monitor || udev_monitor_enable_receiving(monitor) < 0) {
		warn("udev: no events: monitors that are plugged in later "
		     "are not found");
		return;
	}
	uevents.fd = udev_monitor_get_fd(monitor);
	source_add(&uevents);
}

static void
loop_signalled(int signo, msec now)
{
	note(1, "signal %d", signo);
	if (guarding)
		return; /* it ends soon */
	/* a terminal that is closed may send HUP twice */
	if (means.once || (show.fact[FactLeaving] && signo != SIGHUP)) {
		unlink(control.path);
		_exit(128 + signo);
	}
	show_leave(&show, 0, now);
}

/* What the monitor shows now nobody knows. */
static void
loop_resumed(msec now)
{
	note(1, "resumed");
	show_resumed(&show, now);
}

static const struct loopops loopops = {
	.signalled = loop_signalled, .resumed = loop_resumed,
};

/* ---- the guard ---- */

/* A child that has nothing of ours but the end of a pipe, in a session of its
 * own, under another name: what kills us by our terminal, our group or our name
 * does not get it. It returns, 1, when we are gone and left something to do. */
static int
guard_fork(void)
{
	static struct source ours;
	int fd[2];
	pid_t pid;
	char c;

	guarded = loop_share(sizeof(*guarded));
	if (pipe2(fd, O_CLOEXEC) < 0)
		die("guard: no pipe:");
	if ((pid = fork()) < 0)
		warn("guard: if this program is killed the monitor stays as it "
		     "is:");
	if (pid) {
		close(fd[0]);
		ours.fd = fd[1]; /* other children close what is waited for */
		source_add(&ours);
		return 0;
	}
	setsid();
	prctl(PR_SET_NAME, "stubguard");
	close(fd[1]);
	if (read(fd[0], &c, 1) || *guarded == GuardNothing ||
	    control_there(path))
		_exit(0);
	close(fd[0]);
	return 1;
}

/* A new instance knows better. Else it ends when all is done that can be. */
static void
guard_look(struct source *s, unsigned got, msec now)
{
	(void)got;
	s->due = now + GuardLook;
	if (control_there(path) || ((vm.known || now >= guarding) &&
	    show_idle() && !vm.timer.due))
		loop_end(0);
}

/* What the emergency does; keys go up as soon as QEMU takes that. */
static void
guard_begin(msec now)
{
	static struct source look = { .fd = -1, .ready = guard_look };
	struct task *t;

	warn("guard: the program was killed");
	guarding = now + Hung;
	ddc_inherit(&ddc, now);
	look.due = now;
	source_add(&look);
	t = task_new(&tasks);
	task_add(t, *guarded == GuardKeys ? unstickguest : emergency,
	    (Arg){ 0 });
	task_run(t, now);
}

/* ---- options ---- */

static const char norow[] = "want a row of monitors[], counted from 0";

static _Noreturn void
usage(FILE *out, int status)
{
	fprintf(out, "usage: screenstub [-V] [-q QMP] [-a AGENT] [-s N] "
	        "[-i HOST:GUEST]\n"
	        "                  [-d | -w host|guest [-k] | "
	        "-e ACTION [ARG...] | -v | -h]\n");
	exit(status);
}

static _Noreturn void
refuse(int opt, const char *why)
{
	warn("-%c: %s", opt, why);
	usage(stderr, 2);
}

/* What follows -e is left at optind. */
static void
options(struct options *o, int argc, char *argv[])
{
	static const char mode[] = "?dew"; /* by their number */
	char more;
	int opt;

	while (o->mode != Request &&
	    (opt = getopt(argc, argv, "+Va:de:hi:kq:s:vw:")) != -1) {
		if (opt == '?')
			usage(stderr, 2);
		else if (opt == 'V')
			verbose++;
		else if ((opt == 'a' || opt == 'q') && peer_wrong(optarg))
			refuse(opt, peer_wrong(optarg));
		else if (opt == 'a')
			o->agent = optarg;
		else if (opt == 'k')
			o->confirm = 1;
		else if (opt == 'q')
			o->qmp = optarg;
		else if (opt == 'h')
			usage(stdout, 0);
		else if (opt == 'v')
			exit(puts("screenstub-" VERSION) < 0);
		else if (opt == 's' && (sscanf(optarg, "%3d%c", &o->only,
		    &more) != 1 || o->only < 0))
			refuse(opt, norow);
		else if (opt == 'i' && (sscanf(optarg, "%6i:%6i%c", &o->host,
		    &o->guest, &more) != 2 || o->host < 1 || o->guest < 1 ||
		    o->host > 0xffff || o->guest > 0xffff ||
		    o->host == o->guest))
			refuse(opt, "want HOST:GUEST, as screenstub -d prints");
		else if (opt == 's' || opt == 'i')
			continue;
		else if (o->mode != Run)
			refuse(opt, "only one of -d, -e and -w");
		else
			o->mode = strchr(mode, opt) - mode;
		if (opt == 'w')
			o->side = !strcmp(optarg, "host") ? Host :
			    !strcmp(optarg, "guest") ? Guest : Unknown;
		if (opt == 'w' && !o->side)
			refuse(opt, "want host or guest");
		if (opt == 'e')
			argv[--optind] = optarg; /* the action */
	}
	if (o->confirm && o->mode != Switch)
		refuse('k', "only with -w");
	if (optind < argc && o->mode != Request) {
		warn("%s: no option; an action wants -e", argv[optind]);
		usage(stderr, 2);
	}
}

/* ---- start ---- */

/* A copy of monitors[], in which -i changes a row. */
static void
rows_copy(const struct options *o)
{
	Monitor *m = &rows[o->only < 0 ? 0 : o->only];

	memcpy(rows, monitors, sizeof(rows));
	if (!o->host)
		return;
	if (ddc_rowempty(m))
		refuse('i', "monitors[] of config.h is empty");
	m->host = (Input){ .value = o->host };
	m->guest = (Input){ .value = o->guest };
}

/* -w: a running instance does it, or it would undo it; -1: there is none, or
 * none that answers. */
static int
handover(const struct options *o)
{
	char wait[] = "guestwait", guest[] = "showguest", host[] = "showhost";
	char *word[] = { wait, o->side == Host ? host : guest };
	int i, failed = 0;

	for (i = !o->confirm; i < 2 && !failed; i++)
		failed = control_request(path, 1, &word[i]);
	return failed;
}

static void
switch_prepare(const struct options *o)
{
	waiting = task_new(&tasks);
	waiting->strict = 1;
	if (o->confirm)
		task_add(waiting, guestwait, (Arg){ 0 });
	task_add(waiting, o->side == Host ? showhost : showguest, (Arg){ 0 });
}

static void
window_open(const struct options *o, msec now)
{
	static char name[64];
	static struct frontconf conf;

	snprintf(name, sizeof(name), o->only < 0 ? "%s" : "%s-%d", instance,
	         o->only);
	conf = (struct frontconf){
		.instance = name, .background = background,
		.foreground = foreground, .guestrect = guestrect,
		/* an empty row has none */
		.output = monitors[o->only < 0 ? 0 : o->only].output,
		.partly = !(means.showon & Visible),
	};
	means.window = front_x.open(&conf, &frontops, input, now);
	if (!means.window)
		die("x: can't connect to the X server: is DISPLAY set?");
	control_open(&control, path, &tasks);
	if (control.killed)
		input_unstick(input, now); /* as soon as QEMU takes that */
	uevent_open();
}

/* Each room is given what it needs, from the ground up. */
static void
wire(const struct options *o, msec now)
{
	static struct inputconf inputconf;
	struct vmdevice *d = vm.devices.device;
	int k;

	means.once = o->mode != Run;
	means.showon = ShowOn ? (int)ShowOn : front_x.sees ? Visible : Focused;
	means.watchdog = *o->agent ? Watchdog : 0;
	inputconf = (struct inputconf){
		.hotkeys = hotkeys, .emergency = chordofemergency,
		.remaps = remaps, .grabs = grabs, .neutral = NeutralKey,
		.relative = StartRelative, .hires = HiRes,
		.route = means.once ? Qmp : Route,
	};
	vm.addr = o->mode == Detect ? "" : o->qmp;
	vm.agent = means.once ? "" : o->agent;
	vm.devices.manage = !means.once;
	d[VmKeyboard].driver = KeyboardDriver;
	d[VmKeyboard].bus = keyboardbus;
	d[VmMouse].driver = MouseDriver;
	d[VmMouse].bus = mousebus;
	d[VmTablet].driver = TabletDriver;
	d[VmTablet].bus = tabletbus;
	for (k = 0; k < VmNodes && (int)Route == VirtioHost; k++)
		d[k].driver = Ps2; /* its nodes take their place */
	ddc_open(&ddc, rows, o->only, ReplyGap, ddc_done,
	    ddc_sent);
	agent_open(&agent, o->agent);
	if (!(input = input_open(&inputconf, &inputops, &vm, now)))
		exit(1); /* it said why */
	means.input = input;
	if (!means.once) /* before the front, which then sends it */
		source_add(&pass);
	task_open(&tasks, &means, task_ended);
	show_open(&show, &means, &showops);
}

int
main(int argc, char *argv[])
{
	struct options o = {
		.qmp = qmpsocket ? qmpsocket : "", .only = -1,
		.agent = agentsocket ? agentsocket : ""
	};
	msec now = loop_clock();
	int status;

	options(&o, argc, argv);
	if (o.only >= check_config())
		refuse('s', norow);
	rows_copy(&o);
	control_path(path, sizeof(path), o.only);
	if (o.mode == Request) {
		status = control_request(path, argc - optind, argv + optind);
		if (status == -1)
			warn("control: is screenstub running, with the same -s "
			    "and XDG_RUNTIME_DIR?");
		return status != 0;
	}
	if (o.mode == Switch && (status = handover(&o)) >= 0)
		return status;

	loop_open(&loopops);
	ddc_share(&ddc);
	if (o.mode == Run && guard_fork()) {
		o.mode = Guard;
		now = loop_clock();
	}
	wire(&o, now);
	if (o.mode == Run)
		window_open(&o, now);
	else if (o.mode == Detect)
		ddc_order(&ddc, (struct order){ .op = DdcList,
		    .limit = DetectLimit }, now);
	else if (o.mode == Guard)
		guard_begin(now);
	else
		switch_prepare(&o);
	/* what it tells, or that nobody is there, begins the first switch */
	qmp_open(&vm, &qmpops, Hung, now);

	status = loop_run();

	input_close(input, loop_clock());
	qmp_close(&vm);
	peer_close(&agent.peer);
	ddc_cancel(&ddc);
	unlink(control.path);
	if (means.window)
		means.window->front->close(means.window);
	if (guarded)
		*guarded = GuardNothing;
	return status;
}
