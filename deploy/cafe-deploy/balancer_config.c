/*
 * The text of haproxy.cfg. It has all present servers, so that a load balancer
 * that restarts serves at once. A request is never tried twice (retries 0): if
 * HAProxy repaired what a deployment breaks, the tests would not see it.
 */
#include "balancer_config.h"

#include <string.h>

static const char head[] = "# Written by cafe-deploy: changes are lost.\n"
                           "global\n"
                           "    maxconn 4000\n"
                           "    stats socket " BALANCER_FOLDER
                           "/admin.sock mode 600 level admin\n"
                           "    hard-stop-after 60s\n"
                           "\n"
                           "defaults\n"
                           "    mode http\n"
                           "    retries 0\n"
                           "    timeout connect 2s\n"
                           "    timeout client 60s\n"
                           "    timeout server 60s\n"
                           "    timeout http-request 10s\n"
                           "    timeout http-keep-alive 60s\n"
                           "    timeout queue 5s\n"
                           "    timeout check 2s\n"
                           "    option httpchk\n"
                           /* When it is reloaded; else a request may meet the
                            * end of its connection. */
                           "    option idle-close-on-response\n"
                           "\n"
                           "frontend microservicesLB\n";

/* Which rule a request falls under, then where the rule leads. The source
 * address is that of the client only if no proxy forwards: behind a proxy in
 * the office's network everybody would count as the office. */
static const char rules[] =
    "    option forwardfor\n"
    "    acl office src -f " OFFICE_PATH "\n"
    "    acl forwards req.hdr_names -m reg -i (^|,)(x-forwarded-[^,]*|"
    "forwarded|via|cdn-loop)(,|$)\n"
    "    acl forwards req.hdr_names -m reg -i (^|,)(x-real-ip|x-client-ip|"
    "x-cluster-client-ip|client-ip|true-client-ip)(,|$)\n"
    "    acl forwards req.hdr_names -m reg -i (^|,)(cf-ray|cf-connecting-ip|"
    "x-arr-ssl|x-original-forwarded-for|x-proxyuser-ip|"
    "x-envoy-external-address)(,|$)\n"
    "    http-request set-var(txn.rule) str(default)\n"
    "    http-request set-var(txn.rule) str(admin) if admin office !forwards\n"
    "    http-request del-header X-Forwarded-For\n"
    "    http-request del-header X-Forwarded-Host\n"
    /* Nobody signs people in here: such a name would be the client's own. */
    "    http-request del-header ^(x-(forwarded|auth-request|remote|webauth|"
    "authenticated)-(user|users|email|groups?|name|preferred-username)|"
    "remote-(user|email|groups?|name)|x-(user|username|email)|cf-access-.*|"
    "x-amzn-oidc-.*|x-goog-authenticated-.*|x-ms-client-principal.*|"
    "x-tailscale-.*|tailscale-user-.*)$ -m reg\n"
    "    http-request del-header \"(?i)^(${APP_IDENTITY_HEADER})\\$\" -m "
    "reg\n"
    "    http-request del-header \"(?i)^(${APP_IDENTITY_GROUPS_HEADER})\\$\" "
    "-m reg\n"
    "    use_backend %[dst_port,concat(:,txn.rule),map(" RULES_PATH ")]\n";

/* As on AWS: with a star at its end a path is a beginning. */
static void balancer_config_append_path(struct text *text, const char *path)
{
    size_t len = strlen(path);

    if (len > 0 && path[len - 1] == '*')
        text_printf(text, "    acl admin path_beg %.*s\n", (int)len - 1, path);
    else
        text_printf(text, "    acl admin path %s\n", path);
}

/* The load balancer's files have checked that it is one of them. */
static const char *group_service(const char *group)
{
    const char *last = service_names[SERVICES - 1];

    return strncmp(group, last, strlen(last)) == 0 ? last : service_names[0];
}

/* The page that is shown when no task answers. */
static void append_errors(struct text *text, const char *group)
{
    static const int statuses[] = { 502, 503, 504 };

    for (size_t i = 0; i < sizeof(statuses) / sizeof(*statuses); i++)
        text_printf(text,
                    "    http-error status %d content-type "
                    "\"text/html; charset=utf-8\" file " PAGES_FOLDER
                    "/%s.html hdr Retry-After 10 hdr Cache-Control no-store "
                    "hdr X-Content-Type-Options nosniff "
                    "hdr Content-Security-Policy \"default-src 'none'; "
                    "style-src 'unsafe-inline'; img-src data:\"\n",
                    statuses[i], group_service(group));
}

/* AWS's health checks name each task by its address. Here all tasks of a group
 * share one line, so the check names an address that each of them takes for its
 * own. */
static void append_group(struct text *text, const struct target_group *group,
                         const struct wanted_servers *servers)
{
    text_printf(text,
                "\nbackend %s\n"
                "    http-check send meth GET uri %s ver HTTP/1.1 hdr Host "
                "127.0.0.1\n"
                "    http-check expect status 200\n",
                group->name, group->health_path);
    append_errors(text, group->name);
    for (size_t i = 0; i < servers->count; i++) {
        const struct wanted_server *server = &servers->items[i];

        if (strcmp(server->group, group->name) == 0)
            text_printf(
                text, "    server %s %s:%d " SERVER_OPTIONS " weight %u\n",
                server->name, server->address, SERVER_PORT, server->weight);
    }
}

void balancer_config(const struct load_balancer *balancer,
                     const struct wanted_servers *servers, struct text *text)
{
    text_append_string(text, head);
    for (size_t i = 0; i < LISTENERS; i++)
        text_printf(text, "    bind :%u\n", balancer->listeners[i].port);
    for (size_t i = 0; balancer->paths[i] != NULL; i++)
        balancer_config_append_path(text, balancer->paths[i]);
    text_append_string(text, rules);
    for (size_t i = 0; i < GROUPS; i++)
        append_group(text, &balancer->groups[i], servers);
}
