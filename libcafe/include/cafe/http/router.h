/* Routes as a table: method and path pattern to handler. */
#ifndef CAFE_ROUTER_H
#define CAFE_ROUTER_H

#include "cafe/http/parser.h"

struct request;

typedef void handler_fn(struct request *req);

enum route_flags {
    ROUTE_OPEN = 1 << 0,  /* exempt from access checks: probes, static files */
    ROUTE_QUIET = 1 << 1, /* logged at debug level: probes */

    /* Whom it is for, where a check asks that: nobody without a flag. Each
     * request has one of these roles, see request_set_role(). */
    ROUTE_READER = 1 << 2,    /* people who may only look */
    ROUTE_EDITOR = 1 << 3,    /* people who may change */
    ROUTE_KEY_READ = 1 << 4,  /* programs whose key may only read */
    ROUTE_KEY_WRITE = 1 << 5, /* programs whose key may change */

    ROUTE_KEYS = ROUTE_KEY_READ | ROUTE_KEY_WRITE,
    ROUTE_ROLES = ROUTE_READER | ROUTE_EDITOR | ROUTE_KEYS
};

/**
 * A row of a route table, which ends with a row without methods. HEAD is
 * served wherever GET is, and the server answers OPTIONS on every path where
 * no row does. In a path, "{name}" stands for one whole segment,
 * "{name}.vcf" for one that ends so (its row comes before that of "{name}"),
 * and a last "{name...}" for the rest of the path. A trailing slash in the
 * request is ignored.
 */
struct route {
    unsigned methods; /* of enum method, or-ed */
    const char *path;
    handler_fn *handler;
    size_t body_max_bytes; /* 0: no body; larger ones get 413. Bodies over 1 MiB
                              are uploads: while one is read or handled, the
                              next gets 503 */
    unsigned flags;        /* of enum route_flags */
};

enum { ROUTE_PARAMS_MAX = 4 };

struct route_param {
    struct slice name;
    struct slice value; /* as in the path, escapes kept */
};

struct route_match {
    const struct route *route; /* NULL: none */
    size_t table;              /* that the route is in */
    unsigned allowed;          /* methods on this path, for 405 and Allow */
    unsigned flags;            /* of the row, or of all rows for this path */
    size_t param_count;
    struct route_param params[ROUTE_PARAMS_MAX];
};

/**
 * Find the row for a method and path; earlier tables go first, and one may be
 * NULL.
 *
 * match  route is NULL when none fits; allowed is 0 when no path fits (404),
 *        otherwise the methods that the path has (405); OPTIONS is one of
 *        them. The path "*" has those of all rows.
 */
void router_match(const struct route *const tables[], size_t table_count,
                  enum method method, struct slice path,
                  struct route_match *match);

/**
 * Check a table: no path may have more parameters than ROUTE_PARAMS_MAX, or one
 * that does not end.
 *
 * error   One line that names the path.
 * Errors  ERROR_CONFIG.
 */
MUST_CHECK enum error router_check(const struct route *table,
                                   struct text *error);

/** "GET, HEAD, POST" for a set of methods, into the text. */
void router_allow(unsigned methods, struct text *text);

#endif
