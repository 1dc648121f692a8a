/* Lifecycle hooks as programs in a folder. */
#include "hooks.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "program.h"

enum { HOOK_S = 60 };

static char *program_of(struct site *site, const struct hook *hook)
{
    return arena_printf(site->arena, "%s/%s", site->hooks, hook->function);
}

/* Before the deployment begins: a hook that is missing must not be found after
 * traffic has moved. */
enum error hooks_check(struct site *site, const struct appspec *appspec)
{
    for (size_t i = 0; i < appspec->hook_count; i++) {
        char *program = program_of(site, &appspec->hooks[i]);

        if (program == NULL)
            return ERROR_MEMORY;
        if (access(program, X_OK) != 0)
            return fail(site, ERROR_CONFIG,
                        "%s: the hook %s names %s, and there is no program %s",
                        appspec->path, appspec->hooks[i].event,
                        appspec->hooks[i].function, program);
    }
    return OK;
}

static bool set_variables(struct site *site, const struct service *service,
                          const char *event)
{
    char url[64], test_url[64], number[32];

    snprintf(url, sizeof(url), "http://127.0.0.1:%u", (unsigned)site->ports[0]);
    snprintf(test_url, sizeof(test_url), "http://127.0.0.1:%u",
             (unsigned)site->ports[1]);
    snprintf(number, sizeof(number), "%u", service->deployments);
    return setenv("CAFE_EVENT", event, 1) == 0 &&
           setenv("CAFE_SERVICE", service->name, 1) == 0 &&
           setenv("CAFE_DEPLOYMENT", number, 1) == 0 &&
           setenv("CAFE_URL", url, 1) == 0 &&
           setenv("CAFE_TEST_URL", test_url, 1) == 0;
}

enum error hook_run(struct site *site, const struct service *service,
                    const struct appspec *appspec, const char *event)
{
    for (size_t i = 0; i < appspec->hook_count; i++) {
        const struct hook *hook = &appspec->hooks[i];
        struct command_line line = { .count = 0 };
        enum error err;

        if (strcmp(hook->event, event) != 0)
            continue;
        say("      %s: %s", event, hook->function);
        command_add(&line, program_of(site, hook));
        if (!set_variables(site, service, event))
            return ERROR_MEMORY;
        err = program_run(site, &line, HOOK_S, hook->function, NULL);
        if (err != OK)
            return fail(site, err, "%s failed", hook->function);
    }
    return OK;
}
