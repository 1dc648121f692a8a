/* One question for all requests that need its answer at about the same time. */
#ifndef CAFE_INQUIRY_H
#define CAFE_INQUIRY_H

#include <stdbool.h>

/** A link in a list of waiters: the first member of the struct that waits. All
 * zero: it does not wait. */
struct waiter {
    struct waiter *next;
    struct waiter *previous;
};

/** Waiters in the order in which they came. Its links point into it: never copy
 * it. */
struct waiters {
    struct waiter ends; /* next: the first one, previous: the last one */
};

void waiters_init(struct waiters *list);

/** Append one that waits in no list. */
void waiters_add(struct waiters *list, struct waiter *waiter);

/**
 * Take the first one out; NULL when the list is empty.
 *
 * Take each one out before it is answered: the answer may bring the next
 * request of the same connection, which joins again.
 */
struct waiter *waiters_take(struct waiters *list);

/** Wait no longer; no effect on one that does not wait. */
void waiters_leave(struct waiter *waiter);

/**
 * At most one question is under way. Waiters that come meanwhile share the next
 * one: the one already sent may miss what has just happened.
 *
 * Where the answer can't change any more, a list alone does: waiters that come
 * meanwhile join it.
 *
 * Thread  One thread for all of it.
 */
struct inquiry {
    struct waiters asked;   /* for the question under way */
    struct waiters waiting; /* for the next one */
    bool under_way;
};

void inquiry_init(struct inquiry *inquiry);

/** Wait for a question that is not sent yet. */
void inquiry_join(struct inquiry *inquiry, struct waiter *waiter);

/** Whether any waits for a question that is not sent yet. */
bool inquiry_wanted(const struct inquiry *inquiry);

/**
 * Begin a question for all waiters, even if there are none.
 *
 * Returns  The caller has to send it now; false: one is under way.
 */
bool inquiry_begin(struct inquiry *inquiry);

/**
 * The question under way has its answer; another one may begin.
 *
 * answered  An initialised list, to which the waiters of that question are
 *           appended.
 */
void inquiry_end(struct inquiry *inquiry, struct waiters *answered);

/** The question has no answer: its waiters wait for the next one, before all
 * others. */
void inquiry_fail(struct inquiry *inquiry);

/** Move all waiters to a list; the question under way goes on without any. */
void inquiry_leave_all(struct inquiry *inquiry, struct waiters *all);

/** The one that has waited longest; NULL if none waits. */
struct waiter *inquiry_oldest(const struct inquiry *inquiry);

#endif
