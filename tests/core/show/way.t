# Rows, their alternatives and limits.
from host
toguest exec:1000 ddc:10000
tohost guestexec:5000 ddc:10000/orelse

case rows in their order
given    window:visible @48 done done ?
expected wish:guest >settles @48 >runs exec:guest ddc:guest >watches
expected shown:guest guest

case the first that fails ends it
given    window:visible @48 fail ?
expected wish:guest >settles @48 >runs exec:guest failed >rests unknown

case the last fails
given    window:visible @48 done fail ?
expected wish:guest >settles @48 >runs exec:guest ddc:guest failed >rests
expected unknown

case an alternative is not run when the row did it
from guest
given    window:hidden @48 done ?
expected wish:host >settles @48 >runs guestexec:host/quick >rests shown:host
expected host

case an alternative is run when the row failed
from guest
given    window:hidden @48 fail done ?
expected wish:host >settles @48 >runs guestexec:host/quick ddc:host >watches
expected shown:host host

case both fail
from guest
given    window:hidden @48 fail fail ?
expected wish:host >settles @48 >runs guestexec:host/quick ddc:host failed
expected >retries again:2000 unknown

case several alternatives, up to the first that does it
from guest
tohost guestexec:5000 exec:100/orelse ddc:1000/orelse exec:100
given    window:hidden @48 fail done done ?
expected wish:host >settles @48 >runs guestexec:host/quick exec:host/quick
expected exec:host >rests shown:host host

case all of them fail: what follows is not run
from guest
tohost guestexec:5000 exec:100/orelse exec:100
given    window:hidden @48 fail fail ?
expected wish:host >settles @48 >runs guestexec:host/quick exec:host failed
expected >retries again:2000 unknown

case a row that ends at once
toguest exec:0 exec:100/done ddc:1000
given    window:visible @48 done
expected wish:guest >settles @48 >runs exec:guest exec:guest ddc:guest
expected >watches shown:guest

case one that fails at once, and its alternative
toguest exec:100/fail ddc:1000/orelse
given    window:visible @48 done
expected wish:guest >settles @48 >runs exec:guest/quick ddc:guest >watches
expected shown:guest

case all end at once
toguest exec:0 ddc:1000/done
given    window:visible @48 @5000
expected wish:guest >settles @48 >runs exec:guest ddc:guest >rests shown:guest

case an empty table: input is all that is wanted
toguest
given    window:visible @48 ? @5000
expected wish:guest >settles @48 >runs >rests shown:guest guest

case a row's limit
given    window:visible @2000 ?
expected wish:guest >settles @48 >runs exec:guest @1048 late failed >rests
expected @2000 unknown

case its alternative has a limit of its own
from guest
given    window:hidden @20000
expected wish:host >settles @48 >runs guestexec:host/quick @5048 late ddc:host
expected @15048 late failed >retries again:2000 @17048 >runs
expected guestexec:host/quick

case a wish that flips while it settles
given    window:visible @20 window:hidden @20 ? @1000
expected wish:guest >settles @20 wish:host @40 host @68 >rests

case a wish that flips while a row runs: cancelled
toguest ddc:10000
given    window:visible @100 window:hidden @100 done ?
expected wish:guest >settles @48 >runs ddc:guest @100 wish:host cancel
expected >settles @200 >runs guestexec:host/quick >rests shown:host host

case the same for one that asks the guest
toguest guestexec:10000 ddc:1000
given    window:visible @100 window:hidden @100 done ?
expected wish:guest >settles @48 >runs guestexec:guest @100 wish:host cancel
expected >settles @200 >runs guestexec:host/quick >rests shown:host host

case an Exec row runs to its end, and no further
given    window:visible @100 window:hidden @100 done ? @100 done ?
expected wish:guest >settles @48 >runs exec:guest @100 wish:host @200 >settles
expected unknown @300 >runs guestexec:host/quick >rests shown:host host

case an Exec row that fails then
given    window:visible @100 window:hidden @100 fail ? @100 fail done ?
expected wish:guest >settles @48 >runs exec:guest @100 wish:host @200 >settles
expected unknown @300 >runs guestexec:host/quick ddc:host >watches shown:host
expected host

case an Exec row that was the last: its side is shown, then the other
toguest exec:1000
given    window:visible @100 window:hidden @100 done ? @100 done ?
expected wish:guest >settles @48 >runs exec:guest @100 wish:host @200 >settles
expected shown:guest guest @300 >runs guestexec:host/quick >rests shown:host
expected host

case to and fro while an Exec row runs: it goes on
given    window:visible @100 window:hidden @10 window:visible @100 done done ?
expected wish:guest >settles @48 >runs exec:guest @100 wish:host @110
expected wish:guest @210 ddc:guest >watches shown:guest guest

case a wish that flips while a failure waits
from guest
tohost ddc:10000
given    window:hidden @48 fail @100 window:visible @48 done done ?
expected wish:host >settles @48 >runs ddc:host failed >retries again:2000 @148
expected wish:guest >settles @196 >runs exec:guest ddc:guest >watches
expected shown:guest guest

case a wish that flips before the check
toguest ddc:10000
given    window:visible @48 done @1000 window:hidden @48 done ? @3000
expected wish:guest >settles @48 >runs ddc:guest >watches shown:guest @1048
expected wish:host >settles @1096 >runs guestexec:host/quick >rests shown:host
expected host

case a wish that flips while the check runs
toguest ddc:10000
given    window:visible @48 done @3000 window:hidden @48 done ?
expected wish:guest >settles @48 >runs ddc:guest >watches shown:guest @3048
expected verify:guest wish:host cancel >settles @3096 >runs
expected guestexec:host/quick >rests shown:host host

case to and fro before the check: what is shown is left alone
toguest ddc:10000
given    window:visible @48 done @1000 window:hidden @20 window:visible @5000 ?
expected wish:guest >settles @48 >runs ddc:guest >watches shown:guest @1048
expected wish:host >settles @1068 wish:guest @1116 >rests @6068 guest

case sent: as soon as a row's monitors have it, until they show another
given    taken window:visible taken @48 done taken sent taken fail taken
expected host wish:guest >settles host @48 >runs exec:guest ddc:guest
expected unknown guest failed >rests unknown

case sent: until the next way begins; what is shown was
toguest ddc:1000
given    window:visible @48 done taken window:hidden taken @100 taken
expected wish:guest >settles @48 >runs ddc:guest >watches shown:guest guest
expected wish:host >settles guest @148 >runs guestexec:host/quick unknown

case sent: not what is read to show another, or after a sleep
toguest ddc:1000
given    window:visible @48 sent done @3000 fail taken @100 sent resume taken
expected wish:guest >settles @48 >runs ddc:guest >watches shown:guest @3048
expected verify:guest >rests >settles >runs ddc:guest unknown @3148 unknown
