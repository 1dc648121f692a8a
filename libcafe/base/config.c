/* Configuration: one table of options, four sources, the strongest last. */
#include "cafe/base/config.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "cafe/base/nearest.h"
#include "config_private.h"

#define PREFIX "APP_"

/* Names. */

/* The dotted name with other letters and separators. */
static void respell(const char *name, const char *prefix, char separator,
                    bool upper, struct text *out)
{
    text_reset(out);
    text_append_string(out, prefix);
    for (; *name != '\0'; name++) {
        char byte = *name;

        if (byte == '.' || byte == '_')
            byte = separator;
        else if (upper && byte >= 'a' && byte <= 'z')
            byte = (char)(byte - 'a' + 'A');
        text_append_char(out, byte);
    }
}

void config_flag(const struct option *option, struct text *flag)
{
    respell(option->name, "--", '-', false, flag);
}

void config_variable(const struct option *option, struct text *variable)
{
    respell(option->name, PREFIX, '_', true, variable);
}

const struct option *config_nearest(const struct config *config,
                                    const char *name)
{
    const struct option *option = config->source.options;
    const struct option *nearest = NULL;
    size_t least = NEAREST_TOO_FAR;

    for (; option->name != NULL; option++) {
        size_t apart = nearest_distance(option->name, name);

        if (apart < least) {
            least = apart;
            nearest = option;
        }
    }
    return nearest;
}

const struct option *config_find(const struct config *config, struct slice name)
{
    const struct option *option = config->source.options;

    while (option->name != NULL && !slice_is(name, option->name))
        option++;
    return option->name ? option : NULL;
}

/* Values. */

static void *place_of(const struct config *config, const struct option *option)
{
    return (char *)config->settings + option->offset;
}

/* A flag and a variable name their option, a line of a file doesn't. */
static void write_place(const struct option *option, const char *origin,
                        struct text *out)
{
    if (strcmp(origin, "default") == 0)
        text_printf(out, "%s (default)", option->name);
    else if (slice_starts(slice_of(origin), "flag ") ||
             slice_starts(slice_of(origin), "environment "))
        text_append_string(out, origin);
    else
        text_printf(out, "%s: %s", origin, option->name);
}

static enum error assign_number(struct config *config,
                                const struct option *option, struct slice raw,
                                struct text *error)
{
    char *copy = arena_copy(config->arena, raw.data, raw.len);
    long long number;
    char *end;

    if (copy == NULL)
        return ERROR_MEMORY;
    number = strtoll(copy, &end, 10);
    if (!(isdigit((unsigned char)copy[0]) || copy[0] == '-') || raw.len > 18 ||
        end != copy + raw.len || number < option->min || number > option->max) {
        text_printf(error, ": '%s' is not a number from %lld to %lld", copy,
                    (long long)option->min, (long long)option->max);
        return ERROR_CONFIG;
    }
    *(int64_t *)place_of(config, option) = number;
    return OK;
}

static enum error assign_switch(struct config *config,
                                const struct option *option, struct slice raw,
                                struct text *error)
{
    static const char *const words[][2] = {
        { "off", "on" }, { "false", "true" }, { "no", "yes" }, { "0", "1" }
    };
    size_t i;

    for (i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (slice_is(raw, words[i][0]) || slice_is(raw, words[i][1])) {
            *(bool *)place_of(config, option) = slice_is(raw, words[i][1]);
            return OK;
        }
    }
    text_printf(error, ": '%.*s' is not on or off", (int)raw.len, raw.data);
    return ERROR_CONFIG;
}

static enum error assign_choice(struct config *config,
                                const struct option *option, struct slice raw,
                                struct text *error)
{
    int i;

    for (i = 0; option->choices[i] != NULL; i++) {
        if (slice_is(raw, option->choices[i])) {
            *(int *)place_of(config, option) = i;
            return OK;
        }
    }
    text_printf(error, ": '%.*s' is none of", (int)raw.len, raw.data);
    for (i = 0; option->choices[i] != NULL; i++)
        text_printf(error, "%s %s", i ? "," : "", option->choices[i]);
    return ERROR_CONFIG;
}

/* C0 and DEL; C1 (C2 80 to C2 9F); U+FFFE and U+FFFF: YAML has none of them. */
static bool is_control(const unsigned char *at, size_t left)
{
    if (iscntrl(at[0]))
        return true;
    if (at[0] == 0xc2 && left > 1)
        return at[1] < 0xa0;
    return at[0] == 0xef && left > 2 && at[1] == 0xbf && at[2] >= 0xbe;
}

static enum error assign_text(struct config *config,
                              const struct option *option, struct slice raw,
                              struct text *error)
{
    const char *copy = arena_copy(config->arena, raw.data, raw.len);
    size_t i;

    if (copy == NULL)
        return ERROR_MEMORY;
    for (i = 0; i < raw.len; i++) {
        if (is_control((const unsigned char *)raw.data + i, raw.len - i)) {
            text_append_string(error,
                               ": control characters have no meaning here");
            return ERROR_CONFIG;
        }
    }
    *(const char **)place_of(config, option) = copy;
    return OK;
}

static enum error assign_value(struct config *config,
                               const struct option *option, struct slice raw,
                               struct text *error)
{
    switch (option->kind) {
    case OPTION_NUMBER:
        return assign_number(config, option, raw, error);
    case OPTION_SWITCH:
        return assign_switch(config, option, raw, error);
    case OPTION_CHOICE:
        return assign_choice(config, option, raw, error);
    case OPTION_TEXT:
    case OPTION_PATH:
    case OPTION_SECRET:
    case OPTION_LIST:
        break;
    }
    return assign_text(config, option, raw, error);
}

enum error config_assign(struct config *config, const struct option *option,
                         struct slice raw, const char *origin,
                         struct text *error)
{
    struct text why;
    enum error err;

    if (origin == NULL)
        return ERROR_MEMORY;
    text_init(&why, 0);
    if ((err = assign_value(config, option, raw, &why)) == OK) {
        config->origins[option - config->source.options] = origin;
    } else {
        write_place(option, origin, error);
        text_append_slice(error, text_slice(&why));
    }
    text_free(&why);
    return err;
}

/* Sources. */

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
static const char *find_variable(char *const *environment, const char *name)
{
    size_t len = strlen(name);

    for (; environment != NULL && *environment != NULL; environment++) {
        if (strncmp(*environment, name, len) == 0 && (*environment)[len] == '=')
            return *environment + len + 1;
    }
    return NULL;
}

static enum error read_environment(struct config *config, struct text *error)
{
    const struct option *option = config->source.options;
    struct text name;
    enum error err = OK;

    text_init(&name, 0);
    for (; option->name != NULL && err == OK; option++) {
        const char *value;

        config_variable(option, &name);
        value = find_variable(config->source.environment, text_string(&name));
        if (value != NULL && value[0] != '\0')
            err = config_assign(config, option, slice_of(value),
                                arena_printf(config->arena, "environment %s",
                                             text_string(&name)),
                                error);
    }
    text_free(&name);
    return err;
}

/* A message may quote what it complains of: it is one line all the same. */
static void keep_one_line(struct text *error)
{
    size_t i;

    for (i = 0; i < error->len; i++) {
        if (iscntrl((unsigned char)error->data[i]))
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
    return option->name ? option : NULL;
}

static enum error warn(struct config *config, struct slice variable)
{
    struct warning *warning = arena_alloc(config->arena, sizeof(*warning));
    struct warning **end = &config->warnings;
    const struct option *nearest;
    struct text name, line;

    text_init(&name, 0);
    text_init(&line, 0);
    for (size_t i = strlen(PREFIX); i < variable.len; i++)
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

/* Variables that look like options and are none. */
static enum error look_for_strangers(struct config *config)
{
    char *const *variable = config->source.environment;
    enum error err = OK;

    for (; variable != NULL && *variable != NULL && err == OK; variable++) {
        struct slice name = slice_of(*variable);

        name = slice_cut(&name, '=');
        if (slice_starts(name, PREFIX) && spelt_by(config, name) == NULL)
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
        err = read_environment(config, error);
    if (err == OK)
        err = look_for_strangers(config);
    if (err == OK)
        err = config_read_flags(config, command, error);
    return err;
}

/* Room for what is noted of each option and command. */
static enum error prepare(struct config *config)
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
    return config->origins && config->arguments ? OK : ERROR_MEMORY;
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
    err = prepare(config);
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

const char *config_origin(const struct config *config, const char *name)
{
    const struct option *option = config_find(config, slice_of(name));

    return option ? config->origins[option - config->source.options] : "";
}

void config_place(const struct config *config, const char *name,
                  struct text *out)
{
    const struct option *option = config_find(config, slice_of(name));

    if (option != NULL)
        write_place(option, config_origin(config, name), out);
}

const char *config_warning(const struct config *config, size_t index)
{
    const struct warning *warning = config->warnings;

    while (warning != NULL && index-- > 0)
        warning = warning->next;
    return warning ? warning->text : NULL;
}
