/* A strict JSON checker: recursive descent over RFC 8259. */
#include "json.h"

#include <string.h>

#include "cafe/base/utf8.h"

enum { DEPTH_MAX = 16, MEMBERS_MAX = 64 };

struct reader {
    const char *at, *end;
    int depth;
};

static bool read_value(struct reader *reader);

static bool take(struct reader *reader, char byte)
{
    if (reader->at == reader->end || *reader->at != byte)
        return false;
    reader->at++;
    return true;
}

static void skip_blanks(struct reader *reader)
{
    while (reader->at < reader->end && *reader->at != '\0' &&
           strchr(" \t\r\n", *reader->at) != NULL)
        reader->at++;
}

static size_t take_digits(struct reader *reader)
{
    const char *from = reader->at;

    while (reader->at < reader->end && *reader->at >= '0' && *reader->at <= '9')
        reader->at++;
    return (size_t)(reader->at - from);
}

static bool read_number(struct reader *reader)
{
    const char *first;
    size_t digits;

    take(reader, '-');
    first = reader->at;
    digits = take_digits(reader);
    if (digits == 0 || (digits > 1 && *first == '0'))
        return false;
    if (take(reader, '.') && take_digits(reader) == 0)
        return false;
    if (take(reader, 'e') || take(reader, 'E')) {
        if (!take(reader, '+'))
            take(reader, '-');
        return take_digits(reader) > 0;
    }
    return true;
}

/* Four hex digits; -1 when they are not there. */
static int read_unit(struct reader *reader)
{
    static const char digits[] = "0123456789abcdef";
    int unit = 0;

    for (int i = 0; i < 4; i++) {
        const char *digit;

        if (reader->at == reader->end || *reader->at == '\0')
            return -1;
        digit = strchr(digits, *reader->at >= 'A' && *reader->at <= 'F'
                                   ? *reader->at | 0x20
                                   : *reader->at);
        if (digit == NULL)
            return -1;
        reader->at++;
        unit = unit * 16 + (int)(digit - digits);
    }
    return unit;
}

/* What follows a backslash. */
static bool read_escape(struct reader *reader)
{
    int unit;

    if (reader->at == reader->end || *reader->at == '\0')
        return false;
    if (!take(reader, 'u'))
        return strchr("\"\\/bfnrt", *reader->at++) != NULL;
    unit = read_unit(reader);
    if (unit < 0 || (unit >= 0xdc00 && unit <= 0xdfff))
        return false;
    if (unit < 0xd800 || unit > 0xdbff)
        return true;
    if (!take(reader, '\\') || !take(reader, 'u'))
        return false;
    unit = read_unit(reader);
    return unit >= 0xdc00 && unit <= 0xdfff;
}

/* What stands between the quotes. */
static bool read_string(struct reader *reader, struct slice *inside)
{
    if (!take(reader, '"'))
        return false;
    inside->data = reader->at;
    while (reader->at < reader->end && *reader->at != '"') {
        if ((unsigned char)*reader->at < 0x20)
            return false;
        if (*reader->at++ == '\\' && !read_escape(reader))
            return false;
    }
    inside->len = (size_t)(reader->at - inside->data);
    return take(reader, '"');
}

static bool read_member(struct reader *reader, struct slice *name)
{
    skip_blanks(reader);
    if (!read_string(reader, name))
        return false;
    skip_blanks(reader);
    return take(reader, ':') && read_value(reader);
}

static bool read_object(struct reader *reader)
{
    struct slice names[MEMBERS_MAX];
    size_t count = 0;

    skip_blanks(reader);
    if (take(reader, '}'))
        return true;
    do {
        if (count == MEMBERS_MAX || !read_member(reader, &names[count]))
            return false;
        for (size_t i = 0; i < count; i++) {
            if (slice_equal(names[i], names[count]))
                return false;
        }
        count++;
    } while (take(reader, ','));
    return take(reader, '}');
}

static bool read_array(struct reader *reader)
{
    skip_blanks(reader);
    if (take(reader, ']'))
        return true;
    do {
        if (!read_value(reader))
            return false;
    } while (take(reader, ','));
    return take(reader, ']');
}

static bool read_word(struct reader *reader, const char *word)
{
    size_t len = strlen(word);

    if ((size_t)(reader->end - reader->at) < len ||
        memcmp(reader->at, word, len) != 0)
        return false;
    reader->at += len;
    return true;
}

static bool read_value(struct reader *reader)
{
    struct slice inside;
    bool valid;

    if (reader->depth++ == DEPTH_MAX)
        return false;
    skip_blanks(reader);
    if (take(reader, '{'))
        valid = read_object(reader);
    else if (take(reader, '['))
        valid = read_array(reader);
    else if (reader->at < reader->end && *reader->at == '"')
        valid = read_string(reader, &inside);
    else
        valid = read_word(reader, "true") || read_word(reader, "false") ||
                read_word(reader, "null") || read_number(reader);
    skip_blanks(reader);
    reader->depth--;
    return valid;
}

bool json_valid(struct slice text)
{
    struct reader reader = { text.data, text.data + text.len, 0 };

    return utf8_valid(text) && read_value(&reader) && reader.at == reader.end;
}
