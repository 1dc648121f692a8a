/* A daemon from its command line to its end. What each step opens, the
 * closing at the bottom gives back, whatever step failed. */
#include "cafe/service.h"

#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "cafe/offload.h"
#include "cafe/page_cache.h"
#include "cafe/response.h"
#include "frame.h"

enum { DB_BACK_OFF_MAX_MS = 2000 };

extern char **environ;

static int complain(const struct frame *frame, struct text *error,
                    enum error err)
{
    if (error->len == 0)
        text_append_string(error, error_text(err));
    fprintf(stderr, "%s: %s\n", frame->definition->name, text_string(error));
    return 1;
}

/* Configuration. */

static enum log_format log_format_of(const struct service_settings *settings)
{
    enum { AUTO, JSON };

    if (settings->log_format == AUTO)
        return isatty(STDOUT_FILENO) ? LOG_TEXT : LOG_JSON;
    return settings->log_format == JSON ? LOG_JSON : LOG_TEXT;
}

static void close_access(struct access_rules *rules)
{
    cidr_list_close(rules->allow);
    cidr_list_close(rules->proxies);
    origin_list_close(rules->origins);
}

/* An empty list would let in the world where that is not the default. */
static enum error open_access(const struct service_definition *definition,
                              const struct service_settings *settings,
                              struct access_rules *rules, struct text *error)
{
    struct access_rules made = { NULL, NULL, NULL };
    enum error err = OK;

    if (settings->allow[0] == '\0' && definition->allow_fallback[0] != '\0') {
        text_append_string(error, "allow: is empty; write 0.0.0.0/0,::/0 "
                                  "to let everybody in");
        return ERROR_CONFIG;
    }
    if (settings->allow[0] != '\0')
        err = cidr_list_open(settings->allow, &made.allow, error);
    if (err == OK)
        err = cidr_list_open(settings->trusted_proxies, &made.proxies, error);
    if (err == OK && settings->origins[0] != '\0')
        err = origin_list_open(settings->origins, &made.origins, error);
    if (err != OK) {
        close_access(&made);
        return err;
    }
    *rules = made;
    return OK;
}

static void apply(struct frame *frame, const struct service_settings *settings)
{
    log_set_level(frame->service.log, (enum log_level)settings->log_level);
    log_set_format(frame->service.log, log_format_of(settings));
    frame->main_config.limits = settings->limits;
    frame->main_config.log_requests = settings->log_requests;
    frame->settings->drain_delay_ms = settings->drain_delay_ms;
    frame->settings->stop_max_ms = settings->stop_max_ms;
}

static struct service_settings *new_settings(const struct frame *frame)
{
    return calloc(1, frame->definition->settings_bytes);
}

void frame_reload(struct frame *frame)
{
    struct service_settings *settings = new_settings(frame);
    struct access_rules rules;
    struct config *config = NULL;
    struct text error;
    enum error err;
    int command;

    text_init(&error, 0);
    err = settings
              ? config_load(&frame->source, settings, &command, &config, &error)
              : ERROR_MEMORY;
    if (err == OK)
        err = open_access(frame->definition, settings, &rules, &error);
    if (err == OK) {
        close_access(&frame->access);
        frame->access = rules;
        apply(frame, settings);
        log_line(frame->service.log, LOG_INFO, "configuration read again",
                 LOG_END);
    } else {
        log_line(frame->service.log, LOG_ERROR,
                 "configuration is faulty; going on with the old one",
                 LOG_STRING("reason", text_string(&error)), LOG_END);
    }
    config_close(config);
    free(settings);
    text_free(&error);
}

/* Static files. */

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

/* The folders of the option, ended by NULL; NULL when out of memory. */
static const char *const *static_folders(const struct frame *frame)
{
    struct slice list = slice_of(frame->settings->statics);
    size_t most = list.len + 2; /* one a byte, and the end */
    const char **folders = arena_alloc(frame->arena, most * sizeof(*folders));
    size_t count = 0;

    while (folders != NULL && list.len > 0) {
        struct slice folder = slice_trim(slice_cut(&list, ','));

        folders[count] = arena_copy(frame->arena, folder.data, folder.len);
        if (folders[count++] == NULL)
            return NULL;
    }
    return folders;
}

static enum error open_assets(struct frame *frame, struct text *error)
{
    const char *const *folders = static_folders(frame);

    if (folders == NULL)
        return ERROR_MEMORY;
    return assets_open(folders, frame->definition->static_prefix,
                       &frame->service.assets, error);
}

/* Opening, step by step. */

/* Connections take descriptors: as many as the system lets us have. */
static void raise_descriptor_limit(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 &&
        limit.rlim_cur < limit.rlim_max) {
        limit.rlim_cur = limit.rlim_max;
        if (setrlimit(RLIMIT_NOFILE, &limit) != 0)
            return; /* the soft limit serves, too */
    }
}

static enum error open_files(struct frame *frame, struct text *error)
{
    struct service *service = &frame->service;
    enum error err = options_find_folders(frame->definition->name, frame->arena,
                                          frame->settings);

    if (err == OK)
        err = open_access(frame->definition, frame->settings, &frame->access,
                          error);
    if (err == OK)
        err =
            templates_open(frame->settings->views, &service->templates, error);
    if (err == OK)
        err = open_assets(frame, error);
    return err;
}

static enum error open_database(struct frame *frame)
{
    const struct service_settings *settings = frame->settings;
    const struct db_config config = {
        .options = settings->db,
        .threads = settings->db_threads,
        .queue_max = settings->db_queue_max,
        .queue_ms = settings->db_queue_ms,
        .back_off_max_ms = DB_BACK_OFF_MAX_MS,
        .log = frame->service.log,
        .counters = &frame->counters,
    };

    return db_open(frame->service.base, &config, &frame->service.db);
}

static enum error open_service(struct frame *frame, struct text *error)
{
    struct service *service = &frame->service;
    enum error err;

    service->settings = frame->settings;
    service->counters = &frame->counters;
    service->version = CAFE_VERSION;
    service->scripts = frame->definition->scripts;
    frame->healthy = page_plain(200, "healthy\n");
    inquiry_init(&frame->readiness);
    service->base = event_base_new();
    service->log = log_open(frame->definition->name, CAFE_VERSION,
                            log_format_of(frame->settings), STDOUT_FILENO,
                            &frame->counters);
    if (service->base == NULL || service->log == NULL || !frame->healthy)
        return ERROR_MEMORY;
    if ((err = open_files(frame, error)) != OK ||
        (err = open_database(frame)) != OK ||
        (err = offload_open(service->base, &service->offload)) != OK)
        return err;
    service->cache = page_cache_open((size_t)frame->settings->cache_max_bytes);
    if (service->cache == NULL)
        return ERROR_MEMORY;
    return frame->definition->open(service, &frame->app, error);
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
        .checks = { { access_check, &frame->access } },
        .log = frame->service.log,
        .counters = &frame->counters,
    };
    if (definition->check_origin)
        frame->main_config.checks[1] =
            (struct server_check){ origin_check, &frame->access };
    frame->ops_config = (struct server_config){
        .name = "ops",
        .routes = ops_routes,
        .app = frame,
        .limits = server_limits_default,
        .log = frame->service.log,
        .log_requests = true,
        .counters = &frame->counters,
    };
    apply(frame, frame->settings);
}

/* On a socket that was passed, or on an address of our own. */
static enum error listen_on(struct server *server, int passed, const char *bind,
                            int64_t port, struct text *error)
{
    return passed >= 0 ? server_adopt(server, passed, error)
                       : server_listen(server, bind, (int)port, error);
}

static enum error open_servers(struct frame *frame, struct text *error)
{
    const struct service_settings *settings = frame->settings;
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
        (err = listen_on(frame->main_server, passed.main, settings->bind,
                         settings->port, error)) != OK)
        return err;
    if (settings->ops_port == 0 && passed.ops < 0)
        return OK;
    if ((err = server_open(base, &frame->ops_config, &frame->ops_server)))
        return err;
    return listen_on(frame->ops_server, passed.ops, settings->ops_bind,
                     settings->ops_port, error);
}

static void close_service(struct frame *frame)
{
    struct service *service = &frame->service;

    if (frame->app != NULL && frame->definition->stop != NULL)
        frame->definition->stop(frame->app);
    db_close(service->db);
    offload_close(service->offload);
    server_close(frame->main_server);
    server_close(frame->ops_server);
    if (frame->app != NULL)
        frame->definition->close(frame->app);
    stop_close(frame);
    notify_close(frame->notify);
    page_unref(frame->healthy);
    page_cache_close(service->cache);
    assets_close(service->assets);
    templates_close(service->templates);
    close_access(&frame->access);
    log_close(service->log);
    if (service->base != NULL)
        event_base_free(service->base);
}

/* Running. */

static void announce(const struct frame *frame)
{
    const struct server *ops = frame->ops_server;

    log_line(frame->service.log, LOG_INFO, "ready",
             LOG_NUMBER("port", server_port(frame->main_server)),
             LOG_NUMBER("ops_port", ops ? server_port(ops) : 0),
             LOG_NUMBER("pid", getpid()), LOG_END);
    notify_send(frame->notify, NOTIFY_READY);
}

/* One turn of the loop at a time: its log lines go out in one write. Returns
 * the exit status: a loop that can't wait for events would only spin. */
static int run_loop(struct frame *frame)
{
    int turned = 0;

    while (!frame->done && turned == 0) {
        log_flush(frame->service.log);
        turned = event_base_loop(frame->service.base, EVLOOP_ONCE);
    }
    if (frame->done)
        log_line(frame->service.log, LOG_INFO, "stopped", LOG_END);
    else
        log_line(frame->service.log, LOG_ERROR, "the event loop has failed",
                 LOG_END);
    return frame->done ? 0 : 1;
}

static int serve(struct frame *frame)
{
    struct text error;
    enum error err;
    int status = 0;

    text_init(&error, 0);
    raise_descriptor_limit();
    if ((err = open_service(frame, &error)) == OK &&
        (err = stop_open(frame)) == OK &&
        (err = notify_open(frame->service.base, frame->service.log,
                           &frame->notify, &error)) == OK &&
        (err = open_servers(frame, &error)) == OK) {
        announce(frame);
        status = run_loop(frame);
    } else {
        status = complain(frame, &error, err);
    }
    close_service(frame);
    text_free(&error);
    return status;
}

/* Everything but the database and the ports. */
static int check(struct frame *frame)
{
    struct text error;
    enum error err;
    int status = 0;

    text_init(&error, 0);
    if ((err = open_files(frame, &error)) == OK)
        puts("The configuration is fine.");
    else
        status = complain(frame, &error, err);
    close_service(frame);
    text_free(&error);
    return status;
}

static int run_command(struct frame *frame, int command)
{
    if (command & COMMAND_HELP)
        config_help(&frame->source, stdout);
    else if (command & COMMAND_VERSION)
        printf("%s %s\n", frame->definition->name, CAFE_VERSION);
    else if (command & COMMAND_PRINT)
        config_print(frame->config, stdout);
    else if (command & COMMAND_SAMPLE)
        config_sample(&frame->source, stdout);
    else if (command & COMMAND_MAN)
        manual_show(frame);
    else if (command & COMMAND_HEALTHCHECK)
        return ops_healthcheck(frame->settings);
    else if (command & COMMAND_CHECK)
        return check(frame);
    else
        return frame->definition->run_command(command, frame->config,
                                              frame->settings);
    return 0;
}

int service_main(const struct service_definition *definition, int argc,
                 char **argv)
{
    struct frame frame = {
        .definition = definition,
        .arena = arena_open(0),
        .source = { .argc = argc, .argv = argv, .environment = environ }
    };
    struct text error;
    enum error err;
    int command = 0;
    int status;

    text_init(&error, 0);
    frame.settings = new_settings(&frame);
    err = frame.arena && frame.settings ? options_prepare(&frame)
                                        : ERROR_MEMORY;
    if (err == OK)
        err = config_load(&frame.source, frame.settings, &command,
                          &frame.config, &error);
    if (err != OK)
        status = complain(&frame, &error, err);
    else
        status = command ? run_command(&frame, command) : serve(&frame);
    config_close(frame.config);
    free(frame.settings);
    arena_close(frame.arena);
    text_free(&error);
    return status;
}
