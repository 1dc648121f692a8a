/* Private to suppliers/: comparing what the catalog shows with the table. */
#ifndef CAFE_SUPPLIERS_TABLE_COMPARE_H
#define CAFE_SUPPLIERS_TABLE_COMPARE_H

#include "feed.h"

/**
 * One comparison after another, with a pause between them. All members are
 * private to table_compare.c.
 *
 * Thread  The loop thread, for all below.
 */
struct table_compare {
    struct db *db;
    struct event *due;
    int64_t every_ms;
    struct question question;
    bool under_way;
    bool answered; /* table_compare_take() has not taken the answer yet */
    enum error outcome;
    int tries; /* in a row that could not say anything */
    void (*on_due)(void *owner);
    void (*on_answer)(void *owner);
};

/**
 * Make it, and have the first comparison fall due.
 *
 * on_due     Runs when a comparison is due: it calls table_compare_start(), or
 *            table_compare_later() where there is nothing to compare.
 * on_answer  Runs once table_compare_take() may have something to take.
 * owner      The argument of both.
 * Errors     ERROR_MEMORY.
 */
MUST_CHECK enum error table_compare_open(
    struct table_compare *comparison, struct event_base *base, struct db *db,
    const struct catalog_settings *settings, void (*on_due)(void *owner),
    void (*on_answer)(void *owner), void *owner);

/** Make sure that a comparison falls due, unless one is under way. */
void table_compare_later(struct table_compare *comparison);

/** Compare an index, of which a reference is taken, with the whole table. */
void table_compare_start(struct table_compare *comparison, struct index *shown);

/**
 * Take the answer, if there is one, and have the next comparison fall due. No
 * question that is based on the newest index may be under way.
 *
 * Returns  The index that has to follow the newest, because the table has
 *          changed without a log entry; NULL: none.
 */
struct index *table_compare_take(struct table_compare *comparison,
                                 const struct index *newest);

/** Free what it holds; the db is closed. */
void table_compare_close(struct table_compare *comparison);

#endif
