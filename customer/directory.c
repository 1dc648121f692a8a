/* The suppliers, as a list and one by one. */
#include <string.h>

#include "cafe/base/clock.h"
#include "cafe/html/markdown.h"
#include "cafe/suppliers/contact.h"
#include "customer.h"

static catalog_show_fn directory_list_show, supplier_show_found;
static search_show_fn directory_list_found;

/* A list that is asked for, in the request's arena. */
struct list {
    struct search search; /* first: what was asked for is a list */
    struct page_key key;
};

/* GET /suppliers */
void directory_list(struct request *req)
{
    struct customer *self = request_app(req);

    catalog_when_fresh(self->catalog, directory_list_show, request_life(req));
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
    if (answer_kept(req, snapshot,
                    search_url(&list->search, "/suppliers", arena), &list->key))
        return;
    search_when_found(self->searcher, snapshot, &list->search,
                      directory_list_found, request_life(req));
}

static void directory_list_found(struct lifetime *life,
                                 const struct search_result *result)
{
    struct request *req = request_of(life);
    struct arena *arena = request_arena(req);
    const struct list *list;
    struct view *view;

    if (result == NULL) {
        request_reject(req, REJECTION_LIMIT);
        respond_error(req, 503);
        return;
    }
    list = (const struct list *)search_asked(result);
    view = list_page_view(req, &list->search);
    search_view(result, "/suppliers", arena, view);
    list_takeaway_view(&list->search, arena, view);
    list_print_view(result, arena, view);
    answer_view(req, "supplier-list-all", view, search_snapshot(result),
                &list->key);
}

/* GET /suppliers/{id} */
void supplier_show(struct request *req)
{
    struct customer *self = request_app(req);

    catalog_when_fresh(self->catalog, supplier_show_found, request_life(req));
}

static void view_notes(struct request *req, struct slice notes,
                       struct view *view)
{
    struct text html;

    text_init(&html, 0);
    markdown_render(notes, &html);
    if (!html.failed && html.len > 0)
        view_html(view, "notes_html",
                  arena_slice(request_arena(req), text_slice(&html)));
    text_free(&html);
}

/* "2026-11-23 14:02", and as a program reads it. */
static void view_changed(struct request *req, int64_t changed_us,
                         struct view *view)
{
    char iso[CLOCK_ISO_BYTES];
    char *text;

    if (changed_us == 0)
        return;
    clock_iso(changed_us, iso);
    view_text(view, "changed_iso",
              arena_slice(request_arena(req), slice_of(iso)));
    text = arena_copy(request_arena(req), iso, strlen("2026-11-23T14:02"));
    if (text != NULL)
        text[strlen("2026-11-23")] = ' ';
    view_string(view, "changed", text);
}

static struct view *one_view(struct request *req,
                             const struct supplier *supplier)
{
    const struct customer *self = request_app(req);
    struct view *view = page_view(self->service, req, NULL);

    view_text(view, "title", supplier->fields[SUPPLIER_NAME]);
    supplier_view(supplier, view);
    contact_view(supplier, self->map_url, request_arena(req), view);
    view_changed(req, supplier->changed_us, view);
    view_notes(req, supplier->fields[SUPPLIER_NOTES], view);
    return view;
}

static void supplier_show_found(struct lifetime *life,
                                const struct snapshot *snapshot)
{
    struct request *req = request_of(life);
    const struct supplier *supplier;
    struct page_key key;

    if ((supplier = find_supplier(req, snapshot)) == NULL)
        return;
    if (answer_kept(req, snapshot,
                    arena_printf(request_arena(req), "/suppliers/%lld",
                                 (long long)supplier->id),
                    &key))
        return;
    answer_view(req, "supplier", one_view(req, supplier), snapshot, &key);
}
