#!/bin/sh
# For sway, see sway.conf: shows the guest while its workspace is on a screen.
# Xwayland does not tell windows that their workspace was left, so the
# workspace decides here, and not the window.

# as in sway.conf
WORKSPACE=10

{
	echo start
	swaymsg -m -t subscribe '["workspace", "window"]'
} | grep --line-buffered -e '^start' -e '"change": "focus", "old"' \
	-e '"change": "new".*"class": "screenstub"' |
while read -r _; do
	# one that is on no screen is "(off-screen)" there
	if swaymsg -p -t get_workspaces |
		grep -q "^Workspace $WORKSPACE\( (focused)\)*\$"; then
		screenstub -e showguest
	else
		# a new window's first sight may have overtaken it
		screenstub -e showhost || screenstub -e showhost
	fi
done
