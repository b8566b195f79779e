/* See LICENSE for copyright and licence details.
 *
 * Edit config.h and rebuild. What a column means stands beside its type in
 * screenstub.h; every table ends in an empty row, and may be emptied. */

/* Colour of the window: what the host's cable carries while the monitor shows
 * the guest. */
static const uint32_t background = 0x000000;

/* While the guest is not shown the window says why, in letters of that colour,
 * with the state of all and the hotkeys; with that of the window, nothing. */
static const uint32_t foreground = 0xc0c0c0;

/* Its WM_CLASS instance, or app_id of Wayland, for rules of window managers;
 * with -s N it ends in -N. The class is screenstub. */
static const char *const instance = "screenstub";

/* 1: by X also where Wayland is built in and there, as -x does. */
enum { UseX = 0 };

/* While what the guest is shown: Visible, Focused, or Visible | Focused; Auto
 * takes the first that the window system can tell. On a locked screen, another
 * workspace or another output it never is. */
enum { ShowOn = Auto };

/* What the window manager's key to close the window does, which may have been
 * meant for the guest: Quit, ShowHost (quits if the host is wanted already), or
 * Ignore. */
enum { Close = ShowHost };

/* QEMU's monitor and the guest agent's socket: a path that begins with '/',
 * or address:port, where address is numeric or localhost; "" for none.
 * Without a monitor the VM counts as running. -q and -a override them. */
static const char *const qmpsocket = "/tmp/vfio-qmp";
static const char *const agentsocket = "/tmp/vfio-qga";

enum {
	/* ms for which a wish must last before the monitor is switched */
	Settle = 48,
	/* ms between the end of a switch and the next */
	Throttle = 100,
	/* when the VM is back and the window still visible: 1 shows the guest
	 * again, 0 waits until the window was hidden */
	AutoReturn = 1,
	/* ms for each exec, guestexec and guestwait of hotkeys[] and
	 * onevent[]; a program that is to stay is started with setsid -f */
	ActionLimit = 10000,
	/* ms after which a VM that does not answer counts as dead */
	Hung = 5000,
	/* ms for which the agent may be silent while the guest is shown,
	 * before the host is; 0: for ever. Its port must be open there. */
	Watchdog = 0,
	/* ms for all that is done at exit */
	ExitLimit = 5000,
	/* ms between a monitor's reply and the next request to it */
	ReplyGap = 50
};

/* The input devices that the VM is to have. What it has none of is added by
 * QMP, with the ids screenstub-dev-kbd, -mouse and -tablet, and removed at
 * exit: Usb needs a USB controller in the VM (-device qemu-xhci), Virtio a
 * driver in the guest and, with machine q35, a bus that devices can be plugged
 * into: one -device pcie-root-port,id=port1,chassis=101 for each of them. Ps2
 * adds nothing; there is no tablet of that kind. */
enum { KeyboardDriver = Ps2, MouseDriver = Usb, TabletDriver = Usb };
static const char *const keyboardbus = NULL; /* id, "port1"; NULL: any */
static const char *const mousebus = NULL;
static const char *const tabletbus = NULL;

/* How keys and pointer get into the VM. Qmp needs no rights. The others are
 * uinput devices named screenstub-kbd, -mouse and -tablet, for which the udev
 * rules of samples/ are needed: with InputLinux QEMU reads them, and passes on
 * what Qmp does, in less time; with VirtioHost they appear in the guest as they
 * are, every key and both wheels included, in place of the devices above: it
 * needs a driver there and, on q35, a port on each bus above. */
enum { Route = Qmp };

enum {
	/* pressed in the guest before a modifier goes up there for a chord, or
	 * a key of the window manager, so that no menu opens: a key that does
	 * nothing; 0: none */
	NeutralKey = KEY_MUHENKAN,
	/* 1: the pointer moves as the mouse does also without a grab */
	StartRelative = 0,
	/* 1: wheels in 120ths of a notch too, with VirtioHost and for guests
	 * other than Windows, whose driver takes them for something else */
	HiRes = 0
};

/* The chord that always works: whatever has the focus or a grab, it ends all
 * grabs, releases all keys on both sides and shows the host by the Ddc and Exec
 * rows of tohost[], without asking the guest; if that fails by all rows. Under
 * Wayland the window must have the focus, or a grab by Evdev the keyboard: bind
 * a key of the compositor to screenstub -e emergency as well. */
enum { EmergencyKey = KEY_BACKSPACE, EmergencyMods = Ctrl | Alt | Shift };

/* The part of the guest's desktop that its monitor shows: all of it, but for a
 * guest with several. The right half: { 0.5, 0, 1, 1 } */
static const Rect guestrect = { 0, 0, 1, 1 };

/* Other keys for the guest, or none: for instance
 *	{ KEY_CAPSLOCK, KEY_LEFTCTRL }, { KEY_LEFTMETA, 0 }, */
static const Remap remaps[] = {
	/* key  guest */
	{ 0 }
};

/* The monitors to switch, and which input is whose. What is not given is
 * detected, where that is sure: as the host's, but by a -w that runs alone, the
 * input that is shown before there is a VM, if it is the only one listed for a
 * cable like the host's; as the guest's the first other one that the monitor
 * lists. Until the host's is known the guest is not shown. screenstub -d prints
 * rows to paste here, for instance
 *	{ .manufacturer = "DEL", .model = "DELL S2722DGM", .serial = "34RN5P3",
 *	  .host = { .value = DP1 }, .guest = { .value = HDMI1 } },
 * An LG that ignores feature 0x60, and one that sleeps deeply and lists wrong
 * values:
 *	{ .manufacturer = "GSM", .connector = "DP-2",
 *	  .host = { .code = 0xf4, .source = 0x50, .value = 0xd0 },
 *	  .guest = { .code = 0xf4, .source = 0x50, .value = 0x90 } },
 *	{ .manufacturer = "SAM", .flags = Wake, .host = { .value = HDMI1 },
 *	  .guest = { .value = 6, .readback = DP1 } },
 * An empty table is for who wants no DDC/CI. */
static const Monitor monitors[] = {
	{ .manufacturer = "*" },
	{ 0 }
};

/* How to show the guest, how to show the host: rows are run in order, and the
 * first that fails ends the switch, if no row marked orelse follows it.
 *
 * A monitor that obeys only the machine that it shows is switched back by the
 * guest (Windows: ControlMyMonitor and the like; Linux: ddcutil). In arguments
 * {} is the input in decimal, {:x} in hex:
 *	static const char *const tohostcmd[] = {
 *		"ddcutil", "setvcp", "60", "0x{:x}", NULL
 *	};
 *	{ GuestExec, { .argv = tohostcmd }, 5000, 0 },
 *	{ Ddc,       { 0 },                10000, 1 }, */
static const Step toguest[] = {
	/* kind  arg     limit  orelse */
	{ Ddc,   { 0 },  10000, 0 },
	{ 0 }
};
static const Step tohost[] = {
	{ Ddc,   { 0 },  10000, 0 },
	{ 0 }
};

/* Chords; they work while the window is visible and has the focus, or a grab
 * the keyboard; with Global always, but then the window that has the focus gets
 * the key too: where it must not, and under Wayland, which has no such keys,
 * bind the key in the window manager to screenstub -e toggleshow instead. Rows
 * of one chord run in order. Modifiers can be of one side, as LeftCtrl, and
 * With(KEY_SCROLLLOCK) is a further key, which the guest gets too, if remaps[]
 * does not turn it to 0. Ctrl, Alt and a function key are not for us: they
 * change the virtual terminal. For instance
 *	{ KEY_RIGHTCTRL, LeftCtrl, 0,      togglegrab, { .grab = "x" } },
 *	{ KEY_F12,       Meta,     Global, toggleshow, { 0 } },
 * Keys that the host takes itself can be typed, too, as one chord or, with Then
 * between, one after the other:
 *	static const unsigned console[] = {
 *		KEY_LEFTCTRL, KEY_LEFTALT, KEY_F1, Then, KEY_ENTER, 0
 *	};
 *	{ KEY_1, Ctrl | Alt, 0, guestkeys, { .keys = console } }, */
static const Hotkey hotkeys[] = {
	/* key        modifiers    flags action        argument */
	{ KEY_HOME,   Ctrl | Alt, 0,    toggleshow,   { 0 } },
	{ KEY_INSERT, Ctrl | Alt, 0,    togglegrab,   { .grab = "x" } },
	{ KEY_PAGEUP, Ctrl | Alt, 0,    unstickguest, { 0 } },
	{ KEY_END,    Ctrl | Alt, 0,    quit,         { 0 } },
	{ 0 }
};

/* Grabs. By Window the window manager's keys go to the guest too, where it lets
 * them, and with Mouse the pointer moves as the mouse does, for games. By Evdev
 * these devices are taken past X and Wayland, for which you need a right to
 * them (group input):
 *	static const char *const gaming[] = {
 *		"/dev/input/by-id/usb-Logitech_G502-event-mouse",
 *		"Keychron K2", NULL
 *	};
 *	{ "game", Evdev, Exclusive | OnFocus, 0, 0, NULL, gaming },
 *	{ "pad",  Evdev, Exclusive, 0, 0, "screenstub pad", gamepad },
 * They end when the host is to be shown, and are taken again with the guest. */
static const Grab grabs[] = {
	/* name by      flags            xignore ignore newname devices */
	{ "x",  Window, Mouse | Confine, 0,      0,     NULL,   NULL },
	{ 0 }
};

/* What to do when something has happened. That the host is shown, grabs end
 * and keys go up when the VM stops or hangs needs no row. What an exec row
 * runs finds the state in its environment: SCREENSTUB_EVENT, _SHOWN, _WISH,
 * _VM, _AGENT and _GRAB. For instance:
 *	static const char *const notify[] = {
 *		"notify-send", "The guest has panicked", NULL
 *	};
 *	{ GuestPanicked, exec,    { .argv = notify } },
 *	{ GuestShown,    grab,    { .grab = "game" } },
 *	{ Leave,         vmpause, { 0 } }, */
static const Event onevent[] = {
	/* event  action     argument */
	{ Leave,  showhost,  { 0 } },
	{ 0 }
};
