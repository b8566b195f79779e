# An X server with a window manager.  To be sourced, from the root of the
# source tree, after guest.sh, whose wait_for it uses.
#
#   screen_prepare CACHE  builds $XWIN and $XTEXT, see xwin.c and xtext.c
#   screen_start DIR      sets DISPLAY
#   screen_stop
#   desktop N             switches to workspace N, from 0
#   screen_window         prints which window is the program's
#   focuses WINDOW        gives it the focus, and waits for that
#   picture FILE          what the X server shows, as PNG
#
# $SCREEN_SIZE is its size, if it is not to be 1280x800.

SCREEN_PACKAGES="gcc libc6-dev libxcb1-dev libxcb-xfixes0-dev xvfb openbox
	xdotool x11-apps netpbm"

screen_prepare() {
	mkdir -p "$1"
	XWIN=$(cd "$1" && pwd)/xwin
	XTEXT=$(cd "$1" && pwd)/xtext
	for screen_source in xwin xtext; do
		[ ! "$(find tests/lib/$screen_source.c -newer \
			"$1/$screen_source" 2>&1)" ] ||
		${CC:-cc} -std=c11 -D_DEFAULT_SOURCE -Wall -Wextra -O2 \
			-o "$1/$screen_source" tests/lib/$screen_source.c \
			-lxcb -lxcb-xfixes || return
	done
}

screen_number() {
	DISPLAY=:$(cat "$screen_dir/display")
	[ "$DISPLAY" != : ]
}

# Two workspaces, whatever the user's own settings are.
screen_start() {
	mkdir -p "$1/openbox"
	screen_dir=$(cd "$1" && pwd) # openbox wants a whole path
	cat >"$screen_dir/openbox/rc.xml" <<-RC
	<openbox_config xmlns="http://openbox.org/3.4/rc">
	<desktops><number>2</number><popupTime>0</popupTime></desktops>
	<keyboard><keybind key="W-1"><action name="GoToDesktop"><to>1</to>
	</action></keybind><keybind key="W-f"><action name="ToggleFullscreen"/>
	</keybind></keyboard>
	</openbox_config>
	RC
	: >"$screen_dir/display"
	# a reset, when the first client ends, would end who comes meanwhile
	Xvfb -displayfd 3 -screen 0 ${SCREEN_SIZE:-1280x800}x24 -noreset \
		-nolisten tcp 3>"$screen_dir/display" >"$screen_dir/xvfb.log" 2>&1 &
	screen_xpid=$!
	wait_for 20 screen_number || return 1
	export DISPLAY
	openbox --config-file "$screen_dir/openbox/rc.xml" \
		>"$screen_dir/openbox.log" 2>&1 &
	screen_wmpid=$!
	# the first one of a new system makes caches of fonts
	wait_for 60 screen_managed || {
		cat "$screen_dir/xvfb.log" "$screen_dir/openbox.log" >&2
		return 1
	}
}

screen_managed() {
	[ "$(xdotool get_num_desktops 2>/dev/null)" = 2 ]
}

screen_stop() {
	[ "${screen_xpid:-}" ] || return 0
	kill "$screen_wmpid" "$screen_xpid" 2>/dev/null
	wait "$screen_wmpid" "$screen_xpid" 2>/dev/null
	screen_xpid=
}

desktop() {
	xdotool set_desktop "$1"
}

screen_window() {
	xdotool search --class '^screenstub$'
}

# xdotool's own --sync waits for a change.
focuses() {
	xdotool windowfocus "$1"
	wait_for 5 screen_focus "$1"
}

screen_focus() {
	[ "$(xdotool getwindowfocus -f)" = "$1" ]
}

picture() {
	xwd -silent -root | xwdtopnm 2>/dev/null | pnmtopng 2>/dev/null >"$1"
}
