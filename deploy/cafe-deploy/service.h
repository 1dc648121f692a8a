/* A service of the rehearsal: its tasks, and the deployment under way. What
 * is in its file is what is wanted; tasks_settle() makes it so. */
#ifndef CAFE_DEPLOY_SERVICE_H
#define CAFE_DEPLOY_SERVICE_H

#include "site.h"

enum { TASKS_MAX = 16, SETS = 2, NAME_MAX_BYTES = 64 };

enum task_phase {
    TASK_NEW,     /* started, not yet known as healthy: no traffic */
    TASK_SERVING, /* gets traffic */
    TASK_LEAVING  /* gets no new requests, then ends */
};

struct task {
    unsigned number; /* in this service, never used again */
    enum task_phase phase;
};

/** Tasks of one revision in one target group. Without any it isn't there. */
struct task_set {
    unsigned revision; /* of the task definition */
    char group[NAME_MAX_BYTES];
    struct task tasks[TASKS_MAX];
    size_t count;
};

/** CodeDeploy's steps. One that was begun may have been done or not. */
enum step {
    STEP_NONE,    /* no deployment */
    STEP_INSTALL, /* start the replacement task set */
    STEP_TEST,    /* the test listener leads to it */
    STEP_SHIFT,   /* the production listener leads to it */
    STEP_WAIT,    /* watch it */
    STEP_END      /* end the original task set: no way back */
};

struct service {
    const char *name;                /* "customer" */
    unsigned desired;                /* tasks */
    unsigned next_task;              /* number */
    unsigned deployments;            /* begun so far; the last one's number */
    enum step step;                  /* of the deployment that is under way */
    struct task_set blue;            /* the original task set */
    struct task_set green;           /* the replacement task set */
    char test_group[NAME_MAX_BYTES]; /* the test listener's, before */
    unsigned wait_until_s; /* of STEP_WAIT, as clock_monotonic_ms() counts */
};

/**
 * Read a service's file.
 *
 * Returns  Through `service`; one that was never created has no revision.
 * Errors   ERROR_SYSTEM (unreadable, or not ours), ERROR_MEMORY.
 */
MUST_CHECK enum error service_load(struct site *site, const char *name,
                                   struct service *service);

/** Write it. Errors  ERROR_SYSTEM, ERROR_MEMORY. */
MUST_CHECK enum error service_save(struct site *site,
                                   const struct service *service);

/** "task" or "tasks". */
const char *tasks_word(size_t count);

/** Whether `service create` was called for it. */
bool service_exists(const struct service *service);

/**
 * Add tasks to a set, as new ones.
 *
 * Errors  ERROR_CONFIG (more than TASKS_MAX).
 */
MUST_CHECK enum error set_grow(struct site *site, struct service *service,
                               struct task_set *set, size_t count);

/** All its tasks from `first` on shall end. */
void set_leave(struct task_set *set, size_t first);

/** "customer-7": the name of the container and of its server at the load
 * balancer. */
char *task_name(struct site *site, const struct service *service,
                const struct task *task);

/** Its address in the rehearsal's network; "10.83.9.71". */
char *task_address(struct site *site, const struct service *service,
                   const struct task *task);

/** The other one of a service's pair of target groups; NULL for a name that
 * is none of them. */
const char *other_group(const struct site *site, const char *group);

#endif
