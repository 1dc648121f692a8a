/* A thread for work that would hold up the event loop. */
#ifndef CAFE_OFFLOAD_H
#define CAFE_OFFLOAD_H

#include <stddef.h>

#include "cafe/base/error.h"

struct event_base;
struct offload;

/** On the thread: touches its own job only. */
typedef void offload_work_fn(void *job);

/** On the loop thread, exactly once for each job. ERROR_STOPPING: it was not
 * run. */
typedef void offload_done_fn(void *job, enum error err);

/**
 * Start the thread.
 *
 * most_of_client  Jobs of one client that may wait; of all together 16 times
 *                 as many. 0: no limit.
 * Errors          ERROR_MEMORY, ERROR_SYSTEM.
 */
MUST_CHECK enum error offload_open(struct event_base *base,
                                   size_t most_of_client,
                                   struct offload **offload);

/** Let the running job end, hand the waiting ones back with ERROR_STOPPING
 * (their done functions run inside this call), and join the thread. From then
 * on offload_submit() refuses. */
void offload_stop(struct offload *offload);

/** Stop, if it has not been stopped yet, and free. */
void offload_close(struct offload *offload);

/**
 * Run work on the thread, then done on the loop, never before this returns.
 * Clients take turns: a client without a waiting job comes next, in the order
 * of arrival.
 *
 * client  As request_client(); must live as long as the job.
 * job     Owned by the caller; must live until done has run.
 * Errors  ERROR_BUSY: too many wait; ERROR_MEMORY, ERROR_STOPPING. Nothing was
 *         queued, done does not run.
 * Thread  Loop thread.
 */
MUST_CHECK enum error offload_submit(struct offload *offload,
                                     const char *client, offload_work_fn *work,
                                     offload_done_fn *done, void *job);

#endif
