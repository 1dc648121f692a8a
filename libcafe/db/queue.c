/* The queue between the event loop and the database threads: which job may run,
 * which thread takes it, and how it comes back. */
#include <assert.h>
#include <sys/eventfd.h>

#include "cafe/base/clock.h"
#include "pool.h"

/* Wake the loop. An eventfd's counter can't be full with ones alone. */
void queue_signal_loop(struct db *db)
{
    int failed = eventfd_write(db->results_fd, 1);

    assert(!failed && "results_fd is not an eventfd");
    (void)failed;
}

bool queue_hand_back(struct db *db, struct task *task, enum error outcome)
{
    bool first = db->results.count == 0;

    task->outcome = outcome;
    tasks_append(&db->results, task);
    return first;
}

void queue_refuse(struct db *db, struct task *task, enum error outcome)
{
    counter_add(db->config.counters, COUNTER_DB_JOBS_REFUSED, 1);
    if (queue_hand_back(db, task, task->unsettled ? ERROR_DB_UNKNOWN : outcome))
        queue_signal_loop(db);
}

void queue_refuse_waiting(struct db *db, enum error outcome)
{
    struct task *task;

    while ((task = tasks_take(&db->waiting)) != NULL)
        queue_refuse(db, task, outcome);
}

void queue_refuse_new(struct db *db, enum error outcome)
{
    struct task_list all = tasks_take_all(&db->waiting);
    struct task *task;

    while ((task = tasks_take(&all)) != NULL)
        if (task->unsettled)
            tasks_append(&db->waiting, task);
        else
            queue_refuse(db, task, outcome);
}

static size_t writes_max(const struct db *db)
{
    return db->worker_count > 2 ? db->worker_count - 1 : db->worker_count;
}

/* A write that would wait for a row lock in the database waits here instead,
 * where it holds no thread. */
static bool may_run(const struct db *db, const struct task *task)
{
    size_t writes = 0;

    if (!task->call.repeatable)
        return true;
    for (size_t i = 0; i < db->worker_count; i++) {
        const struct task *running = db->workers[i].task;

        if (running == NULL || !running->call.repeatable)
            continue;
        if (task->call.row != 0 && task->call.row == running->call.row)
            return false;
        writes++;
    }
    return writes < writes_max(db);
}

const struct task *queue_runnable(const struct db *db, struct task **before)
{
    struct task *task = db->waiting.first;

    *before = NULL;
    while (task != NULL && !may_run(db, task)) {
        *before = task;
        task = task->next;
    }
    return task;
}

bool queue_may_connect(const struct db *db)
{
    return !db->away ||
           (db->connecting == 0 && clock_monotonic_ms() >= db->try_again_ms);
}

struct worker *queue_choose_worker(struct db *db)
{
    struct worker *chosen = NULL;
    bool connect = queue_may_connect(db);

    for (size_t i = 0; i < db->worker_count; i++) {
        struct worker *worker = &db->workers[i];

        /* A worker without a connection is of use only if it may ask for one.
         */
        if (!worker->sleeping || (worker->connection == NULL && !connect))
            continue;
        if (chosen == NULL || worker->connection != NULL)
            chosen = worker;
        if (worker->connection != NULL)
            break;
    }
    if (chosen != NULL)
        chosen->sleeping = false;
    return chosen;
}
