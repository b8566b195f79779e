#!/bin/sh
# How long switches and -d take: against a bare client of the same messages and
# waits, against ddcutil, and with more monitors; and how long keys and motion,
# against a bare client of QEMU and, from the X event on, a bare loop; and a key
# from Wayland's event on, against X's.  Prints tables and, for what must not get
# worse, TAP.  In rounds, so that what else the machine does meets all of them;
# what counts is the median of the ratios of all rounds.
set -u
cd "$(dirname "$0")/.." || exit
. tests/lib/need.sh
. tests/lib/tap.sh
. tests/lib/guest.sh
. tests/lib/monitor.sh
. tests/lib/screen.sh
. tests/lib/wayland.sh

cache=${CACHE:-.cache}
export LC_ALL=C
rounds=7   # against ddcutil
counted=5  # with more monitors
beds=

clean() {
	trap - EXIT
	beds_stop
	kill ${traced:-} ${fronts:-} 2>/dev/null
	wayland_stop
	guest_stop "$dir/vm"
	screens_stop
	rm -rf "$dir"
}

# ---- programs ----

inputs='.host = { .value = DP1 }, .guest = { .value = HDMI1 }'

# config NAME ROWS: $dir/NAME, as it is built to be used
config() {
	# a definition ends with its line
	$cc -DMONITORS="$2" -DSTEPS="{ Ddc, { 0 }, 4000, 0 }," \
		-o "$dir/$1" screenstub.c "$dir"/*.o \
		$(libs)
}

# four MEMBERS : rows of four monitors that are alike
four() {
	for bus in 1 2 3 4; do
		printf '{ .bus = "i2c-%s", %s }, ' "$bus" "$1"
	done
}

programs() {
	cc="${CC:-cc} -std=c11 -D_GNU_SOURCE -DVERSION=\"bench\" -O2
		-Itests/ddc -I."
	objects "$dir" $cc || return
	config plain "{ .manufacturer = \"DEL\", $inputs }," &&
	config blind "{ .manufacturer = \"DEL\", $inputs, .flags = Blind }," &&
	config listed '{ .manufacturer = "DEL", .host = { .value = DP1 } },' &&
	config plain4 "$(four "$inputs")" &&
	config listed4 "$(four '.host = { .value = DP1 }')" &&
	$cc -o "$bench" tests/ddc/bench.c "$dir"/ddc*.o \
		"$dir/core-loop.o" -ludev &&
	$cc -o "$dir/bench-qmp" tests/qmp/bench.c "$dir"/qmp*.o \
		"$dir/core-loop.o" &&
	$cc -o "$dir/bench-input" tests/input/bench.c -lxcb -lxcb-xinput \
		-lxcb-xtest && shipped
}

# As it is shipped, but for the monitors, which this machine need not have.
shipped() {
	mkdir "$dir/x" &&
	sed '/^	{ \.manufacturer = "\*" },$/d; /^	{ Ddc, /d' config.def.h \
		>"$dir/x/config.h" &&
	${CC:-cc} -std=c11 -D_GNU_SOURCE -DVERSION=\"bench\" -O2 \
		-I"$dir/x" -I. -o "$dir/x/screenstub" screenstub.c \
		"$dir"/*.o \
		$(libs)
}

# The same, with Wayland.
waylands() {
	mkdir "$dir/w" && protocols "$dir/w" || return
	for source in $(wayland_sources) "$dir/w/window/protocol.c"; do
		$cc -I"$dir/w/window" -c -o \
			"$dir/w/$(object "${source#"$dir/w/"}")" "$source" ||
			return
	done
	${CC:-cc} -std=c11 -D_GNU_SOURCE -DVERSION=\"bench\" -DWAYLAND -O2 \
		-I"$dir/x" -I. -o "$dir/w/screenstub" screenstub.c \
		"$dir"/*.o "$dir"/w/*.o $(libs) $(wayland_libs)
}

# ---- testbeds, several at once ----

# bed NAME OPTION... : monitors that stay, so that their start takes no time
bed() {
	bed=$1
	shift
	monitor_start "$dir/$bed" "$@" || return
	eval "env_$bed=\$monitor_env pid_$bed=\$monitor_pid"
	beds="$beds $bed"
}

bed_use() {
	monitor_dir=$dir/$1
	eval "monitor_env=\$env_$1 monitor_pid=\$pid_$1"
}

beds_stop() {
	for bed in $beds; do
		bed_use "$bed"
		monitor_stop
	done
	beds=
}

# All alike, for capabilities differ in length; which is which does not matter
# to -d.
monitors() {
	head -n 1 tests/ddc/monitors.tsv >"$dir/same"
	bed ours && bed theirs && bed theirs4 -n 4 -d "$dir/same" || return
	for buses in 1 2 4 8; do
		bed "n$buses" -n "$buses" -d "$dir/same" || return
	done
}

# ---- times ----

# timed BED NAME COMMAND... : a time more in $dir/NAME
timed() {
	bed_use "$1"
	time=$dir/$2
	shift 2
	monitored "$bench" time "$time" "$@" >"$dir/said" 2>&1 && return
	{
		echo "failed: $*"
		cat "$dir/said"
	} >>"$dir/failed"
}

# shown BED VALUE
shown() {
	bed_use "$1"
	[ "$(monitor_input 1)" = "$2" ] ||
		echo "$1 shows $(monitor_input 1), not $2" >>"$dir/failed"
}

# sum OUT NAME... : of several commands, round by round
sum() {
	out=$1
	shift
	(cd "$dir" && paste "$@" | awk '{
		t = 0
		for (i = 1; i <= NF; i++)
			t += $i
		print t
	}' >"$out")
}

# table TEXT [NAME TEXT]...
table() {
	printf '#\n# %-37s %4s %8s %8s %8s %8s\n' "$1" n min median p99 max
	shift
	while [ $# -gt 1 ]; do
		"$bench" stat "$2" "$dir/$1" || failed=1
		shift 2
	done
}

# gate A WHAT B WHAT atmost|atleast N: the median of A / B of all rounds
gate() {
	ratio=$("$bench" "$5" "$6" "$dir/$1" "$dir/$3" 2>&1)
	check "$2 takes $ratio times as long as $4 (at ${5#at} $6)" \
		test $? = 0
}

# ---- (a) ----

wire() {
	check "the same messages, none before its time" "$bench" wire "$dir"
	table "ms from the order to the last byte" \
		blind.bare "blind, bare client" \
		blind.ours "blind, ddc.c" \
		blind.inline "blind, bare client without a child" \
		read.bare "read first, bare client" \
		read.ours "read first, ddc.c" \
		read.inline "read first, bare, without a child"
	table "ms until the child is reaped" \
		blind.bare.reaped "blind, bare client" \
		blind.ours.reaped "blind, ddc.c" \
		read.bare.reaped "read first, bare client" \
		read.ours.reaped "read first, ddc.c"
	gate blind.ours "a blind switch" blind.bare "a bare client" atmost 1.1
	gate read.ours "one that reads first" read.bare "a bare client" \
		atmost 1.1
}

# ---- (b) ----

# One after the other ours and ddcutil's, so that ours never comes too soon
# after ours: they do not know of each other.
round() {
	timed ours w.blind "$dir/blind" -w guest
	shown ours 0x11
	timed theirs set ddcutil --bus 1 setvcp 60 "$1"
	shown theirs "$1"
	timed ours w.plain "$dir/plain" -w host
	shown ours 0x0f
	timed theirs get ddcutil --bus 1 getvcp 60
	timed ours w.there "$dir/plain" -w host
	timed theirs get2 ddcutil --bus 1 getvcp 60
	timed ours d "$dir/plain" -d
	timed theirs detect ddcutil detect
	# it would be read from there, and not from the monitor
	rm -f "$HOME/.cache/ddcutil/capabilities"
	timed theirs caps ddcutil --bus 1 capabilities
}

against() {
	i=0
	while [ $i -lt $rounds ]; do
		i=$((i + 1))
		round "$([ $((i % 2)) = 0 ] && echo 0x0f || echo 0x11)"
	done
	sum confirmed get set get2
	sum learned detect get caps
	table "ms of a process, $(ddcutil --version | head -n 1)" \
		w.blind "-w, blind" \
		set "ddcutil setvcp" \
		w.plain "-w, read first and verified" \
		confirmed "getvcp + setvcp + getvcp" \
		w.there "-w, shown already" \
		get "ddcutil getvcp" \
		d "-d" \
		detect "ddcutil detect" \
		caps "ddcutil capabilities, none cached" \
		learned "detect + getvcp + capabilities"
	gate set "ddcutil setvcp" w.blind "-w, blind" atleast 5
	gate confirmed "getvcp + setvcp + getvcp" w.plain "-w, verified" \
		atleast 1
	gate set "setvcp alone" w.plain "-w, verified" atleast 1
	gate get "getvcp" w.there "-w, shown already" atleast 1
	gate learned "detect + getvcp + capabilities" d "-d" atleast 1
}

# ---- (b2) one monitor and four ----

# each BED NAME N COMMAND... : of ddcutil, one bus after the other
each() {
	each_bed=$1
	each_name=$2
	each_last=$3
	shift 3
	timed "$each_bed" "$each_name" sh -c '
		last=$1
		shift
		for bus in $(seq "$last"); do
			ddcutil --bus "$bus" "$@" || exit
		done' sh "$each_last" "$@"
}

# again BED : all of it shows the host
again() {
	bed_use "$1"
	for bus in 1 2 3 4; do
		[ ! -e "$monitor_dir/log.input.$bus" ] ||
			echo "$bus:input=0x0f" >"$monitor_dir/ctl"
	done
	wait_for 5 host_again
}

host_again() {
	! cat "$monitor_dir"/log.input.? | grep -qv 0x0f
}

counts() {
	i=0
	while [ $i -lt $counted ]; do
		i=$((i + 1))
		for many in 1 4; do
			config=4
			[ $many = 4 ] || config=
			again "n$many"
			timed "n$many" "list.$many" "$dir/plain$config" -d
			timed "n$many" "first.$many" "$dir/listed$config" \
				-w guest
			again "n$many"
			timed "n$many" "known.$many" "$dir/plain$config" \
				-w guest
			bed=theirs$config
			rm -f "$HOME/.cache/ddcutil/capabilities"
			timed "$bed" "detect.$many" ddcutil detect
			each "$bed" "caps.$many" $many capabilities
			each "$bed" "set.$many" $many setvcp 60 \
				"$([ $((i % 2)) = 0 ] && echo 0x0f || echo 0x11)"
		done
	done
	for many in 1 4; do
		sum "theirs.$many" "detect.$many" "caps.$many"
		table "ms, monitors: $many" \
			"list.$many" "-d" \
			"theirs.$many" "ddcutil detect + capabilities" \
			"first.$many" "-w, the guest's input from the list" \
			"known.$many" "-w, both in the row" \
			"set.$many" "ddcutil setvcp"
		gate "theirs.$many" "detect + capabilities of $many" \
			"list.$many" "-d" atleast 2
		gate "theirs.$many" "detect + capabilities of $many" \
			"first.$many" "the first switch" atleast 1
	done
	gate first.4 "the first switch of 4" first.1 "that of 1" atmost 1.5
}

# ---- (c) ----

more() {
	i=0
	while [ $i -lt $counted ]; do
		i=$((i + 1))
		for buses in 1 2 4 8; do
			timed "n$buses" "d.$buses" "$dir/plain" -d
		done
	done
	table "ms of -d, each monitor on a card" \
		d.1 "1 monitor" \
		d.2 "2 monitors" \
		d.4 "4 monitors" \
		d.8 "8 monitors"
	gate d.8 "-d of 8 monitors" d.1 "that of 1" atmost 1.5
}

# ---- (d) ----

vm() {
	guest_start "$dir/vm" && guest_wait "$dir/vm" 60
}

# qemu MODE TEXT TABLE...
qemu() {
	check "$2" "$dir/bench-qmp" "$1" "$dir/vm"
	shift 2
	(cd "$dir/vm" && cat "$@")
}

# What is left after a burst is one command, that has begun, or one more. Half
# of two on top is for a machine that has other things to do, too.
input() {
	check "a guest is there" vm || return
	qemu pace "qmp.c sends what a bare client does" pace
	for kind in key:"a key" rel:"relative motion" abs:"absolute motion"; do
		[ ! -s "$dir/vm/${kind%%:*}.bare" ] ||
			gate "vm/${kind%%:*}.ours" "${kind#*:}" \
				"vm/${kind%%:*}.bare" "with a bare client" \
				atmost 1.1
	done
	qemu small "shorter commands were tried" small smallest
	qemu burst "motion is merged, none is lost, nothing piles up" burst
	[ ! -s "$dir/vm/burst.lag" ] ||
		gate vm/burst.lag "what is left after a burst of 8,000 Hz" \
			vm/burst.two "two commands" atmost 1.5
}

# ---- (e) ----

# Two, that are alike.
screens() {
	screen_start "$dir/x/1" || return
	display1=$DISPLAY xpid1=$screen_xpid wmpid1=$screen_wmpid
	screen_start "$dir/x/2"
}

screens_stop() {
	screen_stop
	screen_xpid=${xpid1:-} screen_wmpid=${wmpid1:-}
	screen_stop
}

# All of it on one processor: else it matters more who runs where than what he
# does.
onecpu() {
	cpus=$(taskset -cp $$)
	for pid in $$ "$xpid1" "$wmpid1" "$screen_xpid" "$screen_wmpid"; do
		taskset -acp "${cpus##*[ ,-]}" "$pid" || return
	done
}

# x MODE TEXT
x() {
	check "$2" "$dir/bench-input" "$1" "$dir/x" "$dir/x/screenstub" \
		"$display1" "$DISPLAY"
	[ ! -s "$dir/x/$1" ] || cat "$dir/x/$1"
}

# xgate KIND A WHAT B WHAT N: not when there are no times
xgate() {
	[ ! -s "$dir/x/$1.$4" ] ||
		gate "x/$1.$2" "$3" "x/$1.$4" "$5" atmost "$6"
}

window() {
	check "there are two X servers" screens || return
	x burst "a mouse of 8,000 Hz gets where it goes"
	xgate abs lag "what is left after absolute motion" two \
		"two commands" 1
	xgate rel lag "what is left after relative motion" two \
		"two commands" 1
	check "they share a processor with all else" onecpu
	x pace "each event is a command"
	xgate key ours "a key, from X to QEMU," bare "in a bare loop" 1.15
	xgate abs ours "absolute motion" bare "in a bare loop" 1.15
	xgate rel ours "relative motion" bare "in a bare loop" 1.25
	x cpu "a mouse of 1,000 Hz does"
	xgate abs.cpu ours "the processor for it" bare "a bare loop" 1.5
}

# ---- (f) ----

# Two instances of one program have one guest, each by a monitor of its own; they
# are typed into in turns. Their windows' systems are told of keys in two ways,
# so time runs from the end of the read that brought an event to the write, of
# all bytes at once, that tells QEMU of it, both as strace sees them.
fronts() {
	if ! strace -o "$dir/t" true 2>"$dir/said"; then
		skip "a key by Wayland" "strace may not trace here"
		return
	fi
	check "two instances have the keys, by X and by Wayland" twofronts
	listen || return
	: >"$dir/x.all"
	: >"$dir/wayland.all"
	for round in 1 2 3 4 5; do
		typed
	done
	check "every key has arrived" measured
	check "between event and command there is no other system call" direct
	table "ms from the event to QEMU, under strace" \
		x.all "a key, X" \
		wayland.all "a key, Wayland"
	gate key.wayland "a key by Wayland" key.x "one by X" atmost 1.5
	kill $fronts
	wait $fronts
	fronts=
	screen_stop
	wayland_stop
}

twofronts() {
	waylands && screen_start "$dir/w/x" && wayland_prepare "$cache" &&
	wayland_start "$dir/sway" || return
	mkdir -m 700 "$dir/w/run.x" "$dir/w/run.wayland"
	front x qmp -u WAYLAND_DISPLAY
	front wayland qmp2 -u DISPLAY
	wait_for 20 listen || {
		cat "$dir"/w/*.log "$dir/w/status"
		return 1
	}
}

# front NAME MONITOR WITHOUT...
front() {
	name=$1 monitor=$2
	shift 2
	env "$@" XDG_RUNTIME_DIR="$dir/w/run.$name" "$dir/w/screenstub" \
		-q "$dir/vm/$monitor" -a "" 2>"$dir/w/$name.log" &
	eval "front_$name=$!"
	fronts="${fronts:-} $!"
}

listen() {
	for name in x wayland; do
		XDG_RUNTIME_DIR="$dir/w/run.$name" "$dir/w/screenstub" \
			-e status >"$dir/w/status" 2>&1 &&
		grep -qx 'keys guest' "$dir/w/status" || return
	done
}

# A round: A by X, S by Wayland.
typed() {
	traced=
	for name in x wayland; do
		eval "pid=\$front_$name"
		strace -ttt -T -p "$pid" \
			-o "$dir/w/$name.t" 2>"$dir/w/$name.said" &
		traced="$traced $!"
		wait_for 10 grep -q attached "$dir/w/$name.said"
	done
	i=0
	while [ $((i += 1)) -le 40 ]; do
		xdotool keydown a
		user key 31 1
		xdotool keyup a
		user key 31 0
	done
	kill -INT $traced
	wait $traced
	traced=
	for name in x wayland; do
		awk '$2 ~ /^recvmsg/ && !/= -1/ {
				t = $1 + substr($NF, 2)
				read = NR
			}
			/input-send-event/ {
				printf "%.1f %d\n", ($1 - t) * 1e6, \
					NR - read - 1
			}' "$dir/w/$name.t" >"$dir/w/$name.us"
		cut -d " " -f 1 "$dir/w/$name.us" >>"$dir/$name.all"
		cut -d " " -f 2 "$dir/w/$name.us" >>"$dir/calls"
		sort -n "$dir/w/$name.us" | awk '{ t[NR] = $1 }
			END { print t[int((NR + 1) / 2)] }' >>"$dir/key.$name"
	done
}

# Nor does it wait: what else comes at the same time is one in twenty.
direct() {
	awk '$1 { n++ }
		END {
			print n + 0 " of " NR " have"
			exit n > NR / 20
		}' "$dir/calls"
}

measured() {
	wc -l "$dir/x.all" "$dir/wayland.all"
	[ "$(wc -l <"$dir/x.all")" = 400 ] &&
	[ "$(wc -l <"$dir/wayland.all")" = 400 ]
}

# ---- was that fair? ----

# Between a reply and the next request there are 50 ms; the other waits are in
# the monitor's own eye.
kept() {
	for bed in ours n1 n2 n4 n8; do
		! grep 'EARLY\|OVERLAP\|TOUCHED' "$dir/$bed/log" &&
		awk '$3 == "write" && $4 == 37 {
				if ($2 in t && $1 - t[$2] < .05 && !early++)
					first = $0
			}
			$4 == 37 { delete t[$2] }
			$3 == "read" && $4 == 37 { t[$2] = $1; n++ }
			END {
				print n " replies, " early + 0 \
					" requests too early after one"
				if (early)
					print first
				exit early || !n
			}' "$dir/$bed/log" || return
	done
}

if ! need $BUILD_PACKAGES $MONITOR_PACKAGES $GUEST_PACKAGES $SCREEN_PACKAGES \
	$WAYLAND_BUILD_PACKAGES $WAYLAND_PACKAGES strace ddcutil; then
	echo "1..0 # SKIP packages are missing"
	exit 0
fi
dir=$(mktemp -d)
trap clean EXIT
trap 'exit 1' HUP INT TERM
mkdir "$dir/home"
export HOME="$dir/home"
unset XDG_CACHE_HOME
bench=$dir/bench
monitor_prepare "$cache" || exit
guest_prepare "$cache" || exit
check "the programs are built" programs
check "the monitors are there" monitors
if [ "$failed" = 1 ]; then
	echo "1..$n"
	exit 1
fi
wire
against
counts
more
: >>"$dir/failed"
check "all commands did what they should" diff /dev/null "$dir/failed"
beds_stop
check "every wait was kept" kept
input
fronts
guest_stop "$dir/vm"
window
echo "1..$n"
exit "$failed"
