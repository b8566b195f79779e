#!/bin/sh
# Shows a whole switch on real parts, in two acts: an X server with a window
# manager, and sway; a real QEMU with a Linux guest and its agent, and a monitor
# that is simulated below the system calls, with which the real ddcutil agrees.
# Leaves pictures and logs in demo/; ends with 0 only if every step was seen to
# happen.
set -u
cd "$(dirname "$0")/.." || exit
. tests/lib/need.sh
. tests/lib/guest.sh
. tests/lib/monitor.sh
. tests/lib/screen.sh
. tests/lib/wayland.sh

cache=${CACHE:-.cache}
out=demo
text="hello from screenstub"
export LC_ALL=C

centis() {
	read -r centis _ </proc/uptime
	echo "${centis%.*}${centis#*.}"
}

# Seconds since a time of centis.
since() {
	since=$(($(centis) - $1))
	printf '%d.%02d' $((since / 100)) $((since % 100))
}

say() {
	printf '[%6s s] %s\n' "$(since "$begin")" "$*" | tee -a "$out/timeline"
}

# what a program has printed
quote() {
	sed '/^$/d; s/^/           | /'
}

fail() {
	say "FAILED: $*"
	for log in "$out"/screenstub.log "$out"/monitor/log; do
		[ ! -f "$log" ] || { echo "--- the end of $log"; tail "$log"; }
	done
	exit 1
}

clean() {
	trap - EXIT
	[ ! "${stub:-}" ] || kill -9 "$stub" 2>/dev/null
	[ ! "${term:-}" ] || kill "$term" 2>/dev/null
	guest_stop "$out/vm"
	screen_stop
	wayland_stop
	monitor_stop
	rm -rf "$tmp"
}

shows() {
	[ "$(monitor_input 1)" = "$1" ]
}

logged() {
	grep -q "$1" "$out/screenstub.log"
}

# ---- what differs between X and sway ----

by() {
	front_command=$1_$2
	shift 2
	$front_command "$@"
}

x_start() {
	SCREEN_SIZE=1024x640
	screen_start "$out/screen" || fail "Xvfb and openbox"
	xsetroot -solid "#$WAYLAND_GROUND"
	xterm -fa monospace -fs 14 -geometry 76x23+40+30 \
		-T "the host's workspace 1" -e tail -n 20 -f "$out/timeline" &
	term=$!
	wait_for 20 xterm_there || fail "xterm"
}

xterm_there() {
	xdotool search --onlyvisible --class xterm >"$out/xterm" 2>&1
}

x_go() {
	desktop $(($1 - 1))
}

x_types() {
	xdotool type --delay 20 "$1"
}

x_picture() {
	picture "$1"
}

x_stop() {
	kill "$term"
	term=
	screen_stop
	unset DISPLAY
}

# Its folder is another user's, if this is root.
sway_start() {
	wayland_start "$tmp/sway" || fail "sway"
	sways output HEADLESS-1 mode 1024x640
	LC_ALL=C.UTF-8 foot -c /dev/null -f monospace:size=14 \
		tail -n 20 -f "$out/timeline" 2>"$out/foot.log" &
	term=$!
	wait_for 20 foot_there || fail "foot"
	sways '[app_id=foot] floating enable, resize set 930 550,' \
		'move position 47 45; seat - cursor set 1000 620'
}

foot_there() {
	[ "$(glass_points "$WAYLAND_GROUND")" != 25 ]
}

sway_go() {
	sways workspace "$1"
}

sway_types() {
	user_types "$1"
}

sway_picture() {
	glass "$1"
}

sway_stop() {
	cp "$tmp"/sway/*.log "$out"
	kill "$term"
	term=
	wayland_stop
}

# ---- what is seen ----

# What the guest's own log says was typed.
arrived() {
	[ "$(guest_typed <"$out/vm/guest.log")" = "$text" ]
}

# A terminal draws what it was told while it was hidden some time after it is
# shown: has this picture been the same a few times?
still() {
	by "$front" picture "$1" || return
	was=$is
	is=$(cksum <"$1")
	looks=$((looks + 1))
	[ "$is" = "$was" ] || looks=0
	[ "$looks" -ge 4 ]
}

# The glass of the monitor: the picture that comes by the cable it shows.
shot() {
	is= looks=0
	if shows 0x0f; then
		wait_for 10 still "$out/$1.png"
	else
		qmp_do "$out/vm/qmp2" '{"execute":"screendump","arguments":
			{"filename":"'"$PWD/$out/$1.ppm"'"}}' >/dev/null &&
		pnmtopng "$out/$1.ppm" >"$out/$1.png" 2>/dev/null
		rm -f "$out/$1.ppm"
	fi
}

# step LIMIT CONDITION DONE SEEN COMMAND... : does it, waits to see it happen
step() {
	limit=$1 condition=$2 does=$3 seen=$4
	shift 4
	start=$(centis)
	"$@" || fail "$does"
	wait_for "$limit" $condition || fail "$does: not in $limit s: $seen"
	say "$(printf '%-28s' "$does") -> $seen ($(since "$start") s)"
}

host="the host is shown"
guest="the guest is shown"

# ---- an act ----

# opens [OPTION...] : on workspace 2
opens() {
	by "$front" start
	by "$front" go 2
	: >"$out/screenstub.log"
	monitored_start ./screenstub -V -q "$PWD/$out/vm/qmp" \
		-a "$PWD/$out/vm/qga" "$@" 2>>"$out/screenstub.log"
	stub=$monitored
	wait_for 10 logged 'window: visible' || fail "the window"
}

goes() {
	by "$front" go "$1"
}

agrees() {
	monitored ddcutil --bus 1 --terse getvcp 60 >"$out/ddcutil.log" 2>&1
	grep -q "x${1#0x}" "$out/ddcutil.log" || fail "ddcutil does not agree"
	say "ddcutil agrees: the monitor's input is $1"
}

# act NAME : the pictures are NAME1-host.png and so on
act() {
	shot "$1"1-host
	step 10 "shows 0x11" "to workspace 2" "$guest" goes 2
	agrees 0x11
	step 20 arrived "type \"$text\"" "read in the guest" \
		by "$front" types "$text"
	shot "$1"2-guest
	step 10 "shows 0x0f" "to workspace 1" "$host" goes 1
	step 10 "shows 0x11" "screenstub -e toggleshow" "$guest" \
		./screenstub -e toggleshow
	step 10 "shows 0x0f" "screenstub -e showhost" "$host" \
		./screenstub -e showhost
	shot "$1"3-window
	step 10 "shows 0x11" "screenstub -e showguest" "$guest" \
		./screenstub -e showguest
	step 10 "shows 0x0f" "kill QEMU" "$host" \
		kill -9 "$(cat "$out/vm/qemu.pid")"
	goes 1
	kill "$stub"
	wait "$stub" || fail "screenstub ended with $?"
	stub=
	shot "$1"4-host
	mv "$out/screenstub.log" "$out/screenstub.$front.log"
}

# ---- the picture ----

# framed LEFT TOP PICTURE INPUT COLOUR CAPTION MORE : on a monitor, as SVG
framed() {
	cat <<-END
	<g transform="translate($1 $2)">
	<text x="0" y="0" font-weight="bold" font-size="19">$6</text>
	<text x="0" y="22" font-size="15" fill="#4d5865">$7</text>
	<path d="M185 345h98l6 16h30v7H149v-7h30z" fill="#596470"/>
	<rect y="38" width="468" height="312" rx="9" fill="#20252b"/>
	<image x="10" y="48" width="448" height="280" href="$3.png"
		preserveAspectRatio="none"/>
	<circle cx="200" cy="339" r="4" fill="$5"/>
	<text x="210" y="344" font-size="14" font-weight="bold"
		fill="#fff">$4</text>
	</g>
	END
}

drawing() {
	cat <<-END
	<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1000 836"
		font-family="DejaVu Sans" fill="#20252b">
	<rect width="1000" height="836" fill="#e6ebf0"/>
	END
	framed 22 38 1-host DP-1 "#5fb3ff" "1. The host" \
		"Under X; screenstub waits on workspace 2."
	framed 510 38 2-guest HDMI-1 "#ffb13d" "2. Workspace 2: the guest" \
		"Its own card, by the other cable; keys go there."
	framed 22 454 3-window DP-1 "#5fb3ff" "3. The host was asked for" \
		"screenstub's window says why, and the hotkeys."
	framed 510 454 sway-4-host DP-1 "#5fb3ff" \
		"4. QEMU was killed: the host, by itself" \
		"Under Wayland, where all of it was done again."
	echo "</svg>"
}

# ---- all of it ----

begin=$(centis)
rm -rf "$out"
mkdir -p "$out"
tmp=$(mktemp -d)
trap clean EXIT
trap 'exit 1' HUP INT TERM
mkdir -p "$out/home" "$out/run"
chmod 700 "$out/run"
export HOME="$PWD/$out/home" XDG_RUNTIME_DIR="$PWD/$out/run"
unset XDG_CACHE_HOME XDG_CONFIG_HOME DISPLAY WAYLAND_DISPLAY

cat <<END
screenstub switches a monitor between a host and its guest. This shows it.
Real: X with openbox, sway, QEMU, a Linux guest and its agent, ddcutil.
Simulated: the monitor, and the bus to it. Your own monitors are not touched.
It takes about a minute. The first time it takes a few more, for packages (how
much they are is told before) and the guest (40 MB, half of it kept in $cache).

END
need $BUILD_PACKAGES $WAYLAND_BUILD_PACKAGES $GUEST_PACKAGES \
	$MONITOR_PACKAGES $SCREEN_PACKAGES $WAYLAND_PACKAGES $DEMO_PACKAGES ||
	exit
say "building screenstub, for X and Wayland"
make WAYLAND=1 CONFIG=config.def.h CHOICE=/dev/null >"$out/build.log" 2>&1 ||
	{ cat "$out/build.log"; fail "make"; }
monitor_prepare "$cache" || fail "the simulated monitor"
screen_prepare "$cache" || fail "the X helper"
wayland_prepare "$cache" || fail "the Wayland helper"
guest_prepare "$cache" || fail "the guest"
say "the guest is there: Debian's kernel, busybox, qemu-ga"

monitor_start "$out/monitor" -d tests/lib/demo.tsv || fail "the monitor"
monitored ddcutil --bus 1 --terse getvcp 60 >"$out/ddcutil.log" 2>&1
grep -q 'x0f' "$out/ddcutil.log" || fail "ddcutil does not agree"
say "a monitor with two cables; ddcutil: it shows 0x0f, the host"
monitored ./screenstub -d >"$out/detect.log" || fail "screenstub -d"
say "screenstub -d finds it, and what to write into config.h"
quote <"$out/detect.log"

say "---- X, with openbox ----"
front=x
opens
wait_for 10 logged 'show: host is shown' || fail "the host's input"
say "screenstub's window is on workspace 2; a VM boots"
goes 1
wait_for 10 logged 'window: hidden' || fail "the other workspace"
guest_start "$out/vm" || fail "QEMU"
guest_wait "$out/vm" 120 || fail "the guest"
wait_for 10 logged 'VM: off -> running' || fail "QMP"
say "screenstub has found the VM"
act ""

# it boots while X ends and sway begins
guest_start "$out/vm" || fail "QEMU"
x_stop
say "---- Wayland, with sway ----"
front=sway
# the inputs as -d has printed them: the VM is there already
opens -i 0x0f:0x11
goes 1
wait_for 10 logged 'window: hidden' || fail "the other workspace"
wait_for 10 shows 0x0f || fail "the host"
guest_wait "$out/vm" 120 || fail "the guest"
say "the VM has booted again"
act sway-
sway_stop
drawing >"$out/screenshot.svg"
rsvg-convert -w 1800 "$out/screenshot.svg" | pngtopnm 2>/dev/null |
	pnmquant 200 2>/dev/null |
	pnmtopng -compression 9 >"$out/screenshot.png" 2>/dev/null
[ -s "$out/screenshot.png" ] || fail "the picture"
if grep -q TOUCHED "$out/monitor/log"; then
	fail "a bus that is not the graphics card's was touched"
fi
say "every step was seen"
cat <<END

$out/screenshot.png is a picture of it; logs and screens are beside it.
Next comes your own machine: see "Set up" in README.md.
END
