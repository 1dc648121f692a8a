/* Reads a file row by row: decodes its bytes, and passes them to the reader of
 * its kind. */
#include "cafe/import/reader.h"

#include <stdlib.h>
#include <string.h>

#include "csv_reader.h"
#include "decode.h"
#include "json_reader.h"
#include "rows.h"
#include "vcard_reader.h"

struct import_reader {
    struct decoder decoder;
    struct text text; /* a piece, decoded */
    struct import_rows rows;
    uint64_t lines; /* line breaks so far, for messages */
    enum import_kind kind;
    struct csv_reader_state *csv; /* one of these */
    struct vcard_reader_state *vcard;
    struct json_reader_state *json;
};

static bool open_kind(struct import_reader *reader, char delimiter)
{
    switch (reader->kind) {
    case IMPORT_CSV:
        reader->csv = csv_reader_open(&reader->rows, delimiter);
        return reader->csv != NULL;
    case IMPORT_VCARD:
        reader->vcard = vcard_reader_open(&reader->rows);
        return reader->vcard != NULL;
    case IMPORT_JSON:
        reader->json = json_reader_open(&reader->rows);
        return reader->json != NULL;
    }
    return false;
}

static enum error feed_kind(struct import_reader *reader, struct slice text)
{
    switch (reader->kind) {
    case IMPORT_CSV:
        return csv_reader_feed(reader->csv, text);
    case IMPORT_VCARD:
        return vcard_reader_feed(reader->vcard, text);
    case IMPORT_JSON:
        return json_reader_feed(reader->json, text);
    }
    return OK;
}

static enum error finish_kind(struct import_reader *reader)
{
    switch (reader->kind) {
    case IMPORT_CSV:
        return csv_reader_finish(reader->csv);
    case IMPORT_VCARD:
        return vcard_reader_finish(reader->vcard);
    case IMPORT_JSON:
        return json_reader_finish(reader->json);
    }
    return OK;
}

enum error import_reader_open(const struct import_format *format,
                              import_row_fn *row, void *context,
                              struct import_reader **reader)
{
    struct import_reader *self = calloc(1, sizeof(*self));

    if (self == NULL)
        return ERROR_MEMORY;
    self->decoder.charset = format->charset;
    text_init(&self->text, 0);
    rows_init(&self->rows, row, context);
    self->rows.guarded = format->guarded && format->kind == IMPORT_CSV;
    self->kind = format->kind;
    if (!open_kind(self, format->delimiter)) {
        import_reader_close(self);
        return ERROR_MEMORY;
    }
    *reader = self;
    return OK;
}

/* Texts have no NUL: what has one is another kind of file, or damaged. */
static enum error refuse_nul(struct import_reader *reader)
{
    return rows_refuse(
        &reader->rows, ERROR_SYNTAX,
        "Line %llu of the file has a NUL character. The file is not text, has "
        "another encoding or is damaged: save it again as CSV UTF-8.",
        (unsigned long long)reader->lines + 1);
}

/* Pass on what was decoded, up to a NUL. */
static enum error read_text(struct import_reader *reader)
{
    struct slice text = text_slice(&reader->text);
    const char *nul = text.len > 0 ? memchr(text.data, '\0', text.len) : NULL;
    enum error err;

    if (reader->text.failed)
        return rows_refuse(&reader->rows, ERROR_MEMORY, "out of memory");
    if (nul != NULL)
        text.len = (size_t)(nul - text.data);
    for (size_t i = 0; i < text.len; i++)
        reader->lines += text.data[i] == '\n';
    err = feed_kind(reader, text);
    if (err == OK && nul != NULL)
        err = refuse_nul(reader);
    text_reset(&reader->text);
    return err;
}

enum error import_reader_feed(struct import_reader *reader, struct slice bytes)
{
    while (bytes.len > 0 && reader->rows.err == OK) {
        size_t len = bytes.len < DECODE_PIECE_BYTES ? bytes.len
                                                    : DECODE_PIECE_BYTES;

        decoder_feed(&reader->decoder, (struct slice){ bytes.data, len },
                     &reader->text);
        (void)!read_text(reader);
        bytes = (struct slice){ bytes.data + len, bytes.len - len };
    }
    return reader->rows.err;
}

enum error import_reader_finish(struct import_reader *reader)
{
    enum error err = reader->rows.err;

    if (err != OK)
        return err;
    decoder_finish(&reader->decoder, &reader->text);
    err = read_text(reader);
    if (err == OK)
        err = finish_kind(reader);
    if (err == OK && reader->rows.columns == 0)
        return rows_refuse(
            &reader->rows, ERROR_SYNTAX,
            "The file is empty. Its first row must contain the column names.");
    return err;
}

const char *import_reader_fault(const struct import_reader *reader)
{
    return reader->rows.err != OK ? text_string(&reader->rows.said) : NULL;
}

uint64_t import_reader_rows(const struct import_reader *reader)
{
    return reader->rows.rows;
}

void import_reader_close(struct import_reader *reader)
{
    if (reader == NULL)
        return;
    csv_reader_close(reader->csv);
    vcard_reader_close(reader->vcard);
    json_reader_close(reader->json);
    rows_free(&reader->rows);
    text_free(&reader->text);
    free(reader);
}
