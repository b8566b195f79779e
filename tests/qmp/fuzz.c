/* See LICENSE for copyright and licence details.
 *
 * Fuzz targets for all that qmp.c and qmp/ take from QEMU and the guest's
 * agent. The variable FUZZ names the one to run:
 *
 *   json   a text, against another parser and another framer
 *   qmp    whole runs of a QMP connection, by a script
 *   agent  the same with the guest's agent
 *
 * fuzzmain.c has what libFuzzer calls, and what is in its place where it is
 * missing. First inputs are in tests/qmp/corpus, and SEEDS=FOLDER writes the
 * ones that are too long for it.
 *
 * They are included, with the loop, so that their system calls are those of
 * this file: time is a number, and the other end of the socket is here too. A
 * script is run three times: what came is read as a whole, byte by byte, and
 * in random pieces, and has to have the same effect. What is sent is
 * known from the note at the time when it is made, and is compared with
 * what comes out of the socket.
 *
 * Each line of a script is one order; the first letter says which, then its
 * argument follows. After each all is served, until nothing is left to do.
 *   #...    only in the first line, words: d222 drivers (and devices are
 *           managed), bNAME their bus, aADDR the agent's, h5000 time limit,
 *           @N the kind of address, yN what callbacks do (enum in this file)
 *   <T  -T  the other end sends T with an end of line, or without
 *   LN      it sends N bytes
 *   gN      it sends a greeting of version N
 *   rN      it answers the oldest command, in a way that N chooses
 *   RT  eT  its reply has T as "return", or is an error with T in words
 *   AN      it answers all commands as rN from now on; A: no longer
 *   ET      an event: its name, and data if it has one
 *   wN      its buffer takes N bytes more; w: any number
 *   c C     it closes; the connection breaks
 *   v       the VM ends, and another one has its place
 *   xN      what connecting comes to from now on (enum way)
 *   tN      N ms pass
 *   h       from now on, or no longer, nothing is served; s: but one round
 *   *N      the next order is given N times
 * qmp:
 *   iT      qmp_input of a report: k30=1 EV_KEY, r0=5 EV_REL, a1=7 EV_ABS
 *   jN JN   qmp_command, qmp_forget of job N
 *   lN      qmp_leave with a limit of N ms
 *   u       a reply to a command that nobody sent
 * agent:
 *   jN JN   agent_start, agent_cancel of job N; its op is N % 4
 *   kN      the argument of a job becomes N bytes long
 *   oT      answers that the command wrote T and ended well
 *   pN      agent_port: 0 closed, 1 open, else not known */
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int fakeclose(int);
static int fakeconnect(int, const void *, socklen_t);
static int fakegetsockopt(int, int, int, void *, socklen_t *);
static ssize_t fakeread(int, void *, size_t);
static int fakeselect(int, fd_set *, fd_set *, fd_set *, struct timeval *);
static ssize_t fakesend(int, const void *, size_t, int);
static int fakeshutdown(int, int);
static int fakesocket(int, int, int);

/* what is said, and a table that is full, are this file's */
#define log_line loopline
#define source_add loopadd
#define select fakeselect
#include "../../core/loop.c"
#undef log_line
#undef source_add
#undef select
int source_add(struct source *);
void log_line(int, const char *, ...) __attribute__((format(printf, 2, 3)));

#define close fakeclose
#define connect fakeconnect
#define getsockopt fakegetsockopt
#define read fakeread
#define send fakesend
#define shutdown fakeshutdown
#define socket(family, type, protocol) fakesocket(family, type, protocol)
#include "../../qmp/json.c"
#include "../../qmp/peer.c"
#include "../../qmp/keys.c"
#include "../../qmp/session.c"
#include "../../qmp/report.c"
#include "../../qmp/device.c"
#include "../../qmp/agent.c"
#include "../../qmp.c"
#include "../lib/fuzz.h"
#undef close
#undef connect
#undef getsockopt
#undef read
#undef send
#undef shutdown
#undef socket

enum {
	FirstFd = 100, FdMax = 900,
	NodeMax = 1 << 15, StackMax = 66, /* a value may be in 64 others */
	LongLine = 4200, RxMax = 1 << 17, LogMax = 1 << 20,
	ShortMax = 1 << 13, /* a limit of messages that is soon reached */
	LongRead = 2000,    /* bytes one by one, of more that came at once */
	QmpJobs = 20, AgentJobs = 8, LongMax = 40000,
	AskedMax = 64, TouchedMax = 96,
	OrderMax = 2000, TimeMax = 150000, FillMax = 20000, /* of a script */
	IdleMax = 16,    /* rounds in which nothing was done */
	OpenMax = 300,   /* connections at one time */
	RestartMax = 3, NearEnd = 60000
};

/* A kind of address. */
enum { Unix, Tcp };
/* What comes of connect(). */
enum way {
	Accepts, NotThere, Refuses, NotAllowed, Full, Later, LaterNot, Never,
	NoSocket, NoRoom, DeadLink, Ways
};
/* How what came is read. */
enum { Whole, Bytes, Pieces };
/* What callbacks do: bits of yN. */
enum { Releases = 1, Restarts = 2, Commands = 4, Cancels = 8 };

/* A value of a text: the other parser's result. */
struct value {
	char kind; /* its first letter; a number's is 0 */
	const char *s, *end;
	unsigned child, next; /* numbers; 0: none */
};

/* A key or button, and whether it goes down. */
struct press {
	unsigned code;
	int down;
};

/* A command that was sent and has no reply. */
struct asked {
	int kind, job;
	size_t at; /* where it ends, in the stream */
	int64_t arg; /* a pid, the id of a sync, or an index */
	char text[80];
	struct press press[1];
	size_t npress;
};

enum {
	Capabilities, Status, List, Add, Chardev, Mice, Human, Del, Job,
	Send,
	Sync, Ping, GuestRun, GuestStatus, GuestEnd
};
static const struct {
	const char *name;
	int kind;
} command[] = {
	{ "qmp_capabilities", Capabilities }, { "query-status", Status },
	{ "qom-list", List }, { "device_add", Add },
	{ "query-chardev", Chardev }, { "query-mice", Mice },
	{ "human-monitor-command", Human }, { "device_del", Del },
	{ "system_reset", Job }, { "stop", Job }, { "cont", Job },
	{ "input-send-event", Send },
}, agentcommand[] = {
	{ "guest-sync-delimited", Sync }, { "guest-ping", Ping }, { "guest-exec", GuestRun },
	{ "guest-exec-status", GuestStatus }, { "guest-shutdown", GuestEnd },
};

struct myqmpjob {
	struct qmpjob job;
	int started, sent, expect; /* 1 + ok; 0: nothing */
	unsigned long behind; /* the keys that were taken before */
};
struct myagentjob {
	struct agentjob job;
	int started, sent, expect, restarts;
	int64_t pid;
};

static struct {
	/* the script */
	int kind, mode, hold, differs, restarts;
	unsigned flags;
	long orders, passed, filled;
	uint64_t random;
	msec now, limit;
	/* the loop */
	unsigned long moved;
	msec openedat;
	int opened;
	/* the connection */
	int fd, nextfd, connecting, greeted;
	enum way way, outcome;
	pid_t pid;
	size_t rxat, rxn; /* of rx[] */
	int eof, broken, tainted;
	size_t room;
	size_t txn, told, got; /* positions in the stream: told, received */
	struct asked asked[AskedMax];
	size_t nasked;
	int answers; /* -1: not by itself */
	int synced, ncommands;
	/* what the guest holds, and what was sent there as far as input.c
	 * knows; maybe: the two may differ */
	unsigned char held[KEY_CNT], sent[KEY_CNT], maybe[KEY_CNT];
	unsigned touched[TouchedMax];
	size_t ntouched;
	size_t npend, nlost;
	unsigned long nkeys; /* taken, all told */
	/* sums of motion and notches: taken, sent */
	int64_t taken[4], gone[4];
	int abs[2], absgone[2], exact;
	int relative; /* kind of the mouse that has the buttons */
	int64_t nextpid;
	const char *output, *outputof; /* that is to be told */
	struct qmp qmp;
	struct agent agent;
	struct myqmpjob qmpjob[QmpJobs];
	struct myagentjob agentjob[AgentJobs];
} w;

static char rx[RxMax], tx[1 << 16];    /* to and from qmp.c */
static struct press pend[QueueMax + 4 * ReportMax]; /* taken and not sent */
static unsigned keyslost[4 * QueueMax];
static struct value node[NodeMax];
static unsigned nnode, deepest;
static struct {
	char s[LogMax];
	size_t n;
} logged[2]; /* of the whole, and of this run */
static char longarg[LongMax + 1];
static const char *const argv[][6] = {
	{ "ddc", "a b", "\"\\\n\t\x01", "", "h\xc3\xa9" },
	{ "/bin/x", longarg, "end" },
};
static const enum agentop op[] = {
	AgentPing, AgentExec, AgentShutdown, AgentReboot
};

static void advance(msec by);
static void answer(int how);
static int answered(void);
static size_t base64(const char *, size_t, char *);
static void begin(int kind, int mode, const unsigned char *, size_t);
static void changed(enum vmstate before, msec);
static void check(void);
static void checkagent(void);
static void checkcommand(const char *, size_t);
static void checkdone(int expect, int ok);
static void checkevent(struct asked *, unsigned event);
static void checkevents(struct asked *, unsigned events);
static void checkexec(struct asked *, unsigned args);
static void checkguest(void);
static void checkkeys(const struct asked *);
static void checkmembers(unsigned object, const char *, const char *,
                         const char *);
static void checkpeer(const struct peer *, int waits, msec most);
static void checkqmp(void);
static void checkquery(struct asked *, unsigned args);
static void checkqueue(void);
static void checkquote(const char *, size_t);
static void checkrequest(struct asked *, unsigned args);
static void checktext(const struct value *, struct json);
static void checkvalue(unsigned, struct json);
static struct peer *connection(void);
static size_t decoded(const struct value *, char *);
static size_t digits(const char *, const char *end);
static void done(struct qmpjob *, int ok, msec);
static size_t encode(unsigned long, char *);
static void ended(struct agentjob *, int ok, msec);
static void event(int, msec);
static void expects(int job, int ok);
static void finish(void);
static void framed(const char *, size_t, size_t limit);
static void fuzzagent(const unsigned char *, size_t);
static void fuzzjson(const unsigned char *, size_t);
static void fuzzqmp(const unsigned char *, size_t);
static void fuzzscript(int kind, const unsigned char *, size_t);
static void give(const struct input_event *, size_t);
static void greet(int major);
static void happens(const char *);
static void heardof(unsigned code);
static void input(const char *);
static size_t inputs(const struct queue *);
static int isasked(int kind);
static void keylost(unsigned key);
static void logbytes(const char *, size_t);
static void logtext(const char *, ...)
	__attribute__((format(printf, 1, 2)));
static unsigned member(unsigned object, const char *name);
static void motionsent(unsigned axis, int value, int absolute);
static void moves(const struct input_event *);
static int64_t number(const struct value *);
static void oldest(void);
static long option(const char *, long most, long otherwise);
static void order(const char *, size_t);
static void orderagent(int, const char *);
static void orderqmp(int, const char *);
static unsigned parse(const char *, const char *end, const char **after);
static int pass(void);
static void port(int open, msec);
static void printed(const char *line);
static void quote(const char *, char *);
static unsigned rawmember(unsigned object, const char *quoted);
static uint64_t random64(void);
static int ready(void);
static int releasedlater(unsigned code);
static void replied(const char *, int ok);
static void reset(msec);
static void run(int kind, int mode, const unsigned char *, size_t);
static void said(const char *, size_t);
static void settle(void);
static void setup(const char *);
static int sound(const char *);
static void start(int);
static void taint(void);
static int takenby(const struct input_event *);
static const char *tokenof(const char *, const char *end, char *kind);
static void transmit(const char *, size_t);
static int unsure(void);
static int within(const struct source *);
static void wander(struct json, int depth);

static const struct fuzztarget target[] = {
	{ "json", fuzzjson }, { "qmp", fuzzqmp }, { "agent", fuzzagent },
};

/* Time passes: serves what becomes due, in order. */
void
advance(msec by)
{
	msec until = w.now + by, due;

	while (!w.hold) {
		due = loop_due();
		if (!due || due > until)
			break;
		if (due > w.now)
			w.now = due;
		settle();
	}
	w.now = until;
	settle();
}

/* A sound reply to the oldest command; bits of how choose which. */
void
answer(int how)
{
	static const char *const state[] = {
		"running", "suspended", "paused", "shutdown", "prelaunch",
		"guest-panicked", "inmigrate", "running"
	};
	char s[2000];
	struct asked a;

	if (!w.nasked || w.asked[0].at > w.got)
		return;
	a = w.asked[0];
	strcpy(s, "{}");
	switch (a.kind) {
	case Status:
		sprintf(s, "{\"status\": \"%s\", \"singlestep\": false, "
		    "\"running\": true}", state[how & 7]);
		break;
	case List:
		sprintf(s, how & 16 ? "[{\"name\": \"type\", \"type\": "
		    "\"string\"}]" : how & 8 ? "[{\"name\": \"%s-kbd\", "
		    "\"type\": \"child<usb-kbd>\"}, {\"name\": \"%s-mouse\", "
		    "\"type\": \"child<virtio-mouse-pci>\"}, {\"name\": "
		    "\"child[0]\", \"type\": \"child<usb-tablet>\"}]" : "[]",
		    how & 32 ? "screenstub-dev" : "a",
		    how & 32 ? "screenstub-dev" : "b");
		break;
	case Chardev:
		sprintf(s, "[{\"frontend-open\": true, \"filename\": "
		    "\"unix:/run/vm/qmp,server=on\", \"label\": \"q\"}, "
		    "{\"frontend-open\": %s, \"filename\": \"unix:%s,server="
		    "on\", \"label\": \"ga\"}]", how & 8 ? "false" : "true",
		    w.qmp.agent);
		break;
	case Mice:
		sprintf(s, "[{\"name\": \"QEMU PS/2 Mouse\", \"index\": 2, "
		    "\"current\": %s, \"absolute\": false}%s%s%s%s]",
		    w.relative ? "true" : "false", how & 8 ? "" :
		    ", {\"name\": \"QEMU ", how & 8 ? "" : how & 16 ?
		    "Virtio Tablet" : "HID Tablet", how & 8 ? "" :
		    "\", \"index\": 3, \"absolute\": true, \"current\": ",
		    how & 8 ? "" : w.relative ? "false}" : "true}");
		break;
	case Human:
		if (!(how & 32))
			w.relative = a.arg == 2;
		strcpy(s, "\"\"");
		break;
	case Sync:
		if (how & 1)
			transmit("{\"error\": {\"class\": \"GenericError\", "
			    "\"desc\": \"JSON parse error\"}}\n\xff{\"return"
			    "\": 7}\n{", 0);
		sprintf(s, "%s{\"return\": %lld}\n", how & 2 ? "" : "\xff",
		    (long long)a.arg ^ (how >> 2 & 1));
		transmit(s, 0);
		if (how & 4) /* not a reply that counts */
			return;
		oldest();
		return;
	case GuestRun:
		if (how & 16) {
			expects(a.job, 0);
			break;
		}
		sprintf(s, "{\"pid\": %lld}", (long long)++w.nextpid);
		w.agentjob[a.job].pid = w.nextpid;
		break;
	case GuestStatus:
		if (how & 16) {
			strcpy(s, "{\"exited\": false}");
			break;
		}
		strcpy(s, how & 32 ? "{\"signal\": 9, \"exited\": true}" :
		    how & 8 ? "{\"exitcode\": 3, \"exited\": true}" :
		    "{\"exitcode\": 0, \"exited\": true}");
		expects(a.job, !(how & 40));
		break;
	}
	replied(s, 1);
}

/* Answers by itself, if it is to; 0: there is nothing to answer. */
int
answered(void)
{
	if (w.answers < 0 || w.connecting || w.fd < 0 || w.eof || w.broken ||
	    w.rxat < w.rxn || (w.nasked && w.asked[0].at > w.got))
		return 0;
	if (w.kind == 'q' && !w.greeted) {
		greet(w.answers & 64 ? 8 : 7);
		return 1;
	}
	/* a shutdown is not answered, nor a sync twice */
	if (!w.nasked || (w.asked[0].kind == GuestEnd) ||
	    (w.asked[0].kind == Sync && (w.answers & 4)))
		return 0;
	answer(w.answers);
	return 1;
}

size_t
base64(const char *s, size_t n, char *out)
{
	static const char digit[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmno"
	    "pqrstuvwxyz0123456789+/";
	char *p = out;
	size_t i, k;
	unsigned v;

	for (i = 0; i < n; i += 3) {
		for (v = k = 0; k < 3; k++)
			v = v << 8 | (i + k < n ? s[i + k] & 0xff : 0);
		for (k = 0; k < 4; k++)
			*p++ = i + k > n ? '=' : digit[v >> 6 * (3 - k) & 63];
	}
	return p - out;
}

void
begin(int kind, int mode, const unsigned char *p, size_t n)
{
	size_t i;

	memset(&w, 0, sizeof(w));
	w.kind = kind;
	w.mode = mode;
	w.now = 1000000;
	w.limit = 5000;
	verbose = 2; /* so that a sanitizer sees what -VV would read */
	memset(&loop, 0, sizeof(loop));
	w.fd = -1;
	w.nextfd = FirstFd;
	w.room = SIZE_MAX;
	w.answers = -1;
	w.exact = 1;
	w.pid = 4000;
	w.nextpid = 100;
	w.random = 88172645463325252;
	for (i = 0; i < n; i++)
		w.random = (w.random ^ p[i]) * 0x100000001b3;
	w.random |= 1;
	logged[mode != Whole].n = 0;
	w.qmp.agent = "";
	for (i = 0; i < QmpJobs; i++) {
		w.qmpjob[i].job.command = i % 3 ? i % 3 == 1 ? "stop" :
		    "cont" : "system_reset";
		w.qmpjob[i].job.done = done;
	}
	for (i = 0; i < AgentJobs; i++) {
		w.agentjob[i].job.op = op[i % LENGTH(op)];
		w.agentjob[i].job.argv = op[i % LENGTH(op)] == AgentExec ?
		    argv[i / LENGTH(op)] : NULL;
		w.agentjob[i].job.done = ended;
	}
	memset(longarg, 'x', 8);
	longarg[8] = '\0';
}

void
changed(enum vmstate before, msec now)
{
	const struct qmp *q = &w.qmp;
	struct input_event e = { .type = EV_KEY };
	size_t i, n;

	logtext("changed %d %d %d\n", before, q->vm, q->known);
	must(now == w.now, "arguments of changed");
	must((unsigned)q->vm <= VmRunning, "VM in state %d", q->vm);
	if (q->vm < VmSuspended) {
		/* what was left over is lost, in order */
		for (n = i = 0; i < w.npend; i++)
			n += !pend[i].down;
		must(w.nlost >= n, "%zu releases of the queue, %zu told", n,
		    w.nlost);
		n = w.nlost - n;
		for (i = 0; i < w.npend; i++)
			must(pend[i].down || pend[i].code == keyslost[n++],
			    "%u is lost, told is another", pend[i].code);
		w.npend = w.exact = 0;
		for (i = 0; i < w.ntouched; i++)
			w.maybe[w.touched[i]] = 1;
		must(!inputs(&q->queue), "a queue, and no VM");
	}
	for (i = 0; (w.flags & Releases) && q->vm == VmRunning && before !=
	    VmRunning && i < w.ntouched; i++) {
		e.code = w.touched[i];
		if (w.sent[e.code])
			give(&e, 1);
	}
}

void
check(void)
{
	w.nlost = 0;
	if (w.kind == 'q') {
		checkqmp();
		checkguest();
	} else {
		checkagent();
	}
}

void
checkagent(void)
{
	const struct agent *a = &w.agent;
	const struct peer *p = &a->peer;
	const struct agentjob *j;
	int n = 0, waits = p->state == PeerGreeting || a->asked;

	checkpeer(p, waits, 5000);
	for (j = a->jobs; j; j = j->next) {
		must(++n <= AgentJobs, "a ring of jobs");
		must(((const struct myagentjob *)j)->started,
		    "a job that was not started");
	}
	for (j = a->jobs; a->asked && j && j != a->asked; j = j->next)
		;
	must(!a->asked || j, "asked is no job");
	must(!a->asked || p->state == PeerUp, "asked in state %d", p->state);
	if (a->jobs && p->state == PeerDown)
		must(p->sock.due && within(&p->sock),
		    "jobs, and no connection will be");
	if (a->jobs && p->state == PeerUp)
		must(p->sock.due, "jobs, and nothing will be asked");
	for (n = 0; n < AgentJobs; n++) {
		for (j = a->jobs; j && j != &w.agentjob[n].job; j = j->next)
			;
		must(!!j == w.agentjob[n].started, "job %d is %s", n, j ?
		    "there" : "lost");
	}
}

/* One that was made to be sent. */
void
checkcommand(const char *s, size_t n)
{
	const char *after, *end = s + n;
	struct asked *a = &w.asked[w.nasked];
	char text[2 * LongLine];
	unsigned name, args;
	size_t i;
	int known = 0;

	if (w.tainted && w.nasked == AskedMax) {
		oldest();
		a--;
	}
	must(w.nasked < AskedMax, "too many commands");
	memset(a, 0, sizeof(*a));
	if (w.kind == 'a') {
		must(n > 1 && s[n - 1] == '\n', "no end of line");
		end--;
		must((*s == '\xff') == !w.ncommands, "where 0xff is");
		s += *s == '\xff';
	}
	must(parse(s, end, &after) &&
	    after == end && *s == '{' && end[-1] == '}',
	    "sends no JSON: %.*s", (int)n, s);
	must(!strchr(" \n\r\t", s[1]), "sends a blank");
	name = member(1, "execute");
	args = member(1, "arguments");
	checkmembers(1, "execute", "arguments", "");
	must(name && node[name].kind == '"', "executes nothing");
	must(decoded(&node[name], text) < sizeof(a->text), "a long name");
	for (i = 0; w.kind == 'q' && i < LENGTH(command); i++)
		if (!strcmp(command[i].name, text)) {
			a->kind = command[i].kind;
			known = 1;
		}
	for (i = 0; w.kind == 'a' && i < LENGTH(agentcommand); i++)
		if (!strcmp(agentcommand[i].name, text)) {
			a->kind = agentcommand[i].kind;
			known = 1;
		}
	must(known, "executes %s", text);
	a->job = -1;
	a->at = w.told;
	must(!args || node[args].kind == '{', "arguments");
	must((a->kind == Capabilities || a->kind == Sync) == !w.ncommands,
	    "%s as number %d", text, w.ncommands);
	w.ncommands++;
	w.nasked++;
	if (w.kind == 'q')
		checkquery(a, args);
	else
		checkrequest(a, args);
}

/* Whether a job ended as it was answered. */
void
checkdone(int expect, int ok)
{
	if (w.tainted || w.differs || expect < 0)
		return;
	must(expect == 1 + ok || (!ok && (!expect || w.broken)),
	    "ended with %d, answered was %d", ok, expect - 1);
}

void
checkevent(struct asked *a, unsigned event)
{
	static const char *const name[] = {
		"left", "right", "middle", "side", "extra", "wheel-up",
		"wheel-down", "wheel-left", "wheel-right"
	};
	unsigned type = member(event, "type"), data = member(event, "data");
	unsigned v, down, kind;
	char text[80];
	size_t i;

	must(type && data && node[type].kind == '"' && node[data].kind == '{',
	    "an event without a type or data");
	checkmembers(event, "type", "data", "");
	must(decoded(&node[type], text) < 8, "an event's type");
	if (!strcmp(text, "rel") || !strcmp(text, "abs")) {
		kind = *text == 'a';
		checkmembers(data, "axis", "value", "");
		must(member(data, "axis") && member(data, "value") &&
		    decoded(&node[member(data, "axis")], text) == 1 &&
		    (*text == 'x' || *text == 'y'), "an axis");
		motionsent(*text == 'y', number(&node[member(data, "value")]),
		    kind);
		return;
	}
	down = member(data, "down");
	must(down && (node[down].kind == 't' || node[down].kind == 'f'),
	    "no down");
	must(a->npress < LENGTH(a->press), "many keys");
	if (!strcmp(text, "key")) {
		checkmembers(data, "down", "key", "");
		v = member(data, "key");
		must(v && node[v].kind == '{' && member(v, "type") &&
		    member(v, "data"), "a key");
		checkmembers(v, "type", "data", "");
		decoded(&node[member(v, "type")], text);
		must(!strcmp(text, "qcode"), "a key's type");
		must(decoded(&node[member(v, "data")], text) < 40, "qcode");
		for (i = 0; i < KEY_CNT && (!qmp_keyname(i) ||
		    strcmp(qmp_keyname(i), text)); i++)
			;
		must(i < BTN_MISC, "qcode %s", text);
	} else {
		must(!strcmp(text, "btn"), "type %s", text);
		checkmembers(data, "down", "button", "");
		v = member(data, "button");
		must(v && decoded(&node[v], text) < 20, "a button");
		for (i = 0; i < LENGTH(name) && strcmp(name[i], text); i++)
			;
		must(i < LENGTH(name), "button %s", text);
		if (i >= 5) { /* a notch is counted when it goes up */
			if (node[down].kind == 'f')
				motionsent(i < 7 ? 2 : 3, i % 2 ^ (i > 6) ? 1 :
				    -1, 0);
			return;
		}
		i += BTN_LEFT;
	}
	a->press[a->npress].code = i;
	a->press[a->npress++].down = node[down].kind == 't';
}

/* A report is one thing, and a notch two events of it. */
void
checkevents(struct asked *a, unsigned events)
{
	unsigned e, before = 0, down = 0;
	size_t k, others = 0, places = 0, notches[4] = { 0 };
	char one[200], two[200];

	must(events && node[events].kind == '[' && node[events].child,
	    "no events");
	for (e = node[events].child; e; before = e, e = node[e].next) {
		checkevent(a, e);
		snprintf(one, sizeof(one), "%.*s", (int)(node[e].end -
		    node[e].s), node[e].s);
		if (!strstr(one, "wheel")) {
			others++;
			places += strstr(one, "\"abs\"") != NULL;
			continue;
		}
		/* each down has its up behind it */
		k = (strstr(one, "wheel-r") || strstr(one, "wheel-l")) +
		    2 * (strstr(one, "-down") || strstr(one, "-left"));
		notches[k]++;
		if (strstr(one, "true")) {
			must(!down, "a notch without its end");
			down = e;
			continue;
		}
		must(down && down == before, "the end of no notch");
		snprintf(two, sizeof(two), "%.*s", (int)(node[down].end -
		    node[down].s), node[down].s);
		must(!strcmp(strrchr(one, ':'), strrchr(two, ':')),
		    "a notch of two wheels");
		down = 0;
	}
	must(!down, "the last notch does not end");
	for (k = 0; k < LENGTH(notches); k++) {
		must(notches[k] <= 2 * 8, "%zu notches", notches[k] / 2);
		others += notches[k] != 0;
	}
	must(others == 1 || (others == 2 && places == 2),
	    "a report of %zu things", others);
	checkkeys(a);
}

/* A command in the guest is asked for once, with all its arguments. */
void
checkexec(struct asked *a, unsigned args)
{
	unsigned path = member(args, "path"), arg = member(args, "arg");
	unsigned capture = member(args, "capture-output"), v;
	struct myagentjob *j;
	const char *const *want;
	char *text;

	checkmembers(args, "path", "arg", "capture-output");
	must(path && node[path].kind == '"' && capture &&
	    node[capture].kind == 't', "a guest-exec");
	must(w.agent.asked && w.agent.asked->op == AgentExec, "who asked");
	j = (struct myagentjob *)w.agent.asked;
	a->job = j - w.agentjob;
	must(j->started && !j->sent++, "a command is run twice");
	text = malloc(node[1].end - node[1].s + 3);
	want = j->job.argv;
	decoded(&node[path], text);
	must(!strcmp(text, *want++), "path %s", text);
	must(!arg || node[arg].kind == '[', "arg");
	for (v = arg ? node[arg].child : 0; v; v = node[v].next) {
		must(*want && node[v].kind == '"', "arguments too many");
		decoded(&node[v], text);
		must(!strcmp(text, *want++), "argument %s", text);
	}
	must(!*want, "an argument is missing");
	free(text);
}

/* Nothing is down in the guest that input.c does not know, or that will not be
 * released. */
void
checkguest(void)
{
	const struct qmp *q = &w.qmp;
	unsigned code;
	size_t i, k;
	int quiet;

	if (w.tainted || w.rxat < w.rxn)
		return;
	quiet = q->session.peer.state == PeerUp && q->vm >= VmSuspended &&
	    !inputs(&q->queue) && !isasked(Send) && !unsure();
	for (i = 0; i < w.ntouched; i++) {
		code = w.touched[i];
		if (w.held[code] && !w.sent[code])
			must(releasedlater(code), "%u stays down", code);
		if (quiet && w.sent[code] && !w.held[code])
			must(w.maybe[code], "%u does not go down", code);
	}
	for (k = 0; quiet && k < 4; k++)
		must(!w.exact || w.taken[k] == w.gone[k], "axis %zu: %lld "
		    "taken, %lld sent", k, (long long)w.taken[k],
		    (long long)w.gone[k]);
	for (k = 0; quiet && k < 2; k++)
		must(!w.exact || w.abs[k] == w.absgone[k], "axis %zu: at %d, "
		    "sent %d", k, w.abs[k], w.absgone[k]);
	if (quiet && !w.exact) {
		memcpy(w.gone, w.taken, sizeof(w.gone));
		memcpy(w.absgone, w.abs, sizeof(w.absgone));
		w.exact = 1;
	}
}

/* A key comes from the front of the queue. */
void
checkkeys(const struct asked *a)
{
	size_t i;

	must(w.qmp.vm >= VmSuspended, "input to a VM that takes none");
	if (!a->npress)
		return;
	must(w.npend, "a key that was not taken");
	must(pend->code == a->press->code && pend->down == a->press->down,
	    "%u is sent, not %u", a->press->code, pend->code);
	memmove(pend, pend + 1, --w.npend * sizeof(*pend));
	for (i = 0; i < QmpJobs; i++)
		must(!w.qmpjob[i].started || w.qmpjob[i].sent ||
		    w.nkeys - w.npend <= w.qmpjob[i].behind,
		    "before an older command");
}

void
checkmembers(unsigned object, const char *a, const char *b, const char *c)
{
	unsigned k;
	char text[LongLine];

	for (k = node[object].child; k; k = node[node[k].next].next) {
		must(node[k].end - node[k].s < 40, "a long name");
		decoded(&node[k], text);
		must(!strcmp(text, a) || !strcmp(text, b) ||
		    !strcmp(text, c), "member %s", text);
	}
}

/* Whoever waits has a time limit, and is in the table. */
void
checkpeer(const struct peer *p, int waits, msec most)
{
	const struct source *s = &p->sock;

	must(p->state == PeerDown || s->fd == w.fd, "another file");
	must(p->state == PeerDown || within(s), "not waited for");
	must(s->fd >= 0 ? p->state != PeerDown : p->state == PeerDown,
	    "state %d with file %d", p->state, s->fd);
	must(!waits || s->due, "no time limit in state %d", p->state);
	must(!waits || s->due <= w.now + most, "a limit of %lld ms",
	    (long long)(s->due - w.now));
	must(!s->due || within(s), "a time nobody waits for");
	must(p->state != PeerDown || s->due <= w.now + TryEvery,
	    "an attempt in %lld ms", (long long)(s->due - w.now));
	must(p->in.len <= p->in.limit, "%zu bytes of a message", p->in.len);
	must(!w.txn, "%zu bytes to send", w.txn);
	must(p->state != PeerDown || !p->in.len, "bytes of nobody");
}

void
checkqmp(void)
{
	const struct qmp *q = &w.qmp;
	const struct session *s = &q->session;
	const struct peer *p = &s->peer;
	const struct qmpjob *j;
	size_t i;

	/* a greeting may take any time */
	checkpeer(p, s->replied != NULL, w.limit > 2000 ? w.limit : 2000);
	if (p->state == PeerDown)
		must(p->sock.due, "never connects again");
	must(q->queue.n <= QueueMax, "the queue");
	for (i = 0; i < q->queue.n; i++)
		must(!(j = q->queue.report[i].job) || ((const struct myqmpjob
		    *)j)->started, "a waiting command");
	must(p->state == PeerUp || !q->queue.n, "a queue in state %d",
	    p->state);
	must(!q->sent.type || s->replied == input_replied, "who sent that");
	must(!q->sent.job || s->replied == job_replied, "who asked for that");
	must(!q->timer.due || within(&q->timer), "a timer nobody waits for");
	if (p->state == PeerUp && !w.eof && !w.broken) {
		must(!q->queue.n || s->replied || q->timer.due,
		    "a queue nobody serves");
		must(!q->todo || s->replied, "queries not made");
	}
	must(!qmp_idle(q) || p->state != PeerUp || !s->replied, "idle");
}

/* What of a command without input is to be seen. */
void
checkquery(struct asked *a, unsigned args)
{
	char text[LongLine];
	unsigned v;
	int x, y, len;
	struct myqmpjob *j;

	must(w.nasked == 1 || unsure(), "a second command");
	switch (a->kind) {
	case Send:
		must(!!args, "input");
		checkmembers(args, "events", "", "");
		checkevents(a, member(args, "events"));
		return;
	case List:
		v = args ? member(args, "path") : 0;
		must(v && node[v].kind == '"', "a list of what");
		decoded(&node[v], text);
		must(!strncmp(text, "/machine/peripheral", 19) ||
		    !strcmp(text, "/objects"), "%s", text);
		break;
	case Human:
		v = args ? member(args, "command-line") : 0;
		must(v && node[v].kind == '"', "which command");
		decoded(&node[v], text);
		if (sscanf(text, "mouse_move %d %d%n", &x, &y, &len) == 2) {
			must(!text[len], "%s", text);
			a->kind = Send;
			motionsent(0, x, 0);
			motionsent(1, y, 0);
			checkkeys(a);
			return;
		}
		must(sscanf(text, "mouse_set %d%n", &x, &len) == 1 &&
		    !text[len], "%s", text);
		a->arg = x;
		break;
	case Add:
	case Del:
		v = args ? member(args, "id") : 0;
		must(v && node[v].kind == '"', "which device");
		decoded(&node[v], text);
		must(!strncmp(text, "screenstub-dev-", 15), "%s", text);
		must(a->kind == Del ? w.qmp.devices.leaving :
		    w.qmp.devices.manage && !w.qmp.devices.leaving,
		    "devices");
		must(a->kind == Del || member(args, "driver"), "no driver");
		break;
	case Job:
		j = (struct myqmpjob *)w.qmp.sent.job;
		must(j && j->started && !j->sent++, "who ordered that");
		must(w.nkeys - w.npend >= j->behind, "before older input");
		a->job = j - w.qmpjob;
		/* FALLTHROUGH */
	default:
		must(!args, "arguments");
	}
}

/* The queue holds all keys that were taken, in order. */
void
checkqueue(void)
{
	const struct qmp *q = &w.qmp;
	const struct report *r = q->queue.report;
	size_t at = 0;

	for (; r < q->queue.report + q->queue.n; r++) {
		if (r->type != EV_KEY)
			continue;
		must(at < w.npend && (int)pend[at].code == r->code &&
		    pend[at].down == r->value[0],
		    "%d in the queue was not taken", r->code);
		at++;
	}
	must(at == w.npend, "%zu keys in the queue, taken %zu", at, w.npend);
}

void
checkquote(const char *s, size_t n)
{
	const char *after;
	char *str, *out, *part, *back;
	size_t len, size;

	str = malloc(n + 1);
	memcpy(str, s, n);
	str[n] = '\0';
	n = strlen(str);
	size = 6 * n + 16;
	out = malloc(size);
	back = malloc(3 * size + 1);
	len = json_quote(out, size, str);
	must(len >= n + 2 && len <= 6 * n + 2, "%zu bytes quoted: %zu", n,
	    len);
	must(parse(out, out + len, &after) && after == out + len &&
	    node[1].kind == '"' && decoded(&node[1], back) == n &&
	    !memcmp(back, str, n), "a quoted text is another");
	size = 2 + w.random % (len + 10);
	part = malloc(size);
	n = json_quote(part, size, str);
	must(n == size || (n == len && !memcmp(part, out, len)),
	    "a part of a quoted text");
	must(n == len || size < len + 9, "%zu bytes do not fit %zu", len,
	    size);
	free(part);
	free(back);
	free(out);
	free(str);
}

/* What of a command to the agent is to be seen. */
void
checkrequest(struct asked *a, unsigned args)
{
	const struct agentjob *j = w.agent.asked;
	char text[LongLine];
	size_t i;

	for (i = 0; i + 1 < w.nasked; i++)
		must(unsure(), "a second command");
	must(w.tainted || a->kind == Sync || w.synced, "in a parser of "
	    "another's");
	must((a->kind >= Ping) == !!j, "who asked");
	a->job = j ? (const struct myagentjob *)j - w.agentjob : -1;
	must(!j || w.agentjob[a->job].started, "a job that is over");
	switch (a->kind) {
	case Sync:
		must(args && member(args, "id"), "no id");
		checkmembers(args, "id", "", "");
		a->arg = number(&node[member(args, "id")]);
		must(a->arg >= 0, "id %lld", (long long)a->arg);
		break;
	case Ping:
		must(!args && j->op == AgentPing, "a ping");
		break;
	case GuestRun:
		must(!!args, "no arguments");
		checkexec(a, args);
		break;
	case GuestStatus:
		must(args && member(args, "pid"), "no pid");
		checkmembers(args, "pid", "", "");
		a->arg = number(&node[member(args, "pid")]);
		must(j->op == AgentExec && w.agentjob[a->job].sent,
		    "a job that was not sent");
		must(a->arg == w.agentjob[a->job].pid || w.tainted ||
		    w.agentjob[a->job].pid < 0, "pid %lld", (long long)a->arg);
		break;
	case GuestEnd:
		must(args && member(args, "mode"), "no mode");
		checkmembers(args, "mode", "", "");
		decoded(&node[member(args, "mode")], text);
		must(!strcmp(text, j->op == AgentReboot ? "reboot" :
		    "powerdown") && j->op >= AgentShutdown, "mode %s", text);
		must(!w.agentjob[a->job].sent++, "asked for twice");
		break;
	default:
		must(!args, "arguments");
	}
}

/* Control characters may be blanks. */
static int
differs(const char *s, const char *t)
{
	for (; *s && *t; s++, t++)
		if (*s != *t && (*s != ' ' || (unsigned char)*t > ' '))
			return 1;
	return *s != *t;
}

/* What json_text makes of it, with much room and with little. */
void
checktext(const struct value *d, struct json v)
{
	size_t n = d->end - d->s, len, size;
	char *want = malloc(3 * n + 1), *out;

	if (d->kind != '"') {
		must(json_text(v, want, n) < 0, "a text of %c", d->kind);
		free(want);
		return;
	}
	len = decoded(d, want);
	size = len + 5;
	out = malloc(size);
	must(json_text(v, out, size) == 0 && !differs(out, want),
	    "a text is \"%s\"", want);
	free(out);
	size = 1 + w.random % size;
	out = malloc(size);
	if (json_text(v, out, size) == 0)
		must(len < size && !differs(out, want), "too long a text");
	else
		must(strlen(out) < size && strlen(out) <= len,
		    "the beginning of a text");
	free(out);
	free(want);
}

/* The value, and all that is in it, is the same to qmp.c. */
void
checkvalue(unsigned i, struct json v)
{
	const struct value *d = &node[i];
	struct json it = { NULL, NULL };
	int64_t num, wantnum = 0;
	char name[80], *text;
	unsigned k, m, r;
	int plain, len = d->end - d->s;

	must(v.s == d->s && v.end == d->end, "another value, not %.*s", len,
	    d->s);
	must(json_true(v) == (d->kind == 't'), "the truth of %.*s", len, d->s);
	snprintf(name, sizeof(name), "%.*s", len, d->s);
	errno = len > 30;
	plain = d->kind == '0' && !name[strspn(name, "-0123456789")];
	if (plain && !errno)
		wantnum = strtoll(name, NULL, 10);
	plain = plain && !errno;
	must(json_int(v, &num) == (plain ? 0 : -1) && (!plain || num ==
	    wantnum), "the number %.*s", len, d->s);
	checktext(d, v);
	for (k = d->kind == '[' || d->kind == '{' ? d->child : 0; k;
	    k = node[k].next) {
		must(json_item(v, &it) == 0, "an item is missing");
		must(it.s == node[k].s && it.end == node[k].end,
		    "another item");
		if (d->kind == '[')
			checkvalue(k, it);
	}
	must(json_item(v, &it) < 0, "an item too many in %.*s", len, d->s);
	must((json_member(v, "a").s < json_member(v, "a").end) ==
	    !!rawmember(i, "\"a\""),
	    "a member too many");
	for (k = d->kind == '{' ? d->child : 0; k; k = node[m].next) {
		m = node[k].next;
		len = node[k].end - node[k].s;
		text = malloc(len + 1);
		memcpy(text, node[k].s, len);
		text[len] = '\0';
		r = rawmember(i, text);
		text[len - 1] = '\0';
		it = json_member(v, text + 1);
		must(it.s < it.end && it.s == node[r].s, "no member %s", text + 1);
		if (r == m)
			checkvalue(m, it);
		free(text);
	}
}

struct peer *
connection(void)
{
	return w.kind == 'q' ? &w.qmp.session.peer : &w.agent.peer;
}

/* A text in UTF-8 with NUL; its length. What is no character of a C string is
 * U+FFFD. out has room for all. */
size_t
decoded(const struct value *d, char *out)
{
	const char *p = d->s + 1, *end = d->end - 1, *e;
	unsigned long c;
	char *o = out, hex[5] = "";

	must(d->kind == '"', "no text: %.*s", (int)(d->end - d->s), d->s);
	while (p < end) {
		if (*p != '\\') {
			*o++ = *p++;
			continue;
		}
		e = strchr("bfnrt", p[1]);
		if (p[1] != 'u') {
			*o++ = e && p[1] ? "\b\f\n\r\t"[strcspn("bfnrt",
			    (char []){ p[1], '\0' })] : p[1];
			p += 2;
			continue;
		}
		memcpy(hex, p + 2, 4);
		c = strtoul(hex, NULL, 16);
		p += 6;
		if (!c || c >> 11 == 0xd800 >> 11)
			c = 0xfffd;
		o += encode(c, o);
	}
	*o = '\0';
	return o - out;
}

/* As many digits there are. */
size_t
digits(const char *s, const char *end)
{
	const char *p = s;

	while (p < end && isdigit(*p & 0xff))
		p++;
	return p - s;
}

void
done(struct qmpjob *j, int ok, msec now)
{
	struct myqmpjob *m = (struct myqmpjob *)j;

	logtext("done %d %d\n", (int)(m - w.qmpjob), ok);
	must(now == w.now && m->started, "a job ends that was not started");
	m->started = 0;
	checkdone(m->expect, ok);
	if ((w.flags & Restarts) && w.restarts++ < RestartMax)
		start(m - w.qmpjob);
}

/* UTF-8 of a character; its length. */
size_t
encode(unsigned long c, char *out)
{
	size_t n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4, i;

	for (i = n; i-- > 1; c >>= 6)
		out[i] = 0x80 | c % 64;
	out[0] = n == 1 ? c : (0xf00u >> n & 0xff) | c;
	return n;
}

void
ended(struct agentjob *j, int ok, msec now)
{
	struct myagentjob *m = (struct myagentjob *)j;
	int k = m - w.agentjob;

	logtext("ended %d %d\n", k, ok);
	must(now == w.now && m->started, "a job ends that was not started");
	m->started = 0;
	if (!ok || j->op < AgentShutdown)
		checkdone(m->expect, ok);
	else
		must(m->sent && (m->expect != 1 || w.tainted || w.differs),
		    "job %d went well", k);
	if ((w.flags & Cancels) && (k = (k + 1) % AgentJobs) >= 0) {
		w.agentjob[k].started = 0;
		agent_cancel(&w.agent, &w.agentjob[k].job, w.now);
	}
	if ((w.flags & Restarts) && w.restarts++ < RestartMax)
		start(m - w.agentjob);
}

void
event(int e, msec now)
{
	logtext("event %d\n", e);
	must(now == w.now && (w.qmp.session.peer.state == PeerUp ||
	    w.fd < 0) && e >= Shutdown && e < EventLast, "event %d", e);
	if (w.flags & Commands)
		start(e % QmpJobs);
}

/* What a job is to end with; not known once its replies were odd. */
void
expects(int job, int ok)
{
	if (w.agentjob[job].expect >= 0)
		w.agentjob[job].expect = 1 + ok;
}

int
fakeclose(int fd)
{
	must(fd >= FirstFd && fd == w.fd, "closes file %d", fd);
	must(!within(&connection()->sock), "closes what is waited for");
	w.moved++;
	logtext("close\n");
	w.fd = -1;
	w.nasked = w.txn = w.rxn = w.rxat = 0;
	return 0;
}

/* The address has to be whole, and of its kind. */
int
fakeconnect(int fd, const void *sa, socklen_t len)
{
	static const int error[Ways] = {
		[NotThere] = ENOENT, [Refuses] = ECONNREFUSED,
		[NotAllowed] = EACCES, [Full] = EAGAIN, [Later] = EINPROGRESS,
		[LaterNot] = EINPROGRESS, [Never] = EINPROGRESS,
		[DeadLink] = ENOENT
	};
	const struct sockaddr *a = sa;
	size_t i;

	must(fd >= FirstFd && fd == w.fd && len >= sizeof(*a), "connect");
	must(a->sa_family == (*connection()->addr == '/' ? AF_UNIX : AF_INET),
	    "family %d", a->sa_family);
	logtext("connect %d\n", w.way);
	w.connecting = 1;
	w.outcome = w.way;
	w.eof = w.broken = w.tainted = w.synced = w.greeted = 0;
	w.ncommands = 0;
	w.rxat = w.rxn = w.txn = w.nasked = w.told = w.got = 0;
	/* what was made of raw bytes is not known */
	for (i = 0; i < w.ntouched; i++)
		w.held[w.touched[i]] &= w.sent[w.touched[i]];
	errno = error[w.way];
	return errno ? -1 : 0;
}

int
fakegetsockopt(int fd, int level, int name, void *p, socklen_t *len)
{
	struct ucred cred = { 0 };
	int error = w.outcome == LaterNot ? ECONNREFUSED : 0;

	must(fd >= FirstFd && fd == w.fd && level == SOL_SOCKET,
	    "getsockopt");
	if (name == SO_ERROR) {
		must(*len == sizeof(error), "SO_ERROR");
		memcpy(p, &error, sizeof(error));
		w.connecting = 0;
		return 0;
	}
	must(name == SO_PEERCRED && *len == sizeof(cred), "SO_PEERCRED");
	cred.pid = *connection()->addr == '/' ? w.pid : 0;
	memcpy(p, &cred, sizeof(cred));
	return 0;
}

ssize_t
fakeread(int fd, void *p, size_t n)
{
	size_t most = w.rxn - w.rxat;

	must(fd >= FirstFd && fd == w.fd, "reads %d", fd);
	w.moved++;
	must(!w.connecting, "reads too early");
	errno = w.broken ? ECONNRESET : EAGAIN;
	if (w.broken || (!most && !w.eof))
		return -1;
	if (w.mode == Bytes && most)
		most = most > LongRead ? most - LongRead : 1;
	else if (w.mode == Pieces && most)
		most = 1 + random64() % (random64() % 4 ? 64 : 8192);
	if (most > w.rxn - w.rxat)
		most = w.rxn - w.rxat;
	if (most > n)
		most = n;
	memcpy(p, rx + w.rxat, most);
	w.rxat += most;
	if (w.rxat == w.rxn)
		w.rxat = w.rxn = 0;
	return most;
}

/* Of the one file there is. */
int
fakeselect(int n, fd_set *in, fd_set *out, fd_set *urgent,
           struct timeval *most)
{
	unsigned got = w.fd >= 0 ? ready() : 0;

	must(!most->tv_sec && !most->tv_usec, "waits");
	FD_ZERO(urgent);
	if (w.fd >= n || w.fd < 0) {
		FD_ZERO(in);
		FD_ZERO(out);
		return 0;
	}
	if (!(got & Readable))
		FD_ZERO(in);
	if (!(got & Writable))
		FD_ZERO(out);
	return 1;
}

ssize_t
fakesend(int fd, const void *p, size_t n, int flags)
{
	size_t most = n < w.room ? n : w.room;

	must(fd >= FirstFd && fd == w.fd && flags == MSG_NOSIGNAL &&
	    !w.connecting, "send");
	must(n == w.txn && !memcmp(p, tx, n), "sends something else");
	w.txn = 0;
	errno = w.broken || w.eof ? EPIPE : EAGAIN;
	if (w.broken || w.eof || !most)
		return -1;
	w.moved++;
	w.room -= w.room == SIZE_MAX ? 0 : most;
	w.got += most;
	return most;
}

int
fakeshutdown(int fd, int how)
{
	must(fd >= FirstFd && fd == w.fd && how == SHUT_RDWR, "shutdown");
	w.eof |= !w.broken;
	return 0;
}

int
fakesocket(int domain, int type, int protocol)
{
	must((domain == AF_UNIX || domain == AF_INET) && !protocol && type ==
	    (SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC), "socket");
	must(w.fd < 0, "a second connection");
	w.opened = w.openedat == w.now ? w.opened + 1 : 1;
	w.openedat = w.now;
	must(w.opened < OpenMax, "connects without end");
	w.moved++;
	errno = EMFILE;
	w.fd = w.way == NoSocket ? -1 : w.nextfd;
	w.nextfd = w.nextfd == FdMax ? FirstFd : w.nextfd + 1;
	return w.fd;
}

void
finish(void)
{
	size_t i;

	w.hold = 0;
	w.answers = -1;
	w.room = SIZE_MAX;
	settle();
	w.way = Refuses;
	w.flags = 0;
	advance(NearEnd);
	if (w.kind == 'q') {
		for (i = 0; i < QmpJobs; i++)
			must(!w.qmpjob[i].started, "command %zu never ends",
			    i);
		must(w.qmp.session.peer.state != PeerUp ||
		    !w.qmp.session.replied, "not answered in a minute");
		must(qmp_idle(&w.qmp), "never idle");
		source_del(&w.qmp.timer);
		peer_close(&w.qmp.session.peer);
	} else {
		for (i = 0; i < AgentJobs; i++) {
			w.agentjob[i].started = 0;
			agent_cancel(&w.agent, &w.agentjob[i].job, w.now);
		}
		must(!w.agent.jobs && !w.agent.asked, "a job is left");
		settle();
		peer_close(&w.agent.peer);
	}
	must(w.fd < 0, "a file is left open");
	for (i = 0; i < loop.n; i++)
		must(!loop.source[i], "a source is left");
}

/* A message's end, in another way: by counting what is outside of strings. */
void
framed(const char *s, size_t n, size_t limit)
{
	struct framer f = { .limit = limit };
	const char *after = NULL;
	size_t i, at = 0, begin = 0;
	int depth = 0, string = 0, r = 0, want = 0;

	while (begin < n && strchr(" \t\r\n", s[begin]) && s[begin])
		begin++;
	/* where it ends, or can't be one any more */
	for (at = begin; at < n && !want; at++) {
		if (at - begin == limit)
			want = -1;
		else if (string == 2) /* behind a \ */
			string = 1;
		else if (string)
			string = s[at] == '\\' ? 2 : s[at] != '"';
		else if (s[at] == '"')
			string = 1;
		else if (strchr("[{", s[at]) && s[at])
			depth++;
		else if (strchr("]}", s[at]) && s[at])
			want = --depth ? 0 : 1;
		if (!want && depth <= 0)
			want = -1;
	}
	for (i = 0; i < n && !r; i++) {
		if (s[i] == '\xff') { /* begins anew */
			free(f.buf);
			framed(s + i + 1, n - i - 1, limit);
			return;
		}
		r = framer_byte(&f, s[i]);
		must(f.len <= limit, "%zu bytes", f.len);
	}
	must(r == want && i == at, "a message of %zu bytes, %d, not %zu, %d",
	    i, r, at, want);
	if (r > 0)
		must(f.len == at - begin && !memcmp(f.buf, s + begin, f.len),
		    "another message");
	if (parse(s, s + n, &after) && (node[1].kind == '{' ||
	    node[1].kind == '[') && after <= s + begin + limit &&
	    deepest <= 64)
		must(r > 0 && after == s + i, "%td bytes of JSON, framed %zu",
		    after - s, i);
	framer_reset(&f);
	must(!f.len && !f.scan.depth && !f.scan.string && !f.scan.escape,
	    "a rest");
	free(f.buf);
}

void
fuzzagent(const unsigned char *p, size_t n)
{
	fuzzscript('a', p, n);
}

/* Whatever it is, nothing is read beyond its end. */
void
wander(struct json v, int depth)
{
	struct json it = { NULL, NULL }, m;
	char text[40];
	int64_t n;

	json_true(v);
	json_int(v, &n);
	json_text(v, text, sizeof(text));
	m = json_member(v, "a");
	if (depth < 4 && m.s < m.end)
		wander(m, depth + 1);
	while (depth < 4 && !json_item(v, &it))
		wander(it, depth + 1);
}

void
fuzzjson(const unsigned char *p, size_t n)
{
	char *s;
	const char *after = NULL, *end;
	struct json v;
	size_t i;
	int good;

	if (n > NodeMax / 2)
		return;
	s = (char *)copied(p, n);
	end = s + n;
	w.random = n;
	for (i = 0; i < n; i++)
		w.random = (w.random ^ p[i]) * 0x100000001b3 >> 1;
	v.s = s;
	v.end = end;
	wander(v, 0);
	good = parse(s, end, &after) != 0;
	for (; good && after < end && strchr(" \t\r\n", *after) && *after;
	    after++)
		;
	if (good && after == end) {
		v.s = node[1].s;
		v.end = json_skip(v.s, end);
		checkvalue(1, v);
	}
	framed(s, n, 1 << 20);
	framed(s, n, 4096);
	checkquote(s, n);
	free(s);
}

void
fuzzqmp(const unsigned char *p, size_t n)
{
	fuzzscript('q', p, n);
}

void
fuzzscript(int kind, const unsigned char *p, size_t n)
{
	int mode;

	for (mode = Whole; mode <= Pieces; mode++) {
		run(kind, mode, p, n);
		if (w.differs)
			return;
		must(mode == Whole || logged[0].n == logged[1].n ||
		    logged[0].n == LogMax, "less is done of pieces");
	}
}

/* One report to qmp_input; what is told of it comes true or is undone. */
void
give(const struct input_event *ev, size_t n)
{
	struct input_event *copy;
	const struct qmp *q = &w.qmp;
	size_t i, at, queued = q->queue.n, before = w.npend, after;
	unsigned char was[2 * ReportMax], maybe[2 * ReportMax];
	unsigned bad;
	int can, up;

	can = q->session.peer.state == PeerUp && q->vm >= VmSuspended;
	for (i = 0; can && i < n; i++) {
		if (!takenby(&ev[i]))
			continue;
		if (ev[i].type != EV_KEY) {
			moves(&ev[i]);
			continue;
		}
		heardof(ev[i].code);
		was[i] = w.sent[ev[i].code];
		maybe[i] = w.maybe[ev[i].code];
		w.sent[ev[i].code] = ev[i].value;
		w.maybe[ev[i].code] = 0;
		w.nkeys++;
		pend[w.npend].code = ev[i].code;
		pend[w.npend++].down = ev[i].value;
	}
	if (queued + n >= QueueMax / 2)
		w.exact = 0; /* old motion may have to go */
	after = w.npend;
	copy = (struct input_event *)copied((const unsigned char *)ev,
	    n * sizeof(*ev));
	bad = qmp_input(&w.qmp, copy, n, w.now);
	free(copy);
	logtext("input %u\n", bad);
	must(q->session.peer.state == PeerUp || !can, "lost at once");
	before -= after - w.npend; /* what was sent at once is gone */
	for (i = n; i-- > 0;) {
		if (!can || !takenby(&ev[i])) {
			must(bad >> i & 1, "nobody can take it, and it is");
			continue;
		}
		up = ev[i].type == EV_KEY && !ev[i].value;
		must(!(bad >> i & 1) || queued + n >= (up ? QueueMax :
		    QueueMax / 2), "input is refused");
		if (!(bad >> i & 1) || ev[i].type != EV_KEY)
			continue;
		for (at = before; pend[at].code != ev[i].code; at++)
			;
		memmove(pend + at, pend + at + 1, (--w.npend - at) *
		    sizeof(*pend));
		w.nkeys--;
		w.sent[ev[i].code] = was[i];
		w.maybe[ev[i].code] = maybe[i];
	}
}

void
greet(int major)
{
	char s[200];

	snprintf(s, sizeof(s), "{\"QMP\": {\"version\": {\"qemu\": {\"micro\": "
	    "22, \"minor\": 2, \"major\": %d}, \"package\": \"\"}, "
	    "\"capabilities\": [\"oob\"]}}\r\n", major);
	transmit(s, 0);
	w.greeted = 1;
}

/* An event of QEMU's. */
void
happens(const char *arg)
{
	static const char *const name[] = {
		"RESET", "STOP", "RESUME", "SHUTDOWN", "SUSPEND", "WAKEUP",
		"POWERDOWN", "GUEST_PANICKED", "VSERPORT_CHANGE",
		"DEVICE_DELETED"
	};
	static char s[2 * LongLine];
	const char *data = arg + strcspn(arg, " ");
	char word[40];

	snprintf(word, sizeof(word), "%.*s", (int)(data - arg), arg);
	if (isdigit((unsigned char)*arg))
		strcpy(word, name[*arg - '0']);
	if (word[strspn(word, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_")])
		return;
	data += *data == ' ';
	snprintf(s, sizeof(s), "{\"timestamp\": {\"seconds\": 1795387920, "
	    "\"microseconds\": 814296}, \"event\": \"%s\"%s%s}\r\n", word,
	    sound(data) ? ", \"data\": " : "", sound(data) ? data : "");
	transmit(s, 0);
	if (!strcmp(word, "RESET"))
		memset(w.held, 0, sizeof(w.held));
}

void
heardof(unsigned code)
{
	size_t i;

	for (i = 0; i < w.ntouched && w.touched[i] != code; i++)
		;
	if (i < w.ntouched)
		return;
	must(w.ntouched < TouchedMax, "so many keys");
	w.touched[w.ntouched++] = code;
}

/* A report as in a script. It keeps to what the kernel and input.c do: no key
 * twice, no motion by 0. */
void
input(const char *s)
{
	struct input_event ev[ReportMax + 2];
	size_t n = 0, i;
	char kind;
	unsigned code;
	int value, len;

	memset(ev, 0, sizeof(ev));
	for (; n < LENGTH(ev) && sscanf(s, " %c%3u=%6d%n", &kind, &code,
	    &value, &len) == 3; s += len) {
		ev[n].type = kind == 'r' ? EV_REL : kind == 'a' ? EV_ABS :
		    kind == 'o' ? EV_LED : EV_KEY;
		ev[n].code = code;
		ev[n].value = value;
		if (ev[n].type == EV_KEY) {
			ev[n].value = value != 0;
			for (i = 0; i < n && (ev[i].type != EV_KEY ||
			    ev[i].code != code); i++)
				;
			if (i < n || (w.ntouched + n >= TouchedMax &&
			    !w.maybe[code % KEY_CNT]))
				continue;
		} else if (ev[n].type == EV_REL) {
			ev[n].value = code > REL_Y ? value % 40 : value;
			if (!ev[n].value)
				continue;
		}
		n++;
	}
	give(ev, n);
}

/* How much input waits there. */
size_t
inputs(const struct queue *queue)
{
	size_t i, n = 0;

	for (i = 0; i < queue->n; i++)
		n += !queue->report[i].job;
	return n;
}

int
isasked(int kind)
{
	size_t i;

	for (i = 0; i < w.nasked; i++)
		if (w.asked[i].kind == kind)
			return 1;
	return 0;
}

void
keylost(unsigned key)
{
	logtext("lost %u\n", key);
	must(key < KEY_CNT, "lost");
	must(w.nlost < LENGTH(keyslost), "too many are lost");
	heardof(key);
	keyslost[w.nlost++] = key;
	w.sent[key] = w.maybe[key] = 1;
}

void
logbytes(const char *s, size_t n)
{
	size_t at;

	if (logged[w.mode != Whole].n + n > LogMax)
		return;
	at = logged[w.mode != Whole].n;
	memcpy(logged[w.mode != Whole].s + at, s, n);
	logged[w.mode != Whole].n += n;
	must(w.mode == Whole || w.differs || (at + n <= logged[0].n &&
	    !memcmp(logged[0].s + at, s, n)), "other pieces, other effect: "
	    "%.*s\ninstead of: %.*s", (int)n, s, logged[0].n > at ? (int)
	    (logged[0].n - at > 200 ? 200 : logged[0].n - at) : 0,
	    logged[0].s + at);
}

/* What is done has to be the same however what came was read. */
void
logtext(const char *fmt, ...)
{
	char line[LongLine];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	logbytes(line, n < (int)sizeof(line) ? (size_t)n : sizeof(line) - 1);
}

/* The first of that name; 0: there is none. */
unsigned
member(unsigned object, const char *name)
{
	static char text[NodeMax];
	unsigned k;

	if (node[object].kind != '{')
		return 0;
	for (k = node[object].child; k; k = node[node[k].next].next) {
		if ((size_t)(node[k].end - node[k].s) > sizeof(text) / 3)
			continue;
		decoded(&node[k], text);
		if (!strcmp(text, name))
			return node[k].next;
	}
	return 0;
}

/* The same by what stands there, with quotes. */
unsigned
rawmember(unsigned object, const char *quoted)
{
	size_t n = strlen(quoted);
	unsigned k;

	if (node[object].kind != '{')
		return 0;
	for (k = node[object].child; k; k = node[node[k].next].next)
		if ((size_t)(node[k].end - node[k].s) == n &&
		    !memcmp(node[k].s, quoted, n))
			return node[k].next;
	return 0;
}

void
motionsent(unsigned axis, int value, int absolute)
{
	if (absolute) {
		must(value >= 0 && value <= 0x7fff, "at %d", value);
		w.absgone[axis] = value;
		return;
	}
	must(value >= -127 && value <= 127, "a step of %d", value);
	w.gone[axis] += value;
}

/* What is to be sent of motion. */
void
moves(const struct input_event *e)
{
	int axis = e->code <= REL_Y ? e->code : e->code == REL_WHEEL ? 2 : 3;
	int64_t left;

	if (e->type == EV_ABS) {
		w.abs[axis] = e->value < 0 ? 0 : e->value > 0x7fff ? 0x7fff :
		    e->value;
		return;
	}
	w.taken[axis] += e->value;
	left = w.taken[axis] - w.gone[axis];
	if (left > 64 * 127 || left < -64 * 127)
		w.exact = 0; /* it may be cut off */
}

void
log_line(int level, const char *fmt, ...)
{
	static char line[1 << 16];
	va_list ap;
	const char *s;

	must(level >= LogQuote && level <= 2, "a line of level %d", level);
	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	if (level == LogDie || level == LogWarn) {
		line[2 * LongLine - 1] = '\0';
		logtext("warn %s\n", line);
	}
	if (level == LogQuote || level == LogNote)
		printed(line);
	if (strcmp(fmt, "%s: send %s"))
		return;
	va_start(ap, fmt);
	must(!strcmp(va_arg(ap, const char *), w.kind == 'q' ? "qmp" : "qga"),
	    "who sends");
	s = va_arg(ap, const char *);
	va_end(ap);
	said(s, strlen(s));
}

int64_t
number(const struct value *d)
{
	must(d->kind == '0' && d->end - d->s < 19, "no number: %.*s",
	    (int)(d->end - d->s), d->s);
	return strtoll(d->s, NULL, 10);
}

/* Takes the oldest command off. */
void
oldest(void)
{
	if (w.asked[0].kind == Sync)
		w.synced = 1;
	memmove(w.asked, w.asked + 1, --w.nasked * sizeof(*w.asked));
}

/* A number up to most, with whatever behind it. */
long
option(const char *s, long most, long otherwise)
{
	long n = 0;

	if (!isdigit((unsigned char)*s))
		return otherwise;
	for (; isdigit((unsigned char)*s) && n <= most; s++)
		n = n * 10 + *s - '0';
	return n > most ? most : n;
}

/* One line of a script. */
void
order(const char *s, size_t n)
{
	static char fill[FillMax];
	const char *arg = s + 1;
	char text[2 * LongLine];
	long k;

	switch (*s) {
	case '<':
	case '-':
		taint();
		if (n > 1)
			transmit(arg, n - 1);
		if (*s == '<')
			transmit(w.kind == 'q' ? "\r\n" : "\n", 0);
		break;
	case 'L':
		k = option(arg, FillMax - w.filled, 0);
		w.filled += k;
		taint();
		memset(fill, 'x', k);
		if (k)
			transmit(fill, k);
		break;
	case 'g':
		if (w.greeted || w.kind == 'a')
			taint();
		greet(option(arg, 99999, 7));
		break;
	case 'r':
		answer(option(arg, 127, 0));
		break;
	case 'R':
		if (w.nasked && w.asked[0].at <= w.got) {
			if (!sound(arg) || w.asked[0].kind == Sync)
				taint();
			if (w.asked[0].job >= 0 && w.kind == 'a')
				w.agentjob[w.asked[0].job].expect =
				    w.agentjob[w.asked[0].job].pid = -1;
			replied(arg, 1);
		}
		break;
	case 'e':
		quote(arg, text);
		if (w.nasked && w.asked[0].at <= w.got)
			replied(text, 0);
		break;
	case 'A':
		w.answers = option(arg, 127, -1);
		break;
	case 'E':
		happens(arg);
		break;
	case 'w':
		w.room = option(arg, 1 << 16, -1);
		break;
	case 'c':
		w.eof = w.fd >= 0 && !w.connecting;
		break;
	case 'C':
	case 'v':
		w.broken = w.fd >= 0 && !w.connecting;
		if (*s == 'v') {
			w.pid++;
			memset(w.held, 0, sizeof(w.held));
		}
		break;
	case 'x':
		w.way = option(arg, Ways - 1, 0);
		break;
	case 't':
		k = option(arg, TimeMax - w.passed, 0);
		w.passed += k;
		advance(k);
		break;
	case 'h':
		w.hold = !w.hold;
		w.differs = 1;
		break;
	case 's':
		pass();
		break;
	default:
		if (w.kind == 'q')
			orderqmp(*s, arg);
		else
			orderagent(*s, arg);
	}
	if (!w.hold)
		settle();
	check();
	if (w.kind == 'q')
		checkqueue();
}

void
orderagent(int c, const char *arg)
{
	static char reply[2 * LongLine + 100];
	struct myagentjob *j = &w.agentjob[option(arg, AgentJobs - 1, 0)];
	size_t n;

	switch (c) {
	case 'j':
		if (!j->started)
			start(j - w.agentjob);
		break;
	case 'J':
		j->started = 0;
		agent_cancel(&w.agent, &j->job, w.now);
		break;
	case 'k':
		n = option(arg, LongMax, 0);
		if (!w.agentjob[5].started) {
			memset(longarg, n % 2 ? '\1' : 'x', n);
			longarg[n] = '\0';
		}
		break;
	case 'o':
		if (!w.nasked || w.asked[0].kind != GuestStatus ||
		    w.asked[0].at > w.got || w.eof || w.broken)
			break;
		n = sprintf(reply, "{\"exitcode\": 0, \"out-data\": \"");
		n += base64(arg, strlen(arg), reply + n);
		strcpy(reply + n, "\", \"exited\": true}");
		expects(w.asked[0].job, 1);
		w.output = w.tainted || w.hold || w.agentjob[w.asked[0].job].
		    expect < 0 ? NULL : arg;
		w.outputof = w.agentjob[w.asked[0].job].job.argv[0];
		replied(reply, 1);
		settle();
		must(!w.output || !*w.output || strlen(arg) > PrintMax,
		    "output is not told: %s", w.output);
		w.output = NULL;
		break;
	case 'p':
		agent_port(&w.agent, *arg == '0' ? 0 : *arg == '1' ? 1 : -1,
		    w.now);
		break;
	}
}

void
orderqmp(int c, const char *arg)
{
	long k = option(arg, QmpJobs - 1, 0);
	size_t i;

	switch (c) {
	case 'i':
		input(arg);
		break;
	case 'j':
		start(k);
		break;
	case 'J':
		w.qmpjob[k].started = 0;
		qmp_forget(&w.qmp, &w.qmpjob[k].job);
		for (i = 0; i < w.nasked; i++)
			if (w.asked[i].job == k)
				w.asked[i].job = -1;
		break;
	case 'l':
		if (!w.qmp.devices.leaving)
			qmp_leave(&w.qmp, option(arg, 20000, 0), w.now);
		break;
	case 'u':
		if (w.greeted && !w.nasked && !w.hold)
			transmit("{\"return\": {}}\r\n", 0);
		break;
	}
}

/* The value at s, found by tokens and a stack; 0: there is none. */
unsigned
parse(const char *s, const char *end, const char **after)
{
	enum { Value, ValueOrEnd, Key, KeyOrEnd, Colon, Comma } want = Value;
	unsigned stack[StackMax], last[StackMax], depth = 0, top;
	char c;

	nnode = deepest = 0;
	for (;;) {
		while (s < end && (*s == ' ' || *s == '\t' || *s == '\r' ||
		    *s == '\n'))
			s++;
		*after = tokenof(s, end, &c);
		if (!*after)
			return nnode = 0;
		top = depth ? stack[depth - 1] : 0;
		if (c == ',' || c == ':') {
			if (want != (c == ',' ? Comma : Colon) || !depth)
				return nnode = 0;
			want = c == ',' && node[top].kind == '{' ? Key :
			    Value;
		} else if (c == ']' || c == '}') {
			if (!depth || node[top].kind != c - 2 || (want !=
			    Comma && want != (c == ']' ? ValueOrEnd :
			    KeyOrEnd)))
				return nnode = 0;
			node[top].end = *after;
			if (!--depth)
				return 1;
			want = Comma;
		} else {
			if (want == Colon || want == Comma || (c != '"' &&
			    (want == Key || want == KeyOrEnd)) ||
			    nnode + 2 >= NodeMax)
				return nnode = 0;
			node[++nnode] = (struct value){ c, s, *after, 0, 0 };
			if (depth && last[depth - 1])
				node[last[depth - 1]].next = nnode;
			else if (depth)
				node[top].child = nnode;
			if (depth)
				last[depth - 1] = nnode;
			want = want == Key || want == KeyOrEnd ? Colon : Comma;
			if (c == '[' || c == '{') {
				if (depth == StackMax)
					return nnode = 0;
				last[depth] = 0;
				stack[depth++] = nnode;
				deepest = depth > deepest ? depth : deepest;
				want = c == '[' ? ValueOrEnd : KeyOrEnd;
			} else if (!depth) {
				return 1;
			}
		}
		s = *after;
	}
}

/* One round of the loop; 0: there was nothing to do. */
int
pass(void)
{
	struct source *s;
	size_t i;
	int any = 0;

	for (i = 0; i < loop.n; i++)
		if ((s = loop.source[i]))
			any |= (s->due && s->due <= w.now) || (s->fd >= 0 &&
			    (ready() & s->events));
	loop_turn(w.now);
	return any;
}

void
port(int open, msec now)
{
	logtext("port %d\n", open);
	must(now == w.now && *w.qmp.agent && open >= -1 && open <= 1, "port %d",
	    open);
}

/* Text as a JSON string; out has room. 0xff would begin anew. */
void
quote(const char *s, char *out)
{
	*out++ = '"';
	for (; *s; s++) {
		if (*s == '"' || *s == '\\')
			*out++ = '\\';
		*out++ = (unsigned char)*s < ' ' || *s == '\xff' ? '?' : *s;
	}
	strcpy(out, "\"");
}

uint64_t
random64(void)
{
	w.random ^= w.random << 13;
	w.random ^= w.random >> 7;
	w.random ^= w.random << 17;
	return w.random >> 8;
}

/* What the file can do now. */
int
ready(void)
{
	if (w.connecting)
		return w.outcome == Never ? 0 : Writable;
	if (w.broken || w.eof)
		return Readable | Writable;
	return (w.rxat < w.rxn ? Readable : 0) | (w.room ? Writable : 0);
}

/* Is a release of the key still to come? */
int
releasedlater(unsigned code)
{
	const struct report *r = &w.qmp.sent;
	size_t i;

	for (i = 0; i < w.npend; i++)
		if (pend[i].code == code && !pend[i].down)
			return 1;
	return r->type == EV_KEY && r->code == (int)code && !r->value[0];
}

/* A reply to the oldest command, with its effect. */
void
replied(const char *text, int ok)
{
	static char s[3 * LongLine];
	struct asked a;
	size_t i;

	if (!w.nasked || w.asked[0].at > w.got || w.eof || w.broken)
		return;
	a = w.asked[0];
	if (ok)
		snprintf(s, sizeof(s), "{\"return\": %s}\r\n", text);
	else
		snprintf(s, sizeof(s), "{\"error\": {\"class\": \"Generic"
		    "Error\", \"desc\": %s}}\r\n", text);
	if (a.kind == Sync) {
		transmit(s, 0); /* it counts only with 0xff */
		return;
	}
	for (i = 0; i < a.npress && a.kind == Send; i++)
		if (ok)
			w.held[a.press[i].code] = a.press[i].down;
		else {
			w.maybe[a.press[i].code] = 1;
			w.held[a.press[i].code] &= a.press[i].down;
		}
	if (a.kind == Send && !ok)
		w.exact = 0;
	if (a.job >= 0 && w.kind == 'q')
		w.qmpjob[a.job].expect = 1 + ok;
	else if (a.job >= 0 && (!ok || a.kind == Ping || a.kind == GuestEnd))
		expects(a.job, ok);
	oldest();
	transmit(s, 0);
}

void
reset(msec now)
{
	logtext("reset\n");
	must(now == w.now && !inputs(&w.qmp.queue), "reset");
	w.npend = w.exact = 0;
	memset(w.sent, 0, sizeof(w.sent));
	memset(w.maybe, 1, sizeof(w.maybe));
}

/* A script, to its end. */
void
run(int kind, int mode, const unsigned char *p, size_t n)
{
	char line[LongLine];
	const char *s = (const char *)p, *end = s + n, *next;
	long times = 1, k;
	size_t len;
	int first = 1;

	begin(kind, mode, p, n);
	for (; s < end && w.orders < OrderMax; s = next + 1) {
		next = memchr(s, '\n', end - s);
		next = next ? next : end;
		len = next - s;
		if (len >= sizeof(line))
			len = sizeof(line) - 1;
		memcpy(line, s, len);
		line[len] = '\0';
		if (first)
			setup(*line == '#' ? line : "#");
		first = 0;
		if (*line == '*') {
			times = 1 + option(line + 1, 700, 0);
			continue;
		}
		for (k = 0; k < times && w.orders < OrderMax && len; k++) {
			w.orders++;
			order(line, len);
		}
		times = 1;
	}
	if (first)
		setup("#");
	finish();
}

/* A command was made, and goes to the buffer. */
void
said(const char *s, size_t n)
{
	must(n <= sizeof(tx) - w.txn, "more than the buffer");
	memcpy(tx + w.txn, s, n);
	w.txn += n;
	w.told += n;
	logbytes(s, n);
	checkcommand(s, n);
}

/* Serves until there is nothing left to do. */
void
settle(void)
{
	unsigned long before;
	int idle = 0;

	while (!w.hold) {
		before = w.moved;
		if (!pass() && !answered())
			return;
		check();
		idle = w.moved == before ? idle + 1 : 0;
		must(idle < IdleMax, "a loop that does nothing");
	}
}

/* What the first line says, and the connection. */
void
setup(const char *s)
{
	static const char *const address[] = {
		[Unix] = "/run/vm/sock", [Tcp] = "127.0.0.1:4444",
	};
	static const struct qmpops qmpops = {
		.changed = changed,
		.lost = keylost,
		.reset = reset,
		.event = event,
		.port = port,
	};
	static char bus[80], agent[80];
	int kind = Unix, i;

	*bus = *agent = '\0';
	for (s++; *s; s += strcspn(s, " "), s += strspn(s, " ")) {
		switch (*s) {
		case '@':
			kind = option(s + 1, Tcp, Unix);
			break;
		case 'd':
			w.qmp.devices.manage = 1;
			for (i = 0; i < VmDevices && s[i + 1]; i++)
				w.qmp.devices.device[i].driver = s[i + 1] == '1' ?
				    Usb : s[i + 1] == '2' ? Virtio : Ps2;
			break;
		case 'b':
			sscanf(s + 1, "%79[A-Za-z0-9._-]", bus);
			break;
		case 'a':
			sscanf(s + 1, "%79[A-Za-z0-9/.]", agent);
			break;
		case 'h':
			w.limit = option(s + 1, 20000, 5000);
			w.limit = w.limit ? w.limit : 1;
			break;
		case 'y':
			w.flags = option(s + 1, 15, 0);
			break;
		}
	}
	for (i = 0; i < VmDevices; i++)
		w.qmp.devices.device[i].bus = *bus ? bus : NULL;
	w.qmp.agent = agent;
	if (w.kind == 'q') {
		w.qmp.addr = address[kind];
		qmp_open(&w.qmp, &qmpops, w.limit, w.now);
		must(connection()->in.limit == 1 << 20, "a limit of %zu",
		    connection()->in.limit);
		connection()->in.limit = ShortMax;
		settle();
		return;
	}
	agent_open(&w.agent, address[kind]);
	must(w.agent.peer.in.limit == 32 << 20, "a limit of %zu",
	    w.agent.peer.in.limit);
	w.agent.peer.in.limit = ShortMax;
}

/* A value that replies may have. */
int
sound(const char *s)
{
	const char *after;

	return parse(s, s + strlen(s), &after) && !*after && deepest < 40 &&
	    !strchr(s, '\xff');
}

int
source_add(struct source *s)
{
	if (!within(s) && w.way == NoRoom && s->fd == w.fd && s->fd >= 0)
		return -1;
	return loopadd(s);
}

void
start(int k)
{
	struct myagentjob *j = &w.agentjob[k % AgentJobs];

	if (w.kind == 'a') {
		j->started = 1;
		j->sent = 0;
		j->expect = j->pid = w.tainted ? -1 : 0;
		agent_start(&w.agent, &j->job, w.now);
		return;
	}
	if (w.qmpjob[k].started)
		return;
	w.qmpjob[k].expect = w.qmpjob[k].sent = 0;
	w.qmpjob[k].behind = w.nkeys;
	w.qmpjob[k].started = 1;
	if (qmp_command(&w.qmp, &w.qmpjob[k].job, w.now) < 0)
		w.qmpjob[k].started = 0;
}

/* What is said from now on is not known here. */
void
taint(void)
{
	size_t i;

	if (w.fd < 0)
		return;
	w.tainted = 1;
	for (i = 0; i < AgentJobs; i++)
		w.agentjob[i].expect = w.agentjob[i].pid = -1;
}

/* Can QEMU take it? */
int
takenby(const struct input_event *e)
{
	if (e->type == EV_ABS)
		return e->code <= ABS_Y;
	if (e->type == EV_REL)
		return e->code <= REL_Y || e->code == REL_WHEEL;
	if (e->type != EV_KEY || (e->value && w.qmp.devices.leaving))
		return 0;
	if (e->code >= BTN_MISC)
		return e->code >= BTN_LEFT && e->code <= BTN_EXTRA;
	return qmp_keyname(e->code) != NULL;
}

/* The next token; NULL: there is none. A number is '0', a word its first
 * letter. */
const char *
tokenof(const char *s, const char *end, char *kind)
{
	static const char *const word[] = { "true", "false", "null" };
	size_t i, n = end - s;
	const char *p = s;

	if (!n)
		return NULL;
	*kind = *s;
	if (*s && strchr("[]{},:", *s))
		return s + 1;
	for (i = 0; i < LENGTH(word); i++)
		if (n >= strlen(word[i]) && !strncmp(s, word[i],
		    strlen(word[i])))
			return s + strlen(word[i]);
	if (*s == '"') {
		for (p++; p < end && *p != '"'; p++) {
			if (!(*p & ~0x1f))
				return NULL;
			if (*p != '\\')
				continue;
			if (++p == end || !*p || !strchr("\"\\/bfnrtu", *p))
				return NULL;
			for (i = 0; *p == 'u' && i < 4; i++)
				if (end - p < 6 || !isxdigit(p[1 + i] & 0xff))
					return NULL;
			if (*p == 'u')
				p += 4;
		}
		return p < end ? p + 1 : NULL;
	}
	*kind = '0';
	p += *p == '-';
	if (p == end || !isdigit(*p & 0xff))
		return NULL;
	p += *p == '0' ? 1 : digits(p, end);
	if (p < end && *p == '.') {
		if (!(n = digits(p + 1, end)))
			return NULL;
		p += 1 + n;
	}
	if (p == end || (*p != 'e' && *p != 'E'))
		return p;
	p++;
	p += p < end && (*p == '+' || *p == '-');
	n = digits(p, end);
	return n ? p + n : NULL;
}

/* The other end sends; n 0: a string. */
void
transmit(const char *s, size_t n)
{
	n = n ? n : strlen(s);
	if (w.fd < 0 || w.connecting || w.eof || w.broken || !n)
		return;
	if (w.rxn + n > RxMax && w.rxat) {
		memmove(rx, rx + w.rxat, w.rxn - w.rxat);
		w.rxn -= w.rxat;
		w.rxat = 0;
	}
	if (w.rxn + n > RxMax) {
		w.eof = 1;
		return;
	}
	memcpy(rx + w.rxn, s, n);
	w.rxn += n;
	w.moved++;
}

/* A line of a command's output has to be what it wrote; what is no UTF-8 is
 * escaped. */
void
printed(const char *line)
{
	char begin[100];
	const char *p;
	unsigned byte;
	size_t n;

	logtext("output %s\n", line);
	n = w.output ? snprintf(begin, sizeof(begin), "qga: %s: ",
	    w.outputof) : 0;
	if (!n || strncmp(line, begin, n))
		return;
	for (p = line + n; *p; p++, w.output++) {
		if (*p != *w.output && sscanf(p, "\\x%2x", &byte) == 1 &&
		    byte > 0x7f && byte == (unsigned char)*w.output)
			p += 3;
		else
			must(*p == *w.output, "output %s is told as %s",
			    w.output, line);
	}
}

/* What was sent may have come to nobody, or a reply from nobody. */
int
unsure(void)
{
	return w.tainted || w.eof || w.broken;
}

int
within(const struct source *s)
{
	size_t i;

	for (i = 0; i < loop.n; i++)
		if (loop.source[i] == s)
			return 1;
	return 0;
}

void
writeseeds(const char *dir)
{
	static const struct {
		char c;
		int n;
	} same[] = {
		{ '[', 1024 }, { ']', 1100 }, { '"', 5000 }, { '1', 4200 }
	};
	static char s[5000];
	int num = 0;
	size_t i;

	for (i = 0; *target[chosentarget].name == 'j' && i < LENGTH(same);
	    i++) {
		memset(s, same[i].c, same[i].n);
		writeseed(dir, &num, s, same[i].n);
	}
}

#include "../lib/fuzzmain.c"
