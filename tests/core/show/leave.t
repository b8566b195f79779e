# The end, in each state.
from guest
toguest exec:4000 ddc:10000
tohost ddc:10000

case at rest, the guest is shown
given    leave:0 done @10000
expected wish:host >settles leaving >runs ddc:host/4700 >rests shown:host
expected end=0

case at rest, the host is shown
from host
given    leave:0 @10000
expected leaving end=0

case with a status
from host
given    leave:1
expected leaving end=1

case with another, later
given    leave:0 leave:3 leave:0 done
expected wish:host >settles leaving >runs ddc:host/4700 >rests shown:host
expected end=3

case the host can't be shown
given    leave:0 fail @10000
expected wish:host >settles leaving >runs ddc:host/4700 failed >rests end=1

case a status, and the host can't be shown
given    leave:3 fail
expected wish:host >settles leaving >runs ddc:host/4700 failed >rests end=1

case the wish for the guest settles
from host
given    window:visible @10 leave:0
expected wish:guest >settles @10 wish:host leaving >rests end=0

case the wish for the host settles
given    window:hidden @10 leave:0 done
expected wish:host >settles @10 leaving >runs ddc:host/4700 >rests shown:host
expected end=0

case a row for the guest runs: cancelled
from host
toguest ddc:10000
given    window:visible @48 leave:0 @100 done
expected wish:guest >settles @48 >runs ddc:guest wish:host cancel >settles
expected leaving >runs ddc:host/4700 @148 >rests shown:host end=0

case an Exec row for the guest runs: it has less time
from host
given    window:visible @48 leave:0 @100 done @100 done
expected wish:guest >settles @48 >runs exec:guest wish:host limit:1566 leaving
expected @148 >settles >runs ddc:host/4600 @248 >rests shown:host end=0

case an Exec row for the guest runs, and hangs
from host
given    window:visible @48 leave:0 @2000 done
expected wish:guest >settles @48 >runs exec:guest wish:host limit:1566 leaving
expected @1614 late >settles >runs ddc:host/3134 @2048 >rests shown:host end=0

case the row for the host runs: it has less time
given    window:hidden @48 leave:0 @1000 done
expected wish:host >settles @48 >runs ddc:host limit:4700 leaving @1048 >rests
expected shown:host end=0

case the row for the host runs, and hangs
given    window:hidden @48 leave:0 @10000
expected wish:host >settles @48 >runs ddc:host limit:4700 leaving @4748 late
expected failed >rests end=1

case an Exec row for the host runs, and rows follow
tohost exec:9000 exec:9000 ddc:10000
given    window:hidden @48 leave:0 done done done
expected wish:host >settles @48 >runs exec:host limit:1566 leaving
expected exec:host/1566 ddc:host/4700 >rests shown:host end=0

case none may use up the time of those behind it
tohost guestexec:9000 ddc:9000/orelse exec:9000/orelse
given    leave:0 @10000
expected wish:host >settles leaving >runs guestexec:host/quick/1566 @1566 late
expected ddc:host/quick/1044 @2610 late exec:host/2090 @4700 late failed >rests
expected end=1

case a retry waits: at once
given    window:hidden @48 fail @100 leave:0 done
expected wish:host >settles @48 >runs ddc:host failed >retries again:2000 @148
expected >settles leaving >runs ddc:host/4700 >rests shown:host end=0

case what had failed for good: at once
given    window:hidden @48 futile @100 leave:0 done
expected wish:host >settles @48 >runs ddc:host failed >rests @148 >settles
expected leaving >runs ddc:host/4700 >rests shown:host end=0

case a check is due: it is not waited for
from host
tohost ddc:10000
given    vm:off vm:runs window:visible @48 done done window:hidden @100 done
given    @100 leave:0 @10000
expected wish:guest >settles @48 >runs exec:guest ddc:guest >watches
expected shown:guest wish:host >settles @148 >runs ddc:host >watches
expected shown:host @248 leaving end=0

case a check of the guest runs
from host
given    window:visible @48 done done @3000 leave:0 done
expected wish:guest >settles @48 >runs exec:guest ddc:guest >watches
expected shown:guest @3048 verify:guest wish:host cancel >settles leaving >runs
expected ddc:host/4700 >rests shown:host end=0

case a check of the host runs: it is not waited for
given    window:hidden @48 done @3000 leave:0 @5000
expected wish:host >settles @48 >runs ddc:host >watches shown:host @3048
expected verify:host leaving end=0

case the host was made doubtful
from host
given    resume fail @100 leave:0 done
expected >settles >runs ddc:host failed >retries again:2000 @100 >settles
expected leaving >runs ddc:host/4700 >rests shown:host end=0

case in a panic
given    panic want:host leave:0 @100 done
expected wish:host >settles want=pending leaving >runs ddc:host/4700 @100
expected >rests shown:host reached=done end=0

case nothing is known yet
from nothing
given    leave:0 done
expected wish:host >settles leaving >runs ddc:host/4700 >rests shown:host
expected end=0

case rows of Leave are waited for
from host
given    busy:1 leave:0 @3000 busy:0
expected leaving @3000 end=0

case up to ExitLimit
from host
given    busy:1 leave:0 @10000
expected leaving @5000 warned end=1

case they show the guest: not now
from host
given    busy:1 leave:0 want:guest @10 busy:0
expected leaving notnow(the program ends) want=failed @10 end=0

case they are done before the host is shown
given    busy:1 leave:0 busy:0 @10 done
expected wish:host >settles leaving >runs ddc:host/4700 @10 >rests shown:host
expected end=0

case no row is run again, no check follows
given    busy:1 leave:0 fail @4000
expected wish:host >settles leaving >runs ddc:host/4700 failed >rests

case the machine sleeps meanwhile
given    busy:1 leave:0 done @1000 resume ? done busy:0
expected wish:host >settles leaving >runs ddc:host/4700 >rests shown:host
expected @1000 >settles >runs ddc:host/3700 unknown >rests shown:host end=0

case no throttle
from host
given    window:visible @48 done done leave:0 @100 done
expected wish:guest >settles @48 >runs exec:guest ddc:guest >watches
expected shown:guest wish:host >settles leaving >runs ddc:host/4700 @148 >rests
expected shown:host end=0

case Leave takes long: the monitor is looked at once more
given    window:hidden @48 busy:1 done @2900 leave:0 @100 fail done busy:0
expected wish:host >settles @48 >runs ddc:host >watches shown:host @2948
expected leaving @3048 verify:host >rests >settles >runs ddc:host/4600 >rests
expected shown:host end=0
