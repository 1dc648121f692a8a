/* Why a batch was not done: what is wrong, operation by operation. */
#include "cafe/api/problem.h"
#include "cafe/base/json.h"
#include "write_batch.h"

enum { BATCH_ERRORS_MAX = 20 };

static void write_field_faults(struct text *out, struct arena *arena, size_t at,
                               const struct supplier_faults *faults)
{
    for (size_t f = 0; f < SUPPLIER_FIELDS; f++) {
        const char *pointer = arena_printf(arena, "/operations/%zu/supplier/%s",
                                           at, supplier_columns[f].name);

        if (faults->messages[f] == NULL)
            continue;
        write_fault(out, pointer != NULL ? pointer : "", faults->messages[f]);
        json_object_end(out);
    }
}

static const char *pointer_of(const struct batch *batch, size_t at,
                              const char *member)
{
    const char *pointer =
        arena_printf(batch->arena, "/operations/%zu%s", at, member);

    return pointer != NULL ? pointer : "";
}

/* What the table does not take: by field where that is known. */
static void write_refused_value(struct text *out, const struct batch *batch,
                                size_t at)
{
    const struct store_refusal *refusal = &batch->job.refusal;
    struct supplier_faults faults = { 0 };
    const char *said;

    supplier_check_room(batch->arena, &batch->job.changes[at].supplier,
                        refusal->room, &faults);
    if (faults.count > 0) {
        write_field_faults(out, batch->arena, at, &faults);
        return;
    }
    said = arena_printf(batch->arena,
                        "The suppliers table does not accept this. The "
                        "database says: %s",
                        refusal->sentence);
    write_fault(out, pointer_of(batch, at, "/supplier"),
                said != NULL ? said
                             : "The suppliers table does not accept this.");
    json_object_end(out);
}

static void write_outcome(struct text *out, const struct batch *batch,
                          size_t at)
{
    const struct batch_change *change = &batch->job.changes[at];

    if (change->outcome == ERROR_SYNTAX) {
        write_field_faults(out, batch->arena, at, &change->faults);
    } else if (change->outcome == ERROR_DB_VALUE) {
        write_refused_value(out, batch, at);
    } else if (change->outcome == ERROR_CONFLICT) {
        write_fault(out, pointer_of(batch, at, "/if_match"),
                    "Somebody has changed this supplier since: look at "
                    "current, then send the change with its etag.");
        write_current(out, &change->now);
        json_object_end(out);
    } else if (change->outcome == ERROR_NOT_FOUND) {
        write_fault(out, pointer_of(batch, at, "/id"),
                    "There is no supplier with this id, or it has been "
                    "deleted.");
        json_object_end(out);
    }
}

static int status_of_outcome(enum error outcome)
{
    if (outcome == ERROR_SYNTAX)
        return 422;
    return outcome == ERROR_CONFLICT ? 412 : status_of_error(outcome);
}

/* The first changes that are refused; the status is that of the first one. */
void batch_refuse_changes(struct batch *batch)
{
    const struct batch_job *job = &batch->job;
    size_t errors = 0;
    int status = 0;
    struct text out;

    for (size_t i = 0; i < job->count && status == 0; i++)
        if (job->changes[i].outcome != OK)
            status = status_of_outcome(job->changes[i].outcome);
    problem_begin(&out, batch->req, status, "Nothing was changed: see errors.");
    json_array(&out, "errors");
    for (size_t i = 0; i < job->count && errors < BATCH_ERRORS_MAX; i++) {
        errors += job->changes[i].outcome != OK;
        write_outcome(&out, batch, i);
    }
    json_array_end(&out);
    respond_page(batch->req, problem_end(&out, status));
}

bool batch_is_twin(const struct duplicate_question *question)
{
    return question->found.count > 0 || question->twin != SIZE_MAX;
}

static void write_twin(struct text *out, const struct batch *batch, size_t at)
{
    const struct duplicate_question *question = &batch->questions[at];
    const char *detail = "This may be a supplier that is there already; see "
                         "duplicates.";

    if (question->found.count == 0)
        detail = arena_printf(batch->arena,
                              "This may be the same supplier as that of "
                              "/operations/%zu.",
                              question->twin);
    write_fault(out, pointer_of(batch, at, "/supplier"),
                detail != NULL ? detail : "");
    if (question->found.count > 0)
        write_duplicates(out, &question->found);
    json_object_end(out);
}

void batch_refuse_twins(struct batch *batch)
{
    size_t errors = 0;
    struct text out;

    problem_begin(&out, batch->req, 409,
                  "Some of these may be suppliers that are there already; see "
                  "errors. Nothing was changed. If they are others, add "
                  "?anyway=1 to the address.");
    json_array(&out, "errors");
    for (size_t i = 0; i < batch->job.count && errors < BATCH_ERRORS_MAX; i++) {
        if (!batch_is_twin(&batch->questions[i]))
            continue;
        write_twin(&out, batch, i);
        errors++;
    }
    json_array_end(&out);
    respond_page(batch->req, problem_end(&out, 409));
}

void batch_refuse(struct batch *batch, enum error outcome)
{
    int status = status_of_error(outcome);

    if (batch->job.key_used)
        write_refuse(batch->req, 422, write_key_used);
    else if (outcome == ERROR_SYNTAX || outcome == ERROR_CONFLICT ||
             outcome == ERROR_NOT_FOUND || outcome == ERROR_DB_VALUE)
        batch_refuse_changes(batch);
    else
        write_refuse(batch->req, status, write_trouble(outcome, status));
}
