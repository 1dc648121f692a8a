/* Suppliers as JSON. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "cafe/suppliers/supplier_json.h"
#include "test_downloads.h"

static void test_golden(void **state)
{
    struct text out;

    (void)state;
    text_init(&out, 0);
    json_array(&out, NULL);
    for (size_t i = 0; i < SAMPLES; i++) {
        struct supplier supplier = sample(i);

        supplier.revision = i == 0 ? 4711 : 0;
        supplier_json(&out, &supplier);
    }
    json_array_end(&out);
    text_append_char(&out, '\n');
    assert_golden(&out, "suppliers.json");
    text_free(&out);
}

/* Among others, and with numbers at their ends. */
static void test_members_of_an_object(void **state)
{
    struct supplier supplier = { .id = -7, .revision = INT64_MAX };
    struct text out;

    (void)state;
    text_init(&out, 0);
    json_object(&out, NULL);
    supplier_json_members(&out, &supplier);
    json_null(&out, "more");
    json_object_end(&out);
    assert_string_equal(
        text_string(&out),
        "{\"id\":-7,\"version\":9223372036854775807,\"updated_at\":null,"
        "\"name\":\"\",\"address\":\"\",\"city\":\"\",\"state\":\"\","
        "\"country\":\"\",\"email\":\"\",\"phone\":\"\",\"website\":\"\","
        "\"notes\":\"\",\"ended_on\":\"\",\"ended_reason\":\"\","
        "\"more\":null}");
    text_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden),
        cmocka_unit_test(test_members_of_an_object),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
