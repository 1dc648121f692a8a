/* An import that is being written or taken back, or is paused: how far it is,
 * on a page that renews itself. */
#include "cafe/base/clock.h"
#include "cafe/html/render.h"
#include "import.h"

/* A chunk takes some 20 ms, and a task that has died is replaced after 30
 * seconds: who waits longer is told. */
enum { QUIET_S = 10 };

static bool is_undo(const struct import_view *view)
{
    enum import_state state = view->import.state;

    return state == IMPORT_UNDOING || state == IMPORT_DONE;
}

static bool is_paused(const struct import_view *view)
{
    enum import_state state = view->import.state;

    return !view->import.preparing &&
           (state == IMPORT_PAUSED || state == IMPORT_DONE);
}

/* The same while it is prepared: the script keeps the page as it is. */
static const char *progress_title(const struct import_view *view)
{
    bool undo = is_undo(view);

    if (is_paused(view))
        return undo ? "Undo paused" : "Import paused";
    return undo ? "Undoing the import" : "Importing";
}

static uint64_t rows_done(const struct import_view *view)
{
    const uint64_t *outcomes = view->counts.outcomes;

    return is_undo(view) ? outcomes[IMPORT_TAKEN_BACK] + outcomes[IMPORT_KEPT]
                         : outcomes[IMPORT_WRITTEN] + outcomes[IMPORT_CLASH] +
                               outcomes[IMPORT_REFUSED];
}

static void progress_fill(const struct import_view *view,
                          struct context *context)
{
    uint64_t done = rows_done(view);
    uint64_t all = done + view->counts.todo;
    int64_t quiet_s = (clock_utc_us() - view->import.changed_us) / 1000000;
    bool undo = is_undo(view), paused = is_paused(view);

    context_flag(context, "preparing", view->import.preparing);
    context_flag(context, "writing", !undo);
    context_flag(context, "undoing", undo);
    context_flag(context, "paused", paused);
    context_flag(context, "renew", !paused);
    context_flag(context, "any_written",
                 !undo && view->counts.outcomes[IMPORT_WRITTEN] > 0);
    context_string(context, "resume_url",
                   import_url(view, undo ? "/undo" : "/resume"));
    context_number(context, "done", (int64_t)done);
    context_number(context, "all", (int64_t)all);
    context_number(context, "bar_max", all > 0 ? (int64_t)all : 1);
    if (!paused && quiet_s >= QUIET_S)
        context_number(context, "quiet_s", quiet_s);
}

void import_progress_show(const struct import_view *view)
{
    const struct employee *self = request_app(view->req);
    struct context *context = import_context(view, progress_title(view));

    progress_fill(view, context);
    context_string(context, "import_js",
                   assets_url(self->api.service->assets, "import.js"));
    page_answer_rendered(
        self->api.service, view->req,
        render_begin(view->status, employee_caching(view->req),
                     is_paused(view) ? SCRIPTS : SCRIPTS_THAT_ASK),
        "import-progress", context, NULL);
}
