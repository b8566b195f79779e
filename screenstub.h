/* See LICENSE for copyright and licence details.
 *
 * The words that config.h is written in. */
#ifndef SCREENSTUB_H
#define SCREENSTUB_H

#include <linux/input.h>

#include "core/loop.h"

struct task;

/* ---- for config.h ----------------------------------------------------- */

/* Whose picture the monitor shows. */
enum side { Unknown, Host, Guest };

/* Values of VCP feature 0x60, Input Source: MCCS 2.2a, and what vendors
 * added (USBC1 is Dell's and others' USB-C or Thunderbolt). */
enum {
	VGA1 = 0x01, VGA2, DVI1, DVI2, Composite1, Composite2, SVideo1,
	SVideo2, Tuner1, Tuner2, Tuner3, Component1, Component2, Component3,
	DP1, DP2, HDMI1, HDMI2, HDMI3,
	USBC1 = 0x1b
};

/* What to write to a monitor to make it show an input. */
typedef struct Input Input;
struct Input {
	unsigned code;      /* VCP code 1..0xff; 0: 0x60, Input Source */
	unsigned source;    /* source address; 0: 0x51 (LG's other: 0x50) */
	unsigned value;     /* 1..0xffff, a name above; 0: detected */
	unsigned readback;  /* what Get says when it is shown; 0: value */
	const Input *extra; /* written before it, up to an empty row */
};

/* Monitor.flags */
enum {
	Blind = 1, /* read neither before nor after, if .value is given */
	Wake = 2,  /* turn the power on before (0xd6 = 1) */
	Save = 4   /* save the settings after (wears the EEPROM) */
};

/* A monitor and its two inputs. It is found by the members that are given;
 * manufacturer "*" alone stands for the only monitor there is. */
typedef struct {
	const char *manufacturer; /* three letters of the EDID: "DEL"; names
	                           * are compared without case */
	const char *model;        /* EDID name: "DELL S2722DGM" */
	const char *serial;       /* EDID serial string */
	uint32_t serialno;        /* EDID serial number; 0: any */
	unsigned product;         /* EDID product code; 0: any */
	const char *connector;    /* DRM name: "DP-1" or "card1-DP-1" */
	const char *bus;          /* "i2c-5" */
	Input host, guest;
	unsigned flags;
	unsigned repeat;          /* how often all is written; 0: once */
	const char *output;       /* as xrandr or the compositor names it: the
	                           * host's cable, where the window belongs */
} Monitor;

/* The argument of an action or step; which member counts is said there. */
typedef union {
	const char *const *argv; /* up to NULL */
	const char *grab;        /* Grab.name */
	const unsigned *keys;    /* KEY_* up to 0, of which those of a chord
	                          * are held together */
	const char *json;        /* one command of QMP's */
} Arg;
enum { Then = KEY_CNT }; /* in .keys: another chord follows */

/* When the wish is the guest: most of the window can be seen, and no locker or
 * other window is over it; it has the focus, and some of it can be seen. Auto
 * is Visible, but Focused where the window system can't tell what is seen. */
enum { Auto, Visible, Focused };

/* What closing the window does. ShowHost: while the guest is shown, or on the
 * way there, the host; else it quits. */
enum { Quit, ShowHost, Ignore };

/* Row of toguest[] and tohost[]. */
enum kind { NoStep, Ddc, Exec, GuestExec, GuestWait };
typedef struct {
	enum kind kind;
	Arg arg;    /* Exec, GuestExec: argv; {} and {:x} in it are the input,
	             * decimal and as two hex digits */
	msec limit; /* 1.. ms; with Exec 0: started and not waited for */
	int orelse; /* only if the row before it failed, which then is not an
	             * error */
} Step;

/* How the VM gets its keyboard, mouse and tablet, if it has none: ps2 is there
 * in every PC, and has no tablet. */
enum { Ps2, Usb, Virtio };

/* How input gets into the VM: by QMP's input-send-event; by uinput nodes that
 * QEMU reads, or by ones that it passes on. */
enum { Qmp, InputLinux, VirtioHost, RouteLast };

/* An action's name in config.h is its function. It ends at once with Done or
 * Failed, or answers Pending and ends its task's row later. */
enum { Failed = -1, Done, Pending };
typedef int Action(struct task *, msec now);
Action emergency;  /* end all grabs, release all keys on both sides, show the
                    * host by the Ddc and Exec rows of tohost[] alone */
Action exec;       /* .argv: run a command of the host */
Action grab;       /* .grab: a row of grabs[] */
Action guestexec;  /* .argv: run a command in the guest, by its agent */
Action guestkeys;  /* .keys: type them in the guest */
Action guestreboot; /* by the agent; without one, the reset button */
Action guestshutdown; /* by the agent; without one, the power button */
Action guestwait;  /* wait until the guest's agent answers */
Action qmp;        /* .json: let QEMU do it */
Action quit;       /* show the host and end */
Action showguest;  /* until the window is hidden or shown again; it is brought
                    * to the front, with the focus */
Action showhost;
Action togglegrab; /* .grab */
Action toggleshow;
Action togglewindow; /* the same, and with the host the window is taken away */
Action ungrab;     /* .grab */
Action unstickguest; /* release all keys that the guest holds */
Action unstickhost; /* release the keys that the window system thinks are
                     * down */
Action vmpause;    /* show the host, then stop the VM */
Action vmresume;

/* Modifiers; of the first four the left or the right key will do. One more,
 * which may be any key, is With(KEY_*). */
enum {
	Ctrl = 1, Shift = 2, Alt = 4, Meta = 8,
	LeftCtrl = 0x10, LeftShift = 0x20, LeftAlt = 0x40, LeftMeta = 0x80,
	RightCtrl = 0x100, RightShift = 0x200, RightAlt = 0x400,
	RightMeta = 0x800
};
#define With(key) ((unsigned)(key) << 16)

/* Flags of hotkeys and grabs; each says where it may stand. */
enum {
	OnRelease = 1, /* Hotkey: when the key is released */
	Global = 2,    /* Hotkey: whatever window of X has the focus */
	Exclusive = 4, /* Grab by Evdev: nobody else gets what is grabbed */
	Mouse = 8,     /* Grab by Window: the pointer too, which moves as the
	                * mouse does, as in games */
	Confine = 16,  /* Grab by Window, with Mouse: it stays there */
	OnFocus = 32   /* Grab: taken with the focus, given up with it */
};

typedef struct {
	unsigned key;   /* KEY_* or BTN_* of <linux/input-event-codes.h> */
	unsigned mods;
	unsigned flags; /* OnRelease, Global */
	Action *action;
	Arg arg;
} Hotkey;

/* What the guest gets for a key or button. */
typedef struct {
	unsigned key, guest; /* KEY_* or BTN_*; guest 0: nothing */
} Remap;

/* Classes of events, to be added up. */
enum {
	Keys = 1, Buttons = 2, Relative = 4, Absolute = 8, Misc = 16,
	Switches = 32
};

/* A grab: by Window of the keyboard and the pointer of X or Wayland; by Evdev
 * of these devices past both, which needs no more than a right to their nodes.
 * X is an older name of Window. */
enum { GrabMax = 16 }; /* rows */
typedef struct {
	const char *name;
	enum { Window, X = Window, Evdev } by;
	unsigned flags;      /* Exclusive, Mouse, Confine, OnFocus */
	unsigned xignore;    /* classes the window does not send meanwhile */
	unsigned ignore;     /* Evdev: classes its devices do not send */
	const char *newname; /* Evdev: all goes to a new device of the host with
	                      * this name instead; NULL: to the guest */
	/* Evdev, up to NULL: the path of an evdev node or of a link to it, or
	 * the name of all that have it, as evtest shows it */
	const char *const *devices;
} Grab;

/* A part of the guest's desktop: 0 is its left or upper edge, 1 the other. */
typedef struct {
	double left, top, right, bottom;
} Rect;

/* Moments at which rows of onevent[] run, in their order. From Shutdown on
 * they are QEMU's own (qapi/run-state.json), and come after what the program
 * itself does then. */
enum event {
	NoEvent, GuestShown, HostShown, VmStart, VmStop, Grabbed, Ungrabbed,
	AgentUp, AgentDown, Leave,
	Shutdown, Powerdown, Reset, Stop, Resume, Suspend, SuspendDisk,
	Wakeup, GuestPanicked, EventLast
};
typedef struct {
	enum event event;
	Action *action;
	Arg arg;
} Event;


#endif
