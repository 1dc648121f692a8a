/* Pipelines: sources that have changed become a deployment. */
#ifndef CAFE_DEPLOY_PIPELINE_H
#define CAFE_DEPLOY_PIPELINE_H

#include "site.h"

/**
 * Whether something has changed since its last run, or that was interrupted.
 *
 * Errors  ERROR_SYSTEM, ERROR_MEMORY.
 */
MUST_CHECK enum error pipeline_is_due(struct site *site, const char *service,
                                      bool *due);

/**
 * How it stands: "running", "due", "succeeded", "failed"; NULL when there is
 * none.
 *
 * commit  Of its last run, shortened; "" before the first one.
 */
MUST_CHECK enum error pipeline_state(struct site *site, const char *service,
                                     const char **state, const char **commit);

/** Make a pipeline; it runs as soon as there are sources. */
MUST_CHECK enum error pipeline_create(struct site *site, const char *service);

/**
 * Run it for the present sources, here and now.
 *
 * wait    For something else that is under way for the service.
 * Errors  Those of a deployment; ERROR_CONFIG (no pipeline, no sources).
 */
MUST_CHECK enum error pipeline_release(struct site *site, const char *service,
                                       bool wait);

/** Wait until it has run for the present sources, and show what it says.
 * Errors  ERROR_CONFIG (no pipeline), ERROR_SYSTEM (it failed). */
MUST_CHECK enum error pipeline_wait(struct site *site, const char *service);

/** Run pipelines whenever a source changes, until SIGTERM; what EventBridge
 * does. Starts this program again for each run. */
MUST_CHECK enum error events_run(struct site *site);

/** Start events_run() in the background, if it doesn't run. */
MUST_CHECK enum error events_start(struct site *site);

/** End it, and what it has started. */
MUST_CHECK enum error events_stop(struct site *site);

#endif
