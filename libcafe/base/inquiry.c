/* Lists of waiters, and one question at a time for all of them. */
#include "cafe/base/inquiry.h"

#include <stddef.h>

/* Lists: circular, with the list itself as one link, so that a waiter can leave
 * without knowing in which list it is: a request may end at any time. */

void waiters_init(struct waiters *list)
{
    list->ends.next = &list->ends;
    list->ends.previous = &list->ends;
}

void waiters_add(struct waiters *list, struct waiter *waiter)
{
    waiter->next = &list->ends;
    waiter->previous = list->ends.previous;
    waiter->previous->next = waiter;
    list->ends.previous = waiter;
}

/* The first one, which stays; NULL when the list is empty. */
static struct waiter *waiters_first(const struct waiters *list)
{
    return list->ends.next == &list->ends ? NULL : list->ends.next;
}

struct waiter *waiters_take(struct waiters *list)
{
    struct waiter *first = waiters_first(list);

    if (first != NULL)
        waiters_leave(first);
    return first;
}

void waiters_leave(struct waiter *waiter)
{
    if (waiter->next == NULL)
        return;
    waiter->next->previous = waiter->previous;
    waiter->previous->next = waiter->next;
    waiter->next = NULL;
    waiter->previous = NULL;
}

/* Append all of one list to another. */
static void waiters_move(struct waiters *from, struct waiters *to)
{
    struct waiter *waiter;

    while ((waiter = waiters_take(from)) != NULL)
        waiters_add(to, waiter);
}

/* The question. */

void inquiry_init(struct inquiry *inquiry)
{
    waiters_init(&inquiry->asked);
    waiters_init(&inquiry->waiting);
    inquiry->under_way = false;
}

void inquiry_join(struct inquiry *inquiry, struct waiter *waiter)
{
    waiters_add(&inquiry->waiting, waiter);
}

bool inquiry_wanted(const struct inquiry *inquiry)
{
    return waiters_first(&inquiry->waiting) != NULL;
}

bool inquiry_begin(struct inquiry *inquiry)
{
    if (inquiry->under_way)
        return false;
    inquiry->under_way = true;
    waiters_move(&inquiry->waiting, &inquiry->asked);
    return true;
}

void inquiry_end(struct inquiry *inquiry, struct waiters *answered)
{
    inquiry->under_way = false;
    waiters_move(&inquiry->asked, answered);
}

void inquiry_fail(struct inquiry *inquiry)
{
    /* By way of `asked`, so that those who have waited longest stay first. */
    inquiry->under_way = false;
    waiters_move(&inquiry->waiting, &inquiry->asked);
    waiters_move(&inquiry->asked, &inquiry->waiting);
}

void inquiry_leave_all(struct inquiry *inquiry, struct waiters *all)
{
    waiters_move(&inquiry->asked, all);
    waiters_move(&inquiry->waiting, all);
}

struct waiter *inquiry_oldest(const struct inquiry *inquiry)
{
    struct waiter *asked = waiters_first(&inquiry->asked);

    return asked != NULL ? asked : waiters_first(&inquiry->waiting);
}
