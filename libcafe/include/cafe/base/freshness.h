/* How up to date what a daemon shows is. */
#ifndef CAFE_FRESHNESS_H
#define CAFE_FRESHNESS_H

#include <stdint.h>

#include "cafe/base/error.h"

/** Times are microseconds in UTC. */
struct freshness {
    int64_t wait_ms;    /* the longest that a page waits for the database */
    int64_t as_of_us;   /* when it was last confirmed; 0: nothing yet */
    enum error trouble; /* why it is not up to date; OK: it is */
    int64_t trouble_since_us;
};

#endif
