/* For dwm: three pieces of its config.h; rebuild dwm afterwards.
 *
 * The window gets tag 9 for itself: to look at the guest, view that tag. */

/* a row of rules[], before the others
 *	class         instance title tags    isfloating monitor */
	{ "screenstub", NULL,  NULL, 1 << 8, 0,         -1 },

/* beside the other commands */
static const char *togglecmd[] = { "screenstub", "-e", "toggleshow", NULL };

/* a row of keys[]: it works whatever has the focus, but not while screenstub
 * holds a grab, for then the guest gets it */
	{ MODKEY|ShiftMask, XK_F1, spawn, {.v = togglecmd } },
