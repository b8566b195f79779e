#!/bin/sh
# The build and its settings.  Prints TAP.
set -u
cd "$(dirname "$0")/../.." || exit
. tests/lib/test.sh

# copy NAME: the sources, as shipped, in $dir/NAME
copy() {
	mkdir "$dir/$1" &&
	tar -cf - --exclude='*.o' --exclude='protocol.[ch]' ./*.c ./*.h $(rooms) Makefile \
		screenstub.1 | tar -xf - -C "$dir/$1" &&
	cp config.def.h "$dir/$1/config.h"
}

# A compiler's warning is an error here.
clean_build() {
	copy "$1" && make -C "$dir/$1" CC="$1" CFLAGS="-O2 -Werror"
}

# What knows nothing of config.h need not be compiled again.
others() {
	for object in $(sources); do
		[ "$object" = screenstub.c ] || echo "${object%.c}.o"
	done
}

# compiles NAME SED...: config.h changed by sed
compiles() {
	copy "$1" && tar -cf - -C "$dir/gcc" $(others) |
		tar -xf - -C "$dir/$1" &&
	sed -e "$2" config.def.h >"$dir/$1/config.h" &&
	! cmp -s config.def.h "$dir/$1/config.h" &&
	make -C "$dir/$1" CFLAGS=-Werror screenstub.o
}

# refuses TEXT NAME SED...: the compiler does, with these words
refuses() {
	want=$1
	shift
	if compiles "$@" >"$dir/said" 2>&1; then
		echo "compiled"
		return 1
	fi
	cat "$dir/said"
	grep -q -e "$want" "$dir/said"
}

# ends TEXT NAME SED: the program does, at its start, with these words
ends() {
	compiles "$2" "$3" >"$dir/said" 2>&1 &&
		make -C "$dir/$2" CFLAGS=-Werror >>"$dir/said" 2>&1 || {
		cat "$dir/said"
		return 1
	}
	"$dir/$2/screenstub" -e quit >"$dir/said" 2>&1
	[ $? -eq 1 ] && grep -q -e "$1" "$dir/said" || {
		cat "$dir/said"
		return 1
	}
}

# Rows that tables of keys and grabs must not have.
flags() {
	ends 'remaps\[0\]: want KEY_' remaps \
		'/^static const Remap/a { KEY_A, KEY_CNT },' &&
	ends 'hotkeys\[0\]: want KEY_' keys \
		's/KEY_HOME,   Ctrl | Alt,/KEY_A, With(KEY_CNT),/' &&
	ends 'hotkeys\[0\]: flags are' hotkeys \
		's/KEY_HOME,   Ctrl | Alt, 0,/KEY_HOME, Ctrl, Mouse,/' &&
	ends 'grabs\[0\]: flags are' confine 's/Mouse | Confine, /Confine, /'
}

# chord NAME KEYS TEXT : of a row that types them
chord() {
	ends "$3" "$1" \
		"/^static const Hotkey/i static const unsigned chord[] = { $2 };
		/^static const Hotkey/a { KEY_1, 0, 0, guestkeys, { .keys = chord } },"
}

# Keys that a chord must not have.
chords() {
	want='hotkeys\[0\]: want keys that QEMU has'
	nine='KEY_1, KEY_2, KEY_3, KEY_4, KEY_5, KEY_6, KEY_7, KEY_8, KEY_9, 0'
	chord chord2 0 "$want" &&
	chord chord3 'KEY_A, Then, 0' "$want" &&
	chord chord4 'Then, KEY_A, 0' "$want" &&
	chord chord5 'KEY_A, Then, Then, KEY_B, 0' "$want" &&
	chord chord6 "$nine" "$want" &&
	chord chord7 'KEY_WWW, 0' "$want" &&
	chord chord8 'KEY_A, KEY_CNT + 1, 0' "$want" &&
	chord chord9 'KEY_LEFTCTRL, KEY_A, Then, KEY_A, 0' 'is screenstub run'
}

# setting TEXT SETTING VALUE : an enum's, that the compiler refuses
setting() {
	refuses "config.h: .*$1" "$2$3" "s/\\b$2 = [^,}]*/$2 = $3/"
}

compiler_finds() {
	setting 'EmergencyMods: want' EmergencyMods ' 0 ' &&
	setting 'EmergencyMods: want' EmergencyMods 0x1001 &&
	setting 'want 0 or 1' AutoReturn 2 &&
	setting 'want 0 or 1' StartRelative -1 &&
	setting 'want 0 or 1' HiRes 2 &&
	setting 'be below 0' Settle -1 &&
	setting 'want Ps2, Usb or Virtio' KeyboardDriver 3 &&
	setting 'want Usb or Virtio' TabletDriver Ps2 &&
	refuses 'int-conversion\|makes pointer from integer' shortrow \
		'/^static const Step toguest/a { Exec, 5000, 0, 0 },' &&
	refuses "config.h:.*'a'" letters \
		"/^static const Remap/a { 'a', 'b' }," &&
	refuses "config.h:.*'q'" letter "s/{ KEY_HOME, /{ 'q', /"
}

# row WHY LIST ROW : of config.h, in front of its rows, is refused
row() {
	rows=$((${rows:-0} + 1))
	ends "config.h: $1" "row$rows" "/^static const .* $2\[\]/a $3"
}

program_finds() {
	row 'hotkeys\[0\]: this is the emergency' hotkeys \
		'{ KEY_BACKSPACE, Ctrl | Alt | Shift, 0, quit, { 0 } },' &&
	row 'hotkeys\[0\]: this is the emergency' hotkeys \
		'{ KEY_BACKSPACE, LeftCtrl | Alt | RightShift, 0, quit, { 0 } },' &&
	row 'hotkeys\[0\]: X takes this' hotkeys \
		'{ KEY_F1, Ctrl | LeftAlt, 0, quit, { 0 } },' &&
	row 'hotkeys\[1\]: its first column is 0' hotkeys \
		'{ KEY_F1, Alt, 0, quit, { 0 } }, { 0, Ctrl, 0, quit, { 0 } },' &&
	row 'remaps\[0\]: that is the same key' remaps '{ KEY_A, KEY_A },' &&
	row 'remaps\[2\]: another row' remaps \
		'{ KEY_A, KEY_B }, { KEY_C, 0 }, { KEY_A, 0 },' &&
	row 'remaps\[0\]: its first column is 0' remaps '{ 0, KEY_B },' &&
	row 'grabs\[1\]: another row has that name' grabs \
		'{ "x", Window, 0, 0, 0, NULL, NULL },' &&
	row 'onevent\[0\]: there is no such event' onevent \
		'{ EventLast, quit, { 0 } },' &&
	row 'toguest\[0\]: limit' toguest '{ Ddc, { 0 }, 0, 0 },' &&
	row 'tohost\[0\]: orelse wants' tohost '{ Ddc, { 0 }, 9, 1 },' &&
	row 'monitors\[0\]: its first column is 0' monitors '{ 0 },' &&
	for list in monitors toguest tohost hotkeys remaps grabs onevent; do
		ends "config.h: $list\[.\]: behind it { 0 } is missing" \
			"end$list" "/^static const .* $list\[\]/,/^};/{
			s/^	{ 0 }$//
			/^static/a $(filled $list)
			}" || return
	done &&
	ends 'config.h: qmpsocket: want a /path' address \
		's|"/tmp/vfio-qmp"|"localhost:99999"|'
}

# A row for a list that is shipped empty.
filled() {
	[ "$1" != remaps ] || echo '{ KEY_A, KEY_B },'
}

# NULL is none; but there is always a name.
nothing() {
	ends 'config.h: instance: a name' noname 's/instance = "[^"]*"/instance = NULL/' &&
	compiles nosocket 's|"/tmp/vfio-q.*"|NULL|' &&
	make -C "$dir/nosocket" CFLAGS=-Werror &&
	says 'is screenstub running' "$dir/nosocket/screenstub" -e quit
}

committed() {
	git -c safe.directory="$PWD" show HEAD:config.h >"$dir/c1" &&
	git -c safe.directory="$PWD" show HEAD:config.def.h >"$dir/c2" && diff "$dir/c2" "$dir/c1"
}

# The user's file is made when it is missing, and never touched again.
userfile() {
	copy user && (cd "$dir/user" && rm config.h && make &&
		cmp config.def.h config.h && echo '/* mine */' >>config.h &&
		touch config.def.h && make && grep -q mine config.h)
}

# ---- CONFIG, a file elsewhere ----

# has TEXT : the object
has() {
	grep -q -a "$1" "$dir/$where/screenstub.o"
}

# object CONFIG [TEXT] : it is made by these settings; with TEXT, by a command
# that has it, and with "" by none at all
object() {
	"$tool" -C "$dir/$where" CC="$with" CFLAGS=-Werror CONFIG="$1" \
		screenstub.o >"$dir/made" 2>&1 || {
		cat "$dir/made"
		return 1
	}
	grep ' -o screenstub.o' "$dir/made" >"$dir/works"
	[ $# -eq 1 ] || is "$(grep -c . "$dir/works")" "$2"
}

# elsewhere MAKE CC : in a folder that is not there yet, with a blank
elsewhere() {
	tool=$1 with=$2 where="else$1$2"
	own="$dir/a folder/of $where/desk.h"
	copy "$where" && object "$own" 1 && cmp config.def.h "$own" &&
	object "$own" 0 &&
	sed 's/instance = "/&#mine-/' config.def.h >"$own" &&
	object "$own" 1 && has '#mine-' && object "$own" 0 &&
	object config.h 1 && not has '#mine-' && object config.h 0 &&
	object "$own" 1 && has '#mine-' &&
	echo 'static const char *const instance = "#beside";' \
		>"${own%/*}/more.h" &&
	sed 's/^.* instance = .*/#include "more.h"/' config.def.h >"$own" &&
	object "$own" 1 && has '#beside' &&
	cmp config.def.h "$dir/$where/config.h" &&
	sed "s/{ KEY_HOME, /{ 'q', /" config.def.h >"$own" &&
	not object "$own" && grep -q "desk.h:[0-9]*:.*'q'" "$dir/made" &&
	sed 's/{ KEY_HOME, /{ KEY_NONE, /' config.def.h >"$own" &&
	not object "$own" && grep -q "desk.h:[0-9]*:.*KEY_NONE" "$dir/made"
}

# with MAKE CC
elsewheres() {
	what="CONFIG elsewhere: made, edited, changed: $1, $2"
	if command -v "$1" >/dev/null && command -v "$2" >/dev/null; then
		check "$what" elsewhere "$1" "$2"
	else
		skip "$what" "one is not installed"
	fi
}

# ---- what is left in a git checkout ----

git_in() {
	git -c safe.directory='*' -c user.name=x -c user.email=x -C "$@"
}

# clones : what is here, edits and all
clones() {
	git_in . clone -q "$PWD" "$dir/a tree" && for file in $(git_in . ls-files)
	do
		[ ! -e "$file" ] || echo "$file"
	done | tar -cf - -T - | tar -xf - -C "$dir/a tree" &&
	git_in "$dir/a tree" add -A &&
	git_in "$dir/a tree" commit -q --allow-empty -m edits
}

# status LINE... : what git says is not its own, with "!! " if that is ignored
status() {
	printf '%s\n' "$@" | grep . >"$dir/want"
	git_in "$dir/a tree" status --porcelain --ignored | diff "$dir/want" -
}

# Whatever is made there, all but what is in .cache is thrown away.
tidy() {
	make -C "$dir/a tree" >"$dir/made" 2>&1 || {
		cat "$dir/made"
		return 1
	}
	mkdir "$dir/a tree/.cache" "$dir/a tree/demo" &&
	touch "$dir/a tree/.cache/x" "$dir/a tree/demo/x" &&
	git_in "$dir/a tree" status --porcelain | not grep . &&
	make -C "$dir/a tree" clean && status "!! .cache/" &&
	make -C "$dir/a tree" distclean && status ""
}

libraries() {
	ldd "$dir/gcc/screenstub" | sed 's/^[[:space:]]*//; s/[ (].*//' |
		grep -v -E '^(linux-vdso|/lib.*/ld-linux|libc\.|libxcb|libudev|libX(au|dmcp)\.|libbsd|libmd\.|libcap\.)' >"$dir/more"
	cat "$dir/more"
	[ ! -s "$dir/more" ]
}

# ---- releases ----

# The same tarball later, with others' rights, and from what was unpacked and
# has been worked in; and the same program of it.
released() {
	make -C "$dir/a tree" dist && mv "$dir/a tree"/screenstub-*.tar.gz \
		"$dir/first.tar.gz" && mkdir "$dir/un packed" &&
	tar -xzf "$dir/first.tar.gz" -C "$dir/un packed" &&
	touch "$dir/a tree"/* && (umask 077 && make -C "$dir/a tree" dist) &&
	cmp "$dir/first.tar.gz" "$dir/a tree"/screenstub-*.tar.gz &&
	set -- "$dir/un packed"/screenstub-* && make -C "$1" -j 2 &&
	"$1/screenstub" -v && mkdir "$1/.cache" &&
	echo '/* mine */' >>"$1/config.h" && touch "$1/.cache/x" &&
	cp "$1/screenstub" "$dir/ours" && (umask 077 && make -C "$1" dist) &&
	cmp "$dir/first.tar.gz" "$1"/screenstub-*.tar.gz &&
	make -C "$dir/a tree" -j 2 && cmp "$dir/a tree/screenstub" "$dir/ours"
}

# Each paper has the version that the Makefile has.
versions() {
	version=$(sed -n 's/^VERSION = //p' Makefile)
	grep -q -x "screenstub $version" CHANGES &&
	grep -q "^screenstub ($version-" samples/packaging/debian/changelog &&
	grep -q -x "pkgver=$version" samples/packaging/PKGBUILD &&
	grep -q "version = \"$version\"" samples/packaging/flake.nix
}

# Debian's package, built of that, and its program.
debian() {
	make -C "$dir/a tree" deb && deb=$(echo "$dir/a tree"/screenstub_*.deb) &&
	dpkg-deb -x "$deb" "$dir/deb" && "$dir/deb/usr/bin/screenstub" -v &&
	needs "$dir/deb/usr/bin/screenstub" &&
	dpkg-deb -f "$deb" Depends | grep libxcb1 | grep libudev1 |
		grep libwayland-client0 &&
	grep -q '^ExecStart=/usr/bin/screenstub$' \
		"$dir/deb/usr/lib/systemd/user/screenstub.service" &&
	for file in udev/rules.d/60-screenstub.rules \
	    modules-load.d/screenstub.conf; do
		test -s "$dir/deb/usr/lib/$file" || return
	done && for file in man/man1/screenstub.1.gz doc/screenstub/copyright \
	    doc/screenstub/changelog.Debian.gz \
	    doc/screenstub/README.Debian doc/screenstub/examples/qemu.sh; do
		test -s "$dir/deb/usr/share/$file" || return
	done && if command -v lintian >/dev/null; then
		lintian --fail-on error --allow-root "$deb"
	fi
}

# ---- a window of Wayland's, too ----

# both NAME MAKE CC : in $dir/NAME, at once, no warning
both() {
	copy "$1" && "$2" -C "$dir/$1" -j 4 WAYLAND=1 CC="$3" \
		CFLAGS="-O2 -Werror"
}

# needs PROGRAM : does it need Wayland's library?
needs() {
	readelf -d "$1" | grep -q 'NEEDED.*libwayland-client'
}

# Its own headers, and nothing of Wayland's: what is asked for is found nowhere.
wayless() {
	copy wayless && mkdir "$dir/void" && for name in wayland-client.h \
	    wayland-client-core.h wayland-util.h; do
		echo '#error "no Wayland here"' >"$dir/void/$name" || return
	done
	printf '#!/bin/sh\nexit 1\n' >"$dir/void/wayland-scanner" &&
	chmod +x "$dir/void/wayland-scanner" &&
	PATH="$dir/void:$PATH" make -C "$dir/wayless" PROTOCOLS=/nonexistent \
		CPPFLAGS="-I'$dir/void'" "$@"
}

# Where something is missing nothing is left that looks like it.
lacking() {
	not wayless WAYLAND=1 && not test -e "$dir/wayless/window/protocol.h"
	status=$?
	rm -rf "$dir/wayless" "$dir/void"
	return $status
}

# switches DIR : that was made with it. The other choice makes another program
# there, and the same once more nothing.
switches() {
	for choice in 1 "" "" 1; do
		make -C "$dir/$1" WAYLAND=$choice >"$dir/made" 2>&1 || {
			cat "$dir/made"
			return 1
		}
		cat "$dir/made"
		case $choice in
		1) needs "$dir/$1/screenstub" ;;
		*) not needs "$dir/$1/screenstub" ;;
		esac && if [ "$choice" = "${last-1}" ]; then
			not grep -e ' -o ' "$dir/made"
		fi || return
		last=$choice
	done
}

# makes WORD... : with $tool in $where, and somebody else's home
makes() {
	HOME=/nonexistent "$tool" -C "$dir/$where" CC=gcc CFLAGS="-O2 -Werror" \
		"$@" >"$dir/made" 2>&1 || {
		cat "$dir/made"
		return 1
	}
}

# remembers MAKE DIR : that was made with Wayland. What was chosen stays chosen,
# by who says nothing, until it is said otherwise, or on the side.
remembers() {
	tool=$1 where=$2 own="$dir/own $2/a#b/desk.h"
	root="$dir/a root-$1"
	mkdir -p "${own%/*}" &&
	sed 's/instance = "/&#mine-/' config.def.h >"$own" &&
	makes WAYLAND=1 CONFIG="$own" && has '#mine-' &&
	makes install DESTDIR="$root" PREFIX=/usr && not grep ' -o ' "$dir/made" &&
	grep -F "with CONFIG=$own WAYLAND=1, " "$dir/made" &&
	needs "$root/usr/bin/screenstub" &&
	sed 's/instance = "/&#edited-/' config.def.h >"$own" &&
	makes install DESTDIR="$root" PREFIX=/usr &&
	needs "$root/usr/bin/screenstub" && has '#edited-' &&
	makes WAYLAND= CONFIG=config.def.h CHOICE=/dev/null &&
	not needs "$dir/$where/screenstub" && not has '#edited-' &&
	makes && needs "$dir/$where/screenstub" && has '#edited-' &&
	makes WAYLAND= && not needs "$dir/$where/screenstub" &&
	makes && not needs "$dir/$where/screenstub" && has '#edited-' &&
	makes CONFIG=config.h && makes && not has '#edited-' &&
	not grep '^with ' "$dir/made" && makes WAYLAND=1 && makes &&
	needs "$dir/$where/screenstub"
}

# cleans DIR : of all that it has made, and been told
cleans() {
	(cd "$dir/$1" && find . -type f | sort >"$dir/before" && make clean &&
		make -n >"$dir/made" && not grep -e -DWAYLAND "$dir/made") &&
	copy fresh &&
	(cd "$dir/fresh" && find . -type f | sort) >"$dir/want" &&
	(cd "$dir/$1" && find . -type f | sort) | diff "$dir/want" - &&
	grep -q protocol "$dir/before"
}

wayland() {
	check "make WAYLAND=1, by gcc: no warning" both "way gcc" make gcc
	check "it needs Wayland's library" needs "$dir/way gcc/screenstub"
	if command -v clang >/dev/null; then
		check "and by clang" both "way clang" make clang
	else
		skip "and by clang" "clang is not installed"
	fi
	if command -v bmake >/dev/null; then
		check "and by BSD's make" both "way bmake" bmake gcc
		check "BSD's make takes what was chosen last" \
			remembers bmake "way bmake"
	else
		skip "and by BSD's make" "bmake is not installed"
	fi
	check "without Wayland's files there is no such program" lacking
	check "with and without: the other program, and no work twice" \
		switches "way gcc"
	check "what was chosen last is taken" remembers make "way gcc"
	check "make clean leaves nothing of it" cleans "way gcc"
}

# into WORD... : installs all there with these words
into() {
	make -C "$dir/gcc" install install-extras "$@" &&
	"$dir/a root/usr/bin/screenstub" -v &&
	grep -q '^\.Dt SCREENSTUB' "$dir/a root/usr/share/man/man1/screenstub.1" &&
	cmp "${rules:-samples/60-screenstub.rules}" \
		"$dir/a root/lib/udev/rules.d/60-screenstub.rules" &&
	cmp samples/i2c.conf "$dir/a root/lib/modules-load.d/screenstub.conf" &&
	cmp samples/screenstub.desktop \
		"$dir/a root/usr/share/applications/screenstub.desktop" &&
	is "$(sed -n 's/^Exec[^=]*=-*//p' \
		"$dir/a root/usr/lib/systemd/user/screenstub.service" | xargs)" \
		"${1#*=}/bin/screenstub ${1#*=}/bin/screenstub -w host" &&
	[ ! "$(find "$dir/a root" -type f -perm /022)" ] &&
	make -C "$dir/gcc" uninstall "$@" &&
	[ ! "$(find "$dir/a root" -type f)" ]
}

# What is called on this machine is written down, but not where all goes to
# another root.
installs() {
	cp -R samples "$dir/gcc" && mkdir "$dir/calls" && for name in modprobe udevadm; do
		printf '#!/bin/sh\necho "${0##*/} $*" >>%s/called\n' "$dir" \
			>"$dir/calls/$name" && chmod +x "$dir/calls/$name" ||
			return
	done
	PATH="$dir/calls:$PATH"
	into PREFIX=/usr EXTRAS=/lib DESTDIR="$dir/a root" &&
	not test -e "$dir/called" && rules=samples/60-screenstub-group.rules &&
	into PREFIX="$dir/a root/usr" EXTRAS="$dir/a root/lib" RULES=$rules &&
	is "$(paste -s -d, "$dir/called")" "udevadm control --reload,modprobe \
-a i2c-dev uinput,udevadm trigger --subsystem-match=i2c-dev \
--subsystem-match=misc"
	status=$?
	PATH=${PATH#*:}
	rules=
	return $status
}

wants $BUILD_PACKAGES
need clang bmake # what is missing all the same is left out
lab

check "gcc: no warning" clean_build gcc
if command -v clang >/dev/null; then
	check "clang: no warning" clean_build clang
else
	skip "clang: no warning" "clang is not installed"
fi
if [ -e .git ] && command -v git >/dev/null; then
	check "config.h is committed as config.def.h" committed
	check "git clones it" clones
	check "make clean leaves .cache, distclean nothing" tidy
	check "make dist, and the program: the same each time" released
	if need $WAYLAND_BUILD_PACKAGES $DEB_PACKAGES; then
		check "make deb" debian
	else
		skip "make deb" "missing:$need_list"
	fi
else
	skip "what is committed, and what is left" "this is no git checkout"
fi
check "config.h belongs to the user" userfile
elsewheres make gcc
elsewheres make clang
elsewheres bmake gcc
check "all papers have the same version" versions
check "only libxcb, libudev and libc are linked" libraries
check "make needs nothing of Wayland's" wayless
check "and nothing of it is linked" not needs "$dir/gcc/screenstub"
rm -rf "$dir/wayless" "$dir/void"
if need $WAYLAND_BUILD_PACKAGES; then
	wayland
else
	skip "make WAYLAND=1" "missing:$need_list"
fi
check "make install, install-extras, uninstall" installs
check "every table may be emptied" compiles emptied \
	'/^\t{ [^0]/d; /^\t  \./d'
check "I20: mistakes that the compiler finds" compiler_finds
check "I20: rows that the program refuses" program_finds
check "V19: no name, no address" nothing
check "a limit of 0 is refused in words" \
	refuses 'config.h: ActionLimit, ExitLimit and Hung must be' zero \
	's/ActionLimit = 10000/ActionLimit = 0/'
check "a choice of the window system that is none is refused" \
	refuses 'config.h: AutoReturn.*UseX: want 0 or 1' usex \
	's/UseX = 0/UseX = 2/'
check "a window that shows nothing ever is refused" \
	refuses 'config.h: ShowOn: want Auto, Visible' never \
	's/ShowOn = Auto/ShowOn = 4/'
check "a window whose closing does nothing that is known is refused" \
	refuses 'config.h: Close: want Quit, ShowHost or Ignore' close \
	's/Close = ShowHost/Close = 3/'
check "a part of the desktop that is none is refused" \
	ends 'config.h: guestrect: want' rect 's/{ 0, 0, 1, 1 }/{ 0.5, 0, 0.5, 1 }/'
check "a chord for all of X of a key that X has not is refused" \
	ends 'config.h: hotkeys\[0\]: Global.*X knows no others' micmute \
	's/KEY_HOME,   Ctrl | Alt, 0,/KEY_MICMUTE, Ctrl, Global,/'
check "a grab by the window of a device is refused" \
	ends 'config.h: grabs\[.\]: .*by Window none' xdevices \
	'/^static const Grab grabs/i static const char *const some[] = { "m", NULL };
	/^static const Grab grabs/a { "some", Window, 0, 0, 0, NULL, some },'
check "a grab of no device is refused" \
	ends 'config.h: grabs\[.\]: by Evdev it wants' devices \
	'/^static const Grab grabs/a { "none", Evdev, 0, 0, 0, NULL, NULL },'
check "flags and keys that are none are refused" flags
check "keys for the guest that can't be typed are refused" chords
check "an argument of the wrong kind is refused" \
	refuses 'incompatible' wrong \
	's/togglegrab,   { .grab = "x" }/exec, { .argv = "x" }/'
finish
