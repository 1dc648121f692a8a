/*
 * The catalog: requests wait for one question to the database that was sent
 * after they came, and are shown the suppliers as its answer has them.
 *
 * It is in one of two states. Normally requests wait. When one has waited for
 * wait_ms, or the reason of a failure can't pass while they wait, the catalog
 * is `away`: requests are shown the last known suppliers at once, marked as
 * stale. The questions go on in both states, at a slower pace while it is away,
 * and the first answer that comes in time ends that state.
 *
 * All of this runs on the loop; only feed.c runs on a database thread, and sees
 * nothing of the catalog except its question. Showing suppliers to a request
 * comes last in each function, because that may bring the next request and with
 * it another call of catalog_when_fresh().
 */
#include <event2/event.h>
#include <stdlib.h>

#include "cafe/base/clock.h"
#include "cafe/base/inquiry.h"
#include "report.h"
#include "table_compare.h"

enum {
    RETRY_MS = 20,         /* while requests wait for a fresh answer */
    RETRY_AWAY_MS = 250,   /* while stale answers go out */
    RETRY_LIMIT_MS = 5000, /* reading a table that is too large costs */
    GATHER_MAX_US = 1000,  /* one question, while more requests come */
    BACK_OFF_MAX_MS = 50   /* of the feed's connection: the pace is set here */
};

#define MIB ((int64_t)1024 * 1024)
#define AT(field) offsetof(struct catalog_settings, field)

const struct option catalog_options[] = {
    { "catalog.max_bytes", OPTION_NUMBER, AT(max_bytes), "268435456", MIB,
      MIB * 1024 * 1024, NULL, "Memory limit for all suppliers, in bytes." },
    { "catalog.max_age_ms", OPTION_NUMBER, AT(max_age_ms), "0", 0, 3600000,
      NULL,
      "Milliseconds that a page may be out of date; 0 asks the database each "
      "time." },
    { "catalog.wait_ms", OPTION_NUMBER, AT(wait_ms), "500", 1, 60000, NULL,
      "Milliseconds to wait for the database before pages show the last known "
      "state." },
    { "catalog.compare_ms", OPTION_NUMBER, AT(compare_ms), "60000", 100,
      86400000, NULL,
      "Milliseconds between comparisons with the whole table." },
    { 0 },
};

/* A request that waits, then one that holds a snapshot; in its arena. */
struct visitor {
    struct waiter waiter; /* first */
    catalog_show_fn *show;
    struct lifetime *life;
    int64_t since_ms;
    int64_t since_us; /* 0: it need not wait for the database */
    struct snapshot snapshot;
};

struct catalog {
    struct catalog_settings settings;
    struct log *log;
    struct db *db; /* for comparisons */
    struct db *feed;
    struct index *newest; /* NULL before the first reading */
    uint64_t serials;
    struct question question;
    struct inquiry inquiry;    /* visitors */
    uint64_t joined, gathered; /* visitors: in all, by the last turn */
    int64_t gathering_since_us;
    int64_t asked_ms, asked_utc_us; /* when the question was sent */
    int64_t confirmed_ms;           /* when the last answered one was */
    int64_t as_of_us;
    bool away;            /* stale answers go out at once */
    enum error trouble;   /* why */
    bool failing;         /* the last question had no answer */
    struct lasting stale; /* for the log */
    int64_t trouble_since_us;
    bool stopping;
    struct event *retry, *patience;
    struct table_compare comparison; /* its answer waits until no question is
                                     under way */
};

/* Visitors. */

/* The request is over: it waits no more and needs no snapshot. Both calls do
 * nothing for a visitor that had not got so far. */
static void catalog_visitor_end(void *argument)
{
    struct visitor *visitor = argument;

    waiters_leave(&visitor->waiter);
    index_unref(visitor->snapshot.index);
}

/* Each visitor holds a reference of its own: whatever the next question brings,
 * its handler may read these suppliers until the request ends. */
static void catalog_show(struct catalog *catalog, struct visitor *visitor,
                         bool stale)
{
    if (visitor->since_us)
        visitor->life->waited_us += clock_monotonic_us() - visitor->since_us;
    if (catalog->newest == NULL) {
        visitor->show(visitor->life, NULL);
        return;
    }
    visitor->snapshot = (struct snapshot){ index_ref(catalog->newest),
                                           catalog->as_of_us, stale };
    visitor->show(visitor->life, &visitor->snapshot);
}

static void show_all(struct catalog *catalog, struct waiters *list, bool stale)
{
    struct waiter *waiter;

    while ((waiter = waiters_take(list)) != NULL)
        catalog_show(catalog, (struct visitor *)waiter, stale);
}

/* Have a timer run; false: out of memory, it will not. */
static bool catalog_after(struct event *event, int64_t ms)
{
    const struct timeval delay = { ms / 1000, ms % 1000 * 1000 };

    return event_add(event, &delay) == 0;
}

/* Being away, and being back. */

/* From now on stale answers go out at once: only the first requests pay for the
 * database with their patience, not each one of an outage. */
static void go_away(struct catalog *catalog, enum error reason)
{
    struct waiters all;

    waiters_init(&all);
    if (!catalog->stopping)
        report_stale(catalog->log, &catalog->stale, reason);
    if (!catalog->away)
        catalog->trouble_since_us = clock_utc_us();
    catalog->away = true;
    catalog->trouble = reason;
    /* The question under way goes on for nobody: its answer is what ends this.
     */
    inquiry_leave_all(&catalog->inquiry, &all);
    show_all(catalog, &all, true);
}

static void come_back(struct catalog *catalog)
{
    log_lasting_end(catalog->log, &catalog->stale, "catalog is fresh again",
                    (const struct log_field[]){ LOG_END });
    catalog->away = false;
    catalog->trouble = OK;
}

/* Questions. */

static void adopt(struct catalog *catalog, struct index *next)
{
    struct index *before = catalog->newest;

    next->serial = ++catalog->serials;
    /* In this order: the older one must know its successor when it is let go.
     */
    index_follow(before, next);
    catalog->newest = next;
    index_unref(before);
}

static db_done_fn on_answer;

static void catalog_ask(struct catalog *catalog)
{
    struct index *base = catalog->newest;

    if (catalog->stopping || !inquiry_begin(&catalog->inquiry))
        return;
    /* Taken before the database sees the question: what its answer holds is at
     * least as new. The base is referenced for the thread that reads it. */
    catalog->asked_ms = clock_monotonic_ms();
    catalog->asked_utc_us = clock_utc_us();
    catalog->question =
        (struct question){ .base = base != NULL ? index_ref(base) : NULL,
                           .max_bytes = (size_t)catalog->settings.max_bytes,
                           .supplying = catalog->settings.supplying,
                           .asker = catalog };
    db_submit(catalog->feed, "ask", feed_ask, on_answer, &catalog->question);
}

static int64_t retry_ms(const struct catalog *catalog, enum error reason)
{
    if (reason == ERROR_LIMIT)
        return RETRY_LIMIT_MS;
    return inquiry_wanted(&catalog->inquiry) ? RETRY_MS : RETRY_AWAY_MS;
}

/* Without a timer nobody may wait, for nothing would wake them: the next
 * request tries once more. */
static void try_again_later(struct catalog *catalog, enum error reason)
{
    if (!catalog_after(catalog->retry, retry_ms(catalog, reason)))
        go_away(catalog, ERROR_MEMORY);
}

/* Reasons that another attempt would meet again while requests wait. */
static bool is_lasting(enum error reason)
{
    return reason == ERROR_LIMIT || reason == ERROR_DB_SCHEMA ||
           reason == ERROR_DB || reason == ERROR_STOPPING;
}

/* Where another attempt may help, as after a broken connection, the requests
 * wait for that: inquiry_fail() puts them before all others, and patience
 * bounds how long it takes. */
static void note_failure(struct catalog *catalog, enum error reason)
{
    catalog->failing = true;
    inquiry_fail(&catalog->inquiry);
    if (catalog->away || is_lasting(reason))
        go_away(catalog, reason);
    if (!catalog->stopping)
        try_again_later(catalog, reason);
}

static void take_comparison(void *argument);

/* Not before the loop's next turn: one question for all that has arrived by
 * then; see catalog_on_retry(). */
static void ask_soon(struct catalog *catalog)
{
    if (catalog->stopping || catalog->inquiry.under_way ||
        event_pending(catalog->retry, EV_TIMEOUT, NULL))
        return;
    catalog->gathered = catalog->joined;
    catalog->gathering_since_us = clock_monotonic_us();
    if (!catalog_after(catalog->retry, 0))
        go_away(catalog, ERROR_MEMORY);
}

static void on_answer(void *job, enum error outcome)
{
    struct question *question = job;
    struct catalog *catalog = question->asker;
    /* The next answer may take as long: nobody should wait for that one. */
    bool late = catalog->away && clock_monotonic_ms() - catalog->asked_ms >
                                     catalog->settings.wait_ms;
    struct waiters batch;

    index_unref(question->base);
    if (outcome != OK) {
        note_failure(catalog, outcome);
        return;
    }
    if (question->found != NULL)
        adopt(catalog, question->found);
    catalog->failing = false;
    catalog->confirmed_ms = catalog->asked_ms;
    catalog->as_of_us = catalog->asked_utc_us;
    if (!late)
        come_back(catalog);
    waiters_init(&batch);
    inquiry_end(&catalog->inquiry, &batch);
    take_comparison(catalog);
    table_compare_later(&catalog->comparison);
    if (catalog->away || inquiry_wanted(&catalog->inquiry))
        ask_soon(catalog);
    /* Last: a handler that is shown the suppliers may ask again at once, and a
     * new question has to find this one settled. */
    show_all(catalog, &batch, catalog->away);
}

/* While each turn of the loop brings more requests, wait for them: a question
 * costs the same for one request and for a hundred, mostly in changes of
 * thread. A request that comes alone waits for nobody. */
static void catalog_on_retry(evutil_socket_t fd, short what, void *argument)
{
    struct catalog *catalog = argument;
    bool more = catalog->joined != catalog->gathered;
    int64_t took_us = clock_monotonic_us() - catalog->gathering_since_us;

    (void)fd;
    (void)what;
    catalog->gathered = catalog->joined;
    if (!more || took_us >= GATHER_MAX_US || !catalog_after(catalog->retry, 0))
        catalog_ask(catalog);
}

/* Patience: the longest that a request waits. One timer does for all of them.
 * When it fires, the request that it was set for may be answered already; then
 * it is set again for the oldest one that waits now. */

static void on_patience(evutil_socket_t fd, short what, void *argument)
{
    struct catalog *catalog = argument;
    const struct visitor *oldest =
        (const struct visitor *)inquiry_oldest(&catalog->inquiry);
    int64_t left;

    (void)fd;
    (void)what;
    if (oldest == NULL)
        return;
    left = oldest->since_ms + catalog->settings.wait_ms - clock_monotonic_ms();
    if (left <= 0)
        go_away(catalog, ERROR_DEADLINE);
    else if (!catalog_after(catalog->patience, left))
        go_away(catalog, ERROR_MEMORY);
}

/* Comparisons. */

/* The log can't tell which of the two it was. */
static const char unlogged_remedy[] =
    "TRUNCATE and foreign-key cascades fire no triggers. If it was neither, "
    "triggers are missing. Run: employee --migrate, which restores them and "
    "completes the log";

/* Adopt what a comparison has found, unless a question is under way. The answer
 * to a question may share rows with the index it was based on, so only that one
 * may come before it in the chain; an index read in between would come between
 * them. */
static void take_comparison(void *argument)
{
    struct catalog *catalog = argument;
    struct index *found;

    if (catalog->inquiry.under_way)
        return;
    found = table_compare_take(&catalog->comparison, catalog->newest);
    if (found == NULL)
        return;
    log_line(catalog->log, LOG_WARNING, "suppliers changed without a log entry",
             LOG_STRING("remedy", unlogged_remedy), LOG_END);
    adopt(catalog, found);
}

static void on_comparison_due(void *argument)
{
    struct catalog *catalog = argument;

    if (catalog->newest == NULL || catalog->away)
        table_compare_later(&catalog->comparison);
    else
        table_compare_start(&catalog->comparison, catalog->newest);
}

/* What the others call. */

static enum error catalog_open_events(struct catalog *catalog,
                                      struct event_base *base)
{
    catalog->retry = evtimer_new(base, catalog_on_retry, catalog);
    catalog->patience = evtimer_new(base, on_patience, catalog);
    if (catalog->retry == NULL || catalog->patience == NULL)
        return ERROR_MEMORY;
    return table_compare_open(&catalog->comparison, base, catalog->db,
                              &catalog->settings, on_comparison_due,
                              take_comparison, catalog);
}

static enum error open_feed(struct catalog *catalog, struct event_base *base)
{
    struct db_config feed = *db_config_of(catalog->db);

    feed.name = "feed";
    feed.threads = 1;
    feed.queue_max = 1;
    feed.queue_ms = 60000; /* a question under way is never given up here */
    feed.back_off_max_ms = BACK_OFF_MAX_MS;
    /* After a second without an acknowledgement a new connection answers sooner
     * than the kernel would send lost packets again. */
    feed.options.write_timeout_s = 1;
    return db_open(base, &feed, &catalog->feed);
}

enum error catalog_open(struct event_base *base, struct db *db,
                        const struct catalog_settings *settings,
                        struct catalog **result)
{
    struct catalog *catalog = calloc(1, sizeof(*catalog));
    enum error err;

    if (catalog == NULL)
        return ERROR_MEMORY;
    catalog->settings = *settings;
    catalog->log = db_config_of(db)->log;
    catalog->db = db;
    catalog->confirmed_ms = clock_monotonic_ms();
    inquiry_init(&catalog->inquiry);
    if ((err = catalog_open_events(catalog, base)) != OK ||
        (err = open_feed(catalog, base)) != OK) {
        catalog_close(catalog);
        return err;
    }
    catalog_ask(catalog);
    *result = catalog;
    return OK;
}

static void free_event(struct event *event)
{
    if (event != NULL)
        event_free(event);
}

void catalog_stop(struct catalog *catalog)
{
    catalog->stopping = true;
    /* Closing ends the question under way, which calls on_answer(). `stopping`
     * is set by then, or that would ask the next one. */
    db_close(catalog->feed);
    catalog->feed = NULL;
    go_away(catalog, ERROR_STOPPING);
}

void catalog_close(struct catalog *catalog)
{
    if (catalog == NULL)
        return;
    db_close(catalog->feed);
    table_compare_close(&catalog->comparison);
    free_event(catalog->retry);
    free_event(catalog->patience);
    index_unref(catalog->newest);
    free(catalog);
}

enum error catalog_trouble(const struct catalog *catalog)
{
    return catalog->trouble;
}

struct freshness catalog_freshness(const struct catalog *catalog)
{
    return (struct freshness){
        .wait_ms = catalog->settings.wait_ms,
        .as_of_us = catalog->newest != NULL ? catalog->as_of_us : 0,
        .trouble = catalog->trouble,
        .trouble_since_us = catalog->trouble_since_us,
    };
}

void catalog_metrics(const struct catalog *catalog, struct text *out)
{
    bool stale = catalog->away || catalog->failing || catalog->newest == NULL;
    int64_t age_ms = clock_monotonic_ms() - catalog->confirmed_ms;
    struct db *const pools[] = { catalog->db, catalog->feed };

    report_metrics(catalog->newest, stale ? age_ms * 1000 : 0, out);
    db_metrics(pools, catalog->feed != NULL ? 2 : 1, out);
}

void catalog_when_fresh(struct catalog *catalog, catalog_show_fn *show_fn,
                        struct lifetime *life)
{
    const struct catalog_settings *settings = &catalog->settings;
    struct visitor *visitor = arena_alloc(life->arena, sizeof(*visitor));

    if (visitor == NULL ||
        lifetime_on_end(life, catalog_visitor_end, visitor) != OK) {
        show_fn(life, NULL);
        return;
    }
    visitor->show = show_fn;
    visitor->life = life;
    /* Usually a question is under way or the retry is due. Where its timer
     * could not be added, this request takes its place. */
    if (catalog->away) {
        ask_soon(catalog);
        catalog_show(catalog, visitor, true);
        return;
    }
    visitor->since_ms = clock_monotonic_ms();
    if (catalog->newest != NULL &&
        visitor->since_ms - catalog->confirmed_ms < settings->max_age_ms) {
        catalog_show(catalog, visitor, false);
        return;
    }
    visitor->since_us = clock_monotonic_us();
    inquiry_join(&catalog->inquiry, &visitor->waiter);
    catalog->joined++;
    ask_soon(catalog);
    if (!event_pending(catalog->patience, EV_TIMEOUT, NULL) &&
        !catalog_after(catalog->patience, settings->wait_ms))
        go_away(catalog, ERROR_MEMORY);
}
