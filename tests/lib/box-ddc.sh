# Monitors on a real i2c bus: ddcutil, the program and udev's rules with the
# kernel module of tests/ddc/module, in the box.  To be sourced after tap.sh,
# guest.sh, program.sh and box.sh, from the root of the source tree.
#
#   ddc_build    module and program in $dir; wants box_headers, but no box yet
#   ddc_part     the test points; wants the box running, with box_x
#
# All between is run by one shell in the box, see ddc_inside.

DDC_PACKAGES="$BUILD_PACKAGES ddcutil i2c-tools udev kmod util-linux"

# What -d is to print, and what the program is built with.
ddc_rows='	{ .manufacturer = "DEL", .model = "DELL S2722DGM", .serial = "34RN5P3",
	  .host = { .value = 0x0f }, .guest = { .value = 0x01 } },
	{ .manufacturer = "SAM", .model = "C27R500", .serial = "H4CM900102T",
	  .host = { .value = 0x0f }, .guest = { .value = 0x10 } },'
ddc_guest='0x0001 0x0010'
ddc_host='0x000f 0x000f'
ddc_fs=/sys/kernel/debug/ddcmon

ddc_build() {
	mkdir -p "$dir/ddc" &&
	cp -r tests/ddc/module "$dir/ddc" &&
	box_module "$dir/ddc/module" &&
	# a definition ends with its line
	build_plain ddc/stub -DMONITORS="$(echo "$ddc_rows" | tr '\n' ' ')" \
		-DSTEPS='{ Ddc, { 0 }, 8000, 0 },' -Itests/ddc
}

# Its points are counted here as ours.
ddc_part() {
	BOX_LIMIT=400 box_run "$dir" "sh -uc '
		. tests/lib/need.sh; . tests/lib/tap.sh; . tests/lib/guest.sh
		. tests/lib/program.sh; . tests/lib/box-ddc.sh
		n=$n; ddc_inside $dir/ddc'" >"$dir/ddc/said" 2>&1
	sed '/^ddc: all$/d' "$dir/ddc/said"
	n=$((n + $(grep -c -E '^(not )?ok ' "$dir/ddc/said")))
	! grep -q '^not ok ' "$dir/ddc/said" || failed=1
	check "the monitors' part came to its end" \
		grep -q '^ddc: all$' "$dir/ddc/said"
}

# ---- what follows is in the box ----

# ddc_mon N FILE : what debugfs has of monitor N
ddc_mon() {
	cat "$ddc_fs/$1/$2"
}

ddc_node() {
	echo "/dev/i2c-$(ddc_mon "$1" bus)"
}

ddc_shows() {
	is "$(ddc_mon 0 input) $(ddc_mon 1 input)" "$1"
}

# ddc_soon COMMAND... : what it says is said once
ddc_soon() {
	wait_for 10 "$@" >/dev/null || "$@"
}

ddc_mark() {
	marked=$(wc -l <"$ddc_fs/log")
}

ddc_since() {
	tail -n "+$((marked + 1))" "$ddc_fs/log"
}

# The inputs that were changed since the mark, as pairs "N FROM->TO"
ddc_switched() {
	for change; do
		echo "i2c-$(ddc_mon "${change%% *}" bus) input ${change#* }"
	done | sort >"$dir/want"
	ddc_since | sed -n 's/.* \(i2c-[0-9]* input .*\)/\1/p' |
		sed 's/ -> /->/' | sort | diff "$dir/want" -
}

# What is in the log since the mark and should not be: a reply read sooner than
# 40 ms after it was asked for, a message sooner than 50 ms after a reply or a
# Set, two buses of the card used at once. The end of one transfer and the
# beginning of the next are the kernel's own times, to the microsecond.
ddc_hasty() {
	ddc_since | awk '
	$4 == "input" { next }
	$1 < last { print "at once with another bus: " $0 }
	{ last = $2 }
	$5 != 37 || $6 == "failed" { next }
	$3 in after {
		gap = ($1 - end[$3]) * 1000
		least = after[$3] == "request" ? 40 : 50
		if ($4 == "read" && after[$3] != "request")
			print "a reply that nobody asked for: " $0
		else if (gap < least - 0.001)
			print gap " ms after a " after[$3] ": " $0
		gaps++
	}
	{ end[$3] = $2 }
	$4 == "read" { after[$3] = "reply" }
	$4 == "write" { after[$3] = $8 == "03" ? "Set" : "request" }
	# a lone byte asks for nothing
	$4 == "write" && NF < 9 { delete after[$3] }
	END { if (!gaps) print "nothing to judge" }'
}

ddc_patient() {
	! ddc_hasty | grep .
}

# ddc_run STATUS TEXT ARG... : the program, as $as
ddc_run() {
	want=$1
	words=$2
	shift 2
	ddc_mark
	$as "$dir/stub" -V "$@" >"$dir/said" 2>&1
	status=$?
	cat "$dir/said"
	is "$status" "$want" && grep -q -e "$words" "$dir/said" &&
		! grep -e 'Sanitizer\|runtime error' "$dir/said"
}

# ---- ddcutil ----

# ddc_util N ARG...
ddc_util() {
	bus=$(ddc_mon "$1" bus)
	shift
	ddcutil --bus "$bus" "$@"
}

ddc_detects() {
	ddcutil detect >"$dir/detect"
	cat "$dir/detect"
	for want in 'Model: *DELL S2722DGM' 'Model: *C27R500' \
		"$(ddc_node 0)" "$(ddc_node 1)"; do
		grep -q "$want\$" "$dir/detect" || {
			echo "missing: $want"
			return 1
		}
	done
}

# ddc_reads VALUE VALUE
ddc_reads() {
	says "^VCP 60 SNC x$1\$" ddc_util 0 --terse getvcp 60 &&
	says "^VCP 60 SNC x$2\$" ddc_util 1 --terse getvcp 60
}

# ddc_sets N VALUE CHANGE : and nothing else
ddc_sets() {
	ddc_mark
	ddc_util "$1" setvcp 60 "$2" && ddc_switched "$1 $3"
}

# ddc_lists N INPUT... : these and no others
ddc_lists() {
	mon=$1
	shift
	printf '         %s\n' "$@" >"$dir/want"
	ddc_util "$mon" capabilities |
		sed -n '/Feature: 60/,/Feature: [^6]/s/^         .*/&/p' |
		diff "$dir/want" -
}

ddc_ddcutil() {
	check "ddcutil finds both monitors" ddc_detects
	check "reads their inputs" ddc_reads 0f 0f
	check "sets that of the one" ddc_sets 0 0x11 '0x0f->0x11'
	check "and of the other" ddc_sets 1 0x12 '0x0f->0x12'
	check "reads what was set" ddc_reads 11 12
	check "sets the one back" ddc_sets 0 0x0f '0x11->0x0f'
	check "and the other" ddc_sets 1 0x0f '0x12->0x0f'
	check "lists the inputs of the one" ddc_lists 0 \
		'01: VGA-1' '0f: DisplayPort-1' '11: HDMI-1'
	check "and of the other" ddc_lists 1 '0f: DisplayPort-1' \
		'10: DisplayPort-2' '11: HDMI-1' '12: HDMI-2'
	ddc_mark
	ddc_util 0 --sleep-multiplier 0.1 getvcp 60 >"$dir/said" 2>&1
	check "haste would be seen in the log" says \
		'after a request' ddc_hasty
}

# ---- the program ----

ddc_same() {
	for field in 'Mfg id:=Manufacturer:' 'Model:=Model:' \
		'Serial number:=Serial:'; do
		sed -n "s/^ *${field%=*} *\([^ ].*\)/\1/p" "$dir/detect" |
			sed 's/ - .*//; s/ *$//' | sort >"$dir/theirs"
		sed -n "s/^${field#*=} //p" "$dir/said" | sort |
			diff "$dir/theirs" - || return
	done
	is "$(wc -l <"$dir/theirs")" 2
}

# The order is that of the buses.
ddc_samerows() {
	echo "$ddc_rows" | paste - - | sort >"$dir/want"
	grep '^	[{ ]' "$dir/said" | paste - - | sort | diff "$dir/want" -
}

ddc_program() {
	check "-d finds both monitors" ddc_run 0 . -d
	check "which are what ddcutil says" ddc_same
	check "and their rows those of config.h" ddc_samerows
	check "in no haste, and one bus at a time" ddc_patient
	check "-w guest" ddc_run 0 'guest is shown' -w guest
	check "switches both monitors, once" ddc_switched '0 0x0f->0x01' \
		'1 0x0f->0x10'
	check "in no haste" ddc_patient
	check "ddcutil sees it" ddc_reads 01 10
	check "-w guest again" ddc_run 0 'is shown already' -w guest
	check "sets nothing" is "$(ddc_since | grep -c 'write 37 51 84')" 0
	check "-w host" ddc_run 0 'host is shown' -w host
	check "switches both back, once" ddc_switched '0 0x01->0x0f' \
		'1 0x10->0x0f'
	check "in no haste" ddc_patient
	check "ddcutil sees it" ddc_reads 0f 0f
	echo 1 >"$ddc_fs/0/nak"
	# on a busy machine its last words may come too late to be heard
	check "one acknowledges nothing: it is said" wait_for 40 ddc_run 1 \
		"can't set 0x01: nobody answers: No such device" -w guest
	echo 0 >"$ddc_fs/0/nak"
	check "the other one is switched" ddc_shows '0x000f 0x0010'
	ddc_press
	echo 1 >"$ddc_fs/0/checksum"
	check "wrong checksums: what was read is not believed" ddc_run 1 \
		'0x01 was sent, but the monitor did not answer' -w guest
	echo 0 >"$ddc_fs/0/checksum"
	check "both are switched" ddc_shows "$ddc_guest"
	ddc_press
	echo 1 >"$ddc_fs/0/loyal"
	check "one that obeys only whom it shows is switched away" \
		ddc_run 0 'guest is shown' -w guest
	check "but not back: what helps is said" wait_for 40 ddc_run 1 \
		"can't set 0x0f:.*GuestExec" -w host
	echo 0 >"$ddc_fs/0/loyal"
	check "the other one is" ddc_shows '0x0001 0x000f'
	ddc_press
}

# The host's input, by the monitors' buttons.
ddc_press() {
	for mon in 0 1; do
		echo "${ddc_host% *}" >"$ddc_fs/$mon/input"
	done
}

# ---- an ordinary user ----

# New nodes, for udev leaves to an old one what it has got.
ddc_replug() {
	for mon in 0 1; do
		echo 0 >"$ddc_fs/$mon/plugged"
		echo 1 >"$ddc_fs/$mon/plugged"
	done
	ddc_nodesthere
}

ddc_nodesthere() {
	for mon in 0 1; do
		ddc_soon test -c "$(ddc_node "$mon")" || return
	done
	udevadm settle -t 20
}

# The nodes of both monitors: MODE:GROUP
ddc_nodes() {
	stat -c %a:%G "$(ddc_node 0)" "$(ddc_node 1)" | sort -u
}

ddc_untouched() {
	ddc_shows "$ddc_host" && is "$(ddc_since)" ''
}

# As its comments say.
ddc_install() {
	cp "samples/$1" /etc/udev/rules.d/60-screenstub.rules &&
	udevadm control --reload &&
	udevadm trigger --settle --subsystem-match=i2c-dev
}

ddc_user() {
	user="setpriv --reuid=65534 --regid=65534"
	getent group i2c >/dev/null || groupadd -r i2c
	# the rules of other packages would do the work of ours
	mkdir -p /etc/udev/rules.d
	for rule in 60-i2c-tools 60-ddcutil; do
		ln -sf /dev/null "/etc/udev/rules.d/$rule.rules"
	done
	rm -f /etc/udev/rules.d/60-screenstub.rules
	udevadm control --reload
	# an i2c bus that is no graphics card's
	modprobe i2c-stub chip_addr=0x37
	other=$(grep -l 'SMBus stub' /sys/class/i2c-dev/*/name)
	other=${other%/name}
	ddc_replug
	check "without a rule the buses are root's" is "$(ddc_nodes)" 600:root
	as="$user --clear-groups"
	norule='the i2c bus: Permission denied .as root: make install-extras'
	check "an ordinary user is refused, and told of the rule" \
		ddc_run 1 "$norule" -w guest
	check "nothing was sent" ddc_untouched
	check "-d tells of it too" ddc_run 1 "$norule" -d

	check "the sample rule, by group" ddc_install \
		60-screenstub-group.rules
	check "gives the buses to group i2c" is "$(ddc_nodes)" 660:i2c
	check "who is not in it is refused, and told of it" ddc_run 1 \
		'the i2c bus: Permission denied .*60-screenstub-group.rules' -w guest
	check "nothing was sent" ddc_untouched
	as="$user --groups=$(getent group i2c | cut -d: -f3)"
	check "who is in it switches" ddc_run 0 . -w guest
	check "both monitors" ddc_shows "$ddc_guest"
	check "and back" ddc_run 0 . -w host
	check "both monitors" ddc_shows "$ddc_host"
	as=
	ddc_replug
	check "that is so for a bus that comes later" is "$(ddc_nodes)" \
		660:i2c
	check "and for no bus of other chips" is \
		"$(stat -c %a:%G "/dev/${other##*/}")" 600:root
}

# ---- the bus goes while the program runs ----

ddc_start() {
	"$dir/stub" -V >"$dir/log" 2>&1 &
	stub=$!
	ddc_soon ddc_shows "$ddc_guest" || {
		cat "$dir/log"
		return 1
	}
}

ddc_stop() {
	stop kill "$stub"
	cat "$dir/log"
	is "$status" 0 && ! grep 'Sanitizer\|runtime error' "$dir/log"
}

# What waits until nobody has the bus open is written by another process.
ddc_unplug() {
	echo 0 >"$ddc_fs/$1/plugged" &
	ddc_soon grep -q 0 "$ddc_fs/$1/plugged"
}

ddc_running() {
	check "the program shows the guest" ddc_start
	check "a bus goes: the program lets go of it" ddc_unplug 0
	check "the host is to be shown: that fails for now" \
		not "$dir/stub" -e showhost
	check "the other monitor is switched" ddc_shows '0x0001 0x000f'
	ddc_mark
	echo 1 >"$ddc_fs/0/plugged"
	check "the bus comes back: the monitor is switched now" \
		ddc_soon ddc_shows "$ddc_host"
	check "in no haste" ddc_patient
	check "the guest is shown again" "$dir/stub" -e showguest
	check "by both monitors" ddc_soon ddc_shows "$ddc_guest"
	check "the end: no fault was found" ddc_stop
	check "the host is shown" ddc_shows "$ddc_host"
}

# ---- all of it ----

# ddc_insert DIR
ddc_insert() {
	modprobe i2c-dev &&
	insmod "$1/module/ddcmon.ko" \
		"edid=$(cut -f 2 tests/ddc/monitors.tsv | paste -sd ,)" \
		"caps=\"$(cut -f 3 tests/ddc/monitors.tsv | paste -sd ,)\"" \
		'name="NVIDIA i2c adapter 1 at 1:00.0,AMDGPU DM aux hw bus 0"' \
		"parent=,$(basename /sys/class/drm/card*-Virtual-1)" &&
	ddc_nodesthere
}

ddc_remove() {
	rmmod i2c-stub
	rmmod ddcmon && [ ! -e "$ddc_fs" ]
}

# The box is left as it was: ddc_inside DIR
ddc_inside() {
	dir=$(mktemp -d)
	chmod 755 "$dir"
	cp "$1/stub" "$dir"
	failed=0
	as=
	PATH=$PATH:/usr/sbin:/sbin
	export PATH LC_ALL=C HOME="$dir" XDG_RUNTIME_DIR="$dir" DISPLAY=:0
	check "two monitors on i2c buses of the graphics card" ddc_insert "$1"
	ddc_ddcutil
	ddc_program
	ddc_user
	ddc_running
	check "nobody has a bus open: the module can be removed" ddc_remove
	for rule in i2c-tools ddcutil screenstub; do
		rm -f "/etc/udev/rules.d/60-$rule.rules"
	done
	udevadm control --reload
	rm -rf "$dir"
	echo "ddc: all"
}
