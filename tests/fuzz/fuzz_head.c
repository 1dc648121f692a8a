/* The request head: whatever the split, parser_feed() finds the same, and it
 * never looks behind the bytes it was given. The first two bytes of an input
 * choose where long heads are split. */
#include <sanitizer/asan_interface.h>

#include "cafe/http/parser.h"
#include "fuzz.h"

enum { EVERY_SPLIT_MAX_BYTES = 96, STEP_MAX_BYTES = 600 };

struct outcome {
    int status;
    size_t head_len;
    struct request_head head;
};

static bool is_refusal(int status)
{
    return status == 400 || status == 414 || status == 431 || status == 501 ||
           status == 505;
}

static bool same_place(struct slice a, struct slice b)
{
    return a.len == b.len && (a.len == 0 || a.data == b.data);
}

/* Everything that a complete head says is the same. */
static void check_same_head(const struct request_head *a,
                            const struct request_head *b)
{
    CHECK(a->method == b->method);
    CHECK(same_place(a->method_text, b->method_text));
    CHECK(same_place(a->target, b->target));
    CHECK(slice_equal(a->path, b->path));
    CHECK(same_place(a->query, b->query));
    CHECK((a->query.data == NULL) == (b->query.data == NULL));
    CHECK(same_place(a->host, b->host));
    CHECK(a->minor_version == b->minor_version);
    CHECK(a->keep_alive == b->keep_alive);
    CHECK(a->expects_continue == b->expects_continue);
    CHECK(a->content_length == b->content_length);
    CHECK(a->chunked == b->chunked);
    CHECK(a->field_count == b->field_count);
    for (size_t i = 0; i < a->field_count; i++) {
        CHECK(same_place(a->fields[i].name, b->fields[i].name));
        CHECK(same_place(a->fields[i].value, b->fields[i].value));
    }
}

static void check_same(const struct outcome *a, const struct outcome *b)
{
    CHECK(a->status == b->status);
    CHECK(a->head_len == b->head_len);
    if (a->head_len > 0)
        check_same_head(&a->head, &b->head);
}

/* What holds for each head that is accepted. */
static void check_accepted(const struct outcome *found, struct slice bytes)
{
    const struct request_head *head = &found->head;
    struct slice own = { bytes.data, found->head_len };

    CHECK(found->head_len <= bytes.len);
    CHECK(found->head_len <= PARSER_HEAD_MAX_BYTES);
    CHECK(memcmp(own.data + own.len - 4, "\r\n\r\n", 4) == 0);
    CHECK(head->method != METHOD_UNKNOWN);
    CHECK(slice_is(head->method_text, method_name(head->method)));
    CHECK(fuzz_within(head->target, own));
    CHECK(head->target.len <= PARSER_TARGET_MAX_BYTES);
    CHECK(head->path.len > 0 &&
          (head->path.data[0] == '/' ||
           (head->method == OPTIONS && slice_is(head->path, "*"))));
    CHECK(memchr(head->path.data, '#', head->path.len) == NULL);
    CHECK(head->minor_version == 0 || head->minor_version == 1);
    CHECK(head->minor_version == 1 || !head->keep_alive);
    CHECK(head->minor_version == 0 || head_field_count(head, "Host") == 1);
    CHECK(head_field_count(head, "Content-Length") <= 1);
    CHECK(head_field_count(head, "Transfer-Encoding") == head->chunked);
    CHECK(!head->chunked || (head_field_count(head, "Content-Length") == 0 &&
                             head->minor_version == 1));
    CHECK(head->content_length >= 0);
    CHECK(head->field_count <= PARSER_FIELDS_MAX);
    for (size_t i = 0; i < head->field_count; i++) {
        CHECK(fuzz_within(head->fields[i].name, own));
        CHECK(fuzz_within(head->fields[i].value, own));
        CHECK(head->fields[i].name.len > 0);
    }
}

/* Feed a prefix, with the bytes after it out of reach. */
static int feed_prefix(struct parser *parser, struct slice bytes, size_t len,
                       struct request_head *head, size_t *head_len)
{
    int status;

    ASAN_POISON_MEMORY_REGION(bytes.data + len, bytes.len - len);
    status =
        parser_feed(parser, (struct slice){ bytes.data, len }, head, head_len);
    ASAN_UNPOISON_MEMORY_REGION(bytes.data + len, bytes.len - len);
    return status;
}

static void feed_whole(struct slice bytes, struct outcome *found)
{
    struct parser parser = { 0 };

    found->status = parser_feed(&parser, bytes, &found->head, &found->head_len);
}

static void check_split(struct slice bytes, size_t at,
                        const struct outcome *whole)
{
    static struct outcome found;
    struct parser parser = { 0 };

    found.status =
        feed_prefix(&parser, bytes, at, &found.head, &found.head_len);
    if (found.status == 0 && found.head_len == 0)
        found.status =
            parser_feed(&parser, bytes, &found.head, &found.head_len);
    check_same(whole, &found);
}

/* The same in steps of one size. */
static void check_steps(struct slice bytes, size_t step,
                        const struct outcome *whole)
{
    static struct outcome found;
    struct parser parser = { 0 };
    size_t at = 0;

    found.status = 0;
    found.head_len = 0;
    while (at < bytes.len && found.status == 0 && found.head_len == 0) {
        at = bytes.len - at < step ? bytes.len : at + step;
        found.status =
            feed_prefix(&parser, bytes, at, &found.head, &found.head_len);
    }
    check_same(whole, &found);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct outcome whole;
    struct slice bytes = fuzz_slice(data, size);
    size_t choice = fuzz_take(&bytes) * 256;

    choice += fuzz_take(&bytes);
    feed_whole(bytes, &whole);
    CHECK(whole.status == 0 || is_refusal(whole.status));
    CHECK(whole.status == 0 || whole.head_len == 0);
    if (whole.head_len > 0)
        check_accepted(&whole, bytes);
    for (size_t at = 0; at <= bytes.len && bytes.len <= EVERY_SPLIT_MAX_BYTES;
         at++)
        check_split(bytes, at, &whole);
    check_split(bytes, choice % (bytes.len + 1), &whole);
    if (whole.head_len > 0) /* nothing after the head counts */
        check_split(bytes, whole.head_len, &whole);
    check_steps(bytes, bytes.len > STEP_MAX_BYTES ? 1 + choice % 256 : 1,
                &whole);
    return 0;
}
