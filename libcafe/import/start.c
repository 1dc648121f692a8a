/* Beginning to write an import, or to take it back; one at a time. */
#include "imports.h"
#include "match.h"

static const char select_revision[] =
    "SELECT n FROM supplier_revision WHERE one = 1";

static const char select_new[] =
    "SELECT n, name, city, email, phone FROM supplier_import_rows"
    " WHERE import_id = ? AND todo = 1 AND kind = 'new' ORDER BY n";

static const char ask_about[] =
    "UPDATE supplier_import_rows SET todo = 0, kind = 'ambiguous',"
    " candidates = ?, reason ="
    " 'Somebody has entered or changed a similar supplier since the preview'"
    " WHERE import_id = ? AND n = ?";

static const char set_revision[] =
    "UPDATE supplier_imports SET revision = ? WHERE id = ?";

static const char plan_removals[] =
    "UPDATE supplier_import_rows SET todo = 1"
    " WHERE import_id = ? AND kind = 'missing' AND outcome IS NULL";

static const char set_undone_by[] =
    "UPDATE supplier_imports SET undone_by = LEFT(?, 255) WHERE id = ?";

static const char plan_undo[] =
    "UPDATE supplier_import_rows SET todo = IF(outcome = 'done', 1, 0)"
    " WHERE import_id = ? AND (outcome = 'done' OR todo = 1)";

/* Suppliers that were entered since the preview. */

struct doubt {
    struct doubt *next;
    int64_t n;
    struct slice candidates;
};

struct recheck {
    struct arena *arena;
    struct match *match;
    uint64_t since;
    struct doubt *first, **end;
};

/* The ids of those that were changed since the preview and match. */
static struct slice changed_since(const struct recheck *recheck,
                                  const struct match_found *found)
{
    struct slice kept;
    struct text ids;

    text_init(&ids, 0);
    for (size_t i = 0; i < found->count; i++)
        if (match_revision_of(recheck->match, found->ids[i]) > recheck->since)
            text_printf(&ids, "%s%lld", ids.len > 0 ? "," : "",
                        (long long)found->ids[i]);
    kept = arena_slice(recheck->arena, text_slice(&ids));
    text_free(&ids);
    return kept;
}

static enum error recheck_row(const struct db_row *row, void *context)
{
    struct recheck *recheck = context;
    const struct supplier supplier = {
        .fields = { [SUPPLIER_NAME] = db_row_text(row, 1),
                    [SUPPLIER_CITY] = db_row_text(row, 2),
                    [SUPPLIER_EMAIL] = db_row_text(row, 3),
                    [SUPPLIER_PHONE] = db_row_text(row, 4) }
    };
    struct match_found found;
    struct slice candidates;
    struct doubt *doubt;
    enum error err = match_find(recheck->match, &supplier, &found);

    if (err != OK || found.count == 0)
        return err;
    candidates = changed_since(recheck, &found);
    if (candidates.data == NULL)
        return ERROR_MEMORY;
    if (candidates.len == 0)
        return OK;
    if ((doubt = arena_alloc(recheck->arena, sizeof(*doubt))) == NULL)
        return ERROR_MEMORY;
    *doubt = (struct doubt){ NULL, db_row_integer(row, 0), candidates };
    *recheck->end = doubt;
    recheck->end = &doubt->next;
    return OK;
}

static enum error recheck_all(struct db_connection *connection, int64_t id,
                              struct recheck *recheck)
{
    const struct db_value value = DB_VALUE_INTEGER(id);
    enum error err = match_load(recheck->match, connection);

    recheck->end = &recheck->first;
    if (err == OK)
        err = db_query(connection, select_new, &value, 1, recheck_row, recheck);
    for (const struct doubt *doubt = recheck->first; err == OK && doubt != NULL;
         doubt = doubt->next)
        err =
            db_execute(connection, ask_about,
                       (struct db_value[]){ DB_VALUE_TEXT(doubt->candidates),
                                            value, DB_VALUE_INTEGER(doubt->n) },
                       3);
    if (err == OK)
        err = db_execute(
            connection, set_revision,
            (struct db_value[]){
                DB_VALUE_INTEGER((int64_t)match_revision(recheck->match)),
                value },
            2);
    return err;
}

static enum error recheck_new(struct db_connection *connection,
                              const struct import *import)
{
    struct recheck recheck = { .arena = arena_open(0),
                               .since = import->revision };
    int64_t revision = 0;
    enum error err = recheck.arena != NULL ? OK : ERROR_MEMORY;

    if (err == OK)
        err = db_query(connection, select_revision, NULL, 0, db_take_integer,
                       &revision);
    if (err == OK && (uint64_t)revision != import->revision) {
        err = match_open(&recheck.match);
        if (err == OK)
            err = recheck_all(connection, import->id, &recheck);
    }
    match_close(recheck.match);
    arena_close(recheck.arena);
    return err;
}

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

static enum error start_writing(struct db_connection *connection,
                                const struct import *import)
{
    const struct db_value value = DB_VALUE_INTEGER(import->id);
    enum error err = recheck_new(connection, import);

    if (err == OK && import->remove_missing)
        err = db_execute(connection, plan_removals, &value, 1);
    return err == OK ? imports_set_state(connection, import->id, IMPORT_RUNNING)
                     : err;
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

    if (err == OK)
        err = db_execute(connection, plan_undo, values + 1, 1);
    return err == OK ? imports_set_state(connection, import->id, IMPORT_UNDOING)
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
    if (!(undo ? may_undo(import.state) : may_start(import.state)))
        return ERROR_CONFLICT;
    if (working != 0)
        return ERROR_BUSY;
    return undo ? start_undoing(connection, &import, person)
                : start_writing(connection, &import);
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

#define LEAVE(state)                                              \
    "UPDATE supplier_imports SET state = '" state "', task = ''," \
    " lease_until = NULL, changed = UTC_TIMESTAMP(6) WHERE id = ?"

static const char pause_writing[] = LEAVE("paused") " AND state = 'running'";
static const char cancel_writing[] =
    LEAVE("cancelled") " AND state IN ('running', 'paused', 'preview')";

static enum error import_leave(struct db_connection *connection,
                               const char *sql, int64_t id)
{
    const struct db_value value = DB_VALUE_INTEGER(id);
    enum error err = db_execute(connection, sql, &value, 1);

    return err == OK && db_found_rows(connection) == 0 ? ERROR_CONFLICT : err;
}

enum error import_pause(struct db_connection *connection, int64_t id)
{
    return import_leave(connection, pause_writing, id);
}

enum error import_cancel(struct db_connection *connection, int64_t id)
{
    return import_leave(connection, cancel_writing, id);
}
