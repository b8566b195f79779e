/* For tests/qmp/vm.sh: short limits, and a row for each event that writes down
 * what it finds. -D at the build: DOG, a watchdog; NODDC, no monitor; VIRTIO,
 * PORTS, other devices. */
static const uint32_t background = 0x000000, foreground = 0xc0c0c0;
static const char *const instance = "screenstub";
enum { UseX = 0 };
enum { ShowOn = Visible };
enum { Close = Quit };
static const char *const qmpsocket = "";
static const char *const agentsocket = "";

#ifndef DOG
#define DOG 0
#endif
enum {
	Settle = 48, Throttle = 100, AutoReturn = 1, ActionLimit = 4000,
	Hung = 1500, Watchdog = DOG, ExitLimit = 3000,
	ReplyGap = 50
};

#ifdef PORTS
#define PORT(n) "port" #n
#else
#define PORT(n) NULL
#endif
enum {
	KeyboardDriver = Ps2,
#ifdef VIRTIO
	MouseDriver = Virtio, TabletDriver = Virtio
#elif defined(PS2)
	MouseDriver = Ps2, TabletDriver = Ps2
#else
	MouseDriver = Usb, TabletDriver = Usb
#endif
};
static const char *const keyboardbus = NULL;
static const char *const mousebus = PORT(1);
static const char *const tabletbus = PORT(2);

/* Input as in config.def.h. */
enum { Route = Qmp };
enum {
	NeutralKey = KEY_MUHENKAN, StartRelative = 0,
	HiRes = 0
};
enum { EmergencyKey = KEY_BACKSPACE, EmergencyMods = Ctrl | Alt | Shift };
static const Rect guestrect = { 0, 0, 1, 1 };
static const Remap remaps[] = { { 0 } };

static const Monitor monitors[] = {
#ifndef NODDC
	{ .manufacturer = "DEL", .host = { .value = DP1 },
	  .guest = { .value = HDMI1 } },
#endif
	{ 0 }
};

static const Step toguest[] = {
	{ Ddc, { 0 }, 10000, 0 },
	{ 0 }
};
static const Step tohost[] = {
	{ Ddc, { 0 }, 10000, 0 },
	{ 0 }
};

static const char *const hang[] = { "sleep", "86398", NULL };
static const char *const mark[] = {
	"sh", "-c", "echo hotkey >>\"$RECORD\"", NULL
};
static const Hotkey hotkeys[] = {
	{ KEY_F5, Ctrl, 0, exec,       { .argv = hang } },
	{ KEY_F5, Ctrl, 0, exec,       { .argv = mark } },
	{ KEY_F6, Ctrl, 0, exec,       { .argv = mark } },
	{ KEY_F7, Ctrl, 0, toggleshow, { 0 } },
	{ 0 }
};

static const Grab grabs[] = {
	{ "x", X, Mouse | Confine, 0, 0, NULL, NULL },
	{ 0 }
};

static const char *const event[] = {
	"sh", "-c", "echo \"$SCREENSTUB_EVENT shown=$SCREENSTUB_SHOWN "
	"wish=$SCREENSTUB_WISH vm=$SCREENSTUB_VM agent=$SCREENSTUB_AGENT "
	"grab=$SCREENSTUB_GRAB\" >>\"$RECORD\"", NULL
};
/* What the test has put there, if anything. */
static const char *const leavehook[] = {
	"sh", "-c", "[ ! -e \"$RECORD.leave\" ] || . \"$RECORD.leave\"", NULL
};
static const char *const last[] = {
	"sh", "-c", "echo last >>\"$RECORD\"", NULL
};
/* A device that follows the switch. */
#ifdef FOLLOW
static const char plug[] = "{\"execute\":\"device_add\",\"arguments\":{"
	"\"driver\":\"usb-hub\",\"id\":\"follower\"}}";
static const char unplug[] = "{\"execute\":\"device_del\",\"arguments\":{"
	"\"id\":\"follower\"}}";
#endif
#define ROW(e) { e, exec, { .argv = event } }
static const Event onevent[] = {
	ROW(GuestShown), ROW(HostShown), ROW(VmStart), ROW(VmStop),
	ROW(Grabbed), ROW(Ungrabbed), ROW(AgentUp), ROW(AgentDown),
	ROW(Leave), ROW(Shutdown), ROW(Powerdown), ROW(Reset), ROW(Stop),
	ROW(Resume), ROW(Suspend), ROW(SuspendDisk), ROW(Wakeup),
	ROW(GuestPanicked),
	{ Leave, exec, { .argv = leavehook } },
	{ Leave, exec, { .argv = last } },
#ifdef FOLLOW
	{ GuestShown, qmp, { .json = plug } },
	{ HostShown,  qmp, { .json = unplug } },
#endif
	{ 0 }
};
