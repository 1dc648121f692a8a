/* Pages of a list: which part of it one shows. */
#ifndef CAFE_PAGING_H
#define CAFE_PAGING_H

#include "cafe/base/arena.h"
#include "cafe/base/form.h"
#include "cafe/html/context.h"

enum {
    PAGING_PER_DEFAULT = 50,
    PAGING_PER_MAX = 200,
    PAGING_PAGE_MAX = 1000000000 /* asked for; no list has as many */
};

struct paging {
    size_t count; /* of all items */
    size_t per;   /* items on each page */
    size_t page;  /* from 1; at most the last one that has items */
    size_t first; /* place of the page's first item, from 0 */
    size_t end;   /* the position after its last one */
};

/**
 * Read page= and per= of a query. A number out of range counts as the nearest
 * in it, anything else as absent.
 *
 * page  Out: from 1, perhaps beyond the last one.
 * per   Out: 1 to PAGING_PER_MAX.
 */
void paging_wanted(const struct form *query, size_t *page, size_t *per);

/** The page of a list that was asked for, or the last one there is. */
void paging_set(struct paging *paging, size_t count, size_t page, size_t per);

/** "5,213", in the arena; "" when out of memory. */
const char *paging_number(size_t number, struct arena *arena);

/** "1–50 of 5,213", in the arena; NULL when out of memory. */
const char *paging_range(const struct paging *paging, struct arena *arena);

/** The link to a page, in the request's arena. */
typedef const char *paging_url_fn(void *context, size_t page);

/**
 * Set previous, next and pages, which views/paging.html shows: the first page,
 * the last one, and those around this one. Nothing, if there is only one.
 *
 * url, context  Called for each link.
 */
void paging_context(size_t page, size_t pages, paging_url_fn *url,
                    void *context, struct context *object);

#endif
