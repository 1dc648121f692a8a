/* What comes back from a form untouched, whatever a browser makes of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "cafe/suppliers/untouched.h"

static const enum untouched_shown shown_joined[SUPPLIER_FIELDS];
static const enum untouched_shown shown_whole[SUPPLIER_FIELDS] = {
    [SUPPLIER_PHONE] = SHOWN_WITH_LINES
};
static const enum untouched_shown not_shown[SUPPLIER_FIELDS] = {
    [SUPPLIER_WEBSITE] = NOT_SHOWN
};

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

/* A supplier without faults. */
static struct supplier good(void)
{
    return (
        struct supplier){ .fields = { [SUPPLIER_NAME] = SLICE("Name"),
                                      [SUPPLIER_ADDRESS] = SLICE("1 Main St"),
                                      [SUPPLIER_CITY] = SLICE("Springfield"),
                                      [SUPPLIER_STATE] = SLICE("IL"),
                                      [SUPPLIER_COUNTRY] = SLICE(""),
                                      [SUPPLIER_EMAIL] = SLICE(""),
                                      [SUPPLIER_PHONE] = SLICE("555-0100"),
                                      [SUPPLIER_WEBSITE] = SLICE(""),
                                      [SUPPLIER_NOTES] = SLICE("") } };
}

/* Whether a field that was stored like this counts as untouched when it is
 * sent like that. */
static bool untouched(struct arena *arena, enum supplier_field field,
                      struct slice stored, struct slice sent,
                      const enum untouched_shown shown[SUPPLIER_FIELDS])
{
    struct form_field fields[] = { { slice_of(supplier_columns[field].name),
                                     sent } };
    const struct form form = { 1, fields };
    struct supplier was = good();
    struct supplier typed;

    was.fields[field] = stored;
    assert_int_equal(supplier_from_form(arena, &form, &typed), OK);
    assert_int_equal(untouched_restore(arena, &typed, &was, shown), OK);
    return slice_equal(typed.fields[field], stored);
}

static void test_what_a_browser_makes_of_it(void **state)
{
    static const struct {
        enum supplier_field field;
        struct slice stored;
        struct slice sent;
    } rows[] = {
#define ROW(field, stored, sent)               \
    {                                          \
        field, { stored, sizeof(stored) - 1 }, \
        {                                      \
            sent, sizeof(sent) - 1             \
        }                                      \
    }
        ROW(SUPPLIER_ADDRESS, "Floor 2\n1 High St", "Floor 21 High St"),
        ROW(SUPPLIER_ADDRESS, "Floor 2\r\n1 High St", "Floor 21 High St"),
        ROW(SUPPLIER_ADDRESS, "Floor 2\n1 High St", "Floor 2\r\n1 High St"),
        ROW(SUPPLIER_ADDRESS, "Floor 2\r1 High St", "Floor 2\r\n1 High St"),
        ROW(SUPPLIER_ADDRESS, "Floor 2\r\n1 High St", "Floor 2\n1 High St"),
        ROW(SUPPLIER_ADDRESS, "\n\n1 High St\n", "1 High St"),
        ROW(SUPPLIER_NAME, "  padded ", "  padded "),
        ROW(SUPPLIER_NAME, "\u00a0padded\u3000", "padded"),
        ROW(SUPPLIER_NAME, "Cafe\u0301", "Caf\u00e9"),
        ROW(SUPPLIER_NAME, "Cafe\u0301", "Cafe\u0301"),
        ROW(SUPPLIER_NAME, "a\0b", "a\ufffdb"),
        ROW(SUPPLIER_NAME, "a\tb", "a\tb"),
        ROW(SUPPLIER_NAME, " ", ""),
        ROW(SUPPLIER_EMAIL, " a@x\n", "a@x"),
        ROW(SUPPLIER_PHONE, "555\n0100\n", "5550100"),
        ROW(SUPPLIER_NOTES, "one\ntwo", "one\r\ntwo"),
        ROW(SUPPLIER_NOTES, "one\rtwo\r\n", "one\r\ntwo\r\n"),
        ROW(SUPPLIER_NOTES, "\n\none", "\r\n\r\none"),
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (!untouched(*state, rows[i].field, rows[i].stored, rows[i].sent,
                       shown_joined))
            fail_msg("row %zu: %s", i, rows[i].stored.data);
}

static void test_what_a_person_has_changed(void **state)
{
    const struct slice stored = SLICE("555\n0100");

    assert_false(
        untouched(*state, SUPPLIER_NAME, SLICE("a"), SLICE("b"), shown_joined));
    assert_false(untouched(*state, SUPPLIER_NAME, SLICE("a b"), SLICE("ab"),
                           shown_joined));
    assert_false(
        untouched(*state, SUPPLIER_NAME, SLICE("a"), SLICE("A"), shown_joined));
    assert_false(untouched(*state, SUPPLIER_NOTES, SLICE("one\ntwo"),
                           SLICE("onetwo"), shown_joined));
    assert_false(untouched(*state, SUPPLIER_PHONE, stored, SLICE("555 0100"),
                           shown_joined));
    /* joined by hand, where its line break was shown */
    assert_true(untouched(*state, SUPPLIER_PHONE, stored, SLICE("5550100"),
                          shown_joined));
    assert_false(untouched(*state, SUPPLIER_PHONE, stored, SLICE("5550100"),
                           shown_whole));
    assert_true(untouched(*state, SUPPLIER_PHONE, stored, SLICE("555\r\n0100"),
                          shown_whole));
}

/* By a form of the version before, which does not know it. */
static void test_what_a_form_has_not_shown(void **state)
{
    assert_true(untouched(*state, SUPPLIER_WEBSITE, SLICE("https://a.example"),
                          SLICE(""), not_shown));
    assert_false(untouched(*state, SUPPLIER_WEBSITE, SLICE("https://a.example"),
                           SLICE(""), shown_joined));
    assert_false(
        untouched(*state, SUPPLIER_NAME, SLICE("a"), SLICE("b"), not_shown));
}

static void test_only_old_faults_are_remarks(void **state)
{
    struct supplier stored = good();
    struct supplier typed;
    struct supplier_faults faults;

    stored.fields[SUPPLIER_EMAIL] = SLICE("a@x; b@x");
    stored.fields[SUPPLIER_PHONE] = SLICE("CALL-BEANS");
    typed = stored;
    untouched_check(*state, &typed, &stored, &faults);
    assert_int_equal(faults.count, 0);
    assert_non_null(faults.remarks[SUPPLIER_EMAIL]);
    assert_non_null(faults.remarks[SUPPLIER_PHONE]);
    assert_null(faults.remarks[SUPPLIER_NAME]);
    typed.fields[SUPPLIER_PHONE] = SLICE("CALL-BEAN");
    untouched_check(*state, &typed, &stored, &faults);
    assert_int_equal(faults.count, 1);
    assert_non_null(faults.messages[SUPPLIER_PHONE]);
    assert_null(faults.remarks[SUPPLIER_PHONE]);
    assert_non_null(faults.remarks[SUPPLIER_EMAIL]);
    supplier_check(*state, &typed, &faults);
    assert_int_equal(faults.count, 2);
    assert_null(faults.remarks[SUPPLIER_EMAIL]);
}

/* An empty state was fine while there was a country: that is no old fault. */
static void test_an_untouched_field_can_become_a_fault(void **state)
{
    struct supplier stored = good();
    struct supplier typed;
    struct supplier_faults faults;

    stored.fields[SUPPLIER_STATE] = SLICE("");
    stored.fields[SUPPLIER_COUNTRY] = SLICE("Danmark");
    typed = stored;
    typed.fields[SUPPLIER_COUNTRY] = SLICE("");
    untouched_check(*state, &typed, &stored, &faults);
    assert_int_equal(faults.count, 1);
    assert_non_null(faults.messages[SUPPLIER_STATE]);
    untouched_check(*state, &typed, &typed, &faults);
    assert_int_equal(faults.count, 0);
    assert_non_null(faults.remarks[SUPPLIER_STATE]);
}

static void test_which_texts_need_lines(void **state)
{
    (void)state;
    assert_true(untouched_needs_lines(SLICE("a\nb")));
    assert_true(untouched_needs_lines(SLICE("a\rb")));
    assert_false(untouched_needs_lines(SLICE("a\tb\u2028")));
    assert_false(untouched_needs_lines(SLICE("")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_what_a_browser_makes_of_it,
                                        open_arena, close_arena),
        cmocka_unit_test_setup_teardown(test_what_a_person_has_changed,
                                        open_arena, close_arena),
        cmocka_unit_test_setup_teardown(test_what_a_form_has_not_shown,
                                        open_arena, close_arena),
        cmocka_unit_test_setup_teardown(test_only_old_faults_are_remarks,
                                        open_arena, close_arena),
        cmocka_unit_test_setup_teardown(
            test_an_untouched_field_can_become_a_fault, open_arena,
            close_arena),
        cmocka_unit_test(test_which_texts_need_lines),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
