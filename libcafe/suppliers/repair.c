/* What a migrated database has lost: a table that was swapped, a dump without
 * triggers, a TRUNCATE. The migrations, run again, bring it back. */
#include "repair.h"

#include "cafe/suppliers/columns.h"
#include "cafe/suppliers/migrations.h"
#include "triggers.h"

/* Each row that a check gives names something. */

static const char find_suppliers[] =
    "SELECT COUNT(*) FROM information_schema.TABLES"
    " WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = 'suppliers'";

/* This and the next two as far as the version of the schema has them. */
static const char missing_tables[] =
    "SELECT CONCAT('the table ', w.t) FROM"
    " (SELECT 'supplier_revision' AS t, 3 AS since"
    " UNION ALL SELECT 'supplier_changes', 3"
    " UNION ALL SELECT 'supplier_form_keys', 3"
    " UNION ALL SELECT 'cafe_keys', 7"
    " UNION ALL SELECT 'supplier_imports', 8"
    " UNION ALL SELECT 'supplier_import_files', 8"
    " UNION ALL SELECT 'supplier_import_rows', 8"
    " UNION ALL SELECT 'supplier_change_groups', 9) w"
    " LEFT JOIN information_schema.TABLES x"
    " ON x.TABLE_SCHEMA = DATABASE() AND x.TABLE_NAME = w.t"
    " WHERE x.TABLE_NAME IS NULL AND w.since <= ?";

static const char missing_columns[] =
    "SELECT CONCAT('the column suppliers.', w.c) FROM " COLUMNS_TABLE " w"
    " LEFT JOIN information_schema.COLUMNS k"
    " ON k.TABLE_SCHEMA = DATABASE() AND k.TABLE_NAME = 'suppliers'"
    " AND k.COLUMN_NAME = w.c"
    " WHERE k.COLUMN_NAME IS NULL AND w.since <= ?";

/* Of a table beside the suppliers that has their fields, too. */
#define MISSING_COLUMNS_OF(table)                                     \
    "SELECT CONCAT('the column " table ".', w.c) FROM " COLUMNS_TABLE \
    " w JOIN information_schema.TABLES t"                             \
    " ON t.TABLE_SCHEMA = DATABASE() AND t.TABLE_NAME = '" table "'"  \
    " LEFT JOIN information_schema.COLUMNS k"                         \
    " ON k.TABLE_SCHEMA = DATABASE() AND k.TABLE_NAME = t.TABLE_NAME" \
    " AND k.COLUMN_NAME = w.c"                                        \
    " WHERE k.COLUMN_NAME IS NULL AND w.since <= ?"

static const char missing_log_columns[] =
    MISSING_COLUMNS_OF("supplier_changes");
static const char missing_import_columns[] =
    MISSING_COLUMNS_OF("supplier_import_rows");

static const char other_engine[] =
    "SELECT CONCAT('InnoDB: suppliers is ', ENGINE)"
    " FROM information_schema.TABLES"
    " WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = 'suppliers'"
    " AND ENGINE <> 'InnoDB'";

static const char other_characters[] =
    "SELECT CONCAT('utf8mb4: suppliers.', COLUMN_NAME, ' is ',"
    " CHARACTER_SET_NAME) FROM information_schema.COLUMNS"
    " WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = 'suppliers'"
    " AND CHARACTER_SET_NAME <> 'utf8mb4'"
    " AND COLUMN_NAME IN (" COLUMNS_QUOTED ")";

static const char lost_counter[] =
    "SELECT 'the counter, or it is behind the log' FROM (SELECT 1 AS one) w"
    " LEFT JOIN supplier_revision r ON r.one = w.one"
    " WHERE r.n IS NULL"
    " OR r.n < (SELECT COALESCE(MAX(revision), 0) FROM supplier_changes)";

/* Byte by byte: a collation takes 'a' for 'A'. */
#define DIFFERS(field, column, ...)              \
    "CAST(COALESCE(s." column ", '') AS BINARY)" \
    " <> CAST(c." column " AS BINARY)"

#define ANY_DIFFERS SUPPLIER_TABLE(DIFFERS, " OR ")

/* Suppliers that are not in the log as they are, and those that are gone and
 * that it still has: s is the row, c the last entry; one of them may be absent.
 */
#define NOT_LOGGED_ROWS                                              \
    " FROM suppliers s LEFT JOIN supplier_changes c ON c.revision =" \
    "  (SELECT MAX(l.revision) FROM supplier_changes l"              \
    "    WHERE l.supplier_id = s.id)"                                \
    " WHERE c.revision IS NULL OR c.action = 'remove' OR " ANY_DIFFERS
#define GONE_ROWS                                                            \
    " FROM supplier_changes c LEFT JOIN suppliers s ON s.id = c.supplier_id" \
    " WHERE s.id IS NULL AND c.action <> 'remove' AND c.revision ="          \
    "  (SELECT MAX(l.revision) FROM supplier_changes l"                      \
    "    WHERE l.supplier_id = c.supplier_id)"

static const char not_logged[] =
    "SELECT CONCAT('in the log: supplier ', MIN(id), IF(COUNT(*) = 1, '',"
    " CONCAT(' and ', COUNT(*) - 1, ' more')))"
    " FROM (SELECT s.id AS id" NOT_LOGGED_ROWS
    " UNION ALL SELECT c.supplier_id" GONE_ROWS ") d HAVING COUNT(*) > 0";

struct look {
    struct text *report;
    size_t missing;
};

static void name_missing(struct look *look, struct slice what)
{
    text_append_string(look->report, "missing: ");
    text_append_slice(look->report, what);
    text_append_char(look->report, '\n');
    look->missing++;
}

static enum error take_name(const struct db_row *row, void *context)
{
    name_missing(context, db_row_text(row, 0));
    return OK;
}

static enum error repair_check(struct db_connection *connection,
                               const char *sql, struct look *look)
{
    return db_query(connection, sql, NULL, 0, take_name, look);
}

static enum error check_since(struct db_connection *connection, const char *sql,
                              int version, struct look *look)
{
    const struct db_value value = DB_VALUE_INTEGER(version);

    return db_query(connection, sql, &value, 1, take_name, look);
}

/* An empty table in its place would mean that every supplier was removed. */
static enum error require_suppliers(struct db_connection *connection,
                                    struct text *report)
{
    int64_t tables = 0;
    enum error err =
        db_query(connection, find_suppliers, NULL, 0, db_take_integer, &tables);

    if (err != OK || tables > 0)
        return err;
    text_append_string(report,
                       "The table suppliers is missing, but its history "
                       "exists. Restore the table (rename it back, or load a "
                       "dump), then run the migration again. Nothing was "
                       "changed.\n");
    return ERROR_CONFLICT;
}

static enum error look_at_tables(struct db_connection *connection, int version,
                                 struct look *look)
{
    enum error err = check_since(connection, missing_tables, version, look);

    if (err == OK)
        err = check_since(connection, missing_columns, version, look);
    if (err == OK)
        err = check_since(connection, missing_log_columns, version, look);
    if (err == OK)
        err = check_since(connection, missing_import_columns, version, look);
    if (err == OK)
        err = repair_check(connection, other_engine, look);
    if (err == OK)
        err = repair_check(connection, other_characters, look);
    return err;
}

static enum error look_into_tables(struct db_connection *connection,
                                   struct look *look)
{
    enum error err = repair_check(connection, lost_counter, look);

    return err == OK ? repair_check(connection, not_logged, look) : err;
}

enum error repair_look(struct db_connection *connection, int version,
                       bool newest, struct text *report,
                       struct repair_found *found)
{
    struct look look = { .report = report };
    size_t triggers = 0;
    enum error err = require_suppliers(connection, report);

    if (err == OK)
        err = look_at_tables(connection, version, &look);
    found->tables = look.missing;
    if (err == OK && newest)
        err = triggers_look(connection, report, &triggers);
    /* Queries on a missing table or column would only fail. */
    if (err == OK && newest && found->tables == 0)
        err = look_into_tables(connection, &look);
    found->missing = look.missing + triggers;
    return err;
}

/* Writers wait at the counter meanwhile, so that the numbers have no rival. */
static const char take_number[] =
    "UPDATE supplier_revision SET n = n + 1 WHERE one = 1";

#define LOGGED_VALUE(field, column, ...) "COALESCE(s." column ", '') AS " column
#define LOGGED_VALUES SUPPLIER_TABLE(LOGGED_VALUE, ", ")
#define FOUND(field, column, ...) "d." column
#define ALL_FOUND SUPPLIER_TABLE(FOUND, ", ")

static const char log_found[] =
    "INSERT INTO supplier_changes (revision, supplier_id, action, " COLUMNS
    ", actor, writer, form_key, at)"
    " SELECT r.n - 1 + ROW_NUMBER() OVER (ORDER BY d.id), d.id, d.action,"
    " " ALL_FOUND ", NULL, USER(), NULL, UTC_TIMESTAMP(6)"
    " FROM (SELECT s.id AS id, CASE WHEN c.revision IS NULL THEN 'adopt'"
    "   WHEN c.action = 'remove' THEN 'add' ELSE 'update' END AS action,"
    "   " LOGGED_VALUES NOT_LOGGED_ROWS
    "  UNION ALL SELECT c.supplier_id, 'remove', " COLUMNS_OF_C GONE_ROWS
    " ) d CROSS JOIN supplier_revision r";

/* The counter names the last row of the log; without any it stays at 0. */
static const char set_counter[] =
    "UPDATE supplier_revision"
    " SET at = COALESCE((SELECT c.at FROM supplier_changes c"
    "                     ORDER BY c.revision DESC LIMIT 1), at),"
    " n = COALESCE((SELECT MAX(c.revision) FROM supplier_changes c), 0)"
    " WHERE one = 1";

enum error repair_log(struct db_connection *connection)
{
    static const char *const steps[] = { take_number, log_found, set_counter };
    enum error err = db_begin(connection);

    if (err != OK)
        return err;
    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++)
        if ((err = db_execute(connection, steps[i], NULL, 0)) != OK)
            return db_rollback(connection, err);
    return db_commit(connection);
}

/*
 * MariaDB keeps the triggers as it has read them with the table. Where the
 * connection was killed meanwhile that may be a syntax error, for all who write
 * a row, until the table is closed.
 */
static const char use_triggers[] =
    "UPDATE suppliers SET city = city ORDER BY id LIMIT 1";

/* All that it does to InnoDB is to close the table. It needs the rights to
 * select and insert; FLUSH TABLES would need RELOAD. */
static const char close_table[] = "REPAIR NO_WRITE_TO_BINLOG TABLE suppliers";

enum { ER_PARSE_ERROR = 1064 };

bool repair_is_spoiled(const struct db_connection *connection)
{
    return db_error_number(connection) == ER_PARSE_ERROR;
}

enum error repair_reload(struct db_connection *connection)
{
    return db_run_text(connection, slice_of(close_table));
}

/* Only a row that is written shows it; it is rolled back. */
static enum error look_spoiled(struct db_connection *connection, bool *spoiled)
{
    enum error err = db_begin(connection);

    if (err != OK)
        return err;
    err = db_execute(connection, use_triggers, NULL, 0);
    *spoiled = err != OK && repair_is_spoiled(connection);
    err = db_rollback(connection, err);
    return err == ERROR_DB_UNKNOWN ? err : OK;
}

enum error repair_spoiled(struct db_connection *connection, bool dry_run,
                          struct text *report)
{
    bool spoiled = false;
    enum error err = look_spoiled(connection, &spoiled);

    if (err != OK || !spoiled)
        return err;
    text_append_string(report, "broken: a trigger on suppliers that the "
                               "server could not load when it opened the "
                               "table\n");
    if (dry_run)
        return OK;
    err = repair_reload(connection);
    if (err == OK)
        err = look_spoiled(connection, &spoiled);
    if (err != OK)
        return err;
    text_append_string(report, spoiled ? db_error_advice(ER_PARSE_ERROR)
                                       : "The server has loaded it again.\n");
    return spoiled ? ERROR_DB_TRIGGERS : OK;
}

/* The watch. A function runs with its maker's rights, and so sees what the
 * accounts of the daemons may not. */

static const char ask_watch[] = "SELECT supplier_triggers()";
/* While this statement uses the table, no trigger of it can be exchanged. */
static const char ask_watch_alone[] =
    "SELECT supplier_triggers() + 0 *"
    " (SELECT COUNT(*) FROM (SELECT 1 FROM suppliers LIMIT 1) AS used)";
static const char drop_watch[] = "DROP FUNCTION IF EXISTS supplier_triggers";
static const char create_watch[] =
    "CREATE FUNCTION supplier_triggers() RETURNS INT"
    " READS SQL DATA SQL SECURITY DEFINER"
    " COMMENT 'The triggers that log changes of suppliers: 3 when all are"
    " there'"
    " RETURN (SELECT COUNT(*) FROM information_schema.TRIGGERS"
    " WHERE TRIGGER_SCHEMA = DATABASE() AND EVENT_OBJECT_TABLE = 'suppliers'"
    " AND ACTION_TIMING = 'AFTER'"
    " AND ACTION_STATEMENT LIKE '%INSERT INTO supplier_changes%'"
    " AND (TRIGGER_NAME, EVENT_MANIPULATION) IN"
    " (('suppliers_added', 'INSERT'), ('suppliers_changed', 'UPDATE'),"
    "  ('suppliers_removed', 'DELETE')))";

enum {
    ER_SP_DOES_NOT_EXIST = 1305,
    ER_PROCACCESS_DENIED = 1370,
    ER_WARN_I_S_SKIPPED_TABLE = 1684
};

/* Whether the function is there and says that all is well. */
static bool watches(struct db_connection *connection)
{
    int64_t count = 0;

    return db_query(connection, ask_watch, NULL, 0, db_take_integer, &count) ==
               OK &&
           count == TRIGGERS;
}

enum error repair_watch(struct db_connection *connection, struct text *report)
{
    enum error err;
    const char *advice;

    if (watches(connection))
        return OK;
    if ((err = db_run_text(connection, slice_of(drop_watch))) == OK)
        err = db_run_text(connection, slice_of(create_watch));
    if (err == OK || err == ERROR_DB_UNKNOWN)
        return err;
    advice = db_error_advice(db_error_number(connection));
    text_printf(report,
                "note: the daemons can't check the triggers, because this "
                "account may not create the function supplier_triggers: %s "
                "(%u). %s\n",
                db_error_message(connection), db_error_number(connection),
                advice[0] ? advice
                          : "Grant it CREATE ROUTINE and ALTER ROUTINE on "
                            "this database, then run the migration again.");
    return OK;
}

enum error supplier_triggers_check(struct db_connection *connection)
{
    int64_t count = 0;
    enum error err =
        db_query(connection, ask_watch, NULL, 0, db_take_integer, &count);
    unsigned number;

    /* information_schema has no trigger for a moment while a migration puts
     * another in its place. */
    if (err == OK && count != TRIGGERS)
        err = db_query(connection, ask_watch_alone, NULL, 0, db_take_integer,
                       &count);
    number = err == OK ? 0 : db_error_number(connection);
    if (number == ER_SP_DOES_NOT_EXIST || number == ER_PROCACCESS_DENIED)
        return OK; /* this account can't tell */
    if (number == ER_WARN_I_S_SKIPPED_TABLE)
        return OK; /* the table is being changed, as by a migration */
    return err == OK && count != TRIGGERS ? ERROR_DB_TRIGGERS : err;
}
