/* See LICENSE for copyright and licence details.
 *
 * The virtual machine. What is to be known of it (its state, who has the
 * buttons, whether its agent runs, its devices) is a query, a bit of todo;
 * an event sets bits, and its row in a table says which.
 *
 * One command is under way at a time. What waits goes in this order: of a
 * report that QEMU refused its pieces, releases first; a command whose reports
 * before it have gone; the next report. After each report one query has its
 * turn, so that a mouse starves nobody. A report may have to wait, for the
 * guest's device is slow, or for it is not known yet who has the buttons; that
 * holds up no query.
 *
 * Start reading at qmp_pump. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "screenstub.h"
#include "qmp.h"
#include "qmp/keys.h"

/* Times in ms. */
enum {
	MiceEvery = 5000, /* at most, it is asked who has the buttons */
	QuietTime = 1000, /* after the last RESET of a reboot */
	AliveEvery = 1000, /* while other routes carry the input */
	UsbTime = 10,     /* in which the guest takes one scancode */
	Ps2Time = 1
};

enum { BurstMax = 14 }; /* scancodes; a usb-kbd keeps 16, and drops more */

enum { StatusQuery = 1, ChardevQuery = 2, MiceQuery = 4 };

const char *const vmname[] = {
	[VmOff] = "off", [VmStopped] = "stopped",
	[VmSuspended] = "suspended", [VmRunning] = "running",
};

/* ---- the VM's life ---- */

/* Tells of the releases of a report that did not get to the guest. */
static void
vm_lost(struct qmp *q, const struct report *r)
{
	size_t i;

	for (i = 0; i < r->n; i++)
		if (r->ev[i].type == EV_KEY && !r->ev[i].value)
			q->ops->lost(q, r->ev[i].code);
}

static void
vm_set(struct qmp *q, enum vmstate vm, int known, msec now)
{
	enum vmstate before = q->vm;
	struct queue *w = &q->queue;

	if (vm != before)
		note(1, "qmp: VM: %s -> %s", vmname[before], vmname[vm]);
	if (vm < VmSuspended) {
		vm_lost(q, &w->again);
		w->again.n = 0;
	}
	for (; vm < VmSuspended && w->n; w->n--) {
		vm_lost(q, &w->report[w->head]);
		w->head = (w->head + 1) % QueueMax;
	}
	q->vm = vm;
	q->seen |= vm != VmOff;
	q->known = known;
	q->tried = 1;
	q->ops->changed(q, before, now);
}

/* The guest begins anew: it holds nothing, and a press that waits is not for
 * it. One that is under way may reach it before or after. */
static void
vm_reset(struct qmp *q, msec now)
{
	size_t i;

	q->queue.n = q->queue.again.n = 0;
	q->buttons.down = 0;
	q->buttons.checked = q->paced = 0;
	q->ops->reset(q, now);
	for (i = 0; i < q->sent.n; i++)
		if (q->sent.ev[i].type == EV_KEY && q->sent.ev[i].value)
			q->ops->lost(q, q->sent.ev[i].code);
}

static void
vm_status(void *who, const struct answer *r, msec now)
{
	char text[64];

	if (r->ok && !json_string(r->value, "status", text, sizeof(text)))
		vm_set(who, !strcmp(text, "running") ? VmRunning :
		    !strcmp(text, "suspended") ? VmSuspended : VmStopped, 1,
		    now);
}

/* Which of the agent's chardevs is ours is known by its address. */
static void
vm_chardev(void *who, const struct answer *r, msec now)
{
	struct qmp *q = who;
	struct json it = { NULL, NULL }, v;
	size_t n = strlen(q->agent);
	char name[300], *at;
	int open = -1, is;

	while (r->ok && open < 0 && !json_item(r->value, &it))
		if (!json_string(it, "filename", name, sizeof(name)) &&
		    (at = strstr(name, q->agent)) && at > name &&
		    at[-1] == ':' && (!at[n] || strchr(", ", at[n])) &&
		    !json_member(it, "frontend-open", &v) &&
		    !json_bool(v, &is))
			open = is;
	q->ops->port(q, open, now);
}

/* ---- who has the buttons ---- */

/* QEMU lists its handlers, and which one has the buttons. */
static void
buttons_mice(void *who, const struct answer *r, msec now)
{
	struct qmp *q = who;
	struct json it = { NULL, NULL }, v;
	int64_t index;
	int absolute, current, ps2;
	char name[80];

	q->buttons.mice[0] = q->buttons.mice[1] = q->buttons.pointer = -1;
	q->buttons.side = q->buttons.hwheel = 0;
	while (r->ok && !json_item(r->value, &it)) {
		if (json_string(it, "name", name, sizeof(name)) ||
		    json_member(it, "index", &v) || json_int(v, &index) ||
		    index < 0 || index > 9999 ||
		    json_member(it, "absolute", &v) ||
		    json_bool(v, &absolute) ||
		    json_member(it, "current", &v) || json_bool(v, &current))
			continue;
		ps2 = strstr(name, "PS/2") != NULL;
		if (q->buttons.mice[!absolute] < 0 || !ps2)
			q->buttons.mice[!absolute] = index;
		/* usb-tablet and vmmouse have three buttons */
		q->buttons.side |= absolute && !strstr(name, "Virtio");
		if (current)
			q->buttons.pointer = !absolute;
		if (current)
			q->buttons.hwheel = ps2;
	}
	q->buttons.checked = now;
}

/* The reply to mouse_set: an error is a text in "return", too. */
static void
buttons_moved(void *who, const struct answer *r, msec now)
{
	struct qmp *q = who;
	int to = !q->buttons.pointer;
	char text[80] = "";

	(void)now;
	if (r->ok && (json_text(r->value, text, sizeof(text)) || !*text)) {
		q->buttons.pointer = to;
		return;
	}
	if (!q->buttons.unmoved++)
		warn("qmp: mouse_set %d did nothing: buttons may go to the "
		     "wrong device", q->buttons.mice[to]);
	q->buttons.mice[to] = -1; /* not again before the next look */
}

/* Do the buttons in it go to the device that gets the motion? Absolute motion
 * goes to a tablet and relative to a mouse whatever we do, buttons and wheels
 * to the one that mouse_set chose, or whose driver was loaded last; and a
 * tablet's buttons take its old position along. 0: it is being found out. A
 * button that is down holds its device. */
static int
buttons_ready(struct qmp *q, const struct report *r, msec now)
{
	const struct input_event *e;
	int relative = q->buttons.relative, press = 0;
	char args[60];

	for (e = r->ev; e < r->ev + r->n; e++) {
		if (e->code <= REL_Y && e->type != EV_KEY)
			relative = e->type == EV_REL;
		press |= e->type == EV_REL && e->code > REL_Y;
		press |= e->type == EV_KEY && e->code >= BTN_MISC && e->value;
	}
	for (e = r->ev; e < r->ev + r->n; e++)
		relative |= q->buttons.side && e->type == EV_KEY &&
		    (e->code == BTN_SIDE || e->code == BTN_EXTRA);
	if (!press || q->buttons.down)
		return 1;
	if (!q->buttons.checked || now - q->buttons.checked >= MiceEvery) {
		q->todo |= MiceQuery;
		return 0;
	}
	if (q->buttons.pointer < 0 || q->buttons.pointer == relative ||
	    q->buttons.mice[relative] < 0)
		return 1;
	snprintf(args, sizeof(args), "{\"command-line\":\"mouse_set %d\"}",
	    q->buttons.mice[relative]);
	session_command(&q->session, "human-monitor-command", args,
	    buttons_moved, q, now);
	return 0;
}

/* What was sent decides who gets the next buttons. */
static void
buttons_sent(struct qmp *q, const struct report *r)
{
	const struct input_event *e;
	unsigned bit;

	for (e = r->ev; e < r->ev + r->n; e++) {
		bit = 1u << e->code % 32;
		if (e->type != EV_KEY && e->code <= REL_Y)
			q->buttons.relative = e->type == EV_REL;
		else if (e->type == EV_KEY && e->code >= BTN_LEFT)
			q->buttons.down = e->value ? q->buttons.down | bit :
			    q->buttons.down & ~bit;
	}
}

/* ---- input ---- */

/* How long the guest takes for what it is sent, in ms, and how much of that may
 * wait in its device; 0: it is faster than we are. Keys behind 0xe0 count
 * twice. */
static msec
input_time(const struct qmp *q, const struct report *r, msec *burst)
{
	const struct vmdevice *dev = q->devices.device;
	int usb = dev[VmMouse].usb | dev[VmTablet].usb;
	msec each, total = 0;
	size_t i;

	*burst = BurstMax * Ps2Time;
	for (i = 0; i < r->n; i++) {
		if (r->ev[i].type != EV_KEY)
			continue;
		if (r->ev[i].code >= BTN_MISC)
			each = usb ? UsbTime : 0;
		else
			each = (dev[VmKeyboard].usb ? UsbTime :
			    devices_there(&q->devices, VmKeyboard) ? 0 :
			    Ps2Time) << (r->ev[i].code > KEY_F12);
		total += each;
		if (each >= UsbTime)
			*burst = BurstMax * UsbTime;
	}
	return total;
}

/* A report that is refused as a whole is sent again in pieces. A single event
 * that a running VM refuses will never be taken. */
static void
input_refused(struct qmp *q, const struct report *r, const char *text)
{
	static const struct {
		const char *kind, *hint;
	} list[] = {
		{ "type abs", " (give the VM a -device usb-tablet or "
		    "virtio-tablet-pci)" },
		{ "type key", " (KeyboardDriver of config.h: Usb)" },
		{ "type ", " (MouseDriver of config.h: Usb)" },
		{ "", "" },
	};
	size_t i = 0;

	if (q->vm < VmSuspended) {
		vm_lost(q, r);
		return;
	}
	if (r->n > 1) {
		q->queue.again = *r;
		return;
	}
	while (!strstr(text, list[i].kind))
		i++;
	if (!(q->refused >> i & 1))
		warn("qmp: input was refused: %s%s", text, list[i].hint);
	q->refused |= 1u << i;
}

static void
input_replied(void *who, const struct answer *r, msec now)
{
	struct qmp *q = who;
	struct report sent = q->sent;

	(void)now;
	q->sent.n = 0;
	if (!r->ok)
		input_refused(q, &sent, r->text);
}

/* The next report; 0: there is none, or it has to wait. */
static int
input_next(struct qmp *q, msec now)
{
	char cmd[OutMax / 4];
	struct report r, rest;
	msec time, burst;

	do {
		if (!queue_next(&q->queue, &r, &rest))
			return 0;
		if (!r.n)
			queue_took(&q->queue, &rest);
	} while (!r.n);
	time = input_time(q, &r, &burst);
	if (time && q->paced > now && q->paced + time > now + burst) {
		burst = q->paced + time - burst;
		q->timer.due = burst < q->paced ? burst : q->paced;
		return 0;
	}
	if (!buttons_ready(q, &r, now))
		return !session_free(&q->session);
	queue_took(&q->queue, &rest);
	q->paced = (q->paced > now ? q->paced : now) + time;
	buttons_sent(q, &r);
	q->sent = r;
	q->turn = 1;
	session_send(&q->session, cmd, report_json(cmd, sizeof(cmd), &r),
	    input_replied, q, now);
	return 1;
}

/* 0: QEMU has no name for it; said once for each. */
static int
input_named(struct qmp *q, unsigned code)
{
	unsigned char *byte = &q->unmet[code / 8];

	if (code < BTN_MISC ? key_name(code, q->session.version) != NULL :
	    code >= BTN_LEFT && code <= BTN_EXTRA)
		return 1;
	if (!(*byte >> code % 8 & 1))
		warn("qmp: key %u: QEMU has no code for it: it is not sent",
		     code);
	*byte |= 1 << code % 8;
	return 0;
}

/* What QEMU can take, and what has the buttons. */
static int
input_takes(struct qmp *q, const struct input_event *e)
{
	switch (e->type) {
	case EV_KEY:
		return input_named(q, e->code) &&
		    !(q->devices.leaving && e->value); /* nobody would
		                                        * release it */
	case EV_REL:
		return e->value && (e->code <= REL_Y ||
		    e->code == REL_WHEEL || (e->code == REL_HWHEEL &&
		    (q->buttons.hwheel || !q->buttons.checked)));
	case EV_ABS:
		return e->code <= ABS_Y;
	}
	return 0;
}

/* ---- commands ---- */

static void
job_replied(void *who, const struct answer *r, msec now)
{
	struct qmp *q = who;
	struct qmpjob *j = q->job;

	q->job = NULL;
	if (!j)
		return;
	if (!r->ok)
		warn("qmp: %s: %s", j->command, r->text);
	q->todo |= StatusQuery; /* not all make an event */
	j->done(j, r->ok, now);
}

static int
job_next(struct qmp *q, msec now)
{
	struct qmpjob *j = q->jobs;

	if (!j || !queue_past(&q->queue, j->behind))
		return 0;
	q->jobs = j->next;
	q->job = j;
	session_command(&q->session, j->command, NULL, job_replied, q, now);
	return 1;
}

/* ---- queries ---- */

/* In the order of their bits. */
static const struct query {
	const char *command;
	Replied *replied;
} query[] = {
	{ "query-status", vm_status },
	{ "query-chardev", vm_chardev },
	{ "query-mice", buttons_mice },
};

static int
query_next(struct qmp *q, msec now)
{
	int k;

	q->turn = 0;
	if (!*q->agent)
		q->todo &= ~ChardevQuery;
	for (k = 0; k < (int)LENGTH(query); k++) {
		if (!(q->todo >> k & 1))
			continue;
		q->todo &= ~(1u << k);
		session_command(&q->session, query[k].command, NULL,
		    query[k].replied, q, now);
		return 1;
	}
	return (!q->devices.leaving || queue_empty(&q->queue)) &&
	    devices_next(&q->devices, now);
}

/* ---- what goes next ---- */

static void
qmp_pump(struct qmp *q, msec now)
{
	msec due;

	q->timer.due = 0;
	if (session_free(&q->session) &&
	    !(q->turn && query_next(q, now)) && !job_next(q, now) &&
	    !input_next(q, now))
		query_next(q, now);
	due = devices_due(&q->devices);
	if (due && (!q->timer.due || due < q->timer.due))
		q->timer.due = due;
	if (q->timer.due)
		source_add(&q->timer);
}

static void
qmp_timer(struct source *s, unsigned got, msec now)
{
	struct qmp *q = OWNER(s, struct qmp, timer);

	(void)got;
	devices_timer(&q->devices, now);
	qmp_pump(q, now);
}

/* ---- for others ---- */

int
qmp_input(struct qmp *q, const struct input_event *ev, size_t n, msec now)
{
	struct report new = { .n = 0 };
	size_t i;

	if (q->session.peer.state != PeerUp || q->vm < VmSuspended ||
	    n > ReportMax)
		return -1;
	for (i = 0; i < n; i++)
		if (input_takes(q, &ev[i]))
			report_add(&new, &ev[i]);
	if (!new.n || queue_put(&q->queue, &new) < 0)
		return -1;
	qmp_pump(q, now);
	return 0;
}

const char *
qmp_keyname(unsigned code)
{
	return key_name(code, AnyVersion);
}

int
qmp_command(struct qmp *q, struct qmpjob *j, msec now)
{
	struct qmpjob **p;

	if (q->session.peer.state != PeerUp)
		return -1;
	for (p = &q->jobs; *p; p = &(*p)->next)
		;
	*p = j;
	j->next = NULL;
	j->behind = q->queue.num;
	qmp_pump(q, now);
	return 0;
}

int
qmp_port(struct qmp *q, msec now)
{
	if (q->session.peer.state != PeerUp || !*q->agent)
		return 0;
	q->todo |= ChardevQuery;
	qmp_pump(q, now);
	return 1;
}

void
qmp_forget(struct qmp *q, struct qmpjob *j)
{
	struct qmpjob **p;

	for (p = &q->jobs; *p && *p != j; p = &(*p)->next)
		;
	if (*p)
		*p = j->next;
	if (q->job == j)
		q->job = NULL;
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
	q->buttons.unmoved = 0;
	devices_up(&q->devices, now);
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
	struct qmpjob *j = q->job;

	q->sent.n = q->todo = q->turn = 0;
	q->buttons.checked = q->quiet = q->paced = 0;
	q->job = NULL;
	devices_down(&q->devices);
	vm_lost(q, &sent);
	if (j)
		j->done(j, 0, now);
	while ((j = q->jobs)) {
		q->jobs = j->next;
		j->done(j, 0, now);
	}
	if (*q->agent)
		q->ops->port(q, -1, now);
	vm_set(q, VmOff, s->peer.why == ENOENT || s->peer.why == ECONNREFUSED,
	    now);
}

/* An event that may mean several things asks for the status. */
static void
qmp_event(struct session *s, const char *name, struct json data, msec now)
{
	static const struct {
		const char *name;
		enum event event; /* NoEvent: nobody is told */
		int vm;           /* -1: the same */
		unsigned queries;
	} list[] = {
		{ "STOP", Stop, VmStopped, 0 },
		{ "SHUTDOWN", Shutdown, VmStopped, 0 },
		/* what follows is told by another */
		{ "GUEST_PANICKED", GuestPanicked, -1, StatusQuery },
		{ "SUSPEND", Suspend, VmSuspended, 0 },
		{ "SUSPEND_DISK", SuspendDisk, VmStopped, 0 },
		/* of a guest that sleeps, too */
		{ "RESUME", Resume, VmRunning, StatusQuery },
		{ "WAKEUP", Wakeup, VmRunning, 0 },
		{ "POWERDOWN", Powerdown, -1, 0 },
		{ "RESET", Reset, -1, StatusQuery | ChardevQuery },
		{ "VSERPORT_CHANGE", NoEvent, -1, ChardevQuery },
		{ "DEVICE_DELETED", NoEvent, -1, 0 },
	};
	struct qmp *q = OWNER(s, struct qmp, session);
	enum event event;
	size_t i;

	note(1, "qmp: event %s", name);
	for (i = 0; i < LENGTH(list) && strcmp(name, list[i].name); i++)
		;
	if (i == LENGTH(list))
		return;
	event = list[i].event;
	q->todo |= list[i].queries;
	if (!strcmp(name, "DEVICE_DELETED"))
		devices_deleted(&q->devices, data);
	if (event == Reset)
		vm_reset(q, now);
	if (list[i].vm >= 0)
		vm_set(q, list[i].vm, 1, now);
	/* a reboot makes several */
	if (event && (event != Reset || now >= q->quiet))
		q->ops->event(q, event, now);
	if (event == Reset)
		q->quiet = now + QuietTime;
	qmp_pump(q, now);
}

void
qmp_open(struct qmp *q, const struct qmpops *ops, msec hung, msec now)
{
	static const struct sessionops sessionops = {
		.up = qmp_up,
		.down = qmp_down,
		.event = qmp_event,
		.next = qmp_next,
	};

	q->ops = ops;
	q->timer.fd = -1;
	q->timer.ready = qmp_timer;
	q->devices.session = &q->session;
	if (*q->addr)
		session_open(&q->session, &sessionops, q->addr, hung, now);
	else
		ops->changed(q, VmOff, now);
}

void
qmp_hope(struct qmp *q, msec now)
{
	if (q->ops && *q->addr && q->session.peer.state == PeerDown)
		peer_connect(&q->session.peer, now);
}

int
qmp_idle(const struct qmp *q)
{
	if (q->session.peer.state != PeerUp)
		return 1;
	return queue_empty(&q->queue) && session_free(&q->session) &&
	    !q->jobs && !devices_left(&q->devices);
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

void
qmp_close(struct qmp *q)
{
	if (!q->ops || !*q->addr)
		return;
	source_del(&q->timer);
	peer_close(&q->session.peer);
}

/* ---- nodes ---- */

void
qmp_node(struct qmp *q, int device, int route, const char *path, msec now)
{
	devices_node(&q->devices, device, route, path, now);
	if (q->session.peer.state == PeerUp)
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
	if (now - q->alive >= AliveEvery && session_free(&q->session)) {
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
