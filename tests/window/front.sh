#!/bin/sh
# The X front alone, on Xvfb with a window manager: what it tells, and what it
# does when it is told.  Prints TAP.
set -u
cd "$(dirname "$0")/../.." || exit
. tests/lib/need.sh
. tests/lib/tap.sh
. tests/lib/guest.sh
. tests/lib/screen.sh
. tests/lib/front.sh

FRONT_PACKAGES="$SCREEN_PACKAGES libxcb-dpms0-dev libxcb-randr0-dev
	libxcb-screensaver0-dev libxcb-xinput-dev libxcb-xkb-dev
	libxcb-xtest0-dev x11-xserver-utils"
cache=${CACHE:-.cache}

clean() {
	trap - EXIT
	front_stop
	kill ${over:-} ${holder:-} 2>/dev/null
	screen_stop
	rm -rf "$dir"
}

build() {
	front_build window/x*.c window/text.c -lxcb -lxcb-dpms \
		-lxcb-randr -lxcb-screensaver -lxcb-xinput -lxcb-xkb -lxcb-xtest
}

# acts XDOTOOL... : the user
acts() {
	mark
	xdotool "$@"
}

cover() {
	mark
	: >"$dir/over"
	"$XWIN" "$@" >"$dir/over" &
	over=$!
	wait_for 5 [ -s "$dir/over" ]
}

uncover() {
	mark
	kill "$over"
	wait "$over" 2>/dev/null
	over=
}

reads() {
	"$XTEXT" >"$dir/text" || return
	for line; do
		grep -q -- "$line" "$dir/text" || { cat "$dir/text"; return 1; }
	done
}

# ---- tests ----

window() {
	front_start
	check "a window is visible, and has the focus" told "visible 1" \
		"focused 1"
	win=$(xdotool search --classname '^front$')
	acts set_desktop 1
	check "its workspace is left" told "visible 0" "focused 0" "leave 0"
	acts set_desktop 0
	check "and seen again" told "visible 1" "focused 1" fresh
	cover cover 1280 800
	check "another window is over it" told "visible 0"
	uncover
	check "and gone" told "visible 1"
	cover cover 300 80
	wait_for 5 logged '2[0-4] of 25 points hit'
	check "one that is small hides nothing" not said "visible 0"
	uncover
}

# What the user asked for is where it can be seen and typed into.
presented() {
	for away in 'tell away' 'acts set_desktop 1' \
	    'acts windowminimize $win' 'acts windowunmap $win'; do
		eval "$away"
		check "$away: it is hidden" told "visible 0" "focused 0"
		tell present
		check "I1: after $away: it is presented" told "visible 1" \
			"focused 1"
	done
	cover window 1280 800
	told "visible 0" "focused 0" >/dev/null
	tell present
	check "I1: from below another: it is presented" told "visible 1" \
		"focused 1"
	acts key a
	check "I1: and keys go there" told "key 30 1" "key 30 0"
	uncover
}

keys() {
	acts key a
	check "keys" told "key 30 1" "key 30 0"
	check "and not again" not said "rawkey 30 1"
	tell chording 1
	xdotool key a
	told "key 30 0" >/dev/null # the first brings it about
	xdotool key a
	check "while a chord is under way, keys anywhere" told "rawkey 30 1" \
		"rawkey 30 0"
	check "what is down is known" not said fresh
	tell chording 0
	cover window 50 50
	told "focused 0" >/dev/null
	acts key --window "$win" c # by XSendEvent
	uncover
	told "focused 1" >/dev/null
	xdotool key d
	told "key 32 0" >/dev/null
	check "what a client made up is no key" not grep -qx "key 46 1" \
		"$dir/told"
	xdotool keydown q
	acts set_desktop 1
	told "visible 0" "leave 0" >/dev/null
	acts keyup q keydown w
	check "the focus is lost: keys are elsewhere" told \
		"rawkey 16 0 elsewhere" "rawkey 17 1 elsewhere"
	acts set_desktop 0
	check "what is down when it is back is not ours" told "fresh 17"
	told "focused 1" >/dev/null
	xdotool keyup w
	mark
	kill -STOP "$front"
	xdotool set_desktop 1
	wait_for 5 not screen_focus "$win"
	xdotool keydown r
	kill -CONT "$front"
	check "nor what goes down before keys elsewhere are asked for" \
		told "leave 0" "fresh 19"
	acts keyup r
	told "rawkey 19 0 elsewhere" >/dev/null
	acts set_desktop 0
	told "focused 1" >/dev/null
	cover cover 1280 800
	told "visible 0" >/dev/null
	acts keydown k
	told "rawkey 37 1 elsewhere" >/dev/null
	check "what is pressed while it is hidden is left out" \
		not said "key 37 1"
	uncover
	check "nor is that ours when it is visible" told "visible 1" "fresh 37"
	xdotool keyup k
	: >"$dir/held"
	mark
	"$XWIN" hold >"$dir/held" &
	holder=$!
	wait_for 5 [ -s "$dir/held" ]
	check "another has the keyboard: modifiers may stay" told "leave 1"
	acts keydown z
	check "keys anywhere are told, and that they are elsewhere" \
		told "rawkey 44 1 elsewhere"
	mark
	kill "$holder"
	wait "$holder" 2>/dev/null
	holder=
	check "a key from there is not ours" told "fresh 44"
	tell unstick
	check "what is stuck is released" told "unstick 0" "key 44 0" fresh
}

pointer() {
	xdotool mousemove 0 0
	acts mousemove 1279 799
	check "the pointer in the corner" told "place 1.0000 1.0000"
	acts mousemove 0 0
	check "and in the other" told "place 0.0000 0.0000"
	acts click 1 click 3 click 8 click 9
	check "buttons" told "key 272 1" "key 272 0" "key 273 1" "key 275 1" \
		"key 276 0"
	acts click 4 click 5 click 6 click 7
	check "wheels" told "wheel 1.0000" "wheel -1.0000" \
		"hwheel -1.0000" "hwheel 1.0000"
	tell pointer 1
	wait_for 5 moves 5 -7
	check "as the mouse moves" said "move 5.0000 -7.0000"
	acts mousemove 200 200 key a
	told "key 30 0" >/dev/null
	check "where it is, is not told then" not said "place.*"
	tell pointer 0
	xdotool mousemove 640 400
}

# moves X Y : X is asked for raw motion, and what device moves, at the first
moves() {
	acts mousemove_relative -- "$1" "$2"
	i=0
	until said "move .*"; do
		[ $((i += 1)) -le 20 ] || return 1
		sleep 0.02
	done
}

grabs() {
	tell grab keyboard
	check "the keyboard is grabbed" told "grabbed keyboard"
	acts key super+1
	check "the window manager's keys are ours" told "key 125 1" "key 2 1"
	tell grab keyboard mouse confine
	check "more is" told "grabbed keyboard mouse confine"
	cover window 50 50
	wait_for 5 said "focused 0"
	acts key e
	check "whatever has the focus" told "key 18 1" "key 18 0"
	uncover
	tell grab mouse
	check "less is" told "grabbed mouse"
	tell ungrab
	focuses "$win"
	acts key super+1
	told "leave 1" "rawkey 2 0 elsewhere" >/dev/null
	check "all is given up" not said "key 2 1"
	: >"$dir/held"
	"$XWIN" hold >"$dir/held" &
	holder=$!
	wait_for 5 [ -s "$dir/held" ]
	tell grab keyboard mouse
	check "another has the keyboard: neither can be had" told "grabbed"
	check "and that is said" logged 'x: grab: another program holds it'
	tell grab keyboard
	kill "$holder"
	wait "$holder" 2>/dev/null
	holder=
	check "who lets go in time is waited for" told "grabbed keyboard"
	mark
	xdotool windowunmap "$win"
	wait_for 5 said "visible 0"
	xdotool windowmap "$win"
	check "what unmapping took is taken again" told "grabbed keyboard"
	overtaken
	tell grab keyboard mouse
	told "grabbed keyboard mouse" >/dev/null
	acts set_desktop 1
	told "visible 0" >/dev/null
	acts set_desktop 0
	told "visible 1" >/dev/null
	check "so is what a workspace that was left took" \
		told "grabbed keyboard mouse"
	check "which is no end of it" not said "grabbed"
	setxkbmap -option grab:break_actions
	acts key ctrl+alt+KP_Divide # XF86Ungrab
	check "the server ends all grabs: that is told" told "grabbed"
	focuses "$win"
	acts key super+1
	told "leave 1" "rawkey 2 0 elsewhere" >/dev/null
	check "and they are over" not said "key 2 1"
	tell ungrab
}

# X grants a grab, and ends it by an unmapping, before we read either.
overtaken() {
	tell ungrab
	told "grabbed" >/dev/null
	kill -STOP "$screen_xpid"
	tell grab keyboard
	xdotool windowunmap "$win" &
	over=$!
	for pass in 1 2 3; do # by the last of them it has asked
		tell unstick
		told "unstick 0" >/dev/null
	done
	kill -STOP "$front"
	kill -CONT "$screen_xpid"
	wait "$over"
	over=
	mark
	kill -CONT "$front"
	told "visible 0" >/dev/null
	check "I12: a grab that ended before its reply was read is none" \
		not said "grabbed keyboard"
	mark
	xdotool windowmap "$win"
	check "I12: it is taken when the window is back" \
		told "grabbed keyboard" "visible 1"
}

text() {
	echo "text" >&5
	echo "text The quick brown fox jumps over the lazy dog, twice or more" >&5
	echo "text ~!@#\$%^&*()_+{}|:<>?[];',./ 0123456789" >&5
	check "text, in two columns, wrapped" wait_for 5 reads "factor 2" \
		"^name *The quick brown fox jumps over the lazy dog, twice$" \
		"^  *or more$" "^name *~!@#\\\$%^&\*()_+{}|:<>?\[\];',\./ 0123456789$"
	[ ! "${PICTURE:-}" ] || picture "$PICTURE"
	echo "text" >&5
	check "no text" wait_for 5 not reads factor
}

ends() {
	tell awake 1 heard
	acts windowclose "$win" # DestroyWindow
	check "destroyed: gone" told "gone"
	check "and it ends" front_ends 1 true
	check "that is said" logged 'x: the window was destroyed'
	front_start
	told "visible 1" "focused 1" >/dev/null
	win=$(xdotool search --classname '^front$')
	mark
	"$XWIN" delete "$win"
	check "closed by its user" told "closed"
	check "told to close, it ends" front_ends 0 tell close
	check "no further file is left open" not said "left .*"
}

# A hostile client, for some seconds or, in check-long, minutes; without a
# window manager, which it would end.
hostile() {
	kill "$screen_wmpid"
	wait "$screen_wmpid" 2>/dev/null
	front_start ASAN_OPTIONS=detect_leaks=0
	told "visible 1" >/dev/null
	win=$(xdotool search --classname '^front$')
	mark
	seed=${SEED:-$(date +%s)}
	echo "# seed $seed: $("$XWIN" storm "$win" "$seed" \
		"$((${LONG:+60 *} 3))")"
	check "I2: a hostile client: it lives" kill -0 "$front"
	kill -0 "$front" || { sed 's/^/# /' "$dir/log" | tail -n 40; return; }
	tell unstick
	told "unstick 0" >/dev/null
	check "I2: of what is made up nothing is input" not grep -q \
		-e '^key' -e '^h*wheel' -e '^move' -e '^place' "$dir/told"
	focuses "$win"
	acts key a
	check "I2: and goes on" told "key 30 0"
	front_ends 0 tell close
}

outputs() {
	front_start OUTPUT=nope
	check "an output that is not there: hidden" told "visible 0"
	check "and that is said" logged 'x: output nope is not there'
	front_ends 0 tell close
	front_start OUTPUT=screen
	check "one that is" told "visible 1"
	mark
	xrandr --fb 1280x800 --output screen --off
	check "that goes off is told" wait_for 5 logged \
		'x: output screen is not there, or is off'
	xrandr --output screen --auto
	wait_for 5 back
	check "but hides nothing" not said "visible 0"
	front_ends 0 tell close
	unplugged
	front_start A=B
	told "visible 1" >/dev/null
	kill "$screen_xpid"
	check "the X server ends: gone" told "gone"
	check "and that is said" logged 'x: the connection .* is lost'
	check "and it ends" front_ends 1 true
}

# Its monitor takes the signal away while it shows the guest.
gone() {
	mark
	xrandr --fb "${1:-1280x800}" --output screen --off
	wait_for 5 logs 'output: 0x0'
}

half() {
	xrandr --newmode half 10 640 650 660 670 800 801 802 803
	xrandr --addmode screen half
	xrandr --setmonitor right 640/169x800/211+640+0 none
}

returned() {
	half 2>/dev/null # a change of the size has forgotten it
	xrandr --fb 1280x800 --output screen --mode half
	wait_for 5 logs 'output: 640x800'
}

# logs WORDS : the last that is told of outputs
logs() {
	grep 'x: output: ' "$dir/log" | tail -n 1 | grep -q "$1"
}

hides() {
	said "visible 0"
}

# Two of them, and a window manager that moves what is on neither.
unplugged() {
	half
	xrandr --fb 1280x800 --output screen --mode half
	front_start OUTPUT=screen
	told "visible 1" "focused 1" >/dev/null
	gone
	check "M18: the window's output goes: it is not hidden" \
		not within 1 hides
	returned
	check "M18: nor when it is back a second later" not within 3 hides
	gone
	returned
	check "M18: back at once" not within 3 hides
	gone
	acts set_desktop 1
	check "M18: its workspace is left meanwhile" told "visible 0"
	acts set_desktop 0
	returned
	check "M18: and seen again" told "visible 1"
	front_ends 0 tell close
	kill "$screen_wmpid"
	wait "$screen_wmpid" 2>/dev/null
	alone OUTPUT=screen
	mark
	xdotool windowmove "$win" 640 0
	check "M18: put on another output it is hidden" told "visible 0"
	front_ends 0 tell close
	returned
	alone A=B
	front_ends 0 tell close
}

# alone VAR=VALUE : without a window manager
alone() {
	front_start "$1"
	told "visible 1" >/dev/null
	win=$(xdotool search --classname '^front$')
	gone 320x200
	check "M18: $1: the screen has no room for the window" \
		not within 1 hides
	acts windowunmap "$win"
	check "M18: $1: unmapped it is hidden" told "visible 0"
	returned
	acts windowmap "$win"
	check "M18: $1: and shown again" told "visible 1"
	cover cover 1280 800
	told "visible 0" >/dev/null
	tell present
	check "I1: $1: nobody else presents it" told "visible 1" "focused 1"
	uncover
	gone
	check "M18: $1: it goes, and more than two seconds pass" \
		not within 3 hides
}

back() {
	[ "$(grep -c 'x: output: 1280x800' "$dir/log")" = 2 ]
}

# ----

if ! need $FRONT_PACKAGES; then
	echo "1..0 # SKIP missing:$need_list"
	exit 0
fi
dir=$(mktemp -d)
trap clean EXIT
trap 'exit 1' HUP INT TERM
check "builds" build
check "an X server with a window manager" eval 'screen_prepare "$cache" &&
	screen_start "$dir/screen"'
if [ "$failed" = 0 ]; then
	window
	presented
	keys
	pointer
	grabs
	text
	ends
	outputs
	screen_start "$dir/screen2" && hostile
fi
echo "1..$n"
exit $failed
