/* The migration task: before the first service, and before each version that
 * changes the schema. */
#ifndef CAFE_DEPLOY_MIGRATE_H
#define CAFE_DEPLOY_MIGRATE_H

#include "site.h"

/**
 * Bring the database's schema to that of the local image "employee", then say
 * what each account may do.
 *
 * Errors  ERROR_CONFIG (no such image), ERROR_SYSTEM, ERROR_DEADLINE.
 */
MUST_CHECK enum error migrate(struct site *site);

#endif
