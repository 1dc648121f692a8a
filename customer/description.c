/* The description of the API: the same as long as the daemon runs. */
#include "cafe/base/file.h"
#include "customer.h"

enum { DESCRIPTION_MAX_BYTES = 256 * 1024 };

enum error description_open(struct customer *self, struct text *error)
{
    const char *folder = self->api.service->settings->content;
    struct text path;
    enum error err;

    text_init(&path, 0);
    text_init(&self->description, DESCRIPTION_MAX_BYTES);
    text_printf(&path, "%s/openapi.json", folder);
    err = file_read(text_string(&path), &self->description, error);
    text_free(&path);
    return err;
}

/* GET /api/v1/openapi.json */
void api_description(struct request *req)
{
    const struct customer *self = request_app(req);
    struct page_key key;
    struct text body;

    if (!parameters_none(req) ||
        page_answer_cached(self->api.service, req, API_DESCRIPTION, 0, &key))
        return;
    text_init(&body, 0);
    text_append_slice(&body, text_slice(&self->description));
    page_answer(self->api.service, req,
                page_data(200, JSON_TYPE, "no-cache", &body), &key);
    text_free(&body);
}
