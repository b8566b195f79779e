#!/bin/sh
# Tests samples/ outside a VM, against the programs that read them: udevadm and
# Xorg with simulated devices, sway without a screen, QEMU.  Prints TAP.
set -u
cd "$(dirname "$0")/../.." || exit
. tests/lib/test.sh

pid=
rules=/usr/lib/udev/rules.d

leave() {
	halt
}

dead() {
	! kill -0 "$pid" 2>/dev/null
}

# Ends what was started last.
halt() {
	[ "$pid" ] || return 0
	kill "$pid" 2>/dev/null
	wait_for 5 dead || kill -9 "$pid"
	wait "$pid" 2>/dev/null
	pid=
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

# What udevd would do: "uaccess GROUP MODE", each - if it is left alone.
decided() {
	apart "$@" >"$dir/udev" 2>&1 && grep -q 'ACTION=add' "$dir/udev" &&
	! grep 'Unknown group' "$dir/udev" || return
	awk '/ GROUP [0-9]+$/ { group = $NF }
		/ MODE [0-7]+$/ { mode = $NF }
		/RUN .uaccess.|RUN\{builtin\} : uaccess/ { seat = "uaccess" }
		END {
			if (group)
				("getent group " group) | getline line
			split(line, part, ":")
			print seat ? seat : "-", group ? part[1] : "-",
				mode ? mode : "-"
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
event7  the keyboard for QEMU|uaccess input -|- kvm 0660
event8  the mouse for QEMU|uaccess input -|- kvm 0660
event9  the tablet for QEMU|uaccess input -|- kvm 0660
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

# ---- X ----

# A shell, for umockdev-run hands on no descriptors.
xstart() {
	# shellcheck disable=SC2086
	$as umockdev-run -d "$dir/testbed" -- sh -c '
		exec Xorg -displayfd 3 -noreset -config "$1/xorg.conf" \
			-configdir "$2" -logfile "$1/xlog" -sharevts \
			-novtswitch -nolisten tcp 3>"$1/display"' \
		sh "$dir" "$1" >"$dir/xout" 2>&1 &
	pid=$!
	wait_for 20 test -s "$dir/display"
}

# xtakes DIR LINE... : with the files of DIR, what it does with each device
xtakes() {
	rm -f "$dir/xlog" "$dir/display"
	xstart "$1" || cat "$dir/xout"
	halt
	shift
	sed -n 's|.*) \(.*\): Ignoring device from InputClass.*|ignored \1|p
		s|.*Using input driver .* for .\(.*\).$|taken \1|p' \
		"$dir/xlog" | sort >"$dir/got"
	printf '%s\n' "$@" | sort | diff - "$dir/got"
}

xorg() {
	mkdir "$dir/x" "$dir/xnone"
	cp samples/10-screenstub-ignore.conf "$dir/x"
	cat >"$dir/xorg.conf" <<-END
	Section "Device"
		Identifier "none"
		Driver "dummy"
	EndSection
	Section "Screen"
		Identifier "none"
		Device "none"
	EndSection
	Section "ServerFlags"
		Option "AutoAddGPU" "off"
	EndSection
	END
	check "X leaves alone what is for QEMU, and nothing else" \
		xtakes "$dir/x" "ignored screenstub-kbd" \
		"ignored screenstub-kbd" "ignored screenstub-mouse" \
		"ignored screenstub-tablet" "taken screenstub-kbd" \
		"taken a clone" "taken USB keyboard"
	check "without the file it takes all" xtakes "$dir/xnone" \
		"taken screenstub-kbd" "taken screenstub-kbd" \
		"taken screenstub-kbd" "taken screenstub-mouse" \
		"taken screenstub-tablet" "taken a clone" \
		"taken USB keyboard"
}

# ---- sway ----

# A sway of its own, without a screen; nothing of it needs a GPU or a seat.
# Words, for what is started in the background is to have the pid that is known.
swayenv() {
	echo "$as timeout 60 env HOME=$dir/home XDG_RUNTIME_DIR=$dir/run
		WLR_BACKENDS=headless WLR_RENDERER=pixman"
}

swaydo() {
	$(swayenv) SWAYSOCK="$(sed 1d "$dir/home/up")" swaymsg "$@"
}

# The user's own files stay out, and the program under test is in the PATH.
swaystart() {
	$(swayenv) PATH="$dir/bin:$PATH" sway -c "$dir/home/config" \
		>"$dir/sway.log" 2>&1 &
	pid=$!
	wait_for 20 test -s "$dir/home/up" || {
		cat "$dir/sway.log"
		return 1
	}
}

# The window is there, on workspace 10, and has all of the screen.
placed() {
	swaydo '[class="^screenstub$" workspace="^10$"] nop' &&
	swaydo -t get_tree | awk '
		/"name": "screenstub"/ { found = 1 }
		found && /"fullscreen_mode"/ { full = $2 + 0; exit }
		END { exit !full }'
}

# Its wish is in the log; the last one counts.
wishes() {
	[ "$(sed -n 's/.* wish: .* -> \([a-z]*\):.*/\1/p' "$dir/log" | tail -n 1)" = "$1" ]
}

# follows WORKSPACE SIDE
follows() {
	swaydo workspace number "$1" && wait_for 10 wishes "$2" && return
	cat "$dir/log" "$dir/sway.log"
	return 1
}

# It ends when sway does.
stubstart() {
	$(swayenv) DISPLAY="$(sed -n 1p "$dir/home/up")" "$dir/bin/screenstub" \
		-V -q '' -a '' >"$dir/log" 2>&1 &
	wait_for 20 placed >/dev/null && return
	cat "$dir/log" "$dir/sway.log"
	return 1
}

sway() {
	mkdir "$dir/bin"
	chmod 777 "$dir/home"
	[ ! "$as" ] || chown 65534 "$dir/run"
	cp samples/sway.conf samples/sway.sh "$dir/home"
	check "sway -C takes sway.conf" $(swayenv) sway -C \
		-c "$dir/home/sway.conf"
	sed 's/events disabled/events off/' samples/sway.conf >"$dir/bad.conf"
	check "and does not take everything" \
		not $(swayenv) sway -C -c "$dir/bad.conf"
	program_prepare "$cache" &&
	check "sway: the program is built" build bin/screenstub
	# to know where it is
	cat >"$dir/home/told" <<-END
	#!/bin/sh
	printf '%s\n' "\$DISPLAY" "\$SWAYSOCK" >$dir/home/up.new
	mv $dir/home/up.new $dir/home/up
	END
	chmod +x "$dir/home/told"
	printf '%s\n' "include $dir/home/sway.conf" "exec $dir/home/told" \
		>"$dir/home/config"
	sed -i "s|~/.config/sway|$dir/home|" "$dir/home/sway.conf"
	check "sway: it starts" swaystart
	[ -s "$dir/home/up" ] || return
	if [ -s "$dir/home/up" ]; then
		swaydo workspace number 1 >"$dir/out"
		check "sway: the window gets workspace 10, all of it" stubstart
		check "sway: the host stays, another is shown" follows 1 host
		check "sway: its workspace is the guest" follows 10 guest
		check "sway: another one is the host" follows 2 host
	fi
	halt
}

# ---- QEMU, libvirt ----

# boots COMMAND... : an emulator that does not run until it is told to quit;
# three devices find the free ports of the sample.
boots() {
	rm -f "$dir/qmp" "$dir/qga"
	"$@" >"$dir/qemu.log" 2>&1 &
	pid=$!
	if wait_for 20 test -S "$dir/qmp"; then
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
# sway won't run as root, and the X server need not
as=
[ "$(id -u)" -ne 0 ] ||
	as="setpriv --reuid=65534 --regid=65534 --clear-groups"
GUEST_CACHE=$dir/tool # for qmp_do
mkdir "$GUEST_CACHE"
${CC:-cc} -O2 -o "$GUEST_CACHE/qmp" tests/lib/qmp.c || exit

udev
check "no rule is for everybody" not world samples/*.rules
sed 's/0660/0666/' samples/60-screenstub-group.rules >"$dir/bad.rules"
check "which would be found" world "$dir/bad.rules"
xorg
sway
qemu
others
finish
