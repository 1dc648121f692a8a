/* The suppliers' migrations: a new table, and one adopted with its rows. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "cafe/suppliers/migrations.h"
#include "test_database.h"

#define COLUMNS                            \
    "(id INT AUTO_INCREMENT PRIMARY KEY, " \
    "name VARCHAR(255) NOT NULL, "         \
    "address VARCHAR(255) NOT NULL, "      \
    "city VARCHAR(255) NOT NULL, "         \
    "state VARCHAR(255) NOT NULL, "        \
    "email VARCHAR(255) NOT NULL, "        \
    "phone VARCHAR(100) NOT NULL)"

static int open_scratch(void **state)
{
    *state = test_connect_scratch("cafe_test_suppliers");
    return 0;
}

static int close_scratch(void **state)
{
    test_run(*state, "DROP DATABASE cafe_test_suppliers");
    db_disconnect(*state);
    return 0;
}

static void migrate(struct db_connection *db)
{
    struct text report;

    text_init(&report, 0);
    if (supplier_migrate(db, false, &report) != OK)
        fail_msg("%s", text_string(&report));
    text_free(&report);
}

static enum error take_text(const struct db_row *row, void *context)
{
    struct text *text = context;

    text_append_slice(text, db_row_text(row, 0));
    text_append_char(text, ';');
    return OK;
}

/* The first column of each row, each ended by a semicolon. */
static void assert_answer(struct db_connection *db, const char *sql,
                          const char *expected)
{
    struct text text;

    text_init(&text, 0);
    assert_int_equal(db_query(db, sql, NULL, 0, take_text, &text), OK);
    assert_string_equal(text_string(&text), expected);
    text_free(&text);
}

static const char engine[] =
    "SELECT CONCAT(ENGINE, ' ', SUBSTRING_INDEX(TABLE_COLLATION, '_', 1))"
    " FROM information_schema.TABLES"
    " WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = 'suppliers'";
static const char character_sets[] =
    "SELECT DISTINCT CHARACTER_SET_NAME FROM information_schema.COLUMNS"
    " WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = 'suppliers'"
    " AND CHARACTER_SET_NAME IS NOT NULL";
static const char columns[] =
    "SELECT CONCAT(COLUMN_NAME, ' ', COLUMN_TYPE, ' ', IS_NULLABLE, ' ',"
    " EXTRA) FROM information_schema.COLUMNS"
    " WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = 'suppliers'"
    " ORDER BY ORDINAL_POSITION";

static void test_a_new_table_is_the_original_and_more(void **state)
{
    migrate(*state);
    assert_answer(*state, engine, "InnoDB utf8mb4;");
    assert_answer(*state, columns,
                  "id int(11) NO auto_increment;"
                  "name varchar(255) NO ;address varchar(255) NO ;"
                  "city varchar(255) NO ;state varchar(255) NO ;"
                  "email varchar(255) NO ;phone varchar(100) NO ;"
                  "country varchar(255) NO INVISIBLE;"
                  "notes text NO INVISIBLE;"
                  "website varchar(500) NO INVISIBLE;"
                  "ended_on varchar(40) NO INVISIBLE;"
                  "ended_reason varchar(255) NO INVISIBLE;");
}

static void test_a_foreign_table_is_converted_with_its_rows(void **state)
{
    test_run(*state, "CREATE TABLE suppliers " COLUMNS
                     " ENGINE=MyISAM DEFAULT CHARSET=latin1");
    test_run(*state, "INSERT INTO suppliers VALUES"
                     " (7, 'Caf\u00e9 M\u00fcller', 'a', 'b', 'c', 'd', 'e')");
    migrate(*state);
    assert_answer(*state, engine, "InnoDB utf8mb4;");
    assert_answer(*state, character_sets, "utf8mb4;");
    assert_answer(*state,
                  "SELECT CONCAT(id, name, country, notes)"
                  " FROM suppliers",
                  "7Caf\u00e9 M\u00fcller;");
}

static void test_one_foreign_column_is_converted(void **state)
{
    test_run(*state, "CREATE TABLE suppliers " COLUMNS
                     " ENGINE=InnoDB DEFAULT CHARSET=utf8mb4");
    test_run(*state, "ALTER TABLE suppliers MODIFY city VARCHAR(255)"
                     " CHARACTER SET latin1 NOT NULL");
    migrate(*state);
    assert_answer(*state, character_sets, "utf8mb4;");
}

/* InnoDB gives a table another number when it is built anew. */
static void test_a_good_table_is_not_built_anew(void **state)
{
    static const char number[] =
        "SELECT TABLE_ID FROM information_schema.INNODB_SYS_TABLES"
        " WHERE NAME = 'cafe_test_suppliers/suppliers'";
    struct text before;

    text_init(&before, 0);
    test_run(*state, "CREATE TABLE suppliers " COLUMNS
                     " ENGINE=InnoDB DEFAULT CHARSET=utf8mb4");
    assert_int_equal(db_query(*state, number, NULL, 0, take_text, &before), OK);
    assert_true(before.len > 1);
    migrate(*state);
    assert_answer(*state, number, text_string(&before));
    text_free(&before);
}

static void test_the_first_application_still_works(void **state)
{
    migrate(*state);
    test_run(*state, "INSERT INTO suppliers VALUES"
                     " (1, 'A', 'a', 'b', 'c', 'd', 'e')");
    test_run(*state, "INSERT INTO suppliers"
                     " (name, address, city, state, email, phone)"
                     " VALUES ('B', 'a', 'b', 'c', 'd', 'e')");
    test_run(*state, "UPDATE suppliers SET name = 'C', address = 'a',"
                     " city = 'b', state = 'c', email = 'd', phone = 'e'"
                     " WHERE id = 1");
    test_run(*state, "DELETE FROM suppliers WHERE id = 2");
    test_run(*state, "CREATE TABLE seen AS SELECT * FROM suppliers");
    assert_answer(*state,
                  "SELECT COLUMN_NAME FROM information_schema.COLUMNS"
                  " WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = 'seen'"
                  " ORDER BY ORDINAL_POSITION",
                  "id;name;address;city;state;email;phone;");
    assert_answer(*state, "SELECT name FROM seen", "C;");
}

static void test_every_step_can_run_again(void **state)
{
    migrate(*state);
    test_run(*state, "DROP TABLE cafe_migrations");
    migrate(*state);
    assert_answer(*state, engine, "InnoDB utf8mb4;");
}

static void test_schema_check(void **state)
{
    assert_int_equal(supplier_schema_check(*state, NULL), ERROR_DB_SCHEMA);
    migrate(*state);
    assert_int_equal(supplier_schema_check(*state, NULL), OK);
    test_run(*state, "INSERT INTO cafe_migrations VALUES"
                     " (9999, 'of a newer program', '', NOW())");
    assert_int_equal(supplier_schema_check(*state, NULL), OK);
    test_run(*state, "DELETE FROM cafe_migrations WHERE number > 1");
    assert_int_equal(supplier_schema_check(*state, NULL), ERROR_DB_SCHEMA);
}

static enum error migrate_again(struct db_connection *db, const char *words)
{
    struct text report;
    enum error err;

    text_init(&report, 0);
    err = supplier_migrate(db, false, &report);
    if (strstr(text_string(&report), words) == NULL)
        fail_msg("%s", text_string(&report));
    text_free(&report);
    return err;
}

/* Rolled back: what a newer version has made is not for this one to change. */
static void test_a_newer_schema_is_left_alone(void **state)
{
    migrate(*state);
    test_run(*state, "INSERT INTO cafe_migrations VALUES"
                     " (9999, 'of a newer program', '', NOW())");
    test_run(*state, "CREATE OR REPLACE TRIGGER suppliers_removed AFTER DELETE"
                     " ON suppliers FOR EACH ROW"
                     " INSERT INTO supplier_changes (newer) VALUES (1)");
    assert_int_equal(migrate_again(*state, "A newer version has migrated"), OK);
    assert_answer(*state,
                  "SELECT COUNT(*) FROM information_schema.TRIGGERS WHERE"
                  " TRIGGER_SCHEMA = DATABASE() AND"
                  " ACTION_STATEMENT LIKE '%(newer)%'",
                  "1;");
    test_run(*state, "DROP TRIGGER suppliers_removed");
    assert_int_equal(migrate_again(*state, "migrate with that version"),
                     ERROR_DB_TRIGGERS);
}

static void test_nothing_is_made_twice(void **state)
{
    migrate(*state);
    assert_int_equal(migrate_again(*state, "applied before"), OK);
    test_run(*state, "DROP TRIGGER suppliers_removed");
    assert_int_equal(
        migrate_again(*state, "missing: the trigger suppliers_removed"), OK);
    assert_int_equal(supplier_schema_check(*state, NULL), OK);
}

#define WITH_SCRATCH(test) \
    cmocka_unit_test_setup_teardown(test, open_scratch, close_scratch)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_SCRATCH(test_a_new_table_is_the_original_and_more),
        WITH_SCRATCH(test_a_foreign_table_is_converted_with_its_rows),
        WITH_SCRATCH(test_one_foreign_column_is_converted),
        WITH_SCRATCH(test_a_good_table_is_not_built_anew),
        WITH_SCRATCH(test_the_first_application_still_works),
        WITH_SCRATCH(test_every_step_can_run_again),
        WITH_SCRATCH(test_schema_check),
        WITH_SCRATCH(test_a_newer_schema_is_left_alone),
        WITH_SCRATCH(test_nothing_is_made_twice),
    };

    (void)test_database();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
