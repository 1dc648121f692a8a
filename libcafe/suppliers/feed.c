/* What the catalog asks the database: one small question, and what follows
 * from its answer. Each reading is one statement, which sees one state. */
#include "feed.h"

#include <stdlib.h>

#include "cafe/suppliers/columns.h"
#include "cafe/suppliers/migrations.h"

/* So many changes are always followed, and so many may be committed between two
 * statements of a question. */
enum { CHANGES_MIN = 1000, ROWS_FIRST = 256 };

static const char select_revision[] =
    "SELECT n, " SINCE_1970("at") " FROM supplier_revision WHERE one = 1";

/* When the database was first migrated: it stays, in copies and backups too. */
#define DIRECTORY "(SELECT " SINCE_1970("MIN(m.at)") " FROM cafe_migrations m)"

/* The revision stands in each row. The order need not be exact: rows that come
 * in about the order of names lie in memory in it, and are searched in half the
 * time. With an outer join the database would copy all rows into a temporary
 * table before it sends the first: of a million, later than a daemon waits. */
#define SELECT_ALL(which)                                                     \
    "SELECT r.n, " SINCE_1970(                                                \
        "r.at") ", " LAST_REVISION ", " LAST_CHANGED_AT ", " DIRECTORY        \
                ", s.id, " COLUMNS_OF_S                                       \
                " FROM supplier_revision r JOIN suppliers s ON " HAS_ID which \
                " WHERE r.one = 1 ORDER BY LEFT(s.name, 8)"

static const char select_all[] = SELECT_ALL("");
static const char select_all_that_supply[] = SELECT_ALL(AND_SUPPLIES);

/* The change that the base ends with comes, too: it proves that the log still
 * leads on from there. The present row comes with a supplier's last change
 * only: making it ready to be searched costs far more than reading it. */
#define SELECT_CHANGES(which)                                          \
    "SELECT c.revision, " CHANGED_AT ", c.supplier_id,"                \
    " " CHANGED_AT ", " DIRECTORY ", s.id, " COLUMNS_OF_S              \
    " FROM supplier_changes c FORCE INDEX (PRIMARY)"                   \
    " LEFT JOIN suppliers s ON s.id = c.supplier_id AND " HAS_ID which \
    " AND c.revision = (SELECT l.revision FROM supplier_changes l"     \
    "   WHERE l.supplier_id = c.supplier_id"                           \
    "   ORDER BY l.revision DESC LIMIT 1)"                             \
    " WHERE c.revision >= ? ORDER BY c.revision LIMIT ?"

static const char select_changes[] = SELECT_CHANGES("");
static const char select_changes_that_supply[] = SELECT_CHANGES(AND_SUPPLIES);

enum {
    COLUMN_REVISION,
    COLUMN_AT,
    COLUMN_SUPPLIER,
    COLUMN_CHANGED,
    COLUMN_DIRECTORY,
    COLUMN_ID,
    COLUMN_FIELDS
};

static void take_revision(const struct db_row *row, struct revision *revision)
{
    revision->number = (uint64_t)db_row_integer(row, COLUMN_REVISION);
    revision->at_us = db_row_integer(row, COLUMN_AT);
}

static enum error feed_take_row(const struct db_row *db_row, uint64_t revision,
                                struct row **row)
{
    struct supplier supplier = {
        .id = db_row_integer(db_row, COLUMN_ID),
        .revision = revision,
        .changed_us = db_row_integer(db_row, COLUMN_CHANGED),
        .directory_us = db_row_integer(db_row, COLUMN_DIRECTORY)
    };

    for (unsigned f = 0; f < SUPPLIER_FIELDS; f++)
        supplier.fields[f] = db_row_text(db_row, COLUMN_FIELDS + f);
    return row_make(&supplier, row);
}

/* Everything. */

struct loading {
    size_t max_bytes, bytes;
    bool any; /* the revision has been seen */
    struct revision revision;
    struct row **rows;
    size_t count, capacity;
};

static enum error feed_make_room(struct loading *loading)
{
    size_t capacity = loading->capacity ? 2 * loading->capacity : ROWS_FIRST;
    struct row **rows;

    if (loading->count < loading->capacity)
        return OK;
    rows = realloc(loading->rows, capacity * sizeof(*rows));
    if (rows == NULL)
        return ERROR_MEMORY;
    loading->rows = rows;
    loading->capacity = capacity;
    return OK;
}

static enum error load_row(const struct db_row *db_row, void *context)
{
    struct loading *loading = context;
    struct row *row;
    enum error err;

    if (!loading->any)
        take_revision(db_row, &loading->revision);
    loading->any = true;
    if ((err = feed_make_room(loading)) != OK ||
        (err = feed_take_row(db_row,
                             (uint64_t)db_row_integer(db_row, COLUMN_SUPPLIER),
                             &row)) != OK)
        return err;
    loading->rows[loading->count++] = row;
    loading->bytes += row->bytes + 2 * sizeof(row);
    return loading->bytes > loading->max_bytes ? ERROR_LIMIT : OK;
}

static void free_loading(struct loading *loading)
{
    for (size_t i = 0; i < loading->count; i++)
        free(loading->rows[i]);
    free(loading->rows);
}

static enum error load_revision(const struct db_row *db_row, void *context)
{
    struct loading *loading = context;

    take_revision(db_row, &loading->revision);
    loading->any = true;
    return OK;
}

/*
 * Read everything, whatever the base. Of no supplier there is no row, and so no
 * revision: the present one is that of the reading, or a later one; the
 * callers know one from before the reading.
 */
static enum error feed_load(struct db_connection *connection,
                            struct question *question)
{
    struct loading loading = { .max_bytes = question->max_bytes };
    enum error err = db_query(
        connection, question->supplying ? select_all_that_supply : select_all,
        NULL, 0, load_row, &loading);

    if (err == OK && !loading.any)
        err = db_query(connection, select_revision, NULL, 0, load_revision,
                       &loading);
    if (err == OK && !loading.any)
        err = ERROR_DB_SCHEMA; /* the counter has no row */
    if (err != OK) {
        free_loading(&loading);
        return err;
    }
    return index_make(loading.rows, loading.count, &loading.revision,
                      &question->found);
}

/* What has changed. */

struct following {
    const struct index *base;
    bool continuous; /* the change that the base ends with was there, with the
                        same time: a restored backup counts on from an older
                        number, and uses the same numbers again */
    struct revision revision;
    size_t count, capacity;
    struct change changes[];
};

static enum error follow_row(const struct db_row *row, void *context)
{
    struct following *following = context;
    struct change *change = &following->changes[following->count];
    bool first = !following->continuous;
    uint64_t before = following->revision.number;

    take_revision(row, &following->revision);
    /* A gap: the change that belongs there is committed, but not visible yet.
     * Going on would skip it for good, since the next question begins after the
     * last number that was seen. */
    if (!first && following->revision.number != before + 1)
        return ERROR_NOT_FOUND;
    if (first) {
        following->continuous =
            revision_same(&following->revision, &following->base->revision);
        return following->continuous ? OK : ERROR_NOT_FOUND;
    }
    if (following->count == following->capacity)
        return ERROR_NOT_FOUND;
    *change = (struct change){ .id = db_row_integer(row, COLUMN_SUPPLIER) };
    following->count++;
    if (db_row_null(row, COLUMN_ID))
        return OK;
    return feed_take_row(row, following->revision.number, &change->row);
}

/* By id; of one supplier, the change with the row comes last. */
static int compare_changes(const void *left, const void *right)
{
    const struct change *a = left;
    const struct change *b = right;

    if (a->id != b->id)
        return a->id > b->id ? 1 : -1;
    return (a->row != NULL) - (b->row != NULL);
}

/* Each supplier once: with its row, if it is there. */
static void feed_unite(struct following *following)
{
    struct change *changes = following->changes;
    size_t kept = 0;

    qsort(changes, following->count, sizeof(*changes), compare_changes);
    for (size_t i = 0; i < following->count; i++) {
        if (i + 1 == following->count || changes[i + 1].id != changes[i].id)
            changes[kept++] = changes[i];
    }
    following->count = kept;
}

static void free_following(struct following *following)
{
    if (following == NULL)
        return;
    for (size_t i = 0; i < following->count; i++)
        free(following->changes[i].row);
    free(following);
}

/*
 * How many changes to follow up to a revision; 0: reading everything is
 * cheaper. Of a large directory that takes so long that an import has written
 * thousands of changes meanwhile: if those were too many, each question would
 * read everything until the import ends.
 */
static size_t followed_max(const struct index *base, uint64_t least)
{
    uint64_t behind =
        least > base->revision.number ? least - base->revision.number : 0;
    size_t most = base->count / 4 > CHANGES_MIN ? base->count / 4 : CHANGES_MIN;

    return behind <= most ? (size_t)behind + CHANGES_MIN : 0;
}

/* ERROR_NOT_FOUND: the log does not lead from the base to now. ERROR_DB_RETRY:
 * it ends before a revision that has been seen. */
static enum error follow(struct db_connection *connection,
                         struct question *question, uint64_t least)
{
    size_t capacity = followed_max(question->base, least);
    const struct db_value values[] = {
        DB_VALUE_INTEGER((int64_t)question->base->revision.number),
        /* The base's own change, and one more than fit: then it is too many. */
        DB_VALUE_INTEGER((int64_t)capacity + 2),
    };
    struct following *following;
    enum error err;

    if (capacity == 0)
        return ERROR_NOT_FOUND;
    following =
        calloc(1, sizeof(*following) + capacity * sizeof(*following->changes));
    if (following == NULL)
        return ERROR_MEMORY;
    following->base = question->base;
    following->capacity = capacity;
    err = db_query(connection,
                   question->supplying ? select_changes_that_supply
                                       : select_changes,
                   values, 2, follow_row, following);
    if (err == OK && !following->continuous)
        err = ERROR_NOT_FOUND;
    if (err == OK && following->revision.number < least)
        err = ERROR_DB_RETRY;
    if (err == OK) {
        feed_unite(following);
        err = index_apply(question->base, following->changes, following->count,
                          &following->revision, question->max_bytes,
                          &question->found);
        following->count = 0; /* the rows belong to the index, or are freed */
    }
    free_following(following);
    return err;
}

static enum error note_revision(const struct db_row *row, void *context)
{
    take_revision(row, context);
    return OK;
}

/*
 * Everything, under the revision that was asked for before: what was committed
 * while the rows were read comes once more with the next question.
 */
static enum error reload(struct db_connection *connection,
                         struct question *question,
                         const struct revision *before)
{
    enum error err = feed_load(connection, question);

    if (err == OK && before->number < question->found->revision.number)
        question->found->revision = *before;
    return err;
}

enum error feed_ask(struct db_connection *connection, void *job)
{
    struct question *question = job;
    struct revision now = { 0 };
    enum error err =
        db_query(connection, select_revision, NULL, 0, note_revision, &now);

    if (err != OK)
        return err;
    /* The usual case is the cheap one: one row by primary key, and nothing has
     * changed. */
    if (question->base == NULL)
        return reload(connection, question, &now);
    if (revision_same(&now, &question->base->revision))
        return OK;
    err = follow(connection, question, now.number);
    return err == ERROR_NOT_FOUND ? reload(connection, question, &now) : err;
}

enum error feed_compare(struct db_connection *connection, void *job)
{
    struct question *question = job;
    enum error err = feed_load(connection, question);

    if (err != OK)
        return err;
    /* With another revision the two may differ, as they should. Only under the
     * same one does a difference mean that something was not logged. */
    if (!revision_same(&question->found->revision, &question->base->revision))
        err = ERROR_CONFLICT;
    else if (!index_equal(question->found, question->base))
        return supplier_triggers_check(connection);
    index_discard(question->found);
    question->found = NULL;
    return err == OK ? supplier_triggers_check(connection) : err;
}
