/* Lists that are written record by record. Long ones are written on another
 * thread, and those that are not sent yet have a bound together. */
#ifndef CAFE_API_LISTING_H
#define CAFE_API_LISTING_H

#include "cafe/api/answer.h"

#define CSV_TYPE "text/csv; charset=utf-8; header=present"

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
 * list_max_bytes is answered 422; a long one 503, when too many are not sent
 * yet.
 */
void listing_answer(struct request *req, struct listing *listing);

/**
 * Answer with all that the query of a request finds.
 *
 * snapshot  NULL is answered 503.
 * cached    Path in the name of the cached page.
 */
void listing_take(struct request *req, const struct snapshot *snapshot,
                  const char *cached, const struct list_format *format);

/** A table for spreadsheets: what is saved again there can be imported. */
extern const struct list_format listing_excel_table;

#endif
