/* See LICENSE for copyright and licence details.
 *
 * First what can be seen at once: the machine, config.h, rights. Then monitors,
 * QEMU and the agent, each asked by its own room, which says what it finds in
 * the words of the log. Nothing is written, added, held or switched.
 *
 * Start reading at check_open. */
#include <sys/stat.h>
#include <sys/utsname.h>

#include <errno.h>
#include <glob.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/check.h"

/* ms; QEMU and the agent say themselves that they hang, a bit earlier */
enum {
	MonitorsLimit = 16000, VmLimit = 5000, VmHung = 4000, AgentLimit = 5500
};
enum { NodeMax = 256, PathMax = 4096 };

/* ---- files ---- */

static int
file_there(const char *pattern)
{
	glob_t g;
	int there = glob(pattern, GLOB_BRACE, NULL, &g) == 0;

	globfree(&g);
	return there;
}

/* The rest of the line that begins so, up to a quote; "": there is none. */
static void
file_value(const char *path, const char *key, char *value, int size)
{
	FILE *f = fopen(path, "re");
	size_t n = strlen(key);
	char line[256] = "", *at = line;

	while (f && fgets(line, sizeof(line), f) && strncmp(line, key, n))
		*line = '\0';
	at += *line ? n : 0;
	snprintf(value, size, "%.*s", (int)strcspn(at, "\"\n"), at);
	if (f)
		fclose(f);
}

/* Other programs that have a node open, as far as we may see that. */
static void
node_holders(const char *node)
{
	size_t i, len = strlen(node);
	char path[64], at[PathMax], name[32];
	ssize_t n;
	int pid;
	glob_t g;

	glob("/proc/[0-9]*/fd/*", 0, NULL, &g);
	for (i = 0; i < g.gl_pathc; i++) {
		n = readlink(g.gl_pathv[i], at, sizeof(at));
		if (n != (ssize_t)len || memcmp(at, node, len) ||
		    sscanf(g.gl_pathv[i], "/proc/%d", &pid) != 1 ||
		    pid == getpid())
			continue;
		snprintf(path, sizeof(path), "/proc/%d/status", pid);
		file_value(path, "Name:\t", name, sizeof(name));
		note(0, "ddc: %s is open in %s, too", node, name);
	}
	globfree(&g);
}

/* ---- what it is ---- */

void
check_machine(const char *fronts)
{
	const char *type = getenv("XDG_SESSION_TYPE");
	const char *desktop = getenv("XDG_CURRENT_DESKTOP");
	struct utsname u;
	char os[128];

	uname(&u);
	file_value("/etc/os-release", "PRETTY_NAME=\"", os, sizeof(os));
	note(0, "screenstub-" VERSION ", %s; %s %s %s, %s; %s, %s", fronts,
	    u.sysname, u.release, u.machine, os, type ? type : "no session",
	    desktop ? desktop : "no desktop");
}

/* ---- config.h ---- */

/* As execvp looks for it. */
static int
command_there(const char *name)
{
	const char *env = getenv("PATH"), *p = env ? env : "/bin:/usr/bin";
	int there = strchr(name, '/') && access(name, X_OK) == 0;
	char path[PathMax];

	for (; !there && !strchr(name, '/') && *p; p += strspn(p, ":")) {
		snprintf(path, sizeof(path), "%.*s/%s", (int)strcspn(p, ":"),
		    p, name);
		there = access(path, X_OK) == 0;
		p += strcspn(p, ":");
	}
	return there;
}

/* What a row is going to need. */
static void
row_check(struct check *c, const char *list, size_t row, enum kind kind,
          const Arg *arg)
{
	c->needs |= kind >= GuestExec;
	c->execs |= kind == GuestExec;
	if (kind == Exec && !command_there(*arg->argv))
		warn("config.h: %s[%zu]: %s: no such command in PATH", list,
		    row, *arg->argv);
}

static enum kind
action_kind(Action *a)
{
	return a == exec ? Exec : a == guestexec ? GuestExec :
	    a == guestwait ? GuestWait : NoStep;
}

static void
config_check(struct check *c)
{
	const struct means *m = c->means;
	const Step *s;
	const Hotkey *h;
	const Event *e;

	for (s = m->toguest; s->kind; s++)
		row_check(c, "toguest", s - m->toguest, s->kind, &s->arg);
	for (s = m->tohost; s->kind; s++)
		row_check(c, "tohost", s - m->tohost, s->kind, &s->arg);
	for (h = m->hotkeys; h->key; h++)
		row_check(c, "hotkeys", h - m->hotkeys, action_kind(h->action),
		    &h->arg);
	for (e = m->onevent; e->event; e++)
		row_check(c, "onevent", e - m->onevent, action_kind(e->action),
		    &e->arg);
	ok("config.h: %d hotkeys, %d rows of onevent[]",
	    (int)(h - m->hotkeys), (int)(e - m->onevent));
}

/* ---- rights ---- */

enum { Refused = 1, Grouped = 2 };

/* The i2c nodes are given to whom sits at the machine, or to a group; those of
 * other chips stay root's. */
static int
nodes_refused(void)
{
	struct stat s;
	char path[32];
	int i, refused = 0;

	for (i = 0; i < NodeMax; i++) {
		snprintf(path, sizeof(path), "/dev/i2c-%d", i);
		if (access(path, R_OK | W_OK) == 0)
			return 0;
		if (errno == EACCES)
			refused |= stat(path, &s) < 0 || !s.st_gid ? Refused :
			    Refused | Grouped;
	}
	return refused;
}

static void
rights_check(void)
{
	static const char seat[] = "/run/systemd/seats/seat0";
	int ruled = file_there("{/etc,/run,/usr/lib,/lib}/udev/rules.d/"
	    "*screenstub*"), refused = ruled ? nodes_refused() : 0;
	int group = refused & Grouped;
	char uid[16];

	file_value(seat, "ACTIVE_UID=", uid, sizeof(uid));
	if (!*uid || strtoul(uid, NULL, 10) != getuid())
		log_line(refused && !group ? LogWarn : LogNote, "seat: %s",
		    access(seat, R_OK) < 0 ? "no logind tells who sits here" :
		    *uid ? "another user sits at seat0" :
		    "nobody sits at seat0");
	else if (refused && !group)
		warn("udev: the rule is installed, but gives you no right");
	if (refused && group)
		warn("udev: the nodes' group has a right, but you are not in it");
	else if (!ruled)
		note(0, "udev: no rule of screenstub's is installed");
	else if (!refused)
		ok("udev: a rule of screenstub's is installed");
}

static void
device_check(size_t row, const char *want)
{
	const char *path = want;
	char node[64], name[256] = "";
	int i;

	for (i = 0; *want != '/' && i < NodeMax && strcmp(name, want); i++) {
		snprintf(node, sizeof(node), "/sys/class/input/event%d/device/"
		    "name", i);
		file_value(node, "", name, sizeof(name));
		snprintf(node, sizeof(node), "/dev/input/event%d", i);
		path = node;
	}
	if (access(path, R_OK) == 0)
		ok("input: grabs[%zu]: %s", row, want);
	else
		warn("input: grabs[%zu]: %s: can't open the device:", row,
		     want);
}

/* Of grabs and of the route. */
static void
input_check(const struct means *m)
{
	int makes = m->route != Qmp;
	const char *const *which;
	const Grab *g;

	for (g = m->grabs; g->name; g++) {
		makes |= g->newname != NULL;
		for (which = g->devices; which && *which; which++)
			device_check(g - m->grabs, *which);
	}
	if (makes && access("/dev/uinput", R_OK | W_OK) < 0)
		warn("input: /dev/uinput:");
	else if (makes)
		ok("input: /dev/uinput can be opened");
}

/* ---- monitors ---- */

static void
side_check(const struct bus *b, const char *side, Input given)
{
	Input in = input_full(given, 0);

	if (!in.value)
		note(0, "ddc: %s: .%s is not given", b->name, side);
	else if (in.code == VcpInput && b->ninput &&
	    !memchr(b->input, in.value & 0xff, b->ninput))
		note(0, "ddc: %s: .%s 0x%02x is not listed", b->name, side,
		    in.value);
}

/* Why one has not answered was said. */
static void
monitor_check(const struct check *c, const struct bus *b)
{
	char list[5 * InputMax + 1] = "";
	const Monitor *m = b->row;
	Input host;
	size_t i;

	if (!m && c->means->ddc->only >= 0)
		return; /* another row may be */
	if (!m) {
		note(0, "ddc: %s: %s %s %s: no row of monitors[] is for it",
		    b->name, b->connector, b->id.manufacturer, b->id.model);
		return;
	}
	host = input_full(m->host, 0);
	for (i = 0; i < b->ninput; i++)
		sprintf(list + 5 * i, " 0x%02x", b->input[i]);
	if (b->value >= 0)
		ok("ddc: %s: %s %s %s: monitors[%d]: input 0x%02x %s is shown, "
		    "listed are%s", b->name, b->connector, b->id.manufacturer,
		    b->id.model, (int)(m - c->rows), b->value,
		    ddc_inputname(b->value & 0xff), *list ? list : " none");
	else if (m->flags & Blind || host.code != VcpInput ||
	    host.source != SourceHost)
		note(0, "ddc: %s: monitors[%d] can't be read, by its row",
		    b->name, (int)(m - c->rows));
	side_check(b, "host", m->host);
	side_check(b, "guest", m->guest);
	if (host.value && b->value >= 0 && !input_same(b->value,
	    host.readback))
		note(0, "ddc: %s: another input than .host is shown", b->name);
	node_holders(b->node);
}

/* ---- one after the other ---- */

/* What config.h does not need is no failure. */
static void
check_state(struct check *c, enum checkstate state, msec limit, msec now)
{
	c->state = state;
	c->source.due = now + limit;
	c->failed = *log_failed;
	log_hushed = state == CheckAgent && !c->needs;
}

static void
monitors_begin(struct check *c, msec now)
{
	check_state(c, CheckMonitors, MonitorsLimit, now);
	if (ddc_rowempty(c->rows))
		note(0, "ddc: monitors[] is empty");
	else
		ddc_order(c->means->ddc, (struct order){ .op = DdcRead,
		    .side = Host, .limit = MonitorsLimit }, now);
}

static void
vm_begin(struct check *c, msec now)
{
	const struct ddc *d = c->means->ddc;
	const struct buses *all = &d->buses;
	struct qmp *vm = c->means->qmp;
	int row;
	size_t i;

	for (i = 0; i < all->n; i++)
		if (all->bus[i].row || bus_usable(all, &all->bus[i]))
			monitor_check(c, &all->bus[i]);
	for (row = 0; d->only < 0 && !ddc_rowempty(c->rows + row); row++)
		if (!ddc_rowused(c->rows, -1, row))
			note(0, "ddc: monitors[%d] is not used: it names no "
			     "monitor", row);
	check_state(c, CheckVm, VmLimit, now);
	vm->devices.look = 1;
	if (!*vm->addr)
		note(0, "qmp: no socket is given: the VM counts as running");
	else if (!c->runs)
		qmp_open(vm, c->ops, VmHung, now);
}

/* Why there is no connection was said, but not that nothing comes by it. */
static int
vm_over(struct check *c, msec now)
{
	struct qmp *vm = c->means->qmp;

	if (!*vm->addr || c->runs)
		return 1;
	if (vm->devices.look && !vm->session.peer.why &&
	    now < c->source.due)
		return 0;
	if (!vm->devices.look)
		ok("qmp: the VM is %s", vmname[vm->vm]);
	else if (*log_failed == c->failed)
		warn("qmp: %s: no greeting, or it was lost", vm->addr);
	peer_close(&vm->session.peer);
	return 1;
}

/* Why it need not be asked; NULL: it is. In a guest that sleeps its port is
 * closed, too. */
static const char *
agent_absent(const struct check *c)
{
	const struct agent *a = c->means->agent;
	enum vmstate vm = c->means->qmp->vm;

	return !*a->peer.addr ? "no agent socket is configured" :
	    vm == VmStopped || vm == VmSuspended ?
	    "the VM is stopped, or sleeps, and the agent with it" :
	    a->open == PortClosed ? "no agent runs in the guest" : NULL;
}

static void
agent_answered(struct agentjob *j, int answered, msec now)
{
	struct check *c = OWNER(j, struct check, job);

	(void)now;
	c->answered = 1;
	if (answered)
		ok("qga: %s: the agent answers%s", c->means->agent->peer.addr,
		    j->op == AgentLook ? ", and runs commands" : "");
}

/* Whether it runs commands is asked where that is no matter, or all. */
static void
agent_begin(struct check *c, msec now)
{
	check_state(c, CheckAgent, AgentLimit, now);
	c->job = (struct agentjob){ .op = c->needs && !c->execs ? AgentPing :
	    AgentLook, .done = agent_answered };
	if (!c->runs && !agent_absent(c))
		agent_start(c->means->agent, &c->job, now);
}

static int
agent_over(struct check *c, msec now)
{
	struct agent *a = c->means->agent;
	const char *absent = agent_absent(c);

	if (c->runs || c->answered)
		return 1;
	if (!absent && !a->peer.why && now < c->source.due)
		return 0;
	if (absent || !a->peer.why)
		warn("qga: %s: %s", a->peer.addr, absent ? absent :
		     "no agent answers");
	agent_cancel(a, &c->job, now);
	return 1;
}

static void
check_before(struct source *s, msec now)
{
	struct check *c = OWNER(s, struct check, source);

	if (c->state == CheckMonitors && c->means->ddc->phase == DdcIdle)
		vm_begin(c, now);
	if (c->state == CheckVm && vm_over(c, now))
		agent_begin(c, now);
	if (c->state == CheckAgent && agent_over(c, now)) {
		log_hushed = 0;
		loop_end(0);
	}
}

/* The state that is late sees that before the next wait. */
static void
check_late(struct source *s, msec now)
{
	(void)s;
	(void)now;
}

void
check_open(struct check *c, struct means *means, const struct qmpops *ops,
           const Monitor *rows, const char *path, msec now)
{
	char status[] = "status", *word = status;

	*c = (struct check){
		.source = { .fd = -1, .before = check_before,
			.ready = check_late },
		.means = means, .ops = ops, .rows = rows,
		.runs = control_there(path),
	};
	config_check(c);
	if (c->runs) {
		note(0, "control: an instance runs, and has QEMU and the agent "
		    "to itself");
		control_request(path, 1, &word, TakeLimit);
	} else if (!control_wrong(path)) {
		ok("control: no instance runs");
	}
	rights_check();
	input_check(means);
	source_add(&c->source);
	monitors_begin(c, now);
}
