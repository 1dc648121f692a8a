/* The website of a supplier: how it is tidied, checked and linked to. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "cafe/suppliers/supplier.h"

static int open_arena(void **state)
{
    *state = arena_open(0);
    return *state != NULL ? 0 : -1;
}

static int close_arena(void **state)
{
    arena_close(*state);
    return 0;
}

static const char *link_of(struct arena *arena, struct slice text)
{
    return supplier_columns[SUPPLIER_WEBSITE].link(arena, text);
}

static struct slice tidied(struct arena *arena, struct slice text)
{
    struct slice once, twice;
    supplier_tidy_fn *tidy = supplier_columns[SUPPLIER_WEBSITE].tidy;

    assert_int_equal(tidy(arena, text, &once), OK);
    assert_int_equal(tidy(arena, once, &twice), OK);
    assert_true(slice_equal(once, twice));
    return once;
}

/* What is said of a text as a form sends it; NULL: nothing. */
static const char *fault(struct arena *arena, struct slice text)
{
    struct supplier supplier = { .fields = { [SUPPLIER_WEBSITE] =
                                                 tidied(arena, text) } };
    struct supplier_faults faults;

    for (size_t f = 0; f < SUPPLIER_FIELDS; f++)
        if (f != SUPPLIER_WEBSITE)
            supplier.fields[f] = SLICE("");
    supplier_check(arena, &supplier, &faults);
    return faults.messages[SUPPLIER_WEBSITE];
}

static void test_what_is_followed(void **state)
{
    static const struct {
        const char *text, *link; /* NULL: the same */
    } rows[] = {
        { "https://www.example.com", NULL },
        { "http://example.com/", NULL },
        { "HTTPS://EXAMPLE.com", NULL },
        { "https://example.com:8443/beans?fresh=1&for=all#top", NULL },
        { "https://example.com?a", NULL },
        { "https://intranet/beans", NULL },
        { "https://192.0.2.7/", NULL },
        { "https://caf\u00e9-\u0142\u00f3d\u017a.example/\u8c46", NULL },
        { "https://example.com./it's,(here);a=b", NULL },
        /* Most people leave the scheme out. */
        { "example.com", "https://example.com" },
        { "  www.example.com/beans \u200b", "https://www.example.com/beans" },
        { "//example.com/a", "https://example.com/a" },
        { "example.com:8080", "https://example.com:8080" },
        { "b\u00fccher.example?q=a:b", "https://b\u00fccher.example?q=a:b" },
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct slice text = slice_of(rows[i].text);
        const char *expected = rows[i].link != NULL ? rows[i].link
                                                    : rows[i].text;
        const char *message = fault(*state, text);
        const char *link = link_of(*state, text);

        if (message != NULL)
            fail_msg("%s: %s", rows[i].text, message);
        assert_true(slice_is(tidied(*state, text), expected));
        assert_non_null(link);
        assert_string_equal(link, expected);
    }
    assert_null(fault(*state, SLICE("")));
    assert_null(link_of(*state, SLICE("")));
    assert_null(link_of(*state, (struct slice){ NULL, 0 }));
}

/* Neither saved nor, where another program has written it, linked to. */
static void test_what_is_not(void **state)
{
#define TEXT(text)             \
    {                          \
        text, sizeof(text) - 1 \
    }
#define ADDRESS "begins with https:// or http://, for example"
    static const struct {
        struct slice text;
        const char *words;
    } rows[] = {
        { TEXT("javascript:alert(1)"), ADDRESS },
        { TEXT("JavaScript://example.com/%0aalert(1)"), ADDRESS },
        { TEXT("data:text/html,x"), ADDRESS },
        { TEXT("ftp://example.com"), ADDRESS },
        { TEXT("mailto:a@example.com"), ADDRESS },
        { TEXT("a@example.com"), ADDRESS },
        { TEXT("none"), ADDRESS },
        { TEXT("n.a."), ADDRESS },
        { TEXT("n.a"), ADDRESS },
        { TEXT("-"), ADDRESS },
        { TEXT("192.0.2.7"), ADDRESS },
        { TEXT("localhost:8080"), ADDRESS },
        { TEXT("http:example.com"), ADDRESS },
        { TEXT("http:/example.com"), ADDRESS },
        { TEXT("http//example.com"), ADDRESS },
        { TEXT("ttps://example.com"), ADDRESS },
        { TEXT("https://"), ADDRESS },
        { TEXT("https:///beans"), ADDRESS },
        { TEXT("https://?beans"), ADDRESS },
        { TEXT("https://."), ADDRESS },
        { TEXT("https://a..example"), ADDRESS },
        { TEXT("https://.example"), ADDRESS },
        { TEXT("https://example.com:"), ADDRESS },
        { TEXT("https://example.com:0"), ADDRESS },
        { TEXT("https://example.com:65536"), ADDRESS },
        { TEXT("https://example.com:javascript"), ADDRESS },
        { TEXT("https://bank.example@evil.example"), ADDRESS },
        { TEXT("https://bank.example:80@evil.example"), ADDRESS },
        { TEXT("https://%65xample.com"), ADDRESS },
        { TEXT("https://example.com/a b"), "a space as character 22" },
        { TEXT("www example.com"), "a space as character 4" },
        { TEXT("https:\\\\example.com"), "\\\u201d as character 7" },
        { TEXT("https://example.com\\.evil.example"), "\\\u201d as" },
        { TEXT("https://example.com/\"onclick=x"), "\"\u201d as" },
        { TEXT("<https://example.com>"), "<\u201d as character 1" },
        { TEXT("https://a.example\nhttps://b.example"), "a line break" },
        { TEXT("https://example.com/\0"), "U+0000" },
        { TEXT("https://example.com/\x7f"), "U+007F" },
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const char *message = fault(*state, rows[i].text);

        if (message == NULL || strstr(message, rows[i].words) == NULL)
            fail_msg("%s: %s", rows[i].text.data, message ? message : "fine");
        if (link_of(*state, rows[i].text) != NULL)
            fail_msg("%s is linked to", rows[i].text.data);
    }
}

/* What is invisible is left out when it is typed, as of names. */
static void test_what_is_invisible(void **state)
{
    assert_true(slice_is(tidied(*state, SLICE("https://ex\u2060ample.com")),
                         "https://example.com"));
    assert_string_equal(link_of(*state, SLICE("https://e\u200bx.example")),
                        "https://ex.example");
}

static void test_how_much_fits(void **state)
{
    char text[600];

    memset(text, 'a', sizeof(text));
    memcpy(text, "https://a.example/", 18);
    assert_null(fault(*state, (struct slice){ text, 500 }));
    assert_string_equal(
        fault(*state, (struct slice){ text, 501 }),
        "Shorten the supplier website by 1 character: the limit is 500");
}

#define WITH_ARENA(test) \
    cmocka_unit_test_setup_teardown(test, open_arena, close_arena)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_ARENA(test_what_is_followed),
        WITH_ARENA(test_what_is_not),
        WITH_ARENA(test_what_is_invisible),
        WITH_ARENA(test_how_much_fits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
