#!/bin/sh
# What cppcheck and gcc's analyzer say of the program: nothing.  Prints TAP.
set -u
cd "$(dirname "$0")/.." || exit
. tests/lib/test.sh

# It reads no headers of the system.
checked() {
	echo '#define wl_array_for_each(p, a) for (p = (void *)(a); p; p++)' \
		>"$dir/macros.h"
	cppcheck --std=c11 --enable=warning,performance,portability \
		--error-exitcode=1 -q -D_GNU_SOURCE '-DVERSION="x"' -I. \
		"--include=$dir/macros.h" "$@"
}

# It ends well with warnings, too.
analyzed() {
	for source; do
		gcc -std=c11 -O2 -D_GNU_SOURCE '-DVERSION="x"' -I. \
			"-I$dir/window" -fanalyzer -c -o /dev/null "$source" ||
			return
	done >"$dir/said" 2>&1
	cat "$dir/said"
	[ ! -s "$dir/said" ]
}

wants $BUILD_PACKAGES
lab
sources=$(sources)
if need $WAYLAND_BUILD_PACKAGES && protocols "$dir"; then
	sources="$sources $(wayland_sources)"
else
	skip "V21: the front of Wayland" "missing:$need_list"
fi
check "V21: gcc -fanalyzer" analyzed $sources
if need cppcheck; then
	check "V21: cppcheck" checked $sources
else
	skip "V21: cppcheck" "cppcheck is not installed"
fi
finish
