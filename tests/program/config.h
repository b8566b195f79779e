/* For tests/program/e2e.sh: every kind of row, short limits, no return by itself. */
static const uint32_t background = 0x000000, foreground = 0xc0c0c0;
static const char *const instance = "screenstub";
enum { UseX = 0 };
enum { ShowOn = Visible };
enum { Close = ShowHost };
static const char *const qmpsocket = "";
static const char *const agentsocket = "";

enum {
	Settle = 48, Throttle = 100, AutoReturn = 0, ActionLimit = 1000,
	Hung = 5000, Watchdog = 0, ExitLimit = 3000,
	ReplyGap = 50
};

enum { KeyboardDriver = Ps2, MouseDriver = Usb, TabletDriver = Usb };
static const char *const keyboardbus = NULL;
static const char *const mousebus = NULL;
static const char *const tabletbus = NULL;

#define RECORD(name, text) static const char *const name[] = { \
	"sh", "-c", "echo " text " >>\"$RECORD\"", NULL }
RECORD(recguest, "guest");
RECORD(rechost, "host");
RECORD(recshown, "guestshown");
RECORD(rechidden, "hostshown");
RECORD(recstart, "vmstart");
RECORD(recstop, "vmstop");
RECORD(recleave, "leave");
RECORD(recfirst, "first");
RECORD(recsecond, "second");
RECORD(recrelease, "release");
RECORD(recglobal, "global");
static const char *const no[] = { "false", NULL };
static const char *const nodes[] = { "/nonexistent/event0", NULL };
static const char *const guestno[] = { "/bin/false", NULL };
static const char *const guestis[] = {
	"/bin/busybox", "test", "{} 0x{:x}", "=", "17 0x11", NULL
};

/* Input as in config.def.h. */
enum { Route = Qmp };
enum {
	NeutralKey = KEY_MUHENKAN, StartRelative = 0,
	HiRes = 0
};
enum { EmergencyKey = KEY_BACKSPACE, EmergencyMods = Ctrl | Alt | Shift };
static const Rect guestrect = { 0.5, 0, 1, 0.5 };
static const Remap remaps[] = { { 0 } };

static const Monitor monitors[] = {
	{ .manufacturer = "DEL", .host = { .value = DP1 },
	  .guest = { .value = HDMI1 } },
	{ .manufacturer = "SAM", .connector = "HDMI-A-1",
	  .host = { .value = DP1 }, .guest = { .value = HDMI2 } },
	{ 0 }
};

static const Step toguest[] = {
	{ GuestWait, { 0 },               5000,  0 },
	{ Exec,      { .argv = recguest }, 1000,  0 },
	{ GuestExec, { .argv = guestis },  5000,  0 },
	{ Ddc,       { 0 },               10000, 0 },
	{ Exec,      { .argv = no },      1000,  1 },
	{ 0 }
};
static const Step tohost[] = {
	{ GuestExec, { .argv = guestno }, 5000,  0 },
	{ Ddc,       { 0 },               10000, 1 },
	{ GuestExec, { .argv = guestno }, 5000,  1 },
	{ Exec,      { .argv = rechost }, 0,     0 },
	{ 0 }
};

static const Hotkey hotkeys[] = {
	{ KEY_F5, Ctrl, 0,         exec, { .argv = recfirst } },
	{ KEY_F5, Ctrl, 0,         exec, { .argv = no } },
	{ KEY_F5, Ctrl, 0,         exec, { .argv = recsecond } },
	{ KEY_F6, Ctrl, OnRelease, exec, { .argv = recrelease } },
	{ KEY_F7, Ctrl, Global,    exec, { .argv = recglobal } },
	{ KEY_F9, Ctrl, Global,    togglegrab, { .grab = "x" } },
	{ 0 }
};

static const Grab grabs[] = {
	{ "x", X, Mouse | Confine, 0, 0, NULL, NULL },
	{ "y", X, Mouse, 0, 0, NULL, NULL },
	{ "nodes", Evdev, Exclusive, 0, 0, NULL, nodes },
	{ 0 }
};

static const Event onevent[] = {
	{ GuestShown, exec, { .argv = recshown } },
	{ HostShown,  exec, { .argv = rechidden } },
	{ VmStart,    exec, { .argv = recstart } },
	{ VmStop,     exec, { .argv = recstop } },
	{ Leave,      exec, { .argv = no } },
	{ Leave,      exec, { .argv = recleave } },
	{ 0 }
};
