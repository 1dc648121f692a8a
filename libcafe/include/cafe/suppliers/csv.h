/* Suppliers as a table of comma-separated values (RFC 4180). */
#ifndef CAFE_CSV_H
#define CAFE_CSV_H

#include "cafe/suppliers/supplier.h"

/** The kind of program that the table is for. */
enum csv_reader {
    CSV_PROGRAM,    /* every text as it is */
    CSV_SPREADSHEET /* a BOM in front, so that the texts are taken for UTF-8;
                       what it would change is guarded */
};

/*
 * The columns are id and those of supplier_columns, by their names. Records
 * end with CRLF; texts with a comma, quote, CR or LF are quoted.
 *
 * A guarded text has an apostrophe in front. It is one that a spreadsheet
 * would take for something else, perhaps after apostrophes:
 *
 *   - a formula: it begins with = + - @ (full width ones as well), tab or CR
 *   - a number, date, time, percentage, amount or fraction: it has a digit,
 *     and no words except short ones and names of months and weekdays
 *   - a truth value or an error: TRUE and its like, #N/A
 *
 * So "0044 20" becomes "'0044 20", and "'=x", which might have been guarded
 * already, becomes "''=x": csv_unguard() gives every text back.
 */

/** The first line, with the names of the columns. */
void csv_head(struct text *out, enum csv_reader reader);

/** A comma and a text, quoted and guarded as it has to be. */
void csv_value(struct text *out, enum csv_reader reader, struct slice text);

/** One supplier as a record. */
void csv_record(struct text *out, enum csv_reader reader,
                const struct supplier *supplier);

/** Whether CSV_SPREADSHEET puts an apostrophe in front of a text. */
bool csv_is_guarded(struct slice text);

/**
 * Undo the guard of CSV_SPREADSHEET, for programs that import such a table.
 *
 * Returns  The text without the apostrophe; a part of it, borrowed.
 */
struct slice csv_unguard(struct slice text);

#endif
