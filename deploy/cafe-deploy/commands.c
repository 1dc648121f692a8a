/* The commands of cafe-deploy: rows of a table, each a few lines or a call. */
#include "commands.h"

#include <string.h>
#include <unistd.h>

#include "balancer.h"
#include "cafe/base/utf8.h"
#include "deployment.h"
#include "deployment_files.h"
#include "docker.h"
#include "migrate.h"
#include "pipeline.h"
#include "settings.h"
#include "status.h"
#include "tasks.h"
#include "up.h"

static enum error run_up(struct site *site, const struct call *call)
{
    (void)call;
    return site_up(site);
}

static enum error run_down(struct site *site, const struct call *call)
{
    (void)call;
    return site_down(site);
}

static enum error run_push(struct site *site, const struct call *call)
{
    enum error err = docker_push(site, call->argument[0]);
    char *image;

    if (err == OK)
        err = docker_image(site, call->argument[0], ":latest", &image);
    if (err == OK)
        say("%s", image);
    return err;
}

static enum error run_register(struct site *site, const struct call *call)
{
    const char *service = call->argument[0];
    unsigned revision;
    char *image;
    enum error err = service_lock(site, service, call->wait, NULL);

    if (err == OK)
        err = docker_image(site, service, ":latest", &image);
    if (err == OK)
        err = revision_register(site, service, NULL, image, &revision);
    if (err == OK)
        say("%s-microservice:%u, image %s", service, revision, image);
    return err;
}

static enum error commands_run_migrate(struct site *site,
                                       const struct call *call)
{
    (void)call;
    return migrate(site);
}

/* The service as its file has it. What an interrupted or failed run left of
 * one that never served is removed first. */
static enum error create(struct site *site, struct service *service,
                         const struct service_file *file)
{
    enum error err, why;

    service->blue = (struct task_set){ .revision = 0 };
    if ((err = revision_latest(site, service->name, &service->blue.revision)) !=
        OK)
        return err;
    snprintf(service->blue.group, NAME_MAX_BYTES, "%s", file->target_group);
    service->desired = file->desired_count;
    if ((err = set_grow(site, service, &service->blue, service->desired)) !=
            OK ||
        (err = service_save(site, service)) != OK)
        return err;
    say("Service %s: %u of revision %u in %s", file->service, service->desired,
        service->blue.revision, service->blue.group);
    /* A service that never served is removed again, so that creating it can be
     * repeated. */
    if ((why = tasks_settle(site, service)) == OK)
        return OK;
    service->blue = (struct task_set){ .revision = 0 };
    if ((err = service_save(site, service)) != OK ||
        (err = tasks_settle(site, service)) != OK)
        return err;
    return why;
}

/* An interrupted `service create` leaves tasks that are all new: it may run
 * again. A service of 0 tasks has nothing new and was created. */
static bool ever_served(const struct service *service)
{
    for (size_t i = 0; i < service->blue.count; i++) {
        if (service->blue.tasks[i].phase != TASK_NEW)
            return true;
    }
    return service_exists(service) && service->blue.count == 0;
}

static enum error run_service_create(struct site *site, const struct call *call)
{
    const char *name = call->argument[0];
    struct service_file file;
    struct service service;
    enum error err = service_lock(site, name, call->wait, NULL);

    if (err != OK || (err = service_load(site, name, &service)) != OK)
        return err;
    if (ever_served(&service))
        return fail(site, ERROR_CONFIG,
                    "the service %s already exists; update it with: "
                    "cafe-deploy deploy %s",
                    name, name);
    if ((err = service_file_prepare(site, name, &file)) != OK)
        return err;
    if (other_group(site, file.target_group) == NULL)
        return fail(site, ERROR_CONFIG,
                    "%s: there is no target group '%s' with a second one to "
                    "switch to",
                    file.path, file.target_group);
    return create(site, &service, &file);
}

static enum error take_created(struct site *site, const struct call *call,
                               struct service *service)
{
    const char *name = call->argument[0];
    enum error err = service_take(site, name, call->wait, service, NULL);

    if (err == OK && !service_exists(service))
        return fail(site, ERROR_CONFIG,
                    "there is no service %s; first: cafe-deploy service create "
                    "%s",
                    name, name);
    return err;
}

static enum error run_deploy(struct site *site, const struct call *call)
{
    struct deployment deployment;
    struct service service;
    char *image;
    enum error err = take_created(site, call, &service);

    if (err == OK)
        err = docker_image(site, call->argument[0], ":latest", &image);
    if (err == OK)
        err = deployment_prepare(site, call->argument[0], NULL, image,
                                 &deployment);
    return err == OK ? deploy(site, &service, &deployment) : err;
}

static enum error run_scale(struct site *site, const struct call *call)
{
    struct service service;
    uint64_t wanted;
    enum error err;

    if (slice_number(slice_of(call->argument[1]), TASKS_MAX / 2, &wanted) !=
            OK ||
        wanted == 0)
        return fail(site, ERROR_CONFIG, "'%s' is not a number from 1 to %d",
                    call->argument[1], TASKS_MAX / 2);
    err = take_created(site, call, &service);
    if (err == OK)
        err = service_scale(site, &service, (size_t)wanted);
    if (err == OK)
        say("Service %s-microservice: %u %s", service.name, service.desired,
            tasks_word(service.desired));
    return err;
}

static enum error run_restrict(struct site *site, const struct call *call)
{
    return balancer_restrict(site, call->argument[0]);
}

static enum error run_pipeline_create(struct site *site,
                                      const struct call *call)
{
    return pipeline_create(site, call->argument[0]);
}

static enum error run_pipeline_release(struct site *site,
                                       const struct call *call)
{
    return pipeline_release(site, call->argument[0], call->wait);
}

static enum error run_pipeline_wait(struct site *site, const struct call *call)
{
    return pipeline_wait(site, call->argument[0]);
}

/* A service whose lock is held is left to the process that works on it. */
static enum error recover(struct site *site, const char *name)
{
    struct service service;
    int lock = -1;
    enum error err = service_take(site, name, false, &service, &lock);

    if (lock >= 0)
        close(lock);
    if (err == ERROR_BUSY) {
        say("%s", text_string(&site->error));
        text_reset(&site->error);
        return OK;
    }
    if (err == OK && service_exists(&service))
        say("Service %s-microservice: %u %s", name, service.desired,
            tasks_word(service.desired));
    return err;
}

static enum error run_recover(struct site *site, const struct call *call)
{
    enum error err = balancer_sync(site);

    (void)call;
    for (size_t i = 0; i < SERVICES && err == OK; i++)
        err = recover(site, service_names[i]);
    return err;
}

static enum error run_status(struct site *site, const struct call *call)
{
    return status_show(site, call->watch);
}

static enum error run_logs(struct site *site, const struct call *call)
{
    return logs_show(site, call->argument[0]);
}

static enum error run_events(struct site *site, const struct call *call)
{
    (void)call;
    return events_run(site);
}

enum { ANYWHERE = 1, UP = 2 }; /* whether the rehearsal has to be up */

struct command {
    const char *words[2];
    const char *arguments[2];
    int where;
    enum error (*run)(struct site *site, const struct call *call);
    const char *help;
};

static const struct command commands[] = {
    { { "up" },
      { NULL },
      ANYWHERE,
      run_up,
      "start the network, database, registry, load balancer and repositories" },
    { { "down" }, { NULL }, ANYWHERE, run_down, "stop and remove everything" },
    { { "push" },
      { "SERVICE" },
      UP,
      run_push,
      "push the local image SERVICE to the registry" },
    { { "register" },
      { "SERVICE" },
      UP,
      run_register,
      "register taskdef-SERVICE.json with the registry's image" },
    { { "migrate" },
      { NULL },
      UP,
      commands_run_migrate,
      "update the database schema" },
    { { "service", "create" },
      { "SERVICE" },
      UP,
      run_service_create,
      "create it from create-SERVICE-microservice-tg-two.json" },
    { { "deploy" },
      { "SERVICE" },
      UP,
      run_deploy,
      "deploy the files and the registry's image, blue/green" },
    { { "pipeline", "create" },
      { "SERVICE" },
      UP,
      run_pipeline_create,
      "deploy every push automatically from now on" },
    { { "pipeline", "release" },
      { "SERVICE" },
      UP,
      run_pipeline_release,
      "run the pipeline now" },
    { { "pipeline", "wait" },
      { "SERVICE" },
      UP,
      run_pipeline_wait,
      "wait for the run that a push started, and show it" },
    { { "restrict" },
      { "CIDR[,…]" },
      UP,
      run_restrict,
      "set the networks that may reach the employees' pages" },
    { { "scale" },
      { "SERVICE", "N" },
      UP,
      run_scale,
      "set the number of tasks" },
    { { "recover" },
      { NULL },
      UP,
      run_recover,
      "clean up after an interrupted command" },
    { { "status" },
      { NULL },
      UP,
      run_status,
      "show listeners, target groups, tasks; --watch repeats it" },
    { { "logs" }, { "SERVICE" }, UP, run_logs, "show the logs of its tasks" },
    { { "events" },
      { NULL },
      UP,
      run_events,
      "start pipelines when sources change; up starts this" },
};

enum { COMMANDS = sizeof(commands) / sizeof(commands[0]) };

static size_t count_words(const char *const words[2])
{
    return words[0] == NULL ? 0 : words[1] == NULL ? 1 : 2;
}

enum { SPELLING_COLUMNS = 26 };

/* printf() counts bytes. */
static int padded_bytes(const char *spelling)
{
    return SPELLING_COLUMNS + (int)strlen(spelling) -
           (int)utf8_count(slice_of(spelling));
}

void commands_help(FILE *out)
{
    for (size_t i = 0; i < COMMANDS; i++) {
        const struct command *command = &commands[i];
        char spelling[64];

        snprintf(spelling, sizeof(spelling), "%s%s%s%s%s%s%s",
                 command->words[0], command->words[1] != NULL ? " " : "",
                 command->words[1] != NULL ? command->words[1] : "",
                 command->arguments[0] != NULL ? " " : "",
                 command->arguments[0] != NULL ? command->arguments[0] : "",
                 command->arguments[1] != NULL ? " " : "",
                 command->arguments[1] != NULL ? command->arguments[1] : "");
        fprintf(out, "  %-*s %s\n", padded_bytes(spelling), spelling,
                command->help);
    }
}

const struct command *command_find(int argc, char *const *argv,
                                   struct call *call)
{
    for (size_t i = 0; i < COMMANDS; i++) {
        const struct command *command = &commands[i];
        size_t words = count_words(command->words);
        size_t arguments = count_words(command->arguments);
        bool same = (size_t)argc == words + arguments;

        for (size_t w = 0; w < words && same; w++)
            same = strcmp(argv[w], command->words[w]) == 0;
        for (size_t a = 0; a < arguments && same; a++)
            call->argument[a] = argv[words + a];
        if (same)
            return command;
    }
    return NULL;
}

enum error command_run(struct site *site, const struct command *command,
                       const struct call *call)
{
    bool takes_service = command->arguments[0] != NULL &&
                         strcmp(command->arguments[0], "SERVICE") == 0;
    enum error err;

    if (takes_service && !is_service(call->argument[0]))
        return fail(site, ERROR_CONFIG,
                    "'%s' is not a service; use customer or employee",
                    call->argument[0]);
    if ((err = balancer_files_read(site)) != OK)
        return err;
    if (command->where == UP &&
        ((err = settings_need(site)) != OK || (err = docker_check(site)) != OK))
        return err;
    return command->run(site, call);
}
