/* The employees' home and their list of suppliers. */
#include "cafe/paging.h"
#include "employee.h"

/* GET /admin */
void home_show(struct request *req)
{
    const struct employee *self = request_app(req);
    struct view *view = page_view(self->service, req, "Welcome");

    view_flag(view, "at_home", true);
    respond_page(req,
                 page_render(self->service, "home", view, 200, "no-store"));
}

static catalog_show_fn directory_list_show;

/* GET /admin/suppliers */
void directory_list(struct request *req)
{
    struct employee *self = request_app(req);

    catalog_when_fresh(self->catalog, directory_list_show, req);
}

static void directory_list_show(struct request *req,
                                const struct snapshot *snapshot)
{
    const struct employee *self = request_app(req);
    const struct form *query;
    struct paging paging;
    struct view *view, *rows;
    size_t i;

    if (snapshot == NULL || snapshot_stale(snapshot)) {
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
    paging_view(&paging, "/admin/suppliers", request_arena(req), view);
    rows = view_list(view, "suppliers");
    for (i = paging.first; i < paging.end; i++)
        supplier_view(snapshot_at(snapshot, i), view_list_object(rows));
    page_answer_once(
        self->service, req,
        page_render(self->service, "supplier-list-all", view, 200, "no-store"));
}
