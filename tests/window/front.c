/* A front alone: prints what it tells, a line each, and does what lines on
 * standard input say:
 *
 *	grab [keyboard] [mouse] [confine]
 *	ungrab
 *	awake 0|1 [heard]     heard: a device has just sent something
 *	text [LINE]           adds it; without one the window is empty
 *	present
 *	away
 *	unstick
 *	pointer N             input_relative
 *	chording N            input_chording
 *	close
 *
 * Its last line is "end", and before it "left N" if N files are still open that
 * the front has opened. FRONT is which one, front_x or another. In its
 * environment: OUTPUT, where the window belongs, and BACKGROUND, RRGGBB. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "window/front.h"
#include "window/text.h"

#ifndef FRONT
#define FRONT front_x
#endif

static struct window *window;
static int mode, chording;

/* ---- what it tells ---- */

static void
say(const char *what, int value)
{
	printf("%s %d\n", what, value);
}

static void
changed(enum frontfact fact, int holds, msec now)
{
	static const char *const name[] = {
		[FrontVisible] = "visible", [FrontFocused] = "focused",
		[FrontBlanked] = "blanked", [FrontElsewhere] = "elsewhere",
		[FrontSees] = "sees",
	};

	(void)now;
	say(name[fact], holds);
}

static void
turmoil(msec until, msec now)
{
	printf("turmoil %" PRId64 "\n", until - now);
}

static void
gone(int lost, msec now)
{
	(void)now;
	printf("%s\n", lost ? "gone" : "closed");
	if (lost)
		loop_end(1);
}

void
input_feed(struct input *in, const struct input_event *e, size_t n, msec now)
{
	static const char *const type[] = {
		[EV_KEY] = "key", [EV_REL] = "rel"
	};
	size_t i;

	(void)in;
	(void)now;
	for (i = 0; i < n; i++)
		printf("%s%s %d %d", i ? " " : "", type[e[i].type], e[i].code,
		       e[i].value);
	printf("\n");
}

static void
bits(const char *what, const unsigned char down[KEY_CNT / 8])
{
	unsigned k;

	printf("%s", what);
	for (k = 0; k < KEY_CNT; k++)
		if (down[k / 8] >> k % 8 & 1)
			printf(" %u", k);
	printf("\n");
}

void
input_keymap(struct input *in, const unsigned char down[KEY_CNT / 8],
             int fresh, msec now)
{
	(void)in;
	(void)now;
	bits(fresh ? "fresh" : "keymap", down);
}

void
input_leave(struct input *in, int keepmods, msec now)
{
	(void)in;
	(void)now;
	say("leave", keepmods);
}

void
input_global(struct input *in, unsigned key, int value, int away, msec now)
{
	(void)in;
	(void)now;
	printf("rawkey %u %d%s\n", key, value, away ? " elsewhere" : "");
}

void
input_place(struct input *in, double x, double y)
{
	(void)in;
	printf("place %.4f %.4f\n", x, y);
}

void
input_grabbed(struct input *in, unsigned held, msec now)
{
	(void)in;
	(void)now;
	printf("grabbed%s%s%s\n", held & GrabKeyboard ? " keyboard" : "",
	       held & GrabPointer ? " mouse" : "", held & GrabConfine ?
	       " confine" : "");
}

int
input_chording(const struct input *in)
{
	(void)in;
	return chording;
}

void
input_move(struct input *in, double x, double y)
{
	(void)in;
	printf("move %.4f %.4f\n", x, y);
}

void
input_wheel(struct input *in, int horizontal, double notches, msec now)
{
	(void)in;
	(void)now;
	printf("%s %.4f\n", horizontal ? "hwheel" : "wheel", notches);
}

void
input_flush(struct input *in, msec now)
{
	(void)in;
	(void)now;
}

int
input_relative(const struct input *in)
{
	(void)in;
	return mode;
}

static const struct frontops ops = {
	.changed = changed, .turmoil = turmoil, .gone = gone,
};

/* ---- what it is told ---- */

static unsigned
wishes(const char *line)
{
	return (strstr(line, "keyboard") ? GrabKeyboard : 0) |
	    (strstr(line, "mouse") ? GrabPointer : 0) |
	    (strstr(line, "confine") ? GrabConfine : 0);
}

static void
text(const char *line)
{
	static char all[TextMax];
	static size_t n;

	if (*line)
		n = text_add(all, n, 11, "name", line + 1);
	else
		all[n = 0] = '\0';
	window->front->text(window, all);
}

static void
command(const char *line, msec now)
{
	const struct front *f = window->front;

	if (!strncmp(line, "grab", 4))
		f->grab(window, wishes(line), now);
	else if (!strcmp(line, "ungrab"))
		f->grab(window, 0, now);
	else if (!strncmp(line, "awake ", 6))
		f->awake(window, line[6] == '1', strstr(line, "heard") ? now :
		    0, now);
	else if (!strncmp(line, "text", 4))
		text(line + 4);
	else if (!strcmp(line, "present"))
		f->present(window);
	else if (!strcmp(line, "away"))
		f->away(window);
	else if (!strcmp(line, "unstick"))
		say("unstick", f->unstick ? f->unstick(window, NULL) : -1);
	else if (!strncmp(line, "pointer ", 8))
		mode = atoi(line + 8);
	else if (!strncmp(line, "chording ", 9))
		chording = atoi(line + 9);
	else if (!strcmp(line, "close"))
		loop_end(0);
	else
		die("%s: what is that?", line);
}

static void
commands(struct source *s, msec now)
{
	static char buf[4096];
	static size_t len;
	ssize_t r = read(s->fd, buf + len, sizeof(buf) - len);
	char *end;

	if (r <= 0) {
		loop_end(0);
		return;
	}
	len += r;
	while ((end = memchr(buf, '\n', len))) {
		*end = '\0';
		command(buf, now);
		len -= end + 1 - buf;
		memmove(buf, end + 1, len);
	}
}

static void
signalled(int signo, msec now)
{
	(void)signo;
	(void)now;
	loop_end(0);
}

static void
resumed(msec now)
{
	(void)now;
}

static int
files(void)
{
	int fd, n = 0;

	for (fd = 0; fd < 1024; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

static const struct loopops loopops = { signalled, resumed };

int
main(void)
{
	static struct frontconf conf = {
		.instance = "front", .background = 0x000000,
		.foreground = 0xc0c0c0
	};
	static struct source input = {
		.fd = 0, .events = Readable, .ready = commands
	};
	int status, open;

	setvbuf(stdout, NULL, _IOLBF, 0);
	verbose = 2;
	conf.output = getenv("OUTPUT");
	if (getenv("BACKGROUND"))
		conf.background = strtoul(getenv("BACKGROUND"), NULL, 16);
	loop_open(&loopops);
	source_add(&input);
	window = FRONT.open(&conf, &ops, NULL, loop_clock());
	if (!window)
		die("no window system");
	open = files();
	status = loop_run();
	if (files() > open)
		say("left", files() - open);
	printf("end\n");
	return status;
}
