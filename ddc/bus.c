/* See LICENSE for copyright and licence details.
 *
 * The buses that a display may be on, and the monitors there: found by udev
 * and sysfs, which sends nothing; whose EDIDs are read by children is decided
 * in ddc/card. Rows of monitors[] are given to them, and rows that -d prints
 * are made of them.
 *
 * Start reading at buses_scan. */
#include <sys/file.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include <libudev.h>

#include "ddc.h"

enum {
	MemberText = 96, /* .connector = "...", of 39 bytes */
	ClassDisplay = 0x03, ClassDock = 0x0a /* PCI base classes */
};

/* Members of a Monitor in the order in which a row of -d gets them, and in
 * which they are looked at for what tells twins apart. */
enum member {
	Manufacturer, Model, Serial, Product, SerialNo, Connector, BusName,
	MemberLast
};

/* ---- a bus ---- */

/* This monitor is on the bus; what was learned of another is forgotten. */
static void
bus_identify(struct bus *b, const struct ident *id)
{
	if (memcmp(&b->id, id, sizeof(b->id)))
		b->mem.host = b->mem.guest = 0;
	b->id = *id;
}

void
bus_take(struct bus *b, const struct record *r)
{
	b->mem = r->mem;
	if (r->known)
		b->known = r->known;
	if (r->known == Identified)
		bus_identify(b, &r->id);
	b->last = *r;
	b->heard = 1;
}

/* A DisplayPort hub shows a monitor twice, on the connector's own bus too. Of
 * two with one EDID that counts which is connected, else the hub's. */
int
bus_usable(const struct buses *all, const struct bus *b)
{
	const struct bus *o;

	if (b->fd < 0 || !*b->id.manufacturer)
		return 0;
	for (o = all->bus; o < all->bus + all->n; o++)
		if (o != b && o->fd >= 0 && !strcmp(o->card, b->card) &&
		    !memcmp(&o->id, &b->id, sizeof(o->id)) &&
		    o->mst != b->mst && (o->connected != b->connected ?
		    o->connected : !o->connected && o->mst))
			return 0;
	return 1;
}

/* 1: it is not permitted. */
static int
bus_open(struct bus *b, int quiet)
{
	char path[32];
	struct group *g = NULL;
	struct stat st;

	snprintf(path, sizeof(path), "/dev/i2c-%d", b->num);
	b->mem.forced = 0;
	if ((b->fd = open(path, O_RDWR | O_CLOEXEC)) >= 0) {
		b->said = 0;
		return 0;
	}
	b->error = errno;
	if (b->error != EACCES) {
		warn("ddc: %s: %s", path, strerror(b->error));
	} else if (!quiet && !b->said) {
		b->said = 1;
		if (stat(path, &st) == 0 && st.st_gid && (st.st_mode & 060))
			g = getgrgid(st.st_gid);
		warn("ddc: %s: no permission: install samples/60-screenstub."
		     "rules in /etc/udev/rules.d%s%s%s", path,
		     g ? ", or add yourself to group " : "",
		     g ? g->gr_name : "", g ? " and log in again" : "");
	}
	return b->error == EACCES;
}

/* ---- udev and sysfs ---- */

/* What the kernel has of a subsystem; empty if there is no memory. */
static struct udev_enumerate *
sysfs_list(struct udev *udev, const char *subsystem)
{
	struct udev_enumerate *e = udev ? udev_enumerate_new(udev) : NULL;

	if (e) {
		udev_enumerate_add_match_subsystem(e, subsystem);
		udev_enumerate_scan_devices(e);
	}
	return e;
}

/* Reads a file of sysfs; what comes is ended by NUL if there is room. */
static size_t
sysfs_read(const char *dir, const char *name, void *buf, size_t size)
{
	char path[PATH_MAX];
	FILE *f;
	size_t n;

	memset(buf, 0, size);
	snprintf(path, sizeof(path), "%s/%s", dir, name);
	if (!(f = fopen(path, "re")))
		return 0;
	n = fread(buf, 1, size, f);
	fclose(f);
	return n;
}

/* Buses that must not be touched, by name, for some hang the machine when
 * they are; then all that is not below a graphics card or a dock. */
static int
bus_isdisplay(const char *name, const char *driver, unsigned class)
{
	static const char *const never[] = {
		"SMBus", "Synopsys DesignWare", "soc:i2cdsi", "smu", "mac-io",
		"u4", "AMDGPU SMU", "AMDGPU DM i2c OEM bus", NULL
	};
	const char *const *n;

	for (n = never; *n; n++)
		if (!strncmp(name, *n, strlen(*n)))
			return 0;
	if (!strcmp(name, "DPMST"))
		return 1;
	if (!strcmp(driver, "nouveau") && strncmp(name, "nvkm-", 5))
		return 0;
	return class == ClassDisplay || class == ClassDock;
}

/* A laptop's own; DDC/CI traffic can spoil its picture. */
static int
sysfs_panel(const char *connector)
{
	return strstr(connector, "-eDP-") || strstr(connector, "-LVDS-");
}

/* Finds the DRM connector of a bus, which has it as a child (DisplayPort's
 * AUX) or as a link "ddc", and what sysfs knows of the monitor there. */
static void
bus_place(struct udev_enumerate *drm, struct bus *b)
{
	static const char *const fresh[] = { "amdgpu", "i915", "xe" };
	struct udev_list_entry *l;
	struct ident id;
	const char *dir, *name;
	char path[PATH_MAX], target[PATH_MAX], want[16], status[16];
	unsigned char edid[EdidSize];
	ssize_t n;
	size_t i;

	snprintf(want, sizeof(want), "/i2c-%d", b->num);
	b->known = Unasked;
	b->connected = 0;
	*b->connector = '\0';
	udev_list_entry_foreach(l, udev_enumerate_get_list_entry(drm)) {
		dir = udev_list_entry_get_name(l);
		name = strrchr(dir, '/') + 1;
		snprintf(path, sizeof(path), "%s%s", dir, want);
		if (access(path, F_OK) < 0) {
			snprintf(path, sizeof(path), "%s/ddc", dir);
			n = readlink(path, target, sizeof(target) - 1);
			target[n < 0 ? 0 : n] = '\0';
			if (n < 0 || !strrchr(target, '/') ||
			    strcmp(strrchr(target, '/'), want))
				continue;
		}
		sysfs_read(dir, "status", status, sizeof(status));
		if (*b->connector && strcmp(status, "connected\n"))
			continue; /* two share it: DP and HDMI of one socket */
		snprintf(b->connector, sizeof(b->connector), "%.39s", name);
		b->connected = !strcmp(status, "connected\n");
		b->known = b->connected ? Unasked : Absent;
		n = sysfs_read(dir, "edid", edid, sizeof(edid));
		if (edid_ident(edid, n, &id) == 0) {
			bus_identify(b, &id);
			b->known = Identified;
		}
	}
	for (b->fresh = i = 0; i < LENGTH(fresh); i++)
		b->fresh |= !strcmp(b->driver, fresh[i]);
	if (!b->fresh)
		b->known = Unasked; /* sysfs may tell of the monitor before */
}

static int
bus_scan(struct buses *all, struct udev_enumerate *drm,
         struct udev_device *dev, int quiet)
{
	const char *name = udev_device_get_sysattr_value(dev, "name");
	const char *driver, *class;
	struct udev_device *pci;
	struct bus *b;
	unsigned c;
	int num;

	pci = udev_device_get_parent_with_subsystem_devtype(dev, "pci", NULL);
	driver = pci ? udev_device_get_driver(pci) : NULL;
	class = pci ? udev_device_get_sysattr_value(pci, "class") : NULL;
	c = class ? strtoul(class, NULL, 16) >> 16 : 0;
	if (!name || !bus_isdisplay(name, driver ? driver : "", c) ||
	    sscanf(udev_device_get_sysname(dev), "i2c-%d", &num) != 1)
		return 0;
	for (b = all->bus; b < all->bus + all->n && b->num != num; b++)
		;
	/* many docks later: the place of one that is gone */
	if (b == all->bus + BusMax)
		for (b = all->bus; b < all->bus + BusMax &&
		    b->error != ENODEV; b++)
			;
	if (b == all->bus + BusMax) {
		warn("ddc: i2c-%d: more than %d buses", num, BusMax);
		return 0;
	}
	if (b == all->bus + all->n || b->num != num) {
		memset(b, 0, sizeof(*b));
		b->num = num;
		b->fd = -1;
	}
	if (b->fd < 0) {
		b->mst = !strcmp(name, "DPMST");
		b->dock = c == ClassDock;
		snprintf(b->card, sizeof(b->card), "%s",
		    udev_device_get_syspath(pci ? pci : dev));
		snprintf(b->driver, sizeof(b->driver), "%s",
		    driver ? driver : "");
	}
	if (b->fd < 0 || b->known != Identified)
		bus_place(drm, b);
	if (sysfs_panel(b->connector))
		return 0;
	if (b == all->bus + all->n)
		all->n++;
	return b->fd < 0 && bus_open(b, quiet);
}

int
buses_scan(struct buses *all, int quiet)
{
	struct udev *udev = udev_new();
	struct udev_enumerate *e = sysfs_list(udev, "i2c-dev");
	struct udev_enumerate *drm = sysfs_list(udev, "drm");
	struct udev_list_entry *l;
	struct udev_device *dev;
	int denied = 0, any = 0;

	udev_list_entry_foreach(l, udev_enumerate_get_list_entry(e)) {
		any = 1;
		dev = udev_device_new_from_syspath(udev,
		    udev_list_entry_get_name(l));
		if (dev)
			denied |= bus_scan(all, drm, dev, quiet);
		udev_device_unref(dev);
	}
	udev_enumerate_unref(drm);
	udev_enumerate_unref(e);
	udev_unref(udev);
	all->stale = denied;
	if (all->n)
		return denied;
	if (any)
		warn("ddc: there are i2c buses, but none of a graphics card");
	else
		warn("ddc: there is no i2c bus: load the kernel module "
		     "(modprobe i2c-dev; samples/i2c.conf does it at boot)");
	return -1;
}

void
buses_hint(const struct buses *all)
{
	struct udev *udev = udev_new();
	struct udev_enumerate *e = sysfs_list(udev, "drm");
	struct udev_list_entry *l;
	const struct bus *b, *end = all->bus + all->n;
	const char *dir, *name;
	char status[16];

	for (b = all->bus; b < end; b++)
		if (b->connected && b->fd >= 0 && b->known == Silent &&
		    !*b->id.manufacturer)
			warn("ddc: i2c-%d: something is connected to %s, but "
			     "there is no EDID on its bus: does an adapter or "
			     "a dock withhold it?", b->num, b->connector);
	udev_list_entry_foreach(l, udev_enumerate_get_list_entry(e)) {
		dir = udev_list_entry_get_name(l);
		name = strrchr(dir, '/') + 1;
		for (b = all->bus; b < end; b++)
			if (!strncmp(dir, b->card, strlen(b->card)))
				break;
		if (b < end || sysfs_panel(name) ||
		    !sysfs_read(dir, "status", status, sizeof(status)) ||
		    strcmp(status, "connected\n"))
			continue;
		warn("ddc: %s: something is connected, but there is no i2c "
		     "bus: DisplayLink and some docks have none", name);
	}
	udev_enumerate_unref(e);
	udev_unref(udev);
}

void
ddc_uevent(struct ddc *d, const char *subsystem, const char *action,
           const char *node)
{
	struct buses *all = &d->buses;
	struct bus *b, *end = all->bus + all->n;
	int num;

	all->stale = 1;
	if (!strcmp(subsystem, "drm"))
		/* perhaps another monitor, so sysfs is asked again */
		for (b = all->bus; b < end; b++)
			b->known = Unasked;
	if (strcmp(subsystem, "i2c-dev") || strcmp(action, "remove") ||
	    !node || sscanf(node, "/dev/i2c-%d", &num) != 1)
		return;
	for (b = all->bus; b < end; b++) {
		if (b->num != num)
			continue;
		/* it is gone; what was learned of its monitor stays */
		if (b->fd >= 0)
			close(b->fd);
		b->fd = -1;
		b->error = ENODEV;
	}
}

/* The file and its lock are shared with the child, so the lock survived it. */
void
buses_unlock(struct buses *all, const char *card, msec now)
{
	struct bus *b;

	for (b = all->bus; b < all->bus + all->n; b++) {
		if (b->fd < 0 || strcmp(b->card, card))
			continue;
		b->mem.notbefore = now +
		    (b->row && (b->row->flags & Save) ? SaveWait : SetWait);
		flock(b->fd, LOCK_UN);
	}
}

/* ---- rows of monitors[] ---- */

int
ddc_rowempty(const Monitor *m)
{
	return !m->manufacturer && !m->model && !m->serial && !m->connector &&
	       !m->bus && !m->serialno && !m->product;
}

static void
input_check(const Input *in, int row, const char *side)
{
	const Input *e;

	if (!in->value && (in->code || in->source || in->readback ||
	    in->extra))
		die("config.h: monitors[%d]: .%s wants a .value", row, side);
	for (e = in->extra; e && e->value; e++)
		input_check(e, row, "extra");
	if (in->code > 0xff || in->source > 0xff || in->value > 0xffff ||
	    in->readback > 0xffff)
		die("config.h: monitors[%d]: .%s: codes and sources are at "
		    "most 0xff, values 0xffff", row, side);
}

/* Are they one input, so that a switch would do nothing? */
static int
input_equal(const Input *a, const Input *b)
{
	return a->value && a->value == b->value && a->source == b->source &&
	       (a->code ? a->code : VcpInput) ==
	       (b->code ? b->code : VcpInput) && a->extra == b->extra;
}

int
ddc_check(const Monitor *rows)
{
	const Monitor *m;

	for (m = rows; !ddc_rowempty(m); m++) {
		input_check(&m->host, (int)(m - rows), "host");
		input_check(&m->guest, (int)(m - rows), "guest");
		if (input_equal(&m->host, &m->guest))
			die("config.h: monitors[%d]: .host and .guest are the "
			    "same input", (int)(m - rows));
	}
	if (m->host.value || m->guest.value || m->flags || m->repeat ||
	    m->output)
		die("config.h: monitors[%d]: nothing says which one it is: "
		    ".manufacturer = \"*\" is any", (int)(m - rows));
	return m - rows;
}

/* Writes one member of a row as in config.h, and sets it in the row. 0: the
 * monitor has none. */
static int
bus_member(char out[MemberText], const struct bus *b, enum member i, Monitor *m)
{
	static const char *const name[] = {
		[Manufacturer] = "manufacturer", [Model] = "model",
		[Serial] = "serial", [Connector] = "connector",
	};
	const char *const text[] = {
		[Manufacturer] = b->id.manufacturer, [Model] = b->id.model,
		[Serial] = b->id.serial, [Connector] = b->connector,
	};
	const char **const to[] = {
		[Manufacturer] = &m->manufacturer, [Model] = &m->model,
		[Serial] = &m->serial, [Connector] = &m->connector,
	};
	const char *s;
	char *p = out;

	if (i == Product) {
		m->product = b->id.product;
		sprintf(out, ".product = 0x%04x", m->product);
		return m->product != 0;
	}
	if (i == SerialNo) {
		m->serialno = b->id.serialno;
		sprintf(out, ".serialno = %lu", (unsigned long)m->serialno);
		return m->serialno != 0;
	}
	if (i == BusName) {
		sprintf(out, ".bus = \"i2c-%d\"", b->num);
		return 1;
	}
	*to[i] = *text[i] ? text[i] : NULL;
	p += sprintf(p, ".%s = \"", name[i]);
	for (s = text[i]; *s; *p++ = *s++)
		if (strchr("\"\\?", *s)) /* ??/ would be a trigraph */
			*p++ = '\\';
	strcpy(p, "\"");
	return *text[i] != '\0';
}

/* The connector's whole name, or without the card, or as xrandr has it: HDMI-1
 * for HDMI-A-1. */
static int
name_connector(const char *want, const char *connector)
{
	const char *p = strchr(connector, '-');

	return !strcasecmp(want, connector) || (p && (!strcasecmp(want, ++p) ||
	    (!strncmp(p, "HDMI-A-", 7) && !strncasecmp(want, "HDMI-", 5) &&
	    !strcmp(want + 5, p + 7))));
}

/* "i2c-5", "5" or "/dev/i2c-5". */
static int
name_bus(const char *want, int num)
{
	char name[16];

	snprintf(name, sizeof(name), "/dev/i2c-%d", num);
	return !strcmp(want, name) || !strcmp(want, name + 5) ||
	       !strcmp(want, name + 9);
}

/* The first member of a row that is not the bus's; MemberLast: it fits. */
static enum member
bus_differs(const struct bus *b, const Monitor *m)
{
	if (m->manufacturer && strcmp(m->manufacturer, "*") &&
	    strcasecmp(m->manufacturer, b->id.manufacturer))
		return Manufacturer;
	if (m->model && strcasecmp(m->model, b->id.model))
		return Model;
	if (m->serial && strcasecmp(m->serial, b->id.serial))
		return Serial;
	if (m->product && m->product != b->id.product)
		return Product;
	if (m->serialno && m->serialno != b->id.serialno)
		return SerialNo;
	if (m->connector && !name_connector(m->connector, b->connector))
		return Connector;
	if (m->bus && !name_bus(m->bus, b->num))
		return BusName;
	return MemberLast;
}

static int
bus_fits(const struct bus *b, const Monitor *m)
{
	return bus_differs(b, m) == MemberLast;
}

/* Docks come back with other bus numbers; their monitors are the same. */
static void
bus_inherit(struct buses *all, struct bus *b)
{
	const struct bus *o;

	for (o = all->bus; o < all->bus + all->n; o++)
		if (o->fd < 0 && !memcmp(&o->id, &b->id, sizeof(o->id))) {
			if (!b->mem.host)
				b->mem.host = o->mem.host;
			if (!b->mem.guest)
				b->mem.guest = o->mem.guest;
		}
}

/* Names the candidates, and the first member in which all of them differ. */
static void
row_ambiguous(int row, struct bus *const *bus, size_t n)
{
	char text[BusMax][MemberText], all[768] = "";
	Monitor unused;
	enum member m;
	size_t i, k, len = 0;
	int tells = 0;

	for (m = Model; m < MemberLast && !tells; m++) {
		tells = 1;
		for (i = 0; i < n; i++) {
			tells &= bus_member(text[i], bus[i], m, &unused);
			for (k = 0; k < i; k++)
				tells &= !!strcasecmp(text[i], text[k]);
		}
	}
	for (i = 0; i < n && len < sizeof(all); i++)
		len += snprintf(all + len, sizeof(all) - len,
		    "%s i2c-%d (%s)", i ? "," : "", bus[i]->num, text[i]);
	warn("ddc: monitors[%d]: several monitors fit:%s: add one of these to "
	     "its row in config.h", row, all);
}

/* Names the first member that keeps it from the monitor that fits best. */
static void
row_missing(int row, const struct buses *all, const Monitor *m)
{
	const struct bus *b, *best = NULL;
	char text[MemberText], why[MemberText + 32] = "";
	Monitor unused;

	for (b = all->bus; b < all->bus + all->n; b++)
		if (bus_usable(all, b) && (!best ||
		    bus_differs(b, m) > bus_differs(best, m)))
			best = b;
	if (best && !bus_fits(best, m)) {
		bus_member(text, best, bus_differs(best, m), &unused);
		snprintf(why, sizeof(why), "i2c-%d has %s: ", best->num, text);
	}
	warn("ddc: monitors[%d]: not found: %sscreenstub -d lists the monitors "
	     "that answer", row, why);
}

/* The buses that a row fits. */
static size_t
row_find(struct buses *all, const Monitor *m, enum match how,
         struct bus *found[BusMax])
{
	struct bus *b, *end = all->bus + all->n;
	size_t n = 0;

	for (b = all->bus; b < end; b++)
		if (b->known == Identified && bus_usable(all, b) &&
		    bus_fits(b, m))
			found[n++] = b;
	/* one that can't be read now is still where it was */
	for (b = all->bus; !n && how != MatchSure && b < end; b++)
		if (bus_usable(all, b) && bus_fits(b, m))
			found[n++] = b;
	return n;
}

int
buses_match(struct buses *all, const Monitor *rows, int only, enum match how)
{
	const Monitor *m;
	struct bus *b, *found[BusMax];
	size_t n;
	int ret = 0;

	for (b = all->bus; b < all->bus + all->n; b++)
		b->row = NULL;
	for (m = rows; !ddc_rowempty(m); m++) {
		if (only >= 0 && m - rows != only)
			continue;
		n = row_find(all, m, how, found);
		if (n == 1 && !found[0]->row) {
			found[0]->row = m;
			bus_inherit(all, found[0]);
			continue;
		}
		ret = -1;
		if (how != MatchLoud)
			continue;
		if (n > 1)
			row_ambiguous(m - rows, found, n);
		else if (n)
			warn("ddc: monitors[%d] and [%d] are both i2c-%d",
			     (int)(found[0]->row - rows), (int)(m - rows),
			     found[0]->num);
		else
			row_missing(m - rows, all, m);
	}
	return ret;
}

/* The bus that it was given to. */
static const struct bus *
row_bus(const struct ddc *d, const Monitor *row)
{
	size_t i;

	for (i = 0; i < d->buses.n; i++)
		if (d->buses.bus[i].row == row)
			return &d->buses.bus[i];
	return NULL;
}

unsigned
ddc_input(const struct ddc *d, const Monitor *row, enum side side)
{
	const struct bus *b = row_bus(d, row);
	unsigned value = side == Host ? row->host.value : row->guest.value;

	if (side == Unknown)
		return 0;
	if (!value && b)
		value = side == Host ? b->mem.host : b->mem.guest;
	return value;
}

const char *
ddc_model(const struct ddc *d, const Monitor *row)
{
	const struct bus *b = row_bus(d, row);

	return b ? b->id.model : NULL;
}

/* ---- rows that are printed ---- */

void
bus_row(char *out, size_t size, const struct buses *all, const struct bus *b,
        unsigned host, unsigned guest)
{
	Monitor m = { 0 }, unused;
	const struct bus *o;
	char text[MemberText], others[MemberText];
	enum member i;
	size_t n;
	int wanted;

	n = snprintf(out, size, "{");
	for (i = Manufacturer; i < MemberLast; i++) {
		bus_member(text, b, i, &unused);
		wanted = i <= Serial ||
		    (i == Product && !*b->id.model && !*b->id.serial);
		/* another one fits as well, but not with this */
		for (o = all->bus; o < all->bus + all->n; o++)
			wanted |= bus_usable(all, o) && bus_fits(o, &m) &&
			    (bus_member(others, o, i, &unused),
			    strcasecmp(others, text));
		if (wanted && bus_member(text, b, i, &m))
			n += snprintf(out + n, size - n, "%s %s",
			    n > 1 ? "," : "", text);
	}
	if (host)
		n += snprintf(out + n, size - n,
		    ",\n\t  .host = { .value = 0x%02x }", host);
	if (guest)
		n += snprintf(out + n, size - n,
		    "%s.guest = { .value = 0x%02x }",
		    host ? ", " : ",\n\t  ", guest);
	snprintf(out + n, size - n, " },");
}

/* The row that the answer of a bus suggests: the host's input is the one that
 * is shown, the guest's the first other one, if none was learned. */
static void
bus_suggest(char *out, size_t size, const struct buses *all,
            const struct bus *b)
{
	const struct record *r = &b->last;
	unsigned host = r->value < 0 ? 0 :
	    input_host(r->input, r->ninput, r->value);
	unsigned guest = b->mem.guest;

	if (!guest && r->value >= 0)
		guest = input_guest(r->input, r->ninput, host);
	bus_row(out, size, all, b, host, guest);
}

void
bus_print(const struct buses *all, const struct bus *b)
{
	const struct ident *id = &b->id;
	const struct record *r = &b->last;
	int active = r->value < 0 ? -1 : r->value & 0xff;
	char row[RowText];
	size_t i;

	printf("ID: i2c-%d\n", b->num);
	if (*b->connector)
		printf("Connector: %s\n", b->connector);
	printf("Manufacturer: %s\n", id->manufacturer);
	if (*id->model)
		printf("Model: %s\n", id->model);
	if (*id->serial)
		printf("Serial: %s\n", id->serial);
	if (active >= 0 && !memchr(r->input, active, r->ninput))
		printf(" Source: %s = 0x%02x (Active)\n",
		       ddc_inputname(active), r->value);
	for (i = 0; i < r->ninput; i++)
		printf(" Source: %s = 0x%02x%s\n",
		       ddc_inputname(r->input[i]), r->input[i] == active ?
		       (unsigned)r->value : r->input[i],
		       r->input[i] == active ? " (Active)" : "");
	bus_suggest(row, sizeof(row), all, b);
	printf("\t%s\n", row);
}

void
bus_unset(const struct buses *all, const struct bus *b)
{
	char row[RowText];

	bus_suggest(row, sizeof(row), all, b);
	if (b->last.value > 0)
		warn("ddc: i2c-%d: which input is the host's is not known, "
		     "for the VM may be shown; if it is the host that is "
		     "shown now, this is its row for config.h: %s",
		     b->num, row);
	else
		warn("ddc: i2c-%d: which input is the host's can't be read: "
		     "add .host = { .value = ... } to its row in config.h: "
		     "%s", b->num, row);
}
