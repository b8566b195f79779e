#!/bin/sh
# Fuzzes what ddc.c takes from monitors, qmp.c from QEMU and the guest's agent,
# and core/control.c from who asks.  Prints TAP.
#
#   sh tests/fuzz.sh          about 40 seconds, the same each time
#   sh tests/fuzz.sh short    a tenth of it
#   sh tests/fuzz.sh RUNS     so many of each target
#   sh tests/fuzz.sh NUMBERs  so many seconds of each target, at random
#
# A second word is the only target.
#
# With clang and libFuzzer (Debian: clang libclang-rt-dev, a recommended
# package that is not installed here), else with gcc and the driver in
# fuzzmain.c, which knows no coverage.  First inputs are in tests/qmp/corpus, or
# made of tests/ddc.  An input that failed is kept in .cache/fuzz.
set -u
cd "$(dirname "$0")/.." || exit
. tests/lib/need.sh
. tests/lib/tap.sh

export LC_ALL=C

# builds SOURCE LIBRARY COMPILER FLAGS... : a warning is an error
builds() {
	source=$1
	library=$2
	shift 2
	"$@" -std=c11 -D_GNU_SOURCE -DVERSION=\"test\" -pedantic -Wall -Wextra -Werror -O1 -g \
		-fno-sanitize-recover=all -I. -o "$dir/$(echo $source | tr / -)" \
		"tests/$source.c" $library
}

has_libfuzzer() {
	echo 'int LLVMFuzzerTestOneInput(void) { return 0; }' |
		clang -fsanitize=fuzzer,address,undefined -o "$dir/probe" \
			-x c - >"$dir/out" 2>&1
}

# failing TARGET: what it said, without addresses, and the input
failing() {
	grep -a -E -e '^fuzz: |ERROR|error:|SUMMARY' \
		-e '^    #[0-9]+ .*(ddc|bus|qmp|control|action|fuzz)\.c' "$dir/$1.log" | head -n 20
	for crash in "$dir/$1"-*; do
		[ -f "$crash" ] || continue
		echo "again: FUZZ=$1 $dir/$program $crash"
		od -A d -t x1 "$crash" | head -n 40
	done
	return 1
}

# fuzz TARGET RUNS LENGTH
fuzz() {
	max=$3
	mkdir "$dir/$1.in" || return
	if [ -d "tests/qmp/corpus/$1" ]; then
		cp "tests/qmp/corpus/$1"/* "$dir/$1.in" || return
	fi
	FUZZ=$1 SEEDS=$dir/$1.in "$dir/$program" || return
	case $most in
	short) set -- "$1" -runs="$(($2 / 10))" -seed=1 ;;
	*s) set -- "$1" -max_total_time="${most%s}" -seed=0 ;;
	*) set -- "$1" -runs="${most:-$2}" -seed=1 ;;
	esac
	FUZZ=$1 "$dir/$program" "$2" "$3" -max_len="$max" -timeout=20 \
		-verbosity=1 -artifact_prefix="$dir/$1-" "$dir/$1.in" \
		>"$dir/$1.log" 2>&1 || failing "$1"
}

# target NAME RUNS LENGTH TEXT
target() {
	[ "${only:-$1}" = "$1" ] || return
	check "$1, $engine: $4" fuzz "$1" "$2" "$3"
	sed -n "s/^Done/# $1:/p" "$dir/$1.log"
}

# program NAME LIBRARY : the one whose targets follow
program() {
	program=$1
	if [ "$engine" = libFuzzer ]; then
		check "$1: builds" builds "$1" "$2" clang \
			-fsanitize=fuzzer,address,undefined
	else
		check "$1: builds" builds "$1" "$2" "${CC:-cc}" -DDRIVER \
			-fsanitize=address,undefined
	fi
	program=$(echo "$1" | tr / -)
	[ -x "$dir/$program" ] && return
	echo "1..$n"
	exit 1
}

most=${1-} only=${2-}
case ${most%s} in
short) ;;
*[!0-9]*) echo "usage: sh tests/fuzz.sh [short | RUNS | SECONDSs [TARGET]]" >&2; exit 2 ;;
esac
if ! need gcc libc6-dev libudev-dev; then
	echo "1..0 # SKIP missing:$need_list"
	exit 0
fi
dir=${CACHE:-.cache}/fuzz/${most:-all}
rm -rf "$dir"
mkdir -p "$dir" || exit
engine="own driver"
has_libfuzzer && engine=libFuzzer
program ddc/fuzz -ludev
target edid 120000 2048 "clean texts, a row of config.h that fits"
target caps 40000 2048 "no input twice, a part says a part"
target reply 600000 2048 "the same as another parser"
target session 60000 2048 "one true record, sound requests in time"
program qmp/fuzz ''
target json 50000 6000 "the same as another parser"
target qmp 3500 3000 "sound commands, no key lost, in any pieces"
target agent 4000 3000 "each job once, and answered for, in any pieces"
# all but the entrance, the window, and what is replaced there
program core/fuzz "$(sources | tr -s ' \t' '\n' | grep -v -x \
	-e screenstub.c -e 'window/x.*' -e core/task.c -e core/control.c) -ludev"
target control 200000 4096 "sound words, an answer for each"
echo "1..$n"
exit $failed
