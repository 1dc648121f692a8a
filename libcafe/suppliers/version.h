/* Private to suppliers/: a supplier's versions, its revisions in the log. */
#ifndef CAFE_SUPPLIERS_VERSION_H
#define CAFE_SUPPLIERS_VERSION_H

#include "cafe/db/db.h"

/** The last ones. */
struct versions {
    size_t count;
    uint64_t last[2]; /* the newest first; 0: none */
};

/**
 * Read the last `limit` versions, two at most.
 *
 * Errors  ERROR_DB_…
 */
MUST_CHECK enum error versions_read(struct db_connection *connection,
                                    int64_t id, size_t limit,
                                    struct versions *versions);

/**
 * Read which version a form has saved last; `revision` stays as it is where it
 * has saved none.
 *
 * Errors  ERROR_DB_…
 */
MUST_CHECK enum error version_saved(struct db_connection *connection,
                                    int64_t id, const char *form_key,
                                    uint64_t *revision);

/**
 * Whether the log has this version, and from that time.
 *
 * at_us   UTC microseconds since 1970.
 * Errors  ERROR_DB_…
 */
MUST_CHECK enum error version_is(struct db_connection *connection, int64_t id,
                                 uint64_t revision, int64_t at_us, bool *same);

#endif
