/* Recognises the format of a file by its bytes. */
#include <string.h>

#include "cafe/base/utf8.h"
#include "cafe/import/reader.h"
#include "cafe/suppliers/csv.h"
#include "cafe/suppliers/supplier.h"
#include "decode.h"

static const char workbook[] =
    "This is a workbook or an archive, not a table of text. Open it in a "
    "spreadsheet program, choose “Save As” and the type “CSV UTF-8 (comma "
    "delimited)”, and import that file.";
static const char packed[] =
    "This file is compressed. Unpack it and import the file inside.";
static const char document[] =
    "This is a document, not a table. Copy the table into a spreadsheet, save "
    "that as “CSV UTF-8 (comma delimited)”, and import that file.";

/* What other files begin with. */
static const struct signature {
    const char *bytes;
    const char *fault;
} signatures[] = {
    { "PK\x03\x04", workbook },       /* .xlsx, .ods, .numbers, .zip */
    { "PK\x05\x06", workbook },       /* an empty one */
    { "\xd0\xcf\x11\xe0", workbook }, /* .xls */
    { "\x1f\x8b", packed },           /* gzip */
    { "BZh", packed },                /* bzip2 */
    { "\xfd\x37zXZ", packed },        /* xz */
    { "7z\xbc\xaf", packed },         /* 7-Zip */
    { "Rar!", packed },               /* RAR */
    { "\x28\xb5\x2f\xfd", packed },   /* Zstandard */
    { "%PDF-", document },            /* PDF */
    { "{\\rtf", document },           /* RTF */
    { "<", document },                /* HTML, XML */
};

const char *import_charset_name(enum import_charset charset)
{
    switch (charset) {
    case IMPORT_UTF_8:
        return "UTF-8";
    case IMPORT_UTF_16LE:
        return "UTF-16 (little-endian)";
    case IMPORT_UTF_16BE:
        return "UTF-16 (big-endian)";
    case IMPORT_WINDOWS_1252:
        return "Windows-1252";
    }
    return "";
}

/* UTF-16 without a BOM: the first bytes of its letters, or the second ones, are
 * mostly 0. */
static bool sniff_utf_16(struct slice start, enum import_charset *charset)
{
    size_t zeros[2] = { 0, 0 };

    for (size_t i = 0; i < start.len; i++)
        zeros[i % 2] += start.data[i] == '\0';
    if (zeros[0] == zeros[1] || zeros[0] + zeros[1] < start.len / 8 + 1)
        return false;
    *charset = zeros[0] > zeros[1] ? IMPORT_UTF_16BE : IMPORT_UTF_16LE;
    return true;
}

/* Without a BOM: UTF-8, unless more is faulty than not. A sequence that is cut
 * off at the end counts for neither. */
static enum import_charset sniff_bytes(struct slice bytes)
{
    size_t sequences = 0, faulty = 0;

    while (bytes.len > 0) {
        size_t len = (unsigned char)bytes.data[0] < 0x80
                         ? 1 /* most are: it is faster */
                         : utf8_sequence_len(bytes);

        sequences += len > 1;
        faulty += len == 0 && bytes.len >= 4;
        len = len > 0 ? len : 1;
        bytes = (struct slice){ bytes.data + len, bytes.len - len };
    }
    return faulty > sequences ? IMPORT_WINDOWS_1252 : IMPORT_UTF_8;
}

static enum import_charset sniff_charset(struct slice bytes)
{
    struct slice start = bytes;
    enum import_charset charset;

    if (slice_starts(bytes, "\xef\xbb\xbf"))
        return IMPORT_UTF_8;
    if (slice_starts(bytes, "\xff\xfe"))
        return IMPORT_UTF_16LE;
    if (slice_starts(bytes, "\xfe\xff"))
        return IMPORT_UTF_16BE;
    if (start.len > IMPORT_SNIFF_BYTES)
        start.len = IMPORT_SNIFF_BYTES;
    if (sniff_utf_16(start, &charset))
        return charset;
    return sniff_bytes(bytes);
}

/* The delimiter that is most often in the first line, outside quotes. */
static char sniff_delimiter(struct slice text)
{
    static const char delimiters[] = ",;\t|";
    size_t counts[sizeof(delimiters)] = { 0 };
    size_t best = 0;
    bool quoted = false;

    text = slice_trim(text);
    if (slice_starts(text, "sep=") && text.len > 4 &&
        byte_is_in(text.data[4], delimiters))
        return text.data[4];
    for (size_t i = 0; i < text.len; i++) {
        const char *found = strchr(delimiters, text.data[i]);

        quoted ^= text.data[i] == '"';
        if (!quoted && (text.data[i] == '\n' || text.data[i] == '\r'))
            break;
        if (!quoted && text.data[i] != '\0' && found != NULL)
            counts[found - delimiters]++;
    }
    for (size_t i = 1; i < sizeof(delimiters) - 1; i++)
        if (counts[i] > counts[best])
            best = i;
    return delimiters[best];
}

/* Whether texts of our own table are guarded. */
struct guards {
    bool ours;                       /* the header has "id" and "name" */
    bool looked[IMPORT_COLUMNS_MAX]; /* a column of texts that are guarded */
    size_t guarded, bare;
};

static void look_at_header(struct guards *guards, const struct import_row *row)
{
    bool id = false;

    for (size_t i = 0; i < row->count; i++) {
        id |= slice_is(row->cells[i], "id");
        for (size_t f = 0; f < SUPPLIER_FIELDS; f++)
            guards->looked[i] |=
                slice_is(row->cells[i], supplier_columns[f].name);
        guards->ours |= slice_is(row->cells[i], "name");
    }
    guards->ours &= id;
}

static enum error look_at_row(void *context, const struct import_row *row)
{
    struct guards *guards = context;

    if (row->header)
        look_at_header(guards, row);
    for (size_t i = 0; i < row->count && guards->ours; i++) {
        struct slice cell = row->cells[i];

        if (!guards->looked[i] || row->header)
            continue;
        guards->guarded += csv_unguard(cell).len < cell.len;
        guards->bare += csv_is_guarded(cell) && cell.data[0] != '\'';
    }
    return guards->ours ? OK : ERROR_NOT_FOUND;
}

/* Saved again, the file for spreadsheets has lost its BOM or its commas: only
 * its texts tell. */
static enum error sniff_guards(struct slice start, struct import_format *format)
{
    struct guards guards = { 0 };
    struct import_reader *reader;
    enum error err = import_reader_open(format, look_at_row, &guards, &reader);

    if (err != OK)
        return err;
    err = import_reader_feed(reader, start);
    import_reader_close(reader);
    format->guarded = guards.ours && guards.guarded > guards.bare;
    return err == ERROR_MEMORY ? err : OK;
}

static void sniff_text(struct slice text, struct import_format *format)
{
    struct slice trimmed = slice_trim(text);
    struct slice word = { trimmed.data, sizeof("BEGIN:VCARD") - 1 };

    if (slice_starts(trimmed, "{") || slice_starts(trimmed, "["))
        format->kind = IMPORT_JSON;
    else if (trimmed.len > word.len && slice_is_nocase(word, "BEGIN:VCARD"))
        format->kind = IMPORT_VCARD;
    else
        format->delimiter = sniff_delimiter(text);
}

static const char *sniff_signature(struct slice start)
{
    if (slice_starts(start, "\xef\xbb\xbf"))
        start = (struct slice){ start.data + 3, start.len - 3 };
    start = slice_trim(start);
    for (size_t i = 0; i < sizeof(signatures) / sizeof(signatures[0]); i++)
        if (slice_starts(start, signatures[i].bytes))
            return signatures[i].fault;
    return NULL;
}

enum error import_sniff(struct slice bytes, struct import_format *format,
                        const char **fault)
{
    struct decoder decoder = { .charset = sniff_charset(bytes) };
    struct slice start = bytes;
    struct text text;
    enum error err = OK;

    if (start.len > IMPORT_SNIFF_BYTES)
        start.len = IMPORT_SNIFF_BYTES;
    text_init(&text, 0);
    decoder_feed(&decoder, start, &text);
    if (text.failed) {
        text_free(&text);
        return ERROR_MEMORY;
    }
    *format =
        (struct import_format){ .charset = decoder.charset, .delimiter = ',' };
    *fault = sniff_signature(start);
    sniff_text(text_slice(&text), format);
    text_free(&text);
    if (format->kind == IMPORT_CSV && *fault == NULL)
        err = sniff_guards(start, format);
    return err == OK && *fault != NULL ? ERROR_SYNTAX : err;
}
