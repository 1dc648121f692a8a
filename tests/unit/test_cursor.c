/* Cursors: every id comes back, and nothing else is read as one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cafe/suppliers/cursor.h"

static const int32_t ids[] = { 0, 1, -1, 50, 4711, INT32_MAX, INT32_MIN };

enum { IDS = sizeof(ids) / sizeof(ids[0]) };

static void write_one(struct text *out, int32_t id)
{
    text_reset(out);
    cursor_write(out, id);
    assert_false(out->failed);
}

static void test_every_id_comes_back(void **state)
{
    struct text out;
    int32_t id = 0;

    (void)state;
    text_init(&out, 0);
    for (size_t i = 0; i < IDS; i++) {
        write_one(&out, ids[i]);
        assert_int_equal(cursor_read(text_slice(&out), &id), OK);
        assert_int_equal(id, ids[i]);
    }
    text_free(&out);
}

/* No one byte can be changed, left out or added. */
static void test_what_was_damaged_is_refused(void **state)
{
    struct text out;
    int32_t id = 17;

    (void)state;
    text_init(&out, 0);
    for (size_t i = 0; i < IDS; i++) {
        write_one(&out, ids[i]);
        for (size_t at = 0; at < out.len; at++) {
            char kept = out.data[at];

            for (int byte = 0; byte < 256; byte++) {
                out.data[at] = (char)byte;
                if ((char)byte != kept)
                    assert_int_equal(cursor_read(text_slice(&out), &id),
                                     ERROR_SYNTAX);
            }
            out.data[at] = kept;
            assert_int_equal(cursor_read((struct slice){ out.data, at }, &id),
                             ERROR_SYNTAX);
        }
        text_append_char(&out, '0');
        assert_int_equal(cursor_read(text_slice(&out), &id), ERROR_SYNTAX);
    }
    assert_int_equal(cursor_read((struct slice){ NULL, 0 }, &id), ERROR_SYNTAX);
    assert_int_equal(id, 17);
    text_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_id_comes_back),
        cmocka_unit_test(test_what_was_damaged_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
