/* The pace of keys: a minute's worth at once, then one for each share. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "pace.h"

enum { SECOND_US = 1000 * 1000, PER_MINUTE = 60 };

static struct key_digest digest_of(int number)
{
    struct key_digest digest;

    snprintf(digest.hex, sizeof(digest.hex), "%064d", number);
    return digest;
}

static void test_a_minutes_worth_may_come_at_once(void **state)
{
    const struct key_digest one = digest_of(1), other = digest_of(2);
    struct pace *pace;
    int64_t now = 1;

    (void)state;
    assert_int_equal(pace_open(PER_MINUTE, &pace), OK);
    for (int i = 0; i < PER_MINUTE; i++)
        assert_int_equal(pace_count(pace, &one, now), 0);
    assert_int_equal(pace_count(pace, &one, now), SECOND_US);
    assert_int_equal(pace_count(pace, &one, now), SECOND_US);
    assert_int_equal(pace_count(pace, &other, now), 0);
    assert_int_equal(pace_count(pace, &one, now + SECOND_US - 1), 1);
    assert_int_equal(pace_count(pace, &one, now + SECOND_US), 0);
    assert_int_equal(pace_count(pace, &one, now + SECOND_US), SECOND_US);
    pace_close(pace);
}

static void test_after_a_minute_all_is_forgotten(void **state)
{
    const struct key_digest one = digest_of(1);
    int64_t now = INT64_C(1) << 40;
    struct pace *pace;

    (void)state;
    assert_int_equal(pace_open(PER_MINUTE, &pace), OK);
    for (int minute = 0; minute < 3; minute++) {
        for (int i = 0; i < PER_MINUTE; i++)
            assert_int_equal(pace_count(pace, &one, now), 0);
        assert_true(pace_count(pace, &one, now) > 0);
        now += PER_MINUTE * (int64_t)SECOND_US;
    }
    pace_close(pace);
}

/* The least recently used one loses its place. */
static void test_more_keys_than_places(void **state)
{
    struct pace *pace;

    (void)state;
    assert_int_equal(pace_open(1, &pace), OK);
    for (int i = 0; i <= KEYS_MAX; i++) {
        const struct key_digest digest = digest_of(i);

        assert_int_equal(pace_count(pace, &digest, 1 + i), 0);
    }
    for (int i = 1; i <= KEYS_MAX; i++) {
        const struct key_digest digest = digest_of(i);

        assert_true(pace_count(pace, &digest, 1 + KEYS_MAX) > 0);
    }
    pace_close(pace);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_minutes_worth_may_come_at_once),
        cmocka_unit_test(test_after_a_minute_all_is_forgotten),
        cmocka_unit_test(test_more_keys_than_places),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
