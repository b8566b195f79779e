/* See LICENSE for copyright and licence details. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/status.h"
#include "window/text.h"

enum { NameWidth = 11, KeyWidth = 28 }; /* of columns */

static const char *const routename[RouteLast] = {
	[Qmp] = "qmp", [InputLinux] = "input-linux",
	[VirtioHost] = "virtio-host",
};

static const char *const eventname[EventLast] = {
	[NoEvent] = "", [GuestShown] = "guestshown",
	[HostShown] = "hostshown", [VmStart] = "vmstart",
	[VmStop] = "vmstop", [Grabbed] = "grabbed",
	[Ungrabbed] = "ungrabbed", [AgentUp] = "agentup",
	[AgentDown] = "agentdown", [Leave] = "leave",
	[Shutdown] = "shutdown", [Powerdown] = "powerdown",
	[Reset] = "reset", [Stop] = "stop", [Resume] = "resume",
	[Suspend] = "suspend", [SuspendDisk] = "suspenddisk",
	[Wakeup] = "wakeup", [GuestPanicked] = "guestpanicked",
};

/* ---- words ---- */

static const char *
vm_text(const struct status *s)
{
	return *s->qmp->addr ? vmname[s->qmp->vm] : "unknown";
}

static const char *
agent_text(const struct status *s)
{
	return s->agent->open < 0 ? "unknown" : s->agent->open ? "up" : "down";
}

/* Those that are held, with spaces between. */
static void
grab_text(const struct status *s, char *out, size_t size)
{
	const Grab *g;
	size_t n = 0;

	*out = '\0';
	for (g = s->grabs; g->name && n < size; g++)
		if (input_holds(s->input, g))
			n += snprintf(out + n, size - n, "%s%s", n ? " " : "",
			    g->name);
}

/* Rows of monitors[] that are ours. */
static int
monitor_ours(const struct status *s, const Monitor *m)
{
	return s->only < 0 || m - s->monitors == s->only;
}

/* As "Ctrl+Alt+Home". */
static void
chord_text(const Hotkey *h, char *out, size_t size)
{
	static const char *const mod[] = {
		"Ctrl", "Shift", "Alt", "Meta", "LeftCtrl", "LeftShift",
		"LeftAlt", "LeftMeta", "RightCtrl", "RightShift", "RightAlt",
		"RightMeta",
	};
	const unsigned key[] = { h->mods >> 16, h->key };
	const char *name;
	size_t i, n = 0;

	for (i = 0; i < LENGTH(mod) && n < size; i++)
		if (h->mods >> i & 1)
			n += snprintf(out + n, size - n, "%s+", mod[i]);
	for (i = 0; i < LENGTH(key) && n < size; i++) {
		if (!key[i])
			continue;
		name = qmp_keyname(key[i]);
		n += name ? snprintf(out + n, size - n, "%c%s%s",
		    toupper((unsigned char)*name), name + 1, i ? "" : "+") :
		    snprintf(out + n, size - n, "key %u%s", key[i], i ? "" :
		    "+");
	}
}

/* ---- -e status ---- */

void
status_lines(const struct status *s, char *out, size_t size)
{
	char grab[512];
	const Monitor *m;
	unsigned value;
	size_t n;

	grab_text(s, grab, sizeof(grab));
	n = snprintf(out, size, "shown %s\nwish %s\nvm %s\nagent %s\nroute %s\n"
	    "grab %s\nerror %s\n", sidename[s->show->shown],
	    sidename[s->show->wanted], vm_text(s), agent_text(s),
	    routename[s->route], *grab ? grab : "none",
	    *log_error() ? log_error() : "none");
	for (m = s->monitors; !ddc_rowempty(m) && n < size; m++) {
		if (!monitor_ours(s, m))
			continue;
		value = ddc_input(s->ddc, m, s->show->shown);
		n += snprintf(out + n, size - n, value ?
		    "monitor.%d.input 0x%02x\n" : "monitor.%d.input unknown\n",
		    (int)(m - s->monitors), value);
	}
}

/* ---- the window ---- */

static size_t
window_monitor(const struct status *s, char *out, size_t n, const Monitor *m)
{
	unsigned value = ddc_input(s->ddc, m, s->show->shown);
	const char *model = ddc_model(s->ddc, m);
	char line[128];

	if (!model)
		snprintf(line, sizeof(line), "%s not found", m->model ?
		    m->model : !m->manufacturer || *m->manufacturer == '*' ?
		    "it is" : m->manufacturer);
	else if (value)
		snprintf(line, sizeof(line), "%s: %s (0x%02x)", model,
		    ddc_inputname(value), value);
	else
		snprintf(line, sizeof(line), "%s: which input is not known",
		    model);
	return text_add(out, n, NameWidth, "monitor", line);
}

static size_t
window_hotkey(char *out, size_t n, const Hotkey *h)
{
	char chord[160], line[128];

	chord_text(h, chord, sizeof(chord));
	action_text(line, sizeof(line), h->action, &h->arg);
	return text_add(out, n, KeyWidth, chord, line);
}

void
status_window(const struct status *s, char *out)
{
	const char *why = show_why(s->show);
	char grab[512];
	const Hotkey *h;
	const Monitor *m;
	size_t n;

	*out = '\0';
	if (!why)
		return;
	grab_text(s, grab, sizeof(grab));
	n = snprintf(out, TextMax, "The guest is not shown: %s.\n\n", why);
	for (m = s->monitors; !ddc_rowempty(m); m++)
		if (monitor_ours(s, m))
			n = window_monitor(s, out, n, m);
	n = text_add(out, n, NameWidth, "VM", vm_text(s));
	n = text_add(out, n, NameWidth, "agent", agent_text(s));
	n = text_add(out, n, NameWidth, "route", routename[s->route]);
	n = text_add(out, n, NameWidth, "grab", *grab ? grab : "none");
	n = text_add(out, n, NameWidth, "last error", *log_error() ?
	    log_error() : "none");
	n = text_add(out, n, NameWidth, "", "");
	for (h = s->hotkeys; h->key; h++)
		n = window_hotkey(out, n, h);
	window_hotkey(out, n, s->emergency);
}

/* ---- commands ---- */

void
status_environment(const struct status *s, enum event event)
{
	char grab[512];

	grab_text(s, grab, sizeof(grab));
	setenv("SCREENSTUB_EVENT", eventname[event], 1);
	setenv("SCREENSTUB_SHOWN", sidename[s->show->shown], 1);
	setenv("SCREENSTUB_WISH", sidename[s->show->wanted], 1);
	setenv("SCREENSTUB_VM", vm_text(s), 1);
	setenv("SCREENSTUB_AGENT", agent_text(s), 1);
	setenv("SCREENSTUB_GRAB", grab, 1);
}
