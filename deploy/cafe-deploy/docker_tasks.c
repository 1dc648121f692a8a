/* A task as a container: its variables, secrets and limits. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "docker.h"
#include "network.h"

enum { START_S = 60 };

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

        if (at == NULL || strstr(at, ":password") == NULL)
            continue;
        path = site_path(site, "secrets/%s.password", name);
        err = path != NULL ? site_read(site, path, value) : ERROR_MEMORY;
        if (err != OK || value->data != NULL)
            return err;
    }
    return fail(site, ERROR_CONFIG,
                "there is no secret '%s' for %s; use "
                "…:secret:SERVICE:password::",
                secret->value, secret->name);
}

/* A file of variables has one line for each: a value with a line feed would be
 * two. */
static enum error append_variable(struct site *site, struct text *text,
                                  const char *name, struct slice value)
{
    if (value.len > 0 && memchr(value.data, '\n', value.len) != NULL)
        return fail(site, ERROR_CONFIG,
                    "the value of %s has more than one line", name);
    text_printf(text, "%s=%.*s\n", name, (int)value.len,
                value.data != NULL ? value.data : "");
    return OK;
}

static char *variables_path(struct site *site, const char *service)
{
    return site_path(site, "services/%s.env", service);
}

/* Variables go through a file: a command line, with the passwords in it, can be
 * read by every process. */
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
    if (task->user != NULL)
        command_add_pair(line, "--user", task->user);
    if (task->read_only)
        command_add(line, "--read-only");
    if (task->init)
        command_add(line, "--init");
    for (size_t i = 0; task->drop != NULL && task->drop[i] != NULL; i++)
        command_add_pair(line, "--cap-drop", task->drop[i]);
}

/* It was created by a run that was killed before it started it. */
static enum error start_again(struct site *site, const char *name)
{
    struct command_line line = { .count = 0 };

    command_add_all(&line, "docker", "start", name, NULL);
    return program_run(site, &line, START_S, "docker start", NULL);
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

    if (name == NULL || path == NULL)
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
    err = program_run(site, &line, START_S, "docker run", NULL);
    unlink(path);
    return err;
}

enum error docker_forget_variables(struct site *site, const char *service)
{
    char *path = variables_path(site, service);

    if (path == NULL)
        return ERROR_MEMORY;
    if (unlink(path) != 0 && errno != ENOENT)
        return fail(site, ERROR_SYSTEM, "%s: %s", path, strerror(errno));
    return OK;
}
