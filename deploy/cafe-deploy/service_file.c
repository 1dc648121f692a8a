/* create-SERVICE-microservice-tg-two.json: what ECS takes for a service behind
 * a load balancer that CodeDeploy deploys. Here, too: whether files agree. */
#include <stddef.h>
#include <string.h>

#include "ecs_schema.h"
#include "files.h"

#define AT(field) .offset = offsetof(struct service_file, field)

/* Of a name, or of an ARN that ends in one. */
static const struct rule rule_arn = { "a name or an ARN", "", "-_:/", 2048 };

static const struct rule rule_token = {
    "a token of at most 36 letters, digits, "
    "- and _",
    "", "-_", 36
};
static const struct rule rule_version = { "a version, 1.4.0 or LATEST", "", ".",
                                          32 };

/* Of what only ECS's own deployments know. */
#define ONLY_ECS "not with the deployment controller CODE_DEPLOY"

static field_fn read_cluster, service_file_read_group, read_balancers,
    read_subnets;

static const struct field balancer_fields[] = {
    { .key = "targetGroupArn",
      .kind = FIELD_READ,
      .required = true,
      AT(target_group),
      .read = service_file_read_group },
    { .key = "containerName",
      .kind = FIELD_TEXT,
      .required = true,
      AT(container),
      .rule = &rule_name },
    { .key = "containerPort",
      .kind = FIELD_READ,
      .required = true,
      AT(port),
      .read = port_read },
    { ECS_REFUSED("advancedConfiguration", ONLY_ECS) },
    { ECS_REFUSED("loadBalancerName", "not together with targetGroupArn") },
    ECS_END,
};

static const struct field controller_fields[] = {
    { .key = "type",
      .kind = FIELD_WORD,
      .required = true,
      .word = "CODE_DEPLOY" },
    ECS_END,
};

static const struct field vpc_fields[] = {
    { .key = "subnets",
      .kind = FIELD_READ,
      .required = true,
      .read = read_subnets },
    { ECS_LIST("securityGroups", 5, ecs_text) },
    { ECS_CHOICE("assignPublicIp", ecs_enabled) },
    ECS_END,
};

static const struct field network_fields[] = {
    { .key = "awsvpcConfiguration",
      .kind = FIELD_MAP,
      .required = true,
      .fields = vpc_fields },
    ECS_END,
};

static const struct field deployment_fields[] = {
    { ECS_NUMBER("maximumPercent", 100, 200) },
    { ECS_NUMBER("minimumHealthyPercent", 0, 100) },
    { ECS_REFUSED("alarms", ONLY_ECS) },
    { ECS_REFUSED("bakeTimeInMinutes", ONLY_ECS) },
    { ECS_REFUSED("canaryConfiguration", ONLY_ECS) },
    { ECS_REFUSED("deploymentCircuitBreaker", ONLY_ECS) },
    { ECS_REFUSED("lifecycleHooks", ONLY_ECS) },
    { ECS_REFUSED("linearConfiguration", ONLY_ECS) },
    { ECS_REFUSED("strategy", ONLY_ECS) },
    ECS_END,
};

static const char *const tag_sources[] = { "TASK_DEFINITION", "SERVICE", "NONE",
                                           NULL };

static const struct field registry_fields[] = {
    { ECS_TEXT("registryArn"), .required = true },
    { ECS_NUMBER("port", 1, 65535) },
    { ECS_RULED("containerName", rule_name) },
    { ECS_NUMBER("containerPort", 1, 65535) },
    ECS_END,
};
static const struct field registry = { ECS_MAP("", registry_fields) };

static const struct field service_fields[] = {
    { .key = "serviceName",
      .kind = FIELD_TEXT,
      .required = true,
      AT(service),
      .rule = &rule_name },
    { .key = "cluster",
      .kind = FIELD_READ,
      .required = true,
      AT(cluster),
      .read = read_cluster },
    { .key = "taskDefinition",
      .kind = FIELD_READ,
      .required = true,
      AT(task_definition),
      .read = revision_read },
    { .key = "loadBalancers",
      .kind = FIELD_READ,
      .required = true,
      .read = read_balancers },
    { .key = "desiredCount",
      .kind = FIELD_NUMBER,
      .required = true,
      AT(desired_count),
      .min = 0,
      .max = 5000 },
    { .key = "launchType",
      .kind = FIELD_WORD,
      .required = true,
      .word = "FARGATE" },
    { .key = "deploymentController",
      .kind = FIELD_MAP,
      .required = true,
      .fields = controller_fields },
    { .key = "networkConfiguration",
      .kind = FIELD_MAP,
      .required = true,
      .fields = network_fields },
    { .key = "schedulingStrategy", .kind = FIELD_WORD, .word = "REPLICA" },
    { ECS_CHOICE("availabilityZoneRebalancing", ecs_enabled) },
    { ECS_REFUSED("capacityProviderStrategy", "not together with launchType") },
    { ECS_RULED("clientToken", rule_token) },
    { ECS_MAP("deploymentConfiguration", deployment_fields) },
    { ECS_SWITCH("enableECSManagedTags") },
    { ECS_SWITCH("enableExecuteCommand") },
    { ECS_NUMBER("healthCheckGracePeriodSeconds", 0, INT_MAX) },
    { ECS_REFUSED("placementConstraints", NOT_ON_FARGATE) },
    { ECS_REFUSED("placementStrategy", NOT_ON_FARGATE) },
    { ECS_RULED("platformVersion", rule_version) },
    { ECS_CHOICE("propagateTags", tag_sources) },
    { ECS_REFUSED("role", "not with the network mode awsvpc") },
    { ECS_REFUSED("serviceConnectConfiguration", ONLY_ECS) },
    { ECS_LIST("serviceRegistries", 1, registry) },
    { ECS_LIST("tags", 50, ecs_tag), .unique = "key" },
    { ECS_LIST("volumeConfigurations", 1, ecs_service_volume) },
    { ECS_REFUSED("vpcLatticeConfigurations", ONLY_ECS) },
    ECS_END,
};

/* The name in "arn:…:KIND/NAME" or "arn:…:KIND/NAME/ID", or a plain one. */
static enum error service_file_read_named(const struct document *document,
                                          const struct node *node,
                                          const char *kind,
                                          const struct rule *rule,
                                          const char **result)
{
    const char *text, *found;
    struct slice rest;
    enum error err = text_read(document, node, &rule_arn, &text);

    if (err != OK)
        return err;
    if (strncmp(text, "arn:", 4) == 0 && (found = strstr(text, kind)) != NULL) {
        rest = slice_of(found + strlen(kind));
        rest = slice_cut(&rest, '/');
        text = arena_copy(document->arena, rest.data, rest.len);
    }
    if (text == NULL)
        return ERROR_MEMORY;
    if (!rule_allows(rule, text))
        return document_fault(document, node, "'%s' is not %s",
                              document_shown(document, text), rule->what);
    *result = text;
    return OK;
}

static enum error read_cluster(const struct document *document,
                               const struct node *node, void *result)
{
    return service_file_read_named(document, node, ":cluster/", &rule_name,
                                   result);
}

static enum error service_file_read_group(const struct document *document,
                                          const struct node *node, void *result)
{
    return service_file_read_named(document, node, ":targetgroup/",
                                   &rule_group_name, result);
}

static enum error read_balancers(const struct document *document,
                                 const struct node *list, void *result)
{
    enum error err = list_check(document, list, 1, 1);

    if (err != OK)
        return err;
    return fields_read(document, list->first, balancer_fields, result);
}

static enum error read_subnets(const struct document *document,
                               const struct node *list, void *result)
{
    static const struct field subnets = { ECS_LIST("", 16, ecs_text),
                                          .min = 1 };

    (void)result;
    return field_check(document, list, &subnets);
}

enum error service_file_read(struct arena *arena, const char *path,
                             struct slice source, struct service_file *result,
                             struct text *error)
{
    struct document document = { arena, path, DIALECT_JSON, error, NULL, 0 };
    struct service_file service = { .path =
                                        arena_copy(arena, path, strlen(path)) };
    enum error err;

    if (service.path == NULL)
        return ERROR_MEMORY;
    if ((err = document_read(&document, source)) == OK)
        err = fields_read(&document, document.top, service_fields, &service);
    if (err == OK)
        *result = service;
    return err;
}

static enum error service_file_compare(const struct task_definition *task,
                                       const char *path, const char *container,
                                       unsigned port, struct text *error)
{
    if (strcmp(task->container, container) == 0 && task->port == port)
        return OK;
    text_printf(error,
                "%s has container '%s' on port %u, %s has '%s' on port %u; "
                "make them the same",
                task->path, task->container, task->port, path, container, port);
    return ERROR_CONFIG;
}

enum error files_agree(const struct task_definition *task,
                       const struct appspec *appspec,
                       const struct service_file *service, struct text *error)
{
    enum error err = OK;

    if (appspec != NULL)
        err = service_file_compare(task, appspec->path, appspec->container,
                                   appspec->port, error);
    if (err == OK && service != NULL)
        err = service_file_compare(task, service->path, service->container,
                                   service->port, error);
    return err;
}
