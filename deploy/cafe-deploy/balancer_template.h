/* What a load balancer consists of in CloudFormation templates. */
#ifndef CAFE_DEPLOY_BALANCER_TEMPLATE_H
#define CAFE_DEPLOY_BALANCER_TEMPLATE_H

#include "document.h"
#include "files.h"

/** A resource, with where it stands. */
struct resource {
    const struct document *document;
    const struct node *node; /* NULL: not found yet */
};

struct found_group {
    struct resource resource;
    struct target_group group;
};

struct found_listener {
    struct resource resource;
    unsigned port;
    const struct node *group; /* names it */
};

struct found_rule {
    struct resource resource;
    const struct node *listener, *group; /* name them */
    const struct node *path_list;
    const char *paths[PATHS_MAX + 1];
};

/** What all templates have together. Listeners in order of ports, rules in that
 * of their listeners. */
struct balancer {
    struct found_group groups[GROUPS];
    size_t group_count;
    struct found_listener listeners[LISTENERS];
    struct found_rule rules[LISTENERS];
    struct found_rule loose[LISTENERS]; /* listeners not looked up yet */
    size_t loose_count;
};

/**
 * Add what one template has.
 *
 * document  Lives as long as the balancer.
 * Errors    ERROR_CONFIG with one line in the document's `error`: more than
 *           there is room for, twice the same, not as AWS has it.
 */
MUST_CHECK enum error balancer_template_read(const struct document *document,
                                             struct balancer *balancer);

#endif
