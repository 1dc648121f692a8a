/* States that last: how many lines they make, by a clock of the test's. */
#include "test_log.h"

#include "cafe/base/lasting.h"

enum { EVERY_MS = 60000 };

/* Lines of a state that is noted every `step_ms` for `span_ms`. */
static int lines_of(struct lasting *state, int64_t from_ms, int64_t span_ms,
                    int64_t step_ms)
{
    int lines = 0;

    for (int64_t at = from_ms; at < from_ms + span_ms; at += step_ms)
        lines += lasting_note(state, at, EVERY_MS);
    return lines;
}

static void test_it_is_told_when_it_begins_each_minute_and_at_its_end(
    void **state)
{
    struct lasting outage = { 0 };

    (void)state;
    assert_true(lasting_note(&outage, 1000, EVERY_MS));
    assert_int_equal(lines_of(&outage, 1250, 59750, 250), 0);
    assert_int_equal(lines_of(&outage, 61000, 10 * EVERY_MS, 250), 10);
    assert_int_equal(outage.since_ms, 1000);
    assert_true(lasting_end(&outage));
    assert_false(lasting_end(&outage));
}

static void test_what_comes_and_goes_makes_two_lines_a_minute(void **state)
{
    struct lasting outage = { 0 };
    int lines = 0;

    (void)state;
    for (int64_t at = 1; at < 10 * EVERY_MS; at += 100) {
        lines += lasting_note(&outage, at, EVERY_MS);
        lines += lasting_end(&outage);
    }
    assert_int_equal(lines, 2 * 10);
}

/* The last line never says that it is over while it isn't, for longer than an
 * interval. */
static void test_one_that_came_again_is_told_within_the_interval(void **state)
{
    struct lasting outage = { 0 };

    (void)state;
    assert_true(lasting_note(&outage, 1, EVERY_MS));
    assert_true(lasting_end(&outage));
    assert_false(lasting_note(&outage, 2000, EVERY_MS));
    assert_false(lasting_end(&outage));
    assert_int_equal(lines_of(&outage, 3000, EVERY_MS, 250), 1);
    assert_int_equal(outage.times, 3);
    assert_true(lasting_end(&outage));
}

static void note(struct log *log, struct lasting *outage, const char *reason)
{
    log_lasting(
        log, outage, LOG_ERROR, "database is unavailable",
        (const struct log_field[]){ LOG_STRING("reason", reason), LOG_END });
}

static void test_the_lines_in_the_log(void **state)
{
    struct fixture *fixture = *state;
    struct lasting outage = { 0 };
    const char *text;

    for (int i = 0; i < 100; i++)
        note(fixture->log, &outage, "refused");
    log_lasting_end(fixture->log, &outage, "database is available again",
                    (const struct log_field[]){ LOG_END });
    log_lasting_end(fixture->log, &outage, "database is available again",
                    (const struct log_field[]){ LOG_END });
    text = logged(fixture);
    assert_int_equal(check_lines(text), 2);
    assert_non_null(strstr(text, "\"level\":\"error\""));
    assert_non_null(
        strstr(text, "\"msg\":\"database is "
                     "unavailable\",\"reason\":\"refused\",\"age_s\":0}"));
    assert_non_null(strstr(text, "\"msg\":\"database is available "
                                 "again\",\"lasted_s\":0}"));
}

static void test_the_interval_is_the_logs(void **state)
{
    struct fixture *fixture = *state;
    struct lasting outage = { 0 };

    log_set_repeat(fixture->log, 0);
    note(fixture->log, &outage, "refused");
    note(fixture->log, &outage, "refused");
    assert_int_equal(check_lines(logged(fixture)), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            test_it_is_told_when_it_begins_each_minute_and_at_its_end),
        cmocka_unit_test(test_what_comes_and_goes_makes_two_lines_a_minute),
        cmocka_unit_test(test_one_that_came_again_is_told_within_the_interval),
        WITH(test_the_lines_in_the_log),
        WITH(test_the_interval_is_the_logs),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
