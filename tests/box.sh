# The box: a Debian kernel in QEMU with this machine's own files as its root,
# for tests that need a kernel with uinput, udev, screens and an i2c bus.  To
# be sourced after guest.sh, from the root of the source tree.
#
#   box_headers CACHE        what modules of its kernel are built with
#   box_module DIR           builds the module in DIR (its Makefile says obj-m)

BOX_KERNEL=linux-image-amd64
BOX_PACKAGES="$GUEST_PACKAGES make udev"

# Sets box_pkg, the package of the newest kernel; empty without lists.
box_kernel() {
	box_pkg=$(GUEST_KERNEL=$BOX_KERNEL; guest_kernel 2>/dev/null)
	if [ ! "$box_pkg" ] && [ "$(id -u)" -eq 0 ]; then
		apt-get -qq update
		box_pkg=$(GUEST_KERNEL=$BOX_KERNEL; guest_kernel)
	fi
}

# box_fresh DIR STAMP : true when DIR is made of STAMP and the newest kernel.
# Without lists of packages what is there is as good as any.
box_fresh() {
	box_had=$(cat "$1/stamp" 2>/dev/null) || return 1
	case $box_had in
	"$2 $box_pkg") ;;
	"$2 "*) [ ! "$box_pkg" ] && box_pkg=${box_had##* } ;;
	*) return 1 ;;
	esac
}

# box_replace DIR NEW STAMP
box_replace() {
	echo "$3 $box_pkg" >"$2/stamp"
	rm -rf "$1"
	mv "$2" "$1"
}

# box_depends PKG PATTERN : which packages of those it depends on match
box_depends() {
	apt-cache depends "$1" | sed -n "s/.*Depends: \($2\)\$/\1/p"
}

# box_headers_build NEW FINAL
box_headers_build() {
	box_v=${box_pkg#linux-image-}
	set -- "$1" "$2" $(box_depends "linux-headers-$box_v" \
		'linux-\(headers-.*-common\|kbuild-.*\)')
	guest_unpack "$1" "linux-headers-$box_v" $3 ${4-} \
		$(box_depends "${4:-$3}" 'lib\(elf\|ssl\).*') || return 1
	# the makefiles find each other by absolute names
	sed -i "s,/usr/src/,$2/usr/src/,g" \
		"$1/usr/src/linux-headers-$box_v/Makefile" &&
	[ -e "$1/usr/src/linux-headers-$box_v/Module.symvers" ] &&
	[ -x "$1/usr/src/linux-headers-$box_v/scripts/mod/modpost" ]
}

# Sets BOX_HEADERS, the folder for make -C.
box_headers() {
	mkdir -p "$1"
	box_tree=$(cd "$1" && pwd)/box-headers
	[ "${box_pkg:-}" ] || box_kernel
	# the place is written into it
	box_stamp="1 $(printf %s "$box_tree" | cksum)"
	if ! box_fresh "$box_tree" "$box_stamp"; then
		echo "fetching the headers of $box_pkg" >&2
		rm -rf "$box_tree".new.*
		if ! box_headers_build "$box_tree.new.$$" "$box_tree"; then
			echo "box: no headers of ${box_pkg:-a kernel}" >&2
			return 1
		fi
		box_replace "$box_tree" "$box_tree.new.$$" "$box_stamp"
	fi
	BOX_HEADERS=$box_tree/usr/src/linux-headers-${box_pkg#linux-image-}
}

# With the shell's own gcc, whichever the kernel was built by.
box_module() {
	LD_LIBRARY_PATH=$(find "$box_tree" -name '*.so*' -type f \
		-exec dirname {} + | sort -u | paste -sd:) \
		make -C "$BOX_HEADERS" M="$(cd "$1" && pwd)" CC=gcc \
		KBUILD_MODPOST_WARN=0 modules
}
