/* UTF-8 as RFC 3629 defines it: which bytes are a code point. */
#include "cafe/base/utf8.h"

#include <string.h>

size_t utf8_sequence_len(struct slice slice)
{
    const unsigned char *at = (const unsigned char *)slice.data;
    /* The second byte has narrower bounds after E0 and F0 (no overlong forms),
     * ED (no surrogates) and F4 (nothing over U+10FFFF). */
    unsigned char low = 0x80, high = 0xbf;
    size_t len;

    if (at[0] < 0x80)
        return 1;
    if (at[0] < 0xc2 || at[0] > 0xf4)
        return 0;
    len = at[0] < 0xe0 ? 2 : at[0] < 0xf0 ? 3 : 4;
    if (at[0] == 0xe0)
        low = 0xa0;
    else if (at[0] == 0xed)
        high = 0x9f;
    else if (at[0] == 0xf0)
        low = 0x90;
    else if (at[0] == 0xf4)
        high = 0x8f;
    if (slice.len < len || at[1] < low || at[1] > high)
        return 0;
    for (size_t i = 2; i < len; i++) {
        if (at[i] < 0x80 || at[i] > 0xbf)
            return 0;
    }
    return len;
}

bool utf8_valid(struct slice slice)
{
    size_t at = 0;

    while (at < slice.len) {
        uint64_t eight;
        size_t len;

        /* Eight ASCII bytes at once: most text is ASCII. */
        if (slice.len - at >= sizeof(eight)) {
            memcpy(&eight, slice.data + at, sizeof(eight));
            if ((eight & 0x8080808080808080u) == 0) {
                at += sizeof(eight);
                continue;
            }
        }
        len = utf8_sequence_len(
            (struct slice){ slice.data + at, slice.len - at });
        if (len == 0)
            return false;
        at += len;
    }
    return true;
}

static bool is_continuation(char byte)
{
    return ((unsigned char)byte & 0xc0) == 0x80;
}

struct slice utf8_cut(struct slice slice, size_t max_bytes)
{
    size_t len = max_bytes;

    if (slice.len <= max_bytes)
        return slice;
    /* Back to the beginning of a sequence; among faulty bytes no further than
     * one can be long. */
    while (len > 0 && len + 3 > max_bytes && is_continuation(slice.data[len]))
        len--;
    return (struct slice){ slice.data, len };
}

size_t utf8_count(struct slice slice)
{
    size_t count = 0;

    for (size_t i = 0; i < slice.len; i++)
        count += !is_continuation(slice.data[i]);
    return count;
}

uint32_t utf8_next(struct slice *rest)
{
    static const unsigned char masks[] = { 0, 0x7f, 0x1f, 0x0f, 0x07 };
    size_t len = utf8_sequence_len(*rest);
    uint32_t letter = 0xfffd;

    if (len > 0) {
        letter = (unsigned char)rest->data[0] & masks[len];
        for (size_t i = 1; i < len; i++)
            letter = letter << 6 | ((unsigned char)rest->data[i] & 0x3f);
    } else {
        len = 1;
    }
    *rest = (struct slice){ rest->data + len, rest->len - len };
    return letter;
}

size_t utf8_find(struct slice slice, bool (*is_one)(uint32_t letter))
{
    struct slice rest = slice;

    while (rest.len > 0) {
        size_t at = slice.len - rest.len;

        if (is_one(utf8_next(&rest)))
            return at;
    }
    return slice.len;
}

bool letter_is_control(uint32_t letter)
{
    return letter < 0x20 || (letter >= 0x7f && letter < 0xa0);
}
