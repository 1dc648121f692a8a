/* Rows of a table of comma-separated values. */
#ifndef CAFE_IMPORT_CSV_READER_H
#define CAFE_IMPORT_CSV_READER_H

#include "rows.h"

struct csv_reader_state;

/** NULL when out of memory. */
struct csv_reader_state *csv_reader_open(struct import_rows *rows,
                                         char delimiter);

/** At most DECODE_PIECE_BYTES of UTF-8 at a time, so that little is read beyond
 * a limit. */
MUST_CHECK enum error csv_reader_feed(struct csv_reader_state *csv,
                                      struct slice bytes);
MUST_CHECK enum error csv_reader_finish(struct csv_reader_state *csv);
void csv_reader_close(struct csv_reader_state *csv);

#endif
