#!/bin/sh
# Figures of the product: printed as comments, so that they stay true.  What
# they are counted with, and is missing, is said; nothing fails.
#
#   lines        of code by cloc, of all but config.h and config.def.h, and what
#                is generated; of each front, too
#   prototypes   of statics: each stands for a function that is out of order
#   jump         the median distance in lines between a function and each
#                function of its file that it names
#   circles      files whose functions call each other, by the symbols of their
#                objects; what is called through a table is no symbol
set -u
cd "$(dirname "$0")/.." || exit
. tests/lib/need.sh
. tests/lib/program.sh

export LC_ALL=C

files() {
	for file in ./*.c ./*.h; do
		[ "$file" = ./config.h ] || [ "$file" = ./config.def.h ] ||
			echo "${file#./}"
	done
	[ ! "$(rooms)" ] || find $(rooms) -name '*.[ch]' ! -name 'protocol.*' |
		sort
}

# has COMMAND PACKAGE
has() {
	command -v "$1" >/dev/null && return
	echo "# not counted, for want of Debian's $2: $3"
	return 1
}

lines() {
	cloc --quiet --csv --by-file $(files) | awk -F, '
		NR == 1 { next }
		$1 == "SUM" { print "# lines of code: " $5; next }
		$5 > most { most = $5; file = $2 }
		$2 ~ /window\/x/ { x += $5 }
		$2 ~ /window\/w/ { wayland += $5 }
		END {
			print "# the biggest file: " file ", " most
			print "# the front of X: " x + 0
			print "# the front of Wayland: " wayland + 0
		}'
}

# What ctags knows: FILE NAME FIRST LAST of each function
functions() {
	ctags -f - --sort=no --kinds-C=f --fields=ne $(files) | awk -F '\t' '{
		first = last = 0
		for (i = 4; i <= NF; i++) {
			if ($i ~ /^line:/)
				first = substr($i, 6)
			if ($i ~ /^end:/)
				last = substr($i, 5)
		}
		print $2, $1, first, last
	}'
}

prototypes() {
	ctags -x --kinds-C=p $(files) |
		awk '/ static / { n++ }
			END { print "# prototypes of statics: " n + 0 }'
}

# Comments and strings of one line name nothing.
jump() {
	awk '
	NR == FNR { first[$1, $2] = $3; begins[$1, $3] = $2
		ends[$1, $2] = $4; next }
	FNR == 1 { name = "" }
	(FILENAME, FNR) in begins { name = begins[FILENAME, FNR] }
	name == "" { next }
	{
		gsub(/"([^"\\]|\\.)*"|\/\*([^*]|\*[^\/])*\*\/|^[ \t]*\*.*/, "")
		gsub(/[^A-Za-z0-9_]+/, " ")
		for (i = split($0, word, " "); i > 0; i--)
			if ((FILENAME, word[i]) in first && word[i] != name &&
			    !((FILENAME, name, word[i]) in seen)) {
				seen[FILENAME, name, word[i]] = 1
				d = first[FILENAME, word[i]] - first[FILENAME, name]
				print d < 0 ? -d : d
			}
	}
	FNR == ends[FILENAME, name] { name = "" }
	' "$dir/functions" $(files) | sort -n | awk '{ d[NR] = $1 }
		END { print "# jump: " d[int((NR + 1) / 2)] + 0 \
			" lines, of " NR " names" }'
}

long() {
	awk '$4 - $3 >= 80 { n++; list = list ", " $2 " " $4 - $3 + 1 }
		END { print "# functions above 80 lines: " n + 0 list }
		' "$dir/functions"
}

# The strongly connected ones, by Warshall.
circles() {
	for source in $(sources) $(wayland_sources); do
		[ ! -e "$dir/$(object "$source")" ] ||
			nm -P "$dir/$(object "$source")" |
				sed "s,^,$source ,"
	done | awk '
		!($1 in file) { file[$1]; list[++n] = $1 }
		$3 == "T" { at[$2] = $1 }
		$3 == "U" { want[$1, $2] = 1 }
		END {
			for (w in want) {
				split(w, part, SUBSEP)
				if (part[2] in at)
					calls[part[1], at[part[2]]] = 1
			}
			for (k = 1; k <= n; k++)
				for (i = 1; i <= n; i++)
					for (j = 1; j <= n; j++)
						if ((list[i], list[k]) in calls && \
						    (list[k], list[j]) in calls)
							calls[list[i], list[j]] = 1
			for (i = 1; i <= n; i++) {
				if (list[i] in done)
					continue
				text = ""
				for (j = i + 1; j <= n; j++)
					if ((list[i], list[j]) in calls && \
					    (list[j], list[i]) in calls) {
						text = text " " list[j]
						done[list[j]]
					}
				if (text != "")
					print "# circle: " list[i] text
				circles += text != ""
			}
			print "# circles: " circles + 0
		}'
}

# The same with a window of Wayland's, too, whose objects are left in $dir.
both() {
	has wayland-scanner "libwayland-dev and wayland-protocols" \
		"the program with Wayland" && protocols "$dir" &&
	for source in screenstub.c $(wayland_sources) \
	    "$dir/window/protocol.c"; do
		compiler -Os -DWAYLAND -I. "-I$dir/window" -c -o \
			"$dir/$(object "${source#"$dir/"}")" "$source" || return
	done &&
	${CC:-cc} -s -o "$dir/both" "$dir"/*.o $(libs) $(wayland_libs) &&
		echo "# with Wayland's window: $(wc -c <"$dir/both") bytes"
}

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
trap 'exit 1' HUP INT TERM
! has cloc cloc lines || lines
if has ctags universal-ctags "prototypes, jump, long functions"; then
	functions >"$dir/functions"
	prototypes
	jump
	long
fi
if has nm binutils circles && objects "$dir" compiler -Os -I. &&
	compiler -Os -I. -c -o "$dir/screenstub.o" screenstub.c; then
	${CC:-cc} -s -o "$dir/stripped" "$dir"/*.o $(libs) &&
		echo "# the program, stripped: $(wc -c <"$dir/stripped") bytes"
	both
	circles
fi
exit 0
