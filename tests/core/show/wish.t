# What the monitor is to show: the first line of the manual's list that applies.
# Each case tells the reason, and that what applies earlier wins.
from guest

case it ends: the host, whatever was asked for
given    leave:0 why
expected wish:host >settles leaving >runs ddc:host/4700 (the program ends)

case the VM does not run: off
given    vm:off why want:guest
expected wish:host >settles >runs ddc:host (the VM is off, or does not answer)
expected notnow(the VM is off, or does not answer) want=failed

case the VM does not run: paused
given    vm:paused why want:guest
expected wish:host >settles (the VM is paused) notnow(the VM is paused)
expected want=failed

case the VM does not run: it sleeps
given    vm:sleeps why want:guest
expected wish:host >settles (the VM sleeps) notnow(the VM sleeps) want=failed

case it is to be paused
given    pausing:1 why want:guest
expected wish:host >settles (the VM is to be paused) notnow(the VM is to be
expected paused) want=failed

case no longer
given    pausing:1 @200 done pausing:0 why @200 done
expected wish:host >settles @48 >runs ddc:host @200 >watches shown:host
expected wish:guest >settles (switching to the guest) @300 >runs ddc:guest
expected @400 >watches shown:guest

case the screen is blanked
given    blank:1 why want:guest
expected wish:host >settles (the screen is blanked) notnow(the screen is
expected blanked) want=failed

case the screen is back
given    blank:1 @200 done blank:0 why
expected wish:host >settles @48 >runs ddc:host @200 >watches shown:host
expected wish:guest >settles (switching to the guest)

case another virtual terminal
given    vt:1 why want:guest
expected wish:host >settles (another virtual terminal is shown) notnow(another
expected virtual terminal is shown) want=failed

case it is back on ours
given    vt:1 @200 done @200 vt:0 why
expected wish:host >settles @48 >runs ddc:host @200 >watches shown:host @400
expected wish:guest >settles (switching to the guest)

case blanked, and the host asked for: the guest when neither is
given    want:host @100 done blank:1 @100 blank:0 why @100 want:guest
expected wish:host >settles want=pending @48 >runs ddc:host @100 >watches
expected shown:host reached=done @200 (the host was asked for) @300 wish:guest
expected >settles want=pending

case the host was asked for
given    want:host why
expected wish:host >settles want=pending (the host was asked for)

case the guest was asked for, while the window is hidden
from host
given    why want:guest why @48 done
expected (the window is hidden) wish:guest >settles want=pending (switching to
expected the guest) @48 >runs ddc:guest >watches shown:guest reached=done

case the window is visible
from host
given    window:visible why
expected wish:guest >settles (switching to the guest)

case the window is hidden
given    window:hidden why
expected wish:host >settles (the window is hidden)

case off comes before the window
from host
given    vm:off why window:visible why
expected (the VM is off, or does not answer) (the VM is off, or does not
expected answer)

case ShowOn Visible: the focus does not count
given    focus:0 why @1000
expected ()

case ShowOn Focused: it does
showon focused
given    focus:0 why @48 done
expected wish:host >settles (the window has not the focus) @48 >runs ddc:host
expected >watches shown:host

case ShowOn Focused: a window that is hidden has no say by its focus
showon focused
from host
given    focus:0 focus:1 @1000 why
expected @1000 (the window is hidden)

case ShowOn Visible and Focused
showon both
from host
given    focus:0 window:visible why focus:1 why
expected (the window has not the focus) wish:guest >settles (switching to the
expected guest)

case ShowOn Auto: it is not visible what the user sees: the focus counts
given    showon:focused focus:0 why @48 done | showon:focused focus:1 why
expected wish:host >settles (the window has not the focus) @48 >runs ddc:host
expected >watches shown:host | wish:guest >settles (switching to the guest)

case ShowOn Auto: and no longer, with the focus elsewhere
given    showon:focused focus:0 @48 done | showon:visible focus:0 why focus:0
expected wish:host >settles @48 >runs ddc:host >watches shown:host | wish:guest
expected >settles (switching to the guest)

case ShowOn Auto: the focus is there: nothing changes
given    showon:focused focus:1 showon:visible focus:1 why @1000 ?
expected () @1000 guest

case ShowOn Auto: what was asked for ends with what the window says
given    want:host @48 done | showon:focused focus:1 why | focus:0 focus:1 why
expected wish:host >settles want=pending @48 >runs ddc:host >watches shown:host
expected reached=done | (the host was asked for) | wish:guest >settles
expected (switching to the guest)

case nothing is known: no wish
from nothing
given    why window:visible why @1000
expected (QEMU is asked whether the VM runs) (QEMU is asked whether the VM
expected runs)

case the VM first, then the window
from nothing
given    vm:runs why @1000 window:visible @48
expected (the window is not there yet) @1000 wish:guest >settles @1048 >runs
expected ddc:guest

case the window first, then the VM
from nothing
given    window:hidden why vm:off why
expected (QEMU is asked whether the VM runs) wish:host >settles >runs ddc:host
expected (the VM is off, or does not answer)

case what is asked for before the VM is known is refused
from nothing
given    want:guest want:host vm:runs want:guest window:hidden @100 why
expected notnow(QEMU is asked whether the VM runs) want=failed notnow(QEMU is
expected asked whether the VM runs) want=failed wish:guest >settles
expected want=pending @48 >runs ddc:guest @100 (switching to the guest)

case -w: what was asked for alone
from nothing
once
given    want:host vm:runs want:guest done why
expected notnow(QEMU is asked whether the VM runs) want=failed wish:guest
expected >settles want=pending >runs ddc:guest >rests shown:guest reached=done
expected ()

