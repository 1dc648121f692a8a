/* The growing text: appending, its bound, and that it remembers failure. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "cafe/base/text.h"

static int set_up(void **state)
{
    static struct text text;

    text_init(&text, 0);
    *state = &text;
    return 0;
}

static int tear_down(void **state)
{
    text_free(*state);
    return 0;
}

static void test_text_starts_empty(void **state)
{
    const struct text *text = *state;

    assert_null(text->data);
    assert_string_equal(text_string(text), "");
    assert_non_null(text_slice(text).data);
    assert_int_equal(text_slice(text).len, 0);
}

static void test_appending(void **state)
{
    struct text *text = *state;

    text_append(text, "abc", 2);
    text_append_string(text, "-");
    text_append_char(text, 'c');
    text_append_slice(text, SLICE("de"));
    text_append_slice(text, slice_of(NULL));
    text_append(text, NULL, 0);
    text_printf(text, "%d%%", 10);
    text_printf(text, "%s", "");
    assert_string_equal(text_string(text), "ab-cde10%");
    assert_int_equal(text->len, 9);
    assert_false(text->failed);
    text_append(text, "\0x", 2);
    assert_true(slice_equal(text_slice(text), SLICE("ab-cde10%\0x")));
}

static void test_growing(void **state)
{
    struct text *text = *state;

    for (int i = 0; i < 10000; i++) {
        text_append_char(text, (char)('a' + i % 26));
        assert_int_equal(text->data[text->len], '\0');
    }
    text_printf(text, "%5000d", 1);
    assert_int_equal(text->len, 15000);
    assert_int_equal(strlen(text_string(text)), 15000);
    for (int i = 0; i < 10000; i++)
        assert_int_equal(text->data[i], 'a' + i % 26);
}

static void test_bound_is_exact(void **state)
{
    struct text *text = *state;

    text_init(text, 4);
    text_append_string(text, "abcd");
    assert_false(text->failed);
    assert_string_equal(text_string(text), "abcd");
    text_append_string(text, "");
    assert_false(text->failed);
    text_append_char(text, 'e');
    assert_true(text->failed);
    assert_string_equal(text_string(text), "");
}

static void test_failure_is_remembered(void **state)
{
    struct text *text = *state;

    text_init(text, 4);
    text_append_string(text, "ab");
    text_printf(text, "%d", 123);
    assert_true(text->failed);
    text_append_string(text, "c");
    text_printf(text, "d");
    assert_true(text->failed);
    assert_int_equal(text->len, 2);
    text_reset(text);
    assert_false(text->failed);
    assert_string_equal(text_string(text), "");
    text_append_string(text, "wxyz");
    assert_string_equal(text_string(text), "wxyz");
    text_append_char(text, '!');
    assert_true(text->failed);
}

static void test_bytes_in_a_string(void **state)
{
    (void)state;
    assert_true(byte_is_in('a', "a.") && byte_is_in('.', "a."));
    assert_false(byte_is_in('b', "a.") || byte_is_in('\0', "a.") ||
                 byte_is_in('\0', ""));
}

static void test_impossible_length(void **state)
{
    struct text *text = *state;
    volatile size_t impossible = SIZE_MAX - 1; /* the compiler would warn */

    text_append_string(text, "a");
    text_append(text, "b", impossible);
    assert_true(text->failed);
    text_free(text);
    assert_null(text->data);
    assert_false(text->failed);
}

static void test_fitting(void **state)
{
    struct text *text = *state;

    text_fit(text);
    assert_null(text->data);
    text_append_string(text, "abc");
    text_fit(text);
    assert_int_equal(text->capacity, 4);
    assert_string_equal(text->data, "abc");
    text_append_string(text, "def");
    assert_string_equal(text->data, "abcdef");
}

static void test_integers(void **state)
{
    struct text *text = *state;

    text_append_integer(text, 0);
    text_append_integer(text, -5);
    text_append_integer(text, INT64_MAX);
    text_append_integer(text, INT64_MIN);
    assert_string_equal(text->data,
                        "0-59223372036854775807-9223372036854775808");
}

static void test_free_keeps_the_bound(void **state)
{
    struct text *text = *state;

    text_init(text, 2);
    text_append_string(text, "ab");
    text_free(text);
    assert_null(text->data);
    assert_int_equal(text->len, 0);
    text_append_string(text, "abc");
    assert_true(text->failed);
}

#define WITH(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH(test_text_starts_empty),
        WITH(test_appending),
        WITH(test_growing),
        WITH(test_bound_is_exact),
        WITH(test_failure_is_remembered),
        cmocka_unit_test(test_bytes_in_a_string),
        WITH(test_impossible_length),
        WITH(test_fitting),
        WITH(test_integers),
        WITH(test_free_keeps_the_bound),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
