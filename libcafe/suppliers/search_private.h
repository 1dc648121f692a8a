/* Private to suppliers/: how suppliers are found, step by step. */
#ifndef CAFE_SUPPLIERS_SEARCH_PRIVATE_H
#define CAFE_SUPPLIERS_SEARCH_PRIVATE_H

#include "cafe/suppliers/search.h"
#include "snapshot.h"

/** Set an order in its normal form. */
void search_sort(struct search *search, enum supplier_field field,
                 bool descending);

/** "city", "-city", or "" for the usual order; NULL when out of memory. */
const char *search_sort_value(const struct search *search, struct arena *arena);

/** Whether by state, city, country or ended. */
bool search_is_filtered(const struct search *search);

/** The rows that a search looks at, in the order that positions count from. */
static inline struct row *const *search_rows(const struct index *index,
                                             const struct search *search)
{
    return search->by_id ? index->by_id : index->by_name;
}

/** What a row's country is filtered by: its code, or its fold. */
static inline struct slice row_country(const struct row *row)
{
    const struct country *country = &row->spans.country;

    return country_is_known(*country)
               ? (struct slice){ country->code, sizeof(country->code) }
               : row_fold(row, SUPPLIER_COUNTRY);
}

/** A state, city or country that occurs, and how often. */
struct choice {
    uint32_t position; /* among search_rows(), of the first that has it */
    uint32_t count;
};

/** Those that occur, by their fold; too_many: only those that came first. */
struct choices {
    size_t count;
    bool too_many;
    struct choice items[SEARCH_CHOICES_MAX];
};

/** What was found in an index: shared, and valid for that index only. */
struct found {
    unsigned references;
    size_t count;
    uint32_t *positions; /* among search_rows(); NULL: all of them in order */
    struct choices states, cities, countries;
};

struct found *found_ref(struct found *found);

void found_unref(struct found *found);

/** Bytes of memory, positions included. */
size_t found_bytes(const struct found *found);

/** A search at work. */
struct scan;

/**
 * Begin to search.
 *
 * index, search  Borrowed until scan_close().
 * Returns          NULL when out of memory.
 */
struct scan *scan_open(const struct index *index, const struct search *search);

/**
 * Go on for about 20 µs.
 *
 * done    Out, when OK: there is nothing left to do.
 * Errors  ERROR_MEMORY, ERROR_LIMIT (more suppliers than positions have bits).
 */
MUST_CHECK enum error scan_step(struct scan *scan, bool *done);

/** What a scan that is done has found; owned by the caller. */
struct found *scan_take(struct scan *scan);

void scan_close(struct scan *scan);

/** Entries of a list that is being sorted by a column. */
struct sorting;

/**
 * Begin to sort positions.
 *
 * index  Borrowed until sorting_close().
 * positions   In the order of names; taken over, sorted in place.
 * Returns  NULL when out of memory; then positions are still the caller's.
 */
struct sorting *sorting_open(const struct index *index,
                             enum supplier_field field, bool descending,
                             uint32_t *positions, size_t count);

/** Go on for about 20 µs. Returns whether it is done. */
bool sorting_step(struct sorting *sorting);

/** The positions, once it is done; owned by the caller. */
uint32_t *sorting_take(struct sorting *sorting);

void sorting_close(struct sorting *sorting);

/** What one request is shown. */
struct search_result {
    const struct search *search;
    const struct snapshot *snapshot;
    struct found *found;
    struct paging paging;
};

#endif
