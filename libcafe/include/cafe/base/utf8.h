/* UTF-8: which bytes are code points, and how many there are. */
#ifndef CAFE_UTF8_H
#define CAFE_UTF8_H

#include <stdint.h>

#include "cafe/base/text.h"

/**
 * Well-formed UTF-8 (RFC 3629: no surrogates, no overlong forms, at most
 * U+10FFFF). An empty slice is valid; NUL is a valid byte here.
 */
bool utf8_valid(struct slice slice);

/** Length of the well-formed sequence that a slice of at least one byte begins
 * with; 0 when it begins with none (RFC 3629 4). */
size_t utf8_sequence_len(struct slice slice);

/** The first bytes, at most max_bytes; no sequence is cut in two. The bytes
 * need not be valid UTF-8. */
struct slice utf8_cut(struct slice slice, size_t max_bytes);

/** Number of code points in valid UTF-8. */
size_t utf8_count(struct slice slice);

/** The first code point of at least one byte; U+FFFD for a faulty byte.
 * `rest` becomes what follows it. */
uint32_t utf8_next(struct slice *rest);

/** The offset of the first code point that is one of these; the length when
 * there is none. A faulty byte counts as U+FFFD. */
size_t utf8_find(struct slice slice, bool (*is_one)(uint32_t letter));

/** A control character of Unicode: C0, DEL or C1 (general category Cc). */
bool letter_is_control(uint32_t letter);

#endif
