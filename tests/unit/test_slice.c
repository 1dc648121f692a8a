/* Slices: comparing, trimming and cutting them, and their numbers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "cafe/base/text.h"

static const struct slice absent = { NULL, 0 };

static void assert_slice(struct slice slice, const char *expected)
{
    assert_int_equal(slice.len, strlen(expected));
    assert_memory_equal(slice.data ? slice.data : "", expected, slice.len);
}

static void test_slice_of(void **state)
{
    (void)state;
    assert_null(slice_of(NULL).data);
    assert_int_equal(slice_of(NULL).len, 0);
    assert_non_null(slice_of("").data);
    assert_slice(slice_of("abc"), "abc");
    assert_int_equal(SLICE("a\0b").len, 3);
}

static void test_equality(void **state)
{
    (void)state;
    assert_true(slice_equal(absent, absent));
    assert_true(slice_equal(absent, SLICE("")));
    assert_true(slice_equal(SLICE("a\0b"), SLICE("a\0b")));
    assert_false(slice_equal(SLICE("a\0b"), SLICE("a\0c")));
    assert_false(slice_equal(SLICE("ab"), SLICE("abc")));
    assert_false(slice_equal(SLICE("ab"), absent));
    assert_true(slice_is(SLICE("ab"), "ab"));
    assert_true(slice_is(absent, ""));
    assert_false(slice_is(SLICE("ab\0"), "ab"));
    assert_false(slice_is(SLICE("ab"), "AB"));
}

static void test_equality_without_case(void **state)
{
    (void)state;
    assert_true(slice_is_nocase(SLICE("Content-TYPE"), "content-type"));
    assert_true(slice_is_nocase(absent, ""));
    assert_false(slice_is_nocase(SLICE("content"), "content-type"));
    assert_false(slice_is_nocase(SLICE("content-type"), "content"));
    assert_false(slice_is_nocase(SLICE("\xc3\x84"), "\xc3\xa4"));
    assert_false(slice_is_nocase(SLICE("["), "{"));
}

static void test_starts(void **state)
{
    (void)state;
    assert_true(slice_starts(SLICE("--port"), "--"));
    assert_true(slice_starts(SLICE("--"), "--"));
    assert_true(slice_starts(absent, ""));
    assert_false(slice_starts(SLICE("-"), "--"));
    assert_false(slice_starts(SLICE("a--"), "--"));
    assert_false(slice_starts(absent, "-"));
}

static void test_trim(void **state)
{
    static const struct {
        const char *given, *trimmed;
    } rows[] = {
        { "", "" },
        { "a", "a" },
        { " \t\n\v\f\r", "" },
        { " \t\n\v\f\ra b\r\f\v\n\t ", "a b" },
        { "a ", "a" },
        { " a", "a" },
        { "\x08"
          "a\x0e",
          "\x08"
          "a\x0e" },
        { "\xc2\xa0"
          "a",
          "\xc2\xa0"
          "a" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        assert_slice(slice_trim(slice_of(rows[i].given)), rows[i].trimmed);
    assert_slice(slice_trim(absent), "");
}

static void test_cut(void **state)
{
    static const struct {
        const char *given, *part, *rest;
    } rows[] = {
        { "a=b", "a", "b" }, { "a=b=c", "a", "b=c" }, { "a=", "a", "" },
        { "=b", "", "b" },   { "=", "", "" },         { "ab", "ab", "" },
        { "", "", "" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct slice rest = slice_of(rows[i].given);

        assert_slice(slice_cut(&rest, '='), rows[i].part);
        assert_slice(rest, rows[i].rest);
    }
}

static void test_members(void **state)
{
    struct slice rest = SLICE(" , a b ,\tc,, ");
    struct slice none = absent;
    struct slice member;

    (void)state;
    assert_true(slice_member(&rest, &member));
    assert_slice(member, "a b");
    assert_true(slice_member(&rest, &member));
    assert_slice(member, "c");
    assert_false(slice_member(&rest, &member));
    assert_int_equal(rest.len, 0);
    assert_false(slice_member(&none, &member));
}

static void test_cut_takes_all_parts(void **state)
{
    struct slice rest = SLICE("a,,b\0c,");
    struct slice none = absent;

    (void)state;
    assert_slice(slice_cut(&rest, ','), "a");
    assert_slice(slice_cut(&rest, ','), "");
    assert_true(slice_equal(slice_cut(&rest, ','), SLICE("b\0c")));
    assert_slice(rest, "");
    assert_slice(slice_cut(&rest, ','), "");
    assert_slice(slice_cut(&none, ','), "");
    assert_int_equal(none.len, 0);
}

static void test_numbers(void **state)
{
    static const struct {
        const char *given;
        uint64_t max, number;
        enum error err;
    } rows[] = {
        { "0", 0, 0, OK },
        { "1", 0, 0, ERROR_LIMIT },
        { "9", 9, 9, OK },
        { "9", 8, 0, ERROR_LIMIT },
        { "10", 9, 0, ERROR_LIMIT },
        { "65535", 65535, 65535, OK },
        { "65536", 65535, 0, ERROR_LIMIT },
        { "18446744073709551615", UINT64_MAX, UINT64_MAX, OK },
        { "18446744073709551616", UINT64_MAX, 0, ERROR_LIMIT },
        { "99999999999999999999999", UINT64_MAX, 0, ERROR_LIMIT },
        { "", 9, 0, ERROR_SYNTAX },
        { "00", 9, 0, ERROR_SYNTAX },
        { "07", 9, 0, ERROR_SYNTAX },
        { "+1", 9, 0, ERROR_SYNTAX },
        { "-1", 9, 0, ERROR_SYNTAX },
        { " 1", 9, 0, ERROR_SYNTAX },
        { "1 ", 9, 0, ERROR_SYNTAX },
        { "99x", 9, 0, ERROR_SYNTAX },
        { "0x1", 9, 0, ERROR_SYNTAX },
        { "1/", 99, 0, ERROR_SYNTAX },
        { "1:", 99, 0, ERROR_SYNTAX },
        { "\xd9\xa1", 9, 0, ERROR_SYNTAX },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        uint64_t number = 4711;
        enum error err =
            slice_number(slice_of(rows[i].given), rows[i].max, &number);

        if (err != rows[i].err)
            print_error("number '%s'\n", rows[i].given);
        assert_int_equal(err, rows[i].err);
        assert_true(number == (err == OK ? rows[i].number : 4711));
    }
}

static void test_number_stops_at_its_length(void **state)
{
    uint64_t number = 0;

    (void)state;
    assert_int_equal(slice_number((struct slice){ "123", 2 }, 99, &number), OK);
    assert_int_equal(number, 12);
    assert_int_equal(slice_number(SLICE("1\0"), 99, &number), ERROR_SYNTAX);
    assert_int_equal(slice_number(absent, 99, &number), ERROR_SYNTAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_slice_of),
        cmocka_unit_test(test_equality),
        cmocka_unit_test(test_equality_without_case),
        cmocka_unit_test(test_starts),
        cmocka_unit_test(test_trim),
        cmocka_unit_test(test_cut),
        cmocka_unit_test(test_members),
        cmocka_unit_test(test_cut_takes_all_parts),
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_number_stops_at_its_length),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
