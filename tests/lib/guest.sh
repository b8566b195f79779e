# A tiny Linux guest that tells what its input devices get.  To be sourced,
# from the root of the source tree, after need.sh.
#
#   guest_prepare CACHE         makes kernel and initramfs, when they are stale
#   guest_usb_prepare CACHE     one whose kernel has USB, in CACHE/usb
#   guest_start DIR [ARG...]    starts QEMU with sockets and logs in DIR
#   guest_wait DIR LIMIT        until the guest listens, LIMIT seconds at most
#   guest_stop DIR
#   guest_alive DIR             true while QEMU runs
#   qmp_do SOCKET JSON...       replies of QEMU
#   qga_do SOCKET JSON...       replies of the guest agent
#   guest_typed                 prints the text whose keys are in guest.log
#   keycodes TEXT               its keys
#   guest_sh DIR COMMAND        runs it in the guest, without the agent
#   within LIMIT COMMAND...     until COMMAND is true, for LIMIT seconds, or one
#                               more
#   wait_for LIMIT COMMAND...   the same on a busy machine: four times as long
#
# In DIR: qmp and qmp2 (two monitors, the second for the tests), qga (guest
# agent), guest.log (input events), console.log, qemu.pid.
#
# Set before guest_prepare: GUEST_KERNEL, of which package the kernel is (the
# default has no USB), GUEST_MODULES; before guest_start: GUEST_MACHINE;
# GUEST_INPUT, its input devices; GUEST_APPEND, for its kernel and init:
# expect=N, how many virtio input devices make it ready; GUEST_LOG, a file in
# place of guest.log.

GUEST_PACKAGES="qemu-system-x86 gcc libc6-dev xz-utils cpio kmod"
GUEST_PORT=org.qemu.guest_agent.0
GUEST_KERNEL=linux-image-cloud-amd64
GUEST_MODULES="virtio_pci virtio_console virtio_input evdev pvpanic_mmio button"
GUEST_INPUT="-device virtio-keyboard-pci -device virtio-mouse-pci
	-device virtio-tablet-pci"
GUEST_APPEND=
GUEST_MACHINE=pc
GUEST_LOG=

wait_for() {
	wait_limit=$((4 * $1))
	shift
	within "$wait_limit" "$@"
}

within() {
	read -r wait_now _ </proc/uptime
	wait_end=$((${wait_now%.*} + $1 + 1))
	shift
	wait_nap=20
	until "$@"; do
		read -r wait_now _ </proc/uptime
		[ "${wait_now%.*}" -lt "$wait_end" ] || return 1
		# later and later: looking is what a processor is needed for
		sleep "${wait_nap}e-3"
		wait_nap=$((wait_nap < 160 ? wait_nap * 5 / 4 : 200))
	done
}

guest_kernel() {
	apt-cache depends "$GUEST_KERNEL" |
		sed -n 's/.*Depends: \(linux-image-[0-9].*\)/\1/p' | head -n 1
}

# The shared libraries of qemu-ga, by the packages they are in.
guest_libs() {
	apt-cache depends --recurse --no-recommends --no-suggests \
		--no-conflicts --no-breaks --no-replaces --no-enhances \
		qemu-guest-agent | grep '^lib[^:]*$' | sort -u
}

# Unpacks without installing: guest_unpack DIR PKG...
guest_unpack() {
	guest_into=$1
	shift
	guest_opt=
	# apt would drop its rights and then could not write here
	[ "$(id -u)" -ne 0 ] || guest_opt="-o APT::Sandbox::User=root"
	mkdir -p "$guest_into/deb"
	apt-get download --print-uris "$@" 2>/dev/null | awk '{ n += $3 }
		END { printf "  %.0f MB to download\n", n / 1e6 }' >&2
	(cd "$guest_into/deb" && need_apt apt-get $guest_opt download "$@") &&
	for guest_deb in "$guest_into"/deb/*.deb; do
		dpkg -x "$guest_deb" "$guest_into" || return 1
	done
	rm -rf "$guest_into/deb"
}

# guest_vmlinux VMLINUZ OUT : unpacked and started as such it is there sooner
guest_vmlinux() {
	set -- "$1" "$2" $(od -An -tu1 -j497 -N1 "$1") \
		$(od -An -tu4 -j584 -N8 "$1")
	tail -c "+$((($3 + 1) * 512 + $4 + 1))" "$1" | head -c "$5" >"$2.z"
	case $(od -An -tx1 -N4 "$2.z") in
	' fd 37 7a 58') xz -dc --single-stream <"$2.z" >"$2" ;;
	' 28 b5 2f fd') zstd -dc <"$2.z" >"$2" 2>/dev/null ;;
	esac
	rm "$2.z"
	[ -s "$2" ] || cp "$1" "$2"
}

# Modules in the order they must be loaded: guest_modules ROOT DESTINATION
guest_modules() {
	# kernel packages and kmod moved to /usr, not in the same release
	mkdir -p "$1/lib" "$1/usr/lib"
	[ -e "$1/lib/modules" ] ||
		ln -s ../usr/lib/modules "$1/lib/modules"
	[ -e "$1/usr/lib/modules" ] ||
		ln -s ../../lib/modules "$1/usr/lib/modules"
	guest_version=$(ls "$1/lib/modules")
	/sbin/depmod -b "$1" "$guest_version"
	mkdir "$2"
	guest_n=10
	for guest_m in $GUEST_MODULES; do
		/sbin/modprobe -d "$1" -S "$guest_version" --show-depends \
			"$guest_m" | sed -n 's/^insmod *//p'
	done | awk '!seen[$0]++' | while read -r guest_m; do
		guest_n=$((guest_n + 1))
		case $guest_m in
		*.xz) xz -dc "$guest_m" >"$2/$guest_n.ko" ;;
		*) cp "$guest_m" "$2/$guest_n.ko" ;;
		esac
	done
	[ -e "$2/11.ko" ]
}

# qemu-ga and what its own loader says it needs: guest_agent ROOT DESTINATION
guest_agent() {
	guest_path=$(find "$1" -name '*.so*' -exec dirname {} + | sort -u |
		paste -sd:)
	guest_ld=$(find "$1" -name 'ld-linux-x86-64.so.2' ! -type l |
		head -n 1)
	: "${guest_ld:=$(find "$1" -name 'ld-linux-x86-64.so.2' | head -n 1)}"
	guest_bin=$(find "$1" -name qemu-ga -type f)
	mkdir "$2/lib" "$2/lib64"
	cp -L "$guest_ld" "$2/lib64/ld-linux-x86-64.so.2"
	cp "$guest_bin" "$2/bin"
	"$guest_ld" --library-path "$guest_path" --list "$guest_bin" |
		sed -n 's/.* => \(.*\) (.*/\1/p' | while read -r guest_so; do
		case $guest_so in
		"$1"/*) cp -L "$guest_so" "$2/lib" ;;
		*/ld-linux-*) ;;
		*) echo "guest: not in any package: $guest_so" >&2; exit 1 ;;
		esac
	done && [ -e "$2/lib/libc.so.6" ]
}

guest_init() {
	cat <<'END'
#!/bin/busybox sh
/bin/busybox --install -s /bin
mkdir -p /proc /sys /dev /run /tmp /var
ln -s /run /var/run
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
exec </dev/null >/dev/ttyS0 2>&1
echo 0 >/proc/sys/kernel/ctrl-alt-del
trap '' INT
mkdir -p /dev/input /dev/virtio-ports
for m in /modules/*; do insmod "$m"; done

# The names that udev would give.
ports() {
	for n in /sys/class/virtio-ports/*/name; do
		d=${n%/name}
		[ ! -e "$n" ] || ln -sf "../${d##*/}" \
			"/dev/virtio-ports/$(cat "$n")"
	done
	[ -e /dev/virtio-ports/log ] && [ -e /dev/virtio-ports/sh ] &&
	[ -e /dev/virtio-ports/org.qemu.guest_agent.0 ]
}
until ports; do sleep 0.02; done

# The screen; below the banner the kernel itself echoes what is typed.
{
	printf '\033]P3c8690f\033]P7ffffff\033[37;43m\033[H\033[J\n\n'
	sed "s/#/$(printf '\033[47m \033[43m')/g; s/^/       /" /banner
	printf '\n\n       '
} >/dev/tty1
while :; do cat /dev/tty1; done >/dev/null &

# What guest_sh says; a command may stay in the background.
while read -r c; do sh -c "$c"; done </dev/virtio-ports/sh &

guestlog "${expect:-3}" >/dev/virtio-ports/log &
while :; do
	[ -e /run/noagent ] || qemu-ga -m virtio-serial -t /run \
		-p /dev/virtio-ports/org.qemu.guest_agent.0 \
		$(cat /run/agent 2>/dev/null)
	[ ! -e /run/noagent ] || sleep 0.1
done
END
}

guest_banner() {
	cat <<'END'
#####  #   #  #####   ####         #####   ####
  #    #   #    #    #               #    #
  #    #####    #     ###            #     ###
  #    #   #    #        #           #        #
  #    #   #  #####  ####          #####  ####

#####  #   #  #####         ####   #   #  #####   ####  #####
  #    #   #  #            #       #   #  #      #        #
  #    #####  ####         #  ##   #   #  ####    ###     #
  #    #   #  #            #   #   #   #  #          #    #
  #    #   #  #####         ####    ###   #####  ####     #
END
}

# What guest-shutdown calls; there is no init to ask.
guest_shutdown() {
	cat <<'END'
#!/bin/busybox sh
case "$0 $*" in
*reboot*|*' -r'*) exec /bin/busybox reboot -f ;;
*) exec /bin/busybox poweroff -f ;;
esac
END
}

# The whole in a new folder: guest_build DIR KERNEL-PACKAGE
guest_build() {
	mkdir -p "$1/root/bin" "$1/root/sbin" &&
	${CC:-cc} -O2 -o "$1/qmp" tests/lib/qmp.c &&
	${CC:-cc} -O2 -static -o "$1/root/bin/guestlog" tests/lib/guestlog.c &&
	guest_unpack "$1/deb" "$2" busybox-static qemu-guest-agent \
		$(guest_libs) &&
	guest_vmlinux "$(echo "$1"/deb/boot/vmlinuz-*)" "$1/vmlinux" &&
	cp "$(find "$1/deb" -path '*/bin/busybox')" "$1/root/bin" &&
	guest_modules "$1/deb" "$1/root/modules" &&
	guest_agent "$1/deb" "$1/root" &&
	guest_init >"$1/root/init" &&
	guest_banner >"$1/root/banner" &&
	guest_shutdown >"$1/root/sbin/shutdown" &&
	chmod +x "$1/root/init" "$1/root/sbin/shutdown" &&
	for guest_a in poweroff halt reboot; do
		ln -s shutdown "$1/root/sbin/$guest_a" || return 1
	done &&
	(cd "$1/root" && find . | cpio -o -H newc -R 0:0 --quiet) \
		>"$1/initrd" &&
	rm -rf "$1/deb" "$1/root"
}

# The same for a test, which skips all if no kernel can be had.
guest_or_skip() {
	guest_prepare "$1" && return
	[ ! "$guest_pkg" ] || return
	echo "1..0 # SKIP no package of a kernel can be had"
	exit 0
}

guest_prepare() {
	mkdir -p "$1"
	GUEST_CACHE=$(cd "$1" && pwd)/guest
	guest_pkg=$(guest_kernel 2>/dev/null)
	guest_stamp=$({ cat tests/lib/guest.sh tests/lib/guestlog.c tests/lib/qmp.c
		echo "$GUEST_KERNEL $GUEST_MODULES"; } | cksum)
	# without lists of packages what is there is as good as any
	case $(cat "$GUEST_CACHE/stamp" 2>/dev/null) in
	"$guest_stamp $guest_pkg") return 0 ;;
	"$guest_stamp "*) [ "$guest_pkg" ] || return 0 ;;
	esac
	echo "making the guest, which is kept in $1" >&2
	if [ ! "$guest_pkg" ] && [ "$(id -u)" -eq 0 ]; then
		apt-get -qq update
		guest_pkg=$(guest_kernel)
	fi
	rm -rf "$GUEST_CACHE".new.*
	guest_new=$GUEST_CACHE.new.$$
	if ! guest_build "$guest_new" "$guest_pkg"; then
		echo "guest: could not be made" >&2
		return 1
	fi
	echo "$guest_stamp $guest_pkg" >"$guest_new/stamp"
	rm -rf "$GUEST_CACHE"
	mv "$guest_new" "$GUEST_CACHE"
}

# In a shell of its own, for what it sets.
guest_usb_prepare() (
	GUEST_KERNEL=linux-image-amd64
	GUEST_MODULES="$GUEST_MODULES xhci_pci usbhid hid_generic"
	guest_prepare "$1/usb"
)

# KVM inside a virtual machine may open and yet not boot; see that the
# processor has it.  GUEST_ACCEL=kvm or =tcg decides by hand.
guest_accel() {
	if [ "${GUEST_ACCEL:-}" ]; then
		echo "$GUEST_ACCEL"
	elif grep -qwE 'vmx|svm' /proc/cpuinfo && [ -w /dev/kvm ]; then
		echo kvm
	else
		echo tcg,thread=multi
	fi
}

guest_start() {
	mkdir -p "$1"
	guest_d=$(cd "$1" && pwd)
	shift
	rm -f "$guest_d"/qmp "$guest_d"/qmp2 "$guest_d"/qga \
		"$guest_d"/guest.log "$guest_d"/console.log \
		"$guest_d"/qemu.pid "$guest_d"/sh.in "$guest_d"/sh.out
	mkfifo "$guest_d/sh.in" "$guest_d/sh.out"
	# -daemonize returns when the sockets are there
	qemu-system-x86_64 -daemonize -pidfile "$guest_d/qemu.pid" \
		-nodefaults -machine "$GUEST_MACHINE" \
		-accel "$(guest_accel)" -m 256 \
		-display none -vga std -nic none \
		-kernel "$GUEST_CACHE/vmlinux" -initrd "$GUEST_CACHE/initrd" \
		-append "quiet console=ttyS0 console=tty0 mitigations=off no_timer_check \
$GUEST_APPEND" \
		-serial "file:$guest_d/console.log" \
		-qmp "unix:$guest_d/qmp,server=on,wait=off" \
		-qmp "unix:$guest_d/qmp2,server=on,wait=off" \
		$GUEST_INPUT -device virtio-serial-pci \
		-chardev "file,id=log,path=${GUEST_LOG:-$guest_d/guest.log}" \
		-device virtserialport,chardev=log,name=log \
		-chardev "pipe,id=sh,path=$guest_d/sh" \
		-device virtserialport,chardev=sh,name=sh \
		-chardev "socket,id=qga,path=$guest_d/qga,server=on,wait=off" \
		-device virtserialport,id=gaport,chardev=qga,name=$GUEST_PORT \
		"$@"
}

# A process nobody has reaped yet is dead too.
guest_alive() {
	read -r guest_pid 2>/dev/null <"$1/qemu.pid" || return 1
	case $(cut -d ' ' -f 3 "/proc/$guest_pid/stat" 2>/dev/null) in
	''|Z) return 1 ;;
	esac
}

guest_gone() {
	! guest_alive "$1"
}

guest_ready() {
	grep -q ' ready$' "$1/guest.log"
}

guest_decided() {
	guest_ready "$1" || guest_gone "$1" ||
		grep -q 'Kernel panic' "$1/console.log"
}

guest_wait() {
	if ! wait_for "$2" guest_decided "$1" || ! guest_ready "$1"; then
		echo "guest: not ready; its last words:" >&2
		tail -n 20 "$1/console.log" >&2
		return 1
	fi
}

# Opened both ways, so that it does not wait for QEMU.
guest_sh() {
	echo "$2" 1<>"$1/sh.in"
}

guest_keys='BEGIN {
		split("16qwertyuiop 30asdfghjkl 44zxcvbnm", row, " ")
		for (i in row)
			for (k = 3; k <= length(row[i]); k++)
				c[substr(row[i], 1, 2) + k - 3] = \
					substr(row[i], k, 1)
		c[57] = " "
		for (i in c)
			code[c[i]] = i
	}'

guest_typed() {
	awk "$guest_keys"'
	$2 == "EV_KEY" && $4 == 1 { s = s c[$3] }
	END { print s }'
}

keycodes() {
	echo "$1" | awk "$guest_keys"'{
		for (i = 1; i <= length; i++)
			print code[substr($0, i, 1)]
	}'
}

qmp_do() {
	"$GUEST_CACHE/qmp" "$@"
}

qga_do() {
	"$GUEST_CACHE/qmp" -g "$@"
}

guest_stop() {
	guest_alive "$1" || return 0
	qmp_do -t 2 "$1/qmp2" '{"execute":"quit"}' >/dev/null 2>&1 || :
	within 3 guest_gone "$1" || kill -9 "$guest_pid" || :
	within 3 guest_gone "$1"
}
