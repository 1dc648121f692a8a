/* Slices and growing texts. */
#include "cafe/base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_CAPACITY = 256 };

static bool text_is_space(char byte)
{
    return byte == ' ' || (byte >= '\t' && byte <= '\r');
}

struct slice slice_trim(struct slice slice)
{
    while (slice.len > 0 && text_is_space(slice.data[0])) {
        slice.data++;
        slice.len--;
    }
    while (slice.len > 0 && text_is_space(slice.data[slice.len - 1]))
        slice.len--;
    return slice;
}

struct slice slice_cut(struct slice *rest, char separator)
{
    const char *end = rest->len ? memchr(rest->data, separator, rest->len)
                                : NULL;
    size_t len = end != NULL ? (size_t)(end - rest->data) : rest->len;
    size_t taken = end != NULL ? len + 1 : len;
    struct slice part = { rest->data, len };

    /* Adding even 0 to NULL is undefined. */
    if (taken > 0)
        rest->data += taken;
    rest->len -= taken;
    return part;
}

/* Empty members are skipped, as recipients of lists have to (RFC 9110 5.6.1.2).
 */
bool slice_member(struct slice *rest, struct slice *member)
{
    *member = (struct slice){ NULL, 0 };
    while (rest->len > 0 && member->len == 0)
        *member = slice_trim(slice_cut(rest, ','));
    return member->len > 0;
}

/* Without leading zeros, so that each number has one spelling: a URL with a
 * number in it is then the only URL of its page. All digits are looked at
 * before the size: what is no number at all is malformed, not too large. */
enum error slice_number(struct slice slice, uint64_t max, uint64_t *number)
{
    uint64_t result = 0;

    if (slice.len == 0 || (slice.len > 1 && slice.data[0] == '0'))
        return ERROR_SYNTAX;
    for (size_t i = 0; i < slice.len; i++) {
        if (slice.data[i] < '0' || slice.data[i] > '9')
            return ERROR_SYNTAX;
    }
    for (size_t i = 0; i < slice.len; i++) {
        uint64_t digit = (uint64_t)(slice.data[i] - '0');

        if (digit > max || result > (max - digit) / 10)
            return ERROR_LIMIT;
        result = result * 10 + digit;
    }
    *number = result;
    return OK;
}

enum error slice_id(struct slice slice, int64_t *id)
{
    bool negative = slice_starts(slice, "-");
    uint64_t max = negative ? (uint64_t)INT32_MAX + 1 : INT32_MAX;
    uint64_t number;
    enum error err;

    if (negative)
        slice = (struct slice){ slice.data + 1, slice.len - 1 };
    if ((err = slice_number(slice, max, &number)) != OK)
        return err;
    if (number == 0)
        return ERROR_SYNTAX;
    *id = negative ? -(int64_t)number : (int64_t)number;
    return OK;
}

void text_init(struct text *text, size_t max_bytes)
{
    *text = (struct text){ .max_bytes = max_bytes };
}

void text_free(struct text *text)
{
    free(text->data);
    text_init(text, text->max_bytes);
}

void text_reset(struct text *text)
{
    text->len = 0;
    text->room = 0;
    text->failed = false;
    if (text->data != NULL)
        text->data[0] = '\0';
}

void text_fit(struct text *text)
{
    char *smaller = text->data != NULL ? realloc(text->data, text->len + 1)
                                       : NULL;

    /* Without it the text is whole, only larger than it need be. */
    if (smaller == NULL)
        return;
    text->data = smaller;
    text->capacity = text->len + 1;
    text->room = 0;
}

void text_fail(struct text *text)
{
    text->failed = true;
    text->room = 0;
}

/* Make room for `more` bytes and a NUL after what is there. The capacity
 * doubles, so that appending byte by byte stays linear; at a quarter of the
 * address space the sums can't overflow yet. */
static bool text_reserve(struct text *text, size_t more)
{
    size_t capacity = text->capacity ? text->capacity : FIRST_CAPACITY;
    char *data;

    if (text->failed)
        return false;
    if (more >= SIZE_MAX / 4 - text->len ||
        (text->max_bytes > 0 && text->len + more > text->max_bytes)) {
        text_fail(text);
        return false;
    }
    if (text->len + more >= text->capacity) {
        while (capacity <= text->len + more)
            capacity *= 2;
        data = realloc(text->data, capacity);
        if (data == NULL) {
            text_fail(text);
            return false;
        }
        text->data = data;
        text->capacity = capacity;
    }
    text->room = text->capacity - 1 - text->len;
    if (text->max_bytes > 0 && text->max_bytes - text->len < text->room)
        text->room = text->max_bytes - text->len;
    return true;
}

void text_append_checked(struct text *text, const char *data, size_t len)
{
    if (text_reserve(text, len))
        text_append(text, data, len);
}

void text_vprintf(struct text *text, const char *format, va_list args)
{
    va_list again;
    int len;

    /* Measured first: the buffer grows once, and by what is needed. */
    va_copy(again, args);
    len = vsnprintf(NULL, 0, format, args);
    if (len < 0)
        text_fail(text);
    else if (text_reserve(text, (size_t)len)) {
        vsnprintf(text->data + text->len, (size_t)len + 1, format, again);
        text->len += (size_t)len;
        text->room -= (size_t)len;
    }
    va_end(again);
}

void text_append_number(struct text *text, uint64_t number)
{
    char digits[20];
    size_t at = sizeof(digits);

    do {
        digits[--at] = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    text_append(text, digits + at, sizeof(digits) - at);
}

void text_append_integer(struct text *text, int64_t number)
{
    /* INT64_MIN has no positive counterpart: negated as unsigned. */
    uint64_t size = (uint64_t)number;

    if (number < 0)
        text_append_char(text, '-');
    text_append_number(text, number < 0 ? 0 - size : size);
}

void text_printf(struct text *text, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    text_vprintf(text, format, args);
    va_end(args);
}

struct slice text_slice(const struct text *text)
{
    return (struct slice){ text->data != NULL ? text->data : "", text->len };
}

const char *text_string(const struct text *text)
{
    return text->data != NULL && !text->failed ? text->data : "";
}

int hex_digit(char byte)
{
    if (byte >= '0' && byte <= '9')
        return byte - '0';
    if ((byte >= 'a' && byte <= 'f') || (byte >= 'A' && byte <= 'F'))
        return (byte | 0x20) - 'a' + 10;
    return -1;
}
