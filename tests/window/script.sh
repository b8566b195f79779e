#!/bin/sh
# The program with a front that is no window system, see script.c: all that is
# above window/front.h, with a real QEMU and a simulated monitor, and without X.
# Prints TAP.
#
# usage: script.sh [PART...]  the names of functions below; all without one
set -u
cd "$(dirname "$0")/../.." || exit
. tests/lib/test.sh

SCRIPT_PARTS="shown others keys grabs presents words closed lost"

# ---- the front ----

# front LINE... : it does that, at once
front() {
	marked_told=$(wc -l <"$SCRIPT/told")
	printf '%s\n' "$@" >&5
}

told() {
	tail -n "+$((marked_told + 1))" "$SCRIPT/told" | grep -q -x -e "$1"
}

# asked LINE... : all of that since it was told something
asked() {
	for line; do
		wait_for 5 told "$line" || {
			tail -n "+$((marked_told + 1))" "$SCRIPT/told"
			return 1
		}
	done
}

# unasked LINE : of what was asked until now it is none
unasked() {
	echo sync >&5
	asked sync && not told "$1"
}

# The program, with what X has left out.
build_script() {
	static=
	case $(${CC:-cc} --version) in
	*clang*) ;;
	*) static=-static-libasan ;;
	esac
	set --
	for object in "$PROGRAM_CACHE"/sanitized/*.o; do
		case ${object##*/} in
		window-x*) ;;
		*) set -- "$@" "$object" ;;
		esac
	done
	compiler $sanitized $static "-I$dir/conf" -I. -o "$dir/stub" \
		screenstub.c tests/window/script.c "$@" -ludev
}

# Its fifo is open here too, so that nobody waits for who has died.
begin() {
	rm -f "$SCRIPT/in"
	mkfifo "$SCRIPT/in"
	exec 5<>"$SCRIPT/in"
	[ ! -f "$dir/log" ] || mv "$dir/log" "$dir/log.$((runs += 1))"
	marked_told=$(wc -l <"$SCRIPT/told")
	monitored_start "$dir/stub" -VV -q "$dir/vm/qmp" -a "$dir/vm/qga" \
		2>"$dir/log"
	stub=$monitored
	asked 'open .*' || { cat "$dir/log"; return 1; }
}

# The guest is shown, and keys go there.
guest() {
	front 'visible 1' 'focused 1'
	wait_for 10 shows 0x11
	wait_for 10 guestknown
}

# goes TEXT INPUT LINE... : by that the monitor shows another input
goes() {
	text1=$1 input=$2
	shift 2
	front "$@"
	check "$text1" wait_for 10 shows "$input"
	wait_for 10 restknown
}

# It is at rest, and knows it.
restknown() {
	grep 'show: [a-z]* -> ' "$dir/log" | tail -n 1 |
		grep -q -e 'rests$' -e 'watches$'
}

switches() {
	count 'show: .* -> runs'
}

# stays TEXT LINE... : by that no switch begins
stays() {
	text1=$1
	shift
	before=$(switches)
	front "$@" sync
	asked sync
	check "$text1" is "$(switches)" "$before"
}

# ---- parts ----

shown() {
	check "it is opened, with its name, where it belongs" \
		asked 'open screenstub left'
	check "-e status: which front" has 'front script' 'shown unknown'
	goes "visible: the guest" 0x11 'visible 1'
	check "which must not go dark" asked 'awake 1'
	goes "hidden: the host" 0x0f 'visible 0'
	check "which may" asked 'awake 0'
	goes "visible again: the guest" 0x11 'visible 1'
	stays "Auto: the focus does not count" 'focused 1' 'focused 0'
	goes "Auto: it is not visible what the user sees: it does" 0x0f 'sees 0'
	check "that is written in the window" \
		asked 'text .*: the window has not the focus.'
	goes "the focus comes: the guest" 0x11 'focused 1'
	check "and nothing is written" asked text
	goes "hidden, with the focus: the host" 0x0f 'visible 0'
	goes "visible: the guest" 0x11 'visible 1'
	goes "the focus goes: the host" 0x0f 'focused 0'
	goes "it is visible again what the user sees: the guest" 0x11 'sees 1'
	stays "no longer, with the focus: the guest stays" 'focused 1' 'sees 0'
	goes "then the focus goes: the host" 0x0f 'focused 0'
	goes "and is no matter again: the guest" 0x11 'sees 1'
}

others() {
	guest
	goes "blanked: the host" 0x0f 'blanked 1'
	goes "on again: the guest" 0x11 'blanked 0'
	goes "what looks elsewhere: the host" 0x0f 'elsewhere 1'
	goes "is back: the guest" 0x11 'elsewhere 0'
	set --
	while [ $# -lt 50 ]; do
		set -- "$@" 'leave 0'
	done
	stays "in a turmoil it may be hidden for a moment" 'turmoil 60000' \
		'visible 0' "$@" 'visible 1' 'turmoil 0'
	before=$(switches)
	front 'visible 0' "$@" 'visible 1'
	check "without one it may not" wait_for 5 more 'show: .* -> runs' \
		"$before"
	guest
}

keys() {
	guest
	mark
	front 'key 30 1' 'key 30 0' 'key 272 1' 'key 272 0'
	check "keys and buttons" gets "EV_KEY 30 1" "EV_KEY 30 0" \
		"EV_KEY 272 1" "EV_KEY 272 0"
	mark
	front 'place 1 1'
	check "the pointer's place" gets "EV_ABS 0 32767" "EV_ABS 1 32767"
	mark
	front 'wheel 0 0.5' 'wheel 0 0.5' 'wheel 0 -1'
	check "the wheel, by whole notches" gets "EV_REL 8 1" "EV_REL 8 -1"
	mark
	front 'key 30 1' 'key 42 1' 'leave 0' 'key 30 1' 'fresh 30' 'key 30 1' \
		'key 30 0' 'key 48 1' 'key 48 0'
	check "held over a leave: up, and no repeat until it is released" gets \
		"EV_KEY 30 1" "EV_KEY 42 1" "EV_KEY 94 1" "EV_KEY 94 0" \
		"EV_KEY 30 0" "EV_KEY 42 0" "EV_KEY 48 1" "EV_KEY 48 0"
	mark
	front 'key 42 1' 'key 30 1' 'leave 1' 'keymap 42' 'key 48 1' \
		'key 48 0' 'key 42 0'
	check "another has the keyboard for a moment: modifiers stay" gets \
		"EV_KEY 42 1" "EV_KEY 30 1" "EV_KEY 30 0" "EV_KEY 48 1" \
		"EV_KEY 48 0" "EV_KEY 42 0"
	mark
	front 'key 42 1' 'key 30 1' 'leave 1' 'keymap'
	check "they were released meanwhile" gets \
		"EV_KEY 42 1" "EV_KEY 30 1" "EV_KEY 30 0" "EV_KEY 42 0"
	mark
	front 'key 30 1'
	wait_for 5 arrived "EV_KEY 30 1"
	front 'visible 0'
	wait_for 10 shows 0x0f
	check "hidden: what is held goes up" gets "EV_KEY 30 1" "EV_KEY 30 0"
	guest
	mark
	front 'key 30 1' 'key 30 0' 'key 48 1' 'key 48 0'
	check "and is not the guest's until it is released" gets \
		"EV_KEY 48 1" "EV_KEY 48 0"
	"$dir/stub" -e showhost
	mark
	front 'key 31 1' 'key 31 0' 'key 272 1' 'key 272 0' 'place 1 1' sync
	asked sync
	"$dir/stub" -e showguest
	front 'key 48 1' 'key 48 0'
	check "what is done while the host is shown goes nowhere" gets \
		"EV_KEY 48 1" "EV_KEY 48 0"
	mark
	goes "a hotkey: the host" 0x0f \
		'key 29 1' 'key 56 1' 'key 102 1' 'key 102 0'
	goes "the same: the guest" 0x11 \
		'key 102 1' 'key 102 0' 'key 56 0' 'key 29 0'
	check "which does not get it" not arrived 'EV_KEY 102 .*'
	front 'key 29 1' 'key 56 1' 'key 42 1' 'key 14 1' 'key 14 0' \
		'key 42 0' 'key 56 0' 'key 29 0'
	check "the emergency's chord: the host" wait_for 10 shows 0x0f
	check "and keys of the host are to go up" asked 'unstick all'
	"$dir/stub" -e showguest
}

grabs() {
	guest
	front sync
	"$dir/stub" -e grab x
	check "a row is asked for" asked 'grab 7'
	check "and not held before it is had" has 'grab none'
	mark
	front 'place 0.5 0' 'place 0.25 0.5'
	check "nor the pointer taken" wait_for 5 arrived "EV_ABS 1 16384"
	front 'grabbed 7'
	check "it is" wait_for 5 has 'grab x'
	mark
	front 'place 0 0' 'move 5 -3'
	check "the pointer moves as the mouse does" wait_for 5 eval '
		arrived "EV_REL 0 5" && arrived "EV_REL 1 -3"'
	check "it is not placed" not arrived 'EV_ABS .*'
	front sync
	"$dir/stub" -e grab keys
	check "another row adds up" asked 'grab 7'
	front 'grabbed 7'
	check "both are held" wait_for 5 has 'grab keys x'
	front 'grabbed 1'
	check "the pointer is taken away: the rest is asked for" asked 'grab 1'
	check "and held" wait_for 5 has 'grab keys'
	front sync
	"$dir/stub" -e grab x
	asked 'grab 7'
	front 'grabbed 1'
	check "it is refused" asked 'grab 1'
	check "the other is held" wait_for 5 has 'grab keys'
	front 'visible 0'
	check "hidden: all are given up" asked 'grab 0'
	check "and none is held" wait_for 5 has 'grab none'
	wait_for 10 shows 0x0f
	front 'visible 1'
	check "shown again: asked for again, but for what was refused" \
		asked 'grab 1'
	front 'grabbed 1'
	check "and held again" wait_for 5 has 'grab keys'
	front sync
	"$dir/stub" -e ungrab keys
	check "given up" asked 'grab 0'
	front sync
	"$dir/stub" -e grab x
	asked 'grab 7'
	front 'grabbed 7'
	wait_for 5 has 'grab x'
	front 'key 29 1' 'key 56 1' 'key 42 1' 'key 14 1' 'key 14 0' \
		'key 42 0' 'key 56 0' 'key 29 0'
	check "the emergency's chord ends it" asked 'grab 0'
	"$dir/stub" -e showguest
}

presents() {
	guest
	goes "hidden" 0x0f 'visible 0'
	front sync
	"$dir/stub" -e toggleshow
	check "toggleshow: the window is to be presented" asked present
	check "and the guest is shown" shows 0x11
	guest
	goes "hidden" 0x0f 'visible 0'
	front sync
	"$dir/stub" -e showguest
	check "showguest: the same" asked present
	guest
	front 'focused 0' sync
	asked sync
	"$dir/stub" -e showguest
	check "visible without the focus: the same" asked present
	front 'focused 1' sync
	asked sync
	"$dir/stub" -e showguest
	check "with the focus: it is there" unasked present
	front sync
	check "toggleshow: the host" "$dir/stub" -e toggleshow
	check "the window stays what it is" unasked 'present\|away'
	"$dir/stub" -e showguest
	front sync
	check "togglewindow: the host" "$dir/stub" -e togglewindow
	check "and the window is to go" asked away
	front 'visible 0' 'focused 0' sync
	asked sync
	check "the same again: the guest" "$dir/stub" -e togglewindow
	check "and the window is to be presented" asked present
	guest
	check "and not to go" unasked away
	echo silent >"$monitor_dir/ctl"
	front sync
	check "the monitor is silent: togglewindow fails" \
		not "$dir/stub" -e togglewindow
	check "and the window stays" unasked away
	echo -silent >"$monitor_dir/ctl"
	"$dir/stub" -e showguest
}

words() {
	guest
	front sync
	"$dir/stub" -e showhost
	check "it is written why the guest is not shown" \
		asked 'text The guest is not shown: the host was asked for.'
	front sync
	"$dir/stub" -e showguest
	check "and nothing while it is" asked text
	front sync
	check "keys of the host can't be released: an action fails" \
		not "$dir/stub" -e unstickhost
	check "it was tried" asked 'unstick all'
	check "and it is said what to do" logged \
		'unstickhost: script lets no program .*(press and release'
	front 'releases 1' sync
	asked sync
	check "they can" "$dir/stub" -e unstickhost
	check "a chord for all windows: said that there is none" logged \
		'hotkeys\[0\]: Global: '
}

closed() {
	guest
	front close
	check "closed by its user: the host" wait_for 10 shows 0x0f
	wait_for 10 restknown
	check "it runs" has 'shown host'
	check "closed again: it ends" stopped 0 front close
	begin
	guest
	check "told to end: the host" stopped 0 kill "$stub"
	check "no front: it ends" says "can't connect to the X server (is DISPLAY" \
		env -u SCRIPT -u WAYLAND_DISPLAY "$dir/stub" -q "" -a ""
	check "no front, and Wayland is there: it is said how to have that" \
		says 'and Wayland is not built in (make WAYLAND=1)' \
		env -u SCRIPT WAYLAND_DISPLAY=wayland-9 "$dir/stub" -q "" -a ""
}

lost() {
	guest
	mark
	front 'key 30 1'
	wait_for 5 arrived "EV_KEY 30 1"
	check "the window system is gone: the host, status 1" \
		stopped 1 front gone
	check "and what was held is released" gets "EV_KEY 30 1" "EV_KEY 30 0"
}

# ---- all of it ----

wants $BUILD_PACKAGES $MONITOR_PACKAGES $GUEST_PACKAGES
lab
unset DISPLAY WAYLAND_DISPLAY
export SCRIPT="$dir/script"
mkdir "$SCRIPT" "$dir/conf"
: >"$SCRIPT/told"
[ $# != 0 ] || set -- $SCRIPT_PARTS
# no time in which a wish could be taken back; rows of all kinds
sed 's/.manufacturer = "\*"/&, .output = "left", .host = { .value = DP1 }/
	s/Settle = 48/Settle = 0/; s/Throttle = 100/Throttle = 0/
	/^static const Grab grabs/a { "keys", Window, 0, 0, 0, NULL, NULL },
	/^static const Hotkey hotkeys/a { KEY_F12, Meta, Global, toggleshow, { 0 } },
	' config.def.h >"$dir/conf/config.h"
program_prepare "$cache" || exit
check "builds without X" build_script
[ "$failed" = 0 ] || finish
monitor_prepare "$cache" && guest_or_skip "$cache" || exit
check "the lab: monitors" monitor_start "$dir/monitor" -d tests/lib/demo.tsv
check "the lab: a guest" guest_start "$dir/vm"
check "the lab: its devices" guest_wait "$dir/vm" 120

before() {
	[ "$stub" ] || check "it starts" begin
	[ "$failed" = 0 ] || kill -0 "$stub" 2>/dev/null || finish
}

parts "$@"
unharmed
finish
