/* The pages that the connection target serves: each kind of answer once. */
#include "pages.h"

#include "answers.h"
#include "fuzz.h"

static void text_page_body(struct page *page, const char *string)
{
    struct text body;

    text_init(&body, 0);
    text_append_string(&body, string);
    page_body(page, &body);
}

static void note_end(void *argument)
{
    struct pages *pages = argument;

    pages->ended++;
}

static void begin(struct request *req)
{
    struct pages *pages = request_app(req);

    CHECK(pages != NULL);
    pages->begun++;
    CHECK(lifetime_on_end(request_life(req), note_end, pages) == OK);
}

/* Ask for everything that a handler may ask for. */
static void look_at(struct request *req)
{
    const struct form *form;
    int64_t id = 1;
    enum error err;

    err = request_query(req, &form);
    CHECK(err == request_query(req, &form));
    CHECK(err != OK || form->count <= FORM_FIELDS_MAX);
    err = request_form(req, &form);
    CHECK(err == request_form(req, &form));
    CHECK(err != OK || form->count <= FORM_FIELDS_MAX);
    if (request_param_id(req, "id", &id) == OK)
        CHECK(id != 0 && id >= INT32_MIN && id <= INT32_MAX);
    CHECK(request_id(req)[0] != '\0');
    CHECK(!request_refused(req) && request_route(req) != NULL);
    CHECK(request_method(req) == request_head(req)->method);
    CHECK(request_peer(req) != NULL && request_user(req) == NULL);
}

static void echo(struct request *req)
{
    char text[EXPECTED_BODY_MAX_BYTES];

    look_at(req);
    request_set_user(req, "somebody");
    model_echo(request_head(req), request_body(req), text);
    respond_plain(req, 200, text);
}

static void show_echo(struct request *req)
{
    begin(req);
    echo(req);
}

static void show_later(struct request *req)
{
    struct pages *pages = request_app(req);

    begin(req);
    CHECK(pages->later == NULL); /* one at a time, in their order */
    pages->later = req;
}

void pages_answer_later(struct pages *pages)
{
    struct request *req = pages->later;

    pages->later = NULL;
    if (req != NULL)
        echo(req);
}

static void show_big(struct request *req)
{
    struct pages *pages = request_app(req);

    begin(req);
    respond_page(req, page_ref(pages->big));
}

static void show_tagged(struct request *req)
{
    struct pages *pages = request_app(req);

    begin(req);
    respond_page(req, page_ref(pages->tagged));
}

static void show_none(struct request *req)
{
    begin(req);
    respond_plain(req, 204, "");
}

static void show_other(struct request *req)
{
    begin(req);
    respond_see_other(req, "/else?where=1");
}

/* A field that can't be sent makes a page that is not sent. */
static void show_fault(struct request *req)
{
    struct page *page = page_open(200);

    begin(req);
    page_field(page, "X-Split", "a\r\nSet-Cookie: b");
    respond_page(req, page);
}

const struct route pages_routes[] = {
    { GET | POST | PUT | OPTIONS, "/", show_echo, 2000, 0 },
    { GET | POST, "/later", show_later, 10, 0 },
    { GET, "/big", show_big, 0, 0 },
    { GET | POST, "/tag", show_tagged, 5, ROUTE_QUIET },
    { DELETE | GET, "/none", show_none, 0, ROUTE_OPEN },
    { POST | PATCH, "/see", show_other, 70000, 0 },
    { 0, NULL, NULL, 0, 0 },
};

const struct route pages_more_routes[] = {
    { GET | PUT, "/item/{id}", show_echo, 5, 0 },
    { GET, "/rest/{all...}", show_echo, 0, 0 },
    { GET, "/fault", show_fault, 0, 0 },
    { 0, NULL, NULL, 0, 0 },
};

void pages_open(struct pages *pages)
{
    static char big[BIG_PAGE_BYTES + 1];

    memset(big, 'b', BIG_PAGE_BYTES);
    pages->big = page_open(200);
    text_page_body(pages->big, big);
    pages->tagged = page_open(200);
    page_field(pages->tagged, "Content-Type", "text/html; charset=utf-8");
    text_page_body(pages->tagged, "<p>tagged</p>");
    page_make_etag(pages->tagged, false);
    CHECK(!pages->big->failed && !pages->tagged->failed);
}

int pages_check(void *context, struct request *req)
{
    (void)context;
    return request_field(req, "X-Refuse").data != NULL ? 403 : 0;
}

struct page *pages_error(void *app, struct request *req, int status)
{
    char text[EXPECTED_BODY_MAX_BYTES];
    struct page *page;

    (void)app;
    CHECK(request_head(req)->method != METHOD_UNKNOWN);
    if (status == 404)
        return NULL;
    model_error(status, text);
    page = page_open(status);
    text_page_body(page, text);
    return page;
}
