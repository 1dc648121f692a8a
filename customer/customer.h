/* The customer daemon: what its pages share. */
#ifndef CUSTOMER_H
#define CUSTOMER_H

#include "cafe/catalog.h"
#include "cafe/pages.h"
#include "cafe/response.h"
#include "cafe/search.h"

struct customer {
    const struct service *service;
    struct catalog *catalog;
    struct searcher *searcher;
    const char *map_url; /* with "{query}"; "" for no map */
    struct text home;    /* content/home.md as HTML */
};

extern const struct route customer_routes[];

/* answer.c */

/**
 * Answer with the page that was kept for a snapshot, unless that is out of
 * date. Arguments as of page_answer_kept().
 */
bool answer_kept(struct request *req, const struct snapshot *snapshot,
                 const char *name, struct page_key *key);

/**
 * Render a page that shows a snapshot and answer with it; a stale one says
 * since when, and is kept nowhere.
 *
 * name  Of the template.
 * view  Of page_view().
 * key   As answer_kept() has made it.
 */
void answer_view(struct request *req, const char *name, struct view *view,
                 const struct snapshot *snapshot, const struct page_key *key);

/* home.c */

/** Read content/home.md. Errors: ERROR_CONFIG. */
MUST_CHECK enum error home_open(struct customer *self, struct text *error);
handler_fn home_show;

/* directory.c */
handler_fn directory_list;
handler_fn supplier_show;

/* errors.c */

/** An error_page_fn: app is the struct customer. */
struct page *error_show(void *app, struct request *req, int status);

#endif
