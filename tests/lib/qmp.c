/* A very small QMP and guest agent client for scripts.
 *
 * usage: qmp [-g] [-t seconds] [-e event] socket [json...]
 *
 * Sends each command and prints its reply, one line each; -g speaks to the
 * guest agent; -e then waits for an event of that name and prints it.  Exit
 * status: 0, 1 when the last reply was an error, 2 when something was not
 * there or did not come in time (10 seconds for the whole).
 */
#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

static int fd;
static long long deadline;

static void
die(const char *fmt, ...)
{
	va_list ap;

	fputs("qmp: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	exit(2);
}

static long long
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000LL + t.tv_nsec / 1000000;
}

static void
attach(const char *path)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };

	if (strlen(path) >= sizeof a.sun_path)
		die("%s: path too long", path);
	strcpy(a.sun_path, path);
	if ((fd = socket(AF_UNIX, SOCK_STREAM, 0)) < 0 ||
	    connect(fd, (struct sockaddr *)&a, sizeof a))
		die("%s: %s", path, strerror(errno));
}

static void
sendtext(const char *s)
{
	size_t n = strlen(s);

	if (send(fd, s, n, MSG_NOSIGNAL) != (ssize_t)n ||
	    send(fd, "\n", 1, MSG_NOSIGNAL) != 1)
		die("send: %s", strerror(errno));
}

static int
byte(void)
{
	static char buf[65536];
	static ssize_t at, end;
	struct pollfd p = { .fd = fd, .events = POLLIN };
	long long left = deadline - now();

	if (at < end)
		return (unsigned char)buf[at++];
	if (left <= 0 || poll(&p, 1, (int)left) <= 0)
		die("no answer in time");
	end = read(fd, buf, sizeof buf);
	if (end <= 0)
		die("the other side hung up");
	at = 1;
	return (unsigned char)buf[0];
}

/* The next line; it stays good until the next call. */
static char *
line(void)
{
	static char *s;
	static size_t size;
	size_t n = 0;
	int c;

	while ((c = byte()) != '\n') {
		if (n + 2 > size && !(s = realloc(s, size = 2 * size + 256)))
			die("out of memory");
		if (c != '\r')
			s[n++] = (char)c;
	}
	if (!s)
		return "";
	s[n] = '\0';
	return s;
}

static int
isevent(const char *s)
{
	return strstr(s, "\"timestamp\"") && strstr(s, "\"event\"");
}

static char *
reply(void)
{
	char *s;

	while (isevent(s = line()))
		;
	return s;
}

/* Replies meant for others may wait in the agent's socket. */
static void
syncagent(void)
{
	char cmd[99], id[32];

	snprintf(id, sizeof id, "\"return\": %ld}", (long)getpid());
	snprintf(cmd, sizeof cmd, "\xff{\"execute\":\"guest-sync-delimited\","
		"\"arguments\":{\"id\":%ld}}", (long)getpid());
	sendtext(cmd);
	do
		while (byte() != 0xff)
			;
	while (!strstr(line(), id));
}

static void
waitevent(const char *name)
{
	char want[99], *s;

	snprintf(want, sizeof want, "\"event\": \"%s\"", name);
	while (!isevent(s = line()) || !strstr(s, want))
		;
	puts(s);
}

int
main(int argc, char *argv[])
{
	int agent = 0, c, failed = 0, seconds = 10;
	const char *event = NULL;
	char *s;

	while ((c = getopt(argc, argv, "ge:t:")) != -1) {
		if (c == 'g')
			agent = 1;
		else if (c == 'e')
			event = optarg;
		else if (c == 't')
			seconds = atoi(optarg);
		else
			return 2;
	}
	if (optind == argc)
		die("which socket?");
	setvbuf(stdout, NULL, _IOLBF, 0); /* who waits for it reads a file */
	deadline = now() + seconds * 1000LL;
	attach(argv[optind++]);
	if (agent) {
		syncagent();
	} else {
		sendtext("{\"execute\":\"qmp_capabilities\"}");
		line();
		reply();
	}
	for (; optind < argc; optind++) {
		sendtext(argv[optind]);
		s = reply();
		failed = !!strstr(s, "\"error\"");
		puts(s);
	}
	if (event)
		waitevent(event);
	return failed;
}
