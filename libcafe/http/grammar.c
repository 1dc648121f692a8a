/* Character classes and small grammars of HTTP and URIs: one table of bytes,
 * read by functions that name what RFC 9110 and RFC 3986 call these things. */
#include "grammar.h"

#include <string.h>

enum {
    IN_TOKEN = 1 << 0, /* tchar, RFC 9110 5.6.2 */
    IN_PATH = 1 << 1,  /* pchar and "/" of RFC 3986; "%" is looked at apart */
    IN_QUERY = 1 << 2, /* the same, "?" and what browsers leave unescaped */
    IN_NAME = 1 << 3,  /* reg-name of RFC 3986 3.2.2, without escapes */
    IN_DIGIT = 1 << 4,

    /* The mixes that occur, short enough for the table. */
    W = IN_TOKEN | IN_PATH | IN_QUERY | IN_NAME,
    D = W | IN_DIGIT,
    S = IN_PATH | IN_QUERY | IN_NAME,
    P = IN_PATH | IN_QUERY,
    E = IN_TOKEN | IN_PATH | IN_QUERY,
    V = IN_TOKEN | IN_QUERY,
    T = IN_TOKEN,
    Q = IN_QUERY
};

/* clang-format off */
static const unsigned char classes[256] = {
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, /* control */
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, /* control */
    0, W, 0, T, W, E, W, W, S, S, W, W, S, W, W, P, /*  !"#$%&'()*+,-./ */
    D, D, D, D, D, D, D, D, D, D, P, S, 0, S, 0, Q, /* 0123456789:;<=>? */
    P, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, /* @ABCDEFGHIJKLMNO */
    W, W, W, W, W, W, W, W, W, W, W, P, Q, P, V, W, /* PQRSTUVWXYZ[\]^_ */
    V, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, /* `abcdefghijklmno */
    W, W, W, W, W, W, W, W, W, W, W, Q, V, Q, W, 0, /* pqrstuvwxyz{|}~ DEL */
};
/* clang-format on */

static bool is(char byte, unsigned class)
{
    return (classes[(unsigned char)byte] & class) != 0;
}

static bool all_are(struct slice text, unsigned class)
{
    for (size_t i = 0; i < text.len; i++) {
        if (!is(text.data[i], class))
            return false;
    }
    return true;
}

bool grammar_token(struct slice text)
{
    return text.len > 0 && all_are(text, IN_TOKEN);
}

bool grammar_field_value(struct slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] != '\t' && byte_is_control(text.data[i]))
            return false;
    }
    return true;
}

/* Each "%" begins a whole escape, and none is %00. */
static bool escapes_are_whole(struct slice text)
{
    const char *end = text.len ? text.data + text.len : text.data;
    const char *at = text.data;

    while (at < end && (at = memchr(at, '%', (size_t)(end - at))) != NULL) {
        if (end - at < 3 || hex_digit(at[1]) < 0 || hex_digit(at[2]) < 0)
            return false;
        if (at[1] == '0' && at[2] == '0')
            return false;
        at += 3;
    }
    return true;
}

/* The byte at `at` with its escape undone; `at` moves past it. */
static char next_byte(struct slice text, size_t *at)
{
    char byte = text.data[*at];

    if (byte == '%' && text.len - *at >= 3) {
        byte = (char)(hex_digit(text.data[*at + 1]) * 16 +
                      hex_digit(text.data[*at + 2]));
        *at += 2;
    }
    *at += 1;
    return byte;
}

/* A segment is "." or "..", also when dots or separators are escaped: some
 * servers undo escapes before they look, so both readings are refused. */
static bool has_dot_segment(struct slice path)
{
    size_t at = 0;
    size_t dots = 0;
    bool only_dots = true;

    while (at < path.len) {
        char byte = next_byte(path, &at);

        /* Some servers take a backslash for a slash. */
        if (byte == '/' || byte == '\\') {
            if (only_dots && (dots == 1 || dots == 2))
                return true;
            dots = 0;
            only_dots = true;
        } else if (byte == '.') {
            dots++;
        } else {
            only_dots = false;
        }
    }
    return only_dots && (dots == 1 || dots == 2);
}

bool grammar_path(struct slice path)
{
    if (path.len == 0 || path.data[0] != '/' || !all_are(path, IN_PATH))
        return false;
    return escapes_are_whole(path) && !has_dot_segment(path);
}

bool grammar_query(struct slice query)
{
    return all_are(query, IN_QUERY) && escapes_are_whole(query);
}

bool grammar_name(struct slice text)
{
    return text.len > 0 && all_are(text, IN_NAME);
}

struct slice grammar_next_member(struct slice *list)
{
    while (list->len > 0) {
        const char *comma = memchr(list->data, ',', list->len);
        size_t len = comma != NULL ? (size_t)(comma - list->data) : list->len;
        struct slice member = slice_trim((struct slice){ list->data, len });

        list->data += comma != NULL ? len + 1 : len;
        list->len -= comma != NULL ? len + 1 : len;
        if (member.len > 0)
            return member;
    }
    return (struct slice){ NULL, 0 };
}
