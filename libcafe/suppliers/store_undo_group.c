/* Undoing changes that were made at once: all of them that nobody has changed
 * since, as one batch. */
#include <string.h>

#include "cafe/suppliers/store_batch.h"
#include "cafe/suppliers/supplier_body.h"

/* Of each change: what is needed to undo it. One more than a batch takes shows
 * that there are too many. */
static const char select_group[] =
    "SELECT c.supplier_id, c.revision,"
    " TIMESTAMPDIFF(MICROSECOND, '1970-01-01', c.at), c.action,"
    " COALESCE((SELECT p.action FROM supplier_changes p"
    "  FORCE INDEX (by_supplier) WHERE p.supplier_id = c.supplier_id"
    "  AND p.revision < c.revision ORDER BY p.revision DESC LIMIT 1), '')"
    " FROM supplier_change_groups g JOIN supplier_changes c"
    "  ON c.revision BETWEEN g.first_revision AND g.last_revision"
    " WHERE g.form_key = ? AND NOT EXISTS (SELECT 1 FROM supplier_imports i"
    "  WHERE i.import_key = g.form_key OR i.undo_key = g.form_key)"
    " ORDER BY c.revision LIMIT ?";

/* A single change is no group. */
static const char count_done[] =
    "SELECT COALESCE(SUM(last_revision - first_revision + 1), 1)"
    " FROM supplier_change_groups WHERE form_key = ?";

/* One that has made a supplier is undone by removing it, unless it was changed
 * since; one that has removed it, by bringing it back, unless it is back. */
static enum error take_undo(const struct db_row *row, void *context)
{
    struct batch_job *batch = context;
    struct slice action = db_row_text(row, 3), before = db_row_text(row, 4);
    bool made = slice_is(action, "add") ||
                (slice_is(action, "restore") && slice_is(before, "remove"));
    bool exact = made || slice_is(action, "remove");
    struct batch_change *change = &batch->changes[batch->count];

    if (batch->count == BATCH_OPERATIONS_MAX)
        return ERROR_LIMIT;
    memset(change, 0, sizeof(*change));
    change->action = made ? BATCH_REMOVE : BATCH_UNDO;
    change->supplier.id = db_row_integer(row, 0);
    change->version = (uint64_t)db_row_integer(row, 1);
    if (exact) {
        change->expected = change->version;
        change->expected_us = db_row_integer(row, 2);
    }
    batch->count++;
    return OK;
}

static enum error read_changes(struct db_connection *connection,
                               struct undo_group_job *undo)
{
    const struct db_value values[] = {
        DB_VALUE_TEXT(undo->group),
        DB_VALUE_INTEGER(BATCH_OPERATIONS_MAX + 1),
    };
    struct batch_job *batch = &undo->batch;
    enum error err;

    batch->count = 0;
    batch->changes = arena_alloc(batch->arena, BATCH_OPERATIONS_MAX *
                                                   sizeof(*batch->changes));
    batch->text = arena_printf(batch->arena, "undo group %.*s",
                               (int)undo->group.len, undo->group.data);
    if (batch->changes == NULL || batch->text == NULL)
        return ERROR_MEMORY;
    err = db_query(connection, select_group, values, 2, take_undo, batch);
    return err == OK && batch->count == 0 ? ERROR_NOT_FOUND : err;
}

enum error store_undo_group(struct db_connection *connection, void *job)
{
    struct undo_group_job *undo = job;
    const struct db_value key = DB_VALUE_TEXT(slice_of(undo->batch.form_key));
    int64_t done = 0;
    enum error err = read_changes(connection, undo);

    if (err != OK)
        return err;
    undo->batch.undoes = true;
    undo->batch.partly = true;
    err = store_batch(connection, &undo->batch);
    if (err == ERROR_NOT_FOUND)
        return ERROR_CONFLICT; /* each supplier is gone */
    if (err == OK)
        err = db_query(connection, count_done, &key, 1, db_take_integer, &done);
    undo->count = undo->batch.count;
    undo->done = (size_t)done;
    return err;
}
