/*
 * The thread that writes imports in the background.
 *
 * All state is in the table of imports. A worker looks for one that nobody
 * holds, and calls import_step() until it has ended; each step takes the lease
 * again, or renews it, in the transaction of its chunk. A range of rows that is
 * prepared, before the first chunk, is such a step too. So it does not matter
 * what happens between looking and stepping, nor where a task dies or hangs:
 *
 * - Two workers find the same import: the lock of its row lets one step at a
 *   time begin, and the second one sees the lease of the first (ERROR_BUSY).
 * - A task dies: its transaction is rolled back, with its lease of that chunk.
 *   The lease of the chunk before expires, then another task goes on.
 * - A task hangs between two chunks for longer than its lease, and goes on: its
 *   next step sees the lease of the other task, or that nothing is left.
 * - A task hangs within a chunk: its transaction holds the row of the import,
 *   so nobody else can begin a step, until the database ends that connection
 *   (bound_hanging). What the task sends after that fails.
 * - The outcome of a commit is unknown: the next step reads from the table of
 *   rows what is left to do. No result is kept in memory.
 * - Somebody pauses or cancels it: that waits for the lock of the row, and the
 *   next step sees the new state.
 */
#include "cafe/import/worker.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "cafe/base/clock.h"
#include "cafe/base/lasting.h"
#include "cafe/base/metrics.h"
#include "cafe/base/thread.h"
#include "cafe/import/upload.h"
#include "imports.h"

enum {
    LOOK_MS = 2000, /* what another task has left waits no longer */
    RETRIES_MAX = 5,
    RETRY_MS = 20
};

struct import_worker {
    struct db_options options;
    struct log *log;
    char task[FORM_KEY_CHARS + 1];
    pthread_t thread;
    bool started;

    pthread_mutex_t mutex; /* of the next two */
    pthread_cond_t wake;
    bool woken, stopping;

    /* Of the thread alone. */
    struct db_connection *connection;
    int64_t held; /* the import that was taken up; 0: none */
    int64_t since_us;
    struct lasting blind, stuck;

    /* Read by import_worker_metrics(). */
    _Atomic int64_t taken_up, ended, given_back, chunks, failures;
    _Atomic bool at_work;
};

/* An import that waits for somebody. */
struct work {
    int64_t id; /* 0: none */
    char key[FORM_KEY_CHARS + 1];
    bool preparing, undoing, reading;
};

/* There are a few dozen rows at most. */
static const char find_work[] =
    "SELECT id, import_key, state = 'undoing', state = 'reading',"
    " " PREPARING " FROM supplier_imports WHERE (" AT_WORK
    " OR (state = 'reading' AND EXISTS (SELECT 1 FROM supplier_import_files f"
    "     WHERE f.import_id = supplier_imports.id AND f.part = 0)))"
    " AND (task IN ('', '" PREPARING_FREE "', ?, ?)"
    "  OR lease_until < UTC_TIMESTAMP(6)) ORDER BY id LIMIT 1";

static const char give_back[] = "UPDATE supplier_imports SET"
                                " task = IF(" PREPARING ", '" PREPARING_FREE
                                "', ''), lease_until = NULL"
                                " WHERE id = ? AND task IN (?, ?)";

static const char select_state[] =
    "SELECT state + 0 FROM supplier_imports WHERE id = ?";

/* A task that hangs within a chunk holds up all saves: the database ends its
 * connection. MySQL has no such variable; there the task has to end. */
static const char bound_hanging[] =
    "SET SESSION idle_write_transaction_timeout = 5";

/* Waiting. */

static bool is_stopping(struct import_worker *worker)
{
    bool stopping;

    pthread_mutex_lock(&worker->mutex);
    stopping = worker->stopping;
    pthread_mutex_unlock(&worker->mutex);
    return stopping;
}

/* Returns when it is woken or stopped, or the time is over. */
static void wait_for(struct import_worker *worker, int64_t wait_ms)
{
    int64_t at_us = clock_monotonic_us() + wait_ms * 1000;
    const struct timespec at = { .tv_sec = at_us / 1000000,
                                 .tv_nsec = at_us % 1000000 * 1000 };
    int timed_out = 0;

    pthread_mutex_lock(&worker->mutex);
    while (!worker->woken && !worker->stopping && !timed_out)
        timed_out = pthread_cond_timedwait(&worker->wake, &worker->mutex, &at);
    worker->woken = false;
    pthread_mutex_unlock(&worker->mutex);
}

/* The connection. */

static void worker_disconnect(struct import_worker *worker)
{
    db_disconnect(worker->connection);
    worker->connection = NULL;
}

static enum error worker_connect(struct import_worker *worker)
{
    struct text why;
    enum error err, bounded;

    if (worker->connection != NULL)
        return OK;
    text_init(&why, 1024);
    err = db_connect(&worker->options, &worker->connection, &why);
    text_free(&why);
    if (err != OK)
        return err;
    bounded = db_run_text(worker->connection, slice_of(bound_hanging));
    (void)bounded; /* not every server can */
    return OK;
}

/* Telling. */

static void tell(struct import_worker *worker, const char *msg,
                 const struct work *work, const char *state)
{
    log_line(
        worker->log, LOG_INFO, msg, LOG_STRING("import", work->key),
        LOG_STRING("state", state),
        LOG_DECIMAL("took_ms",
                    (double)(clock_monotonic_us() - worker->since_us) / 1000),
        LOG_END);
    log_flush(worker->log);
}

static void tell_failure(struct import_worker *worker, struct lasting *lasting,
                         const char *msg, enum error err)
{
    const struct db_connection *connection = worker->connection;
    const char *remedy = "";

    if (connection != NULL)
        remedy = db_error_advice(db_error_number(connection));
    if (!remedy[0] && (err == ERROR_DB_SCHEMA || err == ERROR_DB_TRIGGERS))
        remedy = "run: employee --migrate";
    worker->failures++;
    log_lasting(
        worker->log, lasting, LOG_WARNING, msg,
        (const struct log_field[]){
            LOG_STRING("error", error_text(err)),
            LOG_STRING("reason",
                       connection != NULL ? db_error_message(connection) : ""),
            LOG_STRING("remedy", remedy), LOG_END });
    log_flush(worker->log);
}

static void tell_recovery(struct import_worker *worker, struct lasting *lasting,
                          const char *msg)
{
    log_lasting_end(worker->log, lasting, msg,
                    (const struct log_field[]){ LOG_END });
    log_flush(worker->log);
}

/* What has become of it. */
static const char *worker_state_of(struct import_worker *worker, int64_t id)
{
    const struct db_value value = DB_VALUE_INTEGER(id);
    int64_t state = 0;
    enum error err = db_query(worker->connection, select_state, &value, 1,
                              db_take_integer, &state);

    return err == OK && state > 0
               ? import_state_name((enum import_state)(state - 1))
               : "removed";
}

/* Working. */

static void worker_take_up(struct import_worker *worker,
                           const struct work *work)
{
    if (worker->held == work->id)
        return;
    worker->held = work->id;
    worker->since_us = clock_monotonic_us();
    worker->taken_up++;
    worker->at_work = true;
    tell(worker, "import taken up", work,
         work->reading     ? "reading"
         : work->preparing ? "preparing"
         : work->undoing   ? "undoing"
                           : "running");
}

static void worker_let_go(struct import_worker *worker)
{
    worker->held = 0;
    worker->at_work = false;
}

static void worker_end(struct import_worker *worker, const struct work *work)
{
    const char *state = worker_state_of(worker, work->id);

    worker->ended++;
    tell(worker, "import ended", work, state);
    worker_let_go(worker);
}

static void worker_give_back(struct import_worker *worker,
                             const struct work *work)
{
    const struct preparer as = imports_preparer(worker->task);
    enum error err =
        db_execute(worker->connection, give_back,
                   (struct db_value[]){ DB_VALUE_INTEGER(work->id),
                                        DB_VALUE_TEXT(slice_of(worker->task)),
                                        DB_VALUE_TEXT(slice_of(as.task)) },
                   3);

    worker->given_back++;
    if (err == OK)
        tell(worker, "import given back", work, "stopping");
    worker_let_go(worker); /* else the lease expires */
}

/* A step, again where the database has rolled it back. */
static enum error worker_step(struct import_worker *worker,
                              struct import_run *run)
{
    enum error err = import_step(worker->connection, run);

    for (int i = 1; err == ERROR_DB_RETRY && i < RETRIES_MAX; i++) {
        wait_for(worker, (int64_t)RETRY_MS * i);
        if (is_stopping(worker))
            break;
        err = import_step(worker->connection, run);
    }
    return err;
}

static bool reading_is_stopping(void *context)
{
    return is_stopping(context);
}

static enum error worker_read(struct import_worker *worker,
                              const struct work *work)
{
    const struct import_reading reading = { work->id, worker->task,
                                            reading_is_stopping, worker };
    enum error err;

    worker_take_up(worker, work);
    err = import_read_file(worker->connection, &reading);
    if (err == OK)
        worker_end(worker, work);
    else if (err == ERROR_STOPPING)
        worker_give_back(worker, work);
    return err == ERROR_STOPPING ? OK : err;
}

/* Until it has ended, another task has it, the daemon stops, or it fails. */
static enum error worker_work(struct import_worker *worker,
                              const struct work *work)
{
    struct import_run run = { .id = work->id };
    enum error err = OK;

    snprintf(run.task, sizeof(run.task), "%s", worker->task);
    while (err == OK && !run.ended && !is_stopping(worker)) {
        err = worker_step(worker, &run);
        if (err != OK)
            break;
        worker_take_up(worker, work);
        worker->chunks += !run.preparing;
        tell_recovery(worker, &worker->stuck, "import goes on");
        wait_for(worker, run.rest_ms);
    }
    import_run_end(&run);
    if (err == OK && run.ended)
        worker_end(worker, work);
    else if (is_stopping(worker) && worker->held != 0)
        worker_give_back(worker, work);
    return err;
}

static enum error take_work(const struct db_row *row, void *context)
{
    struct work *work = context;
    struct slice key = db_row_text(row, 1);

    work->id = db_row_integer(row, 0);
    snprintf(work->key, sizeof(work->key), "%.*s", (int)key.len, key.data);
    work->undoing = db_row_integer(row, 2) != 0;
    work->reading = db_row_integer(row, 3) != 0;
    work->preparing = db_row_integer(row, 4) != 0;
    return OK;
}

static enum error worker_find(struct import_worker *worker, struct work *work)
{
    const struct preparer as = imports_preparer(worker->task);
    const struct db_value tasks[] = { DB_VALUE_TEXT(slice_of(worker->task)),
                                      DB_VALUE_TEXT(slice_of(as.task)) };

    *work = (struct work){ 0 };
    return db_query(worker->connection, find_work, tasks, 2, take_work, work);
}

/* One turn; whether to look again at once. */
static bool worker_turn(struct import_worker *worker)
{
    struct work work;
    enum error err = worker_connect(worker);

    if (err == OK)
        err = worker_find(worker, &work);
    if (err != OK) {
        /* That the database is away, its other threads say. */
        if (err != ERROR_DB_AWAY && err != ERROR_DB_UNKNOWN)
            tell_failure(worker, &worker->blind, "imports are not taken up",
                         err);
        worker_disconnect(worker);
        return false;
    }
    tell_recovery(worker, &worker->blind, "imports are taken up again");
    if (work.id == 0)
        return false;
    err = work.reading ? worker_read(worker, &work)
                       : worker_work(worker, &work);
    if (err == OK)
        return true;
    if (err != ERROR_BUSY) {
        tell_failure(worker, &worker->stuck, "import does not go on", err);
        worker_disconnect(worker);
    } else {
        worker_let_go(worker);
    }
    return false;
}

static void *worker_run(void *argument)
{
    struct import_worker *worker = argument;

    pthread_setname_np(pthread_self(), "cafe-import");
    while (!is_stopping(worker)) {
        if (!worker_turn(worker))
            wait_for(worker, LOOK_MS);
    }
    worker_disconnect(worker);
    db_thread_end();
    return NULL;
}

/* From outside. */

static enum error prepare_wake(struct import_worker *worker)
{
    pthread_condattr_t by_clock;
    int failed = pthread_condattr_init(&by_clock);

    if (failed)
        return ERROR_MEMORY;
    pthread_condattr_setclock(&by_clock, CLOCK_MONOTONIC);
    failed = pthread_cond_init(&worker->wake, &by_clock);
    pthread_condattr_destroy(&by_clock);
    return failed ? ERROR_MEMORY : OK;
}

enum error import_worker_open(const struct db_config *like,
                              struct import_worker **result)
{
    struct import_worker *worker = calloc(1, sizeof(*worker));
    enum error err;

    if (worker == NULL)
        return ERROR_MEMORY;
    err = form_key_make(worker->task);
    if (err == OK)
        err = prepare_wake(worker);
    if (err != OK) {
        free(worker);
        return err;
    }
    worker->options = like->options;
    worker->log = like->log;
    pthread_mutex_init(&worker->mutex, NULL);
    err = thread_start(&worker->thread, worker_run, worker);
    worker->started = err == OK;
    if (err != OK)
        import_worker_close(worker);
    else
        *result = worker;
    return err;
}

void import_worker_wake(struct import_worker *worker)
{
    pthread_mutex_lock(&worker->mutex);
    worker->woken = true;
    pthread_cond_signal(&worker->wake);
    pthread_mutex_unlock(&worker->mutex);
}

void import_worker_stop(struct import_worker *worker)
{
    pthread_mutex_lock(&worker->mutex);
    worker->stopping = true;
    pthread_cond_signal(&worker->wake);
    pthread_mutex_unlock(&worker->mutex);
}

void import_worker_close(struct import_worker *worker)
{
    if (worker == NULL)
        return;
    if (worker->started) {
        import_worker_stop(worker);
        pthread_join(worker->thread, NULL);
    }
    pthread_mutex_destroy(&worker->mutex);
    pthread_cond_destroy(&worker->wake);
    free(worker);
}

void import_worker_metrics(const struct import_worker *worker, struct text *out)
{
    metrics_begin(out, "cafe_imports_total", "counter",
                  "Imports of files that this task has worked on.");
    metrics_sample(out, "cafe_imports_total", "event=\"taken_up\"",
                   worker->taken_up);
    metrics_sample(out, "cafe_imports_total", "event=\"ended\"", worker->ended);
    metrics_sample(out, "cafe_imports_total", "event=\"given_back\"",
                   worker->given_back);
    metrics_counter(out, "cafe_import_chunks_total",
                    "Chunks of rows that were written or taken back.",
                    worker->chunks);
    metrics_counter(out, "cafe_import_failures_total",
                    "Attempts to work on imports that failed.",
                    worker->failures);
    metrics_gauge(out, "cafe_import_at_work",
                  "Whether this task works on an import.", worker->at_work);
}
