# need PKG... : the Debian packages that are missing are installed, or what to
# type is said; with NEED_FAILED set, neither.  To be sourced.

BUILD_PACKAGES="make gcc libc6-dev libxcb1-dev libxcb-dpms0-dev
	libxcb-randr0-dev libxcb-screensaver0-dev libxcb-xinput-dev
	libxcb-xkb-dev libxcb-xtest0-dev libudev-dev"

# for who builds the program without make
libs() {
	sed -n '/^LIBS = /,/^$/{ s/^LIBS = //; s/\\$//; p; }' Makefile
}

# what the program is made of
sources() {
	sed -n '/^OBJ = /,/^$/{ s/^OBJ = //; s/\\$//; s/\.o/.c/g; p; }' Makefile
}

# the folders that it is in, besides the root
rooms() {
	sources | tr ' ' '\n' | sed -n 's,/.*,,p' | sort -u
}

# objects DIR COMPILER... : all of it but screenstub.c, as DIR/*.o
objects() {
	objects_dir=$1
	shift
	for object in $(sources); do
		[ "$object" != screenstub.c ] || continue
		"$@" -c -o "$objects_dir/$(echo "${object%.c}" | tr / -).o" \
			"$object" || return
	done
}

SAMPLES_PACKAGES="$BUILD_PACKAGES umockdev udev systemd kmod i2c-tools
	libxml2-utils qemu-system-x86 sway xwayland xserver-xorg-core
	xserver-xorg-video-dummy xserver-xorg-input-libinput x11-xkb-utils
	xkb-data"

# what a few window managers need; each other one is installed in its turn
WM_PACKAGES="$BUILD_PACKAGES xserver-xorg-core xserver-xorg-video-dummy
	x11-xserver-utils x11-utils dbus i3lock i3-wm herbstluftwm awesome
	picom"

# the other ones
WM_MORE_PACKAGES="dwm bspwm xfwm4 kwin-x11 mutter libgl1-mesa-dri"

need_missing() {
	for need_p in $(printf '%s\n' "$@" | sort -u); do
		case $(dpkg-query -W -f '${Status}' "$need_p" 2>&1) in
		*' ok installed') ;;
		*) printf ' %s' "$need_p" ;;
		esac
	done
}

# apt's chatter is worth reading only when it went wrong.
need_apt() {
	need_log=$(mktemp)
	if "$@" >"$need_log" 2>&1; then
		rm -f "$need_log"
		return 0
	fi
	tail -n 20 "$need_log" >&2
	echo "need: failed: $* (all of it is in $need_log)" >&2
	return 1
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
	need_run="apt-get install -y --no-install-recommends"
	if [ "$(id -u)" -eq 0 ]; then
		need_as=
	elif sudo -n true 2>/dev/null; then
		need_as=sudo
	else
		echo "sudo apt-get install --no-install-recommends$need_list" >&2
		return 1
	fi
	echo "installing:$need_list" >&2
	# unquoted: lists of words
	need_apt $need_as apt-get update &&
	need_apt $need_as env DEBIAN_FRONTEND=noninteractive \
		$need_run $need_list
}
