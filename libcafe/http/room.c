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
    /* 16 KiB a second. Whoever reads less gives way. */
    PACE_SLOW = 32 * 1024
};

/* The address that counts: an IPv6 network of 64 bits is one client. */
static uint64_t client_of(const struct request *req)
{
    unsigned char bytes[16] = { 0 };
    uint64_t key;

    /* What is no address is one client, too. */
    if (inet_pton(AF_INET, req->client, bytes) != 1 &&
        inet_pton(AF_INET6, req->client, bytes) != 1)
        return 0;
    memcpy(&key, bytes, sizeof(key));
    return key;
}

static void enlist(struct request *req)
{
    struct place *place = &req->place;
    struct server *server = req->server;

    if (place->previous != NULL)
        return;
    place->client = client_of(req);
    place->next = server->places;
    place->previous = &server->places;
    if (place->next != NULL)
        place->next->place.previous = &place->next;
    server->places = req;
}

void request_set_reserved(struct request *req, size_t bytes)
{
    enlist(req);
    req->server->places_bytes += bytes - req->place.reserved;
    req->place.reserved = bytes;
}

static void release(struct request *req)
{
    request_set_reserved(req, 0);
    if (req->place.held && --req->page->waiting == 0)
        req->server->places_bytes -= req->page->body.capacity;
    req->place.held = false;
}

void room_leave(struct request *req)
{
    struct place *place = &req->place;

    if (place->previous == NULL)
        return;
    release(req);
    *place->previous = place->next;
    if (place->next != NULL)
        place->next->place.previous = place->previous;
    place->previous = NULL;
}

static size_t bytes_of(const struct request *req)
{
    return req->place.held ? req->page->body.capacity : req->place.reserved;
}

/* What one client has; of it, what is being made. */
static size_t bytes_of_client(const struct server *server, uint64_t client,
                              size_t *making)
{
    size_t bytes = 0;

    *making = 0;
    for (const struct request *req = server->places; req != NULL;
         req = req->place.next) {
        if (req->place.client != client)
            continue;
        bytes += bytes_of(req);
        *making += req->place.reserved;
    }
    return bytes;
}

static size_t share_of(const struct server *server)
{
    return (size_t)server->config->limits.answers_max_bytes / 2;
}

/* The one that has more than its share, if anybody has: who has more than half
 * is left over when all that others have is taken from it (Boyer and Moore's
 * vote). False: nobody has. */
static bool find_greedy(const struct server *server, uint64_t *client)
{
    size_t lead = 0, making;

    *client = 0;
    for (const struct request *req = server->places; req != NULL;
         req = req->place.next) {
        size_t bytes = bytes_of(req);

        if (req->place.client == *client) {
            lead += bytes;
        } else if (bytes <= lead) {
            lead -= bytes;
        } else {
            lead = bytes - lead;
            *client = req->place.client;
        }
    }
    return bytes_of_client(server, *client, &making) > share_of(server);
}

/* The slowest of those that wait; of one client, or of all (NULL). */
static struct request *slowest(const struct server *server,
                               const uint64_t *client)
{
    struct request *found = NULL;

    for (struct request *req = server->places; req != NULL;
         req = req->place.next) {
        if (req->place.held &&
            (client == NULL || req->place.client == *client) &&
            (found == NULL || req->place.pace < found->place.pace))
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

    if (found != NULL && found->place.pace >= PACE_SLOW)
        found = modest && find_greedy(server, &client)
                    ? slowest(server, &client)
                    : NULL;
    if (found != NULL)
        answer_cut(found->connection, "others need the memory");
    return found != NULL;
}

/* Have so many bytes free, or most of them: what takes long is not done for
 * one request. */
static bool make_room(struct server *server, size_t bytes, bool modest)
{
    size_t most = (size_t)server->config->limits.answers_max_bytes;
    int cuts = 0;

    while (server->places_bytes > 0 && server->places_bytes + bytes > most) {
        if (cuts++ == CUTS_MAX || !cut_one(server, modest))
            return false;
    }
    return true;
}

bool request_reserve(struct request *req, size_t bytes)
{
    struct server *server = req->server;
    size_t making;
    size_t mine = bytes_of_client(server, client_of(req), &making);
    size_t share = share_of(server);

    if (making > 0 && making + bytes > share)
        return false;
    if (!make_room(server, bytes, mine + bytes <= share))
        return false;
    request_set_reserved(req, bytes);
    return true;
}

void room_hold(struct request *req)
{
    struct server *server = req->server;
    struct place *place = &req->place;
    struct page *page = req->page;

    if (place->held || page->body.len < HELD_MIN_BYTES)
        return;
    request_set_reserved(req, 0);
    if (page->waiting++ == 0) {
        /* What is there is sent, also where there is no room. */
        (void)!make_room(server, page->body.capacity, false);
        server->places_bytes += page->body.capacity;
    }
    place->held = true;
    place->pace = PACE_FIRST;
    place->read = answer_read(req->connection);
}

void room_look(struct server *server)
{
    for (struct request *req = server->places; req != NULL;
         req = req->place.next) {
        struct place *place = &req->place;
        size_t read = place->held ? answer_read(req->connection) : 0;
        size_t more = read > place->read ? read - place->read : 0;

        place->pace -= place->pace / PACE_FADES;
        place->pace += more < LOOK_MAX_BYTES ? more : LOOK_MAX_BYTES;
        place->read = read;
    }
}
