/* Answers that show a snapshot of the suppliers, the same in both daemons. */
#ifndef CAFE_API_ANSWER_H
#define CAFE_API_ANSWER_H

#include "cafe/http/response.h"
#include "cafe/service/pages.h"
#include "cafe/suppliers/catalog.h"
#include "cafe/suppliers/search.h"

/** What these answers need of a daemon. Its application, request_app(), begins
 * with it. */
struct api {
    const struct service *service;
    struct catalog *catalog;
    struct searcher *searcher;
    struct followers *followers; /* of changes */
    const char *root;            /* path of its API: "/api" */
    const char *described;       /* where programs read which paths there are */
    struct text description;     /* what they read there */
    const char *caching;    /* Cache-Control of an answer that is not stale */
    bool versions;          /* the ETag of a supplier is its version, for
                               If-Match */
    bool supplying;         /* only suppliers that still supply are shown */
    int64_t list_max_bytes; /* of a list that is written record by record */
};

/**
 * Answer with the page that was cached for a snapshot, unless that is out of
 * date. Arguments as of page_answer_cached().
 */
bool answer_cached(struct request *req, const struct snapshot *snapshot,
                   const char *name, struct page_key *key);

/** Cache-Control of an answer that shows a snapshot: a stale one is cached
 * nowhere. */
const char *answer_cache(const struct request *req,
                         const struct snapshot *snapshot);

/**
 * Answer with a page that shows a snapshot; a stale one says in Cafe-As-Of of
 * when it is.
 *
 * page  With Cache-Control as of answer_cache(); its reference is taken over.
 * key   As answer_cached() has made it.
 */
void answer_page(struct request *req, struct page *page,
                 const struct snapshot *snapshot, const struct page_key *key);

/** Append as_of, the time of a snapshot, if it is stale. With the time of each
 * question no two answers would be the same, and none could be cached or
 * answered 304. */
void answer_as_of(struct text *out, const struct snapshot *snapshot);

/** The supplier of "{id}"; NULL: there is none, and the request is answered, or
 * will be: 410 if it has been there, 404 if not. A snapshot that is NULL is
 * answered 503. */
const struct supplier *find_supplier(struct request *req,
                                     const struct snapshot *snapshot);

#endif
