/* For tests/ddc/ddc.sh: the rows are given to the compiler. */
static const uint32_t background = 0x000000, foreground = 0xc0c0c0;
static const char *const instance = "screenstub";
enum { UseX = 0 };
enum { ShowOn = Visible };
enum { Close = ShowHost };
static const char *const qmpsocket = "";
static const char *const agentsocket = "";

enum {
	Settle = 48, Throttle = 100, AutoReturn = 1, ActionLimit = 1000,
	PowerLimit = 20000, Hung = 5000, Watchdog = 0,
	ExitLimit = 3000, ReplyGap = 50
};

enum { KeyboardDriver = Ps2, MouseDriver = Usb, TabletDriver = Usb };
static const char *const keyboardbus = NULL;
static const char *const mousebus = NULL;
static const char *const tabletbus = NULL;

static const char *const mark[] = {
	"sh", "-c", "echo alternative {} {:x} >>\"$MARK\"", NULL
};
static const char *const ddcutil[] = {
	"ddcutil", "--bus", "1", "setvcp", "60", "0x{:x}", NULL
};
static const char *const ddccontrol[] = {
	"env", "DDCCONTROL_NO_DAEMON=1", "ddccontrol", "-r", "0x60", "-w",
	"{}", "dev:/dev/i2c-1", NULL
};

static const Input kvm[] = {
	{ .code = 0xe7, .value = 0xff00 },
	{ .code = 0xe9, .source = 0x50, .value = 0x21 },
	{ 0 }
};

/* Input as in config.def.h. */
enum { Route = Qmp };
enum {
	NeutralKey = KEY_MUHENKAN, StartRelative = 0,
	HiRes = 0
};
enum { EmergencyKey = KEY_BACKSPACE, EmergencyMods = Ctrl | Alt | Shift };
static const Rect guestrect = { 0, 0, 1, 1 };
static const Remap remaps[] = { { 0 } };

static const Monitor monitors[] = { MONITORS { 0 } };
static const Step toguest[] = { STEPS { 0 } };
#ifndef TOHOST
#define TOHOST STEPS
#endif
static const Step tohost[] = { TOHOST { 0 } };
static const Hotkey hotkeys[] = { { 0 } };
static const Grab grabs[] = { { 0 } };
static const Event onevent[] = { { 0 } };
