-- For Hyprland, from 0.55 on: append to ~/.config/hypr/hyprland.lua. Older ones
-- want these lines in hyprland.conf; the rule is that of 0.53 and 0.54:
--	windowrule = match:class ^(screenstub)$, workspace name:guest
--	bindp = SUPER SHIFT, F1, exec, screenstub -e toggleshow
--	bindp = CTRL ALT SHIFT, BackSpace, exec, screenstub -e emergency
--	bind = SUPER, F10, workspace, name:guest
--
-- The window gets the workspace "guest" for itself: to look at the guest, go
-- there.
hl.window_rule({ match = { class = "^screenstub$" }, workspace = "name:guest" })
hl.bind("SUPER + F10", hl.dsp.focus({ workspace = "name:guest" }))

-- Work whatever has the focus, and while the window holds a grab, but not while
-- one of evdev devices is held. The first one shows the workspace, too.
hl.bind("SUPER + SHIFT + F1", hl.dsp.exec_cmd("screenstub -e toggleshow"),
	{ dont_inhibit = true })
hl.bind("CTRL + ALT + SHIFT + BackSpace",
	hl.dsp.exec_cmd("screenstub -e emergency"), { dont_inhibit = true })
