/* Imported files: rows are valid UTF-8 and have as many cells as the header,
 * and are the same however the bytes were split; a file that can't be read has
 * a reason. The first byte chooses the format, or that it is recognised, the
 * second one the splits. */
#include "cafe/base/utf8.h"
#include "cafe/import/mapping.h"
#include "fuzz.h"

/* What was read, as one text. */
struct reading {
    struct text out;
    size_t columns;
    unsigned char targets[IMPORT_COLUMNS_MAX];
};

static void check_record(const struct reading *reading,
                         const struct import_row *row)
{
    struct arena *arena = arena_open(0);
    struct import_record record;

    CHECK(arena != NULL);
    CHECK(import_map_row(arena, reading->targets, row, &record) == OK);
    for (size_t f = 0; f < SUPPLIER_FIELDS; f++)
        CHECK(utf8_valid(record.fields[f]));
    (void)import_map_fault(arena, row->cells, row->count, reading->targets);
    arena_close(arena);
}

static enum error take_row(void *context, const struct import_row *row)
{
    struct reading *reading = context;

    CHECK(row->header == (reading->columns == 0));
    if (row->header) {
        reading->columns = row->count;
        CHECK(row->count > 0 && row->count <= IMPORT_COLUMNS_MAX);
        CHECK(import_map_headers(row->cells, row->count, reading->targets) ==
              OK);
    }
    CHECK(row->count == reading->columns);
    CHECK(row->fault_column <= IMPORT_COLUMNS_MAX);
    text_append_number(&reading->out, row->number);
    for (size_t i = 0; i < row->count; i++) {
        CHECK(utf8_valid(row->cells[i]));
        CHECK(row->cells[i].len == 0 ||
              memchr(row->cells[i].data, '\0', row->cells[i].len) == NULL);
        CHECK(reading->targets[i] < IMPORT_TARGETS);
        text_append_char(&reading->out, '|');
        text_append_slice(&reading->out, row->cells[i]);
    }
    if (row->fault != NULL)
        text_append_string(&reading->out, row->fault);
    check_record(reading, row);
    return OK;
}

static void read_in(const struct import_format *format, struct slice file,
                    size_t step, struct reading *reading)
{
    struct import_reader *reader;
    enum error err = OK;

    *reading = (struct reading){ 0 };
    text_init(&reading->out, 0);
    CHECK(import_reader_open(format, take_row, reading, &reader) == OK);
    while (file.len > 0 && err == OK) {
        size_t len = file.len < step ? file.len : step;

        err = import_reader_feed(reader, (struct slice){ file.data, len });
        file = (struct slice){ file.data + len, file.len - len };
    }
    if (err == OK)
        err = import_reader_finish(reader);
    CHECK(err == OK || err == ERROR_SYNTAX || err == ERROR_LIMIT);
    if (err != OK) {
        const char *fault = import_reader_fault(reader);

        CHECK(fault[0] != '\0' && utf8_valid(slice_of(fault)));
        text_append_string(&reading->out, fault);
    }
    import_reader_close(reader);
}

/* What is recognised can be read, too. */
static struct import_format choose_format(unsigned choice, struct slice file)
{
    struct import_format format;
    const char *fault;
    enum error err = import_sniff(file, &format, &fault);

    CHECK(err == (fault == NULL ? OK : ERROR_SYNTAX));
    CHECK(strchr(",;\t|", format.delimiter) != NULL);
    CHECK(import_charset_name(format.charset)[0] != '\0');
    if (choice % 4 == 3)
        return format;
    format.kind = (enum import_kind)(choice % 4);
    format.charset = (enum import_charset)(choice / 4 % 4);
    format.delimiter = ",;\t|"[choice / 16 % 4];
    format.guarded = choice / 64 % 2 == 1;
    return format;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice file = fuzz_slice(data, size);
    unsigned choice = fuzz_take(&file);
    size_t step = fuzz_take(&file) % 16 + 1;
    struct import_format format = choose_format(choice, file);
    struct reading whole, pieces;

    read_in(&format, file, file.len > 0 ? file.len : 1, &whole);
    read_in(&format, file, step, &pieces);
    CHECK(slice_equal(text_slice(&whole.out), text_slice(&pieces.out)));
    text_free(&whole.out);
    text_free(&pieces.out);
    return 0;
}
