/* Cursors: an id in hexadecimal digits, then as many of a hash of it. The check
 * digits keep nobody out; they keep programs from computing cursors, so that
 * what these are made of may change. */
#include "cafe/suppliers/cursor.h"

#include <stdio.h>
#include <string.h>

#include "cafe/base/hash.h"

enum { ID_CHARS = 8, CHECK_CHARS = 8, CURSOR_CHARS = ID_CHARS + CHECK_CHARS };

static void write_digits(int32_t id, char cursor[CURSOR_CHARS + 1])
{
    char named[sizeof("cursor ") + ID_CHARS], hash[HASH_HEX_CHARS + 1];

    snprintf(named, sizeof(named), "cursor %08x", (unsigned)id);
    hash_hex(slice_of(named), hash);
    snprintf(cursor, CURSOR_CHARS + 1, "%08x%.*s", (unsigned)id, CHECK_CHARS,
             hash + HASH_HEX_CHARS - CHECK_CHARS);
}

void cursor_write(struct text *out, int32_t id)
{
    char cursor[CURSOR_CHARS + 1];

    write_digits(id, cursor);
    text_append_string(out, cursor);
}

/* What the first digits say; written again they have to be the whole. */
enum error cursor_read(struct slice cursor, int32_t *id)
{
    static const char digits[] = "0123456789abcdef";
    char again[CURSOR_CHARS + 1];
    uint32_t bits = 0;

    if (cursor.len != CURSOR_CHARS)
        return ERROR_SYNTAX;
    for (size_t i = 0; i < ID_CHARS; i++) {
        const char *digit = memchr(digits, cursor.data[i], 16);

        if (digit == NULL)
            return ERROR_SYNTAX;
        bits = bits * 16 + (uint32_t)(digit - digits);
    }
    write_digits((int32_t)bits, again);
    if (!slice_is(cursor, again))
        return ERROR_SYNTAX;
    *id = (int32_t)bits;
    return OK;
}
