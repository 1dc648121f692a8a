/* Answers. Exactly one respond_… ends a request and consumes it. */
#ifndef CAFE_RESPONSE_H
#define CAFE_RESPONSE_H

#include "cafe/base/page.h"
#include "cafe/http/request.h"

/**
 * Answer with a page. The server adds the status line, Date, Content-Length,
 * X-Request-Id, with request_encrypted() Strict-Transport-Security, and, when
 * the connection ends, Connection: close. HEAD gets no body, and a GET or HEAD
 * whose If-None-Match has the page's ETag gets 304. A NULL or failed page
 * becomes 500; 503 carries Retry-After: 2.
 *
 * page    One reference is taken over.
 * Thread  Loop thread only.
 */
void respond_page(struct request *req, struct page *page);

/**
 * Add a field to the answer of this request, whichever page it will be.
 *
 * value  Without line ends; a field that can't be added for lack of memory is
 *        left out.
 */
void response_add(struct request *req, const char *name, const char *value);

/**
 * Answer with an error page, made by the server's error hook (plain text if
 * there is none or it returns NULL). 405 carries Allow.
 */
void respond_error(struct request *req, int status);

/**
 * Answer 204 with Allow: a handler_fn for OPTIONS, which every path has
 * (RFC 9110 9.3.7).
 */
void respond_allowed(struct request *req);

/**
 * Answer 303 See Other.
 *
 * location  A path with query, percent-encoded where needed.
 */
void respond_see_other(struct request *req, const char *location);

/** A new page of plain text, safe whatever the text is; NULL out of memory. */
struct page *page_plain(int status, const char *text);

/** Answer with a short plain text, for probes. */
void respond_plain(struct request *req, int status, const char *text);

/** The status that tells a client of an error; 200 for OK. */
int status_of_error(enum error err);

/** "Not Found" for 404; "Unknown" for a status that is none of ours. */
const char *status_reason(int status);

#endif
