/* Reads HTTP Basic credentials: "Basic" and name:password in base64. */
#include "cafe/service/credentials.h"

#include <string.h>

#include "cafe/service/access.h"

/* The six bits of a letter (RFC 4648 4); -1: none of the alphabet. */
static int bits_of(char letter)
{
    if (letter >= 'A' && letter <= 'Z')
        return letter - 'A';
    if (letter >= 'a' && letter <= 'z')
        return letter - 'a' + 26;
    if (letter >= '0' && letter <= '9')
        return letter - '0' + 52;
    return letter == '+' ? 62 : letter == '/' ? 63 : -1;
}

/* In fours, padded, and each text in one spelling only. The bytes of the text;
 * -1: it is no base64. `out` has room for three of four. */
static ptrdiff_t decode_base64(struct slice text, char *out)
{
    size_t padding = 0, len = 0;
    unsigned bits = 0;

    while (padding < 2 && padding < text.len &&
           text.data[text.len - 1 - padding] == '=')
        padding++;
    if (text.len == 0 || text.len % 4 != 0)
        return -1;
    for (size_t i = 0; i < text.len; i++) {
        int more = i < text.len - padding ? bits_of(text.data[i]) : 0;

        if (more < 0)
            return -1;
        bits = bits << 6 | (unsigned)more;
        if (i % 4 != 3)
            continue;
        out[len++] = (char)(bits >> 16 & 0xff);
        out[len++] = (char)(bits >> 8 & 0xff);
        out[len++] = (char)(bits & 0xff);
        bits = 0;
    }
    for (size_t i = 0; i < padding; i++) {
        if (out[--len] != '\0')
            return -1;
    }
    return (ptrdiff_t)len;
}

static bool has_control_byte(struct slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        if ((unsigned char)text.data[i] < ' ' || text.data[i] == 0x7f)
            return true;
    }
    return false;
}

/* The text ends with a NUL after text.len. */
static enum credentials_kind split_credentials(struct slice text,
                                               struct credentials *credentials)
{
    const char *colon = memchr(text.data, ':', text.len);
    struct slice name;
    size_t password_len;

    if (colon == NULL || has_control_byte(text))
        return CREDENTIALS_MALFORMED;
    name = (struct slice){ text.data, (size_t)(colon - text.data) };
    password_len = text.len - name.len - 1;
    if (!identity_valid(name) || password_len == 0 ||
        password_len > CREDENTIALS_PASSWORD_MAX_BYTES)
        return CREDENTIALS_IMPOSSIBLE;
    *credentials = (struct credentials){ name, colon + 1 };
    return CREDENTIALS_GIVEN;
}

enum error credentials_read(struct slice field, struct arena *arena,
                            enum credentials_kind *kind,
                            struct credentials *credentials)
{
    struct slice scheme = slice_cut(&field, ' ');
    struct slice text = slice_trim(field);
    ptrdiff_t len;
    char *bytes;

    *kind = CREDENTIALS_NONE;
    if (!slice_is_nocase(scheme, "basic"))
        return OK;
    bytes = arena_alloc(arena, text.len / 4 * 3 + 1);
    if (bytes == NULL)
        return ERROR_MEMORY;
    len = decode_base64(text, bytes);
    *kind = CREDENTIALS_MALFORMED;
    if (len < 0)
        return OK;
    bytes[len] = '\0';
    *kind =
        split_credentials((struct slice){ bytes, (size_t)len }, credentials);
    return OK;
}
