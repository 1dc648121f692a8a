/* Changes to suppliers, each one transaction: form key, version, change,
 * commit. */
#include "cafe/suppliers/store.h"

#include <string.h>

#include "change.h"
#include "merge.h"
#include "refusal.h"
#include "undo.h"
#include "version.h"

/* The transaction. */

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
    enum error err = change_begin(connection, attempt->job.actor,
                                  attempt->kind->log_action,
                                  attempt->job.form_key);

    if (err != OK)
        return err;
    /* First, so that a form that is sent twice waits here and not at the
     * supplier's row: all writers take their locks in the same order. */
    err = form_claim_take(connection, &attempt->claim);
    attempt->claimed = err == OK;
    if (err != OK ||
        (err = attempt->kind->prepare(connection, attempt)) != OK ||
        (err = attempt->kind->write(connection, attempt)) != OK ||
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
        if (attempt->kind == &kind_add)
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
    struct slice picks[SUPPLIER_FIELDS];
    const struct slice *fields = kind->writes_fields ? supplier->fields : NULL;
    enum error err;

    if (kind == &kind_undo)
        fields = undo_spell(job->picks, picks);
    attempt.job.repeated = false;
    attempt.job.merged = false;
    attempt.job.earlier = (struct supplier){ 0 };
    err = form_claim_open(&attempt.claim, job->form_key, kind->name,
                          supplier->id, kind->goes_back ? job->version : 0,
                          fields);
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

static enum error store_run(struct db_connection *connection,
                            struct store_job *job, const struct kind *kind)
{
    enum error err = store_try(connection, job, kind);

    return change_may_again(connection, err, &job->reloaded)
               ? store_try(connection, job, kind)
               : err;
}

enum error store_add(struct db_connection *connection, void *job)
{
    return store_run(connection, job, &kind_add);
}

enum error store_update(struct db_connection *connection, void *job)
{
    return store_run(connection, job, &kind_update);
}

enum error store_remove(struct db_connection *connection, void *job)
{
    return store_run(connection, job, &kind_remove);
}

enum error store_restore(struct db_connection *connection, void *job)
{
    return store_run(connection, job, &kind_restore);
}

enum error store_undo(struct db_connection *connection, void *job)
{
    return store_run(connection, job, &kind_undo);
}
