/* Tables of suppliers, and the guard against formulas. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "cafe/csv.h"
#include "test_takeaway.h"

static void expect_table(enum csv_reader reader, const char *name)
{
    struct text out;

    text_init(&out, 0);
    csv_head(&out, reader);
    for (size_t i = 0; i < SAMPLES; i++) {
        const struct supplier supplier = sample(i);

        csv_record(&out, reader, &supplier);
    }
    assert_golden(&out, name);
    text_free(&out);
}

static void test_for_programs(void **state)
{
    (void)state;
    expect_table(CSV_PROGRAM, "suppliers.csv");
}

static void test_for_spreadsheets(void **state)
{
    (void)state;
    expect_table(CSV_SPREADSHEET, "suppliers-excel.csv");
}

/* A text, and how it is guarded. */
static const char *const guards[][2] = {
    { "", "" },
    { "beans", "beans" },
    { "'", "'" },
    { "''", "''" },
    { "'beans", "'beans" },
    { " =1", " =1" },
    { "=1", "'=1" },
    { "+1", "'+1" },
    { "-1", "'-1" },
    { "@a", "'@a" },
    { "\ta", "'\ta" },
    { "\ra", "\"'\ra\"" },
    { "'=1", "''=1" },
    { "''-", "'''-" },
    { "'@", "''@" },
    { "=\"a\"", "\"'=\"\"a\"\"\"" },
};

static void test_every_guard_is_undone(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(guards) / sizeof(guards[0]); i++) {
        struct slice text = slice_of(guards[i][0]);
        struct supplier supplier = { .id = 1 };
        struct text out, expected, guarded;

        supplier.fields[SUPPLIER_NAME] = text;
        text_init(&out, 0);
        text_init(&expected, 0);
        text_init(&guarded, 0);
        csv_record(&out, CSV_SPREADSHEET, &supplier);
        text_printf(&expected, "1,%s,,,,,,,\r\n", guards[i][1]);
        assert_string_equal(text_string(&out), text_string(&expected));
        if (strlen(guards[i][1]) > text.len)
            text_append_char(&guarded, '\'');
        text_append_slice(&guarded, text);
        assert_true(slice_equal(csv_unguard(text_slice(&guarded)), text));
        text_free(&out);
        text_free(&expected);
        text_free(&guarded);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_for_programs),
        cmocka_unit_test(test_for_spreadsheets),
        cmocka_unit_test(test_every_guard_is_undone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
