/* Taking what is known of a supplier out of the change log and of imports. */
#include "cafe/suppliers/columns.h"
#include "cafe/suppliers/history.h"

/* Rows of imports. No index leads to a supplier, so each statement looks
 * through a range of them: by the primary key even while the server's
 * statistics say that the table is small. */

enum { RANGE_ROWS = 2000 };

static const char select_next_import[] =
    "SELECT MIN(import_id) FROM supplier_import_rows WHERE import_id > ?";

static const char select_last_row[] =
    "SELECT MAX(n) FROM supplier_import_rows WHERE import_id = ?";

static const char delete_imported[] =
    "DELETE r FROM supplier_import_rows r FORCE INDEX (PRIMARY)"
    " WHERE import_id = ? AND n BETWEEN ? AND ? AND supplier_id = ?";

static enum error forget_in(struct db_connection *connection, int64_t import,
                            int64_t id)
{
    const struct db_value value = DB_VALUE_INTEGER(import);
    int64_t last = 0;
    enum error err = db_query(connection, select_last_row, &value, 1,
                              db_take_integer, &last);

    for (int64_t n = 1; err == OK && n <= last; n += RANGE_ROWS)
        err = db_execute(
            connection, delete_imported,
            (struct db_value[]){ value, DB_VALUE_INTEGER(n),
                                 DB_VALUE_INTEGER(n + RANGE_ROWS - 1),
                                 DB_VALUE_INTEGER(id) },
            4);
    return err;
}

static enum error forget_imported(struct db_connection *connection, int64_t id)
{
    int64_t import = 0, next;
    enum error err;

    do {
        const struct db_value value = DB_VALUE_INTEGER(import);

        next = 0;
        err = db_query(connection, select_next_import, &value, 1,
                       db_take_integer, &next);
        import = next;
        if (err == OK && import != 0)
            err = forget_in(connection, import, id);
    } while (err == OK && import != 0);
    return err;
}

/* The log. */

static const char lock_row[] =
    "SELECT id FROM suppliers WHERE id = ? FOR UPDATE";

static const char select_last[] =
    "SELECT revision FROM supplier_changes WHERE supplier_id = ?"
    " ORDER BY revision DESC LIMIT 1";

/* Without a writer: that is how a forgotten entry is known. */
#define EMPTY(field, column, ...) column " = ''"
static const char empty_entries[] =
    "UPDATE supplier_changes SET " SUPPLIER_TABLE(
        EMPTY,
        ", ") ","
              " actor = NULL, writer = ''"
              " WHERE supplier_id = ? AND revision <= ? AND writer <> ''";

/* The row is locked, so that the version in it stays the last. */
static enum error history_empty_entries(struct db_connection *connection,
                                        int64_t id, int64_t *entries)
{
    const struct db_value supplier = DB_VALUE_INTEGER(id);
    int64_t present = 0;
    int64_t last = 0;
    enum error err;
    struct db_value values[2];

    if ((err = db_query(connection, lock_row, &supplier, 1, db_take_integer,
                        &present)) != OK ||
        (err = db_query(connection, select_last, &supplier, 1, db_take_integer,
                        &last)) != OK)
        return err;
    if (last == 0)
        return ERROR_NOT_FOUND;
    values[0] = supplier;
    /* The last entry of a present supplier has the texts that its row has
     * anyway, and forms are based on it. */
    values[1] = DB_VALUE_INTEGER(present ? last - 1 : last);
    err = db_execute(connection, empty_entries, values, 2);
    *entries = db_found_rows(connection);
    return err;
}

enum error history_forget(struct db_connection *connection, int64_t id,
                          int64_t *entries)
{
    int64_t emptied = 0;
    enum error err = forget_imported(connection, id);

    if (err == OK)
        err = db_begin(connection);
    if (err != OK)
        return err;
    if ((err = history_empty_entries(connection, id, &emptied)) != OK)
        return db_rollback(connection, err);
    if ((err = db_commit(connection)) == OK)
        *entries = emptied;
    return err;
}
