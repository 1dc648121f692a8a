/* Who a request is from: the name that a proxy which signs people in writes
 * into a header field. Only the field of a trusted proxy counts, for anybody
 * could send one. */
#include "cafe/base/unicode.h"
#include "cafe/service/access.h"

enum {
    UNREADABLE = 400,
    NAME_MAX_BYTES = 254, /* as an e-mail address */
    GROUPS_MAX = 1024
};

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

/* No control or format characters, which could hide or reorder what stands
 * beside a name. */
bool identity_valid(struct slice name)
{
    return name.len > 0 && name.len <= NAME_MAX_BYTES &&
           unicode_printable(name) && unicode_visible(name);
}

bool identity_is_person(struct slice name)
{
    static const size_t prefix = sizeof("key ") - 1;

    return identity_valid(name) &&
           (name.len < prefix ||
            !slice_is_nocase((struct slice){ name.data, prefix }, "key "));
}

/* The one field of this name that the peer may send; empty if there is none.
 * Returns false if there are several. */
static bool believed(const struct access_rules *rules,
                     const struct request *req, const char *field,
                     struct slice *value)
{
    const struct request_head *head = request_head(req);

    *value = (struct slice){ NULL, 0 };
    if (field == NULL || field[0] == '\0' ||
        !cidr_list_has(rules->proxies, request_peer(req)))
        return true;
    *value = head_field(head, field);
    return head_field_count(head, field) <= 1;
}

static bool are_groups(struct slice list)
{
    struct slice group;

    for (size_t count = 0; slice_member(&list, &group); count++) {
        if (count == GROUPS_MAX || !identity_valid(group))
            return false;
    }
    return true;
}

struct slice identity_groups(const struct access_rules *rules,
                             const struct request *req)
{
    struct slice value;

    if (!believed(rules, req, rules->groups, &value))
        return (struct slice){ NULL, 0 };
    return value;
}

int identity_check(void *context, struct request *req)
{
    const struct access_rules *rules = context;
    struct slice value, groups;
    const char *name;

    if (!believed(rules, req, rules->groups, &groups) || !are_groups(groups) ||
        !believed(rules, req, rules->identity, &value) ||
        (value.len > 0 && !identity_is_person(value)))
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
