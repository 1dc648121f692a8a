/* Deleting a supplier: a page that asks, then a form that does it. */
#include "employee.h"

static catalog_show_fn remove_ask, remove_ask_again;
static db_done_fn removed;

/* The page for a supplier that is not there (any more), with its history. */
static void respond_gone(struct request *req, int64_t id)
{
    struct context *context =
        employee_context(req, "There is no such supplier");

    context_number(context, "id", id);
    respond_page(req, employee_render(req, "supplier-gone", context, 404));
}

void respond_missing(struct request *req, const struct snapshot *snapshot,
                     int64_t id)
{
    /* It may have been added since that state. */
    if (snapshot_stale(snapshot))
        respond_error(req, 503);
    else
        respond_gone(req, id);
}

static void respond_remove_question(const struct edit *edit,
                                    const struct supplier *supplier, int status)
{
    struct context *context =
        employee_context(edit->req, "Delete this supplier");

    supplier_context(supplier, context);
    edit_context_hidden(edit, context);
    context_string(context, "problem", edit->problem);
    context_flag(context, "faulty", edit->problem != NULL || edit->clash);
    if (edit->clash)
        clash_context_changes(edit, context);
    snapshot_context(edit->snapshot, request_arena(edit->req), context);
    employee_respond(edit->req, "supplier-remove", context, status,
                     edit->snapshot);
}

/* GET /admin/supplier-remove/{id} */
void remove_show(struct request *req)
{
    struct employee *self = request_app(req);

    catalog_when_fresh(self->api.catalog, remove_ask, request_life(req));
}

static void remove_ask(struct lifetime *life, const struct snapshot *snapshot)
{
    struct request *req = request_of(life);
    struct edit *edit = edit_open(req, EDIT_REMOVE);
    const struct supplier *supplier;
    int64_t id;

    if (request_param_id(req, "id", &id) != OK) {
        respond_error(req, 404);
    } else if (edit == NULL || snapshot == NULL) {
        respond_error(req, 503);
    } else if ((supplier = snapshot_find(snapshot, id)) == NULL) {
        respond_missing(req, snapshot, id);
    } else {
        edit->snapshot = snapshot;
        edit->job.expected = supplier->revision;
        edit->job.expected_us = supplier->changed_us;
        edit->list = list_of(req, request_head(req)->query);
        respond_remove_question(edit, supplier, 200);
    }
}

/* POST /admin/supplier-remove/{id}; one without a body deletes, too. */
void remove_supplier(struct request *req)
{
    struct employee *self = request_app(req);
    struct edit *edit = edit_open(req, EDIT_REMOVE);
    const struct form *form;

    if (edit == NULL ||
        request_param_id(req, "id", &edit->job.supplier.id) != OK) {
        respond_error(req, edit != NULL ? 404 : 503);
        return;
    }
    request_set_own(req, edit);
    if (!edit_read_post(edit, &form))
        return;
    if (edit->problem != NULL)
        catalog_when_fresh(self->api.catalog, remove_ask_again,
                           request_life(req));
    else
        save_submit(edit, store_remove, removed);
}

/*
 * With a problem, and 400 or what the store has said. If the store could not
 * tell, a supplier that isn't there may have been removed by this very form,
 * now or when it was sent before.
 */
static void remove_ask_again(struct lifetime *life,
                             const struct snapshot *snapshot)
{
    struct request *req = request_of(life);
    struct edit *edit = request_own(req);
    int64_t id = edit->job.supplier.id;
    const struct supplier *supplier =
        snapshot != NULL ? snapshot_find(snapshot, id) : NULL;

    if (snapshot == NULL) {
        respond_error(req, 503);
    } else if (supplier == NULL && edit->outcome != OK) {
        respond_error(req, status_of_error(edit->outcome));
    } else if (supplier == NULL) {
        respond_missing(req, snapshot, id);
    } else {
        edit->snapshot = snapshot;
        if (edit->job.expected == REVISION_LOST) {
            edit->job.expected = supplier->revision;
            edit->job.expected_us = supplier->changed_us;
        }
        respond_remove_question(edit, supplier,
                                edit->outcome ? status_of_error(edit->outcome)
                                              : 400);
    }
}

static void removed(void *job, enum error outcome)
{
    struct edit *edit = job;
    struct employee *self = request_app(edit->req);
    const struct supplier *now = &edit->job.clash.theirs.supplier;

    save_note(edit->req, edit->job.reloaded, outcome);
    if (outcome == OK) {
        save_respond(edit);
    } else if (outcome == ERROR_NOT_FOUND) {
        respond_gone(edit->req, edit->job.supplier.id);
    } else if (outcome == ERROR_CONFLICT) {
        edit_clash(edit);
        respond_remove_question(edit, now, 409);
    } else {
        edit->outcome = outcome;
        edit->problem = edit_problem(edit, outcome);
        catalog_when_fresh(self->api.catalog, remove_ask_again,
                           request_life(edit->req));
    }
}
