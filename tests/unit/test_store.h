/* What the tests of the store and its history stand on: a migrated database
 * of their own, a job, and ways to look at the tables. */
#ifndef CAFE_TEST_STORE_H
#define CAFE_TEST_STORE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "cafe/suppliers/migrations.h"
#include "cafe/suppliers/store.h"
#include "test_database.h"

#define SCRATCH "cafe_test_store"
#define WITH_SCRATCH(test) \
    cmocka_unit_test_setup_teardown(test, open_scratch, close_scratch)

/* Two keys as browsers send them back. */
#define KEY_ONE "AAAAAAAAAAAAAAAAAAAAAA"
#define KEY_TWO "aaaaaaaaaaaaaaaaaaaaaa"

struct scratch {
    struct db_connection *db;
    struct arena *arena;
};

static inline int open_scratch(void **state)
{
    struct scratch *scratch = calloc(1, sizeof(*scratch));
    struct text report;

    scratch->db = test_connect_scratch(SCRATCH);
    scratch->arena = arena_open(0);
    text_init(&report, 0);
    assert_int_equal(supplier_migrate(scratch->db, false, &report), OK);
    text_free(&report);
    *state = scratch;
    return 0;
}

static inline int close_scratch(void **state)
{
    struct scratch *scratch = *state;

    test_run(scratch->db, "DROP DATABASE " SCRATCH);
    db_disconnect(scratch->db);
    arena_close(scratch->arena);
    free(scratch);
    return 0;
}

/** Another connection to the same database. */
static inline struct db_connection *connect_again(void)
{
    struct db_connection *other = test_connect();

    test_run(other, "USE " SCRATCH);
    return other;
}

/** Each field of another text. */
static inline struct store_job job_with(const struct scratch *scratch,
                                        struct slice name)
{
    return (struct store_job){
        .arena = scratch->arena,
        .supplier = { .fields = { [SUPPLIER_NAME] = name,
                                  [SUPPLIER_ADDRESS] = SLICE("1 Main St"),
                                  [SUPPLIER_CITY] = SLICE("K\u00f8benhavn"),
                                  [SUPPLIER_STATE] = SLICE("state"),
                                  [SUPPLIER_COUNTRY] = SLICE("Danmark"),
                                  [SUPPLIER_EMAIL] = SLICE("a@example.dk"),
                                  [SUPPLIER_PHONE] = SLICE("+45 33 12 34 56"),
                                  [SUPPLIER_WEBSITE] = SLICE("https://a.dk"),
                                  [SUPPLIER_NOTES] = SLICE("# N\n\u2615") } }
    };
}

/* The fields of job_with() after the name, as assert_table() spells them. */
#define REST                                               \
    "1 Main St|K\u00f8benhavn|state|Danmark|a@example.dk|" \
    "+45 33 12 34 56|https://a.dk|# N\n\u2615|||"

/** A job that changes what another has saved, from that version on. */
static inline struct store_job edit_of(const struct store_job *saved)
{
    struct store_job edit = *saved;

    edit.supplier.id = saved->id;
    edit.expected = saved->revision;
    edit.form_key = NULL;
    edit.id = 0;
    edit.revision = 0;
    edit.repeated = false;
    edit.merged = false;
    return edit;
}

/** Add a supplier of this name; what came of it. */
static inline struct store_job added(const struct scratch *scratch,
                                     struct slice name)
{
    struct store_job job = job_with(scratch, name);

    assert_int_equal(store_add(scratch->db, &job), OK);
    return job;
}

/** As an edit of another page: one field of a supplier, whatever is there. */
static inline struct store_job changed(const struct scratch *scratch,
                                       const struct store_job *saved,
                                       enum supplier_field field,
                                       struct slice text)
{
    struct store_job job = edit_of(saved);

    job.supplier.fields[field] = text;
    job.actor = "somebody else";
    assert_int_equal(store_update(scratch->db, &job), OK);
    return job;
}

static inline enum error take_columns(const struct db_row *row, void *context)
{
    struct text *text = context;

    for (unsigned i = 0; i <= SUPPLIER_FIELDS; i++) {
        if (db_row_null(row, i))
            break;
        text_append_slice(text, db_row_text(row, i));
        text_append_char(text, '|');
    }
    return OK;
}

/** The rows that a query gives, each value followed by "|". */
static inline void assert_answer(const struct scratch *scratch, const char *sql,
                                 const char *expected)
{
    struct text text;

    text_init(&text, 0);
    assert_int_equal(db_query(scratch->db, sql, NULL, 0, take_columns, &text),
                     OK);
    assert_string_equal(text_string(&text), expected);
    text_free(&text);
}

#define AND_COLUMN(field, column, ...) ", " column

/** Every supplier with every field. */
static inline void assert_table(const struct scratch *scratch,
                                const char *expected)
{
    assert_answer(scratch,
                  "SELECT id" SUPPLIER_TABLE(AND_COLUMN, ) " FROM suppliers"
                                                           " ORDER BY id",
                  expected);
}

static inline void assert_text(struct slice text, const char *expected)
{
    if (!slice_is(text, expected))
        fail_msg("'%.*s' is not '%s'", (int)text.len, text.data, expected);
}

#endif
