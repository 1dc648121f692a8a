/* JSON, written piece by piece into a text (RFC 8259). */
#ifndef CAFE_JSON_H
#define CAFE_JSON_H

#include "cafe/base/text.h"

/** Bytes at the front that are ASCII and need no escape. */
size_t json_plain_len(struct slice value);

/**
 * Append the inside of a string, without its quotes. Besides the characters
 * that RFC 8259 requires, those that could end a line or drive a terminal are
 * escaped: DEL, C1 controls, U+2028 and U+2029. Bytes that are not UTF-8 become
 * U+FFFD.
 */
void json_escape(struct text *out, struct slice value);

/*
 * Values. Commas come by themselves, and each object in an array begins a line.
 * Between the first and the last of them only these functions may write to the
 * text.
 *
 * name  Of a member, which needs no escape; NULL in an array and outermost.
 */

void json_object(struct text *out, const char *name);
void json_object_end(struct text *out);
void json_array(struct text *out, const char *name);
void json_array_end(struct text *out);
void json_text(struct text *out, const char *name, struct slice value);
void json_number(struct text *out, const char *name, int64_t number);
void json_null(struct text *out, const char *name);

#endif
