# What the test scripts have in common.  To be sourced, from the root of the
# source tree.
#
#   wants PACKAGE...  all is skipped if they can't be had
#   lab               a folder of its own, $dir, for the user's files too; it
#                     and all that was started end with the script, after
#                     leave, a function of the script's, if there is one
#   parts PART...     each is a function; before and after each of them is a
#                     call of before PART and after PART, if there are such
#   halt              ends the process $pid, if there is one
#   unharmed          no sanitizer has complained in "$dir"/log*
#   finish            the plan, and the exit status

. tests/lib/need.sh
. tests/lib/tap.sh
. tests/lib/guest.sh
. tests/lib/monitor.sh
. tests/lib/screen.sh
. tests/lib/program.sh
. tests/lib/box.sh

export LC_ALL=C
cache=${CACHE:-.cache}
# processes: the program, and others
stub= side= over= cover= holder= pid=

wants() {
	need "$@" && return
	echo "1..0 # SKIP missing:$need_list"
	exit 0
}

# samples/libvirt.xml with the ports that are commented out there.
libvirt_ports() {
	sed '/mousebus and tabletbus of config.h\.$/s/$/ -->/
		/chassis=103/{ n; d; }'
}

# defined FUNCTION
defined() {
	[ "$(command -v "$1")" = "$1" ]
}

clean() {
	trap - EXIT
	[ ! "$stub" ] || kill -9 "$stub" 2>/dev/null
	kill $side $over $cover $holder 2>/dev/null
	! defined leave || leave
	guest_stop "$dir/vm"
	box_stop "$dir"
	screen_stop
	monitor_stop
	rm -rf "$dir"
}

lab() {
	dir=$(mktemp -d) || exit
	trap clean EXIT
	trap 'exit 1' HUP INT TERM
	mkdir -m 700 "$dir/run" "$dir/home" || exit
	export HOME="$dir/home" XDG_RUNTIME_DIR="$dir/run"
	unset XDG_CACHE_HOME XDG_CONFIG_HOME XDG_DATA_HOME
}

parts() {
	for part in "$@"; do
		read -r part_begin _ </proc/uptime
		! defined before || before "$part"
		"$part"
		! defined after || after "$part"
		read -r part_end _ </proc/uptime
		echo "# $part: $(awk "BEGIN { print $part_end - $part_begin }") s"
	done
}

halted() {
	! kill -0 "$pid" 2>/dev/null
}

halt() {
	[ "$pid" ] || return 0
	kill "$pid" 2>/dev/null
	wait_for 5 halted || kill -9 "$pid"
	wait "$pid" 2>/dev/null
	pid=
}

unharmed() {
	check "no sanitizer complained" \
		not grep -r 'ERROR: .*Sanitizer\|runtime error' "$dir"/log*
}

finish() {
	echo "1..$n"
	exit "$failed"
}
