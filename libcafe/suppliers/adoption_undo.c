/* After a migration that failed: the table becomes what it was. MariaDB and
 * MySQL have no transactions around definitions, so the definition that was
 * there before is kept, and what differs from it is changed back. */
#include <string.h>

#include "adoption.h"
#include "triggers.h"

/* SHOW CREATE TABLE of a missing table would be an error. */
static const char find_table[] =
    "SELECT TABLE_NAME FROM information_schema.TABLES"
    " WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = 'suppliers'"
    " AND TABLE_TYPE IN ('BASE TABLE', 'SYSTEM VERSIONED')";
static const char show_table[] = "SHOW CREATE TABLE suppliers";

static const char find_triggers[] =
    "SELECT TRIGGER_NAME FROM information_schema.TRIGGERS"
    " WHERE TRIGGER_SCHEMA = DATABASE() AND TRIGGER_NAME IN (" TRIGGER_NAMES
    ")";

/* What was undone is not noted as applied. */
static const char forget_later[] =
    "DELETE FROM cafe_migrations WHERE number > ?";

static enum error take_definition(const struct db_row *row, void *context)
{
    text_append_slice(context, db_row_text(row, 1));
    return OK;
}

static enum error undo_take_exists(const struct db_row *row, void *context)
{
    (void)row;
    *(bool *)context = true;
    return OK;
}

static enum error read_definition(struct db_connection *connection,
                                  struct text *definition)
{
    bool exists = false;
    enum error err =
        db_query(connection, find_table, NULL, 0, undo_take_exists, &exists);

    if (err == OK && exists)
        err = db_query(connection, show_table, NULL, 0, take_definition,
                       definition);
    return err == OK && definition->failed ? ERROR_MEMORY : err;
}

enum error adoption_begin(struct adoption *adoption,
                          struct db_connection *connection)
{
    enum error err;

    *adoption = (struct adoption){ 0 };
    text_init(&adoption->definition, 0);
    if ((err = db_schema_version(connection, &adoption->version)) != OK ||
        (err = db_query(connection, find_triggers, NULL, 0, undo_take_exists,
                        &adoption->had_triggers)) != OK)
        return err;
    return read_definition(connection, &adoption->definition);
}

void adoption_end(struct adoption *adoption)
{
    text_free(&adoption->definition);
}

/* Definitions. */

static bool undo_next_line(struct slice *rest, struct slice *line)
{
    const char *end;
    size_t len;

    if (rest->len == 0)
        return false;
    end = memchr(rest->data, '\n', rest->len);
    len = end != NULL ? (size_t)(end - rest->data) : rest->len;

    *line = (struct slice){ rest->data, len };
    rest->data += len + (end != NULL);
    rest->len -= len + (end != NULL);
    if (line->len > 0 && line->data[line->len - 1] == ',')
        line->len--;
    return true;
}

static bool undo_has_line(struct slice definition, struct slice wanted)
{
    struct slice line;

    while (undo_next_line(&definition, &line))
        if (slice_equal(line, wanted))
            return true;
    return false;
}

/* "  `city` varchar(255) NOT NULL" */
static bool is_column(struct slice line)
{
    return slice_starts(line, "  `");
}

/* "`city`" of it. */
static struct slice column_name(struct slice line)
{
    const char *end = memchr(line.data + 3, '`', line.len - 3);

    return (struct slice){ line.data + 2,
                           end != NULL ? (size_t)(end + 1 - line.data - 2)
                                       : 0 };
}

static bool has_column(struct slice definition, struct slice name)
{
    struct slice line;

    while (undo_next_line(&definition, &line))
        if (is_column(line) && slice_equal(column_name(line), name))
            return true;
    return false;
}

/* Engine, character set and so on: ") ENGINE=MyISAM DEFAULT CHARSET=latin1",
 * without the bracket. */
static struct slice table_options(struct slice definition)
{
    struct slice line;

    while (undo_next_line(&definition, &line))
        if (slice_starts(line, ") "))
            return (struct slice){ line.data + 2, line.len - 2 };
    return SLICE("");
}

static void append_change(struct text *sql, const char *change,
                          struct slice what)
{
    text_append_string(sql, sql->len ? ", " : "ALTER TABLE suppliers ");
    text_append_string(sql, change);
    text_append_slice(sql, what);
}

/* The one statement that leads from a definition back to the one before; empty
 * when they are the same. A column whose line is the same may have another
 * character set: that of the table. */
static void write_way_back(struct slice before, struct slice now,
                           struct text *sql)
{
    struct slice options = table_options(before);
    bool other_options = !slice_equal(options, table_options(now));
    struct slice rest = now;
    struct slice line;

    while (undo_next_line(&rest, &line))
        if (is_column(line) && !has_column(before, column_name(line)))
            append_change(sql, "DROP COLUMN ", column_name(line));
    rest = before;
    while (undo_next_line(&rest, &line))
        if (is_column(line) && (other_options || !undo_has_line(now, line)))
            append_change(sql, "MODIFY COLUMN", line);
    if (other_options)
        append_change(sql, "", options);
}

static enum error restore_definition(const struct adoption *adoption,
                                     struct db_connection *connection)
{
    struct text now, sql;
    enum error err;

    text_init(&now, 0);
    text_init(&sql, 0);
    err = adoption->definition.len > 0 ? read_definition(connection, &now) : OK;
    if (err == OK && now.len > 0)
        write_way_back(text_slice(&adoption->definition), text_slice(&now),
                       &sql);
    if (err == OK && sql.failed)
        err = ERROR_MEMORY;
    if (err == OK && sql.len > 0)
        err = db_run_text(connection, text_slice(&sql));
    text_free(&now);
    text_free(&sql);
    return err;
}

void adoption_undo(const struct adoption *adoption,
                   struct db_connection *connection, struct text *report)
{
    const struct db_value version = DB_VALUE_INTEGER(adoption->version);
    enum error err;

    /* Not a first migration: the log is in use, and the table stays as it has
     * become. */
    if (adoption->had_triggers)
        return;
    if ((err = triggers_drop(connection)) == OK)
        err = restore_definition(adoption, connection);
    if (err == OK) {
        err = db_execute(connection, forget_later, &version, 1);
        if (err == ERROR_DB_SCHEMA)
            err = OK; /* nothing was noted yet, not even where */
    }
    if (err == OK) {
        text_append_string(report, "The table suppliers has been restored to "
                                   "its previous state.\n");
        return;
    }
    text_printf(report,
                "The table suppliers could not be restored to its previous "
                "state: %s (%u). Programs that use it keep working; run the "
                "migration again to continue.\n",
                db_error_message(connection)[0] ? db_error_message(connection)
                                                : error_text(err),
                db_error_number(connection));
}
