/* Recognising files: kind, encoding, delimiter, guards; and what is no table.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "cafe/import/reader.h"

static struct import_format sniffed(struct slice file)
{
    struct import_format format;
    const char *fault;

    if (import_sniff(file, &format, &fault) != OK)
        fail_msg("%s", fault != NULL ? fault : "out of memory");
    return format;
}

static void test_kinds_and_delimiters(void **state)
{
    static const struct {
        const char *file;
        enum import_kind kind;
        char delimiter;
    } files[] = {
        { "", IMPORT_CSV, ',' },
        { "name\n", IMPORT_CSV, ',' },
        { "id,name\n1;2;3;4\n", IMPORT_CSV, ',' },
        { "name;\"address,city,state\"\n", IMPORT_CSV, ';' },
        { "name\taddress\n", IMPORT_CSV, '\t' },
        { "name|address|city, state\n", IMPORT_CSV, '|' },
        { "sep=|\r\na,b,c\n", IMPORT_CSV, '|' },
        { "\xef\xbb\xbf\"a\nb,\";c\n", IMPORT_CSV, ';' },
        { " \n[{}]", IMPORT_JSON, ',' },
        { "\xef\xbb\xbf{\"suppliers\":[]}", IMPORT_JSON, ',' },
        { "begin:vcard\r\nVERSION:3.0\r\n", IMPORT_VCARD, ',' },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        struct import_format format = sniffed(slice_of(files[i].file));

        assert_int_equal(format.kind, files[i].kind);
        assert_int_equal(format.delimiter, files[i].delimiter);
        assert_false(format.guarded);
    }
}

static void test_charsets(void **state)
{
    static const struct {
        struct slice file;
        enum import_charset charset;
    } files[] = {
        { { "a,b\n", 4 }, IMPORT_UTF_8 },
        { { "Caf\xc3\xa9,b\n", 8 }, IMPORT_UTF_8 },
        { { "Caf\xc3", 4 }, IMPORT_UTF_8 }, /* cut off */
        { { "Caf\xe9,beans\n", 11 }, IMPORT_WINDOWS_1252 },
        { { "\xc3\xa9\xc3\xa9,\xe9,beans", 12 }, IMPORT_UTF_8 }, /* damaged */
        { { "\xef\xbb\xbf\xe9\xe9\xe9\xe9", 7 }, IMPORT_UTF_8 },
        { { "\xff\xfe"
            "a\0",
            4 },
          IMPORT_UTF_16LE },
        { { "\xfe\xff\0a", 4 }, IMPORT_UTF_16BE },
        { { "n\0a\0m\0e\0;\0", 10 }, IMPORT_UTF_16LE },
        { { "\0n\0a\0m\0e\0;", 10 }, IMPORT_UTF_16BE },
        { { "name,a\0ddress,city,state\n", 25 }, IMPORT_UTF_8 },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
        assert_int_equal(sniffed(files[i].file).charset, files[i].charset);
}

/* Far from the beginning is what tells, too. */
static void test_a_late_letter_tells_the_charset(void **state)
{
    struct text file;

    (void)state;
    text_init(&file, 0);
    while (file.len < 3 * IMPORT_SNIFF_BYTES)
        text_append_string(&file, "beans,tea\n");
    text_append_string(&file, "Caf\xe9,tea\n");
    assert_int_equal(sniffed(text_slice(&file)).charset, IMPORT_WINDOWS_1252);
    text_free(&file);
}

static void test_guards(void **state)
{
    static const struct {
        const char *file;
        bool guarded;
    } files[] = {
        { "id,name,phone\n7,Bean,'+44 20\n", true },
        { "\xef\xbb\xbfid,name,phone\r\n7,Bean,'+44 20\r\n", true },
        { "id;name;phone\n7;Bean;'+44 20\n8;Tea;\n", true },
        { "id,name,phone\n7,Bean,+44 20\n", false },
        { "id,name,phone\n7,'=x,+44 20\n", false },
        { "id,name,phone\n7,'s-Gravenhage,\n", false },
        { "Name,Phone\nBean,'+44 20\n", false }, /* not ours */
    };

    (void)state;
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
        assert_int_equal(sniffed(slice_of(files[i].file)).guarded,
                         files[i].guarded);
}

static void test_what_is_no_table(void **state)
{
    static const struct {
        struct slice file;
        const char *words;
    } files[] = {
        { { "PK\x03\x04\x14\x00\x06\x00", 8 }, "CSV UTF-8" },
        { { "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", 8 }, "CSV UTF-8" },
        { { "\x1f\x8b\x08\x00", 4 }, "Unpack it" },
        { { "\xfd\x37zXZ\x00", 6 }, "Unpack it" },
        { { "%PDF-1.7\n", 9 }, "Copy the table" },
        { { "\xef\xbb\xbf\n<html>", 10 }, "Copy the table" },
    };
    struct import_format format;
    const char *fault;

    (void)state;
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        assert_int_equal(import_sniff(files[i].file, &format, &fault),
                         ERROR_SYNTAX);
        assert_non_null(strstr(fault, files[i].words));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kinds_and_delimiters),
        cmocka_unit_test(test_charsets),
        cmocka_unit_test(test_a_late_letter_tells_the_charset),
        cmocka_unit_test(test_guards),
        cmocka_unit_test(test_what_is_no_table),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
