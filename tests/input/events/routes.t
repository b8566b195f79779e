# The nodes that QEMU reads: which gets what, in how many reports.
route input-linux
hotkey ctrl+g 1
origin kbd2

case a key
given    +a =a -a
expected kbd:+a kbd:-a

case a button, before any motion
given    +left -left
expected tablet:+left tablet:-left

case relative at the start: a button
relative
given    +left -left
expected mouse:+left mouse:-left

case motion chooses the device
given    x:1 +left -left ax:1 +left -left
expected mouse:x:1 mouse:+left mouse:-left tablet:ax:1 tablet:+left tablet:-left

case motion of the same packet, behind the button
given    x:1 (+left ax:5) -left
expected mouse:x:1 tablet:(+left ax:5) tablet:-left

case a button goes up where it went down: mouse
given    x:1 +left ax:1 -left
expected mouse:x:1 mouse:+left tablet:ax:1 mouse:-left

case a button goes up where it went down: tablet
given    ax:1 +left x:1 -left +left -left
expected tablet:ax:1 tablet:+left mouse:x:1 tablet:-left mouse:+left mouse:-left

case two buttons, each on its device
given    x:1 +left ax:1 +right x:1 -right -left
expected mouse:x:1 mouse:+left tablet:ax:1 tablet:+right mouse:x:1 tablet:-right mouse:-left

case all is released, each where it is
given    +a x:1 +left ax:1 +right release
expected kbd:+a mouse:x:1 mouse:+left tablet:ax:1 tablet:+right kbd:-a mouse:-left tablet:-right

case a packet for all three
given    ax:1 +left (+a x:1 -left)
expected tablet:ax:1 tablet:+left kbd:+a mouse:x:1 tablet:-left

case a wheel goes with the last motion
given    wheel:1 x:1 wheel:-1 hwheel:1
expected tablet:wheel:1 mouse:x:1 mouse:wheel:-1 mouse:hwheel:1

case notches one by one, for input-linux
given    wheel:3 | wheel:-2
expected tablet:wheel:1 tablet:wheel:1 tablet:wheel:1 | tablet:wheel:-1 tablet:wheel:-1

case notches of both wheels
given    (wheel:2 hwheel:-1)
expected tablet:wheel:1 tablet:(wheel:1 hwheel:-1)

case a button with notches: once, and where they end
given    x:1 (+left wheel:2)
expected mouse:x:1 mouse:wheel:1 mouse:(+left wheel:1)

case notches at once, for virtio
route virtio-host
given    wheel:3
expected tablet:wheel:3

case HI_RES is no matter of input-linux
hires
given    (wheel:1 hires:120)
expected tablet:wheel:1

case HI_RES for virtio, if it is wanted
hires
route virtio-host
given    (wheel:1 hires:120)
expected tablet:(wheel:1 hires:120)

case HI_RES for virtio, if it is not
route virtio-host
given    (wheel:1 hires:120) hires:60
expected tablet:wheel:1

case motion is cut in what Windows takes
given    x:128 | (x:-300 y:127)
expected mouse:x:64 mouse:x:64 | mouse:(x:-100 y:42) mouse:(x:-100 y:42) mouse:(x:-100 y:43)

case a scan code is for nobody
given    (msc:4 +a) msc:4
expected kbd:+a

case nobody reads: presses and motion are not written
given    reads:n +a x:1 wheel:1 +left reads:y -a -left
expected

case only the keyboard is read: its keys go down and up, whatever comes along
given    reads:k (msc:4 +a x:1) (msc:4 -a) (x:1 +b) -b
expected kbd:+a kbd:-a kbd:+b kbd:-b

case only the keyboard is read: a key goes there, whatever comes of the button
given    +a reads:k (-a +b +left) -b -left +c -c
expected kbd:+a kbd:(-a +b) kbd:-b kbd:+c kbd:-c

case nobody reads: releases are
given    +a x:1 +left reads:n -a -left
expected kbd:+a mouse:x:1 mouse:+left kbd:-a mouse:-left

case nobody reads, a release and motion in a packet
given    +a reads:n (-a x:1)
expected kbd:+a kbd:-a

case the VM is stopped and QEMU drops all: releases wait
given    +a reads:n vm:stopped -a | vm:running reads:y +b
expected kbd:+a | kbd:-a kbd:+b

case virtio keeps what comes while the VM is stopped
route virtio-host
given    +a reads:n vm:stopped -a
expected kbd:+a kbd:-a

case the VM is reset: its nodes are not, so all goes up there
given    +a x:1 +left forget -a -left
expected kbd:+a mouse:x:1 mouse:+left kbd:-a mouse:-left

case V15: the VM is reset: a key that is still held goes down by its repeat
given    +a forget =a -a
expected kbd:+a kbd:-a kbd:+a kbd:-a

case one key on two keyboards
given    +a kbd2:+a -a | kbd2:-a
expected kbd:+a | kbd:-a

case a chord
given    +ctrl +g -g -ctrl
expected kbd:+ctrl kbd:-ctrl !1

case a click goes with the last part of what is cut
given    (+left x:300) (x:300 -left)
expected mouse:x:100 mouse:x:100 mouse:(+left x:100) mouse:x:100 mouse:x:100 mouse:(x:100 -left)

case a key of the same report is not cut
given    (+a +left x:300) (-a -left)
expected kbd:+a mouse:x:100 mouse:x:100 mouse:(+left x:100) kbd:-a mouse:-left

case only the keyboard is read: what could not go down does not go up
given    x:1 reads:k (+a +left) reads:y (-a -left)
expected mouse:x:1 kbd:+a kbd:-a
