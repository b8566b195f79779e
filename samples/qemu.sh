#!/bin/sh
# A virtual machine for screenstub, without libvirt.  Copy it to where you
# like and edit it; arguments are handed on to QEMU.
#
# The sockets belong to whoever runs this, and only he may connect.  If that is
# root, screenstub can't: let QEMU run as you, or use a folder of your group
# (chmod 2770) and umask 007.
umask 077

# the graphics card that is bound to vfio-pci, and its sound function
CARD=01:00.0
SOUND=01:00.1
DISK=guest.qcow2
# as in qmpsocket and agentsocket of config.h, or given by -q and -a
QMP=/tmp/vfio-qmp
AGENT=/tmp/vfio-qga

# The three root ports stay free: what is added while the VM runs goes there,
# with keyboardbus, mousebus and tabletbus of config.h: the devices of route
# VirtioHost, and virtio ones in place of the three below.
#
# vmport would add a tablet without side buttons.
#
# For a guest without virtio drivers for input, instead of the three lines:
#	-device qemu-xhci -device usb-tablet -device usb-mouse -device usb-kbd
exec qemu-system-x86_64 \
	-machine q35,accel=kvm,vmport=off -cpu host -smp 8 -m 16G \
	-nodefaults -vga none -display none \
	-drive "file=$DISK,if=virtio" \
	-nic user,model=virtio-net-pci \
	-device "vfio-pci,host=$CARD,multifunction=on" \
	-device "vfio-pci,host=$SOUND" \
	-device virtio-keyboard-pci \
	-device virtio-mouse-pci \
	-device virtio-tablet-pci \
	-device pcie-root-port,id=port1,chassis=101 \
	-device pcie-root-port,id=port2,chassis=102 \
	-device pcie-root-port,id=port3,chassis=103 \
	-qmp "unix:$QMP,server=on,wait=off" \
	-device virtio-serial-pci \
	-chardev "socket,id=qga,path=$AGENT,server=on,wait=off" \
	-device virtserialport,id=agent,chardev=qga,name=org.qemu.guest_agent.0 \
	"$@"
