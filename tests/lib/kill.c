/* Kills a process that serves a socket, and tells when.
 *
 * usage: kill PID SOCKET
 *
 * Connects, sends SIGKILL to PID and waits for the end of the connection, 10
 * seconds at most.  Prints both times, in us of CLOCK_MONOTONIC.
 */
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

static long long
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000LL + t.tv_nsec / 1000;
}

int
main(int argc, char *argv[])
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	struct pollfd p = { .events = POLLIN };
	long long sent, limit;
	char buf[65536];

	if (argc != 3 || strlen(argv[2]) >= sizeof a.sun_path)
		return 2;
	strcpy(a.sun_path, argv[2]);
	p.fd = socket(AF_UNIX, SOCK_STREAM, 0);
	if (p.fd < 0 || connect(p.fd, (struct sockaddr *)&a, sizeof a)) {
		perror(argv[2]);
		return 2;
	}
	sent = now();
	limit = sent + 10 * 1000000LL;
	if (kill(atoi(argv[1]), SIGKILL)) {
		perror(argv[1]);
		return 2;
	}
	do /* what it had to say before is read and thrown away */
		if (now() > limit || poll(&p, 1, 10000) <= 0)
			return 1;
	while (read(p.fd, buf, sizeof buf) > 0);
	printf("%lld %lld\n", sent, now());
	return 0;
}
