/* A chunked body (RFC 9112 7.1), line by line: as with a head, whatever two
 * parsers could read differently is refused. So lines end in CRLF, and there
 * is no white space around a size or in an extension. */
#include "chunked.h"

#include <string.h>

#include "grammar.h"

enum { SIZE_DIGITS_MAX = 15 };

/* Fields that say where a message ends or belongs: never in a trailer. */
static const char *const no_trailers[] = { "content-length",
                                           "transfer-encoding", "host" };

/* The rest of a line while it is read. */
static void skip(struct slice *rest, size_t len)
{
    rest->data += len;
    rest->len -= len;
}

static bool chunks_begins(struct slice rest, char byte)
{
    return rest.len > 0 && rest.data[0] == byte;
}

/* Take a token, as far as it reaches: at least one byte. */
static bool take_token(struct slice *rest)
{
    size_t len = 0;

    while (len < rest->len &&
           grammar_token((struct slice){ rest->data + len, 1 }))
        len++;
    skip(rest, len);
    return len > 0;
}

/* Take a quoted-string (RFC 9110 5.6.4), but none with a backslash: not all
 * parsers take that for an escape here. */
static bool take_quoted(struct slice *rest)
{
    const char *end = memchr(rest->data + 1, '"', rest->len - 1);
    size_t len = end != NULL ? (size_t)(end - rest->data) : 0;

    if (end == NULL || memchr(rest->data, '\\', len) != NULL ||
        !grammar_field_value((struct slice){ rest->data, len }))
        return false;
    skip(rest, len + 1);
    return true;
}

/* *( ";" name [ "=" value ] ) */
static bool extensions_are_sound(struct slice rest)
{
    while (chunks_begins(rest, ';')) {
        skip(&rest, 1);
        if (!take_token(&rest))
            return false;
        if (!chunks_begins(rest, '='))
            continue;
        skip(&rest, 1);
        if (chunks_begins(rest, '"') ? !take_quoted(&rest) : !take_token(&rest))
            return false;
    }
    return rest.len == 0;
}

/* The line of a chunk: its size in hex digits, and extensions. */
static int read_size(struct chunk_reader *reader, struct slice line)
{
    size_t digits = 0;
    uint64_t size = 0;

    while (digits < line.len && hex_digit(line.data[digits]) >= 0 &&
           digits <= SIZE_DIGITS_MAX)
        size = size * 16 + (uint64_t)hex_digit(line.data[digits++]);
    if (digits == 0 || digits > SIZE_DIGITS_MAX)
        return 400;
    skip(&line, digits);
    reader->extension_bytes += line.len;
    if (reader->extension_bytes > CHUNK_EXTENSIONS_MAX_BYTES ||
        !extensions_are_sound(line))
        return 400;
    /* 15 digits are 60 bits: a sum of two can't overflow, and the first one
     * over the limit ends the body. */
    reader->left = size;
    reader->total += size;
    if (reader->total > reader->max_bytes)
        return 413;
    reader->part = size > 0 ? CHUNK_DATA : CHUNK_TRAILER;
    return 0;
}

/* A trailer field, as strict as one in a head; the empty line ends it all. */
static int read_trailer(struct chunk_reader *reader, struct slice line)
{
    struct slice value = line;
    struct slice name = slice_cut(&value, ':');

    if (line.len == 0) {
        reader->part = CHUNK_END;
        return 0;
    }
    if (reader->trailer_count++ == CHUNK_TRAILERS_MAX)
        return 431;
    /* slice_cut() takes all of a line without a colon. */
    if (name.len == line.len || !grammar_token(name) ||
        !grammar_field_value(value))
        return 400;
    for (size_t i = 0; i < sizeof(no_trailers) / sizeof(no_trailers[0]); i++) {
        if (slice_is_nocase(name, no_trailers[i]))
            return 400;
    }
    return 0;
}

static int chunks_read_line(struct chunk_reader *reader, struct slice line)
{
    switch (reader->part) {
    case CHUNK_SIZE:
        return read_size(reader, line);
    case CHUNK_DATA_END:
        reader->part = CHUNK_SIZE;
        return line.len == 0 ? 0 : 400;
    case CHUNK_TRAILER:
        return read_trailer(reader, line);
    case CHUNK_DATA:
    case CHUNK_END:
        break;
    }
    return 400;
}

/* Collect the line at hand, up to its end or that of the bytes. Its length is
 * judged by the bytes seen so far, so that a line gets the same answer however
 * it is split. */
static int take_line(struct chunk_reader *reader, struct slice *bytes)
{
    const char *end = memchr(bytes->data, '\n', bytes->len);
    size_t len = end != NULL ? (size_t)(end - bytes->data) + 1 : bytes->len;
    struct slice line = { reader->line, reader->line_len + len };

    if (line.len > CHUNK_LINE_MAX_BYTES)
        return reader->part == CHUNK_TRAILER ? 431 : 400;
    memcpy(reader->line + reader->line_len, bytes->data, len);
    reader->line_len = line.len;
    skip(bytes, len);
    if (end == NULL)
        return 0;
    reader->line_len = 0;
    if (line.len < 2 || line.data[line.len - 2] != '\r')
        return 400;
    line.len -= 2;
    return chunks_read_line(reader, line);
}

/* The part of a chunk's data that is there. */
static void take_data(struct chunk_reader *reader, struct slice *bytes,
                      struct text *body)
{
    size_t len = bytes->len < reader->left ? bytes->len : (size_t)reader->left;

    text_append(body, bytes->data, len);
    skip(bytes, len);
    reader->left -= len;
    if (reader->left == 0)
        reader->part = CHUNK_DATA_END;
}

int chunks_feed(struct chunk_reader *reader, struct slice bytes,
                struct text *body, size_t *taken)
{
    struct slice rest = bytes;
    int status = 0;

    while (rest.len > 0 && reader->part != CHUNK_END && status == 0) {
        if (reader->part == CHUNK_DATA)
            take_data(reader, &rest, body);
        else
            status = take_line(reader, &rest);
    }
    *taken = bytes.len - rest.len;
    return status;
}
