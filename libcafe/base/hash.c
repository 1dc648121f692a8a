/* FNV-1a with 128 and with 64 bits. */
#include "cafe/base/hash.h"

#include <stdint.h>

/* A 128-bit number in two halves, multiplied by the FNV prime 2^88 + 0x13b:
 * 2^88 is the low half shifted by 24 into the high one, the rest is long
 * multiplication with carries. ISO C has no 128-bit integer. */
static void multiply_by_prime(uint64_t *high, uint64_t *low)
{
    uint64_t low_part = (*low & 0xffffffffu) * 0x13b;
    uint64_t high_part = (*low >> 32) * 0x13b + (low_part >> 32);
    uint64_t carry = high_part >> 32;

    *high = *high * 0x13b + carry + (*low << 24);
    *low = (high_part << 32) | (low_part & 0xffffffffu);
}

void hash_hex(struct slice bytes, char hex[HASH_HEX_CHARS + 1])
{
    static const char digits[] = "0123456789abcdef";
    uint64_t high = 0x6c62272e07bb0142u;
    uint64_t low = 0x62b821756295c58du;

    for (size_t i = 0; i < bytes.len; i++) {
        low ^= (unsigned char)bytes.data[i];
        multiply_by_prime(&high, &low);
    }
    for (size_t i = 0; i < 16; i++) {
        hex[i] = digits[(high >> (60 - 4 * i)) & 15];
        hex[i + 16] = digits[(low >> (60 - 4 * i)) & 15];
    }
    hex[HASH_HEX_CHARS] = '\0';
}

uint64_t hash_short(struct slice bytes)
{
    uint64_t hash = 0xcbf29ce484222325u;

    for (size_t i = 0; i < bytes.len; i++)
        hash = (hash ^ (unsigned char)bytes.data[i]) * 0x100000001b3u;
    return hash;
}
