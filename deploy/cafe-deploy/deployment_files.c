/* Reading the deployment files for one service, and registering its task
 * definitions: a revision is a file that never changes. */
#include "deployment_files.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cafe/base/file.h"
#include "docker.h"
#include "hooks.h"
#include "network.h"
#include "program.h"
#include "tasks.h"

enum { FILE_MAX_BYTES = 64 * 1024, GIT_S = 20, VALUES = 11 };

/* The account of AWS's own examples. */
#define ACCOUNT "123456789012"

static enum error read_folder(struct site *site, const char *path,
                              struct slice *source)
{
    struct text text;
    enum error err;

    text_init(&text, FILE_MAX_BYTES);
    err = file_read(path, &text, &site->error);
    if (err == OK)
        *source = arena_slice(site->arena, text_slice(&text));
    text_free(&text);
    return err == OK && source->data == NULL ? ERROR_MEMORY : err;
}

static enum error read_commit(struct site *site, const char *commit,
                              const char *name, struct slice *source)
{
    struct command_line line = { .count = 0 };
    struct outcome outcome;
    enum error err;

    command_add_all(&line, "git", "--git-dir", NULL);
    command_add(&line, site_path(site, "repositories/deployment.git"));
    command_add(&line, "show");
    command_add(&line, arena_printf(site->arena, "%s:%s", commit, name));
    if ((err = program_try(site, &line, GIT_S, &outcome)) != OK)
        return err;
    if (outcome.status != 0)
        return fail(site, ERROR_CONFIG,
                    "repository deployment, commit %.12s: no file %s", commit,
                    name);
    *source = outcome.output;
    return OK;
}

/* A file's text; `path` is its name in messages. */
static enum error read_source(struct site *site, const char *commit,
                              const char *name, char **path,
                              struct slice *source)
{
    *path = arena_printf(site->arena, "%s/%s",
                         commit != NULL ? "deployment.git" : site->files, name);
    if (*path == NULL || name == NULL)
        return ERROR_MEMORY;
    return commit != NULL ? read_commit(site, commit, name, source)
                          : read_folder(site, *path, source);
}

/* Fill in the placeholders of a file. On AWS people and the pipeline do that;
 * here the values are fixed, and stand for what AWS would have given. */
static enum error files_fill(struct site *site, const char *service,
                             const char *path, const char *required,
                             const char *value, struct slice *source)
{
    struct variable items[VALUES] = {
        { "<ACCOUNT-ID>", ACCOUNT },
        { "<RDS-ENDPOINT>", "db" },
        { "<OFFICE-CIDR>", "10.83.9.0/24" },
        { "<BALANCER-DNS-NAME>", BALANCER_NAME },
        { "PRIVATE-SUBNET-1-ID", "subnet-1" },
        { "PRIVATE-SUBNET-2-ID", "subnet-2" },
        { "SECURITY-GROUP-ID", "sg-1" },
    };
    struct variables values = { items, 7 };

    items[values.count++] = (struct variable){
        "<DB-SECRET-ARN>",
        arena_printf(site->arena,
                     "arn:aws:secretsmanager:us-east-1:" ACCOUNT ":secret:%s",
                     service)
    };
    items[values.count++] = (struct variable){
        "MICROSERVICE-TG-TWO-ARN",
        arena_printf(site->arena,
                     "arn:aws:elasticloadbalancing:us-east-1:" ACCOUNT
                     ":targetgroup/%s-tg-two/0123456789abcdef",
                     service)
    };
    items[values.count++] = (struct variable){ required, value };
    for (size_t i = 0; i < values.count; i++) {
        if (items[i].value == NULL)
            return ERROR_MEMORY;
    }
    return placeholders_fill(site->arena, path, *source, &values, required,
                             source, &site->error);
}

/* FAMILY-12.json: 12; 0 for other names. */
static unsigned revision_of(const char *name, const char *family)
{
    size_t len = strlen(family);
    struct slice rest;
    uint64_t number;

    if (strncmp(name, family, len) != 0 || name[len] != '-')
        return 0;
    rest = slice_of(name + len + 1);
    if (slice_number(slice_cut(&rest, '.'), 1000000, &number) != OK ||
        !slice_is(rest, "json"))
        return 0;
    return (unsigned)number;
}

enum error revision_latest(struct site *site, const char *service,
                           unsigned *revision)
{
    char *family = arena_printf(site->arena, "%s-microservice", service);
    char *path = site_path(site, "taskdefs");
    struct dirent *entry;
    DIR *folder;

    *revision = 0;
    if (family == NULL || path == NULL)
        return ERROR_MEMORY;
    folder = opendir(path);
    if (folder == NULL)
        return fail(site, ERROR_SYSTEM, "%s: %s", path, strerror(errno));
    while ((entry = readdir(folder)) != NULL) {
        unsigned number = revision_of(entry->d_name, family);

        if (number > *revision)
            *revision = number;
    }
    closedir(folder);
    return OK;
}

/* The names in a task definition must be those of the service: the load
 * balancer and the pipeline find a task by them. */
static enum error files_check_names(struct site *site, const char *service,
                                    const char *path,
                                    const struct task_definition *task)
{
    size_t len = strlen(service);

    if (strncmp(task->family, service, len) == 0 &&
        strcmp(task->family + len, "-microservice") == 0 &&
        strcmp(task->container, service) == 0)
        return OK;
    return fail(site, ERROR_CONFIG,
                "%s: family '%s' and container '%s'; for the service %s they "
                "must be '%s-microservice' and '%s'",
                path, task->family, task->container, service, service, service);
}

static enum error keep_revision(struct site *site, const char *family,
                                unsigned revision, struct slice source)
{
    char *path = revision_path(site, family, revision);
    struct text text;
    enum error err;

    text_init(&text, 0);
    text_append_slice(&text, source);
    err = path != NULL ? site_write(site, path, &text, 0600) : ERROR_MEMORY;
    text_free(&text);
    return err;
}

/* What is going to be a revision of a task definition. */
struct revision {
    struct task_definition task;
    struct slice source;
    unsigned number;
};

/* Read it and check it: nothing is kept yet. */
static enum error files_read_revision(struct site *site, const char *service,
                                      const char *commit, const char *image,
                                      struct revision *revision)
{
    char *name = arena_printf(site->arena, "taskdef-%s.json", service);
    struct task_definition *task = &revision->task;
    struct slice *source = &revision->source;
    char *path;
    enum error err;

    if ((err = read_source(site, commit, name, &path, source)) != OK ||
        (err = files_fill(site, service, path, "<IMAGE1_NAME>", image,
                          source)) != OK ||
        (err = task_definition_read(site->arena, path, *source, task,
                                    &site->error)) != OK ||
        (err = files_check_names(site, service, path, task)) != OK ||
        (err = docker_check_options(site, task)) != OK ||
        (err = revision_latest(site, service, &revision->number)) != OK)
        return err;
    revision->number++;
    return OK;
}

enum error revision_register(struct site *site, const char *service,
                             const char *commit, const char *image,
                             unsigned *number)
{
    struct revision revision;
    enum error err =
        files_read_revision(site, service, commit, image, &revision);

    if (err != OK)
        return err;
    *number = revision.number;
    return keep_revision(site, revision.task.family, revision.number,
                         revision.source);
}

static enum error read_appspec(struct site *site, const char *service,
                               const char *commit, unsigned revision,
                               struct appspec *appspec)
{
    char *name = arena_printf(site->arena, "appspec-%s.yaml", service);
    char *arn = arena_printf(site->arena,
                             "arn:aws:ecs:us-east-1:" ACCOUNT
                             ":task-definition/%s-microservice:%u",
                             service, revision);
    struct slice source;
    char *path;
    enum error err = read_source(site, commit, name, &path, &source);

    if (err == OK)
        err =
            files_fill(site, service, path, "<TASK_DEFINITION>", arn, &source);
    if (err == OK)
        err = appspec_read(site->arena, path, source, appspec, &site->error);
    return err;
}

/* Read the rule by which AWS would end a service's deployment. */
static enum error alarm_file_read(struct site *site, const char *service,
                                  struct alarm *alarm)
{
    struct template_source source = { .path = site_source(
                                          site, "deploy/aws/codedeploy.yaml") };
    enum error err = source.path != NULL
                         ? read_folder(site, source.path, &source.text)
                         : ERROR_MEMORY;

    return err == OK
               ? alarm_read(site->arena, &source, service, alarm, &site->error)
               : err;
}

/* All files are read and checked before a revision is used up: a faulty appspec
 * leaves no task definition without a deployment. */
enum error deployment_prepare(struct site *site, const char *service,
                              const char *commit, const char *image,
                              struct deployment *deployment)
{
    struct appspec *appspec = &deployment->appspec;
    struct revision revision;
    enum error err;

    if ((err = alarm_file_read(site, service, &deployment->alarm)) != OK ||
        (err = files_read_revision(site, service, commit, image, &revision)) !=
            OK ||
        (err = read_appspec(site, service, commit, revision.number, appspec)) !=
            OK ||
        (err = files_agree(&revision.task, appspec, NULL, &site->error)) !=
            OK ||
        (err = hooks_check(site, appspec)) != OK)
        return err;
    deployment->revision = revision.number;
    return keep_revision(site, revision.task.family, revision.number,
                         revision.source);
}

enum error service_file_prepare(struct site *site, const char *service,
                                struct service_file *file)
{
    char *name = arena_printf(site->arena, "create-%s-microservice-tg-two.json",
                              service);
    struct task_definition task;
    struct slice source;
    unsigned revision;
    char *path, number[16];
    enum error err;

    if ((err = revision_latest(site, service, &revision)) != OK ||
        (err = revision_find(site, service, revision, &task)) != OK ||
        (err = read_source(site, NULL, name, &path, &source)) != OK)
        return err;
    snprintf(number, sizeof(number), "%u", revision);
    if ((err = files_fill(site, service, path, "REVISION-NUMBER", number,
                          &source)) != OK ||
        (err = service_file_read(site->arena, path, source, file,
                                 &site->error)) != OK)
        return err;
    return files_agree(&task, NULL, file, &site->error);
}

enum error balancer_files_read(struct site *site)
{
    static const char *const names[] = { "balancer.yaml", "listeners.yaml" };
    enum { TEMPLATES = sizeof(names) / sizeof(names[0]) };
    struct template_source templates[TEMPLATES];

    for (size_t i = 0; i < TEMPLATES; i++) {
        char *path =
            arena_printf(site->arena, "%s/deploy/aws/%s", site->root, names[i]);
        enum error err = path != NULL
                             ? read_folder(site, path, &templates[i].text)
                             : ERROR_MEMORY;

        if (err != OK)
            return err;
        templates[i].path = path;
    }
    return load_balancer_read(site->arena, templates, TEMPLATES,
                              &site->balancer, &site->error);
}
