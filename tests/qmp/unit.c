/* See LICENSE for copyright and licence details.
 *
 * qmp.c: JSON, then the two sockets with a peer that follows a script.
 *
 * The sockets are real, in a folder of their own; both ends are in this
 * process, so all that was sent is there at once and nothing is waited for.
 * Time is the variable now.
 *
 * tests/qmp/session.t holds the scripts. "== KIND: name" begins one; KIND is
 * qmp or agent: a listener, and the product was told to connect; qmp up or
 * agent up: a connection that is ready and whose messages are used up; qmp
 * raw or agent raw: nothing yet. "** NAME" begins lines that scripts have in
 * common, up to a blank one; "* NAME" stands for them. Lines then:
 *   listen, bind, unlink   a listener; a socket nobody listens on; remove it
 *   mkdir, rmdir     the folder of the socket
 *   mode M N         rights of that folder, and of the one that it is in
 *   user N           who listens there, by what the kernel says; 0: who does
 *   link, target     in its place a link that leads nowhere; to somewhere
 *   away             the socket is moved out of it, and a link is left there
 *   open             tell the product to connect
 *   accept, noconn   take the connection; there is none to take
 *   close            the peer closes
 *   cut              the same, and the product has not seen it yet
 *   half             the peer sends no more, but would read
 *   sync             read guest-sync-delimited, whose id is @ from now on
 *   < TEXT           the peer sends TEXT and an end of line; %XX is a byte
 *   << TEXT          without the end of line
 *   > TEXT           exactly this has come from the product (nothing if "")
 *   >ev TEXT         the same, TEXT in an input-send-event
 *   = TEXT           what the callbacks were told since: states of the VM
 *                    ("?" behind: not known), e and number of an event, jobs
 *                    that ended
 *   ! TEXT           a warning with TEXT in it came, only one (none if "")
 *   !! TEXT          the same, among others
 *   lines N          so many lines were logged since the last ! or !!
 *   error TEXT       the last error that was logged has TEXT in it (there was
 *                    none if "")
 *   + N              N ms pass
 *   due N, due none  the connection's time limit
 *   i R EVENTS       qmp_input of one report, which must answer R, of as many
 *                    bits: k30=1 is EV_KEY, r0=5 EV_REL, a1=7 EV_ABS
 *   job N, cancel N  start, cancel job N of jobargv[]
 *   port N           agent_port
 *   cmd, forget      qmp_command of system_reset, qmp_forget
 *   leave N          qmp_leave with a limit of N ms
 *   timer N          its time, as of due
 *   anothervm        as if the VM before this one had been another process
 *   devices K M T [BUS]  before open: drivers of keyboard, mouse, tablet (0
 *                    Ps2, 1 Usb, 2 Virtio), the tablet's bus
 *   node D ROUTE     qmp_node of device D (0 keyboard, 1 mouse, 2 tablet), ROUTE
 *                    1 InputLinux, 2 VirtioHost; its path is nodeD
 *   reads D R        qmp_reads of it is R
 *   agentat ADDRESS  before open: the agent's
 *   idle N           qmp_idle
 *   qmpport          qmp_port
 *   unstick          qmp_unstick
 * At the end nothing may be left over. */
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>

#include <netinet/in.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>

#include "../../qmp.h"
#include "../../screenstub.h"
#include "../../qmp/agent.h"
#include "../lib/said.h"
#include "../lib/tap.h"

enum { Jobs = 7, GotMax = 1 << 18 };

#define GREETING "{\"QMP\": {\"version\": {\"qemu\": {\"micro\": 22, " \
	"\"minor\": 2, \"major\": 7}, \"package\": \"Debian 1:7.2+dfsg-7+" \
	"deb12u18+b3\"}, \"capabilities\": [\"oob\"]}}"
#define RUNNING "{\"return\": {\"status\": \"running\", \"singlestep\": " \
	"false, \"running\": true}}"
#define STOPEV "{\"timestamp\": {\"seconds\": 1795387920, " \
	"\"microseconds\": 814296}, \"event\": \"STOP\"}"

struct end {
	int kind;         /* 'q' or 'a' */
	int lfd, fd;
	char got[GotMax];
	size_t ngot;
	long long sync;
};

static void advance(msec by);
static void allclose(void);
static void append(const char *, ...);
static void begin(int kind);
static void cmddone(struct qmpjob *, int, msec);
static int connected(void);
static void done(struct agentjob *, int ok, msec);
static void input(const char *, int *ret);
static void listener(int really);
static void needfold(void);
static void opened(void);
static struct peer *peer(void);
static void receive(void);
static int script(char *line, char *want, char *got);
static void sendtext(const char *, size_t);
static void settle(void);
static void testclamp(void);
static void testflood(void);
static void testframing(void);
static void testjson(void);
static void testlimits(void);
static void testmembers(void);
static void testpaths(void);
static void testqueue(void);
static void testscripts(void);
static void teststuck(void);
static void testtext(void);
static void testtranscripts(void);
static size_t unescape(const char *, char *);
static void up(void);

static const char *const argv0[] = { "/bin/true", NULL };
static const char *const argv1[] = { "ddc", "a b", "\"\\\n\t\x01", "",
	"h\xc3\xa9", NULL };
static const char *const argv2[] = { "sleep", "1", NULL };
static const char *const *const jobargv[Jobs] = {
	argv0, argv1, argv2, NULL, argv2, NULL, NULL
};
static const enum agentop jobop[Jobs] = {
	AgentExec, AgentExec, AgentExec, AgentPing, AgentExec, AgentShutdown,
	AgentReboot
};

#define J(s) s, sizeof(s) - 1
static const struct {
	const char *s;
	size_t n;
	int valid;
} docs[] = {
	{ J("{}"), 1 }, { J("[]"), 1 }, { J(" [ ] "), 1 }, { J("0"), 1 },
	{ J("\t{\r\n}\n"), 1 }, { J("true"), 1 }, { J("false"), 1 },
	{ J("null"), 1 }, { J("\"\""), 1 }, { J("-0"), 1 },
	{ J("1e999"), 1 }, { J("9223372036854775808"), 1 },
	{ J("18446744073709551616"), 1 }, { J("1.5"), 1 },
	{ J("-1.25e-7"), 1 }, { J("1E+2"), 1 }, { J("0.0"), 1 },
	{ J("{\"a\":[1,{\"b\":null}],\"c\":\"x\"}"), 1 },
	{ J("{\"a\":1,\"a\":2}"), 1 }, { J("{\"\":0}"), 1 },
	{ J("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u0041\""), 1 },
	{ J("\"\\ud800\""), 1 }, { J("\"\\ud83d\\ude00\""), 1 },
	{ J("\"\\u0000\""), 1 }, { J("\"h\xc3\xa9\xf0\x9f\x98\x80\""), 1 },
	{ J("\"\x7f\""), 1 }, { J("[1,2 , 3]"), 1 }, { J("[[],[[]],{}]"), 1 },
	{ J(GREETING), 1 }, { J(RUNNING), 1 }, { J(STOPEV), 1 },

	{ J(""), 0 }, { J(" "), 0 }, { J("{"), 0 }, { J("}"), 0 },
	{ J("]"), 0 }, { J("[}"), 0 }, { J("{]"), 0 }, { J("{}}"), 0 },
	{ J("{}{}"), 0 }, { J("[] []"), 0 }, { J("{,}"), 0 }, { J("[,]"), 0 },
	{ J("[1,]"), 0 }, { J("[,1]"), 0 }, { J("[1 2]"), 0 },
	{ J("[1,,2]"), 0 }, { J("{\"a\"}"), 0 }, { J("{\"a\":}"), 0 },
	{ J("{\"a\":1,}"), 0 }, { J("{\"a\" 1}"), 0 }, { J("{a:1}"), 0 },
	{ J("{'a':1}"), 0 }, { J("{1:1}"), 0 }, { J("{null:1}"), 0 },
	{ J("{\"a\":1 \"b\":2}"), 0 }, { J("{\"a\":1;\"b\":2}"), 0 },
	{ J("01"), 0 }, { J("-01"), 0 }, { J("00"), 0 }, { J("1."), 0 },
	{ J(".5"), 0 }, { J("-"), 0 }, { J("--1"), 0 }, { J("+1"), 0 },
	{ J("1e"), 0 }, { J("1e+"), 0 }, { J("1.e1"), 0 }, { J("0x10"), 0 },
	{ J("1a"), 0 }, { J("NaN"), 0 }, { J("Infinity"), 0 }, { J("xyz"), 0 },
	{ J("tru"), 0 }, { J("True"), 0 }, { J("truefalse"), 0 },
	{ J("nul"), 0 }, { J("nulll"), 0 }, { J("\""), 0 }, { J("\"\\\""), 0 },
	{ J("\"\\"), 0 }, { J("\"\\x41\""), 0 }, { J("\"\\u\""), 0 },
	{ J("\"\\u12\""), 0 }, { J("\"\\u123\""), 0 }, { J("\"\\u123g\""), 0 },
	{ J("\"\\u 123\""), 0 }, { J("\"\\U0041\""), 0 },
	{ J("\"\\0\""), 0 }, { J("\"\\\0\""), 0 }, { J("\"a\0b\""), 0 },
	{ J("{}\0"), 0 }, { J("\0{}"), 0 }, { J("[\0]"), 0 },
	{ J("\"a\nb\""), 0 }, { J("\"a\tb\""), 0 }, { J("\"\x1f\""), 0 },
	{ J("\xff{}"), 0 }, { J("\xff"), 0 }, { J("\xef\xbb\xbf{}"), 0 },
	{ J("{}\v"), 0 }, { J("[1,2"), 0 }, { J("{\"a\":[}"), 0 },
	{ J("{\"a\":\"b}"), 0 }, { J("//\n{}"), 0 }, { J("[1]/**/"), 0 },
};

static struct end e = { .lfd = -1, .fd = -1 };
static struct qmp q;
static struct agent ag;
static struct agentjob jobs[Jobs];
static struct qmpjob cmd;
static char dir[64], fold[80], target[80], away[80], path[108], told[8192];
static msec now = 1000000;
static uid_t user;

/* The C library's, but for who listens. */
int
getsockopt(int fd, int level, int name, void *value, socklen_t *len)
{
	int r = syscall(SYS_getsockopt, fd, level, name, value, len);

	if (r == 0 && level == SOL_SOCKET && name == SO_PEERCRED && user)
		((struct ucred *)value)->uid = user;
	return r;
}

/* Time passes: serves what becomes due, in order. */
static void
advance(msec by)
{
	msec to = now + by, due;
	int rounds = 0;

	for (;;) {
		settle();
		due = loop_due();
		if (!due || due > to || rounds++ > 10000)
			break;
		if (due > now)
			now = due;
		loop_turn(now);
	}
	now = to;
}

static void
allclose(void)
{
	if (e.fd >= 0)
		close(e.fd);
	if (e.lfd >= 0)
		close(e.lfd);
	e.fd = e.lfd = -1;
	source_del(&q.timer);
	if (q.ops && *q.addr)
		peer_close(&q.session.peer);
	if (ag.peer.ops)
		peer_close(&ag.peer);
	memset(&q, 0, sizeof(q));
	memset(&ag, 0, sizeof(ag));
	q.session.peer.sock.fd = ag.peer.sock.fd = -1;
	user = 0;
	chmod(dir, 0700);
	chmod(fold, 0700);
	unlink(path);
	unlink(fold); /* if it is a link */
	rmdir(target);
	unlink(away);
	loop_turn(now); /* without holes */
	e.ngot = 0;
	*told = *log_error = '\0';
	unsay();
}

/* To what the callbacks were told; a flood is cut off. */
static void
append(const char *fmt, ...)
{
	size_t n = strlen(told);
	va_list ap;

	if (n > sizeof(told) - 100)
		return;
	va_start(ap, fmt);
	vsnprintf(told + n, 100, fmt, ap);
	va_end(ap);
}

static void
begin(int kind)
{
	allclose();
	q.addr = path;
	q.agent = "";
	e.kind = kind;
	needfold();
}

static void
changed(enum vmstate before, msec t)
{
	static const char *const name[] = {
		"off", "stopped", "suspended", "running"
	};

	(void)before;
	(void)t;
	append("%s%s%s", *told ? " " : "",
	    name[q.vm], q.known ? "" : "?");
}

static void
lost(unsigned key)
{
	append("%slost-%u", *told ? " " : "", key);
}

static void
cmddone(struct qmpjob *j, int good, msec t)
{
	(void)j;
	(void)t;
	append("%scmd%d", *told ? " " : "", good);
}

static int
connected(void)
{
	settle();
	if (e.fd >= 0)
		close(e.fd);
	e.fd = accept4(e.lfd, NULL, NULL, SOCK_NONBLOCK);
	settle();
	return e.fd >= 0;
}

static void
done(struct agentjob *j, int good, msec t)
{
	(void)t;
	append("%s%s%d", *told ? " " : "",
	    good ? "ok" : "failed", (int)(j - jobs));
}

/* Told as "e" and its number after Leave: 1 is Shutdown. */
static void
event(int ev, msec t)
{
	(void)t;
	append("%se%d", *told ? " " : "", ev - Leave);
}

static void
port(int open, msec t)
{
	(void)t;
	append("%sport%d", *told ? " " : "", open);
}

static void
reset(msec t)
{
	(void)t;
	append("%sreset", *told ? " " : "");
}

static void
input(const char *s, int *ret)
{
	struct input_event ev[2 * ReportMax] = { 0 };
	size_t n = 0;
	char kind;
	int code, value, len;

	for (; n < LENGTH(ev) && sscanf(s, " %c%d=%d%n", &kind, &code, &value,
	    &len) == 3; s += len) {
		ev[n].type = kind == 'k' ? EV_KEY : kind == 'r' ? EV_REL :
		             EV_ABS;
		ev[n].code = code;
		ev[n++].value = value;
	}
	*ret = qmp_input(&q, ev, n, now);
	*ret &= (1 << n) - 1;
}

static void
listener(int really)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };

	strcpy(un.sun_path, path);
	e.lfd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
	if (bind(e.lfd, (struct sockaddr *)&un, sizeof(un)) < 0 ||
	    (really && listen(e.lfd, 4) < 0)) {
		printf("Bail out! %s: %s\n", path, strerror(errno));
		exit(2);
	}
	if (really)
		return;
	close(e.lfd);
	e.lfd = -1;
}

static void
needfold(void)
{
	mkdir(fold, 0700);
}

static void
opened(void)
{
	static const struct qmpops qmpops = {
		.changed = changed,
		.lost = lost,
		.reset = reset,
		.event = event,
		.port = port,
	};

	if (e.kind == 'q')
		qmp_open(&q, &qmpops, 5000, now);
	else
		agent_open(&ag, path);
	settle();
}

static struct peer *
peer(void)
{
	return e.kind == 'q' ? &q.session.peer : &ag.peer;
}

static void
receive(void)
{
	ssize_t n;

	settle();
	while (e.fd >= 0 && e.ngot < GotMax - 1 && (n = read(e.fd, e.got +
	    e.ngot, GotMax - 1 - e.ngot)) > 0) {
		e.ngot += n;
		settle();
	}
	e.got[e.ngot] = '\0';
}

/* One line; 0: not as expected, which want and got tell. */
static int
script(char *line, char *want, char *got)
{
	static char text[65536];
	char *arg = strchr(line, ' ');
	size_t n = 0;
	int ret, k;

	*want = *got = '\0';
	if (arg)
		*arg++ = '\0';
	else
		arg = line + strlen(line);
	n = unescape(arg, text);
	if (!strcmp(line, "listen")) {
		listener(1);
	} else if (!strcmp(line, "bind")) {
		listener(0);
	} else if (!strcmp(line, "unlink")) {
		if (e.lfd >= 0)
			close(e.lfd);
		e.lfd = -1;
		unlink(path);
	} else if (!strcmp(line, "mkdir")) {
		needfold();
	} else if (!strcmp(line, "rmdir")) {
		unlink(path);
		rmdir(fold);
	} else if (!strcmp(line, "mode")) {
		chmod(fold, strtol(arg, &arg, 8));
		chmod(dir, strtol(arg, NULL, 8));
	} else if (!strcmp(line, "user")) {
		user = atoi(arg);
	} else if (!strcmp(line, "link")) {
		rmdir(fold);
		if (symlink("target", fold) < 0)
			strcpy(got, "no link");
	} else if (!strcmp(line, "target")) {
		mkdir(target, 0700);
	} else if (!strcmp(line, "away")) {
		if (rename(path, away) < 0 || symlink(away, path) < 0)
			strcpy(got, "no link");
	} else if (!strcmp(line, "open")) {
		opened();
	} else if (!strcmp(line, "accept")) {
		strcpy(want, "a connection");
		strcpy(got, connected() ? want : "none");
	} else if (!strcmp(line, "noconn")) {
		strcpy(want, "no connection");
		strcpy(got, connected() ? "a connection" : want);
	} else if (!strcmp(line, "close")) {
		receive();
		close(e.fd);
		e.fd = -1;
		settle();
	} else if (!strcmp(line, "sync")) {
		receive();
		e.sync = -1;
		sscanf(e.got, "\xff{\"execute\":\"guest-sync-delimited\","
		    "\"arguments\":{\"id\":%lld", &e.sync);
		sprintf(want, "\xff{\"execute\":\"guest-sync-delimited\","
		    "\"arguments\":{\"id\":%lld}}\n", e.sync);
		strcpy(got, e.got);
		e.ngot = 0;
	} else if (!strcmp(line, "<") || !strcmp(line, "<<")) {
		if (!line[1])
			n += sprintf(text + n, e.kind == 'q' ? "\r\n" : "\n");
		sendtext(text, n);
	} else if (!strcmp(line, ">") || !strcmp(line, ">ev")) {
		receive();
		sprintf(want, line[1] ? "{\"execute\":\"input-send-event\","
		    "\"arguments\":{\"events\":[%s]}}" : "%s", text);
		strcpy(got, e.got);
		e.ngot = 0;
	} else if (!strcmp(line, "=")) {
		settle();
		strcpy(want, text);
		strcpy(got, told);
		*told = '\0';
	} else if (!strcmp(line, "!") || !strcmp(line, "!!")) {
		settle();
		strcpy(want, text);
		strcpy(got, *text && (nsaid() == 1) != (line[1] != '\0') &&
		    strstr(said(), text) ? want : said());
		unsay();
	} else if (!strcmp(line, "lines")) {
		strcpy(want, arg);
		sprintf(got, "%u", nsaid());
	} else if (!strcmp(line, "error")) {
		strcpy(want, text);
		strcpy(got, *text && strstr(log_error, text) ? text :
		    log_error);
	} else if (!strcmp(line, "+")) {
		advance(atoi(arg));
	} else if (!strcmp(line, "due")) {
		settle();
		strcpy(want, strcmp(arg, "none") ? arg : "0");
		sprintf(got, "%lld", peer()->sock.due ?
		    (long long)(peer()->sock.due - now) : 0);
	} else if (!strcmp(line, "i")) {
		k = strtol(arg, &arg, 10);
		input(arg, &ret);
		sprintf(want, "%d", k);
		sprintf(got, "%d", ret);
	} else if (!strcmp(line, "idle")) {
		settle();
		strcpy(want, arg);
		sprintf(got, "%d", qmp_idle(&q));
	} else if (!strcmp(line, "job")) {
		k = atoi(arg);
		jobs[k].op = jobop[k];
		jobs[k].argv = jobargv[k];
		jobs[k].done = done;
		agent_start(&ag, &jobs[k], now);
	} else if (!strcmp(line, "cancel")) {
		agent_cancel(&ag, &jobs[atoi(arg)], now);
	} else if (!strcmp(line, "port")) {
		agent_port(&ag, atoi(arg), now);
	} else if (!strcmp(line, "cmd") || !strcmp(line, "forget")) {
		cmd.command = "system_reset";
		cmd.done = cmddone;
		if (*line == 'f')
			qmp_forget(&q, &cmd);
		else if (qmp_command(&q, &cmd, now) < 0)
			strcat(told, "refused");
	} else if (!strcmp(line, "half")) {
		shutdown(e.fd, SHUT_WR);
		settle();
	} else if (!strcmp(line, "cut")) {
		close(e.fd);
		e.fd = -1;
	} else if (!strcmp(line, "anothervm")) {
		q.pid = 1;
	} else if (!strcmp(line, "timer")) {
		strcpy(want, strcmp(arg, "none") ? arg : "0");
		sprintf(got, "%lld", q.timer.due ?
		    (long long)(q.timer.due - now) : 0);
	} else if (!strcmp(line, "leave")) {
		qmp_leave(&q, atoi(arg), now);
	} else if (!strcmp(line, "devices")) {
		static char bus[64];

		q.devices.manage = 1;
		*bus = '\0';
		sscanf(arg, "%d %d %d %63s", &q.devices.device[0].driver,
		    &q.devices.device[1].driver,
		    &q.devices.device[2].driver, bus);
		if (*bus)
			q.devices.device[VmTablet].bus = bus;
	} else if (!strcmp(line, "node")) {
		static const char *const path[] = { "node0", "node1", "node2" };

		k = strtol(arg, &arg, 10);
		qmp_node(&q, k, atoi(arg), path[k], now);
		settle();
	} else if (!strcmp(line, "reads")) {
		k = strtol(arg, &arg, 10);
		sprintf(want, "%d", atoi(arg));
		sprintf(got, "%d", qmp_reads(&q, k, now) != 0);
	} else if (!strcmp(line, "agentat")) {
		static char at[64];

		q.agent = strcpy(at, arg);
	} else if (!strcmp(line, "unstick")) {
		qmp_unstick(&q);
	} else if (!strcmp(line, "qmpport")) {
		qmp_port(&q, now);
	} else {
		printf("Bail out! session.t: %s?\n", line);
		exit(2);
	}
	return !strcmp(want, got);
}

static void
sendtext(const char *s, size_t n)
{
	ssize_t w;
	int rounds = 0;

	while (n && e.fd >= 0 && rounds++ < 1000000) {
		w = send(e.fd, s, n, MSG_NOSIGNAL);
		if (w < 0 && errno != EAGAIN)
			break;
		if (w > 0) {
			s += w;
			n -= w;
		}
		settle();
	}
	settle();
}

/* Serves all that is ready, until nothing is. */
static void
settle(void)
{
	struct source *s;
	struct pollfd p;
	int rounds = 0;

	do {
		loop_turn(now);
		s = &peer()->sock;
		p.fd = s->fd;
		p.events = (s->events & Readable ? POLLIN : 0) |
		    (s->events & Writable ? POLLOUT : 0);
	} while (rounds++ < 100000 && s->fd >= 0 && poll(&p, 1, 0) > 0);
}

/* However much there is of one thing, what comes behind it goes soon. */
static void
testclamp(void)
{
	static const struct {
		const char *name;
		struct input_event ev;
	} kinds[] = {
		{ "V16: motion", { .type = EV_REL, .value = 2000000000 } },
		{ "V16: a wheel", { .type = EV_REL, .code = REL_WHEEL,
		  .value = -2000000000 } },
		{ "V16: the most there is", { .type = EV_REL, .code = REL_Y,
		  .value = -2147483647 - 1 } },
	};
	struct input_event key = { .type = EV_KEY, .code = KEY_B, .value = 1 };
	size_t i;
	int n;

	for (i = 0; i < LENGTH(kinds); i++) {
		begin('q');
		up();
		qmp_input(&q, &kinds[i].ev, 1, now);
		qmp_input(&q, &key, 1, now);
		for (n = 0; n < 2000; n++) {
			receive();
			if (strstr(e.got, "\"b\""))
				break;
			e.ngot = 0;
			sendtext("{\"return\": {}}", 14);
		}
		ok(n <= 64, "%s: a key is the command %d", kinds[i].name, n);
	}
}

/* All goes up once, a button for each pointer; what is pressed meanwhile stays,
 * and a slow keyboard gets one at a time. */
static void
teststuck(void)
{
	static const char mice[] = "{\"return\": [{\"name\": \"QEMU HID Tablet"
	    "\", \"index\": 4, \"current\": true, \"absolute\": true}, "
	    "{\"name\": \"QEMU HID Mouse\", \"index\": 3, \"current\": "
	    "false, \"absolute\": false}]}";
	static const struct input_event press[] = {
		{ .type = EV_KEY, .code = KEY_A, .value = 1 },
		{ .type = EV_KEY, .code = BTN_RIGHT, .value = 1 },
	};
	int usb, n, k, up1, wrong, early, buttons, moved;
	char want[40];
	msec began;

	for (usb = 0; usb < 2; usb++) {
		begin('q');
		up();
		q.devices.device[VmKeyboard].usb = usb;
		qmp_unstick(&q);
		qmp_input(&q, press, 1, now);
		receive();
		okstr(e.got, "{\"execute\":\"query-mice\"}", "V10: first "
		    "it is asked who has the buttons", NULL);
		e.ngot = 0;
		sendtext(mice, strlen(mice));
		began = now;
		buttons = moved = wrong = early = up1 = 0;
		for (n = 0; n < 1000; n++) {
			receive();
			if (!e.ngot && !q.timer.due)
				break;
			if (!e.ngot)
				advance(q.timer.due - now);
			else if (strstr(e.got, "\"down\":true"))
				early += n != 0 && !strstr(e.got, "right");
			else if (strstr(e.got, "mouse_set 3"))
				moved++;
			else if (strstr(e.got, "btn"))
				buttons++;
			else
				up1++;
			for (k = 0; k < KEY_CNT && e.ngot; k++) {
				snprintf(want, sizeof(want), "\"%s\"",
				    qmp_keyname(k) ? qmp_keyname(k) : "-");
				wrong += k == KEY_A && n &&
				    strstr(e.got, want) != NULL;
			}
			if (!e.ngot)
				continue;
			e.ngot = 0;
			sendtext("{\"return\": {}}", 14);
		}
		for (n = k = 0; k < KEY_CNT; k++)
			n += k != KEY_A && qmp_keyname(k);
		okint(up1, n, "V10: each key goes up once");
		okint(wrong + early, 0, "V10: but the one that is held");
		ok(buttons == 10 && moved == 1, "V10: buttons on both pointers:"
		    " %d, %d", buttons, moved);
		ok(now - began >= (n - 1) * 10, "V10: paced: %d ms",
		    (int)(now - began));
	}
}

/* Events faster than anybody looks: no memory, and few queries. */
static void
testflood(void)
{
	static const char *const line[] = {
		"{\"event\": \"POWERDOWN\"}\r\n",
		"{\"event\": \"VSERPORT_CHANGE\", \"data\": {\"open\": true, "
		    "\"id\": \"gaport\"}}\r\n",
		"{\"event\": \"DEVICE_DELETED\", \"data\": {\"path\": \"/machine"
		    "/peripheral/x/virtio-backend\"}}\r\n",
		"{\"event\": \"DEVICE_DELETED\", \"data\": {\"device\": "
		    "\"screenstub-dev-tablet\", \"path\": \"/x\"}}\r\n",
		"{\"event\": \"RESET\", \"data\": {\"guest\": true, \"reason\": "
		    "\"guest-reset\"}}\r\n",
		"{\"event\": \"STOP\"}\r\n", "{\"event\": \"RESUME\"}\r\n",
		"{\"event\": \"RTC_CHANGE\", \"data\": {\"offset\": 78}}\r\n",
	};
	static char chunk[8192];
	struct rusage before, after;
	size_t i, n;
	uint32_t seed = 11;

	begin('q');
	up();
	q.agent = "/vm/qga";
	q.devices.device[VmTablet].state = DevOurs;
	q.devices.manage = 1;
	getrusage(RUSAGE_SELF, &before);
	for (i = 0; i < 100000;) {
		for (n = 0; i < 100000 && n < sizeof(chunk) - 200; i++)
			n += sprintf(chunk + n, "%s", line[taprandom(&seed) %
			    LENGTH(line)]);
		sendtext(chunk, n);
	}
	getrusage(RUSAGE_SELF, &after);
	receive();
	printf("# 100000 events: peak RSS %ld KiB before, %ld KiB after\n",
	    before.ru_maxrss, after.ru_maxrss);
	ok(after.ru_maxrss - before.ru_maxrss < 1024 && e.ngot < 400 &&
	    q.session.replied, "100000 events: no memory, one query");
}

/* The same messages in any pieces, with any ends, give the same. */
static void
testframing(void)
{
	static const char *const msg[] = {
		GREETING, "{\"return\": {}}", RUNNING, STOPEV,
		"{\"event\": \"RESUME\", \"data\": {\"x\": \"}]{[\\\"\\\\\"}}",
		"{\"event\": \"NIC_RX_FILTER_CHANGED\", \"data\": [[], {}]}",
		"{\"returns\": [\"]\"]}",
		"{\"event\": \"SHUTDOWN\", \"data\": {\"guest\": true}}",
	};
	static const char *const ends[] = { "\r\n", "\n", "", "\r\n\r\n  \n" };
	static const char *const endname[] = { "\\r\\n", "\\n", "none",
		"blank lines" };
	static const char *const how[] = { "whole", "by message",
		"byte by byte", "in random pieces" };
	static const char want[] = "{\"execute\":\"qmp_capabilities\"}"
	    "{\"execute\":\"query-status\"}{\"execute\":"
	    "\"query-status\"} running stopped e4 running e5 stopped e1";
	static char all[8192], got[8192];
	char name[100];
	uint32_t seed = 5;
	size_t i, k, n, at, len, run;

	for (k = 0; k < LENGTH(ends); k++) {
		*all = '\0';
		for (i = 0; i < LENGTH(msg); i++) {
			strcat(all, msg[i]);
			strcat(all, ends[k]);
		}
		n = strlen(all);
		for (run = 0; run < 3 + 50; run++) {
			begin('q');
			listener(1);
			opened();
			connected();
			for (at = i = 0; at < n; at += len) {
				len = run == 0 ? n : run == 1 ?
				    strlen(msg[i++]) + strlen(ends[k]) :
				    run == 2 ? 1 : taprandom(&seed) % 60 + 1;
				if (len > n - at)
					len = n - at;
				sendtext(all + at, len);
			}
			receive();
			snprintf(got, sizeof(got), "%.3000s %.1000s%.1000s",
			    e.got, told, said());
			snprintf(name, sizeof(name), "framing: %s, ends: %s",
			    how[run < 3 ? run : 3], endname[k]);
			/* of the random ones only the last, if all is well */
			if (run < 3 || run == 52 || strcmp(got, want))
				okstr(got, want, name, NULL);
		}
	}
}

/* Where the first message ends; 0: it has no end, -1: it is none. */
static long
framed(const char *s, size_t n)
{
	struct framer f = { .limit = 4 << 20 };
	long at = 0;
	size_t i;
	int r = 0;

	for (i = 0; i < n && !r; i++)
		if ((r = framer_byte(&f, s[i])))
			at = r < 0 ? -1 : (long)i + 1;
	free(f.buf);
	return at;
}

/* Takes all that is in it. */
static void
walk(struct json v, int depth)
{
	static const char *const name[] = { "", "a", "b", "event" };
	struct json it = { NULL, NULL }, m;
	char text[40];
	int64_t n;
	size_t i;

	json_true(v);
	json_int(v, &n);
	json_text(v, text, sizeof(text));
	for (i = 0; depth < 80 && i < LENGTH(name); i++) {
		m = json_member(v, name[i]);
		if (m.s < m.end)
			walk(m, depth + 1);
	}
	while (depth < 80 && v.s < v.end && *v.s == '[' && !json_item(v, &it))
		walk(it, depth + 1);
}

static void
testjson(void)
{
	static const struct {
		const char *open, *in, *close;
		size_t times;
		int ends;
		const char *name;
	} big[] = {
		{ "[", "1", "]", 64, 1, "64 deep" },
		{ "[", "", "]", 1100, 1, "1100 deep" },
		{ "{\"a\":", "1", "}", 1100, 1, "1100 objects deep" },
		{ "[", "", "", 100000, 0, "100000 [" },
		{ "", "", "]", 1100, -1, "1100 ]" },
		{ "", "xyz", "]", 1, -1, "a word" },
		{ "[\"", "", "\"]", 1, 1, "a string" },
	};
	static char name[3000];
	struct json v;
	char *copy, *p;
	size_t i, k, n, a, b, wrong;

	for (i = 0; i < LENGTH(docs); i++) {
		for (wrong = k = 0; k <= docs[i].n; k++) {
			copy = malloc(k + !k);
			memcpy(copy, docs[i].s, k);
			v.s = copy;
			v.end = copy + k;
			walk(v, 0);
			n = docs[i].n;
			while (n && strchr(" \t\r\n", docs[i].s[n - 1]))
				n--;
			if (docs[i].valid && strpbrk(docs[i].s, "{[") &&
			    !strchr("\"\\", *docs[i].s))
				wrong += framed(copy, k) !=
				    (k < n ? 0 : (long)n);
			free(copy);
		}
		for (n = k = 0; k < docs[i].n && n < 60; k++)
			n += sprintf(name + n, docs[i].s[k] < ' ' ||
			    docs[i].s[k] > '~' ? "\\x%02x" :
			    docs[i].s[k] == '#' ? "\\#" : "%c",
			    (unsigned char)docs[i].s[k]);
		name[n] = '\0';
		ok(!wrong, "json: %s: %s", docs[i].valid ? "ends at its end" :
		    "nothing is read beyond", name);
	}
	for (i = 0; i < LENGTH(big); i++) {
		a = strlen(big[i].open);
		b = strlen(big[i].close);
		n = big[i].times * (a + b) + strlen(big[i].in);
		copy = p = malloc(n);
		for (k = 0; k < big[i].times; k++, p += a)
			memcpy(p, big[i].open, a);
		memcpy(p, big[i].in, strlen(big[i].in));
		p += strlen(big[i].in);
		for (k = 0; k < big[i].times; k++, p += b)
			memcpy(p, big[i].close, b);
		okint(framed(copy, n), big[i].ends > 0 ? (long)n :
		    big[i].ends, big[i].name);
		v.s = copy;
		v.end = copy + n;
		walk(v, 0);
		free(copy);
	}
}

/* The longest messages, one more byte each, and levels. */
static void
testlimits(void)
{
	static const struct {
		int kind;
		size_t n; /* bytes of a string in it */
		int good;
		const char *name;
	} list[] = {
		{ 'q', (1 << 20) - 20, 1, "a QMP message of 1 MiB" },
		{ 'q', 1 << 20, 0, "a QMP message of more" },
		{ 'a', (32 << 20) - 20, 1, "an agent's message of 32 MiB" },
		{ 'a', 32 << 20, 0, "an agent's message of more" },
	};
	struct peer *p;
	char *text;
	size_t i, n;

	for (i = 0; i < LENGTH(list); i++) {
		begin(list[i].kind);
		up();
		p = peer();
		n = list[i].n + 20;
		text = malloc(n);
		memset(text, 'x', n);
		memcpy(text, "{\"unknown\": \"", 13);
		memcpy(text + 13 + list[i].n - 13, "\"}\n", 3);
		sendtext(text, list[i].n + 3);
		ok((strstr(said(), "makes no sense") == NULL) == list[i].good &&
		    p->in.len <= p->in.limit, "%s: %s", list[i].name,
		    list[i].good ? "taken" : "refused");
		free(text);
	}
}

static void
testmembers(void)
{
	static const struct {
		const char *obj, *name, *want; /* NULL: there is none */
	} members[] = {
		{ "{\"a\":1,\"b\":2}", "a", "1" },
		{ "{\"a\":1,\"b\":2}", "b", "2" },
		{ "{\"b\":2,\"a\":1}", "a", "1" },
		{ " {\t\"b\" : 2 ,\n \"a\" : [1, 2] } ", "a", "[1, 2]" },
		{ "{\"a\":1,\"a\":2}", "a", "1" },
		{ "{\"x\":{\"a\":1},\"a\":2}", "a", "2" },
		{ "{\"x\":[{\"a\":1}],\"y\":\"a\",\"a\":2}", "a", "2" },
		{ "{\"x\":\"\\\"a\\\":1\",\"a\":2}", "a", "2" },
		{ "{\"a\":{\"a\":{\"a\":3}}}", "a", "{\"a\":{\"a\":3}}" },
		{ "{\"x\":{\"a\":1}}", "a", NULL },
		{ "{}", "a", NULL }, { "[\"a\",1]", "a", NULL },
		{ "\"a\"", "a", NULL }, { "1", "a", NULL },
		{ "null", "a", NULL }, { "{\"ab\":1}", "a", NULL },
		{ "{\"a\":1}", "ab", NULL }, { "{\"A\":1}", "a", NULL },
		{ "{\"x\":1,,\"a\":2}", "a", NULL },
		{ "{\"x\" 1,\"a\":2}", "a", NULL },
		{ "{x:1,\"a\":2}", "a", NULL }, { "{\"a\":}", "a", NULL },
		{ "{\"x\":[},\"a\":2]}", "a", "2" },
		{ "{\"\":5}", "", "5" }, { "{\"a\\u0000b\":1}", "a", NULL },
		{ "{\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
		  "aaaaaaaaaaaaaaaaaaaaaaaaaaaa\":1,\"a\":\"x\"}", "a",
		  "\"x\"" },
		{ "{\"a\":null}", "a", "null" },
	};
	static const struct {
		const char *s;
		int ret;
		int64_t want;
	} ints[] = {
		{ "0", 0, 0 }, { "-0", 0, 0 }, { "7", 0, 7 },
		{ "-7", 0, -7 }, { "1546", 0, 1546 },
		{ "9007199254740993", 0, 9007199254740993 },
		{ "9223372036854775807", 0, INT64_MAX },
		{ "-9223372036854775808", 0, INT64_MIN },
		{ "9223372036854775808", -1, 0 },
		{ "-9223372036854775809", -1, 0 },
		{ "18446744073709551616", -1, 0 },
		{ "99999999999999999999999999", -1, 0 },
		{ "92233720368547758070", -1, 0 }, { "1.5", -1, 0 },
		{ "1e3", -1, 0 }, { "1.0", -1, 0 }, { "\"7\"", -1, 0 },
		{ "null", -1, 0 }, { "true", -1, 0 }, { "[7]", -1, 0 },
		{ "{}", -1, 0 }, { "\"\"", -1, 0 },
	};
	static const struct {
		const char *s;
		int want;
	} bools[] = {
		{ "true", 1 }, { "false", 0 }, { "null", 0 }, { "1", 0 },
		{ "\"true\"", 0 }, { "{}", 0 },
	};
	struct json o, v;
	char name[300], *copy;
	int64_t n;
	size_t i, len;
	int ret;

	for (i = 0; i < LENGTH(members); i++) {
		len = strlen(members[i].obj);
		o.s = copy = malloc(len);
		memcpy(copy, members[i].obj, len);
		o.end = o.s + len;
		for (; *o.s == ' '; o.s++)
			;
		v = json_member(o, members[i].name);
		if (v.s == v.end)
			strcpy(name, "none");
		else
			sprintf(name, "%.*s", (int)(v.end - v.s), v.s);
		okstr(name, members[i].want ? members[i].want : "none",
		    "json: member", members[i].obj);
		free(copy);
	}
	for (i = 0; i < LENGTH(ints); i++) {
		v.s = copy = malloc(strlen(ints[i].s));
		memcpy(copy, ints[i].s, strlen(ints[i].s));
		v.end = v.s + strlen(ints[i].s);
		n = 0;
		ret = json_int(v, &n);
		if (!ok(ret == ints[i].ret && (ret < 0 || n == ints[i].want),
		    "json: integer %s", ints[i].s))
			printf("#   expected %d, %lld\n#   got      %d, "
			    "%lld\n", ints[i].ret, (long long)ints[i].want,
			    ret, (long long)n);
		free(copy);
	}
	for (i = 0; i < LENGTH(bools); i++) {
		v.s = bools[i].s;
		v.end = v.s + strlen(v.s);
		ok(json_true(v) == bools[i].want, "json: bool %s",
		    bools[i].s);
	}
}

/* What can be wrong with an address: each has its own words, said once. */
static void
testpaths(void)
{
	static char fifo[120], longpath[200], dead[120], full[32];
	struct sockaddr_in in = { .sin_family = AF_INET };
	socklen_t len = sizeof(in);
	int fd[2];
	const struct {
		const char *addr, *want;
	} list[] = {
		{ fold, "can't connect: Connection refused" },
		{ fifo, "can't connect: Connection refused" },
		{ dead, "can't connect: Connection refused" },
		{ "/nonexistent/qmp", "can't connect: No such file" },
		{ "127.0.0.1:1", "Connection refused" },
		{ full, "Connection timed out" },
	};
	const char *const good[] = { "", "/qmp", "localhost:1", "[::1]:65535" },
		*const bad[] = { longpath, "qmp", "example.org:4444", ":1",
		    "localhost", "localhost:", "localhost:0", "[::1]",
		    "127.0.0.1:65536", "127.0.0.1:1x", "unix:/qmp" };
	size_t i, k;

	begin('q');
	snprintf(fifo, sizeof(fifo), "%s/fifo", fold);
	snprintf(dead, sizeof(dead), "%s/qmp", fold);
	memset(longpath, 'x', sizeof(longpath) - 1);
	*longpath = '/';
	mkfifo(fifo, 0600);
	/* a host that answers no more: its queue has room for one */
	in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	for (i = 0; i < 2; i++)
		fd[i] = socket(AF_INET, SOCK_STREAM, 0);
	if (bind(*fd, (struct sockaddr *)&in, len) < 0 || listen(*fd, 0) < 0 ||
	    getsockname(*fd, (struct sockaddr *)&in, &len) < 0 ||
	    connect(fd[1], (struct sockaddr *)&in, len) < 0)
		ok(0, "a TCP socket: %s", strerror(errno));
	snprintf(full, sizeof(full), "127.0.0.1:%d", ntohs(in.sin_port));
	for (i = 0; i < LENGTH(good); i++)
		ok(!peer_wrong(good[i]), "address '%s'", good[i]);
	for (i = 0; i < LENGTH(bad); i++)
		ok(peer_wrong(bad[i]) != NULL, "no address: '%.40s'", bad[i]);
	for (i = 0; i < LENGTH(list); i++) {
		begin('q');
		if (list[i].addr == dead)
			listener(0);
		q.addr = list[i].addr;
		opened();
		for (k = 0; k < 10; k++)
			advance(5000);
		ok(nsaid() == 1 && strstr(said(), list[i].want), "address %.40s: "
		    "%s", list[i].addr + (*list[i].addr == '/' ? strlen(dir) *
		    !strncmp(list[i].addr, dir, strlen(dir)) : 0),
		    list[i].want);
		if (nsaid() != 1 || !strstr(said(), list[i].want))
			taptext("got", said(), strlen(said()));
	}
	close(fd[0]);
	close(fd[1]);
	unlink(fifo);
}

/* A peer that does not answer: nothing grows, motion goes first, a release
 * never. */
static void
testqueue(void)
{
	static const struct {
		const char *name;
		struct input_event ev, next;
		enum { Half, Merged, All } fits; /* of the queue */
	} kinds[] = {
		{ "presses", { .type = EV_KEY, .code = KEY_A, .value = 1 },
		  { .type = EV_KEY, .code = KEY_A, .value = 1 }, Half },
		{ "buttons", { .type = EV_KEY, .code = BTN_LEFT, .value = 1 },
		  { .type = EV_KEY, .code = BTN_LEFT, .value = 1 }, Half },
		{ "abs and rel motion in turn", { .type = EV_ABS, .value = 1 },
		  { .type = EV_REL, .value = 1 }, Merged },
		{ "the wheel", { .type = EV_REL, .code = REL_WHEEL,
		  .value = 1 }, { .type = EV_REL, .code = REL_WHEEL,
		  .value = 1 }, Half },
		{ "releases", { .type = EV_KEY, .code = KEY_A },
		  { .type = EV_KEY, .code = KEY_A }, All },
	};
	struct input_event up_ = { .type = EV_KEY, .code = KEY_B };
	struct input_event click[] = {
		{ .type = EV_ABS, .value = 1 },
		{ .type = EV_KEY, .code = BTN_LEFT },
		{ .type = EV_KEY, .code = BTN_RIGHT, .value = 1 },
	};
	struct input_event move = { .type = EV_REL, .value = 1 };
	char name[100];
	size_t i, n;
	int took, up1;
	const char *p;

	for (i = 0; i < LENGTH(kinds); i++) {
		begin('q');
		up();
		for (n = took = 0; n < 2000; n++)
			took += qmp_input(&q, n % 2 ? &kinds[i].next :
			    &kinds[i].ev, 1, now) == 0;
		for (up1 = 0; up1 < 2000 && !qmp_input(&q, &up_, 1, now);
		    up1++)
			;
		snprintf(name, sizeof(name), "queue: %s: %d taken, then %d "
		    "releases", kinds[i].name, took, up1);
		if (kinds[i].fits == All)
			ok(took >= 256 && took <= QueueMax + 2, "%s", name);
		else
			ok((took <= QueueMax || kinds[i].fits == Merged) &&
			    up1 >= 200, "%s", name);
		/* all that was taken comes out, in order */
		receive();
		for (n = 0; n < 2000 && !qmp_idle(&q); n++) {
			sendtext("{\"return\": {}}", 14);
			receive();
		}
		e.got[e.ngot] = '\0';
		for (n = 0, p = e.got; (p = strstr(p, "\"execute\"")); p++)
			n++;
		ok(kinds[i].fits == Merged ? n <= QueueMax + 2 :
		    n == (size_t)(took + up1),
		    "queue: %s: all that was taken is sent", kinds[i].name);
	}
	begin('q');
	up();
	while (!qmp_input(&q, &kinds[0].ev, 1, now))
		;
	okint(qmp_input(&q, click, 2, now), 1,
	    "queue: full of presses, a release fits, motion with it does not");
	okint(qmp_input(&q, click + 1, 2, now), 2,
	    "queue: full of presses, a release fits, a press with it does not");
	begin('q');
	up();
	for (n = 0; n < 2 * QueueMax; n++)
		qmp_input(&q, n % 2 ? &kinds[2].next : &kinds[2].ev, 1, now);
	okint(qmp_input(&q, &up_, 1, now), 0,
	    "queue: full of motion, a release fits");
	begin('q');
	up();
	for (n = took = 0; n < 100000; n++)
		took += qmp_input(&q, &move, 1, now) == 0;
	receive();
	for (n = 0; n < 2000 && !qmp_idle(&q); n++) {
		sendtext("{\"return\": {}}", 14);
		receive();
	}
	/* the first, then 64 steps of what was merged */
	ok(took == 100000 && n == 65, "queue: 100000 motions are merged, to "
	    "%zu commands", n);
	/* the same with a peer whose buffer is full */
	begin('q');
	up();
	for (n = 0; n < 100000 && e.fd >= 0; n++) {
		qmp_input(&q, &up_, 1, now);
		settle();
	}
	ok(q.queue.n <= QueueMax,
	    "queue: bounded when nothing is read");
}

static void
testscripts(void)
{
	static char line[65536], want[GotMax], got[GotMax], copy[65536];
	struct {
		char name[20];
		long at;
		int lineno;
	} part[8], back = { "", 0, 0 };
	char name[200] = "", kind[20] = "";
	FILE *f = fopen("tests/qmp/session.t", "r");
	int bad = 0, defines = 0, lineno = 0, more = 1, k, nparts = 0;

	while (more) {
		more = f && fgets(line, sizeof(line), f);
		lineno++;
		line[strcspn(line, "\n")] = '\0';
		if (!more || !strncmp(line, "== ", 3)) {
			if (*name && !bad) {
				receive();
				snprintf(got, sizeof(got), "%.9999s|%.9999s|"
				    "%.9999s", e.got, told, said());
				okstr(got, "||", name, "the end of it: sent, "
				    "told, said");
			}
			bad = 0;
			if (!more)
				break;
			snprintf(name, sizeof(name), "%.190s", line + 3);
			snprintf(kind, sizeof(kind), "%.*s",
			    (int)strcspn(line + 3, ":") < 19 ?
			    (int)strcspn(line + 3, ":") : 19, line + 3);
			begin(*kind);
			if (strstr(kind, "up"))
				up();
			else if (!strstr(kind, "raw")) {
				listener(1);
				opened();
			}
			continue;
		}
		if (!strncmp(line, "** ", 3) && nparts < (int)LENGTH(part)) {
			snprintf(part[nparts].name, sizeof(part[0].name),
			    "%.19s", line + 3);
			part[nparts].at = ftell(f);
			part[nparts++].lineno = lineno;
			defines = 1;
		}
		if (!*line && back.at) {
			fseek(f, back.at, SEEK_SET);
			lineno = back.lineno;
			back.at = 0;
		}
		defines = defines && *line;
		if (bad || defines || !*line || *line == '#')
			continue;
		for (k = 0; k < nparts && (line[0] != '*' ||
		    strcmp(part[k].name, line + 2)); k++)
			;
		if (k < nparts) {
			back.at = ftell(f);
			back.lineno = lineno;
			fseek(f, part[k].at, SEEK_SET);
			lineno = part[k].lineno;
			continue;
		}
		strcpy(copy, line);
		if (script(line, want, got))
			continue;
		bad = 1;
		ok(0, "%s", name);
		printf("#   line %d of session.t: %.200s\n", lineno, copy);
		taptext("expected", want, strlen(want));
		taptext("got", got, strlen(got));
	}
	ok(f && lineno > 100, "session.t was read");
	if (f)
		fclose(f);
}

static void
testtext(void)
{
	static const struct {
		const char *s, *want; /* NULL: no string */
	} texts[] = {
		{ "\"\"", "" }, { "\"abc\"", "abc" },
		{ "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\/     " },
		{ "\"\\u0041\\u00e9\\u4F60\"", "A\xc3\xa9\xe4\xbd\xa0" },
		{ "\"\\u007f\\u0080\\u07ff\\u0800\\uffff\"",
		  "\x7f\xc2\x80\xdf\xbf\xe0\xa0\x80\xef\xbf\xbf" },
		{ "\"\\uD83D\\uDE00\"", "\xef\xbf\xbd\xef\xbf\xbd" },
		{ "\"\\ud800\"", "\xef\xbf\xbd" },
		{ "\"\\udc00\"", "\xef\xbf\xbd" },
		{ "\"\\ud800x\"", "\xef\xbf\xbdx" },
		{ "\"\\ud800\\u0041\"", "\xef\xbf\xbd" "A" },
		{ "\"\\ud800\\n\"", "\xef\xbf\xbd " },
		{ "\"\\ude00\\ud83d\"", "\xef\xbf\xbd\xef\xbf\xbd" },
		{ "\"\\u0000\"", "\xef\xbf\xbd" },
		{ "\"a\\u0000b\"", "a\xef\xbf\xbd" "b" },
		{ "\"h\xc3\xa9\"", "h\xc3\xa9" },
		{ "1", NULL }, { "null", NULL }, { "[]", NULL }, { "{}", NULL },
		{ "[\"a\"]", NULL },
	};
	char out[100], quoted[4000], *copy, s[300], back[300], *small;
	struct json v;
	size_t i, k, n, bad = 0, wrong = 0;
	uint32_t seed = 9;

	for (i = 0; i < LENGTH(texts); i++) {
		n = strlen(texts[i].s);
		v.s = copy = malloc(n);
		memcpy(copy, texts[i].s, n);
		v.end = v.s + n;
		if (json_text(v, out, sizeof(out)))
			strcpy(out, "(no string)");
		okstr(out, texts[i].want ? texts[i].want : "(no string)",
		    "json: text", texts[i].s);
		for (k = 0; k <= n + 8; k++) { /* too small, exactly so */
			small = malloc(k + !k);
			if (json_text(v, small, k) == 0)
				wrong += !texts[i].want ||
				    strcmp(small, texts[i].want);
			else if (texts[i].want)
				wrong += strncmp(small, texts[i].want,
				    strlen(small)) || (k > 4 && !*small);
			free(small);
		}
		free(copy);
	}
	okint(wrong, 0, "json: text that fits is whole, of any size");
	for (i = 0; i < 3000; i++) {
		n = i < 255 ? 1 : taprandom(&seed) % 200;
		for (k = 0; k < n; k++)
			s[k] = i < 255 ? (int)i + 1 : (int)(taprandom(&seed) %
			    255) + 1;
		s[n] = '\0';
		k = json_quote(quoted, sizeof(quoted), s);
		v.s = quoted;
		v.end = quoted + k;
		bad += json_text(v, back, sizeof(back)) < 0 || strcmp(back, s);
		n = taprandom(&seed) % (k + 10) + 2; /* too small, or just so */
		v.s = copy = malloc(n);
		v.end = copy + json_quote(copy, n, s);
		bad += v.end > v.s + n || (v.end < v.s + n &&
		    (json_text(v, back, sizeof(back)) < 0 || strcmp(back, s)));
		bad += v.end == v.s + n && n > k + 8;
		free(copy);
	}
	okint(bad, 0, "json: quoted and decoded is the same");
}

/* What QEMU's lexer takes, with all brackets in pairs; grammar is QEMU's. */
static void
testwhole(void)
{
	static const struct {
		const char *text;
		int whole;
	} list[] = {
		{ "{\"execute\":\"stop\"}", 1 },
		{ " {\"execute\": \"a\",\t\"arguments\":{\"a\":[1,-2,0,0.5,1e3,"
		    "-1.25E-2,true,false,null,{}]} }\n", 1 },
		{ "{\"a\":\"\\\" } ' \\u00e4 \303\244\"}", 1 },
		{ "{\"a\" \"b\"}", 1 }, { "{\"a\":1,}", 1 },
		{ "{\"a\":nope}", 1 },
		{ "", 0 }, { " ", 0 }, { "stop", 0 }, { "\"a\"", 0 }, { "1", 0 },
		{ "{", 0 }, { "{\"a\":1", 0 }, { "{\"a", 0 }, { "{\"a\\", 0 },
		{ "{\"a\\\"}", 0 }, { "}", 0 }, { "{]", 0 }, { "{\"a\":]}", 0 },
		{ "{\"a\":[}]", 0 }, { "{}}", 0 }, { "{} {}", 0 }, { "{}x", 0 },
		{ "{'a':1}", 0 }, { "{\"a\":'}", 0 }, { "{\"a\":'b'}", 0 },
		{ "{\"a\":01}", 0 }, { "{\"a\":-}", 0 }, { "{\"a\":1.}", 0 },
		{ "{\"a\":.5}", 0 }, { "{\"a\":1e}", 0 }, { "{\"a\":1.e5}", 0 },
		{ "{\"a\":+1}", 0 }, { "{\"a\":NaN}", 0 }, { "{\"a\":%d}", 0 },
		{ "{\"a\":\"\n\"}", 0 }, { "{\"a\":\"\377\"}", 0 },
		{ "{\377}", 0 }, { "{\"a\":\001}", 0 }, { "{\302\240}", 0 },
	};
	char deep[256] = "";
	size_t i;

	for (i = 0; i < LENGTH(list); i++)
		okint(json_whole(list[i].text), list[i].whole, list[i].text);
	for (i = 0; i < 64; i++) {
		deep[i] = "{["[i > 0];
		deep[127 - i] = "}]"[i > 0];
	}
	okint(json_whole(deep), 1, "json: 64 brackets within each other");
	memset(deep + 65, ']', 65);
	memset(deep + 1, '[', 64);
	deep[129] = '}';
	okint(json_whole(deep), 0, "json: 65");
}

/* What the real ones said, whole, byte by byte, and in random pieces: the same
 * comes of it. */
static void
testtranscripts(void)
{
	static const char folder[] = "tests/qmp/transcripts";
	static char text[1 << 16], first[1 << 16], got[1 << 16];
	struct input_event ev = { .type = EV_KEY, .code = KEY_A, .value = 1 };
	DIR *d = opendir(folder);
	struct dirent *de;
	uint32_t seed = 3;
	char name[300];
	size_t n, at, len, run, files = 0;
	FILE *f;

	while (d && (de = readdir(d))) {
		snprintf(name, sizeof(name), "%s/%s", folder, de->d_name);
		if (*de->d_name != 'q' || !(f = fopen(name, "r")))
			continue;
		n = fread(text, 1, sizeof(text), f);
		fclose(f);
		files++;
		for (run = 0; run < 30; run++) {
			begin(de->d_name[1] == 'm' ? 'q' : 'a');
			up();
			q.agent = "/vm/qga";
			q.devices.manage = 1;
			if (e.kind == 'q') {
				for (at = 0; at < 6; at++) {
					ev.value = at % 2;
					qmp_input(&q, &ev, 1, now);
				}
				q.todo = 7;
				cmd.command = "stop";
				cmd.done = cmddone;
				qmp_command(&q, &cmd, now);
			}
			for (at = 0; e.kind == 'a' && at < Jobs; at++) {
				jobs[at].op = jobop[at];
				jobs[at].argv = jobargv[at];
				jobs[at].done = done;
				agent_start(&ag, &jobs[at], now);
			}
			for (at = 0; at < n; at += len) {
				len = !run ? n : run == 1 ? 1 :
				    taprandom(&seed) % 90 + 1;
				if (len > n - at)
					len = n - at;
				sendtext(text + at, len);
			}
			receive();
			snprintf(got, sizeof(got), "%.50000s|%s|%.6000s",
			    e.got, told, said());
			if (!run)
				strcpy(first, got);
			else if (strcmp(got, first))
				break;
		}
		okstr(got, first, "a transcript in pieces", de->d_name);
	}
	if (d)
		closedir(d);
	okint(files, 10, "transcripts");
}

static size_t
unescape(const char *s, char *out)
{
	size_t n = 0;
	unsigned v;

	for (; *s; s++) {
		if (*s == '%' && sscanf(s, "%%%2x", &v) == 1) {
			out[n++] = v;
			s += 2;
		} else if (*s == '@') {
			n += sprintf(out + n, "%lld", e.sync);
		} else {
			out[n++] = *s;
		}
	}
	out[n] = '\0';
	return n;
}

/* A connection that is ready for use. */
static void
up(void)
{
	listener(1);
	opened();
	if (e.kind == 'q') {
		connected();
		sendtext(J(GREETING));
		sendtext(J("{\"return\": {}}"));
		sendtext(J(RUNNING));
		/* a fast keyboard; and as if query-mice was answered */
		q.devices.device[VmKeyboard].state = DevThere;
		q.buttons.checked = now;
		q.buttons.pointer = -1;
	} else {
		char line[80];
		struct agentjob *j = &jobs[3];

		j->op = AgentPing;
		j->done = done;
		agent_start(&ag, j, now);
		connected();
		receive();
		if (sscanf(e.got, "\xff{\"execute\":\"guest-sync-delimited\","
		    "\"arguments\":{\"id\":%lld", &e.sync) == 1) {
			sprintf(line, "\xff{\"return\": %lld}\n"
			    "{\"return\": {}}\n", e.sync);
			sendtext(line, strlen(line));
		}
	}
	receive();
	e.ngot = 0;
	*told = '\0';
}

int
main(void)
{
	const char *tmp = getenv("TMPDIR");

	tapbegin(900);
	saidbegin();
	snprintf(dir, sizeof(dir), "%.40s/unit.XXXXXX", tmp ? tmp : "/tmp");
	if (!mkdtemp(dir)) {
		printf("Bail out! %s: %s\n", dir, strerror(errno));
		return 2;
	}
	snprintf(fold, sizeof(fold), "%s/vm", dir);
	snprintf(path, sizeof(path), "%s/vm/qmp", dir);
	snprintf(target, sizeof(target), "%s/target", dir);
	snprintf(away, sizeof(away), "%s/away", dir);
	needfold();
	allclose();
	testjson();
	testmembers();
	testtext();
	testwhole();
	testframing();
	testscripts();
	testqueue();
	testclamp();
	teststuck();
	testflood();
	testtranscripts();
	testpaths();
	testlimits();
	allclose();
	rmdir(fold);
	rmdir(dir);
	return tapend();
}
