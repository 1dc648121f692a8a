/* The pages for what went wrong. */
#include "customer.h"

/* 422 is about downloads of lists: only these can be too long. */
static void fill_too_long(struct context *context)
{
    context_string(context, "title", "The list is too long");
    context_string(context, "heading", "The list is too long to download");
    context_string(context, "advice",
                   "Search, or choose a country, a state or a city, to get a "
                   "shorter list.");
}

static const char *title_of_error(int status)
{
    if (status == 404)
        return "Page not found";
    if (status == 503)
        return "Not available right now";
    return status == 410 ? "No longer listed" : status_reason(status);
}

static const char *template_of_error(int status)
{
    if (status == 404)
        return "404";
    return status == 410 ? "410" : "500";
}

struct page *error_show(void *app, struct request *req, int status)
{
    const struct customer *self = app;
    struct context *context;

    if (problem_is_due(&self->api, req))
        return problem_page(&self->api, req, status);
    context = page_context(self->api.service, req, NULL);
    page_context_error(self->api.service, context, status,
                       catalog_trouble(self->api.catalog));
    if (status == 503 && request_explanation(req) != NULL) {
        context_string(context, "heading", "Please wait a moment");
        context_string(context, "advice", request_explanation(req));
    }
    context_string(context, "title", title_of_error(status));
    context_number(context, "text_max", SEARCH_TEXT_MAX_CHARS);
    if (status == 422)
        fill_too_long(context);
    return page_render(self->api.service, template_of_error(status), context,
                       status, "no-store");
}
