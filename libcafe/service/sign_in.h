/* Signing in by name and password, where no proxy does that. */
#ifndef CAFE_SERVICE_SIGN_IN_H
#define CAFE_SERVICE_SIGN_IN_H

#include "cafe/base/log.h"
#include "cafe/service/access.h"

struct event_base;
struct sign_in;

/**
 * rules   Borrowed; its accounts may be exchanged between two checks.
 * Errors  ERROR_MEMORY, ERROR_SYSTEM.
 */
MUST_CHECK enum error sign_in_open(struct event_base *base, struct log *log,
                                   const struct access_rules *rules,
                                   struct sign_in **sign_in);

/** Refuse the requests that wait with 503, and free it. */
void sign_in_close(struct sign_in *sign_in);

/**
 * A check_fn (context: struct sign_in), after identity_check(). A request with
 * a key (key_check()) passes. Where there are accounts, others pass with the
 * name and password of one, and request_user() is that name. Refused: 401
 * without or with wrong ones; 400 where the field is malformed or there are
 * several; 429 after five failures of a client with a name within a minute; 503
 * while there is too much to do.
 *
 * A hash is computed on a thread, one at a time. What was right is remembered
 * for five minutes, by a digest, and as long as the account has the same hash.
 */
int sign_in_check(void *context, struct request *req);

#endif
