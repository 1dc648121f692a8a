/* Cards of suppliers: vCard 4.0 (RFC 6350). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "cafe/base/utf8.h"
#include "cafe/suppliers/vcard.h"
#include "test_downloads.h"

static void write_cards(struct text *out, enum vcard_version version)
{
    struct arena *scratch = arena_open(0);

    assert_non_null(scratch);
    text_init(out, 0);
    for (size_t i = 0; i < SAMPLES; i++) {
        struct supplier supplier = sample(i);

        supplier.directory_us = 1795423398250001;
        vcard_append(out, &supplier, version, scratch);
    }
    arena_close(scratch);
}

static void test_golden(void **state)
{
    struct text out;

    (void)state;
    write_cards(&out, VCARD_4);
    assert_golden(&out, "suppliers.vcf");
    text_free(&out);
    write_cards(&out, VCARD_3);
    assert_golden(&out, "suppliers-3.vcf");
    text_free(&out);
}

/* RFC 6350 3.2: lines of 75 octets at most, no character in two of them. */
static void test_lines(void **state)
{
    struct text out;

    (void)state;
    write_cards(&out, VCARD_4);
    for (struct slice rest = text_slice(&out); rest.len > 0;) {
        struct slice line = slice_cut(&rest, '\n');

        assert_true(line.len > 1 && line.len <= 76);
        assert_int_equal(line.data[line.len - 1], '\r');
        assert_true(utf8_valid(line));
    }
    text_free(&out);
}

/* Rows that other programs wrote may hold anything. */
static void test_faulty_bytes_end(void **state)
{
    char faulty[500];
    struct supplier supplier = { .id = 7 };
    struct arena *scratch = arena_open(0);
    struct text out;

    (void)state;
    memset(faulty, 0x80, sizeof(faulty));
    for (size_t f = 0; f < SUPPLIER_FIELDS; f++)
        supplier.fields[f] = (struct slice){ faulty, sizeof(faulty) };
    text_init(&out, 0);
    vcard_append(&out, &supplier, VCARD_4, scratch);
    for (struct slice rest = text_slice(&out); rest.len > 0;)
        assert_true(slice_cut(&rest, '\n').len <= 76);
    text_free(&out);
    arena_close(scratch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden),
        cmocka_unit_test(test_lines),
        cmocka_unit_test(test_faulty_bytes_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
