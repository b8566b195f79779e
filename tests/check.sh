#!/bin/sh
# All tests: installs what they need, if it may, runs them, and sums up.
set -u
cd "$(dirname "$0")/.." || exit
. tests/need.sh
. tests/guest.sh
. tests/monitor.sh
. tests/screen.sh
. tests/box.sh
. tests/box-ddc.sh

# all at once, for who has to type it; what can't be had is skipped
need $BUILD_PACKAGES $GUEST_PACKAGES $MONITOR_PACKAGES $SCREEN_PACKAGES \
	$BOX_PACKAGES $DDC_PACKAGES $SAMPLES_PACKAGES $WM_PACKAGES \
	git cloc mandoc ddcutil ddccontrol i2c-tools udev bsdutils strace \
	procps xterm || export NEED_FAILED=1
log=$(mktemp)
trap 'rm -f "$log" "$log.part"' EXIT
trap 'exit 1' HUP INT TERM
for part in build unit fuzz lab ddc samples e2e 'wm short' vm real; do
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
command -v cloc >/dev/null && cloc --quiet --csv screenstub.h screenstub.c ddc.c qmp.c input.c |
	awk -F, 'END { print "# product code: " $5 " lines by cloc" }'
awk '/^ok .*# SKIP/ || /^1\.\.0 # SKIP/ { skipped++; next }
	/^ok / { passed++ }
	/^not ok / { failed++ }
	END {
		printf "%d passed, %d failed, %d skipped\n", passed, failed,
			skipped
		exit failed > 0 || !passed
	}' "$log"
