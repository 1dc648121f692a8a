/* Beginning to write an import, or to take it back; one at a time. */
#include "imports.h"

static const char set_undone_by[] =
    "UPDATE supplier_imports SET undone_by = LEFT(?, 255) WHERE id = ?";

/* Starting. */

static bool may_start(enum import_state state)
{
    return state == IMPORT_PREVIEW || state == IMPORT_PAUSED;
}

static bool may_undo(enum import_state state)
{
    return state == IMPORT_DONE || state == IMPORT_CANCELLED ||
           state == IMPORT_PAUSED;
}

static enum error start_undoing(struct db_connection *connection,
                                const struct import *import,
                                struct slice person)
{
    const struct db_value values[] = {
        person.data != NULL ? DB_VALUE_TEXT(person) : DB_VALUE_NULL,
        DB_VALUE_INTEGER(import->id),
    };
    enum error err = db_execute(connection, set_undone_by, values, 2);

    return err == OK ? imports_prepare(connection, import->id, IMPORT_DONE)
                     : err;
}

static enum error start_in(struct db_connection *connection,
                           struct arena *arena, int64_t id, bool undo,
                           struct slice person)
{
    struct import import;
    int64_t working;
    enum error err = imports_lock(connection, &working);

    if (err == OK)
        err = imports_read(connection, arena, id, &import);
    if (err != OK)
        return err;
    if (import.preparing ||
        !(undo ? may_undo(import.state) : may_start(import.state)))
        return ERROR_CONFLICT;
    if (working != 0)
        return ERROR_BUSY;
    return undo ? start_undoing(connection, &import, person)
                : imports_prepare(connection, id, IMPORT_PAUSED);
}

static enum error start_work(struct db_connection *connection, int64_t id,
                             bool undo, struct slice person)
{
    struct arena *arena = arena_open(0);
    enum error err = arena != NULL ? db_begin(connection) : ERROR_MEMORY;

    if (err == OK) {
        err = start_in(connection, arena, id, undo, person);
        err = err == OK ? db_commit(connection) : db_rollback(connection, err);
    }
    arena_close(arena);
    return err;
}

enum error import_start(struct db_connection *connection, int64_t id)
{
    return start_work(connection, id, false, slice_of(NULL));
}

enum error import_undo(struct db_connection *connection, int64_t id,
                       struct slice person)
{
    return start_work(connection, id, true, person);
}

/* Ending. */

#define LEAVE(state)                                            \
    "UPDATE supplier_imports SET state = " state ", task = ''," \
    " lease_until = NULL, changed = UTC_TIMESTAMP(6) WHERE id = ?"

static const char pause_work[] =
    LEAVE("CASE state WHEN 'running' THEN 'paused'"
          " WHEN 'undoing' THEN 'done' ELSE state END") " AND " AT_WORK;

/* Of an undoing that is paused rows still wait. */
#define ROWS_TO_UNDO                                         \
    "EXISTS (SELECT 1 FROM supplier_import_rows r"           \
    " WHERE r.import_id = supplier_imports.id AND r.kind IN" \
    " ('new', 'changed', 'missing') AND r.outcome = 'done'"  \
    " AND r.todo = 1)"

static const char cancel_work[] =
    LEAVE("'cancelled'") " AND (" AT_WORK " OR state IN ('paused', 'preview')"
                         " OR (state = 'done' AND " ROWS_TO_UNDO "))";

static enum error import_leave(struct db_connection *connection,
                               const char *sql, int64_t id)
{
    const struct db_value value = DB_VALUE_INTEGER(id);
    enum error err = db_execute(connection, sql, &value, 1);

    return err == OK && db_found_rows(connection) == 0 ? ERROR_CONFLICT : err;
}

enum error import_pause(struct db_connection *connection, int64_t id)
{
    return import_leave(connection, pause_work, id);
}

enum error import_cancel(struct db_connection *connection, int64_t id)
{
    return import_leave(connection, cancel_work, id);
}
