/* The list from which a page was opened: its query travels with links and
 * forms. */
#include <string.h>

#include "employee.h"

static const char path[] = "/admin/suppliers";

const char *list_of(struct request *req, struct slice query)
{
    struct arena *arena = request_arena(req);
    struct search search;
    struct form form;
    const char *url;

    /* Read and written again: what ends in links and in Location is made here,
     * never what a client has sent. */
    if (query.len == 0 || form_parse(arena, query, &form) != OK ||
        search_read(arena, &form, &search) != OK)
        return "";
    search_read_ended(&form, &search);
    if ((url = search_url(&search, path, arena)) == NULL)
        return "";
    url += strlen(path);
    return url[0] == '?' ? url + 1 : "";
}

/* A path followed by a list's query. */
static const char *list_link(struct request *req, const char *to,
                             const char *list)
{
    const char *link = to;

    if (list[0] != '\0')
        link = arena_printf(request_arena(req), "%s?%s", to, list);
    return link != NULL ? link : to;
}

void list_context(struct request *req, const char *list,
                  struct context *context)
{
    context_string(context, "list", list);
    context_string(context, "list_url", list_link(req, path, list));
    context_string(context, "list_query", list_link(req, "", list));
}
