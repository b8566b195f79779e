/* See LICENSE for copyright and licence details.
 *
 * The buses that a display may be on, and the monitors there: found by udev
 * and sysfs, which sends nothing; whose EDIDs are read by children is decided
 * in ddc/order. Rows of monitors[] are given to them, and rows that -d prints
 * are made of them.
 *
 * Start reading at buses_scan. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <libudev.h>

#include "ddc.h"

enum { MemberText = 96 }; /* .connector = "...", of 39 bytes */

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

enum fit { FitNot, FitNamed, FitBefore, FitNow };

/* ---- a bus ---- */

/* Of two buses of a connector the monitor is on one: AUX, or with a passive
 * adapter the other. */
static int
bus_rivals(const struct bus *o, const struct bus *b)
{
	return o != b && o->fd >= 0 && *b->connector &&
	    !strcmp(o->connector, b->connector);
}

/* Is a monitor on o rather than on b? A DisplayPort hub shows it twice, on the
 * connector's own bus too: then the hub's counts, unless only the other one is
 * known to be there now. Of two rivals it is the one on which more answers. */
static int
bus_beats(const struct bus *o, const struct bus *b)
{
	int more = o->heard + o->identified - b->heard - b->identified;

	if (bus_rivals(o, b))
		return more > 0 || (!more && o < b);
	return o->mst && !b->mst && o->fd >= 0 && *o->id.manufacturer &&
	    o->identified >= b->identified && !strcmp(o->card, b->card) &&
	    !memcmp(&o->id, &b->id, sizeof(o->id));
}

static int
bus_beaten(const struct buses *all, const struct bus *b)
{
	const struct bus *o = all->bus, *end = o + all->n;

	while (o < end && !bus_beats(o, b))
		o++;
	return o < end;
}

int
bus_usable(const struct buses *all, const struct bus *b)
{
	return b->fd >= 0 && *b->id.manufacturer && !bus_beaten(all, b);
}

/* What is wrong is said once. */
static void
bus_open(struct bus *b)
{
	int was = b->error;

	b->fd = open(b->node, O_RDWR | O_CLOEXEC);
	b->error = b->fd < 0 ? errno : 0;
	if (b->error && b->error != was)
		warn("ddc: %s: can't open the i2c bus:", b->node);
}

/* "i2c-5", "/dev/i2c-5" and "5" are one. */
static int
bus_is(const char *want, const char *name)
{
	if (!strncmp(want, "/dev/", 5))
		want += 5;
	return !strcmp(want, name) || !strcmp(want, name + strlen("i2c-"));
}

static int
row_names(const Monitor *m, const char *name)
{
	while (!ddc_rowempty(m) && !(m->bus && bus_is(m->bus, name)))
		m++;
	return !ddc_rowempty(m);
}

/* ---- udev and sysfs ---- */

static size_t
sysfs_read(const char *dir, const char *name, void *buf, size_t size)
{
	char path[PATH_MAX];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	n = read(fd, buf, size);
	close(fd);
	return n > 0 ? n : 0;
}

/* Buses that must not be touched, by name, for some hang the machine when
 * they are; then all that is not below a graphics card or a dock, if no row
 * names it, as DisplayLink's. */
static int
bus_isdisplay(const char *name, const char *driver, const char *class,
              int named)
{
	static const char *const never[] = {
		"SMBus", "Synopsys DesignWare", "soc:i2cdsi", "smu", "mac-io",
		"u4", "AMDGPU SMU", "AMDGPU DM i2c OEM bus"
	};
	size_t i;

	for (i = 0; i < LENGTH(never); i++)
		if (!strncmp(name, never[i], strlen(never[i])))
			return 0;
	/* PCI classes of displays and docks */
	return named || !strcmp(name, "DPMST") || (class &&
	    (!strncmp(class, "0x03", 4) || !strncmp(class, "0x0a", 4)) &&
	    (strcmp(driver, "nouveau") || !strncmp(name, "nvkm-", 5)));
}

/* Finds the DRM connector of a bus, which has it as a child (DisplayPort's
 * AUX) or as a link "ddc", and what sysfs knows of the monitor there. */
static void
bus_place(struct udev_enumerate *e, struct bus *b)
{
	struct udev_list_entry *l;
	const char *dir;
	char aux[PATH_MAX], ddc[PATH_MAX], status[16];
	unsigned char edid[EdidSize];
	size_t n;

	b->identified = 0;
	*b->connector = '\0';
	udev_list_entry_foreach(l, udev_enumerate_get_list_entry(e)) {
		dir = udev_list_entry_get_name(l);
		snprintf(aux, sizeof(aux), "%s/%s", dir, b->name);
		snprintf(ddc, sizeof(ddc), "%s/ddc/i2c-dev/%s", dir, b->name);
		if (access(aux, F_OK) < 0 && access(ddc, F_OK) < 0)
			continue;
		n = sysfs_read(dir, "status", status, sizeof(status));
		if (*b->connector && (n < 9 || memcmp(status, "connected", 9)))
			continue; /* two share it: DP and HDMI of one socket */
		snprintf(b->connector, sizeof(b->connector), "%.39s",
		    strrchr(dir, '/') + 1);
		n = sysfs_read(dir, "edid", edid, sizeof(edid));
		bus_identify(b, edid, n);
	}
	b->identified &= b->fresh; /* else it may be the monitor before */
}

static void
bus_scan(struct buses *all, const Monitor *rows, struct udev_enumerate *e,
         struct udev_device *dev)
{
	struct udev_device *pci =
	    udev_device_get_parent_with_subsystem_devtype(dev, "pci", NULL);
	const char *sysname = udev_device_get_sysname(dev);
	const char *name = udev_device_get_sysattr_value(dev, "name");
	const char *d = udev_device_get_driver(pci), *driver = d ? d : "";
	const char *class = udev_device_get_sysattr_value(pci, "class");
	struct bus *b = all->bus, *end = b + all->n;

	if (strcmp(udev_device_get_subsystem(dev), "i2c-dev") || !name ||
	    !bus_isdisplay(name, driver, class, row_names(rows, sysname)))
		return;
	while (b < end && strcmp(b->name, sysname))
		b++;
	if (b == all->bus + BusMax)
		return;
	if (b == end) {
		*b = (struct bus){ .fd = -1, .own = -1 };
		snprintf(b->name, sizeof(b->name), "%s", sysname);
		snprintf(b->node, sizeof(b->node), "/dev/%s", b->name);
	}
	if (b->fd < 0) {
		b->mst = !strcmp(name, "DPMST");
		snprintf(b->card, sizeof(b->card), "%s",
		    udev_device_get_syspath(pci ? pci : dev));
		b->fresh = !strcmp(driver, "amdgpu") ||
		    !strcmp(driver, "i915") || !strcmp(driver, "xe");
	}
	if (b->fd < 0 || !b->identified)
		bus_place(e, b);
	/* a laptop's own panel; DDC/CI traffic can spoil its picture */
	if (strstr(b->connector, "-eDP-") || strstr(b->connector, "-LVDS-"))
		return;
	all->n += b == end;
	if (b->fd < 0)
		bus_open(b);
	all->stale |= b->error == EACCES;
}

void
buses_scan(struct buses *all, const Monitor *rows)
{
	struct udev *udev = udev_new();
	struct udev_enumerate *e = udev_enumerate_new(udev);
	struct udev_list_entry *l;
	struct udev_device *dev;
	struct bus *b, *o, *end;

	udev_enumerate_add_match_subsystem(e, "i2c-dev");
	udev_enumerate_add_match_subsystem(e, "drm");
	udev_enumerate_scan_devices(e);
	all->stale = 0;
	udev_list_entry_foreach(l, udev_enumerate_get_list_entry(e)) {
		dev = udev_device_new_from_syspath(udev,
		    udev_list_entry_get_name(l));
		if (dev)
			bus_scan(all, rows, e, dev);
		udev_device_unref(dev);
	}
	end = all->bus + all->n;
	for (b = all->bus; b < end; b++) {
		b->rival = 0;
		for (o = all->bus; o < end; o++)
			b->rival |= bus_rivals(o, b);
		if (b->rival && !b->heard) /* sysfs does not say on which */
			b->identified = 0;
	}
	if (!all->n)
		warn(access("/sys/class/i2c-dev", F_OK) < 0 ?
		     "ddc: the kernel module i2c-dev is not loaded" :
		     "ddc: there is no i2c bus of a graphics card");
	udev_enumerate_unref(e);
	udev_unref(udev);
}

void
ddc_uevent(struct ddc *d, const char *subsystem, const char *action,
           const char *node)
{
	int drm = !strcmp(subsystem, "drm"), gone = !strcmp(action, "remove");
	struct bus *b;

	d->buses.stale = 1;
	for (b = d->buses.bus; b < d->buses.bus + d->buses.n; b++) {
		if (drm) /* perhaps another monitor, so sysfs is asked again */
			b->identified = b->heard = 0;
		if (gone && node && !strcmp(node, b->node)) {
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
	if (!in->value && (in->code || in->source || in->readback || in->extra))
		die("config.h: monitors[%d]: .%s wants a .value", row, side);
}

int
ddc_check(const Monitor *rows)
{
	const Monitor *m;
	Input a, b;
	int n = 0;

	for (m = rows; !ddc_rowempty(m); m++, n++) {
		input_check(&m->host, n, "host");
		input_check(&m->guest, n, "guest");
		a = input_full(m->host, 0);
		b = input_full(m->guest, 0);
		/* reading, or writing, can't tell them apart */
		if (a.value && b.value && a.code == b.code &&
		    (a.value == b.value || (!(m->flags & Blind) &&
		    a.readback == b.readback)))
			die("config.h: monitors[%d]: .host and .guest are the "
			    "same input", n);
	}
	if (n > BusMax)
		die("config.h: monitors[%d]: there is no room for more", n);
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

/* Is it the wanted one, if one is wanted? Of a connector what is behind the
 * card will do; xrandr has HDMI-1 for HDMI-A-1. */
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
	if (i == BusName)
		return bus_is(want, has);
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

/* Does a row name no monitor, as "*" alone? It fits what nothing is known of. */
static int
row_any(const Monitor *m)
{
	static const struct bus unknown;

	return bus_differs(&unknown, m) == MemberLast;
}

int
ddc_row(const Monitor *rows, int only)
{
	int n = 0;

	while (only < 0 && !ddc_rowempty(rows + n) && row_any(rows + n))
		n++;
	return only >= 0 ? only : ddc_rowempty(rows + n) ? 0 : n;
}

int
ddc_rowused(const Monitor *rows, int only, int row)
{
	return row == ddc_row(rows, only) || (only < 0 && !row_any(rows + row));
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

/* Other rows for the same monitor are those of other instances. */
static void
bus_foreign(struct bus *b, const Monitor *rows, int only)
{
	const Monitor *m;
	size_t n = 0;
	Input in;

	for (m = rows; only >= 0 && !ddc_rowempty(m) && n < ForeignMax; m++) {
		in = input_full(m->guest, 0);
		if (m != b->row && in.value && in.code == VcpInput &&
		    bus_differs(b, m) == MemberLast)
			b->foreign[n++] = in.readback;
	}
	b->foreign[n] = 0;
}

/* A row that has no monitor: in what the one differs that is most like it. */
static void
row_missing(const struct buses *all, const Monitor *m, int row)
{
	const struct bus *b, *like = NULL;
	enum member at, most = 0;
	char text[MemberText] = "";
	Monitor is;

	for (b = all->bus; b < all->bus + all->n; b++) {
		at = bus_differs(b, m);
		if (bus_usable(all, b) && (!like || at > most)) {
			like = b;
			most = at;
		}
	}
	if (like) {
		is = bus_monitor(like);
		member_print(text, most, &is);
	}
	warn("ddc: monitors[%d]: not found: %s%s%s%s", row,
	     like ? "what is most like it, " : "no monitor answers",
	     like ? like->name : "", *text ? ", has " : "", text);
}

/* How sure is it that a row means a bus? By an EDID that was read now, or one
 * that can't be read now. Who names the bus means it, whatever its EDID says:
 * if no other one fits, and without being asked where the inputs are given. */
static enum fit
bus_fits(const struct buses *all, const struct bus *b, const Monitor *m)
{
	if (b->fd < 0 || bus_differs(b, m) != MemberLast)
		return FitNot;
	if (m->bus && m->host.value && m->guest.value)
		return FitNow;
	if (bus_usable(all, b))
		return b->identified ? FitNow : FitBefore;
	return m->bus || (m->connector && !bus_beaten(all, b)) ? FitNamed :
	    FitNot;
}

int
buses_match(struct buses *all, const Monitor *rows, int only, int sure)
{
	const Monitor *m;
	struct learned *l;
	struct bus *b, *found = NULL, *end = all->bus + all->n;
	enum fit fit, best;
	int ret = 0, row, n;

	for (b = all->bus; b < end; b++) {
		b->row = NULL;
		b->learned = NULL;
	}
	for (m = rows, row = 0; !ddc_rowempty(m); m++, row++) {
		if (!ddc_rowused(rows, only, row))
			continue;
		n = 0;
		best = sure ? FitNow : FitNamed;
		for (b = all->bus; b < end; b++) {
			fit = bus_fits(all, b, m);
			if (fit > best)
				n = 0;
			if (fit >= best && !n++) {
				best = fit;
				found = b;
			}
		}
		if (n != 1 || found->row) {
			ret = -1;
			if (!sure && n > 1)
				warn("ddc: monitors[%d]: several monitors fit",
				     row);
			else if (!sure && n)
				warn("ddc: monitors[%d]: another row has it: "
				     "monitors[%d]", row,
				     (int)(found->row - rows));
			else if (!sure)
				row_missing(all, m, row);
			continue;
		}
		b = found;
		b->row = m;
		/* docks come back with other buses, and the same monitors */
		l = &all->learned[row];
		if (memcmp(&l->id, &b->id, sizeof(l->id)))
			*l = (struct learned){ .id = b->id };
		b->learned = l->input;
		bus_foreign(b, rows, only);
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
	unsigned value = side == Host ? row->host.value : side == Guest ?
	    row->guest.value : 0;

	return value ? value : d->buses.learned[row - d->rows].input[side];
}

/* ---- rows that are printed ---- */

/* The host's input is the one that is shown, as it is listed; the guest's the
 * one of the monitor's row, or the first other one, if none was learned. What
 * tells it from others is the first member in which they differ. */
static void
bus_inputs(const struct bus *b, unsigned in[Guest + 1])
{
	static const Monitor none;
	const Monitor *m = b->row ? b->row : &none;
	Input host = input_full(m->host, 0), guest = input_full(m->guest, 0);
	int low = b->value & 0xff;

	in[Host] = b->value < 0 ? 0 :
	    memchr(b->input, low, b->ninput) ? low : b->value;
	if (guest.code != VcpInput)
		guest.value = 0;
	if (guest.value && input_same(in[Host], guest.readback))
		in[Host] = host.value;
	in[Guest] = b->learned && b->learned[Guest] ? b->learned[Guest] :
	    guest.value;
	if (!in[Guest] && b->value >= 0)
		in[Guest] = input_guest(b->input, b->ninput, in[Host]);
}

void
bus_row(char out[RowText], const struct buses *all, const struct bus *b)
{
	Monitor is = bus_monitor(b);
	const struct bus *o;
	char text[MemberText], *p = out + sprintf(out, "{");
	unsigned tells = 1 << Manufacturer | 1 << Model | 1 << Serial;
	unsigned in[Guest + 1];
	enum member i;

	bus_inputs(b, in);
	if (!*b->id.manufacturer)
		tells = 1 << BusName;
	for (o = all->bus; o < all->bus + all->n; o++)
		if (bus_usable(all, o))
			tells |= 1 << bus_differs(o, &is);
	for (i = 0; i < MemberLast; i++)
		if (tells & 1 << i && member_print(text, i, &is))
			p += sprintf(p, "%s %s", p > out + 1 ? "," : "", text);
	if (in[Host])
		p += sprintf(p, ",\n\t  .host = { .value = 0x%02x }", in[Host]);
	if (in[Guest])
		p += sprintf(p, "%s.guest = { .value = 0x%02x }",
		    in[Host] ? ", " : ",\n\t  ", in[Guest]);
	strcpy(p, " },");
}

void
bus_print(const struct buses *all, const struct bus *b)
{
	const struct ident *id = &b->id;
	int active = b->value < 0 ? -1 : b->value & 0xff, v;
	int listed = active < 0 || memchr(b->input, active, b->ninput);
	unsigned in[Guest + 1];
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
	bus_inputs(b, in);
	printf("\t%s\n", row);
	if (in[Host] && in[Guest])
		printf("\tscreenstub -i 0x%02x:0x%02x\n", in[Host], in[Guest]);
	printf("\n");
}
