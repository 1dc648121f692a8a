/* SipHash-2-4 with 128 bits: a keyed digest that can't be guessed without the
 * key. */
#ifndef CAFE_SIPHASH_H
#define CAFE_SIPHASH_H

#include "cafe/base/text.h"

enum { SIPHASH_KEY_BYTES = 16, SIPHASH_BYTES = 16 };

/**
 * The digest of some bytes under a key.
 *
 * key     Random and secret: with it anybody can make digests and try out
 *         what they are of.
 * Source  Aumasson and Bernstein, "SipHash: a fast short-input PRF", 2012.
 */
void siphash(const unsigned char key[SIPHASH_KEY_BYTES], struct slice bytes,
             unsigned char digest[SIPHASH_BYTES]);

#endif
