/* The suppliers as a page shows them: one state of the database. */
#ifndef CAFE_CATALOG_H
#define CAFE_CATALOG_H

#include "cafe/base/config.h"
#include "cafe/base/freshness.h"
#include "cafe/base/lifetime.h"
#include "cafe/base/page.h"
#include "cafe/db/db.h"
#include "cafe/suppliers/revision.h"
#include "cafe/suppliers/supplier.h"

/** The suppliers at one moment. It doesn't change. */
struct snapshot;

/** Number of suppliers. */
size_t snapshot_count(const struct snapshot *snapshot);

/** Bytes that a supplier takes in memory on average, 0 if there is none. */
size_t snapshot_row_bytes(const struct snapshot *snapshot);

/** A supplier by id; NULL if there is none. */
const struct supplier *snapshot_find(const struct snapshot *snapshot,
                                     int64_t id);

/** The last change that is in it. Changes of programs that the log does not
 * have are in it without one. */
struct revision snapshot_revision(const struct snapshot *snapshot);

/** When the database was last known to be in this state, UTC microseconds. */
int64_t snapshot_as_of_us(const struct snapshot *snapshot);

/** Whether the database did not confirm in time that this is its state. */
bool snapshot_stale(const struct snapshot *snapshot);

/** Set as_of, a clock_words(), if it is stale. NULL is not. */
void snapshot_context(const struct snapshot *snapshot, struct arena *arena,
                      struct context *context);

/** Add the field Cafe-As-Of if it is stale. Both may be NULL. */
void snapshot_mark(const struct snapshot *snapshot, struct page *page);

/** Tells snapshots apart: another number, other suppliers. */
uint64_t snapshot_serial(const struct snapshot *snapshot);

struct catalog_settings {
    int64_t max_bytes;  /* of all suppliers in memory */
    int64_t max_age_ms; /* a snapshot younger than this is not asked about */
    int64_t wait_ms;    /* for the database, before a stale snapshot is shown */
    bool supplying;     /* only suppliers that still supply; no option: the
                           daemon decides */
    int64_t compare_ms; /* between comparisons with the whole table */
};

/** Options for them; offsets are within struct catalog_settings. */
extern const struct option catalog_options[];

struct catalog;

/**
 * Make a catalog and begin to read the suppliers, on a thread and connection of
 * its own, opened like those of db.
 *
 * db        For comparisons; borrowed until catalog_close(), which follows
 *           db_close().
 * settings  Copied.
 * Errors    ERROR_MEMORY, ERROR_SYSTEM.
 * Thread    This and all below: loop thread only.
 */
MUST_CHECK enum error catalog_open(struct event_base *base, struct db *db,
                                   const struct catalog_settings *settings,
                                   struct catalog **catalog);

/**
 * Stop asking; waiting requests are shown what is there, as stale. Call it
 * before the db and the servers are closed.
 */
void catalog_stop(struct catalog *catalog);

/** Free it; no request is left, and the db is closed. */
void catalog_close(struct catalog *catalog);

/** Why pages are stale, or why there are none; OK while they are fresh. */
enum error catalog_trouble(const struct catalog *catalog);

/** What it shows, for health checks. */
struct freshness catalog_freshness(const struct catalog *catalog);

/**
 * Write the figures of the catalog, of its database threads and of those that
 * it was given, for monitoring.
 */
void catalog_metrics(const struct catalog *catalog, struct text *out);

/** Show a page; snapshot is NULL when there is none to show (answer 503). */
typedef void catalog_show_fn(struct lifetime *life,
                             const struct snapshot *snapshot);

/**
 * Call `show` once the catalog is no older than this call.
 *
 * The database is asked which change is the last; requests that arrive while
 * a question is under way share the next one.
 *
 * show    Runs exactly once on the loop thread, perhaps before this returns.
 *         Its snapshot lives as long as `life`; snapshot_stale() when the
 *         database did not answer within `wait_ms`. From then on stale answers
 *         go out at once, until the question is answered again.
 * Errors  None: without any snapshot, show gets NULL.
 */
void catalog_when_fresh(struct catalog *catalog, catalog_show_fn *show,
                        struct lifetime *life);

#endif
