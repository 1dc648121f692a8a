/* What is remembered of attempts to sign in, and for how long. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "attempts.h"

enum { NOW_MS = 1000 };

static int open_attempts(void **state)
{
    struct attempts *attempts;

    if (attempts_open(&attempts) != OK)
        return -1;
    *state = attempts;
    return 0;
}

static int close_attempts(void **state)
{
    attempts_close(*state);
    return 0;
}

static struct attempt_digest digest_of(const struct attempts *attempts,
                                       const char *first, const char *second)
{
    const struct slice texts[] = { slice_of(first), slice_of(second) };
    struct attempt_digest digest;

    attempts_digest(attempts, texts, 2, &digest);
    return digest;
}

static void test_digests_tell_texts_apart(void **state)
{
    struct attempt_digest one = digest_of(*state, "ab", "c");
    struct attempt_digest same = digest_of(*state, "ab", "c");
    struct attempt_digest other = digest_of(*state, "a", "bc");
    struct attempts *attempts;

    assert_memory_equal(&one, &same, sizeof(one));
    assert_memory_not_equal(&one, &other, sizeof(one));
    assert_int_equal(attempts_open(&attempts), OK);
    other = digest_of(attempts, "ab", "c");
    assert_memory_not_equal(&one, &other, sizeof(one));
    attempts_close(attempts);
}

static void test_successes_are_remembered_for_five_minutes(void **state)
{
    struct attempt_digest digest = digest_of(*state, "ann", "right");
    struct attempt_digest other = digest_of(*state, "ann", "wrong");
    int64_t end_ms = NOW_MS + ATTEMPTS_REMEMBERED_MS;

    assert_false(attempts_remembered(*state, &digest, NOW_MS));
    attempts_remember(*state, &digest, NOW_MS);
    assert_true(attempts_remembered(*state, &digest, NOW_MS));
    assert_true(attempts_remembered(*state, &digest, end_ms - 1));
    assert_false(attempts_remembered(*state, &digest, end_ms));
    assert_false(attempts_remembered(*state, &other, NOW_MS));
}

static void test_the_oldest_success_is_forgotten(void **state)
{
    struct attempt_digest first = digest_of(*state, "0", "");
    char name[16];

    for (int i = 0; i <= 256; i++) {
        struct attempt_digest digest;

        snprintf(name, sizeof(name), "%d", i);
        digest = digest_of(*state, name, "");
        attempts_remember(*state, &digest, NOW_MS + i);
        assert_true(attempts_remembered(*state, &digest, NOW_MS + i));
    }
    assert_false(attempts_remembered(*state, &first, NOW_MS + 256));
}

static void test_five_failures_within_a_minute(void **state)
{
    struct attempt_digest ann = digest_of(*state, "10.0.0.1", "ann");
    struct attempt_digest bob = digest_of(*state, "10.0.0.1", "bob");

    for (int i = 0; i < ATTEMPTS_FAILED_MAX; i++)
        assert_int_equal(attempts_begin(*state, &ann, NOW_MS + i), 0);
    assert_int_equal(attempts_begin(*state, &ann, NOW_MS + 10),
                     ATTEMPTS_FAILED_MS - 10);
    assert_int_equal(attempts_begin(*state, &bob, NOW_MS + 10), 0);
    assert_int_equal(
        attempts_begin(*state, &ann, NOW_MS + ATTEMPTS_FAILED_MS - 1), 1);
    for (int i = 0; i < ATTEMPTS_FAILED_MAX; i++)
        assert_int_equal(
            attempts_begin(*state, &ann, NOW_MS + ATTEMPTS_FAILED_MS), 0);
    assert_int_equal(attempts_begin(*state, &ann, NOW_MS + ATTEMPTS_FAILED_MS),
                     ATTEMPTS_FAILED_MS);
}

static void test_what_is_no_failure_does_not_count(void **state)
{
    struct attempt_digest ann = digest_of(*state, "10.0.0.1", "ann");

    for (int i = 0; i < 3 * ATTEMPTS_FAILED_MAX; i++) {
        assert_int_equal(attempts_begin(*state, &ann, NOW_MS), 0);
        attempts_cancel(*state, &ann);
    }
    for (int i = 0; i < ATTEMPTS_FAILED_MAX; i++)
        assert_int_equal(attempts_begin(*state, &ann, NOW_MS), 0);
    attempts_succeed(*state, &ann);
    assert_int_equal(attempts_begin(*state, &ann, NOW_MS), 0);
}

#define TEST(name) \
    cmocka_unit_test_setup_teardown(name, open_attempts, close_attempts)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_digests_tell_texts_apart),
        TEST(test_successes_are_remembered_for_five_minutes),
        TEST(test_the_oldest_success_is_forgotten),
        TEST(test_five_failures_within_a_minute),
        TEST(test_what_is_no_failure_does_not_count),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
