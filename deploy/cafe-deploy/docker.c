/* Docker, through its program: images, and containers as tasks. */
#include "docker.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "network.h"

enum {
    SHORT_S = 60, /* a busy machine takes its time */
    LONG_S = 300, /* pulls and pushes */
    STOP_S = 120  /* longest stop time-out of ECS */
};

enum error docker_check(struct site *site)
{
    struct command_line line = { .count = 0 };
    struct outcome outcome;

    command_add_all(&line, "docker", "version", "--format",
                    "{{.Server.Version}}", NULL);
    if (program_try(site, &line, SHORT_S, &outcome) != OK) {
        text_reset(&site->error);
        return fail(site, ERROR_CONFIG,
                    "docker is not here: install it (docker.io)");
    }
    if (outcome.status != 0)
        return fail(site, ERROR_CONFIG, "Docker does not answer: %.*s",
                    (int)outcome.complaint.len, outcome.complaint.data);
    return OK;
}

char *docker_repository(struct site *site, const char *service)
{
    return arena_printf(site->arena, "127.0.0.1:%u/%s",
                        (unsigned)site->registry_port, service);
}

static enum error pull(struct site *site, const char *service,
                       const char *wanted)
{
    struct command_line line = { .count = 0 };
    struct outcome outcome;
    enum error err;

    command_add_all(&line, "docker", "pull", "--quiet", wanted, NULL);
    err = program_try(site, &line, LONG_S, &outcome);
    if (err != OK)
        return err;
    if (outcome.status != 0)
        return fail(site, ERROR_CONFIG,
                    "no image %s in the registry (%.*s); first: "
                    "cafe-deploy push %s",
                    wanted, (int)outcome.complaint.len, outcome.complaint.data,
                    service);
    return OK;
}

/* The line of `lines` that begins with `repository@`. */
static char *digest_of(struct site *site, struct slice lines,
                       const char *repository)
{
    size_t len = strlen(repository);

    while (lines.len > 0) {
        struct slice line = slice_cut(&lines, '\n');

        if (slice_starts(line, repository) && line.len > len &&
            line.data[len] == '@')
            return arena_copy(site->arena, line.data, line.len);
    }
    return NULL;
}

enum error docker_image(struct site *site, const char *service,
                        const char *reference, char **image)
{
    char *repository = docker_repository(site, service);
    char *wanted = arena_printf(site->arena, "%s%s",
                                repository ? repository : "", reference);
    struct command_line line = { .count = 0 };
    struct slice digests;
    enum error err;

    if (!repository || !wanted)
        return ERROR_MEMORY;
    if ((err = pull(site, service, wanted)) != OK)
        return err;
    command_add_all(&line, "docker", "image", "inspect", "--format",
                    "{{join .RepoDigests \"\\n\"}}", wanted, NULL);
    err = program_run(site, &line, SHORT_S, "docker image inspect", &digests);
    if (err != OK)
        return err;
    *image = digest_of(site, digests, repository);
    return *image ? OK : fail(site, ERROR_SYSTEM, "%s has no digest", wanted);
}

enum error docker_push(struct site *site, const char *service)
{
    char *repository = docker_repository(site, service);
    struct command_line tag = { .count = 0 }, push = { .count = 0 };
    struct outcome outcome;
    enum error err;
    char *latest =
        arena_printf(site->arena, "%s:latest", repository ? repository : "");

    command_add_all(&tag, "docker", "tag", service, NULL);
    command_add(&tag, latest);
    if ((err = program_try(site, &tag, SHORT_S, &outcome)) != OK)
        return err;
    if (outcome.status != 0)
        return fail(site, ERROR_CONFIG,
                    "no local image '%s' (%.*s); first: docker build --tag %s "
                    "-f %s/Dockerfile .",
                    service, (int)outcome.complaint.len, outcome.complaint.data,
                    service, service);
    command_add_all(&push, "docker", "push", "--quiet", latest, NULL);
    return program_run(site, &push, LONG_S, "docker push", NULL);
}

static bool read_looks(struct slice line, struct container *container)
{
    struct slice status = slice_cut(&line, ' ');
    uint64_t restarts;

    if (slice_number(line, UINT32_MAX, &restarts) != OK)
        return false;
    container->exists = true;
    container->running = slice_is(status, "running");
    container->restarts = (unsigned)restarts;
    return true;
}

/* Docker says the same status whether there is none or it can't tell. */
static enum error check_absent(struct site *site, const char *name,
                               const struct outcome *outcome)
{
    const char *complaint = outcome->complaint.data
                                ? arena_copy(site->arena,
                                             outcome->complaint.data,
                                             outcome->complaint.len)
                                : "no answer";

    if (!complaint)
        return ERROR_MEMORY;
    if (strcasestr(complaint, "no such") || strcasestr(complaint, "not found"))
        return OK;
    return fail(site, ERROR_SYSTEM, "docker inspect %s: %s", name, complaint);
}

enum error docker_look(struct site *site, const char *name,
                       struct container *container)
{
    struct command_line line = { .count = 0 };
    struct outcome outcome;
    enum error err;

    *container = (struct container){ .name = name };
    command_add_all(&line, "docker", "container", "inspect", "--format",
                    "{{.State.Status}} {{.RestartCount}}", NULL);
    command_add(&line, name);
    if ((err = program_try(site, &line, SHORT_S, &outcome)) != OK)
        return err;
    if (outcome.status != 0)
        return check_absent(site, name, &outcome);
    return read_looks(outcome.output, container)
               ? OK
               : fail(site, ERROR_SYSTEM, "docker inspect %s: %.*s", name,
                      (int)outcome.output.len, outcome.output.data);
}

enum error docker_network_owner(struct site *site, const char **owner)
{
    struct command_line line = { .count = 0 };
    struct outcome outcome;
    enum error err;

    *owner = NULL;
    command_add_all(&line, "docker", "network", "inspect", "--format",
                    "{{index .Labels \"" LABEL "\"}}", NETWORK_NAME, NULL);
    if ((err = program_try(site, &line, SHORT_S, &outcome)) != OK)
        return err;
    if (outcome.status != 0)
        return check_absent(site, NETWORK_NAME, &outcome);
    *owner = arena_copy(site->arena, outcome.output.data, outcome.output.len);
    return *owner ? OK : ERROR_MEMORY;
}

enum error docker_make_network(struct site *site)
{
    struct command_line line = { .count = 0 };

    command_add_all(&line, "docker", "network", "create", "--subnet",
                    NETWORK_CIDR, "--gateway", NETWORK_GATEWAY, "--ip-range",
                    NETWORK_FREE, "--label", NULL);
    command_add(&line, arena_printf(site->arena, LABEL "=%s", site->folder));
    command_add(&line, NETWORK_NAME);
    return program_run(site, &line, SHORT_S, "docker network create", NULL);
}

enum error docker_remove_network(struct site *site)
{
    struct command_line line = { .count = 0 };

    command_add_all(&line, "docker", "network", "rm", NETWORK_NAME, NULL);
    return program_run(site, &line, SHORT_S, "docker network rm", NULL);
}

void docker_begin_run(struct site *site, struct command_line *line,
                      const char *name, const char *address)
{
    command_add_all(line, "docker", "run", "--detach", "--restart",
                    "unless-stopped", "--network", NETWORK_NAME, NULL);
    command_add_pair(line, "--name", name);
    if (address)
        command_add_pair(line, "--ip", address);
    command_add_pair(line, "--label",
                     arena_printf(site->arena, LABEL "=%s", site->folder));
    command_add_all(line, "--security-opt", "no-new-privileges", "--log-opt",
                    "max-size=10m", NULL);
}

void docker_add_mount(struct site *site, struct command_line *line,
                      const char *source, const char *target,
                      const char *options)
{
    command_add_pair(
        line, "--volume",
        source ? arena_printf(site->arena, "%s:%s%s", source, target, options)
               : NULL);
}

/* "arn:…:secret:cafe/customer-AbCdEf:password::" is the file
 * secrets/customer.password: the name's last part, as far as we know it. */
static enum error find_secret(struct site *site, const struct variable *secret,
                              struct slice *value)
{
    enum error err;
    char *path;

    for (size_t i = 0; i < SERVICES; i++) {
        const char *name = service_names[i];
        const char *at = strstr(secret->value, name);

        if (!at || !strstr(at, ":password"))
            continue;
        path = site_path(site, "secrets/%s.password", name);
        err = path ? site_read(site, path, value) : ERROR_MEMORY;
        if (err != OK || value->data)
            return err;
    }
    return fail(site, ERROR_CONFIG,
                "there is no secret '%s' for %s; a secret here is "
                "…:secret:SERVICE:password::",
                secret->value, secret->name);
}

/* A line each: what has a line feed would be two. */
static enum error append_variable(struct site *site, struct text *text,
                                  const char *name, struct slice value)
{
    if (value.len > 0 && memchr(value.data, '\n', value.len))
        return fail(site, ERROR_CONFIG,
                    "the value of %s has more than one line", name);
    text_printf(text, "%s=%.*s\n", name, (int)value.len,
                value.data ? value.data : "");
    return OK;
}

static char *variables_path(struct site *site, const char *service)
{
    return site_path(site, "services/%s.env", service);
}

/* Variables go through a file: command lines are there for all to see. */
static enum error write_environment(struct site *site,
                                    const struct task_definition *task,
                                    const char *path)
{
    struct text text;
    enum error err = OK;

    text_init(&text, 0);
    for (size_t i = 0; i < task->environment.count && err == OK; i++) {
        const struct variable *variable = &task->environment.items[i];

        err = append_variable(site, &text, variable->name,
                              slice_of(variable->value));
    }
    for (size_t i = 0; i < task->secrets.count && err == OK; i++) {
        struct slice value;

        err = find_secret(site, &task->secrets.items[i], &value);
        if (err == OK)
            err = append_variable(site, &text, task->secrets.items[i].name,
                                  value);
    }
    if (err == OK)
        err = site_write(site, path, &text, 0600);
    text_free(&text);
    return err;
}

static void add_limits(struct site *site, struct command_line *line,
                       const struct task_definition *task)
{
    struct arena *arena = site->arena;

    command_add_pair(line, "--cpus",
                     arena_printf(arena, "%u.%03u", task->cpu_units / 1024,
                                  task->cpu_units % 1024 * 1000 / 1024));
    command_add_pair(line, "--memory",
                     arena_printf(arena, "%um", task->memory_mib));
    command_add_pair(line, "--stop-timeout",
                     arena_printf(arena, "%u", task->stop_timeout_s));
    if (task->user)
        command_add_pair(line, "--user", task->user);
    if (task->read_only)
        command_add(line, "--read-only");
    if (task->init)
        command_add(line, "--init");
    for (size_t i = 0; task->drop && task->drop[i]; i++)
        command_add_pair(line, "--cap-drop", task->drop[i]);
}

/* Created beforehand by a run of ours that was killed: start it. */
static enum error start_again(struct site *site, const char *name)
{
    struct command_line line = { .count = 0 };

    command_add_all(&line, "docker", "start", name, NULL);
    return program_run(site, &line, SHORT_S, "docker start", NULL);
}

enum error docker_start_task(struct site *site, const struct service *service,
                             const struct task *task, unsigned revision,
                             const struct task_definition *definition)
{
    struct command_line line = { .count = 0 };
    char *name = task_name(site, service, task);
    char *path = variables_path(site, service->name);
    struct container container;
    enum error err;

    if (!name || !path)
        return ERROR_MEMORY;
    if ((err = docker_look(site, name, &container)) != OK)
        return err;
    if (container.exists)
        return container.running || container.restarts > 0
                   ? OK
                   : start_again(site, name);
    if ((err = write_environment(site, definition, path)) != OK)
        return err;
    docker_begin_run(site, &line, name, task_address(site, service, task));
    command_add_pair(
        &line, "--label",
        arena_printf(site->arena, "cafe.service=%s", service->name));
    command_add_pair(&line, "--label",
                     arena_printf(site->arena, "cafe.revision=%u", revision));
    command_add_pair(&line, "--env-file", path);
    add_limits(site, &line, definition);
    command_add(&line, definition->image);
    err = program_run(site, &line, SHORT_S, "docker run", NULL);
    unlink(path);
    return err;
}

enum error docker_forget_variables(struct site *site, const char *service)
{
    char *path = variables_path(site, service);

    if (!path)
        return ERROR_MEMORY;
    if (unlink(path) != 0 && errno != ENOENT)
        return fail(site, ERROR_SYSTEM, "%s: %s", path, strerror(errno));
    return OK;
}

enum error docker_tasks(struct site *site, const char *service,
                        struct slice *names)
{
    struct command_line line = { .count = 0 };

    command_add_all(&line, "docker", "ps", "--all", "--format", "{{.Names}}",
                    NULL);
    command_add_pair(
        &line, "--filter",
        arena_printf(site->arena, "label=" LABEL "=%s", site->folder));
    command_add_pair(
        &line, "--filter",
        arena_printf(site->arena, "label=cafe.service=%s", service));
    return program_run(site, &line, SHORT_S, "docker ps", names);
}

/* Names, one a line, to a command's. */
static void add_names(struct site *site, struct command_line *line,
                      struct slice names)
{
    while (names.len > 0) {
        struct slice name = slice_cut(&names, '\n');

        command_add(line, arena_copy(site->arena, name.data, name.len));
    }
}

static enum error remove_at_once(struct site *site, struct slice names)
{
    struct command_line line = { .count = 0 };

    if (names.len == 0)
        return OK;
    command_add_all(&line, "docker", "rm", "--force", "--volumes", NULL);
    add_names(site, &line, names);
    return program_run(site, &line, STOP_S, "docker rm", NULL);
}

enum error docker_remove(struct site *site, struct slice names)
{
    struct command_line stop = { .count = 0 };
    enum error err;

    if (names.len == 0)
        return OK;
    command_add_all(&stop, "docker", "stop", NULL);
    add_names(site, &stop, names);
    err = program_run(site, &stop, SHORT_S + STOP_S, "docker stop", NULL);
    return err == OK ? remove_at_once(site, names) : err;
}

enum error docker_remove_all(struct site *site)
{
    struct command_line line = { .count = 0 };
    struct slice names;
    enum error err;

    command_add_all(&line, "docker", "ps", "--all", "--format", "{{.Names}}",
                    NULL);
    command_add_pair(
        &line, "--filter",
        arena_printf(site->arena, "label=" LABEL "=%s", site->folder));
    err = program_run(site, &line, SHORT_S, "docker ps", &names);
    return err == OK ? remove_at_once(site, names) : err;
}

struct slice docker_last_words(struct site *site, const char *name)
{
    struct command_line line = { .count = 0 };
    struct outcome outcome;

    command_add_all(&line, "docker", "logs", "--tail", "1", name, NULL);
    if (program_try(site, &line, SHORT_S, &outcome) != OK)
        return (struct slice){ "", 0 };
    return outcome.output.len > 0 ? outcome.output : outcome.complaint;
}
