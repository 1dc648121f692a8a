/* A real server with one page and the check under test, on a free port of
 * 127.0.0.1, driven from the test's own thread. */
#ifndef CAFE_TEST_SERVER_H
#define CAFE_TEST_SERVER_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <arpa/inet.h>
#include <event2/event.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <unistd.h>

#include <cmocka.h>

#include "cafe/http/response.h"
#include "cafe/http/server.h"

enum { TURNS_MAX = 30000, TURN_MS = 1, ANSWER_MAX_BYTES = 4096 };

struct server_fixture {
    int null_fd;
    struct event_base *base;
    struct counters counters;
    struct server_config config;
    struct server *server;
};

/* The client that the check found, on every page, refused or not. */
static struct page *client_page(void *app, struct request *req, int status)
{
    struct page *page = page_open(status);

    (void)app;
    assert_non_null(page);
    page_field(page, "X-Client", request_client(req));
    return page;
}

static void show(struct request *req)
{
    respond_page(req, client_page(NULL, req, 200));
}

static const struct route routes[] = {
    { GET | POST | PUT | PATCH | DELETE | OPTIONS, "/", show, 0, 0 },
    { 0, NULL, NULL, 0, 0 },
};

static inline int server_start(void **state, check_fn *check, void *context)
{
    struct server_fixture *fixture = calloc(1, sizeof(*fixture));
    struct text error;

    assert_non_null(fixture);
    text_init(&error, 0);
    fixture->null_fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
    fixture->base = event_base_new();
    fixture->config = (struct server_config){
        .name = "test",
        .routes = routes,
        .error_page = client_page,
        .checks = { { check, context, REJECTION_NONE } },
        .limits = server_limits_default,
        .log = log_open("test", "0", LOG_TEXT, fixture->null_fd, NULL),
        .counters = &fixture->counters,
    };
    assert_int_equal(
        server_open(fixture->base, &fixture->config, &fixture->server), OK);
    assert_int_equal(server_listen(fixture->server, "127.0.0.1", 0, &error),
                     OK);
    text_free(&error);
    *state = fixture;
    return 0;
}

static inline int server_end(void **state)
{
    struct server_fixture *fixture = *state;

    server_close(fixture->server);
    log_close(fixture->config.log);
    event_base_free(fixture->base);
    close(fixture->null_fd);
    free(fixture);
    return 0;
}

static int dial(const struct server_fixture *fixture)
{
    struct sockaddr_in to = { .sin_family = AF_INET };
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    to.sin_port = htons((uint16_t)server_port(fixture->server));
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof(to)), 0);
    assert_int_equal(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
    return fd;
}

/* Read up to the end of the connection while the server runs. */
static void read_answer(struct server_fixture *fixture, int fd, char *answer)
{
    struct pollfd readable = { .fd = fd, .events = POLLIN };
    size_t len = 0;
    ssize_t got = -1;

    for (int turn = 0; turn < TURNS_MAX && got != 0; turn++) {
        event_base_loop(fixture->base, EVLOOP_NONBLOCK);
        poll(&readable, 1, TURN_MS);
        got = recv(fd, answer + len, ANSWER_MAX_BYTES - 1 - len, 0);
        len += got > 0 ? (size_t)got : 0;
    }
    assert_int_equal(got, 0);
    answer[len] = '\0';
}

/* Send a request line and fields. Returns the status; *client is borrowed
 * until the next call. */
static inline int server_ask(struct server_fixture *fixture, const char *line,
                             const char *fields, const char **client)
{
    static char answer[ANSWER_MAX_BYTES];
    char head[2048];
    int fd = dial(fixture);
    int len = snprintf(head, sizeof(head), "%s\r\nConnection: close\r\n%s\r\n",
                       line, fields);
    char *found;
    int status;

    assert_in_range(len, 1, sizeof(head) - 1);
    assert_int_equal(send(fd, head, (size_t)len, MSG_NOSIGNAL), len);
    read_answer(fixture, fd, answer);
    close(fd);
    assert_int_equal(sscanf(answer, "HTTP/1.1 %3d", &status), 1);
    found = strstr(answer, "X-Client: ");
    *client = found != NULL ? found + strlen("X-Client: ") : "";
    if (found != NULL)
        found[strcspn(found, "\r")] = '\0';
    return status;
}

#endif
