/* Other programs: docker, git, openssl, hooks. */
#ifndef CAFE_DEPLOY_PROGRAM_H
#define CAFE_DEPLOY_PROGRAM_H

#include "site.h"

enum { ARGUMENTS_MAX = 96 };

/** A command line that is put together word by word. */
struct command_line {
    const char *words[ARGUMENTS_MAX + 1]; /* borrowed, NULL-terminated */
    size_t count;
    bool failed;   /* too many words, or a NULL (out of memory) */
    bool may_stop; /* it changes nothing: an interrupt ends it */
};

void command_add(struct command_line *line, const char *word);

/** A flag with its value: two words. */
void command_add_pair(struct command_line *line, const char *flag,
                      const char *value);

/** Words up to a NULL: command_add_all(&line, "docker", "ps", NULL). */
void command_add_all(struct command_line *line, ...) __attribute__((sentinel));

/** What a program did. */
struct outcome {
    int status;             /* exit status, or 128 + signal; -1: not started */
    bool too_late;          /* ended because of its deadline, or an interrupt */
    struct slice output;    /* standard output without the last line feed */
    struct slice complaint; /* the last line of standard error */
};

/**
 * Run a program and wait for its end. It gets no input, and no Ctrl-C: it has a
 * process group of its own.
 *
 * seconds  Deadline; then it is killed.
 * outcome  Texts in the arena; standard output up to 1 MiB, the rest is read
 *          and dropped.
 * Errors   ERROR_MEMORY, ERROR_SYSTEM (also when a program that may stop was
 *          interrupted); a status other than 0 is none.
 */
MUST_CHECK enum error program_try(struct site *site,
                                  const struct command_line *line,
                                  unsigned seconds, struct outcome *outcome);

/**
 * As program_try(), but a status other than 0 is an error with the program's
 * own complaint.
 *
 * what    Begins the message: "docker pull".
 * output  May be NULL.
 * Errors  ERROR_SYSTEM, ERROR_DEADLINE, ERROR_MEMORY.
 */
MUST_CHECK enum error program_run(struct site *site,
                                  const struct command_line *line,
                                  unsigned seconds, const char *what,
                                  struct slice *output);

#endif
