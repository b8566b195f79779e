#!/bin/sh
# The Wayland front alone under each compositor: what it tells, against what
# the screen shows, read back from there.  Prints TAP, and a table.
#
#   compositors.sh [COMPOSITOR...]
#
# A cell of the table is
#   ok     it is told as it is; and what is to come, comes
#   ok*    the same, but the screen can't be read back: by what was done
#   blind  hidden, and nobody tells the front, which says that it is shown
#   kept   what is meant to cover it does not, and it says that it is shown
#   none   the compositor has no such thing, as the front says
#   -      it can't be done here
#   WRONG  none of these
# and fails where it is not the one that is expected of that compositor.
set -u
cd "$(dirname "$0")/../.." || exit
. tests/lib/test.sh
. tests/lib/wayland.sh
. tests/lib/front.sh

compositors="sway labwc kwin gnome weston"
cells="workspace minimised covered small locked off other present keys
	inhibitor pointer idle text"
colour=3f7ac2 # of the front's window
w=1280 h=720  # of an output
super=125     # KEY_LEFTMETA

# ---- what is started ----

jobs= as= front=

# In the background, until leave; its process is $job.
job() {
	(
		cd "$lab" || exit
		exec $as "$@"
	) >>"$lab/log" 2>&1 &
	job=$!
	jobs="$job $jobs"
}

gone() {
	! kill -0 "$1" 2>/dev/null
}

# The last one first, so the compositor after its clients.
leave() {
	exec 5>&- 6>&-
	for job in $front ${wayland_userpid:-} $jobs; do
		kill "$job" 2>/dev/null
		wait_for 5 gone "$job" || kill -9 "$job"
		wait "$job" 2>/dev/null
	done
	jobs= front= wayland_userpid=
}

# There is nothing else on it, and nothing is started by it.
bus() {
	cat >"$lab/$1.conf" <<-END
	<busconfig><type>session</type><listen>unix:path=$lab/$1</listen>
	<policy context="default"><allow send_destination="*"/>
	<allow receive_sender="*"/><allow own="*"/></policy></busconfig>
	END
	job dbus-daemon --nofork --nopidfile --config-file="$lab/$1.conf"
	wait_for 10 [ -S "$lab/$1" ]
}

# asks NAME PATH METHOD [TYPE:ARG...]
asks() {
	asked=$1
	shift
	$as dbus-send --session --print-reply --reply-timeout=20000 \
		--dest="$asked" "$@"
}

# ---- the compositors ----

packages() {
	case $c in
	sway) echo sway swaybg grim ;;
	labwc) echo labwc grim ;;
	kwin) echo kwin-wayland dbus procps ;;
	gnome) echo gnome-shell libgl1-mesa-dri dbus netpbm ;;
	weston) echo weston netpbm ;;
	esac
}

version() {
	case $c in
	kwin) dpkg-query -W -f '${Version}' kwin-wayland | sed 's/.*://' ;;
	gnome) gnome-shell --version ;;
	*) "$c" --version ;;
	esac | sed -n 's/^[^0-9]*\([0-9][0-9]*\.[0-9][0-9.]*\).*/\1/p' |
		head -n 1
}

# wlroots ARG... : that, without screens and devices
wlroots() {
	job env WLR_BACKENDS=headless WLR_LIBINPUT_NO_DEVICES=1 \
		WLR_RENDERER=pixman WLR_HEADLESS_OUTPUTS=2 "$@"
}

sway_start() {
	{ wayland_config; echo bindsym Mod1+F4 kill; } >"$lab/config"
	wlroots env SWAYSOCK="$lab/ipc" sway -c "$lab/config"
	export SWAYSOCK="$lab/ipc"
}

labwc_start() {
	cat >"$lab/rc.xml" <<-'END'
	<labwc_config><desktops number="2"><popupTime>0</popupTime></desktops>
	<keyboard><keybind key="A-F4"><action name="Close"/></keybind>
	<keybind key="W-1"><action name="GoToDesktop" to="1"/></keybind>
	<keybind key="W-2"><action name="GoToDesktop" to="2"/></keybind>
	<keybind key="W-3"><action name="Iconify"/></keybind>
	<keybind key="W-x"><action name="ForEach"><query identifier="front"/>
	<then><action name="Focus"/><action name="Raise"/></then></action>
	</keybind></keyboard></labwc_config>
	END
	wlroots labwc -C "$lab"
}

# Its own locker needs half of a desktop: one that but waits stands for it.
kwin_start() {
	${CC:-cc} -std=c11 -D_GNU_SOURCE -shared -fPIC -o "$lab/nolocker.so" \
		tests/lib/nolocker.c || return
	cp "$(command -v kwin_wayland)" "$lab" # without its capability
	bus bus || return
	job env LD_PRELOAD="$lab/nolocker.so" KWIN_COMPOSE=Q \
		KWIN_WAYLAND_NO_PERMISSION_CHECKS=1 \
		QT_LOGGING_RULES='*.debug=false;js.debug=true' \
		"$lab/kwin_wayland" --virtual --width $w --height $h \
		--output-count 2 --socket wayland-0
	kwin=$job
}

gnome_start() {
	bus bus && bus system || return
	job env GSETTINGS_BACKEND=memory NO_AT_BRIDGE=1 GTK_A11Y=none \
		XDG_SESSION_TYPE=wayland \
		DBUS_SYSTEM_BUS_ADDRESS="unix:path=$lab/system" \
		gnome-shell --headless --virtual-monitor ${w}x$h \
		--virtual-monitor ${w}x$h --wayland-display wayland-0 \
		--unsafe-mode --no-x11
}

weston_start() {
	weston_pixman=--use-pixman
	[ "$major" -lt 13 ] || weston_pixman=--renderer=pixman
	printf '[shell]\n%s\n%s\n%s\n' locking=false panel-position=none \
		background-color=0xff00ff00 >"$lab/weston.ini"
	job weston --backend=headless-backend.so $weston_pixman --width=$w \
		--height=$h --socket=wayland-0 --idle-time=0 --debug \
		-c "$lab/weston.ini"
}

socket() {
	for socket in "$lab"/wayland-?; do
		[ -S "$socket" ] && return
	done
	return 1
}

# All of it belongs to who may not be root: some compositors refuse that.
lab_start() {
	lab=$dir/$c
	wayland_dir=$lab
	mkdir "$lab" || return
	if [ "$(id -u)" = 0 ]; then
		as="setpriv --reuid=65534 --regid=65534 --clear-groups"
		chmod a+x "$dir"
		chown 65534:65534 "$lab"
	fi
	chmod 700 "$lab"
	export HOME="$lab" XDG_RUNTIME_DIR="$lab" \
		DBUS_SESSION_BUS_ADDRESS="unix:path=$lab/bus"
	unset WAYLAND_DISPLAY
	: >"$lab/log"
	player || return
	"${c}_start" && wait_for 30 socket && export WAYLAND_DISPLAY="$socket" &&
	wait_for 30 ready && user_start && settled && outputs || {
		tail -n 20 "$lab/log"
		return 1
	}
}

# KWin wants to know the program behind a client.
player() {
	cp "$wluser" "$lab/wluser" || return
	WLUSER=$lab/play
	printf '#!/bin/sh\nexec %s "%s"\n' "$as" "$lab/wluser" >"$WLUSER"
	chmod +x "$WLUSER"
}

ready() {
	case $c in
	gnome) shells Main.layoutManager._startingUp &&
		grep -q '"false"' "$lab/reply" ;;
	kwin) asks org.kde.KWin /KWin org.kde.KWin.currentDesktop ;;
	sway) swaymsg -t get_version ;;
	*) : ;;
	esac >/dev/null 2>&1
}

settled() {
	case $c in
	sway) swaymsg -q workspace 1 ;;
	gnome) shells "Main.overview.hide(); globalThis.named = id =>
		global.get_window_actors().map(a => a.meta_window).find(
		w => w.get_wm_class() == id);
		const seat = imports.gi.Clutter.get_default_backend()
			.get_default_seat();
		globalThis.pointer = seat.create_virtual_device(0);
		globalThis.keyboard = seat.create_virtual_device(1);
		globalThis.now = imports.gi.GLib.get_monotonic_time; 1" ;;
	kwin) asks org.kde.KWin /VirtualDesktopManager \
		org.kde.KWin.VirtualDesktopManager.createDesktop uint32:1 \
		string:two ;;
	esac
}

# By name, where the compositor tells it: the one with the window, another.
outputs() {
	output=$(sed -n 's/^output //p' "$lab/user.log" | sort | sed -n 1p)
	left=0 # wlroots, by itself, puts the latest output first
	[ "$c" != labwc ] || left=$w
	second=$(sed -n 's/^output //p' "$lab/user.log" | sort | sed -n 2p)
}

# shells JS : GNOME's shell does it
shells() {
	asks org.gnome.Shell /org/gnome/Shell org.gnome.Shell.Eval \
		"string:$1" >"$lab/reply" 2>&1
	grep -q 'boolean true' "$lab/reply" || {
		cat "$lab/reply"
		return 1
	}
}

# kwins JS : KWin does it
kwins() {
	kwin_acts=$((${kwin_acts:-0} + 1))
	cat >"$lab/act.js" <<-END
	var six = workspace.windowList !== undefined;
	var all = six ? workspace.windowList() : workspace.clientList();
	function named(id) {
		return all.filter(function(w) {
			return w.resourceClass == id; })[0];
	}
	function activate(id) {
		if (six)
			workspace.activeWindow = named(id);
		else
			workspace.activeClient = named(id);
	}
	$1
	print("act $kwin_acts is done");
	END
	chmod a+r "$lab/act.js"
	asks org.kde.KWin /Scripting org.kde.kwin.Scripting.loadScript \
		"string:$lab/act.js" string:act >/dev/null &&
	asks org.kde.KWin /Scripting org.kde.kwin.Scripting.start \
		>/dev/null || return
	wait_for 10 grep -q "act $kwin_acts is done" "$lab/log" &&
	asks org.kde.KWin /Scripting org.kde.kwin.Scripting.unloadScript \
		string:act >/dev/null
}

# chord CODE... : the user presses them, and lets go
chord() {
	for code; do
		presses "$code" 1
	done
	for code; do
		presses "$code" 0
	done
}

presses() {
	if [ "$c" = gnome ]; then
		shells "keyboard.notify_key(now(), $1, $2); 1"
	else
		user key "$1" "$2"
	fi
}

# points X Y, pushes DX DY : with the pointer
points() {
	if [ "$c" = gnome ]; then
		gnome_pointer notify_absolute_motion "$1" "$2"
	else
		user move $(($1 + left)) "$2" $((2 * w)) $h
	fi
}

pushes() {
	if [ "$c" = gnome ]; then
		gnome_pointer notify_relative_motion "$1" "$2"
	else
		user rel "$1" "$2"
	fi
}

gnome_pointer() {
	shells "pointer.$1(now(), $2, $3); 1"
}

away() {
	case $c in
	sway) swaymsg -q workspace 2 ;;
	labwc) chord $super 3 ;;
	kwin) asks org.kde.KWin /KWin org.kde.KWin.setCurrentDesktop int32:2 ;;
	gnome) shells 'global.workspace_manager.get_workspace_by_index(1)
		.activate(global.get_current_time())' ;;
	esac
}

back() {
	case $c in
	sway) swaymsg -q workspace 1 ;;
	labwc) chord $super 2 ;;
	kwin) asks org.kde.KWin /KWin org.kde.KWin.setCurrentDesktop int32:1 ;;
	gnome) shells 'global.workspace_manager.get_workspace_by_index(0)
		.activate(global.get_current_time())' ;;
	esac
}

minimise() {
	case $c in
	sway) swaymsg -q '[app_id=front] move scratchpad' ;;
	labwc) chord $super 4 ;;
	kwin) kwins 'named("front").minimized = true;' ;;
	gnome) shells 'named("front").minimize()' ;;
	esac
}

restore() {
	case $c in
	sway) swaymsg -q '[app_id=front] scratchpad show, floating disable' ;;
	labwc) chord $super 45 ;;
	kwin) kwins 'named("front").minimized = false; activate("front");' ;;
	gnome) shells 'named("front").activate(global.get_current_time())' ;;
	esac
}

# Who keeps new windows from the focus is overruled.
activate() {
	case $c in
	kwin) kwins "activate('$1');" ;;
	gnome) shells "named('$1').activate(global.get_current_time())" ;;
	sway) swaymsg -q "[app_id=$1] focus" ;;
	esac
}

lock() {
	case $c in
	kwin) asks org.freedesktop.ScreenSaver /ScreenSaver \
		org.freedesktop.ScreenSaver.Lock ;;
	gnome) # that it has no logind keeps it from having one at once
		shields="import('resource:///org/gnome/shell/ui/screenShield.js')"
		[ "$major" -gt 44 ] ||
		shields="Promise.resolve(imports.ui.screenShield)"
		shells "$shields.then(m => {
			globalThis.shield ??= new m.ScreenShield();
			shield.lock(false); }); 1"
		;;
	*) user lock 00ff00 ;;
	esac
}

unlock() {
	case $c in
	kwin) pkill -P "$kwin" kscreenlocker ;;
	gnome) shells 'shield.deactivate(false); 1' ;;
	*) user unlock ;;
	esac
}

off() {
	user power "$output" off
}

on() {
	user power "$output" on
}

# ---- truth and answer ----

blind() {
	[ "$c" = kwin ]
}

picture() {
	case $c in
	sway | labwc)
		grim -t ppm ${output:+-o "$output"} - 2>/dev/null ;;
	gnome)
		asks org.gnome.Shell.Screenshot /org/gnome/Shell/Screenshot \
			org.gnome.Shell.Screenshot.ScreenshotArea int32:0 \
			int32:0 int32:$w int32:$h boolean:false \
			"string:$lab/picture.png" >/dev/null &&
		pngtopnm "$lab/picture.png" 2>/dev/null
		;;
	weston)
		rm -f "$lab"/wayland-screenshot*
		(cd "$lab" && $as weston-screenshooter) >/dev/null 2>&1 &&
		pngtopnm "$lab"/wayland-screenshot*.png 2>/dev/null
		;;
	esac
}

# At how many of 25 points the window is.
picture_points() {
	picture | "$WLGLASS" $colour
}

# truth 0|1 : whether the front's window is shown
truth() {
	blind && return
	points=$(picture_points)
	case $1 in
	0) [ "${points:-0}" = 0 ] ;; # of an output that is off none is told
	1) [ "${points:-0}" -gt 12 ] ;;
	esac
}

# has FACT 0|1 : as was told at last
has() {
	[ "$(grep "^$1 " "$dir/told" | tail -n 1)" = "$1 $2" ]
}

# agree 0|1 : the screen first, then the front
agree() {
	wait_for 5 truth "$1" || {
		echo "the screen: $points of 25 points, meant is: visible $1"
		return 1
	}
	within 2 has visible "$1" || {
		echo "the screen: visible $1; the front:"
		tail -n 30 "$dir/log"
		return 1
	}
}

# hides COMMAND COMMAND : that it is hidden is told, and stays so; then that it
# is shown again
hides() {
	agree 1 && $1 && within 5 truth 0 || {
		echo "$1: ${points:-} of 25 points"
		return 1
	}
	within 4 has visible 0 && not within 1 has visible 1 || blinded=1
	$2 && agree 1 || { blinded=; return 1; }
	[ ! "$blinded" ]
}

# On a busy machine a compositor may draw late: it may look hidden then, for a
# moment, which is noted.
steady() {
	for try in 1 2 3; do
		wait_for 2 has visible 1 && mark || return
		within 1 said "visible 0" || return 0
		echo "# $c $version: shown, hidden for a moment" >>"$dir/notes"
	done
	return 1
}

# stays COMMAND COMMAND : it is not hidden by that, nor by its end
stays() {
	agree 1 && $1 && steady && truth 1 && $2 && steady && truth 1 || {
		tail -n 5 "$dir/told"
		return 1
	}
}

# ---- the cells ----

covering() {
	user window cover full 00ff00 $output && user_sees 'window cover .*' &&
	activate cover
}

covered() {
	user close cover
}

popup() {
	user window popup 200 150 ff0000 && user_sees 'window popup .*' &&
	activate popup
}

popped() {
	user close popup
}

other() {
	user window other full 0000ff $second && user_sees 'window other .*' &&
	activate other
}

others() {
	user close other && activate front
}

cell_workspace() {
	hides away back
}

# By the user, and by us; sway has no such thing.
cell_minimised() {
	hides minimise restore || return
	[ "$c" = sway ] || { hides taken presents; return; }
	taken
	steady && truth 1
}

taken() {
	tell away
}

cell_covered() {
	hides covering covered && return
	[ "$blinded" ] || ! has visible 1 || ! truth 1 || kept=1
	covered
	return 1
}

cell_small() {
	stays popup popped
}

cell_locked() {
	hides lock unlock
}

cell_off() {
	hides off on
}

cell_other() {
	stays other others
}

# presents : whether it is seen then, and has the focus
presents() {
	tell present
	wait_for 5 has focused 1 && agree 1 && steady
}

# From where it is seen without the focus, and from where it is not.
cell_present() {
	agree 1 && popup && wait_for 5 has focused 0 && presents &&
		not said "visible 0" || return
	popped
	away
	wait_for 5 has visible 0 && presents
}

focused() {
	wait_for 2 has visible 1 || return
	has focused 1 || activate front && wait_for 3 has focused 1
}

# By evdev's codes, X's are fewer; what is down when the focus goes, goes up.
cell_keys() {
	focused || return
	mark
	chord 30 240
	told "key 30 1" "key 30 0" "key 240 1" "key 240 0" || return
	mark
	presses 31 1
	told "key 31 1" || return
	popup
	told "focused 0" "leave 0" || return
	mark
	presses 31 0
	popped
	activate front
	told "focused 1" && not said "key 31 .*"
}

# lacks INTERFACE : and the front said that
lacks() {
	logged "wayland: the compositor has no $1" && none=1
}

# Alt and F4, which close a window everywhere
closes() {
	mark
	chord 56 62
	told closed
}

# GNOME asks its user.
allow() {
	[ "$c" = gnome ] || return 0
	told "focused 0" && chord 28
}

cell_inhibitor() {
	closes || return
	tell grab keyboard
	if lacks zwp_keyboard_shortcuts_inhibit; then
		closes || none=
		return 1
	fi
	allow && told "grabbed keyboard" && wait_for 2 has visible 1 || return
	mark
	chord 56 62
	told "key 56 1" "key 62 1" "key 62 0" && not said closed || return
	tell ungrab
	told grabbed && closes
}

cell_pointer() {
	points 300 200
	mark
	points 640 360
	told "place 0\.5.*" || return
	tell pointer 1
	tell grab mouse
	told "grabbed mouse" || return
	mark
	pushes 2000 -7
	told "move 2000.0000 -7.0000" || return
	mark
	pushes 5 -7
	told "move 5.0000 -7.0000" || return
	tell ungrab
	told grabbed || return
	tell pointer 0
}

# From the next input on.
idles() {
	user idle 300
	points 400 300
	pushes 1 1
	user_sees idled
}

awake() {
	user idle 300
	points 400 300
	pushes 1 1
	not within 1 user_saw idled
}

cell_idle() {
	tell awake 1
	if [ "$c" = gnome ] || [ "$c" = weston ]; then
		wait_for 1 lacks zwp_idle_inhibit
		return 1
	fi
	awake || return
	tell awake 0
	idles
}

reads() {
	picture | "$WLGLASS" | grep -q -- "$1"
}

# Letters are told from black.
cell_text() {
	front_ends 0 tell close && front_start OUTPUT="$output" &&
	told "visible 1" || return
	tell text Hello, it is me
	wait_for 3 reads 'Hello, it is me' || return
	tell text
	wait_for 3 not reads Hello
}

# expected CELL : - and why, or what it is to be
expected() {
	why=
	case $c-$version:$1 in
	sway-1.7*:locked | sway-1.7*:idle) why="it has no such protocol" ;;
	sway-1.7*:off) why="its headless outputs stay on" ;;
	kwin-*:off | gnome-*:off) why="its virtual outputs stay on" ;;
	kwin-*:text) why="the screen can't be read back" ;;
	weston-*:covered | weston-*:small | *:text) ;;
	weston-*:idle) echo none; return ;;
	weston-*) why="headless it has no seat and one output" ;;
	gnome-43*:idle) echo none; return ;;
	gnome-*:idle) why="nobody tells who is idle" ;;
	*:other) [ "$second" ] || why="its outputs have no names" ;;
	esac
	[ ! "$why" ] || { echo "- $why"; return; }
	case $c-$version:$1 in
	kwin-6*:covered | weston-10.*:covered) echo blind ;;
	sway-1.10*:covered) echo kept ;;
	labwc-*:inhibitor) echo none ;;
	*) echo ok ;;
	esac
}

# measured WANT CELL
measured() {
	blinded= none= kept= got=WRONG
	if "cell_$2"; then
		got=ok
	elif [ "$blinded" ]; then
		got=blind
	elif [ "$none" ]; then
		got=none
	elif [ "$kept" ]; then
		got=kept
	fi
	[ "$got" = "$1" ]
}

# The next one begins as this one did, also when it failed.
restored() {
	case $1 in
	workspace) back ;;
	minimised) restore ;;
	covered) covered ;;
	small) popped ;;
	locked) unlock ;;
	off) on ;;
	other) others ;;
	keys | present) popped; back; activate front ;;
	inhibitor | pointer) tell ungrab; tell pointer 0 ;;
	esac
	wait_for 5 truth 1
}

cell() {
	want=$(expected "$1")
	if [ "${want%% *}" = - ]; then
		skip "$c $version: $1" "${want#- }"
		row="$row -"
		return
	fi
	was=$failed
	failed=0
	check "$c $version: $1: $want" measured "$want" "$1"
	[ "$failed" = 0 ] || {
		tail -n 15 "$dir/log" "$dir/told" | sed "s/^/# /"
		restored "$1" >/dev/null 2>&1
		[ "$got" = WRONG ] || got="$got?"
	}
	[ "$was" = 0 ] || failed=1
	[ "$c-$got" != kwin-ok ] || case $1 in
	present | keys | inhibitor | pointer | idle) ;;
	*) got='ok*' ;;
	esac
	row="$row $got"
}

starts() {
	lab_start && started=1
}

compositor() {
	row=
	if ! need $(packages); then
		skip "$c" "missing:$need_list"
		echo "$c missing" >>"$dir/table"
		return
	fi
	version=$(version)
	major=${version%%.*}
	started=
	check "$c $version: it starts" starts
	if [ "$started" ]; then
		front_start OUTPUT="$output" BACKGROUND="$colour"
		check "$c $version: the window is shown" agree 1
		for cell in $cells; do
			cell $cell
		done
		tell close
		check "$c $version: the front ends" front_ends 0 true
	fi
	leave
	echo "$c $version$row" >>"$dir/table"
}

wants $BUILD_PACKAGES $WAYLAND_PACKAGES
lab
trap '' PIPE # by a front that died
check "builds" front_build_wayland
wayland_prepare "$cache" && [ -x "$dir/front" ] || exit
wluser=$WLUSER
: >"$dir/notes"
echo compositor version $cells >"$dir/table"
for c in ${*:-$compositors}; do
	compositor
done
cat "$dir/notes"
awk '{
	printf "# %-10s %-9s", $1, $2
	for (i = 3; i <= NF; i++)
		printf " %-9s", $i
	print ""
}' "$dir/table"
finish
