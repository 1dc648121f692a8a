/* Accept-Encoding and Accept: the client's weights decide. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cafe/html/encoding.h"

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
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        if (encoding_choose(slice_of(cases[i].field)) != cases[i].encoding)
            fail_msg("'%s' gives %s", cases[i].field,
                     encoding_name(encoding_choose(slice_of(cases[i].field))));
    }
}

/* Clients that prefer JSON to plain text. */
static const struct {
    const char *field; /* NULL: absent */
    bool json;
} accepted[] = {
    { NULL, false },
    { "", false },
    { "*/*", false },
    { "text/html,application/xhtml+xml,*/*;q=0.8", false },
    { "text/plain", false },
    { "application/json", true },
    { "APPLICATION/Json", true },
    { "application/json, text/plain, */*", true },
    { "text/plain, application/json", false },
    { "application/json, */*", true },
    { "*/*, application/json", true },
    { "text/plain;q=0.5, application/json;q=0.6", true },
    { "text/plain;q=0.6, application/json;q=0.5", false },
    { "application/json;charset=utf-8;q=0.4, text/*;q=0.3", true },
    { "application/*", true },
    { "application/*, text/*", true },
    { "application/json;q=0, */*", false },
    { "text/plain;q=0, */*", true },
    { "application/json;q=2, text/plain;q=0.1", false },
    { "application/json-seq", false },
    { "application/json;q=", false },
    { ",;,application/json,", true },
};

static void test_media_types(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(accepted) / sizeof(accepted[0]); i++) {
        if (accept_prefers(slice_of(accepted[i].field), "application/json",
                           "text/plain") != accepted[i].json)
            fail_msg("'%s' is taken for the other", accepted[i].field);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_cases),
                                        cmocka_unit_test(test_media_types) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
