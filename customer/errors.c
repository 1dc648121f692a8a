/* The pages for what went wrong. */
#include "customer.h"

struct page *error_show(void *app, struct request *req, int status)
{
    const struct customer *self = app;
    struct view *view = page_view(self->service, req, NULL);

    page_view_error(self->service, view, status,
                    catalog_trouble(self->catalog));
    view_string(view, "title",
                status == 404 ? "Page not found" : status_reason(status));
    return page_render(self->service, status == 404 ? "404" : "500", view,
                       status, "no-store");
}
