/* The running load balancer. */
#ifndef CAFE_DEPLOY_BALANCER_LIVE_H
#define CAFE_DEPLOY_BALANCER_LIVE_H

#include "balancer_config.h"

/**
 * Make its servers, rules and office addresses what they shall be. Servers
 * that still have connections are left for the next call; when it is away,
 * everything is: it will begin with what is on disk.
 *
 * rules   Lines of rules.map; office: lines of office.acl.
 * Errors  ERROR_SYSTEM (it refuses a rule), ERROR_DEADLINE (it says nothing),
 *         ERROR_MEMORY.
 */
MUST_CHECK enum error balancer_live(struct site *site,
                                    const struct wanted_servers *wanted,
                                    struct slice rules, struct slice office);

#endif
