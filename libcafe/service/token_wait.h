/* Requests whose token names a key that is not there yet. */
#ifndef CAFE_SERVICE_TOKEN_WAIT_H
#define CAFE_SERVICE_TOKEN_WAIT_H

#include "cafe/service/access.h"

struct event_base;

/** Asks another program for keys, and lets requests wait for them. At most
 * eight keys are asked for at a time, each once in five seconds. */
struct token_wait;

/** The verdict on a request once its key has come, or won't. */
typedef int token_wait_fn(void *context, struct request *req);

/**
 * Whether a path is a named pipe.
 *
 * error   One line on failure.
 * Errors  ERROR_CONFIG.
 */
MUST_CHECK enum error token_wait_check(const char *path, struct text *error);

/**
 * path     A named pipe, into which the names of keys are written, each with a
 *          line end.
 * rules    Whose keys are looked at; borrowed.
 * verdict  Gets the rules as its context.
 * error    One line on failure.
 * Errors   ERROR_CONFIG, ERROR_MEMORY.
 */
MUST_CHECK enum error token_wait_open(struct event_base *base, struct log *log,
                                      const char *path,
                                      struct access_rules *rules,
                                      token_wait_fn *verdict,
                                      struct token_wait **wait,
                                      struct text *error);

/** Requests that still wait get their verdict. NULL is allowed. */
void token_wait_close(struct token_wait *wait);

/** Whether a key is asked for: AWS names them by a UUID. */
bool token_wait_asks_for(struct slice kid);

/**
 * For a check: ask for the key, and wait up to five seconds for it.
 *
 * Returns  CHECK_LATER; 503 where too many wait already.
 */
MUST_CHECK int token_wait_for(struct token_wait *wait, struct request *req,
                              struct slice kid);

#endif
