/* See LICENSE for copyright and licence details.
 *
 * -c: what of the set-up is there, what is missing, and so what can be done.
 * The rooms tell it themselves; here is the order, and what is nobody's. */
#ifndef CHECK_H
#define CHECK_H

#include "core/control.h"

/* What is being looked at. Each begins when the one before is over, so that
 * causes are told first. */
enum checkstate {
	CheckMonitors, /* until the order is over */
	CheckVm,       /* until QEMU has told all, or why not */
	CheckAgent     /* until it answers, or is known not to be there */
};

struct check {
	struct source source; /* due: the limit of the state */
	enum checkstate state;
	struct means *means;
	const struct qmpops *ops;
	const Monitor *rows;
	int runs;             /* an instance does */
	int needs, execs;     /* config.h wants the agent; to run commands */
	int failed;           /* lines, before the state */
	struct agentjob job;
	int answered;
};

/* Before all others: what a report of a fault begins with. */
void check_machine(const char *fronts);
/* The rest, but for the window; then the loop ends. path: of the control
 * socket. Changes nothing anywhere. */
void check_open(struct check *, struct means *, const struct qmpops *,
                const Monitor *rows, const char *path, msec now);

#endif
