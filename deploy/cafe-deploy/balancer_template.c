/* CloudFormation templates: listeners, their rules for paths, and target
 * groups. Other resources are passed over. */
#include <stddef.h>
#include <string.h>

#include "balancer_template.h"
#include "fields.h"

static const unsigned ports[LISTENERS] = { 80, 8080 };

static const struct rule rule_path = { "a path", "/", "-_./*$~@:+&", 128 };
static const struct rule rule_health = { "a path", "/", "-_./?=&%:", 1024 };

static field_fn keep_node, read_action, read_conditions, read_forward,
    read_health, balancer_template_read_resources;

/* Tables. */

static const struct field forward_group_fields[] = {
    { .key = "TargetGroupArn",
      .kind = FIELD_READ,
      .required = true,
      .read = keep_node },
    { .key = "Weight" },
    { .key = NULL },
};

static const struct field forward_fields[] = {
    { .key = "TargetGroups",
      .kind = FIELD_READ,
      .required = true,
      .read = read_forward },
    { .key = "TargetGroupStickinessConfig" },
    { .key = NULL },
};

static const struct field action_fields[] = {
    { .key = "Type", .kind = FIELD_WORD, .required = true, .word = "forward" },
    { .key = "TargetGroupArn", .kind = FIELD_READ, .read = keep_node },
    { .key = "ForwardConfig", .kind = FIELD_MAP, .fields = forward_fields },
    { .key = "Order" },
    { .key = NULL },
};

struct condition {
    const char *field;
    const struct node *values;
};

static const struct field path_fields[] = {
    { .key = "Values",
      .kind = FIELD_READ,
      .required = true,
      .offset = offsetof(struct condition, values),
      .read = keep_node },
    { .key = NULL },
};

static const struct field condition_fields[] = {
    { .key = "Field",
      .kind = FIELD_TEXT,
      .required = true,
      .offset = offsetof(struct condition, field),
      .rule = &rule_name },
    { .key = "Values",
      .kind = FIELD_READ,
      .offset = offsetof(struct condition, values),
      .read = keep_node },
    { .key = "PathPatternConfig", .kind = FIELD_MAP, .fields = path_fields },
    { .key = "HostHeaderConfig" },
    { .key = "HttpHeaderConfig" },
    { .key = "HttpRequestMethodConfig" },
    { .key = "QueryStringConfig" },
    { .key = "SourceIpConfig" },
    { .key = NULL },
};

static const struct field group_properties[] = {
    { .key = "Name",
      .kind = FIELD_TEXT,
      .required = true,
      .offset = offsetof(struct target_group, name),
      .rule = &rule_group_name },
    { .key = "HealthCheckPath",
      .kind = FIELD_READ,
      .offset = offsetof(struct target_group, health_path),
      .read = read_health },
    { .key = "TargetType", .kind = FIELD_WORD, .required = true, .word = "ip" },
    { .key = "HealthCheckEnabled" },
    { .key = "HealthCheckIntervalSeconds" },
    { .key = "HealthCheckPort" },
    { .key = "HealthCheckProtocol" },
    { .key = "HealthCheckTimeoutSeconds" },
    { .key = "HealthyThresholdCount" },
    { .key = "IpAddressType" },
    { .key = "Matcher" },
    { .key = "Port" },
    { .key = "Protocol" },
    { .key = "ProtocolVersion" },
    { .key = "Tags" },
    { .key = "TargetControlPort" },
    { .key = "TargetGroupAttributes" },
    { .key = "Targets" },
    { .key = "UnhealthyThresholdCount" },
    { .key = "VpcId" },
    { .key = NULL },
};

static const struct field listener_properties[] = {
    { .key = "Port",
      .kind = FIELD_READ,
      .required = true,
      .offset = offsetof(struct found_listener, port),
      .read = port_read },
    { .key = "DefaultActions",
      .kind = FIELD_READ,
      .required = true,
      .offset = offsetof(struct found_listener, group),
      .read = read_action },
    { .key = "LoadBalancerArn", .required = true },
    { .key = "AlpnPolicy" },
    { .key = "Certificates" },
    { .key = "ListenerAttributes" },
    { .key = "MutualAuthentication" },
    { .key = "Protocol" },
    { .key = "SslPolicy" },
    { .key = NULL },
};

static const struct field rule_properties[] = {
    { .key = "ListenerArn",
      .kind = FIELD_READ,
      .required = true,
      .offset = offsetof(struct found_rule, listener),
      .read = keep_node },
    { .key = "Conditions",
      .kind = FIELD_READ,
      .required = true,
      .read = read_conditions },
    { .key = "Actions",
      .kind = FIELD_READ,
      .required = true,
      .offset = offsetof(struct found_rule, group),
      .read = read_action },
    { .key = "Priority", .required = true },
    { .key = "Transforms" },
    { .key = NULL },
};

static const struct field template_fields[] = {
    { .key = "Resources",
      .kind = FIELD_READ,
      .required = true,
      .read = balancer_template_read_resources },
    { .key = "AWSTemplateFormatVersion" },
    { .key = "Conditions" },
    { .key = "Description" },
    { .key = "Mappings" },
    { .key = "Metadata" },
    { .key = "Outputs" },
    { .key = "Parameters" },
    { .key = "Rules" },
    { .key = "Transform" },
    { .key = NULL },
};

static enum error keep_node(const struct document *document,
                            const struct node *node, void *result)
{
    (void)document;
    *(const struct node **)result = node;
    return OK;
}

/* Properties. */

static enum error read_forward(const struct document *document,
                               const struct node *list, void *result)
{
    enum error err = list_check(document, list, 1, 1);

    if (err != OK)
        return err;
    return fields_read(document, list->first, forward_group_fields, result);
}

/* One action, which forwards to one target group. */
static enum error read_action(const struct document *document,
                              const struct node *list, void *result)
{
    const struct node *group = NULL;
    enum error err = list_check(document, list, 1, 1);

    if (err == OK)
        err = fields_read(document, list->first, action_fields, &group);
    if (err != OK)
        return err;
    if (group == NULL)
        return document_fault(document, list->first,
                              "'TargetGroupArn' is missing; add it");
    *(const struct node **)result = group;
    return OK;
}

static enum error balancer_template_read_path(const struct document *document,
                                              const struct node *node,
                                              const struct rule *rule,
                                              const char **result)
{
    const char *path;
    enum error err = text_read(document, node, rule, &path);

    if (err != OK)
        return err;
    if (path[0] != '/')
        return document_fault(document, node,
                              "'%s' is not a path; begin with "
                              "/",
                              document_shown(document, path));
    *result = path;
    return OK;
}

static enum error read_health(const struct document *document,
                              const struct node *node, void *result)
{
    return balancer_template_read_path(document, node, &rule_health, result);
}

static enum error read_paths(const struct document *document,
                             const struct node *list, struct found_rule *rule)
{
    enum error err = list_check(document, list, 1, PATHS_MAX);

    for (const struct node *node = err == OK ? list->first : NULL;
         node != NULL && err == OK; node = node->next) {
        const char **path = &rule->paths[node->index];

        err = balancer_template_read_path(document, node, &rule_path, path);
        /* AWS takes wildcards anywhere; a rule of HAProxy here can do one at
         * the end. */
        if (err == OK && strcspn(*path, "*") + 1 < strlen(*path))
            err = document_fault(document, node,
                                 "'%s' has a '*' before its end; write /path*",
                                 *path);
    }
    rule->path_list = list;
    return err;
}

/* Exactly one about paths; others, about source addresses, are allowed. */
static enum error read_conditions(const struct document *document,
                                  const struct node *list, void *result)
{
    struct found_rule *rule = result;
    enum error err = list_check(document, list, 1, PATHS_MAX);

    for (const struct node *node = err == OK ? list->first : NULL;
         node != NULL && err == OK; node = node->next) {
        struct condition condition = { NULL, NULL };

        err = fields_read(document, node, condition_fields, &condition);
        if (err != OK || strcmp(condition.field, "path-pattern") != 0)
            continue;
        if (rule->path_list != NULL)
            return document_fault(document, node,
                                  "a second path-pattern; keep one");
        if (condition.values == NULL)
            return document_fault(document, node,
                                  "'Values' is missing; add "
                                  "it");
        err = read_paths(document, condition.values, rule);
    }
    if (err == OK && rule->path_list == NULL)
        return document_fault(document, list,
                              "there is no path-pattern condition; add one");
    return err;
}

/* Resources. */

static enum error read_properties(struct resource resource,
                                  const struct field *fields, void *result)
{
    const struct node *properties = document_get(resource.node, "Properties");

    if (properties == NULL)
        return document_fault(resource.document, resource.node,
                              "'Properties' is missing; add it");
    return fields_read(resource.document, properties, fields, result);
}

static enum error balancer_template_read_group(struct balancer *balancer,
                                               struct resource resource)
{
    struct found_group found = { resource, { NULL, "/" } };
    enum error err = read_properties(resource, group_properties, &found.group);

    if (err != OK)
        return err;
    for (size_t i = 0; i < balancer->group_count; i++) {
        if (strcmp(balancer->groups[i].group.name, found.group.name) == 0)
            return document_fault(
                resource.document, resource.node,
                "a second group '%s'; rename one",
                document_shown(resource.document, found.group.name));
    }
    if (balancer->group_count == GROUPS)
        return document_fault(resource.document, resource.node,
                              "a fifth target group; expected four");
    balancer->groups[balancer->group_count++] = found;
    return OK;
}

static enum error read_listener(struct balancer *balancer,
                                struct resource resource)
{
    struct found_listener found = { .resource = resource };
    size_t i;
    enum error err = read_properties(resource, listener_properties, &found);

    if (err != OK)
        return err;
    for (i = 0; i < LISTENERS && ports[i] != found.port; i++)
        ;
    if (i == LISTENERS)
        return document_fault(resource.document, resource.node,
                              "listens on %u; expected 80, and 8080 for tests",
                              found.port);
    if (balancer->listeners[i].resource.node != NULL)
        return document_fault(resource.document, resource.node,
                              "a second listener on %u; keep one", found.port);
    balancer->listeners[i] = found;
    return OK;
}

static enum error read_rule(struct balancer *balancer, struct resource resource)
{
    struct found_rule found = { .resource = resource };
    enum error err = read_properties(resource, rule_properties, &found);

    if (err != OK)
        return err;
    if (balancer->loose_count == LISTENERS)
        return document_fault(resource.document, resource.node,
                              "a third rule; expected one a listener");
    balancer->loose[balancer->loose_count++] = found;
    return OK;
}

static enum error balancer_template_read_resources(
    const struct document *document, const struct node *map, void *result)
{
    static const struct {
        const char *type;
        enum error (*read)(struct balancer *, struct resource);
    } rows[] = {
        { "AWS::ElasticLoadBalancingV2::TargetGroup",
          balancer_template_read_group },
        { "AWS::ElasticLoadBalancingV2::Listener", read_listener },
        { "AWS::ElasticLoadBalancingV2::ListenerRule", read_rule },
    };
    const struct node *type;
    const char *name;
    enum error err = OK;

    if (map->kind != NODE_MAP)
        return document_fault(document, map, "expected a map of keys");
    for (const struct node *node = map->first; node != NULL && err == OK;
         node = node->next) {
        if ((type = document_get(node, "Type")) == NULL)
            return document_fault(document, node, "'Type' is missing; add it");
        err = text_read(document, type, &rule_any, &name);
        for (size_t i = 0; i < sizeof(rows) / sizeof(*rows) && err == OK; i++) {
            if (strcmp(rows[i].type, name) == 0)
                err = rows[i].read(result, (struct resource){ document, node });
        }
    }
    return err;
}

enum error balancer_template_read(const struct document *document,
                                  struct balancer *balancer)
{
    return fields_read(document, document->top, template_fields, balancer);
}
