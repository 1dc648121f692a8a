/* UTF-8: validity, length, normal form, and the fold for sort and search. */
#ifndef CAFE_UNICODE_H
#define CAFE_UNICODE_H

#include "cafe/arena.h"
#include "cafe/text.h"

/**
 * Well-formed UTF-8 (RFC 3629: no surrogates, no overlong forms, at most
 * U+10FFFF). An empty slice is valid; NUL is a valid byte here.
 */
bool utf8_valid(struct slice slice);

/** Length of the well-formed sequence that a slice of at least one byte begins
 * with; 0 when it begins with none (RFC 3629 4). */
size_t utf8_sequence_len(struct slice slice);

/** The first bytes, at most max_bytes; no sequence is cut in two. Any bytes may
 * be in it. */
struct slice utf8_cut(struct slice slice, size_t max_bytes);

/** Number of code points in valid UTF-8. */
size_t utf8_count(struct slice slice);

/**
 * Unicode normal form C (UAX #15).
 *
 * slice   Valid UTF-8.
 * result  In the arena, NUL-terminated.
 * Errors  ERROR_SYNTAX, ERROR_MEMORY.
 */
MUST_CHECK enum error utf8_normalise(struct arena *arena, struct slice slice,
                                     struct slice *result);

/**
 * The key by which text is sorted and searched: case folded, marks stripped
 * (utf8proc), and the letters that don't decompose spelt out (ß ss, ł l,
 * ø o, đ d, æ ae, œ oe, þ th, ð d, ı i …). Invalid bytes fold to U+FFFD.
 *
 * result  In the arena, NUL-terminated UTF-8.
 * Errors  ERROR_MEMORY.
 */
MUST_CHECK enum error unicode_fold(struct arena *arena, struct slice slice,
                                   struct slice *result);

#endif
