/*
 * The event loop's side of the database threads: jobs go in by a bounded
 * queue and come back through an eventfd, each exactly once.
 */
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <event2/event.h>
#include <mysql.h>

#include "cafe/base/clock.h"
#include "cafe/base/thread.h"
#include "pool.h"

/* Call the done functions of all results, without the mutex: they may submit
 * the next job. Tasks are kept for that; there are never more than were queued
 * or running at once. */
static void pool_deliver(struct db *db)
{
    struct task *task;
    struct task_list results;

    pthread_mutex_lock(&db->mutex);
    results = tasks_take_all(&db->results);
    pthread_mutex_unlock(&db->mutex);
    while ((task = tasks_take(&results)) != NULL) {
        if (task->call.waited_us != NULL)
            *task->call.waited_us += clock_monotonic_us() - task->submitted_us;
        task->done(task->job, task->outcome);
        pthread_mutex_lock(&db->mutex);
        tasks_append(&db->spare, task);
        pthread_mutex_unlock(&db->mutex);
    }
}

/*
 * Have on_deadline called when the first waiting job's time is up, unless it
 * will be called anyway. False: out of memory, it will not.
 */
static bool watch_deadline(struct db *db, int64_t deadline_ms)
{
    int64_t wait_ms = deadline_ms - clock_monotonic_ms() + 1;
    struct timeval wait;

    if (event_pending(db->on_deadline, EV_TIMEOUT, NULL))
        return true;
    if (wait_ms < 1)
        wait_ms = 1;
    wait = (struct timeval){ .tv_sec = wait_ms / 1000,
                             .tv_usec = wait_ms % 1000 * 1000 };
    return event_add(db->on_deadline, &wait) == 0;
}

/* The deadline of the first job that waits; 0 for none. */
static int64_t first_deadline(struct db *db)
{
    int64_t deadline_ms;

    pthread_mutex_lock(&db->mutex);
    deadline_ms = db->waiting.first != NULL ? db->waiting.first->deadline_ms
                                            : 0;
    pthread_mutex_unlock(&db->mutex);
    return deadline_ms;
}

/* Nobody waits without a deadline: without a timer the jobs come back now. */
static void watch_first(struct db *db)
{
    int64_t deadline_ms = first_deadline(db);

    if (!deadline_ms || watch_deadline(db, deadline_ms))
        return;
    pthread_mutex_lock(&db->mutex);
    queue_refuse_waiting(db, ERROR_MEMORY);
    pthread_mutex_unlock(&db->mutex);
}

/* A thread signals, too, when it has put a job back: it waits once more. */
static void pool_on_results(evutil_socket_t fd, short what, void *argument)
{
    struct db *db = argument;
    eventfd_t signals;

    (void)what;
    if (eventfd_read(fd, &signals) != 0)
        return;
    pool_deliver(db);
    watch_first(db);
}

/* All threads may be busy: hand back what has waited too long. */
static void on_deadline(evutil_socket_t fd, short what, void *argument)
{
    struct db *db = argument;
    int64_t now_ms = clock_monotonic_ms();

    (void)fd;
    (void)what;
    pthread_mutex_lock(&db->mutex);
    while (db->waiting.first != NULL && db->waiting.first->deadline_ms < now_ms)
        queue_refuse(db, tasks_take(&db->waiting), ERROR_DEADLINE);
    pthread_mutex_unlock(&db->mutex);
    watch_first(db);
}

/* A spare task, or a new one; NULL when out of memory. */
static struct task *new_task(struct db *db)
{
    struct task *task;

    pthread_mutex_lock(&db->mutex);
    task = tasks_take(&db->spare);
    pthread_mutex_unlock(&db->mutex);
    return task != NULL ? task : malloc(sizeof(*task));
}

/* Nobody has a connection, and it is too early to ask for one. */
static bool out_of_reach(const struct db *db)
{
    return db->connected == 0 && !queue_may_connect(db);
}

/* With the mutex held: why a job can't be queued; OK when it can. */
static enum error refusal(const struct db *db)
{
    if (db->stopping)
        return ERROR_STOPPING;
    if (out_of_reach(db))
        return ERROR_DB_AWAY;
    if (db->waiting.count >= (size_t)db->config.queue_max)
        return ERROR_BUSY;
    return OK;
}

void db_submit_call(struct db *db, const struct db_call *call, db_work_fn *work,
                    db_done_fn *done, void *job)
{
    int64_t deadline_ms = clock_monotonic_ms() + db->config.queue_ms;
    struct task *task = watch_deadline(db, deadline_ms) ? new_task(db) : NULL;
    struct worker *worker = NULL;
    enum error err;

    if (task == NULL) {
        done(job, ERROR_MEMORY);
        return;
    }
    *task = (struct task){
        .work = work,
        .done = done,
        .job = job,
        .call = *call,
        .submitted_us = clock_monotonic_us(),
        .deadline_ms = deadline_ms,
    };
    pthread_mutex_lock(&db->mutex);
    err = refusal(db);
    if (err == OK) {
        tasks_append(&db->waiting, task);
        worker = queue_choose_worker(db);
    } else {
        /* By the loop, like any other result: callers rely on it that done does
         * not run inside of this call. */
        queue_refuse(db, task, err);
    }
    pthread_mutex_unlock(&db->mutex);
    if (worker != NULL)
        pthread_cond_signal(&worker->wake);
}

void db_submit(struct db *db, const char *operation, db_work_fn *work,
               db_done_fn *done, void *job)
{
    db_submit_call(db, &(struct db_call){ .operation = operation }, work, done,
                   job);
}

/* Opening and closing. */

/* They sleep by the clock of the deadlines. */
static enum error start_workers(struct db *db)
{
    pthread_condattr_t by_clock;
    enum error err = OK;

    pthread_condattr_init(&by_clock);
    pthread_condattr_setclock(&by_clock, CLOCK_MONOTONIC);
    while (err == OK && db->worker_count < (size_t)db->config.threads) {
        struct worker *worker = &db->workers[db->worker_count];

        worker->db = db;
        pthread_cond_init(&worker->wake, &by_clock);
        pthread_mutex_lock(&db->mutex);
        err = thread_start(&worker->thread, worker_main, worker);
        if (err == OK)
            db->worker_count++;
        else
            pthread_cond_destroy(&worker->wake);
        pthread_mutex_unlock(&db->mutex);
    }
    pthread_condattr_destroy(&by_clock);
    return err;
}

static enum error pool_open_events(struct db *db, struct event_base *base)
{
    db->results_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (db->results_fd < 0)
        return ERROR_SYSTEM;
    db->on_results = event_new(base, db->results_fd, EV_READ | EV_PERSIST,
                               pool_on_results, db);
    db->on_deadline = evtimer_new(base, on_deadline, db);
    if (db->on_results == NULL || db->on_deadline == NULL ||
        event_add(db->on_results, NULL) != 0)
        return ERROR_MEMORY;
    return OK;
}

enum error db_open(struct event_base *base, const struct db_config *config,
                   struct db **db)
{
    struct db *made = calloc(1, sizeof(*made));
    enum error err;

    if (made == NULL)
        return ERROR_MEMORY;
    made->config = *config;
    made->results_fd = -1;
    pthread_mutex_init(&made->mutex, NULL);
    made->workers = calloc((size_t)config->threads, sizeof(*made->workers));
    err = made->workers != NULL ? pool_open_events(made, base) : ERROR_MEMORY;
    if (err == OK && mysql_library_init(0, NULL, NULL))
        err = ERROR_SYSTEM;
    if (err == OK)
        err = start_workers(made);
    if (err != OK) {
        db_close(made);
        return err;
    }
    *db = made;
    return OK;
}

const struct db_config *db_config_of(const struct db *db)
{
    return &db->config;
}

static void stop_workers(struct db *db)
{
    pthread_mutex_lock(&db->mutex);
    db->stopping = true;
    for (size_t i = 0; i < db->worker_count; i++)
        pthread_cond_signal(&db->workers[i].wake);
    pthread_mutex_unlock(&db->mutex);
    for (size_t i = 0; i < db->worker_count; i++) {
        pthread_join(db->workers[i].thread, NULL);
        pthread_cond_destroy(&db->workers[i].wake);
    }
}

/* A done function may submit again; that comes back as stopping, too. */
void db_close(struct db *db)
{
    if (db == NULL)
        return;
    stop_workers(db);
    pthread_mutex_lock(&db->mutex);
    queue_refuse_waiting(db, ERROR_STOPPING);
    pthread_mutex_unlock(&db->mutex);
    while (db->results.first != NULL)
        pool_deliver(db);
    tasks_free(&db->spare);
    if (db->on_results != NULL)
        event_free(db->on_results);
    if (db->on_deadline != NULL)
        event_free(db->on_deadline);
    if (db->results_fd >= 0)
        close(db->results_fd);
    pthread_mutex_destroy(&db->mutex);
    free(db->workers);
    free(db);
}
