/* Adding, changing and removing a supplier. Each save is two neighbouring
 * functions: one asks the database, the next answers. */
#include <string.h>

#include "employee.h"

static const char list_url[] = "/admin/suppliers";

/* A save under way, in the request's arena. */
struct save {
    struct store_job job; /* first: what the store is given */
    struct request *req;
    const char *page; /* the template to come back with */
    char key[FORM_KEY_CHARS + 1];
};

/* The form. */

/* What the page says on top when the database did not take a change. */
static const char *problem_text(enum error outcome)
{
    switch (outcome) {
    case ERROR_NOT_FOUND:
        return "Somebody has deleted this supplier meanwhile. What you typed "
               "is still here: add it as a new supplier if it is needed.";
    case ERROR_DB_UNKNOWN:
        return "The connection to the database broke while it was being "
               "saved. Look at the suppliers list before you send it again.";
    case ERROR_DB_SCHEMA:
    case ERROR_DB:
    case ERROR_DB_DUPLICATE:
        return "The database refused it. Nothing was saved; what you typed "
               "is still here. Tell the people who run this service.";
    default:
        return "The database does not answer right now. Nothing was saved; "
               "what you typed is still here. Send it again in a moment.";
    }
}

static void view_field(struct view *fields, struct view *faults,
                       const struct supplier *supplier, enum supplier_field f,
                       const char *message)
{
    const struct supplier_column *column = &supplier_columns[f];
    struct view *field = view_list_object(fields);

    view_string(field, "name", column->name);
    view_string(field, "label", column->label);
    view_string(field, "hint", column->hint);
    view_string(field, "type", column->input_type);
    view_string(field, "autocomplete", column->autocomplete);
    view_flag(field, "textarea", f == SUPPLIER_NOTES);
    view_text(field, "value", supplier->fields[f]);
    view_flag(field, "described", column->hint[0] != '\0' || message != NULL);
    view_string(field, "message", message);
    if (message != NULL) {
        struct view *fault = view_list_object(faults);

        view_string(fault, "name", column->name);
        view_string(fault, "message", message);
    }
}

/* A form with a supplier in it; faults and problem may be NULL. */
static void respond_form(struct request *req, const char *page,
                         const struct supplier *supplier,
                         const struct supplier_faults *faults,
                         const char *problem, int status)
{
    const struct employee *self = request_app(req);
    bool adding = supplier->id == 0;
    struct view *view = page_view(
        self->service, req, adding ? "Add a new supplier" : "Update supplier");
    struct view *summary = view_object(view, "summary");
    struct view *items = view_list(summary, "items");
    struct view *fields = view_list(view, "fields");
    enum supplier_field f;

    for (f = 0; f < SUPPLIER_FIELDS; f++)
        view_field(fields, items, supplier, f,
                   faults ? faults->messages[f] : NULL);
    view_number(view, "id", supplier->id);
    view_string(summary, "problem", problem);
    view_flag(view, "faulty", faults != NULL || problem != NULL);
    respond_page(req,
                 page_render(self->service, page, view, status, "no-store"));
}

/* Read the supplier of a posted form; answers itself when it is none. */
static bool read_form(struct request *req, const struct form **form,
                      struct supplier *supplier)
{
    enum error err = request_form(req, form);

    if (err == OK)
        err = supplier_from_form(request_arena(req), *form, supplier);
    if (err != OK)
        respond_error(req, err == ERROR_NOT_FOUND ? 415 : status_of_error(err));
    return err == OK;
}

/* The key and the revision that the form carries; a form may have none. */
static void read_hidden(struct save *save, const struct form *form)
{
    struct slice key = form_value(form, "form_key");
    uint64_t revision = 0;

    if (slice_number(form_value(form, "revision"), INT64_MAX / 2, &revision) ==
        OK)
        save->job.expected = revision;
    if (form_key_valid(key)) {
        memcpy(save->key, key.data, FORM_KEY_CHARS);
        save->job.form_key = save->key;
    }
}

static void submit(struct save *save, db_work_fn *work, db_done_fn *done)
{
    const struct employee *self = request_app(save->req);

    save->job.arena = request_arena(save->req);
    save->job.actor = request_client(save->req);
    if (save->job.form_key != NULL)
        db_submit_repeatable(self->service->db, work, done, &save->job);
    else
        db_submit(self->service->db, work, done, &save->job);
}

/* Check the supplier and hand it to the store; what is faulty comes back. */
static void save(struct request *req, const struct form *form,
                 const struct supplier *supplier, const char *page,
                 db_work_fn *work, db_done_fn *done)
{
    struct supplier_faults faults;
    struct save *save;

    supplier_check(request_arena(req), supplier, &faults);
    if (faults.count > 0) {
        respond_form(req, page, supplier, &faults, NULL, 422);
        return;
    }
    if ((save = arena_alloc(request_arena(req), sizeof(*save))) == NULL) {
        respond_error(req, 503);
        return;
    }
    save->job.supplier = *supplier;
    save->req = req;
    save->page = page;
    read_hidden(save, form);
    submit(save, work, done);
}

static void editor_saved(void *job, enum error outcome)
{
    struct save *save = job;

    if (outcome == OK)
        respond_see_other(save->req, list_url);
    else
        respond_form(save->req, save->page, &save->job.supplier, NULL,
                     problem_text(outcome), status_of_error(outcome));
}

/* Adding. */

/* GET /admin/supplier-add */
void editor_add_show(struct request *req)
{
    const struct supplier empty = { 0 };

    respond_form(req, "supplier-add", &empty, NULL, NULL, 200);
}

/* POST /admin/supplier-add */
void editor_add(struct request *req)
{
    const struct form *form;
    struct supplier supplier;

    if (read_form(req, &form, &supplier))
        save(req, form, &supplier, "supplier-add", store_add, editor_saved);
}

/* Changing. */

static catalog_show_fn editor_update_found, editor_remove_found;

/* The supplier that the path names; answers itself when there is none. */
static const struct supplier *find_supplier(struct request *req,
                                            const struct snapshot *snapshot)
{
    const struct supplier *supplier;
    int64_t id;

    if (snapshot == NULL || snapshot_stale(snapshot)) {
        respond_error(req, 503);
        return NULL;
    }
    if (request_param_id(req, "id", &id) != OK ||
        (supplier = snapshot_find(snapshot, id)) == NULL) {
        respond_error(req, 404);
        return NULL;
    }
    return supplier;
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
    const struct supplier *supplier = find_supplier(req, snapshot);

    if (supplier != NULL)
        respond_form(req, "supplier-update", supplier, NULL, NULL, 200);
}

/* POST /admin/supplier-update */
void editor_save(struct request *req)
{
    const struct form *form;
    struct supplier supplier;
    uint64_t id;

    if (!read_form(req, &form, &supplier))
        return;
    if (slice_number(form_value(form, "id"), INT32_MAX, &id) != OK || id == 0) {
        respond_error(req, 404);
        return;
    }
    supplier.id = (int64_t)id;
    save(req, form, &supplier, "supplier-update", store_update, editor_saved);
}

/* Removing. */

/* GET /admin/supplier-remove/{id} */
void editor_remove_show(struct request *req)
{
    struct employee *self = request_app(req);

    catalog_when_fresh(self->catalog, editor_remove_found, req);
}

static void editor_remove_found(struct request *req,
                                const struct snapshot *snapshot)
{
    const struct employee *self = request_app(req);
    const struct supplier *supplier = find_supplier(req, snapshot);
    struct view *view;

    if (supplier == NULL)
        return;
    view = page_view(self->service, req, "Delete this supplier");
    supplier_view(supplier, view);
    respond_page(req, page_render(self->service, "supplier-remove", view, 200,
                                  "no-store"));
}

static void editor_removed(void *job, enum error outcome)
{
    struct save *save = job;

    if (outcome == OK)
        respond_see_other(save->req, list_url);
    else
        respond_error(save->req, status_of_error(outcome));
}

/* POST /admin/supplier-remove/{id} */
void editor_remove(struct request *req)
{
    const struct form *form;
    struct save *save = arena_alloc(request_arena(req), sizeof(*save));

    if (save == NULL ||
        request_param_id(req, "id", &save->job.supplier.id) != OK) {
        respond_error(req, save ? 404 : 503);
        return;
    }
    save->req = req;
    if (request_form(req, &form) == OK)
        read_hidden(save, form);
    submit(save, store_remove, editor_removed);
}
