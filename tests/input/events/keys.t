# What a key does, chords, keys that are not ours, and a route that fails;
# without a neutral key.
hotkey ctrl+g 1
hotkey ctrl+shift+h 2
hotkey ctrl+r 3 release
hotkey pause 4
hotkey alt+meta+k 5
hotkey alt+meta+k 6
hotkey ctrl+c 7
hotkey ctrl+shift+c 8
hotkey ctrl+shift+x 9
hotkey ctrl+x 10
hotkey ctrl+y 11
hotkey ctrl+y 12 release

case a key goes through
given    +a -a
expected +a -a

case two keys, overlapping
given    +a +b -a -b
expected +a +b -a -b

case buttons too
given    +left -left
expected +left -left

case a modifier alone
given    +ctrl -ctrl
expected +ctrl -ctrl

case value 2 is not sent
given    +a =a =a -a
expected +a -a

case value 1 again is not sent
given    +a +a +a -a
expected +a -a

case a repeat of what is not down
given    =a -a
expected

case a release of what is not down
given    -a
expected

case a release twice
given    +a -a -a
expected +a -a

case two keys in one packet
given    (+a +b) (-a -b)
expected (+a +b) (-a -b)

case up and down in one packet
given    +a (-a +a) -a
expected +a -a +a -a

case down and up in one packet
given    (+a -a)
expected +a -a

case hotkey with the left modifier
given    +ctrl +g -g -ctrl
expected +ctrl -ctrl !1

case hotkey with the right modifier
given    +rctrl +g -g -rctrl
expected +rctrl -rctrl !1

case hotkey with both
given    +ctrl +rctrl +g -g -ctrl -rctrl
expected +ctrl +rctrl (-ctrl -rctrl) !1

case two modifiers
given    +ctrl +shift +h -h -shift -ctrl
expected +ctrl +shift (-ctrl -shift) !2

case two modifiers, right, other order
given    +rshift +rctrl +h -h -rctrl -rshift
expected +rshift +rctrl (-rctrl -rshift) !2

case one modifier of two is no chord
given    +ctrl +h -h -ctrl
expected +ctrl +h -h -ctrl

case another modifier is no chord
given    +alt +g -g -alt
expected +alt +g -g -alt

case hotkey without modifiers
given    +pause -pause
expected !4

case no modifier any more
given    +ctrl -ctrl +g -g
expected +ctrl -ctrl +g -g

case modifier after the key is no chord
given    +g +ctrl -ctrl -g
expected +g +ctrl -ctrl -g

case several rows of a chord: fired once
given    +alt +meta +k -k -meta -alt
expected +alt +meta (-alt -meta) !5

case several rows, right modifiers
given    +ralt +rmeta +k -k -rmeta -ralt
expected +ralt +rmeta (-ralt -rmeta) !5

case the chord of most modifiers wins, first row
given    +ctrl +shift +x -x -shift -ctrl
expected +ctrl +shift (-ctrl -shift) !9

case the chord of most modifiers wins, later row
given    +ctrl +shift +c -c -shift -ctrl
expected +ctrl +shift (-ctrl -shift) !8

case the chord of fewer modifiers
given    +ctrl +x -x +c -c -ctrl
expected +ctrl -ctrl !10 !7

case another modifier held too
given    +ctrl +alt +x -x -alt -ctrl
expected +ctrl +alt (-ctrl -alt) !10

case a row for the press, one for the release
given    +ctrl +y =y | -y -ctrl
expected +ctrl -ctrl !11 | !12

case modifier and key in one packet
given    (+ctrl +g) (-g -ctrl)
expected +ctrl -ctrl !1

case on release: fires when released
given    +ctrl +r | -r -ctrl
expected +ctrl -ctrl | !3

case on release: not with value 2
given    +ctrl +r =r =r | -r -ctrl
expected +ctrl -ctrl | !3

case value 2 does not fire again
given    +ctrl +g =g =g -g -ctrl
expected +ctrl -ctrl !1

case value 1 again does not fire again
given    +ctrl +g +g +g -g -ctrl
expected +ctrl -ctrl !1

case a second press does
given    +ctrl +g -g +g -g -ctrl
expected +ctrl -ctrl !1 !1

case modifier released before the key
given    +ctrl +g -ctrl -g
expected +ctrl -ctrl !1

case other keys that are held stay
given    +a +ctrl +g -g -ctrl -a
expected +a +ctrl -ctrl !1 -a

case two chords while the modifier is held
given    +ctrl +shift +g -g +h -h -shift -ctrl
expected +ctrl +shift (-ctrl -shift) !1 !2

case release-all while a hotkey is held: its repeat does not fire
given    +ctrl +g out +g =g -g -ctrl
expected +ctrl -ctrl !1

case release-all with keepmods: the repeat does not fire
given    +ctrl +g focus +g =g -g -ctrl
expected +ctrl -ctrl !1

case foreign key: neither pressed nor released
given    map:a +a -a
expected

case foreign key: then as any other
given    map:a -a +a -a
expected +a -a

case foreign key: gone in the next map
given    map:a map: +a -a
expected +a -a

case foreign modifier makes no chord
given    map:ctrl +g -g -ctrl
expected +g -g

case keymap releases what is up
given    +a +b map:b -b
expected +a +b -a -b

case keymap keeps what is down
given    +a map:a -a
expected +a -a

case a key replayed by somebody's grab is none of theirs
given    +b -b bak:a +a -a
expected +b -b +a -a

case but what went up meanwhile is released
given    +a +b bak:b -b
expected +a +b -a -b

case a button whose release went elsewhere clicks again
given    +left out map: +left -left
expected +left -left +left -left

case keymap leaves buttons alone
given    +left map: -left
expected +left -left

case keymap has no buttons: none of those that are down is foreign
given    map:left,south,tr20 +left -left +south -south +tr20 -tr20
expected +left -left +south -south +tr20 -tr20

case keymap leaves buttons above the keys alone
given    +south +tr20 map: -south -tr20
expected +south +tr20 -south -tr20

case foreign key: of those that X has not
given    map:micmute,fn,macro +micmute +fn +macro | -micmute -macro +micmute -micmute +macro
expected | +micmute -micmute +macro

case keymap releases those too
given    +micmute +fn +macro map:fn -fn
expected +micmute +fn +macro (-micmute -macro) -fn

case keymap of an eaten key: the next press is whole
given    +ctrl +g map: +g -g
expected +ctrl -ctrl !1 +g -g

case release-all
given    +a +ctrl +left out -a -ctrl -left
expected +a +ctrl +left (-ctrl -a -left)

case release-all with keepmods
given    +a +shift +left focus | -shift
expected +a +shift +left (-a -left) | -shift

case release-all, nothing held
given    out focus
expected

case release-all twice
given    +a out out
expected +a -a

case press again after release-all
given    +a out -a +a -a
expected +a -a +a -a

case press that failed: no release
given    bad +a good -a
expected

case release that failed is sent by release-all
given    +a bad -a good out
expected +a -a

case release that failed is sent by keymap
given    +a bad -a good map:
expected +a -a

case release-all that failed is sent by the next
given    +a +b bad out good out
expected +a +b (-a -b)

case release-all that failed is sent by keymap
given    +a bad out good map:
expected +a -a

case release-all that failed, key held: sent when it goes up
given    +a bad out good map:a -a
expected +a -a

case release that failed: sent before what comes next
given    +a bad -a good +b
expected +a -a +b

case release that failed, pressed again: each has one
given    +a bad -a good +a -a
expected +a -a +a -a

case modifier's release at a chord failed: sent when it goes up
given    +ctrl bad +g good -g -ctrl
expected +ctrl !1 -ctrl

case foreign key: its repeats neither
given    map:a +a +a +a -a
expected

case a key that went down in somebody's grab and is held past its end is not ours
given    bak:a @20 +a +a -a +a -a
expected +a -a

case nor the first that is replayed of one that had the focus
given    map:a @20 bak:a @20 +a -a
expected
