/* Undoing one change: only what it has touched goes back. */
#include "undo.h"

#include "merge.h"

enum error undo_entry(struct db_connection *connection, struct arena *arena,
                      uint64_t revision, struct history_entry *entry)
{
    bool found;
    enum error err = clash_entry(connection, arena, 0, revision, entry, &found);

    if (err != OK)
        return err;
    return found && history_undoable(entry) ? OK : ERROR_NOT_FOUND;
}

size_t undo(const struct history_entry *change, const struct supplier *now,
            const enum undo_pick picks[SUPPLIER_FIELDS], struct supplier *after,
            bool asks[SUPPLIER_FIELDS])
{
    size_t open = 0;

    for (size_t f = 0; f < SUPPLIER_FIELDS; f++) {
        struct slice was = change->before.fields[f];
        struct slice made = change->supplier.fields[f];
        bool touched = !slice_equal(was, made);
        bool since = !slice_equal(now->fields[f], made) &&
                     !slice_equal(now->fields[f], was);

        asks[f] = touched && since;
        open += asks[f] && picks[f] == UNDO_ASK;
        after->fields[f] = touched && (!since || picks[f] == UNDO_PUT_BACK)
                               ? was
                               : now->fields[f];
    }
    return open;
}

const struct slice *undo_spell(const enum undo_pick picks[SUPPLIER_FIELDS],
                               struct slice texts[SUPPLIER_FIELDS])
{
    static const char *const names[] = {
        [UNDO_ASK] = "", [UNDO_KEEP_NOW] = "now", [UNDO_PUT_BACK] = "before"
    };

    for (size_t f = 0; f < SUPPLIER_FIELDS; f++)
        texts[f] = slice_of(names[picks[f]]);
    return texts;
}

/* Looking, for a page that asks. */

static enum error read_newest(struct db_connection *connection,
                              struct store_look *look)
{
    struct history_job job = { .arena = look->arena,
                               .supplier_id = look->change.supplier.id,
                               .limit = 1 };
    enum error err = history_read(connection, &job);

    if (err == OK && job.count == 0)
        err = ERROR_NOT_FOUND;
    if (err == OK)
        look->newest = job.entries[0];
    return err;
}

static enum error read_change(struct db_connection *connection,
                              struct store_look *look)
{
    bool found;
    enum error err;

    if (look->undo)
        return undo_entry(connection, look->arena, look->version,
                          &look->change);
    err = clash_entry(connection, look->arena, 0, look->version, &look->change,
                      &found);
    return err == OK && !found ? ERROR_NOT_FOUND : err;
}

/* The version first, then the row: a change in between shows when the answer
 * comes, as another version than the page was based on. */
enum error store_look_back(struct db_connection *connection, void *job)
{
    struct store_look *look = job;
    enum error err = read_change(connection, look);

    if (err == OK)
        err = read_newest(connection, look);
    if (err != OK)
        return err;
    err =
        row_read(connection, look->arena, look->change.supplier.id, &look->now);
    look->there = err == OK;
    if (err != OK && err != ERROR_NOT_FOUND)
        return err;
    look->after = look->change.supplier;
    if (look->undo && look->change.action != HISTORY_REMOVE) {
        if (!look->there)
            return ERROR_NOT_FOUND;
        (void)undo(&look->change, &look->now, look->picks, &look->after,
                   look->asks);
    }
    return OK;
}
