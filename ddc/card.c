/* See LICENSE for copyright and licence details.
 *
 * An order: what is to be done to all monitors, by one child for each graphics
 * card, whose i2c ioctls may block. An order first looks for buses, if some may
 * have come, then has EDIDs read where sysfs knows none, gives the rows of
 * monitors[] to buses, and has it done. Each phase has its limit; a card that
 * does not keep it is left behind, and nothing touches it until its child is
 * reaped. A bus that is awaited still at the end has failed.
 *
 * Start reading at order_next. */
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "ddc.h"

enum {
	ReplyGrace = 300,  /* for a child to tell before its limit */
	OpenEvery = 250,   /* files that are not ours yet are tried */
	ReapLimit = 1000   /* of a child that was killed */
};

static void order_next(struct ddc *, msec now); /* a child's end calls it */

/* ---- a card ---- */

/* It has the place of its first bus. */
static struct card *
card_of(struct ddc *d, const struct bus *b)
{
	struct bus *first = d->buses.bus;

	while (strcmp(first->card, b->card))
		first++;
	return &d->card[first - d->buses.bus];
}

/* What a bus says of the order. */
static void
card_heard(struct ddc *d, struct bus *b, const struct bus *said)
{
	const struct order *o = &d->order;
	struct bus was = *b;
	char row[RowText];

	/* meanwhile it may have gone, or another monitor have come */
	*b = *said;
	b->fd = was.fd;
	b->error = was.error;
	b->awaited = 0;
	if (b->known == Unasked)
		b->known = was.known;
	if (d->phase != DdcActing)
		return;
	if (b->result < d->result)
		d->result = b->result;
	if (o->op == DdcSwitch && b->result == DdcFailed &&
	    !ddc_input(d, b->row, o->side) && !ddc_input(d, b->row, Host) &&
	    (verbose || (!o->hush && !o->quick))) {
		bus_row(row, &d->buses, b);
		warn("ddc: %s: which input is the host's is not known, for it "
		     "can't be read, or the VM may be shown; if it is the "
		     "host that is shown now, this is its row for config.h: "
		     "%s", b->name, row);
	}
}

/* Buses of one card; each was written as a whole. */
static void
card_read(struct source *s, unsigned got, msec now)
{
	struct card *c = OWNER(s, struct card, pipe);
	struct buses *all = &c->ddc->buses;
	struct bus said, *b;
	ssize_t n;

	(void)got;
	(void)now;
	while ((n = read(s->fd, &said, sizeof(said))) == sizeof(said))
		for (b = all->bus; b < all->bus + all->n; b++)
			if (!strcmp(b->name, said.name))
				card_heard(c->ddc, b, &said);
	if (!n)
		source_del(s);
}

static void
card_ended(struct child *child, int status, msec now)
{
	struct card *c = OWNER(child, struct card, child);
	struct buses *all = &c->ddc->buses;
	struct bus *b;
	int awaited = c->state == CardBusy, fd;
	char path[32];

	if (awaited)
		card_read(&c->pipe, Readable, now);
	source_del(&c->pipe);
	close(c->pipe.fd);
	for (b = all->bus; b < all->bus + all->n; b++)
		if (WIFSIGNALED(status) && card_of(c->ddc, b) == c &&
		    b->fd >= 0) {
			/* in the middle of something: the lock is shared, and
			 * an answer may still come to the old file */
			b->notbefore = now + SaveWait;
			flock(b->fd, LOCK_UN);
			snprintf(path, sizeof(path), "/dev/%.20s", b->name);
			if ((fd = open(path, O_RDWR | O_CLOEXEC)) < 0)
				continue; /* better the old one than none */
			close(b->fd);
			b->fd = fd;
		}
	c->state = CardFree;
	if (awaited)
		order_next(c->ddc, now);
}

/* Starts its child; -1: it has none. */
static int
card_start(struct card *c, struct bus *const *bus, size_t n,
           const struct order *o)
{
	pid_t pid, parent = getpid();
	int fd[2] = { -1, -1 };

	if (pipe2(fd, O_CLOEXEC | O_NONBLOCK) < 0 || (pid = fork()) < 0) {
		warn("ddc: no child:");
		close(fd[0]);
		close(fd[1]);
		return -1;
	}
	if (!pid) {
		/* what else is open is a bus or a client, who is told by
		 * shutdown */
		loop_forget();
		if (o->op == DdcSwitch && (o->hush || o->quick))
			log_hushed = 1;
		/* signals stay blocked: a terminal's ^C is meant for the
		 * parent, which needs us to show the host */
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() == parent)
			wire_run(bus, n, o, fd[1]);
		_exit(0);
	}
	close(fd[1]);
	c->pipe = (struct source){ .fd = fd[0], .events = Readable,
	    .ready = card_read };
	c->child.ended = card_ended;
	c->state = CardBusy;
	source_add(&c->pipe);
	child_add(&c->child, pid);
	return 0;
}

/* ---- the phases of an order ---- */

/* Starts a child for each card that has something to do; how many. */
static int
order_launch(struct ddc *d, enum ddcop op, msec now)
{
	struct order order = d->order;
	struct buses *all = &d->buses;
	struct bus *bus[BusMax], *b, *end = all->bus + all->n;
	struct card *c;
	int cards = 0;
	size_t n;

	order.op = op;
	order.limit = d->due - now - ReplyGrace;
	d->timer.due = op == DdcIdentify ? now + (d->due - now) / 2 : d->due;
	for (b = all->bus; b < end; b++)
		b->awaited = b->fd >= 0 &&
		    (op == DdcIdentify ? b->known == Unasked :
		    op == DdcList ? bus_usable(all, b) :
		    b->row && (op == DdcSwitch || b->verify));
	for (c = d->card; c < d->card + all->n; c++) {
		for (n = 0, b = all->bus; b < end; b++)
			if (b->awaited && card_of(d, b) == c)
				bus[n++] = b;
		c->ddc = d;
		if (!n || c->state == CardDead ||
		    card_start(c, bus, n, &order) < 0)
			continue;
		cards++;
		while (n--) /* it may be killed */
			bus[n]->doubt |= op == DdcSwitch;
	}
	return cards;
}

/* All who can answer are known. */
static int
order_act(struct ddc *d, msec now)
{
	struct buses *all = &d->buses;
	struct bus *b;
	int unsure = all->stale;
	enum match how = MatchSure;

	/* will a uevent tell when what is missing comes? */
	for (b = all->bus; b < all->bus + all->n; b++)
		unsure |= b->fd >= 0 && (b->known == Unasked ||
		    (b->known == Silent && !b->fresh));
	d->phase = DdcActing;
	if (d->order.op == DdcSwitch && all->n)
		how = d->order.hush ? MatchHush : MatchLoud;
	d->result = buses_match(all, d->rows, d->only, how) == 0 ?
	    DdcConfirmed : unsure ? DdcFailed : DdcFutile;
	return order_launch(d, d->order.op, now);
}

static int
order_print(struct ddc *d)
{
	const struct buses *all = &d->buses;
	const struct bus *b;
	int usable = 0;

	for (b = all->bus; b < all->bus + all->n; b++) {
		if (b->connected && b->known == Silent && !*b->id.manufacturer)
			warn("ddc: %s: something is connected to %s, but there "
			     "is no EDID on its bus: does an adapter or a "
			     "dock withhold it?", b->name, b->connector);
		if (b->awaited || !bus_usable(all, b))
			continue;
		bus_print(all, b);
		usable += b->result != DdcFailed;
	}
	if (!usable)
		warn("ddc: no monitor that can be switched was found");
	return usable;
}

static void
order_end(struct ddc *d, msec now)
{
	struct bus *b;

	for (b = d->buses.bus; b < d->buses.bus + d->buses.n; b++)
		if (b->awaited && d->result > DdcFailed)
			d->result = DdcFailed;
	d->phase = DdcIdle;
	d->timer.due = 0;
	if (d->order.op == DdcList)
		d->ops->listed(order_print(d), now);
	else
		d->ops->done(d->result, now);
}

/* On to the next phase, when no child is running. Files that are not ours are
 * waited for only if a monitor is missing. */
static void
order_next(struct ddc *d, msec now)
{
	int patient = now + OpenEvery < d->patient && now + OpenEvery < d->due;
	int list = d->order.op == DdcList, ask;
	struct buses *all = &d->buses;
	size_t i;

	for (i = 0; i < all->n; i++)
		if (d->card[i].state == CardBusy)
			return;
	switch (d->phase) {
	case DdcIdle:
		return;
	case DdcWaiting:
		if (!all->n || all->stale)
			buses_scan(all, patient || d->order.hush, list);
		d->phase = DdcIdentifying;
		if (order_launch(d, DdcIdentify, now))
			return;
		/* FALLTHROUGH */
	case DdcIdentifying:
		ask = buses_match(all, d->rows, d->only, MatchSure) || list;
		if (ask && all->stale && patient) {
			d->phase = DdcWaiting;
			d->timer.due = now + OpenEvery;
			return;
		}
		d->phase = DdcAsking;
		for (i = 0; ask && i < all->n; i++)
			if (all->bus[i].known == Silent)
				all->bus[i].known = Unasked;
		if (ask && order_launch(d, DdcIdentify, now))
			return;
		/* FALLTHROUGH */
	case DdcAsking:
		if (order_act(d, now))
			return;
		/* FALLTHROUGH */
	case DdcActing:
		order_end(d, now);
	}
}

/* A phase has lasted long enough: on without the cards that hang. */
static void
order_limit(struct source *s, unsigned got, msec now)
{
	struct ddc *d = OWNER(s, struct ddc, timer);
	struct card *c;

	(void)got;
	for (c = d->card; c < d->card + d->buses.n; c++) {
		if (c->state != CardBusy)
			continue;
		warn("ddc: %s: an i2c bus of this card hangs",
		     d->buses.bus[c - d->card].card);
		kill(c->child.pid, SIGKILL);
		source_del(&c->pipe);
		c->state = CardDead;
	}
	order_next(d, now);
}

/* ---- orders ---- */

void
ddc_cancel(struct ddc *d)
{
	size_t i;

	d->phase = DdcIdle;
	d->timer.due = 0;
	for (i = 0; i < d->buses.n; i++)
		if (d->card[i].state != CardFree)
			kill(d->card[i].child.pid, SIGKILL);
}

void
ddc_order(struct ddc *d, struct order order, msec now)
{
	ddc_cancel(d);
	order.gap = d->order.gap;
	d->order = order;
	d->due = now + order.limit;
	d->phase = DdcWaiting;
	d->timer.due = now + ReapLimit;
	order_next(d, now);
}

void
ddc_open(struct ddc *d, const Monitor *rows, int only, msec replygap,
         const struct ddcops *ops)
{
	*d = (struct ddc){
		.ops = ops, .rows = rows, .only = only, .order.gap = replygap,
		.timer = { .fd = -1, .ready = order_limit },
	};
	source_add(&d->timer);
}
