# What was asked for, AutoReturn, panic: what ends them, and what does not.
from guest

case asked: until the window is hidden
given    want:host @200 done | window:hidden window:visible why
expected wish:host >settles want=pending @48 >runs ddc:host @200 >watches
expected shown:host reached=done | wish:guest >settles (switching to the
expected guest)

case asked for the guest: until the window is shown
from host
given    want:guest @200 done @3000 done | window:visible why window:hidden why
expected wish:guest >settles want=pending @48 >runs ddc:guest @200 >watches
expected shown:guest reached=done @3200 verify:guest >rests | () wish:host
expected >settles (the window is hidden)

case asked: other facts don't end it
given    want:host @200 done @3000 done | blank:1 blank:0 vt:1 vt:0 pausing:1
given    pausing:0 focus:0 poke why
expected wish:host >settles want=pending @48 >runs ddc:host @200 >watches
expected shown:host reached=done @3200 verify:host >rests | (the host was asked
expected for)

case asked: with ShowOn Focused until the focus is another
showon both
given    want:host @200 done | focus:0 focus:1 why
expected wish:host >settles want=pending @48 >runs ddc:host @200 >watches
expected shown:host reached=done | wish:guest >settles (switching to the
expected guest)

case asked for the guest: until the VM goes off
from host
given    want:guest @200 done | vm:off @200 done vm:runs why
expected wish:guest >settles want=pending @48 >runs ddc:guest @200 >watches
expected shown:guest reached=done | wish:host >settles >runs ddc:host @400
expected >watches shown:host (the window is hidden)

case asked for the guest: a pause does not end it
from host
given    want:guest @200 done | vm:paused @200 done vm:runs why
expected wish:guest >settles want=pending @48 >runs ddc:guest @200 >watches
expected shown:guest reached=done | wish:host >settles @300 >runs ddc:host
expected @400 >watches shown:host wish:guest >settles (switching to the guest)

case asked for the host: the VM's going off does not end it
given    want:host @200 done | vm:off vm:runs why
expected wish:host >settles want=pending @48 >runs ddc:host @200 >watches
expected shown:host reached=done | (the host was asked for)

case asked for what is forbidden: nothing is remembered
given    vm:paused @200 done want:guest vm:runs why
expected wish:host >settles @48 >runs ddc:host @200 >watches shown:host
expected notnow(the VM is paused) want=failed wish:guest >settles (switching
expected to the guest)

case asked for what is forbidden: what was asked before stays
given    want:host @200 done vm:paused want:guest vm:runs why
expected wish:host >settles want=pending @48 >runs ddc:host @200 >watches
expected shown:host reached=done notnow(the VM is paused) want=failed (the
expected host was asked for)

case toggled to and fro
given    want:host @200 done want:guest @200 done why
expected wish:host >settles want=pending @48 >runs ddc:host @200 >watches
expected shown:host reached=done wish:guest >settles want=pending @300 >runs
expected ddc:guest @400 >watches shown:guest reached=done ()

case AutoReturn: the guest is back with the VM
given    vm:off @200 done | vm:runs @200 done why
expected wish:host >settles >runs ddc:host @200 >watches shown:host |
expected wish:guest >settles @300 >runs ddc:guest @400 >watches shown:guest ()

case AutoReturn 0: it is not
autoreturn 0
given    vm:off @200 done | vm:runs @200 why
expected wish:host >settles >runs ddc:host @200 >watches shown:host | @400
expected (the host was asked for)

case AutoReturn 0: until the window was hidden
autoreturn 0
given    vm:off @200 done | vm:runs window:hidden window:visible @200 done
expected wish:host >settles >runs ddc:host @200 >watches shown:host |
expected wish:guest >settles @300 >runs ddc:guest @400 >watches shown:guest

case AutoReturn 0: until the guest is asked for
autoreturn 0
given    vm:paused @200 done | vm:runs want:guest @200 done
expected wish:host >settles @48 >runs ddc:host @200 >watches shown:host |
expected wish:guest >settles want=pending @300 >runs ddc:guest @400 >watches
expected shown:guest reached=done

case AutoReturn 0: a VM that comes when the window is shown already
autoreturn 0
from nothing
given    vm:off window:visible done | @3000 done vm:runs @200 done
expected wish:host >settles >runs ddc:host >watches shown:host | @3000
expected verify:host >rests wish:guest >settles @3048 >runs ddc:guest @3200
expected >watches shown:guest

case panic: until the guest is asked for
given    panic want:host done @100 done | want:guest @200 done
expected wish:host >settles want=pending nojob @48 >runs ddc:host @100
expected >watches shown:host reached=done | wish:guest >settles want=pending
expected @200 >runs ddc:guest @300 >watches shown:guest reached=done

case panic: until the window says something
given    panic want:host @100 done | window:hidden window:visible why
expected wish:host >settles want=pending @48 >runs ddc:host @100 >watches
expected shown:host reached=done | wish:guest >settles (switching to the
expected guest)

case panic: the VM does not end it
given    panic want:host @100 done | vm:off vm:runs why
expected wish:host >settles want=pending @48 >runs ddc:host @100 >watches
expected shown:host reached=done | (the host was asked for)

case panic: refused, it stays
given    panic want:host @100 done | vm:paused want:guest vm:runs why
expected wish:host >settles want=pending @48 >runs ddc:host @100 >watches
expected shown:host reached=done | notnow(the VM is paused) want=failed (the
expected host was asked for)

case panic before anything is known: the host at once
from nothing
given    panic want:host @48 done ? | vm:runs window:visible why
expected wish:host >settles want=pending @48 >runs ddc:host >watches
expected shown:host reached=done host | wish:guest >settles (switching to the
expected guest)

case the end: nothing ends it
given    leave:0 busy:1 @200 done want:guest window:hidden window:visible
given    vm:off vm:runs why
expected wish:host >settles leaving >runs ddc:host/4700 @200 >rests shown:host
expected notnow(the program ends) want=failed (the program ends)
