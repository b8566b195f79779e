#!/bin/sh
# README and the manual: what they name is there, and what there is they name.
# Prints TAP.
set -u
cd "$(dirname "$0")/../.." || exit
. tests/lib/test.sh

# Both are read from here, so that it can be seen that a mistake is found.
papers=.

# readme : what stands in blocks and between backticks, a line each
readme() {
	awk '/^```/ { fence = !fence; next }
		fence { print; next }
		/^    / { sub(/^    /, ""); print; next }
		{ text = text " " $0 }
		END {
			n = split(text, part, "`")
			for (i = 2; i <= n; i += 2)
				print part[i]
		}' "$papers/README.md"
}

brief() {
	lines=$(grep -c '' "$papers/README.md")
	echo "$lines lines"
	[ "$lines" -le 250 ]
}

# ---- commands ----

# made WORD... : make knows them
made() {
	for word in "$@"; do
		case $word in
		*=*) grep -q "^${word%%=*} =" Makefile ;;
		*) grep -q "^$word:" Makefile ;;
		esac || {
			echo "make $*: what is $word?"
			return 1
		}
	done
}

# run WORD... : screenstub takes them. With -h nothing is done; an action finds
# no instance.
run() {
	case " $* " in
	*' -e '*) timeout 10 "$dir/program" "$@" ;;
	*) timeout 10 "$dir/program" "$@" -h ;;
	esac >"$dir/said" 2>&1
	case $? in
	[01]) return 0 ;;
	esac
	echo "screenstub $*:"
	cat "$dir/said"
	return 1
}

commands() {
	readme | sed 's/[[:space:]]*#.*//; s/^sudo //; s,^\./,,' >"$dir/lines"
	found=0
	while read -r command words; do
		case $command in
		make) made $words || return ;;
		screenstub) run $words || return ;;
		*) continue ;;
		esac
		found=$((found + 1))
	done <"$dir/lines"
	# what is read wrong has none
	[ "$found" -gt 9 ]
}

# The row for Debian has what the tests install.
packages() {
	for package in $BUILD_PACKAGES $WAYLAND_BUILD_PACKAGES; do
		grep '^| Debian,' "$papers/README.md" |
			grep -q "[\` ]$package[\` ]" || {
			echo "$package: not there"
			return 1
		}
	done
}

# ---- paths ----

# Of the folders that there are, but for what is made.
paths() {
	rooms=$(printf '%s\n' */ | sed 's,/$,,; /^demo$/d' | paste -s -d '|')
	grep -ohE "(^|[^A-Za-z0-9/.~_-])($rooms)/[A-Za-z0-9./_-]*" \
		"$papers/README.md" "$papers/screenstub.1" |
		sed 's/^[^a-z]*//; s/[.]*$//' | sort -u >"$dir/paths"
	while read -r path; do
		[ -e "$path" ] || {
			echo "$path: it is not there"
			return 1
		}
	done <"$dir/paths"
	[ -s "$dir/paths" ]
}

# ---- the manual ----

# Each word of the index, and behind it the section where it is to be found.
index() {
	awk '/^\.Ss Index/ { on = 1; next }
		on && /^\.El/ { exit }
		!on { next }
		/^\.It Sx / {
			sub(/^\.It Sx /, "")
			gsub(/"/, "")
			section = $0
		}
		section {
			n = split($0, word, /[^A-Za-z0-9]+/)
			for (i = 1; i <= n; i++)
				if (word[i] != "")
					print word[i], section
		}' "$papers/screenstub.1"
}

# The words of config.h, by its own and screenstub.h's declarations; but for
# those that only mark an end, or are the program's.
settings() {
	ctags -x --kinds-c=em screenstub.h
	ctags -x --kinds-c=ev config.def.h
	sed -n 's/^Action \([a-z]*\);.*/\1/p' screenstub.h
	echo With
}

indexed() {
	index >"$dir/index"
	settings | awk '{ print $1 }' | grep -v -x -e 'No[SE].*' -e '.*Last' \
		-e GrabMax -e Unknown -e Host -e Guest \
		-e Failed -e Done -e Pending | sort -u >"$dir/want"
	sed 's/ .*//' "$dir/index" | sort -u |
		comm -13 - "$dir/want" >"$dir/missing"
	sed 's/$/: not in the index/' "$dir/missing"
	[ ! -s "$dir/missing" ] && [ -s "$dir/want" ]
}

# In each line's section there is its word.
explained() {
	index >"$dir/index"
	[ -s "$dir/index" ] && awk -v index_file="$dir/index" '
		/^\.S[hs] / { section = substr($0, 5) }
		section != "Index" {
			n = split($0, word, /[^A-Za-z0-9]+/)
			for (i = 1; i <= n; i++)
				said[word[i] " " section] = 1
		}
		END {
			while ((getline line <index_file) > 0)
				if (!(line in said)) {
					print line ": not there"
					wrong = 1
				}
			exit wrong
		}' "$papers/screenstub.1"
}

# Each option of the program's has its paragraph.
optioned() {
	for letter in $(sed -n 's/.*argc, argv, "+\([^"]*\)".*/\1/p' \
	    screenstub.c | sed 's/://g; s/./& /g'); do
		grep -q "^\.It Fl $letter\>" "$papers/screenstub.1" || {
			echo "-$letter: not in the manual"
			return 1
		}
	done
	[ "${letter:-}" ]
}

# ---- what would be found ----

# wrong FILE SED COMMAND : with that mistake the command fails
wrong() {
	"$3" && mkdir -p "$dir/papers" && cp README.md screenstub.1 "$dir/papers" &&
	sed "$2" "$1" >"$dir/papers/$1" &&
	not cmp "$1" "$dir/papers/$1" || return
	papers=$dir/papers
	not "$3"
	wrong_status=$?
	papers=.
	return $wrong_status
}

finds() {
	wrong README.md '1i \    make checks' commands &&
	wrong README.md '1i \    make CONFIGS=x check' commands &&
	wrong README.md '1i \    screenstub -y' commands &&
	wrong README.md '1i `screenstub -e\ntogglesho`' commands &&
	wrong README.md 's/libudev-dev//' packages &&
	wrong README.md '1i `samples/nothing.sh`' paths &&
	wrong screenstub.1 's,samples/libvirt.xml,samples/libvirt,' paths &&
	wrong screenstub.1 's/Watchdog, //' indexed &&
	wrong screenstub.1 's/^\.It Dv Watchdog/.It Dv Watch/
		s/\.Dv Watchdog/.Dv Watch/' explained &&
	wrong screenstub.1 's/^\.It Fl x/.It Fl y/' optioned &&
	seq 260 >"$dir/papers/README.md" && papers=$dir/papers && not brief
	wrong_status=$?
	papers=.
	return $wrong_status
}

wants $BUILD_PACKAGES mandoc universal-ctags
lab
program_prepare "$cache" && build_plain program || exit

check "README is short" brief
check "each command in README is one" commands
check "README has all packages" packages
check "each path in README and manual is there" paths
check "each setting is in the manual's index" indexed
check "and is found where that says" explained
check "each option is in the manual" optioned
check "mistakes would be found" finds
check "the manual has no mistake" sh -c '
	! mandoc -T lint -W warning screenstub.1 | grep .'
finish
