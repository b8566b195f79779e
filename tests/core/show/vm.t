# A VM that dies, in each state; the watchdog.
from guest
toguest guestexec:3000 ddc:10000
tohost guestexec:3000 ddc:10000/orelse

case at rest
given    vm:off fail done ?
expected wish:host >settles >runs guestexec:host/quick ddc:host >watches
expected shown:host host

case the wish for the guest settles
from host
given    window:visible @10 vm:off @1000
expected wish:guest >settles @10 wish:host >rests

case the wish for the host settles
given    window:hidden @10 vm:off fail done
expected wish:host >settles @10 >runs guestexec:host/quick ddc:host >watches
expected shown:host

case a row for the guest runs
from host
given    window:visible @48 vm:off fail done
expected wish:guest >settles @48 >runs guestexec:guest wish:host cancel
expected >settles >runs guestexec:host/quick ddc:host >watches shown:host

case an Exec row for the guest runs: to its end
from host
toguest exec:3000 ddc:10000
given    window:visible @48 vm:off @10 done fail done
expected wish:guest >settles @48 >runs exec:guest wish:host @58 >settles >runs
expected guestexec:host/quick ddc:host >watches shown:host

case a row for the host runs
given    window:hidden @48 vm:off fail done
expected wish:host >settles @48 >runs guestexec:host/quick ddc:host >watches
expected shown:host

case a retry waits: nobody knows more
given    window:hidden @48 fail fail @100 vm:off @1900 fail done
expected wish:host >settles @48 >runs guestexec:host/quick ddc:host failed
expected >retries again:2000 @2048 >runs guestexec:host/quick ddc:host
expected >watches shown:host

case a check is due
from host
given    window:visible @48 done done @1000 vm:off fail done
expected wish:guest >settles @48 >runs guestexec:guest ddc:guest >watches
expected shown:guest @1048 wish:host >settles >runs guestexec:host/quick
expected ddc:host >watches shown:host

case a check runs
from host
given    window:visible @48 done done @3000 vm:off fail done
expected wish:guest >settles @48 >runs guestexec:guest ddc:guest >watches
expected shown:guest @3048 verify:guest wish:host cancel >settles >runs
expected guestexec:host/quick ddc:host >watches shown:host

case it hangs and comes back: the guest again
given    vm:off fail done @1000 vm:runs @48 done done
expected wish:host >settles >runs guestexec:host/quick ddc:host >watches
expected shown:host @1000 wish:guest >settles @1048 >runs guestexec:guest
expected ddc:guest >watches shown:guest

case it comes back while the host is not yet shown
given    vm:off vm:runs @100 done done
expected wish:host >settles >runs guestexec:host/quick wish:guest cancel
expected >settles @100 >runs guestexec:guest ddc:guest >watches shown:guest

case it pauses, sleeps, runs
given    vm:paused @48 done vm:sleeps @100 why vm:runs @100 done done
expected wish:host >settles @48 >runs guestexec:host/quick >rests shown:host
expected @148 (the VM sleeps) wish:guest >settles @196 >runs guestexec:guest
expected @248 ddc:guest >watches shown:guest

case it pauses, then goes off
given    vm:paused @20 vm:off fail done @100 why
expected wish:host >settles @20 >runs guestexec:host/quick ddc:host >watches
expected shown:host @120 (the VM is off, or does not answer)

case dead before the window is there
from nothing
given    vm:off @100 window:visible fail done
expected wish:host >settles >runs guestexec:host/quick @100 ddc:host >watches
expected shown:host

case watchdog: no agent has answered yet
watchdog 2000
given    port:0 @1000 silent @2000 silent @2000
expected @505 ping @1506 ping @3508 ping

case watchdog: the agent falls silent
watchdog 2000
given    @1000 pong @1001 silent why @48 done
expected @505 ping @1506 ping @2001 warned wish:host >settles (the host was
expected asked for) @2049 >runs guestexec:host/quick >rests shown:host

case watchdog: its limit
watchdog 2000
given    @1000 pong @3001
expected @505 ping @1506 ping @3506 late warned wish:host >settles @3554 >runs
expected guestexec:host/quick

case watchdog: the guest boots
watchdog 2000
given    @1000 pong @1001 port:0 silent why
expected @505 ping @1506 ping @2001 ()

case watchdog: it goes on
watchdog 2000
given    @1000 pong @1001 pong @1001 pong
expected @505 ping @1506 ping @2507 ping

case watchdog: while the host is shown nobody is asked
watchdog 2000
given    @1000 pong @500 window:hidden @48 done @10000
expected @505 ping @1500 wish:host >settles @1548 >runs guestexec:host/quick
expected >rests shown:host

case watchdog: silent while the host is wanted
watchdog 2000
given    @1000 pong @1001 window:hidden silent @48 done why
expected @505 ping @1506 ping @2001 wish:host >settles @2049 >runs
expected guestexec:host/quick >rests shown:host (the window is hidden)

case watchdog: again with the guest
watchdog 2000
from host
given    @10000 window:visible @48 done done @1001
expected @10000 wish:guest >settles @10048 >runs guestexec:guest ddc:guest
expected >watches shown:guest @10512 ping

case watchdog: until the window is hidden
watchdog 2000
given    @1000 pong @1001 silent @48 done | window:hidden window:visible why
expected @505 ping @1506 ping @2001 warned wish:host >settles @2049 >runs
expected guestexec:host/quick >rests shown:host | wish:guest >settles
expected (switching to the guest)
