#!/bin/sh
# The monitor side of the program, against simulated monitors with all the
# faults of real ones; tests/lib/lab.sh shows with ddcutil that the faults are
# honest.  Prints TAP.
#
# usage: ddc.sh [PART...]  the names of functions below; all without one
set -u
cd "$(dirname "$0")/../.." || exit
. tests/lib/need.sh
. tests/lib/tap.sh
. tests/lib/guest.sh
. tests/lib/monitor.sh
. tests/lib/screen.sh
. tests/lib/program.sh

DDC_PACKAGES="$BUILD_PACKAGES $MONITOR_PACKAGES $SCREEN_PACKAGES ddcutil
	ddccontrol procps"
DDC_PARTS="finding identity wire switching several detecting window docked
	slow absent vms unknown"
cache=${CACHE:-.cache}
export LC_ALL=C

clean() {
	trap - EXIT
	[ ! "${stub:-}" ] || kill -9 "$stub" 2>/dev/null
	screen_stop
	monitor_stop
	rm -rf "$dir"
}

# ---- programs ----

# config NAME MONITORS [STEPS]: $dir/NAME, with these rows
config() {
	# a definition ends with its line
	build "$1" -Itests/ddc -DMONITORS="$(echo "$2" | tr '\n' ' ')" \
		-DSTEPS="${3:-$ddc}"
}

ddc="{ Ddc, { 0 }, 4000, 0 },"
dell='.manufacturer = "DEL"'
io='.host = { .value = DP1 }, .guest = { .value = HDMI1 }'
sam='.manufacturer = "SAM", .host = { .value = DP1 },
	.guest = { .value = HDMI2 }'

# What each part wants, if it is more than plain, two and any.
configs_finding="byconnector orelse"
configs_identity="numbers bybus missing"
configs_wire="orelse"
configs_several="left"
configs_switching="orelse asks blind save wake repeat lg from50 samsung kvm anyexec
	byddcutil byddccontrol none"
configs_detecting="none"
configs_vms="vms"

# configs PART...
configs() {
	wanted="plain two any"
	for part; do
		eval "wanted=\"$wanted \${configs_$part-}\""
	done
	for wanted in $(printf '%s\n' $wanted | sort -u); do
		"config_$wanted" || return
	done
}

config_plain() { config plain "{ $dell, $io },"; }
config_orelse() {
	config orelse "{ $dell, $io }," \
		"$ddc { Exec, { .argv = mark }, 1000, 1 },"
}
config_asks() {
	config asks "{ $dell, $io }," \
		"$ddc { GuestExec, { .argv = mark }, 1000, 1 },"
}
config_blind() { config blind "{ $dell, $io, .flags = Blind },"; }
config_save() { config save "{ $dell, $io, .flags = Save },"; }
config_wake() { config wake "{ $dell, $io, .flags = Wake },"; }
config_repeat() { config repeat "{ $dell, $io, .repeat = 2 },"; }
config_lg() {
	awk -F '\t' '$1 ~ /ordinary LG/ {
		print "LG\t" $8 "\t(vcp(60(11 12)))"
	}' tests/ddc/edid.tsv >"$dir/lg.tsv" &&
	config lg "{ $dell, .host = { .code = 0xf4, .source = 0x50,
		.value = 0xd0 }, .guest = { .code = 0xf4, .source = 0x50,
		.value = 0x90 } },"
}
config_from50() {
	config from50 "{ $dell, .guest = { .source = 0x50, .value = HDMI1 } },"
}
config_samsung() {
	config samsung "{ $dell, .host = { .value = 6, .readback = DP1 },
		.guest = { .value = HDMI1 } },"
}
config_kvm() {
	config kvm "{ $dell, .host = { .value = DP1 }, .guest = {
		.value = HDMI1, .extra = kvm } },"
}
config_left() {
	config left "{ .manufacturer = \"*\" }, { $dell, $io }," \
		"$ddc { Exec, { .argv = mark }, 1000, 0 },"
}
config_any() { config any '{ .manufacturer = "*" },'; }
config_anyexec() {
	config anyexec '{ .manufacturer = "*" },' \
		"{ Exec, { .argv = mark }, 1000, 0 },"
}
config_byddcutil() {
	config byddcutil "{ $dell, $io }," \
		"{ Exec, { .argv = ddcutil }, 5000, 0 },"
}
config_byddccontrol() {
	config byddccontrol "{ $dell, $io }," \
		"{ Exec, { .argv = ddccontrol }, 5000, 0 },"
}
config_two() { config two "{ $dell, $io }, { $sam },"; }
config_numbers() {
	config numbers "{ .product = 0x423a, .serialno = 842412887, $io },"
}
config_bybus() {
	config bybus '{ .bus = "i2c-2", .guest = { .value = HDMI2 } },'
}
config_byconnector() {
	config byconnector "{ .connector = \"DP-1\", $io },"
}
config_vms() {
	config vms "{ $dell, $io },
		{ $dell, .host = { .value = DP1 }, .guest = { .value = VGA1 } },"
}
config_missing() { config missing "{ $sam },"; }
config_none() { config none ""; }

# ---- one run in a testbed of its own ----

# run FAULTS COMMAND... : words of FAULTS that begin with - are options
run() {
	options=
	for word in $1; do
		case $word in
		-n*|-p*|-d*) options="$options ${word%"${word#??}"} ${word#??}" ;;
		*) options="$options -f $word" ;;
		esac
	done
	shift
	rm -f "$dir"/log* "$MARK"
	"$MONITOR" -l "$dir/log" $options -- "$@" >"$dir/said" 2>"$dir/err"
	status=$?
	# shown if the point fails
	echo "status $status"
	cat "$dir/said" "$dir/err"
	[ "$status" != 125 ] &&
	! grep -e "TOUCHED\|${early:-EARLY}\|OVERLAP" "$dir/log" &&
	! grep -e 'Sanitizer\|runtime error' "$dir/err"
}

# switch FAULTS CONFIG ARGS STATUS SHOWN [TEXT]: -w, or whatever ARGS are;
# text: a line that is said, or, after !, is not
switch() {
	run "$1" "$dir/$2" -V $3 || return
	[ "$status" = "$4" ] || return
	register "$5" || return
	case ${6:-} in
	"") ;;
	!*) ! grep -e "${6#!}" "$dir/said" "$dir/err" ;;
	*) grep -q -e "$6" "$dir/said" "$dir/err" ;;
	esac
}

# register VALUE [N]
register() {
	[ "$(cat "$dir/log.input.${2:-1}")" = "$1" ] && return
	echo "monitor ${2:-1} shows $(cat "$dir/log.input.${2:-1}"), not $1"
	return 1
}

# How often a message was written to a bus, as a pattern of hex.
wrote() {
	grep -c " i2c-${2:-1} write $1" "$dir/log"
}

set60="37 51 84 03 60"

# ---- 1. finding monitors ----

finding() {
	check "-d: amdgpu, i915: by sysfs, the EDID is not read" sh -c '
		! grep -E " (read|write) 50" "$1"' sh "$(detected "-n2 -pamdgpu-dp -pi915")"
	check "-d: connectors" says2 'Connector: card0-DP-1' \
		'Connector: card1-HDMI-A-1'
	for kind in edp lvds; do
		check "-d: $kind: no DDC/CI for a laptop's panel" switch \
			"-p$kind" plain -d 1 0x0f 'no i2c bus of'
		check "-d: $kind: its bus was not touched" is \
			"$(grep -c 'write\|read' "$dir/log")" 0
	done
	check "4.20 -d: other buses of the card are not touched" switch \
		"-n2 -pamdgpu -psmu+" plain -d 0 0x0f 'Model: DELL'
	check "4.20 -d: nouveau" switch -pnouveau plain -d 0 0x0f \
		'Connector: card0-'
	check "-d: nouveau's EDID in sysfs may be stale: read by i2c" switch \
		"-pnouveau stale-edid=2" plain -d 0 0x0f 'Model: DELL'
	check "-d: amdgpu's is fresh" switch \
		"stale-edid=2" plain -d 0 0x0f 'Model: C27R500'
	check "-d: sysfs has none, so by i2c" switch \
		"no-sysfs-edid" plain -d 0 0x0f 'Model: DELL'
	check "-d: an EDID of ff is read again" switch \
		"-pnvidia edid-ff=2" plain -d 0 0x0f 'Model: DELL'
	check "-d: an EDID that sysfs has and i2c has not" switch \
		"-pnouveau no-eeprom" plain -d 0 0x0f 'Model: DELL'
	check "-w: the same" switch "-pnouveau no-eeprom" plain "-w guest" 0 \
		0x11
	for bus in nvidia mst; do
		check "M9: $bus: an EDID whose pointer others move" switch \
			"-p$bus edid-lost no-sysfs-edid" plain "-w guest" 0 0x11
	done
	check "-d: a monitor seen twice by a DisplayPort hub" switch \
		"-n2 -paux-root -pmst+" plain -d 0 0x0f 'Connector: card0-DP-2'
	check "is listed once" is "$(grep -c '^ID:' "$dir/said")" 1
	check "-w: and switched once" switch "-n2 -paux-root -pmst+" plain \
		"-w guest" 0 0x11
	check "by the hub's bus" is "$(wrote 37 1) $(wrote "$set60" 2)" "0 1"
	for absent in 1 2; do
		check "M1: two buses of a connector, $absent is of nobody: -d" \
			switch "-n2 -pamdgpu-dp -phw+ $absent:absent" plain -d \
			0 0x0f "^ID: i2c-$((3 - absent))$"
		check "M1: $absent: it is listed once, with one row" is \
			"$(grep -c '^ID:\|DP-1"' "$dir/said")" 1
		check "M1: $absent: switched" switch \
			"-n2 -pamdgpu-dp -phw+ $absent:absent" plain \
			"-w guest" 0 0x11 'guest is shown'
		check "M1: $absent: by its connector" switch \
			"-n2 -pamdgpu-dp -phw+ $absent:absent" byconnector \
			"-w guest" 0 0x11 'guest is shown'
		check "M1: $absent: without an EDID of its own" switch \
			"-n2 -pamdgpu-dp -phw+ no-eeprom $absent:absent" plain \
			"-w guest" 0 0x11 'guest is shown'
		check "M1: $absent: both have the EDID, one has DDC/CI" switch \
			"-n2 -pamdgpu-dp -phw+ $absent:silent" plain \
			"-w guest" 0 0x11 'guest is shown'
		check "M1: $absent: deaf while the guest is shown" switch "-n2
			-pamdgpu-dp -phw+ $absent:absent input=0x11
			deaf-unless=0x0f" orelse "-w host" 0 0x11
		check "M1: $absent: what is in its place was run" test -s \
			"$MARK"
	done
	sed -n '1{p;p};2{p;p}' tests/ddc/monitors.tsv >"$dir/pairs.tsv"
	check "M1: two monitors, with four buses of a card" switch "-n4
		-d$dir/pairs.tsv -pamdgpu-dp -phw+ -pamdgpu-dp+ -phw+ 1:absent 4:absent" two \
		"-w guest" 0 0x11 'guest is shown'
	check "M1: the second one too" register 0x12 3
	check "a monitor whose connector is said to be disconnected" \
		switch "status=disconnected no-sysfs-edid" plain "-w guest" 0 \
		0x11
	check "4.20 two monitors on one card, never at once" switch \
		"-n2 -pamdgpu -pamdgpu+ delay-ms=20" two "-w guest" 0 0x11
	check "the second one too" register 0x12 2
}

# detected FAULTS: the log of a -d
detected() {
	run "$1" "$dir/plain" -d >"$dir/out2"
	echo "$dir/log"
}

says2() {
	cat "$dir/said"
	grep -q -x "$1" "$dir/said" && grep -q -x "$2" "$dir/said"
}

# ---- 2. identity ----

identity() {
	check "twins: refused" switch "-n3" plain "-w guest" 1 0x0f \
		'several monitors fit'
	check "-d: each twin gets a row that fits it alone" run "-n3" \
		"$dir/plain" -d
	check "by its connector" is "$(grep -c \
		'"34RN5P3", .connector = "card[02]-HDMI-A-1"' "$dir/said")" 2
	check "the other one needs none" is \
		"$(grep -c 'C27R500.*connector' "$dir/said")" 0
	rows=$(grep -A1 '^	{' "$dir/said" | grep -v '^--')
	check "the rows of -d can be compiled" config pasted "$rows"
	check "and switch each monitor to the other input on its list" switch \
		-n3 pasted "-w guest" 0 0x01
	check "the second" register 0x10 2
	check "the third" register 0x01 3
	check "by product and serial number" switch \
		"-n2" numbers "-w guest" 0 0x11
	check "by bus" switch "-n2" bybus "-w guest" 0 0x0f
	check "the second" register 0x12 2
	check "M6: an adapter of DisplayLink's, by its bus" switch \
		"-n2 -pamdgpu -pdisplaylink no-eeprom no-sysfs-edid" bybus \
		"-w guest" 0 0x0f
	check "M6: the second" register 0x12 2
	check "M6: a bus without an EDID" switch "-n2 no-eeprom no-sysfs-edid" \
		bybus "-w guest" 0 0x0f
	check "M6: the second" register 0x12 2
	check "-i: the first row's inputs" switch "" any \
		"-i 0x0f:0x11 -w guest" 0 0x11
	check "-i: in decimal, and back" switch "input=0x11" any \
		"-i 15:17 -w host" 0 0x0f
	check "-i: that of -s" switch -n2 two "-s 1 -i 15:16 -w guest" 0 0x0f
	check "-i: that one" register 0x10 2
	for inputs in 15 15: :15 15:15 0:15 15:0x10000 15:17x; do
		check "-i $inputs: refused" switch "" any \
			"-i $inputs -w guest" 2 0x0f 'want HOST:GUEST'
	done
	check "\"*\" of two: refused" switch -n2 any "-w host" 1 0x0f \
		'several monitors fit'
	check "not found" switch "-n1 -pi915" missing "-w guest" 1 0x0f \
		'monitors\[0\]: not found: what is most like it, i2c-1, has .manufacturer = "DEL"'
}

# ---- 3. the wire ----

wire() {
	for fault in double6e nobit7; do
		check "$fault: tolerated" switch $fault plain "-w guest" 0 \
			0x11 'guest is shown'
	done
	for fault in checksum zero stale null; do
		check "M2: $fault: it was set, but nobody knows" switch \
			$fault plain "-w guest" 1 0x11 'what it shows is not kn'
		check "$fault: -d says that it can't be read" switch $fault \
			plain -d 1 0x0f "can't read feature 0x60"
	done
	check "M3: replies that are late: switched and read back" switch \
		reply-ms=44 plain "-w guest" 0 0x11 'guest is shown'
	check "M3: with three requests, none of them twice" is "$(wrote 37)" 3
	check "M3: -d has the list" switch reply-ms=90 plain -d 0 0x0f \
		'^ Source: HDMI-1 = 0x11$'
	check "M4: always 0: set once, and told" switch says=0 plain \
		"-w guest" 0 0x11 "can't say whether it is shown"
	check "M4: once" is "$(wrote "$set60")" 1
	check "M4: -d has no input that is shown, and a hint" switch says=0 \
		plain -d 0 0x0f 'code = 0xf4, .source = 0x50'
	check "M4: but the list" is "$(grep -c ' Source: ' \
		"$dir/said") $(grep -c Active "$dir/said")" "3 0"
	check "M8: a high byte that the list has not: -d" switch high=0x10 \
		plain -d 0 0x0f '.host = { .value = 0x0f }'
	check "M13: null to everything: ten requests, one Set" switch null \
		plain "-w host" 1 0x0f 'is not known'
	check "M13: they were" test "$(wrote 37)" -le 11
	check "nulls: asked again" switch nulls=2 plain "-w guest" 0 0x11
	check "nocaps: -d lists the input that is shown" switch nocaps plain \
		-d 0 0x0f '^ Source: DisplayPort-1 = 0x0f (Active)$'
	check "4.21 EINVAL: no I2C_RDWR, by I2C_SLAVE_FORCE" switch no-rdwr \
		plain "-w guest" 0 0x11 'guest is shown'
	check "4.21 EBUSY: the same, another driver holds the address" switch \
		"no-rdwr bound" plain "-w guest" 0 0x11 'guest is shown'
	check "a driver that holds it does not matter for I2C_RDWR" switch \
		bound plain "-w guest" 0 0x11
	for errno in EIO ENXIO EREMOTEIO ETIMEDOUT EAGAIN EBUSY EOPNOTSUPP; do
		check "4.21 $errno: said, and the alternative is run" switch \
			errno=$errno orelse "-w guest" 0 0x0f \
			"can't set 0x11: "
		check "4.21 $errno: it was" test -s "$MARK"
	done
	check "4.21 ENODEV: the bus is gone" switch errno=ENODEV plain \
		"-w guest" 1 0x0f 'is it plugged in'
	check "4.21 EACCES: -d says what to do" denied -d \
		"the i2c bus: Permission denied .as root: make install-extras"
	check "locked for a while: waited for" locked 0.6
	check "locked for long: used all the same" locked 9
}

# A machine without i2c-dev.
noi2c() {
	mkdir "$dir/empty"
	env UMOCKDEV_DIR="$dir/empty" LD_PRELOAD=libumockdev-preload.so.0 \
		"$dir/plain" -d >"$dir/said" 2>"$dir/err"
	rc=$?
	cat "$dir/err"
	[ $rc = 1 ] && grep -q 'modprobe i2c-dev' "$dir/err"
}

denied() {
	: >"$dir/deny"
	# for the name of what is preloaded a blank is an end
	cp "$DENY_SO" "$dir/deny.so"
	DENY=$dir/deny run "" env \
		LD_PRELOAD="$dir/deny.so libumockdev-preload.so.0" \
		"$dir/plain" $1
	rc=$?
	rm -f "$dir/deny"
	[ $rc = 0 ] && [ "$status" = 1 ] && grep -q "$2" "$dir/err"
}

# locked SECONDS: somebody else has the lock for so long
locked() {
	run "" sh -c '
		flock /dev/i2c-1 sleep "$1" & p=$!
		until ! flock -n /dev/i2c-1 true; do :; done
		"$2" -V -w guest; rc=$?
		kill $p; exit $rc' sh "$1" "$dir/plain" || return
	[ "$status" = 0 ] && register 0x11
}

# ---- 4. to 6.: switching ----

switching() {
	check "shown already: nothing is written" switch "" plain "-w host" 0 \
		0x0f 'shown already'
	check "nothing was" is "$(wrote "$set60")" 0
	check "switched and read back" switch "" plain "-w guest" 0 0x11
	check "by one Set" is "$(wrote "$set60 00 11 c9")" 1
	check "blind: one Set and nothing else" switch "" blind "-w guest" 0 \
		0x11
	check "nothing else" is "$(wrote 37)" 1

	check "4.1 deaf on the input that is not shown: sent" switch \
		deaf-unless=0x0f plain "-w guest" 0 0x11 'not confirmed'
	check "4.1 and back: the alternative is run" switch \
		"input=0x11 deaf-unless=0x0f" orelse "-w host" 0 0x11
	check "4.1 with the input's number" is "$(cat "$MARK")" \
		"alternative 15 0f"
	check "M2: numb on the input that is not shown: sent" switch \
		numb-unless=0x0f plain "-w guest" 0 0x11 'not confirmed'
	check "M2: and back: not known, and what helps is said" switch \
		"input=0x11 numb-unless=0x0f" plain "-w host" 1 0x11 \
		'what it shows is not known (.*GuestExec'
	check "M2: and back: where to begin" grep \
		'switch failed, and no row of tohost.*step 5 of README)' "$dir/err"
	check "M2: and back: the guest was asked" switch \
		"input=0x11 numb-unless=0x0f" asks "-w host" 1 0x11 '!no row of'
	check "M2: and back: the alternative is run" switch \
		"input=0x11 numb-unless=0x0f" orelse "-w host" 0 0x11
	check "M2: with the input's number" is "$(cat "$MARK")" \
		"alternative 15 0f"
	check "M2: one that obeys and can't be read is one for Blind" switch \
		"input=0x11 null" blind "-w host" 0 0x0f
	check "4.2 LG: feature f4 from source address 50" switch lg lg \
		"-w guest" 0 0x11 'not confirmed'
	check "4.2 LG: once" is "$(wrote '37 50 84 03 f4')" 1
	check "4.2 LG: -d gives a hint" switch "-d$dir/lg.tsv lg" plain -d 0 \
		0x0f 'code = 0xf4, .source = 0x50'
	check "4.3 feature 60 from source address 50" switch "" from50 \
		"-w guest" 0 0x0f
	check "4.3 it was" is "$(wrote '37 50 84 03 60 00 11')" 1
	check "4.4 deaf to a Set without a Get on the same file" switch \
		want-get plain "-w guest" 0 0x11
	check "4.4 blind does not reach it" switch want-get blind "-w guest" \
		0 0x0f
	check "4.5 set 6, read 0f" switch "input=0x11 shows=0x060f" samsung \
		"-w host" 0 0x06 'host is shown'
	check "4.5 once" is "$(wrote "$set60")" 1
	check "4.5 a third value: one Set, and a hint" switch shows=0x1105 \
		plain "-w guest" 0 0x11 'another one is read: 0x05 (.*.readback'
	check "4.5 once" is "$(wrote "$set60")" 1
	check "4.6 a high byte" switch "high=0x11" plain "-w guest" 0 0x11 \
		'guest is shown'
	check "4.6 shown already" switch "high=0x03" plain "-w host" 0 0x0f \
		'shown already'
	check "4.6 -d prints all 16 bits" switch "high=0x03" plain -d 0 0x0f \
		'DisplayPort-1 = 0x30f (Active)'
	check "M12: 4.7 Get does not follow: three Sets, then failed" switch \
		says=0x0f plain "-w guest" 1 0x11 \
		'after 3 tries.*that never changes.*Blind'
	check "4.7 three" is "$(wrote "$set60")" 3
	check "M12: heard, and not obeyed" switch "drop-set input=0x11" plain \
		"-w host" 1 0x11 'after 3 tries.*does not obey.*GuestExec'
	check "4.7 blind" switch says=0x0f blind "-w guest" 0 0x11
	check "4.7 blind, and back" switch "input=0x11 says=0x0f" blind \
		"-w host" 0 0x0f
	check "4.9 null messages for seconds after the switch" switch \
		busy-ms=2200 plain "-w guest" 0 0x11 'guest is shown'
	check "4.9 and it is confirmed" not grep 'not confirmed' "$dir/err"
	check "4.9 no acknowledge for a while" switch mute-ms=600 plain \
		"-w guest" 0 0x11
	check "4.9 the next switch comes too early, and is repeated" run \
		busy-ms=1200 sh -c '
		ddcutil --bus 1 --noverify setvcp 60 0x11 && "$1" -w host
		' sh "$dir/plain"
	check "4.9 and done" is "$status $(cat "$dir/log.input.1")" "0 0x0f"
	check "4.11 only sticks when saved" switch want-save save "-w guest" \
		0 0x11
	check "4.11 not saved by default" switch want-save plain "-w guest" 1 \
		0x0f 'still reads 0x0f'
	check "4.12 a Set is lost" switch lose=1 plain "-w guest" 0 0x11
	check "4.12 written again" is "$(wrote "$set60")" 2
	check "4.12 all are lost" switch drop-set plain "-w guest" 1 0x0f
	check "4.12 three, no more" is "$(wrote "$set60")" 3
	check "4.13 needs two writes" switch twice repeat "-w guest" 0 0x11
	check "4.13 they were two" is "$(wrote "$set60")" 2
	check "4.13 deaf after the first: sent" switch deaf-unless=0x0f \
		repeat "-w guest" 0 0x11
	check "4.14 the link is gone for a while after the Set" switch \
		replug-ms=700 plain "-w guest" 0 0x11
	check "4.15 asleep: woken" switch asleep wake "-w guest" 0 0x11
	check "4.15 asleep: without that, an error" switch asleep plain \
		"-w guest" 1 0x0f "can't set 0x11: nobody answers: Input/output error"
	for kind in dock mst; do
		check "4.17 $kind: silent" switch "-p$kind silent" plain -d 1 \
			0x0f 'DDC/CI on in its menu'
	done
	check "M5: 4.18 several writes, before one that makes it deaf" switch \
		"busy-ms=2500" kvm "-w guest" 0 0x11
	check "4.18 in order" is "$(grep -o 'write 37 5[01] 84 03.*' \
		"$dir/log" | cut -d ' ' -f 3-8 | tr '\n' ,)" \
		"51 84 03 e7 ff 00,50 84 03 e9 00 21,51 84 03 60 00 11,"

	check "M14: -w that runs alone learns nothing: the row" switch \
		"" any "-w guest" 1 0x0f \
		'.host = { .value = 0x0f }, .guest = { .value = 0x01 } },'
	check "M14: nor when there is no VM" switch "" any \
		"-q $dir/none -w guest" 1 0x0f 'is not known'
	check "M14: nor a way back" switch "input=0x11" any \
		"-q $dir/none -w host" 1 0x11 'is not known'
	check "M14: nor from the cable" switch "-dtests/lib/demo.tsv" any \
		"-q $dir/none -w host" 1 0x0f 'is not known'
	early=ITSOWN # they do not always wait for 40 ms
	check "an exec row with ddcutil" switch "" byddcutil "-w guest" 0 0x11
	check "an exec row with ddccontrol" switch "" byddccontrol \
		"-w guest" 0 0x11
	early=
	check "an exec row that fails" switch silent byddcutil "-w guest" 1 \
		0x0f
	check "{} of an input that is not known" switch "" anyexec \
		"-w guest" 1 0x0f 'the input for {} is not known'
	check "no monitors: nothing to do" switch "" none "-w guest" 0 0x0f
	check "nothing was" is "$(grep -c 'read\|write' "$dir/log")" 0
}

# ---- 7. several ----

several() {
	check "two monitors" switch -n2 two "-w guest" 0 0x11
	check "the second" register 0x12 2
	check "-s: only one of them" switch -n2 two "-s 1 -w guest" 0 0x0f
	check "that one" register 0x12 2
	check "one that is dead fails" switch "-n2 1:silent" two "-w guest" \
		1 0x0f
	check "but does not hold up the other" register 0x12 2
	check "nor one whose bus hangs" switch \
		"-n2 -pnvidia 1:eeprom-delay-ms=60000" two "-w guest" 1 0x0f \
		'bus of this card hangs'
	check "the other is switched" register 0x12 2
	check "-d: nor does it stop that" switch \
		"-n2 -pnvidia 1:eeprom-delay-ms=60000" two -d 0 0x0f \
		'HDMI-2 = 0x12'
	check "nor one whose bus hangs in a switch" switch \
		"-n2 1:delay-ms=60000" two "-w guest" 1 0x0f \
		'bus of this card hangs'
	check "the other is switched" register 0x12 2
	check "within the limit" not grep 'not done within' "$dir/err"
	check "nor one that is missing" switch "-n1" two "-w guest" 1 0x11 \
		'monitors\[1\]: not found'
	for args in "" "-s 1"; do
		check "\"*\" $args: the row that names it" switch "" left \
			"$args -w guest" 0 0x11 '!monitors\['
		check "\"*\" $args: so does {}" is "$(cat "$MARK")" \
			"alternative 17 11"
	done
	check "\"*\": not one that no row names" switch -n2 left \
		"-w guest" 0 0x11 '!i2c-2'
	check "\"*\": -s: that is meant" switch "" left \
		"-s 0 -i 15:1 -w guest" 0 0x01
	check "\"*\": -d has nothing to say of it" switch "" left -d 0 0x0f \
		'!monitors\['
}

# ---- 9. -d ----

detecting() {
	check "-d" run "-n2" "$dir/none" -d
	check "-d: its lines" is "$(cat "$dir/said")" "$(cat tests/ddc/detect)"
	check "-d: nothing else but on stderr" is "$(grep -c . "$dir/err")" 0
	check "-d: one that is silent does not stop it" switch "-n2 1:silent" \
		plain -d 0 0x0f 'Model: C27R500'
	check "-d: and it is said why" grep -q "i2c-1: can't read feature" \
		"$dir/err"
	check "-d: the row says 0x60 is unsupported" switch unsupported \
		plain -d 0 0x0f 'does not support it'
	check "-d: an adapter that withholds the EDID" switch \
		"no-eeprom no-sysfs-edid" plain -d 1 0x0f 'no monitor answers'
	check "-d: nothing there" run "-n0" "$dir/plain" -d
	check "-d: is told" grep "no i2c bus of a graphics card" "$dir/err"
	check "-d: no module" noi2c
}

# ---- in the window: later, again, cancelled ----

# start CONFIG FAULTS ARG... : the monitors and the program, visible
start() {
	desktop 1
	monitor_start "$dir/monitor" $2
	monitor_deny "$dir/deny"
	marked=0
	start_program=$1
	shift 2
	monitored_start "$dir/$start_program" $verbose "$@" 2>"$dir/log"
	stub=$monitored
	[ ! "$verbose" ] || wait_for 10 logged 'window: visible' ||
		cat "$dir/log"
}

stop() {
	kill "$stub"
	wait "$stub"
	stub=
	monitor_stop
}

# since the mark
logged() {
	tail -n "+$marked" "$dir/log" | grep -q -e "$1"
}

mark() {
	marked=$(wc -l <"$dir/log")
}

fault() {
	# a simulator that died does not read
	timeout 5 sh -c 'echo "$1" >"$2"' sh "$1" "$monitor_dir/ctl"
	wait_for 5 grep -q "control $1" "$monitor_dir/log"
}

transfers() {
	grep -c ' read \| write ' "$monitor_dir/log"
}

# Without -V; and what was sent may still take effect.
slow() {
	verbose=
	start plain ""
	wait_for 10 shows 0x11
	desktop 0
	wait_for 10 shows 0x0f
	fault slow-ms=1200
	fault bounce-ms=9000
	desktop 1
	wait_for 5 sh -c 'grep "write 37 51 84 03 60 00 11" "$1" | sed 1d |
		grep -q .' sh "$monitor_dir/log"
	desktop 0
	wait_for 10 settled
	check "a Set that takes effect after the next wish: the host" shows \
		0x0f
	check "at once, not only by the look later" not grep 'went back' "$dir/log"
	fault clear
	desktop 1
	wait_for 10 shows 0x11
	fault bounce-ms=300
	desktop 0
	check "4.10 told without -V" wait_for 10 grep 'went back to 0x11 (has' \
		"$dir/log"
	check "nothing else was" is "$(grep -c -v -e 'x: no DPMS' \
		-e 'went back to 0x11 (has' \
		"$dir/log")" 0
	fault clear
	stop
}

# The Sets of both sides have had their effect.
settled() {
	[ "$(grep -c ' input 0x' "$monitor_dir/log")" = 4 ]
}

# A monitor that is not there is waited for without a sound.
absent() {
	verbose=-VV
	start two ""
	wait_for 10 shows 0x11
	mark
	desktop 0
	wait_for 10 logged 'show: host: the switch failed'
	check "a missing monitor: the other one shows the host" shows 0x0f
	check "and a uevent is waited for" not logged 'again in'
	stop
	verbose=
	start plain ""
	wait_for 10 shows 0x11
	desktop 0
	wait_for 10 shows 0x0f
	fault unplug
	desktop 1
	check "unplugged when the guest is to be shown: told" \
		wait_for 10 grep "can't set 0x11: nobody answers: No such" "$dir/log"
	fault errno=EIO
	fault plug
	check "plugged in, but it fails for another reason: told" \
		wait_for 10 grep "can't set 0x11: nobody answers: Input" "$dir/log"
	fault unplug
	fault plug
	sleep 2 # as long as monitors take to wake
	fault clear
	check "one that answers late is switched" wait_for 5 shows 0x11
	stop
}

window() {
	verbose=-VV
	start plain ""
	check "visible: the guest" wait_for 10 shows 0x11
	check "looked at later: it has lasted" wait_for 10 logged 'has lasted'
	check "M2: -e status says how that is known" known 'read back'
	before=$(transfers)
	fault unplug
	fault plug
	check "4.16 the cable goes and comes" wait_for 5 logged 'udev: drm change'
	check "4.16 nothing is sent" is "$(transfers)" "$before"
	fault bounce-ms=300
	mark
	desktop 0
	check "4.10 goes back by itself after a switch" wait_for 10 logged \
		'went back to 0x11 (has that input a signal'
	check "4.10 is tried once more" wait_for 10 twice
	fault clear
	mark
	desktop 1
	check "the guest again" wait_for 10 logged 'guest is shown'
	fault drop-set
	mark
	desktop 0
	wait_for 10 logged '51 84 03 60 00 0f'
	desktop 1
	check "a new wish cancels a switch at once" wait_for 3 logged \
		'show: host: cancelled'
	fault clear
	check "and the guest stays" wait_for 10 shows 0x11
	fault unplug
	mark
	desktop 0
	wait_for 5 logged 'show: host$'
	fault plug
	check "unplugged when the host is to be shown: when it is back" \
		wait_for 10 shows 0x0f
	fault replug-ms=500
	mark
	desktop 1
	check "4.14 the monitor's own replug" wait_for 10 shows 0x11
	wait_for 10 logged 'guest is shown'
	fault clear
	fault input=0x0f
	: >"$SLEPT"
	fault unplug
	fault plug
	check "resume: the wish is carried out again" wait_for 10 shows 0x11
	check "resumed" logged 'resumed'
	wait_for 10 logged 'guest is shown'
	fault numb-unless=0x0f
	mark
	desktop 0
	check "M2: no answer before or after: tried again, slower" \
		wait_for 20 logged 'again in 10000 ms'
	check "M2: and nothing is claimed" known \
		'sent, no answer before or after'
	fault clear
	desktop 1
	desktop 0
	wait_for 10 shows 0x0f
	stop
	check "no sanitizer complained" not grep 'Sanitizer\|runtime error' \
		"$dir/log"
	check "nothing came before its time, or at once" not grep \
		'TOUCHED\|EARLY\|OVERLAP' "$monitor_dir/log"
}

# The monitor was left on the guest, and the VM is gone; or it is there already:
# the row is told at once, in the window too.
unknown() {
	verbose=-VV
	start any "-f input=0x11 -d tests/lib/demo.tsv" -q "$dir/none"
	check "M14: no VM, the guest's input is shown: not taken for the host's" \
		wait_for 10 logged 'host.s is not known.*value = 0x11'
	stop
	check "M14: it stays" is "$(wrote "$set60")" 0
	start any "-d tests/lib/demo.tsv"
	check "L6: the VM was there already: the row at once" wait_for 10 \
		logged 'host.s is not known.*.host = { .value = 0x0f }, .guest ='
	check "L6: in the window too" wait_for 5 window_says
	stop
}

# The window has what it is to show as text only; the status has the same.
window_says() {
	"$dir/any" -e status | grep -q '^error .*.host = { .value = 0x0f }'
}

# known HOW : the line of -e status
known() {
	monitored "$dir/$start_program" -e status | tee "$dir/said" |
		grep -qx "evidence $1" || {
		cat "$dir/said"
		return 1
	}
}

# A dock: its bus comes back with another number, what was learned stays.
docked() {
	rm -f "$SLEPT"
	verbose=-VV
	start any "-p amdgpu-dp -d tests/lib/demo.tsv" -q "$dir/none"
	check "no VM: the host's input is learned" \
		wait_for 10 logged 'input 0x0f is the host'
	fault undock
	wait_for 5 logged 'udev: i2c-dev remove'
	fault input=0x11
	mark
	fault dock
	wait_for 5 logged 'udev: i2c-dev add'
	check "undocked and docked: the host's input is known" \
		wait_for 10 shows 0x0f
	check "and was not learned again" not logged 'is the host'
	stop
}

# Two VMs, each with a row for the one monitor, an instance and a workspace.
vms() {
	verbose=-VV
	start vms "" -s 0
	wait_for 10 shows 0x11
	first=$stub
	desktop 0
	wait_for 10 shows 0x0f
	monitored_start "$dir/vms" -VV -s 1 2>"$dir/log.1"
	stub=$monitored
	check "M17: two VMs: the second one" wait_for 10 shows 0x01
	for busy in 1 700 2000; do
		fault busy-ms=$busy
		# straight from one to the other
		for to in 1:0x11 0:0x01; do
			desktop "${to%:*}"
			wait_for 5 shows "${to#*:}"
			check "M17: busy for $busy ms: to $to, and it stays" \
				wait_for 3 lasted "${to#*:}"
		done
	done
	fault clear
	check "M17: the host, asked for while the other is shown" \
		env XDG_RUNTIME_DIR="$dir/run" "$dir/vms" -s 0 -w host
	check "M17: is shown" wait_for 10 shows 0x0f
	for to in 1:0x11 0:0x01; do
		desktop "${to%:*}"
		wait_for 10 lasted "${to#*:}"
	done
	guard=$(pgrep -P "$first" -x stubguard)
	kill -KILL "$first"
	check "M17, I23: one is killed, while the other is shown" \
		wait_for 15 unguarded
	check "M17, I23: it stays" shows 0x01
	stop
	check "no sanitizer complained" not grep 'Sanitizer\|runtime error' \
		"$dir/log" "$dir/log.1"
}

unguarded() {
	[ "$guard" ] && ! kill -0 "$guard"
}

# Both instances are at rest, after the check, and it is still shown.
lasted() {
	for log in "$dir/log" "$dir/log.1"; do
		[ "$(sed -n 's/.*show: .* -> //p' "$log" |
			tail -n 1)" = rests ] || return
	done
	shows "$1"
}

twice() {
	[ "$(grep -c 'input 0x0f -> 0x11 by itself' "$monitor_dir/log")" = 2 ]
}

if ! need $DDC_PACKAGES; then
	echo "1..0 # SKIP missing:$need_list"
	exit 0
fi
dir=$(mktemp -d)
trap clean EXIT
trap 'exit 1' HUP INT TERM
mkdir -m 700 "$dir/run" "$dir/home"
export HOME="$dir/home" XDG_RUNTIME_DIR="$dir/run" MARK="$dir/mark"
export SLEPT="$dir/slept"
unset XDG_CACHE_HOME DENY
[ $# != 0 ] || set -- $DDC_PARTS
program_prepare "$cache" && monitor_prepare "$cache" &&
	screen_prepare "$cache" || exit
check "the programs are built" configs "$@"
if [ "$failed" = 1 ]; then
	echo "1..$n"
	exit 1
fi
case " $* " in
*' window '* | *' docked '* | *' slow '* | *' absent '* | *' vms '* | *' unknown '*)
	check "the lab: a screen" screen_start "$dir/screen" ;;
esac
for part in "$@"; do
	"$part"
done
echo "1..$n"
exit "$failed"
