/* Private to suppliers/: results of searches, for the next page of a list. */
#ifndef CAFE_SUPPLIERS_SEARCH_CACHE_H
#define CAFE_SUPPLIERS_SEARCH_CACHE_H

#include "search_private.h"

/**
 * The latest results, of the newest index only. Zero-initialise it. Lists of
 * all suppliers stay while their index is the newest; of the others, at most 64
 * and 4 MiB.
 *
 * Thread  One for all of it.
 */
struct search_cache {
    struct cached *first; /* most recently used first */
    size_t count, bytes;  /* of those that are not lists of all suppliers */
    size_t plain_bytes;   /* of those that are */
};

/**
 * Cache a result, if there is memory for it. Results of older indexes go.
 *
 * key    Copied. Equal keys are equal searches in the same index.
 * plain  It is a list of all suppliers.
 * found  A reference is taken.
 */
void search_cache_put(struct search_cache *cache, struct slice key,
                      uint64_t serial, bool plain, struct found *found);

/** A cached result, borrowed from the cache; NULL if there is none. */
struct found *search_cache_find(struct search_cache *cache, struct slice key);

/** Bytes of memory of all results. */
size_t search_cache_bytes(const struct search_cache *cache);

void search_cache_close(struct search_cache *cache);

#endif
