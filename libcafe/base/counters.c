/* The counters. Relaxed: each is a figure of its own, and orders nothing
 * else. */
#include "cafe/base/counters.h"

#include <stdatomic.h>
#include <stddef.h>

void counter_add(struct counters *counters, enum counter which, int64_t n)
{
    if (counters != NULL)
        atomic_fetch_add_explicit(&counters->values[which], n,
                                  memory_order_relaxed);
}

int64_t counter_get(const struct counters *counters, enum counter which)
{
    return atomic_load_explicit(&counters->values[which], memory_order_relaxed);
}

void counter_reject(struct counters *counters, enum rejection why)
{
    if (counters != NULL)
        atomic_fetch_add_explicit(&counters->rejections[why], 1,
                                  memory_order_relaxed);
}

int64_t counter_rejected(const struct counters *counters, enum rejection why)
{
    return atomic_load_explicit(&counters->rejections[why],
                                memory_order_relaxed);
}

const char *rejection_name(enum rejection why)
{
    switch (why) {
    case REJECTION_ACCESS:
        return "access";
    case REJECTION_HOST:
        return "host";
    case REJECTION_IDENTITY:
        return "identity";
    case REJECTION_ROLE:
        return "role";
    case REJECTION_ORIGIN:
        return "origin";
    case REJECTION_LIMIT:
        return "limit";
    case REJECTION_SYNTAX:
        return "syntax";
    case REJECTION_SLOW:
        return "slow";
    case REJECTION_LATE:
        return "late";
    case REJECTION_CONNECTIONS:
        return "connections";
    case REJECTION_NONE:
    case REJECTIONS:
        break;
    }
    return "";
}
