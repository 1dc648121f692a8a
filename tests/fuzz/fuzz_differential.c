/* Whatever our parser accepts, llhttp in strict mode accepts too, with the
 * same method, target, fields, and length of the body; of a chunked one with
 * the same bytes and end. */
#include <llhttp.h>

#include "cafe/http/parser.h"
#include "chunked.h"
#include "fuzz.h"
#include "grammar.h"

enum { SPANS_MAX_BYTES = PARSER_HEAD_MAX_BYTES + 1, BODY_FED_MAX_BYTES = 4096 };

/* Bytes that llhttp hands over in pieces. */
struct span {
    size_t start, len; /* in `bytes` of struct other */
};

/* What llhttp found. */
struct other {
    llhttp_t parser;
    char bytes[SPANS_MAX_BYTES];
    size_t used;
    struct span target;
    struct span names[PARSER_FIELDS_MAX], values[PARSER_FIELDS_MAX];
    size_t name_count, value_count;
    bool name_open, value_open;
    int heads, messages;
    size_t body_len;
    char body[BODY_FED_MAX_BYTES];
    int keep_alive; /* noted when the head was complete */
    uint64_t content_length;
};

static uint64_t runs, accepted, chunked;

static void append(struct other *other, struct span *span, bool begins,
                   const char *at, size_t len)
{
    CHECK(len <= sizeof(other->bytes) - other->used);
    if (begins)
        *span = (struct span){ other->used, 0 };
    memcpy(other->bytes + other->used, at, len);
    other->used += len;
    span->len += len;
}

static int on_url(llhttp_t *parser, const char *at, size_t len)
{
    struct other *other = parser->data;

    append(other, &other->target, other->target.len == 0, at, len);
    return 0;
}

static int on_name(llhttp_t *parser, const char *at, size_t len)
{
    struct other *other = parser->data;

    CHECK(other->name_count < PARSER_FIELDS_MAX);
    append(other, &other->names[other->name_count], !other->name_open, at, len);
    other->name_open = true;
    return 0;
}

static int on_name_end(llhttp_t *parser)
{
    struct other *other = parser->data;

    other->name_open = false;
    other->name_count++;
    return 0;
}

static int on_value(llhttp_t *parser, const char *at, size_t len)
{
    struct other *other = parser->data;

    CHECK(other->value_count < PARSER_FIELDS_MAX);
    append(other, &other->values[other->value_count], !other->value_open, at,
           len);
    other->value_open = true;
    return 0;
}

static int on_value_end(llhttp_t *parser)
{
    struct other *other = parser->data;

    other->value_open = false;
    other->value_count++;
    return 0;
}

static int on_head(llhttp_t *parser)
{
    struct other *other = parser->data;

    other->heads++;
    other->keep_alive = llhttp_should_keep_alive(parser);
    other->content_length = parser->content_length;
    return 0;
}

static int on_body(llhttp_t *parser, const char *at, size_t len)
{
    struct other *other = parser->data;

    CHECK(len <= sizeof(other->body) - other->body_len);
    memcpy(other->body + other->body_len, at, len);
    other->body_len += len;
    return 0;
}

static int on_message(llhttp_t *parser)
{
    struct other *other = parser->data;

    other->messages++;
    return 0;
}

static llhttp_settings_t settings;

static void tell(void)
{
    fprintf(stderr,
            "heads that both accepted: %llu of %llu runs; chunked bodies: "
            "%llu\n",
            (unsigned long long)accepted, (unsigned long long)runs,
            (unsigned long long)chunked);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    llhttp_settings_init(&settings);
    settings.on_url = on_url;
    settings.on_header_field = on_name;
    settings.on_header_field_complete = on_name_end;
    settings.on_header_value = on_value;
    settings.on_header_value_complete = on_value_end;
    settings.on_headers_complete = on_head;
    settings.on_body = on_body;
    settings.on_message_complete = on_message;
    return atexit(tell);
}

/* What comes after a request to upgrade is llhttp's user's business: it
 * pauses, and has accepted. */
static void feed(struct other *other, const char *bytes, size_t len)
{
    llhttp_errno_t found = llhttp_execute(&other->parser, bytes, len);

    if (found != HPE_OK && found != HPE_PAUSED_UPGRADE)
        fprintf(stderr, "llhttp: %s: %s\n", llhttp_errno_name(found),
                llhttp_get_error_reason(&other->parser));
    CHECK(found == HPE_OK || found == HPE_PAUSED_UPGRADE);
}

static struct slice text_of(const struct other *other, struct span span)
{
    return (struct slice){ other->bytes + span.start, span.len };
}

/* llhttp leaves white space after a value to its user (RFC 9112 5.1). */
static struct slice without_blanks(struct slice value)
{
    while (value.len > 0 && (value.data[value.len - 1] == ' ' ||
                             value.data[value.len - 1] == '\t'))
        value.len--;
    return value;
}

/* Whether every Connection field is a list of tokens, and the only one of its
 * kind: llhttp reads Proxy-Connection as the same. Where parsers find
 * something else it does no harm: framing is not touched. */
static bool connection_is_clear(const struct request_head *head)
{
    for (size_t i = 0; i < head->field_count; i++) {
        struct slice list = head->fields[i].value;
        struct slice member;

        if (slice_is_nocase(head->fields[i].name, "proxy-connection"))
            return false;
        if (!slice_is_nocase(head->fields[i].name, "connection"))
            continue;
        while ((member = grammar_next_member(&list)).data != NULL) {
            if (!grammar_token(member))
                return false;
        }
    }
    return true;
}

static void check_head(const struct other *other,
                       const struct request_head *head)
{
    CHECK(other->heads == 1);
    CHECK(slice_is(head->method_text,
                   llhttp_method_name((llhttp_method_t)other->parser.method)));
    CHECK(other->parser.http_major == 1);
    CHECK(other->parser.http_minor == head->minor_version);
    CHECK(slice_equal(text_of(other, other->target), head->target));
    CHECK(other->name_count == head->field_count);
    CHECK(other->value_count == head->field_count);
    for (size_t i = 0; i < head->field_count; i++) {
        CHECK(
            slice_equal(text_of(other, other->names[i]), head->fields[i].name));
        CHECK(slice_equal(without_blanks(text_of(other, other->values[i])),
                          head->fields[i].value));
    }
    CHECK(other->content_length == (uint64_t)head->content_length);
    if (head->keep_alive && connection_is_clear(head))
        CHECK(other->keep_alive);
}

/* Feed a body of the announced length: it ends with its last byte. */
static void check_body(struct other *other, size_t len)
{
    static const char zeros[BODY_FED_MAX_BYTES];

    if (len > 0) {
        CHECK(other->messages == 0);
        feed(other, zeros, len - 1);
        CHECK(other->messages == 0);
        feed(other, zeros, 1);
    }
    CHECK(other->messages == 1);
    CHECK(other->body_len == len);
}

/* llhttp 8.1 can't read an extension after a value without quotes. */
static bool is_beyond_llhttp(struct slice bytes)
{
    bool in_value = false;

    for (size_t i = 0; i < bytes.len; i++) {
        struct slice byte = { bytes.data + i, 1 };

        if (in_value && bytes.data[i] == ';')
            return true;
        in_value = bytes.data[i] == '=' || (in_value && grammar_token(byte));
    }
    return false;
}

/* Feed a chunked body that we have taken: it ends with the same byte. */
static void check_chunks(struct other *other, struct slice bytes)
{
    static struct chunk_reader reader;
    struct text body;
    size_t len;
    int status;

    memset(&reader, 0, sizeof(reader));
    reader.max_bytes = BODY_FED_MAX_BYTES;
    text_init(&body, 0);
    status = chunks_feed(&reader, bytes, &body, &len);
    if (status == 0 && reader.part == CHUNK_END &&
        !is_beyond_llhttp((struct slice){ bytes.data, len })) {
        chunked++;
        feed(other, bytes.data, len - 1);
        CHECK(other->messages == 0);
        feed(other, bytes.data + len - 1, 1);
        CHECK(other->messages == 1);
        CHECK(slice_equal((struct slice){ other->body, other->body_len },
                          text_slice(&body)));
    }
    text_free(&body);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct request_head head;
    static struct other other;
    struct parser parser = { 0 };
    size_t head_len;

    runs++;
    if (parser_feed(&parser, fuzz_slice(data, size), &head, &head_len) != 0 ||
        head_len == 0)
        return 0;
    accepted++;
    memset(&other, 0, offsetof(struct other, bytes));
    memset(&other.used, 0,
           offsetof(struct other, body) - offsetof(struct other, used));
    other.keep_alive = 0;
    other.content_length = 0;
    llhttp_init(&other.parser, HTTP_REQUEST, &settings);
    other.parser.data = &other;
    feed(&other, (const char *)data, head_len - 1);
    CHECK(other.heads == 0);
    feed(&other, (const char *)data + head_len - 1, 1);
    check_head(&other, &head);
    if (head.chunked)
        check_chunks(&other, (struct slice){ (const char *)data + head_len,
                                             size - head_len });
    else if (head.content_length <= BODY_FED_MAX_BYTES)
        check_body(&other, (size_t)head.content_length);
    return 0;
}
