/* The pace of each key, by the time at which all that it has asked for would be
 * due if it came evenly (the generic cell rate algorithm). */
#include "pace.h"

#include <stdlib.h>
#include <string.h>

enum { MINUTE_US = 60 * 1000 * 1000 };

struct paced {
    struct key_digest digest;
    int64_t due_us;
};

struct pace {
    int64_t share_us; /* of one request */
    struct paced keys[KEYS_MAX];
};

enum error pace_open(int64_t per_minute, struct pace **result)
{
    struct pace *pace = calloc(1, sizeof(*pace));

    if (pace == NULL)
        return ERROR_MEMORY;
    pace->share_us = MINUTE_US / per_minute;
    *result = pace;
    return OK;
}

void pace_close(struct pace *pace)
{
    free(pace);
}

/* That of the key; else the one that was due first, which is forgotten: there
 * are no more keys than places, so it is of a key that was removed. */
static struct paced *pace_find(struct pace *pace,
                               const struct key_digest *digest)
{
    struct paced *oldest = &pace->keys[0];

    for (size_t i = 0; i < KEYS_MAX; i++) {
        if (strcmp(pace->keys[i].digest.hex, digest->hex) == 0)
            return &pace->keys[i];
        if (pace->keys[i].due_us < oldest->due_us)
            oldest = &pace->keys[i];
    }
    *oldest = (struct paced){ *digest, 0 };
    return oldest;
}

int64_t pace_count(struct pace *pace, const struct key_digest *digest,
                   int64_t now_us)
{
    struct paced *key = pace_find(pace, digest);
    int64_t due_us = (key->due_us > now_us ? key->due_us : now_us) +
                     pace->share_us;

    if (due_us > now_us + MINUTE_US)
        return due_us - now_us - MINUTE_US;
    key->due_us = due_us;
    return 0;
}
