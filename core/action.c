/* See LICENSE for copyright and licence details.
 *
 * Each ends at once, or answers Pending and its job ends the row (core/job), or
 * core/show does, when the side that it waits for is there, or won't be. */
#include <stdio.h>
#include <string.h>

#include "core/action.h"

enum { ReplyGrace = 300 /* ms of ExitLimit that are left for the end */ };

/* By the names that -e takes. */
static const struct {
	const char *name;
	Action *action;
	enum { None, GrabName, Argv } arg;
} actions[] = {
	{ "emergency", emergency, None },
	{ "exec", exec, Argv },
	{ "grab", grab, GrabName },
	{ "guestexec", guestexec, Argv },
	{ "guestreboot", guestreboot, None },
	{ "guestshutdown", guestshutdown, None },
	{ "guestwait", guestwait, None },
	{ "quit", quit, None },
	{ "showguest", showguest, None },
	{ "showhost", showhost, None },
	{ "togglegrab", togglegrab, GrabName },
	{ "toggleshow", toggleshow, None },
	{ "ungrab", ungrab, GrabName },
	{ "unstickguest", unstickguest, None },
	{ "unstickhost", unstickhost, None },
	{ "vmpause", vmpause, None },
	{ "vmresume", vmresume, None },
};

/* ---- names and arguments ---- */

Action *
action_parse(int words, const char *const *word, Arg *arg)
{
	size_t i;

	memset(arg, 0, sizeof(*arg));
	for (i = 0; i < LENGTH(actions); i++) {
		if (strcmp(actions[i].name, word[0]))
			continue;
		if (actions[i].arg == GrabName && words == 2)
			arg->grab = word[1];
		else if (actions[i].arg == Argv && words >= 2)
			arg->argv = word + 1;
		else if (actions[i].arg != None || words != 1)
			return NULL;
		return actions[i].action;
	}
	return NULL;
}

void
action_text(char *out, size_t size, Action *action, const Arg *arg)
{
	size_t i;

	for (i = 0; i < LENGTH(actions) && actions[i].action != action; i++)
		;
	if (i == LENGTH(actions))
		snprintf(out, size, "?");
	else
		snprintf(out, size, "%s %s", actions[i].name,
		    actions[i].arg == GrabName ? arg->grab :
		    actions[i].arg == Argv ? arg->argv[0] : "");
}

/* NULL: there is none. */
static const Grab *
grab_named(const struct actors *on, const char *name)
{
	const Grab *g;

	for (g = on->grabs; g->name; g++)
		if (name && !strcmp(g->name, name))
			return g;
	return NULL;
}

const char *
action_wrong(const struct actors *on, Action *action, const Arg *arg)
{
	if (!action)
		return "the action is missing";
	if ((action == exec || action == guestexec) &&
	    (!arg->argv || !arg->argv[0]))
		return ".argv is missing";
	if ((action == grab || action == ungrab || action == togglegrab) &&
	    !grab_named(on, arg->grab))
		return ".grab is wrong";
	return NULL;
}

/* ---- commands, of the host, the guest and QEMU ---- */

/* At the end of the program no row may use up the time of those behind it. */
static msec
action_limit(const struct task *t, msec now)
{
	msec most = t->of->actors->limit;
	msec end = t->of->actors->show->leave.timer.due;
	msec left = (end - now - ReplyGrace) / (msec)(t->nrow - t->next + 1);

	return !end || left > most ? most : left > 0 ? left : 1;
}

int
exec(struct task *t, const Arg *arg, msec now)
{
	return job_exec(&t->job, arg->argv, action_limit(t, now), now);
}

int
guestexec(struct task *t, const Arg *arg, msec now)
{
	return job_guestexec(&t->job, arg->argv, action_limit(t, now), now);
}

int
guestwait(struct task *t, const Arg *arg, msec now)
{
	(void)arg;
	return job_guestwait(&t->job, action_limit(t, now), now);
}

int
guestreboot(struct task *t, const Arg *arg, msec now)
{
	(void)arg;
	return job_power(&t->job, AgentReboot, now);
}

int
guestshutdown(struct task *t, const Arg *arg, msec now)
{
	(void)arg;
	return job_power(&t->job, AgentShutdown, now);
}

int
vmresume(struct task *t, const Arg *arg, msec now)
{
	enum vmstate vm = t->of->actors->qmp->vm;

	(void)arg;
	if (vm == VmRunning)
		return Done;
	return job_command(&t->job, vm == VmSuspended ? "system_wakeup" :
	    "cont", now);
}

int
action_vmruns(struct task *t, const Arg *arg, msec now)
{
	const struct qmp *q = t->of->actors->qmp;

	(void)arg;
	(void)now;
	if (q->vm == VmRunning)
		return Done;
	warn("qmp: %s: the VM does not run", q->addr);
	return Failed;
}

/* ---- whose picture the monitor shows ---- */

/* The task goes on when core/show has nothing more to do for that side. */
static int
action_waits(struct task *t, enum side side, int result)
{
	if (result == Pending) {
		t->state = TaskWaits;
		t->side = side;
	}
	return result;
}

int
showguest(struct task *t, const Arg *arg, msec now)
{
	(void)arg;
	return action_waits(t, Guest, show_want(t->of->actors->show, Guest,
	    now));
}

int
showhost(struct task *t, const Arg *arg, msec now)
{
	(void)arg;
	return action_waits(t, Host, show_want(t->of->actors->show, Host,
	    now));
}

int
toggleshow(struct task *t, const Arg *arg, msec now)
{
	return (t->of->actors->show->wanted == Guest ? showhost : showguest)(
	    t, arg, now);
}

/* In two halves: the host is waited for, then the same row is run again. A
 * guest that has to switch the monitor back must be running for it. */
int
vmpause(struct task *t, const Arg *arg, msec now)
{
	const struct actors *on = t->of->actors;
	int r;

	(void)arg;
	if (on->qmp->vm == VmStopped)
		return Done;
	if (!t->pausing) {
		t->pausing = 1;
		show_set(on->show, FactPausing, on->show->fact[FactPausing] +
		    1, now);
		r = show_wait(on->show, Host, now);
		if (r == Pending)
			t->next--;
		if (r == Pending)
			return action_waits(t, Host, r);
	}
	if (on->show->shown == Host) {
		input_release(on->input, now);
		return job_command(&t->job, "stop", now);
	}
	warn("vmpause: the host could not be shown: the VM goes on");
	return Failed;
}

int
quit(struct task *t, const Arg *arg, msec now)
{
	(void)arg;
	show_leave(t->of->actors->show, 0, now);
	return Done;
}

/* ---- keys and grabs ---- */

int
grab(struct task *t, const Arg *arg, msec now)
{
	const struct actors *on = t->of->actors;
	const Grab *g = grab_named(on, arg->grab);

	if (!g)
		warn("grab: %s: no such row in grabs[]", arg->grab);
	return g && !input_grab(on->input, g, now) ? Done : Failed;
}

int
ungrab(struct task *t, const Arg *arg, msec now)
{
	const struct actors *on = t->of->actors;
	const Grab *g = grab_named(on, arg->grab);

	if (!g) {
		warn("grab: %s: no such row in grabs[]", arg->grab);
		return Failed;
	}
	input_ungrab(on->input, g, now);
	return Done;
}

int
togglegrab(struct task *t, const Arg *arg, msec now)
{
	const struct actors *on = t->of->actors;
	const Grab *g = grab_named(on, arg->grab);

	return (g && input_grabs(on->input, g) ? ungrab : grab)(t, arg, now);
}

int
unstickguest(struct task *t, const Arg *arg, msec now)
{
	(void)arg;
	input_release(t->of->actors->input, now);
	return Done;
}

int
unstickhost(struct task *t, const Arg *arg, msec now)
{
	struct window *w = t->of->actors->window;

	(void)arg;
	(void)now;
	return w && w->front->unstick(w, NULL) == 0 ? Done : Failed;
}

/* ---- the emergency ---- */

int
emergency(struct task *t, const Arg *arg, msec now)
{
	const struct actors *on = t->of->actors;
	const Grab *g;

	warn("emergency: grabs end, keys are released, the host is shown");
	for (g = on->grabs; g->name; g++)
		input_ungrab(on->input, g, now);
	input_leave(on->input, 0, now);
	input_release(on->input, now);
	unstickhost(t, arg, now);
	show_panic(on->show, now);
	return showhost(t, arg, now);
}
