/* Percent escapes and urlencoded forms, decoded into an arena. */
#include "cafe/base/form.h"

#include <string.h>

#include "cafe/base/utf8.h"

/* Undo the escapes of `encoded` in `to`, which has room for all of it: decoding
 * never makes a text longer. NUL is refused because values are C strings, too:
 * what is checked and what is used would differ. */
static enum error decode_into(struct slice encoded, bool plus_is_space,
                              char *to, size_t *len)
{
    size_t i = 0;

    *len = 0;
    while (i < encoded.len) {
        char byte = encoded.data[i++];

        if (byte == '%') {
            int high = i < encoded.len ? hex_digit(encoded.data[i]) : -1;
            int low = i + 1 < encoded.len ? hex_digit(encoded.data[i + 1]) : -1;

            if (high < 0 || low < 0)
                return ERROR_SYNTAX;
            byte = (char)(high * 16 + low);
            i += 2;
        } else if (byte == '+' && plus_is_space) {
            byte = ' ';
        }
        if (byte == '\0')
            return ERROR_SYNTAX;
        to[(*len)++] = byte;
    }
    to[*len] = '\0';
    return OK;
}

enum error percent_decode(struct arena *arena, struct slice encoded,
                          bool plus_is_space, struct slice *decoded)
{
    struct slice result = { NULL, 0 };
    char *to = arena_alloc(arena, encoded.len + 1);
    enum error err;

    if (to == NULL)
        return ERROR_MEMORY;
    if ((err = decode_into(encoded, plus_is_space, to, &result.len)) != OK)
        return err;
    result.data = to;
    if (!utf8_valid(result))
        return ERROR_SYNTAX;
    *decoded = result;
    return OK;
}

void percent_encode(struct text *text, struct slice raw)
{
    static const char hex[] = "0123456789ABCDEF";

    for (size_t i = 0; i < raw.len; i++) {
        unsigned char byte = (unsigned char)raw.data[i];

        if ((byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
            (byte >= '0' && byte <= '9') || byte_is_in((char)byte, "-._~")) {
            text_append_char(text, (char)byte);
        } else {
            text_append_char(text, '%');
            text_append_char(text, hex[byte >> 4]);
            text_append_char(text, hex[byte & 15]);
        }
    }
}

static struct slice form_next_pair(struct slice *encoded)
{
    const char *ampersand =
        encoded->len ? memchr(encoded->data, '&', encoded->len) : NULL;
    struct slice pair = *encoded;

    if (ampersand != NULL) {
        pair.len = (size_t)(ampersand - pair.data);
        encoded->data += pair.len + 1;
        encoded->len -= pair.len + 1;
    } else {
        encoded->data += encoded->len;
        encoded->len = 0;
    }
    return pair;
}

static enum error decode_pair(struct arena *arena, struct slice pair,
                              struct form_field *field)
{
    const char *equals = memchr(pair.data, '=', pair.len);
    struct slice name = pair;
    struct slice value = { pair.data + pair.len, 0 };
    enum error err;

    if (equals != NULL) {
        name.len = (size_t)(equals - pair.data);
        value.data = equals + 1;
        value.len = pair.len - name.len - 1;
    }
    if ((err = percent_decode(arena, name, true, &field->name)) != OK)
        return err;
    return percent_decode(arena, value, true, &field->value);
}

/* How many there can be. */
static size_t form_room(struct slice encoded)
{
    size_t room = 1;

    for (size_t i = 0; i < encoded.len && room < FORM_FIELDS_MAX; i++)
        room += encoded.data[i] == '&';
    return room;
}

enum error form_parse(struct arena *arena, struct slice encoded,
                      struct form *form)
{
    struct form result = { 0 };
    enum error err;

    if (encoded.len > 0) {
        /* Room for all at once: an arena can't grow an array in place. */
        result.fields =
            arena_alloc(arena, form_room(encoded) * sizeof(*result.fields));
        if (result.fields == NULL)
            return ERROR_MEMORY;
    }
    while (encoded.len > 0) {
        struct slice pair = form_next_pair(&encoded);

        /* WHATWG URL 5.1: "a=1&&b=2" has two fields. */
        if (pair.len == 0)
            continue;
        if (result.count == FORM_FIELDS_MAX)
            return ERROR_LIMIT;
        err = decode_pair(arena, pair, &result.fields[result.count]);
        if (err != OK)
            return err;
        result.count++;
    }
    *form = result;
    return OK;
}

struct slice form_value(const struct form *form, const char *name)
{
    for (size_t i = 0; i < form->count; i++) {
        if (slice_is(form->fields[i].name, name))
            return form->fields[i].value;
    }
    return (struct slice){ NULL, 0 };
}
