/* Request ids: random where the sequence begins, told apart from then on. */
#include "request_id.h"

#include <sys/random.h>
#include <unistd.h>

#include "cafe/base/clock.h"

void request_ids_open(struct request_ids *ids)
{
    uint64_t seed[2] = { (uint64_t)clock_utc_us(), (uint64_t)getpid() };

    /* Without random bytes the time and the process tell ids apart. */
    if (getrandom(seed, sizeof(seed), GRND_NONBLOCK) < 0)
        seed[1] += (uint64_t)clock_monotonic_us();
    ids->high = seed[0];
    ids->low = seed[1];
}

/* The next state of a Weyl sequence, mixed (splitmix64): unique within a
 * process, and told apart from other processes by a random start. */
static uint64_t next_random(uint64_t *state)
{
    uint64_t mixed = *state += 0x9e3779b97f4a7c15u;

    mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9u;
    mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111ebu;
    return mixed ^ (mixed >> 31);
}

const char *request_ids_next(struct request_ids *ids, struct arena *arena)
{
    static const char digits[] = "0123456789abcdef";
    uint64_t halves[2] = { next_random(&ids->high), next_random(&ids->low) };
    char *id = arena_alloc(arena, 33);

    if (id == NULL)
        return "";
    for (size_t i = 0; i < 16; i++) {
        id[i] = digits[halves[0] & 15];
        id[i + 16] = digits[halves[1] & 15];
        halves[0] >>= 4;
        halves[1] >>= 4;
    }
    return id;
}

bool request_id_valid(struct slice id)
{
    for (size_t i = 0; i < id.len; i++) {
        char byte = id.data[i];

        if (!((byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') ||
              (byte >= 'A' && byte <= 'Z') || byte == '-' || byte == '_' ||
              byte == '.'))
            return false;
    }
    return id.len > 0 && id.len <= REQUEST_ID_MAX_CHARS;
}
