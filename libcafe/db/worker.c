/*
 * A database thread: it owns one connection and takes jobs from the queue.
 *
 * A job stays in the queue until a thread has a connection for it, so that a
 * connect that takes long never outlives the job's deadline. While there is
 * no database, one thread at a time tries to reach it, less and less often,
 * and jobs that arrive in between are handed back at once. Only jobs whose last
 * run has an unknown outcome are kept, until their deadline.
 */
#include <string.h>
#include <time.h>

#include "cafe/base/clock.h"
#include "connection.h"
#include "errors.h"
#include "pool.h"

enum {
    RUNS_MAX = 3, /* of a job that is rolled back, or that has to be settled */
    RETRY_WAIT_MAX_MS = 40,
    BACK_OFF_FIRST_MS = 100,
    SETTLE_BACK_OFF_MAX_MS = 250, /* a request waits for its outcome */
    CLOCK_LAG_MS = 10             /* of clock_monotonic_ms() */
};

/* With the mutex held, but let go while closing, which may block. The
 * connection is taken from the worker before that: others look at it to choose
 * one. */
static void disconnect(struct worker *worker)
{
    struct db *db = worker->db;
    struct db_connection *connection = worker->connection;

    worker->connection = NULL;
    db->connected--;
    pthread_mutex_unlock(&db->mutex);
    db_disconnect(connection);
    counter_add(db->config.counters, COUNTER_DB_CONNECTIONS_OPEN, -1);
    pthread_mutex_lock(&db->mutex);
}

static void note_connected(struct worker *worker,
                           struct db_connection *connection,
                           uint64_t generation)
{
    struct db *db = worker->db;

    worker->connection = connection;
    worker->generation = generation;
    db->connected++;
    counter_add(db->config.counters, COUNTER_DB_CONNECTIONS_OPEN, 1);
    log_lasting_end(db->config.log, &db->outage, "database is available again",
                    (const struct log_field[]){
                        LOG_STRING("pool", db->config.name), LOG_END });
    db->away = false;
    db->back_off_ms = 0;
    /* This worker takes one of the jobs that have waited; wake another for each
     * of the others. */
    for (size_t i = 1; i < db->waiting.count; i++) {
        struct worker *another = queue_choose_worker(db);

        if (another != NULL)
            pthread_cond_signal(&another->wake);
    }
}

static int64_t back_off_max(const struct db *db)
{
    const struct task *first = db->waiting.first;

    return first != NULL && first->unsettled &&
                   db->config.back_off_max_ms > SETTLE_BACK_OFF_MAX_MS
               ? SETTLE_BACK_OFF_MAX_MS
               : db->config.back_off_max_ms;
}

static void note_away(struct db *db, const struct text *why)
{
    log_lasting(
        db->config.log, &db->outage, LOG_ERROR, "database is unavailable",
        (const struct log_field[]){ LOG_STRING("pool", db->config.name),
                                    LOG_STRING("reason", text_string(why)),
                                    LOG_END });
    db->away = true;
    db->back_off_ms *= 2;
    if (db->back_off_ms < BACK_OFF_FIRST_MS)
        db->back_off_ms = BACK_OFF_FIRST_MS;
    if (db->back_off_ms > back_off_max(db))
        db->back_off_ms = back_off_max(db);
    db->try_again_ms = clock_monotonic_ms() + db->back_off_ms;
    if (db->connected == 0 && db->connecting == 0)
        queue_refuse_new(db, ERROR_DB_AWAY);
}

/* With the mutex held, but let go while connecting. */
static void connect_worker(struct worker *worker)
{
    struct db *db = worker->db;
    /* Read before connecting: a failover meanwhile makes this connection out of
     * date, too. */
    uint64_t generation = db->generation;
    struct db_connection *connection = NULL;
    struct text why;
    enum error err;

    text_init(&why, 1024);
    db->connecting++;
    pthread_mutex_unlock(&db->mutex);
    err = db_connect(&db->config.options, &connection, &why);
    pthread_mutex_lock(&db->mutex);
    db->connecting--;
    if (err == OK)
        note_connected(worker, connection, generation);
    else
        note_away(db, &why);
    text_free(&why);
}

/* Running jobs; on a worker's thread, without the mutex. */

/* Let the other transaction go first. Two that collided wait for different
 * times, or they would collide again: the clock is random enough. */
static void wait_before_retry(int run)
{
    int64_t wait_us = clock_monotonic_us() % (RETRY_WAIT_MAX_MS * 1000) * run;
    struct timespec wait = { .tv_sec = wait_us / 1000000,
                             .tv_nsec = wait_us % 1000000 * 1000 };

    nanosleep(&wait, NULL);
}

static enum error run_work(struct db_connection *connection,
                           const struct task *task)
{
    enum error outcome = ERROR_DB_RETRY;

    for (int run = 1; outcome == ERROR_DB_RETRY && run <= RUNS_MAX; run++) {
        if (run > 1)
            wait_before_retry(run - 1);
        connection_begin_job(connection, task->work_until_ms);
        outcome = task->work(connection, task->job);
        /* A job that forgot to end its transaction must not leave its locks, or
         * its changes, to the next job. */
        if (connection->in_transaction)
            outcome = db_rollback(connection, outcome ? outcome : ERROR_DB);
    }
    return outcome;
}

/* Failures of the database itself, not what a job found in it. */
static bool is_failure(enum error outcome)
{
    switch (outcome) {
    case ERROR_MEMORY:
    case ERROR_SYSTEM:
    case ERROR_DB_AWAY:
    case ERROR_DB_RETRY:
    case ERROR_DB_STATEMENT:
    case ERROR_DB_UNKNOWN:
    case ERROR_DB_SCHEMA:
    case ERROR_DB_TRIGGERS:
    case ERROR_DB_VALUE:
    case ERROR_DB:
    case ERROR_DB_DUPLICATE: /* a job expects those that it may meet */
    case ERROR_DEADLINE:     /* the database was too slow for all of it */
        return true;
    case OK:
    case ERROR_LIMIT:
    case ERROR_SYNTAX:
    case ERROR_CONFIG:
    case ERROR_NOT_FOUND:
    case ERROR_CONFLICT:
    case ERROR_BUSY:
    case ERROR_STOPPING:
        return false;
    }
    return false;
}

/* "" if there is none that is known. */
static const char *remedy(const struct db_connection *connection,
                          enum error outcome)
{
    const char *advice = db_error_advice(db_error_number(connection));

    if (!advice[0] &&
        (outcome == ERROR_DB_SCHEMA || outcome == ERROR_DB_TRIGGERS))
        return "run: employee --migrate";
    return advice;
}

/* What a line about a job says. */
static void log_job(struct log *log, struct lasting *lasting, const char *msg,
                    const struct db_connection *connection,
                    const struct task *task, enum error outcome)
{
    const struct log_field fields[] = {
        LOG_STRING("operation", task->call.operation),
        LOG_STRING("error", error_text(outcome)),
        LOG_NUMBER("db_error", (int64_t)db_error_number(connection)),
        LOG_STRING("reason", db_error_message(connection)),
        LOG_STRING("remedy", remedy(connection, outcome)),
        LOG_DECIMAL("db_ms",
                    (double)(clock_monotonic_us() - task->submitted_us) / 1000),
        LOG_STRING("request_id", task->call.request_id),
        LOG_END,
    };

    if (lasting != NULL)
        log_lasting(log, lasting, LOG_WARNING, msg, fields);
    else
        log_write(log, LOG_WARNING, msg, fields);
}

/* With the mutex held: the state of an operation. One that is not known yet
 * gets a free one if `add` says so; NULL where there is none. */
static struct failure *find_failure(struct db *db, const char *operation,
                                    bool add)
{
    for (size_t i = 0; i < FAILURES_MAX; i++) {
        struct failure *failure = &db->failures[i];

        if (failure->operation != NULL &&
            strcmp(failure->operation, operation) == 0)
            return failure;
        if (failure->operation == NULL && add) {
            failure->operation = operation;
            return failure;
        }
    }
    return NULL;
}

/* A job of a request has a line of its own; others would come back several
 * times a second while something lasts. */
static void note_failed(struct db *db, const struct db_connection *connection,
                        const struct task *task, enum error outcome)
{
    struct failure *failure = NULL;

    pthread_mutex_lock(&db->mutex);
    if (task->call.request_id == NULL)
        failure = find_failure(db, task->call.operation, true);
    log_job(db->config.log, failure != NULL ? &failure->lasting : NULL,
            "database job failed", connection, task, outcome);
    pthread_mutex_unlock(&db->mutex);
}

static void note_succeeded(struct db *db, const struct task *task)
{
    struct failure *failure;

    pthread_mutex_lock(&db->mutex);
    failure = find_failure(db, task->call.operation, false);
    if (failure != NULL && task->call.request_id == NULL)
        log_lasting_end(
            db->config.log, &failure->lasting, "database job succeeds again",
            (const struct log_field[]){
                LOG_STRING("operation", task->call.operation), LOG_END });
    pthread_mutex_unlock(&db->mutex);
}

static void note_outcome(struct db *db, const struct db_connection *connection,
                         const struct task *task, enum error outcome)
{
    if (is_failure(outcome)) {
        counter_add(db->config.counters, COUNTER_DB_JOBS_FAILED, 1);
        note_failed(db, connection, task, outcome);
    } else {
        counter_add(db->config.counters, COUNTER_DB_JOBS_DONE, 1);
        note_succeeded(db, task);
    }
}

/*
 * Whether a job is to run again. One that met a dead connection before
 * anything was sent is, once: the connection is replaced like any other. One
 * that is repeatable is as long as nobody knows what it did; until then
 * another failure tells nothing of the first run.
 */
static bool runs_again(struct task *task,
                       const struct db_connection *connection,
                       enum error *outcome)
{
    if (task->call.repeatable && *outcome == ERROR_DB_UNKNOWN)
        task->unsettled = true;
    if (task->unsettled) {
        if (!is_failure(*outcome))
            return false;
        *outcome = ERROR_DB_UNKNOWN;
        return connection->lost && ++task->runs < RUNS_MAX;
    }
    if (!connection->lost || connection->touched || *outcome != ERROR_DB_AWAY ||
        task->replayed)
        return false;
    task->replayed = true;
    return true;
}

/* Run a job, with the mutex held but let go meanwhile. */
static void run_task(struct worker *worker, struct task *task)
{
    struct db *db = worker->db;
    struct db_connection *connection = worker->connection;
    int64_t began_us, took_us;
    enum error outcome;
    bool failed, again, signal;

    if (task->call.repeatable && !task->work_until_ms)
        task->work_until_ms = clock_monotonic_ms() +
                              db->config.options.read_timeout_s * 1000;
    worker->task = task;
    db->figures.used++;
    pthread_mutex_unlock(&db->mutex);
    began_us = clock_monotonic_us();
    outcome = run_work(connection, task);
    took_us = clock_monotonic_us() - began_us;
    failed = is_failure(outcome);
    again = runs_again(task, connection, &outcome);
    signal = again;
    if (again && task->unsettled)
        log_job(db->config.log, NULL, "database job is retried", connection,
                task, outcome);
    else if (!again)
        note_outcome(db, connection, task, outcome);
    pthread_mutex_lock(&db->mutex);
    worker->task = NULL;
    db->figures.used--;
    pool_count(db, task->call.operation, took_us, failed);
    /* Connections to a server that takes no writes any more stay open: make all
     * of them out of date. */
    if (db_error_is_failover(db_error_number(connection)))
        db->generation++;
    if (again)
        tasks_prepend(&db->waiting, task);
    else
        signal = queue_hand_back(db, task, outcome);
    /* Without the mutex, or the loop would wake up only to wait for it. */
    if (signal) {
        pthread_mutex_unlock(&db->mutex);
        queue_signal_loop(db);
        pthread_mutex_lock(&db->mutex);
    }
    if (connection->lost)
        disconnect(worker);
}

/* `sleeping` is cleared by the thread that signals, so a worker is chosen for
 * one job only, and a spurious wake-up is none. */
static void sleep_until_woken(struct worker *worker)
{
    worker->sleeping = true;
    while (worker->sleeping && !worker->db->stopping)
        pthread_cond_wait(&worker->wake, &worker->db->mutex);
    worker->sleeping = false;
}

/* Until the database may be asked for a connection again, or woken. The clock
 * of queue_may_connect() may lag: without that much more this would wake a
 * moment too early, and spin. */
static void sleep_until_next_try(struct worker *worker)
{
    int64_t at_ms = worker->db->try_again_ms + CLOCK_LAG_MS;
    const struct timespec at = { .tv_sec = at_ms / 1000,
                                 .tv_nsec = at_ms % 1000 * 1000000 };
    int timed_out = 0;

    worker->sleeping = true;
    while (worker->sleeping && !worker->db->stopping && !timed_out)
        timed_out =
            pthread_cond_timedwait(&worker->wake, &worker->db->mutex, &at);
    worker->sleeping = false;
}

/* Nobody has a connection, and it is too early to ask for one. */
static void wait_for_database(struct worker *worker)
{
    queue_refuse_new(worker->db, ERROR_DB_AWAY);
    if (worker->db->waiting.first != NULL)
        sleep_until_next_try(worker);
}

/* Leave the job to a worker with a connection. That may be dead; then its owner
 * finds out and makes a new one. */
static void pass_on(struct worker *worker)
{
    struct worker *another = queue_choose_worker(worker->db);

    if (another != NULL)
        pthread_cond_signal(&another->wake);
    sleep_until_woken(worker);
}

/* One step of a worker, with the mutex held: sleep, connect, or run a job. */
static void work_on(struct worker *worker)
{
    struct db *db = worker->db;
    struct task *before;

    if (queue_runnable(db, &before) == NULL) {
        sleep_until_woken(worker);
    } else if (worker->connection != NULL) {
        struct task *task;

        /* Looked at before a job is taken: what is known to be dead costs no
         * job an attempt. */
        if (worker->generation != db->generation ||
            !connection_alive(worker->connection)) {
            disconnect(worker);
            return;
        }
        task = tasks_take_after(&db->waiting, before);
        if (clock_monotonic_ms() > task->deadline_ms)
            queue_refuse(db, task, ERROR_DEADLINE);
        else
            run_task(worker, task);
    } else if (queue_may_connect(db)) {
        connect_worker(worker);
    } else if (db->connected == 0 && db->connecting == 0) {
        wait_for_database(worker);
    } else {
        pass_on(worker);
    }
}

void *worker_main(void *argument)
{
    struct worker *worker = argument;
    struct db *db = worker->db;

    pthread_setname_np(pthread_self(), "cafe-db");
    pthread_mutex_lock(&db->mutex);
    while (!db->stopping)
        work_on(worker);
    if (worker->connection != NULL)
        disconnect(worker);
    pthread_mutex_unlock(&db->mutex);
    db_thread_end();
    return NULL;
}
