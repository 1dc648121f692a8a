/* Results of searches: further pages of a list need no new search. */
#include "search_cache.h"

#include <stdlib.h>
#include <string.h>

enum { CACHED_MAX = 64, CACHED_MAX_BYTES = 4 * 1024 * 1024 };

struct cached {
    struct cached *next; /* used less recently */
    struct found *found;
    uint64_t serial;
    bool plain;       /* stays while its index is the newest */
    struct slice key; /* its bytes follow the struct */
};

static size_t bytes_of_cached(const struct cached *cached)
{
    return sizeof(*cached) + cached->key.len + found_bytes(cached->found);
}

static struct cached *take_cached(struct search_cache *cache,
                                  struct cached **at)
{
    struct cached *cached = *at;

    *at = cached->next;
    if (cached->plain) {
        cache->plain_bytes -= bytes_of_cached(cached);
    } else {
        cache->count--;
        cache->bytes -= bytes_of_cached(cached);
    }
    return cached;
}

static void search_cache_link(struct search_cache *cache, struct cached *cached)
{
    cached->next = cache->first;
    cache->first = cached;
    if (cached->plain) {
        cache->plain_bytes += bytes_of_cached(cached);
    } else {
        cache->count++;
        cache->bytes += bytes_of_cached(cached);
    }
}

static void drop_cached(struct search_cache *cache, struct cached **at)
{
    struct cached *cached = take_cached(cache, at);

    found_unref(cached->found);
    free(cached);
}

/* Drop results of older indexes, which only requests in flight could still ask
 * for, then those used least recently. */
static void search_cache_make_room(struct search_cache *cache, uint64_t serial)
{
    struct cached **at = &cache->first;

    while (*at != NULL) {
        if ((*at)->serial < serial)
            drop_cached(cache, at);
        else
            at = &(*at)->next;
    }
    while (cache->count > CACHED_MAX || cache->bytes > CACHED_MAX_BYTES) {
        /* At most 64: a walk to the end costs less than a second link in each.
         * There is one that is not plain, because only those are counted. */
        struct cached **oldest = NULL;

        for (at = &cache->first; *at != NULL; at = &(*at)->next) {
            if (!(*at)->plain)
                oldest = at;
        }
        drop_cached(cache, oldest);
    }
}

void search_cache_put(struct search_cache *cache, struct slice key,
                      uint64_t serial, bool plain, struct found *found)
{
    struct cached *cached = malloc(sizeof(*cached) + key.len);

    if (cached == NULL)
        return;
    memcpy(cached + 1, key.data, key.len);
    cached->key = (struct slice){ (char *)(cached + 1), key.len };
    cached->serial = serial;
    cached->found = found_ref(found);
    cached->plain = plain;
    search_cache_link(cache, cached);
    search_cache_make_room(cache, serial);
}

struct found *search_cache_find(struct search_cache *cache, struct slice key)
{
    for (struct cached **at = &cache->first; *at != NULL; at = &(*at)->next) {
        if (slice_equal((*at)->key, key)) {
            search_cache_link(cache, take_cached(cache, at));
            return cache->first->found;
        }
    }
    return NULL;
}

size_t search_cache_bytes(const struct search_cache *cache)
{
    return cache->bytes + cache->plain_bytes;
}

void search_cache_close(struct search_cache *cache)
{
    while (cache->first != NULL)
        drop_cached(cache, &cache->first);
}
