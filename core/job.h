/* See LICENSE for copyright and licence details.
 *
 * What takes time and has a limit: a command of the host, one in the guest, an
 * order to the monitors, a command to QEMU, and power, which asks the agent and
 * then presses the machine's button. */
#ifndef JOB_H
#define JOB_H

#include "ddc.h"
#include "qmp.h"
#include "qmp/agent.h"

enum { JobArgs = 256, JobText = 4096 };

/* What is under way. */
enum jobkind {
	JobIdle,    /* nothing */
	JobExec,    /* a child, that exits */
	JobGuest,   /* the agent, that tells of the end, or answers */
	JobPing,    /* the same; that it does not is nothing to be said */
	JobDdc,     /* an order that switches monitors */
	JobVerify,  /* one that looks whether that has lasted */
	JobCommand, /* QEMU, that answers */
	JobKeys,    /* QEMU, that types one chord after the other */
	JobPower    /* the agent, that does not refuse, else QEMU */
};

/* What jobs and actions work with, and what of config.h. */
struct means {
	struct qmp *qmp;
	struct agent *agent;
	struct ddc *ddc;
	struct input *input;
	struct show *show;
	struct window *window; /* NULL: there is none */
	int focused;           /* it has the focus */
	const Grab *grabs;
	const Hotkey *hotkeys;
	const Hotkey *emergency; /* one row */
	const Event *onevent;
	const Step *toguest, *tohost;
	int route, showon, autoreturn;
	/* no window, nothing is watched; what was asked for counts, at once.
	 * Once: without retry, or a look whether it has lasted: all but -t */
	enum { Lasting, Once, Tried } once;
	msec limit, settle, throttle, exitlimit; /* limit: of each command */
	msec watchdog; /* 0: also if there is no agent */
	/* in the child of a command */
	void (*environment)(const struct means *, enum event);

	msec typed;            /* when QEMU has typed what it was told */
	unsigned unstuck;      /* counts what ends all typing */
	struct job *order;     /* whose order the monitors carry out, or NULL */
	enum evidence evidence; /* of the last row or check; of a command it is
	                        * DdcSent */
	int take;              /* by core/show: the host is to be shown even in
	                        * place of another row's guest */
	int hush;              /* it has failed before: why was said; until
	                        * something gives reason to say it anew */
	const char *argv[JobArgs]; /* of the row that runs, with {} replaced */
	char text[JobText];
};

struct job {
	struct source timer;
	enum jobkind kind;
	const char *name;
	enum event event; /* for the environment of a command */
	struct means *means;
	char *why; /* its log_why, which stays */
	struct child child;
	struct agentjob agent;
	struct qmpjob qmp;
	char command[40];     /* of a command that is JSON */
	const unsigned *keys; /* the next chord */
	char chord[512];      /* the command for the one before, */
	msec typed;           /* and when that has been typed */
	unsigned unstuck;     /* when it began */
	/* set before it is started; called once, unless it is cancelled */
	void (*done)(struct job *, int ok, msec now);
};

void job_init(struct job *, struct means *);

/* These answer Pending, Done or Failed; a limit is in ms from now. */
int job_exec(struct job *, const char *const *argv, msec limit, msec now);
/* JobGuest, JobPing; argv NULL: it only has to answer. */
int job_guest(struct job *, enum jobkind, const char *const *argv, msec limit,
              msec now);
int job_command(struct job *, const char *command, msec now);
/* One that is json_whole; "execute" is a name. */
int job_json(struct job *, const char *json, msec now);
int job_power(struct job *, enum agentop, msec now);
int job_keys(struct job *, const unsigned *keys, msec now);
/* A row of toguest[] or tohost[]; {} and {:x} in its arguments are the input of
 * that side. quick: an alternative follows. */
int job_row(struct job *, const Step *, enum side, int quick, msec limit,
            msec now);
/* Did the last switch last? Not ok: it did not; else nobody says so. */
void job_verify(struct job *, enum side, msec limit, msec now);

void job_limit(struct job *, msec due); /* brings it forward */
void job_cancel(struct job *, msec now); /* done is not called */
/* The order to the monitors is carried out. */
void job_ordered(struct means *, enum evidence, msec now);

#endif
