/* What every page of the employees has, and how its answer may be cached. */
#include "employee.h"

struct view *employee_view(struct request *req, const char *title)
{
    const struct employee *self = request_app(req);
    struct view *view = page_view(self->service, req, title);

    view_string(view, "employee_css",
                assets_url(self->service->assets, "employee.css"));
    view_flag(view, "may_change", may_change(req));
    return view;
}

bool may_change(const struct request *req)
{
    return request_role(req) == ROUTE_EDITOR;
}

const char *employee_caching(const struct request *req)
{
    return request_method(req) == POST ? "private, no-cache" : "no-store";
}

struct page *employee_render(struct request *req, const char *name,
                             const struct view *view, int status)
{
    const struct employee *self = request_app(req);

    return page_render(self->service, name, view, status,
                       employee_caching(req));
}
