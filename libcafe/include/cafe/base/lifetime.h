/* How long a piece of work lasts: its memory, and what happens at its end. */
#ifndef CAFE_LIFETIME_H
#define CAFE_LIFETIME_H

#include "cafe/base/arena.h"
#include "cafe/base/error.h"

typedef void lifetime_end_fn(void *argument);

struct lifetime_hook;

/**
 * A request has one. Parts that know nothing of HTTP keep in it what they need
 * while the request lasts. One thread at a time.
 */
struct lifetime {
    struct arena *arena; /* not owned */
    struct lifetime_hook *hooks;
    int64_t waited_us;  /* time spent waiting for the database */
    const char *client; /* its address, for turns; NULL: of no client */
};

/**
 * Run `fn(argument)` when it ends. Hooks run last-in first-out.
 *
 * Errors  ERROR_MEMORY: nothing was registered.
 */
MUST_CHECK enum error lifetime_on_end(struct lifetime *life,
                                      lifetime_end_fn *fn, void *argument);

/** Run the hooks. The arena stays open; its owner closes it afterwards. */
void lifetime_end(struct lifetime *life);

#endif
