/* See LICENSE for copyright and licence details.
 *
 * Reports wait in a queue as events, and become a command when they are sent:
 * what waits can still be merged (motion), cut into steps that a device takes
 * (long motions, fast wheels), or taken apart (what QEMU refused as a whole,
 * for one wrong event takes the others with it; key-ups first). */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "keys.h"
#include "report.h"

enum {
	KeyReserve = 256,  /* room in the queue that only releases may use */
	AbsMax = 0x7fff,
	RelMax = 127,      /* Windows' vioinput cuts off what is more */
	NotchMax = 8,      /* of a wheel in one command */
	StepMax = 64       /* commands that merged motion may come to */
};

/* ---- one report ---- */

/* The longest that a device takes at once. */
static int
report_step(const struct input_event *e)
{
	return e->type != EV_REL ? INT_MAX : e->code <= REL_Y ? RelMax :
	    NotchMax;
}

void
report_add(struct report *r, const struct input_event *e)
{
	int64_t v = e->value, most;
	size_t k;

	for (k = 0; k < r->n && (e->type == EV_KEY ||
	    r->ev[k].type != e->type || r->ev[k].code != e->code); k++)
		;
	if (k == r->n) {
		r->ev[r->n] = *e;
		r->ev[r->n++].value = 0;
	}
	if (e->type == EV_REL) {
		most = StepMax * report_step(e);
		v += r->ev[k].value;
		v = v > most ? most : v < -most ? -most : v;
	}
	r->ev[k].value = v;
}

/* x and y of one kind and nothing else. */
static int
report_moves(const struct report *r)
{
	size_t i;

	for (i = 0; i < r->n; i++)
		if (r->ev[i].type == EV_KEY || r->ev[i].code > REL_Y ||
		    r->ev[i].type != r->ev[0].type)
			return 0;
	return r->n > 0;
}

static int
report_releases(const struct report *r)
{
	int up = 0, down = 0;
	size_t i;

	for (i = 0; i < r->n; i++)
		if (r->ev[i].type == EV_KEY)
			*(r->ev[i].value ? &down : &up) = 1;
	return up && !down;
}

static int
report_merge(struct report *r, const struct report *new)
{
	size_t i;

	if (!report_moves(r) || !report_moves(new) ||
	    r->ev[0].type != new->ev[0].type)
		return 0;
	for (i = 0; i < new->n; i++)
		report_add(r, &new->ev[i]);
	return 1;
}

/* The event of it that goes next. */
static void
report_piece(const struct report *from, struct report *r, struct report *rest)
{
	size_t i, one = 0;

	for (i = from->n; i--;)
		if (from->ev[i].type == EV_KEY && !from->ev[i].value)
			one = i;
	r->ev[r->n++] = from->ev[one];
	for (i = 0; i < from->n; i++)
		if (i != one)
			rest->ev[rest->n++] = from->ev[i];
}

/* As much of it as a device can take. */
static void
report_cut(const struct report *from, struct report *r, struct report *rest)
{
	const struct input_event *e;
	struct input_event *to;
	int max;

	for (e = from->ev; e < from->ev + from->n; e++) {
		if (e->type == EV_REL && !e->value)
			continue; /* what was added up may be nothing */
		to = &r->ev[r->n++];
		*to = *e;
		max = report_step(e);
		if (e->value <= max && e->value >= -max)
			continue;
		to->value = e->value > 0 ? max : -max;
		rest->ev[rest->n] = *e;
		rest->ev[rest->n++].value -= to->value;
	}
}

/* ---- as a command ---- */

static size_t
json_axis(char *out, size_t size, const struct input_event *e)
{
	int v = e->value;

	if (e->type == EV_ABS)
		v = v < 0 ? 0 : v > AbsMax ? AbsMax : v;
	return snprintf(out, size, "{\"type\":\"%s\",\"data\":{\"axis\":"
	    "\"%c\",\"value\":%d}}", e->type == EV_ABS ? "abs" : "rel",
	    e->code == ABS_X ? 'x' : 'y', v);
}

/* A wheel's notch is a button that goes down and up. */
static size_t
json_button(char *out, size_t size, const struct input_event *e)
{
	static const char *const name[] = {
		"left", "right", "middle", "side", "extra"
	};
	static const char notch[] = "{\"type\":\"btn\",\"data\":{\"down\":"
	    "%s,\"button\":\"%s\"}}";
	const char *wheel;
	int i, times = abs(e->value);
	size_t n = 0;

	if (e->type == EV_KEY)
		return snprintf(out, size, notch, e->value ? "true" : "false",
		    name[e->code - BTN_LEFT]);
	wheel = e->code == REL_HWHEEL ? e->value > 0 ? "wheel-right" :
	    "wheel-left" : e->value > 0 ? "wheel-up" : "wheel-down";
	for (i = 0; i < times; i++) {
		if (i)
			out[n++] = ',';
		n += snprintf(out + n, size - n, notch, "true", wheel);
		out[n++] = ',';
		n += snprintf(out + n, size - n, notch, "false", wheel);
	}
	return n;
}

static size_t
json_key(char *out, size_t size, const struct input_event *e)
{
	return snprintf(out, size, "{\"type\":\"key\",\"data\":{\"down\":%s,"
	    "\"key\":{\"type\":\"qcode\",\"data\":\"%s\"}}}",
	    e->value ? "true" : "false", key_name(e->code, AnyVersion));
}

size_t
report_json(char *out, size_t size, const struct report *r)
{
	const struct input_event *e;
	size_t n, start;
	int d[2] = { 0, 0 };

	for (e = r->ev; e < r->ev + r->n && e->type == EV_REL &&
	    e->code <= REL_Y; e++)
		d[e->code] = e->value;
	if (e == r->ev + r->n) /* the same in half as many bytes */
		return snprintf(out, size, "{\"execute\":\"human-monitor-"
		    "command\",\"arguments\":{\"command-line\":\"mouse_move "
		    "%d %d\"}}", d[0], d[1]);
	start = n = snprintf(out, size, "{\"execute\":\"input-send-event\","
	    "\"arguments\":{\"events\":[");
	for (e = r->ev; e < r->ev + r->n; e++) {
		if (n > start)
			out[n++] = ',';
		if (e->type == EV_KEY && e->code < BTN_MISC)
			n += json_key(out + n, size - n, e);
		else if (e->type == EV_KEY || e->code > REL_Y)
			n += json_button(out + n, size - n, e);
		else
			n += json_axis(out + n, size - n, e);
	}
	return n + snprintf(out + n, size - n, "]}}");
}

/* ---- the queue ---- */

/* Makes room: the oldest motion goes first; 0: there is none. */
static int
queue_drop(struct queue *w)
{
	size_t i;

	for (i = 0; i < w->n && !report_moves(&w->report[(w->head + i) %
	    QueueMax]); i++)
		;
	if (i == w->n)
		return 0;
	for (w->n--; i < w->n; i++)
		w->report[(w->head + i) % QueueMax] =
		    w->report[(w->head + i + 1) % QueueMax];
	return 1;
}

int
queue_put(struct queue *w, const struct report *new)
{
	struct report *last = &w->report[(w->head + w->n - 1) % QueueMax];
	size_t most = QueueMax - (report_releases(new) ? 0 : KeyReserve);

	if (w->n && report_merge(last, new))
		return 0;
	if (w->n >= most && (report_moves(new) || !queue_drop(w)))
		return -1;
	last = &w->report[(w->head + w->n++) % QueueMax];
	*last = *new;
	last->num = ++w->num;
	return 0;
}

int
queue_empty(const struct queue *w)
{
	return !w->n && !w->again.n;
}

int
queue_past(const struct queue *w, unsigned long num)
{
	return !w->again.n && (!w->n || w->report[w->head].num > num);
}

int
queue_next(const struct queue *w, struct report *r, struct report *rest)
{
	r->n = rest->n = 0;
	if (w->again.n) {
		report_piece(&w->again, r, rest);
		return 1;
	}
	if (!w->n)
		return 0;
	report_cut(&w->report[w->head], r, rest);
	rest->num = w->report[w->head].num;
	return 1;
}

void
queue_took(struct queue *w, const struct report *rest)
{
	if (w->again.n) {
		w->again = *rest;
	} else if (rest->n) {
		w->report[w->head] = *rest;
	} else {
		w->head = (w->head + 1) % QueueMax;
		w->n--;
	}
}
