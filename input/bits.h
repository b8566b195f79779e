/* See LICENSE for copyright and licence details.
 *
 * Bits in arrays, as evdev's ioctls have them; and what kind a key is. */
#ifndef BITS_H
#define BITS_H

#include <linux/input.h>

static inline int
bit_has(const unsigned char *bits, unsigned k)
{
	return bits[k / 8] >> k % 8 & 1;
}

static inline void
bit_put(unsigned char *bits, unsigned k, int on)
{
	if (on)
		bits[k / 8] |= 1 << k % 8;
	else
		bits[k / 8] &= ~(1 << k % 8);
}

static inline int
key_isbutton(unsigned key)
{
	return (key >= BTN_MISC && key < KEY_OK) ||
	    (key >= BTN_DPAD_UP && key <= BTN_DPAD_RIGHT) ||
	    key >= BTN_TRIGGER_HAPPY;
}

#endif
