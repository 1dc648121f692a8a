/* Counters that every floor may raise and that operators read. */
#ifndef CAFE_COUNTERS_H
#define CAFE_COUNTERS_H

#include <stdint.h>

enum counter {
    COUNTER_CONNECTIONS_OPEN, /* gauge */
    COUNTER_CONNECTIONS_ACCEPTED,
    COUNTER_CONNECTIONS_REFUSED, /* over the connection cap */
    COUNTER_REQUESTS_ACTIVE,     /* gauge */
    COUNTER_REQUESTS_ANSWERED,
    COUNTER_REQUESTS_REJECTED, /* malformed, too large, too slow */
    COUNTER_ACCESS_REFUSED,
    COUNTER_LOG_DROPPED,         /* lines a full pipe could not take */
    COUNTER_DB_CONNECTIONS_OPEN, /* gauge */
    COUNTER_DB_JOBS_DONE,
    COUNTER_DB_JOBS_FAILED,
    COUNTER_DB_JOBS_REFUSED, /* queue full, late or stopping */
    COUNTERS
};

/** All counters of one daemon. Zero-initialise it. */
struct counters {
    _Atomic int64_t values[COUNTERS];
};

/** Add to a counter (or take from a gauge). Thread: any. */
void counter_add(struct counters *counters, enum counter which, int64_t n);

/** The value of a counter. Thread: any. */
int64_t counter_get(const struct counters *counters, enum counter which);

/** Its name in snake case, for logs and metrics; a static string. */
const char *counter_name(enum counter which);

#endif
