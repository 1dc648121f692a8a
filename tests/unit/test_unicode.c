/* UTF-8 on both sides of validity, its length, normal form C, the fold. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "cafe/base/unicode.h"
#include "cafe/base/utf8.h"

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))

static int set_up(void **state)
{
    *state = arena_open(0);
    return *state == NULL;
}

static int tear_down(void **state)
{
    arena_close(*state);
    return 0;
}

/* The table of RFC 3629 4: the edges of every row. */
static const struct {
    struct slice bytes;
    size_t count;
} valid[] = {
    { { NULL, 0 }, 0 },
    { { "", 0 }, 0 },
    { { "\0", 1 }, 1 },
    { { "abc", 3 }, 3 },
    { { "\x7f", 1 }, 1 },
    { { "\xc2\x80", 2 }, 1 },
    { { "\xdf\xbf", 2 }, 1 },
    { { "\xe0\xa0\x80", 3 }, 1 },
    { { "\xe0\xbf\xbf", 3 }, 1 },
    { { "\xec\xbf\xbf", 3 }, 1 },
    { { "\xed\x80\x80", 3 }, 1 },
    { { "\xed\x9f\xbf", 3 }, 1 },
    { { "\xee\x80\x80", 3 }, 1 },
    { { "\xef\xbf\xbf", 3 }, 1 },
    { { "\xf0\x90\x80\x80", 4 }, 1 },
    { { "\xf0\xbf\xbf\xbf", 4 }, 1 },
    { { "\xf1\x80\x80\x80", 4 }, 1 },
    { { "\xf3\xbf\xbf\xbf", 4 }, 1 },
    { { "\xf4\x80\x80\x80", 4 }, 1 },
    { { "\xf4\x8f\xbf\xbf", 4 }, 1 },
    { { "Caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80", 14 }, 8 },
    { { "seven..\xc3\xa9", 9 }, 8 },
};

static const struct slice invalid[] = {
    { "\x80", 1 },             /* a continuation alone */
    { "\xbf", 1 },             /* the last one */
    { "\xc0\x80", 2 },         /* overlong NUL */
    { "\xc1\xbf", 2 },         /* overlong U+7F */
    { "\xc2", 1 },             /* cut off */
    { "\xc2\x7f", 2 },         /* no continuation */
    { "\xc2\xc0", 2 },         /* no continuation */
    { "\xe0\x80\x80", 3 },     /* overlong */
    { "\xe0\x9f\xbf", 3 },     /* overlong U+7FF */
    { "\xe1\x80", 2 },         /* cut off */
    { "\xe1\x80\x7f", 3 },     /* no continuation */
    { "\xe1\x80\xc0", 3 },     /* no continuation */
    { "\xed\xa0\x80", 3 },     /* surrogate U+D800 */
    { "\xed\xbf\xbf", 3 },     /* surrogate U+DFFF */
    { "\xf0\x80\x80\x80", 4 }, /* overlong */
    { "\xf0\x8f\xbf\xbf", 4 }, /* overlong U+FFFF */
    { "\xf1\x80\x80", 3 },     /* cut off */
    { "\xf1\x80\x80\xc0", 4 }, /* no continuation */
    { "\xf4\x90\x80\x80", 4 }, /* U+110000 */
    { "\xf5\x80\x80\x80", 4 }, /* beyond */
    { "\xf8\x88\x80\x80", 4 }, /* five bytes of old */
    { "\xfe", 1 },             /* never */
    { "\xff", 1 },             /* never */
};

static void test_valid(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(valid); i++) {
        if (!utf8_valid(valid[i].bytes))
            print_error("row %zu is called invalid\n", i);
        assert_true(utf8_valid(valid[i].bytes));
        assert_int_equal(utf8_count(valid[i].bytes), valid[i].count);
    }
}

static void test_invalid(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(invalid); i++) {
        if (utf8_valid(invalid[i]))
            print_error("row %zu is called valid\n", i);
        assert_false(utf8_valid(invalid[i]));
    }
}

/* A fault is found wherever it stands among ASCII, which is read in words. */
static void test_invalid_at_every_place(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(invalid); i++) {
        for (size_t before = 0; before <= 17; before++) {
            for (size_t after = 0; after <= 9; after++) {
                char bytes[32];
                size_t len = before + invalid[i].len + after;

                memset(bytes, 'a', sizeof(bytes));
                memcpy(bytes + before, invalid[i].data, invalid[i].len);
                assert_false(utf8_valid((struct slice){ bytes, len }));
            }
        }
    }
}

static void test_valid_at_every_place(void **state)
{
    char bytes[32];

    (void)state;
    for (size_t before = 0; before + 4 <= sizeof(bytes); before++) {
        memset(bytes, 'a', sizeof(bytes));
        memcpy(bytes + before, "\xf0\x9f\x98\x80", 4);
        assert_true(utf8_valid((struct slice){ bytes, sizeof(bytes) }));
        assert_false(utf8_valid((struct slice){ bytes, before + 3 }));
        assert_int_equal(utf8_count((struct slice){ bytes, sizeof(bytes) }),
                         29);
    }
}

static void test_normal_form_c(void **state)
{
    static const struct {
        const char *given, *composed;
    } rows[] = {
        { "", "" },
        { "plain", "plain" },
        { "Cafe\xcc\x81", "Caf\xc3\xa9" },            /* e + acute */
        { "Caf\xc3\xa9", "Caf\xc3\xa9" },             /* composed already */
        { "\xe2\x84\xab", "\xc3\x85" },               /* Angstrom sign */
        { "q\xcc\x87\xcc\xa3", "q\xcc\xa3\xcc\x87" }, /* marks reordered */
        { "\xe1\x84\x92\xe1\x85\xa1\xe1\x86\xab",     /* Hangul jamo */
          "\xed\x95\x9c" },
        { "\xef\xac\x81", "\xef\xac\x81" }, /* fi stays: not NFKC */
    };
    struct slice result;

    for (size_t i = 0; i < COUNT(rows); i++) {
        assert_int_equal(
            utf8_normalise(*state, slice_of(rows[i].given), &result), OK);
        assert_int_equal(result.len, strlen(rows[i].composed));
        assert_string_equal(result.data, rows[i].composed);
    }
}

static void test_normal_form_refuses(void **state)
{
    struct arena *small = arena_open(16);
    struct slice result = SLICE("untouched");

    assert_int_equal(utf8_normalise(*state, SLICE("a\xff"), &result),
                     ERROR_SYNTAX);
    assert_int_equal(utf8_normalise(small, SLICE("0123456789abcdef"), &result),
                     ERROR_MEMORY);
    assert_int_equal(
        utf8_normalise(small, SLICE("0123456789abcd\xc3\xa9"), &result),
        ERROR_MEMORY);
    assert_string_equal(result.data, "untouched");
    arena_close(small);
}

static const struct {
    const char *given, *key;
} folds[] = {
    { "", "" },
    { "ABC xyz [\\]^_`{|}~ @09", "abc xyz [\\]^_`{|}~ @09" },
    { "Caf\xc3\xa9", "cafe" },
    { "CAFE\xcc\x81", "cafe" },
    { "Stra\xc3\x9f"
      "e",
      "strasse" },
    { "STRA\xe1\xba\x9e"
      "E",
      "strasse" },
    { "\xc5\x81\xc3\xb3"
      "d\xc5\xba",
      "lodz" },
    { "\xc5\x82", "l" },
    { "\xc3\x98resund", "oresund" },
    { "\xc3\xb8", "o" },
    { "\xc7\xbf", "o" }, /* o with stroke and acute */
    { "\xc4\x90"
      "akovo",
      "dakovo" },
    { "\xc4\x91", "d" },
    { "\xc3\x86r\xc3\xb8", "aero" },
    { "\xc3\xa6", "ae" },
    { "\xc5\x92uvre", "oeuvre" },
    { "\xc5\x93", "oe" },
    { "\xc3\x9ei\xc3\xb0", "thid" },
    { "\xc3\xbe\xc3\x90", "thd" },
    { "D\xc4\xb1yarbak\xc4\xb1r", "diyarbakir" },
    { "\xc4\xb0stanbul", "istanbul" },
    { "\xc3\x85ngstr\xc3\xb6m", "angstrom" },
    { "\xef\xac\x81sh", "fish" },
    { "O\xe2\x80\x99Neill", "o'neill" },
    { "a\xe2\x80\x93"
      "b",
      "a-b" },
    { "so\xc2\xad"
      "ft",
      "soft" }, /* soft hyphen */
    { "\xce\x91\xce\xb8\xce\xae\xce\xbd\xce\xb1",
      "\xce\xb1\xce\xb8\xce\xb7\xce\xbd\xce\xb1" },
    { "\xe6\x9d\xb1\xe4\xba\xac", "\xe6\x9d\xb1\xe4\xba\xac" },
};

static void test_folds(void **state)
{
    struct slice key, again;

    for (size_t i = 0; i < COUNT(folds); i++) {
        assert_int_equal(unicode_fold(*state, slice_of(folds[i].given), &key),
                         OK);
        assert_string_equal(key.data, folds[i].key);
        assert_int_equal(key.len, strlen(folds[i].key));
        assert_int_equal(unicode_fold(*state, key, &again), OK);
        assert_true(slice_equal(again, key));
    }
}

/* Texts that are found by each other, and what they are by the fold. */
static const char *const search_folds[][2] = {
    { "", "" },
    { "ABC xyz @09", "abc xyz @09" },
    { "Caf\u00e9 Stra\u00dfe \u0141", "cafe strasse l" },
    { "O\u2019Neill O\u02bcNeill O\u00b4Neill O\uff07Neill",
      "o'neill o'neill o'neill o'neill" },
    { "O\u2032x O\u02bbx O\u055ax O\u1ffdx", "o'x o'x o'x o'x" },
    { "a\u2010b\u2011c\u2013d\u2212e\uff0df", "a-b-c-d-e-f" },
    { "\u0660\u06f1\u0968\uff13", "0123" },
    /* Arabic and Persian: yeh, kaf, heh, alef; no tatweel, no vowels. */
    { "\u064a \u06cc \u0649", "\u064a \u064a \u064a" },
    { "\u0643 \u06a9", "\u0643 \u0643" },
    { "\u0647 \u0629 \u06c1", "\u0647 \u0647 \u0647" },
    { "\u0627 \u0623 \u0625 \u0622 \u0671",
      "\u0627 \u0627 \u0627 \u0627 \u0627" },
    { "\u0645\u064f\u062d\u0640\u0640\u0645\u0651\u062f",
      "\u0645\u062d\u0645\u062f" },
    { "\ufbfe\u200c", "\u064a" }, /* presentation form, joiner */
    /* Kana: both scripts and widths; the voice mark is another letter. */
    { "\u3053\u30fc\u3072\u30fc", "\u30b3\u30fc\u30d2\u30fc" },
    { "\uff7a\uff70\uff8b\uff70", "\u30b3\u30fc\u30d2\u30fc" },
    { "\u304c \u30ac \uff76\uff9e \u304b\u3099",
      "\u30ac \u30ac \u30ac \u30ac" },
    { "\u3071 \uff8a\uff9f \u3094", "\u30d1 \u30d1 \u30f4" },
    { "\u304b", "\u30ab" },
    /* Marks that are vowels stay. */
    { "\u0915\u093f", "\u0915\u093f" },
    { "\u05e9\u05b8\u05c1", "\u05e9" },
};

static void test_search_folds(void **state)
{
    for (size_t i = 0; i < COUNT(search_folds); i++) {
        struct slice key, again;

        assert_int_equal(
            unicode_search_fold(*state, slice_of(search_folds[i][0]), &key),
            OK);
        assert_string_equal(key.data, search_folds[i][1]);
        assert_int_equal(unicode_search_fold(*state, key, &again), OK);
        assert_true(slice_equal(again, key));
    }
}

static const char *const looses[][2] = {
    { "", "" },
    { "omalley", "omalley" },
    { "o'malley", "omalley" },
    { "o`malley", "omalley" },
    { "rolls-royce", "rollsroyce" },
    { "mueller", "muller" },
    { "muell", "mull" },
    { "goethe", "gothe" },
    { "jaeger", "jager" },
    { "aarhus", "arhus" },
    { "oestergaard", "ostergard" },
    { "queen", "queen" },
    { "bauer", "bauer" },
    { "'", "" },
    { "\u30b5\u30fc\u30d0\u30fc", "\u30b5\u30fc\u30d0" },
    { "\u30b3\u30fc\u30d2", "\u30b3\u30fc\u30d2" },
    { "\u30ad\u30fc", "\u30ad\u30fc" },
};

static void test_loose_spellings(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(looses); i++) {
        struct text text;

        text_init(&text, 0);
        unicode_append_loose(&text, slice_of(looses[i][0]));
        assert_string_equal(text_string(&text), looses[i][1]);
        text_free(&text);
    }
}

static void test_visible(void **state)
{
    static const char *const shown[] = { "a", " 1 ",     "\u6771", "\u2615",
                                         "-", "e\u0301", "\ue000" };
    static const char *const unseen[] = { "",       " \t",    "\u00a0\u3000",
                                          "\u200b", "\u0301", "\u2800",
                                          "\u3164", "\u202e", "\x7f" };

    (void)state;
    for (size_t i = 0; i < COUNT(shown); i++)
        assert_true(unicode_visible(slice_of(shown[i])));
    for (size_t i = 0; i < COUNT(unseen); i++)
        assert_false(unicode_visible(slice_of(unseen[i])));
}

static void test_fold_repairs_invalid_bytes(void **state)
{
    struct slice key;

    assert_int_equal(unicode_fold(*state,
                                  SLICE("A\xff"
                                        "B"),
                                  &key),
                     OK);
    assert_string_equal(key.data, "a\xef\xbf\xbd"
                                  "b");
    assert_int_equal(unicode_fold(*state, SLICE("\xc3\x89\xc0"), &key), OK);
    assert_string_equal(key.data, "e\xef\xbf\xbd");
    assert_int_equal(unicode_fold(*state, SLICE("\xed\xa0\x80"), &key), OK);
    assert_true(utf8_valid(key));
    assert_true(slice_starts(key, "\xef\xbf\xbd"));
    assert_int_equal(unicode_fold(*state, SLICE("A\0\xc3\x89"), &key), OK);
    assert_true(slice_equal(key, SLICE("a\0e")));
}

static void test_fold_without_memory(void **state)
{
    struct arena *small = arena_open(16);
    struct slice key = SLICE("untouched");

    (void)state;
    assert_int_equal(unicode_fold(small, SLICE("0123456789ABCDEF"), &key),
                     ERROR_MEMORY);
    assert_int_equal(
        unicode_fold(small, SLICE("0123456789ABCDE\xc3\x89"), &key),
        ERROR_MEMORY);
    assert_string_equal(key.data, "untouched");
    arena_close(small);
}

static void test_cut_between_characters(void **state)
{
    static const struct {
        struct slice text;
        size_t max_bytes, len;
    } rows[] = {
        { { "", 0 }, 0, 0 },
        { { "abc", 3 }, 3, 3 },
        { { "abc", 3 }, 2, 2 },
        { { "abc", 3 }, 0, 0 },
        { { "a\xc3\xa9", 3 }, 2, 1 },
        { { "a\xe2\x82\xac", 4 }, 3, 1 },
        { { "\xf0\x9f\x98\x80", 4 }, 3, 0 },
        { { "a\xf0\x9f\x98\x80z", 6 }, 5, 5 },
        /* Faulty: not everything goes. */
        { { "\x80\x80\x80\x80\x80\x80\x80\x80", 8 }, 7, 4 },
        { { "\x80\x80\x80", 3 }, 2, 0 },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct slice cut = utf8_cut(rows[i].text, rows[i].max_bytes);

        assert_int_equal(cut.len, rows[i].len);
        assert_ptr_equal(cut.data, rows[i].text.data);
    }
}

#define WITH(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

static void test_control_characters(void **state)
{
    static const uint32_t controls[] = { 0x00, 0x09, 0x1f, 0x7f, 0x80, 0x9f };
    static const uint32_t others[] = { 0x20, 0x7e, 0xa0, 0x2028, 0xfffe };

    (void)state;
    for (size_t i = 0; i < sizeof(controls) / sizeof(*controls); i++)
        assert_true(letter_is_control(controls[i]));
    for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++)
        assert_false(letter_is_control(others[i]));
    assert_true(byte_is_control('\0') && byte_is_control('\x7f'));
    assert_false(byte_is_control(' ') || byte_is_control('\x80'));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_control_characters),
        cmocka_unit_test(test_valid),
        cmocka_unit_test(test_invalid),
        cmocka_unit_test(test_invalid_at_every_place),
        cmocka_unit_test(test_valid_at_every_place),
        WITH(test_normal_form_c),
        WITH(test_normal_form_refuses),
        WITH(test_folds),
        WITH(test_search_folds),
        cmocka_unit_test(test_loose_spellings),
        cmocka_unit_test(test_visible),
        WITH(test_fold_repairs_invalid_bytes),
        cmocka_unit_test(test_cut_between_characters),
        cmocka_unit_test(test_fold_without_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
