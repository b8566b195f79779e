/* See LICENSE for copyright and licence details.
 *
 * A uinput device is made of bits that say what it can send, and is there for
 * as long as its descriptor is open. What comes back by that (LEDs, say) is
 * read by nobody: the kernel drops it.
 *
 * The guest's keyboard, mouse and tablet are three of them. Buttons and wheels
 * go to the one of the last motion, a button's release to both: the kernel
 * drops it where it is not down. Start reading at uinput_send. */
#include <sys/ioctl.h>
#include <sys/syscall.h>

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <linux/uinput.h>

#include "inner.h"

enum {
	PartMax = 64,    /* reports for one: a virtio queue has that many */
	FdMax = 1024     /* of those that a child closes */
};

int
key_isbutton(unsigned key)
{
	return (key >= BTN_MISC && key < KEY_OK) || key >= BTN_TRIGGER_HAPPY ||
	    (key >= BTN_DPAD_UP && key <= BTN_DPAD_RIGHT);
}

/* ---- a device ---- */

/* Asks sysfs for the evdev node of a uinput device. */
static void
node_find(struct node *n)
{
	char at[128] = "/sys/devices/virtual/input/";
	size_t len = strlen(at);
	glob_t g;

	if (ioctl(n->source.fd, UI_GET_SYSNAME(64), at + len) < 0)
		return;
	if (glob(strcat(at, "/event*"), 0, NULL, &g) == 0)
		snprintf(n->path, sizeof(n->path), "/dev/input%.16s",
		         strrchr(*g.gl_pathv, '/'));
	globfree(&g);
}

/* Tells the kernel what the device has (linux/uinput.h, version 5). */
static int
node_describe(const struct can *c, int fd, const char *name)
{
	static const unsigned long setbit[EV_CNT] = {
		UI_SET_PROPBIT, [EV_KEY] = UI_SET_KEYBIT,
		[EV_REL] = UI_SET_RELBIT, [EV_ABS] = UI_SET_ABSBIT,
		[EV_MSC] = UI_SET_MSCBIT, [EV_SW] = UI_SET_SWBIT,
		[EV_LED] = UI_SET_LEDBIT,
	};
	struct uinput_abs_setup a = { 0 };
	struct uinput_setup setup = { .id = c->id };
	unsigned i, type;
	int bad = 0;

	for (i = 0; i < EV_CNT * KEY_CNT; i++) {
		type = i / KEY_CNT;
		a.code = i % KEY_CNT;
		if (!bit_has(c->bits[type], a.code))
			continue;
		bad |= ioctl(fd, UI_SET_EVBIT, type);
		if (setbit[type])
			bad |= ioctl(fd, setbit[type], a.code);
		if (type != EV_ABS)
			continue;
		a.absinfo = c->abs[a.code];
		bad |= ioctl(fd, UI_ABS_SETUP, &a);
	}
	snprintf(setup.name, sizeof(setup.name), "%s", name);
	bad |= ioctl(fd, UI_SET_PHYS, "screenstub");
	bad |= ioctl(fd, UI_DEV_SETUP, &setup);
	return bad < 0 ? -1 : ioctl(fd, UI_DEV_CREATE);
}

int
node_create(struct node *n, const char *name)
{
	int fd = open("/dev/uinput", O_RDWR | O_NONBLOCK | O_CLOEXEC);

	n->source.fd = fd;
	if (fd < 0 || node_describe(&n->can, fd, name) < 0 ||
	    source_add(&n->source) < 0) { /* which a child forgets */
		warn("input: %s: /dev/uinput:", name);
		close(fd);
		return -1;
	}
	n->name = name;
	node_find(n);
	note(1, "input: %s is %s", name, *n->path ? n->path : "there");
	return 0;
}

void
node_destroy(struct node *n)
{
	if (!n->name)
		return;
	source_del(&n->source);
	close(n->source.fd); /* which removes the device */
	memset(n, 0, sizeof(*n));
}

int
node_write(const struct node *n, const struct input_event *ev, size_t len)
{
	len *= sizeof(*ev);
	return n->name && write(n->source.fd, ev, len) == (ssize_t)len ? 0 : -1;
}

/* ---- the route's three ---- */

/* Keys, buttons and wheels of a mouse, and of a tablet, are three devices: a
 * node with keys and buttons would send each button as a key too, and Windows
 * takes one with both kinds of motion for a mouse. */
static void
uinput_describe(struct node node[VmNodes], int hires)
{
	struct can *c = &node[VmKeyboard].can;
	unsigned k, motion = EV_REL;

	for (k = 1; k < KEY_CNT; k++)
		bit_put(c->bits[EV_KEY], k, !key_isbutton(k));
	for (k = LED_NUML; k <= LED_SCROLLL; k++)
		bit_put(c->bits[EV_LED], k, 1);
	/* virtio-input-host has no autorepeat of its own: the kernel's */
	bit_put(c->bits[EV_REP], REP_DELAY, 1);
	for (node += VmMouse; motion <= EV_ABS; node++, motion++) {
		c = &node->can;
		for (k = BTN_LEFT; k <= BTN_TASK; k++)
			bit_put(c->bits[EV_KEY], k, 1);
		for (k = REL_X; k <= REL_Y; k++) { /* and ABS_* */
			bit_put(c->bits[motion], k, 1);
			bit_put(c->bits[EV_REL], k ? REL_WHEEL : REL_HWHEEL, 1);
			bit_put(c->bits[EV_REL], REL_WHEEL_HI_RES + k, hires);
			c->abs[k].maximum = AbsMax;
			c->abs[k].resolution = 1;
		}
	}
}

void
uinput_open(struct uinput *u, int relative, int hires, msec now)
{
	static const struct input_id id = {
		.bustype = BUS_VIRTUAL, .vendor = 0x16c0, .product = 0x05df,
		.version = 1
	};
	static const char *const name[VmNodes] = {
		"screenstub-kbd", "screenstub-mouse", "screenstub-tablet"
	};
	int k;

	u->pointer = relative ? VmMouse : VmTablet;
	uinput_describe(u->node, hires && u->route == VirtioHost);
	for (k = 0; k < VmNodes; k++) {
		u->node[k].can.id = id;
		if (node_create(&u->node[k], name[k]) < 0)
			exit(1);
		qmp_node(u->qmp, k, u->route, u->node[k].path, now);
	}
}

static void
uinput_keep(const struct node *n, pid_t pid)
{
	struct pollfd p = { syscall(SYS_pidfd_open, pid, 0), POLLIN, 0 };
	int fd;

	for (fd = 0; fd < FdMax; fd++)
		if (fd != p.fd && fd != n[VmKeyboard].source.fd &&
		    fd != n[VmMouse].source.fd && fd != n[VmTablet].source.fd)
			close(fd);
	if (p.fd >= 0)
		poll(&p, 1, -1);
	_exit(0);
}

void
uinput_close(struct uinput *u)
{
	pid_t pid = u->node[0].name ? qmp_holds(u->qmp) : 0;
	int k;

	if (pid > 0 && fork() == 0)
		uinput_keep(u->node, pid);
	for (k = 0; k < VmNodes; k++)
		node_destroy(&u->node[k]);
}

void
uinput_uevent(struct uinput *u, const char *node, msec now)
{
	int k;

	for (k = 0; k < VmNodes; k++)
		if (u->node[k].name && !strcmp(u->node[k].path, node))
			qmp_node(u->qmp, k, u->route, u->node[k].path, now);
}

/* ---- a report ---- */

/* The nodes for an event, a bit for each. */
static unsigned
uinput_where(struct uinput *u, const struct input_event *e)
{
	int at = e->type == EV_KEY && !key_isbutton(e->code) ? VmKeyboard :
	    e->type == EV_REL && e->code <= REL_Y ? VmMouse : u->pointer;

	if (!bit_has(u->node[at].can.bits[e->type], e->code))
		return 0;
	return e->type == EV_KEY && !e->value && at != VmKeyboard ?
	    1 << VmMouse | 1 << VmTablet : 1 << at;
}

/* In how many reports an event goes: Windows' driver takes no more at once than
 * RelMax, and QEMU's input-linux makes one notch of an event of a wheel,
 * whatever its value. */
static int
uinput_parts(const struct uinput *u, const struct input_event *e)
{
	int most = e->code > REL_Y && u->route == InputLinux ? 1 : RelMax;
	int parts = e->type == EV_REL ? (abs(e->value) - 1) / most + 1 : 1;

	return parts < PartMax ? parts : PartMax;
}

/* What of a report is for one node, in as many as it takes. Keys and buttons go
 * with the last of them, for a click is where the motion ends. */
static int
uinput_write(struct uinput *u, int node, const struct input_event *ev,
             const unsigned *to, size_t n)
{
	struct input_event out[ReportMax + 1];
	int parts = 0, part, failed = 0;
	size_t i, len;

	for (i = 0; i < n; i++)
		if (to[i] >> node & 1 && uinput_parts(u, &ev[i]) > parts)
			parts = uinput_parts(u, &ev[i]);
	for (part = 0; part < parts; part++) {
		for (i = len = 0; i < n; i++) {
			if (!(to[i] >> node & 1))
				continue;
			out[len] = ev[i];
			if (ev[i].type == EV_REL)
				out[len].value = ev[i].value * (part + 1) /
				    parts - ev[i].value * part / parts;
			len += ev[i].type == EV_REL ? out[len].value != 0 :
			    part == (ev[i].type == EV_KEY ? parts - 1 : 0);
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
	unsigned to[ReportMax], reads = 0, refused = 0, i;
	int k;

	if (u->route == InputLinux && u->qmp->vm == VmStopped)
		return ~0u;
	for (k = 0; k < VmNodes; k++)
		reads |= (unsigned)qmp_reads(u->qmp, k, now) << k;
	for (i = 0; i < n; i++)
		if (ev[i].type == EV_ABS)
			u->pointer = VmTablet;
		else if (ev[i].type == EV_REL && ev[i].code <= REL_Y)
			u->pointer = VmMouse;
	for (i = 0; i < n; i++) {
		to[i] = uinput_where(u, &ev[i]);
		if (ev[i].type == EV_KEY)
			qmp_meets(u->qmp, ev[i].code, to[i] &&
			    (u->route == VirtioHost || qmp_knows(ev[i].code)));
		if (ev[i].type != EV_KEY || ev[i].value)
			to[i] &= reads;
		refused |= (unsigned)!to[i] << i;
	}
	for (k = 0; k < VmNodes; k++)
		if (uinput_write(u, k, ev, to, n) < 0) {
			for (i = 0; i < n; i++)
				refused |= (to[i] >> k & 1) << i;
			if (!u->node[k].gone++)
				warn("input: %s: the device is gone:",
				     u->node[k].name);
		}
	return refused;
}
