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
 *	core/advice    what was seen, and what can be done about it
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
 *	  window/wlinput  Wayland: keys, grabs; wayland: the window
 *	core/job       what takes time and has a limit
 *	core/show      the wish, what the monitor is to show, and the switch
 *	core/task      lists of actions      core/action what each does
 *	core/status    how all stands, in words
 *	core/trial     -t: the guest for a while, then the host
 *	core/control   the socket for -e and -w
 *	core/check     what -c finds
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
#include <sys/wait.h>

#include <fcntl.h>
#include <libudev.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/advice.h"
#include "core/check.h"
#include "core/trial.h"
#include "window/text.h"

enum {
	DetectLimit = 20000, /* ms for -d */
	CheckWait = 3,       /* s for -c to look at the window system */
	GuardLook = 50       /* ms between two looks for a new instance */
};

struct options {
	enum { Run, Detect, Request, Switch, Trial, Check, Guard } mode;
	enum side side;
	int confirm;
	int only; /* row of monitors[], or -1 */
	int usex;
	int host, guest; /* of -i, or 0 */
	int seconds, all; /* of -t */
	const char *qmp, *agent;
};

static struct ddc ddc;
static struct qmp vm;
static struct agent agent;
static struct input *input;
static struct show show;
static struct tasks tasks;
static struct control control;
static struct trial trial;
static struct check check;
static struct udev_monitor *monitor;
static char path[sizeof(control.path)]; /* of an instance's socket, or "" */

static struct task *waiting; /* of -w, until the VM's state is known */

/* What the guard is to do when we are gone; memory that it shares. */
static enum { GuardNothing, GuardKeys, GuardAll } *guarded;
static msec guarding; /* until then QEMU is waited for; 0: this is no guard */

#include <config.h>

/* With -i, and what a trial learns, which the guard has to know. */
static Monitor *rows;
static Step resort[LENGTH(tohost) + 1]; /* of a trial */

#define WANT(right, text) _Static_assert(right, "config.h: " text)
#define WITHIN(x, least, most) ((int)(x) >= (least) && (int)(x) <= (most))
WANT(ActionLimit > 0 && ExitLimit > 0 && Hung > 0,
    "ActionLimit, ExitLimit and Hung must be above 0");
WANT(Settle >= 0 && Throttle >= 0 && ReplyGap >= 0 && Watchdog >= 0,
    "Settle, Throttle, ReplyGap and Watchdog can't be below 0");
WANT(WITHIN(AutoReturn, 0, 1) && WITHIN(StartRelative, 0, 1) &&
    WITHIN(HiRes, 0, 1) && WITHIN(UseX, 0, 1),
    "AutoReturn, StartRelative, HiRes and UseX: want 0 or 1");
WANT(WITHIN(NeutralKey, 0, KEY_MAX), "NeutralKey: want a KEY_*, or 0");
WANT(WITHIN(ShowOn, Auto, Visible | Focused),
    "ShowOn: want Auto, Visible, Focused or Visible | Focused");
WANT(WITHIN(Close, Quit, Ignore), "Close: want Quit, ShowHost or Ignore");
WANT(WITHIN(EmergencyKey, 1, KeymapMax - 1),
    "EmergencyKey: want a KEY_*: there must be one");
WANT((EmergencyMods & 0xfff) && !(EmergencyMods & 0xf000) &&
    EmergencyMods >> 16 < KEY_CNT,
    "EmergencyMods: want Ctrl and so on: a key alone is typed");
WANT(WITHIN(Route, Qmp, VirtioHost),
    "Route: want Qmp, InputLinux or VirtioHost");
WANT(WITHIN(KeyboardDriver, Ps2, Virtio) && WITHIN(MouseDriver, Ps2, Virtio),
    "KeyboardDriver, MouseDriver: want Ps2, Usb or Virtio");
WANT(WITHIN(TabletDriver, Usb, Virtio),
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
	    "by Evdev it wants .devices, by Window none" :
	    g->flags & ~flags ? "flags are OnFocus, by Evdev Exclusive, by "
	    "Window Mouse and with that Confine" : NULL;
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

static void
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
	ddc_check(monitors);
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
	if (fact == FrontSees) {
		if ((int)ShowOn == Auto)
			means.showon = holds ? Visible : Focused;
		fact = FrontFocused;
		holds = means.focused;
	} else if (fact == FrontFocused) {
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

static const struct frontops frontops = {
	.changed = front_changed, .turmoil = front_turmoil, .gone = front_gone,
};

/* What the window says and whether the host's screen may go dark follow from
 * all the rest, so both are told before each wait. */
static void
pass_before(struct source *s, msec now)
{
	int guest = show.shown == Guest && show.wanted == Guest;
	char text[TextMax];

	(void)s;
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
vm_changed(enum vmstate before, msec now)
{
	struct task *t = waiting;

	/* held since it stopped; or the nodes hold it for the next VM */
	if ((vm.vm == VmRunning || vm.vm == VmOff) && before != vm.vm)
		input_release(input, now);
	/* of -w nobody watches it */
	show_set(&show, FactVm, *vm.addr && !means.once ? vm.vm : VmRunning,
	    now);
	/* -w: whether it runs is known, or that nobody tells */
	waiting = NULL;
	if (t)
		task_run(t, now);
	if ((vm.vm == VmRunning) != (before == VmRunning))
		task_event(&tasks, vm.vm == VmRunning ? VmStart : VmStop, now);
}

static void
vm_lost(unsigned key)
{
	input_lost(input, key);
}

static void
vm_reset(msec now)
{
	input_forget(input, now);
}

static void
vm_event(int event, msec now)
{
	task_event(&tasks, event, now);
}

static void
vm_port(int open, msec now)
{
	int before = agent.open;

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
grab_wanted(unsigned wanted, msec now)
{
	means.window->front->grab(means.window, wanted, now);
}

static void
grab_changed(const Grab *g, int held, msec now)
{
	note(1, "grab: %s: %s", g->name, held ? "held" : "ended");
	task_event(&tasks, held ? Grabbed : Ungrabbed, now);
}

static void
host_unstick(const unsigned char down[KEY_CNT / 8])
{
	if (means.window->front->unstick)
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
task_ended(struct task *t)
{
	control_ended(&control, t);
	if (means.once == Once && !guarding)
		loop_end(t->failed);
}

/* ---- monitors, udev, signals ---- */

static void
ddc_done(enum evidence e, msec now)
{
	if (ddc.order.op == DdcList)
		loop_end(e != DdcConfirmed);
	else if (ddc.order.op == DdcRead && !log_failed)
		*guarded = trial_read(&trial) ? GuardNothing : GuardAll;
	else if (!log_failed)
		job_ordered(&means, e, now);
}

static void
ddc_sent(msec now)
{
	(void)now;
	show_sent(&show);
}

static void
uevent_ready(struct source *s, msec now)
{
	struct udev_device *dev = udev_monitor_receive_device(monitor);
	const char *subsystem, *action, *node;

	(void)s;
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
	if (trial.means) {
		trial_stop(&trial, signo, now);
		return;
	}
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
guard_look(struct source *s, msec now)
{
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

static const char help[] = "usage: screenstub [-Vx] [-q QMP] [-a AGENT] [-s N]"
    " [-i HOST:GUEST]\n"
    "                  [-c | -d | -e ACTION [ARG...] | -t [SECONDS] [all] |\n"
    "                   -w host|guest [-k] | -v | -h]\n\n"
    "  -a AGENT       the guest agent's socket\n"
    "  -c             check the set-up: what is wrong, and what mends it\n"
    "  -d             list the monitors, with a row of config.h for each\n"
    "  -e ACTION ...  let the running instance do that\n"
    "  -h             this\n"
    "  -i HOST:GUEST  the inputs of a row of monitors[], as -d prints them\n"
    "  -k             with -w: only if the agent answers in the guest\n"
    "  -q QMP         QEMU's monitor: /path or address:port\n"
    "  -s N           only row N of monitors[], counted from 0\n"
    "  -t [SECONDS]   show the guest for 10 seconds, and the host again;\n"
    "                 all: each other input that the monitor lists\n"
    "  -V             tell each transition; twice: what is sent, too\n"
    "  -v             the version\n"
    "  -w host|guest  switch the monitor once\n"
    "  -x             a window of X, also under Wayland\n\n"
    "actions of -e:\n";

static _Noreturn void
refuse(int opt, const char *why)
{
	warn("usage: -%c%s%s: %s", opt, optarg ? " " : "",
	    optarg ? optarg : "", why);
	exit(2);
}

/* A word behind -t. */
static void
option_trial(struct options *o)
{
	char more;

	if (!strcmp(optarg, "all"))
		o->all = 1;
	else if (sscanf(optarg, "%4d%c", &o->seconds, &more) != 1 ||
	    o->seconds < 1 || o->seconds > TrialMost)
		refuse('t', "want seconds, 1 to 600, or all");
}

/* What follows -e is left at optind. */
static void
options(struct options *o, int argc, char *argv[])
{
	static const char mode[] = "?dewtc"; /* by their number */
	char more, why[LineMax];
	int opt;

	while (o->mode != Request &&
	    (opt = getopt(argc, argv, "+:Va:cde:hi:kq:s:tvw:x")) != -1) {
		if (opt == '?' || opt == ':')
			refuse(optopt, opt == '?' ? "there is no such option" :
			    "it wants an argument");
		else if (opt == 'V')
			verbose++;
		else if ((opt == 'a' || opt == 'q') && peer_wrong(optarg))
			refuse(opt, peer_wrong(optarg));
		else if (opt == 'a')
			o->agent = optarg;
		else if (opt == 'k')
			o->confirm = 1;
		else if (opt == 'x')
			o->usex = 1;
		else if (opt == 'q')
			o->qmp = optarg;
		else if (opt == 'h')
			exit(fputs(help, stdout) < 0 || action_help() < 0);
		else if (opt == 'v')
			exit(puts("screenstub-" VERSION) < 0);
		else if (opt == 's' && (sscanf(optarg, "%3d%c", &o->only,
		    &more) != 1 || o->only < 0 ||
		    o->only >= (int)LENGTH(monitors) - 1))
			refuse(opt, "want a row of monitors[], counted from 0");
		else if (opt == 'i' && (sscanf(optarg, "%6i:%6i%c", &o->host,
		    &o->guest, &more) != 2 || o->host < 1 || o->guest < 1 ||
		    o->host > 0xffff || o->guest > 0xffff ||
		    o->host == o->guest))
			refuse(opt, "want HOST:GUEST, as screenstub -d prints");
		else if (opt == 's' || opt == 'i')
			continue;
		else if (o->mode != Run)
			refuse(opt, "only one of -c, -d, -e, -t and -w");
		else
			o->mode = strchr(mode, opt) - mode;
		for (; opt == 't' && (optarg = argv[optind]) &&
		    *optarg != '-'; optind++)
			option_trial(o);
		if (opt == 'w')
			o->side = !strcmp(optarg, "host") ? Host :
			    !strcmp(optarg, "guest") ? Guest : Unknown;
		if (opt == 'w' && !o->side)
			refuse(opt, "want host or guest");
		if (opt == 'e' && !action_known(optarg, why))
			refuse(opt, why);
		if (opt == 'e')
			argv[--optind] = optarg; /* the action */
	}
	if (o->confirm && o->mode != Switch)
		refuse('k', "only with -w");
	if (optind < argc && o->mode != Request) {
		warn("usage: %s: no option; an action wants -e", argv[optind]);
		exit(2);
	}
}

/* ---- start ---- */

/* A copy of monitors[], in which -i changes a row. */
static void
rows_copy(const struct options *o)
{
	size_t n = sizeof(monitors);
	Monitor *m;

	rows = memcpy(loop_share(n), monitors, n);
	m = rows + ddc_row(rows, o->only);
	if (ddc_rowempty(m) && (o->host || o->mode == Trial))
		refuse(o->host ? 'i' : 't', "monitors[] of config.h is empty");
	if (!o->host)
		return;
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
		failed = control_request(path, 1, &word[i], TakeSoon);
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

/* Before the guard begins. */
static void
trial_prepare(const struct options *o)
{
	memcpy(resort, tohost, sizeof(tohost));
	resort[LENGTH(tohost) - 1] = (Step){ Ddc, { 0 }, DetectLimit, 0 };
	means.tohost = resort;
	trial = (struct trial){
		.rows = rows, .tohost = tohost->kind ? tohost : resort,
		.resort = resort,
		.wait = 1000 * (msec)o->seconds, .n = !o->all,
	};
}

/* From now on it can be asked, and is told what comes and goes. */
static void
instance_open(msec now)
{
	control_open(&control, path, &tasks);
	if (control.killed)
		input_unstick(input, now); /* as soon as QEMU takes that */
	uevent_open();
}

/* Where Wayland is built in, it is taken where it is. */
static const struct front *const fronts[] = {
#ifdef WAYLAND
	&front_wayland,
#endif
	&front_x
};

static void
window_open(const struct options *o, msec now)
{
	static char name[64];
	static struct frontconf conf;
	int all = !UseX && !o->usex;
	size_t i = all ? 0 : LENGTH(fronts) - 1;
	const Hotkey *h = hotkeys;

	snprintf(name, sizeof(name), o->only < 0 ? "%s" : "%s-%d", instance,
	         o->only);
	conf = (struct frontconf){
		.instance = name, .background = background,
		.foreground = foreground, .settle = Settle,
		/* an empty row has none */
		.output = monitors[ddc_row(monitors, o->only)].output,
		.partly = !(means.showon & Visible),
		.look = o->mode == Check,
	};
	for (; i < LENGTH(fronts) && !means.window; i++)
		means.window = fronts[i]->open(&conf, &frontops, input, now);
	if (!means.window)
		die("x: can't connect to the X server%s", LENGTH(fronts) == 1 &&
		    getenv("WAYLAND_DISPLAY") ? ", and Wayland is not built in"
		    : "");
	while (h->key && !(h->flags & Global))
		h++;
	if (h->key && !means.window->front->global)
		warn("hotkeys[%d]: Global: under Wayland it is heard with the "
		    "focus alone", (int)(h - hotkeys));
	if (!conf.look)
		instance_open(now);
}

/* A child asks, for a window system that hangs holds up who does. */
static void
window_check(const struct options *o)
{
	struct timespec limit = { CheckWait, 0 };
	pid_t pid = fork();
	sigset_t ended;

	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		window_open(o, loop_clock());
		_exit(0);
	}
	sigemptyset(&ended);
	sigaddset(&ended, SIGCHLD);
	while (pid > 0 && !waitpid(pid, NULL, WNOHANG))
		if (sigtimedwait(&ended, NULL, &limit) < 0) {
			kill(pid, SIGKILL);
			warn("window: the window system hangs");
			break;
		}
}

/* Each room is given what it needs, from the ground up. */
static void
wire(const struct options *o, msec now)
{
	static struct inputconf inputconf;
	struct vmdevice *d = vm.devices.device;
	int k;

	means.once = o->mode == Run ? Lasting : o->mode == Trial ? Tried : Once;
	means.showon = ShowOn ? (int)ShowOn : Visible;
	means.watchdog = *o->agent ? Watchdog : 0;
	inputconf = (struct inputconf){
		.hotkeys = hotkeys, .emergency = chordofemergency,
		.remaps = remaps, .grabs = grabs, .neutral = NeutralKey,
		.relative = StartRelative, .hires = HiRes,
		.guestrect = guestrect,
		.route = means.once ? Qmp : Route,
	};
	vm.addr = o->mode == Detect ? "" : o->qmp;
	vm.agent = means.once && o->mode != Check ? "" : o->agent;
	vm.devices.manage = !means.once;
	d[VmKeyboard].driver = KeyboardDriver;
	d[VmKeyboard].bus = keyboardbus;
	d[VmMouse].driver = MouseDriver;
	d[VmMouse].bus = mousebus;
	d[VmTablet].driver = TabletDriver;
	d[VmTablet].bus = tabletbus;
	for (k = 0; k < VmNodes && (int)Route == VirtioHost; k++)
		d[k].driver = Ps2; /* its nodes take their place */
	for (k = 0; k < VmNodes && o->mode == Check; k++)
		devices_node(&vm.devices, k, Route, NULL, now);
	ddc_open(&ddc, rows, o->only, ReplyGap, ddc_done, ddc_sent);
	agent_open(&agent, o->agent);
	means.input = input = input_open(&inputconf, &inputops, &vm, now);
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
		.agent = agentsocket ? agentsocket : "",
		.seconds = TrialTime
	};
	msec now = loop_clock();
	int status;

	log_advice = advice;
	options(&o, argc, argv);
	if (o.mode == Check) {
		log_failed = loop_share(sizeof(*log_failed));
		check_machine(LENGTH(fronts) > 1 ? "x11 and wayland" : "x11");
	}
	check_config();
	rows_copy(&o);
	control_path(path, sizeof(path), o.only);
	if (o.mode == Request) {
		status = control_request(path, argc - optind, argv + optind,
		    TakeLimit);
		if (status == -1)
			warn("control: there is no instance");
		return status != 0;
	}
	if (o.mode == Switch && (status = handover(&o)) >= 0)
		return status;
	if (o.mode == Trial)
		trial_prepare(&o);

	loop_open(&loopops);
	ddc_share(&ddc);
	if ((o.mode == Run || o.mode == Trial) && guard_fork()) {
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
	else if (o.mode == Trial) {
		instance_open(now);
		trial_open(&trial, &means, now);
	} else if (o.mode == Check)
		check_open(&check, &means, &qmpops, rows, path, now);
	else
		switch_prepare(&o);
	/* a trial without a VM is none that has failed */
	log_hushed = o.mode == Trial && tohost->kind == Ddc;
	/* what it tells, or that nobody is there, begins the first switch */
	if (o.mode != Check)
		qmp_open(&vm, &qmpops, Hung, now);
	log_hushed = 0;

	status = loop_run();
	if (o.mode == Check) {
		window_check(&o);
		status = *log_failed > 0;
	}

	/* the rest ends with the process */
	input_close(input);
	unlink(control.path);
	if (guarded)
		*guarded = GuardNothing;
	return status;
}
