/* Pages: fields that can be sent, bodies moved in, ETags, references. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "cafe/base/hash.h"
#include "cafe/base/page.h"

static int set_up(void **state)
{
    *state = page_open(200);
    return *state == NULL;
}

static int tear_down(void **state)
{
    page_unref(*state);
    return 0;
}

static void set_body(struct page *page, struct slice bytes)
{
    struct text body;

    text_init(&body, 0);
    text_append_slice(&body, bytes);
    page_body(page, &body);
    assert_null(body.data);
}

static void test_new_page_is_empty(void **state)
{
    const struct page *page = *state;

    assert_int_equal(page->status, 200);
    assert_false(page->failed);
    assert_false(page->stale);
    assert_string_equal(text_string(&page->fields), "");
    assert_string_equal(text_string(&page->body), "");
    assert_string_equal(page->etag, "");
}

static void test_fields_in_order(void **state)
{
    struct page *page = *state;

    page_field(page, "Content-Type", "text/html; charset=utf-8");
    page_field(page, "X-Empty", "");
    page_field(page, "Set-Cookie", "a=1");
    page_field(page, "Set-Cookie", "b=%s%n");
    assert_false(page->failed);
    assert_string_equal(text_string(&page->fields),
                        "Content-Type: text/html; charset=utf-8\r\n"
                        "X-Empty: \r\n"
                        "Set-Cookie: a=1\r\n"
                        "Set-Cookie: b=%s%n\r\n");
}

static void test_bad_fields_fail(void **state)
{
    static const struct {
        const char *name, *value;
    } rows[] = {
        { "Location", "/\r\nSet-Cookie: a=1" },
        { "Location", "/\r" },
        { "Location", "/\n" },
        { "Location", "\n" },
        { "", "x" },
        { "X Y", "x" },
        { "X:", "x" },
        { "X\r\nY", "x" },
        { "X\n", "x" },
        { "X\t", "x" },
        { "X\x7f", "x" },
        { "X(y)", "x" },
        { "X\xc3\xa9", "x" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct page *page = page_open(302);

        page_field(page, "X-First", "1");
        page_field(page, rows[i].name, rows[i].value);
        assert_true(page->failed);
        page_field(page, "X-Last", "2");
        assert_true(page->failed);
        assert_null(strstr(text_string(&page->fields), "Location"));
        assert_null(strstr(text_string(&page->fields), "Cookie"));
        assert_int_equal(
            strncmp(text_string(&page->fields), "X-First: 1\r\n", 12), 0);
        page_unref(page);
    }
}

/* RFC 9110 5.6.2: all characters of a token that are no letters. */
static void test_every_token_is_a_name(void **state)
{
    struct page *page = *state;

    page_field(page, "!#$%&'*+-.^_`|~09AZaz", "caf\xc3\xa9\t!");
    assert_false(page->failed);
    assert_string_equal(text_string(&page->fields),
                        "!#$%&'*+-.^_`|~09AZaz: caf\xc3\xa9\t!\r\n");
}

static void test_body_is_taken_over(void **state)
{
    struct page *page = *state;
    struct text body;
    const char *bytes;

    text_init(&body, 10);
    text_append(&body, "a\0b", 3);
    bytes = body.data;
    page_body(page, &body);
    assert_ptr_equal(page->body.data, bytes);
    assert_int_equal(page->body.len, 3);
    assert_null(body.data);
    assert_int_equal(body.len, 0);
    assert_int_equal(body.max_bytes, 10);
    set_body(page, SLICE("second"));
    assert_string_equal(text_string(&page->body), "second");
    assert_false(page->failed);
}

static void test_failed_text_fails_the_page(void **state)
{
    struct page *page = *state;
    struct text body;

    text_init(&body, 2);
    text_append_string(&body, "abc");
    page_body(page, &body);
    assert_true(page->failed);
    assert_false(body.failed);
    set_body(page, SLICE("fine"));
    assert_true(page->failed);
}

static void copy_etag(struct slice bytes, char etag[40])
{
    struct page *page = page_open(200);

    set_body(page, bytes);
    page_make_etag(page, false);
    assert_false(page->failed);
    memcpy(etag, page->etag, 40);
    page_unref(page);
}

static void test_etag_comes_from_the_bytes(void **state)
{
    char first[40], same[40], other[40], zero[40], empty[40];

    (void)state;
    copy_etag(SLICE("hello"), first);
    copy_etag(SLICE("hello"), same);
    copy_etag(SLICE("hellp"), other);
    copy_etag(SLICE("hello\0"), zero);
    copy_etag(SLICE(""), empty);
    assert_string_equal(first, same);
    assert_string_not_equal(first, other);
    assert_string_not_equal(first, zero);
    assert_string_not_equal(first, empty);
}

static void test_etag_is_a_strong_field(void **state)
{
    struct page *page = *state;

    set_body(page, SLICE("a"));
    page_make_etag(page, false);
    assert_string_equal(page->etag, "\"d228cb696f1a8caf78912b704e4a8964\"");
    assert_string_equal(text_string(&page->fields),
                        "ETag: \"d228cb696f1a8caf78912b704e4a8964\"\r\n");
}

/* Compared weakly (RFC 9110 13.1.2), so the page keeps what is compared. */
static void test_etag_of_what_is_compressed_is_weak(void **state)
{
    struct page *page = *state;

    set_body(page, SLICE("a"));
    page_make_etag(page, true);
    assert_string_equal(page->etag, "\"d228cb696f1a8caf78912b704e4a8964\"");
    assert_string_equal(text_string(&page->fields),
                        "ETag: W/\"d228cb696f1a8caf78912b704e4a8964\"\r\n");
}

/* FNV-1a, 128 bits, worked out with big integers from its definition. */
static void test_hash_of_known_bytes(void **state)
{
    static const struct {
        struct slice bytes;
        const char *hex;
    } rows[] = {
        { { "", 0 }, "6c62272e07bb014262b821756295c58d" },
        { { "a", 1 }, "d228cb696f1a8caf78912b704e4a8964" },
        { { "foobar", 6 }, "343e1662793c64bf6f0d3597ba446f18" },
        { { "\0", 1 }, "d228cb69101a8caf78912b704e4a147f" },
        { { "\xff\xfe\x00\x01", 4 }, "65e60a3239757277b806e8601e1c2263" },
    };
    char hex[HASH_HEX_CHARS + 1];

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        hash_hex(rows[i].bytes, hex);
        assert_string_equal(hex, rows[i].hex);
    }
}

static void test_last_reference_frees(void **state)
{
    struct page *page = page_open(404);

    (void)state;
    assert_ptr_equal(page_ref(page), page);
    page_ref(page);
    page_unref(page);
    page_unref(page);
    assert_int_equal(page->status, 404);
    assert_int_equal(atomic_load(&page->references), 1);
    page_unref(page);
    page_unref(NULL);
}

#define WITH(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

/* The FNV test vectors of its authors. */
static void test_short_hash_of_known_bytes(void **state)
{
    (void)state;
    assert_int_equal(hash_short(SLICE("")), 0xcbf29ce484222325u);
    assert_int_equal(hash_short(SLICE("a")), 0xaf63dc4c8601ec8cu);
    assert_int_equal(hash_short(SLICE("foobar")), 0x85944171f73967e8u);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH(test_new_page_is_empty),
        WITH(test_fields_in_order),
        cmocka_unit_test(test_bad_fields_fail),
        WITH(test_every_token_is_a_name),
        WITH(test_body_is_taken_over),
        WITH(test_failed_text_fails_the_page),
        cmocka_unit_test(test_etag_comes_from_the_bytes),
        WITH(test_etag_is_a_strong_field),
        WITH(test_etag_of_what_is_compressed_is_weak),
        cmocka_unit_test(test_hash_of_known_bytes),
        cmocka_unit_test(test_short_hash_of_known_bytes),
        cmocka_unit_test(test_last_reference_frees),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
