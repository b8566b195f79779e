/* See LICENSE for copyright and licence details.
 *
 * Input as QEMU takes it: reports, the queue that they wait in, and how one is
 * written as a command. */
#ifndef QMP_REPORT_H
#define QMP_REPORT_H

#include <linux/input.h>

#include <stddef.h>

enum { ReportMax = 8, QueueMax = 512 };

/* What happened at one moment: one command, or what is left of it. */
struct report {
	struct input_event ev[ReportMax];
	size_t n;
	unsigned long num; /* reports are counted as they come */
};
/* Relative motion is added up, of a place the last one counts. */
void report_add(struct report *, const struct input_event *);
/* A command; its length. */
size_t report_json(char *out, size_t, const struct report *);

struct queue {
	struct report report[QueueMax];
	size_t head, n;
	struct report again; /* refused as a whole: goes first, in pieces */
	unsigned long num;   /* of the last */
};
/* Motion is merged with motion, and gives way; releases always have room. -1:
 * it is full. */
int queue_put(struct queue *, const struct report *);
/* What goes next, and what of its report is left then; 0: nothing waits. */
int queue_next(const struct queue *, struct report *, struct report *rest);
void queue_took(struct queue *, const struct report *rest);
int queue_empty(const struct queue *);
/* Has all gone that was there when num was the last? */
int queue_past(const struct queue *, unsigned long num);

#endif
