/* The description of an API: the same as long as the daemon runs. */
#include "cafe/api/description.h"

#include "cafe/api/parameters.h"
#include "cafe/api/problem.h"
#include "cafe/base/file.h"
#include "cafe/service/pages.h"

enum { DESCRIPTION_MAX_BYTES = 256 * 1024 };

enum error description_open(struct api *api, struct text *error)
{
    const char *folder = api->service->settings->content;
    struct text path;
    enum error err;

    text_init(&path, 0);
    text_init(&api->description, DESCRIPTION_MAX_BYTES);
    text_printf(&path, "%s/openapi.json", folder);
    err = file_read(text_string(&path), &api->description, error);
    text_free(&path);
    return err;
}

void api_description(struct request *req)
{
    const struct api *api = request_app(req);
    struct page_key key;
    struct text body;

    if (!parameters_none(req) ||
        page_answer_cached(api->service, req, api->described, 0, &key))
        return;
    text_init(&body, 0);
    text_append_slice(&body, text_slice(&api->description));
    page_answer(api->service, req, page_data(200, JSON_TYPE, "no-cache", &body),
                &key);
    text_free(&body);
}
