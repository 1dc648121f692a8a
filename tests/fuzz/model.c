/* Reads a connection's bytes from front to back, without any of the waiting,
 * and says what has to be answered. */
#include "answers.h"
#include "cafe/base/hash.h"
#include "chunked.h"
#include "fuzz.h"
#include "pages.h"

/* A body over its route's limit is read up to here. */
enum { READ_MAX_BYTES = 1024 * 1024 };

void model_echo(const struct request_head *head, struct slice body, char *text)
{
    snprintf(text, EXPECTED_BODY_MAX_BYTES, "%s %zu %llx %zu %llx %zu\n",
             method_name(head->method), head->target.len,
             (unsigned long long)hash_short(head->target), body.len,
             (unsigned long long)hash_short(body), head->field_count);
}

void model_error(int status, char *text)
{
    snprintf(text, EXPECTED_BODY_MAX_BYTES, "status %d\n", status);
}

static struct expected *add(struct model *model, int status)
{
    struct expected *answer = &model->answers[model->count++];

    CHECK(model->count < EXPECTED_MAX);
    memset(answer, 0, sizeof(*answer));
    answer->status = status;
    return answer;
}

/* The body of an error that is noticed before the head is complete, and of
 * 404: the server's own. */
static void plain_error(struct expected *answer)
{
    snprintf(answer->body, sizeof(answer->body), "%d %s\n", answer->status,
             status_reason(answer->status));
}

static void close_with(struct model *model, int status, enum method method)
{
    struct expected *answer = add(model, status);

    plain_error(answer);
    answer->ending = CLOSES;
    answer->bodyless = method == HEAD;
    model->closed = true;
}

/* The answer that the handler of a row gives. */
static void fill_page(const struct model *model, struct expected *answer,
                      const struct route *route,
                      const struct request_head *head, struct slice body)
{
    const struct pages *pages = model->config->app;

    answer->status = 200;
    if (slice_is(slice_of(route->path), "/big")) {
        answer->page = pages->big;
    } else if (slice_is(slice_of(route->path), "/tag")) {
        answer->page = pages->tagged;
        answer->may_be_304 = (head->method & (GET | HEAD)) &&
                             head_field_count(head, "If-None-Match") > 0;
    } else if (slice_is(slice_of(route->path), "/none")) {
        answer->status = 204;
    } else if (slice_is(slice_of(route->path), "/see")) {
        answer->status = 303;
    } else if (slice_is(slice_of(route->path), "/fault")) {
        answer->status = 500;
        strcpy(answer->body, "The server is out of memory. Try again.\n");
    } else {
        model_echo(head, body, answer->body);
    }
}

/* Every path has OPTIONS, also where no row says so. */
static bool is_options(const struct request_head *head,
                       const struct route_match *match)
{
    return match->route == NULL && match->allowed != 0 &&
           head->method == OPTIONS;
}

/* The longest body that the request may have. */
static size_t body_max(const struct route_match *match)
{
    return match->route != NULL ? match->route->body_max_bytes : 0;
}

static int refusal_of(const struct request_head *head,
                      const struct route_match *match)
{
    bool checked = !(match->flags & ROUTE_OPEN);

    if (checked && head_field(head, "X-Refuse").data != NULL)
        return 403;
    if (match->route == NULL && !is_options(head, match))
        return match->allowed ? 405 : 404;
    return head->content_length > (int64_t)body_max(match) ? 413 : 0;
}

/* Too large for the route, but read to its end all the same. */
static bool is_read(int refusal, const struct request_head *head,
                    const struct route_match *match)
{
    return refusal == 0 ||
           (refusal == 413 && head->content_length <= READ_MAX_BYTES &&
            body_max(match) > 0);
}

/* A body, as far as it is there. */
struct body {
    bool complete;
    int refusal;       /* that it brings about, or 0 */
    size_t used;       /* bytes that are the request's */
    struct slice data; /* borrowed, of a chunked one from `decoded` */
};

static void take_known(const struct request_head *head, struct slice rest,
                       struct body *body)
{
    body->complete = rest.len >= (size_t)head->content_length;
    body->used = body->complete ? (size_t)head->content_length : rest.len;
    body->data = (struct slice){ rest.data, body->used };
}

static void take_chunks(const struct route_match *match, struct slice rest,
                        struct text *decoded, struct body *body)
{
    static struct chunk_reader reader;

    memset(&reader, 0, sizeof(reader));
    reader.max_bytes = body_max(match) > 0 ? READ_MAX_BYTES : 0;
    body->refusal = chunks_feed(&reader, rest, decoded, &body->used);
    body->data = text_slice(decoded);
    body->complete = reader.part == CHUNK_END || body->refusal != 0;
}

static void add_answer(struct model *model, const struct request_head *head,
                       const struct route_match *match, int refusal,
                       struct slice body)
{
    struct expected *answer = add(model, refusal);

    answer->bodyless = head->method == HEAD;
    if (refusal == 404)
        plain_error(answer);
    else if (refusal != 0)
        model_error(refusal, answer->body);
    else if (is_options(head, match))
        *answer = (struct expected){ .status = 204, .options = true };
    else
        fill_page(model, answer, match->route, head, body);
}

/* A complete head and what is there of its body. Returns how much of that is
 * the request's. */
static size_t add_body(struct model *model, const struct request_head *head,
                       const struct route_match *match, struct slice rest,
                       struct text *decoded)
{
    struct body body = { .complete = true };
    int refusal = refusal_of(head, match);
    bool read = is_read(refusal, head, match);
    bool announced = head->content_length > 0 || head->chunked;
    bool continues = read && announced && head->expects_continue;

    if (read && head->chunked)
        take_chunks(match, rest, decoded, &body);
    else if (read)
        take_known(head, rest, &body);
    if (!body.complete) {
        model->rest = REST_BODY;
        model->rest_method = head->method;
        model->rest_may_continue = continues;
        return rest.len;
    }
    if (body.refusal == 0 && head->chunked && refusal == 0 &&
        body.data.len > body_max(match))
        refusal = 413;
    add_answer(model, head, match, body.refusal ? body.refusal : refusal,
               body.data);
    model->answers[model->count - 1].may_continue = continues;
    model->closed = !head->keep_alive || model->draining || body.refusal != 0 ||
                    (!read && announced) ||
                    (int64_t)model->count >= model->config->limits.requests_max;
    model->answers[model->count - 1].ending = model->closed ? CLOSES : STAYS;
    return body.used;
}

static size_t add_request(struct model *model, const struct request_head *head,
                          struct slice rest)
{
    const struct server_config *config = model->config;
    const struct route *tables[2] = { config->routes, config->more_routes };
    struct route_match match;
    struct text decoded;
    size_t used;

    router_match(tables, 2, head->method, head->path, &match);
    text_init(&decoded, 0);
    used = add_body(model, head, &match, rest, &decoded);
    text_free(&decoded);
    return used;
}

void model_make(struct model *model, struct slice bytes)
{
    static struct request_head head;

    model->count = 0;
    model->closed = false;
    model->rest = REST_NONE;
    model->rest_may_continue = false;
    while (bytes.len > 0 && !model->closed && model->rest == REST_NONE) {
        struct parser parser = { 0 };
        size_t used;
        int status;

        head.method = METHOD_UNKNOWN;
        status = parser_feed(&parser, bytes, &head, &used);

        if (status != 0) {
            close_with(model, status, head.method);
        } else if (used == 0) {
            model->rest = REST_HEAD;
            model->rest_method = head.method;
        } else {
            bytes = (struct slice){ bytes.data + used, bytes.len - used };
            used = add_request(model, &head, bytes);
            bytes = (struct slice){ bytes.data + used, bytes.len - used };
        }
    }
}

void model_expire(struct model *model)
{
    bool in_body = model->rest == REST_BODY;

    if (model->closed || model->rest == REST_NONE)
        return;
    close_with(model, 408, model->rest_method);
    model->rest = REST_NONE;
    model->answers[model->count - 1].may_continue = model->rest_may_continue;
    if (in_body)
        model_error(408, model->answers[model->count - 1].body);
}
