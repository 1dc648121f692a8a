/* The table of imports: made, read, counted, changed. */
#include "imports.h"

#include <stdio.h>
#include <string.h>

#include "cafe/base/utf8.h"
#include "cafe/import/upload.h"

/* Names. */

static const char *const states[IMPORT_STATES] = {
    [IMPORT_READING] = "reading",     [IMPORT_PREVIEW] = "preview",
    [IMPORT_RUNNING] = "running",     [IMPORT_PAUSED] = "paused",
    [IMPORT_CANCELLED] = "cancelled", [IMPORT_DONE] = "done",
    [IMPORT_UNDOING] = "undoing",     [IMPORT_UNDONE] = "undone",
    [IMPORT_FAILED] = "failed",
};

static const char *const kinds[STAGED_KINDS] = {
    [STAGED_NEW] = "new",
    [STAGED_CHANGED] = "changed",
    [STAGED_SAME] = "same",
    [STAGED_AMBIGUOUS] = "ambiguous",
    [STAGED_DUPLICATE] = "duplicate",
    [STAGED_FAULTY] = "faulty",
    [STAGED_MISSING] = "missing",
};

static const char *const outcomes[IMPORT_OUTCOMES] = {
    [IMPORT_NO_OUTCOME] = "",       [IMPORT_WRITTEN] = "done",
    [IMPORT_CLASH] = "clash",       [IMPORT_REFUSED] = "refused",
    [IMPORT_TAKEN_BACK] = "undone", [IMPORT_KEPT] = "kept",
};

const char *import_state_name(enum import_state state)
{
    return states[state];
}

const char *staged_kind_name(enum staged_kind kind)
{
    return kinds[kind];
}

const char *import_outcome_name(enum import_outcome outcome)
{
    return outcomes[outcome];
}

/* Making. */

static const char insert_import[] =
    "INSERT INTO supplier_imports (import_key, undo_key, state, person,"
    " file_name, settings, clear_empty, remove_missing, created, changed)"
    " VALUES (?, ?, 'reading', LEFT(?, 255), LEFT(?, 255), ?, ?, ?,"
    " UTC_TIMESTAMP(6), UTC_TIMESTAMP(6))";

/* The database reads an absent text as an empty one. */
static struct db_value value_or_null(struct slice text)
{
    return text.data != NULL ? DB_VALUE_TEXT(text) : DB_VALUE_NULL;
}

/* A command has a path: its folders say nothing to others. */
static struct slice base_name(struct slice path)
{
    struct slice name = path;

    while (path.len > 0)
        name = slice_cut(&path, '/');
    return utf8_valid(name) ? name : SLICE("a file");
}

enum error imports_insert(struct db_connection *connection,
                          struct import *import)
{
    enum error err = form_key_make(import->undo_key);

    if (err == OK)
        err = db_execute(
            connection, insert_import,
            (struct db_value[]){ DB_VALUE_TEXT(slice_of(import->key)),
                                 DB_VALUE_TEXT(slice_of(import->undo_key)),
                                 value_or_null(import->person),
                                 DB_VALUE_TEXT(base_name(import->file_name)),
                                 DB_VALUE_TEXT(import->settings),
                                 DB_VALUE_INTEGER(import->clear_empty),
                                 DB_VALUE_INTEGER(import->remove_missing) },
            7);
    if (err != OK)
        return err;
    import->id = db_insert_id(connection);
    import->state = IMPORT_READING;
    return OK;
}

enum error import_create(struct db_connection *connection,
                         struct import *import)
{
    enum error err = imports_clean(connection);

    if (err == OK)
        err = form_key_make(import->key);
    if (err == OK)
        err = imports_insert(connection, import);
    if (err != OK)
        return err;
    memcpy(import->task, import->key, sizeof(import->task));
    return imports_hold(connection, import);
}

/* Holding. */

/* Reading a directory of 500,000 suppliers, before the first row, takes
 * seconds. */
#define LEASE_S "30"

static const char take_lease[] =
    "UPDATE supplier_imports SET task = ?, lease_until = UTC_TIMESTAMP(6) +"
    " INTERVAL " LEASE_S " SECOND WHERE id = ? AND state = 'reading'"
    " AND (task IN ('', ?) OR lease_until < UTC_TIMESTAMP(6))";

enum error imports_hold(struct db_connection *connection,
                        const struct import *import)
{
    const struct db_value task = DB_VALUE_TEXT(slice_of(import->task));
    const struct db_value values[] = { task, DB_VALUE_INTEGER(import->id),
                                       task };
    enum error err = db_execute(connection, take_lease, values, 3);

    return err == OK && db_found_rows(connection) == 0 ? ERROR_BUSY : err;
}

/* Reading. */

/* A file is there as soon as its import is. A command reads one that is not in
 * the database, and holds the import; an older one did not. */
#define BROKEN_OFF                                                      \
    "state = 'reading' AND COALESCE(lease_until, changed + INTERVAL 10" \
    " MINUTE) < UTC_TIMESTAMP(6) AND NOT EXISTS (SELECT 1 FROM"         \
    " supplier_import_files f WHERE f.import_id = supplier_imports.id"  \
    " AND f.part = 0)"

#define SELECT_IMPORT                                                \
    "SELECT id, import_key, undo_key, state + 0, person,"            \
    " file_name, settings, problem, clear_empty, remove_missing,"    \
    " revision, TIMESTAMPDIFF(MICROSECOND, '1970-01-01', created),"  \
    " TIMESTAMPDIFF(MICROSECOND, '1970-01-01', changed), undone_by," \
    " " BROKEN_OFF ", " PREPARING " FROM supplier_imports"

static const char select_by_key[] = SELECT_IMPORT
    " WHERE import_key = ? AND " WHOLE;
static const char select_by_id[] = SELECT_IMPORT " WHERE id = ?";

struct import_found {
    struct arena *arena;
    struct import *import;
    bool found;
    bool failed;
};

static struct slice keep_text(struct import_found *reading,
                              const struct db_row *row, unsigned column)
{
    struct slice text = db_row_text(row, column);

    if (text.data == NULL)
        return text;
    text = arena_slice(reading->arena, text);
    reading->failed |= text.data == NULL;
    return text;
}

static void keep_key(const struct db_row *row, unsigned column,
                     char key[FORM_KEY_CHARS + 1])
{
    struct slice text = db_row_text(row, column);

    snprintf(key, FORM_KEY_CHARS + 1, "%.*s", (int)text.len, text.data);
}

static enum error take_import(const struct db_row *row, void *context)
{
    struct import_found *reading = context;

    *reading->import = (struct import){
        .id = db_row_integer(row, 0),
        .state = (enum import_state)(db_row_integer(row, 3) - 1),
        .person = keep_text(reading, row, 4),
        .file_name = keep_text(reading, row, 5),
        .settings = keep_text(reading, row, 6),
        .problem = keep_text(reading, row, 7),
        .clear_empty = db_row_integer(row, 8) != 0,
        .remove_missing = db_row_integer(row, 9) != 0,
        .revision = (uint64_t)db_row_integer(row, 10),
        .created_us = db_row_integer(row, 11),
        .changed_us = db_row_integer(row, 12),
        .undone_by = keep_text(reading, row, 13),
        .broken_off = db_row_integer(row, 14) != 0,
        .preparing = db_row_integer(row, 15) != 0,
    };
    keep_key(row, 1, reading->import->key);
    keep_key(row, 2, reading->import->undo_key);
    reading->found = true;
    return reading->failed ? ERROR_MEMORY : OK;
}

static enum error read_import(struct db_connection *connection,
                              struct arena *arena, const char *sql,
                              struct db_value value, struct import *import)
{
    struct import_found reading = { .arena = arena, .import = import };
    enum error err =
        db_query(connection, sql, &value, 1, take_import, &reading);

    return err == OK && !reading.found ? ERROR_NOT_FOUND : err;
}

enum error import_find(struct db_connection *connection, struct arena *arena,
                       struct slice key, struct import *import)
{
    return read_import(connection, arena, select_by_key, DB_VALUE_TEXT(key),
                       import);
}

enum error imports_read(struct db_connection *connection, struct arena *arena,
                        int64_t id, struct import *import)
{
    return read_import(connection, arena, select_by_id, DB_VALUE_INTEGER(id),
                       import);
}

static const char select_latest[] = SELECT_IMPORT " WHERE " WHOLE
                                                  " ORDER BY id DESC LIMIT ?";

struct import_listing {
    struct import_found found;
    import_each_fn *each;
    void *context;
};

static enum error list_import(const struct db_row *row, void *context)
{
    struct import_listing *listing = context;
    enum error err = take_import(row, &listing->found);

    return err == OK ? listing->each(listing->context, listing->found.import)
                     : err;
}

enum error import_list(struct db_connection *connection, struct arena *arena,
                       size_t limit, import_each_fn *each, void *context)
{
    const struct db_value value = DB_VALUE_INTEGER((int64_t)limit);
    struct import import;
    struct import_listing listing = { { .arena = arena, .import = &import },
                                      each,
                                      context };

    return db_query(connection, select_latest, &value, 1, list_import,
                    &listing);
}

static const char count_rows[] =
    "SELECT kind + 0, COALESCE(outcome + 0, 0), todo, COUNT(*)"
    " FROM supplier_import_rows WHERE import_id = ?"
    " GROUP BY kind, outcome, todo";

static enum error take_count(const struct db_row *row, void *context)
{
    struct import_counts *counts = context;
    uint64_t count = (uint64_t)db_row_integer(row, 3);

    counts->kinds[db_row_integer(row, 0) - 1] += count;
    counts->outcomes[db_row_integer(row, 1)] += count;
    if (db_row_integer(row, 1) == IMPORT_WRITTEN)
        counts->written[db_row_integer(row, 0) - 1] += count;
    if (db_row_integer(row, 2) == 0)
        return OK;
    counts->todo += count;
    if (db_row_integer(row, 1) == IMPORT_WRITTEN)
        counts->undo_todo += count;
    return OK;
}

enum error import_count(struct db_connection *connection, int64_t id,
                        struct import_counts *counts)
{
    const struct db_value value = DB_VALUE_INTEGER(id);

    *counts = (struct import_counts){ 0 };
    return db_query(connection, count_rows, &value, 1, take_count, counts);
}

/* Changing. */

/* Of a program that has died. Where a daemon runs, its worker takes the import
 * up first: it looks every few seconds, this leaves it the time. */
#define STOP_AFTER_S "15"

static const char stop_dead[] =
    "UPDATE supplier_imports SET state = CASE state WHEN 'running' THEN"
    " 'paused' WHEN 'undoing' THEN 'done' ELSE state END, task = '' WHERE"
    " " AT_WORK " AND COALESCE(lease_until, changed + INTERVAL 30 SECOND)"
    " < UTC_TIMESTAMP(6) - INTERVAL " STOP_AFTER_S " SECOND";

static const char lock_imports[] =
    "SELECT id, " AT_WORK " FROM supplier_imports ORDER BY id FOR UPDATE";

static const char set_state[] =
    "UPDATE supplier_imports SET state = ?, task = '', lease_until = NULL,"
    " changed = UTC_TIMESTAMP(6) WHERE id = ?";

static const char set_preparing[] =
    "UPDATE supplier_imports SET state = ?, task = '" PREPARING_FREE "',"
    " lease_until = NULL, changed = UTC_TIMESTAMP(6) WHERE id = ?";

static const char set_log[] =
    "SET @cafe_actor = ?, @cafe_action = ?, @cafe_form_key = ?";

static enum error take_working(const struct db_row *row, void *context)
{
    if (db_row_integer(row, 1) != 0)
        *(int64_t *)context = db_row_integer(row, 0);
    return OK;
}

enum error imports_lock(struct db_connection *connection, int64_t *working)
{
    enum error err = db_execute(connection, stop_dead, NULL, 0);

    *working = 0;
    return err != OK ? err
                     : db_query(connection, lock_imports, NULL, 0, take_working,
                                working);
}

enum error imports_set_state(struct db_connection *connection, int64_t id,
                             enum import_state state)
{
    const struct db_value values[] = {
        DB_VALUE_TEXT(slice_of(states[state])),
        DB_VALUE_INTEGER(id),
    };
    enum error err = db_execute(connection, set_state, values, 2);

    return err == OK && db_found_rows(connection) == 0 ? ERROR_NOT_FOUND : err;
}

struct preparer imports_preparer(const char *task)
{
    struct preparer preparer;

    snprintf(preparer.task, sizeof(preparer.task), PREPARING_FREE "%.*s",
             FORM_KEY_CHARS - 1, task);
    return preparer;
}

enum error imports_prepare(struct db_connection *connection, int64_t id,
                           enum import_state state)
{
    const struct db_value values[] = {
        DB_VALUE_TEXT(slice_of(states[state])),
        DB_VALUE_INTEGER(id),
    };

    return db_execute(connection, set_preparing, values, 2);
}

enum error imports_set_log(struct db_connection *connection,
                           struct slice person, const char *key,
                           const char *action)
{
    return db_execute(connection, set_log,
                      (struct db_value[]){ value_or_null(person),
                                           value_or_null(slice_of(action)),
                                           DB_VALUE_TEXT(slice_of(key)) },
                      3);
}
