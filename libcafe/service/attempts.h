/* What is remembered of attempts to sign in: successes, by a keyed digest, and
 * how often an address has failed with a name. */
#ifndef CAFE_SERVICE_ATTEMPTS_H
#define CAFE_SERVICE_ATTEMPTS_H

#include "cafe/base/siphash.h"

enum {
    ATTEMPTS_REMEMBERED_MS = 5 * 60 * 1000,
    ATTEMPTS_FAILED_MAX = 5, /* within */
    ATTEMPTS_FAILED_MS = 60 * 1000
};

/** Opaque, and of a fixed size. Thread: the loop's. */
struct attempts;

/** With a random key. Errors: ERROR_MEMORY, ERROR_SYSTEM. */
MUST_CHECK enum error attempts_open(struct attempts **attempts);
void attempts_close(struct attempts *attempts);

/** A digest of these texts, which tells nothing without the key. */
struct attempt_digest {
    unsigned char bytes[SIPHASH_BYTES];
};
void attempts_digest(const struct attempts *attempts, const struct slice *texts,
                     size_t count, struct attempt_digest *digest);

/** Whether these were right within the last five minutes. */
bool attempts_remembered(const struct attempts *attempts,
                         const struct attempt_digest *digest, int64_t now_ms);

/** Remember that they are right; the oldest of 256 is forgotten. */
void attempts_remember(struct attempts *attempts,
                       const struct attempt_digest *digest, int64_t now_ms);

/**
 * Count an attempt as failed, until it is known to be none.
 *
 * who      Address and name.
 * Returns  0; or the milliseconds to wait, since there were five within a
 *          minute: this one is not counted.
 */
int64_t attempts_begin(struct attempts *attempts,
                       const struct attempt_digest *who, int64_t now_ms);

/** It was right: what was counted is forgotten. */
void attempts_succeed(struct attempts *attempts,
                      const struct attempt_digest *who);

/** Nobody knows, for it was not tried: it doesn't count. */
void attempts_cancel(struct attempts *attempts,
                     const struct attempt_digest *who);

#endif
