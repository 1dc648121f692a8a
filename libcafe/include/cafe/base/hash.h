/* Hashes: of content, for names of assets and ETags, and for look-up tables. */
#ifndef CAFE_HASH_H
#define CAFE_HASH_H

#include "cafe/base/text.h"

enum { HASH_HEX_CHARS = 32 };

/**
 * FNV-1a, 128 bits, as 32 lower-case hex digits and a NUL. It names content;
 * it does not protect against texts that were made to collide.
 *
 * Source  http://www.isthe.com/chongo/tech/comp/fnv/ (parameters).
 */
void hash_hex(struct slice bytes, char hex[HASH_HEX_CHARS + 1]);

/** FNV-1a, 64 bits, for tables in memory. Source as above. */
uint64_t hash_short(struct slice bytes);

#endif
