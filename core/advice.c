/* See LICENSE for copyright and licence details.
 *
 * In the order in which they are looked through: what is a part of another one
 * stands behind it. What the user does as root is a command where it can be. */
#include "core/advice.h"

const struct advice advice[] = {
	/* ---- monitors ---- */
	{ "i2c-dev is not loaded",
	  "as root: modprobe i2c-dev; at boot: make install-extras" },
	{ "no i2c bus of a graphics card", "the driver of the host's card "
	  "offers none, or is not loaded; another adapter is named by .bus" },
	{ "can't open the i2c bus: Permission denied",
	  "as root: make install-extras; where nobody sits at the machine: "
	  "samples/60-screenstub-group.rules; then log in again" },
	{ "can't open the i2c bus: Operation not permitted", "a container, or "
	  "a unit's DeviceAllow, keeps it away: allow it there" },
	{ "bus of this card hangs", "replug the cable; other cards go on" },
	{ "several monitors fit",
	  "put the row that screenstub -d prints in its place" },
	{ "another row has it", "delete one of the two, or tell the monitors "
	  "apart by .connector; for two VMs run each row with -s" },
	{ "no monitor answers", "is it on, its cable in the host's card, and "
	  "DDC/CI on in its menu?" },
	{ "what is most like it", "paste the row that screenstub -d prints" },
	{ "the monitor does not support it", "give both values, with .flags = "
	  "Blind; LG's may want .code = 0xf4, .source = 0x50: screenstub(1)" },
	{ "no valid reply", "a cable, a dock or another program may spoil it; "
	  "one that can't be read wants .flags = Blind" },
	{ "nobody answers",
	  "is it plugged in, DDC/CI on in its menu? Some obey only the machine "
	  "they show: GuestExec, or its own button; docks may let nothing "
	  "through; nvidia: "
	  "NVreg_RegistryDwords=\"RMUseSwI2c=0x01;RMI2cSpeed=100\"" },
	{ "after: what it shows", "some obey only the machine they show: "
	  "GuestExec; .flags = Blind is for one that obeys and never answers" },
	{ "the host's is not known", "is it the host that is shown? Then paste "
	  "this row, or run with the -i of screenstub -d" },
	{ "does not list its inputs", "give .guest in its row of monitors[]" },
	{ "the input for {} is not known", "give .value in monitors[]" },
	{ "was not taken", "leave it out of .extra, if it works without" },
	{ "but reads 0x", "if it works, add that as its .readback" },
	{ "another one is read", "if it is right, add that as its .readback" },
	{ "it went back", "has that input a signal (guest on, cable)? Turn off "
	  "automatic input selection in the monitor's menu" },
	{ "it hears that, and does not obey", "has that input a signal? Some "
	  "obey only the machine they show: GuestExec" },
	{ "that never changes", "if its picture did change, it can't be read: "
	  ".flags = Blind; else has that input a signal (guest on, cable)?" },
	{ "can't say whether it is shown", "if it is: .flags = Blind" },
	{ "no row of tohost[] asks the guest", "a monitor that obeys only the "
	  "machine it shows wants one: step 5 of README" },
	/* ---- the trial ---- */
	{ "a trial is under way", "screenstub -e quit ends it" },
	{ "could not be shown again", "press the monitor's own button; let the "
	  "guest do it: GuestExec, by step 5 of README" },
	{ "no input was shown", "see above for why; has the guest a picture on "
	  "its cable? screenstub -t all tries all inputs" },
	{ "is listed, too", "screenstub -t all tries it" },
	{ "no other input is listed", "give both: -i HOST:GUEST" },
	{ "the input that is shown can't be read",
	  "if the monitor obeys all the same give both: -i HOST:GUEST" },
	/* ---- the VM ---- */
	{ "can't connect: No such file or directory", "a VM makes it, and is "
	  "waited for: -qmp unix:PATH,server=on,wait=off; see -q" },
	{ "no socket of an agent's", "a VM makes it: -device virtio-serial-pci "
	  "-chardev socket,id=qga,path=PATH,server=on,wait=off -device "
	  "virtserialport,id=agent,chardev=qga,name=org.qemu.guest_agent.0; "
	  "see -a" },
	{ "status: vm off", "start it; the running screenstub waits for it" },
	{ "can't connect: Permission denied", "run QEMU as you, or in a folder "
	  "of your group (2770), with umask 007; samples/libvirt.xml" },
	{ "can't connect: Connection refused",
	  "no VM listens there any more; the next one is waited for" },
	{ "no greeting", "QEMU, or the agent, is starting, or hangs; or "
	  "another client, as libvirt, has it: add a second -qmp, or a port "
	  "and qemu-ga; or -q and -a are swapped" },
	{ "this is the wrong socket", "are -q and -a swapped, or is it HMP?" },
	{ "another user listens there", "put the VM's sockets into a folder of "
	  "yours, or of your group (2770)" },
	{ "QEMU hangs", "its log may tell for what it waits; else end it" },
	{ "the VM is off, or does not answer", "start it, and see -q" },
	{ "the VM does not run", "start it, or screenstub -e vmresume" },
	{ "the VM is paused", "screenstub -e vmresume" },
	{ "the VM sleeps", "a key in the window, or screenstub -e vmresume" },
	{ "the VM was given devices", "end screenstub before it is saved "
	  "(savevm, managedsave), or give it a keyboard, mouse and tablet" },
	{ "the guest did not let it go", "it goes when the VM is reset" },
	{ "does not support hotplugging",
	  "each wants a free -device pcie-root-port,id=port1,chassis=101, "
	  "named in config.h (tabletbus)" },
	{ "slot 0 function 0 not available", "name a free port in config.h" },
	{ "No 'usb-bus' bus", "give the VM -device qemu-xhci" },
	{ "Bus '", "name a port that the VM has in config.h (tabletbus)" },
	{ "Could not open '/dev/input/event", "make install-extras if QEMU is "
	  "you; else samples/60-screenstub-group.rules, samples/libvirt.xml" },
	{ "keys were refused", "give it a keyboard, or KeyboardDriver = Usb" },
	{ "a mouse was refused", "give it a mouse, or MouseDriver = Usb" },
	{ "a tablet was refused", "give it a tablet, or TabletDriver = Usb" },
	{ "has no code for it", "Route = VirtioHost carries every key; or a "
	  "newer QEMU; or another key, by remaps[]" },
	/* ---- the guest's agent ---- */
	{ "no agent socket is configured", "name it by -a, or in config.h" },
	{ "no agent runs in the guest", "start qemu-ga there: systemctl start "
	  "qemu-guest-agent; in Windows the service QEMU-GA" },
	{ "within its limit in the guest",
	  "does qemu-ga run there, and has no other client its socket?" },
	{ "guest-exec has been disabled", "there: out of block-rpcs, or into "
	  "allow-rpcs, in qemu-ga.conf or /etc/sysconfig/qemu-ga" },
	{ "Failed to execute child process", "give its whole path there" },
	{ "the guest's agent is silent", "leave the window and come back to "
	  "show the guest; Watchdog = 0 does not ask it" },
	/* ---- input ---- */
	{ "/dev/uinput: Permission denied",
	  "as root: make install-extras; then log in again" },
	{ "/dev/uinput: No such",
	  "as root: modprobe uinput; at boot: make install-extras" },
	{ "can't open the device: Permission denied", "be in group input, or "
	  "add a rule as at the end of samples/60-screenstub.rules" },
	{ "has it grabbed", "end QEMU's input-linux, or that remapper" },
	{ "the device is gone", "start screenstub again" },
	{ "only while the window", "show the guest: Ctrl+Alt+Home" },
	{ "lets no program release keys", "press and release them" },
	/* ---- the window ---- */
	{ "Wayland is not built in", "make WAYLAND=1" },
	{ "can't connect to the X server", "is DISPLAY of the session set, or "
	  "WAYLAND_DISPLAY? For a unit: samples/screenstub.service" },
	{ "the window system hangs", "log in anew" },
	{ "this is Xwayland", "make WAYLAND=1, and run it with WAYLAND_DISPLAY "
	  "set, without -x and UseX" },
	{ "is not there, or is off", "xrandr or wlr-randr tell the names" },
	{ "and counts as hidden", "give it a rule in the window manager" },
	{ "another program holds it", "close the menu or locker that has it" },
	{ "the compositor has no", "a newer compositor may have it" },
	{ "the compositor shows no windows", "screenstub -x tries X" },
	{ "does not hold the pointer", "move it into the window; sway wants "
	  "\"seat * pointer_constraint enable\"" },
	{ "the compositor keeps its own keys", "allow it in its dialog or "
	  "settings; GNOME keeps a Deny until samples/gnome.sh is run" },
	{ "has taken back its own keys", "Ctrl+Alt+Insert takes them again" },
	{ "with the focus alone", "bind screenstub -e in the compositor" },
	/* ---- control ---- */
	{ "already running", "one for each -s; screenstub -e quit ends it" },
	{ "no socket for -e", "XDG_RUNTIME_DIR must be a folder of yours" },
	{ "there is no instance",
	  "is screenstub running, with the same -s and XDG_RUNTIME_DIR?" },
	{ "it may still be done", "if it hangs, pkill -9 -x screenstub lets "
	  "its guard show the host" },
	{ "too much is under way", "try again" },
	{ "not all could be done before the end", "screenstub -w host" },
	{ "not done within its limit", "give it a longer one in config.h" },
	{ "usage:", "see screenstub -h" },
	/* ---- the check ---- */
	{ "no such command in PATH", "install it, or write its whole path" },
	{ "sits at seat0", "log in at the machine itself, or take samples/"
	  "60-screenstub-group.rules" },
	{ "no logind", "rights by groups: samples/60-screenstub-group.rules" },
	{ "but you are not in it", "as root: adduser YOU i2c; adduser YOU "
	  "input; then log in again" },
	{ "but gives you no right", "as root: udevadm control --reload; udevadm "
	  "trigger --subsystem-match=i2c-dev --subsystem-match=misc" },
	{ "no rule of screenstub's", "as root: make install-extras" },
	{ "can't open the device: No such", "plug it in; /dev/input/by-id has "
	  "paths, evtest tells names" },
	{ "is not given", "screenstub -t tries both, and prints the row" },
	{ "input than .host is shown", "right while the guest is shown; else "
	  "screenstub -d tells which is the host's" },
	{ "is not used: it names",
	  "delete that row; for a further monitor paste that of -d" },
	{ "is not listed", "right if the monitor can do more than it lists" },
	{ "no bus of the VM is", "name one that it has (tabletbus)" },
	{ "is open in", "end it if the monitor answers badly" },
	{ "and the agent with it", "screenstub -e vmresume" },
	{ "no agent answers", "start qemu-ga in the guest, and give the VM its "
	  "port: samples/qemu.sh" },
	{ "the agent's port has no id", "-device virtserialport,id=agent0,..." },
	{ NULL, NULL }
};
