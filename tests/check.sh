#!/bin/sh
# All tests: installs what they need, if it may, makes once what several of
# them use, runs them side by side, for most of them wait most of the time, and
# sums up.  What a part prints is printed when all of it and of those before is
# there; one that died has failed.
#
# usage: check.sh         15 to 30 minutes on two processors
#        check.sh long    what is long on purpose, and not in there
#
# JOBS is how many parts run at once.
set -u
cd "$(dirname "$0")/.." || exit
. tests/lib/need.sh
. tests/lib/guest.sh
. tests/lib/monitor.sh
. tests/lib/screen.sh
. tests/lib/program.sh
. tests/lib/box.sh
. tests/lib/box-ddc.sh
. tests/lib/wayland.sh

cache=${CACHE:-.cache}
jobs=${JOBS:-4}

# A script below tests/ and its words.  In the order in which they are printed
# and begun, so that no long one is the last.
short_parts="real/real qmp linux evdev clone
	real/real blank rights virtio monitors
	unit
	program/build
	program/e2e virtualmachine exits killed blocked auto bare
	program/e2e rest rows focused outputs two
	program/e2e commands window visibility keys hotkeys control status text fullscreen hung
	qmp/vm reboots exits
	qmp/vm usb pace virtio buttons
	qmp/vm actions connection events
	qmp/vm agentstops agentdies frozen snapshot noid restored
	qmp/vm crash stopcont poweroff panic restart taken
	ddc/ddc switching
	ddc/ddc finding identity wire several detecting window docked slow absent vms unknown
	window/front
	window/script
	wayland workspaces covers scratchpad lock power outputs unplugged replugged
	wayland killed hangs lost replaced strange keys grabs pointer wheels
	wayland locked awake text presented wakes
	window/wm short
	lib/lab
	program/samples
	program/papers
	program/trial
	program/xwayland
	program/check good rows rights monitors
	program/check machine agents windows
	program/wayland switches text keys presents grabs files hung leaves
	program/wayland virtualmachine killed outputs auto xfront rest
	program/desktops
	fuzz short
	demo"
long_parts="real/real options order q35
	qmp/vm reboots crash
	window/front
	program/libvirt
	window/wm dwm:none dwm:picom i3:none i3:picom
	window/wm openbox:none openbox:picom bspwm:none bspwm:picom
	window/wm herbstluftwm:none herbstluftwm:picom xfwm4:none
	window/wm xfwm4:picom xfwm4:own awesome:none awesome:picom
	window/compositors
	window/wm kwin_x11:none kwin_x11:own mutter:own
	static
	fuzz
	fuzz 60s
	unit long
	program/matrix
	program/matrix seeded"

# ---- what several parts use ----

prepare() {
	mkdir -p "$cache"
	box_kernel # the lists of packages, too
	monitor_prepare "$cache" &
	screen_prepare "$cache" &
	(program_prepare "$cache" && program_wayland) &
	wayland_prepare "$cache" &
	(box_prepare "$cache" && box_headers "$cache") &
	guest_usb_prepare "$cache" &
	guest_prepare "$cache" && box_guest_prepare "$cache" pc
	wait
}

# ---- parts ----

begun=0
printed=0
running=0

# begin SCRIPT [WORD...] : it has a session of its own, by which all that
# belongs to it can be found
begin() {
	begun=$((begun + 1))
	running=$((running + 1))
	echo "$*" >"$dir/$begun.name"
	script=$1
	shift
	(
		setsid sh "tests/$script.sh" "$@" >"$dir/$begun.out" 2>&1 \
			</dev/null 3>&- &
		echo $! >"$dir/$begun.pid"
		read -r from _ </proc/uptime
		wait $!
		status=$?
		read -r to _ </proc/uptime
		echo "$status $((${to%.*} - ${from%.*}))" >"$dir/$begun.status"
		echo >&3
	) &
}

# Waits until one has ended, and prints what there is to print.
ended() {
	read -r _ <&3
	running=$((running - 1))
	while [ -s "$dir/$((printed + 1)).status" ]; do
		printed=$((printed + 1))
		show "$printed" | tee -a "$dir/log"
	done
}

show() {
	read -r name <"$dir/$1.name"
	read -r status seconds <"$dir/$1.status"
	echo "# $name: $seconds s"
	if [ "$name" = demo ]; then
		demo "$1"
		return
	fi
	cat "$dir/$1.out"
	# whatever it printed
	if ! grep -q '^1\.\.' "$dir/$1.out"; then
		echo "not ok - $name: died with status $status"
	elif [ "$status" != 0 ] && ! grep -q '^not ok' "$dir/$1.out"; then
		echo "not ok - $name: ended with status $status"
	fi
}

# All of it is one point.
demo() {
	if [ "$lacking" ]; then
		echo "ok - make demo # SKIP packages are missing"
	elif [ "$status" = 0 ]; then
		echo "ok - make demo"
	else
		sed 's/^/# /' "$dir/$1.out"
		echo "not ok - make demo"
	fi
}

# ---- the end ----

# What is left of the sessions of the parts.
left() {
	for pid in "$dir"/*.pid; do
		[ -s "$pid" ] || continue
		read -r session <"$pid"
		sed -n "s/^\([0-9]*\) (.*) [^Z] [0-9]* [0-9]* $session .*/\1/p" \
			/proc/[0-9]*/stat 2>/dev/null
	done
}

none_left() {
	[ ! "$(left)" ]
}

# Each part cleans up when it is told to end, if it can.
clean() {
	trap - EXIT
	trap '' HUP INT TERM
	kill $(left) 2>/dev/null
	wait_for 20 none_left || kill -9 $(left) 2>/dev/null
	wait
	rm -rf "$dir"
}

dir=$(mktemp -d)
trap clean EXIT
trap 'exit 1' HUP INT TERM
mkfifo "$dir/ends"
exec 3<>"$dir/ends"
lacking=
takes="15 to 30 minutes on two processors"
[ "${1-}" != long ] || takes="much longer than make check"
echo "# this takes $takes; first come the packages"
echo "# that are missing and, the first time, guests: 350 MB stay in $cache"
# all at once, for who has to type it; what can't be had is skipped
need $BUILD_PACKAGES $GUEST_PACKAGES $MONITOR_PACKAGES $SCREEN_PACKAGES \
	$BOX_PACKAGES $DDC_PACKAGES $SAMPLES_PACKAGES $WM_PACKAGES \
	$WAYLAND_PACKAGES $WAYLAND_BUILD_PACKAGES $DEB_PACKAGES \
	$DEMO_PACKAGES xwayland x11-utils \
	git cloc mandoc ddccontrol i2c-tools udev bsdutils strace \
	qemu-utils procps universal-ctags binutils || lacking=1
more="clang bmake xserver-xephyr libgl1-mesa-dri labwc desktop-file-utils
	libglib2.0-bin gnome-settings-daemon-common libkf5globalaccel-bin"
case ${1-} in
long)
	parts=$long_parts
	export LONG=1
	more="$WM_MORE_PACKAGES $COMPOSITOR_PACKAGES cppcheck" ;;
*) parts=$short_parts ;;
esac
# each for itself: not all can be had everywhere
for package in $more; do
	[ "$lacking" ] || need "$package"
done
# the parts, which would get into each other's way, do not try again
export NEED_FAILED=1
prepare
while read -r part; do
	[ "$running" -lt "$jobs" ] || ended
	begin $part
done <<END
$parts
END
while [ "$running" -gt 0 ]; do
	ended
done
[ "$parts" != "$short_parts" ] || sh tests/figures.sh
awk '/^ok .*# SKIP/ || /^1\.\.0 # SKIP/ { skipped++; next }
	/^ok / { passed++ }
	/^not ok / { failed++ }
	END {
		printf "%d passed, %d failed, %d skipped\n", passed, failed,
			skipped
		exit failed > 0 || !passed
	}' "$dir/log"
