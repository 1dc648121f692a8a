/* The names that columns have in other programs' files. */
#ifndef CAFE_IMPORT_MAPPING_WORDS_H
#define CAFE_IMPORT_MAPPING_WORDS_H

#include <stddef.h>

#include "cafe/suppliers/supplier.h"

/** Names that mean the same. */
struct mapping_words {
    enum supplier_field field;
    int rank; /* the best is 0; only columns of one rank make a field */
    int part; /* of several columns that make it together, in this order; the
                 first is 0, and without it the rank does not count */
    const char *words; /* folded, letters and digits only, a blank around each
                        */
};

extern const struct mapping_words mapping_words[];
extern const size_t mapping_words_count;

#endif
