/* Access rules: made from the options, each fault named with its option. */
#include <stdlib.h>
#include <string.h>

#include "cafe/service/htpasswd.h"
#include "cafe/service/roles.h"
#include "cafe/service/token.h"
#include "frame.h"

void access_close(struct access_rules *rules)
{
    cidr_list_close(rules->allow);
    cidr_list_close(rules->proxies);
    host_list_close(rules->hosts);
    origin_list_close(rules->origins);
    htpasswd_close(rules->accounts);
    editor_list_close(rules->editors);
    token_keys_close(rules->keys);
    free(rules->signer);
    free(rules->claim);
    free(rules->identity);
    free(rules->groups);
}

/* What makes the rules: the options, and how a daemon differs from another. */
struct making {
    const struct service_definition *definition;
    const struct service_settings *settings;
    struct access_rules rules;
};

typedef enum error make_fn(struct making *making, struct text *why);

/* An empty list would let everybody in where that is not the default: a
 * variable that was meant to be filled must not do that. */
static enum error make_allow(struct making *making, struct text *why)
{
    const char *allow = making->settings->allow;

    if (allow[0] == '\0' && making->definition->allow_fallback[0] != '\0') {
        text_append_string(why, "is empty; write 0.0.0.0/0,::/0 to allow "
                                "everybody");
        return ERROR_CONFIG;
    }
    return allow[0] != '\0' ? cidr_list_open(allow, &making->rules.allow, why)
                            : OK;
}

static enum error make_proxies(struct making *making, struct text *why)
{
    return cidr_list_open(making->settings->trusted_proxies,
                          &making->rules.proxies, why);
}

static enum error make_hosts(struct making *making, struct text *why)
{
    return host_list_open(making->settings->hosts, &making->rules.hosts, why);
}

static enum error make_origins(struct making *making, struct text *why)
{
    const char *origins = making->settings->origins;

    return origins[0] != '\0'
               ? origin_list_open(origins, &making->rules.origins, why)
               : OK;
}

static enum error make_copy(const char *text, char **copy)
{
    *copy = strdup(text);
    return *copy != NULL ? OK : ERROR_MEMORY;
}

/* A field's name, copied. */
static enum error make_field(const char *name, char **field, struct text *why)
{
    enum error err = identity_field_check(name, why);

    return err == OK ? make_copy(name, field) : err;
}

static enum error make_identity(struct making *making, struct text *why)
{
    const char *name = making->settings->identity_header;

    return identity_is_token(name)
               ? make_copy(name, &making->rules.identity)
               : make_field(name, &making->rules.identity, why);
}

/* Options of tokens: nobody must believe that they verify another field. */
static enum error check_token_option(const struct making *making,
                                     const char *value, const char *what,
                                     struct text *why)
{
    bool is_token = identity_is_token(making->rules.identity);

    if (is_token == (value[0] != '\0'))
        return OK;
    if (is_token)
        text_printf(why, "is empty, but identity.header is %s: give %s",
                    making->rules.identity, what);
    else
        text_append_string(why,
                           "needs identity.header x-amzn-oidc-data, the only "
                           "field with a token that is verified");
    return ERROR_CONFIG;
}

static enum error make_keys(struct making *making, struct text *why)
{
    const char *path = making->settings->identity_keys;
    enum error err = check_token_option(
        making, path, "the load balancer's public keys, a file or a folder",
        why);

    return err == OK && path[0] != '\0'
               ? token_keys_open(path,
                                 making->settings->identity_wanted[0] != '\0',
                                 &making->rules.keys, why)
               : err;
}

static enum error make_wanted(struct making *making, struct text *why)
{
    const char *path = making->settings->identity_wanted;

    if (path[0] == '\0')
        return OK;
    if (making->rules.keys != NULL)
        return token_wait_check(path, why);
    text_append_string(why, "needs identity.keys, the folder for the keys");
    return ERROR_CONFIG;
}

static enum error make_signer(struct making *making, struct text *why)
{
    const char *signer = making->settings->identity_signer;
    enum error err =
        check_token_option(making, signer,
                           "the load balancer's ARN, which its tokens have as "
                           "signer",
                           why);

    return err == OK ? make_copy(signer, &making->rules.signer) : err;
}

static enum error make_claim(struct making *making, struct text *why)
{
    (void)why;
    return make_copy(making->settings->identity_claim, &making->rules.claim);
}

static enum error make_groups(struct making *making, struct text *why)
{
    const char *groups = making->settings->groups_header;
    const char *identity = making->settings->identity_header;

    if (groups == NULL || groups[0] == '\0')
        return OK;
    if (identity[0] == '\0')
        text_append_string(why, "needs identity.header, which names the "
                                "person whose groups these are");
    else if (strcasecmp(groups, identity) == 0)
        text_append_string(why, "is the field of identity.header; name the "
                                "one with groups");
    if (why->len > 0)
        return ERROR_CONFIG;
    return make_field(groups, &making->rules.groups, why);
}

static enum error make_accounts(struct making *making, struct text *why)
{
    const char *path = making->settings->htpasswd;

    if (path == NULL || path[0] == '\0')
        return OK;
    if (making->rules.identity[0] == '\0')
        return htpasswd_open(path, &making->rules.accounts, why);
    text_append_string(why, "can't be used with identity.header: one of them "
                            "says who somebody is");
    return ERROR_CONFIG;
}

/* A path of this site or an address of another one, and nothing that a browser
 * runs. Nothing is made of it. */
static enum error make_logout(struct making *making, struct text *why)
{
    const char *url = making->settings->logout_url;

    if (url == NULL || url[0] == '\0' || (url[0] == '/' && url[1] != '/') ||
        strncmp(url, "https://", 8) == 0 || strncmp(url, "http://", 7) == 0)
        return OK;
    text_printf(why,
                "'%s' is neither a path nor an http or https URL; use for "
                "example /oauth2/sign_out",
                url);
    return ERROR_CONFIG;
}

/* Where nobody has a name, nobody could edit. */
static enum error make_editors(struct making *making, struct text *why)
{
    const struct service_settings *settings = making->settings;
    struct access_rules *rules = &making->rules;
    enum error err;

    if (settings->editors == NULL || settings->editors[0] == '\0')
        return OK;
    if (rules->identity[0] == '\0' && rules->accounts == NULL) {
        text_append_string(why, "needs identity.header or identity.htpasswd: "
                                "without them nobody has a name");
        return ERROR_CONFIG;
    }
    err = editor_list_open(settings->editors, &rules->editors, why);
    if (err == OK && rules->groups == NULL &&
        editor_list_has_groups(rules->editors)) {
        text_append_string(why, "has a group, which needs "
                                "identity.groups_header");
        err = ERROR_CONFIG;
    }
    return err;
}

static const struct {
    const char *option;
    make_fn *make;
} steps[] = {
    { "allow", make_allow },
    { "trusted_proxies", make_proxies },
    { "hosts", make_hosts },
    { "origins", make_origins },
    { "identity.header", make_identity },
    { "identity.keys", make_keys },
    { "identity.wanted", make_wanted },
    { "identity.signer", make_signer },
    { "identity.claim", make_claim },
    { "identity.groups_header", make_groups },
    { "identity.htpasswd", make_accounts },
    { "identity.logout_url", make_logout },
    { "editors", make_editors },
};

enum error access_open(const struct service_definition *definition,
                       const struct config *config,
                       const struct service_settings *settings,
                       struct access_rules *rules, struct text *error)
{
    struct making making = { .definition = definition, .settings = settings };
    enum error err = OK;
    struct text why;

    text_init(&why, 0);
    for (size_t i = 0; err == OK && i < sizeof(steps) / sizeof(steps[0]); i++) {
        err = steps[i].make(&making, &why);
        err = frame_blame(config, steps[i].option, err, &why, error);
    }
    text_free(&why);
    if (err == OK)
        *rules = making.rules;
    else
        access_close(&making.rules);
    return err;
}
