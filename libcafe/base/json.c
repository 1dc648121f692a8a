/* Writes JSON. What was written last tells whether a comma is due. */
#include "cafe/base/json.h"

#include <string.h>

#include "cafe/base/utf8.h"

/* Strings. */

static bool json_is_plain(unsigned char byte)
{
    return byte >= 0x20 && byte != '"' && byte != '\\' && byte < 0x7f;
}

/* As json_is_plain(), for eight bytes at once. Each term sets the top bit of a
 * byte that is not plain: below 0x20 and 0xff, from 0x7f to 0xfe, a quote, a
 * backslash. Plain bytes neither borrow from the byte beside them nor carry
 * into it, so they set no bit. */
static bool json_word_is_plain(const char *data)
{
    const uint64_t each = UINT64_MAX / 0xff, top = each << 7;
    uint64_t word, quote, backslash;

    memcpy(&word, data, sizeof(word));
    quote = word ^ each * '"';
    backslash = word ^ each * '\\';
    return (((word - each * 0x20) | (word + each) | (quote - each) |
             (backslash - each)) &
            top) == 0;
}

size_t json_plain_len(struct slice value)
{
    size_t len = 0;

    while (value.len - len >= sizeof(uint64_t) &&
           json_word_is_plain(value.data + len))
        len += sizeof(uint64_t);
    while (len < value.len && json_is_plain((unsigned char)value.data[len]))
        len++;
    return len;
}

/* The code point to escape of a valid sequence; 0 for none. */
static unsigned control_of(const char *data, size_t len)
{
    unsigned char last = (unsigned char)data[len - 1];

    if (len == 2 && memcmp(data, "\xc2", 1) == 0 && last < 0xa0)
        return last;
    if (len == 3 && memcmp(data, "\xe2\x80", 2) == 0 &&
        (last == 0xa8 || last == 0xa9))
        return 0x2000u + last - 0x80;
    return 0;
}

/* Bytes at the front that can stay as they are: appended at once, since nearly
 * all texts need no escape. */
static size_t clean_len(struct slice value)
{
    size_t at = 0;

    for (;;) {
        struct slice rest = { value.data + at, value.len - at };
        size_t plain = json_plain_len(rest);
        size_t len;

        at += plain;
        if (plain == rest.len || (unsigned char)value.data[at] < 0x80)
            return at;
        rest = (struct slice){ value.data + at, value.len - at };
        len = utf8_sequence_len(rest);
        if (len == 0 || control_of(rest.data, len) != 0)
            return at;
        at += len;
    }
}

static void escape_byte(struct text *out, char byte)
{
    static const char from[] = "\"\\\n\r\t", to[] = "\"\\nrt";
    const char *found = byte ? strchr(from, byte) : NULL;

    if (found != NULL)
        text_printf(out, "\\%c", to[found - from]);
    else
        text_printf(out, "\\u%04x", (unsigned)byte);
}

/* What can't stay at the front; returns its length. */
static size_t escape_one(struct text *out, struct slice value)
{
    size_t len;

    if ((unsigned char)value.data[0] < 0x80) {
        escape_byte(out, value.data[0]);
        return 1;
    }
    len = utf8_sequence_len(value);
    if (len == 0) {
        text_append_string(out, "\xef\xbf\xbd");
        return 1;
    }
    text_printf(out, "\\u%04x", control_of(value.data, len));
    return len;
}

void json_escape(struct text *out, struct slice value)
{
    while (value.len > 0 && !out->failed) {
        size_t len = clean_len(value);

        text_append(out, value.data, len);
        value = (struct slice){ value.data + len, value.len - len };
        if (value.len == 0)
            return;
        len = escape_one(out, value);
        value = (struct slice){ value.data + len, value.len - len };
    }
}

/* Values. */

static bool ends_with_any(const struct text *out, const char *bytes)
{
    return out->len > 0 && byte_is_in(out->data[out->len - 1], bytes);
}

/* Begin a value: a comma where one is due, and its name. */
static void json_begin(struct text *out, const char *name)
{
    /* The text itself is the state. A string can't be mistaken for it, because
     * it ends in a quote. */
    if (out->len > 0 && !ends_with_any(out, "{["))
        text_append_char(out, ',');
    if (name == NULL)
        return;
    text_append_char(out, '"');
    text_append_string(out, name);
    text_append_string(out, "\":");
}

void json_object(struct text *out, const char *name)
{
    json_begin(out, name);
    if (ends_with_any(out, "[,"))
        text_append_char(out, '\n');
    text_append_char(out, '{');
}

void json_object_end(struct text *out)
{
    text_append_char(out, '}');
}

void json_array(struct text *out, const char *name)
{
    json_begin(out, name);
    text_append_char(out, '[');
}

void json_array_end(struct text *out)
{
    text_append_char(out, ']');
}

void json_text(struct text *out, const char *name, struct slice value)
{
    json_begin(out, name);
    text_append_char(out, '"');
    json_escape(out, value);
    text_append_char(out, '"');
}

void json_number(struct text *out, const char *name, int64_t number)
{
    json_begin(out, name);
    text_append_integer(out, number);
}

void json_null(struct text *out, const char *name)
{
    json_begin(out, name);
    text_append_string(out, "null");
}
