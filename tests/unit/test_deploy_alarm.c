/* The alarm that ends a deployment: its rule as codedeploy.yaml has it, and
 * counting by it. */
/* Before cmocka's, which has a macro fail(). */
#include "alarm.h"

#include "test_deploy.h"

#define FILE_NAME "codedeploy.yaml"

/* The template with one of its texts replaced, everywhere. */
static struct slice changed(struct fixture *fixture, const char *old,
                            const char *new)
{
    struct slice source = file_of(fixture, AWS_FOLDER, FILE_NAME);
    size_t len = strlen(old);
    struct text text;
    struct slice copy;

    text_init(&text, 0);
    for (size_t i = 0; i < source.len; i++) {
        if (len > 0 && source.len - i >= len &&
            memcmp(source.data + i, old, len) == 0) {
            text_append_string(&text, new);
            i += len - 1;
        } else {
            text_append_char(&text, source.data[i]);
        }
    }
    copy = arena_slice(fixture->arena, text_slice(&text));
    text_free(&text);
    return copy;
}

static enum error read_changed(struct fixture *fixture, const char *old,
                               const char *new, const char *service,
                               struct alarm *alarm)
{
    struct template_source source = { FILE_NAME, changed(fixture, old, new) };

    return alarm_read(fixture->arena, &source, service, alarm, &fixture->error);
}

static void test_the_rule_is_the_files(void **state)
{
    static const struct {
        const char *old, *new;
        unsigned errors, period_s;
    } rows[] = {
        { "", "", 5, 60 },
        { "Threshold: 5", "Threshold: 7", 7, 60 },
        { "GreaterThanOrEqualToThreshold", "GreaterThanThreshold", 6, 60 },
        { "Period: 60", "Period: 10", 5, 10 },
        { "HTTPCode_Target_5XX_Count", "RequestCount", 0, 0 },
        { "        Alarms: [{", "        Others: [{", 0, 0 },
    };
    struct fixture *fixture = *state;

    for (size_t i = 0; i < COUNT(rows); i++) {
        for (size_t service = 0; service < 2; service++) {
            const char *name = service ? "employee" : "customer";
            struct alarm alarm;

            if (read_changed(fixture, rows[i].old, rows[i].new, name, &alarm) !=
                OK)
                fail_msg("%s: %s", rows[i].new, text_string(&fixture->error));
            assert_int_equal(alarm.errors, rows[i].errors);
            assert_int_equal(alarm.period_s, rows[i].period_s);
            if (alarm.errors > 0)
                assert_string_equal(alarm.name, service ? "employee-errors"
                                                        : "customer-errors");
        }
    }
}

static void test_a_rule_that_can_not_be_applied_is_refused(void **state)
{
    static const struct {
        const char *old, *new, *said;
    } rows[] = {
        { "GreaterThanOrEqualToThreshold", "LessThanThreshold",
          "'LessThanThreshold' can't be rehearsed" },
        { "Stat: Sum", "Stat: Average", "write Sum" },
        { "Threshold: 5", "Threshold: five", "Threshold" },
        { "Threshold: 5", "Treshold: 5", "Treshold" },
        { "Threshold: 5", "Threshold: 0", "write a threshold of 1" },
        { "Period: 60", "Period: 0", "Period" },
        { "!Ref CustomerErrors", "!Ref Nothing",
          "not an alarm of this template" },
        { "customer-microservice", "other", "no deployment group of customer" },
        { "Resources:", "Resource:", "Resource" },
    };
    struct fixture *fixture = *state;

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct alarm alarm;

        text_reset(&fixture->error);
        assert_int_equal(
            read_changed(fixture, rows[i].old, rows[i].new, "customer", &alarm),
            ERROR_CONFIG);
        if (strstr(text_string(&fixture->error), rows[i].said) == NULL ||
            strncmp(text_string(&fixture->error), FILE_NAME ":",
                    strlen(FILE_NAME) + 1) != 0)
            fail_msg("%s: %s", rows[i].new, text_string(&fixture->error));
    }
}

static const struct alarm rule = { "errors", 5, 60 };

/* However many went well, and however they are spread over a minute. */
static void test_errors_of_a_minute_are_counted(void **state)
{
    struct error_count count = { .begun = false };

    (void)state;
    assert_int_equal(alarm_count(&rule, &count, 1000, 0), 0);
    for (unsigned i = 1; i <= 5; i++)
        assert_int_equal(alarm_count(&rule, &count, 1000 + i, i * 11990), i);
}

static void test_errors_of_before_are_not(void **state)
{
    struct error_count count = { .begun = false };
    uint64_t errors = 0;

    (void)state;
    alarm_count(&rule, &count, 0, 0);
    for (int64_t ms = 0; ms < 600000; ms += 500) {
        errors += ms % 20000 == 0;
        assert_in_range(alarm_count(&rule, &count, errors, ms), 1, 4);
    }
    assert_int_equal(alarm_count(&rule, &count, errors, 1000000), 0);
    assert_int_equal(alarm_count(&rule, &count, errors + 2, 1000001), 2);
}

/* The load balancer was begun anew, so its counter was. */
static void test_a_counter_that_begins_anew(void **state)
{
    struct error_count count = { .begun = false };

    (void)state;
    alarm_count(&rule, &count, 100, 0);
    assert_int_equal(alarm_count(&rule, &count, 0, 500), 0);
    assert_int_equal(alarm_count(&rule, &count, 3, 1000), 3);
    assert_int_equal(alarm_count(&rule, &count, 2, 1500), 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH(test_the_rule_is_the_files),
        WITH(test_a_rule_that_can_not_be_applied_is_refused),
        cmocka_unit_test(test_errors_of_a_minute_are_counted),
        cmocka_unit_test(test_errors_of_before_are_not),
        cmocka_unit_test(test_a_counter_that_begins_anew),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
