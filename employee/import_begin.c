/* Answers about ambiguous rows, and the start of the writing. */
#include "import_preview.h"

struct beginning {
    struct import_view *view;
    bool remove_missing;
    struct import_answer answer;
    enum staged_kind asked; /* what the page shows next */
};

static db_done_fn begun, answered;

static struct beginning *beginning_open(struct request *req,
                                        const struct form **form)
{
    struct import_view *view = import_view_open(req);
    struct beginning *beginning;
    enum error err;

    if (view == NULL)
        return NULL;
    err = request_form(req, form);
    beginning = arena_alloc(request_arena(req), sizeof(*beginning));
    if (beginning == NULL || (err != OK && err != ERROR_NOT_FOUND)) {
        respond_error(req, beginning == NULL ? 503 : status_of_error(err));
        return NULL;
    }
    if (err != OK)
        *form = NULL; /* a post without fields */
    *beginning = (struct beginning){ .view = view };
    return beginning;
}

/* The start. */

/* On a database thread. */
static enum error run_begin(struct db_connection *connection, void *job)
{
    struct beginning *beginning = job;
    struct import_view *view = beginning->view;
    enum error err = import_find(connection, request_arena(view->req),
                                 view->key, &view->import);

    if (err == OK && view->import.state != IMPORT_PREVIEW)
        return ERROR_CONFLICT;
    if (err == OK)
        err = import_set_removing(connection, view->import.id,
                                  beginning->remove_missing);
    return err == OK ? import_start(connection, view->import.id) : err;
}

/* POST /admin/import/{key}/start */
void import_start_take(struct request *req)
{
    const struct form *form;
    struct beginning *beginning = beginning_open(req, &form);

    if (beginning == NULL)
        return;
    beginning->remove_missing = form != NULL &&
                                form_value(form, "remove_missing").data != NULL;
    call_database(req, "import", run_begin, begun, beginning);
}

static void begun(void *job, enum error outcome)
{
    const struct beginning *beginning = job;

    import_respond(beginning->view, "start", outcome);
}

/* Answers. */

/* On a database thread. */
static enum error run_answer(struct db_connection *connection, void *job)
{
    struct beginning *beginning = job;
    struct import_view *view = beginning->view;
    enum error err = import_find(connection, request_arena(view->req),
                                 view->key, &view->import);

    return err == OK ? import_take_answer(connection, &view->import,
                                          &beginning->answer)
                     : err;
}

static const char *rows_asked(const struct beginning *beginning)
{
    return import_url(beginning->view, beginning->asked == STAGED_DUPLICATE
                                           ? "?kind=duplicate#rows"
                                           : "?kind=ambiguous#rows");
}

/* POST /admin/import/{key}/answers */
void import_answer_take(struct request *req)
{
    const struct form *form;
    struct beginning *beginning = beginning_open(req, &form);
    struct slice choice;
    uint64_t n;

    if (beginning == NULL)
        return;
    if (form == NULL ||
        slice_number(form_value(form, "n"), IMPORT_STAGED_MAX, &n) != OK) {
        respond_error(req, 400);
        return;
    }
    choice = form_value(form, "choice");
    beginning->asked = slice_is(form_value(form, "kind"), "duplicate")
                           ? STAGED_DUPLICATE
                           : STAGED_AMBIGUOUS;
    beginning->answer.n = (int64_t)n;
    beginning->answer.added = slice_is(choice, "new");
    if (slice_is(choice, "leave")) {
        respond_see_other(req, rows_asked(beginning));
        return;
    }
    if (!beginning->answer.added &&
        slice_id(choice, &beginning->answer.id) != OK) {
        respond_error(req, 400);
        return;
    }
    call_database(req, "import", run_answer, answered, beginning);
}

static void answered(void *job, enum error outcome)
{
    const struct beginning *beginning = job;
    struct import_view *view = beginning->view;

    if (outcome == ERROR_CONFLICT) {
        view->status = 409;
        view->problem = "This row no longer needs an answer, or that supplier "
                        "has been deleted. Check the rows below.";
        import_view_show(view);
    } else if (outcome != OK) {
        respond_error(view->req, status_of_error(outcome));
    } else {
        respond_see_other(view->req, rows_asked(beginning));
    }
}
