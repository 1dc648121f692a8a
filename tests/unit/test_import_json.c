/* JSON that is imported. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "test_import.h"

static const struct import_format json = { .kind = IMPORT_JSON };

#define HEADER                                                         \
    "1: id|name|address|city|state|country|email|phone|website|notes|" \
    "ended_on|ended_reason\n"

#define NO_MEMBERS                                                        \
    "!0 This object has no text of a supplier. Name its members as in a " \
    "download: \"name\", \"address\", \"city\" and so on."

static void test_lists(void **state)
{
    static const struct {
        const char *file, *expected;
    } files[] = {
        { "[]", HEADER },
        { " [ ] ", HEADER },
        { "\xef\xbb\xbf[\n{\"id\":1,\"version\":null,\"name\":\"A\"},\n"
          "{\"name\":\"B \\\"}{\\\\\",\"notes\":\"x\\ny\",\"id\":null}\n]\n",
          HEADER "2: 1|A||||||||||\n3: |B \"}{\\||||||||x\ny||\n" },
        { "{\"total\":2,\"x\":[{\"suppliers\":[]}],\"y\":\"\\\"suppliers\\\":["
          "\","
          "\"suppliers\" : [{\"name\":\"A\",\"more\":{\"a\":[]}}],\"z\":{}}",
          HEADER "1: |A||||||||||\n" },
        { "[{\"name\":[],\"city\":true},{\"id\":\"7\",\"phone\":5}]",
          HEADER "1: ||||||||||| !2 This must be text in quotes.\n1: "
                 "7|||||||5||||\n" },
        { "[{},\n{\"Name\":\"A\"},\n{\"name\":\"\",\"city\":null},{\"id\":1}]",
          HEADER "1: ||||||||||| " NO_MEMBERS "\n2: ||||||||||| " NO_MEMBERS
                 "\n3: ||||||||||| " NO_MEMBERS "\n3: 1|||||||||||\n" },
        { "[{\"name\":\"\xe9\"}]", NULL },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
        assert_import(&json, slice_of(files[i].file), files[i].expected);
}

static void test_what_is_no_list(void **state)
{
    static const struct {
        const char *file, *words;
    } files[] = {
        { "", "The file has no list of suppliers" },
        { "{}", "The file has no list of suppliers" },
        { "{\"a\\\"suppliers\":[{}]}", "The file has no list of suppliers" },
        { "{\"a\":{\"suppliers\":[{}]}}", "The file has no list of suppliers" },
        { "[", "the file ends too early" },
        { "[{\"name\":\"A\"}", "the file ends too early" },
        { "{\"suppliers\":[]", "the file ends too early" },
        { "[\n1]", "Line 2: a supplier was expected" },
        { "[{\"name\":\"A\"},]", "a supplier was expected" },
        { "[{\"name\":\"A\"}{\"name\":\"B\"}]", "a supplier was expected" },
        { "[,{}]", "a supplier was expected" },
        { "[{\"name\":\"A\"},\n{\n\"name\":}]", "Line 3: " },
        { "[{\"name\":\"A\",\"name\":\"B\"}]", "a name appears twice" },
        { "[{\"name\":\"\\u0000\"}]", "\\u0000" },
        { "[{\"name\":\"\xe9\"}]", "Line 1: " },
        { "[]]", "a closing bracket has no opening one" },
        { "[] x", "around the list of suppliers" },
        { "{\"suppliers\":[]}{}", "around the list of suppliers" },
        { "{\"a\" 5 \"suppliers\":[]}", "around the list of suppliers" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
        assert_import_refused(&json, slice_of(files[i].file), ERROR_SYNTAX,
                              files[i].words);
}

static void test_limits(void **state)
{
    static const struct {
        const char *before, *words;
    } files[] = {
        { "\n[{\"name\":\"", "Line 2: the object that begins here is longer" },
        { "[{\"name\":[[[[", "Line 1: the object that begins here is longer" },
        { "{\"x\":\"", "there is no list of suppliers before this line" },
        { "[]\n[", "or too much text after" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        struct text file;

        text_init(&file, 0);
        text_append_string(&file, files[i].before);
        for (size_t n = 0; n < 65536; n++)
            text_append_string(&file, "[[[[[[[[");
        assert_import_refused(&json, text_slice(&file), ERROR_LIMIT,
                              files[i].words);
        text_free(&file);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lists),
        cmocka_unit_test(test_what_is_no_list),
        cmocka_unit_test(test_limits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
