#!/bin/sh
# The build, its settings and the papers.  Prints TAP.
set -u
cd "$(dirname "$0")/../.." || exit
. tests/lib/test.sh

# copy NAME: the sources, as shipped, in $dir/NAME
copy() {
	mkdir "$dir/$1" &&
	tar -cf - --exclude='*.o' ./*.c ./*.h $(rooms) Makefile \
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
		'{ "x", X, 0, 0, 0, NULL, NULL },' &&
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
	copy user && cd "$dir/user" && rm config.h && make &&
	cmp config.def.h config.h && echo '/* mine */' >>config.h &&
	touch config.def.h && make && grep -q mine config.h
}

libraries() {
	ldd "$dir/gcc/screenstub" | sed 's/^[[:space:]]*//; s/[ (].*//' |
		grep -v -E '^(linux-vdso|/lib.*/ld-linux|libc\.|libxcb|libudev|libX(au|dmcp)\.|libbsd|libmd\.|libcap\.)' >"$dir/more"
	cat "$dir/more"
	[ ! -s "$dir/more" ]
}

installs() {
	make -C "$dir/gcc" install DESTDIR="$dir/root" PREFIX=/usr &&
	test -x "$dir/root/usr/bin/screenstub" &&
	test -f "$dir/root/usr/share/man/man1/screenstub.1" &&
	make -C "$dir/gcc" uninstall DESTDIR="$dir/root" PREFIX=/usr &&
	[ ! "$(find "$dir/root" -type f)" ]
}

wants $BUILD_PACKAGES mandoc
lab

check "gcc: no warning" clean_build gcc
if command -v clang >/dev/null; then
	check "clang: no warning" clean_build clang
else
	skip "clang: no warning" "clang is not installed"
fi
if [ -e .git ] && command -v git >/dev/null; then
	check "config.h is committed as config.def.h" committed
else
	skip "config.h is committed as config.def.h" "this is no git checkout"
fi
check "config.h belongs to the user" userfile
check "only libxcb, libudev and libc are linked" libraries
check "make install and uninstall" installs
check "every table may be emptied" compiles emptied \
	'/^\t{ [^0]/d; /^\t  \./d'
check "I20: mistakes that the compiler finds" compiler_finds
check "I20: rows that the program refuses" program_finds
check "V19: no name, no address" nothing
check "a limit of 0 is refused in words" \
	refuses 'config.h: ActionLimit, ExitLimit and Hung must be' zero \
	's/ActionLimit = 10000/ActionLimit = 0/'
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
check "a grab by X of a device is refused" \
	ends 'config.h: grabs\[.\]: .*by X none' xdevices \
	'/^static const Grab grabs/i static const char *const some[] = { "m", NULL };
	/^static const Grab grabs/a { "some", X, 0, 0, 0, NULL, some },'
check "a grab of no device is refused" \
	ends 'config.h: grabs\[.\]: by Evdev it wants' devices \
	'/^static const Grab grabs/a { "none", Evdev, 0, 0, 0, NULL, NULL },'
check "flags and keys that are none are refused" flags
check "keys for the guest that can't be typed are refused" chords
check "an argument of the wrong kind is refused" \
	refuses 'incompatible' wrong \
	's/togglegrab,   { .grab = "x" }/exec, { .argv = "x" }/'
check "the manual has no mistake" sh -c '
	! mandoc -T lint -W warning screenstub.1 | grep .'
finish
