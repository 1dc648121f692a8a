/* Signals are blocked while they are held, so one that came is pending: the
 * kernel remembers it, and neither a handler nor a global is needed. */
#include "interrupt.h"

#include <signal.h>

static const struct {
    int number;
    const char *name;
} held[] = { { SIGINT, "SIGINT" },
             { SIGTERM, "SIGTERM" },
             { SIGHUP, "SIGHUP" } };

enum { HELD = sizeof(held) / sizeof(held[0]) };

/* Linux keeps a blocked signal pending even when it is ignored. */
static bool is_ignored(int number)
{
    struct sigaction action;

    return sigaction(number, NULL, &action) == 0 &&
           action.sa_handler == SIG_IGN;
}

void interrupts_hold(void)
{
    sigset_t signals;

    sigemptyset(&signals);
    for (size_t i = 0; i < HELD; i++) {
        if (!is_ignored(held[i].number))
            sigaddset(&signals, held[i].number);
    }
    sigprocmask(SIG_BLOCK, &signals, NULL);
}

const char *interrupted(void)
{
    sigset_t pending;

    if (sigpending(&pending) != 0)
        return NULL;
    for (size_t i = 0; i < HELD; i++) {
        if (sigismember(&pending, held[i].number) == 1)
            return held[i].name;
    }
    return NULL;
}

enum error interrupt_check(struct site *site)
{
    const char *name = interrupted();

    return name != NULL ? fail(site, ERROR_SYSTEM, "interrupted by %s", name)
                        : OK;
}
