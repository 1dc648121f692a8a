/* What a person may do. The route table says whom each page is for; here is who
 * is an editor. */
#include "cafe/service/roles.h"

#include <stdlib.h>
#include <string.h>

enum { FORBIDDEN = 403, EDITORS_MAX = 256 };

struct editor {
    struct slice name;
    bool group;
};

struct editor_list {
    char *text; /* that the names point into */
    size_t count;
    struct editor editors[EDITORS_MAX];
};

static enum error add_editor(struct editor_list *list, struct slice text,
                             struct text *error)
{
    static const struct slice prefix = { "group:", 6 };
    struct editor editor = { text, slice_starts(text, prefix.data) };

    if (editor.group)
        editor.name = slice_trim(
            (struct slice){ text.data + prefix.len, text.len - prefix.len });
    if (!identity_valid(editor.name)) {
        text_printf(error,
                    "member %zu is not a name that a person can have; use for "
                    "example ann@example.com or group:buyers",
                    list->count + 1);
        return ERROR_CONFIG;
    }
    if (list->count == EDITORS_MAX) {
        text_printf(error, "more than %d names", EDITORS_MAX);
        return ERROR_CONFIG;
    }
    list->editors[list->count++] = editor;
    return OK;
}

enum error editor_list_open(const char *text, struct editor_list **result,
                            struct text *error)
{
    struct editor_list *list = calloc(1, sizeof(*list));
    enum error err = OK;
    struct slice rest, member;

    if (list == NULL)
        return ERROR_MEMORY;
    list->text = strdup(text);
    if (list->text == NULL)
        err = ERROR_MEMORY;
    rest = slice_of(list->text);
    while (err == OK && slice_member(&rest, &member))
        err = add_editor(list, member, error);
    if (err != OK) {
        editor_list_close(list);
        return err;
    }
    *result = list;
    return OK;
}

void editor_list_close(struct editor_list *list)
{
    if (list == NULL)
        return;
    free(list->text);
    free(list);
}

bool editor_list_has_groups(const struct editor_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        if (list->editors[i].group)
            return true;
    }
    return false;
}

static bool has(const struct editor_list *list, struct slice name, bool group)
{
    for (size_t i = 0; i < list->count; i++) {
        if (list->editors[i].group == group &&
            slice_equal(list->editors[i].name, name))
            return true;
    }
    return false;
}

/* Whether a person of this name, absent when nobody knows it, or in one of
 * these groups, comma-separated, is in the list. */
static bool editor_list_has(const struct editor_list *list, struct slice name,
                            struct slice groups)
{
    struct slice group;

    if (name.data == NULL)
        return false;
    if (has(list, name, false))
        return true;
    while (slice_member(&groups, &group)) {
        if (has(list, group, true))
            return true;
    }
    return false;
}

static unsigned role_of(const struct access_rules *rules,
                        const struct request *req)
{
    const char *user = request_user(req);

    /* A load balancer that signs people in names everybody: one that has
     * ceased to do so must not let them edit without a name. */
    if (rules->keys != NULL && user == NULL)
        return ROUTE_READER;
    if (rules->editors == NULL ||
        editor_list_has(rules->editors, slice_of(user),
                        identity_groups(rules, req)))
        return ROUTE_EDITOR;
    return ROUTE_READER;
}

bool role_refused(const struct request *req)
{
    const struct route *route = request_route(req);

    return route != NULL && request_role(req) != 0 &&
           !(route->flags & request_role(req));
}

int role_check(void *context, struct request *req)
{
    const struct access_rules *rules = context;

    if (request_role(req) == 0) /* it has no key, which brings its own */
        request_set_role(req, role_of(rules, req));
    if (!role_refused(req))
        return 0;
    origin_keep_form(rules, req);
    return FORBIDDEN;
}
