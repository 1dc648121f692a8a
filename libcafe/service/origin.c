/* The check against posts that another site makes a browser send. */
#include <string.h>

#include "cafe/access.h"

enum { CROSS_SITE = 403 };

/* A media type without its parameters. */
static struct slice media_type(struct slice field)
{
    const char *semicolon = field.len ? memchr(field.data, ';', field.len)
                                      : NULL;

    if (semicolon != NULL)
        field.len = (size_t)(semicolon - field.data);
    return slice_trim(field);
}

/* "host:port" with the port that the scheme has by default made explicit. */
static void write_authority(struct slice authority, const char *default_port,
                            struct text *out)
{
    size_t len = authority.len;

    text_append_slice(out, authority);
    while (len > 0 && authority.data[len - 1] >= '0' &&
           authority.data[len - 1] <= '9')
        len--;
    if (len == 0 || authority.data[len - 1] != ':' || len == authority.len)
        text_printf(out, ":%s", default_port);
}

/* Origin (RFC 6454 7) names the host and port that the request went to. The
 * scheme may differ: TLS ends at the load balancer, so the default port of
 * Origin's scheme is also taken for Host's. */
static bool same_host(struct slice origin, struct slice host)
{
    bool secure = slice_starts(origin, "https://");
    size_t scheme = secure ? 8 : 7;
    struct text left, right;
    bool same;

    if (host.len == 0 || (!secure && !slice_starts(origin, "http://")))
        return false;
    text_init(&left, 0);
    text_init(&right, 0);
    write_authority((struct slice){ origin.data + scheme, origin.len - scheme },
                    secure ? "443" : "80", &left);
    write_authority(host, secure ? "443" : "80", &right);
    same = !left.failed && !right.failed &&
           slice_is_nocase(text_slice(&left), text_string(&right));
    text_free(&left);
    text_free(&right);
    return same;
}

/* Neither field says where it comes from: perhaps from here, through a browser
 * or a proxy that hides it. */
static int refuse_unknown(struct request *req)
{
    if (slice_is_nocase(media_type(request_field(req, "content-type")),
                        "application/x-www-form-urlencoded"))
        request_keep_form(req);
    return CROSS_SITE;
}

int origin_check(void *context, struct request *req)
{
    struct slice site = request_field(req, "sec-fetch-site");
    struct slice origin = request_field(req, "origin");

    (void)context;
    if (request_method(req) & (GET | HEAD | OPTIONS))
        return 0;
    if (site.data != NULL)
        return slice_is(site, "same-origin") || slice_is(site, "none")
                   ? 0
                   : CROSS_SITE;
    if (origin.data != NULL && !slice_is(origin, "null"))
        return same_host(origin, request_head(req)->host) ? 0 : CROSS_SITE;
    if (origin.data == NULL &&
        slice_is_nocase(media_type(request_field(req, "content-type")),
                        "application/json"))
        return 0;
    return refuse_unknown(req);
}
