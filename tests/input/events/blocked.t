# Classes that go nowhere, for the user does not see the guest.
hotkey ctrl+g 1
hotkey with:a+h 2
origin kbd2
origin kbd3 clone
row x x mouse

case I1: what is typed and moved while the host is seen
given    block:all +a -a +ctrl +c -c -ctrl +left -left x:5 wheel:1 (ax:1 ay:2)
expected

case I1: of a device that is grabbed
given    block:all kbd2:+a kbd2:-a kbd2:x:5 kbd2:+left kbd2:-left
expected

case I1: what is a clone's is not meant
given    block:all kbd3:+a kbd3:-a kbd3:x:5
expected 2:+a 2:-a 2:x:5

case I1: what goes down meanwhile is not sent later, nor its repeats
given    block:all +a +left | block: +a -a -left | +a -a
expected | | +a -a

case I1: what was down before goes up
given    +a +left kbd2:+b block:all +a -a -left kbd2:-b
expected +a +left +b -a -left -b

case I1: two keyboards, one from before
given    +a block:all kbd2:+a | -a | kbd2:-a
expected +a | -a |

case I1: hotkeys go on
given    block:all +ctrl +g -g -ctrl kbd2:+ctrl +g
expected !1 !1

case I1: a hotkey of another key that is held
given    block:all +a +h -h -a
expected !2

case I1: a modifier that was pressed meanwhile is the next key's
given    block:all +ctrl | block: +c -c -ctrl
expected | (+ctrl +c) -c -ctrl

case I1: and a wheel's
given    block:all +ctrl | block: wheel:1 -ctrl
expected | (+ctrl wheel:1) -ctrl

case I1: a chord that began before
given    +ctrl block:all +g -g -ctrl
expected +ctrl -ctrl !1

case I1: a guest that sleeps gets keys alone
given    block:buttons,relative,absolute,misc,switches
given    +a -a | +left -left x:5 ax:5 wheel:1 kbd2:x:5
expected +a -a |
