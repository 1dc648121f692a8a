/* Adding and changing a supplier. Each step is two neighbouring functions: one
 * asks, the next answers. */
#include "employee.h"

static catalog_show_fn editor_update_found, editor_compare;
static db_done_fn editor_compared, editor_saved;

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

    catalog_when_fresh(self->catalog, editor_update_found, req);
}

static void editor_update_found(struct request *req,
                                const struct snapshot *snapshot)
{
    struct edit *edit = edit_open(req, EDIT_UPDATE);
    const struct supplier *supplier;
    int64_t id;

    if (request_param_id(req, "id", &id) != OK) {
        respond_error(req, 404);
    } else if (edit == NULL || snapshot == NULL || snapshot_stale(snapshot)) {
        respond_error(req, 503);
    } else if ((supplier = snapshot_find(snapshot, id)) == NULL) {
        respond_gone(req, id);
    } else {
        edit->job.supplier = *supplier;
        edit->job.expected = supplier->revision;
        edit->list = list_of(req, request_head(req)->query);
        edit_respond(edit, 200);
    }
}

/* Saving it: what is faulty comes back, what looks like a duplicate is asked
 * about, the rest goes to the store. */

static void submit(struct edit *edit)
{
    save_submit(edit, edit->kind == EDIT_ADD ? store_add : store_update,
                editor_saved);
}

static void look_at(struct edit *edit)
{
    struct employee *self = request_app(edit->req);

    if (edit->preview) {
        edit_respond(edit, 200);
        return;
    }
    supplier_check(request_arena(edit->req), &edit->job.supplier,
                   &edit->faults);
    if (edit->faults.count > 0)
        edit_respond(edit, 422);
    else if (edit->anyway)
        submit(edit);
    else
        catalog_when_fresh(self->catalog, editor_compare, edit->req);
}

static void receive(struct request *req, enum edit_kind kind)
{
    struct edit *edit = edit_open(req, kind);
    enum error err = edit ? edit_read(edit) : ERROR_MEMORY;
    const struct form *form;

    request_set_own(req, edit);
    if (err == ERROR_NOT_FOUND && request_form(req, &form) != OK)
        respond_error(req, 415);
    else if (err != OK)
        respond_error(req, status_of_error(err));
    else if (edit->problem != NULL)
        edit_respond(edit, 400);
    else
        look_at(edit);
}

/* POST /admin/supplier-add */
void editor_add(struct request *req)
{
    receive(req, EDIT_ADD);
}

/* POST /admin/supplier-update */
void editor_save(struct request *req)
{
    receive(req, EDIT_UPDATE);
}

static void editor_compare(struct request *req, const struct snapshot *snapshot)
{
    struct employee *self = request_app(req);
    struct edit *edit = request_own(req);
    const struct supplier *typed = &edit->job.supplier;
    const struct supplier *before = NULL;
    struct duplicate_job *job;

    if (snapshot != NULL && edit->kind == EDIT_UPDATE)
        before = snapshot_find(snapshot, typed->id);
    if (snapshot == NULL || (edit->kind == EDIT_UPDATE && before == NULL) ||
        duplicates_find(snapshot, typed, before, &edit->duplicates) != OK ||
        edit->duplicates.count == 0 ||
        (job = arena_alloc(request_arena(req), sizeof(*job))) == NULL) {
        submit(edit);
        return;
    }
    job->form_key = slice_of(edit->key);
    job->context = edit;
    db_submit(self->service->db, duplicates_key_known, editor_compared, job);
}

/* A form that was sent twice finds what it has added itself. */
static void editor_compared(void *job, enum error outcome)
{
    const struct duplicate_job *asked = job;
    struct edit *edit = asked->context;

    if (outcome == OK && !asked->known)
        edit_respond(edit, 409);
    else
        submit(edit);
}

static void editor_saved(void *job, enum error outcome)
{
    struct edit *edit = job;

    if (outcome == OK) {
        save_respond(edit);
        return;
    }
    edit->duplicates.count = 0;
    if (outcome == ERROR_CONFLICT) {
        edit_clash(edit);
    } else if (outcome == ERROR_DB_VALUE) {
        edit_refuse(edit);
    } else {
        if (outcome == ERROR_NOT_FOUND)
            edit_gone(edit);
        edit->problem = edit_problem(edit, outcome);
    }
    edit_respond(edit, status_of_error(outcome));
}

/* A post that the server has refused. */

static const char *refusal_text(int status)
{
    if (status == 413)
        return "This is too large to be saved. Nothing was changed; shorten "
               "what you typed and send it again.";
    return "Your browser did not say from which page this came, so nothing "
           "was changed. Check what you typed and send it again. If this "
           "happens each time, an add-on or a proxy takes the field Origin "
           "out: switch that off for this site.";
}

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
    edit->preview = false;
    edit->problem = refusal_text(status);
    if (status == 413)
        supplier_check(request_arena(req), &edit->job.supplier, &edit->faults);
    page = edit_page(edit, status);
    if (page != NULL && page->failed) {
        page_unref(page);
        page = NULL;
    }
    return page;
}
