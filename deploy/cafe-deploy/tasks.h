/* Making the tasks of a service what its file says. */
#ifndef CAFE_DEPLOY_TASKS_H
#define CAFE_DEPLOY_TASKS_H

#include "service.h"

/**
 * Bring each task where it shall be: new ones are started and, once they are
 * healthy, get traffic, all at once; leaving ones get no new requests, and
 * end when those that they have are answered, or after 30 s. A container that
 * somebody has stopped or removed is started again; containers and servers
 * that no task stands for are removed. The service's file is written
 * as it goes; after an interruption, call this again.
 *
 * Errors  ERROR_DEADLINE (not healthy after site->healthy_s), ERROR_SYSTEM (a
 *         task ends by itself, Docker, files), ERROR_CONFIG (secrets): the
 *         task sets are left as they are then.
 */
MUST_CHECK enum error tasks_settle(struct site *site, struct service *service);

/** The file of a registered task definition. */
char *revision_path(struct site *site, const char *family, unsigned revision);

/** Read it. Errors  ERROR_CONFIG (there is no such revision). */
MUST_CHECK enum error revision_find(struct site *site, const char *service,
                                    unsigned revision,
                                    struct task_definition *task);

#endif
