/* See LICENSE for copyright and licence details.
 *
 * What input devices the VM has is what QEMU lists, with an id or without one,
 * after each connection. Those that read a node are ours alone: there QEMU says
 * "duplicate" if there is one. Each is brought to where it should be, one
 * command after the other; what each waits for is its state.
 *
 * Devices on PCI go only when the guest lets them: device_del asks it, and an
 * event tells. The guest is told of all that are on their way out each time,
 * and ejects what is in their slots by then (QEMU, hw/acpi/pcihp.c): so they go
 * one after the other.
 *
 * Start reading at device_step. */
#include <stdio.h>
#include <string.h>

#include "../screenstub.h"
#include "inner.h"

/* Times in ms. */
enum {
	NodeLimit = 2000,  /* for udev to let QEMU read a node */
	NodeEvery = 100,
	StaleEvery = 10000 /* for the guest to let go of a device */
};

/* In the order of enum: how QEMU names them. Those that read a node have
 * drivers by Route. */
static const struct {
	const char *id, *driver[3];
	const char *type[2]; /* parts of the name that all of the kind have */
} vmdevice[VmDevices] = {
	[VmKeyboard] = { "screenstub-dev-kbd", { [Usb] = "usb-kbd",
	    [Virtio] = "virtio-keyboard-pci" }, { "-kbd", "-keyboard" } },
	[VmMouse] = { "screenstub-dev-mouse", { [Usb] = "usb-mouse",
	    [Virtio] = "virtio-mouse-pci" }, { "-mouse", "-mouse" } },
	[VmTablet] = { "screenstub-dev-tablet", { [Usb] = "usb-tablet",
	    [Virtio] = "virtio-tablet-pci" }, { "-tablet", "-tablet" } },
#define NODE(id) { id, { [InputLinux] = "input-linux", \
	[VirtioHost] = "virtio-input-host-pci" }, { NULL, NULL } }
	[VmNodes + VmKeyboard] = NODE("screenstub-route-kbd"),
	[VmNodes + VmMouse] = NODE("screenstub-route-mouse"),
	[VmNodes + VmTablet] = NODE("screenstub-route-tablet"),
};

/* Where devices are listed. */
static const char *const list[] = { "/machine/peripheral",
	"/machine/peripheral-anon" };

/* ---- one device ---- */

static const char *
device_driver(const struct devices *d, int k)
{
	return vmdevice[k].driver[d->device[k].driver];
}

/* It is no device, but an object of QEMU's, which goes at once. */
static int
device_isobject(const struct vmdevice *v)
{
	return v->node && v->driver == InputLinux;
}

/* ---- adding ---- */

/* What is there already is of an earlier run, if this QEMU was not given it. */
static void
device_added(void *who, const struct answer *r, msec now)
{
	struct devices *d = who;
	struct vmdevice *v = &d->device[d->at];
	pid_t pid = d->session->peer.pid;

	v->state = DevRefused;
	v->due = 0;
	if (r->ok) {
		v->state = DevOurs;
		v->given = pid;
		v->usb |= strstr(device_driver(d, d->at), "usb-") != NULL;
		note(1, "qmp: %s was added%s%s", device_driver(d, d->at),
		     v->node ? " for " : "", v->node ? v->node : "");
		if (!device_isobject(v) && !d->told++)
			note(0, "qmp: the VM was given devices");
	} else if (v->node && strstr(r->text, "uplicate")) {
		v->state = pid && v->given == pid ? DevOurs : DevStale;
	} else if (v->node && now < v->until) {
		v->state = DevMissing;
		v->due = now + NodeEvery;
	} else {
		warn("qmp: %s: %s", device_driver(d, d->at), r->text);
	}
}

/* A bus is a port with one place: in any other place the guest would never see
 * the device. */
static void
device_add(struct devices *d, msec now)
{
	const struct vmdevice *v = &d->device[d->at];
	const char *driver = device_driver(d, d->at);
	int object = device_isobject(v);
	char args[400];
	size_t n = snprintf(args, sizeof(args), "{\"%s\":\"%s\",\"id\":\"%s\"",
	    object ? "qom-type" : "driver", driver, vmdevice[d->at].id);

	if (v->bus)
		n += snprintf(args + n, sizeof(args) - n, ",\"bus\":"
		    "\"%.99s\"%s", v->bus, strstr(driver, "-pci") ?
		    ",\"addr\":\"0\"" : "");
	if (v->node)
		n += snprintf(args + n, sizeof(args) - n, ",\"evdev\":"
		    "\"%.99s\"%s", v->node, object ? ",\"grab-toggle\":"
		    "\"ctrl-scrolllock\"" : "");
	strcpy(args + n, "}");
	session_command(d->session, object ? "object-add" : "device_add",
	    args, device_added, d, now);
}

/* ---- removing ---- */

static void
device_gone(struct vmdevice *v)
{
	v->state = DevMissing;
	v->due = v->given = 0;
}

/* The reply to device_del only says that the guest was asked. */
static void
device_removed(void *who, const struct answer *r, msec now)
{
	struct devices *d = who;
	struct vmdevice *v = &d->device[d->at];

	(void)now;
	/* "unplug": that is under way already */
	if (r->ok ? device_isobject(v) : strstr(r->text, "not found") ||
	    (d->leaving && !strstr(r->text, "unplug")))
		device_gone(v);
	else if (!r->ok && !d->leaving)
		warn("qmp: %s: %s", device_driver(d, d->at), r->text);
}

static void
device_remove(struct devices *d, msec now)
{
	struct vmdevice *v = &d->device[d->at];
	char args[80];

	v->state = DevGoing;
	v->due = now + StaleEvery;
	snprintf(args, sizeof(args), "{\"id\":\"%s\"}", vmdevice[d->at].id);
	session_command(d->session, device_isobject(v) ? "object-del" :
	    "device_del", args, device_removed, d, now);
}

/* Of a virtio device there are two events, one of them without a name. It may
 * be a stale one, have been on its way out when we came, or been ejected by the
 * guest, also in place of the one that had its slot before: it is missing
 * now. If it is none of ours the VM may lack it now, or have room for one. */
void
devices_deleted(struct devices *d, struct json data)
{
	struct vmdevice *v = d->device;
	char name[64], path[100];
	int k = 0;

	json_string(data, "path", path, sizeof(path));
	if (json_string(data, "device", name, sizeof(name)) &&
	    strstr(path, "/virtio-backend"))
		return;
	while (k < VmDevices && strcmp(name, vmdevice[k].id))
		k++;
	if (k < VmDevices) {
		device_gone(&v[k]);
		return;
	}
	for (d->list = 0; v < d->device + VmDevices; v++)
		if (v->state == DevRefused || v->state == DevThere)
			v->state = DevMissing;
}

/* ---- what there is ---- */

static void
device_listed(struct devices *d, const char *name, const char *type)
{
	struct vmdevice *v;
	int k, ours;

	for (k = 0; k < VmNodes; k++) {
		v = &d->device[k];
		ours = !strcmp(name, vmdevice[k].id);
		if (!ours && !strstr(type, vmdevice[k].type[0]) &&
		    !strstr(type, vmdevice[k].type[1]))
			continue;
		v->usb |= strstr(type, "usb-") != NULL;
		if (ours || v->state == DevMissing)
			v->state = ours ? DevOurs : DevThere;
	}
}

static void
devices_list(void *who, const struct answer *r, msec now)
{
	struct json it = { NULL, NULL };
	char name[80], type[80];

	(void)now;
	while (r->ok && !json_item(r->value, &it))
		if (!json_string(it, "name", name, sizeof(name)) &&
		    !json_string(it, "type", type, sizeof(type)))
			device_listed(who, name, type);
}

/* -c: by QEMU's tree of buses and devices, as text, what it would say when one
 * is added. Of an agent's port without an id it tells nothing. */
static void
devices_tree(void *who, const struct answer *r, msec now)
{
	struct devices *d = who;
	const char *s = r->value.s, *driver, *p;
	size_t n = r->value.end - s;
	const struct vmdevice *v;
	char bus[120];
	int pci;

	(void)now;
	d->look = 0;
	for (d->at = 0; r->ok && d->at < VmDevices; d->at++) {
		v = &d->device[d->at];
		driver = device_driver(d, d->at);
		if (!driver || !strcmp(driver, "input-linux"))
			continue;
		pci = !v->bus && strstr(driver, "-pci");
		snprintf(bus, sizeof(bus), v->bus || pci ? "bus: %.99s\\r" :
		    "type usb-bus", pci ? "pcie.0" : v->bus);
		if (v->state != DevMissing)
			ok("qmp: %s: the VM has one", driver);
		else if ((memmem(s, n, bus, strlen(bus)) != NULL) != pci)
			ok("qmp: %s: can be added", driver);
		else
			warn("qmp: %s: %s%s", driver, pci ? "Bus 'pcie.0' does "
			     "not support hotplugging" : v->bus ? "no bus of "
			     "the VM is called " : "No 'usb-bus' bus found",
			     v->bus ? v->bus : "");
	}
	p = r->ok ? memmem(s, n, "org.qemu.guest_agent", 20) : NULL;
	while (p && p > s && strncmp(p, "dev: ", 5))
		p--;
	if (p && !strncmp(p, "dev: virtserialport, id \\\"\\\"", 28))
		note(0, "qga: the agent's port has no id");
}

/* ---- what is to be done ---- */

/* 1: it was, and the reply tells more. */
static int
device_step(struct devices *d, int going, msec now)
{
	struct vmdevice *v = &d->device[d->at];

	switch (v->state) {
	case DevMissing:
		if (d->leaving || !d->manage || v->due > now ||
		    (d->at < VmNodes ? v->driver == Ps2 : !v->node))
			return 0;
		device_add(d, now);
		return 1;
	case DevGoing:
		if (d->leaving || v->due > now)
			return 0;
		warn("qmp: %s: the guest keeps a device that is gone: "
		     "asking it again", vmdevice[d->at].id);
		break;
	case DevOurs:
	case DevStale:
		if (going || (v->state == DevOurs && !d->leaving))
			return 0;
		break;
	default:
		return 0;
	}
	device_remove(d, now);
	return 1;
}

int
devices_next(struct devices *d, msec now)
{
	char args[80];
	int k, going = 0;

	if (d->early && !d->leaving && !d->look)
		return 0;
	if (d->list < LENGTH(list) && (d->manage || d->look) && !d->leaving) {
		snprintf(args, sizeof(args), "{\"path\":\"%s\"}",
		    list[d->list++]);
		session_command(d->session, "qom-list", args, devices_list, d,
		    now);
		return 1;
	}
	if (d->look) {
		session_command(d->session, "human-monitor-command",
		    "{\"command-line\":\"info qtree\"}", devices_tree, d, now);
		return 1;
	}
	for (k = 0; k < VmDevices; k++)
		going |= d->device[k].state == DevGoing;
	for (d->at = 0; d->at < VmDevices; d->at++)
		if (device_step(d, going, now))
			return 1;
	if (!going)
		d->limit = 0;
	return 0;
}

/* At the limit those that the guest does not let go stay. */
msec
devices_due(struct devices *d, msec now)
{
	struct vmdevice *v;
	msec due = 0;
	int k, over = d->limit && now >= d->limit;

	for (k = 0; k < VmDevices; k++) {
		v = &d->device[k];
		if (v->due && (!due || v->due < due))
			due = v->due;
		if (!over || v->state < DevOurs)
			continue;
		warn("qmp: %s: the guest did not let it go", vmdevice[k].id);
		v->state = DevThere;
	}
	if (over)
		d->limit = 0;
	return d->leaving ? d->limit : due;
}

/* ---- for others ---- */

/* Which QEMU was given a node is kept: it may be the same one next time. */
void
devices_begin(struct devices *d, msec now)
{
	struct vmdevice *v = d->device;

	d->told = 0;
	for (d->list = 0; v < d->device + VmDevices; v++) {
		v->state = DevMissing;
		v->due = v->usb = 0;
		v->until = now + NodeLimit;
	}
}

void
devices_node(struct devices *d, int device, int route, const char *path,
             msec now)
{
	struct vmdevice *v = &d->device[VmNodes + device];

	v->node = path;
	v->driver = route;
	v->bus = route == VirtioHost ? d->device[device].bus : NULL;
	v->until = now + NodeLimit;
	if (v->state > DevRefused)
		return;
	v->state = DevMissing;
	v->due = 0;
}
