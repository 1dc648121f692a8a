/* Who a request is from: the name that a proxy which signs people in writes
 * into a header field. Only the field of a trusted proxy counts, for anybody
 * could send one. */
#include "cafe/base/unicode.h"
#include "cafe/service/access.h"

enum { UNREADABLE = 400, NAME_MAX_BYTES = 254 }; /* as an e-mail address */

/* Fields that are no name. A token has to be verified, which a daemon that only
 * reads a name does not do; the others name hosts, clients or secrets. */
static const char *const refused_fields[] = {
    "authorization",
    "cookie",
    "host",
    "forwarded",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-access-token",
    "x-amzn-oidc-data",
    "x-amzn-oidc-accesstoken",
    "x-auth-request-access-token",
    "cf-access-jwt-assertion",
};

enum error identity_field_check(const char *name, struct text *error)
{
    if (name[0] != '\0' && !field_name_valid(slice_of(name))) {
        text_printf(error,
                    "'%s' is not the name of a header field; use for example "
                    "X-Forwarded-User",
                    name);
        return ERROR_CONFIG;
    }
    for (size_t i = 0; i < sizeof(refused_fields) / sizeof(refused_fields[0]);
         i++) {
        if (slice_is_nocase(slice_of(name), refused_fields[i])) {
            text_printf(error,
                        "%s does not contain the name of a person; use a "
                        "field that does, for example X-Forwarded-User",
                        name);
            return ERROR_CONFIG;
        }
    }
    return OK;
}

/* A name that can be shown in a line: no control or format characters, which
 * could hide or reorder what stands beside it. */
static bool is_name(struct slice text)
{
    return text.len == 0 || (text.len <= NAME_MAX_BYTES &&
                             unicode_printable(text) && unicode_visible(text));
}

int identity_check(void *context, struct request *req)
{
    const struct access_rules *rules = context;
    const struct request_head *head = request_head(req);
    struct slice value;
    const char *name;

    if (rules->identity == NULL || rules->identity[0] == '\0' ||
        !access_believe(context, request_peer(req)) ||
        head_field_count(head, rules->identity) == 0)
        return 0;
    value = head_field(head, rules->identity);
    if (head_field_count(head, rules->identity) > 1 || !is_name(value))
        return UNREADABLE;
    if (value.len == 0)
        return 0;
    /* Out of memory: without a name the change would be somebody else's. */
    name = arena_copy(request_arena(req), value.data, value.len);
    if (name == NULL)
        return 503;
    request_set_user(req, name);
    return request_user(req) != NULL ? 0 : 503;
}
