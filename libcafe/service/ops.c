/* What operators and load balancers ask: does it live, is it ready. */
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "cafe/http/response.h"
#include "frame.h"

enum { HEALTHCHECK_TIMEOUT_S = 3 };

static handler_fn healthz;

const struct route ops_routes[] = {
    { GET, "/healthz", healthz, 0, ROUTE_OPEN | ROUTE_QUIET },
    { GET, "/readyz", readiness_show, 0, ROUTE_OPEN | ROUTE_QUIET },
    { 0 },
};

/* The loop lives. Not the database: restarting this daemon would not bring that
 * back. */
static void healthz(struct request *req)
{
    const struct frame *frame = request_app(req);

    respond_page(req, page_ref(frame->healthy));
}

/* The client side, for container health checks without curl. */

static int ops_connect_to(const char *bind, int port)
{
    const struct timeval timeout = { HEALTHCHECK_TIMEOUT_S, 0 };
    struct sockaddr_in v4 = { .sin_family = AF_INET,
                              .sin_port = htons((uint16_t)port) };
    struct sockaddr_in6 v6 = { .sin6_family = AF_INET6,
                               .sin6_port = htons((uint16_t)port) };
    bool six = inet_pton(AF_INET6, bind, &v6.sin6_addr) == 1;
    const void *address = six ? (const void *)&v6 : &v4;
    socklen_t len = six ? sizeof(v6) : sizeof(v4);
    int fd = socket(six ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd < 0)
        return -1;
    if (!six &&
        inet_pton(AF_INET, bind[0] ? bind : "127.0.0.1", &v4.sin_addr) != 1) {
        close(fd);
        return -1;
    }
    if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout)) ||
        setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof(timeout)) ||
        connect(fd, address, len)) {
        close(fd);
        return -1;
    }
    return fd;
}

static bool is_healthy(int fd)
{
    static const char question[] = "GET /healthz HTTP/1.1\r\n"
                                   "Host: localhost\r\n"
                                   "Connection: close\r\n\r\n";
    static const char wanted[] = "HTTP/1.1 200 ";
    char answer_bytes[sizeof(wanted) - 1];
    size_t got = 0;

    if (send(fd, question, sizeof(question) - 1, MSG_NOSIGNAL) !=
        (ssize_t)sizeof(question) - 1)
        return false;
    while (got < sizeof(answer_bytes)) {
        ssize_t n = recv(fd, answer_bytes + got, sizeof(answer_bytes) - got, 0);

        if (n <= 0)
            return false;
        got += (size_t)n;
    }
    return memcmp(answer_bytes, wanted, sizeof(answer_bytes)) == 0;
}

int ops_healthcheck(const struct service_settings *settings)
{
    bool ops = settings->ops_port != 0;
    int fd = ops_connect_to(ops ? settings->ops_bind : settings->bind,
                            (int)(ops ? settings->ops_port : settings->port));
    bool healthy = fd >= 0 && is_healthy(fd);

    if (fd >= 0)
        close(fd);
    puts(healthy ? "healthy" : "not healthy");
    return healthy ? 0 : 1;
}
