#!/bin/sh
# The trial, -t: the guest for a while, then the host, whatever happens, on
# simulated monitors.  Prints TAP.
#
# usage: trial.sh [PART...]  the names of functions below; all without one
set -u
cd "$(dirname "$0")/../.." || exit
. tests/lib/test.sh

TRIAL_PACKAGES="$BUILD_PACKAGES $MONITOR_PACKAGES $SCREEN_PACKAGES
	procps"
TRIAL_PARTS="words monitors rows stops killed stranded twice
	instance"

dell='.manufacturer = "DEL"'
io='.host = { .value = DP1 }, .guest = { .value = HDMI1 }'
ddc="{ Ddc, { 0 }, 4000, 0 },"

# config NAME MONITORS [TOHOST]
config() {
	# a definition ends with its line
	build "$1" -Itests/ddc -DMONITORS="$(echo "$2" | tr '\n' ' ')" \
		-DSTEPS="$ddc" -DTOHOST="${3:-$ddc}"
}

configs() {
	config any '{ .manufacturer = "*" },' &&
	config given "{ $dell, $io }," &&
	config wrong "{ $dell, .host = { .value = HDMI1 },
		.guest = { .value = DP1 } }," &&
	config odd "{ $dell, .flags = Blind, $io }," &&
	config lg "{ $dell, .host = { .code = 0xf4, .source = 0x50,
		.value = 0xd0 }, .guest = { .code = 0xf4, .source = 0x50,
		.value = 0x90 } }," &&
	config more "{ $dell, .repeat = 2, $io }," &&
	config noway "{ $dell, $io }," " " &&
	config above "{ .manufacturer = \"*\" }, { $dell, $io }," &&
	config below "{ $dell, $io }, { .manufacturer = \"*\" }," &&
	config two "{ $dell }, { .manufacturer = \"SAM\" }," &&
	config agent "{ $dell, $io }," \
		"{ GuestExec, { .argv = mark }, 1000, 0 },"
}

# ---- trials that end by themselves, side by side ----

# try NAME FAULTS PROGRAM WORD... : words of FAULTS that begin with - are options
try() {
	name=$1
	options=
	for word in $2; do
		case $word in
		-n*) options="$options -n ${word#-n}" ;;
		*) options="$options -f $word" ;;
		esac
	done
	program=$3
	shift 3
	mkdir -m 700 "$dir/run.$name"
	(export XDG_RUNTIME_DIR="$dir/run.$name"
	"$MONITOR" -l "$dir/log.$name" $options -- "$dir/$program" -q "" \
		-t "$@" >"$dir/$name.said" 2>"$dir/log.$name.err" </dev/null
	echo $? >"$dir/$name.status") &
}

# went NAME STATUS INPUT... : from one input to the next, by monitor $mon (1)
went() {
	name=$1
	{
		echo "status $2"
		shift 2
		[ $# = 0 ] || printf '%s\n' "$@"
	} >"$dir/want"
	{
		echo "status $(cat "$dir/$name.status")"
		sed -n "s/.* i2c-${mon:-1} input .* -> \(0x..\).*/\1/p" \
			"$dir/log.$name"
	} >"$dir/got"
	diff "$dir/want" "$dir/got" || {
		cat "$dir/$name.said" "$dir/log.$name.err"
		return 1
	}
}

# told NAME LINE...
told() {
	name=$1
	shift
	for line; do
		cat "$dir/$name.said" "$dir/log.$name.err" |
			grep -q -e "$line" || {
			echo "no $line in"
			cat "$dir/$name.said" "$dir/log.$name.err"
			return 1
		}
	done
}

words() {
	for words in 0 601 x 10s -1 "2 3x" "all 0"; do
		"$dir/any" -q "" -t $words >"$dir/said" 2>&1
		check "-t $words: refused" is "$?" 2
	done
	check "-t x: and why" says '^screenstub: usage: -t x: want seconds' \
		"$dir/any" -t x
	check "-t -d: only one" says 'only one of' "$dir/any" -t -d
}

monitors() {
	try good "" given 1
	try any "" any 1
	try all "" any 1 all
	try high high=0x03 any 1
	try deaf numb-unless=0x11 given 1
	try quiet "deaf-unless=0x0f replug-ms=300" given 1
	try refuses drop-set given 1
	try bounces bounce-ms=700 given 6 all
	try loses lose=1 given 1
	try mute says=0 any 1
	try blind says=0 odd 1
	try gone absent given 1
	wait
	check "shown, and the host again" went good 0 0x11 0x0f
	check "it was said before, and what was seen of both" told good \
		'in 3 s shows input 0x11 HDMI-1 for 1 s, then 0x0f Disp' \
		'0x11 HDMI-1: read back; then 0x0f DisplayPort-1: read back'
	check "then the row" told good \
		'model = "DELL S2722DGM", .serial = "34RN5P3",$' \
		'^	  .host = { .value = 0x0f }, .guest = { .value = 0x11 } },$' \
		'^	screenstub -i 0x0f:0x11$'
	check "no guest is given: the first other input" went any 0 0x01 0x0f
	check "the others are named" told any \
		'input 0x11 HDMI-1 is listed, too (screenstub -t all'
	check "all: one after the other" went all 0 0x01 0x0f 0x11 0x0f
	check "all: each with its row" told all 'guest = { .value = 0x01 }' \
		'guest = { .value = 0x11 }' 'i 0x0f:0x01$' 'i 0x0f:0x11$'
	check "a high byte: the host's input is as it is listed" told high \
		'host = { .value = 0x0f }'
	check "one that is not shown can't be tried" went gone 1
	check "drop-set: refused" went refuses 1
	check "drop-set: it is said, and no row is" told refuses \
		'HDMI-1: not shown; then 0x0f DisplayPort-1: read back'
	check "drop-set: no row is" not grep . "$dir/refuses.said"
	check "drop-set: which is said" told refuses \
		'no input was shown, so there is no row ('
	check "goes back by itself: once more, and the next" went bounces 1 \
		0x11 0x0f 0x11 0x0f 0x01 0x0f 0x01 0x0f
	check "goes back by itself: told" told bounces 'HDMI-1: it did not' \
		'input 0x11 was set, but it went back to 0x0f'
	check "loses a Set: written again" went loses 0 0x11 0x0f
	check "can't say what is shown: refused" went mute 1
	check "can't say what is shown: and why" told mute \
		"the input that is shown can't be read (if the"
	check "nothing is read: by the row's inputs" went blind 0 0x11 0x0f
	check "nothing is read: told" told blind \
		'HDMI-1: sent, not read back' 'monitors\[0\] as it is'
}

rows() {
	try wrong "" wrong 1
	try numbers "" any 1 -i 0x01:0x11
	try both -n2 two 1
	try second -n2 two 1 -s 1
	try above "" above 1
	try below "" below 1
	try other -n2 above 1
	try changed "" above 1 -i 0x0f:0x01
	try lg lg lg 1 all
	try more "" more 1
	wait
	check ".host is wrong: what is shown at first is the host's" went \
		wrong 0 0x11 0x0f
	check ".host is wrong: told" told wrong \
		'monitors\[0\]: .host 0x11 is wrong: input 0x0f is shown'
	check "-i: so is the one there" told numbers '.host 0x01 is wrong'
	check "-i: the guest's is tried" went numbers 0 0x11 0x0f
	check "two monitors: both are switched" went both 0 0x01 0x0f
	mon=2
	check "two monitors: and the second one" went both 0 0x10 0x0f
	check "two monitors: both rows" told both 'DELL.*34RN5P3' 'C27R500'
	check "-s 1: the second monitor" went second 0 0x10 0x0f
	mon=1
	check "-s 1: and not the first" went second 0
	for row in above below; do
		check "\"*\" $row: the one that is named" went $row 0 0x11 0x0f
		check "\"*\" $row: it is not missing" not grep monitors \
			"$dir/log.$row.err"
	done
	check "\"*\": -i is of the other row" went changed 0 0x01 0x0f
	mon=2
	check "\"*\": not a monitor that no row names" went other 0
	mon=1
	check "\"*\": and the one that is named" went other 0 0x11 0x0f
	check "a row with more than -d knows is right as it is" told more \
		'monitors\[0\] as it is'
	check "LG's other feature: by the row" went lg 0 0x11 0x0f
	check "LG's other feature: the row is right as it is" told lg \
		'monitors\[0\] as it is'
}

# ---- trials that something ends ----

# trial FAULT PROGRAM WORD... : until the guest was sent
trial() {
	monitor_start "$dir/monitor" ${1:+-f "$1"}
	program=$2
	shift 2
	monitored_start "$dir/$program" -q "" -V -t "$@" \
		>"$dir/said" 2>"$dir/log" </dev/null
	stub=$monitored
	wait_for 10 sent 0x11 || cat "$dir/log"
	guard=$(pgrep -P "$stub" -x stubguard)
}

# The monitor was told to show it.
sent() {
	grep -q "write 37 51 84 03 60 00 ${1#0x}" "$monitor_dir/log"
}

# ended STATUS COMMAND... : by the command, with the host shown in the end
ended() {
	want=$1
	shift
	stop "$@"
	wait_for 15 unguarded
	monitor_stop
	last=$(sed -n 's/.* input .* -> \(0x..\).*/\1/p' \
		"$monitor_dir/log" | tail -n 1)
	[ "$status $last" = "$want 0x0f" ] || {
		echo "exit status $status, the monitor shows $last"
		cat "$dir/said" "$dir/log"
		return 1
	}
}

unguarded() {
	[ "$guard" ] && ! kill -0 "$guard" 2>/dev/null
}

stops() {
	for signal in 1 2 15; do
		trial "" given 600
		wait_for 10 logged 'guest is shown'
		check "signal $signal: the host at once" ended \
			$((128 + signal)) kill -$signal "$stub"
		check "signal $signal: and what was seen" grep -q \
			'^	screenstub -i 0x0f:0x11$' "$dir/said"
	done
	trial slow-ms=1500 given 600
	check "^C on the way to the guest: the host" ended 130 kill -2 "$stub"
}

killed() {
	trial "" given 600
	wait_for 10 logged 'guest is shown'
	check "killed: the guard shows the host" ended 137 kill -9 "$stub"
	trial slow-ms=1500 given 600
	check "killed on the way to the guest: the same" ended 137 \
		kill -9 "$stub"
	trial "" wrong 600
	wait_for 10 logged 'guest is shown'
	check "killed, .host is wrong: the guard knows better" ended 137 \
		kill -9 "$stub"
	trial "" agent 600
	wait_for 10 logged 'guest is shown'
	check "killed, and tohost[] needs the guest: by DDC/CI" ended 137 \
		kill -9 "$stub"
}

# A monitor that obeys only the machine that it shows, until its button is
# pressed; and the like, by the guest.
stranded() {
	try agent "" agent 1
	try noway "" noway 1
	try left deaf-unless=0x0f given 1
	try novm "" given 1 -q "$dir/none"
	try novmagent "" agent 1 -q "$dir/none"
	trial deaf-unless=0x0f given 1
	check "deaf: it is said that it can't be shown" wait_for 20 logged \
		'can.t set 0x0f'
	check "deaf: it is tried until the button was pressed" ended 0 \
		button
	check "deaf: what was seen" grep -q 'HDMI-1: sent, silent since' \
		"$dir/log"
	wait
	check "the guest does not do it: by DDC/CI" went agent 0 0x11 0x0f
	check "tohost[] is empty: by DDC/CI" went noway 0 0x11 0x0f
	check "nobody presses the button: the guest stays" went left 1 0x11
	check "nobody presses the button: the row all the same" told left \
		'could not be shown again (press the' \
		'model = "DELL S2722DGM", .serial = "34RN5P3",$'
	check "no VM: the same without one" went novm 0 0x11 0x0f
	check "no VM: of QEMU not a word" not told novm qmp
	check "no VM: but where tohost[] needs it" told novmagent \
		'qmp: .*No such file'
}

button() {
	echo input=0x0f >"$monitor_dir/ctl"
}

# What is read at the start would be the guest's.
twice() {
	trial "" given 600
	wait_for 10 logged 'guest is shown'
	check "a second trial: refused" not monitored "$dir/given" -q "" -t 1
	check "a second trial: the first one goes on" shows 0x11
	for action in unstickhost showguest togglewindow; do
		check "-e $action: refused" refuses "$action"
	done
	check "and it goes on" shows 0x11
	check "-e quit: the host" ended 0 "$dir/given" -e quit
	trial "" given 600
	wait_for 10 logged 'guest is shown'
	check "-w host ends it, too" ended 0 "$dir/given" -w host
}

refuses() {
	! "$dir/given" -e "$@" >"$dir/said" 2>&1 &&
	grep 'a trial is under way (screenstub -e quit ends it)' "$dir/said"
}

# -t when there is one.
instance() {
	screen_start "$dir/screen" || return
	monitor_start "$dir/monitor"
	monitored_start "$dir/given" -V 2>"$dir/log"
	stub=$monitored
	wait_for 10 logged 'guest is shown'
	monitored "$dir/given" -t 1 >"$dir/said" 2>&1
	check "an instance is running: refused" is "$?" 1
	check "an instance is running: and what to do" grep \
		'already running (.*screenstub -e quit' "$dir/said"
	check "an instance is running: it goes on" shows 0x11
	stop kill "$stub"
	monitor_stop
	screen_stop
}

wants $TRIAL_PACKAGES
lab
monitor_prepare "$cache" && screen_prepare "$cache" &&
	program_prepare "$cache" && configs || exit
parts ${*:-$TRIAL_PARTS}
unharmed
finish
