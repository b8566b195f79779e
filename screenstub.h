/* See LICENSE for copyright and licence details.
 *
 * The table of contents: first the types config.h is written in, then one
 * section for each .c file. */
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
	const Input *extra; /* further writes, up to an empty row */
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
	const char *output;       /* of X, as xrandr names it: the host's
	                           * cable, where the window belongs */
} Monitor;

/* The argument of an action or step; which member counts is said there. */
typedef union {
	const char *const *argv; /* up to NULL */
	const char *grab;        /* Grab.name */
} Arg;

/* When the wish is the guest: most of the window can be seen, and no locker or
 * other window is over it; it has the focus, and some of it can be seen. */
enum { Visible = 1, Focused = 2 };

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
enum { Qmp, InputLinux, VirtioHost, Spice, RouteLast };

/* An action's name in config.h is its function. It ends at once with Done or
 * Failed, or answers Pending and ends its task's row later. */
enum { Failed = -1, Done, Pending };
typedef int Action(struct task *, const Arg *, msec now);
Action emergency;  /* end all grabs, release all keys on both sides, show the
                    * host by the Ddc and Exec rows of tohost[] alone */
Action exec;       /* .argv: run a command of the host */
Action grab;       /* .grab: a row of grabs[] */
Action guestexec;  /* .argv: run a command in the guest, by its agent */
Action guestreboot; /* by the agent; without one, the reset button */
Action guestshutdown; /* by the agent; without one, the power button */
Action guestwait;  /* wait until the guest's agent answers */
Action quit;       /* as if the window was closed */
Action showguest;  /* until the window is hidden or shown again */
Action showhost;
Action togglegrab; /* .grab */
Action toggleshow;
Action ungrab;     /* .grab */
Action unstickguest; /* release all keys that the guest holds */
Action unstickhost; /* release the keys that the X server thinks are down: those
                     * that were when a device was grabbed, else all */
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
	Global = 2,    /* Hotkey: whatever window has the focus */
	Exclusive = 4, /* Hotkey, with Global: nobody else gets the key;
	                * Grab by Evdev: nobody else gets what is grabbed */
	Mouse = 8,     /* Grab by X: the pointer too, which moves as the mouse
	                * does, as in games */
	Confine = 16,  /* Grab by X, with Mouse: it stays in the window */
	OnFocus = 32   /* Grab: taken with the focus, given up with it */
};

typedef struct {
	unsigned key;   /* KEY_* or BTN_* of <linux/input-event-codes.h> */
	unsigned mods;
	unsigned flags; /* OnRelease, Global, Exclusive */
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
	Switches = 32, Leds = 64, Sounds = 128
};

/* A device, or all that fit: by the path of its evdev node or of a link to it,
 * or by all that is given of the rest. */
typedef struct {
	const char *path;
	const char *name;         /* as evtest and xinput list show it */
	unsigned vendor, product; /* 0: any */
	unsigned id;              /* Grab by X: of xinput list; 0: any */
} Device;

/* A grab: by X of its keyboard and pointer, or of these devices alone; by
 * Evdev of these devices past the X server, which for the mouse needs no
 * more than a right to its node. */
typedef struct {
	const char *name;
	enum { X, Evdev } by;
	unsigned flags;      /* Exclusive, Mouse, Confine, OnFocus */
	unsigned xignore;    /* classes the window does not send meanwhile */
	unsigned ignore;     /* Evdev: classes its devices do not send */
	const char *newname; /* Evdev: all goes to a new device of the host with
	                      * this name instead; NULL: to the guest */
	const Device *devices; /* up to an empty row */
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

/* ---- input.c: what is held, where it goes ----------------------------- */

#include "qmp.h"

enum { DeviceMax = 16, GrabMax = 16, BackMax = 16 };

/* Where keys end: the guest, or a new device of the host. */
struct sink {
	unsigned char sent[KEY_CNT / 8]; /* down there */
	unsigned char count[KEY_CNT];    /* how many keys hold it */
	int late;                        /* a release could not be sent */
	/* one report; -1: not sent */
	int (*send)(struct sink *, const struct input_event *, size_t,
	            msec now);
};

/* Where packets come from: the window, or one device. A key is down there, and
 * perhaps eaten (it was a hotkey) or on (it holds its key in sink); or it is
 * foreign: down since before we looked, so that it is not ours. */
struct origin {
	struct origin *next;
	struct sink *sink;
	unsigned ignore; /* classes */
	unsigned char down[KEY_CNT / 8], foreign[KEY_CNT / 8];
	unsigned char eaten[KEY_CNT / 8], on[KEY_CNT / 8];
};

/* A uinput device of ours. */
struct node {
	struct source source; /* fd -1: there is none */
	struct input *in;
	struct sink sink;     /* of a clone */
	char path[32];        /* of its evdev node, or "" */
	unsigned char bits[EV_CNT][KEY_CNT / 8]; /* what it can send */
	uint32_t props;       /* a bit for each INPUT_PROP_* */
	unsigned char down[KEY_CNT / 8];
};

/* An evdev node that grabs want. */
struct device {
	struct source source; /* fd -1: the slot is free */
	struct origin origin;
	struct input *in;
	char path[256];
	uint64_t dev, ino;    /* which node it is */
	unsigned grabs;       /* a bit for each row */
	int exclusive;        /* wanted */
	int taken;            /* it is grabbed, or read along */
	int busy;             /* another program has it */
	int dropped;
	msec until;           /* not waited for longer */
	unsigned char bits[EV_CNT][KEY_CNT / 8]; /* what it can send */
	unsigned char hostleds;
	uint32_t props;       /* a bit for each INPUT_PROP_* */
	unsigned since;       /* of the last look at what is down */
	struct input_absinfo abs[ABS_CNT];
	struct input_event ev[ReportMax]; /* of a packet that is not whole */
	size_t n;
};

struct input {
	/* handed in */
	const Hotkey *hotkeys;
	const Hotkey *emergency; /* one row, before all others */
	const Remap *remaps;
	const Grab *grabs;
	int route;               /* Qmp and so on */
	struct qmp *qmp;
	msec withhold;           /* 0: modifiers are sent at once */
	unsigned neutral;        /* key that has no effect; 0: none */
	int hires;               /* wheels in 120th of a notch too */
	int leds;                /* the guest's, on grabbed keyboards */
	int relative;            /* the pointer, also without a grab */
	void (*fire)(const Hotkey *, msec now); /* all rows of this chord */
	/* takes a grab by X, which input_grabbed answers, or gives it up */
	void (*grabx)(const Grab *, int wanted, msec now);
	void (*grabbed)(const Grab *, int held, msec now);
	/* X thinks these are down, and will not see them go up */
	void (*unstick)(const unsigned char down[KEY_CNT / 8], msec now);

	struct source timer;
	struct sink sink;        /* the guest */
	struct origin x, *origins; /* the window; all of them */
	struct origin raw;       /* what X tells of all keys: no origin */
	struct {
		unsigned key;
		struct origin *origin;
		msec due;        /* 0: it was part of a chord */
	} back[BackMax];         /* modifiers that are withheld, in order */
	size_t nback;
	unsigned wanted, asked, held; /* grabs: a bit for each row */
	int allowed;             /* they may be held now */
	struct device device[DeviceMax];
	unsigned looks;          /* how often one was asked what is down */
	msec heard;              /* when one has last sent something */
	struct node node[VmNodes]; /* of the route */
	struct node clone[GrabMax];
	int pointer;             /* VmMouse or VmTablet: of the last motion */
	unsigned guestleds;      /* a bit for each LED_* */
	unsigned ledsknown;      /* those of which the guest has told */
	unsigned said[GrabMax];  /* a bit for each of its devices */
	unsigned char unmet[KEY_CNT / 8]; /* said that it has no way */
};
/* Makes the nodes of the route; -1: it said why it could not. */
int input_open(struct input *, msec now);
/* To be called when QEMU was told. A child keeps a node that QEMU would not let
 * go until QEMU ends: it would spin without. */
void input_close(struct input *);
/* One packet, without its SYN_REPORT. */
void input_feed(struct input *, struct origin *, const struct input_event *,
                size_t, msec now);
/* The guest holds nothing any more, for it was reset. */
void input_forget(struct input *, msec now);
/* A key anywhere in X, value 0 or 1: for chords with Global that are not
 * Exclusive. fire 0: it comes to the window too. */
void input_global(struct input *, unsigned key, int value, int fire, msec now);
/* Which keys are down anywhere in X, before input_global is told of the next;
 * none, when it will not be. */
void input_raw(struct input *, const unsigned char keys[KEY_CNT / 8]);
/* The keys that are down, a bit for each evdev code: releases what the window
 * holds and is no longer. If the focus is new, what is down and was not is
 * ignored until its release. */
void input_keymap(struct input *, const unsigned char down[KEY_CNT / 8],
                  int focus, msec now);
/* A release that was sent did not reach the guest: it is still to be sent. */
void input_lost(struct input *, unsigned key);
/* An origin's keys go elsewhere from now on: what it holds goes up, or all but
 * the modifiers. */
void input_leave(struct input *, struct origin *, int keepmods, msec now);
/* Releases in the guest all that it holds; a key that can't be released now is
 * at the next call or event. */
void input_release(struct input *, msec now);
void input_origin(struct input *, struct origin *); /* another one */
void input_unorigin(struct input *, struct origin *, msec now);

/* Grabs: takes a row; -1: it said why not now. By Evdev each device is grabbed
 * as soon as no key is down on it, and one that is missing, or goes away, when
 * it comes (back). */
int input_grab(struct input *, const Grab *, msec now);
void input_ungrab(struct input *, const Grab *, msec now);
int input_grabs(const struct input *, const Grab *); /* 1: it is wanted */
/* May grabs be held? Those that are wanted are then taken again. */
void input_allow(struct input *, int allowed, msec now);
void input_focus(struct input *, int focused, msec now);
/* What grabx asked for was taken, or, ok 0, can't be, as was said. */
void input_grabbed(struct input *, const Grab *, int ok, msec now);
/* How the window's pointer moves: 0: where it is, 1: as the mouse does, 2: not
 * at all, for a device that is grabbed moves the guest's. */
int input_pointer(const struct input *);
int input_matches(const Device *, const char *name, unsigned vendor,
                  unsigned product, unsigned id);
int input_rowempty(const Device *);
void input_uevent(struct input *, const char *action, const char *node,
                  msec now);

#endif
