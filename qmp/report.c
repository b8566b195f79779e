/* See LICENSE for copyright and licence details.
 *
 * What is to go to QEMU waits as reports, and becomes a command when it is
 * sent: what waits can still be merged (motion), or cut into steps that a
 * device takes (long motions, fast wheels). A report is one thing, for QEMU
 * refuses a command as a whole, and one thing is nothing halfway. */
#include <stdio.h>
#include <string.h>

#include "inner.h"

enum {
	KeyReserve = 256,  /* room in the queue that motion and presses leave */
	NotchMax = 8,      /* of a wheel in one command */
	StepMax = 64,      /* commands for what waits of motion, or a wheel */
	WaitMax = StepMax * RelMax
};

/* ---- one report ---- */

static int
report_within(int value, int least, int most)
{
	if (value < least)
		return least;
	return value > most ? most : value;
}

int
report_moves(const struct report *r)
{
	return (r->type == EV_REL || r->type == EV_ABS) && r->code <= REL_Y;
}

struct report
report_of(const struct input_event *e)
{
	struct report r = { .type = e->type, .code = e->code };
	int at = report_moves(&r) && e->code == REL_Y;
	int place = e->type == EV_ABS;
	int most = place ? AbsMax : report_moves(&r) ? WaitMax :
	    StepMax * NotchMax;

	r.value[!at] = place ? -1 : 0;
	r.value[at] = report_within(e->value, place ? 0 : -most, most);
	return r;
}

/* Relative motion is added up, of a place the last one counts. 0: these are no
 * motion of one kind. */
static int
report_merge(struct report *r, const struct report *new)
{
	int k;

	if (!report_moves(r) || !report_moves(new) || r->type != new->type)
		return 0;
	for (k = 0; k < 2; k++)
		if (r->type == EV_REL)
			r->value[k] = report_within(r->value[k] +
			    new->value[k], -WaitMax, WaitMax);
		else if (new->value[k] >= 0)
			r->value[k] = new->value[k];
	return 1;
}

/* ---- as a command ---- */

static size_t
report_button(char *out, size_t size, const char *name, int down)
{
	return snprintf(out, size, "{\"type\":\"btn\",\"data\":{\"down\":%s,"
	    "\"button\":\"%s\"}},", down ? "true" : "false", name);
}

/* A wheel's notch is a button that goes down and up. */
const char *
report_json(char *out, size_t size, const struct report *r)
{
	static const char *const button[] = { "left", "right", "middle",
		"side", "extra" };
	int i, v = r->value[0];
	size_t n;

	if (r->type == EV_REL && report_moves(r)) { /* in half the bytes */
		snprintf(out, size, "{\"command-line\":\"mouse_move %d %d\"}",
		    v, r->value[1]);
		return "human-monitor-command";
	}
	n = snprintf(out, size, "{\"events\":[");
	if (r->type == EV_KEY && r->code >= BTN_LEFT)
		n += report_button(out + n, size - n, button[r->code -
		    BTN_LEFT], v);
	else if (r->type == EV_KEY)
		n += snprintf(out + n, size - n, "{\"type\":\"key\",\"data\":{"
		    "\"down\":%s,\"key\":{\"type\":\"qcode\",\"data\":"
		    "\"%s\"}}},", v ? "true" : "false", qmp_keyname(r->code));
	for (i = 0; r->type == EV_REL && i < 2 * abs(v); i++)
		n += report_button(out + n, size - n, v > 0 ? "wheel-up" :
		    "wheel-down", i % 2 == 0);
	for (i = 0; r->type == EV_ABS && i < 2; i++)
		if (r->value[i] >= 0)
			n += snprintf(out + n, size - n, "{\"type\":\"abs\","
			    "\"data\":{\"axis\":\"%c\",\"value\":%d}},",
			    "xy"[i], r->value[i]);
	strcpy(out + n - 1, "]}");
	return "input-send-event";
}

/* ---- the queue ---- */

void
queue_del(struct queue *w, size_t i)
{
	memmove(&w->report[i], &w->report[i + 1], (--w->n - i) *
	    sizeof(*w->report));
}

int
queue_put(struct queue *w, struct report new)
{
	int up = !new.type || (new.type == EV_KEY && !new.value[0]);

	if (w->n && report_merge(&w->report[w->n - 1], &new))
		return 1;
	if (w->n >= QueueMax - (up ? 0 : KeyReserve))
		return 0;
	w->report[w->n++] = new;
	return 1;
}

struct report
queue_next(const struct queue *w)
{
	struct report r = *w->report;
	int k, most = report_moves(&r) ? RelMax : NotchMax;

	for (k = 0; r.type == EV_REL && k < 2; k++)
		r.value[k] = report_within(r.value[k], -most, most);
	return r;
}

void
queue_took(struct queue *w, const struct report *r)
{
	struct report *first = w->report;

	first->value[0] -= r->value[0];
	first->value[1] -= r->value[1];
	if (r->type != EV_REL || (!first->value[0] && !first->value[1]))
		queue_del(w, 0);
}
