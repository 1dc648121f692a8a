/*
 * The file of a service: one fact on each line, written as a whole.
 *
 *   desired 3
 *   next_task 8
 *   deployments 2
 *   step wait customer-tg-one        deployment under way; the test listener's
 *                                    group before it
 *   blue 1 customer-tg-two           revision and target group
 *   task 4 serving                   of the set above
 */
#include "service.h"

#include <stdio.h>
#include <string.h>

#include "network.h"

static const char *const phases[] = { "new", "serving", "leaving", NULL };
static const char *const steps[] = { "none", "install", "test", "shift",
                                     "wait", "end",     NULL };

static int choice_of(const char *const *names, struct slice word)
{
    for (int i = 0; names[i] != NULL; i++) {
        if (slice_is(word, names[i]))
            return i;
    }
    return -1;
}

static bool service_read_number(struct slice word, unsigned *number)
{
    uint64_t value;

    if (slice_number(word, 1000000000, &value) != OK)
        return false;
    *number = (unsigned)value;
    return true;
}

static bool read_name(struct slice word, char name[NAME_MAX_BYTES])
{
    if (word.len >= NAME_MAX_BYTES)
        return false;
    memcpy(name, word.data, word.len);
    name[word.len] = '\0';
    return true;
}

static bool read_task(struct task_set *set, struct slice number,
                      struct slice phase)
{
    struct task *task = &set->tasks[set->count];
    int choice = choice_of(phases, phase);

    if (set->count == TASKS_MAX || choice < 0 ||
        !service_read_number(number, &task->number))
        return false;
    task->phase = (enum task_phase)choice;
    set->count++;
    return true;
}

/* `set` is the one that tasks belong to. */
static bool service_read_line(struct service *service, struct task_set **set,
                              struct slice line)
{
    struct slice key = slice_cut(&line, ' ');
    struct slice first = slice_cut(&line, ' ');
    int step;

    if (slice_is(key, "desired"))
        return service_read_number(first, &service->desired);
    if (slice_is(key, "next_task"))
        return service_read_number(first, &service->next_task);
    if (slice_is(key, "deployments"))
        return service_read_number(first, &service->deployments);
    if (slice_is(key, "step")) {
        step = choice_of(steps, first);
        service->step = step < 0 ? STEP_NONE : (enum step)step;
        return step >= 0 && read_name(line, service->test_group);
    }
    if (slice_is(key, "until"))
        return service_read_number(first, &service->wait_until_s);
    if (slice_is(key, "task"))
        return *set != NULL && read_task(*set, first, line);
    if (!slice_is(key, "blue") && !slice_is(key, "green"))
        return false;
    *set = slice_is(key, "blue") ? &service->blue : &service->green;
    return service_read_number(first, &(*set)->revision) &&
           read_name(line, (*set)->group);
}

enum error service_load(struct site *site, const char *name,
                        struct service *service)
{
    char *path = site_path(site, "services/%s", name);
    struct task_set *set = NULL;
    struct slice rest;
    enum error err = path != NULL ? site_read(site, path, &rest) : ERROR_MEMORY;

    *service = (struct service){ .name = name, .next_task = 1 };
    if (err != OK)
        return err;
    for (unsigned line = 1; rest.len > 0; line++) {
        if (!service_read_line(service, &set, slice_cut(&rest, '\n')))
            return fail(site, ERROR_SYSTEM,
                        "%s:%u: not written by this program", path, line);
    }
    return OK;
}

static void write_set(struct text *text, const char *key,
                      const struct task_set *set)
{
    if (set->revision == 0)
        return;
    text_printf(text, "%s %u %s\n", key, set->revision, set->group);
    for (size_t i = 0; i < set->count; i++)
        text_printf(text, "task %u %s\n", set->tasks[i].number,
                    phases[set->tasks[i].phase]);
}

enum error service_save(struct site *site, const struct service *service)
{
    char *path = site_path(site, "services/%s", service->name);
    struct text text;
    enum error err;

    text_init(&text, 0);
    text_printf(&text, "desired %u\nnext_task %u\ndeployments %u\n",
                service->desired, service->next_task, service->deployments);
    if (service->step != STEP_NONE)
        text_printf(&text, "step %s %s\n", steps[service->step],
                    service->test_group);
    if (service->step == STEP_WAIT)
        text_printf(&text, "until %u\n", service->wait_until_s);
    write_set(&text, "blue", &service->blue);
    write_set(&text, "green", &service->green);
    err = path != NULL ? site_write(site, path, &text, 0600) : ERROR_MEMORY;
    text_free(&text);
    return err;
}

const char *tasks_word(size_t count)
{
    return count == 1 ? "task" : "tasks";
}

bool service_exists(const struct service *service)
{
    return service->blue.revision != 0;
}

/* Whether a task that is still there has the address of this number: addresses
 * repeat after TASKS_STRIDE numbers. */
static bool is_address_taken(const struct service *service, unsigned number)
{
    const struct task_set *sets[SETS] = { &service->blue, &service->green };

    for (size_t s = 0; s < SETS; s++) {
        for (size_t i = 0; i < sets[s]->count; i++) {
            if (sets[s]->tasks[i].number % TASKS_STRIDE ==
                number % TASKS_STRIDE)
                return true;
        }
    }
    return false;
}

enum error set_grow(struct site *site, struct service *service,
                    struct task_set *set, size_t count)
{
    if (set->count + count > TASKS_MAX)
        return fail(site, ERROR_CONFIG,
                    "%s: %zu tasks and those that still end are more than %d",
                    service->name, set->count + count, TASKS_MAX);
    /* Numbers are never used again: a server of the same name would show the
     * health of its predecessor for a moment. */
    while (count-- > 0) {
        while (is_address_taken(service, service->next_task))
            service->next_task++;
        set->tasks[set->count++] =
            (struct task){ .number = service->next_task++, .phase = TASK_NEW };
    }
    return OK;
}

void set_leave(struct task_set *set, size_t first)
{
    for (size_t i = first; i < set->count; i++)
        set->tasks[i].phase = TASK_LEAVING;
}

char *task_name(struct site *site, const struct service *service,
                const struct task *task)
{
    return arena_printf(site->arena, "%s-%u", service->name, task->number);
}

char *task_address(struct site *site, const struct service *service,
                   const struct task *task)
{
    unsigned base = strcmp(service->name, service_names[0]) == 0
                        ? TASKS_FIRST
                        : TASKS_FIRST + TASKS_STRIDE;

    return arena_printf(site->arena, NETWORK_PREFIX "%u",
                        base + task->number % TASKS_STRIDE);
}

const char *other_group(const struct site *site, const char *group)
{
    const char *dash = strrchr(group, '-');
    size_t stem = dash != NULL ? (size_t)(dash - group) : 0;

    for (size_t i = 0; i < GROUPS && dash != NULL; i++) {
        const char *name = site->balancer.groups[i].name;

        if (strncmp(name, group, stem + 1) == 0 && strcmp(name, group) != 0)
            return name;
    }
    return NULL;
}
