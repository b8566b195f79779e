# Simulated monitors.  To be sourced, from the root of the source tree.
#
#   monitor_prepare CACHE         builds $MONITOR, see monitor.c, and $DENY_SO
#   monitor_start DIR [OPTION...] monitors that stay; log and ctl are in DIR
#   monitored COMMAND...          runs a command that sees them
#   monitored_start COMMAND...    the same in the background, as $monitored
#   monitor_input N               what monitor N shows, for example 0x0f
#   monitor_deny FILE             from now on, what is monitored may not open
#                                 /dev/i2c-* while FILE exists
#   monitor_stop

MONITOR_PACKAGES="gcc libc6-dev pkg-config libumockdev-dev umockdev"

# monitor_build OUT SOURCE FLAG... ; -nt is not POSIX, find is
monitor_build() {
	[ ! "$(find "$2" -newer "$1" 2>&1)" ] ||
	${CC:-cc} -std=c11 -D_DEFAULT_SOURCE -Wall -Wextra -O2 -o "$@"
}

monitor_prepare() {
	mkdir -p "$1"
	MONITOR=$(cd "$1" && pwd)/monitor
	DENY_SO=${MONITOR%/*}/deny.so
	monitor_build "$MONITOR" tests/lib/monitor.c \
		$(pkg-config --cflags --libs umockdev-1.0) &&
	monitor_build "$DENY_SO" tests/lib/deny.c -fPIC -shared -ldl
}

# The testbed lives as long as the command below it, which waits to be told.
monitor_start() {
	monitor_dir=$1
	shift
	rm -rf "$monitor_dir"
	mkdir -p "$monitor_dir"
	mkfifo "$monitor_dir/hold"
	"$MONITOR" -l "$monitor_dir/log" -c "$monitor_dir/ctl" "$@" -- sh -c '
		env >"$1/env.new" && mv "$1/env.new" "$1/env"
		read -r _ <"$1/hold"' sh "$monitor_dir" &
	monitor_pid=$!
	wait_for 10 test -e "$monitor_dir/env" || return 1
	monitor_env=$(grep -E '^(LD_PRELOAD|UMOCKDEV_DIR)=' \
		"$monitor_dir/env")
}

monitored() {
	env $monitor_env "$@"
}

# A process of its own, not a shell's, so that signals get there.
monitored_start() {
	env $monitor_env "$@" &
	monitored=$!
}

monitor_deny() {
	# for the name of what is preloaded a blank is an end
	cp "$DENY_SO" "$monitor_dir/deny.so" || return
	monitor_env=$(echo "$monitor_env" |
		sed "s|^LD_PRELOAD=|&$monitor_dir/deny.so:|")"
DENY=$1"
}

monitor_input() {
	cat "$monitor_dir/log.input.$1"
}

monitor_stop() {
	[ "${monitor_pid:-}" ] || return 0
	# it may have died
	timeout 5 sh -c 'echo >"$1"' sh "$monitor_dir/hold"
	wait "$monitor_pid"
	monitor_pid=
}
