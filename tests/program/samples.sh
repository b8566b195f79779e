#!/bin/sh
# Tests samples/ outside a VM, against the programs that read them: udevadm with
# simulated devices, QEMU; those for desktops: desktops.sh.  Prints TAP.
set -u
cd "$(dirname "$0")/../.." || exit
. tests/lib/test.sh

rules=/usr/lib/udev/rules.d

leave() {
	halt
}

# ---- udev ----

# device SYSPATH NODE SUBSYSTEM MAJOR MINOR [LINE...]
device() {
	printf 'P: %s\n' "$1"
	[ ! "$2" ] || printf 'N: %s\nE: DEVNAME=/dev/%s\nE: MAJOR=%s\nE: %s\n' \
		"$2" "$2" "$4" "MINOR=$5"
	printf 'E: SUBSYSTEM=%s\n' "$3"
	shift 5
	[ $# -eq 0 ] || printf '%s\n' "$@"
	echo
}

# input N PARENT BUS VENDOR PRODUCT NAME : inputN and its node
input() {
	device "$2/input/input$1" "" input 0 0 "A: name=$6" "A: phys=screenstub" \
		"A: id/bustype=000$3" "A: id/vendor=$4" "A: id/product=$5" \
		"E: NAME=\"$6\"" "E: PRODUCT=$3/${4#0}/${5#0}/1" "E: ID_INPUT=1"
	device "$2/input/input$1/event$1" "input/event$1" input 13 $((64 + $1)) \
		"E: ID_INPUT=1" "E: ID_INPUT_KEY=1" "E: ID_INPUT_KEYBOARD=1"
}

# bus N PARENT CLASS NAME : an i2c bus of a chip of its own, and its node
bus() {
	device "$pci/$2" "" pci 0 0 "A: class=$3"
	device "$pci/$2/i2c-$1" "" i2c 0 0 "A: name=$4"
	device "$pci/$2/i2c-$1/i2c-dev/i2c-$1" "i2c-$1" i2c-dev 89 "$1" \
		"A: name=$4"
}

pci=/devices/pci0000:00
virtual=/devices/virtual
usb=$pci/0000:00:14.0/usb1/1-1/1-1:1.0/0003:16C0:05DF.0001

testbed() {
	input 7 $virtual 6 16c0 05df screenstub-kbd
	input 8 $virtual 6 16c0 05df screenstub-mouse
	input 9 $virtual 6 16c0 05df screenstub-tablet
	input 10 $virtual 6 046d c08b screenstub-kbd
	input 11 $virtual 6 16c0 05df "a clone"
	device $pci/0000:00:14.0 "" pci 0 0 "A: class=0x0c0330"
	device $pci/0000:00:14.0/usb1 "" usb 0 0
	input 12 $usb 3 16c0 05df screenstub-kbd
	input 13 $usb 3 16c0 05df "USB keyboard"
	device $virtual/misc/uinput uinput misc 10 223
	device $virtual/misc/uhid uhid misc 10 239
	bus 1 0000:00:02.0 0x030000 "i915 gmbus dpb"
	bus 2 0000:00:03.0 0x030000 "AMDGPU SMU 0"
	bus 3 0000:00:1f.4 0x0c0500 "SMBus I801 adapter at efa0"
	bus 4 0000:00:15.0 0x0c8000 "Synopsys DesignWare I2C adapter"
	bus 5 0000:00:1c.0 0x0a0000 "a dock"
}

# In a mount namespace, since udevadm has no option for where the rules are.
# Of systemd's own rules only those that matter, so that it is not another
# package, such as ddcutil, that gives a right.  Root of a user namespace if
# that is allowed: then nothing can get out.
apart() {
	# shellcheck disable=SC2086
	timeout 60 umockdev-run -d "$dir/testbed" -- unshare $apart sh -c '
		mount --bind "$1" /etc/udev/rules.d &&
		mount --bind "$2" "$3" &&
		mount -t tmpfs none /dev &&
		mount -t tmpfs none /run &&
		exec udevadm test "$4"' sh "$1" "$dir/lib" "$rules" "/sys$2"
}

# What udevd would do: "uaccess GROUP MODE", each - if it is left alone; and
# "ignored" behind it, if X and Wayland are to leave that alone.
decided() {
	apart "$@" >"$dir/udev" 2>&1 && grep -q 'ACTION=add' "$dir/udev" &&
	! grep 'Unknown group' "$dir/udev" || return
	awk '/ GROUP [0-9]+$/ { group = $NF }
		/ MODE [0-7]+$/ { mode = $NF }
		/LIBINPUT_IGNORE_DEVICE=1$/ { ignored = " ignored" }
		/RUN .uaccess.|RUN\{builtin\} : uaccess/ { seat = "uaccess" }
		END {
			if (group)
				("getent group " group) | getline line
			split(line, part, ":")
			print seat ? seat : "-", group ? part[1] : "-",
				(mode ? mode : "-") ignored
		}' "$dir/udev"
}

# decides FORM NODE WHAT
decides() {
	path=$(sed -n "s|^N: $2\$|$2|p; s|^N: input/$2\$|$2|p" "$dir/testbed")
	path=$(sed -n "s|^P: \(.*/$path\)\$|\1|p" "$dir/testbed" | tail -n 1)
	got=$(decided "$dir/$1" "$path")
	is "$got" "$3" || { cat "$dir/udev"; return 1; }
}

# The same devices by both forms: "input" is systemd's.
expected="
event7  the keyboard for QEMU|uaccess input - ignored|- kvm 0660 ignored
event8  the mouse for QEMU|uaccess input - ignored|- kvm 0660 ignored
event9  the tablet for QEMU|uaccess input - ignored|- kvm 0660 ignored
event10 the same name, another vendor|- input -|- input -
event11 a clone, for the host|- input -|- input -
event12 a real device of the same name and number|- input -|- input -
event13 a real device of the same number|- input -|- input -
uinput  to make input devices|uaccess - -|- input 0660
uhid    another of its kind|- - -|- - -
i2c-1   a card's bus|uaccess - -|- i2c 0660
i2c-2   a card's power management|- - -|- - -
i2c-3   SMBus|- - -|- - -
i2c-4   an i2c bus of no card|- - -|- - -
i2c-5   a dock's bus|uaccess - -|- i2c 0660
"

unshares() {
	for apart in "-rm --propagation unchanged" -m; do
		# shellcheck disable=SC2086
		unshare $apart mount -t tmpfs none /dev 2>/dev/null && return
	done
	return 1
}

udev() {
	mkdir "$dir/seat" "$dir/group" "$dir/lib"
	cp samples/60-screenstub.rules "$dir/seat"
	cp samples/60-screenstub-group.rules "$dir/group"
	for f in 50-udev-default 70-uaccess 71-seat 73-seat-late; do
		check "udev: there are $f.rules" \
			cp "$rules/$f.rules" "$dir/lib"
	done
	testbed >"$dir/testbed"
	if ! unshares; then
		skip "udev's rules by seat and by group" \
			"unshare -m is not allowed"
		return
	fi
	echo "$expected" | grep . >"$dir/expected"
	while read -r node line; do
		what=${line%%|*} line=${line#*|}
		check "seat: $what" decides seat "$node" "${line%%|*}"
		check "group: $what" decides group "$node" "${line##*|}"
	done <"$dir/expected"
}

# true when a rule in one of the files gives something to everybody
world() {
	grep -v '^[[:space:]]*#' "$@" |
		grep -E 'MODE[+:]?="?[0-7]*[1-7]"|chmod|setfacl'
}

# ---- QEMU, libvirt ----

# A socket has its name before somebody listens.
answers() {
	qmp_do -t 5 "$dir/qmp" '{"execute":"query-status"}'
}

# boots COMMAND... : an emulator that does not run until it is told to quit;
# three devices find the free ports of the sample.
boots() {
	rm -f "$dir/qmp" "$dir/qga"
	"$@" >"$dir/qemu.log" 2>&1 &
	pid=$!
	if wait_for 20 answers >"$dir/answers" 2>&1; then
		for i in 1 2 3; do
			qmp_do "$dir/qmp" '{"execute":"device_add",
				"arguments":{"driver":"virtio-keyboard-pci",
				"id":"new'$i'","bus":"port'$i'"}}'
		done
		[ -S "$dir/qga" ] && echo agent
	fi >"$dir/qmp.log" 2>&1
	halt
	cat "$dir/qemu.log" "$dir/qmp.log"
	[ "$(grep -c '^{"return": {}' "$dir/qmp.log")" -eq 3 ] &&
		grep -q agent "$dir/qmp.log"
}

# What cannot be had here: the card, KVM, the memory.
qemu() {
	truncate -s 1M "$dir/disk"
	sed -e '/vfio-pci,host/d' -e 's/accel=kvm/accel=tcg/' \
		-e 's/-cpu host//' -e 's/-m 16G/-m 64M/' \
		-e "s|^DISK=.*|DISK=$dir/disk|" -e "s|^QMP=.*|QMP=$dir/qmp|" \
		-e "s|^AGENT=.*|AGENT=$dir/qga|" samples/qemu.sh \
		>"$dir/qemu.sh"
	check "qemu.sh: QEMU takes it, and devices on its free ports" \
		boots sh "$dir/qemu.sh" -S -display none
	check "libvirt.xml is XML" xmllint --noout samples/libvirt.xml
	libvirt_ports <samples/libvirt.xml >"$dir/libvirt.xml"
	xmllint --xpath '//*[local-name()="arg"]/@value' "$dir/libvirt.xml" |
		sed "s|^ *value=.||; s|.\$||; s|/run/screenstub|$dir|
			s|&quot;|\"|g" \
		>"$dir/args"
	# no argument has a blank in it
	# shellcheck disable=SC2046
	check "libvirt.xml: QEMU takes its arguments, and devices" \
		boots qemu-system-x86_64 -machine q35 -accel tcg -m 64M \
		-nodefaults -display none -S \
		-device virtio-serial-pci,id=virtio-serial0 $(cat "$dir/args")
	check "README's lines for QEMU: a monitor, and all of input" readme
}

# The lines in its block that are QEMU's.
readme() {
	rm -f "$dir/qmp"
	# shellcheck disable=SC2046
	qemu-system-x86_64 -machine q35 -accel tcg -m 64M -nodefaults \
		-display none -S $(sed -n "s|/tmp/vfio-|$dir/|
			s/^    \(-[cdq].*\)/\1/p" README.md) \
		>"$dir/qemu.log" 2>&1 &
	pid=$!
	wait_for 20 answers >"$dir/answers" 2>&1 &&
		qmp_do "$dir/qmp" '{"execute":"qom-list",
			"arguments":{"path":"/machine/peripheral-anon"}}' \
		>"$dir/qmp.log"
	halt
	cat "$dir/qemu.log" "$dir/qmp.log"
	for kind in kbd mouse tablet; do
		grep -q "child<usb-$kind>" "$dir/qmp.log" || return
	done
}

# ---- the others ----

# It only warns of some faults.
verified() {
	XDG_RUNTIME_DIR=$dir timeout 60 systemd-analyze --user --man=no \
		verify "$dir/screenstub.service" >"$dir/said" 2>&1 &&
		[ ! -s "$dir/said" ]
	status=$?
	cat "$dir/said"
	return $status
}

others() {
	for f in samples/*.sh; do
		check "sh -n $f" sh -n "$f"
	done
	if ! command -v systemd-analyze >/dev/null; then
		skip "systemd-analyze verify" "there is none"
		return
	fi
	sed 's|^\(Exec[A-Za-z]*=-*\)[^ ]*|\1/bin/true|' \
		samples/screenstub.service >"$dir/screenstub.service"
	check "systemd-analyze verify" verified
	echo "Restrat=no" >>"$dir/screenstub.service"
	check "and it does not take everything" not verified
}

wants $SAMPLES_PACKAGES
lab
chmod 777 "$dir"
GUEST_CACHE=$dir/tool # for qmp_do
mkdir "$GUEST_CACHE"
${CC:-cc} -O2 -o "$GUEST_CACHE/qmp" tests/lib/qmp.c || exit

udev
check "no rule is for everybody" not world samples/*.rules
sed 's/0660/0666/' samples/60-screenstub-group.rules >"$dir/bad.rules"
check "which would be found" world "$dir/bad.rules"
qemu
others
finish
