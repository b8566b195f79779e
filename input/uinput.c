/* See LICENSE for copyright and licence details.
 *
 * A uinput device is made of bits that say what it can send, and is there for
 * as long as its descriptor is open. What comes back by that (LEDs, say) is
 * read by nobody: the kernel drops it.
 *
 * The guest's keyboard, mouse and tablet are three of them. Buttons and wheels
 * go to the one of the last motion, a button's release to where it was pressed.
 * Start reading at uinput_send. */
#include <sys/ioctl.h>
#include <sys/syscall.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <linux/uinput.h>

#include "bits.h"
#include "uinput.h"

enum {
	AbsMax = 0x7fff,
	RelMax = 127,    /* Windows' vioinput cuts off what is more */
	NotchMax = 1200, /* of a wheel, in what REL_WHEEL_HI_RES counts */
	PartMax = 64,    /* reports for one: a virtio queue has that many */
	FdMax = 1024     /* of those that a child closes */
};

static const char *const nodename[VmNodes] = {
	[VmKeyboard] = "screenstub-kbd", [VmMouse] = "screenstub-mouse",
	[VmTablet] = "screenstub-tablet",
};

/* ---- a device ---- */

/* Asks sysfs for the evdev node of a uinput device. */
static void
node_find(struct node *n)
{
	char dir[128] = "/sys/devices/virtual/input/";
	size_t len = strlen(dir);
	struct dirent *e;
	DIR *d;

	*n->path = '\0';
	if (ioctl(n->source.fd, UI_GET_SYSNAME(sizeof(dir) - len), dir + len) <
	    0 || !(d = opendir(dir)))
		return;
	while ((e = readdir(d)))
		if (!strncmp(e->d_name, "event", 5))
			snprintf(n->path, sizeof(n->path), "/dev/input/%.16s",
			         e->d_name);
	closedir(d);
}

/* Tells the kernel what the device has (linux/uinput.h, version 5). */
static int
node_describe(const struct node *n, int fd, const char *name,
              const struct input_id *id, const struct input_absinfo *abs)
{
	static const unsigned long setbit[EV_CNT] = {
		[EV_KEY] = UI_SET_KEYBIT, [EV_REL] = UI_SET_RELBIT,
		[EV_ABS] = UI_SET_ABSBIT, [EV_MSC] = UI_SET_MSCBIT,
		[EV_SW] = UI_SET_SWBIT, [EV_LED] = UI_SET_LEDBIT,
	};
	struct uinput_abs_setup a = { 0 };
	struct uinput_setup setup = { .id = *id };
	unsigned type, k;
	int bad = 0, any;

	for (type = 1; type < EV_CNT; type++) {
		for (k = any = 0; k < KEY_CNT; k++) {
			if (!bit_has(n->bits[type], k))
				continue;
			if (!any++)
				bad |= ioctl(fd, UI_SET_EVBIT, type);
			if (setbit[type])
				bad |= ioctl(fd, setbit[type], k);
			if (type != EV_ABS)
				continue;
			a.code = k;
			a.absinfo = abs[k];
			bad |= ioctl(fd, UI_ABS_SETUP, &a);
		}
	}
	for (k = 0; k < 32; k++)
		if (n->props >> k & 1)
			bad |= ioctl(fd, UI_SET_PROPBIT, k);
	bad |= ioctl(fd, UI_SET_PHYS, "screenstub");
	snprintf(setup.name, sizeof(setup.name), "%s", name);
	return bad < 0 || ioctl(fd, UI_DEV_SETUP, &setup) < 0 ||
	    ioctl(fd, UI_DEV_CREATE) < 0 ? -1 : 0;
}

int
node_create(struct node *n, const char *name, const struct input_id *id,
            const struct input_absinfo abs[ABS_CNT])
{
	int fd = open("/dev/uinput", O_RDWR | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0) {
		warn("input: %s: /dev/uinput: %s%s", name, strerror(errno),
		     errno == EACCES ? " (let the udev rules in samples/ give "
		     "you a right to it)" : errno == ENOENT || errno == ENODEV ?
		     " (modprobe uinput; samples/ does it at boot)" : "");
		return -1;
	}
	n->source.fd = fd;
	if (node_describe(n, fd, name, id, abs) < 0 ||
	    source_add(&n->source) < 0) { /* which a child forgets */
		warn("input: %s: /dev/uinput:", name);
		close(fd);
		n->source.fd = -1;
		return -1;
	}
	node_find(n);
	note(1, "input: %s is %s", name, *n->path ? n->path : "there");
	return 0;
}

void
node_destroy(struct node *n)
{
	source_del(&n->source);
	if (n->source.fd >= 0)
		close(n->source.fd); /* which removes the device */
	memset(n, 0, sizeof(*n));
	n->source.fd = -1;
}

int
node_write(const struct node *n, const struct input_event *ev, size_t len)
{
	len *= sizeof(*ev);
	return n->source.fd >= 0 && write(n->source.fd, ev, len) ==
	    (ssize_t)len ? 0 : -1;
}

/* ---- the route's three ---- */

/* Keys, buttons and wheels of a mouse, and of a tablet, are three devices: a
 * node with keys and buttons would send each button as a key too, and Windows
 * takes one with both kinds of motion for a mouse. */
static void
uinput_bits(struct node node[VmNodes], int hires)
{
	struct node *n;
	unsigned k;

	n = &node[VmKeyboard];
	for (k = 1; k < KEY_CNT; k++)
		bit_put(n->bits[EV_KEY], k, !key_isbutton(k));
	for (k = LED_NUML; k <= LED_SCROLLL; k++)
		bit_put(n->bits[EV_LED], k, 1);
	/* virtio-input-host has no autorepeat of its own: the kernel's */
	bit_put(n->bits[EV_REP], REP_DELAY, 1);
	for (k = REL_X; k <= REL_Y; k++)
		bit_put(node[VmMouse].bits[EV_REL], k, 1);
	for (k = ABS_X; k <= ABS_Y; k++)
		bit_put(node[VmTablet].bits[EV_ABS], k, 1);
	for (n = &node[VmMouse]; n <= &node[VmTablet]; n++) {
		for (k = BTN_LEFT; k <= BTN_TASK; k++)
			bit_put(n->bits[EV_KEY], k, 1);
		bit_put(n->bits[EV_REL], REL_WHEEL, 1);
		bit_put(n->bits[EV_REL], REL_HWHEEL, 1);
		bit_put(n->bits[EV_REL], REL_WHEEL_HI_RES, hires);
		bit_put(n->bits[EV_REL], REL_HWHEEL_HI_RES, hires);
	}
}

int
uinput_open(struct uinput *u, struct qmp *qmp, int route, int relative,
            int hires, msec now)
{
	static const struct input_id id = {
		.bustype = BUS_VIRTUAL, .vendor = 0x16c0, .product = 0x05df,
		.version = 1
	};
	static const struct input_absinfo abs[ABS_CNT] = {
		[ABS_X] = { .maximum = AbsMax, .resolution = 1 },
		[ABS_Y] = { .maximum = AbsMax, .resolution = 1 },
	};
	int k;

	u->qmp = qmp;
	u->route = route;
	u->pointer = relative ? VmMouse : VmTablet;
	uinput_bits(u->node, hires && route == VirtioHost);
	for (k = 0; k < VmNodes; k++) {
		if (node_create(&u->node[k], nodename[k], &id, abs) < 0)
			return -1;
		qmp_node(qmp, k, route, u->node[k].path, now);
	}
	return 0;
}

static void
uinput_keep(const struct uinput *u, pid_t pid)
{
	struct pollfd p = { .events = POLLIN };
	int fd, k;

	p.fd = syscall(SYS_pidfd_open, pid, 0);
	for (fd = 0; fd < FdMax; fd++) {
		for (k = 0; k < VmNodes && fd != u->node[k].source.fd; k++)
			;
		if (k == VmNodes && fd != p.fd)
			close(fd);
	}
	if (p.fd >= 0)
		poll(&p, 1, -1);
	_exit(0);
}

void
uinput_close(struct uinput *u)
{
	pid_t pid = u->qmp ? qmp_holds(u->qmp) : 0;
	int k;

	if (u->node[0].source.fd >= 0 && pid > 0 && fork() == 0)
		uinput_keep(u, pid);
	for (k = 0; k < VmNodes; k++)
		node_destroy(&u->node[k]);
}

void
uinput_uevent(struct uinput *u, const char *node, msec now)
{
	int k;

	for (k = 0; k < VmNodes; k++)
		if (u->node[k].source.fd >= 0 &&
		    !strcmp(u->node[k].path, node))
			qmp_node(u->qmp, k, u->route, node, now);
}

/* ---- a report ---- */

/* The node for an event. */
static int
uinput_where(struct uinput *u, const struct input_event *e)
{
	if (e->type == EV_REL && e->code <= REL_Y)
		return VmMouse;
	if (e->type != EV_KEY)
		return u->pointer;
	if (!bit_has(u->node[VmKeyboard].bits[EV_KEY], e->code) &&
	    !bit_has(u->node[VmMouse].bits[EV_KEY], e->code) &&
	    !bit_has(u->unmet, e->code)) {
		bit_put(u->unmet, e->code, 1);
		warn("input: button %u is none of a mouse: a grab with "
		     ".newname passes it on", e->code);
	}
	if (!key_isbutton(e->code))
		return VmKeyboard;
	if (e->value)
		return u->pointer;
	return bit_has(u->down[VmMouse], e->code) ? VmMouse : VmTablet;
}

/* The most of an axis that one report may have: Windows' driver takes no more
 * than RelMax, and QEMU's input-linux makes one notch of an event of a wheel,
 * whatever its value. */
static int
uinput_most(const struct uinput *u, unsigned axis)
{
	return axis <= REL_Y ? RelMax : u->route == InputLinux ? 1 : NotchMax;
}

/* What of a report is for one node, in as many as it takes. Keys and buttons go
 * with the last of them, for a click is where the motion ends. */
static int
uinput_write(struct uinput *u, int node, const struct input_event *ev,
             const int *to, size_t n)
{
	struct input_event out[ReportMax + 1];
	int rest[ReportMax], parts = 0, part, most, failed = 0;
	size_t i, len;

	for (i = 0; i < n; i++) {
		rest[i] = ev[i].value;
		if (to[i] != node)
			continue;
		most = ev[i].type == EV_REL ? uinput_most(u, ev[i].code) : 1;
		part = ev[i].type == EV_REL ? (abs(rest[i]) - 1) / most + 1 : 1;
		parts = part > parts ? part : parts;
	}
	if (parts > PartMax)
		parts = PartMax;
	for (part = 0; part < parts; part++) {
		for (i = len = 0; i < n; i++) {
			if (to[i] != node || (ev[i].type == EV_KEY ?
			    part < parts - 1 : part && (ev[i].type != EV_REL ||
			    !rest[i])))
				continue;
			out[len] = ev[i];
			if (ev[i].type == EV_REL) {
				most = uinput_most(u, ev[i].code);
				out[len].value = rest[i] > most ? most :
				    rest[i] < -most ? -most : rest[i];
				rest[i] -= out[len].value;
			}
			len++;
		}
		out[len++] = (struct input_event){ .type = EV_SYN };
		failed |= node_write(&u->node[node], out, len);
	}
	return failed;
}

/* Where nobody reads only releases are written, for a node with a key down
 * would not be taken. QEMU's input-linux drops what comes while the VM is
 * stopped, so then releases wait. */
unsigned
uinput_send(struct uinput *u, const struct input_event *ev, size_t n, msec now)
{
	int k, at, to[ReportMax], reads[VmNodes];
	unsigned refused = 0;
	size_t i;

	if (u->route == InputLinux && u->qmp->vm == VmStopped)
		return ~0u;
	for (k = 0; k < VmNodes; k++)
		reads[k] = qmp_reads(u->qmp, k, now);
	for (i = 0; i < n; i++)
		if (ev[i].type == EV_ABS)
			u->pointer = VmTablet;
		else if (ev[i].type == EV_REL && ev[i].code <= REL_Y)
			u->pointer = VmMouse;
	for (i = 0; i < n; i++) {
		at = to[i] = uinput_where(u, &ev[i]);
		if (ev[i].type == EV_KEY && !ev[i].value ?
		    !bit_has(u->down[at], ev[i].code) : !reads[at] ||
		    !bit_has(u->node[at].bits[ev[i].type], ev[i].code))
			to[i] = VmNodes;
		if (ev[i].type == EV_KEY && ev[i].value && !reads[at])
			refused |= 1u << i;
	}
	for (k = 0; k < VmNodes; k++) {
		at = uinput_write(u, k, ev, to, n);
		for (i = 0; i < n; i++) {
			if (to[i] != k || ev[i].type != EV_KEY)
				continue;
			if (at < 0)
				refused |= 1u << i;
			else
				bit_put(u->down[k], ev[i].code, ev[i].value);
		}
	}
	return refused;
}
