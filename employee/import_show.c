/* The page of an import, which depends on its state. */
#include "cafe/import/worker.h"
#include "import_preview.h"

static catalog_show_fn import_show_ask;
static db_done_fn import_show_answer;

/* Reading. */

static enum error keep_row(void *context, const struct staged_row *row)
{
    struct import_view *view = context;
    struct arena *arena = request_arena(view->req);
    struct import_shown_row *kept = &view->rows[view->row_count];

    *kept = (struct import_shown_row){
        .line = row->line,
        .supplier_id = row->supplier_id,
        .outcome = row->outcome,
        .name = arena_slice(arena, row->supplier.fields[SUPPLIER_NAME]),
        .place = arena_slice(arena, row->place),
        .reason = arena_slice(arena, row->reason),
    };
    view->row_count++;
    return kept->name.data != NULL && kept->place.data != NULL &&
                   kept->reason.data != NULL
               ? OK
               : ERROR_MEMORY;
}

/* Of an undoing that is paused rows still wait. */
static bool is_under_way(const struct import_view *view)
{
    enum import_state state = view->import.state;

    return view->import.preparing || state == IMPORT_RUNNING ||
           state == IMPORT_PAUSED || state == IMPORT_UNDOING ||
           (state == IMPORT_DONE && view->counts.undo_todo > 0);
}

static bool has_result(const struct import_view *view)
{
    enum import_state state = view->import.state;

    return !is_under_way(view) &&
           (state == IMPORT_DONE || state == IMPORT_CANCELLED ||
            state == IMPORT_UNDONE);
}

static enum error read_rows(struct db_connection *connection,
                            struct import_view *view)
{
    const struct staged_query query = { .import_id = view->import.id,
                                        .limit = IMPORT_ROWS_SHOWN,
                                        .unwritten = true };

    view->row_count = 0;
    view->rows = arena_alloc(request_arena(view->req),
                             IMPORT_ROWS_SHOWN * sizeof(*view->rows));
    return view->rows != NULL ? staged_read(connection, &query, keep_row, view)
                              : ERROR_MEMORY;
}

/* On a database thread. */
static enum error import_view_read(struct db_connection *connection, void *job)
{
    struct import_view *view = job;
    enum error err = import_find(connection, request_arena(view->req),
                                 view->key, &view->import);

    /* While it is read or prepared nothing shows the counts, and they would be
     * slow. */
    if (err == OK && view->import.state != IMPORT_READING &&
        !view->import.preparing)
        err = import_count(connection, view->import.id, &view->counts);
    if (err == OK && has_result(view))
        err = read_rows(connection, view);
    if (err == OK && (view->import.state == IMPORT_PREVIEW ||
                      view->import.state == IMPORT_FAILED))
        err = preview_read(connection, view);
    return err;
}

/* Showing. */

/* GET /admin/import/{key} */
void import_show(struct request *req)
{
    struct import_view *view = import_view_open(req);

    if (view != NULL)
        import_view_show(view);
}

void import_view_show(struct import_view *view)
{
    struct employee *self = request_app(view->req);

    view->preview = preview_open(view->req);
    if (view->preview == NULL) {
        respond_error(view->req, 503);
        return;
    }
    request_set_own(view->req, view);
    catalog_when_fresh(self->api.catalog, import_show_ask,
                       request_life(view->req));
}

/* A preview shows suppliers as they are now. */
static void import_show_ask(struct lifetime *life,
                            const struct snapshot *snapshot)
{
    struct import_view *view = request_own(request_of(life));

    if (snapshot == NULL || snapshot_stale(snapshot)) {
        respond_error(view->req, 503);
        return;
    }
    view->preview->snapshot = snapshot;
    call_database(view->req, "import", import_view_read, import_show_answer,
                  view);
}

static void import_show_answer(void *job, enum error outcome)
{
    const struct import_view *view = job;

    if (outcome != OK) {
        respond_error(view->req, status_of_error(outcome));
        return;
    }
    if (is_under_way(view))
        import_progress_show(view);
    else if (has_result(view))
        import_result_show(view);
    else
        import_preview_show(view);
}

/* ERROR_CONFLICT: it has ended, or the button was pressed twice. The page shows
 * the state as it is. */
void import_respond(struct import_view *view, const char *action,
                    enum error outcome)
{
    const struct employee *self = request_app(view->req);

    if (outcome == ERROR_BUSY && view->import.id != 0) {
        view->status = 409;
        view->problem = "Another import is running or being undone. Nothing "
                        "was changed here: try again when it has finished.";
        import_view_show(view);
        return;
    }
    if (outcome != OK && outcome != ERROR_CONFLICT) {
        respond_error(view->req, status_of_error(outcome));
        return;
    }
    if (outcome == OK) {
        import_log(view->req, view->key, action);
        import_worker_wake(self->imports);
    }
    respond_see_other(view->req, import_url(view, ""));
}
