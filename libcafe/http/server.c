/* The server: its listener, its connections as a list, and what they share.
 * One timer looks at all deadlines twice a second, so that a connection costs
 * no timer of its own. */
#include "cafe/http/server.h"

#include <errno.h>
#include <event2/listener.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cafe/base/clock.h"
#include "cafe/base/metrics.h"
#include "private.h"

enum { BACKLOG = 511, HEAD_MAX_BYTES = 64 * 1024, STARVED_LOG_MS = 1000 };

static const struct timeval sweep_interval = { 0, 500 * 1000 };

static const char full_answer[] = "HTTP/1.1 503 Service Unavailable\r\n"
                                  "Content-Length: 0\r\n"
                                  "Retry-After: 2\r\n"
                                  "Connection: close\r\n\r\n";

const struct server_limits server_limits_default = {
    .head_ms = 5000,
    .body_ms = 10000,
    .body_min_rate = 1024,
    .handle_ms = 50000,
    .idle_ms = 75000,
    .write_ms = 30000,
    .write_max_ms = 3600000,
    .answers_max_bytes = 128 * 1024 * 1024,
    .linger_ms = 2000,
    .connections_max = 10000,
    .requests_max = 1000,
};

/* A walk over all connections. Each step may close any of them, also the one
 * that would come next: an answer makes room by cutting off another. So the
 * place of the walk is in the server, where connection_close() moves it on.
 * Only one walk is under way at a time, because both are calls of the loop that
 * do not nest. */

static struct connection *following(struct server *server)
{
    struct connection *connection = server->next;

    if (connection != NULL)
        server->next = connection->next;
    return connection;
}

static struct connection *first(struct server *server)
{
    server->next = server->connections;
    return following(server);
}

/* Close what has waited too long, and try to accept again when starved. */
static void on_sweep(evutil_socket_t fd, short what, void *argument)
{
    struct server *server = argument;
    int64_t now = clock_monotonic_ms();

    (void)fd;
    (void)what;
    room_look(server);
    for (struct connection *connection = first(server); connection != NULL;
         connection = following(server)) {
        if (connection->deadline_ms <= now)
            connection_expire(connection);
    }
    server_resume(server);
}

enum error server_open(struct event_base *base,
                       const struct server_config *config,
                       struct server **result)
{
    struct server *server = calloc(1, sizeof(*server));

    if (server == NULL)
        return ERROR_MEMORY;
    /* For writev(), which has no flag for that: a client that has gone is an
     * error of one connection, not the end of the daemon. */
    signal(SIGPIPE, SIG_IGN);
    server->base = base;
    server->config = config;
    server->tables[0] = config->routes;
    server->tables[1] = config->more_routes;
    server->sweep = event_new(base, -1, EV_PERSIST, on_sweep, server);
    server->durations = durations_open(server->tables);
    if (server->sweep == NULL || server->durations == NULL ||
        event_add(server->sweep, &sweep_interval)) {
        server_close(server);
        return ERROR_MEMORY;
    }
    request_ids_open(&server->ids);
    text_init(&server->scratch, HEAD_MAX_BYTES);
    *result = server;
    return OK;
}

/* Over the cap: say so and close, without a connection object. With its request
 * unread the kernel may reset the connection before the client has seen the
 * answer; lingering would need the memory that the cap saves. */
static void turn_away(struct server *server, evutil_socket_t fd)
{
    counter_reject(server->config->counters, REJECTION_CONNECTIONS);
    if (send(fd, full_answer, sizeof(full_answer) - 1, MSG_NOSIGNAL) > 0)
        shutdown(fd, SHUT_WR);
    close(fd);
}

static void on_accept(struct evconnlistener *listener, evutil_socket_t fd,
                      struct sockaddr *peer, int len, void *argument)
{
    struct server *server = argument;

    (void)listener;
    (void)len;
    server->accepted_ms = clock_monotonic_ms();
    if (server->connection_count >=
        (size_t)server->config->limits.connections_max)
        turn_away(server, fd);
    else
        connection_open(server, fd, peer);
}

/* No descriptor or no memory: stop accepting. The listener stays readable, so
 * libevent would report the same waiting client again and again. A closed
 * connection or the next sweep starts it again. */
static void on_accept_error(struct evconnlistener *listener, void *argument)
{
    struct server *server = argument;
    int64_t now = clock_monotonic_ms();
    int number = errno;

    evconnlistener_disable(listener);
    server->starved = true;
    if (now - server->starved_logged_ms < STARVED_LOG_MS)
        return;
    server->starved_logged_ms = now;
    log_line(server->config->log, LOG_ERROR, "cannot accept",
             LOG_STRING("server", server->config->name),
             LOG_STRING("reason", strerror(number)), LOG_END);
}

void server_resume(struct server *server)
{
    if (!server->starved || server->listener == NULL)
        return;
    /* Enabling can fail for lack of memory; then the next sweep tries again. */
    server->starved = evconnlistener_enable(server->listener) != 0;
}

/* "" is every address of both families where the system has IPv6: a socket of
 * IPv6 takes IPv4 clients, too, as mapped addresses. */
static int make_address(const char *bind_to, int port, union address *address,
                        socklen_t *len)
{
    struct in6_addr any = IN6ADDR_ANY_INIT;

    memset(address, 0, sizeof(*address));
    if (bind_to[0] == '\0') {
        address->v6.sin6_family = AF_INET6;
        address->v6.sin6_addr = any;
    } else if (evutil_inet_pton(AF_INET, bind_to, &address->v4.sin_addr) == 1) {
        address->v4.sin_family = AF_INET;
    } else if (evutil_inet_pton(AF_INET6, bind_to, &address->v6.sin6_addr) ==
               1) {
        address->v6.sin6_family = AF_INET6;
    } else {
        return -1;
    }
    if (address->any.sa_family == AF_INET) {
        address->v4.sin_port = htons((uint16_t)port);
        *len = sizeof(address->v4);
    } else {
        address->v6.sin6_port = htons((uint16_t)port);
        *len = sizeof(address->v6);
    }
    return 0;
}

static void set_option(int fd, int level, int name, int value)
{
    /* A kernel without the option serves all the same. */
    if (setsockopt(fd, level, name, &value, sizeof(value)) < 0)
        return;
}

/* A socket with an address; -1 with errno. Connections that it accepts
 * inherit TCP_NODELAY. */
static int bind_socket(const union address *address, socklen_t len,
                       bool both_families)
{
    int fd = socket(address->any.sa_family,
                    SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    if (fd < 0)
        return -1;
    /* Without it a restart would have to wait for the old connections in
     * TIME_WAIT. */
    set_option(fd, SOL_SOCKET, SO_REUSEADDR, 1);
    set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1);
    if (address->any.sa_family == AF_INET6)
        set_option(fd, IPPROTO_IPV6, IPV6_V6ONLY, !both_families);
    if (bind(fd, &address->any, len) < 0) {
        int number = errno;

        close(fd);
        errno = number;
        return -1;
    }
    return fd;
}

/* The same by the texts of options; fails with one line. */
static enum error bind_to_port(const char *bind_to, int port, int *result,
                               struct text *error)
{
    union address address;
    socklen_t len;
    int fd, number;

    if (make_address(bind_to, port, &address, &len) < 0) {
        text_printf(error, "'%s' is not a numeric address", bind_to);
        return ERROR_CONFIG;
    }
    fd = bind_socket(&address, len, bind_to[0] == '\0');
    /* A kernel without IPv6, as in many containers. */
    if (fd < 0 && bind_to[0] == '\0' && errno == EAFNOSUPPORT) {
        if (make_address("0.0.0.0", port, &address, &len) == 0)
            fd = bind_socket(&address, len, false);
    }
    if (fd >= 0) {
        *result = fd;
        return OK;
    }
    number = errno;
    if (number == EADDRNOTAVAIL) {
        text_printf(error, "'%s' is not an address of this machine", bind_to);
        return ERROR_CONFIG;
    }
    text_printf(error, "%s:%d: %s", bind_to[0] ? bind_to : "*", port,
                strerror(number));
    return number == EADDRINUSE ? ERROR_BUSY : ERROR_SYSTEM;
}

/* Port 0 lets the kernel choose, so the socket is asked; a socket that systemd
 * passed has a port that no option names. */
static int port_of(int fd)
{
    union address address;
    socklen_t len = sizeof(address);

    if (getsockname(fd, &address.any, &len) < 0)
        return 0;
    return ntohs(address.any.sa_family == AF_INET ? address.v4.sin_port
                                                  : address.v6.sin6_port);
}

/* Accept on a listening socket, which the server owns from now on: a backlog of
 * 0 says that it listens already. It is enabled apart, since
 * evconnlistener_new() would not tell that its event could not be added. */
static enum error server_serve(struct server *server, int fd)
{
    server->port = port_of(fd);
    server->listener = evconnlistener_new(
        server->base, on_accept, server,
        LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC | LEV_OPT_DISABLED, 0,
        fd);
    if (server->listener == NULL) {
        close(fd);
        return ERROR_MEMORY;
    }
    evconnlistener_set_error_cb(server->listener, on_accept_error);
    return evconnlistener_enable(server->listener) == 0 ? OK : ERROR_MEMORY;
}

enum error server_listen(struct server *server, const char *bind_to, int port,
                         struct text *error)
{
    int fd;
    enum error err = bind_to_port(bind_to, port, &fd, error);

    if (err != OK)
        return err;
    /* With SO_REUSEADDR two sockets may bind one port as long as neither
     * listens: then the conflict shows only here. */
    if (listen(fd, BACKLOG) < 0) {
        text_printf(error, "%s:%d: %s", bind_to[0] ? bind_to : "*", port,
                    strerror(errno));
        close(fd);
        return ERROR_BUSY;
    }
    return server_serve(server, fd);
}

enum error server_try(const char *bind_to, int port, struct text *error)
{
    int fd;
    enum error err = bind_to_port(bind_to, port, &fd, error);

    if (err == OK)
        close(fd);
    return err;
}

enum error server_adopt(struct server *server, int fd, struct text *error)
{
    if (evutil_make_socket_nonblocking(fd) < 0 ||
        evutil_make_socket_closeonexec(fd) < 0) {
        text_printf(error, "descriptor %d: %s", fd, strerror(errno));
        close(fd);
        return ERROR_SYSTEM;
    }
    set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1);
    return server_serve(server, fd);
}

int server_port(const struct server *server)
{
    return server->port;
}

void server_drain(struct server *server)
{
    server->draining = true;
}

void server_stop(struct server *server)
{
    /* First, so that every answer from here on ends its connection. */
    server->draining = true;
    if (server->listener != NULL)
        evconnlistener_free(server->listener);
    server->listener = NULL;
    for (struct connection *connection = first(server); connection != NULL;
         connection = following(server))
        connection_finish(connection);
}

int64_t server_accepted_ms(const struct server *server)
{
    return server->accepted_ms;
}

void server_metrics(const struct server *server, struct text *out)
{
    durations_write(server->durations, out);
    metrics_gauge(out, "cafe_http_answers_bytes",
                  "Memory of answers that wait for their readers, and of long "
                  "lists that are being written, in bytes.",
                  (int64_t)server->answers_bytes);
}

size_t server_connections(const struct server *server)
{
    return server->connection_count;
}

void server_close(struct server *server)
{
    if (server == NULL)
        return;
    if (server->listener != NULL)
        evconnlistener_free(server->listener);
    /* Without a listener connection_close() has nothing to resume. Abandoned
     * connections come second, because closing may add to them; the pools last,
     * because both give back to them. */
    server->listener = NULL;
    while (server->connections != NULL)
        connection_close(server->connections);
    while (server->abandoned != NULL)
        connection_forget(server->abandoned);
    if (server->sweep != NULL)
        event_free(server->sweep);
    spares_free(&server->spares);
    text_free(&server->scratch);
    durations_close(server->durations);
    free(server);
}
