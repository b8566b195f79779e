#!/bin/sh
# What -c says of set-ups that are good, and of those that lack one thing: the
# cure comes first.  Prints TAP.
#
# usage: check.sh [PART...]  the names of functions below; all without one
set -u
cd "$(dirname "$0")/../.." || exit
. tests/lib/test.sh
. tests/lib/wayland.sh

CHECK_PARTS="good rows rights monitors machine agents windows hangs"

leave() {
	wayland_stop
}

# ---- programs ----

# variant NAME SED : config.def.h with a monitor's inputs, and commands that
# are run in the guest
variant() {
	name=$1
	shift
	mkdir -p "$dir/conf/$name" &&
	sed 's/{ .manufacturer = "\*" },/{ .manufacturer = "DEL", \
		.host = { .value = DP1 }, .guest = { .value = HDMI1 } },/
		/^static const Step tohost/i\
static const char *const there[] = { "/bin/true", NULL };
		/^static const Step tohost/a\
	{ GuestExec, { .argv = there }, 5000, 0 },' config.def.h |
		sed "${1-}" >"$dir/conf/$name/config.h" &&
	$builder "$name" "-I$dir/conf/$name"
}

no_agent='/GuestExec, { .argv = there }/d; /there\[\]/d'

# ---- what it says ----

# run NAME ARG... : with QEMU and agent as they are
run() {
	name=$1
	shift
	monitored $as "$dir/$name" -c -q "$dir/vm/qmp" -a "$dir/vm/qga" "$@" \
		>"$dir/said" 2>&1
	status=$?
	cat "$dir/said"
	! grep -e 'Sanitizer\|runtime error' "$dir/said"
}

# fine NAME ARG... : nothing is wrong
fine() {
	run "$@" && is "$status" 0 && not grep '^FAIL' "$dir/said"
}

# first TEXT NAME ARG... : what is said to be wrong first, with its cure
first() {
	cure=$1
	shift
	run "$@" && is "$status" 1 &&
		grep '^FAIL' "$dir/said" | head -n 1 | grep -q -e "$cure"
}

# tells TEXT... : that was among the lines
tells() {
	for line; do
		grep -q -x -e "$line" "$dir/said" || {
			echo "no $line in"
			cat "$dir/said"
			return 1
		}
	done
}

# ---- parts ----

boots() {
	guest_alive "$dir/vm" || {
		guest_start "$dir/vm" && guest_wait "$dir/vm" 120 &&
			wait_for 20 portopen
	}
}

# What may not change: files, devices, inputs, what the guest gets.
state() {
	ls "$dir/run"
	qmp_do "$dir/vm/qmp2" '{"execute":"qom-list","arguments":{"path":"/machine/peripheral"}}'
	monitor_input 1
	grep -c -e 'write 37 51 84' "$monitor_dir/log"
	cat "$dir/vm/guest.log"
}

good() {
	check "a guest" boots
	xev -root -event substructure >"$dir/xev" &
	side=$!
	state >"$dir/before" 2>&1
	check "a good set-up has no fault" fine full
	check "what it is" tells 'note screenstub-test, x11; Linux .*; .*'
	check "the monitor, and what it shows" tells "ok   ddc: i2c-1: \
card0-HDMI-A-1 DEL DELL S2722DGM: monitors\[0\]: input 0x0f DisplayPort-1 is \
shown, listed are 0x0f 0x11"
	check "QEMU and what it has" tells 'ok   qmp: .*: QEMU [1-9].*' \
		'ok   qmp: usb-tablet: the VM has one' \
		'ok   qmp: the VM is running'
	check "the agent" tells \
		'ok   qga: .*: the agent answers, and runs commands'
	check "the X server" tells 'ok   x: .* 1280x800' \
		'ok   x: keymap rules: evdev'
	check "no serial numbers" not grep -e 34RN5P3 -e 3236 "$dir/said"
	check "nothing was changed" sameas "$dir/before"
	check "no window was made" not grep Create "$dir/xev"
	check "nothing needs to be given: as it is shipped" fine shipped
	check "which inputs are whose is open" tells \
		'note ddc: i2c-1: .host is not given.*' \
		'note ddc: i2c-1: .guest is not given.*'
	running
}

sameas() {
	state 2>&1 | diff "$1" -
}

running() {
	desktop 1
	start any
	check "as would have been seen" wait_for 5 grep Create "$dir/xev"
	kill "$side"
	side=
	check "an instance runs: its state is told" fine any
	check "and what it holds is left to it" tells \
		'note control: an instance runs.*' 'note status: vm running'
	check "it goes on" stopped 0 kill "$stub"
}

# ---- config.h ----

rows() {
	boots
	check "a command that is not there" first \
		'config.h: onevent\[0\]: nosuchcommand: no such command' typo
	check "a device that is not there" first \
		"input: grabs\[0\]: No Such Pad: can't open .*plug it in" pad
	unset XDG_RUNTIME_DIR
	check "XDG_RUNTIME_DIR is not set" first \
		'control: .*XDG_RUNTIME_DIR must be a folder of yours' full
	export XDG_RUNTIME_DIR="$dir/run"
}

# ---- rights ----

# What /run has is ours alone: sits UID RULE
sits_script='mount -t tmpfs none /run || exit 99
	mkdir -p /run/systemd/seats /run/udev/rules.d
	case $1 in
	none) ;;
	nobody) : >/run/systemd/seats/seat0 ;;
	*) echo "ACTIVE_UID=$1" >/run/systemd/seats/seat0 ;;
	esac
	[ "$2" = none ] || : >"/run/udev/rules.d/$2"
	shift 2
	exec "$@"'

sits() {
	as="unshare $unshare sh $dir/sits $1 $2"
}

rights() {
	boots
	echo "$sits_script" >"$dir/sits"
	mkdir -p "$dir/empty/sys" "$dir/empty/dev"
	as="env UMOCKDEV_DIR=$dir/empty"
	check "no i2c-dev" first 'ddc: .*modprobe i2c-dev' full
	as=
	monitor_deny "$dir/deny"
	: >"$dir/deny"
	check "the node may not be opened" first \
		"can't open the i2c bus: Permission.*make install-extras" full
	check "nobody may make devices" first \
		'/dev/uinput: Permission denied .as root: make install-extras' \
		route
	unshare=-m
	[ "$(id -u)" = 0 ] || unshare=-rm
	if unshare $unshare true 2>/dev/null; then
		seats
	else
		skip "who sits at the machine" "no namespace can be made"
	fi
	as=
	rm "$dir/deny"
	if [ -e /dev/uinput ]; then
		skip "no /dev/uinput" "there is one"
	else
		check "no /dev/uinput" first \
			'/dev/uinput: No such file.*modprobe uinput' \
			route
	fi
}

seats() {
	sits 0 none
	check "who sits there without the rule" first \
		"can't open the i2c bus: Permission.*make install-extras" full
	check "as is told" tells \
		"note udev: no rule of screenstub's is installed.*"
	sits 1 60-screenstub.rules
	check "another user sits there" first \
		'seat: another user sits at seat0 .log in at the machine' full
	sits nobody 60-screenstub.rules
	check "nobody does" first \
		'seat: nobody sits at seat0 .log in at the machine' full
	sits none 60-screenstub.rules
	check "there is no logind" first 'seat: no logind .*60-screenstub-group.rules' full
	sits 0 60-screenstub.rules
	check "the rule does not count yet" first \
		'udev: the rule is installed, but.*udevadm trigger' full
	# Debian's tty; who is not root may give it to nobody
	nodes=$(echo "$monitor_env" | sed -n 's/^UMOCKDEV_DIR=//p')/dev
	if chgrp 5 "$nodes"/i2c-*; then
		sits none 60-screenstub.rules
		check "nor that by groups" first \
			"nodes' group has a right, but .*adduser YOU i2c" full
		chgrp 0 "$nodes"/i2c-*
	else
		skip "nor that by groups" "only root can change the group"
	fi 2>/dev/null
	rm "$dir/deny"
	sits none 60-screenstub-group.rules
	check "it does" fine full
	check "as is told" tells "ok   udev: a rule of screenstub's is installed"
	: >"$dir/deny"
}

# ---- monitors ----

# fault LINE... : for the monitor
fault() {
	for line; do
		echo "$line" >"$monitor_dir/ctl"
	done
}

# With a /dev of its own, whose i2c-1 the simulated monitor hides from who is
# monitored.
holds_script='mount -t tmpfs none "$1" && mkdir "$1/pts" "$1/shm" &&
	mount --rbind /dev/pts "$1/pts" || exit 99
	for node in null urandom; do
		: >"$1/$node"
		mount --bind "/dev/$node" "$1/$node"
	done
	: >"$1/i2c-1"
	mkfifo "$1/held"
	mount --move "$1" /dev || exit 99
	env -u LD_PRELOAD sh -c "exec 9</dev/i2c-1; echo >/dev/held
		exec sleep 60" &
	shift
	read -r _ </dev/held
	"$@"
	status=$?
	kill $!
	exit $status'

monitors() {
	boots
	fault silent
	check "DDC/CI is off" first \
		"i2c-1: can't read feature 0x60: .*DDC/CI on in its menu" full
	fault clear input=0x11
	check "another input is shown" fine full
	check "as is told" tells \
		'note ddc: i2c-1: another input than .host is shown.*'
	fault input=0x0f unsupported
	check "a monitor that can't say what it shows" first \
		"i2c-1: can't read feature 0x60: .*does not support it" full
	check "that is not its row's doing" not grep 'by its row' "$dir/said"
	fault clear nocaps
	check "one that lists nothing" fine full
	check "as is told" tells 'ok   ddc: .* is shown, listed are none'
	fault clear
	check "an input that is not listed" fine vga
	check "as is told" tells 'note ddc: i2c-1: .guest 0x01 is not listed.*'
	check "a row of another monitor" first 'monitors\[0\]: .*DEL.*-d' sam
	check "whose monitor it is not is told" tells \
		'note ddc: i2c-1: .* DELL S2722DGM: no row .*'
	check "-s: another row's monitor" first 'monitors\[1\]: not found' \
		two -s 1
	check "-s: it is not said that no row is for it" not grep 'no row' \
		"$dir/said"
	for row in above below; do
		check "a \"*\" row left $row the monitor's" fine "$row"
		check "as is told" tells "note ddc: monitors\[[01]\] is not \
used: it names no monitor (delete that row; .*"
	done
	check "two rows for it" first \
		'another row has it: monitors\[0\] (delete one' twice
	check "a row that can't be read" fine blind
	check "as is told" tells \
		"note ddc: i2c-1: monitors\[0\] can't be read, by its row"
	unshare=-m
	[ "$(id -u)" = 0 ] || unshare=-rm
	echo "$holds_script" >"$dir/holds"
	mkdir "$dir/dev"
	as="unshare $unshare sh $dir/holds $dir/dev"
	if $as true 2>"$dir/out"; then
		check "another program has the bus open" fine full
		check "as is told" tells \
			'note ddc: /dev/i2c-1 is open in sleep, too.*'
	else
		skip "another program has the bus open" \
			"$(head -n 1 "$dir/out")"
	fi
	as=
	check "no row" fine none
	check "as is told" tells 'note ddc: monitors\[\] is empty.*'
}

# ---- QEMU ----

machine() {
	boots
	check "no QMP socket" first \
		"qmp: /nonexistent/qmp: can't connect: No such.*a VM makes it" full \
		-q /nonexistent/qmp
	check "none is wanted" fine none -q ''
	check "as is told" tells 'note qmp: no socket is given.*'
	mkdir -m 0 "$dir/closed"
	chmod 711 "$dir"
	[ "$(id -u)" != 0 ] ||
		as="setpriv --reuid=65534 --regid=65534 --clear-groups"
	check "a socket that is not ours" first \
		'qmp: .*Permission denied .*group' none -q "$dir/closed/qmp"
	as=
	"$GUEST_CACHE/qmp" -t 100 -e NONE "$dir/vm/qmp" \
		'{"execute":"query-status"}' >"$dir/reply" 2>&1 &
	side=$!
	wait_for 5 grep -q running "$dir/reply"
	check "another client has QMP" first \
		'qmp: .*another client.*has it: add a second -qmp' full
	kill "$side"
	wait "$side" 2>/dev/null
	side=
	check "the sockets are swapped" first \
		"no greeting.*-q and -a are swapped" full \
		-q "$dir/vm/qga" -a "$dir/vm/qmp"
	qmp_do "$dir/vm/qmp2" '{"execute":"stop"}' >/dev/null
	check "the VM is stopped: so is its agent" first \
		'qga: .*the VM is stopped' full
	check "as is told" tells 'ok   qmp: the VM is stopped'
	qmp_do "$dir/vm/qmp2" '{"execute":"cont"}' >/dev/null
	guest_stop "$dir/vm"
	GUEST_INPUT= guest_start "$dir/vm"
	check "no USB for the mouse" first \
		\
		"qmp: usb-mouse: .*usb-bus.*-device qemu-xhci" none
	guest_stop "$dir/vm"
	GUEST_INPUT="-device qemu-xhci" guest_start "$dir/vm" \
		-chardev null,id=other -device \
		virtserialport,chardev=other,name=org.qemu.guest_agent.1
	check "USB" fine none
	check "what is added is told" tells \
		'ok   qmp: usb-tablet: can be added'
	check "and that a port has no id" tells \
		"note qga: the agent's port has no id.*"
	guest_stop "$dir/vm"
	GUEST_MACHINE=q35 GUEST_INPUT= guest_start "$dir/vm"
	check "q35 without a port" first \
		'qmp: virtio-.*hotplug.*pcie-root-port' virtio
	guest_stop "$dir/vm"
}

# ---- the agent ----

agents() {
	boots
	check "no agent's socket" first \
		"qga: /nonexistent/qga: no socket of an agent's: No such.*virtserialport" \
		full -a /nonexistent/qga
	check "that nobody needs is no fault" fine any -a /nonexistent/qga
	check "but told" tells \
		"note qga: /nonexistent/qga: no socket of an agent's: No such.*"
	check "the agent's socket is QMP's" first \
		"qga: .*the wrong socket .are -q and -a swapped" full \
		-a "$dir/vm/qmp2"
	guest_sh "$dir/vm" 'echo "-b guest-exec" >/run/agent
		kill -9 $(pidof qemu-ga)'
	wait_for 10 disabled
	check "guest-exec is disabled" first \
		'qga: guest-exec: .*has been disabled .*out of block-rpcs' full
	check "where no row has it that is no fault" fine any
	check "but told" tells 'note qga: guest-exec: .*has been disabled.*'
	guest_sh "$dir/vm" ': >/run/noagent; kill -9 $(pidof qemu-ga)'
	wait_for 10 not portopen
	check "no agent runs" first 'qga: .*no agent runs in the guest .start qemu-ga' full
	check "where none is needed that is no fault" fine any
	check "but told" tells 'note qga: .*no agent runs in the guest.*'
	guest_stop "$dir/vm"
}

disabled() {
	portopen && qga_do -t 2 "$dir/vm/qga" 2>&1 \
		'{"execute":"guest-exec","arguments":{"path":"/x"}}' |
		grep -q disabled
}

portopen() {
	qmp_do "$dir/vm/qmp2" '{"execute":"query-chardev"}' |
		grep -q '"frontend-open": true, "filename": "[^"]*qga'
}

# ---- what hangs ----

# The cause first, and an end all the same.
hangs() {
	boots
	as="timeout -s KILL 120" # it blocks the others
	kill -STOP "$screen_xpid"
	check "the X server hangs" first 'the window system hangs .log in' full
	kill -CONT "$screen_xpid"
	kill -STOP "$(cat "$dir/vm/qemu.pid")"
	check "QEMU hangs" first 'qmp: .*no greeting .QEMU' full
	kill -CONT "$(cat "$dir/vm/qemu.pid")"
	fault delay-ms=60000
	check "the bus hangs" first 'i2c-1: an i2c bus .* hangs .replug' full
	fault clear
	guest_sh "$dir/vm" 'kill -STOP $(pidof qemu-ga)'
	wait_for 10 agentsilent
	check "the agent hangs" first 'qga: .*no greeting .*agent.*hangs' full
	guest_sh "$dir/vm" 'kill -CONT $(pidof qemu-ga)'
	guest_sh "$dir/vm" 'echo mem >/sys/power/state'
	wait_for 20 asleep
	check "the guest sleeps, and its agent" first \
		'qga: .*the VM is stopped, or sleeps.*vmresume' full
	as=
	guest_stop "$dir/vm"
}

agentsilent() {
	qga_do -t 1 "$dir/vm/qga" 2>&1 '{"execute":"guest-ping"}' |
		not grep -q return
}

asleep() {
	qmp_do "$dir/vm/qmp2" '{"execute":"query-status"}' |
		grep -q suspended
}

# ---- window systems ----

windows() {
	boots
	xprop -root -f _XKB_RULES_NAMES 8s -set _XKB_RULES_NAMES base
	check "other rules of keymaps" fine full
	check "as is told" tells 'note x: keymap rules: base'
	display=$DISPLAY
	unset DISPLAY
	check "no window system" first \
		"x: can't connect to the X server .is DISPLAY" full
	export DISPLAY="$display"
	need $WAYLAND_PACKAGES $WAYLAND_BUILD_PACKAGES xwayland \
		x11-xserver-utils || {
		skip "Wayland" "missing:$need_list"
		return
	}
	check "sway" sway_start
	check "by X in sway: told" first 'this is Xwayland.*make WAYLAND=1' full
	export WAYLAND_DEBUG=client
	check "by Wayland" fine way
	check "as is told" tells 'ok   wayland: 1 outputs' \
		'note screenstub-test, x11 and wayland; .*'
	check "the compositor was asked" grep -q get_registry "$dir/said"
	check "no window was made" not grep create_surface "$dir/said"
	unset WAYLAND_DEBUG
	wayland_stop
	export DISPLAY="$display"
}

sway_start() {
	builder=build_wayland
	WAYLAND_X=force
	variant way && wayland_prepare "$cache" &&
		wayland_start "$dir/sway"
}

# ---- the lab ----

programs() {
	variant full &&
	variant any "$no_agent" &&
	variant none "$no_agent; /manufacturer = \"DEL\"/,/guest/d" &&
	variant sam 's/"DEL"/"SAM"/' &&
	variant vga 's/\.guest = { .value = HDMI1/.guest = { .value = VGA1/' &&
	variant two "$no_agent; /Monitor monitors/,/^}/s/{ 0 }/\
		{ .manufacturer = \"SAM\" }, { 0 }/" &&
	variant above "$no_agent; /Monitor monitors/a\
	{ .manufacturer = \"*\" }," &&
	variant below "$no_agent; /\.guest = { .value = HDMI1 } },\$/a\
	{ .manufacturer = \"*\" }," &&
	variant twice "$no_agent; /Monitor monitors/,/^}/s/{ 0 }/\
		{ .manufacturer = \"DEL\" }, { 0 }/" &&
	variant blind 's/"DEL",/"DEL", .flags = Blind,/' &&
	variant typo '/^static const Event onevent/i\
static const char *const typo[] = { "nosuchcommand", NULL };
		/^static const Event onevent/a\
	{ GuestShown, exec, { .argv = typo } },' &&
	variant pad '/^static const Grab grabs/i\
static const char *const pads[] = { "No Such Pad", NULL };
		/^static const Grab grabs/a\
	{ "pad", Evdev, Exclusive, 0, 0, NULL, pads },' &&
	variant route 's/Route = Qmp/Route = InputLinux/' &&
	variant virtio "$no_agent
		s/MouseDriver = Usb/MouseDriver = Virtio/" &&
	build shipped
}

wants $BUILD_PACKAGES $MONITOR_PACKAGES $GUEST_PACKAGES $SCREEN_PACKAGES \
	x11-utils
lab
as= builder=build
program_prepare "$cache" && monitor_prepare "$cache" &&
	guest_or_skip "$cache" && screen_prepare "$cache" || exit
check "the lab: programs" programs
check "the lab: monitors" monitor_start "$dir/monitor" -d tests/lib/demo.tsv
check "the lab: a screen" screen_start "$dir/x"
[ "$failed" = 0 ] || finish
parts ${*:-$CHECK_PARTS}
finish
