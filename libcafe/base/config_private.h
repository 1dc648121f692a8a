/* What the files of the configuration share. */
#ifndef CAFE_BASE_CONFIG_PRIVATE_H
#define CAFE_BASE_CONFIG_PRIVATE_H

#include "cafe/base/config.h"

#define CONFIG_PREFIX "APP_" /* of each variable */

/** A line about something that does not stop the start. */
struct warning {
    struct warning *next;
    const char *text;
};

struct config {
    struct config_source source;
    struct arena *arena; /* every string that the settings point to */
    void *settings;
    const char **origins; /* one for each option */
    size_t option_count;
    const char **arguments; /* one for each command; NULL: not given */
    size_t command_count;
    struct warning *warnings;
};

/* config_option.c */

/**
 * Check a value and store it in the settings.
 *
 * raw     As spelt in the environment.
 * origin  Where it came from, for messages and config_origin(); in the arena.
 * error   "origin: what is wrong".
 */
MUST_CHECK enum error config_assign(struct config *config,
                                    const struct option *option,
                                    struct slice raw, const char *origin,
                                    struct text *error);

/** The option of this dotted name; NULL if there is none. */
const struct option *config_find(const struct config *config,
                                 struct slice name);

/** The option whose dotted name is nearest; NULL if none is near. */
const struct option *config_nearest(const struct config *config,
                                    const char *name);

/** "--db-host" and "APP_DB_HOST" for "db.host". */
void config_flag(const struct option *option, struct text *flag);
void config_variable(const struct option *option, struct text *variable);

/* config_yaml.c */

/** Read a YAML file. Errors as config_load(). */
MUST_CHECK enum error config_read_yaml(struct config *config, const char *path,
                                       struct text *error);

/* config_flags.c */

/**
 * Read the command line: values of options, and which commands it has.
 *
 * command  The values of all command flags, or-ed to what it is.
 */
MUST_CHECK enum error config_read_flags(struct config *config, int *command,
                                        struct text *error);

/** The file of the last --config; NULL without one. */
const char *config_named_file(const struct config *config);

/* config_text.c */

/** What is written for its value: "PATH", "on|off". */
void config_placeholder(const struct option *option, struct text *text);

#endif
