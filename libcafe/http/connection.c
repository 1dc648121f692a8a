/*
 * One connection: bytes in, requests one after the other, answers out. All of
 * it is one state machine: connection_advance() goes on from the state it is
 * in until it has to wait, and only connection_enter() changes the state.
 *
 * A connection is freed at the end of connection_advance(), or by answer_cut()
 * while it waits to write. So a function that has called connection_advance(),
 * or a handler from outside of it, must not touch the connection any more.
 * While connection_advance() runs, `advancing` is set: an answer that a handler
 * gives at once only changes the state, and the loop there goes on with it. So
 * the stack does not grow with the number of requests that a client sends at
 * once.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cafe/base/clock.h"
#include "private.h"

enum {
    CHUNK_BYTES = 16 * 1024,
    FIRST_MS = 1000, /* for a first request once the server stops */
    STREAK_MAX = 16  /* requests of one connection in a turn of the loop */
};

static const char continue_line[] = "HTTP/1.1 100 Continue\r\n\r\n";

static void on_event(evutil_socket_t fd, short what, void *argument);

/* How long a state may last, in milliseconds. */
static int64_t patience_ms(const struct connection *connection,
                           enum connection_state state)
{
    const struct server_limits *limits = &connection->server->config->limits;
    const struct request *req = connection->req;

    switch (state) {
    case CONNECTION_IDLE:
        return limits->idle_ms;
    case CONNECTION_HEAD:
        return limits->head_ms;
    case CONNECTION_BODY:
        /* Time in proportion to the length: a slow line may send a large form,
         * but nobody may send a small one for hours. */
        return limits->body_ms +
               req->head.content_length * 1000 / body_rate(req);
    case CONNECTION_WRITING:
        return limits->write_ms;
    case CONNECTION_HANDLING:
        return limits->handle_ms;
    case CONNECTION_LINGERING:
        return limits->linger_ms;
    case CONNECTION_CLOSED:
        break;
    }
    return 0;
}

/* Wait for EV_READ, EV_WRITE or nothing (0) from the socket. */
void connection_await(struct connection *connection, short what)
{
    struct event *event = &connection->event;

    if (connection->awaiting == what)
        return;
    if (connection->awaiting != 0)
        event_del(event);
    connection->awaiting = 0;
    if (what == 0)
        return;
    /* An event must not be assigned anew while it is added. */
    event_assign(event, connection->server->base, connection->fd,
                 (short)(what | EV_PERSIST), on_event, connection);
    if (event_add(event, NULL) == 0)
        connection->awaiting = what;
}

/* The one function that changes a connection's state. While a handler has the
 * request the socket stays registered: it costs nothing unless bytes come. To
 * write, it is registered only once a write has fallen short. */
void connection_enter(struct connection *connection,
                      enum connection_state state)
{
    connection->state = state;
    connection->deadline_ms = clock_monotonic_ms() +
                              patience_ms(connection, state);
    if (state == CONNECTION_WRITING &&
        connection->deadline_ms > connection->write_by_ms)
        connection->deadline_ms = connection->write_by_ms;
    if (state == CONNECTION_CLOSED) {
        connection_await(connection, 0);
    } else if (state != CONNECTION_HANDLING && state != CONNECTION_WRITING) {
        connection_await(connection, EV_READ);
        if (connection->awaiting == 0) /* nothing would ever come */
            connection->deadline_ms = 0;
    }
}

/* Idle connections hold no buffer. */
void connection_release_buffer(struct connection *connection)
{
    if (connection->buffer != NULL)
        spares_give_buffer(&connection->server->spares, connection->buffer);
    connection->buffer = NULL;
    connection->filled = 0;
}

/* Append what arrived to the buffer. Returns false when the peer has ended or
 * the connection is broken. There is always room, or the 0 of recv() would be
 * taken for the end: the parser refuses a head before it fills the buffer, and
 * a chunked body is taken out as it comes. */
static bool connection_receive(struct connection *connection)
{
    ssize_t got;

    if (connection->buffer == NULL)
        connection->buffer = spares_take_buffer(&connection->server->spares);
    if (connection->buffer == NULL)
        return false;
    do {
        got = recv(connection->fd, connection->buffer + connection->filled,
                   BUFFER_BYTES - connection->filled, 0);
    } while (got < 0 && errno == EINTR);
    if (got > 0)
        connection->filled += (size_t)got;
    return got > 0 || (got < 0 && errno == EAGAIN);
}

/* As connection_receive(), straight into the body. It never reads past its end:
 * what follows is the next request, and stays in the socket until that one's
 * turn. */
static bool receive_body(struct connection *connection)
{
    struct request *req = connection->req;
    size_t missing = (size_t)req->head.content_length - req->body.len;
    char chunk[CHUNK_BYTES];
    ssize_t got;

    do {
        got = recv(connection->fd, chunk,
                   missing < sizeof(chunk) ? missing : sizeof(chunk), 0);
    } while (got < 0 && errno == EINTR);
    if (got > 0)
        text_append(&req->body, chunk, (size_t)got);
    return got > 0 || (got < 0 && errno == EAGAIN);
}

/* Read and forget. Returns false when the peer has ended. */
static bool discard(struct connection *connection)
{
    char chunk[CHUNK_BYTES];
    ssize_t got = recv(connection->fd, chunk, sizeof(chunk), 0);

    return got > 0 || (got < 0 && (errno == EAGAIN || errno == EINTR));
}

/* Something came, went, or can be written. */
static void on_event(evutil_socket_t fd, short what, void *argument)
{
    struct connection *connection = argument;
    bool alive = true;

    (void)fd;
    (void)what;
    connection->streak = 0;
    switch (connection->state) {
    case CONNECTION_IDLE:
        if (connection->filled > 0) /* advance_idle() has left off */
            connection_await(connection, EV_READ);
        else
            alive = connection_receive(connection);
        break;
    case CONNECTION_HEAD:
        alive = connection_receive(connection);
        break;
    case CONNECTION_BODY:
        alive = connection->req->chunks != NULL ? connection_receive(connection)
                                                : receive_body(connection);
        break;
    case CONNECTION_LINGERING:
        alive = discard(connection);
        break;
    case CONNECTION_HANDLING:
        /* The next request, or the end: for later. Events are level-triggered,
         * so a socket left registered would wake the loop without end. */
        connection_await(connection, 0);
        return;
    case CONNECTION_WRITING:
    case CONNECTION_CLOSED:
        break;
    }
    if (!alive)
        connection_enter(connection, CONNECTION_CLOSED);
    connection_advance(connection);
}

/* For the counters; what the client is told depends on the status alone. */
static enum rejection why_refused(int status)
{
    switch (status) {
    case 408:
        return REJECTION_SLOW;
    case 413:
    case 414:
    case 431:
        return REJECTION_LIMIT;
    default:
        return REJECTION_SYNTAX;
    }
}

/* Answer what can't be understood or takes too long, then close. Where the next
 * request would begin is unknown, so what has arrived is dropped. */
static void connection_refuse(struct connection *connection, int status)
{
    request_reject(connection->req, why_refused(status));
    connection->closing = true;
    connection->used = connection->filled;
    connection_enter(connection, CONNECTION_HANDLING);
    respond_error(connection->req, status);
}

/* Idle with bytes: a request begins. */
static void begin_request(struct connection *connection)
{
    connection->req = request_open(connection);
    if (connection->req == NULL) {
        connection_enter(connection, CONNECTION_CLOSED);
        return;
    }
    connection->requests++;
    connection_enter(connection, CONNECTION_HEAD);
}

static void send_continue(struct connection *connection)
{
    /* Best effort: a client that does not get it sends its body anyway. */
    if (send(connection->fd, continue_line, sizeof(continue_line) - 1,
             MSG_NOSIGNAL) < 0)
        return;
}

/* What is asked for is known, and who asks: read the body, or answer without
 * it. */
static void accept_head(struct connection *connection)
{
    struct request *req = connection->req;

    if (!body_wanted(req)) {
        /* A body that nobody reads must not be taken for the next request. */
        connection->closing = connection->closing || body_announced(req);
        connection_enter(connection, CONNECTION_HANDLING);
        respond_error(req, req->refusal);
    } else if (!body_begin(req)) {
        connection_enter(connection, CONNECTION_CLOSED);
    } else {
        connection_enter(connection, CONNECTION_BODY);
        /* A client that has begun to send does not wait for it (RFC
         * 9110 10.1.1). */
        if (body_announced(req) && req->head.expects_continue &&
            connection->filled == req->head_len)
            send_continue(connection);
    }
}

static void finish_head(struct connection *connection, size_t head_len)
{
    struct request *req = connection->req;

    connection->used = req->head_len = head_len;
    req->head_complete = true;
    if (request_route_it(req))
        accept_head(connection);
    else
        connection_enter(connection, CONNECTION_HANDLING);
}

/* `advancing` keeps the answer to a refusal from advancing as well, which may
 * free the connection. */
void request_check_done(struct request *req, int status)
{
    struct connection *connection = req->connection;

    if (connection->given_up) {
        connection_handed_back(connection);
        return;
    }
    connection->advancing = true;
    if (request_go_on(req, status))
        accept_head(connection);
    connection_advance(connection);
}

static void advance_head(struct connection *connection)
{
    struct request *req = connection->req;
    struct slice bytes = { connection->buffer, connection->filled };
    size_t head_len;
    int status = parser_feed(&req->parser, bytes, &req->head, &head_len);

    if (status != 0)
        connection_refuse(connection, status);
    else if (head_len > 0)
        finish_head(connection, head_len);
}

/* The whole body is there; of a chunked one the length is known only now. */
static void finish_body(struct connection *connection)
{
    struct request *req = connection->req;

    req->body_read = true;
    if (req->refusal == 0 && req->body.len > req->match.route->body_max_bytes) {
        req->refusal = 413;
        req->form_kept = true;
        request_reject(req, REJECTION_LIMIT);
    }
    connection_enter(connection, CONNECTION_HANDLING);
    if (req->refusal != 0)
        respond_error(req, req->refusal);
    else
        req->match.route->handler(req);
}

/* Take what is there of the body, and hand over when it is whole. */
static void advance_body(struct connection *connection)
{
    struct request *req = connection->req;
    bool whole = false;
    int status = body_take(connection, &whole);

    if (status != 0)
        connection_refuse(connection, status);
    else if (req->body.failed)
        connection_enter(connection, CONNECTION_CLOSED);
    else if (whole)
        finish_body(connection);
}

/* The request at hand is over; bytes of the next one may be there already. */
void connection_end_request(struct connection *connection)
{
    size_t left = connection->filled - connection->used;

    free(connection->head);
    connection->head = NULL;
    request_close(connection->req);
    connection->req = NULL;
    if (left > 0)
        memmove(connection->buffer, connection->buffer + connection->used,
                left);
    connection->filled = left;
    connection->used = 0;
}

/* Closing while the peer may still send would reset the connection and could
 * take the answer with it: shut our side and read on (RFC 9112 9.6). The buffer
 * of a request that was given up stays: its head points into it, and its
 * handler may still read that. */
void connection_linger(struct connection *connection)
{
    shutdown(connection->fd, SHUT_WR);
    if (!connection->given_up)
        connection_release_buffer(connection);
    connection_enter(connection, CONNECTION_LINGERING);
}

/* A peer that sends many requests at once gets some of its answers in each
 * turn of the loop: a socket that can be written to wakes it in the next. */
static void advance_idle(struct connection *connection)
{
    if (connection->filled == 0)
        connection_release_buffer(connection);
    else if (connection->streak++ < STREAK_MAX)
        begin_request(connection);
    else
        connection_await(connection, EV_WRITE);
}

/* Do what its state asks for; the state has changed if there is more to do. No
 * step reads from the socket. */
static void step(struct connection *connection)
{
    switch (connection->state) {
    case CONNECTION_IDLE:
        advance_idle(connection);
        break;
    case CONNECTION_HEAD:
        advance_head(connection);
        break;
    case CONNECTION_BODY:
        advance_body(connection);
        break;
    case CONNECTION_HANDLING:
        if (connection->req->answered)
            answer_begin(connection);
        break;
    case CONNECTION_WRITING:
        answer_advance(connection);
        break;
    case CONNECTION_LINGERING:
    case CONNECTION_CLOSED:
        break;
    }
}

void connection_advance(struct connection *connection)
{
    enum connection_state before;

    /* A step that leaves the state as it is has to wait: for bytes, for room in
     * the socket, or for a handler. */
    connection->advancing = true;
    do {
        before = connection->state;
        step(connection);
    } while (connection->state != before);
    connection->advancing = false;
    if (connection->state == CONNECTION_CLOSED)
        connection_close(connection);
}

/*
 * The handler takes too long. The client gets an answer and the connection
 * ends; the request stays until the handler answers it after all. Its arena
 * may be in use on another thread, so nothing here allocates from it.
 */
static void connection_give_up(struct connection *connection)
{
    struct request *req = connection->req;
    const struct server_config *config = connection->server->config;

    log_line(
        config->log, LOG_ERROR, "a request was not answered in time",
        LOG_STRING("request_id", req->id),
        LOG_STRING("trace_id", req->trace_id),
        LOG_STRING("route", req->match.route ? req->match.route->path : ""),
        LOG_NUMBER("handle_ms", config->limits.handle_ms),
        LOG_DECIMAL("db_ms", (double)req->life.waited_us / 1000), LOG_END);
    request_reject(req, REJECTION_LATE);
    connection->advancing = true;
    connection->closing = true;
    respond_plain(req, 503,
                  "This took too long, and we don't know whether it was done. "
                  "Send it again.\n");
    /* Only now: before, respond_page() would have taken this very answer for
     * the handler's late one. */
    connection->given_up = true;
}

/* `advancing` keeps respond_…() from advancing as well: what follows here may
 * free the connection, and then nothing may touch it. */
void connection_expire(struct connection *connection)
{
    if (connection->state == CONNECTION_HEAD ||
        connection->state == CONNECTION_BODY) {
        connection->advancing = true;
        connection_refuse(connection, 408);
    } else if (connection->state == CONNECTION_HANDLING) {
        connection_give_up(connection);
    } else if (connection->state == CONNECTION_WRITING) {
        answer_expire(connection);
        return;
    } else {
        connection_enter(connection, CONNECTION_CLOSED);
    }
    connection_advance(connection);
}

/* A request may have arrived that the loop has not reported yet: a client that
 * got its bytes accepted is served. The first request of a new connection may
 * still be on its way, and no client would send it again by itself. */
void connection_finish(struct connection *connection)
{
    if (connection->state != CONNECTION_IDLE)
        return;
    if (!connection_receive(connection))
        connection_enter(connection, CONNECTION_CLOSED);
    else if (connection->filled == 0 && connection->requests == 0)
        connection->deadline_ms = clock_monotonic_ms() + FIRST_MS;
    else if (connection->filled == 0)
        connection_linger(connection);
    connection_advance(connection);
}
