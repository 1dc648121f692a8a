/* The suppliers as a page shows them: one state of the database. */
#ifndef CAFE_CATALOG_H
#define CAFE_CATALOG_H

#include "cafe/db.h"
#include "cafe/request.h"
#include "cafe/supplier.h"

/** The suppliers at one moment. It doesn't change. */
struct snapshot;

/** Number of suppliers. */
size_t snapshot_count(const struct snapshot *snapshot);

/**
 * The supplier at a place in the order of names (by their fold, then by
 * bytes, then by id).
 *
 * place  Below snapshot_count().
 */
const struct supplier *snapshot_at(const struct snapshot *snapshot,
                                   size_t place);

/** A supplier by id; NULL if there is none. */
const struct supplier *snapshot_find(const struct snapshot *snapshot,
                                     int64_t id);

/** When the database was last known to be in this state, UTC microseconds. */
int64_t snapshot_as_of_us(const struct snapshot *snapshot);

/** The database did not confirm in time that this is its state. */
bool snapshot_stale(const struct snapshot *snapshot);

struct catalog;

/** Thread of this and all below: loop thread only. Errors: ERROR_MEMORY. */
MUST_CHECK enum error catalog_open(struct db *db, struct log *log,
                                   struct catalog **catalog);

/**
 * Requests that still wait are never shown anything: close it when none is
 * left, before or after the db. Snapshots that were shown stay valid.
 */
void catalog_close(struct catalog *catalog);

/** Show a page; snapshot is NULL when there is none to show (answer 503). */
typedef void catalog_show_fn(struct request *req,
                             const struct snapshot *snapshot);

/**
 * Call `show` once the catalog is no older than this call.
 *
 * show    Runs exactly once on the loop thread, perhaps before this returns.
 *         Its snapshot lives until the request ends; snapshot_stale() when the
 *         database did not answer in time.
 * Errors  None: without any snapshot, show gets NULL.
 */
void catalog_when_fresh(struct catalog *catalog, catalog_show_fn *show,
                        struct request *req);

#endif
