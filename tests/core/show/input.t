# What is typed is the guest's while it is what the user sees.

case I1: the guest is shown
from guest
given    input | want:host input @200 done @4000 input
expected input=all | wish:host >settles want=pending input=none @48 >runs
expected ddc:host @200 >watches shown:host reached=done @3200 verify:host @4200
expected input=none

case I1: on the way to the guest
from host
given    window:visible input @48 input done input
expected wish:guest >settles input=none @48 >runs ddc:guest input=none >watches
expected shown:guest input=all

case I1: as soon as the monitors have taken it
from host
given    window:visible @48 input sent input unheard input
expected wish:guest >settles @48 >runs ddc:guest input=none input=all failed
expected >rests input=all

case I1: but they show another
from host
given    window:visible @48 sent input fail input
expected wish:guest >settles @48 >runs ddc:guest input=all failed >rests
expected input=none

case I1: it could not be shown
from host
given    window:visible @48 fail input
expected wish:guest >settles @48 >runs ddc:guest failed >rests input=none

case I1: paused by hand
from guest
given    vm:paused input @48 done input
expected wish:host >settles input=none @48 >runs ddc:host >watches shown:host
expected input=none

case I1: after a panic
from guest
given    panic input @48 done input
expected wish:host >settles input=none @48 >runs ddc:host >watches shown:host
expected input=none

case I1: the host is on its way, by a command, when the guest is wanted again
tohost exec:5000
from guest
given    window:hidden @48 window:visible input done input
expected wish:host >settles @48 >runs exec:host wish:guest input=none
expected >settles shown:host input=none

case I1: what was shown is not any more
from guest
given    window:hidden window:visible @200 input resume input
expected wish:host >settles wish:guest @48 >rests @200 input=all >settles >runs
expected ddc:guest input=none

case I1: a guest that sleeps is woken
from guest
given    vm:sleeps input @48 done input | vm:runs input @200 done input
expected wish:host >settles input=wakes @48 >runs ddc:host >watches shown:host
expected input=wakes | wish:guest >settles input=none @148 >runs ddc:guest
expected @248 >watches shown:guest input=all

case I1: but not while the host is asked for
from guest
given    want:host @48 done vm:sleeps input
expected wish:host >settles want=pending @48 >runs ddc:host >watches
expected shown:host reached=done input=none

case I1: its Set was sent, then it was hidden for a moment: nothing flaps
from host
given    window:visible @48 sent window:hidden window:visible input @152 input
expected wish:guest >settles @48 >runs ddc:guest wish:host cancel >settles
expected wish:guest input=all @148 >runs ddc:guest @200 input=all
