/* The employees' home: what has changed lately. */
#include "employee.h"

enum { RECENT = 10 };

static catalog_show_fn home_ask;
static db_done_fn home_answer;

/* GET /admin */
void employee_home_show(struct request *req)
{
    struct employee *self = request_app(req);

    catalog_when_fresh(self->api.catalog, home_ask, request_life(req));
}

/* recent is NULL when the changes are unknown. */
static void respond_home(struct request *req, const struct history_job *recent)
{
    struct context *context = employee_context(req, "Welcome");
    struct context *entries = context_list(context, "entries");

    context_flag(context, "at_home", true);
    context_flag(context, "unknown", recent == NULL);
    context_flag(context, "any", recent != NULL && recent->count > 0);
    for (size_t i = 0; recent != NULL && i < recent->count; i++)
        history_context(req, &recent->entries[i], context_list_object(entries));
    employee_respond(req, "home", context, 200, NULL);
}

/* A stale catalog says that the database does not answer: the page comes at
 * once, without the changes. */
static void home_ask(struct lifetime *life, const struct snapshot *snapshot)
{
    struct request *req = request_of(life);
    struct history_job *recent =
        arena_alloc(request_arena(req), sizeof(*recent));

    if (recent == NULL || snapshot == NULL || snapshot_stale(snapshot)) {
        respond_home(req, NULL);
        return;
    }
    *recent = (struct history_job){ .arena = request_arena(req),
                                    .limit = RECENT,
                                    .context = req };
    call_database(req, "history", history_read, home_answer, recent);
}

static void home_answer(void *job, enum error outcome)
{
    const struct history_job *recent = job;

    respond_home(recent->context, outcome == OK ? recent : NULL);
}
