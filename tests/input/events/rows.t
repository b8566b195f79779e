# Faults that were found once, and others of their kinds.
hotkey ctrl+left 1
hotkey ctrl+a 2
hotkey with:right+left 3
hotkey f13 4 release
remap b k
remap y k
row read evdev d1
row wheel evdev d3
row noisy evdev ignore=relative d1
row taken evdev exclusive d1
row pad evdev newname=pad d1 d2
row leds evdev newname=leds d4
node d1 keys,buttons,relative
node d2 keys,absolute
node d3 keys,wheel
node d4 keys,leds
origin kbd2

case I4: a button of a chord whose release was not seen
given    +ctrl +left -ctrl +left -left
expected +ctrl -ctrl !1 +left -left

case I4: a button of a chord of two, and another keyboard
given    +right +left -right +left -left kbd2:+ctrl +left kbd2:-ctrl +left -left
expected +right -right !3 +left -left +ctrl -ctrl !1 +left -left

case I4: with a release in between that the window lost with the focus
given    +ctrl +left out map: +left -left
expected +ctrl -ctrl !1 +left -left

case I5: a click in a report that is split
route input-linux
given    (+left x:300) -left
expected mouse:x:100 mouse:x:100 mouse:(+left x:100) mouse:-left

case I5: a release in one, and a key
route virtio-host
given    x:1 +left (+a -left y:-200)
expected mouse:x:1 mouse:+left kbd:+a mouse:y:-100 mouse:(-left y:-100)

case I6: a frame of more than eight events for a clone is whole
given    plug:d2 grab:pad d2:(slot:0 mtx:1 slot:1 mtx:2 slot:0 mtx:3 slot:1 mtx:4 slot:0 mtx:5 slot:1 mtx:6 +a)
expected along:d2 new:pad held:pad pad:(slot:0 id:21 slot:1 id:-1 slot:0 mtx:100 slot:1 mtx:200 slot:0 ay:0 ax:0) pad:(slot:0 mtx:1 slot:1 mtx:2 slot:0 mtx:3 slot:1 mtx:4 slot:0 mtx:5 slot:1 mtx:6 +a)

case I7: a wheel that is read along counts once
given    plug:d1 grab:read d1:wheel:1 wheel:1 ax:5 x:3 | ungrab:read wheel:1
expected along:d1 held:read wheel:1 | free:read closed:d1 wheel:1

case I7: of a keyboard that has one; the pointer is the window's
given    plug:d3 grab:wheel d3:wheel:1 wheel:1 ax:5
expected along:d3 held:wheel wheel:1 ax:5

case I7: a class that its row ignores is the window's
given    plug:d1 grab:noisy d1:wheel:1 wheel:1 d1:x:1 ax:5
expected along:d1 held:noisy wheel:1 ax:5

case I7: a key and a button that both send
given    plug:d1 grab:read d1:+c +c d1:-c -c +left d1:+left -left d1:-left
expected along:d1 held:read +c -c +left -left

case I8: only the keyboard is read: a key does not go with the button
route input-linux
given    reads:k (+a +left) (-a -left)
expected kbd:+a kbd:-a

case I9: two devices of a row with a clone, which is made once
given    plug:d1 plug:d2 grab:pad | ungrab:pad
expected along:d1 new:pad along:d2 held:pad pad:(slot:0 id:21 slot:1 id:-1 slot:0 mtx:100 slot:1 mtx:200 slot:0 ay:0 ax:0) | free:pad pad:(slot:0 id:-1 slot:1 id:-1) gone:pad closed:d1 closed:d2

case I10: lights and sounds that are read there are no echo
given    plug:d4 grab:leds d4:led:1 d4:(bell:1 +a led:1) d4:-a
expected along:d4 new:leds held:leds leds:+a leds:-a

case I11: another row's exclusive grab is refused: this one goes on
given    plug:d1 grab:read refuse:d1 grab:taken @2100 warned d1:+c d1:-c | plug:d1 @3000 warned d1:+c d1:-c
expected along:d1 held:read held:taken warned=1 +c -c | warned=1 +c -c

case I11: and is taken when that is possible
given    plug:d1 grab:read refuse:d1 grab:taken @2100 take:d1 plug:d1 d1:+c d1:-c | ungrab:read ungrab:taken
expected along:d1 held:read held:taken grab:d1 +c -c | free:read free:taken closed:d1

case I11: it alone is left, and waits
given    plug:d1 grab:read refuse:d1 grab:taken @2100 ungrab:read d1:+c d1:-c | take:d1 @100 d1:+c
expected along:d1 held:read held:taken free:read | grab:d1 +c

case I13: a key that was down in somebody's grab is not ours when it repeats
given    focus map:a +a +a -a | +a -a
expected | +a -a

case I24: two keys for one of the guest, held at once
given    +b +y -b | +b -y | -b
expected +k | | -k

case I25: a further key of a chord, which goes to the guest
given    +right -right
expected +right -right

case I25: which remaps[] turns to nothing
remap right 0
given    +right +left -left -right
expected !3
