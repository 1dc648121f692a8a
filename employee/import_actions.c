/* What can be done with an import under way, or after it: each a button. */
#include "import.h"

/* A chunk that waits for a lock of somebody else gives up after 3 seconds, as
 * does the button that waits for the chunk: nothing was done, so it waits once
 * more. */
enum { TRIES = 2 };

struct import_action {
    const char *name; /* in the log */
    enum error (*run)(struct db_connection *connection, int64_t id,
                      struct slice person);
};

struct import_order {
    struct import_view *view;
    const struct import_action *action;
    const char *person;
};

static db_done_fn action_taken;

static enum error run_pause(struct db_connection *connection, int64_t id,
                            struct slice person)
{
    (void)person;
    return import_pause(connection, id);
}

static enum error run_start(struct db_connection *connection, int64_t id,
                            struct slice person)
{
    (void)person;
    return import_start(connection, id);
}

static enum error run_cancel(struct db_connection *connection, int64_t id,
                             struct slice person)
{
    (void)person;
    return import_cancel(connection, id);
}

static const struct import_action pausing = { "pause", run_pause };
static const struct import_action resuming = { "resume", run_start };
static const struct import_action cancelling = { "cancel", run_cancel };
static const struct import_action undoing = { "undo", import_undo };

/* On a database thread. */
static enum error action_run(struct db_connection *connection, void *job)
{
    const struct import_order *order = job;
    struct import_view *view = order->view;
    enum error err = import_find(connection, request_arena(view->req),
                                 view->key, &view->import);

    for (int i = 0; err == OK && i < TRIES; i++) {
        err = order->action->run(connection, view->import.id,
                                 slice_of(order->person));
        if (err != ERROR_DB_STATEMENT || i + 1 == TRIES)
            break;
        err = OK;
    }
    return err;
}

static void action_take(struct request *req, const struct import_action *action)
{
    struct import_view *view = import_view_open(req);
    struct import_order *order;

    if (view == NULL)
        return;
    order = arena_alloc(request_arena(req), sizeof(*order));
    if (order == NULL) {
        respond_error(req, 503);
        return;
    }
    *order = (struct import_order){ view, action, edit_actor(req) };
    call_database(req, "import", action_run, action_taken, order);
}

/* POST /admin/import/{key}/pause */
void import_pause_take(struct request *req)
{
    action_take(req, &pausing);
}

/* POST /admin/import/{key}/resume */
void import_resume_take(struct request *req)
{
    action_take(req, &resuming);
}

/* POST /admin/import/{key}/cancel */
void import_cancel_take(struct request *req)
{
    action_take(req, &cancelling);
}

/* POST /admin/import/{key}/undo */
void import_undo_take(struct request *req)
{
    action_take(req, &undoing);
}

static void action_taken(void *job, enum error outcome)
{
    const struct import_order *order = job;

    import_respond(order->view, order->action->name, outcome);
}
