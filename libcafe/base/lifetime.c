/* Hooks that run at the end of a lifetime, kept in its arena. */
#include "cafe/base/lifetime.h"

struct lifetime_hook {
    lifetime_end_fn *fn;
    void *argument;
    struct lifetime_hook *next;
};

enum error lifetime_on_end(struct lifetime *life, lifetime_end_fn *fn,
                           void *argument)
{
    struct lifetime_hook *hook = arena_alloc(life->arena, sizeof(*hook));

    if (hook == NULL)
        return ERROR_MEMORY;
    *hook = (struct lifetime_hook){ fn, argument, life->hooks };
    life->hooks = hook;
    return OK;
}

void lifetime_end(struct lifetime *life)
{
    struct lifetime_hook *hook;

    while ((hook = life->hooks) != NULL) {
        life->hooks = hook->next;
        hook->fn(hook->argument);
    }
}
