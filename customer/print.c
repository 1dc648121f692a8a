/* GET /suppliers/print: all that a search has found on one page, for paper. */
#include "cafe/suppliers/contact.h"
#include "customer.h"

static struct context *print_context(struct listing *listing);
static struct page *print_page(struct listing *listing);

static const char path[] = SEARCH_PRINT_PATH;

static const struct list_format printed = { .context = print_context,
                                            .page = print_page };

static catalog_show_fn list_print_show;

/* GET /suppliers/print */
void list_print(struct request *req)
{
    struct customer *self = request_app(req);

    catalog_when_fresh(self->api.catalog, list_print_show, request_life(req));
}

static void list_print_show(struct lifetime *life,
                            const struct snapshot *snapshot)
{
    struct request *req = request_of(life);
    listing_take(req, snapshot, path, &printed);
}

static struct context *print_context(struct listing *listing)
{
    struct arena *arena = request_arena(listing->req);
    const struct search *search = &listing->search;
    size_t count = search_count(listing->result);
    struct context *context = list_page_context(listing->req, search);

    snapshot_context(search_snapshot(listing->result),
                     request_arena(listing->req), context);
    context_string(context, "list", search_url(search, "/suppliers", arena));
    context_string(context, "count", paging_number(count, arena));
    context_flag(context, "one", count == 1);
    context_text(context, "state", search->state);
    context_text(context, "city", search->city);
    context_text(context, "country", search->country);
    context_html(context, "rows", SLICE("")); /* a place for what comes later */
    return context;
}

/* Render one row from a context of its own, in an arena that is reset for each:
 * all rows as one tree of values would take many times the memory of the
 * page. */
static void print_row(struct listing *listing, const struct supplier *supplier,
                      struct arena *scratch)
{
    const struct customer *self = request_app(listing->req);
    struct context *context;

    arena_reset(scratch);
    context = context_open(scratch);
    supplier_context(supplier, context);
    context_string(context, "place", contact_place(scratch, supplier));
    template_render(self->api.service->templates, "supplier-print", context,
                    &listing->body);
    listing->body.failed |= context == NULL;
}

/* On any thread. Nothing is allocated in the request's arena, which is the
 * loop's; the context has a place for the rows already. */
static struct page *print_page(struct listing *listing)
{
    const struct customer *self = request_app(listing->req);
    const struct snapshot *snapshot = search_snapshot(listing->result);
    struct arena *scratch = arena_open(0);
    size_t count = search_count(listing->result);
    struct page *page = NULL;

    listing->body.failed = scratch == NULL;
    for (size_t i = 0; i < count && !listing->body.failed; i++)
        print_row(listing, search_at(listing->result, i), scratch);
    arena_close(scratch);
    if (listing->body.failed)
        return NULL;
    context_html(listing->context, "rows", text_slice(&listing->body));
    page = page_render(self->api.service, "supplier-list-print",
                       listing->context, 200,
                       answer_cache(listing->req, snapshot));
    text_free(&listing->body);
    listing->body.failed = page == NULL;
    return page;
}
