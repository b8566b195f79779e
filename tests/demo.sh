#!/bin/sh
# Shows a whole switch on real parts: an X server with a window manager, a real
# QEMU with a Linux guest and its agent, and a monitor that is simulated below
# the system calls, with which the real ddcutil agrees.  Leaves pictures and
# logs in demo/; ends with 0 only if every step was seen to happen.
set -u
cd "$(dirname "$0")/.." || exit
. tests/lib/need.sh
. tests/lib/guest.sh
. tests/lib/monitor.sh
. tests/lib/screen.sh

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
	monitor_stop
}

shows() {
	[ "$(monitor_input 1)" = "$1" ]
}

logged() {
	grep -q "$1" "$out/screenstub.log"
}

xterm_there() {
	xdotool search --onlyvisible --class xterm >"$out/xterm" 2>&1
}

# What the guest's own log says was typed.
typed() {
	awk 'BEGIN {
		split("16qwertyuiop 30asdfghjkl 44zxcvbnm", row, " ")
		for (i in row)
			for (k = 3; k <= length(row[i]); k++)
				c[substr(row[i], 1, 2) + k - 3] = \
					substr(row[i], k, 1)
		c[57] = " "
	}
	$2 == "EV_KEY" && $4 == 1 { s = s c[$3] }
	END { print s }' "$out/vm/guest.log"
}

arrived() {
	[ "$(typed)" = "$text" ]
}

# The glass of the monitor: the picture that comes by the cable it shows.
glass() {
	if shows 0x0f; then
		picture "$out/$1.png"
	else
		qmp_do "$out/vm/qmp2" '{"execute":"screendump","arguments":
			{"filename":"'"$PWD/$out/$1.ppm"'"}}' >/dev/null &&
		pnmtopng "$out/$1.ppm" >"$out/$1.png" 2>/dev/null
		rm -f "$out/$1.ppm"
	fi
}

# step LIMIT CONDITION WHAT COMMAND... : does it, and waits to see it happen.
step() {
	limit=$1 condition=$2 what=$3
	shift 3
	start=$(centis)
	"$@" || fail "$what"
	wait_for "$limit" $condition || fail "$what: not seen in $limit s"
	say "$what: seen after $(since "$start") s"
}

begin=$(centis)
rm -rf "$out"
mkdir -p "$out"
trap clean EXIT
trap 'exit 1' HUP INT TERM
mkdir -p "$out/home" "$out/run"
chmod 700 "$out/run"
export HOME="$PWD/$out/home" XDG_RUNTIME_DIR="$PWD/$out/run"
unset XDG_CACHE_HOME

need $BUILD_PACKAGES $GUEST_PACKAGES $MONITOR_PACKAGES $SCREEN_PACKAGES \
	ddcutil xterm || exit
say "packages are there; building"
make >"$out/build.log" 2>&1 || { cat "$out/build.log"; fail "make"; }
monitor_prepare "$cache" || fail "the simulated monitor"
screen_prepare "$cache" || fail "the X helper"
say "the guest: Debian's kernel, busybox, qemu-ga (kept in $cache)"
guest_prepare "$cache" || fail "the guest"

monitor_start "$out/monitor" -d tests/lib/demo.tsv || fail "the monitor"
monitored ddcutil --bus 1 --terse getvcp 60 >"$out/ddcutil.log" 2>&1
grep -q 'x0f' "$out/ddcutil.log" || fail "ddcutil does not agree"
say "a monitor with two cables: ddcutil says it shows input 0x0f, the host"
monitored ./screenstub -d >"$out/detect.log" || fail "screenstub -d"
sed 's/^/             | /' "$out/detect.log"

screen_start "$out/screen" || fail "Xvfb and openbox"
touch "$out/screenstub.log"
xterm -geometry 100x30+40+40 -T "the host's workspace" \
	-e tail -f "$out/timeline" &
term=$!
wait_for 20 xterm_there || fail "xterm"
desktop 1
monitored_start ./screenstub -V -q "$PWD/$out/vm/qmp" \
	-a "$PWD/$out/vm/qga" 2>"$out/screenstub.log"
stub=$monitored
wait_for 10 logged 'window: visible' || fail "the window"
wait_for 10 logged 'show: host is shown' || fail "the host's input"
say "screenstub runs on workspace 2; it waits for a VM: one is booting"
desktop 0
wait_for 10 logged 'window: hidden' || fail "the other workspace"
guest_start "$out/vm" || fail "QEMU"
guest_wait "$out/vm" 120 || fail "the guest"
wait_for 10 logged 'VM: off -> running' || fail "QMP"
say "a VM was started and screenstub found it"
glass 1-host

step 10 "shows 0x11" "to workspace 2 -> the monitor shows the guest" desktop 1
monitored ddcutil --bus 1 --terse getvcp 60 >"$out/ddcutil.log" 2>&1
grep -q 'x11' "$out/ddcutil.log" || fail "ddcutil does not agree"
say "ddcutil agrees: input 0x11"
step 20 arrived "\"$text\" typed into the window -> read in the guest" \
	xdotool type --delay 20 "$text"
glass 2-guest
step 10 "shows 0x0f" "to workspace 1 -> the monitor shows the host" desktop 0
step 10 "shows 0x11" "to workspace 2 -> the guest again" desktop 1
step 10 "shows 0x0f" "screenstub -e showhost -> the host; the window says why" \
	./screenstub -e showhost
./screenstub -e status | sed 's/^/             | /'
glass 4-window
step 10 "shows 0x11" "screenstub -e showguest -> the guest" \
	./screenstub -e showguest
step 10 "shows 0x0f" "QEMU is killed -> the monitor shows the host by itself" \
	kill -9 "$(cat "$out/vm/qemu.pid")"
desktop 0
kill "$stub"
wait "$stub" || fail "screenstub ended with $?"
stub=
glass 3-host
for picture in 1-host 2-guest 3-host; do
	pngtopnm "$out/$picture.png" | pnmscale -xsize 640
done 2>/dev/null >"$out/three.pnm"
pnmsplit "$out/three.pnm" "$out/part%d.pnm" 2>/dev/null
pnmcat -lr "$out"/part?.pnm | pnmtopng >"$out/screenshot.png" 2>/dev/null
rm -f "$out/three.pnm" "$out"/part?.pnm
[ -s "$out/screenshot.png" ] || fail "the screenshot"
if grep -q TOUCHED "$out/monitor/log"; then
	fail "a bus that is not the graphics card's was touched"
fi
say "all steps were seen; $out/screenshot.png shows the glass, as it was
           before, with the guest, and in the end; logs are beside it"
