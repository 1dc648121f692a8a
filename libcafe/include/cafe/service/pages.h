/* What all pages of a daemon have in common: styles, errors, fields. */
#ifndef CAFE_PAGES_H
#define CAFE_PAGES_H

#include "cafe/html/context.h"
#include "cafe/html/encoding.h"
#include "cafe/http/request.h"
#include "cafe/service/service.h"

/**
 * The context of a page, in the request's arena: title, bootstrap_css,
 * cafe_css, mark and times_js (URLs, the last only where scripts run),
 * request_id, admin_link (whether customers see a link to /admin).
 */
struct context *page_context(const struct service *service, struct request *req,
                             const char *title);

/**
 * Render a template of the daemon.
 *
 * cache    Value of Cache-Control.
 * Returns  A new page; NULL or failed when that is impossible, which
 *          respond_page() answers.
 */
struct page *page_render(const struct service *service, const char *name,
                         const struct context *context, int status,
                         const char *cache);

/** A page for page_answer_rendered(): without a body yet. Arguments as of
 * page_render(); NULL when out of memory. */
struct page *page_begin(const struct service *service, int status,
                        const char *cache);

/**
 * Add status, heading and advice for an error status; a status without a row
 * of its own gets those of 500 or 400.
 *
 * reason  Why the database doesn't answer, of a 503; OK: it does.
 */
void page_context_error(const struct service *service, struct context *context,
                        int status, enum error reason);

/** What to do about an error status, as page_context_error() says it; a static
 * string. */
const char *page_error_advice(const struct service *service, int status,
                              enum error reason);

/** Which page a request gets. */
struct page_key {
    struct slice name; /* path, normalised query and encoding */
    uint64_t version;
    enum encoding encoding;
    bool keep; /* the page is worth keeping */
};

/**
 * Answer with the page that was cached, if there is one.
 *
 * name     Path and normalised query; equal names are equal pages. NULL (out
 *          of memory) is no page that is cached.
 * version  Of what the page shows.
 * key      Out, for page_answer(), when false is returned.
 * Returns  Whether the request was answered.
 */
bool page_answer_cached(const struct service *service, struct request *req,
                        const char *name, uint64_t version,
                        struct page_key *key);

/**
 * Answer with a new page: compressed as the client takes it, with an ETag, and
 * cached as the key says. A large page is compressed on another thread.
 *
 * page  One reference is taken over; NULL or a failed page is answered 500.
 */
void page_answer(const struct service *service, struct request *req,
                 struct page *page, const struct page_key *key);

/**
 * Render the body of a page and answer with it. Large texts are rendered on
 * another thread.
 *
 * page  Of page_begin(), with all its fields; taken over. NULL or a failed
 *       page is answered 500.
 * name  The template.
 * context  Must live, unchanged, until the request ends.
 * key   As for page_answer(). NULL: the page is not compressed or cached.
 */
void page_answer_rendered(const struct service *service, struct request *req,
                          struct page *page, const char *name,
                          const struct context *context,
                          const struct page_key *key);

/** The key of a page that is cached nowhere, and has no ETag. */
struct page_key page_key_once(const struct request *req);

/** page_answer() with that key. */
void page_answer_once(const struct service *service, struct request *req,
                      struct page *page);

#endif
