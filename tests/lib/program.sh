# The program under test: its build, its log, its window, what the monitor and
# the guest see of it.  To be sourced, after tap.sh, guest.sh, monitor.sh and
# screen.sh; wants a folder $dir of the test's own with the guest in $dir/vm.
#
#   program_prepare CACHE  what all builds of it share
#   program_wayland        and those with Wayland, too
#   build NAME FLAG...     $dir/NAME, with sanitizers; the flags are for config.h
#   build_plain NAME FLAG...
#   build_wayland NAME FLAG...  as build, with a window of Wayland's, too
#   build_wayland_plain NAME FLAG...
#   start NAME ARG...      until its window is visible; its log is $dir/log
#   stop COMMAND...        ends it by the command; its status is $status
#   stopped STATUS COMMAND...
#   shows INPUT [N]        true when monitor N (1) shows it
#   logged LINE, count LINE, more LINE N
#   has LINE...            -e status has them
#   guestshown
#   mark, got, gets LINE..., arrived LINE
#   is GOT EXPECTED, says TEXT COMMAND...

sanitized="-pedantic -Wall -Wextra -g -O1 -fsanitize=address,undefined
	-fno-sanitize-recover=all"

# compiler FLAG...
compiler() {
	${CC:-cc} -std=c11 -D_GNU_SOURCE -DVERSION=\"test\" "$@"
}

# What knows nothing of config.h is compiled once.
program_prepare() {
	mkdir -p "$1"
	PROGRAM_CACHE=$(cd "$1" && pwd)/program
	program_stamp=$({ ${CC:-cc} --version
		cat tests/lib/program.sh ./*.h $(sources)
		[ ! "$(rooms)" ] || find $(rooms) -name '*.h' \
			! -name protocol.h -exec cat {} +
		} | cksum)
	[ "$(cat "$PROGRAM_CACHE/stamp" 2>/dev/null)" != "$program_stamp" ] ||
		return 0
	program_new=$PROGRAM_CACHE.new.$$
	mkdir -p "$program_new/sanitized" "$program_new/plain" &&
	objects "$program_new/sanitized" compiler $sanitized -I. &&
	objects "$program_new/plain" compiler -O2 -I. &&
	echo "$program_stamp" >"$program_new/stamp" || return
	rm -rf "$PROGRAM_CACHE"
	mv "$program_new" "$PROGRAM_CACHE"
}

program_wayland() {
	program_way=$PROGRAM_CACHE-wayland
	program_stamp=$({ cat "$PROGRAM_CACHE/stamp" Makefile \
		$(wayland_sources); } | cksum)
	[ "$(cat "$program_way/stamp" 2>/dev/null)" != "$program_stamp" ] ||
		return 0
	program_new=$program_way.new.$$
	mkdir -p "$program_new/sanitized" "$program_new/plain" &&
	protocols "$program_new" &&
	for program_source in $(wayland_sources) \
	    "$program_new/window/protocol.c"; do
		set -- "$(object "${program_source#"$program_new/"}")" \
			-DWAYLAND -I. "-I$program_new/window" -c \
			"$program_source"
		compiler $sanitized -o "$program_new/sanitized/$@" &&
		compiler -O2 -o "$program_new/plain/$@" || return
	done &&
	echo "$program_stamp" >"$program_new/stamp" || return
	rm -rf "$program_way"
	mv "$program_new" "$program_way"
}

# gcc's own library must be inside, for the monitors are preloaded.
build() {
	name=$1
	shift
	static=
	case $(${CC:-cc} --version) in
	*clang*) ;;
	*) static=-static-libasan ;;
	esac
	compiler $sanitized $static "$@" -I. -o "$dir/$name" screenstub.c \
		"$PROGRAM_CACHE"/sanitized/*.o $(libs)
}

build_plain() {
	name=$1
	shift
	compiler -O2 "$@" -I. -o "$dir/$name" screenstub.c \
		"$PROGRAM_CACHE"/plain/*.o $(libs)
}

build_wayland() {
	program_wayland && build "$@" -DWAYLAND \
		"$program_way"/sanitized/*.o $(wayland_libs)
}

build_wayland_plain() {
	program_wayland && build_plain "$@" -DWAYLAND \
		"$program_way"/plain/*.o $(wayland_libs)
}

shows() {
	[ "$(monitor_input "${2:-1}")" = "$1" ]
}

ends() {
	! kill -0 "$stub" 2>/dev/null
}

logged() {
	grep -q -e "$1" "$dir/log"
}

# How often a line was logged.
count() {
	grep -c -e "$1" "$dir/log"
}

# more LINE N : the line was logged more often than N times
more() {
	[ "$(count "$1")" -gt "$2" ]
}

# start PROGRAM ARG... : on workspace 1, that is shown, until it is visible.
start() {
	program=$1
	shift
	desktop 1
	runs=$((${runs:-0} + 1))
	[ ! -f "$dir/log" ] || mv "$dir/log" "$dir/log.$runs"
	monitored_start "$dir/$program" -VV -q "$dir/vm/qmp" \
		-a "$dir/vm/qga" "$@" 2>"$dir/log"
	stub=$monitored
	wait_for 10 logged 'window: visible' || cat "$dir/log"
	win=$(screen_window)
}

# Ends the program by COMMAND and has its exit status.
stop() {
	"$@"
	wait_for 15 ends || kill -9 "$stub"
	wait "$stub"
	status=$?
	stub=
}

# stopped STATUS COMMAND... : by the command, with the host shown in the end
stopped() {
	want=$1
	shift
	stop "$@"
	[ "$status" = "$want" ] && shows 0x0f || {
		echo "exit status $status, the monitor shows $(monitor_input 1)"
		tail -n 20 "$dir/log"
		return 1
	}
}

# Words that -e status has, one line each.
has() {
	"$dir/${program:-stub}" -e status >"$dir/status" || return
	for line; do
		grep -q -x "$line" "$dir/status" || {
			echo "no $line in"
			cat "$dir/status"
			return 1
		}
	done
}

# Shown to the guest, whatever was before.
guestshown() {
	desktop 1
	wait_for 10 isvisible
	wait_for 10 shows 0x11
	wait_for 10 guestknown
}

# Keys go to the guest as soon as it knows.
guestknown() {
	grep 'wish: ' "$dir/log" | tail -n 1 | grep -q -e '-> guest' &&
	grep 'show: [a-z]* -> ' "$dir/log" | tail -n 1 |
		grep -q -e 'rests$' -e 'watches$'
}

# Does the program know it? Keys are sent only then.
isvisible() {
	grep -e ': window: visible' -e ': window: hidden' "$dir/log" |
		tail -n 1 | grep -q 'visible$'
}

# ---- what the guest got ----

mark() {
	marked=$(wc -l <"$dir/vm/guest.log")
}

# Keys, buttons and axes since the mark, one line each without time and device.
got() {
	tail -n "+$((marked + 1))" "$dir/vm/guest.log" |
		sed -n 's/^[0-9.]* \(EV_[A-Z]* [0-9]* -*[0-9]*\) .*/\1/p' |
		grep -v -e EV_SYN -e 'EV_KEY [0-9]* 2$' # its own repeats
}

# Keys and buttons that are down in the guest, since it was booted.
keysdown() {
	awk '$2 == "ready" { delete down }
		$2 == "EV_KEY" && $4 == 1 { down[$3] = 1 }
		$2 == "EV_KEY" && $4 == 0 { delete down[$3] }
		END { for (k in down) print k }' "$dir/vm/guest.log"
}

arrived() {
	got | grep -q -x "$1"
}

# gets LINE... : exactly these lines, in this order, and no others
gets() {
	printf '%s\n' "$@" >"$dir/want"
	wait_for 5 same
	got | diff "$dir/want" -
}

same() {
	[ "$(got)" = "$(cat "$dir/want")" ]
}

# ---- and the rest ----

is() {
	[ "$1" = "$2" ] || {
		printf 'got      %s\nexpected %s\n' "$1" "$2"
		return 1
	}
}

says() {
	want=$1
	shift
	"$@" >"$dir/said" 2>&1
	cat "$dir/said"
	grep -q -e "$want" "$dir/said"
}
