/* The files for AWS: each real one is read as what it says. */
#include "test_deploy.h"

#define assert_read(fixture, call)                          \
    do {                                                    \
        if ((call) != OK)                                   \
            fail_msg("%s", text_string(&(fixture)->error)); \
    } while (0)

static void read_task(struct fixture *fixture, const char *name,
                      struct task_definition *task)
{
    assert_read(fixture, task_definition_read(fixture->arena, name,
                                              filled_file(fixture, name), task,
                                              &fixture->error));
}

static void assert_variable(const struct variables *variables, const char *name,
                            const char *value)
{
    for (size_t i = 0; i < variables->count; i++) {
        if (strcmp(variables->items[i].name, name) == 0) {
            assert_string_equal(variables->items[i].value, value);
            return;
        }
    }
    fail_msg("no variable %s", name);
}

static void test_task_definitions(void **state)
{
    static const struct {
        const char *file, *family, *container;
        size_t variables;
    } rows[] = {
        { TASK, "customer-microservice", "customer", 7 },
        { "taskdef-employee.json", "employee-microservice", "employee", 9 },
    };
    struct fixture *fixture = *state;

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct task_definition task;

        read_task(fixture, rows[i].file, &task);
        assert_string_equal(task.path, rows[i].file);
        assert_string_equal(task.family, rows[i].family);
        assert_string_equal(task.container, rows[i].container);
        assert_string_equal(task.image,
                            "127.0.0.1:5000/cafe@sha256:0123456789abcdef");
        assert_int_equal(task.environment.count, rows[i].variables);
        assert_variable(&task.environment, "APP_DB_USER", rows[i].container);
        assert_variable(&task.environment, "APP_DB_HOST", "cafe.example");
        assert_int_equal(task.secrets.count, 1);
        assert_variable(&task.secrets, "APP_DB_PASSWORD",
                        ARN("secretsmanager", "secret:cafe-AbCdEf:password::"));
        assert_int_equal(task.port, 8080);
        assert_string_equal(task.user, "10001:10001");
        assert_true(task.read_only);
        assert_true(task.init);
        assert_string_equal(task.drop[0], "ALL");
        assert_null(task.drop[1]);
        assert_int_equal(task.stop_timeout_s, 30);
        assert_int_equal(task.cpu_units, 256);
        assert_int_equal(task.memory_mib, 512);
    }
}

/* What ECS takes when a file says nothing. */
static void test_defaults(void **state)
{
    static const char least[] =
        "{\"family\": \"f\", \"networkMode\": \"awsvpc\", \"cpu\":"
        " \"512\", \"memory\": \"4096\", \"requiresCompatibilities\": [\"EC2\","
        " \"FARGATE\"], \"containerDefinitions\": [{\"name\": \"c\","
        " \"image\": \"i\", \"portMappings\": [{\"containerPort\": 1}]}]}";
    struct fixture *fixture = *state;
    struct task_definition task;

    assert_read(fixture,
                task_definition_read(fixture->arena, "least", slice_of(least),
                                     &task, &fixture->error));
    assert_int_equal(task.environment.count, 0);
    assert_int_equal(task.secrets.count, 0);
    assert_null(task.user);
    assert_false(task.read_only);
    assert_false(task.init);
    assert_null(task.drop[0]);
    assert_int_equal(task.stop_timeout_s, 30);
    assert_int_equal(task.cpu_units, 512);
    assert_int_equal(task.memory_mib, 4096);
}

static void test_sizes(void **state)
{
    static const struct {
        const char *cpu, *memory;
        bool exists;
    } rows[] = {
        { "256", "512", true },      { "256", "1024", true },
        { "256", "2048", true },     { "256", "1536", false },
        { "256", "3072", false },    { "512", "512", false },
        { "512", "1024", true },     { "512", "3072", true },
        { "512", "4096", true },     { "512", "5120", false },
        { "1024", "1024", false },   { "1024", "8192", true },
        { "2048", "3072", false },   { "2048", "16384", true },
        { "4096", "8192", true },    { "4096", "30720", true },
        { "4096", "31744", false },  { "8192", "16384", true },
        { "8192", "17408", false },  { "8192", "61440", true },
        { "16384", "32768", true },  { "16384", "36864", false },
        { "16384", "122880", true }, { "768", "1024", false },
        { "16384", "61440", false },
    };
    static const char frame[] =
        "{\"family\": \"f\", \"networkMode\": \"awsvpc\", \"cpu\": \"%s\","
        " \"memory\": \"%s\", \"requiresCompatibilities\": [\"FARGATE\"],"
        " \"containerDefinitions\": [{\"name\": \"c\", \"image\": \"i\","
        " \"portMappings\": [{\"containerPort\": 1}]}]}";
    struct fixture *fixture = *state;

    for (size_t i = 0; i < COUNT(rows); i++) {
        char file[512];
        struct task_definition task;
        enum error err;

        snprintf(file, sizeof(file), frame, rows[i].cpu, rows[i].memory);
        err = task_definition_read(fixture->arena, "size", slice_of(file),
                                   &task, &fixture->error);
        if (err != (rows[i].exists ? OK : ERROR_CONFIG))
            fail_msg("%s CPU units with %s MiB", rows[i].cpu, rows[i].memory);
    }
}

static void test_appspecs(void **state)
{
    static const char *const rows[][2] = {
        { APPSPEC, "customer" }, { "appspec-employee.yaml", "employee" }
    };
    struct fixture *fixture = *state;

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct appspec appspec;

        assert_read(fixture, appspec_read(fixture->arena, rows[i][0],
                                          filled_file(fixture, rows[i][0]),
                                          &appspec, &fixture->error));
        assert_string_equal(appspec.path, rows[i][0]);
        assert_string_equal(appspec.task_definition,
                            ARN("ecs", "task-definition/cafe:7"));
        assert_string_equal(appspec.container, rows[i][1]);
        assert_int_equal(appspec.port, 8080);
        assert_int_equal(appspec.hook_count, 0);
    }
}

static void test_hooks(void **state)
{
    static const char *const events[] = { "AfterAllowTraffic", "BeforeInstall",
                                          "AfterAllowTestTraffic",
                                          "AfterInstall",
                                          "BeforeAllowTraffic" };
    struct fixture *fixture = *state;
    struct slice file = filled_file(fixture, APPSPEC);
    struct appspec appspec;
    struct text text;

    text_init(&text, 0);
    text_append_slice(&text, file);
    text_append_string(&text, "Hooks:\n");
    for (size_t i = 0; i < COUNT(events); i++)
        text_printf(&text, "  - %s: \"check_%zu-it\"\n", events[i], i);
    assert_read(fixture,
                appspec_read(fixture->arena, APPSPEC, text_slice(&text),
                             &appspec, &fixture->error));
    text_free(&text);
    assert_int_equal(appspec.hook_count, COUNT(events));
    for (size_t i = 0; i < COUNT(events); i++)
        assert_string_equal(appspec.hooks[i].event, events[i]);
    assert_string_equal(appspec.hooks[2].function, "check_2-it");
}

static void test_service_files(void **state)
{
    static const char *const rows[][3] = {
        { SERVICE, "customer-microservice", "customer" },
        { "create-employee-microservice-tg-two.json", "employee-microservice",
          "employee" },
    };
    struct fixture *fixture = *state;

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct service_file service;
        char revision[64];

        assert_read(fixture, service_file_read(fixture->arena, rows[i][0],
                                               filled_file(fixture, rows[i][0]),
                                               &service, &fixture->error));
        snprintf(revision, sizeof(revision), "%s:3", rows[i][1]);
        assert_string_equal(service.path, rows[i][0]);
        assert_string_equal(service.service, rows[i][1]);
        assert_string_equal(service.cluster, "microservices-serverlesscluster");
        assert_string_equal(service.task_definition, revision);
        assert_string_equal(service.target_group, "customer-tg-two");
        assert_string_equal(service.container, rows[i][2]);
        assert_int_equal(service.port, 8080);
        assert_int_equal(service.desired_count, 1);
    }
}

/* Replace the first `from` of a file. */
static struct slice replaced(struct fixture *fixture, struct slice file,
                             const char *from, const char *to)
{
    const char *at = strstr(file.data, from);

    assert_non_null(at);
    return slice_of(arena_printf(fixture->arena, "%.*s%s%s",
                                 (int)(at - file.data), file.data, to,
                                 at + strlen(from)));
}

static void test_names_without_arn(void **state)
{
    struct fixture *fixture = *state;
    struct slice file = file_of(fixture, DEPLOYMENT_FOLDER, SERVICE);
    struct service_file service;

    file = replaced(fixture, file, "MICROSERVICE-TG-TWO-ARN", "employee-tg-1");
    file = replaced(fixture, file, ":REVISION-NUMBER", "");
    file = replaced(fixture, file, "microservices-serverlesscluster",
                    ARN("ecs", "cluster/cafe"));
    assert_read(fixture, service_file_read(fixture->arena, SERVICE, file,
                                           &service, &fixture->error));
    assert_string_equal(service.target_group, "employee-tg-1");
    assert_string_equal(service.task_definition, "customer-microservice");
    assert_string_equal(service.cluster, "cafe");
}

static void assert_load_balancer(const struct load_balancer *balancer)
{
    const struct listener *production = &balancer->listeners[0];
    const struct listener *test = &balancer->listeners[1];
    static const char *const groups[][2] = {
        { "customer-tg-one", "/suppliers" },
        { "customer-tg-two", "/suppliers" },
        { "employee-tg-one", "/readyz" },
        { "employee-tg-two", "/" },
    };

    assert_int_equal(production->port, 80);
    assert_string_equal(production->default_group, "customer-tg-two");
    assert_string_equal(production->admin_group, "employee-tg-two");
    assert_int_equal(test->port, 8080);
    assert_string_equal(test->default_group, "customer-tg-one");
    assert_string_equal(test->admin_group, "employee-tg-one");
    assert_string_equal(balancer->paths[0], "/admin");
    assert_string_equal(balancer->paths[1], "/admin/*");
    assert_null(balancer->paths[2]);
    for (size_t i = 0; i < COUNT(groups); i++) {
        assert_string_equal(balancer->groups[i].name, groups[i][0]);
        assert_string_equal(balancer->groups[i].health_path, groups[i][1]);
    }
}

/* Groups by logical id, name and import, in either order of the files. */
static void test_load_balancer(void **state)
{
    struct fixture *fixture = *state;
    struct template_source templates[3];
    struct load_balancer balancer;

    templates[0].path = GROUPS_FILE;
    templates[0].text = filled_file(fixture, GROUPS_FILE);
    templates[1].path = LISTENERS_FILE;
    templates[1].text = filled_file(fixture, LISTENERS_FILE);
    templates[2] = templates[0];
    for (size_t i = 0; i < 2; i++) {
        assert_read(fixture, load_balancer_read(fixture->arena, &templates[i],
                                                2, &balancer, &fixture->error));
        assert_load_balancer(&balancer);
    }
}

/* The templates for AWS, with what only AWS reads. */
static void test_the_templates(void **state)
{
    struct fixture *fixture = *state;
    struct load_balancer balancer;
    struct template_source templates[] = {
        { "balancer.yaml", { NULL, 0 } },
        { "listeners.yaml", { NULL, 0 } },
    };

    for (size_t i = 0; i < COUNT(templates); i++)
        templates[i].text = file_of(fixture, AWS_FOLDER, templates[i].path);
    assert_read(fixture,
                load_balancer_read(fixture->arena, templates, COUNT(templates),
                                   &balancer, &fixture->error));
    assert_string_equal(balancer.listeners[0].admin_group, "employee-tg-two");
    assert_string_equal(balancer.listeners[1].admin_group, "employee-tg-one");
}

static void test_files_agree(void **state)
{
    struct task_definition task = { .path = "t", .container = "c", .port = 1 };
    struct appspec appspec = { .path = "a", .container = "c", .port = 1 };
    struct service_file service = { .path = "s", .container = "c", .port = 1 };
    struct fixture *fixture = *state;
    struct text *error = &fixture->error;

    assert_int_equal(files_agree(&task, NULL, NULL, error), OK);
    assert_int_equal(files_agree(&task, &appspec, &service, error), OK);
    service.container = "d";
    assert_int_equal(files_agree(&task, &appspec, NULL, error), OK);
    assert_int_equal(files_agree(&task, &appspec, &service, error),
                     ERROR_CONFIG);
    assert_string_equal(text_string(error),
                        "t has container 'c' on port 1, s has 'd' on port 1; "
                        "make them the same");
    text_reset(error);
    appspec.port = 2;
    assert_int_equal(files_agree(&task, &appspec, NULL, error), ERROR_CONFIG);
    assert_string_equal(text_string(error),
                        "t has container 'c' on port 1, a has 'c' on port 2; "
                        "make them the same");
}

/* The owner's bound is met by a clean failure, wherever it comes. */
static void test_memory(void **state)
{
    struct fixture *fixture = *state;
    struct slice file = filled_file(fixture, TASK);
    enum error err = ERROR_MEMORY;
    size_t max_bytes;

    for (max_bytes = 16; err == ERROR_MEMORY; max_bytes += 16) {
        struct arena *arena = arena_open(max_bytes);
        struct task_definition task = { .port = 4711 };

        err = task_definition_read(arena, TASK, file, &task, &fixture->error);
        assert_int_equal(task.port, err == OK ? 8080 : 4711);
        arena_close(arena);
    }
    assert_int_equal(err, OK);
    assert_in_range(max_bytes, 4 * 1024, 64 * 1024);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH(test_task_definitions),
        WITH(test_defaults),
        WITH(test_sizes),
        WITH(test_appspecs),
        WITH(test_hooks),
        WITH(test_service_files),
        WITH(test_names_without_arn),
        WITH(test_load_balancer),
        WITH(test_the_templates),
        WITH(test_files_agree),
        WITH(test_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
