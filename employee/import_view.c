/* What the pages of an import have in common. */
#include "cafe/import/upload.h"
#include "import.h"

struct import_view *import_view_open(struct request *req)
{
    struct import_view *view = arena_alloc(request_arena(req), sizeof(*view));
    struct slice key = request_param(req, "key");

    if (view == NULL || !form_key_valid(key)) {
        respond_error(req, view == NULL ? 503 : 404);
        return NULL;
    }
    *view = (struct import_view){ .req = req, .key = key, .status = 200 };
    return view;
}

const char *import_url(const struct import_view *view, const char *below)
{
    const char *url = arena_printf(request_arena(view->req),
                                   IMPORT_ROOT "/%.*s%s", (int)view->key.len,
                                   view->key.data, below);

    return url != NULL ? url : IMPORT_ROOT;
}

struct context *import_context(const struct import_view *view,
                               const char *title)
{
    struct context *context = employee_context(view->req, title);
    struct import_settings settings;

    if (import_settings_read(view->import.settings, &settings))
        list_context(view->req, list_of(view->req, settings.list), context);
    context_string(context, "url", import_url(view, ""));
    context_text(context, "file_name", view->import.file_name);
    context_string(context, "problem", view->problem);
    context_flag(context, "faulty", view->problem != NULL);
    return context;
}

void import_log(struct request *req, struct slice key, const char *action)
{
    const struct employee *self = request_app(req);
    const char *user = request_user(req);

    log_line(self->api.service->log, LOG_INFO, "import changed",
             LOG_STRING("request_id", request_id(req)),
             LOG_STRING("user", user != NULL ? user : ""),
             LOG_STRING("client_ip", request_client(req)),
             LOG_STRING("action", action), LOG_SLICE("import", key), LOG_END);
}

void import_context_reasons(struct context *object, struct slice places,
                            struct slice reasons)
{
    struct context *list = context_list(object, "reasons");
    struct slice place, reason;

    while (staged_reason_next(&places, &reasons, &place, &reason)) {
        struct context *item = context_list_object(list);

        context_text(item, "place", place);
        context_text(item, "reason", reason);
    }
}
