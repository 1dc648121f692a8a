/* Rendered pages, cached until what they show has changed. */
#ifndef CAFE_PAGE_CACHE_H
#define CAFE_PAGE_CACHE_H

#include "cafe/base/page.h"

/**
 * Bounded in bytes; the least recently used page goes first. A page is cached
 * from the second request for it on, so that pages that are asked for once push
 * nothing out.
 */
struct page_cache;

/** Made with room for max_bytes (0: keeps nothing); NULL when out of memory. */
struct page_cache *page_cache_open(size_t max_bytes);
void page_cache_close(struct page_cache *cache);

/**
 * Look a page up.
 *
 * key      Names the page: path, query, encoding. An absent one names none.
 * version  Of what the page shows; a page of another version is forgotten.
 *          A newer version has a higher number.
 * wanted   Out, when NULL is returned: the page was asked for before, so it is
 *          worth keeping.
 * Returns  A new reference; NULL if it isn't cached.
 * Thread   One thread.
 */
struct page *page_cache_find(struct page_cache *cache, struct slice key,
                             uint64_t version, bool *wanted);

/** Keep a page; takes a reference of its own. A failed page is not cached. */
void page_cache_keep(struct page_cache *cache, struct slice key,
                     uint64_t version, struct page *page);

/** Bytes of the pages that are cached, with their keys. */
size_t page_cache_bytes(const struct page_cache *cache);

/** Write its figures, for monitoring. */
void page_cache_metrics(const struct page_cache *cache, struct text *out);

#endif
