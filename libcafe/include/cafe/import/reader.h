/* Files that suppliers are imported from: which format they have, and their
 * rows. */
#ifndef CAFE_IMPORT_READER_H
#define CAFE_IMPORT_READER_H

#include "cafe/base/text.h"

enum {
    IMPORT_COLUMNS_MAX = 256,
    IMPORT_ROWS_MAX = 1024 * 1024,     /* of a spreadsheet, with its header */
    IMPORT_ROW_MAX_BYTES = 256 * 1024, /* notes of 16 KiB, however escaped */
    IMPORT_SNIFF_BYTES = 64 * 1024     /* looked at for rows */
};

enum import_kind { IMPORT_CSV, IMPORT_VCARD, IMPORT_JSON };

enum import_charset {
    IMPORT_UTF_8,
    IMPORT_UTF_16LE,
    IMPORT_UTF_16BE,
    IMPORT_WINDOWS_1252
};

/** How the bytes of a file are read. A caller may correct any of it. */
struct import_format {
    enum import_kind kind;
    enum import_charset charset;
    char delimiter; /* of CSV: one of , ; tab | */
    bool guarded;   /* of CSV: apostrophes of CSV_SPREADSHEET are taken away */
};

/**
 * Recognise the format of a file.
 *
 * A BOM tells the charset, else the bytes: without one, a text is UTF-8 unless
 * more of its bytes beyond ASCII are faulty than not.
 *
 * bytes    The whole file, or its beginning: of the beginning only, a file can
 *          be taken for UTF-8 that later has letters of Windows-1252.
 * format   Out: filled on any outcome except ERROR_MEMORY.
 * fault    Out: NULL, or what to do with a file that is no table of text, for
 *          instance a workbook: a sentence; static.
 * Errors   ERROR_SYNTAX: see fault. ERROR_MEMORY.
 * Thread   Any. It takes 2 ms for each MiB: not on the loop.
 */
MUST_CHECK enum error import_sniff(struct slice bytes,
                                   struct import_format *format,
                                   const char **fault);

/** "Windows-1252", "UTF-16 (little-endian)"; a static string. */
const char *import_charset_name(enum import_charset charset);

/** A row, lent for the length of a call. */
struct import_row {
    uint64_t number; /* of CSV: the row's number in a spreadsheet, from 1, in
                        which a text with line breaks is one row. Of the others:
                        the line of text on which the card or object begins */
    bool header;     /* the first row: the names of columns. Of vCard and JSON:
                        "id" and the names of supplier_columns */
    int64_t directory_us; /* which directory the id is of, as that of struct
                             supplier; 0: not known, as in CSV and JSON */
    size_t count; /* of cells: as many as the header has, in every row */
    const struct slice *cells; /* valid UTF-8 without NUL; missing ones are
                                  empty, bytes that are no text are U+FFFD */
    const char *fault;   /* NULL, or why the row can't be taken over as it is: a
                            sentence */
    size_t fault_column; /* which cell the fault is in, from 1; 0: the row */
};

/**
 * Called for the header and then for each row that is not empty, in their
 * order.
 *
 * Returns  OK to go on; any other error ends the reading.
 */
typedef enum error import_row_fn(void *context, const struct import_row *row);

struct import_reader;

/**
 * Begin to read a file. Memory is bounded by IMPORT_ROW_MAX_BYTES, whatever the
 * size of the file.
 *
 * format   Copied.
 * row      Called during import_reader_feed() and import_reader_finish().
 * reader   Out: owned by the caller.
 * Errors   ERROR_MEMORY.
 * Thread   One thread at a time, this and all below.
 */
MUST_CHECK enum error import_reader_open(const struct import_format *format,
                                         import_row_fn *row, void *context,
                                         struct import_reader **reader);

/**
 * Read on.
 *
 * bytes   The next ones of the file, split anywhere.
 * Errors  ERROR_SYNTAX, ERROR_LIMIT: the file can't be read from here on, see
 *         import_reader_fault(). ERROR_MEMORY, and those of `row`. After an
 *         error all further calls return it.
 */
MUST_CHECK enum error import_reader_feed(struct import_reader *reader,
                                         struct slice bytes);

/** The file has ended: read its last row. Errors as import_reader_feed(); a
 * file without a header is ERROR_SYNTAX. */
MUST_CHECK enum error import_reader_finish(struct import_reader *reader);

/** Where and why the file can't be read, and what to do: sentences; NULL where
 * there is no such fault. Owned by the reader. */
const char *import_reader_fault(const struct import_reader *reader);

/** Rows of data that were handed to `row` so far, faulty ones included. */
uint64_t import_reader_rows(const struct import_reader *reader);

/** Give its memory back; NULL is allowed. */
void import_reader_close(struct import_reader *reader);

#endif
