/* Bodies that are longer than forms: one at a time. */
#include "test_server.h"

enum { UPLOAD_BYTES = 3 * 1024 * 1024, UPLOAD_MAX_BYTES = 4 * 1024 * 1024 };

static void show_length(struct request *req)
{
    struct page *page = page_open(200);
    char length[32];

    assert_non_null(page);
    snprintf(length, sizeof(length), "%zu", request_body(req).len);
    page_field(page, "X-Client", length);
    respond_page(req, page);
}

static struct page *explanation_page(void *app, struct request *req, int status)
{
    struct page *page = page_open(status);
    const char *said = request_explanation(req);

    (void)app;
    assert_non_null(page);
    page_field(page, "X-Client", said != NULL ? said : "");
    return page;
}

static const struct route upload_routes[] = {
    { POST, "/upload", show_length, UPLOAD_MAX_BYTES, 0 },
    { POST, "/form", show_length, 1024, 0 },
    { 0, NULL, NULL, 0, 0 },
};

static int set_up(void **state)
{
    struct server_fixture *fixture;
    struct text error;

    server_start(state, NULL, NULL);
    fixture = *state;
    server_close(fixture->server);
    text_init(&error, 0);
    fixture->config.routes = upload_routes;
    fixture->config.error_page = explanation_page;
    assert_int_equal(
        server_open(fixture->base, &fixture->config, &fixture->server), OK);
    assert_int_equal(server_listen(fixture->server, "127.0.0.1", 0, &error),
                     OK);
    text_free(&error);
    return 0;
}

/* Send all of it while the server runs. */
static void send_all(struct server_fixture *fixture, int fd, const char *data,
                     size_t len)
{
    struct pollfd writable = { .fd = fd, .events = POLLOUT };
    ssize_t sent;

    for (int turn = 0; turn < TURNS_MAX && len > 0; turn++) {
        sent = send(fd, data, len, MSG_NOSIGNAL);
        if (sent > 0) {
            data += sent;
            len -= (size_t)sent;
        }
        event_base_loop(fixture->base, EVLOOP_NONBLOCK);
        poll(&writable, 1, TURN_MS);
    }
    assert_int_equal(len, 0);
}

static void send_body(struct server_fixture *fixture, int fd, size_t bytes)
{
    char *data = calloc(1, bytes);

    assert_non_null(data);
    send_all(fixture, fd, data, bytes);
    free(data);
}

/* Dial and send a head with these fields. */
static int begin_upload(struct server_fixture *fixture, const char *path,
                        const char *fields)
{
    char head[256];
    int fd = dial(fixture);
    int len = snprintf(head, sizeof(head),
                       "POST %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
                       "%s\r\n\r\n",
                       path, fields);

    send_all(fixture, fd, head, (size_t)len);
    return fd;
}

/* The answer begins with this status line, and has this text. */
static void expect_answer(struct server_fixture *fixture, int fd, int status,
                          const char *text)
{
    char answer[ANSWER_MAX_BYTES];
    int got;

    read_answer(fixture, fd, answer);
    assert_int_equal(sscanf(answer, "HTTP/1.1 %3d", &got), 1);
    assert_int_equal(got, status);
    if (strstr(answer, text) == NULL)
        fail_msg("no \"%s\" in\n%s", text, answer);
    close(fd);
}

#define THREE_MIB "Content-Length: 3145728"

static void test_one_at_a_time(void **state)
{
    struct server_fixture *fixture = *state;
    int first = begin_upload(fixture, "/upload", THREE_MIB);
    int form;

    send_body(fixture, first, UPLOAD_BYTES / 2);
    /* Nothing of the second one is read. */
    expect_answer(fixture, begin_upload(fixture, "/upload", THREE_MIB), 503,
                  "X-Client: Another file is being uploaded");
    expect_answer(
        fixture, begin_upload(fixture, "/upload", "Transfer-Encoding: chunked"),
        503, "Retry-After: 2");
    /* What is no longer than a form needs no room. */
    form = begin_upload(fixture, "/upload", "Content-Length: 1048576");
    send_body(fixture, form, 1048576);
    expect_answer(fixture, form, 200, "X-Client: 1048576\r\n");
    send_body(fixture, first, UPLOAD_BYTES / 2);
    expect_answer(fixture, first, 200, "X-Client: 3145728\r\n");
    first = begin_upload(fixture, "/upload", THREE_MIB);
    send_body(fixture, first, UPLOAD_BYTES);
    expect_answer(fixture, first, 200, "X-Client: 3145728\r\n");
}

static void test_one_that_breaks_off_leaves_room(void **state)
{
    struct server_fixture *fixture = *state;
    int fd = begin_upload(fixture, "/upload", THREE_MIB);

    send_body(fixture, fd, UPLOAD_BYTES / 2);
    close(fd);
    while (server_connections(fixture->server) > 0)
        event_base_loop(fixture->base, EVLOOP_ONCE);
    fd = begin_upload(fixture, "/upload", THREE_MIB);
    send_body(fixture, fd, UPLOAD_BYTES);
    expect_answer(fixture, fd, 200, "X-Client: 3145728\r\n");
}

static void test_chunked(void **state)
{
    struct server_fixture *fixture = *state;
    int fd = begin_upload(fixture, "/upload", "Transfer-Encoding: chunked");

    send_all(fixture, fd, "300000\r\n", 8);
    send_body(fixture, fd, UPLOAD_BYTES);
    send_all(fixture, fd, "\r\n0\r\n\r\n", 7);
    expect_answer(fixture, fd, 200, "X-Client: 3145728\r\n");
}

static void test_longer_than_its_route_takes(void **state)
{
    struct server_fixture *fixture = *state;

    expect_answer(fixture,
                  begin_upload(fixture, "/upload", "Content-Length: 4194305"),
                  413, "X-Client:");
    expect_answer(fixture, begin_upload(fixture, "/form", THREE_MIB), 413,
                  "X-Client:");
}

static void test_chunked_and_longer(void **state)
{
    struct server_fixture *fixture = *state;
    int fd = begin_upload(fixture, "/upload", "Transfer-Encoding: chunked");

    send_all(fixture, fd, "400001\r\n", 8);
    expect_answer(fixture, fd, 413, "X-Client:");
    fd = begin_upload(fixture, "/form", "Transfer-Encoding: chunked");
    send_all(fixture, fd, "100001\r\n", 8);
    expect_answer(fixture, fd, 413, "X-Client:");
}

/* What has come earns it a quarter of a second, not the hours that a form
 * would have. */
static void test_a_slow_one_is_refused(void **state)
{
    struct server_fixture *fixture = *state;
    int fd;

    fixture->config.limits.body_ms = 1;
    fixture->config.limits.body_min_rate = 1;
    fd = begin_upload(fixture, "/upload", "Transfer-Encoding: chunked");
    send_all(fixture, fd, "300000\r\n", 8);
    send_body(fixture, fd, 16 * 1024);
    expect_answer(fixture, fd, 408, "X-Client:");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_one_at_a_time, set_up, server_end),
        cmocka_unit_test_setup_teardown(test_one_that_breaks_off_leaves_room,
                                        set_up, server_end),
        cmocka_unit_test_setup_teardown(test_chunked, set_up, server_end),
        cmocka_unit_test_setup_teardown(test_longer_than_its_route_takes,
                                        set_up, server_end),
        cmocka_unit_test_setup_teardown(test_chunked_and_longer, set_up,
                                        server_end),
        cmocka_unit_test_setup_teardown(test_a_slow_one_is_refused, set_up,
                                        server_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
