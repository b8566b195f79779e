# Emergency: the host, by the Ddc and Exec rows of tohost[] alone.
from guest
tohost guestexec:3000 ddc:10000/orelse

case the guest is not asked
given    panic want:host @48 done
expected wish:host >settles want=pending @48 >runs ddc:host >watches
expected shown:host reached=done

case also when the host is shown: nobody can see that it is
from host
given    panic want:host @48 done
expected >settles >runs ddc:host want=pending @48 >watches shown:host
expected reached=done

case a row for the guest is cancelled
from host
given    window:visible @48 panic want:host @100 done
expected wish:guest >settles @48 >runs ddc:guest wish:host cancel >settles
expected want=pending @148 >runs ddc:host >watches shown:host reached=done

case a row for the host too, for it may be what hangs
given    window:hidden @48 panic want:host @100 done
expected wish:host >settles @48 >runs guestexec:host/quick cancel >settles
expected want=pending @148 >runs ddc:host >watches shown:host reached=done

case even an Exec row
tohost exec:3000 ddc:10000
given    window:hidden @48 panic want:host @100 done done
expected wish:host >settles @48 >runs exec:host cancel >settles want=pending
expected @148 >runs exec:host ddc:host >watches shown:host reached=done

case a check that runs
from host
toguest ddc:10000
given    window:visible @48 done @3000 panic want:host @48 done
expected wish:guest >settles @48 >runs ddc:guest >watches shown:guest @3048
expected verify:guest wish:host cancel >settles want=pending @3096 >runs
expected ddc:host >watches shown:host reached=done

case a retry that waits
given    window:hidden @48 fail fail @100 panic want:host done
expected wish:host >settles @48 >runs guestexec:host/quick ddc:host failed
expected >retries again:2000 @148 >settles >runs ddc:host want=pending
expected >watches shown:host reached=done

case none but the guest's rows: it failed, and is tried again
tohost guestexec:3000 guestwait:1000
given    panic want:host @48 @2000 want:guest @100 done
expected wish:host >settles want=pending @48 >runs failed >retries again:2000
expected reached=failed @2048 >runs failed >retries again:4000 wish:guest
expected >settles want=pending @2148 >runs ddc:guest >watches shown:guest
expected reached=done

case a way out that was left out
tohost ddc:10000 guestexec:3000/orelse exec:100
given    panic want:host @48 fail done ?
expected wish:host >settles want=pending @48 >runs ddc:host exec:host failed
expected >retries again:2000 reached=failed unknown

case it was not needed
tohost ddc:10000 guestexec:3000/orelse exec:100
given    panic want:host @48 done done ?
expected wish:host >settles want=pending @48 >runs ddc:host exec:host >watches
expected shown:host reached=done host

case an alternative behind it that does it
tohost ddc:10000 guestexec:3000/orelse exec:100/orelse
given    panic want:host @48 fail done ?
expected wish:host >settles want=pending @48 >runs ddc:host/quick exec:host
expected >rests shown:host reached=done host

case Ddc is not quick when its way out is left out
tohost ddc:10000 guestexec:3000/orelse
given    panic want:host @48 done ?
expected wish:host >settles want=pending @48 >runs ddc:host >watches
expected shown:host reached=done host

case one row in front is left out, and that is no failure
tohost guestexec:3000 ddc:10000
given    panic want:host @48 done ?
expected wish:host >settles want=pending @48 >runs ddc:host >watches
expected shown:host reached=done host

case twice
given    panic want:host @48 panic want:host @100 done
expected wish:host >settles want=pending @48 >runs ddc:host cancel >settles
expected want=pending @148 >runs ddc:host >watches shown:host reached=done

case a VM that is off
given    vm:off panic want:host done
expected wish:host >settles >runs guestexec:host/quick cancel >settles >runs
expected ddc:host want=pending >watches shown:host reached=done

case the dead monitor: tried until it shows the host
given    panic want:host @48 fail @2000 fail @4000 done
expected wish:host >settles want=pending @48 >runs ddc:host failed >retries
expected again:2000 reached=failed @2048 >runs ddc:host failed >retries
expected again:4000 @6048 >runs ddc:host >watches shown:host
