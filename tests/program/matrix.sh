#!/bin/sh
# What can go wrong, in every state of the program.  Prints TAP, and a table.
#
# usage: matrix.sh [ROW...]        names of functions below, without fault_; all
#                                  without one
#        matrix.sh seeded [ROW...] in one state each with its handling taken out
#                                  of the program, see tests/program/seeds: has
#                                  to fail
#
# Right is: within its limit the monitor shows the host, or what the user wanted
# where nothing keeps that from him and he gets the host when he asks; or the
# program goes on trying, says so, and does it when it can be done.  No key
# stays down in the guest; the program lives, or ends by its rules.  Judged it is
# by what the simulated monitor shows, by the guest's own log and by the exit
# status: what the program says of itself counts only where it has to say
# something, and to know when a state is there.
#
# LANES is how many rows run at once, STATES which columns, for example "held
# leaving"; V=-VV for more in the log of a cell that fails.
set -u
cd "$(dirname "$0")/../.." || exit
. tests/lib/test.sh

MATRIX_PACKAGES="$BUILD_PACKAGES $MONITOR_PACKAGES $GUEST_PACKAGES
	$SCREEN_PACKAGES $BOX_PACKAGES x11-xserver-utils util-linux procps"
STATES=${STATES:-idle shown held toguest tohost leaving}
ROWS="qemukilled panic xkilled agenthangs agentdead bushangs busgone asleep
	unplugged busheld qmpclosed qemustops xhangs wmgone destroyed outputgone
	stderr slept killed"
# those that want a kernel with uinput
BOXROWS="nodegone deviceunplugged"

column_text() {
	case $1 in
	idle) echo "host shown" ;;
	shown) echo "guest shown" ;;
	held) echo "key held" ;;
	toguest) echo "on the way to the guest" ;;
	tohost) echo "on the way to the host" ;;
	leaving) echo "leaving" ;;
	esac
}

row_text() {
	case $1 in
	xkilled) echo "X server killed" ;;
	xhangs) echo "X hangs" ;;
	wmgone) echo "window manager gone" ;;
	destroyed) echo "window destroyed" ;;
	outputgone) echo "output gone" ;;
	busgone) echo "i2c bus gone" ;;
	bushangs) echo "i2c bus hangs" ;;
	asleep) echo "monitor asleep" ;;
	unplugged) echo "monitor unplugged" ;;
	busheld) echo "another program holds the bus" ;;
	qmpclosed) echo "QMP socket closed" ;;
	qemukilled) echo "QEMU killed" ;;
	qemustops) echo "QEMU hangs" ;;
	panic) echo "guest panic" ;;
	agentdead) echo "agent dead" ;;
	agenthangs) echo "agent hangs" ;;
	nodegone) echo "uinput node gone" ;;
	deviceunplugged) echo "evdev device unplugged" ;;
	stderr) echo "stderr blocked" ;;
	slept) echo "clock suspended" ;;
	killed) echo "screenstub killed" ;;
	esac
}

# ---- the state of things ----

vm= seeded=

# As in guest.sh; what is to fail is not waited for as long.
wait_for() {
	wait_limit=$(($1 * (${#seeded} ? 2 : 4)))
	shift
	within "$wait_limit" "$@"
}

# wrong WORDS... : a verdict
wrong() {
	[ ! -s "$dir/err" ] || tail -n 30 "$dir/err" | cut -c 1-200
	echo "$*"
	return 1
}

# runs PID : and has not died without anybody's having waited for it
runs() {
	case $(cut -d ' ' -f 3 "/proc/$1/stat" 2>/dev/null) in
	''|Z) return 1 ;;
	esac
}

nonedown() {
	[ ! "$(keysdown)" ]
}

# A guest that is gone holds nothing.
up() {
	guest_gone "$vm" || wait_for 5 nonedown ||
		wrong "down in the guest: $(keysdown)"
}

onhost() {
	wait_for "${1:-10}" shows 0x0f ||
		wrong "the monitor shows $(monitor_input 1), not the host"
}

onguest() {
	wait_for 10 shows 0x11 ||
		wrong "the monitor shows $(monitor_input 1), not the guest"
}

lives() {
	! ends || wrong "it has ended"
}

# exited STATUS...
exited() {
	wait_for 20 ends || {
		wrong "it does not end"
		return 1
	}
	wait "$stub"
	status=$?
	stub=
	case " $* " in
	*" $status "*) ;;
	*) wrong "exit status $status, not $*" ;;
	esac
}

# Its words since the fault.
said() {
	[ "$(wc -l <"$dir/err")" -gt "$spoken" ]
}

says_so() {
	wait_for "${1:-15}" said || wrong "it says nothing"
}

act() {
	timeout 60 "$dir/$program" -e "$@"
}

rests() {
	shows "$2" && act status 2>&1 | grep -q -x "shown $1"
}

# ---- columns: how the program gets there ----

launch() {
	desktop 1
	: >"$dir/err"
	monitored_start "$dir/$program" ${V:-} -q "$vm/qmp" -a "$vm/qga" \
		2>"$dir/$1"
	stub=$monitored
	wait_for 15 window
}

window() {
	win=$(xdotool search --class '^screenstub$') &&
	xdotool get_desktop_for_window "$win" >"$dir/desktop" 2>&1
}

idle() {
	launch "${1:-err}" &&
	desktop 0 && wait_for 10 rests host 0x0f
}

shown() {
	launch "${1:-err}" &&
	wait_for 15 rests guest 0x11 && focuses "$win"
}

# KEY_C, by hand
keydown() {
	xdotool keydown c
}

keyup() {
	xdotool keyup c
}

press() {
	keydown
	wait_for 2 arrived "EV_KEY 46 1" || {
		keyup
		return 1
	}
}

held() {
	shown "$@" && mark && wait_for 10 press
}

# What is on its way takes some time from now on.
slow() {
	echo delay-ms=300 >"$monitor_dir/ctl"
	wait_for 5 grep -q 'control delay' "$monitor_dir/log" || return
	begun=$(steps)
}

# Messages to the monitor, or what else a switch begins with.
steps() {
	case $row.$column in
	agent*.tohost | agent*.leaving)
		grep -c '^tohost' "$vm/console.log" ;;
	*) grep -c 'i2c-1 write 37' "$monitor_dir/log" ;;
	esac || : # none yet
}

midway() {
	wait_for 10 further
}

further() {
	[ "$(steps)" -gt "$begun" ]
}

toguest() {
	idle "$@" && slow && desktop 1 && midway
}

tohost() {
	shown "$@" && slow && desktop 0 && midway
}

leaving() {
	shown "$@" && slow && kill "$stub" && midway
}

# ---- rows: the fault, what ends it, and what is right ----

# It ends by its rules, with the host.
by_end() {
	case $column in
	leaving) exited 0 1 ;;
	*) exited 1 ;;
	esac && onhost && up
}

# The host comes by itself. When the fault is over it goes on.
by_host() {
	case $column in
	leaving)
		exited 0 1 && onhost && heal && up
		return ;;
	esac
	onhost && lives && heal && lives && up && leaves
}

leaves() {
	kill "$stub"
	exited 0 && onhost && up
}

# What was wanted is shown, and the host when the user asks for it.
by_asking() {
	case $column in
	leaving)
		exited 0 && onhost && heal && up
		return ;;
	idle | tohost) onhost ;;
	*) onguest ;;
	esac && asks && onhost && lives && up && heal && leaves
}

asks() {
	act showhost || wrong "-e showhost has failed"
}

# It can't be done until the fault is over; the user wants the host by then.
by_trying() {
	case $column in
	leaving) by_leaving; return ;;
	idle) desktop 1 && says_so && desktop 0 ;;
	tohost) : ;;
	*) desktop 0 ;;
	esac
	[ "$column" = idle ] || shows 0x0f || says_so || return
	lives && heal && onhost 45 && lives && up && leaves
}

# Then it has to end by its limit, and to say what is shown if not the host.
by_leaving() {
	exited 0 1 || return
	if [ "$status" = 0 ]; then
		onhost && heal && up
	else
		said || wrong "it has failed and says nothing"
		heal && up
	fi
}

heal() {
	! defined "heal_$row" || "heal_$row"
}

ctl() {
	echo "$1" >"$monitor_dir/ctl"
	wait_for 5 grep -q "control $1" "$monitor_dir/log"
}

fault_xkilled() { kill -9 "$screen_xpid"; }
judge_xkilled() { by_end; }

# While it hangs nobody but -e and signals can tell the program anything.
fault_xhangs() { kill -STOP "$screen_xpid"; }
heal_xhangs() { kill -CONT "$screen_xpid"; }
judge_xhangs() {
	case $column in
	leaving) by_asking ;;
	*) asks && onhost && lives && up && leaves && heal ;;
	esac
}

# The window is shown then, on whatever workspace it was.
fault_wmgone() { kill -9 "$screen_wmpid"; }
judge_wmgone() {
	case $column in
	leaving) by_asking ;;
	*) onguest && lives && # as fast as fingers are
		xdotool key --delay 400 ctrl+alt+shift+BackSpace &&
		onhost && lives && up && leaves ;;
	esac
}

fault_destroyed() { "$XWIN" destroy "$win"; }
judge_destroyed() { by_end; }

fault_outputgone() { xrandr --fb 1280x800 --output screen --off; }
heal_outputgone() { xrandr --output screen --auto; }
judge_outputgone() {
	case $column in
	shown | held) not within 4 shows 0x0f ||
		wrong "the host is shown, and nobody wanted it" ;;
	esac && by_asking
}

fault_busgone() { ctl undock; }
heal_busgone() { ctl clear && ctl dock; }
judge_busgone() { by_trying; }

fault_bushangs() { ctl delay-ms=600000; }
heal_bushangs() { ctl clear; }
judge_bushangs() { by_trying; }

fault_asleep() { ctl asleep; }
heal_asleep() { ctl clear; }
judge_asleep() { by_trying; }

fault_unplugged() { ctl unplug; }
heal_unplugged() { ctl clear && ctl plug; }
judge_unplugged() { by_trying; }

fault_busheld() {
	monitored flock /dev/i2c-1 sh -c 'echo >"$1.on"; read -r _ <"$1"' \
		sh "$dir/hold" &
	holder=$!
	wait_for 20 [ -e "$dir/hold.on" ]
}
heal_busheld() {
	ctl clear
	rm -f "$dir/hold.on"
	echo >"$dir/hold"
	wait "$holder"
	holder=
}
# A lock is a courtesy: it is waited for, but not for long.
judge_busheld() { by_asking; }

fault_qmpclosed() {
	mv "$vm/qmp" "$vm/gone" && "$dir/fd" "$stub" shutdown "$vm/qmp"
}
heal_qmpclosed() { mv "$vm/gone" "$vm/qmp"; }
judge_qmpclosed() { by_host; }

fault_qemukilled() { kill -9 "$(cat "$vm/qemu.pid")"; }
judge_qemukilled() { by_host; }

# Who works in a guest that hangs types.
fault_qemustops() { kill -STOP "$(cat "$vm/qemu.pid")"; }
heal_qemustops() { kill -CONT "$(cat "$vm/qemu.pid")"; }
judge_qemustops() {
	case $column in
	idle | tohost | leaving) : ;;
	*) wait_for 15 types ;;
	esac
	by_host
}
types() {
	shows 0x0f || { xdotool key x; false; }
}

# QEMU stays, and tells.
fault_panic() {
	guest_sh "$vm" 'echo c >/proc/sysrq-trigger'
	wait_for 10 grep -q 'Kernel panic' "$vm/console.log"
}
heal_panic() { guest_stop "$vm"; }
judge_panic() { by_host; }

# inguest COMMAND : and until it is done
inguest() {
	times=$(grep -c '^done' "$vm/console.log")
	guest_sh "$vm" "$1; echo done >/dev/ttyS0"
	wait_for 10 eval '[ "$(grep -c ^done "$vm/console.log")" -gt "$times" ]'
}

fault_agentdead() { inguest 'touch /run/noagent; killall -9 qemu-ga'; }
heal_agentdead() { inguest 'rm -f /run/noagent'; }
judge_agentdead() { by_asking; }

fault_agenthangs() { inguest 'killall -STOP qemu-ga'; }
heal_agenthangs() { inguest 'killall -9 qemu-ga'; }
judge_agenthangs() { by_asking; }

# A pipe whose reader stands still, and that is full.
fault_stderr() {
	kill -STOP "$side"
	dd if=/dev/zero of="$dir/pipe" bs=4096 count=64 oflag=nonblock \
		conv=notrunc 2>/dev/null
	:
}
heal_stderr() { kill -CONT "$side"; }
judge_stderr() { by_asking; }

# A monitor may wake up with the other input. Where all is at rest the look
# whether the switch has lasted, which would see that too, is over.
fault_slept() {
	begun=$(steps)
	case $column in
	idle | shown | held) within 5 further ;;
	esac
	case $column in
	shown | held | toguest) ctl input=0x0f ;;
	*) ctl input=0x11 ;;
	esac
	: >"$SLEPT"
	act status >"$dir/status" 2>&1 # something wakes the program too
	:
}
judge_slept() { by_asking; }

fault_killed() { kill -9 "$stub"; }
judge_killed() { exited 137 && onhost 15 && up; }

# Keys go by it no more.
fault_nodegone() { "$dir/fd" "$stub" destroy; }
judge_nodegone() {
	case $column in
	shown | held) keyup && keydown && keyup && says_so ;;
	esac && by_asking
}

fault_deviceunplugged() {
	hand "del board"
	wait_for 10 not device Board
}
judge_deviceunplugged() {
	up && quiet || return
	case $column in
	shown | held) plug && mark && wait_for 10 press && keyup && up ;;
	esac && by_asking
}

# In a second it is busy for less than a half of one.
quiet() {
	busy=$(ticks)
	within 1 false
	[ "$(($(ticks) - busy))" -lt 50 ] || wrong "it is never at rest"
}
ticks() {
	awk '{ print $14 + $15 }' "/proc/$stub/stat" 2>/dev/null || echo 0
}

plug() {
	hand 'new board kbd "Matrix Board" 0x1234 0x11'
	wait_for 10 device Board || wrong "it was not plugged in again"
}

# ---- a cell ----

# Of the program, with its guard.
none_left() {
	pkill -9 -f "^$dir/(stub|agent|seed)" && wait_for 5 not \
		pgrep -f "^$dir/(stub|agent|seed)"
	stub=
}

# Before each: X, guest and monitor are as they should be, and no program runs.
ready() {
	none_left
	[ ! "$holder" ] || heal_busheld
	[ ! -e "$vm/gone" ] || mv "$vm/gone" "$vm/qmp"
	rm -f "$SLEPT" "$dir/denied"
	kill -CONT "$screen_xpid" 2>/dev/null
	runs "$screen_xpid" && runs "$screen_wmpid" || {
		screen_stop
		screen_start "$dir/screen" || return
	}
	keyup
	xdotool keyup x
	monitor_stop
	monitor_start "$dir/monitor" -p amdgpu-dp -d tests/lib/demo.tsv &&
	monitor_deny "$dir/denied" || return
	if guest_alive "$vm"; then
		kill -CONT "$guest_pid"
		wait_for 5 nonedown || guest_stop "$vm"
	fi
	guest_alive "$vm" || {
		guest_start "$vm" -device pvpanic -action panic=pause &&
			guest_wait "$vm" 120
	}
}

# Where stderr is to be blocked it is a pipe.
prepare() {
	case $row in
	agent*) program=agent ;;
	*) program=stub ;;
	esac
	program=${seeded:-$program}
	[ "$row" = stderr ] || { "$column"; return; }
	cat "$dir/pipe" >"$dir/read" &
	side=$!
	V=-VV
	"$column" pipe
	status=$?
	V=
	return "$status"
}

cell() {
	row=$1 column=$2
	ready || wrong "the lab has failed" || return 2
	prepare || wrong "it did not get there" || return 2
	spoken=$(wc -l <"$dir/err")
	"fault_$row" || wrong "there is no such fault here" || return 2
	"judge_$row"
	cell_status=$?
	cat "$dir/err" >>"$dir/log"
	# whatever is left of it there
	[ "$cell_status" = 0 ] || [ "$vm" = /run/vm ] || {
		guest_stop "$vm"
		kill -CONT "$screen_xpid" 2>/dev/null
		screen_stop
	}
	[ "$row" != stderr ] || kill -9 "$side" 2>/dev/null
	side=
	return "$cell_status"
}

# The row of the table is in its file as soon as it is there.
row() {
	words=
	for column in $STATES; do
		before=$failed
		failed=0
		check "$(row_text "$1"), $(column_text "$column")" \
			cell "$1" "$column"
		words="$words $([ "$failed" = 0 ] && echo ok || echo FAILS)"
		[ "$failed" != 0 ] || failed=$before
	done
	echo "$words" >"$MATRIX/row.$1"
}

# ---- with the handling taken out ----

# What is in the file of seeds: ROW STATE FILE SED, by tabs; a row may have
# several lines, for several files.
seeds() {
	sed -n "s|^$1	||p" tests/program/seeds
}

# seed_build ROW : $dir/seed.ROW
seed_build() {
	row=$1
	rm -rf "$dir/seed"
	mkdir "$dir/seed" && cp "$PROGRAM_CACHE"/plain/*.o "$dir/seed" || return
	seeds "$row" >"$dir/seed/list"
	main=screenstub.c
	while IFS='	' read -r _ file change; do
		sed "$change" "$file" >"$dir/seed/seed.c"
		! cmp -s "$file" "$dir/seed/seed.c" || {
			echo "nothing is changed in $file by $change"
			return 1
		}
		if [ "$file" = screenstub.c ]; then
			main=$dir/seed/main.c
			mv "$dir/seed/seed.c" "$main"
			continue
		fi
		compiler -O1 -I. "-I${file%/*}" -c "$dir/seed/seed.c" \
			-o "$dir/seed/$(echo "${file%.c}.o" | tr / -)" || return
	done <"$dir/seed/list"
	case $row in
	agent*) conf=$dir/agentconf ;;
	*) conf=$dir/conf ;;
	esac
	[ -s "$dir/seed/list" ] &&
	compiler -O1 "-I$conf" -I. -o "$dir/seed.$row" "$main" \
		"$dir"/seed/*.o $(libs)
}

seed() {
	row=$1
	column=$(seeds "$row" | sed -n '1s/	.*//p')
	title="$(row_text "$row"), $(column_text "$column")"
	[ -x "$dir/seed.$row" ] || seed_build "$row" >"$dir/said" 2>&1 ||
		sed 's/^/# /' "$dir/said"
	check "$title: it fails without$(sed -n "s/^# $row://p" \
		tests/program/seeds)" seed_fails
	[ "$failed" != 0 ] || tail -n 1 "$dir/verdict" | sed 's/^/# /'
}

seed_fails() {
	[ -x "$dir/seed.$row" ] || return
	seeded=seed.$row
	cell "$row" "$column" >"$dir/verdict"
	set -- $?
	seeded=
	cat "$dir/verdict"
	[ "$1" = 1 ]
}

# ---- all of it ----

# Short limits, and a name for the output; the agent's switches to the host
# begin with a command in the guest that fails.
configs() {
	mkdir "$dir/conf" "$dir/agentconf" &&
	sed 's/{ .manufacturer = "\*" }/{ .manufacturer = "*", \
		.output = "screen", .host = { .value = DP1 } }/
		s/Hung = 5000/Hung = 1500/' config.def.h >"$dir/conf/config.h" &&
	sed '/^static const Step tohost/i\
static const char *const asks[] = {\
	"/bin/sh", "-c", "echo tohost >/dev/ttyS0; sleep 1; false", NULL\
};
		/^static const Step tohost/,/^};/ {
			s/{ Ddc, .*/{ GuestExec, { .argv = asks }, 2000, 0 },\
	{ Ddc, { 0 }, 10000, 1 },/
		}' "$dir/conf/config.h" \
		>"$dir/agentconf/config.h"
}

# A lane takes the next row that nobody has, until there is none.
lane() {
	lab
	vm=$dir/vm
	export SLEPT="$dir/slept" ASAN_OPTIONS=exitcode=99
	mkfifo "$dir/hold" "$dir/pipe"
	configs && program_prepare "$cache" && screen_prepare "$cache" &&
	monitor_prepare "$cache" && guest_prepare "$cache" &&
	${CC:-cc} -std=c11 -D_GNU_SOURCE -Wall -Wextra -O2 -o "$dir/fd" \
		tests/lib/fd.c && screen_start "$dir/screen" || exit
	[ "$1" = seed ] || {
		build stub "-I$dir/conf" && build agent "-I$dir/agentconf"
	} || exit
	job=$1
	shift
	for row in "$@"; do
		mkdir "$MATRIX/taken.$row" 2>/dev/null || continue
		"$job" "$row"
	done
	unharmed
}

# ---- in the box: a kernel with uinput and real devices ----

# The route by uinput, a grab of a keyboard, and commands in place of DDC/CI,
# which take longer there.
box_config() {
	mkdir "$dir/conf" &&
	sed '/^static const Step toguest/i\
static const char *const guestby[] = { "sh", "switch", "0x11", NULL };\
static const char *const hostby[] = { "sh", "switch", "0x0f", NULL };
		/^static const Step toguest/,/^};/ {
			s/{ Ddc, .*/{ Exec, { .argv = guestby }, 9000, 0 },/
		}
		/^static const Step tohost/,/^};/ {
			s/{ Ddc, .*/{ Exec, { .argv = hostby }, 9000, 0 },/
		}
		/^static const Grab grabs/i\
static const char *const board[] = { "Matrix Board", NULL };
		/^static const Grab grabs/,/^};/ {
			s/{ "x", .*/{ "board", Evdev, Exclusive | OnFocus, \
			0, 0, NULL, board },/
		}
		/^static const Hotkey/,/^};/s/.*togglegrab.*//
		/{ .manufacturer = "\*" },/d
		s/ExitLimit = 5000/ExitLimit = 30000/
		s/Route = Qmp/Route = InputLinux/' \
		config.def.h >"$dir/conf/config.h"
	# takes some time when it is to be slow
	cat >"$dir/switch" <<-'SH'
	echo "$1" >>began
	[ ! -e slow ] || sleep 1
	echo "$1" >shown.new
	mv shown.new shown
	SH
}

# The rows of the box are run by one shell in there, see inside.
box() {
	lab
	why="the box can't be had"
	${CC:-cc} -std=c11 -D_GNU_SOURCE -Wall -Wextra -O2 -o "$dir/fd" \
		tests/lib/fd.c && box_config && program_prepare "$cache" &&
	build_plain stub "-I$dir/conf" && guest_prepare "$cache" &&
	box_prepare "$cache" && box_guest_prepare "$cache" pc &&
	box_start "$dir" 200 && box_x "$dir" && box_guest "$dir" pc &&
	why= || box_lacks "$@"
	job=$1
	shift
	for row in "$@"; do
		[ "$job" = row ] || [ "$why" ] || seed_build "$row" || why=seeds
	done
	[ "$why" ] || BOX_LIMIT=900 box_run "$dir" "export CACHE='$cache'
		export STATES='$STATES' V='${V:-}'
		sh tests/program/matrix.sh inside '$dir' '$BOX_CACHE/human' \
			$job $*"
	cp "$dir"/row.* "$MATRIX" 2>/dev/null
	[ "$failed" = 0 ]
}

box_lacks() {
	shift
	for row in "$@"; do
		skip "$(row_text "$row")" "$why"
		echo "- - - - - -" >"$dir/row.$row"
	done
}

inside() {
	dir=$1 vm=/run/vm MATRIX=$1 DISPLAY=:0
	human=$2 job=$3
	shift 3
	export DISPLAY LC_ALL=C HOME="$dir" XDG_RUNTIME_DIR=/run
	mkfifo /run/hand # the shared folder can't have one
	exec 4<>/run/hand
	"$human" </run/hand >"$dir/told" 2>&1 &
	hand 'new kbd kbd "Matrix Keys" 0x1234 0x10'
	monitored_start() { (cd "$dir" && exec "$@") & monitored=$!; }
	monitor_input() { cat "$dir/shown"; }
	steps() { wc -l <"$dir/began"; }
	slow() { : >"$dir/slow"; begun=$(steps); }
	up() { wait_for 10 nonedown || wrong "down in the guest: $(keysdown)"; }
	ready() { inside_ready; }
	keydown() { hand "key $keys 46 1"; }
	keyup() { hand "key $keys 46 0"; }
	heal() { :; }
	for row in "$@"; do
		"$job" "$row"
	done
}

hand() {
	echo "$1" >&4
}

# device NAME : the human's, and X has it
device() {
	xinput list --name-only 2>/dev/null | grep -q "^Matrix $1"
}

inside_ready() {
	none_left
	keys=kbd
	rm -f "$dir/slow"
	: >"$dir/began"
	echo 0x0f >"$dir/shown"
	hand 'key kbd 46 0'
	[ "$row" != deviceunplugged ] || keys=board
	wait_for 10 device Keys && { device Board || plug; }
}

table() {
	printf '# %-30s' ''
	for column in $STATES; do
		printf ' %-8s' "$column"
	done
	echo
	for row in "$@"; do
		printf '# %-30s' "$(row_text "$row")"
		printf ' %-8s' $(cat "$MATRIX/row.$row" 2>/dev/null || echo died)
		echo
	done
}

case ${1-} in
lane | box | inside)
	"$@"
	exit ;;
esac
job=row
[ "${1-}" != seeded ] || {
	job=seed
	shift
}
[ $# != 0 ] || set -- $ROWS $BOXROWS
wants $MATRIX_PACKAGES
MATRIX=$(mktemp -d)
export MATRIX
lanes=
trap 'trap "" TERM; kill $lanes 2>/dev/null; wait; rm -rf "$MATRIX"' EXIT
trap 'exit 1' HUP INT TERM
program_prepare "$cache" && guest_or_skip "$cache" || exit
# of ROW... those that the box is for are done by one shell of their own
here= there=
for row in "$@"; do
	case " $BOXROWS " in
	*" $row "*) there="$there $row" ;;
	*) here="$here $row" ;;
	esac
done
[ ! "$there" ] || {
	sh tests/program/matrix.sh box "$job" $there >"$MATRIX/lane.box" 2>&1 &
	lanes=$!
}
[ ! "$here" ] || for i in $(seq "${LANES:-3}"); do
	sh tests/program/matrix.sh lane "$job" $here >"$MATRIX/lane.$i" 2>&1 &
	lanes="$lanes $!"
done
wait
lanes=
cat "$MATRIX"/lane.* | awk '
	/^(not )?ok / { sub(/ok [0-9]+/, "ok " ++n) }
	{ print }
	END { print "1.." n }'
[ "$job" = seed ] || table "$@"
! grep -q '^not ok' "$MATRIX"/lane.*
