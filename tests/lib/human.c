/* A human at real parts: uinput devices, told by lines on standard input.
 *
 *	new NAME KIND "TITLE" [VENDOR PRODUCT]   kbd, mouse, tablet, pad, sw
 *	del NAME
 *	key NAME CODE VALUE          what follows is one packet each
 *	rel NAME DX DY
 *	wheel NAME DOWN [RIGHT]      in notches, with the finer axes
 *	abs NAME X Y
 *	packet NAME TYPE CODE VALUE [TYPE CODE VALUE...]
 *	click NAME CODE COUNT        COUNT presses and releases, no pause
 *	burst NAME HZ SECONDS        motion of 1,0 at that rate
 *	probe NAME CODE COUNT FILE   see there
 *	say WORD
 *	clock NOW                    "clock MONOTONIC REALTIME", in microseconds
 * and to the node of any device, as another program:
 *	caps PATH                    "has TYPE CODE" and of axes their numbers,
 *	                             up to "caps PATH"
 *	hold PATH                    EVIOCGRAB, until
 *	free PATH
 *	light PATH CODE VALUE        a LED
 *
 * Numbers are as in linux/input-event-codes.h.  Prints "NAME /dev/input/eventN"
 * when that is there, "NAME led CODE VALUE" (also sound), what burst and probe
 * measured, and "error ...".
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/uinput.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#define MAXDEV  16
#define MAXWORD 64
#define LEN(a)  (sizeof (a) / sizeof (a)[0])

struct part {
	char name[32];
	int fd;
};

static struct part parts[MAXDEV];
static char *word[MAXWORD];
static int words;

static void
error(const char *fmt, ...)
{
	int e = errno;
	va_list ap;

	printf("error ");
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	printf(": %s\n", strerror(e));
}

static long long
nsec(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static void
sleepuntil(long long at)
{
	struct timespec t = { at / 1000000000, at % 1000000000 };

	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL))
		;
}

static struct part *
find(const char *name)
{
	size_t i;

	for (i = 0; i < MAXDEV; i++)
		if (!strcmp(parts[i].name, name))
			return &parts[i];
	return NULL;
}

static int
number(int i)
{
	return i < words ? (int)strtol(word[i], NULL, 0) : 0;
}

/* ---- devices ---- */

static void
bits(int fd, unsigned long request, int from, int to)
{
	for (; from <= to; from++)
		ioctl(fd, request, from);
}

static void
axis(int fd, int code, int min, int max, int fuzz, int flat, int res)
{
	struct uinput_abs_setup a = { .code = (__u16)code, .absinfo = {
		.minimum = min, .maximum = max, .fuzz = fuzz, .flat = flat,
		.resolution = res } };

	ioctl(fd, UI_SET_ABSBIT, code);
	ioctl(fd, UI_ABS_SETUP, &a);
}

static void
keyboard(int fd)
{
	bits(fd, UI_SET_EVBIT, EV_REP, EV_REP);
	bits(fd, UI_SET_EVBIT, EV_LED, EV_LED);
	bits(fd, UI_SET_EVBIT, EV_MSC, EV_MSC);
	bits(fd, UI_SET_KEYBIT, KEY_ESC, KEY_MICMUTE);
	bits(fd, UI_SET_LEDBIT, LED_NUML, LED_KANA);
	bits(fd, UI_SET_MSCBIT, MSC_SCAN, MSC_SCAN);
}

static void
mouse(int fd)
{
	bits(fd, UI_SET_EVBIT, EV_REL, EV_REL);
	bits(fd, UI_SET_EVBIT, EV_MSC, EV_MSC);
	bits(fd, UI_SET_KEYBIT, BTN_LEFT, BTN_TASK);
	bits(fd, UI_SET_RELBIT, REL_X, REL_Y);
	bits(fd, UI_SET_RELBIT, REL_HWHEEL, REL_HWHEEL);
	bits(fd, UI_SET_RELBIT, REL_WHEEL, REL_WHEEL);
	bits(fd, UI_SET_RELBIT, REL_WHEEL_HI_RES, REL_HWHEEL_HI_RES);
	bits(fd, UI_SET_MSCBIT, MSC_SCAN, MSC_SCAN);
}

/* As a virtual machine's: absolute, with a mouse's buttons. */
static void
tablet(int fd)
{
	bits(fd, UI_SET_EVBIT, EV_ABS, EV_ABS);
	bits(fd, UI_SET_EVBIT, EV_REL, EV_REL);
	bits(fd, UI_SET_KEYBIT, BTN_LEFT, BTN_MIDDLE);
	bits(fd, UI_SET_RELBIT, REL_WHEEL, REL_WHEEL);
	axis(fd, ABS_X, 0, 32767, 0, 0, 0);
	axis(fd, ABS_Y, 0, 32767, 0, 0, 0);
}

/* No two axes alike, and it can shake. */
static void
pad(int fd)
{
	bits(fd, UI_SET_EVBIT, EV_ABS, EV_ABS);
	bits(fd, UI_SET_EVBIT, EV_FF, EV_FF);
	bits(fd, UI_SET_KEYBIT, BTN_SOUTH, BTN_THUMBR);
	bits(fd, UI_SET_FFBIT, FF_RUMBLE, FF_RUMBLE);
	axis(fd, ABS_X, -32768, 32767, 16, 128, 0);
	axis(fd, ABS_Y, -512, 511, 4, 15, 3);
	axis(fd, ABS_Z, 0, 255, 0, 7, 0);
	axis(fd, ABS_RZ, 10, 1023, 1, 0, 12);
	axis(fd, ABS_HAT0X, -1, 1, 0, 0, 0);
	axis(fd, ABS_HAT0Y, -1, 1, 0, 0, 0);
}

static void
switches(int fd)
{
	bits(fd, UI_SET_EVBIT, EV_SW, EV_SW);
	bits(fd, UI_SET_SWBIT, SW_LID, SW_TABLET_MODE);
}

static const struct {
	const char *name;
	void (*set)(int);
} kinds[] = {
	{ "kbd", keyboard }, { "mouse", mouse }, { "tablet", tablet },
	{ "pad", pad }, { "sw", switches },
};

/* The kernel makes the node before UI_DEV_CREATE returns. */
static void
sayname(const struct part *p)
{
	char path[300] = "/sys/devices/virtual/input/";
	size_t n = strlen(path);
	struct dirent *e;
	DIR *d;

	if (ioctl(p->fd, UI_GET_SYSNAME(sizeof path - n), path + n) < 0 ||
	    !(d = opendir(path))) {
		error("%s: %s", p->name, path);
		return;
	}
	while ((e = readdir(d)))
		if (!strncmp(e->d_name, "event", 5))
			printf("%s /dev/input/%s\n", p->name, e->d_name);
	closedir(d);
}

static void
new(void)
{
	struct uinput_setup s = { .id = { .bustype = BUS_USB, .version = 1,
		.vendor = (__u16)(words > 4 ? number(4) : 0x1234),
		.product = (__u16)(words > 5 ? number(5) : 0x5678) } };
	struct part *p = find("");
	size_t i;

	for (i = 0; i < LEN(kinds) && strcmp(kinds[i].name, word[2]); i++)
		;
	errno = EINVAL;
	if (words < 4 || i == LEN(kinds) || !p || find(word[1])) {
		error("new");
		return;
	}
	if ((p->fd = open("/dev/uinput", O_RDWR | O_NONBLOCK)) < 0) {
		error("/dev/uinput");
		return;
	}
	snprintf(p->name, sizeof p->name, "%s", word[1]);
	snprintf(s.name, sizeof s.name, "%s", word[3]);
	bits(p->fd, UI_SET_EVBIT, EV_KEY, EV_KEY);
	kinds[i].set(p->fd);
	s.ff_effects_max = kinds[i].set == pad ? 16 : 0;
	if (ioctl(p->fd, UI_DEV_SETUP, &s) < 0 ||
	    ioctl(p->fd, UI_DEV_CREATE) < 0) {
		error("%s", p->name);
		p->name[0] = '\0';
		close(p->fd);
		return;
	}
	sayname(p);
}

static void
del(struct part *p)
{
	ioctl(p->fd, UI_DEV_DESTROY);
	close(p->fd);
	p->name[0] = '\0';
}

/* What the other side does to the device: lamps, and effects, which only have
 * to be taken. */
static void
back(struct part *p)
{
	struct uinput_ff_upload up = { 0 };
	struct uinput_ff_erase er = { 0 };
	struct input_event e;

	while (read(p->fd, &e, sizeof e) == sizeof e) {
		if (e.type == EV_UINPUT && e.code == UI_FF_UPLOAD) {
			up.request_id = (__u32)e.value;
			ioctl(p->fd, UI_BEGIN_FF_UPLOAD, &up);
			ioctl(p->fd, UI_END_FF_UPLOAD, &up);
		} else if (e.type == EV_UINPUT && e.code == UI_FF_ERASE) {
			er.request_id = (__u32)e.value;
			ioctl(p->fd, UI_BEGIN_FF_ERASE, &er);
			ioctl(p->fd, UI_END_FF_ERASE, &er);
		} else if (e.type != EV_SYN) {
			printf("%s %s %d %d\n", p->name, e.type == EV_LED ?
				"led" : e.type == EV_SND ? "sound" :
				e.type == EV_FF ? "effect" : "other",
				e.code, e.value);
		}
	}
}

/* ---- events ---- */

static void
emit(const struct part *p, const struct input_event *e, size_t n)
{
	if (write(p->fd, e, n * sizeof *e) != (ssize_t)(n * sizeof *e))
		error("%s", p->name);
}

static void
send1(const struct part *p, int type, int code, int value)
{
	struct input_event e[2] = { { .type = (__u16)type,
		.code = (__u16)code, .value = value }, { .type = EV_SYN } };

	emit(p, e, 2);
}

/* Zero motion is no event. */
static void
send2(const struct part *p, int type, int code, int a, int b)
{
	struct input_event e[3] = { { .type = EV_SYN } };
	size_t n = 0;

	if (a || type == EV_ABS)
		e[n++] = (struct input_event){ .type = (__u16)type,
			.code = (__u16)code, .value = a };
	if (b || type == EV_ABS)
		e[n++] = (struct input_event){ .type = (__u16)type,
			.code = (__u16)(code + 1), .value = b };
	emit(p, e, n + 1);
}

static void
wheel(const struct part *p, int down, int right)
{
	struct input_event e[5] = { { .type = EV_SYN } };
	size_t n = 0;

	if (down) {
		e[n++] = (struct input_event){ .type = EV_REL,
			.code = REL_WHEEL, .value = -down };
		e[n++] = (struct input_event){ .type = EV_REL,
			.code = REL_WHEEL_HI_RES, .value = -120 * down };
	}
	if (right) {
		e[n++] = (struct input_event){ .type = EV_REL,
			.code = REL_HWHEEL, .value = right };
		e[n++] = (struct input_event){ .type = EV_REL,
			.code = REL_HWHEEL_HI_RES, .value = 120 * right };
	}
	emit(p, e, n + 1);
}

static void
packet(const struct part *p)
{
	struct input_event e[MAXWORD / 3 + 1] = { { .type = EV_SYN } };
	size_t n = 0;
	int i;

	for (i = 2; i + 2 < words; i += 3)
		e[n++] = (struct input_event){ .type = (__u16)number(i),
			.code = (__u16)number(i + 1), .value = number(i + 2) };
	emit(p, e, n + 1);
}

static void
click(const struct part *p, int code, int count)
{
	while (count-- > 0) {
		send1(p, EV_KEY, code, 1);
		send1(p, EV_KEY, code, 0);
	}
}

/* As a mouse of that rate; what came too late is sent at once. */
static void
burst(const struct part *p, int hz, int seconds)
{
	long long start = nsec(), late, worst = 0;
	int i, n = hz * seconds;

	for (i = 0; i < n; i++) {
		sleepuntil(start + i * 1000000000LL / hz);
		late = nsec() - (start + i * 1000000000LL / hz);
		worst = late > worst ? late : worst;
		send1(p, EV_REL, REL_X, 1);
	}
	printf("burst %s %d sent in %lld us, at most %lld us late\n",
		p->name, n, (nsec() - start) / 1000, worst / 1000);
}

static int
compare(const void *a, const void *b)
{
	long long x = *(const long long *)a, y = *(const long long *)b;

	return (x > y) - (x < y);
}

/* Presses a key COUNT times, each time waits until FILE, a log, has grown by
 * a line with the key in it, and says how long that took. */
static void
probe(const struct part *p, int code, int count, const char *file)
{
	static long long took[1000];
	char buf[65536], want[32];
	int fd = open(file, O_RDONLY), i, n = 0, down;
	long long start;
	size_t len;
	ssize_t k;

	if (fd < 0) {
		error("%s", file);
		return;
	}
	lseek(fd, 0, SEEK_END);
	for (i = 0; i < 2 * count && n < (int)LEN(took); i++) {
		down = !(i % 2);
		snprintf(want, sizeof want, " EV_KEY %d %d ", code, down);
		start = nsec();
		send1(p, EV_KEY, code, down);
		for (len = 0;;) {
			k = read(fd, buf + len, sizeof buf - 1 - len);
			len += k > 0 ? (size_t)k : 0;
			buf[len] = '\0';
			if (strstr(buf, want))
				break;
			if (nsec() - start > 5000000000LL) {
				printf("error probe: nothing came\n");
				close(fd);
				return;
			}
			if (k <= 0)
				sleepuntil(nsec() + 50000);
		}
		if (down)
			took[n++] = nsec() - start;
	}
	close(fd);
	qsort(took, (size_t)n, sizeof *took, compare);
	printf("probe %s %d: p50 %lld p99 %lld max %lld us\n", p->name, n,
		took[n / 2] / 1000, took[n * 99 / 100] / 1000,
		took[n - 1] / 1000);
}

static void
clocks(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	printf("clock %lld %lld\n", nsec() / 1000,
		t.tv_sec * 1000000LL + t.tv_nsec / 1000);
}

/* ---- nodes ---- */

static void
caps(const char *path)
{
	unsigned char b[EV_CNT][KEY_CNT / 8] = { 0 };
	struct input_absinfo a;
	int fd = open(path, O_RDONLY | O_NONBLOCK), type, code;

	if (fd < 0) {
		error("%s", path);
		return;
	}
	for (type = 0; type < EV_CNT; type++)
		ioctl(fd, EVIOCGBIT(type, sizeof b[type]), b[type]);
	for (type = 1; type < EV_CNT; type++)
		for (code = 0; code < KEY_CNT; code++) {
			if (!(b[type][code / 8] >> code % 8 & 1))
				continue;
			printf("has %d %d", type, code);
			if (type == EV_ABS && !ioctl(fd, EVIOCGABS(code), &a))
				printf(" %d %d %d %d %d", a.minimum, a.maximum,
					a.fuzz, a.flat, a.resolution);
			printf("\n");
		}
	close(fd);
	printf("caps %s\n", path);
}

/* One at a time. */
static void
hold(const char *path, int wanted)
{
	static int fd = -1;

	if (fd >= 0)
		close(fd);
	fd = wanted ? open(path, O_RDONLY | O_NONBLOCK) : -1;
	if (wanted && (fd < 0 || ioctl(fd, EVIOCGRAB, 1) < 0))
		error("%s", path);
	else
		printf("%s %s\n", wanted ? "holds" : "freed", path);
}

static void
light(const char *path, int code, int value)
{
	struct part p = { .fd = open(path, O_RDWR | O_NONBLOCK) };

	if (p.fd < 0) {
		error("%s", path);
		return;
	}
	snprintf(p.name, sizeof p.name, "light");
	send1(&p, EV_LED, code, value);
	close(p.fd);
}

/* ---- lines ---- */

/* Words; one in double quotes may have spaces. */
static void
split(char *s)
{
	for (words = 0; words < MAXWORD - 1;) {
		s += strspn(s, " \t");
		if (!*s)
			break;
		if (*s == '"') {
			word[words++] = ++s;
			s += strcspn(s, "\"");
		} else {
			word[words++] = s;
			s += strcspn(s, " \t");
		}
		if (*s)
			*s++ = '\0';
	}
	word[words] = NULL;
}

static void
obey(char *line)
{
	struct part *p;
	const char *c;

	split(line);
	if (!words)
		return;
	c = word[0];
	errno = EINVAL;
	if (words < 2)
		error("%s", c);
	else if (!strcmp(c, "say"))
		printf("%s\n", word[1]);
	else if (words > 2 && !strcmp(c, "new"))
		new();
	else if (!strcmp(c, "clock"))
		clocks();
	else if (!strcmp(c, "caps"))
		caps(word[1]);
	else if (!strcmp(c, "hold") || !strcmp(c, "free"))
		hold(word[1], *c == 'h');
	else if (!strcmp(c, "light"))
		light(word[1], number(2), number(3));
	else if (!(p = find(word[1])))
		printf("error %s %s: no such device\n", c, word[1]);
	else if (!strcmp(c, "del"))
		del(p);
	else if (!strcmp(c, "key"))
		send1(p, EV_KEY, number(2), number(3));
	else if (!strcmp(c, "rel"))
		send2(p, EV_REL, REL_X, number(2), number(3));
	else if (!strcmp(c, "wheel"))
		wheel(p, number(2), number(3));
	else if (!strcmp(c, "abs"))
		send2(p, EV_ABS, ABS_X, number(2), number(3));
	else if (!strcmp(c, "packet"))
		packet(p);
	else if (!strcmp(c, "click"))
		click(p, number(2), number(3));
	else if (!strcmp(c, "burst") && number(2) > 0)
		burst(p, number(2), number(3));
	else if (words > 4 && !strcmp(c, "probe"))
		probe(p, number(2), number(3), word[4]);
	else
		printf("error %s: unknown\n", c);
}

/* Whole lines of what was read; the rest stays for later. */
static size_t
lines(char *buf, size_t len)
{
	char *s = buf, *end;

	buf[len] = '\0';
	for (; (end = strchr(s, '\n')); s = end + 1) {
		*end = '\0';
		obey(s);
		fflush(stdout);
	}
	len -= (size_t)(s - buf);
	memmove(buf, s, len);
	return len;
}

int
main(void)
{
	static char buf[4096];
	struct pollfd fds[1 + MAXDEV];
	size_t i, len = 0;
	ssize_t n;

	for (;;) {
		fflush(stdout);
		fds[0] = (struct pollfd){ .fd = 0, .events = POLLIN };
		for (i = 0; i < MAXDEV; i++)
			fds[1 + i] = (struct pollfd){ .events = POLLIN,
				.fd = parts[i].name[0] ? parts[i].fd : -1 };
		if (poll(fds, 1 + MAXDEV, -1) < 0)
			continue;
		for (i = 0; i < MAXDEV; i++)
			if (fds[1 + i].revents)
				back(&parts[i]);
		if (!fds[0].revents)
			continue;
		n = read(0, buf + len, sizeof buf - 1 - len);
		if (n <= 0)
			return 0;
		len = lines(buf, len + (size_t)n);
	}
}
