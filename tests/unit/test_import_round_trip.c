/* What we export comes back as it was: suppliers with every kind of text that
 * the form takes, in each format. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "cafe/base/json.h"
#include "cafe/import/mapping.h"
#include "cafe/suppliers/csv.h"
#include "cafe/suppliers/supplier_json.h"
#include "cafe/suppliers/vcard.h"

enum { SUPPLIERS = 2000, PIECES_MAX = 6 };

/* What formats, spreadsheets and readers of them stumble over. */
static const char *const pieces[] = {
    "Bean", "caf\u00e9", "\u0141\u00f3d\u017a", "\u6f22\u5b57", "\U0001F400",
    "'", "''", "\"", "\"\"", "=", "+", "-", "@", "#N/A", "TRUE", "0044", "1/2",
    "Mar 4", "1E5", "12:30", ",", ";", "|", ":", "\\", "\\n", "\\,", "\\;", " ",
    "  ", "\u00a0", "\u200d", "e\u0301", "{", "}", "[", "]", "BEGIN:VCARD",
    "END:VCARD", "sep=;", "PK", "<b>", "&amp;", "%2C", "\ufeff", "\uff1d",
    "Caf\u00e9 \u2028", "(no name)", "null",
    /* of notes alone */
    "\n", "\n\n", "\t", "\r\n", "\n ", "- beans\n- tea\n"
};

enum { PIECES = sizeof(pieces) / sizeof(pieces[0]), PIECES_OF_NOTES = 6 };

static const char *const emails[] = { "",
                                      "a@b",
                                      "=x@b.example",
                                      "'q@b.example",
                                      "\u0142@\u00e9.example",
                                      "a+b;c@d.example",
                                      "\"a,b\"@c.example" };
static const char *const phones[] = { "+44 (0)20 7946 0958",
                                      "0044 20 7946",
                                      "555-0100 ext. 12",
                                      "(0221) 555 0100",
                                      "+1.802.555.0101",
                                      "+49 (0) 221 5550100 x7",
                                      "5550100" };
static const char *const websites[] = {
    "", "https://www.example.com/\u0142?a=1,2;3", "http://a/#'x",
    "https://example.com/%2C(x)"
};

/* The same numbers in each run (Numerical Recipes' ranqd1). */
static unsigned draw(uint32_t *seed, size_t below)
{
    *seed = *seed * 1664525 + 1013904223;
    return (unsigned)((*seed >> 8) % below);
}

static struct slice draw_text(struct arena *arena, uint32_t *seed, bool notes)
{
    size_t among = notes ? PIECES : PIECES - PIECES_OF_NOTES;
    struct slice copy;
    struct text text;

    text_init(&text, 0);
    for (unsigned n = draw(seed, PIECES_MAX) + (notes ? 0 : 1); n > 0; n--)
        text_append_string(&text, pieces[draw(seed, among)]);
    copy = arena_slice(arena, text_slice(&text));
    text_free(&text);
    return copy;
}

static const char *const dates[] = { "", "", "2026-11-20", "2024-02-29" };

#define DRAW(seed, texts) \
    slice_of((texts)[draw(seed, sizeof(texts) / sizeof((texts)[0]))])

static struct slice draw_field(struct arena *arena, uint32_t *seed,
                               enum supplier_field field)
{
    switch (field) {
    case SUPPLIER_EMAIL:
        return DRAW(seed, emails);
    case SUPPLIER_PHONE:
        return DRAW(seed, phones);
    case SUPPLIER_WEBSITE:
        return DRAW(seed, websites);
    case SUPPLIER_ENDED_ON:
        return DRAW(seed, dates);
    default:
        return draw_text(arena, seed, field == SUPPLIER_NOTES);
    }
}

/* As a form gives them. */
static void tidy(struct arena *arena, const struct slice *texts,
                 struct supplier *supplier)
{
    struct form_field fields[SUPPLIER_FIELDS];
    struct form form = { .fields = fields, .count = SUPPLIER_FIELDS };

    for (size_t f = 0; f < SUPPLIER_FIELDS; f++)
        fields[f] =
            (struct form_field){ slice_of(supplier_columns[f].name), texts[f] };
    assert_int_equal(supplier_from_form(arena, &form, supplier), OK);
}

/* One that the form takes. */
static void draw_supplier(struct arena *arena, uint32_t *seed,
                          struct supplier *supplier)
{
    struct supplier_faults faults;
    struct slice texts[SUPPLIER_FIELDS];

    do {
        for (enum supplier_field f = 0; f < SUPPLIER_FIELDS; f++)
            texts[f] = draw_field(arena, seed, f);
        tidy(arena, texts, supplier);
        supplier_check(arena, supplier, &faults);
    } while (faults.count > 0);
}

struct trip {
    struct arena *arena;   /* of the suppliers */
    struct arena *scratch; /* of one row */
    struct supplier *suppliers;
    enum import_kind kind;
    size_t next;
    unsigned char targets[IMPORT_COLUMNS_MAX];
};

/* The next row is the next supplier. */
static enum error expect_supplier(void *context, const struct import_row *row)
{
    struct trip *trip = context;
    const struct supplier *supplier;
    struct import_record record;
    struct supplier read;
    int64_t id;

    if (row->header)
        return import_map_headers(row->cells, row->count, trip->targets);
    assert_null(row->fault);
    assert_true(trip->next < SUPPLIERS);
    supplier = &trip->suppliers[trip->next++];
    arena_reset(trip->scratch);
    assert_int_equal(import_map_row(trip->scratch, trip->targets, row, &record),
                     OK);
    assert_int_equal(slice_id(record.id, &id), OK);
    assert_true(id == supplier->id);
    tidy(trip->scratch, record.fields, &read);
    for (enum supplier_field f = 0; f < SUPPLIER_FIELDS; f++)
        if (!import_same(trip->scratch, trip->kind, f, supplier->fields[f],
                         read.fields[f]))
            fail_msg("supplier %lld, %s: \"%.*s\" came back as \"%.*s\"",
                     (long long)id, supplier_columns[f].name,
                     (int)supplier->fields[f].len, supplier->fields[f].data,
                     (int)read.fields[f].len, read.fields[f].data);
    return OK;
}

static void expect_back(struct trip *trip, const struct text *file,
                        enum import_kind kind, bool guarded)
{
    struct import_format format;
    struct import_reader *reader;
    const char *fault;

    assert_false(file->failed);
    assert_int_equal(import_sniff(text_slice(file), &format, &fault), OK);
    assert_int_equal(format.kind, kind);
    assert_int_equal(format.charset, IMPORT_UTF_8);
    assert_int_equal(format.delimiter, ',');
    assert_int_equal(format.guarded, guarded);
    trip->kind = kind;
    trip->next = 0;
    assert_int_equal(
        import_reader_open(&format, expect_supplier, trip, &reader), OK);
    if (import_reader_feed(reader, text_slice(file)) != OK ||
        import_reader_finish(reader) != OK)
        fail_msg("%s", import_reader_fault(reader));
    assert_int_equal(trip->next, SUPPLIERS);
    import_reader_close(reader);
}

static int set_up(void **state)
{
    struct arena *arena = arena_open(0);
    struct trip *trip = arena_alloc(arena, sizeof(*trip));
    uint32_t seed = 18;

    trip->arena = arena;
    trip->scratch = arena_open(0);
    trip->suppliers = arena_alloc(arena, SUPPLIERS * sizeof(struct supplier));
    for (size_t i = 0; i < SUPPLIERS; i++) {
        struct supplier *supplier = &trip->suppliers[i];

        draw_supplier(arena, &seed, supplier);
        supplier->id = i % 7 == 0 ? -(int64_t)i - 1 : (int64_t)i + 1;
        supplier->directory_us = 1795423398250000;
        supplier->revision = i + 1;
        supplier->changed_us = 1795423398250000;
    }
    *state = trip;
    return 0;
}

static int tear_down(void **state)
{
    struct trip *trip = *state;

    arena_close(trip->scratch);
    arena_close(trip->arena);
    return 0;
}

static void test_csv_comes_back(void **state)
{
    struct trip *trip = *state;

    for (enum csv_reader reader = CSV_PROGRAM; reader <= CSV_SPREADSHEET;
         reader++) {
        struct text file;

        text_init(&file, 0);
        csv_head(&file, reader);
        for (size_t i = 0; i < SUPPLIERS; i++)
            csv_record(&file, reader, &trip->suppliers[i]);
        expect_back(trip, &file, IMPORT_CSV, reader == CSV_SPREADSHEET);
        text_free(&file);
    }
}

static void test_cards_come_back(void **state)
{
    struct trip *trip = *state;

    for (enum vcard_version version = VCARD_3; version <= VCARD_4; version++) {
        struct text file;

        text_init(&file, 0);
        for (size_t i = 0; i < SUPPLIERS; i++) {
            struct slice *fields = trip->suppliers[i].fields;

            /* A contact does not say whether its supplier still supplies. */
            fields[SUPPLIER_ENDED_ON] = SLICE("");
            fields[SUPPLIER_ENDED_REASON] = SLICE("");
            vcard_append(&file, &trip->suppliers[i], version, trip->scratch);
        }
        expect_back(trip, &file, IMPORT_VCARD, false);
        text_free(&file);
    }
}

static void test_json_comes_back(void **state)
{
    struct trip *trip = *state;
    struct text file;

    text_init(&file, 0);
    json_array(&file, NULL);
    for (size_t i = 0; i < SUPPLIERS; i++)
        supplier_json(&file, &trip->suppliers[i]);
    json_array_end(&file);
    expect_back(trip, &file, IMPORT_JSON, false);
    text_free(&file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_csv_comes_back),
        cmocka_unit_test(test_cards_come_back),
        cmocka_unit_test(test_json_comes_back),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
