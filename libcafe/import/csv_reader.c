/* Reads CSV (RFC 4180) with libcsv in strict mode, and counts rows as a
 * spreadsheet does: empty ones, too, and a text with line breaks as one. */
#include "csv_reader.h"

#include <csv.h>
#include <stdlib.h>

enum {
    SEP_LINE_BYTES = 5, /* "sep=;" */
    BUFFER_STEP_BYTES = 4096
};

struct csv_reader_state {
    struct import_rows *rows;
    struct csv_parser parser;
    uint64_t number;  /* of rows that have ended */
    bool after_cr;    /* the last thing read was a CR that ended a row */
    size_t row_bytes; /* since the row began, about */
};

static int no_space(unsigned char byte)
{
    (void)byte;
    return 0;
}

/* libcsv calls back at each cell … */
static void on_cell(void *data, size_t len, void *context)
{
    struct csv_reader_state *csv = context;

    csv->after_cr = false;
    rows_cell(csv->rows, (struct slice){ data, len });
}

/* Excel reads such a first line, and does not show it. */
static bool is_sep_line(const struct csv_reader_state *csv)
{
    const struct import_rows *rows = csv->rows;

    return csv->number == 0 && rows->bytes.len >= SEP_LINE_BYTES - 1 &&
           rows->bytes.len <= SEP_LINE_BYTES &&
           slice_starts(text_slice(&rows->bytes), "sep=") && rows->count <= 2;
}

/* … and at each line end: after a cell, and, as it was told to, alone. */
static void on_row(int end, void *context)
{
    struct csv_reader_state *csv = context;

    csv->row_bytes = 0;
    if (csv->after_cr && end == '\n') {
        csv->after_cr = false;
        return;
    }
    csv->after_cr = end == '\r';
    if (csv->rows->err != OK)
        return;
    if (is_sep_line(csv)) {
        rows_clear(csv->rows);
        return;
    }
    csv->number++;
    if (end == -1 && csv->rows->count < csv->rows->columns)
        rows_fault(csv->rows, csv->rows->count,
                   "The file ends in this row: it may be incomplete.");
    (void)!rows_end(csv->rows, csv->number);
}

struct csv_reader_state *csv_reader_open(struct import_rows *rows,
                                         char delimiter)
{
    struct csv_reader_state *csv = calloc(1, sizeof(*csv));

    if (csv == NULL)
        return NULL;
    csv->rows = rows;
    if (csv_init(&csv->parser, CSV_STRICT | CSV_STRICT_FINI | CSV_REPALL_NL) !=
        0) {
        free(csv);
        return NULL;
    }
    csv_set_delim(&csv->parser, (unsigned char)delimiter);
    csv_set_space_func(&csv->parser, no_space);
    csv_set_blk_size(&csv->parser, BUFFER_STEP_BYTES);
    return csv;
}

static enum error refuse_csv(struct csv_reader_state *csv, const char *what)
{
    return rows_refuse(csv->rows, ERROR_SYNTAX, "Row %llu, column %zu: %s",
                       (unsigned long long)csv->number + 1,
                       csv->rows->count + 1, what);
}

static enum error csv_failed(struct csv_reader_state *csv)
{
    if (csv_error(&csv->parser) != CSV_EPARSE)
        return rows_refuse(csv->rows, ERROR_MEMORY, "out of memory");
    return refuse_csv(
        csv, "a quotation mark is in the wrong place. Put a cell that contains "
             "one in quotes, and double each quotation mark inside it. Save "
             "the file again as CSV, or correct this row.");
}

enum error csv_reader_feed(struct csv_reader_state *csv, struct slice bytes)
{
    csv->row_bytes += bytes.len;
    if (csv_parse(&csv->parser, bytes.data, bytes.len, on_cell, on_row, csv) <
        bytes.len)
        return csv->rows->err != OK ? csv->rows->err : csv_failed(csv);
    if (csv->rows->err == OK && csv->row_bytes > IMPORT_ROW_MAX_BYTES)
        return rows_refuse(csv->rows, ERROR_LIMIT,
                           "Row %llu is longer than %d KiB. Perhaps a closing "
                           "quotation mark is missing in it.",
                           (unsigned long long)csv->number + 1,
                           IMPORT_ROW_MAX_BYTES / 1024);
    return csv->rows->err;
}

enum error csv_reader_finish(struct csv_reader_state *csv)
{
    if (csv_fini(&csv->parser, on_cell, on_row, csv) != 0) {
        if (csv_error(&csv->parser) != CSV_EPARSE)
            return csv_failed(csv);
        return refuse_csv(
            csv, "the file ends inside a cell in quotes. The closing quotation "
                 "mark is missing, or the file is incomplete: save it again.");
    }
    return csv->rows->err;
}

void csv_reader_close(struct csv_reader_state *csv)
{
    if (csv == NULL)
        return;
    csv_free(&csv->parser);
    free(csv);
}
