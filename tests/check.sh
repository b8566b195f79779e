#!/bin/sh
# All tests: installs what they need, if it may, runs them, and sums up.
set -u
cd "$(dirname "$0")/.." || exit
. tests/lib/need.sh
. tests/lib/guest.sh
. tests/lib/monitor.sh
. tests/lib/screen.sh
. tests/lib/box.sh
. tests/lib/box-ddc.sh

# all at once, for who has to type it; what can't be had is skipped
need $BUILD_PACKAGES $GUEST_PACKAGES $MONITOR_PACKAGES $SCREEN_PACKAGES \
	$BOX_PACKAGES $DDC_PACKAGES $SAMPLES_PACKAGES $WM_PACKAGES \
	git cloc mandoc ddcutil ddccontrol i2c-tools udev bsdutils strace \
	procps xterm || export NEED_FAILED=1
log=$(mktemp)
trap 'rm -f "$log" "$log.part"' EXIT
trap 'exit 1' HUP INT TERM
for part in program/build unit fuzz lib/lab ddc/ddc program/samples program/e2e \
    'window/wm short' qmp/vm real/real; do
	echo "# $part"
	set -- $part
	sh "tests/$1.sh" ${2-} 2>&1 | tee "$log.part"
	# one that died has no plan, and has failed, whatever it printed
	grep -q '^1\.\.' "$log.part" ||
		echo "not ok - $part: died" | tee -a "$log.part"
	cat "$log.part" >>"$log"
done
echo "# demo"
if [ "${NEED_FAILED:-}" ]; then
	echo "ok - make demo # SKIP packages are missing" | tee -a "$log"
elif sh tests/demo.sh >"$log.part" 2>&1; then
	echo "ok - make demo" | tee -a "$log"
else
	sed 's/^/# /' "$log.part"
	echo "not ok - make demo" | tee -a "$log"
fi
command -v cloc >/dev/null && cloc --quiet --csv ./*.c screenstub.h core ddc qmp input window |
	awk -F, 'END { print "# product code: " $5 " lines by cloc" }'
awk '/^ok .*# SKIP/ || /^1\.\.0 # SKIP/ { skipped++; next }
	/^ok / { passed++ }
	/^not ok / { failed++ }
	END {
		printf "%d passed, %d failed, %d skipped\n", passed, failed,
			skipped
		exit failed > 0 || !passed
	}' "$log"
