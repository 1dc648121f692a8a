/*
 * The least that a server can do for a page: epoll, recv and one writev of the
 * very bytes of an answer, whatever is asked. Nothing is parsed, logged, timed
 * or limited, so nobody could run it; it says how much of a daemon's time is
 * the kernel's and how much is ours.
 *
 *     bench_floor PORT FILE      FILE is an answer: head and body
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

enum { EVENTS = 64, ANSWER_MAX = 16 << 20, DESCRIPTORS_MAX = 65536 };

static char answer[ANSWER_MAX];
static size_t length;
static size_t left[DESCRIPTORS_MAX]; /* of the answer, by descriptor */

static void die(const char *what)
{
    perror(what);
    exit(1);
}

static void read_answer(const char *path)
{
    FILE *file = fopen(path, "rb");

    if (file == NULL || (length = fread(answer, 1, sizeof answer, file)) == 0)
        die(path);
    fclose(file);
}

static int listen_at(const char *port)
{
    const struct sockaddr_in at = { .sin_family = AF_INET,
                                    .sin_port = htons((in_port_t)atoi(port)),
                                    .sin_addr = { htonl(INADDR_LOOPBACK) } };
    int fd = socket(AF_INET, SOCK_STREAM, 0), on = 1;

    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on); /* inherited */
    if (bind(fd, (const struct sockaddr *)&at, sizeof at) || listen(fd, 1024))
        die("listen");
    return fd;
}

static void watch(int epoll, int operation, int fd, uint32_t events)
{
    struct epoll_event event = { events, { .fd = fd } };

    if (epoll_ctl(epoll, operation, fd, &event))
        die("epoll_ctl");
}

static void serve(int epoll, int fd, uint32_t events)
{
    char request[4096];
    bool waited = events & EPOLLOUT;
    struct iovec rest;
    ssize_t sent;

    if (!waited)
        left[fd] = recv(fd, request, sizeof request, 0) > 0 ? length : 0;
    rest = (struct iovec){ answer + length - left[fd], left[fd] };
    sent = left[fd] > 0 ? writev(fd, &rest, 1) : 0;
    if (sent > 0)
        left[fd] -= (size_t)sent;
    if (sent == 0 || (sent < 0 && errno != EAGAIN))
        close(fd);
    else if (left[fd] > 0 || waited)
        watch(epoll, EPOLL_CTL_MOD, fd, left[fd] > 0 ? EPOLLOUT : EPOLLIN);
}

int main(int argc, char **argv)
{
    struct epoll_event ready[EVENTS];
    int epoll = epoll_create1(0), listener, fd, n;

    if (argc != 3)
        return 2;
    read_answer(argv[2]);
    watch(epoll, EPOLL_CTL_ADD, listener = listen_at(argv[1]), EPOLLIN);
    while ((n = epoll_wait(epoll, ready, EVENTS, -1)) >= 0 || errno == EINTR)
        for (int i = 0; i < n; i++)
            if (ready[i].data.fd != listener)
                serve(epoll, ready[i].data.fd, ready[i].events);
            else if ((fd = accept(listener, NULL, NULL)) >= 0 &&
                     fd < DESCRIPTORS_MAX && !ioctl(fd, FIONBIO, &(int){ 1 }))
                watch(epoll, EPOLL_CTL_ADD, fd, EPOLLIN);
    die("epoll_wait");
}
