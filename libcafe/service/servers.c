/* What a daemon serves and where: routes, checks, ports. */
#include <string.h>

#include "cafe/http/response.h"
#include "cafe/service/roles.h"
#include "frame.h"

static void static_show(struct request *req)
{
    const struct frame *frame = request_app(req);
    struct page *page = assets_page(frame->service.assets,
                                    request_param(req, "path"),
                                    request_field(req, "accept-encoding"));

    if (page == NULL)
        respond_error(req, 404);
    else
        respond_page(req, page);
}

/* Static files, then those of ops.c; NULL when out of memory. */
static const struct route *make_more_routes(const struct frame *frame)
{
    const char *path = arena_printf(frame->arena, "%s/{path...}",
                                    frame->definition->static_prefix);
    struct route *routes;
    size_t count = 0;

    while (ops_routes[count].methods != 0)
        count++;
    routes = arena_alloc(frame->arena, (count + 2) * sizeof(*routes));
    if (routes == NULL || path == NULL)
        return NULL;
    routes[0] = (struct route){ GET, path, static_show, 0, ROUTE_OPEN };
    memcpy(routes + 1, ops_routes, count * sizeof(*routes));
    return routes;
}

/* The order matters: a client without access learns nothing from the other
 * checks, and roles can be checked only once the person is known. */
static void fill_checks(struct frame *frame)
{
    const struct service_definition *definition = frame->definition;
    struct server_check *next = frame->main_config.checks;
    struct access_rules *rules = &frame->access;

    *next++ = (struct server_check){ stop_note_asked, frame, REJECTION_NONE };
    *next++ = (struct server_check){ access_check, rules, REJECTION_ACCESS };
    *next++ = (struct server_check){ host_check, rules, REJECTION_HOST };
    *next++ =
        (struct server_check){ identity_check, rules, REJECTION_IDENTITY };
    if (definition->keys_root != NULL)
        *next++ = (struct server_check){ key_check, frame->key_check,
                                         REJECTION_IDENTITY };
    if (definition->check_roles) {
        *next++ = (struct server_check){ sign_in_check, frame->sign_in,
                                         REJECTION_IDENTITY };
        *next++ = (struct server_check){ role_check, rules, REJECTION_ROLE };
    }
    if (definition->check_origin)
        *next = (struct server_check){ origin_check, rules, REJECTION_ORIGIN };
}

static void fill_server_configs(struct frame *frame,
                                const struct route *more_routes)
{
    const struct service_definition *definition = frame->definition;

    frame->main_config = (struct server_config){
        .name = "main",
        .routes = definition->routes,
        .more_routes = more_routes,
        .app = frame->app,
        .more_app = frame,
        .error_page = definition->error_page,
        .believe = access_believe,
        .believe_context = &frame->access,
        .log = frame->service.log,
        .counters = &frame->counters,
    };
    fill_checks(frame);
    frame->ops_config = (struct server_config){
        .name = "ops",
        .routes = ops_routes,
        .more_routes = metrics_routes,
        .app = frame,
        .more_app = frame,
        .limits = server_limits_default,
        .log = frame->service.log,
        .log_requests = true,
        .believe = access_believe,
        .believe_context = &frame->access,
        .counters = &frame->ops_counters,
    };
    settings_apply(frame, frame->settings);
}

/* Where to listen, by the options that say so. */
struct listening {
    const char *bind_name, *port_name;
    const char *bind;
    int port;
};

/* On an address of our own, or on a socket that was passed. */
static enum error listen_on(const struct frame *frame, struct server *server,
                            int passed, const struct listening *where,
                            struct text *error)
{
    struct text why;
    enum error err;

    if (passed >= 0)
        return server_adopt(server, passed, error);
    text_init(&why, 0);
    err = server_listen(server, where->bind, where->port, &why);
    err = frame_blame(frame->config,
                      err == ERROR_CONFIG ? where->bind_name : where->port_name,
                      err, &why, error);
    text_free(&why);
    return err;
}

enum error servers_open(struct frame *frame, struct text *error)
{
    const struct service_settings *settings = frame->settings;
    const struct listening pages = { "bind", "port", settings->bind,
                                     (int)settings->port };
    const struct listening ops = { "ops.bind", "ops.port", settings->ops_bind,
                                   (int)settings->ops_port };
    const struct route *more_routes = make_more_routes(frame);
    struct event_base *base = frame->service.base;
    struct passed_sockets passed;
    enum error err;

    if (more_routes == NULL)
        return ERROR_MEMORY;
    if ((err = router_check(frame->definition->routes, error)) != OK ||
        (err = router_check(more_routes, error)) != OK ||
        (err = passed_sockets_find(&passed, error)) != OK)
        return err;
    fill_server_configs(frame, more_routes);
    if ((err = server_open(base, &frame->main_config, &frame->main_server)) ||
        (err = listen_on(frame, frame->main_server, passed.main, &pages,
                         error)) != OK)
        return err;
    if (ops.port == 0 && passed.ops < 0)
        return OK;
    if ((err = server_open(base, &frame->ops_config, &frame->ops_server)))
        return err;
    return listen_on(frame, frame->ops_server, passed.ops, &ops, error);
}
