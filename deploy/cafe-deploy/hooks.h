/* Lifecycle hooks: on AWS Lambda functions, here programs of that name. */
#ifndef CAFE_DEPLOY_HOOKS_H
#define CAFE_DEPLOY_HOOKS_H

#include "service.h"

/**
 * Run the hook for an event, if the AppSpec has one. It is told where to look
 * by CAFE_EVENT, CAFE_SERVICE, CAFE_DEPLOYMENT, CAFE_URL and CAFE_TEST_URL, has
 * 60 s, and says by its exit status whether the deployment goes on.
 *
 * Errors  ERROR_CONFIG (no such program), ERROR_SYSTEM (it failed),
 *         ERROR_DEADLINE, ERROR_MEMORY.
 */
MUST_CHECK enum error hook_run(struct site *site, const struct service *service,
                               const struct appspec *appspec,
                               const char *event);

/** That each hook's program is there: before anything is begun. */
MUST_CHECK enum error hooks_check(struct site *site,
                                  const struct appspec *appspec);

#endif
