/* What the rehearsal keeps on disk: services, and HAProxy's configuration. */
/* Before cmocka's, which has a macro fail(). */
#include "balancer_config.h"
#include "program.h"
#include "service.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

struct fixture {
    struct site site;
    char folder[32];
};

static int set_up(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));
    struct site *site = &fixture->site;
    char path[64];

    assert_non_null(fixture);
    strcpy(fixture->folder, "/tmp/cafe-unit-XXXXXX");
    assert_non_null(mkdtemp(fixture->folder));
    site->folder = fixture->folder;
    site->arena = arena_open(0);
    text_init(&site->error, 0);
    snprintf(path, sizeof(path), "%s/services", fixture->folder);
    assert_int_equal(site_folder(site, path, 0700), OK);
    snprintf(path, sizeof(path), "%s/locks", fixture->folder);
    assert_int_equal(site_folder(site, path, 0700), OK);
    site->balancer = (struct load_balancer){
        .listeners = { { 80, "customer-tg-two", "employee-tg-two" },
                       { 8080, "customer-tg-one", "employee-tg-one" } },
        .paths = { "/admin", "/admin/*" },
        .groups = { { "customer-tg-one", "/" },
                    { "customer-tg-two", "/" },
                    { "employee-tg-one", "/admin/suppliers" },
                    { "employee-tg-two", "/admin/suppliers" } }
    };
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    static const char *const names[] = { "services/customer", "services",
                                         "locks/customer", "locks", "" };
    struct fixture *fixture = *state;

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        remove(site_path(&fixture->site, "%s", names[i]));
    arena_close(fixture->site.arena);
    text_free(&fixture->site.error);
    free(fixture);
    return 0;
}

static void assert_set(const struct task_set *is, const struct task_set *should)
{
    assert_int_equal(is->revision, should->revision);
    assert_string_equal(is->group, should->group);
    assert_int_equal(is->count, should->count);
    for (size_t i = 0; i < is->count; i++) {
        assert_int_equal(is->tasks[i].number, should->tasks[i].number);
        assert_int_equal(is->tasks[i].phase, should->tasks[i].phase);
    }
}

static void test_what_was_never_written_is_empty(void **state)
{
    struct fixture *fixture = *state;
    struct service service;

    assert_int_equal(service_load(&fixture->site, "customer", &service), OK);
    assert_false(service_exists(&service));
    assert_int_equal(service.next_task, 1);
    assert_int_equal(service.step, STEP_NONE);
}

static void test_a_service_is_read_as_it_was_written(void **state)
{
    struct fixture *fixture = *state;
    struct service wrote = { .name = "customer",
                             .desired = 3,
                             .next_task = 5,
                             .deployments = 2,
                             .blue = { 7, "customer-tg-one", { { 0 } }, 0 },
                             .green = { 8, "customer-tg-two", { { 0 } }, 0 },
                             .test_group = "customer-tg-one" };
    struct service read;

    assert_int_equal(set_grow(&fixture->site, &wrote, &wrote.blue, 3), OK);
    assert_int_equal(set_grow(&fixture->site, &wrote, &wrote.green, 2), OK);
    wrote.blue.tasks[0].phase = TASK_SERVING;
    set_leave(&wrote.blue, 1);
    for (enum step step = STEP_NONE; step <= STEP_END; step++) {
        wrote.step = step;
        assert_int_equal(service_save(&fixture->site, &wrote), OK);
        assert_int_equal(service_load(&fixture->site, "customer", &read), OK);
        assert_int_equal(read.step, step);
        assert_string_equal(read.test_group,
                            step == STEP_NONE ? "" : "customer-tg-one");
        assert_int_equal(read.desired, 3);
        assert_int_equal(read.next_task, 10);
        assert_int_equal(read.deployments, 2);
        assert_set(&read.blue, &wrote.blue);
        assert_set(&read.green, &wrote.green);
    }
}

static void test_a_foreign_file_is_refused(void **state)
{
    static const char *const files[] = { "x",
                                         "desired many\n",
                                         "task 1 new\n",
                                         "blue 1 a\ntask 1 asleep\n",
                                         "blue 1 a\ntask x new\n",
                                         "step far a\n",
                                         "desired 1\n\n" };
    struct fixture *fixture = *state;
    struct site *site = &fixture->site;
    struct service service;

    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        struct text text;

        text_init(&text, 0);
        text_append_string(&text, files[i]);
        assert_int_equal(
            site_write(site, site_path(site, "services/customer"), &text, 0600),
            OK);
        text_free(&text);
        text_reset(&site->error);
        assert_int_equal(service_load(site, "customer", &service),
                         ERROR_SYSTEM);
        assert_non_null(
            strstr(text_string(&site->error), "services/customer:"));
    }
}

static void test_tasks_have_a_bound(void **state)
{
    struct fixture *fixture = *state;
    struct service service = { .name = "customer", .next_task = 1 };

    assert_int_equal(
        set_grow(&fixture->site, &service, &service.blue, TASKS_MAX), OK);
    assert_int_equal(set_grow(&fixture->site, &service, &service.blue, 1),
                     ERROR_CONFIG);
    assert_int_equal(service.blue.count, TASKS_MAX);
}

/* As many as there can be at a time, of both services. */
static void test_addresses_differ(void **state)
{
    struct fixture *fixture = *state;
    struct service services[SERVICES] = { { .name = "customer" },
                                          { .name = "employee" } };
    const char *addresses[2 * 2 * TASKS_MAX];
    size_t count = 0;

    for (size_t s = 0; s < SERVICES; s++) {
        for (unsigned n = 75; n < 75 + 2 * TASKS_MAX; n++) {
            struct task task = { .number = n };

            addresses[count++] =
                task_address(&fixture->site, &services[s], &task);
        }
    }
    for (size_t i = 0; i < count; i++) {
        for (size_t k = 0; k < i; k++)
            assert_string_not_equal(addresses[i], addresses[k]);
    }
}

static void test_groups_come_in_pairs(void **state)
{
    struct fixture *fixture = *state;
    struct site *site = &fixture->site;

    assert_string_equal(other_group(site, "customer-tg-one"),
                        "customer-tg-two");
    assert_string_equal(other_group(site, "employee-tg-two"),
                        "employee-tg-one");
    assert_null(other_group(site, "customer"));
    assert_null(other_group(site, "other-tg-one"));
}

static void test_a_lock_is_for_one(void **state)
{
    struct fixture *fixture = *state;
    struct site *site = &fixture->site;
    int first, second;

    assert_int_equal(site_lock(site, "customer", false, &first), OK);
    assert_int_equal(site_lock(site, "customer", false, &second), ERROR_BUSY);
    close(first);
    assert_int_equal(site_lock(site, "customer", false, &second), OK);
    close(second);
}

static void test_configuration_has_what_serves(void **state)
{
    struct fixture *fixture = *state;
    const struct wanted_servers servers = {
        .items = { { "customer-tg-two", "customer-1", "10.83.9.65", 100 },
                   { "employee-tg-one", "employee-2", "10.83.9.156", 0 } },
        .count = 2
    };
    struct text text;
    const char *at;

    text_init(&text, 0);
    balancer_config(&fixture->site.balancer, &servers, &text);
    assert_false(text.failed);
    assert_non_null(strstr(text.data, "\n    bind :80\n    bind :8080\n"));
    assert_non_null(strstr(text.data, "\n    acl admin path /admin\n"
                                      "    acl admin path_beg /admin/\n"));
    assert_non_null(strstr(text.data, "\n    retries 0\n"));
    /* A client behind a proxy has the proxy's address, not the office's. */
    at = strstr(text.data, "\n    acl forwards req.hdr_names ");
    assert_non_null(at);
    at = strstr(at, "\n    http-request set-var(txn.rule) str(admin) "
                    "if admin office !forwards\n");
    assert_non_null(at);
    assert_non_null(strstr(at, "\n    http-request del-header "
                               "X-Forwarded-For\n"));
    /* The quotes and the backslash are HAProxy's. */
    assert_non_null(strstr(at, "\n    http-request del-header "
                               "\"(?i)^(${APP_IDENTITY_HEADER})\\$\" "
                               "-m reg\n"));
    at = strstr(text.data, "\nbackend customer-tg-two\n");
    assert_non_null(at);
    at = strstr(at, "    http-error status 503 content-type "
                    "\"text/html; charset=utf-8\" file "
                    "/etc/cafe-pages/customer.html hdr Retry-After 10 ");
    assert_non_null(at);
    at = strstr(at, "    server customer-1 10.83.9.65:8080 check ");
    assert_non_null(at);
    at = strstr(at, " weight 100\n");
    assert_non_null(at);
    at = strstr(at, "\nbackend employee-tg-one\n"
                    "    http-check send meth GET uri /admin/suppliers ");
    assert_non_null(at);
    at = strstr(at, " file /etc/cafe-pages/employee.html ");
    assert_non_null(at);
    at = strstr(at, "    server employee-2 10.83.9.156:8080 check ");
    assert_non_null(at);
    assert_non_null(strstr(at, " weight 0\n"));
    text_free(&text);
}

/* Programs. */

static void test_output_status_and_complaint(void **state)
{
    struct fixture *fixture = *state;
    struct command_line line = { .count = 0 };
    struct outcome outcome;

    command_add_all(&line, "sh", "-c",
                    "echo out; echo more; echo first >&2; echo last >&2;"
                    " exit 3",
                    NULL);
    assert_int_equal(program_try(&fixture->site, &line, 10, &outcome), OK);
    assert_int_equal(outcome.status, 3);
    assert_true(slice_is(outcome.output, "out\nmore"));
    assert_true(slice_is(outcome.complaint, "last"));
    assert_int_equal(program_run(&fixture->site, &line, 10, "it", NULL),
                     ERROR_SYSTEM);
    assert_string_equal(text_string(&fixture->site.error), "it: last");
}

static void test_a_line_that_names_the_help_says_nothing(void **state)
{
    static const struct {
        const char *script, *complaint;
    } rows[] = {
        { "echo docker: no memory; echo \"See 'docker run --help'.\"",
          "docker: no memory" },
        { "echo a; echo docker: no memory; echo;"
          " echo \"Run 'docker run --help' for more information\"",
          "docker: no memory" },
        { "echo \"See 'docker --help'.\"", "See 'docker --help'." },
    };
    struct fixture *fixture = *state;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct command_line line = { .count = 0 };
        struct outcome outcome;

        command_add_all(&line, "sh", "-c", "exec >&2; eval \"$0\"; exit 125",
                        rows[i].script, NULL);
        assert_int_equal(program_try(&fixture->site, &line, 10, &outcome), OK);
        assert_true(slice_is(outcome.complaint, rows[i].complaint));
    }
}

static void test_a_program_has_a_deadline(void **state)
{
    struct fixture *fixture = *state;
    struct command_line line = { .count = 0 };

    command_add_all(&line, "sleep", "60", NULL);
    assert_int_equal(program_run(&fixture->site, &line, 1, "it", NULL),
                     ERROR_DEADLINE);
}

/* Its output is closed long before its end. */
static void test_a_silent_program_has_one_too(void **state)
{
    struct fixture *fixture = *state;
    struct command_line line = { .count = 0 };
    struct outcome outcome;

    command_add_all(&line, "sh", "-c", "exec sleep 60 >&- 2>&-", NULL);
    assert_int_equal(program_try(&fixture->site, &line, 1, &outcome), OK);
    assert_true(outcome.too_late);
}

static void test_a_failure_without_a_word(void **state)
{
    struct fixture *fixture = *state;
    struct command_line line = { .count = 0 };

    command_add_all(&line, "sh", "-c", "exit 3", NULL);
    assert_int_equal(program_run(&fixture->site, &line, 10, "check", NULL),
                     ERROR_SYSTEM);
    assert_string_equal(text_string(&fixture->site.error),
                        "check: exit status 3");
}

static void test_addresses_in_use_are_left_out(void **state)
{
    struct fixture *fixture = *state;
    struct service service = { .name = "customer", .next_task = 91 };

    service.blue.tasks[service.blue.count++].number = 1;
    assert_int_equal(set_grow(&fixture->site, &service, &service.green, 1), OK);
    assert_int_equal(service.green.tasks[0].number, 92);
}

static void test_much_output_is_cut(void **state)
{
    struct fixture *fixture = *state;
    struct command_line line = { .count = 0 };
    struct outcome outcome;

    command_add_all(&line, "head", "-c", "5000000", "/dev/zero", NULL);
    assert_int_equal(program_try(&fixture->site, &line, 10, &outcome), OK);
    assert_int_equal(outcome.status, 0);
    assert_in_range(outcome.output.len, 1024 * 1024, 1100 * 1024);
}

static void test_no_such_program(void **state)
{
    struct fixture *fixture = *state;
    struct command_line line = { .count = 0 };
    struct outcome outcome;

    command_add(&line, "/no/such/program");
    assert_int_equal(program_try(&fixture->site, &line, 10, &outcome),
                     ERROR_SYSTEM);
    assert_non_null(
        strstr(text_string(&fixture->site.error), "/no/such/program"));
}

#define ALL(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ALL(test_what_was_never_written_is_empty),
        ALL(test_a_service_is_read_as_it_was_written),
        ALL(test_a_foreign_file_is_refused),
        ALL(test_tasks_have_a_bound),
        ALL(test_addresses_differ),
        ALL(test_groups_come_in_pairs),
        ALL(test_a_lock_is_for_one),
        ALL(test_configuration_has_what_serves),
        ALL(test_output_status_and_complaint),
        ALL(test_a_line_that_names_the_help_says_nothing),
        ALL(test_a_program_has_a_deadline),
        ALL(test_a_silent_program_has_one_too),
        ALL(test_a_failure_without_a_word),
        ALL(test_addresses_in_use_are_left_out),
        ALL(test_much_output_is_cut),
        ALL(test_no_such_program),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
