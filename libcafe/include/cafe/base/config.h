/* Configuration from one table: flags, environment, YAML file, defaults. */
#ifndef CAFE_CONFIG_H
#define CAFE_CONFIG_H

#include <stdio.h>

#include "cafe/base/arena.h"
#include "cafe/base/text.h"

enum option_kind {
    OPTION_TEXT,   /* const char * */
    OPTION_PATH,   /* const char *: a file or folder */
    OPTION_SECRET, /* const char *: never printed */
    OPTION_NUMBER, /* int64_t within min and max */
    OPTION_SWITCH, /* bool: on, off */
    OPTION_CHOICE, /* int: index into choices */
    OPTION_LIST    /* const char *: comma-separated; a YAML sequence too */
};

/**
 * One option. Its dotted name makes all its spellings: "db.host" is --db-host,
 * APP_DB_HOST, and host: under db: in YAML. A unit ends the name: "wait_ms".
 */
struct option {
    const char *name;
    enum option_kind kind;
    size_t offset;              /* offsetof() of its value in the settings */
    const char *fallback;       /* the default, spelt as in the environment */
    int64_t min, max;           /* OPTION_NUMBER */
    const char *const *choices; /* OPTION_CHOICE: NULL-terminated */
    const char *help;           /* one line, says the unit */
};

/** A flag that asks for something else than serving. */
struct command {
    const char *flag; /* "--migrate"; with a short one "-h, --help"; with a
                         word of its own "--check=all" */
    int value;        /* what config_load() or-s into *command */
    const char *help;
    const char *argument; /* what it has to be given, "ID"; NULL: nothing */
};

struct config;

/** What config_load() is told. Everything is borrowed until config_close(). */
struct config_source {
    const char *program;            /* "customer" */
    const struct option *options;   /* ended by a NULL name */
    const struct command *commands; /* ended by a NULL flag */
    int argc;
    char *const *argv;
    char *const *environment; /* NULL-terminated NAME=value strings */
};

/**
 * Read the settings: flag > environment > YAML (--config FILE) > default.
 * `--name value` and `--name=value` are both accepted. A variable that is empty
 * counts as not set. Unknown flags and YAML keys are errors with a suggestion,
 * unknown variables that begin with APP_ are warnings.
 *
 * settings  Struct that the offsets of the options point into; filled
 *           completely, and of no use after a failure. Strings live as long as
 * the config. command   The values of all command flags, or-ed; 0 when there
 * are none. error     On failure, one line: file:line:column or the flag or
 * variable, what is wrong, and what to do. Errors    ERROR_CONFIG,
 * ERROR_MEMORY.
 */
MUST_CHECK enum error config_load(const struct config_source *source,
                                  void *settings, int *command,
                                  struct config **config, struct text *error);

/** Free the config with all strings that its settings point to. */
void config_close(struct config *config);

/**
 * Where the value of an option came from: "default", "flag --port",
 * "environment APP_PORT", "cafe.yaml:3:7".
 */
const char *config_origin(const struct config *config, const char *name);

/**
 * Append an option and where its value came from, to begin a message with:
 * "port (default)", "flag --port", "environment APP_PORT",
 * "cafe.yaml:3:7: port".
 */
void config_place(const struct config *config, const char *name,
                  struct text *out);

/** A warning of config_load(), one line; NULL after the last. */
const char *config_warning(const struct config *config, size_t index);

/** Whether an option has the same value in two structs of settings. */
bool config_same(const struct option *option, const void *settings,
                 const void *others);

/**
 * What a command flag was given: `--forget 12`, `--forget=12`.
 *
 * Returns  Owned by the config; NULL for a flag without argument, or one that
 *          is not on the command line.
 */
const char *config_argument(const struct config *config, const char *flag);

/** Write every option as YAML with a comment on its origin; secrets hidden. */
void config_print(const struct config *config, FILE *out);

/** Write --help from the same table. */
void config_help(const struct config_source *source, FILE *out);

/** What a manual page says beside the table. */
struct config_manual {
    const char *version;
    const char *summary;     /* one line, without a full stop */
    const char *description; /* plain text, one paragraph */
    const char *rest;        /* further sections, in groff_man(7)'s macros */
};

/** Write a manual page of section 8 from the same table. */
void config_man(const struct config_source *source,
                const struct config_manual *manual, FILE *out);

/** Write a sample YAML file: every option, commented out, with its help. */
void config_sample(const struct config_source *source, FILE *out);

#endif
