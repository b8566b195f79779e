/* See LICENSE for copyright and licence details.
 *
 * One list of lines, "key value", for -e status, the window, and the
 * environment of commands. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "core/task.h"
#include "window/text.h"

enum { NameWidth = 17, KeyWidth = 28 }; /* of columns */
enum { Variables = 5 }; /* lines that commands are told */

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

const char *const evidencename[DdcLast + 1] = {
	[DdcFailed] = "none", [DdcLast] = "none",
	[DdcSilent] = "sent, no answer before or after",
	[DdcLeft] = "another row's guest is shown",
	[DdcSent] = "sent, not read back",
	[DdcQuiet] = "sent, silent since then",
	[DdcConfirmed] = "read back",
};

/* As "ScrollLock": QEMU's name, but for those that nobody would know. */
static size_t
key_text(unsigned key, char *out, size_t size)
{
	const char *name = key == KEY_PAGEUP ? "page_up" : key == KEY_PAGEDOWN ?
	    "page_down" : key == KEY_ENTER ? "enter" : key == KEY_SPACE ?
	    "space" : qmp_keyname(key);
	int capital = 1;
	size_t n = 0;

	if (!name)
		return snprintf(out, size, "key %u", key);
	for (; *name && n + 1 < size; name++) {
		if (*name != '_')
			out[n++] = capital ? toupper((unsigned char)*name) :
			    *name;
		capital = *name == '_';
	}
	out[n] = '\0';
	return n;
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
	size_t i, n = 0;

	for (i = 0; i < LENGTH(mod) && n < size; i++)
		if (h->mods >> i & 1)
			n += snprintf(out + n, size - n, "%s+", mod[i]);
	for (i = !key[0]; i < LENGTH(key) && n < size; i++) {
		n += key_text(key[i], out + n, size - n);
		if (!i && n < size)
			n += snprintf(out + n, size - n, "+");
	}
}

/* ---- for -e status, the window and commands ---- */

void
status_lines(const struct means *m, char *out, size_t size)
{
	static const char *const agent[] = { "unknown", "down", "up" };
	static const char *const keys[] = {
		[InputNone] = "nowhere, but for hotkeys",
		[InputWakes] = "wake the guest", [InputAll] = "guest",
	};
	const struct show *show = m->show;
	enum showinput to = show_input(show);
	const struct ddc *d = m->ddc;
	const struct bus *b;
	const Grab *g;
	char input[16], held[512] = "none";
	size_t n = 0;
	unsigned value;
	int i;

	for (g = m->grabs; g->name && n < sizeof(held); g++)
		if (input_holds(m->input, g))
			n += snprintf(held + n, sizeof(held) - n, "%s%s",
			    n ? " " : "", g->name);
	/* the first five are status_environment's */
	n = snprintf(out, size, "shown %s\nwish %s\nvm %s\nagent %s\ngrab %s\n"
	    "evidence %s\nroute %s\nfront %s\nkeys %s%s\nerror %s\n",
	    sidename[show->shown], sidename[show->wanted],
	    *m->qmp->addr ? vmname[m->qmp->vm] : "unknown",
	    agent[m->agent->open + 1], held, evidencename[show->evidence],
	    routename[m->route], m->window ? m->window->front->name : "none",
	    keys[to], to && !m->focused && m->window ?
	    ", but the window has not the focus" : "",
	    *log_error ? log_error : "none");
	for (i = 0; !ddc_rowempty(d->rows + i) && n < size; i++) {
		if (!ddc_rowused(d->rows, d->only, i))
			continue;
		value = ddc_input(d, d->rows + i, show->shown);
		b = ddc_bus(d, d->rows + i);
		snprintf(input, sizeof(input), value ? "0x%02x" : "unknown",
		    value);
		n += snprintf(out + n, size - n, "monitor.%d.input %s\n"
		    "monitor.%d.model %s\n", i, input, i, !b ? "not found" :
		    *b->id.model ? b->id.model : "unknown");
	}
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
status_window(const struct means *m, char *out)
{
	const char *why = show_why(m->show);
	char lines[TextMax], *key, *value, *rest = lines;
	const Hotkey *h;
	size_t n;

	*out = '\0';
	if (!why)
		return;
	n = snprintf(out, TextMax, "The guest is not shown: %s.\n\n", why);
	status_lines(m, lines, sizeof(lines));
	while ((key = strtok_r(rest, " ", &rest)) &&
	    (value = strtok_r(rest, "\n", &rest)))
		n = text_add(out, n, NameWidth, key, value);
	n = text_add(out, n, NameWidth, "", "");
	for (h = m->hotkeys; h->key; h++)
		n = window_hotkey(out, n, h);
	window_hotkey(out, n, m->emergency);
}

/* The first of the lines. */
void
status_environment(const struct means *m, enum event event)
{
	char lines[TextMax], name[64], *key, *value, *c, *rest = lines;
	int i;

	setenv("SCREENSTUB_EVENT", eventname[event], 1);
	status_lines(m, lines, sizeof(lines));
	for (i = 0; i < Variables && (key = strtok_r(rest, " ", &rest)) &&
	    (value = strtok_r(rest, "\n", &rest)); i++) {
		snprintf(name, sizeof(name), "SCREENSTUB_%s", key);
		for (c = name; *c; c++)
			*c = toupper((unsigned char)*c);
		setenv(name, value, 1);
	}
}
