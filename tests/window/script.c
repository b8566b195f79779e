/* See LICENSE for copyright and licence details.
 *
 * A front that is no window system: it does what lines say that come through a
 * fifo, and writes down what it is asked, so that what is above window/front.h
 * is seen to need nothing of X. It stands in the place of front_x.
 *
 * SCRIPT is the folder of the fifo, "in", and of what was asked, "told":
 *
 *	visible, focused, sees, blanked, elsewhere 0|1
 *	turmoil MS
 *	close, gone
 *	key CODE VALUE     or a button
 *	move X Y           if the pointer moves as the mouse does
 *	place X Y          if it is placed
 *	wheel 0|1 NOTCHES  1: the horizontal one
 *	fresh [CODE...]    input_keymap with a new focus
 *	keymap [CODE...]   without
 *	leave 0|1          1: but for modifiers
 *	grabbed MASK
 *	releases 0|1       whether unstick can be done; 0 at the beginning
 *	sync               "sync" is written when all before is done
 *
 * Asked are "open NAME OUTPUT", "grab MASK", "awake 0|1", "present", "away",
 * "unstick all|some" and "text [FIRST LINE]". */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "window/front.h"
#include "window/text.h"

/* The one window. */
static struct script {
	struct window window;
	struct source source;
	FILE *told;
	int awake, releases;
	char text[TextMax];
	char line[256]; /* as far as it has come */
	size_t len;
} script;

/* ---- what it tells ---- */

static int
tell_fact(const char *word, int holds, msec now)
{
	static const char *const name[] = {
		[FrontVisible] = "visible", [FrontFocused] = "focused",
		[FrontBlanked] = "blanked", [FrontElsewhere] = "elsewhere",
		[FrontSees] = "sees",
	};
	size_t i;

	for (i = 0; i < LENGTH(name) && strcmp(word, name[i]); i++)
		;
	if (i == LENGTH(name))
		return 0;
	script.window.ops->changed((enum frontfact)i, holds, now);
	return 1;
}

static void
tell_key(const char *rest, msec now)
{
	struct input_event e = { .type = EV_KEY };

	if (sscanf(rest, "%hu %d", &e.code, &e.value) != 2)
		die("script: want CODE VALUE: %s", rest);
	input_feed(script.window.input, &e, 1, now);
}

/* Whether it moves or is placed the input says. */
static void
tell_pointer(const char *word, const char *rest, msec now)
{
	struct input *in = script.window.input;
	double x, y;

	if (sscanf(rest, "%lf %lf", &x, &y) != 2)
		die("script: want two numbers: %s", rest);
	if (*word == 'w')
		input_wheel(in, x != 0, y, now);
	else if (*word == 'm' && input_relative(in))
		input_move(in, x, y);
	else if (*word == 'p' && !input_relative(in))
		input_place(in, x, y);
	input_flush(in, now);
}

static void
tell_keymap(char *rest, int focus, msec now)
{
	unsigned char down[KEY_CNT / 8] = "";
	char *code;

	while ((code = strtok_r(rest, " ", &rest)))
		bit_put(down, atoi(code), 1);
	input_keymap(script.window.input, down, focus, now);
}

/* Nothing comes after the loss. */
static void
tell_gone(int lost, msec now)
{
	if (lost)
		source_del(&script.source);
	script.window.ops->gone(lost, now);
}

static void
command(char *line, msec now)
{
	char *rest = line, *word = strtok_r(rest, " ", &rest);
	struct input *in = script.window.input;

	if (!word || tell_fact(word, atoi(rest), now))
		return;
	if (!strcmp(word, "turmoil"))
		script.window.ops->turmoil(now + atoi(rest), now);
	else if (!strcmp(word, "close") || !strcmp(word, "gone"))
		tell_gone(*word == 'g', now);
	else if (!strcmp(word, "key"))
		tell_key(rest, now);
	else if (!strcmp(word, "place") || !strcmp(word, "move") ||
	    !strcmp(word, "wheel"))
		tell_pointer(word, rest, now);
	else if (!strcmp(word, "fresh") || !strcmp(word, "keymap"))
		tell_keymap(rest, *word == 'f', now);
	else if (!strcmp(word, "leave"))
		input_leave(in, atoi(rest), now);
	else if (!strcmp(word, "grabbed"))
		input_grabbed(in, atoi(rest), now);
	else if (!strcmp(word, "releases"))
		script.releases = atoi(rest);
	else if (!strcmp(word, "sync"))
		fprintf(script.told, "sync\n");
	else
		die("script: %s: what is that?", word);
}

/* One line at a time: by one the fifo may be closed. */
static void
ready(struct source *s, msec now)
{
	char c;

	while (read(s->fd, &c, 1) == 1) {
		if (c != '\n' && script.len + 1 < sizeof(script.line)) {
			script.line[script.len++] = c;
			continue;
		}
		script.line[script.len] = '\0';
		script.len = 0;
		command(script.line, now);
		return;
	}
}

/* ---- what it is asked ---- */

static struct window *
script_open(const struct frontconf *conf, const struct frontops *ops,
            struct input *in, msec now)
{
	const char *dir = getenv("SCRIPT");
	char path[256];

	(void)now;
	if (!dir)
		return NULL;
	script.window = (struct window){ &front_x, conf, ops, in };
	snprintf(path, sizeof(path), "%s/told", dir);
	if (!(script.told = fopen(path, "ae")))
		die("script: %s:", path);
	setvbuf(script.told, NULL, _IOLBF, 0);
	snprintf(path, sizeof(path), "%s/in", dir);
	script.source = (struct source){ .events = Readable, .ready = ready };
	/* both ways: it has no end */
	script.source.fd = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (script.source.fd < 0 || source_add(&script.source) < 0)
		die("script: %s:", path);
	fprintf(script.told, "open %s %s\n", conf->instance,
	    conf->output ? conf->output : "anywhere");
	return &script.window;
}

static void
script_grab(struct window *w, unsigned wanted, msec now)
{
	(void)w;
	(void)now;
	fprintf(script.told, "grab %u\n", wanted);
}

static void
script_awake(struct window *w, int awake, msec heard, msec now)
{
	(void)w;
	(void)heard;
	(void)now;
	if (awake != script.awake)
		fprintf(script.told, "awake %d\n", awake);
	script.awake = awake;
}

static void
script_present(struct window *w)
{
	(void)w;
	fprintf(script.told, "present\n");
}

static void
script_away(struct window *w)
{
	(void)w;
	fprintf(script.told, "away\n");
}

static int
script_unstick(struct window *w, const unsigned char keys[KEY_CNT / 8])
{
	(void)w;
	fprintf(script.told, "unstick %s\n", keys ? "some" : "all");
	return script.releases - 1;
}

static void
script_text(struct window *w, const char *text)
{
	(void)w;
	if (!strcmp(text, script.text))
		return;
	snprintf(script.text, sizeof(script.text), "%s", text);
	fprintf(script.told, "text%s%.*s\n", *text ? " " : "",
	    (int)strcspn(text, "\n"), text);
}

const struct front front_x = {
	.name = "script", .open = script_open, .grab = script_grab,
	.awake = script_awake, .present = script_present,
	.away = script_away, .unstick = script_unstick, .text = script_text,
};
