/* SipHash-2-4: digests that its authors have published, of the bytes 0, 1, 2, …
 * under the key 0, 1, 2, …. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "cafe/base/siphash.h"

static const struct {
    size_t len;
    unsigned char digest[SIPHASH_BYTES];
} published[] = {
    { 0,
      { 0xa3, 0x81, 0x7f, 0x04, 0xba, 0x25, 0xa8, 0xe6, 0x6d, 0xf6, 0x72, 0x14,
        0xc7, 0x55, 0x02, 0x93 } },
    { 1,
      { 0xda, 0x87, 0xc1, 0xd8, 0x6b, 0x99, 0xaf, 0x44, 0x34, 0x76, 0x59, 0x11,
        0x9b, 0x22, 0xfc, 0x45 } },
    { 15,
      { 0x54, 0x93, 0xe9, 0x99, 0x33, 0xb0, 0xa8, 0x11, 0x7e, 0x08, 0xec, 0x0f,
        0x97, 0xcf, 0xc3, 0xd9 } },
};

static void test_published_digests(void **state)
{
    unsigned char bytes[16], digest[SIPHASH_BYTES];

    (void)state;
    for (unsigned char i = 0; i < sizeof(bytes); i++)
        bytes[i] = i;
    for (size_t i = 0; i < sizeof(published) / sizeof(published[0]); i++) {
        struct slice text = { (const char *)bytes, published[i].len };

        siphash(bytes, text, digest);
        assert_memory_equal(digest, published[i].digest, sizeof(digest));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_published_digests),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
