/*
 * Searches at work: a queue, a slice of the first one in each turn of the
 * loop, and the latest results.
 *
 * A slice ends after SLICE_US, however many wait, so that everything else that
 * the loop has to do gets its turn. Rendering what was found is measured by the
 * same clock: a hundred requests may wait for one search. Cached results are
 * shown at once, until they have taken a slice of this turn of the loop; then
 * they queue up like searches, and clients take turns.
 */
#include <event2/event.h>
#include <stdlib.h>
#include <string.h>

#include "cafe/base/clock.h"
#include "cafe/base/inquiry.h"
#include "cafe/base/metrics.h"
#include "search_cache.h"

enum {
    SLICE_US = 1000,
    /* At about 200 ns each this is a queue of two seconds. */
    QUEUE_MAX_ROWS = 10 * 1000 * 1000
};

/* A request that waits for a search, then one that holds its result; in its
 * arena. */
struct visitor {
    struct waiter waiter; /* first */
    search_show_fn *show;
    struct lifetime *life;
    struct search_result result;
};

/* One search, for all requests that ask for the same. `search` lies in the
 * first visitor's request, which can't end before it is answered, and so not
 * before the scan is done. */
struct job {
    struct job *next;
    struct slice key; /* its bytes follow the struct */
    struct index *index;
    const struct search *search; /* the first visitor's */
    struct scan *scan;           /* NULL: not begun, or done */
    bool done;
    struct found *found; /* when done, NULL: it failed; before: a cached one */
    size_t rows;         /* to be searched */
    struct waiters visitors;
    bool plain;         /* all suppliers are listed */
    const char *client; /* of the first visitor */
    uint64_t round;     /* lower ones first */
};

struct searcher {
    struct event *turn;
    struct job *first;
    struct job **end;
    size_t queued_rows;
    uint64_t round; /* of the job that was begun last */
    struct search_cache cache;
    int64_t shown_us; /* spent on cached results in this turn of the loop */
    int64_t cached_hits, searched, refused; /* requests */
    bool stopping;
};

/* Keys: which searches find the same in the same order. Each part has its
 * length in front, so that no two searches share a key, and the index's
 * serial is in it: what was found are positions among the rows of that index.
 */

static void searcher_append_part(struct text *key, struct slice part)
{
    text_append_number(key, part.len);
    text_append_char(key, part.data != NULL ? ':' : '-');
    text_append_slice(key, part);
}

/* In the arena; absent when out of memory. */
static struct slice make_key(const struct search *search, uint64_t serial,
                             struct arena *arena)
{
    struct slice made;
    struct text key;

    text_init(&key, 0);
    text_append_number(&key, serial);
    text_append_char(&key, search->descending ? '-' : '+');
    text_append_char(&key, search->by_id ? '#' : ' ');
    text_append_number(&key, search->ended);
    text_append_number(&key, search->sorted ? search->sort + 1u : 0u);
    text_append_char(&key, ' ');
    searcher_append_part(&key, search->state_fold);
    searcher_append_part(&key, search->city_fold);
    searcher_append_part(&key, search->country_key);
    for (size_t i = 0; i < search->word_count; i++) {
        searcher_append_part(&key, search->words[i].text);
        searcher_append_part(&key, search->words[i].digits);
    }
    made = key.failed ? (struct slice){ NULL, 0 }
                      : arena_slice(arena, text_slice(&key));
    text_free(&key);
    return made;
}

/* Showing. */

/* The request is over: it waits no more and needs no result. */
static void searcher_visitor_end(void *argument)
{
    struct visitor *visitor = argument;

    waiters_leave(&visitor->waiter);
    found_unref(visitor->result.found);
}

static void searcher_show(struct visitor *visitor, struct found *found)
{
    struct search_result *result = &visitor->result;

    if (found == NULL) {
        visitor->show(visitor->life, NULL);
        return;
    }
    result->found = found_ref(found);
    paging_set(&result->paging, found->count, result->search->page,
               result->search->per);
    visitor->show(visitor->life, result);
}

/* Jobs. */

/* Visitors hold references of their own, so a result outlives its job. */
static void close_job(struct job *job)
{
    scan_close(job->scan);
    found_unref(job->found);
    index_unref(job->index);
    free(job);
}

static struct job *find_job(const struct searcher *searcher, struct slice key)
{
    struct job *job = searcher->first;

    while (job != NULL && !slice_equal(job->key, key))
        job = job->next;
    return job;
}

/* False: out of memory, there will be no turn. */
static bool turn_soon(const struct searcher *searcher)
{
    const struct timeval now = { 0, 0 };

    return event_add(searcher->turn, &now) == 0;
}

/* One client's searches take rounds after each other; returns their rows. */
static size_t find_round(const struct searcher *searcher, struct job *job)
{
    size_t rows = 0;

    job->round = searcher->round;
    for (const struct job *other = searcher->first;
         other != NULL && job->client != NULL; other = other->next) {
        /* The name of one that is done may be gone with its first visitor. */
        if (other->done || other->client == NULL ||
            strcmp(other->client, job->client) != 0)
            continue;
        rows += other->rows;
        if (!other->plain)
            job->round = other->round + 1;
    }
    return rows;
}

/* The lists of all suppliers come first, after what has begun: most people ask
 * for them, there are few, and searches of others must not keep them waiting.
 * Among the others clients take turns. What has begun stays first, so that only
 * one search at a time needs the memory of a scan. */
static void insert_job(struct searcher *searcher, struct job *job)
{
    struct job **at = &searcher->first;

    while (*at != NULL && ((*at)->scan != NULL || (*at)->done || (*at)->plain ||
                           (!job->plain && (*at)->round <= job->round)))
        at = &(*at)->next;
    job->next = *at;
    *at = job;
    if (job->next == NULL)
        searcher->end = &job->next;
}

/* Takes over `found`, NULL: it is to be searched for. */
static struct job *new_job(struct slice key, const struct visitor *visitor,
                           struct found *found)
{
    struct index *index = visitor->result.snapshot->index;
    struct job *job = calloc(1, sizeof(*job) + key.len);

    if (job == NULL) {
        found_unref(found);
        return NULL;
    }
    memcpy(job + 1, key.data, key.len);
    job->key = (struct slice){ (char *)(job + 1), key.len };
    job->index = index_ref(index);
    job->search = visitor->result.search;
    job->found = found;
    job->rows = found == NULL ? index->count : 0;
    job->plain = search_is_all(job->search);
    job->client = visitor->life->client;
    waiters_init(&job->visitors);
    return job;
}

static struct job *add_job(struct searcher *searcher, struct slice key,
                           const struct visitor *visitor, struct found *found)
{
    struct job *job;
    size_t own;

    if (!turn_soon(searcher)) {
        found_unref(found);
        return NULL;
    }
    if ((job = new_job(key, visitor, found)) == NULL)
        return NULL;
    own = find_round(searcher, job);
    /* A single search is never too large, or a large list could never be
     * searched. */
    if (job->rows > 0 && searcher->first != NULL &&
        (searcher->queued_rows + job->rows > QUEUE_MAX_ROWS ||
         own > QUEUE_MAX_ROWS / 2)) {
        close_job(job);
        return NULL;
    }
    insert_job(searcher, job);
    searcher->queued_rows += job->rows;
    return job;
}

/* Called only when nobody waits for the job: a visitor in the list of a job
 * that is freed would later unlink itself from freed memory. */
static void remove_first(struct searcher *searcher)
{
    struct job *job = searcher->first;

    searcher->first = job->next;
    if (searcher->first == NULL)
        searcher->end = &searcher->first;
    searcher->queued_rows -= job->rows;
    close_job(job);
}

static void job_done(struct searcher *searcher, struct job *job,
                     enum error outcome)
{
    job->done = true;
    if (outcome == OK) {
        job->found = scan_take(job->scan);
        search_cache_put(&searcher->cache, job->key, job->index->serial,
                         job->plain, job->found);
    }
    scan_close(job->scan);
    job->scan = NULL;
}

/* The round that others count from is that of the job that has begun: a client
 * with a new search need not wait for all that others have queued. */
static void step_job(struct searcher *searcher, struct job *job)
{
    enum error err = ERROR_MEMORY;
    bool done = false;

    if (job->found != NULL) {
        searcher->round = job->round;
        job->done = true;
        return;
    }
    if (job->scan == NULL) {
        job->scan = scan_open(job->index, job->search);
        searcher->round = job->round;
    }
    if (job->scan != NULL)
        err = scan_step(job->scan, &done);
    if (done || err != OK)
        job_done(searcher, job, err);
}

static bool show_next(struct job *job)
{
    struct waiter *waiter = waiters_take(&job->visitors);

    if (waiter != NULL)
        searcher_show((struct visitor *)waiter, job->found);
    return waiter != NULL;
}

/* The least that can be done: one step of a search, or one visitor shown. A job
 * that is done stays first while it has visitors, so equal searches that come
 * meanwhile still find it. */
static void searcher_work(struct searcher *searcher)
{
    struct job *job = searcher->first;

    if (!job->done)
        step_job(searcher, job);
    else if (!show_next(job))
        remove_first(searcher);
}

/* The first job is looked up anew each time: showing a visitor ends its
 * request, and the next one of that connection may add a job. */
static void searcher_give_up(struct searcher *searcher, enum error reason)
{
    while (searcher->first != NULL) {
        struct job *job = searcher->first;

        if (!job->done)
            job_done(searcher, job, reason);
        while (show_next(job))
            continue;
        remove_first(searcher);
    }
}

static void on_turn(evutil_socket_t fd, short what, void *argument)
{
    struct searcher *searcher = argument;
    int64_t end_us = clock_monotonic_us() + SLICE_US;

    (void)fd;
    (void)what;
    searcher->shown_us = 0;
    /* At least one piece of work, however late the loop came here. */
    do {
        if (searcher->first == NULL)
            return;
        searcher_work(searcher);
    } while (clock_monotonic_us() < end_us);
    if (searcher->first != NULL && !turn_soon(searcher))
        searcher_give_up(searcher, ERROR_MEMORY);
}

/* What the others call. */

enum error searcher_open(struct event_base *base, struct searcher **result)
{
    struct searcher *searcher = calloc(1, sizeof(*searcher));

    if (searcher == NULL)
        return ERROR_MEMORY;
    searcher->end = &searcher->first;
    searcher->turn = evtimer_new(base, on_turn, searcher);
    if (searcher->turn == NULL) {
        searcher_close(searcher);
        return ERROR_MEMORY;
    }
    *result = searcher;
    return OK;
}

void searcher_stop(struct searcher *searcher)
{
    searcher->stopping = true;
    searcher_give_up(searcher, ERROR_STOPPING);
}

void searcher_close(struct searcher *searcher)
{
    if (searcher == NULL)
        return;
    while (searcher->first != NULL)
        remove_first(searcher);
    search_cache_close(&searcher->cache);
    if (searcher->turn != NULL)
        event_free(searcher->turn);
    free(searcher);
}

/* Have it wait for its search; false: it can't. */
static bool searcher_wait_for(struct searcher *searcher,
                              struct visitor *visitor, struct slice key)
{
    struct job *job = find_job(searcher, key);

    if (job == NULL)
        job = add_job(searcher, key, visitor, NULL);
    if (job == NULL)
        return false;
    waiters_add(&job->visitors, &visitor->waiter);
    return true;
}

/* Show a cached result, now or in its turn; false: it can't wait for that. */
static bool searcher_show_cached(struct searcher *searcher,
                                 struct visitor *visitor, struct slice key,
                                 struct found *found)
{
    int64_t began_us = clock_monotonic_us();
    struct job *job;

    /* The turn of searches is what begins a new slice. */
    if (searcher->shown_us < SLICE_US && turn_soon(searcher)) {
        searcher_show(visitor, found);
        searcher->shown_us += clock_monotonic_us() - began_us;
        return true;
    }
    job = add_job(searcher, key, visitor, found_ref(found));
    if (job == NULL)
        return false;
    waiters_add(&job->visitors, &visitor->waiter);
    return true;
}

void search_when_found(struct searcher *searcher,
                       const struct snapshot *snapshot,
                       const struct search *search, search_show_fn *show_fn,
                       struct lifetime *life)
{
    struct arena *arena = life->arena;
    struct visitor *visitor = arena_alloc(arena, sizeof(*visitor));
    struct slice key = make_key(search, snapshot_serial(snapshot), arena);
    struct found *found;

    if (searcher->stopping || visitor == NULL || key.data == NULL ||
        lifetime_on_end(life, searcher_visitor_end, visitor) != OK) {
        show_fn(life, NULL);
        return;
    }
    visitor->show = show_fn;
    visitor->life = life;
    visitor->result.search = search;
    visitor->result.snapshot = snapshot;
    found = search_cache_find(&searcher->cache, key);
    if (found != NULL && searcher_show_cached(searcher, visitor, key, found)) {
        searcher->cached_hits++;
    } else if (found == NULL && searcher_wait_for(searcher, visitor, key)) {
        searcher->searched++;
    } else {
        searcher->refused++;
        searcher_show(visitor, NULL);
    }
}

void searcher_metrics(const struct searcher *searcher, struct text *out)
{
    static const char name[] = "cafe_searches_total";

    metrics_begin(out, name, "counter",
                  "Lists requested: searched, served from cached results "
                  "(kept), or refused because the queue was full.");
    metrics_sample(out, name, "result=\"searched\"", searcher->searched);
    metrics_sample(out, name, "result=\"kept\"", searcher->cached_hits);
    metrics_sample(out, name, "result=\"refused\"", searcher->refused);
    metrics_gauge(out, "cafe_search_kept_bytes",
                  "Memory used by cached search results, in bytes.",
                  (int64_t)search_cache_bytes(&searcher->cache));
}
