/* Ctrl-C, SIGTERM and a terminal that goes away: held back while there is
 * something to leave in order. */
#ifndef CAFE_DEPLOY_INTERRUPT_H
#define CAFE_DEPLOY_INTERRUPT_H

#include "site.h"

/**
 * From now on an interrupt ends nothing by itself: interrupt_check() tells of
 * it. A signal that was ignored before (by nohup) stays ignored.
 */
void interrupts_hold(void);

/** The signal that is held, "SIGINT"; NULL for none. It stays held:
 * code that rolls back does not ask any more. */
const char *interrupted(void);

/** Errors  ERROR_SYSTEM: "interrupted by SIGINT". */
MUST_CHECK enum error interrupt_check(struct site *site);

#endif
