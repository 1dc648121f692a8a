/* Lists in whole: what those to save and those to print share. */
#ifndef CUSTOMER_TAKEAWAY_H
#define CUSTOMER_TAKEAWAY_H

#include "customer.h"

struct take;

/** How a list is written: as a file, record by record, or as a page. */
struct format {
    const char *kept; /* path in the name of the kept page */

    /* Of a file; else NULL. */
    const char *type;
    const char *disposition;
    void (*head)(struct text *out); /* NULL for none */
    void (*record)(struct text *out, const struct supplier *supplier,
                   struct arena *scratch);

    /* Of a page; else NULL. */
    struct view *(*view)(struct take *take); /* on the loop */
    struct page *(*page)(struct take *take); /* then, on any thread: renders
                                                take->view; NULL or failed is
                                                answered as too long */
};

/** A list that is asked for, in the request's arena. */
struct take {
    struct request *req;
    const struct format *format;
    struct search search;
    struct page_key key;
    const struct search_result *result;
    struct text body;     /* of a file; of a page, a text to write rows to */
    struct view *view;    /* of a page, else NULL */
    struct page *page;    /* of a page, else NULL */
    size_t pending_bytes; /* its part of what is not sent yet */
};

/** Answer with all that the query of a request finds, in a format. */
void take_list(struct request *req, const struct snapshot *snapshot,
               const struct format *format);

#endif
