/*
 * Memory of answers: of those that are being made, and of those that wait for
 * clients who have not read them yet. It is bounded, and clients that hardly
 * read never keep others out: where there is no room they are cut off.
 *
 * How fast a client reads is told by what it has acknowledged. A load balancer
 * reads for its clients no further than its buffers go, so it tells their pace.
 */
#include <arpa/inet.h>
#include <string.h>

#include "private.h"

enum {
    HELD_MIN_BYTES = 64 * 1024, /* shorter answers are never cut off */
    CUTS_MAX = 64,
    /* Bytes that count of half a second, so that a buffer full at once tells
     * nothing of what follows. */
    LOOK_MAX_BYTES = 32 * 1024,
    /* A quarter of the pace goes each time, so it is that of two seconds. */
    PACE_FADES = 4,
    PACE_FIRST = 2 * LOOK_MAX_BYTES, /* for a second and a half */
    /* 16 KiB per second. Clients that read less give way. */
    PACE_SLOW = 32 * 1024
};

/* The address that counts: an IPv6 network of 64 bits is one client. */
static uint64_t client_of(const struct request *req)
{
    unsigned char bytes[16] = { 0 };
    uint64_t key;

    /* What is no address is one client, too. */
    if (inet_pton(AF_INET, req->life.client, bytes) != 1 &&
        inet_pton(AF_INET6, req->life.client, bytes) != 1)
        return 0;
    memcpy(&key, bytes, sizeof(key));
    return key;
}

static void room_enlist(struct request *req)
{
    struct room *room = &req->room;
    struct server *server = req->server;

    if (room->previous != NULL)
        return;
    room->client = client_of(req);
    room->next = server->answers;
    room->previous = &server->answers;
    if (room->next != NULL)
        room->next->room.previous = &room->next;
    server->answers = req;
}

void request_set_reserved(struct request *req, size_t bytes)
{
    room_enlist(req);
    req->server->answers_bytes += bytes - req->room.reserved;
    req->room.reserved = bytes;
}

static void room_release(struct request *req)
{
    request_set_reserved(req, 0);
    if (req->room.held && --req->page->waiting == 0)
        req->server->answers_bytes -= req->page->body.capacity;
    req->room.held = false;
}

void room_leave(struct request *req)
{
    struct room *room = &req->room;

    if (room->previous == NULL)
        return;
    room_release(req);
    *room->previous = room->next;
    if (room->next != NULL)
        room->next->room.previous = room->previous;
    room->previous = NULL;
}

static size_t room_bytes_of(const struct request *req)
{
    return req->room.held ? req->page->body.capacity : req->room.reserved;
}

/* What one client has; of it, what is being made. */
static size_t bytes_of_client(const struct server *server, uint64_t client,
                              size_t *making)
{
    size_t bytes = 0;

    *making = 0;
    for (const struct request *req = server->answers; req != NULL;
         req = req->room.next) {
        if (req->room.client != client)
            continue;
        bytes += room_bytes_of(req);
        *making += req->room.reserved;
    }
    return bytes;
}

static size_t share_of(const struct server *server)
{
    return (size_t)server->config->limits.answers_max_bytes / 2;
}

/* The one that has more than its share, if there is one: taking from it what
 * all others have leaves something only if it has more than half (Boyer and
 * Moore's vote). False: there is none. */
static bool find_greedy(const struct server *server, uint64_t *client)
{
    size_t lead = 0, making;

    *client = 0;
    for (const struct request *req = server->answers; req != NULL;
         req = req->room.next) {
        size_t bytes = room_bytes_of(req);

        if (req->room.client == *client) {
            lead += bytes;
        } else if (bytes <= lead) {
            lead -= bytes;
        } else {
            lead = bytes - lead;
            *client = req->room.client;
        }
    }
    return bytes_of_client(server, *client, &making) > share_of(server);
}

/* The slowest of those that wait; of one client, or of all (NULL). */
static struct request *slowest(const struct server *server,
                               const uint64_t *client)
{
    struct request *found = NULL;

    for (struct request *req = server->answers; req != NULL;
         req = req->room.next) {
        if (req->room.held && (client == NULL || req->room.client == *client) &&
            (found == NULL || req->room.pace < found->room.pace))
            found = req;
    }
    return found;
}

/* Cut one off: the slowest, if it hardly reads; else, for a client that is
 * within its share, the slowest of one that is not. False: there is none. */
static bool cut_one(struct server *server, bool modest)
{
    struct request *found = slowest(server, NULL);
    uint64_t client;

    if (found != NULL && found->room.pace >= PACE_SLOW)
        found = modest && find_greedy(server, &client)
                    ? slowest(server, &client)
                    : NULL;
    if (found != NULL)
        answer_cut(found->connection, "others need the memory");
    return found != NULL;
}

/* Have so many bytes free, beside what the same answer has already (own), or
 * most of them: what takes long is not done for one request. */
static bool room_make_room(struct server *server, size_t own, size_t bytes,
                           bool modest)
{
    size_t most = (size_t)server->config->limits.answers_max_bytes;
    int cuts = 0;

    while (server->answers_bytes > own &&
           server->answers_bytes + bytes > most) {
        if (cuts++ == CUTS_MAX || !cut_one(server, modest))
            return false;
    }
    return true;
}

bool request_reserve(struct request *req, size_t bytes)
{
    struct server *server = req->server;
    size_t own = req->room.reserved;
    size_t share = share_of(server);
    size_t making;
    size_t mine = bytes_of_client(server, client_of(req), &making) - own;

    if (bytes > own) {
        if (making > own && making - own + bytes > share)
            return false;
        if (!room_make_room(server, own, bytes - own, mine + bytes <= share))
            return false;
    }
    request_set_reserved(req, bytes);
    return true;
}

void room_hold(struct request *req)
{
    struct server *server = req->server;
    struct room *room = &req->room;
    struct page *page = req->page;

    if (room->held || page->body.len < HELD_MIN_BYTES)
        return;
    request_set_reserved(req, 0);
    if (page->waiting++ == 0) {
        /* What is there is sent, also where there is no room. */
        (void)!room_make_room(server, 0, page->body.capacity, false);
        server->answers_bytes += page->body.capacity;
    }
    room->held = true;
    room->pace = PACE_FIRST;
    room->read = answer_read(req->connection);
}

void room_look(struct server *server)
{
    for (struct request *req = server->answers; req != NULL;
         req = req->room.next) {
        struct room *room = &req->room;
        size_t read = room->held ? answer_read(req->connection) : 0;
        size_t more = read > room->read ? read - room->read : 0;

        room->pace -= room->pace / PACE_FADES;
        room->pace += more < LOOK_MAX_BYTES ? more : LOOK_MAX_BYTES;
        room->read = read;
    }
}
