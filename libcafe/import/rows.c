/* Puts rows together and hands them over, with what is wrong with them. */
#include "rows.h"

#include <string.h>

#include "cafe/base/utf8.h"
#include "cafe/suppliers/csv.h"
#include "cafe/suppliers/supplier.h"

enum { SAID_MAX_BYTES = 1024 };

static const char more_cells[] =
    "This row has more cells than the first row. Put text that contains the "
    "column separator in quotes.";

void rows_init(struct import_rows *rows, import_row_fn *row, void *context)
{
    *rows = (struct import_rows){ .row = row, .context = context };
    text_init(&rows->bytes, 0); /* the readers bound it */
    text_init(&rows->said, SAID_MAX_BYTES);
}

void rows_free(struct import_rows *rows)
{
    text_free(&rows->bytes);
    text_free(&rows->said);
}

enum error rows_refuse(struct import_rows *rows, enum error err,
                       const char *format, ...)
{
    va_list args;

    if (rows->err != OK)
        return rows->err;
    rows->err = err;
    va_start(args, format);
    text_vprintf(&rows->said, format, args);
    va_end(args);
    return err;
}

void rows_fault(struct import_rows *rows, size_t column, const char *fault)
{
    if (rows->fault != NULL)
        return;
    rows->fault = fault;
    rows->fault_column = column;
}

void rows_need_text(struct import_rows *rows, const char *fault)
{
    if (rows->bytes.len == 0)
        rows_fault(rows, 0, fault);
}

/* Append a cell as UTF-8 without NUL, whatever it holds. */
static void append_readable(struct import_rows *rows, struct slice cell)
{
    while (cell.len > 0) {
        size_t len = cell.data[0] == '\0' ? 0 : utf8_sequence_len(cell);

        if (len == 0) {
            rows_fault(rows, rows->count + 1,
                       "There are bytes that are not text in the file's "
                       "encoding, shown as \xef\xbf\xbd.");
            text_append_string(&rows->bytes, "\xef\xbf\xbd");
            len = 1;
        } else {
            text_append(&rows->bytes, cell.data, len);
        }
        cell = (struct slice){ cell.data + len, cell.len - len };
    }
}

void rows_cell(struct import_rows *rows, struct slice cell)
{
    bool header = rows->columns == 0;
    size_t room = header ? IMPORT_COLUMNS_MAX : rows->columns;

    if (rows->err != OK)
        return;
    if (rows->count < room) {
        if (rows->guarded && utf8_valid(cell))
            cell = csv_unguard(cell);
        if (utf8_valid(cell) && memchr(cell.data, '\0', cell.len) == NULL)
            text_append_slice(&rows->bytes, cell);
        else
            append_readable(rows, cell);
        rows->ends[rows->count] = rows->bytes.len;
    } else if (header && cell.len > 0) {
        rows_refuse(rows, ERROR_LIMIT,
                    "The file has more than %d columns. Delete those that are "
                    "not needed, and save it again.",
                    IMPORT_COLUMNS_MAX);
    } else if (cell.len > 0) {
        rows_fault(rows, 0, more_cells);
    }
    rows->count++;
}

void rows_clear(struct import_rows *rows)
{
    text_reset(&rows->bytes);
    rows->count = 0;
    rows->directory_us = 0;
    rows->fault = NULL;
    rows->fault_column = 0;
}

/* Call back with the cells, as many as the header has. */
static enum error hand_over(struct import_rows *rows, uint64_t number,
                            bool header)
{
    struct slice cells[IMPORT_COLUMNS_MAX];
    struct import_row row = {
        .number = number,
        .header = header,
        .directory_us = rows->directory_us,
        .count = rows->columns,
        .cells = cells,
        .fault = rows->fault,
        .fault_column = rows->fault_column,
    };
    size_t start = 0;

    for (size_t i = 0; i < rows->columns; i++) {
        size_t end = i < rows->count ? rows->ends[i] : rows->bytes.len;

        cells[i] = (struct slice){ rows->bytes.data + start, end - start };
        start = end;
    }
    return rows->row(rows->context, &row);
}

enum error rows_end(struct import_rows *rows, uint64_t number)
{
    bool header = rows->columns == 0;
    enum error err;

    if (rows->err != OK)
        return rows->err;
    if (rows->bytes.failed)
        return rows_refuse(rows, ERROR_MEMORY, "out of memory");
    if (rows->bytes.len == 0 && rows->fault == NULL) {
        rows_clear(rows);
        return OK;
    }
    if (!header && rows->rows + 1 == IMPORT_ROWS_MAX)
        return rows_refuse(rows, ERROR_LIMIT,
                           "The file has more than %d rows. Split it into "
                           "smaller files.",
                           IMPORT_ROWS_MAX);
    if (header)
        rows->columns = rows->count < IMPORT_COLUMNS_MAX ? rows->count
                                                         : IMPORT_COLUMNS_MAX;
    else
        rows->rows++;
    err = hand_over(rows, number, header);
    rows_clear(rows);
    if (err != OK)
        return rows_refuse(rows, err, "%s", error_text(err));
    return OK;
}

enum error rows_own_header(struct import_rows *rows, bool ends)
{
    rows_cell(rows, SLICE("id"));
    for (enum supplier_field f = 0; f < SUPPLIER_FIELDS; f++)
        if (supplier_columns[f].exported && (ends || !supplier_field_ends(f)))
            rows_cell(rows, slice_of(supplier_columns[f].name));
    return rows_end(rows, 1);
}
