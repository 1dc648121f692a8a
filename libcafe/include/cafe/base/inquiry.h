/* One question for all who ask it at about the same time. */
#ifndef CAFE_INQUIRY_H
#define CAFE_INQUIRY_H

#include <stdbool.h>

/** First member of the struct of whoever waits; all zero: does not wait. */
struct waiter {
    struct waiter *next;
    struct waiter *previous;
};

/** Those who wait, in the order in which they came. Never copy it. */
struct waiters {
    struct waiter ends; /* next: the first one, previous: the last one */
};

void waiters_init(struct waiters *list);
void waiters_add(struct waiters *list, struct waiter *waiter);

/** The first one, which stays; NULL: nobody waits. */
struct waiter *waiters_first(const struct waiters *list);

/**
 * Take the first one out; NULL when nobody waits.
 *
 * Take each one out before it is answered: the answer may bring the next
 * request of the same connection, which joins again.
 */
struct waiter *waiters_take(struct waiters *list);

/** Wait no longer; of no effect for one that does not wait. */
void waiters_leave(struct waiter *waiter);

/** Append all of one list to another. */
void waiters_move(struct waiters *from, struct waiters *to);

/**
 * At most one question is under way. Whoever comes meanwhile shares the next
 * one: the one already sent may miss what has just happened.
 *
 * Where the answer can't change any more, a list alone does: whoever comes
 * meanwhile joins it.
 */
struct inquiry {
    struct waiters asked;   /* for the question under way */
    struct waiters waiting; /* for the next one */
    bool under_way;
};

void inquiry_init(struct inquiry *inquiry);

/** Wait for a question that is not sent yet. */
void inquiry_join(struct inquiry *inquiry, struct waiter *waiter);

/** Somebody waits for a question that is not sent yet. */
bool inquiry_wanted(const struct inquiry *inquiry);

/**
 * Begin a question for all who wait, perhaps nobody.
 *
 * Returns  The caller has to send it now; false: one is under way.
 */
bool inquiry_begin(struct inquiry *inquiry);

/**
 * The question under way has its answer; another one may begin.
 *
 * answered  An initialised list that those who asked are appended to.
 */
void inquiry_end(struct inquiry *inquiry, struct waiters *answered);

/** It has none: those who asked wait for the next one, before all others. */
void inquiry_fail(struct inquiry *inquiry);

/** Append everybody to a list; the question under way goes on for nobody. */
void inquiry_leave_all(struct inquiry *inquiry, struct waiters *all);

/** Who has waited longest; NULL: nobody waits. */
struct waiter *inquiry_oldest(const struct inquiry *inquiry);

#endif
