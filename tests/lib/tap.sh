# Test points in TAP.  To be sourced; wants a folder $dir of the test's own.
#
#   check TEXT COMMAND...  what it printed is shown when it failed
#   skip TEXT WHY
#   not COMMAND...

n=0
failed=0

check() {
	text=$1
	shift
	n=$((n + 1))
	if "$@" >"$dir/out" 2>&1; then
		echo "ok $n - $text"
	else
		failed=1
		echo "not ok $n - $text"
		sed 's/^/# /' "$dir/out"
	fi
}

skip() {
	n=$((n + 1))
	echo "ok $n - $1 # SKIP $2"
}

not() {
	! "$@"
}
