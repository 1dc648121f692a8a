/* The class of each error number: what a caller may conclude from it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "cafe/db/db.h"
#include "errors.h"

static void assert_class(const unsigned *numbers, size_t count, enum error err)
{
    for (size_t i = 0; i < count; i++)
        if (db_error_class(numbers[i]) != err)
            fail_msg("%u is of another class", numbers[i]);
}

#define ASSERT_CLASS(numbers, err) \
    assert_class(numbers, sizeof(numbers) / sizeof(numbers[0]), err)

static void test_not_executed(void **state)
{
    static const unsigned numbers[] = { 2002, 2003, 2005, 1040, 1044,
                                        1045, 1049, 1142, 1203, 1226,
                                        1047, 1290, 1792, 1836 };

    (void)state;
    ASSERT_CLASS(numbers, ERROR_DB_AWAY);
}

static void test_a_server_without_room(void **state)
{
    static const unsigned numbers[] = { 1,    3,    5,    20,   23,   27,
                                        1021, 1026, 1030, 1037, 1038, 1041,
                                        1114, 1135, 1206, 1461 };

    (void)state;
    ASSERT_CLASS(numbers, ERROR_DB_AWAY);
}

/* After the others it is unknown whether COMMIT was executed. */
static void test_what_refuses_a_commit(void **state)
{
    static const unsigned refusing[] = { 1205, 1213, 1020, 1047, 1290, 1836 };
    static const unsigned others[] = { 0,    3,    20,   1021, 1026, 1030,
                                       1180, 1317, 1969, 2013, 9999 };

    (void)state;
    for (size_t i = 0; i < sizeof(refusing) / sizeof(refusing[0]); i++)
        assert_true(db_error_refuses_commit(refusing[i]));
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
        assert_false(db_error_refuses_commit(others[i]));
}

static void test_rolled_back(void **state)
{
    static const unsigned numbers[] = { 1213, 1020 };

    (void)state;
    ASSERT_CLASS(numbers, ERROR_DB_RETRY);
}

static void test_statement_only(void **state)
{
    static const unsigned numbers[] = { 1205, 1969, 3024, 1317 };

    (void)state;
    ASSERT_CLASS(numbers, ERROR_DB_STATEMENT);
}

static void test_unknown(void **state)
{
    static const unsigned numbers[] = { 0,    2000, 2006, 2013, 2014,
                                        2999, 1053, 1180, 1927 };

    (void)state;
    ASSERT_CLASS(numbers, ERROR_DB_UNKNOWN);
}

static void test_values_that_a_table_refuses(void **state)
{
    static const unsigned numbers[] = { 1048, 1264, 1265, 1292, 1364, 1366,
                                        1406, 1451, 1452, 1644, 3819, 4025 };

    (void)state;
    ASSERT_CLASS(numbers, ERROR_DB_VALUE);
}

static void test_advice_names_the_setting(void **state)
{
    static const struct {
        unsigned number;
        const char *setting;
    } settings[] = {
        { 1064, "FLUSH TABLES" },
        { 1290, "read_only" },
        { 1419, "log_bin_trust_function_creators" },
        { 1665, "binlog_format" },
        { 1836, "read_only" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++)
        assert_non_null(
            strstr(db_error_advice(settings[i].number), settings[i].setting));
    assert_string_equal(db_error_advice(0), "");
}

static void test_others(void **state)
{
    (void)state;
    assert_int_equal(db_error_class(1062), ERROR_DB_DUPLICATE);
    assert_int_equal(db_error_class(1146), ERROR_DB_SCHEMA);
    assert_int_equal(db_error_class(1449), ERROR_DB_TRIGGERS);
    assert_int_equal(db_error_class(1064), ERROR_DB_TRIGGERS);
    assert_int_equal(db_error_class(4294967295u), ERROR_DB);
}

static void test_failover_is_a_server_without_writes(void **state)
{
    static const unsigned numbers[] = { 1290, 1792, 1836, 1047 };

    (void)state;
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
        assert_true(db_error_is_failover(numbers[i]));
    assert_false(db_error_is_failover(2003));
    assert_false(db_error_is_failover(1213));
}

/* Numbers that no test of a real server gives. */
static void test_an_attempt_to_connect_fails_at_a_part(void **state)
{
    static const struct {
        unsigned number;
        enum db_part part;
    } rows[] = {
        { 0, DB_PART_TLS },        { 3159, DB_PART_TLS },
        { 1044, DB_PART_NAME },    { 1049, DB_PART_NAME },
        { 1130, DB_PART_ACCOUNT }, { 2059, DB_PART_ACCOUNT },
        { 1040, DB_PART_HOST },    { 2013, DB_PART_HOST },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        assert_int_equal(db_error_part(rows[i].number), rows[i].part);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_not_executed),
        cmocka_unit_test(test_a_server_without_room),
        cmocka_unit_test(test_what_refuses_a_commit),
        cmocka_unit_test(test_rolled_back),
        cmocka_unit_test(test_statement_only),
        cmocka_unit_test(test_unknown),
        cmocka_unit_test(test_values_that_a_table_refuses),
        cmocka_unit_test(test_advice_names_the_setting),
        cmocka_unit_test(test_others),
        cmocka_unit_test(test_failover_is_a_server_without_writes),
        cmocka_unit_test(test_an_attempt_to_connect_fails_at_a_part),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
