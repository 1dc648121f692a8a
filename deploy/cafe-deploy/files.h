/* The files for AWS, as the rehearsal reads them: what they say, checked. */
#ifndef CAFE_DEPLOY_FILES_H
#define CAFE_DEPLOY_FILES_H

#include "cafe/base/arena.h"
#include "cafe/base/text.h"

/** A name with its value; both NUL-terminated. */
struct variable {
    const char *name;
    const char *value;
};

struct variables {
    const struct variable *items;
    size_t count;
};

/** taskdef-SERVICE.json: how ECS runs a task. One container a task. */
struct task_definition {
    const char *path;                /* of the file, for messages */
    const char *family;              /* "customer-microservice" */
    const char *container;           /* its name, "customer" */
    const char *image;               /* "REGISTRY/customer@sha256:…" */
    struct variables environment;    /* as they are given to the container */
    const size_t *environment_lines; /* of each, in the file */
    struct variables secrets;        /* value: valueFrom, "ARN:key::" */
    unsigned port;                   /* that the container listens on */
    const char *user;                /* "10001:10001"; NULL: the image's */
    bool read_only;                  /* root file system */
    bool init;                       /* a process 1 that reaps others */
    const char *const *drop;         /* capabilities, NULL-terminated */
    unsigned stop_timeout_s;         /* from SIGTERM to SIGKILL; ECS has 30 */
    unsigned cpu_units;              /* 1,024 are one virtual processor */
    unsigned memory_mib;
};

enum { HOOKS_MAX = 8 };

/** One entry under Hooks of an AppSpec. */
struct hook {
    const char *event;    /* "AfterAllowTestTraffic" */
    const char *function; /* on AWS a Lambda function, here a program */
};

/** appspec-SERVICE.yaml: the container and port that CodeDeploy registers at
 * the load balancer. */
struct appspec {
    const char *path;            /* of the file, for messages */
    const char *task_definition; /* its ARN, or FAMILY:REVISION */
    const char *container;
    unsigned port;
    struct hook hooks[HOOKS_MAX];
    size_t hook_count;
};

/** create-SERVICE-microservice-tg-two.json: a service of ECS. */
struct service_file {
    const char *path;            /* of the file, for messages */
    const char *service;         /* "customer-microservice" */
    const char *cluster;         /* "microservices-serverlesscluster" */
    const char *task_definition; /* "customer-microservice:3" */
    const char *target_group;    /* its name, "customer-tg-two" */
    const char *container;
    unsigned port;
    unsigned desired_count;
};

enum { LISTENERS = 2, PATHS_MAX = 5, GROUPS = 4 };

/** What a listener does first; deployments change it from then on. */
struct listener {
    unsigned port;             /* 80: production, 8080: test */
    const char *default_group; /* target group, "customer-tg-two" */
    const char *admin_group;   /* of its rule for paths */
};

/** A target group, and how the load balancer asks for a task's health. */
struct target_group {
    const char *name;
    const char *health_path; /* "/readyz" */
};

/** The load balancer: listeners, their rules, target groups. */
struct load_balancer {
    struct listener listeners[LISTENERS]; /* in order of ports */
    const char *paths[PATHS_MAX + 1];     /* of the rules, "/admin" */
    struct target_group groups[GROUPS];
};

/**
 * Replace each placeholder by its value.
 *
 * source    The text of a file; `path` names it in messages.
 * values    Names as they stand in the file, "<IMAGE1_NAME>" or
 *           "REVISION-NUMBER"; one that doesn't stand in it is no error.
 * required  A placeholder that has to stand in it exactly once; NULL: none.
 * filled    In the arena.
 * error     On failure one line: file:line:column, what is wrong, what to do.
 * Errors    ERROR_CONFIG (`required` missing or there twice, or a "<NAME>"
 *           left that nobody has a value for), ERROR_MEMORY.
 */
MUST_CHECK enum error placeholders_fill(struct arena *arena, const char *path,
                                        struct slice source,
                                        const struct variables *values,
                                        const char *required,
                                        struct slice *filled,
                                        struct text *error);

/**
 * Read what a file says, by the rules of AWS: no key or value that it would
 * refuse.
 *
 * path    Names the file in messages; it is not opened.
 * source  Its text, placeholders filled. At most 64 KiB.
 * result  Its strings live in the arena.
 * error   On failure one line: file:line:column, what is wrong, what to do.
 * Errors  ERROR_CONFIG (not JSON or YAML, a key missing, unknown to AWS or
 *         there twice, a value of the wrong kind, CPU and memory no pair that
 *         Fargate has, more than one container, …), ERROR_MEMORY.
 */
MUST_CHECK enum error task_definition_read(struct arena *arena,
                                           const char *path,
                                           struct slice source,
                                           struct task_definition *result,
                                           struct text *error);
MUST_CHECK enum error appspec_read(struct arena *arena, const char *path,
                                   struct slice source, struct appspec *result,
                                   struct text *error);
MUST_CHECK enum error service_file_read(struct arena *arena, const char *path,
                                        struct slice source,
                                        struct service_file *result,
                                        struct text *error);

/** A CloudFormation template: its file's name for messages, its text. */
struct template_source {
    const char *path;
    struct slice text;
};

/**
 * As above, from the CloudFormation templates of target groups and listeners.
 *
 * templates  In any order. What one refers to, by logical id, parameter or
 *            import, is found in the others by name: "CustomerTgTwo",
 *            "CustomerTgTwoArn" and "customer-tg-two" are the same.
 * count      At least 1.
 * Errors     Also: not two listeners on 80 and 8080, each with one rule for
 *            paths, the same paths, in front of the four groups of customer
 *            and employee.
 */
MUST_CHECK enum error load_balancer_read(
    struct arena *arena, const struct template_source *templates, size_t count,
    struct load_balancer *result, struct text *error);

/**
 * Whether files agree on container and port.
 *
 * Either of appspec and service may be NULL.
 *
 * error   On failure one line: both files, what each says.
 * Errors  ERROR_CONFIG.
 */
MUST_CHECK enum error files_agree(const struct task_definition *task,
                                  const struct appspec *appspec,
                                  const struct service_file *service,
                                  struct text *error);

#endif
