/* Changes to suppliers, each one transaction: form key, version, change,
 * commit. */
#include "cafe/suppliers/store.h"

#include <string.h>

#include "cafe/suppliers/untouched.h"
#include "columns.h"
#include "form_key.h"
#include "merge.h"
#include "refusal.h"
#include "repair.h"
#include "version.h"

struct attempt;

/* What to do to the row, within the transaction. */
typedef enum error change_fn(struct db_connection *connection,
                             struct attempt *attempt);

/* One of the four changes. */
struct kind {
    const char *name;       /* in the text of the form */
    const char *log_action; /* what the triggers are to log; NULL: the usual */
    bool writes_fields;     /* they are in the text of the form */
    change_fn *change;
};

/*
 * One run of a job. It may have to run again from the start: what the job was
 * given stays as it is until the outcome is known.
 */
struct attempt {
    const struct kind *kind;
    struct store_job job;
    struct form_claim claim;
    bool claimed;     /* the transaction has the key */
    bool follows;     /* typed on: based on what this form saved last */
    uint64_t shown;   /* then: what the form was based on at first */
    bool exists;      /* the row does, and is locked */
    uint64_t version; /* the last in the log before this change */
};

/* The columns in the order of enum supplier_field, the id last. */
enum { VALUES = SUPPLIER_FIELDS + 1 };

static const char insert_supplier[] = "INSERT INTO suppliers (" COLUMNS
                                      ") VALUES (" COLUMN_MARKS ")";

static const char insert_again[] = "INSERT INTO suppliers (" COLUMNS
                                   ", id) VALUES (" COLUMN_MARKS ", ?)";

static const char update_supplier[] = "UPDATE suppliers SET " COLUMNS_SET
                                      " WHERE id = ?";

static const char delete_supplier[] = "DELETE FROM suppliers WHERE id = ?";

/* What the triggers write into the log beside the row: set each time, for the
 * connection has been somebody else's. */
static const char set_log_context[] =
    "SET @cafe_actor = ?, @cafe_action = ?, @cafe_form_key = ?";

static const char lock_row[] =
    "SELECT id FROM suppliers WHERE id = ? FOR UPDATE";

/* Versions. */

/*
 * After an older backup was restored the log counts on from there: the revision
 * that the form was based on may be another one's now, made at another time.
 */
static enum error verify_base(struct db_connection *connection,
                              struct attempt *attempt)
{
    struct store_job *job = &attempt->job;
    uint64_t *base = attempt->follows ? &attempt->shown : &job->expected;
    bool same = true;
    enum error err = OK;

    if (*base != 0 && job->expected_us != 0)
        err = version_is(connection, job->supplier.id, *base, job->expected_us,
                         &same);
    if (err == OK && !same)
        *base = REVISION_LOST;
    return err;
}

static enum error store_take_exists(const struct db_row *row, void *context)
{
    (void)row;
    *(bool *)context = true;
    return OK;
}

/* From here on no other transaction changes the supplier, if it is there. */
static enum error store_lock(struct db_connection *connection,
                             struct attempt *attempt)
{
    const struct db_value id = DB_VALUE_INTEGER(attempt->job.supplier.id);
    struct versions versions;
    enum error err;

    attempt->exists = false;
    err = db_query(connection, lock_row, &id, 1, store_take_exists,
                   &attempt->exists);
    if (err == OK)
        err = versions_read(connection, id.integer, 1, &versions);
    if (err != OK || (err = verify_base(connection, attempt)) != OK)
        return err;
    attempt->version = versions.last[0];
    return attempt->follows
               ? version_saved(connection, id.integer, attempt->job.form_key,
                               &attempt->job.expected)
               : OK;
}

/* As store_lock(), for a change that makes no sense without the row. */
static enum error lock_present(struct db_connection *connection,
                               struct attempt *attempt)
{
    enum error err = store_lock(connection, attempt);

    return err == OK && !attempt->exists ? ERROR_NOT_FOUND : err;
}

static bool changed_meanwhile(const struct attempt *attempt)
{
    return attempt->job.expected != 0 &&
           attempt->job.expected != attempt->version;
}

/* Clashes. */

static enum error read_clash(struct db_connection *connection,
                             struct attempt *attempt)
{
    struct store_job *job = &attempt->job;

    return clash_read(connection, job->arena, job->supplier.id, job->expected,
                      attempt->version, &job->clash);
}

/* A removal or a restoration has no fields to merge, and a program wants none
 * merged. */
static enum error refuse_changed(struct db_connection *connection,
                                 struct attempt *attempt)
{
    enum error err = read_clash(connection, attempt);

    if (err != OK)
        return err;
    attempt->job.supplier = attempt->job.clash.theirs.supplier;
    return ERROR_CONFLICT;
}

/* What is there, and what the form shows. */
static enum error store_read_shown(struct db_connection *connection,
                                   struct attempt *attempt)
{
    struct store_job *job = &attempt->job;
    int64_t id = job->supplier.id;
    uint64_t was = job->expected ? job->expected : attempt->version;
    enum error err = clash_read(connection, job->arena, id,
                                attempt->follows ? attempt->shown : was,
                                attempt->version, &job->clash);

    if (err == OK && attempt->follows)
        err = clash_follow(connection, job->arena, id, job->form_key,
                           &job->clash);
    return err;
}

/* A field that was not touched is put back as the form showed it, or as it is
 * now. */
static enum error restore_untouched(struct store_job *job)
{
    const struct store_clash *clash = &job->clash;
    enum error err = OK;

    if (clash->was.revision != 0)
        err = untouched_restore(job->arena, &job->supplier, &clash->was,
                                job->shown);
    if (err == OK)
        err = untouched_restore(job->arena, &job->supplier,
                                &clash->theirs.supplier, job->shown);
    return err;
}

static enum error merge_changed(struct store_job *job)
{
    bool got = merge(&job->supplier, &job->clash);

    if (job->clash.count > 0)
        return ERROR_CONFLICT;
    job->merged = got;
    return OK;
}

/* Whatever the form was based on: nothing gets into the row that the rules
 * refuse, but what is there may stay. */
static enum error store_check(struct store_job *job)
{
    untouched_check(job->arena, &job->supplier, &job->clash.theirs.supplier,
                    &job->faults);
    return job->faults.count > 0 ? ERROR_SYNTAX : OK;
}

/* The changes. */

static enum error write_fields(struct db_connection *connection,
                               const char *sql, const struct supplier *supplier)
{
    struct db_value values[VALUES];

    for (size_t f = 0; f < SUPPLIER_FIELDS; f++)
        values[f] = DB_VALUE_TEXT(supplier->fields[f]);
    values[SUPPLIER_FIELDS] = DB_VALUE_INTEGER(supplier->id);
    return db_execute(connection, sql, values,
                      sql == insert_supplier ? SUPPLIER_FIELDS : VALUES);
}

static enum error store_insert(struct db_connection *connection,
                               struct attempt *attempt)
{
    struct supplier *supplier = &attempt->job.supplier;
    enum error err = write_fields(connection, insert_supplier, supplier);

    supplier->id = db_insert_id(connection);
    return err;
}

/* CLIENT_FOUND_ROWS: a row that is saved as it was counts as found. */
static enum error update(struct db_connection *connection,
                         struct attempt *attempt)
{
    struct store_job *job = &attempt->job;
    enum error err = lock_present(connection, attempt);

    if (err == OK && job->exact && changed_meanwhile(attempt))
        return refuse_changed(connection, attempt);
    if (err == OK)
        err = store_read_shown(connection, attempt);
    if (err == OK)
        err = restore_untouched(job);
    if (err == OK && (changed_meanwhile(attempt) || attempt->follows))
        err = merge_changed(job);
    if (err == OK)
        err = store_check(job);
    if (err != OK)
        return err;
    return write_fields(connection, update_supplier, &job->supplier);
}

static enum error remove_it(struct db_connection *connection,
                            struct attempt *attempt)
{
    const struct db_value id = DB_VALUE_INTEGER(attempt->job.supplier.id);
    enum error err = lock_present(connection, attempt);

    if (err == OK && changed_meanwhile(attempt))
        err = refuse_changed(connection, attempt);
    if (err != OK)
        return err;
    return db_execute(connection, delete_supplier, &id, 1);
}

/* Take the fields of the version to go back to; without an id, its id too. */
static enum error take_back(struct db_connection *connection,
                            struct attempt *attempt)
{
    struct store_job *job = &attempt->job;
    struct history_entry entry;
    bool found;
    enum error err = clash_entry(connection, job->arena, job->supplier.id,
                                 job->version, &entry, &found);

    if (err != OK)
        return err;
    if (!found)
        return ERROR_NOT_FOUND;
    job->supplier = entry.supplier;
    return OK;
}

/* A duplicate key means that another restoration was faster: look again. */
static enum error restore(struct db_connection *connection,
                          struct attempt *attempt)
{
    enum error err = take_back(connection, attempt);

    if (err == OK)
        err = store_lock(connection, attempt);
    if (err == OK && changed_meanwhile(attempt))
        err = refuse_changed(connection, attempt);
    if (err != OK)
        return err;
    err = write_fields(connection,
                       attempt->exists ? update_supplier : insert_again,
                       &attempt->job.supplier);
    if (err == ERROR_DB_DUPLICATE && !attempt->exists &&
        refusal_of_primary_key(connection))
        return ERROR_DB_RETRY;
    return err;
}

static const struct kind adding = { "add", NULL, true, store_insert };
static const struct kind updating = { "update", NULL, true, update };
static const struct kind removing = { "remove", NULL, false, remove_it };
static const struct kind restoring = { "restore", "restore", false, restore };

/* The transaction. */

static struct db_value text_or_null(const char *text)
{
    return text != NULL ? DB_VALUE_TEXT(slice_of(text)) : DB_VALUE_NULL;
}

static enum error store_begin(struct db_connection *connection,
                              const struct attempt *attempt)
{
    const struct db_value values[] = {
        text_or_null(attempt->job.actor),
        text_or_null(attempt->kind->log_action),
        text_or_null(attempt->job.form_key),
    };
    enum error err = db_begin(connection);

    if (err != OK)
        return err;
    if ((err = db_execute(connection, set_log_context, values, 3)) != OK)
        return db_rollback(connection, err);
    return OK;
}

/*
 * Which revision the change has got. While a supplier is gone there is no row
 * to lock: that nobody came in between shows in the log, whose order is that
 * of the commits. Without triggers nothing is saved that nobody could follow.
 */
static enum error store_note(struct db_connection *connection,
                             struct attempt *attempt)
{
    struct store_job *job = &attempt->job;
    struct versions versions;
    enum error err = versions_read(connection, job->supplier.id, 2, &versions);

    if (err != OK)
        return err;
    if (versions.last[0] == attempt->version)
        return ERROR_DB_TRIGGERS;
    if (attempt->version != 0 && versions.last[1] != attempt->version)
        return ERROR_DB_RETRY;
    job->id = job->supplier.id;
    job->revision = versions.last[0];
    job->supplier.revision = job->revision;
    return form_claim_note(connection, &attempt->claim, job->id, job->revision);
}

/* ERROR_DB_DUPLICATE without having claimed: the key was used before. */
static enum error transact(struct db_connection *connection,
                           struct attempt *attempt)
{
    enum error err = store_begin(connection, attempt);

    if (err != OK)
        return err;
    /* First, so that a form that is sent twice waits here and not at the
     * supplier's row: all writers take their locks in the same order. */
    err = form_claim_take(connection, &attempt->claim);
    attempt->claimed = err == OK;
    if (err != OK || (err = attempt->kind->change(connection, attempt)) != OK ||
        (err = store_note(connection, attempt)) != OK)
        return db_rollback(connection, err);
    return db_commit(connection);
}

/*
 * Another text under a key that has added a supplier: a correction of that, or
 * the next supplier, typed after going back in the browser. Only the person
 * knows.
 */
static enum error store_ask(struct db_connection *connection,
                            struct store_job *job,
                            const struct form_outcome *outcome)
{
    enum error err =
        row_read(connection, job->arena, outcome->supplier_id, &job->earlier);

    job->earlier.revision = outcome->revision;
    return err == OK ? ERROR_CONFLICT : err;
}

/* Another text under a key that was used for the same supplier: an edit of
 * what that has saved. */
static void turn_into_new_edit(struct attempt *attempt,
                               const struct form_outcome *outcome)
{
    struct store_job *job = &attempt->job;

    if (job->supplier.id == outcome->supplier_id) {
        attempt->follows = true;
        attempt->shown = job->expected;
        job->expected = outcome->revision;
    }
    memcpy(attempt->claim.key, outcome->next_key, sizeof(outcome->next_key));
}

/* The first text's key, then that of this text, if it is another one. */
static enum error store_settle(struct db_connection *connection,
                               struct attempt *attempt)
{
    struct form_outcome outcome;
    enum error err = transact(connection, attempt);

    /* ERROR_DB_DUPLICATE after the claim is about something else: a unique key
     * of the table's owner. */
    for (int keys = 0; err == ERROR_DB_DUPLICATE && !attempt->claimed; keys++) {
        err = form_claim_outcome(connection, &attempt->claim, &outcome);
        if (err == ERROR_DEADLINE)
            return ERROR_DB_UNKNOWN; /* an earlier run may have saved it */
        if (err != OK)
            return err;
        if (outcome.same) {
            attempt->job.repeated = true;
            attempt->job.id = outcome.supplier_id;
            attempt->job.revision = outcome.revision;
            return OK;
        }
        if (keys > 0)
            return ERROR_DB; /* two texts of one digest */
        if (attempt->kind == &adding)
            return store_ask(connection, &attempt->job, &outcome);
        turn_into_new_edit(attempt, &outcome);
        err = transact(connection, attempt);
    }
    return err;
}

static enum error store_try(struct db_connection *connection,
                            struct store_job *job, const struct kind *kind)
{
    struct attempt attempt = { .kind = kind, .job = *job };
    struct supplier *supplier = &attempt.job.supplier;
    enum error err;

    attempt.job.repeated = false;
    attempt.job.merged = false;
    attempt.job.earlier = (struct supplier){ 0 };
    err = form_claim_open(&attempt.claim, job->form_key, kind->name,
                          supplier->id, kind == &restoring ? job->version : 0,
                          kind->writes_fields ? supplier->fields : NULL);
    if (err == OK)
        err = store_settle(connection, &attempt);
    form_claim_close(&attempt.claim);
    if (err == ERROR_DB_DUPLICATE && attempt.claimed)
        err = ERROR_DB_VALUE; /* a unique key of the table's owner */
    if (err == ERROR_DB_VALUE)
        refusal_read(connection, job->arena, &job->refusal);
    if (err == ERROR_SYNTAX && !attempt.job.merged)
        attempt.job.expected = job->expected;
    /* With any other outcome the job may run again, and has to begin with what
     * it was given. */
    if (err == OK || err == ERROR_CONFLICT || err == ERROR_SYNTAX)
        *job = attempt.job;
    return err;
}

/* A second time where the server had a trigger that it could not read; also if
 * that can't be changed, so that it is what the log names as the reason. */
static enum error store_run(struct db_connection *connection,
                            struct store_job *job, const struct kind *kind)
{
    enum error err = store_try(connection, job, kind);

    if (err != ERROR_DB_TRIGGERS || !repair_is_spoiled(connection))
        return err;
    job->reloaded = repair_reload(connection) == OK;
    return store_try(connection, job, kind);
}

enum error store_add(struct db_connection *connection, void *job)
{
    return store_run(connection, job, &adding);
}

enum error store_update(struct db_connection *connection, void *job)
{
    return store_run(connection, job, &updating);
}

enum error store_remove(struct db_connection *connection, void *job)
{
    return store_run(connection, job, &removing);
}

enum error store_restore(struct db_connection *connection, void *job)
{
    return store_run(connection, job, &restoring);
}
