# The box: a Debian kernel in QEMU with this machine's own files as its root,
# for tests that need a kernel with uinput, udev, screens and an i2c bus.  To
# be sourced after guest.sh, from the root of the source tree.
#
#   box_prepare CACHE        after guest_prepare: kernel, modules, initramfs
#                            and human, see human.c
#   box_start DIR LIMIT      boots it; DIR is at the same place inside
#   box_run DIR COMMAND      runs it as root, in the same working directory,
#                            BOX_LIMIT seconds at most, and has its exit status
#   human DIR LINE...        tells the human, whose words are in DIR/box/human
#   box_new DIR NAME KIND TITLE [VENDOR PRODUCT]
#                            a device; sets node, its /dev/input/eventN
#   box_x DIR                Xorg on the box's screen, DISPLAY :0, and openbox
#   box_xstop DIR
#   box_guest DIR MACHINE    the guest of guest.sh, in the box, MACHINE pc or
#                            q35 (with root ports port1 to port4)
#   box_qmp DIR JSON...      replies of its QEMU
#   box_guest_stop DIR
#   box_stop DIR
#   box_headers CACHE        what modules of its kernel are built with
#   box_module DIR           builds the module in DIR (its Makefile says obj-m)
#
# DIR is shared without caching and may be written from both sides; the rest
# may be written inside and is forgotten.  /tmp and /run are the box's own.
# In DIR/box: console.log, qemu.pid, qmp (the box's own monitor: its xHCI takes
# usb-kbd and so on).  The guest in the box has its sockets in /run/vm there,
# and its events in DIR/vm/guest.log.

BOX_KERNEL=linux-image-amd64
BOX_PACKAGES="$GUEST_PACKAGES make udev xserver-xorg-core
	xserver-xorg-input-libinput x11-xkb-utils xkb-data openbox xdotool
	xinput x11-xserver-utils xprintidle kbd"
BOX_MODULES="uinput evdev psmouse xhci_pci usbhid hid_generic bochs i2c_dev
	fuse cuse uhid virtio_rng"
# those that are there and wait for a modprobe
BOX_SPARE="i2c_stub virtio_gpu virtio_input"
# what its root needs
BOX_EARLY="virtio_pci 9p 9pnet_virtio overlay virtio_console"
BOX_MEMORY=3072

# Sets box_pkg, the package of the newest kernel; empty without lists.
box_kernel() {
	box_pkg=$(GUEST_KERNEL=$BOX_KERNEL; guest_kernel 2>/dev/null)
	if [ ! "$box_pkg" ] && [ "$(id -u)" -eq 0 ]; then
		apt-get -qq update
		box_pkg=$(GUEST_KERNEL=$BOX_KERNEL; guest_kernel)
	fi
}

# box_fresh DIR STAMP : true when DIR is made of STAMP and the newest kernel.
# Without lists of packages what is there is as good as any.
box_fresh() {
	box_had=$(cat "$1/stamp" 2>/dev/null) || return 1
	case $box_had in
	"$2 $box_pkg") ;;
	"$2 "*) [ ! "$box_pkg" ] && box_pkg=${box_had##* } ;;
	*) return 1 ;;
	esac
}

# box_replace DIR NEW STAMP
box_replace() {
	echo "$3 $box_pkg" >"$2/stamp"
	rm -rf "$1"
	mv "$2" "$1"
}

# Runs from the initramfs: the machine's root, with a layer to write on.
box_init() {
	cat <<'END'
#!/bin/busybox sh
/bin/busybox --install -s /bin
mkdir -p /proc /sys /dev /low /top /new
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
exec </dev/null >/dev/ttyS0 2>&1
for m in /early/*; do insmod "$m"; done
ifconfig lo up
o=trans=virtio,version=9p2000.L,msize=262144
mount -t tmpfs -o mode=755 top /top
mkdir /top/up /top/work
mount -t 9p -o "$o,ro,cache=loose" root /low &&
mount -t overlay -o lowerdir=/low,upperdir=/top/up,workdir=/top/work \
	root /new || exec poweroff -f
for m in proc sys dev; do mount --move "/$m" "/new/$m"; done
mount -t tmpfs -o mode=755 run /new/run
mount -t tmpfs -o mode=1777 tmp /new/tmp
# what these two have covered
IFS=:
for d in $boxneeds; do
	mkdir -p "/new/$d"
	mount --bind "/low/$d" "/new/$d"
done
unset IFS
mkdir -p "/new/$boxdir" /new/run/lock /new/run/root /new/dev/pts /new/dev/shm
mount -t 9p -o "$o,cache=none" dir "/new/$boxdir"
mount -t devpts pts /new/dev/pts
mount -t tmpfs -o mode=1777 shm /new/dev/shm
mount -t debugfs debug /new/sys/kernel/debug
mkdir -p /new/usr/lib/modules
cp -a /lib/modules/* /new/usr/lib/modules
cp /main /new/run/box
exec switch_root /new /bin/sh /run/box
END
}

# What is the first process from then on: box_main HUMAN
box_main() {
	sed "s,HUMAN,$1,; s,MODULES,$(echo $BOX_MODULES)," <<'END'
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export HOME=/run/root LC_ALL=C DISPLAY=:0
modprobe -a MODULES
/lib/systemd/systemd-udevd --daemon
udevadm trigger --action=add --subsystem-match=input \
	--subsystem-match=misc --subsystem-match=drm \
	--subsystem-match=graphics --subsystem-match=i2c-dev \
	--subsystem-match=virtio-ports
udevadm settle -t 60
cd "$boxdir/box" || exit

job() {
	timeout -k 5 "$2" sh "$1/cmd" </dev/null >"$1/out" 2>"$1/err"
	echo "$?" >"$1/rc.new"
	mv "$1/rc.new" "$1/rc"
}
while read -r id limit; do
	job "$id" "$limit" &
done </dev/virtio-ports/run &
'HUMAN' </dev/virtio-ports/human >human 2>&1 &
echo >up
# orphans end here
while :; do wait; sleep 1; done
END
}

# Those of BOX_MODULES that this kernel has: box_modules FROM TO
box_modules() {
	box_version=$(ls "$1/lib/modules")
	for box_m in $BOX_MODULES $BOX_SPARE; do
		/sbin/modprobe -d "$1" -S "$box_version" --show-depends \
			"$box_m" | sed -n "s,^insmod *$1/*,,p"
	done | sed 's/ *$//' | sort -u >"$2.list"
	mkdir -p "$2/lib/modules/$box_version"
	(cd "$1" && cpio -pdmL --quiet "$2" <"$2.list") &&
	cp "$1/lib/modules/$box_version"/modules.[bo]* \
		"$2/lib/modules/$box_version" &&
	/sbin/depmod -b "$2" "$box_version"
}

# box_build NEW FINAL
box_build() {
	mkdir -p "$1/root/bin" &&
	${CC:-cc} -std=c11 -D_GNU_SOURCE -Wall -Wextra -O2 -o "$1/human" \
		tests/lib/human.c &&
	guest_unpack "$1/deb" "$box_pkg" busybox-static &&
	guest_vmlinux "$(echo "$1"/deb/boot/vmlinuz-*)" "$1/vmlinux" &&
	cp "$(find "$1/deb" -path '*/bin/busybox')" "$1/root/bin" &&
	(GUEST_MODULES=$BOX_EARLY
	guest_modules "$1/deb" "$1/root/early") &&
	box_modules "$1/deb" "$1/root" &&
	box_init >"$1/root/init" && chmod +x "$1/root/init" &&
	box_main "$2/human" >"$1/root/main" &&
	(cd "$1/root" && find . | cpio -o -H newc -R 0:0 --quiet) \
		>"$1/initrd" &&
	rm -rf "$1/deb" "$1/root" "$1/root.list"
}

box_prepare() {
	mkdir -p "$1"
	BOX_CACHE=$(cd "$1" && pwd)/box
	[ "${box_pkg:-}" ] || box_kernel
	box_stamp=$({ cat tests/lib/box.sh tests/lib/human.c
		echo "$BOX_CACHE $BOX_MODULES"; } | cksum)
	box_fresh "$BOX_CACHE" "$box_stamp" && return 0
	echo "making the box" >&2
	rm -rf "$BOX_CACHE".new.*
	if ! box_build "$BOX_CACHE.new.$$" "$BOX_CACHE"; then
		echo "box: could not be made" >&2
		return 1
	fi
	box_replace "$BOX_CACHE" "$BOX_CACHE.new.$$" "$box_stamp"
}

box_decided() {
	[ -e "$box_d/up" ] || guest_gone "$box_d" ||
		grep -q 'Kernel panic' "$box_d/console.log"
}

# box_port NAME : a line written into DIR/box/NAME.in comes out inside
box_port() {
	rm -f "$box_d/$1.in" "$box_d/$1.out"
	mkfifo "$box_d/$1.in" "$box_d/$1.out"
}

box_start() {
	mkdir -p "$1/box"
	box_d=$(cd "$1" && pwd)/box
	rm -rf "$box_d"/job.* "$box_d"/up "$box_d"/qmp "$box_d"/human
	box_port run
	box_port human
	box_needs=
	for box_i in "$PWD" "$BOX_CACHE" "${GUEST_CACHE:-}"; do
		case $box_i in
		/tmp/*|/run/*) box_needs=$box_needs:$box_i ;;
		esac
	done
	qemu-system-x86_64 -daemonize -pidfile "$box_d/qemu.pid" \
		-nodefaults -machine pc -accel "$(guest_accel)" -cpu max \
		-smp 2 -m "$BOX_MEMORY" -display none -vga std -nic none \
		-kernel "$BOX_CACHE/vmlinux" -initrd "$BOX_CACHE/initrd" \
		-append "quiet console=ttyS0 mitigations=off no_timer_check \
boxdir=${box_d%/box} boxneeds=\"${box_needs#:}\"" \
		-serial "file:$box_d/console.log" \
		-qmp "unix:$box_d/qmp,server=on,wait=off" \
		-fsdev "local,id=root,path=/,security_model=none,readonly=on,\
multidevs=remap" -device virtio-9p-pci,fsdev=root,mount_tag=root \
		-fsdev "local,id=dir,path=${box_d%/box},security_model=none,\
multidevs=remap" -device virtio-9p-pci,fsdev=dir,mount_tag=dir \
		-device qemu-xhci -device virtio-rng-pci \
		-device virtio-serial-pci \
		-chardev "pipe,id=run,path=$box_d/run" \
		-device virtserialport,chardev=run,name=run \
		-chardev "pipe,id=human,path=$box_d/human" \
		-device virtserialport,chardev=human,name=human || return 1
	wait_for "$2" box_decided && [ -e "$box_d/up" ] || {
		echo "box: did not come up; its last words:" >&2
		tail -n 20 "$box_d/console.log" >&2
		return 1
	}
}

box_done() {
	[ -e "$1/rc" ] || guest_gone "${1%/*}"
}

# What the command leaves in the background stays.
box_run() {
	box_d=$(cd "$1" && pwd)/box
	box_job=$(mktemp -d "$box_d/job.XXXXXX") || return 1
	printf "cd '%s'\n%s\n" "$PWD" "$2" >"$box_job/cmd"
	echo "${box_job##*/} ${BOX_LIMIT:-120}" 1<>"$box_d/run.in"
	within "$((${BOX_LIMIT:-120} + 10))" box_done "$box_job"
	cat "$box_job/out"
	cat "$box_job/err" >&2
	read -r box_status <"$box_job/rc" || box_status=124
	rm -rf "$box_job"
	return "$box_status"
}

box_stop() {
	guest_alive "$1/box" || return 0
	kill "$guest_pid"
	within 5 guest_gone "$1/box" || kill -9 "$guest_pid"
	within 3 guest_gone "$1/box"
}

human() {
	box_d=$1/box
	shift
	printf '%s\n' "$@" 1<>"$box_d/human.in"
}

# The newest of that name; none after an error.
box_node() {
	node=$(tail -n "+$1" "$2/box/human" |
		sed -n "s,^$3 \(/dev/input/event\),\1,p")
	[ "$node" ]
}

box_new() {
	box_told=$(($(wc -l <"$1/box/human") + 1))
	human "$1" "new $2 $3 \"$4\" ${5-} ${6-}"
	wait_for 10 box_node "$box_told" "$1" "$2" || {
		tail -n "+$box_told" "$1/box/human"
		return 1
	}
}

# ---- X ----

# Without acceleration, which would be software's; two workspaces, as in
# screen.sh.
box_x() {
	box_d=$(cd "$1" && pwd)/box
	mkdir -p "$box_d/x"
	rm -f "$box_d/x/display"
	cat >"$box_d/x/xorg.conf" <<-CONF
	Section "Device"
		Identifier "card"
		Driver "modesetting"
		Option "AccelMethod" "none"
	EndSection
	CONF
	cat >"$box_d/x/rc.xml" <<-RC
	<openbox_config xmlns="http://openbox.org/3.4/rc">
	<desktops><number>2</number><popupTime>0</popupTime></desktops>
	</openbox_config>
	RC
	box_run "$1" "cd $box_d/x
		Xorg :0 vt1 -config $box_d/x/xorg.conf -logfile Xorg.log \
			-noreset -nolisten tcp -displayfd 3 3>display \
			>xorg.out 2>&1 &
		echo \$! >xorg.pid
		until [ -s display ]; do
			kill -0 \$! || exit
			sleep 0.05
		done
		openbox --config-file $box_d/x/rc.xml >openbox.out 2>&1 &
		until [ \"\$(xdotool get_num_desktops 2>&1)\" = 2 ]; do
			sleep 0.05
		done" || {
		tail -n 20 "$box_d/x/Xorg.log"
		return 1
	}
}

box_xstop() {
	box_run "$1" "read -r p <$1/box/x/xorg.pid
		kill \$p && while [ -e /proc/\$p/exe ]; do sleep 0.02; done"
}

# ---- a guest in the box ----

# A cold boot in there takes minutes; it goes on from a state that was saved
# outside, by the same QEMU with the same devices.
box_guest_vars() {
	GUEST_ACCEL=tcg,thread=multi
	GUEST_MACHINE=$1
	[ "$1" = pc ] || for box_i in 1 2 3 4; do
		GUEST_INPUT="$GUEST_INPUT -device \
pcie-root-port,id=port$box_i,chassis=$box_i,slot=$box_i"
	done
}

# box_guest_save DIR MACHINE FILE
box_guest_save() {
	box_guest_vars "$2"
	guest_start "$1" && guest_wait "$1" 60 && qmp_do -t 60 -e STOP \
		"$1/qmp2" "{\"execute\":\"migrate\",\"arguments\":
			{\"uri\":\"exec:cat >'$3.new'\"}}" >/dev/null &&
	wait_for 60 box_guest_saved "$1" && mv "$3.new" "$3"
	box_status=$?
	guest_stop "$1"
	return "$box_status"
}

box_guest_saved() {
	qmp_do "$1/qmp2" '{"execute":"query-migrate"}' | grep -q completed
}

# box_guest_prepare CACHE MACHINE : after guest_prepare, whose folder has it
box_guest_prepare() {
	box_state=$GUEST_CACHE/state.$2
	box_stamp=$({ cat "$GUEST_CACHE/stamp"
		qemu-system-x86_64 --version
		sed -n '/^guest_start() {/,/^}/p' tests/lib/guest.sh
		sed -n '/^box_guest_vars() {/,/^}/p' tests/lib/box.sh; } | cksum)
	[ "$(cat "$box_state.stamp" 2>/dev/null)" != "$box_stamp" ] || return 0
	echo "making the state of a $2 guest" >&2
	rm -f "$box_state.stamp"
	box_tmp=$(mktemp -d)
	(box_guest_save "$box_tmp" "$2" "$box_state") &&
	echo "$box_stamp" >"$box_state.stamp" || {
		echo "box: no saved guest" >&2
		rm -rf "$box_tmp"
		return 1
	}
	rm -rf "$box_tmp"
}

# QEMU would wait for ever for what is not there.
box_guest() {
	mkdir -p "$1/vm"
	BOX_LIMIT=150 box_run "$1" ". tests/lib/guest.sh; . tests/lib/box.sh
		GUEST_CACHE='$GUEST_CACHE'
		GUEST_LOG=$1/vm/guest.log
		box_guest_vars $2
		state=\$GUEST_CACHE/state.$2
		[ -s \"\$state\" ] &&
		guest_start /run/vm -incoming \"exec:cat '\$state'\" &&
		wait_for 60 box_guest_decided && box_guest_runs &&
		box_guest_wakes"
}

# Until it has caught up: it may lose events before, also of keys that repeat.
box_guest_wakes() {
	for box_i in true false; do
		qmp_do /run/vm/qmp2 '{"execute":"input-send-event","arguments":
			{"events":[{"type":"key","data":{"down":'$box_i',
			"key":{"type":"qcode","data":"compose"}}}]}}' || return
	done >/dev/null
	wait_for 60 grep -q 'EV_KEY 127 0' "$GUEST_LOG"
}

box_guest_decided() {
	box_guest_runs || guest_gone /run/vm
}

box_guest_runs() {
	qmp_do /run/vm/qmp2 '{"execute":"query-status"}' |
		grep -q '"running": true'
}

box_qmp() {
	box_dir=$1
	shift
	box_run "$box_dir" "'$GUEST_CACHE/qmp' /run/vm/qmp2 $(printf " '%s'" "$@")"
}

box_guest_stop() {
	box_run "$1" ". tests/lib/guest.sh; GUEST_CACHE='$GUEST_CACHE'
		guest_stop /run/vm"
}

# ---- for kernel modules ----

# box_depends PKG PATTERN : which packages of those it depends on match
box_depends() {
	apt-cache depends "$1" | sed -n "s/.*Depends: \($2\)\$/\1/p"
}

# box_headers_build NEW FINAL
box_headers_build() {
	box_v=${box_pkg#linux-image-}
	set -- "$1" "$2" $(box_depends "linux-headers-$box_v" \
		'linux-\(headers-.*-common\|kbuild-.*\)')
	guest_unpack "$1" "linux-headers-$box_v" $3 ${4-} \
		$(box_depends "${4:-$3}" 'lib\(elf\|ssl\).*') || return 1
	# the makefiles find each other by absolute names
	sed -i "s,/usr/src/,$2/usr/src/,g" \
		"$1/usr/src/linux-headers-$box_v/Makefile" &&
	[ -e "$1/usr/src/linux-headers-$box_v/Module.symvers" ] &&
	[ -x "$1/usr/src/linux-headers-$box_v/scripts/mod/modpost" ]
}

# Sets BOX_HEADERS, the folder for make -C.
box_headers() {
	mkdir -p "$1"
	box_tree=$(cd "$1" && pwd)/box-headers
	[ "${box_pkg:-}" ] || box_kernel
	# the place is written into it
	box_stamp="1 $(printf %s "$box_tree" | cksum)"
	if ! box_fresh "$box_tree" "$box_stamp"; then
		echo "fetching the headers of $box_pkg" >&2
		rm -rf "$box_tree".new.*
		if ! box_headers_build "$box_tree.new.$$" "$box_tree"; then
			echo "box: no headers of ${box_pkg:-a kernel}" >&2
			return 1
		fi
		box_replace "$box_tree" "$box_tree.new.$$" "$box_stamp"
	fi
	BOX_HEADERS=$box_tree/usr/src/linux-headers-${box_pkg#linux-image-}
}

# With the shell's own gcc, whichever the kernel was built by.  Kernels have no
# blanks in their folders' names: for a cache that has there is a copy.
box_module() {
	case $box_tree in
	*[:[:space:]]*)
		box_copy=$(cd "$1" && pwd).headers
		cp -R "$box_tree" "$box_copy" &&
		sed -i "s,$box_tree/,$box_copy/,g" \
			"$box_copy/${BOX_HEADERS#"$box_tree"}/Makefile" ||
			return
		BOX_HEADERS=$box_copy/${BOX_HEADERS#"$box_tree"}
		box_tree=$box_copy ;;
	esac
	LD_LIBRARY_PATH=$(find "$box_tree" -name '*.so*' -type f \
		-exec dirname {} + | sort -u | paste -sd:) \
		make -C "$BOX_HEADERS" M="$(cd "$1" && pwd)" CC=gcc \
		KBUILD_MODPOST_WARN=0 CONFIG_DEBUG_INFO_BTF_MODULES= modules
}
