/*
 * A network between a database and its clients, in which every answer takes a
 * given time longer. What clients send passes at once, so a round trip takes
 * that time longer, too.
 *
 *     bench_delay PORT SOCKET MICROSECONDS
 */
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum { EVENTS = 64, CHUNK_BYTES = 65536 };

/* One end of a pair; never freed, because delayed answers refer to it. */
struct side {
    struct side *peer;
    int fd;
    bool answers;
    bool ended;
};

/* An answer on its way; one of no length is the end of the connection. */
struct chunk {
    struct chunk *next;
    struct side *to;
    int64_t due_ns;
    size_t len;
    char data[];
};

static struct chunk *first, **last = &first;
static int64_t delay_ns;
static struct sockaddr_un database = { .sun_family = AF_UNIX };
static int epoll;

static void must(bool held, const char *what)
{
    if (held)
        return;
    perror(what);
    exit(1);
}

static int64_t now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static void end_pair(struct side *side)
{
    struct side *both[] = { side, side->peer };

    for (int i = 0; i < 2; i++)
        if (!both[i]->ended) {
            both[i]->ended = true;
            close(both[i]->fd);
        }
}

static void pass(struct side *to, const char *data, size_t len)
{
    while (len > 0 && !to->ended) {
        ssize_t sent = send(to->fd, data, len, MSG_NOSIGNAL);

        if (sent <= 0) {
            end_pair(to);
            return;
        }
        data += sent;
        len -= (size_t)sent;
    }
}

static void queue(struct side *to, const char *data, size_t len)
{
    struct chunk *chunk = malloc(sizeof *chunk + len);

    must(chunk != NULL, "malloc");
    *chunk = (struct chunk){ .to = to, .len = len };
    chunk->due_ns = now_ns() + delay_ns;
    memcpy(chunk->data, data, len);
    *last = chunk;
    last = &chunk->next;
}

static void pass_due(void)
{
    while (first != NULL && first->due_ns <= now_ns()) {
        struct chunk *chunk = first;

        if ((first = chunk->next) == NULL)
            last = &first;
        if (chunk->len == 0 && !chunk->to->ended)
            end_pair(chunk->to);
        pass(chunk->to, chunk->data, chunk->len);
        free(chunk);
    }
}

static void on_readable(struct side *side)
{
    static char data[CHUNK_BYTES];
    ssize_t len;

    if (side->ended) /* by an event of the same turn */
        return;
    len = recv(side->fd, data, sizeof data, 0);
    if (len <= 0)
        epoll_ctl(epoll, EPOLL_CTL_DEL, side->fd, NULL);
    if (side->answers)
        queue(side->peer, data, len > 0 ? (size_t)len : 0);
    else if (len > 0)
        pass(side->peer, data, (size_t)len);
    else
        end_pair(side);
}

static struct side *watch(int fd, bool answers)
{
    struct side *side = calloc(1, sizeof *side);
    struct epoll_event event = { .events = EPOLLIN, .data.ptr = side };

    must(side != NULL, "calloc");
    side->fd = fd;
    side->answers = answers;
    must(epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) == 0, "epoll_ctl");
    return side;
}

static void on_client(int listener)
{
    int near = accept(listener, NULL, NULL), yes = 1;
    int far = socket(AF_UNIX, SOCK_STREAM, 0);
    struct side *client;

    must(near >= 0 && far >= 0, "accept");
    setsockopt(near, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    must(connect(far, (struct sockaddr *)&database, sizeof database) == 0,
         database.sun_path);
    client = watch(near, false);
    client->peer = watch(far, true);
    client->peer->peer = client;
}

static int listen_at(int port)
{
    struct sockaddr_in address = { .sin_family = AF_INET,
                                   .sin_port = htons((uint16_t)port),
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    int fd = socket(AF_INET, SOCK_STREAM, 0), yes = 1;
    struct epoll_event event = { .events = EPOLLIN };

    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    must(bind(fd, (struct sockaddr *)&address, sizeof address) == 0, "bind");
    must(listen(fd, SOMAXCONN) == 0, "listen");
    must(epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) == 0, "epoll_ctl");
    return fd;
}

/* Until something arrives, or the next answer is due. */
static int wait_for(struct epoll_event *events)
{
    int64_t left_ns = first == NULL ? 0 : first->due_ns - now_ns();
    struct timespec until = { 0 };

    if (left_ns > 0) {
        until.tv_sec = left_ns / 1000000000;
        until.tv_nsec = left_ns % 1000000000;
    }
    return epoll_pwait2(epoll, events, EVENTS, first == NULL ? NULL : &until,
                        NULL);
}

int main(int argc, char **argv)
{
    struct epoll_event events[EVENTS];
    int listener;

    if (argc != 4 || strlen(argv[2]) >= sizeof database.sun_path) {
        fprintf(stderr, "usage: bench_delay PORT SOCKET MICROSECONDS\n");
        return 2;
    }
    strcpy(database.sun_path, argv[2]);
    delay_ns = atoll(argv[3]) * 1000;
    epoll = epoll_create1(0);
    listener = listen_at(atoi(argv[1]));
    prctl(PR_SET_TIMERSLACK, 1UL);
    for (;;) {
        int count = wait_for(events);

        for (int i = 0; i < count; i++) {
            if (events[i].data.ptr == NULL)
                on_client(listener);
            else
                on_readable(events[i].data.ptr);
        }
        pass_due();
    }
}
