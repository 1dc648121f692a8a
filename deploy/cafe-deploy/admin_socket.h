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
 * Errors  ERROR_SYSTEM (away is set then), ERROR_MEMORY.
 */
MUST_CHECK enum error admin_ask(struct admin *admin, const char *question,
                                struct slice *answer);

/** Give commands, separated by ";". What HAProxy says to them is dropped: the
 * next look shows what came of it. */
MUST_CHECK enum error admin_tell(struct admin *admin, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
