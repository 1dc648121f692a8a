/* Going back to an earlier version of a supplier, deleted ones included. */
#include "employee.h"

static db_done_fn restored;

static void respond_restore_question(const struct edit *edit, int status)
{
    const struct history_entry *theirs = &edit->job.clash.theirs;
    struct context *context = employee_context(edit->req, "Restore a supplier");

    context_number(context, "version", (int64_t)edit->job.version);
    edit_context_hidden(edit, context);
    context_string(context, "problem", edit->problem);
    context_flag(context, "faulty", true);
    if (edit->clash) {
        supplier_context(&theirs->supplier, context);
        clash_context_changes(edit, context);
    }
    employee_respond(edit->req, "supplier-restore", context, status, NULL);
}

/* It was forgotten after the history had been shown. */
static void respond_forgotten(struct request *req)
{
    struct context *context =
        employee_context(req, "This version can't be restored");

    respond_page(req, employee_render(req, "version-gone", context, 404));
}

/* POST /admin/supplier-restore/{revision} */
void restore_version(struct request *req)
{
    struct edit *edit = edit_open(req, EDIT_RESTORE);
    const struct form *form = NULL;
    enum error err = request_form(req, &form);

    if (edit == NULL) {
        respond_error(req, 503);
    } else if (slice_number(request_param(req, "revision"), INT64_MAX,
                            &edit->job.version) != OK ||
               edit->job.version == 0) {
        respond_error(req, 404);
    } else if (err == ERROR_NOT_FOUND && request_body(req).len > 0) {
        respond_error(req, 415);
    } else if (err != OK && err != ERROR_NOT_FOUND) {
        respond_error(req, status_of_error(err));
    } else {
        edit_read_hidden(edit, err == OK ? form : NULL);
        if (edit->problem != NULL)
            respond_restore_question(edit, 400);
        else
            save_submit(edit, store_restore, restored);
    }
}

static void restored(void *job, enum error outcome)
{
    struct edit *edit = job;

    save_note(edit->req, edit->job.reloaded, outcome);
    if (outcome == OK) {
        save_respond(edit);
    } else if (outcome == ERROR_NOT_FOUND) {
        respond_forgotten(edit->req);
    } else if (outcome == ERROR_CONFLICT) {
        edit_clash(edit);
        respond_restore_question(edit, 409);
    } else {
        edit->problem = edit_problem(edit, outcome);
        respond_restore_question(edit, status_of_error(outcome));
    }
}
