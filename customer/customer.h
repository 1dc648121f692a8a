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
    const char *map_url;    /* with "{query}"; "" for no map */
    struct text home;       /* content/home.md as HTML */
    int64_t take_max_bytes; /* of a list as contacts or table */
    size_t pending_bytes;   /* of those that are not sent yet */
};

extern const struct route customer_routes[];

/* answer.c */

/**
 * Answer with the page that was kept for a snapshot, unless that is out of
 * date. Arguments as of page_answer_kept().
 */
bool answer_kept(struct request *req, const struct snapshot *snapshot,
                 const char *name, struct page_key *key);

/** Cache-Control of what shows a snapshot: a stale one is kept nowhere. */
const char *answer_cache(const struct snapshot *snapshot);

/**
 * Answer with what shows a snapshot; a stale one says in Cafe-As-Of since when.
 *
 * page  With Cache-Control as of answer_cache(); its reference is taken over.
 * key   As answer_kept() has made it.
 */
void answer_page(struct request *req, struct page *page,
                 const struct snapshot *snapshot, const struct page_key *key);

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

/** Set as_of ("14:02"), where the snapshot is stale. */
void answer_as_of(struct request *req, const struct snapshot *snapshot,
                  struct view *view);

/** The supplier of "{id}"; NULL: there is none, and the request is answered.
 * A snapshot that is NULL is answered 503. */
const struct supplier *find_supplier(struct request *req,
                                     const struct snapshot *snapshot);

/** A page_view() with search_js, the URL of its script. */
struct view *customer_view(struct request *req, const char *title);

/* home.c */

/** Read content/home.md. Errors: ERROR_CONFIG. */
MUST_CHECK enum error home_open(struct customer *self, struct text *error);
handler_fn home_show;

/* directory.c */
handler_fn directory_list;
handler_fn supplier_show;

/** A customer_view() with the title of a list. */
struct view *list_page_view(struct request *req, const struct search *search);

/* takeaway.c */
handler_fn supplier_card;
handler_fn list_contacts;
handler_fn list_table;

/** Set contacts, table and excel_table, the URLs of a list's files. */
void list_takeaway_view(const struct search *search, struct arena *arena,
                        struct view *view);

/* print.c */
handler_fn list_print;

/** Set print, the URL of the whole list as one page; and print_all, how many
 * it has, where that is more than the result's page shows. */
void list_print_view(const struct search_result *result, struct arena *arena,
                     struct view *view);

/* errors.c */

/** An error_page_fn: app is the struct customer. */
struct page *error_show(void *app, struct request *req, int status);

#endif
