# A front alone, by its driver window/front.c, which is "$dir/front".  To be
# sourced, from the root of the source tree, after guest.sh; wants a folder $dir
# of the test's own.
#
#   front_build WORD...        builds it of these, and the libraries in them
#   front_build_wayland        with the front of Wayland, and wayland.sh
#   front_start [VAR=VALUE...]
#   front_ends STATUS COMMAND...  it ends by that
#   front_stop
#   tell COMMAND               to the front
#   mark                       what it told so far is not asked for any more
#   since                      prints what it told since then
#   said LINE                  that is in it
#   told LINE...               all of that soon is, in any order
#   logged WORDS               in its log

front_build() {
	${CC:-cc} -std=c11 -D_GNU_SOURCE -pedantic -Wall -Wextra \
		${CFLAGS--O1 -g -fsanitize=address,undefined} -I. \
		-o "$dir/front" tests/window/front.c core/loop.c "$@"
}

front_start() {
	rm -f "$dir/in"
	mkfifo "$dir/in"
	: >"$dir/told"
	env "$@" "$dir/front" <"$dir/in" >"$dir/told" 2>"$dir/log" &
	front=$!
	exec 5>"$dir/in"
	mark=0
}

front_ends() {
	want=$1
	shift
	"$@"
	wait "$front"
	status=$?
	front=
	exec 5>&-
	[ "$status" = "$want" ] || cat "$dir/log"
	[ "$status" = "$want" ]
}

front_stop() {
	exec 5>&-
	kill ${front:-} 2>/dev/null
}

mark() {
	mark=$(wc -l <"$dir/told")
}

since() {
	tail -n "+$((mark + 1))" "$dir/told"
}

said() {
	since | grep -qx -- "$1"
}

told() {
	for line; do
		wait_for 10 said "$line" || { since; return 1; }
	done
}

tell() {
	mark
	echo "$*" >&5
}

logged() {
	grep -q "$1" "$dir/log"
}

front_build_wayland() {
	protocols "$dir/made" &&
	front_build -DFRONT=front_wayland "-I$dir/made/window" \
		$(wayland_sources) window/text.c \
		"$dir/made/window/protocol.c" $(wayland_libs)
}
