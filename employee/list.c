/* Which list somebody came from: its query travels with links and forms. */
#include <string.h>

#include "employee.h"

static const char path[] = "/admin/suppliers";

/* What a list's query may have, in the order of its normal form. */
static const char *const names[] = {
    "q", "state", "city", "sort", "page", "per"
};

const char *list_of(struct request *req, struct slice query)
{
    struct form form;
    struct text normal;
    const char *result;
    size_t i;

    if (query.len == 0 || form_parse(request_arena(req), query, &form) != OK)
        return "";
    text_init(&normal, 0);
    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        struct slice value = form_value(&form, names[i]);

        if (value.len == 0)
            continue;
        text_printf(&normal, "%s%s=", normal.len ? "&" : "", names[i]);
        percent_encode(&normal, value);
    }
    result = arena_copy(request_arena(req), text_string(&normal), normal.len);
    text_free(&normal);
    return result ? result : "";
}

const char *list_link(struct request *req, const char *to, const char *list)
{
    const char *link = to;

    if (list[0] != '\0')
        link = arena_printf(request_arena(req), "%s?%s", to, list);
    return link ? link : to;
}

void list_view(struct request *req, const char *list, struct view *view)
{
    view_string(view, "list", list);
    view_string(view, "list_url", list_link(req, path, list));
    view_string(view, "list_query", list_link(req, "", list));
}
