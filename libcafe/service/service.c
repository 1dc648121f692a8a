/* A daemon from its command line to its end. close_service() at the bottom
 * gives back what each step has opened, whichever step failed: what was not
 * opened is NULL. */
#include "cafe/service/service.h"

#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "cafe/base/clock.h"
#include "cafe/base/version.h"
#include "cafe/html/page_cache.h"
#include "cafe/http/response.h"
#include "cafe/service/notes.h"
#include "cafe/service/offload.h"
#include "frame.h"
#include "hardening.h"

enum { DB_BACK_OFF_MAX_MS = 2000 };

static int service_complain(const struct frame *frame, struct text *error,
                            enum error err)
{
    if (error->len == 0)
        text_append_string(error, error_text(err));
    fprintf(stderr, "%s: %s\n", frame->definition->name, text_string(error));
    return config_asks_for(&frame->source, frame->definition->failing_with_2)
               ? 2
               : 1;
}

/* Static files. */

/* The folders of the option, ended by NULL; NULL when out of memory. */
static const char *const *static_folders(const struct frame *frame)
{
    struct slice list = slice_of(frame->settings->statics);
    size_t most = list.len + 2; /* one for each byte, and the end */
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

/* Each connection takes a descriptor: raise the soft limit to the hard one. */
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

/* What this daemon alone requires of its files and options. */
static enum error check_own(struct frame *frame, struct text *error)
{
    const char *option = "";
    struct text why;
    enum error err = OK;

    text_init(&why, 0);
    if (frame->definition->check != NULL)
        err = frame->definition->check(&frame->service, &option, &why);
    err = frame_blame(frame->config, option, err, &why, error);
    text_free(&why);
    return err;
}

static enum error open_folders(struct frame *frame, struct text *error)
{
    struct service *service = &frame->service;
    struct text why;
    enum error err;

    text_init(&why, 0);
    err = templates_open(frame->settings->views, &service->templates, &why);
    err = frame_blame(frame->config, "views", err, &why, error);
    if (err == OK) {
        err = open_assets(frame, &why);
        err = frame_blame(frame->config, "statics", err, &why, error);
    }
    text_free(&why);
    return err;
}

/* As the user of the option, before anything is opened. */
static enum error become_user(const struct frame *frame, struct text *error)
{
    struct text why;
    enum error err;

    text_init(&why, 0);
    err = hardening_become(frame->settings->user, &why);
    err = frame_blame(frame->config, "user", err, &why, error);
    text_free(&why);
    return err;
}

static enum error open_files(struct frame *frame, struct text *error)
{
    enum error err = become_user(frame, error);

    if (err == OK)
        err = options_find_folders(frame->definition->name, frame->arena,
                                   frame->settings, error);
    frame->service.settings = frame->settings;
    if (err == OK)
        err = settings_check(frame->config, frame->settings, error);
    if (err == OK)
        err = access_open(frame->definition, frame->config, frame->settings,
                          &frame->access, error);
    if (err == OK)
        err = open_folders(frame, error);
    return err == OK ? check_own(frame, error) : err;
}

static enum error open_database(struct frame *frame)
{
    const struct service_settings *settings = frame->settings;
    const struct db_config config = {
        .name = "main",
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

static enum error open_token_wait(struct frame *frame, struct text *error)
{
    const char *path = frame->settings->identity_wanted;
    struct text why;
    enum error err;

    if (path[0] == '\0')
        return OK;
    text_init(&why, 0);
    err = token_wait_open(frame->service.base, frame->service.log, path,
                          &frame->access, identity_check_again,
                          &frame->token_wait, &why);
    err = frame_blame(frame->config, "identity.wanted", err, &why, error);
    text_free(&why);
    return err;
}

static enum error open_service(struct frame *frame, struct text *error)
{
    struct service *service = &frame->service;
    enum error err;

    service->settings = frame->settings;
    service->counters = &frame->counters;
    service->version = version_text();
    service->scripts = frame->definition->scripts;
    service->answers_max_bytes = server_limits_default.answers_max_bytes;
    frame->started_s = clock_utc_s();
    frame->healthy = page_plain(200, "healthy\n");
    service->base = event_base_new();
    service->log = log_open(frame->definition->name, version_text(),
                            settings_log_format(frame->settings), STDOUT_FILENO,
                            &frame->counters);
    if (service->base == NULL || service->log == NULL || frame->healthy == NULL)
        return ERROR_MEMORY;
    /* Before any thread writes a line. */
    settings_apply_log(service->log, frame->settings);
    if ((err = readiness_open(frame)) != OK ||
        (err = open_files(frame, error)) != OK ||
        (err = open_database(frame)) != OK ||
        (err = offload_open(service->base, 0, &service->offload)) != OK ||
        (err = notes_open(service->base, &service->notes)) != OK)
        return err;
    if ((err = open_token_wait(frame, error)) != OK)
        return err;
    if (frame->definition->check_roles &&
        (err = sign_in_open(service->base, service->log, &frame->access,
                            &frame->sign_in)) != OK)
        return err;
    if (frame->definition->keys_root != NULL &&
        (err = key_check_open(
             service->db, service->log, frame->definition->keys_root,
             frame->settings->key_per_minute, &frame->key_check)) != OK)
        return err;
    service->cache = page_cache_open((size_t)frame->settings->cache_max_bytes);
    if (service->cache == NULL)
        return ERROR_MEMORY;
    return frame->definition->open(service, &frame->app, error);
}

static void close_service(struct frame *frame)
{
    struct service *service = &frame->service;

    /* First all that requests wait for, so that each is answered; then the
     * servers, which end what is left; only then what handlers and their jobs
     * use. */
    token_wait_close(frame->token_wait);
    sign_in_close(frame->sign_in);
    key_check_stop(frame->key_check);
    if (frame->app != NULL && frame->definition->stop != NULL)
        frame->definition->stop(frame->app);
    /* What the other thread is done with may go on to the database; jobs of the
     * database may still ask for the other thread, which refuses. */
    offload_stop(service->offload);
    db_close(service->db);
    key_check_close(frame->key_check);
    notes_close(service->notes);
    offload_close(service->offload);
    server_close(frame->main_server);
    server_close(frame->ops_server);
    if (frame->app != NULL)
        frame->definition->close(frame->app);
    stop_close(frame);
    notify_close(frame->notify);
    readiness_close(frame);
    page_unref(frame->healthy);
    page_cache_close(service->cache);
    assets_close(service->assets);
    templates_close(service->templates);
    access_close(&frame->access);
    log_close(service->log);
    if (service->base != NULL)
        event_base_free(service->base);
}

/* Running. */

static void announce(const struct frame *frame)
{
    const struct server *ops = frame->ops_server;

    log_line(frame->service.log, LOG_INFO, "listening",
             LOG_NUMBER("port", server_port(frame->main_server)),
             LOG_NUMBER("ops_port", ops ? server_port(ops) : 0),
             LOG_NUMBER("pid", getpid()), LOG_END);
    hardening_finish(frame->service.log);
    notify_send(frame->notify, NOTIFY_READY);
}

/* Log it once, when the pages can be shown and are up to date. */
static void say_ready(struct frame *frame)
{
    struct service_state state;

    frame->definition->state(frame->app, &state);
    if (state.shown.as_of_us == 0 || state.shown.trouble != OK)
        return;
    frame->ready = true;
    log_line(frame->service.log, LOG_INFO, "ready",
             LOG_NUMBER("after_s", clock_utc_s() - frame->started_s), LOG_END);
}

/* One turn of the loop at a time: the log lines of a turn go out in one
 * write. Returns the exit status: a loop that can't wait for events would
 * only spin. */
static int run_loop(struct frame *frame)
{
    int turned = 0;

    frame->turns = (struct loop_turns){ .ended_us = clock_monotonic_us(),
                                        .processor_us = clock_thread_us() };
    while (!frame->done && turned == 0) {
        log_flush(frame->service.log);
        turned = event_base_loop(frame->service.base, EVLOOP_ONCE);
        metrics_note_turn(frame);
        if (!frame->ready)
            say_ready(frame);
    }
    if (frame->done)
        stop_say(frame);
    else
        log_line(frame->service.log, LOG_ERROR, "the event loop has failed",
                 LOG_END);
    return frame->done ? 0 : 1;
}

/* On standard error: a command has no log. */
static void print_warnings(const struct frame *frame)
{
    const char *warning;

    for (size_t i = 0; (warning = config_warning(frame->config, i)) != NULL;
         i++)
        fprintf(stderr, "%s: warning: %s\n", frame->definition->name, warning);
}

static void log_warnings(const struct frame *frame)
{
    const char *warning;

    for (size_t i = 0; (warning = config_warning(frame->config, i)) != NULL;
         i++)
        log_line(frame->service.log, LOG_WARNING, "unknown variable",
                 LOG_STRING("reason", warning), LOG_END);
}

static int service_serve(struct frame *frame)
{
    struct text error;
    enum error err;
    int status = 0;

    text_init(&error, 0);
    raise_descriptor_limit();
    hardening_begin();
    if ((err = open_service(frame, &error)) == OK &&
        (err = stop_open(frame)) == OK &&
        (err = notify_open(frame->service.base, frame->service.log,
                           &frame->notify, &error)) == OK &&
        (err = servers_open(frame, &error)) == OK) {
        log_warnings(frame);
        announce(frame);
        status = run_loop(frame);
    } else {
        status = service_complain(frame, &error, err);
    }
    close_service(frame);
    text_free(&error);
    return status;
}

/* Everything that a start would refuse except ports in use; on demand also the
 * database, which a start would not wait for. */
static int service_check(struct frame *frame, bool connect)
{
    struct text error;
    enum error err;
    int status = 0;

    text_init(&error, 0);
    if ((err = open_files(frame, &error)) == OK)
        err = ports_try(frame->config, frame->settings, &error);
    if (err == OK && connect)
        err = database_try(frame, &error);
    if (err == OK)
        puts(connect ? "The configuration is fine, and so is the database."
                     : "The configuration is fine.");
    else
        status = service_complain(frame, &error, err);
    close_service(frame);
    text_free(&error);
    return status;
}

static int run_command(struct frame *frame, int command)
{
    if (command & COMMAND_CHECK || command >= COMMAND_OWN)
        print_warnings(frame);
    if (command & COMMAND_HELP)
        config_help(&frame->source, stdout);
    else if (command & COMMAND_VERSION)
        printf("%s %s\n%s", frame->definition->name, version_text(),
               version_build());
    else if (command & COMMAND_PRINT)
        config_print(frame->config, stdout);
    else if (command & COMMAND_SAMPLE)
        config_sample(&frame->source, stdout);
    else if (command & COMMAND_MAN)
        manual_show(frame);
    else if (command & COMMAND_HEALTHCHECK)
        return ops_healthcheck(frame->settings);
    else if (command & COMMAND_CHECK)
        return service_check(frame, (command & COMMAND_CONNECT) != 0);
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
    stop_ignore_signals();
    frame.settings = settings_new(&frame);
    err = frame.arena != NULL && frame.settings != NULL
              ? options_prepare(&frame)
              : ERROR_MEMORY;
    if (err == OK)
        err = config_take_secrets(&frame.source, frame.arena);
    if (err == OK)
        err = config_load(&frame.source, frame.settings, &command,
                          &frame.config, &error);
    if (err != OK)
        status = service_complain(&frame, &error, err);
    else
        status = command ? run_command(&frame, command) : service_serve(&frame);
    config_close(frame.config);
    free(frame.settings);
    arena_close(frame.arena);
    text_free(&error);
    return status;
}
