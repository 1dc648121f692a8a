/* Answers that show a snapshot: cached while it is fresh, or marked stale. */
#include "customer.h"

bool answer_cached(struct request *req, const struct snapshot *snapshot,
                   const char *name, struct page_key *key)
{
    const struct customer *self = request_app(req);

    /* Pages are cached by the snapshot's serial: the next change gives each a
     * new version, and no page has to be found to be dropped. A stale answer
     * names its own time, so it is neither cached nor taken from there. */
    return !snapshot_stale(snapshot) &&
           page_answer_cached(self->service, req, name,
                              snapshot_serial(snapshot), key);
}

const char *answer_cache(const struct snapshot *snapshot)
{
    return snapshot_stale(snapshot) ? "no-store" : "no-cache";
}

void answer_page(struct request *req, struct page *page,
                 const struct snapshot *snapshot, const struct page_key *key)
{
    const struct customer *self = request_app(req);

    snapshot_mark(snapshot, page);
    if (snapshot_stale(snapshot))
        page_answer_once(self->service, req, page);
    else
        page_answer(self->service, req, page, key);
}

void answer_template(struct request *req, const char *name,
                     struct context *context, const struct snapshot *snapshot,
                     const struct page_key *key)
{
    const struct customer *self = request_app(req);
    const struct page_key once = page_key_once(req);
    struct page *page = page_begin(self->service, 200, answer_cache(snapshot));

    snapshot_context(snapshot, request_arena(req), context);
    snapshot_mark(snapshot, page);
    page_answer_rendered(self->service, req, page, name, context,
                         snapshot_stale(snapshot) ? &once : key);
}

struct context *customer_context(struct request *req, const char *title)
{
    const struct customer *self = request_app(req);
    struct context *context = page_context(self->service, req, title);

    context_string(context, "search_js",
                   assets_url(self->service->assets, "search.js"));
    return context;
}

static const char *list_title(const struct search *search, struct arena *arena)
{
    if (search_is_all(search))
        return "All suppliers";
    if (search->text.len == 0)
        return "Suppliers found";
    return arena_printf(arena, "%.*s – suppliers found", (int)search->text.len,
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

const struct supplier *find_supplier(struct request *req,
                                     const struct snapshot *snapshot)
{
    const struct supplier *supplier = NULL;
    int64_t id;

    if (snapshot == NULL)
        respond_error(req, 503);
    else if (request_param_id(req, "id", &id) != OK ||
             (supplier = snapshot_find(snapshot, id)) == NULL)
        respond_error(req, 404);
    return supplier;
}
