/* See LICENSE for copyright and licence details.
 *
 * task_run starts rows until one answers Pending; its job, or who told it to
 * wait, ends it by task_end, which goes on with the next. */
#include <string.h>

#include "core/task.h"

/* ---- rows ---- */

void
task_run(struct task *t, msec now)
{
	size_t i;
	int r;

	while (t->next < t->nrow && !(t->strict && t->failed)) {
		i = t->next++;
		t->state = TaskRuns;
		r = t->row[i].action(t, &t->row[i].arg, now);
		if (r == Pending)
			return;
		t->failed |= r == Failed;
		t->of->ops->unpause(t, now);
	}
	t->state = TaskFree;
	t->of->crowded = 0;
	t->of->ops->ended(t, now);
}

void
task_end(struct task *t, int ok, msec now)
{
	t->failed |= !ok;
	t->of->ops->unpause(t, now);
	task_run(t, now);
}

static void
task_done(struct job *j, enum jobend end, msec now)
{
	task_end(OWNER(j, struct task, job), end == JobDone, now);
}

/* ---- lists ---- */

static void
task_ready(struct source *s, unsigned got, msec now)
{
	struct tasks *all = OWNER(s, struct tasks, timer);
	struct task *t;

	(void)got;
	for (t = all->task; t < all->task + TaskMax; t++)
		if (t->state == TaskReady)
			task_run(t, now);
}

void
task_open(struct tasks *all)
{
	all->timer.fd = -1;
	all->timer.ready = task_ready;
	source_add(&all->timer);
}

/* The last place is kept for who leaves. */
struct task *
task_new(struct tasks *all)
{
	struct task *t;

	for (t = all->task; t < all->task + TaskMax - !all->leaving; t++) {
		if (t->state)
			continue;
		memset(t, 0, sizeof(*t));
		job_init(&t->job, all->means);
		t->job.done = task_done;
		t->state = TaskRuns;
		t->of = all;
		return t;
	}
	if (!all->crowded++)
		warn("actions: %d are running already: not started",
		     (int)(t - all->task));
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

	for (e = all->onevent; e->event; e++)
		if (e->event == event && (t || (t = task_new(all))))
			task_add(t, e->action, e->arg);
	if (!t)
		return;
	t->job.event = event;
	t->state = TaskReady;
	all->timer.due = now;
}

void
task_hotkey(struct tasks *all, const Hotkey *h, msec now)
{
	struct task *t = task_new(all);
	const Hotkey *row;

	if (!t && h == all->emergency) {
		job_init(&all->spare.job, all->means);
		all->spare.of = all;
		h->action(&all->spare, &h->arg, now);
	}
	if (!t)
		return;
	if (h == all->emergency)
		task_add(t, h->action, h->arg);
	for (row = all->hotkeys; h != all->emergency && row->key; row++)
		if (row->key == h->key && row->mods == h->mods &&
		    !((row->flags ^ h->flags) & OnRelease))
			task_add(t, row->action, row->arg);
	task_run(t, now);
}

/* One that pauses the VM runs its row again, which looks itself. Ending one may
 * make others wait, which is not to end them. */
void
task_rested(struct tasks *all, msec now)
{
	int reached[TaskMax];
	size_t i;

	for (i = 0; i < TaskMax; i++)
		reached[i] = all->task[i].state == TaskWaits ?
		    all->ops->reached(&all->task[i]) : Pending;
	for (i = 0; i < TaskMax; i++) {
		if (reached[i] == Pending)
			continue;
		if (all->task[i].pausing)
			task_run(&all->task[i], now);
		else
			task_end(&all->task[i], reached[i] == Done, now);
	}
}

/* ---- the end ---- */

void
task_leave(struct tasks *all, msec now)
{
	struct task *t;

	all->leaving = 1;
	for (t = all->task; t < all->task + TaskMax; t++) {
		if (t->job.kind != JobPower && t->job.kind != JobGuestWait)
			continue;
		t->nrow = t->next;
		job_cancel(&t->job, now);
		task_end(t, 0, now);
	}
}

int
task_idle(const struct tasks *all)
{
	const struct task *t;

	for (t = all->task; t < all->task + TaskMax; t++)
		if (t->state)
			return 0;
	return 1;
}
