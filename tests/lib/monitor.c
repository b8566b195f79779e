/* Simulated DDC/CI monitors below the system-call line, by umockdev.
 *
 * usage: monitor [-n COUNT] [-p KIND]... [-f FAULT]... [-l LOGFILE]
 *                [-c CTLFIFO] [-d DATAFILE] -- command [args...]
 *
 * The command, and all it starts, sees COUNT monitors as /dev/i2c-1 and up,
 * each below a graphics card of its own, and /dev/i2c-0, a trap: an SMBus that
 * nobody may open.  KIND says what card the nth monitor hangs on; the last one
 * given goes on.  With "+" after it, it is the card of the bus before.
 *   amdgpu, amdgpu-dp, i915, nvidia, nouveau
 *   edp, lvds         laptop panels
 *   mst               a DPMST bus; mst+ is the monitor before, seen again
 *   aux-root          root port of an MST chain: the connector is said to be
 *                     disconnected, but the EEPROM answers
 *   hw                the other i2c bus of the connector; hw+ is of the
 *                     monitor before, which is seen on both
 *   dock              no connector, PCI class 0x0a0000
 *   smu               a trap too
 *   displaylink       a connector without a bus
 *
 * Lines for FAULT, and for CTLFIFO while the command runs; each may begin with
 * "N:" to mean only the monitor on i2c-N:
 *   absent            nobody is on the bus
 *   silent            no acknowledge at 0x37
 *   deaf-unless=V     0x37 acknowledges only while the input is V
 *   numb-unless=V     but while the input is V replies are null messages, and
 *                     Sets acknowledged and forgotten
 *   errno=NAME        0x37 fails with EIO, ENXIO, EREMOTEIO, ...
 *   delay-ms=N        each transfer to 0x37 takes N ms
 *   asleep            sets of 0x60 fail with EIO, replies are null messages,
 *                     until 0xd6 is set to 1
 * replies:
 *   reply-ms=N        are ready N ms after the request; who reads earlier
 *                     finds null messages
 *   checksum          wrong
 *   null, nulls=N     null messages; the next N are
 *   double6e          the first byte comes twice
 *   nobit7            the length is without bit 7
 *   zero              nothing but zeros
 *   stale             Gets are answered as if for 0x10
 *   unlisted          the capabilities do not name feature 0x60
 *   nocaps            capabilities are null messages
 * Gets of 0x60:
 *   unsupported       result code 1
 *   novalue           result code 0, all the rest is zero
 *   garbage=N         the next N say 0x32, 0x30, 0x69, 0x32, ...
 *   says=V            always V, of 16 bits
 *   shows=0xSSGG      GG while the input is SS
 *   high=V            the high byte is V
 * Sets:
 *   drop-set          are acknowledged and forgotten
 *   want-get          count after a Get on the same open file
 *   slow-ms=N         of 0x60 count N ms later
 *   lose=N            the next N of 0x60 are acknowledged and forgotten
 *   twice             of 0x60 count when the one before, within 2 s, was equal
 *   want-save         of 0x60 count when a Save comes after
 *   lg                0x60 is as novalue and not set, but 0xf4 from source
 *                     address 0x50 is: 90 HDMI-1, 91 HDMI-2, d0, d1 DP
 * when the input changes; the last two only by a Set:
 *   busy-ms=N         replies are null and Sets are forgotten for N ms
 *   mute-ms=N         no acknowledge at 0x37 for N ms
 *   bounce-ms=N       N ms later it goes back
 *   replug-ms=N       as unplug, and plug N ms later
 * the bus:
 *   no-rdwr           the ioctl I2C_RDWR is invalid
 *   bound             I2C_SLAVE finds a driver at 0x37 and 0x50
 *   eeprom-delay-ms=N each transfer to 0x50 takes N ms
 *   no-eeprom         no acknowledge at 0x50
 *   edid-ff=N         the next N reads of the EEPROM are all 0xff
 *   edid-lost         a read of the EEPROM begins anywhere, unless the same
 *                     transaction sets where, and is of 255 bytes at the most
 *   edid-rotated      reads of the EEPROM always begin with the second block
 *   stale-edid=K      the edid in sysfs is that of line K of the data file
 *   no-sysfs-edid     it is empty
 * and:
 *   -NAME             the fault ends;  "clear" ends all
 *   input=V           somebody presses the button on the monitor
 *   unplug, plug      the cable; the card tells udev
 *   undock, dock      the bus goes, and comes as i2c-(N+20); the log keeps
 *                     its name; for kinds that the connector does not link
 *   status=WORD       so does the connector's status, till the next of these
 *
 * The log has all transfers, and in capitals what should not be: TOUCHED a
 * trap, EARLY messages and replies, OVERLAP of transfers on one card.
 */
#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <linux/i2c-dev.h>
#include <linux/i2c.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <umockdev.h>
#include <unistd.h>

#define LEN(a)      (sizeof(a) / sizeof *(a))
#define MAXMON      16
#define REPLY_US    40000   /* a reply may be read this long after asking */
#define SET_US      50000   /* the next message after a Set ... */
#define SAVE_US     200000  /* ... and after a Save */
#define TWICE_US    2000000
#define GPU         "0x030000\n"        /* a PCI class */

enum { EEPROM = 0x50, DDC = 0x37, INPUT = 0x60, POWER = 0xd6, LGINPUT = 0xf4 };
enum { HOST = 0x51, LGHOST = 0x50 };    /* source addresses */
enum { REPLYMS, LOSTPOINTER, ABSENT, SILENT, DEAF, NUMB, CHECKSUM, NULLMSG, DROPSET, ERRNO, DELAY, UNLISTED,
	DOUBLE6E, NOBIT7, ZERO, STALE, GARBAGE, UNSUPPORTED, NOVALUE, SAYS,
	SHOWS, HIGH, NULLS, NOCAPS, LOSE, TWICE, WANTSAVE, WANTGET, ASLEEP,
	BUSY, MUTE, BOUNCE, REPLUG, LG, NORDWR, BOUND, ROTATED, EDIDFF,
	SLOW, EEPROMDELAY,
	NOEEPROM, STALEEDID, NOEDID, FAULTS };

/* The connector points to the bus, or holds it. */
typedef enum { NONE, LINK, HOLD, ALONE } How;

typedef struct {
	const char *name, *driver, *class, *bus, *connector;
	How how;
} Kind;

typedef struct {
	int nr;
	char *gpu, *drm;        /* the latter when there is a connector */
} Card;

typedef struct Bus {
	const Kind *kind;
	int nr, trap, unplugged;
	int fault[FAULTS], arg[FAULTS];
	uint8_t edid[256], edidpos;
	size_t edidlen;
	char *caps;
	struct { int known, now, max; } vcp[256];
	uint8_t reply[40];
	size_t replylen;
	int64_t asked, notbefore, changed, settime;
	int set, unsaved, told;         /* values, for the faults */
	int back;
	guint bounce;
	Card *card;
	char *connector;
	int combined;                   /* not the first of a transaction */
	int moved;                      /* docked anew: the number is nr + this */
	char *path, *devpath;           /* of the adapter, of its i2c-dev */
	int line;                       /* of the data file, from 0 */
	const struct Bus *monitor;      /* the first bus of the same one */
} Bus;

typedef struct {
	Bus *bus;
	int value;
} Coming;

typedef struct {
	const Bus *bus;
	UMockdevIoctlClient *client;
	UMockdevIoctlData *memory;      /* of the client, for a message */
	long result;
	int error;
} Answer;

/* Those that end in = have a value. */
static const char *const faultnames[FAULTS] = {
	[REPLYMS] = "reply-ms=", [LOSTPOINTER] = "edid-lost",
	[ABSENT] = "absent", [SILENT] = "silent", [DEAF] = "deaf-unless=",
	[NUMB] = "numb-unless=", [CHECKSUM] = "checksum",
	[NULLMSG] = "null", [DROPSET] = "drop-set", [ERRNO] = "errno=",
	[DELAY] = "delay-ms=", [UNLISTED] = "unlisted",
	[DOUBLE6E] = "double6e", [NOBIT7] = "nobit7", [ZERO] = "zero",
	[STALE] = "stale", [GARBAGE] = "garbage=",
	[UNSUPPORTED] = "unsupported", [NOVALUE] = "novalue",
	[SAYS] = "says=", [SHOWS] = "shows=", [HIGH] = "high=",
	[NULLS] = "nulls=", [NOCAPS] = "nocaps", [LOSE] = "lose=",
	[TWICE] = "twice", [WANTSAVE] = "want-save", [WANTGET] = "want-get",
	[ASLEEP] = "asleep", [BUSY] = "busy-ms=", [MUTE] = "mute-ms=",
	[BOUNCE] = "bounce-ms=", [REPLUG] = "replug-ms=", [LG] = "lg",
	[NORDWR] = "no-rdwr", [BOUND] = "bound", [ROTATED] = "edid-rotated",
	[SLOW] = "slow-ms=", [EEPROMDELAY] = "eeprom-delay-ms=",
	[EDIDFF] = "edid-ff=", [NOEEPROM] = "no-eeprom",
	[STALEEDID] = "stale-edid=", [NOEDID] = "no-sysfs-edid",
};
static const struct { const char *name; int nr; } errnames[] = {
	{ "EIO", EIO }, { "ENXIO", ENXIO }, { "EREMOTEIO", EREMOTEIO },
	{ "ETIMEDOUT", ETIMEDOUT }, { "EAGAIN", EAGAIN }, { "EBUSY", EBUSY },
	{ "EINVAL", EINVAL }, { "EOPNOTSUPP", EOPNOTSUPP },
	{ "ENODEV", ENODEV }, { "EACCES", EACCES },
};
static const Kind kinds[] = {
	{ "amdgpu", "amdgpu", GPU, "AMDGPU DM i2c hw bus 1", "HDMI-A", LINK },
	{ "amdgpu-dp", "amdgpu", GPU, "AMDGPU DM aux hw bus 0", "DP", HOLD },
	{ "i915", "i915", GPU, "i915 gmbus dpb", "HDMI-A", LINK },
	{ "nvidia", "nvidia", GPU, "NVIDIA i2c adapter 1 at 1:00.0", NULL,
		NONE },
	{ "nouveau", "nouveau", GPU, "nvkm-0000:01:00.0-bus-0000", "HDMI-A",
		LINK },
	{ "edp", "i915", GPU, "AUX A/DDI A/PHY A", "eDP", HOLD },
	{ "lvds", "i915", GPU, "i915 gmbus panel", "LVDS", LINK },
	{ "mst", "amdgpu", GPU, "DPMST", "DP", HOLD },
	{ "aux-root", "amdgpu", GPU, "AMDGPU DM aux hw bus 0", "DP", HOLD },
	{ "hw", "amdgpu", GPU, "AMDGPU DM i2c hw bus 0", "DP", LINK },
	{ "dock", "dock", "0x0a0000\n", "dock i2c adapter", NULL, NONE },
	{ "smu", "amdgpu", GPU, "AMDGPU SMU 0", NULL, NONE },
	{ "displaylink", "evdi", "0x0c0330\n", "evdi", "DVI-I", ALONE },
};

static Bus buses[MAXMON + 1];   /* the index is the bus number; 0: trap */
static int nbuses = 2, status;
static const char *kindarg[MAXMON], *logname, *ctlname,
	*dataname = "tests/ddc/monitors.tsv";
static int nkinds;
static FILE *logfile;
static UMockdevTestbed *bed;
static GMainLoop *loop;
static GPid child;
static GSList *unanswered;     /* of Answer */
/* umockdev calls from a thread of its own; the control pipe and what comes
 * later are of the main one.  Who is called by either locks this. */
static GRecMutex lock;

static void dock(Bus *, int in);

static void
die(const char *fmt, ...)
{
	va_list ap;

	fputs("monitor: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	exit(125);
}

static void
note(const Bus *b, const char *fmt, ...)
{
	int64_t t = g_get_monotonic_time();
	va_list ap;

	if (!logfile)
		return;
	fprintf(logfile, "%lld.%06d i2c-%d ", (long long)(t / 1000000),
		(int)(t % 1000000), b->nr);
	va_start(ap, fmt);
	vfprintf(logfile, fmt, ap);
	va_end(ap);
	fputc('\n', logfile);
	fflush(logfile);
}

/* The input in a file beside the log, never seen half written. */
static void
publish(const Bus *b)
{
	char name[4096], tmp[4096 + 4];
	FILE *f;

	if (!logname)
		return;
	snprintf(name, sizeof name, "%s.input.%d", logname, b->nr);
	snprintf(tmp, sizeof tmp, "%s.new", name);
	if (!(f = fopen(tmp, "w")))
		die("%s: %s", tmp, strerror(errno));
	fprintf(f, "0x%02x\n", (unsigned)b->vcp[INPUT].now);
	if (fclose(f) || rename(tmp, name))
		die("%s: %s", name, strerror(errno));
}

static int
is(const Bus *b, const char *kind)
{
	return !strcmp(b->kind->name, kind);
}

/* The line of the data file: name, EDID, capabilities. */
static char **
fields(int line)
{
	char *text, **lines, **f;
	GError *e = NULL;

	if (!g_file_get_contents(dataname, &text, NULL, &e))
		die("%s", e->message);
	lines = g_strsplit(g_strstrip(text), "\n", -1);
	f = g_strsplit(lines[(guint)line % g_strv_length(lines)], "\t", 3);
	if (g_strv_length(f) < 3)
		die("%s: a line is not of three fields", dataname);
	g_strfreev(lines);
	g_free(text);
	return f;
}

static size_t
unhex(const char *s, uint8_t *p, size_t max)
{
	size_t n;
	unsigned v;

	for (n = 0; n < max && sscanf(s + 2 * n, "%2x", &v) == 1; n++)
		p[n] = (uint8_t)v;
	return n;
}

/* What the connector says in sysfs. */
static void
tellsysfs(const Bus *b)
{
	int in = !b->unplugged && !is(b, "aux-root");
	uint8_t edid[sizeof b->edid];
	size_t n = b->edidlen;
	char **f;

	if (!b->connector)
		return;
	memcpy(edid, b->edid, sizeof edid);
	if (!in || b->fault[NOEDID]) {
		n = 0;
	} else if (b->fault[STALEEDID]) {
		f = fields(b->arg[STALEEDID] - 1);
		n = unhex(f[1], edid, sizeof edid);
		g_strfreev(f);
	}
	umockdev_testbed_set_attribute(bed, b->connector, "status",
		in ? "connected\n" : "disconnected\n");
	umockdev_testbed_set_attribute_binary(bed, b->connector, "edid",
		edid, (int)n);
}

static void
plug(Bus *b, int in)
{
	b->unplugged = !in;
	tellsysfs(b);
	note(b, in ? "plugged" : "unplugged"); /* who waits for it looks there */
	if (b->connector)
		umockdev_testbed_uevent(bed, b->card->drm, "change");
}

/* All buses the monitor is on see it. */
static void
setinput(Bus *b, int value, const char *by)
{
	int i, old = b->vcp[INPUT].now;

	if (old == value)
		return;
	for (i = 1; i < nbuses; i++) {
		if (buses[i].monitor != b->monitor)
			continue;
		buses[i].vcp[INPUT].now = value;
		buses[i].changed = g_get_monotonic_time();
		publish(&buses[i]);
	}
	note(b, "input 0x%02x -> 0x%02x%s", (unsigned)old, (unsigned)value, by);
}

/* ---- faults that come and go ---- */

/* A fault that is there so many times. */
static int
spend(Bus *b, int fault)
{
	return b->fault[fault] && b->arg[fault] > 0 && b->arg[fault]--;
}

/* A fault that is there so many ms after the input changed. */
static int
lately(const Bus *b, int fault)
{
	return b->fault[fault] && b->changed && g_get_monotonic_time() <
		b->changed + b->arg[fault] * (int64_t)1000;
}

static gboolean
onbounce(gpointer data)
{
	Bus *b = data;

	g_rec_mutex_lock(&lock);
	b->bounce = 0;
	if (b->fault[BOUNCE])
		setinput(b, b->back, " by itself");
	g_rec_mutex_unlock(&lock);
	return G_SOURCE_REMOVE;
}

static gboolean
onreplug(gpointer data)
{
	g_rec_mutex_lock(&lock);
	plug(data, 1);
	g_rec_mutex_unlock(&lock);
	return G_SOURCE_REMOVE;
}

/* The input is set, with what follows from it. */
static void
obey(Bus *b, int value)
{
	int old = b->vcp[INPUT].now;

	if (old == value)
		return;
	setinput(b, value, "");
	if (b->bounce)
		g_source_remove(b->bounce);
	b->bounce = 0;
	b->back = old;
	if (b->fault[BOUNCE])
		b->bounce = g_timeout_add((guint)b->arg[BOUNCE], onbounce, b);
	if (b->fault[REPLUG]) {
		plug(b, 0);
		g_timeout_add((guint)b->arg[REPLUG], onreplug, b);
	}
}

/* Whether a Set of the input does. */
static int
counts(Bus *b, int value)
{
	int64_t t = g_get_monotonic_time();
	int again = b->set == value && t < b->settime + TWICE_US;

	if (b->fault[LG] || spend(b, LOSE))
		return 0;
	b->set = value;
	b->settime = t;
	if (b->fault[TWICE] && !again)
		return 0;
	if (b->fault[WANTSAVE])
		b->unsaved = value;
	return !b->fault[WANTSAVE];
}

/* What a Get of the input says, which need not be what is shown. */
static int
told(Bus *b)
{
	static const int noise[] = { 0x32, 0x30, 0x69 };
	int now = b->vcp[INPUT].now;

	if (spend(b, GARBAGE))
		return noise[b->told++ % (int)LEN(noise)];
	if (b->fault[SAYS])
		return b->arg[SAYS];
	if (b->fault[SHOWS] && now == b->arg[SHOWS] >> 8)
		now = b->arg[SHOWS] & 0xff;
	if (b->fault[HIGH])
		now |= b->arg[HIGH] << 8;
	return now;
}

static int
numb(const Bus *b)
{
	return b->fault[NUMB] && b->vcp[INPUT].now != b->arg[NUMB];
}

/* ---- DDC/CI ---- */

static uint8_t
xorsum(uint8_t seed, const uint8_t *p, size_t n)
{
	while (n--)
		seed ^= *p++;
	return seed;
}

static void
reply(Bus *b, const uint8_t *data, size_t n)
{
	uint8_t *r = b->reply;

	if (b->fault[NULLMSG] || b->fault[ASLEEP] || numb(b) || lately(b, BUSY) ||
	    spend(b, NULLS))
		n = 0;
	r[0] = 0x6e;
	r[1] = (uint8_t)(b->fault[NOBIT7] ? n : 0x80 | n);
	memcpy(r + 2, data, n);
	r[n + 2] = xorsum(0x50, r, n + 2);
	if (b->fault[CHECKSUM])
		r[n + 2] ^= 0x55;
	b->replylen = n + 3;
	if (b->fault[DOUBLE6E])
		memmove(r + 1, r, b->replylen++);
	b->asked = g_get_monotonic_time();
}

static void
getvcp(Bus *b, uint8_t code)
{
	uint8_t op = b->fault[STALE] ? 0x10 : code;
	int known = b->vcp[op].known;
	int max = b->vcp[op].max, now = b->vcp[op].now;

	if (op == INPUT) {
		now = told(b);
		known = !b->fault[UNSUPPORTED];
		if (!known || b->fault[NOVALUE] || b->fault[LG])
			max = now = 0;
	}
	reply(b, (uint8_t[]){ 0x02, !known, op, 0, (uint8_t)(max >> 8),
		(uint8_t)max, (uint8_t)(now >> 8), (uint8_t)now }, 8);
}

static gboolean
onslow(gpointer data)
{
	Coming *coming = data;

	g_rec_mutex_lock(&lock);
	obey(coming->bus, coming->value);
	g_rec_mutex_unlock(&lock);
	g_free(coming);
	return G_SOURCE_REMOVE;
}

static void
obeylater(Bus *b, int value)
{
	Coming *coming = g_new0(Coming, 1);

	coming->bus = b;
	coming->value = value;
	g_timeout_add((guint)b->arg[SLOW], onslow, coming);
}

static int
setvcp(Bus *b, UMockdevIoctlClient *c, uint8_t code, int value)
{
	if (code == INPUT && b->fault[ASLEEP])
		return EIO;
	b->notbefore = g_get_monotonic_time() + SET_US;
	if (!b->vcp[code].known || b->fault[DROPSET] || numb(b) ||
	    lately(b, BUSY) ||
	    (b->fault[WANTGET] && !g_object_get_data(G_OBJECT(c), "got")))
		return 0;
	if (code != INPUT)
		b->vcp[code].now = value;
	else if (counts(b, value))
		(b->fault[SLOW] ? obeylater : obey)(b, value);
	if (code == POWER && value == 1 && b->fault[ASLEEP]) {
		b->fault[ASLEEP] = 0;
		note(b, "awake");
	}
	return 0;
}

/* LG's own way, which never answers. */
static void
setlg(Bus *b, uint8_t code, int value)
{
	static const struct { int value, input; } inputs[] = {
		{ 0x90, 0x11 }, { 0x91, 0x12 }, { 0xd0, 0x0f }, { 0xd1, 0x10 },
	};
	size_t i;

	b->notbefore = g_get_monotonic_time() + SET_US;
	if (!b->fault[LG] || code != LGINPUT || lately(b, BUSY))
		return;
	for (i = 0; i < LEN(inputs); i++)
		if (inputs[i].value == value)
			obey(b, inputs[i].input);
}

static void
save(Bus *b)
{
	b->notbefore = g_get_monotonic_time() + SAVE_US;
	if (b->fault[WANTSAVE] && b->unsaved >= 0)
		obey(b, b->unsaved);
	b->unsaved = -1;
}

/* The same text with feature 60 and its list of values taken out. */
static char *
withoutinput(const char *caps)
{
	const char *p = strstr(caps, " 60("), *q = p ? strchr(p, ')') : NULL;

	if (!q)
		return g_strdup(caps);
	return g_strdup_printf("%.*s%s", (int)(p - caps), caps, q + 1);
}

static void
getcaps(Bus *b, size_t at)
{
	char *caps = b->fault[UNLISTED] ? withoutinput(b->caps)
		: g_strdup(b->caps);
	size_t n = strlen(caps);
	uint8_t r[3 + 32] = { 0xe3, (uint8_t)(at >> 8), (uint8_t)at };

	at = MIN(at, n);
	n = MIN(n - at, 32);
	memcpy(r + 3, caps + at, n);
	reply(b, r, b->fault[NOCAPS] ? 0 : 3 + n);
	g_free(caps);
}

static int
ddcfault(Bus *b)
{
	if (b->fault[ERRNO])
		return b->arg[ERRNO];
	if (b->fault[SILENT] || lately(b, MUTE))
		return ENXIO;
	if (b->fault[DEAF] && b->vcp[INPUT].now != b->arg[DEAF])
		return ENXIO;
	return 0;
}

/* A message that is whole: source, length, command, data. */
static int
obtain(Bus *b, UMockdevIoctlClient *c, const uint8_t *p, size_t len)
{
	int set = p[2] == 0x03 && len == 4;

	if (p[0] == LGHOST && set)
		setlg(b, p[3], p[4] << 8 | p[5]);
	if (p[0] != HOST)
		return 0;
	if (set)
		return setvcp(b, c, p[3], p[4] << 8 | p[5]);
	if (p[2] == 0x01 && len == 2) {
		g_object_set_data(G_OBJECT(c), "got", b);
		getvcp(b, p[3]);
	} else if (p[2] == 0xf3 && len == 3)
		getcaps(b, (size_t)(p[3] << 8 | p[4]));
	else if (p[2] == 0x0c && len == 1)
		save(b);
	return 0;
}

static int
ddcwrite(Bus *b, UMockdevIoctlClient *c, const uint8_t *p, size_t n)
{
	int64_t early = b->notbefore - g_get_monotonic_time();
	size_t len;

	if (early > 0)
		note(b, "EARLY message by %lld us", (long long)early);
	/* a lone byte asks whether anybody is there; what is damaged is
	 * acknowledged byte by byte all the same, and then forgotten */
	b->replylen = 0;
	if (n < 4 || xorsum(0x6e, p, n))
		return 0;
	len = p[1] & 0x7f;
	return len + 3 == n ? obtain(b, c, p, len) : 0;
}

/* Who reads on finds null messages after the reply. */
static int
ddcread(Bus *b, uint8_t *p, size_t n)
{
	static const uint8_t nothing[3] = { 0x6e, 0x80, 0xbe };
	int64_t age = g_get_monotonic_time() - b->asked;
	size_t i;

	if (b->fault[REPLYMS] && age < b->arg[REPLYMS] * (int64_t)1000) {
		for (i = 0; i < n; i++)
			p[i] = nothing[i % 3];
		return 0;
	}
	if (b->replylen && age < REPLY_US)
		note(b, "EARLY reply after %lld us", (long long)age);
	for (i = 0; i < n; i++)
		p[i] = i < b->replylen ? b->reply[i]
			: nothing[(i - b->replylen) % 3];
	if (b->fault[ZERO])
		memset(p, 0, n);
	b->replylen = 0;
	return 0;
}

/* ---- the bus ---- */

static int
eeprom(Bus *b, int rd, uint8_t *p, size_t n)
{
	size_t i;
	int ff;

	if (b->fault[NOEEPROM])
		return ENXIO;
	if (!rd) {
		if (n)
			b->edidpos = p[0];
		return 0;
	}
	if (b->fault[LOSTPOINTER] && n > 255)
		return EIO;
	if (b->fault[LOSTPOINTER] && !b->combined)
		b->edidpos = 77;
	ff = spend(b, EDIDFF);
	if (b->fault[ROTATED])
		b->edidpos = 128;
	for (i = 0; i < n; i++, b->edidpos++)
		p[i] = !ff && b->edidpos < b->edidlen ? b->edid[b->edidpos]
			: 0xff;
	return 0;
}

/* One message; 0 or the errno. */
static int
transfer(Bus *b, UMockdevIoctlClient *c, int addr, int rd, uint8_t *p,
	size_t n)
{
	GString *hex = g_string_new(NULL);
	int error = ENXIO;
	size_t i;

	if (b->trap || b->unplugged || b->fault[ABSENT])
		;
	else if (addr == EEPROM)
		error = eeprom(b, rd, p, n);
	else if (addr == DDC && !(error = ddcfault(b)))
		error = rd ? ddcread(b, p, n) : ddcwrite(b, c, p, n);
	for (i = 0; i < n; i++)
		g_string_append_printf(hex, " %02x", p[i]);
	note(b, "%s %02x%s%s%s", rd ? "read" : "write", (unsigned)addr,
		hex->str, error ? " failed: " : "",
		error ? strerror(error) : "");
	g_string_free(hex, TRUE);
	return error;
}

/* ---- the system calls ---- */

static void
finish(UMockdevIoctlClient *c, long result, int error)
{
	umockdev_ioctl_client_complete(c, error ? -1 : result, error);
}

static gboolean
answernow(gpointer data)
{
	Answer *a = data;

	g_rec_mutex_lock(&lock);
	unanswered = g_slist_remove(unanswered, a);
	g_rec_mutex_unlock(&lock);
	finish(a->client, a->result, a->error);
	g_object_unref(a->memory);
	g_object_unref(a->client);
	g_free(a);
	return G_SOURCE_REMOVE;
}

/* A slow bus must not make the others slow, so it is done by a timer. */
static void
answer(const Bus *b, UMockdevIoctlClient *c, int addr,
	UMockdevIoctlData *memory, long result, int error)
{
	int delay = addr == DDC ? DELAY : EEPROMDELAY;
	Answer *a;

	if (!b->fault[delay] || !memory) {
		finish(c, result, error);
		return;
	}
	a = g_new0(Answer, 1);
	a->bus = b;
	a->client = g_object_ref(c);
	a->memory = g_object_ref(memory);
	a->result = result;
	a->error = error;
	unanswered = g_slist_prepend(unanswered, a);
	g_timeout_add((guint)b->arg[delay], answernow, a);
}

/* A client that was killed waits no more, though a kernel would keep it until
 * its transfer is over.  Its memory cannot be read. */
static int
alive(UMockdevIoctlData *memory)
{
	size_t n = (size_t)memory->data_len;
	guint8 *copy = g_malloc(n);
	int ok;

	memcpy(copy, memory->data, n);
	ok = umockdev_ioctl_data_reload(memory, NULL);
	memcpy(memory->data, copy, n);
	g_free(copy);
	return ok;
}

/* Some cards hang when two of their buses are used at once. */
static void
begin(const Bus *b)
{
	GSList *l;
	Answer *a;

	for (l = unanswered; l; l = l->next) {
		a = l->data;
		if (a->bus->card == b->card && alive(a->memory))
			note(b, "OVERLAP with i2c-%d", a->bus->nr);
	}
}

/* One of an I2C_RDWR; *last becomes its memory. */
static int
message(Bus *b, UMockdevIoctlClient *c, UMockdevIoctlData *msgs, size_t i,
	UMockdevIoctlData **last, int *addr)
{
	struct i2c_msg m;
	UMockdevIoctlData *d;
	int error, rd;

	memcpy(&m, msgs->data + i * sizeof m, sizeof m);
	rd = m.flags & I2C_M_RD;
	*addr = m.addr;
	d = umockdev_ioctl_data_resolve(msgs,
		i * sizeof m + offsetof(struct i2c_msg, buf), m.len, NULL);
	if (!d)
		return EFAULT;
	error = transfer(b, c, m.addr, rd, d->data, m.len);
	if (rd && !error)
		umockdev_ioctl_data_update(d, 0, d->data, m.len);
	if (*last)
		g_object_unref(*last);
	*last = d;
	return error;
}

static void
rdwr(Bus *b, UMockdevIoctlClient *c, UMockdevIoctlData *arg)
{
	UMockdevIoctlData *d, *msgs = NULL, *last = NULL;
	struct i2c_rdwr_ioctl_data *r;
	int error = 0, addr = 0;
	size_t i, n = 0;

	begin(b);
	d = umockdev_ioctl_data_resolve(arg, 0, sizeof *r, NULL);
	if (d) {
		r = (void *)d->data;
		n = r->nmsgs;
		msgs = umockdev_ioctl_data_resolve(d, offsetof(
			struct i2c_rdwr_ioctl_data, msgs),
			n * sizeof(struct i2c_msg), NULL);
	}
	if (!msgs)
		error = EFAULT;
	for (i = 0; i < n && !error; i++) {
		b->combined = i > 0;
		error = message(b, c, msgs, i, &last, &addr);
	}
	b->combined = 0;
	answer(b, c, addr, last, (long)n, error);
	g_clear_object(&last);
	g_clear_object(&msgs);
	g_clear_object(&d);
}

static void
trapped(Bus *b, const char *how)
{
	if (b->trap)
		note(b, "TOUCHED %s", how);
}

static void
slave(Bus *b, UMockdevIoctlClient *c, const UMockdevIoctlData *arg, int force)
{
	gpointer addr = *(gpointer *)(void *)arg->data;
	int nr = GPOINTER_TO_INT(addr), error = 0;

	if (b->fault[BOUND] && !force && (nr == DDC || nr == EEPROM)) {
		note(b, "refused I2C_SLAVE %02x", (unsigned)nr);
		error = EBUSY;
	} else
		g_object_set_data(G_OBJECT(c), "addr", addr);
	finish(c, 0, error);
}

/* Opened before the bus went: that file does nothing any more. */
static int
stale(const Bus *b, UMockdevIoctlClient *c)
{
	gpointer at = g_object_get_data(G_OBJECT(c), "moved");

	return GPOINTER_TO_INT(at) != b->moved;
}

static gboolean
onioctl(UMockdevIoctlBase *base, UMockdevIoctlClient *c, Bus *b)
{
	UMockdevIoctlData *arg = umockdev_ioctl_client_get_arg(c), *d;
	unsigned long funcs = I2C_FUNC_I2C | I2C_FUNC_SMBUS_EMUL;
	unsigned long request = umockdev_ioctl_client_get_request(c);

	(void)base;
	g_rec_mutex_lock(&lock);
	trapped(b, "ioctl");
	if (stale(b, c)) {
		finish(c, -1, ENODEV);
	} else if (request == I2C_FUNCS) {
		d = umockdev_ioctl_data_resolve(arg, 0, sizeof funcs, NULL);
		umockdev_ioctl_data_update(d, 0, (guint8 *)&funcs,
			sizeof funcs);
		g_object_unref(d);
		finish(c, 0, 0);
	} else if (request == I2C_SLAVE || request == I2C_SLAVE_FORCE) {
		slave(b, c, arg, request == I2C_SLAVE_FORCE);
	} else if (request == I2C_RDWR && b->fault[NORDWR]) {
		note(b, "refused I2C_RDWR");
		finish(c, -1, EINVAL);
	} else if (request == I2C_RDWR) {
		rdwr(b, c, arg);
	} else {
		finish(c, -1, ENOTTY);
	}
	g_rec_mutex_unlock(&lock);
	return TRUE;
}

static gboolean
onrw(Bus *b, UMockdevIoctlClient *c, int rd)
{
	UMockdevIoctlData *d = umockdev_ioctl_client_get_arg(c);
	int addr = GPOINTER_TO_INT(g_object_get_data(G_OBJECT(c), "addr"));
	int error;

	g_rec_mutex_lock(&lock);
	trapped(b, rd ? "read" : "write");
	begin(b);
	error = stale(b, c) ? ENODEV :
		transfer(b, c, addr, rd, d->data, (size_t)d->data_len);
	if (rd && !error)
		umockdev_ioctl_data_update(d, 0, d->data, d->data_len);
	answer(b, c, addr, d, d->data_len, error);
	g_rec_mutex_unlock(&lock);
	return TRUE;
}

static gboolean
onread(UMockdevIoctlBase *base, UMockdevIoctlClient *c, Bus *b)
{
	(void)base;
	return onrw(b, c, 1);
}

static gboolean
onwrite(UMockdevIoctlBase *base, UMockdevIoctlClient *c, Bus *b)
{
	(void)base;
	return onrw(b, c, 0);
}

static void
onopen(UMockdevIoctlBase *base, UMockdevIoctlClient *c, Bus *b)
{
	(void)base;
	g_rec_mutex_lock(&lock);
	g_object_set_data(G_OBJECT(c), "moved", GINT_TO_POINTER(b->moved));
	trapped(b, "open");
	g_rec_mutex_unlock(&lock);
}

/* ---- faults and the control pipe ---- */

static int
number(const char *s)
{
	char *end;
	long n;
	size_t i;

	for (i = 0; i < LEN(errnames); i++)
		if (!strcmp(s, errnames[i].name))
			return errnames[i].nr;
	n = strtol(s, &end, 0);
	return *s && !*end ? (int)n : -1;
}

/* 0 when there is no such fault. */
static int
setfault(Bus *b, const char *name, const char *arg)
{
	int off = *name == '-', n = number(arg);
	size_t i, len = strlen(name += off);

	for (i = 0; i < FAULTS; i++)
		if (!strncmp(name, faultnames[i], len) &&
		    strspn(faultnames[i] + len, "=") ==
		    strlen(faultnames[i] + len))
			break;
	if (i == FAULTS || (!off && !faultnames[i][len] != !*arg) ||
	    (*arg && n < 0))
		return 0;
	b->fault[i] = !off;
	b->arg[i] = n;
	b->told = 0;
	if (i == ASLEEP)
		b->vcp[POWER].now = off ? 1 : 4;
	if (i == STALEEDID || i == NOEDID)
		tellsysfs(b);
	return 1;
}

static void
clear(Bus *b)
{
	if (b->fault[ASLEEP])
		b->vcp[POWER].now = 1;
	memset(b->fault, 0, sizeof b->fault);
	tellsysfs(b);
}

static void
setstatus(const Bus *b, const char *word)
{
	char *line = g_strconcat(word, "\n", NULL);

	if (b->connector) {
		umockdev_testbed_set_attribute(bed, b->connector, "status",
			line);
		umockdev_testbed_uevent(bed, b->card->drm, "change");
	}
	g_free(line);
}

/* 0 when the words mean nothing. */
static int
command(Bus *b, const char *name, const char *arg)
{
	int n = number(arg);

	if (!strcmp(name, "clear"))
		clear(b);
	else if (!strcmp(name, "plug") || !strcmp(name, "unplug"))
		plug(b, *name == 'p');
	else if (!strcmp(name, "dock") || !strcmp(name, "undock"))
		dock(b, *name == 'd');
	else if (!strcmp(name, "status") && *arg)
		setstatus(b, arg);
	else if (!strcmp(name, "input") && n >= 0)
		setinput(b, n, " by hand");
	else if (!setfault(b, name, arg))
		return 0;
	note(b, "control %s%s%s", name, *arg ? "=" : "", arg);
	return 1;
}

static void
control(const char *line)
{
	char *copy = g_strdup(line), *name = g_strstrip(copy), *arg;
	int i, only = (int)strtol(name, &arg, 10), ok = 1;

	if (only > 0 && *arg == ':')
		name = arg + 1;
	else
		only = 0;
	if ((arg = strchr(name, '=')))
		*arg++ = '\0';
	else
		arg = name + strlen(name);
	for (i = 1; i < nbuses; i++)
		if (!only || only == i)
			ok &= command(&buses[i], name, arg);
	if (!ok || only >= nbuses)
		fprintf(stderr, "monitor: not understood: %s\n", line);
	g_free(copy);
}

static gboolean
oncontrol(gint fd, GIOCondition cond, gpointer data)
{
	char buf[1024];
	ssize_t n = read(fd, buf, sizeof buf - 1);
	char **lines, **l;

	(void)cond;
	(void)data;
	if (n <= 0)
		return G_SOURCE_CONTINUE;
	buf[n] = '\0';
	lines = g_strsplit(buf, "\n", -1);
	g_rec_mutex_lock(&lock);
	for (l = lines; *l; l++)
		if (**l)
			control(*l);
	g_rec_mutex_unlock(&lock);
	g_strfreev(lines);
	return G_SOURCE_CONTINUE;
}

static void
opencontrol(void)
{
	int fd;

	if (mkfifo(ctlname, 0600) && errno != EEXIST)
		die("%s: %s", ctlname, strerror(errno));
	/* also open for writing, so that it never comes to an end */
	if ((fd = open(ctlname, O_RDWR | O_NONBLOCK | O_CLOEXEC)) < 0)
		die("%s: %s", ctlname, strerror(errno));
	g_unix_fd_add(fd, G_IO_IN, oncontrol, NULL);
}

/* ---- the devices ---- */

static void
load(Bus *b)
{
	char **f = fields(b->line);

	b->edidlen = unhex(f[1], b->edid, sizeof b->edid);
	b->caps = g_strdup(f[2]);
	g_strfreev(f);
}

static void
feature(Bus *b, int code, int now, int max)
{
	b->vcp[code].known = 1;
	b->vcp[code].now = now;
	b->vcp[code].max = max;
}

static char *
pci(int slot, const char *class, const char *driver)
{
	char *name = g_strdup_printf("0000:%02x:00.0", (unsigned)slot);
	char *link = g_strconcat("../../bus/pci/drivers/", driver, NULL);
	char *path = umockdev_testbed_add_device(bed, "pci", name, NULL,
		"class", class, "vendor", "0x1002\n", "device", "0x73bf\n",
		NULL, "DRIVER", driver, "PCI_SLOT_NAME", name, NULL);

	umockdev_testbed_set_attribute_link(bed, path, "driver", link);
	g_free(name);
	g_free(link);
	return path;
}

static void
attach(Bus *b, const char *node)
{
	UMockdevIoctlBase *base = umockdev_ioctl_base_new();
	GError *e = NULL;

	g_signal_connect(base, "handle-ioctl", G_CALLBACK(onioctl), b);
	g_signal_connect(base, "handle-read", G_CALLBACK(onread), b);
	g_signal_connect(base, "handle-write", G_CALLBACK(onwrite), b);
	g_signal_connect(base, "client-connected", G_CALLBACK(onopen), b);
	if (!umockdev_testbed_attach_ioctl(bed, node, base, &e))
		die("%s: %s", node, e->message);
}

static void
adapter(Bus *b, const char *parent, const char *title)
{
	GError *e = NULL;
	int nr = b->nr + b->moved;
	char *name = g_strdup_printf("i2c-%d", nr);
	char *node = g_strconcat("/dev/", name, NULL);
	char *line = g_strconcat(title, "\n", NULL);
	char *path = umockdev_testbed_add_device(bed, "i2c", name, parent,
		"name", line, NULL, NULL);
	/* only a device from a description gets a node that can be opened */
	char *text = g_strdup_printf("P: %s/i2c-dev/%s\nN: %s\n"
		"E: SUBSYSTEM=i2c-dev\nE: DEVNAME=%s\n"
		"E: MAJOR=89\nE: MINOR=%d\nA: dev=89:%d\nA: name=%s\\n\n",
		path + strlen("/sys"), name, name, node, nr, nr, title);

	umockdev_testbed_set_attribute_link(bed, path, "device", "..");
	if (!umockdev_testbed_add_from_string(bed, text, &e))
		die("%s: %s", node, e->message);
	attach(b, node);
	b->path = path;
	b->devpath = g_strdup_printf("%s/i2c-dev/%s", path, name);
	g_free(name);
	g_free(node);
	g_free(line);
	g_free(text);
}

static void
seat(Bus *b)
{
	adapter(b, b->kind->how == HOLD ? b->connector : b->card->gpu,
		b->kind->bus);
}

static void
dock(Bus *b, int in)
{
	char *node = g_strdup_printf("/dev/i2c-%d", b->nr + b->moved);

	if (in) {
		b->moved += 20; /* umockdev does not take a name twice */
		seat(b);
		umockdev_testbed_uevent(bed, b->devpath, "add");
	} else {
		umockdev_testbed_uevent(bed, b->devpath, "remove");
		umockdev_testbed_detach_ioctl(bed, node, NULL);
		umockdev_testbed_remove_device(bed, b->devpath);
		umockdev_testbed_remove_device(bed, b->path);
		g_free(b->path);
		g_free(b->devpath);
	}
	b->unplugged = !in;
	g_free(node);
}

static void
connector(Bus *b)
{
	const char *where = b->kind->connector;
	char *card = g_strdup_printf("card%d", b->card->nr), *name;
	const Bus *o;
	int n = 1;

	for (o = buses + 1; o < b; o++)
		n += o->card == b->card && !g_strcmp0(o->kind->connector,
			where);
	name = g_strdup_printf("%s-%s-%d", card, where, n);
	if (!b->card->drm) {
		b->card->drm = umockdev_testbed_add_device(bed, "drm", card,
			b->card->gpu, NULL, "DEVTYPE", "drm_minor",
			"HOTPLUG", "1", NULL);
		umockdev_testbed_set_attribute_link(bed, b->card->drm,
			"device", "..");
	}
	b->connector = umockdev_testbed_add_device(bed, "drm", name,
		b->card->drm, "enabled", is(b, "aux-root") ? "disabled\n"
		: "enabled\n", "dpms", "On\n", NULL,
		"DEVTYPE", "drm_connector", NULL);
	umockdev_testbed_set_attribute_link(bed, b->connector, "device", "..");
	tellsysfs(b);
	g_free(card);
	g_free(name);
}

/* The kind says where; a card of its own, or that of the bus before. */
static void
place(Bus *b, const char *name)
{
	size_t k, len = strlen(name);
	int shared = len && name[len - 1] == '+';

	for (k = 0; k < LEN(kinds); k++)
		if (strlen(kinds[k].name) == len - (size_t)shared &&
		    !strncmp(kinds[k].name, name, len - (size_t)shared))
			break;
	if (k == LEN(kinds) || (shared && b->nr == 1))
		die("no such kind of card: %s", name);
	b->kind = &kinds[k];
	b->trap = is(b, "smu");
	b->line = b->nr - 1;
	b->monitor = b;
	if (shared && (is(b, "mst") || is(b, "hw"))) {
		b->line = b[-1].line;
		b->monitor = b[-1].monitor;
	}
	if (shared) {
		b->card = b[-1].card;
		return;
	}
	b->card = g_new0(Card, 1);
	b->card->nr = b->nr - 1;
	b->card->gpu = pci(b->nr, b->kind->class, b->kind->driver);
}

static void
addmonitor(Bus *b)
{
	char *link;

	load(b);
	b->set = b->unsaved = -1;
	feature(b, 0x10, 50, 100);
	feature(b, 0x12, 70, 100);
	feature(b, INPUT, 0x0f, 0x12);
	feature(b, POWER, 1, 5);
	feature(b, 0xdf, 0x0202, 0xffff);
	publish(b);
	if (is(b, "hw"))
		b->connector = g_strdup(b[-1].connector);
	else if (b->kind->how != NONE)
		connector(b);
	seat(b);
	if (b->kind->how == LINK) {
		link = g_strdup_printf("../../i2c-%d", b->nr);
		umockdev_testbed_set_attribute_link(bed, b->connector, "ddc",
			link);
		g_free(link);
	}
}

static void
addtrap(Bus *b)
{
	char *p = pci(0x14, "0x0c0500\n", "piix4_smbus");

	b->trap = 1;
	adapter(b, p, "SMBus PIIX4 adapter port 0 at 0b00");
	g_free(p);
}

/* ---- the command ---- */

/* umockdev's own library wants to live in the mocked world too. */
static void
enterbed(char *argv[])
{
	const char *old = getenv("LD_PRELOAD");
	char *preload;

	if (old && strstr(old, "libumockdev-preload"))
		return;
	preload = g_strjoin(":", "libumockdev-preload.so.0", old, NULL);
	setenv("LD_PRELOAD", preload, 1);
	execv("/proc/self/exe", argv);
	die("/proc/self/exe: %s", strerror(errno));
}

static void
ondeath(GPid pid, gint how, gpointer data)
{
	(void)pid;
	(void)data;
	status = WIFEXITED(how) ? WEXITSTATUS(how) : 128 + WTERMSIG(how);
	g_main_loop_quit(loop);
}

static gboolean
onsignal(gpointer sig)
{
	kill(child, GPOINTER_TO_INT(sig));
	return G_SOURCE_CONTINUE;
}

/* umockdev finds it critical that a command dies while its bus is busy. */
static void
quiet(const gchar *domain, GLogLevelFlags level, const gchar *text,
	gpointer data)
{
	if (!strstr(text, "with open stream"))
		g_log_default_handler(domain, level, text, data);
}

static void
run(char *argv[])
{
	static const int sigs[] = { SIGHUP, SIGINT, SIGTERM };
	GError *e = NULL;
	size_t i;

	if (!g_spawn_async(NULL, argv, NULL, G_SPAWN_SEARCH_PATH |
	    G_SPAWN_DO_NOT_REAP_CHILD | G_SPAWN_CHILD_INHERITS_STDIN |
	    G_SPAWN_LEAVE_DESCRIPTORS_OPEN, NULL, NULL, &child, &e))
		die("%s", e->message);
	g_child_watch_add(child, ondeath, NULL);
	for (i = 0; i < LEN(sigs); i++)
		g_unix_signal_add(sigs[i], onsignal, GINT_TO_POINTER(sigs[i]));
}

static void
usage(void)
{
	fputs("usage: monitor [-n count] [-p kind]... [-f fault]... "
		"[-l logfile]\n\t[-c ctlfifo] [-d datafile] "
		"-- command [args...]\n", stderr);
	exit(125);
}

int
main(int argc, char *argv[])
{
	const char *faults[32];
	int c, i, nfaults = 0;

	while ((c = getopt(argc, argv, "+n:p:f:l:c:d:")) != -1) {
		if (c == 'n')
			nbuses = 1 + atoi(optarg);
		else if (c == 'p' && nkinds < MAXMON)
			kindarg[nkinds++] = optarg;
		else if (c == 'f' && nfaults < (int)LEN(faults))
			faults[nfaults++] = optarg;
		else if (c == 'l')
			logname = optarg;
		else if (c == 'c')
			ctlname = optarg;
		else if (c == 'd')
			dataname = optarg;
		else
			usage();
	}
	if (optind == argc || nbuses < 1 || nbuses > MAXMON + 1)
		usage();
	enterbed(argv);
	if (logname && !(logfile = fopen(logname, "ae")))
		die("%s: %s", logname, strerror(errno));

	g_log_set_handler(NULL, G_LOG_LEVEL_CRITICAL, quiet, NULL);
	loop = g_main_loop_new(NULL, FALSE);
	bed = umockdev_testbed_new();
	addtrap(&buses[0]);
	for (i = 1; i < nbuses; i++) {
		buses[i].nr = i;
		place(&buses[i], !nkinds ? "amdgpu"
			: kindarg[MIN(i, nkinds) - 1]);
		if (buses[i].trap)
			adapter(&buses[i], buses[i].card->gpu,
				buses[i].kind->bus);
		else
			addmonitor(&buses[i]);
	}
	for (i = 0; i < nfaults; i++)
		control(faults[i]);
	if (ctlname)
		opencontrol();
	run(argv + optind);
	g_main_loop_run(loop);
	g_object_unref(bed);
	return status;
}
