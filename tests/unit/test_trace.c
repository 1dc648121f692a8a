/* Trace ids: which are used, and which count as none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "trace.h"

#define ID "0af7651916cd43dd8448eb211c80319c"
#define PARENT "b7ad6b7169203331"
#define W3C "00-" ID "-" PARENT "-01"
#define ROOT "Root=1-67891233-abcdef012345678912345678"
#define ROOT_ID "67891233abcdef012345678912345678"
#define ZEROS "00000000000000000000000000000000"

static struct request_head head;

static void add(const char *name, const char *value)
{
    struct field_line *field = &head.fields[head.field_count++];

    field->name = slice_of(name);
    field->value = slice_of(value);
}

static const char *found(void)
{
    static char id[TRACE_ID_BYTES];

    memset(id, 'x', sizeof(id));
    trace_find(&head, id);
    head.field_count = 0;
    return id;
}

static const struct {
    const char *value, *id;
} traceparents[] = {
    { W3C, ID },
    { "00-" ID "-" PARENT "-00", ID },
    { "cc-" ID "-" PARENT "-01", ID },
    { "cc-" ID "-" PARENT "-01-what comes later", ID },
    { "", "" },
    { "00-" ID "-" PARENT "-01-", "" },
    { "00-" ID "-" PARENT "-0", "" },
    { "00-" ID "-" PARENT "-0g", "" },
    { "00-" ID "-" PARENT, "" },
    { "ff-" ID "-" PARENT "-01", "" },
    { "cc-" ID "-" PARENT "-01.later", "" },
    { "0-" ID "-" PARENT "-001", "" },
    { "00-0AF7651916cd43dd8448eb211c80319c-" PARENT "-01", "" },
    { "00-" ZEROS "-" PARENT "-01", "" },
    { "00-" ID "-0000000000000000-01", "" },
    { "00_" ID "-" PARENT "-01", "" },
    { "00-" ID "_" PARENT "-01", "" },
    { "00-" ID "-" PARENT "_01", "" },
    { "00-" ID "\"" PARENT "-01", "" },
};

static void test_traceparent(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(traceparents) / sizeof(traceparents[0]);
         i++) {
        add("Traceparent", traceparents[i].value);
        assert_string_equal(found(), traceparents[i].id);
    }
}

static const struct {
    const char *value, *id;
} roots[] = {
    { ROOT, ROOT_ID },
    { "Self=1-67891234-12456789abcdef012345678;" ROOT, ROOT_ID },
    { "Self=1; " ROOT " ;Parent=53995c3f42cd8ad8;Sampled=1", ROOT_ID },
    { "", "" },
    { "Root=", "" },
    { "Root=1-67891233", "" },
    { "Root=2-67891233-abcdef012345678912345678", "" },
    { "Root=1-67891233-abcdef01234567891234567", "" },
    { "Root=1-67891233-abcdef0123456789123456789", "" },
    { "Root=1-6789123-3abcdef012345678912345678", "" },
    { "Root=1-67891233-ABCDEF012345678912345678", "" },
    { "Root=1-00000000-000000000000000000000000", "" },
    { ROOT ";" ROOT, "" },
    { "root=1-67891233-abcdef012345678912345678", "" },
    { "Sampled=1", "" },
};

static void test_amazon(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(roots) / sizeof(roots[0]); i++) {
        add("X-Amzn-Trace-Id", roots[i].value);
        assert_string_equal(found(), roots[i].id);
    }
}

static void test_traceparent_comes_first(void **state)
{
    (void)state;
    add("X-Amzn-Trace-Id", ROOT);
    add("traceparent", W3C);
    assert_string_equal(found(), ID);
    add("X-Amzn-Trace-Id", ROOT);
    add("traceparent", "broken");
    assert_string_equal(found(), ROOT_ID);
}

static void test_one_that_is_there_twice_is_none(void **state)
{
    (void)state;
    add("traceparent", W3C);
    add("traceparent", W3C);
    assert_string_equal(found(), "");
    add("x-amzn-trace-id", ROOT);
    add("x-amzn-trace-id", ROOT);
    assert_string_equal(found(), "");
    assert_string_equal(found(), "");
}

static void test_a_long_one_is_none(void **state)
{
    char value[600];

    (void)state;
    memset(value, 'x', sizeof(value));
    memcpy(value, "cc-" ID "-" PARENT "-01-", 56);
    value[512] = '\0';
    add("traceparent", value);
    assert_string_equal(found(), ID);
    value[512] = 'x';
    value[513] = '\0';
    add("traceparent", value);
    assert_string_equal(found(), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_traceparent),
        cmocka_unit_test(test_amazon),
        cmocka_unit_test(test_traceparent_comes_first),
        cmocka_unit_test(test_one_that_is_there_twice_is_none),
        cmocka_unit_test(test_a_long_one_is_none),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
