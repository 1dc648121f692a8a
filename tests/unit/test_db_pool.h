/* What the tests of test_db_pool.c stand on. */
#ifndef CAFE_TEST_DB_POOL_H
#define CAFE_TEST_DB_POOL_H

#include <pthread.h>
#include <semaphore.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>
#include <event2/event.h>

#include "cafe/base/clock.h"
#include "test_database.h"

enum { GIVE_UP_S = 60 };

/* A loop, a pool on it, and a log that can be read. */
struct fixture {
    struct event_base *base;
    struct counters counters;
    FILE *log_file;
    struct log *log;
    struct db *db;
    struct db_config config;
};

/* A job and what became of it. */
struct probe {
    struct fixture *fixture;
    int runs;
    int done;
    enum error outcome;
    pthread_t ran_on;
    int64_t number;
    sem_t *begun; /* posted when a holding job runs */
    sem_t *go;    /* what a holding job waits for */
    struct probe *next;
};

static inline void setup(struct fixture *f)
{
    memset(f, 0, sizeof(*f));
    f->base = event_base_new();
    f->log_file = tmpfile();
    assert_non_null(f->base);
    assert_non_null(f->log_file);
    f->log = log_open("test", "0", LOG_JSON, fileno(f->log_file), NULL);
    assert_non_null(f->log);
    f->config = (struct db_config){
        .options = test_database(),
        .threads = 1,
        .queue_max = 100,
        .queue_ms = 10000,
        .back_off_max_ms = 2000,
        .log = f->log,
        .counters = &f->counters,
    };
}

static inline void start(struct fixture *f)
{
    assert_int_equal(db_open(f->base, &f->config, &f->db), OK);
}

static inline void teardown(struct fixture *f)
{
    db_close(f->db);
    log_close(f->log);
    fclose(f->log_file);
    event_base_free(f->base);
}

/* How many log lines have this message. */
static inline int logged(struct fixture *f, const char *msg)
{
    char line[2048];
    int count = 0;

    log_flush(f->log);
    rewind(f->log_file);
    while (fgets(line, sizeof(line), f->log_file) != NULL)
        count += strstr(line, msg) != NULL;
    return count;
}

static inline void on_done(void *job, enum error outcome)
{
    struct probe *probe = job;

    probe->done++;
    probe->outcome = outcome;
}

static inline void submit(struct fixture *f, db_work_fn *work,
                          struct probe *probe)
{
    int before = probe->done;

    probe->fixture = f;
    db_submit(f->db, "test", work, on_done, probe);
    assert_int_equal(probe->done, before);
}

static inline void on_give_up(evutil_socket_t fd, short what, void *argument)
{
    (void)fd;
    (void)what;
    (void)argument;
    fail_msg("waited in vain");
}

/* Turn the loop until a job is done. */
static inline void await(struct fixture *f, const struct probe *probe)
{
    const struct timeval limit = { .tv_sec = GIVE_UP_S };
    struct event *give_up = evtimer_new(f->base, on_give_up, NULL);

    assert_non_null(give_up);
    event_add(give_up, &limit);
    while (!probe->done)
        event_base_loop(f->base, EVLOOP_ONCE);
    event_free(give_up);
    assert_int_equal(probe->done, 1);
}

static inline enum error finish(struct fixture *f, db_work_fn *work,
                                struct probe *probe)
{
    *probe = (struct probe){ 0 };
    submit(f, work, probe);
    await(f, probe);
    return probe->outcome;
}

/* Works. */

static inline enum error take_integer(const struct db_row *row, void *context)
{
    *(int64_t *)context = db_row_integer(row, 0);
    return OK;
}

static const char select_id[] = "SELECT CONNECTION_ID()";

static inline enum error ask_id(struct db_connection *db, void *job)
{
    struct probe *probe = job;

    probe->runs++;
    probe->ran_on = pthread_self();
    return db_query(db, select_id, NULL, 0, take_integer, &probe->number);
}

/* Hold the thread until the test lets go. */
static inline enum error hold(struct db_connection *db, void *job)
{
    struct probe *probe = job;

    (void)db;
    sem_post(probe->begun);
    while (sem_wait(probe->go) != 0)
        continue;
    probe->runs++;
    return OK;
}

/*
 * Turn the loop until a holding job runs. False: it has waited for a thread too
 * long and will never run, as happens on a busy machine.
 */
static inline bool has_begun(struct fixture *f, const struct probe *held)
{
    while (sem_trywait(held->begun) != 0) {
        if (held->done) {
            assert_int_equal(held->outcome, ERROR_DEADLINE);
            return false;
        }
        event_base_loop(f->base, EVLOOP_NONBLOCK);
    }
    return true;
}

static inline void kill_from_elsewhere(int64_t id)
{
    struct db_connection *other = test_connect();
    char sql[40];

    snprintf(sql, sizeof(sql), "KILL %lld", (long long)id);
    test_run(other, sql);
    db_disconnect(other);
}

#endif
