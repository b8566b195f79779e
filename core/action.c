/* See LICENSE for copyright and licence details.
 *
 * Each ends at once, or answers Pending and its job ends the row (core/job), or
 * core/show does, when the side that it waits for is there, or won't be. */
#include <stdio.h>
#include <string.h>

#include "core/task.h"

enum { ChordMax = 8 }; /* keys: no more fit into a usb-kbd at once */

/* By the names that -e takes. */
static const struct action {
	const char *name;
	Action *action;
	enum { None, GrabName, Json, Argv, Chords } arg;
	const char *about;
} actions[] = {
	{ "emergency", emergency, None, "end grabs, release keys, show the host" },
	{ "exec", exec, Argv, "run a command" },
	{ "grab", grab, GrabName, "take the keyboard, the pointer or devices" },
	{ "guestexec", guestexec, Argv, "let the agent run a command" },
	{ "guestkeys", guestkeys, Chords, "type, as ctrl+alt+delete" },
	{ "guestreboot", guestreboot, None, "let the guest start anew" },
	{ "guestshutdown", guestshutdown, None, "let the guest shut down" },
	{ "guestwait", guestwait, None, "wait for the guest's agent to answer" },
	{ "qmp", qmp, Json, "a command of QEMU's" },
	{ "quit", quit, None, "show the host, and end" },
	{ "showguest", showguest, None, "show the guest" },
	{ "showhost", showhost, None, "show the host" },
	{ "togglegrab", togglegrab, GrabName, "take it, or end it" },
	{ "toggleshow", toggleshow, None, "show the other one" },
	{ "togglewindow", togglewindow, None, "and bring or hide the window" },
	{ "ungrab", ungrab, GrabName, "end it" },
	{ "unstickguest", unstickguest, None, "release all keys in the guest" },
	{ "unstickhost", unstickhost, None, "release all keys of the host" },
	{ "vmpause", vmpause, None, "show the host, and stop the VM" },
	{ "vmresume", vmresume, None, "let the VM go on" },
	{ "?", NULL, None, NULL }
};

/* ---- names and arguments ---- */

/* Or the last. */
static const struct action *
action_row(Action *action)
{
	const struct action *a = actions;

	while (a->action && a->action != action)
		a++;
	return a;
}

int
action_help(void)
{
	static const char *const arg[] = {
		[None] = "", [GrabName] = " NAME", [Json] = " JSON",
		[Argv] = " COMMAND", [Chords] = " KEYS"
	};
	const struct action *a;
	char word[32];

	puts("  status             print how all stands");
	for (a = actions; a->action; a++) {
		sprintf(word, "%s%s", a->name, arg[a->arg]);
		printf("  %-18s %s\n", word, a->about);
	}
	return fflush(stdout);
}

int
action_known(const char *name, char *why)
{
	const struct action *a = actions;
	int n = sprintf(why, "no such action; there are: status");

	for (; a->action && strcmp(a->name, name); a++)
		n += sprintf(why + n, " %s", a->name);
	return a->action || !strcmp(name, "status");
}

void
action_text(char *out, size_t size, Action *action, const Arg *arg)
{
	const struct action *a = action_row(action);

	snprintf(out, size, "%s %s", a->name, a->arg == GrabName ? arg->grab :
	    a->arg == Argv ? arg->argv[0] : "");
}

/* NULL: there is none. */
static const Grab *
grab_named(const struct means *m, const char *name)
{
	const Grab *g = m->grabs;

	while (g->name && (!name || strcmp(g->name, name)))
		g++;
	return g->name ? g : NULL;
}

/* Chords of keys that QEMU has a name for. */
static int
keys_right(const unsigned *key)
{
	size_t n;

	while (key && qmp_keyname(*key)) {
		for (n = 0; n < ChordMax && qmp_keyname(*key); n++)
			key++;
		if (*key++ != Then)
			return !key[-1];
	}
	return 0;
}

/* Words as "ctrl+alt+delete"; 0: a name is none. */
static int
keys_parse(const char *const *word, unsigned *key, char *why)
{
	char name[32];
	const char *s;
	size_t n;

	for (*key = 0; *word; word++, *key++ = *word ? Then : 0)
		for (s = *word; s; s = s[n] ? s + n + 1 : NULL) {
			n = strcspn(s, "+");
			snprintf(name, sizeof(name), "%.*s", (int)n, s);
			if (!(*key++ = qmp_keycode(name))) {
				sprintf(why, "'%s' is no name of QEMU's for a "
				    "key (want ctrl+alt+delete)", name);
				return 0;
			}
		}
	return 1;
}

const char *
action_wrong(const struct means *m, Action *action, const Arg *arg)
{
	const struct action *a = action_row(action);
	char name[256];

	if (!action)
		return "the action is missing";
	if (a->arg == Argv && (!arg->argv || !arg->argv[0]))
		return "want a command (.argv)";
	if (a->arg == Chords && !keys_right(arg->keys))
		return "want keys that QEMU has, at most 8 in a "
		    "chord, Then between chords (.keys)";
	if (a->arg == Json && (!arg->json || !json_whole(arg->json) ||
	    json_string((struct json){ arg->json, strchr(arg->json, 0) },
	    "execute", name, sizeof(name))))
		return "want one JSON object with \"execute\" (.json)";
	return a->arg == GrabName && !grab_named(m, arg->grab) ?
	    "want the name of a row of grabs[] (.grab)" : NULL;
}

Action *
action_parse(const struct means *m, int words, const char *const *word,
             Arg *arg, unsigned *keys, char *why)
{
	const struct action *a = actions;
	const char *wrong;

	memset(arg, 0, sizeof(*arg));
	if (!action_known(word[0], why))
		return NULL;
	while (a->action && strcmp(a->name, word[0]))
		a++;
	if (!a->action) {
		strcpy(why, "status: want no argument");
		return NULL;
	}
	if (a->arg == Argv)
		arg->argv = word + 1;
	else if (a->arg == GrabName)
		arg->grab = word[1];
	else if (a->arg == Json)
		arg->json = word[1];
	else if (a->arg == Chords && !keys_parse(word + 1, keys, why))
		return NULL;
	else if (a->arg == Chords)
		arg->keys = keys;
	wrong = action_wrong(m, a->action, arg);
	if (!wrong && a->arg < Argv && words > 1 + (a->arg != None))
		wrong = a->arg == None ? "want no argument" :
		    "want no further argument";
	if (wrong)
		strcpy(why, wrong);
	return wrong ? NULL : a->action;
}

/* ---- commands, of the host, the guest and QEMU ---- */

static msec
action_limit(const struct task *t, msec now)
{
	const struct means *m = t->job.means;

	return show_share(m->show, m->limit, t->nrow - t->next + 1, now);
}

int
exec(struct task *t, msec now)
{
	return job_exec(&t->job, t->arg.argv, action_limit(t, now), now);
}

int
guestexec(struct task *t, msec now)
{
	return job_guest(&t->job, JobGuest, t->arg.argv, action_limit(t, now),
	    now);
}

int
guestwait(struct task *t, msec now)
{
	return job_guest(&t->job, JobGuest, NULL, action_limit(t, now), now);
}

int
guestreboot(struct task *t, msec now)
{
	return job_power(&t->job, AgentReboot, now);
}

int
guestshutdown(struct task *t, msec now)
{
	return job_power(&t->job, AgentShutdown, now);
}

int
vmresume(struct task *t, msec now)
{
	enum vmstate vm = t->job.means->qmp->vm;

	return vm == VmRunning ? Done : job_command(&t->job,
	    vm == VmSuspended ? "system_wakeup" : "cont", now);
}

int
qmp(struct task *t, msec now)
{
	return job_json(&t->job, t->arg.json, now);
}

/* ---- whose picture the monitor shows ---- */

/* The task goes on when core/show has nothing more to do for that side. */
static int
action_waits(struct task *t, enum side side, int result)
{
	if (result == Pending)
		t->state = TaskWaits;
	t->side = side;
	return result;
}

/* What is typed shall go where the picture is. */
int
showguest(struct task *t, msec now)
{
	struct means *m = t->job.means;
	int r = show_want(m->show, Guest, now);

	if (r != Failed && m->window && !(m->focused &&
	    m->show->fact[FactVisible] == 1))
		m->window->front->present(m->window);
	return action_waits(t, Guest, r);
}

int
showhost(struct task *t, msec now)
{
	return action_waits(t, Host, show_want(t->job.means->show, Host, now));
}

int
toggleshow(struct task *t, msec now)
{
	return t->job.means->show->wanted == Guest ? showhost(t, now) :
	    showguest(t, now);
}

/* Not before the host is shown: else the window says why. */
int
togglewindow(struct task *t, msec now)
{
	t->away = t->job.means->show->wanted == Guest;
	return toggleshow(t, now);
}

/* In two halves: the host is waited for, then the same row is run again. A
 * guest that has to switch the monitor back must be running for it. */
int
vmpause(struct task *t, msec now)
{
	struct means *m = t->job.means;
	int first = !t->pausing;

	if (m->qmp->vm == VmStopped)
		return Done;
	t->pausing = 1;
	show_set(m->show, FactPausing, 1, now);
	if (first && show_wait(m->show, Host, now) == Pending) {
		t->next--;
		return action_waits(t, Host, Pending);
	}
	if (show_reached(m->show, Host) == Done) {
		input_release(m->input, now);
		return job_command(&t->job, "stop", now);
	}
	warn("vmpause: the host could not be shown: the VM goes on: %s",
	     show_failed(m->show, Host));
	return Failed;
}

int
quit(struct task *t, msec now)
{
	struct show *show = t->job.means->show;

	show_leave(show, 0, now);
	return action_waits(t, Host, show_reached(show, Host));
}

/* ---- keys and grabs ---- */

static const Grab *
grab_of(const struct task *t)
{
	return grab_named(t->job.means, t->arg.grab);
}

int
grab(struct task *t, msec now)
{
	return input_grab(t->job.means->input, grab_of(t), now);
}

int
ungrab(struct task *t, msec now)
{
	input_ungrab(t->job.means->input, grab_of(t), now);
	return Done;
}

int
togglegrab(struct task *t, msec now)
{
	return input_holds(t->job.means->input, grab_of(t)) ?
	    ungrab(t, now) : grab(t, now);
}

int
guestkeys(struct task *t, msec now)
{
	return job_keys(&t->job, t->arg.keys, now);
}

int
unstickguest(struct task *t, msec now)
{
	t->job.means->unstuck++;
	input_unstick(t->job.means->input, now);
	return Done;
}

int
unstickhost(struct task *t, msec now)
{
	struct window *w = t->job.means->window;

	(void)now;
	if (w->front->unstick && w->front->unstick(w, NULL) == 0)
		return Done;
	warn("unstickhost: %s lets no program release keys of the host",
	    w->front->name);
	return Failed;
}

/* ---- the emergency ---- */

int
emergency(struct task *t, msec now)
{
	struct means *m = t->job.means;
	const Grab *g;

	warn("emergency: grabs end, keys are released, the host is shown");
	for (g = m->grabs; g->name; g++)
		input_ungrab(m->input, g, now);
	input_leave(m->input, 0, now);
	unstickguest(t, now);
	if (m->window && m->window->front->unstick) /* the guard has none */
		m->window->front->unstick(m->window, NULL);
	show_panic(m->show, now);
	return action_waits(t, Host, show_wait(m->show, Host, now));
}
