/* Files for AWS: each reader reads any bytes or refuses them with one line
 * that names file and location; what it has read is what the header promises.
 */
#include "cafe/base/arena.h"
#include "files.h"
#include "fuzz.h"

/* Of a file of 64 KiB: its nodes, their texts, and what is made of them. */
enum { ARENA_MAX_BYTES = 4 * 1024 * 1024, ERROR_MAX_BYTES = 4096 };

static const struct variable filled_values[] = {
    { "<IMAGE1_NAME>", "registry/cafe@sha256:0123" },
    { "<DB-SECRET-ARN>", "arn:secret" },
    { "REVISION-NUMBER", "3" },
    { "MICROSERVICE-TG-TWO-ARN", "customer-tg-two" },
};
static const struct variables values = { filled_values, 4 };

static bool is_name(const char *name, size_t max_bytes, const char *others)
{
    size_t len = strlen(name);

    return len > 0 && len <= max_bytes && name[0] != '-' &&
           strspn(name, others) == len;
}

#define LETTERS                  \
    "abcdefghijklmnopqrstuvwxyz" \
    "ABCDEFGHIJKLMNOPQRSTUVWXYZ" \
    "0123456789-"

static bool is_ecs_name(const char *name)
{
    return is_name(name, 255, LETTERS "_");
}

static bool is_port(unsigned port)
{
    return port >= 1 && port <= 65535;
}

/* Or more: YAML has other line breaks, too (their last bytes), and libyaml
 * calls the end of a file a line of its own. */
static size_t count_lines(struct slice file)
{
    size_t count = 2, i;

    for (i = 0; i < file.len; i++)
        count += memchr("\n\r\x85\xa8\xa9", file.data[i], 5) != NULL;
    return count;
}

/* One line: file, a line and a column that it has, what is wrong. */
static void check_error(enum error err, struct slice file,
                        const struct text *error)
{
    const char *byte = text_string(error);
    unsigned line, column;
    int end = 0;

    CHECK(err == ERROR_CONFIG);
    CHECK(!error->failed);
    CHECK(sscanf(byte, "file:%u:%u: %n", &line, &column, &end) == 2);
    CHECK(line >= 1 && line <= count_lines(file) && column >= 1);
    CHECK(column <= file.len + 1 && end > 0 && byte[end] != '\0');
    for (; *byte != '\0'; byte++)
        CHECK((unsigned char)*byte >= ' ' && *byte != '\x7f');
}

static void check_variables(const struct variables *variables)
{
    for (size_t i = 0; i < variables->count; i++) {
        const char *name = variables->items[i].name;

        CHECK(name[0] != '\0' && strchr(name, '=') == NULL);
        CHECK(variables->items[i].value != NULL);
        for (size_t j = 0; j < i; j++)
            CHECK(strcmp(variables->items[j].name, name) != 0);
    }
}

static void check_task(const struct task_definition *task)
{
    CHECK(is_ecs_name(task->family) && is_ecs_name(task->container));
    CHECK(is_name(task->image, 255, LETTERS "_.:/@#"));
    CHECK(task->user == NULL || is_name(task->user, 255, LETTERS "_.:"));
    CHECK(is_port(task->port));
    CHECK(task->stop_timeout_s >= 2 && task->stop_timeout_s <= 120);
    CHECK(task->memory_mib >= 2 * task->cpu_units);
    CHECK(task->memory_mib <= 8 * task->cpu_units);
    check_variables(&task->environment);
    check_variables(&task->secrets);
    for (size_t i = 0; task->drop[i] != NULL; i++)
        CHECK(is_name(task->drop[i], 32, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_"));
}

static void check_appspec(const struct appspec *appspec)
{
    CHECK(is_name(appspec->task_definition, 2048, LETTERS "_:/"));
    CHECK(is_ecs_name(appspec->container) && is_port(appspec->port));
    CHECK(appspec->hook_count <= 5);
    for (size_t i = 0; i < appspec->hook_count; i++) {
        CHECK(strstr(appspec->hooks[i].event, "fter") ||
              strstr(appspec->hooks[i].event, "efore"));
        CHECK(is_name(appspec->hooks[i].function, 64, LETTERS "_"));
    }
}

static void check_service(const struct service_file *service)
{
    CHECK(is_ecs_name(service->service) && is_ecs_name(service->cluster));
    CHECK(is_name(service->task_definition, 2048, LETTERS "_:/"));
    CHECK(is_name(service->target_group, 32, LETTERS));
    CHECK(is_ecs_name(service->container) && is_port(service->port));
    CHECK(service->desired_count <= 5000);
}

static void check_balancer(const struct load_balancer *balancer)
{
    CHECK(balancer->listeners[0].port == 80);
    CHECK(balancer->listeners[1].port == 8080);
    for (size_t i = 0; i < LISTENERS; i++) {
        const struct listener *listener = &balancer->listeners[i];

        CHECK(strncmp(listener->default_group, "customer-", 9) == 0);
        CHECK(strncmp(listener->admin_group, "employee-", 9) == 0);
    }
    for (size_t i = 0; i == 0 || balancer->paths[i] != NULL; i++)
        CHECK(i < PATHS_MAX && balancer->paths[i][0] == '/');
    for (size_t i = 0; i < GROUPS; i++) {
        CHECK(is_name(balancer->groups[i].name, 32, LETTERS));
        CHECK(balancer->groups[i].health_path[0] == '/');
    }
}

static enum error read_task(struct arena *arena, struct slice file,
                            struct text *error)
{
    struct task_definition task;
    enum error err = task_definition_read(arena, "file", file, &task, error);

    if (err == OK)
        check_task(&task);
    return err;
}

static enum error read_appspec(struct arena *arena, struct slice file,
                               struct text *error)
{
    struct appspec appspec;
    enum error err = appspec_read(arena, "file", file, &appspec, error);

    if (err == OK)
        check_appspec(&appspec);
    return err;
}

static enum error read_service(struct arena *arena, struct slice file,
                               struct text *error)
{
    struct service_file service;
    enum error err = service_file_read(arena, "file", file, &service, error);

    if (err == OK)
        check_service(&service);
    return err;
}

static enum error read_balancer(struct arena *arena, struct slice file,
                                struct text *error)
{
    struct template_source template = { "file", file };
    struct load_balancer balancer;
    enum error err = load_balancer_read(arena, &template, 1, &balancer, error);

    if (err == OK)
        check_balancer(&balancer);
    return err;
}

/* Placeholders first, as the program does; each reader gets what is left. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static enum error (*const readers[])(struct arena *, struct slice,
                                         struct text *) = {
        read_task, read_appspec, read_service, read_balancer
    };
    struct slice file = fuzz_slice(data, size);
    struct arena *arena = arena_open(ARENA_MAX_BYTES);
    struct text error;
    enum error err;

    text_init(&error, ERROR_MAX_BYTES);
    err = placeholders_fill(arena, "file", file, &values, NULL, &file, &error);
    if (err != OK)
        check_error(err, file, &error);
    for (size_t i = 0; i < sizeof(readers) / sizeof(*readers); i++) {
        text_reset(&error);
        err = readers[i](arena, file, &error);
        if (err == OK)
            CHECK(error.len == 0);
        else
            check_error(err, file, &error);
    }
    arena_close(arena);
    text_free(&error);
    return 0;
}
