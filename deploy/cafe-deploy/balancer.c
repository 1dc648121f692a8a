/*
 * The load balancer's rules and servers. Three files in its folder say what
 * they shall be: rules.map, office.acl, and haproxy.cfg, which has the servers
 * and is made of the services' files. One lock covers all of them, because the
 * two services share one haproxy.cfg: each of them writes the servers of both.
 *
 * Locks are always taken in one order, a service's before this one, so two
 * commands can't wait for each other. The file of the other service is read
 * without its lock. That is safe, because files are replaced as a whole, and
 * because a command that changes it calls balancer_sync() afterwards.
 */
#include "balancer.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "balancer_live.h"

/* The key of a listener and a service in rules.map: "80:admin". */
static char *rule_key(struct site *site, const char *service, unsigned listener)
{
    bool first = strcmp(service, service_names[0]) == 0;
    unsigned port = site->balancer.listeners[listener == TEST].port;

    return arena_printf(site->arena, "%u:%s", port,
                        first ? "default" : "admin");
}

/* The value of a key in lines of "key value"; absent without one. */
static struct slice find_value(struct slice lines, const char *key)
{
    while (lines.len > 0) {
        struct slice line = slice_cut(&lines, '\n');

        if (slice_is(slice_cut(&line, ' '), key))
            return line;
    }
    return (struct slice){ NULL, 0 };
}

static enum error read_rules(struct site *site, struct slice *rules)
{
    char *path = site_path(site, "balancer/rules.map");

    return path != NULL ? site_read(site, path, rules) : ERROR_MEMORY;
}

enum error balancer_rule(struct site *site, const char *service,
                         unsigned listener, const char **group)
{
    char *key = rule_key(site, service, listener);
    struct slice rules, value;
    enum error err = key != NULL ? read_rules(site, &rules) : ERROR_MEMORY;

    if (err != OK)
        return err;
    value = find_value(rules, key);
    *group = arena_copy(site->arena, value.data, value.len);
    return *group != NULL ? OK : ERROR_MEMORY;
}

/* The wanted servers, of all services. */

static enum error add_wanted(struct site *site, const struct service *service,
                             const struct task_set *set,
                             struct wanted_servers *wanted)
{
    for (size_t i = 0; i < set->count; i++) {
        const struct task *task = &set->tasks[i];
        struct wanted_server *server = &wanted->items[wanted->count++];

        server->group = arena_copy(site->arena, set->group, strlen(set->group));
        server->name = task_name(site, service, task);
        server->address = task_address(site, service, task);
        server->weight = task->phase == TASK_SERVING ? SERVING_WEIGHT : 0;
        if (server->group == NULL || server->name == NULL ||
            server->address == NULL)
            return ERROR_MEMORY;
    }
    return OK;
}

static enum error all_wanted(struct site *site, struct wanted_servers *wanted)
{
    enum error err = OK;

    wanted->count = 0;
    for (size_t i = 0; i < SERVICES && err == OK; i++) {
        struct service service;

        err = service_load(site, service_names[i], &service);
        if (err == OK)
            err = add_wanted(site, &service, &service.blue, wanted);
        if (err == OK)
            err = add_wanted(site, &service, &service.green, wanted);
    }
    return err;
}

static enum error write_config(struct site *site,
                               const struct wanted_servers *wanted)
{
    char *path = site_path(site, "balancer/haproxy.cfg");
    struct text text;
    enum error err;

    text_init(&text, 0);
    balancer_config(&site->balancer, wanted, &text);
    err = path != NULL ? site_write(site, path, &text, 0644) : ERROR_MEMORY;
    text_free(&text);
    return err;
}

/* First the files, then HAProxy: if it restarts in between, or this program is
 * killed, it begins with what it shall be. */
static enum error sync_locked(struct site *site)
{
    char *path = site_path(site, "balancer/office.acl");
    struct wanted_servers wanted;
    struct slice rules = { 0 }, office = { 0 };
    enum error err = path != NULL ? all_wanted(site, &wanted) : ERROR_MEMORY;

    /* With the lock held no other writes there: what is unfinished was left by
     * a run that was killed. */
    site_forget_unfinished(site, "balancer", "");
    if (err == OK)
        err = write_config(site, &wanted);
    if (err == OK)
        err = read_rules(site, &rules);
    if (err == OK)
        err = site_read(site, path, &office);
    return err == OK ? balancer_live(site, &wanted, rules, office) : err;
}

enum error balancer_sync(struct site *site)
{
    enum error err;
    int lock;

    if ((err = site_lock(site, "balancer", true, &lock)) != OK)
        return err;
    err = sync_locked(site);
    close(lock);
    return err;
}

/* Changes. */

/* Lead the service's keys of these listeners to a group; the other lines stay.
 * The keys are those of init_rules() and stay the same, so that the live map
 * can follow with `set map` alone. */
static enum error write_rules(struct site *site, const char *service,
                              unsigned listeners, const char *group)
{
    char *path = site_path(site, "balancer/rules.map");
    struct slice rules;
    struct text text;
    enum error err = path != NULL ? site_read(site, path, &rules)
                                  : ERROR_MEMORY;

    text_init(&text, 0);
    while (err == OK && rules.len > 0) {
        struct slice line = slice_cut(&rules, '\n');
        struct slice rest = line, key = slice_cut(&rest, ' ');
        bool ours = false;

        for (unsigned listener = PRODUCTION; listener <= TEST; listener *= 2) {
            char *name = rule_key(site, service, listener);

            ours |= name != NULL && (listeners & listener) &&
                    slice_is(key, name);
        }
        text_printf(&text, "%.*s %.*s\n", (int)key.len, key.data,
                    ours ? (int)strlen(group) : (int)rest.len,
                    ours ? group : rest.data);
    }
    if (err == OK)
        err = site_write(site, path, &text, 0644);
    text_free(&text);
    return err;
}

enum error balancer_lead(struct site *site, const char *service,
                         unsigned listeners, const char *group)
{
    enum error err;
    int lock;

    if ((err = site_lock(site, "balancer", true, &lock)) != OK)
        return err;
    err = write_rules(site, service, listeners, group);
    if (err == OK)
        err = sync_locked(site);
    close(lock);
    return err;
}

static enum error init_rules(struct site *site)
{
    char *path = site_path(site, "balancer/rules.map");
    struct text text;
    enum error err;

    /* `up` may run while services are deployed: rules that are there stay. */
    if (path == NULL || access(path, F_OK) == 0)
        return path != NULL ? OK : ERROR_MEMORY;
    text_init(&text, 0);
    for (size_t i = 0; i < LISTENERS; i++) {
        const struct listener *listener = &site->balancer.listeners[i];

        text_printf(&text, "%u:default %s\n%u:admin %s\n", listener->port,
                    listener->default_group, listener->port,
                    listener->admin_group);
    }
    err = site_write(site, path, &text, 0644);
    text_free(&text);
    return err;
}

static enum error write_office(struct site *site, const char *lines)
{
    char *path = site_path(site, "balancer/office.acl");
    struct text text;
    enum error err;

    text_init(&text, 0);
    text_append_string(&text, lines);
    err = path != NULL ? site_write(site, path, &text, 0644) : ERROR_MEMORY;
    text_free(&text);
    return err;
}

enum error balancer_init(struct site *site)
{
    char *office = site_path(site, "balancer/office.acl");
    enum error err = office != NULL ? init_rules(site) : ERROR_MEMORY;

    /* Everybody, until `restrict` names a network. */
    if (err == OK && access(office, F_OK) != 0)
        err = write_office(site, "0.0.0.0/0\n::/0\n");
    return err == OK ? balancer_sync(site) : err;
}

/* An address with or without the length of its network. */
static bool is_network(struct slice text)
{
    struct slice length = text;
    struct slice address = slice_cut(&length, '/');
    bool whole = address.len == text.len;
    char copy[INET6_ADDRSTRLEN];
    unsigned char bytes[16];
    uint64_t bits = 0;
    int family;

    if (address.len >= sizeof(copy))
        return false;
    memcpy(copy, address.data, address.len);
    copy[address.len] = '\0';
    family = strchr(copy, ':') != NULL ? AF_INET6 : AF_INET;
    return inet_pton(family, copy, bytes) == 1 &&
           (whole ||
            slice_number(length, family == AF_INET ? 32 : 128, &bits) == OK);
}

enum error balancer_restrict(struct site *site, const char *cidrs)
{
    struct slice rest = slice_of(cidrs);
    struct text text;
    enum error err = OK;
    int lock;

    text_init(&text, 0);
    while (rest.len > 0 && err == OK) {
        struct slice cidr = slice_trim(slice_cut(&rest, ','));

        if (!is_network(cidr))
            err = fail(site, ERROR_CONFIG,
                       "'%.*s' is not an address or a network like "
                       "192.0.2.0/24",
                       (int)cidr.len, cidr.data);
        text_append_slice(&text, cidr);
        text_append_char(&text, '\n');
    }
    if (err == OK && text.len == 0)
        err = fail(site, ERROR_CONFIG, "say which network: 192.0.2.0/24");
    if (err == OK && text.failed)
        err = ERROR_MEMORY;
    if (err == OK)
        err = site_lock(site, "balancer", true, &lock);
    if (err == OK) {
        err = write_office(site, text_string(&text));
        if (err == OK)
            err = sync_locked(site);
        close(lock);
    }
    text_free(&text);
    return err;
}
