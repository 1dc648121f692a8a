/* Answers that are too long for one system call. */
#include "test_server.h"

enum { BODY_BYTES = 8 * 1024 * 1024, TURN_MAX_BYTES = 300 * 1024 };

/* What the server wrote is counted by what arrives. */
static struct page *long_page(void *app, struct request *req, int status)
{
    struct page *page = page_open(status);
    struct text body;

    (void)app;
    (void)req;
    assert_non_null(page);
    text_init(&body, BODY_BYTES);
    for (size_t i = 0; i < BODY_BYTES / 64; i++)
        text_append(&body,
                    "0123456789012345678901234567890123456789012345678901234567"
                    "890123",
                    64);
    page_body(page, &body);
    assert_false(page->failed);
    return page;
}

static int set_up(void **state)
{
    struct server_fixture *fixture;

    server_start(state, NULL, NULL);
    fixture = *state;
    fixture->config.error_page = long_page;
    return 0;
}

/* All that is there, until nothing more comes for a while. */
static size_t drain(int fd)
{
    static char buffer[64 * 1024];
    struct pollfd readable = { .fd = fd, .events = POLLIN };
    size_t all = 0;
    ssize_t got;

    while (poll(&readable, 1, TURN_MS) > 0 &&
           (got = recv(fd, buffer, sizeof(buffer), 0)) > 0)
        all += (size_t)got;
    return all;
}

/* However much the kernel would take: others have their turn in between. */
static void test_a_turn_writes_little(void **state)
{
    static const char request[] = "GET /none HTTP/1.1\r\nHost: x\r\n\r\n";
    struct server_fixture *fixture = *state;
    int fd = dial(fixture);
    size_t all = 0, most = 0;

    assert_int_equal(send(fd, request, strlen(request), MSG_NOSIGNAL),
                     strlen(request));
    for (int turn = 0; turn < TURNS_MAX && all < BODY_BYTES; turn++) {
        size_t got;

        event_base_loop(fixture->base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
        got = drain(fd);
        most = got > most ? got : most;
        all += got;
    }
    close(fd);
    assert_true(all >= BODY_BYTES);
    assert_in_range(most, 1, TURN_MAX_BYTES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_a_turn_writes_little, set_up,
                                        server_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
