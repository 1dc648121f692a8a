/* Changes to suppliers: each a job for a database thread, one transaction. */
#ifndef CAFE_STORE_H
#define CAFE_STORE_H

#include "cafe/db.h"
#include "cafe/supplier.h"

/** What a change is given and what comes of it. */
struct store_job {
    struct supplier supplier; /* what to write; its id for update and remove */
    const char *actor;        /* who, for the log; NULL for nobody known */
    int64_t id;               /* out: the supplier's id */
    void *context;            /* the caller's own */
};

/* Each is a db_work_fn whose job is a struct store_job. Saving a row as it is
 * counts as a success. ERROR_NOT_FOUND: there is no such supplier. */
enum error store_add(struct db_connection *connection, void *job);
enum error store_update(struct db_connection *connection, void *job);
enum error store_remove(struct db_connection *connection, void *job);

#endif
