/* What every page of the employees has, and how its answer may be cached. */
#include "cafe/html/render.h"
#include "employee.h"

struct context *employee_context(struct request *req, const char *title)
{
    return employee_context_of(request_app(req), req, title);
}

struct context *employee_context_of(const struct employee *self,
                                    struct request *req, const char *title)
{
    struct context *context = page_context(self->api.service, req, title);

    context_string(context, "employee_css",
                   assets_url(self->api.service->assets, "employee.css"));
    context_flag(context, "may_change", may_change(req));
    context_string(context, "user", request_user(req));
    context_string(context, "logout_url",
                   self->api.service->settings->logout_url);
    return context;
}

bool may_change(const struct request *req)
{
    return request_role(req) == ROUTE_EDITOR;
}

static const char kept[] = "private, no-cache";

const char *employee_caching(const struct request *req)
{
    return request_method(req) == POST ? kept : "no-store";
}

void employee_respond(struct request *req, const char *name,
                      const struct context *context, int status,
                      const struct snapshot *snapshot)
{
    const struct employee *self = request_app(req);
    struct page *page =
        page_begin(self->api.service, status, employee_caching(req));

    snapshot_mark(snapshot, page);
    page_answer_rendered(self->api.service, req, page, name, context, NULL);
}

void employee_respond_form(struct request *req, const char *name,
                           const struct context *context, int status)
{
    const struct employee *self = request_app(req);

    page_answer_rendered(self->api.service, req,
                         employee_form_begin(status, SCRIPTS), name, context,
                         NULL);
}

struct page *employee_form_begin(int status, enum scripts scripts)
{
    return render_begin(status, kept, scripts);
}

void employee_draft_context(const struct request *req, struct context *context)
{
    const struct employee *self = request_app(req);

    context_flag(context, "typed", request_method(req) == POST);
    context_string(context, "draft_js",
                   assets_url(self->api.service->assets, "draft.js"));
}

struct page *employee_render(struct request *req, const char *name,
                             const struct context *context, int status)
{
    const struct employee *self = request_app(req);

    return page_render(self->api.service, name, context, status,
                       employee_caching(req));
}
