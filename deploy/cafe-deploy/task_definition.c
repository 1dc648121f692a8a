/* taskdef-SERVICE.json: what ECS takes for a task on Fargate. */
#include <stddef.h>
#include <string.h>

#include "fields.h"
#include "files.h"

/* What is read of a file, with what only its checks need. */
struct reading {
    struct task_definition task;
    bool essential;
    unsigned host_port; /* 0: not given */
};

#define AT(field) .offset = offsetof(struct reading, field)

static const struct rule rule_image = { "an image, REGISTRY/NAME@sha256:DIGEST",
                                        "", "-_.:/@#", 255 };
static const struct rule rule_user = { "USER or USER:GROUP", "", "-_.:", 255 };
static const struct rule rule_variable = { "the name of a variable", "_", "-_.",
                                           255 };
static const struct rule rule_value = { "a text", "", NULL, 32 * 1024 };
static const struct rule rule_secret = { "the ARN of a secret or a parameter",
                                         "/", "-_.:/+=@!", 2048 };

/* What Fargate has. One row a step of memory. */
static const struct size {
    unsigned cpu, min_mib, max_mib, step_mib;
} sizes[] = {
    { 256, 512, 1024, 512 },      { 256, 2048, 2048, 2048 },
    { 512, 1024, 4096, 1024 },    { 1024, 2048, 8192, 1024 },
    { 2048, 4096, 16384, 1024 },  { 4096, 8192, 30720, 1024 },
    { 8192, 16384, 61440, 4096 }, { 16384, 32768, 122880, 8192 },
};

static const char *const capabilities[] = { "ALL",
                                            "AUDIT_CONTROL",
                                            "AUDIT_WRITE",
                                            "BLOCK_SUSPEND",
                                            "CHOWN",
                                            "DAC_OVERRIDE",
                                            "DAC_READ_SEARCH",
                                            "FOWNER",
                                            "FSETID",
                                            "IPC_LOCK",
                                            "IPC_OWNER",
                                            "KILL",
                                            "LEASE",
                                            "LINUX_IMMUTABLE",
                                            "MAC_ADMIN",
                                            "MAC_OVERRIDE",
                                            "MKNOD",
                                            "NET_ADMIN",
                                            "NET_BIND_SERVICE",
                                            "NET_BROADCAST",
                                            "NET_RAW",
                                            "SETFCAP",
                                            "SETGID",
                                            "SETPCAP",
                                            "SETUID",
                                            "SYSLOG",
                                            "SYS_ADMIN",
                                            "SYS_BOOT",
                                            "SYS_CHROOT",
                                            "SYS_MODULE",
                                            "SYS_NICE",
                                            "SYS_PACCT",
                                            "SYS_PTRACE",
                                            "SYS_RAWIO",
                                            "SYS_RESOURCE",
                                            "SYS_TIME",
                                            "SYS_TTY_CONFIG",
                                            "WAKE_ALARM" };

static field_fn read_compatibilities, read_containers, read_environment,
    read_secrets, read_ports, read_drop;

static const struct field environment_fields[] = {
    { .key = "name",
      .kind = FIELD_TEXT,
      .required = true,
      .offset = offsetof(struct variable, name),
      .rule = &rule_variable },
    { .key = "value",
      .kind = FIELD_TEXT,
      .required = true,
      .offset = offsetof(struct variable, value),
      .rule = &rule_value },
    { .key = NULL },
};

static const struct field secret_fields[] = {
    { .key = "name",
      .kind = FIELD_TEXT,
      .required = true,
      .offset = offsetof(struct variable, name),
      .rule = &rule_variable },
    { .key = "valueFrom",
      .kind = FIELD_TEXT,
      .required = true,
      .offset = offsetof(struct variable, value),
      .rule = &rule_secret },
    { .key = NULL },
};

static const struct field port_fields[] = {
    { .key = "containerPort",
      .kind = FIELD_READ,
      .required = true,
      AT(task.port),
      .read = port_read },
    { .key = "hostPort", .kind = FIELD_READ, AT(host_port), .read = port_read },
    { .key = "protocol", .kind = FIELD_WORD, .word = "tcp" },
    { .key = "name" },
    { .key = "appProtocol" },
    { .key = "containerPortRange" },
    { .key = NULL },
};

static const struct field capability_fields[] = {
    { .key = "drop", .kind = FIELD_READ, AT(task.drop), .read = read_drop },
    { .key = "add" },
    { .key = NULL },
};

static const struct field linux_fields[] = {
    { .key = "capabilities", .kind = FIELD_MAP, .fields = capability_fields },
    { .key = "initProcessEnabled", .kind = FIELD_SWITCH, AT(task.init) },
    { .key = "devices" },
    { .key = "maxSwap" },
    { .key = "sharedMemorySize" },
    { .key = "swappiness" },
    { .key = "tmpfs" },
    { .key = NULL },
};

static const struct field health_fields[] = {
    { .key = "command", .required = true },
    { .key = "interval" },
    { .key = "timeout" },
    { .key = "retries" },
    { .key = "startPeriod" },
    { .key = NULL },
};

static const struct field log_fields[] = {
    { .key = "logDriver", .required = true },
    { .key = "options" },
    { .key = "secretOptions" },
    { .key = NULL },
};

static const struct field container_fields[] = {
    { .key = "name",
      .kind = FIELD_TEXT,
      .required = true,
      AT(task.container),
      .rule = &rule_name },
    { .key = "image",
      .kind = FIELD_TEXT,
      .required = true,
      AT(task.image),
      .rule = &rule_image },
    { .key = "environment",
      .kind = FIELD_READ,
      AT(task.environment),
      .read = read_environment },
    { .key = "secrets",
      .kind = FIELD_READ,
      AT(task.secrets),
      .read = read_secrets },
    { .key = "portMappings",
      .kind = FIELD_READ,
      .required = true,
      .read = read_ports },
    { .key = "user", .kind = FIELD_TEXT, AT(task.user), .rule = &rule_user },
    { .key = "essential", .kind = FIELD_SWITCH, AT(essential) },
    { .key = "readonlyRootFilesystem",
      .kind = FIELD_SWITCH,
      AT(task.read_only) },
    { .key = "linuxParameters", .kind = FIELD_MAP, .fields = linux_fields },
    { .key = "stopTimeout",
      .kind = FIELD_NUMBER,
      AT(task.stop_timeout_s),
      .min = 2,
      .max = 120 },
    { .key = "healthCheck", .kind = FIELD_MAP, .fields = health_fields },
    { .key = "logConfiguration", .kind = FIELD_MAP, .fields = log_fields },
    { .key = "command" },
    { .key = "cpu" },
    { .key = "credentialSpecs" },
    { .key = "dependsOn" },
    { .key = "disableNetworking" },
    { .key = "dnsSearchDomains" },
    { .key = "dnsServers" },
    { .key = "dockerLabels" },
    { .key = "dockerSecurityOptions" },
    { .key = "entryPoint" },
    { .key = "environmentFiles" },
    { .key = "extraHosts" },
    { .key = "firelensConfiguration" },
    { .key = "hostname" },
    { .key = "interactive" },
    { .key = "links" },
    { .key = "memory" },
    { .key = "memoryReservation" },
    { .key = "mountPoints" },
    { .key = "privileged" },
    { .key = "pseudoTerminal" },
    { .key = "repositoryCredentials" },
    { .key = "resourceRequirements" },
    { .key = "restartPolicy" },
    { .key = "startTimeout" },
    { .key = "systemControls" },
    { .key = "ulimits" },
    { .key = "versionConsistency" },
    { .key = "volumesFrom" },
    { .key = "workingDirectory" },
    { .key = NULL },
};

static const struct field platform_fields[] = {
    { .key = "operatingSystemFamily", .kind = FIELD_WORD, .word = "LINUX" },
    { .key = "cpuArchitecture" },
    { .key = NULL },
};

static const struct field task_fields[] = {
    { .key = "family",
      .kind = FIELD_TEXT,
      .required = true,
      AT(task.family),
      .rule = &rule_name },
    { .key = "containerDefinitions",
      .kind = FIELD_READ,
      .required = true,
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
      AT(task.cpu_units),
      .min = 256,
      .max = 16384 },
    { .key = "memory",
      .kind = FIELD_UNITS,
      .required = true,
      AT(task.memory_mib),
      .min = 512,
      .max = 122880 },
    { .key = "runtimePlatform", .kind = FIELD_MAP, .fields = platform_fields },
    { .key = "enableFaultInjection" },
    { .key = "ephemeralStorage" },
    { .key = "executionRoleArn" },
    { .key = "inferenceAccelerators" },
    { .key = "ipcMode" },
    { .key = "pidMode" },
    { .key = "placementConstraints" },
    { .key = "proxyConfiguration" },
    { .key = "tags" },
    { .key = "taskRoleArn" },
    { .key = "volumes" },
    { .key = NULL },
};

/* Entries of environment and secrets. */

static const struct variable *find_variable(const struct variables *variables,
                                            const char *name)
{
    size_t i;

    for (i = 0; i < variables->count; i++) {
        if (strcmp(variables->items[i].name, name) == 0)
            return &variables->items[i];
    }
    return NULL;
}

static enum error read_variables(const struct document *document,
                                 const struct node *list,
                                 const struct field *fields,
                                 struct variables *variables)
{
    const struct node *node;
    struct variable *items;
    enum error err = list_check(document, list, 0, DOCUMENT_MAX_NODES);

    if (err != OK)
        return err;
    items = arena_alloc(document->arena, (list->count + 1) * sizeof(*items));
    if (items == NULL)
        return ERROR_MEMORY;
    *variables = (struct variables){ items, 0 };
    for (node = list->first; node != NULL; node = node->next) {
        struct variable variable = { NULL, NULL };

        if ((err = fields_read(document, node, fields, &variable)) != OK)
            return err;
        if (find_variable(variables, variable.name) != NULL)
            return document_fault(document, node,
                                  "'%s' is there twice; remove one",
                                  document_shown(document, variable.name));
        items[variables->count++] = variable;
    }
    return OK;
}

static enum error read_environment(const struct document *document,
                                   const struct node *node, void *result)
{
    return read_variables(document, node, environment_fields, result);
}

static enum error read_secrets(const struct document *document,
                               const struct node *node, void *result)
{
    return read_variables(document, node, secret_fields, result);
}

/* A container gets one or the other: ECS refuses both. */
static enum error check_secrets(const struct document *document,
                                const struct node *container,
                                const struct task_definition *task)
{
    const struct node *list = document_get(container, "secrets");
    const struct node *node = list ? list->first : NULL;
    size_t i;

    for (i = 0; i < task->secrets.count && node != NULL; i++) {
        if (find_variable(&task->environment, task->secrets.items[i].name))
            return document_fault(
                document, node, "'%s' is in environment, too; remove one",
                document_shown(document, task->secrets.items[i].name));
        node = node->next;
    }
    return OK;
}

/* The container. */

static enum error check_capability(const struct document *document,
                                   const struct node *node)
{
    const char *name;
    size_t i;
    enum error err = text_read(document, node, &rule_name, &name);

    for (i = 0; err == OK && i < sizeof(capabilities) / sizeof(*capabilities);
         i++) {
        if (strcmp(capabilities[i], name) == 0)
            return OK;
    }
    if (err == OK)
        return document_fault(document, node,
                              "'%s' is no capability; ECS has names like "
                              "NET_RAW",
                              document_shown(document, name));
    return err;
}

static enum error read_drop(const struct document *document,
                            const struct node *list, void *result)
{
    const struct node *node;
    const char **names;
    size_t count = 0;
    enum error err = list_check(document, list, 0, DOCUMENT_MAX_NODES);

    if (err != OK)
        return err;
    names = arena_alloc(document->arena, (list->count + 1) * sizeof(*names));
    if (names == NULL)
        return ERROR_MEMORY;
    for (node = list->first; node != NULL && err == OK; node = node->next) {
        err = check_capability(document, node);
        names[count++] = node->text;
    }
    *(const char *const **)result = names;
    return err;
}

static enum error read_ports(const struct document *document,
                             const struct node *list, void *result)
{
    struct reading *reading = result;
    enum error err = list_check(document, list, 1, 1);

    if (err == OK)
        err = fields_read(document, list->first, port_fields, reading);
    if (err == OK && reading->host_port != 0 &&
        reading->host_port != reading->task.port)
        return document_fault(document, document_get(list->first, "hostPort"),
                              "%u is not the containerPort %u; with awsvpc "
                              "they are the same",
                              reading->host_port, reading->task.port);
    return err;
}

static enum error read_containers(const struct document *document,
                                  const struct node *list, void *result)
{
    struct reading *reading = result;
    const struct node *container;
    enum error err = list_check(document, list, 1, 1);

    if (err != OK)
        return err;
    container = list->first;
    if ((err = fields_read(document, container, container_fields, reading)) !=
        OK)
        return err;
    if (!reading->essential)
        return document_fault(document, document_get(container, "essential"),
                              "one container has to be; set true");
    return check_secrets(document, container, &reading->task);
}

/* The task. */

static enum error read_compatibilities(const struct document *document,
                                       const struct node *list, void *result)
{
    const struct node *node;
    enum error err = list_check(document, list, 1, DOCUMENT_MAX_NODES);
    bool found = false;

    (void)result;
    if (err != OK)
        return err;
    for (node = list->first; node != NULL && err == OK; node = node->next) {
        const char *name;

        if ((err = text_read(document, node, &rule_name, &name)) == OK)
            found |= strcmp(name, "FARGATE") == 0;
    }
    if (err == OK && !found)
        return document_fault(document, list, "'FARGATE' is missing; add it");
    return err;
}

static enum error check_size(const struct document *document,
                             const struct task_definition *task)
{
    const struct size *size = sizes;
    const struct size *end = sizes + sizeof(sizes) / sizeof(*sizes);

    for (; size < end; size++) {
        if (size->cpu == task->cpu_units && size->min_mib <= task->memory_mib &&
            task->memory_mib <= size->max_mib &&
            (task->memory_mib - size->min_mib) % size->step_mib == 0)
            return OK;
    }
    return document_fault(document, document_get(document->top, "memory"),
                          "Fargate has no task of %u CPU units with %u MiB; "
                          "take a pair that it has",
                          task->cpu_units, task->memory_mib);
}

enum error task_definition_read(struct arena *arena, const char *path,
                                struct slice source,
                                struct task_definition *result,
                                struct text *error)
{
    static const char *const nothing[] = { NULL };
    struct document document = { arena, path, DIALECT_JSON, error, NULL };
    struct reading reading = {
        .task = { .stop_timeout_s = 30, .drop = nothing }, .essential = true
    };
    enum error err;

    if ((err = document_read(&document, source)) != OK ||
        (err = fields_read(&document, document.top, task_fields, &reading)) !=
            OK ||
        (err = check_size(&document, &reading.task)) != OK)
        return err;
    reading.task.path = arena_copy(arena, path, strlen(path));
    if (reading.task.path == NULL)
        return ERROR_MEMORY;
    *result = reading.task;
    return OK;
}
