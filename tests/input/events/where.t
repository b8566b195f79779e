# Where a key goes: remaps, classes that are ignored, several keyboards, clones,
# and what was reset, lost or unplugged.
hotkey ctrl+g 1
remap a b
remap caps ctrl
remap pause 0
remap left right
remap side 0
remap tab left
origin kbd2
origin kbd3 clone

case a remapped key
given    +a -a
expected +b -b

case a key that is remapped to nothing
given    +pause =pause -pause
expected

case a button that is
given    +side -side
expected

case a button for another
given    +left -left +right -right
expected +right -right +right -right

case a key to a button
given    +tab -tab
expected +left -left

case two keys to one: up when both are
given    +a +b | -a | -b
expected +b | | -b

case two keys to one, in one packet
given    (+a +b) (-b -a)
expected +b -b

case two keys to one, one is released by a keymap
given    +a +b map:b | -b
expected +b | -b

case hotkeys go by the key that is pressed
given    +caps +g -g -caps
expected +ctrl +g -g -ctrl

case a chord takes back what its modifier was sent as
remap shift c
hotkey shift+h 2
given    +shift +h -h -shift
expected +c -c !2

case one key on two keyboards
given    +c kbd2:+c | -c | kbd2:-c
expected +c | | -c

case one key on two, the other order
given    +c kbd2:+c kbd2:-c | -c
expected +c | -c

case one on two, and one leaves
given    +c kbd2:+c out | kbd2:-c
expected +c | -c

case one key on two that go elsewhere
given    +c kbd3:+c -c kbd3:-c
expected +c 2:+c -c 2:-c

case a device is unplugged: its keys go up, no others
given    +c kbd2:+c kbd2:+h +k die:kbd2 | -c -k
expected +c +h +k -h | -c -k

case its modifiers make no chord any more
given    kbd2:+ctrl die:kbd2 +g -g
expected +ctrl -ctrl +g -g

case a class is ignored
given    ignore:keys +c -c +left -left x:5 wheel:1
expected +right -right x:5 wheel:1

case buttons are
given    ignore:buttons +c -c +left -left x:5
expected +c -c x:5

case motion is, wheels too
given    ignore:relative (x:5 +c) wheel:1 ax:4 -c
expected +c ax:4 -c

case absolute motion is
given    ignore:absolute ax:4 ay:5 x:1
expected x:1

case the rest
given    msc:4 sw:1 | ignore:misc,switches msc:4 sw:1 x:1
expected msc:4 sw:1 | x:1

case of one origin alone
given    ignore:kbd2=keys kbd2:+c kbd2:-c +c -c
expected +c -c

case it begins while a key is held: its release still goes
given    +c ignore:keys -c +c -c
expected +c -c

case it begins while a button is held: its release still goes
given    +left ignore:buttons -left +left
expected +right -right

case it ends while a key is held: no press, no release
given    ignore:keys +c ignore: =c -c +c -c
expected +c -c

case it begins between two that hold one
given    +c ignore:kbd2=keys kbd2:+c -c kbd2:-c
expected +c -c

case the VM is reset: what was down is up there
given    +c +h forget -c -h +c -c
expected +c +h +c -c

case the VM is reset: a clone is not
given    kbd3:+c +c forget kbd3:-c -c
expected 2:+c +c 2:-c

case V15: the VM is reset: a key that is still held goes down by its repeat
given    +c forget =c +c -c +c -c
expected +c +c -c +c -c

case V15: or by X's, which is a press
given    +c forget +c +c -c
expected +c +c -c

case V15: one that nothing could be sent of
given    bad +c =c good =c -c
expected +c -c

case V15: but none that was let go
given    +c release =c forget =c -c
expected +c -c

case the VM is reset: what could not be released is forgotten
given    +c bad -c good forget +h
expected +c +h

case a release was lost: sent again with the next
given    +c -c lost:c | +h
expected +c -c | -c +h

case a release was lost, by then it is pressed again: none between
given    +c -c +c lost:c | -c
expected +c -c +c | -c

case a release was lost, and again, and by a release of all
given    +c -c lost:c release lost:c release
expected +c -c -c -c

case all is released: on all keyboards
given    +c kbd2:+h kbd3:+k release | -c kbd2:-h kbd3:-k
expected +c +h 2:+k (-c -h) | 2:-k

case all is released: then nothing is sent until it is pressed again
given    +c release =c -c +c -c
expected +c -c +c -c

case all is released, twice while the route fails
given    +c +h bad release release good release
expected +c +h (-h -c)

case more at once than a report holds
given    (+1 +2 +3 +4 +5 +6 +7 +8 +9 +c)
expected (+1 +2 +3 +4 +5 +6 +7 +8) (+9 +c)

case down and up of two keys to one in a packet
given    (+a -a +b -b)
expected +b -b +b -b

case motion between keys of a packet
given    (x:1 +c y:2) (-c x:3)
expected (x:1 +c y:2) (-c x:3)

case two keys to one, each on its keyboard, in any order
given    +a kbd2:+b -a | kbd2:-b +b kbd2:+a kbd2:-a | -b
expected +b | -b +b | -b
