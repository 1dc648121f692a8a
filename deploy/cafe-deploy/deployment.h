/* Blue/green deployments, in the steps of CodeDeploy. */
#ifndef CAFE_DEPLOY_DEPLOYMENT_H
#define CAFE_DEPLOY_DEPLOYMENT_H

#include "service.h"

/** What a deployment needs to know, as the files say it. */
struct deployment {
    unsigned revision; /* of the task definition, registered */
    struct appspec appspec;
};

/**
 * Take a service's lock, read its file, and put right what an interrupted run
 * has left: a deployment is rolled back, or completed when its original tasks
 * were ending already; tasks come and go as they shall.
 *
 * wait    For somebody else who has the lock; otherwise that is an error.
 * Errors  ERROR_BUSY (locked), those of tasks_settle().
 */
MUST_CHECK enum error service_take(struct site *site, const char *name,
                                   bool wait, struct service *service);

/**
 * Deploy a revision: says each step as it begins. Whatever fails, the
 * listeners lead to the original task set again, the replacement is removed,
 * and the error says why.
 *
 * service  Taken, created.
 */
MUST_CHECK enum error deploy(struct site *site, struct service *service,
                             const struct deployment *deployment);

#endif
