/* Images, in the registry and on this machine. */
#include <string.h>

#include "docker.h"

enum { SHORT_S = 60, TRANSFER_S = 300 };

/* "127.0.0.1:5000/customer": the repository of a service. */
static char *docker_repository(struct site *site, const char *service)
{
    return arena_printf(site->arena, "127.0.0.1:%u/%s",
                        (unsigned)site->registry_port, service);
}

static enum error pull(struct site *site, const char *service,
                       const char *wanted)
{
    struct command_line line = { .count = 0, .may_stop = true };
    struct outcome outcome;
    enum error err;

    command_add_all(&line, "docker", "pull", "--quiet", wanted, NULL);
    err = program_try(site, &line, TRANSFER_S, &outcome);
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
    char *wanted = arena_printf(
        site->arena, "%s%s", repository != NULL ? repository : "", reference);
    struct command_line line = { .count = 0 };
    struct slice digests;
    enum error err;

    if (repository == NULL || wanted == NULL)
        return ERROR_MEMORY;
    if ((err = pull(site, service, wanted)) != OK)
        return err;
    command_add_all(&line, "docker", "image", "inspect", "--format",
                    "{{join .RepoDigests \"\\n\"}}", wanted, NULL);
    err = program_run(site, &line, SHORT_S, "docker image inspect", &digests);
    if (err != OK)
        return err;
    *image = digest_of(site, digests, repository);
    return *image != NULL
               ? OK
               : fail(site, ERROR_SYSTEM, "%s has no digest", wanted);
}

enum error docker_push(struct site *site, const char *service)
{
    char *repository = docker_repository(site, service);
    struct command_line tag = { .count = 0 }, push = { .count = 0 };
    struct outcome outcome;
    enum error err;
    char *latest = arena_printf(site->arena, "%s:latest",
                                repository != NULL ? repository : "");

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
    return program_run(site, &push, TRANSFER_S, "docker push", NULL);
}
