/* Private to suppliers/: one-time keys of forms, and what was saved by them. */
#ifndef CAFE_SUPPLIERS_FORM_KEY_H
#define CAFE_SUPPLIERS_FORM_KEY_H

#include "cafe/suppliers/store.h"

/** A form that is sent: its key, and its text as the digest is made of it. */
struct form_claim {
    char key[FORM_KEY_CHARS + 1]; /* to be claimed; "" for a form without */
    struct text text;
};

/** What a key has been used for. */
struct form_outcome {
    bool same; /* for this very text */
    int64_t supplier_id;
    uint64_t revision;
    char next_key[FORM_KEY_CHARS + 1]; /* for this text, if it is another */
};

/**
 * Write the text of a form so that no two forms have the same: what is done,
 * to which supplier, by which values.
 *
 * fields  NULL where there are none.
 * Errors  ERROR_MEMORY.
 */
MUST_CHECK enum error form_claim_open(struct form_claim *claim, const char *key,
                                      const char *action, int64_t id,
                                      uint64_t version,
                                      const struct slice *fields);
void form_claim_close(struct form_claim *claim);

/**
 * Claim the key, first in the transaction. Waits for another transaction that
 * has claimed it.
 *
 * Errors  ERROR_DB_DUPLICATE: it was used before. Roll back, then read what
 *         for. ERROR_DB_…
 */
MUST_CHECK enum error form_claim_take(struct db_connection *connection,
                                      const struct form_claim *claim);

/** Note what came of it, last in the transaction. Errors: ERROR_DB_… */
MUST_CHECK enum error form_claim_note(struct db_connection *connection,
                                      const struct form_claim *claim,
                                      int64_t supplier_id, uint64_t revision);

/**
 * Read what a key has been used for, outside of the transaction.
 *
 * Errors  ERROR_DB_RETRY: nothing any more, claim it again. ERROR_DB_…
 */
MUST_CHECK enum error form_claim_outcome(struct db_connection *connection,
                                         const struct form_claim *claim,
                                         struct form_outcome *outcome);

#endif
