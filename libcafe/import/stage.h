/* Private to import/: rows on their way into the table of rows. */
#ifndef CAFE_IMPORT_STAGE_H
#define CAFE_IMPORT_STAGE_H

#include "cafe/import/import.h"
#include "match.h"

enum { STAGED_PLACE_MAX_BYTES = 255 };

/** A row that was read; its texts are in the arena of its batch. */
struct staged {
    uint32_t n, line;
    enum staged_kind kind;
    int64_t supplier_id; /* 0: none */
    uint64_t base;       /* the revision that it was compared with */
    struct slice place, reason, given, candidates;
    struct supplier supplier;

    /* Until it is compared. */
    bool decided;
    int64_t file_id; /* the supplier's, by the file; 0: none */
    struct import_record record;
    struct match_found found;
};

/** What comparing a row needs. */
struct comparing {
    struct arena *arena;   /* of the batch */
    struct arena *scratch; /* for nothing else */
    struct match *match;
    enum import_kind kind;
    bool clear_empty;
    const struct slice *header; /* the names of the columns, each one line of at
                                   most STAGED_PLACE_MAX_BYTES */
    size_t header_count;
    const struct supplier *stored; /* suppliers that rows of the batch may be */
    size_t stored_count;
};

/** Find out what a row is: set its kind and what comes with that. Errors:
 * ERROR_MEMORY. */
MUST_CHECK enum error compare_row(const struct comparing *comparing,
                                  struct staged *row);

/** Compare a row with the supplier that it is about, or with none, without
 * looking at other rows; these need only arena, kind and clear_empty. Errors:
 * ERROR_MEMORY. */
MUST_CHECK enum error compare_with(const struct comparing *comparing,
                                   struct staged *row,
                                   const struct supplier *stored);
MUST_CHECK enum error compare_as_new(const struct comparing *comparing,
                                     struct staged *row);

#endif
