/* See LICENSE for copyright and licence details.
 *
 * screenstub: a software KVM switch for virtual machines with a graphics card
 * of their own, and one monitor with two cables.
 *
 * This file is the entrance: options, config.h and its checks, and who tells
 * whom. Nothing here waits or decides. The rooms, from the ground up; what
 * stands lower knows nothing of what stands higher, and tells it what happens
 * through a const table of functions that it was given:
 *
 *	core/loop      what is waited for, the clock, signals, children, the log
 *	ddc.c          the wire to a monitor, and the steps on one bus
 *	  ddc/bus      which buses and monitors there are
 *	  ddc/card     an order: a child for each graphics card
 *	qmp/json       JSON in place        qmp/keys.h   QEMU's names of keys
 *	  qmp/peer     a connection that is made again
 *	  qmp/session  QEMU's monitor: one command at a time
 *	  qmp/device   the VM's input devices
 *	  qmp/agent    the guest agent
 *	qmp.c          the VM: its life, and input with its pace
 *	input/uinput   devices of ours in the host
 *	  input/evdev  devices of the host that are grabbed
 *	input.c        the key machine: what is held, and where it goes
 *	window/front.h what a window system offers, and what it tells
 *	  window/text  what the window says, in letters
 *	  window/x     X: the window, seen or not; window/xinput: keys, grabs
 *	core/job       what takes time and has a limit
 *	core/show      the wish, what the monitor is to show, and the switch
 *	core/task      lists of actions     core/action  what each does
 *	core/status    how all stands, in words
 *	core/control   the socket for -e and -w     core/uevent  udev
 *
 * Three ways through the house:
 *
 * A key press. X sends KeyPress to the window; window/xinput makes it a packet
 * in evdev's codes and hands it to input_feed. The key machine asks whether it ends a chord of hotkeys[] (then the guest is to see
 * nothing of it, and core/task runs the rows), whether a grab ignores it, what
 * remaps[] makes of it, and whether another key holds the same one down; then
 * the route sends it: by qmp.c, where it waits in a queue until QEMU has
 * answered the report before and the guest's keyboard has room, or by a node of
 * input/uinput that QEMU reads.
 *
 * A workspace that is left. The window manager unmaps or moves windows;
 * window/x asks X what a click on 25 points of ours would hit, and tells
 * frontops.visible. That is a fact for core/show, whose wish is now the host's:
 * front_visible and show_wished below release keys and end grabs. When the wish
 * has lasted, the rows of tohost[] run, each a job: a Ddc row is an order to
 * ddc/card, whose children look which input is shown, write the other and read
 * it back. Their records say what is known; the job ends, core/show claims the
 * host, and rows of HostShown run as a task.
 *
 * A VM that dies. Its socket closes, or a command is not answered in time:
 * qmp/peer drops the connection and tries again later, qmp/session tells that
 * what was under way was not answered, and qmp.c that the VM is off. That too
 * is a fact for core/show (vm_changed below): the wish is the host's at once,
 * without the wait, for a VM that is gone does not flap. A switch to the guest
 * that is under way is cancelled, the keys that the guest held are forgotten or
 * go up on the nodes, and the switch to the host begins; one that fails is tried
 * again and again.
 *
 * All ends of the program but a second signal go through show_leave.
 *
 * Start reading at main. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/action.h"
#include "core/control.h"
#include "core/status.h"
#include "core/uevent.h"
#include "window/text.h"

enum {
	InstanceMax = 40,    /* letters */
	ResumeWait = 3000,   /* ms until logind has given rights back */
	DetectLimit = 20000, /* ms for -d */
	LeaveGrace = 300,    /* ms of ExitLimit that QEMU's devices leave */
	RequestLimit = 60000 /* ms for -e */
};

struct options {
	enum { Run, Detect, Request, Help, Version, Switch } mode;
	enum side side;
	int confirm;
	int only; /* row of monitors[], or -1 */
	const char *qmp, *agent;
};

static struct {
	int once;          /* -d or -w: no window, nothing is watched */
	int status;        /* of the exit */
	struct task *task; /* of -w, started when the VM's state is known */
	unsigned rows;     /* of grabs[], by the window: wanted */
	struct source pass;
} life;

static struct ddc ddc;
static struct qmp qmp;
static struct agent agent;
static struct input *input;
static struct window *window;
static struct means means;
static struct show show;
static struct tasks tasks;
static struct actors actors;
static struct status status;
static struct control control;
static struct uevents uevents;

#include <config.h>

_Static_assert(Settle >= 0, "config.h: Settle can't be below 0");
_Static_assert(Throttle >= 0, "config.h: Throttle can't be below 0");
_Static_assert(ActionLimit > 0, "config.h: ActionLimit must be above 0");
_Static_assert(ExitLimit > 0, "config.h: ExitLimit must be above 0");
_Static_assert(Hung > 0, "config.h: Hung must be above 0");
_Static_assert(Watchdog >= 0, "config.h: Watchdog can't be below 0");
_Static_assert(NeutralKey >= 0 && NeutralKey < KEY_CNT, "config.h: NeutralKey: "
               "want a KEY_*, or 0");
_Static_assert((int)ShowOn >= Visible && (int)ShowOn <= (Visible | Focused),
               "config.h: ShowOn: want Visible, Focused or Visible | Focused");
_Static_assert(EmergencyKey > 0 && EmergencyKey < BTN_MISC, "config.h: "
               "EmergencyKey: want a KEY_*: there must be one");
_Static_assert((int)Route != Spice, "config.h: Route: SPICE is not for us: its "
               "input ends in QEMU where Qmp's does, and it takes the one place"
               " that a viewer or Looking Glass needs: want Qmp, InputLinux or "
               "VirtioHost");
_Static_assert((int)Route >= Qmp && (int)Route < RouteLast, "config.h: Route: "
               "want Qmp, InputLinux or VirtioHost");
_Static_assert((int)TabletDriver != Ps2, "config.h: TabletDriver: there is no "
               "Ps2 tablet: want Usb or Virtio");

static const Hotkey chordofemergency[] = {
	{ EmergencyKey, EmergencyMods, Global, emergency, { 0 } },
	{ 0 }
};

/* ---- what the compiler can't check, before anything is touched ---- */

static void
check_action(Action *action, const Arg *arg, const char *list, int row)
{
	const char *wrong = action_wrong(&actors, action, arg);

	if (wrong)
		die("config.h: %s[%d]: %s", list, row, wrong);
}

static void
check_steps(const Step *list, const char *name)
{
	const Step *s;
	int row;

	for (s = list; s->kind; s++) {
		row = s - list;
		if (s->limit <= 0 && s->kind != Exec)
			die("config.h: %s[%d]: limit must be above 0", name,
			    row);
		if ((s->kind == Exec || s->kind == GuestExec) &&
		    (!s->arg.argv || !s->arg.argv[0]))
			die("config.h: %s[%d]: .argv is missing", name, row);
		if (s->orelse && s == list)
			die("config.h: %s[0]: orelse, but no row is before it",
			    name);
	}
}

static void
check_hotkeys(void)
{
	const Hotkey *h;
	int row;

	for (h = hotkeys; h->key; h++) {
		row = h - hotkeys;
		if (h->key >= KEY_CNT || h->mods >> 16 >= KEY_CNT)
			die("config.h: hotkeys[%d]: want KEY_* or BTN_*", row);
		if (h->flags & ~(OnRelease | Global))
			die("config.h: hotkeys[%d]: flags are OnRelease and "
			    "Global", row);
		if (h->flags & Global && h->key >= BTN_MISC)
			die("config.h: hotkeys[%d]: Global is for keys only",
			    row);
		check_action(h->action, &h->arg, "hotkeys", row);
	}
}

static void
check_grab(const Grab *g, int row)
{
	if (row >= GrabMax)
		die("config.h: grabs[%d]: there is room for %d rows", row,
		    GrabMax);
	if (g->by != X && g->by != Evdev)
		die("config.h: grabs[%d]: by is X or Evdev", row);
	if (g->flags & ~(OnFocus | (g->by == Evdev ? Exclusive : Mouse |
	    Confine)))
		die("config.h: grabs[%d]: flags are OnFocus, and by %s", row,
		    g->by == X ? "X Mouse and Confine" : "Evdev Exclusive");
	if ((g->flags & (Mouse | Confine)) == Confine)
		die("config.h: grabs[%d]: Confine wants Mouse", row);
	if (g->by == X && (g->newname || g->ignore || g->devices))
		die("config.h: grabs[%d]: .newname, .ignore and .devices are "
		    "for Evdev", row);
	if (g->by == Evdev && (!g->devices || input_rowempty(g->devices)))
		die("config.h: grabs[%d]: .devices is empty", row);
}

static void
check_bus(const char *id)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	    "abcdefghijklmnopqrstuvwxyz0123456789._-";

	if (id && (strlen(id) > 63 || id[strspn(id, letters)]))
		die("config.h: %s: this is no QEMU id", id);
}

static void
check_rest(void)
{
	const Remap *r;
	const Event *e;

	if (!*instance || strlen(instance) > InstanceMax)
		die("config.h: instance: want 1 to %d letters", InstanceMax);
	for (r = remaps; r->key; r++)
		if (r->key >= KEY_CNT || r->guest >= KEY_CNT)
			die("config.h: remaps[%d]: want KEY_* or BTN_*",
			    (int)(r - remaps));
	if (guestrect.left < 0 || guestrect.left >= guestrect.right ||
	    guestrect.right > 1 || guestrect.top < 0 ||
	    guestrect.top >= guestrect.bottom || guestrect.bottom > 1)
		die("config.h: guestrect: want 0 <= left < right <= 1, and so "
		    "for top and bottom");
	for (e = onevent; e->event; e++) {
		if (e->event >= EventLast)
			die("config.h: onevent[%d]: there is no such event",
			    (int)(e - onevent));
		check_action(e->action, &e->arg, "onevent",
		    (int)(e - onevent));
	}
}

static void
check_config(int only)
{
	int rows = ddc_check(monitors), i;

	if (only >= rows)
		die("config.h: -s %d: monitors[] has %d rows", only, rows);
	check_steps(toguest, "toguest");
	check_steps(tohost, "tohost");
	check_hotkeys();
	for (i = 0; grabs[i].name; i++)
		check_grab(&grabs[i], i);
	check_bus(keyboardbus);
	check_bus(mousebus);
	check_bus(tabletbus);
	check_rest();
}

/* ---- who tells whom: the window ---- */

/* Grabs are held, and keys taken, while it is visible and the wish is the
 * guest's. */
static void
input_follow(msec now)
{
	input_allow(input, show.fact[FactWindow] == FactVisible &&
	    show.wanted == Guest, now);
}

static void
front_visible(int visible, msec now)
{
	note(1, "x: window: %s", visible ? "visible" : "hidden");
	if (visible)
		qmp_hope(&qmp, now);
	show_set(&show, FactWindow, visible ? FactVisible : FactHidden, now);
	input_follow(now);
}

static void
front_focused(int focused, msec now)
{
	input_focus(input, focused, now);
	show_set(&show, FactFocus, focused, now);
}

static void
front_blanked(int blank, msec now)
{
	show_set(&show, FactBlanked, blank, now);
}

static void
front_elsewhere(int elsewhere, msec now)
{
	show_set(&show, FactElsewhere, elsewhere, now);
}

static void
front_turmoil(msec until, msec now)
{
	show_turmoil(&show, until - now, now);
}

static void
front_closed(msec now)
{
	note(1, "x: the window was closed");
	show_leave(&show, 0, now);
}

static void
front_gone(msec now)
{
	show_leave(&show, 1, now);
}

/* What a row of grabs[] wants of the window. */
static unsigned
row_wants(const Grab *g)
{
	return FrontKeyboard | (g->flags & Mouse ? FrontMouse : 0) |
	    (g->flags & Confine ? FrontConfine : 0);
}

static void
front_grabbed(unsigned held, msec now)
{
	size_t row;
	int ok;

	for (row = 0; grabs[row].name; row++) {
		if (!(life.rows >> row & 1))
			continue;
		ok = !(row_wants(&grabs[row]) & ~held);
		if (!ok)
			life.rows &= ~(1u << row);
		input_grabbed(input, &grabs[row], ok, now);
	}
}

static const struct frontops frontops = {
	.visible = front_visible, .focused = front_focused,
	.blanked = front_blanked, .elsewhere = front_elsewhere,
	.turmoil = front_turmoil, .closed = front_closed, .gone = front_gone,
	.grabbed = front_grabbed,
};

/* What the window says and whether the host's screen may go dark follow from
 * all the rest, so both are told before each wait. */
static void
pass_before(struct source *s, msec now)
{
	int guest = show.shown == Guest && show.wanted == Guest;
	char text[TextMax] = "";

	(void)s;
	if (!window)
		return;
	if (Status && !guest && show.fact[FactWindow] == FactVisible)
		status_window(&status, text);
	if (Status)
		window->front->text(window, text);
	window->front->awake(window, guest, input_heard(input), now);
}

/* ---- the VM ---- */

/* -w: what it runs is known, or that nobody tells. */
static void
switch_start(msec now)
{
	struct task *t = life.task;

	life.task = NULL;
	if (t)
		task_run(t, now);
}

static void
vm_changed(struct qmp *q, enum vmstate before, msec now)
{
	static const enum factvm fact[] = {
		[VmOff] = FactVmOff, [VmStopped] = FactVmPaused,
		[VmSuspended] = FactVmSleeps, [VmRunning] = FactVmRuns,
	};

	/* held since it stopped; or the nodes hold it for the next VM */
	if ((q->vm == VmRunning || q->vm == VmOff) && before != q->vm)
		input_release(input, now);
	show_set(&show, FactVm, *q->addr ? fact[q->vm] : FactVmRuns, now);
	switch_start(now);
	if (!life.once && (q->vm == VmRunning) != (before == VmRunning))
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
	show_reset(&show);
	input_forget(input, now);
	agent_reset(&agent, now);
}

static void
vm_event(struct qmp *q, int event, msec now)
{
	(void)q;
	if (!life.once)
		task_event(&tasks, event, now);
}

static void
vm_port(struct qmp *q, int open, msec now)
{
	int before = agent.open;

	(void)q;
	agent_port(&agent, open, now);
	if (!life.once && (open == 1) != (before == 1))
		task_event(&tasks, open == 1 ? AgentUp : AgentDown, now);
}

static int
agent_look(struct agent *a, msec now)
{
	(void)a;
	return qmp_port(&qmp, now);
}

static const struct agentops agentops = { .look = agent_look };

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

/* Rows by the window add up. */
static void
grab_wanted(const Grab *g, int wanted, msec now)
{
	unsigned bit = 1u << (g - grabs), sum = 0;
	size_t row;

	life.rows = wanted ? life.rows | bit : life.rows & ~bit;
	for (row = 0; grabs[row].name; row++)
		if (life.rows >> row & 1)
			sum |= row_wants(&grabs[row]);
	if (window)
		window->front->grab(window, sum, now);
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
	if (window)
		window->front->unstick(window, down);
}

static const struct inputops inputops = {
	.fire = hotkey_fire, .grab = grab_wanted, .grabbed = grab_changed,
	.unstick = host_unstick,
};

/* ---- the wish and the switch ---- */

/* Nobody who looks at the host types into the guest; one that sleeps would be
 * woken by a key that goes up. */
static void
show_wished(struct show *s, msec now)
{
	if (!life.once)
		input_follow(now);
	if (s->wanted == Host && qmp.vm != VmSuspended)
		input_release(input, now);
}

static void
show_shown(struct show *s, msec now)
{
	if (s->shown == Guest)
		log_clear(); /* it explains nothing now */
	if (!life.once)
		task_event(&tasks, s->shown == Guest ? GuestShown : HostShown,
		    now);
}

static void
show_rested(struct show *s, msec now)
{
	(void)s;
	task_rested(&tasks, now);
}

static void
show_leaving(struct show *s, msec now)
{
	(void)s;
	input_release(input, now);
	qmp_leave(&qmp, ExitLimit - LeaveGrace, now);
	task_event(&tasks, Leave, now);
	task_leave(&tasks, now);
}

static int
show_idle(struct show *s)
{
	(void)s;
	return task_idle(&tasks) && qmp_idle(&qmp);
}

static void
show_ended(struct show *s, int exitstatus, msec now)
{
	(void)s;
	(void)now;
	life.status = exitstatus;
	loop_end();
}

static const struct showops showops = {
	.wished = show_wished, .shown = show_shown, .rested = show_rested,
	.leaving = show_leaving, .idle = show_idle, .ended = show_ended,
};

static int
task_reached(struct task *t)
{
	return show_reached(&show, t->side);
}

static void
task_unpause(struct task *t, msec now)
{
	if (!t->pausing)
		return;
	t->pausing = 0;
	show_set(&show, FactPausing, show.fact[FactPausing] - 1, now);
}

static void
task_ended(struct task *t, msec now)
{
	(void)now;
	control_ended(t);
	if (!life.once)
		return;
	life.status = t->failed;
	loop_end();
}

static const struct taskops taskops = {
	.reached = task_reached, .unpause = task_unpause, .ended = task_ended,
};

/* ---- monitors, udev, signals ---- */

static void
ddc_done(enum evidence e, msec now)
{
	job_ordered(&means, e, now);
}

static void
ddc_listed(int usable, msec now)
{
	(void)now;
	life.status = !usable;
	loop_end();
}

static const struct ddcops ddcops = {
	.switched = ddc_done, .verified = ddc_done, .listed = ddc_listed,
};

static void
uevent_tell(const char *subsystem, const char *action, const char *node,
            msec now)
{
	if (!strcmp(subsystem, "input")) {
		input_uevent(input, action, node, now);
		return;
	}
	ddc_uevent(&ddc, subsystem, action, node);
	show_poke(&show, now);
}

static void
loop_signalled(int signo, msec now)
{
	note(1, "signal %d", signo);
	/* a terminal that is closed may send HUP twice */
	if (life.once || (show.fact[FactLeaving] && signo != SIGHUP)) {
		control_close(&control);
		_exit(128 + signo);
	}
	show_leave(&show, 0, now);
}

/* What the monitor shows now nobody knows. */
static void
loop_resumed(msec now)
{
	note(1, "resumed");
	ddc_patient(&ddc, now + ResumeWait);
	show_resumed(&show, now);
}

static void
loop_broken(msec now)
{
	if (!show.fact[FactLeaving])
		warn("select:");
	show_leave(&show, 1, now);
}

static const struct loopops loopops = {
	.signalled = loop_signalled, .resumed = loop_resumed,
	.broken = loop_broken,
};

static void
job_environment(enum event event)
{
	status_environment(&status, event);
}

static const struct jobops jobops = { .environment = job_environment };

static void
control_status(char *out, size_t size)
{
	status_lines(&status, out, size);
}

/* ---- options ---- */

static void
usage(FILE *out)
{
	fprintf(out, "usage: screenstub [-V] [-q QMP] [-a AGENT] [-s N] "
	        "[-d | -w host|guest [-k] |\n"
	        "                  -e ACTION [ARG...] | -v | -h]\n");
}

static int
option_mode(struct options *o, int opt)
{
	static const char letter[] = {
		[Detect] = 'd', [Request] = 'e', [Help] = 'h',
		[Version] = 'v', [Switch] = 'w',
	};

	if (o->mode != Run)
		return -1;
	o->mode = (const char *)memchr(letter, opt, sizeof(letter)) - letter;
	return 0;
}

static int
option_row(struct options *o, const char *text)
{
	char *end;
	long row = strtol(text, &end, 10);

	if (*end || end == text || row < 0 || row > 999)
		return -1;
	o->only = row;
	return 0;
}

static int
option_side(struct options *o, const char *text)
{
	o->side = !strcmp(text, "host") ? Host : !strcmp(text, "guest") ?
	    Guest : Unknown;
	return o->side ? 0 : -1;
}

/* -1: they are wrong. What follows -e is left at optind. */
static int
options(struct options *o, int argc, char *argv[])
{
	int opt, bad = 0;

	while (!bad && o->mode != Request &&
	    (opt = getopt(argc, argv, "+Va:de:hkq:s:vw:")) != -1) {
		switch (opt) {
		case 'V':
			verbose++;
			break;
		case 'a':
			o->agent = optarg;
			break;
		case 'k':
			o->confirm = 1;
			break;
		case 'q':
			o->qmp = optarg;
			break;
		case 's':
			bad = option_row(o, optarg);
			break;
		case '?':
			bad = -1;
			break;
		default:
			bad = option_mode(o, opt);
		}
		if (opt == 'w' && option_side(o, optarg) < 0)
			bad = -1;
		if (opt == 'e')
			argv[--optind] = optarg; /* the action */
	}
	if (bad || o->mode == Request)
		return bad;
	return optind < argc || (o->confirm && o->mode != Switch) ? -1 : 0;
}

/* ---- start ---- */

/* -w: a running instance does it, or it would undo it; -1: there is none, or
 * none that answers. */
static int
handover(const struct options *o, const char *path)
{
	char wait[] = "guestwait", guest[] = "showguest", host[] = "showhost";
	char *word[] = { wait, o->side == Host ? host : guest };
	int fd, i, failed = 0;

	if (!control_answers(path))
		return -1;
	for (i = !o->confirm; i < 2 && !failed; i++) {
		fd = control_call(path, RequestLimit);
		failed = fd < 0 ? -1 : control_request(fd, 1, &word[i]);
	}
	return failed;
}

/* For -w: a list that begins when it is known whether the VM runs. */
static void
switch_prepare(const struct options *o, msec now)
{
	struct task *t = task_new(&tasks);

	t->strict = 1;
	if (o->confirm) {
		task_add(t, action_vmruns, (Arg){ 0 });
		task_add(t, guestwait, (Arg){ 0 });
	}
	task_add(t, o->side == Host ? showhost : showguest, (Arg){ 0 });
	life.task = t;
	ddc_patient(&ddc, now + ResumeWait); /* perhaps a resume's hook */
}

static void
window_open(const struct options *o, const char *path, msec now)
{
	static char name[InstanceMax + 16];
	static struct frontconf conf = {
		.instance = name, .background = background,
		.foreground = foreground, .partly = !(ShowOn & Visible),
		.rawalways = !(EmergencyMods & 0xffff),
	};
	const Monitor *m = means.first;

	snprintf(name, sizeof(name), o->only < 0 ? "%s" : "%s-%d", instance,
	         o->only);
	conf.output = ddc_rowempty(m) ? NULL : m->output;
	conf.guestrect = guestrect;
	life.pass.fd = -1;
	life.pass.before = pass_before;
	source_add(&life.pass); /* before the front, which then sends it */
	window = front_x.open(&conf, &frontops, input, now);
	if (!window)
		die("x: can't connect to the X server: is DISPLAY set?");
	actors.window = window;
	control.tasks = &tasks;
	control.limit = ActionLimit;
	control.status = control_status;
	control_open(&control, path);
	uevents.tell = uevent_tell;
	uevent_open(&uevents);
}

/* The nodes of VirtioHost take the place of devices that are added. */
static void
vm_prepare(const struct options *o)
{
	static const int driver[] = {
		[VmKeyboard] = KeyboardDriver, [VmMouse] = MouseDriver,
		[VmTablet] = TabletDriver,
	};
	const char *const bus[] = {
		[VmKeyboard] = keyboardbus, [VmMouse] = mousebus,
		[VmTablet] = tabletbus,
	};
	struct vmdevice *d = qmp.devices.device;
	int k;

	qmp.addr = o->mode == Detect ? "" : o->qmp;
	qmp.agent = life.once ? "" : o->agent;
	qmp.devices.manage = !life.once;
	for (k = 0; k < VmNodes; k++) {
		d[k].driver = (int)Route == VirtioHost ? Ps2 : driver[k];
		d[k].bus = bus[k];
	}
}

/* Each room is given what it needs, from the ground up. */
static int
wire(const struct options *o, msec now)
{
	static struct showconf showconf = {
		.means = &means, .showon = ShowOn, .autoreturn = AutoReturn, .settle = Settle,
		.throttle = Throttle, .exitlimit = ExitLimit,
		.toguest = toguest, .tohost = tohost,
	};
	static struct inputconf inputconf = {
		.hotkeys = hotkeys, .emergency = chordofemergency,
		.remaps = remaps, .grabs = grabs, .neutral = NeutralKey,
		.relative = StartRelative, .hires = HiRes,
	};
	showconf.once = life.once;
	showconf.watchdog = *o->agent ? Watchdog : 0;
	inputconf.route = life.once ? Qmp : Route;
	means = (struct means){
		.qmp = &qmp, .agent = &agent, .ddc = &ddc,
		.monitors = monitors,
		.first = monitors + (o->only < 0 ? 0 : o->only),
		.once = life.once, .hung = Hung, .ops = &jobops,
	};
	tasks.means = &means;
	tasks.actors = &actors;
	tasks.ops = &taskops;
	tasks.hotkeys = hotkeys;
	tasks.emergency = chordofemergency;
	tasks.onevent = onevent;
	vm_prepare(o);
	ddc_open(&ddc, monitors, o->only, ReplyGap, &ddcops);
	agent_open(&agent, &agentops, o->agent);
	if (!(input = input_open(&inputconf, &inputops, &qmp, now)))
		return -1;
	task_open(&tasks);
	show_open(&show, &showconf, &showops);
	actors.show = &show;
	actors.input = input;
	actors.qmp = &qmp;
	actors.limit = ActionLimit;
	status = (struct status){
		.show = &show, .input = input, .qmp = &qmp, .agent = &agent,
		.ddc = &ddc, .monitors = monitors, .only = o->only,
		.grabs = grabs, .hotkeys = hotkeys,
		.emergency = chordofemergency, .route = Route,
	};
	return 0;
}

int
main(int argc, char *argv[])
{
	struct options o = {
		.qmp = qmpsocket, .agent = agentsocket, .only = -1
	};
	char path[sizeof(control.path)];
	msec now = loop_clock();
	int fd, r;

	if (options(&o, argc, argv) < 0) {
		usage(stderr);
		return 2;
	}
	if (o.mode == Help || o.mode == Version) {
		if (o.mode == Help)
			usage(stdout);
		else
			puts("screenstub-" VERSION);
		return 0;
	}
	actors.grabs = grabs;
	check_config(o.only);
	control_path(path, sizeof(path), o.only);
	if (o.mode == Request) {
		if ((fd = control_call(path, RequestLimit)) < 0)
			die("control: is screenstub%s running, and "
			    "XDG_RUNTIME_DIR the same?:", o.only < 0 ? "" :
			    " with this -s");
		return control_request(fd, argc - optind, argv + optind) ? 1 :
		    0;
	}
	if (o.mode == Switch && (r = handover(&o, path)) >= 0)
		return r;

	loop_open(&loopops);
	log_open();
	life.once = o.mode != Run;
	if (wire(&o, now) < 0)
		return 1;
	if (o.mode == Run)
		window_open(&o, path, now);
	else if (o.mode == Detect)
		ddc_list(&ddc, DetectLimit, now);
	else
		switch_prepare(&o, now);
	/* what it tells, or that nobody is there, begins the first switch */
	qmp_open(&qmp, &qmpops, Hung, now);

	loop_run();

	input_close(input, loop_clock());
	qmp_close(&qmp);
	agent_close(&agent);
	ddc_close(&ddc);
	control_close(&control);
	if (window)
		window->front->close(window);
	return life.status;
}
