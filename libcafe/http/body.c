/* The body of a request: whether it is read, and how far it has come. */
#include "private.h"

/* The length of the body is not 0, or not known yet. */
bool body_announced(const struct request *req)
{
    return req->head.content_length > 0 || req->head.chunked;
}

/* The body is wanted: by the handler, or to give a refused form back. */
bool body_wanted(const struct request *req)
{
    const struct route *route = req->match.route;

    if (req->refusal == 0)
        return true;
    return req->form_kept && route != NULL && route->body_max_bytes > 0 &&
           req->head.content_length <= BODY_READ_MAX_BYTES;
}

bool body_make_room(struct request *req)
{
    const struct route *route = req->match.route;

    if (route->body_max_bytes <= BODY_READ_MAX_BYTES ||
        (!req->head.chunked && req->head.content_length <= BODY_READ_MAX_BYTES))
        return true;
    if (req->server->uploads == UPLOADS_MAX)
        return false;
    req->server->uploads++;
    req->uploading = true;
    req->body.max_bytes = route->body_max_bytes;
    return true;
}

void body_leave(struct request *req)
{
    text_free(&req->body);
    if (req->uploading)
        req->server->uploads--;
}

int64_t body_rate(const struct request *req)
{
    int64_t rate = req->server->config->limits.body_min_rate;

    return req->uploading && rate < UPLOAD_MIN_RATE ? UPLOAD_MIN_RATE : rate;
}

/* A chunked body is read up to the same limits as one with a length, but a
 * route that takes none refuses it with its first byte. */
bool body_begin(struct request *req)
{
    if (!req->head.chunked)
        return true;
    req->chunks = arena_alloc(req->life.arena, sizeof(*req->chunks));
    if (req->chunks == NULL)
        return false;
    if (req->match.route->body_max_bytes > 0)
        req->chunks->max_bytes = req->body.max_bytes;
    return true;
}

/* Move what the buffer has of a body with a length. */
static bool body_take_known(struct connection *connection)
{
    struct request *req = connection->req;
    size_t missing = (size_t)req->head.content_length - req->body.len;
    size_t there = connection->filled - connection->used;
    size_t take = there < missing ? there : missing;

    text_append(&req->body, connection->buffer + connection->used, take);
    connection->used += take;
    return take == missing;
}

/* Decode what the buffer has of a chunked body; its place after the head is
 * free again then. Each byte of the body earns it time, as with a length.
 * Returns the status to refuse with, or 0. */
static int take_chunks(struct connection *connection)
{
    struct request *req = connection->req;
    int64_t rate = body_rate(req);
    struct slice bytes = { connection->buffer + connection->used,
                           connection->filled - connection->used };
    int64_t before = (int64_t)req->body.len * 1000 / rate;
    size_t taken;
    int status = chunks_feed(req->chunks, bytes, &req->body, &taken);

    connection->deadline_ms += (int64_t)req->body.len * 1000 / rate - before;
    connection->used += taken;
    if (connection->used == connection->filled)
        /* The head stays in front: slices of it are in use. */
        connection->used = connection->filled = req->head_len;
    return status;
}

int body_take(struct connection *connection, bool *whole)
{
    struct request *req = connection->req;
    int status;

    if (req->chunks == NULL) {
        *whole = body_take_known(connection);
        return 0;
    }
    status = take_chunks(connection);
    *whole = req->chunks->part == CHUNK_END;
    /* Too long even to be given back: what it was refused for counts. */
    return status == 413 && req->refusal != 0 ? req->refusal : status;
}
