#!/bin/sh
# Starts samples/libvirt.xml by a real libvirt, that of a user's session, which
# needs no right.  Prints TAP.
set -u
cd "$(dirname "$0")/../.." || exit
. tests/lib/test.sh

LIBVIRT_PACKAGES="$BUILD_PACKAGES $GUEST_PACKAGES libvirt-daemon
	libvirt-daemon-driver-qemu libvirt-clients libxml2-utils"

leave() {
	[ ! "$daemon" ] || kill "$daemon"
}

virsh_do() {
	$as timeout 60 virsh -q -c qemu:///session "$@"
}

# domain NAME MACHINE : the sample, on stdin, with what it leaves to the user,
# and what cannot be had here
domain() {
	sed -e "s|/run/screenstub|$dir/sock|; s|type='kvm'|type='qemu'|" \
		-e "/^  <devices>/i <name>$1</name>\\
			<memory unit='MiB'>256</memory>\\
			<os><type machine='$2'>hvm</type>\\
			<kernel>$dir/vmlinux</kernel><initrd>$dir/initrd</initrd>\\
			<cmdline>quiet console=ttyS0 mitigations=off \\
			no_timer_check</cmdline></os>" \
		-e "/<controller type='virtio-serial'/r $dir/ports.xml" \
		>"$dir/$1.xml"
	virsh_do create "$dir/$1.xml"
}

# Its monitor answers.
answers() {
	qmp_do "$dir/sock/qmp" '{"execute":"query-status"}' |
		grep '"running": true'
}

# The port is the agent's: QEMU knows who has opened it.
port() {
	qmp_do "$dir/sock/qmp" '{"execute":"query-chardev"}' | tr '}' '\n' |
		grep "$dir/sock/qga" | grep "\"frontend-open\": $1"
}

ends() {
	virsh_do destroy "$1"
	rm -f "$dir/sock/qmp" "$dir/sock/qga"
}

as_it_stands() {
	check "L1: $1: as it stands" domain "$1" "$1" <samples/libvirt.xml
	check "L1: $1: QEMU's second monitor" wait_for 20 answers
	check "L1: $1: the agent in the guest finds its port" \
		wait_for 90 port true
	check "L2: $1: -k: the VM runs and its agent answers" wait_for 20 \
		"$dir/stub" -q "$dir/sock/qmp" -a "$dir/sock/qga" -w guest -k
	ends "$1"
}

# As the sample's comment says.
channel() {
	sed -n "/<channel type='unix'>/,/<\/channel>/p" samples/libvirt.xml \
		>"$dir/channel"
	sed -e "/<channel type='unix'>/,/<\/channel>/d" \
		-e "/<controller type='virtio-serial'/r $dir/channel" \
		samples/libvirt.xml | awk '
		{ line[NR] = $0 }
		END { for (i = 1; i <= NR; i++)
			if (line[i + 1] !~ /stubqga,/ && line[i] !~ /stubqga/ &&
			    !(line[i] ~ /value=.-device/ &&
			    line[i + 1] ~ /in JSON/) && line[i] !~ /in JSON/)
				print line[i] }' | domain channel q35
}

wants $LIBVIRT_PACKAGES
daemon=
lab
chmod 711 "$dir"
as=
mkdir -p "$dir/sock" "$dir/lv/.config/libvirt"
printf 'stdio_handler = "file"\nsecurity_driver = "none"\n' \
	>"$dir/lv/.config/libvirt/qemu.conf"
# as root it would be the system's
if [ "$(id -u)" -eq 0 ]; then
	as="setpriv --reuid=65534 --regid=65534 --clear-groups"
	chown -R 65534 "$dir/sock" "$dir/lv"
fi
as="$as env HOME=$dir/lv XDG_RUNTIME_DIR=$dir/lv"
guest_prepare "$cache" && program_prepare "$cache" || exit
cp "$GUEST_CACHE/vmlinux" "$GUEST_CACHE/initrd" "$dir" &&
	chmod 644 "$dir/vmlinux" "$dir/initrd"
# what the guest's init waits for
for name in log sh; do
	printf '<channel type="null"><target type="virtio" name="%s"/>%s\n' \
		"$name" '</channel>'
done >"$dir/ports.xml"
mkdir "$dir/none"
sed '/^static const Monitor/,/^};/s/{ .manufacturer = "\*" },//' config.def.h \
	>"$dir/none/config.h"
check "builds without a monitor" build stub "-I$dir/none"
$as libvirtd >"$dir/libvirtd.log" 2>&1 &
daemon=$!
check "libvirtd" wait_for 20 virsh_do version

as_it_stands q35
as_it_stands pc
sed -n '/^```xml/,/^```$/{ /^```/d; p; }' README.md >"$dir/readme"
check "README's part: as it stands" domain readme q35 <"$dir/readme"
check "README's part: QEMU's second monitor" wait_for 20 answers
ends readme
libvirt_ports <samples/libvirt.xml >"$dir/ports"
check "L1: q35, with the free ports" domain ports q35 <"$dir/ports"
check "L1: QEMU's second monitor" wait_for 20 answers
ends ports
check "L1: a channel of libvirt's for a second agent" channel
check "L1: which has its socket" wait_for 20 test -S "$dir/sock/qga"
check "L1: its port is there for qemu-ga, which is not started" port false
ends channel
finish
