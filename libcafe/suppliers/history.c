/* The change log as people read it, and what is taken out of it. */
#include "cafe/suppliers/history.h"

#include <string.h>

#include "cafe/suppliers/columns.h"

/*
 * Texts of one reading. A request's arena holds four times as many, and what
 * is left out comes with the next page.
 */
enum { TEXTS_MAX_BYTES = 1024 * 1024 };

/*
 * What came last, and what before an entry, are found by reading the index
 * (supplier_id, revision) backwards: one step for the first, for the other as
 * many as there are newer entries of that supplier.
 */
#define SELECT_ENTRIES                                               \
    "SELECT c.revision, c.supplier_id, c.action, c.actor, c.writer," \
    " TIMESTAMPDIFF(MICROSECOND, '1970-01-01', c.at),"               \
    " (SELECT l.revision FROM supplier_changes l"                    \
    "   WHERE l.supplier_id = c.supplier_id"                         \
    "   ORDER BY l.revision DESC LIMIT 1),"                          \
    " p.revision, p.writer, " COLUMNS_OF_C ", " COLUMNS_OF_P

#define JOIN_BEFORE                                                      \
    " LEFT JOIN supplier_changes p ON p.revision ="                      \
    " (SELECT b.revision FROM supplier_changes b"                        \
    "   WHERE b.supplier_id = c.supplier_id AND b.revision < c.revision" \
    "   ORDER BY b.revision DESC LIMIT 1)"

static const char select_all[] = SELECT_ENTRIES
    " FROM supplier_changes c FORCE INDEX (PRIMARY)" JOIN_BEFORE
    " WHERE c.revision < ? ORDER BY c.revision DESC LIMIT ?";

/* A pattern for texts that have this one in them. INSTR() would tell accents
 * apart. */
#define CONTAINING                                            \
    "CONCAT('%', REPLACE(REPLACE(REPLACE(?, '|', '||'), '%'," \
    " '|%'), '_', '|_'), '%') ESCAPE '|'"

/* A part of the log at a time, since no index helps here. */
static const char select_filtered[] = SELECT_ENTRIES
    " FROM supplier_changes c FORCE INDEX (PRIMARY)" JOIN_BEFORE
    " WHERE c.revision < ? AND c.revision >= ?"
    " AND COALESCE(c.actor, c.writer) LIKE " CONTAINING " AND c.name "
    "LIKE " CONTAINING " AND (? = '' OR c.action = ?)"
    " AND (? = '' OR (c.at >= ? AND c.at < DATE_ADD(?, INTERVAL 1 DAY)))"
    " ORDER BY c.revision DESC LIMIT ?";

static const char select_newest[] = "SELECT n FROM supplier_revision";

enum { FILTERED_REVISIONS = 200000 }; /* a fifth of a second */

static const char select_one_suppliers[] = SELECT_ENTRIES
    " FROM supplier_changes c FORCE INDEX (by_supplier)" JOIN_BEFORE
    " WHERE c.supplier_id = ? AND c.revision < ?"
    " ORDER BY c.revision DESC LIMIT ?";

enum {
    COLUMN_REVISION,
    COLUMN_SUPPLIER,
    COLUMN_ACTION,
    COLUMN_ACTOR,
    COLUMN_WRITER,
    COLUMN_AT,
    COLUMN_LAST,
    COLUMN_BEFORE,
    COLUMN_BEFORE_WRITER,
    COLUMN_FIELDS,
    COLUMN_BEFORE_FIELDS = COLUMN_FIELDS + SUPPLIER_FIELDS
};

static const char *const actions[] = {
    [HISTORY_ADOPT] = "adopt",     [HISTORY_ADD] = "add",
    [HISTORY_UPDATE] = "update",   [HISTORY_REMOVE] = "remove",
    [HISTORY_RESTORE] = "restore",
};

/* Reading. */

const char *history_action_name(enum history_action action)
{
    return action <= HISTORY_RESTORE ? actions[action] : "";
}

static enum history_action action_of(struct slice name)
{
    enum history_action action = HISTORY_RESTORE;

    while (action > 0 && !slice_is(name, actions[action]))
        action--;
    return action;
}

/* A copy in the arena; an absent text stays absent. */
static enum error history_keep(struct arena *arena, struct slice text,
                               struct slice *kept)
{
    *kept = text;
    if (text.data != NULL)
        *kept = arena_slice(arena, text);
    return text.data != NULL && kept->data == NULL ? ERROR_MEMORY : OK;
}

static enum error keep_fields(struct arena *arena, const struct db_row *row,
                              unsigned column, struct supplier *supplier)
{
    enum error err = OK;

    for (unsigned f = 0; f < SUPPLIER_FIELDS && err == OK; f++)
        err = history_keep(arena, db_row_text(row, column + f),
                           &supplier->fields[f]);
    return err;
}

/* Whether it was forgotten: only then the writer is empty, for each trigger
 * notes an account. */
static bool is_forgotten(const struct db_row *row, unsigned writer)
{
    return db_row_text(row, writer).len == 0;
}

/* Of a supplier that was not there before, and of what was forgotten, there
 * is no version before. */
static enum error keep_before(struct arena *arena, const struct db_row *row,
                              struct history_entry *entry)
{
    if (entry->action == HISTORY_ADOPT || entry->action == HISTORY_ADD ||
        db_row_null(row, COLUMN_BEFORE) ||
        is_forgotten(row, COLUMN_BEFORE_WRITER))
        return OK;
    entry->before.id = entry->supplier.id;
    entry->before.revision = (uint64_t)db_row_integer(row, COLUMN_BEFORE);
    return keep_fields(arena, row, COLUMN_BEFORE_FIELDS, &entry->before);
}

static enum error keep_entry(struct arena *arena, const struct db_row *row,
                             struct history_entry *entry)
{
    enum error err;

    *entry = (struct history_entry){
        .action = action_of(db_row_text(row, COLUMN_ACTION)),
        .supplier = { .id = db_row_integer(row, COLUMN_SUPPLIER),
                      .revision =
                          (uint64_t)db_row_integer(row, COLUMN_REVISION) },
        .at_us = db_row_integer(row, COLUMN_AT),
        .last = db_row_integer(row, COLUMN_LAST) ==
                db_row_integer(row, COLUMN_REVISION),
        .forgotten = is_forgotten(row, COLUMN_WRITER),
    };
    if ((err = keep_fields(arena, row, COLUMN_FIELDS, &entry->supplier)) !=
            OK ||
        (err = history_keep(arena, db_row_text(row, COLUMN_ACTOR),
                            &entry->actor)) != OK ||
        (err = history_keep(arena, db_row_text(row, COLUMN_WRITER),
                            &entry->writer)) != OK)
        return err;
    return keep_before(arena, row, entry);
}

/* One reading under way. */
struct reading {
    struct history_job *job;
    size_t limit;
    size_t used_before; /* of the arena */
};

/* ERROR_LIMIT: the rest is left for another reading. */
static enum error take_entry(const struct db_row *row, void *context)
{
    struct reading *reading = context;
    struct history_job *job = reading->job;
    enum error err;

    /* One more than the limit was asked for: that there is one more page is
     * known without counting. */
    job->more = job->count == reading->limit ||
                arena_used(job->arena) - reading->used_before > TEXTS_MAX_BYTES;
    if (job->more)
        return ERROR_LIMIT;
    err = keep_entry(job->arena, row, &job->entries[job->count]);
    if (err == OK)
        job->count++;
    return err;
}

static enum error read_plainly(struct db_connection *connection,
                               struct reading *reading)
{
    const struct history_job *job = reading->job;
    const bool one = job->supplier_id != 0;
    const struct db_value values[] = {
        DB_VALUE_INTEGER(job->supplier_id),
        DB_VALUE_INTEGER(job->before ? (int64_t)job->before : INT64_MAX),
        DB_VALUE_INTEGER((int64_t)reading->limit + 1),
    };

    return db_query(connection, one ? select_one_suppliers : select_all,
                    one ? values : values + 1, one ? 3 : 2, take_entry,
                    reading);
}

static bool is_filtered(const struct history_job *job)
{
    const struct history_filter *filter = &job->filter;

    return job->supplier_id == 0 && filter->person.len + filter->supplier.len +
                                            filter->action.len +
                                            filter->day.len >
                                        0;
}

/* An absent text would be NULL. */
static struct db_value text_of(struct slice text)
{
    return DB_VALUE_TEXT(text.len > 0 ? text : SLICE(""));
}

static enum error read_filtered(struct db_connection *connection,
                                struct reading *reading, int64_t *floor)
{
    const struct history_filter *filter = &reading->job->filter;
    const struct db_value person = text_of(filter->person);
    const struct db_value supplier = text_of(filter->supplier);
    const struct db_value action = text_of(filter->action);
    const struct db_value day = text_of(filter->day);
    int64_t newest = 0;
    int64_t before = (int64_t)reading->job->before;
    enum error err = OK;

    if (before == 0) {
        err = db_query(connection, select_newest, NULL, 0, db_take_integer,
                       &newest);
        before = newest + 1;
    }
    if (err != OK)
        return err;
    *floor = before > FILTERED_REVISIONS ? before - FILTERED_REVISIONS : 1;
    return db_query(
        connection, select_filtered,
        (struct db_value[]){ DB_VALUE_INTEGER(before), DB_VALUE_INTEGER(*floor),
                             person, supplier, action, action, day, day, day,
                             DB_VALUE_INTEGER((int64_t)reading->limit + 1) },
        10, take_entry, reading);
}

/* Where the next page begins. */
static uint64_t older_of(const struct history_job *job, int64_t floor)
{
    if (job->more && job->count > 0)
        return job->entries[job->count - 1].supplier.revision;
    return floor > 1 ? (uint64_t)floor : 0;
}

enum error history_read(struct db_connection *connection, void *job)
{
    struct history_job *history = job;
    size_t limit = history->limit < HISTORY_ENTRIES_MAX ? history->limit
                                                        : HISTORY_ENTRIES_MAX;
    struct reading reading;
    int64_t floor = 0;
    enum error err;

    history->count = 0;
    history->more = false;
    history->entries =
        arena_alloc(history->arena, (limit + 1) * sizeof(*history->entries));
    if (history->entries == NULL)
        return ERROR_MEMORY;
    reading = (struct reading){ history, limit, arena_used(history->arena) };
    err = is_filtered(history) ? read_filtered(connection, &reading, &floor)
                               : read_plainly(connection, &reading);
    history->older = older_of(history, floor);
    return err == ERROR_LIMIT && history->more ? OK : err;
}

/* Forgetting. */

static const char lock_row[] =
    "SELECT id FROM suppliers WHERE id = ? FOR UPDATE";

static const char select_last[] =
    "SELECT revision FROM supplier_changes WHERE supplier_id = ?"
    " ORDER BY revision DESC LIMIT 1";

/* Without a writer: that is how a forgotten entry is known. */
#define EMPTY(field, column, ...) column " = ''"
static const char empty_entries[] =
    "UPDATE supplier_changes SET " SUPPLIER_TABLE(
        EMPTY,
        ", ") ","
              " actor = NULL, writer = ''"
              " WHERE supplier_id = ? AND revision <= ? AND writer <> ''";

static const char delete_imported[] =
    "DELETE FROM supplier_import_rows WHERE supplier_id = ?";

/* The row is locked, so that the version in it stays the last. */
static enum error history_empty_entries(struct db_connection *connection,
                                        int64_t id, int64_t *entries)
{
    const struct db_value supplier = DB_VALUE_INTEGER(id);
    int64_t present = 0;
    int64_t last = 0;
    enum error err;
    struct db_value values[2];

    if ((err = db_query(connection, lock_row, &supplier, 1, db_take_integer,
                        &present)) != OK ||
        (err = db_query(connection, select_last, &supplier, 1, db_take_integer,
                        &last)) != OK)
        return err;
    if (last == 0)
        return ERROR_NOT_FOUND;
    values[0] = supplier;
    /* The last entry of a present supplier has the texts that its row has
     * anyway, and forms are based on it. */
    values[1] = DB_VALUE_INTEGER(present ? last - 1 : last);
    err = db_execute(connection, empty_entries, values, 2);
    *entries = db_found_rows(connection);
    return err == OK ? db_execute(connection, delete_imported, &supplier, 1)
                     : err;
}

enum error history_forget(struct db_connection *connection, int64_t id,
                          int64_t *entries)
{
    int64_t emptied = 0;
    enum error err = db_begin(connection);

    if (err != OK)
        return err;
    if ((err = history_empty_entries(connection, id, &emptied)) != OK)
        return db_rollback(connection, err);
    if ((err = db_commit(connection)) == OK)
        *entries = emptied;
    return err;
}
