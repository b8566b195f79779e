/* See LICENSE for copyright and licence details.
 *
 * One table of sources, and select over it. A pass asks who has something to do
 * before the wait, waits until the earliest due, and serves who is ready and
 * who is due; serving one may add others, which come in the next pass, and
 * remove any. A source that is ready and due is served for both, so a talkative
 * peer can't put off its own limit.
 *
 * Signals and the ends of children come through a descriptor like all else.
 *
 * Start reading at loop_run. */
#include <sys/mman.h>
#include <sys/select.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "loop.h"

enum {
	SourceMax = 96, /* devices, too */
	ErrnoMax = 160,  /* of a line, for errno's text */
	SleepLeast = 500 /* ms; less is the difference of two readings */
};

int verbose;

static struct {
	struct source *source[SourceMax]; /* NULL: removed in this pass */
	size_t n;
	struct source signal;
	struct child *children;
	const struct loopops *ops;
	msec asleep; /* in all, since the machine was started */
	int over, status;
} loop;

char *log_error = (char[LineMax]){ "" }, *log_why;
int log_hushed, *log_failed;
const struct advice *log_advice;
static int log_fd = STDERR_FILENO;
static unsigned lost; /* lines */

/* ---- the log ---- */

/* A terminal that has room for a byte waits with the rest of a line, and what
 * has room for one of ours another may fill; the shell shares stderr, so a file
 * of our own is the one that never waits. Of a plain file it would write over
 * the beginning. */
static void
log_open(void)
{
	struct stat st;
	int fd = fstat(STDERR_FILENO, &st) < 0 || S_ISREG(st.st_mode) ? -1 :
	    open("/proc/self/fd/2", O_WRONLY | O_NONBLOCK | O_NOCTTY |
	    O_CLOEXEC);

	if (fd >= 0)
		log_fd = fd;
}

static const char *
advice_for(const char *line)
{
	const struct advice *a = log_advice;

	while (a && a->seen && !strstr(line, a->seen))
		a++;
	return a ? a->todo : NULL;
}

/* A line is below PIPE_BUF: it is written as a whole or not at all. */
void
log_line(int level, const char *fmt, ...)
{
	struct pollfd p = {
		.fd = log_failed ? STDOUT_FILENO : log_fd, .events = POLLOUT
	};
	char out[LineMax], *line = out, *c;
	int saved = errno, error;
	const char *todo;
	va_list ap;

	if (level == LogWarn && log_hushed && log_failed)
		level = LogNote;
	error = level == LogDie || level == LogWarn;
	if (level == LogWarn ? log_hushed && !verbose :
	    level == LogOk ? !log_failed : verbose < level)
		return;
	if (lost)
		line += sprintf(line, "screenstub: %u lines are missing here\n",
		    lost);
	if (log_failed)
		*log_failed += error;
	line += sprintf(line, !log_failed ? "screenstub: " : error ? "FAIL " :
	    level == LogOk ? "ok   " : "note ");
	va_start(ap, fmt);
	vsnprintf(line, LineMax - ErrnoMax - (line - out), fmt, ap);
	va_end(ap);
	for (c = line; *c; c++) /* it may come from the guest */
		if ((unsigned char)*c < ' ' || *c == 0x7f ||
		    (c[0] == '\xc2' && (c[1] & 0xe0) == 0x80))
			*c = ' '; /* U+0080 to U+009F are controls too */
	if (fmt[strlen(fmt) - 1] == ':')
		snprintf(c, ErrnoMax, " %s", strerror(saved));
	if (level >= LogDie && level <= LogNote && (todo = advice_for(line)) &&
	    !strstr(line, todo)) /* as in another's answer */
		snprintf(line + strlen(line), out + LineMax - 1 - line -
		    strlen(line), " (%s)", todo);
	if (error)
		strcpy(log_error, line);
	if (error && log_why)
		strcpy(log_why, line);
	strcat(line, "\n");
	lost = poll(&p, 1, 0) > 0 &&
	    write(p.fd, out, strlen(out)) == (ssize_t)strlen(out) ? 0 :
	    lost + 1;
	errno = saved;
}

/* ---- sources ---- */

int
source_add(struct source *s)
{
	size_t i;

	for (i = 0; i < loop.n; i++)
		if (loop.source[i] == s)
			return 0;
	if (loop.n == SourceMax || s->fd >= FD_SETSIZE) {
		warn("loop: no room for file descriptor %d", s->fd);
		return -1;
	}
	loop.source[loop.n++] = s;
	return 0;
}

void
source_del(struct source *s)
{
	size_t i;

	for (i = 0; i < loop.n; i++)
		if (loop.source[i] == s)
			loop.source[i] = NULL;
}

/* ---- children and signals ---- */

void
child_add(struct child *c, pid_t pid)
{
	c->pid = pid;
	c->next = loop.children;
	loop.children = c;
}

void
child_del(struct child *c)
{
	struct child **p = &loop.children;

	while (*p && *p != c)
		p = &(*p)->next;
	if (*p)
		*p = c->next;
}

static void
child_reap(msec now)
{
	struct child *c;
	pid_t pid;
	int status;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		for (c = loop.children; c && c->pid != pid; c = c->next)
			;
		if (!c)
			continue; /* detached, or cancelled */
		child_del(c);
		c->ended(c, status, now);
	}
}

static void
signal_ready(struct source *s, msec now)
{
	struct signalfd_siginfo si;

	while (read(s->fd, &si, sizeof(si)) == sizeof(si)) {
		if (si.ssi_signo == SIGCHLD)
			child_reap(now);
		else
			loop.ops->signalled(si.ssi_signo, now);
	}
}

/* ---- the loop ---- */

static msec
clock_read(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (msec)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

msec
loop_clock(void)
{
	return clock_read(CLOCK_MONOTONIC);
}

void *
loop_share(size_t size)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED |
	    MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		die("mmap:");
	return p;
}

/* All signals, but those that end nothing, and what a crash makes. */
void
loop_open(const struct loopops *ops)
{
	static const int others[] = {
		SIGCONT, SIGTSTP, SIGTTIN, SIGTTOU, SIGURG, SIGWINCH, SIGPIPE,
		SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS, SIGABRT
	};
	sigset_t set;
	size_t i;

	log_open();
	log_error = loop_share(LineMax);
	sigfillset(&set);
	for (i = 0; i < LENGTH(others); i++)
		sigdelset(&set, others[i]);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	loop.ops = ops;
	loop.asleep = clock_read(CLOCK_BOOTTIME) - loop_clock();
	loop.signal = (struct source){ .fd = signalfd(-1, &set, SFD_NONBLOCK |
	    SFD_CLOEXEC), .events = Readable, .ready = signal_ready };
	if (loop.signal.fd < 0)
		die("signalfd:");
	if (source_add(&loop.signal) < 0)
		die("too many open files were inherited");
}

void
loop_end(int status)
{
	loop.over = 1;
	loop.status = status;
}

msec
loop_due(void)
{
	msec due = 0;
	size_t i;

	for (i = 0; i < loop.n; i++)
		if (loop.source[i] && loop.source[i]->due &&
		    (!due || loop.source[i]->due < due))
			due = loop.source[i]->due;
	return due;
}

/* Calls before of all, and leaves the table without holes. */
static void
loop_before(msec now)
{
	struct source *s;
	size_t i, n = 0;

	for (i = 0; i < loop.n && !loop.over; i++)
		if ((s = loop.source[i]) && s->before)
			s->before(s, now);
	for (i = 0; i < loop.n; i++)
		if (loop.source[i])
			loop.source[n++] = loop.source[i];
	loop.n = n;
}

/* For so long at the most, -1: for ever. When one of them is broken all are
 * asked, and it is found out. */
static void
loop_wait(msec most)
{
	struct timeval t = { most / 1000, most % 1000 * 1000 };
	struct source *s;
	fd_set set[3]; /* by the bits of Readable and so on */
	size_t i, k;
	int max = -1;

	memset(set, 0, sizeof(set));
	for (i = 0; i < loop.n; i++) {
		s = loop.source[i];
		for (k = 0; k < LENGTH(set) && s->fd >= 0; k++)
			if (s->events & 1u << k)
				FD_SET(s->fd, &set[k]);
		if (s->fd > max)
			max = s->fd;
	}
	if (select(max + 1, &set[0], &set[1], &set[2], most < 0 ? NULL : &t) <
	    0)
		memset(set, errno == EINTR ? 0 : 0xff, sizeof(set));
	for (i = 0; i < loop.n; i++) {
		s = loop.source[i];
		s->got = 0;
		for (k = 0; k < LENGTH(set) && s->fd >= 0; k++)
			if (FD_ISSET(s->fd, &set[k]))
				s->got |= 1u << k;
	}
}

static void
loop_serve(msec now)
{
	struct source *s;
	size_t i, n = loop.n;

	for (i = 0; i < n && !loop.over; i++) {
		if (!(s = loop.source[i]))
			continue;
		if (s->got &= s->events)
			s->ready(s, now);
		if (loop.source[i] != s || !s->due || s->due > now)
			continue;
		s->due = s->got = 0;
		s->ready(s, now);
	}
}

int
loop_turn(msec now)
{
	int over;

	loop_before(now);
	loop_wait(0);
	loop_serve(now);
	over = loop.over;
	loop.over = 0;
	return over ? loop.status : -1;
}

int
loop_run(void)
{
	msec now = loop_clock(), due, before;

	for (;;) {
		loop_before(now);
		if (loop.over)
			return loop.status;
		due = loop_due();
		loop_wait(!due ? -1 : due > now ? due - now : 0);
		now = loop_clock();
		before = loop.asleep;
		loop.asleep = clock_read(CLOCK_BOOTTIME) - now;
		if (loop.asleep > before + SleepLeast)
			loop.ops->resumed(now);
		loop_serve(now);
	}
}

void
loop_forget(void)
{
	size_t i;

	for (i = 0; i < loop.n; i++)
		if (loop.source[i] && loop.source[i]->fd >= 0)
			close(loop.source[i]->fd);
}
