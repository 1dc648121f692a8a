/* Changes for programs that follow them. */
#ifndef CAFE_API_CHANGES_H
#define CAFE_API_CHANGES_H

#include "cafe/api/answer.h"

/** Those who ask for changes, and wait for them. */
struct followers;

/**
 * Make them; its service and catalog are open.
 *
 * api     Its followers are set.
 * Errors  ERROR_MEMORY.
 * Thread  This and all below: loop thread only.
 */
MUST_CHECK enum error followers_open(struct api *api);

/** Answer those who wait for a change; from now on nobody waits. Reading goes
 * on. */
void followers_end_waits(struct followers *followers);

/** Answer those who wait to read, too: before the db is closed. */
void followers_stop(struct followers *followers);

/** Free it; no request is left, the catalog has stopped and is still there.
 * NULL is allowed. */
void followers_close(struct followers *followers);

/** Write the figures, for monitoring. */
void followers_metrics(const struct followers *followers, struct text *out);

/* GET /v1/changes below the root of the API. */
handler_fn api_changes;

#endif
