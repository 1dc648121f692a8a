/* The row that a reader is putting together, cell by cell. */
#ifndef CAFE_IMPORT_ROWS_H
#define CAFE_IMPORT_ROWS_H

#include "cafe/import/reader.h"

struct import_rows {
    import_row_fn *row;
    void *context;
    bool guarded;      /* apostrophes are taken away */
    size_t columns;    /* of the header; 0: it has not come yet */
    uint64_t rows;     /* of data, handed over */
    struct text bytes; /* the cells of this row, one after the other */
    size_t count;      /* of them, also of those that are not kept */
    size_t ends[IMPORT_COLUMNS_MAX];
    int64_t directory_us; /* of this row's id; 0: not known */
    const char *fault;    /* of this row */
    size_t fault_column;
    enum error err;   /* what has ended the reading */
    struct text said; /* why */
};

void rows_init(struct import_rows *rows, import_row_fn *row, void *context);
void rows_free(struct import_rows *rows);

/** Add a cell: any bytes. */
void rows_cell(struct import_rows *rows, struct slice cell);

/** The row that is being put together has a fault; the first one counts.
 *
 * column  From 1; 0: the row as a whole.
 * fault   Static. */
void rows_fault(struct import_rows *rows, size_t column, const char *fault);

/** The row has this fault if there is no text in it; then it is no empty line,
 * which would be passed over. */
void rows_need_text(struct import_rows *rows, const char *fault);

/** Hand over the row, unless it is empty, and begin the next one. */
MUST_CHECK enum error rows_end(struct import_rows *rows, uint64_t number);

/** Forget the row that is being put together. */
void rows_clear(struct import_rows *rows);

/** Hand over "id" and the names of a supplier's exported columns as header;
 * ends: also those that say that it no longer supplies. */
MUST_CHECK enum error rows_own_header(struct import_rows *rows, bool ends);

/** End the reading. Returns `err`; the first one and its reason count. */
enum error rows_refuse(struct import_rows *rows, enum error err,
                       const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
