/* Private to suppliers/: a snapshot from the inside, and how one is read. */
#ifndef CAFE_SUPPLIERS_SNAPSHOT_H
#define CAFE_SUPPLIERS_SNAPSHOT_H

#include "cafe/catalog.h"

/**
 * The suppliers as one reading of the database found them, in an arena of
 * their own. Made on a database thread, then read-only but for its count of
 * references, which is the loop's.
 */
struct content {
    unsigned references;
    struct arena *arena; /* this struct is in it, too */
    int64_t as_of_us;
    size_t count;
    const struct supplier **by_id;
    const struct supplier **by_name;
};

struct content *content_ref(struct content *content);

/** Drop a reference; the last one frees it. NULL is allowed. */
void content_unref(struct content *content);

/** What one batch of requests is shown: a content, and if it was confirmed. */
struct snapshot {
    struct content *content;
    bool stale;
};

/**
 * Read all suppliers.
 *
 * content  With one reference; untouched on failure.
 * Thread   A database thread.
 */
MUST_CHECK enum error content_read(struct db_connection *connection,
                                   struct content **content);

#endif
