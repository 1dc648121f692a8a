/* Private to suppliers/: a snapshot from the inside, and how one is made. */
#ifndef CAFE_SUPPLIERS_SNAPSHOT_H
#define CAFE_SUPPLIERS_SNAPSHOT_H

#include "cafe/suppliers/catalog.h"
#include "countries.h"

/** A part of a row's text. */
struct span {
    uint32_t start, len;
};

/** Where in a row's text what is. */
struct spans {
    struct span searched, phone;
    struct span name;      /* with its looser spellings: searched first */
    uint32_t name_variant; /* where its first word's is; 0: it has none */
    struct span folds[SUPPLIER_FIELDS]; /* of each that is listed; of the phone
                                           its digits */
    struct country country;
    uint32_t grams; /* bytes of the text's grams; a power of two */
};

/**
 * A supplier in memory, in one piece: struct, what is searched, folds, texts.
 *
 * What is searched are fields by unicode_search_fold(), but the phone by its
 * spellings, each followed by a line for each of its words that has a
 * looser spelling (unicode_append_loose()). One byte that no word has is
 * between two fields, and between two lines.
 */
struct row {
    struct supplier supplier; /* first: a row is a supplier */
    size_t bytes;             /* of the piece */
    struct spans spans;       /* a search reads from here on */
    char data[];              /* grams, then the text */
};

/** The bit of a gram, three bytes that follow each other. A row sets the bits
 * of all its grams: a word of which one is missing is not in the row. */
static inline uint32_t gram_of(const char *three)
{
    const unsigned char *at = (const unsigned char *)three;
    uint32_t bytes = at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16;

    return bytes * 0x9e3779b1u >> 12; /* multiplicative hashing */
}

/** Whether a row may have a gram: false is certain. */
static inline bool row_may_have(const struct row *row, uint32_t gram)
{
    uint32_t bit = gram & (row->spans.grams * 8 - 1);

    return ((unsigned char)row->data[bit / 8] >> bit % 8 & 1) != 0;
}

/**
 * All suppliers at one revision. Made on a database thread, then read-only
 * except for references and links, which are the loop's.
 *
 * Successive indexes share the rows that did not change. Each has the list of
 * the rows that it replaced: they are kept until the older index and all
 * before that are gone. So no row needs a count of references.
 */
struct index {
    unsigned references;
    struct index *older, *newer;
    uint64_t serial; /* tells indexes apart, whatever their revision */
    struct revision revision;
    size_t bytes; /* of rows and positions */
    size_t count;
    struct row **by_name; /* by fold, then bytes, then id */
    struct row **by_id;
    bool shares; /* all rows of the older one, except those it replaces */
    struct row **replaced; /* rows of the older one, until that is gone */
    size_t replaced_count;
};

/** What has become of a supplier. */
struct change {
    int64_t id;
    struct row *row; /* NULL: gone */
};

/** The fold of a listed field, by which it is sorted, filtered and compared;
 * empty for another one. */
struct slice row_fold(const struct row *row, enum supplier_field field);

/** What is searched, and what of it is the phone. */
struct slice row_searched(const struct row *row);
struct slice row_phone(const struct row *row);

/** Order as memcmp() and strcmp() have it: a beginning comes first. */
int compare_slices(struct slice a, struct slice b);

/**
 * Make a row; its texts are copied, its folds are computed. Of notes, as much
 * is searched as a form may have.
 *
 * Errors  ERROR_MEMORY, ERROR_LIMIT (4 GiB to search).
 */
MUST_CHECK enum error row_make(const struct supplier *supplier,
                               struct row **row);

/**
 * Make an index from all rows, in any order.
 *
 * rows    Taken over with the array, also on failure.
 * Errors  ERROR_MEMORY.
 */
MUST_CHECK enum error index_make(struct row **rows, size_t count,
                                 const struct revision *revision,
                                 struct index **index);

/**
 * Make the index that follows a base after some changes.
 *
 * changes  By id, each id once. Their rows are taken over, also on failure.
 * Errors   ERROR_MEMORY, ERROR_LIMIT (over max_bytes).
 */
MUST_CHECK enum error index_apply(const struct index *base,
                                  const struct change *changes, size_t count,
                                  const struct revision *revision,
                                  size_t max_bytes, struct index **index);

/** The row of a supplier; NULL if there is none. */
struct row *index_find(const struct index *index, int64_t id);

/** Both show the same suppliers. */
bool index_equal(const struct index *a, const struct index *b);

/** Free an index of index_make() that has never been linked. */
void index_discard(struct index *index);

/*
 * On the loop thread.
 */

/** Link an index as the successor of the newest (NULL: there is none). */
void index_follow(struct index *newest, struct index *next);

struct index *index_ref(struct index *index);

/** Drop a reference; rows that no index in use has are freed. */
void index_unref(struct index *index);

/** What one request is shown: an index, and if it was confirmed. */
struct snapshot {
    struct index *index;
    int64_t as_of_us;
    bool stale;
};

#endif
