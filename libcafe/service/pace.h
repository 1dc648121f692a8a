/* How often each key is used: so many requests a minute, and no more. */
#ifndef CAFE_SERVICE_PACE_H
#define CAFE_SERVICE_PACE_H

#include "cafe/service/keys.h"

/** Of a fixed size. Thread: the loop's. */
struct pace;

/** Errors: ERROR_MEMORY. */
MUST_CHECK enum error pace_open(int64_t per_minute, struct pace **pace);
void pace_close(struct pace *pace);

/**
 * Count a request: as many as fit in a minute may come at once, after that one
 * for each share of it.
 *
 * now_us   Monotonic microseconds.
 * Returns  0; or the microseconds to wait, and this one is not counted.
 */
int64_t pace_count(struct pace *pace, const struct key_digest *digest,
                   int64_t now_us);

#endif
