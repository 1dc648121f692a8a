/* The command line: flags of options, and commands with what they are given. */
#include <string.h>

#include "config_private.h"

/* A flag on the command line: its name, and its value if that is joined. */
struct argument {
    struct slice name; /* "--port" */
    const char *value; /* after "="; NULL for none */
};

static struct argument take_apart(const char *text)
{
    const char *equals = strchr(text, '=');
    size_t len = equals != NULL ? (size_t)(equals - text) : strlen(text);

    return (struct argument){ { text, len },
                              equals != NULL ? equals + 1 : NULL };
}

static const struct option *find_flag(const struct config *config,
                                      struct slice name)
{
    const struct option *option = config->source.options;
    struct text flag;
    bool found = false;

    text_init(&flag, 0);
    while (option->name != NULL) {
        config_flag(option, &flag);
        if ((found = slice_equal(name, text_slice(&flag))))
            break;
        option++;
    }
    text_free(&flag);
    return found ? option : NULL;
}

/* One of the spellings of a command: "-h, --help". */
static bool is_spelling(const struct command *command, struct slice name)
{
    struct slice spellings = slice_of(command->flag);

    while (spellings.len > 0) {
        if (slice_equal(slice_trim(slice_cut(&spellings, ',')), name))
            return true;
    }
    return false;
}

static const struct command *find_command(const struct config_source *source,
                                          struct slice name)
{
    const struct command *command = source->commands;

    while (command != NULL && command->flag != NULL) {
        if (is_spelling(command, name))
            return command;
        command++;
    }
    return NULL;
}

static enum error unknown_flag(const struct config *config, struct slice name,
                               struct text *error)
{
    const struct option *nearest = NULL;
    struct text dotted, flag;

    if (!slice_starts(name, "--")) {
        text_printf(error, "unexpected argument '%.*s'; see --help",
                    (int)name.len, name.data);
        return ERROR_CONFIG;
    }
    text_init(&dotted, 0);
    text_init(&flag, 0);
    text_append(&dotted, name.data + 2, name.len - 2);
    nearest = config_nearest(config, text_string(&dotted));
    text_printf(error, "unknown flag %.*s", (int)name.len, name.data);
    if (nearest != NULL) {
        config_flag(nearest, &flag);
        text_printf(error, "; did you mean %s?", text_string(&flag));
    } else {
        text_append_string(error, "; see --help");
    }
    text_free(&dotted);
    text_free(&flag);
    return ERROR_CONFIG;
}

/* The value of a flag, joined or the next argument, which *at moves to. */
static const char *flag_value(const struct config *config,
                              const struct argument *argument, int *at)
{
    if (argument->value != NULL)
        return argument->value;
    if (*at + 1 >= config->source.argc)
        return NULL;
    *at += 1;
    return config->source.argv[*at];
}

static bool is_config_flag(struct slice name)
{
    return slice_is(name, "--config");
}

static enum error needs_value(struct slice flag, const char *what,
                              struct text *error)
{
    text_printf(error, "%.*s needs a value", (int)flag.len, flag.data);
    if (what != NULL)
        text_printf(error, ": %s", what);
    return ERROR_CONFIG;
}

/* A word that a command does not take, where it takes any. */
static enum error refuse_word(const struct config *config,
                              const struct argument *argument,
                              struct text *error)
{
    const struct command *command = config->source.commands;
    int len = (int)argument->name.len;

    for (; command->flag != NULL; command++) {
        if (slice_starts(slice_of(command->flag), "--") &&
            strncmp(command->flag, argument->name.data, argument->name.len) ==
                0 &&
            command->flag[len] == '=') {
            text_printf(error, "%.*s: '%s' is not %s", len, argument->name.data,
                        argument->value, command->flag + len + 1);
            return ERROR_CONFIG;
        }
    }
    text_printf(error, "%.*s takes no value", len, argument->name.data);
    return ERROR_CONFIG;
}

/* Note the argument of a command. Twice is an error: which of two ids is meant
 * must not be guessed. */
static enum error read_command(struct config *config,
                               const struct command *wanted,
                               const struct argument *argument, int *at,
                               struct text *error)
{
    const char **given = &config->arguments[wanted - config->source.commands];

    if (wanted->argument == NULL && argument->value != NULL)
        return refuse_word(config, argument, error);
    if (wanted->argument == NULL)
        return OK;
    if (*given != NULL) {
        text_printf(error, "%s is given twice", wanted->flag);
        return ERROR_CONFIG;
    }
    *given = flag_value(config, argument, at);
    return *given != NULL
               ? OK
               : needs_value(argument->name, wanted->argument, error);
}

static enum error read_flag(struct config *config, int *at, int *command,
                            struct text *error)
{
    struct argument argument = take_apart(config->source.argv[*at]);
    const struct command *joined =
        find_command(&config->source, slice_of(config->source.argv[*at]));
    const struct command *wanted =
        joined != NULL ? joined : find_command(&config->source, argument.name);
    const struct option *option = find_flag(config, argument.name);
    int len = (int)argument.name.len;
    const char *value;

    if (joined != NULL && argument.value != NULL) {
        *command |= joined->value;
        return OK;
    }
    if (wanted != NULL) {
        *command |= wanted->value;
        return read_command(config, wanted, &argument, at, error);
    }
    if (option == NULL && !is_config_flag(argument.name))
        return unknown_flag(config, argument.name, error);
    value = flag_value(config, &argument, at);
    if (value == NULL)
        return needs_value(argument.name, NULL, error);
    if (option == NULL)
        return OK; /* --config has been read before */
    return config_assign(
        config, option, slice_of(value),
        arena_printf(config->arena, "flag %.*s", len, argument.name.data),
        error);
}

bool config_asks_for(const struct config_source *source, int commands)
{
    for (int at = 1; at < source->argc; at++) {
        const struct command *command =
            find_command(source, take_apart(source->argv[at]).name);

        if (command != NULL && (command->value & commands))
            return true;
    }
    return false;
}

enum error config_read_flags(struct config *config, int *command,
                             struct text *error)
{
    enum error err = OK;

    for (int at = 1; at < config->source.argc && err == OK; at++)
        err = read_flag(config, &at, command, error);
    return err;
}

/* Whether a flag takes the next argument as its value, unless it is joined. */
static bool takes_value(const struct config *config, struct slice name)
{
    const struct command *command = find_command(&config->source, name);

    return command != NULL ? command->argument != NULL
                           : find_flag(config, name) != NULL;
}

const char *config_named_file(const struct config *config)
{
    const char *file = NULL;

    /* Ahead of the other flags, because the file is read before them. What is
     * the value of another flag is passed over: "--name --config" names no
     * file. */
    for (int at = 1; at < config->source.argc; at++) {
        struct argument argument = take_apart(config->source.argv[at]);

        if (is_config_flag(argument.name))
            file = flag_value(config, &argument, &at);
        else if (argument.value == NULL && takes_value(config, argument.name))
            at++; /* the next one is its value */
    }
    return file;
}

const char *config_argument(const struct config *config, const char *flag)
{
    const struct command *command =
        find_command(&config->source, slice_of(flag));

    return command != NULL
               ? config->arguments[command - config->source.commands]
               : NULL;
}
