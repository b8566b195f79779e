/* See LICENSE for copyright and licence details.
 *
 * What input devices the VM has is what QEMU lists, with an id or without one,
 * after each connection and whenever one of ours has gone. Then each is brought
 * to where it should be, one command after the other; what each waits for is
 * its state.
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
#include "device.h"

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
#undef NODE
};

/* Where devices are listed; the last one only has input-linux' objects. */
static const char *const list[] = {
	"/machine/peripheral", "/machine/peripheral-anon", "/objects"
};

/* ---- one device ---- */

static void
device_to(struct vmdevice *v, enum devstate state, msec due)
{
	v->state = state;
	v->due = due;
	if (state == DevMissing)
		v->given = 0;
}

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

/* Why QEMU refused, and what the VM lacks. */
static void
device_denied(const struct devices *d, const char *text)
{
	const struct vmdevice *v = &d->device[d->at];
	const char *name = device_driver(d, d->at);

	if (v->node && strstr(text, "Permission denied"))
		warn("qmp: %s: %s: let QEMU's user read it by the udev rules "
		     "in samples/; under libvirt see samples/libvirt.xml",
		     name, text);
	else if (strstr(text, "hotplug") && !v->bus)
		warn("qmp: %s: %s: give the VM -device pcie-root-port,id="
		     "screenstub%d,chassis=%d and name its id as the bus in "
		     "config.h", name, text, d->at + 1, d->at + 101);
	else if (strstr(text, "usb-bus"))
		warn("qmp: %s: %s: give the VM -device qemu-xhci", name, text);
	else
		warn("qmp: %s: %s%s%s", name, text, v->bus ? ": is it its bus "
		     "in config.h? " : "", v->bus ? v->bus : "");
}

/* ---- adding ---- */

static void
device_added(void *who, const struct answer *r, msec now)
{
	struct devices *d = who;
	struct vmdevice *v = &d->device[d->at];

	if (r->ok) {
		device_to(v, DevOurs, 0);
		v->usb |= !v->node && v->driver == Usb;
		if (v->node)
			v->given = d->session->peer.pid ?
			    d->session->peer.pid : -1;
		note(1, "qmp: %s was added%s%s", device_driver(d, d->at),
		     v->node ? " for " : "", v->node ? v->node : "");
	} else if (v->node && now < v->until) {
		v->due = now + NodeEvery;
	} else {
		device_denied(d, r->text);
		device_to(v, DevRefused, 0);
	}
}

static void
device_add(struct devices *d, msec now)
{
	const struct vmdevice *v = &d->device[d->at];
	const char *id = vmdevice[d->at].id, *bus = v->bus, *node = v->node;
	char args[300];

	if (device_isobject(v)) {
		snprintf(args, sizeof(args), "{\"qom-type\":\"input-linux\","
		    "\"id\":\"%s\",\"evdev\":\"%s\",\"grab-toggle\":"
		    "\"ctrl-scrolllock\"}", id, node);
		session_command(d->session, "object-add", args, device_added,
		    d, now);
		return;
	}
	snprintf(args, sizeof(args),
	    "{\"driver\":\"%s\",\"id\":\"%s\"%s%s%s%s%s%s}",
	    device_driver(d, d->at), id,
	    bus ? ",\"bus\":\"" : "", bus ? bus : "", bus ? "\"" : "",
	    node ? ",\"evdev\":\"" : "", node ? node : "", node ? "\"" : "");
	session_command(d->session, "device_add", args, device_added, d, now);
}

/* What is on the port it is to have. QEMU would give it another place, where
 * the guest would never see it. */
static void
device_port(void *who, const struct answer *r, msec now)
{
	struct devices *d = who;
	struct vmdevice *v = &d->device[d->at];
	struct json it = { NULL, NULL };
	char name[64];
	int taken = 0;

	while (r->ok && !taken && !json_item(r->value, &it))
		taken = !json_string(it, "name", name, sizeof(name)) &&
		    !strncmp(name, "child[", 6);
	if (!taken) {
		device_add(d, now);
		return;
	}
	warn("qmp: %s: there is a device on port %s already, so the guest "
	     "would not see this one: name a free port in config.h",
	     device_driver(d, d->at), v->bus);
	device_to(v, DevRefused, 0);
}

/* ---- removing ---- */

static int
devices_going(const struct devices *d)
{
	int k;

	for (k = 0; k < VmDevices && d->device[k].state != DevGoing; k++)
		;
	return k < VmDevices;
}

/* The reply to device_del only says that the guest was asked. */
static void
device_removed(void *who, const struct answer *r, msec now)
{
	struct devices *d = who;
	struct vmdevice *v = &d->device[d->at];

	(void)now;
	if (r->ok && !device_isobject(v))
		return;
	if (r->ok || strstr(r->text, "not found"))
		device_to(v, DevMissing, 0);
	else if (!d->leaving)
		device_denied(d, r->text);
	else if (!strstr(r->text, "unplug")) /* that is under way already */
		device_to(v, DevMissing, 0);
}

static void
device_remove(struct devices *d, int k, msec now)
{
	struct vmdevice *v = &d->device[k];
	char args[80];

	d->at = k;
	device_to(v, DevGoing, now + StaleEvery);
	snprintf(args, sizeof(args), "{\"id\":\"%s\"}", vmdevice[k].id);
	session_command(d->session, device_isobject(v) ? "object-del" :
	    "device_del", args, device_removed, d, now);
}

/* Of a virtio device there are two events, one of them without a name. It may
 * be a stale one, have been on its way out when we came, or been ejected by the
 * guest, also in place of the one that had its slot before: it is missing
 * now. */
void
devices_deleted(struct devices *d, struct json data)
{
	char name[64];
	int k;

	if (json_string(data, "device", name, sizeof(name)))
		return;
	for (k = 0; k < VmDevices; k++) {
		if (strcmp(name, vmdevice[k].id))
			continue;
		device_to(&d->device[k], DevMissing, 0);
		d->list = 0;
	}
}

/* ---- what there is ---- */

static void
device_listed(struct devices *d, const char *name, const char *type)
{
	struct vmdevice *v;
	int k, ours;

	for (k = 0; k < VmDevices; k++) {
		v = &d->device[k];
		ours = !strcmp(name, vmdevice[k].id);
		if (v->bus && !strcmp(name, v->bus))
			v->port = strstr(type, "root-port") ||
			    strstr(type, "downstream");
		if (!ours && (k >= VmNodes ||
		    (!strstr(type, vmdevice[k].type[0]) &&
		    !strstr(type, vmdevice[k].type[1]))))
			continue;
		v->usb |= strstr(type, "usb-") != NULL;
		if (ours)
			v->found = FoundOurs;
		else if (!v->found)
			v->found = FoundOther;
	}
}

/* All lists were read. */
static void
devices_found(struct devices *d)
{
	struct vmdevice *v;
	int k;

	for (k = 0; k < VmDevices; k++) {
		v = &d->device[k];
		if (v->found == FoundNone)
			device_to(v, DevMissing, 0);
		else if (v->found == FoundOther)
			device_to(v, DevThere, 0);
		else if (k >= VmNodes && v->given != d->session->peer.pid)
			device_to(v, v->state == DevGoing ? DevGoing :
			    DevStale, v->due);
		else if (v->state != DevGoing)
			device_to(v, DevOurs, 0);
	}
}

static int
devices_lists(const struct devices *d)
{
	return device_isobject(&d->device[VmNodes]) ? 3 : 2;
}

static void
devices_list(void *who, const struct answer *r, msec now)
{
	struct devices *d = who;
	struct json it = { NULL, NULL };
	char name[80], type[80];

	(void)now;
	while (r->ok && !json_item(r->value, &it))
		if (!json_string(it, "name", name, sizeof(name)) &&
		    !json_string(it, "type", type, sizeof(type)))
			device_listed(d, name, type);
	if (d->list == devices_lists(d))
		devices_found(d);
}

static void
devices_look(struct devices *d, msec now)
{
	char args[80];
	int k;

	for (k = 0; !d->list && k < VmDevices; k++) {
		d->device[k].found = FoundNone;
		d->device[k].usb = d->device[k].port = 0;
	}
	snprintf(args, sizeof(args), "{\"path\":\"%s\"}", list[d->list++]);
	session_command(d->session, "qom-list", args, devices_list, d, now);
}

/* ---- what is to be done ---- */

/* 1: it was, and the reply tells more. */
static int
device_step(struct devices *d, int k, msec now)
{
	struct vmdevice *v = &d->device[k];
	char args[200];

	if (v->due > now)
		return 0;
	switch (v->state) {
	case DevMissing:
		if (k < VmNodes ? v->driver == Ps2 : !v->node)
			return 0;
		d->at = k;
		if (!v->port) {
			device_add(d, now);
			return 1;
		}
		snprintf(args, sizeof(args), "{\"path\":\"/machine/peripheral"
		    "/%s/%s\"}", v->bus, v->bus);
		session_command(d->session, "qom-list", args, device_port, d,
		    now);
		return 1;
	case DevGoing:
		warn("qmp: %s: the guest keeps a device that is gone: "
		     "asking it again", vmdevice[k].id);
		device_to(v, DevStale, 0);
		/* FALLTHROUGH */
	case DevStale:
		if (devices_going(d))
			return 0;
		device_remove(d, k, now);
		return 1;
	default:
		return 0;
	}
}

/* At the end the last one that was added goes first. */
static int
devices_leave(struct devices *d, msec now)
{
	int k = VmDevices;

	if (devices_going(d))
		return 0;
	while (k-- && d->device[k].state != DevOurs &&
	    d->device[k].state != DevStale)
		;
	if (k < 0)
		return 0;
	device_remove(d, k, now);
	return 1;
}

int
devices_next(struct devices *d, msec now)
{
	int k;

	if (d->leaving)
		return devices_leave(d, now);
	if (!d->manage)
		return 0;
	if (d->list < devices_lists(d)) {
		devices_look(d, now);
		return 1;
	}
	for (k = 0; k < VmDevices; k++)
		if (device_step(d, k, now))
			return 1;
	return 0;
}

msec
devices_due(const struct devices *d)
{
	msec due = 0;
	int k;

	if (d->leaving)
		return d->limit;
	for (k = 0; k < VmDevices; k++)
		if (d->device[k].due && (!due || d->device[k].due < due))
			due = d->device[k].due;
	return due;
}

/* Those that the guest does not let go stay. */
void
devices_timer(struct devices *d, msec now)
{
	int k;

	if (!d->limit || now < d->limit)
		return;
	d->limit = 0;
	for (k = 0; k < VmDevices; k++) {
		if (d->device[k].state < DevOurs)
			continue;
		warn("qmp: %s: the guest did not let it go: it stays until "
		     "the VM is reset", vmdevice[k].id);
		device_to(&d->device[k], DevThere, 0);
	}
}

/* ---- for others ---- */

void
devices_up(struct devices *d, msec now)
{
	int k;

	d->list = 0;
	for (k = 0; k < VmDevices; k++)
		d->device[k].until = now + NodeLimit;
}

/* Which QEMU was given a node is kept: it may be the same one next time. */
void
devices_down(struct devices *d)
{
	int k;

	for (k = 0; k < VmDevices; k++) {
		d->device[k].state = DevMissing;
		d->device[k].due = 0;
	}
}

void
devices_node(struct devices *d, int device, int route, const char *path,
             msec now)
{
	struct vmdevice *v = &d->device[VmNodes + device];

	if (!v->node) {
		v->until = now + NodeLimit;
		v->bus = route == VirtioHost ? d->device[device].bus : NULL;
	}
	v->node = path;
	v->driver = route;
	if (v->state == DevRefused)
		v->state = DevMissing;
	if (v->state == DevMissing)
		v->due = 0;
}

int
devices_there(const struct devices *d, int device)
{
	return d->device[device].state == DevThere ||
	    d->device[device].state == DevOurs;
}

int
devices_left(const struct devices *d)
{
	int k;

	for (k = 0; d->limit && k < VmDevices; k++)
		if (d->device[k].state >= DevOurs)
			return 1;
	return 0;
}
