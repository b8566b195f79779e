/* See LICENSE for copyright and licence details.
 *
 * Reports wait in a queue as events, and become a command when they are sent:
 * what waits can still be merged (motion), cut into steps that a device takes
 * (long motions, fast wheels), or taken apart (what QEMU refused as a whole,
 * for one wrong event takes the others with it). */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "inner.h"

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

/* As much of it as a device can take. */
static void
report_cut(const struct report *from, struct report *r, struct report *rest)
{
	const struct input_event *e;
	int max, v;

	for (e = from->ev; e < from->ev + from->n; e++) {
		if (e->type == EV_REL && !e->value)
			continue; /* what was added up may be nothing */
		max = report_step(e);
		v = e->value > max ? max : e->value < -max ? -max : e->value;
		r->ev[r->n] = *e;
		r->ev[r->n++].value = v;
		if (v == e->value)
			continue;
		rest->ev[rest->n] = *e;
		rest->ev[rest->n++].value -= v;
	}
}

/* ---- as a command ---- */

/* One event. A wheel's notch is a button that goes down and up. */
static size_t
report_event(char *out, size_t size, const struct input_event *e)
{
	static const char *const button[] = { "left", "right", "middle",
		"side", "extra" };
	static const char format[] = "{\"type\":\"btn\",\"data\":{"
	    "\"down\":%s,\"button\":\"%s\"}}";
	const char *down = e->value ? "true" : "false", *wheel;
	int i, v = e->value;
	size_t n = 0;

	if (e->type == EV_KEY && e->code < BTN_MISC)
		return snprintf(out, size, "{\"type\":\"key\",\"data\":{"
		    "\"down\":%s,\"key\":{\"type\":\"qcode\",\"data\":"
		    "\"%s\"}}}", down, qmp_keyname(e->code));
	if (e->type == EV_KEY)
		return snprintf(out, size, format, down,
		    button[e->code - BTN_LEFT]);
	if (e->type == EV_ABS)
		v = v < 0 ? 0 : v > AbsMax ? AbsMax : v;
	if (e->code <= REL_Y)
		return snprintf(out, size, "{\"type\":\"%s\",\"data\":{"
		    "\"axis\":\"%c\",\"value\":%d}}", e->type == EV_ABS ?
		    "abs" : "rel", e->code == ABS_X ? 'x' : 'y', v);
	wheel = e->code == REL_HWHEEL ? v > 0 ? "wheel-right" : "wheel-left" :
	    v > 0 ? "wheel-up" : "wheel-down";
	for (i = 0; i < 2 * abs(v); i++) {
		if (i)
			out[n++] = ',';
		n += snprintf(out + n, size - n, format, i % 2 ? "false" :
		    "true", wheel);
	}
	return n;
}

const char *
report_json(char *out, size_t size, const struct report *r)
{
	const struct input_event *e;
	size_t n;
	int d[2] = { 0, 0 };

	for (e = r->ev; e < r->ev + r->n && e->type == EV_REL &&
	    e->code <= REL_Y; e++)
		d[e->code] = e->value;
	if (e == r->ev + r->n) { /* the same in half as many bytes */
		snprintf(out, size, "{\"command-line\":\"mouse_move %d %d\"}",
		    d[0], d[1]);
		return "human-monitor-command";
	}
	n = snprintf(out, size, "{\"events\":[");
	for (e = r->ev; e < r->ev + r->n; e++) {
		n += report_event(out + n, size - n, e);
		out[n++] = ',';
	}
	strcpy(out + n - 1, "]}");
	return "input-send-event";
}

/* ---- the queue ---- */

int
queue_put(struct queue *w, const struct report *new)
{
	struct report *last = &w->report[(w->head + w->n - 1) % QueueMax];
	size_t most = QueueMax - (report_releases(new) ? 0 : KeyReserve), i;

	if (w->n && report_moves(last) && report_moves(new) &&
	    last->ev[0].type == new->ev[0].type) {
		for (i = 0; i < new->n; i++)
			report_add(last, &new->ev[i]);
		return 0;
	}
	if (w->n >= most) { /* the oldest motion makes room */
		for (i = 0; i < w->n && !report_moves(&w->report[(w->head +
		    i) % QueueMax]); i++)
			;
		if (i == w->n || report_moves(new))
			return -1;
		for (w->n--; i < w->n; i++)
			w->report[(w->head + i) % QueueMax] =
			    w->report[(w->head + i + 1) % QueueMax];
	}
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
queue_next(const struct queue *w, struct report *r, struct report *rest)
{
	r->n = rest->n = 0;
	if (w->again.n) {
		*rest = w->again;
		r->ev[r->n++] = *rest->ev;
		memmove(rest->ev, rest->ev + 1, --rest->n * sizeof(*rest->ev));
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
