/* SipHash-2-4 with 128 bits. */
#include "cafe/base/siphash.h"

#include <stdint.h>

enum { ROUNDS_OF_WORD = 2, ROUNDS_AT_END = 4 };

struct state {
    uint64_t v[4];
};

static uint64_t rotate(uint64_t word, unsigned bits)
{
    return word << bits | word >> (64 - bits);
}

static void mix(struct state *state, int rounds)
{
    uint64_t *v = state->v;

    while (rounds-- > 0) {
        v[0] += v[1];
        v[1] = rotate(v[1], 13) ^ v[0];
        v[0] = rotate(v[0], 32);
        v[2] += v[3];
        v[3] = rotate(v[3], 16) ^ v[2];
        v[0] += v[3];
        v[3] = rotate(v[3], 21) ^ v[0];
        v[2] += v[1];
        v[1] = rotate(v[1], 17) ^ v[2];
        v[2] = rotate(v[2], 32);
    }
}

/* Up to eight bytes, the first one lowest. */
static uint64_t word_of(const unsigned char *bytes, size_t count)
{
    uint64_t word = 0;

    for (size_t i = 0; i < count; i++)
        word |= (uint64_t)bytes[i] << (8 * i);
    return word;
}

static void take_word(struct state *state, uint64_t word)
{
    state->v[3] ^= word;
    mix(state, ROUNDS_OF_WORD);
    state->v[0] ^= word;
}

static void put_word(const struct state *state, unsigned char bytes[8])
{
    const uint64_t *v = state->v;
    uint64_t word = v[0] ^ v[1] ^ v[2] ^ v[3];

    for (unsigned i = 0; i < 8; i++)
        bytes[i] = (unsigned char)(word >> (8 * i));
}

void siphash(const unsigned char key[SIPHASH_KEY_BYTES], struct slice bytes,
             unsigned char digest[SIPHASH_BYTES])
{
    const unsigned char *at = (const unsigned char *)bytes.data;
    uint64_t low = word_of(key, 8), high = word_of(key + 8, 8);
    struct state state = {
        { low ^ 0x736f6d6570736575u, high ^ 0x646f72616e646f6du ^ 0xee,
          low ^ 0x6c7967656e657261u, high ^ 0x7465646279746573u }
    };
    size_t left = bytes.len;

    for (; left >= 8; left -= 8, at += 8)
        take_word(&state, word_of(at, 8));
    take_word(&state, word_of(at, left) | (uint64_t)bytes.len << 56);
    state.v[2] ^= 0xee;
    mix(&state, ROUNDS_AT_END);
    put_word(&state, digest);
    state.v[1] ^= 0xdd;
    mix(&state, ROUNDS_AT_END);
    put_word(&state, digest + 8);
}
