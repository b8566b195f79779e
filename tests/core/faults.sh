#!/bin/sh
# Do the random steps of tests/core/unit.c find a fault in core/show.c?  Seeds
# one after the other, each in a copy: sh tests/core/faults.sh BUILDDIR
set -u
dir=$1
n=0 status=0

# fault TEXT SCRIPT : by sed; the steps have to fail, and to say what is wrong
fault() {
	n=$((n + 1))
	got="the fault is not in"
	sed "$2" core/show.c >"$dir/fault.c"
	if ! cmp -s core/show.c "$dir/fault.c"; then
		got="does not build"
		${CC:-cc} -std=c11 -D_GNU_SOURCE -O0 -I. -o "$dir/fault" \
		    tests/core/unit.c "$dir/fault.c" core/loop.c \
		    2>"$dir/fault.err" && {
			"$dir/fault" random >"$dir/fault.out" 2>&1
			got="status $?: $(grep '^not ok' "$dir/fault.out")"
		}
	fi
	case $got in
	"status 1: not ok "*" random steps")
		echo "ok $n - show: random steps find: $1"
		sed -n 's/^#   seed/# seed/p' "$dir/fault.out" ;;
	*)
		echo "not ok $n - show: random steps find: $1"
		echo "# $got"
		status=1 ;;
	esac
}

fault "no retry" \
	's/way_state(s, ShowRetries, .*/way_state(s, ShowRests, 0);/'
fault "no limit of leaving" \
	's/leave.timer.due = now/& + s->means->exitlimit/'
fault "no end of settling" \
	's/way_state(s, ShowSettles, .*/way_state(s, ShowSettles, 0);/'
fault "a latch that nothing ends" \
	'/until the window says something/,/;/s/\*asked = Unknown/;/'
fault "a latch that the VM does not end" \
	'/that was for the VM that ran/,/;/s/\*asked = Unknown/;/'
fault "a claim after a row that failed" \
	's/shown = ok && .*? s->way.target : Unknown/shown = s->way.target/'
fault "a claim after a way out that was left out" '/way.lost |=/d'
fault "a claim after a sleep" '/^show_resumed/,/^}/{/shown = /d;}'
fault "a claim after a switch that did not last" \
	'/^way_verified/,/^}/{/shown = /d;}'
fault "a row that is cancelled and goes on" '/^way_settle/,/^}/{/job_cancel/d;}'
fault "a row that a wish does not cancel" \
	's/way_cancel(s, now);/;/'
echo "1..$n"
exit $status
