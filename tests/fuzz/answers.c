/* Takes a connection's answers apart, strictly, and compares them with what
 * was expected. */
#include "answers.h"

#include "cafe/http/response.h"
#include "fuzz.h"

static const char continue_line[] = "HTTP/1.1 100 Continue\r\n\r\n";

/* The fields of an answer that matter for its framing. */
struct head {
    int status;
    size_t len;
    int lengths, dates, ids, connections, allows, retries;
    uint64_t length;
};

/* A line of the head, without its CRLF. */
static struct slice take_line(struct slice *head)
{
    const char *end = memmem(head->data, head->len, "\r\n", 2);
    struct slice line = *head;

    CHECK(end != NULL);
    line.len = (size_t)(end - line.data);
    head->data += line.len + 2;
    head->len -= line.len + 2;
    CHECK(line.len == 0 || memchr(line.data, '\n', line.len) == NULL);
    CHECK(line.len == 0 || memchr(line.data, '\r', line.len) == NULL);
    return line;
}

static void read_field(struct slice line, struct head *head)
{
    struct slice value = line;
    struct slice name = slice_cut(&value, ':');

    CHECK(name.len > 0 && value.len > 1 && value.data[0] == ' ');
    CHECK(memchr(name.data, ' ', name.len) == NULL);
    value = (struct slice){ value.data + 1, value.len - 1 };
    if (slice_is_nocase(name, "content-length")) {
        head->lengths++;
        CHECK(slice_number(value, INT32_MAX, &head->length) == OK);
    }
    head->dates += slice_is_nocase(name, "date");
    head->ids += slice_is_nocase(name, "x-request-id");
    head->allows += slice_is_nocase(name, "allow");
    head->retries += slice_is_nocase(name, "retry-after");
    if (slice_is_nocase(name, "connection")) {
        head->connections++;
        CHECK(slice_is(value, "close"));
    }
    CHECK(!slice_is_nocase(name, "transfer-encoding"));
    CHECK(!slice_is_nocase(name, "set-cookie"));
}

/* Read a head that is whole; false when it is not yet. */
static bool read_head(struct slice bytes, struct head *head)
{
    const char *end = memmem(bytes.data, bytes.len, "\r\n\r\n", 4);
    struct slice line;
    uint64_t status;

    memset(head, 0, sizeof(*head));
    if (end == NULL)
        return false;
    bytes.len = head->len = (size_t)(end - bytes.data) + 4;
    line = take_line(&bytes);
    CHECK(line.len > 13 && memcmp(line.data, "HTTP/1.1 ", 9) == 0);
    CHECK(slice_number((struct slice){ line.data + 9, 3 }, 599, &status) == OK);
    head->status = (int)status;
    CHECK(line.data[12] == ' ');
    CHECK(slice_is((struct slice){ line.data + 13, line.len - 13 },
                   status_reason(head->status)));
    while ((line = take_line(&bytes)).len > 0)
        read_field(line, head);
    CHECK(bytes.len == 0);
    return true;
}

static void check_head(const struct head *head, const struct expected *wanted)
{
    bool unchanged = head->status == 304 && wanted->may_be_304;

    if (head->status != wanted->status && !unchanged)
        fprintf(stderr, "%d instead of %d\n", head->status, wanted->status);
    CHECK(head->status == wanted->status || unchanged);
    CHECK(head->status >= 200);
    CHECK(head->dates == 1 && head->ids == 1);
    CHECK(head->lengths == (head->status != 204 && head->status != 304));
    CHECK(head->connections == (wanted->ending == CLOSES));
    CHECK(head->allows == (head->status == 405 || wanted->options));
    CHECK(head->retries == (head->status == 503));
}

static struct slice body_of(const struct expected *wanted)
{
    if (wanted->page != NULL)
        return text_slice(&wanted->page->body);
    return slice_of(wanted->body);
}

/* Go past 100 Continue where it may be. Its beginning alone is no answer. */
static bool skip_continue(struct answers *answers, bool allowed)
{
    size_t len = sizeof(continue_line) - 1;
    struct slice *bytes = &answers->bytes;

    if (bytes->len < 13)
        return false;
    if (memcmp(bytes->data, continue_line, 13) != 0)
        return true;
    if (bytes->len < len)
        return false;
    CHECK(allowed && !answers->continued);
    CHECK(memcmp(bytes->data, continue_line, len) == 0);
    answers->continued = true;
    bytes->data += len;
    bytes->len -= len;
    return bytes->len > 0;
}

/* Take the next answer; false when it is not whole yet. */
static bool take(struct answers *answers, const struct expected *wanted)
{
    struct slice body = body_of(wanted);
    struct head head;

    if (!skip_continue(answers, wanted->may_continue) ||
        !read_head(answers->bytes, &head))
        return false;
    check_head(&head, wanted);
    CHECK(head.lengths == 0 || head.length == body.len);
    if (wanted->bodyless || head.status == 304)
        body.len = 0;
    if (answers->bytes.len < head.len + body.len)
        return false;
    CHECK(body.len == 0 ||
          memcmp(answers->bytes.data + head.len, body.data, body.len) == 0);
    answers->bytes.data += head.len + body.len;
    answers->bytes.len -= head.len + body.len;
    answers->count++;
    answers->continued = false;
    return true;
}

bool answers_check(struct answers *answers, const struct model *model)
{
    while (answers->count < model->count) {
        if (!take(answers, &model->answers[answers->count]))
            return false;
    }
    if (answers->bytes.len > 0)
        skip_continue(answers,
                      model->rest == REST_BODY && model->rest_may_continue);
    CHECK(answers->bytes.len < sizeof(continue_line) - 1);
    CHECK(memcmp(answers->bytes.data, continue_line, answers->bytes.len) == 0);
    CHECK(answers->bytes.len == 0 || model->rest == REST_BODY);
    return true;
}
