// SPDX-License-Identifier: GPL-2.0-only
/* Simulated monitors on real i2c buses below the graphics card: each adapter
 * answers as an EDID EEPROM (0x50) and by DDC/CI (0x37), at the pace of a bus
 * of 100 kHz. What is done to it from outside is in debugfs.
 *
 *	insmod ddcmon.ko edid=HEX,HEX caps='"(...),(...)"' [name='"A,B"']
 *		[parent=card0-Virtual-1,...]
 *
 * One monitor for each edid. name: of its adapter; parent: a DRM connector,
 * which the adapter is put below as DisplayPort's are; "" and by default the
 * card itself.
 *
 * /sys/kernel/debug/ddcmon/log has, since loading, a line for each transfer,
 *	BEGIN END i2c-N read|write ADDRESS BYTES... [failed ERRNO]
 * in seconds of CLOCK_MONOTONIC, and one for each change of the input,
 *	TIME TIME i2c-N input 0x0f -> 0x11
 * and /sys/kernel/debug/ddcmon/0, 1, ... for each monitor
 *	bus       number of its adapter; the last one while it is unplugged
 *	plugged   0 takes the adapter away: waits until nobody has it open
 *	input, power   features 0x60 and 0xd6, as by its buttons
 *	host      the input that is ours, for loyal
 * and what is wrong with it:
 *	nak       does not acknowledge at 0x37
 *	loyal     the same while input is not host
 *	checksum  of replies is wrong */
#include <linux/debugfs.h>
#include <linux/delay.h>
#include <linux/i2c.h>
#include <linux/kernel.h>
#include <linux/ktime.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/pci.h>
#include <linux/vmalloc.h>

/* VESA DDC/CI 1.1, E-DDC and MCCS 2.2. */
enum { EEPROM = 0x50, DDC = 0x37, HOST = 0x51 };
enum { GET = 0x01, GETREPLY = 0x02, SET = 0x03, CAPS = 0xf3, CAPSREPLY = 0xe3 };
enum { BRIGHTNESS = 0x10, INPUT = 0x60, POWER = 0xd6, VERSION = 0xdf };
enum { FRAGMENT = 32, MONITORS = 8, LOGSIZE = 4 << 20, BYTE_US = 90 };

struct monitor {
	struct i2c_adapter adapter;
	struct device *parent;
	struct dentry *dir;
	const char *caps, *connector;
	u8 edid[256], pos;              /* of the EEPROM's next byte */
	struct { u16 now, max; } vcp[256]; /* max 0: there is no such feature */
	u8 reply[3 + 3 + FRAGMENT];
	size_t replylen;
	bool plugged, nak, loyal, checksum;
	u16 host;
	u32 bus;
};

static char *edid[MONITORS], *caps[MONITORS], *name[MONITORS],
	*parent[MONITORS];
static unsigned int count, ncaps, nname, nparent;
module_param_array(edid, charp, &count, 0444);
module_param_array(caps, charp, &ncaps, 0444);
module_param_array(name, charp, &nname, 0444);
module_param_array(parent, charp, &nparent, 0444);

static struct monitor *monitors;
static struct dentry *root;
static struct debugfs_blob_wrapper log;
static DEFINE_MUTEX(loglock);

/* ---- the log ---- */

/* Whoever reads it meanwhile sees whole lines. When it is full it ends. */
static void
note(const struct monitor *m, ktime_t begin, const char *text)
{
	struct timespec64 a = ktime_to_timespec64(begin);
	struct timespec64 b = ktime_to_timespec64(ktime_get());
	char line[512];
	int n = scnprintf(line, sizeof(line),
		"%lld.%06ld %lld.%06ld i2c-%u %s\n", a.tv_sec,
		a.tv_nsec / 1000, b.tv_sec, b.tv_nsec / 1000, m->bus, text);

	mutex_lock(&loglock);
	if (log.size + n <= LOGSIZE) {
		memcpy(log.data + log.size, line, n);
		smp_store_release(&log.size, log.size + n);
	}
	mutex_unlock(&loglock);
}

static void
noteinput(const struct monitor *m, int old)
{
	char text[32];

	snprintf(text, sizeof(text), "input 0x%02x -> 0x%02x", old,
		m->vcp[INPUT].now);
	note(m, ktime_get(), text);
}

static void
notemsg(const struct monitor *m, ktime_t begin, const struct i2c_msg *msg,
	int error)
{
	char text[400];
	int i, n = scnprintf(text, sizeof(text), "%s %02x",
		msg->flags & I2C_M_RD ? "read" : "write", msg->addr);

	for (i = 0; i < msg->len && !error && i < 128; i++)
		n += scnprintf(text + n, sizeof(text) - n, " %02x",
			msg->buf[i]);
	if (error)
		scnprintf(text + n, sizeof(text) - n, " failed %d", -error);
	note(m, begin, text);
}

/* ---- DDC/CI ---- */

static u8
xorsum(u8 sum, const u8 *p, size_t n)
{
	while (n--)
		sum ^= *p++;
	return sum;
}

static void
reply(struct monitor *m, const u8 *data, size_t n)
{
	u8 *r = m->reply;

	r[0] = DDC << 1;
	r[1] = 0x80 | n;
	memcpy(r + 2, data, n);
	r[n + 2] = xorsum(0x50, r, n + 2) ^ (m->checksum ? 0x55 : 0);
	m->replylen = n + 3;
}

static void
getvcp(struct monitor *m, u8 code)
{
	u16 max = m->vcp[code].max, now = m->vcp[code].now;
	const u8 r[] = {
		GETREPLY, !max, code, 0, max >> 8, max, now >> 8, now
	};

	reply(m, r, sizeof(r));
}

static void
setvcp(struct monitor *m, u8 code, u16 value)
{
	u16 old = m->vcp[code].now;

	if (!m->vcp[code].max)
		return;
	m->vcp[code].now = value;
	if (code == INPUT && old != value)
		noteinput(m, old);
}

static void
getcaps(struct monitor *m, size_t at)
{
	size_t len = strlen(m->caps), n;
	u8 r[3 + FRAGMENT] = { CAPSREPLY, at >> 8, at };

	n = at < len ? min_t(size_t, len - at, FRAGMENT) : 0;
	memcpy(r + 3, m->caps + min(at, len), n);
	reply(m, r, 3 + n);
}

/* A lone byte asks whether anybody is there, and what is damaged is forgotten,
 * but each byte of either is acknowledged. */
static void
request(struct monitor *m, const u8 *p, size_t n)
{
	size_t len;

	m->replylen = 0;
	if (n < 4 || p[0] != HOST || xorsum(DDC << 1, p, n))
		return;
	len = p[1] & 0x7f;
	if (len + 3 != n)
		return;
	if (p[2] == GET && len == 2)
		getvcp(m, p[3]);
	else if (p[2] == SET && len == 4)
		setvcp(m, p[3], p[4] << 8 | p[5]);
	else if (p[2] == CAPS && len == 3)
		getcaps(m, p[3] << 8 | p[4]);
}

/* Who reads on finds null messages behind the reply. */
static void
answer(struct monitor *m, u8 *p, size_t n)
{
	static const u8 nothing[] = { 0x6e, 0x80, 0xbe };
	size_t i;

	for (i = 0; i < n; i++)
		p[i] = i < m->replylen ? m->reply[i] :
			nothing[(i - m->replylen) % sizeof(nothing)];
	m->replylen = 0;
}

/* ---- the bus ---- */

static void
eeprom(struct monitor *m, const struct i2c_msg *msg)
{
	int i;

	if (!(msg->flags & I2C_M_RD) && msg->len)
		m->pos = msg->buf[0];
	for (i = 0; msg->flags & I2C_M_RD && i < msg->len; i++)
		msg->buf[i] = m->edid[m->pos++];
}

static int
message(struct monitor *m, const struct i2c_msg *msg)
{
	if (msg->addr == EEPROM) {
		eeprom(m, msg);
		return 0;
	}
	if (msg->addr != DDC || m->nak ||
	    (m->loyal && m->vcp[INPUT].now != m->host))
		return -ENXIO;
	if (msg->flags & I2C_M_RD)
		answer(m, msg->buf, msg->len);
	else
		request(m, msg->buf, msg->len);
	return 0;
}

/* The bus is locked. The address takes the time of a byte, and is all that is
 * sent to nobody. */
static int
transfer(struct i2c_adapter *a, struct i2c_msg *msg, int n)
{
	struct monitor *m = i2c_get_adapdata(a);
	ktime_t begin;
	int i, us, error;

	for (i = 0; i < n; i++) {
		begin = ktime_get();
		error = message(m, &msg[i]);
		us = BYTE_US * (1 + (error ? 0 : msg[i].len));
		usleep_range(us, us + us / 8);
		notemsg(m, begin, &msg[i], error);
		if (error)
			return error;
	}
	return n;
}

static u32
functionality(struct i2c_adapter *a)
{
	return I2C_FUNC_I2C | I2C_FUNC_SMBUS_EMUL;
}

static const struct i2c_algorithm algorithm = {
	.master_xfer = transfer,
	.functionality = functionality,
};

/* ---- debugfs ---- */

static int
plug(void *data, u64 in)
{
	struct monitor *m = data;
	int error = 0;

	if (m->plugged == !!in)
		return 0;
	if (in) {
		/* deleting it has cleared its device */
		m->adapter.dev.parent = m->parent;
		i2c_set_adapdata(&m->adapter, m);
		error = i2c_add_adapter(&m->adapter);
	} else {
		i2c_del_adapter(&m->adapter);
	}
	if (error)
		return error;
	m->plugged = !!in;
	m->bus = m->adapter.nr;
	return 0;
}

static int
isplugged(void *data, u64 *in)
{
	*in = ((struct monitor *)data)->plugged;
	return 0;
}

DEFINE_DEBUGFS_ATTRIBUTE(plugops, isplugged, plug, "%llu\n");

static void
publish(struct monitor *m, unsigned int i)
{
	char dir[4];

	snprintf(dir, sizeof(dir), "%u", i);
	m->dir = debugfs_create_dir(dir, root);
	debugfs_create_u32("bus", 0444, m->dir, &m->bus);
	debugfs_create_file("plugged", 0644, m->dir, m, &plugops);
	debugfs_create_x16("input", 0644, m->dir, &m->vcp[INPUT].now);
	debugfs_create_x16("power", 0644, m->dir, &m->vcp[POWER].now);
	debugfs_create_x16("host", 0644, m->dir, &m->host);
	debugfs_create_bool("nak", 0644, m->dir, &m->nak);
	debugfs_create_bool("loyal", 0644, m->dir, &m->loyal);
	debugfs_create_bool("checksum", 0644, m->dir, &m->checksum);
}

/* ---- the module ---- */

/* The connector's parent is a DRM device, whose parent is the card. */
static int
find(struct device *drm, void *data)
{
	struct monitor *m = data;

	m->parent = device_find_child_by_name(drm, m->connector);
	return m->parent != NULL;
}

static int
place(struct monitor *m, struct pci_dev *card)
{
	if (!*m->connector)
		m->parent = get_device(&card->dev);
	else
		device_for_each_child(&card->dev, m, find);
	return m->parent ? 0 : -ENODEV;
}

static void
feature(struct monitor *m, u8 code, u16 now, u16 max)
{
	m->vcp[code].now = now;
	m->vcp[code].max = max;
}

static int
add(struct monitor *m, unsigned int i, struct pci_dev *card)
{
	size_t n = min(strlen(edid[i]) / 2, sizeof(m->edid));
	int error;

	memset(m->edid, 0xff, sizeof(m->edid));
	if (hex2bin(m->edid, edid[i], n))
		return -EINVAL;
	m->caps = i < ncaps ? caps[i] : "";
	m->host = 0x0f;
	feature(m, BRIGHTNESS, 50, 100);
	feature(m, INPUT, 0x0f, 0x12);
	feature(m, POWER, 1, 5);
	feature(m, VERSION, 0x0202, 0xffff);
	m->connector = i < nparent ? parent[i] : "";
	error = place(m, card);
	if (error)
		return error;
	m->adapter.owner = THIS_MODULE;
	m->adapter.algo = &algorithm;
	strscpy(m->adapter.name, i < nname ? name[i] : "AMDGPU DM i2c hw bus",
		sizeof(m->adapter.name));
	publish(m, i);
	return plug(m, 1);
}

static void
leave(void)
{
	unsigned int i;

	debugfs_remove_recursive(root);
	for (i = 0; monitors && i < count; i++) {
		plug(&monitors[i], 0);
		put_device(monitors[i].parent);
	}
	kfree(monitors);
	vfree(log.data);
}

static int __init
enter(void)
{
	struct pci_dev *card = pci_get_class(PCI_CLASS_DISPLAY_VGA << 8, NULL);
	unsigned int i;
	int error = card ? 0 : -ENODEV;

	root = debugfs_create_dir("ddcmon", NULL);
	log.data = vmalloc(LOGSIZE);
	monitors = kcalloc(MONITORS, sizeof(*monitors), GFP_KERNEL);
	if (!monitors || !log.data)
		error = -ENOMEM;
	debugfs_create_blob("log", 0444, root, &log);
	for (i = 0; i < count && !error; i++)
		error = add(&monitors[i], i, card);
	pci_dev_put(card);
	if (error)
		leave();
	return error;
}

module_init(enter);
module_exit(leave);
MODULE_DESCRIPTION("simulated DDC/CI monitors");
MODULE_LICENSE("GPL");
