/* See LICENSE for copyright and licence details.
 *
 * screenstub: a software KVM switch for virtual machines with a graphics card
 * of their own, and one monitor with two cables.
 *
 * There is a black fullscreen window. While it is visible the wish is that
 * the monitor shows the guest, else the host (see wish). A wish that lasts is
 * carried out by the rows of toguest[] or tohost[], one after the other (see
 * showbegin, shownext). What takes time is a job: a command on the host, one
 * in the guest, or DDC/CI in a child process for each graphics card; it ends
 * with a call of its done, or at its limit. Hotkeys and events run rows of
 * actions, each such list as a task of its own.
 *
 * Everything that is waited for is a struct source in one table, and run is
 * the only place that waits or reads the clock. X requests that have a reply
 * are asked in one pass and answered in another (see ask).
 *
 * The user must never be left with a dead monitor or keyboard: all ends of
 * the program but a second signal go through leave, and whatever happens to
 * the VM changes the wish to the host.
 *
 * Start reading at main. */
#include <sys/prctl.h>
#include <sys/select.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <libudev.h>
#include <xcb/xcb.h>
#include <xcb/xcbext.h>
#include <xcb/xinput.h>
#include <xcb/xkb.h>
#include <xcb/xtest.h>

#include "screenstub.h"

enum {
	SourceMax = 96, TaskMax = 16, RowMax = 16, ClientMax = 8, AskMax = 128,
	RequestMax = 4096, ArgMax = 256, Grid = 5, SlaveMax = 32
};

/* Times in ms. */
enum {
	VisibleEvery = 30,   /* at the most, the window is looked at */
	GrabEvery = 30,      /* X is asked again for a grab */
	GrabBusy = 2000,     /* for another program to let go */
	GrabWait = 10000,    /* for all keys to be up */
	TermGrace = 1000,    /* between TERM and KILL */
	ReplyGrace = 300,    /* for a child to tell before its limit */
	RetryFirst = 2000,   /* of a switch to the host that failed */
	RetryMax = 30000,
	BounceWait = 3000,   /* until it is seen whether a switch has lasted */
	VerifyLimit = 2000,
	ResumeWait = 3000,   /* until logind has given rights back */
	OpenEvery = 250,
	QuickLimit = 2500,   /* of DDC/CI with an alternative */
	ReapLimit = 1000,    /* of a child that was killed */
	SleepLeast = 500,    /* less is the difference of two readings */
	DetectLimit = 20000,
	AgentLimit = 3000,   /* for an agent to take a shutdown */
	RequestLimit = 60000 /* for -e, besides PowerLimit */
};

/* Kinds of jobs that can't be rows of toguest[] or tohost[]. */
enum { Command = GuestWait + 1, Power };

/* Whether X has the keyboard, the pointer or a device grabbed for us. */
enum { Keyboard = -2, Pointer = -1 }; /* else an index of x.slave */

/* A device of X below its master pointer or keyboard. */
struct slave {
	unsigned id;          /* 0: the slot is free */
	int seen;             /* still there */
	char name[80];
	unsigned vendor, product;
	int ours;             /* the route's own */
	int absolute;         /* its first two valuators are */
	double rest[4];       /* fractions of x, y and both wheels */
	unsigned wheel[2];    /* valuators of these; 0: none */
	double notch[2];      /* what they are turned by in one */
	int held;             /* it is grabbed, by itself */
	struct origin origin;
};

enum atom {
	NetState, NetFullscreen, NetName, NetPid, NetPing, NetType,
	NetTypeNormal, NetBypass, WmProtocols, WmDelete, Utf8String,
	WmMachine, ProductId, AtomLast
};

/* A process that was started and has to be reaped. */
struct child {
	struct child *next;
	pid_t pid;
	void (*ended)(struct child *, int status, msec now);
};

/* One thing that takes time. done is called once, unless it is cancelled. */
struct job {
	struct source timer;
	int kind;         /* NoStep: it is not running */
	int late;         /* Exec: it was told to end; Power: it was said */
	const char *name;
	enum event event; /* Exec: why */
	enum event until; /* Power: what ends it */
	msec due;         /* Power: the limit of it all */
	struct child child;
	struct agentjob agent;
	struct qmpjob qmp;
	void (*done)(struct job *, int ok, msec now);
};

/* A list of actions that are run one after the other. */
struct task {
	struct job job;
	int busy, failed;
	int strict; /* a row that fails is the last */
	struct {
		Action *action;
		Arg arg;
	} row[RowMax];
	size_t nrow, next;
	enum side waits;       /* for this side to be shown */
	int pausing;           /* for the host, to stop the VM then */
	struct client *client; /* who is told how it went */
};

/* A graphics card, and the child that drives its buses. */
struct card {
	struct source pipe;
	struct child child;
	char path[128];
	size_t awaited; /* records still to come */
	int dead;       /* its child hangs, and is not waited for */
};

struct options {
	enum { Run, Detect, Request, Help, Version, Switch } mode;
	enum side side;
	int confirm;
	const char *qmp, *agent;
};

/* Somebody who asked by -e. */
struct client {
	struct source source;
	int busy;
	char buf[RequestMax];
	size_t len;
	const char *argv[RequestMax + 1];
};

static msec actionlimit(const struct task *, msec now);
static void agentdone(struct agentjob *, int ok, msec now);
static void agentport(struct qmp *, int open, msec now);
static void answer(struct client *, const char *);
static void ask(unsigned sequence, void (*)(void *reply, msec now));
static void askfor(unsigned sequence, void (*)(void *, msec), int arg);
static void button(xcb_generic_event_t *, msec now);
static void buttons(struct origin *, unsigned detail, int value, msec now);
static void cardended(struct child *, int status, msec now);
static struct card *cardof(const struct bus *);
static void cardread(struct source *, unsigned got, msec now);
static void checkaction(Action *, const Arg *, const char *list, int row);
static void checkconfig(void);
static void checkgrab(const Grab *, int row);
static void checkinput(const Input *, int row, const char *side);
static void childstart(struct child *, pid_t);
static void clientmessage(xcb_generic_event_t *, msec now);
static void clientread(struct source *, unsigned got, msec now);
static msec clockms(clockid_t);
static void commanddone(struct qmpjob *, int ok, msec now);
static int commandstart(struct job *, const char *, msec now);
static void configurenotify(xcb_generic_event_t *, msec now);
static void controlopen(const char *path);
static void controlpath(char *, size_t);
static void controlready(struct source *, unsigned got, msec now);
static void crossing(xcb_generic_event_t *, msec now);
static void ddcbegin(enum ddcop, enum side, int quick, msec limit, msec now);
static int ddcbusy(void);
static void ddccancel(void);
static int ddclaunch(enum ddcop, msec now);
static void ddclimit(struct source *, unsigned got, msec now);
static void ddcstep(msec now);
static void destroynotify(xcb_generic_event_t *, msec now);
static void detect(void);
static void dirty(xcb_generic_event_t *, msec now);
static void dogdone(struct job *, int ok, msec now);
static void dogtimer(struct source *, unsigned got, msec now);
static void environment(enum event);
static void execended(struct child *, int status, msec now);
static const char *const *expand(const char *const *argv, enum side);
static void fire(enum event, msec now);
static void firehotkey(const Hotkey *, msec now);
static void focusin(xcb_generic_event_t *, msec now);
static void focusout(xcb_generic_event_t *, msec now);
static void from(struct origin *, msec now);
static void gotgeometry(void *, msec now);
static void gotgrab(void *, msec now);
static void gothit(void *, msec now);
static void gotkeymap(void *, msec now);
static void gotkeys(void *, msec now);
static void gotorigin(void *, msec now);
static void gotproduct(void *, msec now);
static void gotraw(void *, msec now);
static void gotroot(void *, msec now);
static void gotslaves(void *, msec now);
static void gottree(void *, msec now);
static void gotunstuck(void *, msec now);
static void grabchanged(const Grab *, int held, msec now);
static const char *grabname(void);
static void grabtimer(struct source *, unsigned got, msec now);
static int guestthere(int kind, const char *name);
static unsigned inputof(enum side);
static void jobcancel(struct job *, msec now);
static void jobend(struct job *, int ok, msec now);
static void joblimit(struct source *, unsigned got, msec now);
static int jobstart(struct job *, int kind, const Arg *, msec limit,
                    msec now);
static int jobtimer(struct job *, int kind, const char *name, msec limit,
                    msec now);
static void key(struct origin *, unsigned code, int value, msec now);
static void keymapnotify(xcb_generic_event_t *, msec now);
static void keypress(xcb_generic_event_t *, msec now);
static void keyrelease(xcb_generic_event_t *, msec now);
static void leave(int status, msec now);
static void leavelimit(struct source *, unsigned got, msec now);
static void leavenow(void);
static msec leavetime(msec now);
static void logline(const char *, va_list);
static void look(msec now);
static void looktimer(struct source *, unsigned got, msec now);
static void lost(struct qmp *, unsigned key);
static void mapnotify(xcb_generic_event_t *, msec now);
static void motionflush(msec now);
static void motionnotify(xcb_generic_event_t *, msec now);
static const Grab *namedgrab(const char *);
static int options(struct options *, int argc, char *argv[]);
static void passivekey(const xcb_key_press_event_t *, int value, msec now);
static void poke(msec now);
static int power(struct task *, enum agentop, enum event, msec now);
static void poweragent(struct agentjob *, int ok, msec now);
static void powerbutton(struct job *, msec now);
static void powerdone(struct qmpjob *, int ok, msec now);
static void powerend(enum event, int ok, msec now);
static void printmonitor(const struct bus *, const struct ddcrecord *,
                         int first);
static void rawmotion(const xcb_input_raw_motion_event_t *, msec now);
static void reap(msec now);
static void relative(struct slave *, int axis, unsigned code, double);
static int request(int argc, char *argv[]);
static void resumed(msec now);
static void run(void);
static void setvisible(int visible, msec now);
static void showbegin(msec now);
static void showdone(struct job *, int ok, msec now);
static void showend(int ok, msec now);
static void shownext(msec now);
static void showtell(msec now);
static void showtimer(struct source *, unsigned got, msec now);
static int showwant(struct task *, enum side, msec now);
static void signalready(struct source *, unsigned got, msec now);
static void signals(void);
static void slavefill(struct slave *, const xcb_input_xi_device_info_t *);
static void slavegone(struct slave *, msec now);
static struct slave *slaveof(unsigned id);
static void slavetaken(struct slave *, msec now);
static int slavewanted(const struct slave *);
static msec soonest(msec now);
static pid_t spawn(const char *const *argv, enum event);
static void startswitch(enum side, int confirm, msec now);
static void startwindow(msec now);
static void taskadd(struct task *, Action *, Arg);
static void taskdone(struct job *, int ok, msec now);
static struct task *tasknew(void);
static void tasknext(struct task *, msec now);
static void taskresume(struct task *, msec now);
static void taskstart(struct source *, unsigned got, msec now);
static void udevopen(void);
static void udevready(struct source *, unsigned got, msec now);
static void ungrabbed(int mode);
static void unmapnotify(xcb_generic_event_t *, msec now);
static void unstick(const unsigned char down[KEY_CNT / 8], msec now);
static void update(msec now);
static void usage(FILE *);
static void verifytimer(struct source *, unsigned got, msec now);
static void vmchanged(struct qmp *, enum vmstate before, msec now);
static void vmevent(struct qmp *, enum event, msec now);
static void vmreset(struct qmp *, msec now);
static Action vmruns;
static void wheel(struct slave *, int axis, double, msec now);
static enum side wish(void);
static void xdrain(msec now);
static void xgrab(const Grab *, int wanted, msec now);
static void xgrabask(msec now);
static void xgrabend(msec now);
static void xgrablost(msec now);
static int xgrabmet(const Grab *);
static void xgrabnew(msec now);
static void xgrabtold(msec now);
static void xgrabtry(msec now);
static void xievent(xcb_generic_event_t *, msec now);
static void xiselect(unsigned device, uint32_t mask);
static unsigned xmods(unsigned mods);
static void xpassive(void);
static void xraw(void);
static int xrawkeys(void);
static void xready(struct source *, unsigned got, msec now);
static void xsetup(int screen);
static int xunstick(void);

int verbose;

static const char *const sidename[] = {
	[Unknown] = "unknown", [Host] = "host", [Guest] = "guest",
};

/* Actions by the names that -e takes. */
static const struct {
	const char *name;
	Action *action;
	int args; /* 0: none, 1: Arg.grab, 2: Arg.argv */
} actionname[] = {
	{ "emergency", emergency, 0 },
	{ "exec", exec, 2 },
	{ "grab", grab, 1 },
	{ "guestexec", guestexec, 2 },
	{ "guestreboot", guestreboot, 0 },
	{ "guestshutdown", guestshutdown, 0 },
	{ "guestwait", guestwait, 0 },
	{ "quit", quit, 0 },
	{ "showguest", showguest, 0 },
	{ "showhost", showhost, 0 },
	{ "togglegrab", togglegrab, 1 },
	{ "toggleshow", toggleshow, 0 },
	{ "ungrab", ungrab, 1 },
	{ "unstickguest", unstickguest, 0 },
	{ "unstickhost", unstickhost, 0 },
	{ "vmpause", vmpause, 0 },
	{ "vmresume", vmresume, 0 },
};

/* What SCREENSTUB_EVENT is. */
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

static void (*const handler[])(xcb_generic_event_t *, msec) = {
	[XCB_BUTTON_PRESS] = button,
	[XCB_BUTTON_RELEASE] = button,
	[XCB_CIRCULATE_NOTIFY] = dirty,
	[XCB_CLIENT_MESSAGE] = clientmessage,
	[XCB_CONFIGURE_NOTIFY] = configurenotify,
	[XCB_CREATE_NOTIFY] = dirty,
	[XCB_DESTROY_NOTIFY] = destroynotify,
	[XCB_ENTER_NOTIFY] = crossing,
	[XCB_FOCUS_IN] = focusin,
	[XCB_FOCUS_OUT] = focusout,
	[XCB_GE_GENERIC] = xievent,
	[XCB_KEYMAP_NOTIFY] = keymapnotify,
	[XCB_KEY_PRESS] = keypress,
	[XCB_KEY_RELEASE] = keyrelease,
	[XCB_LEAVE_NOTIFY] = crossing,
	[XCB_MAP_NOTIFY] = mapnotify,
	[XCB_MOTION_NOTIFY] = motionnotify,
	[XCB_REPARENT_NOTIFY] = dirty,
	[XCB_UNMAP_NOTIFY] = unmapnotify,
	[XCB_VISIBILITY_NOTIFY] = dirty,
};

static struct source *sources[SourceMax];
static size_t nsource;
static struct child *children;
static struct task tasks[TaskMax];
static struct qmp qmp;
static struct agent agent;
static struct input input;

/* How the program runs and ends. */
static struct {
	int only;       /* -s, or -1 */
	int once;       /* -d or -w: no window, nothing is watched */
	int leaving, done, status;
	int hush;       /* in a child: the parent said all that before */
	int crowded;    /* said that there are too many tasks */
	struct task *task; /* of -w, started when the VM's state is known */
	struct source limit, signal, udev, control;
	struct udev *context;
	struct udev_monitor *monitor;
	struct client client[ClientMax];
	char controlpath[sizeof(((struct sockaddr_un *)0)->sun_path)];
} life = { .only = -1 };

/* What the monitor shows, what it is to show, and the way there. */
static struct {
	struct source timer; /* settle, throttle, retry */
	struct source verify; /* did it last? */
	enum side shown, wanted;
	enum side asked;     /* by an action, until the window changes */
	enum side target;    /* of the rows that are running */
	const Step *step;    /* the running row, or NULL */
	struct job job;
	msec notbefore;
	msec pause;          /* before the host is tried again, or 0 */
	int again;           /* something happened while a row was running */
	int bounced;         /* it did not last, and was tried once more */
	int pausing;         /* tasks that want the host, to stop the VM */
	int panic;           /* QEMU and the guest are not asked */
	int ran;             /* a row was */
	int last;            /* how the row before ended; Pending: left out */
	int lost;            /* in a panic: a row failed, its way out was left */
	const char *argv[ArgMax];
	char text[RequestMax]; /* of argv, which is that of a row, expanded */
} show;

/* Watchdog: the agent is asked as long as the guest is shown. */
static struct {
	struct job job;
	struct source timer;
	int seen; /* it has answered, so that silence means something */
} dog;

/* DDC/CI: one order at a time, carried out by one child for each card. */
static struct {
	struct ddc ddc;
	struct ddcorder order;
	struct source limit; /* of the phase */
	struct card card[BusMax];
	size_t ncard;
	struct ddcrecord record[BusMax];
	unsigned char got[BusMax]; /* records that came */
	enum { Idle, Waiting, Identifying, Acting } phase;
	msec due;     /* the limit of the order */
	msec patient; /* until then files may still become ours */
	int denied;   /* a file could not be opened; -1: there is none */
	int asked;    /* buses where there should be nobody, too */
	int ok, futile; /* futile: no card had anything to do */
	int bounced;  /* a monitor shows the other input again */
} drive;

/* The window. */
static struct {
	struct source source, timer;
	xcb_connection_t *conn;
	xcb_window_t root, win, top; /* top: ours below root, or 0 */
	xcb_atom_t atom[AtomLast];
	unsigned width, height;
	int visible, known; /* known: visible is not just the initial value */
	int entered;        /* by FocusIn: 1, by a grab's end: -1 */
	int focused, away;  /* away: another program has the keyboard */
	int inside;         /* the pointer is */
	int looking, again; /* a look is under way; another has to follow */
	msec looked;
	int16_t x, y;       /* origin in root */
	uint16_t w, h;
	unsigned hits, points;
	int px, py, moved;  /* the pointer, not yet sent */
	struct input_event motion[2]; /* the same, relative */
	size_t nmotion;
	struct origin *movedby; /* whose that is; NULL: the window's */
	int absolute;       /* so is the device that has moved last */
	int emulated;       /* buttons to come of wheels that were taken */
	unsigned rows;      /* of grabs[], by X: wanted */
	int keyboard, pointer; /* grabbed; the pointer: 2: confined too */
	unsigned asking;    /* flags of the rows of this attempt */
	int trying, refused; /* replies to come; why it was, or 0 */
	msec patient, busy; /* limits of waiting for keys, and for others */
	struct source grabtimer;
	unsigned char stuck[32]; /* down in X, and never going up */
	unsigned char down[KEY_CNT / 8]; /* before a grab */
	int forced;         /* with some of them down */
	int readable;       /* events or replies have come */
	unsigned xi;        /* major opcode of XInput, or 0 */
	int passives;       /* there are some of XGrabKey */
	uint32_t rawmask;
	struct slave slave[SlaveMax];
	unsigned mod[5], allmods; /* Ctrl, Shift, Alt, Meta, Num Lock */
	unsigned passive;   /* key of XGrabKey that is down */
	unsigned fresh;     /* key whose press has fired nothing yet */
	int arg;            /* of the reply that is answered */
	struct {
		unsigned sequence;
		void (*answer)(void *, msec);
		int arg;
	} asked[AskMax];    /* ring of requests without a reply */
	size_t askhead, nasked;
} x;

#include <config.h>

_Static_assert(Settle >= 0, "config.h: Settle can't be below 0");
_Static_assert(Throttle >= 0, "config.h: Throttle can't be below 0");
_Static_assert(ActionLimit > 0, "config.h: ActionLimit must be above 0");
_Static_assert(ExitLimit > 0, "config.h: ExitLimit must be above 0");
_Static_assert(PowerLimit > 0, "config.h: PowerLimit must be above 0");
_Static_assert(Hung > 0, "config.h: Hung must be above 0");
_Static_assert(Watchdog >= 0, "config.h: Watchdog can't be below 0");
_Static_assert(Withhold >= 0, "config.h: Withhold can't be below 0");
_Static_assert(NeutralKey >= 0 && NeutralKey < KEY_CNT, "config.h: NeutralKey: "
               "want a KEY_*, or 0");
_Static_assert(EmergencyKey > 0 && EmergencyKey < BTN_MISC, "config.h: "
               "EmergencyKey: want a KEY_*: there must be one");
_Static_assert((int)Route != Spice, "config.h: Route: SPICE is not for us: its "
               "input ends in QEMU where Qmp's does, and it takes the one place"
               " that a viewer or Looking Glass needs: want Qmp, InputLinux or "
               "VirtioHost");
_Static_assert((int)Route >= Qmp && (int)Route < RouteLast, "config.h: Route: "
               "want Qmp, InputLinux or VirtioHost");
_Static_assert((int)TabletDriver != Ps2, "config.h: TabletDriver: there is no "
               "Ps2 tablet: want Usb or Virtio");

static const Hotkey chordofemergency[] = {
	{ EmergencyKey, EmergencyMods, Global, emergency, { 0 } },
	{ 0 }
};

/* ---- the rest in alphabetical order; actions first --------------------- */

int
emergency(struct task *t, const Arg *arg, msec now)
{
	const Grab *g;

	warn("emergency: grabs end, keys are released, the host is shown");
	for (g = grabs; g->name; g++)
		input_ungrab(&input, g, now);
	input_leave(&input, &input.x, 0, now);
	input_release(&input, now);
	unstickhost(t, arg, now);
	show.panic = 1;
	if (show.step) {
		jobcancel(&show.job, now);
		showend(0, now);
	}
	show.shown = Unknown; /* the user can't see it */
	return showwant(t, Host, now);
}

int
exec(struct task *t, const Arg *arg, msec now)
{
	return jobstart(&t->job, Exec, arg, actionlimit(t, now), now);
}

int
grab(struct task *t, const Arg *arg, msec now)
{
	const Grab *g = namedgrab(arg->grab);

	(void)t;
	return g && !input_grab(&input, g, now) ? Done : Failed;
}

int
guestexec(struct task *t, const Arg *arg, msec now)
{
	return jobstart(&t->job, GuestExec, arg, actionlimit(t, now), now);
}

int
guestreboot(struct task *t, const Arg *arg, msec now)
{
	(void)arg;
	return power(t, AgentReboot, Reset, now);
}

int
guestshutdown(struct task *t, const Arg *arg, msec now)
{
	(void)arg;
	return power(t, AgentShutdown, Shutdown, now);
}

int
guestwait(struct task *t, const Arg *arg, msec now)
{
	return jobstart(&t->job, GuestWait, arg, actionlimit(t, now), now);
}

int
quit(struct task *t, const Arg *arg, msec now)
{
	(void)t;
	(void)arg;
	leave(0, now);
	return Done;
}

int
showguest(struct task *t, const Arg *arg, msec now)
{
	(void)arg;
	return showwant(t, Guest, now);
}

int
showhost(struct task *t, const Arg *arg, msec now)
{
	(void)arg;
	return showwant(t, Host, now);
}

int
togglegrab(struct task *t, const Arg *arg, msec now)
{
	const Grab *g = namedgrab(arg->grab);

	return !g ? Failed : input_grabs(&input, g) ? ungrab(t, arg, now) :
	    grab(t, arg, now);
}

int
toggleshow(struct task *t, const Arg *arg, msec now)
{
	(void)arg;
	return showwant(t, show.wanted == Guest ? Host : Guest, now);
}

int
ungrab(struct task *t, const Arg *arg, msec now)
{
	const Grab *g = namedgrab(arg->grab);

	(void)t;
	if (!g)
		return Failed;
	input_ungrab(&input, g, now);
	return Done;
}

int
unstickguest(struct task *t, const Arg *arg, msec now)
{
	(void)t;
	(void)arg;
	input_release(&input, now);
	return Done;
}

int
unstickhost(struct task *t, const Arg *arg, msec now)
{
	(void)t;
	(void)arg;
	(void)now;
	memset(x.stuck, 0xff, sizeof(x.stuck));
	return xunstick();
}

/* In two halves: the host is waited for, then the same row is run again. A
 * guest that has to switch the monitor back must be running for it. */
int
vmpause(struct task *t, const Arg *arg, msec now)
{
	(void)arg;
	if (qmp.vm == VmStopped)
		return Done;
	if (!t->pausing) {
		t->pausing = 1;
		show.pausing++;
		update(now);
		if (show.shown != Host || show.step) {
			if (show.pause || !show.timer.due)
				poke(now);
			t->waits = Host;
			t->next--;
			return Pending;
		}
	}
	if (show.shown == Host) {
		input_release(&input, now);
		return commandstart(&t->job, "stop", now);
	}
	warn("vmpause: the host could not be shown: the VM goes on");
	return Failed;
}

int
vmresume(struct task *t, const Arg *arg, msec now)
{
	(void)arg;
	if (qmp.vm == VmRunning)
		return Done;
	return commandstart(&t->job, qmp.vm == VmSuspended ? "system_wakeup" :
	    "cont", now);
}

/* At the end of the program no row may use up the time of those behind it. */
msec
actionlimit(const struct task *t, msec now)
{
	msec left = (life.limit.due - now - ReplyGrace) /
	    (msec)(t->nrow - t->next + 1);

	return !life.leaving || left > ActionLimit ? ActionLimit :
	    left > 0 ? left : 1;
}

void
agentdone(struct agentjob *a, int ok, msec now)
{
	struct job *j = OWNER(a, struct job, agent);

	jobend(j, ok, now);
}

void
agentport(struct qmp *q, int open, msec now)
{
	int before = agent.open;

	(void)q;
	agent_port(&agent, open, now);
	if (!life.once && (open == 1) != (before == 1))
		fire(open == 1 ? AgentUp : AgentDown, now);
}

/* The whole answer is shorter than any socket's buffer. */
void
answer(struct client *c, const char *text)
{
	source_del(&c->source);
	send(c->source.fd, text, strlen(text), MSG_NOSIGNAL);
	shutdown(c->source.fd, SHUT_RDWR); /* a child may have a copy */
	close(c->source.fd);
	c->busy = 0;
}

/* The reply is handed to a function, in a later pass, NULL for an error. The
 * order of replies is that of the requests. */
void
ask(unsigned sequence, void (*fn)(void *, msec))
{
	askfor(sequence, fn, 0);
}

/* The function finds arg in x.arg. */
void
askfor(unsigned sequence, void (*fn)(void *, msec), int arg)
{
	size_t i = (x.askhead + x.nasked) % AskMax;

	if (x.nasked == AskMax) { /* the X server hangs */
		xcb_discard_reply(x.conn, sequence);
		x.arg = arg;
		fn(NULL, x.looked);
		return;
	}
	x.asked[i].sequence = sequence;
	x.asked[i].answer = fn;
	x.asked[i].arg = arg;
	x.nasked++;
}

/* Core X buttons: 4 to 7 are the notches of two wheels. */
void
button(xcb_generic_event_t *ev, msec now)
{
	xcb_button_press_event_t *e = (xcb_button_press_event_t *)ev;
	int value = (ev->response_type & 0x7f) == XCB_BUTTON_PRESS;

	if (!input_pointer(&input) || x.absolute) {
		x.px = e->event_x;
		x.py = e->event_y;
		x.moved = 1;
	}
	if (e->detail >= 4 && e->detail <= 7 && x.emulated) {
		x.emulated -= value; /* its valuator was taken */
		return;
	}
	buttons(&input.x, e->detail, value, now);
}

void
buttons(struct origin *o, unsigned detail, int value, msec now)
{
	static const uint16_t code[] = {
		[1] = BTN_LEFT, [2] = BTN_MIDDLE, [3] = BTN_RIGHT,
		[8] = BTN_SIDE, [9] = BTN_EXTRA, [10] = BTN_FORWARD,
		[11] = BTN_BACK, [12] = BTN_TASK,
	};
	struct input_event wheel = { .type = EV_REL };

	if (detail >= 4 && detail <= 7) {
		wheel.code = detail < 6 ? REL_WHEEL : REL_HWHEEL;
		wheel.value = detail == 4 || detail == 7 ? 1 : -1;
		motionflush(now);
		if (value)
			input_feed(&input, o, &wheel, 1, now);
	} else if (detail < LENGTH(code) && code[detail]) {
		key(o, code[detail], value, now);
	}
}

void
cardended(struct child *child, int status, msec now)
{
	struct card *c = OWNER(child, struct card, child);

	cardread(&c->pipe, Readable, now);
	source_del(&c->pipe);
	close(c->pipe.fd);
	c->pipe.fd = -1;
	if (WIFSIGNALED(status))
		ddc_reopen(&drive.ddc, c->path, now);
	if (!c->dead && (status || c->awaited))
		drive.ok = drive.futile = 0;
	if (!c->dead && !ddcbusy())
		ddcstep(now);
	c->dead = 0;
}

struct card *
cardof(const struct bus *b)
{
	size_t i;

	for (i = 0; i < drive.ncard; i++)
		if (!strcmp(drive.card[i].path, b->card))
			return &drive.card[i];
	if (i == LENGTH(drive.card))
		return NULL;
	memset(&drive.card[i], 0, sizeof(drive.card[i]));
	drive.card[i].pipe.fd = -1;
	strcpy(drive.card[i].path, b->card);
	drive.ncard++;
	return &drive.card[i];
}

/* Records of one card; each was written as a whole. */
void
cardread(struct source *s, unsigned got, msec now)
{
	struct card *c = (struct card *)s;
	struct ddcrecord r;

	(void)got;
	(void)now;
	while (read(s->fd, &r, sizeof(r)) == sizeof(r)) {
		if (r.bus >= drive.ddc.nbus || !c->awaited)
			continue;
		c->awaited--;
		ddc_take(&drive.ddc, &r);
		drive.record[r.bus] = r;
		drive.got[r.bus] = 1;
		if (r.result == DdcFailed && drive.phase == Acting)
			drive.ok = drive.futile = 0;
		if (r.result == DdcFailed && drive.order.op == DdcVerify)
			drive.bounced = drive.phase == Acting;
		if (drive.order.op == DdcList && drive.phase == Acting &&
		    isatty(2))
			fprintf(stderr, "screenstub: i2c-%d has answered\n",
			        drive.ddc.bus[r.bus].num);
	}
	if (!c->awaited)
		source_del(s); /* the rest is the end of file */
}

/* A row with an action. */
void
checkaction(Action *action, const Arg *arg, const char *list, int row)
{
	if (!action)
		die("config.h: %s[%d]: the action is missing", list, row);
	if ((action == exec || action == guestexec) &&
	    (!arg->argv || !arg->argv[0]))
		die("config.h: %s[%d]: .argv is missing", list, row);
	if ((action == grab || action == ungrab || action == togglegrab) &&
	    !namedgrab(arg->grab))
		die("config.h: %s[%d]: .grab is wrong", list, row);
}

/* What the compiler can't check, before anything is touched. */
void
checkconfig(void)
{
	const Step *const list[] = { toguest, tohost };
	const char *const listname[] = { "toguest", "tohost" };
	const char *const bus[] = { keyboardbus, mousebus, tabletbus };
	const Monitor *m;
	const Hotkey *h;
	const Event *e;
	const Remap *r;
	const Step *s;
	size_t i;

	for (i = 0; i < LENGTH(list); i++) {
		for (s = list[i]; s->kind; s++) {
			if (s->limit <= 0 && s->kind != Exec)
				die("config.h: %s[%d]: limit must be above 0",
				    listname[i], (int)(s - list[i]));
			if ((s->kind == Exec || s->kind == GuestExec) &&
			    (!s->arg.argv || !s->arg.argv[0]))
				die("config.h: %s[%d]: .argv is missing",
				    listname[i], (int)(s - list[i]));
			if (s->orelse && s == list[i])
				die("config.h: %s[0]: orelse, but no row is "
				    "before it", listname[i]);
		}
	}
	for (m = monitors; !ddc_rowempty(m); m++) {
		checkinput(&m->host, (int)(m - monitors), "host");
		checkinput(&m->guest, (int)(m - monitors), "guest");
	}
	if (m->host.value || m->guest.value || m->flags || m->repeat)
		die("config.h: monitors[%d]: nothing says which one it is: "
		    ".manufacturer = \"*\" is any", (int)(m - monitors));
	if (life.only >= m - monitors)
		die("config.h: -s %d: monitors[] has %d rows", life.only,
		    (int)(m - monitors));
	for (h = hotkeys; h->key; h++) {
		if (h->key >= KEY_CNT || h->mods >> 16 >= KEY_CNT)
			die("config.h: hotkeys[%d]: want KEY_* or BTN_*",
			    (int)(h - hotkeys));
		if (h->flags & ~(OnRelease | Global | Exclusive) ||
		    (h->flags & (Global | Exclusive)) == Exclusive)
			die("config.h: hotkeys[%d]: flags are OnRelease, "
			    "Global, and with that Exclusive",
			    (int)(h - hotkeys));
		if (h->flags & Global && h->key >= BTN_MISC)
			die("config.h: hotkeys[%d]: Global is for keys only",
			    (int)(h - hotkeys));
		if (h->flags & Exclusive && h->mods & ~(unsigned)(Ctrl |
		    Shift | Alt | Meta))
			die("config.h: hotkeys[%d]: Exclusive: X knows no "
			    "With(), and not left from right",
			    (int)(h - hotkeys));
		checkaction(h->action, &h->arg, "hotkeys", (int)(h - hotkeys));
	}
	for (i = 0; grabs[i].name; i++)
		checkgrab(&grabs[i], i);
	for (r = remaps; r->key; r++)
		if (r->key >= KEY_CNT || r->guest >= KEY_CNT)
			die("config.h: remaps[%d]: want KEY_* or BTN_*",
			    (int)(r - remaps));
	if (guestrect.left < 0 || guestrect.left >= guestrect.right ||
	    guestrect.right > 1 || guestrect.top < 0 ||
	    guestrect.top >= guestrect.bottom || guestrect.bottom > 1)
		die("config.h: guestrect: want 0 <= left < right <= 1, and so "
		    "for top and bottom");
	for (i = 0; i < LENGTH(bus); i++)
		if (bus[i] && (strlen(bus[i]) > 63 || bus[i][strspn(bus[i],
		    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
		    "0123456789._-")]))
			die("config.h: %s: this is no QEMU id", bus[i]);
	for (e = onevent; e->event; e++) {
		if (e->event >= EventLast)
			die("config.h: onevent[%d]: there is no such event",
			    (int)(e - onevent));
		checkaction(e->action, &e->arg, "onevent", (int)(e - onevent));
	}
}

void
checkgrab(const Grab *g, int row)
{
	const Device *d;

	if (row >= GrabMax)
		die("config.h: grabs[%d]: there is room for %d rows", row,
		    GrabMax);
	if (g->by != X && g->by != Evdev)
		die("config.h: grabs[%d]: by is X or Evdev", row);
	if (g->flags & ~(OnFocus | (g->by == Evdev ? Exclusive : Mouse |
	    Confine)))
		die("config.h: grabs[%d]: flags are OnFocus, and by %s", row,
		    g->by == X ? "X Mouse and Confine" : "Evdev Exclusive");
	if ((g->flags & (Mouse | Confine)) == Confine)
		die("config.h: grabs[%d]: Confine wants Mouse", row);
	if (g->by == X && (g->newname || g->ignore))
		die("config.h: grabs[%d]: .newname and .ignore are for Evdev",
		    row);
	if (g->by == Evdev && (!g->devices || input_rowempty(g->devices)))
		die("config.h: grabs[%d]: .devices is empty", row);
	for (d = g->devices; d && !input_rowempty(d); d++)
		if (g->by == X ? d->path != NULL : d->id != 0)
			die("config.h: grabs[%d]: .devices: .path is for "
			    "Evdev, .id for X", row);
}

void
checkinput(const Input *in, int row, const char *side)
{
	const Input *e;

	if (!in->value && (in->code || in->source || in->readback ||
	    in->extra))
		die("config.h: monitors[%d]: .%s wants a .value", row, side);
	for (e = in->extra; e && e->value; e++)
		checkinput(e, row, "extra");
	if (in->code > 0xff || in->source > 0xff || in->value > 0xffff ||
	    in->readback > 0xffff)
		die("config.h: monitors[%d]: .%s: codes and sources are at "
		    "most 0xff, values 0xffff", row, side);
}

void
childstart(struct child *c, pid_t pid)
{
	c->pid = pid;
	c->next = children;
	children = c;
}

void
clientmessage(xcb_generic_event_t *ev, msec now)
{
	xcb_client_message_event_t *e = (xcb_client_message_event_t *)ev;

	/* everybody's messages to the root come here too */
	if (e->window != x.win || e->type != x.atom[WmProtocols])
		return;
	if (e->data.data32[0] == x.atom[WmDelete]) {
		note(1, "x: the window was closed");
		leave(0, now);
	} else if (e->data.data32[0] == x.atom[NetPing]) {
		e->window = x.root;
		xcb_send_event(x.conn, 0, x.root,
		    XCB_EVENT_MASK_SUBSTRUCTURE_NOTIFY |
		    XCB_EVENT_MASK_SUBSTRUCTURE_REDIRECT, (char *)e);
	}
}

/* Words that end in NUL, up to the end of file. */
void
clientread(struct source *s, unsigned got, msec now)
{
	struct client *c = (struct client *)s;
	struct task *t;
	ssize_t n;
	size_t i, words = 0;
	Arg arg = { 0 };
	int args;

	n = read(s->fd, c->buf + c->len, sizeof(c->buf) - c->len);
	if (n < 0 && (errno == EAGAIN || errno == EINTR) && got)
		return;
	if (n > 0)
		c->len += n;
	if (n > 0 && c->len < sizeof(c->buf))
		return;
	if (!got || n != 0 || !c->len || c->buf[c->len - 1]) {
		answer(c, "failed: bad request\n");
		return;
	}
	source_del(s);
	for (i = 0; i < c->len; i += strlen(c->buf + i) + 1)
		c->argv[words++] = c->buf + i;
	c->argv[words] = NULL;
	for (i = 0; i < LENGTH(actionname); i++)
		if (!strcmp(actionname[i].name, c->argv[0]))
			break;
	args = i < LENGTH(actionname) ? actionname[i].args : -1;
	if (args < 0 || (args == 0 && words != 1) ||
	    (args == 1 && words != 2) || (args == 2 && words < 2)) {
		answer(c, "failed: no such action, or wrong arguments\n");
		return;
	}
	if (args == 1)
		arg.grab = c->argv[1];
	else if (args == 2)
		arg.argv = c->argv + 1;
	if (!(t = tasknew())) {
		answer(c, "failed: busy\n");
		return;
	}
	t->client = c;
	taskadd(t, actionname[i].action, arg);
	tasknext(t, now);
}

msec
clockms(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (msec)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

void
commanddone(struct qmpjob *q, int ok, msec now)
{
	struct job *j = OWNER(q, struct job, qmp);

	jobend(j, ok, now);
}

/* QEMU's reply ends it; there is one, or the connection ends. */
int
commandstart(struct job *j, const char *command, msec now)
{
	j->qmp.command = command;
	j->qmp.done = commanddone;
	if (!jobtimer(j, Command, command, 2 * Hung, now) &&
	    !qmp_command(&qmp, &j->qmp, now))
		return Pending;
	warn("qmp: %s: there is no VM", command);
	source_del(&j->timer);
	j->kind = NoStep;
	return Failed;
}

void
configurenotify(xcb_generic_event_t *ev, msec now)
{
	xcb_configure_notify_event_t *e = (xcb_configure_notify_event_t *)ev;

	if (e->window == x.win) {
		x.width = e->width;
		x.height = e->height;
	}
	look(now);
}

/* $XDG_RUNTIME_DIR/screenstub-N.sock, N of -s or "all". */
void
controlopen(const char *path)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	struct source *s = &life.control;
	mode_t mask;
	int r;

	if (!*path) {
		warn("control: XDG_RUNTIME_DIR is not set or too long: no "
		     "socket for -e");
		return;
	}
	strcpy(un.sun_path, path);
	s->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (s->fd < 0)
		die("control: socket:");
	if (connect(s->fd, (struct sockaddr *)&un, sizeof(un)) == 0 ||
	    errno == EAGAIN)
		die("control: %s: already running", path);
	if (errno == ECONNREFUSED) /* left by one that was killed */
		unlink(path);
	mask = umask(0177);
	r = bind(s->fd, (struct sockaddr *)&un, sizeof(un));
	umask(mask);
	if (r < 0 || listen(s->fd, ClientMax) < 0)
		die("control: %s:", path);
	strcpy(life.controlpath, path);
	s->events = Readable;
	s->ready = controlready;
	if (source_add(s) < 0)
		die("too many open files were inherited");
}

void
controlpath(char *path, size_t size)
{
	const char *dir = getenv("XDG_RUNTIME_DIR");
	char n[16] = "all";
	size_t len;

	if (life.only >= 0)
		snprintf(n, sizeof(n), "%d", life.only);
	len = snprintf(path, size, "%s/screenstub-%s.sock", dir ? dir : "",
	               n);
	if (!dir || *dir != '/' || len >= size)
		*path = '\0';
}

void
controlready(struct source *s, unsigned got, msec now)
{
	struct client *c;
	int fd;

	(void)got;
	fd = accept4(s->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (fd < 0)
		return;
	for (c = life.client; c < life.client + ClientMax && c->busy; c++)
		;
	if (c == life.client + ClientMax) {
		send(fd, "failed: busy\n", 13, MSG_NOSIGNAL);
		close(fd);
		return;
	}
	c->busy = 1;
	c->len = 0;
	c->source.fd = fd;
	c->source.events = Readable;
	c->source.due = now + ActionLimit;
	c->source.ready = clientread;
	if (source_add(&c->source) < 0)
		answer(c, "failed: busy\n");
}

/* The pointer has come in, or left. When a grab of it ends elsewhere, buttons
 * go up there; and keys, where the focus follows it without a word. Then those
 * are not ours, either, that KeymapNotify, the next event, tells of. */
void
crossing(xcb_generic_event_t *ev, msec now)
{
	xcb_leave_notify_event_t *e = (xcb_leave_notify_event_t *)ev;
	unsigned k;

	x.inside = (ev->response_type & 0x7f) == XCB_ENTER_NOTIFY;
	if (!x.focused && !x.keyboard && x.inside)
		x.entered = 1;
	if (x.inside)
		return;
	if (!x.focused && !x.keyboard)
		input_leave(&input, &input.x, 0, now);
	for (k = BTN_LEFT; k <= BTN_TASK && e->mode ==
	    XCB_NOTIFY_MODE_UNGRAB; k++)
		key(&input.x, k, 0, now);
}

/* Begins an order, in place of the one before; see ddcstep for its end. */
void
ddcbegin(enum ddcop op, enum side side, int quick, msec limit, msec now)
{
	ddccancel();
	drive.order.op = op;
	drive.order.side = side;
	drive.order.learn = qmp.known && !qmp.seen;
	drive.order.quick = quick;
	drive.order.gap = ReplyGap;
	drive.due = now + (quick && limit > QuickLimit ? QuickLimit : limit);
	drive.asked = drive.bounced = 0;
	drive.phase = Waiting;
	drive.limit.due = now + ReapLimit;
	if (!ddcbusy()) /* else a cancelled child has to be reaped before */
		ddcstep(now);
}

int
ddcbusy(void)
{
	size_t i;

	for (i = 0; i < drive.ncard; i++)
		if (drive.card[i].pipe.fd >= 0 && !drive.card[i].dead)
			return 1;
	return 0;
}

/* Nothing touches a card until its child is reaped. */
void
ddccancel(void)
{
	size_t i;

	drive.phase = Idle;
	drive.limit.due = 0;
	for (i = 0; i < drive.ncard; i++)
		if (drive.card[i].pipe.fd >= 0)
			kill(drive.card[i].child.pid, SIGKILL);
}

/* Starts a child for each card that has something to do; how many. */
int
ddclaunch(enum ddcop op, msec now)
{
	struct ddcorder order = drive.order;
	struct ddc *d = &drive.ddc;
	const struct bus *b;
	int chosen[BusMax], fd[2], cards = 0;
	struct card *c;
	pid_t pid, self = getpid();
	size_t i, k;

	order.op = op;
	order.limit = drive.due - now - ReplyGrace;
	if (order.limit < 1)
		order.limit = 1;
	memset(drive.got, 0, sizeof(drive.got));
	for (i = 0; i < d->nbus; i++)
		cardof(&d->bus[i]);
	for (c = drive.card; c < drive.card + drive.ncard; c++) {
		c->awaited = 0;
		for (i = 0; i < d->nbus; i++) {
			b = &d->bus[i];
			chosen[i] = b->fd >= 0 && cardof(b) == c &&
			    (op == DdcIdentify ? !b->known :
			    op == DdcList ? ddc_usable(d, b) : b->row &&
			    (op == DdcSwitch || b->mem.verify));
			c->awaited += chosen[i];
		}
		if (c->dead && c->awaited && op != DdcIdentify)
			drive.ok = drive.futile = 0;
		if (c->dead)
			c->awaited = 0;
		if (!c->awaited)
			continue;
		if (pipe2(fd, O_CLOEXEC | O_NONBLOCK) < 0) {
			warn("ddc: pipe:");
			drive.ok = 0;
			continue;
		}
		if ((pid = fork()) < 0) {
			warn("ddc: fork:");
			drive.ok = 0;
			close(fd[0]);
			close(fd[1]);
			continue;
		}
		if (!pid) {
			/* a copy would keep grabs and sockets alive; what
			 * else is open is a bus or a client, who is told by
			 * shutdown */
			for (k = 0; k < nsource; k++)
				if (sources[k] && sources[k]->fd >= 0)
					close(sources[k]->fd);
			close(fd[0]);
			/* that was said, or there is an alternative */
			life.hush = op == DdcSwitch &&
			    (show.pause > RetryFirst || order.quick);
			/* signals stay blocked: a terminal's ^C is meant for
			 * the parent, which needs us to show the host */
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			if (getppid() != self)
				_exit(1);
			ddc_run(d, chosen, &order, fd[1]);
			_exit(0);
		}
		close(fd[1]);
		c->pipe.fd = fd[0];
		c->pipe.events = Readable;
		c->pipe.ready = cardread;
		c->child.ended = cardended;
		source_add(&c->pipe);
		childstart(&c->child, pid);
		for (i = 0; i < d->nbus; i++) /* it may be killed */
			d->bus[i].mem.doubt |= chosen[i] && op == DdcSwitch;
		cards++;
	}
	return cards;
}

/* A phase has lasted long enough: on without the cards that hang. */
void
ddclimit(struct source *s, unsigned got, msec now)
{
	struct card *c;

	(void)s;
	(void)got;
	for (c = drive.card; c < drive.card + drive.ncard; c++) {
		if (c->pipe.fd < 0 || c->dead)
			continue;
		warn("ddc: %s: an i2c bus of this card hangs",
		     strrchr(c->path, '/') ? strrchr(c->path, '/') + 1 : "");
		kill(c->child.pid, SIGKILL);
		source_del(&c->pipe);
		c->awaited = 0;
		c->dead = 1;
		drive.ok = drive.futile = 0;
	}
	ddcstep(now);
}

/* No child is running: on to the next phase. Where sysfs knows of no monitor
 * the bus is asked only if there is one missing; files that are not ours are
 * waited for only then, too. */
void
ddcstep(msec now)
{
	enum ddcop op = drive.order.op;
	struct ddc *d = &drive.ddc;
	int patient = now + OpenEvery < drive.patient &&
	    now + OpenEvery < drive.due;
	int missing = 0;
	struct bus *b;

	switch (drive.phase) {
	case Idle:
		break;
	case Waiting:
		drive.ok = drive.futile = 1;
		drive.denied = 0;
		if (!d->nbus || d->stale)
			drive.denied = ddc_scan(d, patient ||
			    show.pause > RetryFirst);
		for (b = d->bus; b < d->bus + d->nbus; b++)
			if (b->known == -2)
				b->known = -1;
		drive.ok = drive.denied >= 0;
		drive.phase = Identifying;
		drive.limit.due = now + (drive.due - now) / 2;
		if (ddclaunch(DdcIdentify, now))
			break;
		/* FALLTHROUGH */
	case Identifying:
		missing = op != DdcList &&
		    ddc_match(d, monitors, life.only, 1) < 0;
		if (missing && drive.denied > 0 && patient) {
			drive.phase = Waiting;
			drive.limit.due = now + OpenEvery;
			break;
		}
		if (!drive.asked++ && (op == DdcList || missing)) {
			for (b = d->bus; b < d->bus + d->nbus; b++)
				if (b->known == -1)
					b->known = 0;
			drive.limit.due = now + (drive.due - now) / 2;
			if (ddclaunch(DdcIdentify, now))
				break;
		}
		drive.phase = Acting;
		drive.limit.due = drive.due;
		if (op == DdcSwitch && d->nbus)
			drive.ok = !ddc_match(d, monitors, life.only,
			    -(show.pause > RetryFirst));
		/* will a uevent tell when what is missing comes? */
		for (b = d->bus; b < d->bus + d->nbus && missing; b++)
			if (b->known < 0 && !b->fresh)
				drive.futile = 0;
		if (drive.denied > 0 && missing)
			drive.futile = 0;
		if (op == DdcList && d->nbus && isatty(2))
			fprintf(stderr, "screenstub: reading what the "
			        "monitors say of themselves: seconds\n");
		if (ddclaunch(op, now))
			break;
		/* FALLTHROUGH */
	case Acting:
		drive.phase = Idle;
		drive.limit.due = 0;
		if (op == DdcList) {
			detect();
		} else if (op == DdcSwitch) {
			jobend(&show.job, drive.ok, now);
		} else if (drive.bounced) {
			show.shown = Unknown;
			if (!show.bounced++)
				poke(now);
		} else {
			note(1, "show: it has lasted, or nobody can tell");
		}
	}
}

void
destroynotify(xcb_generic_event_t *ev, msec now)
{
	if (((xcb_destroy_notify_event_t *)ev)->window != x.win) {
		look(now);
		return;
	}
	warn("x: the window was destroyed");
	leave(1, now);
}

/* -d is over: prints what came. */
void
detect(void)
{
	const struct ddcrecord *r;
	size_t i;
	int known = 0, usable = 0;

	for (i = 0; i < drive.ddc.nbus; i++) {
		r = &drive.record[i];
		if (!drive.got[i] || !ddc_usable(&drive.ddc,
		    &drive.ddc.bus[i]))
			continue;
		printmonitor(&drive.ddc.bus[i], r, !known++);
		usable += r->result != DdcFailed;
	}
	ddc_hint(&drive.ddc);
	if (!usable)
		warn("ddc: no monitor that can be switched was found");
	life.status = usable ? 0 : 1;
	life.done = 1;
}

void
die(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	logline(fmt, ap);
	va_end(ap);
	exit(1);
}

void
dirty(xcb_generic_event_t *ev, msec now)
{
	(void)ev;
	look(now);
}

/* The agent was silent for too long: the wish is the host's, until the window
 * is hidden or shown. */
void
dogdone(struct job *j, int ok, msec now)
{
	(void)j;
	if (!ok && dog.seen && show.wanted == Guest) {
		warn("qga: the guest's agent is silent for %d ms: the host is "
		     "shown", Watchdog);
		show.asked = Host;
		update(now);
	}
	dog.seen = ok;
	dog.timer.due = now + Watchdog / 2 + 1;
}

void
dogtimer(struct source *s, unsigned got, msec now)
{
	Arg none = { 0 };

	(void)got;
	if (show.shown != Guest || dog.job.kind || life.leaving)
		return; /* showend begins again */
	dog.job.done = dogdone;
	if (show.wanted != Guest || jobstart(&dog.job, GuestWait, &none,
	    Watchdog, now) != Pending)
		s->due = now + Watchdog;
}

/* In the child of an exec row. */
void
environment(enum event event)
{
	setenv("SCREENSTUB_EVENT", eventname[event], 1);
	setenv("SCREENSTUB_SHOWN", sidename[show.shown], 1);
	setenv("SCREENSTUB_WISH", sidename[show.wanted], 1);
	setenv("SCREENSTUB_VM", *qmp.peer.addr ? vmname[qmp.vm] : "unknown", 1);
	setenv("SCREENSTUB_AGENT", agent.open < 0 ? "unknown" : agent.open ?
	       "up" : "down", 1);
	setenv("SCREENSTUB_GRAB", grabname(), 1);
}

void
execended(struct child *c, int status, msec now)
{
	struct job *j = OWNER(c, struct job, child);

	if (j->late)
		; /* that was said */
	else if (WIFEXITED(status) && WEXITSTATUS(status))
		warn("exec: %s: exit status %d", j->name,
		     WEXITSTATUS(status));
	else if (WIFSIGNALED(status))
		warn("exec: %s: ended by signal %d", j->name,
		     WTERMSIG(status));
	jobend(j, !j->late && status == 0, now);
}

/* The arguments of a row, with the input in place of {} and {:x}; NULL: it is
 * not known. */
const char *const *
expand(const char *const *argv, enum side side)
{
	unsigned value = inputof(side);
	size_t i, n = 0, k;
	const char *s;
	int found = 0;

	for (i = 0; argv[i] && i < ArgMax - 1; i++) {
		show.argv[i] = show.text + n;
		for (s = argv[i]; *s && n < RequestMax - 12; s += k ? k : 1) {
			k = !strncmp(s, "{}", 2) ? 2 :
			    !strncmp(s, "{:x}", 4) ? 4 : 0;
			found |= k;
			if (k)
				n += sprintf(show.text + n, k == 2 ? "%u" :
				             "%02x", value);
			else
				show.text[n++] = *s;
		}
		if (*s)
			break;
		show.text[n++] = '\0';
	}
	show.argv[i] = NULL;
	if (!found)
		return argv;
	if (value && !argv[i])
		return show.argv;
	warn("%s: %s", argv[0], value ? "its arguments are too long" :
	     "the input for {} is not known: give .value in monitors[] of "
	     "config.h");
	return NULL;
}

/* The rows begin in the next pass, not in the middle of what has happened. */
void
fire(enum event event, msec now)
{
	struct task *t = NULL;
	const Event *e;

	for (e = onevent; e->event; e++)
		if (e->event == event && (t || (t = tasknew())))
			taskadd(t, e->action, e->arg);
	if (!t)
		return;
	t->job.event = event;
	t->job.timer.fd = -1;
	t->job.timer.due = now;
	t->job.timer.ready = taskstart;
	if (source_add(&t->job.timer) < 0)
		t->busy = 0;
}

void
firehotkey(const Hotkey *h, msec now)
{
	static struct task spare;
	struct task *t = tasknew();
	const Hotkey *row;

	x.fresh = 0;
	if (!t && h == &chordofemergency[0])
		emergency(&spare, &h->arg, now); /* whatever else is busy */
	else if (h == &chordofemergency[0])
		taskadd(t, h->action, h->arg);
	else
		for (row = hotkeys; t && row->key; row++)
			if (row->key == h->key && row->mods == h->mods &&
			    !((row->flags ^ h->flags) & OnRelease))
				taskadd(t, row->action, row->arg);
	if (t)
		tasknext(t, now);
}

void
focusin(xcb_generic_event_t *ev, msec now)
{
	xcb_focus_in_event_t *e = (xcb_focus_in_event_t *)ev;

	x.entered = e->mode == XCB_NOTIFY_MODE_NORMAL ||
	            e->mode == XCB_NOTIFY_MODE_WHILE_GRABBED ? 1 : -1;
	ungrabbed(e->mode);
	if (e->mode == XCB_NOTIFY_MODE_UNGRAB)
		x.away = 0;
	if (x.entered < 0 || e->detail >= XCB_NOTIFY_DETAIL_POINTER ||
	    e->detail == XCB_NOTIFY_DETAIL_INFERIOR)
		return;
	x.away = e->mode == XCB_NOTIFY_MODE_WHILE_GRABBED && !x.keyboard;
	x.focused = 1;
	input_focus(&input, 1, now);
}

/* Releases happen elsewhere from now on. If a window manager took a key by a
 * grab, modifiers stay: their going up and down would open menus. */
void
focusout(xcb_generic_event_t *ev, msec now)
{
	xcb_focus_out_event_t *e = (xcb_focus_out_event_t *)ev;

	if (e->mode == XCB_NOTIFY_MODE_GRAB && !x.keyboard && !x.trying) {
		x.away = 1;
		input_leave(&input, &input.x, 1, now);
	}
	ungrabbed(e->mode);
	if (e->mode == XCB_NOTIFY_MODE_UNGRAB && !x.focused)
		input_leave(&input, &input.x, 0, now);
	if (e->mode == XCB_NOTIFY_MODE_GRAB ||
	    e->mode == XCB_NOTIFY_MODE_UNGRAB ||
	    e->detail >= XCB_NOTIFY_DETAIL_POINTER ||
	    e->detail == XCB_NOTIFY_DETAIL_INFERIOR)
		return;
	x.focused = 0;
	input_leave(&input, &input.x, 0, now);
	input_focus(&input, 0, now);
}

/* Motion of another origin than before is sent by itself. */
void
from(struct origin *o, msec now)
{
	if (x.movedby != o)
		motionflush(now);
	x.movedby = o;
}

void
gotgeometry(void *reply, msec now)
{
	xcb_get_geometry_reply_t *r = reply;

	(void)now;
	x.w = r ? r->width : 0;
	x.h = r ? r->height : 0;
}

/* One of the replies to xgrabask; after the last it is decided. Those to
 * GrabKeyboard, GrabPointer and XIGrabDevice are laid out alike, but for the
 * status of the last. */
void
gotgrab(void *reply, msec now)
{
	xcb_grab_keyboard_reply_t *r = reply;
	int status = !r ? -1 : x.arg < 0 ? r->status :
	    ((xcb_input_xi_grab_device_reply_t *)reply)->status;
	struct slave *s = x.arg < 0 ? NULL : &x.slave[x.arg];
	size_t row;

	if (status != XCB_GRAB_STATUS_SUCCESS)
		x.refused = status == XCB_GRAB_STATUS_ALREADY_GRABBED ?
		    status : -1;
	else if (x.arg == Keyboard)
		x.keyboard = 1;
	else if (x.arg == Pointer)
		x.pointer = x.asking & Confine ? 2 : 1;
	else
		slavetaken(s, now);
	if (--x.trying)
		return;
	if (!x.refused) {
		xgrabtold(now);
		return;
	}
	if (x.refused > 0 && !x.busy)
		x.busy = now + GrabBusy;
	if (x.refused > 0 && now < x.busy) {
		x.grabtimer.due = now + GrabEvery;
		return;
	}
	warn("x: grab: %s", x.refused > 0 ? "another program holds it" :
	     "refused: the window must be visible");
	for (row = 0; grabs[row].name; row++) {
		if (!(x.rows >> row & 1) || xgrabmet(&grabs[row]))
			continue;
		x.rows &= ~(1u << row);
		input_grabbed(&input, &grabs[row], 0, now);
	}
	xgrabend(now);
}

/* One point of the grid: is our top-level what a click there would hit? When
 * the last has come the question is decided; half covered decides nothing. */
void
gothit(void *reply, msec now)
{
	xcb_translate_coordinates_reply_t *r = reply;

	if (r && r->child && r->child == x.top)
		x.hits++;
	if (--x.points)
		return;
	x.looking = 0;
	note(2, "x: %u of %d points hit", x.hits, Grid * Grid);
	if (x.hits > Grid * Grid / 2)
		setvisible(1, now);
	else if (!x.hits || !x.known)
		setvisible(0, now);
	if (x.again)
		look(now);
}

/* What is to be released in X, as far as it is down there. */
void
gotkeymap(void *reply, msec now)
{
	xcb_query_keymap_reply_t *r = reply;
	unsigned k;

	(void)now;
	for (k = 8; r && k < 256; k++)
		if (r->keys[k / 8] & 1 << k % 8 &&
		    x.stuck[(k - 8) / 8] & 1 << (k - 8) % 8)
			xcb_test_fake_input(x.conn, XCB_KEY_RELEASE, k, 0,
			    x.root, 0, 0, 0);
	memset(x.stuck, 0, sizeof(x.stuck));
	ask(xcb_query_keymap(x.conn).sequence, gotunstuck);
}

/* Before a grab: are all keys up? Who saw one go down must see it go up. */
void
gotkeys(void *reply, msec now)
{
	xcb_query_keymap_reply_t *r = reply;
	unsigned k;

	x.trying = x.forced = 0;
	memset(x.down, 0, sizeof(x.down));
	for (k = 1; r && k < 32; k++)
		x.forced |= x.down[k - 1] = r->keys[k];
	if (x.forced && now < x.patient)
		x.grabtimer.due = now + GrabEvery;
	else
		xgrabask(now);
}

void
gotorigin(void *reply, msec now)
{
	xcb_translate_coordinates_reply_t *r = reply;

	(void)now;
	x.x = r ? r->dst_x : 0;
	x.y = r ? r->dst_y : 0;
}

/* Vendor and product of x.slave[x.arg]. */
void
gotproduct(void *reply, msec now)
{
	xcb_input_xi_get_property_reply_t *r = reply;
	struct slave *s = &x.slave[x.arg];
	const uint32_t *id;

	if (r && r->format == 32 && r->num_items >= 2) {
		id = (const uint32_t *)xcb_input_xi_get_property_items(r);
		s->vendor = id[0];
		s->product = id[1];
	}
	s->ours = !strncmp(s->name, "screenstub-", 11);
	xgrabnew(now); /* one of a row may have come back */
}

/* Which keys were down when raw events of them began. */
void
gotraw(void *reply, msec now)
{
	xcb_query_keymap_reply_t *r = reply;
	unsigned char down[KEY_CNT / 8] = { 0 };

	(void)now;
	if (!r)
		return;
	memcpy(down, r->keys + 1, sizeof(r->keys) - 1);
	input_raw(&input, down);
}

/* All of the geometry is there: asks for the points that are on the root. */
void
gotroot(void *reply, msec now)
{
	xcb_get_geometry_reply_t *r = reply;
	int i, px, py;

	x.hits = x.points = 0;
	for (i = 0; r && x.w && x.h && i < Grid * Grid; i++) {
		px = x.x + (2 * (i % Grid) + 1) * x.w / (2 * Grid);
		py = x.y + (2 * (i / Grid) + 1) * x.h / (2 * Grid);
		if (px < 0 || py < 0 || px >= r->width || py >= r->height)
			continue;
		x.points++;
		ask(xcb_translate_coordinates(x.conn, x.root, x.root, px,
		    py).sequence, gothit);
	}
	if (x.points)
		return;
	x.points = 1;
	gothit(NULL, now);
}

/* The devices that X has now. */
void
gotslaves(void *reply, msec now)
{
	xcb_input_xi_query_device_reply_t *r = reply;
	xcb_input_xi_device_info_iterator_t it;
	struct slave *s, *slot;

	if (!r)
		return;
	for (s = x.slave; s < x.slave + SlaveMax; s++)
		s->seen = 0;
	it = xcb_input_xi_query_device_infos_iterator(r);
	for (; it.rem; xcb_input_xi_device_info_next(&it)) {
		if (it.data->type < XCB_INPUT_DEVICE_TYPE_SLAVE_POINTER)
			continue;
		slot = NULL;
		for (s = x.slave; s < x.slave + SlaveMax &&
		    s->id != it.data->deviceid; s++)
			if (!s->id && !slot)
				slot = s;
		if (s == x.slave + SlaveMax && !(s = slot))
			continue;
		slavefill(s, it.data);
	}
	for (s = x.slave; s < x.slave + SlaveMax; s++)
		if (s->id && !s->seen)
			slavegone(s, now);
}

/* Climbs from our window to the one below the root. */
void
gottree(void *reply, msec now)
{
	xcb_query_tree_reply_t *r = reply;

	if (r && r->parent && r->parent != x.root) {
		x.top = r->parent;
		ask(xcb_query_tree(x.conn, x.top).sequence, gottree);
		return;
	}
	if (!r)
		x.top = 0; /* it vanished meanwhile */
	(void)now;
	ask(xcb_get_geometry(x.conn, x.win).sequence, gotgeometry);
	ask(xcb_translate_coordinates(x.conn, x.win, x.root, 0, 0).sequence,
	    gotorigin);
	ask(xcb_get_geometry(x.conn, x.root).sequence, gotroot);
}

/* What X holds no longer goes up in the guest: of a key whose device floats
 * meanwhile the window is told nothing. */
void
gotunstuck(void *reply, msec now)
{
	xcb_query_keymap_reply_t *r = reply;
	unsigned char down[KEY_CNT / 8] = { 0 };

	if (!r)
		return;
	memcpy(down, r->keys + 1, sizeof(r->keys) - 1);
	input_keymap(&input, down, 0, now);
}

void
grabchanged(const Grab *g, int held, msec now)
{
	note(1, "grab: %s: %s", g->name, held ? "held" : "ended");

	fire(held ? Grabbed : Ungrabbed, now);
}

const char *
grabname(void)
{
	size_t row;

	for (row = 0; grabs[row].name; row++)
		if (input.held >> row & 1)
			return grabs[row].name;
	return "";
}

void
grabtimer(struct source *s, unsigned got, msec now)
{
	(void)s;
	(void)got;
	xgrabtry(now);
}

/* 0: there is nobody to wait for, so that waiting would only cost time. */
int
guestthere(int kind, const char *name)
{
	if (!*agent.peer.addr)
		warn("qga: %s: no agent socket is configured", name);
	else if (*qmp.peer.addr && qmp.vm != VmRunning &&
	    (qmp.known || !life.once)) /* -w: another may hold QMP */
		warn("qga: %s: the VM does not run", name);
	else if (kind == GuestExec && !agent.open)
		warn("qga: %s: no agent runs in the guest", name);
	else
		return 1;
	return 0;
}

/* The first monitor's, or that of -s; 0: not known. */
unsigned
inputof(enum side side)
{
	const Monitor *m = monitors + (life.only < 0 ? 0 : life.only);
	const struct bus *b;

	if ((side == Host ? m->host : m->guest).value)
		return (side == Host ? m->host : m->guest).value;
	for (b = drive.ddc.bus; b < drive.ddc.bus + drive.ddc.nbus; b++)
		if (b->row == m)
			return side == Host ? b->mem.host : b->mem.guest;
	return 0;
}

/* Ends a job without a call of done. */
void
jobcancel(struct job *j, msec now)
{
	struct child **c;
	int kind = j->kind;

	source_del(&j->timer);
	j->kind = NoStep;
	switch (kind) {
	case Exec:
		for (c = &children; *c && *c != &j->child; c = &(*c)->next)
			;
		if (*c)
			*c = j->child.next;
		kill(-j->child.pid, SIGKILL);
		break;
	case Power:
		qmp_forget(&qmp, &j->qmp);
		/* FALLTHROUGH */
	case GuestExec:
	case GuestWait:
		agent_cancel(&agent, &j->agent, now);
		break;
	case Command:
		qmp_forget(&qmp, &j->qmp);
		break;
	case Ddc:
		ddccancel();
		break;
	}
}

void
jobend(struct job *j, int ok, msec now)
{
	if (!j->kind)
		return;
	source_del(&j->timer);
	j->kind = NoStep;
	j->done(j, ok, now);
}

void
joblimit(struct source *s, unsigned got, msec now)
{
	struct job *j = (struct job *)s;

	(void)got;
	if (j->kind == Exec && !j->late) {
		warn("exec: %s: not done within its limit: ended", j->name);
		kill(-j->child.pid, SIGTERM);
		j->late = 1;
		s->due = now + TermGrace;
		return;
	}
	if (j->kind == Power && !j->late && now < j->due) {
		s->due = j->due;
		if (j->agent.state == JobAsked)
			return; /* it has to be refused first */
		agent_cancel(&agent, &j->agent, now);
		powerbutton(j, now);
		return;
	}
	if ((j->kind == GuestExec || j->kind == GuestWait) && j != &dog.job)
		warn("qga: %s: not done within its limit (is the agent "
		     "running in the guest?)", j->name);
	else if (j->kind == Ddc)
		warn("ddc: not done within its limit");
	else if (j->kind == Power && !j->late)
		warn("%s: the guest did not do it within %d ms", j->name,
		     PowerLimit);
	jobcancel(j, now);
	j->done(j, 0, now);
}

int
jobstart(struct job *j, int kind, const Arg *arg, msec limit, msec now)
{
	const char *name = kind == Exec || kind == GuestExec ? arg->argv[0] :
	    "guest-ping";
	pid_t pid;

	if (kind == Ddc && ddc_rowempty(monitors))
		return Done;
	if ((kind == GuestExec || kind == GuestWait) &&
	    !guestthere(kind, name))
		return Failed;
	if (jobtimer(j, kind, name, limit, now) < 0)
		return Failed;
	switch (kind) {
	case Exec:
		pid = spawn(arg->argv, j->event);
		if (pid > 0 && limit) {
			j->child.ended = execended;
			childstart(&j->child, pid);
			break;
		}
		source_del(&j->timer);
		j->kind = NoStep;
		return pid < 0 ? Failed : Done;
	case GuestExec:
	case GuestWait:
		j->agent.op = kind == GuestExec ? AgentExec : AgentPing;
		j->agent.argv = kind == GuestExec ? arg->argv : NULL;
		j->agent.done = agentdone;
		agent_start(&agent, &j->agent, now);
		break;
	case Ddc:
		ddcbegin(DdcSwitch, show.target, show.step[1].orelse, limit,
		    now);
		break;
	}
	return Pending;
}

int
jobtimer(struct job *j, int kind, const char *name, msec limit, msec now)
{
	j->name = name;
	j->late = 0;
	j->timer.fd = -1;
	j->timer.due = now + limit;
	j->timer.ready = joblimit;
	if (source_add(&j->timer) < 0)
		return -1;
	j->kind = kind;
	return 0;
}

void
key(struct origin *o, unsigned code, int value, msec now)
{
	struct input_event e = { .type = EV_KEY };

	e.code = code;
	e.value = value;
	motionflush(now);
	input_feed(&input, o, &e, 1, now);
}

/* Comes after FocusIn and EnterNotify: which keys are down, from keycode 8, so
 * that its bits are those of evdev codes. */
void
keymapnotify(xcb_generic_event_t *ev, msec now)
{
	xcb_keymap_notify_event_t *e = (xcb_keymap_notify_event_t *)ev;
	unsigned char down[KEY_CNT / 8] = { 0 };

	if (!x.entered)
		return; /* after EnterNotify, with the focus */
	memcpy(down, e->keys, sizeof(e->keys));
	input_keymap(&input, down, x.entered > 0, now);
	x.entered = 0;
}

/* X's keycodes are evdev's plus 8 with every server of today. Who types into a
 * window that is hidden does not mean the guest. */
void
keypress(xcb_generic_event_t *ev, msec now)
{
	xcb_key_press_event_t *e = (xcb_key_press_event_t *)ev;
	unsigned k = e->detail - 8;

	if (e->event == x.root)
		passivekey(e, 1, now);
	else if (x.visible || input.x.down[k / 8] >> k % 8 & 1)
		key(&input.x, k, 1, now);
	else
		input.x.foreign[k / 8] |= 1 << k % 8;
}

void
keyrelease(xcb_generic_event_t *ev, msec now)
{
	xcb_key_release_event_t *e = (xcb_key_release_event_t *)ev;

	if (e->event == x.root)
		passivekey(e, 0, now);
	else
		key(&input.x, e->detail - 8, 0, now);
}

/* The one way out: keys up, the host shown, the rows of Leave run, within
 * ExitLimit. */
void
leave(int status, msec now)
{
	struct task *t;

	if (status)
		life.status = status;
	if (life.leaving)
		return;
	note(1, "leaving");
	life.leaving = 1;
	life.limit.due = now + ExitLimit;
	source_add(&life.limit);
	update(now);
	input_release(&input, now);
	qmp_leave(&qmp, ExitLimit - ReplyGrace, now);
	if (!show.step)
		poke(now);
	else if (show.job.timer.due > now + leavetime(now))
		show.job.timer.due = now + leavetime(now);
	fire(Leave, now);
	/* what only waits for the guest is not waited for any more */
	for (t = tasks; t < tasks + TaskMax; t++) {
		if (t->job.kind != Power && t->job.kind != GuestWait)
			continue;
		t->nrow = t->next;
		jobcancel(&t->job, now);
		taskdone(&t->job, 0, now);
	}
	leavenow();
}

void
leavelimit(struct source *s, unsigned got, msec now)
{
	(void)s;
	(void)got;
	(void)now;
	warn("not all could be done before the end; the monitor shows: %s",
	     sidename[show.shown]);
	life.status = 1;
	life.done = 1;
}

/* Ends the program, if nothing is left to be done. */
void
leavenow(void)
{
	size_t i;

	if (!life.leaving || show.step || show.timer.due || !qmp_idle(&qmp))
		return;
	for (i = 0; i < LENGTH(tasks); i++)
		if (tasks[i].busy)
			return;
	if (show.shown != Host)
		life.status = 1;
	life.done = 1;
}

/* The same for a row of tohost[]. */
msec
leavetime(msec now)
{
	return show.step[1].kind ? ExitLimit / 3 :
	    life.limit.due - now - ReplyGrace;
}

void
logline(const char *fmt, va_list ap)
{
	char line[1024], *p;
	int saved = errno;
	size_t n;

	n = vsnprintf(line, sizeof(line) - 160, fmt, ap);
	if (n >= sizeof(line) - 160)
		n = sizeof(line) - 161;
	for (p = line; *p; p++) /* it may come from the guest */
		if ((unsigned char)*p < ' ' || *p == 0x7f ||
		    (p[0] == '\xc2' && (p[1] & 0xe0) == 0x80))
			*p = ' '; /* U+0080 to U+009F are controls too */
	if (fmt[strlen(fmt) - 1] == ':')
		snprintf(line + n, sizeof(line) - n, " %s", strerror(saved));
	fprintf(stderr, "screenstub: %s\n", line);
	errno = saved;
}

/* Something happened to the windows: is ours visible? Asked at most every
 * VisibleEvery, for a window that is dragged makes hundreds of events. */
void
look(msec now)
{
	if (x.looking) {
		x.again = 1;
		return;
	}
	x.again = 0;
	if (!x.timer.due)
		x.timer.due = x.looked + VisibleEvery > now ?
		              x.looked + VisibleEvery : now;
}

void
looktimer(struct source *s, unsigned got, msec now)
{
	(void)s;
	(void)got;
	x.looking = 1;
	x.looked = now;
	x.top = x.win;
	ask(xcb_query_tree(x.conn, x.win).sequence, gottree);
}

void
lost(struct qmp *q, unsigned key)
{
	(void)q;
	input_lost(&input, key);
}

void
mapnotify(xcb_generic_event_t *ev, msec now)
{
	if (((xcb_map_notify_event_t *)ev)->window == x.win)
		xgrabnew(now);
	look(now);
}

/* Both corners of the guest's desktop, or of what of it is in the window, can
 * be reached at any size. */
void
motionflush(msec now)
{
	struct input_event e[] = {
		{ .type = EV_ABS, .code = ABS_X },
		{ .type = EV_ABS, .code = ABS_Y },
	};
	double w = x.width > 1 ? x.width - 1 : 1;
	double h = x.height > 1 ? x.height - 1 : 1;
	struct origin *o = x.movedby ? x.movedby : &input.x;
	double px = x.px < 0 ? 0 : x.px > w ? w : x.px; /* a drag goes on */
	double py = x.py < 0 ? 0 : x.py > h ? h : x.py;
	size_t n;

	n = x.nmotion;
	x.nmotion = 0;
	if (n)
		input_feed(&input, o, x.motion, n, now);
	if (!x.moved)
		return;
	x.moved = 0;
	e[0].value = (guestrect.left + (guestrect.right - guestrect.left) *
	    px / w) * 0x7fff + .5;
	e[1].value = (guestrect.top + (guestrect.bottom - guestrect.top) *
	    py / h) * 0x7fff + .5;
	input_feed(&input, o, e, 2, now);
}

void
motionnotify(xcb_generic_event_t *ev, msec now)
{
	xcb_motion_notify_event_t *e = (xcb_motion_notify_event_t *)ev;

	if (input_pointer(&input) && !x.absolute)
		return;
	from(&input.x, now);
	x.px = e->event_x; /* sent once for all that came in this pass */
	x.py = e->event_y;
	x.moved = 1;
}

const Grab *
namedgrab(const char *name)
{
	const Grab *g;

	for (g = grabs; g->name; g++)
		if (name && !strcmp(g->name, name))
			return g;
	warn("grab: %s: no such row in grabs[]", name ? name : "?");
	return NULL;
}

void
note(int level, const char *fmt, ...)
{
	va_list ap;

	if (verbose < level)
		return;
	va_start(ap, fmt);
	logline(fmt, ap);
	va_end(ap);
}

/* -1: they are wrong. What follows -e is left at optind. */
int
options(struct options *o, int argc, char *argv[])
{
	static const char letter[] = {
		[Detect] = 'd', [Request] = 'e', [Help] = 'h',
		[Version] = 'v', [Switch] = 'w',
	};
	char *end;
	long row;
	int opt;

	while (o->mode != Request &&
	    (opt = getopt(argc, argv, "+Va:de:hkq:s:vw:")) != -1) {
		switch (opt) {
		case 'V':
			verbose++;
			break;
		case 'a':
			o->agent = optarg;
			break;
		case 'k':
			o->confirm = 1;
			break;
		case 'q':
			o->qmp = optarg;
			break;
		case 's':
			row = strtol(optarg, &end, 10);
			if (*end || end == optarg || row < 0 || row > 999)
				return -1;
			life.only = row;
			break;
		case '?':
			return -1;
		default:
			if (o->mode != Run)
				return -1;
			o->mode = (const char *)memchr(letter, opt,
			    sizeof(letter)) - letter;
		}
		if (opt == 'w' && strcmp(optarg, "host") &&
		    strcmp(optarg, "guest"))
			return -1;
		if (opt == 'w')
			o->side = *optarg == 'h' ? Host : Guest;
		if (opt == 'e')
			argv[--optind] = optarg; /* the action */
	}
	if (o->mode == Request)
		return 0;
	return optind < argc || (o->confirm && o->mode != Switch) ? -1 : 0;
}

/* A key that XGrabKey gave us, whatever has the focus. */
void
passivekey(const xcb_key_press_event_t *e, int value, msec now)
{
	const Hotkey *h, *done = NULL;
	unsigned key = e->detail - 8;

	if (value && (x.xi ? x.fresh != key : x.passive == key))
		return; /* it repeats */
	x.passive = value ? key : 0;
	for (h = hotkeys; h->key; h++) {
		if (h->key != key || !(h->flags & Exclusive) ||
		    (h->flags & OnRelease) == (unsigned)value ||
		    (e->state & x.allmods) != xmods(h->mods) ||
		    (done && done->mods == h->mods))
			continue;
		done = h;
		firehotkey(h, now);
	}
}

/* Something gives reason to try at once what had failed. */
void
poke(msec now)
{
	show.pause = 0;
	show.again = show.step != NULL;
	if (!show.step && show.shown != show.wanted)
		show.timer.due = soonest(now);
}

/* Shutdown and reboot: the agent is asked, and if it refuses, or there is
 * none, the machine's button is pressed. Whether it was done QEMU's event
 * tells, for the agent answers only to refuse. */
int
power(struct task *t, enum agentop op, enum event event, msec now)
{
	struct job *j = &t->job;
	const char *name = op == AgentReboot ? "guestreboot" : "guestshutdown";

	if (*qmp.peer.addr ? qmp.vm < VmSuspended : !*agent.peer.addr) {
		warn("%s: the VM does not run", name);
		return Failed;
	}
	if (jobtimer(j, Power, name, PowerLimit, now) < 0)
		return Failed;
	j->until = event;
	j->due = j->timer.due;
	j->agent.op = op;
	j->agent.argv = NULL;
	j->agent.done = poweragent;
	if (!*agent.peer.addr || !agent.open) {
		powerbutton(j, now);
		return Pending;
	}
	if (j->due > now + AgentLimit)
		j->timer.due = now + AgentLimit;
	agent_start(&agent, &j->agent, now);
	return Pending;
}

void
poweragent(struct agentjob *a, int ok, msec now)
{
	struct job *j = OWNER(a, struct job, agent);

	j->timer.due = j->due;
	if (!ok)
		powerbutton(j, now);
	else if (!*qmp.peer.addr)
		jobend(j, 1, now); /* nobody will tell more */
}

void
powerbutton(struct job *j, msec now)
{
	j->qmp.command = j->agent.op == AgentReboot ? "system_reset" :
	    "system_powerdown";
	j->qmp.done = powerdone;
	note(1, "%s: without the agent: %s", j->name, j->qmp.command);
	if (qmp_command(&qmp, &j->qmp, now) == 0)
		return;
	warn("%s: there is no VM whose button could be pressed", j->name);
	j->late = 1;
	j->timer.due = now;
}

void
powerdone(struct qmpjob *q, int ok, msec now)
{
	struct job *j = OWNER(q, struct job, qmp);

	if (ok)
		return; /* an event tells the rest */
	jobcancel(j, now);
	j->done(j, 0, now);
}

/* What some tasks wait for has happened, or won't. */
void
powerend(enum event event, int ok, msec now)
{
	struct task *t;

	for (t = tasks; t < tasks + TaskMax; t++) {
		if (t->job.kind != Power || t->job.until != event)
			continue;
		jobcancel(&t->job, now);
		taskdone(&t->job, ok, now);
	}
}

/* One block of -d, with a row for config.h below it: the host's input is the
 * one that is shown, the guest's the first other one. */
void
printmonitor(const struct bus *b, const struct ddcrecord *r, int first)
{
	const struct ident *id = &b->id;
	int active = r->value < 0 ? -1 : r->value & 0xff, guest = 0;
	char row[RowText];
	size_t i;

	printf("%sID: i2c-%d\n", first ? "" : "\n", b->num);
	if (*b->connector)
		printf("Connector: %s\n", b->connector);
	printf("Manufacturer: %s\n", id->manufacturer);
	if (*id->model)
		printf("Model: %s\n", id->model);
	if (*id->serial)
		printf("Serial: %s\n", id->serial);
	if (active >= 0 && !memchr(r->input, active, r->ninput))
		printf(" Source: %s = 0x%02x (Active)\n",
		       ddc_inputname(active), r->value);
	for (i = 0; i < r->ninput; i++) {
		printf(" Source: %s = 0x%02x%s\n",
		       ddc_inputname(r->input[i]), r->input[i] == active ?
		       (unsigned)r->value : r->input[i],
		       r->input[i] == active ? " (Active)" : "");
		if (!guest && r->input[i] != active)
			guest = r->input[i];
	}
	ddc_row(row, sizeof(row), &drive.ddc, b, active < 0 ? 0 : r->value,
	    active < 0 ? 0 : guest);
	printf("\t%s\n", row);
}

/* Motion as the device reports it, before acceleration (XI2proto.txt,
 * RawEvent). One with absolute valuators moves as it would without a grab. */
void
rawmotion(const xcb_input_raw_motion_event_t *e, msec now)
{
	const uint32_t *mask = xcb_input_raw_button_press_valuator_mask(e);
	const xcb_input_fp3232_t *v =
	    xcb_input_raw_button_press_axisvalues_raw(e);
	struct slave *s = slaveof(e->sourceid);
	double d[4] = { 0 };
	int i, n;

	if (!s || s->ours)
		return;
	for (i = 0; i < e->valuators_len * 32; i++) {
		if (!(mask[i / 32] >> i % 32 & 1))
			continue;
		n = i < 2 ? i : i == (int)s->wheel[0] ? 2 :
		    i == (int)s->wheel[1] ? 3 : -1;
		if (n >= 0)
			d[n] = v->integral + v->frac / 4294967296.;
		v++;
	}
	x.absolute = s->absolute && !s->held;
	from(s->held ? &s->origin : &input.x, now);
	if (!s->absolute && (s->held || input_pointer(&input) == 1) &&
	    (x.pointer || x.inside || s->held)) {
		relative(s, 0, REL_X, d[0]);
		relative(s, 1, REL_Y, d[1]);
	}
	if (!HiRes || !(x.pointer || x.inside || s->held))
		return;
	if (s->wheel[0])
		wheel(s, 0, d[2], now);
	if (s->wheel[1])
		wheel(s, 1, d[3], now);
}

void
reap(msec now)
{
	struct child **c, *child;
	pid_t pid;
	int status;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		for (c = &children; *c && (*c)->pid != pid; c = &(*c)->next)
			;
		if (!(child = *c))
			continue; /* detached, or cancelled */
		*c = child->next;
		child->ended(child, status, now);
	}
}

/* Adds the integer part to what is to be sent, keeps the rest. */
void
relative(struct slave *s, int axis, unsigned code, double d)
{
	size_t i;
	int whole;

	s->rest[axis] += d;
	whole = (int)s->rest[axis];
	s->rest[axis] -= whole;
	for (i = 0; i < x.nmotion && x.motion[i].code != code; i++)
		;
	if (!whole || i == LENGTH(x.motion))
		return;
	if (i == x.nmotion) {
		memset(&x.motion[i], 0, sizeof(x.motion[i]));
		x.motion[i].type = EV_REL;
		x.motion[i].code = code;
		x.nmotion++;
	}
	x.motion[i].value += whole;
}

/* -e: hands the words to the running instance. */
int
request(int argc, char *argv[])
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	struct timeval limit = { (RequestLimit + PowerLimit) / 1000, 0 };
	char text[256];
	ssize_t n = 0, len = 0;
	int fd, i;

	controlpath(un.sun_path, sizeof(un.sun_path));
	if (!*un.sun_path)
		die("control: XDG_RUNTIME_DIR is not set or too long");
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || connect(fd, (struct sockaddr *)&un, sizeof(un)) < 0)
		die("control: %s: is screenstub running? %s", un.sun_path,
		    strerror(errno));
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
	for (i = 0; i < argc; i++)
		if (send(fd, argv[i], strlen(argv[i]) + 1, MSG_NOSIGNAL) < 0)
			die("control: %s:", un.sun_path);
	shutdown(fd, SHUT_WR);
	while (len < (ssize_t)sizeof(text) - 1 &&
	    (n = read(fd, text + len, sizeof(text) - 1 - len)) > 0)
		len += n;
	text[len] = '\0';
	if (n < 0 || !len)
		die("control: %s: no answer", un.sun_path);
	if (!strcmp(text, "done\n"))
		return 0;
	text[len - 1] = '\0';
	warn("control: %s: %s", argv[0], text);
	return 1;
}

/* The machine slept: what the monitor shows now nobody knows. */
void
resumed(msec now)
{
	note(1, "resumed");
	drive.patient = now + ResumeWait;
	show.shown = Unknown;
	poke(now);
}

/* The loop, and all the waiting that is done. */
void
run(void)
{
	fd_set set[3];
	struct timeval t;
	struct source *s;
	unsigned got;
	size_t i, k, n;
	msec now = clockms(CLOCK_MONOTONIC), due, wait;
	msec slept = clockms(CLOCK_BOOTTIME) - now, before;
	int max;

	while (!life.done) {
		/* X first, for its queue wakes nobody; then the end, which
		 * comes when nothing is left to be done */
		xdrain(now);
		leavenow();
		if (life.done)
			break;
		/* the table without holes: what to wait for, until when */
		for (i = n = 0; i < nsource; i++)
			if (sources[i])
				sources[n++] = sources[i];
		nsource = n;
		max = -1;
		due = 0;
		for (k = 0; k < LENGTH(set); k++)
			FD_ZERO(&set[k]);
		for (i = 0; i < n; i++) {
			s = sources[i];
			if (s->due && (!due || s->due < due))
				due = s->due;
			if (s->fd < 0)
				continue;
			for (k = 0; k < LENGTH(set); k++)
				if (s->events & 1u << k)
					FD_SET(s->fd, &set[k]);
			if (s->fd > max)
				max = s->fd;
		}
		wait = due > now ? due - now : 0;
		t.tv_sec = wait / 1000;
		t.tv_usec = wait % 1000 * 1000;
		if (select(max + 1, &set[0], &set[1], &set[2],
		    due ? &t : NULL) < 0) {
			if (errno != EINTR && !life.leaving)
				warn("select:");
			if (errno != EINTR)
				leave(1, now);
			for (k = 0; k < LENGTH(set); k++)
				FD_ZERO(&set[k]);
		}
		now = clockms(CLOCK_MONOTONIC);
		before = slept;
		slept = clockms(CLOCK_BOOTTIME) - now;
		if (slept > before + SleepLeast)
			resumed(now);
		/* serving one may add others, behind n, and remove any */
		for (i = 0; i < n && !life.done; i++) {
			if (!(s = sources[i]))
				continue;
			got = 0;
			for (k = 0; s->fd >= 0 && k < LENGTH(set); k++)
				if (FD_ISSET(s->fd, &set[k]))
					got |= 1u << k & s->events;
			if (got && s->ready)
				s->ready(s, got, now);
			/* a talkative peer can't put off its own limit */
			if (sources[i] != s || !s->due || s->due > now)
				continue;
			s->due = 0;
			s->ready(s, 0, now);
		}
	}
}

void
setvisible(int visible, msec now)
{
	if (x.known && x.visible == visible)
		return;
	note(1, "x: window: %s", visible ? "visible" : "hidden");
	x.known = 1;
	x.visible = visible;
	show.asked = Unknown;
	show.panic = 0;
	update(now);
	input_allow(&input, visible && show.wanted == Guest, now);

	if (show.pause)
		poke(now);
}

/* The wish has lasted. */
void
showbegin(msec now)
{
	if (show.step)
		return;
	if (show.shown == show.wanted) {
		showtell(now);
		return;
	}
	show.target = show.wanted;
	show.again = 0;
	show.verify.due = 0;
	ddccancel(); /* a check of the switch before */
	show.ran = show.lost = 0;
	show.last = Pending;
	show.step = show.target == Guest ? toguest : tohost;
	note(1, "show: %s", sidename[show.target]);
	if (show.step->kind)
		shownext(now);
	else
		showend(1, now); /* input is all that is wanted */
}

/* A row has ended, by itself or at its limit. */
void
showdone(struct job *j, int ok, msec now)
{
	(void)j;
	if (ok && show.step->kind == Ddc && !life.once && !life.leaving)
		show.verify.due = now + BounceWait;
	show.last = ok ? Done : Failed;
	show.step++;
	while (ok && show.step->kind && show.step->orelse)
		show.step++;
	if (!ok && !show.step->orelse)
		showend(0, now);
	else if (!show.step->kind)
		showend(!show.lost, now);
	else if (show.wanted != show.target)
		showend(0, now); /* it was followed to its end, not further */
	else
		shownext(now);
}

/* The switch is over. One to the host that failed is tried again and again,
 * unless there was nothing to try it on: then a uevent will tell. */
void
showend(int ok, msec now)
{
	enum side before = show.shown;

	show.step = NULL;
	show.shown = ok ? show.target : Unknown;
	show.notbefore = now + Throttle;
	if (ok) {
		note(1, "show: %s is shown", sidename[show.shown]);
		show.pause = 0;
	}
	if (!ok)
		show.verify.due = 0;
	if (show.wanted != show.target || (!ok && show.again)) {
		show.timer.due = soonest(now);
	} else if (!ok) {
		if (!show.pause || verbose)
			warn("show: %s: the switch failed",
			     sidename[show.target]);
		if (show.wanted == Host && !life.leaving && !life.once &&
		    !drive.futile) {
			show.pause = !show.pause ? RetryFirst :
			    show.pause * 2 > RetryMax ? RetryMax :
			    show.pause * 2;
			show.timer.due = now + show.pause;
			note(1, "show: again in %d ms", (int)show.pause);
		}
	}
	if (Watchdog && show.shown == Guest && *agent.peer.addr)
		dog.timer.due = now + Watchdog / 2 + 1;
	if (show.shown != before && show.shown && !life.once)
		fire(show.shown == Guest ? GuestShown : HostShown, now);
	showtell(now);
	leavenow();
}

/* Starts the row that show.step points to. */
void
shownext(msec now)
{
	static const char *const name[] = {
		[Ddc] = "ddc", [Exec] = "exec", [GuestExec] = "guestexec",
		[GuestWait] = "guestwait",
	};
	enum kind kind = show.step->kind;
	msec limit = show.step->limit;
	Arg arg = show.step->arg;
	int r = Failed;

	if (show.panic && (kind == GuestExec || kind == GuestWait)) {
		show.lost |= show.step->orelse && show.last == Failed;
		show.last = Pending;
		show.step++;
		if (show.step->kind)
			shownext(now);
		else
			showend(show.ran && !show.lost, now);
		return;
	}
	note(1, "show: step %s", name[kind]);
	show.ran = 1;
	drive.futile = 0;
	show.job.done = showdone;
	if (life.leaving && limit > leavetime(now))
		limit = leavetime(now);
	if (kind == Exec || kind == GuestExec)
		arg.argv = expand(arg.argv, show.target);
	if (kind == Ddc || kind == GuestWait || arg.argv)
		r = jobstart(&show.job, kind, &arg, limit, now);
	if (r != Pending)
		showdone(&show.job, r == Done, now);
}

/* Ends the waiting of actions that can't expect more. */
void
showtell(msec now)
{
	unsigned char ended[TaskMax] = { 0 };
	size_t i;

	for (i = 0; i < TaskMax; i++)
		ended[i] = tasks[i].busy && tasks[i].waits && !show.step &&
		    (show.shown == show.wanted ||
		    tasks[i].waits != show.wanted || !show.timer.due ||
		    show.pause);
	for (i = 0; i < TaskMax; i++) {
		if (!ended[i])
			continue;
		tasks[i].failed |= tasks[i].waits != show.shown;
		tasks[i].waits = Unknown;
		tasknext(&tasks[i], now);
	}
}

void
showtimer(struct source *s, unsigned got, msec now)
{
	(void)s;
	(void)got;
	showbegin(now);
}

/* The actions: counts until the window is hidden or shown. */
int
showwant(struct task *t, enum side side, msec now)
{
	enum side before = show.asked;

	show.asked = side;
	if (side == Guest)
		show.panic = 0;
	update(now);
	if (show.wanted != side) {
		show.asked = before;
		warn("show: %s: not now: the VM does not run, or the program "
		     "ends", sidename[side]);
		return Failed;
	}
	if (show.shown == side && !show.step)
		return Done;
	if (show.pause || !show.timer.due)
		poke(now); /* it had failed before */
	t->waits = side;
	return Pending;
}

void
signalready(struct source *s, unsigned got, msec now)
{
	struct signalfd_siginfo si;

	(void)got;
	while (read(s->fd, &si, sizeof(si)) == sizeof(si)) {
		if (si.ssi_signo == SIGCHLD) {
			reap(now);
			continue;
		}
		note(1, "signal %d", (int)si.ssi_signo);
		/* a terminal that is closed may send HUP twice */
		if (life.once || (life.leaving && si.ssi_signo != SIGHUP)) {
			unlink(life.controlpath);
			_exit(128 + si.ssi_signo);
		}
		leave(0, now);
	}
}

void
signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	life.signal.fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	if (life.signal.fd < 0)
		die("signalfd:");
	life.signal.events = Readable;
	life.signal.ready = signalready;
	if (source_add(&life.signal) < 0)
		die("too many open files were inherited");
	life.limit.fd = show.timer.fd = show.verify.fd = -1;
	drive.limit.fd = dog.timer.fd = -1;
	life.limit.ready = leavelimit;
	show.timer.ready = showtimer;
	show.verify.ready = verifytimer;
	drive.limit.ready = ddclimit;
	dog.timer.ready = dogtimer;
	source_add(&dog.timer);
	source_add(&show.timer);
	source_add(&show.verify);
	source_add(&drive.limit);
}

void
slavefill(struct slave *s, const xcb_input_xi_device_info_t *info)
{
	xcb_input_device_class_iterator_t it =
	    xcb_input_xi_device_info_classes_iterator(info);
	int isnew = s->id != info->deviceid;

	if (isnew)
		memset(s, 0, sizeof(*s));
	s->seen = 1;
	s->id = info->deviceid;
	s->absolute = 0;
	snprintf(s->name, sizeof(s->name), "%.*s", info->name_len,
	         xcb_input_xi_device_info_name(info));
	for (; it.rem; xcb_input_device_class_next(&it)) {
		const xcb_input_valuator_class_t *v = (void *)it.data;
		const xcb_input_scroll_class_t *c = (void *)it.data;

		if (it.data->type == XCB_INPUT_DEVICE_CLASS_TYPE_VALUATOR &&
		    v->number < 2)
			s->absolute |= v->mode;
		if (it.data->type != XCB_INPUT_DEVICE_CLASS_TYPE_SCROLL ||
		    c->scroll_type < 1 || c->scroll_type > 2 ||
		    !c->increment.integral)
			continue;
		s->wheel[c->scroll_type - 1] = c->number;
		s->notch[c->scroll_type - 1] = c->increment.integral +
		    c->increment.frac / 4294967296.;
	}
	if (isnew)
		askfor(xcb_input_xi_get_property(x.conn, s->id, 0,
		    x.atom[ProductId], XCB_ATOM_INTEGER, 0, 2).sequence,
		    gotproduct, s - x.slave);
}

void
slavegone(struct slave *s, msec now)
{
	if (s->held)
		input_unorigin(&input, &s->origin, now);
	if (x.movedby == &s->origin)
		x.movedby = NULL;
	memset(s, 0, sizeof(*s));
}

struct slave *
slaveof(unsigned id)
{
	struct slave *s;

	for (s = x.slave; s < x.slave + SlaveMax; s++)
		if (s->id && s->id == id)
			return s;
	return NULL;
}

/* It floats now: what it sends comes by itself. */
void
slavetaken(struct slave *s, msec now)
{
	xiselect(s->id, XCB_INPUT_XI_EVENT_MASK_RAW_MOTION);
	s->held = 1;
	memset(&s->origin, 0, sizeof(s->origin));
	memcpy(s->origin.foreign, x.down, sizeof(x.down));
	input_origin(&input, &s->origin);
	if (x.forced)
		unstick(x.down, now); /* they may be of this one */
	x.forced = 0;
	note(1, "x: %s: grabbed", s->name);
}

/* Is it one that a grab names? */
int
slavewanted(const struct slave *s)
{
	const Device *d;
	size_t row;

	for (row = 0; s->id && grabs[row].name; row++)
		for (d = grabs[row].devices; x.rows >> row & 1 && d &&
		    !input_rowempty(d); d++)
			if (input_matches(d, s->name, s->vendor, s->product,
			    s->id))
				return 1;
	return 0;
}

/* When the next switch may begin. A VM that is gone does not come back by
 * itself, so that nothing flaps then, and nothing has to be waited for. */
msec
soonest(msec now)
{
	return show.notbefore < now || (*qmp.peer.addr && qmp.vm == VmOff) ?
	    now : show.notbefore;
}

int
source_add(struct source *s)
{
	size_t i;

	for (i = 0; i < nsource; i++)
		if (sources[i] == s)
			return 0;
	if (nsource == SourceMax || s->fd >= FD_SETSIZE) {
		warn("loop: no room for file descriptor %d", s->fd);
		return -1;
	}
	sources[nsource++] = s;
	return 0;
}

void
source_del(struct source *s)
{
	size_t i;

	for (i = 0; i < nsource; i++)
		if (sources[i] == s)
			sources[i] = NULL;
}

/* argv without a shell, in a process group of its own. */
pid_t
spawn(const char *const *argv, enum event event)
{
	union {
		const char *const *in;
		char *const *out;
	} arg = { argv };
	sigset_t none;
	pid_t pid;
	int fd;

	pid = fork();
	if (pid < 0)
		warn("exec: %s:", argv[0]);
	if (pid > 0)
		setpgid(pid, pid); /* here too: whichever comes first */
	if (pid)
		return pid;
	setpgid(0, 0);
	fd = open("/dev/null", O_RDWR);
	dup2(fd, 0);
	dup2(fd, 1);
	if (fd > 2)
		close(fd);
	environment(event);
	signal(SIGPIPE, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	execvp(argv[0], arg.out);
	warn("exec: %s:", argv[0]);
	_exit(127);
}

/* -w: a task that vmchanged starts, once it is known whether a VM runs. */
void
startswitch(enum side side, int confirm, msec now)
{
	struct task *t = tasknew();

	t->strict = 1;
	if (confirm) {
		taskadd(t, vmruns, (Arg){ 0 });
		taskadd(t, guestwait, (Arg){ 0 });
	}
	taskadd(t, side == Host ? showhost : showguest, (Arg){ 0 });
	life.task = t;
	drive.patient = now + ResumeWait; /* perhaps a hook of the resume */
}

void
startwindow(msec now)
{
	char path[sizeof(life.controlpath)];
	int screen;

	controlpath(path, sizeof(path));
	x.conn = xcb_connect(NULL, &screen);
	if (xcb_connection_has_error(x.conn))
		die("x: can't connect to the X server: is DISPLAY set?");
	controlopen(path);
	udevopen();
	xsetup(screen);
	look(now);
}

void
taskadd(struct task *t, Action *action, Arg arg)
{
	if (t->nrow == RowMax) {
		warn("actions: more than %d rows for one hotkey or event",
		     RowMax);
		return;
	}
	t->row[t->nrow].action = action;
	t->row[t->nrow++].arg = arg;
}

void
taskdone(struct job *j, int ok, msec now)
{
	struct task *t = (struct task *)j;

	t->failed |= !ok;
	taskresume(t, now);
	tasknext(t, now);
}

struct task *
tasknew(void)
{
	struct task *t;

	for (t = tasks; t < tasks + TaskMax - !life.leaving; t++) {
		if (t->busy)
			continue;
		memset(t, 0, sizeof(*t));
		t->busy = 1;
		t->job.done = taskdone;
		return t;
	}
	if (!life.crowded++)
		warn("actions: %d are running already: not started",
		     (int)(t - tasks));
	return NULL;
}

/* Runs rows until one has to be waited for. */
void
tasknext(struct task *t, msec now)
{
	size_t i;
	int r;

	while (t->next < t->nrow && !(t->strict && t->failed)) {
		i = t->next++;
		r = t->row[i].action(t, &t->row[i].arg, now);
		if (r == Pending)
			return;
		t->failed |= r == Failed;
		taskresume(t, now);
	}
	t->busy = life.crowded = 0;
	if (t->client)
		answer(t->client, t->failed ? "failed\n" : "done\n");
	if (life.once) {
		life.status = t->failed;
		life.done = 1;
	}
	leavenow();
}

/* The row is over: it wants no host any more. */
void
taskresume(struct task *t, msec now)
{
	if (!t->pausing)
		return;
	t->pausing = 0;
	show.pausing--;
	update(now);
}

void
taskstart(struct source *s, unsigned got, msec now)
{
	(void)got;
	source_del(s);
	tasknext((struct task *)s, now);
}

/* The one monitor for all modules: uevents after udev's rules have run. */
void
udevopen(void)
{
	static const char *const subsystem[] = { "i2c-dev", "drm", "input" };
	size_t i;

	life.context = udev_new(); /* a monitor may point to it for ever */
	if (life.context)
		life.monitor = udev_monitor_new_from_netlink(life.context,
		    "udev");
	for (i = 0; life.monitor && i < LENGTH(subsystem); i++)
		udev_monitor_filter_add_match_subsystem_devtype(life.monitor,
		    subsystem[i], NULL);
	if (!life.monitor || udev_monitor_enable_receiving(life.monitor) < 0) {
		warn("udev: no events: monitors that are plugged in later "
		     "are not found");
		return;
	}
	life.udev.fd = udev_monitor_get_fd(life.monitor);
	life.udev.events = Readable;
	life.udev.ready = udevready;
	source_add(&life.udev);
}

void
udevready(struct source *s, unsigned got, msec now)
{
	struct udev_device *dev = udev_monitor_receive_device(life.monitor);
	const char *subsystem, *action, *node;

	(void)s;
	(void)got;
	if (!dev)
		return;
	subsystem = udev_device_get_subsystem(dev);
	action = udev_device_get_action(dev);
	node = udev_device_get_devnode(dev);
	note(1, "udev: %s %s %s", subsystem ? subsystem : "?",
	     action ? action : "?", node ? node : "");
	if (!subsystem || !action) {
		; /* nothing that could be ours */
	} else if (!strcmp(subsystem, "input")) {
		input_uevent(&input, action, node, now);
	} else {
		ddc_uevent(&drive.ddc, subsystem, action, node);
		poke(now);
	}
	udev_device_unref(dev);
}

/* The keyboard is not grabbed when the focus moves like that: the server may
 * have been told to break all grabs. */
void
ungrabbed(int mode)
{
	if (!x.trying && (mode == XCB_NOTIFY_MODE_UNGRAB ||
	    mode == XCB_NOTIFY_MODE_NORMAL))
		x.keyboard = 0;
}

void
unmapnotify(xcb_generic_event_t *ev, msec now)
{
	if (((xcb_unmap_notify_event_t *)ev)->window == x.win)
		xgrablost(now);
	look(now);
}

/* X was told by input.c that it will not see these go up. */
void
unstick(const unsigned char down[KEY_CNT / 8], msec now)
{
	size_t i;

	(void)now;
	for (i = 0; i < sizeof(x.stuck); i++)
		x.stuck[i] |= down[i];
	xunstick();
}

/* The wish may have changed: sets out to fulfil it, when it has lasted. */
void
update(msec now)
{
	enum side before = show.wanted;

	if (!life.leaving && !show.panic && ((*qmp.peer.addr && !qmp.tried) ||
	    (!life.once && !x.known)))
		return; /* nothing is known yet */
	show.wanted = wish();
	if (show.wanted == before)
		return;
	note(1, "wish: %s -> %s", sidename[before], sidename[show.wanted]);
	/* nobody who looks at the host types into the guest; one that sleeps
	 * would be woken by a key that goes up */
	if (!life.once)
		input_allow(&input, x.visible && show.wanted == Guest, now);
	if (show.wanted == Host && qmp.vm != VmSuspended)
		input_release(&input, now);
	show.pause = show.verify.due = show.bounced = 0;
	show.timer.due = soonest(now);
	if (!life.leaving && !life.once && show.timer.due < now + Settle &&
	    (!*qmp.peer.addr || qmp.vm != VmOff))
		show.timer.due = now + Settle;
	if (show.step && show.wanted != show.target &&
	    show.job.kind != Exec) {
		note(1, "show: %s: cancelled", sidename[show.target]);
		jobcancel(&show.job, now);
		showdone(&show.job, 0, now);
	}
}

void
usage(FILE *out)
{
	fprintf(out, "usage: screenstub [-V] [-q QMP] [-a AGENT] [-s N] "
	        "[-d | -w host|guest [-k] |\n"
	        "                  -e ACTION [ARG...] | -v | -h]\n");
}

/* The switch was some seconds ago: does the monitor still show that? */
void
verifytimer(struct source *s, unsigned got, msec now)
{
	(void)s;
	(void)got;
	if (!show.step && show.shown)
		ddcbegin(DdcVerify, show.shown, 1, VerifyLimit, now);
}

void
vmchanged(struct qmp *q, enum vmstate before, msec now)
{
	struct task *t = life.task;

	/* held since it stopped; or the nodes hold it for the next VM */
	if ((q->vm == VmRunning || q->vm == VmOff) && before != q->vm)
		input_release(&input, now);
	if (q->vm != VmRunning && before == VmRunning && !AutoReturn)
		show.asked = Host;
	if (q->vm == VmOff && show.asked == Guest && !life.once)
		show.asked = Unknown; /* that was for the VM that ran */
	update(now);
	life.task = NULL;
	if (t)
		tasknext(t, now);
	if (!life.once && (q->vm == VmRunning) != (before == VmRunning))
		fire(q->vm == VmRunning ? VmStart : VmStop, now);
	if (q->vm == VmOff && q->known) { /* it is gone, and did not hang */
		powerend(Shutdown, 1, now);
		powerend(Reset, 0, now);
	}
}

void
vmevent(struct qmp *q, enum event event, msec now)
{
	(void)q;
	powerend(event, 1, now);
	if (!life.once)
		fire(event, now);
}

void
vmreset(struct qmp *q, msec now)
{
	(void)q;
	dog.seen = 0;
	input_forget(&input, now);
	agent_reset(&agent, now);
	powerend(Reset, 1, now);
}

/* An action for -k. */
int
vmruns(struct task *t, const Arg *arg, msec now)
{
	(void)t;
	(void)arg;
	(void)now;
	if (qmp.vm == VmRunning)
		return Done;
	warn("qmp: %s: the VM does not run", qmp.peer.addr);
	return Failed;
}

void
warn(const char *fmt, ...)
{
	va_list ap;

	if (life.hush && !verbose)
		return;
	va_start(ap, fmt);
	logline(fmt, ap);
	va_end(ap);
}

/* A wheel's valuator, in 120th of a notch, and in whole ones. The server's
 * positive direction is down and right (XI2proto.txt, ScrollClass). */
void
wheel(struct slave *s, int axis, double d, msec now)
{
	static const unsigned fine[] = {
		REL_WHEEL_HI_RES, REL_HWHEEL_HI_RES
	};
	static const unsigned notch[] = { REL_WHEEL, REL_HWHEEL };
	struct input_event e[2] = {
		{ .type = EV_REL, .code = fine[axis] },
		{ .type = EV_REL, .code = notch[axis] },
	};

	if (d == 0 || s->notch[axis] == 0)
		return;
	e[0].value = d * 120 / s->notch[axis] * (axis ? 1 : -1);
	s->rest[2 + axis] += e[0].value / 120.;
	e[1].value = (int)s->rest[2 + axis];
	s->rest[2 + axis] -= e[1].value;
	motionflush(now);
	input_feed(&input, s->held ? &s->origin : &input.x, e, e[1].value ? 2 :
	    1, now);
}

/* What the monitor is to show; the first that applies counts. */
enum side
wish(void)
{
	if (life.once)
		return show.asked;
	if (life.leaving)
		return Host;
	if (show.pausing || (*qmp.peer.addr && qmp.vm != VmRunning))
		return Host;
	if (show.asked)
		return show.asked;
	return x.visible ? Guest : Host;
}

/* Takes all that came from the X server, then sends what is to go there. */
void
xdrain(msec now)
{
	xcb_generic_event_t *ev, *(*poll)(xcb_connection_t *);
	xcb_generic_error_t *err;
	void *reply, (*answered)(void *, msec);
	unsigned type, n;

	if (!x.conn)
		return;
	poll = x.readable ? xcb_poll_for_event : xcb_poll_for_queued_event;
	x.readable = 0;
	do { /* what is sent may bring events along, unseen by select */
		n = 0;
		for (; (ev = poll(x.conn)); n++) {
			type = ev->response_type & 0x7f;
			if (!type) /* others' windows vanish at any time */
				note(1, "x: error %d of request %d",
				     ((xcb_generic_error_t *)ev)->error_code,
				     ((xcb_generic_error_t *)ev)->major_code);
			else if (type < LENGTH(handler) && handler[type])
				handler[type](ev, now);
			free(ev);
		}
		motionflush(now);
		for (; x.nasked && xcb_poll_for_reply(x.conn,
		    x.asked[x.askhead].sequence, &reply, &err); n++) {
			answered = x.asked[x.askhead].answer;
			x.arg = x.asked[x.askhead].arg;
			x.askhead = (x.askhead + 1) % AskMax;
			x.nasked--;
			answered(reply, now);
			free(reply);
			free(err);
		}
		xraw();
		xcb_flush(x.conn);
		poll = xcb_poll_for_queued_event;
	} while (n);
	if (!xcb_connection_has_error(x.conn))
		return;
	warn("x: the connection to the X server is lost");
	source_del(&x.source);
	source_del(&x.timer);
	source_del(&x.grabtimer);
	xcb_disconnect(x.conn);
	x.conn = NULL;
	leave(1, now);
}

/* Takes grabs by X, or gives them up. Those of several rows add up. */
void
xgrab(const Grab *g, int wanted, msec now)
{
	unsigned bit = 1u << (g - grabs);

	x.rows = wanted ? x.rows | bit : x.rows & ~bit;
	if (!wanted) {
		xgrabend(now);
		return;
	}
	xgrabnew(now);
}

/* Asks for all that the rows want and we have not. */
void
xgrabask(msec now)
{
	static const uint32_t mask = XCB_INPUT_XI_EVENT_MASK_KEY_PRESS |
	    XCB_INPUT_XI_EVENT_MASK_KEY_RELEASE |
	    XCB_INPUT_XI_EVENT_MASK_BUTTON_PRESS |
	    XCB_INPUT_XI_EVENT_MASK_BUTTON_RELEASE |
	    XCB_INPUT_XI_EVENT_MASK_MOTION;
	const struct slave *s;
	size_t row;
	int core = 0;

	x.asking = x.refused = 0;
	for (row = 0; grabs[row].name; row++) {
		if (!(x.rows >> row & 1) || grabs[row].devices)
			continue;
		core = 1;
		x.asking |= grabs[row].flags;
	}
	x.trying = 1; /* not over before all is asked */
	if (core && !x.keyboard && ++x.trying)
		askfor(xcb_grab_keyboard(x.conn, 0, x.win, XCB_CURRENT_TIME,
		    XCB_GRAB_MODE_ASYNC, XCB_GRAB_MODE_ASYNC).sequence,
		    gotgrab, Keyboard);
	if (x.asking & Mouse && x.pointer != (x.asking & Confine ? 2 : 1) &&
	    ++x.trying)
		askfor(xcb_grab_pointer(x.conn, 0, x.win,
		    XCB_EVENT_MASK_BUTTON_PRESS |
		    XCB_EVENT_MASK_BUTTON_RELEASE |
		    XCB_EVENT_MASK_POINTER_MOTION, XCB_GRAB_MODE_ASYNC,
		    XCB_GRAB_MODE_ASYNC, x.asking & Confine ? x.win : XCB_NONE,
		    XCB_NONE, XCB_CURRENT_TIME).sequence, gotgrab, Pointer);
	for (s = x.slave; x.xi && s < x.slave + SlaveMax; s++)
		if (!s->held && slavewanted(s) && ++x.trying)
			askfor(xcb_input_xi_grab_device(x.conn, x.win,
			    XCB_CURRENT_TIME, XCB_NONE, s->id,
			    XCB_INPUT_GRAB_MODE_22_ASYNC,
			    XCB_INPUT_GRAB_MODE_22_ASYNC, 0, 1,
			    &mask).sequence, gotgrab, s - x.slave);
	if (!--x.trying)
		xgrabtold(now);
}

/* Gives up what no row wants any more. */
void
xgrabend(msec now)
{
	struct slave *s;
	unsigned flags = 0;
	size_t row;
	int core = 0;

	if (!x.rows)
		x.grabtimer.due = 0;
	for (row = 0; grabs[row].name; row++) {
		if (!(x.rows >> row & 1) || grabs[row].devices)
			continue;
		core = 1;
		flags |= grabs[row].flags;
	}
	if (x.conn && x.keyboard && !core)
		xcb_ungrab_keyboard(x.conn, XCB_CURRENT_TIME);
	x.keyboard &= core;
	if (x.conn && x.pointer && !(flags & Mouse))
		xcb_ungrab_pointer(x.conn, XCB_CURRENT_TIME);
	if (!(flags & Mouse))
		x.pointer = 0;
	else if (x.pointer == 2 && !(flags & Confine) && !x.trying)
		xgrabask(now);
	for (s = x.slave; s < x.slave + SlaveMax; s++) {
		if (!s->held || slavewanted(s))
			continue;
		if (x.movedby == &s->origin)
			x.movedby = NULL;
		input_unorigin(&input, &s->origin, now);
		s->held = 0;
		if (!x.conn)
			continue;
		xiselect(s->id, 0);
		xcb_input_xi_ungrab_device(x.conn, XCB_CURRENT_TIME, s->id);
	}
}

/* The window was unmapped, which ends grabs without a word. */
void
xgrablost(msec now)
{
	unsigned rows = x.rows;

	x.rows = 0;
	xgrabend(now);
	x.rows = rows;
}

/* Is all there that the row wants? */
int
xgrabmet(const Grab *g)
{
	const struct slave *s;
	const Device *d;

	if (!g->devices)
		return x.keyboard && (!(g->flags & Mouse) || x.pointer);
	for (s = x.slave; s < x.slave + SlaveMax; s++)
		for (d = g->devices; s->id && !s->held && !input_rowempty(d);
		    d++)
			if (input_matches(d, s->name, s->vendor, s->product,
			    s->id))
				return 0;
	return 1;
}

/* There is something new to be grabbed. */
void
xgrabnew(msec now)
{
	x.patient = now + GrabWait;
	x.busy = 0;
	if (x.rows)
		xgrabtry(now);
}

/* All that was asked for was given; some may not be wanted any more, and more
 * since then. */
void
xgrabtold(msec now)
{
	size_t row;
	int more = 0;

	for (row = 0; grabs[row].name; row++) {
		if (!(x.rows >> row & 1))
			continue;
		if (xgrabmet(&grabs[row]))
			input_grabbed(&input, &grabs[row], 1, now);
		else
			more = 1;
	}
	xgrabend(now);
	if (more)
		xgrabtry(now);
}

void
xgrabtry(msec now)
{
	(void)now;
	x.grabtimer.due = 0;
	if (!x.conn || x.trying)
		return;
	x.trying = 1;
	ask(xcb_query_keymap(x.conn).sequence, gotkeys);
}

/* An event of XInput 2. */
void
xievent(xcb_generic_event_t *ev, msec now)
{
	const xcb_ge_generic_event_t *ge = (xcb_ge_generic_event_t *)ev;
	const xcb_input_raw_motion_event_t *raw = (void *)ev;
	const xcb_input_button_press_event_t *e = (void *)ev;
	xcb_input_hierarchy_info_iterator_t it;
	struct slave *s;

	if (!x.xi || ((xcb_input_raw_motion_event_t *)ev)->extension != x.xi)
		return;
	switch (ge->event_type) {
	case XCB_INPUT_HIERARCHY: /* its id may be another's now */
		it = xcb_input_hierarchy_infos_iterator((void *)ev);
		for (; it.rem; xcb_input_hierarchy_info_next(&it))
			if (it.data->flags &
			    XCB_INPUT_HIERARCHY_MASK_SLAVE_REMOVED &&
			    (s = slaveof(it.data->deviceid)))
				slavegone(s, now);
		ask(xcb_input_xi_query_device(x.conn,
		    XCB_INPUT_DEVICE_ALL).sequence, gotslaves);
		break;
	case XCB_INPUT_RAW_KEY_PRESS:
	case XCB_INPUT_RAW_KEY_RELEASE:
		x.fresh = ge->event_type == XCB_INPUT_RAW_KEY_PRESS ?
		    raw->detail - 8 : 0;
		input_global(&input, raw->detail - 8, ge->event_type ==
		    XCB_INPUT_RAW_KEY_PRESS, !x.keyboard &&
		    (!x.focused || x.away || !x.visible), now);
		break;
	case XCB_INPUT_RAW_BUTTON_PRESS:
		if (raw->detail >= 4 && raw->detail <= 7 && raw->flags &
		    XCB_INPUT_POINTER_EVENT_FLAGS_POINTER_EMULATED &&
		    (x.pointer || x.inside))
			x.emulated++;
		break;
	case XCB_INPUT_RAW_MOTION:
		rawmotion(raw, now);
		break;
	case XCB_INPUT_KEY_PRESS:
	case XCB_INPUT_KEY_RELEASE:
		if ((s = slaveof(e->deviceid)) && s->held)
			key(&s->origin, e->detail - 8, ge->event_type ==
			    XCB_INPUT_KEY_PRESS, now);
		break;
	case XCB_INPUT_BUTTON_PRESS:
	case XCB_INPUT_BUTTON_RELEASE:
		if ((s = slaveof(e->deviceid)) && s->held && !(HiRes &&
		    e->flags & XCB_INPUT_POINTER_EVENT_FLAGS_POINTER_EMULATED))
			buttons(&s->origin, e->detail, ge->event_type ==
			    XCB_INPUT_BUTTON_PRESS, now);
		break;
	case XCB_INPUT_MOTION:
		if (!(s = slaveof(e->deviceid)) || !s->held || !s->absolute)
			break;
		from(&s->origin, now);
		x.px = e->event_x >> 16;
		x.py = e->event_y >> 16;
		x.moved = 1;
		break;
	}
}

/* What of XInput 2 is to come here, of all masters or of one slave. */
void
xiselect(unsigned device, uint32_t mask)
{
	struct {
		xcb_input_event_mask_t head;
		uint32_t mask;
	} m = { { device, 1 }, mask };

	xcb_input_xi_select_events(x.conn, x.root, 1, &m.head);
}

/* The modifiers of a chord as X has them. */
unsigned
xmods(unsigned mods)
{
	unsigned mask = 0;

	if (mods & Ctrl)
		mask |= x.mod[0];
	if (mods & Shift)
		mask |= x.mod[1];
	if (mods & Alt)
		mask |= x.mod[2];
	if (mods & Meta)
		mask |= x.mod[3];
	return mask;
}

/* Chords that are Exclusive, with and without the locks, which must not
 * matter. */
void
xpassive(void)
{
	static const struct {
		unsigned key, bit;
	} of[] = {
		{ KEY_LEFTCTRL, 0 }, { KEY_LEFTSHIFT, 1 },
		{ KEY_LEFTALT, 2 }, { KEY_LEFTMETA, 3 }, { KEY_NUMLOCK, 4 },
	};
	xcb_get_modifier_mapping_reply_t *r = xcb_get_modifier_mapping_reply(
	    x.conn, xcb_get_modifier_mapping(x.conn), NULL);
	const xcb_keycode_t *code;
	const Hotkey *h;
	xcb_void_cookie_t c[4];
	xcb_generic_error_t *err;
	unsigned mods;
	size_t i, k;
	int bad;

	code = r ? xcb_get_modifier_mapping_keycodes(r) : NULL;
	for (i = 0; r && i < 8u * r->keycodes_per_modifier; i++)
		for (k = 0; k < LENGTH(of); k++)
			if (code[i] == of[k].key + 8)
				x.mod[of[k].bit] |= 1u << i /
				    r->keycodes_per_modifier;
	free(r);
	x.allmods = x.mod[0] | x.mod[1] | x.mod[2] | x.mod[3];
	for (h = hotkeys; h->key; h++) {
		if (!(h->flags & Exclusive))
			continue;
		x.passives = 1;
		for (i = 0; i < 4; i++) {
			mods = xmods(h->mods) | (i & 1 ? XCB_MOD_MASK_LOCK :
			    0) | (i & 2 ? x.mod[4] : 0);
			c[i] = xcb_grab_key_checked(x.conn, 0, x.root, mods,
			    h->key + 8, XCB_GRAB_MODE_ASYNC,
			    XCB_GRAB_MODE_ASYNC);
		}
		for (i = bad = 0; i < 4; i++) {
			if (!(err = xcb_request_check(x.conn, c[i])))
				continue;
			bad = 1;
			warn("x: hotkeys[%d]: %s%s%s%skey %u%s%s is taken by "
			     "another program, perhaps the window manager: "
			     "choose another, or leave out Exclusive",
			     (int)(h - hotkeys), h->mods & Ctrl ? "Ctrl+" : "",
			     h->mods & Shift ? "Shift+" : "", h->mods & Alt ?
			     "Alt+" : "", h->mods & Meta ? "Meta+" : "", h->key,
			     i & 1 ? " with Caps Lock" : "",
			     i & 2 ? " with Num Lock" : "");
			free(err);
		}
		for (i = 0; bad && i < 4; i++)
			xcb_ungrab_key(x.conn, h->key + 8, x.root,
			    xmods(h->mods) | (i & 1 ? XCB_MOD_MASK_LOCK : 0) |
			    (i & 2 ? x.mod[4] : 0));
	}
}

/* Asks X for raw events, for which the server takes its time: keys for chords
 * that the window would not see, motion when it is wanted. Both come whatever
 * has the focus. */
void
xraw(void)
{
	const uint32_t keys = XCB_INPUT_XI_EVENT_MASK_RAW_KEY_PRESS |
	    XCB_INPUT_XI_EVENT_MASK_RAW_KEY_RELEASE;
	static const unsigned char none[KEY_CNT / 8];
	uint32_t mask = xrawkeys() ? keys : 0, changed;

	if (!x.xi)
		return;
	if (x.visible && (HiRes || input_pointer(&input) == 1))
		mask |= XCB_INPUT_XI_EVENT_MASK_RAW_MOTION;
	if (x.visible && HiRes)
		mask |= XCB_INPUT_XI_EVENT_MASK_RAW_BUTTON_PRESS;
	changed = mask ^ x.rawmask;
	if (!changed)
		return;
	x.rawmask = mask;
	xiselect(XCB_INPUT_DEVICE_ALL_MASTER, mask);
	if (changed & ~keys)
		x.absolute = x.emulated = 0;
	if (changed & mask & keys)
		ask(xcb_query_keymap(x.conn).sequence, gotraw);
	else if (changed & keys)
		input_raw(&input, none);
}

/* With the focus, only while a modifier is down: somebody may have grabbed what
 * comes next. A key that XGrabKey gave us must be told from its repetition. */
int
xrawkeys(void)
{
	static const uint16_t modifier[] = {
		KEY_LEFTCTRL, KEY_RIGHTCTRL, KEY_LEFTSHIFT, KEY_RIGHTSHIFT,
		KEY_LEFTALT, KEY_RIGHTALT, KEY_LEFTMETA, KEY_RIGHTMETA,
	};
	const unsigned char *down = input.x.down, *foreign = input.x.foreign;
	size_t i;
	unsigned k;

	if (!x.focused || x.away || !x.visible || x.passives ||
	    !(EmergencyMods & 0xffff))
		return 1;
	for (i = 0; i < LENGTH(modifier); i++) {
		k = modifier[i];
		if ((down[k / 8] | foreign[k / 8]) >> k % 8 & 1)
			return 1;
	}
	return 0;
}

/* For xdrain: there is something to be read. */
void
xready(struct source *s, unsigned got, msec now)
{
	(void)s;
	(void)got;
	(void)now;
	x.readable = 1;
}

/* Before the loop, so here replies may be waited for. */
void
xsetup(int screen)
{
	static const char *const name[] = {
		[NetState] = "_NET_WM_STATE",
		[NetFullscreen] = "_NET_WM_STATE_FULLSCREEN",
		[NetName] = "_NET_WM_NAME", [NetPid] = "_NET_WM_PID",
		[NetPing] = "_NET_WM_PING", [NetType] = "_NET_WM_WINDOW_TYPE",
		[NetTypeNormal] = "_NET_WM_WINDOW_TYPE_NORMAL",
		[NetBypass] = "_NET_WM_BYPASS_COMPOSITOR",
		[WmProtocols] = "WM_PROTOCOLS", [WmDelete] = "WM_DELETE_WINDOW",
		[Utf8String] = "UTF8_STRING",
		[WmMachine] = "WM_CLIENT_MACHINE",
		[ProductId] = "Device Product ID",
	};
	static const char class[] = "screenstub\0screenstub";
	static const uint32_t rootmask[] = {
		XCB_EVENT_MASK_SUBSTRUCTURE_NOTIFY
	};
	/* WM_HINTS (ICCCM 4.1.2.4): input is wanted, initial state normal */
	static const uint32_t hints[9] = { 1 | 2, 1, 1 };
	xcb_intern_atom_cookie_t cookie[AtomLast];
	xcb_intern_atom_reply_t *r;
	xcb_connection_t *c = x.conn;
	xcb_screen_iterator_t it = xcb_setup_roots_iterator(xcb_get_setup(c));
	const xcb_query_extension_reply_t *xkb, *xi;
	xcb_input_xi_query_version_reply_t *version = NULL;
	xcb_pixmap_t nothing = xcb_generate_id(c);
	xcb_cursor_t cursor = xcb_generate_id(c);
	xcb_gcontext_t gc = xcb_generate_id(c);
	uint32_t value[] = { background, 0, cursor }, pid = getpid(), one = 1;
	char machine[256];
	size_t i;

	for (; screen > 0 && it.rem > 1; screen--)
		xcb_screen_next(&it);
	x.root = it.data->root;
	x.width = it.data->width_in_pixels;
	x.height = it.data->height_in_pixels;
	for (i = 0; i < AtomLast; i++)
		cookie[i] = xcb_intern_atom(c, 0, strlen(name[i]), name[i]);
	for (i = 0; i < AtomLast; i++) {
		if (!(r = xcb_intern_atom_reply(c, cookie[i], NULL)))
			die("x: %s: no atom", name[i]);
		x.atom[i] = r->atom;
		free(r);
	}
	xcb_create_pixmap(c, 1, nothing, x.root, 1, 1);
	xcb_create_gc(c, gc, nothing, 0, NULL);
	xcb_poly_fill_rectangle(c, nothing, gc, 1,
	    &(xcb_rectangle_t){ 0, 0, 1, 1 }); /* by 0: nothing is drawn */
	xcb_create_cursor(c, cursor, nothing, nothing, 0, 0, 0, 0, 0, 0, 0, 0);
	value[1] = XCB_EVENT_MASK_BUTTON_PRESS |
	    XCB_EVENT_MASK_BUTTON_RELEASE | XCB_EVENT_MASK_ENTER_WINDOW |
	    XCB_EVENT_MASK_FOCUS_CHANGE | XCB_EVENT_MASK_KEYMAP_STATE |
	    XCB_EVENT_MASK_LEAVE_WINDOW | XCB_EVENT_MASK_KEY_PRESS |
	    XCB_EVENT_MASK_KEY_RELEASE | XCB_EVENT_MASK_POINTER_MOTION |
	    XCB_EVENT_MASK_STRUCTURE_NOTIFY |
	    XCB_EVENT_MASK_VISIBILITY_CHANGE;
	x.win = xcb_generate_id(c);
	xcb_create_window(c, XCB_COPY_FROM_PARENT, x.win, x.root, 0, 0,
	    x.width, x.height, 0, XCB_WINDOW_CLASS_INPUT_OUTPUT,
	    it.data->root_visual,
	    XCB_CW_BACK_PIXEL | XCB_CW_EVENT_MASK | XCB_CW_CURSOR, value);
#define PROP(atom, type, bits, n, data) xcb_change_property(c, \
	XCB_PROP_MODE_REPLACE, x.win, atom, type, bits, n, data)
	PROP(XCB_ATOM_WM_CLASS, XCB_ATOM_STRING, 8, sizeof(class), class);
	PROP(XCB_ATOM_WM_NAME, XCB_ATOM_STRING, 8, strlen(class), class);
	PROP(XCB_ATOM_WM_HINTS, XCB_ATOM_WM_HINTS, 32, 9, hints);
	PROP(x.atom[NetName], x.atom[Utf8String], 8, strlen(class), class);
	PROP(x.atom[NetPid], XCB_ATOM_CARDINAL, 32, 1, &pid);
	PROP(x.atom[NetState], XCB_ATOM_ATOM, 32, 1, &x.atom[NetFullscreen]);
	PROP(x.atom[NetType], XCB_ATOM_ATOM, 32, 1, &x.atom[NetTypeNormal]);
	PROP(x.atom[NetBypass], XCB_ATOM_CARDINAL, 32, 1, &one);
	PROP(x.atom[WmProtocols], XCB_ATOM_ATOM, 32, 2, ((xcb_atom_t[]){
	     x.atom[WmDelete], x.atom[NetPing] }));
	if (gethostname(machine, sizeof(machine)) == 0) /* NET_WM_PID's */
		PROP(x.atom[WmMachine], XCB_ATOM_STRING, 8,
		     strnlen(machine, sizeof(machine)), machine);
#undef PROP
	/* a key that is held then repeats as presses, without releases */
	xcb_prefetch_extension_data(c, &xcb_test_id);
	xkb = xcb_get_extension_data(c, &xcb_xkb_id);
	if (xkb && xkb->present) {
		free(xcb_xkb_use_extension_reply(c,
		    xcb_xkb_use_extension(c, 1, 0), NULL));
		xcb_discard_reply(c, xcb_xkb_per_client_flags(c,
		    XCB_XKB_ID_USE_CORE_KBD,
		    XCB_XKB_PER_CLIENT_FLAG_DETECTABLE_AUTO_REPEAT,
		    XCB_XKB_PER_CLIENT_FLAG_DETECTABLE_AUTO_REPEAT,
		    0, 0, 0).sequence);
	} else {
		warn("x: no XKEYBOARD: keys that repeat go up and down");
	}
	xcb_prefetch_extension_data(c, &xcb_input_id);
	xi = xcb_get_extension_data(c, &xcb_input_id);
	if (xi && xi->present) /* raw events in spite of grabs: since 2.1 */
		version = xcb_input_xi_query_version_reply(c,
		    xcb_input_xi_query_version(c, 2, 2), NULL);
	if (version && (version->major_version > 2 ||
	    version->minor_version >= 2)) {
		x.xi = xi->major_opcode;
		xiselect(XCB_INPUT_DEVICE_ALL,
		    XCB_INPUT_XI_EVENT_MASK_HIERARCHY);
		ask(xcb_input_xi_query_device(c, XCB_INPUT_DEVICE_ALL).sequence,
		    gotslaves);
	} else {
		warn("x: no XInput 2.2: no relative motion, no hotkeys that "
		     "are Global, no grabs of devices by X");
	}
	free(version);
	xpassive();
	xcb_change_window_attributes(c, x.root, XCB_CW_EVENT_MASK, rootmask);
	xcb_map_window(c, x.win);
	x.source.fd = xcb_get_file_descriptor(c);
	x.source.events = Readable;
	x.source.ready = xready;
	x.timer.fd = x.grabtimer.fd = -1;
	x.timer.ready = looktimer;
	x.grabtimer.ready = grabtimer;
	source_add(&x.grabtimer);
	if (source_add(&x.source) < 0)
		die("too many open files were inherited");
	source_add(&x.timer);
}

/* Releases what is stuck in X. */
int
xunstick(void)
{
	const xcb_query_extension_reply_t *test;

	test = x.conn ? xcb_get_extension_data(x.conn, &xcb_test_id) : NULL;
	if (!test || !test->present) {
		warn("x: no XTEST: keys can't be released");
		return Failed;
	}
	ask(xcb_query_keymap(x.conn).sequence, gotkeymap);
	return Done;
}

int
main(int argc, char *argv[])
{
	struct options o = { .qmp = qmpsocket, .agent = agentsocket };
	msec now = clockms(CLOCK_MONOTONIC);
	size_t i;

	if (options(&o, argc, argv) < 0) {
		usage(stderr);
		return 2;
	}
	if (o.mode == Help || o.mode == Version) {
		if (o.mode == Help)
			usage(stdout);
		else
			puts("screenstub-" VERSION);
		return 0;
	}
	checkconfig();
	if (o.mode == Request)
		return request(argc - optind, argv + optind);

	/* who tells whom; from here on run only waits and calls */
	signals();
	life.once = o.mode != Run;
	input.hotkeys = hotkeys;
	input.emergency = chordofemergency;
	input.remaps = remaps;
	input.grabs = grabs;
	input.route = life.once ? Qmp : Route;
	input.qmp = &qmp;
	input.withhold = Withhold;
	input.neutral = NeutralKey;
	input.hires = HiRes;
	input.leds = GuestLeds;
	input.relative = StartRelative;
	input.fire = firehotkey;
	input.grabx = xgrab;
	input.grabbed = grabchanged;
	input.unstick = unstick;
	qmp.changed = vmchanged;
	qmp.lost = lost;
	qmp.reset = vmreset;
	qmp.event = vmevent;
	qmp.port = agentport;
	qmp.peer.addr = o.qmp;
	qmp.agent = life.once ? "" : o.agent;
	qmp.manage = !life.once;
	qmp.device[VmKeyboard].driver = KeyboardDriver;
	qmp.device[VmKeyboard].bus = keyboardbus;
	qmp.device[VmMouse].driver = MouseDriver;
	qmp.device[VmMouse].bus = mousebus;
	qmp.device[VmTablet].driver = TabletDriver;
	qmp.device[VmTablet].bus = tabletbus;
	for (i = 0; (int)Route == VirtioHost && i < VmNodes; i++)
		qmp.device[i].driver = Ps2; /* the nodes take their place */
	if (input_open(&input, now) < 0)
		return 1;
	agent_open(&agent, o.agent);
	if (o.mode == Run)
		startwindow(now);
	else if (o.mode == Detect)
		ddcbegin(DdcList, Unknown, 0, DetectLimit, now);
	else
		startswitch(o.side, o.confirm, now);
	/* what QMP tells, or that nobody is there, begins the first switch */
	if (*o.qmp && o.mode != Detect)
		qmp_open(&qmp, o.qmp, Hung, now);
	else
		vmchanged(&qmp, VmOff, now);

	run();

	input_close(&input);
	qmp_close(&qmp);
	agent_close(&agent);
	ddc_close(&drive.ddc);
	if (*life.controlpath)
		unlink(life.controlpath);
	if (x.conn)
		xcb_disconnect(x.conn);
	return life.status;
}
