# A Wayland session: sway without a screen, and the user in it.  To be sourced,
# from the root of the source tree, after guest.sh, whose wait_for it uses.
#
#   wayland_prepare CACHE      builds $WLUSER and $WLGLASS, see wluser.c and
#                              wlglass.c
#   wayland_start DIR [N]      sets WAYLAND_DISPLAY and SWAYSOCK; N outputs of
#                              1280x720, HEADLESS-1 on the left; with WAYLAND_X
#                              set to force, DISPLAY, too, for Xwayland, which
#                              wants x11-xserver-utils
#   wayland_kill               the compositor, at once
#   wayland_stop
#   wayland_version            of sway
#   sways COMMAND...           sway does it
#   user COMMAND...            wluser.c does it, and the compositor has had it
#   user_types TEXT            in small letters and blanks
#   user_keys CODE...          down, then up in the opposite order
#   user_told COMMAND...       is told that; for what waits already
#   user_sees LINE             since then it has printed that, or soon does
#   glass FILE [OUTPUT]        what is shown, as PNG
#   glass_points RRGGBB [OUTPUT]  prints at how many of 25 points that is shown
#   glass_text [OUTPUT]        prints the text that is shown, and its factor
#
# $WAYLAND_MORE is a file that is appended to sway's configuration.  Workspaces 1
# and 2 are on HEADLESS-1, 3 on HEADLESS-2; Super and a digit, and
# Super and x, which makes workspace 2, are sway's.  In DIR: sway.log, user.log.

WAYLAND_PACKAGES="gcc libc6-dev libwayland-dev wayland-protocols sway swaybg
	grim util-linux"
WAYLAND_GROUND=204080

# wayland_protocols DIR : those of wluser.c, as one file
wayland_protocols() {
	wayland_xml=/usr/share/wayland-protocols
	: >"$1/wluser-protocol.h"
	: >"$1/wluser-protocol.c"
	for wayland_p in $wayland_xml/stable/xdg-shell/xdg-shell.xml \
	    $wayland_xml/staging/ext-session-lock/ext-session-lock-v1.xml \
	    $wayland_xml/staging/ext-idle-notify/ext-idle-notify-v1.xml \
	    tests/lib/*.xml; do
		wayland-scanner client-header <"$wayland_p" \
			>>"$1/wluser-protocol.h" &&
		wayland-scanner private-code <"$wayland_p" \
			>>"$1/wluser-protocol.c" || return
	done
}

wayland_prepare() {
	mkdir -p "$1"
	WLUSER=$(cd "$1" && pwd)/wluser
	WLGLASS=$(cd "$1" && pwd)/wlglass
	[ ! "$(find tests/lib/wlglass.c window/text.c -newer "$WLGLASS" \
		2>&1)" ] || ${CC:-cc} -std=c11 -Wall -Wextra -O2 -I. \
		-o "$WLGLASS" tests/lib/wlglass.c || return
	[ "$(find tests/lib/wluser.c tests/lib/*.xml -newer "$WLUSER" 2>&1)" ] ||
		return 0
	wayland_protocols "$1" &&
	${CC:-cc} -std=c11 -D_GNU_SOURCE -Wall -Wextra -O2 -I"$1" \
		-o "$WLUSER" tests/lib/wluser.c "$1/wluser-protocol.c" \
		-lwayland-client
}

# Without a line for the seat sway 1.7 locks no pointer.
wayland_config() {
	cat <<-END
	xwayland ${WAYLAND_X:-disable}
	default_border none
	default_floating_border none
	focus_follows_mouse no
	mouse_warping none
	seat * pointer_constraint enable
	output * bg #$WAYLAND_GROUND solid_color
	output HEADLESS-1 pos 0 0
	output HEADLESS-2 pos 1280 0
	workspace 1 output HEADLESS-1
	workspace 2 output HEADLESS-1
	workspace 3 output HEADLESS-2
	bindsym Mod4+1 workspace 1
	bindsym Mod4+2 workspace 2
	bindsym Mod4+3 workspace 3
	bindsym Mod4+x workspace 2
	exec echo "\$SWAYSOCK" "\$WAYLAND_DISPLAY" "\$DISPLAY" >up.new && mv up.new up
	END
	[ ! "${WAYLAND_MORE:-}" ] || cat "$WAYLAND_MORE"
}

# sway refuses root; who can write to its folder root still can.
wayland_start() {
	mkdir -p "$1"
	wayland_dir=$(cd "$1" && pwd)
	wayland_config >"$wayland_dir/config"
	wayland_as=
	if [ "$(id -u)" = 0 ]; then
		wayland_as="setpriv --reuid=65534 --regid=65534 --clear-groups"
		chmod a+x "$wayland_dir/.."
		chown -R 65534:65534 "$wayland_dir"
	fi
	chmod 700 "$wayland_dir"
	rm -f "$wayland_dir/up"
	(
		cd "$wayland_dir" || exit
		unset DISPLAY WAYLAND_DISPLAY SWAYSOCK
		exec $wayland_as env HOME="$wayland_dir" WLR_BACKENDS=headless \
			XDG_RUNTIME_DIR="$wayland_dir" WLR_RENDERER=pixman \
			WLR_LIBINPUT_NO_DEVICES=1 \
			WLR_HEADLESS_OUTPUTS="${2:-1}" \
			sway -c "$wayland_dir/config" >sway.log 2>&1
	) &
	wayland_pid=$!
	wait_for 20 [ -s "$wayland_dir/up" ] && wayland_user || {
		cat "$wayland_dir/sway.log" >&2
		return 1
	}
}

wayland_user() {
	read -r SWAYSOCK WAYLAND_DISPLAY wayland_x <"$wayland_dir/up"
	if [ "$wayland_x" ]; then
		export DISPLAY="$wayland_x"
		[ ! "$wayland_as" ] ||
			$wayland_as xhost +si:localuser:root >/dev/null || return
	fi
	WAYLAND_DISPLAY=$wayland_dir/$WAYLAND_DISPLAY
	export SWAYSOCK WAYLAND_DISPLAY
	wait_for 20 wayland_grounds && sways workspace 1 && user_start
}

# In a compositor that is not ours, too; wayland_dir is its folder.
user_start() {
	rm -f "$wayland_dir/user"
	mkfifo "$wayland_dir/user"
	wayland_done=1
	user_mark=0
	: >"$wayland_dir/user.log"
	"$WLUSER" <"$wayland_dir/user" >"$wayland_dir/user.log" &
	wayland_userpid=$!
	exec 6>"$wayland_dir/user"
	wait_for 10 user_done
}

wayland_grounds() {
	[ "$(glass_points "$WAYLAND_GROUND" HEADLESS-1)" = 25 ]
}

wayland_kill() {
	kill -9 "$wayland_pid"
	wait "$wayland_pid" 2>/dev/null
}

wayland_stop() {
	[ "${wayland_pid:-}" ] || return 0
	exec 6>&-
	kill ${wayland_userpid:-} "$wayland_pid" 2>/dev/null
	wait ${wayland_userpid:-} "$wayland_pid" 2>/dev/null
	wayland_pid= wayland_userpid=
}

wayland_version() {
	sway --version | sed 's/^sway version \([0-9]*\.[0-9]*\).*/\1/'
}

sways() {
	swaymsg -q -s "$SWAYSOCK" -- "$*"
}

# ---- the user ----

user_told() {
	user_mark=$(wc -l <"$wayland_dir/user.log")
	wayland_done=$((wayland_done + 1))
	echo "$*" >&6
}

user() {
	user_told "$@"
	wait_for 10 user_done
}

user_types() {
	for user_code in $(keycodes "$1"); do
		user key "$user_code" 1
		user key "$user_code" 0
	done
}

user_keys() {
	user_up=
	for user_code; do
		user key "$user_code" 1
		user_up="$user_code $user_up"
	done
	for user_code in $user_up; do
		user key "$user_code" 0
	done
}

user_done() {
	[ "$(grep -cx done "$wayland_dir/user.log")" -ge "$wayland_done" ]
}

user_since() {
	tail -n "+$((user_mark + 1))" "$wayland_dir/user.log"
}

user_saw() {
	user_since | grep -qx -- "$1"
}

user_sees() {
	wait_for 10 user_saw "$1" || { user_since; return 1; }
}

# ---- the truth ----

glass() {
	grim ${2:+-o "$2"} "$1"
}

glass_points() {
	grim -t ppm ${2:+-o "$2"} - | "$WLGLASS" "$1"
}

glass_text() {
	grim -t ppm ${1:+-o "$1"} - | "$WLGLASS"
}
