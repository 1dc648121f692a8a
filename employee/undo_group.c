/* Undoing what was changed at once: a page that asks, then a form that does it;
 * the list has that form, too, right after the change. */
#include "chosen.h"

/* One that is under way, in the request's arena. */
struct undoing {
    struct undo_group_job job; /* first: what the store is given */
    struct edit *edit;
    struct history_job history; /* the group, for the page */
    int status;
};

static db_done_fn undo_group_asked, undo_group_done;

/* The group in the path; otherwise answered. */
static struct undoing *undoing_open(struct request *req)
{
    struct undoing *undoing = arena_alloc(request_arena(req), sizeof(*undoing));
    struct slice group = request_param(req, "group");
    struct edit *edit = edit_open(req, EDIT_UNDO);
    struct arena *arena = save_batch_arena(req);

    if (undoing == NULL || edit == NULL || arena == NULL ||
        !form_key_valid(group)) {
        respond_error(req, form_key_valid(group) ? 503 : 404);
        return NULL;
    }
    *undoing = (struct undoing){ .edit = edit, .status = 200 };
    undoing->job.group = group;
    undoing->job.batch = (struct batch_job){ .arena = arena,
                                             .form_key = edit->key,
                                             .actor = edit_actor(req),
                                             .context = undoing };
    undoing->history = (struct history_job){ .arena = request_arena(req),
                                             .filter = { .group = group } };
    return undoing;
}

/* Asking. */

static void respond_undoing(const struct undoing *undoing)
{
    const struct edit *edit = undoing->edit;
    const int64_t count = undoing->history.group.changes;
    struct request *req = edit->req;
    struct context *context = employee_context(req, "Undo several changes");

    edit_context_hidden(edit, context);
    context_text(context, "group", undoing->job.group);
    context_string(context, "problem", edit->problem);
    if (count > 0)
        context_string(context, "count",
                       paging_number((size_t)count, request_arena(req)));
    employee_respond(req, "undo-group", context, undoing->status, NULL);
}

/* GET /admin/changes-undo/{group} */
void undo_group_show(struct request *req)
{
    struct undoing *undoing = undoing_open(req);

    if (undoing == NULL)
        return;
    undoing->edit->list = list_of(req, request_head(req)->query);
    call_database(req, "history", history_read_page, undo_group_asked,
                  &undoing->history);
    undoing->history.context = undoing;
}

static void undo_group_asked(void *job, enum error outcome)
{
    const struct history_job *history = job;
    const struct undoing *undoing = history->context;

    if (outcome != OK)
        respond_error(undoing->edit->req, status_of_error(outcome));
    else if (!history_group_undoable(&history->group))
        respond_error(undoing->edit->req, 404);
    else
        respond_undoing(undoing);
}

/* Doing it. */

/* POST /admin/changes-undo/{group} */
void undo_group_take(struct request *req)
{
    struct undoing *undoing = undoing_open(req);
    const struct form *form;

    if (undoing == NULL || !edit_read_post(undoing->edit, &form))
        return;
    undoing->status = 400;
    if (undoing->edit->problem != NULL)
        respond_undoing(undoing);
    else
        save_submit_batch(req, store_undo_group, undo_group_done,
                          &undoing->job);
}

static const char *undoing_problem(const struct undoing *undoing,
                                   enum error outcome)
{
    if (undoing->job.batch.key_used)
        return "This page has already been used for another change. Nothing "
               "was undone now: open the history again and undo it there.";
    if (outcome == ERROR_CONFLICT)
        return "Somebody has changed each of these suppliers since, so nothing "
               "was undone. Their histories show who did, and let you undo "
               "each change.";
    undoing->edit->job.refusal = undoing->job.batch.refusal;
    return edit_problem(undoing->edit, outcome);
}

static void undo_group_done(void *job, enum error outcome)
{
    struct undoing *undoing = ((struct undo_group_job *)job)->batch.context;
    struct edit *edit = undoing->edit;
    const size_t kept = undoing->job.count - undoing->job.done;
    const char *more = "";

    save_note(edit->req, undoing->job.batch.reloaded, outcome);
    if (outcome == ERROR_NOT_FOUND) {
        respond_error(edit->req, 404);
    } else if (outcome != OK) {
        edit->problem = undoing_problem(undoing, outcome);
        undoing->status = status_of_error(outcome);
        respond_undoing(undoing);
    } else {
        save_log_batch(edit->req, &undoing->job.batch, undoing->job.done);
        if (kept > 0)
            more = arena_printf(request_arena(edit->req), "&kept=%zu", kept);
        save_respond_at(edit->req, edit->list,
                        undoing->job.batch.first_revision,
                        more != NULL ? more : "");
    }
}
