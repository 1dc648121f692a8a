/* Secrets on the command line and in the environment: /proc shows both to other
 * programs for as long as a process runs. */
#include <string.h>

#include "config_private.h"

/* A copy of `string`, whose end from `at` on is overwritten. */
static char *take_end(char *string, size_t at, struct arena *arena)
{
    size_t len = strlen(string);
    char *copy = arena_copy(arena, string, len);

    if (copy != NULL)
        explicit_bzero(string + at, len - at);
    return copy;
}

/* An array of `count` strings and NULL. */
static char **copy_strings(char *const *strings, size_t count,
                           struct arena *arena)
{
    char **copy = arena_alloc(arena, (count + 1) * sizeof(*copy));

    for (size_t i = 0; copy != NULL && i < count; i++)
        copy[i] = strings[i];
    if (copy != NULL)
        copy[count] = NULL;
    return copy;
}

/* Those that spell "NAME=value". */
static enum error take_joined(char **strings, const char *name,
                              struct arena *arena)
{
    size_t len = strlen(name);

    for (; *strings != NULL; strings++) {
        if (strncmp(*strings, name, len) == 0 && (*strings)[len] == '=' &&
            (*strings = take_end(*strings, len + 1, arena)) == NULL)
            return ERROR_MEMORY;
    }
    return OK;
}

/* Those that follow "--name". */
static enum error take_next(char **strings, const char *flag,
                            struct arena *arena)
{
    for (; strings[0] != NULL && strings[1] != NULL; strings++) {
        if (strcmp(strings[0], flag) == 0 &&
            (strings[1] = take_end(strings[1], 0, arena)) == NULL)
            return ERROR_MEMORY;
    }
    return OK;
}

static enum error take_secret(const struct option *option, char **argv,
                              char **environment, struct arena *arena)
{
    struct text name;
    enum error err;

    text_init(&name, 0);
    config_variable(option, &name);
    err = take_joined(environment, text_string(&name), arena);
    config_flag(option, &name);
    if (err == OK)
        err = take_joined(argv, text_string(&name), arena);
    if (err == OK)
        err = take_next(argv, text_string(&name), arena);
    if (name.failed)
        err = ERROR_MEMORY;
    text_free(&name);
    return err;
}

enum error config_take_secrets(struct config_source *source,
                               struct arena *arena)
{
    size_t variables = 0;
    char **argv = copy_strings(source->argv, (size_t)source->argc, arena);
    char **environment;
    enum error err = OK;

    while (source->environment[variables] != NULL)
        variables++;
    environment = copy_strings(source->environment, variables, arena);
    if (argv == NULL || environment == NULL)
        return ERROR_MEMORY;
    for (const struct option *option = source->options;
         option->name != NULL && err == OK; option++) {
        if (option->kind == OPTION_SECRET)
            err = take_secret(option, argv, environment, arena);
    }
    source->argv = argv;
    source->environment = environment;
    return err;
}
