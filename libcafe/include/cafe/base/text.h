/* Slices (borrowed bytes) and text (a growing buffer that remembers failure).
 */
#ifndef CAFE_TEXT_H
#define CAFE_TEXT_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

#include "cafe/base/error.h"

/** Borrowed bytes, not NUL-terminated. `data` is NULL for "absent". */
struct slice {
    const char *data;
    size_t len;
};

/** A slice of a string literal. */
#define SLICE(literal) ((struct slice){ "" literal, sizeof(literal) - 1 })

/* Inline: most of the time they compare lengths with that of a literal, which
 * the compiler knows. */

/** The slice of a NUL-terminated string; NULL gives an absent slice. */
static inline struct slice slice_of(const char *string)
{
    return (struct slice){ string, string != NULL ? strlen(string) : 0 };
}

/** Same bytes. Two absent or empty slices are equal. */
static inline bool slice_equal(struct slice a, struct slice b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

/** As slice_equal(), ASCII letters compared without case. */
static inline bool slice_equal_nocase(struct slice a, struct slice b)
{
    return a.len == b.len &&
           (a.len == 0 || strncasecmp(a.data, b.data, a.len) == 0);
}

/** The slice has exactly the bytes of this NUL-terminated string. */
static inline bool slice_is(struct slice slice, const char *string)
{
    return slice_equal(slice, slice_of(string));
}

/** As slice_is(), ASCII letters compared without case. */
static inline bool slice_is_nocase(struct slice slice, const char *string)
{
    return slice_equal_nocase(slice, slice_of(string));
}

/** The slice begins with these bytes. */
static inline bool slice_starts(struct slice slice, const char *prefix)
{
    size_t len = strlen(prefix);

    return slice.len >= len &&
           (len == 0 || memcmp(slice.data, prefix, len) == 0);
}

/** A control character of ASCII: C0 or DEL. */
static inline bool byte_is_control(char byte)
{
    return (unsigned char)byte < ' ' || byte == '\x7f';
}

/** One of the bytes of a NUL-terminated string; NUL is none of them. */
static inline bool byte_is_in(char byte, const char *bytes)
{
    return byte != '\0' && strchr(bytes, byte) != NULL;
}

/** Without ASCII white space (space, \t \n \v \f \r) at both ends. */
struct slice slice_trim(struct slice slice);

/**
 * Cut off what comes before the first separator.
 *
 * rest     In: the whole; out: what follows the separator, empty without one.
 * Returns  The part before it; the whole without one.
 */
struct slice slice_cut(struct slice *rest, char separator);

/**
 * The next member of a list with commas between, without the blanks around it;
 * an empty one is passed over.
 *
 * rest     As of slice_cut().
 * Returns  false: there is none.
 */
bool slice_member(struct slice *rest, struct slice *member);

/**
 * Read an unsigned decimal number of at most `max`: digits only, no sign, and
 * no leading zero except in "0" itself.
 *
 * Errors  ERROR_SYNTAX, ERROR_LIMIT (over max).
 */
MUST_CHECK enum error slice_number(struct slice slice, uint64_t max,
                                   uint64_t *number);

/**
 * Read the id of a row: a signed 32-bit number, as in an INT column, except 0.
 *
 * Errors  ERROR_SYNTAX, ERROR_LIMIT.
 */
MUST_CHECK enum error slice_id(struct slice slice, int64_t *id);

/**
 * A growing buffer. Appending to one that has failed does nothing, so append
 * freely and check `failed` once at the end. `data` is NUL-terminated
 * whenever it isn't NULL.
 */
struct text {
    char *data;
    size_t len;
    size_t capacity;
    size_t max_bytes; /* 0: no bound */
    size_t room;      /* so many more bytes fit without a check */
    bool failed;      /* out of memory, or over max_bytes */
};

/** An empty text of at most max_bytes (0: no bound). Nothing is allocated. */
void text_init(struct text *text, size_t max_bytes);

/** Give the buffer back and make the text empty again. */
void text_free(struct text *text);

/** Make it empty and not failed, but keep the buffer. */
void text_reset(struct text *text);

/** Give back the unused end of the buffer. */
void text_fit(struct text *text);

/** Make it fail: nothing more is appended. */
void text_fail(struct text *text);

/** text_append() where the buffer has to grow or the text may fail. */
void text_append_checked(struct text *text, const char *data, size_t len);

/* Here, so that the compiler sees how long a constant is. */
static inline void text_append(struct text *text, const char *data, size_t len)
{
    if (len == 0)
        return;
    if (len > text->room) {
        text_append_checked(text, data, len);
        return;
    }
    memcpy(text->data + text->len, data, len);
    text->room -= len;
    text->len += len;
    text->data[text->len] = '\0';
}

static inline void text_append_slice(struct text *text, struct slice slice)
{
    text_append(text, slice.data, slice.len);
}

static inline void text_append_string(struct text *text, const char *string)
{
    text_append(text, string, strlen(string));
}

static inline void text_append_char(struct text *text, char byte)
{
    text_append(text, &byte, 1);
}

void text_append_number(struct text *text, uint64_t number);
void text_append_integer(struct text *text, int64_t number);
void text_printf(struct text *text, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void text_vprintf(struct text *text, const char *format, va_list args)
    __attribute__((format(printf, 2, 0)));

/** The content, borrowed until the next append. */
struct slice text_slice(const struct text *text);

/** The content as a NUL-terminated string, borrowed until the next append; ""
 * when empty or failed. */
const char *text_string(const struct text *text);

/** The value of a hex digit, -1 for another byte. */
int hex_digit(char byte);

#endif
