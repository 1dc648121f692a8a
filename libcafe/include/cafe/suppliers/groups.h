/* Changes that belong together, which the history shows as one entry: an
 * import, its undoing, a batch. */
#ifndef CAFE_GROUPS_H
#define CAFE_GROUPS_H

#include "cafe/db/db.h"

/**
 * Note that changes belong to a group. Within the transaction that made them,
 * and after them: their lock of the counter keeps other writers out, so that
 * groups are noted in the order of the log.
 *
 * form_key     That of the changes.
 * first, last  Their revisions, all of one transaction.
 * Errors       ERROR_DB_…
 */
MUST_CHECK enum error groups_note(struct db_connection *connection,
                                  const char *form_key, uint64_t first,
                                  uint64_t last);

#endif
