#!/bin/sh
# The program under window managers and compositors: what it wishes, against
# what the screen shows, read back from there.  Prints TAP, and the matrix.
#
#   wm.sh [short | WM:COMPOSITOR...]
#
# A cell of the matrix is
#   ok     both as it is meant to be, at each step
#   ok*    the screen can't be read back (see blind); the wish is as it is meant
#   WRONG  it is not
#   -      this window manager has no such thing: under "slow", its restart had
#          no moment at which, a sign of it given, the window was hidden
#
# The last columns: the median of the times between a change on the screen and
# the first message to the monitor, less the settle, and of how many.
set -u
cd "$(dirname "$0")/../.." || exit
. tests/lib/test.sh

colour=3f7ac2
w=1024 h=576 # of each of two monitors, the mode that the driver prefers

pairs="dwm:none dwm:picom i3:none i3:picom openbox:none openbox:picom
	bspwm:none bspwm:picom herbstluftwm:none herbstluftwm:picom
	xfwm4:none xfwm4:picom xfwm4:own awesome:none awesome:picom
	kwin_x11:none kwin_x11:own mutter:own"
# a frame that is unmapped, a compositor, frames that the server redirects
short="i3:none openbox:picom herbstluftwm:none awesome:picom"

# ---- what is started ----

jobs=

# In the background, until jobs_end; its process is $job.
job() {
	"$@" >>"$dir/jobs.log" 2>&1 &
	job=$!
	jobs="$job $jobs"
}

gone() {
	! kill -0 "$1" 2>/dev/null
}

leave() {
	jobs_end
}

# The last one first, so the X server after all others.
jobs_end() {
	for job in $jobs; do
		kill "$job" 2>/dev/null
		wait_for 5 gone "$job" || kill -9 "$job"
		wait "$job" 2>/dev/null
	done
	jobs=
}

x_answered() {
	screen_number || gone "$job"
}

# Two monitors, on a server that nobody has to be root for; with Xvfb one.
x_start() {
	cat >"$dir/xorg.conf" <<-END
	Section "Device"
		Identifier "none"
		Driver "dummy"
		VideoRam 16384
	EndSection
	Section "Screen"
		Identifier "none"
		Device "none"
		DefaultDepth 24
		SubSection "Display"
			Virtual $((2 * w)) $h
		EndSubSection
	EndSection
	Section "ServerFlags"
		Option "AutoAddGPU" "off"
		Option "AutoAddDevices" "off"
	EndSection
	END
	: >"$dir/display"
	two=1
	job sh -c 'exec Xorg -displayfd 3 -noreset -config "$1/xorg.conf" \
		-logfile "$1/xlog" -sharevts -novtswitch -nolisten tcp \
		3>"$1/display" >"$1/x.log" 2>&1' sh "$dir"
	screen_dir=$dir
	if wait_for 20 x_answered && screen_number; then
		export DISPLAY
		xrandr --addmode DUMMY1 ${w}x$h &&
		xrandr --output DUMMY0 --mode ${w}x$h --output DUMMY1 \
			--mode ${w}x$h --pos ${w}x0
		return
	fi
	two=
	job sh -c 'exec Xvfb -displayfd 3 -noreset -nolisten tcp \
		-screen 0 "$2x$3x24" 3>"$1/display"' sh "$dir" "$w" "$h"
	wait_for 20 screen_number && export DISPLAY
}

bus_start() {
	rm -f "$dir/bus"
	job sh -c 'exec dbus-daemon --session --nofork --nopidfile \
		--print-address=3 3>"$1/bus"' sh "$dir"
	wait_for 10 [ -s "$dir/bus" ] &&
	export DBUS_SESSION_BUS_ADDRESS="$(cat "$dir/bus")"
}

# ---- the window managers ----

wm_package() {
	case $wm in
	i3) echo i3-wm ;;
	kwin_x11) echo kwin-x11 libgl1-mesa-dri ;;
	mutter) echo mutter libgl1-mesa-dri ;;
	*) echo "$wm" ;;
	esac
}

# wm_run [ARG...] ; $wmpid is its process
wm_run() {
	case $wm:$comp in
	i3:*) set -- -c "$dir/i3" "$@" ;;
	openbox:*) set -- --config-file "$dir/rc.xml" "$@" ;;
	bspwm:*) set -- -c "$dir/bspwmrc" "$@" ;;
	herbstluftwm:*) set -- -c "$dir/autostart" "$@" ;;
	xfwm4:own) set -- --compositor=on --vblank=off "$@" ;;
	xfwm4:*) set -- --compositor=off "$@" ;;
	awesome:*) set -- -c "$dir/rc.lua" "$@" ;;
	kwin_x11:none) export KWIN_COMPOSE=N ;;
	kwin_x11:own) export KWIN_COMPOSE=O2 ;;
	mutter:*) set -- --x11 "$@" ;;
	esac
	job "$wm" "$@"
	wmpid=$job
}

# Settings of its own for each, whatever the user's are.
wm_settings() {
	cat >"$dir/i3" <<-END
	# i3 config file (v4)
	END
	cat >"$dir/rc.xml" <<-END
	<openbox_config xmlns="http://openbox.org/3.4/rc">
	<desktops><number>2</number><popupTime>0</popupTime></desktops>
	</openbox_config>
	END
	cat >"$dir/bspwmrc" <<-'END'
	#!/bin/sh
	bspc monitor -d here away
	END
	cat >"$dir/autostart" <<-'END'
	#!/bin/sh
	herbstclient add second
	herbstclient add away
	herbstclient detect_monitors
	herbstclient rule focus=on
	END
	chmod +x "$dir/bspwmrc" "$dir/autostart"
	cat >"$dir/rc.lua" <<-'END'
	local awful = require("awful")
	require("awful.autofocus")
	awful.screen.connect_for_each_screen(function(s)
		awful.tag({ "1", "2" }, s, awful.layout.suit.tile)
	end)
	local key, super = awful.key, { "Mod4" }
	root.keys(awful.util.table.join(
		key(super, "1", function()
			awful.screen.focused().tags[1]:view_only() end),
		key(super, "2", function()
			awful.screen.focused().tags[2]:view_only() end),
		key(super, "o", function()
			awful.screen.focus_relative(1) end),
		key(super, "r", awesome.restart)))
	awful.rules.rules = { { rule = {}, properties = {
		focus = awful.client.focus.filter, raise = true,
		screen = awful.screen.preferred } } }
	END
}

# A window manager that does not answer must not be waited for.
told() {
	timeout 10 "$@"
}

away() {
	case $wm in
	dwm) xdotool key alt+2 ;;
	i3) told i3-msg workspace 7 ;;
	bspwm) told bspc desktop away -f ;;
	herbstluftwm) told herbstclient use away ;;
	awesome) xdotool key super+2 ;;
	*) xdotool set_desktop 1 ;;
	esac
}

back() {
	case $wm in
	dwm) xdotool key alt+1 ;;
	i3) told i3-msg workspace 1 ;;
	bspwm) told bspc desktop here -f ;;
	herbstluftwm) told herbstclient use default ;;
	awesome) xdotool key super+1 ;;
	*) xdotool set_desktop 0 ;;
	esac
}

iconifies() {
	case $wm in
	dwm | i3 | bspwm) return 1 ;;
	esac
}

icon() {
	xdotool windowminimize "$win"
}

uniconify() {
	case $wm in
	herbstluftwm) told herbstclient set_attr \
		"clients.$(printf '0x%x' "$win").minimized" off ;;
	*) xdotool windowactivate "$win" ;;
	esac
}

# Of the two monitors the other one becomes the current one.
othermonitor() {
	case $wm in
	dwm) xdotool key alt+period ;;
	i3) told i3-msg focus output next ;;
	bspwm) told bspc monitor -f next ;;
	herbstluftwm) told herbstclient cycle_monitor 1 ;;
	awesome) xdotool key super+o ;;
	esac
}

restart() {
	case $wm in
	dwm)
		kill "$wmpid"
		wait "$wmpid" 2>/dev/null
		wm_run
		;;
	i3) told i3-msg restart ;;
	openbox) openbox --restart ;;
	bspwm) told bspc wm -r ;;
	herbstluftwm) told herbstclient wmexec ;;
	awesome) xdotool key super+r ;;
	*) wm_run --replace ;;
	esac
}

# ---- truth and answer ----

# Without a compositor the server leaves awesome's 32-bit frames out when it is
# asked for what a root window of 24 bits shows.
blind() {
	[ "$wm:$comp" = awesome:none ]
}

# truth SIDE : by the window's colour on the screen
truth() {
	points=$("$XWIN" grid "$win" $colour)
	case $1 in
	host) [ "$points" = 0 ] ;;
	guest) [ "${points:-0}" -gt 12 ] ;;
	esac || blind
}

wished() {
	[ "$(sed -n 's/.* wish: .* -> \([a-z]*\):.*/\1/p' "$dir/log" | tail -n 1)" = "$1" ]
}

# All is over: so the next switch does not wait for this one.
shown() {
	grep -e 'show: [a-z]*$' -e ' is shown$' "$dir/log" | tail -n 1 |
		grep -q "show: $1 is shown"
}

await() {
	wait_for 10 "$@" >"$dir/tries" || {
		echo "not in 10 s: $*, ${points:-} points"
		tail -n 8 "$dir/log" "$dir/jobs.log" "$dir/watch"
		return 1
	}
}

# agree SIDE : the screen first, then the program
agree() {
	wait_for 10 truth "$1" || {
		echo "the screen: $points of 25 points, meant is: $1"
		return 1
	}
	wait_for 5 wished "$1" && wait_for 10 shown "$1" || {
		echo "the screen: $1; the program:"
		tail -n 12 "$dir/log"
		return 1
	}
}

# looked COMMAND... : the program has looked at its window once more since
looked() {
	looks=$(count 'points hit')
	"$@"
	# a window manager that restarts may keep a window from being shown
	wait_for 2 more 'points hit' "$looks" || "$@"
	wait_for 10 more 'points hit' "$looks" || {
		echo "it has not looked: $*"
		return 1
	}
}

begin() {
	agree guest && switches=$(count 'show: [a-z]*$')
}

noswitch() {
	[ "$(count 'show: [a-z]*$')" = "$switches" ] || {
		echo "the monitor was switched; the program:"
		grep -v 'ddc: \|points hit' "$dir/log" | tail -n 12
		return 1
	}
}

unchanged() {
	truth guest && wished guest && noswitch
}

# ---- windows over ours ----

stall=

# window_start ARG... : its id is $id
window_start() {
	: >"$dir/over"
	"$XWIN" "$@" >"$dir/over" &
	over=$!
	wait_for 5 [ -s "$dir/over" ] && read -r id <"$dir/over"
}

window_end() {
	[ "$over" ] || return 0
	kill "$over"
	wait "$over" 2>/dev/null
	over=
}

# i3 gives no state to what is behind a fullscreen window.
managed() {
	"$XWIN" property "$id" WM_STATE ||
		xprop -root _NET_CLIENT_LIST | grep -qw "$(printf '0x%x' "$id")"
}

isfull() {
	xprop -id "$win" _NET_WM_STATE | grep -q FULLSCREEN
}

focused() {
	[ "$(xdotool getwindowfocus)" = "$id" ]
}

# ---- the cells ----

# A window manager that is restarted may have put it anywhere.
place() {
	eval "$(xdotool getwindowgeometry --shell "$win" | grep -E '^[XY]=')"
	here=$((X < w ? 0 : w))
	there=$((w - here))
}

# hides COMMAND COMMAND : and shows it again
hides() {
	agree guest && $1 && agree host && $2 && agree guest
}

# By us, where there is such a thing, and then it is brought back.
taken() {
	agree guest && "$dir/stub" -e togglewindow && agree_taken &&
	"$dir/stub" -e togglewindow && agree guest && await isfull
}

agree_taken() {
	if iconifies; then
		agree host
	else
		wished host
	fi
}

fullscreen() {
	window_start window 0 0 $here 0
}

# Some window managers take fullscreen away from ours for that.
covered() {
	hides fullscreen window_end && await isfull
}

covering() {
	window_start cover $((2 * w)) $h
}

locker() {
	i3lock -n -c 808080 &
	over=$!
}

second() {
	begin || return
	othermonitor
	xdotool mousemove $((there + 150)) 150
	window_start window 100 100 $((there + 100)) 100 || return
	await managed || return
	xdotool windowactivate "$id"
	await focused && looked poke && await unchanged || return
	window_end
	othermonitor
	xdotool mousemove $((here + 150)) 150 windowactivate "$win"
	await unchanged
}

# Something that the program looks at.
poke() {
	: >"$dir/poke"
	"$XWIN" cover 1 1 $((there + 10)) 10 >"$dir/poke" &
	poked=$!
	wait_for 5 [ -s "$dir/poke" ]
	kill "$poked"
	wait "$poked" 2>/dev/null
}

popup() {
	begin && ontop && looked poke && await unchanged || return
	window_end
	await unchanged
}

# A raise that mutter has still to do puts ours over it.
ontop() {
	for try in 1 2 3; do
		looked window_start cover 300 80 $here 0 || return
		within 3 popped && return
		window_end
	done
	echo "the popup is not seen"
	return 1
}

popped() {
	points=$("$XWIN" grid "$win" $colour)
	[ "${points:-25}" -lt 25 ] || blind
}

# restarts COMMAND : it is over when a new window is taken care of; no switch
# until then
restarts() {
	begin || return
	wms=$(grep -c wm "$dir/watch")
	wishes=$(count 'wish: .* -> host')
	changes=$(wc -l <"$dir/watch")
	how=$1
	$how
	await newwm && probe && window_end && await truth guest && looked poke &&
	await wished guest && stall_end && turbulence && noswitch || return
	back
	hides away back
}

# One that comes while mutter begins is forgotten by it.  It goes at once, for
# herbstluftwm may put it over ours, which is fullscreen.
probe() {
	for try in 1 2 3; do
		window_start window 100 100 $((there + 100)) 100 &&
		within 4 managed && return
		window_end
	done
	echo "no new window is taken care of"
	return 1
}

# On a slow machine: it is stopped when it has hidden the window, after a sign
# that it is being restarted. Some hide nothing.
slowly() {
	case $wm in
	xfwm4 | kwin_x11 | mutter) restart; stall ;; # that has another process
	*) stall; restart ;;
	esac
}

stall() {
	: >"$dir/stall"
	"$XWIN" stall "$win" "$wmpid" 300 >"$dir/stall" &
	stall=$!
}

stall_end() {
	[ "$stall" ] || return 0
	kill "$stall" 2>/dev/null
	wait "$stall" 2>/dev/null
	kill -CONT "$wmpid"
	stall=
}

# What the switch was spared.
turbulence() {
	tail -n +$((changes + 1)) "$dir/watch" | awk -v pair="$pair, $how" \
		-v wishes="$(($(count 'wish: .* -> host') - wishes))" '
		/ covered/ { from = $1 }
		/uncovered/ { ms = ($1 - from) * 1000; if (ms > max) max = ms }
		END { printf "# %s: the wish was the host %d times," \
			" the window covered for up to %d ms\n", pair, wishes,
			max }' >>"$dir/notes"
}

newwm() {
	[ "$(grep -c wm "$dir/watch")" -gt "$wms" ]
}

# cell NAME COMMAND... : the next one begins as this one did, also when it failed
cell() {
	title=$1
	shift
	[ "$1" != - ] || { row="$row -"; return; }
	was=$failed failed=0
	place
	check "$pair: $title" "$@"
	mark=ok
	blind && mark='ok*'
	[ "${2:-}" != slowly ] || [ -s "$dir/stall" ] || mark=-
	[ "$failed" = 0 ] || {
		mark=WRONG
		window_end
		stall_end
		back
		uniconify
		await truth guest
	} >"$dir/out" 2>&1
	row="$row $mark"
	[ "$was" = 0 ] || failed=1
}

cells() {
	cell "another workspace and back" hides away back
	if iconifies; then
		cell "iconified and back" hides icon uniconify
	else
		cell "" -
	fi
	cell "taken away, and brought back" taken
	cell "a fullscreen window over it" covered
	cell "an override-redirect window over it" hides covering window_end
	cell "i3lock" hides locker window_end
	if [ "$two" ]; then
		cell "the second monitor has the focus" second
	else
		skip "$pair: the second monitor has the focus" "Xvfb has one"
		row="$row skip"
	fi
	cell "a popup over it" popup
	cell "restarted: no switch; then another workspace" restarts restart
	cell "restarted slowly: the same" restarts slowly
}

# ---- outputs ----

# geometry W H X Y : of the window
geometry() {
	xdotool getwindowgeometry --shell "$win" >"$dir/geometry"
	printf '%s\n' "X=$3" "Y=$4" "WIDTH=$1" "HEIGHT=$2" |
		grep -vxF -f "$dir/geometry"
	[ $? = 1 ]
}

# Without a window manager we have to follow.
outputs() {
	: >"$dir/jobs.log"
	check "two outputs" x_start
	if [ ! "$two" ]; then
		skip "the window on its output" "Xvfb has one"
		jobs_end
		return
	fi
	monitored_start "$dir/placed" -VV -q '' -a '' 2>"$dir/log"
	stub=$monitored
	wait_for 10 logged 'window: visible'
	wait_for 5 found
	check "the window is on the output of its monitor" \
		await geometry $w $h $w 0
	check "and the guest shown" await shown guest
	xrandr --newmode other 38.25 800 832 912 1024 600 603 607 624
	xrandr --addmode DUMMY1 other
	xrandr --output DUMMY1 --mode other
	check "the output changes its mode: the window its size" \
		await geometry 800 600 $w 0
	xdotool windowmove "$win" 0 0
	check "on the other output: the host" await shown host
	check "and why is said" logged 'is not on output DUMMY1'
	xdotool windowmove "$win" $w 0
	check "back: the guest" await shown guest
	xrandr --output DUMMY1 --off
	check "the output goes off, as by a monitor that shows the guest" \
		await logged 'output DUMMY1 is not there, or is off'
	outputs=$(count 'x: output:')
	xrandr --output DUMMY1 --mode ${w}x$h --pos ${w}x0
	check "and on again" await more 'x: output:' "$outputs"
	check "the guest stays" shown guest
	check "and the size follows" await geometry $w $h $w 0
	check "outputs: it exits" stopped 0 kill "$stub"
	jobs_end
}

# ---- a pair ----

composited() {
	"$XWIN" owner _NET_WM_CM_S0
}

compositor() {
	case $comp in
	none) not composited && return ;;
	picom)
		printf 'backend = "xrender";\nfading = false;\n' \
			>"$dir/picom.conf"
		job picom --config "$dir/picom.conf"
		;;
	esac
	wait_for 20 composited
}

lab_start() {
	: >"$dir/jobs.log" >"$dir/notes"
	rm -rf "$HOME"
	mkdir -p "$HOME" && x_start && bus_start && wm_settings && wm_run &&
	wait_for 30 "$XWIN" property 0 _NET_SUPPORTING_WM_CHECK && desktops &&
	compositor || {
		tail -n 20 "$dir/jobs.log"
		return 1
	}
}

# Two workspaces, for those that have them for all monitors.
desktops() {
	case $wm in
	openbox | xfwm4 | kwin_x11 | mutter)
		wait_for 10 twodesktops ;;
	esac
}

twodesktops() {
	xdotool set_num_desktops 2
	[ "$(xdotool get_num_desktops)" = 2 ]
}

# A window that goes meanwhile is an error to xdotool.
found() {
	win=$(xdotool search --class '^screenstub$')
}

stub_start() {
	xdotool mousemove $((w / 2)) $((h / 2))
	monitored_start "$dir/stub" -VV -q '' -a '' 2>"$dir/log"
	stub=$monitored
	wait_for 10 logged 'window: visible' || {
		cat "$dir/log"
		return 1
	}
	wait_for 5 found && agree guest || return
	: >"$dir/watch"
	"$XWIN" watch "$win" >"$dir/watch" &
	jobs="$! $jobs"
	wait_for 5 grep -q uncovered "$dir/watch"
}

# Times in ms between each change, as another client sees it, and the first
# message on the bus after it, less the settle; their median.
first() {
	{
		cat "$dir/watch"
		grep ' i2c-1 ' "$monitor_dir/log"
	} | sort -n | awk -v settle=48 '
		/covered/ { at = changes++ ? $1 : 0 }
		/i2c/ { if (at) printf "%.1f\n", ($1 - at) * 1000 - settle
			at = 0 }' | sort -n |
		awk '{ t[NR] = $1 }
		END { print NR ? t[int((NR + 1) / 2)] " ms of " NR : "-" }'
}

pair() {
	wm=${pair%:*} comp=${pair#*:} row=
	comppkg=
	[ "$comp" != picom ] || comppkg=picom
	if ! need $(wm_package) $comppkg; then
		skip "$pair" "missing:$need_list"
		echo "$wm $comp missing" >>"$dir/table"
		return
	fi
	win=
	check "$pair: the lab" lab_start
	check "$pair: the window is visible, the guest shown" stub_start
	if [ ! "$win" ]; then
		echo "$wm $comp WRONG" >>"$dir/table"
		[ ! "${stub:-}" ] || stop kill "$stub"
		jobs_end
		return
	fi
	cells
	time=$(first)
	cat "$dir/notes"
	echo "# $pair: from the switch to the first byte, less the settle:" \
		"$time"
	echo "$wm $comp$row $time" >>"$dir/table"
	check "$pair: it ends with the host shown" stopped 0 kill "$stub"
	jobs_end
}

case ${1:-} in
short) pairs=$short ;;
'') ;;
*) pairs=$* ;;
esac
wants $WM_PACKAGES $MONITOR_PACKAGES $SCREEN_PACKAGES
lab
mkdir "$dir/named"
export BSPWM_SOCKET="$dir/bspwm"
unset XDG_CURRENT_DESKTOP SESSION_MANAGER WAYLAND_DISPLAY I3SOCK DESKTOP_STARTUP_ID
# Without the throttle every switch tells the time until its first byte
sed -e 's/{ .manufacturer = "\*" }/{ .manufacturer = "*", .host = { .value = DP1 } }/
	' -e 's/Throttle = [0-9]*/Throttle = 0/' \
	-e "s/^\(static const uint32_t [a-z]*ground = \).*/\10x$colour;/" \
	config.def.h >"$dir/named/config.h"
program_prepare "$cache" || exit
check "builds in a colour of its own" build_plain stub \
	"-I$dir/named"
mkdir "$dir/output"
sed 's/= DP1 }/&, .output = "DUMMY1"/' "$dir/named/config.h" \
	>"$dir/output/config.h"
check "builds with an output" build_plain placed "-I$dir/output"
[ -x "$dir/stub" ] && [ -x "$dir/placed" ] || exit
monitor_prepare "$cache" && screen_prepare "$cache" || exit
check "the lab: monitors" monitor_start "$dir/monitor" -d tests/lib/demo.tsv
echo 'WM compositor workspace iconify taken fullscreen cover i3lock monitor' \
	'popup restart slow first byte' >"$dir/table"
outputs
for pair in $pairs; do
	pair
done
awk '{
	printf "# %-13s %-10s", $1, $2
	for (i = 3; i <= 12; i++)
		printf " %-10s", $i
	for (; i <= NF; i++)
		printf " %s", $i
	print ""
}' "$dir/table"
finish
