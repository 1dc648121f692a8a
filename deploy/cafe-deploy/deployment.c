/*
 * A deployment. Each step is first written to the service's file, then said and
 * done, so a run that finds the file knows what may have been done. Until the
 * original tasks are told to end everything can be rolled back, and it always
 * is, by the same function, in the same run or in the next. An interrupted
 * deployment is never continued: whether its hooks have run, and what they
 * would say now, is unknown.
 */
#include "deployment.h"

#include <stdio.h>
#include <string.h>

#include "balancer.h"
#include "cafe/base/clock.h"
#include "hooks.h"
#include "interrupt.h"
#include "tasks.h"
#include "watch.h"

/* Until step 5 an interrupt ends a deployment as any fault does. */
static enum error begin_step(struct site *site, struct service *service,
                             enum step step)
{
    enum error err =
        step == STEP_NONE || step == STEP_END ? OK : interrupt_check(site);

    if (err != OK)
        return err;
    service->step = step;
    return service_save(site, service);
}

/* 1: start the replacement, as many tasks as are desired, in the other target
 * group. */
static enum error install(struct site *site, struct service *service,
                          const struct deployment *deployment)
{
    struct task_set *green = &service->green;
    const char *group = other_group(site, service->blue.group);
    const char *test_group;
    enum error err = balancer_rule(site, service->name, TEST, &test_group);

    if (err != OK)
        return err;
    /* Kept in the file: rolling back has to know where the test listener led.
     */
    snprintf(service->test_group, NAME_MAX_BYTES, "%s", test_group);
    snprintf(green->group, NAME_MAX_BYTES, "%s", group);
    green->revision = deployment->revision;
    service->deployments++;
    if ((err = set_grow(site, service, green, service->desired)) != OK ||
        (err = begin_step(site, service, STEP_INSTALL)) != OK)
        return err;
    say("  1/5 Deploying replacement task set: revision %u, %u in %s",
        green->revision, service->desired, group);
    if ((err = hook_run(site, service, &deployment->appspec,
                        "BeforeInstall")) != OK ||
        (err = tasks_settle(site, service)) != OK)
        return err;
    return hook_run(site, service, &deployment->appspec, "AfterInstall");
}

/* 2: the test listener leads to the new tasks. */
static enum error shift_test(struct site *site, struct service *service,
                             const struct deployment *deployment)
{
    enum error err = begin_step(site, service, STEP_TEST);

    if (err != OK)
        return err;
    say("  2/5 Test traffic route setup: port %u leads to %s",
        site->balancer.listeners[1].port, service->green.group);
    if ((err = balancer_lead(site, service->name, TEST,
                             service->green.group)) != OK)
        return err;
    return hook_run(site, service, &deployment->appspec,
                    "AfterAllowTestTraffic");
}

/* 3: so does the production listener. */
static enum error shift_production(struct site *site, struct service *service,
                                   const struct deployment *deployment)
{
    enum error err =
        hook_run(site, service, &deployment->appspec, "BeforeAllowTraffic");

    if (err != OK || (err = begin_step(site, service, STEP_SHIFT)) != OK)
        return err;
    say("  3/5 Rerouting production traffic to replacement task set: 100 %%");
    if ((err = balancer_lead(site, service->name, PRODUCTION,
                             service->green.group)) != OK)
        return err;
    return hook_run(site, service, &deployment->appspec, "AfterAllowTraffic");
}

/* 4: wait, and watch whether it works for all users. */
static enum error bake(struct site *site, struct service *service,
                       struct watch *watch)
{
    enum error err;

    service->wait_until_s =
        (unsigned)(clock_monotonic_ms() / 1000 + (int64_t)site->bake_s);
    if ((err = begin_step(site, service, STEP_WAIT)) != OK)
        return err;
    say("  4/5 Wait %u s, watching health and errors", (unsigned)site->bake_s);
    return watch_replacement(site, service, watch);
}

/* 5: the original tasks end; the replacement is the service. Also finishes a
 * run that was killed here: from this step on there is no way back. */
static enum error end_blue(struct site *site, struct service *service)
{
    enum error err;

    set_leave(&service->blue, 0);
    if ((err = begin_step(site, service, STEP_END)) != OK)
        return err;
    say("  5/5 Terminate original task set: revision %u in %s",
        service->blue.revision, service->blue.group);
    if ((err = tasks_settle(site, service)) != OK)
        return err;
    service->blue = service->green;
    service->green = (struct task_set){ .revision = 0 };
    return begin_step(site, service, STEP_NONE);
}

/* Make everything as it was before. Traffic first, tasks after that: the new
 * ones may still serve. */
static enum error roll_back(struct site *site, struct service *service)
{
    enum error err;

    say("  Rolling back: production to %s", service->blue.group);
    if ((err = balancer_lead(site, service->name, PRODUCTION,
                             service->blue.group)) != OK ||
        (err = balancer_lead(site, service->name, TEST, service->test_group)) !=
            OK)
        return err;
    set_leave(&service->green, 0);
    if ((err = service_save(site, service)) != OK ||
        (err = tasks_settle(site, service)) != OK)
        return err;
    service->green = (struct task_set){ .revision = 0 };
    return begin_step(site, service, STEP_NONE);
}

/* Roll back, and fail with the first reason: what went wrong then matters more
 * than that rolling back failed, too, which is added. */
static enum error deployment_give_up(struct site *site, struct service *service,
                                     enum error why)
{
    struct text reason = site->error;
    enum error err;

    text_init(&site->error, 0);
    say("  Failed: %s", text_string(&reason));
    err = roll_back(site, service);
    if (err == OK) {
        site->error = reason;
        return why;
    }
    text_printf(&reason, "; and rolling back: %s", text_string(&site->error));
    text_free(&site->error);
    site->error = reason;
    return err;
}

enum error deploy(struct site *site, struct service *service,
                  const struct deployment *deployment)
{
    int64_t begin_ms = clock_monotonic_ms();
    struct watch watch = { .alarm = &deployment->alarm };
    enum error err = interrupt_check(site);

    /* Before anything is changed: the alarm counts from here. */
    if (err != OK || (err = watch_errors(site, service, &watch)) != OK)
        return err;
    say("Deployment %u of %s", service->deployments + 1, service->name);
    if ((err = install(site, service, deployment)) != OK ||
        (err = watch_errors(site, service, &watch)) != OK ||
        (err = shift_test(site, service, deployment)) != OK ||
        (err = watch_errors(site, service, &watch)) != OK ||
        (err = shift_production(site, service, deployment)) != OK ||
        (err = bake(site, service, &watch)) != OK)
        return deployment_give_up(site, service, err);
    if ((err = end_blue(site, service)) != OK)
        return err;
    say("  Succeeded after %.1f s",
        (double)(clock_monotonic_ms() - begin_ms) / 1000);
    return OK;
}

/* Let new tasks go again, if others serve. Returns whether they do; `serving`
 * is how many. */
static bool drop_new(struct task_set *set, unsigned *serving)
{
    size_t new_ones = 0;

    *serving = 0;
    for (size_t i = 0; i < set->count; i++) {
        new_ones += set->tasks[i].phase == TASK_NEW;
        *serving += set->tasks[i].phase == TASK_SERVING;
    }
    if (new_ones == 0 || *serving == 0)
        return false;
    for (size_t i = 0; i < set->count; i++) {
        if (set->tasks[i].phase == TASK_NEW)
            set->tasks[i].phase = TASK_LEAVING;
    }
    return true;
}

/* Scaling up whose new tasks fail goes back to the tasks that serve. */
static enum error deployment_settle(struct site *site, struct service *service,
                                    bool *went_back)
{
    enum error err, why = tasks_settle(site, service);
    unsigned serving;

    *went_back = false;
    if (why == OK || service->step != STEP_NONE ||
        !drop_new(&service->blue, &serving))
        return why;
    say("  Failed: %s\n  Rolling back: %u %s", text_string(&site->error),
        serving, tasks_word(serving));
    service->desired = serving;
    if ((err = service_save(site, service)) != OK ||
        (err = tasks_settle(site, service)) != OK)
        return err;
    *went_back = true;
    return why;
}

enum error service_scale(struct site *site, struct service *service,
                         size_t wanted)
{
    size_t before = service->blue.count;
    enum error err = OK;
    bool went_back;

    if (wanted < before)
        set_leave(&service->blue, wanted);
    else
        err = set_grow(site, service, &service->blue, wanted - before);
    if (err != OK)
        return err;
    service->desired = (unsigned)wanted;
    err = service_save(site, service);
    return err == OK ? deployment_settle(site, service, &went_back) : err;
}

static bool any_unsettled(const struct task_set *set)
{
    for (size_t i = 0; i < set->count; i++) {
        if (set->tasks[i].phase != TASK_SERVING)
            return true;
    }
    return false;
}

bool service_is_unsettled(const struct service *service)
{
    return service->step != STEP_NONE || any_unsettled(&service->blue) ||
           any_unsettled(&service->green);
}

/* Finish or undo what an interrupted run has left. */
static enum error put_right(struct site *site, struct service *service)
{
    enum error err;
    bool went_back;

    if (service->step == STEP_END) {
        say("%s: deployment %u was interrupted at its end; completing it",
            service->name, service->deployments);
        return end_blue(site, service);
    }
    if (service->step != STEP_NONE) {
        say("%s: deployment %u was interrupted; rolling it back", service->name,
            service->deployments);
        return roll_back(site, service);
    }
    err = deployment_settle(site, service, &went_back);
    if (!went_back)
        return err;
    say("%s: scaling was interrupted, and new tasks fail (%s); it keeps %u %s",
        service->name, text_string(&site->error), service->desired,
        tasks_word(service->desired));
    text_reset(&site->error);
    return OK;
}

enum error service_lock(struct site *site, const char *name, bool wait,
                        int *lock)
{
    enum error err = site_lock(site, name, wait, lock);

    if (err == ERROR_BUSY)
        return fail(site, ERROR_BUSY,
                    "another command is running for %s; see cafe-deploy status",
                    name);
    if (err == OK)
        interrupts_hold();
    return err;
}

enum error service_mend(struct site *site, const char *name,
                        struct service *service)
{
    enum error err;

    site_forget_unfinished(site, "services", name);
    site_forget_unfinished(site, "taskdefs", name);
    err = service_load(site, name, service);
    return err == OK ? put_right(site, service) : err;
}

enum error service_take(struct site *site, const char *name, bool wait,
                        struct service *service, int *lock)
{
    enum error err = service_lock(site, name, wait, lock);

    return err == OK ? service_mend(site, name, service) : err;
}
