#!/bin/sh
# The program as a whole: a real X server and window manager, real QEMU and
# agent, simulated monitors.  Prints TAP.
#
# usage: e2e.sh [PART...]  the names of functions below; all without one
set -u
cd "$(dirname "$0")/../.." || exit
. tests/lib/test.sh

E2E_PACKAGES="$BUILD_PACKAGES $MONITOR_PACKAGES $GUEST_PACKAGES
	$SCREEN_PACKAGES strace procps x11-xserver-utils x11-utils"
# those of the first line have one instance of the program
E2E_TOGETHER="window visibility keys hotkeys control status text fullscreen hung
	blocked virtualmachine exits"
E2E_PARTS="commands auto $E2E_TOGETHER killed rest rows focused outputs two bare"

# ---- tests ----

boot() {
	guest_start "$dir/vm" && guest_wait "$dir/vm" 120
}

# No VM at first; as it is shipped.
auto() {
	guest_stop "$dir/vm"
	start auto
	check "no VM: the host's input is learned" \
		wait_for 10 logged 'input 0x0f is the host'
	check "a VM appears: connected, the guest's input found" run_vm
	check "auto: left with the host shown" stopped 0 kill "$stub"
}

window() {
	check "the window is as large as the screen" sh -c '
		xdotool getwindowgeometry "$1" | grep "Geometry: 1280x800"
		' sh "$win"
	check "and black" sh -c '
		test "$("$1" pixel 2 2)" = 000000 &&
		test "$("$1" pixel 1277 797)" = 000000' sh "$XWIN"
	check "WM_CLASS has both words and both NULs" is \
		"$("$XWIN" property "$win" WM_CLASS)" \
		73637265656e737475620073637265656e7374756200
	check "WM_NAME and _NET_WM_NAME" is \
		"$("$XWIN" property "$win" WM_NAME)" \
		"$("$XWIN" property "$win" _NET_WM_NAME)"
	check "_NET_WM_PID is the program's" is \
		"$(xdotool getwindowpid "$win")" "$stub"
	xdotool mousemove 300 300
	check "the pointer is hidden over it" "$XWIN" hidden
	check "more files than select can wait for: refused" manyfiles
}

# With all descriptors below FD_SETSIZE taken.
manyfiles() {
	says 'too many open files' bash -c '
		ulimit -n 2048 && for i in {3..1100}; do
			eval "exec $i</dev/null"
		done; exec "$0" -d' "$dir/stub"
}

visibility() {
	check "visible: the guest is shown" wait_for 10 shows 0x11
	desktop 0
	check "another workspace: the host" wait_for 5 shows 0x0f
	desktop 1
	check "back: the guest" wait_for 5 shows 0x11
	xdotool windowminimize "$win"
	check "iconified: the host" wait_for 5 shows 0x0f
	xdotool windowactivate "$win"
	check "raised again: the guest" wait_for 5 shows 0x11
	"$XWIN" cover 1280 800 >"$dir/cover" &
	cover=$!
	check "a locker's window over it: the host" wait_for 5 shows 0x0f
	kill "$cover"
	check "unlocked: the guest" wait_for 5 shows 0x11
	before=$(count 'points hit') hidden=$(count 'window: hidden')
	"$XWIN" cover 300 100 >"$dir/cover" &
	cover=$!
	wait_for 5 looked
	check "a popup hides nothing" is "$(count 'window: hidden')" "$hidden"
	kill "$cover"
	wait "$cover" 2>/dev/null
	"$XWIN" cover 1280 500 >"$dir/cover" &
	cover=$!
	wait_for 5 halfcovered
	check "half covered: it stays visible" isvisible
	"$XWIN" cover 1280 800 >"$dir/over" &
	over=$!
	wait_for 5 not isvisible
	kill "$over"
	wait "$over" 2>/dev/null
	wait_for 5 halfcovered
	check "half uncovered: it stays hidden" not isvisible
	kill "$cover"
	wait "$cover" 2>/dev/null
	cover= over=
	check "uncovered: it is visible" wait_for 5 isvisible
}

halfcovered() {
	grep 'points hit' "$dir/log" | tail -n 1 | grep -q ' 10 of 25'
}

run_vm() {
	boot && wait_for 10 shows 0x11
}

looked() {
	more 'points hit' "$before"
}

keys() {
	guestshown
	focuses "$win"
	xdotool mousemove 640 400
	overtaken
	xdotool key a
	check "a key" gets "EV_KEY 30 1" "EV_KEY 30 0"
	mark
	xdotool key shift+Tab
	check "a modifier" gets "EV_KEY 42 1" "EV_KEY 15 1" "EV_KEY 42 0" \
		"EV_KEY 15 0"
	mark
	xdotool mousemove 0 0
	check "the first corner" gets "EV_ABS 0 0" "EV_ABS 1 0"
	mark
	xdotool mousemove 1279 799
	check "the last corner" gets "EV_ABS 0 32767" "EV_ABS 1 32767"
	mark
	xdotool click 1 click 3 click 2
	check "three buttons" gets "EV_KEY 272 1" "EV_KEY 272 0" \
		"EV_KEY 273 1" "EV_KEY 273 0" "EV_KEY 274 1" "EV_KEY 274 0"
	mark
	xdotool click 8 click 9
	check "the side buttons" gets "EV_KEY 275 1" "EV_KEY 275 0" \
		"EV_KEY 276 1" "EV_KEY 276 0"
	mark
	xdotool click 4 click 5
	check "the wheel" gets "EV_REL 8 1" "EV_REL 8 -1"
	mark
	xdotool keydown b
	wait_for 5 arrived "EV_KEY 48 1"
	desktop 0
	check "a key that is held is released when the window is hidden" gets \
		"EV_KEY 48 1" "EV_KEY 48 0"
	wait_for 5 shows 0x0f
	xdotool keyup b
	guestshown
	mark
	focuses "$win"
	xdotool keydown v
	check "a key that repeats, after 0.7 s, stays down" \
		not within 1 arrived "EV_KEY 47 0"
	xdotool keyup v
	check "and was pressed once" gets "EV_KEY 47 1" "EV_KEY 47 0"
	mark
	xdotool keydown c
	wait_for 5 arrived "EV_KEY 46 1"
	qmp_do "$dir/vm/qmp2" '{"execute":"stop"}' >"$dir/out"
	check "paused: the host is shown" wait_for 5 shows 0x0f
	xdotool keyup c
	qmp_do "$dir/vm/qmp2" '{"execute":"cont"}' >"$dir/out"
	check "goes on: the guest" wait_for 5 shows 0x11
	check "and what was held is released" gets "EV_KEY 46 1" "EV_KEY 46 0"
	blind
}

# A mark behind a key of its own: all that was typed before has arrived.
overtaken() {
	mark
	xdotool key z
	wait_for 5 arrived "EV_KEY 44 0"
	mark
}

# A password for the host is none for the guest.
blind() {
	guestshown
	focuses "$win"
	"$dir/stub" -e showhost
	check "I1: -e status: where keys go" has 'keys nowhere, but for hotkeys'
	check "I1: the window says so" reads 'keys *nowhere, but for hotkeys'
	mark
	xdotool type pw
	xdotool mousemove 300 300 click 1 click 4 mousemove 640 400
	desktop 0
	"$dir/stub" -e toggleshow
	check "I1: the guest was asked for: its window is presented" \
		wait_for 5 isvisible
	wait_for 5 shows 0x11
	wait_for 5 screen_focus "$win"
	check "I1: -e status: they go to the guest" wait_for 5 \
		has 'keys guest'
	xdotool key y
	check "I1: of what was done while the host was seen it gets nothing" \
		gets "EV_KEY 21 1" "EV_KEY 21 0"
	"$XWIN" window 50 50 >"$dir/small" &
	cover=$!
	wait_for 5 not screen_focus "$win"
	check "I1: -e status: without the focus" wait_for 5 has \
		'keys guest, but the window has not the focus'
	kill "$cover"
	wait "$cover" 2>/dev/null
	cover=
}

hotkeys() {
	guestshown
	focuses "$win"
	mark
	xdotool key ctrl+alt+Home
	check "a chord shows the host while the window is visible" \
		wait_for 5 shows 0x0f
	check "of it the guest sees that modifiers go, behind a key that is none" \
		gets "EV_KEY 29 1" "EV_KEY 56 1" "EV_KEY 94 1" "EV_KEY 94 0" \
		"EV_KEY 29 0" "EV_KEY 56 0"
	xdotool key ctrl+alt+Home
	check "and the guest again" wait_for 5 shows 0x11
	xdotool key ctrl+alt+Home
	wait_for 5 shows 0x0f
	desktop 0
	wait_for 5 not isvisible
	desktop 1
	check "a change of visibility ends what the chord said" \
		wait_for 5 shows 0x11
	check "a grab takes the window manager's keys" grabs
	check "without it Super goes up behind a key that is none" covered
	focuses "$win"
	mark
	xdotool key super
	check "and by itself as it is" gets "EV_KEY 125 1" "EV_KEY 125 0"
	"$XWIN" hold >"$dir/holds" &
	holder=$!
	wait_for 5 [ -s "$dir/holds" ]
	"$dir/stub" -e grab x
	check "a grab that another program has is tried for a while, and said" \
		wait_for 5 logged 'x: grab: another program holds it'
	before=$(count 'grab: x: held')
	"$dir/stub" -e grab x
	kill "$holder"
	wait "$holder" 2>/dev/null
	holder=
	check "it is taken when that one lets go" \
		wait_for 5 more 'grab: x: held' "$before"
	"$dir/stub" -e ungrab x
	desktop 0
	wait_for 5 shows 0x0f
	check "no grab while the window is hidden" not "$dir/stub" -e grab x
	guestshown
	held "that this window had" "$win"
}

# Super+1 is openbox's key for the first workspace.
grabs() {
	"$dir/stub" -e grab x
	mark
	xdotool key super+1
	gets "EV_KEY 125 1" "EV_KEY 2 1" "EV_KEY 125 0" "EV_KEY 2 0" &&
	"$dir/stub" -e ungrab x && mark && xdotool key super+1 &&
	wait_for 5 shows 0x0f && guestshown
}

# The guest's start menu opens when the user means it, and only then.
covered() {
	gets "EV_KEY 125 1" "EV_KEY 94 1" "EV_KEY 94 0" "EV_KEY 125 0"
}

control() {
	check "-e showhost" "$dir/stub" -e showhost
	check "is done when it ends" shows 0x0f
	check "-e toggleshow" "$dir/stub" -e toggleshow
	check "shows the guest" shows 0x11
	mark
	focuses "$win"
	xdotool keydown n
	wait_for 5 arrived "EV_KEY 49 1"
	"$dir/stub" -e unstickguest
	check "-e unstickguest" gets "EV_KEY 49 1" "EV_KEY 49 0"
	xdotool keyup n keydown o
	wait_for 5 arrived "EV_KEY 24 1"
	"$dir/stub" -e unstickhost
	check "-e unstickhost: the key is up in X, and so in the guest" \
		wait_for 5 arrived "EV_KEY 24 0"
	xdotool keyup o
	check "-e exec" "$dir/stub" -e exec true
	check "-e exec: exit status" not "$dir/stub" -e exec false
	check "I16: with all signals as they were" "$dir/stub" -e exec \
		grep -q '^SigBlk:.0*$' /proc/self/status
	check "-e guestexec" "$dir/stub" -e guestexec /bin/true
	check "-e guestexec: exit code" not "$dir/stub" -e guestexec /bin/false
	check "-e guestexec: no such file" not "$dir/stub" -e guestexec /none
	check "-e guestwait" "$dir/stub" -e guestwait
	check "-e exec: 4,000 empty words, or one of 4,096 letters, do no harm" \
		emptywords
	check "two wishes at once: the first is told too" both
	reasons
	check "the socket is the user's alone" is \
		"$(stat -c %a "$XDG_RUNTIME_DIR/screenstub-all.sock")" 600
	check "a second instance is refused" says 'already running' \
		monitored timeout 60 "$dir/stub" -q "$dir/vm/qmp"
	monitored timeout 60 "$dir/stub" -q "$dir/vm/qmp" >"$dir/said" 2>&1
	check "its exit status is 1" is "$?" 1
	check "and the first one has its socket" "$dir/stub" -e status
}

status() {
	guestshown
	"$dir/stub" -w host
	"$dir/stub" -w guest # what was an error before is none now
	check "-e status" has 'shown guest' 'wish guest' 'vm running' \
		'agent up' 'route qmp' 'front x11' 'grab none' 'error none' \
		'monitor.0.input 0x11'
	taken=$(count 'grab: x: held')
	"$dir/stub" -e grab x
	wait_for 5 more 'grab: x: held' "$taken"
	check "-e status: a grab" has 'grab x'
	"$dir/stub" -e ungrab x
	check "-w host: the running instance does it" "$dir/stub" -w host
	check "and so it stays" has 'shown host' 'wish host' \
		'monitor.0.input 0x0f'
	check "-w guest -k: as well" "$dir/stub" -w guest -k
	check "and shows the guest" shows 0x11
	check "-e exec: an error" not "$dir/stub" -e exec /nonexistent
	check "-e status: the last error" has 'error exec: /nonexistent: .*'
	kill -STOP "$stub"
	check "-w host does it alone when the instance hangs" \
		monitored timeout 60 "$dir/stub" -w host
	check "and the host is shown" shows 0x0f
	kill -CONT "$stub"
	"$dir/stub" -e showhost
	"$dir/stub" -e showguest
	kill -STOP "$stub"
	timeout 60 "$dir/stub" -e showhost >"$dir/said" 2>&1
	check "-e tells of an instance that hangs" \
		grep -q 'showhost: no answer' "$dir/said"
	wishes=$(count 'wish: guest -> host')
	timeout 60 "$dir/stub" -e showguest &
	side=$!
	within 3 false # longer than -w waits
	kill -CONT "$stub"
	wait "$side"
	check "-e waits for one that is only busy" is $? 0
	side=
	check "which does what it had not answered, too" \
		more 'wish: guest -> host' "$wishes"
	hooks=
	for i in $(seq 16); do
		timeout 60 "$dir/stub" -e exec sleep 86396 2>"$dir/said.$i" &
		hooks="$hooks $!"
	done
	wait_for 10 taken 15
	check "too many actions: it is said at once" says 'too much is under' \
		timeout 20 "$dir/stub" -e exec true
	pkill -f '^sleep 86396'
	wait $hooks
	check "no socket without XDG_RUNTIME_DIR, which is said" \
		says 'is screenstub running' env -u XDG_RUNTIME_DIR \
		"$dir/stub" -e status
}

taken() {
	[ "$(pgrep -c -f '^sleep 86396')" = "$1" ]
}

# What can be read in the window.
reads() {
	wait_for 5 readsnow "$@" || {
		cat "$dir/text"
		return 1
	}
}

readsnow() {
	"$XTEXT" >"$dir/text"
	for line; do
		grep -q -x -e "$line" "$dir/text" || return
	done
}

dark() {
	! "$XTEXT" >"$dir/text"
}

text() {
	guestshown
	"$dir/stub" -e showhost
	"$dir/stub" -e showguest
	check "text: none while the guest is shown" wait_for 5 dark
	"$dir/stub" -e showhost
	check "text: why the guest is not shown" reads 'factor 2' \
		'The guest is not shown: the host was asked for.'
	check "text: the monitor and its input" reads \
		'monitor.0.input *0x0f' 'monitor.0.model *DELL S2722DGM'
	check "text: the VM, agent, route, grab, error" reads \
		'vm *running' 'agent *up' 'route *qmp' 'front *x11' \
		'grab *none' 'error *none'
	check "text: the hotkeys" reads 'Ctrl+Alt+Home *toggleshow' \
		'Ctrl+Alt+Insert *togglegrab x' 'Ctrl+Alt+End *quit' \
		'Ctrl+Shift+Alt+Backspace *emergency'
	check "I22: text: a key that QEMU calls pgup" reads \
		'Ctrl+Alt+PageUp *unstickguest'
	"$XWIN" cover 400 300 >"$dir/cover" &
	cover=$!
	wait_for 5 not readsnow 'vm *running'
	kill "$cover"
	wait "$cover" 2>/dev/null
	cover=
	check "text: it is drawn again where a popup was" reads \
		'The guest is not shown: the host was asked for.' \
		'monitor.0.input *0x0f' 'monitor.0.model *DELL S2722DGM'
	qmp_do "$dir/vm/qmp2" '{"execute":"stop"}' >"$dir/out"
	check "text: it follows what happens" reads 'vm *stopped' \
		'The guest is not shown: the VM is paused.'
	qmp_do "$dir/vm/qmp2" '{"execute":"cont"}' >"$dir/out"
	"$dir/stub" -e showguest
	check "text: and it goes" wait_for 5 dark
}

# A window manager that takes fullscreen away.
fullscreen() {
	guestshown
	focuses "$win"
	mark
	xdotool key super+f
	check "openbox takes fullscreen away" wait_for 5 not isfull
	check "by Super, which goes up behind a key that is none" covered
	desktop 0
	wait_for 5 shows 0x0f
	guestshown
	check "when the window is shown again it is fullscreen" \
		wait_for 5 isfull
}

isfull() {
	xprop -id "$win" _NET_WM_STATE | grep -q FULLSCREEN
}

# The guest while the window has the focus, too, or as soon as it has.
focused() {
	start both
	"$XWIN" window 50 50 >"$dir/third" &
	cover=$!
	wait_for 5 [ -s "$dir/third" ]
	read -r other <"$dir/third"
	focuses "$win"
	check "Visible | Focused: with the focus the guest" \
		wait_for 10 shows 0x11
	focuses "$other"
	check "without the focus the host" wait_for 10 shows 0x0f
	check "although it is visible" isvisible
	focuses "$win"
	check "and with it the guest" wait_for 10 shows 0x11
	"$XWIN" cover 1280 800 >"$dir/over" &
	over=$!
	check "a locker's window, which takes no focus: the host" \
		wait_for 5 shows 0x0f
	kill "$over"
	wait "$over" 2>/dev/null
	check "and the guest again" wait_for 5 shows 0x11
	check "Visible | Focused: exits" stopped 0 kill "$stub"
	"$XWIN" cover 1280 700 >"$dir/over" &
	over=$!
	wait_for 5 [ -s "$dir/over" ]
	monitored_start "$dir/focus" -VV -q "$dir/vm/qmp" -a "" 2>"$dir/log.f"
	stub=$monitored program=focus
	wait_for 10 grep -q 'window: visible' "$dir/log.f"
	win=$(xdotool search --class '^screenstub$')
	focuses "$win"
	check "Focused: a window that is mostly covered, too" \
		wait_for 10 shows 0x11
	focuses "$other"
	check "and without it the host" wait_for 20 shows 0x0f
	kill "$over" "$cover"
	wait "$over" "$cover" 2>/dev/null
	cover= over=
	check "Focused: exits" stopped 0 kill "$stub"
}

# An output that is not there, no VM.
outputs() {
	monitored_start env XDG_RUNTIME_DIR="$dir/none" "$dir/nowhere" -VV \
		-q "" -a "" 2>"$dir/log"
	stub=$monitored
	check "an output that is not there is told" wait_for 10 logged \
		'x: output nope is not there'
	timeout 60 xdotool search --sync --onlyvisible --class '^screenstub$' \
		>"$dir/out"
	looks=$(count 'points hit')
	"$XWIN" cover 1 1 >"$dir/over" & # something to look at
	over=$!
	check "the window is looked at" wait_for 5 more 'points hit' "$looks"
	kill "$over"
	wait "$over" 2>/dev/null
	over=
	check "and counts as hidden" not logged 'window: visible'
	check "so the host stays" not logged 'wish: .* -> guest'
	check "its instance has the name of config.h" is \
		"$("$XWIN" property "$(xdotool search --class '^screenstub$')" \
		WM_CLASS)" 6f746865720073637265656e7374756200
	check "it exits" stopped 0 kill "$stub"
	check "I18: XDG_RUNTIME_DIR is missing: said once" is \
		"$(count 'control: .*/none/.*: no socket.*No such file')" 1
}

# No window manager, 4K, and an X server with few extensions.
bare() {
	screen_stop
	patient
	monitor_stop
	monitor_start "$dir/monitor" -d tests/lib/demo.tsv || return
	Xvfb -displayfd 3 -screen 0 3840x2160x24 -noreset -nolisten tcp \
		-extension RANDR -extension XTEST \
		-extension MIT-SCREEN-SAVER \
		3>"$dir/display" >"$dir/xvfb.log" 2>&1 &
	screen_xpid=$!
	wait_for 20 [ -s "$dir/display" ]
	DISPLAY=:$(cat "$dir/display")
	mv "$dir/log" "$dir/log.x"
	monitored_start "$dir/stub" -VV -q "$dir/no" -a "" 2>"$dir/log"
	stub=$monitored program=stub
	wait_for 10 logged 'window: visible'
	check "text on a 4K screen: six times as large" reads 'factor 6' \
		'The guest is not shown: the VM is off, or does not answer.' \
		'Ctrl+Alt+Home *toggleshow'
	for missing in RANDR DPMS MIT-SCREEN-SAVER; do
		check "no $missing: said once" is "$(count "x: no $missing")" 1
	done
	check "no XTEST: unstickhost fails" not "$dir/stub" -e unstickhost
	check "and is said" logged 'x: no XTEST'
	check "with what is to be done" \
		logged 'unstickhost: x11 lets no program .*(press and release'
	check "without these it exits as ever" stopped 0 kill "$stub"
	mv "$dir/log" "$dir/log.y"
	monitored_start env -u XDG_RUNTIME_DIR "$dir/stub" -VVx -q "" -a "" \
		2>"$dir/log"
	stub=$monitored
	check "and switches as ever" wait_for 10 shows 0x11
	check "XDG_RUNTIME_DIR is not set: said once" is \
		"$(count 'control: .*XDG_RUNTIME_DIR is not set')" 1
	check "without a VM to ask, too" stopped 0 kill "$stub"
	accelerated
	kill "$screen_xpid"
	wait "$screen_xpid" 2>/dev/null
	screen_xpid=
}

# One that draws by OpenGL, as on most desktops, leaves what it likes in the
# bits that no colour has.
accelerated() {
	text="text by OpenGL"
	if ! need xserver-xephyr libgl1-mesa-dri; then
		skip "$text" "missing:$need_list"
		return
	fi
	: >"$dir/display"
	Xephyr -glamor -displayfd 3 -screen 1280x800 -noreset -nolisten tcp \
		3>"$dir/display" >"$dir/xephyr.log" 2>&1 &
	holder=$!
	wait_for 30 [ -s "$dir/display" ]
	mv "$dir/log" "$dir/log.z"
	DISPLAY=:$(cat "$dir/display") monitored_start "$dir/stub" -VV \
		-q "$dir/no" -a "" 2>"$dir/log"
	stub=$monitored
	DISPLAY=:$(cat "$dir/display")
	check "$text" reads 'factor 2' 'Ctrl+Alt+Home *toggleshow'
	check "$text: it exits" stopped 0 kill "$stub"
	kill "$holder"
	wait "$holder" 2>/dev/null
	holder=
}

# failing REASON ACTION... : it fails, and the client is told why
failing() {
	reason=$1
	shift
	timeout 60 "$dir/stub" -e "$@" >"$dir/said" 2>&1
	status=$?
	cat "$dir/said"
	[ "$status" = 1 ] && grep -q -e "control: $1: failed: $reason" \
		"$dir/said"
}

reasons() {
	check "I19: an argument too many" failing 'want no argument' \
		showhost now
	check "I19: status takes none" failing 'status: want no argument' \
		status now
	check "I19: two too many" failing 'want no further' grab x y
	check "I19: no argument" failing 'want the name of a row' grab
	check "I19: no such grab" failing 'want the name of a row' ungrab z
	check "I19: no command" failing 'want a command' exec
	check "I19: a command that can't be run" failing \
		'exec: /nonexistent: No such file or directory' \
		exec /nonexistent
	check "I19: one that fails" failing 'exec: sh: exit status 3' \
		exec sh -c 'exit 3'
	check "I19: one that is killed" failing 'exec: sh: ended by signal 9' \
		exec sh -c 'kill -9 $$'
	check "I19: one in the guest" failing 'qga: /bin/false: exit code 1' \
		guestexec /bin/false
	check "I19: one that the guest has not" failing \
		'qga: /none: .*No such file' guestexec /none
	timeout 60 "$dir/stub" -e exec sh -c \
		'until [ -e "$1" ]; do sleep 0.05; done; exit 5' sh "$dir/go" \
		>"$dir/other" 2>&1 &
	check "I19: two at once: the one that ends first" failing \
		'exec: sh: exit status 4' exec sh -c 'exit 4'
	touch "$dir/go"
	wait "$!"
	check "I19: and the other" grep -q 'exec: sh: exit status 5' \
		"$dir/other"
	"$dir/stub" -e showhost
	check "I19: a grab while the host is shown" failing \
		'grab: x: not now: only while' grab x
	echo drop-set >"$monitor_dir/ctl"
	check "I19: a monitor that stays" failing \
		'ddc: i2c-1: .*still reads' showguest
	echo clear >"$monitor_dir/ctl"
	hmp stop
	check "I19: the guest of a VM that is paused" failing \
		'show: guest: not now: the VM is paused' showguest
	hmp cont
	check "it goes on: the guest" wait_for 10 "$dir/stub" -e showguest
}

# A command of QEMU's, by its second monitor.
hmp() {
	qmp_do "$dir/vm/qmp2" "{\"execute\":\"$1\"}" >"$dir/out2"
}

# What the program's own -e can't say: a word may be empty.
emptywords() {
	{ printf 'exec\0'; head -c 4000 /dev/zero; } | xwords &&
	head -c 4096 /dev/zero | tr '\0' a | xwords &&
	"$dir/stub" -e exec true
}

xwords() {
	cat >"$dir/words"
	"$XWIN" words "$XDG_RUNTIME_DIR/screenstub-all.sock" "$dir/words"
}

# One is asked for while the other has not begun; neither may wait for ever,
# whichever comes first.
both() {
	guestshown
	timeout 60 "$dir/stub" -e showhost &
	first=$!
	timeout 60 "$dir/stub" -e showguest
	second=$?
	wait "$first"
	[ $? != 124 ] && [ "$second" != 124 ] && "$dir/stub" -e showguest
}

# An X server that hangs must not keep us from anything.
hung() {
	guestshown
	kill -STOP "$screen_xpid"
	check "X hangs: -e showhost" timeout 60 "$dir/stub" -e showhost
	check "X hangs: the host is shown" shows 0x0f
	# each is a text of its own: more than X's socket has room for
	i=0
	while [ $((i += 1)) -le 60 ]; do
		timeout 60 "$dir/stub" -e exec "/none$i"
		[ $? = 1 ] || break
	done >"$dir/out" 2>&1
	check "X hangs: -e status, many errors later" \
		timeout 60 "$dir/stub" -e status
	kill -CONT "$screen_xpid"
	check "X goes on: so does the text" reads \
		'The guest is not shown: the host was asked for.'
	"$dir/stub" -e showguest
	kill -STOP "$screen_xpid"
	check "X hangs: TERM" stopped 0 kill "$stub"
	kill -CONT "$screen_xpid"
	start stub
}

# A bus that blocks must not block the program.
blocked() {
	guestshown
	echo delay-ms=4000 >"$monitor_dir/ctl"
	wait_for 5 grep -q 'control delay' "$monitor_dir/log"
	before=$(count 'show: host$') cancelled=$(count 'show: host: cancelled')
	shown=$(count 'show: guest is shown')
	desktop 0
	wait_for 5 more 'show: host$' "$before"
	desktop 1
	wait_for 5 more 'show: host: cancelled' "$cancelled"
	begin=$(grep -c ' i2c-1 ' "$monitor_dir/log")
	check "while the bus blocks -e is answered: keys go nowhere" \
		says '^keys nowhere' "$dir/stub" -e status
	# but for the one with which the switch to the guest begins
	check "and the bus was blocked all the time" test \
		"$(grep -c ' i2c-1 ' "$monitor_dir/log")" -le "$((begin + 1))"
	echo clear >"$monitor_dir/ctl"
	check "then the wish is fulfilled" wait_for 15 more \
		'show: guest is shown' "$shown"
	check "and it is the guest" wait_for 15 shows 0x11
}

virtualmachine() {
	guestshown
	kill -9 "$(cat "$dir/vm/qemu.pid")"
	check "QEMU killed: the host" wait_for 5 shows 0x0f
	dead
	before=$(count 'VM: off -> running')
	guest_start "$dir/vm"
	check "started again: the guest, for the window is visible" \
		wait_for 20 shows 0x11
	guest_wait "$dir/vm" 60
	mark
	focuses "$win"
	xdotool key e
	check "and keys arrive again" gets "EV_KEY 18 1" "EV_KEY 18 0"
	qga_do "$dir/vm/qga" '{"execute":"guest-shutdown"}' >"$dir/out" 2>&1
	check "powered off in the guest: the host" wait_for 30 shows 0x0f
	wait_for 20 guest_gone "$dir/vm"
	guest_start "$dir/vm"
	guest_wait "$dir/vm" 60
}

exits() {
	check "TERM: the host is shown, status 0" stopped 0 kill "$stub"
	for signal in INT HUP TERM USR1; do
		leaving "SIG$signal" 0 'kill -'$signal' "$stub"'
	done
	leaving "SIGHUP twice" 0 'kill -HUP "$stub"; wait_for 5 logged leaving
		kill -HUP "$stub"'
	leaving "I15: closed twice" 0 'closes'
	leaving "destroyed" 1 '"$XWIN" destroy "$win"'
	leaving "killed by the X server" 1 '"$XWIN" kill "$win"'
	leaving "-e quit" 0 '"$dir/stub" -e quit'
	start stub
	wait_for 5 shows 0x11
	"$dir/stub" -e quit
	check "-e quit ends when the host is shown" shows 0x0f
	wait "$stub"
	check "the socket is gone" \
		not test -e "$XDG_RUNTIME_DIR/screenstub-all.sock"
	start stub
	wait_for 5 shows 0x11
	echo silent >"$monitor_dir/ctl"
	kill "$stub"
	wait_for 5 logged leaving
	stop kill -INT "$stub"
	check "a second signal ends it at once" is "$status" 130
	start stub
	wait_for 5 logged 'show: guest$'
	stop kill "$stub"
	check "with a dead monitor it ends too, with status 1" is "$status" 1
	echo clear >"$monitor_dir/ctl"
	monitored ddcutil --bus 1 setvcp 60 0x0f >"$dir/out" 2>&1
	start stub
	timeout 50 "$dir/stub" -e exec sleep 86395 >"$dir/said" 2>&1 &
	side=$!
	wait_for 10 pgrep -f '^sleep 86395' >"$dir/out"
	stop kill -9 "$stub"
	wait "$side"
	check "SIGKILL: who had asked for something is told" is $? 1
	side=
	pkill -f '^sleep 86395'
	monitored "$dir/stub" -w host >"$dir/out" 2>&1
}

# strands TEXT COMMAND: SIGKILL in what way ever; its guard is another process
strands() {
	guard=$(pgrep -P "$stub" -x stubguard)
	eval "$2"
	wait "$stub" 2>/dev/null
	stub=
	check "I23: $1: the host is shown" wait_for 15 shows 0x0f
	check "I23: $1: the guard has ended" wait_for 15 unguarded
	check "I23: $1: nothing is said of X" not logged 'x11 lets'
}

# There was one.
unguarded() {
	[ "$guard" ] && ! kill -0 "$guard"
}

# The guest is shown, and h is down there.
holding() {
	start stub
	guestshown
	focuses "$win"
	mark
	xdotool keydown h
	wait_for 5 arrived "EV_KEY 35 1"
}

# Its keys and the monitor are not left where they were.
killed() {
	holding
	strands "killed with a key held" 'kill -9 "$stub"'
	check "I23: the key is up" wait_for 5 arrived "EV_KEY 35 0"
	xdotool keyup h
	echo slow-ms=1500 >"$monitor_dir/ctl"
	start stub
	wait_for 10 grep -q "37 51 84 03 60 00 11" "$monitor_dir/log"
	strands "in the middle of a switch to the guest" 'kill -9 "$stub"'
	echo clear >"$monitor_dir/ctl"
	monitored_start setsid "$dir/stub" -VV -q "$dir/vm/qmp" -a "" \
		2>"$dir/log"
	stub=$monitored
	wait_for 10 shows 0x11
	strands "killed with its whole group" 'kill -KILL "-$stub"'
	holding
	guard=$(pgrep -P "$stub" -x stubguard)
	kill -9 "$stub"
	wait "$stub" 2>/dev/null
	start stub
	check "I23: a new instance at once: the guard ends" \
		wait_for 15 unguarded
	check "I23: it lets the key up" wait_for 10 arrived "EV_KEY 35 0"
	xdotool keyup h
	wait_for 20 logged 'it has lasted'
	check "I23: and the guest is shown, for good" shows 0x11
	desktop 0
	wait_for 5 shows 0x0f
	wait_for 15 more 'it has lasted' 1
	lines=$(wc -l <"$monitor_dir/log")
	strands "killed with the host shown" 'kill -9 "$stub"'
	check "I23: the monitor is left alone then" is \
		"$(wc -l <"$monitor_dir/log")" "$lines"
}

# The monitor sleeps when the VM dies, and wakes later.
dead() {
	guest_start "$dir/vm"
	guest_wait "$dir/vm" 60
	guestshown
	echo silent >"$monitor_dir/ctl"
	before=$(count 'the switch failed')
	kill -9 "$(cat "$dir/vm/qemu.pid")"
	wait_for 20 more 'the switch failed' "$before"
	shows 0x11 || echo "not ok - the monitor was to be silent"
	check "-e status: the last error, of a child" has 'error ddc: .*'
	echo clear >"$monitor_dir/ctl"
	check "a monitor that was dead is tried again until it shows the host" \
		wait_for 30 shows 0x0f
}

# Once shows the host.
closes() {
	"$XWIN" delete "$win"
	wait_for 5 logged 'show: host is shown'
	has 'shown host' && "$XWIN" delete "$win"
}

# leaving TEXT STATUS COMMAND: a key is held meanwhile
leaving() {
	start stub
	wait_for 5 shows 0x11
	focuses "$win"
	mark
	xdotool keydown f
	wait_for 5 arrived "EV_KEY 33 1"
	check "$1: the host is shown, status $2" stopped "$2" eval "$3"
	check "$1: the held key is released" gets "EV_KEY 33 1" "EV_KEY 33 0"
	xdotool keyup f
}

commands() {
	check "-v" is "$("$dir/stub" -v)" screenstub-test
	check "-h, on standard output" helps
	refused 'no such option' "<-y>" "-d <-y>" "<-->help"
	refused 'wants an argument' "<-s>" "-d <-e>"
	refused 'want HOST:GUEST' "<-i 1>" "<-i 1:1>" "<-i 0:2>" "<-i 1:x>"
	refused 'no such action; there are: status' "<-e nosuch>" \
		"-s 0 <-e nosuch> x"
	refused 'want seconds, 1 to 600, or all' "<-t 0>" "<-t x>"
	check "V18, I21: -t 20 x: and why" says \
		'^screenstub: usage: -t x: want seconds' "$dir/stub" -t 20 x
	refused 'want host or guest' "<-w nobody>" "<-w foo> -k"
	refused 'counted from 0' "<-s x>" "<-s abc>" "<-s 1>" "<-s 5> -d" \
		"<-s -1>" "<-s 0x>" "<-s 1> -e quit"
	refused 'only one of' "-d <-w host>" "-w host <-w guest>" "-t 20 <-t> x"
	refused 'only with -w' "<-k>" "<-k> -d"
	refused 'no option' "<word>" "-d <word>"
	for wrong in relative/path localhost unix:/tmp/vfio-qmp tcp:localhost:1 \
		localhost:99999 localhost: localhost:0 :4444 localhost:44x \
		localhost:123456 "[::1]:4444x" "[::1]" name:4444 \
		"/$(printf %0200d 0)"; do
		refused 'want a /path' "<-q $wrong>" "<-a $wrong>"
	done
	check "-d lists the monitor" says \
		'^ Source: DisplayPort-1 = 0x0f (Active)$' \
		monitored "$dir/stub" -d
	check "-d prints a row" says '{ .manufacturer = "DEL", .model = ' \
		monitored "$dir/stub" -d
	check "-w guest, no VM runs" monitored "$dir/stub" -q "$dir/no" \
		-w guest
	check "switches" shows 0x11
	check "-w guest -k, no VM runs: refused" not monitored "$dir/stub" \
		-q "$dir/no" -w guest -k
	check "-w host" monitored "$dir/conf" -s 0 -w host
	check "switches back" shows 0x0f
	check "-w guest -k: the VM runs and its agent answers" \
		monitored "$dir/conf" -q "$dir/vm/qmp" -a "$dir/vm/qga" \
		-s 0 -w guest -k
	check "switches to the row's input" shows 0x11
	check "-w host with the second monitor missing: status 1" \
		not monitored "$dir/conf" -w host
	check "but the first one switched" shows 0x0f
}

# Each option that is taken, and no other; each action.
helps() {
	"$dir/stub" -h >"$dir/said" && grep -q '^usage:' "$dir/said" &&
	sed -n 's/^  -\(.\) .*/\1/p' "$dir/said" >"$dir/got" &&
	sed -n 's/.*getopt(.*"+:\(.*\)").*/\1/p' screenstub.c | tr -d : |
		sed 's/./&\n/g' | grep . | sort >"$dir/taken" &&
	sort "$dir/got" | diff "$dir/taken" - &&
	is "$(sed '1,/^actions/d' "$dir/said" | awk '{ print $1 }' | xargs)" \
		"$("$dir/stub" -e nosuch 2>&1 | sed 's/.*are: //; s/ (.*//')"
}

# refused WHY LINE... : each of these command lines, by one line, that names
# the part that stands between < and >
refused() {
	why=$1
	shift
	for wrong; do
		words=$(echo "$wrong" | tr -d '<>')
		named=${wrong#*<} named=${named%>*}
		"$dir/stub" $words >"$dir/said" 2>&1
		check "V18, I21: $words: status 2" is "$?" 2
		sed "s|^screenstub: usage: \(.*\): .*$why.* (see screenstub -h)\$|\1|
			" "$dir/said" >"$dir/got"
		check "V18, I21: $words: and why" is "$(cat "$dir/got")" "$named"
	done
}

# The other config: rows of all kinds.
rows() {
	: >"$RECORD"
	start conf -s 0
	check "-s 0 is in the instance's name" is \
		"$("$XWIN" property "$win" WM_CLASS)" \
		73637265656e737475622d300073637265656e7374756200
	check "the rows of toguest[] run in order" wait_for 10 shows 0x11
	check "-e with -s 0" "$dir/conf" -s 0 -e status
	check "its socket is its own" test -S "$dir/run/screenstub-0.sock"
	check "so without -s there is none" says 'is screenstub running' \
		"$dir/conf" -e status
	check "events too" recorded "vmstart guest guestshown"
	focuses "$win"
	xdotool key ctrl+F5
	check "several rows of one hotkey, one of them failing" recorded \
		"vmstart guest guestshown first second"
	xdotool keydown ctrl keydown F6
	wait_for 5 logged 'FF\|qmp: send'
	check "a hotkey on release waits" recorded \
		"vmstart guest guestshown first second"
	xdotool keyup F6 keyup ctrl
	check "until it is released" recorded \
		"vmstart guest guestshown first second release"
	xdotool key ctrl+F7
	check "chords that are Global, with the focus" recorded \
		"vmstart guest guestshown first second release global"
	overtaken
	xdotool mousemove 1279 799
	check "a part of the guest's desktop: its last corner" \
		gets "EV_ABS 0 32767" "EV_ABS 1 16384"
	mark
	xdotool mousemove 0 0
	check "its first" gets "EV_ABS 0 16384" "EV_ABS 1 0"
	: >"$RECORD"
	desktop 0
	wait_for 5 shows 0x0f
	check "a row that fails with an alternative" shows 0x0f
	wait_for 5 grep -q '^host$' "$RECORD"
	wait_for 5 grep -q hostshown "$RECORD"
	: >"$RECORD"
	mark
	xdotool keydown ctrl keydown F7 keyup F7 keyup ctrl
	check "without it" recorded global
	xdotool key ctrl+F5
	check "others not, and the guest gets nothing" is "$(got)" ""
	check "it ran once" recorded global
	guestshown
	focuses "$win"
	"$dir/conf" -s 0 -e grab x
	wait_for 5 logged 'grab: x: held'
	mark
	xdotool keydown m
	wait_for 5 arrived "EV_KEY 50 1"
	guests=$(count 'job: /bin/false')
	: >"$RECORD"
	xdotool key ctrl+alt+shift+BackSpace
	check "the emergency chord shows the host" wait_for 5 shows 0x0f
	check "ends the grab" wait_for 5 logged 'grab: x: ended'
	check "releases what is held" wait_for 5 arrived "EV_KEY 50 0"
	check "runs the rows of tohost[] that are Exec" \
		wait_for 5 grep -q '^host$' "$RECORD"
	xdotool keyup m
	check "and does not ask the guest" is \
		"$(count 'job: /bin/false')" "$guests"
	desktop 0 # ends what the chord has asked for
	wait_for 10 not isvisible
	check "hidden and shown: the guest" guestshown
	focuses "$win"
	echo silent >"$monitor_dir/ctl"
	before=$(count 'the switch failed')
	ends=$(count 'show: host is shown')
	guests=$(count 'job: /bin/false')
	xdotool key ctrl+alt+shift+BackSpace
	check "a dead monitor, whose other way is the guest: it failed" \
		wait_for 20 more 'the switch failed' "$before"
	check "the guest was asked, in the end" \
		more 'job: /bin/false' "$guests"
	check "and is not said to be done" is \
		"$(count 'show: host is shown')" "$ends"
	echo clear >"$monitor_dir/ctl"
	check "it is tried again, until it shows the host" \
		wait_for 30 shows 0x0f
	again
	others
	desktop 0
	wait_for 5 not isvisible
	: >"$RECORD"
	guestshown
	desktop 0
	wait_for 5 shows 0x0f
	check "and a row that is not waited for" wait_for 5 grep -q host \
		"$RECORD"
	guestshown
	check "a device that is not there is no error" \
		"$dir/conf" -s 0 -e grab nodes
	check "a command that hangs is ended at its limit" not \
		"$dir/conf" -s 0 -e exec sh -c 'sleep "$1"; :' sh 9$$
	check "with all its processes" not pgrep -f "sleep 9$$"
	check "one that ignores TERM too" not "$dir/conf" -s 0 -e exec \
		sh -c 'trap "" TERM; while :; do sleep "$1"; done' sh "8$$"
	check "with all of its processes" not pgrep -f "sleep 8$$"
	before=$(count 'VM: off -> running')
	kill -STOP "$(cat "$dir/vm/qemu.pid")"
	check "an agent that hangs ends the wait" not "$dir/conf" -s 0 \
		-e guestwait
	xdotool key a
	check "QEMU hangs: the host" wait_for 15 shows 0x0f
	wishes=$(count 'wish: host -> guest')
	kill -CONT "$(cat "$dir/vm/qemu.pid")"
	wait_for 15 more 'VM: off -> running' "$before"
	check "it goes on: with AutoReturn 0 the host stays" is \
		"$(count 'wish: host -> guest')" "$wishes"
	desktop 0
	wait_for 5 not isvisible
	guestshown
	"$dir/conf" -s 0 -e guestexec /bin/busybox killall -STOP qemu-ga \
		>"$dir/out" 2>&1
	: >"$RECORD"
	# in which way it is depends on when it was stopped
	dead='qga: /bin/false: \(not done\|no agent\|the agent did not\)'
	before=$(count "$dead")
	check "rows of Leave run, also with a dead agent" \
		stopped 0 kill "$stub"
	check "V20: it was dead" more "$dead" "$before"
	check "they ran" wait_for 5 grep -q leave "$RECORD"
}

# Hidden and shown: what the emergency asked for is over.
again() {
	hidden=$(count 'window: hidden') visible=$(count 'window: visible')
	desktop 0
	wait_for 5 more 'window: hidden' "$hidden"
	desktop 1
	wait_for 5 more 'window: visible' "$visible"
	wait_for 10 shows 0x11
	wait_for 10 guestknown
	focuses "$win"
}

# held TEXT WINDOW : another program takes the keyboard while that window has
# the focus, then ours gets it
held() {
	focuses "$2"
	rm -f "$dir/held"
	"$XWIN" hold >"$dir/held" &
	holder=$!
	wait_for 5 [ -s "$dir/held" ]
	xdotool windowfocus "$win"
	mark
	xdotool key a
	emergencies=$(count 'emergency')
	xdotool key ctrl+alt+shift+BackSpace
	check "another program holds the keyboard $1: the emergency chord works" \
		wait_for 5 more 'emergency' "$emergencies"
	check "what else was typed is not the guest's" is "$(got)" ""
	kill "$holder"
	wait "$holder" 2>/dev/null
	holder=
	again
}

# Other programs' windows and grabs.
others() {
	"$XWIN" window 50 50 >"$dir/another" &
	cover=$!
	wait_for 5 [ -s "$dir/another" ]
	read -r other <"$dir/another"
	focuses "$win"
	xdotool mousemove 640 400
	taken=$(count 'grab: x: held')
	"$dir/conf" -s 0 -e grab x
	wait_for 5 more 'grab: x: held' "$taken"
	focuses "$other"
	mark
	xdotool keydown w
	wait_for 5 arrived "EV_KEY 17 1"
	ended=$(count 'grab: x: ended')
	"$dir/conf" -s 0 -e ungrab x
	wait_for 5 more 'grab: x: ended' "$ended"
	xdotool keyup w
	check "a grab ends while another window has the focus: its key goes up" \
		gets "EV_KEY 17 1" "EV_KEY 17 0"
	held "and this window has the focus" "$other"
	: >"$RECORD"
	mark
	xdotool keydown ctrl
	wait_for 2 arrived "EV_KEY 29 1" # then raw keys are asked for
	focuses "$other"
	xdotool key F7
	check "a chord for all windows, begun in ours" wait_for 5 fired 1
	xdotool keyup ctrl key F7 keydown ctrl key F7 keyup ctrl
	check "without its modifier it is none" wait_for 5 fired 2
	focuses "$win"
	mark
	xdotool keydown q
	wait_for 5 arrived "EV_KEY 16 1"
	focuses "$other"
	check "the focus is lost, the window is visible: what is held goes up" \
		gets "EV_KEY 16 1" "EV_KEY 16 0"
	xdotool keyup q
	focuses "$win"
	follows
	hidden
	kill "$cover"
	wait "$cover" 2>/dev/null
	cover=
	again
	taken=$(count 'grab: x: held') ended=$(count 'grab: x: ended')
	xdotool key ctrl+F9
	check "a hotkey for all windows takes a grab" \
		wait_for 5 more 'grab: x: held' "$taken"
	taken=$(count 'grab: x: held')
	xdotool keydown ctrl keydown F9
	check "pressed again, for long: the grab ends" \
		wait_for 5 more 'grab: x: ended' "$ended"
	within 1 false # it repeats, and nobody is told
	xdotool keyup F9 keyup ctrl
	check "and it was one press" \
		not within 1 more 'grab: x: held' "$taken"
}

# The focus is where the pointer is, as without a window manager, which stands
# still (PointerRoot is window 1), and a key held in another window repeats in
# ours.
follows() {
	kill -STOP "$screen_wmpid"
	"$XWIN" cover 50 50 >"$dir/small" &
	over=$!
	wait_for 5 [ -s "$dir/small" ]
	xdotool mousemove 20 20 windowfocus 1
	mark
	xdotool keydown i mousemove 640 400
	check "a key that was held when the pointer came is not the guest's" \
		not within 1 arrived "EV_KEY 23 1"
	xdotool keyup i key j
	check "others are" wait_for 5 arrived "EV_KEY 36 0"
	kill -CONT "$screen_wmpid"
	kill "$over"
	wait "$over" 2>/dev/null
	over=
	focuses "$win"
}

# Hidden, with the focus still there.
hidden() {
	: >"$RECORD"
	"$XWIN" cover 1280 800 >"$dir/over" &
	over=$!
	wait_for 5 shows 0x0f
	mark
	xdotool keydown k keydown ctrl key F7 keyup ctrl
	check "hidden, with the focus: chords for all windows work" \
		wait_for 5 fired 1
	kill "$over"
	wait "$over" 2>/dev/null
	over=
	wait_for 5 shows 0x11
	xdotool keyup k key l
	check "what was typed there is not the guest's" \
		gets "EV_KEY 38 1" "EV_KEY 38 0"
}

# fired N : the row of the chord for all windows has run so often
fired() {
	[ "$(grep -c '^global' "$RECORD")" = "$1" ]
}

recorded() {
	recordwant=$1
	wait_for 5 recordis || { tr '\n' ' ' <"$RECORD"; return 1; }
}

recordis() {
	[ "$(tr '\n' ' ' <"$RECORD")" = "$recordwant " ]
}

# Two monitors, each by its own row; then X dies.
two() {
	guest_stop "$dir/vm" # its agent may be stopped
	boot
	patient
	monitor_stop
	monitor_start "$dir/monitor" -n 2 || return
	: >"$RECORD"
	start conf
	check "two monitors: the first" wait_for 10 shows 0x11
	check "two monitors: the second" wait_for 10 shows 0x12 2
	focuses "$win"
	"$dir/conf" -e grab y
	"$dir/conf" -e grab x
	check "with two grabs" wait_for 5 logged 'grab: x: held'
	mark
	xdotool keydown g
	wait_for 5 arrived "EV_KEY 34 1"
	kill -9 "$screen_xpid"
	check "the X server is killed: status 1, the host on the first" \
		stopped 1 true
	check "and on the second" shows 0x0f 2
	check "what was held is released" gets "EV_KEY 34 1" "EV_KEY 34 0"
	check "the rows of Leave have run" grep -q leave "$RECORD"
}

# No wake-ups at rest.  The plain program: strace and the leak detector both
# want to be the tracer.
rest() {
	start plain
	wait_for 15 logged 'it has lasted'
	# on a monitor of its own, or they would meet on the bus
	XDG_RUNTIME_DIR=$dir/run2 "$MONITOR" -- "$dir/plain" -V -q "$dir/run2/no" \
		2>"$dir/other" &
	wait_for 15 grep -q 'it has lasted' "$dir/other"
	other=$(pgrep -P "$!")
	"$MONITOR" -f delay-ms=60000 -- "$dir/stub" -d >"$dir/hung" 2>&1 &
	hung=$!
	if ! strace -o "$dir/t" true; then
		skip "no wake-ups at rest" "strace may not trace here"
	else
		settled
		timeout 31 strace -p "$other" -o "$dir/t2" 2>"$dir/out2" &
		tracer=$!
		timeout 31 strace -p "$stub" -o "$dir/t" 2>"$dir/out"
		wait "$tracer"
		check "connected and at rest: nothing in 30 s" quiet "$dir/t"
		check "no VM and at rest: a try a second for 30 s" tries "$dir/t2"
	fi
	kill "$other"
	stop kill "$stub"
	wait "$hung"
	check "-d ends, whatever a bus does" is "$?" 1
}

# Nothing is written to the bus any more.
settled() {
	lines=0
	until [ "$lines" = "$(wc -l <"$monitor_dir/log")" ]; do
		lines=$(wc -l <"$monitor_dir/log")
		sleep 1
	done
}

# The one line is the wait that strace found it in.
quiet() {
	cat "$1"
	[ "$(wc -l <"$1")" = 1 ] && grep -q 'select' "$1"
}

# A connection that is tried at times, and nothing else.
tries() {
	cat "$1"
	[ "$(grep -c '^connect' "$1")" -le 32 ] &&
	! grep -v -E -e '^(p?select|socket|rt_sigprocmask|connect|close)' \
		-e '^recvmsg|^strace' "$1"
}

# ---- all of it ----

# edited NAME SED : the program with that edit of the named config.h
edited() {
	mkdir "$dir/c$1"
	sed "$2" "$dir/named/config.h" >"$dir/c$1/config.h"
	check "builds with $1" build "$1" "-I$dir/c$1"
}

# programs PART... : those that they want
programs() {
	check "builds with the host's input named" build stub "-I$dir/named"
	case " $* " in *' auto '*)
		check "builds with sanitizers" build auto ;;
	esac
	case " $* " in *' commands '* | *' rows '* | *' two '*)
		check "builds with another config.h" build conf -Itests/program ;;
	esac
	case " $* " in *' rest '*)
		check "builds without sanitizers" build_plain plain \
			"-I$dir/named" ;;
	esac
	case " $* " in *' focused '*)
		# more than the window has room for
		i=0
		while [ $((i += 1)) -le 90 ]; do
			printf '{ KEY_5, Ctrl | Alt, 0, grab, { .grab = "x" } },\n'
		done >"$dir/many"
		edited both 's/ShowOn = Auto/ShowOn = Visible | Focused/'
		edited focus "s/ShowOn = Auto/ShowOn = Focused/
			/Hotkey hotkeys/r $dir/many" ;;
	esac
	case " $* " in *' outputs '*)
		edited nowhere 's/= DP1 }/&, .output = "nope"/
			s/instance = "[^"]*/instance = "other/' ;;
	esac
}

# before PART : a VM, and the program if it is not the part that starts it
before() {
	case $1 in
	auto | outputs | two | bare) ;;
	*) guest_alive "$dir/vm" || boot ;;
	esac
	case $E2E_TOGETHER in
	*"$1"*) [ "$stub" ] || start stub ;;
	*) [ ! "$stub" ] || stop kill "$stub" ;;
	esac
}

# What the monitors have seen.
patient() {
	check "only buses of graphics cards were touched" \
		not grep TOUCHED "$monitor_dir/log"
	check "no message came before its time" not grep EARLY "$monitor_dir/log"
}

wants $E2E_PACKAGES
lab
mkdir -m 700 "$dir/run2"
export RECORD="$dir/record"
# with the host's input named
mkdir "$dir/named"
sed 's/{ .manufacturer = "\*" }/{ .manufacturer = "*", .host = { .value = DP1 } }/
	' config.def.h >"$dir/named/config.h"
[ $# != 0 ] || set -- $E2E_PARTS
program_prepare "$cache" || exit
programs "$@"
monitor_prepare "$cache" && screen_prepare "$cache" &&
	guest_or_skip "$cache" || exit
check "the lab: monitors" monitor_start "$dir/monitor" -d tests/lib/demo.tsv
check "the lab: a screen" screen_start "$dir/screen"
check "the lab: a guest" guest_start "$dir/vm"
check "the lab: its devices" guest_wait "$dir/vm" 120
parts "$@"
patient
unharmed
finish
