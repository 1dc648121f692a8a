/* Reads the change log as programs follow it. */
#include "cafe/suppliers/changes.h"

#include "cafe/base/clock.h"
#include "cafe/suppliers/columns.h"
#include "cafe/suppliers/supplier_json.h"

/* Of one answer; a supplier may exceed it by its texts. */
enum { BODY_MAX_BYTES = 1024 * 1024 };

static const char select_now[] =
    "SELECT n, " SINCE_1970("at") " FROM supplier_revision WHERE one = 1";

/* The change that the caller knows comes first: it proves that the log leads on
 * from there. Of the log, only columns without texts are read, so the account
 * that serves customers needs no right to others. */
#define SELECT_CHANGES(which)                                          \
    "SELECT c.revision, " CHANGED_AT ", c.supplier_id, c.action,"      \
    " s.id, " LAST_REVISION ", " LAST_CHANGED_AT ", " COLUMNS_OF_S     \
    " FROM supplier_changes c FORCE INDEX (PRIMARY)"                   \
    " LEFT JOIN suppliers s ON s.id = c.supplier_id AND " HAS_ID which \
    " WHERE c.revision >= ? ORDER BY c.revision LIMIT ?"

static const char select_changes[] = SELECT_CHANGES("");
static const char select_changes_that_supply[] = SELECT_CHANGES(AND_SUPPLIES);

enum {
    COLUMN_REVISION,
    COLUMN_AT,
    COLUMN_SUPPLIER,
    COLUMN_ACTION,
    COLUMN_ID,
    COLUMN_VERSION,
    COLUMN_CHANGED,
    COLUMN_FIELDS
};

static const char read_uncommitted[] =
    "SET TRANSACTION ISOLATION LEVEL READ UNCOMMITTED";

static const char select_one[] =
    "SELECT 1 FROM supplier_changes WHERE revision = ?";

/* One reading under way. */
struct changes_reading {
    struct changes_job *job;
    struct revision last;
    bool proven;  /* the log has the revision that the caller knows */
    bool stopped; /* the rest is not for this answer */
};

static struct revision changes_revision(const struct db_row *row)
{
    return (struct revision){
        .number = (uint64_t)db_row_integer(row, COLUMN_REVISION),
        .at_us = db_row_integer(row, COLUMN_AT),
    };
}

static enum error take_now(const struct db_row *row, void *context)
{
    *(struct revision *)context = changes_revision(row);
    return OK;
}

/* Writing. */

static void changes_write_revision(struct text *out,
                                   const struct revision *revision)
{
    struct text spelled;

    text_init(&spelled, 0);
    revision_write(&spelled, revision);
    json_text(out, "revision", text_slice(&spelled));
    out->failed = out->failed || spelled.failed;
    text_free(&spelled);
}

void changes_begin(struct text *out)
{
    json_array(out, "changes");
}

void changes_end(struct text *out, const struct revision *revision)
{
    json_array_end(out);
    changes_write_revision(out, revision);
}

static void write_supplier(struct text *out, const struct db_row *row)
{
    struct supplier supplier = {
        .id = db_row_integer(row, COLUMN_ID),
        .revision = (uint64_t)db_row_integer(row, COLUMN_VERSION),
        .changed_us = db_row_integer(row, COLUMN_CHANGED),
    };

    if (db_row_null(row, COLUMN_ID)) {
        json_null(out, "supplier");
        return;
    }
    for (unsigned f = 0; f < SUPPLIER_FIELDS; f++)
        supplier.fields[f] = db_row_text(row, COLUMN_FIELDS + f);
    json_object(out, "supplier");
    supplier_json_members(out, &supplier);
    json_object_end(out);
}

static void changes_write_one(struct text *out, const struct revision *revision,
                              const struct db_row *row)
{
    char at[CLOCK_ISO_BYTES];

    clock_iso(revision->at_us, at);
    json_object(out, NULL);
    changes_write_revision(out, revision);
    json_text(out, "at", slice_of(at));
    json_text(out, "action", db_row_text(row, COLUMN_ACTION));
    json_number(out, "id", db_row_integer(row, COLUMN_SUPPLIER));
    write_supplier(out, row);
    json_object_end(out);
}

/* Reading. */

/* ERROR_LIMIT ends the reading. A gap does, too: the change that belongs there
 * may be committed, but not visible yet, and going on would skip it for good.
 */
static enum error changes_take(const struct db_row *row, void *context)
{
    struct changes_reading *reading = context;
    struct changes_job *job = reading->job;
    const struct revision revision = changes_revision(row);

    if (!reading->proven) {
        reading->proven = revision_same(&revision, &job->since);
        reading->stopped = !reading->proven;
        return reading->proven ? OK : ERROR_LIMIT;
    }
    reading->stopped = revision.number != reading->last.number + 1 ||
                       job->count == job->limit ||
                       job->body.len > BODY_MAX_BYTES;
    if (reading->stopped)
        return ERROR_LIMIT;
    changes_write_one(&job->body, &revision, row);
    reading->last = revision;
    job->count++;
    return OK;
}

/* Whether a change is about to be visible: without locks, a row is seen from
 * when it is written. */
static enum error is_coming(struct db_connection *connection, uint64_t number,
                            bool *coming)
{
    const struct db_value value = DB_VALUE_INTEGER((int64_t)number);
    int64_t found = 0;
    enum error err = db_run_text(connection, slice_of(read_uncommitted));

    if (err != OK || (err = db_begin(connection)) != OK)
        return err;
    err = db_query(connection, select_one, &value, 1, db_take_integer, &found);
    if (err != OK)
        return db_rollback(connection, err);
    *coming = found != 0;
    return db_commit(connection);
}

static enum error changes_select(struct db_connection *connection,
                                 struct changes_reading *reading)
{
    struct changes_job *job = reading->job;
    const struct db_value values[] = {
        DB_VALUE_INTEGER((int64_t)job->since.number),
        /* The known one, and one more than fit. */
        DB_VALUE_INTEGER((int64_t)job->limit + 2),
    };
    bool coming = false;
    enum error err =
        db_query(connection,
                 job->supplying ? select_changes_that_supply : select_changes,
                 values, 2, changes_take, reading);

    if (err == ERROR_LIMIT && reading->stopped)
        err = OK;
    job->gone = err == OK && !reading->proven;
    if (err != OK || job->gone || job->count > 0)
        return err;
    err = is_coming(connection, job->since.number + 1, &coming);
    job->gone = err == OK && !coming;
    return err;
}

static const char select_known[] =
    "SELECT 1 FROM supplier_changes WHERE supplier_id = ? LIMIT 1";

enum error changes_know(struct db_connection *connection, void *job)
{
    struct changes_known *asked = job;
    const struct db_value id = DB_VALUE_INTEGER(asked->supplier_id);
    int64_t found = 0;
    enum error err =
        db_query(connection, select_known, &id, 1, db_take_integer, &found);

    asked->known = found != 0;
    return err;
}

enum error changes_read(struct db_connection *connection, void *argument)
{
    struct changes_job *job = argument;
    struct changes_reading reading = {
        .job = job,
        .last = job->since,
        /* No change has the number 0: before the first one there was nothing,
         * whichever first one that is. */
        .proven = job->since.number == 0,
    };
    enum error err;

    job->count = 0;
    job->gone = false;
    text_reset(&job->body);
    /* First: what is committed while the log is read is later than that. */
    err = db_query(connection, select_now, NULL, 0, take_now, &job->now);
    if (err != OK || revision_same(&job->now, &job->since))
        return err;
    json_object(&job->body, NULL);
    changes_begin(&job->body);
    err = changes_select(connection, &reading);
    changes_end(&job->body, &reading.last);
    json_object_end(&job->body);
    text_append_char(&job->body, '\n');
    return err == OK && job->body.failed ? ERROR_MEMORY : err;
}
