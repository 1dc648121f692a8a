/* Two rules end a deployment: AWS's alarm, and a share of errors, which tells
 * with little traffic. */
#include "watch.h"

#include <string.h>

#include "cafe/base/clock.h"
#include "interrupt.h"

enum {
    LOOK_MS = 500,
    AWAY_MAX_MS = 30000, /* that a load balancer may take to restart */
    /* More 5xx among the replacement's answers end a deployment. With few
     * answers one or two errors are many per cent, and may be chance. */
    ERRORS_MAX_PERCENT = 1,
    ERRORS_MIN = 3
};

static bool is_of(const struct server *server, const struct task_set *set)
{
    return strcmp(server->group, set->group) == 0;
}

static enum error check_alarm(struct site *site, const struct service *service,
                              const struct servers *servers,
                              struct watch *watch)
{
    const struct alarm *alarm = watch->alarm;
    uint64_t errors = 0;

    if (alarm->errors == 0 || servers->away)
        return OK;
    for (size_t i = 0; i < servers->count; i++) {
        const struct server *server = &servers->items[i];

        if (is_of(server, &service->blue) || is_of(server, &service->green))
            errors += server->errors;
    }
    errors = alarm_count(alarm, &watch->count, errors, clock_monotonic_ms());
    if (errors < alarm->errors)
        return OK;
    return fail(site, ERROR_SYSTEM,
                "%llu of the answers within %u s were errors (5xx): the alarm "
                "%s, raised by %u",
                (unsigned long long)errors, alarm->period_s, alarm->name,
                alarm->errors);
}

enum error watch_errors(struct site *site, const struct service *service,
                        struct watch *watch)
{
    struct servers servers;
    enum error err = balancer_look(site, &servers);

    return err == OK ? check_alarm(site, service, &servers, watch) : err;
}

/* What the replacement has answered. */
struct tally {
    uint64_t answers, errors;
    bool away; /* the load balancer */
};

/* A counter that went back began anew with a load balancer that was
 * restarted. */
static uint64_t since(uint64_t now, uint64_t before)
{
    return now >= before ? now - before : now;
}

static enum error look_at_green(struct site *site,
                                const struct service *service,
                                struct watch *watch, struct tally *tally)
{
    const struct task_set *green = &service->green;
    struct servers servers;
    enum error err = balancer_look(site, &servers);

    tally->away = servers.away;
    for (size_t i = 0; i < green->count && err == OK && !servers.away; i++) {
        char *name = task_name(site, service, &green->tasks[i]);
        const struct server *server = name != NULL ? find_server(&servers, name)
                                                   : NULL;

        if (name == NULL)
            return ERROR_MEMORY;
        /* A server on its way up again, "DOWN 1/2", has failed as well. */
        if (server != NULL && strncmp(server->status, "DOWN", 4) == 0)
            return fail(site, ERROR_SYSTEM, "%s is no longer healthy", name);
        if (server != NULL) {
            tally->answers += server->answers;
            tally->errors += server->errors;
        }
    }
    return err == OK ? check_alarm(site, service, &servers, watch) : err;
}

static enum error check_share(struct site *site, const struct tally *first,
                              const struct tally *now)
{
    uint64_t answers = since(now->answers, first->answers);
    uint64_t errors = since(now->errors, first->errors);

    if (errors < ERRORS_MIN || errors * 100 <= answers * ERRORS_MAX_PERCENT)
        return OK;
    return fail(site, ERROR_SYSTEM,
                "%llu of the last %llu answers were errors (5xx)",
                (unsigned long long)errors, (unsigned long long)answers);
}

/* A load balancer that is away at the end may be restarting. */
static bool goes_on(int64_t until_ms, const struct tally *now)
{
    int64_t now_ms = clock_monotonic_ms();

    return now_ms < until_ms || (now->away && now_ms < until_ms + AWAY_MAX_MS);
}

enum error watch_replacement(struct site *site, const struct service *service,
                             struct watch *watch)
{
    int64_t until_ms = clock_monotonic_ms() + (int64_t)site->bake_s * 1000;
    struct tally first = { 0, 0, false }, now = first;
    enum error err = look_at_green(site, service, watch, &first);

    while (err == OK && goes_on(until_ms, &now)) {
        now = (struct tally){ 0, 0, false };
        pause_ms(LOOK_MS);
        if ((err = interrupt_check(site)) == OK &&
            (err = look_at_green(site, service, watch, &now)) == OK)
            err = check_share(site, &first, &now);
    }
    if (err == OK && now.away)
        err = fail(site, ERROR_SYSTEM,
                   "the load balancer is down; run: docker start cafe-lb");
    return err;
}
