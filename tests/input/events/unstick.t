# A snapshot that was loaded holds what was down when it was made: unstick, and
# modifiers are down in the guest, of which nobody knows.
origin kbd2

case V10: what is held and all modifiers at once, then all
given    +a unstick -a +b -b
expected +a -a -ctrl -shift -alt -meta -rctrl -rshift -ralt -rmeta all +b -b

case V10: a modifier that is held here is down again with the next key
given    +ctrl unstick +c -c -ctrl
expected +ctrl -ctrl -ctrl -shift -alt -meta -rctrl -rshift -ralt -rmeta all (+ctrl +c) -c -ctrl

case V10: by QEMU's monitor behind its input-linux, too
route input-linux
given    +a unstick -a
expected kbd:+a -ctrl -shift -alt -meta -rctrl -rshift -ralt -rmeta all kbd:-a

case V10: virtio-input-host can't be in a snapshot
route virtio-host
given    +a unstick -a
expected kbd:+a kbd:-a

case V10: a guest that sleeps is not woken
given    vm:z unstick
expected 

case V14: a button that QEMU's input-linux has no code for
route input-linux
given    +south -south +a -a
expected lacks:south kbd:+a kbd:-a

case V14: one that the nodes lack
route virtio-host
given    +south -south +f13 -f13
expected lacks:south kbd:+f13 kbd:-f13
