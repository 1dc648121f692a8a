/* Threads beside the event loop's. */
#ifndef CAFE_THREAD_H
#define CAFE_THREAD_H

#include <pthread.h>

#include "cafe/base/error.h"

/**
 * Start a thread with every signal blocked: signals are the loop's.
 *
 * Errors  ERROR_SYSTEM, with errno.
 */
MUST_CHECK enum error thread_start(pthread_t *thread, void *(*run)(void *),
                                   void *argument);

#endif
