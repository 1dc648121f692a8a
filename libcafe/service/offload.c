/*
 * One thread that takes jobs from a list and hands them back through an
 * eventfd. Its list is as long as requests are many: they are bounded, and it
 * may have a bound of its own. Clients take turns in it.
 *
 * A job belongs to the thread from the time it is taken out of `waiting` until
 * it is in `results`, and to the loop before and after. The mutex hands it
 * over, so jobs need no lock of their own. It is held for a few instructions
 * only, never while a job works or a done function runs: a done function may
 * submit the next job.
 */
#include "cafe/service/offload.h"

#include <assert.h>
#include <event2/event.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "cafe/base/thread.h"

/* Clients that may have all they may have in a list with a limit. */
enum { FULL_CLIENTS = 16 };

struct task {
    offload_work_fn *work;
    offload_done_fn *done;
    void *job;
    const char *client; /* lives as long as the job */
    uint64_t turn;      /* lower ones first */
    struct task *next;
};

struct list {
    struct task *first;
    struct task **end;
};

struct offload {
    struct event *on_results;
    int fd;
    bool running;
    pthread_t thread;
    pthread_cond_t wake;
    pthread_mutex_t mutex; /* guards what follows */
    struct list waiting, results;
    size_t most_of_client; /* 0: no limit */
    uint64_t turn;         /* of the task that was begun last */
    bool stopping;
};

static void offload_append(struct list *list, struct task *task)
{
    task->next = NULL;
    *list->end = task;
    list->end = &task->next;
}

static struct task *offload_take(struct list *list)
{
    struct task *task = list->first;

    if (task != NULL && (list->first = task->next) == NULL)
        list->end = &list->first;
    return task;
}

/* With the mutex held: the next task, or NULL when it is time to end. */
static struct task *next_task(struct offload *offload)
{
    while (offload->waiting.first == NULL && !offload->stopping)
        pthread_cond_wait(&offload->wake, &offload->mutex);
    if (offload->stopping)
        return NULL;
    offload->turn = offload->waiting.first->turn;
    return offload_take(&offload->waiting);
}

static void *offload_run(void *argument)
{
    struct offload *offload = argument;
    struct task *task;

    pthread_mutex_lock(&offload->mutex);
    while ((task = next_task(offload)) != NULL) {
        int failed;

        pthread_mutex_unlock(&offload->mutex);
        task->work(task->job);
        pthread_mutex_lock(&offload->mutex);
        offload_append(&offload->results, task);
        /* A full counter can't be: it is emptied once it isn't 0. */
        failed = eventfd_write(offload->fd, 1);
        assert(!failed && "the loop was not woken");
        (void)failed;
    }
    pthread_mutex_unlock(&offload->mutex);
    return NULL;
}

static struct task *take_from(struct offload *offload, struct list *list)
{
    struct task *task;

    pthread_mutex_lock(&offload->mutex);
    task = offload_take(list);
    pthread_mutex_unlock(&offload->mutex);
    return task;
}

/* One by one, each with the mutex anew: done may submit, and what the thread
 * finishes meanwhile is delivered, too. */
static void offload_deliver(struct offload *offload, struct list *list,
                            enum error err)
{
    struct task *task;

    while ((task = take_from(offload, list)) != NULL) {
        task->done(task->job, err);
        free(task);
    }
}

static void offload_on_results(evutil_socket_t fd, short what, void *argument)
{
    struct offload *offload = argument;
    eventfd_t count;

    (void)what;
    if (eventfd_read(fd, &count) == 0)
        offload_deliver(offload, &offload->results, OK);
}

enum error offload_open(struct event_base *base, size_t most_of_client,
                        struct offload **result)
{
    struct offload *offload = calloc(1, sizeof(*offload));

    if (offload == NULL)
        return ERROR_MEMORY;
    offload->most_of_client = most_of_client;
    offload->waiting.end = &offload->waiting.first;
    offload->results.end = &offload->results.first;
    pthread_mutex_init(&offload->mutex, NULL);
    pthread_cond_init(&offload->wake, NULL);
    offload->fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (offload->fd >= 0)
        offload->on_results = event_new(base, offload->fd, EV_READ | EV_PERSIST,
                                        offload_on_results, offload);
    if (offload->on_results == NULL || event_add(offload->on_results, NULL) ||
        thread_start(&offload->thread, offload_run, offload) != OK) {
        offload_close(offload);
        return ERROR_SYSTEM;
    }
    offload->running = true;
    *result = offload;
    return OK;
}

void offload_stop(struct offload *offload)
{
    if (offload == NULL)
        return;
    pthread_mutex_lock(&offload->mutex);
    offload->stopping = true;
    pthread_cond_signal(&offload->wake);
    pthread_mutex_unlock(&offload->mutex);
    if (offload->running)
        pthread_join(offload->thread, NULL);
    offload->running = false;
    /* Only with the thread gone are the lists the loop's alone. Waiting jobs
     * are handed back, too: each done function runs exactly once. */
    offload_deliver(offload, &offload->results, OK);
    offload_deliver(offload, &offload->waiting, ERROR_STOPPING);
}

void offload_close(struct offload *offload)
{
    if (offload == NULL)
        return;
    offload_stop(offload);
    if (offload->on_results != NULL)
        event_free(offload->on_results);
    if (offload->fd >= 0)
        close(offload->fd);
    pthread_cond_destroy(&offload->wake);
    pthread_mutex_destroy(&offload->mutex);
    free(offload);
}

/* With the mutex held. Clients take turns: the first task of one who has none
 * waiting comes before the second of one who has. */
static enum error enqueue(struct offload *offload, struct task *task)
{
    size_t most = offload->most_of_client;
    struct task **at = &offload->waiting.first;
    size_t all = 0, mine = 0;

    if (offload->stopping)
        return ERROR_STOPPING;
    task->turn = offload->turn;
    for (; *at != NULL; at = &(*at)->next, all++) {
        if (strcmp((*at)->client, task->client) == 0) {
            task->turn = (*at)->turn + 1;
            mine++;
        }
    }
    if (most > 0 && (mine >= most || all >= most * FULL_CLIENTS))
        return ERROR_BUSY;
    for (at = &offload->waiting.first; *at != NULL; at = &(*at)->next) {
        if ((*at)->turn > task->turn)
            break;
    }
    task->next = *at;
    *at = task;
    if (task->next == NULL)
        offload->waiting.end = &task->next;
    pthread_cond_signal(&offload->wake);
    return OK;
}

enum error offload_submit(struct offload *offload, const char *client,
                          offload_work_fn *work, offload_done_fn *done,
                          void *job)
{
    struct task *task = malloc(sizeof(*task));
    enum error err;

    if (task == NULL)
        return ERROR_MEMORY;
    *task = (struct task){ work, done, job, client, 0, NULL };
    pthread_mutex_lock(&offload->mutex);
    err = enqueue(offload, task);
    pthread_mutex_unlock(&offload->mutex);
    if (err != OK)
        free(task);
    return err;
}
