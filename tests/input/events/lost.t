# Events that are lost, and who else is told what.
neutral f24
hotkey ctrl+g swap
hotkey alt+a 1
emergency ctrl+alt+shift+end
remap left a
row one evdev exclusive d1
row two evdev exclusive d2
row ig evdev exclusive ignore=relative d1
row new evdev exclusive newname=clone d2
row cl evdev exclusive newname=mouse d3
node d1 keys,buttons,relative
node d2 keys,leds
node d3 buttons,relative

case events are lost: the emergency chord was among them, and ends the grab
given plug:d1 grab:one d1:+ctrl d1:+alt d1:+shift quiet:d1=+end quiet:d1=+meta d1:(syn:3 x:1) @200 +b -b
expected grab:d1 held:one +ctrl +alt +shift +meta +f24 -f24 (-ctrl -shift -alt -meta) !E free:one closed:d1 +b -b

case events are lost: a modifier went up before a key went down
given plug:d1 grab:one d1:+rctrl @200 quiet:d1=-rctrl quiet:d1=+c d1:(syn:3 x:1) d1:-c
expected grab:d1 held:one +rctrl (-rctrl +c) -c

case events are lost: all of a chord
given plug:d1 grab:one quiet:d1=+ralt quiet:d1=+a d1:(syn:3 x:1) d1:-a d1:-ralt
expected grab:d1 held:one +ralt +f24 -f24 -ralt !1

case events are lost: the kernel forgets keys, what was read before counts no more
given plug:d1 grab:one pend d1:(syn:3 x:1) d1:(x:1 y:1) d1:(x:1 y:1) d1:(x:1 y:1) d1:(x:1 y:1) d1:(x:1 y:1) d1:(x:1 y:1) d1:(x:1 y:1) d1:(x:1 y:1) d1:(x:1 y:1) d1:(x:1 y:1) d1:(x:1 y:1) d1:(x:1 y:1) d1:(x:1 y:1) d1:(x:1 y:1) d1:(x:1 y:1) d1:(x:1 y:1) d1:(x:1 y:1) d1:(x:1 y:1) d1:(x:1 y:1) d1:+right d1:(x:2 y:2) d1:-right go @5000
expected grab:d1 held:one

case a grab ends while Meta is held: the guest sees no Meta alone
given    plug:d1 grab:one d1:+meta ungrab:one
expected grab:d1 held:one +meta +f24 -f24 -meta free:one closed:d1

case a chord changes grabs: what was read of the one is not taken for the other's
given plug:d1 plug:d2 grab:one d1:+ctrl pend d1:+g d1:+a go d1:-a d1:-g d2:+b d2:-b
expected grab:d1 held:one +ctrl +f24 -f24 -ctrl !swap free:one grab:d2 held:two closed:d1 +b -b

case a device whose motion is ignored leaves the pointer to the window
given plug:d1 grab:ig pointer d1:x:5
expected grab:d1 held:ig pointer=0

case a button that the route does not have, and motion: nothing is left to do
route input-linux
given (+tr20 x:1) -tr20 +b -b
expected lacks:tr20 mouse:x:1 kbd:+b kbd:-b

case events are lost: a new device has the state
given    plug:d2 grab:new d2:+a quiet:d2=-a quiet:d2=+b d2:(syn:3 +k) d2:-b
expected grab:d2 new:clone held:new clone:+a clone:(-a +k +b) clone:-b

case events are lost: fingers and switches of a new device
node d4 absolute,switches
row pad evdev exclusive newname=pad d4
given    plug:d4 grab:pad | d4:(slot:1 id:22) | d4:(syn:3)
expected grab:d4 new:pad held:pad pad:(tabletmode:1 slot:0 id:21 slot:1 id:-1 slot:0 mtx:100 slot:1 mtx:200 slot:0 ay:0 ax:0) | pad:(slot:1 id:22) | pad:(tabletmode:1 slot:0 id:21 slot:1 id:-1 slot:0 mtx:100 slot:1 mtx:200 slot:0 ay:0 ax:0)

case a motion that no mouse makes
given    plug:d1 grab:one d1:x:40000000 d1:x:-40000000
expected grab:d1 held:one x:32767 x:-32767
