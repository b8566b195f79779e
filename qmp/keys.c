/* See LICENSE for copyright and licence details.
 *
 * QEMU's names of keys (QKeyCode, qapi/ui.json of 10.0). It refuses what it
 * does not know yet. */
#include <string.h>

#include "inner.h"

/* Codes go along the rows of a keyboard: a name is that of the code after the
 * one before. */
static const char *const qcode[KEY_CNT] = {
	[KEY_ESC] = "esc", "1", "2", "3", "4", "5", "6", "7", "8", "9", "0",
	"minus", "equal", "backspace",
	[KEY_TAB] = "tab", "q", "w", "e", "r", "t", "y", "u", "i", "o", "p",
	"bracket_left", "bracket_right", "ret",
	[KEY_LEFTCTRL] = "ctrl", "a", "s", "d", "f", "g", "h", "j", "k", "l",
	"semicolon", "apostrophe", "grave_accent",
	[KEY_LEFTSHIFT] = "shift", "backslash", "z", "x", "c", "v", "b", "n",
	"m", "comma", "dot", "slash", "shift_r", "kp_multiply",
	[KEY_LEFTALT] = "alt", "spc", "caps_lock",
	[KEY_F1] = "f1", "f2", "f3", "f4", "f5", "f6", "f7", "f8", "f9", "f10",
	[KEY_NUMLOCK] = "num_lock", "scroll_lock",
	[KEY_KP7] = "kp_7", "kp_8", "kp_9", "kp_subtract",
	[KEY_KP4] = "kp_4", "kp_5", "kp_6", "kp_add",
	[KEY_KP1] = "kp_1", "kp_2", "kp_3", "kp_0", "kp_decimal",
	[KEY_102ND] = "less", "f11", "f12", "ro",
	[KEY_HIRAGANA] = "hiragana", "henkan", "katakanahiragana", "muhenkan",
	[KEY_KPENTER] = "kp_enter", "ctrl_r", "kp_divide", "print", "alt_r",
	"lf", "home", "up", "pgup", "left", "right", "end", "down", "pgdn",
	"insert", "delete",
	[KEY_MUTE] = "audiomute", "volumedown", "volumeup", "power",
	"kp_equals",
	[KEY_PAUSE] = "pause",
	[KEY_KPCOMMA] = "kp_comma", "lang1", "lang2", "yen", "meta_l",
	"meta_r", "compose", "stop", "again", "props", "undo", "front", "copy",
	"open", "paste", "find", "cut", "help", "menu", "calculator",
	[KEY_SLEEP] = "sleep", "wake",
	[KEY_MAIL] = "mail", "ac_bookmarks", "computer", "ac_back",
	"ac_forward",
	[KEY_NEXTSONG] = "audionext", "audioplay", "audioprev", "audiostop",
	[KEY_HOMEPAGE] = "ac_home", "ac_refresh",
	[KEY_F13] = "f13", "f14", "f15", "f16", "f17", "f18", "f19", "f20",
	"f21", "f22", "f23", "f24",
	[KEY_MEDIA] = "mediaselect",
};

const char *
qmp_keysince(unsigned code)
{
	return code == KEY_HANGEUL || code == KEY_HANJA ? "6.1" :
	    code >= KEY_F13 && code <= KEY_F24 ? "8.0" : NULL;
}

const char *
qmp_keyname(unsigned code)
{
	return code < KEY_CNT ? qcode[code] : NULL;
}

/* Two keys have two names; and two of ours. */
unsigned
qmp_keycode(const char *name)
{
	unsigned k;

	if (!strcmp(name, "asterisk") || !strcmp(name, "sysrq"))
		return *name == 'a' ? KEY_KPASTERISK : KEY_SYSRQ;
	if (!strcasecmp(name, "super") || !strcasecmp(name, "win"))
		return KEY_LEFTMETA;
	for (k = KEY_CNT - 1; k; k--)
		if (qcode[k] && !strcasecmp(name, qcode[k]))
			break;
	return k;
}
