/* Blue/green deployments, in the steps of CodeDeploy. */
#ifndef CAFE_DEPLOY_DEPLOYMENT_H
#define CAFE_DEPLOY_DEPLOYMENT_H

#include "alarm.h"
#include "service.h"

/** What a deployment needs to know, as the files say it. */
struct deployment {
    unsigned revision; /* of the task definition, registered */
    struct appspec appspec;
    struct alarm alarm;
};

/**
 * Hold a service's lock, until the process ends or `lock` is closed. Interrupts
 * are held with it.
 *
 * wait    For somebody else who has it; otherwise that is an error.
 * lock    May be NULL.
 * Errors  ERROR_BUSY.
 */
MUST_CHECK enum error service_lock(struct site *site, const char *name,
                                   bool wait, int *lock);

/**
 * Read a service's file, and put right what an interrupted run has left: a
 * deployment is rolled back, or completed when its original tasks were ending
 * already; tasks come and go as they shall. Says so before.
 *
 * Errors  Those of tasks_settle().
 */
MUST_CHECK enum error service_mend(struct site *site, const char *name,
                                   struct service *service);

/** Whether a command for it runs, or an interrupted one has left something. */
bool service_is_unsettled(const struct service *service);

/** service_lock() and service_mend(), one after the other. */
MUST_CHECK enum error service_take(struct site *site, const char *name,
                                   bool wait, struct service *service,
                                   int *lock);

/**
 * Make it so many tasks. When new ones don't come to serve, those that do
 * stay, and the error says why.
 *
 * service  Taken, created.
 * Errors   Those of tasks_settle(); ERROR_CONFIG (too many).
 */
MUST_CHECK enum error service_scale(struct site *site, struct service *service,
                                    size_t wanted);

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
