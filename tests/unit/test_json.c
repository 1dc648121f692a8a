/* JSON: what is escaped and how, and where commas come. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "cafe/base/json.h"

/* UTF-8 of a code point; its length. */
static size_t encode(unsigned code, char *out)
{
    size_t more = code < 0x80 ? 0 : code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
    static const unsigned leads[] = { 0, 0xc0, 0xe0, 0xf0 };

    out[0] = (char)(leads[more] | code >> 6 * more);
    for (size_t i = 1; i <= more; i++)
        out[i] = (char)(0x80 | (code >> 6 * (more - i) & 0x3f));
    return more + 1;
}

/* How a code point has to stand in a string. */
static void expect(unsigned code, char *out)
{
    switch (code) {
    case '"':
    case '\\':
        sprintf(out, "\\%c", (char)code);
        return;
    case '\n':
        strcpy(out, "\\n");
        return;
    case '\r':
        strcpy(out, "\\r");
        return;
    case '\t':
        strcpy(out, "\\t");
        return;
    default:
        break;
    }
    if (code < 0x20 || (code >= 0x7f && code < 0xa0) || code == 0x2028 ||
        code == 0x2029)
        sprintf(out, "\\u%04x", code);
    else
        out[encode(code, out)] = '\0';
}

/* Alone, and where other text is around it. */
static void test_every_code_point(void **state)
{
    struct text out;

    (void)state;
    text_init(&out, 0);
    for (unsigned code = 0; code <= 0x10ffff; code++) {
        char given[16] = "a", expected[16];
        size_t len = 1 + encode(code, given + 1);

        if (code >= 0xd800 && code <= 0xdfff)
            continue;
        memcpy(given + len, "\xc3\xa9z", 3);
        text_reset(&out);
        json_escape(&out, (struct slice){ given + 1, len - 1 });
        json_escape(&out, (struct slice){ given, len + 3 });
        expect(code, expected);
        if (strncmp(out.data, expected, strlen(expected)) != 0 ||
            strncmp(out.data + strlen(expected), "a", 1) != 0 ||
            strncmp(out.data + strlen(expected) + 1, expected,
                    strlen(expected)) != 0 ||
            strcmp(out.data + 2 * strlen(expected) + 1, "\xc3\xa9z") != 0)
            fail_msg("U+%04X: %s", code, out.data);
    }
    text_free(&out);
}

/* What is no UTF-8, byte by byte. */
static void test_faulty_bytes(void **state)
{
#define FFFD "\xef\xbf\xbd"
    static const char *const table[][2] = {
        { "\xff", FFFD },
        { "\x80x", FFFD "x" },
        { "\xc3", FFFD },
        { "\xc3\"", FFFD "\\\"" },
        { "\xc0\x80", FFFD FFFD },
        { "\xe2\x80", FFFD FFFD },
        { "\xe2\x80\n", FFFD FFFD "\\n" },
        { "\xed\xa0\x80", FFFD FFFD FFFD },
        { "\xf4\x90\x80\x80", FFFD FFFD FFFD FFFD },
        { "\xf0\x9f\x98", FFFD FFFD FFFD },
        { "\xc3\xa9\xa9", "\xc3\xa9" FFFD },
    };
    struct text out;

    (void)state;
    text_init(&out, 0);
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        text_reset(&out);
        json_escape(&out, slice_of(table[i][0]));
        assert_string_equal(text_string(&out), table[i][1]);
    }
    text_free(&out);
}

static void test_plain_len(void **state)
{
    (void)state;
    assert_int_equal(json_plain_len(SLICE("")), 0);
    assert_int_equal(json_plain_len((struct slice){ NULL, 0 }), 0);
    assert_int_equal(json_plain_len(SLICE("a b\"c")), 3);
    assert_int_equal(json_plain_len(SLICE("a\xc3\xa9")), 1);
    assert_int_equal(json_plain_len(SLICE("a\x7f")), 1);
}

/* Long texts are looked at in words: each byte at each place of one. */
static void each_byte_is_found_at_each_place(void **state)
{
    char text[24];

    (void)state;
    for (int byte = 0; byte < 256; byte++) {
        bool plain = byte >= 0x20 && byte < 0x7f && byte != '"' && byte != '\\';

        for (size_t at = 0; at < sizeof(text); at++) {
            memset(text, "~ #!["[at % 5], sizeof(text));
            text[at] = (char)byte;
            assert_int_equal(
                json_plain_len((struct slice){ text, sizeof(text) }),
                plain ? sizeof(text) : at);
        }
    }
}

static void write_document(struct text *out)
{
    json_object(out, NULL);
    json_array(out, "none");
    json_array_end(out);
    json_object(out, "empty");
    json_object_end(out);
    json_text(out, "text", SLICE("[{,"));
    json_text(out, "absent", (struct slice){ NULL, 0 });
    json_array(out, "all");
    json_object(out, NULL);
    json_null(out, "a");
    json_number(out, "b", 0);
    json_object_end(out);
    json_object(out, NULL);
    json_object_end(out);
    json_number(out, NULL, INT64_MIN);
    json_number(out, NULL, INT64_MAX);
    json_number(out, NULL, -1);
    json_text(out, NULL, SLICE("{"));
    json_text(out, NULL, SLICE("["));
    json_null(out, NULL);
    json_array(out, NULL);
    json_array_end(out);
    json_array_end(out);
    json_number(out, "last", 7);
    json_object_end(out);
}

static const char document[] =
    "{\"none\":[],\"empty\":{},\"text\":\"[{,\",\"absent\":\"\",\"all\":[\n"
    "{\"a\":null,\"b\":0},\n"
    "{},-9223372036854775808,9223372036854775807,-1,\"{\",\"[\",null,[]],"
    "\"last\":7}";

static void test_values(void **state)
{
    struct text out;

    (void)state;
    text_init(&out, 0);
    write_document(&out);
    assert_string_equal(text_string(&out), document);
    text_free(&out);
}

/* Wherever the room ends, it fails and stays within. */
static void test_any_limit(void **state)
{
    (void)state;
    for (size_t max = 1; max <= sizeof(document); max++) {
        struct text out;

        text_init(&out, max);
        write_document(&out);
        assert_int_equal(out.failed, max < sizeof(document) - 1);
        assert_true(out.len <= max);
        text_free(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_code_point),
        cmocka_unit_test(test_faulty_bytes),
        cmocka_unit_test(test_plain_len),
        cmocka_unit_test(each_byte_is_found_at_each_place),
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_any_limit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
