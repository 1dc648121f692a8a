/* Tables that are imported: rows and their numbers, encodings, limits. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "test_import.h"

static const struct import_format comma = { .delimiter = ',' };

static void test_rows(void **state)
{
    static const struct {
        char delimiter;
        const char *file, *expected;
    } files[] = {
        { ',', "id,name\r\n1,Bean\r\n", "1: id|name\n2: 1|Bean\n" },
        { ';', "id;name\n1;Bean\n2;Tea", "1: id|name\n2: 1|Bean\n3: 2|Tea\n" },
        { '\t', "id\tname\r1\t Bean \r", "1: id|name\n2: 1| Bean \n" },
        { '|', "id|name\n1|a,b", "1: id|name\n2: 1|a,b\n" },
        /* A text with line breaks is one row, an empty row is one, too. */
        { ',', "a,b\r\n\"x\r\ny\",\"\"\"q\"\"\"\r\n\r\n,\r\n1,2\r\n",
          "1: a|b\n2: x\r\ny|\"q\"\n5: 1|2\n" },
        { ',', "\n\na,b\n\n1,2\n", "3: a|b\n5: 1|2\n" },
        { ',', "a\r\r\n1\n", "1: a\n3: 1\n" },
        /* Missing cells are empty; empty ones too many are none. */
        { ',', "a,b,c\n1\n1,2,3,,\n", "1: a|b|c\n2: 1||\n3: 1|2|3\n" },
        { ';', "sep=;\r\na;b\r\n1;2\r\n", "1: a|b\n2: 1|2\n" },
        { ',', "sep=\na\n", "1: a\n" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        struct import_format format = { .delimiter = files[i].delimiter };

        assert_import(&format, slice_of(files[i].file), files[i].expected);
    }
}

#define NOT_TEXT                                                       \
    "There are bytes that are not text in the file's encoding, shown " \
    "as \uFFFD."

static void test_faulty_rows(void **state)
{
    static const struct {
        const char *file, *expected;
    } files[] = {
        { "a,b\n1,2,3\n4,5\n",
          "1: a|b\n2: 1|2 !0 This row has more cells than the first row. Put "
          "text that contains the column separator in quotes.\n3: 4|5\n" },
        { "a,b\n1,x\xe9y\n2,\xc3\xa9\n",
          "1: a|b\n2: 1|x\uFFFDy !2 " NOT_TEXT "\n3: 2|\u00e9\n" },
        { "a,b\n1,2\n3",
          "1: a|b\n2: 1|2\n3: 3| !1 The file ends in this row: it may be "
          "incomplete.\n" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
        assert_import(&comma, slice_of(files[i].file), files[i].expected);
}

static void test_encodings(void **state)
{
    static const struct {
        enum import_charset charset;
        struct slice file;
        const char *expected;
    } files[] = {
        { IMPORT_UTF_8,
          { "\xef\xbb\xbf"
            "a\n\xe2\x82\xac",
            8 },
          "1: a\n2: \u20ac\n" },
        { IMPORT_WINDOWS_1252,
          { "a\n\x80\xe9\xff", 5 },
          "1: a\n2: \u20ac\u00e9\u00ff\n" },
        { IMPORT_WINDOWS_1252,
          { "a\n\x81", 3 },
          "1: a\n2: \uFFFD !1 " NOT_TEXT "\n" },
        { IMPORT_UTF_16LE,
          { "\xff\xfe"
            "a\0\n\0\xac\x20\x3d\xd8\x00\xdc",
            12 },
          "1: a\n2: \u20ac\U0001F400\n" },
        { IMPORT_UTF_16BE,
          { "\0a\0\n\x20\xac\xd8\x3d\xdc\x00", 10 },
          "1: a\n2: \u20ac\U0001F400\n" },
        /* half a pair, and half a letter */
        { IMPORT_UTF_16LE,
          { "a\0\n\0\x3d\xd8x\0y", 9 },
          "1: a\n2: \uFFFDx\uFFFD !1 " NOT_TEXT "\n" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        struct import_format format = { .charset = files[i].charset,
                                        .delimiter = ',' };

        assert_import(&format, files[i].file, files[i].expected);
    }
}

static void test_apostrophes_of_spreadsheets(void **state)
{
    struct import_format format = { .delimiter = ',', .guarded = true };

    (void)state;
    assert_import(&format,
                  SLICE("phone,name\n'0044 20,'s-Gravenhage\n''=x,'\n"),
                  "1: phone|name\n2: 0044 20|'s-Gravenhage\n3: '=x|'\n");
}

static void test_what_is_no_table(void **state)
{
    static const struct {
        struct slice file;
        const char *words;
    } files[] = {
        { { "", 0 }, "The file is empty" },
        { { "\r\n\r\n", 4 }, "The file is empty" },
        { { "a,b\n1,\"x", 8 },
          "Row 2, column 2: the file ends inside a cell in quotes" },
        { { "a,b\n1,\"x\"y\n", 11 },
          "Row 2, column 2: a quotation mark is in the wrong place" },
        { { "a,b\n1,x\"y\n", 10 },
          "Row 2, column 2: a quotation mark is in the wrong place" },
        { { "a,b\n1,\0\n", 8 }, "Line 2 of the file has a NUL character" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
        assert_import_refused(&comma, files[i].file, ERROR_SYNTAX,
                              files[i].words);
}

/* A header, then `count` times `piece`. */
static void make_file(struct text *file, const char *header, const char *piece,
                      size_t count)
{
    text_init(file, 0);
    text_append_string(file, header);
    for (size_t i = 0; i < count; i++)
        text_append_string(file, piece);
    assert_false(file->failed);
}

static void test_limits(void **state)
{
    static const struct {
        const char *header, *piece;
        size_t count;
        const char *words;
    } files[] = {
        { "a\n", "0123456789abcdef", 65536, "Row 2 is longer than 256 KiB" },
        { "a\n\"", "01234\n6789abcdef", 65536, "Row 2 is longer than 256 KiB" },
        { "", "a,", 10000, "The file has more than 256 columns" },
        { "a\n", "b\n", 2000000, "The file has more than 1048576 rows" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        struct text file;

        make_file(&file, files[i].header, files[i].piece, files[i].count);
        assert_import_refused(&comma, text_slice(&file), ERROR_LIMIT,
                              files[i].words);
        text_free(&file);
    }
}

/* A row of 10,000 empty cells is what some spreadsheets write. */
static void test_empty_columns(void **state)
{
    struct text file, out;

    (void)state;
    make_file(&file, "a,b\n1,2", ",", 10000);
    text_init(&out, 0);
    text_append_char(&file, '\n');
    assert_import(&comma, text_slice(&file), "1: a|b\n2: 1|2\n");
    text_free(&file);
    text_free(&out);
}

static enum error stop_at_row(void *context, const struct import_row *row)
{
    size_t *calls = context;

    ++*calls;
    return row->header ? OK : ERROR_STOPPING;
}

static void test_the_caller_ends_it(void **state)
{
    struct import_reader *reader;
    size_t calls = 0;

    (void)state;
    assert_int_equal(import_reader_open(&comma, stop_at_row, &calls, &reader),
                     OK);
    assert_int_equal(import_reader_feed(reader, SLICE("a\n1\n2\n3\n")),
                     ERROR_STOPPING);
    assert_int_equal(import_reader_feed(reader, SLICE("4\n")), ERROR_STOPPING);
    assert_int_equal(import_reader_finish(reader), ERROR_STOPPING);
    assert_int_equal(calls, 2);
    assert_int_equal(import_reader_rows(reader), 1);
    import_reader_close(reader);
    import_reader_close(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_faulty_rows),
        cmocka_unit_test(test_encodings),
        cmocka_unit_test(test_apostrophes_of_spreadsheets),
        cmocka_unit_test(test_what_is_no_table),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_empty_columns),
        cmocka_unit_test(test_the_caller_ends_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
