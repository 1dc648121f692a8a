/*
 * Rendered pages by key: a hash table of entries in two lists, most recently
 * used first. Kept ones have a page; seen ones only say that the page was asked
 * for once, or that what it showed has changed. Without them a crawler that
 * asks for each page once would push out the pages that are asked for all the
 * time.
 *
 * Both lists are bounded, so the table need not grow.
 *
 * A page is right for one version of what it shows. A change does not look for
 * the pages that it makes wrong: that would be a walk over all of them at each
 * save. They stay until somebody asks for them, or until newer ones push them
 * out. Pages are shared by reference, so one that is removed while it is being
 * sent lives until it is sent.
 */
#include "cafe/html/page_cache.h"

#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "cafe/base/hash.h"
#include "cafe/base/metrics.h"

enum {
    BUCKETS = 4096,
    SEEN_MAX = 4096,
    KEY_MAX_BYTES = 1024,
    OUTDATED_MAX = 2 /* that go when a page comes */
};

struct entry {
    struct entry *chain;     /* next in the bucket */
    TAILQ_ENTRY(entry) link; /* in its list */
    struct page *page;       /* NULL: seen only */
    uint64_t version;
    uint64_t hash;
    size_t bytes;
    size_t key_len;
    char key[];
};

/* The newest first. */
struct list {
    TAILQ_HEAD(entries, entry) entries;
    size_t count;
};

struct page_cache {
    size_t max_bytes;
    size_t bytes; /* of cached entries */
    int64_t hits, misses;
    struct list cached, seen;
    struct entry *buckets[BUCKETS];
};

static struct list *page_cache_list_of(struct page_cache *cache,
                                       const struct entry *entry)
{
    return entry->page != NULL ? &cache->cached : &cache->seen;
}

static struct entry *oldest(const struct list *list)
{
    return TAILQ_LAST(&list->entries, entries);
}

static void page_cache_link_in(struct page_cache *cache, struct entry *entry)
{
    struct list *list = page_cache_list_of(cache, entry);

    TAILQ_INSERT_HEAD(&list->entries, entry, link);
    list->count++;
}

static void page_cache_link_out(struct page_cache *cache, struct entry *entry)
{
    struct list *list = page_cache_list_of(cache, entry);

    TAILQ_REMOVE(&list->entries, entry, link);
    list->count--;
}

/* Turn a cached entry into a seen one: the page is worth keeping as soon as it
 * is rendered again. The entry changes its list with its page, so it is taken
 * out before and put in after that. */
static void forget_page(struct page_cache *cache, struct entry *entry)
{
    page_cache_link_out(cache, entry);
    cache->bytes -= entry->bytes;
    page_unref(entry->page);
    entry->page = NULL;
    page_cache_link_in(cache, entry);
}

static void page_cache_remove_entry(struct page_cache *cache,
                                    struct entry *entry)
{
    struct entry **at = &cache->buckets[entry->hash % BUCKETS];

    while (*at != entry)
        at = &(*at)->chain;
    *at = entry->chain;
    page_cache_link_out(cache, entry);
    if (entry->page != NULL)
        cache->bytes -= entry->bytes;
    page_unref(entry->page);
    free(entry);
}

static struct entry *page_cache_look_up(const struct page_cache *cache,
                                        struct slice key, uint64_t hash)
{
    struct entry *entry = key.data != NULL ? cache->buckets[hash % BUCKETS]
                                           : NULL;

    while (entry != NULL && (entry->hash != hash || entry->key_len != key.len ||
                             memcmp(entry->key, key.data, key.len) != 0))
        entry = entry->chain;
    return entry;
}

/* Note that a page was asked for. */
static void see(struct page_cache *cache, struct slice key, uint64_t hash)
{
    struct entry *entry;

    if (key.len > KEY_MAX_BYTES ||
        (entry = calloc(1, sizeof(*entry) + key.len)) == NULL)
        return;
    entry->hash = hash;
    entry->key_len = key.len;
    memcpy(entry->key, key.data, key.len);
    entry->chain = cache->buckets[hash % BUCKETS];
    cache->buckets[hash % BUCKETS] = entry;
    page_cache_link_in(cache, entry);
    while (cache->seen.count > SEEN_MAX)
        page_cache_remove_entry(cache, oldest(&cache->seen));
}

struct page_cache *page_cache_open(size_t max_bytes)
{
    struct page_cache *cache = calloc(1, sizeof(*cache));

    if (cache == NULL)
        return NULL;
    TAILQ_INIT(&cache->cached.entries);
    TAILQ_INIT(&cache->seen.entries);
    cache->max_bytes = max_bytes;
    return cache;
}

void page_cache_close(struct page_cache *cache)
{
    if (cache == NULL)
        return;
    while (cache->cached.count > 0)
        page_cache_remove_entry(cache, oldest(&cache->cached));
    while (cache->seen.count > 0)
        page_cache_remove_entry(cache, oldest(&cache->seen));
    free(cache);
}

/* Move to the front of its list. */
static void touch(struct page_cache *cache, struct entry *entry)
{
    page_cache_link_out(cache, entry);
    page_cache_link_in(cache, entry);
}

struct page *page_cache_find(struct page_cache *cache, struct slice key,
                             uint64_t version, bool *wanted)
{
    uint64_t hash = hash_short(key);
    struct entry *entry = page_cache_look_up(cache, key, hash);

    *wanted = entry != NULL;
    if (key.data == NULL)
        return NULL;
    if (entry != NULL && entry->page != NULL && entry->version != version)
        forget_page(cache, entry);
    if (entry == NULL)
        see(cache, key, hash);
    else
        touch(cache, entry);
    if (entry == NULL || entry->page == NULL) {
        cache->misses++;
        return NULL;
    }
    cache->hits++;
    return page_ref(entry->page);
}

/* With the capacities, not the lengths: the bound is for memory that is used.
 */
static size_t size_of(const struct entry *entry, const struct page *page)
{
    return sizeof(*entry) + entry->key_len + sizeof(*page) +
           page->fields.capacity + page->body.capacity;
}

/* Pages that nobody asks for any more, such as those of suppliers that are
 * gone, would fill the cache in the end. They go faster than others come. */
static void forget_outdated(struct page_cache *cache, uint64_t version)
{
    for (int i = 0; i < OUTDATED_MAX; i++) {
        struct entry *entry = oldest(&cache->cached);

        if (entry == NULL || entry->version >= version)
            return;
        forget_page(cache, entry);
    }
}

void page_cache_keep(struct page_cache *cache, struct slice key,
                     uint64_t version, struct page *page)
{
    struct entry *entry = page_cache_look_up(cache, key, hash_short(key));
    size_t bytes;

    /* No entry: it was pushed out between page_cache_find() and now. The page
     * was rendered meanwhile, on another thread perhaps. */
    if (entry == NULL || page == NULL || page->failed)
        return;
    if (entry->page != NULL)
        forget_page(cache, entry);
    bytes = size_of(entry, page);
    if (bytes > cache->max_bytes)
        return;
    /* This entry has no page and is not among those. */
    while (cache->bytes + bytes > cache->max_bytes)
        page_cache_remove_entry(cache, oldest(&cache->cached));
    page_cache_link_out(cache, entry);
    entry->page = page_ref(page);
    entry->version = version;
    entry->bytes = bytes;
    page_cache_link_in(cache, entry);
    cache->bytes += bytes;
    forget_outdated(cache, version);
}

size_t page_cache_bytes(const struct page_cache *cache)
{
    return cache->bytes;
}

void page_cache_metrics(const struct page_cache *cache, struct text *out)
{
    static const char name[] = "cafe_page_cache_requests_total";

    metrics_begin(out, name, "counter",
                  "Lookups in the cache of rendered pages, by result.");
    metrics_sample(out, name, "result=\"hit\"", cache->hits);
    metrics_sample(out, name, "result=\"miss\"", cache->misses);
    metrics_gauge(out, "cafe_page_cache_bytes",
                  "Memory used by cached pages, in bytes.",
                  (int64_t)cache->bytes);
    metrics_gauge(out, "cafe_page_cache_pages", "Pages in the cache.",
                  (int64_t)cache->cached.count);
}
