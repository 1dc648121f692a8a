/* The pages for what went wrong. */
#include "customer.h"

/* 422 is about downloads of lists: only these can be too long. */
static void view_too_long(struct view *view)
{
    view_string(view, "title", "The list is too long");
    view_string(view, "heading", "The list is too long to download");
    view_string(view, "advice",
                "Search, or choose a state or a city, to get a shorter list.");
}

struct page *error_show(void *app, struct request *req, int status)
{
    const struct customer *self = app;
    struct view *view;

    if (problem_is_due(req))
        return problem_page(self, req, status);
    view = page_view(self->service, req, NULL);
    page_view_error(self->service, view, status,
                    catalog_trouble(self->catalog));
    view_string(view, "title",
                status == 404 ? "Page not found" : status_reason(status));
    if (status == 422)
        view_too_long(view);
    return page_render(self->service, status == 404 ? "404" : "500", view,
                       status, "no-store");
}
