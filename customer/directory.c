/* The suppliers, as a list and one by one. */
#include <string.h>

#include "cafe/base/clock.h"
#include "cafe/service/notes.h"
#include "cafe/suppliers/contact.h"
#include "customer.h"

static catalog_show_fn directory_list_show, supplier_show_found;
static search_show_fn directory_list_found;
static notes_show_fn supplier_show_rendered;

/* A list that is asked for, in the request's arena. */
struct list {
    struct search search; /* first: what was asked for is a list */
    struct page_key key;
};

/* A supplier that is shown, in the request's arena. */
struct one {
    const struct supplier *supplier;
    const struct snapshot *snapshot;
    struct page_key key;
};

/* GET /suppliers */
void directory_list(struct request *req)
{
    struct customer *self = request_app(req);

    catalog_when_fresh(self->api.catalog, directory_list_show,
                       request_life(req));
}

static void directory_list_show(struct lifetime *life,
                                const struct snapshot *snapshot)
{
    struct request *req = request_of(life);
    const struct customer *self = request_app(req);
    struct arena *arena = request_arena(req);
    struct list *list = arena_alloc(arena, sizeof(*list));
    const struct form *query;

    if (snapshot == NULL || list == NULL) {
        respond_error(req, 503);
        return;
    }
    if (request_query(req, &query) != OK) {
        respond_error(req, 400);
        return;
    }
    if (search_read(arena, query, &list->search) != OK) {
        respond_error(req, 503);
        return;
    }
    if (answer_cached(req, snapshot,
                      search_url(&list->search, "/suppliers", arena),
                      &list->key))
        return;
    search_when_found(self->api.searcher, snapshot, &list->search,
                      directory_list_found, request_life(req));
}

static void directory_list_found(struct lifetime *life,
                                 const struct search_result *result)
{
    struct request *req = request_of(life);
    struct arena *arena = request_arena(req);
    const struct list *list;
    struct context *context;

    if (result == NULL) {
        request_reject(req, REJECTION_LIMIT);
        respond_error(req, 503);
        return;
    }
    list = (const struct list *)search_asked(result);
    context = list_page_context(req, &list->search);
    search_context(result, "/suppliers", arena, context);
    list_downloads_context(&list->search, arena, context);
    answer_template(req, "supplier-list-all", context, search_snapshot(result),
                    &list->key);
}

/* GET /suppliers/{id} */
void supplier_show(struct request *req)
{
    struct customer *self = request_app(req);

    catalog_when_fresh(self->api.catalog, supplier_show_found,
                       request_life(req));
}

/* As people read it, and as a program does. */
static void fill_changed(struct request *req, int64_t changed_us,
                         struct context *context)
{
    char iso[CLOCK_ISO_BYTES], words[CLOCK_WORDS_BYTES];

    if (changed_us == 0)
        return;
    clock_iso(changed_us, iso);
    clock_words(changed_us, words);
    context_text(context, "changed_iso",
                 arena_slice(request_arena(req), slice_of(iso)));
    context_text(context, "changed",
                 arena_slice(request_arena(req), slice_of(words)));
}

/* A mail to the office that says which supplier it is about. */
static void fill_report(struct request *req, const struct supplier *supplier,
                        struct context *context)
{
    const struct customer *self = request_app(req);
    struct arena *arena = request_arena(req);
    const char *mailto = contact_mailto(arena, slice_of(self->report_address));
    struct text subject;

    if (mailto == NULL)
        return;
    text_init(&subject, 0);
    percent_encode(&subject, SLICE("Mistake in the directory: "));
    percent_encode(&subject, supplier->fields[SUPPLIER_NAME]);
    percent_encode(&subject, SLICE(" (supplier "));
    text_printf(&subject, "%lld", (long long)supplier->id);
    percent_encode(&subject, SLICE(")"));
    context_string(
        context, "report",
        arena_printf(arena, "%s?subject=%s", mailto, text_string(&subject)));
    text_free(&subject);
}

static struct context *one_context(struct request *req,
                                   const struct supplier *supplier,
                                   struct slice html)
{
    const struct customer *self = request_app(req);
    struct context *context = page_context(self->api.service, req, NULL);

    context_text(context, "title", supplier->fields[SUPPLIER_NAME]);
    supplier_context(supplier, context);
    contact_context(supplier, self->map_url, request_arena(req), context);
    fill_changed(req, supplier->changed_us, context);
    fill_report(req, supplier, context);
    if (html.len > 0)
        context_html(context, "notes_html", html);
    return context;
}

static void supplier_show_found(struct lifetime *life,
                                const struct snapshot *snapshot)
{
    struct request *req = request_of(life);
    const struct customer *self = request_app(req);
    struct one *one = arena_alloc(request_arena(req), sizeof(*one));
    const struct supplier *supplier;

    if (one == NULL) {
        respond_error(req, 503);
        return;
    }
    if ((supplier = find_supplier(req, snapshot)) == NULL)
        return; /* answered, so there is no request any more */
    one->supplier = supplier;
    if (answer_cached(req, snapshot,
                      arena_printf(request_arena(req), "/suppliers/%lld",
                                   (long long)supplier->id),
                      &one->key))
        return;
    one->snapshot = snapshot;
    request_set_own(req, one);
    notes_when_rendered(self->api.service->notes, req,
                        supplier->fields[SUPPLIER_NOTES],
                        supplier_show_rendered);
}

static void supplier_show_rendered(struct request *req,
                                   const struct rendered_notes *rendered)
{
    const struct one *one = request_own(req);

    if (rendered == NULL) {
        request_reject(req, REJECTION_LIMIT);
        respond_error(req, 503);
        return;
    }
    answer_template(req, "supplier",
                    one_context(req, one->supplier, rendered->html),
                    one->snapshot, &one->key);
}
