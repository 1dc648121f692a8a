/* The container of a task definition: what is read of it, and what is only
 * checked, as ECS does. */
#include "container_definition.h"

#include <stddef.h>
#include <string.h>

#include "ecs_schema.h"

#define AT(field) .offset = offsetof(struct container_definition, field)

static const struct rule rule_image = { "an image, REGISTRY/NAME@sha256:DIGEST",
                                        "", "-_.:/@#", 255 };
static const struct rule rule_port_name = { "the name of a port", "_", "-_",
                                            64 };
static const struct rule rule_user = { "USER or USER:GROUP", "", "-_.:", 255 };
static const struct rule rule_variable = { "the name of a variable", "_", "-_.",
                                           255 };
static const struct rule rule_value = { "a text", "", NULL, 32 * 1024 };
static const struct rule rule_secret = { "the ARN of a secret or a parameter",
                                         "/", "-_.:/+=@!", 2048 };

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

static field_fn container_read_environment, read_secrets, read_ports, read_drop,
    read_health_command;

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

static const char *const protocols[] = { "http", "http2", "grpc", NULL };

static const struct field port_fields[] = {
    { .key = "containerPort",
      .kind = FIELD_READ,
      .required = true,
      AT(port),
      .read = port_read },
    { .key = "hostPort", .kind = FIELD_READ, AT(host_port), .read = port_read },
    { .key = "protocol", .kind = FIELD_WORD, .word = "tcp" },
    { ECS_RULED("name", rule_port_name) },
    { ECS_CHOICE("appProtocol", protocols) },
    { ECS_REFUSED("containerPortRange", "not together with containerPort") },
    ECS_END,
};

/* The one capability that a task on Fargate may have more. */
static const char *const addable[] = { "SYS_PTRACE", NULL };
static const struct field added = { ECS_CHOICE("", addable) };

static const struct field capability_fields[] = {
    { .key = "drop", .kind = FIELD_READ, AT(drop), .read = read_drop },
    { ECS_LIST("add", 1, added) },
    ECS_END,
};

static const struct field linux_fields[] = {
    { ECS_MAP("capabilities", capability_fields) },
    { .key = "initProcessEnabled", .kind = FIELD_SWITCH, AT(init) },
    { ECS_REFUSED("devices", NOT_ON_FARGATE) },
    { ECS_REFUSED("maxSwap", NOT_ON_FARGATE) },
    { ECS_REFUSED("sharedMemorySize", NOT_ON_FARGATE) },
    { ECS_REFUSED("swappiness", NOT_ON_FARGATE) },
    { ECS_REFUSED("tmpfs", NOT_ON_FARGATE) },
    ECS_END,
};

static const struct field health_fields[] = {
    { .key = "command",
      .kind = FIELD_READ,
      .required = true,
      .read = read_health_command },
    { ECS_NUMBER("interval", 5, 300) },
    { ECS_NUMBER("timeout", 2, 60) },
    { ECS_NUMBER("retries", 1, 10) },
    { ECS_NUMBER("startPeriod", 0, 300) },
    ECS_END,
};

static const char *const conditions[] = { "START", "COMPLETE", "SUCCESS",
                                          "HEALTHY", NULL };
static const struct field dependency_fields[] = {
    { ECS_RULED("containerName", rule_name), .required = true },
    { ECS_CHOICE("condition", conditions), .required = true },
    ECS_END,
};
static const struct field dependency = { ECS_MAP("", dependency_fields) };

static const char *const stores[] = { "s3", NULL };
static const struct field environment_file_fields[] = {
    { ECS_TEXT("value"), .required = true },
    { ECS_CHOICE("type", stores), .required = true },
    ECS_END,
};
static const struct field environment_file = { ECS_MAP(
    "", environment_file_fields) };

static const char *const routers[] = { "fluentd", "fluentbit", NULL };
static const struct field firelens_fields[] = {
    { ECS_CHOICE("type", routers), .required = true },
    { .key = "options", .kind = FIELD_TEXTS },
    ECS_END,
};

static const struct field mount_fields[] = {
    { ECS_RULED("sourceVolume", rule_name), .required = true },
    { ECS_TEXT("containerPath"), .required = true },
    { ECS_SWITCH("readOnly") },
    ECS_END,
};
static const struct field mount = { ECS_MAP("", mount_fields) };

static const struct field volume_from_fields[] = {
    { ECS_RULED("sourceContainer", rule_name), .required = true },
    { ECS_SWITCH("readOnly") },
    ECS_END,
};
static const struct field volume_from = { ECS_MAP("", volume_from_fields) };

static const struct field repository_fields[] = {
    { ECS_TEXT("credentialsParameter"), .required = true },
    ECS_END,
};

static const struct field exit_code = { ECS_NUMBER("", 0, 255) };
static const struct field restart_fields[] = {
    { ECS_SWITCH("enabled"), .required = true },
    { ECS_LIST("ignoredExitCodes", 50, exit_code) },
    { ECS_NUMBER("restartAttemptPeriod", 60, 1800) },
    ECS_END,
};

static const struct field control_fields[] = {
    { ECS_TEXT("namespace") },
    { ECS_TEXT("value") },
    ECS_END,
};
static const struct field control = { ECS_MAP("", control_fields) };

static const char *const limits[] = {
    "core",     "cpu",        "data",   "fsize", "locks", "memlock",
    "msgqueue", "nice",       "nofile", "nproc", "rss",   "rtprio",
    "rttime",   "sigpending", "stack",  NULL
};
static const struct field limit_fields[] = {
    { ECS_CHOICE("name", limits), .required = true },
    { ECS_NUMBER("softLimit", 0, INT_MAX), .required = true },
    { ECS_NUMBER("hardLimit", 0, INT_MAX), .required = true },
    ECS_END,
};
static const struct field limit = { ECS_MAP("", limit_fields) };

static const char *const consistency[] = { "enabled", "disabled", NULL };

static const struct field container_fields[] = {
    { .key = "name",
      .kind = FIELD_TEXT,
      .required = true,
      AT(name),
      .rule = &rule_name },
    { .key = "image",
      .kind = FIELD_TEXT,
      .required = true,
      AT(image),
      .rule = &rule_image },
    { .key = "environment",
      .kind = FIELD_READ,
      .read = container_read_environment },
    { .key = "secrets", .kind = FIELD_READ, AT(secrets), .read = read_secrets },
    { .key = "portMappings",
      .kind = FIELD_READ,
      .required = true,
      .read = read_ports },
    { .key = "user", .kind = FIELD_TEXT, AT(user), .rule = &rule_user },
    { .key = "essential", .kind = FIELD_SWITCH, AT(essential) },
    { .key = "readonlyRootFilesystem", .kind = FIELD_SWITCH, AT(read_only) },
    { ECS_MAP("linuxParameters", linux_fields) },
    { .key = "stopTimeout",
      .kind = FIELD_NUMBER,
      AT(stop_timeout_s),
      .min = 2,
      .max = 120 },
    { ECS_MAP("healthCheck", health_fields) },
    { .key = "logConfiguration", .kind = FIELD_READ, .read = ecs_logs_read },
    { .key = "cpu", .kind = FIELD_NUMBER, AT(cpu_units), .max = 16384 },
    { .key = "memory",
      .kind = FIELD_NUMBER,
      AT(memory_mib),
      .min = 6,
      .max = 122880 },
    { .key = "memoryReservation",
      .kind = FIELD_NUMBER,
      AT(reserved_mib),
      .min = 6,
      .max = 122880 },
    { ECS_LIST("command", DOCUMENT_MAX_NODES, ecs_text) },
    { ECS_LIST("credentialSpecs", 1, ecs_text) },
    { ECS_LIST("dependsOn", DOCUMENT_MAX_NODES, dependency),
      .unique = "containerName" },
    { .key = "dockerLabels", .kind = FIELD_TEXTS },
    { ECS_LIST("entryPoint", DOCUMENT_MAX_NODES, ecs_text) },
    { ECS_LIST("environmentFiles", 10, environment_file) },
    { ECS_MAP("firelensConfiguration", firelens_fields) },
    { ECS_REFUSED("hostname", "not with the network mode awsvpc") },
    { ECS_SWITCH("interactive") },
    { ECS_LIST("mountPoints", DOCUMENT_MAX_NODES, mount),
      .unique = "containerPath" },
    { ECS_SWITCH("pseudoTerminal") },
    { ECS_MAP("repositoryCredentials", repository_fields) },
    { ECS_MAP("restartPolicy", restart_fields) },
    { ECS_NUMBER("startTimeout", 2, 120) },
    { ECS_LIST("systemControls", DOCUMENT_MAX_NODES, control),
      .unique = "namespace" },
    { ECS_LIST("ulimits", DOCUMENT_MAX_NODES, limit), .unique = "name" },
    { ECS_CHOICE("versionConsistency", consistency) },
    { ECS_LIST("volumesFrom", DOCUMENT_MAX_NODES, volume_from) },
    { ECS_TEXT("workingDirectory") },
    { ECS_REFUSED("disableNetworking", NOT_ON_FARGATE) },
    { ECS_REFUSED("dnsSearchDomains", NOT_ON_FARGATE) },
    { ECS_REFUSED("dnsServers", NOT_ON_FARGATE) },
    { ECS_REFUSED("dockerSecurityOptions", NOT_ON_FARGATE) },
    { ECS_REFUSED("extraHosts", NOT_ON_FARGATE) },
    { ECS_REFUSED("links", NOT_ON_FARGATE) },
    { ECS_REFUSED("privileged", NOT_ON_FARGATE) },
    { ECS_REFUSED("resourceRequirements", NOT_ON_FARGATE) },
    ECS_END,
};

/* Entries of environment and secrets. */

static const struct variable *container_find_variable(
    const struct variables *variables, const char *name)
{
    for (size_t i = 0; i < variables->count; i++) {
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
    struct variable *items;
    enum error err = list_check(document, list, 0, DOCUMENT_MAX_NODES);

    if (err != OK)
        return err;
    items = arena_alloc(document->arena, (list->count + 1) * sizeof(*items));
    if (items == NULL)
        return ERROR_MEMORY;
    *variables = (struct variables){ items, 0 };
    for (const struct node *node = list->first; node != NULL;
         node = node->next) {
        struct variable variable = { NULL, NULL };

        if ((err = fields_read(document, node, fields, &variable)) != OK)
            return err;
        if (container_find_variable(variables, variable.name) != NULL)
            return document_fault(document, node,
                                  "'%s' appears twice; remove one",
                                  document_shown(document, variable.name));
        items[variables->count++] = variable;
    }
    return OK;
}

static enum error container_read_environment(const struct document *document,
                                             const struct node *node,
                                             void *result)
{
    struct container_definition *it = result;
    const struct node *entry = node->first;
    size_t *lines;
    enum error err =
        read_variables(document, node, environment_fields, &it->environment);

    if (err != OK)
        return err;
    lines = arena_alloc(document->arena, (node->count + 1) * sizeof(*lines));
    if (lines == NULL)
        return ERROR_MEMORY;
    for (size_t i = 0; entry != NULL; entry = entry->next)
        lines[i++] = document_get(entry, "name")->location.line;
    it->environment_lines = lines;
    return OK;
}

static enum error read_secrets(const struct document *document,
                               const struct node *node, void *result)
{
    return read_variables(document, node, secret_fields, result);
}

/* A container gets one or the other: ECS refuses both. */
static enum error check_secrets(const struct document *document,
                                const struct node *container,
                                const struct container_definition *it)
{
    const struct node *list = document_get(container, "secrets");
    const struct node *node = list != NULL ? list->first : NULL;

    for (size_t i = 0; i < it->secrets.count && node != NULL; i++) {
        if (container_find_variable(&it->environment,
                                    it->secrets.items[i].name) != NULL)
            return document_fault(
                document, node, "'%s' is in environment, too; remove one",
                document_shown(document, it->secrets.items[i].name));
        node = node->next;
    }
    return OK;
}

static enum error check_capability(const struct document *document,
                                   const struct node *node)
{
    const char *name;
    enum error err = text_read(document, node, &rule_name, &name);

    for (size_t i = 0;
         err == OK && i < sizeof(capabilities) / sizeof(*capabilities); i++) {
        if (strcmp(capabilities[i], name) == 0)
            return OK;
    }
    if (err == OK)
        return document_fault(document, node,
                              "'%s' is not a capability; ECS has names like "
                              "NET_RAW",
                              document_shown(document, name));
    return err;
}

static enum error read_drop(const struct document *document,
                            const struct node *list, void *result)
{
    const char **names;
    size_t count = 0;
    enum error err = list_check(document, list, 0, DOCUMENT_MAX_NODES);

    if (err != OK)
        return err;
    names = arena_alloc(document->arena, (list->count + 1) * sizeof(*names));
    if (names == NULL)
        return ERROR_MEMORY;
    for (const struct node *node = list->first; node != NULL && err == OK;
         node = node->next) {
        err = check_capability(document, node);
        names[count++] = node->text;
    }
    *(const char *const **)result = names;
    return err;
}

static enum error read_ports(const struct document *document,
                             const struct node *list, void *result)
{
    struct container_definition *container = result;
    enum error err = list_check(document, list, 1, 1);

    if (err == OK)
        err = fields_read(document, list->first, port_fields, container);
    if (err == OK && container->host_port != 0 &&
        container->host_port != container->port)
        return document_fault(document, document_get(list->first, "hostPort"),
                              "%u is not the containerPort %u; with awsvpc "
                              "they must be the same",
                              container->host_port, container->port);
    return err;
}

static enum error read_health_command(const struct document *document,
                                      const struct node *list, void *result)
{
    static const char *const ways[] = { "CMD", "CMD-SHELL", NULL };
    static const struct field way = { ECS_CHOICE("", ways) };
    enum error err = list_check(document, list, 2, DOCUMENT_MAX_NODES);

    (void)result;
    if (err == OK)
        err = field_check(document, list->first, &way);
    for (const struct node *node = err == OK ? list->first->next : NULL;
         node != NULL && err == OK; node = node->next)
        err = field_check(document, node, &ecs_text);
    return err;
}

static enum error check_memory(const struct document *document,
                               const struct node *map,
                               const struct container_definition *it)
{
    if (it->reserved_mib > 0 && it->memory_mib > 0 &&
        it->reserved_mib >= it->memory_mib)
        return document_fault(document, document_get(map, "memoryReservation"),
                              "%u MiB; it must be less than memory",
                              it->reserved_mib);
    return OK;
}

enum error container_definition_read(const struct document *document,
                                     const struct node *map,
                                     struct container_definition *it)
{
    static const char *const nothing[] = { NULL };
    enum error err;

    *it = (struct container_definition){ .essential = true,
                                         .stop_timeout_s = 30,
                                         .drop = nothing };
    if ((err = fields_read(document, map, container_fields, it)) != OK)
        return err;
    if (!it->essential)
        return document_fault(document, document_get(map, "essential"),
                              "one container must be essential; set true");
    if ((err = check_memory(document, map, it)) != OK)
        return err;
    return check_secrets(document, map, it);
}
