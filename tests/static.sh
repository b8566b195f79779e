#!/bin/sh
# What cppcheck and gcc's analyzer say of the program: nothing.  Prints TAP.
set -u
cd "$(dirname "$0")/.." || exit
. tests/lib/test.sh

checked() {
	cppcheck --std=c11 --enable=warning,performance,portability \
		--error-exitcode=1 -q -D_GNU_SOURCE '-DVERSION="x"' -I. \
		$(sources)
}

# It ends well with warnings, too.
analyzed() {
	for source in $(sources); do
		gcc -std=c11 -O2 -D_GNU_SOURCE '-DVERSION="x"' -I. -fanalyzer \
			-c -o /dev/null "$source" || return
	done >"$dir/said" 2>&1
	cat "$dir/said"
	[ ! -s "$dir/said" ]
}

wants $BUILD_PACKAGES
lab
check "V21: gcc -fanalyzer" analyzed
if need cppcheck; then
	check "V21: cppcheck" checked
else
	skip "V21: cppcheck" "cppcheck is not installed"
fi
finish
