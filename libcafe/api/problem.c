/* What went wrong, as a program reads it: problem details (RFC 9457). */
#include "cafe/api/problem.h"

#include <string.h>

#include "cafe/base/json.h"

static const struct {
    int status;
    const char *detail;
} details[] = {
    { 400, "The query can't be read. Send names and values as percent-encoded "
           "UTF-8, at most 100 of them." },
    { 405, "This method is not allowed here; the field Allow has those that "
           "are." },
    { 410, "This supplier was deleted, or no longer supplies." },
    { 413, "The body is too large, or this path takes none." },
    { 422, "The response would be too large. Ask for fewer suppliers at once, "
           "with limit." },
};

static const char not_there[] = "There is no supplier with this id.";

bool problem_is_due(const struct api *api, const struct request *req)
{
    struct slice path = request_head(req)->path;

    return slice_is(path, api->root) || (slice_starts(path, api->root) &&
                                         path.data[strlen(api->root)] == '/');
}

/* 404 on a path that has a route means that there is no such supplier. */
static const char *detail_of(const struct api *api, struct request *req,
                             int status)
{
    if (request_explanation(req) != NULL)
        return request_explanation(req);
    if (status == 404 && request_route(req) != NULL && !request_refused(req))
        return not_there;
    if (status == 404)
        return arena_printf(request_arena(req),
                            "There is nothing at this path. See %s for the "
                            "paths that exist.",
                            api->described);
    for (size_t i = 0; i < sizeof(details) / sizeof(details[0]); i++)
        if (details[i].status == status)
            return details[i].detail;
    return page_error_advice(api->service, status,
                             catalog_trouble(api->catalog));
}

/* Its type is left to the status: "about:blank" (RFC 9457 4.2.1). */
void problem_begin(struct text *body, const struct request *req, int status,
                   const char *detail)
{
    text_init(body, 0);
    json_object(body, NULL);
    json_text(body, "type", SLICE("about:blank"));
    json_text(body, "title", slice_of(status_reason(status)));
    json_number(body, "status", status);
    json_text(body, "detail", slice_of(detail));
    json_text(body, "request_id", slice_of(request_id(req)));
}

struct page *problem_end(struct text *body, int status)
{
    struct page *page;

    json_object_end(body);
    text_append_char(body, '\n');
    page = page_data(status, "application/problem+json", "no-store", body);
    text_free(body);
    return page;
}

struct page *problem_page(const struct api *api, struct request *req,
                          int status)
{
    struct text body;

    problem_begin(&body, req, status, detail_of(api, req, status));
    return problem_end(&body, status);
}

void respond_bad_parameter(struct request *req, struct slice name,
                           const char *detail)
{
    struct text body;

    problem_begin(&body, req, 400, detail);
    json_text(&body, "parameter", name);
    respond_page(req, problem_end(&body, 400));
}
