# Another row's guest on the same monitor, which another instance shows.
from guest
toguest ddc:10000
tohost ddc:10000

case M17: another guest stays: nothing is claimed, nothing tried again
given    window:hidden @48 left ? @60000 poke @60000 wait:host
expected wish:host >settles @48 >runs ddc:host >rests shown:unknown unknown
expected @120048 wait=done

case M17: the check after finds it
given    window:hidden @48 done @3000 left ? @60000 poke
expected wish:host >settles @48 >runs ddc:host >watches shown:host
expected @3048 verify:host >rests unknown

case M17: who asks for the host gets it
given    window:hidden @48 left want:host @200 left ?
expected wish:host >settles @48 >runs ddc:host >rests shown:unknown
expected >settles want=pending @148 >runs ddc:host @248 >watches shown:host
expected reached=done host

case M17: and who presses the emergency's chord
given    window:hidden @48 left panic @200 left ?
expected wish:host >settles @48 >runs ddc:host >rests shown:unknown
expected >settles @148 >runs ddc:host @248 >watches shown:host host

case M17: and who leaves
given    window:hidden @48 left leave:0 left ?
expected wish:host >settles @48 >runs ddc:host >rests shown:unknown
expected >settles leaving >runs ddc:host/4700 >rests shown:host end=0 host

case M17: leaving, while it is left alone
given    window:hidden @48 leave:0 left left ?
expected wish:host >settles @48 >runs ddc:host limit:4700 leaving >settles
expected shown:unknown >runs ddc:host/4700 >rests shown:host end=0 host

case M17: the guest again
given    window:hidden @48 left window:visible @200 done ?
expected wish:host >settles @48 >runs ddc:host >rests shown:unknown
expected wish:guest >settles @148 >runs ddc:guest @248 >watches shown:guest
expected guest
