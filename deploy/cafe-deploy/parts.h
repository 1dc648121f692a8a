/* What the services stand on, each a container: RDS's database, ECR's registry,
 * the load balancer. */
#ifndef CAFE_DEPLOY_PARTS_H
#define CAFE_DEPLOY_PARTS_H

#include "site.h"

/**
 * Start what isn't there or doesn't run, and wait until all answer.
 *
 * Errors  ERROR_DEADLINE (with the last words of what does not start),
 *         ERROR_SYSTEM.
 */
MUST_CHECK enum error parts_start(struct site *site);

#endif
