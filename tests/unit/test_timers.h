/* Timers that can't be added. In place of libevent's event_add(); link with
 * -Wl,--wrap=event_add. */
#ifndef CAFE_TEST_TIMERS_H
#define CAFE_TEST_TIMERS_H

#include <event2/event.h>

/* Timers that can still be added; below 0: all of them. */
static int timers_left = -1;

int __real_event_add(struct event *event, const struct timeval *timeout);
int __wrap_event_add(struct event *event, const struct timeval *timeout);
int __wrap_event_add(struct event *event, const struct timeval *timeout)
{
    if (timeout != NULL && timers_left == 0)
        return -1;
    if (timeout != NULL && timers_left > 0)
        timers_left--;
    return __real_event_add(event, timeout);
}

#endif
