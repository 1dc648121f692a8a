/* Compressed bodies, read back by zlib and by libbrotlidec. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <zlib.h>
#ifdef CAFE_TEST_BROTLI
#include <brotli/decode.h>
#endif

#include "cafe/html/compress.h"

enum { KIB = 1024, MIB = 1024 * KIB };

static const size_t sizes[] = { 0, 1, 511, 64 * KIB, MIB };

enum { SIZES = sizeof(sizes) / sizeof(sizes[0]) };

static uint64_t random_next(uint64_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return *seed;
}

static void fill_with_text(char *data, size_t len)
{
    static const char *const words[] = { "coffee ", "<li>",       "supplier",
                                         "</li>",   "caf\u00e9",  "12",
                                         "\n",      "Main Street" };
    uint64_t seed = 3;
    size_t at = 0;

    while (at < len) {
        const char *word = words[random_next(&seed) >> 32 & 7];
        size_t more = strlen(word);

        memcpy(data + at, word, more < len - at ? more : len - at);
        at += more;
    }
}

static void fill_with_noise(char *data, size_t len)
{
    uint64_t seed = 5;

    for (size_t i = 0; i < len; i++)
        data[i] = (char)(random_next(&seed) >> 32);
}

typedef void fill_fn(char *data, size_t len);

/* Exactly as large as it says, so that reading past its end is found. */
static struct slice body_of(fill_fn *fill, size_t len)
{
    char *data = malloc(len ? len : 1);

    assert_non_null(data);
    fill(data, len);
    return (struct slice){ data, len };
}

static void free_body(struct slice body)
{
    free((void *)(uintptr_t)body.data);
}

/* A gzip member that ends where the text ends. */
static void expect_gzip(const struct text *text, struct slice body)
{
    char *back = malloc(body.len + 1);
    z_stream stream = { .next_in = (Bytef *)text->data,
                        .avail_in = (uInt)text->len,
                        .next_out = (Bytef *)back,
                        .avail_out = (uInt)body.len + 1 };

    assert_non_null(back);
    assert_int_equal(inflateInit2(&stream, 15 + 16), Z_OK);
    assert_int_equal(inflate(&stream, Z_FINISH), Z_STREAM_END);
    assert_int_equal(stream.avail_in, 0);
    assert_int_equal(stream.total_out, body.len);
    assert_memory_equal(back, body.data, body.len);
    inflateEnd(&stream);
    free(back);
}

#ifdef CAFE_TEST_BROTLI
static void expect_brotli(const struct text *text, struct slice body)
{
    uint8_t *back = malloc(body.len + 1);
    size_t len = body.len + 1;

    assert_non_null(back);
    assert_int_equal(BrotliDecoderDecompress(
                         text->len, (const uint8_t *)text->data, &len, back),
                     BROTLI_DECODER_RESULT_SUCCESS);
    assert_int_equal(len, body.len);
    assert_memory_equal(back, body.data, body.len);
    free(back);
}
#else
static void expect_brotli(const struct text *text, struct slice body)
{
    (void)body;
    assert_true(text->len > 0);
}
#endif

typedef void expect_fn(const struct text *text, struct slice body);

static const struct {
    enum encoding encoding;
    enum compress_effort effort;
    expect_fn *expect;
} ways[] = {
    { ENCODING_GZIP, COMPRESS_ONCE, expect_gzip },
    { ENCODING_GZIP, COMPRESS_CACHED, expect_gzip },
    { ENCODING_BROTLI, COMPRESS_ONCE, expect_brotli },
    { ENCODING_BROTLI, COMPRESS_CACHED, expect_brotli },
};

enum { WAYS = sizeof(ways) / sizeof(ways[0]) };

static void press(size_t way, struct slice body, struct text *out)
{
    text_init(out, 0);
    compress_text(body, ways[way].encoding, ways[way].effort, out);
    assert_false(out->failed);
    assert_int_equal(out->data[out->len], '\0');
    /* Kept pages count by their capacity. */
    assert_int_equal(out->capacity, out->len + 1);
}

static void go_round(fill_fn *fill, size_t len)
{
    struct slice body = body_of(fill, len);
    struct text out;

    for (size_t way = 0; way < WAYS; way++) {
        press(way, body, &out);
        ways[way].expect(&out, body);
        text_free(&out);
    }
    free_body(body);
}

static void test_round_trips(void **state)
{
    (void)state;
    for (size_t i = 0; i < SIZES; i++) {
        go_round(fill_with_text, sizes[i]);
        go_round(fill_with_noise, sizes[i]);
    }
}

static void test_an_absent_body_is_empty(void **state)
{
    struct text out;

    (void)state;
    for (size_t way = 0; way < WAYS; way++) {
        press(way, slice_of(NULL), &out);
        ways[way].expect(&out, SLICE(""));
        text_free(&out);
    }
}

/* Length of a body in each way. */
static void measure(fill_fn *fill, size_t len, size_t *lens)
{
    struct slice body = body_of(fill, len);
    struct text out;

    for (size_t way = 0; way < WAYS; way++) {
        press(way, body, &out);
        lens[way] = out.len;
        text_free(&out);
    }
    free_body(body);
}

static void test_text_gets_smaller(void **state)
{
    size_t lens[WAYS];

    (void)state;
    for (size_t i = 2; i < SIZES; i++) {
        size_t way;

        measure(fill_with_text, sizes[i], lens);
        for (way = 0; way < WAYS; way++)
            assert_true(lens[way] < sizes[i] / 2);
    }
    /* More effort pays. */
    assert_true(lens[1] < lens[0]);
    assert_true(lens[3] < lens[2]);
}

static void test_noise_hardly_grows(void **state)
{
    size_t lens[WAYS];

    (void)state;
    for (size_t i = 0; i < SIZES; i++) {
        measure(fill_with_noise, sizes[i], lens);
        for (size_t way = 0; way < WAYS; way++)
            assert_true(lens[way] <= sizes[i] + sizes[i] / 1000 + 32);
    }
}

/* An ETag is made of these bytes. */
static void test_same_body_same_bytes(void **state)
{
    struct slice body = body_of(fill_with_text, 64 * KIB);
    struct text first, second;

    (void)state;
    for (size_t way = 0; way < WAYS; way++) {
        press(way, body, &first);
        press(way, body, &second);
        assert_true(slice_equal(text_slice(&first), text_slice(&second)));
        text_free(&first);
        text_free(&second);
    }
    free_body(body);
}

static void test_identity_is_refused(void **state)
{
    static const enum encoding refused[] = { ENCODING_IDENTITY, ENCODINGS };

    (void)state;
    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
        struct text out;

        text_init(&out, 0);
        compress_text(SLICE("hello"), refused[i], COMPRESS_ONCE, &out);
        assert_true(out.failed);
        assert_string_equal(text_string(&out), "");
        text_free(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trips),
        cmocka_unit_test(test_an_absent_body_is_empty),
        cmocka_unit_test(test_text_gets_smaller),
        cmocka_unit_test(test_noise_hardly_grows),
        cmocka_unit_test(test_same_body_same_bytes),
        cmocka_unit_test(test_identity_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
