/* The customer daemon: what its pages share. */
#ifndef CUSTOMER_H
#define CUSTOMER_H

#include "cafe/http/response.h"
#include "cafe/service/pages.h"
#include "cafe/suppliers/catalog.h"
#include "cafe/suppliers/search.h"

struct customer {
    const struct service *service;
    struct catalog *catalog;
    struct searcher *searcher;
    const char *map_url;    /* with "{query}"; else no map */
    struct text home;       /* content/home.md as HTML */
    struct text api;        /* content/openapi.json */
    int64_t take_max_bytes; /* of a list that is written record by record */
};

extern const struct route customer_routes[];

/* answer.c */

/**
 * Answer with the page that was cached for a snapshot, unless that is out of
 * date. Arguments as of page_answer_cached().
 */
bool answer_cached(struct request *req, const struct snapshot *snapshot,
                   const char *name, struct page_key *key);

/** Cache-Control of an answer that shows a snapshot: a stale one is cached
 * nowhere. */
const char *answer_cache(const struct snapshot *snapshot);

/**
 * Answer with a page that shows a snapshot; a stale one says in Cafe-As-Of of
 * when it is.
 *
 * page  With Cache-Control as of answer_cache(); its reference is taken over.
 * key   As answer_cached() has made it.
 */
void answer_page(struct request *req, struct page *page,
                 const struct snapshot *snapshot, const struct page_key *key);

/**
 * Render a page that shows a snapshot and answer with it; a stale one says of
 * when it is, and is cached nowhere.
 *
 * name  Of the template.
 * context  Of page_context().
 * key   As answer_cached() has made it.
 */
void answer_template(struct request *req, const char *name,
                     struct context *context, const struct snapshot *snapshot,
                     const struct page_key *key);

/** The supplier of "{id}"; NULL: there is none, and the request is answered.
 * A snapshot that is NULL is answered 503. */
const struct supplier *find_supplier(struct request *req,
                                     const struct snapshot *snapshot);

/** A page_context() with search_js, the URL of its script. */
struct context *customer_context(struct request *req, const char *title);

/** A customer_context() with the title of a list. */
struct context *list_page_context(struct request *req,
                                  const struct search *search);

/* home.c */

/** Read content/home.md. Errors: ERROR_CONFIG. */
MUST_CHECK enum error home_open(struct customer *self, struct text *error);
handler_fn home_show;

/* directory.c */
handler_fn directory_list;
handler_fn supplier_show;

/* listing.c: lists that are written record by record. Long ones are written
 * on another thread, and those that are not sent yet have a bound together. */

struct listing;

/** How a list is written, on any thread. */
struct list_format {
    /* Of data; else NULL. */
    const char *type;
    const char *disposition; /* NULL: it is no file to be saved */
    void (*head)(struct text *out, const struct listing *listing);
    void (*record)(struct text *out, const struct supplier *supplier,
                   struct arena *scratch);
    void (*tail)(struct text *out, const struct listing *listing);

    /* Of a page for people; else NULL. NULL or a body that has failed is
     * answered as too long. */
    struct context *(*context)(
        struct listing *listing); /* first, on the loop */
    struct page *(*page)(
        struct listing *listing); /* renders listing->context */
};

/** A list that is asked for, in the request's arena. */
struct listing {
    const struct list_format *format; /* head and tail of data may be NULL */
    struct search search;
    struct page_key key;
    const struct search_result *result;
    size_t first, end; /* what is written of it: positions */
    const char *next;  /* URL of what follows; NULL: nothing */

    /* Of listing.c. */
    struct request *req;
    struct text body;        /* of data; of a page, a text to write rows to */
    struct context *context; /* of a page */
    struct page *page;       /* of a page, once it is written */
};

/**
 * Write a list that is filled in and answer with it. One that is longer than
 * take_max_bytes is answered 422; a long one 503, when too many are not sent
 * yet.
 */
void listing_answer(struct request *req, struct listing *listing);

/* downloads.c */

/**
 * Answer with all that the query of a request finds.
 *
 * cached  Path in the name of the cached page.
 */
void take_list(struct request *req, const struct snapshot *snapshot,
               const char *cached, const struct list_format *format);

handler_fn supplier_card, supplier_object;
handler_fn list_contacts, list_table, list_objects;

/** Set contacts, table, excel_table and objects, the URLs of a list's files. */
void list_downloads_context(const struct search *search, struct arena *arena,
                            struct context *context);

/* api.c */

#define API_ROOT "/api"
#define API_SUPPLIERS API_ROOT "/v1/suppliers"
#define API_DESCRIPTION API_ROOT "/v1/openapi.json"

/** Read content/openapi.json. Errors: ERROR_CONFIG, ERROR_MEMORY. */
MUST_CHECK enum error api_open(struct customer *self, struct text *error);
handler_fn api_list, api_supplier, api_description;

/* problem.c: what went wrong, for programs (RFC 9457). */

#define JSON_TYPE "application/json"

/** Whether a request is one for the API, so that its errors are problems. */
bool problem_is_due(const struct request *req);

/** A problem for an error status; NULL when out of memory. */
struct page *problem_page(const struct customer *self, struct request *req,
                          int status);

/** Answer 400: what to do about a parameter of the query. */
void respond_bad_parameter(struct request *req, struct slice name,
                           const char *detail);

/* print.c */
handler_fn list_print;

/** Set print, the URL of the whole list as one page; and print_all, how many
 * it has, where that is more than the result's page shows. */
void list_print_context(const struct search_result *result, struct arena *arena,
                        struct context *context);

/* errors.c */

/** An error_page_fn: app is the struct customer. */
struct page *error_show(void *app, struct request *req, int status);

#endif
