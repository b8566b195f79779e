/* See LICENSE for copyright and licence details.
 *
 * The loop: what is waited for, the clock, signals, children and the log. It
 * knows none of its clients, and is the only place that sleeps. */
#ifndef LOOP_H
#define LOOP_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/types.h>

#define LENGTH(a) (sizeof(a) / sizeof((a)[0]))
/* what member, to which p points, is a part of */
#define OWNER(p, type, member) ((type *)((char *)(p) - \
	offsetof(type, member)))

typedef int64_t msec; /* a time of CLOCK_MONOTONIC, or a length of time */

/* Something that is waited for. ready is called when fd can do what events
 * asks, which is got, and, with got 0 and due cleared, when due is past. A timer
 * is a source with fd -1. Whatever a call adds, removes or changes counts at
 * once. */
enum { Readable = 1, Writable = 2, Urgent = 4 };
struct source {
	int fd;
	unsigned events, got;
	msec due; /* 0: no time */
	void (*ready)(struct source *, msec now);
	/* before each wait, for what comes without waking fd; NULL: nothing */
	void (*before)(struct source *, msec now);
};
int source_add(struct source *); /* -1: table full or fd >= FD_SETSIZE */
void source_del(struct source *);

/* A process that was started, and has to be reaped. */
struct child {
	struct child *next;
	pid_t pid;
	void (*ended)(struct child *, int status, msec now);
};
void child_add(struct child *, pid_t);
void child_del(struct child *); /* it is reaped all the same, untold */

struct loopops {
	/* one that would have ended the program, but no crash */
	void (*signalled)(int signo, msec now);
	void (*resumed)(msec now);              /* the machine slept */
};
void loop_open(const struct loopops *); /* takes the signals */
int loop_run(void);                     /* until loop_end: its status */
void loop_end(int status);
/* One pass at that time, without waiting: for tests, where time is a number.
 * -1: it goes on; else what loop_end was told. */
int loop_turn(msec now);
msec loop_due(void);  /* the earliest there is, 0: none */
msec loop_clock(void);
/* In a child that goes on without the loop: closes what it waits for, for a
 * copy would keep grabs and sockets alive. */
void loop_forget(void);

void *loop_share(size_t); /* memory of zeros, the same one in all children */

/* The log, on stderr. A format that ends in ':' gets errno's text. Nobody waits
 * for a reader: what can't be written at once is left out and counted. */
extern int verbose; /* -V: 1 transitions, 2 also bytes */
enum { LogQuote = -4, LogOk, LogDie, LogWarn, LogNote }; /* Quote: others' */
void log_line(int level, const char *, ...)
    __attribute__((format(printf, 2, 3)));
#define die(...) (log_line(LogDie, __VA_ARGS__), exit(1))
#define warn(...) log_line(LogWarn, __VA_ARGS__)
#define note(level, ...) log_line(level, __VA_ARGS__)

/* What the user can do about what was seen: the first row of which seen is a
 * part of a message, from LogDie to LogNote, is added to it. Up to an empty row;
 * NULL: there are none. */
struct advice {
	const char *seen, *todo;
};
extern const struct advice *log_advice;
/* -c: lines go to stdout, with "ok", "note" or "FAIL" before them; how many of
 * the last there were, of loop_share; what is hushed is a note. NULL: this is no
 * check, and what is ok is not said. */
extern int *log_failed;
#define ok(...) log_line(LogOk, __VA_ARGS__)
/* Pages hold LineMax bytes, of loop_share. */
enum { LineMax = 1024 };
extern char *log_error; /* the page of the last that warn said, or "" */
extern int log_hushed;  /* in a child whose errors were told before */
/* Whoever waits for what is being done is to be told why it failed: the page
 * for what warn says meanwhile; NULL: nobody is. */
extern char *log_why;
/* What has failed was begun earlier, with that page. */
#define warn_for(why, ...) (log_why = (why), warn(__VA_ARGS__), log_why = NULL)

#endif
