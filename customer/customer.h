/* The customer daemon: what its pages share. */
#ifndef CUSTOMER_H
#define CUSTOMER_H

#include "cafe/api/answer.h"
#include "cafe/api/changes.h"
#include "cafe/api/description.h"
#include "cafe/api/listing.h"
#include "cafe/api/parameters.h"
#include "cafe/api/problem.h"
#include "cafe/api/suppliers.h"

struct customer {
    struct api api;             /* first: request_app() is both */
    const char *map_url;        /* with "{query}"; else no map */
    const char *report_address; /* of the office; "none" */
    struct text home;           /* content/home.md as HTML */
};

extern const struct route customer_routes[];

/* answer.c */

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

/* downloads.c */

handler_fn supplier_card, supplier_object, supplier_code;
handler_fn list_contacts, list_table, list_objects;

/** Set contacts, table, excel_table and objects, the URLs of a list's files. */
void list_downloads_context(const struct search *search, struct arena *arena,
                            struct context *context);

/* routes.c */

#define API_ROOT "/api"
#define API_SUPPLIERS API_ROOT "/v1/suppliers"
#define API_DESCRIPTION API_ROOT "/v1/openapi.json"

/* print.c */
handler_fn list_print;

/* errors.c */

/** An error_page_fn: app is the struct customer. */
struct page *error_show(void *app, struct request *req, int status);

#endif
