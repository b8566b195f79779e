#!/bin/sh
# Builds and runs the unit tests: sh tests/unit.sh [long | BUILDDIR], from the
# tree's root.  Prints the TAP of one program after the other.  With sanitizers,
# if CFLAGS does not say otherwise.  long: ten million keys and motions through
# the key machine.
set -u
cd "$(dirname "$0")/.." || exit
. tests/lib/need.sh
words=
[ "${1-}" != long ] || {
	words=long
	shift
}
dir=${1:-.cache/unit$words}
status=0

# fail PROGRAM TEXT FILE : a program that gave no whole answer is a failure
fail() {
	echo "not ok - $1: $2"
	sed 's/^/# /' "$3"
	status=1
}

# unit ROOM[/PROGRAM] SOURCE... : tests/ROOM/unit.c, or PROGRAM; libraries in $libs
unit() {
	case $1 in
	*/*) t=${1%/*}-${1#*/} t_source=tests/$1.c ;;
	*) t=$1 t_source=tests/$1/unit.c ;;
	esac
	shift
	# -I: tests/ddc is read from the root, headers too
	if ! ${CC:-cc} -std=c11 -D_GNU_SOURCE -pedantic -Wall -Wextra \
	    ${CFLAGS-$sanitized} -I. -o "$dir/$t" "$t_source" core/loop.c "$@" \
	    ${LDFLAGS-} $libs >"$dir/$t.err" 2>&1; then
		fail "$t" "does not build" "$dir/$t.err"
		return
	fi
	[ -s "$dir/$t.err" ] && fail "$t" "compiler warnings" "$dir/$t.err"
	# a test may read its own stderr, so sanitizers write elsewhere
	rm -f "$dir/$t".san.*
	ASAN_OPTIONS=log_path=$dir/$t.san UBSAN_OPTIONS=log_path=$dir/$t.san \
		"$dir/$t" $words >"$dir/$t.out" 2>"$dir/$t.err"
	rc=$?
	cat "$dir/$t".san.* >>"$dir/$t.err" 2>/dev/null
	cat "$dir/$t.out"
	if ! grep -q '^1\.\.' "$dir/$t.out"; then
		fail "$t" "ended early, status $rc" "$dir/$t.err"
	elif [ $rc -ne 0 ] && { [ $rc -ne 1 ] ||
	    ! grep -q '^not ok' "$dir/$t.out"; }; then
		fail "$t" "ended with status $rc" "$dir/$t.err"
	elif [ $rc -ne 0 ]; then
		status=1
	fi
}

if ! need gcc libc6-dev libudev-dev; then
	echo "1..0 # SKIP missing:$need_list"
	exit 0
fi
sanitized="-O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all"
mkdir -p "$dir" || exit
libs=-ludev unit input input.c input/*.c
[ ! "$words" ] || exit "$status"
libs= unit qmp qmp.c qmp/*.c
libs=-ludev unit ddc ddc.c ddc/*.c
libs= unit core core/show.c
libs= unit core/loop
libs= unit core/advice core/advice.c
sh tests/core/faults.sh "$dir" || status=1
exit $status
