#!/bin/sh
# The samples for desktops of Wayland, with the program in them: its window and
# the keys.  Prints TAP.
set -u
cd "$(dirname "$0")/../.." || exit
. tests/lib/test.sh
. tests/lib/wayland.sh

leave() {
	halt
	wayland_stop
}

# What compositors run by keys is written down.  No monitor is switched.
prepare() {
	mkdir "$dir/bin" "$dir/conf" &&
	sed '/{ .manufacturer = "\*" },/d; /{ Ddc,   { 0 },  10000, 0 },/d' \
		config.def.h >"$dir/conf/config.h" && cat >"$dir/bin/screenstub" <<-END &&
	#!/bin/sh
	echo "\$*" >>"$dir/asked"
	exec "$dir/both" "\$@"
	END
	chmod 755 "$dir/bin" "$dir/bin/screenstub" && chmod 777 "$dir" &&
	program_prepare "$cache" && wayland_prepare "$cache" &&
	build x "-I$dir/conf" && build_wayland both "-I$dir/conf"
}

# starts PROGRAM : as the session's user
starts() {
	$wayland_as env HOME="$wayland_dir" XDG_RUNTIME_DIR="$wayland_dir" \
		"$dir/$1" -V -q '' -a '' >"$dir/log" 2>&1 &
	pid=$!
}

# Its wish is in the log; the last one counts.
wishes() {
	[ "$(sed -n 's/.* wish: .* -> \([a-z]*\):.*/\1/p' "$dir/log" |
		tail -n 1)" = "$1" ]
}

# follows SIDE [COMMAND...]
follows() {
	side=$1
	shift
	"$@" && wait_for 10 wishes "$side" && return
	cat "$dir/log"
	return 1
}

# types CODE... : down, then up in the opposite order
types() {
	up=
	for code; do
		user key "$code" 1
		up="$code $up"
	done
	for code in $up; do
		user key "$code" 0
	done
}

# asks ACTION SIDE CODE... : that is what the keys do
asks() {
	action=$1
	side=$2
	shift 2
	: >"$dir/asked"
	chmod 666 "$dir/asked"
	follows "$side" types "$@" &&
	is "$(cat "$dir/asked")" "-e $action"
}

# keys DESKTOP COMMAND... : by the command another workspace is shown
keys() {
	desktop=$1
	shift
	check "$desktop: another workspace: the host" follows host "$@"
	check "$desktop: Super+F10: the guest's workspace" \
		follows guest types 125 68
	follows host "$@"
	check "$desktop: Super+Shift+F1: there, too" \
		asks toggleshow guest 125 42 59
	check "$desktop: its window is seen" shown
	check "$desktop: the same again: the host" \
		asks toggleshow host 125 42 59
	asks toggleshow guest 125 42 59 >"$dir/out" 2>&1
	check "$desktop: Ctrl+Alt+Shift+Backspace: the emergency" \
		asks emergency host 29 56 42 14
}

# The window has all keys, as sway's Super+2, but for these.
grabbed() {
	sways workspace 2 && wait_for 10 unseen &&
	follows guest types 125 68 && wait_for 10 tells 'keys guest' &&
	XDG_RUNTIME_DIR="$wayland_dir" "$dir/both" -e grab x &&
	wait_for 10 tells 'grab x' && types 125 3 &&
	says '^Workspace 10 (focused)' swaymsg -p -s "$SWAYSOCK" \
		-t get_workspaces && asks emergency host 29 56 42 14
}

# tells LINE : of its status
tells() {
	XDG_RUNTIME_DIR="$wayland_dir" "$dir/both" -e status | grep -qx "$1"
}

# The window's side: the guest was not only asked for.
shown() {
	wait_for 10 seen || cat "$dir/log"
	seen
}

seen() {
	grep ' window: ' "$dir/log" | tail -n 1 | grep -q visible
}

unseen() {
	! seen
}

# ---- sway ----

# The window is there, on workspace 10, and has all of the screen.
placed() {
	sways "[$1=\"^screenstub\$\" workspace=\"^10\$\"] nop" &&
	swaymsg -s "$SWAYSOCK" -t get_tree | awk '
		/"name": "screenstub"/ { found = 1 }
		found && /"fullscreen_mode"/ { full = $2 + 0; exit }
		END { exit !full }'
}

valid() {
	$wayland_as env HOME="$wayland_dir" XDG_RUNTIME_DIR="$wayland_dir" \
		WLR_BACKENDS=headless WLR_RENDERER=pixman \
		sway -C -c "$wayland_dir/$1"
}

waits() {
	sways workspace 1 && starts x && wait_for 20 placed class && return
	cat "$dir/log"
	return 1
}

sway_starts() {
	WAYLAND_X=force WAYLAND_MORE=samples/sway.conf \
		wayland_start "$dir/sway"
}

in_sway() {
	check "sway: it starts" sway_starts
	[ "${wayland_userpid:-}" ] || return
	cp samples/sway.conf "$dir/sway"
	sed 's/constraint enable/constraint maybe/' samples/sway.conf \
		>"$dir/sway/bad.conf"
	check "sway -C takes the sample" valid sway.conf
	check "and does not take everything" not valid bad.conf
	check "sway: the window gets workspace 10" follows guest starts both
	check "sway: all of it" wait_for 10 placed app_id
	keys sway sways workspace 2
	check "sway: and while the window holds a grab" grabbed
	halt
	check "sway, by X: a window gets workspace 10 and waits there" waits
	check "sway, by X: its workspace: the guest" \
		follows guest sways workspace number 10
	check "sway, by X: another one: the host" \
		follows host sways workspace 2
	check "sway, by X: Super+F10: the guest" follows guest types 125 68
	halt
	wayland_stop
}

# ---- labwc ----

labwc_up() {
	grim -t ppm - >/dev/null 2>&1
}

# labwc_start FILE : with a key, Super+F9, that shows another workspace
labwc_start() {
	wayland_dir=$dir/labwc
	mkdir -m 700 "$wayland_dir" || return
	[ ! "$wayland_as" ] || chown 65534:65534 "$wayland_dir"
	sed 's|</keyboard>|<keybind key="W-F9"><action name="GoToDesktop" \
		to="1"/></keybind>&|' "$1" >"$wayland_dir/rc.xml"
	echo "echo \"\$WAYLAND_DISPLAY\" >'$wayland_dir/up'" \
		>"$wayland_dir/autostart"
	(
		unset DISPLAY WAYLAND_DISPLAY
		exec $wayland_as env HOME="$wayland_dir" \
			XDG_RUNTIME_DIR="$wayland_dir" WLR_BACKENDS=headless \
			WLR_RENDERER=pixman WLR_LIBINPUT_NO_DEVICES=1 \
			labwc -C "$wayland_dir" >"$wayland_dir/labwc.log" 2>&1
	) &
	wayland_pid=$!
	wait_for 20 [ -s "$wayland_dir/up" ] &&
	read -r WAYLAND_DISPLAY <"$wayland_dir/up" &&
	export WAYLAND_DISPLAY="$wayland_dir/$WAYLAND_DISPLAY" &&
	wait_for 20 labwc_up && user_start || {
		cat "$wayland_dir/labwc.log"
		return 1
	}
}

in_labwc() {
	check "labwc: it starts" labwc_start samples/labwc.xml
	[ "${wayland_userpid:-}" ] || return
	check "labwc: it finds no mistake" \
		not grep rcxml "$dir/labwc/labwc.log"
	check "labwc: the window is shown" follows guest starts both
	keys labwc types 125 67
	halt
	wayland_stop
}

# ---- GNOME ----

# The user's keys stay; the second time nothing changes.
gnome() {
	mkdir "$dir/fake" && cat >"$dir/fake/flatpak" <<-END || return
	#!/bin/sh
	echo "\$*" >>"$dir/granted"
	END
	chmod +x "$dir/fake/flatpak"
	export GSETTINGS_BACKEND=keyfile
	gsettings set org.gnome.settings-daemon.plugins.media-keys \
		custom-keybindings "['/own/']" &&
	PATH="$dir/fake:$PATH" sh samples/gnome.sh &&
	cp "$HOME/.config/glib-2.0/settings/keyfile" "$dir/keyfile" &&
	PATH="$dir/fake:$PATH" sh samples/gnome.sh &&
	cat "$dir/keyfile" &&
	cmp "$dir/keyfile" "$HOME/.config/glib-2.0/settings/keyfile" &&
	grep -q "^custom-keybindings=\['/own/', '/.*/screenstub-togglewindow/', \
'/.*/screenstub-emergency/'\]$" "$dir/keyfile" &&
	grep -q "^command='screenstub -e togglewindow'" "$dir/keyfile" &&
	grep -q "^binding='<Super><Shift>F1'" "$dir/keyfile" &&
	grep -q "^command='screenstub -e emergency'" "$dir/keyfile" &&
	grep -q "shortcuts-inhibitor screenstub.desktop GRANTED" "$dir/granted"
}

first() {
	mkdir "$dir/none" && HOME=$dir/none GSETTINGS_BACKEND=keyfile \
		PATH="$dir/fake:$PATH" sh samples/gnome.sh &&
	grep "^custom-keybindings=\['/.*/screenstub-togglewindow/', \
'/.*/screenstub-emergency/'\]$" "$dir/none/.config/glib-2.0/settings/keyfile"
}

# ---- KDE ----

# typed ACTION KEYS : that is what they do, as soon as the daemon has them
typed() {
	xdotool key "$2"
	grep -q -x -e "-e $1" "$dir/asked"
}

# By the daemon that has them where the screen is X's; in Wayland it is KWin.
kde() {
	data=$HOME/.local/share
	mkdir -p "$data/applications" "$data/kglobalaccel" &&
	cp samples/screenstub.desktop "$data/applications" &&
	ln -s ../applications/screenstub.desktop "$data/kglobalaccel" &&
	: >"$dir/asked" && screen_start "$dir/screen" || return
	dbus-daemon --session --nofork --print-address >"$dir/bus" &
	side=$!
	wait_for 10 [ -s "$dir/bus" ] || return
	DBUS_SESSION_BUS_ADDRESS=$(cat "$dir/bus") QT_QPA_PLATFORM=xcb \
		kglobalaccel5 2>"$dir/kde.log" &
	pid=$!
	wait_for 20 typed togglewindow super+shift+F1 &&
	wait_for 20 typed emergency ctrl+alt+shift+BackSpace
	status=$?
	cat "$dir/kde.log" "$dir/asked"
	halt
	kill "$side"
	side=
	return $status
}

# It only warns of some faults.
silent() {
	"$@" >"$dir/said" 2>&1 && [ ! -s "$dir/said" ] || {
		cat "$dir/said"
		return 1
	}
}

wants $BUILD_PACKAGES $WAYLAND_BUILD_PACKAGES $WAYLAND_PACKAGES xwayland \
	x11-xserver-utils
lab
check "the programs are built" prepare
[ "$failed" = 0 ] || finish
PATH="$dir/bin:$PATH"
in_sway
if need labwc; then
	in_labwc
else
	skip labwc "missing:$need_list"
fi
if need libglib2.0-bin gnome-settings-daemon-common; then
	check "gnome.sh: both keys, beside the user's" gnome
	check "gnome.sh: or alone" first
else
	skip gnome.sh "missing:$need_list"
fi
if need desktop-file-utils; then
	check "screenstub.desktop is a desktop file" \
		silent desktop-file-validate samples/screenstub.desktop
else
	skip screenstub.desktop "missing:$need_list"
fi
if need $SCREEN_PACKAGES dbus-daemon libkf5globalaccel-bin; then
	check "screenstub.desktop: KDE has its keys" kde
else
	skip "screenstub.desktop: KDE has its keys" "missing:$need_list"
fi
finish
