/* Make what HAProxy has what it shall have, through its admin socket: both are
 * listed, and only what differs is changed. So it does not matter how they came
 * apart. */
#include "balancer_live.h"

#include "admin_socket.h"

static const struct wanted_server *find_wanted(
    const struct wanted_servers *wanted, struct slice group, struct slice name)
{
    for (size_t i = 0; i < wanted->count; i++) {
        const struct wanted_server *server = &wanted->items[i];

        if (slice_is(group, server->group) && slice_is(name, server->name))
            return server;
    }
    return NULL;
}

/* HAProxy refuses while the server has connections; the next look tries
 * again. */
static enum error remove_server(struct admin *admin, struct slice group,
                                struct slice name)
{
    return admin_try(admin,
                     "set server %.*s/%.*s state maint; del server %.*s/%.*s",
                     (int)group.len, group.data, (int)name.len, name.data,
                     (int)group.len, group.data, (int)name.len, name.data);
}

/* A server that is added live is in maintenance and unchecked. Its checks begin
 * before it is enabled, and it counts as up until the first one has ended: a
 * new task gets nothing meanwhile, because its weight is 0. */
static enum error add_server(struct admin *admin,
                             const struct wanted_server *server)
{
    const char *group = server->group, *name = server->name;

    return admin_try(admin,
                     "add server %s/%s %s:%d " SERVER_OPTIONS " weight %u; "
                     "enable health %s/%s; enable server %s/%s",
                     group, name, server->address, SERVER_PORT, server->weight,
                     group, name, group, name);
}

/* Of "show servers state": group, name, weight, and whether in maintenance. */
static enum error sync_server(struct admin *admin, struct slice line,
                              const struct wanted_servers *wanted,
                              bool present[SERVERS_MAX])
{
    struct slice words[8];
    const struct wanted_server *server;
    uint64_t weight = 0;

    for (size_t i = 0; i < 8; i++)
        words[i] = slice_cut(&line, ' ');
    if (words[3].len == 0 || slice_is(words[0], "#"))
        return OK;
    server = find_wanted(wanted, words[1], words[3]);
    if (server == NULL)
        return remove_server(admin, words[1], words[3]);
    present[server - wanted->items] = true;
    /* Added by a run that was killed before it enabled the server. */
    if (!slice_is(words[6], "0"))
        return admin_try(admin, "enable health %s/%s; enable server %s/%s",
                         server->group, server->name, server->group,
                         server->name);
    if (slice_number(words[7], UINT32_MAX, &weight) != OK ||
        weight != server->weight)
        return admin_try(admin, "set server %s/%s weight %u", server->group,
                         server->name, server->weight);
    return OK;
}

static enum error sync_servers(struct admin *admin,
                               const struct wanted_servers *wanted)
{
    bool present[SERVERS_MAX] = { false };
    struct slice lines;
    enum error err = admin_ask(admin, "show servers state", &lines);

    while (lines.len > 0 && err == OK)
        err = sync_server(admin, slice_cut(&lines, '\n'), wanted, present);
    for (size_t i = 0; i < wanted->count && err == OK; i++) {
        if (!present[i])
            err = add_server(admin, &wanted->items[i]);
    }
    return err;
}

/* "0x55d0 80:default customer-tg-one" without the first word. */
static struct slice live_entry(struct slice *lines)
{
    struct slice line = slice_cut(lines, '\n');

    slice_cut(&line, ' ');
    return line;
}

static bool balancer_live_has_line(struct slice lines, struct slice wanted,
                                   bool live)
{
    while (lines.len > 0) {
        struct slice line = live ? live_entry(&lines) : slice_cut(&lines, '\n');

        if (slice_equal(line, wanted))
            return true;
    }
    return false;
}

/* Every key is there from the beginning: see balancer_init(). */
static enum error sync_rules(struct admin *admin, struct slice rules)
{
    struct slice live;
    enum error err = admin_ask(admin, "show map " RULES_PATH, &live);

    while (rules.len > 0 && err == OK) {
        struct slice line = slice_cut(&rules, '\n');

        if (!balancer_live_has_line(live, line, true))
            err = admin_tell(admin, "set map " RULES_PATH " %.*s",
                             (int)line.len, line.data);
    }
    return err;
}

/* First add networks, then delete: at no moment is an address refused that is
 * allowed before and after. */
static enum error sync_office(struct admin *admin, struct slice office)
{
    struct slice live, rest = office;
    enum error err = admin_ask(admin, "show acl " OFFICE_PATH, &live);

    while (rest.len > 0 && err == OK) {
        struct slice line = slice_cut(&rest, '\n');

        if (!balancer_live_has_line(live, line, true))
            err = admin_tell(admin, "add acl " OFFICE_PATH " %.*s",
                             (int)line.len, line.data);
    }
    while (live.len > 0 && err == OK) {
        struct slice line = live_entry(&live);

        if (line.len > 0 && !balancer_live_has_line(office, line, false))
            err = admin_tell(admin, "del acl " OFFICE_PATH " %.*s",
                             (int)line.len, line.data);
    }
    return err;
}

enum error balancer_live(struct site *site, const struct wanted_servers *wanted,
                         struct slice rules, struct slice office)
{
    struct admin admin = { .site = site };
    enum error err = sync_servers(&admin, wanted);

    if (err == OK)
        err = sync_rules(&admin, rules);
    if (err == OK)
        err = sync_office(&admin, office);
    /* It reads the files when it comes back. */
    return admin.away ? OK : err;
}
