/*
 * What an import needs before its first chunk: what is to be removed, or to be
 * undone, is marked, and new rows are looked up among the suppliers that
 * somebody has entered or changed since the preview.
 *
 * It is done by ranges of rows, each in a short transaction under the lease. No
 * note is kept of how far it is: in rows that are prepared a range finds
 * nothing to do, so whoever takes the import up begins at the first row.
 *
 * Meanwhile the import has a state in which nothing is written, 'paused' or
 * 'done', and `task` says that it is being prepared. A program of an older
 * version, which looks at the state alone, so leaves it alone: it would take
 * the rows that are marked for all of them.
 */
#include "prepare.h"

#include <stdlib.h>

#include "match.h"

/* A range takes some 50 ms. */
enum { RANGE_ROWS = 1000 };

struct preparation {
    enum import_state state; /* tells writing and undoing apart */
    bool needs_match;        /* before the next range */
    struct match *match;
};

#define RANGE " WHERE import_id = ? AND n BETWEEN ? AND ?"

static const char select_others[] =
    "SELECT COUNT(*) FROM supplier_imports WHERE id <> ? AND " AT_WORK;

static const char select_revision[] =
    "SELECT n FROM supplier_revision WHERE one = 1";

static const char select_last[] =
    "SELECT COALESCE(MAX(n), 0) FROM supplier_import_rows WHERE import_id = ?";

static const char plan_removals[] =
    "UPDATE supplier_import_rows FORCE INDEX (PRIMARY) SET todo = 1" RANGE
    " AND kind = 'missing' AND outcome IS NULL AND todo = 0";

/* Also what was never written waits no longer. */
static const char plan_undo[] =
    "UPDATE supplier_import_rows FORCE INDEX (PRIMARY)"
    " SET todo = 1 - todo" RANGE
    " AND IF(outcome = 'done', todo = 0, todo = 1)";

static const char select_new[] =
    "SELECT n, name, city, email, phone FROM supplier_import_rows"
    " FORCE INDEX (PRIMARY)" RANGE " AND todo = 1 AND kind = 'new' ORDER BY n";

static const char ask_about[] =
    "UPDATE supplier_import_rows SET todo = 0, kind = 'ambiguous',"
    " candidates = ?, reason ="
    " 'Somebody has entered or changed a similar supplier since the preview'"
    " WHERE import_id = ? AND n = ?";

static const char set_revision[] =
    "UPDATE supplier_imports SET revision = ? WHERE id = ?";

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

static enum error recheck_range(struct db_connection *connection,
                                const struct import *import,
                                struct match *match,
                                const struct db_value *range)
{
    struct recheck recheck = { .arena = arena_open(0),
                               .match = match,
                               .since = import->revision,
                               .end = &recheck.first };
    enum error err = recheck.arena != NULL ? OK : ERROR_MEMORY;

    if (err == OK)
        err = db_query(connection, select_new, range, 3, recheck_row, &recheck);
    for (const struct doubt *doubt = recheck.first; err == OK && doubt != NULL;
         doubt = doubt->next)
        err = db_execute(connection, ask_about,
                         (struct db_value[]){ DB_VALUE_TEXT(doubt->candidates),
                                              DB_VALUE_INTEGER(import->id),
                                              DB_VALUE_INTEGER(doubt->n) },
                         3);
    arena_close(recheck.arena);
    return err;
}

/* The preparation. */

void import_run_end(struct import_run *run)
{
    if (run->preparation != NULL)
        match_close(run->preparation->match);
    free(run->preparation);
    run->preparation = NULL;
}

/* Somebody may have paused it meanwhile, and then begun something else. */
static enum error prepare_open(struct import_run *run,
                               const struct import *import)
{
    if (run->preparation != NULL && run->preparation->state == import->state)
        return OK;
    import_run_end(run);
    run->from = 0;
    run->preparation = calloc(1, sizeof(*run->preparation));
    if (run->preparation == NULL)
        return ERROR_MEMORY;
    run->preparation->state = import->state;
    return OK;
}

enum error prepare_load(struct db_connection *connection,
                        struct import_run *run)
{
    struct preparation *preparation = run->preparation;
    enum error err;

    if (preparation == NULL || !preparation->needs_match)
        return OK;
    match_close(preparation->match);
    preparation->match = NULL;
    err = match_open(&preparation->match);
    if (err == OK)
        err = match_load(preparation->match, connection);
    preparation->needs_match = err != OK;
    return err;
}

static enum error ask_for_match(struct db_connection *connection,
                                struct preparation *preparation,
                                const struct import *import)
{
    int64_t revision = 0;
    enum error err = db_query(connection, select_revision, NULL, 0,
                              db_take_integer, &revision);

    preparation->needs_match = (uint64_t)revision != import->revision;
    return err;
}

static enum error prepare_rows(struct db_connection *connection,
                               const struct import_run *run,
                               const struct import *import)
{
    const struct db_value range[] = {
        DB_VALUE_INTEGER(import->id),
        DB_VALUE_INTEGER(run->from),
        DB_VALUE_INTEGER(run->from + RANGE_ROWS - 1),
    };
    struct match *match = run->preparation->match;
    enum error err = OK;

    if (import->state == IMPORT_DONE)
        return db_execute(connection, plan_undo, range, 3);
    if (import->remove_missing)
        err = db_execute(connection, plan_removals, range, 3);
    return err == OK && match != NULL
               ? recheck_range(connection, import, match, range)
               : err;
}

static enum error prepare_end(struct db_connection *connection,
                              struct import_run *run,
                              const struct import *import)
{
    const struct match *match = run->preparation->match;
    enum error err = OK;

    if (match != NULL)
        err = db_execute(connection, set_revision,
                         (struct db_value[]){
                             DB_VALUE_INTEGER((int64_t)match_revision(match)),
                             DB_VALUE_INTEGER(import->id) },
                         2);
    if (err == OK)
        err = imports_set_state(connection, import->id,
                                import->state == IMPORT_DONE ? IMPORT_UNDOING
                                                             : IMPORT_RUNNING);
    import_run_end(run);
    return err;
}

/* The number of the last row that there is anything to do about. */
static enum error prepare_last(struct db_connection *connection,
                               const struct import_run *run,
                               const struct import *import, int64_t *last)
{
    const struct db_value id = DB_VALUE_INTEGER(import->id);

    *last = 0;
    if (import->state != IMPORT_DONE && !import->remove_missing &&
        run->preparation->match == NULL)
        return OK;
    return db_query(connection, select_last, &id, 1, db_take_integer, last);
}

enum error prepare_range(struct db_connection *connection,
                         struct import_run *run, const struct import *import,
                         int64_t *next)
{
    const struct db_value id = DB_VALUE_INTEGER(import->id);
    int64_t others = 0, last = 0;
    enum error err = prepare_open(run, import);

    if (err == OK)
        err = db_query(connection, select_others, &id, 1, db_take_integer,
                       &others);
    if (err == OK && others > 0)
        err = ERROR_BUSY;
    if (err == OK && import->state != IMPORT_DONE &&
        run->preparation->match == NULL)
        err = ask_for_match(connection, run->preparation, import);
    *next = 0; /* rows that were new before are looked up as well */
    if (err != OK || run->preparation->needs_match)
        return err;
    err = prepare_last(connection, run, import, &last);
    if (err != OK)
        return err;
    *next = run->from <= last ? run->from + RANGE_ROWS : 0;
    return run->from <= last ? prepare_rows(connection, run, import)
                             : prepare_end(connection, run, import);
}
