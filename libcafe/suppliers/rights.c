/* Whether an account has the rights that a daemon needs. EXPLAIN asks for the
 * rights of the statement that it explains, and changes nothing. */
#include "cafe/suppliers/migrations.h"

static const char *const reading[] = {
    "EXPLAIN SELECT * FROM suppliers",
    "EXPLAIN SELECT * FROM supplier_revision",
    "EXPLAIN SELECT revision, supplier_id, action, at FROM supplier_changes",
    "EXPLAIN SELECT * FROM cafe_migrations",
    NULL,
};

/* All that is done to a table of imports. */
#define IMPORT_RIGHTS(table, column)                               \
    "EXPLAIN SELECT * FROM " table,                                \
        "EXPLAIN INSERT INTO " table " (" column ") VALUES (0)",   \
        "EXPLAIN UPDATE " table " SET " column " = 0 WHERE FALSE", \
        "EXPLAIN DELETE FROM " table " WHERE " column " = 0"

static const char *const writing[] = {
    "EXPLAIN INSERT INTO suppliers (name) VALUES ('')",
    "EXPLAIN UPDATE suppliers SET name = '' WHERE id = 0",
    "EXPLAIN DELETE FROM suppliers WHERE id = 0",
    "EXPLAIN SELECT * FROM supplier_changes",
    "EXPLAIN SELECT * FROM supplier_form_keys",
    "EXPLAIN INSERT INTO supplier_form_keys (form_key) VALUES ('')",
    "EXPLAIN UPDATE supplier_form_keys SET digest = '' WHERE form_key = ''",
    "EXPLAIN DELETE FROM supplier_form_keys WHERE form_key = ''",
    "EXPLAIN SELECT * FROM cafe_keys",
    "EXPLAIN UPDATE cafe_keys SET last_used = NULL WHERE digest = ''",
    IMPORT_RIGHTS("supplier_imports", "id"),
    IMPORT_RIGHTS("supplier_import_files", "import_id"),
    IMPORT_RIGHTS("supplier_import_rows", "import_id"),
    "EXPLAIN SELECT * FROM supplier_change_groups",
    "EXPLAIN INSERT INTO supplier_change_groups (leads) VALUES (0)",
    "EXPLAIN UPDATE supplier_change_groups SET leads = 0 WHERE FALSE",
    NULL,
};

static enum error rights_explain(struct db_connection *connection,
                                 const char *const *statements)
{
    enum error err = OK;

    for (; err == OK && *statements != NULL; statements++)
        err = db_run_text(connection, slice_of(*statements));
    return err;
}

enum error supplier_reading_check(struct db_connection *connection, void *job)
{
    (void)job;
    return rights_explain(connection, reading);
}

enum error supplier_writing_check(struct db_connection *connection, void *job)
{
    enum error err = supplier_reading_check(connection, job);

    return err == OK ? rights_explain(connection, writing) : err;
}
