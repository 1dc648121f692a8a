/* A thread that writes imports, and takes them back, in the background. */
#ifndef CAFE_IMPORT_WORKER_H
#define CAFE_IMPORT_WORKER_H

#include "cafe/db/db.h"

/**
 * One thread of a daemon, with a connection of its own. It takes up any import
 * of which the state says that there is work, whichever task began it: at once
 * when woken, and within seconds what another task has left. Imports are held
 * by lease (cafe/import/import.h), so several workers share them safely.
 *
 * It logs "import taken up", "import ended" and "import given back", and, while
 * the database does not let it work, "imports are not taken up" and "import
 * does not go on".
 */
struct import_worker;

/**
 * Start the thread.
 *
 * like    How to reach the database, and where to log; borrowed until
 *         import_worker_close().
 * Errors  ERROR_MEMORY, ERROR_SYSTEM.
 */
MUST_CHECK enum error import_worker_open(const struct db_config *like,
                                         struct import_worker **worker);

/** There is something to do. Thread: any; does not wait. */
void import_worker_wake(struct import_worker *worker);

/** Begin nothing more: the chunk under way ends, and the import is given back
 * for another task. Thread: any; does not wait. */
void import_worker_stop(struct import_worker *worker);

/** Stop, wait for the thread, and free. NULL is allowed. */
void import_worker_close(struct import_worker *worker);

/** Write the figures, for monitoring. Thread: any. */
void import_worker_metrics(const struct import_worker *worker,
                           struct text *out);

#endif
