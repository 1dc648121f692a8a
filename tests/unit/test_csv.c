/* Tables of suppliers, and the guard against formulas. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "cafe/suppliers/csv.h"
#include "test_downloads.h"

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
    { " =1", "' =1" },
    { "=1", "'=1" },
    { "+1", "'+1" },
    { "-1", "'-1" },
    { "@a", "'@a" },
    { "\ta", "'\ta" },
    { "\ra", "\"'\ra\"" },
    { "'=1", "''=1" },
    { "''-", "'''-" },
    { "'@", "''@" },
    { "\uff1d1", "'\uff1d1" },
    { "\uff0b1", "'\uff0b1" },
    { "\uff0dx", "'\uff0dx" },
    { "\uff20a", "'\uff20a" },
    { "\u2212x", "'\u2212x" },
    { "0044 20 7946", "'0044 20 7946" },
    { "555-0100 ext. 12", "'555-0100 ext. 12" },
    { " 007 ", "' 007 " },
    { "1E5", "'1E5" },
    { "3/4", "'3/4" },
    { "12:30", "'12:30" },
    { "5 PM", "'5 PM" },
    { "5%", "'5%" },
    { "1,5", "\"'1,5\"" },
    { "$5", "'$5" },
    { "\u20ac 5", "'\u20ac 5" },
    { "(5)", "'(5)" },
    { "\uff11\uff12", "'\uff11\uff12" },
    { "\u0663", "'\u0663" },
    { "2024-01-02T12:30", "'2024-01-02T12:30" },
    { "Mar 4", "'Mar 4" },
    { "Sept. 4", "'Sept. 4" },
    { "Monday 4 March 2024", "'Monday 4 March 2024" },
    { "4. M\u00e4rz 2024", "'4. M\u00e4rz 2024" },
    { "4 F\u00c9VRIER", "'4 F\u00c9VRIER" },
    { "4 de marzo de 2024", "'4 de marzo de 2024" },
    { "2024\u5e741\u67082\u65e5", "'2024\u5e741\u67082\u65e5" },
    { "TRUE", "'TRUE" },
    { " false ", "' false " },
    { "Vrai", "'Vrai" },
    { "#N/A", "'#N/A" },
    { "#REF!", "'#REF!" },
    { "'0044", "''0044" },
    { "''TRUE", "'''TRUE" },
    { "true story", "true story" },
    { "1 Hill Road", "1 Hill Road" },
    { "Hauptstra\u00dfe 5", "Hauptstra\u00dfe 5" },
    { "Marktstra\u00dfe 5", "Marktstra\u00dfe 5" },
    { "March", "March" },
    { "# 1 supplier", "# 1 supplier" },
    { "orders7@example.com", "orders7@example.com" },
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
        text_printf(&expected, "1,%s", guards[i][1]);
        for (int f = 1; f < SUPPLIER_FIELDS; f++)
            text_append_char(&expected, ',');
        text_append_string(&expected, "\r\n");
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
