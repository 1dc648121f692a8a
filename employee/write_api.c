/* Programs change suppliers: what they send becomes an edit as a form does, is
 * checked, merged and stored by the same functions, and answered as JSON. */
#include <string.h>

#include "cafe/api/parameters.h"
#include "cafe/api/problem.h"
#include "cafe/api/suppliers.h"
#include "cafe/base/json.h"
#include "cafe/service/keys.h"
#include "cafe/service/offload.h"
#include "cafe/suppliers/supplier_json.h"
#include "write_api.h"

enum {
    RETRY_KEY_MAX_BYTES = 255,
    READ_AT_ONCE_MAX_BYTES = 8 * 1024 /* at most half a millisecond */
};

static db_done_fn write_removed, write_read_back;

/* What is refused before it is an edit. */

void write_refuse(struct request *req, int status, const char *detail)
{
    request_explain(req, detail);
    respond_error(req, status);
}

bool write_is_json(const struct request *req)
{
    struct slice type = request_field(req, "content-type");

    type = slice_trim(slice_cut(&type, ';'));
    return slice_is_nocase(type, "application/json") ||
           (request_method(req) == PATCH &&
            slice_is_nocase(type, "application/merge-patch+json"));
}

/* Each fault with its place. */

void write_fault(struct text *out, const char *pointer, const char *detail)
{
    json_object(out, NULL);
    json_text(out, "pointer", slice_of(pointer));
    json_text(out, "detail", slice_of(detail));
}

void write_refuse_body(struct request *req, const struct body_faults *faults,
                       int status)
{
    struct text out;

    problem_begin(&out, req, status,
                  faults->readable ? "Nothing was changed: see errors."
                                   : "The body can't be read; see errors.");
    json_array(&out, "errors");
    for (size_t i = 0; i < faults->count; i++) {
        write_fault(&out, faults->list[i].pointer, faults->list[i].detail);
        json_object_end(&out);
    }
    json_array_end(&out);
    respond_page(req, problem_end(&out, status));
}

static void write_faults(struct text *out, const struct supplier_faults *faults,
                         struct arena *arena)
{
    json_array(out, "errors");
    for (size_t f = 0; f < SUPPLIER_FIELDS; f++) {
        const char *pointer =
            arena_printf(arena, "/%s", supplier_columns[f].name);

        if (faults->messages[f] == NULL)
            continue;
        write_fault(out, pointer != NULL ? pointer : "", faults->messages[f]);
        json_object_end(out);
    }
    json_array_end(out);
}

/* What has become of an edit. */

void write_duplicates(struct text *out, const struct duplicates *duplicates)
{
    json_array(out, "duplicates");
    for (size_t i = 0; i < duplicates->count; i++)
        supplier_json(out, duplicates->found[i].supplier);
    json_array_end(out);
}

void write_current(struct text *out, const struct supplier *supplier)
{
    json_object(out, "current");
    supplier_json_members(out, supplier);
    json_object_end(out);
}

/* Under its key another body has added a supplier, which may be gone. */
static bool key_is_used(const struct edit *edit)
{
    return edit->added || (edit->gone && edit->kind == EDIT_ADD);
}

const char write_key_used[] =
    "This Idempotency-Key was used for another body. Nothing was changed: use "
    "a new key for a new request.";

const char *write_trouble(enum error outcome, int status)
{
    if (outcome == ERROR_DB_UNKNOWN)
        return "The connection to the database was lost, so it is unknown "
               "whether this was done. Send it again with the same If-Match or "
               "Idempotency-Key: it will not be done twice.";
    if (status == 503)
        return "The database can't do this right now. Nothing was changed; "
               "send it again in a moment.";
    return "The database refused this. Nothing was changed. Tell the people "
           "who run this site.";
}

static const char *detail_of_edit(const struct edit *edit, int status)
{
    if (edit->clash)
        return "Somebody has changed this supplier since. Nothing was changed: "
               "look at current, then send the change with its ETag.";
    if (key_is_used(edit))
        return write_key_used;
    if (edit->gone)
        return "There is no supplier with this id, or it has been deleted.";
    if (edit->duplicates.count > 0)
        return "This may be a supplier that is there already; see duplicates. "
               "Nothing was changed. If it is another one, add ?anyway=1 to "
               "the address.";
    if (status == 422 && edit->problem == NULL)
        return "Nothing was changed: see errors.";
    return status == 503 || status == 500 ? write_trouble(edit->outcome, status)
                                          : edit->problem;
}

static int status_of_edit(const struct edit *edit, int status)
{
    if (edit->clash)
        return 412;
    return key_is_used(edit) ? 422 : status;
}

/* What the store has found under the lock, with when that was made. */
static struct supplier current_of(const struct edit *edit)
{
    struct supplier now = edit->job.clash.theirs.supplier;

    now.changed_us = edit->job.clash.theirs.at_us;
    return now;
}

/* In place of the form that comes back. */
static void write_refused(struct edit *edit, int status)
{
    struct supplier now;
    char etag[SUPPLIER_ETAG_BYTES];
    struct text out;

    status = status_of_edit(edit, status);
    problem_begin(&out, edit->req, status, detail_of_edit(edit, status));
    if (edit->clash) {
        now = current_of(edit);
        supplier_etag(&now, etag);
        response_add(edit->req, "ETag", etag);
        write_current(&out, &now);
    } else if (edit->faults.count > 0) {
        write_faults(&out, &edit->faults, request_arena(edit->req));
    } else if (edit->duplicates.count > 0) {
        write_duplicates(&out, &edit->duplicates);
    }
    respond_page(edit->req, problem_end(&out, status));
}

/* What was saved is read from the log, by its revision: a request that is sent
 * again gets the first one's answer. */
static void write_saved(const struct edit *edit)
{
    struct history_job *job;

    if (edit->kind == EDIT_REMOVE) {
        respond_page(edit->req, page_plain(204, ""));
        return;
    }
    job = arena_alloc(request_arena(edit->req), sizeof(*job));
    if (job == NULL) {
        respond_error(edit->req, 503);
        return;
    }
    *job = (struct history_job){
        .arena = request_arena(edit->req),
        .supplier_id = edit->job.id,
        .before = edit->job.revision + 1,
        .limit = 1,
        .context = edit->req,
    };
    call_database(edit->req, "written", history_read, write_read_back, job);
}

static void write_answer(struct request *req, const struct supplier *supplier)
{
    const struct edit *edit = request_own(req);
    char etag[SUPPLIER_ETAG_BYTES];
    struct page *page;
    struct text body;

    text_init(&body, 0);
    supplier_json(&body, supplier);
    text_append_char(&body, '\n');
    page = page_data(edit->kind == EDIT_ADD ? 201 : 200, JSON_TYPE, "no-store",
                     &body);
    text_free(&body);
    supplier_etag(supplier, etag);
    if (page != NULL) {
        page_set_etag(page, etag);
        page_field(page,
                   edit->kind == EDIT_ADD ? "Location" : "Content-Location",
                   arena_printf(request_arena(req), API_SUPPLIERS "/%lld",
                                (long long)supplier->id));
    }
    respond_page(req, page);
}

static void write_read_back(void *job, enum error outcome)
{
    const struct history_job *read = job;
    struct request *req = read->context;
    struct supplier supplier;

    if (outcome != OK || read->count == 0) {
        write_refuse(req, 503,
                     "This was done, but its outcome can't be shown now. Send "
                     "it again with the same Idempotency-Key, or read the "
                     "supplier.");
        return;
    }
    if (read->entries[0].forgotten) {
        write_refuse(req, 404,
                     "This was done, and the supplier has been erased since.");
        return;
    }
    supplier = read->entries[0].supplier;
    supplier.changed_us = read->entries[0].at_us;
    write_answer(req, &supplier);
}

/* Reading a request. */

bool write_anyway(void *into, struct slice value)
{
    *(bool *)into = true;
    return slice_is(value, "1");
}

static const struct parameter write_parameters[] = {
    { "anyway", write_anyway,
      "Set anyway to 1 to save what looks like a duplicate, or omit it." },
    { NULL, NULL, "There is no such parameter. Use anyway." },
};

/* An edit of the supplier in the path, if there is one; NULL: it is answered.
 */
static struct edit *write_open(struct request *req, enum edit_kind kind)
{
    struct edit *edit = edit_open(req, kind);

    if (edit == NULL) {
        respond_error(req, 503);
        return NULL;
    }
    if (kind != EDIT_ADD &&
        request_param_id(req, "id", &edit->job.supplier.id) != OK) {
        respond_error(req, 404);
        return NULL;
    }
    edit->respond = write_refused;
    edit->done = write_saved;
    edit->job.exact = true;
    request_set_own(req, edit);
    return parameters_read(req, write_parameters, &edit->anyway) ? edit : NULL;
}

/* RFC 9110 13.1.1. A tag that is none of ours is that of no version; false: it
 * is answered. */
static bool read_if_match(struct request *req, struct edit *edit)
{
    struct slice tag = request_field(req, "if-match");
    struct store_job *job = &edit->job;

    if (tag.len == 0) {
        write_refuse(req, 428,
                     "Send If-Match with the ETag of the supplier that the "
                     "change is based on, or * for any.");
        return false;
    }
    if (head_field_count(request_head(req), "if-match") > 1 ||
        memchr(tag.data, ',', tag.len) != NULL) {
        write_refuse(req, 400, "Send one ETag in one If-Match.");
        return false;
    }
    if (!slice_is(tag, "*") &&
        !supplier_etag_read(tag, &job->expected, &job->expected_us))
        job->expected = REVISION_LOST;
    return true;
}

bool write_retry_key(struct request *req, char key[FORM_KEY_CHARS + 1])
{
    struct slice given = request_field(req, "idempotency-key");
    struct key_digest digest;
    struct text text;
    enum error err;

    if (given.data == NULL)
        return true;
    if (given.len == 0 || given.len > RETRY_KEY_MAX_BYTES ||
        head_field_count(request_head(req), "idempotency-key") > 1) {
        write_refuse(req, 400,
                     "Send one Idempotency-Key of 1 to 255 bytes, a new one "
                     "for each request.");
        return false;
    }
    text_init(&text, 0);
    text_printf(&text, "%s\n", edit_actor(req));
    text_append_slice(&text, given);
    err = text.failed ? ERROR_MEMORY : key_digest(text_slice(&text), &digest);
    text_free(&text);
    if (err != OK) {
        respond_error(req, 503);
        return false;
    }
    form_key_spell(digest.bytes, key);
    return true;
}

/* What it does not have stays as it is, of a patch; else it is empty. */
void write_mark_shown(enum untouched_shown shown[SUPPLIER_FIELDS],
                      const struct form *form, enum operation_method method)
{
    for (enum supplier_field f = 0; f < SUPPLIER_FIELDS; f++) {
        const struct supplier_column *column = &supplier_columns[f];
        bool kept = method == OPERATION_PATCH
                        ? form_value(form, column->name).data == NULL
                        : method == OPERATION_PUT && !column->exported;

        shown[f] = kept ? NOT_SHOWN : SHOWN_WITH_LINES;
    }
}

/* A body under way, in the request's arena. */
struct body_job {
    struct edit *edit;
    enum operation_method method;
    enum error err;
    struct supplier_body body;
};

/* On any thread: the loop does not use the arena meanwhile. */
static void body_read(void *argument)
{
    struct body_job *job = argument;

    job->err = supplier_body_read(request_arena(job->edit->req),
                                  request_body(job->edit->req),
                                  job->method == OPERATION_PATCH, &job->body);
}

static void body_taken(void *argument, enum error err)
{
    struct body_job *job = argument;
    struct edit *edit = job->edit;
    int64_t id = edit->job.supplier.id;

    if (err == OK)
        err = job->err;
    if (err == ERROR_SYNTAX) {
        write_refuse_body(edit->req, &job->body.faults,
                          job->body.faults.readable ? 422 : 400);
        return;
    }
    if (err == OK)
        err = supplier_from_form(request_arena(edit->req), &job->body.form,
                                 &edit->job.supplier);
    if (err != OK) {
        respond_error(edit->req, 503);
        return;
    }
    edit->job.supplier.id = id;
    write_mark_shown(edit->job.shown, &job->body.form, job->method);
    editor_take(edit);
}

static void write_take(struct request *req, struct edit *edit,
                       enum operation_method method)
{
    const struct employee *self = request_app(req);
    struct body_job *job = arena_alloc(request_arena(req), sizeof(*job));

    if (!write_is_json(req)) {
        write_refuse(req, 415,
                     method == OPERATION_PATCH
                         ? "Send application/merge-patch+json or "
                           "application/json."
                         : "Send application/json.");
        return;
    }
    if (job == NULL) {
        respond_error(req, 503);
        return;
    }
    job->edit = edit;
    job->method = method;
    if (request_body(req).len <= READ_AT_ONCE_MAX_BYTES) {
        body_read(job);
        body_taken(job, OK);
    } else if (offload_submit(self->api.service->offload, request_client(req),
                              body_read, body_taken, job) != OK) {
        respond_error(req, 503);
    }
}

/* POST /admin/api/v1/suppliers */
void write_add(struct request *req)
{
    struct edit *edit = write_open(req, EDIT_ADD);

    if (edit != NULL && write_retry_key(req, edit->key))
        write_take(req, edit, OPERATION_POST);
}

/* PUT /admin/api/v1/suppliers/{id}: all of it. */
void write_put(struct request *req)
{
    struct edit *edit = write_open(req, EDIT_UPDATE);

    if (edit != NULL && read_if_match(req, edit))
        write_take(req, edit, OPERATION_PUT);
}

/* PATCH /admin/api/v1/suppliers/{id}: what it names. */
void write_patch(struct request *req)
{
    struct edit *edit = write_open(req, EDIT_UPDATE);

    if (edit != NULL && read_if_match(req, edit))
        write_take(req, edit, OPERATION_PATCH);
}

/* DELETE /admin/api/v1/suppliers/{id} */
void write_remove(struct request *req)
{
    struct edit *edit = write_open(req, EDIT_REMOVE);

    if (edit != NULL && read_if_match(req, edit))
        save_submit(edit, store_remove, write_removed);
}

static void write_removed(void *job, enum error outcome)
{
    struct edit *edit = job;

    save_note(edit->req, edit->job.reloaded, outcome);
    edit->outcome = outcome;
    if (outcome == OK) {
        save_respond(edit);
        return;
    }
    edit->clash = outcome == ERROR_CONFLICT;
    edit->gone = outcome == ERROR_NOT_FOUND;
    edit->problem = edit_problem(edit, outcome);
    write_refused(edit, status_of_error(outcome));
}
