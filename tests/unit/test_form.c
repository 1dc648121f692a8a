/* Urlencoded forms: decoding, UTF-8, NUL and the limit of fields. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cafe/base/form.h"

static struct arena *arena;

static int open_arena(void **state)
{
    (void)state;
    arena = arena_open(0);
    return arena != NULL ? 0 : -1;
}

static int close_arena(void **state)
{
    (void)state;
    arena_close(arena);
    return 0;
}

static void fields_are_decoded(void **state)
{
    struct form form;

    (void)state;
    assert_int_equal(
        form_parse(arena,
                   SLICE("name=Ben+%26+Jerry%27s&city=%C5%81%C3%B3d%C5%BA&"
                         "empty=&bare&&name=second&a=b=c"),
                   &form),
        OK);
    assert_int_equal(form.count, 6);
    assert_true(slice_is(form_value(&form, "name"), "Ben & Jerry's"));
    assert_true(slice_is(form_value(&form, "city"), "Łódź"));
    assert_true(slice_is(form_value(&form, "empty"), ""));
    assert_non_null(form_value(&form, "bare").data);
    assert_true(slice_is(form_value(&form, "a"), "b=c"));
    assert_null(form_value(&form, "none").data);
}

static void an_empty_form_has_no_fields(void **state)
{
    struct form form;

    (void)state;
    assert_int_equal(form_parse(arena, SLICE(""), &form), OK);
    assert_int_equal(form.count, 0);
}

static void faulty_forms_are_refused(void **state)
{
    static const char *const faulty[] = { "a=%",         "a=%4",  "a=%zz",
                                          "a=%00",       "a=%ff", "%c3=b",
                                          "a=%ed%a0%80", "a=\xff" };
    struct form form;

    (void)state;
    for (size_t i = 0; i < sizeof(faulty) / sizeof(faulty[0]); i++)
        assert_int_equal(form_parse(arena, slice_of(faulty[i]), &form),
                         ERROR_SYNTAX);
    assert_int_equal(form_parse(arena, (struct slice){ "a=\0b", 4 }, &form),
                     ERROR_SYNTAX);
}

static void a_hundred_fields_are_the_limit(void **state)
{
    struct text text;
    struct form form;

    (void)state;
    text_init(&text, 0);
    for (int i = 0; i < FORM_FIELDS_MAX; i++)
        text_append_string(&text, "a=b&");
    assert_int_equal(form_parse(arena, text_slice(&text), &form), OK);
    assert_int_equal(form.count, FORM_FIELDS_MAX);
    text_append_string(&text, "c=d");
    assert_int_equal(form_parse(arena, text_slice(&text), &form), ERROR_LIMIT);
    text_free(&text);
}

static void encoding_is_undone_by_decoding(void **state)
{
    struct slice raw = SLICE("a b+c/é?%~-._");
    struct slice back;
    struct text text;

    (void)state;
    text_init(&text, 0);
    percent_encode(&text, raw);
    assert_string_equal(text_string(&text), "a%20b%2Bc%2F%C3%A9%3F%25~-._");
    assert_int_equal(percent_decode(arena, text_slice(&text), false, &back),
                     OK);
    assert_true(slice_equal(back, raw));
    text_free(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fields_are_decoded),
        cmocka_unit_test(an_empty_form_has_no_fields),
        cmocka_unit_test(faulty_forms_are_refused),
        cmocka_unit_test(a_hundred_fields_are_the_limit),
        cmocka_unit_test(encoding_is_undone_by_decoding),
    };

    return cmocka_run_group_tests(tests, open_arena, close_arena);
}
