/* Telephone numbers: what is dialled, and when two are the same. */
#ifndef CAFE_PHONE_H
#define CAFE_PHONE_H

#include <stdbool.h>

#include "cafe/base/text.h"

enum {
    PHONE_DIGITS_MIN = 7,    /* a local number */
    PHONE_DIGITS_MAX = 15,   /* ITU-T E.164 */
    PHONE_EXTENSION_MAX = 20 /* digits */
};

/** A number that can be dialled. */
struct phone {
    size_t country_len; /* of number: its country code; 0: not known */
    size_t number_len, extension_len;
    char number[PHONE_DIGITS_MAX];       /* digits, without exit code and
                                            without a trunk zero in brackets */
    char extension[PHONE_EXTENSION_MAX]; /* digits */
    size_t trunk_at, trunk_end;          /* of the text: that trunk zero, with
                                            the brackets when nothing else is in
                                            them; equal: there is none */
};

/**
 * Read a number as tidy_phone() gives it: 7 to 15 digits with spaces and
 * - . / ( ) between them, a plus before the first, and perhaps an extension
 * ("ext. 12", "x12", "#12"). A slash after 7 digits separates two numbers,
 * which are refused: "020 7946 0958 / 0959". An exit code ("00", "011", …)
 * before a country code counts as a plus. After a country code a trunk zero in
 * brackets
 * ("+44 (0)20") is not dialled.
 *
 * phone    Out: filled completely when the text is a number.
 * fault    Out, may be NULL: the offset of the first character that can't be in
 *          a number; the text's length when only the count of digits is wrong.
 * Returns  Whether the text is a number.
 */
bool phone_read(struct slice text, struct phone *phone, size_t *fault);

/** Append "+442079460958;ext=12", as in tel: URIs (RFC 3966). */
void phone_append_url(struct text *out, const struct phone *phone);

/** Append a text that was read, without its trunk zero in brackets. */
void phone_append_text(struct text *out, const struct phone *phone,
                       struct slice text);

/**
 * Whether two numbers may be the same: equal digits and extension, or, where a
 * country code is missing, equal digits after country codes and trunk prefixes.
 * So numbers that are dialled alike in two countries count as the same.
 */
bool phone_same(const struct phone *a, const struct phone *b);

/*
 * For searching. The spellings of a number are lines of digits. A number
 * without a country code has a line that begins with a byte that can't be
 * typed: by it a search for a number with any country code finds it.
 */

/** Append the lines by which a number is found. */
void phone_append_spellings(struct text *out, const struct phone *phone);

/** Append the text to look for in these lines: the number's own digits. */
void phone_append_digits(struct text *out, const struct phone *phone);

/** Append the text that finds the number where its country code or trunk prefix
 * is missing. */
void phone_append_home(struct text *out, const struct phone *phone);

#endif
