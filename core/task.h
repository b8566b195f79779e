/* See LICENSE for copyright and licence details.
 *
 * Lists of actions: the rows of a hotkey or an event, or one that somebody
 * asked for. They run one after the other, each list as a task of its own. */
#ifndef TASK_H
#define TASK_H

#include "core/show.h"

enum { TaskMax = 16, RowMax = 16 };

struct client; /* core/control.h: who asked */

struct task {
	struct job job;
	enum {
		TaskFree,
		TaskReady,  /* its rows begin in the next pass */
		TaskRuns,   /* a row has not ended yet, or is being started */
		TaskWaits   /* as that, for a side to be shown */
	} state;
	int failed;
	int strict;   /* a row that fails is the last */
	int pausing;  /* the row wants the host shown, to stop the VM then */
	int away;     /* the row takes the window away, if it ends well */
	enum side side; /* TaskWaits: for that one */
	struct {
		Action *action;
		Arg arg;
	} row[RowMax];
	size_t nrow, next;
	Arg arg; /* of the row that runs */
	struct client *client;
	struct tasks *of;
};

struct tasks {
	struct task task[TaskMax];
	struct source timer; /* those that are ready */
	struct means *means;
	void (*ended)(struct task *);
};

void task_open(struct tasks *, struct means *, void (*ended)(struct task *));
/* NULL: too many run, as was said. It has the state TaskRuns and no row. */
struct task *task_new(struct tasks *);
void task_add(struct task *, Action *, Arg);
void task_run(struct task *, msec now); /* goes on with the next row */
/* The rows of an event begin in the next pass, but for -w, those of a hotkey at
 * once. */
void task_event(struct tasks *, enum event, msec now);
void task_hotkey(struct tasks *, const Hotkey *, msec now);
/* The program ends: what only waits for the guest is not waited for. */
void task_leave(struct tasks *, msec now);
int task_idle(const struct tasks *);

/* ---- core/action: what each does; their functions are in screenstub.h ---- */

/* Words of -e, the action's name first; NULL: why not is in that page. The
 * argument points to them, or to their keys. */
Action *action_parse(const struct means *, int words, const char *const *word,
                     Arg *, unsigned *keys, char *why);
/* 0: there is none of that name, as that page says. */
int action_known(const char *name, char *why);
int action_help(void); /* prints them all; -1: that failed */
/* As it stands in a row: "grab x". */
void action_text(char *out, size_t size, Action *, const Arg *);
/* What is wrong with the argument of a row; NULL: nothing. */
const char *action_wrong(const struct means *, Action *, const Arg *);

/* ---- core/status: how all stands, in words ---- */

extern const char *const evidencename[]; /* by enum evidence */
/* For -e status: lines "key value"; its length is below size. */
void status_lines(const struct means *, char *out, size_t size);
/* Why the guest is not shown, and the rest, in TextMax bytes; "": it is. */
void status_window(const struct means *, char *out);
/* SCREENSTUB_EVENT and so on: in the child of a command. */
void status_environment(const struct means *, enum event);

#endif
