/* What is said of a post that was refused. */
#include <string.h>

#include "cafe/service/roles.h"
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

const char *refusal_text(struct request *req, int status, const char *next)
{
    struct slice origin = origin_named(req);
    const char *text;

    if (role_refused(req))
        return role_advice(req);
    if (status == 503 && request_explanation(req) != NULL)
        return request_explanation(req);
    if (status == 429 || status == 503)
        return "Your name and password could not be checked now. Nothing was "
               "saved. Wait a minute, then reload this page: the browser sends "
               "the form again, and it will not be saved twice.";
    if (status == 413)
        return "This is too large to save. Nothing was changed; shorten what "
               "you typed and send it again.";
    if (origin.data != NULL)
        return arena_printf(
            request_arena(req),
            "Nothing was changed: your browser says that this form was sent "
            "from %.*s, which is not a known address of this site. If you "
            "opened this site at that address, ask the people who run it to "
            "add the address to APP_ORIGINS, then send the form again. If you "
            "did not, another site tried to make you save this: do not send "
            "it.",
            (int)origin.len, origin.data);
    text = arena_printf(
        request_arena(req),
        "Your browser did not say which site this form came from, so nothing "
        "was changed. %s If this keeps happening, an add-on or a proxy removes "
        "the Origin header: turn that off for this site.",
        next);
    return text != NULL ? text : next;
}
