/* Private to suppliers/: what the catalog asks the database. */
#ifndef CAFE_SUPPLIERS_FEED_H
#define CAFE_SUPPLIERS_FEED_H

#include "snapshot.h"

/** A question: what has changed since an index? */
struct question {
    struct index *base; /* NULL: everything is wanted */
    size_t max_bytes;
    bool supplying;      /* only suppliers that still supply */
    struct index *found; /* out: the newer index; NULL: still the base */
    void *asker;
};

/**
 * A db_work_fn (job: struct question): which change is the last; if another
 * than the base's, what has changed since, or everything where the log does
 * not lead from the base to now.
 *
 * Errors  ERROR_LIMIT (over max_bytes), ERROR_MEMORY, ERROR_DB_…
 */
enum error feed_ask(struct db_connection *connection, void *job);

/**
 * A db_work_fn (job: struct question): read everything and compare it with the
 * base. found is NULL where both show the same.
 *
 * Errors  ERROR_CONFLICT (another revision: nothing can be said),
 *         ERROR_DB_TRIGGERS (found is set all the same), others as feed_ask().
 */
enum error feed_compare(struct db_connection *connection, void *job);

#endif
