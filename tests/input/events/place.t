# Where the pointer is in the window, and so on the guest's desktop.

case the corners
given    place:0,0 place:1,0 place:1,1 place:0,1
expected (ax:0 ay:0) (ax:32767 ay:0) (ax:32767 ay:32767) (ax:0 ay:32767)

case between them
given    place:0.5,0.25
expected (ax:16384 ay:8192)

case a drag goes on outside, and stays at the edge
given    place:-0.1,0.5 place:1.5,0.5 place:0.5,-3 place:0.5,2
expected (ax:0 ay:16384) (ax:32767 ay:16384) (ax:16384 ay:0) (ax:16384 ay:32767)

case a window of the right half
rect 0.5 0 1 1
given    place:0,0 place:1,1 place:-1,-1 place:2,2
expected (ax:16384 ay:0) (ax:32767 ay:32767) (ax:16384 ay:0) (ax:32767 ay:32767)

case a window of a part in the middle
rect 0.25 0.5 0.75 1
given    place:0,0 place:1,1 place:0.5,0.5 place:-1,-1 place:2,2
expected (ax:8192 ay:16384) (ax:24575 ay:32767) (ax:16384 ay:24575) (ax:8192 ay:16384) (ax:24575 ay:32767)

case I1: while the host is seen it is not told
given    block:all place:0.5,0.5
expected

case a grab that ignores it
row own x xignore=absolute
given    grab:own ok place:0.5,0.5 ungrab:own place:1,1
expected ask:k held:own free:own ask:none (ax:32767 ay:32767)

case what has gathered is told at once, by how much it moved before where it is
given    placed:0,0 moved:1,2 placed:1,1 moved:3,-1 flush flush
expected (x:4 y:1) (ax:32767 ay:32767)

case parts of a pixel add up, both ways
given    moved:0.5,-0.75 flush | moved:0.5,-0.75 flush | moved:0,-0.5 flush
expected | (x:1 y:-1) | y:-1

case and go before a key
given    moved:7,0 +a placed:0,0 -a
expected x:7 +a (ax:0 ay:0) -a

case a wheel: notches, and 120ths
given    turned:0,1 turned:0,-2 turned:1,1
expected (hires:120 wheel:1) (hires:-240 wheel:-2) (?:120 hwheel:1)

case one that is fine: 120ths, and a notch when they are enough
given    turned:0,0.5 | turned:0,0.25 | turned:0,0.25 | turned:0,-0.5
expected hires:60 | hires:30 | (hires:30 wheel:1) | hires:-60

case twelfths of a notch are one, together; 120ths are told as they are
given    turned:0,.0833333333 turned:0,.0833333333 turned:0,.0833333333 turned:0,.0833333333 turned:0,.0833333333 turned:0,.0833333333 | turned:0,.0833333333 turned:0,.0833333333 turned:0,.0833333333 turned:0,.0833333333 turned:0,.0833333333 turned:0,.0833333333 | turned:0,1.025
expected hires:10 hires:10 hires:10 hires:10 hires:10 hires:10 | hires:10 hires:10 hires:10 hires:10 hires:10 (hires:10 wheel:1) | (hires:123 wheel:1)

case what is less than a 120th adds up
given    turned:0,.003 | turned:0,.003 | turned:0,-.003 turned:0,-.003
expected | hires:1 | hires:-1
