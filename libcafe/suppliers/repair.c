/* What a migrated database has lost: a table that was swapped, a dump without
 * triggers, a TRUNCATE. The migrations, run again, bring it back. */
#include "repair.h"

#include <stdio.h>
#include <string.h>

#include "cafe/suppliers/migrations.h"

/* Each row that a check gives names something. */

static const char find_suppliers[] =
    "SELECT COUNT(*) FROM information_schema.TABLES"
    " WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = 'suppliers'";

static const char missing_tables[] =
    "SELECT CONCAT('the table ', w.t) FROM (SELECT 'supplier_revision' AS t"
    " UNION ALL SELECT 'supplier_changes'"
    " UNION ALL SELECT 'supplier_form_keys') w"
    " LEFT JOIN information_schema.TABLES x"
    " ON x.TABLE_SCHEMA = DATABASE() AND x.TABLE_NAME = w.t"
    " WHERE x.TABLE_NAME IS NULL";

static const char missing_columns[] =
    "SELECT CONCAT('the column suppliers.', w.c) FROM (SELECT 'country' AS c"
    " UNION ALL SELECT 'notes') w LEFT JOIN information_schema.COLUMNS k"
    " ON k.TABLE_SCHEMA = DATABASE() AND k.TABLE_NAME = 'suppliers'"
    " AND k.COLUMN_NAME = w.c WHERE k.COLUMN_NAME IS NULL";

static const char other_engine[] =
    "SELECT CONCAT('InnoDB: suppliers is ', ENGINE)"
    " FROM information_schema.TABLES"
    " WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = 'suppliers'"
    " AND ENGINE <> 'InnoDB'";

static const char other_characters[] =
    "SELECT CONCAT('utf8mb4: suppliers.', COLUMN_NAME, ' is ',"
    " CHARACTER_SET_NAME) FROM information_schema.COLUMNS"
    " WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = 'suppliers'"
    " AND CHARACTER_SET_NAME <> 'utf8mb4' AND COLUMN_NAME IN ('name', "
    "'address',"
    " 'city', 'state', 'country', 'email', 'phone', 'notes')";

static const char lost_counter[] =
    "SELECT 'the counter, or it is behind the log' FROM (SELECT 1 AS one) w"
    " LEFT JOIN supplier_revision r ON r.one = w.one"
    " WHERE r.n IS NULL"
    " OR r.n < (SELECT COALESCE(MAX(revision), 0) FROM supplier_changes)";

/* The same as 0003 and 0005 put into it. */
#define DIFFERS(field)                              \
    " OR CAST(COALESCE(s." field ", '') AS BINARY)" \
    " <> CAST(c." field " AS BINARY)"

static const char not_logged[] =
    "SELECT CONCAT('in the log: supplier ', MIN(id), IF(COUNT(*) = 1, '',"
    " CONCAT(' and ', COUNT(*) - 1, ' more'))) FROM (SELECT s.id AS id"
    " FROM suppliers s LEFT JOIN supplier_changes c ON c.revision ="
    "  (SELECT MAX(l.revision) FROM supplier_changes l"
    "    WHERE l.supplier_id = s.id)"
    " WHERE c.revision IS NULL OR c.action = 'remove'" DIFFERS("name") DIFFERS(
        "address") DIFFERS("city") DIFFERS("state") DIFFERS("country")
        DIFFERS("email") DIFFERS("phone") DIFFERS(
            "notes") " UNION ALL SELECT c.supplier_id FROM supplier_changes c"
                     " LEFT JOIN suppliers s ON s.id = c.supplier_id"
                     " WHERE s.id IS NULL AND c.action <> 'remove' AND "
                     "c.revision ="
                     "  (SELECT MAX(l.revision) FROM supplier_changes l"
                     "    WHERE l.supplier_id = c.supplier_id)) d"
                     " HAVING COUNT(*) > 0";

/* White space is not compared: a dump may bring a trigger back with other line
 * ends. */
static const char find_trigger[] =
    "SELECT EVENT_OBJECT_TABLE = 'suppliers',"
    " CAST(TRIM(REGEXP_REPLACE(ACTION_STATEMENT, '[[:space:]]+', ' '))"
    "  AS BINARY) ="
    " CAST(TRIM(REGEXP_REPLACE(?, '[[:space:]]+', ' ')) AS BINARY)"
    "  AND ACTION_TIMING = 'AFTER' AND EVENT_MANIPULATION = ?,"
    " DEFINER = CURRENT_USER(), EVENT_OBJECT_TABLE, DEFINER"
    " FROM information_schema.TRIGGERS"
    " WHERE TRIGGER_SCHEMA = DATABASE() AND TRIGGER_NAME = ?";

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

static enum error check(struct db_connection *connection, const char *sql,
                        struct look *look)
{
    return db_query(connection, sql, NULL, 0, take_name, look);
}

/* Triggers. */

static const struct trigger_row {
    const char *name;
    const char *event;
} triggers[] = {
    { "suppliers_added", "INSERT" },
    { "suppliers_changed", "UPDATE" },
    { "suppliers_removed", "DELETE" },
};
enum { TRIGGERS = sizeof(triggers) / sizeof(triggers[0]) };

/* The body of the last "CREATE TRIGGER name …" of a text; untouched when it
 * has none. */
static void find_body(struct slice sql, const char *name, struct slice *body)
{
    static const char each[] = "FOR EACH ROW", step[] = "\n-- step\n";
    char create[64];
    size_t len =
        (size_t)snprintf(create, sizeof(create), "CREATE TRIGGER %s ", name);
    const char *at = memmem(sql.data, sql.len, create, len);

    if (!at)
        return;
    struct slice rest = { at, sql.len - (size_t)(at - sql.data) };
    const char *end = memmem(rest.data, rest.len, step, sizeof(step) - 1);
    if (end)
        rest.len = (size_t)(end - rest.data);
    const char *start = memmem(rest.data, rest.len, each, sizeof(each) - 1);
    if (!start)
        return;
    start += sizeof(each) - 1;
    rest = slice_trim(
        (struct slice){ start, rest.len - (size_t)(start - rest.data) });
    if (rest.len > 0 && rest.data[rest.len - 1] == ';')
        rest.len--;
    *body = rest;
}

static struct slice body_of(const char *name)
{
    struct slice body = SLICE("");

    for (size_t i = 0; supplier_migrations[i].number != 0; i++)
        find_body(slice_of(supplier_migrations[i].sql), name, &body);
    return body;
}

struct trigger {
    const char *name;
    struct look *look;
    bool found;
};

static void append_trigger(struct text *text, const char *name, const char *why,
                           struct slice what)
{
    text_printf(text, "the trigger %s on suppliers: %s", name, why);
    text_append_slice(text, what);
}

static enum error take_trigger(const struct db_row *row, void *context)
{
    struct trigger *trigger = context;
    struct text what;

    trigger->found = true;
    text_init(&what, 0);
    if (!db_row_integer(row, 0))
        append_trigger(&what, trigger->name, "it is on ", db_row_text(row, 3));
    else if (!db_row_integer(row, 1))
        append_trigger(&what, trigger->name, "it is not that of this program",
                       SLICE(""));
    else if (!db_row_integer(row, 2))
        append_trigger(&what, trigger->name, "it runs as another account, ",
                       db_row_text(row, 4));
    if (what.len > 0)
        name_missing(trigger->look, text_slice(&what));
    text_free(&what);
    return OK;
}

static enum error check_trigger(struct db_connection *connection,
                                const struct trigger_row *wanted,
                                struct look *look)
{
    const struct db_value values[] = {
        DB_VALUE_TEXT(body_of(wanted->name)),
        DB_VALUE_TEXT(slice_of(wanted->event)),
        DB_VALUE_TEXT(slice_of(wanted->name)),
    };
    struct trigger trigger = { wanted->name, look, false };
    enum error err =
        db_query(connection, find_trigger, values, 3, take_trigger, &trigger);

    if (err != OK || trigger.found)
        return err;
    text_printf(look->report, "missing: the trigger %s on suppliers\n",
                wanted->name);
    look->missing++;
    return OK;
}

static enum error take_integer(const struct db_row *row, void *context)
{
    *(int64_t *)context = db_row_integer(row, 0);
    return OK;
}

/* An empty table in its place would mean that every supplier was removed. */
static enum error require_suppliers(struct db_connection *connection,
                                    struct text *report)
{
    int64_t tables = 0;
    enum error err =
        db_query(connection, find_suppliers, NULL, 0, take_integer, &tables);

    if (err != OK || tables > 0)
        return err;
    text_append_string(report,
                       "The table suppliers is gone, but not its history. "
                       "Bring it back (under its name, or from a dump), then "
                       "migrate again. Nothing was changed.\n");
    return ERROR_CONFLICT;
}

enum error repair_look(struct db_connection *connection, struct text *report,
                       size_t *missing)
{
    static const char *const definitions[] = { missing_tables, missing_columns,
                                               other_engine, other_characters };
    static const char *const contents[] = { lost_counter, not_logged };
    struct look look = { .report = report };
    enum error err = require_suppliers(connection, report);

    for (size_t i = 0; err == OK && i < 4; i++)
        err = check(connection, definitions[i], &look);
    /* Queries on a missing table or column would only fail. */
    bool whole = look.missing == 0;
    for (size_t i = 0; err == OK && i < TRIGGERS; i++)
        err = check_trigger(connection, &triggers[i], &look);
    for (size_t i = 0; err == OK && whole && i < 2; i++)
        err = check(connection, contents[i], &look);
    *missing = look.missing;
    return err;
}

/*
 * MariaDB keeps the triggers as it has read them with the table. Where the
 * connection was killed meanwhile that may be a syntax error, for all who write
 * a row, until the table is closed.
 */
static const char use_triggers[] =
    "UPDATE suppliers SET city = city ORDER BY id LIMIT 1";

/* It changes nothing in InnoDB; FLUSH TABLES would need the right RELOAD. */
static const char close_table[] = "ALTER TABLE suppliers ENABLE KEYS";

enum { ER_PARSE_ERROR = 1064 };

/* Only a row that is written shows it; it is rolled back. */
static enum error look_spoiled(struct db_connection *connection, bool *spoiled)
{
    enum error err = db_begin(connection);

    if (err != OK)
        return err;
    err = db_execute(connection, use_triggers, NULL, 0);
    *spoiled = err != OK && db_error_number(connection) == ER_PARSE_ERROR;
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
    text_append_string(report, "spoiled: a trigger on suppliers that the "
                               "server could not read when it opened the "
                               "table\n");
    if (dry_run)
        return OK;
    err = db_run_text(connection, slice_of(close_table));
    if (err == OK)
        err = look_spoiled(connection, &spoiled);
    if (err != OK)
        return err;
    text_append_string(report, spoiled ? db_error_advice(ER_PARSE_ERROR)
                                       : "The server reads it again.\n");
    return spoiled ? ERROR_DB_TRIGGERS : OK;
}

/* The watch. A function runs with its maker's rights, and so sees what the
 * accounts of the daemons may not. */

static const char ask_watch[] = "SELECT supplier_triggers()";
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

enum { ER_SP_DOES_NOT_EXIST = 1305, ER_PROCACCESS_DENIED = 1370 };

/* Whether the function is there and says that all is well. */
static bool watches(struct db_connection *connection)
{
    int64_t count = 0;

    return db_query(connection, ask_watch, NULL, 0, take_integer, &count) ==
               OK &&
           count == TRIGGERS;
}

enum error repair_watch(struct db_connection *connection, struct text *report)
{
    enum error err;

    if (watches(connection))
        return OK;
    if ((err = db_run_text(connection, slice_of(drop_watch))) == OK)
        err = db_run_text(connection, slice_of(create_watch));
    if (err == OK || err == ERROR_DB_UNKNOWN)
        return err;
    const char *advice = db_error_advice(db_error_number(connection));
    text_printf(report,
                "note: the daemons can't see whether the triggers are there, "
                "because this account may not make the function "
                "supplier_triggers: %s (%u). %s\n",
                db_error_message(connection), db_error_number(connection),
                advice[0] ? advice
                          : "Give it CREATE ROUTINE and ALTER ROUTINE on this "
                            "database, then migrate again.");
    return OK;
}

enum error supplier_triggers_check(struct db_connection *connection)
{
    int64_t count = 0;
    enum error err =
        db_query(connection, ask_watch, NULL, 0, take_integer, &count);
    unsigned number = err == OK ? 0 : db_error_number(connection);

    if (number == ER_SP_DOES_NOT_EXIST || number == ER_PROCACCESS_DENIED)
        return OK; /* this account can't tell */
    return err == OK && count != TRIGGERS ? ERROR_DB_TRIGGERS : err;
}
