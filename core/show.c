/* See LICENSE for copyright and licence details.
 *
 * The wish is a function of facts to a side and the reason for it (wish_of):
 * the first line of the manual's list that applies. Facts are changed by
 * show_set alone, which also ends the latches that a fact ends.
 *
 * A wish that lasts is carried out by the rows of toguest[] or tohost[], one
 * after the other: way_begin, way_run, way_end. Each row is a job of core/job,
 * which has a limit. A switch to the host that fails is tried again, later and
 * later; one to the guest waits for a reason, for the window says what is
 * wrong.
 *
 * No claim without evidence: what is shown is known only after a way for it has
 * ended well, and until something makes that doubtful. While the rows of
 * another run it is what was shown before.
 *
 * Start reading at wish_update. */
#include "core/show.h"

/* Times in ms. */
enum {
	TurmoilSettle = 1000, /* while window managers change */
	RetryFirst = 2000,   /* of a switch to the host that failed */
	RetrySlow = 10000,   /* the same, of monitors that don't answer */
	RetryMax = 30000,
	BounceWait = 3000,   /* until it is seen whether a switch has lasted */
	VerifyLimit = 2000,
	ExitGrace = 300      /* for a row to end before the program */
};

/* The first that holds; one of the last three does. */
static const struct reason {
	enum fact fact;
	int value;
	enum side side; /* Unknown: the wish before stays */
	const char *text;
} reasons[] = {
	{ FactLeaving, 1, Host, "the program ends" },
	{ FactAsked, Panic, Host, "the host was asked for" },
	{ FactVm, NotKnown, Unknown, "QEMU is asked whether the VM runs" },
	{ FactVm, VmOff, Host, "the VM is off, or does not answer" },
	{ FactVm, VmStopped, Host, "the VM is paused" },
	{ FactVm, VmSuspended, Host, "the VM sleeps" },
	{ FactPausing, 1, Host, "the VM is to be paused" },
	{ FactBlanked, 1, Host, "the screen is blanked" },
	{ FactElsewhere, 1, Host, "another virtual terminal is shown" },
	{ FactAsked, Host, Host, "the host was asked for" },
	{ FactAsked, Guest, Guest, "the guest was asked for" },
	{ FactVisible, NotKnown, Unknown, "the window is not there yet" },
	{ FactVisible, 0, Host, "the window is hidden" },
	{ FactFocus, 0, Host, "the window has not the focus" },
	{ FactVisible, 1, Guest, "the window is visible" },
};

const char *const sidename[] = {
	[Unknown] = "unknown", [Host] = "host", [Guest] = "guest",
};

static const char *const statename[] = {
	[ShowRests] = "rests", [ShowSettles] = "settles", [ShowRuns] = "runs",
	[ShowRetries] = "retries", [ShowWatches] = "watches",
};

/* ---- the wish ---- */

static const struct reason *
wish_of(const struct show *s)
{
	const struct reason *r = reasons;

	while (s->fact[r->fact] != r->value)
		r++;
	return r;
}

/* What the window says. */
static int
wish_window(const struct show *s)
{
	return s->fact[FactVisible] == 1 && s->fact[FactFocus];
}

/* When the wish may be carried out. A VM that is gone does not come back by
 * itself, so that nothing flaps then, and nothing has to be waited for. */
static msec
wish_due(const struct show *s, msec now)
{
	msec settle = s->means->settle, due;

	if (now < s->turmoil && settle < TurmoilSettle)
		settle = TurmoilSettle;
	due = s->since + settle;
	if (due < s->way.notbefore)
		due = s->way.notbefore;
	return s->means->once || s->fact[FactLeaving] ||
	    s->fact[FactVm] == VmOff || due < now ? now : due;
}

/* ---- the way there ---- */

/* The one that changes the state; due is its time limit, or 0. */
static void
way_state(struct show *s, enum showstate state, msec due)
{
	if (s->way.state != state)
		note(1, "show: %s -> %s", statename[s->way.state],
		    statename[state]);
	s->way.state = state;
	s->way.timer.due = due;
}

/* A switch is to begin, or it turns out then that there is nothing to do. */
static void
way_settle(struct show *s, msec now)
{
	job_cancel(&s->way.job, now); /* the row, or a check */
	way_state(s, ShowSettles, wish_due(s, now));
}

/* Is the host to be shown even in place of another row's guest, which another
 * instance shows? For who asks for the host, and at the end. */
static int
way_takes(const struct show *s)
{
	int asked = s->fact[FactAsked];

	return s->means->once || s->fact[FactLeaving] || asked == Host ||
	    asked == Panic;
}

/* Is there nothing to do for that side? Of what is left alone it is not said
 * that it is the host. */
static int
way_there(const struct show *s, enum side side)
{
	return s->shown == side ||
	    (side == Host && s->evidence == DdcLeft && !way_takes(s));
}

/* Something gives reason to try at once what had failed. */
void
show_poke(struct show *s, msec now)
{
	s->pause = 0;
	s->way.again = s->way.state == ShowRuns;
	if (s->way.state != ShowRuns && !way_there(s, s->wanted))
		way_settle(s, now);
}

/* In a panic the guest is not asked. But a monitor that obeys the guest alone
 * does not come back else, so it is when that has failed, by turns. */
static int
way_leftout(const struct show *s, const Step *p)
{
	return s->fact[FactAsked] == Panic && !s->way.asks &&
	    (p->kind == GuestExec || p->kind == GuestWait);
}

/* Later and later. */
static msec
way_pause(const struct show *s)
{
	msec first = s->way.silent ? RetrySlow : RetryFirst;

	if (s->pause < first)
		return first;
	return s->pause < RetryMax / 2 ? 2 * s->pause : RetryMax;
}

/* The switch is over. One to the host is tried again and again, unless there
 * was nothing to try it on: then a uevent will tell. */
static void
way_end(struct show *s, int ok, msec now)
{
	enum side before = s->shown;
	const Step *p = s->means->tohost;

	s->shown = ok && s->way.evidence != DdcLeft ? s->way.target : Unknown;
	s->evidence = ok ? s->way.evidence : s->way.silent ? DdcSilent :
	    DdcFailed;
	s->way.notbefore = now + s->means->throttle;
	s->way.asks = !ok && s->way.left;
	if (ok) {
		note(1, "show: %s is shown", s->shown ? sidename[s->shown] :
		     "another guest");
		s->pause = s->means->hush = 0;
		s->way.sent = s->shown;
	}
	if (s->wanted != s->way.target || (!ok && s->way.again) ||
	    s->way.asks || (s->evidence == DdcLeft && way_takes(s)))
		way_settle(s, now);
	else if (ok)
		way_state(s, s->shown && s->way.watch ? ShowWatches :
		    ShowRests, s->shown ? s->way.watch : 0);
	else {
		while (p->kind && p->kind != GuestExec)
			p++;
		note(s->means->hush, "show: %s: the switch failed%s",
		    sidename[s->way.target], s->way.target == Guest ||
		    p->kind || s->means->evidence == DdcFutile ? "" :
		    ", and no row of tohost[] asks the guest");
		s->means->hush = 1;
		if (s->wanted != Host || s->fact[FactLeaving] ||
		    s->means->once == Once ||
		    s->means->evidence == DdcFutile) {
			s->pause = 0;
			way_state(s, ShowRests, 0);
		} else {
			s->pause = way_pause(s);
			way_state(s, ShowRetries, now + s->pause);
			note(1, "show: again in %d ms", (int)s->pause);
		}
	}
	if (ok && s->shown != before)
		s->ops->shown(now);
}

static void
way_cancel(struct show *s, msec now)
{
	note(1, "show: %s: cancelled", sidename[s->way.target]);
	s->way.again = 1;
	way_end(s, 0, now);
}

/* At the end more may have to come than what is under way. */
static msec
way_limit(const struct show *s, msec limit, msec now)
{
	int last = s->way.target == Host && !s->way.step[1].kind;

	return show_share(s, limit, last ? 1 : 3, now);
}

/* Runs rows from way.step on, until one has to be waited for; ended is how the
 * one before has, or Pending: none was run. A wish that is another by now is
 * followed before the next row. In a panic what follows one that failed is tried
 * all the same, which is no success. */
static void
way_run(struct show *s, int ended, msec now)
{
	const Step *p, *other;

	for (p = s->way.step;; p++) {
		s->way.ran |= ended == Done;
		if (!p->orelse) {
			s->way.lost |= ended == Failed;
			ended = Pending;
			if (s->way.lost && s->fact[FactAsked] != Panic)
				break;
		}
		if (!p->kind)
			break;
		if (ended == Done || way_leftout(s, p))
			continue;
		if (s->wanted != s->way.target)
			break;
		for (other = p + 1; other->orelse && way_leftout(s, other);)
			other++;
		s->way.step = p;
		log_why = s->way.job.why;
		*s->way.job.why = '\0';
		ended = job_row(&s->way.job, p, s->way.target, other->orelse ||
		    s->way.left, way_limit(s, p->limit, now), now);
		log_why = NULL;
		if (ended == Pending)
			return;
	}
	way_end(s, !p->kind && s->way.ran && !s->way.lost, now);
}

static void
way_rowdone(struct job *j, int ok, msec now)
{
	struct show *s = OWNER(j, struct show, way.job);
	enum kind kind = s->way.step->kind;
	enum evidence e = s->means->evidence;

	if (ok && kind != GuestWait) {
		/* is there a monitor that could say something else? */
		if (!ddc_rowempty(s->means->ddc->rows) &&
		    s->means->once != Once && !s->fact[FactLeaving])
			s->way.watch = now + BounceWait;
		if (e < s->way.evidence)
			s->way.evidence = e;
		s->way.silent = 0;
	}
	if (!ok && kind == Ddc) {
		s->way.silent = e == DdcSilent;
		if (!s->way.silent)
			s->way.sent = Unknown;
	}
	s->way.step++;
	way_run(s, ok ? Done : Failed, now);
}

/* The wish has lasted. */
static void
way_begin(struct show *s, msec now)
{
	const Step *p;

	if (way_there(s, s->wanted)) {
		way_state(s, ShowRests, 0);
		return;
	}
	way_state(s, ShowRuns, 0); /* the row's job has the limit */
	s->way.target = s->wanted;
	s->way.job.done = way_rowdone;
	s->way.watch = s->way.again = s->way.lost = s->way.silent = 0;
	s->way.evidence = DdcLast;
	s->means->take = way_takes(s);
	if (s->way.sent != s->wanted)
		s->way.sent = Unknown;
	s->way.step = s->wanted == Guest ? s->means->toguest : s->means->tohost;
	s->way.ran = !s->way.step->kind; /* input is all that is wanted */
	for (s->way.left = 0, p = s->way.step; p->kind; p++)
		s->way.left |= way_leftout(s, p);
	note(1, "show: %s", sidename[s->way.target]);
	way_run(s, Pending, now);
}

static void
way_verified(struct job *j, int ok, msec now)
{
	struct show *s = OWNER(j, struct show, way.job);

	way_state(s, ShowRests, 0);
	if (ok) {
		if (s->means->evidence == DdcConfirmed ||
		    s->means->evidence == DdcLeft)
			s->evidence = s->means->evidence;
		if (s->evidence == DdcLeft)
			s->shown = s->way.sent = Unknown;
		note(1, "show: it has lasted, or nobody can tell");
		return;
	}
	s->shown = s->way.sent = Unknown;
	s->evidence = DdcFailed;
	if (!s->way.bounced++)
		show_poke(s, now);
}

static void
way_due(struct source *t, msec now)
{
	struct show *s = OWNER(t, struct show, way.timer);

	if (s->way.state != ShowWatches) {
		way_begin(s, now);
		return;
	}
	s->way.job.done = way_verified; /* the job has the limit */
	job_verify(&s->way.job, s->shown, VerifyLimit, now);
}

/* ---- facts ---- */

/* The wish may be another: sets out to fulfil it, when it has lasted. A row
 * that runs for the one before is cancelled; what an Exec row runs could be in
 * the middle of something, and comes to its end. */
static void
wish_update(struct show *s, msec now)
{
	enum side before = s->wanted, side;

	s->reason = wish_of(s);
	side = s->reason->side;
	if (!side || side == before) {
		/* the same wish, but it may have to wait for more or less */
		if (s->way.state == ShowSettles)
			s->way.timer.due = wish_due(s, now);
		return;
	}
	s->wanted = side;
	s->since = now;
	s->pause = s->way.bounced = s->means->hush = 0;
	note(1, "wish: %s -> %s: %s", sidename[before], sidename[side],
	    s->reason->text);
	s->ops->wished(now);
	if (s->way.state != ShowRuns)
		way_settle(s, now);
	else if (s->way.target != side && s->way.step->kind != Exec)
		way_cancel(s, now);
}

/* The one that changes a fact. */
void
show_set(struct show *s, enum fact fact, int value, msec now)
{
	int before = s->fact[fact], window = wish_window(s);
	int *asked = &s->fact[FactAsked];

	if (fact == FactFocus && !(s->means->showon & Focused))
		value = 1;
	if (before == value)
		return;
	s->fact[fact] = value;
	/* what was asked for counts until the window says something else */
	if (wish_window(s) != window)
		*asked = Unknown;
	if (fact == FactVm && before == VmRunning && *asked != Panic &&
	    !s->means->autoreturn)
		*asked = Host;
	if (fact == FactVm && value == VmOff && *asked == Guest)
		*asked = Unknown; /* that was for the VM that ran */
	wish_update(s, now);
	if (wish_window(s) != window && s->pause)
		show_poke(s, now);
}

void
show_turmoil(struct show *s, msec until, msec now)
{
	s->turmoil = until;
	wish_update(s, now);
}

/* The machine slept: the monitor may show anything. */
void
show_resumed(struct show *s, msec now)
{
	s->shown = s->way.sent = Unknown;
	s->evidence = DdcFailed;
	show_poke(s, now);
}

/* Long before it can be read back. */
void
show_sent(struct show *s)
{
	if (s->way.state == ShowRuns)
		s->way.sent = s->way.target;
}

/* ---- actions that want a side ---- */

int
show_reached(const struct show *s, enum side side)
{
	if (s->way.state == ShowRuns)
		return Pending;
	if (way_there(s, side))
		return Done;
	return s->wanted == side && s->way.state == ShowSettles ? Pending :
	    Failed;
}

const char *
show_failed(const struct show *s, enum side side)
{
	if (s->wanted != side)
		return s->reason->text;
	return *s->way.job.why ? s->way.job.why : "the switch failed";
}

int
show_wait(struct show *s, enum side side, msec now)
{
	if (s->wanted == side && !way_there(s, side) &&
	    s->way.state != ShowSettles)
		show_poke(s, now); /* it had failed before */
	return show_reached(s, side);
}

int
show_want(struct show *s, enum side side, msec now)
{
	int *asked = &s->fact[FactAsked], before = *asked;
	const struct reason *why;

	if (before == Panic && side == Host)
		return show_wait(s, side, now);
	*asked = side;
	why = wish_of(s);
	*asked = before;
	if (why->side != side) {
		warn("show: %s: not now: %s", sidename[side], why->text);
		return Failed;
	}
	s->means->hush = 0; /* who asks is told anew */
	show_set(s, FactAsked, side, now);
	return show_wait(s, side, now);
}

/* The user may see nothing, so what is known of the monitor counts for nothing,
 * and a row that runs may be what hangs; one who asks again goes to the next
 * turn. */
void
show_panic(struct show *s, msec now)
{
	int again = s->fact[FactAsked] == Panic;

	show_set(s, FactAsked, Panic, now);
	if (s->way.state == ShowRuns)
		way_cancel(s, now);
	s->way.asks &= again;
	show_resumed(s, now);
}

enum showinput
show_input(const struct show *s)
{
	if (s->wanted == Guest)
		return s->way.sent == Guest ? InputAll : InputNone;
	return s->reason->fact == FactVm && s->reason->value == VmSuspended &&
	    s->fact[FactAsked] != Host ? InputWakes : InputNone;
}

const char *
show_why(const struct show *s)
{
	if (s->shown == Guest && s->wanted == Guest)
		return NULL;
	if (s->wanted != Guest || s->reason->side != Guest)
		return s->reason->text;
	if (s->way.state == ShowRuns || s->way.state == ShowSettles)
		return "switching to the guest";
	return s->evidence == DdcSilent ? "the input was sent, but the monitor "
	    "does not answer" : "the switch has failed";
}

/* ---- the watchdog: the agent is asked as long as the guest is shown ---- */

/* Where it has no open port, as when the guest boots, silence means nothing. */
static void
dog_done(struct job *j, int ok, msec now)
{
	struct show *s = OWNER(j, struct show, dog.job);

	if (!ok && s->means->agent->open == PortOpen && s->wanted == Guest) {
		warn("qga: the guest's agent is silent for %d ms: the host is "
		    "shown", (int)s->means->watchdog);
		show_set(s, FactAsked, Host, now);
	}
}

static void
dog_due(struct source *t, msec now)
{
	struct show *s = OWNER(t, struct show, dog.timer);

	t->due = now + s->means->watchdog / 2 + 1;
	s->dog.job.done = dog_done;
	if (s->shown == Guest && s->wanted == Guest && !s->dog.job.kind)
		job_guest(&s->dog.job, JobPing, NULL, s->means->watchdog, now);
}

/* ---- the end ---- */

msec
show_share(const struct show *s, msec limit, size_t rows, msec now)
{
	msec left = (s->leave.timer.due - ExitGrace - now) / (msec)rows;

	if (!s->fact[FactLeaving] || left > limit)
		return limit;
	return left > 0 ? left : 1;
}

static void
leave_ready(struct source *t, msec now)
{
	struct show *s = OWNER(t, struct show, leave.timer);
	int late = !t->due;

	(void)now;
	if (!late && (s->way.state == ShowRuns ||
	    s->way.state == ShowSettles || !s->ops->idle()))
		return;
	if (late)
		warn("not all could be done before the end; the monitor "
		    "shows: %s", sidename[s->shown]);
	if (late || s->shown != Host)
		s->leave.status = 1;
	source_del(t);
	loop_end(s->leave.status);
}

void
show_leave(struct show *s, int status, msec now)
{
	s->leave.status |= status;
	if (s->fact[FactLeaving])
		return;
	note(1, "leaving");
	s->leave.timer.due = now + s->means->exitlimit;
	source_add(&s->leave.timer);
	show_set(s, FactLeaving, 1, now);
	if (s->way.state == ShowRuns)
		job_limit(&s->way.job, now + way_limit(s,
		    s->means->exitlimit, now));
	else
		show_poke(s, now);
	s->ops->leaving(now);
}

/* ---- the beginning ---- */

void
show_open(struct show *s, struct means *means, const struct showops *ops)
{
	*s = (struct show){
		.means = means, .ops = ops, .evidence = DdcFailed,
		.fact = {
			[FactVm] = NotKnown, [FactVisible] = NotKnown,
			[FactFocus] = !(means->showon & Focused),
		},
		.way.timer = { .fd = -1, .ready = way_due },
		.dog.timer = { .fd = -1, .ready = dog_due,
		    .due = means->watchdog },
		.leave.timer = { .fd = -1, .ready = leave_ready,
		    .before = leave_ready },
	};
	job_init(&s->way.job, means);
	job_init(&s->dog.job, means);
	s->reason = wish_of(s);
	source_add(&s->way.timer);
	source_add(&s->dog.timer);
}
