/* Adding, changing and removing suppliers in a real database. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "cafe/migrations.h"
#include "cafe/store.h"
#include "test_database.h"

static int open_scratch(void **state)
{
    struct db_connection *db = test_connect_scratch("cafe_test_store");
    struct text report;

    text_init(&report, 0);
    assert_int_equal(db_migrate(db, supplier_migrations, false, &report), OK);
    text_free(&report);
    *state = db;
    return 0;
}

static int close_scratch(void **state)
{
    test_run(*state, "DROP DATABASE cafe_test_store");
    db_disconnect(*state);
    return 0;
}

/* Each field of another text. */
static struct store_job job_with(struct slice name)
{
    return (struct store_job){
        .supplier = { .fields = { [SUPPLIER_NAME] = name,
                                  [SUPPLIER_ADDRESS] = SLICE("1 Main St"),
                                  [SUPPLIER_CITY] = SLICE("K\u00f8benhavn"),
                                  [SUPPLIER_STATE] = SLICE("state"),
                                  [SUPPLIER_COUNTRY] = SLICE("Danmark"),
                                  [SUPPLIER_EMAIL] = SLICE("a@example.dk"),
                                  [SUPPLIER_PHONE] = SLICE("+45 33 12 34 56"),
                                  [SUPPLIER_NOTES] = SLICE("# N\n\u2615") } }
    };
}

static enum error take_row(const struct db_row *row, void *context)
{
    struct text *text = context;

    for (unsigned i = 0; i < 9; i++) {
        text_append_slice(text, db_row_text(row, i));
        text_append_char(text, '|');
    }
    return OK;
}

static void assert_table(struct db_connection *db, const char *expected)
{
    static const char sql[] =
        "SELECT id, name, address, city, state, country, email, phone, notes"
        " FROM suppliers ORDER BY id";
    struct text text;

    text_init(&text, 0);
    assert_int_equal(db_query(db, sql, NULL, 0, take_row, &text), OK);
    assert_string_equal(text_string(&text), expected);
    text_free(&text);
}

#define REST                                               \
    "1 Main St|K\u00f8benhavn|state|Danmark|a@example.dk|" \
    "+45 33 12 34 56|# N\n\u2615|"

static void test_add_writes_every_field(void **state)
{
    struct store_job job = job_with(SLICE("Ben & Jerry's \"x\" \U0001f40e"));

    assert_int_equal(store_add(*state, &job), OK);
    assert_int_equal(job.id, 1);
    assert_table(*state, "1|Ben & Jerry's \"x\" \U0001f40e|" REST);
}

static void test_update_changes_only_its_row(void **state)
{
    struct store_job one = job_with(SLICE("One"));
    struct store_job two = job_with(SLICE("Two"));

    assert_int_equal(store_add(*state, &one), OK);
    assert_int_equal(store_add(*state, &two), OK);
    two.supplier.fields[SUPPLIER_NAME] = SLICE("Three");
    two.supplier.id = two.id;
    assert_int_equal(store_update(*state, &two), OK);
    assert_int_equal(store_update(*state, &two), OK);
    assert_int_equal(two.id, 2);
    assert_table(*state, "1|One|" REST "2|Three|" REST);
}

static void test_remove_removes_only_its_row(void **state)
{
    struct store_job one = job_with(SLICE("One"));
    struct store_job two = job_with(SLICE("Two"));

    assert_int_equal(store_add(*state, &one), OK);
    assert_int_equal(store_add(*state, &two), OK);
    one.supplier.id = 1;
    assert_int_equal(store_remove(*state, &one), OK);
    assert_table(*state, "2|Two|" REST);
    assert_int_equal(store_remove(*state, &one), ERROR_NOT_FOUND);
}

static void test_a_missing_row_is_not_found(void **state)
{
    struct store_job job = job_with(SLICE("Nobody"));

    job.supplier.id = 4711;
    assert_int_equal(store_update(*state, &job), ERROR_NOT_FOUND);
    assert_int_equal(store_remove(*state, &job), ERROR_NOT_FOUND);
    assert_table(*state, "");
}

static void test_what_does_not_fit_changes_nothing(void **state)
{
    static char many[300];
    struct store_job job = job_with(SLICE("One"));

    memset(many, 'x', sizeof(many));
    assert_int_equal(store_add(*state, &job), OK);
    job.supplier.id = job.id;
    job.supplier.fields[SUPPLIER_CITY] = (struct slice){ many, sizeof(many) };
    assert_int_equal(store_update(*state, &job), ERROR_DB);
    assert_int_equal(store_add(*state, &job), ERROR_DB);
    assert_table(*state, "1|One|" REST);
}

static void test_waiting_for_a_lock_is_bounded(void **state)
{
    struct store_job job = job_with(SLICE("One"));
    struct db_connection *other = test_connect();

    test_run(other, "USE cafe_test_store");
    test_run(other, "SET SESSION innodb_lock_wait_timeout = 1");
    assert_int_equal(store_add(*state, &job), OK);
    job.supplier.id = job.id;
    assert_int_equal(db_begin(*state), OK);
    test_run(*state, "UPDATE suppliers SET name = 'held'");
    assert_int_equal(store_update(other, &job), ERROR_DB_STATEMENT);
    assert_int_equal(db_rollback(*state, OK), OK);
    assert_int_equal(store_update(other, &job), OK);
    db_disconnect(other);
}

#define WITH_SCRATCH(test) \
    cmocka_unit_test_setup_teardown(test, open_scratch, close_scratch)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_SCRATCH(test_add_writes_every_field),
        WITH_SCRATCH(test_update_changes_only_its_row),
        WITH_SCRATCH(test_remove_removes_only_its_row),
        WITH_SCRATCH(test_a_missing_row_is_not_found),
        WITH_SCRATCH(test_what_does_not_fit_changes_nothing),
        WITH_SCRATCH(test_waiting_for_a_lock_is_bounded),
    };

    (void)test_database();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
