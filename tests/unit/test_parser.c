/* The request head parser: each rule from both sides, and every split. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "cafe/http/parser.h"

#define HOST "Host: a\r\n"
#define GET_LINE "GET / HTTP/1.1\r\n"

/* A head and the status it gets; 0 is accepted. */
struct row {
    const char *bytes;
    int status;
};

static const struct row rows[] = {
    /* Request line. */
    { GET_LINE HOST "\r\n", 0 },
    { "\r\n" GET_LINE HOST "\r\n", 0 },
    { "\r\n\r\n" GET_LINE HOST "\r\n", 400 },
    { "\n" GET_LINE HOST "\r\n", 400 },
    { "GET  / HTTP/1.1\r\n" HOST "\r\n", 400 },
    { " GET / HTTP/1.1\r\n" HOST "\r\n", 400 },
    { "GET / HTTP/1.1 \r\n" HOST "\r\n", 400 },
    { "GET\t/ HTTP/1.1\r\n" HOST "\r\n", 400 },
    { "GET /\r\n" HOST "\r\n", 400 },
    { "GET / HTTP/1.1\n" HOST "\r\n", 400 },
    { "GET / HTTP/1.1\r" HOST "\r\n", 400 },
    { "G(T / HTTP/1.1\r\n" HOST "\r\n", 400 },
    { "get / HTTP/1.1\r\n" HOST "\r\n", 501 },
    { "BREW / HTTP/1.1\r\n" HOST "\r\n", 501 },
    { "CONNECT a:80 HTTP/1.1\r\n" HOST "\r\n", 501 },
    { "OPTIONS / HTTP/1.1\r\n" HOST "\r\n", 0 },
    { "GET / HTTP/1.0\r\n\r\n", 0 },
    { "GET / HTTP/1.2\r\n" HOST "\r\n", 505 },
    { "GET / HTTP/2.0\r\n" HOST "\r\n", 505 },
    { "GET / HTTP/0.9\r\n" HOST "\r\n", 505 },
    { "GET / HTTP/1.10\r\n" HOST "\r\n", 400 },
    { "GET / http/1.1\r\n" HOST "\r\n", 400 },
    /* Target. */
    { "GET suppliers HTTP/1.1\r\n" HOST "\r\n", 400 },
    { "GET * HTTP/1.1\r\n" HOST "\r\n", 400 },
    { "OPTIONS * HTTP/1.1\r\n" HOST "\r\n", 0 },
    { "OPTIONS http://a HTTP/1.1\r\n" HOST "\r\n", 0 },
    { "OPTIONS http://b HTTP/1.1\r\n" HOST "\r\n", 400 },
    { "OPTIONS ** HTTP/1.1\r\n" HOST "\r\n", 400 },
    { "OPTIONS *?a HTTP/1.1\r\n" HOST "\r\n", 400 },
    { "OPTIONS http://a* HTTP/1.1\r\n" HOST "\r\n", 400 },
    { "GET * HTTP/1.1\r\n" HOST "\r\n", 400 },
    { "POST * HTTP/1.1\r\n" HOST "\r\n", 400 },
    { "GET //a/b HTTP/1.1\r\n" HOST "\r\n", 0 },
    { "GET /a[1] HTTP/1.1\r\n" HOST "\r\n", 0 },
    { "GET /a{1} HTTP/1.1\r\n" HOST "\r\n", 400 },
    { "GET /a\\b HTTP/1.1\r\n" HOST "\r\n", 400 },
    { "GET /a|b HTTP/1.1\r\n" HOST "\r\n", 400 },
    { "GET /a^b HTTP/1.1\r\n" HOST "\r\n", 400 },
    { "GET /a`b HTTP/1.1\r\n" HOST "\r\n", 400 },
    { "GET /a\"b HTTP/1.1\r\n" HOST "\r\n", 400 },
    { "GET /<a> HTTP/1.1\r\n" HOST "\r\n", 400 },
    { "GET /a#b HTTP/1.1\r\n" HOST "\r\n", 400 },
    { "GET /a?b#c HTTP/1.1\r\n" HOST "\r\n", 400 },
    { "GET /a?b=[{|\\^`}] HTTP/1.1\r\n" HOST "\r\n", 0 },
    { "GET /a?b=<c> HTTP/1.1\r\n" HOST "\r\n", 400 },
    { "GET /a?b=\"c\" HTTP/1.1\r\n" HOST "\r\n", 400 },
    { "GET /\xc3\xa9 HTTP/1.1\r\n" HOST "\r\n", 400 },
    { "GET /a\x7f HTTP/1.1\r\n" HOST "\r\n", 400 },
    { "GET /%41 HTTP/1.1\r\n" HOST "\r\n", 0 },
    { "GET /%4 HTTP/1.1\r\n" HOST "\r\n", 400 },
    { "GET /% HTTP/1.1\r\n" HOST "\r\n", 400 },
    { "GET /%4g HTTP/1.1\r\n" HOST "\r\n", 400 },
    { "GET /%00 HTTP/1.1\r\n" HOST "\r\n", 400 },
    { "GET /?%00 HTTP/1.1\r\n" HOST "\r\n", 400 },
    { "GET /?%zz HTTP/1.1\r\n" HOST "\r\n", 400 },
    { "GET /. HTTP/1.1\r\n" HOST "\r\n", 400 },
    { "GET /a/../b HTTP/1.1\r\n" HOST "\r\n", 400 },
    { "GET /a/%2e%2E/b HTTP/1.1\r\n" HOST "\r\n", 400 },
    { "GET /a/.%2fb HTTP/1.1\r\n" HOST "\r\n", 400 },
    { "GET /a%2f..%2fb HTTP/1.1\r\n" HOST "\r\n", 400 },
    { "GET /a%5c..%5cb HTTP/1.1\r\n" HOST "\r\n", 400 },
    { "GET /.../..a/b.. HTTP/1.1\r\n" HOST "\r\n", 0 },
    { "GET /a?../.. HTTP/1.1\r\n" HOST "\r\n", 0 },
    { "GET http://a/b HTTP/1.1\r\n" HOST "\r\n", 0 },
    { "GET HTTP://A:80/b HTTP/1.1\r\n" HOST "\r\n", 0 },
    { "GET http://a?b HTTP/1.1\r\n" HOST "\r\n", 0 },
    { "GET https://a:443/ HTTP/1.1\r\n" HOST "\r\n", 0 },
    { "GET http://a:443/ HTTP/1.1\r\n" HOST "\r\n", 400 },
    { "GET http://b/ HTTP/1.1\r\n" HOST "\r\n", 400 },
    { "GET http://u@a/ HTTP/1.1\r\n" HOST "\r\n", 400 },
    { "GET http:///a HTTP/1.1\r\n" HOST "\r\n", 400 },
    { "GET ftp://a/ HTTP/1.1\r\n" HOST "\r\n", 400 },
    /* Host. */
    { GET_LINE "\r\n", 400 },
    { GET_LINE HOST HOST "\r\n", 400 },
    { GET_LINE "Host:\r\n\r\n", 400 },
    { GET_LINE "Host: a b\r\n\r\n", 400 },
    { GET_LINE "Host: a,b\r\n\r\n", 0 },
    { GET_LINE "Host: u@a\r\n\r\n", 400 },
    { GET_LINE "Host: a/b\r\n\r\n", 400 },
    { GET_LINE "Host: a:80\r\n\r\n", 0 },
    { GET_LINE "Host: a:\r\n\r\n", 400 },
    { GET_LINE "Host: a:65536\r\n\r\n", 400 },
    { GET_LINE "Host: :80\r\n\r\n", 400 },
    { GET_LINE "Host: [::1]:80\r\n\r\n", 0 },
    { GET_LINE "Host: [::1\r\n\r\n", 400 },
    { GET_LINE "Host: [::g]\r\n\r\n", 400 },
    { "GET / HTTP/1.0\r\nHost: a b\r\n\r\n", 400 },
    /* Fields. */
    { GET_LINE HOST "A: b\r\n\r\n", 0 },
    { GET_LINE HOST "A:\r\n\r\n", 0 },
    { GET_LINE HOST "A: \xc3\xa9\tb\r\n\r\n", 0 },
    { GET_LINE HOST "A : b\r\n\r\n", 400 },
    { GET_LINE HOST ": b\r\n\r\n", 400 },
    { GET_LINE HOST "A\r\n\r\n", 400 },
    { GET_LINE HOST "A: b\r\n c\r\n\r\n", 400 },
    { GET_LINE HOST " A: b\r\n\r\n", 400 },
    { GET_LINE HOST "A: b\n\r\n", 400 },
    { GET_LINE HOST "A: b\rc\r\n\r\n", 400 },
    { GET_LINE HOST "A: \x01\r\n\r\n", 400 },
    { GET_LINE HOST "A: \x7f\r\n\r\n", 400 },
    { GET_LINE HOST "A(: b\r\n\r\n", 400 },
    /* Framing. */
    { "POST / HTTP/1.1\r\n" HOST "Content-Length: 5\r\n\r\n", 0 },
    { GET_LINE HOST "Content-Length: 5\r\n\r\n", 0 },
    { GET_LINE HOST "Content-Length: 007\r\n\r\n", 0 },
    { GET_LINE HOST "Content-Length: 123456789012345\r\n\r\n", 0 },
    { GET_LINE HOST "Content-Length: 1234567890123456\r\n\r\n", 400 },
    { GET_LINE HOST "Content-Length:\r\n\r\n", 400 },
    { GET_LINE HOST "Content-Length: +5\r\n\r\n", 400 },
    { GET_LINE HOST "Content-Length: -5\r\n\r\n", 400 },
    { GET_LINE HOST "Content-Length: 0x5\r\n\r\n", 400 },
    { GET_LINE HOST "Content-Length: 5, 5\r\n\r\n", 400 },
    { GET_LINE HOST "Content-Length: 5\r\nContent-Length: 5\r\n\r\n", 400 },
    { GET_LINE HOST "Transfer-Encoding: chunked\r\n\r\n", 0 },
    { GET_LINE HOST "Transfer-Encoding: Chunked\r\n\r\n", 0 },
    { GET_LINE "Transfer-Encoding: chunked\r\n\r\n", 400 },
    { GET_LINE HOST "Transfer-Encoding: gzip, chunked\r\n\r\n", 501 },
    { GET_LINE HOST "Transfer-Encoding: identity\r\n\r\n", 501 },
    { GET_LINE HOST "Transfer-Encoding: chunked\r\n"
                    "Transfer-Encoding: chunked\r\n\r\n",
      501 },
    { GET_LINE HOST "Transfer-Encoding: chunked\r\n"
                    "Content-Length: 5\r\n\r\n",
      501 },
    { "GET / HTTP/1.0\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n", 501 },
};

/* Parse in steps of `step` bytes, from a copy without a byte to spare. */
static int parse(const char *bytes, size_t len, size_t step,
                 struct request_head *head, size_t *head_len)
{
    struct parser parser = { 0 };
    char *copy = malloc(len);
    size_t have = 0;
    int status = 0;

    assert_non_null(copy);
    memcpy(copy, bytes, len);
    *head_len = 0;
    while (have < len && status == 0 && *head_len == 0) {
        have = have + step < len ? have + step : len;
        status =
            parser_feed(&parser, (struct slice){ copy, have }, head, head_len);
    }
    free(copy);
    return status;
}

static void every_rule_holds_whatever_the_split(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        size_t len = strlen(rows[i].bytes);

        for (size_t step = 1; step <= len; step++) {
            struct request_head head = { 0 };
            size_t head_len;
            int status = parse(rows[i].bytes, len, step, &head, &head_len);

            if (status != rows[i].status || (head_len == len) == (status != 0))
                fail_msg("%s: got %d, want %d, split by %zu", rows[i].bytes,
                         status, rows[i].status, step);
        }
    }
}

static void nul_is_refused_everywhere(void **state)
{
    static const char good[] = GET_LINE HOST "A: b\r\n\r\n";

    (void)state;
    for (size_t at = 0; at + 2 < sizeof(good) - 1; at++) {
        char bytes[sizeof(good)];
        struct request_head head = { 0 };
        size_t head_len;

        memcpy(bytes, good, sizeof(good));
        bytes[at] = '\0';
        assert_int_not_equal(
            parse(bytes, sizeof(good) - 1, 7, &head, &head_len), 0);
    }
}

/* Build "GET /aaa… HTTP/1.1" and `fields` fields of `value` bytes. */
static int parse_sized(size_t target, size_t fields, size_t value, size_t step)
{
    struct text text;
    struct request_head head = { 0 };
    size_t head_len;
    int status;

    text_init(&text, 0);
    text_append_string(&text, "GET /");
    for (size_t i = 1; i < target; i++)
        text_append_char(&text, 'a');
    text_append_string(&text, " HTTP/1.1\r\n" HOST);
    for (size_t i = 1; i < fields; i++) {
        text_append_string(&text, "A: ");
        for (size_t j = 0; j < value; j++)
            text_append_char(&text, 'b');
        text_append_string(&text, "\r\n");
    }
    text_append_string(&text, "\r\n");
    assert_false(text.failed);
    status = parse(text.data, text.len, step, &head, &head_len);
    text_free(&text);
    return status;
}

static void limits_do_not_depend_on_the_split(void **state)
{
    static const struct {
        size_t target, fields, value;
        int status;
    } sized[] = {
        { 8192, 1, 0, 0 },      { 8193, 1, 0, 414 },  { 8300, 1, 0, 414 },
        { 40000, 1, 0, 414 },   { 1, 64, 1, 0 },      { 1, 65, 1, 431 },
        { 1, 2, 16300, 0 },     { 1, 2, 16384, 431 }, { 1, 2, 60000, 431 },
        { 8000, 60, 200, 431 },
    };
    static const size_t steps[] = { 1, 13, 1000, 16384, 1000000 };

    (void)state;
    for (size_t i = 0; i < sizeof(sized) / sizeof(sized[0]); i++) {
        for (size_t j = 0; j < sizeof(steps) / sizeof(steps[0]); j++)
            assert_int_equal(parse_sized(sized[i].target, sized[i].fields,
                                         sized[i].value, steps[j]),
                             sized[i].status);
    }
}

/* Parse an accepted head whose bytes live as long as the test. */
static struct request_head accept(const char *bytes)
{
    struct parser parser = { 0 };
    struct request_head head = { 0 };
    size_t head_len;

    assert_int_equal(parser_feed(&parser, slice_of(bytes), &head, &head_len),
                     0);
    assert_int_equal(head_len, strlen(bytes));
    return head;
}

static void an_accepted_head_is_taken_apart(void **state)
{
    struct request_head head =
        accept("POST http://Cafe:80/a%20b?q=1 HTTP/1.1\r\n"
               "host: cafe\r\nX-Y:\t two words \t\r\nx-y: again\r\n"
               "Content-Length: 12\r\nExpect: 100-Continue\r\n\r\n");

    (void)state;
    assert_int_equal(head.method, POST);
    assert_true(slice_is(head.path, "/a%20b"));
    assert_true(slice_is(head.query, "q=1"));
    assert_true(slice_is(head.host, "cafe"));
    assert_true(slice_is(head_field(&head, "x-y"), "two words"));
    assert_int_equal(head_field_count(&head, "X-Y"), 2);
    assert_null(head_field(&head, "x-z").data);
    assert_int_equal(head.content_length, 12);
    assert_true(head.expects_continue);
    assert_true(head.keep_alive);
}

static void the_server_itself_is_asked_by_options(void **state)
{
    (void)state;
    assert_true(
        slice_is(accept("OPTIONS * HTTP/1.1\r\n" HOST "\r\n").path, "*"));
    assert_true(slice_is(
        accept("OPTIONS http://a HTTP/1.1\r\n" HOST "\r\n").path, "*"));
    assert_true(slice_is(
        accept("OPTIONS http://a/ HTTP/1.1\r\n" HOST "\r\n").path, "/"));
    assert_true(slice_is(
        accept("OPTIONS http://a?b HTTP/1.1\r\n" HOST "\r\n").path, "/"));
}

static void a_chunked_body_is_announced(void **state)
{
    (void)state;
    assert_false(accept(GET_LINE HOST "\r\n").chunked);
    assert_true(
        accept(GET_LINE HOST "transfer-encoding:  CHUNKED \r\n\r\n").chunked);
}

static void keep_alive_follows_version_and_connection(void **state)
{
    (void)state;
    assert_true(accept(GET_LINE HOST "\r\n").keep_alive);
    assert_false(
        accept(GET_LINE HOST "Connection: x, Close\r\n\r\n").keep_alive);
    assert_true(accept(GET_LINE HOST "Connection: closed\r\n\r\n").keep_alive);
    assert_false(accept("GET / HTTP/1.0\r\n\r\n").keep_alive);
    assert_null(accept(GET_LINE HOST "\r\n").query.data);
    assert_true(
        slice_is(accept("GET http://a HTTP/1.1\r\n" HOST "\r\n").path, "/"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_rule_holds_whatever_the_split),
        cmocka_unit_test(nul_is_refused_everywhere),
        cmocka_unit_test(limits_do_not_depend_on_the_split),
        cmocka_unit_test(an_accepted_head_is_taken_apart),
        cmocka_unit_test(the_server_itself_is_asked_by_options),
        cmocka_unit_test(a_chunked_body_is_announced),
        cmocka_unit_test(keep_alive_follows_version_and_connection),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
