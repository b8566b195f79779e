#!/bin/sh
# Fuzzes what ddc.c takes from monitors.  Prints TAP.
#
#   sh tests/fuzz.sh          about 20 seconds, the same each time
#   sh tests/fuzz.sh RUNS     so many of each target
#   sh tests/fuzz.sh NUMBERs  so many seconds of each target, at random
#
# With clang and libFuzzer (Debian: clang libclang-rt-dev, a recommended
# package that is not installed here), else with gcc and the driver in fuzz.c,
# which knows no coverage.  An input that failed is kept in .cache/fuzz.
set -u
cd "$(dirname "$0")/.." || exit
. tests/need.sh
. tests/tap.sh

export LC_ALL=C

# builds COMPILER FLAGS... : what the compiler warns of is an error
builds() {
	"$@" -std=c11 -D_GNU_SOURCE -pedantic -Wall -Wextra -Werror -O1 -g \
		-fno-sanitize-recover=all -I. -o "$dir/fuzz" tests/fuzz.c -ludev
}

has_libfuzzer() {
	echo 'int LLVMFuzzerTestOneInput(void) { return 0; }' |
		clang -fsanitize=fuzzer,address,undefined -o "$dir/probe" \
			-x c - >"$dir/out" 2>&1
}

# failing TARGET: what it said, without addresses, and the input
failing() {
	grep -a -E '^fuzz: |ERROR|error:|SUMMARY|^    #[0-9]+ .*(ddc|fuzz)\.c' \
		"$dir/$1.log" | head -n 20
	for crash in "$dir/$1"-*; do
		[ -f "$crash" ] || continue
		echo "again: FUZZ=$1 $dir/fuzz $crash"
		od -A d -t x1 "$crash" | head -n 40
	done
	return 1
}

# fuzz TARGET RUNS
fuzz() {
	mkdir "$dir/$1.in" &&
	FUZZ=$1 SEEDS=$dir/$1.in "$dir/fuzz" || return
	case $most in
	*s) set -- "$1" -max_total_time="${most%s}" -seed=0 ;;
	*) set -- "$1" -runs="${most:-$2}" -seed=1 ;;
	esac
	FUZZ=$1 "$dir/fuzz" "$2" "$3" -max_len=2048 -timeout=20 -verbosity=1 \
		-artifact_prefix="$dir/$1-" "$dir/$1.in" >"$dir/$1.log" 2>&1 ||
		failing "$1"
}

# target NAME RUNS TEXT
target() {
	check "$1, $engine: $3" fuzz "$1" "$2"
	sed -n "s/^Done/# $1:/p" "$dir/$1.log"
}

most=${1-}
case ${most%s} in
*[!0-9]*) echo "usage: sh tests/fuzz.sh [RUNS | SECONDSs]" >&2; exit 2 ;;
esac
need gcc libc6-dev libudev-dev || exit
dir=.cache/fuzz
rm -rf "$dir"
mkdir -p "$dir" || exit
if has_libfuzzer; then
	engine=libFuzzer
	check "builds" builds clang -fsanitize=fuzzer,address,undefined
else
	engine="own driver"
	check "builds" builds "${CC:-cc}" -DDRIVER \
		-fsanitize=address,undefined
fi
[ -x "$dir/fuzz" ] || {
	echo "1..$n"
	exit 1
}
target edid 120000 "clean texts, a row of config.h that fits"
target caps 40000 "no input twice, a part says a part"
target reply 600000 "the same as another parser"
target session 60000 "one true record, sound requests in time"
echo "1..$n"
exit $failed
