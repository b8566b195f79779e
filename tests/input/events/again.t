# A modifier is sent at once; a chord takes it back, behind a key without
# meaning, and the next key sends it again.
neutral f24
hotkey ctrl+g 1
hotkey ctrl+shift+h 2
hotkey ctrl+r 3 release
hotkey with:caps+k 4

case a chord
given    +ctrl +g -g -ctrl
expected +ctrl +f24 -f24 -ctrl !1

case motion between
given    +ctrl x:5 +g -g -ctrl
expected +ctrl x:5 +f24 -f24 -ctrl !1

case a scan code between
given    +ctrl msc:4 +g -g -ctrl
expected +ctrl msc:4 +f24 -f24 -ctrl !1

case a chord of two
given    +ctrl +shift +h -h -shift -ctrl
expected +ctrl +shift +f24 -f24 (-ctrl -shift) !2

case a chord with one too many
given    +ctrl +shift +g -g -shift -ctrl
expected +ctrl +shift +f24 -f24 (-ctrl -shift) !1

case a key that is held, is none and stays
given    +a +ctrl +g -g -ctrl -a
expected +a +ctrl +f24 -f24 -ctrl !1 -a

case Ctrl+G, then Ctrl+C with Ctrl held: the guest gets the second
given    +ctrl +g -g +c -c -ctrl
expected +ctrl +f24 -f24 -ctrl !1 (+ctrl +c) -c -ctrl

case Ctrl+C, then Ctrl+G with Ctrl held: Ctrl was not alone
given    +ctrl +c -c +g -g -ctrl
expected +ctrl +c -c -ctrl !1

case a chord, its modifier held long and released: nothing is sent
given    +ctrl +g -g -ctrl
expected +ctrl +f24 -f24 -ctrl !1

case a chord, then the same once more
given    +ctrl +g -g +g -g -ctrl
expected +ctrl +f24 -f24 -ctrl !1 !1

case a chord, then the other key while the first is held
given    +ctrl +g +c -g -c -ctrl
expected +ctrl +f24 -f24 -ctrl !1 (+ctrl +c) -c -ctrl

case a chord, then a wheel
given    +ctrl +g -g wheel:1 -ctrl
expected +ctrl +f24 -f24 -ctrl !1 (+ctrl wheel:1) -ctrl

case Shift joins a Ctrl of a chord
given    +ctrl +g -g +shift | -shift -ctrl
expected +ctrl +f24 -f24 -ctrl !1 (+ctrl +shift) | -shift -ctrl

case on release: not at once
given    +ctrl +r | -r -ctrl
expected +ctrl +f24 -f24 -ctrl | !3

case on release: nothing if the modifier goes up first
given    +ctrl +r -ctrl -r
expected +ctrl +f24 -f24 -ctrl

case With: its chord
given    +caps +k -k -caps
expected +caps +f24 -f24 -caps !4

case With: not with another key
given    +tab +k -k -tab
expected +tab +k -k -tab

case With: another key and it is as any
given    +caps +a -a -caps
expected +caps +a -a -caps

case With: the key comes too late
given    +k +caps -caps -k
expected +k +caps -caps -k

case somebody's grab, and Ctrl is still down for the next key
given    +ctrl focus bak:ctrl +c -c -ctrl
expected +ctrl +f24 -f24 +c -c -ctrl

case somebody's grab, Ctrl went up meanwhile
given    +ctrl focus bak: +c -c
expected +ctrl +f24 -f24 -ctrl +c -c

case all is released: but the modifier counts for the next key
given    +ctrl release +c -c -ctrl
expected +ctrl +f24 -f24 -ctrl (+ctrl +c) -c -ctrl

case the VM is reset: a modifier that is still down counts for the next key
given    +ctrl forget | +c -c -ctrl
expected +ctrl | (+ctrl +c) -c -ctrl

case the focus comes: what was down is foreign, and no chord's
given    map:ctrl +g -g -ctrl +ctrl +g
expected +g -g +ctrl +f24 -f24 -ctrl !1

case a modifier that is remapped to nothing
remap shift 0
given    +shift -shift +shift +a -a -shift
expected +a -a

case a modifier that is remapped makes its chord
remap ctrl meta
given    +ctrl +g -g -ctrl +ctrl -ctrl
expected +meta +f24 -f24 -meta !1 +meta -meta

case a class that is ignored: its chord works, nothing is sent
given    ignore:keys +ctrl +g -g -ctrl +ctrl -ctrl
expected !1

case the key without meaning is down already: not tapped
given    +f24 +ctrl +g -g -ctrl -f24
expected +f24 +ctrl -ctrl !1 -f24

case a button of With whose release somebody's grab took
hotkey with:side+a 5
given    +side +a -a focus bak: | +side -side +c -c
expected +side +f24 -f24 -side !5 | +side -side +c -c

case With counts as a modifier: the row of more wins
hotkey b 30
hotkey with:caps+b 31
given    +caps +b -b -caps
expected +caps +f24 -f24 -caps !31

case a chord, after the focus was somebody's: the modifier does not come back
given    +ctrl +g -g out -ctrl +c -c
expected +ctrl +f24 -f24 -ctrl !1 +c -c

case the neutral key could not be pressed: it does not go up
given    +ctrl bad +g good -g +a -a -ctrl
expected +ctrl !1 -ctrl (+ctrl +a) -a -ctrl

case both Ctrl of one chord come back
given    +ctrl +rctrl +g -g | +c -c -rctrl -ctrl
expected +ctrl +rctrl +f24 -f24 (-ctrl -rctrl) !1 | (+ctrl +rctrl +c) -c -rctrl -ctrl

case a key of the window manager with Meta: the guest sees no Meta alone
given    +meta focus | out -meta
expected +meta +f24 -f24 | -meta

case and one that leaves the focus where it is
given    +meta focus bak:meta | -meta
expected +meta +f24 -f24 | -meta

case and two
given    +meta focus bak:meta focus bak:meta -meta
expected +meta +f24 -f24 -meta

case and Meta goes up before it
given    +meta focus bak: | +meta -meta
expected +meta +f24 -f24 -meta | +meta -meta

case a key of a compositor with Alt and Shift
given    +alt +shift out
expected +alt +shift +f24 -f24 (-shift -alt)

case Meta that the user has let go is alone
given    +meta -meta focus out
expected +meta -meta

case Meta that was used, with a key or a button, is not
given    +meta +c -c out -meta +meta +left -left out
expected +meta +c -c -meta +meta +left -left -meta

case Meta after a key that is held, and goes up
given    +a +meta -a out
expected +a +meta -a +f24 -f24 -meta

case the key without meaning is down: not tapped when the focus goes
given    +f24 +meta out
expected +f24 +meta (-meta -f24)

case a key is Meta for the guest
remap caps meta
given    +caps out
expected +meta +f24 -f24 -meta

case Meta is none for the guest
remap meta a
remap rmeta 0
given    +meta out +rmeta out
expected +a -a

case of an ignored Meta nothing is sent when the focus goes
given    ignore:keys +meta out
expected

case the route fails when the focus goes
given    +meta bad out good x:1
expected +meta -meta x:1

case QEMU does not read when the focus goes
route input-linux
given    +meta reads:n out
expected kbd:+meta kbd:-meta

case the guest was reset: nothing is down there when the focus goes
given    +meta forget out
expected +meta
