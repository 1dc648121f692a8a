/* POST /admin/api/v1/suppliers:batch: many changes, all of them or none. Each
 * operation is read, checked and stored as the request of its method is. */
#include "write_batch.h"
#include "cafe/api/parameters.h"
#include "cafe/api/problem.h"
#include "cafe/api/suppliers.h"
#include "cafe/base/json.h"
#include "cafe/service/keys.h"
#include "cafe/service/offload.h"
#include "cafe/suppliers/supplier_json.h"

static offload_done_fn batch_taken, batch_looked;
static catalog_show_fn batch_compare;
static db_done_fn batch_compared, batch_saved, batch_shown;

/* Reading, on the other thread: the loop does not use the arena meanwhile. */

static enum error take_operation(struct arena *arena,
                                 const struct operation *operation,
                                 struct batch_change *change)
{
    enum error err =
        supplier_from_form(arena, &operation->form, &change->supplier);

    change->supplier.id = operation->id;
    write_mark_shown(change->shown, &operation->form, operation->method);
    if (operation->method == OPERATION_POST) {
        change->action = BATCH_ADD;
        supplier_check(arena, &change->supplier, &change->faults);
        change->outcome = change->faults.count > 0 ? ERROR_SYNTAX : OK;
        return err;
    }
    change->action = operation->method == OPERATION_DELETE ? BATCH_REMOVE
                                                           : BATCH_UPDATE;
    if (!slice_is(operation->if_match, "*") &&
        !supplier_etag_read(operation->if_match, &change->expected,
                            &change->expected_us))
        change->expected = REVISION_LOST;
    return err;
}

/* Another body under the same key is told apart by its digest. */
static enum error take_digest(struct batch *batch)
{
    struct key_digest digest;
    enum error err = key_digest(request_body(batch->req), &digest);

    if (err == OK)
        batch->job.text = arena_printf(batch->arena, "batch %s", digest.hex);
    return err == OK && batch->job.text == NULL ? ERROR_MEMORY : err;
}

static void batch_take(void *argument)
{
    struct batch *batch = argument;
    struct batch_job *job = &batch->job;

    batch->err =
        batch_body_read(batch->arena, request_body(batch->req), &batch->body);
    if (batch->err != OK)
        return;
    job->count = batch->body.count;
    job->changes =
        arena_alloc(batch->arena, job->count * sizeof(*job->changes));
    batch->err = job->changes != NULL ? take_digest(batch) : ERROR_MEMORY;
    for (size_t i = 0; i < job->count && batch->err == OK; i++)
        batch->err = take_operation(batch->arena, &batch->body.operations[i],
                                    &job->changes[i]);
}

static bool any_refused(const struct batch_job *job)
{
    for (size_t i = 0; i < job->count; i++)
        if (job->changes[i].outcome != OK)
            return true;
    return false;
}

static void submit_batch(struct batch *batch)
{
    save_submit_batch(batch->req, store_batch, batch_saved, &batch->job);
}

static void batch_taken(void *argument, enum error err)
{
    struct batch *batch = argument;
    const struct employee *self = request_app(batch->req);
    const struct body_faults *faults = &batch->body.faults;

    if (err == OK)
        err = batch->err;
    if (err == ERROR_SYNTAX)
        write_refuse_body(batch->req, faults,
                          !faults->readable           ? 400
                          : batch->body.unconditional ? 428
                                                      : 422);
    else if (err != OK)
        respond_error(batch->req, 503);
    else if (any_refused(&batch->job))
        batch_refuse_changes(batch);
    else if (batch->anyway)
        submit_batch(batch);
    else
        catalog_when_fresh(self->api.catalog, batch_compare,
                           request_life(batch->req));
}

/* Duplicates. Without suppliers to compare with, the store still saves. */

/* What is compared of a supplier: its notes are not. */
static enum error ask_for(struct batch *batch, size_t at,
                          struct supplier both[2])
{
    const struct batch_change *change = &batch->job.changes[at];
    struct duplicate_question *question = &batch->questions[at];
    const struct supplier *before =
        snapshot_find(batch->snapshot, change->supplier.id);

    if (change->action == BATCH_REMOVE ||
        (change->action == BATCH_UPDATE && before == NULL))
        return OK;
    both[0] = change->supplier;
    both[0].fields[SUPPLIER_NOTES] = SLICE("");
    question->supplier = &both[0];
    if (change->action == BATCH_ADD)
        return OK;
    both[1] = *before;
    both[1].fields[SUPPLIER_NOTES] = SLICE("");
    question->before = &both[1];
    return untouched_restore(batch->arena, &both[0], &both[1], change->shown);
}

static void batch_look(void *argument)
{
    struct batch *batch = argument;
    const size_t count = batch->job.count;
    struct supplier(*both)[2] =
        arena_alloc(batch->arena, count * sizeof(*both));

    batch->questions =
        arena_alloc(batch->arena, count * sizeof(*batch->questions));
    batch->err = both != NULL && batch->questions != NULL ? OK : ERROR_MEMORY;
    for (size_t i = 0; i < count && batch->err == OK; i++)
        batch->err = ask_for(batch, i, both[i]);
    if (batch->err == OK)
        batch->err =
            duplicates_find_all(batch->snapshot, batch->questions, count);
}

static void batch_compare(struct lifetime *life,
                          const struct snapshot *snapshot)
{
    struct request *req = request_of(life);
    const struct employee *self = request_app(req);
    struct batch *batch = request_own(req);

    batch->snapshot = snapshot;
    if (snapshot == NULL ||
        offload_submit(self->api.service->offload, request_client(req),
                       batch_look, batch_looked, batch) != OK)
        submit_batch(batch);
}

static void batch_looked(void *argument, enum error err)
{
    struct batch *batch = argument;
    bool any = false;

    for (size_t i = 0; err == OK && batch->err == OK && i < batch->job.count;
         i++)
        any |= batch_is_twin(&batch->questions[i]);
    batch->asked = (struct duplicate_job){ .form_key = slice_of(batch->key),
                                           .context = batch };
    if (any)
        call_database(batch->req, "form key", duplicates_key_known,
                      batch_compared, &batch->asked);
    else
        submit_batch(batch);
}

/* A batch that is sent again would be told of what it has added itself. */
static void batch_compared(void *job, enum error outcome)
{
    const struct duplicate_job *asked = job;

    if (outcome != OK || asked->known)
        submit_batch(asked->context);
    else
        batch_refuse_twins(asked->context);
}

/* The answer. */

struct batch_answer {
    struct text text;
    const struct operation *operation; /* of the next result */
};

static void write_result(void *context, const struct supplier *supplier,
                         bool forgotten)
{
    static const int done[] = { [OPERATION_POST] = 201,
                                [OPERATION_PUT] = 200,
                                [OPERATION_PATCH] = 200,
                                [OPERATION_DELETE] = 204 };
    struct batch_answer *answer = context;
    const enum operation_method method = answer->operation->method;
    struct text *out = &answer->text;
    char etag[SUPPLIER_ETAG_BYTES];

    answer->operation++;
    json_object(out, NULL);
    json_number(out, "status", done[method]);
    if (method != OPERATION_DELETE && !forgotten) {
        supplier_etag(supplier, etag);
        json_text(out, "etag", slice_of(etag));
        json_object(out, "supplier");
        supplier_json_members(out, supplier);
        json_object_end(out);
    }
    json_object_end(out);
}

/* On a database thread, since it may be long: what was saved is read from the
 * log, so that a batch that is sent again gets the first answer. */
static enum error batch_show(struct db_connection *connection, void *argument)
{
    struct batch *batch = argument;
    const struct batch_job *job = &batch->job;
    struct batch_answer answer = { .operation = batch->body.operations };
    enum error err;

    text_init(&answer.text, 0);
    json_object(&answer.text, NULL);
    json_array(&answer.text, "results");
    err = store_batch_read(connection, job->first_revision, job->count,
                           write_result, &answer);
    json_array_end(&answer.text);
    json_object_end(&answer.text);
    text_append_char(&answer.text, '\n');
    if (err == OK)
        batch->page = page_data(200, JSON_TYPE, "no-store", &answer.text);
    text_free(&answer.text);
    return err;
}

static void batch_shown(void *job, enum error outcome)
{
    struct batch *batch = job;

    if (outcome != OK || batch->page == NULL)
        write_refuse(batch->req, 503,
                     "This was done, but its outcome can't be shown now. Send "
                     "it again with the same Idempotency-Key, or read the "
                     "suppliers.");
    else
        respond_page(batch->req, batch->page);
}

static void batch_saved(void *job, enum error outcome)
{
    struct batch *batch = job;

    save_note(batch->req, batch->job.reloaded, outcome);
    if (outcome != OK) {
        batch_refuse(batch, outcome);
        return;
    }
    save_log_batch(batch->req, &batch->job, batch->job.count);
    call_database(batch->req, "written", batch_show, batch_shown, batch);
}

/* The beginning. */

/* NULL: out of memory. */
static struct batch *write_batch_open(struct request *req)
{
    struct batch *batch = arena_alloc(request_arena(req), sizeof(*batch));
    struct arena *arena = save_batch_arena(req);

    if (batch == NULL || arena == NULL)
        return NULL;
    batch->req = req;
    batch->arena = arena;
    batch->job.arena = arena;
    batch->job.form_key = batch->key;
    batch->job.actor = edit_actor(req);
    batch->job.context = batch;
    return form_key_make(batch->key) == OK ? batch : NULL;
}

static const struct parameter batch_parameters[] = {
    { "anyway", write_anyway,
      "Set anyway to 1 to save what looks like a duplicate, or omit it." },
    { NULL, NULL, "There is no such parameter. Use anyway." },
};

void write_batch(struct request *req)
{
    const struct employee *self = request_app(req);
    struct batch *batch = write_batch_open(req);

    if (batch == NULL) {
        respond_error(req, 503);
        return;
    }
    request_set_own(req, batch);
    if (!parameters_read(req, batch_parameters, &batch->anyway) ||
        !write_retry_key(req, batch->key))
        return;
    if (!write_is_json(req))
        write_refuse(req, 415, "Send application/json.");
    else if (offload_submit(self->api.service->offload, request_client(req),
                            batch_take, batch_taken, batch) != OK)
        respond_error(req, 503);
}
