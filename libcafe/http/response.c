/* Answers: how a request ends, what its head says, and its line in the log. */
#include "cafe/http/response.h"

#include <assert.h>

#include "cafe/base/clock.h"
#include "grammar.h"
#include "private.h"

static const struct {
    int status;
    const char *reason;
} reasons[] = {
    { 200, "OK" },
    { 201, "Created" },
    { 204, "No Content" },
    { 303, "See Other" },
    { 304, "Not Modified" },
    { 400, "Bad Request" },
    { 401, "Unauthorized" },
    { 403, "Forbidden" },
    { 404, "Not Found" },
    { 405, "Method Not Allowed" },
    { 408, "Request Timeout" },
    { 409, "Conflict" },
    { 410, "Gone" },
    { 412, "Precondition Failed" },
    { 413, "Content Too Large" },
    { 414, "URI Too Long" },
    { 415, "Unsupported Media Type" },
    { 421, "Misdirected Request" },
    { 422, "Unprocessable Content" },
    { 428, "Precondition Required" },
    { 429, "Too Many Requests" },
    { 431, "Request Header Fields Too Large" },
    { 500, "Internal Server Error" },
    { 501, "Not Implemented" },
    { 503, "Service Unavailable" },
    { 505, "HTTP Version Not Supported" },
};

const char *status_reason(int status)
{
    for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++) {
        if (reasons[i].status == status)
            return reasons[i].reason;
    }
    return "Unknown";
}

int status_of_error(enum error err)
{
    switch (err) {
    case OK:
        return 200;
    case ERROR_NOT_FOUND:
        return 404;
    case ERROR_CONFLICT:
        return 409;
    case ERROR_SYNTAX:
    case ERROR_LIMIT:
        return 400;
    case ERROR_DB_VALUE:
        return 422;
    case ERROR_MEMORY:
    case ERROR_BUSY:
    case ERROR_DEADLINE:
    case ERROR_STOPPING:
    case ERROR_DB_AWAY:
    case ERROR_DB_RETRY:
    case ERROR_DB_STATEMENT:
    case ERROR_DB_UNKNOWN:
    case ERROR_DB_SCHEMA:
    case ERROR_DB_TRIGGERS:
        return 503;
    case ERROR_SYSTEM:
    case ERROR_CONFIG:
    case ERROR_DB_DUPLICATE:
    case ERROR_DB:
        return 500;
    }
    return 500;
}

struct page *page_plain(int status, const char *text)
{
    struct page *page;
    struct text body;

    text_init(&body, 0);
    text_append_string(&body, text);
    page = page_data(status, "text/plain; charset=utf-8", "no-store", &body);
    if (page == NULL)
        text_free(&body);
    return page;
}

/* RFC 9110 13.1.2: a weak comparison with each member, or "*". A comma inside
 * of a tag would cut it in two; ours have none. */
static bool etag_matches(struct slice list, const char *etag)
{
    struct slice member;

    while ((member = grammar_next_member(&list)).data != NULL) {
        if (slice_starts(member, "W/"))
            member = (struct slice){ member.data + 2, member.len - 2 };
        if (slice_is(member, etag) || slice_is(member, "*"))
            return true;
    }
    return false;
}

static bool is_unchanged(const struct request *req, const struct page *page)
{
    return (req->head.method & (GET | HEAD)) && page->status == 200 &&
           page->etag[0] != '\0' &&
           etag_matches(request_field(req, "if-none-match"), page->etag);
}

void response_add(struct request *req, const char *name, const char *value)
{
    const char *extra = arena_printf(req->life.arena, "%s%s: %s\r\n",
                                     req->extra != NULL ? req->extra : "", name,
                                     value);

    if (extra != NULL)
        req->extra = extra;
}

void respond_page(struct request *req, struct page *page)
{
    if (req->connection->given_up) { /* too late */
        page_unref(page);
        connection_handed_back(req->connection);
        return;
    }
    /* A second answer would be written over the first, half-sent one: a fault
     * of a handler. */
    assert(!req->answered && "answered twice");
    if (page != NULL && page->failed) {
        page_unref(page);
        page = NULL;
    }
    if (page == NULL)
        page = page_plain(500, "The server is out of memory. Try again.\n");
    req->answered = true;
    req->page = page;
    req->status = page != NULL ? page->status : 500;
    if (page != NULL && is_unchanged(req, page))
        req->status = 304;
    /* Without the arena: give_up() answers while another thread has it. */
    if (req->status == 503 && req->extra == NULL)
        req->extra = "Retry-After: 2\r\n";
    req->bodyless = req->status == 304 || req->head.method == HEAD;
    /* A handler that answers at once is called by connection_advance(), which
     * goes on with the answer itself. */
    if (!req->connection->advancing)
        connection_advance(req->connection);
}

/* Which methods there are depends on the request and so is not the page's. */
static void add_allow(struct request *req)
{
    struct text allow;

    text_init(&allow, 0);
    router_allow(req->match.allowed, &allow);
    response_add(req, "Allow", text_string(&allow));
    text_free(&allow);
}

void respond_error(struct request *req, int status)
{
    error_page_fn *make = req->server->config->error_page;
    struct page *page = NULL;

    if (status == 405)
        add_allow(req);
    /* A page is made for a path; without a whole head there is none. */
    if (make != NULL && req->head_complete)
        page = make(req->server->config->app, req, status);
    if (page == NULL) {
        const char *text = arena_printf(req->life.arena, "%d %s\n", status,
                                        status_reason(status));

        page = page_plain(status, text != NULL ? text : "");
    }
    respond_page(req, page);
}

void respond_allowed(struct request *req)
{
    add_allow(req);
    respond_page(req, page_plain(204, ""));
}

void respond_see_other(struct request *req, const char *location)
{
    struct page *page = page_plain(303, "");

    if (page != NULL)
        page_field(page, "Location", location);
    respond_page(req, page);
}

void respond_plain(struct request *req, int status, const char *text)
{
    respond_page(req, page_plain(status, text));
}

/* Put together by hand: this runs for each answer, and printf() would be a
 * tenth of what the daemon itself spends on one. */
void response_head(struct request *req, bool closing)
{
    struct text *head = &req->server->scratch;

    text_reset(head);
    text_append_slice(head, SLICE("HTTP/1.1 "));
    text_append_number(head, (uint64_t)req->status);
    text_append_char(head, ' ');
    text_append_string(head, status_reason(req->status));
    text_append_slice(head, SLICE("\r\nDate: "));
    text_append_string(head, date_now(&req->server->date));
    text_append_slice(head, SLICE("\r\n"));
    text_append_slice(head, text_slice(&req->page->fields));
    if (req->extra != NULL)
        text_append_string(head, req->extra);
    /* RFC 6797: for a year, no plain HTTP. */
    if (req->encrypted)
        text_append_slice(
            head, SLICE("Strict-Transport-Security: max-age=31536000\r\n"));
    /* RFC 9110 8.6: not with 204; with 304 it would be the length of the body
     * that is not sent. */
    if (req->status != 204 && req->status != 304) {
        text_append_slice(head, SLICE("Content-Length: "));
        text_append_number(head, req->page->body.len);
        text_append_slice(head, SLICE("\r\n"));
    }
    text_append_slice(head, SLICE("X-Request-Id: "));
    text_append_string(head, req->id);
    text_append_slice(head, closing ? SLICE("\r\nConnection: close\r\n\r\n")
                                    : SLICE("\r\n\r\n"));
}

/* Probes are not worth a line, whatever their answer. */
static enum log_level level_of(const struct request *req)
{
    const struct route *route = req->match.route;

    if (route != NULL && (route->flags & ROUTE_QUIET))
        return LOG_DEBUG;
    return req->status >= 500 ? LOG_ERROR : LOG_INFO;
}

void response_note(const struct request *req)
{
    const struct server_config *config = req->server->config;
    const struct route *route = req->match.route;
    size_t body_len = req->bodyless ? 0 : req->page->body.len;
    const char *user = req->user != NULL ? req->user : "";
    int64_t took_us = clock_monotonic_us() - req->started_us;

    /* Counted even if the line is not logged. */
    durations_add(req->server->durations, route, req->head.method, req->status,
                  took_us);
    if (!config->log_requests)
        return;
    log_line(
        config->log, level_of(req), "request",
        LOG_STRING("request_id", req->id),
        LOG_STRING("trace_id", req->trace_id),
        LOG_STRING("method", method_name(req->head.method)),
        LOG_STRING("route", route ? route->path : ""),
        LOG_SLICE("path", req->head_complete ? req->head.path : SLICE("")),
        LOG_NUMBER("status", req->status),
        LOG_STRING("reason", rejection_name(req->rejection)),
        LOG_DECIMAL("duration_ms", (double)took_us / 1000),
        LOG_DECIMAL("db_ms", (double)req->life.waited_us / 1000),
        LOG_NUMBER("bytes_out", (int64_t)(req->server->scratch.len + body_len)),
        LOG_STRING("client_ip", req->life.client), LOG_STRING("user", user),
        LOG_END);
}
