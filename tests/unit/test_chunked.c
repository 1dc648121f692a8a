/* Chunked bodies: what is taken, what is refused, whatever the split. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "chunked.h"

#define ROWS(table) (sizeof(table) / sizeof((table)[0]))
#define LAST "0\r\n\r\n"

enum { MAX_BYTES = 64, INCOMPLETE = 1 };

/* What is read of a body, and what follows it. */
static const struct {
    const char *bytes;
    const char *body;
    const char *rest;
} sound[] = {
    { LAST, "", "" },
    { "3\r\na=1\r\n" LAST, "a=1", "" },
    { "3\r\na=1\r\n" LAST "GET /", "a=1", "GET /" },
    { "3\r\na=1\r\n" LAST "\r\n", "a=1", "\r\n" },
    { "1\r\na\r\n2\r\nbc\r\n" LAST, "abc", "" },
    { "a\r\n0123456789\r\n" LAST, "0123456789", "" },
    { "A\r\n0123456789\r\n" LAST, "0123456789", "" },
    { "00000000000000a\r\n0123456789\r\n000000000000000\r\n\r\n", "0123456789",
      "" },
    { "4\r\n\r\n\r\n\r\n" LAST, "\r\n\r\n", "" },
    { "5\r\n0\r\n\r\n\r\n" LAST, "0\r\n\r\n", "" },
    { "1;a\r\nx\r\n" LAST, "x", "" },
    { "1;a=b;c=\"d e\";f\r\nx\r\n0;last\r\n\r\n", "x", "" },
    { "1;a=\"\"\r\nx\r\n" LAST, "x", "" },
    { "0\r\nA: b\r\n\r\n", "", "" },
    { "0\r\nA:\r\nX-Sum: \xc3\xa9\t1\r\n\r\nnext", "", "next" },
};

static const struct {
    const char *bytes;
    int status;
} faulty[] = {
    /* Sizes. */
    { "\r\n", 400 },
    { "g\r\n", 400 },
    { "-1\r\n", 400 },
    { "+1\r\n", 400 },
    { "0x1\r\n", 400 },
    { "1 \r\n", 400 },
    { " 1\r\n", 400 },
    { "1\t\r\n", 400 },
    { "1_0\r\n", 400 },
    { "1,1\r\n", 400 },
    { "0000000000000001\r\n", 400 },
    { "ffffffffffffffff\r\n", 400 },
    { "10000000000000001\r\n", 400 },
    { "41\r\n", 413 },
    { "fffffffffffffff\r\n", 413 },
    { "40\r\n0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
      "\r\n1\r\n",
      413 },
    /* Ends of lines. */
    { "1\nx\r\n", 400 },
    { "1\rx\r\n", 400 },
    { "1\r\r\nx\r\n", 400 },
    { "1\r\nx\n", 400 },
    { "1\r\nxy\r\n", 400 },
    { "1\r\nx0\r\n", 400 },
    { "1\r\nx\r\r\n", 400 },
    { "1\r\nx1\r\ny\r\n", 400 },
    { "0\n\n", 400 },
    { "0\r\n\n", 400 },
    { "0\r\n\r\r\n", 400 },
    /* Extensions. */
    { "1;\r\n", 400 },
    { "1;;a\r\n", 400 },
    { "1; a\r\n", 400 },
    { "1 ;a\r\n", 400 },
    { "1;a =b\r\n", 400 },
    { "1;a= b\r\n", 400 },
    { "1;a=\r\n", 400 },
    { "1;=b\r\n", 400 },
    { "1;a=b c\r\n", 400 },
    { "1;a=\"b\r\n", 400 },
    { "1;a=\"b\\\"\r\n", 400 },
    { "1;a=\"b\\\"\"\r\n", 400 },
    { "1;a=\"b\\c\"\r\n", 400 },
    { "1;a=\"b\"c\r\n", 400 },
    { "1;a\nb\r\n", 400 },
    { "1;a=\"\n\"\r\n", 400 },
    { "1;a=\"\x01\"\r\n", 400 },
    { "1;a=\"\x7f\"\r\n", 400 },
    { "1;a\xc3\xa9\r\n", 400 },
    /* Trailers. */
    { "0\r\nA\r\n", 400 },
    { "0\r\n: b\r\n", 400 },
    { "0\r\nA : b\r\n", 400 },
    { "0\r\n A: b\r\n", 400 },
    { "0\r\nA: b\r\n c\r\n", 400 },
    { "0\r\nA: b\n\r\n", 400 },
    { "0\r\nA: b\rc\r\n", 400 },
    { "0\r\nA: \x01\r\n", 400 },
    { "0\r\nContent-Length: 1\r\n", 400 },
    { "0\r\ntransfer-encoding: chunked\r\n", 400 },
    { "0\r\nHost: b\r\n", 400 },
    { "0\r\nGET / HTTP/1.1\r\n", 400 },
};

static const char *const cut[] = {
    "",      "0",      "0\r",        "0\r\n",         "0\r\n\r", "1",
    "1\r\n", "1\r\nx", "1\r\nx\r\n", "0\r\nA: b\r\n", "1;a",
};

/* Decode in steps, from copies without a byte to spare. */
static int decode(const char *bytes, size_t len, size_t step, struct text *body,
                  size_t *used)
{
    struct chunk_reader *reader = calloc(1, sizeof(*reader));
    int status = 0;

    assert_non_null(reader);
    reader->max_bytes = MAX_BYTES;
    text_init(body, 0);
    *used = 0;
    while (*used < len && status == 0 && reader->part != CHUNK_END) {
        size_t piece = len - *used < step ? len - *used : step;
        char *copy = malloc(piece);
        size_t taken;

        assert_non_null(copy);
        memcpy(copy, bytes + *used, piece);
        status =
            chunks_feed(reader, (struct slice){ copy, piece }, body, &taken);
        free(copy);
        assert_true(taken <= piece);
        assert_true(status != 0 || taken == piece || reader->part == CHUNK_END);
        *used += taken;
    }
    if (status == 0 && reader->part != CHUNK_END)
        status = INCOMPLETE;
    free(reader);
    return status;
}

static void test_sound_bodies_whatever_the_split(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS(sound); i++) {
        size_t len = strlen(sound[i].bytes);

        for (size_t step = 1; step <= len; step++) {
            struct text body;
            size_t used;
            int status = decode(sound[i].bytes, len, step, &body, &used);

            if (status != 0 || !slice_is(text_slice(&body), sound[i].body) ||
                strcmp(sound[i].bytes + used, sound[i].rest) != 0)
                fail_msg("%s: %d, '%s', split by %zu", sound[i].bytes, status,
                         text_string(&body), step);
            text_free(&body);
        }
    }
}

static void expect_status(const char *bytes, size_t len, int wanted)
{
    for (size_t step = 1; step <= len; step += 1 + len / 64) {
        struct text body;
        size_t used;
        int status = decode(bytes, len, step, &body, &used);

        text_free(&body);
        if (status != wanted)
            fail_msg("%.60s: got %d, want %d, split by %zu", bytes, status,
                     wanted, step);
    }
}

static void test_faulty_bodies_whatever_the_split(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS(faulty); i++)
        expect_status(faulty[i].bytes, strlen(faulty[i].bytes),
                      faulty[i].status);
    expect_status("1\0\r\n", 4, 400);
    expect_status("1;a=\"\0\"\r\n", 9, 400);
}

static void test_a_body_that_goes_on(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS(cut); i++) {
        struct text body;
        size_t used;

        assert_int_equal(decode(cut[i], strlen(cut[i]), 64, &body, &used),
                         INCOMPLETE);
        text_free(&body);
    }
}

/* `count` times a line of `len` bytes, its end included. */
static void expect_lines(const char *before, const char *begin, size_t len,
                         const char *between, size_t count, int wanted)
{
    struct text text;

    text_init(&text, 0);
    text_append_string(&text, before);
    while (count-- > 0) {
        text_append_string(&text, begin);
        for (size_t i = strlen(begin) + 2; i < len; i++)
            text_append_char(&text, 'a');
        text_append_string(&text, "\r\n");
        text_append_string(&text, between);
    }
    expect_status(text.data, text.len, wanted);
    text_free(&text);
}

static void test_extensions_and_trailers_are_bounded(void **state)
{
    (void)state;
    expect_lines("", "1;", CHUNK_LINE_MAX_BYTES, "x\r\n", 1, INCOMPLETE);
    expect_lines("", "1;", CHUNK_LINE_MAX_BYTES + 1, "x\r\n", 1, 400);
    expect_lines("", "1;", 1024 + 3, "x\r\n", 4, 400);
    expect_lines("", "1;", 1024, "x\r\n", 4, INCOMPLETE);
    expect_lines("", "1;", 1024, "x\r\n", 5, 400);
    expect_lines("0\r\n", "A:", CHUNK_LINE_MAX_BYTES, "", 1, INCOMPLETE);
    expect_lines("0\r\n", "A:", CHUNK_LINE_MAX_BYTES + 1, "", 1, 431);
    expect_lines("0\r\n", "A:", 5, "", CHUNK_TRAILERS_MAX, INCOMPLETE);
    expect_lines("0\r\n", "A:", 5, "", CHUNK_TRAILERS_MAX + 1, 431);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sound_bodies_whatever_the_split),
        cmocka_unit_test(test_faulty_bodies_whatever_the_split),
        cmocka_unit_test(test_a_body_that_goes_on),
        cmocka_unit_test(test_extensions_and_trailers_are_bounded),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
