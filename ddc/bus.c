/* See LICENSE for copyright and licence details.
 *
 * The buses that a display may be on, and the monitors there: found by udev
 * and sysfs, which sends nothing; whose EDIDs are read by children is decided
 * in ddc/card. Rows of monitors[] are given to them, and rows that -d prints
 * are made of them.
 *
 * Start reading at buses_scan. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <libudev.h>

#include "ddc.h"

enum {
	MemberText = 96, /* .connector = "...", of 39 bytes */
	ClassDisplay = 0x03, ClassDock = 0x0a /* PCI base classes */
};

/* Members of a Monitor that tell which it is, in the order in which a row of
 * -d gets them. */
enum member {
	Manufacturer, Model, Serial, Product, SerialNo, Connector, BusName,
	MemberLast
};
static const struct {
	const char *name;
	size_t at;
} members[] = {
	[Manufacturer] = { "manufacturer", offsetof(Monitor, manufacturer) },
	[Model] = { "model", offsetof(Monitor, model) },
	[Serial] = { "serial", offsetof(Monitor, serial) },
	[Product] = { "product", offsetof(Monitor, product) },
	[SerialNo] = { "serialno", offsetof(Monitor, serialno) },
	[Connector] = { "connector", offsetof(Monitor, connector) },
	[BusName] = { "bus", offsetof(Monitor, bus) },
};
#define MEMBER(type, m, i) (*(type const *)((const char *)(m) + members[i].at))

/* ---- a bus ---- */

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

/* What is wrong is said once. 1: it is not permitted. */
static int
bus_open(struct bus *b, int quiet)
{
	char path[32];

	snprintf(path, sizeof(path), "/dev/%s", b->name);
	if ((b->fd = open(path, O_RDWR | O_CLOEXEC)) >= 0)
		return b->error = 0;
	if (errno == EACCES && (quiet || b->error == EACCES))
		return 1;
	b->error = errno;
	warn("ddc: %s: %s", path, errno != EACCES ? strerror(errno) :
	     "no permission: install samples/60-screenstub.rules in "
	     "/etc/udev/rules.d, or add yourself to its group and log in "
	     "again");
	return b->error == EACCES;
}

/* ---- udev and sysfs ---- */

/* What the kernel has of a subsystem; NULL, which is empty, if there is no
 * memory. */
static struct udev_enumerate *
sysfs_list(struct udev *udev, const char *subsystem)
{
	struct udev_enumerate *e = udev_enumerate_new(udev);

	udev_enumerate_add_match_subsystem(e, subsystem);
	udev_enumerate_scan_devices(e);
	return e;
}

static size_t
sysfs_read(const char *dir, const char *name, void *buf, size_t size)
{
	char path[PATH_MAX];
	FILE *f;
	size_t n;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	if (!(f = fopen(path, "re")))
		return 0;
	n = fread(buf, 1, size, f);
	fclose(f);
	return n;
}

static int
sysfs_connected(const char *connector)
{
	char status[16] = "";

	sysfs_read(connector, "status", status, sizeof(status) - 1);
	return !strcmp(status, "connected\n");
}

/* A laptop's own; DDC/CI traffic can spoil its picture. */
static int
sysfs_panel(const char *connector)
{
	return strstr(connector, "-eDP-") || strstr(connector, "-LVDS-");
}

/* Buses that must not be touched, by name, for some hang the machine when
 * they are; then all that is not below a graphics card or a dock. */
static int
bus_isdisplay(const char *name, const char *driver, unsigned class)
{
	static const char *const never[] = {
		"SMBus", "Synopsys DesignWare", "soc:i2cdsi", "smu", "mac-io",
		"u4", "AMDGPU SMU", "AMDGPU DM i2c OEM bus"
	};
	size_t i;

	for (i = 0; i < LENGTH(never); i++)
		if (!strncmp(name, never[i], strlen(never[i])))
			return 0;
	return !strcmp(name, "DPMST") ||
	    ((class == ClassDisplay || class == ClassDock) &&
	    (strcmp(driver, "nouveau") || !strncmp(name, "nvkm-", 5)));
}

/* Finds the DRM connector of a bus, which has it as a child (DisplayPort's
 * AUX) or as a link "ddc", and what sysfs knows of the monitor there. */
static void
bus_place(struct udev_enumerate *drm, struct bus *b)
{
	struct udev_list_entry *l;
	const char *dir, *p;
	char path[PATH_MAX], target[PATH_MAX];
	unsigned char edid[EdidSize];
	ssize_t n;

	b->known = Unasked;
	b->connected = 0;
	*b->connector = '\0';
	udev_list_entry_foreach(l, udev_enumerate_get_list_entry(drm)) {
		dir = udev_list_entry_get_name(l);
		snprintf(path, sizeof(path), "%s/%s", dir, b->name);
		if (access(path, F_OK) < 0) {
			snprintf(path, sizeof(path), "%s/ddc", dir);
			n = readlink(path, target, sizeof(target) - 1);
			target[n < 0 ? 0 : n] = '\0';
			p = strrchr(target, '/');
			if (!p || strcmp(p + 1, b->name))
				continue;
		}
		if (*b->connector && !sysfs_connected(dir))
			continue; /* two share it: DP and HDMI of one socket */
		snprintf(b->connector, sizeof(b->connector), "%.39s",
		    strrchr(dir, '/') + 1);
		b->connected = sysfs_connected(dir);
		b->known = b->connected ? Unasked : Silent;
		n = sysfs_read(dir, "edid", edid, sizeof(edid));
		bus_identify(b, edid, n);
	}
	b->fresh = !strcmp(b->driver, "amdgpu") ||
	    !strcmp(b->driver, "i915") || !strcmp(b->driver, "xe");
	if (!b->fresh)
		b->known = Unasked; /* sysfs may tell of the monitor before */
}

static int
bus_scan(struct buses *all, struct udev_enumerate *drm,
         struct udev_device *dev, int quiet)
{
	struct udev_device *pci =
	    udev_device_get_parent_with_subsystem_devtype(dev, "pci", NULL);
	const char *sysname = udev_device_get_sysname(dev);
	const char *name = udev_device_get_sysattr_value(dev, "name");
	const char *driver = pci ? udev_device_get_driver(pci) : NULL;
	const char *class = pci ?
	    udev_device_get_sysattr_value(pci, "class") : NULL;
	unsigned c = class ? strtoul(class, NULL, 16) >> 16 : 0;
	struct bus *b = all->bus, *end = b + all->n;

	if (!name || !bus_isdisplay(name, driver ? driver : "", c))
		return 0;
	while (b < end && strcmp(b->name, sysname))
		b++;
	/* many docks later: the place of one that is gone */
	if (b == all->bus + BusMax)
		for (b = all->bus; b < end && b->error != ENODEV; b++)
			;
	if (b == all->bus + BusMax)
		return 0;
	if (b == end || strcmp(b->name, sysname)) {
		memset(b, 0, sizeof(*b));
		snprintf(b->name, sizeof(b->name), "%s", sysname);
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
	all->n += b == end;
	return b->fd < 0 && bus_open(b, quiet);
}

/* A connector of a card that has no bus at all. */
static void
sysfs_hint(const struct buses *all, const char *dir)
{
	const struct bus *b;

	for (b = all->bus; b < all->bus + all->n; b++)
		if (!strncmp(dir, b->card, strlen(b->card)))
			return;
	if (!sysfs_panel(dir) && sysfs_connected(dir))
		warn("ddc: %s: something is connected, but there is no i2c "
		     "bus: DisplayLink and some docks have none",
		     strrchr(dir, '/') + 1);
}

void
buses_scan(struct buses *all, int quiet, int hint)
{
	struct udev *udev = udev_new();
	struct udev_enumerate *e = sysfs_list(udev, "i2c-dev");
	struct udev_enumerate *drm = sysfs_list(udev, "drm");
	struct udev_list_entry *l;
	struct udev_device *dev;

	all->stale = 0;
	udev_list_entry_foreach(l, udev_enumerate_get_list_entry(e)) {
		dev = udev_device_new_from_syspath(udev,
		    udev_list_entry_get_name(l));
		if (dev)
			all->stale |= bus_scan(all, drm, dev, quiet);
		udev_device_unref(dev);
	}
	if (hint)
		udev_list_entry_foreach(l, udev_enumerate_get_list_entry(drm))
			sysfs_hint(all, udev_list_entry_get_name(l));
	if (!all->n)
		warn("ddc: there %s", udev_enumerate_get_list_entry(e) ?
		     "are i2c buses, but none of a graphics card" :
		     "is no i2c bus: load the kernel module (modprobe i2c-dev;"
		     " samples/i2c.conf does it at boot)");
	udev_enumerate_unref(drm);
	udev_enumerate_unref(e);
	udev_unref(udev);
}

void
ddc_uevent(struct ddc *d, const char *subsystem, const char *action,
           const char *node)
{
	struct bus *b;
	int drm = !strcmp(subsystem, "drm"), gone = node &&
	    !strcmp(action, "remove") && !strncmp(node, "/dev/", 5);

	d->buses.stale = 1;
	for (b = d->buses.bus; b < d->buses.bus + d->buses.n; b++) {
		if (drm) /* perhaps another monitor, so sysfs is asked again */
			b->known = Unasked;
		if (gone && !strcmp(node + 5, b->name)) {
			/* what was learned of its monitor stays */
			close(b->fd);
			b->fd = -1;
			b->error = ENODEV;
		}
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

	if ((!in->value && (in->code || in->source || in->readback ||
	    in->extra)) || in->code > 0xff || in->source > 0xff ||
	    in->value > 0xffff || in->readback > 0xffff)
		die("config.h: monitors[%d]: .%s wants a .value; codes and "
		    "sources are at most 0xff, values 0xffff", row, side);
	for (e = in->extra; e && e->value; e++)
		input_check(e, row, "extra");
}

int
ddc_check(const Monitor *rows)
{
	const Monitor *m;
	int n = 0;

	for (m = rows; !ddc_rowempty(m); m++, n++) {
		input_check(&m->host, n, "host");
		input_check(&m->guest, n, "guest");
		if (m->host.value && !memcmp(&m->host, &m->guest,
		    sizeof(m->host)))
			die("config.h: monitors[%d]: .host and .guest are the "
			    "same input", n);
	}
	if (m->host.value || m->guest.value || m->flags || m->repeat ||
	    m->output)
		die("config.h: monitors[%d]: nothing says which one it is: "
		    ".manufacturer = \"*\" is any", n);
	return n;
}

/* The row that says all of a bus. */
static Monitor
bus_monitor(const struct bus *b)
{
	return (Monitor){
		.manufacturer = b->id.manufacturer, .model = b->id.model,
		.serial = b->id.serial, .product = b->id.product,
		.serialno = b->id.serialno, .connector = b->connector,
		.bus = b->name
	};
}

/* Is it the wanted one, if one is wanted? Of a connector or a bus what is
 * behind the card or "i2c-" will do; xrandr has HDMI-1 for HDMI-A-1. */
static int
member_fits(enum member i, const Monitor *row, const Monitor *is)
{
	const char *want, *has, *p;
	unsigned n;

	if (i == Product || i == SerialNo) {
		n = MEMBER(unsigned, row, i);
		return !n || n == MEMBER(unsigned, is, i);
	}
	want = MEMBER(const char *, row, i);
	has = MEMBER(const char *, is, i);
	if (!want || !*want || !strcasecmp(want, has))
		return 1;
	if (i == Manufacturer)
		return !strcmp(want, "*");
	if (i < Connector || !(p = strchr(has, '-')))
		return 0;
	return !strcasecmp(want, ++p) || (!strncmp(p, "HDMI-A-", 7) &&
	    !strncasecmp(want, "HDMI-", 5) && !strcmp(want + 5, p + 7));
}

/* The first member of a row that is not the bus's; MemberLast: it fits. */
static enum member
bus_differs(const struct bus *b, const Monitor *row)
{
	Monitor is = bus_monitor(b);
	enum member i = 0;

	while (i < MemberLast && member_fits(i, row, &is))
		i++;
	return i;
}

/* Writes one member as in config.h. 0: the monitor has none. */
static int
member_print(char out[MemberText], enum member i, const Monitor *is)
{
	const char *s;
	char *p = out + sprintf(out, ".%s = ", members[i].name);

	if (i == Product || i == SerialNo) {
		sprintf(p, "0x%x", MEMBER(unsigned, is, i));
		return MEMBER(unsigned, is, i) != 0;
	}
	*p++ = '"';
	for (s = MEMBER(const char *, is, i); *s; *p++ = *s++)
		if (strchr("\"\\?", *s)) /* ??/ would be a trigraph */
			*p++ = '\\';
	strcpy(p, "\"");
	return *MEMBER(const char *, is, i) != '\0';
}

/* The buses that a row fits: how many, their names, the last one. */
static int
row_find(struct buses *all, const Monitor *m, enum match how,
         struct bus **found, char names[BusMax * 18])
{
	struct bus *b;
	enum match pass;
	int n = 0;

	*names = '\0';
	for (pass = MatchSure; !n && pass <= how; pass++)
		for (b = all->bus; b < all->bus + all->n; b++) {
			if ((pass == MatchSure && b->known != Identified) ||
			    !bus_usable(all, b) ||
			    bus_differs(b, m) < MemberLast)
				continue;
			names += sprintf(names, "%s%s", n++ ? ", " : "",
			    b->name);
			*found = b;
		}
	return n;
}

int
buses_match(struct buses *all, const Monitor *rows, int only, enum match how)
{
	const Monitor *m;
	struct bus *b, *o, *end = all->bus + all->n;
	char names[BusMax * 18];
	int ret = 0, row = 0, n;

	for (b = all->bus; b < end; b++)
		b->row = NULL;
	for (m = rows; !ddc_rowempty(m); m++, row++) {
		if (only >= 0 && row != only)
			continue;
		n = row_find(all, m, how, &b, names);
		if (n == 1 && !b->row) {
			b->row = m;
			/* docks come back with other buses, and the same
			 * monitors */
			for (o = all->bus; o < end; o++)
				if (o->fd < 0 && !b->learned[Host] &&
				    !memcmp(&o->id, &b->id, sizeof(o->id)))
					memcpy(b->learned, o->learned,
					    sizeof(b->learned));
			continue;
		}
		ret = -1;
		if (how == MatchLoud)
			warn("ddc: monitors[%d]: %s%s: screenstub -d lists the "
			     "monitors that answer, with a row for each", row,
			     n > 1 ? "several monitors fit: " :
			     n ? "another row has it: " : "not found", names);
	}
	return ret;
}

const struct bus *
ddc_bus(const struct ddc *d, const Monitor *row)
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
	const struct bus *b = ddc_bus(d, row);
	unsigned value = side == Host ? row->host.value : side == Guest ?
	    row->guest.value : 0;

	return !value && b ? b->learned[side] : value;
}

/* ---- rows that are printed ---- */

/* The host's input is the one that is shown, the guest's the first other one,
 * if none was learned. What tells it from others is the first member in which
 * they differ. */
void
bus_row(char out[RowText], const struct buses *all, const struct bus *b)
{
	Monitor is = bus_monitor(b);
	const struct bus *o;
	char text[MemberText], *p = out + sprintf(out, "{");
	unsigned host = b->value < 0 ? 0 :
	    input_host(b->input, b->ninput, b->value);
	unsigned guest = b->learned[Guest] || b->value < 0 ?
	    b->learned[Guest] : input_guest(b->input, b->ninput, host);
	unsigned tells = 1 << Manufacturer | 1 << Model | 1 << Serial;
	enum member i;

	for (o = all->bus; o < all->bus + all->n; o++)
		if (bus_usable(all, o))
			tells |= 1 << bus_differs(o, &is);
	for (i = 0; i < MemberLast; i++)
		if (tells & 1 << i && member_print(text, i, &is))
			p += sprintf(p, "%s %s", p > out + 1 ? "," : "", text);
	if (host)
		p += sprintf(p, ",\n\t  .host = { .value = 0x%02x }", host);
	if (guest)
		p += sprintf(p, "%s.guest = { .value = 0x%02x }",
		    host ? ", " : ",\n\t  ", guest);
	strcpy(p, " },");
}

void
bus_print(const struct buses *all, const struct bus *b)
{
	const struct ident *id = &b->id;
	int active = b->value < 0 ? -1 : b->value & 0xff, v;
	int listed = active < 0 || memchr(b->input, active, b->ninput);
	char row[RowText];
	size_t i;

	printf("ID: %s\nConnector: %s\nManufacturer: %s\nModel: %s\n"
	       "Serial: %s\n", b->name, b->connector, id->manufacturer,
	       id->model, id->serial);
	for (i = listed; i <= b->ninput; i++) {
		v = i ? b->input[i - 1] : active;
		printf(" Source: %s = 0x%02x%s\n", ddc_inputname(v),
		       v == active ? b->value : v,
		       v == active ? " (Active)" : "");
	}
	bus_row(row, all, b);
	printf("\t%s\n\n", row);
}
