/* See LICENSE for copyright and licence details.
 *
 * A job is started by one of the functions job_*, and ends in job_end, which
 * calls done: because what it waits for has come, or at its limit. Who starts
 * one owns it, and it may be started again from done.
 *
 * A command of the host is a child in a process group of its own, without a
 * shell, which is killed at its limit. What is asked of the guest or of QEMU is
 * a job of qmp/agent or qmp, linked here. */
#include <sys/prctl.h>
#include <sys/wait.h>

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/job.h"

/* ms */
enum {
	QuickLimit = 2500, /* of DDC/CI with an alternative */
	OrderGrace = 200,  /* for an order to end at its own limit */
	PowerLimit = 3000, /* for the agent to take a shutdown */
	KeyTime = 20       /* between keys of a chord: what a usb-kbd takes */
};

/* ---- a job's life ---- */

void
job_init(struct job *j, struct means *m)
{
	*j = (struct job){ .timer = { .fd = -1 }, .means = m,
	    .why = j->why ? j->why : loop_share(LineMax) };
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
job_end(struct job *j, int ok, msec now)
{
	if (!j->kind)
		return;
	job_close(j);
	j->done(j, ok, now);
}

void
job_cancel(struct job *j, msec now)
{
	enum jobkind kind = j->kind;

	if (!kind)
		return;
	job_close(j);
	if (kind == JobExec) {
		child_del(&j->child);
		kill(-j->child.pid, SIGKILL);
	}
	if (kind == JobDdc || kind == JobVerify)
		ddc_cancel(j->means->ddc);
	agent_cancel(j->means->agent, &j->agent, now);
	qmp_forget(j->means->qmp, &j->qmp);
}

/* ---- limits ---- */

static int power_press(struct job *, msec now);
static void keys_ready(struct source *, msec now);

/* Its time is over. An agent that was asked for power has to refuse first, one
 * that was not in all that time is not waited for. */
static void
job_late(struct source *s, msec now)
{
	static const char *const who[] = {
		[JobExec] = "exec: ", [JobGuest] = "qga: ", [JobDdc] = "",
		[JobCommand] = "qmp: ", [JobKeys] = "qmp: ", [JobPower] = NULL,
	};
	struct job *j = OWNER(s, struct job, timer);
	enum jobkind kind = j->kind;

	if (kind == JobPower && j->means->agent->asked == &j->agent) {
		s->due = now + PowerLimit;
		return;
	}
	job_cancel(j, now);
	if (kind == JobPower && power_press(j, now) == Pending)
		return;
	if (who[kind])
		warn_for(j->why, kind == JobGuest ?
		    "%s%s: not done within its limit in the guest" :
		    "%s%s: not done within its limit", who[kind], j->name);
	j->done(j, kind == JobVerify, now);
}

static void
job_begin(struct job *j, enum jobkind kind, const char *name, msec limit,
          msec now)
{
	note(1, "job: %s", name);
	j->kind = kind;
	j->name = name;
	j->timer.due = now + limit;
	j->timer.ready = job_late;
	source_add(&j->timer);
}

/* ---- commands of the host ---- */

static void
exec_ended(struct child *c, int status, msec now)
{
	struct job *j = OWNER(c, struct job, child);

	if (WIFSIGNALED(status))
		warn_for(j->why, "exec: %s: ended by signal %d", j->name,
		         WTERMSIG(status));
	else if (status && !(j->why && *j->why)) /* it may have said it */
		warn_for(j->why, "exec: %s: exit status %d", j->name,
		         WEXITSTATUS(status));
	job_end(j, status == 0, now);
}

/* In the child. */
static void
exec_run(const struct job *j, const char *const *argv)
{
	sigset_t none;
	int fd = open("/dev/null", O_RDWR);

	setpgid(0, 0);
	dup2(fd, 0);
	dup2(fd, 1);
	if (fd > 2)
		close(fd);
	j->means->environment(j->means, j->event);
	signal(SIGPIPE, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	execvp(argv[0], (char *const *)argv);
	warn("exec: %s:", argv[0]);
	_exit(127);
}

/* With limit 0 it is not waited for. */
int
job_exec(struct job *j, const char *const *argv, msec limit, msec now)
{
	pid_t pid = fork();

	if (!pid && limit) /* who would keep its limit? */
		prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (!pid)
		exec_run(j, argv);
	if (pid < 0) {
		warn("exec: %s:", argv[0]);
		return Failed;
	}
	setpgid(pid, pid); /* here too: whichever comes first */
	if (!limit)
		return Done;
	job_begin(j, JobExec, argv[0], limit, now);
	j->child.ended = exec_ended;
	child_add(&j->child, pid);
	return Pending;
}

/* ---- QEMU, and the machine's button ---- */

static void
command_done(struct qmpjob *q, int ok, msec now)
{
	struct job *j = OWNER(q, struct job, qmp);

	if (ok && j->kind == JobKeys) { /* it is typed in some time */
		j->timer.due = j->typed;
		j->timer.ready = keys_ready;
		return;
	}
	if (q->json)
		note(1, "qmp: %s: %.*s", j->name, (int)(q->value.end -
		    q->value.s), q->value.s);
	job_end(j, ok, now);
}

/* Its reply ends it; there is one, or the connection ends. */
static int
command_begin(struct job *j, enum jobkind kind, const char *command,
              const char *json, msec now)
{
	j->qmp = (struct qmpjob){ .json = json, .command = command,
	    .done = command_done, .why = j->why };
	job_begin(j, kind, command, j->means->limit, now);
	if (qmp_command(j->means->qmp, &j->qmp, now) == 0)
		return Pending;
	job_close(j);
	warn_for(j->why, "qmp: %s: the VM is off, or does not answer", command);
	return Failed;
}

int
job_command(struct job *j, const char *command, msec now)
{
	return command_begin(j, JobCommand, command, NULL, now);
}

int
job_json(struct job *j, const char *json, msec now)
{
	json_string((struct json){ json, json + strlen(json) }, "execute",
	    j->command, sizeof(j->command));
	return command_begin(j, JobCommand, j->command, json, now);
}

/* In the place of the agent. */
static int
power_press(struct job *j, msec now)
{
	return job_command(j, j->agent.op == AgentReboot ? "system_reset" :
	    "system_powerdown", now);
}

/* ---- the guest's agent ---- */

/* Power: it took the order, or refused it. */
static void
agent_done(struct agentjob *a, int ok, msec now)
{
	struct job *j = OWNER(a, struct job, agent);

	qmp_port(j->means->qmp, now);
	if (ok || j->kind != JobPower) {
		job_end(j, ok, now);
		return;
	}
	job_close(j);
	if (power_press(j, now) == Failed)
		j->done(j, 0, now);
}

static void
agent_begin(struct job *j, msec now)
{
	j->agent.done = agent_done;
	j->agent.why = j->why;
	qmp_port(j->means->qmp, now); /* QEMU does not always tell */
	agent_start(j->means->agent, &j->agent, now);
}

/* Where there is nobody to wait for waiting would only cost time. */
int
job_guest(struct job *j, enum jobkind kind, const char *const *argv, msec limit,
          msec now)
{
	const struct qmp *q = j->means->qmp;
	const char *wrong = NULL, *name = argv ? argv[0] : "guest-ping";

	if (!*j->means->agent->peer.addr)
		wrong = "no agent socket is configured";
	else if (*q->addr && q->vm != VmRunning &&
	    (q->known || !j->means->once)) /* -w: another may hold QMP */
		wrong = "the VM does not run";
	if (wrong) {
		warn("qga: %s: %s", name, wrong);
		return Failed;
	}
	job_begin(j, kind, name, limit, now);
	j->agent.op = argv ? AgentExec : AgentPing;
	j->agent.argv = argv;
	agent_begin(j, now);
	return Pending;
}

/* Done when the agent has taken it, or QEMU has pressed the button; what the
 * guest makes of that its events tell. */
int
job_power(struct job *j, enum agentop op, msec now)
{
	const struct means *m = j->means;
	const char *name = op == AgentReboot ? "guestreboot" : "guestshutdown";

	if (*m->qmp->addr && m->qmp->vm < VmSuspended) {
		warn("%s: the VM does not run", name);
		return Failed;
	}
	j->agent.op = op;
	if (!*m->agent->peer.addr)
		return power_press(j, now);
	job_begin(j, JobPower, name, PowerLimit, now);
	agent_begin(j, now);
	return Pending;
}

/* ---- keys for the guest ---- */

/* The next chord. QEMU holds its keys and lets them go, whatever becomes of us,
 * behind a chord that it is still typing. */
static void
keys_ready(struct source *s, msec now)
{
	struct job *j = OWNER(s, struct job, timer);
	struct means *m = j->means;
	const char *wrong = j->unstuck != m->unstuck ?
	    "all keys were released" : m->qmp->vm < VmSuspended ?
	    "the VM does not run" : NULL;
	size_t n;

	if (!*j->keys || wrong) {
		if (*j->keys)
			warn_for(j->why, "guestkeys: not all was typed: %s",
			    wrong);
		job_end(j, !*j->keys, now);
		return;
	}
	n = sprintf(j->chord, "{\"execute\":\"send-key\",\"arguments\":{"
	    "\"hold-time\":%d,\"keys\":[", KeyTime);
	if (m->typed < now)
		m->typed = now;
	for (; *j->keys && *j->keys != Then; j->keys++) {
		n += sprintf(j->chord + n, "{\"type\":\"qcode\",\"data\":"
		    "\"%s\"},", qmp_keyname(*j->keys));
		m->typed += 2 * KeyTime;
	}
	strcpy(j->chord + n - 1, "]}}");
	j->keys += *j->keys == Then;
	j->typed = m->typed;
	if (command_begin(j, JobKeys, "guestkeys", j->chord, now) == Failed)
		j->done(j, 0, now);
}

int
job_keys(struct job *j, const unsigned *keys, msec now)
{
	job_begin(j, JobKeys, "guestkeys", 0, now);
	j->timer.ready = keys_ready;
	j->keys = keys;
	j->unstuck = j->means->unstuck;
	return Pending;
}

/* ---- rows of toguest[] and tohost[] ---- */

/* The arguments of a row, with the input in place of {} and {:x}; NULL: it is
 * not known. */
static const char *const *
row_expand(struct means *m, const char *const *argv, enum side side)
{
	const struct ddc *d = m->ddc;
	unsigned value = ddc_input(d, d->rows + ddc_row(d->rows, d->only),
	    side);
	char *out = m->text, *end = out + JobText - 12;
	const char *s;
	size_t i, k;
	int found = 0;

	for (i = 0; i < JobArgs - 1 && argv[i] && out < end; i++) {
		m->argv[i] = out;
		for (s = argv[i]; *s && out < end; s += k) {
			k = !strncmp(s, "{}", 2) ? 2 :
			    !strncmp(s, "{:x}", 4) ? 4 : 1;
			found |= k > 1;
			out += sprintf(out, k == 1 ? "%c" : k == 2 ? "%u" :
			    "%02x", k == 1 ? (unsigned)*s : value);
		}
		*out++ = '\0';
	}
	m->argv[i] = NULL;
	if (!found)
		return argv;
	if (value && !argv[i] && out < end)
		return m->argv;
	warn("%s: %s", argv[0], value ? "its arguments are too long" :
	     "the input for {} is not known");
	return NULL;
}

static void
job_order(struct job *j, enum jobkind kind, struct order o, msec now)
{
	job_begin(j, kind, "ddc", o.limit + OrderGrace, now);
	o.why = j->why;
	j->means->order = j;
	ddc_order(j->means->ddc, o, now);
}

int
job_row(struct job *j, const Step *row, enum side side, int quick, msec limit,
        msec now)
{
	const char *const *argv = NULL;
	struct means *m = j->means;

	m->evidence = DdcSent;
	if (row->kind == Ddc && ddc_rowempty(m->ddc->rows))
		return Done;
	if (row->kind == Ddc) {
		job_order(j, JobDdc, (struct order){
			.op = DdcSwitch, .side = side, .take = m->take,
			.learn = !m->once && m->qmp->known && !m->qmp->seen,
			.brief = quick, .hush = quick || m->hush,
			.limit = quick && limit > QuickLimit ? QuickLimit :
			    limit
		}, now);
		return Pending;
	}
	if (row->kind != GuestWait &&
	    !(argv = row_expand(m, row->arg.argv, side)))
		return Failed;
	return row->kind == Exec ? job_exec(j, argv, limit, now) :
	    job_guest(j, JobGuest, argv, limit, now);
}

void
job_verify(struct job *j, enum side side, msec limit, msec now)
{
	job_order(j, JobVerify, (struct order){ .op = DdcVerify,
	    .side = side, .limit = limit }, now);
}

void
job_ordered(struct means *m, enum evidence e, msec now)
{
	struct job *j = m->order;

	m->evidence = e;
	if (j)
		job_end(j, e >= (j->kind == JobVerify ? DdcFailed : DdcLeft),
		    now);
}
