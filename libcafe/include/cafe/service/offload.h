/* A thread for work that would hold up the event loop. */
#ifndef CAFE_OFFLOAD_H
#define CAFE_OFFLOAD_H

#include "cafe/base/error.h"

struct event_base;
struct offload;

/** On the thread: touches its own job only. */
typedef void offload_work_fn(void *job);

/** On the loop thread, exactly once for each job. ERROR_STOPPING: it was not
 * run. */
typedef void offload_done_fn(void *job, enum error err);

/** Start the thread. Errors: ERROR_MEMORY, ERROR_SYSTEM. */
MUST_CHECK enum error offload_open(struct event_base *base,
                                   struct offload **offload);

/** Let the running job end, hand the waiting ones back with ERROR_STOPPING
 * (their done functions run inside this call), and join the thread. */
void offload_close(struct offload *offload);

/**
 * Run work on the thread, then done on the loop, never before this returns.
 *
 * job     Owned by the caller; must live until done has run.
 * Errors  ERROR_MEMORY, ERROR_STOPPING: nothing was queued, done does not run.
 * Thread  Loop thread.
 */
MUST_CHECK enum error offload_submit(struct offload *offload,
                                     offload_work_fn *work,
                                     offload_done_fn *done, void *job);

#endif
