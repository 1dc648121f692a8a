/* Sockets to a server in the same thread. */
#include "dial.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fuzz.h"

enum { TURNS_MAX = 2000 };

int dial_pair(struct server *server, const char *peer, bool small_buffers)
{
    union address address = { 0 };
    int ends[2];
    int size = 1;

    if (inet_pton(AF_INET, peer, &address.v4.sin_addr) == 1) {
        address.v4.sin_family = AF_INET;
    } else {
        CHECK(inet_pton(AF_INET6, peer, &address.v6.sin6_addr) == 1);
        address.v6.sin6_family = AF_INET6;
    }
    CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends) == 0);
    if (small_buffers)
        setsockopt(ends[0], SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
    connection_open(server, ends[0], &address.any);
    return ends[1];
}

int dial_again(struct server *server)
{
    struct linger at_once = { .l_onoff = 1, .l_linger = 0 };
    struct sockaddr_in to = { .sin_family = AF_INET };
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    to.sin_port = htons((uint16_t)server_port(server));
    CHECK(connect(fd, (struct sockaddr *)&to, sizeof(to)) == 0);
    CHECK(fcntl(fd, F_SETFL, O_NONBLOCK) == 0);
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
    return fd;
}

int dial_tcp(struct server *server)
{
    struct text error;
    int turns = 0;
    int fd;

    text_init(&error, 0);
    CHECK(server_listen(server, "127.0.0.1", 0, &error) == OK);
    fd = dial_again(server);
    while (server_connections(server) == 0 && turns++ < TURNS_MAX)
        event_base_loop(server->base, EVLOOP_ONCE);
    CHECK(server_connections(server) == 1);
    text_free(&error);
    return fd;
}

void dial_expect_refusal(struct server *server, int fd)
{
    static const char wanted[] = "HTTP/1.1 503 Service Unavailable\r\n";
    struct pollfd readable = { .fd = fd, .events = POLLIN };
    char answer[256];
    size_t len = 0;
    ssize_t got = -1;
    int turns = 0;

    while (got != 0 && turns++ < TURNS_MAX) {
        event_base_loop(server->base, EVLOOP_NONBLOCK);
        poll(&readable, 1, 1);
        got = recv(fd, answer + len, sizeof(answer) - len, 0);
        len += got > 0 ? (size_t)got : 0;
    }
    CHECK(got == 0 && len > sizeof(wanted) + 4);
    CHECK(memcmp(answer, wanted, sizeof(wanted) - 1) == 0);
    CHECK(memcmp(answer + len - 4, "\r\n\r\n", 4) == 0);
    CHECK(memmem(answer, len, "\r\nConnection: close\r\n", 21) != NULL);
    CHECK(server_connections(server) == 1);
}
