/* Many changes to suppliers in one transaction: all are looked at before the
 * first is written. */
#include "cafe/suppliers/store_batch.h"

#include <stdlib.h>

#include "cafe/suppliers/columns.h"
#include "cafe/suppliers/groups.h"
#include "change.h"
#include "refusal.h"
#include "version.h"

enum { PLANNED_MAX_BYTES = 64 * 1024 * 1024 };

/* What is to become of one supplier. */
struct batch_plan {
    struct supplier result;
    uint64_t before; /* its last version */
    bool exists;     /* the row does */
};

/* One run of a batch, which may have to run again from the start. */
struct batch_run {
    struct batch_job *job;
    struct form_claim claim;
    bool claimed;
    struct arena *planned;    /* what is to be written lives here */
    struct arena *scratch;    /* what one change needs meanwhile */
    struct batch_plan *plans; /* one for each change */
};

static const struct kind *const batch_kinds[] = {
    [BATCH_ADD] = &kind_add,
    [BATCH_UPDATE] = &kind_update,
    [BATCH_REMOVE] = &kind_remove,
    [BATCH_UNDO] = &kind_undo,
};

/* Looking at each. */

static struct attempt attempt_of(const struct batch_run *run,
                                 const struct batch_change *change)
{
    struct attempt attempt = {
        .kind = batch_kinds[change->action],
        .job = { .arena = run->scratch,
                 .supplier = change->supplier,
                 .expected = change->expected,
                 .expected_us = change->expected_us,
                 .exact = true,
                 .version = change->version,
                 .form_key = run->job->form_key,
                 .actor = run->job->actor },
    };

    for (size_t f = 0; f < SUPPLIER_FIELDS; f++)
        attempt.job.shown[f] = change->shown[f];
    return attempt;
}

/* A copy whose texts are in the arena. */
static enum error copy_supplier(struct arena *arena,
                                const struct supplier *from,
                                struct supplier *to)
{
    struct supplier copy = *from;

    for (size_t f = 0; f < SUPPLIER_FIELDS; f++) {
        copy.fields[f] = arena_slice(arena, from->fields[f]);
        if (copy.fields[f].data == NULL)
            return ERROR_MEMORY;
    }
    *to = copy;
    return OK;
}

static enum error copy_faults(struct arena *arena,
                              const struct supplier_faults *from,
                              struct supplier_faults *to)
{
    to->count = from->count;
    for (size_t f = 0; f < SUPPLIER_FIELDS; f++) {
        struct slice message = slice_of(from->messages[f]);

        if (from->messages[f] == NULL)
            continue;
        to->messages[f] = arena_copy(arena, message.data, message.len);
        if (to->messages[f] == NULL)
            return ERROR_MEMORY;
    }
    return OK;
}

/* OK: it is noted, and the others are still looked at. */
static enum error note_outcome_of(const struct batch_run *run,
                                  struct batch_change *change,
                                  const struct attempt *attempt,
                                  enum error outcome)
{
    const struct store_clash *clash = &attempt->job.clash;
    enum error err = OK;

    if (outcome == ERROR_CONFLICT) {
        err = copy_supplier(run->job->arena, &clash->theirs.supplier,
                            &change->now);
        change->now.changed_us = clash->theirs.at_us;
    } else if (outcome == ERROR_SYNTAX) {
        err =
            copy_faults(run->job->arena, &attempt->job.faults, &change->faults);
    } else if (outcome != ERROR_NOT_FOUND) {
        err = outcome;
    }
    change->outcome = outcome;
    return err;
}

static enum error batch_prepare_one(struct db_connection *connection,
                                    struct batch_run *run, size_t at)
{
    struct batch_change *change = &run->job->changes[at];
    struct attempt attempt = attempt_of(run, change);
    enum error err = attempt.kind->prepare(connection, &attempt);

    run->plans[at] = (struct batch_plan){ change->supplier, attempt.version,
                                          attempt.exists };
    if (err != OK)
        err = note_outcome_of(run, change, &attempt, err);
    else if (change->action == BATCH_UPDATE || change->action == BATCH_UNDO)
        err = copy_supplier(run->planned, &attempt.job.supplier,
                            &run->plans[at].result);
    arena_reset(run->scratch);
    return err;
}

/* The order in which rows are locked, the same for all batches. */
struct batch_place {
    int64_t id;
    size_t at;
};

static int compare_places(const void *a, const void *b)
{
    const struct batch_place *one = a, *other = b;

    if (one->id != other->id)
        return one->id < other->id ? -1 : 1;
    return one->at < other->at ? -1 : 1;
}

static enum error batch_prepare(struct db_connection *connection,
                                struct batch_run *run)
{
    const struct batch_job *job = run->job;
    struct batch_place *places =
        arena_alloc(run->planned, job->count * sizeof(*places));
    enum error err = OK;

    if (places == NULL)
        return ERROR_MEMORY;
    for (size_t i = 0; i < job->count; i++)
        places[i] = (struct batch_place){ job->changes[i].supplier.id, i };
    qsort(places, job->count, sizeof(*places), compare_places);
    for (size_t i = 0; i < job->count && err == OK; i++)
        err = batch_prepare_one(connection, run, places[i].at);
    return err;
}

/* That of the first one with a fault. */
static enum error outcome_of_all(const struct batch_job *job)
{
    enum error first = OK;
    size_t fine = 0;

    for (size_t i = 0; i < job->count; i++) {
        if (job->changes[i].outcome == OK)
            fine++;
        else if (first == OK)
            first = job->changes[i].outcome;
    }
    return job->partly && fine > 0 ? OK : first;
}

/* Writing. */

static enum error last_version(struct db_connection *connection, int64_t id,
                               uint64_t *version)
{
    struct versions versions;
    enum error err = versions_read(connection, id, 1, &versions);

    if (err == OK)
        *version = versions.last[0];
    return err;
}

static enum error batch_write_one(struct db_connection *connection,
                                  struct batch_run *run, size_t at)
{
    struct batch_change *change = &run->job->changes[at];
    struct attempt attempt = attempt_of(run, change);
    enum error err;

    attempt.job.supplier = run->plans[at].result;
    attempt.exists = run->plans[at].exists;
    err = attempt.kind->write(connection, &attempt);
    run->plans[at].result.id = attempt.job.supplier.id;
    if (err == ERROR_DB_DUPLICATE)
        err = ERROR_DB_VALUE; /* a unique key of the table's owner */
    if (err == ERROR_DB_VALUE)
        change->outcome = err;
    return err;
}

/* From the first write to the commit nobody else gets a revision: those of the
 * batch follow each other, or a trigger is missing. */
static enum error batch_write(struct db_connection *connection,
                              struct batch_run *run)
{
    const struct batch_plan *begin = NULL, *end = NULL;
    uint64_t first = 0, last = 0, count = 0;
    enum error err = OK;

    for (size_t i = 0; i < run->job->count && err == OK; i++) {
        if (run->job->changes[i].outcome != OK)
            continue;
        end = &run->plans[i];
        begin = begin != NULL ? begin : end;
        count++;
        err = batch_write_one(connection, run, i);
    }
    if (err != OK || begin == NULL) /* one is left, else it is refused before */
        return err;
    err = last_version(connection, begin->result.id, &first);
    if (err == OK)
        err = last_version(connection, end->result.id, &last);
    if (err != OK)
        return err;
    if (first == begin->before || last - first + 1 != count)
        return ERROR_DB_TRIGGERS;
    run->job->first_revision = first;
    if (last > first &&
        (err = groups_note(connection, run->job->form_key, first, last)) != OK)
        return err;
    return form_claim_note(connection, &run->claim, begin->result.id, first);
}

static enum error batch_transact(struct db_connection *connection,
                                 struct batch_run *run)
{
    const struct batch_job *job = run->job;
    enum error err = change_begin(
        connection, job->actor, job->undoes ? "restore" : NULL, job->form_key);

    if (err != OK)
        return err;
    err = form_claim_take(connection, &run->claim);
    run->claimed = err == OK;
    if (err != OK || (err = batch_prepare(connection, run)) != OK ||
        (err = outcome_of_all(job)) != OK ||
        (err = batch_write(connection, run)) != OK)
        return db_rollback(connection, err);
    return db_commit(connection);
}

/* Under a key that was used before. */
static enum error batch_settle(struct db_connection *connection,
                               struct batch_run *run)
{
    struct form_outcome outcome;
    enum error err = batch_transact(connection, run);

    if (err != ERROR_DB_DUPLICATE || run->claimed)
        return err;
    err = form_claim_outcome(connection, &run->claim, &outcome);
    if (err == ERROR_DEADLINE)
        return ERROR_DB_UNKNOWN; /* an earlier run may have saved it */
    if (err != OK)
        return err;
    run->job->key_used = !outcome.same;
    run->job->repeated = outcome.same;
    run->job->first_revision = outcome.revision;
    return outcome.same ? OK : ERROR_CONFLICT;
}

/* The run. */

static enum error batch_open(struct batch_run *run)
{
    struct batch_job *job = run->job;

    job->repeated = false;
    job->key_used = false;
    for (size_t i = 0; i < job->count; i++) {
        job->changes[i].outcome = OK;
        job->changes[i].faults = (struct supplier_faults){ 0 };
    }
    run->planned = arena_open(PLANNED_MAX_BYTES);
    run->scratch = arena_open(PLANNED_MAX_BYTES);
    if (run->planned == NULL || run->scratch == NULL)
        return ERROR_MEMORY;
    run->plans = arena_alloc(run->planned, job->count * sizeof(*run->plans));
    return run->plans == NULL ? ERROR_MEMORY
                              : form_claim_open(&run->claim, job->form_key,
                                                job->text, 0, 0, NULL);
}

static enum error batch_try(struct db_connection *connection,
                            struct batch_job *job)
{
    struct batch_run run = { .job = job };
    enum error err = batch_open(&run);

    if (err == OK)
        err = batch_settle(connection, &run);
    if (err == ERROR_DB_VALUE)
        refusal_read(connection, job->arena, &job->refusal);
    form_claim_close(&run.claim);
    if (run.scratch != NULL)
        arena_close(run.scratch);
    if (run.planned != NULL)
        arena_close(run.planned);
    return err;
}

enum error store_batch(struct db_connection *connection, void *job)
{
    struct batch_job *batch = job;
    enum error err = batch_try(connection, batch);

    return change_may_again(connection, err, &batch->reloaded)
               ? batch_try(connection, batch)
               : err;
}

/* What it has made, as the log has it. */

static const char select_batch[] =
    "SELECT supplier_id, revision,"
    " TIMESTAMPDIFF(MICROSECOND, '1970-01-01', at), writer = '', " COLUMNS
    " FROM supplier_changes WHERE revision >= ? AND revision < ?"
    " ORDER BY revision";

enum { BATCH_COLUMN_FIELDS = 4 };

struct batch_reading {
    batch_seen_fn *seen;
    void *context;
    size_t count;
};

static enum error take_change(const struct db_row *row, void *context)
{
    struct batch_reading *reading = context;
    struct supplier supplier = {
        .id = db_row_integer(row, 0),
        .revision = (uint64_t)db_row_integer(row, 1),
        .changed_us = db_row_integer(row, 2),
    };

    for (unsigned f = 0; f < SUPPLIER_FIELDS; f++)
        supplier.fields[f] = db_row_text(row, BATCH_COLUMN_FIELDS + f);
    reading->seen(reading->context, &supplier, db_row_integer(row, 3) != 0);
    reading->count++;
    return OK;
}

enum error store_batch_read(struct db_connection *connection,
                            uint64_t first_revision, size_t count,
                            batch_seen_fn *seen, void *context)
{
    const struct db_value values[] = {
        DB_VALUE_INTEGER((int64_t)first_revision),
        DB_VALUE_INTEGER((int64_t)(first_revision + count)),
    };
    struct batch_reading reading = { seen, context, 0 };
    enum error err =
        db_query(connection, select_batch, values, 2, take_change, &reading);

    return err == OK && reading.count != count ? ERROR_NOT_FOUND : err;
}
