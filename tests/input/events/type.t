# Keys that nobody presses: guestkeys.
hotkey ctrl+alt+g 1
emergency ctrl+alt+k
remap a b

case a chord, whatever remaps[] says
given    type:+ctrl type:+a type:-a type:-ctrl
expected +ctrl +a -a -ctrl

case what nobody types does not go up
given    type:-a
expected no

case one that is down already
given    +ctrl type:+ctrl type:+x type:-x type:-ctrl +y -y -ctrl
expected +ctrl +x -x +y -y -ctrl

case one that is pressed meanwhile, and released first
given    type:+x +x -x type:-x
expected +x -x

case the same, and released last
given    type:+x +x type:-x -x
expected +x -x

case they are no part of a chord
given    type:+ctrl type:+alt +g -g +k -k type:-alt type:-ctrl
expected +ctrl +alt +g -g +k -k -alt -ctrl

case a chord meanwhile
given    type:+x +ctrl +alt +g -g -alt -ctrl type:-x
expected +x +ctrl +alt (-ctrl -alt) !1 -x

case all is released: they too
given    +y type:+x release -y type:-x
expected +y +x -y -x no

case all, of a guest that does not take it then
given    type:+x bad release good +y -y
expected +x -x +y -y

case the window's keys go elsewhere: they stay
given    +y type:+x out type:-x
expected +y +x -y -x

case a guest that was reset
given    type:+x forget type:-x
expected +x no

case a release that was lost
given    type:+x type:-x lost:x +y -y
expected +x -x -x +y -y

case a route that takes nothing
given    bad type:+x type:-x good +y -y
expected no +y -y

case a node that is not read
route input-linux
given    reads:n type:+x type:-x reads:y type:+x type:-x
expected no kbd:+x kbd:-x

case each for itself, on a node
route virtio-host
given    type:+ctrl type:+alt type:-alt type:-ctrl
expected kbd:+ctrl kbd:+alt kbd:-alt kbd:-ctrl
