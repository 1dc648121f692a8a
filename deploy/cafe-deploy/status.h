/* What there is, as a person wants to see it. */
#ifndef CAFE_DEPLOY_STATUS_H
#define CAFE_DEPLOY_STATUS_H

#include "site.h"

/**
 * Print listeners, the target groups that their rules lead to, and tasks, and
 * what an interrupted run has left. Changes nothing.
 *
 * watch  Again every second, with requests and errors a second, until ended.
 */
MUST_CHECK enum error status_show(struct site *site, bool watch);

/** Print what the tasks of a service have logged, the newest lines. */
MUST_CHECK enum error logs_show(struct site *site, const char *service);

#endif
