/* Adding and changing a supplier. Each step is two neighbouring functions: one
 * asks, the next answers. */
#include "cafe/service/offload.h"
#include "cafe/service/roles.h"
#include "cafe/suppliers/untouched.h"
#include "employee.h"

static catalog_show_fn editor_update_found, editor_compare;
static db_done_fn editor_compared, editor_saved;
static offload_done_fn editor_looked;
static notes_show_fn editor_previewed;

/* Showing the form. */

/* GET /admin/supplier-add */
void editor_add_show(struct request *req)
{
    struct edit *edit = edit_open(req, EDIT_ADD);

    if (edit == NULL) {
        respond_error(req, 503);
        return;
    }
    edit->list = list_of(req, request_head(req)->query);
    edit_respond(edit, 200);
}

/* GET /admin/supplier-update/{id} */
void editor_update_show(struct request *req)
{
    struct employee *self = request_app(req);

    catalog_when_fresh(self->api.catalog, editor_update_found,
                       request_life(req));
}

static void editor_update_found(struct lifetime *life,
                                const struct snapshot *snapshot)
{
    struct request *req = request_of(life);
    struct edit *edit = edit_open(req, EDIT_UPDATE);
    const struct supplier *supplier;
    int64_t id;

    if (request_param_id(req, "id", &id) != OK) {
        respond_error(req, 404);
    } else if (edit == NULL || snapshot == NULL) {
        respond_error(req, 503);
    } else if ((supplier = snapshot_find(snapshot, id)) == NULL) {
        respond_missing(req, snapshot, id);
    } else if (!may_change(req)) {
        respond_supplier(req, snapshot, supplier);
    } else {
        edit->snapshot = snapshot;
        edit->job.supplier = *supplier;
        edit->job.expected = supplier->revision;
        edit->job.expected_us = supplier->changed_us;
        edit->list = list_of(req, request_head(req)->query);
        untouched_check(request_arena(req), supplier, supplier, &edit->faults);
        edit_respond(edit, 200);
    }
}

/* Saving it: a faulty form comes back, possible duplicates are asked about, the
 * rest goes to the store. The store decides: what is checked here, with the
 * catalog, may be out of date by then, and only answers sooner. */

static void submit(struct edit *edit)
{
    save_submit(edit, edit->kind == EDIT_ADD ? store_add : store_update,
                editor_saved);
}

/* The form comes back whatever is in it. The key of a question that was
 * answered may have deleted the supplier. */
static void editor_look(struct edit *edit)
{
    struct employee *self = request_app(edit->req);

    if (edit->look == LOOK_DELETE && edit->kind == EDIT_UPDATE) {
        remove_question(edit);
    } else if (edit->look == LOOK_KEEP) {
        edit->kept = true;
        edit_renew_key(edit);
        edit_respond(edit, 200);
    } else {
        notes_when_rendered(self->api.service->notes, edit->req,
                            edit->job.supplier.fields[SUPPLIER_NOTES],
                            editor_previewed);
    }
}

/* An addition is checked here. An update is not, because what it may leave as
 * it is depends on what is stored. */
void editor_take(struct edit *edit)
{
    struct employee *self = request_app(edit->req);
    bool adding = edit->kind == EDIT_ADD;

    if (edit->look != LOOK_NONE) {
        editor_look(edit);
        return;
    }
    if (adding)
        supplier_check(request_arena(edit->req), &edit->job.supplier,
                       &edit->faults);
    clash_check(edit);
    if (edit->faults.count > 0)
        edit_respond(edit, 422);
    else if (adding && edit->anyway)
        submit(edit);
    else
        catalog_when_fresh(self->api.catalog, editor_compare,
                           request_life(edit->req));
}

static void editor_previewed(struct request *req,
                             const struct rendered_notes *rendered)
{
    struct edit *edit = request_own(req);

    if (rendered == NULL) {
        request_reject(req, REJECTION_LIMIT);
        edit->problem = "The site is too busy to show the notes right now. "
                        "Nothing was saved; what you typed is still here. Try "
                        "again in a moment.";
        edit_respond(edit, 503);
        return;
    }
    edit->rendered = *rendered;
    edit->previewed = true;
    edit_respond(edit, 200);
}

static void editor_receive(struct request *req, enum edit_kind kind)
{
    struct edit *edit = edit_open(req, kind);
    enum error err = edit != NULL ? edit_read(edit) : ERROR_MEMORY;
    const struct form *form;

    request_set_own(req, edit);
    /* The same error for no form at all and for a form without an id. */
    if (err == ERROR_NOT_FOUND && request_form(req, &form) != OK)
        respond_error(req, 415);
    else if (err != OK)
        respond_error(req, status_of_error(err));
    else if (edit->problem != NULL)
        edit_respond(edit, 400);
    else
        editor_take(edit);
}

/* POST /admin/supplier-add */
void editor_add(struct request *req)
{
    editor_receive(req, EDIT_ADD);
}

/* POST /admin/supplier-update */
void editor_save(struct request *req)
{
    editor_receive(req, EDIT_UPDATE);
}

/*
 * Check an update against what the form was based on, where the catalog has
 * that version; the store checks it in any case. `typed` has what was not
 * touched as it is stored.
 */
static enum error check_update(struct edit *edit, const struct supplier *before,
                               struct supplier *typed)
{
    const struct store_job *job = &edit->job;
    enum error err;

    if (job->expected != 0 && job->expected != before->revision)
        return OK;
    if (job->expected_us != 0 && job->expected_us != before->changed_us)
        return OK;
    err = untouched_restore(job->arena, typed, before, job->shown);
    if (err == OK)
        untouched_check(job->arena, typed, before, &edit->faults);
    return err;
}

static void ask_duplicates(struct edit *edit)
{
    struct duplicate_job *job =
        arena_alloc(request_arena(edit->req), sizeof(*job));

    if (job == NULL) {
        submit(edit);
        return;
    }
    job->form_key = slice_of(edit->key);
    job->context = edit;
    call_database(edit->req, "form key", duplicates_key_known, editor_compared,
                  job);
}

/* What is compared on the other thread, because it takes time for each
 * supplier: 15 ms for 100,000. */
struct comparison {
    struct edit *edit;
    const struct snapshot *snapshot;
    const struct supplier *before; /* NULL: an addition */
    enum error err;
};

static void look_for_duplicates(void *argument)
{
    struct comparison *comparison = argument;
    struct edit *edit = comparison->edit;

    comparison->err = duplicates_find(comparison->snapshot, &edit->typed,
                                      comparison->before, &edit->duplicates);
}

static void editor_looked(void *argument, enum error err)
{
    struct comparison *comparison = argument;
    struct edit *edit = comparison->edit;

    if (err != OK || comparison->err != OK || edit->duplicates.count == 0)
        submit(edit);
    else
        ask_duplicates(edit);
}

static void compare(struct edit *edit, const struct snapshot *snapshot,
                    const struct supplier *before)
{
    struct employee *self = request_app(edit->req);
    struct comparison *comparison =
        arena_alloc(request_arena(edit->req), sizeof(*comparison));

    if (comparison == NULL) {
        submit(edit);
        return;
    }
    *comparison = (struct comparison){ edit, snapshot, before, OK };
    if (offload_submit(self->api.service->offload, request_client(edit->req),
                       look_for_duplicates, editor_looked, comparison) != OK)
        submit(edit);
}

static void editor_compare(struct lifetime *life,
                           const struct snapshot *snapshot)
{
    struct request *req = request_of(life);
    struct edit *edit = request_own(req);
    const struct supplier *before = NULL;
    bool updating = edit->kind == EDIT_UPDATE;

    edit->typed = edit->job.supplier;
    if (snapshot != NULL && updating)
        before = snapshot_find(snapshot, edit->typed.id);
    /* Without suppliers to compare with, the store still saves and checks. */
    if (snapshot == NULL || (updating && before == NULL) ||
        (before != NULL && check_update(edit, before, &edit->typed) != OK)) {
        submit(edit);
    } else if (edit->faults.count > 0) {
        edit->job.supplier = edit->typed;
        edit_respond(edit, 422);
    } else if (edit->anyway) {
        submit(edit);
    } else {
        compare(edit, snapshot, before);
    }
}

/* A form that was sent twice would be told of the supplier that it has added
 * itself, as a duplicate: with a known key it goes to the store, which gives
 * the first result. */
static void editor_compared(void *job, enum error outcome)
{
    const struct duplicate_job *asked = job;
    struct edit *edit = asked->context;

    if (outcome != OK || asked->known) {
        submit(edit);
        return;
    }
    edit->job.supplier = edit->typed;
    edit_respond(edit, 409);
}

static void editor_saved(void *job, enum error outcome)
{
    struct edit *edit = job;
    bool added = outcome == ERROR_CONFLICT && edit->job.earlier.revision != 0;

    save_note(edit->req, edit->job.reloaded, outcome);
    edit->outcome = outcome;
    if (outcome == OK) {
        save_respond(edit);
        return;
    }
    edit->duplicates.count = 0;
    if (outcome == ERROR_SYNTAX)
        edit->faults = edit->job.faults;
    if (added)
        edit_added(edit);
    else if (outcome == ERROR_CONFLICT || edit->job.merged)
        edit_clash(edit);
    else if (outcome == ERROR_NOT_FOUND)
        edit_gone(edit);
    if (outcome == ERROR_DB_VALUE)
        edit_refuse(edit);
    else if (outcome != ERROR_CONFLICT && outcome != ERROR_SYNTAX)
        edit->problem = edit_problem(edit, outcome);
    edit_respond(edit,
                 outcome == ERROR_SYNTAX ? 422 : status_of_error(outcome));
}

/* A post that the server has refused. */

struct page *editor_refused(struct request *req, int status)
{
    const struct route *route = request_route(req);
    struct page *page = NULL;
    struct edit *edit;

    if (!request_form_kept(req) || route == NULL ||
        (route->handler != editor_add && route->handler != editor_save))
        return NULL;
    edit =
        edit_open(req, route->handler == editor_add ? EDIT_ADD : EDIT_UPDATE);
    if (edit == NULL || edit_read(edit) != OK)
        return NULL;
    /* Whatever button was pressed: the refusal is what the page is about. */
    edit->problem =
        refusal_text(req, status, "Check what you typed and send it again.");
    if (status == 413)
        supplier_check(request_arena(req), &edit->job.supplier, &edit->faults);
    page = edit_page(edit, status);
    if (page != NULL && page->failed) {
        page_unref(page);
        page = NULL;
    }
    return page;
}
