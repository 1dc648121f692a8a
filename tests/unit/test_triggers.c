/* The triggers of the change log take the place of others while somebody
 * writes: no change is missed. */
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "cafe/suppliers/columns.h"
#include "cafe/suppliers/migrations.h"
#include "test_database.h"
#include "triggers.h"

enum { EXCHANGES = 25, WRITES_BETWEEN = 4 };

static int open_scratch(void **state)
{
    struct text report;

    text_init(&report, 0);
    *state = test_connect_scratch("cafe_test_triggers");
    assert_int_equal(supplier_migrate(*state, false, &report), OK);
    text_free(&report);
    return 0;
}

static int close_scratch(void **state)
{
    test_run(*state, "DROP DATABASE cafe_test_triggers");
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
    int64_t answer = -1;

    assert_int_equal(db_query(db, sql, NULL, 0, take_integer, &answer), OK);
    return answer;
}

#define NO_TEXT(field, column, ...) "''"
#define NO_TEXTS SUPPLIER_TABLE(NO_TEXT, ", ")

/* Triggers that log as well, but not as this program makes them. */
static void make_others(struct db_connection *db)
{
    static const char *const texts[] = {
        "CREATE OR REPLACE TRIGGER suppliers_added AFTER INSERT ON suppliers"
        " FOR EACH ROW BEGIN SET @by = 'INSERT INTO supplier_changes', @action "
        "= 'add', @id = NEW.id;"
        " CALL log_other(); END",
        "CREATE OR REPLACE TRIGGER suppliers_changed AFTER UPDATE ON suppliers"
        " FOR EACH ROW BEGIN SET @by = 'INSERT INTO supplier_changes', @action "
        "= 'update', @id = NEW.id;"
        " CALL log_other(); END",
        "CREATE OR REPLACE TRIGGER suppliers_removed AFTER DELETE ON suppliers"
        " FOR EACH ROW BEGIN SET @by = 'INSERT INTO supplier_changes', @action "
        "= 'remove', @id = OLD.id;"
        " CALL log_other(); END",
    };

    test_run(db,
             "CREATE OR REPLACE PROCEDURE log_other() BEGIN"
             " UPDATE supplier_revision SET n = n + 1, at = UTC_TIMESTAMP(6);"
             " INSERT INTO supplier_changes (revision, supplier_id, action,"
             "  " COLUMNS ", writer, at)"
             " SELECT n, @id, @action, " NO_TEXTS ", 'other', at"
             " FROM supplier_revision; END");
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        test_run(db, texts[i]);
}

/* Somebody who writes or looks all the time. */
struct writer {
    struct db_connection *db;
    atomic_bool ended;
    atomic_int writes; /* or looks */
    atomic_int failures;
};

/* Each statement is a transaction. */
static void *write_on(void *context)
{
    static const char *const texts[] = {
        ("INSERT INTO suppliers (id, name, address, city, state, email, phone)"
         " VALUES (7, 'n', 'a', 'c', 's', 'e', '5550100')"),
        "UPDATE suppliers SET city = 'd' WHERE id = 7",
        "DELETE FROM suppliers WHERE id = 7",
    };
    struct writer *writer = context;

    for (unsigned i = 0; !atomic_load(&writer->ended); i++) {
        test_run(writer->db, texts[i % 3]);
        atomic_fetch_add(&writer->writes, 1);
    }
    return NULL;
}

/* A daemon that asks all the time whether the triggers are there. */
static void *watch_on(void *context)
{
    struct writer *watcher = context;

    while (!atomic_load(&watcher->ended)) {
        if (supplier_triggers_check(watcher->db) != OK)
            atomic_fetch_add(&watcher->failures, 1);
        atomic_fetch_add(&watcher->writes, 1);
    }
    return NULL;
}

static void await_writes(struct writer *writer)
{
    int least = atomic_load(&writer->writes) + WRITES_BETWEEN;

    while (atomic_load(&writer->writes) < least)
        sched_yield();
}

static void exchange_under_writes(struct db_connection *db,
                                  enum trigger_exchange exchange)
{
    struct writer writer = { .db = test_connect() };
    struct text report;
    pthread_t thread;

    text_init(&report, 0);
    test_run(writer.db, "USE cafe_test_triggers");
    assert_int_equal(pthread_create(&thread, NULL, write_on, &writer), 0);
    for (int i = 0; i < EXCHANGES; i++) {
        make_others(db);
        await_writes(&writer);
        assert_int_equal(triggers_make(db, exchange, false, &report), OK);
        await_writes(&writer);
    }
    atomic_store(&writer.ended, true);
    pthread_join(thread, NULL);
    db_disconnect(writer.db);
    text_free(&report);
    assert_int_equal(ask(db, "SELECT COUNT(*) FROM supplier_changes"),
                     writer.writes);
    assert_int_equal(ask(db, "SELECT n FROM supplier_revision"), writer.writes);
    assert_true(ask(db, "SELECT COUNT(*) FROM supplier_changes"
                        " WHERE writer = 'other'") > 0);
    assert_true(ask(db, "SELECT COUNT(*) FROM supplier_changes"
                        " WHERE writer <> 'other'") > 0);
}

static void test_no_change_is_missed_at_once(void **state)
{
    exchange_under_writes(*state, TRIGGER_AT_ONCE);
}

static void test_no_change_is_missed_under_a_lock(void **state)
{
    exchange_under_writes(*state, TRIGGER_UNDER_LOCK);
}

static void test_nobody_sees_one_missing(void **state)
{
    struct writer watcher = { .db = test_connect() };
    struct text report;
    pthread_t thread;

    text_init(&report, 0);
    test_run(watcher.db, "USE cafe_test_triggers");
    assert_int_equal(pthread_create(&thread, NULL, watch_on, &watcher), 0);
    for (int i = 0; i < EXCHANGES; i++) {
        make_others(*state);
        await_writes(&watcher);
        assert_int_equal(triggers_make(*state, TRIGGER_AT_ONCE, false, &report),
                         OK);
    }
    atomic_store(&watcher.ended, true);
    pthread_join(thread, NULL);
    db_disconnect(watcher.db);
    text_free(&report);
    assert_int_equal(watcher.failures, 0);
}

static size_t missing(struct db_connection *db)
{
    struct text report;
    size_t count;

    text_init(&report, 0);
    assert_int_equal(triggers_look(db, &report, &count), OK);
    text_free(&report);
    return count;
}

/* Nothing is made where nothing differs. */
static void test_only_what_differs_is_made(void **state)
{
    struct text report;

    text_init(&report, 0);
    assert_int_equal(missing(*state), 0);
    test_run(*state, "DROP TRIGGER suppliers_changed");
    assert_int_equal(missing(*state), 1);
    assert_int_equal(triggers_make(*state, TRIGGER_BY_SERVER, true, &report),
                     OK);
    assert_non_null(strstr(text_string(&report), "TRIGGER suppliers_changed"));
    assert_int_equal(missing(*state), 1);
    text_free(&report);
    text_init(&report, 0);
    assert_int_equal(triggers_make(*state, TRIGGER_BY_SERVER, false, &report),
                     OK);
    assert_string_equal(text_string(&report),
                        "the trigger suppliers_changed: made\n");
    assert_int_equal(missing(*state), 0);
    assert_int_equal(triggers_drop(*state), OK);
    assert_int_equal(missing(*state), TRIGGERS);
    text_free(&report);
}

#define WITH_SCRATCH(test) \
    cmocka_unit_test_setup_teardown(test, open_scratch, close_scratch)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_SCRATCH(test_no_change_is_missed_at_once),
        WITH_SCRATCH(test_no_change_is_missed_under_a_lock),
        WITH_SCRATCH(test_nobody_sees_one_missing),
        WITH_SCRATCH(test_only_what_differs_is_made),
    };

    (void)test_database();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
