/* The change log as people read it. */
#include "cafe/suppliers/history.h"

#include <string.h>

#include "cafe/suppliers/columns.h"
#include "history_private.h"

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
    " p.revision, p.writer, p.action,"                               \
    " (SELECT g.form_key FROM supplier_change_groups g"              \
    "   WHERE g.form_key = c.form_key LIMIT 1),"                     \
    " " COLUMNS_OF_C ", " COLUMNS_OF_P

#define JOIN_BEFORE                                                      \
    " LEFT JOIN supplier_changes p ON p.revision ="                      \
    " (SELECT b.revision FROM supplier_changes b"                        \
    "   WHERE b.supplier_id = c.supplier_id AND b.revision < c.revision" \
    "   ORDER BY b.revision DESC LIMIT 1)"

static const char select_all[] = SELECT_ENTRIES
    " FROM supplier_changes c FORCE INDEX (PRIMARY)" JOIN_BEFORE
    " WHERE c.revision < ? ORDER BY c.revision DESC LIMIT ?";

/* A part of the log at a time, since no index helps here. */
static const char select_filtered[] = SELECT_ENTRIES
    " FROM supplier_changes c FORCE INDEX (PRIMARY)" JOIN_BEFORE
    " WHERE " HISTORY_FILTERED " ORDER BY c.revision DESC LIMIT ?";

#define FIVE_MARKS "?, ?, ?, ?, ?"
static const char select_these[] = SELECT_ENTRIES
    " FROM supplier_changes c FORCE INDEX (PRIMARY)" JOIN_BEFORE
    " WHERE c.revision IN (" FIVE_MARKS ", " FIVE_MARKS ", " FIVE_MARKS
    ", " FIVE_MARKS ", " FIVE_MARKS ") ORDER BY c.revision DESC";

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
    COLUMN_BEFORE_ACTION,
    COLUMN_GROUP,
    COLUMN_FIELDS,
    COLUMN_BEFORE_FIELDS = COLUMN_FIELDS + SUPPLIER_FIELDS
};

static const char *const actions[] = {
    [HISTORY_ADOPT] = "adopt",     [HISTORY_ADD] = "add",
    [HISTORY_UPDATE] = "update",   [HISTORY_REMOVE] = "remove",
    [HISTORY_RESTORE] = "restore",
};

/* Of an addition, and of a supplier that was brought back, nothing was there
 * before. A removal is undone by its own texts. */
bool history_undoable(const struct history_entry *entry)
{
    if (entry->action == HISTORY_REMOVE)
        return !entry->forgotten;
    if (entry->before.revision == 0 || entry->returned || entry->forgotten)
        return false;
    for (size_t f = 0; f < SUPPLIER_FIELDS; f++)
        if (!slice_equal(entry->before.fields[f], entry->supplier.fields[f]))
            return true;
    return false;
}

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
        .returned = slice_is(db_row_text(row, COLUMN_BEFORE_ACTION), "remove"),
    };
    if ((err = keep_fields(arena, row, COLUMN_FIELDS, &entry->supplier)) !=
            OK ||
        (err = history_keep(arena, db_row_text(row, COLUMN_ACTOR),
                            &entry->actor)) != OK ||
        (err = history_keep(arena, db_row_text(row, COLUMN_WRITER),
                            &entry->writer)) != OK ||
        (err = history_keep(arena, db_row_text(row, COLUMN_GROUP),
                            &entry->group.key)) != OK)
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

bool history_is_filtered(const struct history_job *job)
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

void history_filter_values(const struct history_filter *filter, int64_t before,
                           int64_t floor,
                           struct db_value values[HISTORY_FILTER_VALUES])
{
    const struct db_value action = text_of(filter->action);
    const struct db_value day = text_of(filter->day);
    const struct db_value group = text_of(filter->group);
    const struct db_value all[HISTORY_FILTER_VALUES] = {
        DB_VALUE_INTEGER(before),
        DB_VALUE_INTEGER(floor),
        text_of(filter->person),
        text_of(filter->supplier),
        action,
        action,
        day,
        day,
        day,
        group,
        group,
    };

    memcpy(values, all, sizeof(all));
}

/* How much of the log a filter goes through: a fifth of a second. */
enum { WINDOW_REVISIONS = 200000 };

static const char select_newest[] = "SELECT n FROM supplier_revision";

static const char select_group_ends[] =
    "SELECT MAX(last_revision), MIN(first_revision)"
    " FROM supplier_change_groups WHERE form_key = ?";

/* Revisions; those of a group are NULL, 0, if there is none. */
struct window_ends {
    int64_t newest, oldest;
};

static enum error take_window_ends(const struct db_row *row, void *context)
{
    struct window_ends *ends = context;

    ends->newest = db_row_integer(row, 0);
    ends->oldest = db_row_integer(row, 1);
    return OK;
}

enum error history_window(struct db_connection *connection,
                          const struct history_job *job,
                          struct history_window *window)
{
    const struct db_value group = DB_VALUE_TEXT(job->filter.group);
    struct window_ends ends = { 0 };
    int64_t lowest = 1;
    enum error err;

    window->before = (int64_t)job->before;
    if (job->filter.group.len > 0) {
        err = db_query(connection, select_group_ends, &group, 1,
                       take_window_ends, &ends);
        lowest = ends.oldest;
    } else {
        err = db_query(connection, select_newest, NULL, 0, db_take_integer,
                       &ends.newest);
    }
    if (window->before == 0 || window->before > ends.newest + 1)
        window->before = ends.newest + 1;
    window->floor = window->before > WINDOW_REVISIONS
                        ? window->before - WINDOW_REVISIONS
                        : 1;
    window->ends = window->floor <= lowest;
    if (window->ends)
        window->floor = lowest;
    return err;
}

static enum error read_filtered(struct db_connection *connection,
                                struct reading *reading, int64_t *floor)
{
    struct db_value values[HISTORY_FILTER_VALUES + 1];
    struct history_window window;
    enum error err = history_window(connection, reading->job, &window);

    if (err != OK)
        return err;
    *floor = window.ends ? 1 : window.floor;
    history_filter_values(&reading->job->filter, window.before, window.floor,
                          values);
    values[HISTORY_FILTER_VALUES] =
        DB_VALUE_INTEGER((int64_t)reading->limit + 1);
    return db_query(connection, select_filtered, values,
                    HISTORY_FILTER_VALUES + 1, take_entry, reading);
}

/* Where the next page begins. */
static uint64_t older_of(const struct history_job *job, int64_t floor)
{
    if (job->more && job->count > 0)
        return job->entries[job->count - 1].supplier.revision;
    return floor > 1 ? (uint64_t)floor : 0;
}

/* Memory for `limit` entries. */
static enum error open_reading(struct history_job *job, size_t limit,
                               struct reading *reading)
{
    job->count = 0;
    job->more = false;
    job->entries = arena_alloc(job->arena, (limit + 1) * sizeof(*job->entries));
    *reading = (struct reading){ job, limit, arena_used(job->arena) };
    return job->entries != NULL ? OK : ERROR_MEMORY;
}

enum error history_read(struct db_connection *connection, void *job)
{
    struct history_job *history = job;
    size_t limit = history->limit < HISTORY_ENTRIES_MAX ? history->limit
                                                        : HISTORY_ENTRIES_MAX;
    struct reading reading;
    int64_t floor = 0;
    enum error err = open_reading(history, limit, &reading);

    if (err != OK)
        return err;
    err = history_is_filtered(history) || history->filter.group.len > 0
              ? read_filtered(connection, &reading, &floor)
              : read_plainly(connection, &reading);
    history->older = older_of(history, floor);
    return err == ERROR_LIMIT && history->more ? OK : err;
}

enum error history_read_these(struct db_connection *connection,
                              struct history_job *job,
                              const uint64_t *revisions, size_t count)
{
    struct db_value values[HISTORY_PAGE_ENTRIES];
    struct reading reading;
    enum error err = open_reading(job, HISTORY_PAGE_ENTRIES, &reading);

    if (err != OK || count == 0)
        return err;
    for (size_t i = 0; i < HISTORY_PAGE_ENTRIES; i++)
        values[i] = DB_VALUE_INTEGER(i < count ? (int64_t)revisions[i] : 0);
    err = db_query(connection, select_these, values, HISTORY_PAGE_ENTRIES,
                   take_entry, &reading);
    return err == ERROR_LIMIT && job->more ? OK : err;
}
