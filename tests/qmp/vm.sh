#!/bin/sh
# What happens to the virtual machine and its guest, and what the program then
# does: real QEMU, guest and agent, simulated monitors.  Prints TAP.
#
# usage: vm.sh [PART...]  the names of functions below; all without one
#
# With LONG set, what may be lost in one of many tries is tried more often.
set -u
cd "$(dirname "$0")/../.." || exit
. tests/lib/test.sh

VM_PACKAGES="$BUILD_PACKAGES $MONITOR_PACKAGES $GUEST_PACKAGES
	$SCREEN_PACKAGES strace procps qemu-utils"
VM_PARTS="crash stopcont poweroff panic frozen restart taken agentdies
	agentstops reboots usb pace virtio buttons actions connection events
	exits noid snapshot restored"

# ---- the state of things ----

# The VM's as the program knows it.
vm() {
	sed -n 's/.*qmp: VM: [a-z]* -> //p' "$dir/log" | tail -n 1
}

both() {
	shows "$1" && [ "$(vm)" = "$2" ]
}

# becomes INPUT VM [LIMIT] : the monitor shows INPUT, the VM is in that state
becomes() {
	wait_for "${3:-10}" both "$1" "$2" || {
		echo "shown: $(monitor_input 1), VM: $(vm)"
		tail -n 20 "$dir/log" | cut -c 1-200
		return 1
	}
}

# keys [CODE...] : exactly these are down in the guest
keys() {
	keyswant=$*
	wait_for 5 keysare || { echo "down: $(keysdown)"; return 1; }
}

keysare() {
	[ "$(keysdown | sort -n | tr '\n' ' ')" = "${keyswant:+$keyswant }" ]
}

act() {
	"$dir/$program" -e "$@"
}

# A command of QEMU's, by its second monitor.
hmp() {
	qmp_do "$dir/vm/qmp2" "{\"execute\":\"$1\"}" >"$dir/reply"
}

qemu() {
	cat "$dir/vm/qemu.pid"
}

boot() {
	guest_stop "$dir/vm" # if a test has failed
	guest_start "$dir/vm" "$@" && guest_wait "$dir/vm" 120
}

# bare [SOCKET [ARG...]] : a VM without anything in it but its firmware
bare() {
	guest_stop "$dir/vm"
	mkdir -p "$dir/vm"
	socket=${1:-qmp}
	[ $# = 0 ] || shift
	qemu-system-x86_64 -daemonize -pidfile "$dir/vm/qemu.pid" \
		-nodefaults -machine pc -accel "$(guest_accel)" -m 32 \
		-display none -qmp "unix:$dir/vm/$socket,server=on,wait=off" \
		-qmp "unix:$dir/vm/qmp2,server=on,wait=off" "$@"
}

dead() {
	kill -9 "$(qemu)" && wait_for 5 guest_gone "$dir/vm"
}

# The lines of the log since logmark, with this in them.
logmark() {
	logmarked=$(wc -l <"$dir/log")
}

since() {
	tail -n "+$((logmarked + 1))" "$dir/log" | grep -e "$1"
}

# The window has the focus, and the guest gets its keys.
focus() {
	focuses "$win"
	xdotool mousemove 640 400
	mark
	xdotool key z
	wait_for 5 arrived "EV_KEY 44 0"
}

# What a part that failed has left.
after() {
	guest_stop "$dir/vm"
	[ ! "$stub" ] || stop kill -9 "$stub"
}

# ---- tests ----

# Often the worst that can happen, and then in the middle of a switch.
crash() {
	start stub
	check "QEMU is killed while the guest is shown: the host, each time" \
		crashes "$often" rested
	spread 1 "kill to first DDC byte"
	spread 2 "socket end to first DDC byte"
	usual=$(median)
	check "the median is below a second, on any machine" \
		[ "$usual" -lt 1000 ]
	check "killed while the switch is still going on" \
		crashes "$((often / 5))" true
	spread 2 "the same in the middle of a switch"
	check "it is held up by no more than Throttle" \
		[ "$(median)" -lt $((usual + 300)) ]
	check "exits" stopped 0 kill "$stub"
}

# crashes N COMMAND : killed after the command
crashes() {
	guest_stop "$dir/vm"
	: >"$dir/times"
	for i in $(seq "$1"); do
		shown=$(count 'show: guest is shown')
		bare && becomes 0x11 running && "$2" || return
		"$dir/kill" "$(qemu)" "$dir/vm/qmp2" >"$dir/when" || return
		becomes 0x0f off || return
		read -r sent ended <"$dir/when"
		awk -v sent="$sent" -v ended="$ended" '
			$2 == "i2c-1" && $3 == "write" {
				split($1, t, ".")
				us = t[1] * 1000000 + t[2]
				if (us < sent)
					next
				print us - sent, us - ended
				exit
			}' "$monitor_dir/log" >>"$dir/times"
	done
	[ "$(wc -l <"$dir/times")" = "$1" ]
}

rested() {
	wait_for 5 more 'show: guest is shown' "$shown"
}

# spread FIELD TEXT
spread() {
	cut -d ' ' -f "$1" "$dir/times" | sort -n | awk -v text="$2" '
		{ t[NR] = $1 / 1000 }
		END { printf "# %s: %.1f/%.1f/%.1f ms\n", text, t[1],
			t[int((NR + 1) / 2)], t[NR] }'
}

# In ms, from the kill on: the end of the socket can't be before.
median() {
	sort -n "$dir/times" | awk '{ t[NR] = $1 / 1000 }
		END { print NR ? int(t[int((NR + 1) / 2)]) : 100000 }'
}

stopcont() {
	check "a guest" boot
	start stub
	check "runs, and is shown" becomes 0x11 running
	focus
	mark
	xdotool keydown c
	check "a key is held" keys 46
	hmp stop
	check "stop: the host" becomes 0x0f stopped
	xdotool keyup c key x
	hmp cont
	check "cont: the guest" becomes 0x11 running
	check "the key is up" keys
	xdotool key z
	check "what was typed meanwhile did not arrive" gets "EV_KEY 46 1" \
		"EV_KEY 46 0" "EV_KEY 44 1" "EV_KEY 44 0"
	hmp stop
	becomes 0x0f stopped >"$dir/out"
	check "exits while the VM is stopped" stopped 0 kill "$stub"
	start stub
	check "started while the VM is stopped: the host" shown 0x0f
	hmp cont
	check "cont: the guest" becomes 0x11 running
	check "exits" stopped 0 kill "$stub"
	guest_stop "$dir/vm"
}

# shown INPUT : after a switch, and not before
shown() {
	wait_for 10 logged 'show: [a-z]* is shown' && shows "$1"
}

poweroff() {
	boot
	start stub
	check "a guest is shown" becomes 0x11 running
	check "its agent's port is open" wait_for 10 logged 'port is open'
	timeout 60 "$dir/stub" -e guestexec /bin/busybox poweroff -f \
		>"$dir/said" 2>&1
	check "powered off by the guest: the request ends" not test $? = 124
	check "the host" becomes 0x0f off
	check "by its event" logged 'event SHUTDOWN'
	check "QEMU has ended" wait_for 10 guest_gone "$dir/vm"
	boot -no-shutdown
	check "with -no-shutdown: the guest is shown" becomes 0x11 running
	wait_for 10 portopen
	timeout 60 "$dir/stub" -e guestexec /bin/busybox poweroff -f \
		>"$dir/said" 2>&1
	check "powered off: the request ends" not test $? = 124
	check "the host" becomes 0x0f stopped
	check "QEMU is still there" guest_alive "$dir/vm"
	hmp system_reset
	hmp cont
	check "reset and started again: the guest" becomes 0x11 running
	check "it boots" wait_for 60 booted 2
	focus
	mark
	xdotool key e
	check "and gets keys" gets "EV_KEY 18 1" "EV_KEY 18 0"
	check "exits" stopped 0 kill "$stub"
	guest_stop "$dir/vm"
}

# The state of the agent's port as it was logged last.
portopen() {
	[ "$(sed -n "s/.*the agent's port is //p" "$dir/log" | tail -n 1)" = \
		open ]
}

# How often the guest became ready since QEMU was started.
booted() {
	[ "$(grep -c ' ready$' "$dir/vm/guest.log")" -ge "$1" ]
}

panic() {
	: >"$RECORD"
	boot -device pvpanic
	start stub
	check "a guest is shown" becomes 0x11 running
	guest_sh "$dir/vm" 'echo c >/proc/sysrq-trigger'
	check "it panics: the host" becomes 0x0f off 20
	check "by its event" logged 'event GUEST_PANICKED'
	check "which has rows" wait_for 5 grep -q '^guestpanicked' "$RECORD"
	wait_for 10 guest_gone "$dir/vm"
	boot -device pvpanic -action panic=pause
	check "started again: the guest" becomes 0x11 running
	guest_sh "$dir/vm" 'echo c >/proc/sysrq-trigger'
	check "it panics and is paused: the host" becomes 0x0f stopped 20
	hmp query-status
	check "QEMU says so too" grep -q guest-panicked "$dir/reply"
	hmp system_reset
	hmp cont
	check "reset and started again: the guest" becomes 0x11 running
	check "exits" stopped 0 kill "$stub"
	guest_stop "$dir/vm"
}

# What takes 3 s took no more than 6 from begin to end; four times as long on
# a busy machine, as in wait_for. Without its limit it would not have ended.
intime() {
	awk "BEGIN { exit !($end - $begin < 24) }"
}

frozen() {
	boot
	start stub
	check "a guest is shown" becomes 0x11 running
	focus
	xdotool keydown c
	check "a key is held" keys 46
	kill -STOP "$(qemu)"
	read -r begin _ </proc/uptime
	xdotool key x
	check "QEMU hangs: the host" becomes 0x0f off
	read -r end _ </proc/uptime
	check "soon after Hung" intime
	check "it is said" logged 'was not answered in 1500 ms: QEMU hangs'
	check "it is not taken for a VM that is gone" wait_for 10 logged \
		'no greeting (QEMU, or the agent, is starting, or hangs'
	xdotool keyup c
	kill -CONT "$(qemu)"
	check "it goes on: the guest" becomes 0x11 running 20
	check "all keys are up" keys
	mark
	xdotool key e
	check "and keys arrive" gets "EV_KEY 18 1" "EV_KEY 18 0"
	kill -STOP "$(qemu)"
	xdotool key x
	becomes 0x0f off >"$dir/out"
	check "exits while QEMU hangs" stopped 0 kill "$stub"
	kill -CONT "$(qemu)"
	guest_stop "$dir/vm"
}

restart() {
	boot
	start stub
	check "a guest is shown" becomes 0x11 running
	focus
	xdotool keydown c
	check "a key is held" keys 46
	logmark
	dead
	check "killed: the host" becomes 0x0f off
	before=$(count 'VM: off -> running')
	guest_start "$dir/vm"
	check "another at the same path: connected at once" \
		wait_for 2 more 'VM: off -> running' "$before"
	check "the guest" becomes 0x11 running
	guest_wait "$dir/vm" 120
	xdotool keyup c
	focus
	check "what was held for the old one is not released in this one" \
		not since '"down":false.*"data":"c"'
	mark
	xdotool key e
	check "keys arrive" gets "EV_KEY 18 1" "EV_KEY 18 0"
	dead
	check "killed: the host" becomes 0x0f off
	bare new && mv "$dir/vm/new" "$dir/vm/qmp"
	check "a socket that is renamed over the old one: the guest" \
		becomes 0x11 running
	dead
	becomes 0x0f off >"$dir/out"
	rm "$dir/vm/qmp"
	bare new && mv "$dir/vm/new" "$dir/vm/qmp"
	check "one that is renamed where none is: the guest" \
		becomes 0x11 running
	check "exits" stopped 0 kill "$stub"
	dead
	rm -r "$dir/vm"
	start stub
	check "no folder: it waits" wait_for 5 logged \
		'qmp: .*No such file .*(a VM makes it'
	bare
	check "the folder and the socket come: the guest" becomes 0x11 running
	check "exits" stopped 0 kill "$stub"
	dead
}

# Another client is there first.
taken() {
	bare
	"$GUEST_CACHE/qmp" -t 100 -e NONE "$dir/vm/qmp" \
		'{"execute":"query-status"}' >"$dir/reply" 2>&1 &
	side=$!
	wait_for 5 grep -q running "$dir/reply"
	start stub
	check "another client: it is said" wait_for 10 logged \
		'no greeting .*another client'
	check "the host is shown" shown 0x0f
	check "it stays connected" not logged 'qmp: greeting -> down'
	check "and says it once" is "$(count 'no greeting .*another client')" 1
	check "the host is still shown" shows 0x0f
	kill "$side"
	check "the other one leaves: the guest" becomes 0x11 running 20
	side=
	check "exits" stopped 0 kill "$stub"
	dead
}

agentdies() {
	boot
	start stub
	check "a guest is shown" becomes 0x11 running
	check "its agent's port is open" wait_for 10 portopen
	check "guestwait" act guestwait
	logmark
	timeout 60 "$dir/stub" -e guestexec /bin/busybox sleep 1000 \
		>"$dir/said" 2>&1 &
	side=$!
	wait_for 5 polled
	# QEMU tells of a port once a second, and only how it is then
	# KILL, for at TERM it takes locks of GLib's in a signal's handler, and
	# may hang
	guest_sh "$dir/vm" 'sleep 1.2; killall -9 qemu-ga'
	wait "$side"
	check "the agent is killed: a command in the guest fails" is $? 1
	side=
	check "for that, not at its limit" endedwith 'no agent runs in the guest'
	check "the port was closed" since 'port is closed'
	check "and is open again" wait_for 10 portopen
	check "guestwait" act guestwait
	check "guestexec" act guestexec /bin/true
	check "the guest is still shown" both 0x11 running
	logmark
	timeout 60 "$dir/stub" -e guestexec /bin/busybox sleep 1000 \
		>"$dir/said" 2>&1 &
	side=$!
	wait_for 5 polled
	guest_sh "$dir/vm" 'touch /run/noagent; killall -9 qemu-ga'
	wait "$side"
	check "killed for good: a command in the guest fails" is $? 1
	side=
	check "for that, not at its limit" endedwith 'no agent runs in the guest'
	check "the port is closed" not portopen
	check "guestexec fails at once" says 'no agent runs in the guest' \
		failing guestexec /bin/true
	check "guestwait waits" waits
	guest_sh "$dir/vm" 'rm /run/noagent'
	wait "$side"
	check "until it is there" is $? 0
	side=
	check "exits" stopped 0 kill "$stub"
	guest_stop "$dir/vm"
}

# QEMU tells nothing of a port without an id; what it says when it is asked
# counts.
noid() {
	guest_start "$dir/vm" -S
	qmp_do "$dir/vm/qmp2" '{"execute":"device_del","arguments":
		{"id":"gaport"}}' >"$dir/reply"
	check "V1: a port without an id" wait_for 5 anonymous
	hmp cont
	guest_wait "$dir/vm" 120
	start stub
	check "V1: no id: the guest is shown" becomes 0x11 running
	check "V1: guestexec" act guestexec /bin/true
	guest_sh "$dir/vm" 'touch /run/noagent; killall -9 qemu-ga'
	check "V1: the agent is killed: guestexec fails" \
		wait_for 10 not act guestexec /bin/true
	check "V1: at once, for it is asked" says 'no agent runs in the guest' \
		failing guestexec /bin/true
	hmp system_reset
	wait_for 60 booted 2
	check "V1: after a reset: guestwait" act guestwait
	check "V1: guestexec" act guestexec /bin/true
	check "V1: nothing was told" not logged 'event VSERPORT_CHANGE'
	check "exits" stopped 0 kill "$stub"
	guest_stop "$dir/vm"
}

anonymous() {
	qmp_do "$dir/vm/qmp2" '{"execute":"device_add","arguments":
		{"driver":"virtserialport","chardev":"qga","nr":3,
		"name":"'"$GUEST_PORT"'"}}' >"$dir/reply"
	! grep error "$dir/reply"
}

polled() {
	since 'guest-exec-status' >"$dir/out"
}

endedwith() {
	since "$1" || { since 'qga:' | tail; return 1; }
	not since 'not done within its limit'
}

# Fails as it should, and what the program logs then.
failing() {
	logmark
	not act "$@"
	since .
}

# In the background; it is still there when the program has begun with it.
waits() {
	logmark
	timeout 60 "$dir/stub" -e guestwait >"$dir/said" 2>&1 &
	side=$!
	act showguest && kill -0 "$side"
}

agentstops() {
	boot
	start stub
	check "a guest is shown" becomes 0x11 running
	wait_for 10 portopen
	check "guestwait" act guestwait
	focus
	guest_sh "$dir/vm" 'killall -STOP qemu-ga; echo stopped >/dev/ttyS0'
	wait_for 5 grep -q stopped "$dir/vm/console.log"
	: >"$RECORD"
	logmark
	timeout 60 "$dir/stub" -e guestexec /bin/true >"$dir/said" 2>&1 &
	side=$!
	xdotool key ctrl+F6
	check "the agent hangs: a hotkey works meanwhile" \
		wait_for 2 grep -q hotkey "$RECORD"
	desktop 0
	check "a switch too" becomes 0x0f running 2
	check "and guestexec was waiting all the time" kill -0 "$side"
	wait "$side"
	check "guestexec fails" is $? 1
	side=
	check "at its limit" since 'not done within its limit'
	desktop 1
	check "guestwait fails at its limit" says 'not done within its limit' \
		failing guestwait
	check "the guest is shown" becomes 0x11 running
	guest_sh "$dir/vm" 'killall -CONT qemu-ga'
	check "it goes on: guestwait" act guestwait
	check "replies are told apart: true" act guestexec /bin/true
	check "false" not act guestexec /bin/false
	check "exits" stopped 0 kill "$stub"
	watchdog
	guest_stop "$dir/vm"
}

# The agent of the same guest is watched now.
watchdog() {
	guest_sh "$dir/vm" 'killall -STOP qemu-ga; echo again >/dev/ttyS0'
	wait_for 5 grep -q again "$dir/vm/console.log"
	check "builds with a watchdog" build dog -Itests/qmp -DDOG=1500
	start dog
	check "an agent that hangs: the guest is shown" \
		wait_for 20 logged 'show: guest is shown'
	check "it is silent: the host" becomes 0x0f running 10
	guest_sh "$dir/vm" 'killall -CONT qemu-ga'
	desktop 0
	wait_for 5 not isvisible
	desktop 1
	check "it goes on: the guest" becomes 0x11 running
	check "it answers" wait_for 20 logged 'read .*"return": {}'
	pings=$(count 'send .*guest-ping')
	check "and is asked again" wait_for 20 more 'send .*guest-ping' "$pings"
	check "the guest is still shown" both 0x11 running
	guest_sh "$dir/vm" 'killall -STOP qemu-ga'
	check "it is silent: the host" becomes 0x0f running 10
	check "it is said why" logged 'agent is silent for 1500 ms'
	desktop 0
	wait_for 5 not isvisible
	desktop 1
	check "the window is hidden and shown: the guest" becomes 0x11 running
	check "exits" stopped 0 kill "$stub"
}

# By the agent and by the reset button.
reboots() {
	boot
	start stub
	check "a guest is shown" becomes 0x11 running
	: >"$RECORD"
	check "reboots in a row: connected, shown, one row of Reset each" \
		rebooting "$((often * 2 / 5))"
	check "the connection was never lost" not logged 'qmp: up -> '
	focus
	mark
	xdotool key e
	check "then: keys" gets "EV_KEY 18 1" "EV_KEY 18 0"
	mark
	xdotool click 1
	check "buttons" gets "EV_KEY 272 1" "EV_KEY 272 0"
	wait_for 10 portopen
	check "the agent" act guestexec /bin/true
	check "exits" stopped 0 kill "$stub"
	guest_stop "$dir/vm"
}

rebooting() {
	for i in $(seq "$1"); do
		wait_for 10 portopen && act guestwait || return
		if [ $((i % 2)) = 1 ]; then
			act guestreboot || return
		else
			hmp system_reset
		fi
		wait_for 60 booted $((i + 1)) || return
		becomes 0x11 running || return
		is "$(grep -c '^reset ' "$RECORD")" "$i" || return
	done
}

# ---- devices ----

peripheral() {
	qmp_do "$dir/vm/qmp2" '{"execute":"qom-list","arguments":{"path":
		"/machine/peripheral"}}' | grep -q "\"$1\""
}

# opened NAME : the guest has such a device, and has not lost it
opened() {
	awk -v name="$1" 'index($0, name) && $2 == "opened" { n++ }
		index($0, name) && $2 == "closed" { n-- }
		END { exit n < 1 }' "$dir/vm/guest.log"
}

# by DEVICE LINE... : gets, and from a device of that name
by() {
	device=$1
	shift
	gets "$@" || return
	! tail -n "+$((marked + 1))" "$dir/vm/guest.log" |
		grep -v -e EV_SYN -e "$device\$"
}

# usbboot ARG... : the kernel that has USB, and no pointer yet
usbboot() (
	GUEST_CACHE=$usbcache
	GUEST_INPUT="-device qemu-xhci -device virtio-keyboard-pci"
	GUEST_APPEND=expect=1
	boot "$@"
)

# A USB device is in the VM while its guest is shown.
follows() {
	check "builds with a device that follows" \
		build follow -Itests/qmp -DFOLLOW
	start follow
	check "the guest is shown: a device comes" \
		wait_for 10 peripheral follower
	desktop 0
	check "the host: it goes" wait_for 10 not peripheral follower
	desktop 1
	check "the guest: it comes again" wait_for 10 peripheral follower
	check "exits" stopped 0 kill "$stub"
	check "it has gone" not peripheral follower
}

# Where QEMU has the buttons is said by hand: it is to be put right.
mouseset() {
	number=$(qmp_do "$dir/vm/qmp2" '{"execute":"query-mice"}' |
		tr '}' '\n' | grep "\"name\": \"$1\"" |
		sed 's/.*"index": \([0-9]*\).*/\1/')
	qmp_do "$dir/vm/qmp2" '{"execute":"human-monitor-command","arguments":
		{"command-line":"mouse_set '"$number"'"}}' >"$dir/reply"
}

usb() {
	usbboot
	check "a VM without a pointer" not peripheral screenstub-dev-tablet
	start stub
	check "its guest is shown" becomes 0x11 running
	check "a usb tablet is added" wait_for 5 peripheral \
		screenstub-dev-tablet
	check "a usb mouse" wait_for 5 peripheral screenstub-dev-mouse
	check "no keyboard" not peripheral screenstub-dev-kbd
	check "the guest finds the tablet" wait_for 10 opened 'USB Tablet'
	check "and the mouse" wait_for 10 opened 'USB Mouse'
	focus
	mark
	xdotool mousemove 0 0
	check "motion arrives" gets "EV_ABS 0 0" "EV_ABS 1 0"
	mouseset "QEMU HID Mouse"
	hmp system_reset
	check "another one has the buttons, and the guest is reset" \
		wait_for 60 booted 2
	check "it finds the tablet" wait_for 10 reopened 'USB Tablet' 2
	wait_for 10 reopened 'USB Mouse' 2
	focus
	mark
	xdotool mousemove 1279 799
	check "motion comes from the tablet" \
		by 'USB Tablet' "EV_ABS 0 32767" "EV_ABS 1 32767"
	mark
	xdotool click 1
	check "so do clicks" by 'USB Tablet' "EV_MSC 4 589825" "EV_KEY 272 1" \
		"EV_MSC 4 589825" "EV_KEY 272 0"
	check "exits" stopped 0 kill "$stub"
	check "the tablet is gone" not peripheral screenstub-dev-tablet
	check "the mouse too" not peripheral screenstub-dev-mouse
	qmp_do "$dir/vm/qmp2" '{"execute":"device_add","arguments":
		{"driver":"usb-tablet","id":"own"}}' >"$dir/reply"
	check "a VM with a tablet" peripheral own
	start stub
	check "its guest is shown" becomes 0x11 running
	check "the mouse is added" wait_for 5 peripheral screenstub-dev-mouse
	check "the tablet is not" not peripheral screenstub-dev-tablet
	check "exits" stopped 0 kill "$stub"
	check "the VM's own is still there" peripheral own
	check "ours is not" not peripheral screenstub-dev-mouse
	follows
	guest_stop "$dir/vm"
	bare
	start stub
	check "no USB controller: what is missing is said" \
		wait_for 5 logged 'usb-tablet: .*give the VM -device qemu-xhci'
	check "the guest is shown" becomes 0x11 running
	check "exits" stopped 0 kill "$stub"
	dead
}

# More keys at once than a usb-kbd keeps: it has 16 places, and these want two
# each.  One that comes later gets the keys.  While the guest's processor gets no
# time QEMU drops what there is no place for, and tells nobody.
pace() {
	usbboot -trace hid_kbd_queue_full -D "$dir/full"
	qmp_do "$dir/vm/qmp2" '{"execute":"device_add","arguments":
		{"driver":"usb-kbd","id":"own"}}' >"$dir/reply"
	check "a guest finds a usb keyboard" wait_for 10 opened 'USB Keyboard'
	start stub
	check "it is shown" becomes 0x11 running
	focus
	mark
	check "20 keys at once: six are all that it shows" burst
	desktop 0
	check "the window is hidden: they are all up again" keys
	mark
	check "guestkeys: six of that kind, held together" \
		act guestkeys up+down+left+right+home+end up
	check "guestkeys: they go down and up" wait_for 5 pressed 14
	check "guestkeys: none is down" keys
	xdotool keyup --delay 0 $burst
	desktop 1
	check "it is shown again" becomes 0x11 running
	focus
	check "the keys are held again" burst
	if held; then
		: >"$dir/full"
		desktop 0
		check "a guest is held up while they go up: some are lost" \
			wait_for 5 test -s "$dir/full"
		kill "$holdup"
		check "it goes on: all are up" keys
	else
		skip "a guest is held up" "its processor can't be held"
	fi
	xdotool keyup --delay 0 $burst
	desktop 1
	becomes 0x11 running >"$dir/out"
	focus
	xdotool keydown a
	check "a key is held" keys 30
	kill -9 "$stub"
	wait "$stub" 2>/dev/null
	check "killed: it goes up" keys
	xdotool keyup a
	guest_stop "$dir/vm"
}

# Its processor stands still, and QEMU answers all the same: it may have had a
# lock of QEMU's.
held() {
	# of a processor's place in its core, too, which is 0
	tid=$(qmp_do "$dir/vm/qmp2" '{"execute":"query-cpus-fast"}' |
		grep -o '"thread-id": [1-9][0-9]*' | head -n 1)
	for i in 1 2 3 4 5; do
		: >"$dir/held"
		"$dir/holdup" "${tid##* }" >"$dir/held" 2>&1 &
		holdup=$!
		wait_for 2 test -s "$dir/held"
		grep -q held "$dir/held" || return
		qmp_do -t 5 "$dir/vm/qmp2" '{"execute":"query-status"}' \
			>"$dir/reply" && return
		kill "$holdup"
	done
	return 1
}

burst() {
	xdotool keydown --delay 0 $burst
	wait_for 10 downs 6 || { got; return 1; }
}

burst="Up Down Left Right Home End Insert Delete Prior Next KP_Divide KP_Enter
	q w e r t y u i"

pressed() {
	[ "$(got | grep -c EV_KEY)" = "$1" ]
}

# downs N : so many keys are down in the guest
downs() {
	[ "$(keysdown | wc -l)" = "$1" ]
}

# How often the guest opened it, over all its boots.
reopened() {
	[ "$(grep -c "opened .*$1" "$dir/vm/guest.log")" -ge "$2" ]
}

ROOTPORTS="-machine q35 -device pcie-root-port,id=port1,chassis=101
	-device pcie-root-port,id=port2,chassis=102"

virtio() {
	check "builds for virtio devices" build virtio -Itests/qmp -DVIRTIO
	check "builds for virtio devices on ports" \
		build ports -Itests/qmp -DVIRTIO -DPORTS
	check "a ps2 tablet is refused by the compiler" \
		says 'there is no Ps2 tablet' not build ps2 -Itests/qmp -DPS2
	bare qmp $ROOTPORTS
	start virtio
	check "q35, no bus is named: a port is" wait_for 5 logged \
		'virtio-tablet-pci: .* pcie-root-port,id=.*chassis='
	check "the guest is shown" becomes 0x11 running
	check "exits" stopped 0 kill "$stub"
	start ports
	check "nobody is in the guest" becomes 0x11 running
	check "a tablet is added" wait_for 5 peripheral screenstub-dev-tablet
	wait_for 5 peripheral screenstub-dev-mouse
	read -r begin _ </proc/uptime
	check "exits" stopped 0 kill "$stub"
	read -r end _ </proc/uptime
	check "within its limit" intime
	check "it says what stays" logged 'tablet: the guest did not let it go'
	dead
	portboot
	start ports
	check "a guest on a q35 is shown" becomes 0x11 running
	check "it finds the tablet" wait_for 10 opened 'Virtio Tablet'
	check "it finds the mouse" wait_for 10 opened 'Virtio Mouse'
	focus
	mark
	xdotool mousemove 0 0
	check "motion arrives" by 'Virtio Tablet' "EV_ABS 0 0" "EV_ABS 1 0"
	mark
	xdotool click 1
	check "clicks arrive" by 'Virtio Tablet' "EV_KEY 272 1" "EV_KEY 272 0"
	check "exits" stopped 0 kill "$stub"
	check "the tablet is gone" not peripheral screenstub-dev-tablet
	check "the mouse too" not peripheral screenstub-dev-mouse
	guest_stop "$dir/vm"
	portboot -device virtio-rng-pci,bus=port2
	start ports
	check "a port is taken: it is said" wait_for 5 logged \
		'virtio-tablet-pci: PCI: slot 0 .*, in use by virtio-rng-pci'
	check "the mouse on the other is added" \
		wait_for 10 opened 'Virtio Mouse'
	check "the tablet is not" not peripheral screenstub-dev-tablet
	check "exits" stopped 0 kill "$stub"
	guest_stop "$dir/vm"
}

portboot() (
	GUEST_INPUT="-device virtio-keyboard-pci"
	GUEST_APPEND=expect=1
	boot $ROOTPORTS "$@"
)

buttons() {
	boot
	mouseset "QEMU Virtio Mouse"
	start stub
	check "a guest with tablet and mouse is shown" becomes 0x11 running
	focus
	mark
	xdotool mousemove 100 100
	wait_for 5 arrived 'EV_ABS 1 .*'
	mark
	xdotool click 1
	check "the mouse had the buttons: the tablet's is clicked" \
		by 'Virtio Tablet' "EV_KEY 272 1" "EV_KEY 272 0"
	hmp system_reset
	wait_for 60 booted 2
	mouseset "QEMU Virtio Mouse"
	focus
	mark
	xdotool mousemove 200 200
	wait_for 5 arrived 'EV_ABS 1 .*'
	mark
	xdotool click 3
	check "after a reset too" \
		by 'Virtio Tablet' "EV_KEY 273 1" "EV_KEY 273 0"
	mark
	xdotool click 4
	check "the wheel too" by 'Virtio Tablet' "EV_REL 8 1"
	check "exits" stopped 0 kill "$stub"
	guest_stop "$dir/vm"
}

# ---- actions ----

actions() {
	boot
	start stub
	check "a guest is shown" becomes 0x11 running
	wait_for 10 portopen
	logmark
	check "vmpause" act vmpause
	check "the host, and the VM is stopped" becomes 0x0f stopped
	check "in this order" ordered 'show: host is shown' \
		'send {"execute":"stop"'
	check "vmpause again: nothing to do" act vmpause
	check "vmresume" act vmresume
	check "the guest, and the VM runs" becomes 0x11 running
	focus
	xdotool keydown b
	check "a key is held" keys 48
	check "unstickhost" act unstickhost
	check "it is up in the X server, which tells the guest" keys
	xdotool keyup b
	typing
	asking
	hanging
	outputs
	blocked
	powers
}

# Of what was typed since the mark a and ctrl+b are 20 each, and whole.
apart() {
	[ "$(got | grep -c .)" = 120 ] && got | paste -s - | awk '
		{ gsub("EV_KEY ", "")
		  n = gsub("30 1\t30 0", "")
		  n += gsub("29 1\t48 1\t48 0\t29 0", "")
		  print n, $0; exit n != 40 }'
}

typing() {
	mark
	check "guestkeys: what the host takes itself" act guestkeys ctrl+alt+f1
	check "guestkeys: held together" gets "EV_KEY 29 1" "EV_KEY 56 1" \
		"EV_KEY 59 1" "EV_KEY 59 0" "EV_KEY 56 0" "EV_KEY 29 0"
	act showhost
	mark
	check "guestkeys: one after the other, while the host is shown" \
		act guestkeys shift+a a
	check "guestkeys: they arrive" gets "EV_KEY 42 1" "EV_KEY 30 1" \
		"EV_KEY 30 0" "EV_KEY 42 0" "EV_KEY 30 1" "EV_KEY 30 0"
	act showguest
	mark
	check "guestkeys: QEMU has two names fewer" act guestkeys super Win
	check "guestkeys: for meta_l" gets "EV_KEY 125 1" "EV_KEY 125 0" \
		"EV_KEY 125 1" "EV_KEY 125 0"
	mark
	act guestkeys $(yes a | head -n 20) >"$dir/said" 2>&1 &
	act guestkeys $(yes ctrl+b | head -n 20)
	check "guestkeys: two at once" wait $!
	check "guestkeys: neither is within the other's chords" \
		wait_for 5 apart
	# shellcheck disable=SC2046
	act guestkeys $(yes ctrl+alt+c | head -n 300) >"$dir/said" 2>&1 &
	wait_for 5 arrived "EV_KEY 46 1"
	act unstickguest
	wait $!
	check "guestkeys: unstickguest ends it, which is said" \
		grep -q 'not all was typed: all keys were' "$dir/said"
	check "guestkeys: and its keys are up" keys
	check "guestkeys: a wrong name" says "'foo' is no name of QEMU's" \
		not act guestkeys ctrl+foo
	check "guestkeys: none" says 'want keys that' not act guestkeys
	hmp stop
	becomes 0x0f stopped >"$dir/out"
	check "guestkeys: a VM that is stopped" says 'the VM does not run' \
		not act guestkeys a
	hmp cont
	becomes 0x11 running >"$dir/out"
}

# Texts that are not sent, or that QEMU refuses, and that are no end of the
# connection.
asking() {
	check "qmp: a reply" says '"status": "running"' act qmp \
		'{"execute":"query-status"}'
	check "qmp: with arguments" says '^"\(index=\|\* \|.*Mouse\)' act qmp \
		'{"execute":"human-monitor-command","arguments":
			{"command-line":"info mice"}}'
	act qmp '{"execute":"query-qmp-schema"}' >"$dir/reply"
	check "qmp: a long one" test "$(wc -c <"$dir/reply")" -gt 100000
	check "qmp: to its end" sh -c 'tail -c 2 "$1" | grep -q -x "\]"' sh \
		"$dir/reply"
	check "qmp: an error" says "failed: qmp: device_del: Device 'no' not" \
		not act qmp '{"execute":"device_del","arguments":{"id":"no"}}'
	check "qmp: no such command" says 'failed: qmp: no: .*not been found' \
		not act qmp '{"execute":"no"}'
	for text in '' 'stop' '{}' '{"execute":1}' '{"execute":"stop"' \
		'{"execute":"stop"}}' '{"execute":"stop"} {"execute":"stop"}' \
		'["stop"]' "{'execute':'stop'}" '{"execute":"a","b":]}'; do
		check "qmp: '$text' is not sent" says 'want one JSON object' \
			not act qmp "$text"
	done
	check "qmp: no word" says 'want one JSON object' not act qmp
	check "qmp: two words" says 'want no further' not act qmp \
		'{"execute":"stop"}' x
	for text in '{"execute" "stop"}' '{"execute":"query-status",}' \
		'{"execute":"query-status","execute":"stop"}' \
		'{"execute":"query-status","arguments":nope}' \
		'{"execute":"query-status","arguments":{"a":"\q"}}' \
		'{"execute":"query-status","arguments":{"a":"\ud800"}}'; do
		check "qmp: '$text' is QEMU's to refuse" \
			says 'qmp: \(want one\|failed: qmp: .*JSON parse\|failed: want\)' \
			not act qmp "$text"
	done
	check "qmp: the next is answered" says '"status": "running"' act qmp \
		'{"execute":"query-status"}'
	check "qmp: the connection was never lost" not logged 'qmp: up -> '
}

# ordered A B : A was logged before B, since logmark
ordered() {
	tail -n "+$((logmarked + 1))" "$dir/log" | awk -v a="$1" -v b="$2" '
		index($0, b) && !first { early = 1 }
		index($0, a) { first = 1 }
		index($0, b) { second = 1 }
		END { exit early || !second }'
}

# A hotkey's first row never ends; its second one writes a line.
hanging() {
	focus
	: >"$RECORD"
	logmark
	xdotool key ctrl+F5
	wait_for 5 pgrep -f 'sleep 86398' >"$dir/out"
	xdotool key ctrl+F6
	check "a hotkey that hangs does not block another one" \
		wait_for 2 hotkeys 1
	desktop 0
	check "nor a switch" becomes 0x0f running 2
	check "nor -e" act exec true
	check "and it still hangs" pgrep -f 'sleep 86398'
	check "until its limit: its next row" wait_for 10 hotkeys 2
	check "it was ended" since 'sleep: not done within its limit'
	check "with its process" not pgrep -f 'sleep 86398'
	desktop 1
	check "the guest" becomes 0x11 running
}

hotkeys() {
	[ "$(grep -c hotkey "$RECORD")" = "$1" ]
}

outputs() {
	check "guestexec: an exit code is told" \
		says 'busybox: exit code 7$' failing guestexec \
		/bin/busybox sh -c 'exit 7'
	check "a signal" says 'busybox: ended by signal 9$' failing guestexec \
		/bin/busybox sh -c 'kill -9 $$'
	check "no such file" says '/none: ' failing guestexec /none
	logmark
	check "output" act guestexec /bin/busybox sh -c \
		'echo one; echo two >&2; printf "a\033[31mb\001c\n"'
	check "stdout is logged" since 'qga: /bin/busybox: one$'
	check "stderr" since 'qga: /bin/busybox: two$'
	check "control characters are not" since 'busybox: a \[31mb c$'
	check "not anywhere" not grep '[[:cntrl:]]' "$dir/log"
}

# agentwith OPTION... : the agent is started anew with these
agentwith() {
	guest_sh "$dir/vm" 'touch /run/noagent; killall -9 qemu-ga'
	wait_for 10 not portopen
	guest_sh "$dir/vm" "echo '$*' >/run/agent; rm /run/noagent"
	wait_for 10 portopen
}

blocked() {
	agentwith -b guest-exec
	check "guest-exec is blocked in the guest: it is said" says \
		'true: .*guest-exec has been disabled' \
		failing guestexec /bin/true
	check "guestwait" act guestwait
	agentwith
	check "allowed again" act guestexec /bin/true
}

powers() {
	logmark
	check "guestreboot" act guestreboot
	check "by the agent" since 'send.*guest-shutdown.*reboot'
	check "it boots" wait_for 60 booted 2
	noagent
	check "without an agent" act guestreboot
	check "by the reset button" since 'send.*system_reset'
	check "it boots" wait_for 60 booted 3
	check "the guest is shown" becomes 0x11 running
	noagent
	check "guestshutdown without an agent, and the guest ignores it" \
		act guestshutdown
	check "the guest is still shown" both 0x11 running
	logmark
	guest_sh "$dir/vm" "$(echo 'for e in /sys/class/input/event*; do' \
		'grep -q Power $e/device/name && { echo armed >/dev/ttyS0;' \
		'dd bs=24 count=1 && poweroff -f; } </dev/input/${e##*/};' \
		'done &')"
	wait_for 5 grep -q armed "$dir/vm/console.log"
	check "a guest that obeys it" act guestshutdown
	check "by the power button" since 'send.*system_powerdown'
	check "the host" becomes 0x0f off
	wait_for 10 guest_gone "$dir/vm"
	boot
	check "started again: the guest" becomes 0x11 running
	wait_for 10 portopen
	logmark
	check "guestshutdown" act guestshutdown
	check "by the agent" since 'send.*guest-shutdown.*powerdown'
	check "the host" becomes 0x0f off
	check "guestshutdown, and no VM: fails" not act guestshutdown
	check "vmresume, and no VM: fails" not act vmresume
	check "exits" stopped 0 kill "$stub"
	guest_stop "$dir/vm"
}

noagent() {
	wait_for 10 portopen
	guest_sh "$dir/vm" 'touch /run/noagent; killall -9 qemu-ga'
	wait_for 10 not portopen
	logmark
}

# ---- connection ----

# try NAME ARG... : an instance of its own in the background
try() {
	mkdir -m 700 "$dir/run.$1"
	XDG_RUNTIME_DIR="$dir/run.$1" ASAN_OPTIONS=detect_leaks=0 \
		strace -f -e trace=connect -o "$dir/trace.$1" \
		"$dir/noddc" -V -q "$2" -a "${3:-}" 2>"$dir/log.$1" &
	side="$side $!"
}

# tried NAME N : it has tried so many times
tried() {
	[ "$(grep -v '/tmp/.X11-unix' "$dir/trace.$1" |
		grep -v 'run.$1' | grep -c '^[0-9]* *connect')" -ge "$2" ]
}

# told NAME PATH TEXT : once, and nothing else of it
told() {
	grep -F "qmp: $2: " "$dir/log.$1"
	grep -F "qmp: $2: " "$dir/log.$1" | grep -q -e "$3" &&
		[ "$(grep -c -F "qmp: $2: " "$dir/log.$1")" = 1 ]
}

connection() {
	check "builds without a monitor" build noddc -Itests/qmp -DNODDC
	privileges
	if ! strace -o "$dir/trace" true; then
		skip "no connection: why" "strace may not trace here"
		return
	fi
	bare old
	dead
	boot
	mkfifo "$dir/fifo"
	side=
	try absent "$dir/absent"
	try folder "$dir/home"
	try fifo "$dir/fifo"
	try swapped "$dir/vm/qga" "$dir/vm/qmp"
	try refused "$dir/vm/old"
	check "tried, and again" wait_for 30 tried refused 4
	check "no socket: said once" told absent "$dir/absent" \
		'No such file.*a VM makes it'
	check "nobody listens: said once" told refused "$dir/vm/old" \
		'refused (no VM listens there'
	check "a folder: said once" told folder "$dir/home" 'refused (no VM listens there'
	check "a FIFO: said once" told fifo "$dir/fifo" 'refused (no VM listens there'
	check "too long: refused at once" says 'not too long' not "$dir/noddc" \
		-q "$dir/$(printf '%0120d' 0)"
	check "the agent's socket: said once" wait_for 10 told swapped \
		"$dir/vm/qga" 'no greeting .* the agent'
	for i in absent folder fifo swapped refused; do
		XDG_RUNTIME_DIR="$dir/run.$i" "$dir/noddc" -e quit
	done
	wait $side
	side=
	start noddc -a "$dir/vm/qmp2"
	check "QEMU's socket as the agent's" wait_for 10 logged \
		'VM: off -> running'
	check "fails" not act guestwait
	check "it is said" says \
		'the wrong socket (are .* swapped' cat "$dir/log"
	check "once" is "$(count 'are -q and -a swapped')" 1
	stop kill "$stub"
	guest_stop "$dir/vm"
}

# As another user, if this one may all; without X, for it is not that one's.
privileges() {
	text="a socket without permission: it is said"
	if [ "$(id -u)" != 0 ]; then
		bare
		chmod 0 "$dir/vm/qmp"
		check "$text" says 'Permission denied (run QEMU as you' \
			"$dir/noddc" -q "$dir/vm/qmp" -w host
	else
		open=$(mktemp -d)
		chmod 755 "$open"
		cp "$dir/noddc" "$open"
		bare "../../${open##*/}/qmp"
		check "$text" says 'Permission denied (run QEMU as you' setpriv \
			--reuid 65534 --regid 65534 --clear-groups \
			"$open/noddc" -q "$open/qmp" -w host
	fi
	dead
	rm -rf "${open:-}"
}

# ---- rows ----

# Each event in turn, and what its row finds in its environment.  There is no
# way to make this guest hibernate.
events() {
	: >"$RECORD"
	boot -device pvpanic
	start stub
	# which of the VM and the window is known first may differ
	check "vmstart" recorded "vmstart shown=[a-z]* wish=[a-z]* vm=running
		agent=[a-z]* grab=none"
	check "guestshown" recorded "guestshown shown=guest wish=guest
		vm=running agent=[a-z]* grab=none"
	check "agentup" recorded "agentup shown=[a-z]* wish=[a-z]* vm=running
		agent=up grab=none"
	rest="wish=guest vm=running agent=up"
	act grab x
	check "grabbed" recorded "grabbed shown=guest $rest grab=x"
	act ungrab x
	check "ungrabbed" recorded "ungrabbed shown=guest $rest grab=none"
	hmp system_powerdown
	check "powerdown" recorded "powerdown shown=guest $rest grab=none"
	: >"$RECORD"
	desktop 0
	check "hostshown" recorded "hostshown shown=host wish=host vm=running
		agent=up grab=none"
	desktop 1
	check "guestshown" recorded "guestshown shown=guest $rest grab=none"
	rest="shown=guest wish=host vm=stopped agent=up grab=none"
	hmp stop
	check "stop" recorded "stop $rest"
	check "vmstop" recorded "vmstop $rest"
	check "hostshown" recorded "hostshown shown=host wish=host vm=stopped
		agent=up grab=none"
	rest="shown=host wish=guest vm=running agent=up grab=none"
	: >"$RECORD"
	hmp cont
	check "resume" recorded "resume $rest"
	check "vmstart" recorded "vmstart $rest"
	check "guestshown" recorded "guestshown shown=guest wish=guest
		vm=running agent=up grab=none"
	guest_sh "$dir/vm" 'touch /run/noagent; killall -9 qemu-ga'
	check "agentdown" recorded "agentdown shown=guest wish=guest vm=running
		agent=down grab=none"
	rest="agent=down grab=none"
	: >"$RECORD"
	guest_sh "$dir/vm" 'echo mem >/sys/power/state'
	check "suspended: the host" becomes 0x0f suspended
	check "suspend" recorded "suspend shown=guest wish=host vm=suspended
		$rest"
	check "vmstop" recorded "vmstop shown=guest wish=host vm=suspended
		$rest"
	check "hostshown" recorded "hostshown shown=host wish=host vm=suspended
		$rest"
	hmp system_wakeup
	check "woken: the guest" becomes 0x11 running
	check "wakeup" recorded "wakeup shown=host wish=guest vm=running $rest"
	check "guestshown" recorded "guestshown shown=guest wish=guest
		vm=running $rest"
	: >"$RECORD"
	hmp system_reset
	check "reset" recorded "reset shown=guest wish=guest vm=running
		agent=[a-z]* grab=none"
	wait_for 60 booted 2
	wait_for 10 portopen
	: >"$RECORD"
	guest_sh "$dir/vm" 'echo c >/proc/sysrq-trigger'
	rest="shown=[a-z]* wish=host vm=[a-z]* agent=[a-z]* grab=none"
	check "guestpanicked" recorded "guestpanicked $rest"
	check "shutdown" recorded "shutdown $rest"
	check "vmstop" recorded "vmstop $rest"
	check "agentdown" recorded "agentdown $rest"
	check "hostshown" recorded "hostshown shown=host wish=host vm=[a-z]*
		agent=[a-z]* grab=none"
	check "exits" stopped 0 kill "$stub"
	check "leave" recorded "leave shown=host wish=host vm=off
		agent=unknown grab=none"
	guest_stop "$dir/vm"
}

# recorded LINE : a row has written it; blanks may be as they like
recorded() {
	line=$(echo $1)
	wait_for 10 grep -q -x -e "$line" "$RECORD" || {
		echo "expected $line; there is"
		cat "$RECORD"
		return 1
	}
}

# What is held when a snapshot is made is down in it for ever; the guest repeats
# the last key.
snapshot() {
	qemu-img create -q -f qcow2 "$dir/state" 1G
	boot -drive "if=none,id=state,format=qcow2,file=$dir/state"
	start stub
	check "V10: a guest is shown" becomes 0x11 running
	for action in unstickguest emergency; do
		focus
		xdotool keydown c keydown shift mousedown 1
		check "V10: keys and a button are held" keys 42 46 272
		saved savevm
		xdotool keyup c keyup shift mouseup 1
		check "V10: and are up" keys
		mark
		saved loadvm
		check "V10: the snapshot holds them" wait_for 10 repeats 42
		becomes 0x11 running >"$dir/out"
		mark
		act $action
		for code in 42 46 272; do
			check "V10: $action: key $code goes up" \
				wait_for 10 arrived "EV_KEY $code 0"
		done
	done
	check "exits" stopped 0 kill "$stub"
	guest_stop "$dir/vm"
}

# A VM that is restored must have the devices that it was saved with.
restored() {
	bare qmp -device qemu-xhci
	check "L3: a VM is saved" migrated
	dead
	start stub
	bare qmp -device qemu-xhci -incoming defer
	check "L3: another waits for its state" wait_for 5 logged \
		'VM: off -> stopped'
	act showhost # by then all has been asked
	check "L3: it is given no devices" not peripheral screenstub-dev
	qmp_do "$dir/vm/qmp2" '{"execute":"migrate-incoming","arguments":
		{"uri":"exec:cat '"$dir/state"'"}}' >"$dir/reply"
	check "L3: it is restored, and runs" becomes 0x0f running
	check "L3: then they are added" wait_for 5 peripheral \
		screenstub-dev-tablet
	check "L3: and what that means is said" logged \
		'the VM was given devices (end screenstub before it is saved'
	check "exits" stopped 0 kill "$stub"
	check "L3: then it is saved" migrated
	dead
	bare qmp -device qemu-xhci -incoming "exec:cat $dir/state"
	check "L3: and restored" wait_for 10 hasstatus running
	dead
}

# To a file, as libvirt's managedsave does it.
migrated() {
	qmp_do "$dir/vm/qmp2" '{"execute":"migrate","arguments":
		{"uri":"exec:cat >'"$dir/state"'"}}' >"$dir/reply"
	wait_for 20 hasstatus postmigrate
}

hasstatus() {
	hmp query-status
	grep -q "\"$1\"" "$dir/reply"
}

saved() {
	qmp_do -t 60 "$dir/vm/qmp2" '{"execute":"human-monitor-command",
		"arguments":{"command-line":"'"$1"' held"}}' >"$dir/reply"
}

repeats() {
	tail -n "+$((marked + 1))" "$dir/vm/guest.log" | grep -q "EV_KEY $1 2"
}

# Rows of Leave on every way out: the one in the middle fails, or hangs.
exits() {
	bare
	hook='echo hook >>"$RECORD"; exit 3'
	for signal in TERM INT HUP; do
		way "SIG$signal" 0 'kill -'$signal' "$stub"'
	done
	way "-e quit" 0 'act quit'
	way "closed" 0 '"$XWIN" delete "$win"'
	way "destroyed" 1 '"$XWIN" destroy "$win"'
	way "killed by the X server" 1 '"$XWIN" kill "$win"'
	hook='echo hook >>"$RECORD"; exec sleep 86397'
	way "SIGTERM, a row hangs" 0 'kill "$stub"'
	check "it is ended" not pgrep -f 'sleep 86397'
	hook='echo hook >>"$RECORD"; trap "" TERM; while :; do sleep 1; done'
	way "SIGTERM, a row hangs and ignores TERM" 0 'kill "$stub"'
	kill -STOP "$(qemu)"
	hook='echo hook >>"$RECORD"; exit 3'
	start stub
	wait_for 10 logged 'show: host is shown'
	kill -CONT "$(qemu)"
	becomes 0x11 running 20 >"$dir/out"
	way "QEMU hangs" 0 'kill -STOP "$(qemu)"; kill "$stub"'
	kill -CONT "$(qemu)"
	way "the X server is killed" 1 'kill -9 "$screen_xpid"'
	rm -f "$RECORD.leave"
	dead
	screen_stop
	screen_start "$dir/screen2"
}

# way TEXT STATUS COMMAND : the rows, the host, the time
way() {
	[ "$stub" ] || start stub
	check "$1: the guest is shown before" becomes 0x11 running
	: >"$RECORD"
	echo "$hook" >"$RECORD.leave"
	read -r begin _ </proc/uptime
	check "$1: the host is shown, status $2" stopped "$2" eval "$3"
	read -r end _ </proc/uptime
	check "$1: within ExitLimit" intime
	check "$1: all rows of Leave have run, in order" is \
		"$(grep -o '^[a-z]*' "$RECORD" | grep -v 'shown\|vmstop' |
			tr '\n' ' ')" \
		"leave hook last "
	rm "$RECORD.leave"
}

# ---- all of it ----

wants $VM_PACKAGES
lab
export RECORD="$dir/record"
often=${LONG:+50}
: "${often:=10}"
program_prepare "$cache" || exit
check "builds with sanitizers" build stub -Itests/qmp
[ -x "$dir/stub" ] || exit 1
${CC:-cc} -O2 -o "$dir/kill" tests/lib/kill.c &&
${CC:-cc} -O2 -D_GNU_SOURCE -o "$dir/holdup" tests/lib/holdup.c || exit
# Reset guests boot in half the time when few old translations are kept.
case $(guest_accel) in
tcg*) GUEST_ACCEL=tcg,thread=multi,tb-size=32 ;;
esac
monitor_prepare "$cache" && screen_prepare "$cache" &&
	guest_or_skip "$cache" || exit
check "the lab: monitors" monitor_start "$dir/monitor" -d tests/lib/demo.tsv
check "the lab: a screen" screen_start "$dir/screen"
guest_usb_prepare "$cache" || exit
usbcache=$(cd "$cache/usb/guest" && pwd)
[ $# != 0 ] || set -- $VM_PARTS
parts "$@"
unharmed
finish
