/* A connection's byte stream against a model of it. A real server, driven in
 * this thread, is sent the input in pieces; what it answers has to be what
 * the model works out from the whole. The first two bytes of an input choose
 * the pieces, the limits and the end. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "answers.h"
#include "dial.h"
#include "fuzz.h"
#include "json.h"
#include "pages.h"

enum {
    OUT_MAX_BYTES = 12 * 1024 * 1024,
    TURNS_MAX = 5000,
    LATE_TURNS = 4,
    QUIET_TURNS = 20, /* without a byte, before poll() is asked to wait */
    LOG_MAX_BYTES = 256 * 1024,
    REQUESTS_MAX = EXPECTED_MAX - 2,
    BIG_MAX = 100 /* requests for /big that OUT_MAX_BYTES has room for */
};

/* How a connection ends when all bytes have been sent. */
enum end { END_SHUT, END_EXPIRE, END_STOP, END_OPEN };

/* What the socket is, and whether the client waits for answers. */
enum manner { PLAIN, SMALL_BUFFERS, ABORTED, OVER_TCP };

struct choices {
    enum end end;
    enum manner manner;
    bool draining, late, few_requests, other;
    size_t piece_max; /* 0: all at once */
};

struct client {
    struct server *server;
    int fd;
    int other_fd;  /* -1: there is no other client */
    size_t others; /* connections of others that the server has */
    bool late;
    unsigned turns;
    bool ended; /* the server has closed its side */
    struct slice unsent;
    struct answers answers;
    size_t received;
};

static struct event_base *base;
static struct counters counters;
static struct server_config config;
static struct pages pages;
static int log_file;
static char *out;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    signal(SIGPIPE, SIG_IGN);
    pages_open(&pages);
    base = event_base_new();
    log_file = memfd_create("log", MFD_CLOEXEC);
    out = malloc(OUT_MAX_BYTES);
    config = (struct server_config){
        .name = "fuzz",
        .routes = pages_routes,
        .more_routes = pages_more_routes,
        .app = &pages,
        .more_app = &pages,
        .error_page = pages_error,
        .checks = { { pages_check, NULL, REJECTION_ACCESS } },
        .limits = server_limits_default,
        .log = log_open("fuzz", "0", LOG_JSON, log_file, NULL),
        .log_requests = true,
        .counters = &counters,
    };
    config.limits.head_ms = config.limits.body_ms = 3600 * 1000;
    config.limits.write_ms = config.limits.linger_ms = 3600 * 1000;
    config.limits.idle_ms = 3600 * 1000;
    CHECK(base != NULL && log_file >= 0 && out != NULL && config.log != NULL);
    return 0;
}

static struct choices choose(struct slice *input)
{
    unsigned first = fuzz_take(input);
    unsigned second = fuzz_take(input);

    return (struct choices){ .end = (enum end)(first & 3),
                             .draining = (first & 4) != 0,
                             .late = (first & 8) != 0,
                             .few_requests = (first & 16) != 0,
                             .other = (first & 32) != 0,
                             .manner = (enum manner)(first >> 6),
                             .piece_max = second };
}

/* Another client, which says nothing: with TCP there is no room for it. */
static void dial_other(struct client *client, enum manner manner)
{
    if (manner == OVER_TCP) {
        client->other_fd = dial_again(client->server);
        dial_expect_refusal(client->server, client->other_fd);
    } else {
        client->other_fd = dial_pair(client->server, "::ffff:192.0.2.1", false);
        client->others = 1;
    }
}

static void dial(struct client *client, const struct choices *choices)
{
    if (choices->manner == OVER_TCP)
        client->fd = dial_tcp(client->server);
    else
        client->fd = dial_pair(client->server, "2001:db8::1",
                               choices->manner == SMALL_BUFFERS);
    if (choices->other)
        dial_other(client, choices->manner);
}

/* Read what has come. Returns whether there was anything. */
static bool receive(struct client *client)
{
    ssize_t got = recv(client->fd, out + client->received,
                       OUT_MAX_BYTES - client->received, 0);

    CHECK(got >= 0 || errno == EAGAIN || errno == ECONNRESET);
    if (got <= 0) {
        client->ended = client->ended || got == 0 || errno == ECONNRESET;
        return false;
    }
    client->received += (size_t)got;
    client->answers.bytes.len += (size_t)got;
    return true;
}

/* One turn of the loop, and what came of it. */
static bool turn(struct client *client)
{
    event_base_loop(base, EVLOOP_NONBLOCK);
    if (!client->late || ++client->turns % LATE_TURNS == 0)
        pages_answer_later(&pages);
    return receive(client);
}

/* Send everything, at most `max` bytes a turn. The server may have closed. */
static void send_all(struct client *client, size_t max)
{
    int turns = 0;

    while (client->unsent.len > 0 && turns++ < TURNS_MAX) {
        size_t len = client->unsent.len;
        ssize_t sent;

        len = max > 0 && len > max ? max : len;
        sent = send(client->fd, client->unsent.data, len, MSG_NOSIGNAL);
        if (sent < 0 && errno != EAGAIN)
            return;
        client->unsent.data += sent > 0 ? sent : 0;
        client->unsent.len -= sent > 0 ? (size_t)sent : 0;
        turn(client);
    }
}

/* Turn until all answers are there, and the end if there has to be one. */
static void settle(struct client *client, const struct model *model, bool ends)
{
    struct pollfd readable = { .fd = client->fd, .events = POLLIN };
    int quiet = 0;
    int turns = 0;
    bool complete = false;

    while (turns++ < TURNS_MAX && (!complete || (ends && !client->ended))) {
        quiet = turn(client) ? 0 : quiet + 1;
        if (quiet > QUIET_TURNS)
            poll(&readable, 1, 1);
        complete = answers_check(&client->answers, model);
    }
    CHECK(complete);
    CHECK(client->ended == ends);
    for (turns = 0; turns < 3; turns++)
        CHECK(!turn(client));
    CHECK(client->ended == ends);
}

/* Its deadline passes; others were there later and stand before it. */
static void expire(struct server *server, size_t others)
{
    struct connection *connection = server->connections;

    if (others > 0)
        connection = connection->next;
    connection->deadline_ms = 0;
    event_active(server->sweep, EV_TIMEOUT, 0);
}

/* All bytes have been sent and read: end the connection in one of the ways,
 * and see that nothing comes that should not. */
static void finish(struct client *client, struct model *model, enum end end)
{
    struct server *server = client->server;

    settle(client, model, model->closed);
    if (end == END_SHUT || model->closed) {
        shutdown(client->fd, SHUT_WR);
        settle(client, model, true);
        CHECK(server_connections(server) == client->others);
    } else if (end == END_EXPIRE) {
        expire(server, client->others);
        model_expire(model);
        settle(client, model, true);
    } else if (end == END_STOP) {
        server_stop(server);
        settle(client, model, model->rest == REST_NONE);
    }
}

/* Every line that was logged is JSON. */
static void check_log(void)
{
    static char bytes[LOG_MAX_BYTES];
    struct slice lines = { bytes, 0 };
    ssize_t len;

    log_flush(config.log);
    len = pread(log_file, bytes, sizeof(bytes), 0);
    CHECK(len >= 0);
    lines.len = (size_t)len;
    while (lines.len > 0)
        CHECK(json_valid(slice_cut(&lines, '\n')));
    CHECK(ftruncate(log_file, 0) == 0 && lseek(log_file, 0, SEEK_SET) == 0);
}

static void serve(struct client *client, struct model *model,
                  const struct choices *choices)
{
    CHECK(server_open(base, &config, &client->server) == OK);
    if (choices->draining)
        server_drain(client->server);
    dial(client, choices);
    send_all(client, choices->piece_max);
    if (choices->manner == ABORTED) {
        shutdown(client->fd, SHUT_RD);
        turn(client);
    } else {
        finish(client, model, choices->end);
    }
    close(client->fd);
    if (client->other_fd >= 0)
        close(client->other_fd);
    event_base_loop(base, EVLOOP_NONBLOCK);
    server_close(client->server);
    pages.later = NULL; /* went with its connection */
}

static bool has_room(const struct model *model)
{
    size_t big = 0;

    for (size_t i = 0; i < model->count; i++)
        big += model->answers[i].page == pages.big;
    return big <= BIG_MAX;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct model model;
    struct slice bytes = fuzz_slice(data, size);
    struct choices choices = choose(&bytes);
    struct client client = { .other_fd = -1,
                             .late = choices.late,
                             .unsent = bytes,
                             .answers = { .bytes = { out, 0 } } };

    config.limits.connections_max = choices.manner == OVER_TCP ? 1 : 2;
    config.limits.requests_max = choices.few_requests ? 2 : REQUESTS_MAX;
    model.config = &config;
    model.draining = choices.draining;
    model_make(&model, bytes);
    if (!has_room(&model))
        return 0;
    serve(&client, &model, &choices);
    check_log();
    CHECK(pages.begun == pages.ended);
    CHECK(counter_get(&counters, COUNTER_REQUESTS_ACTIVE) == 0);
    CHECK(counter_get(&counters, COUNTER_CONNECTIONS_OPEN) == 0);
    return 0;
}
