/* Whether a deployment goes well: what the load balancer sees of its tasks. */
#ifndef CAFE_DEPLOY_WATCH_H
#define CAFE_DEPLOY_WATCH_H

#include "alarm.h"
#include "balancer.h"

/** Of one deployment. */
struct watch {
    const struct alarm *alarm;
    struct error_count count;
};

/**
 * Look once at the errors of both task sets, as AWS's alarm does from the
 * beginning of a deployment. The first call only begins.
 *
 * Errors  ERROR_SYSTEM: the alarm is raised.
 */
MUST_CHECK enum error watch_errors(struct site *site,
                                   const struct service *service,
                                   struct watch *watch);

/**
 * Look at the replacement until site->bake_s is over.
 *
 * Errors  ERROR_SYSTEM: a task is not healthy, the alarm is raised, too large a
 *         part of the answers are errors, or the load balancer is away.
 */
MUST_CHECK enum error watch_replacement(struct site *site,
                                        const struct service *service,
                                        struct watch *watch);

#endif
