/* See LICENSE for copyright and licence details.
 *
 * task_run starts rows until one answers Pending; its job, or core/show, ends
 * it by task_done, which goes on with the next. */
#include <string.h>

#include "core/task.h"

/* ---- rows ---- */

/* One is over: it wants no host any more. */
static void
task_took(struct task *t, int ok, msec now)
{
	const struct means *m = t->job.means;

	t->failed |= !ok;
	if (t->away && ok && m->show->fact[FactVisible] == 1)
		m->window->front->away(m->window);
	if (t->pausing)
		show_set(m->show, FactPausing, 0, now);
	t->pausing = t->away = 0;
}

void
task_run(struct task *t, msec now)
{
	int r;

	while (t->next < t->nrow && !(t->strict && t->failed)) {
		t->state = TaskRuns;
		t->arg = t->row[t->next].arg;
		log_why = t->job.why;
		*t->job.why = '\0';
		r = t->row[t->next++].action(t, now);
		log_why = NULL;
		if (r == Pending)
			return;
		task_took(t, r == Done, now);
	}
	t->state = TaskFree;
	t->of->ended(t);
}

/* What a Pending row waited for is there, or won't be. */
static void
task_done(struct job *j, int ok, msec now)
{
	struct task *t = OWNER(j, struct task, job);

	task_took(t, ok, now);
	task_run(t, now);
}

/* ---- lists ---- */

/* Some are ready. Sides that tasks wait for may be there. One that pauses the
 * VM runs its row again, which looks itself. */
static void
task_before(struct source *s, msec now)
{
	struct tasks *all = OWNER(s, struct tasks, timer);
	struct task *t;
	int r;

	for (t = all->task; t < all->task + TaskMax; t++) {
		r = t->state != TaskWaits ? Pending :
		    show_reached(all->means->show, t->side);
		if (t->state == TaskReady || (t->pausing && r != Pending))
			task_run(t, now);
		else if (r != Pending) {
			if (r == Failed)
				strcpy(t->job.why, show_failed(all->means->show,
				    t->side));
			task_done(&t->job, r == Done, now);
		}
	}
}

void
task_open(struct tasks *all, struct means *means, void (*ended)(struct task *))
{
	all->means = means;
	all->ended = ended;
	all->timer = (struct source){ .fd = -1, .ready = task_before,
	    .before = task_before };
	source_add(&all->timer);
}

/* The last place is kept for who leaves. */
struct task *
task_new(struct tasks *all)
{
	int n = TaskMax - !all->means->show->fact[FactLeaving];
	struct task *t;

	for (t = all->task; t < all->task + n; t++) {
		if (t->state)
			continue;
		*t = (struct task){ .job.why = t->job.why, .of = all,
		    .state = TaskRuns };
		job_init(&t->job, all->means);
		t->job.done = task_done;
		return t;
	}
	warn("actions: %d are running already: not started", n);
	return NULL;
}

void
task_add(struct task *t, Action *action, Arg arg)
{
	if (t->nrow == RowMax) {
		warn("actions: more than %d rows for one hotkey or event",
		     RowMax);
		return;
	}
	t->row[t->nrow].action = action;
	t->row[t->nrow++].arg = arg;
}

/* Not in the middle of what has happened. */
void
task_event(struct tasks *all, enum event event, msec now)
{
	struct task *t = NULL;
	const Event *e;

	for (e = all->means->onevent; e->event && !all->means->once; e++)
		if (e->event == event && (t || (t = task_new(all))))
			task_add(t, e->action, e->arg);
	if (!t)
		return;
	t->job.event = event;
	t->state = TaskReady;
	all->timer.due = now;
}

/* The emergency's row has a task for itself, whatever else is busy, and nothing
 * comes after it. */
void
task_hotkey(struct tasks *all, const Hotkey *h, msec now)
{
	struct task alone = { .job.means = all->means }, *t;
	const Hotkey *row;

	if (h == all->means->emergency)
		h->action(&alone, now);
	else if ((t = task_new(all))) {
		for (row = all->means->hotkeys; row->key; row++)
			if (row->key == h->key && row->mods == h->mods &&
			    !((row->flags ^ h->flags) & OnRelease))
				task_add(t, row->action, row->arg);
		task_run(t, now);
	}
}

/* ---- the end ---- */

void
task_leave(struct tasks *all, msec now)
{
	struct task *t;

	for (t = all->task; t < all->task + TaskMax; t++) {
		if (t->job.kind != JobPower && t->job.kind != JobGuest &&
		    t->job.kind != JobKeys)
			continue;
		t->nrow = t->next;
		job_cancel(&t->job, now);
		strcpy(t->job.why, "the program ends");
		task_done(&t->job, 0, now);
	}
}

int
task_idle(const struct tasks *all)
{
	size_t i = 0;

	while (i < TaskMax && !all->task[i].state)
		i++;
	return i == TaskMax;
}
