/* Simulated DDC/CI monitors below the system-call line, by umockdev.
 *
 * usage: monitor [-n COUNT] [-p KIND]... [-f FAULT]... [-l LOGFILE]
 *                [-c CTLFIFO] [-d DATAFILE] -- command [args...]
 *
 * The command, and all it starts, sees COUNT monitors as /dev/i2c-1 and up,
 * each below a graphics card of its own, and /dev/i2c-0, a trap: an SMBus that
 * nobody may open.  KIND says what card the nth monitor hangs on: amdgpu,
 * amdgpu-dp, i915 or nvidia; the last one given goes on.
 *
 * Lines for FAULT, and for CTLFIFO while the command runs; each may begin with
 * "N:" to mean only the monitor on i2c-N:
 *   silent            no acknowledge at 0x37
 *   deaf-unless=V     0x37 acknowledges only while the input is V
 *   checksum          replies carry a wrong checksum
 *   null              replies are null messages
 *   drop-set          sets are acknowledged and forgotten
 *   errno=NAME        0x37 fails with EIO, ENXIO, EREMOTEIO, ...
 *   delay-ms=N        each transfer to 0x37 takes N ms
 *   unlisted          the capabilities do not name feature 0x60
 *   -NAME             the fault ends;  "clear" ends all
 *   input=V           somebody presses the button on the monitor
 *   unplug, plug      the cable; the card tells udev
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
#define MAXMON      8
#define REPLY_US    40000   /* a reply may be read this long after asking */
#define SET_US      50000   /* the next message after a Set ... */
#define SAVE_US     200000  /* ... and after a Save */

enum { EEPROM = 0x50, DDC = 0x37, INPUT = 0x60 };
enum { SILENT, DEAF, CHECKSUM, NULLMSG, DROPSET, ERRNO, DELAY, UNLISTED,
	FAULTS };

typedef struct {
	int nr, trap, unplugged;
	int fault[FAULTS], arg[FAULTS];
	uint8_t edid[256];
	size_t edidlen, edidpos;
	char *caps;
	struct { int known, now, max; } vcp[256];
	uint8_t reply[40];
	size_t replylen;
	int64_t asked, notbefore;
	char *card, *connector;
} Bus;

typedef struct {
	UMockdevIoctlClient *client;
	long result;
	int error;
} Answer;

static const char *faultnames[] = { "silent", "deaf-unless", "checksum",
	"null", "drop-set", "errno", "delay-ms", "unlisted" };
static const struct { const char *name; int nr; } errnames[] = {
	{ "EIO", EIO }, { "ENXIO", ENXIO }, { "EREMOTEIO", EREMOTEIO },
	{ "ETIMEDOUT", ETIMEDOUT }, { "EAGAIN", EAGAIN }, { "EBUSY", EBUSY },
	{ "EINVAL", EINVAL }, { "EOPNOTSUPP", EOPNOTSUPP },
	{ "ENODEV", ENODEV }, { "EACCES", EACCES },
};
static const struct {
	const char *name, *driver, *bus, *connector;
	int link;       /* the connector points to the bus; else it holds it */
} kinds[] = {
	{ "amdgpu", "amdgpu", "AMDGPU DM i2c hw bus 1", "HDMI-A-1", 1 },
	{ "amdgpu-dp", "amdgpu", "AMDGPU DM aux hw bus 0", "DP-1", 0 },
	{ "i915", "i915", "i915 gmbus dpb", "HDMI-A-1", 1 },
	{ "nvidia", "nvidia", "NVIDIA i2c adapter 1 at 1:00.0", NULL, 0 },
};

static Bus buses[MAXMON + 1];   /* the index is the bus number; 0: trap */
static int nbuses = 2, status;
static const char *kindarg[MAXMON], *logname, *ctlname,
	*dataname = "tests/data/monitors.tsv";
static int nkinds;
static FILE *logfile;
static UMockdevTestbed *bed;
static GMainLoop *loop;
static GPid child;

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

static void
setinput(Bus *b, int value, const char *by)
{
	int old = b->vcp[INPUT].now;

	if (old == value)
		return;
	b->vcp[INPUT].now = value;
	publish(b);
	note(b, "input 0x%02x -> 0x%02x%s", (unsigned)old, (unsigned)value, by);
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

	if (b->fault[NULLMSG])
		n = 0;
	r[0] = 0x6e;
	r[1] = (uint8_t)(0x80 | n);
	memcpy(r + 2, data, n);
	r[n + 2] = xorsum(0x50, r, n + 2);
	if (b->fault[CHECKSUM])
		r[n + 2] ^= 0x55;
	b->replylen = n + 3;
	b->asked = g_get_monotonic_time();
}

static void
getvcp(Bus *b, uint8_t code)
{
	int known = b->vcp[code].known;
	int max = b->vcp[code].max, now = b->vcp[code].now;
	uint8_t r[8] = { 0x02, !known, code, 0, (uint8_t)(max >> 8),
		(uint8_t)max, (uint8_t)(now >> 8), (uint8_t)now };

	reply(b, r, sizeof r);
}

static void
setvcp(Bus *b, uint8_t code, int value)
{
	b->notbefore = g_get_monotonic_time() + SET_US;
	if (!b->vcp[code].known || b->fault[DROPSET])
		return;
	if (code == INPUT)
		setinput(b, value, "");
	else
		b->vcp[code].now = value;
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
	reply(b, r, 3 + n);
	g_free(caps);
}

static int
ddcfault(Bus *b)
{
	if (b->fault[ERRNO])
		return b->arg[ERRNO];
	if (b->fault[SILENT])
		return ENXIO;
	if (b->fault[DEAF] && b->vcp[INPUT].now != b->arg[DEAF])
		return ENXIO;
	return 0;
}

static int
ddcwrite(Bus *b, const uint8_t *p, size_t n)
{
	int64_t early = b->notbefore - g_get_monotonic_time();
	size_t len;

	if (early > 0)
		note(b, "EARLY message by %lld us", (long long)early);
	/* a lone byte asks whether anybody is there; what is damaged is
	 * acknowledged byte by byte all the same, and then forgotten */
	b->replylen = 0;
	if (n < 4 || p[0] != 0x51 || xorsum(0x6e, p, n))
		return 0;
	len = p[1] & 0x7f;
	if (len + 3 != n)
		return 0;
	if (p[2] == 0x01 && len == 2)
		getvcp(b, p[3]);
	else if (p[2] == 0x03 && len == 4)
		setvcp(b, p[3], p[4] << 8 | p[5]);
	else if (p[2] == 0xf3 && len == 3)
		getcaps(b, (size_t)(p[3] << 8 | p[4]));
	else if (p[2] == 0x0c && len == 1)
		b->notbefore = g_get_monotonic_time() + SAVE_US;
	return 0;
}

/* Who reads on finds null messages after the reply. */
static int
ddcread(Bus *b, uint8_t *p, size_t n)
{
	static const uint8_t nothing[3] = { 0x6e, 0x80, 0xbe };
	int64_t age = g_get_monotonic_time() - b->asked;
	size_t i;

	if (b->replylen && age < REPLY_US)
		note(b, "EARLY reply after %lld us", (long long)age);
	for (i = 0; i < n; i++)
		p[i] = i < b->replylen ? b->reply[i]
			: nothing[(i - b->replylen) % 3];
	b->replylen = 0;
	return 0;
}

/* ---- the bus ---- */

static int
eeprom(Bus *b, int rd, uint8_t *p, size_t n)
{
	size_t i;

	if (!rd) {
		if (n)
			b->edidpos = p[0];
		return 0;
	}
	for (i = 0; i < n; i++, b->edidpos++)
		p[i] = b->edidpos < b->edidlen ? b->edid[b->edidpos] : 0xff;
	return 0;
}

/* One message; 0 or the errno. */
static int
transfer(Bus *b, int addr, int rd, uint8_t *p, size_t n)
{
	GString *hex = g_string_new(NULL);
	int error = ENXIO;
	size_t i;

	if (b->trap || b->unplugged)
		;
	else if (addr == EEPROM)
		error = eeprom(b, rd, p, n);
	else if (addr == DDC && !(error = ddcfault(b)))
		error = rd ? ddcread(b, p, n) : ddcwrite(b, p, n);
	for (i = 0; i < n; i++)
		g_string_append_printf(hex, " %02x", p[i]);
	note(b, "%s %02x%s%s%s", rd ? "read" : "write", (unsigned)addr,
		hex->str, error ? " failed: " : "",
		error ? strerror(error) : "");
	g_string_free(hex, TRUE);
	return error;
}

/* ---- the system calls ---- */

static gboolean
answernow(gpointer data)
{
	Answer *a = data;

	umockdev_ioctl_client_complete(a->client, a->result, a->error);
	g_object_unref(a->client);
	g_free(a);
	return G_SOURCE_REMOVE;
}

/* A slow bus must not make the others slow, so it is done by a timer. */
static void
answer(Bus *b, UMockdevIoctlClient *c, int addr, long result, int error)
{
	Answer *a = g_new0(Answer, 1);

	a->client = g_object_ref(c);
	a->result = error ? -1 : result;
	a->error = error;
	if (addr == DDC && b->fault[DELAY])
		g_timeout_add((guint)b->arg[DELAY], answernow, a);
	else
		answernow(a);
}

static int
message(Bus *b, UMockdevIoctlData *msgs, size_t i, int *addr)
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
	error = transfer(b, m.addr, rd, d->data, m.len);
	if (rd && !error)
		umockdev_ioctl_data_update(d, 0, d->data, m.len);
	g_object_unref(d);
	return error;
}

static void
rdwr(Bus *b, UMockdevIoctlClient *c, UMockdevIoctlData *arg)
{
	UMockdevIoctlData *d, *msgs = NULL;
	struct i2c_rdwr_ioctl_data *r;
	int error = 0, addr = 0;
	size_t i, n = 0;

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
	for (i = 0; i < n && !error; i++)
		error = message(b, msgs, i, &addr);
	answer(b, c, addr, (long)n, error);
	g_clear_object(&msgs);
	g_clear_object(&d);
}

static void
trapped(Bus *b, const char *how)
{
	if (b->trap)
		note(b, "TOUCHED %s", how);
}

static gboolean
onioctl(UMockdevIoctlBase *base, UMockdevIoctlClient *c, Bus *b)
{
	UMockdevIoctlData *arg = umockdev_ioctl_client_get_arg(c), *d;
	unsigned long funcs = I2C_FUNC_I2C | I2C_FUNC_SMBUS_EMUL;

	(void)base;
	trapped(b, "ioctl");
	switch (umockdev_ioctl_client_get_request(c)) {
	case I2C_FUNCS:
		d = umockdev_ioctl_data_resolve(arg, 0, sizeof funcs, NULL);
		umockdev_ioctl_data_update(d, 0, (guint8 *)&funcs,
			sizeof funcs);
		g_object_unref(d);
		answer(b, c, 0, 0, 0);
		break;
	case I2C_SLAVE:
	case I2C_SLAVE_FORCE:
		g_object_set_data(G_OBJECT(c), "addr",
			*(gpointer *)(void *)arg->data);
		answer(b, c, 0, 0, 0);
		break;
	case I2C_RDWR:
		rdwr(b, c, arg);
		break;
	default:
		answer(b, c, 0, 0, ENOTTY);
	}
	return TRUE;
}

static gboolean
onrw(Bus *b, UMockdevIoctlClient *c, int rd)
{
	UMockdevIoctlData *d = umockdev_ioctl_client_get_arg(c);
	int addr = GPOINTER_TO_INT(g_object_get_data(G_OBJECT(c), "addr"));
	int error = transfer(b, addr, rd, d->data, (size_t)d->data_len);

	trapped(b, rd ? "read" : "write");
	if (rd && !error)
		umockdev_ioctl_data_update(d, 0, d->data, d->data_len);
	answer(b, c, addr, d->data_len, error);
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
	(void)c;
	trapped(b, "open");
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

static void
plug(Bus *b, int in)
{
	b->unplugged = !in;
	note(b, in ? "plugged" : "unplugged");
	if (!b->connector)
		return;
	umockdev_testbed_set_attribute(bed, b->connector, "status",
		in ? "connected\n" : "disconnected\n");
	umockdev_testbed_set_attribute_binary(bed, b->connector, "edid",
		b->edid, in ? (int)b->edidlen : 0);
	umockdev_testbed_uevent(bed, b->card, "change");
}

/* 0 when the words mean nothing. */
static int
command(Bus *b, const char *name, const char *arg)
{
	int off = *name == '-', n = number(arg);
	size_t i;

	if (!strcmp(name, "clear"))
		memset(b->fault, 0, sizeof b->fault);
	else if (!strcmp(name, "plug") || !strcmp(name, "unplug"))
		plug(b, *name == 'p');
	else if (!strcmp(name, "input") && n >= 0)
		setinput(b, n, " by hand");
	else {
		for (i = 0; i < FAULTS; i++)
			if (!strcmp(name + off, faultnames[i]))
				break;
		if (i == FAULTS || (*arg && n < 0))
			return 0;
		b->fault[i] = !off;
		b->arg[i] = n;
	}
	note(b, "control %s%s%s", name, *arg ? "=" : "", arg);
	return 1;
}

static void
control(const char *line)
{
	char *copy = g_strdup(line), *name = g_strstrip(copy), *arg;
	int i, only = 0, ok = 1;

	if (g_ascii_isdigit(*name) && name[1] == ':') {
		only = *name - '0';
		name += 2;
	}
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
	for (l = lines; *l; l++)
		if (**l)
			control(*l);
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

static size_t
unhex(const char *s, uint8_t *p, size_t max)
{
	size_t n;
	unsigned v;

	for (n = 0; n < max && sscanf(s + 2 * n, "%2x", &v) == 1; n++)
		p[n] = (uint8_t)v;
	return n;
}

/* The nth line of the data file: name, EDID, capabilities. */
static void
load(Bus *b)
{
	char *text, **lines, **f;
	GError *e = NULL;

	if (!g_file_get_contents(dataname, &text, NULL, &e))
		die("%s", e->message);
	lines = g_strsplit(g_strstrip(text), "\n", -1);
	f = g_strsplit(lines[(guint)(b->nr - 1) % g_strv_length(lines)],
		"\t", 3);
	if (g_strv_length(f) < 3)
		die("%s: a line is not of three fields", dataname);
	b->edidlen = unhex(f[1], b->edid, sizeof b->edid);
	b->caps = g_strdup(f[2]);
	g_strfreev(f);
	g_strfreev(lines);
	g_free(text);
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
	char *name = g_strdup_printf("i2c-%d", b->nr);
	char *node = g_strconcat("/dev/", name, NULL);
	char *line = g_strconcat(title, "\n", NULL);
	char *path = umockdev_testbed_add_device(bed, "i2c", name, parent,
		"name", line, NULL, NULL);
	/* only a device from a description gets a node that can be opened */
	char *text = g_strdup_printf("P: %s/i2c-dev/%s\nN: %s\n"
		"E: SUBSYSTEM=i2c-dev\nE: DEVNAME=%s\n"
		"E: MAJOR=89\nE: MINOR=%d\nA: dev=89:%d\nA: name=%s\\n\n",
		path + strlen("/sys"), name, name, node, b->nr, b->nr, title);

	if (!umockdev_testbed_add_from_string(bed, text, &e))
		die("%s: %s", node, e->message);
	attach(b, node);
	g_free(name);
	g_free(node);
	g_free(line);
	g_free(path);
	g_free(text);
}

static void
connector(Bus *b, const char *gpu, const char *where)
{
	char *card = g_strdup_printf("card%d", b->nr - 1);
	char *name = g_strconcat(card, "-", where, NULL);

	b->card = umockdev_testbed_add_device(bed, "drm", card, gpu, NULL,
		"DEVTYPE", "drm_minor", "HOTPLUG", "1", NULL);
	b->connector = umockdev_testbed_add_device(bed, "drm", name, b->card,
		"status", "connected\n", "enabled", "enabled\n",
		"dpms", "On\n", NULL, "DEVTYPE", "drm_connector", NULL);
	umockdev_testbed_set_attribute_binary(bed, b->connector, "edid",
		b->edid, (int)b->edidlen);
	g_free(card);
	g_free(name);
}

static void
addmonitor(Bus *b, const char *kind)
{
	char *gpu, *link;
	size_t k;

	for (k = 0; k < LEN(kinds) && strcmp(kinds[k].name, kind); k++)
		;
	if (k == LEN(kinds))
		die("no such kind of card: %s", kind);
	load(b);
	feature(b, 0x10, 50, 100);
	feature(b, 0x12, 70, 100);
	feature(b, INPUT, 0x0f, 0x12);
	feature(b, 0xd6, 1, 5);
	feature(b, 0xdf, 0x0202, 0xffff);
	publish(b);
	gpu = pci(b->nr, "0x030000\n", kinds[k].driver);
	if (kinds[k].connector)
		connector(b, gpu, kinds[k].connector);
	adapter(b, b->connector && !kinds[k].link ? b->connector : gpu,
		kinds[k].bus);
	if (kinds[k].link) {
		link = g_strdup_printf("../../i2c-%d", b->nr);
		umockdev_testbed_set_attribute_link(bed, b->connector, "ddc",
			link);
		g_free(link);
	}
	g_free(gpu);
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
		addmonitor(&buses[i], !nkinds ? "amdgpu"
			: kindarg[MIN(i, nkinds) - 1]);
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
