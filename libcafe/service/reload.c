/* What the configuration means to a running daemon: at its start, and when it
 * is read again. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "frame.h"

enum log_format settings_log_format(const struct service_settings *settings)
{
    enum { AUTO, JSON };

    if (settings->log_format == AUTO)
        return isatty(STDOUT_FILENO) ? LOG_TEXT : LOG_JSON;
    return settings->log_format == JSON ? LOG_JSON : LOG_TEXT;
}

void settings_apply_log(struct log *log,
                        const struct service_settings *settings)
{
    log_set_level(log, (enum log_level)settings->log_level);
    log_set_format(log, settings_log_format(settings));
    log_set_repeat(log, settings->log_repeat_s * 1000);
}

void settings_apply(struct frame *frame,
                    const struct service_settings *settings)
{
    frame->access.log = frame->service.log;
    frame->access.wait = frame->token_wait;
    settings_apply_log(frame->service.log, settings);
    frame->main_config.limits = settings->limits;
    frame->main_config.limits.answers_max_bytes =
        frame->service.answers_max_bytes;
    frame->main_config.log_requests = settings->log_requests;
    frame->settings->drain_delay_ms = settings->drain_delay_ms;
    frame->settings->stop_max_ms = settings->stop_max_ms;
}

struct service_settings *settings_new(const struct frame *frame)
{
    return calloc(1, frame->definition->settings_bytes);
}

/* The options that settings_apply() and access_open() apply, besides all of
 * http. */
static const char *const live[] = {
    "allow",
    "trusted_proxies",
    "hosts",
    "origins",
    "identity.header",
    "identity.keys",
    "identity.signer",
    "identity.claim",
    "identity.groups_header",
    "identity.htpasswd",
    "editors",
    "log",
    "log_level",
    "log_repeat_s",
    "log_requests",
    "drain_delay_ms",
    "stop_max_ms",
};

static bool is_live(const char *name)
{
    for (size_t i = 0; i < sizeof(live) / sizeof(live[0]); i++) {
        if (strcmp(name, live[i]) == 0)
            return true;
    }
    return strncmp(name, "http.", 5) == 0;
}

void reload_name_live(const struct option *option, struct text *out)
{
    for (; option->name != NULL; option++) {
        if (is_live(option->name) && strncmp(option->name, "http.", 5) != 0)
            text_printf(out, "%s, ", option->name);
    }
    text_append_string(out, "http.*");
}

/* Compared with what the daemon was started with, not with the last reading:
 * these options wait until a restart. */
static void name_what_waits(const struct frame *frame,
                            const struct service_settings *settings)
{
    const struct option *option = frame->source.options;
    struct text names;

    text_init(&names, 0);
    for (; option->name != NULL; option++) {
        if (!is_live(option->name) &&
            !config_same(option, settings, frame->settings))
            text_printf(&names, "%s%s", names.len > 0 ? ", " : "",
                        option->name);
    }
    if (names.len > 0)
        log_line(frame->service.log, LOG_WARNING,
                 "changed options need a restart",
                 LOG_STRING("options", text_string(&names)), LOG_END);
    text_free(&names);
}

/* Settings as the daemon would start with, and their lists. They are read and
 * checked whole before any is applied: a faulty file changes nothing. */
static enum error read_again(struct frame *frame,
                             struct service_settings *settings,
                             struct arena *arena, struct config **config,
                             struct access_rules *rules, struct text *error)
{
    int command;
    enum error err =
        settings != NULL && arena != NULL
            ? config_load(&frame->source, settings, &command, config, error)
            : ERROR_MEMORY;

    if (err == OK)
        err = options_find_folders(frame->definition->name, arena, settings,
                                   error);
    if (err == OK)
        err = settings_check(*config, settings, error);
    if (err == OK)
        err = access_open(frame->definition, *config, settings, rules, error);
    return err;
}

void frame_reload(struct frame *frame)
{
    struct service_settings *settings = settings_new(frame);
    struct arena *arena = arena_open(0);
    struct access_rules rules;
    struct config *config = NULL;
    struct text error;
    enum error err;

    text_init(&error, 0);
    err = read_again(frame, settings, arena, &config, &rules, &error);
    if (err == OK) {
        /* In place: the checks of the servers have its address. No check runs
         * meanwhile, all of it is on the loop. */
        access_close(&frame->access);
        frame->access = rules;
        settings_apply(frame, settings);
        log_line(frame->service.log, LOG_INFO, "configuration reloaded",
                 LOG_END);
        name_what_waits(frame, settings);
    } else {
        if (error.len == 0)
            text_append_string(&error, error_text(err));
        log_line(frame->service.log, LOG_ERROR,
                 "configuration is invalid; keeping the old one",
                 LOG_STRING("reason", text_string(&error)), LOG_END);
    }
    config_close(config);
    free(settings);
    arena_close(arena);
    text_free(&error);
}
