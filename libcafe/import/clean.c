/* Removing imports, some rows at a time. */
#include "cafe/import/upload.h"
#include "imports.h"

enum { REMOVED_AT_ONCE = 1000, CLEANED_AT_ONCE = 20 };
#define KEPT "20"
#define KEPT_DAYS "90"
#define HEADERS "200"
#define HEADERS_DAYS "730"

static const char select_rows[] =
    "SELECT COALESCE(MIN(n), 0), COALESCE(MAX(n), 0) FROM supplier_import_rows"
    " WHERE import_id = ?";
static const char delete_rows[] =
    "DELETE r FROM supplier_import_rows r FORCE INDEX (PRIMARY)"
    " WHERE import_id = ? AND n BETWEEN ? AND ?";
static const char delete_files[] =
    "DELETE FROM supplier_import_files WHERE import_id = ?";
static const char delete_import[] = "DELETE FROM supplier_imports WHERE id = ?";

struct rows {
    int64_t first, last;
};

static enum error take_rows(const struct db_row *row, void *context)
{
    *(struct rows *)context =
        (struct rows){ db_row_integer(row, 0), db_row_integer(row, 1) };
    return OK;
}

enum error imports_empty(struct db_connection *connection, int64_t id)
{
    const struct db_value value = DB_VALUE_INTEGER(id);
    struct rows rows = { 0 };
    enum error err =
        db_query(connection, select_rows, &value, 1, take_rows, &rows);

    for (int64_t n = rows.first; err == OK && n > 0 && n <= rows.last;
         n += REMOVED_AT_ONCE)
        err = db_execute(
            connection, delete_rows,
            (struct db_value[]){ value, DB_VALUE_INTEGER(n),
                                 DB_VALUE_INTEGER(n + REMOVED_AT_ONCE - 1) },
            3);
    return err;
}

enum error import_remove(struct db_connection *connection, int64_t id)
{
    const struct db_value value = DB_VALUE_INTEGER(id);
    enum error err = imports_empty(connection, id);

    if (err == OK)
        err = db_execute(connection, delete_files, &value, 1);
    if (err == OK)
        err = db_execute(connection, delete_import, &value, 1);
    return err == OK && db_found_rows(connection) == 0 ? ERROR_NOT_FOUND : err;
}

/* What nobody comes back to: they would fill the disk. */
static const char select_old[] =
    "SELECT id FROM supplier_imports WHERE " WHOLE " AND NOT " AT_WORK
    " AND (changed < UTC_TIMESTAMP(6) - INTERVAL " KEPT_DAYS " DAY"
    " OR (state IN ('reading', 'preview', 'failed')"
    "     AND changed < UTC_TIMESTAMP(6) - INTERVAL 1 DAY)"
    " OR id <= (SELECT MIN(t.id) FROM (SELECT id FROM supplier_imports"
    "           WHERE " WHOLE " ORDER BY id DESC LIMIT " KEPT
    ") t HAVING COUNT(*) = " KEPT "))"
    " ORDER BY id LIMIT ?";

struct old {
    size_t count;
    int64_t ids[CLEANED_AT_ONCE];
};

static enum error take_old(const struct db_row *row, void *context)
{
    struct old *old = context;

    old->ids[old->count++] = db_row_integer(row, 0);
    return OK;
}

/* The latest one with a header that was read lends its mapping to the next file
 * with that header: that stays, without what else it has. */
static const char strip_import[] =
    "UPDATE supplier_imports SET undo_key = '', person = NULL,"
    " undone_by = NULL, file_name = '', problem = '', row_count = 0"
    " WHERE id = ? AND header <> '' AND state NOT IN ('reading', 'failed')";

/* Settings that a later import replaces, or that nobody has used. */
static const char select_unused[] =
    "SELECT i.id FROM supplier_imports i WHERE i.undo_key = ''"
    " AND (i.changed < UTC_TIMESTAMP(6) - INTERVAL " HEADERS_DAYS " DAY"
    " OR EXISTS (SELECT 1 FROM supplier_imports n WHERE n.header = i.header"
    "     AND n.id > i.id AND n.state NOT IN ('reading', 'failed'))"
    " OR i.id <= (SELECT MIN(t.id) FROM (SELECT id FROM supplier_imports"
    "     WHERE undo_key = '' ORDER BY id DESC LIMIT " HEADERS ") t"
    "     HAVING COUNT(*) = " HEADERS ")) ORDER BY i.id LIMIT ?";

static enum error strip(struct db_connection *connection, int64_t id)
{
    const struct db_value value = DB_VALUE_INTEGER(id);
    enum error err = imports_empty(connection, id);

    if (err == OK)
        err = db_execute(connection, delete_files, &value, 1);
    if (err == OK)
        err = db_execute(connection, strip_import, &value, 1);
    return err == OK && db_found_rows(connection) == 0
               ? import_remove(connection, id)
               : err;
}

static enum error clean(struct db_connection *connection, const char *sql,
                        enum error (*each)(struct db_connection *, int64_t))
{
    const struct db_value limit = DB_VALUE_INTEGER(CLEANED_AT_ONCE);
    struct old old = { 0 };
    enum error err = db_query(connection, sql, &limit, 1, take_old, &old);

    for (size_t i = 0; err == OK && i < old.count; i++)
        err = each(connection, old.ids[i]);
    return err == ERROR_NOT_FOUND ? OK : err; /* another was faster */
}

enum error imports_clean(struct db_connection *connection)
{
    enum error err = clean(connection, select_old, strip);

    return err == OK ? clean(connection, select_unused, import_remove) : err;
}
