/* Docker, through its program: its network and its containers. */
#include "docker.h"

#include <string.h>

#include "network.h"

enum {
    SHORT_S = 60, /* a busy machine takes its time */
    STOP_S = 120  /* longest stop time-out of ECS */
};

enum error docker_check(struct site *site)
{
    struct command_line line = { .count = 0 };
    struct outcome outcome;

    command_add_all(&line, "docker", "version", "--format",
                    "{{.Server.Version}}", NULL);
    /* Its own message says that execvp() failed; this one says what to do. */
    if (program_try(site, &line, SHORT_S, &outcome) != OK) {
        text_reset(&site->error);
        return fail(site, ERROR_CONFIG,
                    "docker is not installed; install it (package docker.io)");
    }
    if (outcome.status != 0)
        return fail(site, ERROR_CONFIG, "Docker does not answer: %.*s",
                    (int)outcome.complaint.len, outcome.complaint.data);
    return OK;
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

/* Docker exits with the same status when there is none and when it can't tell.
 * Only the first may count as absent: otherwise a busy Docker would make tasks
 * disappear. */
static enum error check_absent(struct site *site, const char *name,
                               const struct outcome *outcome)
{
    const char *complaint = outcome->complaint.data != NULL
                                ? arena_copy(site->arena,
                                             outcome->complaint.data,
                                             outcome->complaint.len)
                                : "no answer";

    if (complaint == NULL)
        return ERROR_MEMORY;
    if (strcasestr(complaint, "no such") != NULL ||
        strcasestr(complaint, "not found") != NULL)
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
    return *owner != NULL ? OK : ERROR_MEMORY;
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
    if (address != NULL)
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
    command_add_pair(line, "--volume",
                     source != NULL ? arena_printf(site->arena, "%s:%s%s",
                                                   source, target, options)
                                    : NULL);
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

/* Add names, one on each line, to those of a command. */
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
    /* First the time to stop that each has, then the removal: `rm --force`
     * kills at once. */
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
