/* The field table of suppliers: forms, checks, and what templates see. */
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

/* A supplier without faults. */
static struct supplier good(void)
{
    return (struct supplier){
        .fields = { [SUPPLIER_NAME] = SLICE("Caf\u00e9 \u0141\u00f3d\u017a"),
                    [SUPPLIER_ADDRESS] = SLICE("1 Main St"),
                    [SUPPLIER_CITY] = SLICE("Springfield"),
                    [SUPPLIER_STATE] = SLICE("IL"),
                    [SUPPLIER_COUNTRY] = SLICE(""),
                    [SUPPLIER_EMAIL] = SLICE(""),
                    [SUPPLIER_PHONE] = SLICE("555-0100"),
                    [SUPPLIER_WEBSITE] = SLICE(""),
                    [SUPPLIER_NOTES] = SLICE("") }
    };
}

/* What is said of a field when it has this text; NULL: nothing. */
static const char *fault(struct arena *arena, enum supplier_field field,
                         struct slice text)
{
    struct supplier supplier = good();
    struct supplier_faults faults;

    supplier.fields[field] = text;
    supplier_check(arena, &supplier, &faults);
    for (size_t f = 0; f < SUPPLIER_FIELDS; f++)
        if (f != field && faults.messages[f] != NULL)
            fail_msg("field %zu: %s", f, faults.messages[f]);
    assert_int_equal(faults.count, faults.messages[field] != NULL);
    return faults.messages[field];
}

static void assert_fault(struct arena *arena, enum supplier_field field,
                         const char *text, const char *message)
{
    const char *found = fault(arena, field, slice_of(text));

    if (found == NULL || strcmp(found, message) != 0)
        fail_msg("\"%s\": %s", text, found ? found : "no fault");
}

/* The message names what is wrong, and where it is. */
static void assert_names(struct arena *arena, enum supplier_field field,
                         const char *text, const char *part)
{
    const char *found = fault(arena, field, slice_of(text));

    if (found == NULL || strstr(found, part) == NULL)
        fail_msg("\"%s\": %s", text, found ? found : "no fault");
}

static void assert_fine(struct arena *arena, enum supplier_field field,
                        const char *text)
{
    const char *found = fault(arena, field, slice_of(text));

    if (found != NULL)
        fail_msg("\"%s\": %s", text, found);
}

static void test_the_table_is_complete(void **state)
{
    (void)state;
    for (size_t f = 0; f < SUPPLIER_FIELDS; f++) {
        assert_non_null(supplier_columns[f].name);
        assert_non_null(supplier_columns[f].label);
        assert_non_null(supplier_columns[f].input_type);
        assert_non_null(supplier_columns[f].autocomplete);
        assert_non_null(supplier_columns[f].hint);
        assert_non_null(supplier_columns[f].check);
        assert_true(supplier_columns[f].max_bytes > 0);
    }
}

static void test_required_fields(void **state)
{
    assert_fault(*state, SUPPLIER_NAME, "", "The supplier name is required");
    assert_fault(*state, SUPPLIER_ADDRESS, "",
                 "The supplier address is required");
    assert_fault(*state, SUPPLIER_CITY, "", "The supplier city is required");
    assert_fault(*state, SUPPLIER_STATE, "",
                 "The supplier state is required, unless you enter a country");
    assert_fine(*state, SUPPLIER_EMAIL, "");
    assert_fine(*state, SUPPLIER_COUNTRY, "");
    assert_fine(*state, SUPPLIER_NOTES, "");
}

static void test_no_state_is_needed_with_a_country(void **state)
{
    struct supplier supplier = good();
    struct supplier_faults faults;

    supplier.fields[SUPPLIER_STATE] = SLICE("");
    supplier.fields[SUPPLIER_COUNTRY] = SLICE("Singapore");
    supplier_check(*state, &supplier, &faults);
    assert_int_equal(faults.count, 0);
}

static void test_no_longer_supplying_needs_a_reason(void **state)
{
    struct supplier supplier = good();
    struct supplier_faults faults;

    supplier.fields[SUPPLIER_ENDED_ON] = SLICE("2026-11-20");
    supplier_check(*state, &supplier, &faults);
    assert_int_equal(faults.count, 1);
    assert_string_equal(faults.messages[SUPPLIER_ENDED_REASON],
                        "Say why it no longer supplies");
    supplier.fields[SUPPLIER_ENDED_REASON] = SLICE("closed down");
    supplier_check(*state, &supplier, &faults);
    assert_int_equal(faults.count, 0);
}

static void test_all_faults_at_once(void **state)
{
    const struct supplier empty = { 0 };
    struct supplier_faults faults;

    supplier_check(*state, &empty, &faults);
    assert_int_equal(faults.count, 5);
    assert_non_null(faults.messages[SUPPLIER_PHONE]);
}

static void test_phones(void **state)
{
    static const char *const fine[] = {
        "555-0100",
        "5550100",
        "+44 20 7946 0958",
        "+44 (0)20 7946 0958",
        "(+49) 30 / 12.34.56",
        "(312) 555-0100 ext. 12",
        "312.555.0100 x7",
        "312 555 0100X 7",
        "312 555 0100 EXT12",
        "312-555-0100ext 123456",
        "123456789012345",
    };
    static const char *const counts[] = {
        "",          "555-010",  "1234567890123456", "() - ",
        "x12345678", "+44 (0)1", "+44 (0)12",
    };
    static const char *const faulty[][2] = {
        { "call me", "the letter \u201cc\u201d as character 1" },
        { "555-0100B", "the letter \u201cB\u201d as character 9" },
        { "555-0100 ext", "the letter \u201ce\u201d as character 10" },
        { "555-0100 ext. 1b", "the letter \u201ce\u201d as character 10" },
        { "44+20 7946 0958", "\u201c+\u201d as character 3" },
        { "++4420794", "\u201c+\u201d as character 2" },
        { "555-0100, 555", "\u201c,\u201d as character 9" },
        { "555-0100 \u260e", "\u201c\u260e\u201d as character 10" },
        { "55501\n00", "a line break as character 6" },
        { "555\u030101 00", "U+0301 as character 4" },
        { "5550100 x1 x2", "the letter \u201cx\u201d as character 9" },
        { "\u0665\u0665\u0665 0100", "\u201c\u0665\u201d as character 1" },
    };

    for (size_t i = 0; i < sizeof(fine) / sizeof(fine[0]); i++)
        assert_fine(*state, SUPPLIER_PHONE, fine[i]);
    for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++)
        assert_fault(*state, SUPPLIER_PHONE, counts[i],
                     "Phone number should be 7 to 15 digits, for example +44 "
                     "20 7946 0958 or 555-0100 ext. 12");
    for (size_t i = 0; i < sizeof(faulty) / sizeof(faulty[0]); i++)
        assert_names(*state, SUPPLIER_PHONE, faulty[i][0], faulty[i][1]);
}

static void test_two_phones(void **state)
{
    static const char *const two[] = {
        "020 7946 0958 / 0959",
        "+49 89 1234567/89",
        "555-0100/1",
        "020 7946 0958, 020 7946 0959",
        "020 7946 0958; 0959",
        "020 7946 0958 or 0959",
        "555-0100 oder 555-0101",
        "020 7946 0958 +44 20 7946 0959",
        "555-0100 | 555-0101",
        "555-0100 & 0101",
        "0800 1111 222 / 0800 33333",
    };
    static const char *const one[] = {
        "030/1234567",       "(+49) 30 / 12.34.56", "0351/471 10 20",
        "+49 351 / 4711020", "555-0100 ext. 12",
    };

    for (size_t i = 0; i < sizeof(two) / sizeof(two[0]); i++)
        assert_fault(
            *state, SUPPLIER_PHONE, two[i],
            "Phone number should be one number; put the others in the notes");
    for (size_t i = 0; i < sizeof(one) / sizeof(one[0]); i++)
        assert_fine(*state, SUPPLIER_PHONE, one[i]);
}

static void test_emails(void **state)
{
    static const char *const fine[] = { "a@b", "orders+x@example.com",
                                        "\u00fc@b\u00fccher.example",
                                        "o'brien@example.com" };
    static const char *const faulty[] = { "a", "@", "a@", "@b" };
    static const char *const two[] = { "a@b@c", "a@b.example; c@d.example",
                                       "a@b.example, c@d.example" };
    static const char *const characters[] = {
        "bob@x,com",  "bob@x..com",  "bob@.com",      "bob@x.com.", "a,b@x.com",
        "<bob@x.com", "\"a\"@x.com", "a@[192.0.2.1]", "bob@x/y",    "a:b@x"
    };

    for (size_t i = 0; i < sizeof(fine) / sizeof(fine[0]); i++)
        assert_fine(*state, SUPPLIER_EMAIL, fine[i]);
    for (size_t i = 0; i < sizeof(faulty) / sizeof(faulty[0]); i++)
        assert_fault(
            *state, SUPPLIER_EMAIL, faulty[i],
            "E-mail should have one @, for example orders@example.com");
    for (size_t i = 0; i < sizeof(two) / sizeof(two[0]); i++)
        assert_fault(
            *state, SUPPLIER_EMAIL, two[i],
            "E-mail should be one address; put the others in the notes");
    for (size_t i = 0; i < sizeof(characters) / sizeof(characters[0]); i++)
        assert_names(*state, SUPPLIER_EMAIL, characters[i],
                     ": use one address, like orders@example.com");
    assert_fault(*state, SUPPLIER_EMAIL, "a b@c",
                 "The supplier e-mail has a space as character 2: use one "
                 "address, like orders@example.com");
    assert_names(*state, SUPPLIER_EMAIL, "a\u202eb@c", "U+202E as character 2");
}

static void test_control_characters(void **state)
{
    static const char *const faulty[][2] = {
        { "a\nb", "a line break as character 2: use one line of text" },
        { "\u00e4a\tb", "a tab as character 3: use one line of text" },
        { "a\x7f", "U+007F as character 2: use one line of text" },
        { "a\x1b[1m", "U+001B as character 2: use one line of text" },
        { "a\xc2\x85", "U+0085 as character 2: use one line of text" },
        { "a\u2028b", "a line break as character 2: use one line of text" },
        { "\u202egnp", "U+202E as character 1: use one line of text" },
        { "a\u2066b", "U+2066 as character 2: use one line of text" },
    };
    static const enum supplier_field lines[] = {
        SUPPLIER_NAME,  SUPPLIER_ADDRESS, SUPPLIER_CITY,
        SUPPLIER_STATE, SUPPLIER_COUNTRY, SUPPLIER_EMAIL,
    };

    for (size_t i = 0; i < sizeof(faulty) / sizeof(faulty[0]); i++)
        for (size_t f = 0; f < sizeof(lines) / sizeof(lines[0]); f++)
            assert_names(*state, lines[f], faulty[i][0], faulty[i][1]);
    assert_non_null(fault(*state, SUPPLIER_NAME, SLICE("a\0b")));
    assert_fine(*state, SUPPLIER_CITY, "\u00a0a\u00e2\u20ac\u2026\u200d");
    assert_fine(*state, SUPPLIER_NOTES, "# a\n\n* b\tc\n");
    assert_non_null(fault(*state, SUPPLIER_NOTES, SLICE("a\x1b")));
    assert_non_null(fault(*state, SUPPLIER_NOTES, SLICE("a\0")));
}

/* Blanks, marks, fillers, and what has no width. */
static void test_nothing_visible_is_refused(void **state)
{
    static const char *const faulty[] = {
        "\u00a0", "\u0301",       "\u200d\u200c", "\u2800",
        "\u3164", "\u200f\u200e", " \u3000",      "\ufe0f",
    };
    static const char *const fine[] = { "\u2615", "\u6771", "1", "-",
                                        "\ue000" };

    for (size_t i = 0; i < sizeof(faulty) / sizeof(faulty[0]); i++) {
        assert_names(*state, SUPPLIER_NAME, faulty[i], "nothing visible");
        assert_names(*state, SUPPLIER_COUNTRY, faulty[i], "nothing visible");
    }
    for (size_t i = 0; i < sizeof(fine) / sizeof(fine[0]); i++)
        assert_fine(*state, SUPPLIER_NAME, fine[i]);
}

/* A text of one character, `count` times. */
static struct slice repeat(struct arena *arena, const char *character,
                           size_t count)
{
    size_t len = strlen(character);
    char *text = arena_alloc(arena, len * count + 1);

    assert_non_null(text);
    for (size_t i = 0; i < count; i++)
        memcpy(text + i * len, character, len);
    return (struct slice){ text, len * count };
}

static void test_too_long_says_by_how_much(void **state)
{
    assert_null(fault(*state, SUPPLIER_NAME, repeat(*state, "\u2615", 255)));
    assert_null(
        fault(*state, SUPPLIER_CITY, repeat(*state, "\U0001f40e", 255)));
    assert_string_equal(
        fault(*state, SUPPLIER_NAME, repeat(*state, "\u2615", 256)),
        "Shorten the supplier name by 1 character: the limit is 255");
    assert_string_equal(
        fault(*state, SUPPLIER_PHONE, repeat(*state, "1", 112)),
        "Shorten the supplier phone by 12 characters: the limit is 100");
    assert_null(fault(*state, SUPPLIER_NOTES, repeat(*state, "x", 16384)));
    assert_string_equal(
        fault(*state, SUPPLIER_NOTES, repeat(*state, "\u00e9", 8193)),
        "Shorten the supplier notes by 2 bytes: the limit is 16384");
    assert_string_equal(
        fault(*state, SUPPLIER_EMAIL, repeat(*state, "@", 300)),
        "Shorten the supplier e-mail by 46 characters: the limit is 254");
}

static struct supplier read_form(struct arena *arena, const char *encoded)
{
    struct form form;
    struct supplier supplier;

    assert_int_equal(form_parse(arena, slice_of(encoded), &form), OK);
    assert_int_equal(supplier_from_form(arena, &form, &supplier), OK);
    return supplier;
}

static void test_forms_are_trimmed_and_normalised(void **state)
{
    struct supplier supplier = read_form(
        *state, "name=+%20%C2%A0Cafe%CC%81%E3%80%80+&city=%E2%80%8B%20&"
                "notes=a%0D%0Ab%0Dc%0A%0A&id=7&phone=1+2&extra=x");

    assert_true(slice_is(supplier.fields[SUPPLIER_NAME], "Caf\u00e9"));
    assert_true(slice_is(supplier.fields[SUPPLIER_NOTES], "a\nb\nc"));
    assert_true(slice_is(supplier.fields[SUPPLIER_PHONE], "1 2"));
    assert_true(slice_is(supplier.fields[SUPPLIER_CITY], ""));
    assert_true(slice_is(supplier.fields[SUPPLIER_EMAIL], ""));
    assert_non_null(supplier.fields[SUPPLIER_EMAIL].data);
    assert_int_equal(supplier.id, 0);
    assert_int_equal(supplier.revision, 0);
}

static void test_forms_are_never_escaped(void **state)
{
    struct supplier supplier =
        read_form(*state, "name=Ben+%26+Jerry%27s+%3Cb%3E+%26amp%3B");

    assert_true(
        slice_is(supplier.fields[SUPPLIER_NAME], "Ben & Jerry's <b> &amp;"));
}

static void test_templates_see_every_field(void **state)
{
    struct context *context = context_open(*state);
    struct supplier supplier = good();

    supplier.id = 42;
    supplier_context(&supplier, context);
    assert_true(
        slice_is(context_slice(context_member(context, SLICE("id"))), "42"));
    for (size_t f = 0; f < SUPPLIER_FIELDS; f++) {
        struct slice name = slice_of(supplier_columns[f].name);

        assert_true(slice_equal(context_slice(context_member(context, name)),
                                supplier.fields[f]));
    }
}

#define WITH_ARENA(test) \
    cmocka_unit_test_setup_teardown(test, open_arena, close_arena)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_ARENA(test_the_table_is_complete),
        WITH_ARENA(test_required_fields),
        WITH_ARENA(test_no_state_is_needed_with_a_country),
        WITH_ARENA(test_no_longer_supplying_needs_a_reason),
        WITH_ARENA(test_all_faults_at_once),
        WITH_ARENA(test_phones),
        WITH_ARENA(test_two_phones),
        WITH_ARENA(test_emails),
        WITH_ARENA(test_control_characters),
        WITH_ARENA(test_nothing_visible_is_refused),
        WITH_ARENA(test_too_long_says_by_how_much),
        WITH_ARENA(test_forms_are_trimmed_and_normalised),
        WITH_ARENA(test_forms_are_never_escaped),
        WITH_ARENA(test_templates_see_every_field),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
