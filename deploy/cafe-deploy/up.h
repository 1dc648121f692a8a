/* The parts of a rehearsal that stay: network, database, registry, load
 * balancer, repositories. */
#ifndef CAFE_DEPLOY_UP_H
#define CAFE_DEPLOY_UP_H

#include "site.h"

/**
 * Start what isn't there or doesn't run, and wait until it answers.
 *
 * Errors  ERROR_CONFIG (no Docker, ports taken, another rehearsal is up),
 *         ERROR_DEADLINE, ERROR_SYSTEM.
 */
MUST_CHECK enum error site_up(struct site *site);

/** End and remove everything, the state as well. */
MUST_CHECK enum error site_down(struct site *site);

#endif
