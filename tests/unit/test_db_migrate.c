/* Migrations on a real database: once, in order, repeatable, dry. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "test_database.h"

static const struct db_migration two[] = {
    { 1, "0001-one",
      "-- The first.\n"
      "CREATE TABLE IF NOT EXISTS test_one (n INT);\n"
      "-- step\n"
      "\n"
      "-- step\n"
      "INSERT INTO test_one VALUES (1)" },
    { 2, "0002-two", "INSERT INTO test_one VALUES (2);\n" },
    { 0, NULL, NULL },
};

/* Each test has a database of its own. */
static int open_scratch(void **state)
{
    *state = test_connect_scratch("cafe_test_migrate");
    return 0;
}

static int close_scratch(void **state)
{
    test_run(*state, "DROP DATABASE cafe_test_migrate");
    db_disconnect(*state);
    return 0;
}

static enum error take_integer(const struct db_row *row, void *context)
{
    *(int64_t *)context = db_row_integer(row, 0);
    return OK;
}

static int64_t ask(struct db_connection *db, const char *sql)
{
    int64_t number = -1;

    assert_int_equal(db_query(db, sql, NULL, 0, take_integer, &number), OK);
    return number;
}

static int version(struct db_connection *db)
{
    int number = -1;

    assert_int_equal(db_schema_version(db, &number), OK);
    return number;
}

/* Migrate; the report has to hold a text. */
static enum error migrate(struct db_connection *db,
                          const struct db_migration *migrations, unsigned flags,
                          const char *reported)
{
    struct text report;
    enum error err;

    text_init(&report, 0);
    err = db_migrate(db, migrations, NULL, flags, &report);
    if (strstr(text_string(&report), reported) == NULL)
        fail_msg("no \"%s\" in:\n%s", reported, text_string(&report));
    text_free(&report);
    return err;
}

static const char count_rows[] = "SELECT COUNT(*) FROM test_one";
static const char count_tables[] =
    "SELECT COUNT(*) FROM information_schema.TABLES"
    " WHERE TABLE_SCHEMA = DATABASE()";

static void test_applied_once_and_in_order(void **state)
{
    assert_int_equal(version(*state), 0);
    assert_int_equal(migrate(*state, two, false, "0001-one: step 2 of 2"), OK);
    assert_int_equal(version(*state), 2);
    assert_int_equal(ask(*state, count_rows), 2);
    assert_int_equal(migrate(*state, two, false, "0002-two: applied before"),
                     OK);
    assert_int_equal(ask(*state, count_rows), 2);
    assert_int_equal(ask(*state, "SELECT COUNT(*) FROM cafe_migrations"
                                 " WHERE checksum = SHA2('INSERT INTO test_one"
                                 " VALUES (2);\n', 256)"),
                     1);
}

static void test_dry_run_changes_nothing(void **state)
{
    assert_int_equal(migrate(*state, two, true, "CREATE TABLE IF NOT EXISTS"),
                     OK);
    assert_int_equal(ask(*state, count_tables), 0);
    assert_int_equal(migrate(*state, two, false, "applied"), OK);
    assert_int_equal(migrate(*state, two, true, "0001-one: applied before"),
                     OK);
    assert_int_equal(ask(*state, count_rows), 2);
}

static void test_a_changed_text_is_a_conflict(void **state)
{
    const struct db_migration changed[] = {
        { 1, "0001-one", "CREATE TABLE test_other (n INT)" },
        { 0, NULL, NULL },
    };

    assert_int_equal(migrate(*state, two, false, "applied"), OK);
    assert_int_equal(migrate(*state, changed, false, "has changed"),
                     ERROR_CONFLICT);
    assert_int_equal(migrate(*state, changed, true, "has changed"),
                     ERROR_CONFLICT);
    assert_int_equal(ask(*state, count_tables), 2);
}

static void test_a_failed_one_runs_again_from_its_first_step(void **state)
{
    const struct db_migration faulty[] = {
        { 1, "0001-one",
          "CREATE TABLE IF NOT EXISTS test_one (n INT)\n-- step\n"
          "INSERT INTO test_one VALUES (1)\n-- step\n"
          "INSERT INTO test_later VALUES (1)" },
        { 0, NULL, NULL },
    };

    assert_int_equal(migrate(*state, faulty, false, "test_later"),
                     ERROR_DB_SCHEMA);
    assert_int_equal(version(*state), 0);
    test_run(*state, "CREATE TABLE test_later (n INT)");
    assert_int_equal(migrate(*state, faulty, false, "applied"), OK);
    assert_int_equal(version(*state), 1);
    assert_int_equal(ask(*state, count_rows), 2);
}

static void test_again_runs_what_was_applied_before(void **state)
{
    assert_int_equal(migrate(*state, two, false, "applied"), OK);
    assert_int_equal(migrate(*state, two, DB_MIGRATE_AGAIN, "step 2 of 2"), OK);
    assert_int_equal(ask(*state, count_rows), 4);
    assert_int_equal(ask(*state, "SELECT COUNT(*) FROM cafe_migrations"), 2);
}

static void test_a_failure_ends_the_transaction_of_its_steps(void **state)
{
    const struct db_migration faulty[] = {
        { 3, "0003-three",
          "START TRANSACTION\n-- step\n"
          "INSERT INTO test_one VALUES (3)\n-- step\n"
          "INSERT INTO test_nowhere VALUES (1)" },
        { 0, NULL, NULL },
    };
    struct text report;

    assert_int_equal(migrate(*state, two, false, "applied"), OK);
    assert_int_equal(migrate(*state, faulty, false, "test_nowhere"),
                     ERROR_DB_SCHEMA);
    text_init(&report, 0);
    assert_int_equal(db_migrate_steps(*state, faulty, 0, &report),
                     ERROR_DB_SCHEMA);
    text_free(&report);
    test_run(*state, "CREATE TABLE test_other (n INT)"); /* would commit */
    assert_int_equal(ask(*state, count_rows), 2);
}

static const char get_lock[] =
    "SELECT GET_LOCK(CONCAT('cafe_migrate-', MD5(DATABASE())), 0)";

/* Hold the lock for a while after the other side has begun to wait. */
static void *hold_lock(void *argument)
{
    static const char waiting[] =
        "SELECT COUNT(*) FROM information_schema.PROCESSLIST"
        " WHERE STATE = 'User lock'";
    struct db_connection *other = argument;

    while (ask(other, waiting) == 0)
        continue;
    db_disconnect(other);
    return NULL;
}

static void test_a_second_migration_waits_for_the_first(void **state)
{
    struct db_connection *other = test_connect();
    pthread_t thread;

    test_run(other, "USE cafe_test_migrate");
    assert_int_equal(ask(other, get_lock), 1);
    assert_int_equal(pthread_create(&thread, NULL, hold_lock, other), 0);
    assert_int_equal(migrate(*state, two, false, "waiting for another"), OK);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(version(*state), 2);
    other = test_connect();
    test_run(other, "USE cafe_test_migrate");
    assert_int_equal(ask(other, get_lock), 1);
    db_disconnect(other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_applied_once_and_in_order,
                                        open_scratch, close_scratch),
        cmocka_unit_test_setup_teardown(test_dry_run_changes_nothing,
                                        open_scratch, close_scratch),
        cmocka_unit_test_setup_teardown(test_a_changed_text_is_a_conflict,
                                        open_scratch, close_scratch),
        cmocka_unit_test_setup_teardown(
            test_a_failed_one_runs_again_from_its_first_step, open_scratch,
            close_scratch),
        cmocka_unit_test_setup_teardown(test_again_runs_what_was_applied_before,
                                        open_scratch, close_scratch),
        cmocka_unit_test_setup_teardown(
            test_a_failure_ends_the_transaction_of_its_steps, open_scratch,
            close_scratch),
        cmocka_unit_test_setup_teardown(
            test_a_second_migration_waits_for_the_first, open_scratch,
            close_scratch),
    };

    (void)test_database();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
