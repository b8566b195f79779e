# need PKG... : the Debian packages that are missing are installed, or what to
# type is said; with NEED_FAILED set, neither.  To be sourced.

BUILD_PACKAGES="make gcc libc6-dev libxcb1-dev libxcb-dpms0-dev
	libxcb-randr0-dev libxcb-screensaver0-dev libxcb-xinput-dev
	libxcb-xkb-dev libxcb-xtest0-dev libudev-dev"

# the host's terminals, who else knows the monitor, and the picture
DEMO_PACKAGES="ddcutil xterm foot fonts-dejavu-core librsvg2-bin
	x11-xserver-utils"

# for a window of Wayland's, too
WAYLAND_BUILD_PACKAGES="libwayland-dev wayland-protocols"

# for Debian's package, whose faults lintian would name
DEB_PACKAGES="debhelper dpkg-dev fakeroot"

# for who builds the program without make
libs() {
	sed -n '/^LIBS = /,/^$/{ s/^LIBS = //; s/\\$//; p; }' Makefile
}

wayland_libs() {
	sed -n 's/^WAYLAND_LIBS_1 = //p' Makefile
}

# what the program is made of, but for Wayland
sources() {
	sed -n '/^OBJ = /,/^$/{ s/^OBJ = //; s/\\$//; s/\$(.*//; s/\.o/.c/g; p; }' \
		Makefile
}

# and those, but for what is generated
wayland_sources() {
	sed -n 's/^WAYLAND_OBJ_1 = //p' Makefile | tr ' ' '\n' |
		sed '/protocol/d; s/\.o$/.c/'
}

# protocols DIR : what is generated, as DIR/window/protocol.[ch]
protocols() {
	mkdir -p "$1/window" && cp Makefile "$1" &&
	make -s -C "$1" window/protocol.h window/protocol.c
}

# the folders that it is in, besides the root
rooms() {
	sources | tr ' ' '\n' | sed -n 's,/.*,,p' | sort -u
}

# object SOURCE : its name in one folder with all
object() {
	echo "${1%.c}.o" | tr / -
}

# objects DIR COMPILER... : all of it but screenstub.c, as DIR/*.o
objects() {
	objects_dir=$1
	shift
	for objects_source in $(sources); do
		[ "$objects_source" != screenstub.c ] || continue
		"$@" -c -o "$objects_dir/$(object "$objects_source")" \
			"$objects_source" || return
	done
}

SAMPLES_PACKAGES="$BUILD_PACKAGES umockdev udev systemd kmod i2c-tools
	libxml2-utils qemu-system-x86"

# what a few window managers need; each other one is installed in its turn
WM_PACKAGES="$BUILD_PACKAGES xserver-xorg-core xserver-xorg-video-dummy
	x11-xserver-utils x11-utils dbus i3lock i3-wm herbstluftwm awesome
	picom"

# the other ones
WM_MORE_PACKAGES="dwm bspwm xfwm4 kwin-x11 mutter libgl1-mesa-dri"

# compositors but sway, and what their tests need
COMPOSITOR_PACKAGES="labwc kwin-wayland gnome-shell weston libgl1-mesa-dri
	netpbm procps dbus"

need_missing() {
	for need_p in $(printf '%s\n' "$@" | sort -u); do
		case $(dpkg-query -W -f '${Status}' "$need_p" 2>&1) in
		*' ok installed') ;;
		*) printf ' %s' "$need_p" ;;
		esac
	done
}

# apt's chatter is worth reading only when it went wrong; how far it has come
# is told in steps of 10 percent.
need_apt() {
	need_log=$(mktemp)
	if { "$@" -o APT::Status-Fd=1 2>&1 && echo need: done ||
	    echo need: failed; } | need_progress; then
		rm -f "$need_log"
		return 0
	fi
	tail -n 20 "$need_log" >&2
	echo "need: failed: $* (all of it is in $need_log)" >&2
	return 1
}

# Ends with apt: what it has begun may hold the pipe.
need_progress() {
	need_was=
	while IFS= read -r need_line; do
		case $need_line in
		*dlstatus:*) need_does=downloaded ;;
		*pmstatus:*) need_does=installed ;;
		'need: done') return 0 ;;
		'need: failed') return 1 ;;
		*) echo "$need_line" >>"$need_log"; continue ;;
		esac
		[ "$need_does" = "$need_was" ] || need_next=10
		need_was=$need_does
		need_line=${need_line#*status:*:}
		need_line=${need_line%%[!0-9]*}
		[ "${need_line:-0}" -ge "$need_next" ] || continue
		need_next=$((need_line / 10 * 10 + 10))
		echo "  $need_does: $((need_next - 10)) %" >&2
	done
	return 1
}

# need_tell APT-GET WORD... : what it would take, in apt's words
need_tell() {
	LC_ALL=C "$@" --print-uris 2>/dev/null |
		sed -n '/^Need to get\|^After this/s/^/  /p' >&2
}

# When it fails need_list has the packages that are missing.
need() {
	if ! command -v apt-get >/dev/null; then
		need_list=" no Debian system"
		echo "need: not a Debian system; by their Debian names" \
			"these are needed: $*" >&2
		return 1
	fi
	need_list=$(need_missing "$@")
	[ "$need_list" ] || return 0
	[ ! "${NEED_FAILED:-}" ] || return
	# unquoted from here on: lists of words
	need_run="apt-get install -y --no-install-recommends"
	set -- $need_list
	echo "packages that are missing ($#):$need_list" >&2
	if [ "$(id -u)" -eq 0 ]; then
		need_as=
	elif sudo -n true 2>/dev/null; then
		need_as=sudo
	else
		need_tell $need_run "$@"
		echo "sudo apt-get install --no-install-recommends $*" >&2
		return 1
	fi
	echo "apt-get update" >&2
	need_apt $need_as apt-get update || return
	echo "apt-get install" >&2
	need_tell $need_run "$@"
	# another apt may be at work, on a machine that has just been started
	need_apt $need_as env DEBIAN_FRONTEND=noninteractive $need_run \
		-o DPkg::Lock::Timeout=300 "$@"
}
