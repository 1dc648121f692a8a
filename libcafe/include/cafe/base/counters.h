/* Counters that every floor may raise and that operators read. */
#ifndef CAFE_COUNTERS_H
#define CAFE_COUNTERS_H

#include <stdint.h>

enum counter {
    COUNTER_CONNECTIONS_OPEN, /* gauge */
    COUNTER_CONNECTIONS_ACCEPTED,
    COUNTER_REQUESTS_ACTIVE, /* gauge */
    COUNTER_REQUESTS_ANSWERED,
    COUNTER_LOG_DROPPED,         /* lines a full pipe could not take */
    COUNTER_DB_CONNECTIONS_OPEN, /* gauge */
    COUNTER_DB_JOBS_DONE,
    COUNTER_DB_JOBS_FAILED,
    COUNTER_DB_JOBS_REFUSED, /* queue full, late or stopping */
    COUNTER_EDIT_CONFLICTS,  /* another has changed the same field */
    COUNTERS
};

/** Why a request or connection was refused. */
enum rejection {
    REJECTION_NONE,
    REJECTION_ACCESS,   /* the client may not use the daemon */
    REJECTION_HOST,     /* for a name that is not served */
    REJECTION_IDENTITY, /* a proxy's name for the person can't be read */
    REJECTION_ROLE,     /* the person may look, but not change */
    REJECTION_ORIGIN,   /* posted from another site, or from an unknown one */
    REJECTION_LIMIT,  /* larger than a limit, or more than there is room for */
    REJECTION_SYNTAX, /* it is not an HTTP request */
    REJECTION_SLOW,   /* the client did not send it, or read it, in time */
    REJECTION_LATE,   /* the daemon did not answer it in time */
    REJECTION_CONNECTIONS, /* over the connection cap */
    REJECTIONS
};

/** All counters of one daemon. Zero-initialise it. */
struct counters {
    _Atomic int64_t values[COUNTERS];
    _Atomic int64_t rejections[REJECTIONS];
};

/** Add to a counter, or to a gauge, which may fall. NULL counts nothing.
 * Thread: any. */
void counter_add(struct counters *counters, enum counter which, int64_t n);

/** The value of a counter. Thread: any. */
int64_t counter_get(const struct counters *counters, enum counter which);

/** Count a refused request or connection. Thread: any. */
void counter_reject(struct counters *counters, enum rejection why);

/** How many were refused for a reason. Thread: any. */
int64_t counter_rejected(const struct counters *counters, enum rejection why);

/** "access", "limit"; "" for none. A static string. */
const char *rejection_name(enum rejection why);

#endif
