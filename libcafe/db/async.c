/*
 * One question that the loop asks itself, on a connection of its own. It costs
 * a third of what a database thread costs: nobody has to be woken twice.
 *
 * The connector stops wherever it would wait for the server, and goes on when
 * the loop calls it again. Only the question works like this. The connection is
 * made by a database thread, and whatever goes wrong ends it: then the caller
 * asks by a thread, which knows how to tell one failure from another.
 *
 * With TLS the connector would wait all the same, and the loop with it. Such a
 * connection is not used.
 */
#include <stdlib.h>

#include <event2/event.h>

#include "cafe/base/clock.h"
#include "connection.h"
#include "pool.h"

enum { RECONNECT_MS = 1000 };

struct db_async {
    struct db *db;
    struct event_base *base;
    const char *sql;
    struct db_connection *connection; /* NULL: none */
    struct db_connection *made;       /* by the thread */
    struct event *on_readable, *on_late;
    bool connecting;
    bool unusable;        /* the connection has TLS */
    int64_t reconnect_ms; /* the time of the next attempt */

    /* The question. */
    db_async_fn *done; /* NULL: nothing is asked */
    void *context;
    int64_t asked_us;
    int waits_for; /* MYSQL_WAIT_…; 0: for nothing more */
};

/* Count the connection among those of the threads. */
static void count_connection(struct db_async *async, size_t count)
{
    pthread_mutex_lock(&async->db->mutex);
    async->db->async_connections = count;
    pthread_mutex_unlock(&async->db->mutex);
}

static void close_connection(struct db_async *async)
{
    if (async->on_readable != NULL)
        event_free(async->on_readable);
    async->on_readable = NULL;
    db_disconnect(async->connection);
    async->connection = NULL;
}

static void give_up(struct db_async *async)
{
    close_connection(async);
    count_connection(async, 0);
}

/* The question has ended. done comes last: it may ask the next one. */
static void async_end(struct db_async *async, enum error err,
                      const int64_t numbers[DB_ASYNC_NUMBERS])
{
    db_async_fn *done = async->done;

    pthread_mutex_lock(&async->db->mutex);
    pool_count(async->db, "ask", clock_monotonic_us() - async->asked_us,
               err != OK);
    pthread_mutex_unlock(&async->db->mutex);
    async->done = NULL;
    if (err != OK)
        give_up(async);
    done(async->context, err, numbers);
}

static enum error take_numbers(const struct db_row *row, void *context)
{
    int64_t *numbers = context;

    for (unsigned i = 0; i < DB_ASYNC_NUMBERS; i++)
        numbers[i] = db_row_integer(row, i);
    return OK;
}

static void async_go_on(struct db_async *async)
{
    int64_t numbers[DB_ASYNC_NUMBERS] = { 0 };
    enum error err;

    if (async->waits_for != 0)
        async->waits_for =
            query_go_on(async->connection, async->sql, MYSQL_WAIT_READ);
    if (async->waits_for & MYSQL_WAIT_READ)
        return;
    /* The question is far smaller than the kernel's buffer. */
    if (async->waits_for != 0) {
        async_end(async, ERROR_DB_AWAY, numbers);
        return;
    }
    err = query_finish(async->connection, async->sql, take_numbers, numbers);
    async_end(async, err, numbers);
}

/* While nothing is asked a server sends nothing, unless it ends. */
static void on_readable(evutil_socket_t fd, short what, void *argument)
{
    struct db_async *async = argument;

    (void)fd;
    (void)what;
    if (async->done == NULL)
        give_up(async);
    else
        async_go_on(async);
}

static int64_t answer_ms(const struct db_async *async)
{
    return async->db->config.options.read_timeout_s * 1000;
}

/* Without memory for the timer a question has no deadline; the next one tries
 * again. Set once for many questions: setting it for each one costs more. */
static bool watch_time(struct db_async *async, int64_t ms)
{
    const struct timeval wait = { ms / 1000, ms % 1000 * 1000 };

    return event_pending(async->on_late, EV_TIMEOUT, NULL) ||
           event_add(async->on_late, &wait) == 0;
}

static void on_late(evutil_socket_t fd, short what, void *argument)
{
    const int64_t numbers[DB_ASYNC_NUMBERS] = { 0 };
    struct db_async *async = argument;
    int64_t left_ms = answer_ms(async) -
                      (clock_monotonic_us() - async->asked_us) / 1000;

    (void)fd;
    (void)what;
    if (async->done == NULL)
        return;
    if (left_ms <= 0 || !watch_time(async, left_ms))
        async_end(async, ERROR_DB_AWAY, numbers);
}

bool db_async_ask(struct db_async *async, db_async_fn *done, void *context)
{
    if (async->connection == NULL || !watch_time(async, answer_ms(async)))
        return false;
    async->done = done;
    async->context = context;
    async->asked_us = clock_monotonic_us();
    async->waits_for = query_start(async->connection, async->sql);
    /* All of it in the loop's next turn, even what has ended already. */
    if ((async->waits_for & MYSQL_WAIT_READ) == 0)
        event_active(async->on_readable, EV_READ, 0);
    return true;
}

/* Connecting. */

/* The question is asked once here, which prepares it. */
static enum error async_connect(struct db_connection *of_the_thread, void *job)
{
    struct db_async *async = job;
    struct db_connection *made = NULL;
    struct text why;

    (void)of_the_thread;
    text_init(&why, 0);
    if (connection_open_async(&async->db->config.options, &made, &why) == OK &&
        db_query(made, async->sql, NULL, 0, NULL, NULL) != OK) {
        db_disconnect(made);
        made = NULL;
    }
    text_free(&why);
    async->made = made;
    return OK;
}

static void on_connected(void *job, enum error outcome)
{
    struct db_async *async = job;

    (void)outcome; /* where it did not run, nothing was made */
    async->connecting = false;
    async->connection = async->made;
    async->made = NULL;
    if (async->connection == NULL)
        return;
    if (connection_has_tls(async->connection)) {
        async->unusable = true;
        close_connection(async);
        return;
    }
    count_connection(async, 1);
    async->on_readable = event_new(
        async->base, (evutil_socket_t)connection_fd(async->connection),
        EV_READ | EV_PERSIST, on_readable, async);
    if (async->on_readable == NULL || event_add(async->on_readable, NULL) != 0)
        give_up(async);
}

void db_async_connect(struct db_async *async)
{
    int64_t now_ms = clock_monotonic_ms();

    if (async->connection != NULL || async->connecting || async->unusable ||
        now_ms < async->reconnect_ms)
        return;
    async->connecting = true;
    async->reconnect_ms = now_ms + RECONNECT_MS;
    db_submit(async->db, "connect", async_connect, on_connected, async);
}

void db_async_disconnect(struct db_async *async)
{
    const int64_t numbers[DB_ASYNC_NUMBERS] = { 0 };

    if (async == NULL)
        return;
    if (async->done != NULL)
        async_end(async, ERROR_STOPPING, numbers);
    else
        give_up(async);
}

/* Opening and closing. */

enum error db_async_open(struct event_base *base, struct db *db,
                         const char *sql, struct db_async **async)
{
    struct db_async *made = calloc(1, sizeof(*made));

    if (made == NULL)
        return ERROR_MEMORY;
    made->db = db;
    made->base = base;
    made->sql = sql;
    made->on_late = evtimer_new(base, on_late, made);
    if (made->on_late == NULL) {
        free(made);
        return ERROR_MEMORY;
    }
    *async = made;
    return OK;
}

void db_async_close(struct db_async *async)
{
    if (async == NULL)
        return;
    close_connection(async); /* the threads are gone, and what counts it */
    event_free(async->on_late);
    free(async);
}
