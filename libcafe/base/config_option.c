/* One option: its spellings, its value as it is checked and stored, and where
 * that came from. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "cafe/base/nearest.h"
#include "cafe/base/utf8.h"
#include "config_private.h"

/* Names. */

/* The dotted name with other letters and separators: a name is written once,
 * and so all its spellings agree. */
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
    respell(option->name, CONFIG_PREFIX, '_', true, variable);
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
    return option->name != NULL ? option : NULL;
}

/* Values. */

static void *config_target(const struct config *config,
                           const struct option *option)
{
    return (char *)config->settings + option->offset;
}

/* A flag and a variable name their option, a line of a file doesn't. */
static void write_location(const struct option *option, const char *origin,
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
    /* 18 digits fit in 64 bits, so strtoll() can't overflow; it would also skip
     * white space and take a "+". */
    number = strtoll(copy, &end, 10);
    if (!(isdigit((unsigned char)copy[0]) || copy[0] == '-') || raw.len > 18 ||
        end != copy + raw.len || number < option->min || number > option->max) {
        text_printf(error, ": '%s' is not a number from %lld to %lld", copy,
                    (long long)option->min, (long long)option->max);
        return ERROR_CONFIG;
    }
    *(int64_t *)config_target(config, option) = number;
    return OK;
}

static enum error assign_switch(struct config *config,
                                const struct option *option, struct slice raw,
                                struct text *error)
{
    static const char *const words[][2] = {
        { "off", "on" }, { "false", "true" }, { "no", "yes" }, { "0", "1" }
    };

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (slice_is(raw, words[i][0]) || slice_is(raw, words[i][1])) {
            *(bool *)config_target(config, option) = slice_is(raw, words[i][1]);
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
    for (int i = 0; option->choices[i] != NULL; i++) {
        if (slice_is(raw, option->choices[i])) {
            *(int *)config_target(config, option) = i;
            return OK;
        }
    }
    text_printf(error, ": '%.*s' is not one of", (int)raw.len, raw.data);
    for (int i = 0; option->choices[i] != NULL; i++)
        text_printf(error, "%s %s", i ? "," : "", option->choices[i]);
    return ERROR_CONFIG;
}

/* What YAML has no place for, or folds as it does line breaks (U+2028, U+2029):
 * the value could not be written back. */
static bool has_control(struct slice raw)
{
    while (raw.len > 0) {
        uint32_t letter = utf8_next(&raw);

        if (letter_is_control(letter) || letter == 0x2028 || letter == 0x2029 ||
            letter == 0xfffe || letter == 0xffff)
            return true;
    }
    return false;
}

static enum error assign_text(struct config *config,
                              const struct option *option, struct slice raw,
                              struct text *error)
{
    const char *copy = arena_copy(config->arena, raw.data, raw.len);

    if (copy == NULL)
        return ERROR_MEMORY;
    if (has_control(raw)) {
        text_append_string(error, ": control characters are not allowed here");
        return ERROR_CONFIG;
    }
    *(const char **)config_target(config, option) = copy;
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
        write_location(option, origin, error);
        text_append_slice(error, text_slice(&why));
    }
    text_free(&why);
    return err;
}

const char *config_origin(const struct config *config, const char *name)
{
    const struct option *option = config_find(config, slice_of(name));

    return option != NULL ? config->origins[option - config->source.options]
                          : "";
}

void config_location(const struct config *config, const char *name,
                     struct text *out)
{
    const struct option *option = config_find(config, slice_of(name));

    if (option != NULL)
        write_location(option, config_origin(config, name), out);
}
