#!/bin/sh
# The program by X where X is Xwayland, in sway: it knows, and goes by the
# focus.  Prints TAP.
set -u
cd "$(dirname "$0")/../.." || exit
. tests/lib/test.sh
. tests/lib/wayland.sh

leave() {
	wayland_stop
}

# The inputs are named, so that nothing has to be learned.
prepare() {
	mkdir "$dir/conf"
	sed 's/{ .manufacturer = "\*" },/{ .manufacturer = "*", \
		.host = { .value = DP1 }, .guest = { .value = HDMI1 } },/' \
		config.def.h >"$dir/conf/config.h"
	program_prepare "$cache" && monitor_prepare "$cache" &&
	wayland_prepare "$cache" && build stub "-I$dir/conf"
}

# The VM is said to run: there is none.
begins() {
	monitored_start "$dir/stub" -V -q '' -a '' 2>"$dir/log"
	stub=$monitored
	switches 0x11
}

# switches INPUT COMMAND... : by the command
switches() {
	want=$1
	shift
	"$@" && wait_for 10 shows "$want" && return
	cat "$dir/log"
	return 1
}

# An output that changes is looked at again.
once() {
	sways output HEADLESS-1 mode --custom 1024x768 &&
	wait_for 10 logged 'x: output: 1024x768' &&
	switches 0x0f sways workspace 2 && switches 0x11 sways workspace 1 &&
	is "$(count 'this is Xwayland')" 1
	status=$?
	cat "$dir/log"
	return $status
}

lost() {
	stop wayland_kill
	is "$status $(monitor_input 1)" "1 0x0f"
}

wants $BUILD_PACKAGES $MONITOR_PACKAGES $WAYLAND_PACKAGES xwayland \
	x11-xserver-utils
lab
check "the lab" prepare
check "the lab: monitors" monitor_start "$dir/monitor" -d tests/lib/demo.tsv
export WAYLAND_X=force
check "the lab: sway with Xwayland" wayland_start "$dir/sway"
[ "$failed" = 0 ] || finish

check "its window has the focus: the guest" begins
check "status: by X" says '^front x11' "$dir/stub" -e status
check "its workspace is left: the host" switches 0x0f sways workspace 2
check "and shown again: the guest" switches 0x11 sways workspace 1
check "a window of Wayland's is over it: the host" \
	switches 0x0f user window other full
check "and closed: the guest" switches 0x11 user close other
check "that it is Xwayland is said once" once
check "with what to do" logged 'this is Xwayland.*make WAYLAND=1'
check "sway is killed: the host, and it ends with 1" lost
unharmed
finish
