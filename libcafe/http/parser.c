/* Reads a request head line by line, as the bytes come. Whatever two parsers
 * could read differently is refused; a refusal depends on the bytes alone,
 * never on how they were split. */
#include "cafe/http/parser.h"

#include <string.h>

#include "cafe/http/authority.h"
#include "grammar.h"

/* A method and a version around the longest target, with room to spare. */
enum { REQUEST_LINE_MAX_BYTES = PARSER_TARGET_MAX_BYTES + 64 };

static const struct {
    enum method method;
    const char *name;
} methods[] = {
    { GET, "GET" },         { HEAD, "HEAD" },   { POST, "POST" },
    { PUT, "PUT" },         { PATCH, "PATCH" }, { DELETE, "DELETE" },
    { OPTIONS, "OPTIONS" },
};

enum { METHODS = sizeof(methods) / sizeof(methods[0]) };

static enum method method_parse(struct slice name)
{
    for (size_t i = 0; i < METHODS; i++) {
        if (slice_is(name, methods[i].name))
            return methods[i].method;
    }
    return METHOD_UNKNOWN;
}

const char *method_name(enum method method)
{
    for (size_t i = 0; i < METHODS; i++) {
        if (methods[i].method == method)
            return methods[i].name;
    }
    return "-";
}

/* The bytes of `text` from an offset on. */
static struct slice parser_after(struct slice text, size_t offset)
{
    return (struct slice){ text.data + offset, text.len - offset };
}

/* Cut at the first `byte`: *head before it, *tail after it. */
static bool parser_cut(struct slice text, char byte, struct slice *head,
                       struct slice *tail)
{
    const char *at = text.len ? memchr(text.data, byte, text.len) : NULL;

    if (at == NULL)
        return false;
    *head = (struct slice){ text.data, (size_t)(at - text.data) };
    *tail = parser_after(text, head->len + 1);
    return true;
}

/* RFC 9112 2.3: HTTP/1.0 and HTTP/1.1, letters in upper case. */
static int read_version(struct slice version, struct request_head *head)
{
    const char *at = version.data;

    if (version.len != 8 || memcmp(at, "HTTP/", 5) != 0 || at[5] < '0' ||
        at[5] > '9' || at[6] != '.' || at[7] < '0' || at[7] > '9')
        return 400;
    if (at[5] != '1' || at[7] > '1')
        return 505;
    head->minor_version = at[7] - '0';
    return 0;
}

/* Path and query of a target without its authority. */
static int parser_read_path(struct slice rest, struct request_head *head)
{
    head->query = (struct slice){ NULL, 0 };
    if (!parser_cut(rest, '?', &head->path, &head->query))
        head->path = rest;
    if (head->path.len == 0)
        head->path = SLICE("/");
    if (!grammar_path(head->path))
        return 400;
    return grammar_query(head->query) ? 0 : 400;
}

/* A target that is the server itself. */
static int read_asterisk(struct request_head *head)
{
    head->path = SLICE("*");
    head->query = (struct slice){ NULL, 0 };
    return 0;
}

/* Where the authority of an absolute-form begins; 0 for another form. */
static size_t scheme_len(struct slice target)
{
    if (target.len > 0 && target.data[0] == '/') /* most are */
        return 0;
    if (target.len > 7 &&
        slice_is_nocase((struct slice){ target.data, 7 }, "http://"))
        return 7;
    if (target.len > 8 &&
        slice_is_nocase((struct slice){ target.data, 8 }, "https://"))
        return 8;
    return 0;
}

/* The authority of an absolute-form target. */
static struct slice target_authority(struct slice target)
{
    struct slice authority = parser_after(target, scheme_len(target));
    size_t len = 0;

    while (len < authority.len && authority.data[len] != '/' &&
           authority.data[len] != '?')
        len++;
    authority.len = len;
    return authority;
}

/* RFC 9112 3.2: origin-form, or absolute-form whose authority has to be the
 * same as Host (which has not been read yet). OPTIONS has the asterisk-form,
 * too, and an absolute-form without a path that means the same (3.2.4). */
static int read_target(struct request_head *head)
{
    struct slice target = head->target;
    struct slice authority;

    if (target.len > PARSER_TARGET_MAX_BYTES)
        return 414;
    if (target.len == 0)
        return 400;
    if (head->method == OPTIONS && slice_is(target, "*"))
        return read_asterisk(head);
    if (scheme_len(target) == 0)
        return target.data[0] == '/' ? parser_read_path(target, head) : 400;
    authority = target_authority(target);
    if (!authority_valid(authority))
        return 400;
    target = parser_after(target, scheme_len(target) + authority.len);
    if (head->method == OPTIONS && target.len == 0)
        return read_asterisk(head);
    return parser_read_path(target, head);
}

/* RFC 9112 3: method SP target SP version, with single spaces. */
static int read_request_line(struct slice line, struct request_head *head)
{
    struct slice rest, version;
    int status;

    if (!parser_cut(line, ' ', &head->method_text, &rest))
        return 400;
    /* Before any refusal: the answer to HEAD has no body. */
    head->method = method_parse(head->method_text);
    if (!parser_cut(rest, ' ', &head->target, &version) ||
        !grammar_token(head->method_text))
        return 400;
    if ((status = read_version(version, head)) != 0)
        return status;
    if (head->method == METHOD_UNKNOWN)
        return 501;
    return read_target(head);
}

/* RFC 9112 6.3, stricter: 1 to 15 digits, once. That many fit in 64 bits with
 * three to spare, for times in milliseconds. */
static int read_length(struct slice value, struct request_head *head)
{
    int64_t length = 0;

    if (value.len == 0 || value.len > 15)
        return 400;
    for (size_t i = 0; i < value.len; i++) {
        if (value.data[i] < '0' || value.data[i] > '9')
            return 400;
        length = length * 10 + (value.data[i] - '0');
    }
    head->content_length = length;
    return 0;
}

/* RFC 9112 9.3: kept alive on HTTP/1.1 unless a member says close. */
static void read_connection(struct slice list, struct request_head *head)
{
    struct slice member;

    while ((member = grammar_next_member(&list)).data != NULL) {
        if (slice_is_nocase(member, "close"))
            head->keep_alive = false;
    }
}

/* The fields that decide on framing; all others are only kept. */
static int read_known_field(struct parser *parser,
                            const struct field_line *field,
                            struct request_head *head)
{
    if (slice_is_nocase(field->name, "host")) {
        if (parser->host_count++ > 0 || !authority_valid(field->value))
            return 400;
        head->host = field->value;
    } else if (slice_is_nocase(field->name, "content-length")) {
        if (parser->length_count++ > 0)
            return 400;
        return read_length(field->value, head);
    } else if (slice_is_nocase(field->name, "transfer-encoding")) {
        parser->encoding_count++;
        parser->chunked = slice_is_nocase(field->value, "chunked");
    } else if (slice_is_nocase(field->name, "connection")) {
        read_connection(field->value, head);
    } else if (slice_is_nocase(field->name, "expect")) {
        head->expects_continue = head->minor_version == 1 &&
                                 slice_is_nocase(field->value, "100-continue");
    }
    return 0;
}

/* Space and tab around a value, nothing else (RFC 9112 5.1). */
static struct slice without_blanks(struct slice value)
{
    while (value.len > 0 && (value.data[0] == ' ' || value.data[0] == '\t'))
        value = parser_after(value, 1);
    while (value.len > 0 && (value.data[value.len - 1] == ' ' ||
                             value.data[value.len - 1] == '\t'))
        value.len--;
    return value;
}

/* RFC 9112 5: a name directly followed by ":"; a folded line has no name. */
static int parser_read_field(struct parser *parser, struct slice line,
                             struct request_head *head)
{
    struct field_line *field;

    if (head->field_count == PARSER_FIELDS_MAX)
        return 431;
    field = &head->fields[head->field_count];
    if (!parser_cut(line, ':', &field->name, &field->value) ||
        !grammar_token(field->name) || !grammar_field_value(field->value))
        return 400;
    /* White space is allowed here, but not all take a tab for it: framing
     * that two parsers could read differently is refused. */
    if ((slice_is_nocase(field->name, "content-length") ||
         slice_is_nocase(field->name, "transfer-encoding")) &&
        memchr(field->value.data, '\t', field->value.len) != NULL)
        return 400;
    field->value = without_blanks(field->value);
    head->field_count++;
    return read_known_field(parser, field, head);
}

/* What can only be judged once every field is there. */
static int read_end(const struct parser *parser, struct request_head *head)
{
    size_t scheme = scheme_len(head->target);

    /* RFC 9112 6.1 and 6.3, stricter: no other coding, and never beside a
     * length. A proxy that believes the other one of the two would see another
     * request begin in the body. */
    if (parser->encoding_count > 0) {
        if (parser->encoding_count > 1 || !parser->chunked ||
            parser->length_count > 0 || head->minor_version == 0)
            return 501;
        head->chunked = true;
    }
    if (head->minor_version == 1 && parser->host_count == 0)
        return 400;
    if (scheme > 0 && !authority_same(target_authority(head->target),
                                      head->host, scheme == 7 ? "80" : "443"))
        return 400;
    return 0;
}

static int parser_read_line(struct parser *parser, struct slice line,
                            struct request_head *head, bool *complete)
{
    int status;

    if (parser->started) {
        *complete = line.len == 0;
        return *complete ? read_end(parser, head)
                         : parser_read_field(parser, line, head);
    }
    /* RFC 9112 2.2 asks to ignore one empty line before a request: old clients
     * sent one after a body. */
    if (line.len == 0) {
        if (parser->skipped_empty)
            return 400;
        parser->skipped_empty = true;
        return 0;
    }
    head->host = SLICE("");
    head->content_length = 0;
    head->chunked = false;
    head->field_count = 0;
    head->expects_continue = false;
    if ((status = read_request_line(line, head)) != 0)
        return status;
    head->keep_alive = head->minor_version == 1;
    parser->started = true;
    return 0;
}

/* The line that begins at line_start and reaches `end` is too long. Judged on
 * the bytes seen so far, so that a slow sender gets the same answer. */
static int over_limit(const struct parser *parser, size_t end)
{
    if (!parser->started && end - parser->line_start > REQUEST_LINE_MAX_BYTES)
        return 414;
    return end > PARSER_HEAD_MAX_BYTES ? 431 : 0;
}

/* The answer to HEAD has no body, also when its line is too long to read. */
static void note_method(const struct parser *parser, struct slice bytes,
                        struct request_head *head)
{
    struct slice line = { bytes.data + parser->line_start,
                          bytes.len - parser->line_start };
    struct slice rest;

    if (!parser->started && parser_cut(line, ' ', &head->method_text, &rest))
        head->method = method_parse(head->method_text);
}

int parser_feed(struct parser *parser, struct slice bytes,
                struct request_head *head, size_t *head_len)
{
    bool complete = false;
    int status;

    *head_len = 0;
    while (parser->scanned < bytes.len) {
        const char *from = bytes.data + parser->scanned;
        const char *end = memchr(from, '\n', bytes.len - parser->scanned);
        size_t stop = end != NULL ? (size_t)(end - bytes.data) + 1 : bytes.len;
        struct slice line = { bytes.data + parser->line_start, 0 };

        if ((status = over_limit(parser, stop)) != 0) {
            note_method(parser, bytes, head);
            return status;
        }
        parser->scanned = stop;
        if (end == NULL)
            return 0;
        line.len = stop - parser->line_start - 1;
        /* RFC 9112 2.2 lets a bare LF pass; a proxy in front that doesn't would
         * see another end of the head. */
        if (line.len == 0 || line.data[line.len - 1] != '\r')
            return 400;
        line.len--;
        parser->line_start = stop;
        if ((status = parser_read_line(parser, line, head, &complete)) != 0)
            return status;
        if (complete) {
            *head_len = stop;
            return 0;
        }
    }
    return 0;
}

struct slice head_field(const struct request_head *head, const char *name)
{
    struct slice wanted = slice_of(name);

    for (size_t i = 0; i < head->field_count; i++) {
        if (slice_equal_nocase(head->fields[i].name, wanted))
            return head->fields[i].value;
    }
    return (struct slice){ NULL, 0 };
}

bool field_name_valid(struct slice name)
{
    return grammar_token(name);
}

size_t head_field_count(const struct request_head *head, const char *name)
{
    size_t count = 0;

    for (size_t i = 0; i < head->field_count; i++)
        count += slice_is_nocase(head->fields[i].name, name);
    return count;
}
