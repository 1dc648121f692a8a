/* The check against posts that another site makes a browser send (cross-site
 * request forgery): access is by address, so a browser in the office could be
 * made to edit by any page that it shows. Browsers say where a post comes from,
 * in fields that no page can change. */
#include <stdlib.h>
#include <string.h>

#include "cafe/http/authority.h"
#include "cafe/service/access.h"

enum { CROSS_SITE = 403, ORIGINS_MAX = 64, ORIGIN_SHOWN_MAX_BYTES = 255 };

/* An origin (RFC 6454). */
struct origin {
    bool secure;            /* https */
    struct slice authority; /* host, and port if one is named */
};

struct origin_list {
    char *text; /* that the origins point into */
    size_t count;
    struct origin origins[ORIGINS_MAX];
};

/* Without case: an origin in an option is written by hand. */
static bool origin_begins(struct slice text, const char *scheme)
{
    size_t len = strlen(scheme);

    return text.len > len &&
           slice_is_nocase((struct slice){ text.data, len }, scheme);
}

/* "http://host" or "https://host:port", and nothing after it. */
static bool read_origin(struct slice text, struct origin *origin)
{
    size_t scheme = origin_begins(text, "https://") ? 8 : 7;

    if (!origin_begins(text, "https://") && !origin_begins(text, "http://"))
        return false;
    for (size_t i = scheme; i < text.len; i++) {
        if (text.data[i] <= ' ' || text.data[i] > '~' ||
            byte_is_in(text.data[i], "/?#@\\\"<>,"))
            return false;
    }
    origin->secure = scheme == 8;
    origin->authority = (struct slice){ text.data + scheme, text.len - scheme };
    return authority_host(origin->authority).len > 0;
}

/* The host and port of an origin. The scheme may differ: TLS ends at the load
 * balancer, so the default port of the origin's scheme counts for both. */
static bool is_at(const struct origin *origin, struct slice authority)
{
    return authority_same(origin->authority, authority,
                          origin->secure ? "443" : "80");
}

/* The list of an option. */

static enum error add_origin(struct origin_list *list, struct slice text,
                             struct text *error)
{
    if (list->count == ORIGINS_MAX) {
        text_printf(error, "more than %d origins", ORIGINS_MAX);
        return ERROR_CONFIG;
    }
    if (read_origin(text, &list->origins[list->count])) {
        list->count++;
        return OK;
    }
    text_printf(error,
                "'%.*s' is not an origin; use for example "
                "https://cafe.example or http://10.0.0.5:8080",
                (int)text.len, text.data);
    return ERROR_CONFIG;
}

enum error origin_list_open(const char *text, struct origin_list **result,
                            struct text *error)
{
    struct origin_list *list = calloc(1, sizeof(*list));
    struct slice rest, member;
    enum error err = OK;

    if (list == NULL)
        return ERROR_MEMORY;
    list->text = strdup(text);
    if (list->text == NULL)
        err = ERROR_MEMORY;
    rest = slice_of(list->text);
    while (err == OK && slice_member(&rest, &member))
        err = add_origin(list, member, error);
    if (err != OK) {
        origin_list_close(list);
        return err;
    }
    *result = list;
    return OK;
}

void origin_list_close(struct origin_list *list)
{
    if (list == NULL)
        return;
    free(list->text);
    free(list);
}

bool origin_list_names(const struct origin_list *list, struct slice host)
{
    for (size_t i = 0; list != NULL && i < list->count; i++) {
        if (slice_equal_nocase(authority_host(list->origins[i].authority),
                               host))
            return true;
    }
    return false;
}

/* Does a request come from here? */

static bool origin_is_listed(const struct origin_list *list,
                             const struct origin *origin)
{
    for (size_t i = 0; i < list->count; i++) {
        if (list->origins[i].secure == origin->secure &&
            is_at(origin, list->origins[i].authority))
            return true;
    }
    return false;
}

/* The host that a trusted proxy was asked for. A second proxy may have added
 * the host that it was asked for itself. Scripts in browsers can't set this
 * field. */
static bool is_forwarded_host(const struct access_rules *rules,
                              const struct request *req,
                              const struct origin *origin)
{
    const struct request_head *head = request_head(req);

    if (!cidr_list_has(rules->proxies, request_peer(req)))
        return false;
    for (size_t i = 0; i < head->field_count; i++) {
        struct slice list = head->fields[i].value;
        struct slice authority;

        if (!slice_is_nocase(head->fields[i].name, "x-forwarded-host"))
            continue;
        while (slice_member(&list, &authority)) {
            if (is_at(origin, authority))
                return true;
        }
    }
    return false;
}

static bool is_own(const struct access_rules *rules, const struct request *req,
                   struct slice text)
{
    struct origin origin;

    if (!read_origin(text, &origin))
        return false;
    if (rules->origins != NULL)
        return origin_is_listed(rules->origins, &origin);
    return is_at(&origin, request_head(req)->host) ||
           is_forwarded_host(rules, req, &origin);
}

/* A password that browsers add by themselves: any except a bearer token, which
 * only a script can send. */
static bool has_browser_password(const struct request *req)
{
    struct slice value = request_field(req, "authorization");

    return value.data != NULL &&
           !slice_is_nocase(slice_cut(&value, ' '), "bearer");
}

/* Fields that a browser adds by itself, whatever site makes it send the
 * request. Each browser sends both User-Agent and Accept-Language; some
 * programs send one of them. */
static bool is_browser(const struct request *req)
{
    return request_field(req, "cookie").data != NULL ||
           request_field(req, "referer").data != NULL ||
           has_browser_password(req) ||
           (slice_starts(request_field(req, "user-agent"), "Mozilla/") &&
            request_field(req, "accept-language").data != NULL);
}

/* A post of unknown origin, perhaps from here through a browser or a proxy that
 * hides it: its author gets the form back. */
static int refuse_unknown(struct request *req)
{
    if (request_has_form(req))
        request_keep_form(req);
    return CROSS_SITE;
}

static int judge_origin(const struct access_rules *rules, struct request *req)
{
    struct slice site = request_field(req, "sec-fetch-site");
    struct slice origin = request_field(req, "origin");

    if (request_method(req) & (GET | HEAD | OPTIONS))
        return 0;
    if (request_role(req) & ROUTE_KEYS) /* no browser adds one by itself */
        return 0;
    if (site.data != NULL)
        return slice_is(site, "same-origin") || slice_is(site, "none")
                   ? 0
                   : CROSS_SITE;
    if (origin.data != NULL)
        return is_own(rules, req, origin) ? 0 : refuse_unknown(req);
    return !is_browser(req) ? 0 : refuse_unknown(req);
}

int origin_check(void *context, struct request *req)
{
    return judge_origin(context, req);
}

void origin_keep_form(const struct access_rules *rules, struct request *req)
{
    if (request_has_form(req) && judge_origin(rules, req) == 0)
        request_keep_form(req);
}

struct slice origin_named(const struct request *req)
{
    struct slice text = request_field(req, "origin");
    struct origin origin;

    if (request_field(req, "sec-fetch-site").data != NULL ||
        text.len > ORIGIN_SHOWN_MAX_BYTES || !read_origin(text, &origin))
        return (struct slice){ NULL, 0 };
    return text;
}
