/* The suppliers, as a list and one by one. */
#include <string.h>

#include "cafe/clock.h"
#include "cafe/markdown.h"
#include "cafe/paging.h"
#include "customer.h"

/* A stale page says since when and is kept nowhere. */
static void respond_snapshot(struct request *req, const char *name,
                             struct view *view, const struct snapshot *snapshot)
{
    const struct customer *self = request_app(req);
    bool stale = snapshot_stale(snapshot);
    char as_of[CLOCK_ISO_BYTES];
    struct page *page;

    clock_iso(snapshot_as_of_us(snapshot), as_of);
    if (stale)
        view_text(view, "as_of",
                  arena_slice(request_arena(req),
                              (struct slice){ as_of + strlen("2026-11-23T"),
                                              strlen("14:02") }));
    page = page_render(self->service, name, view, 200,
                       stale ? "no-store" : "no-cache");
    if (page != NULL && stale)
        page_field(page, "Cafe-As-Of", as_of);
    if (page != NULL && !stale)
        page_make_etag(page);
    respond_page(req, page);
}

static catalog_show_fn directory_list_show, supplier_show_found;

/* GET /suppliers */
void directory_list(struct request *req)
{
    struct customer *self = request_app(req);

    catalog_when_fresh(self->catalog, directory_list_show, req);
}

static void directory_list_show(struct request *req,
                                const struct snapshot *snapshot)
{
    const struct customer *self = request_app(req);
    const struct form *query;
    struct paging paging;
    struct view *view, *rows;
    size_t i;

    if (snapshot == NULL) {
        respond_error(req, 503);
        return;
    }
    if (request_query(req, &query) != OK) {
        respond_error(req, 400);
        return;
    }
    view = page_view(self->service, req, "All suppliers");
    view_flag(view, "at_list", true);
    view_flag(view, "any", snapshot_count(snapshot) > 0);
    paging_read(query, snapshot_count(snapshot), &paging);
    paging_view(&paging, "/suppliers", request_arena(req), view);
    rows = view_list(view, "suppliers");
    for (i = paging.first; i < paging.end; i++)
        supplier_view(snapshot_at(snapshot, i), view_list_object(rows));
    respond_snapshot(req, "supplier-list-all", view, snapshot);
}

/* GET /suppliers/{id} */
void supplier_show(struct request *req)
{
    struct customer *self = request_app(req);

    catalog_when_fresh(self->catalog, supplier_show_found, req);
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

static void supplier_show_found(struct request *req,
                                const struct snapshot *snapshot)
{
    const struct customer *self = request_app(req);
    const struct supplier *supplier;
    struct view *view;
    int64_t id;

    if (snapshot == NULL) {
        respond_error(req, 503);
        return;
    }
    if (request_param_id(req, "id", &id) != OK ||
        (supplier = snapshot_find(snapshot, id)) == NULL) {
        respond_error(req, 404);
        return;
    }
    view = page_view(self->service, req, NULL);
    view_text(view, "title", supplier->fields[SUPPLIER_NAME]);
    supplier_view(supplier, view);
    view_notes(req, supplier->fields[SUPPLIER_NOTES], view);
    respond_snapshot(req, "supplier", view, snapshot);
}
