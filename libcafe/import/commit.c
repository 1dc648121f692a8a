/* Chunks of an import: each one transaction that changes suppliers and notes in
 * the table of rows that it has. */
#include <stdio.h>

#include "cafe/base/clock.h"
#include "cafe/suppliers/columns.h"
#include "cafe/suppliers/groups.h"
#include "prepare.h"

/* A chunk holds the counter of revisions, so all other saves wait for it: for
 * some 20 ms, also where few of CHUNK_SPAN rows are to be written. A task that
 * has not been heard of for LEASE_S has died. */
enum { CHUNK_ROWS = 250, CHUNK_SPAN = 1000, REST_MAX_MS = 100 };
#define LEASE_S "30"

/* The rows of a chunk. */
#define CHUNK " r.import_id = ? AND r.n BETWEEN ? AND ? AND r.todo = 1"

#define REVISION_OF_R                                          \
    "COALESCE((SELECT MAX(c.revision) FROM supplier_changes c" \
    " WHERE c.supplier_id = r.supplier_id), 0)"

#define SET_OF_R(field, column, ...) "s." column " = r." column
#define SET_OF_CHANGE(field, column, ...) "r." column " = c." column
#define COLUMN_OF_R(field, column, ...) "r." column

/* Taking the import. The lock of its row keeps other tasks out until the end
 * of the transaction, and the lease between two. */

static const char take_lease[] =
    "UPDATE supplier_imports SET task = IF(" PREPARING ", ?, ?),"
    " lease_until = UTC_TIMESTAMP(6) + INTERVAL " LEASE_S " SECOND,"
    " changed = UTC_TIMESTAMP(6) WHERE id = ? AND " AT_WORK
    " AND (task IN ('', '" PREPARING_FREE "', ?, ?)"
    " OR lease_until < UTC_TIMESTAMP(6))";

/* From where the last one has ended: the index has entries of rows that are
 * done until the database finds the time to purge them, and looking from the
 * first row on would go through all of these. */
static const char select_chunk[] =
    "SELECT n FROM supplier_import_rows FORCE INDEX (by_todo)"
    " WHERE import_id = ? AND todo = 1 AND n >= ? ORDER BY n LIMIT ?";

/* From here on nobody else changes these suppliers. */
static const char lock_suppliers[] =
    "SELECT s.id FROM supplier_import_rows r JOIN suppliers s"
    " ON s.id = r.supplier_id WHERE" CHUNK " ORDER BY s.id FOR UPDATE";

/* Writing. */

static const char mark_clashes[] =
    "UPDATE supplier_import_rows r SET r.todo = 0, r.outcome = 'clash',"
    " r.reason = 'Somebody has changed this supplier since the preview'"
    " WHERE" CHUNK " AND r.kind <> 'new' AND r.base_revision <> " REVISION_OF_R;

static const char remove_suppliers[] =
    "DELETE s FROM suppliers s JOIN supplier_import_rows r"
    " ON r.supplier_id = s.id WHERE" CHUNK " AND r.kind = 'missing'";

static const char change_suppliers[] =
    "UPDATE suppliers s JOIN supplier_import_rows r ON r.supplier_id = s.id"
    " SET " SUPPLIER_TABLE(SET_OF_R, ", ") " WHERE" CHUNK
                                           " AND r.kind = 'changed'";

static const char add_suppliers[] =
    "INSERT INTO suppliers (" COLUMNS ") SELECT " SUPPLIER_TABLE(
        COLUMN_OF_R, ", ") " FROM supplier_import_rows r WHERE" CHUNK
                           " AND r.kind = 'new' ORDER BY r.n";

static const char note_written[] =
    "UPDATE supplier_import_rows r SET r.todo = 0, r.outcome = 'done',"
    " r.applied = " REVISION_OF_R " WHERE" CHUNK " AND r.kind <> 'new'";

static const char select_revision[] =
    "SELECT n FROM supplier_revision WHERE one = 1";

static const char count_logged[] =
    "SELECT COUNT(*) FROM supplier_changes WHERE revision >= ?"
    " AND form_key = ?";

/* The triggers number changes in the order in which rows are written, and hold
 * the counter until the end: so the new ones have the last numbers. */
static const char note_added[] =
    "UPDATE supplier_import_rows r JOIN"
    " (SELECT n, ROW_NUMBER() OVER (ORDER BY n) AS place"
    "  FROM supplier_import_rows FORCE INDEX (PRIMARY)"
    "  WHERE import_id = ? AND n BETWEEN ? AND ? AND todo = 1"
    "  AND kind = 'new') x"
    " ON x.n = r.n JOIN supplier_changes c ON c.revision = ? + x.place"
    " SET r.todo = 0, r.outcome = 'done', r.supplier_id = c.supplier_id,"
    " r.applied = c.revision"
    " WHERE r.import_id = ? AND c.action = 'add' AND c.form_key = ?";

/* Taking back. */

static const char mark_kept[] =
    "UPDATE supplier_import_rows r SET r.todo = 0, r.outcome = 'kept',"
    " r.reason = 'Somebody has changed this supplier since the import'"
    " WHERE" CHUNK " AND r.applied <> " REVISION_OF_R;

static const char mark_forgotten[] =
    "UPDATE supplier_import_rows r LEFT JOIN supplier_changes c"
    " ON c.revision = r.base_revision AND c.supplier_id = r.supplier_id"
    " SET r.todo = 0, r.outcome = 'kept',"
    " r.reason = 'The history no longer has the version before'"
    " WHERE" CHUNK " AND r.kind <> 'new' AND COALESCE(c.writer, '') = ''";

static const char remove_added[] =
    "DELETE s FROM suppliers s JOIN supplier_import_rows r"
    " ON r.supplier_id = s.id WHERE" CHUNK " AND r.kind = 'new'";

/* The triggers write the log, so a statement that changes suppliers can't read
 * it: the rows take the texts of the version before first. */
static const char take_before[] =
    "UPDATE supplier_import_rows r JOIN supplier_changes c"
    " ON c.revision = r.base_revision"
    " SET " SUPPLIER_TABLE(SET_OF_CHANGE, ", ") " WHERE" CHUNK
                                                " AND r.kind <> 'new'";

static const char add_removed[] =
    "INSERT INTO suppliers (" COLUMNS ", id) SELECT " SUPPLIER_TABLE(
        COLUMN_OF_R, ", ") ", r.supplier_id FROM supplier_import_rows r"
                           " WHERE" CHUNK
                           " AND r.kind = 'missing' ORDER BY r.n";

static const char note_taken_back[] =
    "UPDATE supplier_import_rows r SET r.todo = 0, r.outcome = 'undone'"
    " WHERE" CHUNK;

/* A chunk under way. */
struct chunk {
    const struct import *import;
    int64_t first, last; /* rows */
    int64_t changes;     /* that it has made */
};

/* Run a statement about the rows of the chunk. */
static enum error chunk_run(struct db_connection *connection,
                            const struct chunk *chunk, const char *sql)
{
    const struct db_value values[] = { DB_VALUE_INTEGER(chunk->import->id),
                                       DB_VALUE_INTEGER(chunk->first),
                                       DB_VALUE_INTEGER(chunk->last) };

    return db_execute(connection, sql, values, 3);
}

/* A statement about the rows of a chunk. */
struct step {
    const char *sql; /* NULL ends */
    bool changes;    /* suppliers, and so the log */
};

static enum error chunk_run_all(struct db_connection *connection,
                                struct chunk *chunk, const struct step *steps)
{
    enum error err = OK;

    for (; err == OK && steps->sql != NULL; steps++) {
        err = chunk_run(connection, chunk, steps->sql);
        if (err == OK && steps->changes)
            chunk->changes += db_found_rows(connection);
    }
    return err;
}

/* What the chunk has changed are the last changes of the log: it holds the
 * counter until its end. Without triggers nothing is written that nobody could
 * take back. */
static enum error chunk_note_group(struct db_connection *connection,
                                   const struct chunk *chunk, const char *key,
                                   int64_t *revision)
{
    int64_t first, logged = 0;
    enum error err = db_query(connection, select_revision, NULL, 0,
                              db_take_integer, revision);

    if (err != OK || chunk->changes == 0)
        return err;
    first = *revision - chunk->changes + 1;
    err = db_query(connection, count_logged,
                   (struct db_value[]){ DB_VALUE_INTEGER(first),
                                        DB_VALUE_TEXT(slice_of(key)) },
                   2, db_take_integer, &logged);
    if (err != OK || logged != chunk->changes)
        return err != OK ? err : ERROR_DB_TRIGGERS;
    return groups_note(connection, key, (uint64_t)first, (uint64_t)*revision);
}

static enum error chunk_note_added(struct db_connection *connection,
                                   const struct chunk *chunk, int64_t added,
                                   int64_t revision)
{
    enum error err;

    if (added == 0)
        return OK;
    err = db_execute(
        connection, note_added,
        (struct db_value[]){
            DB_VALUE_INTEGER(chunk->import->id), DB_VALUE_INTEGER(chunk->first),
            DB_VALUE_INTEGER(chunk->last), DB_VALUE_INTEGER(revision - added),
            DB_VALUE_INTEGER(chunk->import->id),
            DB_VALUE_TEXT(slice_of(chunk->import->key)) },
        6);
    return err == OK && db_found_rows(connection) != added ? ERROR_DB_TRIGGERS
                                                           : err;
}

static enum error chunk_write(struct db_connection *connection,
                              struct chunk *chunk)
{
    static const struct step before[] = {
        { lock_suppliers, false },  { mark_clashes, false },
        { remove_suppliers, true }, { change_suppliers, true },
        { note_written, false },    { NULL, false }
    };
    static const struct step adding[] = { { add_suppliers, true },
                                          { NULL, false } };
    int64_t others = 0, revision = 0;
    enum error err = imports_set_log(connection, chunk->import->person,
                                     chunk->import->key, NULL);

    if (err == OK)
        err = chunk_run_all(connection, chunk, before);
    others = chunk->changes;
    if (err == OK)
        err = chunk_run_all(connection, chunk, adding);
    if (err == OK)
        err =
            chunk_note_group(connection, chunk, chunk->import->key, &revision);
    return err == OK ? chunk_note_added(connection, chunk,
                                        chunk->changes - others, revision)
                     : err;
}

static enum error chunk_take_back(struct db_connection *connection,
                                  struct chunk *chunk)
{
    static const struct step steps[] = { { lock_suppliers, false },
                                         { mark_kept, false },
                                         { mark_forgotten, false },
                                         { take_before, false },
                                         { remove_added, true },
                                         { change_suppliers, true },
                                         { add_removed, true },
                                         { note_taken_back, false },
                                         { NULL, false } };
    int64_t revision = 0;
    enum error err = imports_set_log(connection, chunk->import->undone_by,
                                     chunk->import->undo_key, "restore");

    if (err == OK)
        err = chunk_run_all(connection, chunk, steps);
    return err == OK ? chunk_note_group(connection, chunk,
                                        chunk->import->undo_key, &revision)
                     : err;
}

/* One row that the table refuses. */

static const char mark_refused[] =
    "UPDATE supplier_import_rows r SET r.todo = 0, r.outcome = ?,"
    " r.reason = LEFT(?, 1000) WHERE" CHUNK;

static enum error chunk_refuse(struct db_connection *connection,
                               const struct chunk *chunk, const char *reason)
{
    enum import_outcome outcome =
        chunk->import->state == IMPORT_UNDOING ? IMPORT_KEPT : IMPORT_REFUSED;

    return db_execute(connection, mark_refused,
                      (struct db_value[]){
                          DB_VALUE_TEXT(slice_of(import_outcome_name(outcome))),
                          DB_VALUE_TEXT(slice_of(reason)),
                          DB_VALUE_INTEGER(chunk->import->id),
                          DB_VALUE_INTEGER(chunk->first),
                          DB_VALUE_INTEGER(chunk->last) },
                      5);
}

/* The transaction. */

/* ERROR_BUSY: another task works on it; `ended` is set where there is nothing
 * to do. */
static enum error chunk_take(struct db_connection *connection,
                             struct arena *arena, struct import_run *run,
                             struct import *import)
{
    const struct preparer as = imports_preparer(run->task);
    const struct db_value task = DB_VALUE_TEXT(slice_of(run->task));
    const struct db_value preparer = DB_VALUE_TEXT(slice_of(as.task));
    const struct db_value values[] = { preparer, task,
                                       DB_VALUE_INTEGER(run->id), preparer,
                                       task };
    enum error err = db_execute(connection, take_lease, values, 5);
    bool taken = db_found_rows(connection) > 0;

    if (err == OK)
        err = imports_read(connection, arena, run->id, import);
    if (err != OK || taken)
        return err;
    run->ended = !import->preparing && import->state != IMPORT_RUNNING &&
                 import->state != IMPORT_UNDOING;
    return run->ended ? OK : ERROR_BUSY;
}

static enum error take_range(const struct db_row *row, void *context)
{
    struct chunk *chunk = context;

    int64_t n = db_row_integer(row, 0);

    if (chunk->first == 0)
        chunk->first = n;
    if (n < chunk->first + CHUNK_SPAN)
        chunk->last = n;
    return OK;
}

static enum error chunk_find_from(struct db_connection *connection,
                                  const struct import_run *run, int64_t from,
                                  struct chunk *chunk)
{
    const struct db_value values[] = { DB_VALUE_INTEGER(run->id),
                                       DB_VALUE_INTEGER(from),
                                       DB_VALUE_INTEGER((int64_t)run->chunk) };

    return db_query(connection, select_chunk, values, 3, take_range, chunk);
}

/* Rows before may wait again: an undoing begins at the first. */
static enum error chunk_find(struct db_connection *connection,
                             const struct import_run *run, struct chunk *chunk)
{
    enum error err = chunk_find_from(connection, run, run->from, chunk);

    if (err == OK && chunk->last == 0 && run->from > 0)
        err = chunk_find_from(connection, run, 0, chunk);
    return err;
}

static enum error chunk_do(struct db_connection *connection,
                           struct arena *arena, struct import_run *run,
                           const char *refusal, int64_t *next)
{
    struct import import;
    struct chunk chunk = { &import, 0, 0, 0 };
    enum error err = chunk_take(connection, arena, run, &import);

    if (err != OK || run->ended)
        return err;
    run->preparing = import.preparing;
    if (import.preparing)
        return prepare_range(connection, run, &import, next);
    err = chunk_find(connection, run, &chunk);
    if (err != OK)
        return err;
    if (chunk.last == 0) {
        run->ended = true;
        return imports_set_state(connection, run->id,
                                 import.state == IMPORT_UNDOING ? IMPORT_UNDONE
                                                                : IMPORT_DONE);
    }
    *next = chunk.last + 1;
    if (refusal != NULL)
        return chunk_refuse(connection, &chunk, refusal);
    return import.state == IMPORT_UNDOING ? chunk_take_back(connection, &chunk)
                                          : chunk_write(connection, &chunk);
}

static enum error chunk_transact(struct db_connection *connection,
                                 struct import_run *run, const char *refusal)
{
    struct arena *arena = arena_open(0);
    int64_t next = run->from;
    enum error err = arena != NULL ? db_begin(connection) : ERROR_MEMORY;

    run->ended = false;
    if (err == OK) {
        err = chunk_do(connection, arena, run, refusal, &next);
        err = err == OK ? db_commit(connection) : db_rollback(connection, err);
        if (err == OK)
            run->from = next;
    }
    arena_close(arena);
    return err;
}

/* As long as the chunk took: half of the time is for others. All daemons read a
 * chunk's changes in it and render their pages again. */
static void set_rest(struct import_run *run, int64_t took_us)
{
    run->rest_ms = run->ended ? 0 : took_us / 1000;
    if (run->rest_ms > REST_MAX_MS)
        run->rest_ms = REST_MAX_MS;
}

/* The database refuses the whole chunk for one row: halve it, down to that row,
 * then double it again. */
enum error import_step(struct db_connection *connection, void *run)
{
    struct import_run *step = run;
    char refusal[256];
    int64_t began_us;
    enum error err;

    if (step->chunk == 0)
        step->chunk = CHUNK_ROWS;
    began_us = clock_monotonic_us();
    err = prepare_load(connection, step);
    if (err == OK)
        err = chunk_transact(connection, step, NULL);
    set_rest(step, clock_monotonic_us() - began_us);
    if (err == OK && step->chunk < CHUNK_ROWS)
        step->chunk *= 2;
    if (err != ERROR_DB_VALUE && err != ERROR_DB_DUPLICATE)
        return err;
    if (step->chunk > 1) {
        step->chunk /= 2;
        return OK;
    }
    snprintf(refusal, sizeof(refusal), "The database refused it: %s",
             db_error_message(connection));
    return chunk_transact(connection, step, refusal);
}
