/* Does something to a file of another process.
 *
 * usage: fd PID shutdown SOCKET   connections to that unix socket end
 *        fd PID destroy           its uinput devices are gone
 *
 * By pidfd_getfd, for which one must be allowed to trace the process.  Ends
 * with 0 when there was such a file.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/uinput.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

static int
leads(int fd, const char *path)
{
	struct sockaddr_un a = { 0 };
	socklen_t len = sizeof a;

	return getpeername(fd, (struct sockaddr *)&a, &len) == 0 &&
		a.sun_family == AF_UNIX && !strcmp(a.sun_path, path);
}

static int
isuinput(const char *pid, int nr)
{
	char link[64], to[64];
	ssize_t n;

	snprintf(link, sizeof link, "/proc/%.20s/fd/%d", pid, nr);
	n = readlink(link, to, sizeof to - 1);
	to[n > 0 ? n : 0] = '\0';
	return !strcmp(to, "/dev/uinput");
}

int
main(int argc, char *argv[])
{
	int pid, nr, fd, done = 0;

	if (argc < 3)
		return 2;
	pid = (int)syscall(SYS_pidfd_open, atoi(argv[1]), 0);
	for (nr = 0; nr < 256; nr++) {
		fd = (int)syscall(SYS_pidfd_getfd, pid, nr, 0);
		if (fd < 0 && errno == EPERM) {
			perror("pidfd_getfd");
			return 2;
		}
		if (fd < 0)
			continue;
		if (argc == 4 && leads(fd, argv[3]))
			done |= shutdown(fd, SHUT_RDWR) == 0;
		else if (argc == 3 && isuinput(argv[1], nr))
			done |= ioctl(fd, UI_DEV_DESTROY) == 0;
		close(fd);
	}
	return !done;
}
