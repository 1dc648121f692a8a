/* Answers on their way to the peer, and how long it may take to read them. */
#include <errno.h>
#include <linux/sockios.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/uio.h>

#include "cafe/base/clock.h"
#include "private.h"

enum {
    /* Bytes a second that a peer has to read, or it is given up. */
    LEAST_RATE = 1024,
    /* Bytes of a body for one system call. The kernel takes megabytes, and
     * copies them, while nobody else is answered. */
    WRITE_MAX_BYTES = 256 * 1024
};

/* Bytes of the answer's body that go out: HEAD and 304 have none. */
static size_t body_len(const struct request *req)
{
    return req->bodyless ? 0 : req->page->body.len;
}

/* The answer is there: make its head and try to write it. */
void answer_begin(struct connection *connection)
{
    struct server *server = connection->server;
    struct request *req = connection->req;

    /* No memory even for the page that says so. */
    if (req->page == NULL) {
        connection_enter(connection, CONNECTION_CLOSED);
        return;
    }
    if (!req->head_complete || !req->head.keep_alive || server->draining ||
        connection->requests >= server->config->limits.requests_max)
        connection->closing = true;
    response_head(req, connection->closing);
    counter_add(server->config->counters, COUNTER_REQUESTS_ANSWERED, 1);
    connection->head = NULL;
    connection->head_len = server->scratch.len;
    connection->written = 0;
    connection->read = 0;
    connection->write_by_ms = clock_monotonic_ms() +
                              server->config->limits.write_max_ms;
    connection_enter(connection, server->scratch.failed ? CONNECTION_CLOSED
                                                        : CONNECTION_WRITING);
    response_note(req);
}

/* Write some of what is left of head and body; false when the peer is gone. The
 * first write takes the head from the scratch text that all connections share:
 * nearly always it goes out whole, and no connection needs a copy. */
static bool send_answer(struct connection *connection)
{
    struct request *req = connection->req;
    char *head = connection->head != NULL ? connection->head
                                          : connection->server->scratch.data;
    size_t head_done = connection->written < connection->head_len
                           ? connection->written
                           : connection->head_len;
    size_t body_done = connection->written - head_done;
    size_t body_left = body_len(req) - body_done;
    struct iovec parts[2];
    ssize_t sent;

    parts[0].iov_base = head + head_done;
    parts[0].iov_len = connection->head_len - head_done;
    parts[1].iov_base =
        req->page->body.data != NULL ? req->page->body.data + body_done : NULL;
    parts[1].iov_len = body_left < WRITE_MAX_BYTES ? body_left
                                                   : WRITE_MAX_BYTES;
    do {
        sent = writev(connection->fd, parts, 2);
    } while (sent < 0 && errno == EINTR);
    if (sent > 0)
        connection->written += (size_t)sent;
    return sent >= 0 || errno == EAGAIN;
}

/* The scratch text belongs to the next answer: keep the rest of this head. */
static bool keep_head(struct connection *connection)
{
    if (connection->head != NULL || connection->written >= connection->head_len)
        return true;
    connection->head = malloc(connection->head_len);
    if (connection->head == NULL)
        return false;
    memcpy(connection->head, connection->server->scratch.data,
           connection->head_len);
    return true;
}

void answer_advance(struct connection *connection)
{
    size_t len = connection->head_len + body_len(connection->req);

    if (!send_answer(connection)) {
        connection_enter(connection, CONNECTION_CLOSED);
    } else if (connection->written < len) {
        if (keep_head(connection))
            connection_await(connection, EV_WRITE);
        if (connection->awaiting != EV_WRITE)
            connection_enter(connection, CONNECTION_CLOSED);
        else if (!connection->given_up)
            room_hold(connection->req);
    } else {
        if (!connection->given_up)
            connection_end_request(connection);
        if (connection->closing)
            connection_linger(connection);
        else
            connection_enter(connection, CONNECTION_IDLE);
    }
}

size_t answer_read(const struct connection *connection)
{
    int held;

    if (ioctl(connection->fd, SIOCOUTQ, &held) != 0 || held < 0)
        return 0;
    return (size_t)held < connection->written
               ? connection->written - (size_t)held
               : 0;
}

/* The peer has read at its least rate since this was asked last. */
static bool is_read(struct connection *connection)
{
    size_t least = (size_t)connection->server->config->limits.write_ms *
                   LEAST_RATE / 1000;
    size_t read = answer_read(connection);

    if (read < connection->read + least)
        return false;
    connection->read = read;
    return true;
}

void answer_cut(struct connection *connection, const char *why)
{
    const struct linger reset = { 1, 0 }; /* nothing waits in the kernel */
    const struct request *req = connection->req;
    const struct server_config *config = connection->server->config;

    log_line(config->log, LOG_WARNING, "an answer was cut off",
             LOG_STRING("request_id", req->id), LOG_STRING("reason", why),
             LOG_NUMBER("bytes_read", (int64_t)answer_read(connection)),
             LOG_STRING("client_ip", req->life.client), LOG_END);
    counter_reject(config->counters, REJECTION_SLOW);
    /* Where that fails the kernel keeps the rest for a while. */
    (void)!setsockopt(connection->fd, SOL_SOCKET, SO_LINGER, &reset,
                      sizeof(reset));
    connection_close(connection);
}

void answer_expire(struct connection *connection)
{
    if (clock_monotonic_ms() >= connection->write_by_ms)
        answer_cut(connection, "not read in http.write_max_ms");
    else if (!is_read(connection))
        answer_cut(connection, "hardly anything read in http.write_ms");
    else
        connection_enter(connection, CONNECTION_WRITING);
}
