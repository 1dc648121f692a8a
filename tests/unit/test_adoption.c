/* A first migration that fails at any of its statements leaves the table of
 * its owner as it was, and the next one goes on. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "cafe/suppliers/migrations.h"
#include "test_database.h"

/* Statements until one fails; 0: none does. */
static int countdown;

static bool fails_now(void)
{
    return countdown > 0 && --countdown == 0;
}

enum error __real_db_run_text(struct db_connection *connection,
                              struct slice sql);
enum error __wrap_db_run_text(struct db_connection *connection,
                              struct slice sql);
enum error __wrap_db_run_text(struct db_connection *connection,
                              struct slice sql)
{
    return __real_db_run_text(connection, fails_now()
                                              ? SLICE("INSERT INTO nowhere"
                                                      " VALUES (1)")
                                              : sql);
}

/* What the server calls itself; NULL: by its own name. */
static const char *version;
static bool asked_version;

enum error __real_db_query(struct db_connection *connection, const char *sql,
                           const struct db_value *values, size_t count,
                           db_row_fn *each_row, void *context);
enum error __wrap_db_query(struct db_connection *connection, const char *sql,
                           const struct db_value *values, size_t count,
                           db_row_fn *each_row, void *context);
enum error __wrap_db_query(struct db_connection *connection, const char *sql,
                           const struct db_value *values, size_t count,
                           db_row_fn *each_row, void *context)
{
    asked_version = strcmp(sql, "SELECT VERSION()") == 0;
    return __real_db_query(connection, sql, values, count, each_row, context);
}

struct slice __real_db_row_text(const struct db_row *row, unsigned column);
struct slice __wrap_db_row_text(const struct db_row *row, unsigned column);
struct slice __wrap_db_row_text(const struct db_row *row, unsigned column)
{
    return asked_version && version != NULL ? slice_of(version)
                                            : __real_db_row_text(row, column);
}

/* That bound the waits and look who migrates: they change nothing. */
enum { STATEMENTS_BEFORE = 2, STATEMENTS_MAX = 200 };

/* Wide, foreign, in another order, with more columns. */
static const char create[] =
    "CREATE TABLE suppliers ("
    "  phone VARCHAR(255) DEFAULT 'none `,\\n' COMMENT 'a, `b`',"
    "  vat INT NOT NULL DEFAULT 0,"
    "  name VARCHAR(500) NOT NULL,"
    "  id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,"
    "  address TEXT, city MEDIUMTEXT, email VARCHAR(300) NOT NULL,"
    "  state CHAR(2) CHARACTER SET ascii NOT NULL,"
    "  seen TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,"
    "  PRIMARY KEY (id), KEY by_name (name(20)), KEY (email(10)))"
    " ENGINE=MyISAM DEFAULT CHARSET=latin1 COMMENT='their own'";
static const char insert[] =
    "INSERT INTO suppliers (phone, name, address, city, email, state) VALUES"
    " (REPEAT('1', 255), REPEAT('\u00fc', 500), REPEAT('a', 60000),"
    "  REPEAT('c', 70000), REPEAT('e', 300), 'VT')";

static enum error take_texts(const struct db_row *row, void *context)
{
    struct text *text = context;

    for (unsigned column = 0; column < 2; column++) {
        text_append_slice(text, db_row_text(row, column));
        text_append_char(text, '|');
    }
    return OK;
}

/* The definition, what is in the table, and its triggers. */
static void append_all(struct db_connection *db, struct text *text)
{
    static const char *const queries[] = {
        "SHOW CREATE TABLE suppliers",
        "SELECT COUNT(*), MD5(GROUP_CONCAT(id, phone, name, address, city,"
        " email, state, vat ORDER BY id)) FROM suppliers",
        "SELECT TRIGGER_NAME, EVENT_OBJECT_TABLE"
        " FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = DATABASE()",
        "SELECT number, name FROM cafe_migrations",
    };
    size_t count = sizeof(queries) / sizeof(queries[0]);

    for (size_t i = 0; i < count; i++) {
        enum error err = db_query(db, queries[i], NULL, 0, take_texts, text);

        /* the table of migrations may be there, or not */
        assert_true(err == OK || i + 1 == count);
    }
}

static enum error migrate(struct db_connection *db, struct text *report)
{
    text_free(report);
    text_init(report, 0);
    return supplier_migrate(db, false, report);
}

static void test_whatever_fails_the_table_is_as_it_was(void **state)
{
    struct db_connection *db = *state;
    struct text before, after, report;
    int statement = STATEMENTS_BEFORE;
    enum error err;

    text_init(&before, 0);
    text_init(&report, 0);
    test_run(db, create);
    test_run(db, insert);
    append_all(db, &before);
    do {
        countdown = ++statement;
        err = migrate(db, &report);
        countdown = 0;
        if (err == OK)
            break;
        text_init(&after, 0);
        append_all(db, &after);
        if (strcmp(text_string(&before), text_string(&after)) != 0)
            fail_msg("statement %d: %s\n%s\n%s", statement,
                     text_string(&report), text_string(&before),
                     text_string(&after));
        text_free(&after);
    } while (statement < STATEMENTS_MAX);
    assert_in_range(statement, 50, STATEMENTS_MAX - 1);
    assert_int_equal(supplier_schema_check(db, NULL), OK);
    test_run(db, insert);
    test_run(db, "UPDATE suppliers SET name = REPEAT('n', 500)");
    test_run(db, "DELETE FROM suppliers");
    text_free(&report);
    text_free(&before);
}

/* A database that has lost the notes of what was applied keeps its triggers. */
static void test_an_adopted_table_is_never_left_without_triggers(void **state)
{
    struct db_connection *db = *state;
    struct text report, after;
    int statement = STATEMENTS_BEFORE;
    enum error err;

    text_init(&report, 0);
    test_run(db, create);
    assert_int_equal(migrate(db, &report), OK);
    do {
        test_run(db, "DROP TABLE IF EXISTS cafe_migrations");
        countdown = ++statement;
        err = migrate(db, &report);
    } while (countdown == 0 && statement < 20);
    countdown = 0;
    assert_int_not_equal(err, OK);
    text_init(&after, 0);
    append_all(db, &after);
    assert_non_null(strstr(text_string(&after), "suppliers_added|suppliers"));
    text_free(&report);
    text_free(&after);
}

/* A server without what the triggers and columns need is refused before
 * anything is changed, whatever it calls itself. */
static void test_an_old_server_is_refused(void **state)
{
    static const char *const old[] = {
        "5.7.44-log", "8.0.22", "10.5.23-MariaDB-1:10.5.23+maria~deb11"
    };
    static const char *const fit[] = { "8.0.23", "10.6.0-MariaDB", "9999.1" };
    struct db_connection *db = *state;
    struct text before, after, report;

    test_run(db, create);
    test_run(db, insert);
    text_init(&before, 0);
    append_all(db, &before);
    for (size_t i = 0; i < sizeof(old) / sizeof(old[0]); i++) {
        text_init(&report, 0);
        version = old[i];
        assert_int_equal(migrate(db, &report), ERROR_DB);
        assert_non_null(strstr(text_string(&report), old[i]));
        assert_non_null(
            strstr(text_string(&report), "needs MariaDB 10.6 or MySQL 8.0.23"));
        text_free(&report);
        version = NULL;
        text_init(&after, 0);
        append_all(db, &after);
        assert_string_equal(text_string(&after), text_string(&before));
        text_free(&after);
    }
    for (size_t i = 0; i < sizeof(fit) / sizeof(fit[0]); i++) {
        text_init(&report, 0);
        version = fit[i];
        assert_int_equal(migrate(db, &report), OK);
        text_free(&report);
    }
    version = NULL;
    text_free(&before);
}

static int open_scratch(void **state)
{
    *state = test_connect_scratch("cafe_test_adoption");
    return 0;
}

static int close_scratch(void **state)
{
    test_run(*state, "DROP DATABASE cafe_test_adoption");
    db_disconnect(*state);
    return 0;
}

#define WITH_SCRATCH(test) \
    cmocka_unit_test_setup_teardown(test, open_scratch, close_scratch)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_SCRATCH(test_whatever_fails_the_table_is_as_it_was),
        WITH_SCRATCH(test_an_adopted_table_is_never_left_without_triggers),
        WITH_SCRATCH(test_an_old_server_is_refused),
    };

    (void)test_database();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
