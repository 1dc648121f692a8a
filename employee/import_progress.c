/* An import that is being written or taken back, or is paused: how far it is,
 * on a page that renews itself. */
#include "cafe/base/clock.h"
#include "cafe/html/render.h"
#include "import.h"

/* A chunk takes some 20 ms, and a task that has died is replaced after 30
 * seconds: who waits longer is told. */
enum { QUIET_S = 10 };

static const char *progress_title(enum import_state state)
{
    return state == IMPORT_PAUSED    ? "Import paused"
           : state == IMPORT_UNDOING ? "Undoing an import"
                                     : "Import running";
}

static uint64_t rows_done(const struct import_view *view)
{
    const uint64_t *outcomes = view->counts.outcomes;

    return view->import.state == IMPORT_UNDOING
               ? outcomes[IMPORT_TAKEN_BACK] + outcomes[IMPORT_KEPT]
               : outcomes[IMPORT_WRITTEN] + outcomes[IMPORT_CLASH] +
                     outcomes[IMPORT_REFUSED];
}

static void progress_fill(const struct import_view *view,
                          struct context *context)
{
    enum import_state state = view->import.state;
    uint64_t done = rows_done(view);
    uint64_t all = done + view->counts.todo;
    int64_t quiet_s = (clock_utc_us() - view->import.changed_us) / 1000000;
    bool works = state != IMPORT_PAUSED;

    context_flag(context, "running", state == IMPORT_RUNNING);
    context_flag(context, "paused", state == IMPORT_PAUSED);
    context_flag(context, "undoing", state == IMPORT_UNDOING);
    context_flag(context, "renew", works);
    context_flag(context, "any_written",
                 view->counts.outcomes[IMPORT_WRITTEN] > 0);
    context_number(context, "done", (int64_t)done);
    context_number(context, "all", (int64_t)all);
    context_number(context, "bar_max", all > 0 ? (int64_t)all : 1);
    if (works && quiet_s >= QUIET_S)
        context_number(context, "quiet_s", quiet_s);
}

void import_progress_show(const struct import_view *view)
{
    const struct employee *self = request_app(view->req);
    struct context *context =
        import_context(view, progress_title(view->import.state));
    bool works = view->import.state != IMPORT_PAUSED;

    progress_fill(view, context);
    context_string(context, "import_js",
                   assets_url(self->api.service->assets, "import.js"));
    page_answer_rendered(
        self->api.service, view->req,
        render_begin(view->status, employee_caching(view->req), works),
        "import-progress", context, NULL);
}
