/* Attempts to sign in. Both tables have a fixed size, so no client can make
 * them grow; an entry that is pushed out has cost the client as many hashes as
 * the table has entries. */
#include "attempts.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

enum { REMEMBERED = 256, FAILED = 1024 };

struct remembered {
    struct attempt_digest digest;
    int64_t until_ms; /* 0: free */
};

struct failed {
    struct attempt_digest who;
    int64_t until_ms; /* then it counts no more; 0: free */
    int count;
};

struct attempts {
    unsigned char key[SIPHASH_KEY_BYTES];
    struct remembered remembered[REMEMBERED];
    struct failed failed[FAILED];
};

enum error attempts_open(struct attempts **result)
{
    struct attempts *attempts = calloc(1, sizeof(*attempts));

    if (attempts == NULL)
        return ERROR_MEMORY;
    if (getrandom(attempts->key, sizeof(attempts->key), 0) !=
        sizeof(attempts->key)) {
        free(attempts);
        return ERROR_SYSTEM;
    }
    *result = attempts;
    return OK;
}

void attempts_close(struct attempts *attempts)
{
    if (attempts == NULL)
        return;
    explicit_bzero(attempts, sizeof(*attempts));
    free(attempts);
}

/* A digest of the digests: where one text ends and the next begins counts. */
void attempts_digest(const struct attempts *attempts, const struct slice *texts,
                     size_t count, struct attempt_digest *digest)
{
    unsigned char joined[4][SIPHASH_BYTES];

    for (size_t i = 0; i < count && i < 4; i++)
        siphash(attempts->key, texts[i], joined[i]);
    siphash(attempts->key,
            (struct slice){ (const char *)joined, count * SIPHASH_BYTES },
            digest->bytes);
    explicit_bzero(joined, sizeof(joined));
}

static bool same_digest(const struct attempt_digest *a,
                        const struct attempt_digest *b)
{
    return memcmp(a->bytes, b->bytes, sizeof(a->bytes)) == 0;
}

bool attempts_remembered(const struct attempts *attempts,
                         const struct attempt_digest *digest, int64_t now_ms)
{
    for (size_t i = 0; i < REMEMBERED; i++) {
        const struct remembered *entry = &attempts->remembered[i];

        if (entry->until_ms > now_ms && same_digest(&entry->digest, digest))
            return true;
    }
    return false;
}

void attempts_remember(struct attempts *attempts,
                       const struct attempt_digest *digest, int64_t now_ms)
{
    struct remembered *oldest = &attempts->remembered[0];

    for (size_t i = 0; i < REMEMBERED; i++) {
        if (attempts->remembered[i].until_ms < oldest->until_ms)
            oldest = &attempts->remembered[i];
    }
    *oldest = (struct remembered){ *digest, now_ms + ATTEMPTS_REMEMBERED_MS };
}

/* NULL: nothing is counted. */
static struct failed *failed_find(struct attempts *attempts,
                                  const struct attempt_digest *who)
{
    for (size_t i = 0; i < FAILED; i++) {
        if (attempts->failed[i].until_ms != 0 &&
            same_digest(&attempts->failed[i].who, who))
            return &attempts->failed[i];
    }
    return NULL;
}

static struct failed *failed_oldest(struct attempts *attempts)
{
    struct failed *oldest = &attempts->failed[0];

    for (size_t i = 0; i < FAILED; i++) {
        if (attempts->failed[i].until_ms < oldest->until_ms)
            oldest = &attempts->failed[i];
    }
    return oldest;
}

int64_t attempts_begin(struct attempts *attempts,
                       const struct attempt_digest *who, int64_t now_ms)
{
    struct failed *entry = failed_find(attempts, who);

    if (entry == NULL)
        entry = failed_oldest(attempts);
    if (entry->until_ms <= now_ms || !same_digest(&entry->who, who))
        *entry = (struct failed){ *who, now_ms + ATTEMPTS_FAILED_MS, 0 };
    if (entry->count >= ATTEMPTS_FAILED_MAX)
        return entry->until_ms - now_ms;
    entry->count++;
    return 0;
}

void attempts_succeed(struct attempts *attempts,
                      const struct attempt_digest *who)
{
    struct failed *entry = failed_find(attempts, who);

    if (entry != NULL)
        *entry = (struct failed){ .count = 0 };
}

void attempts_cancel(struct attempts *attempts,
                     const struct attempt_digest *who)
{
    struct failed *entry = failed_find(attempts, who);

    if (entry != NULL && entry->count > 0)
        entry->count--;
}
