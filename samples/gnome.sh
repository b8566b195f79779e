#!/bin/sh
# For GNOME: run it once, in the session.  Super+Shift+F1 shows the guest, from
# wherever you are, or the host, and minimises the window then;
# Ctrl+Alt+Shift+Backspace is the emergency.  Both work whatever has the focus,
# but not while screenstub holds a grab: then the window hears the emergency's
# keys, and Super+Escape ends a grab of the window.
#
# GNOME has no rule that would put the window on a workspace of its own: leave
# it where it is, or move it there (Super+Shift+Page Down) and say toggleshow
# below, so that it is there when you come back by another way.

keys=org.gnome.settings-daemon.plugins.media-keys
path=/org/gnome/settings-daemon/plugins/media-keys/custom-keybindings

# key ACTION SETTING VALUE
key() {
	gsettings set "$keys.custom-keybinding:$path/screenstub-$1/" "$2" "$3"
}

# Those that are there stay.
listed() {
	list=$(gsettings get $keys custom-keybindings)
	case $list in
	*"/screenstub-$1/'"*) return ;;
	"@as []") list="['$path/screenstub-$1/']" ;;
	*) list="${list%]}, '$path/screenstub-$1/']" ;;
	esac
	gsettings set $keys custom-keybindings "$list"
}

while read -r action binding; do
	key "$action" name "screenstub: $action"
	key "$action" command "screenstub -e $action"
	key "$action" binding "$binding"
	listed "$action"
done <<END
togglewindow <Super><Shift>F1
emergency <Control><Alt><Shift>BackSpace
END

# For grabs: GNOME asks whether the window may take all keys, and keeps a No.
# This is the Yes; it counts if screenstub.desktop is installed.
if command -v flatpak >/dev/null; then
	flatpak permission-set gnome shortcuts-inhibitor screenstub.desktop \
		GRANTED
fi
