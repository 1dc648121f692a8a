/* The HTTP server: listening, connections, limits, and its orderly end. */
#ifndef CAFE_SERVER_H
#define CAFE_SERVER_H

#include "cafe/base/counters.h"
#include "cafe/base/log.h"
#include "cafe/base/page.h"
#include "cafe/http/request.h"
#include "cafe/http/router.h"

struct event_base;

/** Limits, and deadlines in milliseconds: each is an option of the daemons.
 * Deadlines are looked at twice a second. */
struct server_limits {
    int64_t head_ms;       /* a whole head, from its first byte */
    int64_t body_ms;       /* a body, plus 1 s for each body_min_rate bytes */
    int64_t body_min_rate; /* bytes per second */
    int64_t handle_ms;     /* until a handler answers; then 503 */
    int64_t idle_ms;       /* a kept-alive connection without a request */
    int64_t write_ms;      /* to read on in an answer, at 1 KiB per second */
    int64_t write_max_ms;  /* to read the whole of it */
    int64_t answers_max_bytes; /* of answers that wait: request_reserve(); no
                                  option, the daemon sets it */
    int64_t linger_ms;         /* reading on after the last answer */
    int64_t connections_max;
    int64_t requests_max; /* on one connection */
};

/** The defaults of those options. */
extern const struct server_limits server_limits_default;

/**
 * A check before each handler of a route that isn't ROUTE_OPEN (and before
 * 404 and 405 pages). It runs when the head is complete, before the body is
 * read. Returns 0 to let the request pass, else the status to refuse with; the
 * server then answers by the error hook. CHECK_LATER: it will call
 * request_check_done(), and the request waits.
 */
typedef int check_fn(void *context, struct request *req);

enum { CHECK_LATER = -1 };

/**
 * Make the page for an error status.
 *
 * app      The server's application, also where more_routes has another.
 * Returns  A page with one reference; NULL for the plain text default.
 */
typedef struct page *error_page_fn(void *app, struct request *req, int status);

enum { SERVER_CHECKS_MAX = 8 };

/** A check, its first argument, and how a refusal is counted. */
struct server_check {
    check_fn *check;
    void *context;
    enum rejection why;
};

/** Whether a peer's X-Request-Id is used as the request's id, and its
 * X-Forwarded-Proto as the client's scheme. */
typedef bool believe_fn(void *context, const struct sockaddr *peer);

/** All of it is borrowed until server_close(). */
struct server_config {
    const char *name; /* in log lines: "main", "ops" */
    const struct route *routes;
    const struct route *more_routes; /* looked at after routes; may be NULL */
    void *app;                       /* request_app() in routes */
    void *more_app;                  /* request_app() in more_routes */
    error_page_fn *error_page;       /* may be NULL */
    struct server_check checks[SERVER_CHECKS_MAX]; /* up to a NULL check */
    believe_fn *believe;                           /* NULL: none is */
    void *believe_context;
    struct server_limits limits;
    struct log *log;
    bool log_requests;
    struct counters *counters;
};

struct server;

/**
 * Make a server on a loop; it doesn't listen yet. From now on the process
 * ignores SIGPIPE, so that writing to a peer that is gone fails with EPIPE.
 *
 * config  Borrowed until server_close(), with all it points to.
 * server  Out: owned by the caller.
 * Errors  ERROR_MEMORY.
 * Thread  This and all below: the loop's thread.
 */
MUST_CHECK enum error server_open(struct event_base *base,
                                  const struct server_config *config,
                                  struct server **server);

/**
 * Bind and listen on a TCP port.
 *
 * bind   Numeric IPv4 or IPv6 address; "" for all addresses of both families.
 * port   0 picks a free one; server_port() tells which.
 * error  One line on failure, for instance "127.0.0.1:8080: Address already
 *        in use".
 * Errors ERROR_CONFIG: bind is not a numeric address of this machine;
 *        ERROR_BUSY: the port is taken; ERROR_SYSTEM, ERROR_MEMORY.
 */
MUST_CHECK enum error server_listen(struct server *server, const char *bind,
                                    int port, struct text *error);

/**
 * Whether the port can be bound, without listening on it.
 *
 * Errors  As server_listen().
 */
MUST_CHECK enum error server_try(const char *bind, int port,
                                 struct text *error);

/**
 * Serve a TCP socket that listens already.
 *
 * fd      Closed by the server, also when this fails.
 * error   One line on failure.
 * Errors  ERROR_MEMORY, ERROR_SYSTEM.
 */
MUST_CHECK enum error server_adopt(struct server *server, int fd,
                                   struct text *error);

/** The port that is listened on; 0 before that. */
int server_port(const struct server *server);

/** From now on each answer carries Connection: close and ends its connection;
 * idle connections stay, and new ones are accepted. */
void server_drain(struct server *server);

/** Drain, and close the listener and idle connections; requests in flight go
 * on. A connection that has had no request yet is closed a second later. */
void server_stop(struct server *server);

/** When the last connection was accepted, on the monotonic clock; 0: never. */
int64_t server_accepted_ms(const struct server *server);

/** Write http_server_request_duration_seconds and cafe_http_answers_bytes, for
 * monitoring. */
void server_metrics(const struct server *server, struct text *out);

/** Connections still open. */
size_t server_connections(const struct server *server);

/** Close everything at once and free the server; requests in flight end
 * unanswered. */
void server_close(struct server *server);

#endif
