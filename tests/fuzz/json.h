/* A strict JSON checker (RFC 8259), for log lines. */
#ifndef CAFE_FUZZ_JSON_H
#define CAFE_FUZZ_JSON_H

#include "cafe/base/text.h"

/**
 * The text is one JSON value and nothing else: valid UTF-8, no raw control
 * characters, whole surrogate pairs, at most 16 deep, no name twice in one
 * object of up to 64 members.
 */
bool json_valid(struct slice text);

#endif
