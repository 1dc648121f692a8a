/* Pages to keep, and what a page cache answers. */
#ifndef CAFE_TEST_PAGE_CACHE_H
#define CAFE_TEST_PAGE_CACHE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cafe/html/page_cache.h"

enum { BODY_BYTES = 1000, ROOMY_BYTES = 1 << 20 };

/* The same numbers in every run. */
static inline uint64_t random_next(uint64_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return *seed;
}

static inline struct page *page_of(int status, size_t body_bytes)
{
    struct page *page = page_open(status);
    struct text body;
    char stretch[100];

    assert_non_null(page);
    memset(stretch, 'a' + status % 26, sizeof(stretch));
    text_init(&body, 0);
    while (body.len < body_bytes)
        text_append(&body, stretch,
                    body_bytes - body.len < sizeof(stretch)
                        ? body_bytes - body.len
                        : sizeof(stretch));
    page_body(page, &body);
    assert_false(page->failed);
    return page;
}

static inline void keep(struct page_cache *cache, struct slice key,
                        uint64_t version, int status, size_t body_bytes)
{
    struct page *page = page_of(status, body_bytes);

    page_cache_keep(cache, key, version, page);
    page_unref(page);
}

/* '-': never asked for; '?': wanted; '+': cached. */
static inline char ask(struct page_cache *cache, struct slice key,
                       uint64_t version)
{
    bool wanted = false;
    struct page *page = page_cache_find(cache, key, version, &wanted);

    if (page == NULL)
        return wanted ? '?' : '-';
    page_unref(page);
    return '+';
}

static inline void ask_twice(struct page_cache *cache, struct slice key)
{
    assert_int_equal(ask(cache, key, 1), '-');
    assert_int_equal(ask(cache, key, 1), '?');
}

/* The page that is cached for a key. */
static inline void expect_status(struct page_cache *cache, struct slice key,
                                 int status)
{
    bool wanted;
    struct page *page = page_cache_find(cache, key, 1, &wanted);

    assert_non_null(page);
    assert_int_equal(page->status, status);
    page_unref(page);
}

/* What a page of that many bytes takes, with a key of one byte. */
static inline size_t cost_of(size_t body_bytes)
{
    struct page_cache *cache = page_cache_open(ROOMY_BYTES);
    size_t bytes;

    ask_twice(cache, SLICE("k"));
    keep(cache, SLICE("k"), 1, 200, body_bytes);
    bytes = page_cache_bytes(cache);
    assert_true(bytes > body_bytes);
    page_cache_close(cache);
    return bytes;
}

#endif
