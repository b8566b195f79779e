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
 * Everything that is waited for is a struct source of core/loop. X requests that have a reply
 * are asked in one pass and answered in another (see ask).
 *
 * The user must never be left with a dead monitor or keyboard: all ends of
 * the program but a second signal go through leave, and whatever happens to
 * the VM changes the wish to the host.
 *
 * Start reading at main. */
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>

#include <ctype.h>
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
#include <xcb/dpms.h>
#include <xcb/randr.h>
#include <xcb/screensaver.h>
#include <xcb/xcb.h>
#include <xcb/xcbext.h>
#include <xcb/xinput.h>
#include <xcb/xkb.h>
#include <xcb/xtest.h>

#include "ddc.h"
#include "screenstub.h"
#include "input.h"
#include "qmp/agent.h"

enum {
	TaskMax = 16, RowMax = 16, ClientMax = 8, AskMax = 128,
	RequestMax = 4096, ArgMax = 256, Grid = 5, SlaveMax = 32,
	KeyMax = 247, /* evdev's code of X's last keycode */
	InstanceMax = 40, LineMax = 1024, TextMax = 4096,
	Columns = 64, Rows = 24, TextWidth = 11, KeyWidth = 28,
	GlyphMax = 32, RectMax = 1024
};

/* Times in ms. */
enum {
	VisibleEvery = 30,   /* at the most, the window is looked at */
	TurmoilHide = 500,   /* Settle while window managers change */
	TurmoilShow = 100,
	TurmoilLast = 1000,  /* after a sign of that */
	TurmoilGone = 5000,  /* until another one has come */
	BlankEvery = 3000,   /* DPMS is asked, while only the saver is on */
	AwakeEvery = 40000,  /* X is told of input that passes it */
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
	DetectLimit = 20000,
	AgentLimit = 3000,   /* for an agent to take a shutdown */
	ProbeLimit = 2000,   /* for a running instance to be one */
	RequestLimit = 60000 /* for -e, besides PowerLimit */
};

/* Kinds of jobs that can't be rows of toguest[] or tohost[]. */
enum { Command = GuestWait + 1, Power };

/* Whether X has the keyboard or the pointer grabbed for us. */
enum { Keyboard, Pointer };

/* A device of X below its master pointer. */
struct slave {
	unsigned id;  /* 0: the slot is free */
	int seen;     /* still there */
	int ours;     /* the route's own */
	int absolute; /* its first two valuators are */
};

enum atom {
	NetState, NetFullscreen, NetName, NetPid, NetPing, NetType,
	NetTypeNormal, NetBypass, NetCheck, WmProtocols, WmDelete, Utf8String,
	WmMachine, XkbRules, XfreeVt, AtomLast
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
static size_t addline(char *, size_t n, int width, const char *, const char *);
static void agentdone(struct agentjob *, int ok, msec now);
static int agentlook(struct agent *, msec now);
static void agentport(struct qmp *, int open, msec now);
static const char *agenttext(void);
static void answer(struct client *, const char *);
static void ask(unsigned sequence, void (*)(void *reply, msec now));
static void askfor(unsigned sequence, void (*)(void *, msec), int arg);
static void blanktimer(struct source *, unsigned got, msec now);
static void button(xcb_generic_event_t *, msec now);
static void checkaction(Action *, const Arg *, const char *list, int row);
static void checkconfig(void);
static void checkgrab(const Grab *, int row);
static const char *chord(const Hotkey *h);
static void clientmessage(xcb_generic_event_t *, msec now);
static void clientread(struct source *, unsigned got, msec now);
static void commanddone(struct qmpjob *, int ok, msec now);
static int commandstart(struct job *, const char *, msec now);
static void configurenotify(xcb_generic_event_t *, msec now);
static int controlcall(msec limit);
static void controlopen(const char *path);
static void controlpath(char *, size_t);
static void controlready(struct source *, unsigned got, msec now);
static void crossing(xcb_generic_event_t *, msec now);
static void describe(char *);
static size_t describekey(char *, size_t n, const Hotkey *h);
static size_t describemonitor(char *, size_t n, const Monitor *m);
static void destroynotify(xcb_generic_event_t *, msec now);
static void dirty(xcb_generic_event_t *, msec now);
static void dogdone(struct job *, int ok, msec now);
static void dogtimer(struct source *, unsigned got, msec now);
static void environment(enum event);
static void execended(struct child *, int status, msec now);
static const char *const *expand(const char *const *argv, enum side);
static void expose(xcb_generic_event_t *, msec now);
static void fire(enum event, msec now);
static void firehotkey(const Hotkey *, msec now);
static const Monitor *firstmonitor(void);
static void focusin(xcb_generic_event_t *, msec now);
static void focusout(xcb_generic_event_t *, msec now);
static void gotcrtc(void *, msec now);
static void gotdrawn(void *, msec now);
static void gotgeometry(void *, msec now);
static void gotgrab(void *, msec now);
static void gothit(void *, msec now);
static void gotkeymap(void *, msec now);
static void gotkeys(void *, msec now);
static void gotorigin(void *, msec now);
static void gotoutput(void *, msec now);
static void gotpower(void *, msec now);
static void gotprimary(void *, msec now);
static void gotraw(void *, msec now);
static void gotroot(void *, msec now);
static void gotrules(void *, msec now);
static void gotsaver(void *, msec now);
static void gotscreen(void *, msec now);
static void gotslaves(void *, msec now);
static void gotstate(void *, msec now);
static void gottree(void *, msec now);
static void gotunstuck(void *, msec now);
static void gotvt(void *, msec now);
static void gotwm(void *, msec now);
static void grabchanged(const Grab *, int held, msec now);
static const char *grabtext(void);
static void grabtimer(struct source *, unsigned got, msec now);
static int guestthere(const char *name);
static int handover(enum side side, int confirm);
static void jobcancel(struct job *, msec now);
static void jobend(struct job *, int ok, msec now);
static void joblimit(struct source *, unsigned got, msec now);
static int jobstart(struct job *, int kind, const Arg *, msec limit,
                    msec now);
static int jobtimer(struct job *, int kind, const char *name, msec limit,
                    msec now);
static void key(unsigned code, int value, msec now);
static void keymapnotify(xcb_generic_event_t *, msec now);
static void keypress(xcb_generic_event_t *, msec now);
static void keyrelease(xcb_generic_event_t *, msec now);
static void leave(int status, msec now);
static void leavelimit(struct source *, unsigned got, msec now);
static void leavenow(void);
static msec leavetime(msec now);
static void look(msec now);
static void looktimer(struct source *, unsigned got, msec now);
static void lost(struct qmp *, unsigned key);
static void mapnotify(xcb_generic_event_t *, msec now);
static void motionflush(msec now);
static void motionnotify(xcb_generic_event_t *, msec now);
static const Grab *namedgrab(const char *);
static int options(struct options *, int argc, char *argv[]);
static const char *outputname(void);
static void poke(msec now);
static int power(struct task *, enum agentop, enum event, msec now);
static void poweragent(struct agentjob *, int ok, msec now);
static void powerbutton(struct job *, msec now);
static void powerdone(struct qmpjob *, int ok, msec now);
static void powerend(enum event, int ok, msec now);
static void propertynotify(xcb_generic_event_t *, msec now);
static void rawmotion(const xcb_input_raw_motion_event_t *);
static void relative(int axis, unsigned code, double);
static void reparentnotify(xcb_generic_event_t *, msec now);
static int request(int fd, int argc, char *argv[]);
static void resumed(msec now);
static void savernotify(xcb_generic_event_t *, msec now);
static msec settle(msec now);
static void setvisible(int visible, msec now);
static void showbegin(msec now);
static void showdone(struct job *, int ok, msec now);
static void showend(int ok, msec now);
static void shownext(msec now);
static void showtell(msec now);
static void showtimer(struct source *, unsigned got, msec now);
static int showwant(struct task *, enum side, msec now);
static void slavefill(struct slave *, const xcb_input_xi_device_info_t *);
static struct slave *slaveof(unsigned id);
static msec soonest(msec now);
static pid_t spawn(const char *const *argv, enum event);
static void startswitch(enum side, int confirm, msec now);
static void startwindow(msec now);
static void status(char *, size_t size);
static void taskadd(struct task *, Action *, Arg);
static void taskdone(struct job *, int ok, msec now);
static struct task *tasknew(void);
static void tasknext(struct task *, msec now);
static void taskresume(struct task *, msec now);
static void taskstart(struct source *, unsigned got, msec now);
static void signalled(int signo, msec now);
static void tell(msec now);
static void timers(void);
static void turn(struct source *, msec now);
static void ttyready(struct source *, unsigned got, msec now);
static void turmoil(msec length, msec now);
static void udevopen(void);
static void udevready(struct source *, unsigned got, msec now);
static void ungrabbed(int mode);
static void unmapnotify(xcb_generic_event_t *, msec now);
static void unstick(const unsigned char down[KEY_CNT / 8], msec now);
static void update(msec now);
static void usage(FILE *);
static void verifytimer(struct source *, unsigned got, msec now);
static void vmchanged(struct qmp *, enum vmstate before, msec now);
static void vmevent(struct qmp *, int event, msec now);
static void vmreset(struct qmp *, msec now);
static Action vmruns;
static const char *vmtext(void);
static const char *whyhost(void);
static enum side wish(void);
static void xanswer(void *, msec now);
static void xaskoutput(void);
static void xaskwm(void);
static void xawake(msec now);
static void xdrain(msec now);
static void xdraw(void);
static void xdrawline(const char *, size_t from, size_t to, uint32_t colour);
static const xcb_query_extension_reply_t *xextension(xcb_extension_t *);
static void xextensions(void);
static void xfont(uint8_t depth);
static void xgrab(const Grab *, int wanted, msec now);
static void xgrabask(msec now);
static void xgrabend(msec now);
static void xgrablost(msec now);
static int xgrabmet(const Grab *);
static void xgrabnew(msec now);
static void xgrabtold(msec now);
static void xgrabtry(msec now);
static void xievent(xcb_generic_event_t *, msec now);
static void xiopen(void);
static void xiselect(unsigned device, uint32_t mask);
static void xkbopen(void);
static void xrandropen(void);
static void xraw(void);
static int xrawkeys(void);
static void xready(struct source *, unsigned got, msec now);
static void xsaveropen(void);
static void xsetup(int screen, msec now);
static int xunstick(void);
static void xwait(msec now);
static void xwindow(xcb_visualid_t visual);

static const char *const sidename[] = {
	[Unknown] = "unknown", [Host] = "host", [Guest] = "guest",
};

static const char *const routename[RouteLast] = {
	[Qmp] = "qmp", [InputLinux] = "input-linux",
	[VirtioHost] = "virtio-host",
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
	[XCB_EXPOSE] = expose,
	[XCB_FOCUS_IN] = focusin,
	[XCB_FOCUS_OUT] = focusout,
	[XCB_GE_GENERIC] = xievent,
	[XCB_KEYMAP_NOTIFY] = keymapnotify,
	[XCB_KEY_PRESS] = keypress,
	[XCB_KEY_RELEASE] = keyrelease,
	[XCB_LEAVE_NOTIFY] = crossing,
	[XCB_MAP_NOTIFY] = mapnotify,
	[XCB_MOTION_NOTIFY] = motionnotify,
	[XCB_PROPERTY_NOTIFY] = propertynotify,
	[XCB_REPARENT_NOTIFY] = reparentnotify,
	[XCB_UNMAP_NOTIFY] = unmapnotify,
	[XCB_VISIBILITY_NOTIFY] = dirty,
};

static void ddclisted(int usable, msec now);
static void ddcswitched(enum evidence, msec now);
static void ddcverified(enum evidence, msec now);
static const struct ddcops ddcops = {
	.switched = ddcswitched, .verified = ddcverified, .listed = ddclisted,
};

static struct task tasks[TaskMax];
static struct qmp qmp;
static struct agent agent;
static struct input *input;

/* How the program runs and ends. */
static struct {
	int only;       /* -s, or -1 */
	int once;       /* -d or -w: no window, nothing is watched */
	int leaving, status;
	int crowded;    /* said that there are too many tasks */
	struct task *task; /* of -w, started when the VM's state is known */
	struct source limit, turn, udev, control;
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
	msec since;          /* wanted is */
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

/* The monitors. */
static struct ddc ddc;
static int nomonitor; /* the last switch was futile */

/* The window. */
static struct {
	struct source source, timer;
	xcb_connection_t *conn;
	xcb_window_t root, win, top; /* top: ours below root, or 0 */
	xcb_atom_t atom[AtomLast];
	unsigned width, height;
	int visible, known; /* known: visible is not just the initial value */
	int wants;          /* by ShowOn: the guest */
	int off;            /* it is not on its output, which was said */
	msec turmoil;       /* until then window managers change */
	xcb_window_t check; /* _NET_SUPPORTING_WM_CHECK, or 0 */
	unsigned randr;     /* first event of RandR, or 0 */
	xcb_rectangle_t area; /* of the output in root; width 0: it is off */
	unsigned primary, crtc, outputs; /* while that is asked for */
	int placing;        /* it is; above 1: to be asked for again */
	int drawing, stale; /* X is at it; it has to be drawn anew */
	char text[TextMax]; /* in the window */
	size_t drawn;       /* so much of it */
	unsigned factor;    /* its size */
	int textx, texty;   /* of its next line */
	xcb_gcontext_t gc;
	unsigned cellw, cellh; /* of the font; 0: there is none */
	uint32_t glyph[95][GlyphMax]; /* rows of ' ' to '~' */
	struct source blanktimer;
	unsigned saver;     /* first event of MIT-SCREEN-SAVER, or 0 */
	int dpms;           /* there is DPMS */
	int saving;         /* the screen saver is on */
	int blank;          /* DPMS has put the screen to sleep */
	int awake;          /* that and the saver are suspended */
	msec told;          /* when X was last told of input */
	struct source tty;  /* sysfs tells of each change of the VT */
	int vt;             /* X's, or 0 */
	int elsewhere;      /* another is shown */
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
	int absolute;       /* so is the device that has moved last */
	unsigned rows;      /* of grabs[], by X: wanted */
	int keyboard, pointer; /* grabbed; the pointer: 2: confined too */
	unsigned asking;    /* flags of the rows of this attempt */
	int trying, refused; /* replies to come; why it was, or 0 */
	msec patient, busy; /* limits of waiting for keys, and for others */
	struct source grabtimer;
	unsigned char stuck[32]; /* down in X, and never going up */
	int readable;       /* events or replies have come */
	unsigned xi;        /* major opcode of XInput, or 0 */
	uint32_t rawmask;
	struct slave slave[SlaveMax];
	double rest[2];     /* fractions of x and y */
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
_Static_assert(NeutralKey >= 0 && NeutralKey < KEY_CNT, "config.h: NeutralKey: "
               "want a KEY_*, or 0");
_Static_assert((int)ShowOn >= Visible && (int)ShowOn <= (Visible | Focused),
               "config.h: ShowOn: want Visible, Focused or Visible | Focused");
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

static void
broken(msec now)
{
	if (!life.leaving)
		warn("select:");
	leave(1, now);
}

static const struct loopops loopops = { signalled, resumed, broken };

static const Hotkey chordofemergency[] = {
	{ EmergencyKey, EmergencyMods, Global, emergency, { 0 } },
	{ 0 }
};

static const struct inputops inputops = {
	firehotkey, xgrab, grabchanged, unstick
};
static struct inputconf inputconf = {
	.hotkeys = hotkeys, .emergency = chordofemergency, .remaps = remaps,
	.grabs = grabs, .neutral = NeutralKey, .relative = StartRelative,
	.hires = HiRes,
};

/* ---- the rest in alphabetical order; actions first --------------------- */

int
emergency(struct task *t, const Arg *arg, msec now)
{
	const Grab *g;

	warn("emergency: grabs end, keys are released, the host is shown");
	for (g = grabs; g->name; g++)
		input_ungrab(input, g, now);
	input_leave(input, 0, now);
	input_release(input, now);
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
	return g && !input_grab(input, g, now) ? Done : Failed;
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

	return !g ? Failed : input_grabs(input, g) ? ungrab(t, arg, now) :
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
	input_ungrab(input, g, now);
	return Done;
}

int
unstickguest(struct task *t, const Arg *arg, msec now)
{
	(void)t;
	(void)arg;
	input_release(input, now);
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
		input_release(input, now);
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

/* Adds a line with two columns; what is too long for the second is broken. */
size_t
addline(char *out, size_t n, int width, const char *name, const char *text)
{
	int len = strlen(text), most = Columns - width - 1, k;

	do {
		for (k = len < most ? len : most; k < len && k > most / 2 &&
		    text[k] != ' '; k--)
			;
		n += snprintf(out + n, TextMax - n, "%-*s %.*s\n", width,
		              name, k, text);
		if (n >= TextMax) { /* full: the rest is left out */
			out[TextMax - 2] = '\n';
			return TextMax - 1;
		}
		name = "";
		k += text[k] == ' ';
		text += k;
		len -= k;
	} while (len);
	return n;
}

void
agentdone(struct agentjob *a, int ok, msec now)
{
	struct job *j = OWNER(a, struct job, agent);

	jobend(j, ok, now);
}

int
agentlook(struct agent *a, msec now)
{
	(void)a;
	return qmp_port(&qmp, now);
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

const char *
agenttext(void)
{
	return agent.open < 0 ? "unknown" : agent.open ? "up" : "down";
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
		x.again = 1; /* what a look finds out now means nothing */
		fn(NULL, x.looked);
		return;
	}
	x.asked[i].sequence = sequence;
	x.asked[i].answer = fn;
	x.asked[i].arg = arg;
	x.nasked++;
}

void
blanktimer(struct source *s, unsigned got, msec now)
{
	(void)s;
	(void)got;
	(void)now;
	if (x.dpms)
		ask(xcb_dpms_info(x.conn).sequence, gotpower);
}

/* Core X buttons: 4 to 7 are the notches of two wheels. */
void
button(xcb_generic_event_t *ev, msec now)
{
	static const uint16_t code[] = {
		[1] = BTN_LEFT, [2] = BTN_MIDDLE, [3] = BTN_RIGHT,
		[8] = BTN_SIDE, [9] = BTN_EXTRA, [10] = BTN_FORWARD,
		[11] = BTN_BACK, [12] = BTN_TASK,
	};
	xcb_button_press_event_t *e = (xcb_button_press_event_t *)ev;
	struct input_event wheel = { .type = EV_REL };
	int value = (ev->response_type & 0x7f) == XCB_BUTTON_PRESS;

	if (!input_pointer(input) || x.absolute) {
		x.px = e->event_x;
		x.py = e->event_y;
		x.moved = 1;
	}
	if (e->detail >= 4 && e->detail <= 7) {
		wheel.code = e->detail < 6 ? REL_WHEEL : REL_HWHEEL;
		wheel.value = e->detail == 4 || e->detail == 7 ? 1 : -1;
		motionflush(now);
		if (value)
			input_feed(input, &wheel, 1, now);
	} else if (e->detail < LENGTH(code) && code[e->detail]) {
		key(code[e->detail], value, now);
	}
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
	i = ddc_check(monitors);
	if (life.only >= (int)i)
		die("config.h: -s %d: monitors[] has %zu rows", life.only, i);
	if (!*instance || strlen(instance) > InstanceMax)
		die("config.h: instance: want 1 to %d letters", InstanceMax);
	for (h = hotkeys; h->key; h++) {
		if (h->key >= KEY_CNT || h->mods >> 16 >= KEY_CNT)
			die("config.h: hotkeys[%d]: want KEY_* or BTN_*",
			    (int)(h - hotkeys));
		if (h->flags & ~(OnRelease | Global))
			die("config.h: hotkeys[%d]: flags are OnRelease and "
			    "Global", (int)(h - hotkeys));
		if (h->flags & Global && h->key > KeyMax)
			die("config.h: hotkeys[%d]: Global is for keys only, "
			    "up to %d, for X knows no others",
			    (int)(h - hotkeys), KeyMax);
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
	if (g->by == X && (g->newname || g->ignore || g->devices))
		die("config.h: grabs[%d]: .newname, .ignore and .devices are "
		    "for Evdev", row);
	if (g->by == Evdev && (!g->devices || input_rowempty(g->devices)))
		die("config.h: grabs[%d]: .devices is empty", row);
}

/* As "Ctrl+Alt+Home". */
const char *
chord(const Hotkey *h)
{
	static const char *const mod[] = {
		"Ctrl", "Shift", "Alt", "Meta", "LeftCtrl", "LeftShift",
		"LeftAlt", "LeftMeta", "RightCtrl", "RightShift", "RightAlt",
		"RightMeta",
	};
	const unsigned key[] = { h->mods >> 16, h->key };
	static char text[160];
	const char *name;
	size_t i, n = 0;

	for (i = 0; i < LENGTH(mod); i++)
		if (h->mods >> i & 1)
			n += sprintf(text + n, "%s+", mod[i]);
	for (i = 0; i < LENGTH(key); i++) {
		if (!key[i])
			continue;
		name = qmp_keyname(key[i]);
		n += name ? sprintf(text + n, "%c%s", toupper(*name), name + 1)
		    : sprintf(text + n, "key %u", key[i]);
		n += sprintf(text + n, i ? "" : "+");
	}
	return text;
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
	char text[RequestMax];
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
	if (words == 1 && !strcmp(c->argv[0], "status")) {
		status(text, sizeof(text) - sizeof("done\n"));
		answer(c, strcat(text, "done\n"));
		return;
	}
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
		x.stale |= x.width != e->width || x.height != e->height;
		x.width = e->width;
		x.height = e->height;
	}
	look(now);
}

/* To the running instance, each wait no longer than that; -1: there is none,
 * errno says why. */
int
controlcall(msec limit)
{
	struct timeval t = { limit / 1000, limit % 1000 * 1000 };
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	int fd, why = ENOENT;

	controlpath(un.sun_path, sizeof(un.sun_path));
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd >= 0 && *un.sun_path) {
		setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &t, sizeof(t));
		setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &t, sizeof(t));
		if (connect(fd, (struct sockaddr *)&un, sizeof(un)) == 0)
			return fd;
		why = errno;
	}
	close(fd);
	errno = why;
	return -1;
}

/* $XDG_RUNTIME_DIR/screenstub-N.sock, N of -s or "all". */
void
controlopen(const char *path)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	struct flock lock = { .l_type = F_WRLCK }; /* no child has it */
	char lockpath[sizeof(un.sun_path) + 8];
	struct source *s = &life.control;
	mode_t mask;
	int r, fd;

	if (!*path) {
		warn("control: XDG_RUNTIME_DIR is not set or too long: no "
		     "socket for -e");
		return;
	}
	snprintf(lockpath, sizeof(lockpath), "%s.lock", path);
	fd = open(lockpath, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		die("control: %s:", lockpath);
	if (fcntl(fd, F_SETLK, &lock) < 0)
		die("control: %s: already running", path);
	strcpy(un.sun_path, path);
	s->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (s->fd < 0)
		die("control: socket:");
	unlink(path); /* of one that was killed */
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
		input_leave(input, 0, now);
	for (k = BTN_LEFT; k <= BTN_TASK && e->mode ==
	    XCB_NOTIFY_MODE_UNGRAB; k++)
		key(k, 0, now);
}

static void
ddclisted(int usable, msec now)
{
	(void)now;
	life.status = usable ? 0 : 1;
	loop_end();
}

static void
ddcswitched(enum evidence e, msec now)
{
	nomonitor = e == DdcFutile;
	jobend(&show.job, e >= DdcSent, now);
}

static void
ddcverified(enum evidence e, msec now)
{
	if (e != DdcBounced) {
		note(1, "show: it has lasted, or nobody can tell");
		return;
	}
	show.shown = Unknown;
	if (!show.bounced++)
		poke(now);
}

/* What is to be read in the window: nothing while the guest is shown. */
void
describe(char *out)
{
	const char *why = whyhost();
	const Hotkey *h;
	const Monitor *m;
	size_t n;

	*out = '\0';
	if (show.shown == Guest && show.wanted == Guest)
		return;
	if (!why)
		why = show.step || show.timer.due ? "switching to the guest" :
		    "the switch has failed";
	n = snprintf(out, TextMax, "The guest is not shown: %s.\n\n", why);
	for (m = monitors; !ddc_rowempty(m); m++)
		if (life.only < 0 || m == firstmonitor())
			n = describemonitor(out, n, m);
	n = addline(out, n, TextWidth, "VM", vmtext());
	n = addline(out, n, TextWidth, "agent", agenttext());
	n = addline(out, n, TextWidth, "route", routename[Route]);
	n = addline(out, n, TextWidth, "grab", *grabtext() ? grabtext() :
	    "none");
	n = addline(out, n, TextWidth, "last error", *log_error() ? log_error() :
	    "none");
	n = addline(out, n, TextWidth, "", "");
	for (h = hotkeys; h->key; h++)
		n = describekey(out, n, h);
	describekey(out, n, chordofemergency);
}

size_t
describekey(char *out, size_t n, const Hotkey *h)
{
	char line[128] = "";
	size_t i;

	for (i = 0; i < LENGTH(actionname); i++)
		if (actionname[i].action == h->action)
			snprintf(line, sizeof(line), "%s %s",
			    actionname[i].name, actionname[i].args == 1 ?
			    h->arg.grab : actionname[i].args == 2 ?
			    h->arg.argv[0] : "");
	return addline(out, n, KeyWidth, chord(h), line);
}

size_t
describemonitor(char *out, size_t n, const Monitor *m)
{
	unsigned value = ddc_input(&ddc, m, show.shown);
	const char *model = ddc_model(&ddc, m);
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
	return addline(out, n, TextWidth, "monitor", line);
}

void
destroynotify(xcb_generic_event_t *ev, msec now)
{
	xcb_window_t win = ((xcb_destroy_notify_event_t *)ev)->window;

	if (win == x.check && x.check) { /* the window manager ends */
		x.check = XCB_NONE;
		turmoil(TurmoilGone, now);
	}
	if (win != x.win) {
		look(now);
		return;
	}
	warn("x: the window was destroyed");
	leave(1, now);
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
	setenv("SCREENSTUB_VM", vmtext(), 1);
	setenv("SCREENSTUB_AGENT", agenttext(), 1);
	setenv("SCREENSTUB_GRAB", grabtext(), 1);
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
	unsigned value = ddc_input(&ddc, firstmonitor(), side);
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

void
expose(xcb_generic_event_t *ev, msec now)
{
	(void)ev;
	(void)now;
	x.stale = 1;
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

/* The first row of monitors[], or that of -s. */
const Monitor *
firstmonitor(void)
{
	return monitors + (life.only < 0 ? 0 : life.only);
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
	input_focus(input, 1, now);
	tell(now);
}

/* Releases happen elsewhere from now on. If a window manager took a key by a
 * grab, modifiers stay: their going up and down would open menus. */
void
focusout(xcb_generic_event_t *ev, msec now)
{
	xcb_focus_out_event_t *e = (xcb_focus_out_event_t *)ev;

	if (e->mode == XCB_NOTIFY_MODE_GRAB && !x.keyboard && !x.trying) {
		x.away = 1;
		input_leave(input, 1, now);
	}
	ungrabbed(e->mode);
	if (e->mode == XCB_NOTIFY_MODE_UNGRAB && !x.focused)
		input_leave(input, 0, now);
	if (e->mode == XCB_NOTIFY_MODE_GRAB ||
	    e->mode == XCB_NOTIFY_MODE_UNGRAB ||
	    e->detail >= XCB_NOTIFY_DETAIL_POINTER ||
	    e->detail == XCB_NOTIFY_DETAIL_INFERIOR)
		return;
	x.focused = 0;
	input_leave(input, 0, now);
	input_focus(input, 0, now);
	tell(now);
}

/* Where the output is; without one it is off. */
void
gotcrtc(void *reply, msec now)
{
	xcb_randr_get_crtc_info_reply_t *r = reply;
	xcb_rectangle_t area = { 0 };
	int again;

	if (r && r->width)
		area = (xcb_rectangle_t){ r->x, r->y, r->width, r->height };
	else if (outputname() && (x.area.width || !x.win))
		warn("x: output %s is not there, or is off: the window counts "
		     "as hidden (xrandr tells the names)", outputname());
	again = x.placing > 1;
	x.placing = 0;
	if (again)
		xaskoutput(); /* it has changed meanwhile */
	if (!memcmp(&x.area, &area, sizeof(area)))
		return;
	x.area = area;
	note(1, "x: output: %dx%d+%d+%d", area.width, area.height, area.x,
	     area.y);
	if (!x.win)
		return;
	if (!x.check && area.width) /* nobody else does it */
		xcb_configure_window(x.conn, x.win, XCB_CONFIG_WINDOW_X |
		    XCB_CONFIG_WINDOW_Y | XCB_CONFIG_WINDOW_WIDTH |
		    XCB_CONFIG_WINDOW_HEIGHT, (uint32_t[]){ area.x, area.y,
		    area.width, area.height });
	look(now);
}

void
gotdrawn(void *reply, msec now)
{
	(void)reply;
	(void)now;
	x.drawing = 0;
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
 * GrabKeyboard and GrabPointer are laid out alike. */
void
gotgrab(void *reply, msec now)
{
	xcb_grab_keyboard_reply_t *r = reply;
	int status = r ? r->status : -1;
	size_t row;

	if (status != XCB_GRAB_STATUS_SUCCESS)
		x.refused = status == XCB_GRAB_STATUS_ALREADY_GRABBED ?
		    status : -1;
	else if (x.arg == Keyboard)
		x.keyboard = 1;
	else
		x.pointer = x.asking & Confine ? 2 : 1;
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
		input_grabbed(input, &grabs[row], 0, now);
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
	if (x.hits > (ShowOn & Visible ? Grid * Grid / 2 : 0))
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
	int held = 0;

	x.trying = 0;
	for (k = 1; r && k < LENGTH(r->keys); k++)
		held |= r->keys[k];
	if (held && now < x.patient)
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

/* Without a name the primary output is ours, or the first that is on. */
void
gotoutput(void *reply, msec now)
{
	xcb_randr_get_output_info_reply_t *r = reply;
	const char *name = outputname();
	int ours = 0;

	if (r && r->crtc && name)
		ours = r->name_len == strlen(name) && !memcmp(name,
		    xcb_randr_get_output_info_name(r), r->name_len);
	else if (r && r->crtc)
		ours = !x.crtc || (unsigned)x.arg == x.primary;
	if (ours)
		x.crtc = r->crtc;
	if (--x.outputs)
		return;
	if (x.crtc)
		ask(xcb_randr_get_crtc_info(x.conn, x.crtc, 0).sequence,
		    gotcrtc);
	else
		gotcrtc(NULL, now);
}

/* Has the host's screen gone dark? X tells of each change of the saver, which
 * comes with each of DPMS, but not when the saver was on before. */
void
gotpower(void *reply, msec now)
{
	xcb_dpms_info_reply_t *r = reply;
	int blank = r && r->power_level != XCB_DPMS_DPMS_MODE_ON;

	x.blanktimer.due = (x.saving && !blank) || (blank && !x.saver) ?
	    now + BlankEvery : 0;
	if (blank == x.blank)
		return;
	x.blank = blank;
	note(1, "x: the screen is %s", blank ? "blanked" : "on");
	update(now);
}

void
gotprimary(void *reply, msec now)
{
	xcb_randr_get_output_primary_reply_t *r = reply;

	(void)now;
	x.primary = r ? r->output : XCB_NONE;
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
	input_raw(input, down);
}

/* All of the geometry is there: asks for the points that are on the root, if
 * the centre is on the output. A workspace that is hidden is off the root. */
void
gotroot(void *reply, msec now)
{
	xcb_get_geometry_reply_t *r = reply;
	const char *name = outputname();
	int i, px, py, off;

	px = x.x + x.w / 2 - x.area.x;
	py = x.y + x.h / 2 - x.area.y;
	off = name && x.randr && (px < 0 || py < 0 || px >= x.area.width ||
	    py >= x.area.height);
	if (off && !x.off && r && x.area.width && px + x.area.x >= 0 &&
	    px + x.area.x < r->width)
		warn("x: the window is not on output %s, and counts as hidden:"
		     " a rule of the window manager for WM_CLASS %s can put "
		     "it there", name, instance);
	x.off = off;
	x.hits = x.points = 0;
	for (i = 0; r && x.w && x.h && !off && i < Grid * Grid; i++) {
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

/* Keycodes are evdev's plus 8 by its rules; those of xfree86, which a server of
 * VNC may have, are others. */
void
gotrules(void *reply, msec now)
{
	xcb_get_property_reply_t *r = reply;
	const char *rules;

	(void)now;
	if (!r || r->format != 8 || !r->value_len)
		return;
	rules = xcb_get_property_value(r);
	if (r->value_len < 6 || memcmp(rules, "evdev", 6))
		warn("x: the keyboard's rules are %.*s, not evdev: keys may "
		     "be others in the guest (setxkbmap -rules evdev)",
		     (int)strnlen(rules, r->value_len), rules);
}

void
gotsaver(void *reply, msec now)
{
	xcb_screensaver_query_info_reply_t *r = reply;

	(void)now;
	x.saving = r && r->state == XCB_SCREENSAVER_STATE_ON;
	blanktimer(NULL, 0, now);
}

void
gotscreen(void *reply, msec now)
{
	xcb_randr_get_screen_resources_current_reply_t *r = reply;
	const xcb_randr_output_t *output;
	size_t i, n;

	if (!r) {
		x.placing = 0;
		return; /* X hangs */
	}
	if (!r->num_outputs) {
		gotcrtc(NULL, now);
		return;
	}
	output = xcb_randr_get_screen_resources_current_outputs(r);
	x.crtc = 0;
	x.outputs = r->num_outputs < AskMax / 2 ? r->num_outputs : AskMax / 2;
	for (i = 0, n = x.outputs; i < n; i++)
		askfor(xcb_randr_get_output_info(x.conn, output[i],
		    r->config_timestamp).sequence, gotoutput, output[i]);
}

/* The devices that X has now. */
void
gotslaves(void *reply, msec now)
{
	xcb_input_xi_query_device_reply_t *r = reply;
	xcb_input_xi_device_info_iterator_t it;
	struct slave *s, *slot;

	(void)now;
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
		if (!s->seen)
			s->id = 0;
}

/* i3, for one, takes fullscreen away for another window, and does not give it
 * back. It is asked for when the window is shown again, for who takes it away
 * from a window that is shown may want it so. */
void
gotstate(void *reply, msec now)
{
	xcb_get_property_reply_t *r = reply;
	const xcb_atom_t *state;
	xcb_client_message_event_t e = {
		.response_type = XCB_CLIENT_MESSAGE, .format = 32,
		.window = x.win, .type = x.atom[NetState],
		.data.data32 = { 1, x.atom[NetFullscreen], 0, 1 },
	};
	int i;

	(void)now;
	if (!r || !x.check)
		return;
	state = xcb_get_property_value(r);
	for (i = 0; r->format == 32 && i < (int)r->value_len; i++)
		if (state[i] == x.atom[NetFullscreen])
			return;
	note(1, "x: fullscreen is asked for again");
	xcb_send_event(x.conn, 0, x.root, XCB_EVENT_MASK_SUBSTRUCTURE_NOTIFY |
	    XCB_EVENT_MASK_SUBSTRUCTURE_REDIRECT, (char *)&e);
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
	input_keymap(input, down, 0, now);
}

/* Which virtual terminal X has; without one nobody can leave it. */
void
gotvt(void *reply, msec now)
{
	xcb_get_property_reply_t *r = reply;
	struct source *s = &x.tty;

	if (r && r->format == 32 && r->value_len)
		x.vt = *(int32_t *)xcb_get_property_value(r);
	if (x.vt <= 0)
		return;
	s->fd = open("/sys/class/tty/tty0/active", O_RDONLY | O_CLOEXEC);
	s->events = Urgent;
	s->ready = ttyready;
	if (s->fd < 0 || source_add(s) < 0)
		warn("x: /sys/class/tty/tty0/active: the guest stays on the "
		     "screen when another virtual terminal is shown:");
	else
		ttyready(s, 0, now);
}

/* The window that a window manager has as long as it runs (EWMH). */
void
gotwm(void *reply, msec now)
{
	xcb_get_property_reply_t *r = reply;
	xcb_window_t check = XCB_NONE;

	if (r && r->format == 32 && r->value_len)
		check = *(xcb_window_t *)xcb_get_property_value(r);
	if (check == x.check)
		return;
	x.check = check;
	note(1, "x: window manager: %s", check ? "there" : "gone");
	turmoil(check ? TurmoilLast : TurmoilGone, now);
}

void
grabchanged(const Grab *g, int held, msec now)
{
	note(1, "grab: %s: %s", g->name, held ? "held" : "ended");

	fire(held ? Grabbed : Ungrabbed, now);
}

/* Those that are held, with spaces between. */
const char *
grabtext(void)
{
	static char text[512];
	size_t row, n = 0;

	*text = '\0';
	for (row = 0; grabs[row].name && n < sizeof(text); row++)
		if (input_holds(input, &grabs[row]))
			n += snprintf(text + n, sizeof(text) - n, "%s%s",
			    n ? " " : "", grabs[row].name);
	return text;
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
guestthere(const char *name)
{
	if (!*agent.peer.addr)
		warn("qga: %s: no agent socket is configured", name);
	else if (*qmp.addr && qmp.vm != VmRunning &&
	    (qmp.known || !life.once)) /* -w: another may hold QMP */
		warn("qga: %s: the VM does not run", name);
	else
		return 1;
	return 0;
}

/* -w: a running instance does it, or it would undo it; -1: there is none, or
 * none that answers. */
int
handover(enum side side, int confirm)
{
	char wait[] = "guestwait", guest[] = "showguest", host[] = "showhost";
	char *word[] = { wait, side == Host ? host : guest };
	int fd, i, answers, failed = 0;
	char c;

	if ((fd = controlcall(ProbeLimit)) < 0)
		return -1;
	answers = send(fd, "status", sizeof("status"), MSG_NOSIGNAL) > 0 &&
	    shutdown(fd, SHUT_WR) == 0 && read(fd, &c, 1) == 1;
	close(fd);
	if (!answers) {
		warn("control: the running instance does not answer: without "
		     "it");
		return -1;
	}
	for (i = !confirm; i < 2 && !failed; i++) {
		fd = controlcall(RequestLimit + PowerLimit);
		failed = fd < 0 ? -1 : request(fd, 1, &word[i]);
	}
	return failed;
}

/* Ends a job without a call of done. */
void
jobcancel(struct job *j, msec now)
{
	int kind = j->kind;

	source_del(&j->timer);
	j->kind = NoStep;
	switch (kind) {
	case Exec:
		child_del(&j->child);
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
		ddc_cancel(&ddc);
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
	    !guestthere(name))
		return Failed;
	if (jobtimer(j, kind, name, limit, now) < 0)
		return Failed;
	switch (kind) {
	case Exec:
		pid = spawn(arg->argv, j->event);
		if (pid > 0 && limit) {
			j->child.ended = execended;
			child_add(&j->child, pid);
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
		ddc_switch(&ddc, show.target, life.once ? LearnNothing :
		    qmp.known && !qmp.seen ? LearnShown : LearnOther,
		    show.step[1].orelse, show.pause > RetryFirst, limit, now);
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
key(unsigned code, int value, msec now)
{
	struct input_event e = { .type = EV_KEY };

	e.code = code;
	e.value = value;
	motionflush(now);
	input_feed(input, &e, 1, now);
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
	input_keymap(input, down, x.entered > 0, now);
	x.entered = 0;
}

/* X's keycodes are evdev's plus 8 with every server of today. Who types into a
 * window that is hidden does not mean the guest. */
void
keypress(xcb_generic_event_t *ev, msec now)
{
	xcb_key_press_event_t *e = (xcb_key_press_event_t *)ev;

	if (x.visible)
		key(e->detail - 8, 1, now);
	else
		input_foreign(input, e->detail - 8);
}

void
keyrelease(xcb_generic_event_t *ev, msec now)
{
	xcb_key_release_event_t *e = (xcb_key_release_event_t *)ev;

	key(e->detail - 8, 0, now);
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
	input_release(input, now);
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
	loop_end();
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
	loop_end();
}

/* The same for a row of tohost[]. */
msec
leavetime(msec now)
{
	return show.step[1].kind ? ExitLimit / 3 :
	    life.limit.due - now - ReplyGrace;
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
	blanktimer(s, got, now);
	x.looking = 1;
	x.looked = now;
	x.top = x.win;
	ask(xcb_query_tree(x.conn, x.win).sequence, gottree);
}

void
lost(struct qmp *q, unsigned key)
{
	(void)q;
	input_lost(input, key);
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
	double px = x.px < 0 ? 0 : x.px > w ? w : x.px; /* a drag goes on */
	double py = x.py < 0 ? 0 : x.py > h ? h : x.py;
	size_t n;

	n = x.nmotion;
	x.nmotion = 0;
	if (n)
		input_feed(input, x.motion, n, now);
	if (!x.moved)
		return;
	x.moved = 0;
	e[0].value = (guestrect.left + (guestrect.right - guestrect.left) *
	    px / w) * 0x7fff + .5;
	e[1].value = (guestrect.top + (guestrect.bottom - guestrect.top) *
	    py / h) * 0x7fff + .5;
	input_feed(input, e, 2, now);
}

void
motionnotify(xcb_generic_event_t *ev, msec now)
{
	xcb_motion_notify_event_t *e = (xcb_motion_notify_event_t *)ev;

	(void)now;
	if (input_pointer(input) && !x.absolute)
		return;
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

/* Of RandR, where the window belongs; NULL: anywhere. */
const char *
outputname(void)
{
	const Monitor *m = firstmonitor();

	return ddc_rowempty(m) ? NULL : m->output;
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

	if (*qmp.addr ? qmp.vm < VmSuspended : !*agent.peer.addr) {
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
	if (!*agent.peer.addr) {
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
	else if (!*qmp.addr)
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

void
propertynotify(xcb_generic_event_t *ev, msec now)
{
	xcb_property_notify_event_t *e = (xcb_property_notify_event_t *)ev;

	(void)now;
	if (e->window == x.root && e->atom == x.atom[NetCheck])
		xaskwm();
}

/* Motion as the device reports it, before acceleration (XI2proto.txt,
 * RawEvent). One with absolute valuators moves as it would without a grab. */
void
rawmotion(const xcb_input_raw_motion_event_t *e)
{
	const uint32_t *mask = xcb_input_raw_button_press_valuator_mask(e);
	const xcb_input_fp3232_t *v =
	    xcb_input_raw_button_press_axisvalues_raw(e);
	struct slave *s = slaveof(e->sourceid);
	double d[2] = { 0 };
	int i;

	if (!s || s->ours)
		return;
	for (i = 0; i < e->valuators_len * 32; i++) {
		if (!(mask[i / 32] >> i % 32 & 1))
			continue;
		if (i < 2)
			d[i] = v->integral + v->frac / 4294967296.;
		v++;
	}
	x.absolute = s->absolute;
	if (!s->absolute && input_pointer(input) == Moved &&
	    (x.pointer || x.inside)) {
		relative(0, REL_X, d[0]);
		relative(1, REL_Y, d[1]);
	}
}

/* Adds the integer part to what is to be sent, keeps the rest. */
void
relative(int axis, unsigned code, double d)
{
	size_t i;
	int whole;

	x.rest[axis] += d;
	whole = (int)x.rest[axis];
	x.rest[axis] -= whole;
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

void
reparentnotify(xcb_generic_event_t *ev, msec now)
{
	if (((xcb_reparent_notify_event_t *)ev)->window == x.win && x.known)
		turmoil(x.turmoil - now > TurmoilLast ? x.turmoil - now :
		    TurmoilLast, now);
	look(now);
}

/* Hands words to the running instance, prints what it has to say, and closes
 * the connection; -1: it did not answer, or has no time. */
int
request(int fd, int argc, char *argv[])
{
	char text[RequestMax], *last;
	ssize_t n = 0, len = 0;
	int i;

	for (i = 0; i < argc; i++)
		if (send(fd, argv[i], strlen(argv[i]) + 1, MSG_NOSIGNAL) < 0)
			break; /* what it says now tells why */
	shutdown(fd, SHUT_WR);
	while (len < (ssize_t)sizeof(text) - 1 &&
	    (n = read(fd, text + len, sizeof(text) - 1 - len)) > 0)
		len += n;
	close(fd);
	text[len] = '\0';
	if (n < 0 || !len || text[len - 1] != '\n') {
		warn("control: %s: no answer", argv[0]);
		return -1;
	}
	text[len - 1] = '\0';
	last = strrchr(text, '\n'); /* the line that tells how it went */
	last = last ? last + 1 : text;
	printf("%.*s", (int)(last - text), text);
	if (!strcmp(last, "done"))
		return 0;
	warn("control: %s: %s", argv[0], last);
	return strcmp(last, "failed: busy") ? 1 : -1;
}

/* The machine slept: what the monitor shows now nobody knows. */
void
resumed(msec now)
{
	note(1, "resumed");
	ddc_patient(&ddc, now + ResumeWait);
	show.shown = Unknown;
	poke(now);
}

/* Sent also for what we force, which changes nothing. */
void
savernotify(xcb_generic_event_t *ev, msec now)
{
	x.saving = ((xcb_screensaver_notify_event_t *)ev)->state ==
	    XCB_SCREENSAVER_STATE_ON;
	note(2, "x: the saver is %s", x.saving ? "on" : "off");
	blanktimer(NULL, 0, now);
}

/* For how long a wish must last; one that the window did not make is not
 * doubted. */
msec
settle(msec now)
{
	msec least = show.wanted == Guest ? TurmoilShow : TurmoilHide;

	if (life.leaving || life.once || (*qmp.addr && qmp.vm == VmOff))
		return 0;
	if (now >= x.turmoil || show.panic || show.asked || show.pausing ||
	    (*qmp.addr && qmp.vm != VmRunning))
		return Settle;
	return least > Settle ? least : Settle;
}

void
setvisible(int visible, msec now)
{
	if (x.known && x.visible == visible)
		return;
	note(1, "x: window: %s", visible ? "visible" : "hidden");
	x.known = 1;
	x.visible = visible;
	if (visible) {
		qmp_hope(&qmp, now);
		ask(xcb_get_property(x.conn, 0, x.win, x.atom[NetState],
		    XCB_ATOM_ATOM, 0, 32).sequence, gotstate);
	}
	tell(now);
	input_allow(input, visible && show.wanted == Guest, now);
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
	ddc_cancel(&ddc); /* a check of the switch before */
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
		if (show.shown == Guest)
			log_clear(); /* it explains nothing now */
	}
	if (!ok)
		show.verify.due = 0;
	if (show.wanted != show.target || (!ok && show.again)) {
		show.timer.due = soonest(now);
	} else if (!ok) {
		if (!show.pause || verbose)
			note(0, "show: %s: the switch failed", /* not why */
			     sidename[show.target]);
		if (show.wanted == Host && !life.leaving && !life.once &&
		    !nomonitor) {
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
	nomonitor = 0;
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

static void
signalled(int signo, msec now)
{
	note(1, "signal %d", signo);
	/* a terminal that is closed may send HUP twice */
	if (life.once || (life.leaving && signo != SIGHUP)) {
		unlink(life.controlpath);
		_exit(128 + signo);
	}
	leave(0, now);
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
		note(0, "show: %s: not now: %s", sidename[side], whyhost());
		show.asked = before;
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
slavefill(struct slave *s, const xcb_input_xi_device_info_t *info)
{
	xcb_input_device_class_iterator_t it =
	    xcb_input_xi_device_info_classes_iterator(info);

	s->seen = 1;
	s->id = info->deviceid;
	s->absolute = 0;
	s->ours = info->name_len > 11 &&
	    !memcmp(xcb_input_xi_device_info_name(info), "screenstub-", 11);
	for (; it.rem; xcb_input_device_class_next(&it)) {
		const xcb_input_valuator_class_t *v = (void *)it.data;

		if (it.data->type == XCB_INPUT_DEVICE_CLASS_TYPE_VALUATOR &&
		    v->number < 2)
			s->absolute |= v->mode;
	}
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

/* When the next switch may begin. A VM that is gone does not come back by
 * itself, so that nothing flaps then, and nothing has to be waited for. */
msec
soonest(msec now)
{
	return show.notbefore < now || (*qmp.addr && qmp.vm == VmOff) ?
	    now : show.notbefore;
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
	ddc_patient(&ddc, now + ResumeWait); /* perhaps a hook of the resume */
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
	xsetup(screen, now);
	look(now);
}

/* What -e status prints. */
void
status(char *out, size_t size)
{
	const char *grab = grabtext();
	const Monitor *m;
	unsigned value;
	size_t n;

	n = snprintf(out, size, "shown %s\nwish %s\nvm %s\nagent %s\nroute %s\n"
	    "grab %s\nerror %s\n", sidename[show.shown],
	    sidename[show.wanted], vmtext(), agenttext(), routename[Route],
	    *grab ? grab : "none", *log_error() ? log_error() : "none");
	for (m = monitors; !ddc_rowempty(m) && n < size; m++) {
		if (life.only >= 0 && m != firstmonitor())
			continue;
		value = ddc_input(&ddc, m, show.shown);
		n += snprintf(out + n, size - n, value ?
		    "monitor.%d.input 0x%02x\n" : "monitor.%d.input unknown\n",
		    (int)(m - monitors), value);
	}
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
		loop_end();
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

/* What the window says may have changed; then what was asked for is over. */
void
tell(msec now)
{
	int wants = x.visible && (x.focused || !(ShowOn & Focused));

	if (wants == x.wants && show.wanted)
		return;
	x.wants = wants;
	show.asked = Unknown;
	show.panic = 0;
	update(now);
	if (show.pause)
		poke(now);
}

static void
timers(void)
{
	life.limit.fd = life.turn.fd = show.timer.fd = show.verify.fd = -1;
	dog.timer.fd = -1;
	life.limit.ready = leavelimit;
	life.turn.before = turn;
	show.timer.ready = showtimer;
	show.verify.ready = verifytimer;
	dog.timer.ready = dogtimer;
	source_add(&life.turn);
	source_add(&dog.timer);
	source_add(&show.timer);
	source_add(&show.verify);
}

/* X first, for its queue wakes nobody; then the end, which comes when nothing
 * is left to be done. */
static void
turn(struct source *s, msec now)
{
	(void)s;
	xdrain(now);
	leavenow();
}

/* Who is at another virtual terminal wants to see it. */
void
ttyready(struct source *s, unsigned got, msec now)
{
	char name[32] = "";
	int vt = 0, elsewhere;

	(void)got;
	if (pread(s->fd, name, sizeof(name) - 1, 0) < 0)
		note(1, "x: /sys/class/tty/tty0/active:");
	elsewhere = sscanf(name, "tty%d", &vt) == 1 && vt != x.vt;
	if (elsewhere == x.elsewhere)
		return;
	x.elsewhere = elsewhere;
	note(1, "x: virtual terminal %d is shown", vt);
	update(now);
}

/* Window managers that are restarted or replaced hide and show all windows,
 * which is not meant: what has begun to settle takes longer, too. */
void
turmoil(msec length, msec now)
{
	x.turmoil = now + length;
	if (show.timer.due && !show.step && !show.pause &&
	    show.timer.due < show.since + settle(now))
		show.timer.due = show.since + settle(now);
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
		input_uevent(input, action, node, now);
	} else {
		ddc_uevent(&ddc, subsystem, action, node);
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

	if (!life.leaving && !show.panic && ((*qmp.addr && !qmp.tried) ||
	    (!life.once && !x.known)))
		return; /* nothing is known yet */
	show.wanted = wish();
	if (show.wanted == before)
		return;
	note(1, "wish: %s -> %s", sidename[before], sidename[show.wanted]);
	/* nobody who looks at the host types into the guest; one that sleeps
	 * would be woken by a key that goes up */
	if (!life.once)
		input_allow(input, x.visible && show.wanted == Guest, now);
	if (show.wanted == Host && qmp.vm != VmSuspended)
		input_release(input, now);
	show.pause = show.verify.due = show.bounced = 0;
	show.since = now;
	show.timer.due = soonest(now);
	if (show.timer.due < now + settle(now))
		show.timer.due = now + settle(now);
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
		ddc_verify(&ddc, show.shown, VerifyLimit, now);
}

void
vmchanged(struct qmp *q, enum vmstate before, msec now)
{
	struct task *t = life.task;

	/* held since it stopped; or the nodes hold it for the next VM */
	if ((q->vm == VmRunning || q->vm == VmOff) && before != q->vm)
		input_release(input, now);
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
vmevent(struct qmp *q, int event, msec now)
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
	input_forget(input, now);
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
	warn("qmp: %s: the VM does not run", qmp.addr);
	return Failed;
}

const char *
vmtext(void)
{
	return *qmp.addr ? vmname[qmp.vm] : "unknown";
}

/* Why the monitor is to show the host, the first that applies; NULL: it is to
 * show the guest. */
const char *
whyhost(void)
{
	static const char *const off[] = {
		[VmOff] = "the VM is off, or does not answer",
		[VmStopped] = "the VM is paused",
		[VmSuspended] = "the VM sleeps",
	};

	if (life.leaving)
		return "the program ends";
	if (*qmp.addr && !qmp.tried)
		return "QEMU is asked whether the VM runs";
	if (*qmp.addr && qmp.vm != VmRunning)
		return off[qmp.vm];
	if (show.pausing)
		return "the VM is to be paused";
	if (!x.known)
		return "the window is not there yet";
	if (x.blank)
		return "the screen is blanked";
	if (x.elsewhere)
		return "another virtual terminal is shown";
	if (show.asked)
		return show.asked == Host ? "the host was asked for" : NULL;
	if (x.wants)
		return NULL;
	return x.visible ? "the window has not the focus" :
	    "the window is hidden";
}

/* What the monitor is to show. */
enum side
wish(void)
{
	if (life.once)
		return show.asked;
	return whyhost() ? Host : Guest;
}

/* The reply to the oldest request. */
void
xanswer(void *reply, msec now)
{
	void (*answered)(void *, msec) = x.asked[x.askhead].answer;

	x.arg = x.asked[x.askhead].arg;
	x.askhead = (x.askhead + 1) % AskMax;
	x.nasked--;
	answered(reply, now);
	free(reply);
}

/* Once more when there was a reason meanwhile. */
void
xaskoutput(void)
{
	x.placing++;
	if (x.placing > 1)
		return;
	ask(xcb_randr_get_output_primary(x.conn, x.root).sequence,
	    gotprimary);
	ask(xcb_randr_get_screen_resources_current(x.conn, x.root).sequence,
	    gotscreen);
}

void
xaskwm(void)
{
	ask(xcb_get_property(x.conn, 0, x.root, x.atom[NetCheck],
	    XCB_ATOM_WINDOW, 0, 1).sequence, gotwm);
}

/* Who works in the guest must not have the host go dark: a device that is
 * grabbed past X leaves X idle. The server ends this when we end. What looks at
 * how long X was idle, as many lockers do, is reset by what such a device
 * sends. */
void
xawake(msec now)
{
	int awake = show.shown == Guest && show.wanted == Guest;

	if (x.saver && awake != x.awake)
		xcb_screensaver_suspend(x.conn, awake);
	x.awake = awake;
	if (!awake || input_heard(input) < x.told + AwakeEvery)
		return;
	xcb_force_screen_saver(x.conn, XCB_SCREEN_SAVER_RESET);
	x.told = now;
}

/* Takes all that came from the X server, then sends what is to go there. */
void
xdrain(msec now)
{
	xcb_generic_event_t *ev, *(*poll)(xcb_connection_t *);
	xcb_generic_error_t *err;
	void *reply;
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
			else if (x.randr && type - x.randr < 2)
				xaskoutput();
			else if (x.saver && type == x.saver)
				savernotify(ev, now);
			free(ev);
		}
		motionflush(now);
		for (; x.nasked && xcb_poll_for_reply(x.conn,
		    x.asked[x.askhead].sequence, &reply, &err); n++) {
			xanswer(reply, now);
			free(err);
		}
		xraw();
		xawake(now);
		xdraw();
		xcb_flush(x.conn);
		poll = xcb_poll_for_queued_event;
	} while (n);
	if (!xcb_connection_has_error(x.conn))
		return;
	warn("x: the connection to the X server is lost");
	source_del(&x.source);
	source_del(&x.timer);
	source_del(&x.grabtimer);
	source_del(&x.blanktimer);
	xcb_disconnect(x.conn);
	x.conn = NULL;
	leave(1, now);
}

/* Shows the text when it is another, a line for each pass, after X has drawn
 * the one before: one that hangs would block us when its socket is full. */
void
xdraw(void)
{
	char text[TextMax];
	const char *s, *end, *gap;
	unsigned rows = 0, high, wide, shade;

	if (!x.cellw || !x.visible || x.drawing)
		return;
	describe(text);
	if (x.stale || strcmp(text, x.text)) {
		x.stale = x.drawn = 0;
		strcpy(x.text, text);
		xcb_clear_area(x.conn, 0, x.win, 0, 0, 0, 0);
		for (s = text; *s; s++)
			rows += *s == '\n';
		high = x.height / (x.cellh * (rows < Rows ? Rows : rows));
		wide = x.width / (x.cellw * (Columns + 2));
		x.factor = high < wide ? high : wide;
		x.factor += !x.factor;
		x.textx = ((int)x.width - (int)(x.cellw * Columns *
		    x.factor)) / 2;
		x.texty = ((int)x.height - (int)(x.cellh * rows *
		    x.factor)) / 2;
		if (x.textx < 0)
			x.textx = 0;
		if (x.texty < 0)
			x.texty = 0; /* what is too much is below */
	}
	s = x.text + x.drawn;
	if (!*s)
		return;
	end = strchr(s, '\n');
	/* names, up to a gap, in less light */
	gap = strstr(s, "  ");
	shade = gap && gap < end ? gap - s : 0;
	xdrawline(s, 0, shade, foreground - (foreground >> 2 & 0x3f3f3f));
	xdrawline(s, shade, end - s, foreground);
	x.texty += x.cellh * x.factor;
	x.drawn += end + 1 - s;
	x.drawing = 1;
	ask(xcb_get_input_focus(x.conn).sequence, gotdrawn);
}

/* Letters of a line, enlarged: a rectangle for each run of pixels. */
void
xdrawline(const char *s, size_t from, size_t to, uint32_t colour)
{
	xcb_rectangle_t r[RectMax];
	size_t n = 0, i;
	unsigned row, col, begin, k = x.factor;
	uint32_t bits;

	xcb_change_gc(x.conn, x.gc, XCB_GC_FOREGROUND, &colour);
	for (i = from; i < to; i++) {
		for (row = 0; row < x.cellh; row++) {
			bits = x.glyph[s[i] < ' ' || s[i] > '~' ? '?' - ' ' :
			    s[i] - ' '][row];
			for (col = 0; col < x.cellw; col++) {
				for (begin = col; bits >> col & 1; col++)
					;
				if (col == begin)
					continue;
				r[n++] = (xcb_rectangle_t){
					x.textx + (int)((i * x.cellw + begin) *
					k), x.texty + (int)(row * k),
					(col - begin) * k, k
				};
				if (n < RectMax)
					continue;
				xcb_poly_fill_rectangle(x.conn, x.win, x.gc, n,
				    r);
				n = 0;
			}
		}
	}
	xcb_poly_fill_rectangle(x.conn, x.win, x.gc, n, r);
}

/* NULL: X has it not. */
const xcb_query_extension_reply_t *
xextension(xcb_extension_t *id)
{
	const xcb_query_extension_reply_t *r = xcb_get_extension_data(x.conn,
	    id);

	return r && r->present ? r : NULL;
}

/* Each may be missing, which costs what it is for, and a message. */
void
xextensions(void)
{
	xcb_prefetch_extension_data(x.conn, &xcb_test_id);
	xcb_prefetch_extension_data(x.conn, &xcb_xkb_id);
	xcb_prefetch_extension_data(x.conn, &xcb_input_id);
	xcb_prefetch_extension_data(x.conn, &xcb_randr_id);
	xcb_prefetch_extension_data(x.conn, &xcb_dpms_id);
	xcb_prefetch_extension_data(x.conn, &xcb_screensaver_id);
	xkbopen();
	xiopen();
	xrandropen();
	xsaveropen();
}

/* The letters of the font that each server has, to be enlarged: it draws them,
 * and we look. */
void
xfont(uint8_t depth)
{
	enum { Letters = LENGTH(x.glyph) };
	xcb_connection_t *c = x.conn;
	xcb_font_t font = xcb_generate_id(c);
	xcb_pixmap_t p = xcb_generate_id(c);
	xcb_query_font_reply_t *f;
	xcb_get_image_reply_t *r = NULL;
	char letter[Letters];
	const uint32_t *pixel;
	unsigned i, row, col, w = 0, h = 0;

	for (i = 0; i < Letters; i++)
		letter[i] = ' ' + i;
	xcb_open_font(c, font, 5, "fixed");
	if ((f = xcb_query_font_reply(c, xcb_query_font(c, font), NULL))) {
		w = f->max_bounds.character_width;
		h = f->font_ascent + f->font_descent;
	}
	if (w && h && w < 32 && h < GlyphMax) {
		xcb_create_pixmap(c, depth, p, x.root, w * Letters, h);
		xcb_create_gc(c, x.gc = xcb_generate_id(c), p,
		    XCB_GC_FOREGROUND | XCB_GC_BACKGROUND | XCB_GC_FONT,
		    (uint32_t[]){ 1, 0, font });
		xcb_image_text_8(c, Letters, p, x.gc, 0, f->font_ascent,
		    letter);
		r = xcb_get_image_reply(c, xcb_get_image(c,
		    XCB_IMAGE_FORMAT_Z_PIXMAP, p, 0, 0, w * Letters, h, 1),
		    NULL);
		xcb_free_pixmap(c, p);
	}
	if (r && (unsigned)xcb_get_image_data_length(r) == w * Letters * h *
	    sizeof(*pixel)) {
		pixel = (const uint32_t *)xcb_get_image_data(r);
		for (row = 0; row < h; row++)
			for (i = 0; i < Letters; i++)
				for (col = 0; col < w; col++)
					x.glyph[i][row] |= (uint32_t)(
					    *pixel++ & 1) << col;
		x.cellw = w;
		x.cellh = h;
	} else {
		warn("x: no font \"fixed\", or few colours: the window stays "
		     "empty");
	}
	free(r);
	free(f);
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
	size_t row;
	int core = 0;

	x.asking = x.refused = 0;
	for (row = 0; grabs[row].name; row++) {
		if (!(x.rows >> row & 1))
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
	if (!--x.trying)
		xgrabtold(now);
}

/* Gives up what no row wants any more. */
void
xgrabend(msec now)
{
	unsigned flags = 0;
	size_t row;
	int core = 0;

	if (!x.rows)
		x.grabtimer.due = 0;
	for (row = 0; grabs[row].name; row++) {
		if (!(x.rows >> row & 1))
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
	else if (x.conn && x.pointer == 2 && !(flags & Confine) && !x.trying)
		xgrabask(now);
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
	return x.keyboard && (!(g->flags & Mouse) || x.pointer);
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
			input_grabbed(input, &grabs[row], 1, now);
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

	if (!x.xi || ((xcb_input_raw_motion_event_t *)ev)->extension != x.xi)
		return;
	switch (ge->event_type) {
	case XCB_INPUT_HIERARCHY:
		ask(xcb_input_xi_query_device(x.conn,
		    XCB_INPUT_DEVICE_ALL).sequence, gotslaves);
		break;
	case XCB_INPUT_RAW_KEY_PRESS:
	case XCB_INPUT_RAW_KEY_RELEASE:
		input_global(input, raw->detail - 8, ge->event_type ==
		    XCB_INPUT_RAW_KEY_PRESS, !x.keyboard &&
		    (!x.focused || x.away || !x.visible), now);
		break;
	case XCB_INPUT_RAW_MOTION:
		rawmotion(raw);
		break;
	}
}

/* Raw events in spite of grabs: since 2.1. */
void
xiopen(void)
{
	const xcb_query_extension_reply_t *xi = xextension(&xcb_input_id);
	xcb_input_xi_query_version_reply_t *r = NULL;

	if (xi)
		r = xcb_input_xi_query_version_reply(x.conn,
		    xcb_input_xi_query_version(x.conn, 2, 2), NULL);
	if (!r || (r->major_version == 2 && r->minor_version < 2)) {
		warn("x: no XInput 2.2: no relative motion, no hotkeys that "
		     "are Global");
	} else {
		x.xi = xi->major_opcode;
		xiselect(XCB_INPUT_DEVICE_ALL,
		    XCB_INPUT_XI_EVENT_MASK_HIERARCHY);
		ask(xcb_input_xi_query_device(x.conn,
		    XCB_INPUT_DEVICE_ALL).sequence, gotslaves);
	}
	free(r);
}

/* What of XInput 2 is to come here. */
void
xiselect(unsigned device, uint32_t mask)
{
	struct {
		xcb_input_event_mask_t head;
		uint32_t mask;
	} m = { { device, 1 }, mask };

	xcb_input_xi_select_events(x.conn, x.root, 1, &m.head);
}

/* So that a key that is held repeats as presses, without releases. */
void
xkbopen(void)
{
	if (!xextension(&xcb_xkb_id)) {
		warn("x: no XKEYBOARD: keys that repeat go up and down");
		return;
	}
	free(xcb_xkb_use_extension_reply(x.conn,
	    xcb_xkb_use_extension(x.conn, 1, 0), NULL));
	xcb_discard_reply(x.conn, xcb_xkb_per_client_flags(x.conn,
	    XCB_XKB_ID_USE_CORE_KBD,
	    XCB_XKB_PER_CLIENT_FLAG_DETECTABLE_AUTO_REPEAT,
	    XCB_XKB_PER_CLIENT_FLAG_DETECTABLE_AUTO_REPEAT, 0, 0, 0).sequence);
}

/* Outputs: since 1.2; which is the primary one, since 1.3. */
void
xrandropen(void)
{
	const xcb_query_extension_reply_t *randr = xextension(&xcb_randr_id);
	xcb_randr_query_version_reply_t *r = NULL;

	if (randr)
		r = xcb_randr_query_version_reply(x.conn,
		    xcb_randr_query_version(x.conn, 1, 3), NULL);
	if (!r || (r->major_version == 1 && r->minor_version < 3)) {
		warn("x: no RandR 1.3: the window is as large as the screen, "
		     "on any output");
	} else {
		x.randr = randr->first_event;
		xcb_randr_select_input(x.conn, x.root,
		    XCB_RANDR_NOTIFY_MASK_SCREEN_CHANGE |
		    XCB_RANDR_NOTIFY_MASK_CRTC_CHANGE |
		    XCB_RANDR_NOTIFY_MASK_OUTPUT_CHANGE);
		xaskoutput();
	}
	free(r);
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
	if (x.visible && input_pointer(input) == Moved)
		mask |= XCB_INPUT_XI_EVENT_MASK_RAW_MOTION;
	changed = mask ^ x.rawmask;
	if (!changed)
		return;
	x.rawmask = mask;
	xiselect(XCB_INPUT_DEVICE_ALL_MASTER, mask);
	if (changed & ~keys)
		x.absolute = 0;
	if (changed & mask & keys)
		ask(xcb_query_keymap(x.conn).sequence, gotraw);
	else if (changed & keys)
		input_raw(input, none);
}

/* With the focus, only while a modifier is down: somebody may have grabbed what
 * comes next. */
int
xrawkeys(void)
{
	return !x.focused || x.away || !x.visible ||
	    !(EmergencyMods & 0xffff) || input_modified(input);
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

/* To be suspended: since 1.1. */
void
xsaveropen(void)
{
	const xcb_query_extension_reply_t *saver =
	    xextension(&xcb_screensaver_id);
	xcb_screensaver_query_version_reply_t *r = NULL;

	x.dpms = xextension(&xcb_dpms_id) != NULL;
	if (!x.dpms)
		warn("x: no DPMS: the guest is shown also when the host's "
		     "screen is to be dark");
	if (saver)
		r = xcb_screensaver_query_version_reply(x.conn,
		    xcb_screensaver_query_version(x.conn, 1, 1), NULL);
	if (!r || (r->server_major_version == 1 &&
	    r->server_minor_version < 1)) {
		warn("x: no MIT-SCREEN-SAVER 1.1: the host's screen may go "
		     "dark while the guest is shown");
	} else {
		x.saver = saver->first_event;
		xcb_screensaver_select_input(x.conn, x.root,
		    XCB_SCREENSAVER_EVENT_NOTIFY_MASK);
		ask(xcb_screensaver_query_info(x.conn, x.root).sequence,
		    gotsaver);
	}
	free(r);
}

/* The connection, what else there is in it, and the window. Before the loop, so
 * here replies may be waited for. */
void
xsetup(int screen, msec now)
{
	static const char *const name[] = {
		[NetState] = "_NET_WM_STATE",
		[NetFullscreen] = "_NET_WM_STATE_FULLSCREEN",
		[NetName] = "_NET_WM_NAME", [NetPid] = "_NET_WM_PID",
		[NetPing] = "_NET_WM_PING", [NetType] = "_NET_WM_WINDOW_TYPE",
		[NetTypeNormal] = "_NET_WM_WINDOW_TYPE_NORMAL",
		[NetBypass] = "_NET_WM_BYPASS_COMPOSITOR",
		[NetCheck] = "_NET_SUPPORTING_WM_CHECK",
		[WmProtocols] = "WM_PROTOCOLS", [WmDelete] = "WM_DELETE_WINDOW",
		[Utf8String] = "UTF8_STRING",
		[WmMachine] = "WM_CLIENT_MACHINE",
		[XkbRules] = "_XKB_RULES_NAMES",
		[XfreeVt] = "XFree86_VT",
	};
	xcb_screen_iterator_t it = xcb_setup_roots_iterator(
	    xcb_get_setup(x.conn));
	xcb_intern_atom_cookie_t cookie[AtomLast];
	xcb_intern_atom_reply_t *r;
	size_t i;

	for (; screen > 0 && it.rem > 1; screen--)
		xcb_screen_next(&it);
	x.root = it.data->root;
	x.width = it.data->width_in_pixels;
	x.height = it.data->height_in_pixels;
	for (i = 0; i < AtomLast; i++)
		cookie[i] = xcb_intern_atom(x.conn, 0, strlen(name[i]),
		    name[i]);
	for (i = 0; i < AtomLast; i++) {
		if (!(r = xcb_intern_atom_reply(x.conn, cookie[i], NULL)))
			die("x: %s: no atom", name[i]);
		x.atom[i] = r->atom;
		free(r);
	}
	x.source.fd = xcb_get_file_descriptor(x.conn);
	x.source.events = Readable;
	x.source.ready = xready;
	x.timer.fd = x.grabtimer.fd = x.blanktimer.fd = -1;
	x.timer.ready = looktimer;
	x.blanktimer.ready = blanktimer;
	x.grabtimer.ready = grabtimer;
	if (source_add(&x.source) < 0)
		die("too many open files were inherited");
	source_add(&x.grabtimer);
	source_add(&x.timer);
	source_add(&x.blanktimer);
	xextensions();
	xcb_change_window_attributes(x.conn, x.root, XCB_CW_EVENT_MASK,
	    (uint32_t[]){ XCB_EVENT_MASK_SUBSTRUCTURE_NOTIFY |
	    XCB_EVENT_MASK_PROPERTY_CHANGE });
	xaskwm();
	ask(xcb_get_property(x.conn, 0, x.root, x.atom[XkbRules],
	    XCB_ATOM_STRING, 0, 16).sequence, gotrules);
	ask(xcb_get_property(x.conn, 0, x.root, x.atom[XfreeVt],
	    XCB_ATOM_INTEGER, 0, 1).sequence, gotvt);
	xwait(now);
	if (Status)
		xfont(it.data->root_depth);
	xwindow(it.data->root_visual);
}

/* Releases what is stuck in X. */
int
xunstick(void)
{
	if (!x.conn || !xextension(&xcb_test_id)) {
		warn("x: no XTEST: keys can't be released");
		return Failed;
	}
	ask(xcb_query_keymap(x.conn).sequence, gotkeymap);
	return Done;
}

/* Before the loop: waits until all is answered. */
void
xwait(msec now)
{
	xcb_generic_error_t *err = NULL;

	while (x.nasked) {
		xanswer(xcb_wait_for_reply(x.conn,
		    x.asked[x.askhead].sequence, &err), now);
		free(err);
	}
}

void
xwindow(xcb_visualid_t visual)
{
	/* WM_HINTS (ICCCM 4.1.2.4): input is wanted, initial state normal */
	static const uint32_t hints[9] = { 1 | 2, 1, 1 };
	xcb_connection_t *c = x.conn;
	xcb_pixmap_t nothing = xcb_generate_id(c);
	xcb_cursor_t cursor = xcb_generate_id(c);
	xcb_gcontext_t gc = xcb_generate_id(c);
	/* WM_NORMAL_HINTS (ICCCM 4.1.2.3): USPosition, USSize, PPosition and
	 * PSize, all of which are said by the geometry itself */
	uint32_t normal[18] = { 1 | 2 | 4 | 8 };
	uint32_t value[] = { background, 0, cursor }, pid = getpid(), one = 1;
	char class[InstanceMax + 64], machine[256];
	size_t n;

	if (x.area.width) {
		x.width = x.area.width;
		x.height = x.area.height;
	}
	xcb_create_pixmap(c, 1, nothing, x.root, 1, 1);
	xcb_create_gc(c, gc, nothing, 0, NULL);
	xcb_poly_fill_rectangle(c, nothing, gc, 1,
	    &(xcb_rectangle_t){ 0, 0, 1, 1 }); /* by 0: nothing is drawn */
	xcb_create_cursor(c, cursor, nothing, nothing, 0, 0, 0, 0, 0, 0, 0, 0);
	value[1] = XCB_EVENT_MASK_BUTTON_PRESS |
	    XCB_EVENT_MASK_BUTTON_RELEASE | XCB_EVENT_MASK_ENTER_WINDOW |
	    XCB_EVENT_MASK_EXPOSURE | XCB_EVENT_MASK_FOCUS_CHANGE |
	    XCB_EVENT_MASK_KEYMAP_STATE |
	    XCB_EVENT_MASK_LEAVE_WINDOW | XCB_EVENT_MASK_KEY_PRESS |
	    XCB_EVENT_MASK_KEY_RELEASE | XCB_EVENT_MASK_POINTER_MOTION |
	    XCB_EVENT_MASK_STRUCTURE_NOTIFY |
	    XCB_EVENT_MASK_VISIBILITY_CHANGE;
	x.win = xcb_generate_id(c);
	xcb_create_window(c, XCB_COPY_FROM_PARENT, x.win, x.root, x.area.x,
	    x.area.y, x.width, x.height, 0, XCB_WINDOW_CLASS_INPUT_OUTPUT,
	    visual, XCB_CW_BACK_PIXEL | XCB_CW_EVENT_MASK | XCB_CW_CURSOR,
	    value);
	/* instance and class, each with its NUL */
	n = snprintf(class, sizeof(class), life.only < 0 ? "%s" : "%s-%d",
	             instance, life.only) + 1;
	n += snprintf(class + n, sizeof(class) - n, "screenstub") + 1;
#define PROP(atom, type, bits, n, data) xcb_change_property(c, \
	XCB_PROP_MODE_REPLACE, x.win, atom, type, bits, n, data)
	PROP(XCB_ATOM_WM_CLASS, XCB_ATOM_STRING, 8, n, class);
	PROP(XCB_ATOM_WM_NAME, XCB_ATOM_STRING, 8, 10, "screenstub");
	PROP(XCB_ATOM_WM_HINTS, XCB_ATOM_WM_HINTS, 32, 9, hints);
	PROP(XCB_ATOM_WM_NORMAL_HINTS, XCB_ATOM_WM_SIZE_HINTS, 32, 18, normal);
	PROP(x.atom[NetName], x.atom[Utf8String], 8, 10, "screenstub");
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
	xcb_map_window(c, x.win);
}

static const struct qmpops qmpops = {
	.changed = vmchanged,
	.lost = lost,
	.reset = vmreset,
	.event = vmevent,
	.port = agentport,
};
static const struct agentops agentops = { .look = agentlook };

int
main(int argc, char *argv[])
{
	struct options o = { .qmp = qmpsocket, .agent = agentsocket };
	msec now = loop_clock();
	size_t i;
	int fd;

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
	if (o.mode == Request && (fd = controlcall(RequestLimit +
	    PowerLimit)) < 0)
		die("control: is screenstub%s running, and XDG_RUNTIME_DIR "
		    "the same?:", life.only < 0 ? "" : " with this -s");
	if (o.mode == Request)
		return request(fd, argc - optind, argv + optind) ? 1 : 0;
	if (o.mode == Switch && (fd = handover(o.side, o.confirm)) >= 0)
		return fd;

	/* who tells whom; from here on the loop only waits and calls */
	loop_open(&loopops);
	timers();
	log_open();
	life.once = o.mode != Run;
	inputconf.route = life.once ? Qmp : Route;
	qmp.addr = o.qmp;
	qmp.agent = life.once ? "" : o.agent;
	qmp.devices.manage = !life.once;
	qmp.devices.device[VmKeyboard].driver = KeyboardDriver;
	qmp.devices.device[VmKeyboard].bus = keyboardbus;
	qmp.devices.device[VmMouse].driver = MouseDriver;
	qmp.devices.device[VmMouse].bus = mousebus;
	qmp.devices.device[VmTablet].driver = TabletDriver;
	qmp.devices.device[VmTablet].bus = tabletbus;
	for (i = 0; (int)Route == VirtioHost && i < VmNodes; i++)
		qmp.devices.device[i].driver = Ps2; /* the nodes take their place */
	ddc_open(&ddc, monitors, life.only, ReplyGap, &ddcops);
	if (!(input = input_open(&inputconf, &inputops, &qmp, now)))
		return 1;
	agent_open(&agent, &agentops, o.agent);
	if (o.mode == Run)
		startwindow(now);
	else if (o.mode == Detect)
		ddc_list(&ddc, DetectLimit, now);
	else
		startswitch(o.side, o.confirm, now);
	/* what QMP tells, or that nobody is there, begins the first switch */
	if (o.mode != Detect)
		qmp_open(&qmp, &qmpops, Hung, now);
	else
		vmchanged(&qmp, VmOff, now);

	loop_run();

	input_close(input, loop_clock());
	qmp_close(&qmp);
	agent_close(&agent);
	ddc_close(&ddc);
	if (*life.controlpath)
		unlink(life.controlpath);
	if (x.conn)
		xcb_disconnect(x.conn);
	return life.status;
}
