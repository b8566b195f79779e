/* See LICENSE for copyright and licence details.
 *
 * The virtual machine. What is to be known of it (its state, who has the
 * buttons, whether its agent runs, its devices) is a query, a bit of todo;
 * an event sets bits, and its row in a table says which.
 *
 * One command is under way at a time. Queries go first, of which there are few;
 * then input and commands of others, in the order in which they came. Input may
 * have to wait, for the guest's device is slow, or for it is not known yet who
 * has the buttons; that holds up no query.
 *
 * Start reading at qmp_pump. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "screenstub.h"
#include "qmp.h"

/* Times in ms. */
enum {
	MiceEvery = 5000, /* at most, it is asked who has the buttons */
	QuietTime = 1000, /* after the last RESET of a reboot */
	AliveEvery = 1000, /* while other routes carry the input */
	UsbTime = 10,     /* in which the guest takes one scancode, or any does */
	AgainTime = 1000, /* before it is told of a release once more */
	Ps2Time = 1
};

enum { BurstMax = 14 }; /* scancodes; a usb-kbd keeps 16, and drops more */

enum { StatusQuery = 1, ChardevQuery = 2, MiceQuery = 4 };

const char *const vmname[] = { "off", "stopped", "suspended", "running" };

/* ---- the VM's life ---- */

/* It did not get there: a release is owed, and who waits for a command is
 * told. */
static void
vm_lost(struct qmp *q, const struct report *r, msec now)
{
	if (r->type == EV_KEY && !r->value[0])
		q->ops->lost(r->code);
	if (!r->job)
		return;
	warn_for(r->job->why, "qmp: %s: not answered: the connection is lost",
	         r->job->command);
	r->job->done(r->job, 0, now);
}

/* What waits is not for the guest any more, and, if there is no connection,
 * commands are not for QEMU. */
static void
vm_drop(struct qmp *q, msec now)
{
	struct report r;
	size_t i = 0;

	while (i < q->queue.n) {
		r = q->queue.report[i];
		if (r.job && q->session.peer.state == PeerUp) {
			i++;
			continue;
		}
		queue_del(&q->queue, i);
		vm_lost(q, &r, now);
	}
}

static void
vm_set(struct qmp *q, enum vmstate vm, msec now)
{
	enum vmstate before = q->vm;
	int why = q->session.peer.why;

	if (vm != before)
		note(1, "qmp: VM: %s -> %s", vmname[before], vmname[vm]);
	if (vm < VmSuspended)
		vm_drop(q, now);
	q->vm = vm;
	q->seen |= vm != VmOff;
	q->known = vm != VmOff || why == ENOENT || why == ECONNREFUSED;
	q->ops->changed(before, now);
}

/* The guest begins anew: it holds nothing, and a press that waits is not for
 * it. One that is under way may reach it before or after. */
static void
vm_reset(struct qmp *q, msec now)
{
	vm_drop(q, now);
	q->buttons.down = q->buttons.checked = q->paced = 0;
	q->stuckmouse = 0;
	memset(q->stuck, 0, sizeof(q->stuck));
	q->ops->reset(now);
	if (q->sent.type == EV_KEY && q->sent.value[0])
		q->ops->lost(q->sent.code);
}

/* A VM that is restored must have the devices that it was saved with, and no
 * others. What follows is a RESUME, or it is not restored. */
static void
vm_status(void *who, const struct answer *r, msec now)
{
	struct qmp *q = who;
	char text[64];

	if (!r->ok)
		return;
	if (json_string(r->value, "status", text, sizeof(text))) {
		/* A QEMU that hung answers what an earlier connection of ours
		 * asked, and all replies come one too late. */
		peer_drop(&q->session.peer, Nonsense, now);
		return;
	}
	q->devices.early = !strcmp(text, "inmigrate") ||
	    !strcmp(text, "prelaunch");
	vm_set(q, !strcmp(text, "running") ? VmRunning :
	    !strcmp(text, "suspended") ? VmSuspended : VmStopped, now);
}

/* Which of the agent's chardevs is ours is known by its address. */
static void
vm_chardev(void *who, const struct answer *r, msec now)
{
	struct qmp *q = who;
	struct json it = { NULL, NULL };
	size_t n = strlen(q->agent);
	char name[300], *at;
	int open = -1;

	while (r->ok && open < 0 && !json_item(r->value, &it))
		if (!json_string(it, "filename", name, sizeof(name)) &&
		    (at = strstr(name, q->agent)) && at > name &&
		    at[-1] == ':' && (!at[n] || strchr(", ", at[n])))
			open = json_true(json_member(it, "frontend-open"));
	q->ops->port(open, now);
}

/* ---- commands of others ---- */

/* Or of ours, whose reply says nothing. */
static void
job_replied(void *who, const struct answer *r, msec now)
{
	struct qmp *q = who;
	struct qmpjob *j = q->sent.job;

	q->sent.job = NULL;
	if (!j)
		return;
	if (!r->ok)
		warn_for(j->why, "qmp: %s: %s", j->command, r->text);
	q->todo |= StatusQuery; /* not all make an event */
	j->value = r->value;
	j->done(j, r->ok, now);
}

/* ---- who has the buttons ---- */

/* QEMU lists its handlers, and which one has the buttons. */
static void
buttons_mice(void *who, const struct answer *r, msec now)
{
	struct qmp *q = who;
	struct json it = { NULL, NULL };
	int64_t index;
	int absolute;
	char name[80];

	q->buttons.mice[0] = q->buttons.mice[1] = q->buttons.pointer = -1;
	q->buttons.side = 0;
	while (r->ok && !json_item(r->value, &it)) {
		if (json_string(it, "name", name, sizeof(name)) ||
		    json_int(json_member(it, "index"), &index))
			continue;
		absolute = json_true(json_member(it, "absolute"));
		if (q->buttons.mice[!absolute] < 0 || !strstr(name, "PS/2"))
			q->buttons.mice[!absolute] = index & 0xffff;
		/* usb-tablet and vmmouse have three buttons */
		q->buttons.side |= absolute && !strstr(name, "Virtio");
		if (json_true(json_member(it, "current")))
			q->buttons.pointer = !absolute;
	}
	q->buttons.checked = now;
}

/* Gives them to the other kind of pointer; 0: there is none. */
static int
buttons_move(struct qmp *q, msec now)
{
	int pointer = q->buttons.pointer;
	char args[60];

	if (pointer < 0 || q->buttons.mice[!pointer] < 0)
		return 0;
	snprintf(args, sizeof(args), "{\"command-line\":\"mouse_set %d\"}",
	    q->buttons.mice[!pointer]);
	session_command(&q->session, "human-monitor-command", args,
	    job_replied, q, now);
	q->buttons.pointer = !pointer; /* else the next look shows it */
	return 1;
}

/* Does a button go to the device that gets the motion? Absolute motion goes to
 * a tablet and relative to a mouse whatever we do, buttons and wheels to the
 * one that mouse_set chose, or whose driver was loaded last; and a tablet's
 * buttons take its old position along. 0: it is being found out. A button that
 * is down holds its device. */
static int
buttons_ready(struct qmp *q, const struct report *r, msec now)
{
	int button = r->type == EV_KEY && r->code >= BTN_LEFT;
	int wheel = r->type == EV_REL && !report_moves(r);
	int side = r->code == BTN_SIDE || r->code == BTN_EXTRA, relative;
	unsigned bit = button ? 1u << r->code % 32 : 0;

	if (report_moves(r))
		q->buttons.relative = r->type == EV_REL;
	relative = q->buttons.relative | (side && q->buttons.side);
	if (((button && r->value[0]) || wheel) && !q->buttons.down) {
		if (!q->buttons.checked || now - q->buttons.checked >=
		    MiceEvery) {
			q->todo |= MiceQuery;
			return 0;
		}
		if (q->buttons.pointer == !relative && buttons_move(q, now))
			return 0;
	}
	q->buttons.down &= ~bit;
	q->buttons.down |= r->value[0] ? bit : 0;
	return 1;
}

/* ---- input ---- */

/* How long the guest takes for what it is sent, in ms, and how much of that may
 * wait in its device; 0: it is faster than we are. Keys behind 0xe0 count
 * twice. */
static msec
input_time(const struct qmp *q, const struct report *r, msec *burst)
{
	const struct vmdevice *dev = q->devices.device;
	int button = r->code >= BTN_MISC;
	msec each = 0;

	if (dev[button ? VmMouse : VmKeyboard].usb ||
	    (button && dev[VmTablet].usb))
		each = UsbTime;
	else if (!button && dev[VmKeyboard].state < DevThere)
		each = Ps2Time;
	*burst = BurstMax * each;
	if (r->type != EV_KEY)
		return 0;
	return r->code > KEY_F12 && !button ? 2 * each : each;
}

int
qmp_knows(unsigned code)
{
	return code < BTN_MISC ? qmp_keyname(code) != NULL :
	    code >= BTN_LEFT && code <= BTN_EXTRA;
}

void
qmp_meets(struct qmp *q, unsigned code, int has)
{
	const char *since = qmp_keysince(code);
	unsigned bit = 1u << code % 8;

	q->stuck[code / 8] &= ~bit;
	if (!has && !(q->unmet[code / 8] & bit))
		warn("input: %s %u: %s%s has no code for it: it does not "
		     "reach the guest", code >= BTN_MISC && code < KEY_OK ?
		     "button" : "key", code, since ? "QEMU before " :
		     "the route", since ? since : "");
	q->unmet[code / 8] |= has ? 0 : bit;
}

/* A running VM will never take what it has refused once. */
static void
input_replied(void *who, const struct answer *r, msec now)
{
	static const char *const what[] = {
		[VmKeyboard] = "keys were refused",
		[VmMouse] = "a mouse was refused",
		[VmTablet] = "a tablet was refused",
	};
	struct qmp *q = who;
	struct report sent = q->sent;
	int key = sent.type == EV_KEY && sent.code < BTN_MISC;
	int kind = key ? VmKeyboard : sent.type == EV_ABS ? VmTablet : VmMouse;
	char name[40];

	q->sent = (struct report){ 0 };
	if (r->ok)
		return;
	snprintf(name, sizeof(name), "'%s'", key ? qmp_keyname(sent.code) : "");
	if (q->vm < VmSuspended)
		vm_lost(q, &sent, now);
	else if (sent.type == EV_KEY && !sent.value[0])
		return; /* its press told why, if there was one */
	else if (key && strstr(r->text, name))
		qmp_meets(q, sent.code, 0); /* it is too old */
	else if (!(q->refused >> kind & 1)) {
		warn("qmp: %s: %s", what[kind], r->text);
		q->refused |= 1u << kind;
	}
}

/* The next of the queue; 0: there is none, or it has to wait. */
static int
input_next(struct qmp *q, msec now)
{
	char args[ArgsMax];
	struct report r;
	msec time, burst;

	if (!q->queue.n)
		return 0;
	r = queue_next(&q->queue);
	time = input_time(q, &r, &burst);
	if (time && q->paced > now && q->paced + time > now + burst) {
		q->timer.due = q->paced + time - burst;
		return 0;
	}
	if (!buttons_ready(q, &r, now))
		return !session_idle(&q->session);
	queue_took(&q->queue, &r);
	q->paced = (q->paced > now ? q->paced : now) + time;
	q->sent = r;
	if (r.job)
		session_command(&q->session, r.job->json ? "" :
		    r.job->command, r.job->json ? r.job->json : "",
		    job_replied, q, now);
	else
		session_command(&q->session, report_json(args, sizeof(args),
		    &r), args, input_replied, q, now);
	return 1;
}

/* What QEMU can take. At the end nothing goes down, for nobody would release
 * it. */
static int
input_takes(struct qmp *q, const struct input_event *e)
{
	if (e->type == EV_ABS)
		return e->code <= ABS_Y;
	if (e->type == EV_REL)
		return e->value && (e->code <= REL_Y || e->code == REL_WHEEL);
	if (e->type != EV_KEY || e->code >= KEY_CNT)
		return 0;
	qmp_meets(q, e->code, qmp_knows(e->code));
	return qmp_knows(e->code) && (!q->devices.leaving || !e->value);
}

/* ---- what may be down and nobody knows ---- */

/* A guest that is held up longer than its usb-kbd has places loses releases. It
 * does not notice one that it has had. */
static void
stuck_released(struct qmp *q, unsigned code, msec now)
{
	if (code >= BTN_MISC || !q->devices.device[VmKeyboard].usb)
		return;
	q->stuck[code / 8] |= 1 << code % 8;
	q->again = now + AgainTime;
}

/* The next release, while nothing else is to be sent and the device has nothing
 * to do, for as many as all keys are too much for any guest that is busy;
 * buttons go first, and to both kinds of pointer. */
static void
stuck_next(struct qmp *q, msec now)
{
	msec due = q->paced > q->again ? q->paced : q->again;
	int k = KEY_CNT - 1;

	if (q->vm != VmRunning || q->queue.n || q->devices.leaving)
		return;
	while (k && !(q->stuck[k / 8] >> k % 8 & 1))
		k--;
	if (k < BTN_MISC && q->stuckmouse && !q->buttons.down) {
		q->stuckmouse = 0;
		if (buttons_move(q, now)) {
			q->stuck[BTN_LEFT / 8] = 0x1f; /* to BTN_EXTRA */
			return;
		}
	}
	if (due > now && k)
		q->timer.due = due;
	if (due > now || !k)
		return;
	q->stuck[k / 8] &= ~(1 << k % 8);
	queue_put(&q->queue, (struct report){ .type = EV_KEY, .code = k });
	input_next(q, now);
	q->again = now + (k > KEY_F12 ? 2 : 1) * UsbTime;
}

/* ---- queries ---- */

/* In the order of their bits. */
static const struct query {
	const char *command;
	Replied *replied;
} query[] = {
	{ "query-status", vm_status }, { "query-chardev", vm_chardev },
	{ "query-mice", buttons_mice },
};

static int
query_next(struct qmp *q, msec now)
{
	const struct query *k = query;

	if (!*q->agent)
		q->todo &= ~ChardevQuery;
	if (!q->todo)
		return (!q->devices.leaving || !q->queue.n) &&
		    devices_next(&q->devices, now);
	while (!(q->todo >> (k - query) & 1))
		k++;
	q->todo &= ~(1u << (k - query));
	session_command(&q->session, k->command, "", k->replied, q, now);
	return 1;
}

/* ---- what goes next ---- */

static void
qmp_pump(struct qmp *q, msec now)
{
	msec due;

	q->timer.due = 0;
	if (session_idle(&q->session) && !query_next(q, now) &&
	    !input_next(q, now) && !query_next(q, now)) /* it waits for that */
		stuck_next(q, now);
	due = devices_due(&q->devices, now);
	if (due > now && (!q->timer.due || due < q->timer.due))
		q->timer.due = due;
	if (q->timer.due)
		source_add(&q->timer);
}

static void
qmp_timer(struct source *s, msec now)
{
	qmp_pump(OWNER(s, struct qmp, timer), now);
}

/* ---- for others ---- */

/* Motion goes first, for a click is where it ends. */
unsigned
qmp_input(struct qmp *q, const struct input_event *ev, size_t n, msec now)
{
	struct report r;
	unsigned bad = 0;
	size_t i;
	int moves;

	if (q->session.peer.state != PeerUp || q->vm < VmSuspended)
		return ~0u;
	for (moves = 1; moves >= 0; moves--)
		for (i = 0; i < n; i++) {
			r = report_of(&ev[i]);
			if (report_moves(&r) != moves)
				continue;
			if (!input_takes(q, &ev[i]) ||
			    !queue_put(&q->queue, r))
				bad |= 1u << i;
			else if (r.type == EV_KEY && !r.value[0])
				stuck_released(q, r.code, now);
		}
	qmp_pump(q, now);
	return bad;
}

void
qmp_unstick(struct qmp *q)
{
	unsigned k;

	for (k = 1; k < KEY_CNT; k++)
		q->stuck[k / 8] |= qmp_knows(k) << k % 8;
	q->stuckmouse = 1;
	q->again = 0;
	q->todo |= MiceQuery;
}

int
qmp_command(struct qmp *q, struct qmpjob *j, msec now)
{
	if (q->session.peer.state != PeerUp ||
	    !queue_put(&q->queue, (struct report){ .job = j }))
		return -1;
	q->again = now + AgainTime; /* it may hold keys */
	qmp_pump(q, now);
	return 0;
}

void
qmp_port(struct qmp *q, msec now)
{
	q->todo |= ChardevQuery;
	qmp_pump(q, now);
}

void
qmp_forget(struct qmp *q, struct qmpjob *j)
{
	size_t i = q->queue.n;

	while (i--)
		if (q->queue.report[i].job == j)
			queue_del(&q->queue, i);
	if (q->sent.job == j)
		q->sent.job = NULL;
}

/* ---- the connection ---- */

static void
qmp_next(struct session *s, msec now)
{
	qmp_pump(OWNER(s, struct qmp, session), now);
}

static void
qmp_up(struct session *s, msec now)
{
	struct qmp *q = OWNER(s, struct qmp, session);

	q->refused = 0;
	devices_begin(&q->devices, now);
	q->todo |= StatusQuery | ChardevQuery;
	/* another VM knows nothing of what the last one was told */
	if (q->pid != s->peer.pid && q->seen)
		vm_reset(q, now);
	q->pid = s->peer.pid;
}

/* Who waited is told. */
static void
qmp_down(struct session *s, msec now)
{
	struct qmp *q = OWNER(s, struct qmp, session);
	struct report sent = q->sent;

	q->sent = (struct report){ 0 };
	q->todo = 0;
	q->buttons.checked = q->quiet = q->paced = 0;
	devices_begin(&q->devices, now);
	vm_lost(q, &sent, now);
	vm_drop(q, now);
	if (*q->agent)
		q->ops->port(-1, now);
	vm_set(q, VmOff, now);
}

/* An event that may mean several things asks for the status. */
static void
qmp_event(struct session *s, const char *name, struct json data, msec now)
{
	static const struct happening {
		const char *name; /* "": any other */
		enum event event; /* NoEvent: nobody is told */
		int vm;           /* -1: the same */
		unsigned queries;
	} list[] = {
		{ "STOP", Stop, VmStopped, 0 },
		{ "SHUTDOWN", Shutdown, VmStopped, 0 },
		/* but with action "run" */
		{ "GUEST_PANICKED", GuestPanicked, VmStopped, StatusQuery },
		{ "SUSPEND", Suspend, VmSuspended, 0 },
		{ "SUSPEND_DISK", SuspendDisk, VmStopped, 0 },
		/* of a guest that sleeps, too */
		{ "RESUME", Resume, VmRunning, StatusQuery },
		{ "WAKEUP", Wakeup, VmRunning, 0 },
		{ "POWERDOWN", Powerdown, -1, 0 },
		{ "RESET", Reset, -1, StatusQuery | ChardevQuery },
		{ "VSERPORT_CHANGE", NoEvent, -1, ChardevQuery },
		{ "", NoEvent, -1, 0 },
	};
	const struct happening *e = list;
	struct qmp *q = OWNER(s, struct qmp, session);
	char action[16] = "";

	note(1, "qmp: event %s", name);
	if (!strcmp(name, "DEVICE_DELETED"))
		devices_deleted(&q->devices, data);
	while (*e->name && strcmp(name, e->name))
		e++;
	q->todo |= e->queries;
	if (e->event == Reset)
		vm_reset(q, now);
	json_string(data, "action", action, sizeof(action));
	if (e->vm >= 0 && strcmp(action, "run"))
		vm_set(q, e->vm, now);
	/* a reboot makes several */
	if (e->event && (e->event != Reset || now >= q->quiet))
		q->ops->event(e->event, now);
	if (e->event == Reset)
		q->quiet = now + QuietTime;
}

void
qmp_open(struct qmp *q, const struct qmpops *ops, msec hung, msec now)
{
	static const struct sessionops sessionops = {
		.up = qmp_up, .down = qmp_down, .event = qmp_event,
		.next = qmp_next,
	};

	q->ops = ops;
	q->timer = (struct source){ .fd = -1, .ready = qmp_timer };
	q->devices.session = &q->session;
	if (*q->addr)
		session_open(&q->session, &sessionops, q->addr, hung, now);
	else
		ops->changed(VmOff, now);
}

int
qmp_idle(const struct qmp *q)
{
	return q->session.peer.state != PeerUp || (!q->queue.n &&
	    session_idle(&q->session) && !q->devices.limit);
}

void
qmp_leave(struct qmp *q, msec limit, msec now)
{
	q->devices.leaving = 1;
	if (q->session.peer.state != PeerUp)
		return;
	q->todo = 0;
	q->devices.limit = now + limit;
	qmp_pump(q, now);
}

/* ---- nodes ---- */

void
qmp_node(struct qmp *q, int device, int route, const char *path, msec now)
{
	devices_node(&q->devices, device, route, path, now);
	qmp_pump(q, now);
}

int
qmp_reads(struct qmp *q, int device, msec now)
{
	if (!*q->addr)
		return 1;
	if (q->session.peer.state != PeerUp || q->vm < VmSuspended ||
	    q->devices.leaving ||
	    q->devices.device[VmNodes + device].state != DevOurs)
		return 0;
	if (now - q->alive >= AliveEvery) {
		q->alive = now;
		q->todo |= StatusQuery;
		qmp_pump(q, now);
	}
	return 1;
}

pid_t
qmp_holds(const struct qmp *q)
{
	const struct vmdevice *v = q->devices.device + VmNodes;

	for (; v < q->devices.device + VmDevices; v++)
		if (v->given > 0 && v->driver == VirtioHost)
			return v->given;
	return 0;
}
