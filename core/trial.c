/* See LICENSE for copyright and licence details.
 *
 * It goes round: the host is shown for a moment, in which can be read what
 * comes; then an input that may be the guest's, for as long as is wanted; then
 * the host. core/show does the switches, looks whether they have lasted, and
 * tries the host again, as it does with a window: what is tried is what the
 * program does.
 *
 * But the host is tried by turns: by tohost[], and as in an emergency, first
 * without the rows that need the guest, and with a Ddc row behind the others,
 * whatever tohost[] has. The guard does the latter. While the guest is shown
 * nothing is written that could block.
 *
 * Start reading at trial_before. */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "core/trial.h"

/* ms */
enum {
	ReadLimit = 20000,
	HostTime = 3000, /* in which is read what comes */
	HostLimit = 30000
};

/* ---- rows ---- */

/* Is that what is read while the one input is shown, and not the other? */
static int
row_shows(int value, Input in, Input other)
{
	return value == (int)in.readback || (input_same(value, in.readback) &&
	    !input_same(in.readback, other.readback));
}

/* What is shown is the host's. Where nothing is read all must be given. */
static int
row_learn(const struct ddc *d, Monitor *m)
{
	Input host = input_full(m->host, 0), guest = input_full(m->guest, 0);
	const struct bus *b = ddc_bus(d, m);
	int v = b ? b->value : -1, n = m - d->rows;

	if (v > 0 && !row_shows(v, host, guest)) {
		m->host = (Input){ .value = memchr(b->input, v & 0xff,
		    b->ninput) ? v & 0xff : v };
		if (host.value)
			warn("trial: monitors[%d]: .host 0x%02x is wrong: "
			    "input 0x%02x is shown", n, host.value,
			    m->host.value);
		if (row_shows(v, guest, host))
			m->guest = host; /* the wrong way round */
	}
	if (v > 0 && !m->guest.value)
		m->guest = (Input){ .value = input_guest(b->input, b->ninput,
		    m->host.value) };
	if (m->host.value && m->guest.value)
		return 0;
	warn("trial: monitors[%d]: %s", n, m->host.value ?
	    "no other input is listed" :
	    "the input that is shown can't be read");
	return -1;
}

static int
input_plain(Input in)
{
	in = input_full(in, 0);
	return in.code == VcpInput && in.readback == in.value && !in.extra;
}

/* As -d, with the inputs that were shown, where that says all. */
static void
row_print(const struct ddc *d, const Monitor *m)
{
	unsigned learned[Guest + 1] = { [Guest] = m->guest.value };
	struct bus b = *ddc_bus(d, m);
	char row[RowText];

	b.value = m->host.value;
	b.ninput = 0;
	b.learned = learned;
	bus_row(row, &d->buses, &b);
	if (input_plain(m->host) && input_plain(m->guest) && !m->flags &&
	    !m->repeat && !m->output)
		printf("\t%s\n", row);
	else
		printf("\tmonitors[%d] as it is\n", (int)(m - d->rows));
}

/* ---- both ways ---- */

static void
trial_state(struct trial *t, enum trialstate state, msec due)
{
	t->state = state;
	t->timer.due = due;
}

/* The host is shown. */
static void
trial_next(struct trial *t, msec now)
{
	unsigned host = t->row->host.value, guest = t->input[t->at];

	if (t->at == t->n) {
		if (!t->shown && !t->signo)
			warn("trial: no input was shown, so there is no row");
		loop_end(t->signo ? 128 + t->signo : !t->shown);
		return;
	}
	if (t->at++)
		t->row->guest = (Input){ .value = guest };
	note(0, "trial: in %d s shows input 0x%02x %s for %d s, then 0x%02x %s "
	    "again; ^C ends it earlier", HostTime / 1000, guest,
	    ddc_inputname(guest), (int)(t->wait / 1000), host,
	    ddc_inputname(host));
	trial_state(t, TrialHost, now + HostTime);
}

static void
trial_host(struct trial *t, msec now)
{
	t->means->tohost = t->panic ? t->resort : t->tohost;
	show_set(t->means->show, FactAsked, t->panic ? Panic : Host, now);
}

static void
trial_back(struct trial *t, msec now)
{
	const struct show *show = t->means->show;

	t->seen = show->way.bounced ? DdcBounced : show->shown == Guest ||
	    show->evidence == DdcSilent ? show->evidence : DdcFailed;
	t->shown |= t->seen >= DdcSent;
	t->failed = t->panic = 0;
	trial_state(t, TrialBack, now + HostLimit);
	trial_host(t, now);
}

/* The host is shown again, or is tried no more, so this may block. */
static void
trial_report(struct trial *t)
{
	unsigned host = t->row->host.value, guest = t->row->guest.value;
	const char *seen = t->seen == DdcBounced ? "it did not stay" :
	    t->seen == DdcFailed ? "not shown" : evidencename[t->seen];
	const struct ddc *d = t->means->ddc;
	const Monitor *m;

	note(0, "trial: input 0x%02x %s: %s; then 0x%02x %s: %s", guest,
	    ddc_inputname(guest), seen, host, ddc_inputname(host),
	    evidencename[t->means->show->evidence]);
	if (t->seen < DdcSent)
		return;
	printf("If 0x%02x %s was the guest's picture:\n", guest,
	    ddc_inputname(guest));
	for (m = d->rows; !ddc_rowempty(m); m++)
		if (ddc_bus(d, m))
			row_print(d, m);
	printf("\tscreenstub -i 0x%02x:0x%02x\n", host, guest);
	fflush(stdout); /* before there is a child */
}

static void
trial_due(struct source *s, msec now)
{
	struct trial *t = OWNER(s, struct trial, timer);

	if (t->state == TrialHost) {
		trial_state(t, TrialGuest, 0);
		show_set(t->means->show, FactAsked, Guest, now);
	} else if (t->state == TrialGuest) {
		trial_back(t, now);
	} else {
		trial_report(t);
		warn("trial: input 0x%02x %s could not be shown again",
		    t->row->host.value, ddc_inputname(t->row->host.value));
		loop_end(1);
	}
}

/* What was sent and not answered may be shown. */
static void
trial_before(struct source *s, msec now)
{
	struct trial *t = OWNER(s, struct trial, timer);
	const struct show *show = t->means->show;
	int r = show_reached(show, t->state == TrialGuest ? Guest : Host);

	if (t->state == TrialReads && *t->input &&
	    show->fact[FactVm] != NotKnown)
		trial_next(t, now);
	if (t->state == TrialGuest && !s->due) {
		if (r == Done || (r == Failed && show->evidence == DdcSilent))
			s->due = now + t->wait;
		else if (r == Failed)
			trial_back(t, now);
	} else if (t->state == TrialBack) {
		if (r == Done && show->way.state == ShowRests) {
			trial_report(t);
			trial_next(t, now);
		} else if (r == Failed && !t->failed) {
			t->panic = !t->panic;
			trial_host(t, now);
		}
		t->failed = r == Failed;
	}
}

/* ---- the beginning, and an early end ---- */

int
trial_read(struct trial *t)
{
	const struct ddc *d = t->means->ddc;
	const struct bus *b = ddc_bus(d, t->row);
	unsigned guest, other;
	int wrong = 0;
	Monitor *m;
	size_t i, n = 1;

	for (m = t->rows; !ddc_rowempty(m); m++)
		if (ddc_rowused(t->rows, d->only, m - t->rows))
			wrong |= row_learn(d, m);
	if (wrong) {
		loop_end(1);
		return -1;
	}
	guest = t->row->guest.value;
	for (i = 0; b && i < b->ninput; i++) {
		other = input_guest(b->input + i, 1, t->row->host.value);
		if (!other || input_same(other, guest))
			continue;
		t->input[n++] = other;
		if (t->n)
			note(0, "trial: input 0x%02x %s is listed, too", other,
			    ddc_inputname(other));
	}
	t->input[0] = guest;
	if (!t->n)
		t->n = n;
	return 0;
}

void
trial_stop(struct trial *t, int signo, msec now)
{
	t->signo = signo;
	t->n = t->at;
	if (t->state == TrialGuest)
		trial_back(t, now);
	else if (t->state != TrialBack)
		loop_end(128 + signo);
}

/* Who is stopped could show nothing. */
void
trial_open(struct trial *t, struct means *means, msec now)
{
	signal(SIGTSTP, SIG_IGN);
	signal(SIGTTOU, SIG_IGN);
	t->means = means;
	t->row = t->rows + ddc_row(t->rows, means->ddc->only);
	t->timer = (struct source){ .fd = -1, .ready = trial_due,
	    .before = trial_before };
	source_add(&t->timer);
	ddc_order(means->ddc, (struct order){ .op = DdcRead, .side = Host,
	    .limit = ReadLimit }, now);
}
