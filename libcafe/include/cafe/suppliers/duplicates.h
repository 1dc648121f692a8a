/* Suppliers that may be the same one, entered twice. */
#ifndef CAFE_DUPLICATES_H
#define CAFE_DUPLICATES_H

#include "cafe/db/db.h"
#include "cafe/suppliers/catalog.h"

enum { DUPLICATES_MAX = 10 };

/** What two suppliers have in common; or-ed. */
enum duplicate_reason {
    DUPLICATE_PHONE = 1 << 0, /* phone_same(), or the same digits */
    DUPLICATE_EMAIL = 1 << 1, /* the same by the fold: without case */
    DUPLICATE_NAME = 1 << 2   /* name and city, by the fold of the search */
};

struct duplicate {
    const struct supplier *supplier; /* of the snapshot */
    unsigned reasons;
};

struct duplicates {
    size_t count;
    struct duplicate found[DUPLICATES_MAX]; /* in the order of the catalog */
    bool more;
};

/**
 * Find suppliers that may be this one. It looks at each once and allocates
 * nothing for them: about a millisecond for 10,000.
 *
 * supplier  As typed; itself (by its id) is no duplicate.
 * before    As it was stored: only what has changed since is compared. NULL:
 *           all of it.
 * Errors    ERROR_MEMORY, ERROR_LIMIT.
 * Thread    Any: the snapshot must live until this returns.
 */
MUST_CHECK enum error duplicates_find(const struct snapshot *snapshot,
                                      const struct supplier *supplier,
                                      const struct supplier *before,
                                      struct duplicates *duplicates);

/** One of many suppliers that are asked about together. */
struct duplicate_question {
    const struct supplier *supplier; /* as of duplicates_find(); NULL: nothing
                                        is asked */
    const struct supplier *before;   /* so */
    struct duplicates found;         /* out */
    size_t twin; /* out: the first earlier question whose supplier may be the
                    same; SIZE_MAX: none */
};

/**
 * Find for each what duplicates_find() finds, and what may be the same among
 * them. It looks at each supplier of the snapshot once, however many are asked
 * about: a thousand questions take about as long as twenty alone.
 *
 * Errors  ERROR_MEMORY, ERROR_LIMIT.
 * Thread  As duplicates_find().
 */
MUST_CHECK enum error duplicates_find_all(const struct snapshot *snapshot,
                                          struct duplicate_question *questions,
                                          size_t count);

/**
 * A db_work_fn (job: struct duplicate_job): was a form with this key saved
 * before? Then what looks like a duplicate may be what it has added.
 */
struct duplicate_job {
    struct slice form_key;
    void *context; /* the caller's own */
    bool known;    /* out */
};
enum error duplicates_key_known(struct db_connection *connection, void *job);

#endif
