/* What the tests of the files for AWS share: the real files, filled, and a
 * place for what is read of them. */
#ifndef CAFE_TEST_DEPLOY_H
#define CAFE_TEST_DEPLOY_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cafe/base/file.h"
#include "document.h"
#include "files.h"

#define WITH(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

#define TASK "taskdef-customer.json"
#define APPSPEC "appspec-customer.yaml"
#define SERVICE "create-customer-microservice-tg-two.json"
#define GROUPS_FILE "groups.yaml"
#define LISTENERS_FILE "listeners.yaml"

#define ARN(service, rest) "arn:aws:" service ":us-east-1:111122223333:" rest

static const struct variable filled_values[] = {
    { "<ACCOUNT-ID>", "111122223333" },
    { "<RDS-ENDPOINT>", "cafe.example" },
    { "<DB-SECRET-ARN>", ARN("secretsmanager", "secret:cafe-AbCdEf") },
    { "<OFFICE-CIDR>", "192.0.2.0/24" },
    { "<BALANCER-DNS-NAME>", "balancer.example" },
    { "<IMAGE1_NAME>", "127.0.0.1:5000/cafe@sha256:0123456789abcdef" },
    { "<TASK_DEFINITION>", ARN("ecs", "task-definition/cafe:7") },
    { "REVISION-NUMBER", "3" },
    { "MICROSERVICE-TG-TWO-ARN",
      ARN("elasticloadbalancing",
          "targetgroup/customer-tg-two/0123456789abcdef") },
    { "PRIVATE-SUBNET-1-ID", "subnet-1" },
    { "PRIVATE-SUBNET-2-ID", "subnet-2" },
    { "SECURITY-GROUP-ID", "sg-1" },
};
static const struct variables values = { filled_values, COUNT(filled_values) };

struct fixture {
    struct arena *arena;
    struct text error;
};

static int set_up(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));

    fixture->arena = arena_open(0);
    text_init(&fixture->error, 0);
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;

    arena_close(fixture->arena);
    text_free(&fixture->error);
    free(fixture);
    return 0;
}

/** A file of the repository as it is. */
static inline struct slice file_of(struct fixture *fixture, const char *folder,
                                   const char *name)
{
    char *path = arena_printf(fixture->arena, "%s/%s", folder, name);
    struct text content;
    struct slice copy;

    text_init(&content, 0);
    if (file_read(path, &content, &fixture->error) != OK)
        fail_msg("%s", text_string(&fixture->error));
    copy = arena_slice(fixture->arena, text_slice(&content));
    text_free(&content);
    return copy;
}

static inline struct slice fill(struct fixture *fixture, const char *name,
                                struct slice source)
{
    struct slice filled;

    if (placeholders_fill(fixture->arena, name, source, &values, NULL, &filled,
                          &fixture->error) != OK)
        fail_msg("%s", text_string(&fixture->error));
    return filled;
}

/** A file of deploy/deployment with its placeholders filled, or a template. */
static inline struct slice filled_file(struct fixture *fixture,
                                       const char *name)
{
    if (strcmp(name, GROUPS_FILE) == 0 || strcmp(name, LISTENERS_FILE) == 0)
        return file_of(fixture, TEMPLATE_FOLDER, name);
    return fill(fixture, name, file_of(fixture, DEPLOYMENT_FOLDER, name));
}

#endif
