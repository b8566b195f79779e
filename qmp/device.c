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

/* Where they are listed; the last one has input-linux' objects. */
static const char *const list[] = { "/machine/peripheral",
	"/machine/peripheral-anon", "/objects" };

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
	const char *hint = v->bus ? ": is it its bus in config.h?" : "";

	if (v->node && strstr(text, "Permission denied"))
		hint = ": let QEMU's user read it by the udev rules in "
		    "samples/; under libvirt see samples/libvirt.xml";
	else if (strstr(text, "hotplug") && !v->bus)
		hint = ": give the VM -device pcie-root-port,id=screenstub1,"
		    "chassis=101 for it, and name its id in config.h";
	else if (strstr(text, "usb-bus"))
		hint = ": give the VM -device qemu-xhci";
	warn("qmp: %s: %s%s", device_driver(d, d->at), text, hint);
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

	if (device_isobject(v))
		snprintf(args, sizeof(args), "{\"qom-type\":\"input-linux\","
		    "\"id\":\"%s\",\"evdev\":\"%s\",\"grab-toggle\":"
		    "\"ctrl-scrolllock\"}", id, node);
	else
		snprintf(args, sizeof(args), "{\"driver\":\"%s\",\"id\":"
		    "\"%s\"%s%s%s%s%s%s}", device_driver(d, d->at), id,
		    bus ? ",\"bus\":\"" : "", bus ? bus : "", bus ? "\"" :
		    "", node ? ",\"evdev\":\"" : "", node ? node : "",
		    node ? "\"" : "");
	session_command(d->session, device_isobject(v) ? "object-add" :
	    "device_add", args, device_added, d, now);
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

	while (r->ok && !json_item(r->value, &it))
		taken |= !json_string(it, "name", name, sizeof(name)) &&
		    !strncmp(name, "child[", 6);
	if (!taken) {
		device_add(d, now);
		return;
	}
	warn("qmp: %s: there is a device on port %s already: name a free one "
	     "in config.h", device_driver(d, d->at), v->bus);
	device_to(v, DevRefused, 0);
}

/* ---- removing ---- */

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
		device_to(v, DevMissing, 0);
	else if (!r->ok && !d->leaving)
		device_denied(d, r->text);
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
	for (k = 0; k < VmDevices; k++)
		if (!strcmp(name, vmdevice[k].id)) {
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
		if (ours || v->found == DevMissing)
			v->found = ours ? DevOurs : DevThere;
	}
}

static void
devices_list(void *who, const struct answer *r, msec now)
{
	struct devices *d = who;
	struct vmdevice *v = d->device;
	struct json it = { NULL, NULL };
	char name[80], type[80];

	(void)now;
	while (r->ok && !json_item(r->value, &it))
		if (!json_string(it, "name", name, sizeof(name)) &&
		    !json_string(it, "type", type, sizeof(type)))
			device_listed(d, name, type);
	for (; d->list == (int)LENGTH(list) && v < d->device + VmDevices; v++)
		if (v->found < DevOurs)
			device_to(v, v->found, 0);
		else if (v->state != DevGoing)
			device_to(v, v < d->device + VmNodes ||
			    v->given == d->session->peer.pid ? DevOurs :
			    DevStale, 0);
}

/* ---- what is to be done ---- */

/* 1: it was, and the reply tells more. */
static int
device_step(struct devices *d, int k, int going, msec now)
{
	struct vmdevice *v = &d->device[k];
	char args[200];

	if (v->due > now)
		return 0;
	if (v->state == DevMissing && (k < VmNodes ? v->driver != Ps2 :
	    v->node != NULL)) {
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
	}
	if (v->state == DevGoing)
		warn("qmp: %s: the guest keeps a device that is gone: "
		     "asking it again", vmdevice[k].id);
	if (v->state == DevGoing || (v->state == DevStale && !going)) {
		device_remove(d, k, now);
		return 1;
	}
	return 0;
}

int
devices_next(struct devices *d, msec now)
{
	char args[80];
	int k, going = 0;

	for (k = 0; k < VmDevices; k++)
		going |= d->device[k].state == DevGoing;
	/* at the end the last one that was added goes first */
	for (; d->leaving && !going && k--;)
		if (d->device[k].state == DevOurs ||
		    d->device[k].state == DevStale) {
			device_remove(d, k, now);
			return 1;
		}
	if (d->leaving && !going)
		d->limit = 0;
	if (d->leaving || !d->manage)
		return 0;
	if (d->list < (int)LENGTH(list)) {
		for (k = 0; !d->list && k < VmDevices; k++) {
			d->device[k].found = DevMissing;
			d->device[k].usb = d->device[k].port = 0;
		}
		snprintf(args, sizeof(args), "{\"path\":\"%s\"}",
		    list[d->list++]);
		session_command(d->session, "qom-list", args, devices_list, d,
		    now);
		return 1;
	}
	for (k = 0; k < VmDevices && !device_step(d, k, going, now); k++)
		;
	return k < VmDevices;
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
		warn("qmp: %s: the guest did not let it go: it stays until "
		     "the VM is reset", vmdevice[k].id);
		device_to(v, DevThere, 0);
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

	for (d->list = 0; v < d->device + VmDevices; v++) {
		v->state = DevMissing;
		v->due = 0;
		v->until = now + NodeLimit;
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
