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

/** A flag that makes the program do something else than serve. */
struct command {
    const char *flag; /* "--migrate"; with a short one "-h, --help"; with a
                         word of its own "--check=all" */
    int value;        /* a bit that config_load() sets in *command */
    const char *help;
    const char *argument; /* what has to follow it, "ID"; NULL: nothing */
};

struct config;

/** The input of config_load(). Everything is borrowed until config_close(). */
struct config_source {
    const char *program;            /* "customer" */
    const struct option *options;   /* ended by a NULL name */
    const struct command *commands; /* ended by a NULL flag */
    int argc;
    char *const *argv;
    char *const *environment; /* NULL-terminated NAME=value strings */
};

/**
 * Overwrite the values of OPTION_SECRET in the strings of argv and environment,
 * where /proc would show them, and let the source read copies. What comes after
 * "=" or a flag is overwritten whatever it is.
 *
 * source  argv and environment become arrays in the arena; the old ones keep
 *         their strings.
 * Errors  ERROR_MEMORY.
 */
MUST_CHECK enum error config_take_secrets(struct config_source *source,
                                          struct arena *arena);

/**
 * Read the settings: flag > environment > YAML (--config FILE) > default.
 * `--name value` and `--name=value` are both accepted. A variable that is empty
 * counts as not set. Unknown flags and YAML keys are errors with a suggestion,
 * unknown variables that begin with APP_ are warnings.
 *
 * settings  Out: the struct that the offsets of the options point into. Filled
 *           completely; of no use after a failure. Its strings live as long as
 *           the config.
 * command   Out: the values of all commands on the command line, or-ed; 0 when
 *           there are none.
 * config    Out: owned by the caller.
 * error     On failure one line: the place (file:line:column, flag or
 *           variable), what is wrong, and what to do.
 * Errors    ERROR_CONFIG, ERROR_MEMORY.
 * Thread    Any; it blocks on the file.
 */
MUST_CHECK enum error config_load(const struct config_source *source,
                                  void *settings, int *command,
                                  struct config **config, struct text *error);

/** Whether one of these commands, or-ed, is among the flags; also where
 * config_load() has failed. */
bool config_asks_for(const struct config_source *source, int commands);

/** Free the config with all strings that its settings point to. */
void config_close(struct config *config);

/**
 * Where the value of an option came from: "default", "flag --port",
 * "environment APP_PORT", "cafe.yaml:3:7"; "" for an unknown name. Owned by the
 * config.
 */
const char *config_origin(const struct config *config, const char *name);

/**
 * Append an option and where its value came from, to begin a message with:
 * "port (default)", "flag --port", "environment APP_PORT",
 * "cafe.yaml:3:7: port".
 */
void config_location(const struct config *config, const char *name,
                     struct text *out);

/** A warning of config_load() by its index from 0, one line owned by the
 * config; NULL after the last. */
const char *config_warning(const struct config *config, size_t index);

/** Whether an option has the same value in two structs of settings. */
bool config_same(const struct option *option, const void *settings,
                 const void *others);

/**
 * The argument of a command: "12" for `--forget 12` and `--forget=12`.
 *
 * Returns  Owned by the config; NULL for a command without argument, or one
 *          that is not on the command line.
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
