#!/bin/sh
# The program as a whole under Wayland: sway, real QEMU and agent, a simulated
# monitor.  Prints TAP.
#
# usage: wayland.sh [PART...]  the names of functions below; all without one
set -u
cd "$(dirname "$0")/../.." || exit
. tests/lib/test.sh
. tests/lib/wayland.sh

# those of the first line have one instance of the program
WAYLAND_TOGETHER="switches text keys presents grabs files virtualmachine
	hung"
WAYLAND_PARTS="$WAYLAND_TOGETHER leaves killed outputs auto xfront rest"

leave() {
	wayland_stop
}

# ---- what start and others want of a screen ----

# Ours is on workspace 1.
desktop() {
	sways workspace $((2 - $1))
}

screen_window() {
	:
}

# ---- the truth ----

# black [OUTPUT] : that is all that is seen
black() {
	[ "$(glass_points 000000 "${1:-HEADLESS-1}")" = 25 ]
}

# seen INPUT : by the monitor, and the window if it is the guest's
seen() {
	wait_for 10 shows "$1" && case $1 in
	0x0f) wait_for 5 not black ;;
	*) wait_for 5 black ;;
	esac && return
	tail -n 20 "$dir/log"
	return 1
}

typed() {
	[ "$(tail -n "+$((marked + 1))" "$dir/vm/guest.log" | guest_typed)" \
		= "$1" ]
}

# What it had instead, and how often it was late.
reader() {
	wait_for 10 typed "$1" || {
		tail -n "+$((marked + 1))" "$dir/vm/guest.log" | guest_typed
		grep -c 'EV_SYN 3' "$dir/vm/guest.log"
		return 1
	}
}

reads() {
	wait_for 5 readsnow "$@" || {
		cat "$dir/text"
		return 1
	}
}

readsnow() {
	glass_text HEADLESS-1 >"$dir/text"
	for line; do
		grep -q -x -e "$line" "$dir/text" || return
	done
}

# ---- parts ----

boot() {
	guest_start "$dir/vm" && guest_wait "$dir/vm" 120
}

switches() {
	check "visible: the guest is shown" seen 0x11
	check "-e status: the front, and where keys go" wait_for 5 has \
		'front wayland' 'shown guest' 'keys guest'
	# not more at once than the guest's kernel keeps for a reader
	for word in hello from screenstub; do
		mark
		user_types "$word"
		check "what is typed is read in the guest: $word" reader "$word"
	done
	desktop 0
	check "its workspace is left: the host" seen 0x0f
	mark
	user_types "secret"
	desktop 1
	check "and shown again: the guest" seen 0x11
	user_types "again"
	check "of what was typed elsewhere the guest has nothing" \
		wait_for 10 typed "again"
	user window other full ff0000
	user_sees "focus other"
	# some sway leaves the first one on the glass
	if within 2 not black; then
		check "another fullscreen window is over it: the host" \
			seen 0x0f
	else
		check "another fullscreen window is below it: the guest" \
			shows 0x11
	fi
	user close other
	check "it goes: the guest" seen 0x11
}

text() {
	guestshown
	"$dir/stub" -e showhost
	check "text: why the guest is not shown" reads 'factor [12]' \
		'The guest is not shown: the host was asked for.' \
		'front *wayland' 'vm *running' 'monitor.0.input *0x0f' \
		'Ctrl+Alt+Home *toggleshow'
	qmp_do "$dir/vm/qmp2" '{"execute":"stop"}' >"$dir/out"
	check "text: it follows what happens" reads 'vm *stopped'
	qmp_do "$dir/vm/qmp2" '{"execute":"cont"}' >"$dir/out"
	wait_for 5 readsnow 'vm *running'
	"$dir/stub" -e showguest
	check "text: none while the guest is shown" wait_for 5 black
}

keys() {
	guestshown
	user move 640 360 1280 720
	user_keys 44
	wait_for 5 arrived "EV_KEY 44 0" # and so all before it
	mark
	user_keys 42 15
	check "a modifier" gets "EV_KEY 42 1" "EV_KEY 15 1" "EV_KEY 15 0" \
		"EV_KEY 42 0"
	mark
	user_keys 125
	check "Super alone" gets "EV_KEY 125 1" "EV_KEY 125 0"
	mark
	user move 0 0 1280 720
	check "the first corner" gets "EV_ABS 0 0" "EV_ABS 1 0"
	mark
	user move 1279 719 1280 720
	check "the last corner" gets "EV_ABS 0 32767" "EV_ABS 1 32767"
	mark
	for button in 272 273 274 275 276; do
		user button $button 1
		user button $button 0
	done
	check "five buttons" gets "EV_KEY 272 1" "EV_KEY 272 0" \
		"EV_KEY 273 1" "EV_KEY 273 0" "EV_KEY 274 1" "EV_KEY 274 0" \
		"EV_KEY 275 1" "EV_KEY 275 0" "EV_KEY 276 1" "EV_KEY 276 0"
	mark
	user wheel 0 -1
	user wheel 0 1
	check "the wheel" gets "EV_REL 8 1" "EV_REL 8 -1"
	mark
	user key 48 1
	wait_for 5 arrived "EV_KEY 48 1"
	desktop 0
	check "a key that is held is released when the workspace is left" \
		gets "EV_KEY 48 1" "EV_KEY 48 0"
	wait_for 5 shows 0x0f
	user key 48 0
	guestshown
	mark
	user_keys 29 56 102
	check "a chord shows the host while the window is visible" \
		wait_for 5 shows 0x0f
	check "of it the guest sees that modifiers go, behind a key that is none" \
		gets "EV_KEY 29 1" "EV_KEY 56 1" "EV_KEY 94 1" "EV_KEY 94 0" \
		"EV_KEY 29 0" "EV_KEY 56 0"
	user_keys 29 56 102
	check "and the guest again" seen 0x11
	emergency
}

emergency() {
	guestshown
	mark
	user key 50 1
	wait_for 5 arrived "EV_KEY 50 1"
	user_keys 29 56 42 14
	check "the emergency chord, with the focus: the host" \
		wait_for 5 shows 0x0f
	check "and what is held goes up" wait_for 5 arrived "EV_KEY 50 0"
	user key 50 0
	desktop 0 # ends what the chord has asked for
	wait_for 10 not isvisible
	desktop 1
	check "hidden and shown: the guest" seen 0x11
}

# What a key of the compositor is bound to.
presents() {
	guestshown
	for action in showguest toggleshow; do
		desktop 0
		seen 0x0f >"$dir/out"
		check "-e $action from another workspace" \
			"$dir/stub" -e $action
		check "-e $action: the guest is shown" seen 0x11
		check "-e $action: it has the focus" wait_for 5 has 'keys guest'
		mark
		user_types "into"
		check "-e $action: it can be typed into" wait_for 5 typed into
		# where it is new
		sways '[app_id=screenstub] move to workspace 1'
		guestshown
	done
	check "-e toggleshow: the host" "$dir/stub" -e toggleshow
	check "-e toggleshow: is shown" shows 0x0f
	check "-e toggleshow: the guest" "$dir/stub" -e toggleshow
	check "-e toggleshow: is shown again" seen 0x11
	check "-e togglewindow, of which sway knows nothing: the host" \
		"$dir/stub" -e togglewindow
	check "-e togglewindow: is shown" shows 0x0f
	check "-e togglewindow: the guest" "$dir/stub" -e togglewindow
	check "-e togglewindow: is shown again" seen 0x11
	check "-e unstickhost fails" not "$dir/stub" -e unstickhost
	check "and says why" logged 'unstickhost: wayland lets no program'
}

# Super and 2 is sway's key for a workspace; the row is shipped.
grabs() {
	guestshown
	user move 640 360 1280 720
	mark
	user_keys 44
	wait_for 5 arrived "EV_KEY 44 0"
	mark
	user_keys 125 3
	check "no grab: sway has its keys: the host" seen 0x0f
	check "Super goes up behind a key that is none" gets "EV_KEY 125 1" \
		"EV_KEY 94 1" "EV_KEY 94 0" "EV_KEY 125 0"
	guestshown
	mark
	check "-e grab x" "$dir/stub" -e grab x
	check "it is held" wait_for 5 has 'grab x'
	supered "sway's keys go to the guest"
	mark
	user rel 5 -7
	check "and motion, as the mouse does" gets "EV_REL 0 5" "EV_REL 1 -7"
	"$dir/stub" -e showhost
	check "the host is shown: no grab" wait_for 5 has 'grab none'
	user_keys 125 3
	check "sway has its keys" wait_for 5 not isvisible
	check "no grab while the window is hidden" not "$dir/stub" -e grab x
	desktop 1
	check "the guest is shown again" seen 0x11
	check "with the grab" wait_for 5 has 'grab x'
	supered "and sway's keys"
	mark
	user rel 3 4
	check "and motion" gets "EV_REL 0 3" "EV_REL 1 4"
	sways workspace 2
	check "its workspace is left: no grab" wait_for 5 has 'grab none' \
		'shown host'
	guestshown
	check "it is shown again: with the grab" wait_for 5 has 'grab x'
	sways '[app_id=screenstub] shortcuts_inhibitor disable'
	check "sway takes its keys back: no grab" wait_for 5 has 'grab none'
	check "as it says" logged 'wayland: grab: the compositor has taken'
	mark
	user move 0 0 1280 720
	check "and the pointer is where it is" \
		wait_for 5 arrived "EV_ABS 0 0"
	user_keys 125 3
	check "sway has its keys" wait_for 5 not isvisible
	sways '[app_id=screenstub] shortcuts_inhibitor enable'
	guestshown
	"$dir/stub" -e grab x
	check "it lets them go: a grab" wait_for 5 has 'grab x'
	supered "and they go to the guest again"
	check "-e ungrab x" "$dir/stub" -e ungrab x
	check "it has ended" has 'grab none'
	user_keys 125 3
	check "and sway has its keys" seen 0x0f
}

# supered TEXT
supered() {
	mark
	user_keys 125 3
	check "$1" gets "EV_KEY 125 1" "EV_KEY 3 1" "EV_KEY 3 0" \
		"EV_KEY 125 0"
}

# What a round of all kinds opens is closed.
files() {
	round
	wait_for 5 has 'keys guest'
	before=$(opened)
	for i in 1 2 3 4; do
		round
	done
	check "after four rounds of all that it does no file more is open" \
		wait_for 5 openis "$before"
}

opened() {
	ls "/proc/$stub/fd" | wc -l
}

openis() {
	[ "$(opened)" = "$1" ] || { ls -l "/proc/$stub/fd"; return 1; }
}

round() {
	desktop 0
	wait_for 10 shows 0x0f
	guestshown
	"$dir/stub" -e showhost
	"$dir/stub" -e showguest
	user keyboard 0
	user keyboard 1
	"$dir/stub" -e grab x
	"$dir/stub" -e ungrab x
	sways output HEADLESS-1 mode --custom 1024x768
	sways output HEADLESS-1 mode --custom 1280x720
	guestshown
}

virtualmachine() {
	guestshown
	kill -9 "$(cat "$dir/vm/qemu.pid")"
	check "QEMU is killed: the host" wait_for 5 shows 0x0f
	check "and the window says so" reads \
		'The guest is not shown: the VM is off, or does not answer.'
	check "started again" boot
	check "the guest, for the window is visible" seen 0x11
	wait_for 5 has 'keys guest'
	mark
	user_types "back"
	check "and keys arrive again" wait_for 5 typed back
}

# A compositor that hangs must not keep us from anything; nothing can be seen.
hung() {
	guestshown
	mark
	user key 34 1
	wait_for 5 arrived "EV_KEY 34 1"
	kill -STOP "$wayland_pid"
	check "the compositor hangs: the host" wait_for 10 shows 0x0f
	check "it hangs: what is held goes up" wait_for 5 arrived "EV_KEY 34 0"
	check "it hangs: -e status" wait_for 5 has 'shown host' \
		'keys nowhere.*'
	check "it hangs: -e showhost" timeout 60 "$dir/stub" -e showhost
	kill -CONT "$wayland_pid"
	user key 34 0
	check "it goes on: the guest" seen 0x11
	check "and keys arrive again" eval 'wait_for 5 has "keys guest" &&
		user_types on && wait_for 5 typed gon'
	kill -STOP "$wayland_pid"
	check "it hangs: TERM" stopped 0 kill "$stub"
	kill -CONT "$wayland_pid"
	start stub
}

# The guest is shown, and f is down there.
holding() {
	start stub
	seen 0x11 >"$dir/out"
	wait_for 5 has 'keys guest'
	mark
	user key 33 1
	wait_for 5 arrived "EV_KEY 33 1"
}

leaves() {
	for how in 'kill "$stub"' '"$dir/stub" -e quit'; do
		holding
		check "$how: the host is shown, status 0" \
			stopped 0 eval "$how"
		check "$how: the held key is released" \
			gets "EV_KEY 33 1" "EV_KEY 33 0"
		user key 33 0
	done
	holding
	sways '[app_id=screenstub] kill'
	check "closed: the host is shown" seen0x0f
	sways '[app_id=screenstub] kill'
	check "closed again: it ends" stopped 0 true
	user key 33 0
}

# With the window still there.
seen0x0f() {
	wait_for 5 shows 0x0f && wait_for 5 has 'shown host'
}

killed() {
	holding
	check "the compositor is killed: the host, status 1" \
		stopped 1 wayland_kill
	check "and what was held is released" gets "EV_KEY 33 1" "EV_KEY 33 0"
	check "that is said" logged 'wayland: the connection .* is lost'
	session 1
}

# session N
session() {
	wayland_stop
	check "sway" wayland_start "$dir/sway.$((sessions += 1))" "$1"
}

# M18: a monitor may take its signal away from the input that it does not show.
outputs() {
	session 2
	start placed
	check "its own output: the guest" wait_for 10 shows 0x11
	check "its own output: there it is" wait_for 5 black HEADLESS-2
	sways workspace 1
	check "the focus is elsewhere: the guest" wait_for 5 has \
		'shown guest' 'keys guest, but the window has not the focus'
	if goes HEADLESS-2; then
		check "M18: its output goes: that is said" wait_for 5 logged \
			'wayland: output HEADLESS-2 is gone'
		check "M18: its output goes: the guest" \
			not within 3 shows 0x0f
		sways output HEADLESS-2 enable
		check "M18: it is back, and so is the window" \
			wait_for 5 black HEADLESS-2
		check "M18: the guest, all the time" eval 'not within 3 shows \
			0x0f && is "$(count "show: host\$")" 0'
	fi
	sways 'workspace 4 output HEADLESS-2, workspace 4'
	check "M18: then its workspace is left: the host" \
		wait_for 10 shows 0x0f
	sways workspace 3
	check "M18: and shown: the guest" wait_for 10 shows 0x11
	check "M18: it exits" stopped 0 kill "$stub"
	session 1
	start stub
	guestshown
	if goes HEADLESS-1; then
		check "M18: the last output goes: the guest" \
			not within 3 shows 0x0f
		sways output HEADLESS-1 enable
		check "M18: and is back: the guest" eval \
			'wait_for 5 black && not within 3 shows 0x0f'
	fi
	desktop 0
	check "M18: then its workspace is left: the host" seen 0x0f
	check "M18: and exits" stopped 0 kill "$stub"
}

# goes OUTPUT : if this sway can do that
goes() {
	sways output "$1" disable
	within 3 user_saw "lost $1" && return
	skip "M18: $1 goes" "sway $(wayland_version) keeps it, without a screen"
	return 1
}

# As it is shipped.
auto() {
	guest_stop "$dir/vm"
	start auto
	check "no VM: the host's input is learned" \
		wait_for 10 logged 'input 0x0f is the host'
	check "a VM appears: connected, the guest's input found" \
		eval 'boot && seen 0x11'
	check "its front is told" has 'front wayland'
	check "left with the host shown" stopped 0 kill "$stub"
}

# With Wayland built in, and there.
xfront() {
	screen_start "$dir/screen" || return
	byx "-x" stub -x
	byx "UseX" usex
	check "neither is there: it says so" says 'is DISPLAY of the session set' \
		monitored env -u DISPLAY WAYLAND_DISPLAY=none timeout 60 \
		"$dir/stub" -q "$dir/no"
	real=$WAYLAND_DISPLAY
	WAYLAND_DISPLAY=none
	byx "no compositor" stub
	WAYLAND_DISPLAY=$real
	screen_stop
	unset DISPLAY
}

# byx WHY PROGRAM [-x]
byx() {
	why=$1 program=$2
	shift
	monitored_start "$dir/$@" -V -q "$dir/vm/qmp" -a "$dir/vm/qga" \
		2>"$dir/log"
	stub=$monitored
	check "$why: by X" wait_for 10 has 'front x11'
	check "$why: the guest is shown" wait_for 10 shows 0x11
	check "$why: it exits" stopped 0 kill "$stub"
}

# Wake-ups of the plain program: strace and the leak detector both want to be
# the tracer.
rest() {
	start plain
	wait_for 15 logged 'it has lasted'
	if ! strace -o "$dir/t" true; then
		skip "wake-ups" "strace may not trace here"
		stop kill "$stub"
		return
	fi
	traced
	check "shown: at most five wake-ups a second" seldom
	desktop 0
	wait_for 10 shows 0x0f
	wait_for 15 more 'it has lasted' 1
	traced
	check "hidden: none" awk 'END {
		print NR " calls"
		exit NR != 1 || !/select/ }' "$dir/t"
	check "it exits" stopped 0 kill "$stub"
}

# traced : twelve seconds of it
traced() {
	timeout 12 strace -ttt -p "$stub" -o "$dir/t" 2>"$dir/out"
}

seldom() {
	awk '/select/ { n++ }
		NR == 1 { first = $1 }
		{ last = $1 }
		END {
			print n " waits in " last - first " s"
			exit !(n > 2 && n <= 5 * (last - first) + 1)
		}' "$dir/t"
}

# ---- all of it ----

# programs PART... : those that they want
programs() {
	program_prepare "$cache" || return
	edited named 's/{ .manufacturer = "\*" }/{ .manufacturer = "*", \
		.host = { .value = DP1 } }/' config.def.h
	edited out 's/= DP1 }/&, .output = "HEADLESS-2"/' \
		"$dir/c.named/config.h"
	edited x 's/UseX = 0/UseX = 1/' "$dir/c.named/config.h"
	edited auto '' config.def.h
	build_wayland stub "-I$dir/c.named" || return
	case " $* " in *' outputs '*)
		build_wayland placed "-I$dir/c.out" || return ;;
	esac
	case " $* " in *' xfront '*)
		build_wayland usex "-I$dir/c.x" || return ;;
	esac
	case " $* " in *' auto '*)
		build_wayland auto "-I$dir/c.auto" || return ;;
	esac
	case " $* " in *' rest '*)
		build_wayland_plain plain "-I$dir/c.named" || return ;;
	esac
}

# edited NAME SED FILE : $dir/c.NAME has it as config.h
edited() {
	mkdir "$dir/c.$1" && sed "$2" "$3" >"$dir/c.$1/config.h"
}

# before PART : a VM, and the program if it is not the part that starts it
before() {
	[ "$1" = auto ] || guest_alive "$dir/vm" || boot
	case $WAYLAND_TOGETHER in
	*"$1"*) [ "$stub" ] || start stub ;;
	*) [ ! "$stub" ] || stop kill "$stub" ;;
	esac
}

wants $BUILD_PACKAGES $WAYLAND_BUILD_PACKAGES $MONITOR_PACKAGES \
	$GUEST_PACKAGES $SCREEN_PACKAGES $WAYLAND_PACKAGES strace
lab
unset DISPLAY
[ $# != 0 ] || set -- $WAYLAND_PARTS
sessions=0
check "the lab: programs, with sanitizers" programs "$@"
monitor_prepare "$cache" && screen_prepare "$cache" &&
	guest_or_skip "$cache" || exit
check "the lab: monitors" monitor_start "$dir/monitor" -d tests/lib/demo.tsv
check "the lab: Wayland" eval 'wayland_prepare "$cache" &&
	wayland_start "$dir/sway" 1'
check "the lab: a guest" boot
[ "$failed" = 0 ] || finish
parts "$@"
[ ! "$stub" ] || check "it exits" stopped 0 kill "$stub"
check "only buses of graphics cards were touched" \
	not grep TOUCHED "$monitor_dir/log"
check "no message came before its time" not grep EARLY "$monitor_dir/log"
unharmed
finish
