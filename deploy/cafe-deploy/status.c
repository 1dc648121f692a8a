/* Listeners, target groups, tasks: one tree. Then services, pipelines and the
 * office; no line is wider than a terminal of 80 columns. */
#include "status.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "balancer.h"
#include "cafe/base/clock.h"
#include "deployment.h"
#include "docker.h"
#include "pipeline.h"
#include "tasks.h"

enum { LOGS_S = 20, WATCH_MS = 1000, COLUMNS = 80 };

static const char *const steps[] = {
    [STEP_NONE] = NULL,
    [STEP_INSTALL] = "1/5 deploying replacement task set",
    [STEP_TEST] = "2/5 test traffic",
    [STEP_SHIFT] = "3/5 rerouting production traffic",
    [STEP_WAIT] = "4/5 waiting",
    [STEP_END] = "5/5 terminating original task set",
};

static const char *const phases[] = { "new", "serving", "leaving" };

/* The same servers a second before; a rate needs both. */
struct view {
    struct servers now, before;
    int64_t at_ms, before_ms;
};

static double rate(uint64_t now, uint64_t before, int64_t passed_ms)
{
    return passed_ms > 0 && now >= before
               ? (double)(now - before) * 1000 / (double)passed_ms
               : 0;
}

/* "sha256:0123456789ab" of the image that a revision names. */
static enum error image_of(struct site *site, const char *service,
                           unsigned revision, const char **image)
{
    struct task_definition task;
    enum error err = revision_find(site, service, revision, &task);
    const char *at = err == OK ? strchr(task.image, '@') : NULL;

    *image = at != NULL ? arena_copy(site->arena, at + 1,
                                     strlen(at + 1) < 19 ? strlen(at + 1) : 19)
                        : "?";
    return err;
}

static void print_task(struct site *site, const struct service *service,
                       const struct task_set *set, const struct task *task,
                       const char *image, const struct view *view)
{
    char *name = task_name(site, service, task);
    const struct server *server = name != NULL ? find_server(&view->now, name)
                                               : NULL;
    const struct server *before =
        name != NULL ? find_server(&view->before, name) : NULL;

    printf("      %-12s revision %u  %s  %-8s %s\n", name != NULL ? name : "?",
           set->revision, image, phases[task->phase],
           server == NULL
               ? (view->now.away ? "balancer down" : "not registered")
           : server->healthy ? "healthy"
                             : server->status);
    if (server != NULL && before != NULL)
        printf("        %.0f requests/s  %.0f errors/s\n",
               rate(server->answers, before->answers,
                    view->at_ms - view->before_ms),
               rate(server->errors, before->errors,
                    view->at_ms - view->before_ms));
}

static enum error print_group(struct site *site, const struct service *service,
                              const char *group, const struct view *view)
{
    const struct task_set *sets[SETS] = { &service->blue, &service->green };
    size_t printed = 0;

    for (size_t s = 0; s < SETS; s++) {
        const char *image;
        enum error err;

        if (sets[s]->revision == 0 || strcmp(sets[s]->group, group) != 0)
            continue;
        err = image_of(site, service->name, sets[s]->revision, &image);
        if (err != OK)
            return err;
        for (size_t i = 0; i < sets[s]->count; i++, printed++)
            print_task(site, service, sets[s], &sets[s]->tasks[i], image, view);
    }
    if (printed == 0)
        puts("      no tasks");
    return OK;
}

static enum error print_rule(struct site *site, const struct service *service,
                             unsigned listener, const struct view *view)
{
    const char *group;
    enum error err = balancer_rule(site, service->name, listener, &group);
    bool first = strcmp(service->name, service_names[0]) == 0;

    if (err != OK)
        return err;
    printf("    %-8s → %s\n", first ? "default" : site->balancer.paths[0],
           group);
    return print_group(site, service, group, view);
}

/* Its lock is asked for only when there is something to tell by it: whoever
 * wants it at this moment would find it taken. */
static enum error status_load(struct site *site, const char *name,
                              struct service *service, bool *interrupted)
{
    int lock;
    enum error err = service_load(site, name, service);

    *interrupted = false;
    if (err != OK || !service_is_unsettled(service))
        return err;
    err = site_lock(site, name, false, &lock);
    if (err != OK)
        return err == ERROR_BUSY ? OK : err;
    err = service_load(site, name, service); /* it may just have ended */
    close(lock);
    *interrupted = err == OK && service_is_unsettled(service);
    return err;
}

/* What is left of a wait. */
static void print_left(const struct service *service)
{
    int64_t left_s = (int64_t)service->wait_until_s -
                     clock_monotonic_ms() / 1000;

    if (service->step == STEP_WAIT)
        printf(", %lld s left", (long long)(left_s > 0 ? left_s : 0));
}

static void print_service(const struct service *service, bool interrupted)
{
    if (!service_exists(service)) {
        printf("Service %s-microservice: not created\n", service->name);
        return;
    }
    printf("Service %s-microservice: %u wanted, revision %u\n", service->name,
           service->desired, service->blue.revision);
    if (steps[service->step] != NULL) {
        printf("    deployment %u of revision %u: %s", service->deployments,
               service->green.revision, steps[service->step]);
        if (!interrupted)
            print_left(service);
        putchar('\n');
    }
    if (interrupted)
        printf("    interrupted; cafe-deploy recover %s\n",
               service->step == STEP_NONE  ? "starts and ends its tasks"
               : service->step == STEP_END ? "completes it"
                                           : "rolls it back");
}

static enum error print_pipeline(struct site *site, const char *service)
{
    const char *state, *commit;
    enum error err = pipeline_state(site, service, &state, &commit);

    if (err == OK && state != NULL)
        printf("Pipeline update-%s-microservice: %s%s%s\n", service, state,
               *commit ? ", deployment " : "", commit);
    return err;
}

/* As many addresses as a line has room for, and how many more there are. */
static enum error print_office(struct site *site)
{
    static const char more[] = ", and 9999 more";
    char *path = site_path(site, "balancer/office.acl");
    struct slice rest;
    size_t width = strlen("Office: "), left_out = 0;
    const char *between = "";
    enum error err = path != NULL ? site_read(site, path, &rest) : ERROR_MEMORY;

    if (err != OK || rest.len == 0)
        return err;
    fputs("Office: ", stdout);
    while (rest.len > 0) {
        struct slice line = slice_cut(&rest, '\n');

        width += strlen(between) + line.len;
        if (left_out > 0 || width + sizeof(more) > COLUMNS) {
            left_out++;
            continue;
        }
        printf("%s%.*s", between, (int)line.len, line.data);
        between = ", ";
    }
    if (left_out > 0)
        printf(", and %zu more", left_out);
    putchar('\n');
    return OK;
}

static enum error print_all(struct site *site, const struct view *view)
{
    struct service services[SERVICES];
    bool interrupted[SERVICES];
    enum error err = OK;

    for (size_t i = 0; i < SERVICES && err == OK; i++)
        err =
            status_load(site, service_names[i], &services[i], &interrupted[i]);
    for (unsigned listener = PRODUCTION; listener <= TEST && err == OK;
         listener *= 2) {
        printf("Listener %u, http://127.0.0.1:%u\n",
               site->balancer.listeners[listener == TEST].port,
               (unsigned)site->ports[listener == TEST]);
        for (size_t i = 0; i < SERVICES && err == OK; i++)
            err = print_rule(site, &services[i], listener, view);
    }
    for (size_t i = 0; i < SERVICES && err == OK; i++)
        print_service(&services[i], interrupted[i]);
    for (size_t i = 0; i < SERVICES && err == OK; i++)
        err = print_pipeline(site, service_names[i]);
    if (err == OK)
        err = print_office(site);
    fflush(stdout);
    return err;
}

static enum error watch_all(struct site *site)
{
    struct arena *arena = site->arena;
    struct view view = { .at_ms = 0 };
    struct arena *turns[2] = { arena_open(0), arena_open(0) };
    enum error err = turns[0] != NULL && turns[1] != NULL ? OK : ERROR_MEMORY;

    for (unsigned turn = 0; err == OK; turn++) {
        site->arena = turns[turn % 2];
        arena_reset(site->arena);
        view.before = view.now;
        view.before_ms = view.at_ms;
        view.at_ms = clock_monotonic_ms();
        err = balancer_look(site, &view.now);
        if (isatty(STDOUT_FILENO))
            fputs("\033[H\033[J", stdout);
        if (err == OK)
            err = print_all(site, &view);
        if (ferror(stdout)) /* nobody reads it any more */
            break;
        pause_ms(WATCH_MS);
    }
    site->arena = arena;
    arena_close(turns[0]);
    arena_close(turns[1]);
    return err;
}

enum error status_show(struct site *site, bool watch)
{
    struct view view = { .at_ms = 0 };
    enum error err;

    if (watch)
        return watch_all(site);
    err = balancer_look(site, &view.now);
    return err == OK ? print_all(site, &view) : err;
}

static void say_lines(struct slice name, struct slice lines)
{
    while (lines.len > 0) {
        struct slice line = slice_cut(&lines, '\n');

        say("%.*s | %.*s", (int)name.len, name.data, (int)line.len, line.data);
    }
}

/* What a daemon says before it has a log goes to its standard error: a line. */
static enum error status_show_log(struct site *site, struct slice name)
{
    struct command_line line = { .count = 0 };
    struct outcome outcome;
    enum error err;

    command_add_all(&line, "docker", "logs", "--tail", "100", NULL);
    command_add(&line, arena_copy(site->arena, name.data, name.len));
    err = program_try(site, &line, LOGS_S, &outcome);
    if (err != OK)
        return err;
    say_lines(name, outcome.output);
    say_lines(name, outcome.complaint);
    return OK;
}

enum error logs_show(struct site *site, const char *service)
{
    struct slice names;
    enum error err = docker_tasks(site, service, &names);

    while (err == OK && names.len > 0)
        err = status_show_log(site, slice_cut(&names, '\n'));
    return err;
}
