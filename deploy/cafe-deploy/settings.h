/* What `up` was told: ports and times. It is kept with the state, so that no
 * other command has to be told again. */
#ifndef CAFE_DEPLOY_SETTINGS_H
#define CAFE_DEPLOY_SETTINGS_H

#include "site.h"

/**
 * Read what was kept, where the command line has said nothing.
 *
 * found   Whether anything was.
 * Errors  ERROR_CONFIG (the command line says another port than it is up
 *         with), ERROR_SYSTEM, ERROR_MEMORY.
 */
MUST_CHECK enum error settings_read(struct site *site, bool *found);

/** settings_read(), for commands that need them. Errors  ERROR_CONFIG (it was
 * never up). */
MUST_CHECK enum error settings_need(struct site *site);

/** What is still not said gets its usual value. */
void settings_complete(struct site *site);

/** Keep them. Errors  ERROR_SYSTEM, ERROR_MEMORY. */
MUST_CHECK enum error settings_write(struct site *site);

#endif
