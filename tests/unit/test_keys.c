/* Keys as texts: made, recognised, their digests and names. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "cafe/service/keys.h"

static void test_a_made_key_is_one_and_no_two_are_the_same(void **state)
{
    char one[KEY_TEXT_BYTES], other[KEY_TEXT_BYTES];

    (void)state;
    assert_int_equal(key_make(one), OK);
    assert_int_equal(key_make(other), OK);
    assert_int_equal(strlen(one), KEY_TEXT_BYTES - 1);
    assert_true(key_valid(slice_of(one)) && key_valid(slice_of(other)));
    assert_string_not_equal(one, other);
}

static void test_no_other_text_is_a_key(void **state)
{
    static const unsigned char others[] = {
        'g', 'A', ' ', '\0', '/', ':', 255
    };
    char key[KEY_TEXT_BYTES];

    (void)state;
    assert_int_equal(key_make(key), OK);
    assert_false(key_valid((struct slice){ key, KEY_TEXT_BYTES - 2 }));
    assert_false(key_valid((struct slice){ key, KEY_TEXT_BYTES }));
    assert_false(key_valid((struct slice){ NULL, 0 }));
    for (size_t i = 0; i < KEY_TEXT_BYTES - 1; i++) {
        for (size_t j = 0; j < sizeof(others); j++) {
            char before = key[i];

            key[i] = (char)others[j];
            assert_false(key_valid((struct slice){ key, sizeof(key) - 1 }));
            key[i] = before;
        }
    }
}

/* FIPS 180-4's example, and that of nothing. */
static void test_the_digest_is_sha_256(void **state)
{
    struct key_digest digest;

    (void)state;
    assert_int_equal(key_digest(slice_of("abc"), &digest), OK);
    assert_string_equal(digest.hex, "ba7816bf8f01cfea414140de5dae2223b00361a396"
                                    "177a9cb410ff61f20015ad");
    assert_int_equal(key_digest(slice_of(""), &digest), OK);
    assert_string_equal(digest.hex, "e3b0c44298fc1c149afbf4c8996fb92427ae41e464"
                                    "9b934ca495991b7852b855");
}

static void test_names(void **state)
{
    char longest[KEY_NAME_MAX_BYTES + 2];

    (void)state;
    memset(longest, 'n', sizeof(longest) - 1);
    longest[KEY_NAME_MAX_BYTES + 1] = '\0';
    assert_false(key_name_valid(slice_of(longest)));
    longest[KEY_NAME_MAX_BYTES] = '\0';
    assert_true(key_name_valid(slice_of(longest)));
    assert_true(key_name_valid(slice_of("Kasse 4 (Łódź)")));
    assert_false(key_name_valid(slice_of("")));
    assert_false(key_name_valid(slice_of("a\tb")));
    assert_false(key_name_valid(slice_of("\xff")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_made_key_is_one_and_no_two_are_the_same),
        cmocka_unit_test(test_no_other_text_is_a_key),
        cmocka_unit_test(test_the_digest_is_sha_256),
        cmocka_unit_test(test_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
