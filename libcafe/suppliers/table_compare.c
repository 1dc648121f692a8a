/*
 * Comparing: changes that no trigger sees (TRUNCATE, cascades of foreign keys,
 * a dump that was loaded before there were triggers) are found by reading
 * everything now and then.
 *
 * Comparisons and the catalog's questions run at the same time, on different
 * threads. So the index that was compared may no longer be the newest when the
 * answer arrives. Such an answer says nothing about the newest index; it is
 * dropped, and the next attempt follows soon.
 */
#include "table_compare.h"

#include <event2/event.h>

enum { AGAIN_MS = 1000, TRIES = 10 };

/* False: out of memory. table_compare_later(), which runs after each answer to
 * a question, tries again. */
static bool fall_due(const struct table_compare *comparison, int64_t ms)
{
    const struct timeval delay = { ms / 1000, ms % 1000 * 1000 };

    return event_add(comparison->due, &delay) == 0;
}

void table_compare_later(struct table_compare *comparison)
{
    if (!comparison->under_way && !comparison->answered &&
        !event_pending(comparison->due, EV_TIMEOUT, NULL))
        fall_due(comparison, comparison->every_ms);
}

static void table_compare_on_due(evutil_socket_t fd, short what, void *argument)
{
    struct table_compare *comparison = argument;

    (void)fd;
    (void)what;
    if (!comparison->under_way && !comparison->answered)
        comparison->on_due(comparison->question.asker);
}

enum error table_compare_open(struct table_compare *comparison,
                              struct event_base *base, struct db *db,
                              const struct catalog_settings *settings,
                              void (*on_due)(void *owner),
                              void (*on_answer)(void *owner), void *owner)
{
    *comparison = (struct table_compare){
        .db = db,
        .due = evtimer_new(base, table_compare_on_due, comparison),
        .every_ms = settings->compare_ms,
        .question = { .max_bytes = (size_t)settings->max_bytes,
                      .supplying = settings->supplying,
                      .asker = owner },
        .on_due = on_due,
        .on_answer = on_answer,
    };
    return comparison->due != NULL && fall_due(comparison, settings->compare_ms)
               ? OK
               : ERROR_MEMORY;
}

static void on_compared(void *job, enum error outcome)
{
    struct table_compare *comparison = job;

    comparison->under_way = false;
    comparison->answered = true;
    comparison->outcome = outcome;
    comparison->on_answer(comparison->question.asker);
}

static enum error table_compare_run(struct db_connection *connection, void *job)
{
    struct table_compare *comparison = job;

    return feed_compare(connection, &comparison->question);
}

void table_compare_start(struct table_compare *comparison, struct index *shown)
{
    comparison->under_way = true;
    comparison->question.base = index_ref(shown);
    comparison->question.found = NULL;
    /* By the pool, not by the feed's connection: reading the whole table would
     * hold up the questions that requests wait for. */
    db_submit(comparison->db, "compare", table_compare_run, on_compared,
              comparison);
}

struct index *table_compare_take(struct table_compare *comparison,
                                 const struct index *newest)
{
    struct index *found = comparison->question.found;
    bool moved = comparison->question.base != newest;

    if (!comparison->answered)
        return NULL;
    comparison->answered = false;
    index_unref(comparison->question.base);
    if (found != NULL && moved) {
        index_discard(found);
        found = NULL;
    }
    if (comparison->outcome == ERROR_CONFLICT)
        moved = true;
    comparison->tries = moved ? comparison->tries + 1 : 0;
    /* Soon, if the table changed while it was read. One that changes all the
     * time must not be read all the time, though. */
    fall_due(comparison, moved && comparison->tries % TRIES
                             ? AGAIN_MS
                             : comparison->every_ms);
    return found;
}

void table_compare_close(struct table_compare *comparison)
{
    /* An answer that waited for a question to end. */
    if (comparison->answered) {
        index_unref(comparison->question.base);
        if (comparison->question.found != NULL)
            index_discard(comparison->question.found);
    }
    if (comparison->due != NULL)
        event_free(comparison->due);
}
