/* See LICENSE for copyright and licence details.
 *
 * core/loop: who is served when, what a call may change, children, and a log
 * that waits for nobody. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/wait.h>

#include "core/loop.h"
#include "../lib/tap.h"
#include "../lib/said.h"

static char told[256];
static struct source one, two;

static void
tell(const char *what)
{
	strncat(told, what, sizeof(told) - strlen(told) - 1);
}

static void
one_ready(struct source *s, msec now)
{
	(void)s;
	(void)now;
	tell(s->got ? "one ready " : "one due ");
}

static void
two_ready(struct source *s, msec now)
{
	char c;

	(void)now;
	if (s->got && read(s->fd, &c, 1) < 0)
		c = '?';
	tell(s->got ? "two ready " : "two due ");
}

static void
one_removes(struct source *s, msec now)
{
	(void)now;
	source_del(&two);
	source_del(s);
	tell("one removes two ");
}

static void
one_adds(struct source *s, msec now)
{
	(void)s;
	two.due = now;
	source_add(&two);
	tell("one adds two ");
}

static void
one_ends(struct source *s, msec now)
{
	(void)s;
	(void)now;
	loop_end(3);
}

static void
two_before(struct source *s, msec now)
{
	(void)s;
	(void)now;
	tell("before ");
}

static void
begin(void (*ready)(struct source *, msec), msec due)
{
	source_del(&one);
	source_del(&two);
	loop_turn(0);
	*told = '\0';
	one = (struct source){ .fd = -1, .due = due, .ready = ready };
	two = (struct source){ .fd = -1, .ready = two_ready };
	source_add(&one);
}

static void
sources(void)
{
	static struct source many[1000];
	size_t n;
	int fd[2];

	begin(one_ready, 100);
	loop_turn(99);
	okstr(told, "", "a timer: not before it is due", NULL);
	loop_turn(100);
	loop_turn(200);
	okstr(told, "one due ", "a timer: once, when it is due", NULL);

	begin(one_ready, 0);
	okint(source_add(&one), 0, "the same twice is once");
	two.before = two_before;
	source_add(&two);
	okint(loop_due(), 0, "nothing is due");
	two.due = 7;
	one.due = 9;
	okint(loop_due(), 7, "the earliest counts");
	loop_turn(8);
	okstr(told, "before two due ", "before comes before the wait", NULL);

	begin(one_removes, 5);
	two.due = 5;
	source_add(&two);
	loop_turn(5);
	okstr(told, "one removes two ", "who is removed is not served", NULL);

	begin(one_adds, 5);
	loop_turn(5);
	okstr(told, "one adds two ", "who is added is not yet", NULL);
	loop_turn(5);
	okstr(told, "one adds two two due ", "but in the next pass", NULL);

	begin(one_ready, 0);
	if (pipe(fd) < 0 || write(fd[1], "ab", 2) != 2)
		exit(2);
	two.fd = fd[0];
	two.events = Readable;
	two.due = 5;
	source_add(&two);
	loop_turn(5);
	okstr(told, "two ready two due ", "ready and due: both, so that a "
	    "talkative peer has its limit", NULL);
	loop_turn(6);
	two.events = 0;
	loop_turn(7);
	okstr(told, "two ready two due two ready ", "what events do not ask "
	    "for is not told", NULL);
	close(fd[0]);
	close(fd[1]);

	if (pipe(fd) < 0)
		exit(2);
	close(fd[1]);
	begin(one_ready, 0);
	two.fd = fd[0];
	source_add(&two);
	loop_turn(8);
	okstr(told, "", "an end that nobody asks for is not told", NULL);
	two.events = Readable;
	loop_turn(9);
	okstr(told, "two ready ", "to who reads it is", NULL);
	close(fd[0]);
	source_del(&two);
	two.fd = FD_SETSIZE;
	unsay();
	okint(source_add(&two), -1, "a descriptor that select can't wait for");
	okstr(said(), "loop: no room for file descriptor 1024\n",
	    "is refused in words", NULL);
	two.fd = -1;

	begin(one_ends, 5);
	okint(loop_turn(4), -1, "it goes on");
	okint(loop_turn(5), 3, "until somebody ends it, with a status");
	for (n = 0; n < LENGTH(many); n++) {
		many[n] = (struct source){ .fd = -1, .ready = one_ready };
		if (source_add(&many[n]) < 0)
			break;
	}
	ok(n < LENGTH(many), "more than there is room for are refused");
	while (n--)
		source_del(&many[n]);
	loop_turn(9);
}

static void
ended(struct child *c, int status, msec now)
{
	(void)c;
	(void)now;
	tell(WIFEXITED(status) && WEXITSTATUS(status) == 3 ? "ended 3 " :
	    "ended ");
}

static void
signalled(int signo, msec now)
{
	(void)signo;
	(void)now;
	tell("signal ");
}

static void
children(void)
{
	static const struct loopops ops = { .signalled = signalled };
	struct child a = { .ended = ended }, b = { .ended = ended };
	siginfo_t si;
	pid_t pid[2];
	int i;

	loop_open(&ops);
	for (i = 0; i < 2; i++)
		if ((pid[i] = fork()) == 0)
			_exit(3);
	child_add(&a, pid[0]);
	child_add(&b, pid[1]);
	child_del(&b);
	for (i = 0; i < 2; i++) /* until it is over, not yet reaped */
		waitid(P_PID, pid[i], &si, WEXITED | WNOWAIT);
	*told = '\0';
	raise(SIGTERM);
	loop_turn(1);
	ok(strstr(told, "ended 3 ") && strlen(told) == strlen("ended 3 signal "),
	    "a child's end is told, that of one who was forgotten not; a "
	    "signal is told");
	okint(waitpid(pid[1], NULL, WNOHANG), -1, "both are reaped");
}

/* Does a process end by that signal, by default? */
static int
endsby(int signo)
{
	struct rlimit nocore = { 0, 0 };
	sigset_t none;
	int status;
	pid_t pid;

	if ((pid = fork()) == 0) {
		setrlimit(RLIMIT_CORE, &nocore);
		sigemptyset(&none);
		signal(signo, SIG_DFL);
		sigprocmask(SIG_SETMASK, &none, NULL);
		raise(signo);
		_exit(0);
	}
	waitpid(pid, &status, WUNTRACED);
	if (WIFSTOPPED(status)) {
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
	}
	return WIFSIGNALED(status);
}

/* The loop is open. Of a crash nothing is told, and SIGPIPE is ignored. */
static void
signals(void)
{
	static const int not[] = {
		SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS, SIGABRT,
		SIGPIPE, SIGKILL
	};
	sigset_t blocked;
	int s, ends, missed = 0, more = 0, all = 0;
	size_t i;

	sigprocmask(SIG_SETMASK, NULL, &blocked);
	for (s = 1; s <= SIGRTMAX; s++) {
		if (s == SIGCHLD || (s >= __SIGRTMIN && s < SIGRTMIN))
			continue;
		ends = endsby(s);
		for (i = 0; i < LENGTH(not); i++)
			ends &= s != not[i];
		if (!ends) {
			more += sigismember(&blocked, s);
			continue;
		}
		all++;
		*told = '\0';
		if (sigismember(&blocked, s))
			raise(s);
		loop_turn(1);
		missed += strcmp(told, "signal ") != 0;
	}
	ok(all > 40, "I16: there are signals that end a process");
	okint(missed, 0, "I16: each is told");
	okint(more, 0, "I16: others are left alone");
	*told = '\0';
	raise(SIGPIPE);
	loop_turn(1);
	okstr(told, "", "I16: SIGPIPE does nothing", NULL);
}

/* A pipe that nobody reads, full. */
static void
blocked(void)
{
	char buf[65536] = "";
	ssize_t n;
	int fd[2], err = dup(STDERR_FILENO), flags, lines = 0;
	char *p;

	if (pipe(fd) < 0)
		exit(2);
	flags = fcntl(fd[1], F_GETFL);
	fcntl(fd[1], F_SETFL, flags | O_NONBLOCK);
	while (write(fd[1], buf, sizeof(buf)) > 0)
		;
	fcntl(fd[1], F_SETFL, flags);
	dup2(fd[1], STDERR_FILENO);
	warn("lost");
	warn("lost too");
	fcntl(fd[0], F_SETFL, O_NONBLOCK);
	while (read(fd[0], buf, sizeof(buf)) > 0)
		;
	warn("seen");
	n = read(fd[0], buf, sizeof(buf) - 1);
	buf[n < 0 ? 0 : n] = '\0';
	dup2(err, STDERR_FILENO);
	for (p = buf; *p; p++)
		lines += *p == '\n';
	okstr(buf, "screenstub: 2 lines are missing here\nscreenstub: seen\n",
	    "stderr that nobody reads is not waited for", NULL);
	close(fd[0]);
	close(fd[1]);
	close(err);
}

/* A terminal that nobody reads takes a part of a line; and a pipe may be filled
 * by another, after it was seen to have room. */
static void
stopped(void)
{
	static const struct loopops ops = { .signalled = signalled };
	char line[900];
	int status, i, pty = posix_openpt(O_RDWR | O_NOCTTY), tty;
	sigset_t alarms;
	pid_t pid;

	grantpt(pty);
	unlockpt(pty);
	if ((tty = open(ptsname(pty), O_RDWR | O_NOCTTY)) < 0)
		exit(2);
	if ((pid = fork()) == 0) {
		dup2(tty, STDERR_FILENO);
		loop_open(&ops);
		sigemptyset(&alarms);
		sigaddset(&alarms, SIGALRM);
		sigprocmask(SIG_UNBLOCK, &alarms, NULL);
		alarm(20);
		memset(line, 'x', sizeof(line));
		for (i = 0; i < 2000; i++)
			warn("%.*s", i % (int)sizeof(line), line);
		_exit(fcntl(STDERR_FILENO, F_GETFL) & O_NONBLOCK ? 1 : 0);
	}
	waitpid(pid, &status, 0);
	okint(status, 0, "I17: a terminal that nobody reads is not waited for, "
	    "and it is not changed for others");
	close(tty);
	close(pty);
}

static void
lines(void)
{
	unsay();
	errno = ENOENT;
	warn("file:");
	okstr(said(), "file: No such file or directory\n",
	    "a format that ends in ':' has errno's text", NULL);
	unsay();
	warn("%s", "a\033[2Jb\xc2\x9b" "c\177");
	okstr(said(), "a [2Jb \x9b" "c \n", "control characters are left out",
	    NULL);
	warn("kept");
	note(0, "noted");
	okstr(log_error, "kept", "the last error is kept, a note is none",
	    NULL);
	*log_error = '\0';
	okstr(log_error, "", "and cleared", NULL);
	unsay();
	note(1, "not wanted");
	okstr(said(), "", "notes above verbose are not printed", NULL);
	log_hushed = 1;
	warn("told before");
	okstr(said(), "", "who is to be quiet is", NULL);
}

/* What can be done stands behind what was seen, once. */
static void
advised(void)
{
	static const struct advice rows[] = {
		{ "a bus hangs", "pull it" }, { "a bus", "open it" },
		{ "file: No such", "make it" }, { NULL, NULL }
	};
	static const char room[] = "(open it)\n";
	char line[2 * LineMax] = "", why[LineMax] = "";
	const struct advice wide[] = { { "xxx", line }, { NULL, NULL } };

	log_hushed = 0;
	log_advice = rows;
	unsay();
	warn("a bus is there");
	note(0, "a bus hangs, a bus is there");
	errno = ENOENT;
	warn("file:");
	warn("a train");
	okstr(said(), "a bus is there (open it)\na bus hangs, a bus is there "
	    "(pull it)\nfile: No such file or directory (make it)\na train\n",
	    "advice: of the first row, also of a note, and for errno's text",
	    NULL);
	warn_for(why, "a bus");
	okstr(why, "a bus (open it)", "advice: who waits is told, too", NULL);
	okstr(log_error, why, "advice: and it is kept", NULL);
	unsay();
	warn("failed: %s", why);
	okstr(said(), "failed: a bus (open it)\n", "advice: not twice", NULL);
	unsay();
	note(LogQuote, "a bus");
	okstr(said(), "a bus\n", "advice: none for the words of others", NULL);
	unsay();
	verbose = 1;
	note(1, "a bus");
	verbose = 0;
	okstr(said(), "a bus\n", "advice: none for transitions", NULL);
	memset(line, 'x', sizeof(line) - 1);
	memcpy(line, "a bus ", 6);
	unsay();
	warn("%s", line);
	ok(strlen(said()) < LineMax && strcmp(said() + strlen(said()) + 1 -
	    sizeof(room), room) == 0, "advice: there is room for it");
	unsay();
	log_advice = wide;
	warn("%s", line + LineMax);
	ok(strlen(said()) < LineMax, "advice: a line stays below LineMax");
}

/* -c: the same lines on stdout, which the test reads. */
static void
checked(void)
{
	static const struct advice rows[] = { { "a bus", "open it" }, { 0 } };
	int failed = 0, out = dup(STDOUT_FILENO);

	unsay();
	log_line(LogOk, "a bus");
	okstr(said(), "", "-c: what is well is not said otherwise", NULL);
	log_advice = rows;
	log_failed = &failed;
	fflush(stdout);
	dup2(STDERR_FILENO, STDOUT_FILENO);
	log_line(LogOk, "a bus");
	warn("a bus");
	note(0, "a bus");
	note(1, "a bus");
	warn("a train");
	log_failed = NULL;
	dup2(out, STDOUT_FILENO);
	close(out);
	okstr(said(), "ok   a bus\nFAIL a bus (open it)\nnote a bus (open it)\n"
	    "FAIL a train\n", "-c: ok, FAIL and note, with advice where it "
	    "helps", NULL);
	okint(failed, 2, "-c: those that failed are counted");
	log_advice = NULL;
}

int
main(void)
{
	tapbegin(900);
	saidbegin();
	sources();
	children();
	signals();
	blocked();
	stopped();
	lines();
	advised();
	checked();
	return tapend();
}
