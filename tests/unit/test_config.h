/* What the tests of the configuration share: a table of options of every
 * kind, and the sources that one load is given. */
#ifndef CAFE_TEST_CONFIG_H
#define CAFE_TEST_CONFIG_H

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "cafe/base/config.h"

#define WITH(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

struct settings {
    int64_t port, wait_ms;
    const char *host, *password, *file, *origins;
    bool tls;
    int format;
};

static const char *const formats[] = { "json", "text", "logfmt", NULL };

#define AT(field) .offset = offsetof(struct settings, field)

static const struct option options[] = {
    { .name = "port",
      .kind = OPTION_NUMBER,
      AT(port),
      .fallback = "8080",
      .min = 1,
      .max = 65535,
      .help = "TCP port to listen on" },
    { .name = "db.host",
      .kind = OPTION_TEXT,
      AT(host),
      .fallback = "localhost",
      .help = "Name of the database host" },
    { .name = "db.password",
      .kind = OPTION_SECRET,
      AT(password),
      .fallback = "changeme",
      .help = "Password of the database user" },
    { .name = "db.wait_ms",
      .kind = OPTION_NUMBER,
      AT(wait_ms),
      .fallback = "25",
      .min = -100,
      .max = 100,
      .help = "Milliseconds to wait" },
    { .name = "db.tls",
      .kind = OPTION_SWITCH,
      AT(tls),
      .fallback = "off",
      .help = "Encrypt the connection" },
    { .name = "log.format",
      .kind = OPTION_CHOICE,
      AT(format),
      .fallback = "json",
      .choices = formats,
      .help = "Shape of a line" },
    { .name = "log.file",
      .kind = OPTION_PATH,
      AT(file),
      .fallback = "/var/log/cafe",
      .help = "File to write to" },
    { .name = "http.origins",
      .kind = OPTION_LIST,
      AT(origins),
      .fallback = "a.example",
      .help = "Origins that may ask" },
    { .name = NULL }
};

static const struct command commands[] = {
    { "--migrate", 1, "Bring the schema up to date", NULL },
    { "-c, --check", 4, "Check the configuration", NULL },
    { "--check=all", 4 | 16, "Check all of it", NULL },
    { "--forget", 8, "Forget somebody", "ID" },
    { NULL, 0, NULL, NULL }
};

enum { ARGUMENTS_MAX = 8 };

/** The sources of one load, and what came of it. */
struct fixture {
    char path[32]; /* the YAML file */
    char *argv[ARGUMENTS_MAX + 1];
    char *environment[ARGUMENTS_MAX + 1];
    int argc, variables;
    struct settings settings;
    int command;
    struct config *config;
    struct text error;
    char *printed;
};

/** Forget all sources and what was loaded. */
static void reset(struct fixture *fixture)
{
    while (fixture->argc > 0)
        free(fixture->argv[--fixture->argc]);
    while (fixture->variables > 0) {
        free(fixture->environment[--fixture->variables]);
        fixture->environment[fixture->variables] = NULL;
    }
    fixture->argv[fixture->argc++] = strdup("cafe");
    config_close(fixture->config);
    fixture->config = NULL;
    text_reset(&fixture->error);
}

static int set_up(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));
    int fd;

    strcpy(fixture->path, "/tmp/cafe-config-XXXXXX");
    fd = mkstemp(fixture->path);
    text_init(&fixture->error, 0);
    reset(fixture);
    *state = fixture;
    return fd < 0 ? -1 : close(fd);
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;

    reset(fixture);
    free(fixture->argv[0]);
    free(fixture->printed);
    text_free(&fixture->error);
    unlink(fixture->path);
    free(fixture);
    return 0;
}

static inline void use_flag(struct fixture *fixture, const char *argument)
{
    assert_true(fixture->argc < ARGUMENTS_MAX);
    fixture->argv[fixture->argc++] = strdup(argument);
}

static inline void use_variable(struct fixture *fixture, const char *variable)
{
    assert_true(fixture->variables < ARGUMENTS_MAX);
    fixture->environment[fixture->variables++] = strdup(variable);
}

static inline void write_yaml(struct fixture *fixture, const char *yaml)
{
    FILE *file = fopen(fixture->path, "wb");

    assert_non_null(file);
    fputs(yaml, file);
    assert_int_equal(fclose(file), 0);
}

static inline void use_yaml(struct fixture *fixture, const char *yaml)
{
    write_yaml(fixture, yaml);
    use_flag(fixture, "--config");
    use_flag(fixture, fixture->path);
}

static inline struct config_source source_of(struct fixture *fixture)
{
    return (struct config_source){ .program = "cafe",
                                   .options = options,
                                   .commands = commands,
                                   .argc = fixture->argc,
                                   .argv = fixture->argv,
                                   .environment = fixture->environment };
}

static inline enum error try_load(struct fixture *fixture)
{
    struct config_source source = source_of(fixture);

    config_close(fixture->config);
    fixture->config = NULL;
    text_reset(&fixture->error);
    return config_load(&source, &fixture->settings, &fixture->command,
                       &fixture->config, &fixture->error);
}

static inline void load(struct fixture *fixture)
{
    enum error err = try_load(fixture);

    if (err != OK)
        print_error("%s\n", text_string(&fixture->error));
    assert_int_equal(err, OK);
}

/** A value as it is spelt in the environment. */
static inline void spell(const struct option *option,
                         const struct settings *settings, char *out,
                         size_t out_bytes)
{
    const char *target = (const char *)settings + option->offset;

    switch (option->kind) {
    case OPTION_NUMBER:
        snprintf(out, out_bytes, "%" PRId64,
                 *(const int64_t *)(const void *)target);
        break;
    case OPTION_SWITCH:
        snprintf(out, out_bytes, "%s", *(const bool *)target ? "on" : "off");
        break;
    case OPTION_CHOICE:
        snprintf(out, out_bytes, "%s",
                 formats[*(const int *)(const void *)target]);
        break;
    case OPTION_TEXT:
    case OPTION_PATH:
    case OPTION_SECRET:
    case OPTION_LIST:
        snprintf(out, out_bytes, "%s",
                 *(const char *const *)(const void *)target);
        break;
    }
}

static inline void assert_value(const struct fixture *fixture, const char *name,
                                const char *expected)
{
    const struct option *option = options;
    char value[128];

    while (strcmp(option->name, name) != 0)
        option++;
    spell(option, &fixture->settings, value, sizeof(value));
    assert_string_equal(value, expected);
}

#endif
