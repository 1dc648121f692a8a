/*
 * Tasks come and go: containers, their servers at the load balancer, and the
 * order in which both change so that no request is lost.
 *
 *     phase     container   server                 left when
 *     NEW       started     weight 0, checked      all new tasks are healthy
 *     SERVING   runs        has its weight         a deployment says so
 *     LEAVING   runs        weight 0               it has no request, or is
 * late (none)    removed     removed before
 *
 * Each phase is in the service's file before anything is done about it. So
 * tasks_settle() needs to know nothing of the run before: it starts what the
 * file has and Docker has not, removes what Docker has and the file has not,
 * and balancer_sync() does the same for servers. A run that was killed at any
 * point is continued by this.
 */
#include "tasks.h"

#include <stdio.h>
#include <string.h>

#include "balancer.h"
#include "cafe/base/clock.h"
#include "docker.h"
#include "interrupt.h"
#include "network.h"

enum {
    LOOK_MS = 200,
    LOOK_AT_CONTAINERS = 5,        /* every so many looks */
    DEREGISTRATION_MS = 30 * 1000, /* as the target groups have it */
    GONE_MS = 15 * 1000            /* until a server has no connection left */
};

char *revision_path(struct site *site, const char *family, unsigned revision)
{
    return site_path(site, "taskdefs/%s-%u.json", family, revision);
}

enum error revision_find(struct site *site, const char *service,
                         unsigned revision, struct task_definition *task)
{
    char *family = arena_printf(site->arena, "%s-microservice", service);
    char *path = family != NULL ? revision_path(site, family, revision) : NULL;
    struct slice source;
    enum error err = path != NULL ? site_read(site, path, &source)
                                  : ERROR_MEMORY;

    if (err != OK)
        return err;
    if (source.data == NULL)
        return fail(site, ERROR_CONFIG,
                    "no revision %u of %s is registered; first: cafe-deploy "
                    "register %s",
                    revision, family, service);
    /* For messages, the name that ECS has for it: the file that is kept was
     * written by this program, and nobody could correct it. */
    path = arena_printf(site->arena, "task definition %s:%u", family, revision);
    if (path == NULL)
        return ERROR_MEMORY;
    return task_definition_read(site->arena, path, source, task, &site->error);
}

static bool any_in(const struct task_set *set, enum task_phase phase)
{
    for (size_t i = 0; i < set->count; i++) {
        if (set->tasks[i].phase == phase)
            return true;
    }
    return false;
}

static bool any(const struct service *service, enum task_phase phase)
{
    return any_in(&service->blue, phase) || any_in(&service->green, phase);
}

static enum error start_set(struct site *site, const struct service *service,
                            const struct task_set *set)
{
    struct task_definition definition;
    enum error err = OK;

    if (!any_in(set, TASK_NEW) && !any_in(set, TASK_SERVING))
        return OK;
    err = revision_find(site, service->name, set->revision, &definition);
    for (size_t i = 0; i < set->count && err == OK; i++) {
        /* Also those that serve already: one whose container is gone is started
         * again. A task that leaves must not come back. */
        if (set->tasks[i].phase != TASK_LEAVING)
            err = docker_start_task(site, service, &set->tasks[i],
                                    set->revision, &definition);
    }
    return err;
}

/* A new task that ends by itself never becomes healthy: say at once what it
 * said last, instead of waiting until its time is over. */
static enum error look_at_containers(struct site *site,
                                     const struct service *service,
                                     const struct task_set *set)
{
    for (size_t i = 0; i < set->count; i++) {
        char *name = task_name(site, service, &set->tasks[i]);
        struct container container;
        enum error err;

        if (set->tasks[i].phase != TASK_NEW)
            continue;
        if (name == NULL)
            return ERROR_MEMORY;
        if ((err = docker_look(site, name, &container)) != OK)
            return err;
        if (!container.running || container.restarts > 0) {
            struct slice words = docker_last_words(site, name);

            return fail(site, ERROR_SYSTEM, "%s ended by itself: %.*s", name,
                        (int)words.len, words.data);
        }
    }
    return OK;
}

/* By the load balancer's own checks, not by asking the task: what counts is
 * whether the load balancer can reach it. */
static size_t count_healthy(struct site *site, const struct service *service,
                            const struct task_set *set,
                            const struct servers *servers, size_t *new_ones)
{
    size_t healthy = 0;

    for (size_t i = 0; i < set->count; i++) {
        char *name = task_name(site, service, &set->tasks[i]);
        const struct server *server = name != NULL ? find_server(servers, name)
                                                   : NULL;

        if (set->tasks[i].phase != TASK_NEW)
            continue;
        ++*new_ones;
        healthy += server != NULL && server->healthy;
    }
    return healthy;
}

static void tasks_serve(struct task_set *set)
{
    for (size_t i = 0; i < set->count; i++) {
        if (set->tasks[i].phase == TASK_NEW)
            set->tasks[i].phase = TASK_SERVING;
    }
}

/* All new tasks get traffic at once, when all are healthy: a deployment that
 * fails has not served anybody. */
static bool serve_if_healthy(struct site *site, struct service *service,
                             const struct servers *servers)
{
    size_t new_ones = 0;
    size_t healthy =
        count_healthy(site, service, &service->blue, servers, &new_ones) +
        count_healthy(site, service, &service->green, servers, &new_ones);

    if (new_ones == 0 || healthy < new_ones)
        return false;
    tasks_serve(&service->blue);
    tasks_serve(&service->green);
    return true;
}

/* Drop leaving tasks that have no request, or all of them when their time is
 * over. Only from the file: remove_others() ends the containers, once the load
 * balancer has let go of them. */
static bool remove_idle(struct site *site, const struct service *service,
                        struct task_set *set, const struct servers *servers,
                        bool too_late)
{
    size_t kept = 0;
    bool changed = false;

    for (size_t i = 0; i < set->count; i++) {
        char *name = task_name(site, service, &set->tasks[i]);
        const struct server *server = name != NULL ? find_server(servers, name)
                                                   : NULL;
        /* With a weight the load balancer may still send it a request that it
         * does not count yet. */
        bool idle = server == NULL ||
                    (server->weight == 0 && server->requests == 0);

        if (set->tasks[i].phase == TASK_LEAVING && (idle || too_late))
            changed = true;
        else
            set->tasks[kept++] = set->tasks[i];
    }
    set->count = kept;
    return changed;
}

static enum error tasks_look(struct site *site, struct service *service,
                             bool containers, bool too_late)
{
    struct servers servers = { 0 };
    bool changed;
    enum error err = balancer_sync(site);

    if (err == OK)
        err = balancer_look(site, &servers);
    if (err == OK && containers)
        err = look_at_containers(site, service, &service->blue);
    if (err == OK && containers)
        err = look_at_containers(site, service, &service->green);
    if (err == OK && servers.away && too_late)
        return fail(site, ERROR_DEADLINE,
                    "the load balancer does not answer; run: docker "
                    "start " BALANCER_NAME);
    /* A load balancer that restarts comes back with the same servers: until
     * then nothing is known, and nothing is concluded. */
    if (err != OK || servers.away)
        return err;
    changed = serve_if_healthy(site, service, &servers);
    changed |= remove_idle(site, service, &service->blue, &servers, too_late);
    changed |= remove_idle(site, service, &service->green, &servers, too_late);
    return changed ? service_save(site, service) : OK;
}

static bool is_task(struct site *site, const struct service *service,
                    const struct task_set *set, struct slice name)
{
    for (size_t i = 0; i < set->count; i++) {
        char *own = task_name(site, service, &set->tasks[i]);

        /* Without memory for the name it counts as ours: better one container
         * too many than one too few. */
        if (own == NULL || slice_is(name, own))
            return true;
    }
    return false;
}

/* Wait until the load balancer has no server of this name: a container that
 * ends before would take requests with it. It waits for a time only, since a
 * connection may be kept open without a request. */
static enum error wait_until_gone(struct site *site, const char *name)
{
    int64_t until_ms = clock_monotonic_ms() + GONE_MS;

    for (;;) {
        struct servers servers = { 0 };
        enum error err = balancer_sync(site);

        if (err == OK)
            err = balancer_look(site, &servers);
        if (err != OK || servers.away || find_server(&servers, name) == NULL ||
            clock_monotonic_ms() > until_ms)
            return err;
        pause_ms(LOOK_MS);
    }
}

/* Remove the containers of the service that its file does not name. Their
 * servers go first, one by one; then one command ends all of them. */
static enum error remove_others(struct site *site,
                                const struct service *service)
{
    struct text others;
    struct slice names;
    enum error err = docker_tasks(site, service->name, &names);

    text_init(&others, 0);
    while (err == OK && names.len > 0) {
        struct slice line = slice_cut(&names, '\n');
        char *name = arena_copy(site->arena, line.data, line.len);

        if (is_task(site, service, &service->blue, line) ||
            is_task(site, service, &service->green, line))
            continue;
        err = name != NULL ? wait_until_gone(site, name) : ERROR_MEMORY;
        text_append_slice(&others, line);
        text_append_char(&others, '\n');
    }
    if (err == OK)
        err = others.failed ? ERROR_MEMORY
                            : docker_remove(site, text_slice(&others));
    text_free(&others);
    return err;
}

enum error tasks_settle(struct site *site, struct service *service)
{
    int64_t begin_ms = clock_monotonic_ms();
    enum error err = start_set(site, service, &service->blue);

    if (err == OK)
        err = start_set(site, service, &service->green);
    /* Each look compares everything anew, so what another command or a restart
     * has changed meanwhile is put right, too. */
    for (unsigned looks = 1; err == OK; looks++) {
        int64_t passed_ms = clock_monotonic_ms() - begin_ms;

        err = tasks_look(site, service, looks % LOOK_AT_CONTAINERS == 0,
                         passed_ms > DEREGISTRATION_MS);
        if (err != OK ||
            (!any(service, TASK_NEW) && !any(service, TASK_LEAVING)))
            break;
        if (any(service, TASK_NEW) && (err = interrupt_check(site)) != OK)
            break;
        if (any(service, TASK_NEW) &&
            passed_ms > (int64_t)site->healthy_s * 1000)
            err = fail(site, ERROR_DEADLINE,
                       "%s: new tasks are not healthy after %u s",
                       service->name, (unsigned)site->healthy_s);
        else
            pause_ms(LOOK_MS);
    }
    /* Once more: the last look may have dropped tasks whose servers are still
     * there. */
    if (err == OK)
        err = balancer_sync(site);
    if (err == OK)
        err = docker_forget_variables(site, service->name);
    return err == OK ? remove_others(site, service) : err;
}
