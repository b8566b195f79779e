/* See LICENSE for copyright and licence details.
 *
 * core/show: the cases of tests/core/show, then random steps, with core/job
 * replaced by a few lines.
 *
 * A file has settings and cases. A line "case NAME" begins one; "given" and
 * "expected" lines are its steps and what they do; settings before "given" are
 * its own, those before the first case are the file's:
 *
 *	toguest ROW..., tohost ROW...: kind:limit, then /orelse; /done, /fail:
 *	    it ends so at once. No ROW: an empty table
 *	settle MS, throttle MS, exitlimit MS, watchdog MS, autoreturn 0|1
 *	showon visible|focused|both
 *	once
 *	monitors: those that can be looked at are there for rows of commands
 *	from nothing|guest|host: what is shown at the beginning, at rest
 *
 * Steps: "vm:" asked, off, paused, sleeps, runs; "window:" none, hidden,
 * visible; "focus:" "blank:" "vt:" "pausing:" N; "showon:" as the setting, from
 * the next "focus:" on; "turmoil:" MS; "port:" N: the agent's is open; "poke",
 * "resume", "panic", "leave:" STATUS; "busy:" N: what is above is not idle;
 * "want:", "wait:" SIDE, as an action; "done", "fail", "futile", "unheard",
 * "quiet": the row or check ends so; "left": well, but another row's guest
 * stays, unless it is to be taken; "sent": its monitors have taken it; "pong",
 * "silent": so does the watchdog's; "@MS" time passes; "?" tells what is shown,
 * "taken" what they have, "how" is the evidence for it, "why" the reason,
 * "input" what of it is the guest's.
 *
 * Expected: "@MS" the time, if it is another, from the beginning of the case;
 * "wish:" SIDE; ">STATE"; "KIND:SIDE" a row that was started, with "/quick",
 * and "/MS" if the limit is not the row's; "verify:SIDE", "ping"; "late",
 * "cancel", "limit:MS" what became of it; "shown:SIDE"; "want=", "wait=" done,
 * pending, failed, "reached=" the same later; "leaving"; "end=STATUS";
 * "failed", "again:MS", "notnow(...)", "warned" what the log says. "|" is
 * copied. */
#include <ctype.h>
#include <glob.h>

#include "../../core/show.h"
#include "../lib/said.h"
#include "../lib/tap.h"

enum {
	Steps = 1000000, TextSize = 4096, RowMax = 8,
	Check = GuestWait + 1, Ping, /* kinds of jobs besides rows */
	LateMost = 1100, /* a wish waits no longer, with the settings below */
	Begin = 1000000 /* ms; the clock does not begin at 0 */
};

static const char *const kindname[] = {
	[Ddc] = "ddc", [Exec] = "exec", [GuestExec] = "guestexec",
	[GuestWait] = "guestwait",
};

static const char *const evidencename[] = {
	[DdcFailed] = "failed", [DdcSilent] = "silent", [DdcSent] = "sent",
	[DdcQuiet] = "quiet", [DdcConfirmed] = "confirmed", [DdcLast] = "none",
};

/* How a job will end by itself. */
struct fate {
	enum { Fails, IsFutile, IsSilent, IsLeft, IsQuiet, Ends } end;
	const Step *row;
	enum side side;
};

static struct show show;
static struct agent agent;
static struct means conf;
static struct ddc ddc;
static Step toguest[RowMax + 1], tohost[RowMax + 1];
static enum { Playing, Random, Healthy } mode;
static struct fate wayfate, dogfate;
static msec now = Begin, start, told;
static char trace[TextSize];
static enum side waiter;
static int busy, ended, monitors;
static uint32_t chance;

/* What the random steps know by themselves. */
static struct {
	enum side proof;     /* what the rows that ended show */
	enum side of;        /* the rows that count for it */
	unsigned good;       /* those of them that ended well */
	int last;            /* the one that was started last */
	int futile, bounced; /* reasons not to try again */
	msec left;           /* when it was told to leave, or 0 */
	const char *wrong;
} model;

/* ---- what was done ---- */

__attribute__((format(printf, 1, 2))) static void
put(const char *fmt, ...)
{
	size_t n = strlen(trace);
	va_list ap;

	if (told != now)
		n += snprintf(trace + n, sizeof(trace) - n, "@%d ",
		    (int)(now - start));
	told = now;
	va_start(ap, fmt);
	n += vsnprintf(trace + n, sizeof(trace) - n, fmt, ap);
	va_end(ap);
	snprintf(trace + n, sizeof(trace) - n, " ");
}

/* A line of the log. */
static void
puthear(const char *line)
{
	const char *p;
	int n;

	if (!strncmp(line, "show: ", 6) && (p = strstr(line, " -> ")))
		put(">%s", p + 4);
	else if (sscanf(line, "show: again in %d", &n) == 1)
		put("again:%d", n);
	else if (strstr(line, "the switch failed"))
		put("failed");
	else if ((p = strstr(line, "not now: ")))
		put("notnow(%s)", p + 9);
	else if (strncmp(line, "show: ", 6) && strncmp(line, "wish: ", 6) &&
	    strcmp(line, "leaving"))
		put("warned");
}

static void
hear(void)
{
	char *line, *end;

	if (mode != Playing)
		return;
	line = (char *)said();
	for (; (end = strchr(line, '\n')); line = end + 1) {
		*end = '\0';
		puthear(line);
	}
	unsay();
}

#define add(...) (mode == Playing ? hear(), put(__VA_ARGS__) : (void)0)

static const char *
result(int r)
{
	return r == Done ? "done" : r == Failed ? "failed" : "pending";
}

static void
wrong(const char *what)
{
	if (!model.wrong)
		model.wrong = what;
}

/* ---- in the place of core/job ---- */

static struct fate *
fateof(const struct job *j)
{
	return j == &show.dog.job ? &dogfate : &wayfate;
}

/* Has each row of the side, or one of its alternatives, ended well? Those that
 * a panic leaves out don't count, if there is another. */
static int
proven(enum side side)
{
	const Step *rows = side == Guest ? toguest : tohost, *p;
	int good = 0, there = 0;

	for (p = rows; p->kind; p++) {
		if (!p->orelse)
			good = there = 0;
		good |= model.good >> (p - rows) & 1;
		there |= show.fact[FactAsked] != Panic || p->kind == Ddc ||
		    p->kind == Exec;
		if (!p[1].orelse && there && !good)
			return 0;
	}
	return model.good != 0;
}

static void
prove(const struct fate *f, int ok)
{
	const Step *rows = f->side == Guest ? toguest : tohost;

	if (!f->row)
		return;
	if (ok)
		model.good |= 1u << (f->row - rows);
	model.proof = ok && proven(f->side) ? f->side : Unknown;
}

static const enum evidence evidenceof[] = {
	[Fails] = DdcFailed, [IsFutile] = DdcFutile, [IsSilent] = DdcSilent,
	[IsLeft] = DdcLeft,
	[IsQuiet] = DdcQuiet, [Ends] = DdcConfirmed,
};

static void
jobend(struct job *j, int end)
{
	struct fate f = *fateof(j);

	if (end == IsLeft && (f.side != Host || conf.take ||
	    (f.row && f.row->kind != Ddc)))
		end = Ends; /* it was taken */
	source_del(&j->timer);
	j->kind = 0;
	if (j == &show.way.job) {
		conf.evidence = f.row && f.row->kind != Ddc ? DdcSent :
		    evidenceof[end];
		if (f.row)
			model.futile = end == IsFutile;
	}
	if (j == &show.way.job && !f.row && end == Fails) {
		model.proof = Unknown;
		model.bounced++;
	}
	if (j == &show.way.job)
		prove(&f, end >= IsQuiet);
	j->done(j, end >= IsLeft || (!f.row && end != Fails), now);
}

static void
joblate(struct source *s, msec at)
{
	struct job *j = OWNER(s, struct job, timer);

	(void)at;
	if (mode == Playing)
		add("late");
	jobend(j, fateof(j)->end);
}

static int
jobbegin(struct job *j, int kind, const Step *row, enum side side, msec limit)
{
	struct fate *f = fateof(j);
	msec length = limit;

	if (j->kind)
		wrong("a job was started twice");
	/* of a check that takes too long nobody can tell */
	*f = (struct fate){ kind == Check ? Ends : Fails, row, side };
	if (mode == Healthy || (mode == Random && taprandom(&chance) % 4)) {
		length = mode == Healthy ? 10 : taprandom(&chance) % 3000;
		f->end = mode == Healthy ? Ends :
		    taprandom(&chance) % 8 % 5;
		if (length > limit) {
			length = limit;
			f->end = kind == Check ? Ends : Fails;
		}
	}
	j->kind = kind;
	j->timer.fd = -1;
	j->timer.ready = joblate;
	j->timer.due = now + (length > 0 ? length : 1);
	source_add(&j->timer);
	return Pending;
}

void
job_init(struct job *j, struct means *m)
{
	static char why[LineMax];

	(void)m;
	*j = (struct job){ .timer.fd = -1, .why = why };
}

int
job_row(struct job *j, const Step *p, enum side side, int quick, msec limit,
        msec at)
{
	const Step *rows = side == Guest ? toguest : tohost;
	const char *how = p->arg.grab;
	struct fate f = { Fails, p, side };
	char text[32] = "";
	int r = Pending;

	(void)at;
	if (limit != p->limit)
		snprintf(text, sizeof(text), "/%d", (int)limit);
	add("%s:%s%s%s", kindname[p->kind], sidename[side],
	    quick ? "/quick" : "", text);
	if (side != model.of || p - rows <= model.last)
		model.good = 0;
	model.of = side;
	model.last = p - rows;
	model.proof = Unknown;
	conf.evidence = DdcSent;
	model.futile = 0;
	if (how)
		r = !strcmp(how, "done") ? Done : Failed;
	else if (p->kind == Exec && !p->limit)
		r = Done;
	else if (mode == Random && taprandom(&chance) % 6 == 0)
		r = taprandom(&chance) % 2 ? Done : Failed;
	if (r == Pending)
		return jobbegin(j, p->kind, p, side, limit);
	prove(&f, r == Done);
	return r;
}

int
ddc_rowempty(const Monitor *row)
{
	(void)row;
	return !monitors && show.way.step->kind != Ddc;
}

void
job_verify(struct job *j, enum side side, msec limit, msec at)
{
	(void)at;
	add("verify:%s", sidename[side]);
	jobbegin(j, Check, NULL, side, limit);
}

int
job_guest(struct job *j, enum jobkind kind, const char *const *argv,
          msec limit, msec at)
{
	(void)kind;
	(void)argv;
	(void)at;
	add("ping");
	return jobbegin(j, Ping, NULL, Unknown, limit);
}

void
job_limit(struct job *j, msec due)
{
	if (j->timer.due <= due)
		return;
	add("limit:%d", (int)(due - now));
	j->timer.due = due;
	fateof(j)->end = Fails;
}

void
job_cancel(struct job *j, msec at)
{
	(void)at;
	if (!j->kind)
		return;
	add("cancel");
	source_del(&j->timer);
	j->kind = 0;
	if (fateof(j)->row)
		model.last = RowMax;
}

/* ---- in the place of what is above ---- */

static void
opwished(msec at)
{
	(void)at;
	add("wish:%s", sidename[show.wanted]);
	model.bounced = 0;
}

static void
opshown(msec at)
{
	(void)at;
	add("shown:%s", sidename[show.shown]);
}

static void
opleaving(msec at)
{
	(void)at;
	add("leaving");
}

static int
opidle(void)
{
	return !busy;
}

static const struct showops ops = {
	opwished, opshown, opleaving, opidle
};

/* ---- steps ---- */

/* One who waits looks before each pass. */
static void
turn(void)
{
	int r, status;

	if (waiter && (r = show_reached(&show, waiter)) != Pending) {
		waiter = Unknown;
		add("reached=%s", result(r));
	}
	if ((status = loop_turn(now)) < 0)
		return;
	add("end=%d", status);
	ended = 1;
	if (!status && show.shown != Host)
		wrong("status 0, and the host is not shown");
}

/* All that is due, and one pass more, for what is asked before a wait; nothing
 * is, after the end. */
static void
serve(void)
{
	msec due;

	while ((due = loop_due()) && due <= now && !ended)
		turn();
	if (!ended)
		turn();
	hear();
}

static void
pass(msec length)
{
	msec until = now + length, due;

	while ((due = loop_due()) && due <= until && !ended) {
		if (due > now)
			now = due;
		serve();
	}
	now = until;
	serve();
}

static void
finish(void)
{
	source_del(&show.way.timer);
	source_del(&show.dog.timer);
	source_del(&show.leave.timer);
	source_del(&show.way.job.timer);
	source_del(&show.dog.job.timer);
	loop_turn(now);
}

static const struct {
	const char *name;
	enum fact fact;
	const char *values[6]; /* from NotKnown on; none: a number */
} settable[] = {
	{ "vm", FactVm, { "asked", "off", "paused", "sleeps", "runs" } },
	{ "window", FactVisible, { "none", "hidden", "visible" } },
	{ "focus", FactFocus, { NULL } },
	{ "blank", FactBlanked, { NULL } },
	{ "vt", FactElsewhere, { NULL } },
	{ "pausing", FactPausing, { NULL } },
};

static void
bad(const char *what)
{
	printf("Bail out! %s?\n", what);
	exit(2);
}

static int
stepfact(const char *name, const char *value)
{
	size_t i, k;

	for (i = 0; i < LENGTH(settable); i++) {
		if (strcmp(settable[i].name, name))
			continue;
		if (!settable[i].values[0]) {
			show_set(&show, settable[i].fact, atoi(value), now);
			return 1;
		}
		for (k = 0; settable[i].values[k]; k++)
			if (!strcmp(settable[i].values[k], value))
				break;
		if (!settable[i].values[k])
			bad(value);
		show_set(&show, settable[i].fact, (int)k + NotKnown, now);
		return 1;
	}
	return 0;
}

static int
stepjob(const char *name)
{
	static const struct {
		const char *name;
		struct job *job;
		int end;
	} list[] = {
		{ "done", &show.way.job, Ends },
		{ "fail", &show.way.job, Fails },
		{ "futile", &show.way.job, IsFutile },
		{ "unheard", &show.way.job, IsSilent },
		{ "left", &show.way.job, IsLeft },
		{ "quiet", &show.way.job, IsQuiet },
		{ "pong", &show.dog.job, Ends },
		{ "silent", &show.dog.job, Fails },
	};
	size_t i;

	for (i = 0; i < LENGTH(list); i++) {
		if (strcmp(list[i].name, name))
			continue;
		if (list[i].job->kind)
			jobend(list[i].job, list[i].end);
		else
			add("nojob");
		return 1;
	}
	return 0;
}

static enum side
sideof(const char *name)
{
	return !strcmp(name, "guest") ? Guest : Host;
}

static void
stepwait(const char *name, const char *side)
{
	int r;

	waiter = Unknown;
	r = !strcmp(name, "want") ? show_want(&show, sideof(side), now) :
	    show_wait(&show, sideof(side), now);
	add("%s=%s", name, result(r));
	if (r == Pending)
		waiter = sideof(side);
}

static int
showonof(const char *value)
{
	return !strcmp(value, "visible") ? Visible :
	    !strcmp(value, "focused") ? Focused : Visible | Focused;
}

static void
step(char *tok)
{
	static const char *const input[] = { "none", "wakes", "all" };
	char *value = strchr(tok, ':');

	if (*tok == '@') {
		pass(atoi(tok + 1));
		return;
	}
	if (value)
		*value++ = '\0';
	if (!strcmp(tok, "|"))
		add("|");
	else if (!strcmp(tok, "?"))
		add("%s", sidename[show.shown]);
	else if (!strcmp(tok, "sent"))
		show_sent(&show);
	else if (!strcmp(tok, "taken"))
		add("%s", sidename[show.way.sent]);
	else if (!strcmp(tok, "how"))
		add("(%s)", evidencename[show.evidence]);
	else if (!strcmp(tok, "input"))
		add("input=%s", input[show_input(&show)]);
	else if (!strcmp(tok, "why"))
		add("(%s)", show_why(&show) ? show_why(&show) : "");
	else if (!strcmp(tok, "poke"))
		show_poke(&show, now);
	else if (!strcmp(tok, "resume"))
		show_resumed(&show, now);
	else if (!strcmp(tok, "panic"))
		show_panic(&show, now);
	else if (!stepjob(tok)) {
		if (!value)
			bad(tok);
		else if (!strcmp(tok, "turmoil"))
			show_turmoil(&show, now + atoi(value), now);
		else if (!strcmp(tok, "leave"))
			show_leave(&show, atoi(value), now);
		else if (!strcmp(tok, "busy"))
			busy = atoi(value);
		else if (!strcmp(tok, "showon"))
			conf.showon = showonof(value);
		else if (!strcmp(tok, "port"))
			agent.open = atoi(value);
		else if (!strcmp(tok, "want") || !strcmp(tok, "wait"))
			stepwait(tok, value);
		else if (!stepfact(tok, value))
			bad(tok);
	}
	serve();
}

static void
steps(const char *given)
{
	char text[TextSize], *tok, *rest = text;

	snprintf(text, sizeof(text), "%s", given);
	while ((tok = strtok_r(rest, " \t\n", &rest)))
		step(tok);
}

/* ---- settings ---- */

static void
setrows(Step *rows, char *rest)
{
	char *tok, *p;
	size_t n = 0;
	int k;

	memset(rows, 0, (RowMax + 1) * sizeof(*rows));
	while ((tok = strtok_r(rest, " \t\n", &rest)) && n < RowMax) {
		p = strchr(tok, ':');
		if (!p)
			bad(tok);
		*p++ = '\0';
		for (k = Ddc; k <= GuestWait; k++)
			if (!strcmp(kindname[k], tok))
				rows[n].kind = k;
		rows[n].limit = atoi(p);
		rows[n].orelse = strstr(p, "/orelse") != NULL;
		rows[n].arg.grab = strstr(p, "/done") ? "done" :
		    strstr(p, "/fail") ? "fail" : NULL;
		n++;
	}
}

static char from[16];

static void
setting(char *line)
{
	static const struct {
		const char *name;
		msec *value;
	} times[] = {
		{ "settle", &conf.settle }, { "throttle", &conf.throttle },
		{ "exitlimit", &conf.exitlimit },
		{ "watchdog", &conf.watchdog },
	};
	char *rest = line, *name = strtok_r(rest, " \t\n", &rest), *value;
	size_t i;

	if (!strcmp(name, "toguest") || !strcmp(name, "tohost")) {
		setrows(!strcmp(name, "tohost") ? tohost : toguest, rest);
		return;
	}
	if (!strcmp(name, "once")) {
		conf.once = 1;
		return;
	}
	if (!strcmp(name, "monitors")) {
		monitors = 1;
		return;
	}
	value = strtok_r(rest, " \t\n", &rest);
	if (!value)
		bad(name);
	for (i = 0; i < LENGTH(times); i++) {
		if (strcmp(times[i].name, name))
			continue;
		*times[i].value = atoi(value);
		return;
	}
	if (!strcmp(name, "autoreturn"))
		conf.autoreturn = atoi(value);
	else if (!strcmp(name, "showon"))
		conf.showon = showonof(value);
	else if (!strcmp(name, "from"))
		snprintf(from, sizeof(from), "%s", value);
	else
		bad(name);
}

static void
defaults(void)
{
	char rows[] = "ddc:10000", more[] = "ddc:10000";

	memset(&conf, 0, sizeof(conf));
	monitors = 0;
	conf.settle = 48;
	conf.throttle = 100;
	conf.exitlimit = 5000;
	conf.autoreturn = 1;
	conf.showon = Visible;
	conf.agent = &agent;
	conf.ddc = &ddc;
	conf.toguest = toguest;
	conf.tohost = tohost;
	setrows(toguest, rows);
	setrows(tohost, more);
	snprintf(from, sizeof(from), "nothing");
}

/* Nothing but what the settings say. */
static void
reopen(void)
{
	waiter = Unknown;
	busy = ended = 0;
	agent.open = PortClosed;
	memset(&model, 0, sizeof(model));
	model.last = RowMax;
	show_open(&show, &conf, &ops);
}

/* ---- cases ---- */

static void
casebegin(void)
{
	int i;

	reopen();
	if (strcmp(from, "nothing")) {
		step((char[]){ "vm:runs" });
		step((char[]){ "focus:1" });
		step(!strcmp(from, "guest") ? (char[]){ "window:visible" } :
		    (char[]){ "window:hidden" });
		pass(500);
		/* the rows, the check */
		for (i = 0; i < 9 && show.way.state != ShowRests; i++) {
			if (show.way.job.kind)
				jobend(&show.way.job, Ends);
			pass(show.way.state == ShowWatches ? 3000 : 0);
		}
		pass(1000);
		if (show.dog.job.kind)
			jobend(&show.dog.job, Ends);
	}
	agent.open = PortOpen;
	unsay();
	trace[0] = '\0';
	start = told = now;
}

static void
trim(char *s)
{
	char *to = s;

	for (; *s; s++)
		if (!isspace((unsigned char)*s) ||
		    (to[0] = ' ', s[1] && !isspace((unsigned char)s[1])))
			*to++ = isspace((unsigned char)*s) ? ' ' : *s;
	*to = '\0';
}

static void
caseend(const char *file, const char *name, const char *given, char *expected)
{
	char title[256];

	if (!*name)
		return;
	casebegin();
	steps(given);
	trim(trace);
	trim(expected);
	snprintf(title, sizeof(title), "%s: %s", file, name);
	okstr(trace, *expected == ' ' ? expected + 1 : expected, title, given);
	if (model.wrong)
		ok(0, "%s: %s", title, model.wrong);
	finish();
}

static void
casefile(const char *path)
{
	char line[512], name[128] = "", given[TextSize], expected[TextSize];
	const char *file = strrchr(path, '/') + 1;
	static struct means common;
	Step commonrows[2][RowMax + 1] = { 0 };
	char commonfrom[sizeof(from)] = "";
	FILE *f = fopen(path, "r");

	if (!f)
		bad(path);
	defaults();
	while (fgets(line, sizeof(line), f)) {
		if (*line == '#' || *line == '\n')
			continue;
		if (!strncmp(line, "given ", 6) ||
		    !strncmp(line, "expected", 8)) {
			char *to = *line == 'g' ? given : expected;
			size_t n = strlen(to);

			snprintf(to + n, TextSize - n, "%s",
			    line + (*line == 'g' ? 6 : 8));
			continue;
		}
		if (strncmp(line, "case ", 5)) {
			setting(line);
			continue;
		}
		caseend(file, name, given, expected);
		if (!*name) {
			common = conf;
			memcpy(commonrows[0], toguest, sizeof(toguest));
			memcpy(commonrows[1], tohost, sizeof(tohost));
			memcpy(commonfrom, from, sizeof(from));
		}
		conf = common;
		monitors = 0;
		memcpy(toguest, commonrows[0], sizeof(toguest));
		memcpy(tohost, commonrows[1], sizeof(tohost));
		memcpy(from, commonfrom, sizeof(from));
		snprintf(name, sizeof(name), "%.*s",
		    (int)strcspn(line + 5, "\n"), line + 5);
		given[0] = expected[0] = '\0';
	}
	caseend(file, name, given, expected);
	fclose(f);
}

/* ---- random steps ---- */

enum {
	MetPanic = FactLast, MetTurmoil, MetPoke, MetResume, MetTime, MetLast
};
static const char *const metname[] = {
	[FactVm] = "vm", [FactVisible] = "window", [FactFocus] = "focus",
	[FactBlanked] = "blank", [FactElsewhere] = "vt",
	[FactPausing] = "pausing", [FactAsked] = "asked",
	[MetPanic] = "panic", [FactLeaving] = "leaving",
	[MetTurmoil] = "turmoil", [MetPoke] = "poke", [MetResume] = "resume",
	[MetTime] = "time",
};
static const char *const states[] = {
	"rests", "settles", "runs", "retries", "watches"
};
static unsigned met[LENGTH(states)][MetLast];

/* What holds at all times. */
static void
always(void)
{
	msec due = show.way.timer.due;

	if (show.way.state != ShowRuns && show.shown &&
	    show.shown != model.proof)
		wrong("a side is claimed without evidence");
	if (show.way.state != ShowWatches &&
	    (show.way.state == ShowRuns) != (show.way.job.kind != 0))
		wrong("a job runs, or not, that the state does not know");
	if (show.way.state == ShowSettles && (!due || due > now + LateMost))
		wrong("a wish settles for too long");
	if (show.way.state == ShowRetries && (!due || due > now + 30000))
		wrong("a retry is not due");
	if (show.way.state == ShowWatches && !show.way.job.kind &&
	    (!due || due > now + 3000))
		wrong("a check is not due");
	if (show.way.state == ShowRuns && show.way.target != show.wanted &&
	    show.way.step->kind != Exec)
		wrong("a row goes on that is for the wish before");
	if (show.wanted == Guest && (show.fact[FactVm] != VmRunning ||
	    show.fact[FactLeaving] || show.fact[FactAsked] == Panic ||
	    show.fact[FactBlanked] || show.fact[FactElsewhere] ||
	    show.fact[FactPausing]))
		wrong("the guest is wanted though it can't be");
	if (model.left && !ended && now >= model.left + conf.exitlimit)
		wrong("leaving takes longer than ExitLimit");
	if (ended && !model.left)
		wrong("it ended unasked");
}

/* A fact is another, by chance. What the window and the VM say changes less
 * often than the rest, or no wish would last. */
static void
randomfact(enum fact f)
{
	int before = show.fact[f], value;

	do {
		value = taprandom(&chance) % (f == FactVm ? 7 : 2);
		if (f == FactVm && value > VmRunning)
			value = VmRunning;
	} while (value == before && f != FactFocus);
	met[show.way.state][f]++;
	/* the focus counts, or no longer: with ShowOn Auto, as a front tells */
	if (f == FactFocus && taprandom(&chance) % 4 == 0)
		conf.showon ^= Focused;
	show_set(&show, f, value, now);
}

/* What the window says. */
static int
says(void)
{
	return show.fact[FactVisible] == 1 &&
	    (show.fact[FactFocus] || !(conf.showon & Focused));
}

/* What was asked for counts until then: the test's own memory of it. */
static int
latch(enum fact f, enum side asked, int window)
{
	return f != FactVm && says() == window ? (int)asked :
	    show.fact[FactAsked];
}

static void
randomstep(void)
{
	static const unsigned char often[] = {
		FactVm, FactVisible, FactVisible, FactFocus, FactBlanked,
		FactElsewhere, FactPausing, FactAsked, FactAsked, MetPanic,
		FactLeaving, MetTurmoil, MetPoke, MetResume, MetTime, MetTime,
		MetTime, MetTime, MetTime, MetTime, MetTime, MetTime
	};
	int what = often[taprandom(&chance) % sizeof(often)];
	enum side asked = show.fact[FactAsked];
	int window = says();
	static const msec length[] = { 1, 20, 50, 200, 1000, 3000, 9000 };

	if (what == FactLeaving && taprandom(&chance) % 16)
		what = MetTime;
	if (what == MetPanic && taprandom(&chance) % 4)
		what = MetTime;
	if ((what == FactBlanked || what == FactElsewhere ||
	    what == FactPausing) && !show.fact[what] &&
	    taprandom(&chance) % 3)
		what = MetTime;
	if (what >= FactLeaving)
		met[show.way.state][what]++;
	switch (what) {
	case FactAsked:
		show_want(&show, Host + taprandom(&chance) % 2, now);
		break;
	case MetPanic:
		model.proof = Unknown;
		show_panic(&show, now);
		if (show.shown)
			wrong("after a panic a side is claimed");
		if (show.wanted != Host)
			wrong("a panic does not want the host");
		break;
	case FactLeaving:
		model.left = now;
		busy = taprandom(&chance) % 4 == 0;
		show_leave(&show, 0, now);
		if (show.wanted != Host)
			wrong("leaving does not want the host");
		break;
	case MetTurmoil:
		show_turmoil(&show, now +
		    (taprandom(&chance) % 2 ? 1000 : 5000), now);
		break;
	case MetPoke:
		show_poke(&show, now);
		break;
	case MetResume:
		if (show.way.state != ShowRuns)
			model.proof = Unknown;
		show_resumed(&show, now);
		break;
	case MetTime:
		pass(length[taprandom(&chance) % LENGTH(length)]);
		break;
	default:
		randomfact(what);
		if (latch(what, asked, window) != show.fact[FactAsked])
			wrong("a latch ended by what does not end it");
		if (window != says() && show.fact[FactAsked])
			wrong("a latch outlived the window's word");
		if (what == FactVm && show.fact[FactVm] == VmOff &&
		    show.fact[FactAsked] == Guest)
			wrong("the guest is asked for of a VM that is off");
	}
	serve();
}

/* All rows end well for a while: the wish has to be carried out. Where nothing
 * is tried again by itself, by a poke. */
static void
calm(void)
{
	mode = Healthy;
	pass(60000);
	if (show.wanted == Host && show.shown != Host && !model.futile &&
	    show.evidence != DdcLeft && model.bounced < 2)
		wrong("a wish for the host is not retried");
	show_poke(&show, now);
	pass(15000);
	if (show.shown != show.wanted &&
	    (show.wanted != Host || show.evidence != DdcLeft))
		wrong("a wish that lasts is not carried out");
	mode = Random;
}

/* Its first steps, and as many as the seed says. */
static void
era(unsigned n)
{
	char host[] = "guestexec:4000 ddc:5000/orelse guestexec:3000/orelse "
	    "exec:1000";
	char guest[] = "guestwait:2000 exec:1000 ddc:5000 exec:700/orelse";
	char one[] = "ddc:5000", only[] = "ddc:3000";

	defaults();
	conf.autoreturn = n % 2;
	conf.showon = n % 3 ? Visible : Visible | Focused;
	conf.watchdog = n % 5 ? 0 : 1000;
	setrows(tohost, n % 4 ? one : host);
	setrows(toguest, n % 4 == 3 ? only : guest);
	reopen();
}

static void
property(uint32_t seed)
{
	unsigned long n, eras = 0;
	size_t i, k, missing = 0;

	chance = seed;
	mode = Random;
	verbose = 0;
	era(eras++);
	for (n = 0; n < Steps && !model.wrong; n++) {
		randomstep();
		always();
		if (n % 40 == 39 && !model.left)
			calm();
		always();
		if (model.left && !ended) {
			pass(conf.exitlimit);
			always();
		}
		if (!ended || model.wrong)
			continue;
		finish();
		era(eras++);
	}
	finish();
	printf("# %-9s", "");
	for (k = 0; k < MetLast; k++)
		printf("%9s", metname[k]);
	for (i = 0; i < LENGTH(states); i++) {
		printf("\n# %-9s", states[i]);
		for (k = 0; k < MetLast; k++) {
			printf("%9u", met[i][k]);
			missing += !met[i][k];
		}
	}
	putchar('\n');
	if (!ok(!model.wrong, "show: %d random steps", Steps))
		printf("#   seed %u, step %lu: %s\n", seed, n, model.wrong);
	else
		ok(!missing, "show: each state has met each fact");
	mode = Playing;
}

int
main(int argc, char *argv[])
{
	uint32_t seed = argc > 2 ? strtoul(argv[2], NULL, 0) : 1;
	glob_t g;
	size_t i;

	tapbegin(900);
	saidbegin();
	verbose = 1;
	if (argc > 1 && !strcmp(argv[1], "random")) {
		property(seed);
		return tapend();
	}
	if (argc > 1) {
		casefile(argv[1]);
		return tapend();
	}
	ok(!glob("tests/core/show/*.t", 0, NULL, &g), "there are cases");
	for (i = 0; i < g.gl_pathc; i++)
		casefile(g.gl_pathv[i]);
	globfree(&g);
	property(seed);
	return tapend();
}
