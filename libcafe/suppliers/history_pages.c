/*
 * Pages of the history by their numbers. A group of changes is one entry, at
 * the place of its first change. Stretches of groups tell how many entries are
 * before them, so that each page of the whole log is found by its index.
 */
#include "cafe/suppliers/paging.h"
#include "cafe/suppliers/supplier_body.h"
#include "groups_private.h"
#include "history_private.h"

/* Bounds memory; what is beyond them shows as single changes. */
enum { STRETCHES = 4096 };

/* The revisions of one page. */
struct picking {
    struct history_job *job;
    uint64_t revisions[HISTORY_PAGE_ENTRIES];
    size_t count;
    uint64_t skip;  /* entries before the page */
    uint64_t seen;  /* entries up to here */
    uint64_t entry; /* of the whole log: the number of the next one */

    /* Of a filter: the groups in its window. */
    struct stretch *stretches; /* the newest first */
    uint64_t *groups;          /* the first revision of each one's group */
    size_t stretch_count, at;
    uint64_t *shown; /* groups that have their entry */
    size_t shown_count;
};

static void pick(struct picking *picking, uint64_t revision)
{
    if (picking->seen++ >= picking->skip &&
        picking->count < HISTORY_PAGE_ENTRIES)
        picking->revisions[picking->count++] = revision;
}

/* Which page it is, now that the number of entries is known. */
static void set_page(struct picking *picking, uint64_t entries)
{
    struct history_job *job = picking->job;
    struct paging paging;

    paging_set(&paging, (size_t)entries, job->page > 0 ? job->page : 1,
               HISTORY_PAGE_ENTRIES);
    job->page = paging.page;
    job->pages = (size_t)(entries + HISTORY_PAGE_ENTRIES - 1) /
                 HISTORY_PAGE_ENTRIES;
    picking->skip = paging.first;
}

/* The whole log. */

static const char select_ends[] =
    "SELECT n, COALESCE((SELECT revision FROM supplier_changes"
    " ORDER BY revision LIMIT 1), 0) FROM supplier_revision WHERE one = 1";

#define SELECT_STRETCHES \
    "SELECT first_revision, last_revision, leads, entries_before"

static const char select_stretch[] = SELECT_STRETCHES
    " FROM supplier_change_groups WHERE first_revision <= ?"
    " ORDER BY first_revision DESC LIMIT 1";

/* As many as a page of groups has, with what others of them lie between. */
static const char select_stretches[] = SELECT_STRETCHES
    " FROM supplier_change_groups FORCE INDEX (by_place) WHERE entries_before "
    "< ?"
    " ORDER BY entries_before DESC, first_revision DESC LIMIT 200";

struct ends {
    int64_t newest, oldest; /* revisions; oldest 0: the log is empty */
};

static enum error take_ends(const struct db_row *row, void *context)
{
    struct ends *ends = context;

    ends->newest = db_row_integer(row, 0);
    ends->oldest = db_row_integer(row, 1);
    return OK;
}

static enum error take_stretch(const struct db_row *row, void *context)
{
    stretch_take(row, context);
    return OK;
}

static enum error count_entries(struct db_connection *connection,
                                int64_t revision, uint64_t *entries)
{
    const struct db_value value = DB_VALUE_INTEGER(revision);
    struct stretch stretch = { 0 };
    enum error err =
        db_query(connection, select_stretch, &value, 1, take_stretch, &stretch);

    *entries = stretch_entries(&stretch, (uint64_t)revision);
    return err;
}

/* The entries after a stretch, and its own. */
static void pick_down_to(struct picking *picking, const struct stretch *stretch)
{
    uint64_t own = stretch->entries_before + stretch->leads;

    while (picking->entry > own && picking->count < HISTORY_PAGE_ENTRIES)
        pick(picking, stretch->last + (picking->entry-- - own));
    if (stretch->leads && picking->entry == own &&
        picking->count < HISTORY_PAGE_ENTRIES) {
        pick(picking, stretch->first);
        picking->entry--;
    }
}

static enum error take_and_pick(const struct db_row *row, void *context)
{
    struct stretch stretch;

    stretch_take(row, &stretch);
    pick_down_to(context, &stretch);
    return OK;
}

static enum error pick_of_all(struct db_connection *connection,
                              struct picking *picking)
{
    const struct history_job *job = picking->job;
    const struct stretch beginning = { 0 };
    struct ends ends = { 0 };
    uint64_t entries = 0, before = 0;
    enum error err =
        db_query(connection, select_ends, NULL, 0, take_ends, &ends);
    struct db_value value;

    if (job->before != 0 && (int64_t)job->before <= ends.newest)
        ends.newest = (int64_t)job->before - 1;
    if (err == OK)
        err = count_entries(connection, ends.newest, &entries);
    if (err == OK && ends.oldest > 0)
        err = count_entries(connection, ends.oldest - 1, &before);
    if (err != OK || ends.oldest == 0 || ends.newest < ends.oldest)
        return err;
    set_page(picking, entries - before);
    picking->entry = entries - picking->skip;
    picking->skip = 0;
    value = DB_VALUE_INTEGER((int64_t)picking->entry);
    err = db_query(connection, select_stretches, &value, 1, take_and_pick,
                   picking);
    /* Nothing is grouped before the first stretch. Entries below the oldest
     * are not found when they are read. */
    pick_down_to(picking, &beginning);
    return err;
}

/* One supplier. */

static const char count_one[] =
    "SELECT COUNT(*) FROM supplier_changes FORCE INDEX (by_supplier)"
    " WHERE supplier_id = ? AND revision < ?";

static const char select_one[] =
    "SELECT revision FROM supplier_changes FORCE INDEX (by_supplier)"
    " WHERE supplier_id = ? AND revision < ? ORDER BY revision DESC"
    " LIMIT ? OFFSET ?";

static enum error pick_revision(const struct db_row *row, void *context)
{
    pick(context, (uint64_t)db_row_integer(row, 0));
    return OK;
}

static enum error pick_of_one(struct db_connection *connection,
                              struct picking *picking)
{
    const struct history_job *job = picking->job;
    struct db_value values[] = {
        DB_VALUE_INTEGER(job->supplier_id),
        DB_VALUE_INTEGER(job->before ? (int64_t)job->before : INT64_MAX),
        DB_VALUE_INTEGER(HISTORY_PAGE_ENTRIES), DB_VALUE_INTEGER(0)
    };
    int64_t count = 0;
    enum error err =
        db_query(connection, count_one, values, 2, db_take_integer, &count);

    if (err != OK)
        return err;
    set_page(picking, (uint64_t)count);
    values[3] = DB_VALUE_INTEGER((int64_t)picking->skip);
    picking->skip = 0;
    return db_query(connection, select_one, values, 4, pick_revision, picking);
}

/* One group. */

static const char select_group[] =
    "SELECT COALESCE((SELECT SUM(last_revision - first_revision + 1)"
    "  FROM supplier_change_groups WHERE form_key = ?), 0),"
    " i.file_name, i.undo_key = ? FROM (SELECT 1) one"
    " LEFT JOIN supplier_imports i ON i.import_key = ? OR i.undo_key = ?";

static const char select_group_stretches[] = SELECT_STRETCHES
    " FROM supplier_change_groups WHERE form_key = ? AND first_revision < ?"
    " ORDER BY first_revision DESC";

struct group_reading {
    struct arena *arena;
    struct history_group *group;
};

static enum error take_group(const struct db_row *row, void *context)
{
    const struct group_reading *reading = context;
    struct history_group *group = reading->group;
    struct slice name = db_row_text(row, 1);

    group->changes = db_row_integer(row, 0);
    if (name.data == NULL)
        return OK;
    group->kind = db_row_integer(row, 2) ? HISTORY_IMPORT_UNDONE
                                         : HISTORY_IMPORT;
    group->file_name = arena_slice(reading->arena, name);
    return group->file_name.data != NULL ? OK : ERROR_MEMORY;
}

static enum error read_group(struct db_connection *connection,
                             struct arena *arena, struct slice key,
                             struct history_group *group)
{
    const struct db_value value = DB_VALUE_TEXT(key);
    struct group_reading reading = { arena, group };

    *group = (struct history_group){ .key = key };
    return db_query(connection, select_group,
                    (struct db_value[]){ value, value, value, value }, 4,
                    take_group, &reading);
}

/* The changes of a stretch below `before` come next. */
static enum error take_of_group(const struct db_row *row, void *context)
{
    struct picking *picking = context;
    const uint64_t before = picking->job->before;
    struct stretch stretch;
    uint64_t count, left;

    stretch_take(row, &stretch);
    if (before != 0 && stretch.last >= before)
        stretch.last = before - 1;
    count = stretch.last - stretch.first + 1;
    left = picking->skip > picking->seen ? picking->skip - picking->seen : 0;
    if (left >= count) {
        picking->seen += count;
        return OK;
    }
    picking->seen += left;
    for (uint64_t i = left; i < count && picking->count < HISTORY_PAGE_ENTRIES;
         i++)
        pick(picking, stretch.last - i);
    return OK;
}

static enum error pick_of_group(struct db_connection *connection,
                                struct picking *picking)
{
    const struct history_job *job = picking->job;
    const struct db_value values[] = {
        DB_VALUE_TEXT(job->filter.group),
        DB_VALUE_INTEGER(job->before ? (int64_t)job->before : INT64_MAX),
    };

    set_page(picking, (uint64_t)job->group.changes);
    return db_query(connection, select_group_stretches, values, 2,
                    take_of_group, picking);
}

/* Filters. */

static const char select_filtered[] =
    "SELECT c.revision FROM supplier_changes c FORCE INDEX (PRIMARY)"
    " WHERE " HISTORY_FILTERED " ORDER BY c.revision DESC";

static const char select_in_window[] =
    "SELECT g.first_revision, g.last_revision, g.leads, g.entries_before,"
    " (SELECT MIN(m.first_revision) FROM supplier_change_groups m"
    "   WHERE m.form_key = g.form_key)"
    " FROM supplier_change_groups g"
    " WHERE g.first_revision < ? AND g.last_revision >= ?"
    " ORDER BY g.first_revision DESC LIMIT ?";

static enum error take_in_window(const struct db_row *row, void *context)
{
    struct picking *picking = context;
    size_t i = picking->stretch_count++;

    stretch_take(row, &picking->stretches[i]);
    picking->groups[i] = (uint64_t)db_row_integer(row, STRETCH_COLUMNS);
    return OK;
}

static enum error read_stretches(struct db_connection *connection,
                                 const struct history_window *window,
                                 struct picking *picking)
{
    struct arena *arena = picking->job->arena;

    picking->stretches =
        arena_alloc(arena, STRETCHES * sizeof(*picking->stretches));
    picking->groups = arena_alloc(arena, STRETCHES * sizeof(*picking->groups));
    picking->shown = arena_alloc(arena, STRETCHES * sizeof(*picking->shown));
    if (picking->stretches == NULL || picking->groups == NULL ||
        picking->shown == NULL)
        return ERROR_MEMORY;
    return db_query(connection, select_in_window,
                    (struct db_value[]){ DB_VALUE_INTEGER(window->before),
                                         DB_VALUE_INTEGER(window->floor),
                                         DB_VALUE_INTEGER(STRETCHES) },
                    3, take_in_window, picking);
}

/* Whether the change is of a group that has its entry; then it has one. */
static bool is_shown(struct picking *picking, uint64_t revision)
{
    uint64_t group;

    while (picking->at < picking->stretch_count &&
           picking->stretches[picking->at].first > revision)
        picking->at++;
    if (picking->at == picking->stretch_count ||
        picking->stretches[picking->at].last < revision)
        return false;
    group = picking->groups[picking->at];
    for (size_t i = picking->shown_count; i > 0; i--)
        if (picking->shown[i - 1] == group)
            return true;
    picking->shown[picking->shown_count++] = group;
    return false;
}

static enum error take_filtered(const struct db_row *row, void *context)
{
    struct picking *picking = context;
    uint64_t revision = (uint64_t)db_row_integer(row, 0);

    if (!is_shown(picking, revision))
        pick(picking, revision);
    return OK;
}

static enum error pick_once(struct db_connection *connection,
                            const struct history_window *window,
                            struct picking *picking)
{
    struct db_value values[HISTORY_FILTER_VALUES];

    picking->count = 0;
    picking->seen = 0;
    picking->at = 0;
    picking->shown_count = 0;
    history_filter_values(&picking->job->filter, window->before, window->floor,
                          values);
    return db_query(connection, select_filtered, values, HISTORY_FILTER_VALUES,
                    take_filtered, picking);
}

/* How many there are shows at the end; a page beyond the last one is looked for
 * again. */
static enum error pick_filtered(struct db_connection *connection,
                                struct picking *picking)
{
    struct history_job *job = picking->job;
    const size_t wanted = job->page;
    struct history_window window;
    enum error err = history_window(connection, job, &window);

    if (err == OK && job->filter.group.len == 0)
        err = read_stretches(connection, &window, picking);
    if (wanted > 1)
        picking->skip = (uint64_t)(wanted - 1) * HISTORY_PAGE_ENTRIES;
    if (err == OK)
        err = pick_once(connection, &window, picking);
    if (err != OK)
        return err;
    set_page(picking, picking->seen);
    job->older = window.ends ? 0 : (uint64_t)window.floor;
    return job->page < wanted ? pick_once(connection, &window, picking) : OK;
}

bool history_group_undoable(const struct history_group *group)
{
    return group->kind == HISTORY_BATCH && group->changes > 1 &&
           group->changes <= BATCH_OPERATIONS_MAX;
}

/* A page. */

static enum error pick_page(struct db_connection *connection,
                            struct picking *picking)
{
    const struct history_job *job = picking->job;

    if (job->supplier_id != 0)
        return pick_of_one(connection, picking);
    if (history_is_filtered(job))
        return pick_filtered(connection, picking);
    if (job->filter.group.len > 0)
        return pick_of_group(connection, picking);
    return pick_of_all(connection, picking);
}

/* Entries that stand for their groups. */
static enum error read_groups(struct db_connection *connection,
                              struct history_job *job)
{
    enum error err = OK;

    if (job->supplier_id != 0 || job->filter.group.len > 0)
        return OK;
    for (size_t i = 0; err == OK && i < job->count; i++) {
        struct history_entry *entry = &job->entries[i];

        if (entry->group.key.data == NULL)
            continue;
        entry->leads = true;
        err =
            read_group(connection, job->arena, entry->group.key, &entry->group);
    }
    return err;
}

enum error history_read_page(struct db_connection *connection, void *job)
{
    struct history_job *history = job;
    struct picking picking = { .job = history };
    enum error err = OK;

    history->pages = 0;
    history->older = 0;
    if (history->filter.group.len > 0)
        err = read_group(connection, history->arena, history->filter.group,
                         &history->group);
    if (err == OK)
        err = pick_page(connection, &picking);
    if (err == OK)
        err = history_read_these(connection, history, picking.revisions,
                                 picking.count);
    if (err == OK && history->more && history->count > 0)
        history->older = history->entries[history->count - 1].supplier.revision;
    return err == OK ? read_groups(connection, history) : err;
}
