/* Many changes to suppliers at once: all of them or none. */
#ifndef CAFE_STORE_BATCH_H
#define CAFE_STORE_BATCH_H

#include "cafe/suppliers/store.h"

enum batch_action {
    BATCH_ADD,
    BATCH_UPDATE,
    BATCH_REMOVE,
    BATCH_UNDO /* as store_undo() */
};

/** One of the changes. */
struct batch_change {
    enum batch_action action;
    struct supplier supplier; /* as of a struct store_job; */
    uint64_t expected;        /* so these, and `exact`   */
    int64_t expected_us;
    enum untouched_shown shown[SUPPLIER_FIELDS];
    uint64_t version; /* BATCH_UNDO: the entry of the log */

    /* Out, where the batch failed: OK where nothing is known against it. */
    enum error outcome;
    struct supplier now;           /* ERROR_CONFLICT: what is there */
    struct supplier_faults faults; /* ERROR_SYNTAX */
};

/** What a batch is given and what comes of it. */
struct batch_job {
    struct arena *arena; /* for what is out; the database thread's alone until
                            done runs */
    struct batch_change *changes; /* each supplier at most once */
    size_t count;                 /* at least 1 */
    const char *form_key;         /* FORM_KEY_CHARS long */
    const char *text;  /* tells this batch from others under the same key: a
                          digest of what was sent */
    const char *actor; /* as of a struct store_job */
    bool undoes;       /* the log says "restore", but of removals */
    bool partly;   /* leave out changes with a conflict, and those of what is
                      not there, unless that leaves none */
    void *context; /* the caller's own */

    bool reloaded; /* out: as of a struct store_job */

    /* Out, with OK: the changes have successive revisions. */
    uint64_t first_revision;
    bool repeated; /* the batch was saved before: nothing was done again */

    /* Out, with ERROR_CONFLICT: nothing is wrong with the changes, but their
     * key was used for something else. */
    bool key_used;

    /* Out, with ERROR_DB_VALUE. */
    struct store_refusal refusal;
};

/**
 * A db_work_fn whose job is a struct batch_job: one transaction. Rows are
 * locked in the order of ids and all of them are compared and checked before
 * the first is written, so that the counter of revisions, for which every
 * other writer waits, is held for the writing alone.
 *
 * Safe to run again after ERROR_DB_UNKNOWN. Errors: those of store_add() and
 * the others, that of the first change with a fault; ERROR_MEMORY, also for
 * more than 64 MiB of stored texts. Whatever the error, nothing was changed,
 * except with ERROR_DB_UNKNOWN.
 */
enum error store_batch(struct db_connection *connection, void *job);

/** The undoing of changes that were made at once. */
struct undo_group_job {
    struct batch_job batch; /* arena, form_key and actor are given */
    struct slice group;     /* the form key of the changes */

    /* Out, with OK. */
    size_t count; /* of the changes */
    size_t done;  /* of those that were undone; the suppliers of the others were
                     changed again since, or are not there */
};

/**
 * Undo the changes of a group, as store_undo() would each, but in one
 * transaction; of additions: remove them. What was changed again since stays
 * as it is. A db_work_fn whose job is a struct undo_group_job.
 *
 * Errors  ERROR_NOT_FOUND: there is no such group, or it is that of an import,
 *         which has its own way back. ERROR_CONFLICT: nothing of it can be
 *         undone. ERROR_LIMIT: it has more than BATCH_OPERATIONS_MAX changes.
 *         Those of store_batch().
 */
enum error store_undo_group(struct db_connection *connection, void *job);

/** Sees one change: the supplier after it (of a removal the last texts), whose
 * texts live until this returns. Forgotten: it has none. */
typedef void batch_seen_fn(void *context, const struct supplier *supplier,
                           bool forgotten);

/**
 * Read from the log what a batch has made of each supplier, in its order.
 *
 * Errors  ERROR_NOT_FOUND: the log has not all of it; ERROR_DB_…
 */
MUST_CHECK enum error store_batch_read(struct db_connection *connection,
                                       uint64_t first_revision, size_t count,
                                       batch_seen_fn *seen, void *context);

#endif
