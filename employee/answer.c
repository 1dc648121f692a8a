/* What every page of the employees has, and how its answer may be cached. */
#include "employee.h"

struct view *employee_view(struct request *req, const char *title)
{
    const struct employee *self = request_app(req);
    struct view *view = page_view(self->service, req, title);

    view_string(view, "employee_css",
                assets_url(self->service->assets, "employee.css"));
    return view;
}

struct page *employee_render(struct request *req, const char *name,
                             const struct view *view, int status)
{
    const struct employee *self = request_app(req);

    return page_render(self->service, name, view, status,
                       request_method(req) == POST ? "private, no-cache"
                                                   : "no-store");
}
