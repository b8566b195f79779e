/* Runs in the guest: prints every input event it gets, one line each,
 *
 *	12.345678 EV_KEY 30 1 QEMU Virtio Keyboard
 *
 * with the guest's monotonic clock, from all of /dev/input/event*, also from
 * those that come later.  When so many virtio devices are open as the argument
 * says: "ready".
 *
 * The kernel keeps 64 events for a reader, as many as a key that repeats has in
 * a second, and drops all of them for one that is later (EV_SYN 3).  Presses and
 * releases that were lost thereby are told with what comes next.
 */
#include <dirent.h>
#include <fcntl.h>
#include <linux/input.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#define DIRECTORY "/dev/input"
#define MAXDEV    32

static struct pollfd fds[1 + MAXDEV];   /* 0: inotify */
static struct {
	char node[32], name[80];
	unsigned char down[KEY_CNT / 8]; /* as was told */
} devs[1 + MAXDEV];
static nfds_t nfds = 1, expected = 3;

static const char *const types[EV_CNT] = {
	[EV_SYN] = "EV_SYN", [EV_KEY] = "EV_KEY", [EV_REL] = "EV_REL",
	[EV_ABS] = "EV_ABS", [EV_MSC] = "EV_MSC", [EV_SW] = "EV_SW",
	[EV_LED] = "EV_LED", [EV_REP] = "EV_REP",
};

static void
say(const char *what, const char *name)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	printf("%lld.%06ld %s%s%s\n", (long long)t.tv_sec,
		t.tv_nsec / 1000, what, *name ? " " : "", name);
}

static void
sayready(void)
{
	static int said;
	nfds_t i, n = 0;

	for (i = 1; i < nfds; i++)
		n += !strncmp(devs[i].name, "QEMU Virtio", 11);
	if (n >= expected && !said++)
		say("ready", "");
}

static void
add(const char *node)
{
	int fd, clock = CLOCK_MONOTONIC;
	char path[64];
	nfds_t i;

	if (strncmp(node, "event", 5) || nfds > MAXDEV ||
	    strlen(node) >= sizeof devs[0].node)
		return;
	for (i = 1; i < nfds; i++)
		if (!strcmp(devs[i].node, node))
			return;
	snprintf(path, sizeof path, DIRECTORY "/%s", node);
	if ((fd = open(path, O_RDONLY | O_NONBLOCK)) < 0)
		return;
	ioctl(fd, EVIOCSCLOCKID, &clock);
	if (ioctl(fd, EVIOCGNAME(sizeof devs[i].name), devs[i].name) < 0)
		strcpy(devs[i].name, "?");
	memset(devs[i].down, 0, sizeof devs[i].down);
	ioctl(fd, EVIOCGKEY(sizeof devs[i].down), devs[i].down);
	strcpy(devs[i].node, node);
	fds[i] = (struct pollfd){ .fd = fd, .events = POLLIN };
	nfds++;
	say("opened", devs[i].name);
}

static void
drop(nfds_t i)
{
	say("closed", devs[i].name);
	close(fds[i].fd);
	nfds--;
	fds[i] = fds[nfds];
	devs[i] = devs[nfds];
}

/* Node and permission may come in two steps: each change is a new try. */
static void
scan(void)
{
	char buf[4096];
	struct dirent *e;
	DIR *d = opendir(DIRECTORY);

	while (read(fds[0].fd, buf, sizeof buf) > 0)
		;
	while (d && (e = readdir(d)))
		add(e->d_name);
	if (d)
		closedir(d);
	sayready();
}

static void
print(nfds_t i, const struct input_event *e)
{
	const char *type = e->type < EV_CNT ? types[e->type] : NULL;

	printf("%lld.%06ld %s %d %d %s\n", (long long)e->time.tv_sec,
		(long)e->time.tv_usec, type ? type : "EV_OTHER", e->code,
		e->value, devs[i].name);
}

static int
isdown(const unsigned char *down, unsigned key)
{
	return down[key / 8] >> key % 8 & 1;
}

/* A press of what is down, or a release of what is up: the other was lost. */
static void
tell(nfds_t i, struct input_event e)
{
	unsigned char *down = devs[i].down;
	int value = e.value;

	if (e.type == EV_KEY && value < 2) {
		e.value = !value;
		if (isdown(down, e.code) == value)
			print(i, &e);
		else
			down[e.code / 8] ^= 1 << e.code % 8;
		e.value = value;
	}
	print(i, &e);
}

/* The kernel takes from the reader's events all that it tells by this. */
static void
catchup(nfds_t i, struct input_event e)
{
	unsigned char down[KEY_CNT / 8] = "";

	e.type = EV_KEY;
	ioctl(fds[i].fd, EVIOCGKEY(sizeof down), down);
	for (e.code = 0; e.code < KEY_CNT; e.code++) {
		e.value = isdown(down, e.code);
		if (isdown(devs[i].down, e.code) != e.value)
			tell(i, e);
	}
}

static int
copy(nfds_t i)
{
	struct input_event e[64];
	ssize_t k, n = read(fds[i].fd, e, sizeof e) / (ssize_t)sizeof *e;
	int lost = 0;

	for (k = 0; k < n; k++) {
		tell(i, e[k]);
		lost |= e[k].type == EV_SYN && e[k].code == SYN_DROPPED;
	}
	if (lost)
		catchup(i, e[n - 1]);
	return n > 0;
}

int
main(int argc, char *argv[])
{
	nfds_t i;

	if (argc > 1)
		expected = (nfds_t)atoi(argv[1]);
	setvbuf(stdout, NULL, _IOFBF, 65536);
	fds[0].fd = inotify_init1(IN_NONBLOCK);
	fds[0].events = POLLIN;
	inotify_add_watch(fds[0].fd, DIRECTORY, IN_CREATE | IN_ATTRIB);
	scan();
	for (;;) {
		fflush(stdout);
		poll(fds, nfds, -1);
		for (i = nfds - 1; i > 0; i--)
			if (fds[i].revents && !copy(i))
				drop(i);
		if (fds[0].revents)
			scan();
	}
}
