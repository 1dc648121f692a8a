/* Private to import/: by what suppliers are matched. */
#ifndef CAFE_IMPORT_MATCH_KEYS_H
#define CAFE_IMPORT_MATCH_KEYS_H

#include "cafe/suppliers/supplier.h"

enum { MATCH_KEYS_MAX = 10 };

/** The keys of a supplier; two that match have one in common. */
struct match_keys {
    size_t count;
    struct slice texts[MATCH_KEYS_MAX];
    bool exact[MATCH_KEYS_MAX]; /* not one that numbers of two countries have */
};

/**
 * Make them.
 *
 * scratch  An arena for nothing else, which is reset first; it holds the
 *          texts.
 * Errors   ERROR_MEMORY.
 */
MUST_CHECK enum error match_keys_make(struct arena *scratch,
                                      const struct supplier *supplier,
                                      struct match_keys *keys);

#endif
