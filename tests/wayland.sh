#!/bin/sh
# The Wayland front alone, on sway, without a screen: what it tells, beside what
# is on the glass.  Prints TAP.
#
# usage: wayland.sh [PART...]
set -u
cd "$(dirname "$0")/.." || exit
. tests/lib/test.sh
. tests/lib/front.sh
. tests/lib/wayland.sh

leave() {
	script_stop
	kill -CONT ${wayland_pid:-} ${front:-} 2>/dev/null
	front_stop
	wayland_stop
}

# session OUTPUTS [VAR=VALUE...] : sway, and the front in it
session() {
	outputs=$1
	shift
	wayland_start "$dir/session" "$outputs" || {
		check "$part: sway starts" false
		return 1
	}
	shows "$@"
}

# shows [VAR=VALUE...]
shows() {
	front_start "$@"
	told "visible 1" >/dev/null && case $* in
	*OUTPUT*) return ;; # the focus may be elsewhere
	*) told "focused 1" >/dev/null && return ;;
	esac
	check "$part: the front starts" eval 'cat "$dir/log" "$dir/told"; false'
	return 1
}

after() {
	if [ "${front:-}" ]; then
		mark
		check "$part: it ends" front_ends 0 tell close
	fi
	check "$part: nothing of it is left, and no sanitizer complained" unhurt
	wayland_stop
	script_stop
}

unhurt() {
	not grep 'Sanitizer\|runtime error' "$dir/log" &&
	not grep '^left' "$dir/told"
}

# sways, user: it has been done since the mark
does() {
	mark
	"$@"
}

# types CODE... : down, then up in the opposite order
types() {
	mark
	user_keys "$@"
}

# ---- the truth ----

# black N [OUTPUT] : it is at so many of 25 points
black() {
	black_points=$(glass_points 000000 "${2:-HEADLESS-1}")
	[ "$black_points" = "$1" ]
}

# seen, hidden, [OUTPUT] : so it tells, and so it is
seen() {
	told "visible 1" && wait_for 5 black 25 "$@" && return
	echo "$black_points of 25 points"
	return 1
}

hidden() {
	told "visible 0" && wait_for 5 black 0 "$@" && return
	echo "$black_points of 25 points"
	return 1
}

# verdict 0|1 : the last one
verdict() {
	[ "$(grep '^visible' "$dir/told" | tail -n 1)" = "visible $1" ]
}

# agrees [OUTPUT] : what it tells is what there is
agrees() {
	if black 25 "$@"; then
		verdict 1
	else
		verdict 0
	fi
}

# It is not told that it is hidden, for longer than it takes to find out.
stays() {
	not within 1 said "visible 0" && return
	since
	return 1
}

# ---- parts ----

workspaces() {
	session 1 || return
	check "a window is seen" seen
	does sways workspace 2
	check "its workspace is left: it is hidden" hidden
	check "and has no focus" told "focused 0" "leave 0"
	does sways workspace 1
	check "back: it is seen, and has the focus" \
		eval 'seen && told "focused 1" fresh'
	does sways workspace 2
	hidden >/dev/null
	does sways workspace 1
	check "and again" seen
}

covers() {
	session 1 || return
	does user window other full ff0000
	user_sees "focus other"
	check "another fullscreen window has the focus" told "focused 0"
	# some sway leaves the first one on the glass
	if within 2 black 0; then
		check "and covers it: it is hidden" hidden
	else
		check "and does not cover it: it is seen" eval 'black 25 &&
			stays'
	fi
	does user close other
	check "that goes: it has the focus" told "focused 1"
	check "and all of the glass" wait_for 10 black 25
	does user layer panel 600 300 0000ff
	wait_for 5 black 16
	check "a small one over it hides nothing" stays
	user close panel
	does user layer panel 600 300 0000ff keys
	wait_for 5 black 16
	check "nor does one that takes the keyboard" told "focused 0"
	check "as it is told" stays
	does user close panel
	check "and gives it back" told "focused 1"
	does user layer panel full 0000ff
	check "one over all of it does" hidden
	does user close panel
	check "until it goes" seen
}

scratchpad() {
	session 1 || return
	does sways '[app_id=front] move scratchpad'
	check "put away: it is hidden" hidden
	does sways '[app_id=front] scratchpad show'
	check "shown, and fullscreen again" seen
	does sways '[app_id=front] fullscreen disable, resize set 800 500'
	wait_for 5 not black 25
	check "no longer fullscreen: most of it is seen" stays
}

lock() {
	session 2 || return
	user move 320 180 2560 720
	tell pointer 1
	tell grab mouse
	told "grabbed mouse" >/dev/null
	does user lock 00ff00
	if user_saw "missing .*"; then
		skip "locked" "sway $(wayland_version) has no ext-session-lock"
		return
	fi
	user_sees locked
	check "locked: it is hidden" hidden
	check "and has no focus" told "focused 0" "leave 0"
	does user unlock
	check "unlocked: it is seen" seen
	check "and has the focus" told "focused 1"
	does user rel 3000 40
	check "and how the mouse moves is told" told "move 3000.0000 40.0000"
	tell pointer 0
	tell ungrab
	told grabbed >/dev/null
	does user rel 1 0
	check "which was locked" told "place 0.25[0-9]* 0.25[0-9]*"
}

power() {
	session 1 || return
	does user power HEADLESS-1 off
	if ! within 2 user_saw "power HEADLESS-1 off"; then
		skip "an output that is off" \
			"sway $(wayland_version) can't, without a screen"
		return
	fi
	check "the output is dark: it is hidden" told "visible 0"
	does user power HEADLESS-1 on
	check "and is not: it is seen" seen
}

outputs() {
	session 2 OUTPUT=HEADLESS-2 || return
	check "it is on the output that it is told" seen HEADLESS-2
	does sways workspace 3
	check "and gets the focus there" told "focused 1"
	check "and not on another" black 0
	does sways workspace 1
	check "the focus is elsewhere: it is seen" \
		eval 'told "focused 0" && stays && black 25 HEADLESS-2'
	does sways 'workspace 4 output HEADLESS-2; workspace 4; workspace 1'
	check "its workspace is left, without the focus" hidden HEADLESS-2
	does sways 'workspace 3; workspace 1'
	check "and seen again" seen HEADLESS-2
	does sways '[app_id=front] move to workspace 1'
	check "put on another output it counts as hidden" told "visible 0"
	check "as is said" logged 'is not on output'
	does sways '[app_id=front] move to workspace 3'
	check "and back" seen HEADLESS-2
	front_ends 0 tell close
	front_start OUTPUT=nope
	check "an output that is not there: hidden" told "visible 0"
	check "and that is said" logged 'wayland: output nope is not there'
	front_ends 0 tell close
	sways workspace 1
	shows A=B || return
	check "any output: it is where the focus is" seen
	does sways '[app_id=front] move to workspace 3'
	wait_for 5 black 25 HEADLESS-2
	check "moved: it is seen" stays
}

# Its monitor takes the signal away while it shows the guest.
unplugged() {
	session 2 OUTPUT=HEADLESS-2 || return
	sways workspace 3
	mark
	if ! sways output HEADLESS-2 unplug 2>/dev/null; then
		skip "M18: its output goes for ever" \
			"sway $(wayland_version) has no unplug"
		return
	fi
	check "M18: its output goes: it is not hidden" eval 'wait_for 5 logged \
		"wayland: output HEADLESS-2 is gone" && stays'
	front_ends 0 tell close
	shows OUTPUT=HEADLESS-1 || return
	does sways output HEADLESS-1 unplug
	check "M18: so goes the last one" eval 'wait_for 5 logged \
		"wayland: output HEADLESS-1 is gone" && stays'
}

# dark OUTPUT
dark() {
	not glass /dev/null "$1" 2>/dev/null
}

# And gives it back.
replugged() {
	session 2 OUTPUT=HEADLESS-2 || return
	sways workspace 3
	does sways output HEADLESS-2 disable
	if ! within 1 dark HEADLESS-2; then
		skip "M18: its output goes and comes back" \
			"sway $(wayland_version) can't, without a screen"
		return
	fi
	check "M18: its output goes: it is not hidden" stays
	does sways output HEADLESS-2 enable
	check "M18: nor when it is back" eval 'stays &&
		wait_for 5 black 25 HEADLESS-2'
	does sways output HEADLESS-2 disable, output HEADLESS-2 enable
	check "M18: back at once" eval 'stays &&
		wait_for 5 black 25 HEADLESS-2'
	sways 'workspace 4 output HEADLESS-2'
	does sways workspace 4
	check "M18: what hides it later is told" hidden HEADLESS-2
	does sways workspace 3
	check "M18: and what shows it" seen HEADLESS-2
	does sways output HEADLESS-2 disable
	wait_for 5 dark HEADLESS-2
	does sways 'workspace 2, workspace 1'
	within 3 false
	sways output HEADLESS-2 enable
	check "M18: it was left meanwhile: seen if it is" eval '
		wait_for 5 not dark HEADLESS-2 && wait_for 10 agrees HEADLESS-2'
	front_ends 0 tell close
	sways output HEADLESS-2 disable
	sways workspace 1
	shows OUTPUT=HEADLESS-1 || return
	does sways output HEADLESS-1 disable
	check "M18: the last output goes" stays
	does sways output HEADLESS-1 enable
	check "M18: and comes back" eval 'stays && wait_for 5 black 25'
	does sways workspace 2
	check "M18: then its workspace is left" hidden
}

killed() {
	session 1 || return
	tell awake 1
	tell grab keyboard mouse
	told "grabbed.*" >/dev/null
	mark
	wayland_kill
	check "the compositor is killed: gone" eval 'told gone ||
		not kill -9 "$front"'
	check "and it ends" front_ends 1 true
	check "that is said" logged 'wayland: the connection .* is lost'
	check "without a compositor there is no window" \
		eval 'front_start A=B; front_ends 1 true >/dev/null'
	: >"$dir/told"
}

# asks N : that it stays awake, and does not, so often
asks() {
	awk "BEGIN { for (i = 0; i < $1; i++) print \"awake 1\\nawake 0\" }" >&5
}

# It does not read, for a while; and then for too long. wluser.c does not ask it
# meanwhile.
hangs() {
	session 1 || return
	does kill -STOP "$wayland_pid"
	check "the compositor hangs: hidden" told "visible 0"
	mark
	kill -CONT "$wayland_pid"
	check "and goes on: it is seen" seen
	does kill -STOP "$front"
	within 2 false
	kill -CONT "$front"
	check "it was stopped itself, which has hidden nothing" stays
	does kill -STOP "$wayland_pid"
	told "visible 0" >/dev/null
	asks 60000
	if ! within 3 logged 'Error sending'; then
		skip "no room for what is asked of one that hangs" \
			"this libwayland has room for all of it"
		kill -CONT "$wayland_pid"
		return
	fi
	check "no room for what is asked of one that hangs: gone" told gone
	check "and it ends" front_ends 1 kill -CONT "$wayland_pid"
	check "that is said" logged 'wayland: the connection .* is lost'
}

# ---- a compositor that does what it is told, see lib/wlscript.c ----

script_build() {
	wayland-scanner server-header \
		</usr/share/wayland-protocols/stable/xdg-shell/xdg-shell.xml \
		>"$dir/made/wlscript-protocol.h" &&
	${CC:-cc} -std=c11 -Wall -Wextra -O1 -I"$dir/made" -o "$dir/wlscript" \
		tests/lib/wlscript.c "$dir/made/window/protocol.c" \
		-lwayland-server -lwayland-client
}

# scripted [LINE...] : it starts, is told that, and then the front starts
scripted() {
	[ -x "$dir/wlscript" ] || script_build || {
		check "$part: the compositor builds" false
		return 1
	}
	rm -f "$dir/acts"
	mkfifo "$dir/acts"
	: >"$dir/acted" >"$dir/told"
	"$dir/wlscript" "$dir/run/scripted" <"$dir/acts" >"$dir/acted" &
	script=$!
	exec 7>"$dir/acts"
	acts=0
	for line; do
		act "$line"
	done
	wait_for 10 [ -S "$dir/run/scripted" ]
	front_start WAYLAND_DISPLAY="$dir/run/scripted"
}

# act LINE : it has been done and sent since the mark
act() {
	mark
	acts=$((acts + 1))
	echo "$*" >&7
	wait_for 10 acted
}

acted() {
	[ "$(grep -cx done "$dir/acted")" = "$acts" ]
}

script_stop() {
	exec 7>&-
	kill ${script:-} 2>/dev/null
	wait ${script:-} 2>/dev/null
	script=
}

up() {
	wait_for 10 grep -qx wl_surface.commit "$dir/acted"
	act "configure 1280 720"
	told "visible 1"
}

# What has hidden the window is over, but the answer to what was asked
# meanwhile does not come.
lost() {
	scripted "output A 1280 720" || return
	check "a window is seen" up
	act "enter A"
	act "frames 0"
	check "it is not drawn: hidden" told "visible 0"
	act "lose; frames 1; leave A; enter A"
	check "the answer is lost: it is asked again" told "visible 1"
}

# Its output goes, and it is put where another window covers it.
replaced() {
	scripted "kde" "output A 1280 720" "output B 1280 720" || return
	check "a window is seen" up
	act "enter A"
	act "frames 0; leave A; enter B; unplug A"
	check "M18: it is put elsewhere, below another: not hidden" stays
	check "nor is it the focus that tells" not said "sees 0"
	act "output A 1280 720"
	check "M18: nor when its output is back" stays
	act "frames 1; leave B; enter A"
	check "M18: nor when it is on it" stays
	act "frames 0"
	check "M18: what hides it later is told" told "visible 0"
	act "frames 1; leave A; enter A"
	told "visible 1" >/dev/null
	act "unplug B"
	within 1 false
	check "one output is left: the focus is elsewhere, which tells nothing" \
		not said "sees 0"
	act "focus"
	check "as soon as it is here it does" told "sees 0"
	act "blur"
	told "focused 0" >/dev/null
	act "output B 1280 720"
	check "two outputs: it does not" told "sees 1"
}

# What no compositor should do.
strange() {
	scripted "seat 0" || return
	check "nothing says how large it is to be: hidden" told "visible 0"
	act "configure 0 0"
	check "it may choose: seen, on no output" told "visible 1"
	for size in "-5 7" "100000 1" "1 1" "16383 1" "2147483647 2147483647" \
	    "1280 720"; do
		act "configure $size"
	done
	act "output A 100000 -1"
	act "enter A"
	echo "text hello" >&5
	act "configure 1 1 ; configure 300 16383; configure 640 480"
	check "odd sizes hide nothing" stays
	act "ping"
	check "it is asked whether it lives: it does" wait_for 10 \
		grep -qx xdg_wm_base.pong "$dir/acted"
	act "configure 640 480 9"
	check "suspended: hidden" told "visible 0"
	act "configure 640 480"
	check "no longer: seen" told "visible 1"
	act "seat 2"
	act "focus 30 100000 4294967295"
	check "a keyboard comes, with a key down" told "fresh 30" "focused 1"
	act "key 31 1; key 100000 1; key 4294967295 1"
	check "a key" told "key 31 1"
	act "seat 0"
	check "the keyboard goes" told "leave 0" "focused 0"
	act "seat 2"
	act "focus"
	check "and another comes" told "fresh" "focused 1"
	act "unplug A; output A 1 1; output B 1 1; unplug A; unplug B"
	check "outputs that come and go hide nothing" stays
	act "frames 0"
	mark
	kill -9 "$script"
	check "it is killed: gone" told gone
	check "and it ends" front_ends 1 true
}

keys() {
	session 1 || return
	types 30
	check "keys" told "key 30 1" "key 30 0"
	for code in 240 248 255 530 656; do
		types "$code"
		check "key $code" told "key $code 1" "key $code 0"
	done
	does user key 30 1
	within 1 false
	check "none repeats by itself" [ "$(since | grep -c 'key 30 1')" = 1 ]
	does sways workspace 2
	check "held while the focus goes: all go up" told "leave 0"
	user key 30 0
	user key 31 1
	does sways workspace 1
	check "one that is down when it is back is not ours" told "fresh 31"
	user key 31 0
	types 32
	told "key 32 0" >/dev/null
	check "nor is its release" not said "key 31 1"
	does user window other full
	told "focused 0" >/dev/null
	types 33
	check "what is typed elsewhere" user_sees "typed other 33 0"
	check "is not ours" not said "key 33 1"
	does user close other
	told "focused 1" >/dev/null
	user key 34 1
	does user keyboard 0
	check "the keyboard is unplugged with a key down: that goes up" \
		told "leave 0"
	does user keyboard 1
	check "and plugged in" told "focused 1"
	types 35
	check "its keys are heard" told "key 35 1" "key 35 0"
	tell unstick
	check "what is stuck elsewhere can't be had" told "unstick -1"
}

# Super and 2, and Super and x.
grabs() {
	session 1 || return
	types 125 3
	check "sway's keys are sway's" hidden
	does sways workspace 1
	seen >/dev/null
	tell grab keyboard
	check "the keyboard is grabbed" told "grabbed keyboard"
	types 125 3
	check "sway's keys are ours" told "key 125 1" "key 3 1" "key 3 0" \
		"key 125 0"
	types 125 45
	check "all of them" told "key 45 1" "key 45 0"
	check "and do nothing else" eval 'stays && black 25'
	tell ungrab
	check "given up" told "grabbed"
	types 125 3
	check "they are sway's again" hidden
	does sways workspace 1
	seen >/dev/null
	tell grab keyboard
	told "grabbed keyboard" >/dev/null
	does sways workspace 2
	hidden >/dev/null
	check "the workspace is left, which is no end of it" not said grabbed
	does sways workspace 1
	seen >/dev/null
	types 125 45
	check "what that took is had again" told "key 45 1" "key 45 0"
	does sways '[app_id=front] shortcuts_inhibitor disable'
	check "sway takes them back: that is told" told "grabbed"
	check "and said" logged 'wayland: grab: .*taken'
	types 125 3
	check "they are sway's" hidden
}

# Nor is the pointer there.
bare() {
	[ "$(grim -c -t ppm - | "$WLGLASS" 000000)" = 25 ]
}

pointer() {
	session 1 || return
	user move 640 360 1280 720
	check "the pointer cannot be seen" wait_for 5 bare
	does user move 0 0 1280 720
	check "the pointer in the corner" told "place 0.0000 0.0000"
	does user move 1279 719 1280 720
	check "and in the other" told "place 1.0000 1.0000"
	for code in 272 273 274 275 276 277 279; do
		mark
		user button "$code" 1
		user button "$code" 0
		check "button $code" told "key $code 1" "key $code 0"
	done
	does user wheel 0 1
	check "the wheel, down" told "wheel -1.0000"
	does user wheel 0 -2
	check "and up" told "wheel 2.0000"
	does user wheel 1 1
	check "to the right" told "hwheel 1.0000"
	tell pointer 1
	does user rel 5 -7
	check "as the mouse moves" told "move 5.0000 -7.0000"
	check "where it is, is not told then" not said "place.*"
	does user rel 3000 0
	check "beyond the edge, too" told "move 3000.0000 0.0000"
	tell pointer 0
}

# A part of a notch comes as a touchpad tells it.
wheels() {
	session 1 || return
	does user move 640 360 1280 720
	told "place.*" >/dev/null
	mark
	for part_of in 1 2 3 4; do
		user wheel 0 0.25
	done
	check "four quarters are told" wait_for 5 eval '[ "$(turns)" = 4 ]'
	check "and are a notch, or a touchpad's one and a half" eval \
		'since | awk "/^wheel/ { all += \$2 }
			END { print all; exit all > -0.9 || all < -1.6 }"'
}

turns() {
	since | grep -c '^wheel -0'
}

# Truth is what the pointer does when it is free again.
locked() {
	session 2 || return
	does user move 320 180 2560 720
	told "place 0.25.*" >/dev/null
	tell pointer 1
	tell grab mouse
	check "the pointer is locked" told "grabbed mouse"
	does user rel 3000 40
	check "how the mouse moves is told" told "move 3000.0000 40.0000"
	does sways workspace 2
	hidden >/dev/null
	does sways workspace 1
	seen >/dev/null
	user move 320 180 2560 720
	does user rel 3000 40
	check "and when its workspace is seen again" told "move 3000.0000 40.0000"
	tell ungrab
	told grabbed >/dev/null
	tell pointer 0
	does user rel 1 0
	check "it has not moved meanwhile" told "place 0.25[0-9]* 0.25[0-9]*"
	tell pointer 1
	tell grab mouse confine
	check "the pointer is confined" told "grabbed mouse confine"
	does user rel 3000 0
	check "how the mouse moves is told" told "move 3000.0000 0.0000"
	tell pointer 0
	does user rel 0 1
	check "it has stayed in the window" told "place [01]\.[0-9]* .*"
	tell ungrab
	told grabbed >/dev/null
	does user rel 3000 0
	user button 272 1
	user button 272 0
	check "free, it leaves it" not within 1 said "key 272 1"
}

# inhibits VALUE : sway says so of the window
inhibits() {
	swaymsg -s "$SWAYSOCK" -t get_tree | tr -d ' \n' |
		grep -q '"app_id":"front".*"application":"'"$1"'"'
}

awake() {
	session 1 || return
	tell awake 1
	check "the screen is to stay on" wait_for 5 inhibits enabled
	user idle 500
	if user_saw "missing .*"; then
		skip "it does" \
			"sway $(wayland_version) has no ext-idle-notify"
	else
		check "it does" not within 2 user_saw idled
		sways workspace 2
		check "not while it is hidden" user_sees idled
		sways workspace 1
		seen >/dev/null
		user rel 1 1
	fi
	tell awake 0
	check "no longer" wait_for 5 inhibits none
	user_saw "missing .*" || check "the host goes to sleep" user_sees idled
}

# reads LINE... : sway 1.7 shows its pointer after a change, until it moves
reads() {
	user_told rel 1 1
	glass_text HEADLESS-1 >"$dir/read" || return
	for line; do
		grep -q -- "$line" "$dir/read" || { cat "$dir/read"; return 1; }
	done
}

text() {
	session 1 || return
	echo "text" >&5
	echo "text The quick brown fox jumps over the lazy dog, twice or more" >&5
	echo "text ~!@#\$%^&*()_+{}|:<>?[];',./ 0123456789" >&5
	set -- "^name *The quick brown fox jumps over the lazy dog, twice$" \
		"^  *or more$" "^name *~!@#\\\$%^&\*()_+{}|:<>?\[\];',\./ 0123456789$"
	check "text, in two columns, wrapped" wait_for 5 reads "factor 2" "$@"
	[ ! "${PICTURE:-}" ] || glass "$PICTURE"
	sways output HEADLESS-1 mode --custom 1920x1080
	check "larger on a larger output" wait_for 5 reads "factor 3" "$@"
	sways output HEADLESS-1 scale 2
	check "as sharp on one that is scaled" wait_for 5 reads "factor 3" "$@"
	sways output HEADLESS-1 scale 1.5
	check "by a fraction, too" wait_for 5 reads "factor 3" "$@"
	mark
	echo "text" >&5
	check "no text" wait_for 5 black 25
	check "which has hidden nothing" stays
}

# What the user asked for is where it can be seen and typed into.
presented() {
	session 1 || return
	for away in 'workspace 2' '[app_id=front] move scratchpad'; do
		does sways "$away"
		hidden >/dev/null
		tell present
		check "after $away: it is presented" eval 'seen &&
			told "focused 1"'
		types 30
		check "and typed into" told "key 30 1" "key 30 0"
	done
	does user window other full ff0000
	told "focused 0" >/dev/null
	tell present
	check "from below another: it is presented" told "focused 1"
	if within 2 black 25; then
		check "and on the glass" wait_for 5 verdict 1
	else # some sway leaves the first one there
		check "and another is on the glass" wait_for 5 verdict 0
	fi
	does user close other
	does sways '[app_id=front] kill'
	check "closed by its user" told closed
	check "which it leaves to others" eval 'stays && black 25'
}

# polls : how often it has woken up
polls() {
	wc -l <"$dir/strace"
}

wakes() {
	session 1 ASAN_OPTIONS=detect_leaks=0 strace -o "$dir/strace" \
		-e trace=select,pselect6 || return
	seen >/dev/null
	within 1 false
	read -r from _ </proc/uptime
	n0=$(polls)
	within 4 false
	n1=$(polls)
	read -r to _ </proc/uptime
	check "shown: at most five wake-ups a second" awk "BEGIN {
		print $n1 - $n0, $to - $from
		exit $n1 - $n0 > 5 * ($to - $from) + 1 || $n1 == $n0 }"
	does sways workspace 2
	hidden >/dev/null
	within 1 false
	n0=$(polls)
	within 4 false
	check "hidden: none" [ "$(polls)" = "$n0" ]
	does sways workspace 1
	check "which it is awake for" seen
}

wants make $WAYLAND_BUILD_PACKAGES $WAYLAND_PACKAGES strace
lab
check "builds" front_build_wayland
check "a Wayland session" wayland_prepare "$cache"
[ "$failed" = 1 ] || parts ${*:-workspaces covers scratchpad lock power outputs \
	unplugged replugged killed hangs lost
	replaced strange keys grabs pointer wheels locked awake text \
	presented wakes}
finish
