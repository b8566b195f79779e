/* See LICENSE for copyright and licence details.
 *
 * An order: what is to be done to all monitors, by one child for each graphics
 * card, whose i2c ioctls may block. An order first looks for buses, if some may
 * have come, then has EDIDs read where sysfs knows none, gives the rows of
 * monitors[] to buses, and has it done. Each phase has its limit; a card that
 * does not keep it is left behind, and nothing touches it until its child is
 * reaped.
 *
 * Start reading at order_next. */
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
	QuickLimit = 2500, /* of a switch with an alternative */
	ReapLimit = 1000   /* of a child that was killed */
};

static void order_next(struct ddc *, msec now); /* a child's end calls it */

/* ---- the result ---- */

static void
order_worse(struct ddc *d, enum evidence result)
{
	if (result < d->result)
		d->result = result;
}

/* A card could not be driven, whatever is behind it. */
static void
order_trouble(struct ddc *d)
{
	d->unsure = 1;
	order_worse(d, DdcFailed);
}

/* ---- a card ---- */

static struct card *
card_of(struct ddc *d, const struct bus *b)
{
	struct card *c;

	for (c = d->card; c < d->card + d->ncard; c++)
		if (!strcmp(c->path, b->card))
			return c;
	if (c == d->card + LENGTH(d->card))
		return NULL;
	memset(c, 0, sizeof(*c));
	c->pipe.fd = -1;
	c->ddc = d;
	strcpy(c->path, b->card);
	d->ncard++;
	return c;
}

static int
card_busy(const struct card *c)
{
	return c->pipe.fd >= 0 && !c->dead;
}

/* Its buses that are still to be answered for; how many. */
static size_t
card_awaited(struct card *c, struct bus *bus[BusMax])
{
	struct buses *all = &c->ddc->buses;
	struct bus *b;
	size_t n = 0;

	for (b = all->bus; b < all->bus + all->n; b++)
		if (b->awaited && !strcmp(b->card, c->path))
			bus[n++] = b;
	return n;
}

/* A bus is heard: what it says of the order. */
static void
card_heard(struct ddc *d, struct bus *b, const struct record *r)
{
	b->awaited = 0;
	bus_take(b, r);
	if (d->phase != Acting)
		return;
	order_worse(d, r->result);
	if (r->unset && (verbose || (!d->order.hush && !d->order.quick)))
		bus_unset(&d->buses, b);
	if (d->order.op == DdcList && isatty(2))
		fprintf(stderr, "screenstub: i2c-%d has answered\n", b->num);
}

/* Records of one card; each was written as a whole. */
static void
card_read(struct source *s, unsigned got, msec now)
{
	struct card *c = OWNER(s, struct card, pipe);
	struct bus *bus[BusMax];
	struct record r;
	size_t i, n = card_awaited(c, bus);

	(void)got;
	(void)now;
	while (read(s->fd, &r, sizeof(r)) == sizeof(r))
		for (i = 0; i < n; i++)
			if (bus[i]->awaited && bus[i]->num == r.num)
				card_heard(c->ddc, bus[i], &r);
	if (!card_awaited(c, bus))
		source_del(s); /* the rest is the end of file */
}

static void
card_ended(struct child *child, int status, msec now)
{
	struct card *c = OWNER(child, struct card, child);
	struct ddc *d = c->ddc;
	struct bus *bus[BusMax];
	size_t i;

	card_read(&c->pipe, Readable, now);
	source_del(&c->pipe);
	close(c->pipe.fd);
	c->pipe.fd = -1;
	if (WIFSIGNALED(status))
		buses_unlock(&d->buses, c->path, now);
	if (c->dead) {
		c->dead = 0;
		return;
	}
	if (status || card_awaited(c, bus))
		order_trouble(d);
	for (i = 0; i < d->ncard; i++)
		if (card_busy(&d->card[i]))
			return;
	order_next(d, now);
}

/* In the child, which never comes back. What else is open is a bus or a
 * client, who is told by shutdown. */
static void
card_run(struct bus *const *bus, size_t n, const struct order *o, int fd,
         pid_t parent)
{
	loop_forget();
	if (o->op == DdcSwitch && (o->hush || o->quick))
		log_hushed = 1;
	/* signals stay blocked: a terminal's ^C is meant for the parent, which
	 * needs us to show the host */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() == parent)
		wire_run(bus, n, o, fd);
	_exit(0);
}

/* Starts its child; -1: it has none. */
static int
card_start(struct card *c, struct bus *const *bus, size_t n,
           const struct order *o)
{
	pid_t pid, self = getpid();
	int fd[2];

	if (pipe2(fd, O_CLOEXEC | O_NONBLOCK) < 0) {
		warn("ddc: pipe:");
		return -1;
	}
	if ((pid = fork()) < 0) {
		warn("ddc: fork:");
		close(fd[0]);
		close(fd[1]);
		return -1;
	}
	if (!pid) {
		close(fd[0]);
		card_run(bus, n, o, fd[1], self);
	}
	close(fd[1]);
	c->pipe.fd = fd[0];
	c->pipe.events = Readable;
	c->pipe.ready = card_read;
	c->child.ended = card_ended;
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
	struct bus *bus[BusMax], *b;
	struct card *c;
	int cards = 0;
	size_t n;

	order.op = op;
	order.limit = d->due - now - ReplyGrace;
	if (order.limit < 1)
		order.limit = 1;
	for (b = all->bus; b < all->bus + all->n; b++) {
		b->heard = 0;
		b->awaited = b->fd >= 0 && card_of(d, b) &&
		    (op == DdcIdentify ? b->known == Unasked :
		    op == DdcList ? bus_usable(all, b) :
		    b->row && (op == DdcSwitch || b->mem.verify));
	}
	for (c = d->card; c < d->card + d->ncard; c++) {
		if (!(n = card_awaited(c, bus)))
			continue;
		if (!c->dead && card_start(c, bus, n, &order) == 0) {
			cards++;
			while (n--) /* it may be killed */
				bus[n]->mem.doubt |= op == DdcSwitch;
			continue;
		}
		order_worse(d, DdcFailed);
		d->unsure |= op != DdcIdentify;
		while (n--)
			bus[n]->awaited = 0;
	}
	return cards;
}

/* Looks for buses, and has those asked that sysfs knows nothing of. */
static int
order_scan(struct ddc *d, int patient, msec now)
{
	struct bus *b;

	d->unsure = d->denied = 0;
	if (!d->buses.n || d->buses.stale)
		d->denied = buses_scan(&d->buses, patient || d->order.hush);
	for (b = d->buses.bus; b < d->buses.bus + d->buses.n; b++)
		if (b->known == Silent)
			b->known = Absent;
	d->phase = Identifying;
	d->timer.due = now + (d->due - now) / 2;
	return order_launch(d, DdcIdentify, now);
}

/* Where there should be nobody the bus is asked only if there is a monitor
 * missing; once. */
static int
order_ask(struct ddc *d, msec now)
{
	struct bus *b;

	if (d->asked++)
		return 0;
	for (b = d->buses.bus; b < d->buses.bus + d->buses.n; b++)
		if (b->known == Absent || b->known == Silent)
			b->known = Unasked;
	d->timer.due = now + (d->due - now) / 2;
	return order_launch(d, DdcIdentify, now);
}

/* All who can answer are known. */
static int
order_act(struct ddc *d, int missing, msec now)
{
	enum ddcop op = d->order.op;
	struct buses *all = &d->buses;
	struct bus *b;

	/* will a uevent tell when what is missing comes? */
	for (b = all->bus; b < all->bus + all->n && missing; b++)
		if ((b->known == Absent || b->known == Silent) && !b->fresh)
			d->unsure = 1;
	if (d->denied > 0 && missing)
		d->unsure = 1;
	if (op == DdcSwitch && all->n)
		missing = buses_match(all, d->rows, d->only, d->order.hush ?
		    MatchHush : MatchLoud) < 0;
	d->phase = Acting;
	d->timer.due = d->due;
	d->result = !missing ? DdcConfirmed : d->unsure ? DdcFailed :
	    DdcFutile;
	if (op == DdcList && all->n && isatty(2))
		fprintf(stderr, "screenstub: reading what the monitors say of "
		        "themselves: seconds\n");
	return order_launch(d, op, now);
}

static int
order_print(struct ddc *d)
{
	const struct buses *all = &d->buses;
	const struct bus *b;
	int known = 0, usable = 0;

	for (b = all->bus; b < all->bus + all->n; b++) {
		if (!b->heard || !bus_usable(all, b))
			continue;
		if (known++)
			putchar('\n');
		bus_print(all, b);
		usable += b->last.result != DdcFailed;
	}
	buses_hint(all);
	if (!usable)
		warn("ddc: no monitor that can be switched was found");
	return usable;
}

static void
order_end(struct ddc *d, msec now)
{
	d->phase = Idle;
	d->timer.due = 0;
	if (d->order.op == DdcList)
		d->ops->listed(order_print(d), now);
	else if (d->order.op == DdcSwitch)
		d->ops->switched(d->result, now);
	else
		d->ops->verified(d->result, now);
}

/* No child is running: on to the next phase. Files that are not ours are
 * waited for only if a monitor is missing. */
static void
order_next(struct ddc *d, msec now)
{
	int patient = now + OpenEvery < d->patient && now + OpenEvery < d->due;
	int list = d->order.op == DdcList, missing;

	switch (d->phase) {
	case Idle:
		return;
	case Waiting:
		if (order_scan(d, patient, now))
			return;
		/* FALLTHROUGH */
	case Identifying:
		missing = !list && buses_match(&d->buses, d->rows, d->only,
		    MatchSure) < 0;
		if (missing && d->denied > 0 && patient) {
			d->phase = Waiting;
			d->timer.due = now + OpenEvery;
			return;
		}
		if ((missing || list) && order_ask(d, now))
			return;
		if (order_act(d, missing, now))
			return;
		/* FALLTHROUGH */
	case Acting:
		order_end(d, now);
	}
}

/* A phase has lasted long enough: on without the cards that hang. */
static void
order_limit(struct source *s, unsigned got, msec now)
{
	struct ddc *d = OWNER(s, struct ddc, timer);
	struct bus *bus[BusMax];
	struct card *c;
	size_t n;

	(void)got;
	for (c = d->card; c < d->card + d->ncard; c++) {
		if (!card_busy(c))
			continue;
		warn("ddc: %s: an i2c bus of this card hangs",
		     strrchr(c->path, '/') ? strrchr(c->path, '/') + 1 : "");
		kill(c->child.pid, SIGKILL);
		source_del(&c->pipe);
		for (n = card_awaited(c, bus); n--;)
			bus[n]->awaited = 0;
		c->dead = 1;
		order_trouble(d);
	}
	order_next(d, now);
}

void
ddc_cancel(struct ddc *d)
{
	size_t i;

	d->phase = Idle;
	d->timer.due = 0;
	for (i = 0; i < d->ncard; i++)
		if (d->card[i].pipe.fd >= 0)
			kill(d->card[i].child.pid, SIGKILL);
}

/* ---- orders ---- */

static void
order_begin(struct ddc *d, struct order order, msec limit, msec now)
{
	size_t i;

	ddc_cancel(d);
	order.gap = d->order.gap;
	d->order = order;
	d->due = now + limit;
	d->asked = 0;
	d->phase = Waiting;
	d->timer.due = now + ReapLimit;
	for (i = 0; i < d->ncard; i++)
		if (card_busy(&d->card[i]))
			return; /* it was killed, and has to be reaped before */
	order_next(d, now);
}

void
ddc_switch(struct ddc *d, enum side side, enum learn learn, int quick,
           int hush, msec limit, msec now)
{
	order_begin(d, (struct order){ .op = DdcSwitch, .side = side,
	    .learn = learn, .quick = quick, .hush = hush },
	    quick && limit > QuickLimit ? QuickLimit : limit, now);
}

void
ddc_verify(struct ddc *d, enum side side, msec limit, msec now)
{
	order_begin(d, (struct order){ .op = DdcVerify, .side = side,
	    .quick = 1 }, limit, now);
}

void
ddc_list(struct ddc *d, msec limit, msec now)
{
	order_begin(d, (struct order){ .op = DdcList }, limit, now);
}

/* ---- the beginning and the end ---- */

void
ddc_open(struct ddc *d, const Monitor *rows, int only, msec replygap,
         const struct ddcops *ops)
{
	memset(d, 0, sizeof(*d));
	d->ops = ops;
	d->rows = rows;
	d->only = only;
	d->order.gap = replygap;
	d->timer.fd = -1;
	d->timer.ready = order_limit;
	source_add(&d->timer);
}

void
ddc_patient(struct ddc *d, msec until)
{
	d->patient = until;
}

void
ddc_close(struct ddc *d)
{
	size_t i;

	ddc_cancel(d);
	source_del(&d->timer);
	for (i = 0; i < d->buses.n; i++)
		if (d->buses.bus[i].fd >= 0)
			close(d->buses.bus[i].fd);
}
