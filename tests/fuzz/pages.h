/* The pages that the connection target serves. */
#ifndef CAFE_FUZZ_PAGES_H
#define CAFE_FUZZ_PAGES_H

#include "cafe/http/response.h"
#include "cafe/http/server.h"

enum { BIG_PAGE_BYTES = 96 * 1024 };

struct pages {
    struct page *big;      /* shared, larger than a socket's buffer */
    struct page *tagged;   /* shared, with an ETag */
    struct request *later; /* waits for pages_answer_later() */
    int64_t begun, ended;  /* requests that reached a handler */
};

extern const struct route pages_routes[], pages_more_routes[];

void pages_open(struct pages *pages);

/** Answer the request that waits, if there is one. */
void pages_answer_later(struct pages *pages);

/** A check_fn: refuses with 403 what has a field X-Refuse. */
int pages_check(void *context, struct request *req);

/** An error_page_fn: none for 404, where the server has its own. */
struct page *pages_error(void *app, struct request *req, int status);

#endif
