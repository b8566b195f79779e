/* See LICENSE for copyright and licence details.
 *
 * An order: what is to be done to all monitors. The parent looks for buses, if
 * some may have come, and opens them; the rest is done by a child, step by
 * step: EDIDs that sysfs does not know are read, if a row lacks its monitor;
 * rows of monitors[] are given to buses, and those have it done. For each bus
 * the child has one of its own, whose i2c ioctls may block: who does not keep
 * the limit is left behind, and has failed. What came of it is in memory that
 * all share, of which the parent takes a copy when its child has ended.
 *
 * Start reading at order_start. */
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "ddc.h"

enum { ReplyGrace = 300 }; /* ms, for a bus to end before its limit */

/* A child that ends with us. Signals stay blocked: a terminal's ^C is meant for
 * the first parent, which needs us to show the host. */
static pid_t
order_fork(void)
{
	pid_t parent = getpid(), pid = fork();

	if (pid < 0)
		warn("ddc: no child:");
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() != parent)
			_exit(1);
	}
	return pid;
}

/* ---- in the child ---- */

/* Starts the child of a bus. It uses a file of its own, if it still may have
 * one: its lock ends with it, and whatever it is killed in the middle of is no
 * other's. The first open bus of a card stands for it: its file is locked for
 * each transfer, in another way than that of who uses the bus. */
static pid_t
bus_start(struct ddc *d, struct bus *b, const struct order *o)
{
	const struct bus *card = d->buses.bus;
	int fd = b->fd, own;
	pid_t pid = order_fork();

	if (pid)
		return pid;
	while (card->fd < 0 || strcmp(card->card, b->card))
		card++;
	if ((own = open(b->node, O_RDWR | O_CLOEXEC)) >= 0)
		b->fd = own;
	wire_run(b, o, card->fd);
	flock(b->fd, LOCK_UN); /* if it is the one that all share */
	b->fd = fd;
	d->said->bus[b - d->buses.bus] = *b;
	_exit(0);
}

/* Has it something to do? What was done is looked at later, but not where it
 * was read to be something else. */
static int
order_wants(const struct ddc *d, enum ddcop op, const struct bus *b)
{
	if (b->fd < 0)
		return 0;
	if (op == DdcIdentify)
		return !b->identified;
	if (op == DdcList)
		return bus_usable(&d->buses, b);
	return b->row && (op == DdcSwitch || b->result != DdcSent ||
	    b->value < 0);
}

/* Lets all buses do it at once, until due. -1: one could not end it. */
static int
order_run(struct ddc *d, enum ddcop op, msec due)
{
	struct buses *all = &d->buses;
	struct order order = d->order;
	struct pollfd ended = { .events = POLLIN };
	msec left = due - loop_clock();
	pid_t pid[BusMax];
	struct bus *b;
	int fd[2], hang, ret = 0;
	size_t i;

	if (pipe2(fd, O_CLOEXEC) < 0)
		die("ddc: no pipe:");
	order.op = op;
	order.limit = left - ReplyGrace;
	order.tell = d->tell;
	order.unsent = op == DdcSwitch ? &d->said->unsent : NULL;
	for (i = 0; i < all->n; i++) {
		b = &all->bus[i];
		pid[i] = -1;
		if (!order_wants(d, op, b))
			continue;
		if (op != DdcIdentify) { /* if nothing is heard of it */
			b->result = DdcFailed;
			b->value = -1;
			b->ninput = 0;
		}
		d->said->bus[i] = *b;
		d->said->bus[i].doubt |= op == DdcSwitch;
		if ((pid[i] = bus_start(d, b, &order)) < 0)
			ret = -1;
	}
	/* all of them have the pipe open, and nobody writes */
	close(fd[1]);
	ended.fd = fd[0];
	hang = poll(&ended, 1, left > 0 ? left : 0) != 1;
	close(fd[0]);
	for (i = 0; i < all->n; i++) {
		if (pid[i] < 0)
			continue;
		if (hang && !waitpid(pid[i], NULL, WNOHANG)) {
			kill(pid[i], SIGKILL);
			ret = -1;
			warn("ddc: %s: an i2c bus of this card hangs",
			     all->bus[i].name);
		}
		all->bus[i] = d->said->bus[i];
	}
	return ret;
}

static enum evidence
order_print(const struct ddc *d)
{
	const struct buses *all = &d->buses;
	const struct bus *b;
	int usable = 0;

	for (b = all->bus; b < all->bus + all->n; b++) {
		if (!bus_usable(all, b))
			continue;
		bus_print(all, b);
		usable += b->result != DdcFailed;
	}
	if (!usable)
		warn("ddc: no monitor answers");
	return usable ? DdcConfirmed : DdcFailed;
}

/* All of it. Where one is missing those who are not known are asked. It is
 * futile if a uevent will tell when it comes. */
static void
order_carry(struct ddc *d)
{
	struct buses *all = &d->buses;
	enum ddcop op = d->order.op;
	int unsure = all->stale;
	char row[RowText];
	struct bus *b;

	*d->said = *all; /* for who inherits, if we are killed */
	if (op == DdcList || buses_match(all, d->rows, d->only, 1) < 0)
		unsure |= order_run(d, DdcIdentify,
		    (loop_clock() + d->due) / 2);
	for (b = all->bus; b < all->bus + all->n; b++)
		unsure |= b->fd >= 0 && !b->identified && !b->fresh;
	all->result = DdcConfirmed;
	if (buses_match(all, d->rows, d->only, op < DdcSwitch ||
	    op == DdcVerify) < 0)
		all->result = unsure ? DdcFailed : DdcFutile;
	d->said->unsent = all->result != DdcConfirmed; /* one never will */
	for (b = all->bus; b < all->bus + all->n; b++)
		d->said->unsent += order_wants(d, op, b);
	order_run(d, op, d->due);
	for (b = all->bus; b < all->bus + all->n; b++) {
		if (!b->row)
			continue;
		if (b->result < all->result)
			all->result = b->result;
		if (b->result != DdcUnknown)
			continue;
		bus_row(row, all, b);
		warn("ddc: %s: which input is the host's is not known: %s",
		     b->name, row);
	}
	if (op == DdcList)
		all->result = order_print(d);
}

/* ---- in the parent ---- */

static void
order_start(struct ddc *d, msec now)
{
	struct order *o = &d->order;
	size_t i;
	pid_t pid;
	char old; /* of the order before */

	d->phase = DdcActing;
	if (!d->buses.n || d->buses.stale)
		buses_scan(&d->buses, d->rows);
	while (read(d->told.fd, &old, 1) > 0)
		;
	if (!(pid = order_fork())) {
		loop_forget(); /* what else is open is a bus */
		log_hushed = o->hush;
		log_why = o->why;
		order_carry(d);
		*d->said = d->buses;
		fflush(stdout);
		_exit(0);
	}
	for (i = 0; i < d->buses.n; i++) /* it may be killed */
		d->buses.bus[i].doubt |= o->op == DdcSwitch;
	if (pid < 0)
		d->child.ended(&d->child, 1, now);
	else
		child_add(&d->child, pid);
}

/* Meanwhile a bus may have gone, or another monitor have come. */
static void
order_ended(struct child *child, int status, msec now)
{
	struct ddc *d = OWNER(child, struct ddc, child);
	enum phase phase = d->phase;
	struct bus *b, was;
	size_t i;

	for (i = 0; i < d->buses.n; i++) {
		b = &d->buses.bus[i];
		was = *b;
		flock(b->fd, LOCK_UN);
		if (status) { /* it was killed, in the middle of something */
			b->notbefore = now + SaveWait;
			continue;
		}
		*b = d->said->bus[i];
		b->fd = was.fd;
		b->error = was.error;
		b->identified &= !d->buses.stale;
	}
	d->child.pid = 0;
	d->phase = DdcIdle;
	if (phase == DdcWaiting)
		order_start(d, now);
	else if (phase == DdcActing)
		d->done(status ? DdcFailed : d->said->result, now);
}

static void
order_sent(struct source *s, msec now)
{
	struct ddc *d = OWNER(s, struct ddc, told);
	char byte;

	if (read(s->fd, &byte, 1) == 1 && d->phase == DdcActing)
		d->sent(now);
}

void
ddc_cancel(struct ddc *d)
{
	d->phase = DdcIdle;
	if (d->child.pid)
		kill(d->child.pid, SIGKILL);
}

void
ddc_order(struct ddc *d, struct order order, msec now)
{
	ddc_cancel(d);
	order.gap = d->order.gap;
	d->order = order;
	d->due = now + order.limit;
	d->phase = DdcWaiting;
	if (!d->child.pid)
		order_start(d, now);
}

void
ddc_share(struct ddc *d)
{
	size_t n = sizeof(*d->said) + BusMax * sizeof(*d->buses.learned);

	d->said = loop_share(n);
	d->said->learned = (struct learned *)(d->said + 1);
}

void
ddc_open(struct ddc *d, const Monitor *rows, int only, msec replygap,
         void (*done)(enum evidence, msec now), void (*sent)(msec now))
{
	int fd[2];

	*d = (struct ddc){
		.done = done, .sent = sent, .rows = rows, .only = only,
		.order.gap = replygap,
		.told = { .events = Readable, .ready = order_sent },
		.said = d->said, .buses.learned = d->said->learned,
		.child.ended = order_ended,
	};
	if (pipe2(fd, O_CLOEXEC | O_NONBLOCK) < 0)
		die("ddc: no pipe:");
	d->told.fd = fd[0];
	d->tell = fd[1];
	source_add(&d->told);
}

void
ddc_inherit(struct ddc *d, msec now)
{
	struct bus *b;

	d->buses = *d->said;
	d->buses.stale = 1;
	for (b = d->buses.bus; b < d->buses.bus + d->buses.n; b++) {
		b->fd = -1;
		b->error = b->identified = 0;
		b->notbefore = now + SaveWait;
		b->doubt = 1;
	}
}
