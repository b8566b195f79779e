#!/bin/sh
# The program on a real kernel, with udevd, Xorg and libinput, and a human's
# devices of uinput; what its guest gets is read from the guest's own log.  All
# in the box, see box.sh.  Prints TAP.
#
# usage: real.sh [PART...]  the names of functions below; all without one
#        real.sh latency    how long a key takes, for make bench
set -u
cd "$(dirname "$0")/../.." || exit
. tests/lib/test.sh
. tests/lib/box-ddc.sh

REAL_PACKAGES="$BUILD_PACKAGES $BOX_PACKAGES $DDC_PACKAGES"
REAL_PARTS="qmp linux evdev clone blank rights virtio options order q35
	monitors"
vm=/run/vm
machine=

# ---- the program in the box ----

run() {
	box_run "$dir" "export XDG_RUNTIME_DIR=/run RECORD=$dir/record
		$1"
}

# boot MACHINE : the guest is one of those
boot() {
	[ "$machine" != "$1" ] || return 0
	box_guest_stop "$dir"
	machine=
	box_guest "$dir" "$1" && machine=$1
}

# What parts before could not remove in time ends with their QEMU: a guest may
# eject later what has taken its slot.
another() {
	box_guest_stop "$dir"
	machine=
	wait_for 10 nodesare 0
	boot pc
}

# start PROGRAM [COMMAND] : by this command, such as setpriv, until its window
# is shown
start() {
	program=$1
	runs=$((${runs:-0} + 1))
	[ ! -f "$dir/log" ] || mv "$dir/log" "$dir/log.$runs"
	rm -f "$dir/status"
	mark
	launch "$@"
	wait_for 30 visible && [ ! -e "$dir/status" ] || cat "$dir/log"
	run 'timeout 60 xdotool search --class "^screenstub$" windowfocus'
}

# Its exit status is written when it is over.
launch() {
	run "xdotool set_desktop 0
		{
			${2:-} $dir/$1 -VV -q $vm/qmp -a $vm/qga 2>$dir/log &
			echo \$! >$dir/pid
			wait \$!
			echo \$? >$dir/status.new
			mv $dir/status.new $dir/status
		} >/dev/null 2>&1 &"
}

visible() {
	[ -e "$dir/status" ] || logged 'show: guest is shown'
}

# stopped STATUS [SIGNAL]
stopped() {
	run "kill -${2:-TERM} \$(cat $dir/pid)"
	wait_for 65 [ -e "$dir/status" ]
	read -r status <"$dir/status" && [ "$status" = "$1" ] || {
		echo "exit status ${status:-none}"
		tail -n 20 "$dir/log"
		return 1
	}
}

alive() {
	[ ! -e "$dir/status" ] || return
	run "kill -0 \$(cat $dir/pid)"
}

act() {
	run "$dir/$program -e $*"
}

# The lines of the log since logmark.
logmark() {
	logmarked=$(wc -l <"$dir/log")
}

since() {
	tail -n "+$((logmarked + 1))" "$dir/log" | grep -e "$1"
}

tells() {
	wait_for "${2:-10}" since "$1" >/dev/null || {
		tail -n "+$((logmarked + 1))" "$dir/log" | cut -c 1-200
		return 1
	}
}

# ---- the human ----

hand() {
	human "$dir" "$@"
}

# press DEVICE CODE...
press() {
	typed=$1
	shift
	for code; do
		hand "key $typed $code 1" "key $typed $code 0"
	done
}

# new NAME KIND TITLE PRODUCT : and X has it too
new() {
	box_new "$dir" "$1" "$2" "$3" 0x1234 "$4" &&
	wait_for 10 listed "$3"
}

listed() {
	run "xinput list --name-only" | grep -q -x -e ".*$1"
}

# What the human was told, since toldmark.
toldmark() {
	toldmarked=$(wc -l <"$dir/box/human")
}

told() {
	tail -n "+$((toldmarked + 1))" "$dir/box/human" | grep -x -e "$1"
}

hears() {
	wait_for 30 told "$1" >/dev/null || {
		tail -n "+$((toldmarked + 1))" "$dir/box/human"
		return 1
	}
}

# ---- what came of it ----

# As in program.sh, but how often a held key repeats is up to the guest.
got() {
	tail -n "+$((marked + 1))" "$dir/vm/guest.log" |
		sed -n 's/^[0-9.]* \(EV_[A-Z]* [0-9]* -*[0-9]*\) .*/\1/p' |
		grep -v -e EV_SYN -e 'EV_KEY [0-9]* 2'
}

# keys CODE... : each pressed and released, and nothing else
keys() {
	gets $(IFS=; for code; do
		printf 'EV_KEY,%s,1 EV_KEY,%s,0 ' "$code" "$code"
	done)
}

# gets EVENT... : exactly these, such as EV_KEY,30,1
gets() {
	printf '%s\n' "$@" | tr , ' ' >"$dir/want"
	wait_for 10 same
	got | diff "$dir/want" -
}

arrives() {
	wait_for 20 arrived "$1" || { got; return 1; }
}

# What X had of keys and buttons since xmark, whoever has grabbed them.
xmark() {
	xmarked=$(wc -l <"$dir/x.log")
}

xgot() {
	tail -n "+$((xmarked + 1))" "$dir/x.log" | awk '
		/^EVENT/ { type = $4 }
		/detail:/ && type ~ /RawKey/ {
			print (type ~ /Press/ ? "press" : "release"), $2 - 8
		}
		/detail:/ && type ~ /RawMotion|RawButton/ { print "mouse" }'
}

xsame() {
	[ "$(xgot)" = "$(cat "$dir/xwant")" ]
}

# xkeys CODE... : it saw these pressed and released, and nothing else
xkeys() {
	for code; do
		printf 'press %s\nrelease %s\n' "$code" "$code"
	done >"$dir/xwant"
	wait_for 10 xsame
	xgot | diff "$dir/xwant" -
}

both() {
	mark
	xmark
}

# alone DEVICE : the guest gets its keys, and X does not; KEY_B of the first
# keyboard shows that X would have seen them by then
alone() {
	both
	press "$1" 30
	arrives 'EV_KEY 30 0' && press kbd 48 && keys 30 48 && xkeys 48
}

# shared DEVICE : X gets its keys, and the guest each once
shared() {
	both
	press "$1" 30 && keys 30 && xkeys 30
}

# ---- routes ----

# The same for each; what it takes to be sure that nobody else typed.
# carries HORIZONTAL
carries() {
	mark
	hand 'abs tablet 16000 16000'
	arrives 'EV_ABS 1 [0-9]*'
	press kbd 44
	check "$program: the first key arrives" arrives 'EV_KEY 44 0'
	mark
	press kbd 30 57 103
	check "$program: keys" keys 30 57 103
	mark
	mark
	hand 'key kbd 29 1' 'key kbd 46 1' 'key kbd 46 0' 'key kbd 29 0'
	check "$program: a modifier and a key" gets EV_KEY,29,1 EV_KEY,46,1 \
		EV_KEY,46,0 EV_KEY,29,0
	mark
	press kbd 67
	check "$program: a remapped key" keys 68
	mark
	hand 'abs tablet 32767 32767'
	check "$program: the pointer in a corner" \
		gets EV_ABS,0,32767 EV_ABS,1,32767
	mark
	hand 'abs tablet 0 0'
	check "$program: in the other" gets EV_ABS,0,0 EV_ABS,1,0
	mark
	press tablet 272
	check "$program: the tablet's button" keys 272
	wheels "$1" "$program"
	mark
	press mouse 272 273 274 275 276
	check "$program: five buttons" keys 272 273 274 275 276
	mark
	check "$program: an X grab" act grab x
	hand 'rel mouse 5 3'
	check "$program: relative motion" gets EV_REL,0,5 EV_REL,1,3
	mark
	hand 'rel mouse -50 0'
	check "$program: as fast as it was" gets EV_REL,0,-50
	wheels "$1" "$program, relative"
	mark
	press mouse 272 275
	check "$program, relative: buttons" keys 272 275
	check "$program: the grab ends" act ungrab x
}

# In the guest all of the motion that X had since xmark, which is not all that
# the human made: on a busy machine the kernel's buffer for X overruns.  What a
# PS/2 mouse had no room for QEMU keeps until its next motion.
# moved NAME COUNT
moved() {
	sum= xsum=0 sides=0
	for nudge in 1 2 3 4 5 6; do
		hand "rel $1 1 0" "key $1 275 1" "key $1 275 0"
		within 20 pressed "$sides" || continue
		xsum=$(xmotion)
		sum=$(got | awk '$1 == "EV_REL" && $2 == 0 { n += $3 }
			END { print n + 0 }')
		[ "$sum" != "$xsum" ] || break
	done
	echo "of $2 and $nudge X had $xsum, the guest $sum"
	[ "$sum" = "$xsum" ] && [ "$xsum" -ge "$(($2 / 10))" ]
}

# Its side button has come to both, more than so many times: so has all before.
pressed() {
	sides=$(got | grep -c -x 'EV_KEY 275 0')
	[ "$sides" -gt "$1" ] &&
	[ "$(tail -n "+$((xmarked + 1))" "$dir/x.log" |
		grep -c 'RawButtonRelease')" = "$sides" ]
}

xmotion() {
	tail -n "+$((xmarked + 1))" "$dir/x.log" | awk '
		/^EVENT/ { raw = $4 == "(RawMotion)" }
		raw && $1 == "0:" { n += substr($3, 2) }
		END { print n + 0 }'
}

# wheels HORIZONTAL TEXT : by a route that has no horizontal one the vertical
# one shows that nothing was made of it
wheels() {
	mark
	hand 'wheel mouse 1' 'wheel mouse -1' 'wheel mouse 0 1' \
		'wheel mouse 0 -1' 'wheel mouse 1'
	if "$1"; then
		check "$2: wheels" gets EV_REL,8,-1 EV_REL,8,1 EV_REL,6,1 \
			EV_REL,6,-1 EV_REL,8,-1
	else
		check "$2: the wheel" gets EV_REL,8,-1 EV_REL,8,1 EV_REL,8,-1
	fi
}

# holds KEY BUTTON : until the guest has both, which come by two devices; what
# comes after the window is hidden is not sent
holds() {
	mark
	hand "key kbd $1 1" "key mouse $2 1"
	arrives "EV_KEY $1 1" && arrives "EV_KEY $2 1"
}

# A key and a button are held when the window is hidden, and at the end.
leaves() {
	holds 31 272
	run 'xdotool set_desktop 1'
	check "$program: hidden: what is held goes up" \
		gone EV_KEY,31 EV_KEY,272
	hand 'key kbd 31 0' 'key mouse 272 0'
	logmark
	run 'xdotool set_desktop 0'
	check "$program: shown again" tells 'show: guest is shown'
	mark
	press kbd 32
	check "$program: and it goes on" keys 32
	holds 33 273
	check "$program: exits" stopped 0
	check "$program: what was held goes up" gone EV_KEY,33 EV_KEY,273
	hand 'key kbd 33 0' 'key mouse 273 0'
}

# gone KEY... : pressed once, and then released once; which goes up first is
# not said
gone() {
	for k; do
		printf '%s,1\n%s,0\n' "$k" "$k"
	done | tr , ' ' | sort >"$dir/want"
	wait_for 10 sortedsame
	gotkeys | diff "$dir/want" -
}

gotkeys() {
	got | grep EV_KEY | sort
}

sortedsame() {
	[ "$(gotkeys)" = "$(cat "$dir/want")" ]
}

qmp() {
	boot pc
	start qmp
	carries false
	act grab x
	both
	hand 'burst mouse 1000 1'
	check "qmp: a mouse of 1000 Hz: all of its motion" moved mouse 1000
	leaves
}

linux() {
	boot pc
	start linux
	check "linux: QEMU reads the nodes" reads 3
	carries false
	leaves
}

# The first device that is plugged in takes its time.
reads() {
	wait_for 20 added "$1" || { tail -n 20 "$dir/log"; return 1; }
}

added() {
	[ "$(count 'was added for')" -ge "$1" ]
}

plugged() {
	wait_for 120 opened || { tail -n 20 "$dir/log"; return 1; }
}

opened() {
	[ "$(tail -n "+$((marked + 1))" "$dir/vm/guest.log" |
		grep -c ' opened screenstub-')" -ge 3 ]
}

virtio() {
	boot pc
	start virtio
	check "virtio: the guest has three devices" plugged
	check "virtio: X leaves them alone" not listed 'screenstub-.*'
	carries true
	mark
	press kbd 183 240
	check "virtio: keys that QEMU has no names for" keys 183 240
	leaves
}

q35() {
	boot q35
	start ports
	check "q35, three ports: the guest has three devices" plugged
	carries true
	leaves
}

# What is off as shipped: StartRelative, HiRes, a grab on focus.
options() {
	another
	second
	start options
	check "options: the guest has three devices" plugged
	check "options: grabbed on focus" wait_for 10 logged 'grab: name: held'
	check "options: the guest has it, and X not" alone kbd2
	mark
	hand 'rel mouse 5 3'
	check "options: motion is relative without a grab" \
		gets EV_REL,0,5 EV_REL,1,3
	mark
	hand 'wheel mouse 1' 'wheel mouse -1 1'
	check "options: wheels by X" gets EV_REL,8,-1 EV_REL,8,1 EV_REL,6,1
	check "options: a mouse is grabbed" taken mouse
	mark
	hand 'wheel mouse 1'
	check "options: its wheel's fine axes, too" \
		gets EV_REL,8,-1 EV_REL,11,-120
	freed mouse
	logmark
	run 'xdotool set_desktop 1'
	check "options: the focus is lost: the grab ends" \
		tells 'grab: name: ended'
	both
	press kbd2 30
	check "options: X has the keyboard" xkeys 30
	logmark
	run "xdotool set_desktop 0
		timeout 60 xdotool search --class '^screenstub\$' windowfocus"
	check "options: and the guest again" tells 'grab: name: held'
	check "options: it alone" alone kbd2
	check "options: exits" stopped 0
	hand 'del kbd2'
}

# ---- grabs by evdev ----

second() {
	new kbd2 kbd "Real Keyboard 2" 0x11
	nodeof "Real Keyboard 2"
}

# nodeof TITLE : sets node; empty when there is none
nodeof() {
	node=$(run "grep -l -x '$1' /sys/class/input/event*/device/name")
	node=${node%/device/name}
	node=${node:+/dev/input/${node##*/}}
	[ "$node" ]
}

# taken GRAB : and its device is grabbed
taken() {
	logmark
	act grab "$1" && tells ': grabbed'
}

freed() {
	act ungrab "$1"
}

evdev() {
	boot pc
	start qmp
	press kbd 44
	arrives 'EV_KEY 44 0'
	check "evdev: a second keyboard" second
	check "evdev: without a grab X has it" shared kbd2
	byname
	byothers
	along
	mouse
	held
	busy
	chords
	check "evdev: exits" stopped 0
	hand 'del kbd2'
}

byname() {
	check "evdev, by name: grabbed" taken name
	check "evdev, by name: the guest has it, and X not" alone kbd2
	: >"$dir/record"
	mark
	hand 'key kbd2 29 1' 'key kbd2 88 1' 'key kbd2 88 0' 'key kbd2 29 0'
	check "evdev: a hotkey works there" \
		wait_for 10 grep -q hotkey "$dir/record"
	check "evdev: the guest sees but its modifier" \
		gets EV_KEY,29,1 EV_KEY,94,1 EV_KEY,94,0 EV_KEY,29,0
	mark
	press kbd2 67
	check "evdev: remapped" keys 68
	mark
	hand 'key kbd2 31 1'
	check "evdev: a key is held" arrives 'EV_KEY 31 1'
	hand 'del kbd2'
	check "evdev: unplugged: it goes up" gets EV_KEY,31,1 EV_KEY,31,0
	logmark
	check "evdev: plugged in again" second
	check "evdev: it is grabbed again" tells ': grabbed'
	check "evdev: the guest has it again, and X not" alone kbd2
	overrun
	check "evdev: the grab ends" freed name
	check "evdev: and X has it" shared kbd2
}

# More than the kernel keeps for us, while we stand still.
overrun() {
	mark
	hand 'key kbd2 31 1'
	arrives 'EV_KEY 31 1'
	run "kill -STOP \$(cat $dir/pid)"
	toldmark
	hand 'key kbd2 31 0' 'click kbd2 30 200' 'key kbd2 32 1' 'say over'
	hears over
	run "kill -CONT \$(cat $dir/pid)"
	check "evdev, events are lost: what went down is down" \
		arrives 'EV_KEY 32 1'
	check "and what went up is up" arrives 'EV_KEY 31 0'
	hand 'key kbd2 32 0'
	check "and goes up" arrives 'EV_KEY 32 0'
	check "of 200 presses some were lost, and each had its end" \
		eval 'pairs=$(got | grep -c -x "EV_KEY 30 1")
			[ "$pairs" -lt 200 ] &&
			is "$(got | grep -c -x "EV_KEY 30 0")" "$pairs"'
}

byothers() {
	run "mkdir -p /run/real && rm -f /run/real/node &&
		cp -a $node /run/real/node"
	check "evdev, by path: grabbed" taken node
	check "evdev, by path: the guest has it, and X not" alone kbd2
	freed node
	check "evdev, by a link of udev's: grabbed" taken link
	check "evdev, by a link: the guest has it, and X not" alone kbd2
	hand 'del kbd2'
	logmark
	second
	check "evdev, by a link: plugged in again" tells ': grabbed'
	check "evdev, by a link: and it works" alone kbd2
	freed link
	new twin1 kbd "Real Twin" 0x21
	new twin2 kbd "Real Twin" 0x21
	logmark
	check "evdev, two of a name" act grab twins
	check "evdev, two of a name: both are grabbed" wait_for 10 bothtaken
	check "evdev, two of a name: one works" alone twin1
	check "evdev, two of a name: the other too" alone twin2
	freed twins
	hand 'del twin1' 'del twin2'
}

bothtaken() {
	[ "$(since ': grabbed' | wc -l)" = 2 ]
}

# Not exclusive: X has it too, and xignore keeps the guest from having it
# twice.
along() {
	logmark
	check "evdev, not exclusive" act grab along
	tells 'read along'
	check "evdev, not exclusive: X has it too, the guest once" shared kbd2
	freed along
}

mouse() {
	check "evdev, a mouse: grabbed" taken mouse
	both
	hand 'rel mouse 7 -2' 'wheel mouse 1' 'key mouse 275 1' \
		'key mouse 275 0'
	check "evdev, a mouse: motion, wheel, side button" gets EV_REL,0,7 \
		EV_REL,1,-2 EV_REL,8,-1 EV_KEY,275,1 EV_KEY,275,0
	press kbd 48
	check "evdev, a mouse: X sees nothing of it" xkeys 48
	freed mouse
	both
	hand 'rel mouse 1 0'
	check "evdev, a mouse: it sees it afterwards" wait_for 10 xmoved
	arrives 'EV_ABS 0 [0-9]*'
}

xmoved() {
	[ "$(xgot)" = mouse ]
}

# A grab waits for the keys that somebody else has seen go down.
held() {
	both
	hand 'key kbd2 30 1'
	arrives 'EV_KEY 30 1'
	logmark
	check "evdev, while a key is down" act grab name
	press kbd 48
	arrives 'EV_KEY 48 0'
	check "evdev: not yet" not since ': grabbed'
	hand 'key kbd2 30 0'
	check "evdev: it is up: now" tells ': grabbed'
	check "evdev: the guest has seen it go up" gets EV_KEY,30,1 \
		EV_KEY,48,1 EV_KEY,48,0 EV_KEY,30,0
	printf '%s\n' 'press 30' 'press 48' 'release 48' 'release 30' \
		>"$dir/xwant"
	xgot >"$dir/xgot"
	check "evdev: and so has X" diff "$dir/xwant" "$dir/xgot"
	check "evdev: the grab is a whole one" alone kbd2
	freed name
}

busy() {
	nodeof "Real Keyboard 2"
	toldmark
	hand "hold $node"
	hears "holds $node"
	logmark
	act grab name
	check "evdev: another program has it: said" tells \
		"$node: another program has it grabbed"
	freed name
	hand "free $node"
	hears "freed $node"
	check "evdev: it has let go: grabbed" taken name
	check "evdev: and it works" alone kbd2
}

# The last: the host is to be shown then.
chords() {
	logmark
	hand 'key kbd2 29 1' 'key kbd2 56 1' 'key kbd2 42 1' 'key kbd2 14 1'
	check "evdev: the emergency chord ends the grab" \
		tells 'grab: name: ended'
	hand 'key kbd2 14 0' 'key kbd2 42 0' 'key kbd2 56 0' 'key kbd2 29 0'
	wait_for 10 since 'show: host is shown' >"$dir/out"
	xmark
	press kbd2 30
	check "evdev: X has the keyboard" wait_for 10 xhas 30
	logmark
	run 'xdotool set_desktop 1'
	tells 'window: hidden' >"$dir/out"
	run 'xdotool set_desktop 0'
	check "evdev: hidden and shown: the guest again" \
		tells 'show: guest is shown'
	mark
	press kbd 30
	check "evdev: no key is stuck" keys 30
}

xhas() {
	xgot | grep -q -x "release $1"
}

# ---- clones ----

# capsof TITLE : what its node can do, in $dir/caps
capsof() {
	nodeof "$1" || return
	toldmark
	hand "caps $node"
	hears "caps $node" >/dev/null || return
	told 'has .*' >>"$dir/caps"
}

# alike CLONE TITLE... : the clone can do what these can together; lights,
# sounds, repetition and force feedback, 17 to 21, are none of it
alike() {
	clone=$1
	shift
	: >"$dir/caps"
	for title; do
		capsof "$title" || return
	done
	grep -v 'has \(17\|18\|20\|21\) ' "$dir/caps" | sort -u >"$dir/want"
	: >"$dir/caps"
	capsof "$clone" && sort -u "$dir/caps" | diff "$dir/want" -
}

# cloned EVENT... : exactly these from the clone, and none from elsewhere
cloned() {
	printf '%s\n' "$@" | tr , ' ' >"$dir/want"
	wait_for 10 clonesame
	clonegot | diff "$dir/want" -
}

clonemark() {
	marked3=$(wc -l <"$dir/clone.log")
}

clonegot() {
	tail -n "+$((marked3 + 1))" "$dir/clone.log" | sed -n \
		-e '/EV_SYN/d' -e '/EV_KEY [0-9]* 2 /d' \
		-e 's/^[0-9.]* \(EV_.*\) real clone$/\1/p' \
		-e 's/^[0-9.]* \(EV_.* Real .* 3\)$/\1/p'
}

clonesame() {
	[ "$(clonegot)" = "$(cat "$dir/want")" ]
}

clone() {
	boot pc
	start qmp
	new kbd3 kbd "Real Keyboard 3" 0x31
	new mouse3 mouse "Real Mouse 3" 0x32
	new tablet3 tablet "Real Tablet 3" 0x33
	box_new "$dir" sw3 sw "Real Switch 3" 0x1234 0x34
	run "$dir/guestlog 99 >$dir/clone.log 2>&1 &"
	check "a clone: grabbed" act grab clone
	check "a clone: X has it" wait_for 10 listed "real clone"
	check "a clone: it can do all that they can" alike "real clone" \
		"Real Keyboard 3" "Real Mouse 3" "Real Tablet 3" \
		"Real Switch 3"
	wait_for 10 grep -q 'opened real clone' "$dir/clone.log"
	clonemark
	hand 'packet kbd3 4 4 458756 1 30 1' 'packet kbd3 4 4 458756 1 30 0'
	check "a clone: keys and scan codes" cloned EV_MSC,4,458756 \
		EV_KEY,30,1 EV_MSC,4,458756 EV_KEY,30,0
	clonemark
	hand 'rel mouse3 3 -4' 'wheel mouse3 1 1' 'key mouse3 275 1' \
		'key mouse3 275 0'
	check "a clone: motion, fine wheels, buttons" cloned EV_REL,0,3 \
		EV_REL,1,-4 EV_REL,8,-1 EV_REL,11,-120 EV_REL,6,1 \
		EV_REL,12,120 EV_KEY,275,1 EV_KEY,275,0
	clonemark
	hand 'abs tablet3 1234 30001' 'packet sw3 5 1 1' 'packet sw3 5 1 0'
	check "a clone: axes and switches" cloned EV_ABS,0,1234 \
		EV_ABS,1,30001 EV_SW,1,1 EV_SW,1,0
	clonemark
	press kbd3 67
	check "a clone: not remapped" cloned EV_KEY,67,1 EV_KEY,67,0
	clonemark
	hand 'key kbd3 31 1'
	wait_for 10 grep -q 'EV_KEY 31 1 real clone' "$dir/clone.log"
	hand 'del kbd3'
	check "a clone: unplugged: what is held goes up" \
		cloned EV_KEY,31,1 EV_KEY,31,0
	check "a clone: the grab ends" act ungrab clone
	check "a clone: it is gone" not nodeof "real clone"
	box_new "$dir" pad pad "Real Pad" 0x1234 0x41
	logmark
	check "a pad: grabbed" act grab pad
	check "a pad: all else is as it was, each axis too" \
		alike "real pad" "Real Pad"
	check "a clone: exits" stopped 0
	hand 'del mouse3' 'del tablet3' 'del sw3' 'del pad'
	run "kill \$(pidof guestlog)"
}

# ---- the screen's power ----

power() {
	run 'cat /sys/class/drm/card0-*/dpms' | grep -q -x "$1"
}

idle() {
	run xprintidle
}

idlefor() {
	[ "$(idle)" -ge "$1" ]
}

# wokenafter UPTIME : X is idle for less time than has gone since then
wokenafter() {
	ms=$(idle)
	read -r uptime _ </proc/uptime
	awk "BEGIN { exit !($ms < ($uptime - $1 + 1) * 1000) }"
}

blank() {
	boot pc
	start qmp
	logmark
	run 'xset dpms force off'
	check "DPMS: the screen is off" wait_for 10 power Off
	check "DPMS: the host is shown" tells 'wish: guest -> host'
	run 'xset dpms force on'
	check "DPMS: the screen is on" wait_for 10 power On
	check "DPMS: the guest again" tells 'wish: host -> guest'
	run 'xdotool search --class "^screenstub$" windowfocus'
	mark
	press kbd 30
	check "DPMS: keys go on" arrives 'EV_KEY 30 0'
	awake
	terminals
	check "blank: exits" stopped 0
}

# While the guest is shown nothing blanks by itself, also when X is idle.
awake() {
	run 'xset s off; xset dpms 0 0 3'
	check "the guest is shown: idle for longer than DPMS wants" \
		wait_for 60 idlefor 6000
	check "and the screen is on" power On
	check "a keyboard that is grabbed past X" second
	act grab name
	wait_for 10 logged 'grab: name: held'
	check "idle, so that what follows means something" \
		wait_for 60 idlefor 3000
	mark
	read -r pressed _ </proc/uptime
	press kbd2 31
	check "a key that passes X" arrives 'EV_KEY 31 0'
	check "ends its idleness" wait_for 10 wokenafter "$pressed"
	act ungrab name
	hand 'del kbd2'
	logmark
	act showhost
	check "the host is shown: it blanks by itself" wait_for 60 power Off
	check "and we know" tells 'the screen is blanked'
	check "the guest can't be shown then, and we say why" \
		blanked
	run 'xset dpms 0 0 0' # or it may go dark again before the next look
	press kbd 42
	check "it wakes up" wait_for 10 power On
	check "and we know that" tells 'the screen is on'
	run 'xset dpms 0 0 0'
	act showguest
}

blanked() {
	run "$dir/$program -e showguest 2>&1"
	tells 'not now: the screen is blanked'
}

terminals() {
	logmark
	run 'chvt 2'
	check "another virtual terminal: the host" tells 'wish: guest -> host'
	run 'chvt 1'
	check "back: the guest" tells 'wish: host -> guest'
	run 'xdotool search --class "^screenstub$" windowfocus'
	mark
	press kbd 30
	check "and keys go there" arrives 'EV_KEY 30 0'
}

# ---- the order of things at the end ----

# The nodes must outlive QEMU's devices: QEMU spins on one that is gone.

# How much of a processor QEMU's main thread needs, in percent.
percent() {
	run "read -r p <$vm/qemu.pid
		ticks() {
			sed 's/.*) //' /proc/\$p/task/\$p/stat |
				awk '{ print \$12 + \$13 }'
		}
		a=\$(ticks); read -r s _ </proc/uptime
		sleep 3
		b=\$(ticks); read -r e _ </proc/uptime
		echo \$a \$b \$s \$e" |
		awk '{ printf "%d\n", ($2 - $1) / ($4 - $3) }'
}

spins() {
	p=$(percent)
	echo "$p %"
	[ "$p" -gt 60 ]
}

rests() {
	p=$(percent)
	echo "$p %"
	[ "$p" -le 60 ]
}

nodes() {
	run 'grep -h "^screenstub-" /sys/class/input/event*/device/name' |
		wc -l
}

nodesare() {
	[ "$(nodes)" = "$1" ]
}

# What QEMU still has of ours.
peripherals() {
	box_qmp "$dir" '{"execute":"qom-list",
		"arguments":{"path":"/machine/peripheral"}}' |
		grep -o screenstub-route-[a-z]* | wc -l
}

running() {
	box_qmp "$dir" "{\"execute\":\"$1\"}" >/dev/null
}

order() {
	another
	start patient
	check "order: the guest has three devices" plugged
	check "order: exits" stopped 0
	check "order: QEMU has let go of all" is "$(peripherals)" 0
	check "order: the nodes are gone" nodesare 0
	check "order: QEMU does not spin" rests
	start virtio
	check "killed: the guest had three devices" plugged
	check "killed" stopped 137 KILL
	check "killed: QEMU has the devices" is "$(peripherals)" 3
	check "killed: QEMU spins" spins
	start virtio
	check "killed: a new one gives it new ones" plugged
	check "killed: and QEMU spins no more" wait_for 10 rests
	mark
	press kbd 30
	check "killed: keys arrive" keys 30
	running stop
	read -r begin _ </proc/uptime
	check "paused: exits" stopped 0
	read -r end _ </proc/uptime
	check "paused: it says what stays" \
		logged 'the guest did not let it go'
	check "paused: in time" awk "BEGIN { exit !($end - $begin < 48) }"
	check "paused: QEMU has the devices" is "$(peripherals)" 3
	check "paused: the nodes stay" nodesare 3
	check "paused: QEMU does not spin" rests
	box_guest_stop "$dir"
	machine=
	check "paused: they end with QEMU" wait_for 10 nodesare 0
}

# ---- how long a key takes ----

# For make bench: from the human to the line in the guest's log, by X and by an
# evdev grab, beside a keyboard that QEMU reads itself. In rounds; what counts
# is the median of their ratios.
latency() {
	boot pc
	second
	new kbd3 kbd "Real Keyboard 3" 0x31
	nodeof "Real Keyboard 3"
	check "QEMU reads a keyboard itself" offered
	printf '# %-31s %7s %6s %6s %7s\n' "us from a key to the guest's log" \
		p50 p99 max ratio
	for route in qmp linux virtio; do
		mark
		start "fast.$route"
		[ $route != linux ] || reads 3
		[ $route != virtio ] || plugged
		taken name
		press kbd 44
		arrives 'EV_KEY 44 0'
		check "$route: every key arrives" rounds
		for how in kbd:X kbd2:evdev kbd3:QEMU; do
			awk -v how="$route, ${how#*:}" "$median"'
				{ p50[NR] = $5; p99[NR] = $7; max[NR] = $9
				  getline qemu <"'"$dir/kbd3.us"'"
				  split(qemu, q); ratio[NR] = $5 / q[5] }
				END { printf "# %-31s %7d %6d %6d %7.2f\n",
					how, median(p50), median(p99),
					median(max), median(ratio) }
				' "$dir/${how%:*}.us"
		done
		stopped 0 >"$dir/out"
	done
	hand 'del kbd2' 'del kbd3'
}

median='function median(a, i, j, t) {
		for (i = 1; i <= NR; i++)
			for (j = i; j > 1 && a[j - 1] > a[j]; j--) {
				t = a[j]; a[j] = a[j - 1]; a[j - 1] = t
			}
		return a[int((NR + 1) / 2)]
	}'

offered() {
	box_qmp "$dir" '{"execute":"object-add","arguments":
		{"qom-type":"input-linux","id":"bare","evdev":"'"$node"'"}}' |
		tee "$dir/reply"
	! grep error "$dir/reply"
}

rounds() {
	rm -f "$dir"/kbd*.us
	for round in 1 2 3 4 5; do
		for typed in kbd kbd2 kbd3; do
			toldmark
			hand "probe $typed 30 50 $dir/vm/guest.log"
			wait_for 60 told "probe $typed .*" >>"$dir/$typed.us" ||
				return
		done
	done
}

# ---- rights ----

# By hand: who is root in the box may not read what is root's outside, such as
# the passwords that useradd looks at.
account() {
	echo "echo $1:x:$2:$2::/:/bin/sh >>/etc/passwd
		echo $1:x:$2: >>/etc/group"
}

# joins USER GROUP
joins() {
	echo "sed -i '/^$2:/{s/\$/,$1/;s/:,/:/}' /etc/group"
}

# Another user, whom rules and groups let do it.
rights() {
	run "$(account real 64001); mkdir -p /run/real.d &&
		chown real /run/real.d && chmod 777 $dir"
	second
	user="setpriv --reuid real --regid real --init-groups"
	as="$user env XDG_RUNTIME_DIR=/run/real.d ASAN_OPTIONS=detect_leaks=0"
	check "rights: no /dev/uinput: it is said" refused \
		'/dev/uinput: Permission denied .as root: make install-extras' "$dir/virtio"
	run "$as $dir/qmp -V -q '' 2>$dir/log.user & echo \$! >$dir/pid"
	wait_for 20 userlogged 'show: guest is shown\|x: window: visible'
	run "$as $dir/qmp -e grab name"
	check "rights: no keyboard: the group is named" wait_for 10 userlogged \
		"$node: can't open the device: Permission denied (be in group input"
	run "kill \$(cat $dir/pid)"
	run "make -s install-extras RULES=samples/60-screenstub-group.rules
		udevadm trigger --action=add --subsystem-match=misc \
			--subsystem-match=input
		udevadm settle -t 20
		$(joins real input); $(account realvm 64002)
		$(joins realvm kvm)"
	run "$as $dir/virtio -V -q '' 2>$dir/log.user & echo \$! >$dir/pid"
	check "rights: in the group: the nodes are made" wait_for 20 \
		userlogged 'screenstub-tablet is /dev/input'
	check "rights: QEMU's user can read them" wait_for 10 opens realvm 0
	check "rights: nobody else" opens nobody 3
	run "kill \$(cat $dir/pid)
		$as $dir/qmp -V -q '' 2>$dir/log.user & echo \$! >$dir/pid"
	wait_for 20 userlogged 'x: window: visible'
	run "$as $dir/qmp -e grab name"
	check "rights: in the group: the keyboard is grabbed" wait_for 10 \
		userlogged ': grabbed'
	run "kill \$(cat $dir/pid)
		make -s install-extras"
	hand 'del kbd2'
}

userlogged() {
	grep -q -e "$1" "$dir/log.user"
}

# refused TEXT PROGRAM
refused() {
	run "timeout 60 $as $2 -q ''" >"$dir/said" 2>&1
	refusal=$?
	cat "$dir/said"
	[ "$refusal" = 1 ] && grep -q -e "$1" "$dir/said"
}

# opens USER DENIED : of our three nodes so many are denied to that user, for
# reading and writing
opens() {
	denied=0
	for device in kbd mouse tablet; do
		nodeof "screenstub-$device" || return
		run "setpriv --reuid $1 --regid \$(id -g $1) --init-groups \
			sh -c ': <>$node'" >"$dir/opens" 2>&1 || {
			grep -q denied "$dir/opens" || return
			denied=$((denied + 1))
		}
	done
	[ "$denied" = "$2" ]
}

# ---- monitors ----

monitors() {
	check "monitors: the module and the program are built" \
		eval 'box_headers "$cache" && ddc_build'
	ddc_part
}

# What a part that failed has left.
after() {
	[ -e "$dir/status" ] || [ ! -e "$dir/pid" ] ||
		run "kill -9 \$(cat $dir/pid)" 2>/dev/null
}

prepare() {
	run 'make -s install-extras'
	box_new "$dir" early kbd screenstub-kbd 0x16c0 0x05df
	box_x "$dir" || return
	box_new "$dir" kbd kbd "Real Keyboard" 0x1234 1
	box_new "$dir" mouse mouse "Real Mouse" 0x1234 2
	box_new "$dir" tablet tablet "Real Tablet" 0x1234 3
	# as udev's own rules name what is on a real bus
	run "mkdir -p /run/udev/rules.d
		echo 'KERNEL==\"event*\", ATTRS{name}==\"Real Keyboard 2\",' \
			'SYMLINK+=\"input/by-id/usb-Real-event-kbd\"' \
			>/run/udev/rules.d/90-real.rules
		udevadm control --reload
		stdbuf -oL xinput test-xi2 --root 2>&1 | stdbuf -oL sed -n \
			'/^EVENT.*(Raw/,/^\$/{/^EVENT\|detail:\| 0: /p}' \
			>$dir/x.log &"
	check "X has the human's devices" wait_for 20 listed "Real Tablet"
	check "and not what is called as ours" not listed screenstub-kbd
	hand 'del early'
}

programs() {
	build qmp -Itests/real && build linux -Itests/real -DROUTE=InputLinux &&
	build virtio -Itests/real -DROUTE=VirtioHost &&
	build options -Itests/real -DROUTE=VirtioHost -DOPTIONS=1 &&
	build patient -Itests/real -DROUTE=VirtioHost -DEXITLIMIT=60000 &&
	build ports -Itests/real -DROUTE=VirtioHost \
		-DKEYBOARDBUS='"port1"' -DMOUSEBUS='"port2"' \
		-DTABLETBUS='"port3"' &&
	${CC:-cc} -O2 -static -o "$dir/guestlog" tests/lib/guestlog.c
}

# As they are to be used.
fast() {
	for route in qmp:Qmp linux:InputLinux virtio:VirtioHost; do
		build_plain "fast.${route%:*}" -Itests/real \
			-DROUTE="${route#*:}" || return
	done
}

# ---- all of it ----

wants $REAL_PACKAGES
if [ "$(uname -m)" != x86_64 ]; then
	echo "1..0 # SKIP the box is an x86-64 machine"
	exit 0
fi
lab
[ $# != 0 ] || set -- $REAL_PARTS
program_prepare "$cache" || exit
case $* in
latency) fast ;;
*) programs ;;
esac >"$dir/programs" 2>&1 &
side=$!
guest_or_skip "$cache" && box_prepare "$cache" &&
	box_guest_prepare "$cache" pc || exit
case " $* " in
*" q35 "*) box_guest_prepare "$cache" q35 || exit ;;
esac
check "the box" box_start "$dir" 120
[ -e "$dir/box/up" ] || exit 1
prepare
wait "$side"
status=$?
side=
check "the programs are built" sh -c "cat $dir/programs; exit $status"
parts "$@"
unharmed
finish
