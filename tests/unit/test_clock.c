/* Times: their two spellings at known instants, and that clocks go on. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "cafe/base/clock.h"

/* The seconds come from "date -u -d ... +%s". */
static const struct {
    int64_t utc_us;
    const char *http, *iso;
} instants[] = {
    { 0, "Thu, 01 Jan 1970 00:00:00 GMT", "1970-01-01T00:00:00.000Z" },
    { 999, "Thu, 01 Jan 1970 00:00:00 GMT", "1970-01-01T00:00:00.000Z" },
    { 1000, "Thu, 01 Jan 1970 00:00:00 GMT", "1970-01-01T00:00:00.001Z" },
    { 784111777000000, "Sun, 06 Nov 1994 08:49:37 GMT",
      "1994-11-06T08:49:37.000Z" },
    { 951782400000000, "Tue, 29 Feb 2000 00:00:00 GMT",
      "2000-02-29T00:00:00.000Z" },
    { 951868799999999, "Tue, 29 Feb 2000 23:59:59 GMT",
      "2000-02-29T23:59:59.999Z" },
    { 1000000000000000, "Sun, 09 Sep 2001 01:46:40 GMT",
      "2001-09-09T01:46:40.000Z" },
    { 1709164800000000, "Thu, 29 Feb 2024 00:00:00 GMT",
      "2024-02-29T00:00:00.000Z" },
    { 1795423398250000, "Mon, 23 Nov 2026 08:43:18 GMT",
      "2026-11-23T08:43:18.250Z" },
    { 2147483648000000, "Tue, 19 Jan 2038 03:14:08 GMT",
      "2038-01-19T03:14:08.000Z" },
    { 4107542400007000, "Mon, 01 Mar 2100 00:00:00 GMT",
      "2100-03-01T00:00:00.007Z" },
    { 253402300799999999, "Fri, 31 Dec 9999 23:59:59 GMT",
      "9999-12-31T23:59:59.999Z" },
};
enum { INSTANTS = sizeof(instants) / sizeof(instants[0]) };

static void test_http_date(void **state)
{
    char date[CLOCK_HTTP_DATE_BYTES];

    (void)state;
    for (size_t i = 0; i < INSTANTS; i++) {
        memset(date, '?', sizeof(date));
        clock_http_date(instants[i].utc_us, date);
        assert_string_equal(date, instants[i].http);
    }
}

static void test_iso(void **state)
{
    char iso[CLOCK_ISO_BYTES];

    (void)state;
    for (size_t i = 0; i < INSTANTS; i++) {
        memset(iso, '?', sizeof(iso));
        clock_iso(instants[i].utc_us, iso);
        assert_string_equal(iso, instants[i].iso);
    }
}

/* Every name of a day and a month: twelve months that begin in turn. */
static void test_names(void **state)
{
    static const char *const months[] = { "Jan", "Feb", "Mar", "Apr",
                                          "May", "Jun", "Jul", "Aug",
                                          "Sep", "Oct", "Nov", "Dec" };
    static const char *const days[] = { "Thu", "Fri", "Sat", "Sun",
                                        "Mon", "Tue", "Wed" };
    static const int lengths[] = { 31, 28, 31, 30, 31, 30,
                                   31, 31, 30, 31, 30, 31 };
    const int64_t day_us = INT64_C(86400000000);
    char date[CLOCK_HTTP_DATE_BYTES];
    int month, day = 0;

    (void)state;
    for (month = 0; month < 12; month++) {
        clock_http_date(day * day_us, date);
        assert_memory_equal(date, days[day % 7], 3);
        assert_memory_equal(date + 8, months[month], 3);
        day += lengths[month];
    }
}

static void test_utc_is_now(void **state)
{
    int64_t before_us = (int64_t)time(NULL) * 1000000;
    int64_t now_us = clock_utc_us();

    (void)state;
    assert_true(now_us >= before_us - 1000000);
    assert_true(now_us <= before_us + 60 * INT64_C(1000000));
}

static void test_monotonic_goes_on(void **state)
{
    const struct timespec pause = { 0, 20 * 1000 * 1000 };
    int64_t start_ms = clock_monotonic_ms();
    int64_t start_us = clock_monotonic_us();
    int64_t passed_us, passed_ms;

    (void)state;
    assert_in_range(start_us / 1000 - start_ms, 0, 1000);
    nanosleep(&pause, NULL);
    passed_us = clock_monotonic_us() - start_us;
    passed_ms = clock_monotonic_ms() - start_ms;
    assert_in_range(passed_us, 20 * 1000, 60 * 1000 * 1000);
    assert_in_range(passed_ms, 20, 60 * 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_http_date),
        cmocka_unit_test(test_iso),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_utc_is_now),
        cmocka_unit_test(test_monotonic_goes_on),
    };

    /* No spelling depends on where the machine stands. */
    setenv("TZ", "UTC-9", 1);
    tzset();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
