/* See LICENSE for copyright and licence details.
 *
 * A job is started by one of the functions job_*, and ends in job_end, which
 * calls done: because what it waits for has come, or at its limit. Who starts
 * one owns it, and it may be started again from done.
 *
 * A command of the host is a child in a process group of its own, without a
 * shell; at its limit it gets TERM, a second later KILL. What is asked of the
 * guest or of QEMU is a job of qmp/agent or qmp, linked here. */
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/job.h"

/* ms */
enum {
	TermGrace = 1000,  /* between TERM and KILL */
	QuickLimit = 2500, /* of DDC/CI with an alternative */
	PowerLimit = 3000  /* for the agent to take a shutdown, then for QEMU */
};

/* ---- a job's life ---- */

void
job_init(struct job *j, struct means *m)
{
	memset(j, 0, sizeof(*j));
	j->timer.fd = -1;
	j->means = m;
}

int
job_running(const struct job *j)
{
	return j->kind != JobIdle;
}

void
job_limit(struct job *j, msec due)
{
	if (j->kind && j->timer.due > due)
		j->timer.due = due;
}

static void
job_close(struct job *j)
{
	source_del(&j->timer);
	j->kind = JobIdle;
	if (j->means->order == j)
		j->means->order = NULL;
}

static void
job_end(struct job *j, enum jobend end, msec now)
{
	if (!j->kind)
		return;
	job_close(j);
	j->done(j, end, now);
}

void
job_cancel(struct job *j, msec now)
{
	enum jobkind kind = j->kind;

	if (!kind)
		return;
	job_close(j);
	switch (kind) {
	case JobIdle:
		break;
	case JobExec:
		child_del(&j->child);
		kill(-j->child.pid, SIGKILL);
		break;
	case JobGuestExec:
	case JobGuestWait:
	case JobPing:
		agent_cancel(j->means->agent, &j->agent, now);
		break;
	case JobDdc:
	case JobVerify:
		ddc_cancel(j->means->ddc);
		break;
	case JobCommand:
		qmp_forget(j->means->qmp, &j->qmp);
		break;
	case JobPower:
		agent_cancel(j->means->agent, &j->agent, now);
		qmp_forget(j->means->qmp, &j->qmp);
		break;
	}
}

/* ---- the machine's button ---- */

static void
command_done(struct qmpjob *q, int ok, msec now)
{
	job_end(OWNER(q, struct job, qmp), ok ? JobDone : JobFailed, now);
}

static int
power_button(struct job *j, msec now)
{
	j->qmp.command = j->agent.op == AgentReboot ? "system_reset" :
	    "system_powerdown";
	j->qmp.done = command_done;
	note(1, "%s: without the agent: %s", j->name, j->qmp.command);
	if (qmp_command(j->means->qmp, &j->qmp, now) == 0)
		return Pending;
	warn("%s: there is no VM whose button could be pressed", j->name);
	return Failed;
}

/* 1: it goes on. An agent that was asked has to refuse first, one that was not
 * in all that time is not waited for. */
static int
power_late(struct job *j, msec now)
{
	if (j->late)
		return 0;
	j->timer.due = now + PowerLimit;
	if (j->agent.state == JobAsked)
		return 1;
	j->late = 1;
	agent_cancel(j->means->agent, &j->agent, now);
	return power_button(j, now) == Pending;
}

/* ---- limits ---- */

/* Its time is over; a command of the host has some more to end by itself. */
static void
job_late(struct source *s, unsigned got, msec now)
{
	struct job *j = OWNER(s, struct job, timer);
	enum jobkind kind;

	(void)got;
	switch (j->kind) {
	case JobExec:
		if (j->late)
			break;
		warn("exec: %s: not done within its limit: ended", j->name);
		kill(-j->child.pid, SIGTERM);
		j->late = 1;
		s->due = now + TermGrace;
		return;
	case JobGuestExec:
	case JobGuestWait:
		warn("qga: %s: not done within its limit (is the agent running "
		     "in the guest?)", j->name);
		break;
	case JobDdc:
		warn("ddc: not done within its limit");
		break;
	case JobPower:
		if (power_late(j, now))
			return;
		/* FALLTHROUGH */
	case JobCommand:
		warn("qmp: %s: not done within its limit", j->name);
		break;
	default:
		break;
	}
	kind = j->kind;
	job_cancel(j, now);
	j->done(j, kind == JobVerify ? JobDone : JobFailed, now);
}

static int
job_begin(struct job *j, enum jobkind kind, const char *name, msec limit,
          msec now)
{
	j->name = name;
	j->late = 0;
	j->timer.due = now + limit;
	j->timer.ready = job_late;
	if (source_add(&j->timer) < 0)
		return -1;
	j->kind = kind;
	return 0;
}

/* ---- commands of the host ---- */

static void
exec_ended(struct child *c, int status, msec now)
{
	struct job *j = OWNER(c, struct job, child);

	if (j->late)
		; /* that was said */
	else if (WIFEXITED(status) && WEXITSTATUS(status))
		warn("exec: %s: exit status %d", j->name,
		     WEXITSTATUS(status));
	else if (WIFSIGNALED(status))
		warn("exec: %s: ended by signal %d", j->name,
		     WTERMSIG(status));
	job_end(j, !j->late && status == 0 ? JobDone : JobFailed, now);
}

/* In the child. */
static void
exec_run(const char *const *argv, const struct jobops *ops, enum event event)
{
	union {
		const char *const *in;
		char *const *out;
	} arg = { argv };
	sigset_t none;
	int fd;

	setpgid(0, 0);
	fd = open("/dev/null", O_RDWR);
	dup2(fd, 0);
	dup2(fd, 1);
	if (fd > 2)
		close(fd);
	ops->environment(event);
	signal(SIGPIPE, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	execvp(argv[0], arg.out);
	warn("exec: %s:", argv[0]);
	_exit(127);
}

/* With limit 0 it is not waited for. */
int
job_exec(struct job *j, const char *const *argv, msec limit, msec now)
{
	pid_t pid;

	if (job_begin(j, JobExec, argv[0], limit, now) < 0)
		return Failed;
	pid = fork();
	if (!pid)
		exec_run(argv, j->means->ops, j->event);
	if (pid < 0)
		warn("exec: %s:", argv[0]);
	else
		setpgid(pid, pid); /* here too: whichever comes first */
	if (pid < 0 || !limit) {
		job_close(j);
		return pid < 0 ? Failed : Done;
	}
	j->child.ended = exec_ended;
	child_add(&j->child, pid);
	return Pending;
}

/* ---- the guest's agent, QEMU ---- */

static void
agent_done(struct agentjob *a, int ok, msec now)
{
	job_end(OWNER(a, struct job, agent), ok ? JobDone : JobFailed, now);
}

/* 0: there is nobody to wait for, so that waiting would only cost time. */
static int
guest_there(const struct means *m, const char *name)
{
	if (!*m->agent->peer.addr)
		warn("qga: %s: no agent socket is configured", name);
	else if (*m->qmp->addr && m->qmp->vm != VmRunning &&
	    (m->qmp->known || !m->once)) /* -w: another may hold QMP */
		warn("qga: %s: the VM does not run", name);
	else
		return 1;
	return 0;
}

static int
guest_ask(struct job *j, enum jobkind kind, const char *const *argv,
          msec limit, msec now)
{
	const char *name = argv ? argv[0] : "guest-ping";

	if (!guest_there(j->means, name) ||
	    job_begin(j, kind, name, limit, now) < 0)
		return Failed;
	j->agent.op = argv ? AgentExec : AgentPing;
	j->agent.argv = argv;
	j->agent.done = agent_done;
	agent_start(j->means->agent, &j->agent, now);
	return Pending;
}

int
job_guestexec(struct job *j, const char *const *argv, msec limit, msec now)
{
	return guest_ask(j, JobGuestExec, argv, limit, now);
}

int
job_guestwait(struct job *j, msec limit, msec now)
{
	return guest_ask(j, JobGuestWait, NULL, limit, now);
}

int
job_ping(struct job *j, msec limit, msec now)
{
	return guest_ask(j, JobPing, NULL, limit, now);
}

/* QEMU's reply ends it; there is one, or the connection ends. */
int
job_command(struct job *j, const char *command, msec now)
{
	j->qmp.command = command;
	j->qmp.done = command_done;
	if (!job_begin(j, JobCommand, command, 2 * j->means->hung, now) &&
	    !qmp_command(j->means->qmp, &j->qmp, now))
		return Pending;
	warn("qmp: %s: there is no VM", command);
	job_close(j);
	return Failed;
}

/* ---- power ---- */

/* It took the order, or refused it. */
static void
power_asked(struct agentjob *a, int ok, msec now)
{
	struct job *j = OWNER(a, struct job, agent);

	if (ok)
		job_end(j, JobDone, now);
	else if (power_button(j, now) == Failed)
		job_end(j, JobFailed, now);
}

/* Done when the agent has taken it, or QEMU has pressed the button; what the
 * guest makes of that its events tell. */
int
job_power(struct job *j, enum agentop op, msec now)
{
	const struct means *m = j->means;
	const char *name = op == AgentReboot ? "guestreboot" : "guestshutdown";

	if (*m->qmp->addr ? m->qmp->vm < VmSuspended :
	    !*m->agent->peer.addr) {
		warn("%s: the VM does not run", name);
		return Failed;
	}
	if (job_begin(j, JobPower, name, PowerLimit, now) < 0)
		return Failed;
	j->agent.op = op;
	j->agent.argv = NULL;
	j->agent.done = power_asked;
	if (*m->agent->peer.addr) {
		agent_start(m->agent, &j->agent, now);
		return Pending;
	}
	if (power_button(j, now) == Pending)
		return Pending;
	job_close(j);
	return Failed;
}

/* ---- rows of toguest[] and tohost[] ---- */

/* The arguments of a row, with the input in place of {} and {:x}; NULL: it is
 * not known. */
static const char *const *
row_expand(struct means *m, const char *const *argv, enum side side)
{
	unsigned value = ddc_input(m->ddc, m->first, side);
	size_t i, n = 0, k;
	const char *s;
	int found = 0;

	for (i = 0; argv[i] && i < JobArgs - 1; i++) {
		m->argv[i] = m->text + n;
		for (s = argv[i]; *s && n < JobText - 12; s += k ? k : 1) {
			k = !strncmp(s, "{}", 2) ? 2 :
			    !strncmp(s, "{:x}", 4) ? 4 : 0;
			found |= k;
			if (k)
				n += sprintf(m->text + n, k == 2 ? "%u" :
				             "%02x", value);
			else
				m->text[n++] = *s;
		}
		if (*s)
			break;
		m->text[n++] = '\0';
	}
	m->argv[i] = NULL;
	if (!found)
		return argv;
	if (value && !argv[i])
		return m->argv;
	warn("%s: %s", argv[0], value ? "its arguments are too long" :
	     "the input for {} is not known: give .value in monitors[] of "
	     "config.h");
	return NULL;
}

/* A monitor that was tried before is not complained about again. */
static int
row_ddc(struct job *j, enum side side, int quick, msec limit, msec now)
{
	struct means *m = j->means;

	if (ddc_rowempty(m->monitors))
		return Done;
	if (job_begin(j, JobDdc, "ddc", limit, now) < 0)
		return Failed;
	if (m->side != side)
		m->failed = 0;
	m->side = side;
	m->order = j;
	ddc_switch(m->ddc, side, m->once ? LearnNothing : m->qmp->known &&
	    !m->qmp->seen ? LearnShown : LearnOther, quick, m->failed > 1,
	    quick && limit > QuickLimit ? QuickLimit : limit, now);
	return Pending;
}

int
job_row(struct job *j, const Step *row, enum side side, int quick, msec limit,
        msec now)
{
	const char *const *argv;

	switch (row->kind) {
	case Ddc:
		return row_ddc(j, side, quick, limit, now);
	case GuestWait:
		return job_guestwait(j, limit, now);
	default:
		argv = row_expand(j->means, row->arg.argv, side);
		return !argv ? Failed : row->kind == Exec ?
		    job_exec(j, argv, limit, now) :
		    job_guestexec(j, argv, limit, now);
	}
}

int
job_verify(struct job *j, enum side side, msec limit, msec now)
{
	if (job_begin(j, JobVerify, "ddc", limit + 1000, now) < 0)
		return Failed;
	j->means->order = j;
	ddc_verify(j->means->ddc, side, limit, now);
	return Pending;
}

void
job_ordered(struct means *m, enum evidence e, msec now)
{
	struct job *j = m->order;
	int ok = j && (j->kind == JobVerify ? e != DdcBounced : e >= DdcSent);

	if (!j)
		return;
	if (j->kind == JobDdc)
		m->failed = ok ? 0 : m->failed + 1;
	job_end(j, ok ? JobDone : e == DdcFutile ? JobFutile : JobFailed, now);
}
