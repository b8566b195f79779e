#!/bin/sh
# Tests the test lab itself: do the simulated monitors convince ddcutil, and
# does the guest show what it is sent?  Prints TAP.
set -u
cd "$(dirname "$0")/../.." || exit
. tests/lib/test.sh

LAB_PACKAGES="$MONITOR_PACKAGES $GUEST_PACKAGES ddcutil i2c-tools udev"
wants $LAB_PACKAGES
lab
log=$dir/log
export dir log
# i2ctransfer is there
PATH=$PATH:/usr/sbin
is14=$(ddcutil --version | grep '^ddcutil 1\.4\.')

# ---- monitors ----

# under COMMAND... : with two monitors
under() {
	"$MONITOR" -n 2 -l "$dir/log" "$@"
}

# An open is told a little later.
touch_trap() {
	echo ": <>/dev/i2c-$1
		timeout 60 sh -c 'until grep TOUCHED \"\$log\"; do :; done'"
}

register() {
	[ "$(cat "$dir/log.input.$1")" = "$2" ]
}

# The same run for whoever is asking; leaves the log.
agrees() {
	rm -f "$dir"/log*
	under -- sh -ec '
		ddcutil detect
		ddcutil --bus 1 capabilities
		ddcutil --bus 1 getvcp 60 --terse
		ddcutil --bus 1 setvcp 60 0x11
		ddcutil --bus 1 getvcp 60 --terse' >"$dir/agree" 2>&1
	cat "$dir/agree"
	for want in 'Model: *DELL S2722DGM' 'Model: *C27R500' \
		'0f: DisplayPort-1' '11: HDMI-1' \
		'^VCP 60 SNC x0f' '^VCP 60 SNC x11'; do
		if ! grep -q "$want" "$dir/agree"; then
			echo "missing: $want"
			return 1
		fi
	done
}

# A fault that comes while a command runs, told by the control pipe.
faultcomes() {
	under -c "$dir/ctl" -- sh -ec '
		ddcutil --bus 1 getvcp 60
		echo 1:silent >"$1"
		until grep -q "i2c-1 control silent" "$2"; do sleep 0.05; done
		! ddcutil --bus 1 getvcp 60' sh "$dir/ctl" "$dir/log"
}

monitors() {
	check "ddcutil sees the monitors and their inputs, and switches one" \
		agrees
	check "the register follows" register 1 0x11
	check "the log tells the change" \
		grep -q ' i2c-1 input 0x0f -> 0x11$' "$dir/log"
	check "the other monitor stays" register 2 0x0f
	check "the trap was not touched" not grep TOUCHED "$dir/log"
	under -- sh -c "$(touch_trap 0)"
	check "the trap would have told" grep ' i2c-0 TOUCHED' "$dir/log"
	under -- ddcutil --sleep-multiplier 0.1 --bus 1 getvcp 60 >"$dir/out"
	check "a reply read too early is told" \
		grep ' i2c-1 EARLY reply' "$dir/log"
	check "a silent monitor fails" \
		not under -f silent -- ddcutil --bus 1 getvcp 60
	check "a set may be dropped" says '^VCP 60 SNC x0f' under -f drop-set \
		-- sh -c 'ddcutil --bus 1 --noverify setvcp 60 0x11
			ddcutil --bus 1 --terse getvcp 60'
	check "a fault can come while a command runs" faultcomes
	check "the command's exit status is kept" \
		says '^42$' sh -c '"$@"; echo $?' sh "$MONITOR" -- \
		sh -c 'exit 42'
}

ordinary() {
	text="the same for an ordinary user"
	as="setpriv --reuid=65534 --regid=65534 --clear-groups"
	if [ "$(id -u)" -ne 0 ]; then
		skip "$text" "all of this ran as one"
	elif ! $as test -x "$MONITOR" -a -r tests/ddc/monitors.tsv; then
		skip "$text" "uid 65534 may not read this folder"
	else
		rm -f "$dir"/log*
		chmod 777 "$dir"
		check "$text" says '^VCP 60 SNC x11' $as env HOME="$dir" \
			"$MONITOR" -l "$dir/log" -- sh -c '
			ddcutil setvcp 60 0x11
			ddcutil --terse getvcp 60'
		check "and the register follows" register 1 0x11
	fi
}

# ---- faults ----

# What the commands below are made of.  A dump is what i2ctransfer reads or
# writes, byte by byte, with nothing of its own about it.
export get="ddcutil --bus 1 --terse getvcp 60"
export set="ddcutil --bus 1 setvcp 60 0x11"
export caps="ddcutil --bus 1 --disable-capabilities-cache capabilities"
export dump="i2ctransfer -y 1"
export get60="w5@0x37 0x51 0x82 1 0x60 0xdc r11@0x37"
export set11="w7@0x37 0x51 0x84 3 0x60 0 0x11 0xc9"
export lg="$dump w7@0x37 0x50 0x84 3 0xf4 0"
export drm=/sys/class/drm

oneline() {
	tr -s '\n ' ' ' <"$1"
	echo
}

# with OPTIONS COMMAND OUTPUT LOG : whether the command says OUTPUT, and the
# status after it, and so does the log.  Both patterns are for all in one line.
with() {
	rm -f "$dir"/log*
	# unquoted: a list of words
	timeout 60 "$MONITOR" $1 -l "$log" -- sh -c "$2" >"$dir/said" 2>&1
	echo "status $?" >>"$dir/said"
	cat "$dir/said" "$log"
	oneline "$dir/said" | grep -Eq -- "$3" &&
	oneline "$log" | grep -Eq -- "$4"
}

fault_is() {
	with "-f $1" "$2" "$4" "$5" && register 1 "$3"
}

# ddcutil has changed its ways, so what is told of one is not of another.
its() {
	case $2 in
	*ddcutil*|*'$get;'*|*'$get'|*'$set'|*'$set'[!1]*|*'$caps'*) ;;
	*) return 0 ;;
	esac
	[ "$is14" ] || skip "$1" "this is not ddcutil 1.4"
	[ "$is14" ]
}

# fault TEXT FAULT COMMAND REGISTER OUTPUT LOG
fault() {
	its "$1" "$3" || return
	text=$1
	shift
	check "$text" fault_is "$@"
}

# kind TEXT OPTIONS COMMAND OUTPUT LOG
kind() {
	its "$1" "$3" || return
	text=$1
	shift
	check "$text" with "$@"
}

replies() {
	fault "double6e: ddcutil reads all the same" double6e \
		'$get; $caps' 0x0f 'SNC x0f.*Model: P2717H.*Feature: 60' \
		'read 37 6e 6e 88 02 00 60 00 00 12'
	fault "nobit7: ddcutil reads all the same" nobit7 \
		'$get' 0x0f 'SNC x0f' 'read 37 6e 08 02 00 60 00 00 12 00 0f 49'
	fault "checksum: ddcutil gives up" checksum \
		'$get' 0x0f 'communication failed.*status 1' 'read 37 6e 88'
	fault "zero: ddcutil gives up" zero \
		'$get' 0x0f 'communication failed.*status 1' 'read 37 00 00 00'
	fault "zero: nothing else is read" zero \
		'$dump $get60' 0x0f '^(0x00 ){11}status 0' .
	fault "stale: ddcutil gives up" stale \
		'$get' 0x0f 'communication failed.*status 1' '02 00 10'
	fault "stale: a good reply to another question" stale \
		'$dump $get60' 0x0f '0x02 0x00 0x10 0x00 0x00 0x64 0x00 0x32' .
	fault "garbage: ddcutil believes it" garbage=4 \
		'$get; $get; $get; $get; $get' 0x0f \
		'x32 .*x30 .*x69 .*x32 .*x0f ' .
	fault "unsupported: ddcutil says so" unsupported \
		'$get' 0x0f 'VCP 60 ERR status 1' '02 01 60 00 00 00 00 00'
	fault "novalue: ddcutil believes it" novalue \
		'$get' 0x0f 'SNC x00' '02 00 60 00 00 00 00 00'
	fault "says: ddcutil believes it, of the low byte" says=0x305 \
		'$set; $get' 0x11 'SNC x05' '00 60 00 00 12 03 05'
	fault "shows: ddcutil sees the other value" shows=0x0f06 \
		'$get; $set; $get' 0x11 'x06 .*x11 ' .
	fault "high: ddcutil sees the low byte" high=9 \
		'$get' 0x0f 'SNC x0f' '00 60 00 00 12 09 0f'
	fault "null: ddcutil has no value" null \
		'$get' 0x0f 'VCP 60 ERR status 1' '37 6e 80 be'
	fault "nulls: three are nothing to ddcutil" nulls=3 \
		'$get' 0x0f 'SNC x0f' '37 6e 80 be'
	fault "nulls: they come to an end" nulls=1 \
		'$dump $get60; $dump $get60' 0x0f \
		'^0x6e 0x80 0xbe .*0x6e 0x88 0x02 0x00 0x60' .
	fault "nocaps: ddcutil has none, but the value" nocaps \
		'$get; $caps' 0x0f 'SNC x0f.*NULL_RESPONSE.*status 1' \
		'51 83 f3 00 00 4f [^ ]+ i2c-1 read 37 6e 80 be'
	fault "unlisted: ddcutil does not list it" unlisted \
		'$caps | grep -c "Feature: [56]"' 0x0f '^1 status 0' .
}

switching() {
	fault "deaf-unless: ddcutil gives up" deaf-unless=0x11 \
		'$get' 0x0f 'communication failed.*status 1' 'No such device'
	fault "deaf-unless: or loses it by switching" deaf-unless=0x0f \
		'$get; $set; $get' 0x11 'x0f .*communication failed' .
	fault "errno: ddcutil gives up" errno=EREMOTEIO \
		'$get' 0x0f 'communication failed.*status 1' 'Remote I/O'
	fault "lose: ddcutil does not notice" lose=1 \
		'$set; $get; $set; $get' 0x11 'x0f .*x11 ' .
	fault "twice: one is not enough, ddcutil does not notice" twice \
		'$set; $get' 0x0f 'x0f .*status 0' .
	fault "twice: two are" twice '$dump $set11; $dump $set11' 0x11 \
		'status 0' .
	fault "twice: not when another is between" twice \
		'$dump $set11; $dump w7@0x37 0x51 0x84 3 0x60 0 0x12 0xca
		$dump $set11' 0x0f 'status 0' .
	fault "want-save: ddcutil sets in vain" want-save \
		'$set; $get' 0x0f 'x0f ' .
	fault "want-save: and with scs it works" want-save \
		'$set; ddcutil --bus 1 scs; $get' 0x11 'x11 ' '37 51 81 0c b2'
	fault "after a Save 200 ms must pass" unlisted \
		'$dump w4@0x37 0x51 0x81 0x0c 0xb2 w1@0x37 0' 0x0f \
		'status 0' 'EARLY message by 1[0-9]{5} us'
	fault "want-get: ddcutil, with a file for each, sets in vain" want-get \
		'$get; $set; $get' 0x0f 'x0f .*x0f ' .
	fault "want-get: with one file it works" want-get \
		'$dump $get60 $set11' 0x11 'status 0' .
	fault "asleep: ddcutil fails" asleep \
		'$get; $set' 0x0f 'VCP 60 ERR .*failed.*status 1' \
		'37 6e 80 be.*37 51 84 03 60 00 11 c9 failed: Input/output'
	fault "asleep: and can wake it" asleep \
		'ddcutil --bus 1 --noverify setvcp d6 1; $set; $get' 0x11 \
		'x11 .*status 0' 'i2c-1 awake'
	fault "busy-ms: ddcutil sets in vain" busy-ms=60000 \
		'$set; $get; ddcutil --bus 1 setvcp 60 0x12' 0x11 \
		'ERR' 'input 0x0f -> 0x11.*37 6e 80 be.*37 51 84 03 60 00 12'
	fault "busy-ms: it comes to an end" busy-ms=300 \
		'$set; until $get | grep x11; do :; done' 0x11 'x11 ' .
	fault "mute-ms: ddcutil gives up" mute-ms=60000 '$set; $get' 0x11 \
		'communication failed.*status 1' 'failed: No such device'
	fault "mute-ms: it comes to an end" mute-ms=300 \
		'$set; until $get | grep x11; do :; done' 0x11 'x11 ' .
	fault "bounce-ms: ddcutil does not notice" bounce-ms=100 \
		'$set; echo $?; until grep -q "by itself" "$log"; do :; done
		$get' 0x0f '0 .*x0f ' '0x0f -> 0x11.*0x11 -> 0x0f by itself'
	fault "replug-ms: ddcutil sees no monitor" replug-ms=60000 \
		'$set; cat $drm/card0-*/status; wc -c <$drm/card0-HDMI-A-1/edid
		$get' 0x11 'disconnected 0 No monitor' .
	fault "replug-ms: and later it does" replug-ms=100 \
		'$set; until grep -q " plugged" "$log"; do :; done
		cat $drm/card0-*/status; wc -c <$drm/card0-HDMI-A-1/edid
		$get' 0x11 '^connected 256 VCP 60 SNC x11' .
	fault "slow-ms: the old value first" slow-ms=400 '
		$dump $set11; $dump $get60
		until $dump $get60 | grep "0x11 0xd7"; do :; done' 0x11 \
		'0x0f 0xc9.*0x11 0xd7' 'input 0x0f -> 0x11'
	# umockdev 0.19 lets no signal through before its end
	fault "eeprom-delay-ms: a read of the EDID hangs" \
		eeprom-delay-ms=4000 'timeout 1 $dump w1@0x50 0' 0x0f \
		'status 124' 'write 50 00'
	fault "eeprom-delay-ms: and DDC/CI does not" eeprom-delay-ms=60000 \
		'timeout 1 $dump $get60' 0x0f '0x0f 0xc9 status 0' .
	kind "displaylink: a connector without a bus" \
		"-n 2 -p amdgpu -p displaylink" \
		'cat $drm/card1-DVI-I-1/status; ls $drm/card1-DVI-I-1/ddc' \
		'^connected .*No such file' ''
	kind "undock, dock: the bus comes back with another number" \
		"-p amdgpu-dp -c $dir/ctl" "echo undock >$dir/ctl
		until grep -q 'control undock' $log; do :; done
		ls /sys/class/i2c-dev; echo dock >$dir/ctl
		until grep -q 'control dock' $log; do :; done
		i2ctransfer -y 21 \$get60" '^i2c-0 0x6e 0x88 .*status 0' .
	fault "replug-ms: udev is told twice" replug-ms=100 '
		: >"$dir/udev"
		timeout 30 udevadm monitor --udev >"$dir/udev" & p=$!
		until grep -q UDEV "$dir/udev"; do :; done
		$dump $set11
		until grep change "$dir/udev" | sed 1d | grep .; do :; done
		kill $p' 0x11 'status 0' 'unplugged.* plugged'
	fault "lg: ddcutil sets in vain and reads zero" lg \
		'$set; $get' 0x0f 'x00 ' .
	for i in 0x90:0xdd:0x11 0x91:0xdc:0x12 0xd1:0x9c:0x10; do
		v=${i%%:*}
		fault "lg: $v by 0xf4 and source 0x50" lg \
			"\$dump \$get60; \$lg $v $(echo "$i" | cut -d: -f2)" \
			"${i##*:}" '02 0x00 0x60( 0x00){5}.*status 0' .
	done
	fault "lg: 0xd0 too" lg '$lg 0x90 0xdd; $lg 0xd0 0x9d' 0x0f \
		'status 0' '0x0f -> 0x11.*0x11 -> 0x0f'
	fault "lg: there is no answer to source 0x50" lg \
		'$dump w5@0x37 0x50 0x82 1 0x60 0xdd r6@0x37' 0x0f \
		'^0x6e 0x80 0xbe 0x6e 0x80 0xbe' .
	fault "other monitors do not hear source 0x50" unlisted \
		'$lg 0x90 0xdd' 0x0f 'status 0' '50 84 03 f4 00 90 dd'
}

plumbing() {
	fault "no-rdwr: ddcutil 1.4.1 aborts" no-rdwr 'ulimit -c 0; $get' \
		0x0f 'Assertion.*status 134' 'refused I2C_RDWR'
	fault "no-rdwr: by its --use-file-io it works" no-rdwr \
		'$set --use-file-io; $get --use-file-io' 0x11 'x11 ' .
	fault "bound: ddcutil does not notice, by I2C_RDWR" bound \
		'$get' 0x0f 'x0f ' .
	fault "bound: by its --use-file-io it finds none" bound \
		'$get --use-file-io' 0x0f 'No monitor.*status 1' \
		'refused I2C_SLAVE 50'
	fault "bound: with --force-slave-address it does" bound \
		'$get --use-file-io --force-slave-address' 0x0f 'x0f ' .
	fault "edid-rotated: ddcutil finds the other half" edid-rotated \
		'ddcutil detect' 0x0f 'DELL S2722DGM' 'read 50 02 03 3c f1'
	fault "edid-rotated: by 128, and by 256" edid-rotated \
		'$dump w1@0x50 0 r128@0x50 | cut -c 1-19
		$dump w1@0x50 0 r256@0x50 | cut -d " " -f 1,129-133' 0x0f \
		'^0x02 0x03 0x3c 0xf1 0x02 0x00 0xff 0xff 0xff 0xff status' .
	fault "edid-ff: ddcutil tries again" edid-ff=3 \
		'$get' 0x0f 'x0f ' '(read 50( ff){128}.*){3}read 50 00 ff'
	fault "edid-ff: but not for ever" edid-ff=4 \
		'$get' 0x0f 'No monitor' .
	fault "no-eeprom: ddcutil finds none" no-eeprom \
		'$get; $dump $set11' 0x11 'No monitor' '50 00 failed: No such'
	fault "stale-edid: ddcutil asks the monitor" stale-edid=2 \
		'grep -ao C27R500 $drm/card0-*/edid; ddcutil detect' 0x0f \
		'^C27R500 .*DELL S2722DGM' .
	fault "no-sysfs-edid: ddcutil asks the monitor" no-sysfs-edid \
		'cat $drm/card0-*/status; wc -c <$drm/card0-HDMI-A-1/edid
		ddcutil detect' 0x0f '^connected 0 .*DELL S2722DGM' .
	fault "status: ddcutil does not mind" status=unknown \
		'cat $drm/card0-*/status; $get' 0x0f '^unknown .*x0f' .
}

# Each comes and goes by the pipe, to one of two monitors.
bypipe() {
	rm -f "$log"*
	"$MONITOR" -n 2 -l "$log" -c "$dir/ctl" -- sh -ec '
		for f in double6e nobit7 zero stale garbage=1 unsupported \
			novalue says=1 shows=0x0f06 high=1 nulls=1 nocaps \
			lose=1 twice want-save want-get asleep busy-ms=1 \
			mute-ms=1 bounce-ms=1 replug-ms=1 lg no-rdwr bound \
			edid-rotated edid-ff=1 no-eeprom stale-edid=2 \
			no-sysfs-edid; do
			echo "2:$f" >"$dir/ctl"
			echo "2:-${f%=*}" >"$dir/ctl"
		done
		echo "2:lose" >"$dir/ctl"
		echo "2:silent=1" >"$dir/ctl"
		echo "2:clear" >"$dir/ctl"
		timeout 60 sh -c "until grep -q clear \"$log\"; do :; done"
		ddcutil --bus 2 getvcp 60 --terse' >"$dir/said" 2>&1 ||
		return 1
	cat "$dir/said" "$log"
	[ "$(grep -c ' i2c-2 control ' "$log")" -eq 59 ] &&
	[ "$(grep -c 'not understood: 2:' "$dir/said")" -eq 2 ] &&
	grep 'not understood: 2:lose$' "$dir/said" &&
	grep 'not understood: 2:silent=1$' "$dir/said" &&
	not grep 'i2c-1 control' "$log" &&
	grep 'VCP 60 SNC x0f' "$dir/said"
}

cards() {
	all="-n 9 -p edp -p amdgpu+ -p lvds -p nouveau -p dock -p smu
		-p aux-root -p mst+ -p nvidia"
	kind "ddcutil finds monitors on all kinds of cards but smu" "$all" \
		'ddcutil detect --brief' '1 DRM connector: card0-eDP-1 .*'\
'2 DRM connector: card0-HDMI-A-1 .*3 DRM connector: card2-LVDS-1 .*'\
'4 DRM connector: card3-HDMI-A-1 .*c-5 .*7 DRM connector: card6-DP-1 .*'\
'8 DRM connector: card6-DP-2 .*c-9 ' .
	check "it leaves the trap alone" not grep 'i2c-6' "$log"
	panels="ddcutil 1.4.1 sends to 0x37 of laptop panels too"
	if [ "$is14" ]; then
		check "$panels" grep 'i2c-1 write 37 51 82' "$log"
	else
		skip "$panels" "another ddcutil"
	fi
	kind "the trap would have told" "$all" "$(touch_trap 6)" \
		'status 0' 'i2c-6 TOUCHED open'
	kind "the same monitor by MST: what one bus sets the other shows" \
		"$all" '$dump w1@0x37 0; i2ctransfer -y 7 $set11
		i2ctransfer -y 8 $get60; cat $drm/card6-DP-1/status
		wc -c <$drm/card6-DP-1/edid
		cmp -n 256 $drm/card6-DP-2/edid $drm/card0-eDP-1/edid' \
		'0x12 0x00 0x11 .*disconnected 0 status 0' 'i2c-7 input'
	check "and the register of both follows" \
		sh -c 'cmp "$log.input.7" "$log.input.8"'
	kind "eight monitors on eight cards" "-n 8" \
		'for i in 1 2 3 4 5 6 7 8; do i2ctransfer -y $i $set11; done
		ls $drm' '(card[0-7] card[0-7]-HDMI-A-1 ){8}status 0' \
		'i2c-8 input'
	kind "transfers that overlap on one card are told" \
		"-n 3 -p amdgpu -p amdgpu+ -p amdgpu -f delay-ms=500" \
		'for i in 1 2 3; do i2ctransfer -y $i w1@0x37 0 & done
		wait' 'status 0' 'OVERLAP with i2c-[12]'
	check "once, and on no other card" \
		sh -c '[ "$(grep -c OVERLAP "$log")" -eq 1 ] &&
		! grep "OVERLAP with i2c-3\|i2c-3 OVERLAP" "$log"'
	kind "nor when one comes after the other, or one was killed" \
		"-n 2 -p amdgpu -p amdgpu+ -f delay-ms=500" \
		'$dump $get60; i2ctransfer -y 2 $get60
		timeout -s KILL 0.1 $dump $set11; i2ctransfer -y 2 $get60' \
		'(0x6e 0x88 .*){3}status 0' .
	check "really not" not grep OVERLAP "$log"
}

locks() {
	kind "a lock on a bus is seen by others" "" \
		'flock /dev/i2c-1 flock -n /dev/i2c-1 true' 'status 1' ''
	kind "it is not on the other bus, and it ends" "-n 2" \
		'flock /dev/i2c-1 flock -n /dev/i2c-2 true &&
		flock -n /dev/i2c-1 true' 'status 0' ''
	kind "ddcutil 1.4.1 does not mind it" "" 'flock /dev/i2c-1 $get' \
		'SNC x0f' .
}

denied() {
	monitored ddcutil --bus 1 --terse getvcp 60 >"$dir/said" 2>&1
	cat "$dir/said"
	! grep 'SNC x0f' "$dir/said" &&
	monitored cat /sys/class/i2c-dev/i2c-1/name &&
	not grep -E 'read|write' "$monitor_dir/log"
}

permission() {
	check "monitors that stay" monitor_start "$dir/monitor"
	monitor_deny "$dir/deny"
	: >"$dir/deny"
	check "without permission ddcutil sees none" denied
	rm "$dir/deny"
	check "and later it does" says 'SNC x0f' monitored \
		ddcutil --bus 1 --terse getvcp 60
	monitor_stop
}

# ---- guest ----

# key DOWN [NAME]
key() {
	qmp_do "$dir/vm/qmp2" '{"execute":"input-send-event","arguments":
		{"events":[{"type":"key","data":{"down":'"$1"',
		"key":{"type":"qcode","data":"'"${2:-a}"'"}}}]}}'
}

# The key went down, came up, and nothing else did.
pressed() {
	[ "$(sed -n 's/.* \(EV_KEY .*\)/\1/p' "$dir/vm/guest.log")" = \
"EV_KEY 30 1 QEMU Virtio Keyboard
EV_KEY 30 0 QEMU Virtio Keyboard" ]
}

# The log stands still, up to more than the kernel keeps for it: of a the press
# is lost, of b the release, and of c both.
late() {
	key true b >"$dir/out"
	wait_for 10 grep -q 'EV_KEY 48 1' "$dir/vm/guest.log"
	mark
	guest_sh "$dir/vm" 'kill -STOP $(pidof guestlog); echo stands;'\
'k=$(grep -l "Virtio Keyboard" /sys/class/input/event*/device/name);'\
'k=${k%/device/name}; dd bs=24 count=200 </dev/input/${k##*/} >/dev/null;'\
'echo full'
	wait_for 10 grep -q '^stands' "$dir/vm/console.log"
	for change in 'false b' 'true c' 'false c' 'true a'; do
		key $change >"$dir/out"
	done
	wait_for 20 grep -q '^full' "$dir/vm/console.log"
	key false a >"$dir/out"
	guest_sh "$dir/vm" 'kill -CONT $(pidof guestlog)'
	printf 'EV_KEY %s\n' '30 0' '30 1' '48 0' >"$dir/want"
	wait_for 10 caughtup
	got | sort | diff "$dir/want" -
}

caughtup() {
	[ "$(got | sort)" = "$(cat "$dir/want")" ]
}

ping() {
	qga_do -t 1 "$dir/vm/qga" '{"execute":"guest-ping"}'
}

screenshot() {
	qmp_do "$dir/vm/qmp2" '{"execute":"screendump","arguments":
		{"filename":"'"$dir/screen.png"'","format":"png"}}' &&
	test -s "$dir/screen.png"
}

guest() {
	check "the guest starts" guest_start "$dir/vm"
	check "the guest opens its input devices" guest_wait "$dir/vm" 60
	key true >"$dir/out"
	key false >"$dir/out"
	check "a key arrives in the guest" wait_for 10 pressed
	check "what the guest's log reads too late is not lost" late
	check "the agent answers" wait_for 20 ping
	check "the screen can be taken" screenshot
	# on success there is no answer, but the line goes dead
	qga_do "$dir/vm/qga" '{"execute":"guest-shutdown"}' \
		>"$dir/out" 2>&1
	check "the agent's shutdown powers it off" \
		wait_for 20 guest_gone "$dir/vm"
}

# ---- packages ----

# stand NAME : what is read is a command that stands for that of the system
stand() {
	{ echo "#!/bin/sh"; cat; } >"$dir/stand/$1"
	chmod +x "$dir/stand/$1"
}

# needed SUDO INSTALL : what is said when two packages are missing; sudo and
# apt-get's install end so
needed() {
	mkdir -p "$dir/stand"
	echo "echo 1000" | stand id
	echo '[ "$1" != -n ] || exit '"$1"'; exec "$@"' | stand sudo
	stand apt-get <<-END
	case "\$*" in
	*print-uris*)
		echo "Need to get 5 MB of archives."
		echo "After this operation, 9 MB of disk space will be used."
		echo "'uri' nosuch.deb 5000000" ;;
	*install*Status-Fd=1)
		echo "\$*" >"$dir/stand/install"
		for p in 0.0 7.5 20.1 24.9 100.0; do
			echo "dlstatus:1:\$p:Retrieving file 1 of 2"
		done
		printf 'Reading ... 5%%\rpmstatus:nosuch:45.4:Unpacking\n'
		echo "E: chatter"
		# a daemon, which holds what apt prints to
		sleep 60 &
		echo \$! >"$dir/stand/daemon"
		exit $2 ;;
	esac
	END
	PATH="$dir/stand:$PATH" NEED_FAILED= TMPDIR="$dir" timeout 30 sh -c '
		. tests/lib/need.sh
		need nosuch2 nosuch1
		echo "status $?"' 2>&1
	[ "$1" -ne 0 ] || kill "$(cat "$dir/stand/daemon")"
}

size="  Need to get 5 MB of archives.
  After this operation, 9 MB of disk space will be used."
progress="packages that are missing (2): nosuch1 nosuch2
apt-get update
apt-get install
$size
  downloaded: 20 %
  downloaded: 100 %
  installed: 40 %"

packages() {
	check "what is missing is told, how much it is, and how far it is" \
		is "$(needed 0 0)" "$progress
status 0"
	check "and it is asked for" grep 'install .* nosuch1 nosuch2' \
		"$dir/stand/install"
	check "when it fails apt's own words are told, too" \
		is "$(needed 0 1 | sed 's/failed:.*/failed/')" "$progress
E: chatter
need: failed
status 1"
	check "without the right what to type is told" \
		is "$(needed 1 0)" "packages that are missing (2): nosuch1 nosuch2
$size
sudo apt-get install --no-install-recommends nosuch1 nosuch2
status 1"
}

packages
if monitor_prepare "$cache"; then
	monitors
	ordinary
	replies
	switching
	plumbing
	check "all faults come and go by the pipe" bypipe
	cards
	locks
	permission
else
	check "the monitor program is built" false
fi
if guest_prepare "$cache"; then
	guest
else
	check "the guest is made" false
fi
finish
