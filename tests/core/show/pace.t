# Settle, turmoil, throttle, retry, the check, a sleep of the machine.
from host

case a wish must last
given    window:visible @47 window:hidden @1000
expected wish:guest >settles @47 wish:host @95 >rests

case Settle 0
settle 0
given    window:visible done
expected wish:guest >settles >runs ddc:guest >watches shown:guest

case it counts from the beginning of the wish
given    window:visible @40 poke turmoil:0 @8
expected wish:guest >settles @48 >runs ddc:guest

case the VM is gone: at once
from guest
given    vm:off done
expected wish:host >settles >runs ddc:host >watches shown:host

case hidden, then the VM is gone: at once, too
from guest
given    turmoil:1000 window:hidden @100 vm:off done
expected wish:host >settles @100 >runs ddc:host >watches shown:host

case turmoil: the host after a second
from guest
given    turmoil:2000 window:hidden @1100 done
expected wish:host >settles @1000 >runs ddc:host @1100 >watches shown:host

case turmoil: the guest, too
given    turmoil:2000 window:visible @1100 done
expected wish:guest >settles @1000 >runs ddc:guest @1100 >watches shown:guest

case turmoil: longer than Settle, or Settle
settle 1200
from nothing
given    vm:runs turmoil:2000 window:visible @1300 done
expected wish:guest >settles @1200 >runs ddc:guest @1300 >watches shown:guest

case turmoil is over
from guest
given    turmoil:1000 @1000 window:hidden @48
expected @1000 wish:host >settles @1048 >runs ddc:host

case turmoil after the wish: that settles longer
from guest
given    window:hidden @40 turmoil:2000 @1100
expected wish:host >settles @1000 >runs ddc:host

case turmoil: shown again meanwhile
from guest
given    turmoil:2000 window:hidden @400 window:visible @1100
expected wish:host >settles @400 wish:guest @1400 >rests

case turmoil: who asks waits as long
from guest
given    turmoil:2000 want:host @1100
expected wish:host >settles want=pending @1000 >runs ddc:host

case turmoil: but not when the VM goes off
from guest
given    turmoil:2000 vm:off
expected wish:host >settles >runs ddc:host

case turmoil: the end
from guest
given    turmoil:2000 window:hidden @10 leave:0 done
expected wish:host >settles @10 leaving >runs ddc:host/4700 >rests shown:host
expected end=0

case turmoil while a row runs
from guest
given    window:hidden @48 turmoil:2000 @10 done
expected wish:host >settles @48 >runs ddc:host @58 >watches shown:host

case turmoil: a wish that flips while a row runs settles, too
given    window:visible @48 turmoil:2000 @10 window:hidden @1100
expected wish:guest >settles @48 >runs ddc:guest @58 wish:host cancel >settles
expected @1058 >runs ddc:host

case throttle: a pause between two
given    window:visible @48 done window:hidden @100 done
expected wish:guest >settles @48 >runs ddc:guest >watches shown:guest
expected wish:host >settles @148 >runs ddc:host >watches shown:host

case throttle: longer than Settle
throttle 400
given    window:visible @48 done window:hidden @500 done
expected wish:guest >settles @48 >runs ddc:guest >watches shown:guest
expected wish:host >settles @448 >runs ddc:host @548 >watches shown:host

case throttle: not when the VM is gone
throttle 400
given    window:visible @48 done vm:off done
expected wish:guest >settles @48 >runs ddc:guest >watches shown:guest
expected wish:host >settles >runs ddc:host >watches shown:host

case throttle after a cancelled row
throttle 400
given    window:visible @48 window:hidden @500 done
expected wish:guest >settles @48 >runs ddc:guest wish:host cancel >settles
expected @448 >runs ddc:host @548 >watches shown:host

case retry: later and later
from guest
given    window:hidden @48 fail @2000 fail @4000 fail @8000 fail @16000 fail
given    @30000 fail @30000 done
expected wish:host >settles @48 >runs ddc:host failed >retries again:2000
expected @2048 >runs ddc:host failed >retries again:4000 @6048 >runs ddc:host
expected failed >retries again:8000 @14048 >runs ddc:host failed >retries
expected again:16000 @30048 >runs ddc:host failed >retries again:30000 @60048
expected >runs ddc:host failed >retries again:30000 @90048 >runs ddc:host
expected >watches shown:host

case retry: not of the guest
given    window:visible @48 fail why @60000
expected wish:guest >settles @48 >runs ddc:guest failed >rests (the switch has
expected failed)

case retry: not when there is nobody to try it on
from guest
given    window:hidden @48 futile @60000 poke @100 done
expected wish:host >settles @48 >runs ddc:host failed >rests @60048 >settles
expected >runs ddc:host @60148 >watches shown:host

case retry: an alternative that was tried makes it worth while
from guest
tohost ddc:10000 exec:100/orelse
given    window:hidden @48 futile fail @2000
expected wish:host >settles @48 >runs ddc:host/quick exec:host failed >retries
expected again:2000 @2048 >runs ddc:host/quick

case poke: at once
from guest
given    window:hidden @48 fail @500 poke fail @2000 done
expected wish:host >settles @48 >runs ddc:host failed >retries again:2000 @548
expected >settles >runs ddc:host failed >retries again:2000 @2548 >runs
expected ddc:host >watches shown:host

case poke: the guest, too
given    window:visible @48 fail @500 poke done
expected wish:guest >settles @48 >runs ddc:guest failed >rests @548 >settles
expected >runs ddc:guest >watches shown:guest

case poke while a row runs: once more if that fails
given    window:visible @48 poke fail @100 fail @1000
expected wish:guest >settles @48 >runs ddc:guest >settles @148 >runs ddc:guest
expected failed >rests

case poke while a row runs that does it
given    window:visible @48 poke done @100
expected wish:guest >settles @48 >runs ddc:guest >watches shown:guest

case poke: nothing to do
given    poke @1000
expected

case the window says something: what had failed is tried again
from guest
given    vm:off fail @500 window:hidden @10
expected wish:host >settles >runs ddc:host failed >retries again:2000 @500
expected >settles >runs ddc:host

case the check: it has lasted
given    window:visible @48 done @3000 done @1000
expected wish:guest >settles @48 >runs ddc:guest >watches shown:guest @3048
expected verify:guest >rests

case the check: it has not, and is done once more
given    window:visible @48 done @3000 fail ? done @3000 fail ? @60000
expected wish:guest >settles @48 >runs ddc:guest >watches shown:guest @3048
expected verify:guest >rests >settles >runs ddc:guest unknown >watches
expected shown:guest @6048 verify:guest >rests unknown

case the check: another wish begins anew
given    window:visible @48 done @3000 fail done @3000 fail window:hidden @48
given    done @3000 fail done
expected wish:guest >settles @48 >runs ddc:guest >watches shown:guest @3048
expected verify:guest >rests >settles >runs ddc:guest >watches shown:guest
expected @6048 verify:guest >rests wish:host >settles @6096 >runs ddc:host
expected >watches shown:host @9096 verify:host >rests >settles >runs ddc:host
expected >watches shown:host

case the check takes too long: nobody can tell
given    window:visible @48 done @3000 @2000 ?
expected wish:guest >settles @48 >runs ddc:guest >watches shown:guest @3048
expected verify:guest @5048 late >rests guest

case the check: of Ddc rows alone
toguest exec:100
given    window:visible @48 done @10000
expected wish:guest >settles @48 >runs exec:guest >rests shown:guest

case the check: a row behind Ddc is waited for
toguest ddc:1000 exec:9000
given    window:visible @48 done @5000 done
expected wish:guest >settles @48 >runs ddc:guest exec:guest @5048 >watches
expected shown:guest verify:guest

case the check: not with -w
from nothing
once
given    vm:runs want:guest done @10000
expected wish:guest >settles want=pending >runs ddc:guest >rests shown:guest
expected reached=done

case a sleep of the machine: shown again
given    resume ? done ?
expected >settles >runs ddc:host unknown >watches shown:host host

case while the check is due
given    window:visible @48 done @100 resume ? done ?
expected wish:guest >settles @48 >runs ddc:guest >watches shown:guest @148
expected >settles >runs ddc:guest unknown >watches shown:guest guest

case while it runs
given    window:visible @48 done @3000 resume ? done
expected wish:guest >settles @48 >runs ddc:guest >watches shown:guest @3048
expected verify:guest cancel >settles >runs ddc:guest unknown >watches
expected shown:guest

case while a wish settles
given    window:visible @10 resume @38 done
expected wish:guest >settles @48 >runs ddc:guest >watches shown:guest

case while a row runs
given    window:visible @48 resume done ?
expected wish:guest >settles @48 >runs ddc:guest >watches shown:guest guest

case while a row runs that fails for it
given    window:visible @48 resume fail @100 done
expected wish:guest >settles @48 >runs ddc:guest >settles @148 >runs ddc:guest
expected >watches shown:guest

case while a retry waits
from guest
given    window:hidden @48 fail @100 resume done
expected wish:host >settles @48 >runs ddc:host failed >retries again:2000 @148
expected >settles >runs ddc:host >watches shown:host

case an action waits: it is shown
given    want:guest @48 done
expected wish:guest >settles want=pending @48 >runs ddc:guest >watches
expected shown:guest reached=done

case an action waits: it is shown already
given    want:host
expected want=done

case an action waits: it fails
given    want:guest @48 fail
expected wish:guest >settles want=pending @48 >runs ddc:guest failed >rests
expected reached=failed

case an action waits: the host fails, and is tried again without it
from guest
given    want:host @48 fail @2000
expected wish:host >settles want=pending @48 >runs ddc:host failed >retries
expected again:2000 reached=failed @2048 >runs ddc:host

case an action waits: the wish is another meanwhile
given    want:guest @48 vm:paused
expected wish:guest >settles want=pending @48 >runs ddc:guest wish:host cancel
expected >settles reached=failed

case an action waits: while it settles the wish is another
given    want:guest @10 window:visible window:hidden @100
expected wish:guest >settles want=pending @10 wish:host reached=failed
expected @58 >rests

case an action waits for what had failed
from guest
given    window:hidden @48 fail @100 want:host done
expected wish:host >settles @48 >runs ddc:host failed >retries again:2000 @148
expected >settles want=pending >runs ddc:host >watches shown:host reached=done

case an action waits for a row that runs
given    window:visible @48 want:guest done
expected wish:guest >settles @48 >runs ddc:guest want=pending >watches
expected shown:guest reached=done

case vmpause waits for the host
from guest
given    pausing:1 wait:host @48 done | pausing:0 @100
expected wish:host >settles wait=pending @48 >runs ddc:host >watches
expected shown:host reached=done | wish:guest >settles @148 >runs ddc:guest

case vmpause, the host is shown
given    pausing:1 wait:host
expected wait=done

case vmpause, the host can't be shown
from guest
given    pausing:1 wait:host @48 fail | pausing:0 @100
expected wish:host >settles wait=pending @48 >runs ddc:host failed >retries
expected again:2000 reached=failed | wish:guest >settles @148 >runs ddc:guest
