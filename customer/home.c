/* The home page: a search box, how many suppliers there are, which are the
 * latest, where they are, and what content/home.md says. */
#include "cafe/base/file.h"
#include "cafe/html/markdown.h"
#include "customer.h"

enum error home_open(struct customer *self, struct text *error)
{
    const char *folder = self->api.service->settings->content;
    struct text path, source;
    enum error err;

    text_init(&path, 0);
    text_init(&source, MARKDOWN_SOURCE_MAX_BYTES);
    text_init(&self->home, 0);
    text_printf(&path, "%s/home.md", folder);
    err = file_read(text_string(&path), &source, error);
    if (err == OK) {
        bool shown = markdown_render(text_slice(&source), &self->home);

        if (self->home.failed)
            err = ERROR_MEMORY;
        else if (!shown)
            err = ERROR_CONFIG;
        if (err == ERROR_CONFIG)
            text_printf(error,
                        "%s: is nested too deeply, or has nothing to show",
                        text_string(&path));
    }
    text_free(&path);
    text_free(&source);
    return err;
}

static catalog_show_fn home_show_suppliers;
static search_show_fn home_found;

/* The page that is asked for, in the request's arena. */
struct home {
    struct search all; /* first: what was asked for is this search */
    struct page_key key;
};

/* GET / */
void home_show(struct request *req)
{
    struct customer *self = request_app(req);

    catalog_when_fresh(self->api.catalog, home_show_suppliers,
                       request_life(req));
}

static struct context *home_context(struct request *req)
{
    const struct customer *self = request_app(req);
    struct context *context = customer_context(req, "Welcome");

    context_flag(context, "at_home", true);
    context_number(context, "text_max", SEARCH_TEXT_MAX_CHARS);
    context_html(context, "content", text_slice(&self->home));
    return context;
}

/* Without a database the page is still useful. Its status is for load balancers
 * that ask for it: a new task gets no traffic before it has data. */
static void respond_without_suppliers(struct request *req)
{
    const struct customer *self = request_app(req);

    page_answer_once(self->api.service, req,
                     page_render(self->api.service, "home", home_context(req),
                                 503, "no-store"));
}

static void home_show_suppliers(struct lifetime *life,
                                const struct snapshot *snapshot)
{
    struct request *req = request_of(life);
    const struct customer *self = request_app(req);
    struct home *home = arena_alloc(request_arena(req), sizeof(*home));

    if (snapshot == NULL || home == NULL) {
        respond_without_suppliers(req);
        return;
    }
    if (answer_cached(req, snapshot, "/", &home->key))
        return;
    home->all = (struct search){ .page = 1, .per = PAGING_PER_DEFAULT };
    search_when_found(self->api.searcher, snapshot, &home->all, home_found,
                      request_life(req));
}

static void home_found(struct lifetime *life,
                       const struct search_result *result)
{
    struct request *req = request_of(life);
    struct arena *arena = request_arena(req);
    struct context *context;
    const struct home *home;
    size_t count;

    if (result == NULL) {
        request_reject(req, REJECTION_LIMIT);
        respond_without_suppliers(req);
        return;
    }
    home = (const struct home *)search_asked(result);
    count = search_count(result);
    context = home_context(req);
    context_string(context, "count", paging_number(count, arena));
    context_flag(context, "one", count == 1);
    context_flag(context, "none_yet", count == 0);
    overview_context(result, arena, context);
    answer_template(req, "home", context, search_snapshot(result), &home->key);
}
