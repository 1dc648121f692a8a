/* The pages for what went wrong. A client that may not come in sees the page
 * that the customer daemon has for an address that isn't there. */
#include "cafe/api/problem.h"
#include "cafe/service/roles.h"
#include "import_upload.h"

/* The request may be for a file or a probe, whose application is another: what
 * uses request_app() is for the employees' own routes. */
struct page *employee_error_show(void *app, struct request *req, int status)
{
    const struct employee *self = app;
    struct page *form = editor_refused(req, status);
    struct page *other;
    bool outside = status == 404 && request_refused(req);
    const char *name = status == 404 ? "404" : "500";
    struct context *context;

    if (form != NULL)
        return form;
    if ((other = upload_refused(req, status)) != NULL ||
        (other = form_refused(req, status)) != NULL)
        return other;
    if (!outside && problem_is_due(&self->api, req)) {
        if (role_refused(req))
            request_explain(req, role_advice(req));
        return problem_page(&self->api, req, status);
    }
    context = outside ? page_context(self->api.service, req, NULL)
                      : employee_context_of(self, req, NULL);
    page_context_error(self->api.service, context, status,
                       catalog_trouble(self->api.catalog));
    if (status == 503 && request_explanation(req) != NULL) {
        context_string(context, "heading", "Please wait a moment");
        context_string(context, "advice", request_explanation(req));
    }
    if (outside)
        name = "refused";
    if (role_refused(req)) {
        context_string(context, "heading", "You can't change suppliers");
        context_string(context, "advice", role_advice(req));
    }
    context_string(context, "title",
                   status == 404 ? "Page not found" : status_reason(status));
    return page_render(self->api.service, name, context, status,
                       employee_caching(req));
}
