/* Who a request is from: the name that a proxy which signs people in writes
 * into a header field. Only the field of a trusted proxy counts, for anybody
 * could send one. */
#include "cafe/base/clock.h"
#include "cafe/base/log.h"
#include "cafe/base/unicode.h"
#include "cafe/http/response.h"
#include "cafe/http/server.h"
#include "cafe/service/access.h"
#include "cafe/service/token.h"
#include "token_wait.h"

enum {
    UNREADABLE = 400,
    NOT_NOW = 503,
    NAME_MAX_BYTES = 254, /* as an e-mail address */
    GROUPS_MAX = 1024
};

/* Fields that are no name: tokens, which have to be verified, and what names
 * hosts, clients or secrets. Only the token of identity_is_token() can be. */
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

static const char several_fields[] =
    "There are several Authorization fields. Send one.";

static const char no_key[] =
    "Your sign-in could not be checked yet: its key is being fetched. Nothing "
    "was saved. Wait a few seconds, then reload this page; a form is sent "
    "again and will not be saved twice.";

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

bool identity_is_token(const char *field)
{
    return slice_is_nocase(slice_of(field), "x-amzn-oidc-data");
}

/* The load balancer puts the time into the header, some providers into the
 * payload, too. */
static const char *check_token(const struct access_rules *rules,
                               const struct token *token, int64_t claimed_s)
{
    int64_t now_s = clock_utc_s();

    if (token->expires_s == 0 && claimed_s == 0)
        return "it never expires";
    if ((token->expires_s != 0 && token->expires_s <= now_s) ||
        (claimed_s != 0 && claimed_s <= now_s))
        return "it has expired";
    return slice_is(token->signer, rules->signer)
               ? NULL
               : "its signer is not identity.signer";
}

/* The key of a token. Only one that the load balancer can have signed is worth
 * asking for its key; that is then in `missing`. */
static const char *look_for_key(const struct access_rules *rules,
                                const struct token *token, struct arena *arena,
                                struct slice *missing)
{
    const char *fault = "identity.keys has no key of its name";
    struct text why;
    enum error err;

    text_init(&why, 0);
    err = token_keys_look(rules->keys, token->kid, &why);
    if (err == OK)
        fault = NULL;
    else if (err != ERROR_NOT_FOUND)
        fault = arena_printf(arena, "its key can't be used: %s",
                             why.len > 0 ? text_string(&why) : error_text(err));
    else if (rules->wait != NULL && token_wait_asks_for(token->kid) &&
             check_token(rules, token, 0) == NULL)
        *missing = token->kid;
    text_free(&why);
    return err == OK || fault != NULL ? fault : "out of memory";
}

/* The name in a token: NULL, or why it is not accepted. */
static const char *read_token(const struct access_rules *rules,
                              struct slice text, struct arena *arena,
                              struct slice *name, struct slice *missing)
{
    struct token token;
    int64_t claimed_s;
    const char *fault = token_parse(text, arena, &token);

    if (fault == NULL)
        fault = look_for_key(rules, &token, arena, missing);
    if (fault == NULL)
        fault = token_verify(rules->keys, &token);
    if (fault == NULL)
        fault = token_read_claims(token.payload, rules->claim, arena, name,
                                  &claimed_s);
    if (fault == NULL)
        fault = check_token(rules, &token, claimed_s);
    if (fault == NULL && !identity_is_person(*name))
        fault = "its claim of identity.claim is not a name";
    return fault;
}

/* The name in the field of a trusted proxy; false: it has none that can be
 * believed. The log says why: the person sees only that it is refused. */
static bool read_person(const struct access_rules *rules, struct request *req,
                        struct slice *value, struct slice *missing)
{
    const char *fault;

    if (value->len == 0)
        return true;
    if (rules->keys == NULL)
        return identity_is_person(*value);
    fault = read_token(rules, *value, request_arena(req), value, missing);
    if (fault != NULL && missing->len == 0)
        log_line(rules->log, LOG_WARNING, "a token was refused",
                 LOG_STRING("request_id", request_id(req)),
                 LOG_STRING("reason", fault), LOG_END);
    return fault == NULL;
}

/* missing  Out: names the key without which there is no verdict. */
static int identity_judge(const struct access_rules *rules, struct request *req,
                          struct slice *missing)
{
    struct slice value, groups;
    const char *name;

    if (head_field_count(request_head(req), "authorization") > 1) {
        request_explain(req, several_fields);
        return UNREADABLE;
    }
    if (!believed(rules, req, rules->groups, &groups) || !are_groups(groups) ||
        !believed(rules, req, rules->identity, &value) ||
        !read_person(rules, req, &value, missing))
        return UNREADABLE;
    if (value.len == 0)
        return 0;
    /* Out of memory: without a name the change would be somebody else's. */
    name = arena_copy(request_arena(req), value.data, value.len);
    if (name == NULL)
        return NOT_NOW;
    request_set_user(req, name);
    return request_user(req) != NULL ? 0 : NOT_NOW;
}

static int refuse_without_key(const struct access_rules *rules,
                              struct request *req)
{
    response_add(req, "Retry-After", "5");
    request_explain(req, no_key);
    origin_keep_form(rules, req);
    return NOT_NOW;
}

int identity_check(void *context, struct request *req)
{
    const struct access_rules *rules = context;
    struct slice missing = { NULL, 0 };
    int status = identity_judge(rules, req, &missing);

    if (missing.len > 0)
        status = token_wait_for(rules->wait, req, missing);
    return status == NOT_NOW && missing.len > 0 ? refuse_without_key(rules, req)
                                                : status;
}

int identity_check_again(void *context, struct request *req)
{
    const struct access_rules *rules = context;
    struct slice missing = { NULL, 0 };
    int status = identity_judge(rules, req, &missing);

    return missing.len > 0 ? refuse_without_key(rules, req) : status;
}
