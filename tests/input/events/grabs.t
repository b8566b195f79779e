# Grabs: which are wanted, asked for and held.
row all x mouse confine
row own x xignore=keys
row two x mouse xignore=keys,buttons
row auto x onfocus xignore=relative
row dev evdev exclusive d1
row both evdev exclusive d1 d2
row read evdev d1 ignore=buttons
row new evdev newname=clone xignore=keys d1
row newx evdev exclusive newname=clonex d1
row evauto evdev exclusive onfocus d2
node d1 keys,buttons,relative
node d2 keys,relative,leds

case by the window: asked, answered
given    grab:all | ok holds:all
expected ask:kpc | held:all all=1

case by the window: it can't be
given    grab:all has: holds:all | grab:all
expected ask:kpc ask:none all=0 | ask:kpc

case by the window: asked once
given    grab:all grab:all ok grab:all
expected ask:kpc held:all

case by the window: it is ended by it
given    grab:all ok has: holds:all
expected ask:kpc held:all free:all ask:none all=0

case by the window: given up before the answer
given    grab:all ungrab:all holds:all | grab:all
expected ask:kpc ask:none all=0 | ask:kpc

case by the window: given up
given    grab:all ok ungrab:all ungrab:all
expected ask:kpc held:all free:all ask:none

case not while the window is hidden: said
given    allow:n grab:all warned holds:all
expected refused warned=1 all=0

case the window is hidden, and shown again
given    grab:all ok allow:n holds:all | allow:y ok
expected ask:kpc held:all free:all ask:none all=0 | ask:kpc held:all

case hidden, given up, shown
given    grab:all ok allow:n ungrab:all | allow:y
expected ask:kpc held:all free:all ask:none |

case shown when it was shown: nothing new
given    grab:all ok allow:y allow:y
expected ask:kpc held:all

case hidden before the answer
given    grab:all allow:n | allow:y
expected ask:kpc ask:none | ask:kpc

case taken with the focus, given up with it
given    plug:d2 window:y ok | window:n
expected grab:d2 held:evauto ask:k held:auto | free:auto free:evauto ask:none closed:d2

case the pointer: of no grab
given    pointer grab:own ok pointer
expected pointer=0 ask:k held:own pointer=0

case the pointer: of a grab with Mouse, as it is held
given    grab:all pointer ok pointer ungrab:all pointer
expected ask:kpc pointer=0 held:all pointer=1 free:all ask:none pointer=0

case the pointer: relative at the start
relative
given    pointer plug:d1 grab:dev pointer
expected pointer=1 grab:d1 held:dev pointer=1

case the pointer: a device that is read along moves the guest's
given    plug:d1 grab:read ax:1 | ungrab:read ax:2
expected along:d1 held:read | free:read closed:d1 ax:2

case what the window does not send, as long as it is held
given    grab:own +a -a | ok +a -a +left -left | ungrab:own +a -a
expected ask:k +a -a | held:own +left -left | free:own ask:none +a -a

case two rows ignore the same: until the last is given up
given    grab:own ok grab:two ok +a -a +left -left | ungrab:own +a -a | ungrab:two +a -a
expected ask:k held:own ask:kp held:two | free:own ask:kp | free:two ask:none +a -a

case and in the other order
given    grab:own ok grab:two ok ungrab:two +left -left +a -a
expected ask:k held:own ask:kp held:two free:two ask:k +left -left

case a key that is held when it begins goes up
given    +a grab:own ok -a +a
expected +a ask:k held:own -a

case a key that is held when it ends: neither pressed nor released
given    grab:own ok +a ungrab:own -a +a
expected ask:k held:own free:own ask:none +a

case one that can't be ignores nothing
given    grab:own has: +a -a
expected ask:k ask:none +a -a

case by the window: what rows want adds up
given    grab:own grab:two grab:all ok | ungrab:all | ungrab:own | ungrab:two
expected ask:k ask:kp ask:kpc held:all held:own held:two | free:all ask:kp | free:own ask:kp | free:two ask:none

case by the window: no more is had than one of two rows wants
given    grab:own grab:all has:k | has:k
expected ask:k ask:kpc held:own ask:k |

case by the window: a row that lacks a part has nothing
given    grab:all has:kp
expected ask:kpc ask:none

case by the window: a part is taken away
given    grab:own grab:two ok has:k holds:own holds:two | grab:two ok
expected ask:k ask:kp held:own held:two free:two ask:k own=1 two=0 | ask:kp held:two

case by the window: a part that nobody wants any more is taken away
given    grab:own grab:two ok ungrab:two has:k holds:own
expected ask:k ask:kp held:own held:two free:two ask:k own=1

case by the window: it has what nobody asked for
given    has:kpc holds:all grab:own has:kpc holds:all
expected all=0 ask:k held:own all=0

case by the window: two rows end with the guest, and are back with it: asked once
given    grab:own grab:two ok | allow:n | allow:y ok
expected ask:k ask:kp held:own held:two | free:own free:two ask:none | ask:kp held:own held:two

case by Evdev: the window is not asked, and its answers mean nothing
given    plug:d1 grab:dev has: has:kpc | grab:own has: holds:dev
expected grab:d1 held:dev | ask:k ask:none dev=1

case a device that is there
given    plug:d1 grab:dev d1:+a d1:-a | ungrab:dev d1:+b
expected grab:d1 held:dev +a -a | free:dev closed:d1

case a device that is missing is waited for
given    grab:dev warned | plug:d1 d1:+a d1:-a
expected held:dev warned=0 | grab:d1 +a -a

case a key is down on it: not yet
given    d1:+a plug:d1 grab:dev d1:+b d1:-b | d1:-a | d1:+a d1:-a
expected held:dev | grab:d1 | +a -a

case a key that never goes up is not waited for
given    d1:+a plug:d1 grab:dev @9999 | @1 | d1:-a d1:+a
expected held:dev | grab:d1 unstick:a | +a

case another program has it: tried for a time, then said, once
given    plug:d1 refuse:d1 grab:dev @1950 warned @100 warned plug:d1 @3000 warned | take:d1 plug:d1 d1:+a
expected held:dev warned=0 warned=1 warned=1 | grab:d1 +a

case another program had it
given    plug:d1 refuse:d1 grab:dev @500 take:d1 | @50 d1:+a
expected held:dev | grab:d1 +a

case unplugged: what it held goes up, and it is waited for
given    plug:d1 grab:dev d1:+a d1:+left | unplug:d1 | plug:d1 d1:+b
expected grab:d1 held:dev +a +left | (-a -left) | grab:d1 +b

case given up: what it held goes up
given    plug:d1 grab:dev d1:+a d1:x:3 | ungrab:dev
expected grab:d1 held:dev +a x:3 | -a free:dev closed:d1

case hidden and shown
given    plug:d1 grab:dev d1:+a d1:-a | allow:n | allow:y
expected grab:d1 held:dev +a -a | free:dev closed:d1 | grab:d1 held:dev

case two rows on a device: the last lets it go
given    plug:d1 plug:d2 grab:dev grab:both | ungrab:dev d1:+a d1:-a | ungrab:both
expected grab:d1 held:dev grab:d2 held:both | free:dev +a -a | free:both closed:d1 closed:d2

case read along, then exclusive, and back
given    plug:d1 grab:read d1:+left d1:-left d1:+a d1:-a | grab:dev | ungrab:dev d1:+a
expected along:d1 held:read +a -a | grab:d1 held:dev | along:d1 free:dev +a

case a class that a row ignores
given    plug:d1 grab:read d1:(+a x:1) d1:-a d1:+left
expected along:d1 held:read (+a x:1) -a

case a packet is one report
given    plug:d1 grab:dev d1:(x:5 y:5 +left) d1:-left
expected grab:d1 held:dev (x:5 y:5 +left) -left

case events were lost: what is up goes up, what is down goes down
given    plug:d1 grab:dev d1:+a quiet:d1=-a quiet:d1=+c | d1:(syn:3 +k) | d1:-c
expected grab:d1 held:dev +a | (-a +k +c) | -c

case events were lost: a key that was down before the grab
given    d1:+a plug:d1 grab:dev @10000 quiet:d1=-a d1:(syn:3 x:1) | d1:+a d1:-a
expected held:dev grab:d1 unstick:a | +a -a

case a new device of the host
given    plug:d1 grab:new d1:+a d1:-a d1:(x:1 y:2) | ungrab:new
expected along:d1 new:clone held:new clone:+a clone:-a clone:(x:1 y:2) | free:new gone:clone closed:d1

case what the window ignores with it
given    plug:d1 grab:new +a -a +left -left
expected along:d1 new:clone held:new +left -left

case no hotkeys and remaps there
hotkey ctrl+g 1
remap a b
given    plug:d1 grab:newx d1:+left d1:+ctrl d1:+g d1:-g d1:+a d1:-a d1:-ctrl
expected grab:d1 new:clonex held:newx clonex:+left clonex:+ctrl clonex:+g clonex:-g clonex:+a clonex:-a clonex:-ctrl

case held when it goes to a new device: up there, ignored until it is up
given    plug:d1 grab:read d1:+a | grab:new | d1:-a d1:+a
expected along:d1 held:read +a | -a new:clone held:new | clone:+a

case a new device outlives an unplugging
given    plug:d1 grab:new d1:+a | unplug:d1 | plug:d1 d1:+b
expected along:d1 new:clone held:new clone:+a | clone:-a | along:d1 clone:+b

case fingers of a new device are not mixed up
node d3 keys,absolute
row pad evdev newname=pad d3
given    plug:d3 grab:pad d3:(slot:0 mtx:1 slot:1 mtx:2)
expected along:d3 new:pad held:pad pad:(slot:0 id:21 slot:1 id:-1 slot:0 mtx:100 slot:1 mtx:200 slot:0 ay:0 ax:0) pad:(slot:0 mtx:1 slot:1 mtx:2)

case a device of a new one is unplugged: fingers go up
node d3 keys,absolute
row pad evdev newname=pad d3
given    plug:d3 grab:pad | d3:(slot:0 id:7 +a) | unplug:d3
expected along:d3 new:pad held:pad pad:(slot:0 id:21 slot:1 id:-1 slot:0 mtx:100 slot:1 mtx:200 slot:0 ay:0 ax:0) | pad:(slot:0 id:7 +a) | pad:(-a slot:0 id:-1 slot:1 id:-1)

case another program had it for long: what it sends is ours from the next packet on
given    plug:d1 refuse:d1 grab:dev @3000 take:d1 | d1:+a d1:-a | d1:+b
expected held:dev | grab:d1 | +b

case a packet of any length to a new device is whole
given    plug:d1 grab:new d1:(+1 +2 +3 +4 +5 +6 +7 +8 +9 +a x:1 y:1)
expected along:d1 new:clone held:new clone:(+1 +2 +3 +4 +5 +6 +7 +8 +9 +a x:1 y:1)

case two devices of a new one: it is made once
row duo evdev newname=clone d1 d2
given    plug:d2 plug:d1 grab:duo | d1:+a d2:+b d1:-a d2:-b
expected along:d1 new:clone along:d2 held:duo | clone:+a clone:+b clone:-a clone:-b

case one that can do more: it is made anew
row duo evdev newname=clone d1 d2
given    plug:d2 grab:duo d2:+a d2:-a | plug:d1 d2:+a d1:+left
expected along:d2 new:clone held:duo clone:+a clone:-a | along:d1 new:clone gone:clone clone:+a clone:+left

case one that can do more, and no device can be made: the other goes on
row duo evdev newname=clone d1 d2
given    plug:d2 grab:duo | nouinput plug:d1 | d1:+left d2:+a
expected along:d2 new:clone held:duo | along:d1 closed:d1 | clone:+a

case it can do all that they could when they are gone
row duo evdev newname=clone d1 d2
given    plug:d2 plug:d1 grab:duo | unplug:d1 unplug:d2 | plug:d2 d2:+a | plug:d1 d1:+left
expected along:d1 new:clone along:d2 held:duo | | along:d2 clone:+a | along:d1 clone:+left

case what is read there of lights, sounds and repeats
row new2 evdev newname=clone d2
given    plug:d2 grab:new2 d2:led:1 d2:bell:1 d2:+a d2:=a d2:-a
expected along:d2 new:clone held:new2 clone:+a clone:=a clone:-a

case and of classes that are ignored; a release comes all the same
row new2 evdev newname=clone d1
row off evdev ignore=keys,relative d1
given    plug:d1 grab:new2 d1:+a d1:x:1 | grab:off d1:+b d1:-b d1:x:1 d1:-a d1:+left
expected along:d1 new:clone held:new2 clone:+a clone:x:1 | held:off clone:-a clone:+left

case what is read along by a device is not sent by the window too
given    plug:d1 grab:read wheel:1 +a d1:(wheel:1) d1:+a d1:-a -a | ungrab:read wheel:1
expected along:d1 held:read +a wheel:1 -a | free:read closed:d1 wheel:1
