/* HAProxy as the load balancer: its configuration on disk, which is what it
 * begins with, and the same live, through its admin socket. */
#ifndef CAFE_DEPLOY_BALANCER_H
#define CAFE_DEPLOY_BALANCER_H

#include "service.h"

/** Which listeners, as bits. */
enum { PRODUCTION = 1, TEST = 2 };

enum { SERVERS_MAX = SERVICES * SETS * TASKS_MAX };

/** A task as the load balancer sees it. */
struct server {
    const char *group;
    const char *name;
    const char *status; /* "UP", "DOWN 1/2", "no check" */
    bool healthy;       /* up, and its last check was answered with 200 */
    uint64_t weight;    /* 0: no new requests */
    uint64_t requests;  /* at work right now */
    uint64_t answers;   /* so far */
    uint64_t errors;    /* of these 5xx, or broken off */
};

struct servers {
    struct server items[SERVERS_MAX];
    size_t count;
    bool away; /* the load balancer doesn't answer */
};

/** First configuration: rules as the template has them, nobody restricted.
 * What is there already stays. */
MUST_CHECK enum error balancer_init(struct site *site);

/**
 * Make the load balancer's servers, rules and office addresses what the state
 * says, on disk and live. Servers that still have connections are left for the
 * next call. When it doesn't answer, only what is on disk is written: it will
 * begin with that.
 */
MUST_CHECK enum error balancer_sync(struct site *site);

/** Ask for all servers. Errors  ERROR_MEMORY, ERROR_SYSTEM. */
MUST_CHECK enum error balancer_look(struct site *site, struct servers *servers);

/** The server of a task; NULL when it has none. */
const struct server *find_server(const struct servers *servers,
                                 const char *name);

/** The target group that a service's rule of a listener leads to. */
MUST_CHECK enum error balancer_rule(struct site *site, const char *service,
                                    unsigned listener, const char **group);

/** Lead the service's rules of these listeners to a group, then sync. */
MUST_CHECK enum error balancer_lead(struct site *site, const char *service,
                                    unsigned listeners, const char *group);

/** Set the networks that reach the employees' pages,
 * "192.0.2.0/24,198.51.100.7"; then sync.
 * Errors  ERROR_CONFIG (no addresses). */
MUST_CHECK enum error balancer_restrict(struct site *site, const char *cidrs);

#endif
