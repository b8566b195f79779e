/* See LICENSE for copyright and licence details.
 *
 * The wing of monitors: what goes over the wire, and what is made of what comes back.
 *
 * The monitor is the ioctl() of this file. Each case of a table is a run of
 * wire_run in a child, as in the program. Time is this file's, too: it goes on
 * for who sleeps and for a transfer alone, whatever else the machine does.
 * EDIDs and capabilities strings are those of real monitors, in tests/ddc. */
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include <errno.h>
#include <linux/i2c-dev.h>
#include <linux/i2c.h>
#include <poll.h>
#include <time.h>

#include "../../ddc.h"
#include "../lib/said.h"
#include "../lib/tap.h"

#define GET "51820160dc"
#define GET5 GET " " GET " " GET " " GET " " GET
#define SET0F "51840360000fd7"
#define SET11 "518403600011c9"
#define SET12 "518403600012ca"
#define SET1B "51840360001bc3"
#define EXTRA "518403e200015b 518201e25e 518403e3abcd3d 518201e35f"
#define POWER "518403d600016f"
#define SAVE "51810cb2"
#define CAPS0 "5183f300004f"
#define CAPS20 "5183f300206f"
#define CAPS40 "5183f300400f"

enum {
	FakeFd = 1000, Fakes = 2, XferMax = 300, XferBytes = 40,
	Limit = 8000, Mutations = 40,
	Transfer = 1234567 /* ns, which are no whole ms */
};

/* After a Set: shows it; shows what it did; no ACK; null messages. */
enum { Obey, Deaf, Vanish, Mute };

struct monitor {
	unsigned value;      /* of 0x60 */
	int after;           /* what a Set does */
	unsigned shows;      /* after a Set Get says this; 0: what was set */
	int late;            /* so many ms after a request there is no reply: */
	enum { LateNull, LateZero, LateNak } as;
	int lateset;         /* only after a Set */
	int high;            /* the high byte is always another one */
	int busy;            /* so many Gets after a Set: null message */
	int silent;          /* after so many Gets: null messages */
	int noise;           /* so many Gets: valid nonsense, never the same */
	int slow;            /* so many Gets after a Set: the old value */
	int lose;            /* so many Sets are acknowledged and forgotten */
	int loseextra;       /* so many of 0xe2 and 0xe3 */
	int nakextra;        /* all of 0xe3 fail */
	int nak;             /* errno of all transfers */
	int none;            /* no message is sent, which is no error */
	int hang;            /* a transfer of the EDID does not end */
	int meets;           /* none does before the other bus has one */
	int nakget, nakset;  /* so many of them fail first */
	const char *raw;     /* hex, in place of the first Get's reply */
	int nraw;            /* of so many */
	int cut, fill;       /* raw: cut - 1 bytes of it, then this; 0: all */
	const char *caps;
	int fragment;        /* bytes; 0: 32 */
	int badfragment;     /* this one, from 1, is wrong once: */
	enum { Offset, Null, Sum } bad;
	const char *edid;    /* hex */
};

struct xfer {
	int64_t ns;          /* when it ended */
	int read, error;
	unsigned addr;
	size_t n;
	unsigned char b[XferBytes];
};

struct fake {
	struct monitor m;
	unsigned char request[XferBytes];
	size_t nrequest;
	int64_t requested;
	int sets, gets, asked, fragments;
	unsigned before, extra[2]; /* 0xe2, 0xe3 */
	struct xfer x[XferMax];
	size_t nx;
	int locked, unlocks;
	char wrong[200];     /* what no adapter would take */
};

struct run {
	struct fake fake;
	char said[4096];
	int64_t begin, end;
	struct bus rec;
	unsigned learned[Guest + 1];
	int nrec;
	msec notbefore;
	pid_t pid;
};

struct test {
	const char *name;
	struct monitor m;
	Monitor row;
	struct order order;
	unsigned host, guest;   /* learned before */
	unsigned cable;
	unsigned foreign[2];    /* other rows' guests */
	int own;                /* read for this one's, or 0 */
	int follows, later, doubt;
	int shared;             /* others may use the bus in between */
	msec least, most;       /* that it takes; 0: not looked at */
	size_t messages;        /* on the wire at the most; 0: not looked at */
	int kept;               /* the lock, from the first to the last */
	int quick;              /* the bus is not remembered as a slow one */
	enum evidence result;
	int value;              /* expected, 0: not looked at */
	unsigned gothost, gotguest;
	const char *writes;     /* to 0x37; NULL: not looked at */
	int more;               /* and then as often as there is time for */
	const char *says;       /* part of it; NULL: nothing */
	const char *inputs;
};

static void answer(struct fake *, unsigned char *, size_t);
static void delays(const struct run *);
static void finish(struct run *);
static size_t fromhex(const char *, unsigned char *, size_t);
static void put(unsigned char *, size_t, const unsigned char *, size_t);
static void start(struct run *, const struct test *);
static void testcaps(void);
static void testcheck(void);
static void testorders(void);
static void testident(void);
static void testmatch(void);
static void testreplies(void);
static void testrows(void);
static void testruns(void);
static unsigned char xorsum(unsigned, const unsigned char *, size_t);

static const Input extra[] = {
	{ .code = 0xe2, .value = 1 },
	{ .code = 0xe3, .value = 0xabcd },
	{ 0 }
};

#define LIST300 "(prot(monitor)type(lcd)model(TEST)cmds(01 02 03 07 0C E3 " \
	"F3)vcp(02 04 05 08 10 12 14(01 05 06 08 0B) 16 18 1A 52 60(0F 11 " \
	"12) AC AE B2 B6 C6 C8 C9 CA CC(01 02 03 04 05 06 08 0A 0D 14) D6(" \
	"01 04 05) DF FD E0 E1 E2(00 01 02 04 06 0B 0C 0D 0F 10 11 13 14) " \
	"F0(00 01 02 03 04 05) F1 F2)mswhql(1)asset_eep(40)mccs_ver(2.2))"

#define DELL "00ffffffffffff0010ac3a42573336321a210103803c2278ea2176a9534494" \
	"231c4d5aa54b00d100d1c0b300a94081808100714f0101565e00a0a0a02950302" \
	"0350055502100001a000000ff003334524e3550330a2020202020000000fc0044" \
	"454c4c20533237323244474d000000fd0030901ee63c000a20202020202001" \
	"03"

/* A block of CTA-861 with an audio and a vendor's block. */
#define CTA(vendor) "02030e00" "23090707" "65" vendor "00100038"

#define ANY .manufacturer = "*"
#define DP { .value = DP1 }
#define STAR { ANY }
#define DELL1 { .manufacturer = "DEL", .model = "DELL S2722DGM" }
#define GSM { .manufacturer = "GSM" }
#define GSM1 { .manufacturer = "GSM", .connector = "DP-2" }
#define RUN(o, s, l, ms) { .op = o, .side = s, .limit = ms, \
	.learn = (l) }

static const struct test runs[] = {
	{ "shown already: no Set", { .value = 0x0f }, { ANY, .host = DP },
	  RUN(DdcSwitch, Host, 0, Limit), .result = DdcConfirmed, .value = 0x0f,
	  .gothost = 0x0f, .writes = GET },
	{ "shown already, with a high byte", { .value = 0x030f },
	  { ANY, .host = DP }, RUN(DdcSwitch, Host, 0, Limit),
	  .result = DdcConfirmed, .value = 0x30f, .gothost = 0x0f,
	  .writes = GET },
	{ "set to 0x0f", { .value = 0x11 }, { ANY, .host = DP },
	  RUN(DdcSwitch, Host, 0, Limit), .result = DdcConfirmed, .value = 0x0f,
	  .gothost = 0x0f, .writes = GET " " SET0F " " GET },
	{ "set to 0x11", { .value = 0x0f },
	  { ANY, .host = DP, .guest = { .value = HDMI1 } },
	  RUN(DdcSwitch, Guest, 0, Limit), .result = DdcConfirmed,
	  .value = 0x11, .gothost = 0x0f, .gotguest = 0x11,
	  .writes = GET " " SET11 " " GET },
	{ "set to 0x1b", { .value = 0x0f },
	  { ANY, .host = { .value = USBC1 } }, RUN(DdcSwitch, Host, 0, Limit),
	  .result = DdcConfirmed, .value = 0x1b, .gothost = 0x1b,
	  .writes = GET " " SET1B " " GET },
	{ "set to 16 bits", { .value = 0x0f },
	  { ANY, .host = { .value = 0x1234 } }, RUN(DdcSwitch, Host, 0, Limit),
	  .result = DdcConfirmed, .value = 0x1234, .gothost = 0x1234,
	  .writes = GET " 518403601234fe " GET },
	{ "not before its time", { .value = 0x11 }, { ANY, .host = DP },
	  RUN(DdcSwitch, Host, 0, Limit), .later = 300, .result = DdcConfirmed,
	  .gothost = 0x0f, .writes = GET " " SET0F " " GET },
	{ "readback: set 6, shows 0x0f", { .value = 0x11, .shows = 0x0f },
	  { ANY, .host = { .value = 6, .readback = 0x0f } },
	  RUN(DdcSwitch, Host, 0, Limit), .result = DdcConfirmed, .value = 0x0f,
	  .gothost = 6, .writes = GET " 518403600006de " GET },
	{ "readback: shown already", { .value = 0x0f },
	  { ANY, .host = { .value = 6, .readback = 0x0f } },
	  RUN(DdcSwitch, Host, 0, Limit), .result = DdcConfirmed, .value = 0x0f,
	  .gothost = 6, .writes = GET },

	{ "no ACK any more after Set: sent", { .value = 0x11,
	  .after = Vanish }, { ANY, .host = DP },
	  RUN(DdcSwitch, Host, 0, Limit), .result = DdcQuiet, .gothost = 0x0f,
	  .writes = GET " " SET0F " " GET " " GET " " GET " " GET " " GET },
	{ "null messages after Set: busy, to the deadline; sent",
	  { .value = 0x11, .after = Mute }, { ANY, .host = DP },
	  RUN(DdcSwitch, Host, 0, 3000), .result = DdcQuiet, .value = -1,
	  .gothost = 0x0f, .least = 1900, .writes = GET " " SET0F " " GET5
	  " " GET },
	{ "busy for longer than a dead input is waited for",
	  { .value = 0x11, .busy = 6 }, { ANY, .host = DP },
	  RUN(DdcSwitch, Host, 0, Limit), .result = DdcConfirmed,
	  .value = 0x0f, .gothost = 0x0f },
	{ "busy after Set", { .value = 0x11, .busy = 3 },
	  { ANY, .host = DP }, RUN(DdcSwitch, Host, 0, Limit),
	  .result = DdcConfirmed, .value = 0x0f, .gothost = 0x0f,
	  .writes = GET " " SET0F " " GET " " GET " " GET " " GET },
	{ "Set ignored three times", { .value = 0x11, .after = Deaf },
	  { ANY, .host = DP }, RUN(DdcSwitch, Host, 0, Limit),
	  .result = DdcFailed, .value = 0x11, .gothost = 0x0f, .least = 6000,
	  .writes = GET " " SET0F " " GET5 " " SET0F " " GET5 " " SET0F " "
	  GET5, .more = 1, .says = "still reads 0x11 after 3 tries to set 0x0f: "
	  "it hears that, and does not obey" },
	{ "M12: never changes", { .value = 0x0f, .after = Deaf },
	  { ANY, .host = DP, .guest = { .value = HDMI1 } },
	  RUN(DdcSwitch, Guest, 0, Limit), .result = DdcFailed,
	  .gothost = 0x0f, .gotguest = 0x11,
	  .says = "to set 0x11: that never changes" },
	{ "M12: has changed before", { .value = 0x0f, .after = Deaf },
	  { ANY, .host = DP, .guest = { .value = HDMI1 } },
	  RUN(DdcSwitch, Guest, 0, Limit), .follows = 1, .result = DdcFailed,
	  .gothost = 0x0f, .gotguest = 0x11,
	  .says = "to set 0x11: it hears that, and does not obey" },
	{ "M12: went back", { .value = 0x0f, .after = Deaf, .busy = 2 },
	  { ANY, .host = DP, .guest = { .value = HDMI1 } },
	  RUN(DdcSwitch, Guest, 0, Limit), .result = DdcFailed,
	  .gothost = 0x0f, .gotguest = 0x11,
	  .says = "to set 0x11: it went back" },
	{ "the same where there is an alternative", { .value = 0x11,
	  .after = Deaf }, { ANY, .host = DP },
	  { .op = DdcSwitch, .side = Host, .limit = 2200, .brief = 1 },
	  .result = DdcFailed, .value = 0x11, .gothost = 0x0f, .most = 3000,
	  .writes = GET " " SET0F " " GET5 " " SET0F, .more = 1,
	  .says = "tries to set" },
	{ "nobody answers where there is an alternative", { .nak = EIO },
	  { ANY, .host = DP },
	  { .op = DdcSwitch, .side = Host, .limit = Limit, .brief = 1 },
	  .result = DdcFailed, .gothost = 0x0f, .most = 3000,
	  .writes = GET " " GET " " GET " " SET0F " " SET0F " " SET0F,
	  .says = "can't set 0x0f: nobody answers: Input" },
	{ "no ACK any more after Set, where there is an alternative: sent",
	  { .value = 0x11, .after = Vanish }, { ANY, .host = DP },
	  { .op = DdcSwitch, .side = Host, .limit = Limit, .brief = 1 },
	  .result = DdcQuiet, .gothost = 0x0f, .most = 3000,
	  .writes = GET " " SET0F " " GET5 },
	{ "a third value: no further Set", { .value = 0x11, .shows = 0x12 },
	  { ANY, .host = DP }, RUN(DdcSwitch, Host, 0, Limit),
	  .result = DdcSent, .value = 0x12, .gothost = 0x0f,
	  .writes = GET " " SET0F " " GET5, .says = "but another one is read: 0x12" },
	{ "a third value after the last Set: not waited for",
	  { .value = 0x11, .lose = 2, .shows = 0x12 }, { ANY, .host = DP },
	  RUN(DdcSwitch, Host, 0, Limit), .result = DdcSent, .value = 0x12,
	  .gothost = 0x0f, .most = 6500, .says = "but another one is read: 0x12" },
	{ "the high byte tells the inputs apart", { .value = 0x0209 },
	  { ANY, .host = { .value = 0x0109 }, .guest = { .value = 0x0209 } },
	  RUN(DdcSwitch, Host, 0, Limit), .result = DdcConfirmed,
	  .value = 0x0109, .gothost = 0x0109, .gotguest = 0x0209 },
	{ "the bus is gone", { .nak = ENODEV }, { ANY, .host = DP },
	  RUN(DdcSwitch, Host, 0, Limit), .result = DdcFailed,
	  .gothost = 0x0f, .most = 3000, .writes = GET " " SET0F,
	  .says = "nobody answers: No such device" },
	{ "a longer gap after replies", { .value = 0x11 },
	  { ANY, .host = DP }, { .op = DdcSwitch, .side = Host,
	  .limit = Limit, .gap = 300 }, .result = DdcConfirmed,
	  .gothost = 0x0f, .writes = GET " " SET0F " " GET },
	{ "Set ignored, and the first Get fails", { .value = 0x11,
	  .after = Deaf, .nakget = 3 }, { ANY, .host = DP },
	  RUN(DdcSwitch, Host, 0, Limit), .result = DdcFailed, .value = 0x11,
	  .gothost = 0x0f, .says = "still reads 0x11" },
	{ "one Set is lost", { .value = 0x11, .lose = 1 }, { ANY, .host = DP },
	  RUN(DdcSwitch, Host, 0, Limit), .result = DdcConfirmed,
	  .value = 0x0f, .gothost = 0x0f,
	  .writes = GET " " SET0F " " GET5 " " SET0F " " GET },
	{ "the old value for a while: no second Set", { .value = 0x11,
	  .slow = 4 }, { ANY, .host = DP }, RUN(DdcSwitch, Host, 0, Limit),
	  .result = DdcConfirmed, .value = 0x0f, .gothost = 0x0f,
	  .writes = GET " " SET0F " " GET5 },
	{ "nothing is acknowledged", { .nak = ENXIO }, { ANY, .host = DP },
	  RUN(DdcSwitch, Host, 0, 1500), .result = DdcFailed, .value = -1,
	  .gothost = 0x0f, .shared = 1,
	  .says = "can't set 0x0f: nobody answers: No such" },
	{ "nothing is acknowledged, nothing known", { .nak = EREMOTEIO },
	  { ANY }, RUN(DdcSwitch, Guest, 0, 1500), .result = DdcUnknown,
	  .value = -1, .writes = GET " " GET " " GET },
	{ "one Get fails", { .value = 0x0f, .nakget = 1 },
	  { ANY, .host = DP }, RUN(DdcSwitch, Host, 0, Limit),
	  .result = DdcConfirmed, .gothost = 0x0f, .writes = GET " " GET },
	{ "two Sets fail", { .value = 0x11, .nakset = 2 },
	  { ANY, .host = DP }, RUN(DdcSwitch, Host, 0, Limit),
	  .result = DdcConfirmed, .value = 0x0f, .gothost = 0x0f,
	  .writes = GET " " SET0F " " SET0F " " SET0F " " GET },

	{ "M14: host learned: no VM yet, and the only input of its cable",
	  { .value = 0x12, .caps = "(vcp(60(0F 12)))" }, { ANY },
	  RUN(DdcSwitch, Host, 1, Limit), .cable = HDMI1,
	  .result = DdcConfirmed, .gothost = 0x12, .gotguest = 0x0f,
	  .writes = GET " " CAPS0 " " GET },
	{ "M14: HDMI, as only the second block of the EDID says",
	  { .value = 0x12, .caps = "(vcp(60(0F 12)))", .edid = DELL CTA("030c") },
	  { ANY }, RUN(DdcSwitch, Host, 1, Limit), .result = DdcConfirmed,
	  .gothost = 0x12, .gotguest = 0x0f },
	{ "M14: no second block of HDMI's", { .value = 0x12,
	  .caps = "(vcp(60(0F 12)))", .edid = DELL CTA("d85d") },
	  { ANY }, RUN(DdcSwitch, Host, 1, Limit), .result = DdcUnknown },
	{ "M14: not if it is another cable's that is shown",
	  { .value = 0x12, .caps = "(vcp(60(0F 12)))" }, { ANY },
	  RUN(DdcSwitch, Host, 1, Limit), .cable = DP1,
	  .result = DdcUnknown, .inputs = "0f 12" },
	{ "M14: not if two inputs have such a cable",
	  { .value = 0x12, .caps = "(vcp(60(0F 11 12)))" }, { ANY },
	  RUN(DdcSwitch, Guest, 1, Limit), .cable = HDMI1,
	  .result = DdcUnknown, .inputs = "0f 11 12" },
	{ "M14: not from DisplayPort, if USB-C is there: its cable is the same",
	  { .value = 0x0f, .caps = "(vcp(60(1B 0F 11)))" }, { ANY },
	  RUN(DdcSwitch, Host, 1, Limit), .cable = DP1,
	  .result = DdcUnknown },
	{ "M14: but from HDMI", { .value = 0x11,
	  .caps = "(vcp(60(1B 0F 11)))" }, { ANY },
	  RUN(DdcSwitch, Host, 1, Limit), .cable = HDMI1,
	  .result = DdcConfirmed, .gothost = 0x11, .gotguest = 0x1b },
	{ "M14: not beside one that is in no standard", { .value = 0x11,
	  .caps = "(vcp(60(31 0F 11)))" }, { ANY },
	  RUN(DdcSwitch, Host, 1, Limit), .cable = HDMI1,
	  .result = DdcUnknown },
	{ "M14: not if the cable is not known", { .value = 0x12,
	  .caps = "(vcp(60(0F 12)))" }, { ANY },
	  RUN(DdcSwitch, Guest, 1, Limit), .result = DdcUnknown },
	{ "M14: not without a list", { .value = 0x12 }, { ANY },
	  RUN(DdcSwitch, Guest, 1, Limit), .cable = HDMI1,
	  .result = DdcUnknown },
	{ "M14: not with a VM", { .value = 0x12,
	  .caps = "(vcp(60(0F 12)))" }, { ANY },
	  RUN(DdcSwitch, Host, 0, Limit), .cable = HDMI1,
	  .result = DdcUnknown },
	{ "M14: the guest is not shown if the way back is not known",
	  { .value = 0x12 }, { ANY, .guest = { .value = HDMI1 } },
	  RUN(DdcSwitch, Guest, 0, Limit), .result = DdcUnknown,
	  .value = 0x12, .gotguest = 0x11 },
	{ "M14: but by a -w that runs alone", { .value = 0x12 },
	  { ANY, .guest = { .value = HDMI1 } }, { .op = DdcSwitch,
	  .side = Guest, .limit = Limit, .take = 1 }, .result = DdcConfirmed,
	  .value = 0x11, .gotguest = 0x11,
	  .writes = GET " " SET11 " " GET },
	{ "host not learned from one read", { .value = 0x12, .silent = 1,
	  .caps = "(vcp(60(0F 12)))" }, { ANY },
	  RUN(DdcSwitch, Host, 1, Limit), .cable = HDMI1,
	  .result = DdcUnknown },
	{ "host not learned from nonsense", { .value = 0x12, .noise = 99,
	  .caps = "(vcp(60(30 31 32 33 34)))" }, { ANY },
	  RUN(DdcSwitch, Host, 1, Limit), .cable = HDMI1,
	  .result = DdcUnknown },
	{ "host learned: the guest's is another", { .value = 0x12,
	  .caps = "(vcp(60(0F 12)))" }, { ANY, .guest = { .value = DP1 } },
	  RUN(DdcSwitch, Guest, 1, Limit), .cable = HDMI1,
	  .result = DdcConfirmed,
	  .value = 0x0f, .gothost = 0x12, .gotguest = 0x0f },
	{ "M14: not if it is the guest's", { .value = 0x12,
	  .caps = "(vcp(60(0F 12)))" }, { ANY, .guest = { .value = HDMI2 } },
	  RUN(DdcSwitch, Host, 1, Limit), .cable = HDMI1,
	  .result = DdcUnknown, .gotguest = 0x12 },
	{ "host not learned: the guest's is shown", { .value = 0x11 },
	  { ANY, .guest = { .value = HDMI1 } }, RUN(DdcSwitch, Host, 0, Limit),
	  .result = DdcUnknown, .value = 0x11, .gotguest = 0x11, .writes = GET
	  " " CAPS0 " " CAPS0 " " CAPS0 },
	{ "host not learned: the guest's readback is shown",
	  { .value = 0x0f }, { ANY, .guest = { .value = 6, .readback = 0x0f } },
	  RUN(DdcSwitch, Host, 0, Limit), .result = DdcUnknown,
	  .gotguest = 6, .writes = GET
	  " " CAPS0 " " CAPS0 " " CAPS0 },
	{ "host not learned without a VM either, if the guest's is shown",
	  { .value = 0x11 }, { ANY, .guest = { .value = HDMI1 } },
	  RUN(DdcSwitch, Host, 1, Limit), .result = DdcUnknown, .value = 0x11,
	  .gotguest = 0x11, .writes = GET
	  " " CAPS0 " " CAPS0 " " CAPS0 },
	{ "nor if it is the learned one", { .value = 0x11 }, { ANY },
	  RUN(DdcSwitch, Host, 1, Limit), .guest = 0x11, .result = DdcUnknown,
	  .value = 0x11, .gotguest = 0x11 },
	{ "00 and ff are no inputs", { .value = 0x11,
	  .caps = "(vcp(60(00 FF 11 0F)))" }, { ANY },
	  RUN(DdcSwitch, Guest, 1, Limit), .cable = HDMI1,
	  .result = DdcConfirmed, .value = 0x0f, .gothost = 0x11,
	  .gotguest = 0x0f },
	{ "fragments of a byte: the limit counts", { .value = 0x0f,
	  .caps = LIST300, .fragment = 1 }, { ANY },
	  RUN(DdcSwitch, Guest, 1, 700), .result = DdcUnknown,
	  .value = 0x0f },
	{ "M17: another row's guest is left alone", { .value = 0x12 },
	  { ANY, .host = DP, .guest = { .value = HDMI1 } },
	  RUN(DdcSwitch, Host, 0, Limit), .foreign = { 0x12 },
	  .result = DdcLeft, .value = 0x12, .gothost = 0x0f, .gotguest = 0x11,
	  .writes = GET },
	{ "M17: with another high byte", { .value = 0x0312 },
	  { ANY, .host = DP, .guest = { .value = HDMI1 } },
	  RUN(DdcSwitch, Host, 0, Limit), .foreign = { 0x10, 0x12 },
	  .result = DdcLeft, .gothost = 0x0f, .gotguest = 0x11,
	  .writes = GET },
	{ "M17: the host's own is not known", { .value = 0x12 },
	  { ANY, .guest = { .value = HDMI1 } },
	  RUN(DdcSwitch, Host, 0, Limit), .foreign = { 0x12 },
	  .result = DdcLeft, .gotguest = 0x11, .writes = GET },
	{ "M17: and in doubt", { .value = 0x12 },
	  { ANY, .host = DP, .guest = { .value = HDMI1 } },
	  RUN(DdcSwitch, Host, 0, Limit), .foreign = { 0x12 }, .doubt = 1,
	  .result = DdcLeft, .gothost = 0x0f, .gotguest = 0x11,
	  .writes = GET },
	{ "M17: it is known after a while", { .value = 0x12, .nakget = 4 },
	  { ANY, .host = DP, .guest = { .value = HDMI1 } },
	  RUN(DdcSwitch, Host, 0, Limit), .foreign = { 0x12 },
	  .result = DdcLeft, .gothost = 0x0f, .gotguest = 0x11,
	  .writes = GET5 },
	{ "M17: it comes in between", { .value = 0x11, .shows = 0x12 },
	  { ANY, .host = DP, .guest = { .value = HDMI1 } },
	  RUN(DdcSwitch, Host, 0, Limit), .foreign = { 0x12 },
	  .result = DdcLeft, .gothost = 0x0f, .gotguest = 0x11,
	  .writes = GET " " SET0F " " GET5 },
	{ "M17: not for who asked for the host, or leaves",
	  { .value = 0x12 }, { ANY, .host = DP, .guest = { .value = HDMI1 } },
	  { .op = DdcSwitch, .side = Host, .limit = Limit, .take = 1 },
	  .foreign = { 0x12 }, .result = DdcConfirmed, .value = 0x0f,
	  .gothost = 0x0f, .gotguest = 0x11,
	  .writes = GET " " SET0F " " GET },
	{ "M17: nor to the guest", { .value = 0x12 },
	  { ANY, .host = DP, .guest = { .value = HDMI1 } },
	  RUN(DdcSwitch, Guest, 0, Limit), .foreign = { 0x12 },
	  .result = DdcConfirmed, .value = 0x11, .gothost = 0x0f,
	  .gotguest = 0x11, .writes = GET " " SET11 " " GET },
	{ "M17: a third input that is nobody's is written over",
	  { .value = 0x10 }, { ANY, .host = DP, .guest = { .value = HDMI1 } },
	  RUN(DdcSwitch, Host, 0, Limit), .foreign = { 0x12 },
	  .result = DdcConfirmed, .gothost = 0x0f, .gotguest = 0x11,
	  .writes = GET " " SET0F " " GET },
	{ "M17: two rows for one guest: it is this one's too",
	  { .value = 0x11 }, { ANY, .host = DP, .guest = { .value = HDMI1 } },
	  RUN(DdcSwitch, Host, 0, Limit), .foreign = { 0x11 },
	  .result = DdcConfirmed, .gothost = 0x0f, .gotguest = 0x11,
	  .writes = GET " " SET0F " " GET },
	{ "M17: the high byte tells the guests apart", { .value = 0x0209 },
	  { ANY, .host = DP, .guest = { .value = 0x0209 } },
	  RUN(DdcSwitch, Host, 0, Limit), .foreign = { 0x0309 },
	  .result = DdcConfirmed, .gothost = 0x0f, .gotguest = 0x0209,
	  .writes = GET " " SET0F " " GET },
	{ "M17: what is read for our own guest is ours", { .value = 0x12 },
	  { ANY, .host = DP, .guest = { .value = HDMI1 } },
	  RUN(DdcSwitch, Host, 0, Limit), .foreign = { 0x12 }, .own = 0x12,
	  .result = DdcConfirmed, .gothost = 0x0f, .gotguest = 0x11,
	  .writes = GET " " SET0F " " GET },
	{ "M17: the check after", { .value = 0x12 },
	  { ANY, .host = DP, .guest = { .value = HDMI1 } },
	  RUN(DdcVerify, Host, 0, Limit), .foreign = { 0x12 },
	  .result = DdcLeft, .gothost = 0x0f, .gotguest = 0x11,
	  .writes = GET },
	{ "M17: the check after, of what was asked for", { .value = 0x12 },
	  { ANY, .host = DP, .guest = { .value = HDMI1 } },
	  { .op = DdcVerify, .side = Host, .limit = Limit, .take = 1 },
	  .foreign = { 0x12 }, .result = DdcBounced, .gothost = 0x0f,
	  .gotguest = 0x11, .writes = GET, .says = "went back" },
	{ "nothing known, to the guest", { .value = 0x11 }, { ANY },
	  RUN(DdcSwitch, Guest, 0, Limit), .result = DdcUnknown, .writes = GET
	  " " CAPS0 " " CAPS0 " " CAPS0 },
	{ "nothing known, to the host", { .value = 0x11 }, { ANY },
	  RUN(DdcSwitch, Host, 0, Limit), .result = DdcUnknown, .writes = GET
	  " " CAPS0 " " CAPS0 " " CAPS0 },
	{ "a -w that runs alone learns nothing: no VM", { .value = 0x12,
	  .caps = "(vcp(60(FF 0F 12)))" }, { ANY }, { .op = DdcSwitch,
	  .side = Guest, .limit = Limit },
	  .result = DdcUnknown, .value = 0x12, .inputs = "ff 0f 12",
	  .writes = GET " " CAPS0 },
	{ "nor while another input than the guest's is shown",
	  { .value = 0x12 }, { ANY, .guest = { .value = HDMI1 } },
	  { .op = DdcSwitch, .side = Host, .limit = Limit }, .result = DdcUnknown, .value = 0x12,
	  .gotguest = 0x11 },
	{ "but the guest's is the first other one on the list",
	  { .value = 0x0f, .caps = "(vcp(60(FF 0F 12)))" }, { ANY, .host = DP },
	  { .op = DdcSwitch, .side = Guest, .limit = Limit }, .result = DdcConfirmed, .value = 0x12,
	  .gothost = 0x0f, .gotguest = 0x12 },
	{ "M8: a high byte that is always another one: as it is listed",
	  { .value = 0x670f, .high = 1, .caps = "(vcp(60(0F 12)))" }, { ANY },
	  RUN(DdcSwitch, Guest, 1, Limit), .cable = DP1,
	  .result = DdcConfirmed, .gothost = 0x0f, .gotguest = 0x12,
	  .writes = GET " " CAPS0 " " GET " " SET12 " " GET },
	{ "M8: a Set that is lost is sent again all the same",
	  { .value = 0x6711, .high = 1, .lose = 1 }, { ANY, .host = DP },
	  RUN(DdcSwitch, Host, 0, Limit), .result = DdcConfirmed,
	  .gothost = 0x0f, .writes = GET " " SET0F " " GET5 " " SET0F " " GET },
	{ "M8: host learned, with a high byte: as it is listed",
	  { .value = 0x670f, .caps = "(vcp(60(0F 12)))" },
	  { ANY, .guest = { .value = HDMI2 } },
	  RUN(DdcSwitch, Host, 1, Limit), .cable = DP1,
	  .result = DdcConfirmed, .gothost = 0x0f, .gotguest = 0x12 },
	{ "host not learned if it is not listed",
	  { .value = 0x0f, .caps = "(vcp(60(11 12)))" }, { ANY },
	  RUN(DdcSwitch, Host, 1, Limit), .cable = DP1,
	  .result = DdcUnknown },
	{ "M10: fewer messages than asked: no ACK", { .value = 0x0f, .none = 1 },
	  { ANY, .host = DP }, RUN(DdcSwitch, Host, 0, 1500),
	  .result = DdcFailed, .gothost = 0x0f,
	  .says = "can't set 0x0f: nobody answers: Input" },
	{ "host learned before", { .value = 0x11 }, { ANY },
	  RUN(DdcSwitch, Host, 0, Limit), .host = 0x0f, .result = DdcConfirmed,
	  .value = 0x0f, .gothost = 0x0f, .writes = GET " " SET0F " " GET },
	{ "guest learned before", { .value = 0x0f }, { ANY },
	  RUN(DdcSwitch, Guest, 0, Limit), .host = 0x0f, .guest = 0x12,
	  .result = DdcConfirmed, .value = 0x12, .gothost = 0x0f,
	  .gotguest = 0x12, .writes = GET " " SET12 " " GET },
	{ "guest from the capabilities", { .value = 0x0f,
	  .caps = "(vcp(10 60(0F 11 12)62))" }, { ANY },
	  RUN(DdcSwitch, Guest, 1, Limit), .cable = DP1,
	  .result = DdcConfirmed,
	  .value = 0x11, .gothost = 0x0f, .gotguest = 0x11,
	  .writes = GET " " CAPS0 " " GET " " SET11 " " GET },
	{ "guest from the capabilities, host configured", { .value = 0x11,
	  .caps = "vcp(60(1B 11 0F))" },
	  { ANY, .host = { .value = USBC1 } },
	  RUN(DdcSwitch, Guest, 0, Limit), .result = DdcConfirmed,
	  .value = 0x11, .gothost = 0x1b, .gotguest = 0x11 },
	{ "no list in the capabilities", { .value = 0x0f,
	  .caps = "(vcp(10 12 60 62))" }, { ANY, .host = DP },
	  RUN(DdcSwitch, Guest, 1, Limit), .result = DdcFailed,
	  .gothost = 0x0f, .says = "does not list its inputs" },
	{ "no capabilities", { .value = 0x0f }, { ANY, .host = DP },
	  RUN(DdcSwitch, Guest, 1, Limit), .result = DdcFailed,
	  .gothost = 0x0f, .says = "does not list its inputs",
	  .writes = GET " " CAPS0 " " CAPS0 " " CAPS0 },

	{ "M2: silent before and after: not known", { .value = 0x11,
	  .raw = "6e80be", .nraw = 999 }, { ANY, .host = DP },
	  RUN(DdcSwitch, Host, 0, 3000), .result = DdcSilent, .value = -1,
	  .gothost = 0x0f, .says = "did not answer before that, nor after" },
	{ "M2: silent before, valid after: what it reads", { .value = 0x11,
	  .raw = "6e80be", .nraw = 4 }, { ANY, .host = DP },
	  RUN(DdcSwitch, Host, 0, Limit), .result = DdcConfirmed,
	  .value = 0x0f, .gothost = 0x0f },
	{ "M2: silent before, the old value after", { .value = 0x11,
	  .raw = "6e80be", .nraw = 4, .after = Deaf }, { ANY, .host = DP },
	  RUN(DdcSwitch, Host, 0, Limit), .result = DdcFailed,
	  .value = 0x11, .gothost = 0x0f, .says = "still reads 0x11" },
	{ "M2: deaf after a Set, silent before", { .value = 0x11,
	  .raw = "6e80be", .nraw = 999, .after = Vanish }, { ANY, .host = DP },
	  RUN(DdcSwitch, Host, 0, Limit), .result = DdcSilent, .value = -1,
	  .gothost = 0x0f, .says = "did not answer before that, nor after" },
	{ "M3: replies after 44 ms: read again, not asked again",
	  { .value = 0x11, .late = 44 }, { ANY, .host = DP },
	  RUN(DdcSwitch, Host, 0, Limit), .result = DdcConfirmed,
	  .value = 0x0f, .gothost = 0x0f, .messages = 6,
	  .writes = GET " " SET0F " " GET },
	{ "M3: after 95 ms, no ACK before", { .value = 0x11, .late = 95,
	  .as = LateNak }, { ANY, .host = DP },
	  RUN(DdcSwitch, Host, 0, Limit), .result = DdcConfirmed,
	  .value = 0x0f, .gothost = 0x0f, .messages = 7,
	  .writes = GET " " SET0F " " GET },
	{ "M3: after 75 ms, zeros before", { .value = 0x11, .late = 75,
	  .as = LateZero, .caps = "(vcp(60(0F 11)))" }, { ANY },
	  RUN(DdcList, Unknown, 0, Limit), .result = DdcConfirmed,
	  .value = 0x11, .inputs = "0f 11", .messages = 6,
	  .writes = GET " " CAPS0 },
	{ "M3: the bus is kept meanwhile", { .value = 0x11, .late = 95 },
	  { ANY, .host = DP }, RUN(DdcSwitch, Host, 0, Limit),
	  .result = DdcConfirmed, .gothost = 0x0f, .kept = 1 },
	{ "M3: who was silent at first is not slow for ever", { .value = 0x11,
	  .raw = "6e80be", .nraw = 2 }, { ANY, .host = DP },
	  RUN(DdcSwitch, Host, 0, Limit), .result = DdcConfirmed,
	  .value = 0x0f, .gothost = 0x0f, .quick = 1 },
	{ "M3: nor who is slow after a Set", { .value = 0x11, .late = 75,
	  .lateset = 1 }, { ANY, .host = DP }, RUN(DdcSwitch, Host, 0, Limit),
	  .result = DdcConfirmed, .value = 0x0f, .gothost = 0x0f, .quick = 1 },
	{ "M4: 0 says nothing: one Set", { .value = 0, .after = Deaf },
	  { ANY, .host = DP, .guest = { .value = HDMI1 } },
	  RUN(DdcSwitch, Guest, 0, Limit), .result = DdcSent, .value = -1,
	  .gothost = 0x0f, .gotguest = 0x11, .writes = GET " " SET11,
	  .says = "can't say whether it is shown" },
	{ "M4: nor with a high byte", { .value = 0x1200, .after = Deaf },
	  { ANY, .host = DP }, RUN(DdcSwitch, Host, 0, Limit),
	  .result = DdcSent, .value = -1, .gothost = 0x0f,
	  .writes = GET " " SET0F, .says = "can't say whether it is shown" },
	{ "M4: but it may be what config.h says", { .value = 0x1200 },
	  { ANY, .host = { .value = 0x1200 } },
	  RUN(DdcSwitch, Host, 0, Limit), .result = DdcConfirmed,
	  .gothost = 0x1200, .writes = GET },
	{ "M4: or the value of another feature", { .value = 0 }, { ANY,
	  .host = { .code = 0xe7, .value = 0xff00 } },
	  RUN(DdcSwitch, Host, 0, Limit), .result = DdcConfirmed,
	  .writes = "518201e75b 518403e7ff00a0 518201e75b" },
	{ "M4: in a list it can't be read", { .value = 0,
	  .caps = "(vcp(60(0F 11)))" }, { ANY },
	  RUN(DdcList, Unknown, 0, Limit), .result = DdcConfirmed, .value = -1,
	  .inputs = "0f 11", .says = "does not support it" },
	{ "M13: null to everything: ten requests", { .value = 0x11,
	  .raw = "6e80be", .nraw = 999 }, { ANY, .host = DP },
	  RUN(DdcSwitch, Host, 0, 9800), .result = DdcSilent, .messages = 25,
	  .gothost = 0x0f, .says = "nor after",
	  .writes = GET " " GET " " GET " " SET0F " " GET5 " " GET " " GET },

	{ "extra writes", { .value = 0x11 },
	  { ANY, .host = { .value = DP1, .extra = extra } },
	  RUN(DdcSwitch, Host, 0, Limit), .result = DdcConfirmed,
	  .value = 0x0f, .gothost = 0x0f,
	  .writes = GET " " EXTRA " " SET0F " " GET },
	{ "M5: extra writes are not lost in the silence after the input",
	  { .value = 0x11, .after = Mute },
	  { ANY, .host = { .value = DP1, .extra = extra } },
	  RUN(DdcSwitch, Host, 0, 3000), .result = DdcQuiet, .gothost = 0x0f,
	  .writes = GET " " EXTRA " " SET0F " " GET, .more = 1 },
	{ "M5: one that is lost is written again", { .value = 0x11,
	  .loseextra = 1 },
	  { ANY, .host = { .value = DP1, .extra = extra } },
	  RUN(DdcSwitch, Host, 0, Limit), .result = DdcConfirmed,
	  .value = 0x0f, .gothost = 0x0f, .writes = GET
	  " 518403e200015b 518201e25e " EXTRA " " SET0F " " GET },
	{ "M5: one that stays lost is told", { .value = 0x11,
	  .loseextra = 3 },
	  { ANY, .host = { .value = DP1, .extra = extra } },
	  RUN(DdcSwitch, Host, 0, Limit), .result = DdcConfirmed,
	  .value = 0x0f, .gothost = 0x0f,
	  .says = ".extra 0xe2 was set to 0x01, but reads 0x00" },
	{ "M5: one that is not taken is told, and the input set all the same",
	  { .value = 0x11, .nakextra = 1 },
	  { ANY, .host = { .value = DP1, .extra = extra } },
	  RUN(DdcSwitch, Host, 0, Limit), .result = DdcConfirmed,
	  .value = 0x0f, .gothost = 0x0f,
	  .says = ".extra 0xe3 = 0xabcd was not taken" },
	{ "M5: blind: nothing is read", { .value = 0x11, .loseextra = 3 },
	  { ANY, .host = { .value = DP1, .extra = extra }, .flags = Blind },
	  RUN(DdcSwitch, Host, 0, Limit), .result = DdcSent, .value = -1,
	  .writes = "518403e200015b 518403e3abcd3d " SET0F },
	{ "shown already, but a Set may be on its way: written",
	  { .value = 0x0f }, { ANY, .host = DP },
	  RUN(DdcSwitch, Host, 0, Limit), .doubt = 1, .result = DdcConfirmed,
	  .gothost = 0x0f, .writes = GET " " SET0F " " GET },
	{ "and silent since: it has left the host", { .value = 0x0f,
	  .after = Vanish }, { ANY, .host = DP },
	  RUN(DdcSwitch, Host, 0, Limit), .doubt = 1, .result = DdcSilent,
	  .value = -1, .gothost = 0x0f, .says = "did not answer after: what",
	  .writes = GET " " SET0F " " GET5 },
	{ "and silent since, but it is the guest's: sent", { .value = 0x11,
	  .after = Vanish }, { ANY, .host = DP, .guest = { .value = HDMI1 } },
	  RUN(DdcSwitch, Guest, 0, Limit), .doubt = 1, .result = DdcQuiet,
	  .value = -1, .gothost = 0x0f, .gotguest = 0x11,
	  .writes = GET " " SET11 " " GET5 },
	{ "twice, but deaf after the first Set: sent", { .value = 0x11,
	  .after = Vanish }, { ANY, .host = DP, .repeat = 2 },
	  RUN(DdcSwitch, Host, 0, Limit), .result = DdcQuiet, .value = -1,
	  .gothost = 0x0f, .most = 3000,
	  .writes = GET " " SET0F " " SET0F " " SET0F " " SET0F },
	{ "the host is not learned by another feature's readback",
	  { .value = 0x11 }, { ANY, .guest = { .code = 0xe7, .value = 1,
	  .readback = 2 } }, RUN(DdcSwitch, Host, 0, Limit),
	  .result = DdcUnknown },
	{ "blind: nothing is read", { .value = 0x0f },
	  { ANY, .host = DP, .flags = Blind }, RUN(DdcSwitch, Host, 0, Limit),
	  .result = DdcSent, .value = -1, .writes = SET0F },
	{ "blind, but the input has to be detected", { .value = 0x11,
	  .caps = "(vcp(60(0F 11)))" },
	  { ANY, .guest = { .value = DP1 }, .flags = Blind },
	  RUN(DdcSwitch, Host, 1, Limit), .cable = HDMI1,
	  .result = DdcConfirmed, .gothost = 0x11, .gotguest = 0x0f },
	{ "wake", { .value = 0x11 }, { ANY, .host = DP, .flags = Wake },
	  RUN(DdcSwitch, Host, 0, Limit), .result = DdcConfirmed,
	  .gothost = 0x0f, .writes = GET " " POWER " " SET0F " " GET },
	{ "wake: not if it is shown", { .value = 0x0f },
	  { ANY, .host = DP, .flags = Wake }, RUN(DdcSwitch, Host, 0, Limit),
	  .result = DdcConfirmed, .gothost = 0x0f, .writes = GET },
	{ "save", { .value = 0x11 }, { ANY, .host = DP, .flags = Save },
	  RUN(DdcSwitch, Host, 0, Limit), .result = DdcConfirmed,
	  .gothost = 0x0f, .writes = GET " " SET0F " " SAVE " " GET },
	{ "blind, wake, save, twice", { .value = 0x11 }, { ANY, .host = DP,
	  .flags = Blind | Wake | Save, .repeat = 2 },
	  RUN(DdcSwitch, Host, 0, Limit), .result = DdcSent, .value = -1,
	  .writes = POWER " " SET0F " " SET0F " " SAVE },
	{ "repeat, with extra writes", { .value = 0x11 }, { ANY, .host = {
	  .value = DP1, .extra = extra }, .repeat = 2 },
	  RUN(DdcSwitch, Host, 0, Limit), .result = DdcConfirmed,
	  .gothost = 0x0f, .writes = GET " " EXTRA " " SET0F
	  " 518403e200015b 518403e3abcd3d " SET0F " " GET },
	{ "verify: as it should be", { .value = 0x0f }, { ANY, .host = DP },
	  RUN(DdcVerify, Host, 0, Limit), .result = DdcConfirmed,
	  .writes = GET },
	{ "verify: it went back", { .value = 0x11 }, { ANY, .host = DP },
	  RUN(DdcVerify, Host, 0, Limit), .result = DdcBounced,
	  .writes = GET, .says = "but it went back to 0x11" },
	{ "verify: silent", { .nak = EIO }, { ANY, .host = DP },
	  RUN(DdcVerify, Host, 0, Limit), .result = DdcSent,
	  .writes = GET " " GET " " GET },
	{ "LG, DisplayPort", { .value = 0 }, { ANY, .host = { .code = 0xf4,
	  .source = 0x50, .value = 0xd0 } }, RUN(DdcSwitch, Host, 0, Limit),
	  .result = DdcSent, .value = -1, .writes = "508403f400d09d" },
	{ "LG, HDMI 1", { .value = 0 }, { ANY, .host = { .code = 0xf4,
	  .source = 0x50, .value = 0x90 } }, RUN(DdcSwitch, Host, 0, Limit),
	  .result = DdcSent, .value = -1, .writes = "508403f40090dd" },
	{ "LG, HDMI 2", { .value = 0 }, { ANY, .host = DP, .guest = { .code =
	  0xf4, .source = 0x50, .value = 0x91 } },
	  RUN(DdcSwitch, Guest, 0, Limit),
	  .result = DdcSent, .value = -1, .writes = "508403f40091dc" },
	{ "M14: LG: the guest is not shown if the way back is not known",
	  { .value = 0 }, { ANY, .guest = { .code = 0xf4, .source = 0x50,
	  .value = 0x91 } }, RUN(DdcSwitch, Guest, 0, Limit),
	  .result = DdcUnknown, .value = -1, .writes = "" },
	{ "M14: nor by one that is blind", { .value = 0x11 }, { ANY,
	  .guest = DP, .flags = Blind }, RUN(DdcSwitch, Guest, 0, Limit),
	  .result = DdcUnknown, .value = -1, .gotguest = 0x0f, .writes = "" },
	{ "M14: but by a -w that runs alone, and blind", { .value = 0x11 },
	  { ANY, .guest = DP, .flags = Blind }, { .op = DdcSwitch,
	  .side = Guest, .limit = Limit, .take = 1 }, .result = DdcSent,
	  .value = -1, .gotguest = 0x0f, .writes = SET0F },
	{ "LG, USB-C", { .value = 0 }, { ANY, .host = { .code = 0xf4,
	  .source = 0x50, .value = 0xd1 } }, RUN(DdcSwitch, Host, 0, Limit),
	  .result = DdcSent, .value = -1, .writes = "508403f400d19c" },
	{ "LG, no ACK", { .nak = ENXIO }, { ANY, .host = { .code = 0xf4,
	  .source = 0x50, .value = 0xd1 } }, RUN(DdcSwitch, Host, 0, 400),
	  .result = DdcFailed, .value = -1, .says = "can't set" },
	{ "another feature than 0x60", { .value = 1 }, { ANY, .host = {
	  .code = 0xf4, .value = 0x90 } }, RUN(DdcSwitch, Host, 0, Limit),
	  .result = DdcConfirmed, .value = 0x90,
	  .writes = "518201f448 518403f40090dc 518201f448" },
	{ "the host is not learned from another feature", { .value = 5 },
	  { ANY, .guest = { .code = 0xf4, .value = 0x91 } },
	  RUN(DdcSwitch, Guest, 1, Limit), .result = DdcUnknown },

	{ "M9: identify by EDID, in one transaction", { .edid = DELL }, { ANY },
	  RUN(DdcIdentify, Unknown, 0, Limit),
	  .result = DdcConfirmed, .value = -1, .writes = "" },
	{ "identify: nobody there", { .value = 0 }, { ANY },
	  RUN(DdcIdentify, Unknown, 0, Limit),
	  .result = DdcConfirmed, .value = -1, .writes = "" },
	{ "list: input, capabilities", { .value = 0x11,
	  .caps = "(vcp(60(0F 11)))" }, { ANY },
	  RUN(DdcList, Unknown, 0, Limit), .result = DdcConfirmed, .value = 0x11, .inputs = "0f 11",
	  .writes = GET " " CAPS0 },
	{ "list: 316 bytes of capabilities, no more than the list", { .value = 0x11,
	  .caps = LIST300 }, { ANY }, RUN(DdcList, Unknown, 0, Limit),
	  .result = DdcConfirmed, .value = 0x11, .inputs = "0f 11 12",
	  .writes = GET " " CAPS0 " " CAPS20 " " CAPS40 " 5183f300602f" },
	{ "list: fragments of 13 bytes", { .value = 0x11, .fragment = 13,
	  .caps = "(type(lcd)vcp(10 60(0F 11 12) 62))" }, { ANY },
	  RUN(DdcList, Unknown, 0, Limit), .result = DdcConfirmed,
	  .inputs = "0f 11 12", .writes = GET " " CAPS0 " 5183f3000d42 "
	  "5183f3001a55" },
	{ "list: a null message among fragments", { .value = 0x11,
	  .badfragment = 2, .bad = Null,
	  .caps = "(prot(monitor)type(lcd)model(A)vcp(10 60(0F 11)))" },
	  { ANY }, RUN(DdcList, Unknown, 0, Limit), .result = DdcConfirmed,
	  .inputs = "0f 11", .writes = GET " " CAPS0 " " CAPS20 " "
	  CAPS20 },
	{ "list: a fragment of another offset", { .value = 0x11,
	  .badfragment = 2, .bad = Offset,
	  .caps = "(prot(monitor)type(lcd)model(A)vcp(10 60(0F 11)))" },
	  { ANY }, RUN(DdcList, Unknown, 0, Limit), .result = DdcConfirmed,
	  .inputs = "0f 11", .writes = GET " " CAPS0 " " CAPS20 " "
	  CAPS20 },
	{ "list: a fragment with a wrong checksum", { .value = 0x11,
	  .badfragment = 1, .bad = Sum,
	  .caps = "(prot(monitor)type(lcd)model(A)vcp(10 60(0F 11)))" },
	  { ANY }, RUN(DdcList, Unknown, 0, Limit), .result = DdcConfirmed,
	  .inputs = "0f 11", .writes = GET " " CAPS0 " " CAPS0 " "
	  CAPS20 },
	{ "list: Get is not supported", { .raw = "6e880201600000000000d5",
	  .nraw = 1 }, { ANY }, RUN(DdcList, Unknown, 0, Limit),
	  .result = DdcConfirmed, .value = -1, .says = "does not support" },
	{ "list: nobody answers", { .nak = EREMOTEIO }, { ANY },
	  RUN(DdcList, Unknown, 0, Limit), .result = DdcFailed, .value = -1,
	  .writes = GET " " GET " " GET, .says = "nobody answers: Remote I/O" },
};

/* A reply to the first Get, as read; then what is sent: it says that 0x0f,
 * which is wanted, is shown; it is not understood; it says that 0x60 is not
 * there. */
static const char good[] = GET, retry[] = GET " " GET;
static const char unsup[] = GET " " SET0F;
static const struct {
	const char *name, *hex, *writes;
} replies[] = {
	{ "as in the standard", "6e88020060000012000fc9", good },
	{ "of type momentary", "6e88020060010012000fc8", good },
	{ "6e doubled", "6e6e88020060000012000fc9", good },
	{ "no bit 7 in the length", "6e08020060000012000f49", good },
	{ "ff after the checksum", "6e88020060000012000fc9ff", good },
	{ "6e after the checksum", "6e88020060000012000fc96e", good },
	{ "a high byte", "6e8802006000ffff030fd8", good },
	{ "null message", "6e80be", retry },
	{ "null messages repeated", "6e80be6e80be6e80be6e80be", retry },
	{ "doubled 6e and a null message", "6e6e80be", retry },
	{ "result code 1", "6e8802016000000000 00d5", unsup },
	{ "result 0, all values 0", "6e880200600000000000d4", unsup },
	{ "all zero", "000000000000000000000000", retry },
	{ "all ff", "ffffffffffffffffffffffff", retry },
	{ "all 6e", "6e6e6e6e6e6e6e6e6e6e6e6e", retry },
	{ "wrong checksum", "6e88020060000012000fc8", retry },
	{ "result code 2", "6e88020260000012000fcb", retry },
	{ "wrong opcode", "6e88030060000012000fc8", retry },
	{ "stale: of feature 0x10", "6e88020010000012000fb9", retry },
	{ "stale: of the capabilities", "6e88e300002870726f742d", retry },
	{ "length 7", "6e8702006000001200c9", retry },
	{ "length 9", "6e89020060000012000f00c8", retry },
	{ "length 2", "6e820200be", retry },
	{ "length 127", "6eff020060000012000fbe", retry },
	{ "source 0x51", "5188020060000012000ff6", retry },
};

static struct fake *fakes;
static int64_t lapsed = 1000 * (int64_t)1000000000; /* ns; a child's, its own */
static struct pollfd telling = { -1, POLLIN, 0 }; /* to an order's parent */
static long gaps40, gaps50;
static int64_t least40 = INT64_MAX, least50 = INT64_MAX;

/* What the monitor says to the request before. */
static void
answer(struct fake *f, unsigned char *buf, size_t n)
{
	static const unsigned char null[] = { 0x6e, 0x80, 0xbe };
	unsigned char r[XferBytes] = { 0x6e }, code = f->request[3];
	size_t len = 0, off, all = f->m.caps ? strlen(f->m.caps) : 0;
	size_t nrequest = f->nrequest;
	int wrong;

	if (lapsed < f->requested + f->m.late * (int64_t)1000000 &&
	    (f->sets || !f->m.lateset)) {
		if (f->m.as == LateNull)
			put(buf, n, null, sizeof(null));
		else
			memset(buf, 0, n);
		return;
	}
	f->nrequest = 0; /* it is said once */
	if (nrequest > 2 && f->request[2] == 0x01 && f->m.raw &&
	    ++f->gets <= f->m.nraw) {
		len = fromhex(f->m.raw, r, sizeof(r));
		memset(buf, f->m.fill, n);
		if (f->m.cut)
			len = f->m.cut - 1;
		memcpy(buf, r, len < n ? len : n);
		return;
	}
	if (nrequest == 5 && f->request[2] == 0x01) {
		if (f->sets && (f->m.after == Mute || f->m.busy-- > 0)) {
			put(buf, n, null, sizeof(null));
			return;
		}
		r[1] = 0x88;
		r[2] = 0x02;
		r[4] = code;
		r[7] = 0xff;
		off = f->sets && f->m.slow-- > 0 ? f->before : f->m.value;
		if (f->m.silent && f->asked++ >= f->m.silent) {
			put(buf, n, null, sizeof(null));
			return;
		}
		if (code == 0xe2 || code == 0xe3)
			off = f->extra[code - 0xe2];
		if (f->m.noise > 0)
			off = 0x30 + --f->m.noise % 5;
		if (f->m.high)
			off = (off & 0xff) | (0x21 + 0x11 * f->nx) << 8;
		r[8] = off >> 8;
		r[9] = off & 0xff;
		len = 10;
	} else if (nrequest == 6 && f->request[2] == 0xf3 && f->m.caps) {
		off = f->request[3] << 8 | f->request[4];
		len = f->m.fragment ? f->m.fragment : 32;
		if (off > all)
			off = all;
		if (len > all - off)
			len = all - off;
		wrong = ++f->fragments == f->m.badfragment;
		if (wrong && f->m.bad == Null) {
			put(buf, n, null, sizeof(null));
			return;
		}
		r[1] = 0x80 | (len + 3);
		r[2] = 0xe3;
		r[3] = f->request[3];
		r[4] = f->request[4] ^ (wrong && f->m.bad == Offset);
		memcpy(r + 5, f->m.caps + off, len);
		len += 5;
		r[len] = xorsum(0x50, r, len) ^ (wrong && f->m.bad == Sum);
		put(buf, n, r, len + 1);
		return;
	} else {
		put(buf, n, null, sizeof(null));
		return;
	}
	r[len] = xorsum(0x50, r, len);
	put(buf, n, r, len + 1);
}

/* Of all clocks. */
int
clock_gettime(clockid_t clock, struct timespec *t)
{
	(void)clock;
	t->tv_sec = lapsed / 1000000000;
	t->tv_nsec = lapsed % 1000000000;
	return 0;
}

int
clock_nanosleep(clockid_t clock, int flags, const struct timespec *until,
                struct timespec *rest)
{
	(void)clock;
	(void)flags;
	(void)rest;
	lapsed = until->tv_sec * (int64_t)1000000000 + until->tv_nsec;
	return 0;
}

/* 40 ms between a request and the read, 50 ms after all else. */
static void
delays(const struct run *r)
{
	const struct fake *f = &r->fake;
	const struct xfer *x, *before = NULL;
	int64_t gap;
	int ask;

	for (x = f->x; x < f->x + f->nx; x++) {
		if (x->addr != 0x37)
			continue;
		/* what is read again is no message */
		if (before && !(x->read && before->read)) {
			gap = x->ns - Transfer - before->ns;
			ask = x->read && !before->read && !before->error &&
			    before->b[2] != 0x03;
			gaps40 += ask;
			gaps50 += !ask;
			if (ask && gap < least40)
				least40 = gap;
			if (!ask && gap < least50)
				least50 = gap;
		}
		before = x;
	}
	if (before && (gap = r->rec.notbefore * 1000000 - before->ns) <
	    least50)
		least50 = gap;
}

static void
finish(struct run *r)
{
	int status = 0;

	if (waitpid(r->pid, &status, 0) != r->pid || !WIFEXITED(status) ||
	    WEXITSTATUS(status))
		snprintf(r->fake.wrong, sizeof(r->fake.wrong),
		    "the child crashed, status 0x%x", status);
}

static size_t
fromhex(const char *s, unsigned char *out, size_t size)
{
	size_t n = 0;
	unsigned v;

	while (n < size && sscanf(s, " %2x", &v) == 1) {
		out[n++] = v;
		while (*s == ' ')
			s++;
		s += 2;
	}
	return n;
}

/* Where others would lock it too. */
int
flock(int fd, int op)
{
	struct fake *f = fakes ? &fakes[fd - FakeFd] : NULL;

	if (!f || fd < FakeFd || fd >= FakeFd + Fakes)
		return 0;
	f->unlocks += f->locked && (op & LOCK_UN);
	f->locked = !(op & LOCK_UN);
	return 0;
}

/* The fake adapter. */
int
ioctl(int fd, unsigned long request, ...)
{
	struct i2c_rdwr_ioctl_data *d;
	struct fake *f;
	struct i2c_msg *m;
	struct xfer *x;
	unsigned char edid[512], start = 0;
	size_t n;
	va_list ap;

	va_start(ap, request);
	d = va_arg(ap, struct i2c_rdwr_ioctl_data *);
	va_end(ap);
	if (fd < FakeFd || fd >= FakeFd + Fakes || !fakes) {
		errno = ENOTTY;
		return -1;
	}
	f = &fakes[fd - FakeFd];
	if (request != I2C_RDWR) {
		snprintf(f->wrong, sizeof(f->wrong), "request %lx", request);
		errno = EINVAL;
		return -1;
	}
	m = d->msgs;
	/* where the EDID is read from is set by the transaction that does */
	if (d->nmsgs == 2 && m->addr == 0x50 && !m->flags && m->len == 1 &&
	    m[1].addr == 0x50 && m[1].flags)
		start = m++->buf[0];
	else if (d->nmsgs == 2 || m->addr == 0x50)
		m->len = 0;
	if (d->nmsgs > 2 || f->nx == XferMax ||
	    (m->flags & ~I2C_M_RD) || !m->len) {
		snprintf(f->wrong, sizeof(f->wrong), "%u messages",
		    d->nmsgs);
		errno = EINVAL;
		return -1;
	}
	if (!f->locked)
		strcpy(f->wrong, "a transfer without the lock");
	while (f->m.hang && m->addr == 0x50)
		pause();
	x = &f->x[f->nx++];
	/* what was told is heard before anything else happens */
	while ((f->m.meets && !fakes[f == fakes].nx) ||
	    poll(&telling, 1, 0) > 0)
		poll(NULL, 0, 1);
	lapsed += Transfer;
	x->ns = lapsed;
	x->addr = m->addr;
	x->read = m->flags & I2C_M_RD;
	x->n = m->len;
	if (!x->read)
		memcpy(x->b, m->buf, m->len < XferBytes ? m->len : XferBytes);
	errno = ENXIO;
	if (m->addr == 0x50 && f->m.edid) {
		memset(edid, 0xff, sizeof(edid));
		fromhex(f->m.edid, edid, sizeof(edid));
		memcpy(m->buf, edid + start, m->len);
		return 2;
	}
	if (f->m.none) {
		x->error = 1;
		return 0;
	}
	x->error = m->addr != 0x37 || f->m.nak ||
	    (f->sets && f->m.after == Vanish);
	if (!x->error && !x->read && m->len > 3)
		x->error = (m->buf[2] == 0x01 && f->m.nakget-- > 0) ||
		    (m->buf[2] == 0x03 && (f->m.nakset-- > 0 ||
		    (f->m.nakextra && m->buf[3] == 0xe3)));
	x->error |= x->read && f->m.as == LateNak &&
	    lapsed < f->requested + f->m.late * (int64_t)1000000;
	if (x->error) {
		errno = f->m.nak ? f->m.nak : ENXIO;
		return -1;
	}
	if (x->read) {
		answer(f, m->buf, m->len);
		x->ns = lapsed;
		return 1;
	}
	memcpy(f->request, m->buf, x->n < XferBytes ? x->n : XferBytes);
	f->nrequest = x->n;
	f->requested = lapsed;
	n = m->buf[4] << 8 | m->buf[5];
	if (x->n == 7 && m->buf[2] == 0x03 && m->buf[3] >> 1 == 0xe2 >> 1) {
		if (f->m.loseextra-- <= 0)
			f->extra[m->buf[3] & 1] = n;
	} else if (x->n == 7 && m->buf[2] == 0x03) {
		f->sets++;
		if (f->m.after == Obey && f->m.lose-- <= 0) {
			f->before = f->m.value;
			f->m.value = f->m.shows ? f->m.shows : n;
		}
	}
	x->ns = lapsed;
	return 1;
}

/* Whoever reads too far gets more of the same. */
static void
put(unsigned char *buf, size_t n, const unsigned char *r, size_t len)
{
	size_t i;

	for (i = 0; i < n; i++)
		buf[i] = r[i % len];
}

/* Runs t in a child, which has memory in common with us. */
static void
start(struct run *r, const struct test *t)
{
	struct order order = t->order;
	struct bus b;
	pid_t pid;

	fflush(stdout);
	if (!order.gap)
		order.gap = 50;
	r->begin = lapsed;
	r->notbefore = t->later ? r->begin / 1000000 + t->later : 0;
	r->fake.m = t->m;
	memset(&b, 0, sizeof(b));
	b.fd = FakeFd;
	b.value = -1;
	b.result = DdcConfirmed; /* of the order before */
	strcpy(b.id.manufacturer, "AAA");
	b.row = &t->row;
	b.learned = r->learned;
	b.learned[Host] = t->host;
	b.learned[Guest] = t->guest;
	b.doubt = t->doubt;
	b.cable = t->cable;
	b.follows = t->follows;
	memcpy(b.foreign, t->foreign, sizeof(t->foreign));
	b.own = t->own ? t->own : -1;
	b.notbefore = r->notbefore;
	if ((pid = fork()) < 0) {
		printf("Bail out! fork\n");
		exit(2);
	}
	if (pid) {
		r->pid = pid; /* not in the child, too: the memory is shared */
		return;
	}
	fakes = &r->fake;
	saidbegin();
	wire_run(&b, &order, -1);
	r->rec = b;
	r->nrec++;
	r->end = lapsed;
	snprintf(r->said, sizeof(r->said), "%.*s", (int)sizeof(r->said) - 1,
	    said());
	_exit(0);
}

static unsigned cable; /* of the last */

static int
identify(const unsigned char *e, size_t n, struct ident *id)
{
	struct bus b = { 0 };
	int ret = bus_identify(&b, e, n);

	cable = b.cable;
	*id = b.id;
	return ret || !b.identified ? -1 : 0;
}

/* Each string as it is, each prefix of it, and with bytes changed; all in
 * memory of its exact length. What a prefix lists, the whole does too. */
static void
testcaps(void)
{
	FILE *f = fopen("tests/ddc/caps.tsv", "r");
	unsigned char all[InputMax], part[InputMax];
	char line[8192], got[300], *col[4], *s, *copy;
	unsigned rows = 0, cut = 0, badcut = 0, mutant = 0;
	int closed = 0, whole;
	uint32_t seed = 31;
	size_t i, k, len, n, m;
	unsigned v;

	while (f && fgets(line, sizeof(line), f)) {
		line[strcspn(line, "\n")] = '\0';
		for (i = 0, s = line; i < 4 && s; i++) {
			col[i] = s;
			if (i < 3 && (s = strchr(s, '\t')))
				*s++ = '\0';
		}
		if (i < 4)
			continue;
		rows++;
		for (len = 0, s = col[3]; *s; s++) {
			if (s[0] == '\\' && sscanf(s, "\\x%2x", &v) == 1) {
				col[3][len++] = v;
				s += 3;
			} else {
				col[3][len++] = *s;
			}
		}
		copy = malloc(len);
		memcpy(copy, col[3], len);
		n = caps_inputs(copy, len, all, &closed);
		free(copy);
		*got = '\0';
		for (i = 0; i < n; i++)
			sprintf(got + strlen(got), i ? ",%02X" : "%02X",
			    all[i]);
		okstr(n ? got : "-", strcmp(col[2], "bare") ? col[2] : "-",
		    col[0], col[3]);
		for (k = 0; k < len; k++) {
			copy = malloc(k + !k);
			memcpy(copy, col[3], k);
			whole = 0;
			m = caps_inputs(copy, k, part, &whole);
			cut++;
			badcut += m > n || memcmp(part, all, m) ||
			    (whole && m != n);
			free(copy);
		}
		for (k = 0; k < Mutations; k++) {
			copy = malloc(len);
			memcpy(copy, col[3], len);
			for (i = taprandom(&seed) % 8 + 1; i--;)
				copy[taprandom(&seed) % len] =
				    taprandom(&seed) % 2 ?
				    "()vcp60 "[taprandom(&seed) % 8] :
				    (char)taprandom(&seed);
			m = caps_inputs(copy, len, part, &closed);
			mutant += m > InputMax;
			free(copy);
		}
	}
	if (f)
		fclose(f);
	for (n = sprintf(line, "vcp(60("), v = 1; v < 256; v++)
		n += sprintf(line + n, "%02X", v);
	memset(all, 0, sizeof(all));
	ok(caps_inputs(line, n, all, &closed) == InputMax && all[0] == 1 &&
	    all[InputMax - 1] == InputMax,
	    "capabilities: of 255 inputs the first %d", InputMax);
	ok(rows > 80, "capabilities: %u strings", rows);
	okint(badcut, 0, "capabilities: a prefix lists no more than the whole");
	ok(cut > 10000, "capabilities: %u prefixes", cut);
	okint(mutant, 0, "capabilities: mutations");
}

static void
testident(void)
{
	FILE *f = fopen("tests/ddc/edid.tsv", "r");
	unsigned char e[1024], *copy;
	static const struct {
		const char *name;
		unsigned cable;
	} cables[] = {
		{ "ordinary Dell", 0 },
		{ "ordinary LG gaming", DP1 },
		{ "Samsung: serial NUL", 0 },
		{ "name descriptor present but empty", VGA1 },
	};
	char line[8192], got[200], want[200], *col[8], *s;
	unsigned rows = 0, shorts = 0, bad = 0;
	uint32_t seed = 77;
	struct ident id;
	size_t i, k, n;

	while (f && fgets(line, sizeof(line), f)) {
		line[strcspn(line, "\n")] = '\0';
		for (i = 0, s = line; i < 8 && s; i++) {
			col[i] = s;
			if ((s = strchr(s, '\t')))
				*s++ = '\0';
		}
		if (i < 8)
			continue;
		rows++;
		n = fromhex(col[7], e, sizeof(e));
		copy = malloc(n);
		memcpy(copy, e, n);
		if (identify(copy, n, &id) < 0)
			strcpy(got, "REJECT");
		else
			snprintf(got, sizeof(got), "%s|%s|%s|0x%04x|%lu",
			    id.manufacturer, *id.model ? id.model : "-",
			    *id.serial ? id.serial : "-", id.product,
			    (unsigned long)id.serialno);
		free(copy);
		for (i = 0; i < LENGTH(cables); i++) {
			if (!strncmp(col[0], cables[i].name,
			    strlen(cables[i].name)))
				okint(cable, cables[i].cable, "M14: its cable");
		}
		identify(e, n, &id);
		snprintf(want, sizeof(want), "%s|%s|%s|%s|%s", col[2], col[3],
		    col[4], col[5], col[6]);
		okstr(got, strcmp(col[2], "REJECT") ? want : "REJECT", col[0],
		    col[7]);
		for (k = 0; k < 128; k++) {
			copy = malloc(k + !k);
			memcpy(copy, e, k);
			shorts += identify(copy, k, &id) == 0;
			free(copy);
		}
		for (k = 0; k < Mutations; k++) {
			copy = malloc(128);
			memcpy(copy, e, 128);
			for (i = taprandom(&seed) % 8 + 1; i--;)
				copy[8 + taprandom(&seed) % 120] =
				    taprandom(&seed);
			memset(&id, 'x', sizeof(id));
			if (identify(copy, 128, &id) == 0)
				bad += !memchr(id.manufacturer, 0, 4) ||
				    !memchr(id.model, 0, 14) ||
				    !memchr(id.serial, 0, 14) ||
				    strlen(id.manufacturer) != 3;
			free(copy);
		}
	}
	if (f)
		fclose(f);
	ok(rows > 30, "EDID: %u rows", rows);
	okint(shorts, 0, "EDID: all shorter than 128 bytes are refused");
	okint(bad, 0, "EDID: mutations give clean text or are refused");
}

static void
testmatch(void)
{
	static const struct {
		int num, fd, known;
		const char *connector, *manufacturer, *model, *serial;
		unsigned product;
		uint32_t serialno;
	} bus[] = {
		{ 3, 9, 1, "card1-DP-1", "DEL", "DELL S2722DGM", "34RN5P3",
		  0x423a, 842412887 },
		{ 4, 9, 1, "card1-DP-2", "GSM", "27GN950", "A1", 0x5b9a, 1 },
		{ 5, 9, 1, "card1-HDMI-A-1", "GSM", "27GN950", "A2", 0x5b9a,
		  2 },
		{ 16, 9, 0, "card1-DP-3", "DEL", "P", "", 0, 0 },
		{ 17, -1, 1, "card1-DP-4", "XXX", "AAA", "", 0, 0 },
		{ 18, 9, 1, "", "SAM", "C27R500", "", 0x0f9d, 0 },
		{ 19, 9, 0, "card2-DVI-I-1", "", "", "", 0, 0 },
	};
	static const struct {
		const char *name;
		Monitor row;
		size_t nbus;
		int ret, num;      /* the bus found, 0: none */
		const char *says[2];
	} rows[] = {
		{ "manufacturer", { .manufacturer = "DEL" }, 6, 0, 3, { 0 } },
		{ "manufacturer, not by part", { .manufacturer = "DE" }, 6, -1,
		  0, { "what is most like it, i2c-3, has .manufacturer = \"DEL\"" } },
		{ "M16: manufacturer, its name", { .manufacturer = "Dell" }, 6,
		  -1, 0, { "what is most like it, i2c-3, has .manufacturer = \"DEL\"" } },
		{ "M16: manufacturer, in any case", { .manufacturer = "del" }, 6, 0,
		  3, { 0 } },
		{ "model", { .model = "DELL S2722DGM" }, 6, 0, 3, { 0 } },
		{ "model, not by part", { .model = "DELL" }, 6, -1, 0,
		  { "not found" } },
		{ "serial", { .serial = "A2" }, 6, 0, 5, { 0 } },
		{ "serialno", { .serialno = 2 }, 6, 0, 5, { 0 } },
		{ "product", { .product = 0x423a }, 6, 0, 3, { 0 } },
		{ "connector", { .connector = "DP-2" }, 6, 0, 4, { 0 } },
		{ "connector with card", { .connector = "card1-HDMI-A-1" }, 6,
		  0, 5, { 0 } },
		{ "connector, HDMI-A-1", { .connector = "HDMI-A-1" }, 6, 0, 5,
		  { 0 } },
		{ "connector, as xrandr has it", { .connector = "HDMI-1" }, 6,
		  0, 5, { 0 } },
		{ "connector, another card", { .connector = "card0-DP-1" }, 6,
		  -1, 0, { "not found" } },
		{ "connector, only its end", { .connector = "A-1" }, 6, -1, 0,
		  { "not found" } },
		{ "bus", { .bus = "i2c-18" }, 6, 0, 18, { 0 } },
		{ "bus, its number", { .bus = "18" }, 6, 0, 18, { 0 } },
		{ "M16: bus, its node", { .bus = "/dev/i2c-18" }, 6, 0, 18,
		  { 0 } },
		{ "M6: a bus without an EDID", { .bus = "i2c-19" }, 7, 0, 19,
		  { 0 } },
		{ "M6: by its connector", { .connector = "DVI-I-1" }, 7, 0, 19,
		  { 0 } },
		{ "M6: for any manufacturer", { .manufacturer = "*",
		  .bus = "i2c-19" }, 7, 0, 19, { 0 } },
		{ "M6: but not for another", { .manufacturer = "DEL",
		  .bus = "i2c-19" }, 7, -1, 0,
		  { "i2c-3, has .bus = \"i2c-3\"" } },
		{ "M16: only another bus", { .model = "C27R500",
		  .bus = "i2c-3" }, 6, -1, 0,
		  { "what is most like it, i2c-18, has .bus = \"i2c-18\"" } },
		{ "bus, no prefix of a number", { .bus = "i2c-1" }, 6, -1, 0,
		  { "not found" } },
		{ "bus that can't be identified now", { .bus = "i2c-16" }, 6,
		  0, 16, { 0 } },
		{ "bus that can't be opened", { .bus = "i2c-17" }, 6, -1, 0,
		  { "not found" } },
		{ "all together", { "GSM", "27GN950", "A2", 2, 0x5b9a,
		  "HDMI-A-1", "i2c-5", { 0 }, { 0 }, 0, 0, NULL }, 6, 0, 5, { 0 } },
		{ "M16: one of many wrong", { "GSM", "27GN950", "A2", 1, 0x5b9a,
		  "HDMI-A-1", "i2c-5", { 0 }, { 0 }, 0, 0, NULL }, 6, -1, 0,
		  { "what is most like it, i2c-5, has .serialno = 0x2" } },
		{ "twins", { .manufacturer = "GSM" }, 6, -1, 0,
		  { "several monitors fit" } },
		{ "twins, by connector", { .manufacturer = "GSM",
		  .connector = "DP-2" }, 6, 0, 4, { 0 } },
		{ "\"*\", the only one", { .manufacturer = "*" }, 1, 0, 3,
		  { 0 } },
		{ "\"*\", of several", { .manufacturer = "*" }, 6, -1, 0,
		  { "several monitors fit" } },
		{ "\"*\", of none", { .manufacturer = "*" }, 0, -1, 0,
		  { "not found: no monitor answers" } },
		{ "no bus", { .manufacturer = "DEL" }, 0, -1, 0,
		  { "not found" } },
	};
	static const struct {
		const char *name;
		Monitor row[4];
		size_t nbus;
		int only, ret, num[3]; /* the bus of each row, 0: none */
		const char *says;
	} gives[] = {
		{ "behind one that names the monitor", { DELL1, STAR },
		  1, -1, 0, { 3 }, NULL },
		{ "before it", { STAR, DELL1 }, 1, -1, 0, { 0, 3 }, NULL },
		{ "a monitor that no row names", { DELL1, STAR }, 2, -1, 0,
		  { 3 }, NULL },
		{ "between two", { DELL1, STAR, GSM1 }, 3, -1, 0, { 3, 0, 4 },
		  NULL },
		{ "the one named is not there", { GSM1, STAR }, 1, -1, -1,
		  { 0 }, "monitors[0]: not found" },
		{ "names which may be one of two", { GSM, STAR }, 3, -1, -1,
		  { 0 }, "monitors[0]: several monitors fit" },
		{ "before itself", { STAR, STAR }, 1, -1, 0, { 3 }, NULL },
		{ "alone", { DELL1, STAR }, 1, 1, 0, { 0, 3 }, NULL },
		{ "alone, of two", { DELL1, STAR }, 2, 1, -1, { 0 },
		  "monitors[1]: several monitors fit" },
		{ "alone, of none", { DELL1, STAR }, 0, 1, -1, { 0 },
		  "monitors[1]: not found: no monitor answers" },
		{ "the other alone", { DELL1, STAR }, 2, 0, 0, { 3 }, NULL },
		{ "the other alone, behind it", { STAR, DELL1 }, 2, 1, 0,
		  { 0, 3 }, NULL },
		{ "with a bus it names one", { DELL1, { ANY, .bus = "3" } }, 1,
		  -1, -1, { 3 },
		  "monitors[1]: another row has it: monitors[0]" },
	};
	static struct learned learned[3];
	static struct buses d = { .learned = learned };
	static struct ddc used;
	Monitor two[3] = { { .serial = "A1" }, { .bus = "i2c-3" }, { 0 } };
	Monitor table[2] = { { 0 } };
	const struct bus *b;
	size_t i, k;
	int ret, num, good;

	for (i = 0; i < LENGTH(bus); i++) {
		sprintf(d.bus[i].name, "i2c-%d", bus[i].num);
		d.bus[i].fd = bus[i].fd;
		d.bus[i].identified = bus[i].known;
		strcpy(d.bus[i].connector, bus[i].connector);
		strcpy(d.bus[i].id.manufacturer, bus[i].manufacturer);
		strcpy(d.bus[i].id.model, bus[i].model);
		strcpy(d.bus[i].id.serial, bus[i].serial);
		d.bus[i].id.product = bus[i].product;
		d.bus[i].id.serialno = bus[i].serialno;
	}
	for (i = 0; i < LENGTH(rows); i++) {
		table[0] = rows[i].row;
		d.n = rows[i].nbus;
		unsay();
		ret = buses_match(&d, table, -1, 0);
		for (k = num = 0; k < d.n; k++)
			if (d.bus[k].row)
				num = num ? -1 : bus[k].num;
		good = ret == rows[i].ret && num == rows[i].num;
		for (k = 0; k < 2; k++)
			good = good && (rows[i].says[k] ?
			    !!strstr(said(), rows[i].says[k]) : k || !*said());
		if (ok(good, "match: %s", rows[i].name))
			continue;
		printf("#   expected %d, i2c-%d, \"%s\"\n#   got      %d, "
		    "i2c-%d, %s", rows[i].ret, rows[i].num, rows[i].says[0] ?
		    rows[i].says[0] : "", ret, num, *said() ? said() : "\"\"\n");
	}
	for (i = 0; i < LENGTH(gives); i++) {
		d.n = gives[i].nbus;
		unsay();
		ret = buses_match(&d, gives[i].row, gives[i].only, 0);
		good = ret == gives[i].ret && (gives[i].says ?
		    !!strstr(said(), gives[i].says) : !*said());
		used.buses = d;
		used.rows = gives[i].row;
		for (k = 0; k < 3; k++) {
			b = ddc_bus(&used, &gives[i].row[k]);
			num = b ? bus[b - used.buses.bus].num : 0;
			good = good && num == gives[i].num[k];
		}
		if (!ok(good, "match: \"*\": %s", gives[i].name))
			printf("#   got %d, %s", ret, *said() ? said() : "\n");
	}
	ok(!ddc_rowused(gives[1].row, -1, 0) &&
	    ddc_rowused(gives[1].row, -1, 1) &&
	    !ddc_rowused(gives[1].row, 0, 1) &&
	    ddc_rowused(gives[1].row, 0, 0),
	    "match: \"*\": is used where -s says so");
	ok(ddc_row(gives[1].row, -1) == 1 && ddc_row(gives[1].row, 0) == 0,
	    "match: \"*\": does not count as the first, either");
	okint(ddc_row(gives[6].row, -1), 0,
	    "match: \"*\": of two of them the first");
	d.n = LENGTH(bus);
	unsay();
	/* one that is seen twice: what is usable comes first */
	strcpy(d.bus[6].connector, "card1-DP-2");
	d.bus[6].identified = d.bus[1].mst = 1;
	d.bus[6].id = d.bus[1].id;
	table[0] = (Monitor){ .connector = "DP-2" };
	ok(buses_match(&d, table, -1, 0) == 0 && d.bus[1].row &&
	    !d.bus[6].row, "M6: match: a connector's second bus is not meant");
	d.bus[6].identified = d.bus[1].mst = 0;
	d.bus[6].id = (struct ident){ .product = 0 };
	strcpy(d.bus[6].connector, bus[6].connector);
	/* no EDID, but DDC/CI on one of a connector's two */
	strcpy(d.bus[4].connector, bus[6].connector);
	d.bus[4].fd = 9;
	d.bus[4].identified = 0;
	d.bus[4].id = d.bus[6].id;
	d.bus[6].heard = d.bus[6].identified = 1;
	table[0] = (Monitor){ .connector = "DVI-I-1" };
	ok(buses_match(&d, table, -1, 0) == 0 && d.bus[6].row &&
	    !d.bus[4].row, "M6: match: of two without an EDID who answers");
	d.bus[4].fd = -1;
	d.bus[6].heard = d.bus[6].identified = 0;
	ok(buses_match(&d, two, -1, 0) == 0 && d.bus[0].row == two + 1 &&
	    d.bus[1].row == two && !d.bus[2].row, "match: two rows");
	ok(buses_match(&d, two, 1, 0) == 0 && d.bus[0].row == two + 1 &&
	    !d.bus[1].row, "match: only one row of two");
	two[0] = (Monitor){ .serial = "A1", .host = DP,
	    .guest = { .value = 6, .readback = 0x12 } };
	two[1] = (Monitor){ .manufacturer = "gsm", .connector = "DP-2",
	    .host = DP, .guest = { .value = HDMI1 } };
	ok(buses_match(&d, two, 1, 0) == 0 && d.bus[1].row == two + 1 &&
	    d.bus[1].foreign[0] == 0x12 && !d.bus[1].foreign[1],
	    "M17: match: the guest of another row for the monitor");
	two[0].serial = "A2";
	ok(buses_match(&d, two, 1, 0) == 0 && !d.bus[1].foreign[0],
	    "M17: match: not of a row for another monitor");
	two[0] = (Monitor){ ANY, .guest = { .value = 6 } };
	ok(buses_match(&d, two, -1, 0) == 0 && d.bus[1].row == two + 1 &&
	    !d.bus[1].foreign[0], "M17: match: nor of one that is not used");
	two[1] = (Monitor){ .bus = "i2c-3" };
	two[0] = (Monitor){ .connector = "DP-1" };
	unsay();
	ok(buses_match(&d, two, -1, 0) < 0 && d.bus[0].row == two &&
	    strstr(said(), "monitors[1]: another row has it: monitors[0]"),
	    "match: two rows for one monitor");
	two[0].connector = NULL;
	two[0].serial = "none";
	ok(buses_match(&d, two, -1, 0) < 0 && d.bus[0].row == two + 1,
	    "match: one of two missing, the other found");
	ok(ddc_rowempty(&two[2]) && !ddc_rowempty(&two[1]),
	    "match: the row that ends the table");
}

/* A row that can't be meant ends the program. */
static int
refused(const Monitor *rows)
{
	int status = 0;
	pid_t pid = fork();

	if (!pid) {
		ddc_check(rows);
		_exit(0);
	}
	waitpid(pid, &status, 0);
	return status != 0;
}

static void
testcheck(void)
{
	Monitor m[2] = { { ANY, .host = DP, .guest = { .value = HDMI1 } } };

	ok(!refused(m) && ddc_check(m) == 1, "check: a row");
	m[0].guest.value = DP1;
	ok(refused(m), "check: .host and .guest are the same");
	m[0].guest = (Input){ .code = 0x60, .value = DP1, .readback = 5 };
	ok(refused(m), "M15: check: the same, said in another way");
	m[0].guest = (Input){ .value = 6, .readback = DP1 };
	ok(refused(m), "M15: check: the same is read for both");
	m[0].flags = Blind;
	ok(!refused(m), "M15: check: but nothing is read");
	m[0].flags = 0;
	m[0].guest = (Input){ .value = DP1, .code = 0xf4 };
	ok(!refused(m), "check: another feature");
	m[0].guest = (Input){ .readback = 1 };
	ok(refused(m), "check: no value");
	m[0].guest = (Input){ 0 };
	ok(!refused(m), "check: detected");
	m[1].flags = Blind;
	ok(refused(m), "check: a row that names no monitor");
	okstr(ddc_inputname(USBC1), "USB-C-1", "M11: name of 0x1b", NULL);
	okstr(ddc_inputname(HDMI3), "HDMI-3", "M11: name of 0x13", NULL);
	okstr(ddc_inputname(0x100), "Unknown", "name of 0x100", NULL);
}

static void
testreplies(void)
{
	enum { Cuts = 11 };
	static struct test t[LENGTH(replies) + 2 * Cuts];
	static char name[LENGTH(t)][80];
	struct run *r = mmap(NULL, LENGTH(t) * sizeof(*r), PROT_READ |
	    PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	char got[1024];
	const char *given;
	size_t i, k, j;

	for (i = 0; i < LENGTH(t); i++) {
		t[i].m.value = i < LENGTH(replies) &&
		    replies[i].writes == unsup ? 0x11 : 0x0f;
		t[i].m.nraw = 1;
		t[i].row.manufacturer = "*";
		t[i].row.host.value = DP1;
		t[i].order.op = DdcSwitch;
		t[i].order.side = Host;
		t[i].order.limit = Limit;
		if (i < LENGTH(replies)) {
			t[i].m.raw = replies[i].hex;
			t[i].writes = replies[i].writes;
			t[i].m.fill = 0xff;
			snprintf(name[i], 80, "reply: %s", replies[i].name);
		} else {
			k = i - LENGTH(replies);
			t[i].m.raw = replies[0].hex;
			t[i].writes = retry;
			t[i].m.fill = k < Cuts ? 0x00 : 0xff;
			t[i].m.cut = k % Cuts + 1;
			snprintf(name[i], 80, "reply: %d bytes, then 0x%02x",
			    t[i].m.cut - 1, t[i].m.fill);
		}
	}
	for (i = 0; i < LENGTH(t); i++) {
		start(&r[i], &t[i]);
		if (i % 16 != 15 && i != LENGTH(t) - 1)
			continue;
		for (k = i / 16 * 16; k <= i; k++)
			finish(&r[k]);
	}
	for (i = 0; i < LENGTH(t); i++) {
		*got = '\0';
		for (k = 0; k < r[i].fake.nx; k++) {
			if (r[i].fake.x[k].read)
				continue;
			strcat(got, *got ? " " : "");
			for (j = 0; j < r[i].fake.x[k].n; j++)
				sprintf(got + strlen(got), "%02x",
				    r[i].fake.x[k].b[j]);
		}
		given = t[i].m.raw;
		okstr(*r[i].fake.wrong ? r[i].fake.wrong : got,
		    t[i].writes, name[i], given);
		delays(&r[i]);
	}
	munmap(r, LENGTH(t) * sizeof(*r));
}

/* What -d prints: a row in C, that fits no other monitor there is. */
static void
testrows(void)
{
	static const struct {
		const char *name, *model, *serial, *connector;
		uint32_t serialno;
		unsigned product;
	} bus[] = {
		{ "alone", "P2417H", "X1", "card0-DP-1", 7, 1 },
		{ "quotes", "19\" \\LCD\"", "", "card0-DP-2", 7, 1 },
		{ "no text", "", "", "card0-DP-3", 7, 0x423a },
		{ "twin by number", "T", "", "card0-DP-4", 8, 2 },
		{ "its twin", "T", "", "card0-DP-5", 9, 2 },
		{ "twin by connector", "U", "S", "card0-DP-6", 8, 2 },
		{ "its twin", "U", "S", "card0-DP-7", 8, 2 },
		{ "twin by bus", "V", "S", "", 8, 2 },
		{ "its twin", "V", "S", "", 8, 2 },
	};
	static const char *const want[LENGTH(bus)] = {
		".model = \"P2417H\", .serial = \"X1\"",
		".model = \"19\\\" \\\\LCD\\\"\"",
		".product = 0x423a",
		".model = \"T\", .serialno = 0x8",
		".model = \"T\", .serialno = 0x9",
		".model = \"U\", .serial = \"S\", .connector = "
		    "\"card0-DP-6\"",
		".model = \"U\", .serial = \"S\", .connector = "
		    "\"card0-DP-7\"",
		".model = \"V\", .serial = \"S\", .bus = \"i2c-7\"",
		".model = \"V\", .serial = \"S\", .bus = \"i2c-8\"",
	};
	static struct buses d = { .n = LENGTH(bus) };
	char got[RowText], whole[RowText];
	Monitor row;
	size_t i;

	for (i = 0; i < LENGTH(bus); i++) {
		sprintf(d.bus[i].name, "i2c-%zu", i);
		d.bus[i].value = i ? -1 : 0x0f;
		d.bus[i].fd = 1;
		d.bus[i].identified = 1;
		strcpy(d.bus[i].id.manufacturer, "ABC");
		strcpy(d.bus[i].id.model, bus[i].model);
		strcpy(d.bus[i].id.serial, bus[i].serial);
		strcpy(d.bus[i].connector, bus[i].connector);
		d.bus[i].id.serialno = bus[i].serialno;
		d.bus[i].id.product = bus[i].product;
	}
	for (i = 0; i < LENGTH(bus); i++) {
		bus_row(got, &d, &d.bus[i]);
		snprintf(whole, sizeof(whole), "{ .manufacturer = \"ABC\", "
		    "%s%s },", want[i], i ? "" :
		    ",\n\t  .host = { .value = 0x0f }");
		okstr(got, whole, bus[i].name, NULL);
	}
	d.bus[0].learned = (unsigned[]){ 0, 0, 0x1234 };
	bus_row(got, &d, &d.bus[0]);
	ok(strstr(got, ".host = { .value = 0x0f }, "
	    ".guest = { .value = 0x1234 } },") != NULL, "row: both inputs");
	d.bus[0].learned = NULL;
	memcpy(d.bus[0].input, "\xff\x0f\x11", 3);
	d.bus[0].ninput = 3;
	bus_row(got, &d, &d.bus[0]);
	ok(strstr(got, ".guest = { .value = 0x11 } },") != NULL,
	    "M7: row: ff is no input");
	row = (Monitor){ ANY, .host = DP, .guest = { .value = HDMI2 } };
	d.bus[0].row = &row;
	bus_row(got, &d, &d.bus[0]);
	ok(strstr(got, ".host = { .value = 0x0f }, "
	    ".guest = { .value = 0x12 } },") != NULL,
	    "row: the guest's as config.h has it");
	d.bus[0].value = HDMI2;
	bus_row(got, &d, &d.bus[0]);
	ok(strstr(got, ".host = { .value = 0x0f }, "
	    ".guest = { .value = 0x12 } },") != NULL,
	    "row: so it is while that is shown");
	row.guest = (Input){ .value = 6, .readback = HDMI2 };
	bus_row(got, &d, &d.bus[0]);
	ok(strstr(got, ".host = { .value = 0x0f }, "
	    ".guest = { .value = 0x06 } },") != NULL,
	    "row: or what is read while it is");
	row.guest.code = 0xf4;
	d.bus[0].value = DP1;
	bus_row(got, &d, &d.bus[0]);
	ok(strstr(got, ".guest = { .value = 0x11 } },") != NULL,
	    "row: not a value of another feature");
	d.bus[0].row = NULL;
	d.bus[0].id = (struct ident){ .product = 0 };
	bus_row(got, &d, &d.bus[0]);
	ok(strstr(got, "{ .connector = \"card0-DP-1\", .bus = \"i2c-0\",") ==
	    got, "M6: row: without an EDID it is the bus");
	ok(bus_usable(&d, &d.bus[7]) && bus_usable(&d, &d.bus[8]),
	    "twins without a hub are two");
	/* seen on two buses of one card, one of them a hub's */
	d.bus[8].mst = 1;
	ok(!bus_usable(&d, &d.bus[7]) && bus_usable(&d, &d.bus[8]),
	    "of two with one EDID the hub's counts");
	d.bus[8].identified = 0;
	ok(bus_usable(&d, &d.bus[7]), "not if only the other one answers");
	d.bus[8].identified = 1;
	strcpy(d.bus[8].card, "another");
	ok(bus_usable(&d, &d.bus[7]), "on another card it is another one");
}

static void
testruns(void)
{
	struct run *r = mmap(NULL, LENGTH(runs) * sizeof(*r), PROT_READ |
	    PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	static char got[16384], want[16384];
	static const char *const result[] = { "bounced", "unknown", "failed",
	    "silent", "futile", "left", "sent", "quiet", "confirmed" };
	const struct test *t;
	const struct bus *rec;
	const struct fake *f;
	size_t i, k, j;

	for (i = 0; i < LENGTH(runs); i++)
		start(&r[i], &runs[i]);
	for (i = 0; i < LENGTH(runs); i++) {
		finish(&r[i]);
		t = &runs[i];
		f = &r[i].fake;
		rec = &r[i].rec;
		/* what config.h says is not learned */
		snprintf(want, sizeof(want), "%s host %02x guest %02x",
		    result[t->result], t->row.host.value ? 0 : t->gothost,
		    t->row.guest.value ? 0 : t->gotguest);
		snprintf(got, sizeof(got), "%s host %02x guest %02x",
		    r[i].nrec == 1 ? result[rec->result] : "no record",
		    r[i].learned[Host], r[i].learned[Guest]);
		if (t->value) {
			sprintf(want + strlen(want), " value %d", t->value);
			sprintf(got + strlen(got), " value %d", rec->value);
		}
		if (t->inputs) {
			sprintf(want + strlen(want), " inputs %s", t->inputs);
			strcat(got, " inputs");
			for (k = 0; k < rec->ninput; k++)
				sprintf(got + strlen(got), " %02x",
				    rec->input[k]);
		}
		if (t->writes) {
			sprintf(want + strlen(want), "\n%s%s",
			    *t->writes ? " " : "", t->writes);
			strcat(got, "\n");
			for (k = 0; k < f->nx && !(t->more &&
			    strlen(got) >= strlen(want)); k++) {
				if (f->x[k].read || f->x[k].addr != 0x37)
					continue;
				strcat(got, " ");
				for (j = 0; j < f->x[k].n; j++)
					sprintf(got + strlen(got), "%02x",
					    f->x[k].b[j]);
			}
		}
		sprintf(want + strlen(want), "\n%s", t->says ? t->says : "");
		sprintf(got + strlen(got), "\n%s", t->says &&
		    strstr(r[i].said, t->says) ? t->says : r[i].said);
		strcat(got, f->wrong);
		okstr(got, want, t->name, NULL);
		delays(&r[i]);
		if (t->order.gap)
			ok(f->nx > 2 && f->x[2].ns - Transfer - f->x[1].ns >=
			    t->order.gap * 1000000, "%s: is kept", t->name);
		if (t->m.nak)
			ok(r[i].end - r[i].begin < (t->order.limit + 1000) *
			    1000000, "%s: within the limit", t->name);
		if (t->messages)
			ok(f->nx <= t->messages, "%s: %zu messages", t->name,
			    f->nx);
		if (t->kept)
			okint(f->unlocks, 0, "nobody else may come between");
		if (t->quick)
			ok(rec->replywait <= 40, "%s: %ld ms", t->name,
			    (long)rec->replywait);
		if (t->shared)
			ok(f->unlocks > 0, "%s: others may use the bus",
			    t->name);
		if (t->least || t->most)
			ok(r[i].end - r[i].begin >= t->least * 1000000 &&
			    (!t->most || r[i].end - r[i].begin < t->most *
			    1000000), "%s: %ld ms", t->name, (long)
			    ((r[i].end - r[i].begin) / 1000000));
		if (t->later)
			ok(f->nx && f->x[0].ns >= r[i].notbefore * 1000000,
			    "%s: nothing sent before", t->name);
		if (t->order.op == DdcIdentify && t->m.edid)
			okstr(rec->identified ? rec->id.model : "",
			    "DELL S2722DGM", "model of the EDID read", NULL);
	}
	munmap(r, LENGTH(runs) * sizeof(*r));
}

static struct {
	int done, sent; /* so often; sent before done */
	enum evidence evidence;
} told;
static msec orderlimit = 20000;

static void
sent(msec now)
{
	(void)now;
	told.sent += !told.done;
}

static void
done(enum evidence e, msec now)
{
	(void)now;
	told.done++;
	told.evidence = e;
}

/* An order, until something is told; its time has gone by. */
static void
order(struct ddc *d, enum ddcop op, enum side side)
{
	const struct bus *b;

	memset(&told, 0, sizeof(told));
	ddc_order(d, (struct order)RUN(op, side, 0, orderlimit),
	    loop_clock());
	while (!told.done)
		loop_turn(loop_clock());
	for (b = d->buses.bus; b < d->buses.bus + d->buses.n; b++)
		if (lapsed < b->notbefore * 1000000)
			lapsed = b->notbefore * 1000000;
}

/* Whole orders, to one bus that is found already. */
static void
testorders(void)
{
	static const struct loopops loopops;
	static struct ddc d;
	static const Monitor rows[] = {
		{ .manufacturer = "AAA", .host = DP,
		  .guest = { .value = HDMI1 } },
		{ 0 }
	};
	static const Monitor both[] = {
		{ .manufacturer = "AAA", .host = DP,
		  .guest = { .value = HDMI1 } },
		{ .manufacturer = "BBB", .host = DP,
		  .guest = { .value = HDMI1 } },
		{ 0 }
	};
	static const Monitor any[] = { { ANY }, { 0 } };
	static const Monitor wild[] = {
		{ ANY, .host = DP, .guest = { .value = HDMI1 } }, { 0 }
	};
	struct ident id;
	struct bus *b = &d.buses.bus[0];

	loop_open(&loopops);
	fakes = mmap(NULL, 2 * sizeof(*fakes), PROT_READ | PROT_WRITE,
	             MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	fakes->m.value = DP1;
	ddc_share(&d);
	ddc_open(&d, rows, -1, 50, done, sent);
	telling.fd = dup(d.told.fd); /* which children close */
	d.buses.n = 1;
	b->fd = FakeFd;
	b->identified = 1;
	b->fresh = 1;
	strcpy(b->name, "i2c-0");
	strcpy(b->node, "/dev/i2c-none");
	strcpy(b->card, "/card");
	strcpy(b->id.manufacturer, "AAA");
	strcpy(b->id.model, "M");
	id = b->id;

	order(&d, DdcSwitch, Guest);
	ok(told.done == 1 && told.evidence == DdcConfirmed &&
	    fakes->m.value == HDMI1 && d.phase == DdcIdle, "order: a switch");
	okint(told.sent, 1, "order: it was told that it was sent");
	okint(ddc_input(&d, rows, Host), DP1, "order: the host's input");
	ok(ddc_bus(&d, rows) == b, "order: the monitor");
	d.rows = both;
	d.buses.n = 2;
	b[1] = *b;
	b[1].fd++;
	b[1].id.manufacturer[0] = b[1].id.manufacturer[1] =
	    b[1].id.manufacturer[2] = 'B';
	fakes[1].m.value = DP1;
	fakes[0].m.meets = fakes[1].m.meets = 1;
	fakes[0].nx = 0;
	order(&d, DdcSwitch, Host);
	ok(told.evidence == DdcConfirmed && fakes[0].m.value == DP1 &&
	    fakes[1].m.value == DP1, "order: two buses at once");
	fakes[0].m.meets = fakes[1].m.meets = 0;
	fakes[0].m.value = HDMI1;
	fakes[1].m.nak = EIO;
	orderlimit = 1500;
	order(&d, DdcSwitch, Guest);
	ok(told.evidence == DdcFailed && !told.sent,
	    "order: one of two has it: it was not sent");
	d.rows = rows;
	d.buses.n = 1;
	orderlimit = 20000;
	order(&d, DdcVerify, Guest);
	ok(told.done && told.evidence == DdcConfirmed && !told.sent,
	    "order: it has lasted");
	fakes->m.value = DP1;
	unsay();
	order(&d, DdcVerify, Guest);
	ok(told.done && told.evidence == DdcBounced &&
	    strstr(said(), "but it went back to 0x0f"), "order: it went back");
	fakes->m.nak = ENODEV;
	order(&d, DdcSwitch, Guest);
	ok(told.evidence == DdcFailed && !told.sent, "order: nobody answers");
	fakes->m.nak = 0;
	d.rows = wild;
	fakes->m.edid = DELL;
	fakes->m.shows = 0x12;
	order(&d, DdcSwitch, Guest);
	okint(b->own, 0x12, "M17: order: what was read for our own guest");
	fakes->m.shows = b->identified = 0;
	order(&d, DdcVerify, Guest);
	ok(told.evidence == DdcSent && b->identified, "order: what can't be "
	    "looked at later is not, though its EDID is read again");
	d.rows = rows;
	b->id = id;
	fakes->m.hang = 1;
	b->id.manufacturer[0] = 'B';
	orderlimit = 1200;
	b->identified = 0;
	unsay();
	order(&d, DdcSwitch, Guest);
	ok(told.evidence == DdcFailed && strstr(said(), "card hangs"),
	    "order: a bus that hangs may have the monitor");
	fakes->m.hang = 0;
	b->identified = 1;
	orderlimit = 20000;
	unsay();
	order(&d, DdcSwitch, Guest);
	ok(told.evidence == DdcFutile && strstr(said(),
	    "monitors[0]: not found"), "order: another monitor");
	ok(!ddc_bus(&d, rows), "order: which has no row");
	b->id.manufacturer[0] = 'A';
	ddc_order(&d, (struct order)RUN(DdcSwitch, Guest, 0, 20000),
	    loop_clock());
	order(&d, DdcSwitch, Host);
	ok(told.done == 1 && told.evidence == DdcConfirmed &&
	    fakes->m.value == DP1, "order: the last one counts");
	fakes->m.lose = 99;
	order(&d, DdcSwitch, Guest);
	ok(told.sent == 1 && told.evidence == DdcFailed,
	    "order: it was sent, which is no proof");
	fakes->m.lose = 0;
	order(&d, DdcSwitch, Host);
	d.rows = any;
	unsay();
	order(&d, DdcSwitch, Guest);
	ok(told.evidence == DdcUnknown && strstr(said(), "is not known: ") &&
	    strstr(said(), ".model = \"M\"") &&
	    strstr(said(), ".host = { .value = 0x0f }"),
	    "order: nothing is known");
	ddc_uevent(&d, "i2c-dev", "remove", b->node);
	ok(b->fd < 0 && b->error == ENODEV && d.buses.stale,
	    "order: the bus is gone");
	d.buses.n = 0;
	ddc_cancel(&d);
	fakes = NULL;
}

static unsigned char
xorsum(unsigned seed, const unsigned char *p, size_t n)
{
	while (n--)
		seed ^= *p++;
	return seed;
}

int
main(void)
{
	tapbegin(900);
	saidbegin();
	testmatch();
	testrows();
	testcheck();
	testorders();
	testident();
	testcaps();
	testruns();
	testreplies();
	printf("# %ld reads after requests, the least wait %lld us; %ld other "
	    "gaps, the least %lld us\n", gaps40, (long long)least40 / 1000,
	    gaps50, (long long)least50 / 1000);
	ok(gaps40 > 100 && least40 >= 40000000,
	    "40 ms from each request to the read");
	ok(gaps50 > 100 && least50 >= 50000000,
	    "50 ms after each reply, Set and error");
	return tapend();
}
