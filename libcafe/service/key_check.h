/* Signing in by a key, for programs. */
#ifndef CAFE_SERVICE_KEY_CHECK_H
#define CAFE_SERVICE_KEY_CHECK_H

#include "cafe/base/log.h"
#include "cafe/http/request.h"

struct db;
struct key_check;

/**
 * root        Path below which keys are looked at; borrowed.
 * per_minute  Requests that one key may make.
 * Errors      ERROR_MEMORY.
 */
MUST_CHECK enum error key_check_open(struct db *db, struct log *log,
                                     const char *root, int64_t per_minute,
                                     struct key_check **check);

/** From now on requests that wait are refused with 503. NULL is allowed. */
void key_check_stop(struct key_check *check);

/** After db_close(). */
void key_check_close(struct key_check *check);

/**
 * A check_fn (context: struct key_check), after identity_check(). Below the
 * root, a request with "Authorization: Bearer KEY" gets the role of the key,
 * ROUTE_KEY_READ or ROUTE_KEY_WRITE, and request_user() is "key NAME", whoever
 * else it is from. Refused: 401 with several such fields and without a valid
 * key; 429 of a key that asks too often; 503 without an answer from the
 * database. Elsewhere the field means nothing here.
 */
int key_check(void *context, struct request *req);

#endif
