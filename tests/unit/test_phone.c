/* Numbers as they are written, dialled and compared. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "cafe/suppliers/phone.h"

#define ROWS(table) (sizeof(table) / sizeof((table)[0]))

/* A number, what is dialled, and its text without trunk zero. */
static const char *const numbers[][3] = {
    { "+44 20 7946 0958", "+442079460958", "+44 20 7946 0958" },
    { "+44 (0)20 7946 0958", "+442079460958", "+44 20 7946 0958" },
    { "+44(0)20 7946 0958", "+442079460958", "+44 20 7946 0958" },
    { "+44 (0) 20 7946 0958", "+442079460958", "+44 20 7946 0958" },
    { "+44 ( 0 ) 20 7946 0958", "+442079460958", "+44 20 7946 0958" },
    { "+44 (020) 7946 0958", "+442079460958", "+44 (20) 7946 0958" },
    { "(+44) (0)20 7946 0958", "+442079460958", "(+44) 20 7946 0958" },
    { "+44-(0)-20-7946-0958", "+442079460958", "+44-20-7946-0958" },
    { "0044 (0)20 7946 0958", "+442079460958", "0044 20 7946 0958" },
    { "00 44 (0)20 7946 0958", "+442079460958", "00 44 20 7946 0958" },
    { "00442079460958", "+442079460958", "00442079460958" },
    { "011 44 20 7946 0958", "+442079460958", "011 44 20 7946 0958" },
    { "011442079460958", "+442079460958", "011442079460958" },
    { "0011 44 20 7946 0958", "+442079460958", "0011 44 20 7946 0958" },
    { "+49 (0)221 555-0100 ext. 12", "+492215550100;ext=12",
      "+49 221 555-0100 ext. 12" },
    { "+353 (0)1 234 5678", "+35312345678", "+353 1 234 5678" },
    /* There the zero is a part of the number. */
    { "+39 (0)6 1234 5678", "+390612345678", "+39 (0)6 1234 5678" },
    { "+39 (06) 1234 5678", "+390612345678", "+39 (06) 1234 5678" },
    /* Other trunk prefixes. */
    { "+36 (06) 1 234 5678", "+3612345678", "+36 1 234 5678" },
    { "+7 (8) 495 123-45-67", "+74951234567", "+7 495 123-45-67" },
    { "+7 (812) 123-45-67", "+78121234567", "+7 (812) 123-45-67" },
    { "+1 (802) 555-0101", "+18025550101", "+1 (802) 555-0101" },
    /* Without country code nothing is left out. */
    { "(0)20 7946 0958", "02079460958", "(0)20 7946 0958" },
    { "(020) 7946 0958", "02079460958", "(020) 7946 0958" },
    { "44 (0)20 7946 0958", "4402079460958", "44 (0)20 7946 0958" },
    /* No exit codes: area codes, and services. */
    { "011 4455 6677", "01144556677", "011 4455 6677" },
    { "0114 496 0000", "01144960000", "0114 496 0000" },
    { "010-1234-5678", "01012345678", "010-1234-5678" },
    { "0077-22-1234567", "0077221234567", "0077-22-1234567" },
    { "810 555 0101", "8105550101", "810 555 0101" },
    { "555-0100 extension 12", "5550100;ext=12", "555-0100 extension 12" },
    { "555-0100 #12", "5550100;ext=12", "555-0100 #12" },
    { "555-0100 ext: 12", "5550100;ext=12", "555-0100 ext: 12" },
    { "555-0100x3", "5550100;ext=3", "555-0100x3" },
};

static void test_numbers(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS(numbers); i++) {
        struct slice given = slice_of(numbers[i][0]);
        struct text url, text;
        struct phone phone;

        text_init(&url, 0);
        text_init(&text, 0);
        if (!phone_read(given, &phone, NULL))
            fail_msg("'%s' is no number", numbers[i][0]);
        phone_append_url(&url, &phone);
        phone_append_text(&text, &phone, given);
        if (strcmp(text_string(&url), numbers[i][1]) != 0 ||
            strcmp(text_string(&text), numbers[i][2]) != 0)
            fail_msg("'%s': %s, '%s'", numbers[i][0], text_string(&url),
                     text_string(&text));
        text_free(&url);
        text_free(&text);
    }
}

static const struct {
    const char *text;
    size_t fault;
} faulty[] = {
    { "", 0 },
    { "+", 1 },
    { "()", 2 },
    { "12", 2 },
    { "1234567890123456", 16 },
    { "12345678901234567890123456789012345678901234567890", 40 },
    { "555-0100B", 8 },
    { "1+5550100", 1 },
    { "555-0100 ext", 9 },
    { "555-0100 x123456789012345678901", 9 },
};

static void test_faults(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS(faulty); i++) {
        struct phone phone;
        size_t fault = 99;

        assert_false(phone_read(slice_of(faulty[i].text), &phone, &fault));
        if (fault != faulty[i].fault)
            fail_msg("'%s': %zu", faulty[i].text, fault);
    }
}

/* Two spellings, and whether they may be one number. */
static const struct {
    const char *a, *b;
    bool same;
} pairs[] = {
    { "+44 20 7946 0958", "020 7946 0958", true },
    { "+44 20 7946 0958", "0044 20 7946 0958", true },
    { "+44 20 7946 0958", "+44 (0)20 7946 0958", true },
    { "+44 20 7946 0958", "+44 020 7946 0958", true },
    { "+44 20 7946 0958", "20 7946 0958", true },
    { "020 7946 0958", "20 7946 0958", true },
    { "+1 802 555 0101", "(802) 555-0101", true },
    { "+1 802 555 0101", "1-802-555-0101", true },
    { "1-802-555-0101", "802 555 0101", true },
    { "+7 495 123 45 67", "8 (495) 123-45-67", true },
    { "+36 1 234 5678", "06 1 234 5678", true },
    { "+39 06 1234 5678", "06 1234 5678", true },
    { "+86 138 0013 8000", "138 0013 8000", true },
    { "+44 20 7946 0958 x1", "020 7946 0958 ext. 1", true },
    /* Dialled alike in two countries: nobody knows which one is meant. */
    { "+49 20 7946 0958", "020 7946 0958", true },
    { "+49 20 7946 0958", "+44 20 7946 0958", false },
    { "+44 20 7946 0958 x1", "020 7946 0958", false },
    { "+44 20 7946 0958", "7946 0958", false },
    { "1234567", "12345678", false },
    { "+39 06 1234 5678", "6 1234 5678", false },
};

static void test_pairs(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS(pairs); i++) {
        struct phone a, b;

        assert_true(phone_read(slice_of(pairs[i].a), &a, NULL));
        assert_true(phone_read(slice_of(pairs[i].b), &b, NULL));
        if (phone_same(&a, &b) != pairs[i].same ||
            phone_same(&b, &a) != pairs[i].same)
            fail_msg("'%s', '%s'", pairs[i].a, pairs[i].b);
    }
}

static bool finds(const struct phone *asked, const struct phone *stored)
{
    struct text lines, digits, home;
    bool found;

    text_init(&lines, 0);
    text_init(&digits, 0);
    text_init(&home, 0);
    phone_append_spellings(&lines, stored);
    phone_append_digits(&digits, asked);
    phone_append_home(&home, asked);
    found = strstr(text_string(&lines), text_string(&digits)) != NULL ||
            strstr(text_string(&lines), text_string(&home)) != NULL;
    text_free(&lines);
    text_free(&digits);
    text_free(&home);
    return found;
}

/* What is the same is found, either by the other one. */
static void test_spellings_find_each_other(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS(pairs); i++) {
        struct phone a, b;

        assert_true(phone_read(slice_of(pairs[i].a), &a, NULL));
        assert_true(phone_read(slice_of(pairs[i].b), &b, NULL));
        if (pairs[i].same && (!finds(&a, &b) || !finds(&b, &a)))
            fail_msg("'%s', '%s'", pairs[i].a, pairs[i].b);
        assert_true(finds(&a, &a) && finds(&b, &b));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_faults),
        cmocka_unit_test(test_pairs),
        cmocka_unit_test(test_spellings_find_each_other),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
