/* The change log as programs follow it. */
#ifndef CAFE_CHANGES_H
#define CAFE_CHANGES_H

#include "cafe/db/db.h"
#include "cafe/suppliers/revision.h"

/** What to read, and what was found. */
struct changes_job {
    struct revision since; /* changes after this one */
    size_t limit;          /* changes at most; of large texts there are fewer */
    bool supplying;        /* only suppliers that still supply are there */
    void *asker;           /* the caller's own */

    /* Out. */
    struct revision now; /* the last change when the reading began */
    bool gone;           /* the log doesn't lead from `since` to now */
    size_t count;        /* 0, and not gone: there is nothing to see yet */
    struct text body;    /* see below; initialised and freed by the caller */
};

/**
 * A db_work_fn: read the changes that follow a revision, in the order of the
 * log and without a gap, as changes_begin(), objects and changes_end().
 *
 * Each object has revision, at (RFC 3339, UTC), action, id, and supplier: as
 * the supplier is when it is read, which may be later than the change; null
 * where there is none any more. So nothing that was replaced, deleted or
 * forgotten comes out of the log again, and nobody's name does.
 *
 * Errors  ERROR_MEMORY, ERROR_DB_…
 */
MUST_CHECK enum error changes_read(struct db_connection *connection, void *job);

/** Whether there has ever been a supplier. */
struct changes_known {
    int64_t supplier_id;
    void *context; /* the caller's own */
    bool known;    /* out: the log knows it */
};

/** A db_work_fn whose job is a struct changes_known. Errors: ERROR_DB_… */
MUST_CHECK enum error changes_know(struct db_connection *connection, void *job);

/** Begin the array of changes in an object that is open. */
void changes_begin(struct text *out);

/** End it, and tell where to go on: the revision of the last change. */
void changes_end(struct text *out, const struct revision *revision);

#endif
