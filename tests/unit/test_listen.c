/* Where a server listens, on systems that refuse a part of it. */
#include <errno.h>
#include <sys/socket.h>

#include "test_server.h"

/* What the system refuses, for the next call; 0: nothing. */
static int refuse_ipv6, refuse_listen;

int __real_socket(int family, int type, int protocol);
int __wrap_socket(int family, int type, int protocol);
int __wrap_socket(int family, int type, int protocol)
{
    if (family == AF_INET6 && refuse_ipv6 != 0) {
        errno = refuse_ipv6;
        return -1;
    }
    return __real_socket(family, type, protocol);
}

int __real_listen(int fd, int backlog);
int __wrap_listen(int fd, int backlog);
int __wrap_listen(int fd, int backlog)
{
    if (refuse_listen != 0) {
        errno = refuse_listen;
        return -1;
    }
    return __real_listen(fd, backlog);
}

static int let_in(void *context, struct request *req)
{
    (void)context;
    (void)req;
    return 0;
}

static int listen_start(void **state)
{
    refuse_ipv6 = 0;
    refuse_listen = 0;
    return server_start(state, let_in, NULL);
}

/* A second server, on the loop of the first. */
static struct server *another(const struct server_fixture *fixture)
{
    struct server *server = NULL;

    assert_int_equal(server_open(fixture->base, &fixture->config, &server), OK);
    return server;
}

/* As in many containers: the kernel was built or started without it. */
static void test_all_addresses_without_ipv6(void **state)
{
    struct server_fixture *fixture = *state;
    struct server *first = fixture->server;
    struct text error;
    const char *client;

    text_init(&error, 0);
    refuse_ipv6 = EAFNOSUPPORT;
    fixture->server = another(fixture);
    assert_int_equal(server_listen(fixture->server, "", 0, &error), OK);
    assert_int_equal(
        server_ask(fixture, "GET / HTTP/1.1", "Host: test\r\n", &client), 200);
    assert_int_equal(error.len, 0);
    server_close(fixture->server);
    fixture->server = first;
    text_free(&error);
}

/* Other failures are not taken for that: IPv6 clients would miss the site. */
static void test_ipv6_fails_otherwise(void **state)
{
    struct server_fixture *fixture = *state;
    struct server *server = another(fixture);
    struct text error;

    text_init(&error, 0);
    refuse_ipv6 = EMFILE;
    assert_int_equal(server_listen(server, "", 8080, &error), ERROR_SYSTEM);
    assert_string_equal(text_string(&error), "*:8080: Too many open files");
    assert_int_equal(server_port(server), 0);
    server_close(server);
    text_free(&error);
}

/* Two sockets may have one address until one of them listens. */
static void test_another_was_faster(void **state)
{
    struct server_fixture *fixture = *state;
    struct server *server = another(fixture);
    struct text error;

    text_init(&error, 0);
    refuse_listen = EADDRINUSE;
    assert_int_equal(server_listen(server, "127.0.0.1", 0, &error), ERROR_BUSY);
    assert_string_equal(text_string(&error),
                        "127.0.0.1:0: Address already in use");
    server_close(server);
    text_free(&error);
}

/* A service manager that passes something else than it says. */
static void test_a_descriptor_that_is_closed(void **state)
{
    struct server_fixture *fixture = *state;
    struct server *server = another(fixture);
    int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    char expected[64];
    struct text error;

    text_init(&error, 0);
    close(fd);
    snprintf(expected, sizeof(expected), "descriptor %d: Bad file descriptor",
             fd);
    assert_int_equal(server_adopt(server, fd, &error), ERROR_SYSTEM);
    assert_string_equal(text_string(&error), expected);
    server_close(server);
    text_free(&error);
}

#define WITH_SERVER(test) \
    cmocka_unit_test_setup_teardown(test, listen_start, server_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_SERVER(test_all_addresses_without_ipv6),
        WITH_SERVER(test_ipv6_fails_otherwise),
        WITH_SERVER(test_another_was_faster),
        WITH_SERVER(test_a_descriptor_that_is_closed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
