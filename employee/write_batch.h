/* A batch of changes under way, and how it is refused. */
#ifndef WRITE_BATCH_H
#define WRITE_BATCH_H

#include "cafe/suppliers/store_batch.h"
#include "write_api.h"

/* A batch under way. */
struct batch {
    struct batch_job job; /* first: what the store is given */
    struct request *req;
    struct arena *arena; /* its own, for it may need more than a request */
    char key[FORM_KEY_CHARS + 1];
    bool anyway;
    struct batch_body body;
    enum error err; /* of the work on the other thread */
    const struct snapshot *snapshot;
    struct duplicate_question *questions;
    struct duplicate_job asked;
    struct page *page; /* the answer */
};

/** Answer with what is wrong with the changes: the first ones, and the status
 * of the first one. */
void batch_refuse_changes(struct batch *batch);

/** Whether a supplier may be one that is there, or that of another operation.
 */
bool batch_is_twin(const struct duplicate_question *question);

/** Answer with those. */
void batch_refuse_twins(struct batch *batch);

/** Answer what the store has said. */
void batch_refuse(struct batch *batch, enum error outcome);

#endif
