/* Hashes of passwords, by libcrypt. */
#ifndef CAFE_PASSWORD_H
#define CAFE_PASSWORD_H

#include "cafe/base/text.h"

enum { PASSWORD_HASH_BYTES = 256 };

/** Why a text can't be used as a hash: it is no yescrypt ("$y$") or bcrypt
 * ("$2b$"), or costs too much time or memory; NULL if it can. A static
 * string. */
const char *password_hash_fault(struct slice hash);

/**
 * Whether a hash is that of a password. It takes as long whatever the answer.
 *
 * hash    Without password_hash_fault().
 * Errors  ERROR_MEMORY.
 * Thread  Any but the loop's: it takes a tenth of a second.
 */
MUST_CHECK enum error password_verify(const char *password, const char *hash,
                                      bool *same);

/**
 * A new yescrypt hash with a random salt.
 *
 * Errors  ERROR_MEMORY, ERROR_SYSTEM.
 */
MUST_CHECK enum error password_hash(const char *password,
                                    char hash[PASSWORD_HASH_BYTES]);

#endif
