/* The API: what is read as a cursor or a revision is one, and any texts make a
 * supplier that is one JSON object. */
#include "cafe/base/utf8.h"
#include "cafe/suppliers/cursor.h"
#include "cafe/suppliers/revision.h"
#include "cafe/suppliers/supplier_json.h"
#include "fuzz.h"
#include "json.h"

static bool has_replacement(struct slice text)
{
    return memmem(text.data, text.len, "\xef\xbf\xbd", 3) != NULL;
}

/* Written again it is the same, byte by byte. */
static void check_read(struct slice cursor)
{
    struct text again;
    int32_t id = 0;

    if (cursor_read(cursor, &id) != OK)
        return;
    text_init(&again, 0);
    cursor_write(&again, id);
    CHECK(slice_equal(text_slice(&again), cursor));
    text_free(&again);
}

static void check_revision(struct slice spelled)
{
    struct revision revision;
    struct text again;

    if (revision_parse(spelled, &revision) != OK)
        return;
    CHECK(revision.at_us >= 0);
    text_init(&again, 0);
    revision_write(&again, &revision);
    CHECK(slice_equal(text_slice(&again), spelled));
    text_free(&again);
}

static void check_written(int32_t id)
{
    struct text cursor;
    int32_t again = ~id;

    text_init(&cursor, 0);
    cursor_write(&cursor, id);
    CHECK(cursor_read(text_slice(&cursor), &again) == OK && again == id);
    text_free(&cursor);
}

/* Without raw control characters, line ends least of all. */
static void check_bytes(struct slice json)
{
    for (size_t i = 0; i < json.len; i++) {
        unsigned char byte = (unsigned char)json.data[i];

        CHECK(byte >= 0x20 && byte != 0x7f);
        CHECK(byte != 0xc2 || (unsigned char)json.data[i + 1] >= 0xa0);
    }
}

static void check_supplier(const struct supplier *supplier, bool clear)
{
    struct slice json;
    struct text out;

    text_init(&out, 0);
    supplier_json(&out, supplier);
    json = text_slice(&out);
    CHECK(!out.failed && json.len > 0);
    CHECK(json.data[0] == '{' && json.data[json.len - 1] == '}');
    if (!json_valid(json)) {
        fprintf(stderr, "%.*s\n", (int)json.len, json.data);
        FAIL("the supplier is JSON");
    }
    check_bytes(json);
    CHECK(!clear || !has_replacement(json));
    text_free(&out);
}

/* Four bytes of an id, a line that may be a cursor or a revision, and lines for
 * fields. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice input = fuzz_slice(data, size);
    struct supplier supplier = { 0 };
    bool clear = !has_replacement(input);
    uint32_t bits = 0;
    struct slice line;

    for (size_t i = 0; i < 4; i++)
        bits = bits << 8 | fuzz_take(&input);
    check_written((int32_t)bits);
    line = slice_cut(&input, '\n');
    check_read(line);
    check_revision(line);
    supplier.id = (int32_t)bits;
    supplier.revision = bits / 2;
    supplier.changed_us = bits;
    for (size_t f = 0; f < SUPPLIER_FIELDS; f++) {
        supplier.fields[f] = f == SUPPLIER_NOTES ? input
                                                 : slice_cut(&input, '\n');
        clear = clear && utf8_valid(supplier.fields[f]);
    }
    check_supplier(&supplier, clear);
    return 0;
}
