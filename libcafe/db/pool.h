/* Private to db/: what the loop's side and the threads' side share. */
#ifndef CAFE_DB_POOL_H
#define CAFE_DB_POOL_H

#include <pthread.h>

#include "cafe/base/lasting.h"
#include "cafe/base/metrics.h"
#include "cafe/db/db.h"
#include "task.h"

struct worker {
    struct db *db;
    pthread_t thread;
    pthread_cond_t wake;
    bool sleeping; /* waits on `wake`; cleared by the thread that signals */
    struct db_connection *connection;
    uint64_t generation;     /* of the connection */
    const struct task *task; /* that it runs */
};

enum { FAILURES_MAX = 4, OPERATIONS_MAX = 16 };

/** What jobs of one name did. */
struct operation {
    const char *name; /* NULL: free */
    int64_t failed;
    struct histogram took;
};

struct figures {
    int64_t used; /* workers that run a job */
    struct operation operations[OPERATIONS_MAX];
    int64_t waiting, connected, connecting; /* in a copy only */
};

/** Failures of jobs that belong to no request, by operation: they repeat, so
 * the log has one line for all of them. */
struct failure {
    const char *operation; /* NULL: free */
    struct lasting lasting;
};

struct db {
    struct db_config config;
    struct event *on_results;  /* loop thread only, as is the next */
    struct event *on_deadline; /* pending while jobs may be waiting */
    int results_fd;
    size_t worker_count;
    struct worker *workers;

    pthread_mutex_t mutex; /* guards everything below */
    struct task_list waiting;
    struct task_list results;
    struct task_list spare;
    bool stopping;
    size_t connected;    /* workers that have a connection */
    uint64_t generation; /* raised when every connection is out of date */
    bool away;           /* the last attempt to connect failed */
    size_t connecting;   /* attempts going on */
    int64_t back_off_ms;
    int64_t try_again_ms;
    struct lasting outage; /* for the log, as is the next */
    struct failure failures[FAILURES_MAX];
    struct figures figures;
};

/*
 * queue.c. All of these with the mutex held.
 */

/**
 * Hand a job back to the loop.
 *
 * Returns  queue_signal_loop() has to be called, at best without the mutex: the
 *          loop would wake only to wait for it.
 */
bool queue_hand_back(struct db *db, struct task *task, enum error outcome);
void queue_signal_loop(struct db *db);

/**
 * Hand back a job whose work does not run, and count it. The outcome of one
 * that has run before and is still unsettled stays ERROR_DB_UNKNOWN.
 */
void queue_refuse(struct db *db, struct task *task, enum error outcome);

/** Refuse every job that waits. */
void queue_refuse_waiting(struct db *db, enum error outcome);

/** Refuse all waiting jobs except those that have to be settled: these keep
 * waiting until their deadline. */
void queue_refuse_new(struct db *db, enum error outcome);

/**
 * Look for the first waiting job that may run now. Writes may have to wait for
 * a lock, and must not hold every thread while they do: one runs at a time for
 * each row, and one thread of three or more never writes.
 *
 * before   The job ahead of it in the queue, for tasks_take_after().
 * Returns  NULL if there is none: the end of another one changes that.
 */
const struct task *queue_runnable(const struct db *db, struct task **before);

/**
 * A connection may be asked for. While the database is away: one attempt at a
 * time, and not too soon.
 */
bool queue_may_connect(const struct db *db);

/**
 * Choose a sleeping worker for a job that waits, one with a connection if
 * there is; NULL if none sleeps. Its `wake` has to be signalled, at best
 * without the mutex.
 */
struct worker *queue_choose_worker(struct db *db);

/* figures.c */

/** Count a job that has run, by its name. */
void pool_count(struct db *db, const char *name, int64_t took_us, bool failed);

/* worker.c */

/** A database thread; its argument is a struct worker. */
void *worker_main(void *argument);

#endif
