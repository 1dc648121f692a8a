/* What all pages of a daemon have in common. */
#include "cafe/service/pages.h"

#include "cafe/html/render.h"

static const struct {
    int status;
    const char *heading;
    const char *advice;
} errors[] = {
    { 400, "We could not read that request",
      "Check the address, or go back and try again." },
    { 401, "Sign in to continue",
      "This page is for people with a password. Reload it, and enter your name "
      "and password when the browser asks for them. If you have none, or they "
      "are not accepted, ask the people who run this site." },
    { 403, "This form came from another site",
      "For your safety nothing was changed. Open the page on this site and "
      "send the form again. If this keeps happening, a proxy hides this "
      "site's address: the people who run the site must add it to "
      "APP_ORIGINS." },
    { 404, "Page not found",
      "Sorry, we don't seem to have that page in stock" },
    { 405, "That can't be done here", "Go back and use the links or buttons." },
    { 408, "That took too long",
      "The connection was too slow for us to read your request. Try again." },
    { 409, "Somebody else changed this supplier first",
      "Nothing was changed. Open the supplier again to see their change." },
    { 410, "This supplier is no longer listed",
      "It was deleted, or no longer supplies." },
    { 413, "That is too large",
      "Nothing was changed. Go back and shorten the notes to at most 16 KiB." },
    { 414, "That address is too long",
      "Shorten the text that you search for, then search again." },
    { 415, "We could not read that form",
      "Nothing was changed. Open the page on this site and send the form "
      "again; programs must send it as application/x-www-form-urlencoded." },
    { 421, "This site has another address",
      "Use the address that you were given. If it is this one, the people who "
      "run the site must add it to APP_HOSTS." },
    { 429, "Too many wrong passwords",
      "Nothing was changed. Wait a minute, then reload this page and enter "
      "your name and password." },
    { 500, "Something went wrong here",
      "This is our fault, and it has been logged. Try again; if it happens "
      "again, tell us the request ID below." },
    { 503, "The directory is not available right now",
      "We can't reach the database. Try again in a moment; the site recovers "
      "by itself." },
};

static const char too_much[] =
    "The site is too busy right now. Try again in a moment.";

static const char older_schema[] =
    "The database schema is not the one that this program needs. The people "
    "who run the site must update it: employee --migrate.";

static const char no_triggers[] =
    "The triggers that log changes of suppliers are missing in the database. "
    "The people who run the site must restore them: employee --migrate.";

static const char no_password[] =
    "We can't reach the database, and no password for it is set. The people "
    "who run the site must set APP_DB_PASSWORD or APP_DB_PASSWORD_FILE.";

/* What to do about a 503, where more is known than that the database is
 * away. */
static const char *outage_advice(const struct service *service,
                                 enum error reason, const char *otherwise)
{
    const struct db_options *db = &service->settings->db;

    if (reason == OK)
        return too_much;
    if (reason == ERROR_DB_SCHEMA)
        return older_schema;
    if (reason == ERROR_DB_TRIGGERS)
        return no_triggers;
    if ((reason == ERROR_DB_AWAY || reason == ERROR_DEADLINE) &&
        !db->password[0] && !db->password_file[0] && !db->socket[0])
        return no_password;
    return otherwise;
}

struct context *page_context(const struct service *service, struct request *req,
                             const char *title)
{
    struct context *context = context_open(request_arena(req));

    context_string(context, "title", title);
    context_string(context, "bootstrap_css",
                   assets_url(service->assets, "bootstrap.min.css"));
    context_string(context, "cafe_css",
                   assets_url(service->assets, "cafe.css"));
    context_string(context, "mark", assets_url(service->assets, "mark.svg"));
    if (service->scripts != NO_SCRIPTS)
        context_string(context, "times_js",
                       assets_url(service->assets, "times.js"));
    context_string(context, "request_id", request_id(req));
    context_flag(context, "admin_link", service->settings->admin_link);
    return context;
}

struct page *page_begin(const struct service *service, int status,
                        const char *cache)
{
    return render_begin(status, cache, service->scripts);
}

struct page *page_render(const struct service *service, const char *name,
                         const struct context *context, int status,
                         const char *cache)
{
    struct page *page = page_begin(service, status, cache);

    if (page != NULL)
        render_body(page, service->templates, name, context);
    return page;
}

/* The row of a status: its own, or the one for all of its kind. */
static size_t pages_row_of(int status)
{
    int fallback = status >= 500 ? 500 : 400;
    size_t found = 0;

    for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
        if (errors[i].status == status)
            return i;
        if (errors[i].status == fallback)
            found = i;
    }
    return found;
}

const char *page_error_advice(const struct service *service, int status,
                              enum error reason)
{
    const char *advice = errors[pages_row_of(status)].advice;

    return status == 503 ? outage_advice(service, reason, advice) : advice;
}

void page_context_error(const struct service *service, struct context *context,
                        int status, enum error reason)
{
    context_number(context, "status", status);
    context_string(context, "heading", errors[pages_row_of(status)].heading);
    context_string(context, "advice",
                   page_error_advice(service, status, reason));
}
