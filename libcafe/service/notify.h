/* What a service manager is told (sd_notify(3)), and what it passes on
 * (sd_listen_fds(3)). */
#ifndef CAFE_SERVICE_NOTIFY_H
#define CAFE_SERVICE_NOTIFY_H

#include "cafe/base/log.h"

struct event_base;
struct notify;

/** What the manager can be told, or-ed. */
enum notify_message {
    NOTIFY_READY = 1 << 0,
    NOTIFY_STOPPING = 1 << 1,
    NOTIFY_WATCHDOG = 1 << 2
};

/**
 * Find the manager that NOTIFY_SOCKET names: a path, or an abstract name that
 * begins with "@". Where WATCHDOG_USEC is set, and WATCHDOG_PID is not another
 * process, the loop sends NOTIFY_WATCHDOG twice in that time.
 *
 * notify  Unchanged without NOTIFY_SOCKET.
 * error   One line that names the variable.
 * Errors  ERROR_CONFIG, ERROR_MEMORY, ERROR_SYSTEM.
 * Thread  This and all below: the loop's.
 */
MUST_CHECK enum error notify_open(struct event_base *base, struct log *log,
                                  struct notify **notify, struct text *error);

/**
 * Tell the manager. What its socket has no room for is sent later, by the
 * loop; nothing waits for it.
 *
 * notify    NULL: there is no manager, and nothing is sent.
 * messages  Of enum notify_message, or-ed.
 */
void notify_send(struct notify *notify, unsigned messages);

void notify_close(struct notify *notify);

/**
 * Read a number that the manager has set; unchanged when it is not set.
 *
 * error   One line that names the variable.
 * Errors  ERROR_CONFIG.
 */
MUST_CHECK enum error environment_number(const char *name, uint64_t min,
                                         uint64_t max, uint64_t *number,
                                         struct text *error);

/** Listening sockets that were opened for this process; -1: none. */
struct passed_sockets {
    int main;
    int ops;
};

/**
 * Find the sockets that LISTEN_FDS and LISTEN_PID pass to this process. One
 * that LISTEN_FDNAMES names "ops" is the operators', any other is for pages;
 * there is at most one of each.
 *
 * error   One line that names the variable or descriptor.
 * Errors  ERROR_CONFIG.
 */
MUST_CHECK enum error passed_sockets_find(struct passed_sockets *passed,
                                          struct text *error);

#endif
