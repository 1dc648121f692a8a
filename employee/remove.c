/* Deleting a supplier: a page that asks, then a form that does it. */
#include "employee.h"

static catalog_show_fn remove_ask, remove_ask_again, remove_ask_typed;
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

/*
 * The question after a form has what was typed there in hidden fields, as it
 * was sent, so that "Keep it" can show the form again. Its revision is the one
 * that the form was based on; the version that the question shows is the value
 * of its button, "revision.time".
 */

static const char *const carried[] = { "revision", "revision_at", "list" };
static const char *const prefixes[] = { "", "lines-", "was-", "theirs-",
                                        "use-" };

static void carry(const struct form *form, const char *name,
                  struct context *fields)
{
    struct slice value = form_value(form, name);
    struct context *field;

    if (value.data == NULL)
        return;
    field = context_list_object(fields);
    context_string(field, "name", name);
    context_text(field, "value", value);
}

void remove_carry(struct request *req, const struct form *form,
                  struct context *fields)
{
    for (size_t i = 0; i < sizeof(carried) / sizeof(carried[0]); i++)
        carry(form, carried[i], fields);
    for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++) {
        for (enum supplier_field f = 0; f < SUPPLIER_FIELDS; f++) {
            const char *name = arena_printf(request_arena(req), "%s%s",
                                            prefixes[i],
                                            supplier_columns[f].name);

            if (name != NULL)
                carry(form, name, fields);
        }
    }
}

static void carry_typed(const struct edit *edit, const struct form *form,
                        struct context *context)
{
    remove_carry(edit->req, form, context_list(context, "fields"));
    context_string(context, "seen",
                   arena_printf(request_arena(edit->req), "%llu.%lld",
                                (unsigned long long)edit->job.expected,
                                (long long)edit->job.expected_us));
}

/* Where the question has one, its button says which version was seen. */
static void read_seen(struct edit *edit, const struct form *form)
{
    struct slice rest = form_value(form, "seen");
    struct slice revision;
    uint64_t at_us;

    if (rest.data == NULL)
        return;
    revision = slice_cut(&rest, '.');
    if (slice_number(revision, INT64_MAX, &edit->job.expected) != OK ||
        slice_number(rest, INT64_MAX, &at_us) != OK)
        edit_damaged(edit);
    else
        edit->job.expected_us = (int64_t)at_us;
}

static void respond_remove_question(const struct edit *edit,
                                    const struct supplier *supplier, int status)
{
    struct context *context =
        employee_context(edit->req, "Delete this supplier");
    const struct form *form;

    supplier_context(supplier, context);
    edit_context_hidden(edit, context);
    if (request_form(edit->req, &form) == OK &&
        form_value(form, "id").data != NULL)
        carry_typed(edit, form, context_object(context, "typed"));
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

void remove_question(struct edit *edit)
{
    struct employee *self = request_app(edit->req);

    catalog_when_fresh(self->api.catalog, remove_ask_typed,
                       request_life(edit->req));
}

static void remove_ask_typed(struct lifetime *life,
                             const struct snapshot *snapshot)
{
    struct edit *edit = request_own(request_of(life));
    const struct supplier *supplier =
        snapshot != NULL ? snapshot_find(snapshot, edit->job.supplier.id)
                         : NULL;

    if (supplier == NULL) {
        /* It may have been added since that state. */
        bool known = snapshot != NULL && !snapshot_stale(snapshot);
        enum error err = known ? ERROR_NOT_FOUND : ERROR_DB_AWAY;

        if (known)
            edit_gone(edit);
        edit->problem = edit_problem(edit, err);
        edit_respond(edit, status_of_error(err));
        return;
    }
    edit->snapshot = snapshot;
    edit->job.expected = supplier->revision;
    edit->job.expected_us = supplier->changed_us;
    edit_renew_key(edit);
    respond_remove_question(edit, supplier, 200);
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
    if (form != NULL)
        read_seen(edit, form);
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
