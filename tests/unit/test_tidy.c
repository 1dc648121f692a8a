/* Texts that were copied from elsewhere, in the characters they stand for. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "cafe/suppliers/tidy.h"

#define ROWS(table) (sizeof(table) / sizeof((table)[0]))

static int set_up(void **state)
{
    *state = arena_open(0);
    return *state != NULL ? 0 : -1;
}

static int tear_down(void **state)
{
    arena_close(*state);
    return 0;
}

typedef enum error tidy_fn(struct arena *arena, struct slice text,
                           struct slice *result);

/* Tidied once as expected, and twice the same. */
static void expect(struct arena *arena, tidy_fn *tidy, const char *given,
                   const char *expected)
{
    struct slice once, twice;

    assert_int_equal(tidy(arena, slice_of(given), &once), OK);
    if (!slice_is(once, expected))
        fail_msg("'%s': '%.*s', not '%s'", given, (int)once.len, once.data,
                 expected);
    assert_int_equal(tidy(arena, once, &twice), OK);
    assert_true(slice_equal(once, twice));
}

static const char *const lines[][2] = {
    { "", "" },
    { " Caf\u00e9\u00a0", "Caf\u00e9" },
    { "Caf\u00e9\u00a0Fox", "Caf\u00e9\u00a0Fox" },
    { "Kaf\u00adfee\u200b", "Kaffee" },
    { "\u202aAcme\u202c", "Acme" },
    { "A\u202egnp\u202cB", "AgnpB" },
    { "\u2066x\u2069\ufeff", "x" },
    { "O\u2019Malley \u2013 Sons", "O\u2019Malley \u2013 Sons" },
    /* Joiners and marks belong to some scripts. */
    { "\u0645\u06cc\u200c\u062e", "\u0645\u06cc\u200c\u062e" },
    { "\u2615\ufe0f", "\u2615\ufe0f" },
    { "\u200e\u200fx\u200f", "x" },
    { "\u200b\u200d \u00ad", "" },
    { "a\nb\tc", "a\nb\tc" },
};

static void test_lines(void **state)
{
    for (size_t i = 0; i < ROWS(lines); i++)
        expect(*state, tidy_line, lines[i][0], lines[i][1]);
}

static const char *const phones[][2] = {
    { "", "" },
    { "+44 20 7946 0958", "+44 20 7946 0958" },
    { "+44\u00a020\u202f7946\u20090958", "+44 20 7946 0958" },
    { "\u202a+44 20 7946 0958\u202c", "+44 20 7946 0958" },
    { "\u200e+44\u200b20\u00ad79", "+442079" },
    { "020\u20117946\u20130958", "020-7946-0958" },
    { "020\u22127946\u20140958", "020-7946-0958" },
    { "03\u30fc1234", "03-1234" },
    { "\uff0b\uff14\uff14\u3000\uff08\uff10\uff09\uff12", "+44 (0)2" },
    { "\u0660\u0661\u06f2 \u0969", "012 3" },
    { "020\t7946\t", "020\t7946" },
    { "tel:+442079460958", "+442079460958" },
    { "TEL:+44%2020%207946", "+44 20 7946" },
    { "tel:+44-20;ext=12", "+44-20 ext. 12" },
    { "tel:020;phone-context=+44;ext=7", "020 ext. 7" },
    { "<tel:+4420>", "+4420" },
    { "callto:+4420", "+4420" },
    { "Tel.: 020 7946", "020 7946" },
    { "Telephone 020", "020" },
    { "Phone: 020", "020" },
    { "tel:%zz", "%zz" },
    { "telex 12", "telex 12" },
    { "555 ext. 12", "555 ext. 12" },
    { "55\n5", "55\n5" },
    { "\u260e 555", "\u260e 555" },
};

static void test_phones(void **state)
{
    for (size_t i = 0; i < ROWS(phones); i++)
        expect(*state, tidy_phone, phones[i][0], phones[i][1]);
}

static const char *const emails[][2] = {
    { "", "" },
    { "a@b", "a@b" },
    { "\u00a0a@b\u200b", "a@b" },
    { "or\u00adders@\u200eexample\u2060.com", "orders@example.com" },
    { "a\u2011b@c\u2013d", "a-b@c-d" },
    { "\uff41\uff20\uff42\u3002c", "a@b.c" },
    { "o\u2019brien@example.com", "o'brien@example.com" },
    { "mailto:a@b", "a@b" },
    { "MAILTO:a%2Bx@b?subject=x&cc=c@d", "a+x@b" },
    { "mailto: a@b", "a@b" },
    { "<a@b>", "a@b" },
    { "Jane Doe <a@b>", "a@b" },
    { "\"Doe, J\" <mailto:a@b>;", "a@b" },
    { "<mailto:a@b>", "a@b" },
    { "a@b;", "a@b" },
    { "a@b, ", "a@b" },
    { "\u00fc@b\u00fccher.example", "\u00fc@b\u00fccher.example" },
    { "a b@c", "a b@c" },
    { "mailto", "mailto" },
    { "<", "<" },
    { ">", ">" },
    { "<>", "" },
};

static void test_emails(void **state)
{
    for (size_t i = 0; i < ROWS(emails); i++)
        expect(*state, tidy_email, emails[i][0], emails[i][1]);
}

static void test_without_memory(void **state)
{
    struct arena *full = arena_open(1);
    struct slice result = SLICE("untouched");

    (void)state;
    assert_int_equal(tidy_line(full, SLICE("abc"), &result), ERROR_MEMORY);
    assert_int_equal(tidy_phone(full, SLICE("555"), &result), ERROR_MEMORY);
    assert_int_equal(tidy_email(full, SLICE("a@b"), &result), ERROR_MEMORY);
    assert_null(tidy_name(full, SLICE("a"), 0));
    assert_true(slice_is(result, "untouched"));
    arena_close(full);
}

#define WITH(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH(test_lines),
        WITH(test_phones),
        WITH(test_emails),
        WITH(test_without_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
