#!/bin/sh
# Tests the test lab itself: do the simulated monitors convince ddcutil, and
# does the guest show what it is sent?  Prints TAP.
set -u
cd "$(dirname "$0")/.." || exit
. tests/need.sh
. tests/tap.sh
. tests/guest.sh
. tests/monitor.sh

LAB_PACKAGES="$MONITOR_PACKAGES $GUEST_PACKAGES ddcutil"
cache=${CACHE:-.cache}
clean() {
	guest_stop "$dir/guest"
	rm -rf "$dir"
}

# ---- monitors ----

# under COMMAND... : with two monitors
under() {
	"$MONITOR" -n 2 -l "$dir/log" "$@"
}

says() {
	want=$1
	shift
	"$@" >"$dir/said" 2>&1
	cat "$dir/said"
	grep -q "$want" "$dir/said"
}

register() {
	[ "$(cat "$dir/log.input.$1")" = "$2" ]
}

# The same run for whoever is asking; leaves the log.
agrees() {
	rm -f "$dir"/log*
	under -- sh -ec '
		ddcutil detect
		ddcutil --bus 1 capabilities
		ddcutil --bus 1 getvcp 60 --terse
		ddcutil --bus 1 setvcp 60 0x11
		ddcutil --bus 1 getvcp 60 --terse' >"$dir/agree" 2>&1
	cat "$dir/agree"
	for want in 'Model: *DELL S2722DGM' 'Model: *C27R500' \
		'0f: DisplayPort-1' '11: HDMI-1' \
		'^VCP 60 SNC x0f' '^VCP 60 SNC x11'; do
		if ! grep -q "$want" "$dir/agree"; then
			echo "missing: $want"
			return 1
		fi
	done
}

# A fault that comes while a command runs, told by the control pipe.
faultcomes() {
	under -c "$dir/ctl" -- sh -ec '
		ddcutil --bus 1 getvcp 60
		echo 1:silent >"$1"
		until grep -q "i2c-1 control silent" "$2"; do sleep 0.05; done
		! ddcutil --bus 1 getvcp 60' sh "$dir/ctl" "$dir/log"
}

monitors() {
	check "ddcutil sees the monitors and their inputs, and switches one" \
		agrees
	check "the register follows" register 1 0x11
	check "the log tells the change" \
		grep -q ' i2c-1 input 0x0f -> 0x11$' "$dir/log"
	check "the other monitor stays" register 2 0x0f
	check "the trap was not touched" not grep TOUCHED "$dir/log"
	under -- sh -c ': <>/dev/i2c-0'
	check "the trap would have told" grep ' i2c-0 TOUCHED' "$dir/log"
	under -- ddcutil --sleep-multiplier 0.1 --bus 1 getvcp 60 >"$dir/out"
	check "a reply read too early is told" \
		grep ' i2c-1 EARLY reply' "$dir/log"
	check "a silent monitor fails" \
		not under -f silent -- ddcutil --bus 1 getvcp 60
	check "a set may be dropped" says '^VCP 60 SNC x0f' under -f drop-set \
		-- sh -c 'ddcutil --bus 1 --noverify setvcp 60 0x11
			ddcutil --bus 1 --terse getvcp 60'
	check "a fault can come while a command runs" faultcomes
	check "the command's exit status is kept" \
		says '^42$' sh -c '"$@"; echo $?' sh "$MONITOR" -- \
		sh -c 'exit 42'
}

ordinary() {
	text="the same for an ordinary user"
	as="setpriv --reuid=65534 --regid=65534 --clear-groups"
	if [ "$(id -u)" -ne 0 ]; then
		skip "$text" "all of this ran as one"
	elif ! $as test -x "$MONITOR" -a -r tests/data/monitors.tsv; then
		skip "$text" "uid 65534 may not read this folder"
	else
		rm -f "$dir"/log*
		chmod 777 "$dir"
		check "$text" says '^VCP 60 SNC x11' $as env HOME="$dir" \
			"$MONITOR" -l "$dir/log" -- sh -c '
			ddcutil setvcp 60 0x11
			ddcutil --terse getvcp 60'
		check "and the register follows" register 1 0x11
	fi
}

# ---- guest ----

key() {
	qmp_do "$dir/guest/qmp2" '{"execute":"input-send-event","arguments":
		{"events":[{"type":"key","data":{"down":'"$1"',
		"key":{"type":"qcode","data":"a"}}}]}}'
}

# The key went down, came up, and nothing else did.
pressed() {
	[ "$(sed -n 's/.* \(EV_KEY .*\)/\1/p' "$dir/guest/guest.log")" = \
"EV_KEY 30 1 QEMU Virtio Keyboard
EV_KEY 30 0 QEMU Virtio Keyboard" ]
}

ping() {
	qga_do -t 1 "$dir/guest/qga" '{"execute":"guest-ping"}'
}

screenshot() {
	qmp_do "$dir/guest/qmp2" '{"execute":"screendump","arguments":
		{"filename":"'"$dir/screen.png"'","format":"png"}}' &&
	test -s "$dir/screen.png"
}

guest() {
	check "the guest starts" guest_start "$dir/guest"
	check "the guest opens its input devices" guest_wait "$dir/guest" 60
	key true >"$dir/out"
	key false >"$dir/out"
	check "a key arrives in the guest" wait_for 10 pressed
	check "the agent answers" wait_for 20 ping
	check "the screen can be taken" screenshot
	# on success there is no answer, but the line goes dead
	qga_do "$dir/guest/qga" '{"execute":"guest-shutdown"}' \
		>"$dir/out" 2>&1
	check "the agent's shutdown powers it off" \
		wait_for 20 guest_gone "$dir/guest"
}

if ! need $LAB_PACKAGES; then
	echo "1..0 # SKIP packages are missing"
	exit 0
fi
dir=$(mktemp -d)
# ddcutil remembers capabilities below here
unset XDG_CACHE_HOME
export HOME="$dir"
trap clean EXIT
trap 'exit 1' HUP INT TERM

if monitor_prepare "$cache"; then
	monitors
	ordinary
else
	check "the monitor program is built" false
fi
if guest_prepare "$cache"; then
	guest
else
	check "the guest is made" false
fi
echo "1..$n"
exit $failed
