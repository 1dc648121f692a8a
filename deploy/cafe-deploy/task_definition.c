/* taskdef-SERVICE.json: what ECS takes for a task on Fargate. */
#include <stddef.h>
#include <string.h>

#include "container_definition.h"
#include "ecs_schema.h"

/* What is read of a file, with what only its checks need. */
struct reading {
    struct container_definition container;
    const char *family;
    unsigned cpu_units, memory_mib;
};

#define AT(field) .offset = offsetof(struct reading, field)

/* What Fargate has. One row a step of memory. */
static const struct size {
    unsigned cpu, min_mib, max_mib, step_mib;
} sizes[] = {
    { 256, 512, 1024, 512 },      { 256, 2048, 2048, 2048 },
    { 512, 1024, 4096, 1024 },    { 1024, 2048, 8192, 1024 },
    { 2048, 4096, 16384, 1024 },  { 4096, 8192, 30720, 1024 },
    { 8192, 16384, 61440, 4096 }, { 16384, 32768, 122880, 8192 },
};

static field_fn read_compatibilities, read_containers;

static const char *const architectures[] = { "X86_64", "ARM64", NULL };
static const struct field platform_fields[] = {
    { .key = "operatingSystemFamily", .kind = FIELD_WORD, .word = "LINUX" },
    { ECS_CHOICE("cpuArchitecture", architectures) },
    ECS_END,
};

static const struct field storage_fields[] = {
    { ECS_NUMBER("sizeInGiB", 21, 200), .required = true },
    ECS_END,
};

static const char *const pid_modes[] = { "task", NULL };

static const struct field task_fields[] = {
    { .key = "family",
      .kind = FIELD_TEXT,
      .required = true,
      AT(family),
      .rule = &rule_name },
    { .key = "containerDefinitions",
      .kind = FIELD_READ,
      .required = true,
      AT(container),
      .read = read_containers },
    { .key = "requiresCompatibilities",
      .kind = FIELD_READ,
      .required = true,
      .read = read_compatibilities },
    { .key = "networkMode",
      .kind = FIELD_WORD,
      .required = true,
      .word = "awsvpc" },
    { .key = "cpu",
      .kind = FIELD_UNITS,
      .required = true,
      AT(cpu_units),
      .min = 256,
      .max = 16384 },
    { .key = "memory",
      .kind = FIELD_UNITS,
      .required = true,
      AT(memory_mib),
      .min = 512,
      .max = 122880 },
    { ECS_MAP("runtimePlatform", platform_fields) },
    { ECS_SWITCH("enableFaultInjection") },
    { ECS_MAP("ephemeralStorage", storage_fields) },
    { ECS_RULED("executionRoleArn", rule_role) },
    { ECS_REFUSED("inferenceAccelerators", NOT_ON_FARGATE) },
    { ECS_REFUSED("ipcMode", NOT_ON_FARGATE) },
    { ECS_CHOICE("pidMode", pid_modes) },
    { ECS_REFUSED("placementConstraints", NOT_ON_FARGATE) },
    { ECS_MAP("proxyConfiguration", ecs_proxy_fields) },
    { ECS_LIST("tags", 50, ecs_tag), .unique = "key" },
    { ECS_RULED("taskRoleArn", rule_role) },
    { ECS_LIST("volumes", DOCUMENT_MAX_NODES, ecs_volume), .unique = "name" },
    ECS_END,
};

static enum error read_containers(const struct document *document,
                                  const struct node *list, void *result)
{
    enum error err = list_check(document, list, 1, 1);

    return err == OK ? container_definition_read(document, list->first, result)
                     : err;
}

static enum error read_compatibilities(const struct document *document,
                                       const struct node *list, void *result)
{
    static const char *const kinds[] = { "EC2", "FARGATE", "EXTERNAL",
                                         "MANAGED_INSTANCES", NULL };
    static const struct field kind = { ECS_CHOICE("", kinds) };
    enum error err = list_check(document, list, 1, DOCUMENT_MAX_NODES);
    bool found = false;

    (void)result;
    for (const struct node *node = list->first; node != NULL && err == OK;
         node = node->next) {
        if ((err = field_check(document, node, &kind)) == OK)
            found |= strcmp(node->text, "FARGATE") == 0;
    }
    if (err == OK && !found)
        return document_fault(document, list, "'FARGATE' is missing; add it");
    return err;
}

static bool is_a_pair(unsigned cpu_units, unsigned memory_mib)
{
    const struct size *size = sizes;
    const struct size *end = sizes + sizeof(sizes) / sizeof(*sizes);

    for (; size < end; size++) {
        if (size->cpu == cpu_units && size->min_mib <= memory_mib &&
            memory_mib <= size->max_mib &&
            (memory_mib - size->min_mib) % size->step_mib == 0)
            return true;
    }
    return false;
}

/* Of the task, and what its container takes of it. */
static enum error check_size(const struct document *document,
                             const struct reading *reading)
{
    const struct node *container =
        document_get(document->top, "containerDefinitions")->first;

    if (!is_a_pair(reading->cpu_units, reading->memory_mib))
        return document_fault(document, document_get(document->top, "memory"),
                              "Fargate has no task of %u CPU units with %u "
                              "MiB; take a pair that it has",
                              reading->cpu_units, reading->memory_mib);
    if (reading->container.cpu_units > reading->cpu_units)
        return document_fault(document, document_get(container, "cpu"),
                              "more than the task's %u", reading->cpu_units);
    if (reading->container.memory_mib > reading->memory_mib)
        return document_fault(document, document_get(container, "memory"),
                              "more than the task's %u", reading->memory_mib);
    return OK;
}

/* Each volume that is mounted is one of the task's. */
static enum error check_mounts(const struct document *document)
{
    const struct node *container =
        document_get(document->top, "containerDefinitions")->first;
    const struct node *mounts = document_get(container, "mountPoints");
    const struct node *volumes = document_get(document->top, "volumes");
    const struct node *volume;

    for (const struct node *mount = mounts != NULL ? mounts->first : NULL;
         mount != NULL; mount = mount->next) {
        const struct node *name = document_get(mount, "sourceVolume");

        volume = volumes != NULL ? volumes->first : NULL;
        while (volume != NULL &&
               strcmp(document_get(volume, "name")->text, name->text) != 0)
            volume = volume->next;
        if (volume == NULL)
            return document_fault(document, name,
                                  "'%s' is not one of the volumes",
                                  document_shown(document, name->text));
    }
    return OK;
}

static struct task_definition task_of(const struct reading *reading,
                                      const char *path)
{
    const struct container_definition *container = &reading->container;

    return (struct task_definition){
        .path = path,
        .family = reading->family,
        .container = container->name,
        .image = container->image,
        .environment = container->environment,
        .environment_lines = container->environment_lines,
        .secrets = container->secrets,
        .port = container->port,
        .user = container->user,
        .read_only = container->read_only,
        .init = container->init,
        .drop = container->drop,
        .stop_timeout_s = container->stop_timeout_s,
        .cpu_units = reading->cpu_units,
        .memory_mib = reading->memory_mib,
    };
}

enum error task_definition_read(struct arena *arena, const char *path,
                                struct slice source,
                                struct task_definition *result,
                                struct text *error)
{
    struct document document = { arena, path, DIALECT_JSON, error, NULL, 0 };
    struct reading reading = { .family = NULL };
    enum error err;

    if ((err = document_read(&document, source)) != OK ||
        (err = fields_read(&document, document.top, task_fields, &reading)) !=
            OK ||
        (err = check_size(&document, &reading)) != OK ||
        (err = check_mounts(&document)) != OK)
        return err;
    path = arena_copy(arena, path, strlen(path));
    if (path == NULL)
        return ERROR_MEMORY;
    *result = task_of(&reading, path);
    return OK;
}
