/* appspec-SERVICE.yaml: what CodeDeploy takes for a deployment to ECS. */
#include <stddef.h>
#include <string.h>

#include "ecs_schema.h"
#include "files.h"

#define AT(field) .offset = offsetof(struct appspec, field)

/* A function's name becomes that of a program: never a path. */
static const struct rule rule_function = {
    "the name of a function: letters, digits, - and _", "", "-_", 64
};

/* Lifecycle events of ECS, in the order in which they run. */
static const char *const events[] = { "BeforeInstall", "AfterInstall",
                                      "AfterAllowTestTraffic",
                                      "BeforeAllowTraffic",
                                      "AfterAllowTraffic" };
enum { EVENT_COUNT = sizeof(events) / sizeof(*events) };
_Static_assert((int)EVENT_COUNT < (int)HOOKS_MAX,
               "an AppSpec needs room for each event and one more");

static field_fn read_hooks, appspec_read_resources;

static const struct field balancer_fields[] = {
    { .key = "ContainerName",
      .kind = FIELD_TEXT,
      .required = true,
      AT(container),
      .rule = &rule_name },
    { .key = "ContainerPort",
      .kind = FIELD_READ,
      .required = true,
      AT(port),
      .read = port_read },
    ECS_END,
};

static const struct field vpc_fields[] = {
    { ECS_LIST("Subnets", 16, ecs_text), .min = 1, .required = true },
    { ECS_LIST("SecurityGroups", 5, ecs_text) },
    { ECS_CHOICE("AssignPublicIp", ecs_enabled) },
    ECS_END,
};

static const struct field network_fields[] = {
    { ECS_MAP("AwsvpcConfiguration", vpc_fields), .required = true },
    ECS_END,
};

static const struct field provider_fields[] = {
    { ECS_TEXT("CapacityProvider"), .required = true },
    { ECS_NUMBER("Base", 0, 100000) },
    { ECS_NUMBER("Weight", 0, 1000) },
    ECS_END,
};
static const struct field provider = { ECS_MAP("", provider_fields) };

static const struct field property_fields[] = {
    { .key = "TaskDefinition",
      .kind = FIELD_READ,
      .required = true,
      AT(task_definition),
      .read = revision_read },
    { .key = "LoadBalancerInfo",
      .kind = FIELD_MAP,
      .required = true,
      .fields = balancer_fields },
    { ECS_TEXT("PlatformVersion") },
    { ECS_MAP("NetworkConfiguration", network_fields) },
    { ECS_LIST("CapacityProviderStrategy", 20, provider) },
    ECS_END,
};

static const struct field target_fields[] = {
    { .key = "Type",
      .kind = FIELD_WORD,
      .required = true,
      .word = "AWS::ECS::Service" },
    { .key = "Properties",
      .kind = FIELD_MAP,
      .required = true,
      .fields = property_fields },
    ECS_END,
};

static const struct field resource_fields[] = {
    { .key = "TargetService",
      .kind = FIELD_MAP,
      .required = true,
      .fields = target_fields },
    ECS_END,
};

static const struct field appspec_fields[] = {
    { .key = "version", .kind = FIELD_WORD, .required = true, .word = "0.0" },
    { .key = "Resources",
      .kind = FIELD_READ,
      .required = true,
      .read = appspec_read_resources },
    { .key = "Hooks", .kind = FIELD_READ, .read = read_hooks },
    ECS_END,
};

static enum error appspec_read_resources(const struct document *document,
                                         const struct node *list, void *result)
{
    enum error err = list_check(document, list, 1, 1);

    if (err != OK)
        return err;
    return fields_read(document, list->first, resource_fields, result);
}

/* A table of the events, so that a misspelt one gets a suggestion. */
static enum error read_hook(const struct document *document,
                            const struct node *node, struct appspec *appspec)
{
    struct field fields[EVENT_COUNT + 1] = { { .key = NULL } };
    struct hook *hook = &appspec->hooks[appspec->hook_count];
    enum error err;

    for (size_t i = 0; i < EVENT_COUNT; i++)
        fields[i] = (struct field){ .key = events[i],
                                    .kind = FIELD_TEXT,
                                    .rule = &rule_function };
    if ((err = fields_read(document, node, fields, &hook->function)) != OK)
        return err;
    if (node->count != 1)
        return document_fault(document, node,
                              "%zu events; expected one an entry", node->count);
    hook->event = node->first->key;
    for (size_t i = 0; i < appspec->hook_count; i++) {
        if (strcmp(appspec->hooks[i].event, hook->event) == 0)
            return document_key_fault(document, node->first,
                                      "the event appears twice; remove one");
    }
    appspec->hook_count++;
    return OK;
}

static enum error read_hooks(const struct document *document,
                             const struct node *list, void *result)
{
    enum error err = list_check(document, list, 0, DOCUMENT_MAX_NODES);

    for (const struct node *node = err == OK ? list->first : NULL;
         node != NULL && err == OK; node = node->next)
        err = read_hook(document, node, result);
    return err;
}

enum error appspec_read(struct arena *arena, const char *path,
                        struct slice source, struct appspec *result,
                        struct text *error)
{
    struct document document = { arena, path, DIALECT_YAML, error, NULL, 0 };
    struct appspec appspec = { .path = arena_copy(arena, path, strlen(path)) };
    enum error err;

    if (appspec.path == NULL)
        return ERROR_MEMORY;
    if ((err = document_read(&document, source)) == OK)
        err = fields_read(&document, document.top, appspec_fields, &appspec);
    if (err == OK)
        *result = appspec;
    return err;
}
