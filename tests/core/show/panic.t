# Emergency: the host, by the Ddc and Exec rows of tohost[] alone; if that fails
# by all of them, for the monitor may obey the guest only.
from guest
tohost guestexec:3000 ddc:10000/orelse

case the guest is not asked
given    panic want:host @48 done
expected wish:host >settles want=pending @48 >runs ddc:host/quick >watches
expected shown:host reached=done

case also when the host is shown: nobody can see that it is
from host
given    panic want:host @48 done
expected >settles >runs ddc:host/quick want=pending @48 >watches shown:host
expected reached=done

case a row for the guest is cancelled
from host
given    window:visible @48 panic want:host @100 done
expected wish:guest >settles @48 >runs ddc:guest wish:host cancel >settles
expected want=pending @148 >runs ddc:host/quick >watches shown:host reached=done

case a row for the host too, for it may be what hangs
given    window:hidden @48 panic want:host @100 done
expected wish:host >settles @48 >runs guestexec:host/quick cancel >settles
expected want=pending @148 >runs ddc:host/quick >watches shown:host reached=done

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
expected ddc:host/quick >watches shown:host reached=done

case a retry that waits
given    window:hidden @48 fail fail @100 panic want:host done
expected wish:host >settles @48 >runs guestexec:host/quick ddc:host failed
expected >retries again:2000 @148 >settles >runs ddc:host/quick want=pending
expected >watches shown:host reached=done

case none but the guest's rows: they are asked at once, in the end
tohost guestexec:3000 guestwait:1000
given    panic want:host @200 done done ?
expected wish:host >settles want=pending @48 >runs >settles @148 >runs
expected guestexec:host @200 guestwait:host >rests shown:host reached=done host

case a monitor that obeys the guest alone
given    panic want:host @48 fail @100 done ?
expected wish:host >settles want=pending @48 >runs ddc:host/quick >settles @148
expected >runs guestexec:host/quick >rests shown:host reached=done host

case the guest hangs, too: by turns
given    panic want:host @48 fail @100 fail fail @2000 done ?
expected wish:host >settles want=pending @48 >runs ddc:host/quick >settles @148
expected >runs guestexec:host/quick ddc:host failed >retries again:2000
expected reached=failed @2148 >runs ddc:host/quick >watches shown:host host

case twice, while the guest is asked: it is not
given    panic want:host @48 fail @100 panic want:host @100 done
expected wish:host >settles want=pending @48 >runs ddc:host/quick >settles @148
expected >runs guestexec:host/quick cancel >settles want=pending @248 >runs
expected ddc:host/quick >watches shown:host reached=done

case the guest is asked for while it fails
given    panic want:host @48 fail want:guest @100 done
expected wish:host >settles want=pending @48 >runs ddc:host/quick >settles
expected wish:guest want=pending @148 >runs ddc:guest >watches shown:guest
expected reached=done

case a way out that was left out is taken then
tohost ddc:10000 guestexec:3000/orelse exec:100
given    panic want:host @48 fail done ? @100 fail done done ?
expected wish:host >settles want=pending @48 >runs ddc:host/quick
expected exec:host/quick >settles unknown @148 >runs ddc:host/quick
expected guestexec:host exec:host >rests shown:host reached=done host

case it was not needed
tohost ddc:10000 guestexec:3000/orelse exec:100
given    panic want:host @48 done done ?
expected wish:host >settles want=pending @48 >runs ddc:host/quick
expected exec:host/quick >watches shown:host reached=done host

case an alternative behind it that does it
tohost ddc:10000 guestexec:3000/orelse exec:100/orelse
given    panic want:host @48 fail done ?
expected wish:host >settles want=pending @48 >runs ddc:host/quick
expected exec:host/quick >rests shown:host reached=done host

case Ddc is quick: what is left out comes next
tohost ddc:10000 guestexec:3000/orelse
given    panic want:host @48 done ?
expected wish:host >settles want=pending @48 >runs ddc:host/quick >watches
expected shown:host reached=done host

case one row in front is left out, and that is no failure
tohost guestexec:3000 ddc:10000
given    panic want:host @48 done ?
expected wish:host >settles want=pending @48 >runs ddc:host/quick >watches
expected shown:host reached=done host

case twice: the other turn
given    panic want:host @48 panic want:host @100 done
expected wish:host >settles want=pending @48 >runs ddc:host/quick cancel
expected >settles want=pending @148 >runs guestexec:host/quick >rests shown:host
expected reached=done

case a VM that is off
given    vm:off panic want:host done
expected wish:host >settles >runs guestexec:host/quick cancel >settles >runs
expected ddc:host/quick want=pending >watches shown:host reached=done

case the dead monitor: tried until it shows the host
tohost ddc:10000
given    panic want:host @48 fail @2000 fail @4000 done
expected wish:host >settles want=pending @48 >runs ddc:host failed >retries
expected again:2000 reached=failed @2048 >runs ddc:host failed >retries
expected again:4000 @6048 >runs ddc:host >watches shown:host
