/* What the rehearsal asks Docker for, through its program. */
#ifndef CAFE_DEPLOY_DOCKER_H
#define CAFE_DEPLOY_DOCKER_H

#include "program.h"
#include "service.h"

/** Errors  ERROR_CONFIG: no Docker here, or its engine does not answer. */
MUST_CHECK enum error docker_check(struct site *site);

/**
 * The registry's image of a service, by digest.
 *
 * reference  A tag or a digest: ":latest", "@sha256:…".
 * image      "127.0.0.1:5000/customer@sha256:…"; it has been pulled.
 * Errors     ERROR_CONFIG (it isn't in the registry), ERROR_DEADLINE.
 */
MUST_CHECK enum error docker_image(struct site *site, const char *service,
                                   const char *reference, char **image);

/**
 * Tag the local image of a service for the registry as "latest" and push it.
 *
 * Errors  ERROR_CONFIG (no such local image), ERROR_SYSTEM.
 */
MUST_CHECK enum error docker_push(struct site *site, const char *service);

/**
 * Check the variables APP_… of a task definition by the options of its image,
 * which the image itself tells (--print-config).
 *
 * Errors  ERROR_CONFIG: one that it doesn't have, or a value that it refuses,
 *         with file and line.
 */
MUST_CHECK enum error docker_check_options(struct site *site,
                                           const struct task_definition *task);

/** What a container does. */
struct container {
    const char *name;
    bool exists;
    bool running;
    unsigned restarts; /* by Docker, after it ended by itself */
};

/** Errors  ERROR_SYSTEM: Docker can't tell. */
MUST_CHECK enum error docker_look(struct site *site, const char *name,
                                  struct container *container);

/**
 * Start a task as its definition says. One that is there is left as it is.
 *
 * Errors  ERROR_CONFIG (a secret that isn't there), ERROR_SYSTEM.
 */
MUST_CHECK enum error docker_start_task(struct site *site,
                                        const struct service *service,
                                        const struct task *task,
                                        unsigned revision,
                                        const struct task_definition *task_def);

/** Remove the file of variables, secrets among them, that a run has left which
 * was killed while it started a task. */
MUST_CHECK enum error docker_forget_variables(struct site *site,
                                              const char *service);

/** The containers of a service, by name, in the arena. */
MUST_CHECK enum error docker_tasks(struct site *site, const char *service,
                                   struct slice *names);

/**
 * Stop containers, all at once, each in its own stop time-out, and remove
 * them.
 *
 * names  One a line.
 */
MUST_CHECK enum error docker_remove(struct site *site, struct slice names);

/** Remove every container of the rehearsal at once, tasks and parts alike. */
MUST_CHECK enum error docker_remove_all(struct site *site);

/** The state's folder of the rehearsal that has the network; NULL when there
 * is no network. */
MUST_CHECK enum error docker_network_owner(struct site *site,
                                           const char **owner);

MUST_CHECK enum error docker_make_network(struct site *site);

MUST_CHECK enum error docker_remove_network(struct site *site);

/** The last lines of what a container wrote: in messages. */
struct slice docker_last_words(struct site *site, const char *name);

/** Begin "docker run" with what all containers here have in common. */
void docker_begin_run(struct site *site, struct command_line *line,
                      const char *name, const char *address);

/** Let a container see a file or folder of this machine. options: ":ro", "". */
void docker_add_mount(struct site *site, struct command_line *line,
                      const char *source, const char *target,
                      const char *options);

#endif
