/* The text format of Prometheus, and what requests are counted as. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "durations.h"

static void assert_has(const struct text *text, const char *part)
{
    if (strstr(text_string(text), part) == NULL)
        fail_msg("'%s' is not in:\n%s", part, text_string(text));
}

static void test_samples(void **state)
{
    struct text out;

    (void)state;
    text_init(&out, 0);
    metrics_gauge(&out, "size", "How large.", -3);
    metrics_begin(&out, "age_seconds", "gauge", "How old.");
    metrics_seconds(&out, "age_seconds", "a=\"b\"", 61000005);
    assert_string_equal(text_string(&out),
                        "# HELP size How large.\n# TYPE size gauge\nsize -3\n"
                        "# HELP age_seconds How old.\n"
                        "# TYPE age_seconds gauge\n"
                        "age_seconds{a=\"b\"} 61.000005\n");
    text_free(&out);
}

static void test_a_bound_belongs_to_its_bucket(void **state)
{
    struct histogram histogram = { 0 };
    struct text out;

    (void)state;
    histogram_add(&histogram, 0);
    histogram_add(&histogram, 500);
    histogram_add(&histogram, 501);
    histogram_add(&histogram, 10000000);
    histogram_add(&histogram, 10000001);
    text_init(&out, 0);
    metrics_histogram(&out, "took", "", &histogram);
    assert_has(&out, "took_bucket{le=\"0.0005\"} 2\n");
    assert_has(&out, "took_bucket{le=\"0.001\"} 3\n");
    assert_has(&out, "took_bucket{le=\"5\"} 3\n");
    assert_has(&out, "took_bucket{le=\"10\"} 4\n");
    assert_has(&out, "took_bucket{le=\"+Inf\"} 5\n");
    assert_has(&out, "took_sum 20.001002\ntook_count 5\n");
    text_free(&out);
}

static const struct route first[] = { { GET | POST, "/a/{id}", NULL, 0, 0 },
                                      { GET, "/b", NULL, 0, 0 },
                                      { 0 } };
static const struct route second[] = { { GET, "/c", NULL, 0, 0 }, { 0 } };
static const struct route elsewhere = { OPTIONS, "*", NULL, 0, 0 };

static void test_each_route_method_and_status_is_one(void **state)
{
    const struct route *const tables[2] = { first, second };
    struct durations *durations = durations_open(tables);
    struct text out;

    (void)state;
    assert_non_null(durations);
    durations_add(durations, &first[0], GET, 200, 100);
    durations_add(durations, &first[0], GET, 200, 100);
    durations_add(durations, &first[0], POST, 303, 100);
    durations_add(durations, &first[1], HEAD, 404, 100);
    durations_add(durations, &second[0], GET, 503, 100);
    durations_add(durations, &elsewhere, OPTIONS, 204, 100);
    durations_add(durations, NULL, 0, 400, 100);
    text_init(&out, 0);
    durations_write(durations, &out);
#define COUNT(method, route, status, count)                           \
    "http_server_request_duration_seconds_count{http_request_method=" \
    "\"" method "\",http_route=\"" route                              \
    "\",http_response_status_code=\"" status "\"} " count "\n"
    assert_has(&out, COUNT("GET", "/a/{id}", "200", "2"));
    assert_has(&out, COUNT("POST", "/a/{id}", "303", "1"));
    assert_has(&out, COUNT("HEAD", "/b", "404", "1"));
    assert_has(&out, COUNT("GET", "/c", "503", "1"));
    assert_has(&out, COUNT("OPTIONS", "", "204", "1"));
    assert_has(&out, COUNT("_OTHER", "", "400", "1"));
    text_free(&out);
    durations_close(durations);
}

static void test_one_table_will_do(void **state)
{
    const struct route *const tables[2] = { first, NULL };
    struct durations *durations = durations_open(tables);
    struct text out;

    (void)state;
    assert_non_null(durations);
    durations_add(durations, &second[0], GET, 200, 1);
    text_init(&out, 0);
    durations_write(durations, &out);
    assert_has(&out, COUNT("GET", "", "200", "1"));
    text_free(&out);
    durations_close(durations);
    durations_close(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_samples),
        cmocka_unit_test(test_a_bound_belongs_to_its_bucket),
        cmocka_unit_test(test_each_route_method_and_status_is_one),
        cmocka_unit_test(test_one_table_will_do),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
