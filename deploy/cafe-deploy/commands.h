/* What can be asked of cafe-deploy. */
#ifndef CAFE_DEPLOY_COMMANDS_H
#define CAFE_DEPLOY_COMMANDS_H

#include <stdio.h>

#include "site.h"

enum { COMMAND_ARGUMENTS = 2 };

/** What the command line says besides the site. */
struct call {
    bool wait;  /* for something else that is under way */
    bool watch; /* status, again and again */
    const char *argument[COMMAND_ARGUMENTS]; /* after the command's words */
};

struct command;

/**
 * The command that the words spell, with as many arguments as it takes; they
 * are put into the call.
 *
 * Returns  NULL when there is none.
 */
const struct command *command_find(int argc, char *const *argv,
                                   struct call *call);

/** Run it. Errors  Those of the command; ERROR_CONFIG and ERROR_BUSY are
 * faults that the person who called can fix; site->error says how. */
MUST_CHECK enum error command_run(struct site *site,
                                  const struct command *command,
                                  const struct call *call);

/** Write each command with a line of help. */
void commands_help(FILE *out);

#endif
