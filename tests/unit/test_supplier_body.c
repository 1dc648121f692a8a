/* Suppliers that programs send: what is taken, and what is refused where. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "cafe/suppliers/supplier_body.h"

static struct arena *arena;
static struct supplier_body body;

static int open_arena(void **state)
{
    (void)state;
    arena = arena_open(0);
    return arena == NULL;
}

static int close_arena(void **state)
{
    (void)state;
    arena_close(arena);
    return 0;
}

static enum error body_read(const char *json, bool patch)
{
    return supplier_body_read(arena, slice_of(json), patch, &body);
}

static void assert_member(const char *name, const char *value)
{
    assert_true(slice_is(form_value(&body.form, name), value));
}

static void test_members_are_taken(void **state)
{
    (void)state;
    assert_int_equal(
        body_read("{\"name\":\"\\ud83d\\ude00\\n\",\"city\":\"\"}", false), OK);
    assert_int_equal(body.form.count, 2);
    assert_member("name", "\xf0\x9f\x98\x80\n");
    assert_non_null(form_value(&body.form, "city").data);
    assert_null(form_value(&body.form, "state").data);
    assert_int_equal(body_read(" {} ", false), OK);
    assert_int_equal(body.form.count, 0);
}

static void test_null_empties_in_a_patch_alone(void **state)
{
    (void)state;
    assert_int_equal(body_read("{\"city\":null}", true), OK);
    assert_member("city", "");
    assert_int_equal(body_read("{\"city\":null}", false), ERROR_SYNTAX);
    assert_string_equal(body.faults.list[0].pointer, "/city");
}

static void test_refusals_have_a_place(void **state)
{
    static const struct {
        const char *json, *pointer;
        bool readable;
    } rows[] = {
        { "", "", false },
        { "{", "", false },
        { "{}x", "", false },
        { "{\"name\":\"\\udc00\"}", "", false },
        { "{\"name\":\"\xc3\"}", "", false },
        { "{\"name\":\"\\u0000\"}", "", false },
        { "{\"name\":\"a\",\"n\\u0061me\":\"b\"}", "", false },
        { "{\"name\":99999999999999999999}", "", false },
        { "[]", "", false },
        { "{\"name\":1}", "/name", true },
        { "{\"name\":{\"a\":\"b\"}}", "/name", true },
        { "{\"id\":1}", "/id", true },
        { "{\"\":\"\"}", "/", true },
        { "{\"~/\":\"\"}", "/~0~1", true },
        { "{\"Name\":\"\"}", "/Name", true },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_int_equal(body_read(rows[i].json, false), ERROR_SYNTAX);
        assert_int_equal(body.faults.count, 1);
        assert_string_equal(body.faults.list[0].pointer, rows[i].pointer);
        assert_int_equal(body.faults.readable, rows[i].readable);
    }
}

/* The library passes over it. */
static void test_a_nul_after_a_literal_is_refused(void **state)
{
    static const char json[] = "{\"city\":null\0}";

    (void)state;
    assert_int_equal(
        supplier_body_read(arena, (struct slice){ json, sizeof(json) - 1 },
                           true, &body),
        ERROR_SYNTAX);
    assert_int_equal(body.faults.count, 1);
}

static enum error read_batch(const char *json, struct batch_body *batch)
{
    return batch_body_read(arena, slice_of(json), batch);
}

static void test_a_batch_is_taken(void **state)
{
    struct batch_body batch;

    (void)state;
    assert_int_equal(
        read_batch("{\"operations\":["
                   "{\"method\":\"POST\",\"supplier\":{\"name\":\"a\"}},"
                   "{\"method\":\"PATCH\",\"id\":7,\"if_match\":\"*\","
                   "\"supplier\":{\"city\":null}},"
                   "{\"method\":\"DELETE\",\"id\":8,\"if_match\":\"x\"}]}",
                   &batch),
        OK);
    assert_int_equal(batch.count, 3);
    assert_int_equal(batch.operations[0].method, OPERATION_POST);
    assert_true(slice_is(form_value(&batch.operations[0].form, "name"), "a"));
    assert_int_equal(batch.operations[1].id, 7);
    assert_true(slice_is(batch.operations[1].if_match, "*"));
    assert_true(slice_is(form_value(&batch.operations[1].form, "city"), ""));
    assert_int_equal(batch.operations[2].method, OPERATION_DELETE);
    assert_int_equal(batch.operations[2].form.count, 0);
}

static void test_faults_of_a_batch_have_a_place(void **state)
{
    static const struct {
        const char *operation, *pointer;
        bool unconditional;
    } rows[] = {
        { "[]", "/operations/0", false },
        { "{\"method\":\"post\"}", "/operations/0/method", false },
        { "{\"method\":\"POST\",\"supplier\":{\"id\":1}}",
          "/operations/0/supplier/id", false },
        { "{\"method\":\"PUT\",\"id\":1,\"if_match\":\"*\","
          "\"supplier\":{\"city\":null}}",
          "/operations/0/supplier/city", false },
        { "{\"method\":\"DELETE\",\"id\":1}", "/operations/0/if_match", true },
        { "{\"method\":\"DELETE\",\"id\":1,\"if_match\":\"\"}",
          "/operations/0/if_match", false },
        { "{\"method\":\"DELETE\",\"id\":1.0,\"if_match\":\"*\"}",
          "/operations/0/id", false },
    };
    struct batch_body batch;

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const char *json =
            arena_printf(arena, "{\"operations\":[%s]}", rows[i].operation);

        assert_non_null(json);
        assert_int_equal(read_batch(json, &batch), ERROR_SYNTAX);
        assert_int_equal(batch.faults.count, 1);
        assert_string_equal(batch.faults.list[0].pointer, rows[i].pointer);
        assert_true(batch.faults.readable);
        assert_int_equal(batch.unconditional, rows[i].unconditional);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_members_are_taken, open_arena,
                                        close_arena),
        cmocka_unit_test_setup_teardown(test_null_empties_in_a_patch_alone,
                                        open_arena, close_arena),
        cmocka_unit_test_setup_teardown(test_a_nul_after_a_literal_is_refused,
                                        open_arena, close_arena),
        cmocka_unit_test_setup_teardown(test_refusals_have_a_place, open_arena,
                                        close_arena),
        cmocka_unit_test_setup_teardown(test_a_batch_is_taken, open_arena,
                                        close_arena),
        cmocka_unit_test_setup_teardown(test_faults_of_a_batch_have_a_place,
                                        open_arena, close_arena),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
