/* Pages that show a snapshot, and what they have in common. */
#include "customer.h"

void answer_template(struct request *req, const char *name,
                     struct context *context, const struct snapshot *snapshot,
                     const struct page_key *key)
{
    const struct customer *self = request_app(req);
    const struct page_key once = page_key_once(req);
    struct page *page =
        page_begin(self->api.service, 200, answer_cache(req, snapshot));

    snapshot_context(snapshot, request_arena(req), context);
    snapshot_mark(snapshot, page);
    page_answer_rendered(self->api.service, req, page, name, context,
                         snapshot_stale(snapshot) ? &once : key);
}

struct context *customer_context(struct request *req, const char *title)
{
    const struct customer *self = request_app(req);
    struct context *context = page_context(self->api.service, req, title);

    context_string(context, "search_js",
                   assets_url(self->api.service->assets, "search.js"));
    return context;
}

static const char *list_title(const struct search *search, struct arena *arena)
{
    if (search_is_all(search))
        return "All suppliers";
    if (search->text.len == 0)
        return "Supplier search";
    return arena_printf(arena, "%.*s – supplier search", (int)search->text.len,
                        search->text.data);
}

struct context *list_page_context(struct request *req,
                                  const struct search *search)
{
    struct context *context =
        customer_context(req, list_title(search, request_arena(req)));

    context_flag(context, "at_list", true);
    return context;
}
