/* Links by which a supplier is reached. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "cafe/suppliers/contact.h"

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

static void expect(const char *given, const char *url, const char *expected)
{
    if ((url == NULL) != (expected == NULL) ||
        (url != NULL && strcmp(url, expected) != 0))
        fail_msg("'%s': %s, not %s", given, url ? url : "(none)",
                 expected ? expected : "(none)");
}

/* RFC 3966, 3: visual separators are left out. */
static const char *const phones[][2] = {
    { "+44 20 7946 0958", "tel:+442079460958" },
    { "+1 (802) 555-0101", "tel:+18025550101" },
    { "020.7946.0958", "tel:02079460958" },
    { "0221/555 0100", "tel:02215550100" },
    { "555-0100 ext. 12", "tel:5550100;ext=12" },
    { "555-0100 EXT12", "tel:5550100;ext=12" },
    { "555-0100x3", "tel:5550100;ext=3" },
    { "+57 606 555 0118 ext. 3", "tel:+576065550118;ext=3" },
    { "+44 (0)20 7946 0958", "tel:+442079460958" },
    { "0044 (0)20 7946 0958", "tel:+442079460958" },
    { "+44\u00a0(0)20\u20117946\u20130958", "tel:+442079460958" },
    { "\u202a+44 20 7946 0958\u202c", "tel:+442079460958" },
    { "tel:+44-20-7946-0958", "tel:+442079460958" },
    { "555-0100 #12", "tel:5550100;ext=12" },
    { "", NULL },
    { "12", NULL },
    { "call me", NULL },
    { "555-0100;ext=<b>", NULL },
    { "1+5550100", NULL },
    { "020 7946 0958 / 0959", NULL },
};

static void test_tel(void **state)
{
    for (size_t i = 0; i < ROWS(phones); i++)
        expect(phones[i][0], contact_tel(*state, slice_of(phones[i][0])),
               phones[i][1]);
}

/* RFC 6068, 2: what has a meaning in a URL is escaped. */
static const char *const emails[][2] = {
    { "orders@example.com", "mailto:orders@example.com" },
    { "a+b?cc=x@example.com", "mailto:a%2Bb%3Fcc%3Dx@example.com" },
    { "a&b@ex\u00e4mple.com", "mailto:a%26b@ex%C3%A4mple.com" },
    { "a%b'c@example.com", "mailto:a%25b%27c@example.com" },
    { "mailto:orders@example.com", "mailto:orders@example.com" },
    { "Orders <orders@example.com>", "mailto:orders@example.com" },
    { "\u00a0a\u00ad@b\u200b", "mailto:a@b" },
    { "a\u00a0b@c", NULL },
    { "", NULL },
    { "@", NULL },
    { "a@", NULL },
    { "@b", NULL },
    { "no mail", NULL },
    { "a b@c", NULL },
    { "a@b@c", NULL },
    { "bob@x,com", NULL },
    { "a@b.example; c@d.example", NULL },
    { "a@b\r\nbcc:c", NULL },
};

static void test_mailto(void **state)
{
    for (size_t i = 0; i < ROWS(emails); i++)
        expect(emails[i][0], contact_mailto(*state, slice_of(emails[i][0])),
               emails[i][1]);
}

static const struct {
    const char *address, *city, *state, *country, *map_url, *url;
} maps[] = {
    { "1 Hill Road", "Waterbury", "VT", "USA", "https://m/?q={query}",
      "https://m/?q=1%20Hill%20Road%2C%20Waterbury%2C%20VT%2C%20USA" },
    { "", "K\u00f6ln & \"x\"", "", "", "https://m/{query}/a",
      "https://m/K%C3%B6ln%20%26%20%22x%22/a" },
    { "", "", "", "UK", "https://m/?q={query}", "https://m/?q=UK" },
    { "", "", "", "", "https://m/?q={query}", NULL },
    { "1 Road", "x", "", "", "", NULL },
    { "1 Road", "x", "", "", "https://m/", NULL },
};

static void test_map(void **state)
{
    for (size_t i = 0; i < ROWS(maps); i++) {
        const struct supplier supplier = {
            .fields = { [SUPPLIER_ADDRESS] = slice_of(maps[i].address),
                        [SUPPLIER_CITY] = slice_of(maps[i].city),
                        [SUPPLIER_STATE] = slice_of(maps[i].state),
                        [SUPPLIER_COUNTRY] = slice_of(maps[i].country) },
        };

        expect(maps[i].city, contact_map(*state, &supplier, maps[i].map_url),
               maps[i].url);
    }
}

static void test_context(void **state)
{
    struct supplier supplier = {
        .fields = { [SUPPLIER_PHONE] = SLICE("5550100") },
    };
    struct context *context = context_open(*state);

    contact_context(&supplier, "https://m/{query}", *state, context);
    assert_true(slice_is(context_slice(context_member(context, SLICE("tel"))),
                         "tel:5550100"));
    assert_null(context_member(context, SLICE("mailto")));
    assert_null(context_member(context, SLICE("map")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_tel, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_mailto, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_map, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_context, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
