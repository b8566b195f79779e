/* See LICENSE for copyright and licence details.
 *
 * How QEMU calls a key. */
#ifndef QMP_KEYS_H
#define QMP_KEYS_H

enum { AnyVersion = 1 << 16 };

/* Its name of a KEY_*, for a version as 702 is 7.2; NULL: it has none. */
const char *key_name(unsigned code, int version);

#endif
