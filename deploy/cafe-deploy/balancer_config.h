/* The text of haproxy.cfg. */
#ifndef CAFE_DEPLOY_BALANCER_CONFIG_H
#define CAFE_DEPLOY_BALANCER_CONFIG_H

#include "balancer.h"

enum { SERVING_WEIGHT = 100, SERVER_PORT = 8080 };

/* In the load balancer's container. */
#define BALANCER_FOLDER "/etc/cafe"
#define RULES_PATH BALANCER_FOLDER "/rules.map"
#define OFFICE_PATH BALANCER_FOLDER "/office.acl"
#define PAGES_FOLDER "/etc/cafe-pages" /* deploy/pages */

/** How a server is asked for its health, and when idle connections end. */
#define SERVER_OPTIONS "check inter 500ms fall 2 rise 1 pool-purge-delay 500ms"

struct wanted_server {
    const char *group;
    const char *name;
    const char *address;
    unsigned weight;
};

struct wanted_servers {
    struct wanted_server items[SERVERS_MAX];
    size_t count;
};

/** Write it, with these servers, healthy or not yet as their weight says. */
void balancer_config(const struct load_balancer *balancer,
                     const struct wanted_servers *servers, struct text *text);

#endif
