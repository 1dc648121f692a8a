/* Threads start with every signal blocked. */
#include "cafe/base/thread.h"

#include <errno.h>
#include <signal.h>

enum error thread_start(pthread_t *thread, void *(*run)(void *), void *argument)
{
    sigset_t all, before;
    int failed;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    failed = pthread_create(thread, NULL, run, argument);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    errno = failed;
    return failed ? ERROR_SYSTEM : OK;
}
