/* Configuration: one table of options, four sources, the strongest last.
 * config_option.c has what all of them need. */
#include "cafe/base/config.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "config_private.h"

static enum error read_defaults(struct config *config, struct text *error)
{
    const struct option *option = config->source.options;
    enum error err = OK;

    for (; option->name != NULL && err == OK; option++)
        err = config_assign(config, option, slice_of(option->fallback),
                            "default", error);
    return err;
}

/* The value of NAME in NAME=value strings; NULL if it isn't there. */
static const char *config_find_variable(char *const *environment,
                                        const char *name)
{
    size_t len = strlen(name);

    for (; environment != NULL && *environment != NULL; environment++) {
        if (strncmp(*environment, name, len) == 0 && (*environment)[len] == '=')
            return *environment + len + 1;
    }
    return NULL;
}

static enum error config_read_environment(struct config *config,
                                          struct text *error)
{
    const struct option *option = config->source.options;
    struct text name;
    enum error err = OK;

    text_init(&name, 0);
    for (; option->name != NULL && err == OK; option++) {
        const char *value;

        config_variable(option, &name);
        value = config_find_variable(config->source.environment,
                                     text_string(&name));
        /* Empty counts as not set: compose files pass on variables that nobody
         * has set as empty ones. */
        if (value != NULL && value[0] != '\0')
            err = config_assign(config, option, slice_of(value),
                                arena_printf(config->arena, "environment %s",
                                             text_string(&name)),
                                error);
    }
    text_free(&name);
    return err;
}

/* A message may quote a value with line ends; it is one line all the same, and
 * drives no terminal. */
static void keep_one_line(struct text *error)
{
    for (size_t i = 0; i < error->len; i++) {
        if (byte_is_control(error->data[i]))
            error->data[i] = '?';
    }
}

/* The option that a variable spells: "APP_DB_HOST", up to "=". */
static const struct option *spelt_by(const struct config *config,
                                     struct slice variable)
{
    const struct option *option = config->source.options;
    struct text name;

    text_init(&name, 0);
    for (; option->name != NULL; option++) {
        config_variable(option, &name);
        if (slice_equal(text_slice(&name), variable))
            break;
    }
    text_free(&name);
    return option->name != NULL ? option : NULL;
}

static enum error warn(struct config *config, struct slice variable)
{
    struct warning *warning = arena_alloc(config->arena, sizeof(*warning));
    struct warning **end = &config->warnings;
    const struct option *nearest;
    struct text name, line;

    text_init(&name, 0);
    text_init(&line, 0);
    for (size_t i = strlen(CONFIG_PREFIX); i < variable.len; i++)
        text_append_char(&name, (char)tolower((unsigned char)variable.data[i]));
    nearest = config_nearest(config, text_string(&name));
    text_printf(&line, "environment %.*s: there is no such option; ",
                (int)variable.len, variable.data);
    if (nearest != NULL) {
        config_variable(nearest, &name);
        text_printf(&line, "did you mean %s?", text_string(&name));
    } else {
        text_append_string(&line, "see --help");
    }
    keep_one_line(&line);
    if (warning != NULL)
        warning->text = arena_copy(config->arena, line.data, line.len);
    text_free(&name);
    text_free(&line);
    if (warning == NULL || warning->text == NULL)
        return ERROR_MEMORY;
    while (*end != NULL)
        end = &(*end)->next;
    *end = warning;
    return OK;
}

/* Variables that look like options and are none: a typing error in a deployment
 * would otherwise leave the default in force, unnoticed. Only a warning, since
 * others may use the prefix, too. */
static enum error look_for_strangers(struct config *config)
{
    char *const *variable = config->source.environment;
    enum error err = OK;

    for (; variable != NULL && *variable != NULL && err == OK; variable++) {
        struct slice name = slice_of(*variable);

        name = slice_cut(&name, '=');
        if (slice_starts(name, CONFIG_PREFIX) && spelt_by(config, name) == NULL)
            err = warn(config, name);
    }
    return err;
}

static enum error read_sources(struct config *config, int *command,
                               struct text *error)
{
    const char *file = config_named_file(config);
    enum error err = read_defaults(config, error);

    if (err == OK && file != NULL)
        err = config_read_yaml(config, file, error);
    if (err == OK)
        err = config_read_environment(config, error);
    if (err == OK)
        err = look_for_strangers(config);
    if (err == OK)
        err = config_read_flags(config, command, error);
    return err;
}

/* Room for what is noted of each option and command. */
static enum error config_prepare(struct config *config)
{
    const struct config_source *source = &config->source;

    while (source->options[config->option_count].name != NULL)
        config->option_count++;
    while (source->commands != NULL &&
           source->commands[config->command_count].flag != NULL)
        config->command_count++;
    config->arena = arena_open(0);
    if (config->arena == NULL)
        return ERROR_MEMORY;
    config->origins = arena_alloc(config->arena, config->option_count *
                                                     sizeof(*config->origins));
    config->arguments = arena_alloc(
        config->arena, config->command_count * sizeof(*config->arguments));
    return config->origins != NULL && config->arguments != NULL ? OK
                                                                : ERROR_MEMORY;
}

enum error config_load(const struct config_source *source, void *settings,
                       int *command, struct config **result, struct text *error)
{
    struct config *config = calloc(1, sizeof(*config));
    int asked_for = 0;
    enum error err;

    if (config == NULL)
        return ERROR_MEMORY;
    config->source = *source;
    config->settings = settings;
    err = config_prepare(config);
    if (err == OK)
        err = read_sources(config, &asked_for, error);
    if (err != OK) {
        keep_one_line(error);
        config_close(config);
        return err;
    }
    *command = asked_for;
    *result = config;
    return OK;
}

void config_close(struct config *config)
{
    if (config == NULL)
        return;
    arena_close(config->arena);
    free(config);
}

const char *config_warning(const struct config *config, size_t index)
{
    const struct warning *warning = config->warnings;

    while (warning != NULL && index-- > 0)
        warning = warning->next;
    return warning != NULL ? warning->text : NULL;
}
