/* What is said to those who may only look and have tried to change something.
 */
#include <string.h>

#include "employee.h"

/* What a post would have done. */
static const struct {
    const char *path;
    const char *undone;
} posts[] = {
    { "/admin/supplier-add", "The new supplier was not saved." },
    { "/admin/supplier-update", "Your changes were not saved." },
    { "/admin/supplier-remove/{id}", "The supplier was not deleted." },
    { "/admin/supplier-restore/{revision}", "The version was not restored." },
    { "/admin/supplier-undo/{revision}", "The change was not undone." },
    { "/admin/suppliers-change", "The suppliers were not changed." },
    { "/admin/changes-undo/{group}", "The changes were not undone." },
    { "/admin/import", "The file was not imported." },
};

const char *role_advice(struct request *req)
{
    const char *path = request_route(req)->path;
    const char *user = request_user(req);
    const char *undone = "Nothing was changed.";
    const char *advice;

    if (request_role(req) & ROUTE_KEYS)
        return "Nothing was changed: this key may only read. Use one that was "
               "added with --may write.";
    for (size_t i = 0; i < sizeof(posts) / sizeof(posts[0]); i++) {
        if (request_method(req) == POST && strcmp(path, posts[i].path) == 0)
            undone = posts[i].undone;
    }
    advice = arena_printf(
        request_arena(req),
        "%s You can look at suppliers here, but not change them. If you need "
        "to, ask the people who run this site to add %s to the editors%s",
        undone, user != NULL ? user : "you",
        request_form_kept(req) ? ", then reload this page." : ".");
    return advice != NULL ? advice : undone;
}
