/* The option table as text: --help, --print-config and a sample file. */
#include <string.h>

#include "config_private.h"

/* The present value as spelt in the environment, secrets hidden. */
static void config_value(const struct option *option, const void *settings,
                         struct text *value)
{
    const char *target = (const char *)settings + option->offset;
    const char *string;

    text_reset(value);
    switch (option->kind) {
    case OPTION_NUMBER:
        text_printf(value, "%lld", (long long)*(const int64_t *)target);
        break;
    case OPTION_SWITCH:
        text_append_string(value, *(const bool *)target ? "on" : "off");
        break;
    case OPTION_CHOICE:
        text_append_string(value, option->choices[*(const int *)target]);
        break;
        /* That there is one is worth knowing, what it is goes into no log. */
    case OPTION_SECRET:
        string = *(const char *const *)target;
        text_append_string(value, string[0] ? "(hidden)" : "");
        break;
    case OPTION_TEXT:
    case OPTION_PATH:
    case OPTION_LIST:
        text_append_string(value, *(const char *const *)target);
        break;
    }
}

bool config_same(const struct option *option, const void *settings,
                 const void *others)
{
    const char *one = (const char *)settings + option->offset;
    const char *other = (const char *)others + option->offset;

    switch (option->kind) {
    case OPTION_NUMBER:
        return *(const int64_t *)one == *(const int64_t *)other;
    case OPTION_SWITCH:
        return *(const bool *)one == *(const bool *)other;
    case OPTION_CHOICE:
        return *(const int *)one == *(const int *)other;
    case OPTION_TEXT:
    case OPTION_PATH:
    case OPTION_SECRET:
    case OPTION_LIST:
        break;
    }
    return strcmp(*(const char *const *)one, *(const char *const *)other) == 0;
}

/* The part of a dotted name before its last dot; 0 bytes without one. */
static size_t config_text_group_len(const char *name)
{
    const char *dot = strrchr(name, '.');

    return dot != NULL ? (size_t)(dot - name) : 0;
}

/* Write "group:" where an option begins another group than the one before. */
static void write_group(const struct option *option,
                        const struct option *before, const char *lead,
                        FILE *out)
{
    size_t len = config_text_group_len(option->name);

    if (len == 0 ||
        (before != NULL && config_text_group_len(before->name) == len &&
         strncmp(before->name, option->name, len) == 0))
        return;
    fprintf(out, "%s%.*s:\n", lead, (int)len, option->name);
}

/* A single-quoted YAML string, in which only the quote itself needs an escape;
 * plain where the kind needs no quotes. */
static void write_scalar(const struct option *option, const char *value,
                         FILE *out)
{
    if (option->kind == OPTION_NUMBER || option->kind == OPTION_SWITCH ||
        option->kind == OPTION_CHOICE) {
        fputs(value, out);
        return;
    }
    fputc('\'', out);
    for (; *value != '\0'; value++)
        fputs(*value == '\'' ? "''" : (char[]){ *value, '\0' }, out);
    fputc('\'', out);
}

static void write_key(const struct option *option, const char *lead,
                      const char *value, FILE *out)
{
    size_t len = config_text_group_len(option->name);

    fprintf(out, "%s%s%s: ", lead, len ? "  " : "",
            option->name + (len ? len + 1 : 0));
    write_scalar(option, value, out);
}

void config_print(const struct config *config, FILE *out)
{
    const struct option *options = config->source.options;
    struct text value;

    text_init(&value, 0);
    for (size_t i = 0; i < config->option_count; i++) {
        write_group(&options[i], i ? &options[i - 1] : NULL, "", out);
        config_value(&options[i], config->settings, &value);
        write_key(&options[i], "", text_string(&value), out);
        fprintf(out, "  # %s\n", config->origins[i]);
    }
    text_free(&value);
}

void config_sample(const struct config_source *source, FILE *out)
{
    const struct option *option = source->options;
    const struct option *before = NULL;

    fprintf(out, "# Configuration of %s: every option with its default.\n",
            source->program);
    for (; option->name != NULL; before = option++) {
        bool grouped = config_text_group_len(option->name) > 0;

        fputc('\n', out);
        write_group(option, before, "#", out);
        fprintf(out, "#%s# %s\n", grouped ? "  " : "", option->help);
        write_key(option, "#",
                  option->kind == OPTION_SECRET ? "" : option->fallback, out);
        fputc('\n', out);
    }
}

void config_placeholder(const struct option *option, struct text *text)
{
    static const char *const names[] = {
        [OPTION_TEXT] = "TEXT",     [OPTION_PATH] = "PATH",
        [OPTION_SECRET] = "TEXT",   [OPTION_NUMBER] = "N",
        [OPTION_SWITCH] = "on|off", [OPTION_CHOICE] = "",
        [OPTION_LIST] = "A,B",
    };

    text_reset(text);
    text_append_string(text, names[option->kind]);
    for (int i = 0; option->kind == OPTION_CHOICE && option->choices[i] != NULL;
         i++)
        text_printf(text, "%s%s", i ? "|" : "", option->choices[i]);
}

static void config_text_write_option(const struct option *option, FILE *out)
{
    struct text name;

    text_init(&name, 0);
    config_flag(option, &name);
    fprintf(out, "  %s ", text_string(&name));
    config_placeholder(option, &name);
    fputs(text_string(&name), out);
    config_variable(option, &name);
    fprintf(out, "\n      %s\n      (%s", option->help, text_string(&name));
    if (option->fallback[0] != '\0' && option->kind != OPTION_SECRET)
        fprintf(out, ", default %s", option->fallback);
    fputs(")\n", out);
    text_free(&name);
}

void config_help(const struct config_source *source, FILE *out)
{
    const struct command *command = source->commands;
    const struct option *option = source->options;

    fprintf(out, "Usage: %s [--config FILE] [option...]\n\n", source->program);
    fputs("An option is a flag, an environment variable or a line of the YAML\n"
          "file; flags win, then the environment, then the file.\n\n",
          out);
    for (; command != NULL && command->flag != NULL; command++)
        fprintf(out, "  %s%s%s\n      %s\n", command->flag,
                command->argument != NULL ? " " : "",
                command->argument != NULL ? command->argument : "",
                command->help);
    fputs("  --config FILE\n      Read options from a YAML file.\n\n", out);
    for (; option->name != NULL; option++)
        config_text_write_option(option, out);
}
