/* Answers that show a snapshot: kept while it is fresh, or marked stale. */
#include <string.h>

#include "cafe/clock.h"
#include "customer.h"

/* A stale page says since when and is kept nowhere. */
static void answer_stale(struct request *req, const char *name,
                         struct view *view, int64_t as_of_us)
{
    const struct customer *self = request_app(req);
    char as_of[CLOCK_ISO_BYTES];
    struct slice minute = { as_of + strlen("2026-11-23T"), strlen("14:02") };
    struct page *page;

    clock_iso(as_of_us, as_of);
    view_text(view, "as_of", arena_slice(request_arena(req), minute));
    page = page_render(self->service, name, view, 200, "no-store");
    if (page != NULL)
        page_field(page, "Cafe-As-Of", as_of);
    page_answer_once(self->service, req, page);
}

void answer_view(struct request *req, const char *name, struct view *view,
                 const struct snapshot *snapshot, const struct page_key *key)
{
    const struct customer *self = request_app(req);

    if (snapshot_stale(snapshot))
        answer_stale(req, name, view, snapshot_as_of_us(snapshot));
    else
        page_answer(self->service, req,
                    page_render(self->service, name, view, 200, "no-cache"),
                    key);
}

bool answer_kept(struct request *req, const struct snapshot *snapshot,
                 const char *name, struct page_key *key)
{
    const struct customer *self = request_app(req);

    return !snapshot_stale(snapshot) &&
           page_answer_kept(self->service, req, name, snapshot_serial(snapshot),
                            key);
}
