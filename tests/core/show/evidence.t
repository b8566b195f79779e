# What is known of the monitor, and by what.
from host
tohost ddc:10000 guestexec:5000/orelse

case M2: read back
given    window:visible @48 done ? how
expected wish:guest >settles @48 >runs ddc:guest >watches shown:guest guest
expected (confirmed)

case M2: it was read before, and is silent now: shown
given    window:visible @48 quiet ? how
expected wish:guest >settles @48 >runs ddc:guest >watches shown:guest guest
expected (quiet)

case M2: the look later reads it: that counts from then on
given    window:visible @48 quiet how @3000 done ? how
expected wish:guest >settles @48 >runs ddc:guest >watches shown:guest (quiet)
expected @3048 verify:guest >rests guest (confirmed)

case M2: the look later hears nothing: what was known still is
given    window:visible @48 done @3000 quiet ? how
expected wish:guest >settles @48 >runs ddc:guest >watches shown:guest @3048
expected verify:guest >rests guest (confirmed)

case M2: no answer before or after: not known, and the window says so
given    window:visible @48 sent unheard ? how why taken @60000
expected wish:guest >settles @48 >runs ddc:guest failed >rests unknown (silent)
expected (the input was sent, but the monitor does not answer) guest

case M2: the same to the host: tried again, slower, with what is in its place
from guest
given    window:hidden @48 unheard fail ? how @10000 unheard fail @20000
expected wish:host >settles @48 >runs ddc:host/quick guestexec:host failed
expected >retries again:10000 unknown (silent) @10048 >runs ddc:host/quick
expected guestexec:host failed >retries again:20000 @30048 >runs ddc:host/quick

case M2: without anything in its place
from guest
tohost ddc:10000
given    window:hidden @48 unheard how @10000 fail how @20000
expected wish:host >settles @48 >runs ddc:host failed >retries again:10000
expected (silent) @10048 >runs ddc:host failed >retries again:20000 (failed)
expected @30048 >runs ddc:host

case M2: what is in its place did it, which is evidence of its own kind
from guest
given    window:hidden @48 unheard done ? how
expected wish:host >settles @48 >runs ddc:host/quick guestexec:host >rests
expected shown:host host (sent)

case M2: and the monitor can be read, and says the same
from guest
monitors
given    window:hidden @48 unheard done ? how @3000 done ? how
expected wish:host >settles @48 >runs ddc:host/quick guestexec:host >watches
expected shown:host host (sent) @3048 verify:host >rests host (confirmed)

case M2: or something else: it is done again
from guest
monitors
given    window:hidden @48 unheard done ? @3000 fail ? how
expected wish:host >settles @48 >runs ddc:host/quick guestexec:host >watches
expected shown:host host @3048 verify:host >rests >settles >runs ddc:host/quick
expected unknown (failed)

case M2: rows of commands alone are looked at, too
toguest exec:1000
monitors
given    window:visible @48 done how @3000 fail ?
expected wish:guest >settles @48 >runs exec:guest >watches shown:guest (sent)
expected @3048 verify:guest >rests >settles >runs exec:guest unknown

case M2: without a monitor there is nothing to look at
toguest exec:1000
given    window:visible @48 done how @5000
expected wish:guest >settles @48 >runs exec:guest >rests shown:guest (sent)

case M2: of several rows the least counts
toguest ddc:1000 exec:100
given    window:visible @48 done done how
expected wish:guest >settles @48 >runs ddc:guest exec:guest >watches shown:guest
expected (sent)

case M2: a look at the agent is no evidence
toguest guestwait:1000 ddc:1000
given    window:visible @48 done quiet how
expected wish:guest >settles @48 >runs guestwait:guest ddc:guest >watches
expected shown:guest (quiet)

case M2: input is all that is wanted
toguest
given    window:visible @48 ? how
expected wish:guest >settles @48 >runs >rests shown:guest guest (none)

case M2: -w fails
once
from nothing
toguest ddc:1000
given    vm:runs want:guest unheard
expected wish:guest >settles want=pending >runs ddc:guest failed >rests
expected reached=failed
