/* Pipelines: sources that have changed become a deployment. */
#ifndef CAFE_DEPLOY_PIPELINE_H
#define CAFE_DEPLOY_PIPELINE_H

#include "site.h"

/** What a pipeline is made of, each as text; "" when there is none yet. */
struct sources {
    const char *commit; /* branch dev of the repository "deployment" */
    const char *image;  /* "sha256:…": tag "latest" in the registry */
};

struct pipeline {
    bool exists;
    struct sources sources; /* of its last run */
    const char *outcome;    /* "none", "running", "succeeded", "failed" */
};

/** What is there now. Errors  ERROR_SYSTEM, ERROR_MEMORY. */
MUST_CHECK enum error sources_read(struct site *site, const char *service,
                                   struct sources *sources);

MUST_CHECK enum error pipeline_load(struct site *site, const char *service,
                                    struct pipeline *pipeline);

/** Whether there is something that it has not run for. */
bool pipeline_is_due(const struct pipeline *pipeline,
                     const struct sources *now);

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
