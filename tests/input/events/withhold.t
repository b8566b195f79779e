# A modifier that may begin a chord is kept back until that is decided.
withhold 150
neutral f24
hotkey ctrl+g 1
hotkey ctrl+shift+h 2
hotkey ctrl+r 3 release
hotkey with:caps+k 4

case a chord: the guest sees nothing of it
given    +ctrl +g -g -ctrl @1000
expected !1

case decided by another key
given    +ctrl | +c -c -ctrl
expected | +ctrl +c -c -ctrl

case by a key in the same packet
given    (+ctrl +c) (-c -ctrl)
expected +ctrl +c (-c -ctrl)

case decided by a button
given    +ctrl | +left -left -ctrl
expected | +ctrl +left -left -ctrl

case decided by a wheel
given    +ctrl | wheel:1 -ctrl
expected | +ctrl wheel:1 -ctrl

case by the other wheel
given    +shift hwheel:-1 -shift
expected +shift hwheel:-1 -shift

case decided by its release
given    +ctrl | -ctrl
expected | +ctrl -ctrl

case not by motion
given    +ctrl (x:5 y:-5) ax:3 | -ctrl
expected (x:5 y:-5) ax:3 | +ctrl -ctrl

case not by motion: then the chord
given    +ctrl x:5 +g -g -ctrl
expected x:5 !1

case nor by a scan code
given    +ctrl msc:4 +g -g -ctrl
expected msc:4 !1

case decided by time
given    +ctrl @149 | @1 | -ctrl
expected | +ctrl | -ctrl

case two of them, each at its time
given    +ctrl @100 +shift @50 | @100 | -shift -ctrl
expected +ctrl | +shift | -shift -ctrl

case a modifier of no chord is not kept back
given    +meta -meta
expected +meta -meta

case a key that is none is not kept back
given    +a -a
expected +a -a

case the key of With is
given    +caps | -caps
expected | +caps -caps

case two modifiers, released in the other order: as they were pressed
given    +ctrl +shift -ctrl -shift
expected +ctrl +shift -ctrl -shift

case two modifiers, then another key
given    +ctrl +shift +a -a -shift -ctrl
expected +ctrl +shift +a -a -shift -ctrl

case a chord of two
given    +ctrl +shift +h -h -shift -ctrl @500
expected !2

case a chord with one too many
given    +ctrl +shift +g -g -shift -ctrl @500
expected !1

case after its time: a key without meaning, and it goes up
given    +ctrl @150 +g -g -ctrl
expected +ctrl +f24 -f24 -ctrl !1

case after another key too
given    +ctrl +a -a +g -g -ctrl
expected +ctrl +a -a +f24 -f24 -ctrl !1

case both, but once the key without meaning
given    +ctrl +shift @150 +h -h -shift -ctrl
expected +ctrl +shift +f24 -f24 (-ctrl -shift) !2

case a key that is held, is none and stays
given    +a +ctrl @150 +g -g -ctrl -a
expected +a +ctrl +f24 -f24 -ctrl !1 -a

case Ctrl+G, then Ctrl+C with Ctrl held: the guest gets the second
given    +ctrl +g -g +c -c -ctrl
expected !1 +ctrl +c -c -ctrl

case after its time the same
given    +ctrl @150 +g -g | +c -c -ctrl
expected +ctrl +f24 -f24 -ctrl !1 | +ctrl +c -c -ctrl

case a chord, its modifier held long and released: nothing is sent
given    +ctrl +g -g @5000 -ctrl
expected !1

case a chord, then the same once more
given    +ctrl +g -g +g -g @5000 -ctrl
expected !1 !1

case a chord, then the other key while the first is held
given    +ctrl +g +c -g -c -ctrl
expected !1 +ctrl +c -c -ctrl

case a chord, then a wheel
given    +ctrl +g -g wheel:1 -ctrl
expected !1 +ctrl wheel:1 -ctrl

case Shift joins a Ctrl of a chord: decided later
given    +ctrl +g -g +shift | @150 | -shift -ctrl
expected !1 | +shift | -shift

case on release: not at once, the guest sees nothing
given    +ctrl +r | -r -ctrl @500
expected | !3

case on release: nothing if the modifier goes up first
given    +ctrl +r -ctrl -r @500
expected

case on release, repeated: once
given    +ctrl +r =r +r @1000 =r | -r -ctrl
expected | !3

case With: its chord
given    +caps +k -k -caps @500
expected !4

case With: not with another key
given    +tab +k -k -tab
expected +tab +k -k -tab

case With: another key and it is as any
given    +caps +a -a -caps
expected +caps +a -a -caps

case With: after its time
given    +caps @150 +k -k -caps
expected +caps +f24 -f24 -caps !4

case With: the key comes too late
given    +k +caps -caps -k
expected +k +caps -caps -k

case the focus goes: what is kept back is never sent
given    +ctrl out @1000 +a -a
expected +a -a

case somebody grabs, as for a chord of theirs: nor then
given    +ctrl focus @1000
expected

case somebody's grab, and Ctrl is still down for the next key
given    +ctrl focus @1000 bak:ctrl +c -c -ctrl
expected +ctrl +c -c -ctrl

case somebody's grab, Ctrl went up meanwhile
given    +ctrl focus @1000 bak: +c -c
expected +c -c

case all is released: nothing by time alone
given    +ctrl release @1000
expected

case all is released: but the modifier counts for the next key
given    +ctrl release @1000 +c -c -ctrl
expected +ctrl +c -c -ctrl

case the VM is reset: as far as the key is still down
given    +ctrl forget @150 | -ctrl
expected +ctrl | -ctrl

case the focus comes: what was down is foreign, not kept back
given    map:ctrl @500 +g -g -ctrl +ctrl +g
expected +g -g !1

case a modifier that is remapped to nothing is not kept back
remap shift 0
given    +shift -shift +shift @500 +a -a -shift
expected +a -a

case a modifier that is remapped is kept back, and makes its chord
remap ctrl meta
given    +ctrl +g -g -ctrl +ctrl @150 -ctrl
expected !1 +meta -meta

case a class that is ignored: its chord works, nothing is sent
given    ignore:keys +ctrl +g -g -ctrl +ctrl @500 -ctrl
expected !1

case ignored while it is kept back
given    +ctrl ignore:keys @500 -ctrl
expected

case the route fails at its time: no release
given    +ctrl bad @150 good -ctrl
expected

case the key without meaning is down already: not tapped
given    +f24 +ctrl @150 +g -g -ctrl -f24
expected +f24 +ctrl -ctrl !1 -f24

case repeats decide nothing
given    +ctrl =ctrl +ctrl =ctrl +g -g -ctrl @500
expected !1

case no withholding
withhold 0
given    +ctrl | +g -g -ctrl
expected +ctrl | +f24 -f24 -ctrl !1

case no withholding: Ctrl+G, then Ctrl+C
withhold 0
given    +ctrl +g -g | +c -c -ctrl
expected +ctrl +f24 -f24 -ctrl !1 | +ctrl +c -c -ctrl

case a button of With whose release somebody's grab took
hotkey with:side+a 5
given    +side +a -a focus bak: | +side -side @1000 +c -c
expected !5 | +side -side +c -c

case With counts as a modifier: the row of more wins
hotkey b 30
hotkey with:caps+b 31
given    +caps +b -b -caps @500
expected !31
