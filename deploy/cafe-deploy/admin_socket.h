/* HAProxy's admin socket: one question a connection. */
#ifndef CAFE_DEPLOY_ADMIN_SOCKET_H
#define CAFE_DEPLOY_ADMIN_SOCKET_H

#include "site.h"

struct admin {
    struct site *site;
    bool away; /* it did not answer; nothing more is asked */
};

/**
 * Ask, and wait for the answer, at most 10 s.
 *
 * answer  In the arena, at most 1 MiB; empty when it did not answer.
 * Errors  ERROR_SYSTEM (nobody is there, or it has ended: away is set then),
 *         ERROR_DEADLINE (it is there and says nothing), ERROR_MEMORY.
 */
MUST_CHECK enum error admin_ask(struct admin *admin, const char *question,
                                struct slice *answer);

/** Give a command that HAProxy answers with nothing. Errors  ERROR_SYSTEM, with
 * what it says instead. */
MUST_CHECK enum error admin_tell(struct admin *admin, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/** Give commands, separated by ";", that may be refused: the next look shows
 * what came of them. */
MUST_CHECK enum error admin_try(struct admin *admin, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
