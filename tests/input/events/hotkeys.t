# Chords: which row, on which keyboard, once; and those of all X.
neutral f24
hotkey ctrl+g 1
hotkey lctrl+a 2
hotkey rctrl+a 3
hotkey rctrl+ctrl 4
hotkey lshift+rshift 5
hotkey ctrl+b 6 global
hotkey ctrl+c 7
hotkey ctrl+k 8 global
hotkey ctrl+k 9 global release
hotkey alt+x 10
hotkey alt+ralt+x 11
hotkey y 12
hotkey side 13
hotkey ctrl+left 14
hotkey f13 15 global
emergency ctrl+alt+end
origin kbd2
origin kbd3 clone

case the left Ctrl's row
given    +ctrl +a -a -ctrl
expected +ctrl +f24 -f24 -ctrl !2

case the right Ctrl's row
given    +rctrl +a -a -rctrl
expected +rctrl +f24 -f24 -rctrl !3

case both Ctrl: the first row
given    +ctrl +rctrl +a -a -ctrl -rctrl
expected +ctrl +rctrl +f24 -f24 (-ctrl -rctrl) !2

case the left Ctrl while the right one is held
given    +rctrl +ctrl -ctrl -rctrl
expected +rctrl +f24 -f24 -rctrl !4

case and not the other way round
given    +ctrl +rctrl -rctrl -ctrl
expected +ctrl +rctrl -rctrl -ctrl

case the right Shift while the left one is held
given    +shift +rshift -rshift -shift
expected +shift +f24 -f24 -shift !5

case a modifier is none of its own
given    +ctrl -ctrl +rshift -rshift
expected +ctrl -ctrl +rshift -rshift

case a modifier that is the key, then it is one for another
given    +rctrl +ctrl +g -g -ctrl -rctrl
expected +rctrl +f24 -f24 -rctrl !4 !1

case the row of more modifiers wins
given    +alt +ralt +x -x -ralt -alt
expected +alt +ralt +f24 -f24 (-alt -ralt) !11

case and without the second the other
given    +alt +x -x -alt
expected +alt +f24 -f24 -alt !10

case a key without modifiers
given    +y =y =y -y +y -y
expected !12 !12

case a button
given    +side -side +side -side
expected !13 !13

case a button whose release went unseen: each press
given    +side +side -side
expected !13 !13

case a button with Ctrl
given    +ctrl +left -left -ctrl +left -left
expected +ctrl +f24 -f24 -ctrl !14 +left -left

case a button that is held when Ctrl comes is no chord
given    +left +ctrl +left -left -ctrl
expected +left +ctrl -left -ctrl

case a chord, Ctrl of the one keyboard, G of the other
given    +ctrl kbd2:+g -ctrl kbd2:-g
expected +ctrl +f24 -f24 -ctrl !1

case a modifier of another keyboard
given    kbd2:+ctrl | +c | -c kbd2:-ctrl
expected +ctrl | +f24 -f24 -ctrl !7 |

case and of one whose keys go to a clone: not
given    kbd3:+ctrl +g kbd3:+z -g kbd3:-z kbd3:-ctrl
expected 2:+ctrl +g 2:+z -g 2:-z 2:-ctrl

case one device seen by X too: once
given    +ctrl kbd2:+ctrl +g kbd2:+g -g kbd2:-g -ctrl kbd2:-ctrl
expected +ctrl +f24 -f24 -ctrl !1

case one device seen by X too, the other order
given    kbd2:+ctrl +ctrl kbd2:+g +g kbd2:-g -g kbd2:-ctrl -ctrl
expected +ctrl +f24 -f24 -ctrl !1

case twice pressed: twice
given    (+ctrl) kbd2:+ctrl +g kbd2:+g -g kbd2:-g kbd2:+g +g -g kbd2:-g
expected +ctrl +f24 -f24 -ctrl !1 !1

case on release: when it is up on both
given    +ctrl kbd2:+ctrl +k kbd2:+k | -k | kbd2:-k
expected +ctrl +f24 -f24 -ctrl !8 | | !9

case press and release of one packet
given    +ctrl (+g -g) (+g -g) -ctrl
expected +ctrl +f24 -f24 -ctrl !1 !1

case three chords in a packet: the first
given    +ctrl (+g +b +c) (-g -b -c) -ctrl
expected +ctrl +f24 -f24 -ctrl !1

case but the emergency's before all
given    +ctrl +alt (+g +end +c)
expected +ctrl +alt +f24 -f24 (-ctrl -alt) !E

case of all X: without focus
given    raw:+ctrl raw:+b raw:-b raw:-ctrl
expected !6

case of all X: the others do not
given    raw:+ctrl raw:+g raw:-g raw:-ctrl raw:+y raw:-y
expected

case of all X: what is told to be down is, and what is not is up
given    map:ctrl raw:+b raw:-b | map: raw:+b raw:-b
expected !6 |

case of all X: a modifier that the window has had is down there too
given    +ctrl raw:+b raw:-b -ctrl raw:+b raw:-b
expected +ctrl !6 -ctrl

case of all X: when the window has the focus it fires there, once
given    seen:+ctrl +ctrl seen:+b +b seen:-b -b seen:-ctrl -ctrl
expected +ctrl +f24 -f24 -ctrl !6

case of all X: the window's event first
given    +ctrl seen:+ctrl +b seen:+b -b seen:-b -ctrl seen:-ctrl
expected +ctrl +f24 -f24 -ctrl !6

case of all X: on press, and on release
given    raw:+ctrl raw:+k | raw:-k
expected !8 | !9

case of all X: the press shows the window, which gets the release
given    raw:+ctrl raw:+k | map:ctrl,k seen:-k -k seen:-ctrl -ctrl
expected !8 |

case of all X: then the window's next chord
given    raw:+ctrl raw:+b map:ctrl,b seen:-b -b seen:-ctrl -ctrl +ctrl +b
expected !6 +ctrl +f24 -f24 -ctrl !6

case of all X: and a device that is read along: once
given    kbd2:+ctrl raw:+ctrl kbd2:+b raw:+b kbd2:-b raw:-b
expected +ctrl +f24 -f24 -ctrl !6

case of all X: Ctrl on a device is none of X
given    kbd2:+ctrl raw:+b raw:-b kbd2:-ctrl
expected +ctrl -ctrl

case of all X: a repeat is none
given    raw:+ctrl raw:+b raw:+b raw:+b
expected !6

case of all X: a key that was held before Ctrl
given    raw:+b raw:+ctrl raw:-b
expected

case the emergency chord
given    +ctrl +alt +end -end -alt -ctrl
expected +ctrl +alt +f24 -f24 (-ctrl -alt) !E

case the emergency chord: the modifiers' other keys
given    +rctrl +ralt +end
expected +rctrl +ralt +f24 -f24 (-rctrl -ralt) !E

case the emergency chord: one modifier is not enough
given    +ctrl +end -end -ctrl
expected +ctrl +end -end -ctrl

case the emergency chord: of all X
given    raw:+ctrl raw:+alt raw:+end
expected !E

case the emergency chord: it went down where nobody was told, once
given    +ctrl map:ctrl,alt,end map:ctrl,alt,end raw:-end raw:+end
expected +ctrl !E +f24 -f24 -ctrl !E

case the emergency chord: its modifiers did
given    map:ctrl,alt raw:+end map:ctrl,alt,end
expected !E

case the emergency chord: on a device
given    kbd3:+ctrl kbd3:+alt kbd3:+end
expected 2:+ctrl 2:+alt 2:+end !E

case the emergency chord: when all is ignored
given    ignore:keys,buttons +ctrl +alt +end
expected !E

case the emergency chord: when the route fails
given    bad +ctrl +alt +end good +z
expected !E (+ctrl +alt +z)

case the emergency chord: with keys held and after their time
given    +a +ctrl +alt +end
expected +a +ctrl +alt +f24 -f24 (-ctrl -alt) !E -a

case the emergency chord: before a row of the same
hotkey ctrl+alt+end 20
hotkey ctrl+alt+shift+end 21
given    +ctrl +alt +shift +end
expected +ctrl +alt +shift +f24 -f24 (-ctrl -shift -alt) !E

case the emergency chord: its keys go elsewhere for the guest
remap end 0
remap ctrl 0
given    +ctrl +alt +end
expected +alt +f24 -f24 -alt !E

case the emergency chord: after a release of all
given    +ctrl +alt release out +end -end -ctrl -alt +ctrl +alt +end
expected +ctrl +alt +f24 -f24 (-ctrl -alt) !E +ctrl +alt +f24 -f24 (-ctrl -alt) !E

case the focus goes while a chord is held: its release fires nothing
given    +ctrl +k out -k -ctrl
expected +ctrl +f24 -f24 -ctrl !8

case Ctrl went up elsewhere: no chord on a device
given    +ctrl out kbd2:+g kbd2:-g
expected +ctrl +f24 -f24 -ctrl +g -g

case one modifier on two keyboards: each gives back its own
given    +ctrl kbd2:+ctrl +g -g kbd2:-ctrl +z -z -ctrl
expected +ctrl +f24 -f24 -ctrl !1 (+ctrl +z) -z -ctrl

case a modifier is none of its own, though the row says so
hotkey alt+alt 30
given    +alt -alt
expected +alt -alt

case a button's chord whose release went unseen: the next click is whole
given    +ctrl +left -ctrl +left -left +left -left
expected +ctrl +f24 -f24 -ctrl !14 +left -left +left -left

case a clone's Meta is none of the guest's when the focus goes
given    kbd3:+meta out release kbd3:-meta
expected 2:+meta 2:-meta
