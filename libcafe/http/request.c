/* What a handler may ask of a request, and what is settled before it runs. */
#include "cafe/http/request.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "cafe/base/clock.h"
#include "private.h"

static bool peer_is_believed(const struct request *req)
{
    const struct server_config *config = req->server->config;

    return config->believe != NULL &&
           config->believe(config->believe_context, request_peer(req));
}

/* Several fields contradict each other, or come from several proxies. */
static void adopt_scheme(struct request *req)
{
    static const char name[] = "x-forwarded-proto";

    req->encrypted = slice_is_nocase(head_field(&req->head, name), "https") &&
                     head_field_count(&req->head, name) == 1 &&
                     peer_is_believed(req);
}

/* A trusted peer's own id, where it is a valid one, takes the place of ours. */
static void adopt_id(struct request *req)
{
    struct slice given = head_field(&req->head, "x-request-id");
    const char *copy = NULL;

    if (request_id_valid(given) && peer_is_believed(req))
        copy = arena_copy(req->life.arena, given.data, given.len);
    if (copy != NULL)
        req->id = copy;
}

struct request *request_open(struct connection *connection)
{
    struct arena *arena = spares_take_arena(&connection->server->spares);
    struct request *req =
        arena != NULL ? arena_alloc_table(arena, sizeof(*req),
                                          offsetof(struct request, head.fields))
                      : NULL;

    if (req == NULL) {
        arena_close(arena);
        return NULL;
    }
    req->life.arena = arena;
    req->connection = connection;
    req->server = connection->server;
    req->life.client = connection->peer_text;
    /* Before the head is read: a refusal of it has an id, too. */
    req->id = request_ids_next(&req->server->ids, arena);
    req->started_us = clock_monotonic_us();
    text_init(&req->body, BODY_READ_MAX_BYTES);
    counter_add(req->server->config->counters, COUNTER_REQUESTS_ACTIVE, 1);
    return req;
}

void request_close(struct request *req)
{
    if (req == NULL)
        return;
    lifetime_end(&req->life);
    room_leave(req);
    counter_add(req->server->config->counters, COUNTER_REQUESTS_ACTIVE, -1);
    /* After the hooks, which may look at the request; the arena last, since the
     * request itself lies in it. */
    page_unref(req->page);
    body_leave(req);
    spares_give_arena(&req->server->spares, req->life.arena);
}

/* Ask the checks that were not asked yet; the first refusal counts. */
static int ask_checks(struct request *req)
{
    const struct server_check *checks = req->server->config->checks;

    for (; req->check < SERVER_CHECKS_MAX && checks[req->check].check != NULL;
         req->check++) {
        const struct server_check *check = &checks[req->check];
        int status = check->check(check->context, req);

        if (status == 0)
            continue;
        if (status != CHECK_LATER)
            request_reject(req, check->why);
        return status;
    }
    return 0;
}

/* What every path has; a row of a table may have its own. */
static const struct route options_route = { OPTIONS, "*", respond_allowed, 0,
                                            ROUTE_ROLES };

/* All checks have been asked, or one has refused it, or will say later. */
static bool settle(struct request *req, int status)
{
    const struct route *route = req->match.route;

    if (status == CHECK_LATER)
        return false;
    req->refusal = status;
    req->refused = status != 0;
    if (req->refusal == 0 && route == NULL)
        req->refusal = req->match.allowed ? 405 : 404;
    /* A form that is too long can still come back to its author, filled in. */
    if (req->refusal == 0 &&
        req->head.content_length > (int64_t)route->body_max_bytes) {
        req->refusal = 413;
        req->form_kept = true;
        request_reject(req, REJECTION_LIMIT);
    }
    if (req->refusal == 0 && !body_make_room(req)) {
        req->refusal = 503;
        request_explain(req, "Another file is being uploaded. Try again in a "
                             "minute.");
        request_reject(req, REJECTION_LIMIT);
    }
    return true;
}

bool request_route_it(struct request *req)
{
    adopt_id(req);
    adopt_scheme(req);
    trace_find(&req->head, req->trace_id);
    router_match(req->server->tables, 2, req->head.method, req->head.path,
                 &req->match);
    if (req->match.route == NULL && req->match.allowed != 0 &&
        req->head.method == OPTIONS)
        req->match.route = &options_route;
    /* Before 404 and 405, so that a client without access can't find out which
     * paths exist. */
    return settle(req, req->match.flags & ROUTE_OPEN ? 0 : ask_checks(req));
}

bool request_go_on(struct request *req, int status)
{
    const struct server_check *check =
        &req->server->config->checks[req->check++];

    if (status != 0)
        request_reject(req, check->why);
    return settle(req, status != 0 ? status : ask_checks(req));
}

void *request_app(const struct request *req)
{
    const struct server_config *config = req->server->config;

    return req->match.table == 0 ? config->app : config->more_app;
}

struct arena *request_arena(struct request *req)
{
    return req->life.arena;
}

const struct request_head *request_head(const struct request *req)
{
    return &req->head;
}

enum method request_method(const struct request *req)
{
    return req->head.method;
}

const struct route *request_route(const struct request *req)
{
    return req->match.route;
}

bool request_refused(const struct request *req)
{
    return req->refused;
}

void request_keep_form(struct request *req)
{
    req->form_kept = true;
}

bool request_form_kept(const struct request *req)
{
    return req->form_kept && req->body_read && req->body.len > 0;
}

void *request_own(const struct request *req)
{
    return req->own;
}

void request_set_own(struct request *req, void *own)
{
    req->own = own;
}

struct slice request_param(const struct request *req, const char *name)
{
    for (size_t i = 0; i < req->match.param_count; i++) {
        if (slice_is(req->match.params[i].name, name))
            return req->match.params[i].value;
    }
    return (struct slice){ NULL, 0 };
}

enum error request_param_id(const struct request *req, const char *name,
                            int64_t *id)
{
    return slice_id(request_param(req, name), id) == OK ? OK : ERROR_NOT_FOUND;
}

struct slice request_field(const struct request *req, const char *name)
{
    return head_field(&req->head, name);
}

struct slice request_body(const struct request *req)
{
    return text_slice(&req->body);
}

bool request_has_form(const struct request *req)
{
    struct slice type = request_field(req, "content-type");

    return slice_is_nocase(slice_trim(slice_cut(&type, ';')),
                           "application/x-www-form-urlencoded");
}

enum error request_form(struct request *req, const struct form **form)
{
    if (!req->form_parsed) {
        req->form_parsed = true;
        if (!request_has_form(req))
            req->form_error = ERROR_NOT_FOUND;
        else
            req->form_error =
                form_parse(req->life.arena, request_body(req), &req->form);
    }
    if (req->form_error == OK)
        *form = &req->form;
    return req->form_error;
}

enum error request_query(struct request *req, const struct form **form)
{
    if (!req->query_parsed) {
        req->query_parsed = true;
        req->query_error =
            form_parse(req->life.arena, req->head.query, &req->query);
    }
    if (req->query_error == OK)
        *form = &req->query;
    return req->query_error;
}

const struct sockaddr *request_peer(const struct request *req)
{
    return &req->connection->peer.any;
}

bool request_encrypted(const struct request *req)
{
    return req->encrypted;
}

bool request_peer_ended(const struct request *req)
{
    const struct connection *connection = req->connection;
    char byte;
    ssize_t got;

    if (connection->given_up)
        return true;
    got = recv(connection->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    return got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR);
}

const char *request_client(const struct request *req)
{
    return req->life.client;
}

void request_set_client(struct request *req, const char *client)
{
    const char *copy = arena_copy(req->life.arena, client, strlen(client));

    if (copy != NULL)
        req->life.client = copy;
}

const char *request_user(const struct request *req)
{
    return req->user;
}

void request_set_user(struct request *req, const char *user)
{
    req->user = arena_copy(req->life.arena, user, strlen(user));
}

unsigned request_role(const struct request *req)
{
    return req->role;
}

void request_set_role(struct request *req, unsigned role)
{
    req->role = role;
}

const char *request_id(const struct request *req)
{
    return req->id;
}

void request_reject(struct request *req, enum rejection why)
{
    if (req->rejection != REJECTION_NONE)
        return;
    req->rejection = why;
    counter_reject(req->server->config->counters, why);
}

const char *request_explanation(const struct request *req)
{
    return req->explanation;
}

void request_explain(struct request *req, const char *text)
{
    req->explanation = text;
}

struct lifetime *request_life(struct request *req)
{
    return &req->life;
}

struct request *request_of(struct lifetime *life)
{
    return (struct request *)((char *)life - offsetof(struct request, life));
}
