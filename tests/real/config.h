/* For tests/real/real.sh: no monitors, and grabs of what its human has. -D at the
 * build: ROUTE; EXITLIMIT; OPTIONS; KEYBOARDBUS and so on, ids of ports. */
static const uint32_t background = 0x000000, foreground = 0xc0c0c0;
static const char *const instance = "screenstub";
enum { UseX = 0 };
enum { ShowOn = Visible };
enum { Close = ShowHost };
static const char *const qmpsocket = "";
static const char *const agentsocket = "";

#ifndef EXITLIMIT
#define EXITLIMIT 4000
#endif
enum {
	Settle = 48, Throttle = 100, AutoReturn = 1, ActionLimit = 5000,
	Hung = 10000, Watchdog = 0, ExitLimit = EXITLIMIT,
	ReplyGap = 50
};

#ifndef OPTIONS
#define OPTIONS 0
#endif
#ifndef ROUTE
#define ROUTE Qmp
#endif
#ifndef KEYBOARDBUS
#define KEYBOARDBUS NULL
#define MOUSEBUS NULL
#define TABLETBUS NULL
#endif
enum { KeyboardDriver = Ps2, MouseDriver = Virtio, TabletDriver = Virtio };
static const char *const keyboardbus = KEYBOARDBUS;
static const char *const mousebus = MOUSEBUS;
static const char *const tabletbus = TABLETBUS;

enum { Route = ROUTE };
enum {
	NeutralKey = KEY_MUHENKAN, StartRelative = OPTIONS,
	HiRes = OPTIONS
};
enum { EmergencyKey = KEY_BACKSPACE, EmergencyMods = Ctrl | Alt | Shift };
static const Rect guestrect = { 0, 0, 1, 1 };
static const Remap remaps[] = {
	{ KEY_F9, KEY_F10 },
	{ 0 }
};
static const Monitor monitors[] = { { 0 } };
static const Step toguest[] = { { 0 } };
static const Step tohost[] = { { 0 } };

static const char *const record[] = {
	"sh", "-c", "echo hotkey >>\"$RECORD\"", NULL
};
static const Hotkey hotkeys[] = {
	{ KEY_F12, Ctrl, 0, exec, { .argv = record } },
	{ 0 }
};

/* The links are the test's and udev's. */
static const char *const node[] = { "/run/real/node", NULL };
static const char *const linked[] = {
	"/dev/input/by-id/usb-Real-event-kbd", NULL
};
static const char *const second[] = { "Real Keyboard 2", NULL };
static const char *const mouse[] = { "Real Mouse", NULL };
static const char *const twins[] = { "Real Twin", NULL };
static const char *const many[] = {
	"Real Keyboard 3", "Real Mouse 3", "Real Tablet 3", "Real Switch 3",
	NULL
};
static const char *const pad[] = { "Real Pad", NULL };

static const Grab grabs[] = {
	/* name    by     flags            xignore ignore newname devices */
	{ "x",     X,     Mouse | Confine, 0,      0,     NULL,   NULL },
	{ "node",  Evdev, Exclusive,       0,      0,     NULL,   node },
	{ "link",  Evdev, Exclusive,       0,      0,     NULL,   linked },
	{ "name",  Evdev, Exclusive | (OPTIONS ? OnFocus : 0),
	                                   0,      0,     NULL,   second },
	{ "mouse", Evdev, Exclusive,       0,      0,     NULL,   mouse },
	{ "twins", Evdev, Exclusive,       0,      0,     NULL,   twins },
	{ "along", Evdev, 0,               Keys,   0,     NULL,   second },
	{ "clone", Evdev, Exclusive,       0,      0,     "real clone", many },
	{ "pad",   Evdev, Exclusive,       0,      0,     "real pad", pad },
	{ 0 }
};
static const Event onevent[] = { { 0 } };
