/* Accept-Encoding: the client's weights decide. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cafe/encoding.h"

static const struct {
    const char *field; /* NULL: absent */
    enum encoding encoding;
} cases[] = {
    { NULL, ENCODING_IDENTITY },
    { "", ENCODING_IDENTITY },
    { "gzip, deflate, br", ENCODING_BROTLI },
    { "gzip, deflate", ENCODING_GZIP },
    { "deflate", ENCODING_IDENTITY },
    { "GZIP", ENCODING_GZIP },
    { "x-gzip", ENCODING_GZIP },
    { "*", ENCODING_BROTLI },
    { "br;q=0, *", ENCODING_GZIP },
    { "br;q=0.5, gzip;q=0.8", ENCODING_GZIP },
    { "br ; q=0.9,gzip;q=0.8", ENCODING_BROTLI },
    { "gzip;q=0", ENCODING_IDENTITY },
    { "*;q=0", ENCODING_IDENTITY },
    { "identity;q=1, br;q=0.5", ENCODING_IDENTITY },
    { "identity;q=0.5, br;q=0.5", ENCODING_BROTLI },
    { "br;q=1.001", ENCODING_IDENTITY },
    { "br;q=2", ENCODING_IDENTITY },
    { "br;q=", ENCODING_IDENTITY },
    { "br;x=1", ENCODING_IDENTITY },
    { "br;q=0.1234", ENCODING_IDENTITY },
    { ",, ,br", ENCODING_BROTLI },
    { ";q=1", ENCODING_IDENTITY },
};

static void test_cases(void **state)
{
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        if (encoding_choose(slice_of(cases[i].field)) != cases[i].encoding)
            fail_msg("'%s' gives %s", cases[i].field,
                     encoding_name(encoding_choose(slice_of(cases[i].field))));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_cases) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
